use std::collections::VecDeque;
use std::io::{ErrorKind, IoSlice};

use mio::net::TcpStream;

use super::*;

const ID: ConnId = ConnId::from_u64(1);

/// A socket whose reads are known beforehand.
struct Arriving(VecDeque<io::Result<Vec<u8>>>);

impl Stream for Arriving {
    const SHORT_READ_DRAINS: bool = true;

    fn socket(&mut self) -> &mut TcpStream {
        unreachable!("input reads only")
    }

    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let Some(next) = self.0.pop_front() else { return Err(ErrorKind::WouldBlock.into()) };
        let bytes = next?;
        let count = bytes.len().min(into.len());
        into[..count].copy_from_slice(&bytes[..count]);
        if count < bytes.len() {
            self.0.push_front(Ok(bytes[count..].to_vec()));
        }
        Ok(count)
    }

    fn write(&mut self, _: &[IoSlice<'_>]) -> io::Result<usize> {
        unreachable!("input reads only")
    }
}

fn arriving<const N: usize>(pieces: [&[u8]; N]) -> Arriving {
    Arriving(pieces.into_iter().map(|piece| Ok(piece.to_vec())).collect())
}

/// Reads everything and cuts it into messages: a length of two bytes, then that many.
fn messages(stream: &mut Arriving) -> (Vec<Vec<u8>>, Carry) {
    let (mut input, mut carry, mut messages) = (Input::new(), None, Vec::new());
    while let Ok(Arrived { count: 1.., .. }) = input.read(ID, stream, &mut carry, |bytes| {
        let mut used = 0;
        while let [high, low, rest @ ..] = &bytes[used..]
            && let length = usize::from(u16::from_be_bytes([*high, *low]))
            && rest.len() >= length
        {
            messages.push(rest[..length].to_vec());
            used += 2 + length;
        }
        used
    }) {}
    (messages, carry)
}

#[test]
fn messages_are_the_same_whole_byte_by_byte_and_in_any_pieces() {
    let lengths = [0, 1, 5, 1021, 1022, 1023, 1024, 1025, 4096, 40_000, 65_535, 3];
    let all: Vec<Vec<u8>> = lengths.iter().map(|&n| (0..n).map(|i| (i % 251) as u8).collect()).collect();
    let wire: Vec<u8> = all.iter().flat_map(|m| [&(m.len() as u16).to_be_bytes()[..], m].concat()).collect();
    for piece in [1, 2, 3, 1023, 1024, 1025, 5000, 65_536, wire.len()] {
        let mut stream = Arriving(wire.chunks(piece).map(|part| Ok(part.to_vec())).collect());
        let (messages, carry) = messages(&mut stream);
        assert!(messages == all, "in pieces of {piece}");
        assert!(carry.is_none(), "nothing is left, so nothing is owned");
    }
}

#[test]
fn what_is_left_over_is_kept_and_nothing_else() {
    let (messages, carry) = messages(&mut arriving([b"\0\x03abc\0\x05de"]));
    assert_eq!(messages, [b"abc"]);
    assert_eq!(carry.as_deref().unwrap(), b"\0\x05de");
}

#[test]
fn changes_made_in_place_stay_for_unused_bytes() {
    let (mut input, mut carry) = (Input::new(), None);
    let mut stream = arriving([b"abc", b"def"]);
    input
        .read(ID, &mut stream, &mut carry, |bytes| {
            bytes[2] = b'X';
            0
        })
        .unwrap();
    input
        .read(ID, &mut stream, &mut carry, |bytes| {
            assert_eq!(bytes, b"abXdef");
            6
        })
        .unwrap();
    assert!(carry.is_none());
}

#[test]
fn the_end_and_errors_show_nothing_and_lose_nothing() {
    for kept in [3, SMALL_CARRY + 1] {
        let mut carry = Some(Box::new(vec![b'k'; kept]));
        let mut stream = Arriving(
            [Err(ErrorKind::WouldBlock.into()), Err(ErrorKind::ConnectionReset.into()), Ok(vec![])].into(),
        );
        let mut read = || {
            Input::new()
                .read(ID, &mut stream, &mut carry, |_| panic!("`data` was called, and nothing had come"))
        };
        assert_eq!(read().err().unwrap().kind(), ErrorKind::WouldBlock);
        assert_eq!(read().err().unwrap().kind(), ErrorKind::ConnectionReset);
        assert_eq!(read().unwrap().count, 0);
        assert_eq!(carry.as_deref().unwrap(), &vec![b'k'; kept]);
    }
}

#[test]
fn a_full_read_says_so() {
    for (kept, sent, filled) in [
        (0, READ_BUFFER - 1, false),
        (0, READ_BUFFER, true),
        (10, READ_BUFFER - 11, false),
        (10, READ_BUFFER - 10, true),
        (5000, 4999, false),
        (5000, 5000, true),
    ] {
        let mut carry = (kept > 0).then(|| Box::new(vec![0; kept]));
        let bytes = vec![0; sent];
        let arrived =
            Input::new().read(ID, &mut arriving([&bytes]), &mut carry, |bytes| bytes.len()).unwrap();
        assert_eq!((arrived.count, arrived.filled), (sent, filled), "{kept} kept, {sent} sent");
    }
}

#[test]
fn a_protocol_that_claims_more_than_there_is_is_taken_at_its_buffer() {
    let mut carry = None;
    Input::new().read(ID, &mut arriving([b"abc"]), &mut carry, |_| 1000).unwrap();
    assert!(carry.is_none());
    let mut carry = Some(Box::new(b"abc".to_vec()));
    show_carry(&mut carry, |_| 1000);
    assert!(carry.is_none());
}

#[test]
fn a_long_carry_that_became_short_gives_its_memory_back() {
    let mut carry = Some(Box::new(vec![0; 60_000]));
    show_carry(&mut carry, |_| 59_990);
    assert_eq!(carry.as_ref().unwrap().len(), 10);
    assert!(carry.unwrap().capacity() < 1000);
}
