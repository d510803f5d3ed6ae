//! A protocol that knows nothing of encryption, on a stream that encrypts.

use std::io::{ErrorKind, Write};
use std::net::{Shutdown, TcpStream};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::Duration;

use poll::{Chunk, ConnId, Ended, Entry, Io, Limits, Net, Opened, Protocol, World};
use seams::cipher::CipherStream;
use seams::client::Client;
use seams::{Running, run};

const KEY: u8 = 0x5a;

/// The echo of rung 02, which tells how each connection ended.
struct Echo;

struct Ends(Sender<Ended>);

impl World for Ends {}

impl Entry for Echo {
    fn open(_: Opened, _: &mut Ends, _: &mut Io<'_>) -> Echo {
        Echo
    }
}

impl Protocol for Echo {
    type World = Ends;

    fn data(&mut self, bytes: &mut [u8], _: &mut Ends, io: &mut Io<'_>) -> usize {
        io.out().extend_from_slice(bytes);
        if bytes.ends_with(b"exe please") {
            let path = std::env::current_exe().expect("this program has a path");
            let file = std::fs::File::open(path).expect("and can be read");
            let range = 0..file.metadata().expect("it has a size").len();
            io.push(Chunk::File { file: file.into(), range });
        }
        bytes.len()
    }

    fn closed(&mut self, _: ConnId, why: Ended, ends: &mut Ends, _: &mut Net) {
        // The test may be over.
        let _ = ends.0.send(why);
    }
}

fn server(limits: Limits) -> (Running, Receiver<Ended>) {
    let (tell, told) = channel();
    (run::<Echo, _>(limits, |socket| CipherStream::new(socket, KEY), || Ends(tell)), told)
}

fn why(told: &Receiver<Ended>) -> Ended {
    told.recv_timeout(Duration::from_secs(10)).expect("the connection ends")
}

#[test]
fn an_echo_travels_encrypted_and_ends_with_a_goodbye() {
    let (server, ended) = server(Limits::default());
    let mut client = Client::new(server.address, KEY);
    client.sends(b"hello");
    client.receives(b"hello");
    client.says_goodbye();
    client.receives_goodbye_and_end();
    client.socket.shutdown(Shutdown::Write).unwrap();
    assert_eq!(why(&ended), Ended::Closed);
}

#[test]
fn records_cut_anywhere_are_the_same_bytes() {
    let (server, _ended) = server(Limits::default());
    let mut client = Client::new(server.address, KEY);
    client.socket.set_nodelay(true).unwrap();
    let wire = [client.sealed(b"one"), client.sealed(b"two, a little longer")].concat();
    for at in 0..=wire.len() {
        client.socket.write_all(&wire[..at]).unwrap();
        client.socket.write_all(&wire[at..]).unwrap();
        client.receives(b"onetwo, a little longer");
    }
    for byte in &wire {
        client.socket.write_all(&[*byte]).unwrap();
    }
    client.receives(b"onetwo, a little longer");
}

#[test]
fn many_records_in_one_packet_are_all_read_though_one_event_comes() {
    let (server, _ended) = server(Limits::default());
    let mut client = Client::new(server.address, KEY);
    for _ in 0..20 {
        let wire: Vec<u8> = (0..2000).flat_map(|_| client.sealed(b"0123456789")).collect();
        client.socket.write_all(&wire).unwrap();
        client.receives(&b"0123456789".repeat(2000));
    }
}

#[test]
fn megabytes_go_through_against_backpressure_and_come_back_whole() {
    let (server, ended) = server(Limits { pending: 10_000, ..Limits::default() });
    let mut client = Client::new(server.address, KEY);
    let message: Vec<u8> = (0..8_000_000u32).map(|n| (n.wrapping_mul(2_654_435_761) >> 13) as u8).collect();
    let wire = client.sealed(&message);
    let mut socket = client.socket.try_clone().unwrap();
    // Nobody reads what comes back until all is on its way that goes.
    let sending = std::thread::spawn(move || socket.write_all(&wire).unwrap());
    client.receives(&message);
    sending.join().unwrap();
    client.says_goodbye();
    client.receives_goodbye_and_end();
    drop(client);
    assert_eq!(why(&ended), Ended::Closed);
}

#[test]
fn a_file_is_encrypted_too() {
    let (server, _ended) = server(Limits::default());
    let mut client = Client::new(server.address, KEY);
    client.sends(b"this exe please");
    client.receives(b"this exe please");
    client.receives(&std::fs::read(std::env::current_exe().unwrap()).unwrap());
}

#[test]
fn a_stream_that_is_cut_off_is_told_apart_from_one_that_ended() {
    let (server, ended) = server(Limits::default());
    let mut client = Client::new(server.address, KEY);
    client.sends(b"transfer 1000 to");
    client.receives(b"transfer 1000 to");
    client.socket.shutdown(Shutdown::Write).unwrap();
    assert_eq!(why(&ended), Ended::Truncated);
}

#[test]
fn who_does_not_speak_the_cipher_is_dropped_and_others_are_served() {
    let (server, ended) = server(Limits::default());
    let mut stranger = TcpStream::connect(server.address).unwrap();
    stranger.write_all(b"GET / HTTP/1.1\r\n\r\n").unwrap();
    assert_eq!(why(&ended), Ended::Failed(ErrorKind::InvalidData));
    let mut client = Client::new(server.address, KEY);
    client.sends(b"hello");
    client.receives(b"hello");
}

#[test]
fn a_server_that_stops_says_goodbye_in_the_stream_too() {
    let (server, ended) = server(Limits::default());
    let mut client = Client::new(server.address, KEY);
    client.sends(b"hello");
    client.receives(b"hello");
    let stopping = std::thread::spawn(move || drop(server));
    client.receives_goodbye_and_end();
    client.says_goodbye();
    drop(client);
    assert_eq!(why(&ended), Ended::Closed);
    stopping.join().unwrap();
}
