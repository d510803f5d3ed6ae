use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;

use keep_alive::{Handler, Http, Next, NoSuccessor};
use poll::{Rehearsal, World};

use super::*;
use crate::site::tests::Folder;

struct Demo(Cache);

impl World for Demo {}

impl Handler for Demo {
    type Exchange = ();
    type Successor = NoSuccessor<Demo>;

    fn request(&mut self, head: &Request<'_>, answer: &mut Answer<'_, '_>) -> Next<Demo> {
        self.0.answer(head, answer);
        Next::Done
    }
}

/// A folder, and a connection to a site of it. Time stands still, as in a turn, until `pass`.
fn cache(holds: Duration) -> (Folder, Rehearsal<Http<Demo>>) {
    let folder = Folder::new();
    let site = Site::open(folder.path()).unwrap();
    (folder, Rehearsal::new(Demo(Cache::new(site, holds))))
}

const TURN: Duration = Duration::from_millis(1);

fn get(site: &mut Rehearsal<Http<Demo>>, path: &str, fields: &str) -> String {
    site.receive(format!("GET {path} HTTP/1.1\r\nHost: x\r\n{fields}\r\n").as_bytes());
    assert!(site.is_open(), "{path}");
    let answer = String::from_utf8(site.sent()).unwrap();
    let (head, content) = answer.split_once("\r\n\r\n").unwrap();
    let length =
        head.split("Content-Length: ").nth(1).map_or(0, |it| it.lines().next().unwrap().parse().unwrap());
    assert_eq!(content.len(), length, "{answer}");
    answer
}

fn content(answer: &str) -> (&str, &str) {
    (&answer[9..12], answer.split_once("\r\n\r\n").unwrap().1)
}

/// The entries: how many, the files that are held open, and the bytes in memory.
fn kept(site: &Rehearsal<Http<Demo>>) -> (usize, usize, usize) {
    let cache = &site.world.0;
    let versions = || cache.entries.iter().flat_map(HashMap::values).map(|entry| entry.version.in_memory());
    assert_eq!(versions().flatten().sum::<usize>(), cache.bytes, "what is counted is what is there");
    assert_eq!(
        versions().filter(Option::is_none).count(),
        cache.open.len(),
        "what is counted is what is there"
    );
    (versions().count(), cache.open.len(), cache.bytes)
}

/// A second look can trust what is written there only if it has been so for two seconds, and a test does not wait: the
/// entries are told that they are that old.
fn settle(site: &mut Rehearsal<Http<Demo>>) {
    site.world.0.entries.iter_mut().flat_map(HashMap::values_mut).for_each(|entry| entry.settled = true);
}

#[test]
fn a_look_holds_for_its_turn_and_no_longer() {
    let (folder, mut site) = cache(Duration::ZERO);
    folder.write("a.txt", "one");
    assert_eq!(content(&get(&mut site, "/a.txt", "")), ("200", "one"));
    settle(&mut site);
    folder.write("a.txt", "two");
    assert_eq!(content(&get(&mut site, "/a.txt", "")), ("200", "one"), "in the same turn");
    site.pass(TURN);
    assert_eq!(content(&get(&mut site, "/a.txt", "")), ("200", "two"), "written anew, of the same length");
    settle(&mut site);
    site.pass(TURN);
    folder.write("b.txt", "three");
    fs::rename(folder.path().join("b.txt"), folder.path().join("a.txt")).unwrap();
    assert_eq!(content(&get(&mut site, "/a.txt", "")), ("200", "three"), "renamed over");
    settle(&mut site);
    site.pass(TURN);
    fs::remove_file(folder.path().join("a.txt")).unwrap();
    assert_eq!(content(&get(&mut site, "/a.txt", "")).0, "404", "removed");
    assert_eq!(kept(&site), (0, 0, 0));
    folder.write("a.txt", "four");
    assert_eq!(
        content(&get(&mut site, "/a.txt", "")),
        ("200", "four"),
        "that it was missing is not remembered"
    );
}

#[test]
fn the_same_file_is_not_read_again() {
    let (folder, mut site) = cache(Duration::ZERO);
    folder.write("a.txt", "one");
    get(&mut site, "/a.txt", "");
    settle(&mut site);
    let version = |site: &Rehearsal<Http<Demo>>| Rc::clone(&site.world.0.entries[0]["/a.txt"].version);
    let first = version(&site);
    site.pass(TURN);
    get(&mut site, "/a.txt", "");
    assert!(Rc::ptr_eq(&version(&site), &first));
    // Its first two seconds are another matter: it may change and look the same.
    site.world.0.entries[0].get_mut("/a.txt").unwrap().settled = false;
    site.pass(TURN);
    get(&mut site, "/a.txt", "");
    assert!(!Rc::ptr_eq(&version(&site), &first));
}

#[test]
fn a_time_that_was_set_back_hides_nothing() {
    let (folder, mut site) = cache(Duration::ZERO);
    let old = UNIX_EPOCH + Duration::from_secs(1_000_000_000);
    let write = |text| {
        folder.write("a.txt", text);
        let file = fs::File::options().write(true).open(folder.path().join("a.txt")).unwrap();
        file.set_modified(old).unwrap();
    };
    write("one");
    let one = get(&mut site, "/a.txt", "");
    assert!(!site.world.0.entries[0]["/a.txt"].settled, "it was changed just now, whatever it says");
    settle(&mut site);
    // What has the same time of change too cannot be told; the clock's step is some milliseconds.
    let before = fs::metadata(folder.path().join("a.txt")).unwrap();
    while fs::metadata(folder.path().join("a.txt")).unwrap().ctime_nsec() == before.ctime_nsec() {
        write("two");
    }
    site.pass(TURN);
    let two = get(&mut site, "/a.txt", "");
    assert_eq!((content(&one), content(&two)), (("200", "one"), ("200", "two")));
}

#[test]
fn file_cache_ms_lets_a_look_hold_for_longer() {
    let (folder, mut site) = cache(Duration::from_secs(1));
    folder.write("a.txt", "one");
    get(&mut site, "/a.txt", "");
    folder.write("a.txt", "six");
    site.pass(TURN);
    assert_eq!(content(&get(&mut site, "/a.txt", "")), ("200", "six"), "not for a file that was young");
    settle(&mut site);
    folder.write("a.txt", "two");
    site.pass(Duration::from_millis(999));
    assert_eq!(content(&get(&mut site, "/a.txt", "")), ("200", "six"));
    site.pass(Duration::from_millis(1));
    assert_eq!(content(&get(&mut site, "/a.txt", "")), ("200", "two"));
}

#[test]
fn there_is_still_no_way_out() {
    let (folder, mut site) = cache(Duration::ZERO);
    let outside = Folder::new();
    outside.write("a.txt", "secret");
    folder.write("a.txt", "inside");
    assert_eq!(content(&get(&mut site, "/a.txt", "")), ("200", "inside"));
    settle(&mut site);
    site.pass(TURN);
    // The very same file, moved out, and a link to it: it looks unchanged, and the way to it leads out.
    fs::rename(folder.path().join("a.txt"), outside.path().join("b.txt")).unwrap();
    symlink(outside.path().join("b.txt"), folder.path().join("a.txt")).unwrap();
    assert_eq!(content(&get(&mut site, "/a.txt", "")).0, "404");
    for path in ["/../a.txt", "/%2e%2e/a.txt", "//a.txt", "/.a.txt"] {
        assert_eq!(content(&get(&mut site, path, "")).0, "404", "{path}");
    }
}

#[test]
fn what_is_kept_answers_as_the_site_does() {
    let (folder, mut site) = cache(Duration::from_secs(1));
    let mut plain = Rehearsal::new(Demo(Cache::new(Site::open(folder.path()).unwrap(), Duration::ZERO)));
    folder.write("a.txt", "0123456789");
    folder.write("a.txt.gz", "packed");
    folder.write("sub/index.html", "<p>sub");
    folder.write("large.bin", &"x".repeat(3 * SMALL as usize));
    // Old, and the packed form not older.
    for name in ["a.txt", "a.txt.gz", "sub/index.html", "large.bin"] {
        let file = fs::File::options().write(true).open(folder.path().join(name)).unwrap();
        file.set_modified(UNIX_EPOCH + Duration::from_secs(1_000_000_000)).unwrap();
    }
    let tag = get(&mut site, "/a.txt", "");
    let tag = tag.split("ETag: ").nth(1).unwrap().lines().next().unwrap();
    settle(&mut site);
    let fields = [
        String::new(),
        "Accept-Encoding: gzip\r\n".into(),
        "Accept-Encoding: *;q=0\r\n".into(),
        format!("If-None-Match: {tag}\r\n"),
        "if-match: \"x\"\r\n".into(),
        "If-Modified-Since: Sun, 09 Sep 2001 01:46:40 GMT\r\n".into(),
        "Range: bytes=2-4\r\n".into(),
        "Range: bytes=-1\r\nAccept-Encoding: gzip\r\n".into(),
        "Range: bytes=99999-\r\n".into(),
        format!("Range: bytes=0-0\r\nIf-Range: {tag}\r\n"),
    ];
    for method in ["GET", "HEAD", "OPTIONS", "POST"] {
        for path in ["/a.txt", "/sub/", "/sub", "/large.bin", "/missing", "/missing/"] {
            for fields in &fields {
                let request = format!("{method} {path} HTTP/1.1\r\nHost: x\r\n{fields}\r\n");
                let mut answers = [&mut site, &mut plain].map(|site| {
                    site.receive(request.as_bytes());
                    site.receive(request.as_bytes());
                    site.pass(TURN);
                    String::from_utf8(site.sent()).unwrap()
                });
                // The second they were written in may have ended between the two.
                for answer in &mut answers {
                    let lines = answer.split_inclusive("\r\n").filter(|line| !line.starts_with("Date: "));
                    *answer = lines.collect();
                }
                assert_eq!(answers[0], answers[1], "{request}");
            }
        }
        plain.world.0.clear();
    }
}

#[test]
fn no_memory_and_no_descriptors_without_bound() {
    let (folder, mut site) = cache(Duration::from_secs(1));
    for number in 0..2 * OPEN {
        folder.write(&format!("large-{number}"), &"x".repeat(SMALL as usize + 1));
        get(&mut site, &format!("/large-{number}"), "");
        assert!(kept(&site).1 <= OPEN, "{:?}", kept(&site));
    }
    for number in 0..2 * BYTES / SMALL as usize {
        folder.write(&format!("small-{number}"), &"x".repeat(SMALL as usize));
        get(&mut site, &format!("/small-{number}"), "");
        assert!(kept(&site).2 <= BYTES, "{:?}", kept(&site));
    }
    folder.write("least", "x");
    // Two names of one file for each number: so many files would take their time.
    fs::create_dir(folder.path().join("sub")).unwrap();
    for number in 0..2 * ENTRIES {
        let name = format!("link-{number}");
        symlink(Path::new("least"), folder.path().join(&name)).unwrap();
        get(&mut site, &format!("/{name}"), "");
        assert!(kept(&site).0 <= ENTRIES, "{:?}", kept(&site));
    }
    assert!(kept(&site).0 > ENTRIES / 2, "and they are kept until then: {:?}", kept(&site));
}

#[test]
fn no_descriptor_is_kept_beyond_its_turn() {
    let (folder, mut site) = cache(Duration::from_secs(1));
    folder.write("large", &"x".repeat(SMALL as usize + 1));
    folder.write("other", "x");
    get(&mut site, "/large", "");
    settle(&mut site);
    assert_eq!(kept(&site), (1, 1, 0));
    site.pass(TURN);
    get(&mut site, "/other", "");
    assert_eq!(kept(&site), (1, 0, 1), "the next look closes it");
    get(&mut site, "/large", "");
    assert_eq!(kept(&site), (2, 1, 1));
    site.pass(TURN);
    site.call(|_, world, io| world.0.timeout(CLOSE, io));
    assert_eq!(kept(&site), (1, 0, 1), "or the deadline, when nobody looks");
}
