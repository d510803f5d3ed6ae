//! The kernel's view of the sockets on one port, once: `make sockets STEP=05` while that rung runs.
//!
//! `--listen` and `PORT` say which port, as they do for a rung. The columns are those of `ss -tan`, with a word for each row.

use std::io::{self, Write};
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};
use std::process::ExitCode;

use accept::kernel::{self, LOOK, Row, State};
use accept::{Arguments, Failure, Usage, program};

const USAGE: Usage = Usage {
    text: "Shows the TCP sockets of this machine on one port, as the kernel sees them.\n",
    switches: &[],
    values: &[],
};

fn main() -> ExitCode {
    program(&USAGE, show)
}

fn show(arguments: Arguments) -> Result<(), Failure> {
    let port = arguments.listen.port();
    let mut rows = Vec::new();
    for family in
        [SocketAddr::from((Ipv4Addr::LOCALHOST, port)), SocketAddr::from((Ipv6Addr::LOCALHOST, port))]
    {
        match kernel::sockets(family) {
            Ok(more) => rows.extend(more),
            Err(error) if error.kind() == io::ErrorKind::NotFound && family.is_ipv6() => {} // no IPv6 here
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                return Err(
                    format!("no /proc/net/tcp here; this shows the sockets: {LOOK} | grep {port}").into()
                );
            }
            Err(error) => return Err(error.into()),
        }
    }
    rows.retain(|row| row.local.port() == port || row.remote.port() == port);
    rows.sort_by_key(|row| (row.state != State::Listen, row.local.port() != port, row.remote, row.local));
    let mut text = if rows.is_empty() {
        format!("no socket on port {port}: nothing listens there, and no connection is left over\n")
    } else {
        format!("{:12} {:>6} {:>6} {:22} Peer\n", "State", "Recv-Q", "Send-Q", "Local")
    };
    for row in &rows {
        let peer = if row.state == State::Listen { "*".to_string() } else { row.remote.to_string() };
        text += &format!(
            "{:12} {:>6} {:>6} {:22} {peer:22} {}\n",
            row.state,
            row.receive_queue,
            row.send_queue,
            row.local.to_string(),
            word(row, row.local.port() == port)
        );
    }
    // Nobody may be reading (`| head -1`): no failure.
    let _ = io::stdout().write_all(text.as_bytes());
    Ok(())
}

/// What this row means, in a word.
fn word(row: &Row, is_servers: bool) -> String {
    let (side, other) = if is_servers { ("server", "client") } else { ("client", "server") };
    match row.state {
        State::Listen if row.receive_queue == 0 => "listens; nobody waits in the backlog".into(),
        State::Listen => format!("listens; {} waiting in the backlog", row.receive_queue),
        State::Established | State::CloseWait if is_servers && row.inode == 0 => {
            "server: not accepted yet".into()
        }
        State::SynSent => format!("{side}: SYN sent, no answer yet"),
        State::CloseWait => format!("{side}: the {other} has closed, this side has not"),
        State::FinWait2 => format!("{side}: has closed first, the {other} has not"),
        State::TimeWait => format!("{side}: closed first, so it keeps the address pair for a minute"),
        _ if row.receive_queue > 0 => format!("{side}: has bytes that it has not read"),
        _ if row.send_queue > 0 => format!("{side}: has sent bytes that are not acknowledged"),
        _ => side.into(),
    }
}
