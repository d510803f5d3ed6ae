//! may_minihttp, stackful coroutines with one worker thread: `GET /hello`.

use std::io;

use may_minihttp::{HttpServer, HttpService, Request, Response};

#[derive(Clone)]
struct Hello;

impl HttpService for Hello {
    fn call(&mut self, request: Request, response: &mut Response) -> io::Result<()> {
        if request.path() == "/hello" {
            response.header("Content-Type: text/plain; charset=utf-8").body("Hello, World!");
        } else {
            response.status_code(404, "Not Found");
        }
        Ok(())
    }
}

fn main() -> io::Result<()> {
    // Which processor the worker runs on is the benchmark's choice, as for the others; may would take the first.
    may::config().set_workers(1).set_worker_pin(false);
    let address = bench_peers::address();
    if address.port() == 0 {
        return Err(io::Error::other("may_minihttp says nobody which port the system chose: set PORT"));
    }
    let server = HttpServer(Hello).start(address)?;
    tune();
    bench_peers::announce(address)?;
    server.join().map_err(|_| io::Error::other("the server ended"))
}

/// may_minihttp asks for a backlog of 1024 and sets no TCP_NODELAY, and its listening socket is private. Linux lends each
/// descriptor of a process anew by its number; the settings are of the socket, and those who are accepted inherit them.
#[cfg(target_os = "linux")]
fn tune() {
    use rustix::process::{PidfdFlags, PidfdGetfdFlags, getpid, pidfd_getfd, pidfd_open};
    use socket2::Socket;

    let tuned = pidfd_open(getpid(), PidfdFlags::empty()).map_err(io::Error::from).and_then(|own| {
        let sockets = (0..64).filter_map(|number| pidfd_getfd(&own, number, PidfdGetfdFlags::empty()).ok());
        let listener = sockets.map(Socket::from).find(|socket| socket.is_listener().unwrap_or(false));
        let listener = listener.ok_or_else(|| io::Error::other("no descriptor is a listening socket"))?;
        listener.set_tcp_nodelay(true)?;
        listener.listen(bench_peers::BACKLOG)
    });
    if let Err(error) = tuned {
        eprintln!("the listening socket keeps may's settings: {error}");
    }
}

#[cfg(not(target_os = "linux"))]
fn tune() {}
