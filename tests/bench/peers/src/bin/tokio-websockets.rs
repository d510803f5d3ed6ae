//! tokio-websockets on one thread of tokio: `/` echoes, `/all` sends to everyone.
//!
//! Its own example `echo_server` writes once for each message. Here messages that came together leave together.

use std::io;
use std::sync::{Mutex, MutexGuard};

use futures_util::{FutureExt, SinkExt, StreamExt};
use slab::Slab;
use tokio::net::TcpStream;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::task::unconstrained;
use tokio_websockets::{Config, Error, Message, ServerBuilder, WebSocketStream};

/// No more bytes than this are read before the answers leave: so many the crate itself lets wait for a flush. A large message
/// alone is more, and then its memory is free again before the next is read.
const BATCH: usize = 8 << 10;

fn main() -> io::Result<()> {
    bench_peers::serve_on_tokio(|stream| {
        // Without tokio's budget for a task, as in the crate's example.
        tokio::spawn(unconstrained(serve(stream)));
    })
}

async fn serve(stream: TcpStream) -> Result<(), Error> {
    // A message leaves in one frame, however long. What comes may have 64 MiB.
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
    let mut messages = Vec::new();
    while let Some(first) = socket.next().await.transpose()? {
        let mut size = first.as_payload().len();
        messages.push(first);
        // What came together leaves together, in one write. It is not handed to the socket before all is read, because
        // that writes before it reads.
        while size < BATCH
            && let Some(Some(next)) = socket.next().now_or_never()
        {
            let next = next?;
            size += next.as_payload().len();
            messages.push(next);
        }
        for message in messages.drain(..) {
            if message.is_text() || message.is_binary() {
                match socket.feed(message).await {
                    // A Close frame was among them: nothing may follow the answer to it, which waits for the flush.
                    Err(Error::AlreadyClosed) => {}
                    fed => fed?,
                }
            }
        }
        socket.flush().await?;
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
            // First what comes, so that more is queued when the queue is written.
            biased;
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
