//! `replay`.

use std::io::{Read, Write};
use std::net::TcpListener;

use harness::Story;

use super::shown::{mentions, replay};

macro_rules! example {
    ($name:literal) => {
        concat!(env!("CARGO_MANIFEST_DIR"), "/examples/", $name)
    };
}

pub fn pieces_and_pauses(story: &Story) {
    let server = story.server_with(|setup| setup.rung("05-keep-alive"));
    let address = server.address().to_string();
    let ran = replay(story, &[example!("two-requests.replay"), &address], b"");
    let shown = [
        "> piece 1 of 2, 88 bytes:",
        "< hello\n",
        "> piece 2 of 2, 18 bytes:",
        "< world\n",
        "the connection was open",
    ];
    mentions(story, &ran, 0, &shown);
    let ran = replay(story, &[example!("chunks.replay"), &address], b"");
    mentions(story, &ran, 0, &["> piece 4 of 4, 1 byte:", "< 0123456789abcdef", "> FIN", "< FIN"]);
    // Any bytes, from a pipe, one by one.
    let ran = replay(
        story,
        &["-", &address, "--split", "1", "--pause", "0ms"],
        b"GET /echo HTTP/1.1\r\nHost: x\r\n\r\n",
    );
    mentions(story, &ran, 0, &["> piece 31 of 31, 1 byte:", "< HTTP/1.1 200 OK"]);
    let ran = replay(
        story,
        &["-", &address, "--at", "4,20", "--pause", "1ms"],
        b"GET /echo HTTP/1.1\r\nHost: x\r\n\r\n",
    );
    mentions(
        story,
        &ran,
        0,
        &["> piece 1 of 3, 4 bytes:\n> GET \n".trim_end(), "> piece 2 of 3, 16 bytes:", "< HTTP/1.1 200 OK"],
    );
    let server = story.server_with(|setup| setup.rung("10-messages"));
    let ran = replay(story, &[example!("half-frame.replay"), &server.address().to_string()], b"");
    mentions(story, &ran, 0, &["< HTTP/1.1 101", "..Hello", "88 00", "< FIN"]);
}

pub fn every_split_has_the_same_answer(story: &Story) {
    let server = story.server_with(|setup| setup.rung("05-keep-alive"));
    let args =
        [example!("two-requests.replay"), &server.address().to_string(), "--every-split", "--pause", "1ms"];
    let ran = replay(story, &args, b"");
    mentions(
        story,
        &ran,
        0,
        &["106 bytes in one piece:", "cut in two at each of 105 offsets: the same answer"],
    );
}

/// The bug that --every-split is for. On a busy machine the stub may find both pieces in one read, but hardly four times.
pub fn a_server_that_takes_a_read_for_a_request_is_found(story: &Story) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = listener.local_addr().expect("an address").to_string();
    let stub = std::thread::spawn(move || {
        for _ in 0..5 {
            let (mut socket, _) = listener.accept().expect("somebody connects");
            let mut buffer = [0; 100];
            while let Ok(count @ 1..) = socket.read(&mut buffer) {
                socket.write_all(format!("{count};").as_bytes()).expect("the client reads");
            }
        }
    });
    let ran =
        replay(story, &["-", &address, "--every-split", "--silence", "100ms", "--pause", "50ms"], b"hello");
    let shown = [
        "< 5;",
        "! cut behind byte ",
        "expected | 5;",
        "^ byte ",
        " of 4 cuts change the answer: TCP has no message boundaries",
    ];
    mentions(story, &ran, 1, &shown);
    stub.join().expect("the stub is content");
}

pub fn mistakes_are_one_line(story: &Story) {
    let directory = story.directory();
    let wrong = directory.join("wrong.replay");
    std::fs::write(&wrong, "\"GET\"\npause often\n").expect("the directory is ours");
    let wrong = wrong.to_string_lossy().into_owned();
    for (args, why) in [
        (&[][..], "which file?"),
        (&["/no/such/file"], "/no/such/file"),
        (&[wrong.as_str()], "wrong.replay, line 2: \"often\" is no time"),
        (&["-"], "there is nothing to send"),
        (&[example!("chunks.replay"), "--split", "0"], "from 1 on"),
        (&[example!("chunks.replay"), "https://127.0.0.1"], "no TLS yet"),
    ] {
        let ran = replay(story, args, b"");
        ran.mentions(why);
        let lines = ran.stderr.lines().count();
        story.expects(
            lines == 1 && ran.stderr.starts_with("replay: "),
            format!("one line, it is {:?}", ran.stderr),
        );
        mentions(story, &ran, 2, &[]);
    }
    mentions(story, &replay(story, &["--help"], b""), 0, &["Usage: replay", "--every-split"]);
}
