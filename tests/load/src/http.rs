//! The requests before and beside the WebSockets: a login from each address, and the server's own counters.

use std::io::{Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::time::Duration;

use socket2::{Domain, Socket, Type};

/// A request that takes longer has failed.
const PATIENCE: Duration = Duration::from_secs(10);

/// A socket that comes from `from`, not connected yet.
///
/// # Errors
/// When there is no such address here, in words: on Linux all of 127.0.0.0/8 is.
pub(crate) fn socket_from(from: Ipv4Addr) -> Result<Socket, String> {
    let socket =
        Socket::new(Domain::IPV4, Type::STREAM, None).map_err(|error| format!("no socket: {error}"))?;
    socket.bind(&SocketAddr::from((from, 0)).into()).map_err(|error| {
        format!(
            "cannot connect from {from}: {error}; other systems than Linux need `ifconfig lo0 alias {from}`"
        )
    })?;
    Ok(socket)
}

/// Logs in at rung 12: the value of the Cookie field that proves it.
///
/// # Errors
/// When there is no way from that address, or the answer is no session.
pub fn log_in(from: Ipv4Addr, to: SocketAddr, name: &str) -> Result<String, String> {
    let form = format!("name={name}");
    let head = format!(
        "POST /login HTTP/1.1\r\nHost: {to}\r\nConnection: close\r\n\
         Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {}\r\n\r\n",
        form.len()
    );
    let response = ask(from, to, &(head + &form)).map_err(|why| format!("POST /login from {from}: {why}"))?;
    let cookie = response.lines().find_map(|line| {
        let (name, value) = line.split_once(':')?;
        name.eq_ignore_ascii_case("Set-Cookie")
            .then(|| value.split(';').next().unwrap_or_default().trim().to_owned())
    });
    cookie.ok_or_else(|| {
        format!("POST /login from {from} is answered without Set-Cookie: {}", first_line(&response))
    })
}

/// The body of a page that wants a login.
pub(crate) fn get(from: Ipv4Addr, to: SocketAddr, path: &str, cookie: &str) -> Result<String, String> {
    let head = format!("GET {path} HTTP/1.1\r\nHost: {to}\r\nConnection: close\r\nCookie: {cookie}\r\n\r\n");
    let response = ask(from, to, &head).map_err(|why| format!("GET {path}: {why}"))?;
    match response.split_once("\r\n\r\n") {
        Some((head, body)) if head.starts_with("HTTP/1.1 200 ") => Ok(body.to_owned()),
        _ => Err(format!("GET {path} is answered with {}", first_line(&response))),
    }
}

/// The first line, as far as it helps.
pub(crate) fn first_line(text: &str) -> String {
    text.lines().next().unwrap_or_default().chars().take(120).collect()
}

/// Sends a request and reads to the end of the connection.
fn ask(from: Ipv4Addr, to: SocketAddr, request: &str) -> Result<String, String> {
    let socket = socket_from(from)?;
    let exchange = || {
        socket.connect_timeout(&to.into(), PATIENCE)?;
        let mut stream = TcpStream::from(socket);
        stream.set_read_timeout(Some(PATIENCE))?;
        stream.write_all(request.as_bytes())?;
        let mut response = Vec::new();
        stream.read_to_end(&mut response)?;
        Ok(String::from_utf8_lossy(&response).into_owned())
    };
    exchange().map_err(|error: std::io::Error| error.to_string())
}
