//! The HTTP of rung 05, as it is, on a stream that encrypts: what 13-tls will do.

use keep_alive::{Answer, Handler, Http, Next, NoSuccessor};
use poll::{Limits, World};
use request::{Request, Status};
use seams::cipher::CipherStream;
use seams::client::Client;
use seams::run;

const KEY: u8 = 0x33;

/// Says which path was asked for, and how often anybody asked.
struct Site {
    asked: u32,
}

impl World for Site {}

impl Handler for Site {
    type Exchange = ();
    type Successor = NoSuccessor<Site>;

    fn request(&mut self, head: &Request<'_>, answer: &mut Answer<'_, '_>) -> Next<Site> {
        self.asked += 1;
        answer.text(Status::Ok, &format!("{} is request {}\n", head.target.path(), self.asked));
        Next::Done
    }
}

#[test]
fn requests_are_answered_one_by_one_and_pipelined_and_cut_anywhere() {
    let server = run::<Http<Site>, _>(
        Limits::default(),
        |socket| CipherStream::new(socket, KEY),
        || Site { asked: 0 },
    );
    let mut client = Client::new(server.address, KEY);
    let one = b"GET /one HTTP/1.1\r\nHost: x\r\n\r\n";
    let body = |client: &mut Client| {
        let head = client.receives_until(b"\r\n\r\n");
        assert!(head.starts_with(b"HTTP/1.1 200 "), "{}", head.escape_ascii());
        String::from_utf8(client.receives_until(b"\n")).unwrap()
    };
    for n in 1..=10 {
        client.sends(one);
        assert_eq!(body(&mut client), format!("/one is request {n}\n"));
    }
    // Ten requests in one record.
    client.sends(&one.repeat(10));
    for n in 11..=20 {
        assert_eq!(body(&mut client), format!("/one is request {n}\n"));
    }
    // One request in many records.
    for byte in one {
        client.sends(&[*byte]);
    }
    assert_eq!(body(&mut client), "/one is request 21\n");
    client.sends(b"GET /last HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
    assert_eq!(body(&mut client), "/last is request 22\n");
    client.receives_goodbye_and_end();
}
