//! What kind of file it is, by its name.

use std::path::Path;

use mime_guess::mime;

/// The Content-Type of a file, by the extension of its name; `application/octet-stream` where that says
/// nothing.
///
/// RFC 9110 §8.3: without a type "the recipient MAY either assume a media type of "application/octet-stream"
/// [...] or examine the data to determine its type". A browser that examines may find HTML in a stranger's
/// picture.
///
/// Text is said to be UTF-8: without a charset a browser guesses, and "ä" becomes "Ã¤". A text in another
/// coding must be converted, or served by another server. JSON has no such parameter (RFC 8259 §11), and XML,
/// with it SVG, says it inside.
pub fn content_type(path: &Path) -> String {
    let kind = mime_guess::from_path(path).first_or_octet_stream();
    // RFC 9239 §6: text/javascript for .js and .mjs; the other names are obsolete.
    let kind = if kind == mime::APPLICATION_JAVASCRIPT { mime::TEXT_JAVASCRIPT } else { kind };
    if kind.type_() == mime::TEXT && kind.get_param(mime::CHARSET).is_none() {
        format!("{kind}; charset=utf-8")
    } else {
        kind.to_string()
    }
}

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
            ("a.txt", "text/plain; charset=utf-8"),
            ("a.md", "text/markdown; charset=utf-8"),
            ("a.json", "application/json"),
            ("a.svg", "image/svg+xml"),
            ("a.png", "image/png"),
            ("a.wasm", "application/wasm"),
            ("a.woff2", "font/woff2"),
            ("a.tar.gz", "application/gzip"),
            ("a.unheard-of", "application/octet-stream"),
            ("LICENSE", "application/octet-stream"),
            ("a.", "application/octet-stream"),
        ] {
            assert_eq!(content_type(Path::new(name)), expected, "{name}");
        }
    }
}
