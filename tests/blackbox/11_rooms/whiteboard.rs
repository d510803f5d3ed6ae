//! The whiteboard, an example of rung 11: binary messages, and a picture for who comes late.

use harness::{Lesson, Server, Story, WebSocket};

const BY_HAND: &str = "open http://127.0.0.1:{port}/ in two tabs, and draw";
const READ: &str = "steps/11-rooms/examples/whiteboard/picture.rs";

fn whiteboard(story: &Story) -> Server {
    story.needs_our_program();
    story.server_with(|s| s.example("whiteboard"))
}

/// Somebody who draws: the number that the server has given, and what was on the board.
struct Writer<'a> {
    story: &'a Story,
    socket: WebSocket,
    me: [u8; 4],
    picture: Vec<Vec<u8>>,
}

/// Comes in. The picture ends with the count of people.
#[track_caller]
fn comes<'a>(story: &'a Story, name: &str, server: &Server) -> Writer<'a> {
    let mut socket = story.websocket(name, server, "/board");
    let you = socket.receives_frame().payload;
    let Some((4, me)) = you.split_first().and_then(|(kind, me)| Some((kind, me.try_into().ok()?))) else {
        story.fails(format!("who the client is, it is {you:?}"));
    };
    let mut writer = Writer { story, socket, me, picture: Vec::new() };
    loop {
        let payload = writer.socket.receives_frame().payload;
        match payload.first() {
            Some(0) => writer.picture.push(payload),
            Some(5) => return writer,
            _ => story.fails(format!("a stroke, or the count of people, it is {payload:?}")),
        }
    }
}

impl Writer<'_> {
    fn sends(&mut self, kind: u8, rest: &[u8]) {
        self.socket.sends_binary([&[kind][..], rest].concat());
    }

    /// What everybody is told when this writer says `rest`.
    fn told(&self, kind: u8, rest: &[u8]) -> Vec<u8> {
        [&[kind][..], &self.me, rest].concat()
    }

    /// What comes next, but for the count of people.
    #[track_caller]
    fn hears(&mut self, expected: &[u8]) {
        let told = loop {
            let payload = self.socket.receives_frame().payload;
            if payload.first() != Some(&5) {
                break payload;
            }
        };
        self.story.expects(told == expected, format!("{expected:?}, it is {told:?}"));
    }

    /// The server has closed the connection with this code; what it told before does not matter.
    #[track_caller]
    fn is_refused(&mut self, code: u16, why: &str) {
        loop {
            let frame = self.socket.receives_frame();
            if frame.opcode == harness::frame::CLOSE {
                let got = frame.close_code().0;
                return self.story.expects(got == code, format!("{code} for {why}, it is {got}"));
            }
        }
    }
}

/// Points on the board.
fn points(points: &[(u16, u16)]) -> Vec<u8> {
    points.iter().flat_map(|(x, y)| [x.to_be_bytes(), y.to_be_bytes()]).flatten().collect()
}

/// A stroke's number, its pen, and its first point.
fn begin(number: u16, at: (u16, u16)) -> Vec<u8> {
    [&number.to_be_bytes()[..], &[6, 8], &points(&[at])].concat()
}

fn go_on(number: u16, at: &[(u16, u16)]) -> Vec<u8> {
    [&number.to_be_bytes()[..], &points(at)].concat()
}

pub fn who_comes_late_sees_the_picture(story: &Story) {
    story.teaches(Lesson {
        why: "The server keeps the strokes as they stand on the wire, so a newcomer is sent what is kept: each stroke whole, \
              in the order in which everybody saw them begin.",
        read: READ,
        hand: BY_HAND,
    });
    let server = whiteboard(story);
    let (mut ada, mut grace) = (comes(story, "Ada", &server), comes(story, "Grace", &server));
    story.expects(ada.picture.is_empty() && ada.me != grace.me, "an empty board, and two writers");
    let [first, more, last] =
        [begin(7, (0, 0)), go_on(7, &[(1599, 999), (5, 6)]), go_on(7, &[(800, 500); 256])];
    let other = begin(7, (10, 10));
    ada.sends(0, &first);
    ada.hears(&ada.told(0, &first));
    grace.sends(0, &other);
    ada.hears(&grace.told(0, &other));
    for part in [&more, &last] {
        ada.sends(1, part);
        ada.hears(&ada.told(1, part));
    }
    // One order for all, the writers too.
    for told in [ada.told(0, &first), grace.told(0, &other), ada.told(1, &more), ada.told(1, &last)] {
        grace.hears(&told);
    }
    let whole = [&first[..], &more[2..], &last[2..]].concat();
    let linus = comes(story, "Linus", &server);
    let expected = [ada.told(0, &whole), grace.told(0, &other)];
    story.expects(linus.picture == expected, format!("both strokes, whole, it is {:?}", linus.picture));
}

pub fn a_stroke_has_one_writer(story: &Story) {
    story.teaches(Lesson {
        why: "A client says its own number of a stroke, and the server puts the writer in front. So nobody can go on with \
              another's stroke or take it back: it cannot be named.",
        read: READ,
        hand: BY_HAND,
    });
    let server = whiteboard(story);
    let (mut ada, mut grace) = (comes(story, "Ada", &server), comes(story, "Grace", &server));
    let first = begin(1, (1, 1));
    ada.sends(0, &first);
    let stroke = ada.told(0, &first);
    grace.hears(&stroke);
    grace.sends(1, &go_on(1, &[(2, 2)]));
    grace.sends(2, &1u16.to_be_bytes());
    // Her own, which has the same number.
    let own = begin(1, (3, 3));
    grace.sends(0, &own);
    grace.hears(&grace.told(0, &own));
    ada.hears(&stroke);
    ada.hears(&grace.told(0, &own));
    let linus = comes(story, "Linus", &server);
    story.expects(linus.picture == [stroke, grace.told(0, &own)], "Ada's stroke as she drew it");
}

pub fn a_stroke_that_is_gone_is_gone_for_all(story: &Story) {
    story.teaches(Lesson {
        why: "Somebody clears the board while another draws. What is drawn on at a stroke that is gone is no fault: its \
              writer did not know yet. It is not drawn either, or newcomers would see another picture.",
        read: READ,
        hand: BY_HAND,
    });
    let server = whiteboard(story);
    let (mut ada, mut grace) = (comes(story, "Ada", &server), comes(story, "Grace", &server));
    for number in 1..=2 {
        ada.sends(0, &begin(number, (1, 1)));
        let told = ada.told(0, &begin(number, (1, 1)));
        ada.hears(&told);
        grace.hears(&told);
    }
    ada.sends(2, &1u16.to_be_bytes());
    grace.hears(&ada.told(2, &1u16.to_be_bytes()));
    let linus = comes(story, "Linus", &server);
    story.expects(linus.picture == [ada.told(0, &begin(2, (1, 1)))], "the one that is left");
    grace.sends(3, &[]);
    grace.hears(&[3]);
    ada.sends(1, &go_on(2, &[(2, 2)]));
    ada.sends(2, &2u16.to_be_bytes());
    // A number that is free again.
    ada.sends(0, &begin(2, (4, 4)));
    grace.hears(&ada.told(0, &begin(2, (4, 4))));
    let mary = comes(story, "Mary", &server);
    story.expects(mary.picture == [ada.told(0, &begin(2, (4, 4)))], "the new one alone");
}

pub fn what_is_no_message_of_the_whiteboard_is_refused(story: &Story) {
    story.teaches(Lesson {
        why: "Bytes from the network are judged before they are kept: lengths, kinds, pens, points. What is not right closes \
              the connection with 1008, and the picture stays as it is.",
        read: READ,
        hand: BY_HAND,
    });
    let server = whiteboard(story);
    let stroke = |pen: [u8; 2], at: &[(u16, u16)]| [&[0, 0, 1][..], &pen, &points(at)].concat();
    for (bytes, why) in [
        (vec![], "nothing"),
        (vec![4], "a kind that only the server sends"),
        (vec![255; 9], "an unknown kind"),
        (vec![3, 0], "too long a `clear`"),
        (vec![2, 0], "too short a `take back`"),
        (stroke([0, 8], &[]), "a stroke without a point"),
        (stroke([0, 8], &[(1, 1), (2, 2)]), "a stroke with two points"),
        (stroke([8, 8], &[(1, 1)]), "a ninth colour"),
        (stroke([0, 0], &[(1, 1)]), "a pen without width"),
        (stroke([0, 41], &[(1, 1)]), "too wide a pen"),
        (stroke([0, 8], &[(1600, 1)]), "a point right of the board"),
        (stroke([0, 8], &[(1, 1000)]), "a point below the board"),
        ([&[1][..], &go_on(9, &[])].concat(), "going on without a point"),
        ([&[1][..], &go_on(9, &[(1, 1)]), &[0]].concat(), "a point of five bytes"),
        ([&[1][..], &go_on(9, &[(1, 1), (1600, 1)])].concat(), "a point that is not on the board"),
    ] {
        let mut eve = comes(story, "Eve", &server);
        story.expects(eve.picture.is_empty(), "an empty board");
        eve.socket.sends_binary(&bytes);
        eve.is_refused(1008, why);
    }
    let mut eve = comes(story, "Eve", &server);
    for _ in 0..2 {
        eve.sends(0, &begin(1, (1, 1)));
    }
    eve.is_refused(1008, "a stroke that has begun already");
    let mut eve = comes(story, "Eve", &server);
    eve.sends(1, &go_on(1, &[(1, 1); 257]));
    eve.is_refused(1009, "more points than a message may have");
    let mut eve = comes(story, "Eve", &server);
    eve.socket.sends_text("hello");
    eve.is_refused(1003, "text");
}

pub fn the_picture_forgets_its_oldest_strokes(story: &Story) {
    story.teaches(Lesson {
        why: "What anybody may add to must not grow for ever. 1000 strokes and 20,000 points are kept; the oldest stroke \
              makes room, for everybody, so that all still have the same picture.",
        read: READ,
        hand: BY_HAND,
    });
    const STROKES: u16 = 1000;
    let server = whiteboard(story);
    let mut ada = comes(story, "Ada", &server);
    for number in 0..=STROKES {
        ada.sends(0, &begin(number, (1, 1)));
        ada.hears(&ada.told(0, &begin(number, (1, 1))));
    }
    ada.hears(&ada.told(2, &0u16.to_be_bytes()));
    let grace = comes(story, "Grace", &server);
    let kept = (1..=STROKES).map(|number| ada.told(0, &begin(number, (1, 1))));
    story.expects(grace.picture.iter().cloned().eq(kept), "all strokes but the first");
    // 1000 points are there. The next 19,200 make the oldest 200 of one point each leave.
    let more = go_on(STROKES, &[(2, 2); 256]);
    for _ in 0..75 {
        ada.sends(1, &more);
        ada.hears(&ada.told(1, &more));
        // Nothing is gone until there are too many.
    }
    for number in 1..=200u16 {
        ada.hears(&ada.told(2, &number.to_be_bytes()));
    }
    let linus = comes(story, "Linus", &server);
    let (last, before) = linus.picture.split_last().unwrap_or_else(|| story.fails("a picture, it is empty"));
    story.expects(before.len() == 799, format!("799 strokes of one point, there are {}", before.len()));
    story
        .expects(last.len() == 9 + 4 * (1 + 75 * 256), format!("one of 19,201, it has {} bytes", last.len()));
}
