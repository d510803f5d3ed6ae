//! Two sketches of rungs that do not exist yet, to prove that the event loop has room for them: a second
//! stream (13-tls) and an outgoing connection (15-tap). They go when those rungs come.
//!
//! **Neither needs a change to rung 02, nor do the protocols that run on them.**

pub mod cipher;
pub mod client;
pub mod proxy;

use std::io;
use std::net::{SocketAddr, TcpListener};
use std::thread::JoinHandle;

use mio::net::TcpStream;
use poll::{Entry, EventLoop, Handle, Limits, Stream};

/// A loop on a thread of its own. Dropped, it is stopped, and a panic in it is a panic here.
pub struct Running {
    /// Where it listens.
    pub address: SocketAddr,
    handle: Handle,
    thread: Option<JoinHandle<io::Result<()>>>,
}

/// Runs a loop whose connections are understood by a `P` and carried by what `wrap` makes of a socket.
///
/// # Panics
/// When the machine has no port, no thread or no descriptor left.
pub fn run<P: Entry, S: Stream + 'static>(
    limits: Limits,
    wrap: impl FnMut(TcpStream) -> S + Send + 'static,
    world: impl FnOnce() -> P::World + Send + 'static,
) -> Running {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = listener.local_addr().expect("a bound socket has an address");
    let (tell, told) = std::sync::mpsc::channel();
    let thread = std::thread::spawn(move || {
        let mut wrap = wrap;
        let mut event_loop = EventLoop::<P, S>::new(limits, Box::new(move |socket, _| Ok(wrap(socket))))?;
        event_loop.listen(listener)?;
        tell.send(event_loop.handle()).expect("the starter waits for it");
        event_loop.run(&mut world())
    });
    let handle = told.recv().expect("the loop starts");
    Running { address, handle, thread: Some(thread) }
}

impl Drop for Running {
    fn drop(&mut self) {
        // A loop that has failed is told by the join.
        let _ = self.handle.stop();
        if let Some(thread) = self.thread.take()
            && !std::thread::panicking()
        {
            thread.join().expect("the loop did not panic").expect("the loop did not fail");
        }
    }
}
