use super::*;
use crate::made::{CLIENT, PSH_ACK, SERVER, made};

fn way(initial: u32, next: i64) -> Way {
    Way { initial: Some(initial), next, ..Way::default() }
}

#[test]
fn numbers_are_told_from_the_initial_one() {
    assert_eq!(way(1000, 0).relative(1000), 0);
    assert_eq!(way(1000, 1).relative(1001), 1);
    assert_eq!(way(1000, 1).relative(1500), 500);
    assert_eq!(way(1000, 500).relative(1001), 1, "sent before");
}

#[test]
fn numbers_wrap_around_and_relative_ones_do_not() {
    assert_eq!(way(u32::MAX, 1).relative(0), 1);
    assert_eq!(way(u32::MAX, 1).relative(99), 100);
    let far = 5 << 32;
    assert_eq!(way(1000, far + 7).relative(1007), far + 7, "they have gone round five times");
    assert_eq!(way(1000, far + 7).relative(1000), far, "they have gone round five times");
    assert_eq!(way(1000, far).relative(999), far - 1, "the nearest, not the highest");
}

#[test]
fn many_gaps_are_told_and_few_remembered() {
    let packet = made(CLIENT, SERVER, PSH_ACK).payload(b"x").packet();
    let segment = Segment::parse(&packet).unwrap();
    let (mut way, mut notes) = (way(0, 1), Vec::new());
    for begin in (2..1000).step_by(2) {
        assert!(way.advance(begin, &segment, false, &mut notes));
    }
    assert_eq!((notes.len(), way.gaps.len()), (499, GAPS));
}
