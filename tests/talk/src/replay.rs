//! Sends a script, shows what comes back, and compares the answers to the same bytes cut in different places.

use std::io::{self, ErrorKind, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
use std::time::{Duration, Instant};

use harness::show;

use crate::address::Scheme;
use crate::replay_options::{Options, Pieces};
use crate::screen::{Screen, Way};
use crate::script::{Before, Script};
use crate::world::why_not;

/// More of one answer is not kept.
const MAX_ANSWER: usize = 64 << 20;

/// What came back on one connection.
#[derive(Debug, PartialEq, Eq)]
struct Answer {
    bytes: Vec<u8>,
    end: End,
}

/// How the connection stood at the end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum End {
    Fin,
    Reset,
    Open,
}

/// Does what the command line says. Whether all was well.
///
/// # Errors
/// Nobody listens, or the connection fails otherwise.
pub(crate) fn replay(options: &Options, screen: &mut Screen) -> Result<bool, String> {
    let script = &options.script;
    let bytes = script.bytes();
    let line = Line { options, to: first(options)? };
    match &options.pieces {
        Pieces::AsWritten => line.once(script, screen),
        Pieces::At(at) => line.once(&Script::cut(&bytes, at, script.end), screen),
        Pieces::Every => line.at_every_offset(&bytes, screen),
    }
}

/// The address to use: a name such as localhost may have one where nobody listens.
fn first(options: &Options) -> Result<SocketAddr, String> {
    let found = options.address.resolve()?;
    let answers = |address: &&SocketAddr| TcpStream::connect_timeout(address, options.patience).is_ok();
    let chosen = if found.len() > 1 { found.iter().find(answers) } else { None };
    let chosen = chosen.or(found.first()).copied();
    chosen.ok_or_else(|| format!("{}: no address", options.address.host))
}

struct Line<'a> {
    options: &'a Options,
    to: SocketAddr,
}

impl Line<'_> {
    /// One connection, all of it shown.
    fn once(&self, script: &Script, screen: &mut Screen) -> Result<bool, String> {
        let answer = self.sends(script, None, script.end, Some(screen))?;
        screen.notes(match answer.end {
            End::Fin => "the server ended the connection".to_string(),
            End::Reset => "the server cut the connection off".to_string(),
            End::Open => {
                format!("nothing more within {} ms; the connection was open", self.options.quiet.as_millis())
            }
        });
        Ok(answer.end != End::Reset)
    }

    /// One connection for each offset: the same bytes have the same answer, wherever TCP cuts them.
    fn at_every_offset(&self, bytes: &[u8], screen: &mut Screen) -> Result<bool, String> {
        screen.notes(format!("{} bytes in one piece:", bytes.len()));
        let whole = self.sends(&Script::whole(bytes.to_vec(), true), None, true, Some(screen))?;
        let expected = without_date(&whole.bytes);
        let (mut different, offsets) = (0, 1..bytes.len());
        let count = offsets.len();
        for at in offsets {
            let script = Script::cut(bytes, &[at], true);
            let answer = self.sends(&script, Some(whole.bytes.len()), true, None)?;
            let difference = show::difference(&expected, &without_date(&answer.bytes));
            if difference.is_none() && answer.end == whole.end {
                continue;
            }
            different += 1;
            let (before, behind) = (tail(&bytes[..at]), head(&bytes[at..]));
            screen.warns(format!("cut behind byte {at}, {before} | {behind}, the answer is another one"));
            screen.notes(difference.unwrap_or_default().join("\n"));
            if answer.end != whole.end {
                screen.notes(format!("the connection ended with {:?}, not with {:?}", answer.end, whole.end));
            }
        }
        match different {
            0 => screen.notes(format!(
                "cut in two at each of {count} offsets: the same answer (Date fields left out)"
            )),
            _ => screen.warns(format!(
                "{different} of {count} cuts change the answer: TCP has no message boundaries"
            )),
        }
        Ok(different == 0)
    }

    /// Sends a script on a connection of its own. The answer is over when `expected` bytes are here, or nothing has
    /// come for a while; `end` then sends FIN and waits for what that brings.
    fn sends(
        &self,
        script: &Script,
        expected: Option<usize>,
        end: bool,
        mut screen: Option<&mut Screen>,
    ) -> Result<Answer, String> {
        let patience = self.options.patience;
        let refused = |error: io::Error| why_not(self.to, Scheme::Http, &error);
        let mut socket = TcpStream::connect_timeout(&self.to, patience).map_err(refused)?;
        // Without it the kernel would glue the pieces together again.
        let set = socket.set_nodelay(true).and_then(|()| socket.set_write_timeout(Some(patience)));
        let reader = set.and_then(|()| socket.try_clone()).map_err(refused)?;
        let mut incoming = Incoming::new(reader);
        let count = script.pieces.len();
        for (number, piece) in script.pieces.iter().enumerate() {
            match piece.before {
                Before::Wait => incoming.until(patience, |incoming| incoming.fresh, &mut screen),
                Before::Pause(time) => incoming.until(time, |_| false, &mut screen),
                Before::Split if number > 0 => incoming.until(self.options.pause, |_| false, &mut screen),
                Before::Split => {}
            }
            incoming.fresh = false;
            if let Some(screen) = &mut screen {
                let of = if count > 1 { format!("piece {} of {count}, ", number + 1) } else { String::new() };
                let plural = if piece.bytes.len() == 1 { "" } else { "s" };
                let lines = [format!("{of}{} byte{plural}:", piece.bytes.len())]
                    .into_iter()
                    .chain(show::brief(&piece.bytes));
                screen.shows(Way::Out, Instant::now(), lines);
            }
            // The server may have had enough: what it said about that is what counts.
            if socket.write_all(&piece.bytes).is_err() {
                break;
            }
        }
        let enough = |incoming: &Incoming| expected.is_some_and(|expected| incoming.bytes.len() >= expected);
        incoming.until_quiet(self.options.quiet, enough, &mut screen);
        if end && incoming.end == End::Open {
            if let Some(screen) = &mut screen {
                screen.shows(Way::Out, Instant::now(), ["FIN: we send no more".into()]);
            }
            // A server that has closed meanwhile makes this an error.
            let _ = socket.shutdown(Shutdown::Write);
            incoming.until_quiet(self.options.quiet, |_| false, &mut screen);
        }
        // The reading thread ends with the socket.
        let _ = socket.shutdown(Shutdown::Both);
        Ok(Answer { bytes: incoming.bytes, end: incoming.end })
    }
}

/// What comes. A thread of its own reads, so that a server which sends while we send never waits for us.
struct Incoming {
    pieces: Receiver<io::Result<Vec<u8>>>,
    bytes: Vec<u8>,
    end: End,
    /// Something has come since the last piece was sent.
    fresh: bool,
}

impl Incoming {
    fn new(mut socket: TcpStream) -> Incoming {
        let (sender, pieces) = mpsc::channel();
        std::thread::spawn(move || {
            let mut buffer = [0; 16 * 1024];
            loop {
                let read = match socket.read(&mut buffer) {
                    Err(error) if error.kind() == ErrorKind::Interrupted => continue,
                    read => read.map(|count| buffer[..count].to_vec()),
                };
                let last = !matches!(&read, Ok(bytes) if !bytes.is_empty());
                if sender.send(read).is_err() || last {
                    return;
                }
            }
        });
        Incoming { pieces, bytes: Vec::new(), end: End::Open, fresh: false }
    }

    /// Takes what comes until the time is over, the connection is, or this is enough.
    fn until(
        &mut self,
        time: Duration,
        enough: impl Fn(&Incoming) -> bool,
        screen: &mut Option<&mut Screen>,
    ) {
        let end = Instant::now() + time;
        while self.end == End::Open && !enough(self) {
            if !self.take(end.saturating_duration_since(Instant::now()), screen) {
                return;
            }
        }
    }

    /// Takes what comes until nothing has come for `quiet`.
    fn until_quiet(
        &mut self,
        quiet: Duration,
        enough: impl Fn(&Incoming) -> bool,
        screen: &mut Option<&mut Screen>,
    ) {
        while self.end == End::Open
            && !enough(self)
            && self.bytes.len() < MAX_ANSWER
            && self.take(quiet, screen)
        {}
    }

    /// Takes one piece. `false`: none came in time.
    fn take(&mut self, time: Duration, screen: &mut Option<&mut Screen>) -> bool {
        let mut shows = |lines: Vec<String>| {
            if let Some(screen) = screen {
                screen.shows(Way::In, Instant::now(), lines);
            }
        };
        match self.pieces.recv_timeout(time) {
            Ok(Ok(bytes)) if !bytes.is_empty() => {
                shows(show::brief(&bytes));
                self.bytes.extend(bytes);
                self.fresh = true;
            }
            Ok(Ok(_)) => {
                shows(vec!["FIN".into()]);
                self.end = End::Fin;
            }
            Ok(Err(error)) => {
                shows(vec![format!("RST ({error})")]);
                self.end = End::Reset;
            }
            Err(RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected) => return false,
        }
        true
    }
}

/// The answer with the values of its Date fields left out: they change each second.
fn without_date(bytes: &[u8]) -> Vec<u8> {
    let lines = bytes.split_inclusive(|&byte| byte == b'\n');
    let is_date = |line: &[u8]| line.get(..5).is_some_and(|name| name.eq_ignore_ascii_case(b"date:"));
    lines.flat_map(|line| if is_date(line) { b"Date: ...\r\n" } else { line }).copied().collect()
}

/// A few bytes before a cut.
fn tail(bytes: &[u8]) -> String {
    show::escape(&bytes[bytes.len().saturating_sub(12)..])
}

/// A few bytes behind a cut.
fn head(bytes: &[u8]) -> String {
    show::escape(&bytes[..bytes.len().min(12)])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_left_out_and_nothing_else() {
        let answer = b"HTTP/1.1 200 OK\r\nDATE: Sat\r\nContent-Length: 5\r\n\r\nDated";
        assert_eq!(without_date(answer), b"HTTP/1.1 200 OK\r\nDate: ...\r\nContent-Length: 5\r\n\r\nDated");
        assert_eq!(without_date(b"\xff\n\n"), b"\xff\n\n");
    }

    #[test]
    fn a_cut_is_shown_by_its_neighbours() {
        assert_eq!(
            (tail(b"GET / HTTP/1.1\r"), head(b"\nHost: x\r\n\r\n--")),
            (" / HTTP/1.1\\r".into(), "\\nHost: x\\r\\n\\r\\n".into())
        );
    }
}
