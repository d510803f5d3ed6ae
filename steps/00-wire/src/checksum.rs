//! The Internet checksum (RFC 1071): 16 bits that notice a broken cable, not a forger.

use std::net::IpAddr;

/// What the checksum of a TCP segment says about it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Nothing was changed on the way.
    Right,
    /// Only the part that covers the addresses was computed; the network card would do the rest (offload).
    /// On loopback there is no card and no cable, so nobody ever does.
    Unfinished,
    /// Something was changed on the way: the receiver drops this segment without a word.
    Wrong {
        /// What the checksum would have to be.
        right: u16,
    },
    /// The capture kept only the beginning of the segment.
    Unknown,
}

/// Adds `bytes` to `sum` as 16-bit numbers in one's complement arithmetic: what is carried out at the top comes in again
/// at the bottom. An odd byte at the end counts as the upper half of a number.
///
/// A header or segment with a right checksum in it sums up to 0xffff.
// ANCHOR: add
pub fn add(sum: u16, bytes: &[u8]) -> u16 {
    let mut wide = u64::from(sum);
    for pair in bytes.chunks(2) {
        wide += u64::from(u16::from_be_bytes([pair[0], *pair.get(1).unwrap_or(&0)]));
    }
    while wide > 0xffff {
        wide = (wide & 0xffff) + (wide >> 16);
    }
    wide as u16
}
// ANCHOR_END: add

/// Judges a whole TCP segment. Its checksum covers a pseudo header too, which is not sent: the addresses, the protocol
/// and the length (RFC 9293 §3.1), so that a segment which came to the wrong machine is noticed.
pub fn of_segment(source: IpAddr, destination: IpAddr, segment: &[u8]) -> Verdict {
    let Some(found) = segment.get(16..18) else { return Verdict::Unknown };
    let found = u16::from_be_bytes([found[0], found[1]]);
    let pseudo_header = pseudo_header(source, destination, segment.len());
    let all = add(pseudo_header, segment);
    if all == 0xffff {
        Verdict::Right
    } else if found == pseudo_header {
        Verdict::Unfinished
    } else {
        // What the sum would be without the checksum itself; in one's complement, minus is "not".
        let without = add(all, &(!found).to_be_bytes());
        Verdict::Wrong { right: !without }
    }
}

/// The sum over the pseudo header. Version 6 has a longer one (RFC 8200 §8.1) with the same numbers in it.
fn pseudo_header(source: IpAddr, destination: IpAddr, length: usize) -> u16 {
    let mut sum = add(0, &[0, crate::ip::TCP]);
    for address in [source, destination] {
        sum = match address {
            IpAddr::V4(address) => add(sum, &address.octets()),
            IpAddr::V6(address) => add(sum, &address.octets()),
        };
    }
    add(sum, &(length as u32).to_be_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A SYN from 127.0.0.1:1 to 127.0.0.1:2, checksum not filled in.
    const SYN: [u8; 20] = [0, 1, 0, 2, 0, 0, 0, 9, 0, 0, 0, 0, 0x50, 0x02, 0xff, 0xff, 0, 0, 0, 0];
    const HERE: IpAddr = IpAddr::V4(std::net::Ipv4Addr::LOCALHOST);

    fn syn_with(checksum: u16) -> [u8; 20] {
        let mut syn = SYN;
        syn[16..18].copy_from_slice(&checksum.to_be_bytes());
        syn
    }

    /// In hexadecimal, as the chapter and the RFC write sums.
    fn sum(sum: u16, bytes: &[u8]) -> String {
        format!("{:04x}", add(sum, bytes))
    }

    /// RFC 1071 §3: 0001 + f203 + f4f5 + f6f7 is 2ddf0; the 2 comes in again at the bottom, ddf0 + 2.
    #[test]
    fn the_example_of_rfc_1071_sums_up() {
        assert_eq!(sum(0, &[0x00, 0x01, 0xf2, 0x03, 0xf4, 0xf5, 0xf6, 0xf7]), "ddf2");
    }

    #[test]
    fn a_sum_can_be_made_in_parts_and_an_odd_byte_is_an_upper_half() {
        assert_eq!(sum(add(0, &[0xff, 0xff]), &[0x00, 0x02]), "0002");
        assert_eq!(sum(0, &[0x12]), "1200");
        assert_eq!(sum(0, &[]), "0000");
    }

    /// In all 1ffff. Its 1 comes in again at the bottom, ffff + 1, which is 10000: and that 1 comes in again too.
    #[test]
    fn what_comes_in_again_may_be_carried_out_again() {
        assert_eq!(sum(0xffff, &[0xff, 0xff, 0x00, 0x01]), "0001");
    }

    /// The pseudo header sums up to fe1c; with the 0001 + 0002 + 0009 + 5002 + ffff of the segment it is 4e2b, and b1d4 is the
    /// complement of that.
    #[test]
    fn a_wrong_checksum_says_which_would_be_right() {
        let Verdict::Wrong { right } = of_segment(HERE, HERE, &syn_with(0x1234)) else {
            panic!("0x1234 is wrong")
        };
        assert_eq!(format!("{right:04x}"), "b1d4");
        assert_eq!(of_segment(HERE, HERE, &syn_with(0xb1d4)), Verdict::Right);
        assert_eq!(of_segment(HERE, HERE, &syn_with(right ^ 0x0100)), Verdict::Wrong { right });
    }

    #[test]
    fn every_bit_that_changes_is_noticed() {
        let Verdict::Wrong { right } = of_segment(HERE, HERE, &syn_with(1)) else { panic!("1 is wrong") };
        for bit in 0..SYN.len() * 8 {
            let mut changed = syn_with(right);
            changed[bit / 8] ^= 1 << (bit % 8);
            assert_ne!(of_segment(HERE, HERE, &changed), Verdict::Right, "bit {bit}");
        }
    }

    #[test]
    fn the_sum_of_the_pseudo_header_alone_is_unfinished_work() {
        // 127.0.0.1 twice, protocol 6, length 20: 7f00 + 0001 + 7f00 + 0001 + 0006 + 0014.
        assert_eq!(of_segment(HERE, HERE, &syn_with(0xfe1c)), Verdict::Unfinished);
        let six = IpAddr::V6(std::net::Ipv6Addr::LOCALHOST); // 0001 + 0001 + 0006 + 0014
        assert_eq!(of_segment(six, six, &syn_with(0x001c)), Verdict::Unfinished);
    }

    #[test]
    fn less_than_a_header_has_no_checksum() {
        for length in 0..18 {
            assert_eq!(of_segment(HERE, HERE, &SYN[..length]), Verdict::Unknown);
        }
    }
}
