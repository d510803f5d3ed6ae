//! What kind of file it is, by its name.

use std::fmt;
use std::path::Path;

/// The media type of a file, by the extension of its name; `application/octet-stream` where that says nothing.
/// Displays as the value of Content-Type.
///
/// RFC 9110 §8.3: without a type "the recipient MAY either assume a media type of "application/octet-stream"
/// [...] or examine the data to determine its type". A browser that examines may find HTML in a stranger's
/// picture.
///
/// Text is said to be UTF-8: without a charset a browser guesses, and "ä" becomes "Ã¤". A text in another
/// coding must be converted, or served by another server. JSON has no such parameter (RFC 8259 §11), and XML,
/// with it SVG, says it inside.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Kind(&'static str);

impl Kind {
    /// The kind of the file with this name, in upper or lower case.
    pub fn of(path: &Path) -> Kind {
        let Some(extension) = path.extension().and_then(|it| it.to_str()) else { return UNKNOWN };
        let ours = OURS.iter().find(|(known, _)| extension.eq_ignore_ascii_case(known));
        match ours {
            Some((_, kind)) => Kind(kind),
            None => mime_guess::from_ext(extension).first_raw().map_or(UNKNOWN, Kind),
        }
    }

    /// Whether such files become much smaller in a content coding such as gzip. Pictures, films and archives
    /// are packed already.
    pub fn shrinks(self) -> bool {
        self.is_text()
            || self.0.ends_with("+xml")
            || self.0.ends_with("json")
            || OTHERS_THAT_SHRINK.contains(&self.0)
    }

    fn is_text(self) -> bool {
        self.0.starts_with("text/")
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)?;
        if self.is_text() { f.write_str("; charset=utf-8") } else { Ok(()) }
    }
}

const UNKNOWN: Kind = Kind("application/octet-stream");

/// Where mime_guess says what was said once.
const OURS: [(&str, &str); 13] = [
    // RFC 9239 §6: "text/javascript"; the other names are obsolete.
    ("cjs", "text/javascript"),
    ("mjs", "text/javascript"),
    // The source map of a script is JSON (ECMA-426).
    ("map", "application/json"),
    // In a folder of sources, not MPEG's transport stream. No type of its own is registered.
    ("cts", "text/typescript"),
    ("mts", "text/typescript"),
    ("ts", "text/typescript"),
    ("tsx", "text/typescript"),
    // RFC 8081 §4.4
    ("otf", "font/otf"),
    ("woff", "font/woff"),
    // A charset beside it would overrule what the document says of itself (RFC 7303 §3).
    ("dtd", "application/xml-dtd"),
    ("xml", "application/xml"),
    ("xsl", "application/xml"),
    // RFC 4337
    ("m4a", "audio/mp4"),
];

const OTHERS_THAT_SHRINK: [&str; 6] =
    ["application/wasm", "application/xml", "application/xml-dtd", "font/otf", "font/ttf", "image/x-icon"];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn types_by_extension() {
        for (name, expected) in [
            ("a.html", "text/html; charset=utf-8"),
            ("a.HTML", "text/html; charset=utf-8"),
            ("a.css", "text/css; charset=utf-8"),
            ("a.js", "text/javascript; charset=utf-8"),
            ("a.mjs", "text/javascript; charset=utf-8"),
            ("a.cjs", "text/javascript; charset=utf-8"),
            ("a.ts", "text/typescript; charset=utf-8"),
            ("a.d.ts", "text/typescript; charset=utf-8"),
            ("a.MTS", "text/typescript; charset=utf-8"),
            ("a.txt", "text/plain; charset=utf-8"),
            ("a.md", "text/markdown; charset=utf-8"),
            ("a.csv", "text/csv; charset=utf-8"),
            ("a.vtt", "text/vtt; charset=utf-8"),
            ("a.json", "application/json"),
            ("a.js.map", "application/json"),
            ("a.webmanifest", "application/manifest+json"),
            ("a.wasm", "application/wasm"),
            ("a.xml", "application/xml"),
            ("a.pdf", "application/pdf"),
            ("a.svg", "image/svg+xml"),
            ("a.png", "image/png"),
            ("a.jpg", "image/jpeg"),
            ("a.avif", "image/avif"),
            ("a.webp", "image/webp"),
            ("a.ico", "image/x-icon"),
            ("a.woff", "font/woff"),
            ("a.woff2", "font/woff2"),
            ("a.otf", "font/otf"),
            ("a.mp4", "video/mp4"),
            ("a.webm", "video/webm"),
            ("a.mp3", "audio/mpeg"),
            ("a.m4a", "audio/mp4"),
            ("a.tar.gz", "application/gzip"),
            ("a.unheard-of", "application/octet-stream"),
            ("LICENSE", "application/octet-stream"),
            ("a.", "application/octet-stream"),
        ] {
            assert_eq!(Kind::of(Path::new(name)).to_string(), expected, "{name}");
        }
    }

    #[test]
    fn what_is_packed_already_is_not_packed_again() {
        for name in
            ["a.html", "a.css", "a.js", "a.json", "a.map", "a.svg", "a.xml", "a.webmanifest", "a.wasm"]
        {
            assert!(Kind::of(Path::new(name)).shrinks(), "{name}");
        }
        for name in ["a.png", "a.avif", "a.woff2", "a.mp4", "a.gz", "a.zip", "a.unheard-of", "LICENSE"] {
            assert!(!Kind::of(Path::new(name)).shrinks(), "{name}");
        }
    }
}
