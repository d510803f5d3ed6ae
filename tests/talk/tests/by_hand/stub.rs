//! A server that breaks rules: one connection, and what it is told to say.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::thread::JoinHandle;
use std::time::Duration;

use harness::Story;
use upgrade::accept_key;

/// No read or write of it takes longer.
const PATIENCE: Duration = Duration::from_secs(10);

/// Listens on a free port and does `work` with the first connection.
pub fn serves<T: Send + 'static>(
    story: &Story,
    work: impl FnOnce(TcpStream) -> T + Send + 'static,
) -> (SocketAddr, JoinHandle<T>) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = listener.local_addr().expect("a bound socket has an address");
    story.note(format!("a stub listens on {address}"));
    let thread = std::thread::spawn(move || {
        let (socket, _) = listener.accept().expect("somebody connects");
        socket.set_read_timeout(Some(PATIENCE)).expect("a time that is not zero");
        socket.set_write_timeout(Some(PATIENCE)).expect("a time that is not zero");
        work(socket)
    });
    (address, thread)
}

/// The same for a WebSocket: shakes hands, then says these bytes, and reads to the end. What it has read comes back.
pub fn says(story: &Story, bytes: Vec<u8>, ends: bool) -> (SocketAddr, JoinHandle<Vec<u8>>) {
    serves(story, move |mut socket| {
        let key = key(&read_head(&mut socket));
        let head = format!(
            "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
             Sec-WebSocket-Accept: {}\r\n\r\n",
            accept_key(key.as_bytes())
        );
        socket.write_all(&[head.as_bytes(), &bytes].concat()).expect("the client reads");
        if ends {
            socket.shutdown(std::net::Shutdown::Write).expect("the socket is open");
        }
        let mut read = Vec::new();
        // However the client ends.
        let _ = socket.read_to_end(&mut read);
        read
    })
}

/// Reads up to the empty line.
pub fn read_head(socket: &mut TcpStream) -> String {
    let mut head = Vec::new();
    let mut byte = [0];
    while !head.ends_with(b"\r\n\r\n") && socket.read(&mut byte).expect("the client sends") == 1 {
        head.push(byte[0]);
    }
    String::from_utf8(head).expect("a head is ASCII here")
}

fn key(head: &str) -> String {
    let line = head.lines().find_map(|line| line.strip_prefix("Sec-WebSocket-Key: "));
    line.expect("a key").to_string()
}
