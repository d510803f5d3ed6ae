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

#[cfg(test)]
mod tests {
    use super::*;
    use request::Limits;

    /// What is read from these values, one line for each.
    fn read(values: &[&str]) -> Result<Vec<String>, Refusal> {
        let lines: String =
            values.iter().map(|value| format!("Sec-WebSocket-Protocol: {value}\r\n")).collect();
        let bytes = format!("GET / HTTP/1.1\r\nHost: a\r\n{lines}\r\n");
        let (head, _) = Request::parse(bytes.as_bytes(), &Limits::DEFAULT).expect("valid").expect("whole");
        Ok(offered(&head)?.iter().map(|name| String::from_utf8_lossy(name).into_owned()).collect())
    }

    fn names(names: &[&str]) -> Result<Vec<String>, Refusal> {
        Ok(names.iter().map(ToString::to_string).collect())
    }

    /// Several lines are one list, in the client's order, without the white space; names keep their case.
    #[test]
    fn rfc_6455_4_1_the_offers_are_a_list_over_one_line_or_several() {
        assert_eq!(read(&[]), names(&[]));
        assert_eq!(read(&["chat"]), names(&["chat"]));
        assert_eq!(read(&["v2 ,\tv1", ", Chat,"]), names(&["v2", "v1", "Chat"]));
    }

    /// A name that is no token could end the field of the answer, or mean two things to two readers; a field that
    /// offers nothing is no list.
    #[test]
    fn rfc_6455_4_1_an_offer_that_is_no_token_is_refused() {
        for wrong in ["v 1", "v1;q=1", "\"v1\"", "v1/v2", "v\u{e4}", "", ",", "good, b@d"] {
            assert_eq!(read(&[wrong]), Err(Refusal::Subprotocol), "{wrong:?}");
        }
    }

    /// "MUST all be unique strings", and a head of 16 KiB holds thousands: comparing each with each takes long.
    #[test]
    fn rfc_6455_4_1_the_same_offer_twice_is_refused() {
        assert_eq!(read(&["v1, v2, v1"]), Err(Refusal::SubprotocolRepeated));
        assert_eq!(read(&["v1", "v1"]), Err(Refusal::SubprotocolRepeated));
        assert_eq!(read(&["v1, V1"]), names(&["v1", "V1"]), "two names, for case counts");
    }
}
