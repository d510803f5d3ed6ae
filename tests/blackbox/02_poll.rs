//! What rung 02 promises any client: steps/02-poll/CONTRACT.md.

#[path = "02_poll/bytes.rs"]
mod bytes;
#[path = "02_poll/crowds.rs"]
mod crowds;
#[path = "02_poll/ends.rs"]
mod ends;

use std::process::ExitCode;

use bytes::*;
use crowds::*;
use ends::*;
use harness::{Client, Server, Story, starts_and_stops};

fn main() -> ExitCode {
    harness::suite(
        "02-poll",
        harness::tests![
            starts_and_stops,
            what_is_sent_comes_back,
            bytes_cut_anywhere_come_back_whole,
            a_poll_that_a_signal_interrupts_is_made_again,
            ten_that_connect_at_once_are_all_served,
            clients_are_answered_in_reverse_order,
            what_stands_in_the_socket_is_read_to_its_end,
            a_half_close_still_gets_the_answer,
            a_client_that_reads_late_gets_everything,
            a_half_close_with_a_full_socket_still_gets_the_answer,
            a_client_that_leaves_does_not_end_the_server,
            a_broken_pipe_does_not_end_the_server,
            the_next_client_gets_nothing_of_the_last,
            one_busy_client_does_not_starve_the_others,
            a_goodbye_is_no_reset,
            a_client_that_does_not_leave_does_not_keep_the_server,
            a_restart_finds_its_port_free,
            bad_arguments_are_said_in_one_line,
            a_thousand_clients_at_once,
            alone(20, waiting_costs_nothing),
            alone(20, a_full_socket_costs_nothing),
            alone(20, an_echo_costs_two_calls),
            alone(60, a_hundred_clients_and_too_few_descriptors),
            alone(60, a_thousand_readers_that_never_read),
            alone(60, ten_thousand_idle_connections),
        ],
    )
}

/// Bytes in which a lost, doubled or swapped piece shows.
fn pattern(length: usize) -> Vec<u8> {
    (0..length as u32).flat_map(|n| (n.wrapping_mul(2_654_435_761) >> 8).to_be_bytes()).take(length).collect()
}

#[track_caller]
fn still_serves(story: &Story, server: &Server) {
    let mut witness = story.client("a witness", server);
    witness.sends("still there?");
    witness.receives_exactly("still there?");
    witness.half_closes();
    witness.receives_end();
}

/// What the server uses of the processor while nothing happens to it for two seconds: at most 5 % of a core.
#[track_caller]
fn rests(story: &Story, server: &Server, silent: &mut Client) {
    let before = server.cpu_time();
    silent.receives_nothing_for(std::time::Duration::from_secs(2));
    let used = server.cpu_time() - before;
    story.expects(
        used.as_millis() < 100,
        format!("less than 5 % of a core used in two seconds in which nothing happened, it was {used:?}"),
    );
}
