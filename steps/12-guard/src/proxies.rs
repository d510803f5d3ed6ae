//! Whose request it is, when a proxy stands in front.

use std::net::IpAddr;
use std::str::FromStr;

use ipnet::IpNet;
use request::Request;

/// The proxies that are believed when they say for whom a request is: `--trusted-proxy`.
///
/// **A field counts only as far as a trusted proxy wrote it.** Anybody can send `X-Forwarded-For: 127.0.0.1`. A proxy
/// appends the address that it got the request from, so the list is read from its end, and the first address that is
/// no trusted proxy's is the client's; what stands before it is the client's own story.
#[derive(Clone, Debug, Default)]
pub struct Proxies(Vec<IpNet>);

/// A trusted proxy sent something that leaves open whose request it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unclear {
    /// Both Forwarded and X-Forwarded-For. A proxy writes one of them, so the other may be the client's own.
    Both,
    /// An element that is no address, or none at all.
    NoAddress,
}

impl FromStr for Proxies {
    type Err = String;

    /// Networks or addresses, with commas between them: `10.0.0.0/8,::1`.
    fn from_str(text: &str) -> Result<Proxies, String> {
        let networks = text.split(',').map(str::trim).map(|network| {
            let address = || network.parse::<IpAddr>().map(IpNet::from);
            network.parse::<IpNet>().or_else(|_| address()).map_err(|_| {
                format!("{network:?} is no network: it is written as 10.0.0.0/8, 192.0.2.1 or ::1")
            })
        });
        Ok(Proxies(networks.collect::<Result<_, _>>()?))
    }
}

impl Proxies {
    /// Whether this is the address of a trusted proxy.
    pub fn trust(&self, ip: IpAddr) -> bool {
        self.0.iter().any(|network| network.contains(&ip.to_canonical()))
    }

    /// The client's address, for a request that came from `peer`.
    ///
    /// # Errors
    /// When a trusted proxy leaves it open. A peer that is not trusted is the client itself, whatever it says.
    pub fn client(&self, head: &Request<'_>, peer: IpAddr) -> Result<IpAddr, Unclear> {
        if !self.trust(peer) {
            return Ok(peer);
        }
        let hops = match (head.field("Forwarded"), head.field("X-Forwarded-For")) {
            (Some(_), Some(_)) => return Err(Unclear::Both),
            (Some(_), None) => hops(head, "Forwarded", forwarded),
            (None, Some(_)) => hops(head, "X-Forwarded-For", address),
            (None, None) => return Ok(peer),
        };
        // ANCHOR: hops
        // From the end: each hop that we believe tells us of the one before it.
        let mut client = None;
        for hop in hops.into_iter().rev() {
            client = hop;
            if !hop.is_some_and(|hop| self.trust(hop)) {
                break;
            }
        }
        client.ok_or(Unclear::NoAddress)
        // ANCHOR_END: hops
    }
}

/// The addresses that a field lists, in all its lines, oldest first. `None`: something that is no address.
fn hops(head: &Request<'_>, name: &str, read: fn(&str) -> Option<IpAddr>) -> Vec<Option<IpAddr>> {
    head.list(name).map(|element| str::from_utf8(element).ok().and_then(read)).collect()
}

/// One element of Forwarded (RFC 7239 §4): `for=192.0.2.1;proto=https`, `For="[2001:db8::1]:47011"`. The obfuscated
/// names of §6.3 and `unknown` are no addresses.
///
/// Commas and semicolons may stand in quoted strings, of other parameters too. No proxy known to us writes such;
/// an element cut in the wrong place is no address, or not `for`, and the request is refused.
fn forwarded(element: &str) -> Option<IpAddr> {
    let mut found = None;
    for pair in element.split(';') {
        let (name, value) = pair.trim().split_once('=')?;
        if name.eq_ignore_ascii_case("for") {
            let quoted = value.strip_prefix('"').and_then(|value| value.strip_suffix('"'));
            if found.replace(address(quoted.unwrap_or(value))?).is_some() {
                return None; // §4: "Each parameter MUST NOT occur more than once per field-value."
            }
        } else if value.matches('"').count() % 2 == 1 {
            return None;
        }
    }
    found
}

/// An address as proxies write it: `192.0.2.1`, `192.0.2.1:47011`, `2001:db8::1`, `[2001:db8::1]`,
/// `[2001:db8::1]:47011`.
fn address(text: &str) -> Option<IpAddr> {
    if let Ok(ip) = text.parse::<IpAddr>() {
        return Some(ip.to_canonical());
    }
    if let Ok(socket) = text.parse::<std::net::SocketAddr>() {
        return Some(socket.ip().to_canonical());
    }
    text.strip_prefix('[')?
        .strip_suffix(']')?
        .parse::<std::net::Ipv6Addr>()
        .ok()
        .map(|ip| IpAddr::V6(ip).to_canonical())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn client(fields: &str, peer: &str) -> Result<IpAddr, Unclear> {
        let proxies: Proxies = "127.0.0.0/8, ::1, 10.0.0.0/8".parse().unwrap();
        let head = format!("GET / HTTP/1.1\r\nHost: x\r\n{fields}\r\n");
        let (head, _) = Request::parse(head.as_bytes(), &request::Limits::DEFAULT).unwrap().unwrap();
        proxies.client(&head, peer.parse().unwrap())
    }

    fn ip(text: &str) -> Result<IpAddr, Unclear> {
        Ok(text.parse().unwrap())
    }

    /// Anybody can send these fields. They mean nothing before it is known who sent them.
    #[test]
    fn who_is_no_trusted_proxy_is_the_client_whatever_it_says() {
        assert_eq!(client("X-Forwarded-For: 127.0.0.1\r\n", "192.0.2.7"), ip("192.0.2.7"));
        assert_eq!(client("Forwarded: for=10.0.0.1\r\nX-Forwarded-For: x\r\n", "192.0.2.7"), ip("192.0.2.7"));
    }

    /// A list that is read from the front begins with what the client wrote: it would choose its own address, and have
    /// no limits at all.
    #[test]
    fn the_last_hop_that_is_not_trusted_is_the_client() {
        for (fields, expected) in [
            ("", "127.0.0.1"),
            ("X-Forwarded-For: 192.0.2.7\r\n", "192.0.2.7"),
            // What stands in front was sent by the client.
            ("X-Forwarded-For: 10.0.0.1, 198.51.100.1, 192.0.2.7\r\n", "192.0.2.7"),
            ("X-Forwarded-For: nonsense, 192.0.2.7\r\n", "192.0.2.7"),
            // Two proxies of ours in a row.
            ("X-Forwarded-For: 198.51.100.1, 192.0.2.7, 10.1.1.1\r\n", "192.0.2.7"),
            (
                "X-Forwarded-For: 198.51.100.1\r\nX-Forwarded-For: 192.0.2.7\r\nX-Forwarded-For: 10.1.1.1\r\n",
                "192.0.2.7",
            ),
            // A client inside our own network.
            ("X-Forwarded-For: 10.1.1.1\r\n", "10.1.1.1"),
            ("X-Forwarded-For: 2001:db8::7\r\n", "2001:db8::7"),
            ("X-Forwarded-For: 192.0.2.7:4711\r\n", "192.0.2.7"),
            ("X-Forwarded-For: ::ffff:192.0.2.7\r\n", "192.0.2.7"),
        ] {
            assert_eq!(client(fields, "127.0.0.1"), ip(expected), "{fields:?}");
        }
        assert_eq!(client("X-Forwarded-For: 192.0.2.7\r\n", "::ffff:127.0.0.1"), ip("192.0.2.7"));
    }

    /// Forwarded is read from its end too, each element by its `for`.
    #[test]
    fn rfc_7239_4_forwarded() {
        for (fields, expected) in [
            ("Forwarded: for=192.0.2.7\r\n", "192.0.2.7"),
            ("Forwarded: For=\"[2001:db8:cafe::17]:4711\"\r\n", "2001:db8:cafe::17"),
            ("Forwarded: for=\"[2001:db8::1]\";proto=https;by=203.0.113.43\r\n", "2001:db8::1"),
            ("Forwarded: proto=http; for=\"192.0.2.7:80\"\r\n", "192.0.2.7"),
            ("Forwarded: for=10.0.0.1, for=192.0.2.7, for=10.2.2.2\r\n", "192.0.2.7"),
            ("Forwarded: for=_hidden, for=192.0.2.7\r\n", "192.0.2.7"),
        ] {
            assert_eq!(client(fields, "127.0.0.1"), ip(expected), "{fields:?}");
        }
    }

    /// A guess would be somebody else's address, and they would pay for it.
    #[test]
    fn what_leaves_open_whose_request_it_is_is_refused() {
        for (fields, expected) in [
            ("Forwarded: for=192.0.2.7\r\nX-Forwarded-For: 192.0.2.7\r\n", Unclear::Both),
            ("X-Forwarded-For: unknown\r\n", Unclear::NoAddress),
            ("X-Forwarded-For:\r\n", Unclear::NoAddress),
            ("Forwarded: ,\r\n", Unclear::NoAddress),
            ("X-Forwarded-For: 192.0.2.7, nonsense\r\n", Unclear::NoAddress),
            ("Forwarded: for=_hidden\r\n", Unclear::NoAddress),
            ("Forwarded: for=unknown\r\n", Unclear::NoAddress),
            ("Forwarded: proto=https\r\n", Unclear::NoAddress),
            ("Forwarded: for\r\n", Unclear::NoAddress),
            ("Forwarded: for=192.0.2.7;for=192.0.2.8\r\n", Unclear::NoAddress),
            ("Forwarded: host=\"a,for=192.0.2.7\"\r\n", Unclear::NoAddress),
            ("Forwarded: host=\"a;for=192.0.2.7;b\"\r\n", Unclear::NoAddress),
        ] {
            assert_eq!(client(fields, "127.0.0.1"), Err(expected), "{fields:?}");
        }
    }

    #[test]
    fn networks_are_read() {
        assert!("10.0.0.0/8,nonsense".parse::<Proxies>().is_err());
        assert!("".parse::<Proxies>().is_err());
        let proxies: Proxies = "192.0.2.1".parse().unwrap();
        assert!(proxies.trust("192.0.2.1".parse().unwrap()) && !proxies.trust("192.0.2.2".parse().unwrap()));
        assert!(!Proxies::default().trust("127.0.0.1".parse().unwrap()));
    }
}
