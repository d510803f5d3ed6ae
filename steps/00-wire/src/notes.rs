//! What is worth saying about a segment, apart from what stands in it.

use std::fmt;

/// One of the two who talk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// Who sent the first SYN.
    Client,
    /// Who listened.
    Server,
}

/// Something about a segment that only one who has seen those before it can know.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Note {
    /// The watcher came later than the connection: the relative numbers begin with what was seen first, and nobody knows the
    /// scale of the windows.
    JoinedLate,
    /// All of it has been sent before.
    Retransmission,
    /// So many of its bytes have been sent before.
    PartlySentBefore(i64),
    /// Bytes between the segment before and this one were not seen: lost on the way, or by the watcher.
    Gap(i64),
    /// Bytes that were missing have come.
    FillsGap,
    /// It acknowledges so many bytes that the watcher has not seen: it was too slow.
    AcknowledgesUnseen(i64),
    /// The same acknowledgment once more: something came, but not what is waited for.
    DuplicateAck,
    /// The last number once more, to hear whether the other side still lives.
    KeepAlive,
    /// The same while the other side has no room, to hear whether it has some again.
    WindowProbe,
    /// The receiver has no room: the sender must stop.
    WindowClosed,
    /// The receiver has room again.
    WindowOpens,
    /// The first FIN: this side sends no more, the other side may.
    HalfClose(Side),
    /// There is an RST in answer to the first SYN.
    ConnectionRefused,
}

/// How a conversation ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// Each side has sent FIN, and each FIN is acknowledged.
    Closed {
        /// Whose FIN was the first.
        first: Side,
        /// Whether the other side had not seen that FIN when it sent its own.
        together: bool,
    },
    /// One side threw the connection away.
    Reset(Side),
}

impl Side {
    /// Who is at the other end.
    pub fn other(self) -> Self {
        match self {
            Self::Client => Self::Server,
            Self::Server => Self::Client,
        }
    }
}

impl fmt::Display for Side {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Client => "client",
            Self::Server => "server",
        })
    }
}

impl fmt::Display for Note {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::JoinedLate => {
                f.write_str("the beginning was not seen: relative numbers begin here, windows are as sent")
            }
            Self::Retransmission => f.write_str("retransmission: all of this was sent before"),
            Self::PartlySentBefore(count) => {
                write!(f, "retransmission: {count} of these bytes were sent before")
            }
            Self::Gap(count) => write!(f, "{count} bytes before this were not seen"),
            Self::FillsGap => f.write_str("comes late: this was missing"),
            Self::AcknowledgesUnseen(count) => {
                write!(f, "acknowledges {count} bytes that were not seen here")
            }
            Self::DuplicateAck => f.write_str("duplicate ACK: something came, but not what is waited for"),
            Self::KeepAlive => f.write_str("keep-alive: are you still there?"),
            Self::WindowProbe => f.write_str("window probe: is there room again?"),
            Self::WindowClosed => f.write_str("window 0: no room, stop sending"),
            Self::WindowOpens => f.write_str("there is room again"),
            Self::HalfClose(side) => {
                write!(f, "half close: the {side} sends no more, the {} may", side.other())
            }
            Self::ConnectionRefused => f.write_str("connection refused: nobody listens on this port"),
        }
    }
}

impl fmt::Display for End {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Closed { together: true, .. } => {
                f.write_str("closed by both at the same moment: both keep the address pair, TIME-WAIT")
            }
            Self::Closed { first, .. } => {
                write!(f, "closed, by the {first} first: it keeps the address pair, TIME-WAIT")
            }
            Self::Reset(side) => {
                write!(f, "reset by the {side}: nobody keeps anything, unread bytes are lost")
            }
        }
    }
}
