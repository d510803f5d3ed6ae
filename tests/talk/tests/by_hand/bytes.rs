//! `talk` where nothing but bytes is spoken.

use harness::Story;

use super::shown::{mentions, shows, talk};

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
    let ran = talk(story, &[&url], "/end\nhello\n");
    mentions(story, &ran, 0, &["> FIN", "! your side has ended (FIN)", "< FIN"]);
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
