//! A server that counts: how many requests came over how many connections?

mod counter;

use std::process::ExitCode;

use accept::Usage;
use keep_alive::{Answer, Body, Content, Handler, Http, Limits, Next, NoSuccessor, Page};
use poll::{ConnId, Ended, Io, Net, World};
use request::{Method, Request, Status};

use counter::Counter;

const USAGE: Usage = Usage {
    text: "Answers many requests on one connection, and counts them. Open it in a browser, or:\n\
           \n\
           curl -v http://127.0.0.1:8080/count http://127.0.0.1:8080/count   two requests, one connection\n\
           curl -d 'some text' http://127.0.0.1:8080/anything                a body, sent back\n\
           curl -H 'Transfer-Encoding: chunked' -T - http://127.0.0.1:8080/  a body whose length nobody knows\n\
           \n\
           Routes: POST to any path sends the body back; GET /echo the field lines; GET /cookie the cookies;\n\
           GET /count the counters, as JSON; PUT, PATCH, DELETE a short 200; GET elsewhere the page.\n\
           \n\
           Environment: MAX_HEAD, MAX_TARGET, MAX_FIELD, MAX_FIELDS, MAX_BODY, MAX_DRAIN, MAX_TRAILERS (bytes, fields),\n\
           IDLE_TIMEOUT_MS, HEAD_TIMEOUT_MS, BODY_TIMEOUT_MS, MIN_BODY_RATE (bytes per second)",
    switches: &[],
    values: &[],
};

const PAGE: Page = Page { html: include_str!("../page/index.html"), script: include_str!("../page/page.js") };

const ALLOWED: &str = "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS";

fn main() -> ExitCode {
    accept::program(&USAGE, |arguments| {
        let limits = Limits::from_environment()?;
        poll::serve::<Http<Demo>>("http", arguments.listen, |_| Demo { limits, counter: Counter::default() })
    })
}

struct Demo {
    limits: Limits,
    counter: Counter,
}

impl World for Demo {}

impl Handler for Demo {
    /// The body of a POST, as far as it has come.
    type Exchange = Vec<u8>;
    type Successor = NoSuccessor<Demo>;

    fn limits(&self) -> &Limits {
        &self.limits
    }

    fn connected(&mut self, peer: std::net::SocketAddr, io: &mut Io<'_>) {
        log::info!("{} connected from {peer}", io.id());
        self.counter.connected(io.id());
    }

    fn disconnected(&mut self, id: ConnId, why: Ended, _: &mut Net) {
        let requests = self.counter.disconnected(id);
        log::info!("{id} gone ({why:?}), requests: {requests}");
    }

    fn request(&mut self, head: &Request<'_>, answer: &mut Answer<'_, '_>) -> Next<Demo> {
        let id = answer.io().id();
        self.counter.asked(id);
        match (head.method, head.target.path()) {
            (Method::Post, _) => return Next::Read(Vec::new()),
            (Method::Put | Method::Patch | Method::Delete, _) => {
                answer.text(Status::Ok, &format!("{} understood.\n", head.method));
            }
            (Method::Options, _) => {
                answer.send(Status::NoContent, Content::Empty, |head| head.field("Allow", ALLOWED));
            }
            (Method::Get | Method::Head, "/echo") => answer.text(Status::Ok, &field_lines(head)),
            (Method::Get | Method::Head, "/cookie") => answer.text(Status::Ok, &cookies(head)),
            (Method::Get | Method::Head, "/count") => {
                if head.target.query() == Some("close") {
                    answer.close_after();
                }
                self.count(id, answer);
            }
            _ if PAGE.answers(head, answer) => {}
            _ => PAGE.show(head, answer),
        }
        Next::Done
    }

    fn body(&mut self, mut so_far: Vec<u8>, part: Body<'_>, answer: &mut Answer<'_, '_>) -> Next<Demo> {
        match part {
            Body::Data(bytes) => {
                so_far.extend_from_slice(bytes);
                Next::Read(so_far)
            }
            Body::End => {
                answer.send(Status::Ok, Content::Bytes(&so_far), |head| {
                    head.field("Content-Type", "application/octet-stream")
                });
                Next::Done
            }
        }
    }
}

impl Demo {
    fn count(&self, id: ConnId, answer: &mut Answer<'_, '_>) {
        let json = self.counter.json(id);
        answer.send(Status::Ok, Content::Bytes(json.as_bytes()), |head| {
            head.field("Content-Type", "application/json").field("Cache-Control", "no-store")
        });
    }
}

/// The field lines as they came.
fn field_lines(head: &Request<'_>) -> String {
    head.fields().map(|field| format!("{}: {}\n", field.name, String::from_utf8_lossy(field.value))).collect()
}

/// One `name=value` per line (RFC 6265 §4.2.1: pairs stand between "; ").
fn cookies(head: &Request<'_>) -> String {
    head.fields_named("Cookie")
        .flat_map(|value| value.split(|&byte| byte == b';'))
        .map(|pair| String::from_utf8_lossy(pair.trim_ascii()).into_owned())
        .filter(|pair| pair.contains('='))
        .map(|pair| pair + "\n")
        .collect()
}
