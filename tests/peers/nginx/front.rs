//! nginx with `barewire.conf`, in a directory and on a port of its own.

use std::ffi::OsString;
use std::fs;
use std::net::SocketAddr;
use std::path::Path;

use harness::{Server, Story};

/// The configuration that the note shows.
const BAREWIRE: &str = include_str!("barewire.conf");
/// What runs it beside any nginx of the system.
const NGINX: &str = include_str!("nginx.conf");
/// nginx says so when it listens and has someone who serves.
const READY: &str = "start worker process ";
const SBIN: &str = "/usr/sbin/nginx";

/// A running nginx.
pub struct Nginx {
    pub server: Server,
}

impl Nginx {
    /// Starts it in front of a server, configured as the note says.
    #[track_caller]
    pub fn before(story: &Story, server: &Server) -> Nginx {
        Nginx::changed(story, server, &[])
    }

    /// Starts it with other lines: each pair is a text of `barewire.conf` and what stands there instead.
    #[track_caller]
    pub fn changed(story: &Story, server: &Server, changes: &[(&str, &str)]) -> Nginx {
        let directory = story.directory();
        let mut conf = replaced(story, BAREWIRE, "127.0.0.1:8080", &server.address().to_string());
        for (line, instead) in changes {
            story.note(format!("nginx.conf has {instead:?} instead of {line:?}"));
            conf = replaced(story, &conf, line, instead);
        }
        // Debian has it where not everybody's PATH leads.
        let program = if Path::new(SBIN).exists() { SBIN } else { "nginx" };
        let front = story.other_server(program, READY, |port| {
            let conf = replaced(story, &conf, "127.0.0.1:8000", &format!("127.0.0.1:{port}"));
            let written = fs::write(directory.join("barewire.conf"), conf)
                .and_then(|()| fs::write(directory.join("nginx.conf"), NGINX));
            written.unwrap_or_else(|error| story.fails(format!("cannot write nginx.conf: {error}")));
            arguments(&directory)
        });
        Nginx { server: front }
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.server.address()
    }
}

impl From<&Nginx> for SocketAddr {
    fn from(nginx: &Nginx) -> SocketAddr {
        nginx.address()
    }
}

fn arguments(directory: &Path) -> Vec<OsString> {
    let conf = directory.join("nginx.conf");
    let mut words: Vec<OsString> = vec!["-e".into(), "stderr".into(), "-p".into(), directory.into()];
    words.extend(["-c".into(), conf.into()]);
    // Started by root nginx takes another user for its workers, who may not reach the directory.
    if rustix::process::geteuid().is_root() {
        words.extend(["-g".into(), "user root;".into()]);
    }
    words
}

/// The text with one place changed; a configuration without that place fails the test.
#[track_caller]
fn replaced(story: &Story, text: &str, place: &str, instead: &str) -> String {
    let count = text.matches(place).count();
    story.expects(count == 1, format!("{place:?} stands once in the configuration, it does {count} times"));
    text.replace(place, instead)
}
