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
            // Both the socket that closed and the one that binds must have had SO_REUSEADDR.
            let whose = if reuse_address { "it had no SO_REUSEADDR" } else { "this one has no SO_REUSEADDR" };
            let look = if cfg!(target_os = "linux") {
                format!("ss -tanp 'sport = :{port}'")
            } else {
                format!("lsof -nP -iTCP:{port}; netstat -an | grep {port}")
            };
            format!(
                "cannot listen on {address}: the port is in use. Another program listens there, or one closed a \
                 connection there less than a minute ago (TIME-WAIT) and {whose}. To see which: {look}. \
                 To take any free port: PORT=0"
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn so_reuseaddr_takes_the_port_of_a_connection_in_time_wait() {
        let first = listen(SocketAddr::from(([127, 0, 0, 1], 0)), true).unwrap();
        let address = first.local_addr().unwrap();
        let client = std::net::TcpStream::connect(address).unwrap();
        drop(first.accept().unwrap()); // Who closes first keeps the address pair.
        io::Read::read_to_end(&mut &client, &mut Vec::new()).unwrap();
        drop((client, first));
        assert!(
            listen(address, true).is_ok(),
            "SO_REUSEADDR is not set, or set when bind has answered already"
        );
    }

    #[test]
    fn a_port_that_somebody_listens_on_is_explained() {
        let first = listen(SocketAddr::from(([127, 0, 0, 1], 0)), true).unwrap();
        let address = first.local_addr().unwrap();
        let said = listen(address, true).unwrap_err().to_string();
        assert!(
            said.starts_with(&format!("cannot listen on {address}: the port is in use.")),
            "it does not say what `explain` says, but: {said}"
        );
        assert!(said.ends_with("To take any free port: PORT=0"), "{said}");
        assert_eq!(said.lines().count(), 1);
    }

    #[test]
    fn an_address_of_another_machine_is_explained() {
        // RFC 5737: 192.0.2.0/24 is for documentation, so no machine has it.
        let said = listen("192.0.2.1:80".parse().unwrap(), true).unwrap_err().to_string();
        assert_eq!(
            said,
            "cannot listen on 192.0.2.1:80: this machine has no such address. Try --listen 127.0.0.1:80"
        );
    }
}
