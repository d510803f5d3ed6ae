use std::io::Write;
use std::sync::atomic::{AtomicU32, Ordering};

use mio::net::TcpStream;

use super::*;

const ID: ConnId = ConnId::from_u64(1);

/// A socket that takes a few bytes at a time, and sometimes none.
struct Narrow {
    taken: Vec<u8>,
    /// The most that one write takes.
    per_write: usize,
    /// How much it takes in all before it would block.
    room: usize,
    writes: usize,
    /// Parts offered in the last write.
    parts: usize,
    /// How many bytes were offered as followed by more.
    more: Vec<usize>,
}

impl Narrow {
    fn new(per_write: usize, room: usize) -> Narrow {
        Narrow { taken: Vec::new(), per_write, room, writes: 0, parts: 0, more: Vec::new() }
    }
}

impl Stream for Narrow {
    const SHORT_READ_DRAINS: bool = false;

    fn socket(&mut self) -> &mut TcpStream {
        unreachable!("a queue writes only")
    }

    fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
        unreachable!("a queue writes only")
    }

    fn write(&mut self, parts: &[IoSlice<'_>]) -> io::Result<usize> {
        if self.room == 0 {
            return Err(ErrorKind::WouldBlock.into());
        }
        let before = self.taken.len();
        for part in parts {
            // Only what is taken is copied: of megabytes that are offered again and again, that is little.
            let left = self.per_write.min(self.room) - (self.taken.len() - before);
            self.taken.extend_from_slice(&part[..part.len().min(left)]);
        }
        let count = self.taken.len() - before;
        self.room -= count;
        self.writes += 1;
        self.parts = parts.len();
        Ok(count)
    }

    fn write_more(&mut self, parts: &[IoSlice<'_>]) -> io::Result<usize> {
        self.more.push(parts.iter().map(|part| part.len()).sum());
        self.write(parts)
    }
}

fn file(content: &[u8]) -> Arc<File> {
    // Tests run side by side, and each has a file of its own.
    static COUNT: AtomicU32 = AtomicU32::new(0);
    let count = COUNT.fetch_add(1, Ordering::Relaxed);
    let path = std::env::temp_dir().join(format!("output-{}-{count}", std::process::id()));
    let mut file = File::options().read(true).write(true).create(true).truncate(true).open(&path).unwrap();
    file.write_all(content).unwrap();
    std::fs::remove_file(path).unwrap();
    Arc::new(file)
}

/// Bytes, a chunk, bytes, a file, two chunks, bytes; and what they are together.
fn mixed(file: &Arc<File>) -> (Queue, Vec<u8>) {
    let mut queue = Queue::default();
    queue.tail().extend_from_slice(b"head ");
    queue.push(Chunk::Shared(b"shared ".as_slice().into()));
    queue.tail().extend_from_slice(b"between ");
    queue.push(Chunk::File { file: file.clone(), range: 2..7 });
    queue.push(Chunk::Owned(b" owned".to_vec()));
    queue.push(Chunk::Shared(b" again".as_slice().into()));
    queue.tail().extend_from_slice(b" tail");
    (queue, b"head shared between 23456 owned again tail".to_vec())
}

#[test]
fn what_has_left_is_let_go_part_by_part() {
    let mut queue = Queue::default();
    queue.push(Chunk::Owned(b"one".to_vec()));
    queue.push(Chunk::Owned(b"two".to_vec()));
    queue.tail().extend_from_slice(b"tail");
    // What leaves, then: what waits, how many chunks, and how much of the first part is gone.
    for (written, left) in [(2, (8, 2, 2)), (1, (7, 1, 0)), (4, (3, 0, 1)), (2, (1, 0, 3)), (1, (0, 0, 0))] {
        queue.advance(written);
        assert_eq!(
            (queue.pending(), queue.chunks.len(), queue.sent),
            left,
            "{written} more have left: what waits, chunks, sent"
        );
    }
    assert!(queue.tail.is_empty());
}

#[test]
fn what_stands_before_a_file_is_said_to_be_followed_by_it() {
    let (mut queue, expected) = mixed(&file(b"0123456789"));
    let mut socket = Narrow::new(usize::MAX, usize::MAX);
    assert_eq!(queue.flush(ID, &mut socket).unwrap(), Flushed::All);
    assert_eq!(socket.taken, expected);
    assert_eq!(socket.more, ["head shared between ".len()], "and what ends the queue is not");
}

#[test]
fn whatever_the_socket_takes_at_a_time_all_bytes_leave_in_order() {
    let file = file(b"0123456789");
    for per_write in 1..50 {
        let (mut queue, expected) = mixed(&file);
        let mut socket = Narrow::new(per_write, usize::MAX);
        assert_eq!(queue.flush(ID, &mut socket).unwrap(), Flushed::All);
        let [taken, expected] = [&socket.taken, &expected].map(|bytes| bytes.escape_ascii().to_string());
        assert_eq!(taken, expected, "{per_write} bytes at a time");
        assert_eq!(queue.pending(), 0);
    }
}

#[test]
fn wherever_the_socket_is_full_the_rest_waits_with_its_offset() {
    let file = file(b"0123456789");
    let length = mixed(&file).1.len();
    for room in 0..length {
        let (mut queue, expected) = mixed(&file);
        let mut socket = Narrow::new(usize::MAX, room);
        assert_eq!(queue.flush(ID, &mut socket).unwrap(), Flushed::Blocked);
        assert_eq!(queue.pending(), (length - room) as u64);
        // Meanwhile more is queued behind it.
        queue.push(Chunk::Owned(b" more".to_vec()));
        queue.tail().extend_from_slice(b" and more");
        socket.room = usize::MAX;
        assert_eq!(queue.flush(ID, &mut socket).unwrap(), Flushed::All);
        assert_eq!(socket.taken, [&expected[..], b" more and more"].concat(), "blocked after {room}");
    }
}

#[test]
fn what_is_in_memory_leaves_in_one_write() {
    let mut queue = Queue::default();
    queue.push(Chunk::Owned(b"header ".to_vec()));
    queue.push(Chunk::Shared(b"payload".as_slice().into()));
    queue.tail().extend_from_slice(b" next");
    let mut socket = Narrow::new(usize::MAX, usize::MAX);
    queue.flush(ID, &mut socket).unwrap();
    assert_eq!((socket.writes, socket.parts), (1, 3));
}

#[test]
fn a_long_list_of_chunks_goes_around_in_several_writes() {
    for count in [PARTS - 1, PARTS, PARTS + 1, 100] {
        let mut queue = Queue::default();
        let shared: Arc<[u8]> = b"0123456789".as_slice().into();
        (0..count).for_each(|_| queue.push(Chunk::Shared(shared.clone())));
        queue.tail().extend_from_slice(b"end");
        let mut socket = Narrow::new(usize::MAX, usize::MAX);
        queue.flush(ID, &mut socket).unwrap();
        assert_eq!(socket.taken, ["0123456789".repeat(count).as_bytes(), b"end"].concat());
        assert_eq!(socket.writes, (count + 1).div_ceil(PARTS));
        assert_eq!(Arc::strong_count(&shared), 1, "sent chunks are let go");
    }
}

#[test]
fn empty_chunks_are_no_chunks() {
    let mut queue = Queue::default();
    queue.push(Chunk::Owned(Vec::new()));
    queue.push(Chunk::File { file: file(b""), range: 7..7 });
    #[expect(clippy::reversed_empty_ranges)]
    queue.push(Chunk::File { file: file(b""), range: 7..3 });
    assert_eq!(queue.pending(), 0);
    assert_eq!(queue.flush(ID, &mut Narrow::new(1, 0)).unwrap(), Flushed::All);
}

#[test]
fn a_file_that_became_shorter_is_an_error_not_an_endless_loop() {
    let mut queue = Queue::default();
    queue.push(Chunk::File { file: file(b"0123456789"), range: 5..20 });
    let mut socket = Narrow::new(3, usize::MAX);
    assert_eq!(queue.flush(ID, &mut socket).unwrap_err().kind(), ErrorKind::InvalidData);
    assert_eq!(socket.taken, b"56789", "what is there is sent");
}

#[test]
fn one_turn_sends_a_bounded_amount() {
    let mut queue = Queue::default();
    for _ in 0..5 {
        queue.push(Chunk::Owned(vec![0; WRITE_BUDGET as usize / 2]));
    }
    let mut socket = Narrow::new(10_000, usize::MAX);
    assert_eq!(queue.flush(ID, &mut socket).unwrap(), Flushed::Paused);
    assert!((WRITE_BUDGET as usize..WRITE_BUDGET as usize + 10_000).contains(&socket.taken.len()));
    assert_eq!(queue.flush(ID, &mut socket).unwrap(), Flushed::Paused);
    assert_eq!(queue.flush(ID, &mut socket).unwrap(), Flushed::All);
}

#[test]
fn a_stream_that_takes_nothing_and_does_not_say_why_is_an_error() {
    let mut queue = Queue::default();
    queue.tail().push(1);
    assert_eq!(queue.flush(ID, &mut Narrow::new(0, 1)).unwrap_err().kind(), ErrorKind::WriteZero);
}

#[test]
fn a_blocked_queue_keeps_no_more_memory_than_it_needs() {
    let mut queue = Queue::default();
    queue.tail().extend_from_slice(&[0; 100_000]);
    queue.flush(ID, &mut Narrow::new(usize::MAX, 60_000)).unwrap();
    assert_eq!(queue.pending(), 40_000);
    assert!(queue.tail.capacity() < 50_000, "the sent part is let go");
}

#[test]
fn a_large_answer_is_not_moved_at_each_write() {
    let total = 64 * CHEAP_TO_MOVE as usize;
    let mut queue = Queue::default();
    queue.tail().resize(total, 0);
    let mut moved = 0;
    while queue.pending() > 0 {
        let before = queue.tail.len();
        queue.flush(ID, &mut Narrow::new(usize::MAX, 100_000)).unwrap();
        if queue.tail.len() < before {
            moved += queue.tail.len();
        }
    }
    assert!(moved < 3 * total, "{total} bytes were sent and {moved} moved");
}

#[test]
fn a_used_queue_is_handed_out_empty() {
    let mut spare = Spare::default();
    let mut queue = spare.take();
    queue.tail().extend_from_slice(b"a secret that was never sent");
    queue.push(Chunk::Owned(b"another".to_vec()));
    queue.tail().extend_from_slice(b"a third");
    queue.flush(ID, &mut Narrow::new(3, 3)).unwrap();
    spare.give(queue);
    let mut queue = spare.take();
    assert_eq!(queue.pending(), 0);
    queue.tail().extend_from_slice(b"hello");
    let mut socket = Narrow::new(usize::MAX, usize::MAX);
    queue.flush(ID, &mut socket).unwrap();
    assert_eq!(socket.taken, b"hello");
}

#[test]
fn spare_queues_hold_a_bounded_amount_of_memory() {
    let mut spare = Spare::default();
    for _ in 0..1000 {
        spare.give(Box::new(Queue { tail: Vec::with_capacity(50_000), ..Queue::default() }));
        spare.give(Box::new(Queue { tail: Vec::with_capacity(SPARE_QUEUE_BYTES), ..Queue::default() }));
        spare
            .give(Box::new(Queue { chunks: VecDeque::with_capacity(SPARE_QUEUE_BYTES), ..Queue::default() }));
    }
    assert!(spare.bytes <= SPARE_BYTES);
    assert!(spare.queues.iter().all(|queue| queue.tail.capacity() < SPARE_QUEUE_BYTES));
    assert!(spare.queues.iter().all(|queue| queue.chunks.capacity() == 0), "a list costs memory too");
    let kept = spare.queues.len();
    (0..kept).for_each(|_| drop(spare.take()));
    assert_eq!((spare.bytes, spare.queues.len()), (0, 0));
}
