//! Conditional requests (RFC 9110 §13): "only if it has changed", "only if it is still this one".

use std::time::SystemTime;

use httpdate::parse_http_date;
use request::Request;

use crate::Validators;

/// What the conditions of a request come to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// They hold, or there are none.
    Proceed,
    /// 304: the client has this version already.
    NotModified,
    /// 412: it is not the version that the client means.
    Failed,
}

impl Verdict {
    /// Judges a GET or HEAD for a file that exists, in the order of RFC 9110 §13.2.2.
    pub fn of(head: &Request<'_>, file: &Validators) -> Verdict {
        // 1. If-Match, by strong comparison (§13.1.1). 2. Only without it, If-Unmodified-Since (§13.1.4).
        if head.field("If-Match").is_some() {
            if !names(head, "If-Match", |tag| file.matches_strongly(tag)) {
                return Verdict::Failed;
            }
        } else if let Some(date) = date(head, "If-Unmodified-Since")
            && file.modified().is_some_and(|modified| modified > date)
        {
            return Verdict::Failed;
        }
        // 3. If-None-Match, by weak comparison (§13.1.2). 4. Only without it, If-Modified-Since (§13.1.3).
        // ANCHOR: newer
        if head.field("If-None-Match").is_some() {
            if names(head, "If-None-Match", |tag| file.matches_weakly(tag)) {
                return Verdict::NotModified;
            }
        } else if let Some(date) = date(head, "If-Modified-Since")
            && file.modified().is_some_and(|modified| modified <= date)
        {
            return Verdict::NotModified;
        }
        // ANCHOR_END: newer
        Verdict::Proceed
    }
}

/// The fifth step, If-Range (§13.1.5): whether the part that the client wants belongs to the version that it
/// has. If not, it gets the whole file. "A client MUST NOT generate an If-Range header field containing an
/// entity tag that is marked as weak", and a weak one never matches: parts of two versions must not be glued
/// together.
pub fn range_holds(head: &Request<'_>, file: &Validators) -> bool {
    let mut values = head.fields_named("If-Range");
    match (values.next(), values.next()) {
        (None, _) => true,
        (Some(tag), None) if file.matches_strongly(tag) => true,
        (Some(value), None) => {
            let date = str::from_utf8(value).ok().and_then(|text| parse_http_date(text).ok());
            // "exactly matches", and §8.8.2.2: only where nothing else can have been written in that second.
            date.is_some() && date == file.modified() && file.are_strong()
        }
        (Some(_), Some(_)) => false,
    }
}

/// Whether the field is `*`, which any file matches, or its list has a tag that `matches`.
fn names(head: &Request<'_>, field: &str, matches: impl Fn(&[u8]) -> bool) -> bool {
    head.fields_named(field).any(|value| value == b"*" || Tags(value).any(&matches))
}

/// The one date of a field. §13.1.3: "A recipient MUST ignore the If-Modified-Since header field if the
/// received field value is not a valid HTTP-date, the field value has more than one member [...]".
fn date(head: &Request<'_>, field: &str) -> Option<SystemTime> {
    let mut values = head.fields_named(field);
    let value = values.next().filter(|_| values.next().is_none())?;
    parse_http_date(str::from_utf8(value).ok()?).ok()
}

/// The entity tags of a list, each as it came. Ends at the first thing that is none.
///
/// Cutting at commas would be wrong: one may stand inside a tag (§8.8.3, etagc).
struct Tags<'a>(&'a [u8]);

impl<'a> Iterator for Tags<'a> {
    type Item = &'a [u8];

    fn next(&mut self) -> Option<&'a [u8]> {
        while let [b' ' | b'\t' | b',', rest @ ..] = self.0 {
            self.0 = rest;
        }
        let weak = if self.0.starts_with(b"W/") { 2 } else { 0 };
        let opaque = self.0[weak..].strip_prefix(b"\"")?;
        let length = weak + 1 + opaque.iter().position(|&byte| byte == b'"')? + 1;
        let (tag, rest) = self.0.split_at(length);
        self.0 = rest;
        Some(tag)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::validators::tests::aged;
    use request::Limits;

    const EARLIER: &str = "Sun, 09 Sep 2001 01:46:39 GMT";
    const SAME: &str = "Sun, 09 Sep 2001 01:46:40 GMT";
    const LATER: &str = "Sun, 09 Sep 2001 01:46:41 GMT";

    fn with<T>(fields: &[(&str, &str)], then: impl FnOnce(&Request<'_>) -> T) -> T {
        let lines: String = fields.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
        let bytes = format!("GET / HTTP/1.1\r\nHost: x\r\n{lines}\r\n");
        let (head, _) = Request::parse(bytes.as_bytes(), &Limits::DEFAULT).unwrap().unwrap();
        then(&head)
    }

    fn verdict(fields: &[(&str, &str)]) -> Verdict {
        with(fields, |head| Verdict::of(head, &aged(2)))
    }

    #[test]
    fn rfc_9110_13_1_2_if_none_match() {
        let tag = aged(2).etag();
        for value in [
            tag.clone(),
            format!("W/{tag}"),
            "*".into(),
            format!("\"a\", {tag}"),
            format!("\"a,b\",,W/\"c\" ,\t{tag}, \"d\""),
            format!("\"a, {tag}, {tag}"), // the first quote ends where the second begins
        ] {
            let expected = if value.starts_with("\"a, ") { Verdict::Proceed } else { Verdict::NotModified };
            assert_eq!(verdict(&[("If-None-Match", &value)]), expected, "{value}");
        }
        for value in
            ["", "\"\"", "\"a\"", "a", "W/", "\"", "**", "*, \"a\"", &tag[1..], &tag[..tag.len() - 1]]
        {
            assert_eq!(verdict(&[("If-None-Match", value)]), Verdict::Proceed, "{value}");
        }
        assert_eq!(verdict(&[("If-None-Match", "\"a\""), ("If-None-Match", &tag)]), Verdict::NotModified);
        with(&[("If-None-Match", &tag)], |head| {
            assert_eq!(Verdict::of(head, &aged(0)), Verdict::NotModified, "a young file matches weakly");
        });
    }

    #[test]
    fn rfc_9110_13_1_1_if_match() {
        let tag = aged(2).etag();
        for value in [tag.clone(), "*".into(), format!("\"a\", {tag}")] {
            assert_eq!(verdict(&[("If-Match", &value)]), Verdict::Proceed, "{value}");
        }
        for value in [format!("W/{tag}"), "\"a\"".into(), String::new(), "nonsense".into()] {
            assert_eq!(verdict(&[("If-Match", &value)]), Verdict::Failed, "{value}");
        }
        with(&[("If-Match", &tag)], |head| {
            assert_eq!(Verdict::of(head, &aged(0)), Verdict::Failed, "a young file matches nothing strongly");
        });
    }

    #[test]
    fn rfc_9110_13_1_3_if_modified_since() {
        for (value, expected) in [
            (EARLIER, Verdict::Proceed),
            (SAME, Verdict::NotModified),
            (LATER, Verdict::NotModified),
            ("Sunday, 09-Sep-01 01:46:40 GMT", Verdict::NotModified),
            ("Sun Sep  9 01:46:40 2001", Verdict::NotModified),
            ("yesterday", Verdict::Proceed),
            ("", Verdict::Proceed),
        ] {
            assert_eq!(verdict(&[("If-Modified-Since", value)]), expected, "{value}");
        }
        let twice = [("If-Modified-Since", SAME), ("If-Modified-Since", SAME)];
        assert_eq!(verdict(&twice), Verdict::Proceed);
    }

    #[test]
    fn rfc_9110_13_1_4_if_unmodified_since() {
        for (value, expected) in [
            (EARLIER, Verdict::Failed),
            (SAME, Verdict::Proceed),
            (LATER, Verdict::Proceed),
            ("soon", Verdict::Proceed),
        ] {
            assert_eq!(verdict(&[("If-Unmodified-Since", value)]), expected, "{value}");
        }
    }

    #[test]
    fn rfc_9110_13_2_2_precedence() {
        let tag = aged(2).etag();
        for (fields, expected) in [
            // A tag counts, and the date beside it does not.
            ([("If-None-Match", "\"a\""), ("If-Modified-Since", SAME)], Verdict::Proceed),
            ([("If-None-Match", tag.as_str()), ("If-Modified-Since", EARLIER)], Verdict::NotModified),
            ([("If-Match", tag.as_str()), ("If-Unmodified-Since", EARLIER)], Verdict::Proceed),
            ([("If-Match", "\"a\""), ("If-Unmodified-Since", LATER)], Verdict::Failed),
            // 412 before 304.
            ([("If-None-Match", tag.as_str()), ("If-Match", "\"a\"")], Verdict::Failed),
            ([("If-Modified-Since", SAME), ("If-Unmodified-Since", EARLIER)], Verdict::Failed),
            ([("If-None-Match", "*"), ("If-Match", "*")], Verdict::NotModified),
        ] {
            assert_eq!(verdict(&fields), expected, "{fields:?}");
        }
    }

    #[test]
    fn rfc_9110_13_1_5_if_range() {
        let tag = aged(2).etag();
        let weak = format!("W/{tag}");
        let holds = |value: &str, age| with(&[("If-Range", value)], |head| range_holds(head, &aged(age)));
        assert!(with(&[], |head| range_holds(head, &aged(0))));
        assert!(holds(&tag, 2) && holds(SAME, 2));
        assert!(!holds(&tag, 0) && !holds(&weak, 0) && !holds(SAME, 0), "a young file may change unseen");
        for value in [weak.as_str(), "\"a\"", "*", "", EARLIER, LATER] {
            assert!(!holds(value, 2), "{value}");
        }
        assert!(!with(&[("If-Range", &tag), ("If-Range", &tag)], |head| range_holds(head, &aged(2))));
    }
}
