//! The cipher's other end: a blocking client for tests. What goes wrong is a panic there.

use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use crate::cipher::{Cipher, MAGIC, RECORD};

/// A client that speaks the cipher. No call waits longer than ten seconds.
pub struct Client {
    /// For what the cipher does not know: a shutdown, raw bytes.
    pub socket: TcpStream,
    cipher: Cipher,
    plain: Vec<u8>,
}

impl Client {
    /// Connects, and says the magic word.
    pub fn new(to: SocketAddr, key: u8) -> Client {
        let socket = TcpStream::connect(to).unwrap();
        socket.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
        socket.set_write_timeout(Some(Duration::from_secs(10))).unwrap();
        let mut client = Client { socket, cipher: Cipher::new(key), plain: Vec::new() };
        client.socket.write_all(MAGIC).unwrap();
        client
    }

    /// Records that carry `plain`.
    pub fn sealed(&self, plain: &[u8]) -> Vec<u8> {
        plain.chunks(RECORD).flat_map(|part| self.cipher.seal(part)).collect()
    }

    /// Sends all of it.
    pub fn sends(&mut self, plain: &[u8]) {
        let sealed = self.sealed(plain);
        self.socket.write_all(&sealed).unwrap();
    }

    /// These bytes come next.
    #[track_caller]
    pub fn receives(&mut self, expected: &[u8]) {
        while self.plain.len() < expected.len() {
            assert!(self.more().expect("the server sends on") > 0, "the server ended early");
        }
        let got: Vec<u8> = self.plain.drain(..expected.len()).collect();
        assert!(got == expected, "{} instead of {}", got.escape_ascii(), expected.escape_ascii());
    }

    /// Everything up to and with `mark`.
    #[track_caller]
    pub fn receives_until(&mut self, mark: &[u8]) -> Vec<u8> {
        loop {
            if let Some(at) = self.plain.windows(mark.len()).position(|window| window == mark) {
                return self.plain.drain(..at + mark.len()).collect();
            }
            assert!(self.more().expect("the server sends on") > 0, "the server ended early");
        }
    }

    /// The stream's own goodbye; the socket stays open.
    pub fn says_goodbye(&mut self) {
        let goodbye = self.cipher.seal(b"");
        self.socket.write_all(&goodbye).unwrap();
    }

    /// The server's goodbye, then its FIN, and no bytes before.
    #[track_caller]
    pub fn receives_goodbye_and_end(&mut self) {
        while self.more().expect("a FIN, no RST") > 0 {}
        assert!(self.cipher.goodbye, "the stream's own goodbye comes before the FIN");
        assert_eq!(self.plain.escape_ascii().to_string(), "");
    }

    fn more(&mut self) -> io::Result<usize> {
        let mut wire = [0; 100_000];
        let count = self.socket.read(&mut wire)?;
        self.cipher.open(&wire[..count], &mut self.plain)?;
        Ok(count)
    }
}
