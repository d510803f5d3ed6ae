//! An echo of single frames, and a page that draws their bits.

mod echo;

use std::process::ExitCode;

use accept::Usage;
use echo::Echo;
use keep_alive::{Answer, Handler, Http, Limits, Next, Page};
use poll::World;
use request::{Request, Status};
use upgrade::{Handshake, is_asked_for};

const USAGE: Usage = Usage {
    text: "Sends each WebSocket frame back. Open it in a browser to see the bits of every frame.\n\
           \n\
           Frames, not messages: the order of fragments, UTF-8 and close codes are not looked at; rung 10 does.\n\
           \n\
           Environment: MAX_HEAD, MAX_TARGET, MAX_FIELD (bytes), MAX_FIELDS, HEAD_TIMEOUT_MS, IDLE_TIMEOUT_MS",
    switches: &[],
    values: &[],
};

const PAGE: Page = Page { html: include_str!("../page/index.html"), script: include_str!("../page/page.js") };

/// The subprotocol in which the page hears of the bits.
const BITS: &str = "bits";

fn main() -> ExitCode {
    accept::program(&USAGE, |arguments| {
        let limits = Limits::from_environment()?;
        poll::serve::<Http<Demo>>("http", arguments.listen, |_| Demo { limits })
    })
}

struct Demo {
    limits: Limits,
}

impl World for Demo {}

impl Handler for Demo {
    type Exchange = ();
    type Successor = Echo;

    fn limits(&self) -> &Limits {
        &self.limits
    }

    fn request(&mut self, head: &Request<'_>, answer: &mut Answer<'_, '_>) -> Next<Demo> {
        // RFC 6455 §4.2.2, 4: "If the requested service is not available, the server MUST send an appropriate HTTP
        // error code (such as 404 Not Found)".
        if !is_asked_for(head) || head.target.path() != "/" {
            if !PAGE.answers(head, answer) {
                answer.text(Status::NotFound, "There is nothing here. Try /\n");
            }
            return Next::Done;
        }
        match Handshake::check(head) {
            Ok(handshake) => {
                let subprotocol = handshake.choose(&[BITS]);
                handshake.accept(answer, subprotocol, |head| head);
                log::info!("{} is a WebSocket", answer.io().id());
                Next::Switch(Echo::new(subprotocol.is_some()))
            }
            Err(refusal) => {
                refusal.answer(answer);
                Next::Done
            }
        }
    }
}

#[cfg(test)]
mod tests;
