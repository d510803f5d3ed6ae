//! Switches to WebSocket, and shows the bytes that come then: they are no HTTP any more.

mod raw;
mod seen;

use std::process::ExitCode;

use accept::Usage;
use keep_alive::{Answer, Content, Handler, Http, Limits, Next, Page};
use poll::World;
use request::{Method, Request, Status};
use upgrade::{Handshake, is_asked_for};

use raw::Raw;
use seen::Seen;

const USAGE: Usage = Usage {
    text: "Answers the opening handshake of WebSocket and shows the raw bytes that follow. Open it in a browser, or:\n\
           \n\
           curl -v http://127.0.0.1:8080/socket     426: what is asked for is a WebSocket\n\
           curl -v -H 'Connection: Upgrade' -H 'Upgrade: websocket' -H 'Sec-WebSocket-Version: 13' \\\n\
           \x20    -H 'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==' http://127.0.0.1:8080/socket\n\
           \n\
           Environment: MAX_HEAD, MAX_TARGET, MAX_FIELD, MAX_FIELDS, MAX_BODY, MAX_DRAIN, MAX_TRAILERS (bytes, fields),\n\
           IDLE_TIMEOUT_MS, HEAD_TIMEOUT_MS, BODY_TIMEOUT_MS",
    switches: &[],
    values: &[],
};

const PAGE: Page = Page { html: include_str!("../page/index.html"), script: include_str!("../page/page.js") };

/// The subprotocols that are spoken here, the better one first. They say nothing: this rung does not speak
/// yet.
const SPOKEN: &[&str] = &["bits.v2", "bits.v1"];

fn main() -> ExitCode {
    accept::program(&USAGE, |arguments| {
        let limits = Limits::from_environment()?;
        poll::serve::<Http<Demo>>("http", arguments.listen, |_| Demo { limits, seen: Seen::default() })
    })
}

struct Demo {
    limits: Limits,
    seen: Seen,
}

impl World for Demo {}

impl Handler for Demo {
    type Exchange = ();
    type Successor = Raw;

    fn limits(&self) -> &Limits {
        &self.limits
    }

    fn request(&mut self, head: &Request<'_>, answer: &mut Answer<'_, '_>) -> Next<Demo> {
        match head.target.path() {
            "/socket" => return self.handshake(head, answer),
            "/" if is_asked_for(head) => return self.handshake(head, answer),
            "/seen" => self.seen(head, answer),
            _ if PAGE.answers(head, answer) => {}
            _ => answer.text(Status::NotFound, "There is nothing here. Try /, /socket or /seen.\n"),
        }
        Next::Done
    }
}

impl Demo {
    fn handshake(&mut self, head: &Request<'_>, answer: &mut Answer<'_, '_>) -> Next<Demo> {
        // ANCHOR: handshake
        match Handshake::check(head) {
            Ok(handshake) => {
                let subprotocol = handshake.choose(SPOKEN);
                handshake.accept(answer, subprotocol, |head| head);
                self.seen.switched(answer.io().id(), tab(head), &handshake, subprotocol);
                Next::Switch(Raw::default())
            }
            Err(refusal) => {
                log::info!("{} no WebSocket: {refusal} ({})", answer.io().id(), refusal.section());
                refusal.answer(answer);
                Next::Done
            }
        }
        // ANCHOR_END: handshake
    }

    fn seen(&self, head: &Request<'_>, answer: &mut Answer<'_, '_>) {
        match (head.method, self.seen.of_tab(tab(head))) {
            (Method::Get | Method::Head, Some(text)) => {
                answer.send(Status::Ok, Content::Text(&text), |head| head.field("Cache-Control", "no-store"));
            }
            (Method::Get | Method::Head, None) => {
                answer.text(Status::NotFound, "No connection came with this tab's name.\n");
            }
            _ => answer.method_not_allowed("GET, HEAD"),
        }
    }
}

/// The name that a tab of the page gives itself, to find its own bytes again.
fn tab<'a>(head: &Request<'a>) -> &'a str {
    head.target.query().and_then(|query| query.strip_prefix("tab=")).unwrap_or_default()
}

#[cfg(test)]
mod tests;
