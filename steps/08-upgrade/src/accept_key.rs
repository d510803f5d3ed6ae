//! Sec-WebSocket-Accept.

use base64::Engine;
use base64::alphabet;
use base64::engine::general_purpose::{GeneralPurpose, GeneralPurposeConfig, STANDARD};
use sha1_smol::Sha1;

/// RFC 6455 §1.3: a "Globally Unique Identifier", "which is unlikely to be used by network endpoints that do
/// not understand the WebSocket Protocol".
const GUID: &[u8] = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11";

/// The answer to a Sec-WebSocket-Key: Base64 of SHA-1 of the key, as it was sent, and the GUID (RFC 6455
/// §4.2.2).
///
/// It is no secret and protects nothing. It shows that the answer comes from a program that knows WebSocket
/// and has read this very request, not from a cache or from an HTTP server that echoes what it is sent.
// ANCHOR: proof
pub fn accept_key(key: &[u8]) -> String {
    let mut sha1 = Sha1::new();
    sha1.update(key);
    sha1.update(GUID);
    STANDARD.encode(sha1.digest().bytes())
}
// ANCHOR_END: proof

/// 16 bytes are 21 characters and a third of one: the last one has four bits too many. An encoder sets them to
/// zero (RFC 4648 §3.5), but the key that RFC 6455 §4.1 gives as an example, `AQIDBAUGBwgJCgsMDQ4PEC==`, has not.
const LAST_BITS_IGNORED: GeneralPurpose = GeneralPurpose::new(
    &alphabet::STANDARD,
    GeneralPurposeConfig::new().with_decode_allow_trailing_bits(true),
);

/// Whether this is a key. RFC 6455 §4.2.2: "a base64-encoded value that, if decoded, is 16 bytes in length".
pub(crate) fn is_key(key: &[u8]) -> bool {
    // 16 bytes are 24 characters. The decoder wants room for 18, since it looks at the padding last.
    key.len() == 24 && LAST_BITS_IGNORED.decode_slice(key, &mut [0; 18]) == Ok(16)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The example of the RFC. Something else came out: the key was decoded before it was hashed, the GUID does not stand
    /// behind it, or the digest was written in hex before it became Base64.
    #[test]
    fn rfc_6455_1_3_example() {
        assert_eq!(accept_key(b"dGhlIHNhbXBsZSBub25jZQ=="), "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
    }

    #[test]
    fn rfc_6455_4_2_1_a_key_is_16_bytes_in_base64() {
        assert!(is_key(b"dGhlIHNhbXBsZSBub25jZQ=="));
        assert!(is_key(b"AAAAAAAAAAAAAAAAAAAAAA=="));
        assert!(is_key(b"+/+/+/+/+/+/+/+/+/+/+w=="));
        assert!(is_key(b"AQIDBAUGBwgJCgsMDQ4PEC=="), "the example of §4.1, 7");
        for wrong in [
            "",
            "x",
            "dGhlIHNhbXBsZSBub25jZQ",
            "dGhlIHNhbXBsZSBub25jZQ=",
            "dGhlIHNhbXBsZSBub25j",
            "dGhlIHNhbXBsZSBub25jZWQh",
            "dGhlIHNhbXBsZSBub25jZSE=",
            "dGhlIHNhbXBsZSBub25j_Q==",
            "dGhlIHNhbXBsZSBub2 jZQ==",
            "dGhlIHNhbXBsZSBub25jZQ==dGhlIHNhbXBsZSBub25jZQ==",
            "========================",
        ] {
            assert!(!is_key(wrong.as_bytes()), "{wrong}");
        }
    }
}
