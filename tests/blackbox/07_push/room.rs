//! The vocabulary of these tests: to say something, to wait for it, to read events.

use std::time::{Duration, Instant};

use harness::{Client, Server, Story};
use serde_json::{Value, json};

/// Ada says something. Returns its id.
pub fn says(client: &mut Client, text: &str) -> u64 {
    let body = json!({ "name": "Ada", "text": text }).to_string();
    let answer = client.requests("POST", "/say", &[("Content-Type", "application/json")], body.as_bytes());
    answer.has_status(200).json()["id"].as_u64().unwrap_or_default()
}

/// What came after this id is these texts.
pub fn polls(story: &Story, client: &mut Client, after: u64, texts: &[&str]) {
    is_news(story, &client.gets(&format!("/poll?after={after}")).has_status(200).json(), texts);
}

pub fn is_news(story: &Story, news: &Value, texts: &[&str]) {
    let found: Vec<&str> =
        news["messages"].as_array().into_iter().flatten().filter_map(|one| one["text"].as_str()).collect();
    story.expects(found == texts, format!("the messages {texts:?}; they were {found:?}"));
}

/// A client whose long poll or event stream the server knows of; with it there are `many` of its kind.
pub fn waits(story: &Story, name: &str, server: &Server, path: &str, many: u64) -> Client {
    let mut client = story.client(name, server);
    client.sends(format!("GET {path} HTTP/1.1\r\nHost: x\r\n\r\n"));
    let way = if path.starts_with("/wait") { "wait" } else { "events" };
    eventually_wait(story, server, way, many);
    client
}

/// A client that has read the beginning of its event stream.
pub fn reads_events(story: &Story, name: &str, server: &Server, path: &str, many: u64) -> Client {
    let mut client = waits(story, name, server, path, many);
    client.receives_head().has_status(200);
    receives_chunk(story, &mut client, "retry: 2000\n\n");
    client
}

/// The server says, within two seconds, that so many clients wait in this way.
pub fn eventually_wait(story: &Story, server: &Server, way: &str, many: u64) {
    let mut asks = story.client("stats", server);
    let until = Instant::now() + Duration::from_secs(2);
    loop {
        let waiting = asks.gets("/stats").json()[way]["waiting"].clone();
        if waiting == many {
            return;
        }
        let told = format!("{many} clients of {way} that wait; there are {waiting}");
        story.expects(Instant::now() < until, told);
    }
}

/// The content of the next chunk.
pub fn chunk(story: &Story, client: &mut Client) -> Vec<u8> {
    let line = client.receives_line();
    let Ok(length) = usize::from_str_radix(line.trim_end(), 16) else {
        story.fails(format!("{line:?} is no length of a chunk"));
    };
    let content = client.receives_bytes(length);
    client.receives_exactly("\r\n");
    content
}

pub fn receives_chunk(story: &Story, client: &mut Client, content: &str) {
    let came = String::from_utf8_lossy(&chunk(story, client)).into_owned();
    story.expects(came == content, format!("a chunk {content:?}; it was {came:?}"));
}
