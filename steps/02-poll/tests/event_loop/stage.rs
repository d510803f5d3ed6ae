//! The tests' vocabulary: a loop on a thread of its own, its protocol written as closures, and clients.

use std::io::{self, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use mio::net::TcpStream as Socket;
use poll::{
    ConnId, Ended, Entry, EventLoop, Handle, Io, Limits, Net, Opened, Protocol, Stream, Timer, World,
};

/// Longer than anything here takes, even on a busy machine.
pub const PATIENCE: Duration = Duration::from_secs(10);

type Hook = Box<dyn FnMut(&mut Io<'_>)>;

/// What the server under test does, a closure for each callback; by default it echoes, and closes when the peer does.
#[expect(clippy::type_complexity)]
pub struct Script {
    pub start: Box<dyn FnMut(&mut Net)>,
    pub world_woken: Box<dyn FnMut(&mut Net)>,
    pub world_timeout: Box<dyn FnMut(u32, &mut Net)>,
    pub connect_failed: Box<dyn FnMut(ConnId, u64, io::Error, &mut Net)>,
    pub open: Box<dyn FnMut(Opened, &mut Io<'_>)>,
    pub data: Box<dyn FnMut(&mut [u8], &mut Io<'_>) -> usize>,
    pub timeout: Box<dyn FnMut(Timer, &mut Io<'_>)>,
    pub ended: Hook,
    pub woken: Hook,
    pub drained: Hook,
    pub stop: Hook,
    pub closed: Box<dyn FnMut(ConnId, Ended, &mut Net)>,
}

impl Default for Script {
    fn default() -> Script {
        Script {
            start: Box::new(|_| {}),
            world_woken: Box::new(|_| {}),
            world_timeout: Box::new(|_, _| {}),
            connect_failed: Box::new(|_, _, _, _| {}),
            open: Box::new(|_, _| {}),
            data: Box::new(|bytes, io| {
                io.out().extend_from_slice(bytes);
                bytes.len()
            }),
            timeout: Box::new(|_, _| {}),
            ended: Box::new(|io| io.close()),
            woken: Box::new(|_| {}),
            drained: Box::new(|_| {}),
            stop: Box::new(|io| io.close()),
            closed: Box::new(|_, _, _| {}),
        }
    }
}

impl World for Script {
    fn start(&mut self, net: &mut Net) {
        (self.start)(net);
    }
    fn woken(&mut self, net: &mut Net) {
        (self.world_woken)(net);
    }
    fn timeout(&mut self, key: u32, net: &mut Net) {
        (self.world_timeout)(key, net);
    }
    fn connect_failed(&mut self, id: ConnId, tag: u64, error: io::Error, net: &mut Net) {
        (self.connect_failed)(id, tag, error, net);
    }
}

pub struct Scripted;

impl Entry for Scripted {
    fn open(opened: Opened, script: &mut Script, io: &mut Io<'_>) -> Scripted {
        (script.open)(opened, io);
        Scripted
    }
}

impl Protocol for Scripted {
    type World = Script;

    fn data(&mut self, bytes: &mut [u8], script: &mut Script, io: &mut Io<'_>) -> usize {
        (script.data)(bytes, io)
    }
    fn ended(&mut self, script: &mut Script, io: &mut Io<'_>) {
        (script.ended)(io);
    }
    fn timeout(&mut self, which: Timer, script: &mut Script, io: &mut Io<'_>) {
        (script.timeout)(which, io);
    }
    fn woken(&mut self, script: &mut Script, io: &mut Io<'_>) {
        (script.woken)(io);
    }
    fn drained(&mut self, script: &mut Script, io: &mut Io<'_>) {
        (script.drained)(io);
    }
    fn stop(&mut self, script: &mut Script, io: &mut Io<'_>) {
        (script.stop)(io);
    }
    fn closed(&mut self, id: ConnId, why: Ended, script: &mut Script, net: &mut Net) {
        (script.closed)(id, why, net);
    }
}

/// What the closures report to the test.
pub type Tell = Sender<String>;

/// A loop under test. Dropped, it is stopped, and must end.
pub struct Server {
    pub address: SocketAddr,
    pub handle: Handle,
    told: Receiver<String>,
    /// So that a script without anything to tell does not look like a loop that is gone.
    _tell: Tell,
    /// `/proc/PID/task/TID` of the loop's thread.
    thread_files: String,
    thread: Option<JoinHandle<io::Result<()>>>,
}

impl Server {
    /// Plain TCP with the default limits.
    pub fn start(script: impl FnOnce(Tell, Handle) -> Script + Send + 'static) -> Server {
        Server::with_limits(Limits::default(), script)
    }

    pub fn with_limits(
        limits: Limits,
        script: impl FnOnce(Tell, Handle) -> Script + Send + 'static,
    ) -> Server {
        Server::on(limits, |socket, _| Ok(socket), script)
    }

    pub fn on<S: Stream + 'static>(
        limits: Limits,
        wrap: impl FnMut(Socket, &Opened) -> io::Result<S> + Send + 'static,
        script: impl FnOnce(Tell, Handle) -> Script + Send + 'static,
    ) -> Server {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let (tell, told) = channel();
        let (started, start) = channel();
        let _tell = Tell::clone(&tell);
        let thread = std::thread::spawn(move || {
            let mut event_loop = EventLoop::<Scripted, S>::new(limits, Box::new(wrap))?;
            event_loop.listen(listener)?;
            let me = std::fs::read_link("/proc/thread-self").unwrap_or_default();
            started.send((event_loop.handle(), format!("/proc/{}", me.display()))).unwrap();
            let mut world = script(tell, event_loop.handle());
            event_loop.run(&mut world)
        });
        let (handle, thread_files) = start.recv().unwrap();
        Server { address, handle, told, _tell, thread_files, thread: Some(thread) }
    }

    /// The next thing that the closures reported.
    #[track_caller]
    pub fn hears(&self) -> String {
        self.told.recv_timeout(PATIENCE).expect("the loop had something to tell")
    }

    /// Nothing is reported for this long.
    #[track_caller]
    pub fn hears_nothing_for(&self, time: Duration) {
        match self.told.recv_timeout(time) {
            Err(RecvTimeoutError::Timeout) => {}
            other => panic!("nothing was to be heard, but {other:?}"),
        }
    }

    /// The loop sleeps: its thread uses less than a tenth of a core.
    #[cfg(target_os = "linux")]
    #[track_caller]
    pub fn sleeps(&self) {
        // Its first number is the time on a processor, in nanoseconds.
        let used = || {
            let text = std::fs::read_to_string(format!("{}/schedstat", self.thread_files)).unwrap();
            Duration::from_nanos(text.split(' ').next().unwrap().parse().unwrap())
        };
        let window = Duration::from_millis(100);
        let busy: Vec<Duration> = (0..20)
            .map(|_| {
                let before = used();
                self.hears_nothing_for(window);
                used() - before
            })
            // It may have had something to do at first.
            .take_while(|&busy| busy > window / 10)
            .collect();
        assert!(
            busy.len() < 20,
            "the loop had nothing to do, and in each {window:?} it was busy for {busy:?}"
        );
    }

    pub fn client(&self) -> Client {
        Client::new(TcpStream::connect(self.address).unwrap())
    }

    /// Stops the loop; returns how long its goodbyes took.
    #[track_caller]
    pub fn stops(&mut self) -> Duration {
        let start = Instant::now();
        self.handle.stop().unwrap();
        self.is_over();
        start.elapsed()
    }

    #[track_caller]
    pub fn is_over(&mut self) {
        let end = Instant::now() + PATIENCE;
        let thread = self.thread.take().expect("it was over before");
        while !thread.is_finished() {
            assert!(Instant::now() < end, "the loop does not end");
            std::thread::yield_now();
        }
        thread.join().expect("the loop panicked").unwrap();
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if self.thread.is_some() && !std::thread::panicking() {
            self.stops();
        }
    }
}

/// The other end: a blocking socket with a limit on every wait.
pub struct Client(pub TcpStream);

impl Client {
    pub fn new(socket: TcpStream) -> Client {
        socket.set_read_timeout(Some(PATIENCE)).unwrap();
        socket.set_write_timeout(Some(PATIENCE)).unwrap();
        socket.set_nodelay(true).unwrap();
        Client(socket)
    }

    #[track_caller]
    pub fn sends(&mut self, bytes: impl AsRef<[u8]>) {
        self.0.write_all(bytes.as_ref()).expect("the server takes it");
    }

    #[track_caller]
    pub fn receives(&mut self, bytes: impl AsRef<[u8]>) {
        let mut got = vec![0; bytes.as_ref().len()];
        self.0.read_exact(&mut got).expect("the server sends it");
        assert_eq!(got.escape_ascii().to_string(), bytes.as_ref().escape_ascii().to_string());
    }

    /// Everything until the FIN. An RST is an error.
    pub fn reads_to_end(&mut self) -> io::Result<Vec<u8>> {
        let mut all = Vec::new();
        self.0.read_to_end(&mut all)?;
        Ok(all)
    }

    /// Reads and counts until the FIN, without keeping it.
    pub fn counts_to_end(&mut self) -> io::Result<u64> {
        io::copy(&mut self.0, &mut io::sink())
    }

    #[track_caller]
    pub fn receives_end(&mut self) {
        let rest = self.reads_to_end().expect("a FIN, no RST");
        assert_eq!(rest.escape_ascii().to_string(), "");
    }

    /// FIN: no more bytes from here.
    pub fn half_closes(&mut self) {
        self.0.shutdown(Shutdown::Write).unwrap();
    }

    /// RST.
    pub fn resets(self) {
        socket2::SockRef::from(&self.0).set_linger(Some(Duration::ZERO)).unwrap();
    }
}

/// A pattern in which a lost, doubled or swapped piece shows.
pub fn pattern(length: usize) -> Vec<u8> {
    (0..length as u32).flat_map(|n| (n.wrapping_mul(2_654_435_761) >> 8).to_be_bytes()).take(length).collect()
}
