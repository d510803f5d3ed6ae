//! Lengths: too long to be true, or only announced.

use std::time::{Duration, Instant};

use harness::Frame;
use harness::frame::{BINARY, Length};

use super::Attack;
use crate::crowd::{Crowd, Peer};
use crate::deed::{Deed, size, summary};
use crate::judge::Verdict;
use crate::scene::Scene;
use crate::target::{Speech, Target};

pub const ATTACKS: &[Attack] = &[
    Attack {
        name: "oversized-requests",
        does: "sends targets, fields and lengths that are too large",
        expects: "a refusal (413, 414, 431, 400, or an end) before it has come, and nothing allocated for what is \
                  only announced: MAX_TARGET, MAX_FIELD, MAX_FIELDS, MAX_HEAD, MAX_BODY",
        applies: Target::is_http,
        newcomers: true,
        run: oversized_requests,
    },
    Attack {
        name: "endless-head",
        does: "sends a field line that does not end",
        expects: "431, or an end, at the limit for a head: MAX_HEAD, nginx large_client_header_buffers",
        applies: Target::is_http,
        newcomers: true,
        run: endless_head,
    },
    Attack {
        name: "oversized-frames",
        does: "sends frame headers that announce up to 2^64 - 1 bytes",
        expects: "1002 for the lengths that RFC 6455 §5.2 forbids; nothing allocated for the others",
        applies: Target::has_frames,
        newcomers: true,
        run: oversized_frames,
    },
    Attack {
        name: "oversized-message",
        does: "sends one message in fragments of 16 KiB, until somebody has enough",
        expects: "1009, or an end, at the limit for a message: MAX_MESSAGE; or each fragment dealt with at once",
        applies: Target::has_frames,
        newcomers: true,
        run: oversized_message,
    },
    Attack {
        name: "endless-line",
        does: "sends a line that does not end",
        expects: "an end at the limit for a line: MAX_LINE",
        applies: |target| target.speech == Speech::Lines,
        newcomers: true,
        run: endless_line,
    },
];

/// Nobody wants to take more than this of one thing.
const ENOUGH: usize = 128 << 20;

fn oversized_requests(scene: &mut Scene<'_>) -> Verdict {
    let megabyte = "x".repeat(1 << 20);
    let many: String = (0..100_000).map(|number| format!("X-{number}: y\r\n")).collect();
    let get = scene.target.get();
    let open = get.strip_suffix("\r\n").unwrap_or(&get);
    let post =
        |length: &str| scene.target.request("POST", &scene.target.post_path, &[("Content-Length", length)]);
    let chunks = scene.target.request("POST", &scene.target.post_path, &[("Transfer-Encoding", "chunked")]);
    let requests = [
        ("a target of 1 MiB", scene.target.request("GET", &format!("/{megabyte}"), &[])),
        ("a field of 1 MiB", format!("{open}X-Long: {megabyte}\r\n\r\n")),
        ("100,000 fields", format!("{open}{many}\r\n")),
        ("Content-Length 2^63", post("9223372036854775808")),
        ("Content-Length 2^64", post("18446744073709551616")),
        ("a chunk of 2^64 - 1 bytes", format!("{chunks}ffffffffffffffff\r\nx")),
        ("a chunk of 2^64 bytes", format!("{chunks}10000000000000000\r\nx")),
    ];
    let (mut verdict, mut ended) = (Verdict::Held, 0);
    for (what, request) in &requests {
        let deed = one(scene, what, request.as_bytes(), false);
        ended += usize::from(deed.is_end());
        verdict = verdict.and(match deed {
            Deed::Answered(200..=299) | Deed::AnsweredAndClosed(200..=299) if what.starts_with("Content") => {
                Verdict::Held // It answers without the body: then nothing was kept for it.
            }
            Deed::Answered(200..=299) | Deed::AnsweredAndClosed(200..=299)
                if scene.target.rung == Some(4) =>
            {
                Verdict::Open(format!("{what} was passed over: rung 04 reads no bodies"))
            }
            Deed::Answered(200..=299) | Deed::AnsweredAndClosed(200..=299) => {
                Verdict::Open(format!("{what} was taken as if it were nothing"))
            }
            Deed::Kept if scene.target.promises_deadlines() => {
                Verdict::Bad(format!("{what}: no answer, and no end"))
            }
            _ => Verdict::Held,
        });
    }
    scene.did = format!("ended {ended} of {}", requests.len());
    verdict
}

fn oversized_frames(scene: &mut Scene<'_>) -> Verdict {
    let announce = |length: u64| Frame::binary("x").length_in(Length::Bits64).declaring(length).bytes();
    let forbidden = one(scene, "a length of 2^64 - 1", &announce(u64::MAX), true);
    let top_bit = one(scene, "a length of 2^63", &announce(1 << 63), true);
    let allowed = one(scene, "a length of 2^63 - 1", &announce((1 << 63) - 1), true);
    let control = one(
        scene,
        "a Ping of 2^32 bytes",
        &Frame::ping("x").length_in(Length::Bits64).declaring(1 << 32).bytes(),
        true,
    );
    scene.did = format!("{forbidden}; {top_bit}; {allowed}; {control}");
    if [forbidden, top_bit, control].iter().any(|deed| !deed.is_end()) {
        return Verdict::Bad("a length that RFC 6455 §5.2 or §5.5 forbids is waited for".into());
    }
    match allowed {
        Deed::Kept => {
            Verdict::Open("it waits for 2^63 - 1 bytes; a limit for messages ends that (rung 10)".into())
        }
        _ => Verdict::Held,
    }
}

fn oversized_message(scene: &mut Scene<'_>) -> Verdict {
    let mut crowd = scene.opened(1);
    let first = Frame::new(BINARY, vec![b'x'; 16 << 10]).not_final().bytes();
    let next = Frame::continuation(vec![b'x'; 16 << 10]).not_final().bytes();
    let sent = pour(scene, &mut crowd, first, next);
    tells_pour(scene, &crowd, sent);
    no_end(&crowd, sent, "message")
}

fn endless_head(scene: &mut Scene<'_>) -> Verdict {
    let mut crowd = scene.connected(1);
    let get = scene.target.get();
    let open = format!("{}X-Long: ", get.strip_suffix("\r\n").unwrap_or(&get));
    let sent = pour(scene, &mut crowd, open.into_bytes(), vec![b'x'; 16 << 10]);
    tells_pour(scene, &crowd, sent);
    no_end(&crowd, sent, "head")
}

fn endless_line(scene: &mut Scene<'_>) -> Verdict {
    let mut crowd = scene.connected(1);
    let piece = vec![b'x'; 16 << 10];
    let sent = pour(scene, &mut crowd, piece.clone(), piece);
    tells_pour(scene, &crowd, sent);
    no_end(&crowd, sent, "line")
}

/// What it cost is judged like that of any attack.
fn no_end(crowd: &Crowd, sent: usize, of: &str) -> Verdict {
    match crowd.all_ended() {
        true => Verdict::Held,
        false => Verdict::Open(format!("{} of one {of}, and no end of it", size(sent as u64))),
    }
}

fn tells_pour(scene: &mut Scene<'_>, crowd: &Crowd, sent: usize) {
    scene.tells(format!("{} went out", size(sent as u64)));
    scene.tells_deeds(crowd);
    scene.did = format!("{} at {}", scene.did, size(sent as u64));
}

/// Sends the first bytes and then the next ones again and again, until the connection ends, enough has gone, or the
/// server takes no more.
fn pour(scene: &Scene<'_>, crowd: &mut Crowd, first: Vec<u8>, next: Vec<u8>) -> usize {
    let (mut sent, mut rest) = (0, first);
    let mut end = Instant::now() + scene.patience;
    while let Some(peer) = crowd.peers.first_mut()
        && !peer.has_ended()
        && sent < ENOUGH
        && Instant::now() < end
    {
        let count = peer.sends(&rest);
        rest.drain(..count);
        sent += count;
        if rest.is_empty() {
            rest.clone_from(&next);
        }
        if count > 0 {
            end = Instant::now() + scene.patience;
        }
        crowd.turns(Duration::from_millis(20));
    }
    crowd.watches(scene.time(500, 300));
    sent
}

/// One connection sends it all, and waits for what the server says.
fn one(scene: &mut Scene<'_>, what: &str, bytes: &[u8], websocket: bool) -> Deed {
    let mut crowd = if websocket { scene.opened(1) } else { scene.connected(1) };
    let (mut rest, end) = (bytes, Instant::now() + scene.patience);
    while Instant::now() < end && crowd.peers.iter().any(|peer| !has_spoken(peer)) {
        for peer in &mut crowd.peers {
            let count = peer.sends(rest);
            rest = &rest[count..];
        }
        match rest.is_empty() {
            true => crowd.watches(Duration::from_millis(10)),
            false => crowd.turns(Duration::from_millis(10)),
        }
    }
    // Whoever answers has perhaps not closed yet.
    crowd.watches(Duration::from_millis(100));
    let deeds = crowd.deeds();
    scene.tells(format!("{what}: {}", summary(&deeds)));
    deeds.first().map_or(Deed::NotTaken, |(deed, _)| *deed)
}

/// It has said its last word, or an answer came.
fn has_spoken(peer: &Peer) -> bool {
    !matches!(peer.seen.deed().0, Deed::Kept)
}
