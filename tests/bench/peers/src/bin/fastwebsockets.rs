//! fastwebsockets behind hyper's upgrade, on one thread of tokio: `/` echoes, `/all` sends to everyone.
//!
//! Its own example `echo_server` writes once for each message. Here the halves are split and the writing one is buffered, so
//! that messages that came together leave together.

use std::convert::Infallible;
use std::io::{self, Cursor};
use std::mem;
use std::pin::pin;
use std::sync::{Mutex, MutexGuard};
use std::task::Poll;

use bytes::Bytes;
use fastwebsockets::upgrade::{self, UpgradeFut};
use fastwebsockets::{
    FragmentCollectorRead, Frame, OpCode, Payload, Role, WebSocketError, WebSocketWrite,
    after_handshake_split,
};
use futures_util::{pending, poll};
use http_body_util::Empty;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use slab::Slab;
use tokio::io::{AsyncReadExt, BufWriter, Chain};
use tokio::net::TcpStream;
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::task::unconstrained;

type Reader = FragmentCollectorRead<Chain<Cursor<Bytes>, OwnedReadHalf>>;
type Writer = WebSocketWrite<BufWriter<OwnedWriteHalf>>;

fn main() -> io::Result<()> {
    let http = http1::Builder::new();
    bench_peers::serve_on_tokio(|stream| {
        let connection = http.serve_connection(TokioIo::new(stream), service_fn(switch));
        tokio::spawn(connection.with_upgrades());
    })
}

async fn switch(mut request: Request<Incoming>) -> Result<Response<Empty<Bytes>>, WebSocketError> {
    let (response, upgraded) = upgrade::upgrade(&mut request)?;
    // Without tokio's budget for a task, as in the crate's example.
    if request.uri().path() == "/all" {
        tokio::spawn(unconstrained(share(upgraded)));
    } else {
        tokio::spawn(unconstrained(echo(upgraded)));
    }
    Ok(response)
}

/// The two halves of the socket below hyper, each written and read without a lock. What is written is buffered: it leaves
/// with `flush`.
async fn halves(upgraded: UpgradeFut) -> Result<(Reader, Writer), WebSocketError> {
    let upgraded = upgraded.await?.into_inner().into_inner();
    let parts = upgraded.downcast::<TokioIo<TcpStream>>().expect("hyper was given such a stream");
    let (reading, writing) = parts.io.into_inner().into_split();
    // What came behind the request comes first.
    let reading = Cursor::new(parts.read_buf).chain(reading);
    let (reader, writer) = after_handshake_split(reading, BufWriter::new(writing), Role::Server);
    Ok((FragmentCollectorRead::new(reader), writer))
}

async fn echo(upgraded: UpgradeFut) -> Result<(), WebSocketError> {
    let (mut reader, mut writer) = halves(upgraded).await?;
    // Pongs, and the answer to a Close frame.
    let owed = Mutex::new(Vec::new());
    let mut oblige = async |frame| {
        lock(&owed).push(frame);
        Ok::<(), Infallible>(())
    };
    let mut unsent = false;
    loop {
        let mut frame = pin!(reader.read_frame(&mut oblige));
        let frame = loop {
            let polled = poll!(&mut frame);
            let obliged = mem::take(&mut *lock(&owed));
            for frame in obliged {
                writer.write_frame(frame).await?;
                unsent = true;
            }
            match polled {
                Poll::Ready(frame) => break frame,
                // Nothing more has come: the answers leave, all in one write. Meanwhile something may come.
                Poll::Pending if unsent => {
                    writer.flush().await?;
                    unsent = false;
                }
                Poll::Pending => pending!(),
            }
        };
        match frame {
            Ok(frame) if matches!(frame.opcode, OpCode::Text | OpCode::Binary) => {
                writer.write_frame(frame).await?;
                unsent = true;
            }
            Ok(frame) if frame.opcode != OpCode::Close => {}
            // The end, or a mistake of the client: what is owed still leaves.
            ended => return writer.flush().await.and(ended.map(drop)),
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().expect("nobody panics with it")
}

type Message = (OpCode, Bytes);

/// Where each connection to `/all` takes its messages from.
static EVERYONE: Mutex<Slab<UnboundedSender<Message>>> = Mutex::new(Slab::new());

async fn share(upgraded: UpgradeFut) -> Result<(), WebSocketError> {
    let (reader, writer) = halves(upgraded).await?;
    let (own, queue) = unbounded_channel();
    tokio::spawn(unconstrained(write(queue, writer)));
    let key = lock(&EVERYONE).insert(own.clone());
    let outcome = read(reader, own).await;
    lock(&EVERYONE).remove(key);
    outcome
}

async fn read(mut reader: Reader, own: UnboundedSender<Message>) -> Result<(), WebSocketError> {
    // Pongs, and the answer to a Close frame.
    let mut oblige = async |frame: Frame<'static>| own.send((frame.opcode, shared(frame.payload)));
    loop {
        let frame = reader.read_frame(&mut oblige).await?;
        match frame.opcode {
            OpCode::Close => return Ok(()),
            OpCode::Text | OpCode::Binary => {
                let message = (frame.opcode, shared(frame.payload));
                for (_, queue) in &*lock(&EVERYONE) {
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
async fn write(mut queue: UnboundedReceiver<Message>, mut writer: Writer) -> Result<(), WebSocketError> {
    let mut messages = Vec::new();
    while queue.recv_many(&mut messages, 256).await > 0 {
        for (opcode, payload) in messages.drain(..) {
            // The header is written each time: the crate has no frame that is encoded once.
            writer.write_frame(Frame::new(true, opcode, None, Payload::Borrowed(&payload))).await?;
        }
        writer.flush().await?;
    }
    Ok(())
}
