//! A listener, and the program that watches its port.

use std::net::{SocketAddr, TcpListener};
use std::path::PathBuf;

use harness::{Program, Ran, Running, Story};

/// A port on loopback that is watched.
pub struct Watched {
    pub listener: TcpListener,
    pub watcher: Running,
    pub address: SocketAddr,
}

/// Listens on a free port and watches it.
pub fn watched(story: &Story, address: &str, arguments: &[&str]) -> Watched {
    let listener = TcpListener::bind(address).expect("a free port on loopback");
    let address = listener.local_addr().expect("a socket that is bound has an address");
    let watcher = watches(story, address.port(), arguments);
    Watched { listener, watcher, address }
}

/// The program that watches this port. When this returns no segment is missed.
pub fn watches(story: &Story, port: u16, arguments: &[&str]) -> Running {
    if cfg!(not(target_os = "linux")) {
        story.does_not_apply("only Linux has packet sockets");
    }
    let watcher = program(story).args(["--port", &port.to_string()]).args(arguments).starts();
    watcher.prints_eventually(&format!("watching port {port} on loopback\n"));
    watcher
}

/// The rung's program: ours, or a student's copy.
pub fn program(story: &Story) -> Program {
    story.program(path(story).to_str().expect("UTF-8")).env("COLUMNS", 100)
}

/// Where it is.
pub fn path(story: &Story) -> PathBuf {
    story.needs_our_program();
    harness::binary("00-wire", false).unwrap_or_else(|said| story.fails(said))
}

/// Expects these words in this order, each in a line of its own.
pub fn in_order(story: &Story, picture: &Ran, words: &[&str]) {
    let text = picture.text();
    let mut lines = text.lines();
    for word in words {
        if !lines.any(|line| line.contains(word)) {
            story.fails(format!(
                "expected {words:#?}\nin this order; {word:?} does not come in its turn. The picture:\n{text}"
            ));
        }
    }
}

/// It failed: its exit code, and one line on stderr that names the program.
pub fn fails_with(story: &Story, ran: &Ran, code: i32, said: &str) {
    story.expects(ran.status.code() == Some(code), format!("exit status {code}, it is {}", ran.status));
    let line = format!("00-wire: {said}");
    let is_one_line = ran.stderr.lines().count() == 1 && ran.stderr.starts_with("00-wire: ");
    story.expects(
        is_one_line && ran.stderr.contains(said),
        format!("{line:?} on stderr, it is {:?}", ran.stderr),
    );
}
