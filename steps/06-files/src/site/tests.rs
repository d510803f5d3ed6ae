use std::path::PathBuf;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, SystemTime};

use keep_alive::{Handler, Http, Next, NoSuccessor};
use poll::{Rehearsal, World};

use super::*;
use crate::version::SMALL;

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
    site_that(|site| site)
}

fn site_that(is: impl FnOnce(Site) -> Site) -> (Folder, Rehearsal<Http<Demo>>) {
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
    (folder, Rehearsal::new(Demo(is(site))))
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

/// The value of a field of an answer.
fn field<'a>(answer: &'a str, name: &str) -> Option<&'a str> {
    answer.split("\r\n\r\n").next()?.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(": "))
}

#[test]
fn rfc_9110_15_3_7_2_several_parts() {
    let (folder, mut site) = site();
    // Small parts are read, large ones are sent as files: the client sees no difference.
    for length in [1000, 3 * SMALL as usize] {
        let text: String = ('a'..='z').cycle().take(length).collect();
        folder.write("b.txt", &text);
        let end = length - 1;
        let range = format!("Range: bytes=-1,0-1,{}-{}\r\n", length / 3, 2 * length / 3);
        let answer = ask(&mut site, "GET /b.txt", &range);
        let kind = field(&answer, "Content-Type").unwrap();
        let boundary = kind.strip_prefix("multipart/byteranges; boundary=").unwrap();
        let part = |first: usize, last: usize| {
            format!(
                "--{boundary}\r\nContent-Type: text/plain; charset=utf-8\r\n\
                 Content-Range: bytes {first}-{last}/{length}\r\n\r\n{}\r\n",
                &text[first..=last]
            )
        };
        let content =
            part(end, end) + &part(0, 1) + &part(length / 3, 2 * length / 3) + &format!("--{boundary}--\r\n");
        let fields = [format!("Content-Length: {}\r\n", content.len())];
        has(&answer, "206", &fields.each_ref().map(String::as_str), &content);
        assert_eq!(field(&answer, "Content-Range"), None, "{answer}");
        assert_ne!(boundary.len(), 0);
        let again = ask(&mut site, "GET /b.txt", &range);
        assert_ne!(field(&again, "Content-Type"), Some(kind), "a boundary that comes again can be foreseen");
    }
    let one = ask(&mut site, "GET /a.txt", "Range: bytes=0-1,2-3,10-\r\n");
    has(&one, "206", &["Content-Range: bytes 0-3/10\r\n", "Content-Length: 4\r\n"], "0123");
    let flood = ask(&mut site, "GET /a.txt", "Range: bytes=0-,5-0,5-1,5-2,5-3\r\n");
    has(&flood, "200", &["Content-Length: 10\r\n"], "0123456789");
    let other = ask(&mut site, "GET /a.txt", "If-Range: \"old\"\r\nRange: bytes=0-1,4-5\r\n");
    has(&other, "200", &["Content-Length: 10\r\n"], "0123456789");
}

#[test]
fn rfc_9110_12_5_3_a_packed_file_beside_it() {
    let (folder, mut site) = site();
    folder.write("a.txt.gz", "packed");
    let gzip = "Accept-Encoding: gzip\r\n";
    let packed = [
        "Content-Encoding: gzip\r\n",
        "Content-Type: text/plain; charset=utf-8\r\n",
        "Content-Length: 6\r\n",
        "Vary: Accept-Encoding\r\n",
    ];
    let answer = ask(&mut site, "GET /a.txt", gzip);
    has(&answer, "200", &packed, "packed");
    has(&ask(&mut site, "HEAD /a.txt", gzip), "200", &packed, "");
    let plain = ask(&mut site, "GET /a.txt", "");
    has(&plain, "200", &["Content-Length: 10\r\n", "Vary: Accept-Encoding\r\n"], "0123456789");
    assert_eq!(field(&plain, "Content-Encoding"), None, "{plain}");

    let etag = field(&answer, "ETag").unwrap();
    assert_ne!(Some(etag), field(&plain, "ETag"));
    let held = ask(&mut site, "GET /a.txt", &format!("{gzip}If-None-Match: {etag}\r\n"));
    has(&held, "304", &["Vary: Accept-Encoding\r\n"], "");
    let other_form = ask(&mut site, "GET /a.txt", &format!("If-None-Match: {etag}\r\n"));
    has(&other_form, "200", &[], "0123456789");

    let range = format!("{gzip}Range: bytes=1-2\r\n");
    has(
        &ask(&mut site, "GET /a.txt", &range),
        "206",
        &["Content-Encoding: gzip\r\n", "Content-Range: bytes 1-2/6\r\n"],
        "ac",
    );
    let several = format!("{gzip}Range: bytes=0-0,2-2\r\n");
    has(&ask(&mut site, "GET /a.txt", &several), "200", &packed, "packed");

    let itself = ask(&mut site, "GET /a.txt.gz", gzip);
    has(&itself, "200", &["Content-Type: application/gzip\r\n"], "packed");
    assert_eq!(field(&itself, "Content-Encoding").or(field(&itself, "Vary")), None, "{itself}");

    // A folder is asked for, and its index.html is what is packed.
    folder.write("index.html.gz", "packed too");
    has(&ask(&mut site, "GET /", gzip), "200", &["Content-Encoding: gzip\r\n"], "packed too");

    let none = ask(&mut site, "GET /index.html", "Accept-Encoding: br, *;q=0\r\n");
    has(
        &none,
        "406",
        &["Vary: Accept-Encoding\r\n"],
        "There is no form of it that Accept-Encoding allows.\n",
    );

    let file = File::options().write(true).open(folder.path().join("a.txt.gz")).unwrap();
    file.set_modified(SystemTime::UNIX_EPOCH + Duration::from_secs(999_999_999)).unwrap();
    has(&ask(&mut site, "GET /a.txt", gzip), "200", &["Content-Length: 10\r\n"], "0123456789");
    std::fs::remove_file(folder.path().join("a.txt.gz")).unwrap();
    folder.fifo("a.txt.gz");
    has(&ask(&mut site, "GET /a.txt", gzip), "200", &["Content-Length: 10\r\n"], "0123456789");
    std::fs::remove_file(folder.path().join("a.txt")).unwrap();
    assert!(ask(&mut site, "GET /a.txt", gzip).starts_with("HTTP/1.1 404 "));
}

#[test]
fn a_folder_is_listed_only_where_that_was_asked_for() {
    let (folder, mut site) = site_that(Site::listing);
    let answer = ask(&mut site, "GET /bare/", "");
    assert!(answer.starts_with("HTTP/1.1 200 ") && answer.contains("<a href=\"x.txt\">"), "{answer}");
    assert_eq!(field(&answer, "Content-Type"), Some("text/html; charset=utf-8"));
    let nonce = answer.split("style nonce=\"").nth(1).and_then(|it| it.split('"').next()).unwrap();
    assert!(
        nonce.len() == 32 && field(&answer, "Content-Security-Policy").unwrap().contains(nonce),
        "{answer}"
    );
    let head = ask(&mut site, "HEAD /bare/", "");
    assert_eq!(field(&head, "Content-Length"), field(&answer, "Content-Length"));
    assert!(head.ends_with("\r\n\r\n"), "{head}");

    has(&ask(&mut site, "GET /bare", ""), "301", &["Location: /bare/\r\n"], "It is a folder: add a slash.\n");
    has(&ask(&mut site, "GET /", ""), "200", &[], "<p>home");
    for nothing in ["/missing/", "/a.txt/", "/.git/"] {
        assert!(ask(&mut site, &format!("GET {nothing}"), "").starts_with("HTTP/1.1 404 "), "{nothing}");
    }
    // An index.html that leads out is not replaced by a list of what is there.
    std::os::unix::fs::symlink("/etc/passwd", folder.path().join("bare/index.html")).unwrap();
    assert!(ask(&mut site, "GET /bare/", "").starts_with("HTTP/1.1 404 "));
    folder.write("odd/index.html/x.txt", "an index.html that is a folder");
    assert!(ask(&mut site, "GET /odd/", "").contains("<a href=\"index.html/\">"));
}

#[test]
fn rfc_9110_15_6_4_what_may_be_there_in_a_moment_is_not_said_to_be_gone() {
    for (error, status) in [
        (Errno::MFILE, Status::ServiceUnavailable),
        (Errno::NFILE, Status::ServiceUnavailable),
        (Errno::NOMEM, Status::ServiceUnavailable),
        (Errno::IO, Status::InternalServerError),
        (Errno::NOENT, Status::NotFound),
        (Errno::NOTDIR, Status::NotFound),
        (Errno::ACCESS, Status::NotFound),
        (Errno::XDEV, Status::NotFound),
        (Errno::LOOP, Status::NotFound),
        (Errno::NAMETOOLONG, Status::NotFound),
    ] {
        assert_eq!(status_of(&error.into()), status, "{error}");
    }
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
