//! A second thread that serves nobody: it reads the kernel's lists and says who waits in the backlog.
//!
//! The serving thread cannot say it, it sleeps in `recv`. What happens here, `watch -n 0.5 ss -tan` does as well.

use std::net::SocketAddr;
use std::time::Duration;
use std::{io, thread};

use accept::kernel::{self, LOOK, Row, State};
use log::info;

/// How often to look. Often enough for a person, rarely enough to cost nothing.
const EVERY: Duration = Duration::from_millis(500);

/// How many of those who wait are named; the others are only counted.
const NAMED: usize = 3;

/// Looks at the socket that listens on `local`, for ever, and reports every change.
pub fn look_on(local: SocketAddr) {
    let mut before = report(0, &[]);
    loop {
        match kernel::sockets(local) {
            Ok(rows) => {
                let now = describe(local, &rows);
                if now != before {
                    info!("kernel: {now}");
                    before = now;
                }
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                return info!("no /proc/net/tcp here; this shows who waits in the backlog: {LOOK}");
            }
            Err(error) => return info!("the kernel's list cannot be read: {error}"),
        }
        thread::sleep(EVERY);
    }
}

fn describe(local: SocketAddr, rows: &[Row]) -> String {
    let count = rows.iter().find(|row| row.listens_on(local)).map_or(0, |row| row.receive_queue);
    let waiting: Vec<&Row> = rows.iter().filter(|row| not_accepted(row, local.port())).collect();
    report(count, &waiting)
}

/// Connected, perhaps even closed by the peer again, but no program holds the socket yet.
fn not_accepted(row: &Row, port: u16) -> bool {
    row.local.port() == port && row.inode == 0 && matches!(row.state, State::Established | State::CloseWait)
}

fn report(count: u32, waiting: &[&Row]) -> String {
    let mut text = match count {
        0 => return "nobody waits in the backlog".to_string(),
        _ => format!("{count} waiting in the backlog"),
    };
    for row in waiting.iter().take(NAMED) {
        text += &format!("; {} {}, {} bytes unread", row.remote, row.state, row.receive_queue);
    }
    if waiting.len() > NAMED {
        text += "; ...";
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(local: &str, remote: &str, state: State, receive_queue: u32, inode: u64) -> Row {
        let (local, remote) = (local.parse().unwrap(), remote.parse().unwrap());
        Row { local, remote, state, send_queue: 0, receive_queue, inode }
    }

    #[test]
    fn the_listening_socket_counts_and_sockets_without_a_holder_are_named() {
        let rows = [
            row("127.0.0.1:80", "0.0.0.0:0", State::Listen, 2, 7),
            row("127.0.0.1:80", "127.0.0.1:1", State::Established, 0, 8), // being served
            row("127.0.0.1:80", "127.0.0.1:2", State::Established, 6, 0),
            row("127.0.0.1:80", "127.0.0.1:3", State::CloseWait, 0, 0), // came and has left again
            row("127.0.0.1:80", "127.0.0.1:4", State::TimeWait, 0, 0),
            row("127.0.0.1:81", "127.0.0.1:5", State::Established, 0, 0), // another server's
        ];
        assert_eq!(
            describe(rows[0].local, &rows),
            "2 waiting in the backlog; 127.0.0.1:2 ESTABLISHED, 6 bytes unread; 127.0.0.1:3 CLOSE-WAIT, 0 bytes unread"
        );
    }

    #[test]
    fn many_are_counted_but_not_all_named() {
        let mut rows = vec![row("[::1]:80", "[::]:0", State::Listen, 4, 7)];
        rows.extend((1..=4).map(|port| row("[::1]:80", &format!("[::1]:{port}"), State::Established, 0, 0)));
        let text = describe(rows[0].local, &rows);
        assert!(text.starts_with("4 waiting in the backlog; [::1]:1 ESTABLISHED"), "{text}");
        assert!(text.contains("[::1]:3") && !text.contains("[::1]:4") && text.ends_with("; ..."), "{text}");
    }

    #[test]
    fn an_empty_queue_is_nobody() {
        let listening = row("127.0.0.1:80", "0.0.0.0:0", State::Listen, 0, 7);
        assert_eq!(describe(listening.local, &[listening]), "nobody waits in the backlog");
    }
}
