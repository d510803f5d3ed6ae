//! Many hostile connections in one thread: none of them ever blocks the others.

use std::io::{ErrorKind, Read, Write};
use std::net::{Shutdown, TcpStream};
use std::os::fd::{AsFd, BorrowedFd};
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use socket2::SockRef;

use crate::deed::{Deed, End, Seen};
use crate::talk::Talk;

/// One hostile connection.
#[derive(Debug)]
pub struct Peer {
    pub socket: TcpStream,
    /// When its attack began; all its times are counted from here.
    pub since: Instant,
    /// What it has seen of the server since then.
    pub seen: Seen,
    /// It looks at what comes. Who does not, is a never-reading reader.
    pub reads: bool,
}

/// Connections that are looked after together.
#[derive(Debug, Default)]
pub struct Crowd {
    pub peers: Vec<Peer>,
    /// So many more were wanted, and did not come about.
    pub not_taken: usize,
    buffer: Vec<u8>,
}

impl Peer {
    /// From here on nobody waits for it. What had come before does not count.
    pub fn new(talk: Talk) -> std::io::Result<Peer> {
        talk.socket.set_nonblocking(true)?;
        Ok(Peer { socket: talk.socket, since: Instant::now(), seen: Seen::default(), reads: true })
    }

    pub fn has_ended(&self) -> bool {
        self.seen.end.is_some()
    }

    /// Sends as much of it as goes now: how many bytes that was.
    pub fn sends(&mut self, bytes: &[u8]) -> usize {
        if self.has_ended() || bytes.is_empty() {
            return 0;
        }
        match self.socket.write(bytes) {
            Ok(count) => count,
            Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::Interrupted) => 0,
            Err(_) => {
                // What the server said before it reset may still be there.
                let mut buffer = vec![0; 64 * 1024];
                self.reads(&mut buffer);
                self.seen.end.get_or_insert((End::Reset, self.since.elapsed()));
                0
            }
        }
    }

    /// Reads what is there.
    fn reads(&mut self, buffer: &mut [u8]) {
        loop {
            let at = self.since.elapsed();
            match self.socket.read(buffer) {
                Ok(0) => self.seen.end = Some((End::Fin, at)),
                Ok(count) => {
                    self.seen.bytes(&buffer[..count], at);
                    if count == buffer.len() {
                        continue;
                    }
                }
                Err(error) if error.kind() == ErrorKind::Interrupted => continue,
                Err(error) if error.kind() == ErrorKind::WouldBlock => {}
                Err(_) => self.seen.end = Some((End::Reset, at)),
            }
            return;
        }
    }

    /// FIN: it sends no more, but listens.
    pub fn half_closes(&self) {
        // Where the server was faster there is nothing left to close.
        let _ = self.socket.shutdown(Shutdown::Write);
    }

    /// RST, and gone.
    pub fn resets(self) {
        let _ = SockRef::from(&self.socket).set_linger(Some(Duration::ZERO));
    }
}

impl Crowd {
    pub fn of(peers: Vec<Peer>, not_taken: usize) -> Crowd {
        Crowd { peers, not_taken, buffer: vec![0; 64 * 1024] }
    }

    /// Waits this long, and reads what comes to those who read. Ends early when all connections have ended.
    pub fn watches(&mut self, duration: Duration) {
        let end = Instant::now() + duration;
        loop {
            let left = end.saturating_duration_since(Instant::now());
            if self.all_ended() || !self.waits(left, PollFlags::IN) || left.is_zero() {
                return;
            }
        }
    }

    /// Reads what comes and returns soon; at the latest after `most`, earlier where somebody can send again.
    pub fn turns(&mut self, most: Duration) {
        self.waits(most, PollFlags::IN | PollFlags::OUT);
    }

    /// One call of poll. False: there is nobody to wait for, or poll failed.
    fn waits(&mut self, most: Duration, interest: PollFlags) -> bool {
        let living: Vec<usize> = (0..self.peers.len()).filter(|&at| !self.peers[at].has_ended()).collect();
        let mut watched: Vec<PollFd<'_>> =
            living.iter().map(|&at| watch(&self.peers[at], interest)).collect();
        let most = Timespec { tv_sec: most.as_secs() as i64, tv_nsec: i64::from(most.subsec_nanos()) };
        match poll(&mut watched, Some(&most)) {
            Ok(_) => {}
            Err(rustix::io::Errno::INTR) => return true,
            Err(_) => return false,
        }
        let happened: Vec<PollFlags> = watched.iter().map(PollFd::revents).collect();
        for (&at, flags) in living.iter().zip(happened) {
            let peer = &mut self.peers[at];
            if peer.reads && flags.intersects(PollFlags::IN | PollFlags::HUP | PollFlags::ERR) {
                peer.reads(&mut self.buffer);
            } else if flags.intersects(PollFlags::HUP | PollFlags::ERR) {
                // Who reads nothing still hears of an RST.
                peer.seen.end = Some((End::Reset, peer.since.elapsed()));
            }
        }
        true
    }

    pub fn all_ended(&self) -> bool {
        self.peers.iter().all(Peer::has_ended)
    }

    /// How many are still connected.
    pub fn left(&self) -> usize {
        self.peers.iter().filter(|peer| !peer.has_ended()).count()
    }

    /// From now on everybody reads.
    pub fn all_read(&mut self) {
        self.peers.iter_mut().for_each(|peer| peer.reads = true);
    }

    pub fn received(&self) -> u64 {
        self.peers.iter().map(|peer| peer.seen.received).sum()
    }

    /// What the server did to each.
    pub fn deeds(&self) -> Vec<(Deed, Option<Duration>)> {
        let missing = std::iter::repeat_n((Deed::NotTaken, None), self.not_taken);
        self.peers.iter().map(|peer| peer.seen.deed()).chain(missing).collect()
    }

    /// All leave by RST: nothing of them waits anywhere.
    pub fn resets(self) {
        self.peers.into_iter().for_each(Peer::resets);
    }
}

fn watch(peer: &Peer, interest: PollFlags) -> PollFd<'_> {
    let socket: BorrowedFd<'_> = peer.socket.as_fd();
    let interest = if peer.reads { interest } else { interest - PollFlags::IN };
    PollFd::from_borrowed_fd(socket, interest)
}
