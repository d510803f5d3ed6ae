//! tokio-websockets on one thread of tokio: `/` as its own example `echo_server` does it, `/all` to everyone.

use std::io;
use std::sync::{Mutex, MutexGuard};

use futures_util::{SinkExt, StreamExt};
use slab::Slab;
use tokio::net::TcpStream;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::task::unconstrained;
use tokio_websockets::{Config, Error, Message, ServerBuilder, WebSocketStream};

fn main() -> io::Result<()> {
    bench_peers::serve_on_tokio(|stream| {
        // Without tokio's budget for a task, as in the example.
        tokio::spawn(unconstrained(serve(stream)));
    })
}

async fn serve(stream: TcpStream) -> Result<(), Error> {
    // A message leaves in one frame, however long. The limit for what comes is 64 MiB.
    let server = ServerBuilder::new().config(Config::default().frame_size(usize::MAX));
    let (request, socket) = server.accept(stream).await?;
    if request.uri().path() == "/all" {
        let (own, queue) = unbounded_channel();
        let key = everyone().insert(own);
        let outcome = share(socket, queue).await;
        everyone().remove(key);
        outcome
    } else {
        echo(socket).await
    }
}

/// Pings and Close frames are answered by the crate.
async fn echo(mut socket: WebSocketStream<TcpStream>) -> Result<(), Error> {
    while let Some(message) = socket.next().await.transpose()? {
        if message.is_text() || message.is_binary() {
            socket.send(message).await?;
        }
    }
    Ok(())
}

/// Where each connection to `/all` takes its messages from.
static EVERYONE: Mutex<Slab<UnboundedSender<Message>>> = Mutex::new(Slab::new());

fn everyone() -> MutexGuard<'static, Slab<UnboundedSender<Message>>> {
    EVERYONE.lock().expect("nobody panics with it")
}

async fn share(
    mut socket: WebSocketStream<TcpStream>,
    mut queue: UnboundedReceiver<Message>,
) -> Result<(), Error> {
    let mut messages = Vec::new();
    loop {
        tokio::select! {
            came = socket.next() => {
                let Some(message) = came.transpose()? else { return Ok(()) };
                if message.is_text() || message.is_binary() {
                    for (_, queue) in &*everyone() {
                        // The payload is shared, the header is written for each: the crate has no frame that is
                        // encoded once. It fails where a connection ends just now.
                        queue.send(message.clone()).ok();
                    }
                }
            }
            _ = queue.recv_many(&mut messages, 256) => {
                // All that is queued leaves in one write.
                for message in messages.drain(..) {
                    socket.feed(message).await?;
                }
                socket.flush().await?;
            }
        }
    }
}
