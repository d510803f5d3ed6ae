//! Ten thousand people in a chat for a minute: `make load` runs this alone, `make load N=1000 SECONDS=10` in small.

use std::process::ExitCode;

use harness::{Story, tests};
use load::{Plan, load};

/// Beside the time in which people talk: they come, fall silent, and are sent home.
const MORE: u64 = 90;

fn main() -> ExitCode {
    // Before the clock runs: a release build may take longer than the whole test.
    if std::env::var_os("SERVER").is_none()
        && !std::env::args().any(|argument| argument == "--list")
        && let Err(error) = harness::binary("12-guard", true)
    {
        eprintln!("{error}\nerror: 12-guard does not build");
        return ExitCode::from(101);
    }
    let limit = Plan::from_environment().map_or(MORE, |plan| plan.seconds + MORE);
    harness::suite("12-guard", tests![alone(limit, many_people_chat_and_nothing_is_lost)])
}

fn many_people_chat_and_nothing_is_lost(story: &Story) {
    match Plan::from_environment() {
        Ok(plan) => load(story, plan),
        Err(why) => story.fails(why),
    }
}
