//! Wake-ups: how another thread, or Ctrl-C, reaches a loop that sleeps in the kernel.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use mio::{Registry, Token, Waker};
use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::iterator::Signals;

use crate::deadlines::Whose;
use crate::event_loop::EventLoop;
use crate::port::Phase;
use crate::{Entry, Stream};

/// A remote control for a running loop. Clone it, send it to another thread, keep it in a World.
#[derive(Clone)]
pub struct Handle {
    waker: Arc<Waker>,
    stopping: Arc<AtomicBool>,
}

impl Handle {
    pub(crate) fn new(registry: &Registry, token: Token) -> io::Result<Handle> {
        Ok(Handle { waker: Arc::new(Waker::new(registry, token)?), stopping: Arc::default() })
    }

    /// Makes the loop call [`World::woken`](crate::World::woken) soon.
    ///
    /// Carries nothing: put the message into a channel first, then wake. Wake-ups that come before the loop
    /// looks are one wake-up.
    ///
    /// # Errors
    /// The kernel's, from the write to the eventfd (or pipe) behind it; none is known on a live loop.
    pub fn wake(&self) -> io::Result<()> {
        self.waker.wake()
    }

    /// Makes the loop stop politely: no new connections, a goodbye to each open one, then
    /// [`EventLoop::run`](crate::EventLoop::run) returns.
    ///
    /// # Errors
    /// Those of [`wake`](Handle::wake).
    pub fn stop(&self) -> io::Result<()> {
        self.stopping.store(true, Ordering::Release);
        self.wake()
    }

    pub(crate) fn is_stopping(&self) -> bool {
        self.stopping.load(Ordering::Acquire)
    }

    /// Stops the loop at Ctrl-C (SIGINT) or SIGTERM. A second signal ends the process at once.
    ///
    /// A signal handler may do next to nothing, and it interrupts any thread anywhere. So the handler (in
    /// `signal-hook`) only writes a byte to a pipe; a thread waits for that byte, then uses the handle as
    /// any other thread would.
    ///
    /// # Errors
    /// When the handlers cannot be installed or the thread cannot be started.
    pub fn stop_on_signals(&self) -> io::Result<()> {
        let mut signals = Signals::new([SIGINT, SIGTERM])?;
        let handle = self.clone();
        std::thread::Builder::new().name("signals".into()).spawn(move || {
            for signal in signals.forever() {
                if handle.is_stopping() {
                    // 128 + the signal's number is what a shell reports for a process killed by it.
                    std::process::exit(128 + signal);
                }
                log::info!("signal {signal}: stopping; once more to stop at once");
                if let Err(error) = handle.stop() {
                    log::error!("cannot wake the loop: {error}");
                }
            }
        })?;
        Ok(())
    }
}

impl<P: Entry, S: Stream> EventLoop<P, S> {
    /// Somebody called [`Handle::stop`]. Every connection may still say goodbye, a bounded time.
    pub(crate) fn begin_stop(&mut self, world: &mut P::World) {
        self.net.stopping = true;
        // First the listeners: who connects now is refused at once and can try elsewhere.
        self.listeners.clear();
        self.net.deadlines.set(Whose::Stop, Some(self.net.now + self.net.limits.stop_timeout));
        let ids = self.net.ports.ids();
        log::info!("stopping, {} connections open", ids.len());
        for id in ids {
            match self.net.ports.get(id).map(|port| port.phase) {
                Some(Phase::Connecting) => {
                    self.connect_failed(id, io::Error::other("the server is stopping"), world);
                }
                _ => self.callback(id, world, P::stop),
            }
        }
    }
}
