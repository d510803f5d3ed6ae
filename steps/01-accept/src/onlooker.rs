//! A second thread that serves nobody: it reads the kernel's list of sockets and says what has changed.
//!
//! The serving thread cannot say who waits: it sleeps in `recv`. Nor should it read that list, which holds all sockets of
//! the machine, while a client waits for its answer. What happens here, `watch -n 0.3 ss -tan` does as well.

use std::collections::BTreeMap;
use std::io;
use std::net::SocketAddr;
use std::thread;
use std::time::Duration;

use accept::kernel::{self, LOOK, Row, State};
use log::info;

/// How often to look. Often enough for a person, rarely enough to cost next to nothing.
const EVERY: Duration = Duration::from_millis(300);

/// At most so many changes are told at once.
const TOLD: usize = 10;

/// What the kernel says about each socket on our port: the listening one by its own address, a connection by its peer's.
type Picture = BTreeMap<SocketAddr, String>;

/// Looks at the sockets on the port of `local`, for ever, and logs every change.
pub fn look_on(local: SocketAddr) {
    let mut before = Picture::new();
    loop {
        match kernel::sockets(local) {
            Ok(rows) => {
                let now = picture(local, &rows);
                changes(&before, &now).iter().for_each(|change| info!("kernel: {change}"));
                before = now;
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                return info!("no /proc/net/tcp here; this shows the sockets and who waits: {LOOK}");
            }
            Err(error) => return info!("the kernel's list cannot be read: {error}"),
        }
        thread::sleep(EVERY);
    }
}

fn picture(local: SocketAddr, rows: &[Row]) -> Picture {
    let ours = rows.iter().filter(|row| row.local.port() == local.port());
    ours.filter_map(|row| match row.state {
        State::Listen if !row.listens_on(local) => None,
        State::Listen => Some((local, format!("{}, {}", row.state, waiting(row.receive_queue)))),
        _ => Some((row.remote, connection(row))),
    })
    .collect()
}

fn waiting(count: u32) -> String {
    if count == 0 { "nobody waits in the backlog".into() } else { format!("{count} waiting in the backlog") }
}

fn connection(row: &Row) -> String {
    match row.state {
        // Connected, perhaps even closed by the peer again, but no program has fetched the socket yet.
        State::Established | State::CloseWait if row.inode == 0 => {
            format!("{}, not accepted, {} bytes unread", row.state, row.receive_queue)
        }
        state => state.to_string(),
    }
}

fn changes(before: &Picture, now: &Picture) -> Vec<String> {
    let gone = before.keys().filter(|address| !now.contains_key(address));
    let gone = gone.map(|address| format!("{address} gone"));
    let new = now.iter().filter(|(address, text)| before.get(address) != Some(text));
    let mut all: Vec<String> = gone.chain(new.map(|(address, text)| format!("{address} {text}"))).collect();
    if all.len() > TOLD {
        let rest = all.len() - TOLD;
        all.truncate(TOLD);
        all.push(format!("and {rest} more changes"));
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(local: &str, remote: &str, state: State, receive_queue: u32, inode: u64) -> Row {
        let (local, remote) = (local.parse().unwrap(), remote.parse().unwrap());
        Row { local, remote, state, send_queue: 0, receive_queue, inode }
    }

    fn lines(rows: &[Row]) -> Vec<String> {
        changes(&Picture::new(), &picture(rows[0].local, rows))
    }

    #[test]
    fn each_socket_on_the_port_is_told() {
        let rows = [
            row("127.0.0.1:80", "0.0.0.0:0", State::Listen, 2, 7),
            row("127.0.0.1:80", "127.0.0.1:1", State::Established, 9, 8), // being served
            row("127.0.0.1:80", "127.0.0.1:2", State::Established, 6, 0),
            row("127.0.0.1:80", "127.0.0.1:3", State::CloseWait, 1, 0), // came and has left again
            row("127.0.0.1:80", "127.0.0.1:4", State::TimeWait, 0, 0),
            row("127.0.0.1:81", "127.0.0.1:5", State::Established, 0, 0), // another server's
            row("127.0.0.2:80", "0.0.0.0:0", State::Listen, 5, 9),        // another server on another address
        ];
        assert_eq!(
            lines(&rows),
            [
                "127.0.0.1:1 ESTABLISHED",
                "127.0.0.1:2 ESTABLISHED, not accepted, 6 bytes unread",
                "127.0.0.1:3 CLOSE-WAIT, not accepted, 1 bytes unread",
                "127.0.0.1:4 TIME-WAIT",
                "127.0.0.1:80 LISTEN, 2 waiting in the backlog",
            ]
        );
    }

    #[test]
    fn only_changes_are_told() {
        let listening = |waiting| row("[::1]:80", "[::]:0", State::Listen, waiting, 7);
        let local = listening(0).local;
        let waits = row("[::1]:80", "[::1]:1", State::Established, 0, 0);
        let before = picture(local, &[listening(1), waits]);
        assert_eq!(changes(&before, &before), Vec::<String>::new());

        let accepted = Row { inode: 8, ..waits };
        let now = picture(local, &[listening(0), accepted]);
        assert_eq!(
            changes(&before, &now),
            ["[::1]:1 ESTABLISHED", "[::1]:80 LISTEN, nobody waits in the backlog"]
        );
        assert_eq!(changes(&now, &picture(local, &[listening(0)])), ["[::1]:1 gone"]);
    }

    #[test]
    fn many_changes_at_once_are_counted() {
        let mut rows = vec![row("[::1]:80", "[::]:0", State::Listen, 100, 7)];
        rows.extend(
            (1001..=1100).map(|port| row("[::1]:80", &format!("[::1]:{port}"), State::Established, 0, 0)),
        );
        let lines = lines(&rows);
        assert_eq!(lines.len(), 11);
        assert_eq!(lines[10], "and 91 more changes");
    }
}
