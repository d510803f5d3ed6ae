//! A binary message that comes in parts. A large one is read straight into its buffer.

use poll::Buffer;

/// So much has come before room is offered, and so much must be still to come: below, a copy costs less.
const LARGE: usize = 32 * 1024;

/// The payload so far: the first `length` of `buffer`. Behind it there may be room, which was filled with something before.
#[derive(Debug, Default)]
pub(crate) struct Bytes {
    buffer: Buffer,
    length: usize,
}

impl Bytes {
    pub fn push(&mut self, bytes: &[u8]) {
        self.buffer.truncate(self.length);
        self.buffer.extend_from_slice(bytes);
        self.length = self.buffer.len();
    }

    pub fn len(&self) -> usize {
        self.length
    }

    /// Room for the next of `left` bytes: as much as has come already, so that a peer cannot make us take memory by what it
    /// announces; more, where `buffer` had a larger one lying about.
    pub fn room(&mut self, left: u64, buffer: impl FnOnce(usize) -> Buffer) -> Option<&mut [u8]> {
        let left = usize::try_from(left).unwrap_or(usize::MAX);
        let has_room = self.length < self.buffer.len();
        if left == 0 || !has_room && left.min(self.length) < LARGE {
            return None;
        }
        if !has_room {
            let mut larger = buffer(self.length + left.min(self.length));
            larger[..self.length].copy_from_slice(&self.buffer[..self.length]);
            self.buffer = larger;
        }
        let end = self.buffer.len().min(self.length.saturating_add(left));
        Some(&mut self.buffer[self.length..end])
    }

    /// So many bytes have come into the room: these.
    pub fn filled(&mut self, count: usize) -> &mut [u8] {
        let from = self.length;
        self.length += count;
        &mut self.buffer[from..self.length]
    }

    #[cfg(test)]
    pub fn memory(&self) -> usize {
        self.buffer.capacity()
    }

    pub fn finish(mut self) -> Buffer {
        self.buffer.truncate(self.length);
        self.buffer
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Bytes that are told apart by their place.
    fn payload(length: usize) -> Vec<u8> {
        (0..length).map(|place| (place % 251) as u8).collect()
    }

    #[test]
    fn pieces_and_room_in_any_order_make_the_same_message() {
        let payload = payload(20 * LARGE);
        for first in [LARGE, LARGE + 1, 3 * LARGE] {
            for step in [1000, LARGE, usize::MAX] {
                let mut bytes = Bytes::default();
                bytes.push(&payload[..first]);
                while bytes.len() < payload.len() {
                    let from = bytes.len();
                    let left = (payload.len() - from) as u64;
                    match bytes.room(left, |length| vec![0xff; length + 7].into()) {
                        Some(room) => {
                            let count = room.len().min(step);
                            room[..count].copy_from_slice(&payload[from..from + count]);
                            assert_eq!(bytes.filled(count), &payload[from..from + count]);
                        }
                        None => bytes.push(&payload[from..payload.len().min(from + 500)]),
                    }
                    if bytes.len().is_multiple_of(3) && bytes.len() < payload.len() {
                        // A fragment's end in the midst of the room.
                        bytes.push(&payload[bytes.len()..][..1]);
                    }
                }
                assert!(*bytes.finish() == payload, "{first}, then {step}");
            }
        }
    }

    #[test]
    fn room_is_offered_only_to_who_has_sent_much_and_only_as_much_again() {
        let mut bytes = Bytes::default();
        bytes.push(&payload(LARGE - 1));
        assert_eq!(bytes.room(u64::MAX, |_| panic!("nothing is asked for")), None);
        bytes.push(&[0]);
        assert_eq!(bytes.room(LARGE as u64 - 1, |_| panic!("nothing is asked for")), None);
        let room = bytes.room(u64::MAX, |length| vec![0; length].into()).map(|room| room.len());
        assert_eq!(room, Some(LARGE), "twice what has come, in all");
    }

    #[test]
    fn what_a_buffer_held_before_is_never_shown() {
        let mut bytes = Bytes::default();
        bytes.push(&payload(LARGE));
        let room = bytes.room(LARGE as u64, |_| b"secret".repeat(LARGE).into()).expect("there is room");
        assert_eq!(room.len(), LARGE, "no more than is to come");
        room[0] = 7;
        bytes.filled(1);
        assert_eq!(*bytes.finish(), [payload(LARGE), vec![7]].concat());
    }
}
