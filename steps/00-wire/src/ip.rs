//! The IP header, version 4 (RFC 791 §3.1) and 6 (RFC 8200 §3): where a packet comes from and where it goes.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use crate::checksum;

/// The protocol number of TCP, in both versions.
pub const TCP: u8 = 6;

/// An IP packet: the fields that matter here, and what it carries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Packet<'a> {
    /// Who sent it.
    pub source: IpAddr,
    /// Who shall have it.
    pub destination: IpAddr,
    /// What the payload is; [`TCP`], 17 for UDP, 1 for ICMP.
    pub protocol: u8,
    /// How many routers it may still pass: "time to live" in version 4, "hop limit" in 6.
    pub hop_limit: u8,
    /// Whether the header's own checksum is right. Version 6 has none: TCP's covers the addresses too.
    pub checksum_is_right: bool,
    /// Where this piece begins in the packet that was cut up, and whether more follow; `None` when it is whole.
    pub fragment: Option<Fragment>,
    /// How long the payload is, as the header says.
    pub length: usize,
    /// The payload, or as much of it as was captured: a capture may keep only the beginning of each packet.
    pub payload: &'a [u8],
}

/// A piece of a packet that was too long for some link.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fragment {
    /// Where it begins, in bytes. Only the piece that begins at 0 has the header of TCP.
    pub offset: usize,
    /// Whether another piece follows.
    pub more: bool,
}

/// Why these bytes are no IP packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Error {
    /// The bytes end before the header does.
    Truncated,
    /// The first four bits are neither 4 nor 6.
    Version(u8),
    /// A length that cannot be: a header shorter than its fixed part, a packet shorter than its header.
    Length,
}

impl<'a> Packet<'a> {
    /// Reads the header at the beginning of `bytes`. What stands behind the packet (Ethernet pads short ones) is left out.
    ///
    /// # Errors
    /// When the bytes end too early, or when they cannot be an IP packet.
    pub fn parse(bytes: &'a [u8]) -> Result<Self, Error> {
        match bytes.first().ok_or(Error::Truncated)? >> 4 {
            4 => version_4(bytes),
            6 => version_6(bytes),
            other => Err(Error::Version(other)),
        }
    }
}

/// RFC 791 §3.1: 20 bytes, then options.
fn version_4(bytes: &[u8]) -> Result<Packet<'_>, Error> {
    let fixed: &[u8; 20] = bytes.first_chunk().ok_or(Error::Truncated)?;
    // IHL: the header's length in words of 32 bits.
    let header_length = usize::from(fixed[0] & 0x0f) * 4;
    let total_length = usize::from(u16::from_be_bytes([fixed[2], fixed[3]]));
    if header_length < 20 || total_length < header_length {
        return Err(Error::Length);
    }
    let header = bytes.get(..header_length).ok_or(Error::Truncated)?;
    let flags_and_offset = u16::from_be_bytes([fixed[6], fixed[7]]);
    let (offset, more) = (usize::from(flags_and_offset & 0x1fff) * 8, flags_and_offset & 0x2000 != 0);
    Ok(Packet {
        source: IpAddr::from(Ipv4Addr::new(fixed[12], fixed[13], fixed[14], fixed[15])),
        destination: IpAddr::from(Ipv4Addr::new(fixed[16], fixed[17], fixed[18], fixed[19])),
        protocol: fixed[9],
        hop_limit: fixed[8],
        checksum_is_right: checksum::add(0, header) == 0xffff,
        fragment: (offset > 0 || more).then_some(Fragment { offset, more }),
        length: total_length - header_length,
        payload: &bytes[header_length..total_length.min(bytes.len())],
    })
}

/// RFC 8200 §3: 40 bytes, then extension headers, each of which names the next.
fn version_6(bytes: &[u8]) -> Result<Packet<'_>, Error> {
    let fixed: &[u8; 40] = bytes.first_chunk().ok_or(Error::Truncated)?;
    let (source, destination) = fixed[8..].split_at(16);
    let mut packet = Packet {
        source: IpAddr::from(Ipv6Addr::from(<[u8; 16]>::try_from(source).expect("16 bytes"))),
        destination: IpAddr::from(Ipv6Addr::from(
            <[u8; 16]>::try_from(&destination[..16]).expect("16 bytes"),
        )),
        protocol: fixed[6],
        hop_limit: fixed[7],
        checksum_is_right: true,
        fragment: None,
        length: usize::from(u16::from_be_bytes([fixed[4], fixed[5]])),
        payload: &[],
    };
    packet.payload = &bytes[40..(40 + packet.length).min(bytes.len())];
    skip_extension_headers(packet)
}

/// RFC 8200 §4: hop-by-hop options, routing, fragment, destination options. Each says what the next header is.
fn skip_extension_headers(mut packet: Packet<'_>) -> Result<Packet<'_>, Error> {
    const HOP_BY_HOP: u8 = 0;
    const ROUTING: u8 = 43;
    const FRAGMENT: u8 = 44;
    const DESTINATION: u8 = 60;
    while let HOP_BY_HOP | ROUTING | FRAGMENT | DESTINATION = packet.protocol {
        let fixed: &[u8; 8] = packet.payload.first_chunk().ok_or(Error::Truncated)?;
        let mut length = 8;
        if packet.protocol == FRAGMENT {
            let offset_and_more = u16::from_be_bytes([fixed[2], fixed[3]]);
            let (offset, more) = (usize::from(offset_and_more & 0xfff8), offset_and_more & 1 != 0);
            packet.fragment = (offset > 0 || more).then_some(Fragment { offset, more });
        } else {
            length += usize::from(fixed[1]) * 8; // In words of 64 bits, the first one not counted.
        }
        packet.protocol = fixed[0];
        if packet.fragment.is_some_and(|fragment| fragment.offset > 0) {
            length = 8; // Behind it stands the middle of something, no header.
        }
        if packet.length < length {
            return Err(Error::Length);
        }
        packet.payload = packet.payload.get(length..).ok_or(Error::Truncated)?;
        packet.length -= length;
        if packet.fragment.is_some_and(|fragment| fragment.offset > 0) {
            break;
        }
    }
    Ok(packet)
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Truncated => f.write_str("the IP header is cut off"),
            Self::Version(version) => write!(f, "not IP: its version would be {version}"),
            Self::Length => f.write_str("an IP header whose lengths cannot be"),
        }
    }
}

impl std::error::Error for Error {}

#[cfg(test)]
mod tests;
