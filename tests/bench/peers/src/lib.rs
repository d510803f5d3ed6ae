//! What the peers have in common: the socket they listen on, the line that says so, and the runtime of those on tokio.

use std::env;
use std::io::{self, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener};

use socket2::{Domain, Socket, Type};
use tokio::net::TcpStream;

/// How many connections may wait to be accepted: ten thousand come at once.
pub const BACKLOG: i32 = 4096;

/// `127.0.0.1:$PORT`. With port 0, or without one, the system chooses.
pub fn address() -> SocketAddr {
    let port = env::var("PORT").map_or(0, |port| port.parse().expect("PORT is a number below 65536"));
    SocketAddr::from((Ipv4Addr::LOCALHOST, port))
}

/// A listening socket that does not block.
pub fn listen() -> io::Result<TcpListener> {
    let socket = Socket::new(Domain::IPV4, Type::STREAM, None)?;
    socket.set_reuse_address(true)?;
    socket.bind(&address().into())?;
    socket.listen(BACKLOG)?;
    socket.set_nonblocking(true)?;
    let listener = TcpListener::from(socket);
    announce(listener.local_addr()?)?;
    Ok(listener)
}

/// The first line on stdout: from now on connections are accepted.
pub fn announce(address: SocketAddr) -> io::Result<()> {
    writeln!(io::stdout(), "listening on http://{address}")
}

/// Accepts for ever, on one thread of tokio. `connected` starts a task for each connection.
pub fn serve_on_tokio(mut connected: impl FnMut(TcpStream)) -> io::Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_io().build()?;
    runtime.block_on(async {
        let listener = tokio::net::TcpListener::from_std(listen()?)?;
        loop {
            match listener.accept().await {
                Ok((stream, _)) => {
                    stream.set_nodelay(true).ok();
                    connected(stream);
                }
                Err(error) => eprintln!("accept: {error}"),
            }
        }
    })
}
