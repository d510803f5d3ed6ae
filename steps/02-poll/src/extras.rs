//! What only later rungs need: sending files (06) and outgoing connections (15).

use std::fs::File;
use std::io::{self, IoSlice};
use std::net::SocketAddr;

use mio::net::TcpStream;

use crate::deadlines::Whose;
use crate::event_loop::EventLoop;
use crate::net::Connect;
use crate::port::{Phase, Todo};
use crate::stream::Stream;
use crate::{ConnId, Entry, Opened, World};

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
pub(crate) fn sendfile(stream: &mut TcpStream, file: &File, offset: u64, length: usize) -> io::Result<usize> {
    let mut from = offset;
    match rustix::fs::sendfile(&*stream, file, Some(&mut from), length) {
        // sendfile(2): "Applications may wish to fall back to read(2) and write(2) in the case where
        // sendfile() fails with EINVAL or ENOSYS", as it does on some file systems.
        Err(rustix::io::Errno::INVAL | rustix::io::Errno::NOSYS) => copy_file(stream, file, offset, length),
        sent => Ok(sent?),
    }
}

/// An outgoing connection that does not stand yet. There are few, and never for long.
pub(crate) struct Connecting {
    id: ConnId,
    socket: TcpStream,
    to: SocketAddr,
    tag: u64,
}

impl<P: Entry, S: Stream> EventLoop<P, S> {
    /// Step 6 of the turn: begins the outgoing connections that callbacks asked for.
    pub(crate) fn connect(&mut self, world: &mut P::World) {
        for Connect { id, to, tag } in std::mem::take(&mut self.net.connects) {
            let begun = if self.net.is_stopping() {
                Err(io::Error::other("the server is stopping"))
            } else {
                TcpStream::connect(to).and_then(|mut socket| {
                    self.register(&mut socket, id)?;
                    Ok(socket)
                })
            };
            match begun {
                Ok(socket) => {
                    self.connecting.push(Connecting { id, socket, to, tag });
                    let at = self.net.now + self.net.limits.connect_timeout;
                    self.net.deadlines.set(Whose::Phase(id), Some(at));
                }
                Err(error) => self.refuse(id, tag, error, world),
            }
        }
    }

    /// An event came for an outgoing connection that did not stand yet.
    pub(crate) fn connect_progress(&mut self, id: ConnId, world: &mut P::World) {
        let Some(index) = self.connecting.iter().position(|connecting| connecting.id == id) else { return };
        match is_connected(&self.connecting[index].socket) {
            Ok(false) => {}
            Ok(true) => {
                let Connecting { socket, to, tag, .. } = self.connecting.swap_remove(index);
                if let Some(port) = self.net.ports.get_mut(id) {
                    port.phase = Phase::Open;
                }
                self.net.deadlines.forget(id);
                match self.open(id, socket, Opened::Connected { peer: to, tag }, world) {
                    // The event may have said "readable" too.
                    Ok(()) => self.net.plan(Todo::Serve, id),
                    Err(error) => self.refuse(id, tag, error, world),
                }
            }
            Err(error) => self.connect_failed(id, error, world),
        }
    }

    /// An outgoing connection did not come about.
    pub(crate) fn connect_failed(&mut self, id: ConnId, error: io::Error, world: &mut P::World) {
        if let Some(index) = self.connecting.iter().position(|connecting| connecting.id == id) {
            let Connecting { tag, .. } = self.connecting.swap_remove(index);
            self.refuse(id, tag, error, world);
        }
    }

    fn refuse(&mut self, id: ConnId, tag: u64, error: io::Error, world: &mut P::World) {
        log::debug!("{id} no connection: {error}");
        self.net.remove(id);
        world.connect_failed(id, tag, error, &mut self.net);
    }
}

/// Looks whether an outgoing connection stands.
///
/// A writable event says only that `connect` is over, not how it went: the error waits in the socket
/// (SO_ERROR). `Ok(false)`: not yet.
fn is_connected(socket: &TcpStream) -> io::Result<bool> {
    if let Some(error) = socket.take_error()? {
        return Err(error);
    }
    match socket.peer_addr() {
        Ok(_) => Ok(true),
        Err(error) if error.kind() == io::ErrorKind::NotConnected => Ok(false),
        Err(error) => Err(error),
    }
}
