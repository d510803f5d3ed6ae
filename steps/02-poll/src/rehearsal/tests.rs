use super::*;
use crate::{Ended, Net, Protocol, Timer, World};

/// Understands single letters: each brings something that the loop must handle.
struct Letters;

#[derive(Default)]
struct Heard(String);

impl World for Heard {}

impl Entry for Letters {
    fn open(opened: Opened, heard: &mut Heard, io: &mut Io<'_>) -> Letters {
        assert!(opened.peer().ip().is_loopback());
        heard.0 += "open ";
        io.set_timeout(Timer::Protocol, Some(Duration::from_secs(5)));
        Letters
    }
}

impl Protocol for Letters {
    type World = Heard;

    fn data(&mut self, bytes: &mut [u8], heard: &mut Heard, io: &mut Io<'_>) -> usize {
        let mut used = 0;
        while used < bytes.len() && !io.must_wait() {
            heard.0.push(bytes[used] as char);
            match bytes[used] {
                b'p' => io.pause(),
                b'c' => io.close(),
                b'a' => io.abort(),
                // A message of three letters.
                b'3' if bytes.len() < used + 3 => return used,
                b'3' => used += 2,
                b'b' => io.out().extend_from_slice(&[b'b'; 100_000]),
                letter => io.out().push(letter),
            }
            used += 1;
        }
        used
    }
    fn ended(&mut self, heard: &mut Heard, io: &mut Io<'_>) {
        heard.0 += " ended";
        io.close();
    }
    fn woken(&mut self, heard: &mut Heard, io: &mut Io<'_>) {
        heard.0 += " woken ";
        io.resume();
    }
    fn drained(&mut self, heard: &mut Heard, _: &mut Io<'_>) {
        heard.0 += " drained ";
    }
    fn timeout(&mut self, which: Timer, heard: &mut Heard, io: &mut Io<'_>) {
        heard.0 += &format!(" {which:?}");
        io.close();
    }
    fn closed(&mut self, _: ConnId, _: Ended, _: &mut Heard, _: &mut Net) {
        unreachable!("a rehearsal ends before that")
    }
}

fn rehearsal() -> Rehearsal<Letters> {
    Rehearsal::new(Heard::default())
}

#[test]
fn unused_bytes_are_shown_again_with_the_next() {
    let mut it = rehearsal();
    it.receive(b"x3");
    assert_eq!(it.unused(), b"3");
    it.receive(b"y");
    assert_eq!(it.unused(), b"3y");
    it.receive(b"zx");
    assert_eq!(it.unused(), b"");
    assert_eq!(it.sent(), b"xx");
}

#[test]
fn a_pause_holds_bytes_and_the_end_back() {
    let mut it = rehearsal();
    it.receive(b"xpy");
    it.receive(b"z");
    it.end();
    assert_eq!((it.world.0.as_str(), it.unused()), ("open xp", &b"yz"[..]));
    it.call(Letters::woken);
    assert_eq!(it.world.0, "open xp woken yz ended");
    assert!(!it.is_open());
    assert_eq!(it.sent(), b"xyz");
}

#[test]
fn a_peer_that_does_not_read_holds_bytes_back() {
    let mut it = rehearsal();
    it.receive(b"bx");
    assert_eq!((it.world.0.as_str(), it.unused()), ("open b", &b"x"[..]));
    assert_eq!(it.sent().len(), 100_001);
    assert_eq!(it.world.0, "open b drained x");
}

#[test]
fn nothing_is_shown_after_close_and_nothing_leaves_after_abort() {
    let mut it = rehearsal();
    it.receive(b"xcy");
    it.end();
    it.pass(Duration::from_secs(60));
    assert_eq!(it.sent(), b"x");
    assert_eq!(it.world.0, "open xc");
    let mut it = rehearsal();
    it.receive(b"xay");
    assert_eq!(it.sent(), b"");
    assert_eq!((it.world.0.as_str(), it.is_open()), ("open xa", false));
}

#[test]
fn deadlines_pass_when_the_test_says_so() {
    let mut it = rehearsal();
    it.pass(Duration::from_millis(4_999));
    assert!(it.is_open());
    it.pass(Duration::from_millis(1));
    assert_eq!(it.world.0, "open  Protocol");
    assert!(!it.is_open());
}

#[test]
fn the_end_is_told_once_though_a_message_is_unfinished() {
    let mut it = rehearsal();
    it.receive(b"3x");
    it.end();
    it.end();
    assert_eq!((it.world.0.as_str(), it.unused()), ("open 3 ended", &b"3x"[..]));
}

/// Two calls before the loop comes to it are one wake-up, as in the loop.
#[test]
fn a_wake_up_can_be_seen_once() {
    let mut rehearsal = Rehearsal::<Letters>::new(Heard::default());
    assert!(!rehearsal.take_wake_up());
    let id = rehearsal.id();
    rehearsal.call(|_, _, io| (0..2).for_each(|_| io.wake(id)));
    assert!(rehearsal.take_wake_up());
    assert!(!rehearsal.take_wake_up());
}
