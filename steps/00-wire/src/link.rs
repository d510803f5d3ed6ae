//! What stands before the IP header in a capture: the link's own header, which its type tells.

/// Packets begin with the IP header. What [`crate::watch`] sees, and what [`crate::pcap::Writer`] writes.
pub const RAW: u32 = 101;

/// The IP packet behind the link's header; `None` when this frame carries something else, ARP for example, or is cut off.
///
/// The numbers are those of <https://www.tcpdump.org/linktypes.html>.
pub fn ip(link_type: u32, frame: &[u8]) -> Option<&[u8]> {
    let ethernet_type = |at: usize| {
        let number = u16::from_be_bytes([*frame.get(at)?, *frame.get(at + 1)?]);
        matches!(number, 0x0800 | 0x86dd).then_some(())
    };
    match link_type {
        // LINKTYPE_NULL, macOS's lo0: the family as a number of 4 bytes in the byte order of the machine.
        0 | 108 => frame.get(4..),
        // Ethernet: two addresses of 6 bytes, then the type. Linux's loopback is so, with zeros for addresses.
        1 => ethernet_type(12).and_then(|()| frame.get(14..)),
        // Linux's cooked capture, `tcpdump -i any`, old and new.
        113 => ethernet_type(14).and_then(|()| frame.get(16..)),
        276 => ethernet_type(0).and_then(|()| frame.get(20..)),
        RAW | 12 | 228 | 229 => Some(frame),
        _ => None,
    }
}

/// Whether [`ip`] knows this type.
pub fn is_known(link_type: u32) -> bool {
    matches!(link_type, 0 | 1 | 12 | RAW | 108 | 113 | 228 | 229 | 276)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_packet_stands_behind_the_links_header() {
        for (link_type, header) in [
            (0, vec![2, 0, 0, 0]),
            (1, [vec![0; 12], vec![0x08, 0x00]].concat()),
            (1, [vec![0; 12], vec![0x86, 0xdd]].concat()),
            (113, [vec![0; 14], vec![0x08, 0x00]].concat()),
            (276, [vec![0x86, 0xdd], vec![0; 18]].concat()),
            (RAW, vec![]),
        ] {
            assert!(is_known(link_type));
            let frame = [&header[..], b"packet"].concat();
            assert_eq!(ip(link_type, &frame), Some(&b"packet"[..]), "type {link_type}");
            for cut in 0..header.len() {
                assert_eq!(ip(link_type, &frame[..cut]), None, "type {link_type}, {cut} bytes");
            }
        }
    }

    #[test]
    fn other_protocols_and_other_links_are_none() {
        assert_eq!(ip(1, &[[0; 12].as_slice(), &[0x08, 0x06], &[0; 28]].concat()), None, "ARP");
        assert_eq!(ip(147, b"packet"), None);
        assert!(!is_known(147));
    }
}
