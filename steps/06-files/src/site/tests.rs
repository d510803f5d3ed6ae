use std::path::PathBuf;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, SystemTime};

use keep_alive::{Handler, Http, Next, NoSuccessor};
use poll::{Rehearsal, World};

use super::*;

/// A folder that is removed at the end.
pub(crate) struct Folder(PathBuf);

impl Folder {
    pub fn new() -> Folder {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let name = format!("barewire-files-{}-{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed));
        let path = std::env::temp_dir().join(name);
        std::fs::create_dir_all(&path).unwrap();
        Folder(path)
    }

    pub fn path(&self) -> &Path {
        &self.0
    }

    pub fn write(&self, name: &str, text: &str) {
        let path = self.0.join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }

    pub fn fifo(&self, name: &str) {
        assert!(std::process::Command::new("mkfifo").arg(self.0.join(name)).status().unwrap().success());
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

struct Demo(Site);

impl World for Demo {}

impl Handler for Demo {
    type Exchange = ();
    type Successor = NoSuccessor<Demo>;

    fn request(&mut self, head: &Request<'_>, answer: &mut Answer<'_, '_>) -> Next<Demo> {
        self.0.answer(head, answer);
        Next::Done
    }
}

/// A site with an old page, and a connection to it.
fn site() -> (Folder, Rehearsal<Http<Demo>>) {
    let folder = Folder::new();
    folder.write("index.html", "<p>home");
    folder.write("a.txt", "0123456789");
    folder.write("sub/index.html", "<p>sub");
    folder.write("bare/x.txt", "x");
    for name in ["index.html", "a.txt"] {
        let file = File::options().write(true).open(folder.path().join(name)).unwrap();
        file.set_modified(SystemTime::UNIX_EPOCH + Duration::from_secs(1_000_000_000)).unwrap();
    }
    let site = Site::open(folder.path()).unwrap();
    (folder, Rehearsal::new(Demo(site)))
}

/// Asks for something and gets the whole answer, which must leave the connection open.
fn ask(site: &mut Rehearsal<Http<Demo>>, line: &str, fields: &str) -> String {
    site.receive(format!("{line} HTTP/1.1\r\nHost: x\r\n{fields}\r\n").as_bytes());
    assert!(site.is_open(), "{line}");
    String::from_utf8(site.sent()).unwrap()
}

fn has(answer: &str, status: &str, fields: &[&str], content: &str) {
    assert!(answer.starts_with(&format!("HTTP/1.1 {status} ")), "{answer}");
    for field in fields {
        assert!(answer.contains(&format!("\r\n{field}")), "{field} in {answer}");
    }
    assert!(answer.ends_with(&format!("\r\n\r\n{content}")), "{content:?} in {answer}");
}

#[test]
fn files_and_folders() {
    let (_folder, mut site) = site();
    let whole =
        ["Content-Length: 10\r\n", "Content-Type: text/plain; charset=utf-8\r\n", "Accept-Ranges: bytes\r\n"];
    has(&ask(&mut site, "GET /a.txt", ""), "200", &whole, "0123456789");
    has(&ask(&mut site, "GET http://y/a.txt?z", ""), "200", &whole, "0123456789");
    has(&ask(&mut site, "HEAD /a.txt", ""), "200", &whole, "");
    has(&ask(&mut site, "GET /", ""), "200", &["Content-Type: text/html; charset=utf-8\r\n"], "<p>home");
    has(&ask(&mut site, "GET /sub/", ""), "200", &[], "<p>sub");
    let answer = ask(&mut site, "GET /sub?a=b&c", "");
    has(&answer, "301", &["Location: /sub/?a=b&c\r\n"], "It is a folder: add a slash.\n");
    for nothing in ["/b.txt", "/bare/", "/a.txt/", "/a.txt/x", "/../a.txt", "/%2e", "//a.txt"] {
        has(&ask(&mut site, &format!("GET {nothing}"), ""), "404", &[], "There is no such file.\n");
    }
}

#[test]
fn methods() {
    let (_folder, mut site) = site();
    has(&ask(&mut site, "OPTIONS /a.txt", ""), "204", &["Allow: GET, HEAD, OPTIONS\r\n"], "");
    for method in ["POST", "PUT", "DELETE", "PATCH"] {
        let answer = ask(&mut site, &format!("{method} /a.txt"), "Content-Length: 0\r\n");
        assert!(
            answer.starts_with("HTTP/1.1 405 ") && answer.contains("\r\nAllow: GET, HEAD, OPTIONS\r\n"),
            "{answer}"
        );
    }
}

#[test]
fn conditions_and_ranges_in_their_order() {
    let (_folder, mut site) = site();
    let answer = ask(&mut site, "GET /a.txt", "");
    let etag = answer.split("ETag: ").nth(1).unwrap().split('\r').next().unwrap().to_owned();
    let date = "Sun, 09 Sep 2001 01:46:40 GMT";
    assert!(answer.contains(&format!("Last-Modified: {date}\r\n")), "{answer}");

    let answer = ask(&mut site, "GET /a.txt", &format!("If-None-Match: {etag}\r\nRange: bytes=2-3\r\n"));
    has(&answer, "304", &[&format!("ETag: {etag}\r\n"), "Cache-Control: no-cache\r\n"], "");
    assert!(!answer.contains("Content-Length"), "{answer}");

    let part = ["Content-Range: bytes 2-3/10\r\n", "Content-Length: 2\r\n"];
    has(&ask(&mut site, "GET /a.txt", "Range: bytes=2-3\r\n"), "206", &part, "23");
    has(
        &ask(&mut site, "GET /a.txt", &format!("If-Range: {etag}\r\nRange: bytes=2-3\r\n")),
        "206",
        &part,
        "23",
    );
    has(&ask(&mut site, "GET /a.txt", "If-Range: \"old\"\r\nRange: bytes=2-3\r\n"), "200", &[], "0123456789");
    has(&ask(&mut site, "HEAD /a.txt", "Range: bytes=2-3\r\n"), "200", &["Content-Length: 10\r\n"], "");
    let beyond = ask(&mut site, "GET /a.txt", "Range: bytes=10-\r\n");
    assert!(
        beyond.starts_with("HTTP/1.1 416 ") && beyond.contains("\r\nContent-Range: bytes */10\r\n"),
        "{beyond}"
    );
    let failed = ask(&mut site, "GET /a.txt", "If-Match: \"old\"\r\nRange: bytes=2-3\r\n");
    assert!(failed.starts_with("HTTP/1.1 412 "), "{failed}");
}

#[test]
fn the_least_and_the_largest_of_the_small() {
    let (folder, mut site) = site();
    for length in [0, 1, SMALL as usize, SMALL as usize + 1] {
        let text = "x".repeat(length);
        folder.write("b.txt", &text);
        let answer = ask(&mut site, "GET /b.txt", "");
        has(&answer, "200", &[&format!("Content-Length: {length}\r\n")], &text);
    }
}
