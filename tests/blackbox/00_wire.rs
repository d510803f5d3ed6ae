//! What rung 00 promises: steps/00-wire/CONTRACT.md. Real connections on loopback, in a network namespace of the suite's
//! own where the system allows one; without that and without the right to see packets, the tests fail.

#[path = "00_wire/captures.rs"]
mod captures;
#[path = "00_wire/ends.rs"]
mod ends;
#[path = "00_wire/flow.rs"]
mod flow;
#[path = "00_wire/segments.rs"]
mod segments;
#[path = "00_wire/watch.rs"]
mod watch;

use std::os::unix::process::CommandExt;
use std::process::{Command, ExitCode};

use captures::*;
use ends::*;
use flow::*;
use segments::*;

fn main() -> ExitCode {
    if let Some(code) = moved_to_a_namespace() {
        return code;
    }
    harness::suite(
        "00-wire",
        harness::tests![
            a_handshake_is_drawn,
            data_has_relative_numbers_and_a_first_word,
            whoever_sends_fin_first_is_named,
            a_reset_is_drawn,
            nobody_listens,
            ipv6_is_drawn_too,
            what_is_lost_is_sent_again,
            a_full_receiver_closes_its_window,
            frames_are_named_after_101,
            conversations_side_by_side_are_told_apart,
            only_the_port_is_watched,
            a_flood_is_drawn_or_told,
            a_capture_draws_the_same_picture,
            other_captures_are_read,
            what_cannot_be_decoded_is_counted,
            a_file_that_is_no_capture_is_said_in_one_line,
            checksums_are_judged,
            a_narrow_terminal_is_not_overflowed,
            ctrl_c_ends_it,
            nobody_reads_the_output,
            bad_arguments_are_said_in_one_line,
            help_tells_all_options,
            who_may_not_see_packets_is_told_what_gives_the_right,
            slow(90, make_sockets_shows_who_waits_and_who_closed_first),
            slow(90, make_wire_shows_a_rungs_first_request),
            slow(90, make_wire_draws_with_your_own_rung_too),
        ],
    )
}

/// Runs this suite again where it may see packets and where nobody else speaks, once; see tests/tools/alone.sh.
fn moved_to_a_namespace() -> Option<ExitCode> {
    let only_lists = std::env::args().any(|argument| argument == "--list");
    if cfg!(not(target_os = "linux")) || only_lists || std::env::var_os("WIRE_SUITE").is_some() {
        return None;
    }
    // What cargo has to download it cannot download there. Errors are told by the suite.
    let _ = harness::binary("00-wire", false);
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/../tools/alone.sh");
    let mut again = Command::new(script);
    again.arg(std::env::current_exe().ok()?).args(std::env::args_os().skip(1)).env("WIRE_SUITE", "moved");
    let error = again.exec();
    eprintln!("error: cannot run {script}: {error}");
    Some(ExitCode::FAILURE)
}
