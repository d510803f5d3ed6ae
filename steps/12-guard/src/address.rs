//! What is remembered of each address, and for how long.

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::net::{IpAddr, Ipv6Addr};
use std::rc::Rc;
use std::time::Instant;

use crate::{Bucket, Limits};

/// All addresses that are connected, or that have used up some of their allowance.
///
/// **It forgets whoever could as well be new**, so its size follows the clients that there are, not those that
/// there ever were.
pub(crate) struct Addresses {
    known: HashMap<IpAddr, Rc<Address>>,
    /// The size at which it is worth looking whom to forget.
    sweep_at: usize,
}

/// One address: its connections share this.
pub(crate) struct Address {
    pub key: IpAddr,
    pub connections: Cell<usize>,
    pub buckets: RefCell<Buckets>,
}

/// What an address may still do.
pub(crate) struct Buckets {
    pub connections: Bucket,
    pub requests: Bucket,
    pub logins: Bucket,
    pub messages: Bucket,
    pub bytes: Bucket,
}

const FIRST_SWEEP: usize = 1024;

impl Addresses {
    pub fn new() -> Addresses {
        Addresses { known: HashMap::new(), sweep_at: FIRST_SWEEP }
    }

    pub fn get(&mut self, ip: IpAddr, limits: &Limits, now: Instant) -> Rc<Address> {
        let key = network(ip);
        if let Some(address) = self.known.get(&key) {
            return address.clone();
        }
        if self.known.len() >= self.sweep_at {
            self.known.retain(|_, address| address.is_remarkable(limits, now));
            // Twice what is left: the work of a sweep is shared by as many arrivals as it looks at.
            self.sweep_at = FIRST_SWEEP.max(2 * self.known.len());
        }
        let address = Rc::new(Address::new(key, limits, now));
        self.known.insert(key, address.clone());
        address
    }

    pub fn len(&self) -> usize {
        self.known.len()
    }
}

impl Address {
    pub fn new(key: IpAddr, limits: &Limits, now: Instant) -> Address {
        let buckets = Buckets {
            connections: Bucket::full(limits.connection_rate, now),
            requests: Bucket::full(limits.request_rate, now),
            logins: Bucket::full(limits.login_rate, now),
            messages: Bucket::full(limits.address_message_rate, now),
            bytes: Bucket::full(limits.address_byte_rate, now),
        };
        Address { key, connections: Cell::new(0), buckets: RefCell::new(buckets) }
    }

    fn is_remarkable(&self, limits: &Limits, now: Instant) -> bool {
        let buckets = &mut *self.buckets.borrow_mut();
        self.connections.get() > 0
            || !buckets.connections.is_full(limits.connection_rate, now)
            || !buckets.requests.is_full(limits.request_rate, now)
            || !buckets.logins.is_full(limits.login_rate, now)
            || !buckets.messages.is_full(limits.address_message_rate, now)
            || !buckets.bytes.is_full(limits.address_byte_rate, now)
    }
}

/// Whom an address stands for: see [`Limits`]. An IPv4 address in IPv6 clothes (RFC 4291 §2.5.5.2) is the IPv4
/// address.
fn network(ip: IpAddr) -> IpAddr {
    match ip.to_canonical() {
        IpAddr::V6(ip) => {
            let [a, b, c, d, ..] = ip.segments();
            IpAddr::V6(Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0))
        }
        v4 => v4,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::Ipv4Addr;
    use std::time::Duration;

    fn ip(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    #[test]
    fn an_ipv6_network_of_64_bits_is_one_address() {
        assert_eq!(network(ip("2001:db8:1:2:3:4:5:6")), ip("2001:db8:1:2::"));
        assert_ne!(network(ip("2001:db8:1:3::")), network(ip("2001:db8:1:2::")));
        assert_eq!(network(ip("::ffff:192.0.2.1")), ip("192.0.2.1"));
        assert_eq!(network(ip("192.0.2.1")), ip("192.0.2.1"));
    }

    #[test]
    fn who_could_as_well_be_new_is_forgotten() {
        let (limits, start) = (Limits::default(), Instant::now());
        let mut addresses = Addresses::new();
        let stays = addresses.get(ip("192.0.2.1"), &limits, start);
        stays.connections.set(1);
        for n in 0..10_000 {
            let address = addresses.get(Ipv4Addr::from_bits(n).into(), &limits, start);
            address.buckets.borrow_mut().connections.charge(1.0, limits.connection_rate, start);
        }
        assert_eq!(addresses.len(), 10_001, "all of them have used something");
        let later = start + Duration::from_secs(60);
        for n in 0..10_000 {
            addresses.get(Ipv4Addr::from_bits(1 << 24 | n).into(), &limits, later);
        }
        assert!(addresses.len() <= 10_000, "{} are remembered", addresses.len());
        assert!(Rc::ptr_eq(&stays, &addresses.get(ip("192.0.2.1"), &limits, later)));
    }
}
