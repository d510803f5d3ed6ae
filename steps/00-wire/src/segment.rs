//! One TCP segment out of an IP packet: the decoders of the two headers, joined.

use std::fmt;
use std::net::SocketAddr;

use crate::checksum::{self, Verdict};
use crate::ip::{self, Packet};
use crate::tcp::{self, Header};

/// A TCP segment with the addresses of the packet that brought it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Segment<'a> {
    /// Who sent it: address and port.
    pub source: SocketAddr,
    /// Who shall have it.
    pub destination: SocketAddr,
    /// How many routers it may still pass.
    pub hop_limit: u8,
    /// Whether the checksum of an IPv4 header is right; version 6 has none.
    pub ip_checksum_is_right: bool,
    /// What TCP's own checksum says.
    pub checksum: Verdict,
    /// TCP's header.
    pub header: Header,
    /// How many payload bytes were sent.
    pub length: usize,
    /// The payload, or as much of it as was captured.
    pub payload: &'a [u8],
}

/// Why there is no segment to show.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refused {
    /// Not an IP packet.
    Ip(ip::Error),
    /// A packet of another protocol.
    Protocol(u8),
    /// A piece of a packet that was cut up. Only the first one has the ports, and none has all the bytes: a receiver
    /// joins them first. This decoder does not.
    Fragment,
    /// Not a TCP segment.
    Tcp(tcp::Error),
}

impl<'a> Segment<'a> {
    /// Decodes an IP packet that carries TCP.
    ///
    /// # Errors
    /// When it is none, or carries something else, or is a fragment.
    pub fn parse(packet: &'a [u8]) -> Result<Self, Refused> {
        let packet = Packet::parse(packet).map_err(Refused::Ip)?;
        if packet.protocol != ip::TCP {
            return Err(Refused::Protocol(packet.protocol));
        }
        if packet.fragment.is_some() {
            return Err(Refused::Fragment);
        }
        let header = Header::parse(packet.payload, packet.length).map_err(Refused::Tcp)?;
        let whole = packet.payload.len() == packet.length;
        Ok(Self {
            source: SocketAddr::new(packet.source, header.source_port),
            destination: SocketAddr::new(packet.destination, header.destination_port),
            hop_limit: packet.hop_limit,
            ip_checksum_is_right: packet.checksum_is_right,
            checksum: if whole {
                checksum::of_segment(packet.source, packet.destination, packet.payload)
            } else {
                Verdict::Unknown
            },
            length: packet.length - header.length,
            payload: &packet.payload[header.length..],
            header,
        })
    }

    /// Whether one of the ends is this port.
    pub fn concerns(&self, port: u16) -> bool {
        self.source.port() == port || self.destination.port() == port
    }
}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Ip(error) => error.fmt(f),
            Self::Protocol(number) => write!(f, "not TCP but protocol {number}"),
            Self::Fragment => f.write_str("a fragment of an IP packet, which this decoder does not join"),
            Self::Tcp(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for Refused {}

#[cfg(test)]
mod tests;
