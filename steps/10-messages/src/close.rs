//! The Close frame: a code, a reason, or nothing (RFC 6455 §5.5.1, §7.4).

use frames::{Header, Opcode, write_frame};

use crate::{MessageError, NotUtf8, as_text};

/// The status codes that this server sends or reports (RFC 6455 §7.4.1 and the IANA registry it opened).
pub mod close_code {
    /// "the purpose for which the connection was established has been fulfilled"
    pub const NORMAL: u16 = 1000;
    /// A server that stops, a browser that leaves the page.
    pub const GOING_AWAY: u16 = 1001;
    /// A rule of the protocol was broken.
    pub const PROTOCOL_ERROR: u16 = 1002;
    /// A kind of message that the endpoint cannot accept: binary where it understands text.
    pub const UNSUPPORTED: u16 = 1003;
    /// Never on the wire: the Close frame had no code.
    pub const NO_STATUS: u16 = 1005;
    /// Never on the wire: the connection ended without a Close frame.
    pub const ABNORMAL: u16 = 1006;
    /// Data that is not what its message says it is: text that is not UTF-8.
    pub const INVALID_DATA: u16 = 1007;
    /// A policy that has no code of its own.
    pub const POLICY: u16 = 1008;
    /// "a message that is too big for it to process"
    pub const TOO_BIG: u16 = 1009;
    /// The server met something unexpected.
    pub const INTERNAL_ERROR: u16 = 1011;
    /// The server is overloaded; later may work.
    pub const TRY_AGAIN_LATER: u16 = 1013;
}

/// The payload of a Close frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Close<'a> {
    /// The status code; [`close_code::NO_STATUS`] when the payload is empty.
    pub code: u16,
    /// For a log, not for a person. Empty when none was given.
    pub reason: &'a str,
}

/// "All control frames MUST have a payload length of 125 bytes or less" (RFC 6455 §5.5); the code takes two.
const MAX_REASON: usize = 123;

impl<'a> Close<'a> {
    /// Reads a Close frame's payload.
    ///
    /// # Errors
    /// One byte, a code that must not be sent, a reason that is not UTF-8.
    pub fn parse(payload: &'a [u8]) -> Result<Close<'a>, MessageError> {
        // RFC 6455 §5.5.1: "If there is a body, the first two bytes of the body MUST be a 2-byte unsigned
        // integer (in network byte order) representing a status code"
        let (code, reason) = match payload {
            [] => return Ok(Close { code: close_code::NO_STATUS, reason: "" }),
            [_] => return Err(MessageError::HalfCloseCode),
            [high, low, reason @ ..] => (u16::from_be_bytes([*high, *low]), reason),
        };
        if !may_be_sent(code) {
            return Err(MessageError::CloseCode(code));
        }
        let reason = as_text(reason).map_err(|NotUtf8| MessageError::CloseReasonNotUtf8)?;
        Ok(Close { code, reason })
    }

    /// Appends a server's Close frame to `out`. A code that must not be sent, [`close_code::NO_STATUS`] or
    /// [`close_code::ABNORMAL`] say, is left out, and the reason with it; the peer sees 1005. A reason longer than
    /// 123 bytes is cut at the end of a character.
    pub fn write(&self, out: &mut Vec<u8>) {
        let mut payload = Vec::new();
        if may_be_sent(self.code) {
            payload.extend_from_slice(&self.code.to_be_bytes());
            let end = self.reason.floor_char_boundary(MAX_REASON);
            payload.extend_from_slice(&self.reason.as_bytes()[..end]);
        }
        write_frame(Header::new(Opcode::Close, 0), &payload, out);
    }
}

/// Whether a peer may put this code into a Close frame.
fn may_be_sent(code: u16) -> bool {
    match code {
        // RFC 6455 §7.4.1, and 1012 to 1014 from the IANA registry. Left out: 1004 ("Reserved"), 1005, 1006
        // and 1015 ("MUST NOT be set as a status code in a Close control frame by an endpoint").
        1000..=1003 | 1007..=1014 => true,
        // RFC 6455 §7.4.2: "Status codes in the range 3000-3999 are reserved for use by libraries,
        // frameworks, and applications", "4000-4999 are reserved for private use".
        3000..=4999 => true,
        // "0-999 are not used", and nobody has defined the rest yet.
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn payload(code: u16, reason: &[u8]) -> Vec<u8> {
        [&code.to_be_bytes(), reason].concat()
    }

    #[test]
    fn section_7_1_5_no_payload_is_no_status() {
        assert_eq!(Close::parse(b""), Ok(Close { code: 1005, reason: "" }));
    }

    #[test]
    fn section_5_5_1_a_payload_of_one_byte_is_refused() {
        assert_eq!(Close::parse(&[3]), Err(MessageError::HalfCloseCode));
    }

    #[test]
    fn section_7_4_codes_that_may_be_sent() {
        for code in
            [1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 1014, 3000, 3999, 4000, 4999]
        {
            assert_eq!(Close::parse(&payload(code, b"")), Ok(Close { code, reason: "" }));
        }
    }

    /// All 65,536. A code that stands for "nobody said anything" (1005, 1006, 1015) must never be believed when somebody
    /// says it; what nobody has defined yet, a later RFC may.
    #[test]
    fn section_7_4_of_all_codes_three_ranges_may_be_sent() {
        let ranges = [1000..=1003, 1007..=1014, 3000..=4999];
        for code in 0..=u16::MAX {
            let expected = ranges.iter().any(|range| range.contains(&code));
            assert_eq!(may_be_sent(code), expected, "close code {code}");
        }
    }

    #[test]
    fn section_7_4_codes_that_must_not_be_sent() {
        for code in [0, 1, 999, 1004, 1005, 1006, 1015, 1016, 1100, 2000, 2999, 5000, 65535] {
            assert_eq!(Close::parse(&payload(code, b"")), Err(MessageError::CloseCode(code)));
        }
    }

    #[test]
    fn section_5_5_1_the_reason_is_utf_8() {
        let reason = "bis später";
        assert_eq!(Close::parse(&payload(1000, reason.as_bytes())), Ok(Close { code: 1000, reason }));
        for broken in [&b"\xc3"[..], b"ok \xff", b"\xed\xa0\x80"] {
            assert_eq!(Close::parse(&payload(1000, broken)), Err(MessageError::CloseReasonNotUtf8));
        }
    }

    #[test]
    fn a_close_frame_is_written_as_it_is_read() {
        for close in [
            Close { code: 1000, reason: "" },
            Close { code: 1005, reason: "" },
            Close { code: 4000, reason: "bye" },
            Close { code: 1001, reason: &"x".repeat(123) },
        ] {
            let mut wire = Vec::new();
            close.write(&mut wire);
            assert_eq!(wire[0], 0x88);
            assert_eq!(Close::parse(&wire[2..]), Ok(close));
        }
    }

    #[test]
    fn section_7_4_1_a_code_that_must_not_be_sent_is_not_sent_by_us_either() {
        for code in [0, 999, 1004, 1005, 1006, 1015, 2999, 5000] {
            let mut wire = Vec::new();
            Close { code, reason: "an application passed on what it was told" }.write(&mut wire);
            assert_eq!(wire, [0x88, 0], "{code}");
        }
    }

    #[test]
    fn a_long_reason_is_cut_at_the_end_of_a_character() {
        // 122 bytes, then a character of two, of which one would still fit.
        let reason = "x".repeat(122) + "ä and so on";
        let mut wire = Vec::new();
        Close { code: 1000, reason: &reason }.write(&mut wire);
        assert_eq!(wire[1], 124);
        assert_eq!(Close::parse(&wire[2..]), Ok(Close { code: 1000, reason: &reason[..122] }));
    }
}
