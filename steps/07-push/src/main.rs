//! One chat room over plain HTTP, three ways.

use std::process::ExitCode;
use std::time::SystemTime;

use accept::{Failure, Usage, setting};
use keep_alive::{Answer, Body, Content, Event, Handler, Http, Next, NoSuccessor, Page};
use poll::{ConnId, Net, World};
use push::{EventStream, History, Limits, LongPoll, Room, Said, Step, Way, short_poll};
use request::{Method, Request, Status};
use serde_json::json;

const USAGE: Usage = Usage {
    text: "One chat room over plain HTTP, three ways. Open it in a browser, or:\n\
           \n\
           curl -d 'name=Ada&text=Hello' http://127.0.0.1:8080/say   say something (form, JSON, plain text)\n\
           curl 'http://127.0.0.1:8080/poll?after=0'                 short poll: what is there now\n\
           curl http://127.0.0.1:8080/wait                           long poll: waits for what is said next\n\
           curl -N http://127.0.0.1:8080/events                      event stream: never ends\n\
           curl http://127.0.0.1:8080/stats                          what each way has cost so far, as JSON\n\
           \n\
           Environment: HISTORY (messages), MAX_TEXT, MAX_STREAM_PENDING (bytes), LONG_POLL_MS,\n\
           HEARTBEAT_MS, RETRY_MS; MAX_BODY (bytes) and all else that rung 05 knows",
    switches: &[],
    values: &[],
};

const PAGE: Page = Page { html: include_str!("../page/index.html"), script: include_str!("../page/page.js") };

/// `MAX_BODY`, bytes, where it is not set: room for `MAX_TEXT`, percent-encoded.
const MAX_BODY: u64 = 16 * 1024;

fn main() -> ExitCode {
    accept::program(&USAGE, |arguments| {
        let demo = Demo::from_environment()?;
        poll::serve::<Http<Demo>>("http", arguments.listen, |_| demo)
    })
}

struct Demo {
    http: keep_alive::Limits,
    limits: Limits,
    room: Room,
}

/// A request that is not answered yet.
enum Exchange {
    /// What is said is still coming.
    Say { content_type: String, query: Option<String>, body: Vec<u8> },
    /// A long poll or an event stream.
    Push(ConnId, Push),
}

/// An answer that comes later.
enum Push {
    LongPoll(LongPoll),
    EventStream(EventStream),
}

impl World for Demo {}

impl Handler for Demo {
    type Exchange = Exchange;
    type Successor = NoSuccessor<Demo>;

    fn limits(&self) -> &keep_alive::Limits {
        &self.http
    }

    fn request(&mut self, head: &Request<'_>, answer: &mut Answer<'_, '_>) -> Next<Demo> {
        match head.target.path() {
            "/say" => match head.method {
                Method::Post => {
                    let content_type = head.field("Content-Type").unwrap_or_default();
                    return Next::Read(Exchange::Say {
                        content_type: String::from_utf8_lossy(content_type).into_owned(),
                        query: head.target.query().map(str::to_owned),
                        body: Vec::new(),
                    });
                }
                _ => refuse_method(head, "POST, OPTIONS", answer),
            },
            "/poll" => return self.ask(Way::ShortPoll, head, answer),
            "/wait" => return self.ask(Way::LongPoll, head, answer),
            "/events" => return self.ask(Way::EventStream, head, answer),
            "/stats" => match head.method {
                Method::Get | Method::Head => short_poll::send_json(&self.room.stats(), answer),
                _ => refuse_method(head, "GET, HEAD, OPTIONS", answer),
            },
            _ if PAGE.answers(head, answer) => {}
            _ => answer.text(
                Status::NotFound,
                "There is nothing here. Try /, /poll, /wait, /events, /stats, or POST to /say.\n",
            ),
        }
        Next::Done
    }

    fn body(&mut self, mut exchange: Exchange, part: Body<'_>, answer: &mut Answer<'_, '_>) -> Next<Demo> {
        if let Exchange::Say { content_type, query, body } = &mut exchange {
            match part {
                Body::Data(bytes) => {
                    body.extend_from_slice(bytes);
                    return Next::Read(exchange);
                }
                Body::End => match Said::parse(content_type, query.as_deref(), body, self.limits.text) {
                    Ok(said) => {
                        let id = self.room.say(said, answer.io());
                        short_poll::send_json(&json!({ "id": id }), answer);
                    }
                    Err(fault) => answer.text(fault.status(), &format!("{}: {fault}.\n", fault.status())),
                },
            }
        }
        Next::Done
    }

    fn later(&mut self, exchange: Exchange, event: Event, answer: &mut Answer<'_, '_>) -> Next<Demo> {
        match exchange {
            Exchange::Push(id, push) => {
                let (way, before) = (push.way(), answer.io().pending());
                let next = self.goes_on(id, push, event, answer);
                self.room.counters.sent(way, answer.io().pending() - before);
                next
            }
            Exchange::Say { .. } => Next::Later(exchange),
        }
    }

    fn gone(&mut self, exchange: Exchange, _: &mut Net) {
        if let Exchange::Push(id, push) = exchange {
            self.room.leaves(push.way(), id);
        }
    }
}

impl Demo {
    fn from_environment() -> Result<Demo, Failure> {
        let limits = Limits::from_environment()?;
        let http = keep_alive::Limits::from_environment()?;
        let http = keep_alive::Limits { body: setting("MAX_BODY", MAX_BODY)?, ..http };
        let room = Room::new(History::new(limits.history, SystemTime::now()));
        Ok(Demo { http, limits, room })
    }

    /// A client asks for messages.
    fn ask(&mut self, way: Way, head: &Request<'_>, answer: &mut Answer<'_, '_>) -> Next<Demo> {
        let before = answer.io().pending();
        let last = self.room.history.last();
        let next = match (head.method, after(head, last)) {
            (Method::Get, Ok(after)) => self.begin(way, after, answer),
            // Who asks only for the head does not wait for what stands behind it.
            (Method::Head, Ok(_)) if way == Way::EventStream => {
                EventStream::send_head(answer);
                Next::Done
            }
            (Method::Head, Ok(after)) => {
                short_poll::send_json(&short_poll::news(after, &self.room), answer);
                Next::Done
            }
            (Method::Get | Method::Head, Err(fault)) => {
                answer.text(Status::BadRequest, fault);
                Next::Done
            }
            _ => {
                refuse_method(head, "GET, HEAD, OPTIONS", answer);
                Next::Done
            }
        };
        self.room.counters.asked(way, head.length as u64);
        self.room.counters.sent(way, answer.io().pending() - before);
        next
    }

    fn begin(&mut self, way: Way, after: u64, answer: &mut Answer<'_, '_>) -> Next<Demo> {
        let id = answer.io().id();
        self.room.enters(way, id);
        match way {
            Way::ShortPoll => {
                short_poll::answer(after, &mut self.room, answer);
                Next::Done
            }
            Way::LongPoll => {
                let poll = LongPoll::begin(after, self.limits.long_poll, answer);
                self.goes_on(id, Push::LongPoll(poll), Event::Woken, answer)
            }
            Way::EventStream => {
                let stream = EventStream::begin(after, &mut self.room, &self.limits, answer);
                Next::Later(Exchange::Push(id, Push::EventStream(stream)))
            }
        }
    }

    /// Something happened to an answer that is still to come, or to go on.
    fn goes_on(
        &mut self,
        id: ConnId,
        mut push: Push,
        event: Event,
        answer: &mut Answer<'_, '_>,
    ) -> Next<Demo> {
        let step = match &mut push {
            Push::LongPoll(poll) => poll.goes_on(event, &mut self.room, answer),
            Push::EventStream(stream) => stream.goes_on(event, &mut self.room, &self.limits, answer),
        };
        match step {
            Step::Waits => return Next::Later(Exchange::Push(id, push)),
            Step::Done | Step::Gone => self.room.leaves(push.way(), id),
        }
        if step == Step::Done { Next::Done } else { Next::Close }
    }
}

impl Push {
    fn way(&self) -> Way {
        match self {
            Push::LongPoll(_) => Way::LongPoll,
            Push::EventStream(_) => Way::EventStream,
        }
    }
}

/// The id of the last message that the client has seen. Where it names none, it wants what comes from now on:
/// as if it had seen the last one.
///
/// WHATWG HTML §9.2.4: a browser that connects again sends Last-Event-ID. The address is still the old one,
/// so the field counts.
fn after(head: &Request<'_>, last: u64) -> Result<u64, &'static str> {
    let field = head.field("Last-Event-ID").map(|value| str::from_utf8(value).unwrap_or_default());
    let query = head.target.query().unwrap_or_default();
    let in_query = query.split('&').find_map(|pair| pair.strip_prefix("after="));
    match field.or(in_query) {
        // u64 reads a plus sign too, which is a space in a query.
        Some(id) if id.starts_with('+') => Err(NO_ID),
        Some(id) => id.parse().map_err(|_| NO_ID),
        None => Ok(last),
    }
}

const NO_ID: &str = "after, or Last-Event-ID, is the id of a message: a number.\n";

/// OPTIONS, or a method that is not served here.
fn refuse_method(head: &Request<'_>, allowed: &str, answer: &mut Answer<'_, '_>) {
    match head.method {
        Method::Options => {
            answer.send(Status::NoContent, Content::Empty, |head| head.field("Allow", allowed));
        }
        _ => answer.method_not_allowed(allowed),
    }
}

#[cfg(test)]
mod tests;
