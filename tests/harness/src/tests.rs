//! The harness tested against toys that misbehave: each failure must say what a student needs to hear.

mod http;
mod program;
mod raw;
mod server;
mod suite;
mod websocket;

use crate::suite::{Good, run_one};
use std::io::{Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::Once;
use std::time::Duration;

use crate::story::Story;

/// A server of one connection on a thread of its own.
fn toy(serve: impl FnOnce(TcpStream) + Send + 'static) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    std::thread::spawn(move || {
        let (stream, _) = listener.accept().unwrap();
        stream.set_nodelay(true).unwrap();
        serve(stream);
    });
    address
}

/// A toy that reads the whole request (up to its empty line), sends this byte by byte, and closes politely.
fn dribbles(answer: impl AsRef<[u8]>) -> SocketAddr {
    let answer = answer.as_ref().to_vec();
    toy(move |mut stream| {
        read_head(&mut stream);
        answer.iter().for_each(|&byte| stream.write_all(&[byte]).unwrap());
        stream.shutdown(Shutdown::Write).unwrap();
        // Unread bytes would make the close a reset.
        let _ = stream.read_to_end(&mut Vec::new());
    })
}

/// The same in one piece; it stays open until the client has closed.
fn answers(answer: impl AsRef<[u8]>) -> SocketAddr {
    let answer = answer.as_ref().to_vec();
    toy(move |mut stream| {
        read_head(&mut stream);
        stream.write_all(&answer).unwrap();
        let _ = stream.read_to_end(&mut Vec::new());
    })
}

fn read_head(stream: &mut TcpStream) {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        let mut byte = [0];
        stream.read_exact(&mut byte).unwrap();
        head.push(byte[0]);
    }
}

fn run(body: impl FnOnce(&Story) + Send + 'static) -> Result<Good, String> {
    static AS_A_SUITE: Once = Once::new();
    AS_A_SUITE.call_once(crate::suite::end_children_on_signals);
    run_one("a toy", Duration::from_secs(10), body)
}

#[track_caller]
fn passes(body: impl FnOnce(&Story) + Send + 'static) {
    let end = run(body).unwrap_or_else(|report| panic!("it had to pass:\n{report}"));
    assert_eq!(end, Good::Passed);
}

/// The story must fail, and its report hold each of these.
#[track_caller]
fn fails_with(expected: &[&str], body: impl FnOnce(&Story) + Send + 'static) {
    let report = run(body).expect_err("it had to fail");
    for text in expected {
        assert!(report.contains(text), "{text:?} is missing in:\n{report}");
    }
}

const SHORT: Duration = Duration::from_millis(50);
