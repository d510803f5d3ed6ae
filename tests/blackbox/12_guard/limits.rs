//! How much one client, one address and all together may do.

use std::time::{Duration, Instant};

use harness::{Frame, Lesson, Story};

use super::{comes_in, counters, joins, logs_in, say};

pub fn too_many_connections_are_told_503(story: &Story) {
    story.teaches(Lesson {
        why: "Without a limit the last descriptor is gone one day, and nobody is served at all. Who is too many is told \
              so, and those who are here go on.",
        read: "RFC 9110 §15.6.4, notes/12-guard.md",
        hand: "MAX_CONNECTIONS=3, then four times nc 127.0.0.1 {port}",
    });
    let server = story.server_with(|s| s.env("MAX_CONNECTIONS", 3));
    let mut all = story.clients("client", 3, &server);
    for client in &mut all {
        client.gets("/login").has_status(200);
    }
    let mut late = story.client("late", &server);
    let answer = late.receives_response();
    answer.has_status(503).has_token("Connection", "close");
    story.expects(answer.header("Retry-After").is_some(), "Retry-After");
    late.receives_end();
    all[0].gets("/login").has_status(200);
    // One leaves: there is room again as soon as the server has noticed.
    all.remove(2).closes();
    let waits = Instant::now();
    while story.client("next", &server).gets("/login").status != 200 {
        story.expects(waits.elapsed() < Duration::from_secs(5), "room, since one has left");
    }
}

pub fn an_address_has_its_share(story: &Story) {
    story.teaches(Lesson {
        why: "One client that takes all connections leaves none to the others.",
        read: "notes/12-guard.md",
        hand: "MAX_PER_ADDRESS=2, then three times nc 127.0.0.1 {port}",
    });
    let server = story.server_with(|s| s.env("MAX_PER_ADDRESS", 2));
    let mut two = story.clients("client", 2, &server);
    for client in &mut two {
        client.gets("/login").has_status(200);
    }
    story.client("third", &server).receives_response().has_status(503);
    two[1].gets("/login").has_status(200);
}

pub fn who_connects_too_often_is_told_429(story: &Story) {
    story.teaches(Lesson {
        why: "Also connections that are closed at once cost something each.",
        read: "RFC 6585 §4",
        hand: "CONNECTION_RATE=0.1,2, then three times curl -i http://127.0.0.1:{port}/login",
    });
    let server = story.server_with(|s| s.env("CONNECTION_RATE", "0.05,2"));
    for _ in 0..2 {
        let mut client = story.client("client", &server);
        client.gets("/login").has_status(200);
        client.closes();
    }
    let mut third = story.client("third", &server);
    let answer = third.receives_response();
    answer.has_status(429);
    let wait: u64 = answer.header("Retry-After").and_then(|wait| wait.parse().ok()).unwrap_or_default();
    story.expects((15..=20).contains(&wait), format!("Retry-After: 20 or little less, it is {wait}"));
    third.receives_end();
}

pub fn who_asks_too_often_is_told_429(story: &Story) {
    story.teaches(Lesson {
        why: "Ten thousand requests on one connection are as many as on ten thousand.",
        read: "RFC 6585 §4",
        hand: "REQUEST_RATE=1,3, then curl with the same address four times",
    });
    let server = story.server_with(|s| s.env("REQUEST_RATE", "0.05,3"));
    let mut client = story.client("client", &server);
    for _ in 0..3 {
        client.gets("/login").has_status(200);
    }
    let answer = client.gets("/login");
    answer.has_status(429);
    story.expects(answer.header("Retry-After").is_some(), "Retry-After");
    story.client("other connection", &server).gets("/login").has_status(429);
}

pub fn who_says_nothing_is_closed(story: &Story) {
    story.teaches(Lesson {
        why: "A connection without a request is only a cost. From accept to the first complete request there is a \
              deadline, and no byte prolongs it.",
        read: "notes/12-guard.md",
        hand: "HANDSHAKE_TIMEOUT_MS=1000, then nc 127.0.0.1 {port}",
    });
    let server = story.server_with(|s| s.env("HANDSHAKE_TIMEOUT_MS", 300).env("HEAD_TIMEOUT_MS", 60_000));
    let mut silent = story.client("silent", &server);
    let mut slow = story.client("slow", &server);
    let mut good = story.client("good", &server);
    good.gets("/login").has_status(200);
    slow.sends("GET /login HT");
    silent.within(Duration::from_secs(3)).receives_end();
    slow.within(Duration::from_secs(3)).receives_end();
    good.gets("/login").has_status(200);
}

pub fn who_talks_too_fast_waits_and_loses_nothing(story: &Story) {
    story.teaches(Lesson {
        why: "Over the rate, do not read for a while: TCP makes the sender wait. What it has sent is not lost, only \
              later. To close at once would punish whoever pasted ten lines.",
        read: "notes/12-guard.md",
        hand: "MESSAGE_RATE=10,5",
    });
    let server = story.server_with(|s| s.env("MESSAGE_RATE", "40,10"));
    let mut ada = comes_in(story, &server, "Ada");
    let mut grace = comes_in(story, &server, "Grace");
    let frames: Vec<Frame> = (0..50).map(|n| say(&n.to_string())).collect();
    let began = Instant::now();
    ada.sends_frames(&frames);
    for n in 0..50 {
        let said = grace.receives_json_where("what Ada says", |value| value["type"] == "said");
        let next = n.to_string();
        story.expects(said["text"] == next.as_str(), format!("{n}, in order, it is {said}"));
    }
    let took = began.elapsed();
    // The join was one message; 9 more at once, then 41 at 40 a second.
    story.expects(took >= Duration::from_millis(950), format!("about a second, it was {took:?}"));
    let session = logs_in(story, &server, "Ada");
    let counters = counters(&mut story.client("ada", &server), &session);
    story.expects(counters["pauses"].as_u64() > Some(0), format!("pauses are counted: {counters}"));
}

pub fn who_never_stops_is_closed_with_1008(story: &Story) {
    story.teaches(Lesson {
        why: "Who goes on all the same is an attacker, or broken. After PATIENCE_MS of waiting: 1008, and the reason.",
        read: "RFC 6455 §7.4.1",
        hand: "MESSAGE_RATE=10,5 PATIENCE_MS=500",
    });
    let server = story.server_with(|s| s.env("MESSAGE_RATE", "50,10").env("PATIENCE_MS", 200));
    let mut ada = comes_in(story, &server, "Ada");
    let mut eve = comes_in(story, &server, "Eve");
    eve.sends_frames(&(0..200).map(|n| say(&n.to_string())).collect::<Vec<_>>());
    let close = loop {
        let frame = eve.receives_frame();
        if frame.opcode == harness::frame::CLOSE {
            break frame.close_code();
        }
    };
    story.expects(close.0 == 1008 && !close.1.is_empty(), format!("1008 and why, it is {close:?}"));
    ada.sends_frame(&say("still here"));
    ada.receives_json_where("her own words", |value| value["text"] == "still here");
}

pub fn pings_count_too(story: &Story) {
    story.teaches(Lesson {
        why: "Each Ping must be answered, so a flood of them is work, and answers that nobody may read.",
        read: "RFC 6455 §5.5.2, CVE-2019-9512 (the same in HTTP/2)",
        hand: "make attack",
    });
    let server = story.server_with(|s| s.env("MESSAGE_RATE", "50,10").env("PATIENCE_MS", 200));
    let mut eve = comes_in(story, &server, "Eve");
    eve.sends_frames(&vec![Frame::ping("x"); 300]);
    let mut pongs = 0;
    let code = loop {
        let frame = eve.receives_frame();
        match frame.opcode {
            harness::frame::CLOSE => break frame.close_code().0,
            harness::frame::PONG => pongs += 1,
            _ => {}
        }
    };
    story.expects(code == 1008, format!("1008, it is {code}"));
    // Ten at once, and fifty a second for as long as the patience lasts.
    story.expects((9..100).contains(&pongs), format!("some Pongs, but not all: {pongs}"));
}

pub fn bytes_count_also_of_a_message_that_never_ends(story: &Story) {
    story.teaches(Lesson {
        why: "One message of a gigabyte, or a fragment of one byte for ever: count what comes in, not only messages.",
        read: "notes/12-guard.md",
        hand: "BYTE_RATE=10000,10000",
    });
    let server = story.server_with(|s| {
        s.env("BYTE_RATE", "20000,20000").env("PATIENCE_MS", 300).env("MAX_MESSAGE", 100_000_000)
    });
    let mut eve = comes_in(story, &server, "Eve");
    eve.sends_bytes([0x01, 0xfe, 0xff, 0xff, 0, 0, 0, 0]); // the first fragment of a text, 65,535 bytes, masked with 0
    eve.tcp.sends_while_receiving(vec![b'x'; 65_535]);
    eve.tcp.within(Duration::from_secs(15));
    let close = eve.receives_frame();
    story.expects(
        close.opcode == harness::frame::CLOSE && close.close_code().0 == 1008,
        format!("a Close frame with 1008, it is {} {:?}", close.name(), close.close_code()),
    );
}

pub fn a_message_must_end_some_time(story: &Story) {
    story.teaches(Lesson {
        why: "Who sends a byte now and then is alive, answers Pings between two fragments, and is never done. From a \
              message's first byte to its last there is a deadline; a byte does not prolong it, and a Ping does neither.",
        read: "notes/12-guard.md",
        hand: "MESSAGE_TIMEOUT_MS=1000, then make talk: /fragment",
    });
    let server = story.server_with(|s| s.env("MESSAGE_TIMEOUT_MS", 400).env("MESSAGE_RATE", "10000,10000"));
    let mut eve = comes_in(story, &server, "Eve");
    eve.sends_frame(&Frame::text("{").not_final());
    let began = Instant::now();
    let close = loop {
        eve.sends_frame(&Frame::continuation(" ").not_final());
        eve.sends_frame(&Frame::ping("still here"));
        let frame = eve.receives_frame();
        if frame.opcode == harness::frame::CLOSE {
            break frame.close_code();
        }
        story.expects(began.elapsed() < Duration::from_secs(5), "the deadline of 400 ms to hold");
    };
    story.expects(close.0 == 1008, format!("1008, it is {close:?}"));
    story.expects(began.elapsed() >= Duration::from_millis(390), "not before");
}

pub fn one_address_shares_its_rate(story: &Story) {
    story.teaches(Lesson {
        why: "Who may say ten messages a second on one connection opens a hundred.",
        read: "notes/12-guard.md",
        hand: "ADDRESS_MESSAGE_RATE=20,10",
    });
    let server = story.server_with(|s| s.env("ADDRESS_MESSAGE_RATE", "40,20"));
    let session = logs_in(story, &server, "Ada");
    let mut sockets: Vec<_> = (0..4).map(|_| joins(story, &server, "Ada", &session)).collect();
    let began = Instant::now();
    for socket in &mut sockets {
        socket.sends_frames(&(0..10).map(|n| Frame::ping(n.to_string())).collect::<Vec<_>>());
    }
    for socket in &mut sockets {
        for n in 0..10 {
            loop {
                let frame = socket.receives_frame();
                if frame.opcode == harness::frame::PONG {
                    story.expects(frame.payload == n.to_string().as_bytes(), "pongs in order");
                    break;
                }
            }
        }
    }
    // 44 messages with the joins, 20 at once, the others at 40 a second.
    let took = began.elapsed();
    story.expects(took >= Duration::from_millis(450), format!("over half a second, it was {took:?}"));
}

pub fn what_is_too_big_is_refused_before_it_comes(story: &Story) {
    story.teaches(Lesson {
        why: "The length stands in the header: refuse before a byte of it is stored.",
        read: "RFC 6455 §7.4.1, §10.4",
        hand: "MAX_MESSAGE=1000",
    });
    let server = story.server_with(|s| s.env("MAX_MESSAGE", 1000));
    let mut eve = comes_in(story, &server, "Eve");
    eve.sends_bytes([0x81, 0xff, 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1, 2, 3, 4]);
    eve.is_closed_with(1009);
}

pub fn a_server_that_stops_says_1001(story: &Story) {
    story.teaches(Lesson {
        why: "Everybody is told, and nobody may hold the server up: it waits a bounded time.",
        read: "RFC 6455 §7.4.1",
        hand: "press Ctrl-C in the server's terminal",
    });
    let server = story.server_with(|s| s.env("STOP_TIMEOUT_MS", 300));
    let mut polite = comes_in(story, &server, "Ada");
    let _deaf = comes_in(story, &server, "Eve");
    server.interrupt();
    let code = loop {
        let frame = polite.receives_frame();
        if frame.opcode == harness::frame::CLOSE {
            break frame.close_code().0;
        }
    };
    story.expects(code == 1001, format!("1001, it is {code}"));
    server.ends(Duration::from_secs(3));
}

pub fn a_flood_of_connections_is_outlived(story: &Story) {
    story.teaches(Lesson {
        why: "An attacker opens connections as fast as it can and never says a word. Those who were here must not notice.",
        read: "notes/12-guard.md",
        hand: "make attack",
    });
    let server = story.server_with(|s| s.env("MAX_PER_ADDRESS", 20).env("HANDSHAKE_TIMEOUT_MS", 500));
    let mut ada = comes_in(story, &server, "Ada");
    let before = server.open_descriptors();
    for round in 0..20 {
        let flood: Vec<_> = (0..50).map(|_| std::net::TcpStream::connect(server.address())).collect();
        ada.sends_frame(&say(&format!("round {round}")));
        ada.receives_json_where("her own words", |value| value["text"] == format!("round {round}"));
        drop(flood);
    }
    let waits = Instant::now();
    while server.open_descriptors() > before {
        story.expects(waits.elapsed() < Duration::from_secs(20), "the flood's descriptors to be free again");
    }
    let told = ada.tcp.pending().len();
    story.expects(told == 0, "nothing else for Ada");
}

pub fn settings_without_sense_are_refused_at_the_start(story: &Story) {
    story.needs_our_program();
    story.teaches(Lesson {
        why: "A setting that lets nobody do anything, or pings without end, is a slip of the pen: say so in one line, \
              before anybody connects. A limit that is too high is merely no limit.",
        read: "steps/12-guard/src/limits.rs",
        hand: "PING_INTERVAL_MS=0 make run",
    });
    for (name, value) in [
        ("PING_INTERVAL_MS", "0"),
        ("PONG_TIMEOUT_MS", "0"),
        ("HANDSHAKE_TIMEOUT_MS", "0"),
        ("MESSAGE_TIMEOUT_MS", "0"),
        ("SESSION_MS", "0"),
        ("MESSAGE_RATE", "30"),
        ("LOGIN_RATE", "0,10"),
    ] {
        let (status, _, error) = story.server_that_ends(|s| s.env(name, value));
        story.expects(status.code() == Some(2), format!("{name}={value}: exit status 2, it is {status}"));
        story.expects(
            error.contains(name) && error.lines().count() == 1,
            format!("one line with {name}: {error}"),
        );
    }
    let huge = usize::MAX;
    let server = story.server_with(|s| s.env("MAX_CONNECTIONS", huge).env("MAX_PER_ADDRESS", huge));
    story.client("ada", &server).gets("/login").has_status(200);
}
