//! nginx as a reverse proxy in front of the rungs, with the configuration that notes/behind-nginx.md shows.

#[path = "nginx/front.rs"]
mod front;
#[path = "nginx/guard.rs"]
mod guard;
#[path = "nginx/http.rs"]
mod http;
#[path = "nginx/judged.rs"]
mod judged;
#[path = "nginx/push.rs"]
mod push;
#[path = "nginx/smuggling.rs"]
mod smuggling;
#[path = "nginx/websocket.rs"]
mod websocket;

use std::process::ExitCode;

use guard::*;
use http::*;
use judged::*;
use push::*;
use smuggling::*;
use websocket::*;

fn main() -> ExitCode {
    harness::suite(
        "nginx",
        harness::tests![
            many_clients_share_one_connection_behind_nginx,
            without_keep_alive_each_request_connects,
            an_idle_connection_that_was_closed_is_not_used_again,
            chunks_come_as_chunks,
            with_request_buffering_the_body_has_a_length,
            who_expects_100_is_told_to_go_on,
            a_large_upload_comes_back_whole,
            a_body_too_long_is_413_also_through_nginx,
            files_keep_their_validators_and_ranges,
            the_server_learns_who_asked_and_by_which_name,
            no_request_hides_in_another,
            odd_requests_are_judged_as_the_chapter_says,
            events_come_at_once,
            compressed_events_wait_unless_buffering_is_off,
            an_event_stream_ends_with_its_last_chunk,
            a_long_poll_waits_behind_nginx,
            nginx_gives_up_where_the_server_is_slower,
            an_echo_comes_back_through_nginx,
            a_frame_in_the_same_packet_as_the_handshake_is_not_lost,
            close_codes_come_through_from_both_sides,
            a_client_that_vanishes_is_noticed_through_nginx,
            a_chat_goes_through_nginx,
            a_silent_websocket_is_cut_by_nginx,
            without_the_upgrade_lines_there_is_no_websocket,
            a_refused_handshake_opens_no_tunnel,
            a_limit_is_the_clients_not_nginxs,
            without_trust_all_clients_share_nginxs_limits,
            websockets_are_counted_at_the_clients_address,
            a_foreign_page_is_refused_through_nginx,
            heartbeats_keep_a_silent_chat_through_nginx,
        ],
    )
}
