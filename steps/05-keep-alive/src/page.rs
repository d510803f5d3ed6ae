//! The browser page that a rung carries with it.

use request::{Method, Request, Status};

use crate::{Answer, Content};

/// A page and its script, embedded in the binary. `/style.css` and `/common.js` are the same on every rung.
pub struct Page {
    /// `page/index.html`, at `/`.
    pub html: &'static str,
    /// `page/page.js`, at `/page.js`.
    pub script: &'static str,
}

const HTML: &str = "text/html; charset=utf-8";
const COMMON: &str = include_str!("../page/common.js");
const STYLE: &str = include_str!("../page/style.css");

/// The page may load nothing but what this server sends, and no script may stand in the HTML itself. Messages of
/// other people are shown on these pages; should a page ever mistake one for HTML, it still cannot run.
const POLICY: &str = "default-src 'self'; img-src 'self' data:";

/// One more file of a page: another script, another style.
pub struct Asset {
    /// Its path: `/chat.css`.
    pub path: &'static str,
    /// Its Content-Type: [`Asset::CSS`], say.
    pub kind: &'static str,
    /// What it holds.
    pub content: &'static str,
}

impl Page {
    /// Answers if the request is for the page, its script, or what all pages share. `false`: it is for something else.
    pub fn answers(&self, head: &Request<'_>, answer: &mut Answer<'_, '_>) -> bool {
        let (kind, content) = match head.target.path() {
            "/" | "/index.html" => (HTML, self.html),
            "/page.js" => (Asset::SCRIPT, self.script),
            "/common.js" => (Asset::SCRIPT, COMMON),
            "/style.css" => (Asset::CSS, STYLE),
            _ => return false,
        };
        send(kind, content, head, answer);
        true
    }

    /// Answers with the page itself, whatever the path is.
    pub fn show(&self, head: &Request<'_>, answer: &mut Answer<'_, '_>) {
        send(HTML, self.html, head, answer);
    }
}

impl Asset {
    /// The Content-Type of a script.
    pub const SCRIPT: &'static str = "text/javascript; charset=utf-8";
    /// The Content-Type of a style.
    pub const CSS: &'static str = "text/css; charset=utf-8";

    /// Another script.
    pub const fn script(path: &'static str, content: &'static str) -> Asset {
        Asset { path, kind: Asset::SCRIPT, content }
    }

    /// Another style.
    pub const fn css(path: &'static str, content: &'static str) -> Asset {
        Asset { path, kind: Asset::CSS, content }
    }

    /// Answers if the request is for this file. `false`: it is for something else.
    pub fn answers(&self, head: &Request<'_>, answer: &mut Answer<'_, '_>) -> bool {
        let is_asked_for = head.target.path() == self.path;
        if is_asked_for {
            send(self.kind, self.content, head, answer);
        }
        is_asked_for
    }
}

fn send(kind: &'static str, content: &'static str, head: &Request<'_>, answer: &mut Answer<'_, '_>) {
    match head.method {
        Method::Get | Method::Head => {
            answer.send(Status::Ok, Content::Bytes(content.as_bytes()), |head| {
                // A student edits a page, builds, and reloads: the browser must ask again.
                head.field("Content-Type", kind)
                    .field("Cache-Control", "no-cache")
                    .field("Content-Security-Policy", POLICY)
                    .field("X-Content-Type-Options", "nosniff")
            });
        }
        Method::Options => {
            answer.send(Status::NoContent, Content::Empty, |head| head.field("Allow", "GET, HEAD, OPTIONS"));
        }
        _ => answer.method_not_allowed("GET, HEAD, OPTIONS"),
    }
}
