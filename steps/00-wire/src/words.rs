//! The first word about a payload: what one would say who looks over the wire's shoulder.
//!
//! Rungs 04 and 09 read HTTP and frames properly. Here it is enough to recognise them.

/// At most so many characters of a text are shown.
const SHOWN: usize = 60;
/// At most so many frames of one segment are told one by one.
const FRAMES: usize = 3;

/// What one side of a conversation sends, as a reader who has seen all of it understands it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Reader {
    /// HTTP, or any text.
    #[default]
    Text,
    /// WebSocket frames.
    Frames(Frames),
    /// Bytes were missed, so nobody can say where the next frame begins.
    Lost,
}

/// Where in the frames one is: a segment may end in the middle of one.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Frames {
    /// Payload bytes of the last frame that are still to come.
    left: u64,
    /// The beginning of a header, not whole yet.
    header: Vec<u8>,
}

impl Reader {
    /// The first word about these bytes, which follow those of the call before.
    pub fn read(&mut self, payload: &[u8]) -> String {
        match self {
            Self::Text => text(payload),
            Self::Frames(frames) => frames.read(payload),
            Self::Lost => bytes(payload.len()),
        }
    }

    /// From here on this side sends frames.
    pub fn upgrade(&mut self) {
        *self = Self::Frames(Frames::default());
    }

    /// Bytes are missing here.
    pub fn lose(&mut self) {
        if let Self::Frames(_) = self {
            *self = Self::Lost;
        }
    }
}

/// The frames that may stand behind a `101 Switching Protocols` in the same segment, or `None` when this is no such answer.
pub fn switches_protocols(payload: &[u8]) -> Option<&[u8]> {
    if !payload.starts_with(b"HTTP/1.1 101 ") {
        return None;
    }
    let end = payload.windows(4).position(|four| four == b"\r\n\r\n");
    Some(end.map_or(&[][..], |end| &payload[end + 4..]))
}

/// The request line or the status line; of anything else the first line with its length.
fn text(payload: &[u8]) -> String {
    let line = payload.split(|byte| *byte == b'\n').next().unwrap_or_default();
    let line = line.strip_suffix(b"\r").unwrap_or(line);
    if line.starts_with(b"HTTP/1.") || is_request_line(line) {
        return cut(line.escape_ascii().to_string());
    }
    // Longer ones are cut anyway: no need to make a text of 64 KiB for that.
    format!("\"{}\"", cut(payload[..payload.len().min(SHOWN + 1)].escape_ascii().to_string()))
}

/// RFC 9112 §3: method, request target, version.
fn is_request_line(line: &[u8]) -> bool {
    let mut words = line.split(|byte| *byte == b' ');
    let method = words.next().unwrap_or_default();
    !method.is_empty()
        && method.iter().all(u8::is_ascii_uppercase)
        && words.next().is_some_and(|target| !target.is_empty())
        && words.next().is_some_and(|version| version.starts_with(b"HTTP/"))
}

fn cut(mut text: String) -> String {
    if text.len() > SHOWN {
        text.truncate(SHOWN); // Escaped bytes are ASCII, so any place is between two characters.
        text.push_str("...");
    }
    text
}

fn bytes(count: usize) -> String {
    format!("{count} byte{}", if count == 1 { "" } else { "s" })
}

impl Frames {
    fn read(&mut self, mut payload: &[u8]) -> String {
        let (mut said, mut more) = (Vec::new(), 0);
        if self.left > 0 {
            let rest = self.skip(&mut payload);
            said.push(if self.left > 0 {
                format!("{} of a frame, {} to come", bytes(rest), self.left)
            } else {
                format!("the last {} of a frame", bytes(rest))
            });
        }
        while !payload.is_empty() {
            // A header is at most 14 bytes, so this ends; byte by byte, as a header may come in two segments.
            self.header.push(payload[0]);
            payload = &payload[1..];
            let Some((frame, length)) = frame(&self.header) else { continue };
            self.header.clear();
            self.left = length;
            self.skip(&mut payload);
            let to_come = if self.left > 0 { format!(", {} to come", self.left) } else { String::new() };
            if said.len() < FRAMES {
                said.push(frame + &to_come);
            } else {
                more += 1;
            }
        }
        if more > 0 {
            said.push(format!("and {more} more"));
        }
        if !self.header.is_empty() {
            said.push("the beginning of a frame's header".into());
        }
        said.join("; ")
    }

    /// Takes what belongs to the frame that is under way. Returns how much that was.
    fn skip(&mut self, payload: &mut &[u8]) -> usize {
        let here = usize::try_from(self.left).map_or(payload.len(), |left| left.min(payload.len()));
        *payload = &payload[here..];
        self.left -= here as u64;
        here
    }
}

/// RFC 6455 §5.2: opcode and payload length of a frame whose header is whole.
fn frame(header: &[u8]) -> Option<(String, u64)> {
    let (&[first, second], rest) = header.split_first_chunk()?;
    let (length, rest) = match second & 0x7f {
        126 => rest.split_first_chunk().map(|(two, rest)| (u64::from(u16::from_be_bytes(*two)), rest))?,
        127 => rest.split_first_chunk().map(|(eight, rest)| (u64::from_be_bytes(*eight), rest))?,
        short => (u64::from(short), rest),
    };
    let masked = second & 0x80 != 0;
    if masked && rest.len() < 4 {
        return None;
    }
    let opcode = match first & 0x0f {
        0 => "continuation",
        1 => "text",
        2 => "binary",
        8 => "close",
        9 => "ping",
        10 => "pong",
        _ => "reserved opcode",
    };
    let fin = if first & 0x80 == 0 { ", not the last of its message" } else { "" };
    let mask = if masked { ", masked" } else { "" };
    Some((
        format!("WebSocket {opcode}, {length} byte{}{mask}{fin}", if length == 1 { "" } else { "s" }),
        length,
    ))
}

#[cfg(test)]
mod tests;
