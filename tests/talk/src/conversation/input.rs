//! What was typed, and what it does to the connection.

use std::time::{Duration, Instant};

use poll::{Io, Net, Timer};

use super::{Conversation, Mode, Next};
use crate::command::{self, Command};
use crate::screen::Way;
use crate::typed;
use crate::websocket::WebSocket;
use crate::world::{Input, SOON, Talk, WAIT};

impl Conversation {
    /// Does what was typed, as far as it is time for it.
    pub(super) fn look_at_input(&mut self, talk: &mut Talk, io: &mut Io<'_>) {
        while !io.is_closing() && !self.leaving && self.is_ready(io.now) {
            if let Some(command) = self.held.take() {
                self.execute(command, talk, io);
                continue;
            }
            match talk.next_line() {
                Input::Nothing => return,
                Input::End => return self.leave(talk, io),
                Input::Line(line) => match self.understand(&line, talk) {
                    Ok(command) => self.execute(command, talk, io),
                    Err(why) => {
                        talk.misuse |= !talk.interactive;
                        talk.screen.warns(why);
                    }
                },
            }
        }
    }

    fn is_ready(&mut self, now: Instant) -> bool {
        let heard = self.held.is_none() && self.wait.is_some() && std::mem::take(&mut self.heard);
        self.wait.take_if(|until| heard || *until <= now);
        self.wait.is_none() && !matches!(self.mode, Mode::Http { handshake: Some(_), .. })
    }

    fn understand(&self, line: &str, talk: &Talk) -> Result<Command, String> {
        match self.mode {
            Mode::Bytes => Command::parse_line(line),
            Mode::Http { .. } => typed::parse(line, &talk.options.address, &talk.options.fields),
            Mode::WebSocket(_) => Command::parse(line),
        }
    }

    fn execute(&mut self, command: Command, talk: &mut Talk, io: &mut Io<'_>) {
        match command {
            Command::Help => talk.screen.notes(match self.mode {
                Mode::Bytes => BYTES_HELP,
                Mode::Http { .. } => typed::HELP,
                Mode::WebSocket(_) => command::HELP,
            }),
            Command::Wait(time) => {
                self.wait = Some(io.now + time);
                wake_after(time, io);
            }
            Command::Quit => self.leave(talk, io),
            Command::Reset => {
                self.wanted = true;
                if io.pending() > 0 {
                    // What was typed before it leaves first.
                    self.wait = Some(io.now + SOON);
                    self.held = Some(Command::Reset);
                    wake_after(SOON, io);
                } else {
                    io.abort();
                }
            }
            _ if self.ended => talk.screen.warns("your side has ended (FIN): nothing can be sent any more"),
            Command::End => self.end(talk, io),
            Command::Line(line) => {
                if let Mode::Http { typed, .. } = &mut self.mode {
                    typed.push(line);
                }
            }
            Command::Send { end } => self.send_typed(end, talk, io),
            sends => {
                self.heard = false;
                let mut out = Vec::new();
                let why = match &mut self.mode {
                    Mode::WebSocket(socket) => speak(socket, sends, io.now, &mut out, talk),
                    Mode::Bytes | Mode::Http { .. } => {
                        let bytes = flat(sends);
                        self.send_http(&bytes, &mut talk.screen, io);
                        Ok(())
                    }
                };
                io.out().extend_from_slice(&out);
                if let Err(why) = why {
                    talk.misuse |= !talk.interactive;
                    talk.screen.warns(why);
                }
                self.finish(io);
            }
        }
    }

    /// Sends the head that was typed.
    fn send_typed(&mut self, end: bool, talk: &mut Talk, io: &mut Io<'_>) {
        let Mode::Http { typed, .. } = &mut self.mode else { return };
        if typed.is_empty() && !end {
            return talk.screen.warns("/send: nothing was typed yet");
        }
        self.heard = false;
        let lines: String = std::mem::take(typed).iter().map(|line| format!("{line}\r\n")).collect();
        let bytes = lines + if end { "\r\n" } else { "" };
        self.send_http(bytes.as_bytes(), &mut talk.screen, io);
    }

    /// Our FIN.
    pub(super) fn end(&mut self, talk: &mut Talk, io: &mut Io<'_>) {
        self.ended = true;
        self.wanted = true;
        talk.screen.shows(Way::Out, io.now, ["FIN: we send no more".into()]);
        io.half_close();
    }

    /// The input has ended, or `/quit` was typed: the polite end of what is spoken, in a bounded time.
    pub(super) fn leave(&mut self, talk: &mut Talk, io: &mut Io<'_>) {
        self.leaving = true;
        self.next = Next::Over;
        io.set_timeout(Timer::Protocol, Some(talk.options.patience));
        let Mode::WebSocket(socket) = &mut self.mode else { return self.finish_bytes(talk, io) };
        if socket.sent_close || self.ended {
            return;
        }
        if socket.owes() {
            talk.screen
                .notes("a Close frame would be taken for the rest of your half frame; so only FIN is sent");
            return self.end(talk, io);
        }
        let mut out = Vec::new();
        let close = harness::Frame::close(messages::close_code::NORMAL, "");
        socket.send(vec![close], io.now, &mut out, &mut talk.screen);
        io.out().extend_from_slice(&out);
    }

    /// The same where no Close frame is known.
    fn finish_bytes(&mut self, talk: &mut Talk, io: &mut Io<'_>) {
        if let Mode::Http { typed, .. } = &self.mode
            && !typed.is_empty()
            && !self.ended
        {
            talk.screen.notes("the empty line is missing; it is sent for you");
            self.send_typed(true, talk, io);
        }
        match self.mode {
            Mode::Bytes if !self.ended => self.end(talk, io),
            _ => self.finish(io),
        }
    }

    /// Closes when we are leaving and every request has its answer.
    pub(super) fn finish(&mut self, io: &mut Io<'_>) {
        if let Mode::Http { responses, .. } = &self.mode
            && self.leaving
            && responses.unanswered() == 0
        {
            io.close();
        }
    }
}

const BYTES_HELP: &str = "\
hello                       a line: the text and LF; /text /hello where it begins with a slash
/raw 68 \"i\\r\\n\"             any bytes: hex, and text in quotes
/repeat N LINE              the same line N times, in one write
/wait [SECONDS]             the next line waits until an answer has come (5 s at most)
/end  /reset                end our side (FIN); cut the connection off (RST)
/quit                       leave; so does Ctrl-D";

/// Does what sends frames.
fn speak(
    socket: &mut WebSocket,
    command: Command,
    now: Instant,
    out: &mut Vec<u8>,
    talk: &mut Talk,
) -> Result<(), &'static str> {
    let screen = &mut talk.screen;
    match command {
        Command::Frames(frames) => socket.send(frames, now, out, screen),
        Command::Bytes(bytes) => socket.send_bytes(&bytes, now, out, screen),
        Command::Half(frame) => socket.send_half(frame, now, out, screen),
        Command::Rest => return socket.send_rest(now, out, screen),
        Command::Quiet(quiet) => socket.quiet = quiet,
        Command::Bits(bits) => socket.bits = bits,
        Command::Repeat(count, command) => match *command {
            Command::Frames(frames) => {
                let all = frames.len() * count;
                socket.send(frames.into_iter().cycle().take(all).collect(), now, out, screen);
            }
            Command::Bytes(bytes) => socket.send_bytes(&bytes.repeat(count), now, out, screen),
            _ => return Err("/repeat: only a line that sends frames or bytes, such as hello"),
        },
        _ => {}
    }
    Ok(())
}

/// The bytes of a command that sends some.
fn flat(command: Command) -> Vec<u8> {
    match command {
        Command::Bytes(bytes) => bytes,
        Command::Repeat(count, command) => flat(*command).repeat(count),
        _ => Vec::new(),
    }
}

/// The world looks at us again: the connection's own two deadlines are taken.
fn wake_after(time: Duration, io: &mut Io<'_>) {
    Net::set_timeout(io, WAIT, Some(time));
}
