//! `talk` and `replay` as a student runs them: what is typed goes in by a pipe, what is shown is compared.

mod by_hand {
    pub mod bytes;
    pub mod frames;
    pub mod http;
    pub mod misuse;
    pub mod replay;
    pub mod shown;
    pub mod stub;
}

use std::process::ExitCode;

use by_hand::{bytes, frames, http, misuse, replay};
use harness::tests;

fn main() -> ExitCode {
    harness::suite(
        "10-messages",
        tests![
            frames::a_session_is_shown_frame_by_frame,
            frames::the_end_of_the_input_closes,
            frames::what_a_browser_cannot_send_is_sent_and_refused,
            frames::half_a_frame_waits_for_its_rest,
            frames::a_length_that_lies_is_not_followed_by_a_close,
            frames::single_frames_come_back_from_rung_09,
            frames::the_chat_is_found_at_its_path,
            frames::the_echo_is_found_at_its_path,
            frames::a_thousand_messages_come_back,
            frames::pings_are_answered_unless_it_is_quiet,
            frames::each_fault_of_the_server_is_pointed_out,
            frames::half_a_frame_from_the_server_is_drawn,
            frames::a_wrong_handshake_is_pointed_out,
            frames::an_end_without_close_is_1006,
            frames::a_server_that_keeps_tcp_open_is_left,
            http::a_request_is_typed_line_by_line,
            http::chunks_and_head_on_one_connection,
            http::a_line_after_the_end_opens_a_new_connection,
            http::a_handshake_typed_by_hand_becomes_a_websocket,
            bytes::bytes_are_echoed,
            bytes::ten_megabytes_are_echoed,
            bytes::a_server_that_speaks_no_http_is_told,
            misuse::each_mistake_is_one_line,
            misuse::nobody_listens,
            misuse::a_wrong_line_does_not_end_the_session,
            misuse::help_shows_what_can_be_typed,
            replay::pieces_and_pauses,
            replay::every_split_has_the_same_answer,
            replay::a_server_that_takes_a_read_for_a_request_is_found,
            replay::mistakes_are_one_line,
        ],
    )
}
