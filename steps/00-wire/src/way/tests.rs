use super::*;

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
    assert_eq!(way(1000, far + 7).relative(1007), far + 7);
    assert_eq!(way(1000, far + 7).relative(1000), far);
    assert_eq!(way(1000, far).relative(999), far - 1, "the nearest, not the highest");
}
