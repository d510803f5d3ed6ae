//! A toy cipher in the place of TLS: worthless as a cipher, but a stream with all of TLS's habits.
//!
//! Bytes travel in records: a length of two bytes, then so many bytes, each xored with the key. So bytes
//! stand inside the stream in both directions: half a record that came, and a record that the socket did not
//! take whole. Before any record, each side sends the magic word. A record of length 0 is the goodbye
//! (close_notify in TLS); a FIN without it means that the stream was cut off.

use std::io::{self, ErrorKind, IoSlice, Read, Write};
use std::net::Shutdown;

use mio::net::TcpStream;
use poll::Stream;

/// Says that both sides speak this, as a TLS handshake would.
pub const MAGIC: &[u8] = b"toy cipher 1\n";
/// The most that a record carries. TLS: 16 KiB (RFC 8446 §5.1).
pub const RECORD: usize = 16 * 1024;
/// Sealed bytes that may wait for the socket before `write` takes no more.
const HELD: usize = 2 * RECORD;

/// Encrypts and decrypts, without a socket: both ends use it.
#[derive(Debug, Clone)]
pub struct Cipher {
    key: u8,
    /// What came and is not a whole record yet.
    received: Vec<u8>,
    greeted: bool,
    /// The peer's goodbye has come.
    pub goodbye: bool,
}

impl Cipher {
    /// Both ends need the same key.
    pub fn new(key: u8) -> Cipher {
        Cipher { key, received: Vec::new(), greeted: false, goodbye: false }
    }

    /// One record with all of `plain`, at most [`RECORD`] bytes.
    pub fn seal(&self, plain: &[u8]) -> Vec<u8> {
        let length = (plain.len() as u16).to_be_bytes();
        length.into_iter().chain(plain.iter().map(|byte| byte ^ self.key)).collect()
    }

    /// Takes bytes from the wire; whole records come out in `plain`.
    ///
    /// # Errors
    /// `InvalidData` for what is not this cipher.
    pub fn open(&mut self, wire: &[u8], plain: &mut Vec<u8>) -> io::Result<()> {
        self.received.extend_from_slice(wire);
        if !self.greeted {
            let compared = MAGIC.len().min(self.received.len());
            if self.received[..compared] != MAGIC[..compared] {
                return Err(io::Error::new(ErrorKind::InvalidData, "the peer does not speak the cipher"));
            }
            if compared < MAGIC.len() {
                return Ok(());
            }
            self.received.drain(..compared);
            self.greeted = true;
        }
        let mut used = 0;
        while let [high, low, rest @ ..] = &self.received[used..]
            && let length = usize::from(u16::from_be_bytes([*high, *low]))
            && rest.len() >= length
        {
            self.goodbye |= length == 0;
            plain.extend(rest[..length].iter().map(|byte| byte ^ self.key));
            used += 2 + length;
        }
        self.received.drain(..used);
        Ok(())
    }
}

/// A socket whose bytes are encrypted.
pub struct CipherStream {
    socket: TcpStream,
    cipher: Cipher,
    /// Decrypted, not read yet.
    plain: Vec<u8>,
    /// Encrypted, not sent yet.
    sealed: Vec<u8>,
    said_goodbye: bool,
}

impl CipherStream {
    /// Speaks first: the magic word waits to be sent.
    pub fn new(socket: TcpStream, key: u8) -> CipherStream {
        let sealed = MAGIC.to_vec();
        CipherStream { socket, cipher: Cipher::new(key), plain: Vec::new(), sealed, said_goodbye: false }
    }
}

impl Stream for CipherStream {
    // A read that brings little may have stopped at the end of a record, with the next one waiting.
    const SHORT_READ_DRAINS: bool = false;

    fn socket(&mut self) -> &mut TcpStream {
        &mut self.socket
    }

    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        while self.plain.is_empty() {
            if self.cipher.goodbye {
                return Ok(0);
            }
            let mut wire = [0; RECORD];
            match Read::read(&mut self.socket, &mut wire)? {
                0 => return Err(ErrorKind::UnexpectedEof.into()),
                count => self.cipher.open(&wire[..count], &mut self.plain)?,
            }
        }
        let count = self.plain.len().min(into.len());
        into[..count].copy_from_slice(&self.plain[..count]);
        self.plain.drain(..count);
        Ok(count)
    }

    fn write(&mut self, parts: &[IoSlice<'_>]) -> io::Result<usize> {
        if self.sealed.len() >= HELD {
            self.flush()?;
        }
        let mut taken = 0;
        for part in parts.iter().flat_map(|part| part.chunks(RECORD)) {
            if self.sealed.len() >= HELD {
                break;
            }
            let record = self.cipher.seal(part);
            self.sealed.extend_from_slice(&record);
            taken += part.len();
        }
        Ok(taken)
    }

    fn flush(&mut self) -> io::Result<()> {
        while self.holds_output() {
            let count = Write::write(&mut self.socket, &self.sealed)?;
            self.sealed.drain(..count);
        }
        Ok(())
    }

    fn holds_output(&self) -> bool {
        !self.sealed.is_empty()
    }

    fn finish(&mut self) -> io::Result<()> {
        if !std::mem::replace(&mut self.said_goodbye, true) {
            let goodbye = self.cipher.seal(b"");
            self.sealed.extend_from_slice(&goodbye);
        }
        self.flush()?;
        match self.socket.shutdown(Shutdown::Write) {
            Err(error) if error.kind() == ErrorKind::NotConnected => Ok(()),
            other => other,
        }
    }
}
