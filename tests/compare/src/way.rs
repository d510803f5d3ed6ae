//! The ways to a client, and the requests that each of them makes.

use std::fmt;
use std::net::SocketAddr;
use std::time::Duration;

use harness::ws;

/// How a message reaches a client that has not asked for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Way {
    /// The client asks again and again, so often.
    ShortPoll(Duration),
    /// The client asks once; the answer comes when there is one.
    LongPoll,
    /// Server-Sent Events: an answer that never ends.
    Events,
    /// A WebSocket of rung 11.
    WebSocket,
    /// A WebSocket of rung 12, which has heartbeats.
    Guarded,
}

/// What stands in the head of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Head {
    /// What Chromium 156 sends for `fetch`, `EventSource` and `WebSocket` from the pages of rungs 07 and 11.
    Browser,
    /// What HTTP asks for, and no more.
    Bare,
}

const AGENT: &str = "User-Agent: Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) \
                     Chrome/156.0.0.0 Safari/537.36\r\n";
const HINTS: &str = "sec-ch-ua-platform: \"Linux\"\r\nsec-ch-ua: \"Not:A-Brand\";v=\"8\", \"Chromium\";v=\"156\"\r\n\
                     sec-ch-ua-mobile: ?0\r\n";
const FETCH: &str = "Sec-Fetch-Site: same-origin\r\nSec-Fetch-Mode: cors\r\nSec-Fetch-Dest: empty\r\n";
const NO_CACHE: &str = "Pragma: no-cache\r\nCache-Control: no-cache\r\n";
const CODINGS: &str = "Accept-Encoding: gzip, deflate, br, zstd\r\nAccept-Language: en-US,en;q=0.9\r\n";

impl Way {
    /// The rung whose program is asked.
    pub fn rung(self) -> &'static str {
        match self {
            Way::ShortPoll(_) | Way::LongPoll | Way::Events => "07-push",
            Way::WebSocket => "11-rooms",
            Way::Guarded => "12-guard",
        }
    }

    /// Whether it is one, of either rung.
    pub fn is_websocket(self) -> bool {
        matches!(self, Way::WebSocket | Way::Guarded)
    }

    /// How long a message may be on its way because of the way itself.
    pub fn interval(self) -> Duration {
        if let Way::ShortPoll(interval) = self { interval } else { Duration::ZERO }
    }

    /// The way with this name.
    pub fn named(name: &str) -> Option<Way> {
        match name {
            "long polling" => Some(Way::LongPoll),
            "Server-Sent Events" => Some(Way::Events),
            "WebSocket" => Some(Way::WebSocket),
            "WebSocket, heartbeats" => Some(Way::Guarded),
            _ => {
                let seconds = name.strip_prefix("short polling, ")?.strip_suffix(" s")?.parse().ok()?;
                Some(Way::ShortPoll(Duration::try_from_secs_f64(seconds).ok()?))
            }
        }
    }
}

impl fmt::Display for Way {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Way::ShortPoll(interval) => write!(f, "short polling, {} s", interval.as_secs_f64()),
            Way::LongPoll => f.write_str("long polling"),
            Way::Events => f.write_str("Server-Sent Events"),
            Way::WebSocket => f.write_str("WebSocket"),
            Way::Guarded => f.write_str("WebSocket, heartbeats"),
        }
    }
}

impl Head {
    /// As the data says it.
    pub fn name(self) -> &'static str {
        match self {
            Head::Browser => "browser",
            Head::Bare => "bare",
        }
    }

    /// A question for messages: `fetch` with `cache: "no-store"`.
    pub fn get(self, host: SocketAddr, path: &str) -> String {
        match self {
            Head::Bare => format!("GET {path} HTTP/1.1\r\nHost: {host}\r\n\r\n"),
            Head::Browser => format!(
                "GET {path} HTTP/1.1\r\nHost: {host}\r\nConnection: keep-alive\r\n{NO_CACHE}{AGENT}{HINTS}Accept: */*\r\n\
                 {FETCH}Referer: http://{host}/\r\n{CODINGS}\r\n"
            ),
        }
    }

    /// `EventSource`.
    pub fn events(self, host: SocketAddr) -> String {
        match self {
            Head::Bare => self.get(host, "/events"),
            Head::Browser => self.get(host, "/events").replace("*/*", "text/event-stream"),
        }
    }

    /// Says something: `fetch` with JSON in it.
    pub fn post(self, host: SocketAddr, body: &str) -> String {
        let length = body.len();
        let kind = format!("Content-Type: application/json\r\nContent-Length: {length}\r\n");
        match self {
            Head::Bare => format!("POST /say HTTP/1.1\r\nHost: {host}\r\n{kind}\r\n{body}"),
            Head::Browser => format!(
                "POST /say HTTP/1.1\r\nHost: {host}\r\nConnection: keep-alive\r\n{kind}{AGENT}{HINTS}Accept: */*\r\n\
                 Origin: http://{host}\r\n{FETCH}Referer: http://{host}/\r\n{CODINGS}\r\n{body}"
            ),
        }
    }

    /// The handshake of a WebSocket. Without the offer of permessage-deflate, which no rung so far answers.
    pub fn handshake(self, host: SocketAddr, cookie: Option<&str>) -> String {
        let mut fields: Vec<(&str, &str)> = cookie.map(|cookie| ("Cookie", cookie)).into_iter().collect();
        let origin = format!("http://{host}");
        let lines = [NO_CACHE, AGENT, CODINGS].concat();
        if self == Head::Browser {
            fields.push(("Origin", &origin));
            fields.extend(lines.lines().filter_map(|line| line.split_once(": ")));
        }
        ws::handshake(&host.to_string(), "/chat", &fields)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_way_has_a_name_of_its_own() {
        let short = [100, 1000, 5000].map(|ms| Way::ShortPoll(Duration::from_millis(ms)));
        for way in short.into_iter().chain([Way::LongPoll, Way::Events, Way::WebSocket, Way::Guarded]) {
            assert_eq!(Way::named(&way.to_string()), Some(way));
        }
        assert_eq!(Way::named("pigeons"), None);
    }

    /// Counted at Chromium 156 with a port of five digits; the name of the program is four letters longer there when it
    /// has no window.
    #[test]
    fn a_browsers_head_is_as_long_as_the_browsers() {
        let host = "127.0.0.1:57361".parse().unwrap();
        let windowless = "Headless".len();
        let no_cache = NO_CACHE.len();
        let poll = Head::Browser.get(host, "/poll?after=1795238338089").len();
        assert_eq!(poll, 511 - windowless + no_cache);
        assert_eq!(Head::Browser.events(host).len(), 550 - windowless);
        assert_eq!(Head::Browser.post(host, r#"{"name":"Ada","text":"Hello"}"#).len(), 575 - windowless + 29);
        let offer = "Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits\r\n".len();
        assert_eq!(Head::Browser.handshake(host, None).len(), 501 - windowless - offer);
        assert!(Head::Bare.get(host, "/wait").len() < 50);
    }
}
