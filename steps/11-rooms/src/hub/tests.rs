use std::borrow::Cow;

use messages::{Application, close_code};
use poll::{Entry, Io, Limits, Opened, Protocol, Rehearsal, World};

use super::*;
use crate::reader::SHARED;
use crate::stage::{self, Direct, heard};

/// A connection that does nothing, to borrow its [`Net`].
struct Bystander;

impl Protocol for Bystander {
    type World = ();

    fn data(&mut self, bytes: &mut [u8], (): &mut (), _: &mut Io<'_>) -> usize {
        bytes.len()
    }
}

impl Entry for Bystander {
    fn open(_: Opened, (): &mut (), _: &mut Io<'_>) -> Bystander {
        Bystander
    }
}

/// A hub of three, Ada and Grace in the lobby and Linus at tea, with queues of at most 1000 bytes.
fn rehearse(test: impl FnOnce(Hub<&'static str>, [ConnId; 3], &mut Net)) {
    let limits = Limits { pending: 100, queue: 1000, ..Limits::default() };
    Rehearsal::<Bystander>::with_limits((), limits).call(|_, (), io| {
        // A connection that is being made takes output as one that stands; nobody makes these.
        let ids = [0; 3].map(|tag| io.connect(([127, 0, 0, 1], 1).into(), tag));
        let mut hub = Hub::default();
        hub.enter(ids[0], "lobby", "Ada");
        hub.enter(ids[1], "lobby", "Grace");
        hub.enter(ids[2], "tea", "Linus");
        test(hub, ids, io);
    });
}

fn text(length: usize) -> Message<'static> {
    Message::Text(Cow::Owned("x".repeat(length)))
}

/// A slow reader is slow in every room. Who got a new `Reader` by walking to another room would escape its close, and what
/// was held for it would vanish uncounted.
#[test]
fn who_changes_rooms_is_as_far_behind_as_before() {
    rehearse(|mut hub, [.., linus], net| {
        for _ in 0..4 {
            hub.send_to_room("tea", &text(400), net);
        }
        assert_eq!(hub.lost().disconnected, 1, "the queue is full, so he is to be closed");
        let pending = net.pending_of(linus);
        hub.enter(linus, "kitchen", "Linus");
        hub.send_to_room("kitchen", &text(1), net);
        assert_eq!(net.pending_of(linus), pending, "nothing more is sent to him");
    });
}

/// Each of the three is another connection, and what waits for it tells what it was sent. A room that nobody is in, and
/// somebody who has gone, are no mistake.
#[test]
fn each_way_of_sending_reaches_whom_it_should() {
    rehearse(|mut hub, ids, net| {
        let mut told = |send: &dyn Fn(&mut Hub<&'static str>, &mut Net)| {
            let before = ids.map(|id| net.pending_of(id));
            send(&mut hub, net);
            [0, 1, 2].map(|i| net.pending_of(ids[i]) - before[i])
        };
        // Two bytes of header before ten of text.
        assert_eq!(told(&|hub, net| hub.send_to_all(&text(10), net)), [12, 12, 12]);
        assert_eq!(told(&|hub, net| hub.send_to_room("lobby", &text(10), net)), [12, 12, 0]);
        assert_eq!(told(&|hub, net| hub.send_to_room("nowhere", &text(10), net)), [0, 0, 0]);
        assert_eq!(told(&|hub, net| hub.send_to_others(ids[0], &text(10), net)), [0, 12, 0]);
        assert_eq!(told(&|hub, net| hub.send_to_others(ids[2], &text(10), net)), [0, 0, 0]);
        assert_eq!(told(&|hub, net| hub.send_to_one(ids[1], &text(10), net)), [0, 12, 0]);
        assert_eq!(told(&|hub, net| hub.send_to_one(ConnId::from_u64(99), &text(10), net)), [0, 0, 0]);
    });
}

/// A member stands in two maps, and must be out of both: who is left in a room is a ghost that everybody sees, and a
/// room that stays when it is empty is memory that anybody can use up by going through rooms.
#[test]
fn who_leaves_is_in_no_room_any_more_and_an_empty_room_is_gone() {
    let [ada, grace, linus] = [1, 2, 3].map(ConnId::from_u64);
    let mut hub = Hub::default();
    for (id, room) in [(ada, "lobby"), (grace, "lobby"), (linus, "tea")] {
        let member = Member { room: room.to_string(), reader: Reader::default(), of_application: id };
        hub.members.insert(id, member);
        hub.rooms.entry(room.to_string()).or_default().push(id);
    }
    assert_eq!(hub.leave(ada), Some(ada), "the application gets back what is its own");
    assert_eq!((hub.leave(ada), hub.room_of(ada)), (None, None), "once");
    assert_eq!(hub.rooms["lobby"], [grace], "the others stay");
    assert_eq!(hub.leave(linus), Some(linus));
    assert_eq!((hub.len(), hub.rooms()), (1, 1), "nobody is at tea");
}

#[test]
fn rooms_keep_the_order_of_arrival_and_vanish_when_empty() {
    rehearse(|mut hub, [ada, grace, linus], _| {
        let names =
            |hub: &Hub<&'static str>, room| hub.members_of(room).map(|(_, name)| *name).collect::<Vec<_>>();
        assert_eq!((hub.len(), hub.rooms()), (3, 2));
        hub.enter(ada, "tea", "Ada");
        assert_eq!(names(&hub, "lobby"), ["Grace"]);
        assert_eq!(names(&hub, "tea"), ["Linus", "Ada"]);
        assert_eq!((hub.len(), hub.room_of(ada)), (3, Some("tea")));
        assert_eq!(hub.leave(grace), Some("Grace"));
        assert_eq!(hub.leave(grace), None);
        assert_eq!((hub.rooms(), hub.member(grace), hub.room_of(grace)), (1, None, None));
        hub.leave(linus);
        hub.leave(ada);
        assert!(hub.is_empty() && hub.rooms() == 0);
    });
}

#[test]
fn a_slow_reader_is_told_nothing_more_and_the_others_all() {
    rehearse(|mut hub, [ada, grace, _], net| {
        let _ = net.send_to(ada, &[0; 900]);
        hub.send_to_room("lobby", &text(98), net);
        assert_eq!((net.pending_of(ada), net.pending_of(grace)), (1000, 100));
        assert_eq!(hub.lost(), Lost::default());
        hub.send_to_room("lobby", &text(1), net);
        hub.send_to_one(ada, &text(0), net);
        hub.send_to_all(&text(0), net);
        assert_eq!((net.pending_of(ada), net.pending_of(grace)), (1000, 105));
        assert_eq!(hub.len(), 3, "its own callback closes it");
        assert_eq!(hub.lost(), Lost { disconnected: 1, ..Lost::default() });
    });
}

#[test]
fn a_large_frame_is_shared_and_bounded_like_a_small_one() {
    let limits = Limits { queue: SHARED as u64 + 4, ..Limits::default() };
    Rehearsal::<Bystander>::with_limits((), limits).call(|_, (), io| {
        let id = io.connect(([127, 0, 0, 1], 1).into(), 0);
        let (mut reader, mut lost) = (Reader::default(), Lost::default());
        let frame = Frame::new(&text(SHARED));
        for refused in [None, Some(close_code::POLICY)] {
            reader.give(id, &frame, (SlowReader::default(), u32::MAX), io, &mut lost);
            assert_eq!((io.pending_of(id), std::sync::Arc::strong_count(&frame.0)), (SHARED as u64 + 4, 2));
            assert_eq!(reader.refused, refused);
        }
    });
}

/// An application whose one member is the rehearsed connection. What it has missed it is told in a message.
struct Audience(Hub<()>);

impl World for Audience {}

impl Application for Audience {
    type Client = ();

    fn limits(&self) -> messages::Limits {
        messages::Limits::default()
    }

    fn open(&mut self, (): &mut (), socket: &mut Socket<'_, '_>) {
        self.0.enter(socket.id(), "hall", ());
    }

    /// Each message confirms one.
    fn message(&mut self, (): &mut (), _: Message<'_>, socket: &mut Socket<'_, '_>) {
        self.0.confirm(1, socket);
    }

    fn woken(&mut self, (): &mut (), socket: &mut Socket<'_, '_>) {
        self.0.close_if_slow(socket);
    }

    fn drained(&mut self, (): &mut (), socket: &mut Socket<'_, '_>) {
        let missed = self.0.take_missed(socket.id());
        if missed > 0 {
            socket.text(&format!("missed {missed}"));
        }
        self.0.drained(socket);
    }
}

type Stage = Rehearsal<Direct<Audience>>;

/// Queues of at most 1020 bytes, twenty messages; a reader is slow from 100 on.
fn audience(hub: Hub<()>) -> Stage {
    let limits = Limits { pending: 100, queue: 1020, ..Limits::default() };
    Rehearsal::with_limits(Audience(hub), limits)
}

/// Sends messages of 50 bytes each, two of them header, which begin with these words.
fn send(stage: &mut Stage, words: &[&str], slow: SlowReader) {
    stage.call(|_, Audience(hub), io| {
        for word in words {
            hub.when_slow(slow).send_to_all(&stage::text(&format!("{word:48}")), io);
        }
    });
}

fn words(stage: &mut Stage) -> Vec<String> {
    heard(stage).iter().map(|text| text.trim().to_string()).collect()
}

/// From the first message that finds no room to the moment when all has left, nothing is sent, not even what would fit:
/// so there is one hole, and the member can be told how large it is.
#[test]
fn drop_newest_leaves_one_hole_and_says_how_large_it_is() {
    let mut stage = audience(Hub::default());
    let all: Vec<String> = (0..25).map(|n| n.to_string()).collect();
    let all: Vec<&str> = all.iter().map(String::as_str).collect();
    send(&mut stage, &all, SlowReader::DropNewest);
    // A short one would still fit; but then there would be two holes.
    stage.call(|_, Audience(hub), io| {
        hub.when_slow(SlowReader::DropNewest).send_to_all(&stage::text(""), io);
    });
    assert_eq!(stage.world.0.lost(), Lost { dropped: 6, ..Lost::default() });
    let told = words(&mut stage);
    assert_eq!(told[..20], all[..20], "what fits into the queue");
    assert_eq!(told[20..], ["missed 6"], "one hole, at its place");
    send(&mut stage, &["again"], SlowReader::DropNewest);
    assert_eq!(words(&mut stage), ["again"]);
}

/// Old values are of no use, so holding back begins when the reader is slow, long before the queue is full. A message
/// with another choice is sent all the same.
#[test]
fn coalesce_keeps_the_latest_of_each_key_from_the_moment_when_the_reader_is_slow() {
    let mut stage = audience(Hub::default());
    send(&mut stage, &["a", "b", "c"], SlowReader::Coalesce { key: 0 });
    let id = stage.id();
    stage.call(|_, _, io| assert_eq!(io.pending_of(id), 150, "the one that makes it slow is still queued"));
    send(&mut stage, &["d"], SlowReader::Coalesce { key: 1 });
    send(&mut stage, &["e", "f"], SlowReader::Coalesce { key: 0 });
    send(&mut stage, &["g"], SlowReader::Coalesce { key: 1 });
    send(&mut stage, &["must arrive"], SlowReader::default());
    stage.call(|_, _, io| assert_eq!(io.pending_of(id), 200, "the rest waits elsewhere"));
    assert_eq!(words(&mut stage), ["a", "b", "c", "must arrive", "missed 2", "g", "f"]);
    assert_eq!(stage.world.0.lost(), Lost { replaced: 2, ..Lost::default() });
    send(&mut stage, &["h"], SlowReader::Coalesce { key: 0 });
    assert_eq!(words(&mut stage), ["h"]);
}

#[test]
fn what_is_held_for_one_member_is_bounded() {
    let mut stage = audience(Hub::default());
    send(&mut stage, &["a", "b", "c"], SlowReader::default());
    let large = text(SHARED);
    stage.call(|_, Audience(hub), io| {
        for key in 0..100 {
            hub.when_slow(SlowReader::Coalesce { key }).send_to_all(&large, io);
        }
    });
    assert_eq!(stage.world.0.lost(), Lost { dropped: 97, ..Lost::default() }, "three of 16 KiB are kept");
}

/// What finds no room in an empty queue will never find any: held, it would be given again and again, without end.
#[test]
fn a_message_that_can_never_fit_does_not_wait_for_ever() {
    for (slow, lost) in [
        (SlowReader::DropNewest, Lost { dropped: 1, ..Lost::default() }),
        (SlowReader::Coalesce { key: 0 }, Lost { dropped: 1, ..Lost::default() }),
        (SlowReader::default(), Lost { disconnected: 1, ..Lost::default() }),
    ] {
        let mut stage = audience(Hub::default());
        send(&mut stage, &["a", "b", "c"], slow);
        stage.call(|_, Audience(hub), io| hub.when_slow(slow).send_to_all(&text(2000), io));
        let told = words(&mut stage);
        assert_eq!(told[..3], ["a", "b", "c"]);
        assert_eq!(stage.world.0.lost(), lost, "{slow:?}");
    }
}

/// What this member has got has no hole in it. Its Close stands behind what was queued, so that a reader who was only
/// slow learns why.
#[test]
fn disconnect_closes_with_its_code_behind_what_was_queued() {
    for code in [close_code::POLICY, close_code::TRY_AGAIN_LATER] {
        let mut stage = audience(Hub::new(SlowReader::Disconnect { code }));
        stage.call(|_, Audience(hub), io| {
            for _ in 0..30 {
                hub.send_to_all(&text(48), io);
            }
        });
        stage.call(Direct::woken);
        let told = words(&mut stage);
        assert_eq!((told.len(), told[20].as_str()), (21, format!("close {code}").as_str()));
        assert_eq!(stage.world.0.lost(), Lost { disconnected: 1, ..Lost::default() });
    }
}

/// Between our queue and the reader stand the buffers of two kernels. What has left has not arrived; only the member
/// can say what has.
#[test]
fn who_confirms_has_only_a_window_full_on_the_way() {
    let mut stage = audience(Hub::new(SlowReader::Coalesce { key: 0 }).with_window(2));
    let latest = SlowReader::Coalesce { key: 0 };
    send(&mut stage, &["a", "b", "c", "d"], latest);
    assert_eq!(words(&mut stage), ["a", "b"], "all has left, and nobody knows whether it arrived");
    stage::tell(&mut stage, &["got one"]);
    assert_eq!(words(&mut stage), ["d"], "the latest");
    send(&mut stage, &["e"], latest);
    assert_eq!(words(&mut stage), [""; 0]);
    send(&mut stage, &["must arrive"], SlowReader::default());
    assert_eq!(words(&mut stage), ["must arrive"]);
    // Who confirms more than there was has no larger window for it.
    stage::tell(&mut stage, &["got one"; 9]);
    assert_eq!(words(&mut stage), ["e"]);
    send(&mut stage, &["f", "g", "h"], SlowReader::DropNewest);
    assert_eq!(words(&mut stage), ["f", "g"]);
    assert_eq!(stage.world.0.lost(), Lost { dropped: 1, replaced: 1, ..Lost::default() });
}

/// What makes the reader slow is on the way all the same.
#[test]
fn what_waits_in_our_queue_has_a_place_in_the_window_too() {
    let mut stage = audience(Hub::default().with_window(4));
    send(&mut stage, &["a", "b", "c", "d", "e"], SlowReader::DropNewest);
    assert_eq!(words(&mut stage), ["a", "b", "c", "d", "missed 1"], "slow from c on");
}
