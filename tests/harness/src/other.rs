//! Servers that other people wrote, beside the one under test: nginx.

use std::ffi::OsString;
use std::net::{Ipv4Addr, SocketAddr};
use std::process::{Command, Stdio};
use std::time::Duration;

use crate::launch::free_port;
use crate::process::Process;
use crate::program::cannot_run;
use crate::server::Server;
use crate::show;
use crate::story::Story;

/// Until it says that it is ready.
const START_LIMIT: Duration = Duration::from_secs(10);
/// What programs say of a port that another one has (EADDRINUSE).
const IN_USE: &str = "Address already in use";
/// So many ports are tried.
const PORTS: usize = 5;

impl Story {
    /// Starts a server that takes its port from its arguments or from a file, and waits until it prints `ready`.
    ///
    /// `arguments` is told a port that was free a moment ago. Where somebody else was faster it is called again,
    /// with another one. Like our servers it is killed with the test, must not end by itself, and its last lines
    /// belong to a failure.
    #[track_caller]
    pub fn other_server(
        &self,
        program: &str,
        ready: &str,
        mut arguments: impl FnMut(u16) -> Vec<OsString>,
    ) -> Server {
        let record = &self.record;
        for _ in 0..PORTS {
            let port = free_port();
            let arguments = arguments(port);
            let words: Vec<_> = arguments.iter().map(|word| word.to_string_lossy()).collect();
            record.step(format!("{program} is started: {program} {}", words.join(" ")), Vec::new());
            let mut command = Command::new(program);
            command.args(&arguments).stdin(Stdio::null());
            let process = match Process::start(program.into(), true, command) {
                Ok(process) => process,
                Err(error) => cannot_run(record, program, &error),
            };
            match process.prints_one_of(&[IN_USE, ready], START_LIMIT) {
                Some(0) => {
                    record.step(format!("somebody else has port {port}"), Vec::new());
                    process.expect_end_from_the_start();
                    process.kill();
                }
                Some(_) => {
                    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
                    record.step(format!("{program} listens on {address}"), Vec::new());
                    record.state().processes.push(process.clone());
                    return Server::new(record.clone(), process, address);
                }
                None => {
                    process.expect_end_from_the_start();
                    process.kill();
                    let headline = format!("expected {program} to print {}", show::quoted(ready));
                    record.fail(headline, process.last_lines(20));
                }
            }
        }
        record.fail(format!("{program} found {PORTS} ports taken, one after the other"), Vec::new())
    }
}
