//! What does it speak? Found out by asking, so that any server may be attacked.

use std::io::{ErrorKind, Result};
use std::time::{Duration, Instant};

use harness::Frame;
use harness::frame::{PONG, TEXT};

use crate::options::Options;
use crate::server::Server;
use crate::target::{Application, MALLORY, Socket, Speech, Target};

/// For an answer that must come.
const PATIENCE: Duration = Duration::from_secs(5);
/// For a greeting, or for the answer to a message that may have none.
const MOMENT: Duration = Duration::from_millis(300);

/// Asks.
pub fn probe(server: &Server, options: &Options) -> std::result::Result<Target, String> {
    let mut target = Target {
        address: server.address,
        speech: Speech::Http,
        websocket: None,
        post_path: options.post_path.clone().unwrap_or_else(|| post_path(server.rung).into()),
        rung: server.rung,
        fields: options.fields.clone(),
        name: MALLORY.into(),
        honest: options.honest,
        from: None,
    };
    let wrong = |error: std::io::Error| format!("{} at {}: {error}", server.name, server.address);
    target.speech = speech(&target).map_err(wrong)?;
    if target.is_http() {
        find_websocket(&mut target, options).map_err(wrong)?;
        if let (Some(path), None) = (&options.path, &target.websocket) {
            return Err(format!("no WebSocket at {path}: the handshake was not answered 101"));
        }
    }
    Ok(target)
}

/// Where our rungs take a body.
fn post_path(rung: Option<u32>) -> &'static str {
    match rung {
        Some(7) => "/say",
        Some(12..) => "/login",
        _ => "/",
    }
}

fn speech(target: &Target) -> Result<Speech> {
    let mut talk = target.connect(PATIENCE)?;
    match talk.more(Instant::now() + MOMENT) {
        Ok(_) if talk.buffer.starts_with(b"* you are") => return Ok(Speech::Lines),
        Ok(_) => {
            return Err(std::io::Error::other("it greets in a language that this client does not speak"));
        }
        Err(error) if error.kind() == ErrorKind::TimedOut => {}
        Err(error) => return Err(error),
    }
    talk.send(target.request("GET", "/", &[("Connection", "close")]))?;
    match &talk.exactly(5)?[..] {
        b"HTTP/" => Ok(Speech::Http),
        b"GET /" => Ok(Speech::Echo),
        _ => Err(std::io::Error::other("it speaks neither HTTP nor an echo")),
    }
}

/// Tries the paths that servers have; logs in where that is asked for and nothing was given.
fn find_websocket(target: &mut Target, options: &Options) -> Result<()> {
    let usual = ["/chat", "/ws", "/socket", "/"].map(str::to_string);
    let paths = options.path.as_ref().map_or(&usual[..], std::slice::from_ref);
    for path in paths {
        target.websocket = Some(Socket { path: path.clone(), talk: Application::Unknown });
        let mut status = handshake(target)?;
        if matches!(status, 401 | 403) && options.fields.is_empty() {
            log_in(target)?;
            status = handshake(target)?;
        }
        if status == 101 {
            let talk = application(target)?;
            target.websocket = Some(Socket { path: path.clone(), talk });
            return Ok(());
        }
    }
    target.websocket = None;
    Ok(())
}

fn handshake(target: &Target) -> Result<u16> {
    let mut talk = target.connect(PATIENCE)?;
    talk.send(target.handshake(&[]))?;
    Ok(talk.head()?.status)
}

/// Rung 12's login: a form with a name, and a cookie in the answer.
fn log_in(target: &mut Target) -> Result<()> {
    let mut talk = target.connect(PATIENCE)?;
    let form = format!("name={}", target.name);
    let length = form.len().to_string();
    let kind = ("Content-Type", "application/x-www-form-urlencoded");
    talk.send(target.request("POST", "/login", &[kind, ("Content-Length", &length)]) + &form)?;
    let answer = talk.head()?;
    let cookie = answer.field("set-cookie").and_then(|cookie| cookie.split(';').next());
    target.fields.extend(cookie.map(|cookie| ("Cookie".to_string(), cookie.to_string())));
    Ok(())
}

/// An echo sends a join back; the chat says welcome; anything else that is a WebSocket answers a Ping.
fn application(target: &Target) -> Result<Application> {
    let mut talk = target.switched(PATIENCE)?;
    let join = target.join("probe");
    talk.send_frame(&join)?;
    talk.send_frame(&Frame::ping("probe"))?;
    talk.patience = MOMENT;
    let mut found = Application::Bytes;
    while let Ok(frame) = talk.frame() {
        if frame.opcode == TEXT && frame.payload == join.payload {
            return Ok(Application::Echo);
        }
        if frame.opcode == TEXT && String::from_utf8_lossy(&frame.payload).contains("\"welcome\"") {
            return Ok(Application::Chat);
        }
        if frame.opcode == PONG && frame.payload == b"probe" {
            found = Application::Unknown;
        }
    }
    Ok(found)
}
