//! What a member understands of the bytes that come: answers, events or frames.

use harness::{Frame, frame};
use serde::Deserialize;
use serde_json::Value;

/// Something that a member hears.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Heard {
    /// The whole answer to a request, or the head of one that never ends.
    Answer {
        status: u16,
        /// The id to ask with the next time.
        last: Option<u64>,
    },
    Message(Message),
    /// Rung 11: this member is in the room, or another one has come into it.
    Welcome,
    Joined,
    /// With this in it.
    Ping(Vec<u8>),
}

/// Something that somebody said.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Message {
    pub id: u64,
    pub text: String,
    /// Bytes of the name and the text alone.
    pub words: u64,
    /// Bytes of the message as it is encoded: JSON, or the lines of an event.
    pub encoded: u64,
}

/// How what comes is to be understood.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Reader {
    /// Answers of a known length, one behind the other.
    Answers,
    /// The head of an event stream, or of a handshake's answer.
    Opening(&'static Reader),
    /// The chunks of an event stream.
    Events,
    /// Frames.
    Frames,
}

/// `said` of rung 11, and what else it tells: steps/11-rooms/CONTRACT.md.
#[derive(Deserialize)]
struct Told {
    #[serde(rename = "type")]
    kind: String,
    #[serde(default)]
    id: u64,
    #[serde(default)]
    name: String,
    #[serde(default)]
    text: String,
}

impl Reader {
    /// Understands one thing at the beginning of the bytes, and takes it off. `None`: more bytes are needed.
    pub fn next(&mut self, bytes: &mut Vec<u8>) -> Result<Option<Vec<Heard>>, String> {
        let found = match self {
            Reader::Answers => answer(bytes)?,
            Reader::Opening(_) => head(bytes)?.map(|(head, length)| (vec![head.heard()], length)),
            Reader::Events => chunk(bytes)?,
            Reader::Frames => frame(bytes)?,
        };
        let Some((heard, length)) = found else { return Ok(None) };
        bytes.drain(..length);
        if let Reader::Opening(then) = *self {
            *self = *then;
        }
        Ok(Some(heard))
    }
}

struct Head {
    status: u16,
    length: usize,
}

impl Head {
    fn heard(&self) -> Heard {
        Heard::Answer { status: self.status, last: None }
    }
}

/// The head of an answer, and how long it is.
fn head(bytes: &[u8]) -> Result<Option<(Head, usize)>, String> {
    let Some(end) = bytes.windows(4).position(|four| four == b"\r\n\r\n") else { return Ok(None) };
    let text = String::from_utf8_lossy(&bytes[..end]);
    let status = text.strip_prefix("HTTP/1.1 ").and_then(|rest| rest.get(..3)?.parse().ok());
    let status = status.ok_or_else(|| format!("no status line: {text}"))?;
    let length = text.lines().find_map(|line| line.strip_prefix("Content-Length: ")?.parse().ok());
    Ok(Some((Head { status, length: length.unwrap_or(0) }, end + 4)))
}

/// A whole answer: `{"last": ID, "messages": [...]}`, `{"id": ID}`, or none.
fn answer(bytes: &[u8]) -> Result<Option<(Vec<Heard>, usize)>, String> {
    let Some((head, start)) = head(bytes)? else { return Ok(None) };
    let end = start + head.length;
    let Some(body) = bytes.get(start..end) else { return Ok(None) };
    if body.is_empty() {
        return Ok(Some((vec![head.heard()], end)));
    }
    let json: Value = serde_json::from_slice(body).map_err(|error| format!("no JSON: {error}"))?;
    let messages = json["messages"].as_array().map(Vec::as_slice).unwrap_or_default();
    let mut heard: Vec<Heard> = messages.iter().map(in_json).collect();
    heard.push(Heard::Answer { status: head.status, last: json["last"].as_u64() });
    Ok(Some((heard, end)))
}

fn in_json(message: &Value) -> Heard {
    let text = |field: &str| message[field].as_str().unwrap_or_default().to_owned();
    let (name, text) = (text("name"), text("text"));
    Heard::Message(Message {
        id: message["id"].as_u64().unwrap_or_default(),
        words: (name.len() + text.len()) as u64,
        text,
        // Written again it is as long as it came: without spaces.
        encoded: message.to_string().len() as u64,
    })
}

/// A chunk; rung 07 puts whole events into each.
fn chunk(bytes: &[u8]) -> Result<Option<(Vec<Heard>, usize)>, String> {
    let Some(line) = bytes.windows(2).position(|two| two == b"\r\n") else { return Ok(None) };
    let digits = str::from_utf8(&bytes[..line]).unwrap_or_default();
    let size = usize::from_str_radix(digits, 16).map_err(|_| format!("no chunk's size: {digits:?}"))?;
    let (start, end) = (line + 2, line + 2 + size);
    if bytes.len() < end + 2 {
        return Ok(None);
    }
    let text = str::from_utf8(&bytes[start..end]).map_err(|error| error.to_string())?;
    Ok(Some((text.split_inclusive("\n\n").filter_map(event).collect(), end + 2)))
}

/// `retry: 2000` and comments say nothing.
fn event(block: &str) -> Option<Heard> {
    let mut lines = block.lines();
    let id = lines.next()?.strip_prefix("id: ")?.parse().ok()?;
    let mut data = lines.map_while(|line| line.strip_prefix("data: "));
    let (name, text) = (data.next()?, data.next()?);
    let (words, encoded) = ((name.len() + text.len()) as u64, block.len() as u64);
    Some(Heard::Message(Message { id, text: text.to_owned(), words, encoded }))
}

fn frame(bytes: &[u8]) -> Result<Option<(Vec<Heard>, usize)>, String> {
    let Some((frame, length)) = Frame::parse(bytes) else { return Ok(None) };
    if let Some(fault) = frame.fault() {
        return Err(fault.into());
    }
    let heard = match frame.opcode {
        frame::PING => Heard::Ping(frame.payload),
        frame::TEXT => told(&frame.payload)?,
        _ => return Err(format!("a {} frame came: {:?}", frame.name(), frame.close_code())),
    };
    Ok(Some((vec![heard], length)))
}

fn told(payload: &[u8]) -> Result<Heard, String> {
    let told: Told = serde_json::from_slice(payload).map_err(|error| format!("no event: {error}"))?;
    match &*told.kind {
        "welcome" => Ok(Heard::Welcome),
        "joined" => Ok(Heard::Joined),
        "said" => Ok(Heard::Message(Message {
            id: told.id,
            words: (told.name.len() + told.text.len()) as u64,
            text: told.text,
            encoded: payload.len() as u64,
        })),
        other => Err(format!("{other} came, which nobody expects")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Whatever comes, cut anywhere, is understood alike.
    fn heard(mut reader: Reader, all: &[u8]) -> Vec<Heard> {
        let (mut bytes, mut heard) = (Vec::new(), Vec::new());
        for &byte in all {
            bytes.push(byte);
            while let Some(more) = reader.next(&mut bytes).unwrap() {
                heard.extend(more);
            }
        }
        assert_eq!(bytes, b"", "all of it is used");
        heard
    }

    fn message(encoded: usize) -> Heard {
        Heard::Message(Message { id: 7, text: "Hello".into(), words: 8, encoded: encoded as u64 })
    }

    #[test]
    fn answers() {
        let json = r#"{"at":5,"id":7,"name":"Ada","text":"Hello"}"#;
        let body = format!(r#"{{"last":7,"messages":[{json}]}}"#);
        let all = format!(
            "HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{body}HTTP/1.1 204 No Content\r\nDate: x\r\n\r\n",
            body.len()
        );
        let answer = |status, last| Heard::Answer { status, last };
        let expected = [message(json.len()), answer(200, Some(7)), answer(204, None)];
        assert_eq!(heard(Reader::Answers, all.as_bytes()), expected);
        assert!(Reader::Answers.next(&mut b"HELO\r\n\r\n".to_vec()).is_err());
    }

    #[test]
    fn events() {
        let event = "id: 7\ndata: Ada\ndata: Hello\n\n";
        let chunks = ["retry: 2000\n\n", &event.repeat(2), ": still here\n\n"];
        let chunks: String = chunks.iter().map(|text| format!("{:x}\r\n{text}\r\n", text.len())).collect();
        let all = format!("HTTP/1.1 200 OK\r\n\r\n{chunks}");
        let expected =
            [Heard::Answer { status: 200, last: None }, message(event.len()), message(event.len())];
        assert_eq!(heard(Reader::Opening(&Reader::Events), all.as_bytes()), expected);
    }

    #[test]
    fn frames() {
        let said = r#"{"type":"said","id":7,"from":1,"name":"Ada","text":"Hello","time":5}"#;
        let texts = [r#"{"type":"welcome","you":{}}"#, r#"{"type":"joined","id":1,"name":"Ada"}"#, said];
        let mut all = b"HTTP/1.1 101 Switching Protocols\r\n\r\n".to_vec();
        texts.iter().for_each(|text| all.extend(Frame::text(text).unmasked().bytes()));
        all.extend(Frame::ping("x").unmasked().bytes());
        let begin = [Heard::Answer { status: 101, last: None }, Heard::Welcome, Heard::Joined];
        let expected: Vec<Heard> =
            begin.into_iter().chain([message(said.len()), Heard::Ping(b"x".to_vec())]).collect();
        assert_eq!(heard(Reader::Opening(&Reader::Frames), &all), expected);
        assert!(Reader::Frames.next(&mut Frame::text("{}").bytes()).is_err(), "masked");
    }
}
