use std::borrow::Cow;

use poll::{Entry, Io, Limits, Opened, Protocol, Rehearsal};

use super::*;

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
        hub.send_to_room("lobby", &text(1), net);
        hub.send_to_one(ada, &text(0), net);
        hub.send_to_all(&text(0), net);
        assert_eq!((net.pending_of(ada), net.pending_of(grace)), (1000, 105));
        assert_eq!(hub.len(), 3, "its own callback closes it");
    });
}

#[test]
fn a_large_frame_is_shared_and_bounded_like_a_small_one() {
    let limits = Limits { queue: SHARED as u64 + 4, ..Limits::default() };
    Rehearsal::<Bystander>::with_limits((), limits).call(|_, (), io| {
        let id = io.connect(([127, 0, 0, 1], 1).into(), 0);
        let mut member = Member { room: String::new(), too_slow: false, of_application: () };
        let frame = Frame::new(&text(SHARED));
        member.give(id, &frame, io);
        assert_eq!((io.pending_of(id), std::sync::Arc::strong_count(&frame.0)), (SHARED as u64 + 4, 2));
        member.give(id, &frame, io);
        assert!(member.too_slow);
        assert_eq!(io.pending_of(id), SHARED as u64 + 4);
    });
}
