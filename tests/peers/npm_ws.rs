//! The npm package ws, the WebSocket client (and server) of most programs for Node.

mod scripted;

use std::process::ExitCode;

use harness::Lesson;
use scripted::{Script, cases};

const WS: Script = Script { program: "node", file: "npm_ws.mjs", packages: "node_modules/ws" };

const LESSON: Lesson = Lesson {
    why: "ws is strict with servers and tells the close code that came, 1006 where none did. What a case says stands \
          in its script, tests/peers/npm_ws.mjs.",
    read: "RFC 6455, notes/10-messages.md, notes/11-rooms.md, notes/12-guard.md",
    hand: "node tests/peers/npm_ws.mjs 127.0.0.1:{port} echo (or raw, chat, guard; npm ci in tests/peers comes first)",
};

cases!(
    WS,
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
    harness::suite("npm-ws", cases())
}
