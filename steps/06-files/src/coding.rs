//! Files that were packed beforehand: `page.js.gz` beside `page.js` (RFC 9110 §8.4, §12.5.3).
//!
//! **Two forms of one file, two representations: each has its own length, ETag and ranges, and each says that
//! Accept-Encoding chose it (Vary).** Packing while serving would cost a core what here costs a lookup.

use std::ffi::OsString;
use std::path::Path;

use request::Request;

use crate::site::Representation;
use crate::{Found, Root};

/// In which form the bytes are sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Coding {
    /// As they are.
    Identity,
    /// RFC 9110 §8.4.1.3.
    Gzip,
}

/// Chooses the form that the client likes best. `None`: it takes none that there is, 406.
///
/// A kind of file that packing does not make smaller, and so much of the web's traffic, is not looked up
/// again. Nor is one for a client that does not say it takes gzip: without Accept-Encoding "any content coding
/// is considered acceptable", but such a client is more likely a simple one.
pub(crate) fn choose(
    head: &Request<'_>,
    root: &Root,
    path: &Path,
    plain: Representation,
) -> Option<Representation> {
    if !plain.kind.shrinks() {
        return Some(plain);
    }
    let accepted = Accepted::by(head);
    if accepted.prefers_gzip()
        && let Some(packed) = packed(root, path, &plain)
    {
        return Some(packed);
    }
    accepted.identity().then_some(plain)
}

/// Whether gzip is liked best. `None`: the bytes as they are are excluded, which hardly anybody does.
pub(crate) fn wish(head: &Request<'_>) -> Option<bool> {
    let accepted = Accepted::by(head);
    accepted.identity().then(|| accepted.prefers_gzip())
}

/// The file of the same name with `.gz` behind it, unless it is older: then it was packed from an earlier
/// version. nginx's gzip_static does not look at the original, and serves two versions at one address when one
/// forgets to pack. gzip itself gives its output the time of its input.
fn packed(root: &Root, path: &Path, plain: &Representation) -> Option<Representation> {
    let mut name = OsString::from(path);
    name.push(".gz");
    let Ok(Found::File(file, metadata)) = root.find(Path::new(&name)) else { return None };
    let older = metadata.modified().ok()? < plain.metadata.modified().ok()?;
    (!older).then_some(Representation { file, metadata, kind: plain.kind, coding: Coding::Gzip })
}

/// The weights that Accept-Encoding gives, in thousandths; 0 means "not acceptable".
#[derive(Debug, Default, PartialEq, Eq)]
struct Accepted {
    gzip: Option<u16>,
    identity: Option<u16>,
    /// `*`: every coding that is not listed.
    others: Option<u16>,
}

impl Accepted {
    fn by(head: &Request<'_>) -> Accepted {
        let mut accepted = Accepted::default();
        for element in head.list("Accept-Encoding") {
            let Some((coding, weight)) = weighted(element) else { continue };
            let slot = match coding {
                // §8.4.1.3: "A recipient SHOULD consider "x-gzip" to be equivalent to "gzip"."
                name if name.eq_ignore_ascii_case("gzip") || name.eq_ignore_ascii_case("x-gzip") => {
                    &mut accepted.gzip
                }
                name if name.eq_ignore_ascii_case("identity") => &mut accepted.identity,
                "*" => &mut accepted.others,
                _ => continue,
            };
            slot.get_or_insert(weight);
        }
        accepted
    }

    /// Whether gzip is taken, and not less gladly than the bytes as they are.
    fn prefers_gzip(&self) -> bool {
        let gzip = self.gzip.or(self.others).unwrap_or(0);
        gzip > 0 && gzip >= self.identity.or(self.others).unwrap_or(0)
    }

    /// §12.5.3: "If the representation has no content coding, then it is acceptable by default unless
    /// specifically excluded by the Accept-Encoding header field stating either "identity;q=0" or "*;q=0"
    /// without a more specific entry for "identity"."
    fn identity(&self) -> bool {
        self.identity.or(self.others) != Some(0)
    }
}

/// `gzip;q=0.5` is gzip and 500. `None`: it is not valid, and counts as not listed.
fn weighted(element: &[u8]) -> Option<(&str, u16)> {
    let element = str::from_utf8(element).ok()?;
    let Some((coding, weight)) = element.split_once(';') else { return Some((element, 1000)) };
    let (q, value) = weight.trim_matches([' ', '\t']).split_at_checked(2)?;
    if !q.eq_ignore_ascii_case("q=") {
        return None;
    }
    Some((coding.trim_end_matches([' ', '\t']), thousandths(value)?))
}

/// §12.4.2: `qvalue = ( "0" [ "." 0*3DIGIT ] ) / ( "1" [ "." 0*3("0") ] )`.
fn thousandths(qvalue: &str) -> Option<u16> {
    let (whole, digits) = qvalue.split_once('.').unwrap_or((qvalue, ""));
    if digits.len() > 3 || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let part: u16 = format!("{digits:0<3}").parse().ok()?;
    match (whole, part) {
        ("0", _) => Some(part),
        ("1", 0) => Some(1000),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use request::Limits;

    fn accepted(fields: &[&str]) -> Accepted {
        let lines: String = fields.iter().map(|value| format!("Accept-Encoding: {value}\r\n")).collect();
        let bytes = format!("GET / HTTP/1.1\r\nHost: x\r\n{lines}\r\n");
        let (head, _) = Request::parse(bytes.as_bytes(), &Limits::DEFAULT).unwrap().unwrap();
        Accepted::by(&head)
    }

    #[test]
    fn rfc_9110_12_5_3_accept_encoding() {
        // Whether gzip is preferred, and whether the bytes may come as they are.
        for (value, gzip, identity) in [
            ("", false, true),
            ("gzip", true, true),
            ("GZip", true, true),
            ("x-gzip", true, true),
            ("gzip, deflate, br, zstd", true, true),
            ("br, deflate", false, true),
            ("gzip;q=0", false, true),
            ("gzip;q=0.000", false, true),
            ("gzip ; q=0.001", true, true),
            ("gzip;Q=1.000", true, true),
            ("*", true, true),
            ("*;q=0", false, false),
            ("gzip, *;q=0", true, false),
            ("gzip, identity;q=0", true, false),
            ("identity;q=0", false, false),
            ("identity;q=0, *", true, false),
            ("identity, *;q=0", false, true),
            ("gzip;q=0, *", false, true),
            ("gzip;q=0.5, identity", false, true),
            ("gzip;q=0.5, identity;q=0.4", true, true),
            ("gzip;q=0.5, identity;q=0.5", true, true),
            // Not valid, so not said.
            ("gzip;q=2", false, true),
            ("gzip;q=1.001", false, true),
            ("gzip;q=0.0001", false, true),
            ("gzip;q=-1", false, true),
            ("gzip;q=", false, true),
            ("gzip;level=9", false, true),
            ("gzip;q=1;level=9", false, true),
            ("gzip;ä", false, true),
            ("gzipped", false, true),
        ] {
            let accepted = accepted(&[value]);
            assert_eq!((accepted.prefers_gzip(), accepted.identity()), (gzip, identity), "{value:?}");
        }
        assert_eq!(accepted(&[]), Accepted::default());
        assert!(accepted(&["br", "gzip"]).prefers_gzip(), "two lines are one list");
    }
}
