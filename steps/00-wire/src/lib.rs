//! Rung 00: what TCP really sends, decoded by hand and drawn.
//!
//! The files, in reading order:
//! - [`ip`], [`checksum`], [`tcp`], [`options`]: the headers, bytes in, fields out.
//! - [`segment`]: the three together: one TCP segment, or why this packet has none.
//! - [`conversation`]: who has sent how much, relative numbers, what is sent again, who
//!   closed. [`notes`] are what it says, `way` is one direction of it.
//! - [`words`]: the first word about a payload: the request line, the status line, the frames.
//! - [`drawing`]: the picture.
//! - [`pcap`], [`link`]: captures as tcpdump and Wireshark write and read them.
//! - [`watch`]: the kernel's packets, live.
//!
//! No decoder touches a socket or a clock, and none panics, whatever the bytes are.

pub mod checksum;
pub mod conversation;
pub mod drawing;
pub mod ip;
pub mod link;
#[cfg(test)]
mod made;
pub mod notes;
pub mod options;
pub mod pcap;
pub mod segment;
pub mod tcp;
pub mod watch;
mod way;
pub mod words;
