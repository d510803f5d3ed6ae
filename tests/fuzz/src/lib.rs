//! Fuzzing: inputs that nobody thought of, tried against promises that hold for all of them.
//!
//! A [`Target`] takes any bytes for a test case and panics when a promise is broken. Three programs feed it:
//!
//! - `make fuzz` (`fuzz.sh`, `src/libfuzzer.rs`): libFuzzer, which sees what code an input reaches, keeps those that
//!   reach something new, and changes them further. On the pinned stable toolchain.
//! - `cargo test --package fuzz` (`corpus.rs`): all inputs in `corpus/`, and a few thousand changed ones.
//! - `cargo run --package fuzz -- TARGET FILE` (`src/try_input.rs`): one input, shown in words and tried.
//!
//! The files, in reading order:
//!
//! - `cuts.rs`: where a byte stream is cut into reads. Every target asks that nothing depends on it.
//! - [`wire`]: rung 00.
//! - [`request`], [`body`], [`http`]: rungs 04 and 05. `answers.rs` reads what the whole connection says.
//! - `sketch.rs`: frames that are right but for what the input wants wrong.
//! - [`frame`], [`assembler`], [`websocket`]: rungs 09 and 10. `model.rs` is an assembler so plain that one sees
//!   that it is right.

mod answers;
pub mod assembler;
pub mod body;
mod cuts;
pub mod frame;
pub mod http;
mod model;
pub mod request;
mod sketch;
pub mod websocket;
pub mod wire;

/// Something to fuzz.
#[derive(Clone, Copy)]
pub struct Target {
    /// Its name on command lines, and its folder in `corpus/`.
    pub name: &'static str,
    /// Tries an input. Panics when a promise is broken.
    pub check: fn(&[u8]),
    /// Says in words what an input is.
    pub show: fn(&[u8]) -> String,
}

/// All there are.
pub const TARGETS: [Target; 7] = [
    Target { name: "wire", check: wire::check, show: wire::show },
    Target { name: "request", check: request::check, show: request::show },
    Target { name: "body", check: body::check, show: body::show },
    Target { name: "http", check: http::check, show: http::show },
    Target { name: "frame", check: frame::check, show: frame::show },
    Target { name: "assembler", check: assembler::check, show: assembler::show },
    Target { name: "websocket", check: websocket::check, show: websocket::show },
];

/// The target with this name.
pub fn target(name: &str) -> Option<&'static Target> {
    TARGETS.iter().find(|target| target.name == name)
}
