//! What one client, one address and all together may do.

use std::time::Duration;

use accept::{Failure, Misuse, milliseconds, setting};

use crate::Rate;

/// The limits, each with its default and the environment variable that changes it. A rate is written
/// `PER_SECOND,BURST`.
///
/// An address is an IPv4 address or an IPv6 network of 64 bits: a household gets at least that many, so single
/// addresses would limit nobody.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// `MAX_CONNECTIONS`, 10,000 in all: 503 above. nginx's `worker_connections` is 512.
    pub connections: usize,
    /// `MAX_PER_ADDRESS`, connections, 100: 503 above. HAProxy's and nginx's examples have 10 to 100; a school or an
    /// office stands behind one address, and a browser opens six connections beside its WebSockets.
    pub per_address: usize,
    /// `CONNECTION_RATE`, 20 a second and 200 at once from one address: 429 above.
    pub connection_rate: Rate,
    /// `REQUEST_RATE`, 50 a second and 200 at once from one address: 429 above. A page with its parts is ten.
    pub request_rate: Rate,
    /// `LOGIN_RATE`, one in two seconds and 10 at once from one address: 429 above. It makes guessing passwords slow;
    /// NIST SP 800-63B §5.2.2 allows 100 failures in a row.
    pub login_rate: Rate,
    /// `HANDSHAKE_TIMEOUT_MS`, 15 s from accept to the first complete request. Node allows 60 s for a head; a browser
    /// that connects ahead of need tries again without a word.
    pub handshake: Duration,
    /// `MESSAGE_RATE`, messages and Pings, 30 a second and 120 at once on one connection. Discord's gateway allows 2 a
    /// second and 120 at once.
    pub message_rate: Rate,
    /// `BYTE_RATE`, 256 KiB a second and 1 MiB at once on one connection.
    pub byte_rate: Rate,
    /// `ADDRESS_MESSAGE_RATE`, 300 a second and 1,200 at once on all connections of an address. They wait
    /// together: who shares an address with a flooder pays with patience too.
    pub address_message_rate: Rate,
    /// `ADDRESS_BYTE_RATE`, 2 MiB a second and 8 MiB at once on all connections of an address.
    pub address_byte_rate: Rate,
    /// `PATIENCE_MS`, 10 s: who is over a rate is first not read, and TCP makes the sender wait. That costs patience, as
    /// long as it lasts, and of every two seconds one is won back: who is over the rate all the time is closed with
    /// 1008 after 20 s, who is under it half of the time never.
    pub patience: Duration,
    /// `MESSAGE_TIMEOUT_MS`, 60 s from a message's first byte to its last: 1008. Bytes are a sign of life, so who sends
    /// one now and then would otherwise never be done. It needs 1.1 KiB a second for the chat's longest message.
    pub message_time: Duration,
    /// `PING_INTERVAL_MS`, 20 s of silence, then a Ping; up to an eighth less, so that not all are pinged at once.
    /// Python `websockets` pings every 20 s; NATs forget a silent connection after minutes.
    pub ping_interval: Duration,
    /// `PONG_TIMEOUT_MS`, 20 s: who sends nothing for so long after a Ping is gone: 1011. Python `websockets` waits as
    /// long and says the same code.
    pub pong_timeout: Duration,
    /// `SESSION_MS`, 12 h: how long a login opens doors. A WebSocket that is open by then stays.
    pub session: Duration,
    /// `TICKET_MS`, 30 s: how long a ticket may be used, once, to open a WebSocket.
    pub ticket: Duration,
}

impl Default for Limits {
    fn default() -> Limits {
        const MIB: f64 = 1024.0 * 1024.0;
        let rate = |per_second, burst| Rate { per_second, burst };
        Limits {
            connections: 10_000,
            per_address: 100,
            connection_rate: rate(20.0, 200.0),
            request_rate: rate(50.0, 200.0),
            login_rate: rate(0.5, 10.0),
            handshake: Duration::from_secs(15),
            message_rate: rate(30.0, 120.0),
            byte_rate: rate(MIB / 4.0, MIB),
            address_message_rate: rate(300.0, 1200.0),
            address_byte_rate: rate(2.0 * MIB, 8.0 * MIB),
            patience: Duration::from_secs(10),
            message_time: Duration::from_secs(60),
            ping_interval: Duration::from_secs(20),
            pong_timeout: Duration::from_secs(20),
            session: Duration::from_secs(12 * 60 * 60),
            ticket: Duration::from_secs(30),
        }
    }
}

impl Limits {
    /// The defaults, changed by the environment.
    ///
    /// # Errors
    /// When a variable is set to something that is not a number, a time or a rate, or to no time where some is needed.
    pub fn from_environment() -> Result<Limits, Failure> {
        let default = Limits::default();
        Ok(Limits {
            connections: setting("MAX_CONNECTIONS", default.connections)?,
            per_address: setting("MAX_PER_ADDRESS", default.per_address)?,
            connection_rate: setting("CONNECTION_RATE", default.connection_rate)?,
            request_rate: setting("REQUEST_RATE", default.request_rate)?,
            login_rate: setting("LOGIN_RATE", default.login_rate)?,
            handshake: some_time("HANDSHAKE_TIMEOUT_MS", default.handshake)?,
            message_rate: setting("MESSAGE_RATE", default.message_rate)?,
            byte_rate: setting("BYTE_RATE", default.byte_rate)?,
            address_message_rate: setting("ADDRESS_MESSAGE_RATE", default.address_message_rate)?,
            address_byte_rate: setting("ADDRESS_BYTE_RATE", default.address_byte_rate)?,
            patience: milliseconds("PATIENCE_MS", default.patience)?,
            message_time: some_time("MESSAGE_TIMEOUT_MS", default.message_time)?,
            ping_interval: some_time("PING_INTERVAL_MS", default.ping_interval)?,
            pong_timeout: some_time("PONG_TIMEOUT_MS", default.pong_timeout)?,
            session: some_time("SESSION_MS", default.session)?,
            ticket: milliseconds("TICKET_MS", default.ticket)?,
        })
    }

    /// Patience as a bucket of seconds: a second of pause takes one, two seconds bring one back.
    pub(crate) fn patience_rate(&self) -> Rate {
        Rate { per_second: 0.5, burst: self.patience.as_secs_f64() }
    }
}

/// A time without which nobody could do anything here, or would be pinged without end.
fn some_time(name: &str, default: Duration) -> Result<Duration, Failure> {
    match milliseconds(name, default)? {
        Duration::ZERO => Err(Misuse(format!("{name}=0: at least 1 millisecond")).into()),
        time => Ok(time),
    }
}
