//! Steps of the turn, each by itself, on real sockets. The whole loop is in tests/event_loop.

use std::io::Read as _;
use std::io::Write as _;
use std::net::{Shutdown, SocketAddr, TcpListener as Blocking, TcpStream as Client};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::channel;

use super::*;
use crate::{Protocol, Sent};

/// Longer than anything here takes, even on a busy machine.
const PATIENCE: Duration = Duration::from_secs(10);

/// It listens, and says nothing.
struct Ear;

/// What the loop told its world and its connections.
#[derive(Default)]
struct Heard {
    bytes: Vec<u8>,
    ended: usize,
    closed: Vec<Ended>,
    keys: Vec<u32>,
    wakes: usize,
    handle: Option<Handle>,
}

impl World for Heard {
    fn start(&mut self, net: &mut Net) {
        net.set_timeout(7, Some(Duration::from_millis(20)));
    }

    fn timeout(&mut self, key: u32, _: &mut Net) {
        self.keys.push(key);
        self.handle.iter().for_each(|handle| handle.wake().unwrap());
    }

    fn woken(&mut self, _: &mut Net) {
        self.wakes += 1;
        self.handle.take().iter().for_each(|handle| handle.stop().unwrap());
    }
}

impl Entry for Ear {
    fn open(_: Opened, _: &mut Heard, _: &mut Io<'_>) -> Ear {
        Ear
    }
}

impl Protocol for Ear {
    type World = Heard;

    fn data(&mut self, bytes: &mut [u8], heard: &mut Heard, _: &mut Io<'_>) -> usize {
        heard.bytes.extend_from_slice(bytes);
        bytes.len()
    }

    fn ended(&mut self, heard: &mut Heard, _: &mut Io<'_>) {
        heard.ended += 1;
    }

    fn closed(&mut self, _: ConnId, why: Ended, heard: &mut Heard, _: &mut Net) {
        heard.closed.push(why);
    }
}

/// A loop that takes no turns by itself, and where it listens.
fn event_loop() -> (EventLoop<Ear>, SocketAddr) {
    let listener = Blocking::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let mut event_loop = EventLoop::plain(Limits::default()).unwrap();
    event_loop.listen(listener).unwrap();
    (event_loop, address)
}

fn connect(address: SocketAddr) -> Client {
    let client = Client::connect(address).unwrap();
    client.set_read_timeout(Some(PATIENCE)).unwrap();
    client
}

/// Again and again, for what the kernel does may take a moment.
#[track_caller]
fn until(what: &str, mut is_so: impl FnMut() -> bool) {
    let end = Instant::now() + PATIENCE;
    while !is_so() {
        assert!(Instant::now() < end, "it never came to this: {what}");
        std::thread::yield_now();
    }
}

/// A loop with one connection that was accepted.
fn accepted() -> (EventLoop<Ear>, Heard, ConnId, Client) {
    let (mut event_loop, address) = event_loop();
    let mut heard = Heard::default();
    let client = connect(address);
    until("the client is accepted", || {
        event_loop.note_listener(0);
        event_loop.accept(&mut heard);
        event_loop.net.connections() == 1
    });
    let id = event_loop.net.ports.ids()[0];
    (event_loop, heard, id, client)
}

impl EventLoop<Ear> {
    /// As if the kernel had said that there is something to read.
    fn reads(&mut self, id: ConnId, heard: &mut Heard) {
        if let Some(port) = self.net.ports.get_mut(id) {
            port.readable = true;
        }
        self.serve(id, heard);
    }
}

#[test]
fn sixty_four_kib_leave_at_once_and_less_when_the_turn_ends() {
    let (mut event_loop, mut heard, id, _client) = accepted();
    for (length, at_once) in [(100, false), (64 * 1024, true)] {
        assert_eq!(event_loop.net.send_to(id, &vec![b'x'; length]), Sent::Queued);
        event_loop.serve(id, &mut heard);
        assert_eq!(event_loop.net.pending_of(id) < length as u64, at_once, "{length} bytes");
        event_loop.flush(id, &mut heard);
    }
}

#[test]
fn one_event_may_stand_for_many_who_wait() {
    let (mut event_loop, address) = event_loop();
    let mut heard = Heard::default();
    let _clients: Vec<Client> = (0..20).map(|_| connect(address)).collect();
    let mut steps = 0;
    until("twenty clients are accepted", || {
        let before = event_loop.net.connections();
        event_loop.note_listener(0);
        event_loop.accept(&mut heard);
        steps += usize::from(event_loop.net.connections() > before);
        event_loop.net.connections() == 20
    });
    // The kernel may have been a little behind, but it does not tell of each.
    assert!(steps < 10, "it took {steps} events to accept 20 clients: go on until there is nobody left");
    event_loop.accept(&mut heard);
    assert!(!event_loop.listeners[0].ready, "nobody is left, and that is known");
}

/// Counts how often somebody says that it cannot accept.
struct Complaints(AtomicUsize);

static COMPLAINTS: Complaints = Complaints(AtomicUsize::new(0));

impl log::Log for Complaints {
    fn enabled(&self, _: &log::Metadata<'_>) -> bool {
        true
    }

    fn log(&self, record: &log::Record<'_>) {
        if record.args().to_string().starts_with("cannot accept") {
            self.0.fetch_add(1, Ordering::Relaxed);
        }
    }

    fn flush(&self) {}
}

/// A socket that does not listen yet refuses to accept, as one does when no descriptor is left: again and again, ten times
/// a second. A log with a line for each hides all else.
#[test]
fn where_nothing_can_be_accepted_we_rest_say_so_once_and_try_again() {
    log::set_logger(&COMPLAINTS).unwrap();
    log::set_max_level(log::LevelFilter::Warn);
    let socket = socket2::Socket::new(socket2::Domain::IPV4, socket2::Type::STREAM, None).unwrap();
    socket.bind(&SocketAddr::from(([127, 0, 0, 1], 0)).into()).unwrap();
    let mut event_loop = EventLoop::<Ear>::plain(Limits::default()).unwrap();
    event_loop.listen(socket.try_clone().unwrap().into()).unwrap();
    for _ in 0..3 {
        event_loop.accept(&mut Heard::default());
        assert!(!event_loop.listeners[0].ready, "it would spin");
        assert!(event_loop.net.deadlines.sleep(event_loop.net.now).is_some(), "somebody must wake it");
        event_loop.retry_accept();
        assert!(event_loop.listeners[0].ready);
    }
    assert_eq!(COMPLAINTS.0.load(Ordering::Relaxed), 1);
    socket.listen(1).unwrap();
    event_loop.accept(&mut Heard::default());
    event_loop.retry_accept();
    assert!(!event_loop.listeners[0].ready, "it has recovered: who leaves now gives no reason to look");
}

#[test]
fn what_has_come_is_shown_and_the_end_is_told_once() {
    let (mut event_loop, mut heard, id, mut client) = accepted();
    client.write_all(b"hello").unwrap();
    until("the bytes are shown", || {
        event_loop.reads(id, &mut heard);
        heard.bytes == b"hello"
    });
    event_loop.serve(id, &mut heard);
    assert!(!event_loop.net.ports.get(id).unwrap().readable, "all was read, and that is known");
    client.shutdown(Shutdown::Write).unwrap();
    until("the end is told", || {
        event_loop.reads(id, &mut heard);
        heard.ended > 0
    });
    event_loop.reads(id, &mut heard);
    assert_eq!(heard.ended, 1, "the end is told once");
    assert_eq!(heard.bytes.escape_ascii().to_string(), "hello");
    assert_eq!(event_loop.net.connections(), 1, "who sends no more may still read");
}

#[test]
fn nothing_is_read_while_the_connection_is_paused() {
    let (mut event_loop, mut heard, id, mut client) = accepted();
    Io::new(&mut event_loop.net, id).pause();
    client.write_all(b"hello").unwrap();
    (0..100).for_each(|_| event_loop.reads(id, &mut heard));
    assert_eq!(heard.bytes.escape_ascii().to_string(), "", "it is paused: nothing may be shown");
    assert!(event_loop.net.ports.get(id).unwrap().readable, "no event will come for what is there");
    Io::new(&mut event_loop.net, id).resume();
    until("the bytes are shown", || {
        event_loop.reads(id, &mut heard);
        heard.bytes == b"hello"
    });
}

#[test]
fn a_client_that_resets_is_gone_and_nobody_else() {
    let (mut event_loop, mut heard, id, client) = accepted();
    socket2::SockRef::from(&client).set_linger(Some(Duration::ZERO)).unwrap();
    drop(client); // With a linger time of zero: RST.
    until("the connection is gone", || {
        event_loop.reads(id, &mut heard);
        event_loop.net.connections() == 0
    });
    assert_eq!(heard.closed, [Ended::Reset]);
}

#[test]
fn who_closes_sends_all_then_fin_then_waits_for_the_peers() {
    let (mut event_loop, mut heard, id, mut client) = accepted();
    let mut io = Io::new(&mut event_loop.net, id);
    io.out().extend_from_slice(b"goodbye");
    io.close();
    event_loop.flush(id, &mut heard);
    let mut came = Vec::new();
    client.read_to_end(&mut came).expect("a FIN behind the last byte");
    assert_eq!(came, b"goodbye");
    let phase = event_loop.net.ports.get(id).map(|port| port.phase);
    assert_eq!(phase, Some(Phase::Lingering), "the peer has not said FIN yet: read on, do not close");
    client.write_all(b"what nobody reads any more").unwrap();
    drop(client);
    until("the connection is gone", || {
        event_loop.reads(id, &mut heard);
        event_loop.net.connections() == 0
    });
    assert_eq!((heard.closed, heard.bytes), (vec![Ended::Closed], Vec::new()));
}

#[test]
fn who_closes_after_the_peers_fin_need_not_wait() {
    let (mut event_loop, mut heard, id, client) = accepted();
    client.shutdown(Shutdown::Write).unwrap();
    until("the end is told", || {
        event_loop.reads(id, &mut heard);
        heard.ended > 0
    });
    Io::new(&mut event_loop.net, id).close();
    event_loop.flush(id, &mut heard);
    assert_eq!((heard.closed, event_loop.net.connections()), (vec![Ended::Closed], 0));
}

#[test]
fn turns_sleep_until_a_deadline_hear_a_wake_up_and_end() {
    let (tell, told) = channel();
    // On a thread of its own, so that a loop that never ends is a failed test.
    std::thread::spawn(move || {
        let (mut event_loop, _) = event_loop();
        let mut heard = Heard { handle: Some(event_loop.handle()), ..Heard::default() };
        let ended = event_loop.run(&mut heard);
        let _ = tell.send((ended.is_ok(), heard.keys, heard.wakes > 0));
    });
    let told = told.recv_timeout(PATIENCE).expect("the loop hears that it is to stop, and ends");
    assert_eq!(told, (true, vec![7], true), "run was well, the deadline passed, a wake-up was heard");
}
