//! How fast our servers are, beside other people's, in one run.
//!
//! One thread and one poll ask as fast as they are answered. Every answer is compared byte for byte before the clock runs, and
//! once more when it has stopped. All servers are up; each round visits all of them, so that a minute in which the machine is
//! slow is slow for all. What is shown are ratios within a round.
//!
//! `load.rs` what is asked; `script.rs` its bytes; `member.rs` one connection; `generator.rs` all of them; `contestant.rs` who
//! is measured; `cost.rs` what it cost the server; `rounds.rs` all of that, in turn; `profile.rs` where the time goes;
//! `data.rs` the figures in files; `ways.rs` and `instructions.rs` the same without sockets, counted in instructions;
//! `alone.rs` the innermost loops; `goals.rs` what they must be; `notes.rs`, `tables.rs` and `plots.rs` what the chapter
//! shows.

mod alone;
mod contestant;
mod cost;
pub mod data;
mod generator;
pub mod goals;
pub mod instructions;
mod load;
mod member;
mod notes;
mod plots;
mod profile;
mod rounds;
mod script;
mod tables;
pub mod ways;

pub use alone::alone;
pub use contestant::{Contestant, Ground, missing};
pub use generator::{Generator, Measured};
pub use load::{GROWTH, LOADS, Load, Talk};
pub use notes::Notes;
pub use profile::no_profiler;
pub use rounds::{Plan, idle, pin, profile, rounds, system_calls};
pub use script::response;
