//! Rung 12: a server on the open internet.
//!
//! Everything below this rung believes that clients are honest, or at most clumsy. Here are the limits that stand
//! around any WebSocket application, so that one client costs what one client may, and no more. In the order in which
//! a client meets them:
//!
//! 1. `bucket.rs`, `limits.rs`, `address.rs`, `descriptors.rs`: how much, how often, and for whom it is remembered.
//! 2. `guarded.rs`: the door. A protocol around another that lets a connection in or does not.
//! 3. `proxies.rs`: whose request it is, when a proxy stands in front.
//! 4. `origin.rs`, `login.rs`, `seal.rs`, `credentials.rs`: which page asks, and who it is.
//! 5. `sentry.rs`, `heartbeat.rs`: the watch of a WebSocket (rung 10's seam).
//! 6. `denial.rs`, `counters.rs`: what the one who is refused is told, and what the operator sees.
//!
//! `guard.rs` holds them together. What a server's handler asks it, and in which order, stands at [`Guard`];
//! `main.rs` shows it around the chat of rung 11.

mod address;
mod bucket;
mod counters;
mod credentials;
mod denial;
pub mod descriptors;
mod guard;
mod guarded;
mod heartbeat;
mod limits;
mod login;
mod origin;
mod proxies;
mod seal;
mod sentry;

pub use bucket::{Bucket, Rate};
pub use counters::{ClientReport, LatencyReport, Report};
pub use credentials::{COOKIE, SECURE_COOKIE};
pub use denial::Denial;
pub use guard::{Guard, HasGuard, Rules};
pub use guarded::Guarded;
pub use limits::Limits;
pub use login::{Login, LoginError};
pub use origin::Origins;
pub use proxies::{Proxies, Unclear};
pub use seal::{Pass, Purpose, Seal};
pub use sentry::Sentry;

/// The rules that this crate's tests go by.
#[cfg(test)]
fn test_rules() -> Rules {
    Rules {
        origins: Origins::default(),
        proxies: "10.0.0.0/8".parse().expect("a network"),
        seal: Seal::new(b"a key for tests", std::time::SystemTime::now()),
        cookie: COOKIE,
    }
}
