//! A stream that is not plain TCP: it keeps bytes inside in both directions, as one that encrypts does.

use std::io::{self, ErrorKind, IoSlice, Read, Write};
use std::time::Duration;

use mio::net::TcpStream as Socket;
use poll::{Chunk, Limits, Opened, Stream};

use crate::stage::{Script, Server, pattern};

/// Reads the socket in large pieces and hands on small ones; takes output and lets it go only in `flush`.
/// It greets first and says a goodbye of its own, in bytes that the protocol does not know of.
struct Keeping {
    socket: Socket,
    inside: Vec<u8>,
    fin: bool,
    outside: Vec<u8>,
    said_goodbye: bool,
}

/// A real stream keeps a record or two.
const ROOM: usize = 20_000;

impl Keeping {
    fn new(socket: Socket) -> Keeping {
        Keeping { socket, inside: vec![], fin: false, outside: b"<hello>".to_vec(), said_goodbye: false }
    }
}

impl Stream for Keeping {
    const SHORT_READ_DRAINS: bool = false;

    fn socket(&mut self) -> &mut Socket {
        &mut self.socket
    }

    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        if self.inside.is_empty() && !self.fin {
            let mut large = vec![0; ROOM];
            let count = Read::read(&mut self.socket, &mut large)?;
            self.inside.extend_from_slice(&large[..count]);
            self.fin = count == 0;
        }
        let count = self.inside.len().min(into.len()).min(1000);
        into[..count].copy_from_slice(&self.inside[..count]);
        self.inside.drain(..count);
        Ok(count)
    }

    fn write(&mut self, parts: &[IoSlice<'_>]) -> io::Result<usize> {
        if self.outside.len() >= ROOM {
            self.flush()?;
        }
        let mut taken = 0;
        for part in parts {
            let room = ROOM.saturating_sub(self.outside.len());
            let count = room.min(part.len());
            self.outside.extend_from_slice(&part[..count]);
            taken += count;
        }
        Ok(taken)
    }

    fn flush(&mut self) -> io::Result<()> {
        while self.holds_output() {
            let count = Write::write(&mut self.socket, &self.outside)?;
            self.outside.drain(..count);
        }
        Ok(())
    }

    fn holds_output(&self) -> bool {
        !self.outside.is_empty()
    }

    fn finish(&mut self) -> io::Result<()> {
        if !self.said_goodbye {
            self.said_goodbye = true;
            self.outside.extend_from_slice(b"<goodbye>");
        }
        self.flush()?;
        self.socket.shutdown(std::net::Shutdown::Write)
    }
}

fn start(limits: Limits, script: impl FnOnce(crate::stage::Tell) -> Script + Send + 'static) -> Server {
    Server::on(limits, |socket, _: &Opened| Ok(Keeping::new(socket)), |tell, _| script(tell))
}

#[test]
fn it_may_speak_before_the_protocol_does() {
    let server = start(Limits::default(), |_| Script::default());
    let mut client = server.client();
    client.receives("<hello>");
    client.sends("x");
    client.receives("x");
    server.sleeps();
}

#[test]
fn what_it_keeps_inside_is_read_without_another_event() {
    let server = start(Limits::default(), |_| Script::default());
    let mut client = server.client();
    client.receives("<hello>");
    // One packet, one event; twenty reads.
    for _ in 0..20 {
        client.sends(pattern(20_000));
        client.receives(pattern(20_000));
    }
}

#[test]
fn what_it_keeps_outside_leaves_when_there_is_room_again() {
    let server = start(Limits::default(), |_| Script {
        data: Box::new(|bytes, io| {
            io.push(Chunk::Owned(pattern(10 << 20)));
            bytes.len()
        }),
        ..Script::default()
    });
    let mut client = server.client();
    client.sends("x");
    // Until the socket is full and the loop waits.
    server.sleeps();
    client.receives("<hello>");
    client.receives(pattern(10 << 20));
    server.sleeps();
}

#[test]
fn a_paused_connection_goes_on_with_what_the_stream_kept() {
    let server = start(Limits::default(), |tell| Script {
        data: Box::new(move |bytes, io| {
            io.pause();
            let me = io.id();
            io.wake(me);
            tell.send(bytes.len().to_string()).unwrap();
            bytes.len()
        }),
        woken: Box::new(|io| io.resume()),
        ..Script::default()
    });
    let mut client = server.client();
    client.sends(vec![0; 5000]);
    let mut seen = 0;
    while seen < 5000 {
        seen += server.hears().parse::<usize>().unwrap();
    }
}

#[test]
fn its_own_goodbye_comes_behind_the_last_bytes_also_through_a_full_socket() {
    let server = start(Limits::default(), |tell| Script {
        data: Box::new(|bytes, io| {
            io.out().extend_from_slice(&pattern(10 << 20));
            io.close();
            bytes.len()
        }),
        closed: Box::new(move |_, why, _| tell.send(format!("{why:?}")).unwrap()),
        ..Script::default()
    });
    let mut client = server.client();
    client.sends("x");
    server.sleeps();
    client.receives("<hello>");
    client.receives(pattern(10 << 20));
    assert_eq!(client.reads_to_end().unwrap(), b"<goodbye>");
    drop(client);
    assert_eq!(server.hears(), "Closed");
}

#[test]
fn a_file_goes_through_it() {
    let path = std::env::current_exe().unwrap();
    let content = std::fs::read(&path).unwrap();
    let file = std::sync::Arc::new(std::fs::File::open(path).unwrap());
    let length = content.len() as u64;
    let server = start(Limits::default(), move |_| Script {
        data: Box::new(move |bytes, io| {
            io.push(Chunk::File { file: file.clone(), range: 0..length });
            io.close();
            bytes.len()
        }),
        ..Script::default()
    });
    let mut client = server.client();
    client.sends("x");
    client.receives("<hello>");
    let all = client.reads_to_end().unwrap();
    assert!(all.strip_suffix(b"<goodbye>").unwrap() == content);
}

#[test]
fn a_stream_that_cannot_be_made_ends_that_connection_only() {
    let mut first = true;
    let wrap = move |socket, _: &Opened| match std::mem::take(&mut first) {
        true => Err(ErrorKind::PermissionDenied.into()),
        false => Ok(Keeping::new(socket)),
    };
    let server = Server::on(Limits::default(), wrap, |_, _| Script::default());
    let mut refused = server.client();
    assert_eq!(refused.reads_to_end().unwrap(), b"");
    let mut client = server.client();
    client.receives("<hello>");
}

#[test]
fn an_outgoing_stream_that_cannot_be_made_is_a_connection_that_failed() {
    let upstream = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = upstream.local_addr().unwrap();
    let wrap = |_, _: &Opened| Err::<Keeping, _>(ErrorKind::PermissionDenied.into());
    let server = Server::on(Limits::default(), wrap, move |tell, _| Script {
        start: Box::new(move |net| {
            net.connect(address, 3);
        }),
        connect_failed: Box::new(move |_, tag, error, _| {
            tell.send(format!("{tag}: {:?}", error.kind())).unwrap();
        }),
        ..Script::default()
    });
    assert_eq!(server.hears(), "3: PermissionDenied");
    server.hears_nothing_for(Duration::ZERO);
}
