//! Several ranges in one request (RFC 9110 §14.1.1): a list of numbers that may ask for very much.
//!
//! **What is sent is never more than the file, and the parts of a bounded list.** In 2011 one line,
//! `Range: bytes=0-,5-0,5-1,5-2,` and so on, made Apache keep a copy of the file in memory for each range
//! (CVE-2011-3192); in 2017 the sum of such lengths overflowed in nginx (CVE-2017-7529). So overlapping ranges
//! become one, and a list that no honest client writes is ignored: the whole file costs less than its parts.

use std::ops::Range;

use crate::Wanted;
use crate::range::one;

/// More ranges than this get the whole file. Apache's MaxRanges is 200; nginx's max_ranges has no limit unless
/// it is set.
const MAX_RANGES: usize = 200;

/// §14.2 names "more than two overlapping ranges" as what a server may ignore: two may be one mistake.
const MAX_OVERLAPPING: usize = 2;

/// §14.2: "a set of many small ranges that are not listed in ascending order". So often may a range begin
/// before the one listed before it; Apache's MaxRangeReversals is 20.
const MAX_REVERSALS: usize = 20;

/// Reads a list of ranges of a file of `length` bytes. `None`: it is not valid, or not to be served.
///
/// §14.1.1: "A ranges-specifier is invalid if it contains any range-spec that is invalid". A range behind the
/// end is valid, and left out as long as another one is not.
pub(crate) fn several(set: &str, length: u64) -> Option<Wanted> {
    // §5.6.1.2: "A recipient MUST parse and ignore a reasonable number of empty list elements".
    let specs = set.split(',').map(|spec| spec.trim_matches([' ', '\t'])).filter(|spec| !spec.is_empty());
    let (mut count, mut listed) = (0, Vec::new());
    for spec in specs {
        count += 1;
        if count > MAX_RANGES {
            return None;
        }
        match one(spec, length)? {
            Wanted::Part(range) => listed.push(range),
            Wanted::Unsatisfiable => {}
            whole => return Some(whole),
        }
    }
    let reversals = listed.windows(2).filter(|pair| pair[1].start < pair[0].start).count();
    if count == 0 || reversals > MAX_REVERSALS {
        return None;
    }
    let mut parts = coalesced(listed)?;
    Some(match parts.len() {
        0 => Wanted::Unsatisfiable,
        // §15.3.7.2: "A server MUST NOT generate a multipart response to a request for a single range".
        // Where several became one it may; a client that asked for two that touch expects it no more.
        1 => Wanted::Part(parts.swap_remove(0)),
        _ => Wanted::Parts(parts),
    })
}

/// Joins what overlaps or touches. §15.3.7.2: "a server MAY coalesce any of the ranges that overlap, or that
/// are separated by a gap that is smaller than the overhead of sending multiple parts, regardless of the
/// order", and parts are sent in the order in which they were listed. `None`: too many overlap.
fn coalesced(listed: Vec<Range<u64>>) -> Option<Vec<Range<u64>>> {
    let mut by_start: Vec<(usize, Range<u64>)> = listed.into_iter().enumerate().collect();
    by_start.sort_by_key(|(_, range)| range.start);
    let mut parts: Vec<(usize, Range<u64>)> = Vec::with_capacity(by_start.len());
    // Of each group that overlaps, those behind its first.
    let mut overlapping = 0;
    for (place, range) in by_start {
        match parts.last_mut() {
            Some((first, part)) if range.start <= part.end => {
                overlapping += usize::from(range.start < part.end);
                part.end = part.end.max(range.end);
                *first = place.min(*first);
            }
            _ => parts.push((place, range)),
        }
    }
    if overlapping >= MAX_OVERLAPPING {
        return None;
    }
    parts.sort_by_key(|(place, _)| *place);
    Some(parts.into_iter().map(|(_, range)| range).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Reads a list for a file of 100 bytes.
    fn of_100(set: &str) -> Option<Wanted> {
        several(set, 100)
    }

    #[test]
    fn rfc_9110_14_1_1_several_ranges() {
        for (set, expected) in [
            ("0-1,4-5", Wanted::Parts(vec![0..2, 4..6])),
            ("0-0,-1", Wanted::Parts(vec![0..1, 99..100])),
            ("90-,0-9", Wanted::Parts(vec![90..100, 0..10])),
            (" 0-1 ,\t4-5 ", Wanted::Parts(vec![0..2, 4..6])),
            (",0-1,,4-5,", Wanted::Parts(vec![0..2, 4..6])),
            ("0-1,", Wanted::Part(0..2)),
            ("0-1,100-", Wanted::Part(0..2)),
            ("100-,-0", Wanted::Unsatisfiable),
        ] {
            assert_eq!(of_100(set), Some(expected), "{set}");
        }
        assert_eq!(several("-5,-6", 0), Some(Wanted::Whole));
    }

    #[test]
    fn rfc_9110_14_1_1_one_invalid_range_makes_all_invalid() {
        for set in
            [",", ", ,", "0-1,a", "0-1,5-4", "0-1,-", "0-1;4-5,6-7", "0 - 1,4-5", "0-1,+4-5", "100-,5-4"]
        {
            assert_eq!(of_100(set), None, "{set}");
        }
    }

    #[test]
    fn rfc_9110_15_3_7_2_what_overlaps_or_touches_is_one() {
        for (set, expected) in [
            ("0-4,5-9", Wanted::Part(0..10)),
            ("5-9,0-4", Wanted::Part(0..10)),
            ("0-9,2-3", Wanted::Part(0..10)),
            ("0-9,0-9", Wanted::Part(0..10)),
            ("0-4,50-59,5-9", Wanted::Parts(vec![0..10, 50..60])),
            ("50-59,5-9,0-4", Wanted::Parts(vec![50..60, 0..10])),
            ("0-49,50-99,-1", Wanted::Part(0..100)),
        ] {
            assert_eq!(of_100(set), Some(expected), "{set}");
        }
    }

    #[test]
    fn rfc_9110_14_2_floods_are_ignored() {
        let list = |ranges: &mut dyn Iterator<Item = String>| ranges.collect::<Vec<_>>().join(",");
        let killer = "0-,".to_owned() + &list(&mut (0..50).map(|n| format!("5-{}", n + 5)));
        assert_eq!(of_100(&killer), None, "CVE-2011-3192");
        assert_eq!(of_100("0-9,5-14,10-19"), None, "three that overlap");
        assert_eq!(of_100("0-9,5-14,50-59,55-64"), None, "two pairs that overlap");

        let ascending = |count: u64| list(&mut (0..count).map(|n| format!("{0}-{0}", n * 2)));
        assert!(matches!(several(&ascending(200), 1000), Some(Wanted::Parts(parts)) if parts.len() == 200));
        assert_eq!(several(&ascending(201), 1000), None, "too many");
        assert_eq!(
            several(&list(&mut (0..201).map(|_| "900-".to_owned())), 9),
            None,
            "too many, all behind the end"
        );

        let descending = |count: u64| list(&mut (0..count).rev().map(|n| format!("{0}-{0}", n * 2)));
        assert!(matches!(several(&descending(21), 1000), Some(Wanted::Parts(_))), "20 reversals");
        assert_eq!(several(&descending(22), 1000), None, "21 reversals");
    }

    #[test]
    fn lengths_do_not_overflow() {
        let end = u64::MAX;
        assert_eq!(several("0-,-1", end), Some(Wanted::Part(0..end)), "CVE-2017-7529");
        assert_eq!(
            several("-18446744073709551615,99999999999999999999-", end),
            Some(Wanted::Part(0..end)),
            "CVE-2017-7529"
        );
    }

    /// All lists of up to three ranges of a file of five bytes: what is sent is what was asked for, once.
    #[test]
    fn parts_cover_exactly_what_was_asked_for() {
        const LENGTH: u64 = 5;
        let all: Vec<Range<u64>> =
            (0..LENGTH).flat_map(|first| (first + 1..=LENGTH).map(move |end| first..end)).collect();
        let bytes_of = |ranges: &[Range<u64>]| {
            let mut bytes: Vec<u64> = ranges.iter().cloned().flatten().collect();
            bytes.sort_unstable();
            bytes
        };
        for a in &all {
            for b in &all {
                for c in &all {
                    let asked = [a.clone(), b.clone(), c.clone()];
                    let Some(parts) = coalesced(asked.to_vec()) else { continue };
                    let mut expected = bytes_of(&asked);
                    expected.dedup();
                    assert_eq!(bytes_of(&parts), expected, "{asked:?} became {parts:?}");
                    for (i, part) in parts.iter().enumerate() {
                        let apart = |other: &Range<u64>| part.end < other.start || other.end < part.start;
                        assert!(parts[i + 1..].iter().all(apart), "{asked:?} became {parts:?}");
                    }
                }
            }
        }
    }
}
