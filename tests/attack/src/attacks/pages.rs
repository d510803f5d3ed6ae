//! A page of somebody else's, in the browser of somebody who is logged in here.

use super::Attack;
use crate::deed::Deed;
use crate::judge::Verdict;
use crate::scene::Scene;
use crate::target::Target;

pub const ATTACKS: &[Attack] = &[
    Attack {
        name: "cross-origin-socket",
        does: "opens a WebSocket as a browser does for a page of https://evil.example, cookies included",
        expects: "403, where anything depends on who asks: no browser forbids it (RFC 6455 §10.2); \
                  rung 12's --allow-origin",
        applies: |target| target.websocket.is_some(),
        newcomers: true,
        run: cross_origin_socket,
    },
    Attack {
        name: "cross-origin-form",
        does: "posts a form as a browser does for a page of https://evil.example: text/plain, no question asked before",
        expects: "a refusal, where a post changes anything for the one who is logged in",
        applies: Target::is_http,
        newcomers: true,
        run: cross_origin_form,
    },
];

const EVIL: (&str, &str) = ("Origin", "https://evil.example");

fn cross_origin_socket(scene: &mut Scene<'_>) -> Verdict {
    let handshake = scene.target.handshake(&[EVIL]);
    let open = |status| match status {
        101 if scene.target.rung.is_some_and(|rung| rung >= 12) => {
            Verdict::Bad("any page may speak for its visitors".into())
        }
        101 => Verdict::Open(
            "any page may connect in its visitors' names; an Origin list refuses it (rung 12)".into(),
        ),
        _ => Verdict::Held,
    };
    let (did, verdict) = ask(scene, handshake, open);
    scene.did = did;
    verdict
}

fn cross_origin_form(scene: &mut Scene<'_>) -> Verdict {
    let target = &scene.target;
    let fields =
        [EVIL, ("Sec-Fetch-Site", "cross-site"), ("Content-Type", "text/plain"), ("Content-Length", "6")];
    let request = target.request("POST", &target.post_path, &fields) + "name=x";
    let open = |status| match status {
        200..=299 => Verdict::Open(
            "taken; whoever changes something by it must look at Origin, or ask for a token".into(),
        ),
        _ => Verdict::Held,
    };
    let (did, verdict) = ask(scene, request, open);
    scene.did = did;
    verdict
}

fn ask(scene: &Scene<'_>, request: String, judged: impl Fn(u16) -> Verdict) -> (String, Verdict) {
    let mut crowd = scene.connected(1);
    crowd.peers.iter_mut().for_each(|peer| {
        peer.sends(request.as_bytes());
    });
    crowd.watches(scene.time(300, 200));
    let deed = crowd.deeds().first().map_or(Deed::NotTaken, |(deed, _)| *deed);
    let did = format!("{deed}");
    scene.tells(format!("the server: {did}"));
    let verdict = match deed {
        Deed::Answered(status) | Deed::AnsweredAndClosed(status) => judged(status),
        _ => Verdict::Held,
    };
    (did, verdict)
}
