//! recv(2) and send(2) themselves. An extra: `Read` and `Write` of the socket do the same.
//!
//! pthreads(7) lists both as points where a thread can be cancelled. So in a program of several threads the C library makes ready for
//! that before each call, and takes it back behind it: for a question and its answer 150 instructions, some of them atomic. Nobody
//! cancels a thread here. rustix asks the kernel directly.

use std::io::{self, IoSlice};

use mio::net::TcpStream;
use rustix::net::{RecvFlags, SendAncillaryBuffer, SendFlags};

/// Reads what is there.
pub(crate) fn recv(stream: &TcpStream, into: &mut [u8]) -> io::Result<usize> {
    let (count, _) = rustix::net::recv(stream, into, RecvFlags::empty())?;
    Ok(count)
}

/// Sends from the front of `parts`.
pub(crate) fn send(stream: &TcpStream, parts: &[IoSlice<'_>]) -> io::Result<usize> {
    send_with(stream, parts, SendFlags::empty())
}

/// send(2), MSG_MORE: "The caller has more data to send." So the head of an answer leaves in the first segment of its
/// file, and not in one of its own.
pub(crate) fn send_more(stream: &TcpStream, parts: &[IoSlice<'_>]) -> io::Result<usize> {
    send_with(stream, parts, SendFlags::MORE)
}

fn send_with(stream: &TcpStream, parts: &[IoSlice<'_>], flags: SendFlags) -> io::Result<usize> {
    // Without it a peer that is gone would end us with SIGPIPE, in a program that did not have it ignored.
    let flags = flags | SendFlags::NOSIGNAL;
    let sent = match parts {
        // sendmsg costs more than send, and one part is by far the most frequent case.
        [only] => rustix::net::send(stream, only, flags),
        _ => rustix::net::sendmsg(stream, parts, &mut SendAncillaryBuffer::default(), flags),
    };
    Ok(sent?)
}
