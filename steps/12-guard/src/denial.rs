//! Why somebody is not let in, and what they are told.

use std::fmt;
use std::time::Duration;

use keep_alive::{Answer, Content};
use poll::Io;
use request::{ResponseHead, Status};

/// Why a connection, a request or a handshake is refused. Each has a status, words for the person, and a word under
/// which it is counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Denial {
    /// There are `MAX_CONNECTIONS` already.
    Full,
    /// There are `MAX_PER_ADDRESS` already from this address.
    AddressFull,
    /// Connections come too fast from this address; how long to wait.
    Connections(Duration),
    /// Requests come too fast from this address; how long to wait.
    Requests(Duration),
    /// Logins are tried too fast from this address; how long to wait.
    Logins(Duration),
    /// A proxy did not say clearly for whom the request is.
    Forwarded,
    /// The page that asks may not.
    Origin,
    /// Nobody knows who this is: no pass, or one that is not good any more.
    Unknown,
    /// The ticket was used before.
    TicketUsed,
}

impl Denial {
    /// The status of the answer.
    pub fn status(self) -> Status {
        match self {
            Denial::Full | Denial::AddressFull => Status::ServiceUnavailable,
            // RFC 6585 §4
            Denial::Connections(_) | Denial::Requests(_) | Denial::Logins(_) => Status::TooManyRequests,
            Denial::Forwarded => Status::BadRequest,
            Denial::Origin => Status::Forbidden,
            Denial::Unknown | Denial::TicketUsed => Status::Unauthorized,
        }
    }

    /// The word under which it is counted.
    pub fn word(self) -> &'static str {
        match self {
            Denial::Full => "full",
            Denial::AddressFull => "address full",
            Denial::Connections(_) => "connection rate",
            Denial::Requests(_) => "request rate",
            Denial::Logins(_) => "login rate",
            Denial::Forwarded => "forwarded",
            Denial::Origin => "origin",
            Denial::Unknown => "not logged in",
            Denial::TicketUsed => "ticket used",
        }
    }

    /// Answers a request.
    pub fn answer(self, answer: &mut Answer<'_, '_>) {
        let text = format!("{}: {self}.\n", self.status());
        answer.send(self.status(), Content::Text(&text), |head| self.fields(head));
    }

    /// Answers at the door, before anything was asked, and closes: a client that has too much already is not read.
    pub(crate) fn answer_at_the_door(self, io: &mut Io<'_>) {
        let now = io.wall;
        let text = format!("{}: {self}.\n", self.status());
        let head = ResponseHead::new(io.out(), self.status(), now).field("Connection", "close");
        self.fields(head).text(&text);
        io.close();
    }

    fn fields(self, head: ResponseHead<'_>) -> ResponseHead<'_> {
        let head = head.field("Cache-Control", "no-store");
        match self {
            // RFC 9110 §10.2.3, in whole seconds.
            Denial::Connections(wait) | Denial::Requests(wait) | Denial::Logins(wait) => {
                head.field("Retry-After", wait.as_secs_f64().ceil().max(1.0))
            }
            Denial::Full | Denial::AddressFull => head.field("Retry-After", 10),
            // RFC 9110 §15.5.2: "The server generating a 401 response MUST send a WWW-Authenticate header field".
            Denial::Unknown | Denial::TicketUsed => {
                head.field("WWW-Authenticate", "Bearer realm=\"barewire\"")
            }
            Denial::Forwarded | Denial::Origin => head,
        }
    }
}

impl fmt::Display for Denial {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Denial::Full => "the server has all the connections it can serve",
            Denial::AddressFull => "your address has all the connections it may have",
            Denial::Connections(_) => "your address connects too often",
            Denial::Requests(_) => "your address asks too often",
            Denial::Logins(_) => "too many logins were tried from your address",
            Denial::Forwarded => {
                "the proxy must say for whom it asks, in Forwarded or in X-Forwarded-For, and remove the other one"
            }
            Denial::Origin => "pages of this origin may not speak to this server",
            Denial::Unknown => "log in first, and show the cookie, the bearer token or a ticket",
            Denial::TicketUsed => "a ticket opens one connection; get another",
        })
    }
}
