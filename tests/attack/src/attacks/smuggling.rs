//! Requests of which two readers find different ends: behind a proxy the rest of one is the beginning of somebody else's.

use super::Attack;
use crate::deed::Deed;
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

struct Case {
    name: &'static str,
    fields: &'static str,
    /// In front of the hidden request.
    body: &'static str,
    /// The RFC lets a server take it; what stands before the server had better see it likewise.
    allowed: bool,
}

const fn case(name: &'static str, fields: &'static str, body: &'static str) -> Case {
    Case { name, fields, body, allowed: false }
}

const CASES: &[Case] = &[
    case("Content-Length with chunked", "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n", "0\r\n\r\n"),
    case("two Content-Lengths", "Content-Length: 0\r\nContent-Length: 5\r\n", "12345"),
    case("a list of Content-Lengths", "Content-Length: 0, 5\r\n", "12345"),
    case("Content-Length +0", "Content-Length: +0\r\n", ""),
    case("Transfer-Encoding xchunked", "Transfer-Encoding: xchunked\r\n", "0\r\n\r\n"),
    case("chunked, identity", "Transfer-Encoding: chunked, identity\r\n", "0\r\n\r\n"),
    case("a space before the colon", "Transfer-Encoding : chunked\r\n", "0\r\n\r\n"),
    case("a chunk size with 0x", "Transfer-Encoding: chunked\r\n", "0x0\r\n\r\n"),
    // RFC 9112 §5.2: "either reject the message by sending a 400 (Bad Request) [...] or replace each received obs-fold".
    Case {
        allowed: true,
        ..case("a line that is folded", "X: y\r\n Transfer-Encoding: chunked\r\n", "0\r\n\r\n")
    },
    // RFC 9112 §2.2: "a recipient MAY recognize a single LF as a line terminator".
    Case {
        allowed: true,
        ..case("a line that ends with LF", "X: y\nTransfer-Encoding: chunked\r\n", "0\r\n\r\n")
    },
];

fn smuggle(scene: &mut Scene<'_>) -> Verdict {
    let target = &scene.target;
    let head = target.request("POST", &target.post_path, &[]);
    let head = head.strip_suffix("\r\n").unwrap_or(&head);
    let hidden = target.get();
    let requests: Vec<Vec<u8>> = CASES
        .iter()
        .map(|case| format!("{head}{}\r\n{}{hidden}", case.fields, case.body).into_bytes())
        .collect();
    let mut crowd = scene.connected(requests.len());
    if crowd.not_taken > 0 {
        return Verdict::Open("not all connections came about".into());
    }
    for (peer, request) in crowd.peers.iter_mut().zip(&requests) {
        peer.sends(request);
    }
    crowd.watches(scene.time(700, 400));
    let (mut ended, mut answered, mut allowed) = (0, Vec::new(), Vec::new());
    for (peer, case) in crowd.peers.iter().zip(CASES) {
        let (deed, _) = peer.seen.deed();
        scene.tells(format!("{}: {deed}", case.name));
        ended += usize::from(deed.is_end());
        // A good answer, and the connection goes on: then the hidden request was read too.
        if matches!(deed, Deed::Answered(200..=299)) {
            if case.allowed { allowed.push(case.name) } else { answered.push(case.name) }
        }
    }
    scene.did = format!("ended {ended} of {}", CASES.len());
    if !answered.is_empty() {
        let names = answered.join(", ");
        Verdict::Bad(format!("what may be read in two ways was answered as if it were clear: {names}"))
    } else if !allowed.is_empty() {
        Verdict::Open(format!("taken, as the RFC allows: {}", allowed.join(", ")))
    } else {
        Verdict::Held
    }
}
