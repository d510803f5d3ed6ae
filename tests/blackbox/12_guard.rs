//! What rung 12 promises any client: steps/12-guard/CONTRACT.md.

#[path = "12_guard/heartbeats.rs"]
mod heartbeats;
#[path = "12_guard/leaks.rs"]
mod leaks;
#[path = "12_guard/limits.rs"]
mod limits;
#[path = "12_guard/login.rs"]
mod login;
#[path = "12_guard/proxies.rs"]
mod proxies;
#[path = "12_guard/slow.rs"]
mod slow;

use std::process::ExitCode;

use harness::{Client, Frame, Server, Story, WebSocket, starts_and_stops, tests};
use serde_json::{Value, json};

fn main() -> ExitCode {
    harness::suite(
        "12-guard",
        tests![
            starts_and_stops,
            login::who_is_not_logged_in_is_shown_the_way,
            login::a_login_is_a_cookie_that_no_script_reads,
            login::who_has_a_session_is_let_in,
            login::a_session_cannot_be_made_up,
            login::a_session_ends,
            login::a_wrong_password_opens_nothing,
            login::what_is_no_login_is_told_why,
            login::passwords_cannot_be_guessed_fast,
            login::a_ticket_opens_one_websocket,
            login::nobody_joins_under_another_name,
            login::logging_out_takes_the_cookie_back,
            login::the_servers_own_secret_outlives_it,
            login::a_page_of_another_origin_is_refused,
            login::origins_can_be_allowed_and_required,
            login::a_refusal_keeps_the_connection,
            limits::too_many_connections_are_told_503,
            limits::an_address_has_its_share,
            limits::who_connects_too_often_is_told_429,
            limits::who_asks_too_often_is_told_429,
            limits::who_says_nothing_is_closed,
            limits::who_talks_too_fast_waits_and_loses_nothing,
            limits::who_never_stops_is_closed_with_1008,
            limits::pings_count_too,
            limits::bytes_count_also_of_a_message_that_never_ends,
            limits::a_message_must_end_some_time,
            limits::one_address_shares_its_rate,
            limits::what_is_too_big_is_refused_before_it_comes,
            slow::who_does_not_read_is_closed_with_the_code_that_was_chosen,
            slow::who_does_not_read_may_miss_something_instead,
            slow::what_came_is_what_is_counted,
            limits::a_server_that_stops_says_1001,
            limits::settings_without_sense_are_refused_at_the_start,
            slow(60, limits::a_flood_of_connections_is_outlived),
            heartbeats::a_silence_is_followed_by_a_ping,
            heartbeats::who_answers_stays_and_its_latency_is_shown,
            heartbeats::who_does_not_answer_is_closed_with_1011,
            heartbeats::who_sends_something_else_is_alive,
            proxies::who_is_no_trusted_proxy_is_not_believed,
            proxies::behind_a_proxy_each_client_has_its_own_limits,
            proxies::a_proxy_must_be_clear,
            slow(60, leaks::whoever_is_gone_gives_its_place_back),
            leaks::a_server_stops_whatever_its_clients_are_about,
        ],
    )
}

/// Logs in and returns the session.
#[track_caller]
fn logs_in(story: &Story, server: &Server, name: &str) -> String {
    let mut client = story.client(name, server);
    let form = format!("name={name}");
    let answer = client.requests("POST", "/login", &[FORM], form.as_bytes());
    answer.has_status(303);
    session(story, answer.header("Set-Cookie").unwrap_or_default())
}

const FORM: (&str, &str) = ("Content-Type", "application/x-www-form-urlencoded");

/// The session in a Set-Cookie field.
#[track_caller]
fn session(story: &Story, cookie: &str) -> String {
    let value = cookie.strip_prefix("session=").and_then(|rest| rest.split(';').next());
    story.expects(
        value.is_some_and(|value| !value.is_empty()),
        format!("Set-Cookie: session=..., it is {cookie:?}"),
    );
    value.unwrap_or_default().to_string()
}

fn bearer(session: &str) -> String {
    format!("Bearer {session}")
}

/// Opens the chat's WebSocket with this session, and joins.
#[track_caller]
fn joins(story: &Story, server: &Server, name: &str, session: &str) -> WebSocket {
    let authorization = bearer(session);
    let mut socket = story.websocket_with(name, server, "/chat", &[("Authorization", &authorization)]);
    socket.sends_json(&json!({"type": "join", "name": name}));
    socket.receives_json_where("a welcome", |value| value["type"] == "welcome");
    socket
}

/// Logs in and joins.
#[track_caller]
fn comes_in(story: &Story, server: &Server, name: &str) -> WebSocket {
    let session = logs_in(story, server, name);
    joins(story, server, name, &session)
}

#[track_caller]
fn counters(client: &mut Client, session: &str) -> Value {
    let answer = client.requests("GET", "/counters.json", &[("Authorization", &bearer(session))], b"");
    answer.has_status(200).has_field("Content-Type", "application/json");
    answer.json()
}

fn say(text: &str) -> Frame {
    Frame::text(&json!({"type": "say", "text": text}).to_string())
}
