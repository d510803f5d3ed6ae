//! Rung 01: an echo server of six calls that says what the kernel answered to each.
//!
//! One thread, blocking: while one client is served, the next one waits in the kernel's backlog. A second thread, which
//! serves nobody, shows the state of the sockets and who waits.

mod onlooker;

use std::io;
use std::net::SocketAddr;
use std::os::fd::AsRawFd;
use std::process::ExitCode;
use std::thread;
use std::time::Duration;

use accept::calls::{self, BACKLOG};
use accept::{Arguments, Failure, Misuse, Usage, announce, explain, program};
use log::{info, warn};
use socket2::{SockAddr, Socket};

const USAGE: Usage = Usage {
    text: "\
Echoes bytes to one client at a time and says what the kernel answered to each of the six calls.
Ctrl-C ends it at once, in the middle of the call it sleeps in; rung 02 stops politely.

  --no-reuse-addr      do not set SO_REUSEADDR. To meet EADDRINUSE: connect with nc, stop this server
                       while nc is connected, start it again within a minute. Who closes first keeps
                       the address pair for that minute (TIME-WAIT)
  --backlog N          how many clients may wait to be accepted",
    switches: &["no-reuse-addr"],
    values: &["backlog"],
};

/// How many bytes one `recv` may fetch. Small, so that a pasted page comes in several pieces.
const BUFFER: usize = 4096;

fn main() -> ExitCode {
    program(&USAGE, serve)
}

fn serve(arguments: Arguments) -> Result<(), Failure> {
    let reuse_address = !arguments.switch("no-reuse-addr");
    let listener = open(arguments.listen, reuse_address, backlog(&arguments)?)
        .map_err(|error| explain(arguments.listen, reuse_address, &error))?;
    let local = address(listener.local_addr()?)?;
    announce("tcp", local);
    thread::Builder::new().spawn(move || onlooker::look_on(local))?;

    let fd = listener.as_raw_fd();
    // ANCHOR: accept
    loop {
        info!("accept({fd}) sleeps until a client comes");
        match calls::accept(&listener) {
            Ok((client, peer)) => serve_one(client, peer),
            // One client's misfortune (ECONNABORTED) is no reason to stop serving the others. Having no descriptor left
            // (EMFILE) does not pass at once, so wait before trying again.
            Err(error) => {
                warn!("accept({fd}): {error}");
                thread::sleep(Duration::from_millis(100));
            }
        }
    }
    // ANCHOR_END: accept
}

/// The first three calls, once for the server.
fn open(wanted: SocketAddr, reuse_address: bool, backlog: i32) -> io::Result<Socket> {
    let listener = calls::socket(wanted)?;
    let fd = listener.as_raw_fd();
    info!("socket({}, SOCK_STREAM) = {fd}", if wanted.is_ipv4() { "AF_INET" } else { "AF_INET6" });
    if reuse_address {
        calls::reuse_address(&listener)?;
        info!("setsockopt({fd}, SO_REUSEADDR, 1) = 0");
    }
    calls::bind(&listener, wanted)?;
    let local = address(listener.local_addr()?)?;
    info!("bind({fd}, {wanted}) = 0, the socket's address is {local}");
    calls::listen(&listener, backlog)?;
    info!("listen({fd}, {backlog}) = 0");
    Ok(listener)
}

/// The other three calls, for one client until it leaves. However it leaves, the server goes on.
fn serve_one(client: Socket, peer: SocketAddr) {
    let fd = client.as_raw_fd();
    let local = match client.local_addr().and_then(address) {
        Ok(local) => local,
        Err(error) => return info!("accept() = {fd}, but {peer} has left again: {error}"),
    };
    info!("accept() = {fd}, {peer} came to {local}");
    match echo(&client) {
        Ok(bytes) => info!("{peer} sends no more; {bytes} bytes echoed"),
        // ECONNRESET: the peer threw the connection away. EPIPE: we sent on one that it threw away before.
        Err(error) => info!("{peer} is gone: {error}"),
    }
    drop(client);
    info!("close({fd})");
}

/// Sends every byte back until the peer has sent its last. Returns how many there were.
fn echo(client: &Socket) -> io::Result<u64> {
    let fd = client.as_raw_fd();
    let mut buffer = [0; BUFFER];
    let mut bytes = 0;
    // ANCHOR: echo
    loop {
        let count = calls::recv(client, &mut buffer)?;
        let received = &buffer[..count];
        if received.is_empty() {
            info!("recv({fd}) = 0: FIN has come, our side is in CLOSE-WAIT until we close");
            return Ok(bytes);
        }
        info!("recv({fd}) = {count}, {}", excerpt(received));
        let calls = calls::send_all(client, received)?;
        info!("send({fd}) = {count}{}", if calls > 1 { ", in several calls" } else { "" });
        bytes += count as u64;
    }
    // ANCHOR_END: echo
}

/// The first bytes, fit for a terminal: what a client sends must not move our cursor.
fn excerpt(bytes: &[u8]) -> String {
    const SHOWN: usize = 40;
    let dots = if bytes.len() > SHOWN { "..." } else { "" };
    format!("\"{}\"{dots}", bytes[..bytes.len().min(SHOWN)].escape_ascii())
}

fn backlog(arguments: &Arguments) -> Result<i32, Failure> {
    let Some(given) = arguments.value("backlog") else { return Ok(BACKLOG) };
    let number = given.to_str().and_then(|text| text.parse().ok()).filter(|number| *number >= 0);
    number.ok_or_else(|| Misuse(format!("--backlog {given:?}: give a number, 0 or more")).into())
}

fn address(address: SockAddr) -> io::Result<SocketAddr> {
    address.as_socket().ok_or_else(|| io::Error::other("not an IP address"))
}

#[cfg(test)]
mod tests {
    use super::*;

    const ANY: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(std::net::Ipv4Addr::LOCALHOST), 0);

    /// A client of a server that `open` made, and the server's end of their connection.
    fn pair() -> (Socket, Socket, SocketAddr) {
        let listener = open(ANY, true, 1).expect("a socket that listens");
        let client = calls::socket(ANY).unwrap();
        client.connect(&listener.local_addr().unwrap()).expect("listen lets clients connect");
        client.set_read_timeout(Some(Duration::from_secs(5))).unwrap();
        let (server, peer) = calls::accept(&listener).unwrap();
        server.set_read_timeout(Some(Duration::from_secs(5))).unwrap();
        (client, server, peer)
    }

    #[test]
    fn an_open_listener_has_its_port_and_listens() {
        let listener = open(ANY, true, 1).unwrap();
        assert!(listener.reuse_address().unwrap(), "SO_REUSEADDR is set");
        assert_ne!(address(listener.local_addr().unwrap()).unwrap().port(), 0, "bind chose a port");
        assert!(calls::socket(ANY).unwrap().connect(&listener.local_addr().unwrap()).is_ok(), "it listens");
        assert!(!open(ANY, false, 1).unwrap().reuse_address().unwrap(), "--no-reuse-addr");
    }

    #[test]
    fn an_echo_sends_back_what_came_and_ends_at_fin() {
        let (client, server, _) = pair();
        let sent = b"one send, but more bytes than one recv fetches\n".repeat(100);
        calls::send_all(&client, &sent).unwrap();
        client.shutdown(std::net::Shutdown::Write).unwrap(); // Our FIN: recv returns 0 at the server.
        assert_eq!(echo(&server).unwrap(), sent.len() as u64);
        drop(server);
        let mut came = Vec::new();
        io::Read::read_to_end(&mut &client, &mut came).unwrap();
        assert_eq!(came.escape_ascii().to_string(), sent.escape_ascii().to_string());
    }

    #[test]
    fn one_client_that_resets_is_no_reason_to_stop() {
        let (client, server, peer) = pair();
        client.set_linger(Some(Duration::ZERO)).unwrap();
        drop(client); // With a linger time of zero: RST.
        serve_one(server, peer);
    }

    #[test]
    fn who_is_served_is_echoed_and_then_closed() {
        let (client, server, peer) = pair();
        calls::send_all(&client, b"hello").unwrap();
        client.shutdown(std::net::Shutdown::Write).unwrap();
        serve_one(server, peer);
        let mut came = Vec::new();
        io::Read::read_to_end(&mut &client, &mut came).expect("the answer, then FIN");
        assert_eq!(came, b"hello");
    }
}
