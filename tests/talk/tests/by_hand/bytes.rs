//! `talk` where nothing but bytes is spoken.

use std::io::Read;
use std::time::Duration;

use harness::Story;

use super::shown::{mentions, shows, talk};
use super::stub::serves;

pub fn bytes_are_echoed(story: &Story) {
    let server = story.server_with(|setup| setup.rung("02-poll"));
    let url = format!("tcp://{}", server.address());
    let ran = talk(story, &[&url], "hello\n/wait\n/raw \"a\\r\\n\" 00 ff\n/wait\n");
    let expected = "  connected to 127.0.0.1:*\n  type a line and it is sent; /help shows what else\n\
                    > hello\\n\n< hello\\n\n\
                    > 000000  61 0d 0a 00 ff                                   a....\n\
                    < 000000  61 0d 0a 00 ff                                   a....\n\
                    > FIN: we send no more\n< FIN: the server ends the connection\n";
    shows(story, &ran, 0, expected);
    let ran = talk(story, &[&url], "hello\n/reset\n");
    mentions(story, &ran, 0, &["> hello\\n", "RST: the connection is cut off, as you wished"]);
    mentions(story, &talk(story, &[&url], "/end\n"), 0, &["> FIN", "< FIN"]);
    // A server that does not end when we do.
    let (over, wait) = std::sync::mpsc::channel::<()>();
    let (address, stub) = serves(story, move |mut socket| {
        let _ = socket.read_to_end(&mut Vec::new());
        // It ends with the sender, which the test drops.
        let _ = wait.recv_timeout(Duration::from_secs(10));
    });
    let ran = talk(story, &[&format!("tcp://{address}"), "--patience", "0.2"], "/end\nhello\n");
    drop(over);
    let shown = ["> FIN", "! your side has ended (FIN)", "! after 0.2 s: the server does not end its side"];
    mentions(story, &ran, 1, &shown);
    stub.join().expect("the stub is content");
}

/// More than the kernel holds in both directions: who does not read while it sends waits for ever.
pub fn ten_megabytes_are_echoed(story: &Story) {
    let server = story.server_with(|setup| setup.rung("02-poll"));
    let lines = format!("/repeat 100000 {}\n", "x".repeat(99));
    let ran = talk(story, &[&format!("tcp://{}", server.address())], &lines);
    mentions(story, &ran, 0, &["of 10000000 bytes left out", "> FIN", "< FIN"]);
}

pub fn a_server_that_speaks_no_http_is_told(story: &Story) {
    let server = story.server_with(|setup| setup.rung("02-poll"));
    let hint = ["! the server broke a rule: an answer begins with HTTP/1.1", "RFC 9112 §4", "tcp://"];
    mentions(story, &talk(story, &[&format!("ws://{}", server.address())], "hello\n"), 1, &hint);
    let ran = talk(story, &[&format!("http://{}", server.address())], "/get /\n/wait\nhello\n/wait\n");
    mentions(
        story,
        &ran,
        1,
        &[&hint[..], &["takes what comes for bytes", "> hello\\n", "< hello\\n", "< FIN"]].concat(),
    );
}
