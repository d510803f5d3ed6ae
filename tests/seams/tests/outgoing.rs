//! A proxy: connections in, connections out, and what flows between them.

use std::io::{ErrorKind, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::time::Duration;

use poll::Limits;
use seams::proxy::{Pairs, Proxy};
use seams::{Running, run};

fn proxy(upstream: SocketAddr) -> Running {
    run::<Proxy, _>(Limits::default(), |socket| socket, move || Pairs::new(upstream))
}

fn patient(socket: TcpStream) -> TcpStream {
    socket.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    socket.set_write_timeout(Some(Duration::from_secs(20))).unwrap();
    socket
}

/// A client, and its connection's far end.
fn pair(upstream: &TcpListener, proxy: &Running) -> (TcpStream, TcpStream) {
    let client = patient(TcpStream::connect(proxy.address).unwrap());
    (client, patient(upstream.accept().unwrap().0))
}

#[track_caller]
fn receives(socket: &mut TcpStream, expected: &[u8]) {
    let mut got = vec![0; expected.len()];
    socket.read_exact(&mut got).unwrap();
    assert_eq!(got.escape_ascii().to_string(), expected.escape_ascii().to_string());
}

#[track_caller]
fn receives_end(socket: &mut TcpStream) {
    assert_eq!(socket.read(&mut [0; 10]).expect("a FIN, no RST"), 0);
}

#[test]
fn bytes_go_both_ways_and_pairs_are_kept_apart() {
    let upstream = TcpListener::bind("127.0.0.1:0").unwrap();
    let proxy = proxy(upstream.local_addr().unwrap());
    let mut pairs: Vec<_> = (0..20).map(|_| pair(&upstream, &proxy)).collect();
    for (n, (client, server)) in pairs.iter_mut().enumerate().rev() {
        client.write_all(format!("request {n}").as_bytes()).unwrap();
        receives(server, format!("request {n}").as_bytes());
    }
    for (n, (client, server)) in pairs.iter_mut().enumerate() {
        server.write_all(format!("answer {n}").as_bytes()).unwrap();
        receives(client, format!("answer {n}").as_bytes());
    }
}

#[test]
fn a_half_close_is_passed_on_and_the_answer_still_comes() {
    let upstream = TcpListener::bind("127.0.0.1:0").unwrap();
    let proxy = proxy(upstream.local_addr().unwrap());
    let (mut client, mut server) = pair(&upstream, &proxy);
    client.write_all(b"that is all").unwrap();
    client.shutdown(Shutdown::Write).unwrap();
    receives(&mut server, b"that is all");
    receives_end(&mut server);
    server.write_all(b"the answer").unwrap();
    receives(&mut client, b"the answer");
    drop(server);
    receives_end(&mut client);
}

#[test]
fn what_was_sent_before_the_connection_stood_arrives_with_its_end() {
    let upstream = TcpListener::bind("127.0.0.1:0").unwrap();
    let proxy = proxy(upstream.local_addr().unwrap());
    for _ in 0..50 {
        let mut client = patient(TcpStream::connect(proxy.address).unwrap());
        client.write_all(b"in a hurry").unwrap();
        client.shutdown(Shutdown::Write).unwrap();
        let mut server = patient(upstream.accept().unwrap().0);
        receives(&mut server, b"in a hurry");
        receives_end(&mut server);
    }
}

#[test]
fn a_refused_upstream_ends_the_client_politely_and_the_next_one_is_served_alike() {
    // Bound and not listening: nobody else gets the port, and connecting is refused.
    let silent = socket2::Socket::new(socket2::Domain::IPV4, socket2::Type::STREAM, None).unwrap();
    silent.bind(&SocketAddr::from(([127, 0, 0, 1], 0)).into()).unwrap();
    let proxy = proxy(silent.local_addr().unwrap().as_socket().unwrap());
    for _ in 0..3 {
        let mut client = patient(TcpStream::connect(proxy.address).unwrap());
        client.write_all(b"anybody there?").unwrap();
        receives_end(&mut client);
    }
}

#[test]
fn a_client_that_resets_takes_its_far_end_with_it_and_no_other() {
    let upstream = TcpListener::bind("127.0.0.1:0").unwrap();
    let proxy = proxy(upstream.local_addr().unwrap());
    let (mut other, mut others_server) = pair(&upstream, &proxy);
    let (mut client, mut server) = pair(&upstream, &proxy);
    // Unread bytes make the close a reset.
    server.write_all(b"never read").unwrap();
    client.peek(&mut [0]).unwrap();
    client.write_all(b"x").unwrap();
    drop(client);
    receives(&mut server, b"x");
    receives_end(&mut server);
    other.write_all(b"still here").unwrap();
    receives(&mut others_server, b"still here");
}

#[test]
fn sixty_four_megabytes_each_way_pass_through_little_memory() {
    const TOTAL: usize = 64 << 20;
    let upstream = TcpListener::bind("127.0.0.1:0").unwrap();
    let proxy = proxy(upstream.local_addr().unwrap());
    for upward in [true, false] {
        let (client, server) = pair(&upstream, &proxy);
        let (mut sender, mut reader) = if upward { (client, server) } else { (server, client) };
        let before = memory();
        let stuck = {
            // Nobody reads. What goes in is what the kernel's buffers and the proxy hold.
            sender.set_nonblocking(true).unwrap();
            sender.set_write_timeout(None).unwrap();
            let mut stuck = 0;
            let mut quiet = 0;
            while quiet < 20 {
                match sender.write(&[0; 65_536]) {
                    Ok(count) => (stuck, quiet) = (stuck + count, 0),
                    Err(error) if error.kind() == ErrorKind::WouldBlock => {
                        quiet += 1;
                        std::thread::park_timeout(Duration::from_millis(5));
                    }
                    Err(error) => panic!("{error}"),
                }
                assert!(stuck < TOTAL, "all of it is somewhere, and nobody has read a byte");
            }
            sender.set_nonblocking(false).unwrap();
            stuck
        };
        let sending = std::thread::spawn(move || {
            let block = [0; 65_536];
            let mut left = TOTAL - stuck;
            while left > 0 {
                let count = left.min(block.len());
                sender.write_all(&block[..count]).unwrap();
                left -= count;
            }
            sender.shutdown(Shutdown::Write).unwrap();
            sender
        });
        let received = std::io::copy(&mut reader, &mut std::io::sink()).unwrap();
        assert_eq!(received, TOTAL as u64);
        drop(sending.join().unwrap());
        let grown = memory().saturating_sub(before);
        assert!(grown < 8 << 20, "64 MiB went through and the process grew by {grown} bytes");
    }
}

/// The most memory that this process has used, in bytes. The sockets' buffers are the kernel's.
fn memory() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap_or("0");
    line.split_whitespace().next().unwrap().parse::<u64>().unwrap() * 1024
}
