use super::*;

/// What Linux puts into a SYN.
const SYN: [u8; 20] = [2, 4, 0xff, 0xd7, 4, 2, 8, 10, 0, 0, 0, 7, 0, 0, 0, 9, 1, 3, 3, 10];

fn broken(bytes: &[u8]) -> Option<(u8, Option<u8>)> {
    Options::parse(bytes).broken.map(|broken| (broken.kind, broken.length))
}

#[test]
fn the_options_of_a_syn_are_understood() {
    let options = Options::parse(&SYN);
    assert_eq!(options.maximum_segment_size, Some(65495));
    assert_eq!(options.window_scale, Some(10));
    assert!(options.sack_permitted);
    assert_eq!(options.timestamps, Some((7, 9)));
    assert_eq!((options.unknown.len(), options.broken), (0, None));
}

#[test]
fn sack_blocks_are_pairs() {
    let options = Options::parse(&[1, 1, 5, 18, 0, 0, 0, 1, 0, 0, 0, 2, 0, 0, 1, 0, 0, 0, 2, 0]);
    assert_eq!(options.sack, [(1, 2), (256, 512)]);
}

#[test]
fn unknown_options_are_skipped_by_their_length() {
    let options = Options::parse(&[254, 4, 3, 3, 19, 2, 3, 3, 7]);
    assert_eq!((options.unknown, options.window_scale), (vec![254, 19], Some(7)));
}

#[test]
fn the_end_of_the_list_is_the_end() {
    assert_eq!(Options::parse(&[1, 0, 3, 3, 7]), Options::default());
    assert_eq!(Options::parse(&[]), Options::default());
}

#[test]
fn a_shift_of_more_than_14_counts_as_14() {
    assert_eq!(Options::parse(&[3, 3, 15]).window_scale, Some(14));
    assert_eq!(Options::parse(&[3, 3, 255]).window_scale, Some(14));
}

#[test]
fn lengths_that_lie_are_told_and_what_came_before_is_kept() {
    assert_eq!(broken(&[2]), Some((2, None)), "no length");
    assert_eq!(broken(&[2, 0, 5, 0xb4]), Some((2, Some(0))), "0 would never end");
    assert_eq!(broken(&[9, 1]), Some((9, Some(1))), "kind and length are two bytes already");
    assert_eq!(broken(&[2, 3, 5]), Some((2, Some(3))), "an MSS has two bytes");
    assert_eq!(broken(&[5, 2]), Some((5, Some(2))), "SACK without a block");
    assert_eq!(broken(&[5, 6, 0, 0, 0, 1]), Some((5, Some(6))), "half a block");
    assert_eq!(broken(&[9, 255, 1, 1]), Some((9, Some(255))), "longer than the header");
    let options = Options::parse(&[3, 3, 7, 2, 9, 1]);
    assert_eq!((options.window_scale, options.maximum_segment_size), (Some(7), None));
    assert_eq!(options.broken.unwrap().to_string(), "option 2 says that its length is 9, which cannot be");
}

#[test]
fn options_that_are_cut_off_anywhere_are_no_panic() {
    for length in 0..SYN.len() {
        let whole = [0, 4, 6, 16, 17].contains(&length);
        assert_eq!(broken(&SYN[..length]).is_none(), whole, "{length} bytes");
    }
}
