//! What rung 11 promises any client: steps/11-rooms/CONTRACT.md.

#[path = "11_rooms/crowd.rs"]
mod crowd;
#[path = "11_rooms/slow.rs"]
mod slow;
#[path = "11_rooms/ticker.rs"]
mod ticker;
#[path = "11_rooms/whiteboard.rs"]
mod whiteboard;

use std::process::ExitCode;
use std::time::Duration;

use harness::{Client, Frame, Lesson, Server, Story, WebSocket, starts_and_stops, tests};
use serde_json::{Value, json};

use crowd::*;
use slow::*;
use ticker::*;
use whiteboard::*;

fn main() -> ExitCode {
    harness::suite(
        "11-rooms",
        tests![
            starts_and_stops,
            the_page_is_there,
            a_plain_request_for_the_chat_is_told_to_upgrade,
            who_joins_is_welcomed_and_announced,
            everybody_hears_it_once_and_in_order,
            a_newcomer_gets_the_end_of_the_history,
            typing_is_told_to_all_but_the_one_who_types,
            typing_ends_by_itself,
            a_name_that_is_taken_gets_a_number,
            a_name_is_checked,
            rooms_are_apart,
            who_leaves_is_announced,
            who_vanishes_is_announced,
            what_is_not_understood_is_answered_not_punished,
            too_long_a_text_is_refused_and_told_to_nobody,
            binary_is_refused,
            what_is_sent_twice_with_one_key_is_said_once,
            ids_grow_also_when_the_server_is_started_anew,
            nothing_follows_our_close_frame,
            a_server_that_stops_says_1001_to_all,
            slow(60, a_large_message_reaches_everybody_whole),
            slow(60, who_talks_fast_drops_nobody_who_reads),
            slow(60, who_never_reads_is_dropped_and_the_others_go_on),
            slow(60, who_reads_late_misses_the_newest_and_is_told_how_many),
            slow(60, who_reads_late_gets_the_latest_and_not_all_before_it),
            slow(60, who_never_reads_may_be_told_to_try_again_later),
            alone(120, a_thousand_in_a_room_hear_it_once_and_in_order),
            a_tick_comes_sixty_times_a_second_to_everybody,
            who_shows_no_ticks_is_sent_half_a_second_and_then_the_newest,
            a_trade_moves_the_price_for_all,
            what_is_no_message_of_the_ticker_is_refused,
            who_comes_late_sees_the_picture,
            a_stroke_has_one_writer,
            a_stroke_that_is_gone_is_gone_for_all,
            what_is_no_message_of_the_whiteboard_is_refused,
            the_picture_forgets_its_oldest_strokes,
        ],
    )
}

/// What to type to be in the chat by hand.
const BY_HAND: &str = r#"make talk ADDRESS=ws://127.0.0.1:{port}/chat, then {"type":"join","name":"Ada"}"#;

fn the_page_is_there(story: &Story) {
    story.teaches(Lesson {
        why: "The page is an ordinary request; the chat has a path of its own.",
        read: "notes/11-rooms.md",
        hand: "curl -v http://127.0.0.1:{port}/",
    });
    let server = story.server();
    let mut ada = story.client("ada", &server);
    let page = ada.gets("/");
    page.has_status(200).body_contains("<!doctype html>");
    let policy = page.header("Content-Security-Policy").unwrap_or_default();
    story.expects(policy.contains("default-src 'self'"), format!("a strict policy, it is {policy:?}"));
    ada.gets("/nothing").has_status(404);
}

fn a_plain_request_for_the_chat_is_told_to_upgrade(story: &Story) {
    story.teaches(Lesson {
        why: "Who asks for the chat without a handshake is told what is missing, and may ask on.",
        read: "RFC 9110 §15.5.22",
        hand: "curl -v http://127.0.0.1:{port}/chat",
    });
    let server = story.server();
    let mut ada = story.client("ada", &server);
    ada.gets("/chat").has_status(426).has_token("Upgrade", "websocket");
    let fields = [("Upgrade", "websocket"), ("Connection", "Upgrade"), ("Sec-WebSocket-Version", "13")];
    ada.requests("GET", "/chat", &fields, b"").has_status(400);
    ada.gets("/").has_status(200);
}

fn who_joins_is_welcomed_and_announced(story: &Story) {
    story.teaches(Lesson {
        why: "The newcomer learns who is here; the others learn of the newcomer.",
        read: "CONTRACT.md, notes/11-rooms.md",
        hand: BY_HAND,
    });
    let server = story.server();
    let (mut ada, ada_is) = joins(story, &server, "Ada");
    let mut grace = story.websocket("Grace", &server, "/chat");
    grace.sends_json(&json!({"type": "join", "name": "Grace"}));
    let welcome = grace.receives_json();
    let grace_is = &welcome["you"];
    story.expects(
        welcome["type"] == "welcome" && grace_is["name"] == "Grace",
        format!("a welcome: {welcome}"),
    );
    story.expects(welcome["people"] == json!([ada_is, grace_is]), format!("both, in order: {welcome}"));
    story.expects(welcome["room"] == "lobby" && welcome["history"] == json!([]), format!("lobby: {welcome}"));
    hears(story, &mut ada, &json!({"type": "joined", "id": grace_is["id"], "name": "Grace"}));
    grace.sends_json(&json!({"type": "join", "name": "Again"}));
    is_refused(story, &mut grace);
}

fn everybody_hears_it_once_and_in_order(story: &Story) {
    story.teaches(Lesson {
        why: "What is said reaches all in the room, the sender too: that confirms it. Once, and in one order.",
        read: "notes/11-rooms.md",
        hand: BY_HAND,
    });
    let server = story.server();
    let [mut ada, mut grace, mut linus] = people(story, &server, ["Ada", "Grace", "Linus"]);
    let frames: Vec<Frame> = (0..100).map(|n| say(&format!("ada {n}"))).collect();
    ada.sends_frames(&frames);
    for n in 0..100 {
        grace.sends_frame(&say(&format!("grace {n}")));
    }
    let orders = [&mut ada, &mut grace, &mut linus].map(|client| {
        (0..200).map(|_| client.receives_json_where("what was said", is("said"))).collect::<Vec<Value>>()
    });
    for said in &orders {
        for name in ["ada", "grace"] {
            let theirs =
                said.iter().filter_map(|said| said["text"].as_str()).filter(|text| text.starts_with(name));
            let in_order = theirs.eq((0..100).map(|n| format!("{name} {n}")));
            story.expects(in_order, format!("all of what {name} said, in order"));
        }
        story.expects(texts(said) == texts(&orders[0]), "the same order for all");
    }
    let names: Vec<&Value> = orders[2].iter().map(|said| &said["name"]).collect();
    story.expects(names.contains(&&json!("Ada")) && names.contains(&&json!("Grace")), "who said it");
    for client in [&mut ada, &mut grace, &mut linus] {
        client.receives_nothing_for(Duration::from_millis(20));
    }
}

fn a_newcomer_gets_the_end_of_the_history(story: &Story) {
    story.teaches(Lesson {
        why: "A newcomer sees what was said lately, oldest first, and no more than HISTORY of it: a list that only \
              grows is a leak.",
        read: "notes/11-rooms.md",
        hand: BY_HAND,
    });
    let server = story.server_with(|s| s.env("HISTORY", 3));
    let (mut ada, ada_is) = joins(story, &server, "Ada");
    for n in 0..5 {
        ada.sends_frame(&say(&n.to_string()));
        ada.receives_json();
    }
    ada.sends_close(1000, "");
    ada.is_closed_with(1000);
    let mut grace = story.websocket("Grace", &server, "/chat");
    grace.sends_json(&json!({"type": "join", "name": "Grace"}));
    let welcome = grace.receives_json();
    let history = welcome["history"].as_array().cloned().unwrap_or_default();
    story.expects(texts(&history) == ["2", "3", "4"], format!("the last three: {welcome}"));
    let by = history.iter().all(|said| said["from"] == ada_is["id"] && said["name"] == "Ada");
    story.expects(by, format!("by whom, though she left: {welcome}"));
}

fn typing_is_told_to_all_but_the_one_who_types(story: &Story) {
    story.teaches(Lesson {
        why: "Everybody but the sender: who types knows. And only the beginning is news, or each key press of one \
              costs a message to all.",
        read: "notes/11-rooms.md",
        hand: r#"{"type":"typing"} in one of two: make talk ADDRESS=ws://127.0.0.1:{port}/chat"#,
    });
    let server = story.server_with(|s| s.env("TYPING_MS", 60_000));
    let (mut ada, ada_is) = joins(story, &server, "Ada");
    let (mut grace, _) = joins(story, &server, "Grace");
    ada.receives_json_where("Grace", is("joined"));
    for _ in 0..3 {
        ada.sends_json(&json!({"type": "typing"}));
    }
    ada.sends_frame(&say("done"));
    hears(story, &mut grace, &json!({"type": "typing", "id": ada_is["id"], "typing": true}));
    let next = grace.receives_json();
    story.expects(next["text"] == "done", format!("what was said, it is {next}"));
    let next = ada.receives_json();
    story.expects(next["text"] == "done", format!("nothing but what she said, it is {next}"));
    // Said is typed: the next key press is news again. A newcomer learns it too.
    ada.sends_json(&json!({"type": "typing"}));
    hears(story, &mut grace, &json!({"type": "typing", "id": ada_is["id"], "typing": true}));
    let (mut linus, _) = joins(story, &server, "Linus");
    hears(story, &mut linus, &json!({"type": "typing", "id": ada_is["id"], "typing": true}));
}

fn typing_ends_by_itself(story: &Story) {
    story.teaches(Lesson {
        why: "Nobody says that they have stopped typing: a deadline does.",
        read: "notes/11-rooms.md",
        hand: r#"{"type":"typing"} in one of two, and wait: make talk ADDRESS=ws://127.0.0.1:{port}/chat"#,
    });
    let server = story.server_with(|s| s.env("TYPING_MS", 100));
    let (mut ada, ada_is) = joins(story, &server, "Ada");
    let (mut grace, _) = joins(story, &server, "Grace");
    ada.sends_json(&json!({"type": "typing"}));
    hears(story, &mut grace, &json!({"type": "typing", "id": ada_is["id"], "typing": true}));
    hears(story, &mut grace, &json!({"type": "typing", "id": ada_is["id"], "typing": false}));
}

fn a_name_that_is_taken_gets_a_number(story: &Story) {
    story.teaches(Lesson {
        why: "Two tabs of one browser have the same name. Two people who look the same cannot talk.",
        read: "notes/11-rooms.md",
        hand: "open http://127.0.0.1:{port}/ in two tabs",
    });
    let server = story.server();
    let (_ada, first) = joins(story, &server, "Ada");
    let (second, second_is) = joins(story, &server, "ADA");
    let (_third, third_is) = joins(story, &server, "Ada");
    story.expects(
        second_is["name"] == "ADA 2" && third_is["name"] == "Ada 3",
        format!("{second_is} {third_is}"),
    );
    story.expects(first["id"] != second_is["id"], "ids are apart");
    leaves(second);
    let (_fourth, fourth_is) = joins(story, &server, "Ada");
    story.expects(fourth_is["name"] == "Ada 2", format!("who leaves frees the name: {fourth_is}"));
}

fn a_name_is_checked(story: &Story) {
    story.teaches(Lesson {
        why: "A name stands between others' words. List what it may hold, not what it may not.",
        read: "notes/11-rooms.md",
        hand: BY_HAND,
    });
    let server = story.server_with(|s| s.env("MAX_NAME", 5));
    let mut ada = story.websocket("Ada", &server, "/chat");
    for name in ["", "  ", "a\nb", "<b>", "a\u{202e}b", "a\u{200b}b", "toolong", "..."] {
        ada.sends_json(&json!({"type": "join", "name": name}));
        is_refused(story, &mut ada);
    }
    ada.sends_json(&json!({"type": "join", "name": "Ada", "room": "no/room"}));
    is_refused(story, &mut ada);
    ada.sends_json(&json!({"type": "join", "name": "  李 Zoë "}));
    let welcome = ada.receives_json();
    story.expects(welcome["you"]["name"] == "李 Zoë", format!("a name in any script: {welcome}"));
}

fn rooms_are_apart(story: &Story) {
    story.teaches(Lesson {
        why: "What is said in one room is not heard in another, nor are its people seen there.",
        read: "notes/11-rooms.md",
        hand: "open http://127.0.0.1:{port}/#tea",
    });
    let server = story.server();
    let [mut ada] = people(story, &server, ["Ada"]);
    let mut grace = story.websocket("Grace", &server, "/chat");
    grace.sends_json(&json!({"type": "join", "name": "Ada", "room": "tea"}));
    let welcome = grace.receives_json();
    let alone = welcome["people"] == json!([welcome["you"]]) && welcome["you"]["name"] == "Ada";
    story.expects(alone && welcome["room"] == "tea", format!("an Ada of its own: {welcome}"));
    grace.sends_json(&json!({"type": "typing"}));
    grace.sends_frame(&say("tea"));
    grace.receives_json_where("her own", is("said"));
    ada.sends_frame(&say("lobby"));
    let first = ada.receives_json();
    story.expects(first["text"] == "lobby", format!("nothing of the tea room, it is {first}"));
    leaves(grace);
    ada.receives_nothing_for(Duration::from_millis(20));
}

fn who_leaves_is_announced(story: &Story) {
    story.teaches(Lesson {
        why: "Whoever leaves is gone for the others at once, once.",
        read: "notes/11-rooms.md",
        hand: BY_HAND,
    });
    let server = story.server();
    let (mut ada, _) = joins(story, &server, "Ada");
    let (grace, grace_is) = joins(story, &server, "Grace");
    ada.receives_json_where("Grace", is("joined"));
    leaves(grace);
    hears(story, &mut ada, &json!({"type": "left", "id": grace_is["id"], "name": "Grace"}));
    // Who never joined does not leave.
    leaves(story.websocket("nobody", &server, "/chat"));
    ada.receives_nothing_for(Duration::from_millis(20));
}

fn who_vanishes_is_announced(story: &Story) {
    story.teaches(Lesson {
        why: "A client may go without a Close frame: FIN or RST. Nobody sends 1006, but the others must learn it.",
        read: "RFC 6455 §7.1.5",
        hand: "two of these, kill -9 one: make talk ADDRESS=ws://127.0.0.1:{port}/chat",
    });
    let server = story.server();
    let (mut ada, _) = joins(story, &server, "Ada");
    for how in [Client::resets as fn(&mut Client), Client::closes, Client::half_closes] {
        let (mut grace, grace_is) = joins(story, &server, "Grace");
        ada.receives_json_where("Grace", is("joined"));
        how(&mut grace.tcp);
        hears(story, &mut ada, &json!({"type": "left", "id": grace_is["id"], "name": "Grace"}));
    }
}

fn what_is_not_understood_is_answered_not_punished(story: &Story) {
    story.teaches(Lesson {
        why: "Bad JSON is no broken WebSocket: say what is wrong, tell nobody else, and go on.",
        read: "notes/11-rooms.md",
        hand: BY_HAND,
    });
    let server = story.server();
    let [mut ada, mut grace] = people(story, &server, ["Ada", "Grace"]);
    let deep = format!(r#"{{"x":{}"#, "[".repeat(50_000));
    for text in [
        "",
        "hello",
        "{",
        "5",
        "null",
        r#"{"type":"dance"}"#,
        r#"{"type":"say"}"#,
        r#"{"type":"say","text":5}"#,
        &deep,
    ] {
        ada.sends_text(text);
        is_refused(story, &mut ada);
    }
    ada.sends_frame(&say("still here"));
    let next = grace.receives_json();
    story.expects(next["text"] == "still here", format!("nothing but what was said, it is {next}"));
    let mut early = story.websocket("early", &server, "/chat");
    early.sends_frame(&say("who am I?"));
    is_refused(story, &mut early);
}

fn too_long_a_text_is_refused_and_told_to_nobody(story: &Story) {
    story.teaches(Lesson {
        why: "The limit counts characters, as a person does; over MAX_MESSAGE bytes the connection ends (1009).",
        read: "notes/11-rooms.md",
        hand: BY_HAND,
    });
    let server = story.server_with(|s| s.env("MAX_TEXT", 10).env("MAX_MESSAGE", 1000));
    let [mut ada, mut grace] = people(story, &server, ["Ada", "Grace"]);
    ada.sends_frame(&say("ääääääääää!"));
    is_refused(story, &mut ada);
    ada.sends_frame(&say(" \n\t "));
    is_refused(story, &mut ada);
    ada.sends_frame(&say("ääääääääää"));
    let next = grace.receives_json();
    story.expects(next["text"] == "ääääääääää", format!("ten characters, it is {next}"));
    ada.receives_json();
    ada.sends_frame(&say(&"x".repeat(1000)));
    ada.is_closed_with(1009);
    grace.receives_json_where("Ada's leaving", is("left"));
}

fn binary_is_refused(story: &Story) {
    story.teaches(Lesson {
        why: "A kind of message that the application has no use for: 1003.",
        read: "RFC 6455 §7.4.1",
        hand: "make talk ADDRESS=ws://127.0.0.1:{port}/chat, then /binary 00 ff",
    });
    let server = story.server();
    let [mut ada, mut grace] = people(story, &server, ["Ada", "Grace"]);
    ada.sends_binary([1, 2, 3]);
    ada.receives_close(1003);
    grace.receives_json_where("Ada's leaving", is("left"));
}

fn what_is_sent_twice_with_one_key_is_said_once(story: &Story) {
    story.teaches(Lesson {
        why: "The connection broke: did it arrive? A client cannot know, so it sends again; a key of its own choice \
              makes that harmless. The others do not see the key.",
        read: "notes/11-rooms.md",
        hand: r#"{"type":"say","text":"once","key":"k1"}, twice"#,
    });
    let server = story.server();
    let [mut ada, mut grace] = people(story, &server, ["Ada", "Grace"]);
    let keyed = json!({"type": "say", "text": "once", "key": "k1"});
    ada.sends_json(&keyed);
    let first = ada.receives_json();
    story.expects(first["key"] == "k1", format!("her key back: {first}"));
    ada.tcp.resets();
    let (mut ada, _) = joins(story, &server, "Ada");
    ada.sends_json(&keyed);
    let second = ada.receives_json_where("the answer", is("said"));
    story.expects(second == first, format!("the same message, it is {second}"));
    ada.sends_frame(&say("next"));
    let said: Vec<Value> = (0..2).map(|_| grace.receives_json_where("what was said", is("said"))).collect();
    story.expects(texts(&said) == ["once", "next"], format!("once: {said:?}"));
    story.expects(said[0].get("key").is_none(), format!("no key for others: {}", said[0]));
}

fn ids_grow_also_when_the_server_is_started_anew(story: &Story) {
    story.teaches(Lesson {
        why: "A page that reconnects tells what is new by the ids. If they began at 1 again, it would take new \
              messages for old ones.",
        read: "notes/11-rooms.md",
        hand: BY_HAND,
    });
    let mut last = 0;
    for _ in 0..2 {
        let server = story.server();
        let [mut ada] = people(story, &server, ["Ada"]);
        for _ in 0..50 {
            ada.sends_frame(&say("x"));
            let id = ada.receives_json()["id"].as_u64().unwrap_or_default();
            story.expects(id > last, format!("an id over {last}, it is {id}"));
            last = id;
        }
        leaves(ada);
    }
    story.expects(last < 1 << 53, "a number that JavaScript can hold");
}

fn nothing_follows_our_close_frame(story: &Story) {
    story.teaches(Lesson {
        why: "A room does not know yet that the server has said Close to one of its members. Nothing may be sent \
              after it all the same.",
        read: "RFC 6455 §5.5.1",
        hand: BY_HAND,
    });
    let server = story.server();
    let [mut ada, mut grace] = people(story, &server, ["Ada", "Grace"]);
    ada.sends_binary([1]);
    ada.receives_close(1003);
    // Ada does not answer the Close frame; the room talks on.
    for n in 0..20 {
        grace.sends_frame(&say(&n.to_string()));
        grace.receives_json_where("her own", is("said"));
    }
    ada.receives_nothing_for(Duration::from_millis(50));
    ada.sends_frame(&say("me too"));
    ada.sends_close(1003, "");
    ada.receives_end();
    grace.receives_nothing_for(Duration::from_millis(20));
}

fn a_server_that_stops_says_1001_to_all(story: &Story) {
    story.teaches(Lesson {
        why: "A server that stops tells each client (1001), so that a page knows it may come back soon. It does not tell \
              each that each of the others leaves: in a room of a thousand that is half a million messages.",
        read: "RFC 6455 §7.4.1",
        hand: "press Ctrl-C in the server's terminal",
    });
    let server = story.server();
    let clients = people(story, &server, ["Ada", "Grace", "Linus"]);
    server.interrupt();
    for mut client in clients {
        // And nothing else: that each of the others leaves need not be told to each.
        client.receives_close(1001);
        client.sends_close(1001, "");
        client.receives_end();
        client.tcp.closes();
    }
    let status = server.ends(Duration::from_secs(2));
    let ours = std::env::var_os("SERVER").is_none();
    story.expects(!ours || status.success(), format!("exit status 0, it is {status}"));
}

fn a_large_message_reaches_everybody_whole(story: &Story) {
    story.teaches(Lesson {
        why: "A large message to a room is encoded once, and its members share the bytes; each gets all of them, \
              between small ones, in order.",
        read: "notes/11-rooms.md",
        hand: BY_HAND,
    });
    let server = story.server_with(|s| s.env("MAX_TEXT", 300_000).env("MAX_MESSAGE", 1_000_000));
    let mut clients = people(story, &server, ["Ada", "Grace", "Linus"]);
    let expected =
        ["a".to_string(), "x".repeat(300_000), "b".to_string(), "ä".repeat(20_000), "c".to_string()];
    clients[0].sends_frames(&expected.each_ref().map(|text| say(text)));
    for client in &mut clients {
        let said: Vec<Value> =
            (0..5).map(|_| client.receives_json_where("what was said", is("said"))).collect();
        story.expects(texts(&said) == expected, "all five messages, whole and in order");
    }
}

/// Joins the lobby; returns also who the client is now.
#[track_caller]
fn joins(story: &Story, server: &Server, name: &str) -> (WebSocket, Value) {
    let mut client = story.websocket(name, server, "/chat");
    client.sends_json(&json!({"type": "join", "name": name}));
    let welcome = client.receives_json_where("a welcome", is("welcome"));
    (client, welcome["you"].clone())
}

/// Joins the lobby with all of them, and lets each hear of those who came after.
#[track_caller]
fn people<const N: usize>(story: &Story, server: &Server, names: [&str; N]) -> [WebSocket; N] {
    let mut clients = names.map(|name| joins(story, server, name).0);
    for (n, client) in clients.iter_mut().enumerate() {
        for name in &names[n + 1..] {
            let joined = client.receives_json();
            story.expects(joined["type"] == "joined" && joined["name"] == *name, format!("{name}: {joined}"));
        }
    }
    clients
}

#[track_caller]
fn leaves(mut client: WebSocket) {
    client.sends_close(1000, "");
    loop {
        if client.receives_frame().opcode == harness::frame::CLOSE {
            return client.receives_end();
        }
    }
}

#[track_caller]
fn hears(story: &Story, client: &mut WebSocket, expected: &Value) {
    let got = client.receives_json();
    story.expects(got == *expected, format!("{expected}, it is {got}"));
}

#[track_caller]
fn is_refused(story: &Story, client: &mut WebSocket) {
    let got = client.receives_json();
    let why = got["why"].as_str().unwrap_or_default();
    story.expects(got["type"] == "error" && !why.is_empty(), format!("an error that says why, it is {got}"));
}

fn say(text: &str) -> Frame {
    Frame::text(&json!({"type": "say", "text": text}).to_string())
}

fn is(kind: &'static str) -> impl Fn(&Value) -> bool {
    move |value| value["type"] == kind
}

fn texts(said: &[Value]) -> Vec<&str> {
    said.iter().filter_map(|said| said["text"].as_str()).collect()
}
