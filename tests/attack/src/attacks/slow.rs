//! Patience as a weapon: connections that cost the client nothing and hold something of the server's.

use std::time::Duration;

use harness::Frame;
use harness::frame::{Length, TEXT};

use super::Attack;
use crate::judge::{Verdict, must_end};
use crate::scene::Scene;
use crate::target::Target;

pub const ATTACKS: &[Attack] = &[
    Attack {
        name: "slowloris-head",
        does: "sends the heads of requests a byte at a time, and never the last one",
        expects: "a deadline for the whole head, which no single byte prolongs: HEAD_TIMEOUT_MS, \
                  nginx client_header_timeout, Node headersTimeout",
        applies: Target::is_http,
        newcomers: true,
        run: slowloris_head,
    },
    Attack {
        name: "slowloris-body",
        does: "announces a body of 100,000 bytes and sends them a byte at a time",
        expects: "a deadline for the whole body, or an answer that does not wait for it: BODY_TIMEOUT_MS, \
                  Node requestTimeout",
        applies: Target::is_http,
        newcomers: true,
        run: slowloris_body,
    },
    Attack {
        name: "half-sent-requests",
        does: "sends half a request on each of many connections, then nothing more",
        expects: "the same deadlines, and little memory for each",
        applies: Target::is_http,
        newcomers: true,
        run: half_sent,
    },
    Attack {
        name: "silence",
        does: "connects many times and says nothing",
        expects: "a deadline for the first byte: IDLE_TIMEOUT_MS, HANDSHAKE_TIMEOUT_MS; and little memory for each",
        applies: |_| true,
        newcomers: true,
        run: silence,
    },
    Attack {
        name: "dribbled-frames",
        does: "sends a frame's header a byte at a time, then its payload so, and never the end",
        expects: "memory for what has come, not for what was announced; somebody may be that slow",
        applies: Target::has_frames,
        newcomers: true,
        run: dribbled_frames,
    },
    Attack {
        name: "endless-message",
        does: "sends a message in fragments of a byte, one now and then, and never the last one",
        expects: "a limit for the message across its fragments: MAX_MESSAGE, ws maxPayload",
        applies: Target::has_frames,
        newcomers: true,
        run: endless_message,
    },
];

/// Between two bytes. A server that starts its timer anew with each byte waits for ever.
const PAUSE: Duration = Duration::from_millis(50);
/// With this key an `x` is an `x`, and any number of them is good UTF-8.
const UNMASKED: [u8; 4] = [0; 4];

fn slowloris_head(scene: &mut Scene<'_>) -> Verdict {
    let mut crowd = scene.connected(scene.count(50, 15));
    scene.tells(format!("{} connections, a byte every 50 ms", crowd.peers.len()));
    let head = scene.target.get();
    let head = format!("{}X-Slow: loris", head.strip_suffix("\r\n").unwrap_or(&head));
    scene.dribbles(&mut crowd, head.as_bytes(), PAUSE, scene.patience);
    scene.tells_deeds(&crowd);
    let promised = scene.target.promises_deadlines();
    must_end(
        &crowd.deeds(),
        scene.patience,
        promised,
        "a deadline for the head ends that (rung 05: HEAD_TIMEOUT_MS)",
    )
}

fn slowloris_body(scene: &mut Scene<'_>) -> Verdict {
    let mut crowd = scene.connected(scene.count(50, 15));
    scene.tells(format!("{} connections, a byte every 50 ms", crowd.peers.len()));
    let head = scene.target.post(100_000);
    crowd.peers.iter_mut().for_each(|peer| {
        peer.sends(head.as_bytes());
    });
    scene.dribbles(&mut crowd, b"name=x", PAUSE, scene.patience);
    scene.tells_deeds(&crowd);
    let promised = scene.target.promises_deadlines();
    must_end(
        &crowd.deeds(),
        scene.patience,
        promised,
        "a deadline for the body ends that (rung 05: BODY_TIMEOUT_MS)",
    )
}

fn half_sent(scene: &mut Scene<'_>) -> Verdict {
    let mut crowd = scene.connected(scene.count(400, 60));
    scene.tells(format!("{} connections", crowd.peers.len()));
    let requests = [scene.target.get(), scene.target.post(100), scene.target.handshake(&[])];
    for (number, peer) in crowd.peers.iter_mut().enumerate() {
        let request = &requests[number % requests.len()];
        // The form's head is sent whole: its body is what never comes.
        let half = if number % requests.len() == 1 { request.len() } else { request.len() / 2 };
        peer.sends(&request.as_bytes()[..half]);
    }
    crowd.watches(scene.patience);
    scene.tells_deeds(&crowd);
    let promised = scene.target.promises_deadlines();
    must_end(&crowd.deeds(), scene.patience, promised, "deadlines for head and body end that (rung 05)")
}

fn silence(scene: &mut Scene<'_>) -> Verdict {
    let mut crowd = scene.connected(scene.count(200, 40));
    scene.tells(format!("{} connections", crowd.peers.len()));
    crowd.watches(scene.patience);
    scene.tells_deeds(&crowd);
    let promised = scene.target.promises_deadlines();
    must_end(
        &crowd.deeds(),
        scene.patience,
        promised,
        "an idle deadline ends that (rung 05: IDLE_TIMEOUT_MS)",
    )
}

fn dribbled_frames(scene: &mut Scene<'_>) -> Verdict {
    let mut crowd = scene.opened(scene.count(20, 8));
    scene.tells(format!("{} WebSockets, a byte every 50 ms", crowd.peers.len()));
    let frame = Frame::text("x").masked_with(UNMASKED).length_in(Length::Bits16).declaring(60_000).bytes();
    let most = scene.time(2000, 700);
    scene.dribbles(&mut crowd, &frame, PAUSE, most);
    scene.tells_deeds(&crowd);
    must_end(&crowd.deeds(), most, false, "it costs them a byte now and then, and us a connection each")
}

fn endless_message(scene: &mut Scene<'_>) -> Verdict {
    let mut crowd = scene.opened(scene.count(20, 8));
    scene.tells(format!("{} WebSockets, a fragment every 50 ms", crowd.peers.len()));
    let start = Frame::new(TEXT, "x").not_final().bytes();
    let next = Frame::continuation("x").not_final().bytes();
    crowd.peers.iter_mut().for_each(|peer| {
        peer.sends(&start);
    });
    let most = scene.time(2000, 700);
    let rounds = most.as_millis() / PAUSE.as_millis();
    for _ in 0..rounds {
        crowd.watches(PAUSE);
        crowd.peers.iter_mut().for_each(|peer| {
            peer.sends(&next);
        });
    }
    scene.tells_deeds(&crowd);
    must_end(&crowd.deeds(), most, false, "its message may grow to the limit, and no further")
}
