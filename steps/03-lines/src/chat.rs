//! One connection of the chat: lines come in, answers and the lines of others go out.

use lines::{Decoder, printable};
use log::{debug, info};
use poll::{ConnId, Ended, Entry, Io, Net, Opened, Protocol};

use crate::command::Command;
use crate::room::{Room, Told};

/// One chatter.
pub struct Chat {
    lines: Decoder,
}

impl Entry for Chat {
    fn open(opened: Opened, room: &mut Room, io: &mut Io<'_>) -> Self {
        let name = room.join(io.id());
        info!("{} {name} came from {}", io.id(), opened.peer());
        answer(io, &format!("* you are {name}"));
        answer(io, &format!("* here: {}", room.names()));
        answer(io, "* /nick NAME, /who, /say TEXT, /quit; anything else is said to all others");
        announce(room, &format!("* {name} joined"), io);
        Self { lines: Decoder::new(room.max_line) }
    }
}

impl Protocol for Chat {
    type World = Room;

    fn data(&mut self, bytes: &mut [u8], room: &mut Room, io: &mut Io<'_>) -> usize {
        // ANCHOR: data
        let mut rest = &*bytes;
        while !io.must_wait() {
            match self.lines.next(&mut rest) {
                Ok(Some(line)) => obey(line, room, io),
                Ok(None) => break,
                Err(error) => {
                    answer(io, &format!("! {error}"));
                    leave(room, io);
                }
            }
        }
        bytes.len() - rest.len()
        // ANCHOR_END: data
    }

    fn woken(&mut self, room: &mut Room, io: &mut Io<'_>) {
        if room.is_too_slow(io.id()) {
            // It does not read, so there is no way to tell it, and what waits for it is worth nothing any more.
            io.abort();
        } else {
            // What it said is on its way to the others; see `announce`.
            io.resume();
        }
    }

    fn stop(&mut self, _: &mut Room, io: &mut Io<'_>) {
        answer(io, "* the server stops");
        io.close();
    }

    // Half a line may stand unused when the peer's FIN comes. It is not said: who knows how it would have gone on?

    fn closed(&mut self, id: ConnId, why: Ended, room: &mut Room, net: &mut Net) {
        debug!("{id} closed: {why:?}");
        gone(id, room, net);
    }
}

fn obey(line: &[u8], room: &mut Room, io: &mut Io<'_>) {
    let line = printable(line);
    match Command::parse(&line) {
        Command::Nothing => {}
        Command::Say(text) => {
            let name = room.name(io.id()).unwrap_or_default();
            let line = format!("<{name}> {text}");
            info!("{} {line}", io.id());
            announce(room, &line, io);
        }
        Command::Nick(name) => match room.rename(io.id(), name) {
            Ok(before) => {
                info!("{} {before} is now {name}", io.id());
                answer(io, &format!("* you are now {name}"));
                announce(room, &format!("* {before} is now {name}"), io);
            }
            Err(reason) => answer(io, &format!("! {reason}")),
        },
        Command::Who => answer(io, &format!("* here: {}", room.names())),
        Command::Quit => {
            answer(io, "* goodbye");
            leave(room, io);
        }
        Command::Unknown(word) => {
            answer(io, &format!("! no such command: {word}; /say says what begins with /"))
        }
    }
}

fn answer(io: &mut Io<'_>, line: &str) {
    io.out().extend_from_slice(line.as_bytes());
    io.out().push(b'\n');
}

/// Tells all others.
///
/// When that is more than one of them can take now, this chatter's next line has to wait until the turn's output has
/// left. Else one packet of 30,000 short lines would fill the others' queues at once, and those who read as fast as they
/// can would be taken for slow.
fn announce(room: &mut Room, line: &str, io: &mut Io<'_>) {
    let id = io.id();
    if room.tell_others(id, line, io) == Told::TooFast {
        io.pause();
        // `woken` comes in this turn, so the next line comes in the next one: this one's output has left then.
        io.wake(id);
    }
}

/// What is queued still leaves; what comes is no longer read.
fn leave(room: &mut Room, io: &mut Io<'_>) {
    gone(io.id(), room, io);
    io.close();
}

fn gone(id: ConnId, room: &mut Room, net: &mut Net) {
    let Some((name, too_slow)) = room.leave(id) else { return };
    let why = if too_slow { " (did not read)" } else { "" };
    info!("{id} {name} left{why}");
    // The one who is gone does not talk any more, so there is nobody to hold back.
    let _ = room.tell_others(id, &format!("* {name} left{why}"), net);
}

#[cfg(test)]
mod tests {
    use poll::Rehearsal;

    use super::*;

    const BOB: ConnId = ConnId::from_u64(77);

    /// A chatter called guest2, in a room with a bob that no connection belongs to.
    fn chat(max_line: usize) -> Rehearsal<Chat> {
        let mut room = Room::new(max_line);
        room.join(BOB);
        room.rename(BOB, "bob").unwrap();
        let mut chat = Rehearsal::new(room);
        assert_eq!(
            sent(&mut chat),
            [
                "* you are guest2",
                "* here: bob, guest2",
                "* /nick NAME, /who, /say TEXT, /quit; anything else is said to all others"
            ]
        );
        chat
    }

    fn sent(chat: &mut Rehearsal<Chat>) -> Vec<String> {
        String::from_utf8(chat.sent()).unwrap().lines().map(str::to_string).collect()
    }

    fn answers(input: &[u8]) -> Vec<String> {
        let mut chat = chat(100);
        chat.receive(input);
        sent(&mut chat)
    }

    #[test]
    fn one_line_is_obeyed() {
        let mut chat = chat(100);
        let mut obeyed = |line: &str| {
            chat.call(|_, room, io| obey(line.as_bytes(), room, io));
            sent(&mut chat)
        };
        assert_eq!(obeyed("/nick alice"), ["* you are now alice"]);
        assert_eq!(obeyed("/nick bob"), ["! bob is taken"]);
        assert_eq!(obeyed("/who"), ["* here: bob, alice"]);
        assert_eq!(obeyed("/\x1b[2J"), ["! no such command: /\u{fffd}[2J; /say says what begins with /"]);
        assert_eq!(obeyed("hello"), Vec::<String>::new(), "it is said to the others");
        assert_eq!(obeyed(""), Vec::<String>::new());
        assert_eq!(obeyed("/quit"), ["* goodbye"]);
        assert!(!chat.is_open());
    }

    #[test]
    fn commands_are_answered() {
        assert_eq!(answers(b"/who\n"), ["* here: bob, guest2"]);
        assert_eq!(answers(b"/nick alice\r\n/who\r\n"), ["* you are now alice", "* here: bob, alice"]);
        assert_eq!(answers(b"/nick Bob\n"), ["! Bob is taken"]);
        assert_eq!(answers(b"/nick a b\n"), ["! a name has 1 to 16 letters, digits, - or _"]);
        assert_eq!(answers(b"/nock\n"), ["! no such command: /nock; /say says what begins with /"]);
        assert_eq!(answers(b"hello\n\n/say /who\n"), Vec::<String>::new());
    }

    #[test]
    fn the_cut_does_not_matter() {
        let input = b"/nick alice\r\n/who\n/nick\n";
        let whole = answers(input);
        for size in 1..input.len() {
            let mut chat = chat(100);
            input.chunks(size).for_each(|piece| chat.receive(piece));
            assert_eq!(sent(&mut chat), whole, "in pieces of {size}");
        }
    }

    #[test]
    fn half_a_line_waits_and_is_not_used() {
        let mut chat = chat(100);
        chat.receive(b"/who\n/wh");
        assert_eq!(chat.unused(), b"/wh");
        assert_eq!(sent(&mut chat), ["* here: bob, guest2"]);
        chat.end();
        assert!(!chat.is_open());
        assert_eq!(sent(&mut chat), Vec::<String>::new());
    }

    #[test]
    fn a_line_reaches_all_others_and_not_its_speaker() {
        let mut chat = chat(100);
        let me = chat.id();
        chat.call(|_, room, io| assert_eq!(room.tell_others(BOB, "<bob> hi", io), Told::All));
        chat.call(|_, room, io| assert_eq!(room.tell_others(me, "<guest2> hi", io), Told::All));
        assert_eq!(sent(&mut chat), ["<bob> hi"]);
    }

    #[test]
    fn who_reads_too_slowly_is_talked_to_slowly_then_not_at_all() {
        let mut chat = chat(100);
        let me = chat.id();
        let long = "x".repeat(10_000);
        // MAX_PENDING is 64 KiB, MAX_QUEUE 1 MiB: six of these lines, and 104.
        let told = |chat: &mut Rehearsal<Chat>| {
            let mut told = Told::All;
            chat.call(|_, room, io| told = room.tell_others(BOB, &long, io));
            told
        };
        assert_eq!((0..6).map(|_| told(&mut chat)).collect::<Vec<_>>(), [Told::All; 6]);
        assert_eq!(told(&mut chat), Told::TooFast, "more than MAX_PENDING waits");
        assert!(!chat.world.is_too_slow(me));
        (0..98).for_each(|_| assert_eq!(told(&mut chat), Told::TooFast));
        assert!(chat.world.is_too_slow(me), "a line was dropped");
        assert_eq!(told(&mut chat), Told::All, "it is not talked to any more");
        assert_eq!(sent(&mut chat).len(), 104, "what came before the dropped line is whole");
    }

    #[test]
    fn after_quit_nothing_is_obeyed() {
        let mut chat = chat(100);
        chat.receive(b"/quit\n/who\n");
        assert_eq!(sent(&mut chat), ["* goodbye"]);
        assert!(!chat.is_open());
        assert_eq!(chat.world.names(), "bob");
    }

    #[test]
    fn too_long_a_line_is_the_last_one() {
        let mut chat = chat(5);
        chat.receive(b"/who\n123456");
        assert_eq!(sent(&mut chat), ["* here: bob, guest2", "! a line may have at most 5 bytes"]);
        assert!(!chat.is_open());
        assert_eq!(chat.world.names(), "bob");
    }

    #[test]
    fn who_does_not_read_the_answers_is_not_listened_to() {
        let mut chat = chat(100);
        let flood = b"/who\n".repeat(10_000);
        chat.receive(&flood);
        assert!(!chat.unused().is_empty());
        assert_eq!(sent(&mut chat).len(), 10_000);
        assert!(chat.unused().is_empty());
    }

    #[test]
    fn a_stopping_server_says_so() {
        let mut chat = chat(100);
        chat.call(|chat, room, io| chat.stop(room, io));
        assert_eq!(sent(&mut chat), ["* the server stops"]);
        assert!(!chat.is_open());
    }
}
