//! What a person types wrong.

use harness::Story;
use socket2::{Domain, Socket, Type};

use super::shown::{mentions, talk};

pub fn each_mistake_is_one_line(story: &Story) {
    for (args, why) in [
        (&["wss://127.0.0.1/"][..], "talk has no TLS yet"),
        (&["ftp://x"], "begins with ws://"),
        (&["ws://127.0.0.1:x/"], "1 to 65535"),
        (&["ws://127.0.0.1/", "more"], "--help lists the options"),
        (&["--loud"], "--help lists the options"),
        (&["--header", "nothing"], "NAME: VALUE"),
    ] {
        let ran = talk(story, args, "");
        ran.mentions(why);
        let lines = ran.stderr.lines().count();
        story.expects(
            lines == 1 && ran.stderr.starts_with("talk: "),
            format!("one line, it is {:?}", ran.stderr),
        );
        mentions(story, &ran, 2, &[]);
    }
    let ran = talk(story, &["ws://no.such.host.invalid/"], "");
    ran.mentions("talk: no.such.host.invalid: no such host");
    mentions(story, &ran, 1, &[]);
}

pub fn nobody_listens(story: &Story) {
    // Bound, so that nobody else gets it, and not listening.
    let socket = Socket::new(Domain::IPV4, Type::STREAM, None).expect("a socket");
    socket.bind(&std::net::SocketAddr::from(([127, 0, 0, 1], 0)).into()).expect("a free port");
    let address = socket.local_addr().ok().and_then(|address| address.as_socket()).expect("an address");
    for (scheme, step) in [("ws", "10"), ("http", "05"), ("tcp", "02")] {
        let ran = talk(story, &[&format!("{scheme}://{address}")], "hello\n");
        mentions(story, &ran, 1, &["! nobody listens on"]);
        ran.mentions(&format!("nobody listens on {address}: start a rung with make run STEP={step}"));
    }
}

pub fn a_wrong_line_does_not_end_the_session(story: &Story) {
    let server = story.server_with(|setup| setup.rung("10-messages"));
    let ran =
        talk(story, &[&format!("ws://{}/", server.address())], "/nonsense\n/close soon\nhello\n/wait\n");
    let shown = [
        "! there is no /nonsense; /help",
        "! /close soon: a code is 0 to 65535",
        "< \"hello\"",
        "a clean end",
    ];
    mentions(story, &ran, 2, &shown);
}

pub fn help_shows_what_can_be_typed(story: &Story) {
    mentions(story, &talk(story, &["--help"], ""), 0, &["Usage: talk", "--subprotocol", "exit code"]);
    for (rung, scheme, line) in [
        ("10-messages", "ws", "/fragment a | b | c"),
        ("05-keep-alive", "http", "/chunked"),
        ("02-poll", "tcp", "/raw 68"),
    ] {
        let server = story.server_with(|setup| setup.rung(rung));
        let ran = talk(story, &[&format!("{scheme}://{}", server.address())], "/help\n");
        mentions(story, &ran, 0, &[line, "/quit"]);
    }
}
