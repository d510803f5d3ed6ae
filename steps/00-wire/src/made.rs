//! Packets made by hand, for the tests.

use std::net::{IpAddr, SocketAddr};

use crate::checksum::{self, Verdict};
use crate::tcp::Flags;

pub const CLIENT: &str = "127.0.0.1:40000";
pub const SERVER: &str = "127.0.0.1:80";

/// A TCP segment and the packet around it.
#[derive(Clone, Debug)]
pub struct Made {
    pub from: SocketAddr,
    pub to: SocketAddr,
    pub sequence_number: u32,
    pub acknowledgment_number: u32,
    pub flags: u8,
    pub window: u16,
    pub options: Vec<u8>,
    pub payload: Vec<u8>,
}

/// A segment between two addresses, with the lowest numbers and no payload.
pub fn made(from: &str, to: &str, flags: u8) -> Made {
    Made {
        from: from.parse().unwrap(),
        to: to.parse().unwrap(),
        sequence_number: 0,
        acknowledgment_number: 0,
        flags,
        window: 1000,
        options: Vec::new(),
        payload: Vec::new(),
    }
}

impl Made {
    pub fn numbers(mut self, sequence_number: u32, acknowledgment_number: u32) -> Self {
        (self.sequence_number, self.acknowledgment_number) = (sequence_number, acknowledgment_number);
        self
    }

    pub fn window(mut self, window: u16) -> Self {
        self.window = window;
        self
    }

    /// The caller pads them to a multiple of four bytes.
    pub fn options(mut self, options: &[u8]) -> Self {
        self.options = options.to_vec();
        self
    }

    pub fn payload(mut self, payload: &[u8]) -> Self {
        self.payload = payload.to_vec();
        self
    }

    /// The segment with a right checksum.
    pub fn tcp(&self) -> Vec<u8> {
        let mut bytes = Vec::new();
        bytes.extend(self.from.port().to_be_bytes());
        bytes.extend(self.to.port().to_be_bytes());
        bytes.extend(self.sequence_number.to_be_bytes());
        bytes.extend(self.acknowledgment_number.to_be_bytes());
        bytes.extend([(((20 + self.options.len()) / 4) << 4) as u8, self.flags]);
        bytes.extend(self.window.to_be_bytes());
        bytes.extend([0; 4]);
        bytes.extend(&self.options);
        bytes.extend(&self.payload);
        if let Verdict::Wrong { right } = checksum::of_segment(self.from.ip(), self.to.ip(), &bytes) {
            bytes[16..18].copy_from_slice(&right.to_be_bytes());
        }
        bytes
    }

    /// The packet, IPv4 or IPv6 as the addresses are.
    pub fn packet(&self) -> Vec<u8> {
        ip(self.from.ip(), self.to.ip(), crate::ip::TCP, &self.tcp())
    }
}

/// An IP packet around a payload.
pub fn ip(from: IpAddr, to: IpAddr, protocol: u8, payload: &[u8]) -> Vec<u8> {
    let mut bytes = match (from, to) {
        (IpAddr::V4(from), IpAddr::V4(to)) => {
            let mut header = vec![0x45, 0, 0, 0, 0, 0, 0x40, 0, 64, protocol, 0, 0];
            header[2..4].copy_from_slice(&(20 + payload.len() as u16).to_be_bytes());
            header.extend([from.octets(), to.octets()].concat());
            let checksum = !checksum::add(0, &header);
            header[10..12].copy_from_slice(&checksum.to_be_bytes());
            header
        }
        (IpAddr::V6(from), IpAddr::V6(to)) => {
            let mut header = vec![0x60, 0, 0, 0, 0, 0, protocol, 64];
            header[4..6].copy_from_slice(&(payload.len() as u16).to_be_bytes());
            header.extend([from.octets(), to.octets()].concat());
            header
        }
        _ => panic!("one family"),
    };
    bytes.extend(payload);
    bytes
}

/// `SYN` and `ACK` in one byte.
pub const SYN_ACK: u8 = Flags::SYN.0 | Flags::ACK.0;
/// A segment with data.
pub const PSH_ACK: u8 = Flags::PSH.0 | Flags::ACK.0;
/// The last segment of a side.
pub const FIN_ACK: u8 = Flags::FIN.0 | Flags::ACK.0;
