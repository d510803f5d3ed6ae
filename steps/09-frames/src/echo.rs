//! One connection of the demo: each frame comes back as it was, without its mask.

use frames::{Decoder, Header, Opcode, Piece, Role, Rsv, describe, mask, write_frame};
use poll::{Io, Protocol};

use crate::Demo;

/// Close codes (RFC 6455 §7.4.1); rung 10 has the others.
const GOING_AWAY: u16 = 1001;
const PROTOCOL_ERROR: u16 = 1002;

/// Answers each frame on its own. It does not know what a message is: whether fragments come in order, whether
/// text is UTF-8 and whether a close code is one is not looked at; rung 10 does.
///
/// **It owns no payload**: the echo's header leaves when the frame's header has come, and then each piece as it
/// comes, so a frame of a gigabyte costs no memory.
pub(crate) struct Echo {
    decoder: Decoder,
    /// Bytes of the frame being echoed that are still to come.
    owed: u64,
    /// The client asked to see the bits: the drawings that have not been sent.
    drawings: Option<String>,
    /// A frame without FIN went back, so the next message of our own would be one inside a message.
    in_message: bool,
}

impl Echo {
    pub fn new(draws: bool) -> Echo {
        let drawings = draws.then(String::new);
        Echo { decoder: Decoder::new(Role::Server), owed: 0, drawings, in_message: false }
    }

    fn piece(&mut self, piece: Piece<'_>, io: &mut Io<'_>) {
        if let Some(header) = piece.start {
            log::info!(
                "{} {} frame, FIN {}, {} bytes",
                io.id(),
                header.opcode,
                u8::from(header.fin),
                header.length
            );
            // RFC 6455 §5.2: "MUST be 0 unless an extension is negotiated", and here none ever is.
            if header.rsv != Rsv::NONE {
                let why = format!("RSV is {}, and there is no extension (RFC 6455 §5.2)", header.rsv);
                return self.close(PROTOCOL_ERROR, &why, io);
            }
            self.begin(header, piece.payload, io);
        }
        if piece.opcode != Opcode::Pong {
            io.out().extend_from_slice(piece.payload);
        }
        self.owed = piece.left;
        if piece.opcode == Opcode::Close {
            // RFC 6455 §5.5.1: an endpoint that receives a Close frame answers with one; the echo was it.
            return io.close();
        }
        if self.owed == 0 && !piece.opcode.is_control() {
            self.in_message = !piece.fin;
        }
        if self.owed == 0 && !self.in_message {
            self.send_drawings(io);
        }
    }

    /// The header of the echo: the same frame without a mask. A Ping's is a Pong, and a Pong has none.
    fn begin(&mut self, header: Header, payload: &[u8], io: &mut Io<'_>) {
        let opcode = match header.opcode {
            Opcode::Pong => return self.draw("received", header, payload),
            Opcode::Ping => Opcode::Pong,
            other => other,
        };
        let echo = Header { opcode, masking_key: None, ..header };
        self.draw("received", header, payload);
        self.draw("sent", echo, payload);
        echo.write(io.out());
    }

    /// Notes a frame's drawing: a line `received` or `sent`, a line for each field (name, bits and meaning, tabs
    /// between), an empty line. That is plainer than JSON, which comes with rung 11.
    fn draw(&mut self, way: &str, header: Header, payload: &[u8]) {
        let Some(drawings) = &mut self.drawings else { return };
        // The decoder has taken the mask off. What is drawn stood on the wire.
        let mut wire = Vec::new();
        header.write(&mut wire);
        let at = wire.len();
        // Of a long payload only the beginning is drawn.
        wire.extend_from_slice(&payload[..payload.len().min(32)]);
        if let Some(key) = header.masking_key {
            mask(&mut wire[at..], key, 0);
        }
        *drawings += way;
        for field in describe(&wire) {
            *drawings += &format!("\n{}\t{}\t{}", field.name, field.bits, field.meaning);
        }
        *drawings += "\n\n";
    }

    fn send_drawings(&mut self, io: &mut Io<'_>) {
        if let Some(drawings) = &mut self.drawings
            && !drawings.is_empty()
        {
            write_frame(Header::new(Opcode::Text, 0), drawings.as_bytes(), io.out());
            drawings.clear();
        }
    }

    /// Our own Close frame: the code, the reason. The loop sends it, then FIN, and reads on for a while.
    fn close(&mut self, code: u16, why: &str, io: &mut Io<'_>) {
        log::info!("{} closed with {code}: {why}", io.id());
        let payload = [&code.to_be_bytes(), why.as_bytes()].concat();
        write_frame(Header::new(Opcode::Close, 0), &payload, io.out());
        io.close();
    }
}

impl Protocol for Echo {
    type World = Demo;

    fn data(&mut self, bytes: &mut [u8], _: &mut Demo, io: &mut Io<'_>) -> usize {
        let length = bytes.len();
        let mut input = bytes;
        while !io.must_wait() {
            match self.decoder.next(&mut input) {
                Ok(Some(piece)) => self.piece(piece, io),
                Ok(None) => break,
                Err(error) => self.close(error.close_code(), &error.to_string(), io),
            }
        }
        length - input.len()
    }

    fn stop(&mut self, _: &mut Demo, io: &mut Io<'_>) {
        match self.owed {
            0 => self.close(GOING_AWAY, "the server stops", io),
            // In the middle of a frame a Close frame would be taken for payload.
            _ => io.close(),
        }
    }
}

#[cfg(test)]
mod tests;
