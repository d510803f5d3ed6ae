//! What carries the bytes. Plain TCP is the first stream; TLS (rung 13) will be the second.

use std::fs::File;
use std::io::{self, IoSlice};
use std::net::Shutdown;

use mio::net::TcpStream;

/// A non-blocking byte stream on a TCP socket.
///
/// **No call blocks, and none gives up for a reason that will pass**: `WouldBlock` means "not now, an event
/// will come".
pub trait Stream {
    /// Whether a read that filled less than it was given proves that the socket is empty. On plain TCP it
    /// does (unless a FIN or urgent data stand behind the bytes), and one system call per message is saved. A stream
    /// that decodes records cannot promise it.
    const SHORT_READ_DRAINS: bool;

    /// The socket, for the loop to register and to ask.
    fn socket(&mut self) -> &mut TcpStream;

    /// Reads what is there. `Ok(0)`: the peer sends no more. `UnexpectedEof`: it was cut off.
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize>;

    /// Takes bytes from the front of `parts`, and says how many. Fewer than offered is normal.
    fn write(&mut self, parts: &[IoSlice<'_>]) -> io::Result<usize>;

    /// As [`write`](Stream::write), and more follows at once: what was taken may wait for it, to leave in the same segment.
    fn write_more(&mut self, parts: &[IoSlice<'_>]) -> io::Result<usize> {
        self.write(parts)
    }

    /// Hands on what [`holds_output`](Stream::holds_output) speaks of; `WouldBlock` while some is left.
    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }

    /// Whether bytes that `write` took, or that the stream itself must say, still wait in here.
    fn holds_output(&self) -> bool {
        false
    }

    /// Says that we send no more: a FIN, and before it whatever goodbye the stream has of its own. After
    /// `WouldBlock` it is called again.
    fn finish(&mut self) -> io::Result<()> {
        match self.socket().shutdown(Shutdown::Write) {
            // The peer was faster: there is nobody left to tell.
            Err(error) if error.kind() == io::ErrorKind::NotConnected => Ok(()),
            other => other,
        }
    }

    /// Sends up to `length` bytes of `file` from `offset`. `Ok(0)`: the file ends before `offset`.
    fn send_file(&mut self, file: &File, offset: u64, length: usize) -> io::Result<usize> {
        crate::extras::copy_file(self, file, offset, length)
    }
}

impl Stream for TcpStream {
    const SHORT_READ_DRAINS: bool = cfg!(unix);

    fn socket(&mut self) -> &mut TcpStream {
        self
    }

    #[cfg(target_os = "linux")]
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        crate::calls::recv(self, into)
    }

    #[cfg(not(target_os = "linux"))]
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        io::Read::read(self, into)
    }

    #[cfg(target_os = "linux")]
    fn write(&mut self, parts: &[IoSlice<'_>]) -> io::Result<usize> {
        crate::calls::send(self, parts)
    }

    #[cfg(not(target_os = "linux"))]
    fn write(&mut self, parts: &[IoSlice<'_>]) -> io::Result<usize> {
        io::Write::write_vectored(self, parts)
    }

    #[cfg(target_os = "linux")]
    fn write_more(&mut self, parts: &[IoSlice<'_>]) -> io::Result<usize> {
        crate::calls::send_more(self, parts)
    }

    #[cfg(target_os = "linux")]
    fn send_file(&mut self, file: &File, offset: u64, length: usize) -> io::Result<usize> {
        crate::extras::sendfile(self, file, offset, length)
    }
}
