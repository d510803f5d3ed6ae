//! What is sent: from sheer noise to a good message with one bit wrong.

use crate::Chance;

/// What clients of a rung say when they make no mistake.
#[derive(Debug, Clone, Default)]
pub struct Traffic {
    /// Sent first, most of the time as it is: a handshake. Without it the rest would never be looked at.
    pub opening: Vec<u8>,
    /// Whole messages, in any order.
    pub messages: Vec<Vec<u8>>,
    /// Pieces that matter to a parser, to be put where they do not belong: a CRLF, a NUL, a huge number.
    pub pieces: Vec<Vec<u8>>,
}

impl Traffic {
    /// Everything that one connection sends.
    pub fn conversation(&self, chance: &mut Chance) -> Vec<u8> {
        if self.messages.is_empty() || chance.once_in(5) {
            let length = chance.length(64 * 1024);
            return chance.bytes(length);
        }
        let mut all = self.opening.clone();
        if chance.once_in(4) {
            mutilate(&mut all, &self.pieces, chance);
        }
        for _ in 0..chance.below(6) {
            let mut message = chance.one_of(&self.messages).cloned().unwrap_or_default();
            if chance.once_in(2) {
                mutilate(&mut message, &self.pieces, chance);
            }
            all.extend_from_slice(&message);
        }
        if chance.once_in(3) {
            // Cut short: the rest never comes.
            all.truncate(chance.below(all.len() + 1));
        }
        all
    }
}

/// Makes one to four mistakes.
pub fn mutilate(bytes: &mut Vec<u8>, pieces: &[Vec<u8>], chance: &mut Chance) {
    for _ in 0..=chance.below(4) {
        let at = chance.below(bytes.len() + 1);
        let end = at + chance.length(bytes.len() - at);
        match chance.below(7) {
            // A bit turned over.
            0 if at < bytes.len() => bytes[at] ^= 1 << chance.below(8),
            // Another byte.
            1 if at < bytes.len() => bytes[at] = chance.number() as u8,
            // A part missing.
            2 => drop(bytes.drain(at..end)),
            // A part twice.
            3 => {
                let part = bytes[at..end].to_vec();
                bytes.splice(at..at, part);
            }
            // Noise in between.
            4 => {
                let length = chance.length(300);
                let noise = chance.bytes(length);
                bytes.splice(at..at, noise);
            }
            // Something that means something, where it does not belong.
            5 => {
                let piece = chance.one_of(pieces).cloned().unwrap_or_default();
                bytes.splice(at..at, piece);
            }
            // The same byte again and again.
            _ => {
                let byte = bytes.get(at).copied().unwrap_or(0);
                let length = chance.length(20_000);
                bytes.splice(at..at, std::iter::repeat_n(byte, length));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mistakes_are_made_in_anything_and_depend_on_the_seed_only() {
        let make = |seed| {
            let mut chance = Chance::new(seed);
            let mut bytes = b"GET / HTTP/1.1\r\n\r\n".to_vec();
            mutilate(&mut bytes, &[b"\0".to_vec()], &mut chance);
            let mut empty = Vec::new();
            mutilate(&mut empty, &[], &mut chance);
            bytes
        };
        let all: Vec<_> = (0..500).map(make).collect();
        assert!((0..500).all(|seed| make(seed) == all[seed as usize]));
        let harmless = all.iter().filter(|bytes| *bytes == b"GET / HTTP/1.1\r\n\r\n").count();
        assert!(harmless < 100, "{harmless} of 500 have no mistake");
    }

    #[test]
    fn conversations_are_of_all_kinds() {
        let traffic = Traffic {
            opening: b"hello ".to_vec(),
            messages: vec![b"one ".to_vec(), b"two ".to_vec()],
            pieces: vec![],
        };
        let mut chance = Chance::new(1);
        let all: Vec<_> = (0..2000).map(|_| traffic.conversation(&mut chance)).collect();
        for wanted in [&b"hello one "[..], b"hello two ", b"hell"] {
            assert!(all.iter().any(|bytes| bytes == wanted), "never {}", wanted.escape_ascii());
        }
        assert!(all.iter().any(|bytes| !bytes.starts_with(b"hello") && bytes.len() > 10_000), "no noise");
    }
}
