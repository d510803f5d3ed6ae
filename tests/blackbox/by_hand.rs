//! The line to try by hand that WebSocket tests print.

/// A shell line that shakes hands, sends these bytes and a Close frame, so that `nc` ends, and shows what comes
/// back.
macro_rules! by_hand {
    ($bytes:literal) => {
        concat!(
            r"printf 'GET / HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n",
            r"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n",
            $bytes,
            r"\x88\x80\x00\x00\x00\x00' | nc 127.0.0.1 {port} | xxd"
        )
    };
}
pub(crate) use by_hand;
