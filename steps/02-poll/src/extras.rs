//! What only later rungs need: sending files (06) and outgoing connections (15).

use std::fs::File;
use std::io::{self, IoSlice};

use mio::net::TcpStream;

use crate::stream::Stream;

/// How much of a file is in memory at once where the kernel cannot send it by itself.
const COPY: usize = 64 * 1024;

/// Sends a part of a file through memory: read, then write. For any stream, on any system.
///
/// What was read but not taken by the stream is read again next time. That is wasted work only when the
/// socket is full, and then there is time.
pub(crate) fn copy_file<S: Stream + ?Sized>(
    stream: &mut S,
    file: &File,
    offset: u64,
    length: usize,
) -> io::Result<usize> {
    let mut buffer = vec![0; length.min(COPY)];
    match read_at(file, &mut buffer, offset)? {
        0 => Ok(0),
        count => stream.write(&[IoSlice::new(&buffer[..count])]),
    }
}

#[cfg(unix)]
fn read_at(file: &File, into: &mut [u8], offset: u64) -> io::Result<usize> {
    std::os::unix::fs::FileExt::read_at(file, into, offset)
}

/// Sends a part of a file inside the kernel: its bytes never come to us.
#[cfg(target_os = "linux")]
pub(crate) fn sendfile(stream: &TcpStream, file: &File, offset: u64, length: usize) -> io::Result<usize> {
    let mut offset = offset;
    Ok(rustix::fs::sendfile(stream, file, Some(&mut offset), length)?)
}

/// Looks whether an outgoing connection stands.
///
/// A writable event says only that `connect` is over, not how it went: the error waits in the socket
/// (SO_ERROR). `Ok(false)`: not yet.
pub(crate) fn is_connected(socket: &TcpStream) -> io::Result<bool> {
    if let Some(error) = socket.take_error()? {
        return Err(error);
    }
    match socket.peer_addr() {
        Ok(_) => Ok(true),
        Err(error) if error.kind() == io::ErrorKind::NotConnected => Ok(false),
        Err(error) => Err(error),
    }
}
