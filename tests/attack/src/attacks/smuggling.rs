//! Requests of which two readers find different ends: behind a proxy the rest of one is the beginning of somebody else's.

use std::time::Duration;

use super::Attack;
use crate::judge::Verdict;
use crate::scene::Scene;
use crate::target::Target;

pub const ATTACKS: &[Attack] = &[Attack {
    name: "smuggling",
    does: "sends requests whose length may be read in two ways, with a second request hidden in the first",
    expects: "400 and an end, RFC 9112 §6.3; at least never an answer to the hidden one",
    applies: Target::is_http,
    newcomers: true,
    run: smuggle,
}];

/// Field lines, and the body that hides a request.
const CASES: &[(&str, &str, &str)] = &[
    ("Content-Length with chunked", "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n", "0\r\n\r\n"),
    ("two Content-Lengths", "Content-Length: 0\r\nContent-Length: 5\r\n", "12345"),
    ("a list of Content-Lengths", "Content-Length: 0, 5\r\n", "12345"),
    ("Content-Length +0", "Content-Length: +0\r\n", ""),
    ("Transfer-Encoding xchunked", "Transfer-Encoding: xchunked\r\n", "0\r\n\r\n"),
    ("chunked, identity", "Transfer-Encoding: chunked, identity\r\n", "0\r\n\r\n"),
    ("a space before the colon", "Transfer-Encoding : chunked\r\n", "0\r\n\r\n"),
    ("a line that is folded", "X: y\r\n Transfer-Encoding: chunked\r\n", "0\r\n\r\n"),
    ("a line that ends with LF", "X: y\nTransfer-Encoding: chunked\r\n", "0\r\n\r\n"),
    ("a chunk size with 0x", "Transfer-Encoding: chunked\r\n", "0x0\r\n\r\n"),
];

fn smuggle(scene: &mut Scene<'_>) -> Verdict {
    let target = &scene.target;
    let head = target.request("POST", &target.post_path, &[]);
    let head = head.strip_suffix("\r\n").unwrap_or(&head);
    let hidden = target.get();
    let requests: Vec<Vec<u8>> = CASES
        .iter()
        .map(|(_, fields, body)| format!("{head}{fields}\r\n{body}{hidden}").into_bytes())
        .collect();
    let mut crowd = scene.connected(requests.len());
    if crowd.not_taken > 0 {
        return Verdict::Open("not all connections came about".into());
    }
    for (peer, request) in crowd.peers.iter_mut().zip(&requests) {
        peer.sends(request);
    }
    crowd.watches(scene.time(700, 400).max(Duration::from_millis(1)));
    let (mut refused, mut answered) = (0, Vec::new());
    for (peer, (name, ..)) in crowd.peers.iter().zip(CASES) {
        let (deed, _) = peer.seen.deed();
        scene.tells(format!("{name}: {deed}"));
        refused += usize::from(deed.is_end());
        // A good answer, and the connection goes on: then the hidden request was read too.
        if matches!(deed, crate::deed::Deed::Answered(200..=299)) {
            answered.push(*name);
        }
    }
    scene.did = format!("{refused} of {} ended the connection", CASES.len());
    match answered.is_empty() {
        true => Verdict::Held,
        false => Verdict::Bad(format!(
            "what may be read in two ways was answered as if it were clear: {}",
            answered.join(", ")
        )),
    }
}
