//! `socket`, `bind`, `listen` in a row: how every later rung starts.

use std::io::{self, ErrorKind};
use std::net::{SocketAddr, TcpListener};

use crate::calls;
use crate::program::Failure;

/// A socket that listens on `address` (port 0: any free port), with the backlog of [`calls::BACKLOG`].
///
/// It blocks; an event loop makes it non-blocking. `reuse_address` sets `SO_REUSEADDR`, see [`calls::reuse_address`].
///
/// # Errors
/// One line for the person who started the program: the address, what is wrong with it, what to do.
pub fn listen(address: SocketAddr, reuse_address: bool) -> Result<TcpListener, Failure> {
    let listening = || -> io::Result<TcpListener> {
        let socket = calls::socket(address)?;
        if reuse_address {
            calls::reuse_address(&socket)?;
        }
        calls::bind(&socket, address)?;
        calls::listen(&socket, calls::BACKLOG)?;
        Ok(socket.into())
    };
    listening().map_err(|error| explain(address, reuse_address, &error).into())
}

/// What the kernel's error means for somebody who wanted to listen on `address`.
pub fn explain(address: SocketAddr, reuse_address: bool, error: &io::Error) -> String {
    let port = address.port();
    match error.kind() {
        ErrorKind::AddrInUse => {
            let time_wait = if reuse_address {
                ""
            } else {
                ", or a connection that this side closed first still holds it for up to a minute (TIME_WAIT; \
                 without SO_REUSEADDR bind refuses it)"
            };
            let look = if cfg!(target_os = "linux") {
                format!("ss -tanp 'sport = :{port}'")
            } else {
                format!("lsof -nP -iTCP:{port}; netstat -an | grep {port}")
            };
            format!(
                "cannot listen on {address}: the port is in use. Another program listens there{time_wait}. \
                 To see who: {look}. To take any free port: PORT=0"
            )
        }
        ErrorKind::PermissionDenied => {
            format!("cannot listen on {address}: ports below 1024 belong to root. Try PORT=8080")
        }
        ErrorKind::AddrNotAvailable => {
            format!(
                "cannot listen on {address}: this machine has no such address. Try --listen 127.0.0.1:{port}"
            )
        }
        _ => format!("cannot listen on {address}: {error}"),
    }
}
