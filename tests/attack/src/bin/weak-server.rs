//! Servers with one weakness each, to see that the attacks find it: `weak-server WEAKNESS`, port PORT, or any free one.
//!
//! A thread for each connection, blocking calls, a little HTTP: what one writes on the first evening. It ends by itself
//! after two minutes, so that none outlives its test.

use std::io::{ErrorKind, Read, Result, Write};
use std::net::{Ipv4Addr, Shutdown, TcpListener, TcpStream};
use std::process::exit;
use std::sync::mpsc;
use std::time::{Duration, Instant};

const LIFE: Duration = Duration::from_secs(120);
/// For a whole request, where there is a deadline at all.
const DEADLINE: Duration = Duration::from_millis(500);
const MAX_HEAD: usize = 16 * 1024;

#[derive(Clone, Copy, PartialEq, Eq)]
enum Weakness {
    /// Nothing wrong that the attacks know of.
    None,
    /// A request may take as long as it likes.
    NoDeadline,
    /// The deadline begins anew with each byte.
    ByteDeadline,
    /// The head may grow as long as it likes.
    NoLimit,
    /// Who comes second waits until the first has left.
    OneAtATime,
    /// A head that does not become whole ends the process.
    Dies,
    /// The connection is never closed by us, also when the client has left.
    Leaks,
    /// Content-Length goes before Transfer-Encoding.
    Smuggles,
    /// No HTTP: an echo whose answers wait in memory, as many as come.
    NoBackpressure,
}

fn main() -> Result<()> {
    let weakness = match std::env::args().nth(1).as_deref() {
        Some("none") => Weakness::None,
        Some("no-deadline") => Weakness::NoDeadline,
        Some("byte-deadline") => Weakness::ByteDeadline,
        Some("no-limit") => Weakness::NoLimit,
        Some("one-at-a-time") => Weakness::OneAtATime,
        Some("dies") => Weakness::Dies,
        Some("leaks") => Weakness::Leaks,
        Some("smuggles") => Weakness::Smuggles,
        Some("no-backpressure") => Weakness::NoBackpressure,
        _ => {
            eprintln!("weak-server: say which weakness; src/bin/weak-server.rs lists them");
            exit(2)
        }
    };
    std::thread::spawn(|| {
        std::thread::sleep(LIFE);
        exit(3)
    });
    let port = std::env::var("PORT").ok().and_then(|port| port.parse().ok()).unwrap_or(0);
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port))?;
    println!("listening on tcp://{}", listener.local_addr()?);
    for socket in listener.incoming() {
        let serve = move || {
            // What goes wrong with one connection is nobody else's business.
            let _ = match weakness {
                Weakness::NoBackpressure => echo(socket?),
                _ => http(socket?, weakness),
            };
            Ok::<(), std::io::Error>(())
        };
        match weakness {
            Weakness::OneAtATime => serve()?,
            _ => drop(std::thread::Builder::new().stack_size(64 * 1024).spawn(serve)?),
        }
    }
    Ok(())
}

fn echo(mut socket: TcpStream) -> Result<()> {
    let mut writer = socket.try_clone()?;
    let (sender, answers) = mpsc::channel::<Vec<u8>>();
    std::thread::spawn(move || answers.iter().try_for_each(|bytes| writer.write_all(&bytes)));
    let mut buffer = vec![0; 64 * 1024];
    loop {
        let count = socket.read(&mut buffer)?;
        if count == 0 || sender.send(buffer[..count].to_vec()).is_err() {
            return Ok(());
        }
    }
}

fn http(mut socket: TcpStream, weakness: Weakness) -> Result<()> {
    let mut buffer = Vec::new();
    let start = Instant::now();
    while let Some(head) = head(&mut socket, &mut buffer, start, weakness)? {
        let lower = head.to_ascii_lowercase();
        let good = lower.starts_with("get ") || lower.starts_with("post ");
        let chunked = lower.contains("transfer-encoding");
        let length = lower.split("content-length: ").nth(1).and_then(|rest| digits(rest.lines().next()?));
        let unclear = weakness != Weakness::Smuggles
            && (chunked
                || lower.matches("content-length").count() > 1
                || lower.contains("content-length") && length.is_none());
        if !good || unclear || length.is_some_and(|length| length > MAX_HEAD) {
            socket
                .write_all(b"HTTP/1.1 400 Bad Request\r\nConnection: close\r\nContent-Length: 0\r\n\r\n")?;
            break;
        }
        while buffer.len() < length.unwrap_or(0) {
            if more(&mut socket, &mut buffer, start, weakness)? == 0 {
                return Ok(());
            }
        }
        buffer.drain(..length.unwrap_or(0));
        socket.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nhello\n")?;
        if lower.contains("connection: close") {
            break;
        }
    }
    if weakness == Weakness::Dies && !buffer.is_empty() {
        exit(1);
    }
    if weakness == Weakness::Leaks {
        std::mem::forget(socket);
        return Ok(());
    }
    // Not to reset what the client has not read yet: FIN, then read for a moment.
    socket.shutdown(Shutdown::Write)?;
    socket.set_read_timeout(Some(Duration::from_millis(100)))?;
    let mut rest = [0; 4096];
    while start.elapsed() < DEADLINE * 2 && socket.read(&mut rest)? > 0 {}
    Ok(())
}

/// Rust's own parser takes a sign, too.
fn digits(text: &str) -> Option<usize> {
    text.parse().ok().filter(|_| text.bytes().all(|byte| byte.is_ascii_digit()))
}

/// The next head with its empty line; `None` at the end, or when the deadline is over.
fn head(
    socket: &mut TcpStream,
    buffer: &mut Vec<u8>,
    start: Instant,
    weakness: Weakness,
) -> Result<Option<String>> {
    let mut searched = 0;
    loop {
        if let Some(at) = buffer[searched..].windows(4).position(|window| window == b"\r\n\r\n") {
            let head: Vec<u8> = buffer.drain(..searched + at + 4).collect();
            return Ok(Some(String::from_utf8_lossy(&head).into_owned()));
        }
        searched = buffer.len().saturating_sub(3);
        if buffer.len() > MAX_HEAD && weakness != Weakness::NoLimit {
            return Ok(None);
        }
        if more(socket, buffer, start, weakness)? == 0 {
            return Ok(None);
        }
    }
}

fn more(socket: &mut TcpStream, buffer: &mut Vec<u8>, start: Instant, weakness: Weakness) -> Result<usize> {
    let timeout = match weakness {
        Weakness::NoDeadline | Weakness::OneAtATime => None,
        Weakness::ByteDeadline => Some(DEADLINE),
        // Long enough to see how far it grows.
        Weakness::NoLimit => Some(20 * DEADLINE),
        _ => Some(DEADLINE.saturating_sub(start.elapsed()).max(Duration::from_millis(1))),
    };
    socket.set_read_timeout(timeout)?;
    let mut piece = [0; 16 * 1024];
    match socket.read(&mut piece) {
        Ok(count) => {
            buffer.extend_from_slice(&piece[..count]);
            Ok(count)
        }
        Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => Ok(0),
        Err(error) => Err(error),
    }
}
