//! The WebSocket connection: what it does with each event, and how it ends.

use std::mem;

use frames::{Header, Opcode, Role, write_frame};
use poll::{ConnId, Ended, Io, Net, Protocol, Timer};

use crate::{
    Application, Assembler, Close, Due, Event, Limits, Message, Pack, Socket, Unpack, Verdict, Watch,
    close_code,
};

/// One WebSocket connection of an application, from the byte behind the handshake on.
///
/// **Nothing is sent after our Close frame, and nothing after the peer's is looked at** (RFC 6455 §5.5.1).
///
/// ```text
///            their Close: answered        a rule broken: Close with its code
///            FIN or reset: 1006
///   Open ----------------------------------------------------------------------> Closed
///     |                                                                            ^
///     | our Close                        their Close, FIN, a rule broken,          |
///     +----------------> Closing ---------------------------------------------------+
///                                        or CLOSE_TIMEOUT_MS is over
/// ```
pub struct WebSocket<A: Application, W: Watch = (), U: Unpack = (), P: Pack = ()> {
    assembler: Assembler<U>,
    state: State<A::Client>,
    watch: W,
    pack: P,
}

enum State<Client> {
    /// Messages go both ways.
    Open(Client),
    /// Our Close frame is out; we read on until the peer's, and throw away what comes before it.
    Closing,
    /// All is said. The loop sees to it that it arrives.
    Closed,
}

/// Every legal move. What is not here does not happen: `go` is the only place that moves, and checks.
#[rustfmt::skip]
const MOVES: &[(&str, &str)] = &[
    ("Open", "Closing"),    // our Close
    ("Open", "Closed"),     // their Close, answered; a rule broken, told; FIN or reset
    ("Closing", "Closed"),  // their Close, FIN, a rule broken, or it took too long
    ("Closed", "Closed"),   // the loop says that it is gone
];

impl<Client> State<Client> {
    fn name(&self) -> &'static str {
        match self {
            State::Open(_) => "Open",
            State::Closing => "Closing",
            State::Closed => "Closed",
        }
    }
}

impl<A: Application> WebSocket<A> {
    /// A connection whose handshake has just been answered with 101, without watch and extension.
    pub fn new(client: A::Client, application: &mut A, io: &mut Io<'_>) -> WebSocket<A> {
        WebSocket::with(client, (), ((), ()), application, io)
    }
}

impl<A: Application, W: Watch, U: Unpack, P: Pack> WebSocket<A, W, U, P> {
    /// A connection whose handshake has just been answered with 101, watched by `watch`, with both halves of
    /// the negotiated extension.
    pub fn with(
        client: A::Client,
        watch: W,
        (unpack, pack): (U, P),
        application: &mut A,
        io: &mut Io<'_>,
    ) -> WebSocket<A, W, U, P> {
        let assembler = Assembler::new(Role::Server, unpack);
        let mut connection = WebSocket { assembler, state: State::Open(client), watch, pack };
        connection.tell(application, io, Application::open);
        connection.ask_watch(application, io);
        connection
    }

    /// The one place where the state changes. The client, when the connection was open until now.
    fn go(&mut self, to: State<A::Client>) -> Option<A::Client> {
        let step = (self.state.name(), to.name());
        debug_assert!(MOVES.contains(&step), "{step:?} is no legal move");
        match mem::replace(&mut self.state, to) {
            State::Open(client) => Some(client),
            State::Closing | State::Closed => None,
        }
    }

    /// Runs a callback of the application, and does what it left to do.
    #[inline(always)] // As `message`.
    fn tell(
        &mut self,
        application: &mut A,
        io: &mut Io<'_>,
        callback: impl FnOnce(&mut A, &mut A::Client, &mut Socket<'_, '_>),
    ) {
        let State::Open(client) = &mut self.state else { return };
        let mut socket = Socket::new(io, self.pack.active());
        callback(application, client, &mut socket);
        if let Some(code) = socket.closed {
            self.closing(code, application, io);
        }
    }

    fn event(&mut self, event: Event<'_>, application: &mut A, io: &mut Io<'_>) {
        match event {
            Event::Close(close) => self.their_close(close, application, io),
            Event::Message(message) => self.message(message, application, io),
            // What comes between our Close and theirs is not answered and not delivered. Not even a Ping, though
            // §5.5.2 asks for a Pong "unless it already received a Close frame": our Close is ahead of the Pong on
            // the wire, and RFC 6455 §1.4: "after receiving a control frame indicating the connection should be
            // closed, a peer discards any further data received."
            _ if matches!(self.state, State::Closing) => {}
            // RFC 6455 §5.5.3: "A Pong frame sent in response to a Ping frame must have identical
            // "Application data" as found in the message body of the Ping frame being replied to."
            Event::Ping(payload) => {
                let verdict = self.watch.message(Opcode::Ping, payload.len(), io.now);
                if self.obey(verdict, application, io) {
                    write_frame(Header::new(Opcode::Pong, 0), payload, io.out());
                }
            }
            Event::Pong(payload) => {
                self.watch.pong(payload, io.now);
                // It need not wait for the time by which this Pong had to come.
                self.ask_watch(application, io);
            }
        }
    }

    /// Where it is called, it is put in place: there the compiler knows that a usual message is borrowed, and that nobody watches
    /// or packs, and leaves out what has to do with that.
    #[inline(always)]
    fn message(&mut self, message: Message<'_>, application: &mut A, io: &mut Io<'_>) {
        // After our Close: as in `event`.
        if matches!(self.state, State::Closing) {
            return;
        }
        let verdict = self.watch.message(message.opcode(), message.as_bytes().len(), io.now);
        if !self.obey(verdict, application, io) {
            return;
        }
        self.tell(application, io, |application, client, socket| {
            application.message(client, message, socket)
        });
    }

    /// Does what the watch says. `false`: the connection is closed.
    #[inline(always)] // As `message`.
    fn obey(&mut self, verdict: Verdict, application: &mut A, io: &mut Io<'_>) -> bool {
        match verdict {
            Verdict::Close(code, reason) => {
                self.our_close(code, reason, application, io);
                return false;
            }
            Verdict::PauseFor(time) => {
                io.pause();
                io.set_timeout(Timer::Protocol, Some(time));
            }
            Verdict::Pass => {}
        }
        true
    }

    /// RFC 6455 §5.5.1: "If an endpoint receives a Close frame and did not previously send a Close frame, the
    /// endpoint MUST send a Close frame in response. (When sending a Close frame in response, the endpoint
    /// typically echos the status code it received.)"
    fn their_close(&mut self, close: Close<'_>, application: &mut A, io: &mut Io<'_>) {
        log::debug!("{} received Close {}, {:?}", io.id(), close.code, close.reason);
        if matches!(self.state, State::Open(_)) {
            close.write(io.out());
        }
        self.end(close, application, io);
    }

    /// RFC 6455 §7.1.7, _Fail the WebSocket Connection_: "the endpoint SHOULD send a Close frame with an
    /// appropriate status code", and "MUST NOT continue to attempt to process data (including a responding Close
    /// frame) from the remote endpoint".
    fn fail(&mut self, error: crate::MessageError, application: &mut A, io: &mut Io<'_>) {
        log::info!("{} broke a rule: {error}", io.id());
        let (code, reason) = (error.close_code(), error.to_string());
        let close = Close { code, reason: &reason };
        if matches!(self.state, State::Open(_)) {
            close.write(io.out());
        }
        self.end(close, application, io);
    }

    /// The connection is over. RFC 6455 §7.1.1: the server closes TCP first, "so that it holds the TIME_WAIT
    /// state". The loop sends what is queued before its FIN, and reads on until the peer's, so that no RST
    /// overtakes the code.
    // ANCHOR: end
    fn end(&mut self, close: Close<'_>, application: &mut A, io: &mut Io<'_>) {
        io.close();
        if let Some(client) = self.go(State::Closed) {
            application.close(io.id(), client, close, io);
        }
    }
    // ANCHOR_END: end

    fn watch_bytes(&mut self, count: usize, application: &mut A, io: &mut Io<'_>) {
        if count > 0 && matches!(self.state, State::Open(_)) {
            let verdict = self.watch.bytes(count, self.assembler.is_in_message(), io.now);
            self.obey(verdict, application, io);
        }
    }

    fn our_close(&mut self, code: u16, reason: &str, application: &mut A, io: &mut Io<'_>) {
        self.tell(application, io, |_, _, socket| socket.close(code, reason));
    }

    /// Our Close frame has just been written.
    fn closing(&mut self, code: u16, application: &mut A, io: &mut Io<'_>) {
        log::debug!("{} sent Close {code}", io.id());
        let Limits { close_timeout, .. } = application.limits();
        io.set_timeout(Timer::Protocol, Some(close_timeout));
        // Their Close stands behind whatever was held back.
        io.resume();
        if let Some(client) = self.go(State::Closing) {
            application.close(io.id(), client, Close { code, reason: "" }, io);
        }
    }

    fn ask_watch(&mut self, application: &mut A, io: &mut Io<'_>) {
        while let State::Open(_) = self.state {
            match self.watch.due(io.now) {
                Due::Ping(payload) => write_frame(Header::new(Opcode::Ping, 0), &payload, io.out()),
                Due::Close(code, reason) => self.our_close(code, reason, application, io),
                Due::At(time) => {
                    let after = time.saturating_duration_since(io.now);
                    return io.set_timeout(Timer::Protocol, Some(after));
                }
                Due::Never => return,
            }
        }
    }
}

impl<A: Application, W: Watch, U: Unpack, P: Pack> Protocol for WebSocket<A, W, U, P> {
    type World = A;

    fn data(&mut self, bytes: &mut [u8], application: &mut A, io: &mut Io<'_>) -> usize {
        let Limits { message: limit, .. } = application.limits();
        let length = bytes.len();
        let mut input = bytes;
        while !io.must_wait() {
            // The usual message first. An extra: without it all is the same, and a short message costs twice as much.
            match self.assembler.short(&mut input, limit) {
                Some(Ok(message)) => self.message(message, application, io),
                Some(Err(error)) => self.fail(error.into(), application, io),
                None => match self.assembler.next(&mut input, limit) {
                    Ok(Some(event)) => self.event(event, application, io),
                    Ok(None) => break,
                    Err(error) => self.fail(error, application, io),
                },
            }
        }
        let used = length - input.len();
        self.watch_bytes(used, application, io);
        used
    }

    fn room(&mut self, io: &mut Io<'_>) -> Option<&mut [u8]> {
        self.assembler.room(|length| io.large_buffer(length))
    }

    fn filled(&mut self, count: usize, application: &mut A, io: &mut Io<'_>) {
        match self.assembler.filled(count) {
            Ok(Some(message)) => self.event(Event::Message(message), application, io),
            Ok(None) => {}
            Err(error) => self.fail(error, application, io),
        }
        self.watch_bytes(count, application, io);
    }

    /// RFC 6455 §7.1.5: "If _The WebSocket Connection is Closed_ and no Close control frame was received by the
    /// endpoint (such as could occur if the underlying transport connection is lost), _The WebSocket Connection
    /// Close Code_ is considered to be 1006."
    fn ended(&mut self, application: &mut A, io: &mut Io<'_>) {
        log::debug!("{} ended without a Close frame", io.id());
        self.end(GONE, application, io);
    }

    /// The one timer serves the watch while the connection is open, and our Close after that.
    fn timeout(&mut self, which: Timer, application: &mut A, io: &mut Io<'_>) {
        match (which, &self.state) {
            (Timer::Protocol, State::Open(_)) => {
                io.resume();
                self.ask_watch(application, io);
            }
            (Timer::Protocol, State::Closing) => {
                log::debug!("{} did not answer our Close", io.id());
                self.end(GONE, application, io);
            }
            (Timer::Protocol, State::Closed) | (Timer::Guard, _) => {}
        }
    }

    fn woken(&mut self, application: &mut A, io: &mut Io<'_>) {
        self.tell(application, io, Application::woken);
    }

    fn drained(&mut self, application: &mut A, io: &mut Io<'_>) {
        self.tell(application, io, Application::drained);
    }

    /// RFC 6455 §7.4.1: "1001 indicates that an endpoint is "going away", such as a server going down".
    fn stop(&mut self, application: &mut A, io: &mut Io<'_>) {
        self.our_close(close_code::GOING_AWAY, "the server stops", application, io);
    }

    fn closed(&mut self, id: ConnId, why: Ended, application: &mut A, net: &mut Net) {
        if let Some(client) = self.go(State::Closed) {
            log::debug!("{id} the WebSocket connection is gone: {why:?}");
            application.close(id, client, GONE, net);
        }
    }
}

const GONE: Close<'static> = Close { code: close_code::ABNORMAL, reason: "" };

#[cfg(test)]
mod tests;
