//! `talk` where HTTP is spoken.

use harness::Story;

use super::shown::{mentions, talk};

pub fn a_request_is_typed_line_by_line(story: &Story) {
    let server = story.server_with(|setup| setup.rung("05-keep-alive"));
    let url = format!("http://{}", server.address());
    let ran = talk(story, &[&url], "POST /x HTTP/1.1\n/host\nContent-Length: 5\n\n/body hello\n/wait\n");
    let shown = [
        "> POST /x HTTP/1.1\\r\\n\n> Host: 127.0.0.1:*\\r\\n\n> Content-Length: 5\\r\\n\n> \\r\\n\n",
        "> hello\n",
        "< HTTP/1.1 200 OK\\r\\n\n",
        "  Content-Length: the body has 5 bytes (RFC 9112 §6.3)\n",
        "< hello\n",
        "  the answer is whole: 5 bytes of body; the connection stays open\n",
    ];
    mentions(story, &ran, 0, &shown);
    // Half a request, and the rest of it.
    let ran = talk(story, &[&url], "GET /echo HTTP/1.1\n/send\n/wait 0.05\n/host\n\n");
    mentions(
        story,
        &ran,
        0,
        &["> GET /echo HTTP/1.1\\r\\n\n> Host", "< HTTP/1.1 200 OK", "the answer is whole"],
    );
    // The empty line was forgotten at the end.
    let ran = talk(story, &[&url], "GET /echo HTTP/1.1\n/host\n");
    mentions(story, &ran, 0, &["the empty line is missing; it is sent for you", "< HTTP/1.1 200 OK"]);
}

pub fn chunks_and_head_on_one_connection(story: &Story) {
    let server = story.server_with(|setup| setup.rung("05-keep-alive"));
    let url = format!("http://{}", server.address());
    let lines =
        "/chunked /x ab | c\n/wait\n/head /\n/wait\n/get /echo\n/wait\n/repeat 3 /get /echo\nnonsense\n\n";
    let ran = talk(story, &[&url, "--header", "Cookie: a=b"], lines);
    let shown = [
        "> 2\\r\\n\n> ab\\r\\n\n> 1\\r\\n\n> c\\r\\n\n> 0\\r\\n\n> \\r\\n\n",
        "< abc\n",
        "> HEAD / HTTP/1.1",
        "no body, the request was HEAD",
        "> GET /echo HTTP/1.1",
        "Cookie: a=b",
        "the connection stays open",
        "HTTP/1.1 400 Bad Request",
        "the server closes the connection now",
    ];
    mentions(story, &ran, 0, &shown);
    let whole = ran.text().matches("the answer is whole").count();
    story.expects(whole == 7, format!("7 answers, there are {whole}"));
    let connections = ran.text().matches("connected to").count();
    story.expects(connections == 1, format!("one connection, there are {connections}"));
}

pub fn a_line_after_the_end_opens_a_new_connection(story: &Story) {
    let server = story.server_with(|setup| setup.rung("04-request"));
    let url = format!("http://{}", server.address());
    // The first wait ends with the answer, the second with the connection; the third has nothing left to wait for.
    let ran = talk(story, &[&url], "/get /one\n/wait\n/wait\n/wait 30\n/get /two\n/wait\n");
    let shown = [
        "> GET /one",
        "the server closes the connection now",
        "connected to",
        "> GET /two",
        "the answer is whole",
    ];
    mentions(story, &ran, 0, &shown);
    let connections = ran.text().matches("connected to").count();
    story.expects(connections == 2, format!("two connections, there are {connections}"));
    // Two at once: this rung answers one, and that is told.
    let ran = talk(story, &[&url], "/repeat 2 /get /\n/wait\n/wait\n");
    mentions(story, &ran, 1, &["the answer is whole", "not answered: 1"]);
}

pub fn a_handshake_typed_by_hand_becomes_a_websocket(story: &Story) {
    let server = story.server_with(|setup| setup.rung("10-messages"));
    let lines = "GET / HTTP/1.1\n/host\nUpgrade: websocket\nConnection: Upgrade\n\
                 Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\nSec-WebSocket-Version: 13\n\n/wait\nhello\n/wait\n";
    let ran = talk(story, &[&format!("http://{}", server.address())], lines);
    mentions(story, &ran, 0, &["101 Switching", "< \"hello\"", "> 1000", "< 1000", "a clean end"]);
}
