//! fastwebsockets behind hyper's upgrade, on one thread of tokio: `/` as its own example `echo_server` does it, `/all` to
//! everyone with its halves split.

use std::io;
use std::sync::{Mutex, MutexGuard};

use bytes::Bytes;
use fastwebsockets::upgrade::{self, UpgradeFut};
use fastwebsockets::{
    FragmentCollector, FragmentCollectorRead, Frame, OpCode, Payload, WebSocketError, WebSocketWrite,
};
use http_body_util::Empty;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use slab::Slab;
use tokio::io::{AsyncRead, AsyncWrite, BufWriter};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::task::unconstrained;

fn main() -> io::Result<()> {
    let http = http1::Builder::new();
    bench_peers::serve_on_tokio(|stream| {
        let connection = http.serve_connection(TokioIo::new(stream), service_fn(switch));
        tokio::spawn(connection.with_upgrades());
    })
}

async fn switch(mut request: Request<Incoming>) -> Result<Response<Empty<Bytes>>, WebSocketError> {
    let (response, upgraded) = upgrade::upgrade(&mut request)?;
    // Without tokio's budget for a task, as in the example.
    if request.uri().path() == "/all" {
        tokio::spawn(unconstrained(share(upgraded)));
    } else {
        tokio::spawn(unconstrained(echo(upgraded)));
    }
    Ok(response)
}

async fn echo(upgraded: UpgradeFut) -> Result<(), WebSocketError> {
    let mut socket = FragmentCollector::new(upgraded.await?);
    loop {
        let frame = socket.read_frame().await?;
        match frame.opcode {
            // Answered already, as pings are.
            OpCode::Close => return Ok(()),
            OpCode::Text | OpCode::Binary => socket.write_frame(frame).await?,
            _ => {}
        }
    }
}

type Message = (OpCode, Bytes);

/// Where each connection to `/all` takes its messages from.
static EVERYONE: Mutex<Slab<UnboundedSender<Message>>> = Mutex::new(Slab::new());

fn everyone() -> MutexGuard<'static, Slab<UnboundedSender<Message>>> {
    EVERYONE.lock().expect("nobody panics with it")
}

async fn share(upgraded: UpgradeFut) -> Result<(), WebSocketError> {
    let (reading, writing) = upgraded.await?.split(|stream| {
        let (reading, writing) = tokio::io::split(stream);
        // Buffered, so that all that is queued for a connection leaves in one write.
        (reading, BufWriter::new(writing))
    });
    let (own, queue) = unbounded_channel();
    tokio::spawn(unconstrained(write(queue, writing)));
    let key = everyone().insert(own.clone());
    let outcome = read(FragmentCollectorRead::new(reading), own).await;
    everyone().remove(key);
    outcome
}

async fn read(
    mut socket: FragmentCollectorRead<impl AsyncRead + Unpin>,
    own: UnboundedSender<Message>,
) -> Result<(), WebSocketError> {
    // What the protocol asks for: a pong, or the answer to a Close frame.
    let mut oblige = |frame: Frame<'static>| {
        let sent = own.send((frame.opcode, shared(frame.payload)));
        async move { sent }
    };
    loop {
        let frame = socket.read_frame(&mut oblige).await?;
        match frame.opcode {
            OpCode::Close => return Ok(()),
            OpCode::Text | OpCode::Binary => {
                let message = (frame.opcode, shared(frame.payload));
                for (_, queue) in &*everyone() {
                    // It fails where a connection ends just now.
                    queue.send(message.clone()).ok();
                }
            }
            _ => {}
        }
    }
}

/// A payload as it came, not copied.
fn shared(payload: Payload<'static>) -> Bytes {
    match payload {
        Payload::Bytes(bytes) => bytes.freeze(),
        other => Bytes::from(Vec::from(other)),
    }
}

/// Ends when the reader has gone and the queue is empty; the last frame is then the answer to a Close frame.
async fn write(
    mut queue: UnboundedReceiver<Message>,
    mut socket: WebSocketWrite<impl AsyncWrite + Unpin>,
) -> Result<(), WebSocketError> {
    let mut messages = Vec::new();
    while queue.recv_many(&mut messages, 256).await > 0 {
        for (opcode, payload) in messages.drain(..) {
            // The header is written each time: the crate has no frame that is encoded once.
            socket.write_frame(Frame::new(true, opcode, None, Payload::Borrowed(&payload))).await?;
        }
        socket.flush().await?;
    }
    Ok(())
}
