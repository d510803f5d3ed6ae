//! One connection, as the loop of rung 02 runs it: what comes is shown, what is typed is sent.

mod input;

use std::time::{Duration, Instant};

use poll::{ConnId, Ended, Entry, Io, Net, Opened, Protocol, Timer};

use crate::address::Scheme;
use crate::command::Command;
use crate::handshake::{Handshake, advice};
use crate::response::{Arrived, Head, Responses};
use crate::screen::{Screen, Way};
use crate::websocket::WebSocket;
use crate::world::Talk;

/// Half a frame or half a head is drawn when nothing has followed it for so long.
const SILENCE: Duration = Duration::from_millis(500);

/// One connection to the server.
pub(crate) struct Conversation {
    mode: Mode,
    /// No line is read before this time, or before something comes.
    wait: Option<Instant>,
    /// Something has come since we last sent, or last waited.
    heard: bool,
    /// A command that waits for its time.
    held: Option<Command>,
    /// We end it: nothing more is typed.
    leaving: bool,
    /// Our FIN was sent: `/end`, or the end of the input.
    ended: bool,
    /// We asked for the end that comes.
    wanted: bool,
    next: Next,
}

/// What is spoken.
enum Mode {
    Bytes,
    Http { responses: Responses, head: Head, handshake: Option<Handshake>, typed: Vec<String> },
    WebSocket(WebSocket),
}

/// What comes after this connection.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Next {
    Over,
    /// The next path is tried.
    Path,
    /// The next line opens a connection.
    Line,
}

impl Entry for Conversation {
    fn open(opened: Opened, talk: &mut Talk, io: &mut Io<'_>) -> Conversation {
        talk.opened(io.id());
        talk.screen.notes(format!("connected to {}", opened.peer()));
        let scheme = talk.options.address.scheme;
        let mut conversation = Conversation {
            mode: Mode::Bytes,
            wait: None,
            heard: false,
            held: None,
            leaving: false,
            ended: false,
            wanted: false,
            next: if scheme == Scheme::WebSocket { Next::Over } else { Next::Line },
        };
        match scheme {
            Scheme::Tcp => talk.screen.notes("type a line and it is sent; /help shows what else"),
            Scheme::Http => {
                conversation.mode = http(None);
                talk.screen.notes("type a request line by line, or /get /; /help shows what else");
            }
            Scheme::WebSocket => conversation.shake_hands(talk, io),
        }
        let id = io.id();
        io.wake(id);
        conversation
    }
}

fn http(handshake: Option<Handshake>) -> Mode {
    Mode::Http { responses: Responses::default(), head: Head::default(), handshake, typed: Vec::new() }
}

impl Protocol for Conversation {
    type World = Talk;

    fn data(&mut self, bytes: &mut [u8], talk: &mut Talk, io: &mut Io<'_>) -> usize {
        self.heard = true;
        match &mut self.mode {
            Mode::Bytes => talk.screen.shows(Way::In, io.now, harness::show::brief(bytes)),
            Mode::Http { responses, .. } => {
                responses.push(bytes);
                self.answers(talk, io);
            }
            Mode::WebSocket(_) => self.frames(bytes, talk, io),
        }
        let silence = self.is_unfinished().then_some(SILENCE);
        io.set_timeout(Timer::Guard, silence);
        self.look_at_input(talk, io);
        bytes.len()
    }

    fn woken(&mut self, talk: &mut Talk, io: &mut Io<'_>) {
        self.look_at_input(talk, io);
    }

    fn timeout(&mut self, which: Timer, talk: &mut Talk, io: &mut Io<'_>) {
        match (which, &self.mode) {
            (Timer::Guard, Mode::WebSocket(socket)) => socket.shows_unfinished(&mut talk.screen),
            (Timer::Guard, Mode::Http { responses, .. }) => {
                talk.screen.notes("half a line or half a head has come; it ends with CR LF CR LF:");
                talk.screen.shows(Way::In, io.now, harness::show::brief(responses.unfinished()));
            }
            (Timer::Guard, Mode::Bytes) => {}
            (Timer::Protocol, mode) => {
                let what = match mode {
                    Mode::WebSocket(socket) if socket.sent_close && socket.got_close => {
                        "both have said Close, and the server keeps TCP open; it closes first (RFC 6455 §7.1.1)"
                    }
                    Mode::WebSocket(_) => "the server does not answer the end: no Close frame, no FIN",
                    Mode::Http { .. } => "the answer is not whole",
                    Mode::Bytes => "the server does not end its side",
                };
                if let Mode::WebSocket(socket) = mode {
                    socket.shows_unfinished(&mut talk.screen);
                }
                talk.screen.warns(format!("after {} s: {what}", talk.options.patience.as_secs_f64()));
                talk.failed = true;
                self.next = Next::Over;
                io.close();
            }
        }
    }

    fn ended(&mut self, talk: &mut Talk, io: &mut Io<'_>) {
        talk.screen.shows(Way::In, io.now, ["FIN: the server ends the connection".into()]);
        match &mut self.mode {
            Mode::Bytes => {}
            Mode::Http { responses, .. } => {
                let whole = responses.ends(&mut talk.screen);
                talk.failed |= !whole;
            }
            Mode::WebSocket(socket) => {
                socket.shows_unfinished(&mut talk.screen);
                if socket.sent_close && socket.got_close {
                    talk.screen.notes(
                        "the close handshake is complete, and TCP is closed: a clean end (RFC 6455 §7.1.4)",
                    );
                } else if self.wanted {
                    talk.screen.notes("no Close frame came; it was you who ended the connection");
                } else {
                    talk.screen.warns(
                        "no Close frame came before it: to an application that is 1006 (RFC 6455 §7.1.5)",
                    );
                    talk.failed = true;
                }
            }
        }
        io.close();
    }

    fn stop(&mut self, talk: &mut Talk, io: &mut Io<'_>) {
        self.next = Next::Over;
        match self.mode {
            Mode::WebSocket(_) if !self.leaving => self.leave(talk, io),
            _ => io.close(),
        }
    }

    fn closed(&mut self, _: ConnId, why: Ended, talk: &mut Talk, net: &mut Net) {
        match why {
            Ended::Reset => {
                talk.screen.warns("RST: the server has cut the connection off");
                talk.failed |= !self.wanted;
            }
            Ended::Aborted => talk.screen.notes("RST: the connection is cut off, as you wished"),
            Ended::Failed(kind) => {
                talk.screen.warns(format!("the connection is lost: {kind}"));
                talk.failed = true;
            }
            Ended::Closed | Ended::Stuck | Ended::Truncated | Ended::Stopped => {}
        }
        match self.next {
            Next::Path => talk.connect_again(net),
            Next::Line if !self.leaving => talk.rest(net),
            Next::Line | Next::Over => talk.over(),
        }
    }
}

impl Conversation {
    /// Sends the handshake for the next path.
    fn shake_hands(&mut self, talk: &mut Talk, io: &mut Io<'_>) {
        let path = talk.paths.pop_front().unwrap_or_else(|| "/".into());
        let mut nonce = [0; 16];
        if let Err(error) = getrandom::fill(&mut nonce) {
            talk.screen.notes(format!("the key is not random: {error}"));
        }
        let Talk { options, screen, .. } = talk;
        let handshake =
            Handshake::new(&options.address, &path, nonce, &options.subprotocols, &options.fields);
        let request = handshake.request.clone();
        self.mode = http(Some(handshake));
        self.send_http(&request, screen, io);
    }

    fn send_http(&mut self, bytes: &[u8], screen: &mut Screen, io: &mut Io<'_>) {
        if let Mode::Http { responses, .. } = &mut self.mode {
            responses.sent(bytes);
        }
        io.out().extend_from_slice(bytes);
        screen.shows(Way::Out, io.now, harness::show::brief(bytes));
    }

    /// HTTP has come.
    fn answers(&mut self, talk: &mut Talk, io: &mut Io<'_>) {
        loop {
            let Mode::Http { responses, head, handshake, .. } = &mut self.mode else { return };
            match responses.next(io.now, head, &mut talk.screen) {
                None => break,
                Some(Arrived::Switch(head)) => {
                    let frames = match handshake {
                        Some(handshake) => handshake.check(&head, &mut talk.screen),
                        None => head.has_token("Upgrade", "websocket"),
                    };
                    if !frames {
                        talk.screen.notes(
                            "a browser would give up here; talk goes on, and takes what comes for frames",
                        );
                    }
                    talk.screen.notes(
                        "from here on both send frames: a line is a text message; /help shows what else",
                    );
                    let extension = head.values("Sec-WebSocket-Extensions").next().is_some();
                    let rest = responses.unfinished().to_vec();
                    // Who waits behind a handshake of ours waits for more than its answer.
                    self.heard = handshake.is_none() || !rest.is_empty();
                    let Talk { options, .. } = &*talk;
                    self.mode = Mode::WebSocket(WebSocket::new(extension, options.quiet, options.bits));
                    self.next = Next::Over;
                    self.frames(&rest, talk, io);
                    return;
                }
                Some(Arrived::Answer { head }) if handshake.is_some() => {
                    // Who wants to know who we are will want it at the other paths as well.
                    if !matches!(head.status, 401 | 403 | 429 | 503)
                        && let Some(path) = talk.paths.front()
                    {
                        talk.screen.notes(format!("no WebSocket at this path; trying {path}"));
                        self.next = Next::Path;
                    } else {
                        talk.screen.warns(format!(
                            "{}: {}",
                            head.status,
                            advice(head.status, &talk.options.address)
                        ));
                        talk.failed = true;
                    }
                    return io.close();
                }
                Some(Arrived::Answer { .. }) => {}
                Some(Arrived::Lost) => {
                    talk.failed = true;
                    talk.screen.shows(Way::In, io.now, harness::show::brief(responses.unfinished()));
                    if handshake.is_some() {
                        return io.close();
                    }
                    talk.screen.notes("from here on talk takes what comes for bytes, and sends lines");
                    self.mode = Mode::Bytes;
                    if self.leaving && !self.ended {
                        self.end(talk, io);
                    }
                    return;
                }
            }
        }
        self.finish(io);
    }

    /// Frames have come.
    fn frames(&mut self, bytes: &[u8], talk: &mut Talk, io: &mut Io<'_>) {
        let Mode::WebSocket(socket) = &mut self.mode else { return };
        let (now, mut out) = (io.now, Vec::new());
        socket.receive(bytes, now, &mut out, &mut talk.screen);
        if socket.overflows() {
            talk.screen.warns("one frame of over 256 MiB: that is enough");
            talk.failed = true;
            return io.abort();
        }
        let over = socket.sent_close && socket.got_close;
        if !self.ended {
            io.out().extend_from_slice(&out);
        }
        if over && !self.leaving {
            // RFC 6455 §7.1.1: "the server MUST close the connection first"; a while is waited for that.
            self.leaving = true;
            io.set_timeout(Timer::Protocol, Some(talk.options.patience));
        }
    }

    fn is_unfinished(&self) -> bool {
        match &self.mode {
            Mode::Bytes => false,
            Mode::Http { responses, .. } => !responses.unfinished().is_empty(),
            Mode::WebSocket(socket) => socket.waits_for_rest(),
        }
    }
}
