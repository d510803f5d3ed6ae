//! Sec-WebSocket-Protocol: which language is spoken inside the WebSocket.

use std::collections::HashSet;

use request::{Request, is_token};

use crate::Refusal;

/// The subprotocols that the client offers, in its order. None where it says nothing.
///
/// RFC 6455 §4.1, 10: the elements "MUST be non-empty strings with characters in the range U+0021 to U+007E
/// not including separator characters [...] and MUST all be unique strings."
pub(crate) fn offered<'a>(head: &Request<'a>) -> Result<Vec<&'a [u8]>, Refusal> {
    let offered: Vec<_> = head.list("Sec-WebSocket-Protocol").collect();
    // `1#token` (§4.3): a field that offers nothing is wrong too.
    let offers_nothing = offered.is_empty() && head.field("Sec-WebSocket-Protocol").is_some();
    if offers_nothing || !offered.iter().all(|name| is_token(name)) {
        return Err(Refusal::Subprotocol);
    }
    // A set, since a head of 16 KiB holds thousands of names: comparing each with each would be an attack.
    let mut seen = HashSet::new();
    if !offered.iter().all(|name| seen.insert(*name)) {
        return Err(Refusal::SubprotocolRepeated);
    }
    Ok(offered)
}
