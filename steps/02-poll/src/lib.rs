//! Rung 02: one thread, many clients.
//!
//! Rung 01 waited inside `accept` and `recv`, for one client at a time. Here the kernel says who has
//! something to do ([epoll](https://man7.org/linux/man-pages/man7/epoll.7.html), kqueue; through mio), and
//! the loop gives each a bounded share of every turn.
//!
//! The files, in reading order; who builds them begins with the small parts, the table first and the turn last:
//!
//! 1. `event_loop.rs`, `listener.rs`: the turn; accepting.
//! 2. `table.rs`, `port.rs`: the connection table and its ids; what is known of each connection.
//! 3. `input.rs`, `connection.rs`: one read buffer, the carry; a connection's share of a turn.
//! 4. `output.rs`, `net.rs`, `io.rs`: the queue, partial writes, backpressure; what a callback may do.
//! 5. `deadlines.rs`: timeouts.
//! 6. `wake.rs`: other threads, and Ctrl-C.
//! 7. `extras.rs`, `conn_map.rs`, `large.rs`, `buffer.rs`, `calls.rs`: what only later rungs need; what makes it fast.
//!
//! `protocol.rs` and `stream.rs` are the seams: what plugs in above and below. `rehearsal.rs` runs a
//! protocol without any socket.

mod buffer;
#[cfg(target_os = "linux")]
mod calls;
mod conn_map;
mod connection;
mod deadlines;
mod event_loop;
mod extras;
mod input;
mod io;
mod large;
mod limits;
mod listener;
mod net;
mod output;
mod port;
mod protocol;
mod rehearsal;
mod stream;
mod table;
mod wake;

pub use buffer::Buffer;
pub use conn_map::ConnMap;
pub use event_loop::EventLoop;
pub use io::Io;
pub use limits::Limits;
pub use net::Net;
pub use output::Chunk;
pub use protocol::{Ended, Entry, Opened, Protocol, Sent, Timer, World};
pub use rehearsal::Rehearsal;
pub use stream::Stream;
pub use table::ConnId;
pub use wake::Handle;

use accept::Failure;
use std::net::SocketAddr;

/// Serves plain TCP on `address` until Ctrl-C: what the `main` of every rung from here on does.
///
/// `world` is called with the loop's handle, for servers that have other threads.
///
/// # Errors
/// When the address cannot be had, an environment variable is wrong, or the poll fails.
pub fn serve<P: Entry>(
    scheme: &str,
    address: SocketAddr,
    world: impl FnOnce(Handle) -> P::World,
) -> Result<(), Failure> {
    let mut event_loop = EventLoop::<P>::plain(Limits::from_environment()?)?;
    let listener = accept::listen(address, true)?;
    let address = listener.local_addr()?;
    event_loop.listen(listener)?;
    event_loop.handle().stop_on_signals()?;
    let mut world = world(event_loop.handle());
    accept::announce(scheme, address);
    event_loop.run(&mut world)?;
    Ok(())
}
