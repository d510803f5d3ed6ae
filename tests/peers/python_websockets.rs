//! The Python package websockets, in a virtual environment of its own.

mod scripted;

use std::process::ExitCode;

use harness::Lesson;
use scripted::{Script, cases};

const WEBSOCKETS: Script =
    Script { program: ".venv/bin/python", file: "python_websockets.py", packages: ".venv/requirements.txt" };

const LESSON: Lesson = Lesson {
    why: "websockets is strict with servers, and knows who closed first. What a case says stands in its script, \
          tests/peers/python_websockets.py.",
    read: "RFC 6455, notes/10-messages.md, notes/11-rooms.md, notes/12-guard.md",
    hand: "tests/peers/.venv/bin/python tests/peers/python_websockets.py 127.0.0.1:{port} echo (or raw, chat, guard)",
};

cases!(
    WEBSOCKETS,
    LESSON,
    raw_subprotocol,
    echo_text,
    echo_binary,
    echo_large,
    echo_16_mebibytes,
    echo_fragments,
    echo_ping,
    echo_pipelined,
    echo_client_closes,
    echo_unread_is_closed_with_its_code,
    echo_too_large_is_1009,
    echo_bad_utf8_is_1007,
    echo_broken_frame_is_1002,
    echo_server_stops,
    chat_two_people,
    chat_in_order,
    chat_someone_vanishes,
    chat_errors_keep_the_connection,
    chat_binary_is_1003,
    chat_too_large_is_1009,
    chat_plain_get_is_426,
    chat_server_stops,
    guard_cookie,
    guard_bearer,
    guard_ticket,
    guard_refusals,
    guard_heartbeat,
    guard_flood_is_slowed_down,
    guard_server_stops,
);

fn main() -> ExitCode {
    harness::suite("python-websockets", cases())
}
