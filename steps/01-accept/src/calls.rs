//! The six calls, each as thin as it can be: one function, one system call, its answer.
//!
//! A server makes the first three once ([`socket`], [`bind`], [`listen`]), then [`accept`] once for each client and
//! [`recv`] and [`send`] as long as that client stays. All of them block: the thread sleeps in the kernel until there
//! is an answer. Rung 02 lifts that.

use std::io::{self, Read};
use std::net::SocketAddr;

use socket2::{Domain, Protocol, SockAddr, Socket, Type};

/// How many clients may wait for `accept` in the sockets of all rungs.
///
/// Linux cuts it to `net.core.somaxconn`, which is 4096 since Linux 5.4; macOS cuts it to 128.
/// The standard library asks for 128, nginx for 511.
pub const BACKLOG: i32 = 4096;

/// `socket(2)`: a TCP socket that has no address yet.
///
/// The kernel answers with a descriptor, the smallest free number. It is closed when this process runs another program
/// (`SOCK_CLOEXEC`), which C does not do unasked.
///
/// # Errors
/// `EMFILE` when the process has no descriptor left, `EAFNOSUPPORT` when the machine has no IPv6.
pub fn socket(address: SocketAddr) -> io::Result<Socket> {
    Socket::new(Domain::for_address(address), Type::STREAM, Some(Protocol::TCP))
}

/// `setsockopt(2)` with `SO_REUSEADDR`: [`bind`] may take a port although connections in `TIME_WAIT` still hold it.
///
/// Not one of the six, but no server lives without it. Whoever closes a connection first keeps its address pair for a
/// minute (`TIME_WAIT`), so that a late segment of the old connection is not taken for data of a new one. A server
/// that stops while clients are connected closes first; its restart would meet `EADDRINUSE` for that minute.
/// Two sockets that listen on the same port are refused all the same. `TcpListener::bind` sets it and does not say so.
///
/// # Errors
/// None that a program in order meets.
pub fn reuse_address(socket: &Socket) -> io::Result<()> {
    socket.set_reuse_address(true)
}

/// `bind(2)`: this socket's own address. Port 0 asks the kernel for any free port.
///
/// # Errors
/// `EADDRINUSE`: somebody holds the port. `EACCES`: ports below 1024 are root's. `EADDRNOTAVAIL`: no interface of this
/// machine has the address.
pub fn bind(socket: &Socket, address: SocketAddr) -> io::Result<()> {
    socket.bind(&SockAddr::from(address))
}

/// `listen(2)`: from here on the kernel completes handshakes by itself, and keeps up to `backlog` finished connections
/// in a queue until [`accept`] fetches them.
///
/// So a client may be connected, and may have sent bytes, before the server knows of it.
/// Linux lets one more wait than `backlog` says.
///
/// # Errors
/// `EADDRINUSE`, when two sockets bound the same port with `SO_REUSEADDR` and the other one listens already.
pub fn listen(socket: &Socket, backlog: i32) -> io::Result<()> {
    socket.listen(backlog)
}

/// `accept(2)`: takes the first finished connection out of the queue, as a new socket. The listener stays as it was.
///
/// Sleeps while the queue is empty.
///
/// # Errors
/// `EMFILE`: no descriptor left; the connection stays in the queue. `ECONNABORTED`: the client was gone before we
/// came, which is no reason to stop listening. Linux also hands over network errors of the new connection here.
pub fn accept(listener: &Socket) -> io::Result<(Socket, SocketAddr)> {
    let (socket, peer) = retry(|| listener.accept())?;
    let peer = peer.as_socket().ok_or_else(|| io::Error::other("the peer has no IP address"))?;
    Ok((socket, peer))
}

/// `recv(2)`: the bytes that have come, at most as many as fit into `buffer`; 0 means that no more will come (FIN).
///
/// TCP is a stream of bytes. What the peer sent with one `send` may come in several pieces, and several `send`s in one
/// piece. Sleeps while there are none.
///
/// # Errors
/// `ECONNRESET`: the peer threw the connection away (RST).
pub fn recv(mut socket: &Socket, buffer: &mut [u8]) -> io::Result<usize> {
    // socket2's `recv` wants memory that need not be initialized; its `Read` is the same call for plain bytes.
    retry(|| socket.read(buffer))
}

/// `send(2)`: copies bytes into the kernel's send buffer. The answer is how many it took, perhaps fewer than asked.
///
/// That they were taken does not mean that they arrived. Sleeps while the buffer is full. Linux takes all from a
/// blocking socket unless a signal comes between, from a non-blocking one (rung 02) only what fits.
///
/// # Errors
/// `EPIPE` or `ECONNRESET`: the peer has closed or reset the connection. `EPIPE` comes with the signal SIGPIPE, which
/// ends a C program that does not expect it. Rust's runtime sets SIGPIPE to ignored before `main`, so only the
/// error is left.
pub fn send(socket: &Socket, bytes: &[u8]) -> io::Result<usize> {
    retry(|| socket.send(bytes))
}

/// [`send`] until all of `bytes` are in the kernel's hands. Returns how many calls it took.
///
/// The standard library hides this loop in `write_all`, which cannot say afterwards how far it came.
///
/// # Errors
/// As [`send`].
pub fn send_all(socket: &Socket, bytes: &[u8]) -> io::Result<usize> {
    all(bytes, |rest| send(socket, rest))
}

// ANCHOR: all
fn all(bytes: &[u8], mut send: impl FnMut(&[u8]) -> io::Result<usize>) -> io::Result<usize> {
    let (mut sent, mut calls) = (0, 0);
    while sent < bytes.len() {
        match send(&bytes[sent..])? {
            0 => return Err(io::ErrorKind::WriteZero.into()),
            taken => sent += taken,
        }
        calls += 1;
    }
    Ok(calls)
}
// ANCHOR_END: all

/// Calls again after `EINTR`: a signal woke the thread before there was an answer. Nothing was lost, nothing is wrong.
fn retry<T>(mut call: impl FnMut() -> io::Result<T>) -> io::Result<T> {
    loop {
        match call() {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            answer => return answer,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Two ends of a connection on loopback, made of the six calls.
    fn pair() -> (Socket, Socket) {
        let any = SocketAddr::from(([127, 0, 0, 1], 0));
        let listener = socket(any).unwrap();
        bind(&listener, any).unwrap();
        listen(&listener, 0).unwrap();
        let address = listener.local_addr().unwrap();
        let client = socket(any).unwrap();
        client.connect(&address).unwrap();
        let (server, peer) = accept(&listener).unwrap();
        assert_eq!(Some(peer), client.local_addr().unwrap().as_socket());
        (client, server)
    }

    #[test]
    fn accept_fetches_a_connection_as_a_socket_of_its_own() {
        let (client, server) = pair();
        assert_eq!(server.peer_addr().unwrap().as_socket(), client.local_addr().unwrap().as_socket());
    }

    #[test]
    fn what_is_sent_is_received_and_zero_is_the_end() {
        let (client, server) = pair();
        assert_eq!(send_all(&client, b"hello").unwrap(), 1);
        drop(client);
        let mut buffer = [0; 3];
        assert_eq!((recv(&server, &mut buffer).unwrap(), &buffer), (3, b"hel"));
        assert_eq!((recv(&server, &mut buffer).unwrap(), &buffer[..2]), (2, &b"lo"[..]));
        assert_eq!(recv(&server, &mut buffer).unwrap(), 0);
    }

    #[test]
    fn sending_to_a_peer_that_reset_is_an_error_and_not_a_signal() {
        let (client, server) = pair();
        server.set_linger(Some(std::time::Duration::ZERO)).unwrap();
        drop(server); // With a linger time of zero: RST.
        assert_eq!(recv(&client, &mut [0; 1]).unwrap_err().kind(), io::ErrorKind::ConnectionReset);
        assert_eq!(send(&client, b"x").unwrap_err().kind(), io::ErrorKind::BrokenPipe);
    }

    #[test]
    fn what_a_send_did_not_take_is_sent_by_the_next() {
        let mut taken = Vec::new();
        let calls = all(b"0123456789", |rest| {
            let part = &rest[..rest.len().min(4)];
            taken.extend_from_slice(part);
            Ok(part.len())
        });
        assert_eq!((calls.unwrap(), &taken[..]), (3, &b"0123456789"[..]));
    }

    #[test]
    fn a_send_that_takes_nothing_does_not_loop_for_ever() {
        assert_eq!(all(b"x", |_| Ok(0)).unwrap_err().kind(), io::ErrorKind::WriteZero);
        assert_eq!(all(b"", |_| Ok(0)).unwrap(), 0);
    }

    #[test]
    fn a_call_that_a_signal_interrupted_is_made_again() {
        let mut answers =
            [Err(io::ErrorKind::Interrupted.into()), Err(io::ErrorKind::Interrupted.into()), Ok(7)]
                .into_iter();
        assert_eq!(retry(|| answers.next().unwrap()).unwrap(), 7);
    }
}
