//! The shortest server on this rung: one answer to everything. What is measured here is HTTP alone.

use std::process::ExitCode;

use accept::Usage;
use keep_alive::{Answer, Handler, Http, Limits, Next, NoSuccessor};
use poll::World;
use request::{Request, Status};

const USAGE: Usage = Usage { text: "Answers every request with the same words.", switches: &[], values: &[] };

fn main() -> ExitCode {
    accept::program(&USAGE, |arguments| {
        let limits = Limits::from_environment()?;
        poll::serve::<Http<Hello>>("http", arguments.listen, |_| Hello { limits })
    })
}

struct Hello {
    limits: Limits,
}

impl World for Hello {}

impl Handler for Hello {
    type Exchange = ();
    type Successor = NoSuccessor<Hello>;

    fn limits(&self) -> &Limits {
        &self.limits
    }

    fn request(&mut self, _: &Request<'_>, answer: &mut Answer<'_, '_>) -> Next<Hello> {
        answer.text(Status::Ok, "Hello, World!");
        Next::Done
    }
}
