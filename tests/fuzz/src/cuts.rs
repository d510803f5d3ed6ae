//! Where a byte stream is cut into reads.

use std::fmt;
use std::ops::ControlFlow;
use std::panic::{AssertUnwindSafe, catch_unwind};

use arbitrary::Unstructured;

/// The sizes of the reads, over and over. TCP promises the bytes and their order, and nothing of where one `read`
/// ends; so a decoder that is right gives the same answer for every `Cuts`.
#[derive(Debug, Clone)]
pub struct Cuts(Vec<usize>);

impl Cuts {
    /// All bytes come at once.
    pub fn none() -> Cuts {
        Cuts(vec![usize::MAX])
    }

    /// Every byte comes alone.
    pub fn bytewise() -> Cuts {
        Cuts(vec![1])
    }

    /// As fine as time allows: every byte alone, or where there are many, in small reads.
    pub fn finest(bytes: &[u8]) -> Cuts {
        if bytes.len() < 4000 { Cuts::bytewise() } else { Cuts(vec![61]) }
    }

    /// The longest read.
    pub fn longest(&self) -> usize {
        self.0.iter().copied().max().unwrap_or(1)
    }

    /// One byte says how many sizes follow, up to seven, and each of these is one byte: so in a file that was written by
    /// hand, the digits `0` to `7` say it. No sizes: every byte comes alone.
    pub fn take(input: &mut Unstructured<'_>) -> Cuts {
        let count = usize::from(byte(input) % 8).min(input.len());
        let sizes = input.bytes(count).unwrap_or_default();
        if sizes.is_empty() {
            Cuts::bytewise()
        } else {
            Cuts(sizes.iter().map(|&size| size.into()).collect())
        }
    }

    /// The reads.
    pub fn pieces<'a>(&self, mut bytes: &'a [u8]) -> impl Iterator<Item = &'a [u8]> {
        let mut sizes = self.0.iter().cycle();
        std::iter::from_fn(move || {
            let &size = sizes.next().filter(|_| !bytes.is_empty())?;
            let (piece, rest) = bytes.split_at(size.clamp(1, bytes.len()));
            bytes = rest;
            Some(piece)
        })
    }

    /// Feeds `bytes` read by read to `next`, as a connection does: what it leaves over stands before what comes next.
    /// `next` takes one step over the bytes that are there and continues with how many it used, `None` when it needs
    /// more. When it breaks, that is the end.
    pub fn feed<B>(
        &self,
        bytes: &[u8],
        mut next: impl FnMut(&mut [u8]) -> ControlFlow<B, Option<usize>>,
    ) -> Fed<B> {
        let mut fed = Fed { broke: None, used: 0, come: 0, most_kept: 0 };
        let mut carry = Vec::new();
        for piece in self.pieces(bytes) {
            carry.extend_from_slice(piece);
            fed.come += piece.len();
            let mut at = 0;
            loop {
                match next(&mut carry[at..]) {
                    ControlFlow::Continue(Some(step)) => {
                        at += step;
                        fed.used += step;
                    }
                    ControlFlow::Continue(None) => break,
                    ControlFlow::Break(broke) => return Fed { broke: Some(broke), ..fed },
                }
            }
            carry.drain(..at);
            fed.most_kept = fed.most_kept.max(carry.len());
        }
        fed
    }
}

/// How far [`Cuts::feed`] came.
#[derive(Debug, Clone, Copy)]
pub struct Fed<B> {
    /// What it ended with, if not with the last byte.
    pub broke: Option<B>,
    /// Bytes that were used.
    pub used: usize,
    /// Bytes that had come by then.
    pub come: usize,
    /// The most that was left over between two reads.
    pub most_kept: usize,
}

impl fmt::Display for Cuts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0[..] {
            [1] => f.write_str("cut into single bytes"),
            _ => write!(f, "cut into reads of {:?} bytes, over and over", self.0),
        }
    }
}

/// How often something happens beside the reads.
#[derive(Clone, Copy)]
pub struct Every(Option<usize>);

impl Every {
    /// After each read.
    pub const READ: Every = Every(Some(1));

    /// What the two lowest bits say.
    pub fn of(bits: u8) -> Every {
        Every([Some(1), Some(2), Some(5), None][usize::from(bits & 3)])
    }

    /// Whether it happens after so many reads.
    pub fn is_due(self, reads: usize) -> bool {
        self.0.is_some_and(|every| reads.is_multiple_of(every))
    }
}

impl fmt::Debug for Every {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Some(every) => write!(f, "every {every}"),
            None => f.write_str("at the end"),
        }
    }
}

/// The next byte of an input, 0 where it has ended.
pub fn byte(input: &mut Unstructured<'_>) -> u8 {
    input.arbitrary().unwrap_or_default()
}

/// What `say` says. It asks the code under test, which may be broken.
pub fn if_it_can(say: impl FnOnce() -> String) -> String {
    catch_unwind(AssertUnwindSafe(say)).unwrap_or_else(|_| "(what is broken cannot show it)".into())
}

/// Bytes as they stand in a Rust literal, a line for each line.
pub fn shown(bytes: &[u8]) -> String {
    bytes.escape_ascii().to_string().replace("\\n", "\\n\n")
}
