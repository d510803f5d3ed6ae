//! A request's path becomes a name below the root, or nothing.
//!
//! **Cut at the slashes first, then decode, then judge.** Decoded first, `%2F` would become a slash that
//! nobody has judged; judged first, `%2e%2e` would look harmless.

use std::ffi::OsString;
use std::os::unix::ffi::OsStringExt;
use std::path::{Path, PathBuf};

use percent_encoding::percent_decode_str;

/// A name below the root: relative, and each part an ordinary name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Name {
    path: PathBuf,
    directory: bool,
}

impl Name {
    /// Takes the path of a request target, percent-encoded as it came. `None`: nothing can have that name
    /// here.
    ///
    /// One answer for all of these, 404, so that nobody learns which rule it was:
    /// - A part that begins with a dot: `..` and `.`, which a client removes before it asks (RFC 3986
    ///   §5.2.4), and `.git`, `.env`, `.htaccess`, which are seldom meant for the world.
    /// - An empty part, as in `//a`. Sent back in a redirect it would name another host.
    /// - A slash, a backslash or a NUL that was percent-encoded, and a backslash that was not. A backslash
    ///   parts names on Windows, and some proxies and browsers take it for a slash.
    /// - `%` without two hex digits behind it (RFC 3986 §2.1).
    pub fn from_path(path: &str) -> Option<Name> {
        let inside = path.strip_prefix('/')?;
        let (parts, directory) = match inside.strip_suffix('/') {
            _ if inside.is_empty() => return Some(Name { path: PathBuf::from("."), directory: true }),
            Some(parts) => (parts, true),
            None => (inside, false),
        };
        // ANCHOR: cut
        let path = parts.split('/').map(part).collect::<Option<PathBuf>>()?;
        Some(Name { path, directory })
        // ANCHOR_END: cut
    }

    /// The name, relative to the root; `.` for the root itself.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Whether the path ended with a slash, and so means a directory.
    pub fn is_directory(&self) -> bool {
        self.directory
    }

    /// The file that is meant: for a directory, its `index.html`.
    pub(crate) fn file(&self) -> PathBuf {
        if self.directory { self.index() } else { self.path.clone() }
    }

    /// What stands for a directory: the file `index.html` in it.
    pub fn index(&self) -> PathBuf {
        self.path.join("index.html")
    }
}

/// One part, decoded once. `%252e` is therefore the name `%2e`, and not a dot.
// ANCHOR: part
fn part(encoded: &str) -> Option<OsString> {
    if !encodes_well(encoded) {
        return None;
    }
    let name: Vec<u8> = percent_decode_str(encoded).collect();
    // A file's name on unix is bytes, UTF-8 or not.
    is_served(&name).then(|| OsString::from_vec(name))
}
// ANCHOR_END: part

/// Whether a file of this name, one part of a path, is there for clients.
// ANCHOR: served
pub(crate) fn is_served(name: &[u8]) -> bool {
    !name.is_empty() && name[0] != b'.' && !name.iter().any(|byte| b"/\\\0".contains(byte))
}
// ANCHOR_END: served

fn encodes_well(part: &str) -> bool {
    part.split('%').skip(1).all(|behind| {
        matches!(behind.as_bytes(), [high, low, ..] if high.is_ascii_hexdigit() && low.is_ascii_hexdigit())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(path: &str) -> Option<(String, bool)> {
        Name::from_path(path).map(|name| (name.path().to_str().unwrap().to_owned(), name.is_directory()))
    }

    #[test]
    fn paths_name_files_and_directories() {
        for (path, expected, directory) in [
            ("/", ".", true),
            ("/a", "a", false),
            ("/a/", "a", true),
            ("/a/b.c", "a/b.c", false),
            ("/a%20b", "a b", false),
            ("/%C3%A4", "ä", false),
            ("/a%2Eb", "a.b", false),
            ("/a..b", "a..b", false),
            ("/%252e%252e", "%2e%2e", false),
            ("/a%25", "a%", false),
            ("/~a!$&'()*+,;=:@", "~a!$&'()*+,;=:@", false),
        ] {
            assert_eq!(name(path), Some((expected.into(), directory)), "{path}");
        }
    }

    #[test]
    fn a_name_need_not_be_utf_8() {
        let name = Name::from_path("/%ff").unwrap();
        assert_eq!(name.path().as_os_str().as_encoded_bytes(), b"\xff");
    }

    #[test]
    fn no_name_leads_out() {
        for path in [
            "",
            "*",
            "a",
            "//",
            "//a",
            "/a//b",
            "/a//",
            "/.",
            "/..",
            "/../",
            "/../a",
            "/a/..",
            "/a/../b",
            "/a/./b",
            "/%2e%2e/a",
            "/%2E./a",
            "/.%2e",
            "/%2e",
            "/a/%2e%2e/%2e%2e/b",
            "/..%2fa",
            "/a%2Fb",
            "/%2f",
            "/a%5Cb",
            "/a\\b",
            "/..\\a",
            "/..%5ca",
            "/%00",
            "/a%00.html",
            "/.git/config",
            "/a/.env",
            "/%2egit",
            "/.well-known",
            "/%",
            "/a%2",
            "/%g0",
            "/%0g",
            "/%%20",
            "/a%2%35",
        ] {
            assert_eq!(name(path), None, "{path}");
        }
    }
}
