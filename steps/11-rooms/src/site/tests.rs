use poll::Rehearsal;

use super::*;

/// Notes each callback that reaches it.
#[derive(Default)]
struct Witness(Vec<&'static str>);

impl World for Witness {
    fn start(&mut self, _: &mut Net) {
        self.0.push("start");
    }

    fn woken(&mut self, _: &mut Net) {
        self.0.push("World::woken");
    }

    fn timeout(&mut self, key: u32, _: &mut Net) {
        assert_eq!(key, 7);
        self.0.push("timeout");
    }

    fn connect_failed(&mut self, _: ConnId, tag: u64, _: io::Error, _: &mut Net) {
        assert_eq!(tag, 8);
        self.0.push("connect_failed");
    }
}

impl Application for Witness {
    type Client = u8;

    fn limits(&self) -> messages::Limits {
        messages::Limits { message: 5, ..messages::Limits::default() }
    }

    fn open(&mut self, client: &mut u8, _: &mut Socket<'_, '_>) {
        *client = 1;
        self.0.push("open");
    }

    fn message(&mut self, client: &mut u8, message: Message<'_>, _: &mut Socket<'_, '_>) {
        assert_eq!((*client, message.as_bytes()), (1, &b"Hello"[..]));
        *client = 2;
        self.0.push("message");
    }

    fn close(&mut self, _: ConnId, client: u8, close: Close<'_>, _: &mut Net) {
        assert_eq!((client, close.code), (2, 1009));
        self.0.push("close");
    }

    fn drained(&mut self, _: &mut u8, _: &mut Socket<'_, '_>) {
        self.0.push("drained");
    }

    fn woken(&mut self, _: &mut u8, _: &mut Socket<'_, '_>) {
        self.0.push("woken");
    }
}

static SITE: Site = Site {
    page: Page { html: "the page", script: "the script" },
    assets: &[Asset { path: "/more.css", kind: Asset::CSS, content: "more" }],
    path: "/talk",
    subprotocols: &["b", "a"],
};

fn server() -> Rehearsal<Http<Server<Witness>>> {
    let http = keep_alive::Limits::default();
    Rehearsal::new(Server { site: &SITE, http, application: Witness::default() })
}

fn handshake(subprotocols: &str) -> Vec<u8> {
    format!(
        "GET /talk HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
         Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n{subprotocols}\r\n"
    )
    .into_bytes()
}

#[test]
fn the_application_hears_every_callback() {
    let mut stage = server();
    stage.call(|_, server, io| {
        server.start(io);
        World::woken(server, io);
        server.timeout(7, io);
        server.connect_failed(io.id(), 8, io::ErrorKind::TimedOut.into(), io);
    });
    stage.receive(&handshake(""));
    stage.receive(b"\x81\x85\x00\x00\x00\x00Hello");
    stage.call(poll::Protocol::drained);
    stage.call(poll::Protocol::woken);
    // One byte more than its limit.
    stage.receive(b"\x81\x86\x00\x00\x00\x00");
    let heard = &stage.world.application.0;
    let world = ["start", "World::woken", "timeout", "connect_failed"];
    assert_eq!(heard[..4], world);
    assert_eq!(heard[4..], ["open", "message", "drained", "woken", "close"]);
}

/// A callback that is new in a trait, and has a default there, would be forgotten without a word.
#[test]
fn the_test_above_knows_every_callback() {
    let methods = |source: &str, name: &str| {
        let (_, body) = source.split_once(name).expect("the trait");
        let (body, _) = body.split_once("\n}").expect("its end");
        body.matches("\n    fn ").count()
    };
    let world = include_str!("../../../02-poll/src/protocol.rs");
    assert_eq!(methods(world, "pub trait World {"), 4);
    let application = include_str!("../../../10-messages/src/application.rs");
    // `limits` is asked, and answered above.
    assert_eq!(methods(application, "pub trait Application: World + Sized {"), 6);
}

#[test]
fn each_path_has_its_answer() {
    for (path, expected) in [
        ("/", "the page"),
        ("/page.js", "the script"),
        ("/more.css", "more"),
        ("/nothing", "There is nothing here. Try /, or a WebSocket at /talk.\n"),
    ] {
        let mut stage = server();
        stage.receive(format!("GET {path} HTTP/1.1\r\nHost: x\r\n\r\n").as_bytes());
        let answer = String::from_utf8(stage.sent()).unwrap();
        assert!(answer.ends_with(&format!("\r\n\r\n{expected}")), "{path}: {answer}");
    }
}

#[test]
fn our_favourite_subprotocol_is_chosen() {
    let mut stage = server();
    stage.receive(&handshake("Sec-WebSocket-Protocol: a, c, b\r\n"));
    let answer = String::from_utf8(stage.sent()).unwrap();
    assert!(answer.contains("\r\nSec-WebSocket-Protocol: b\r\n"), "{answer}");
}
