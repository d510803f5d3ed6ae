//! HTTP until 101, and from then on whatever its handler's successor speaks (RFC 9110 §7.8).

use poll::{ConnId, Ended, Entry, Io, Net, Opened, Protocol, Timer};

use crate::Handler;
use crate::connection::{Conversation, HandOver};

/// A connection that speaks HTTP/1.1, and after 101 whatever its handler's successor speaks.
///
/// **What HTTP remembers goes with it**: it stands behind a pointer, so of ten thousand WebSockets none drags it along.
pub struct Http<H: Handler>(Speaker<H>);

/// Whose the bytes are that come next.
enum Speaker<H: Handler> {
    Http(Box<Conversation<H>>),
    Successor(H::Successor),
    /// The client's FIN came before there was a successor. It is told of it when it has seen the bytes in front.
    Late(Box<Late<H::Successor>>),
}

struct Late<S> {
    successor: S,
    fin_waits: bool,
}

impl<H: Handler> Entry for Http<H> {
    fn open(opened: Opened, world: &mut H, io: &mut Io<'_>) -> Http<H> {
        world.connected(opened.peer(), io);
        Http(Speaker::Http(Box::new(Conversation::new(world, io))))
    }
}

impl<H: Handler> Http<H> {
    fn speaker(&mut self) -> &mut dyn Protocol<World = H> {
        match &mut self.0 {
            Speaker::Http(http) => &mut **http,
            Speaker::Successor(successor) => successor,
            Speaker::Late(late) => &mut late.successor,
        }
    }

    /// Runs a callback, which may have been HTTP's last.
    fn tell(
        &mut self,
        world: &mut H,
        io: &mut Io<'_>,
        callback: impl FnOnce(&mut dyn Protocol<World = H>, &mut H, &mut Io<'_>),
    ) {
        callback(self.speaker(), world, io);
        self.hand_over(world, io);
    }

    /// Whether HTTP has just ended with 101.
    fn hand_over(&mut self, world: &mut H, io: &mut Io<'_>) -> bool {
        let Speaker::Http(http) = &mut self.0 else { return false };
        match http.hand_over() {
            None => return false,
            Some(HandOver { successor, fin_waits: true, behind: true }) => {
                self.0 = Speaker::Late(Box::new(Late { successor, fin_waits: true }));
            }
            Some(HandOver { mut successor, fin_waits, .. }) => {
                if fin_waits {
                    successor.ended(world, io);
                }
                self.0 = Speaker::Successor(successor);
            }
        }
        true
    }
}

#[cfg(test)]
impl<H: Handler> Http<H> {
    /// For the tests of a single step.
    pub(crate) fn conversation(&mut self) -> &mut Conversation<H> {
        match &mut self.0 {
            Speaker::Http(http) => http,
            Speaker::Successor(_) | Speaker::Late(_) => panic!("HTTP is over"),
        }
    }
}

impl<H: Handler> Protocol for Http<H> {
    type World = H;

    fn data(&mut self, bytes: &mut [u8], world: &mut H, io: &mut Io<'_>) -> usize {
        // Each message of a WebSocket comes by here.
        if let Speaker::Successor(successor) = &mut self.0 {
            return successor.data(bytes, world, io);
        }
        let mut used = self.speaker().data(bytes, world, io);
        // Bytes that came behind the request are the successor's.
        if self.hand_over(world, io) && used < bytes.len() && !io.must_wait() {
            used += self.speaker().data(&mut bytes[used..], world, io);
        }
        if let Speaker::Late(late) = &mut self.0
            && !io.must_wait()
            && std::mem::take(&mut late.fin_waits)
        {
            late.successor.ended(world, io);
        }
        used
    }

    fn room(&mut self, io: &mut Io<'_>) -> Option<&mut [u8]> {
        self.speaker().room(io)
    }

    fn filled(&mut self, count: usize, world: &mut H, io: &mut Io<'_>) {
        self.tell(world, io, |speaker, world, io| speaker.filled(count, world, io));
    }

    fn ended(&mut self, world: &mut H, io: &mut Io<'_>) {
        self.tell(world, io, |speaker, world, io| speaker.ended(world, io));
    }

    fn timeout(&mut self, which: Timer, world: &mut H, io: &mut Io<'_>) {
        self.tell(world, io, |speaker, world, io| speaker.timeout(which, world, io));
    }

    fn woken(&mut self, world: &mut H, io: &mut Io<'_>) {
        self.tell(world, io, |speaker, world, io| speaker.woken(world, io));
    }

    fn drained(&mut self, world: &mut H, io: &mut Io<'_>) {
        self.tell(world, io, |speaker, world, io| speaker.drained(world, io));
    }

    fn stop(&mut self, world: &mut H, io: &mut Io<'_>) {
        self.tell(world, io, |speaker, world, io| speaker.stop(world, io));
    }

    fn closed(&mut self, id: ConnId, why: Ended, world: &mut H, net: &mut Net) {
        self.speaker().closed(id, why, world, net);
        world.disconnected(id, why, net);
    }
}

#[cfg(test)]
mod tests {
    use poll::{Io, Protocol, World};
    use request::Request;

    use super::Http;
    use crate::{Answer, Handler, Next};

    struct Small;

    /// As large as the WebSocket of rung 10, with something that has fewer values than its bytes have.
    struct Successor {
        _pointer: Option<Box<u8>>,
        _role: bool,
        _count: u32,
        _number: u32,
    }

    impl World for Small {}

    impl Protocol for Successor {
        type World = Small;

        fn data(&mut self, bytes: &mut [u8], _: &mut Small, _: &mut Io<'_>) -> usize {
            bytes.len()
        }
    }

    impl Handler for Small {
        type Exchange = [u64; 100];
        type Successor = Successor;

        fn request(&mut self, _: &Request<'_>, _: &mut Answer<'_, '_>) -> Next<Small> {
            Next::Close
        }
    }

    #[test]
    fn a_connection_is_as_small_as_its_successor() {
        assert_eq!(size_of::<Http<Small>>(), size_of::<Successor>());
    }
}
