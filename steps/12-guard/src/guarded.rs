//! The door: a protocol around another, that lets a connection in or does not.

use poll::{ConnId, Ended, Entry, Io, Net, Opened, Protocol, Timer};

use crate::HasGuard;

/// A connection of a server that has a guard: nothing reaches `P` before the guard has admitted it, and who does not
/// get a first request done in time is closed.
///
/// It uses [`Timer::Guard`]; `P` has the other one to itself.
pub enum Guarded<P> {
    /// It was let in.
    Inside(P),
    /// It was not; `told` why, and the answer is on its way, or reset at once.
    TurnedAway {
        /// The answer keeps a descriptor busy until it is read.
        told: bool,
    },
}

/// How many that are turned away are told why at a time. More at once are an attack or a stampede, and to wait until
/// each has read its answer would hold as many descriptors as there are attackers.
const TOLD: usize = 256;

impl<P: Entry> Entry for Guarded<P>
where
    P::World: HasGuard,
{
    fn open(opened: Opened, world: &mut P::World, io: &mut Io<'_>) -> Guarded<P> {
        if let Opened::Accepted { peer } = opened {
            let guard = world.guard();
            if let Err(denial) = guard.admit(io.id(), peer.ip(), io.now) {
                log::info!("{} from {peer} is not let in: {denial}", io.id());
                let told = guard.at_the_door < TOLD;
                if told {
                    guard.at_the_door += 1;
                    denial.answer_at_the_door(io);
                } else {
                    io.abort();
                }
                return Guarded::TurnedAway { told };
            }
            io.set_timeout(Timer::Guard, Some(guard.limits().handshake));
        }
        Guarded::Inside(P::open(opened, world, io))
    }
}

impl<P: Protocol> Protocol for Guarded<P>
where
    P::World: HasGuard,
{
    type World = P::World;

    fn data(&mut self, bytes: &mut [u8], world: &mut P::World, io: &mut Io<'_>) -> usize {
        match self {
            Guarded::Inside(inside) => inside.data(bytes, world, io),
            Guarded::TurnedAway { .. } => bytes.len(),
        }
    }

    fn room(&mut self, io: &mut Io<'_>) -> Option<&mut [u8]> {
        if let Guarded::Inside(inside) = self { inside.room(io) } else { None }
    }

    fn filled(&mut self, count: usize, world: &mut P::World, io: &mut Io<'_>) {
        if let Guarded::Inside(inside) = self {
            inside.filled(count, world, io);
        }
    }

    fn ended(&mut self, world: &mut P::World, io: &mut Io<'_>) {
        if let Guarded::Inside(inside) = self {
            inside.ended(world, io);
        }
    }

    fn timeout(&mut self, which: Timer, world: &mut P::World, io: &mut Io<'_>) {
        match (self, which) {
            (Guarded::Inside(inside), Timer::Protocol) => inside.timeout(which, world, io),
            (Guarded::Inside(_), Timer::Guard) if !world.guard().has_asked(io.id()) => {
                log::info!("{} has asked nothing; closing", io.id());
                world.guard().count_refusal("handshake too slow");
                io.close();
            }
            _ => {}
        }
    }

    fn woken(&mut self, world: &mut P::World, io: &mut Io<'_>) {
        if let Guarded::Inside(inside) = self {
            inside.woken(world, io);
        }
    }

    fn drained(&mut self, world: &mut P::World, io: &mut Io<'_>) {
        if let Guarded::Inside(inside) = self {
            inside.drained(world, io);
        }
    }

    fn stop(&mut self, world: &mut P::World, io: &mut Io<'_>) {
        match self {
            Guarded::Inside(inside) => inside.stop(world, io),
            Guarded::TurnedAway { .. } => io.close(),
        }
    }

    fn closed(&mut self, id: ConnId, why: Ended, world: &mut P::World, net: &mut Net) {
        match self {
            Guarded::Inside(inside) => {
                inside.closed(id, why, world, net);
                world.guard().gone(id);
            }
            Guarded::TurnedAway { told } => world.guard().at_the_door -= usize::from(*told),
        }
    }
}

#[cfg(test)]
mod tests;
