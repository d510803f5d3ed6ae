//! What rung 06 promises any client: steps/06-files/CONTRACT.md.

#[path = "06_files/large.rs"]
mod large;

use std::fs::{self, File};
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::{Duration, SystemTime};

use harness::{Lesson, Server, Story, starts_and_stops};
use large::*;

fn main() -> ExitCode {
    harness::suite(
        "06-files",
        harness::tests![
            starts_and_stops,
            without_a_root_it_shows_a_site_of_its_own,
            a_file_comes_as_it_is_with_its_type,
            an_index_stands_for_its_folder,
            a_folder_without_its_slash_is_redirected,
            names_are_percent_decoded_once,
            head_says_the_same_without_content,
            other_methods_are_told_what_is_allowed,
            an_etag_saves_the_content,
            a_young_file_has_a_weak_etag,
            a_date_saves_the_content,
            rfc_9110_13_2_2_conditions_have_an_order,
            curl_fetches_a_range,
            curl_continues_a_download,
            rfc_9110_14_ranges_first_last_and_suffix,
            a_range_beyond_the_end_is_416,
            if_range_never_glues_two_versions,
            there_is_no_way_out_by_any_spelling,
            there_is_no_way_out_by_a_link,
            dotfiles_are_not_there,
            what_is_no_file_blocks_nobody,
            absolute_form_names_the_same_file,
            pipelined_files_come_in_order,
            a_file_that_shrinks_ends_the_connection,
            slow(60, a_large_file_arrives_whole),
            slow(60, a_slow_reader_costs_no_memory),
            a_missing_root_is_one_clear_line,
        ],
    )
}

/// Sun, 09 Sep 2001 01:46:40 GMT.
const LONG_AGO: Duration = Duration::from_secs(1_000_000_000);
const LONG_AGO_DATE: &str = "Sun, 09 Sep 2001 01:46:40 GMT";

/// A folder with these files, last changed long ago, and a server for it.
fn serves(story: &Story, files: &[(&str, &str)]) -> (PathBuf, Server) {
    let root = story.directory().join("root");
    fs::create_dir_all(&root).expect("a folder of our own");
    for (name, text) in files {
        write(&root.join(name), text);
    }
    let server = story.server_with(|s| s.arg("--root").arg(&root));
    (root, server)
}

fn write(path: &Path, text: &str) {
    fs::create_dir_all(path.parent().expect("a file in a folder")).expect("a folder of our own");
    fs::write(path, text).expect("a file of our own");
    let file = File::options().write(true).open(path).expect("the file just written");
    file.set_modified(SystemTime::UNIX_EPOCH + LONG_AGO).expect("a time of our own");
}

fn without_a_root_it_shows_a_site_of_its_own(story: &Story) {
    story.teaches(Lesson {
        why: "Wherever it is started, the server shows something: a page with files of several types.",
        read: "notes/06-files.md",
        hand: "curl -v http://127.0.0.1:{port}/",
    });
    let elsewhere = story.directory();
    let elsewhere = elsewhere.to_str().expect("a plain name").to_owned();
    let server = story.server_with(|s| s.under(["sh", "-c", "cd \"$0\" && exec \"$@\"", elsewhere.as_str()]));
    let mut alice = story.client("alice", &server);
    alice
        .gets("/")
        .has_status(200)
        .has_field("Content-Type", "text/html; charset=utf-8")
        .body_contains("<h1>files</h1>");
}

fn a_file_comes_as_it_is_with_its_type(story: &Story) {
    story.teaches(Lesson {
        why: "A browser does with a file what Content-Type says: without the right one a style is ignored, \
              a script refused, a page shown as text. Text has a charset, or its accents break.",
        read: "RFC 9110 §8.3, notes/06-files.md",
        hand: "curl -v http://127.0.0.1:{port}/style.css",
    });
    let cases = [
        ("a.html", "text/html; charset=utf-8"),
        ("a.css", "text/css; charset=utf-8"),
        ("a.js", "text/javascript; charset=utf-8"),
        ("a.txt", "text/plain; charset=utf-8"),
        ("a.json", "application/json"),
        ("a.svg", "image/svg+xml"),
        ("A.PNG", "image/png"),
        ("a.woff2", "font/woff2"),
        ("a.wasm", "application/wasm"),
        ("a.unheard-of", "application/octet-stream"),
        ("none", "application/octet-stream"),
    ];
    let (_, server) = serves(story, &cases.map(|(name, _)| (name, name)));
    let mut alice = story.client("alice", &server);
    for (name, kind) in cases {
        alice
            .gets(&format!("/{name}"))
            .has_status(200)
            .has_field("Content-Type", kind)
            .has_field("Content-Length", &name.len().to_string())
            .has_field("X-Content-Type-Options", "nosniff")
            .has_body(name);
    }
    alice.gets("/missing.txt").has_status(404);
    alice.gets("/a.txt?with=query").has_status(200).has_body("a.txt");
}

fn an_index_stands_for_its_folder(story: &Story) {
    story.teaches(Lesson {
        why: "A path that ends with a slash means a folder: its index.html answers. Without one there is \
              nothing to see; the folder's names are not for everybody.",
        read: "notes/06-files.md",
        hand: "curl -v http://127.0.0.1:{port}/",
    });
    let (_, server) =
        serves(story, &[("index.html", "home"), ("sub/index.html", "sub"), ("bare/secret-name.txt", "x")]);
    let mut alice = story.client("alice", &server);
    alice.gets("/").has_status(200).has_field("Content-Type", "text/html; charset=utf-8").has_body("home");
    alice.gets("/sub/").has_status(200).has_body("sub");
    alice.gets("/index.html").has_status(200).has_body("home");
    let bare = alice.gets("/bare/");
    bare.has_status(404);
    story.expects(!bare.text().contains("secret-name"), "no listing of a folder without index.html");
    alice.gets("/index.html/").has_status(404);
}

fn a_folder_without_its_slash_is_redirected(story: &Story) {
    story.teaches(Lesson {
        why: "Answered at /sub, a page's relative link x.css would mean /x.css. So the browser is sent to \
              /sub/, and the query goes with it.",
        read: "RFC 9110 §15.4.2, RFC 3986 §5.2.3, notes/06-files.md",
        hand: "curl -v 'http://127.0.0.1:{port}/poem?a=b'",
    });
    let (_, server) = serves(story, &[("sub/index.html", "sub"), ("a b/index.html", "x")]);
    let mut alice = story.client("alice", &server);
    alice.gets("/sub").has_status(301).has_field("Location", "/sub/");
    alice.gets("/sub?a=b&c=%20").has_status(301).has_field("Location", "/sub/?a=b&c=%20");
    alice.gets("/a%20b").has_status(301).has_field("Location", "/a%20b/");
    story.note("two slashes in front would name another host: //sub/ is not a path but http://sub/");
    let answer = alice.gets("//sub");
    let location = answer.header("Location").unwrap_or_default();
    story.expects(!location.starts_with("//"), format!("no redirect to another host, it was {location:?}"));
}

fn names_are_percent_decoded_once(story: &Story) {
    story.teaches(Lesson {
        why: "A path is percent-encoded UTF-8. It is decoded exactly once: twice, %252e becomes a dot that \
              nobody has judged.",
        read: "RFC 3986 §2.1 and §2.4, notes/06-files.md",
        hand: "curl -v http://127.0.0.1:{port}/na%C3%AFve%20caf%C3%A9.txt",
    });
    let files =
        [("a b.txt", "space"), ("naïve.txt", "accent"), ("50%.txt", "percent"), ("%41.txt", "encoded")];
    let (_, server) = serves(story, &files);
    let mut alice = story.client("alice", &server);
    for (path, text) in [
        ("/a%20b.txt", "space"),
        ("/na%C3%AFve.txt", "accent"),
        ("/na%c3%afve%2etxt", "accent"),
        ("/50%25.txt", "percent"),
        ("/%2541.txt", "encoded"),
    ] {
        alice.gets(path).has_status(200).has_body(text);
    }
    story.note("a + means a space in forms, not in a path");
    alice.gets("/a+b.txt").has_status(404);
    for broken in ["/50%.txt", "/a%2", "/a%zz"] {
        let status = alice.gets(broken).status;
        story.expects(status == 404 || status == 400, format!("{broken}: 404 or 400, it was {status}"));
    }
}

fn head_says_the_same_without_content(story: &Story) {
    story.teaches(Lesson {
        why: "HEAD is GET without the content: the same fields, the length too. Whoever sends content after \
              it breaks the next answer.",
        read: "RFC 9110 §9.3.2",
        hand: "curl -I http://127.0.0.1:{port}/wire.svg",
    });
    let (_, server) = serves(story, &[("a.txt", "0123456789")]);
    let mut alice = story.client("alice", &server);
    let get = alice.gets("/a.txt");
    alice.sends("HEAD /a.txt HTTP/1.1\r\nHost: x\r\n\r\n");
    let head = alice.receives_response_to("HEAD");
    for name in ["Content-Type", "Content-Length", "ETag", "Last-Modified", "Accept-Ranges"] {
        let field = get.header(name).unwrap_or_default();
        story.expects(!field.is_empty(), format!("{name} in the answer to GET"));
        head.has_field(name, field);
    }
    story.note("Range is defined for GET alone (RFC 9110 §14.2)");
    alice.sends("HEAD /a.txt HTTP/1.1\r\nHost: x\r\nRange: bytes=0-1\r\n\r\n");
    alice.receives_response_to("HEAD").has_status(200).has_field("Content-Length", "10");
    alice.gets("/a.txt").has_body("0123456789");
}

fn other_methods_are_told_what_is_allowed(story: &Story) {
    story.teaches(Lesson {
        why: "405 says what would be allowed, and the connection goes on: nothing about the framing was in \
              doubt.",
        read: "RFC 9110 §15.5.6, §9.3.7",
        hand: "curl -v -X DELETE http://127.0.0.1:{port}/wire.svg",
    });
    let (root, server) = serves(story, &[("a.txt", "0123456789")]);
    let mut alice = story.client("alice", &server);
    for method in ["POST", "PUT", "DELETE", "PATCH"] {
        let answer = alice.requests(method, "/a.txt", &[], b"body");
        answer.has_status(405).has_token("Allow", "GET").has_token("Allow", "HEAD");
    }
    alice.requests("OPTIONS", "/a.txt", &[], b"").has_status(204).has_token("Allow", "GET");
    alice.gets("/a.txt").has_status(200).has_body("0123456789");
    story.expects(root.join("a.txt").exists(), "the file is still there");
}

fn an_etag_saves_the_content(story: &Story) {
    story.teaches(Lesson {
        why: "The browser shows the tag of the version that it has. If that is still the one, 304 and no \
              content.",
        read: "RFC 9110 §13.1.2, §15.4.5",
        hand: "curl -v --etag-save e http://127.0.0.1:{port}/wire.svg -o a; curl -v --etag-compare e http://127.0.0.1:{port}/wire.svg",
    });
    let (root, server) = serves(story, &[("a.txt", "0123456789")]);
    let mut alice = story.client("alice", &server);
    let first = alice.gets("/a.txt");
    first.has_status(200);
    let etag = first.header("ETag").unwrap_or_default().to_owned();
    story.expects(etag.starts_with('"'), format!("a strong ETag for an old file, it was {etag:?}"));
    for value in [
        etag.clone(),
        format!("W/{etag}"),
        "*".into(),
        format!("\"other\", {etag}"),
        format!("\"a,b\",{etag}"),
    ] {
        let answer = alice.requests("GET", "/a.txt", &[("If-None-Match", &value)], b"");
        answer.has_status(304).has_field("ETag", &etag).has_body("");
    }
    for value in ["\"other\"", "\"\"", "nonsense"] {
        alice
            .requests("GET", "/a.txt", &[("If-None-Match", value)], b"")
            .has_status(200)
            .has_body("0123456789");
    }
    story.note("the same length, the same second: still another version");
    write(&root.join("b.txt"), "abcdefghij");
    fs::rename(root.join("b.txt"), root.join("a.txt")).expect("a file of our own");
    let changed = alice.requests("GET", "/a.txt", &[("If-None-Match", &etag)], b"");
    changed.has_status(200).has_body("abcdefghij");
    story.expects(changed.header("ETag") != Some(&etag), "another version has another ETag");
}

fn a_young_file_has_a_weak_etag(story: &Story) {
    story.teaches(Lesson {
        why: "A file may be written twice within one tick of its clock, and keep size and time. So a tag \
              made of these promises nothing byte by byte until the file has settled: it is weak.",
        read: "RFC 9110 §8.8.1, §8.8.3",
        hand: "touch steps/06-files/page/wire.svg; curl -I http://127.0.0.1:{port}/wire.svg",
    });
    let (root, server) = serves(story, &[("a.txt", "0123456789")]);
    let mut alice = story.client("alice", &server);
    let file = File::options().write(true).open(root.join("a.txt")).expect("a file of our own");
    story.note("the file's time is set a minute ahead, so that no slow test lets it settle");
    file.set_modified(SystemTime::now() + Duration::from_secs(60)).expect("a time of our own");
    let young = alice.gets("/a.txt");
    let etag = young.header("ETag").unwrap_or_default().to_owned();
    story.expects(etag.starts_with("W/\""), format!("a weak ETag, it was {etag:?}"));
    alice.requests("GET", "/a.txt", &[("If-None-Match", &etag)], b"").has_status(304);
    story.note("If-Match compares strongly (RFC 9110 §13.1.1)");
    alice.requests("GET", "/a.txt", &[("If-Match", &etag)], b"").has_status(412);
    story.note("RFC 9110 §8.8.2.1: a date from the future is replaced with Date");
    young.has_field("Last-Modified", young.header("Date").unwrap_or("a Date field"));
}

fn a_date_saves_the_content(story: &Story) {
    story.teaches(Lesson {
        why: "Older than tags: has it changed since? A date in any of the three old forms, else it is \
              ignored.",
        read: "RFC 9110 §13.1.3, §13.1.4, §5.6.7",
        hand: "curl -v -z wire.svg -o wire.svg http://127.0.0.1:{port}/wire.svg",
    });
    let (_, server) = serves(story, &[("a.txt", "0123456789")]);
    let mut alice = story.client("alice", &server);
    alice.gets("/a.txt").has_status(200).has_field("Last-Modified", LONG_AGO_DATE);
    for (name, value, status) in [
        ("If-Modified-Since", LONG_AGO_DATE, 304),
        ("If-Modified-Since", "Sun, 09 Sep 2001 01:46:41 GMT", 304),
        ("If-Modified-Since", "Sun, 09 Sep 2001 01:46:39 GMT", 200),
        ("If-Modified-Since", "Sunday, 09-Sep-01 01:46:40 GMT", 304),
        ("If-Modified-Since", "Sun Sep  9 01:46:40 2001", 304),
        ("If-Modified-Since", "the other day", 200),
        ("If-Unmodified-Since", LONG_AGO_DATE, 200),
        ("If-Unmodified-Since", "Sun, 09 Sep 2001 01:46:39 GMT", 412),
        ("If-Unmodified-Since", "the other day", 200),
    ] {
        alice.requests("GET", "/a.txt", &[(name, value)], b"").has_status(status);
    }
    alice.gets("/a.txt").has_body("0123456789");
}

fn rfc_9110_13_2_2_conditions_have_an_order(story: &Story) {
    story.teaches(Lesson {
        why: "A tag is more exact than a date, so beside one the date is not looked at; and 412 comes \
              before 304, 304 before 206.",
        read: "RFC 9110 §13.2.2",
        hand: "curl -v -H 'If-None-Match: \"x\"' -H 'If-Modified-Since: Fri, 31 Dec 2100 00:00:00 GMT' http://127.0.0.1:{port}/wire.svg",
    });
    let (_, server) = serves(story, &[("a.txt", "0123456789")]);
    let mut alice = story.client("alice", &server);
    let etag = alice.gets("/a.txt").header("ETag").unwrap_or_default().to_owned();
    let before = "Sun, 09 Sep 2001 01:46:39 GMT";
    for (fields, status) in [
        ([("If-None-Match", "\"other\""), ("If-Modified-Since", LONG_AGO_DATE)], 200),
        ([("If-None-Match", etag.as_str()), ("If-Modified-Since", before)], 304),
        ([("If-Match", etag.as_str()), ("If-Unmodified-Since", before)], 200),
        ([("If-Match", "\"other\""), ("If-None-Match", etag.as_str())], 412),
        ([("If-None-Match", etag.as_str()), ("Range", "bytes=0-1")], 304),
        ([("If-Match", "\"other\""), ("Range", "bytes=0-1")], 412),
        ([("If-Match", etag.as_str()), ("Range", "bytes=0-1")], 206),
        ([("If-Match", "\"other\""), ("Range", "bytes=99-")], 412),
    ] {
        alice.requests("GET", "/a.txt", &fields, b"").has_status(status);
    }
    story.note("conditions are for what exists: a missing file stays missing (RFC 9110 §13.2.1)");
    alice.requests("GET", "/b.txt", &[("If-None-Match", "*")], b"").has_status(404);
}

fn curl_fetches_a_range(story: &Story) {
    story.teaches(Lesson {
        why: "206 says which bytes these are, and of how many.",
        read: "RFC 9110 §14.4, §15.3.7",
        hand: "curl -v -r 2-5 http://127.0.0.1:{port}/ladder.json",
    });
    let (_, server) = serves(story, &[("a.txt", "0123456789")]);
    let url = format!("http://{}/a.txt", server.address());
    for (range, expected) in [("2-5", "2345"), ("7-", "789"), ("-2", "89"), ("0-99", "0123456789")] {
        let ran = story.curl(["--fail", "-r", range, &url]);
        ran.succeeds();
        ran.prints(expected);
    }
    story.curl(["-D", "-", "-r", "2-5", &url]).mentions("Content-Range: bytes 2-5/10");
}

fn curl_continues_a_download(story: &Story) {
    story.teaches(Lesson {
        why: "A download that broke goes on where it stopped: that is what Range is for.",
        read: "RFC 9110 §14",
        hand: "curl -r 0-99 -o part http://127.0.0.1:{port}/wire.svg; curl -C - -o part http://127.0.0.1:{port}/wire.svg",
    });
    let text: String = (0..40_000).map(|n| format!("{n}\n")).collect();
    let (root, server) = serves(story, &[("a.txt", &text)]);
    let part = root.with_file_name("part");
    fs::write(&part, &text[..12_345]).expect("a file of our own");
    let url = format!("http://{}/a.txt", server.address());
    story.curl(["--fail", "-C", "-", "-o", part.to_str().expect("a plain name"), &url]).succeeds();
    let whole = fs::read_to_string(&part).unwrap_or_default();
    story.expects(whole == text, format!("the whole file of {} bytes, it was {}", text.len(), whole.len()));
}

fn rfc_9110_14_ranges_first_last_and_suffix(story: &Story) {
    story.teaches(Lesson {
        why: "Both ends of a range count; a last position behind the end means the end; what is no valid \
              range is ignored, and the whole file comes.",
        read: "RFC 9110 §14.1.2, §14.2",
        hand: "curl -v -H 'Range: bytes=-3' http://127.0.0.1:{port}/ladder.json",
    });
    let (_, server) = serves(story, &[("a.txt", "0123456789"), ("empty.txt", "")]);
    let mut alice = story.client("alice", &server);
    for (range, content, named) in [
        ("bytes=0-0", "0", "bytes 0-0/10"),
        ("bytes=9-9", "9", "bytes 9-9/10"),
        ("bytes=3-", "3456789", "bytes 3-9/10"),
        ("bytes=-3", "789", "bytes 7-9/10"),
        ("bytes=-99", "0123456789", "bytes 0-9/10"),
        ("bytes=0-9", "0123456789", "bytes 0-9/10"),
        ("bytes=8-99999999999999999999999", "89", "bytes 8-9/10"),
    ] {
        let answer = alice.requests("GET", "/a.txt", &[("Range", range)], b"");
        answer.has_status(206).has_field("Content-Range", named).has_body(content);
        answer.has_field("Content-Length", &content.len().to_string());
    }
    for range in ["bytes=5-4", "bytes=a-b", "bytes=-", "bytes=", "lines=0-1", "bytes=+1-2", "0-1"] {
        let answer = alice.requests("GET", "/a.txt", &[("Range", range)], b"");
        answer.has_status(200).has_no_field("Content-Range").has_body("0123456789");
    }
    alice.requests("GET", "/empty.txt", &[], b"").has_status(200).has_body("");
}

fn a_range_beyond_the_end_is_416(story: &Story) {
    story.teaches(Lesson {
        why: "416 says how long the file is, so that the client can ask better. The connection goes on.",
        read: "RFC 9110 §15.5.17",
        hand: "curl -v -r 1000000- http://127.0.0.1:{port}/ladder.json",
    });
    let (_, server) = serves(story, &[("a.txt", "0123456789"), ("empty.txt", "")]);
    let mut alice = story.client("alice", &server);
    for range in ["bytes=10-", "bytes=10-20", "bytes=-0", "bytes=99999999999999999999999-"] {
        let answer = alice.requests("GET", "/a.txt", &[("Range", range)], b"");
        answer.has_status(416).has_field("Content-Range", "bytes */10");
    }
    let answer = alice.requests("GET", "/empty.txt", &[("Range", "bytes=0-0")], b"");
    answer.has_status(416).has_field("Content-Range", "bytes */0");
    alice.gets("/a.txt").has_status(200);
}

fn if_range_never_glues_two_versions(story: &Story) {
    story.teaches(Lesson {
        why: "The client has the first half of one version. If the file has changed, the second half of \
              another would make nonsense: it gets the whole. A weak tag proves nothing here.",
        read: "RFC 9110 §13.1.5",
        hand: "curl -v -r 0-9 -H 'If-Range: \"old\"' http://127.0.0.1:{port}/ladder.json",
    });
    let (_, server) = serves(story, &[("a.txt", "0123456789")]);
    let mut alice = story.client("alice", &server);
    let etag = alice.gets("/a.txt").header("ETag").unwrap_or_default().to_owned();
    for (validator, status) in [
        (etag.as_str(), 206),
        (LONG_AGO_DATE, 206),
        (&format!("W/{etag}"), 200),
        ("\"old\"", 200),
        ("Sun, 09 Sep 2001 01:46:41 GMT", 200),
        ("nonsense", 200),
    ] {
        let fields = [("Range", "bytes=5-"), ("If-Range", validator)];
        let answer = alice.requests("GET", "/a.txt", &fields, b"");
        answer.has_status(status).has_body(if status == 206 { "56789" } else { "0123456789" });
    }
}

fn there_is_no_way_out_by_any_spelling(story: &Story) {
    story.teaches(Lesson {
        why: "A path comes from a stranger. Cut at slashes, decode each part once, judge it, and open below \
              the root only: whatever it spells, it stays inside.",
        read: "RFC 3986 §3.3 and §7.3, notes/06-files.md",
        hand: "curl -v --path-as-is http://127.0.0.1:{port}/%2e%2e/src/main.rs",
    });
    let (root, server) = serves(story, &[("a.txt", "inside"), ("sub/b.txt", "inside")]);
    write(&root.with_file_name("secret.txt"), "outside");
    let absolute = format!("/{}", root.with_file_name("secret.txt").display());
    let mut alice = story.client("alice", &server);
    for path in [
        "/../secret.txt",
        "/sub/../../secret.txt",
        "/./../secret.txt",
        "/%2e%2e/secret.txt",
        "/%2E%2E/secret.txt",
        "/.%2e/secret.txt",
        "/%2e./secret.txt",
        "/..%2fsecret.txt",
        "/..%2Fsecret.txt",
        "/%2e%2e%2fsecret.txt",
        "/sub%2f..%2f..%2fsecret.txt",
        "/..%5csecret.txt",
        "/..\\secret.txt",
        "/%5c../secret.txt",
        "/%252e%252e/secret.txt",
        "/..%252fsecret.txt",
        "/%c0%ae%c0%ae/secret.txt",
        "/%uff0e%uff0e/secret.txt",
        "/..;/secret.txt",
        "/..%00/secret.txt",
        "/a.txt%00.html",
        "/../secret.txt%00",
        "//../secret.txt",
        "/sub//../../secret.txt",
        "/.../secret.txt",
        "/%2fetc/passwd",
        "//etc/passwd",
        "/file:///etc/passwd",
        &absolute,
        "/../root/a.txt",
        "/../../../../../../../../../../etc/passwd",
    ] {
        alice.sends(format!("GET {path} HTTP/1.1\r\nHost: x\r\n\r\n"));
        let answer = alice.receives_response();
        let refused = matches!(answer.status, 400 | 403 | 404);
        story.expects(refused, format!("{path}: 404, 403 or 400, it was {}", answer.status));
        story.expects(!answer.text().contains("outside"), format!("{path} does not lead out of the root"));
        if answer.status == 400 {
            alice = story.client("alice again", &server);
        }
    }
    alice.gets("/sub/b.txt").has_status(200).has_body("inside");
}

fn there_is_no_way_out_by_a_link(story: &Story) {
    story.teaches(Lesson {
        why: "A symbolic link may lead anywhere, and may be changed between the look and the opening. The \
              kernel can do both at once: openat2 with RESOLVE_BENEATH.",
        read: "openat2(2), notes/06-files.md",
        hand: "ln -s /etc/passwd steps/06-files/page/out; curl -v http://127.0.0.1:{port}/out; rm steps/06-files/page/out",
    });
    let (root, server) = serves(story, &[("a.txt", "inside"), ("sub/b.txt", "inside")]);
    write(&root.with_file_name("secret.txt"), "outside");
    write(&root.with_file_name("root-of-another").join("secret.txt"), "outside");
    for (target, link) in [
        ("../secret.txt", "relative"),
        ("..", "parent"),
        ("/", "everything"),
        ("/proc/self/cwd", "magic"),
        ("relative", "link-to-a-link"),
        ("../root-of-another", "sibling"),
        ("loop", "loop"),
        ("missing", "dangling"),
        ("a.txt", "good"),
        ("../a.txt", "sub/good"),
        ("sub", "folder"),
    ] {
        symlink(target, root.join(link)).expect("a link of our own");
    }
    symlink(root.with_file_name("secret.txt"), root.join("absolute")).expect("a link of our own");
    let mut alice = story.client("alice", &server);
    for path in [
        "/relative",
        "/absolute",
        "/parent/secret.txt",
        "/parent",
        "/everything/etc/passwd",
        "/magic/Cargo.toml",
        "/link-to-a-link",
        "/sibling/secret.txt",
        "/loop",
        "/dangling",
    ] {
        let answer = alice.gets(path);
        story.expects(!answer.text().contains("outside"), format!("{path} does not lead out of the root"));
        answer.has_status(404);
    }
    story.note("links that stay inside work");
    for path in ["/good", "/sub/good", "/folder/b.txt"] {
        alice.gets(path).has_status(200).has_body("inside");
    }
}

fn dotfiles_are_not_there(story: &Story) {
    story.teaches(Lesson {
        why: ".git, .env, .htpasswd: files that begin with a dot are seldom meant for the world. Not 403: \
              that would say that they exist.",
        read: "notes/06-files.md",
        hand: "curl -v http://127.0.0.1:{port}/.git/config",
    });
    let (_, server) = serves(story, &[(".env", "secret"), (".git/config", "secret"), ("sub/.x/a", "secret")]);
    let mut alice = story.client("alice", &server);
    for path in ["/.env", "/%2eenv", "/.git/config", "/.git", "/.git/", "/sub/.x/a", "/sub/%2Ex/a"] {
        alice.gets(path).has_status(404);
    }
}

fn what_is_no_file_blocks_nobody(story: &Story) {
    story.teaches(Lesson {
        why: "Opening a FIFO waits for somebody at its other end, and a server of one thread then serves \
              nobody: open without blocking, and look at what was opened.",
        read: "open(2) O_NONBLOCK, fifo(7)",
        hand: "mkfifo steps/06-files/page/fifo; curl -m 2 -v http://127.0.0.1:{port}/fifo; rm steps/06-files/page/fifo",
    });
    let (root, server) = serves(story, &[("a.txt", "inside")]);
    story.program("mkfifo").args([root.join("fifo.txt").to_str().expect("a plain name")]).runs().succeeds();
    let _listener = std::os::unix::net::UnixListener::bind(root.join("socket")).expect("a socket of our own");
    let mut alice = story.client("alice", &server);
    alice.gets("/fifo.txt").has_status(404);
    alice.gets("/socket").has_status(404);
    alice.gets("/a.txt").has_status(200).has_body("inside");
}

fn absolute_form_names_the_same_file(story: &Story) {
    story.teaches(Lesson {
        why: "A server accepts http://host/path as a target; the path in it counts.",
        read: "RFC 9112 §3.2.2",
        hand: r"printf 'GET http://x/ladder.json HTTP/1.1\r\nHost: x\r\n\r\n' | nc 127.0.0.1 {port}",
    });
    let (root, server) =
        serves(story, &[("index.html", "home"), ("a.txt", "inside"), ("sub/index.html", "x")]);
    write(&root.with_file_name("secret.txt"), "outside");
    let mut alice = story.client("alice", &server);
    for (target, status, content) in [
        ("http://x/a.txt", 200, Some("inside")),
        ("http://y:81/a.txt?q", 200, Some("inside")),
        ("http://x", 200, Some("home")),
        ("http://x/../secret.txt", 404, None),
        ("http://x/%2e%2e/secret.txt", 404, None),
        ("http://x/sub", 301, None),
    ] {
        alice.sends(format!("GET {target} HTTP/1.1\r\nHost: x\r\n\r\n"));
        let answer = alice.receives_response();
        answer.has_status(status);
        if let Some(content) = content {
            answer.has_body(content);
        }
        if status == 301 {
            answer.has_field("Location", "/sub/");
        }
    }
}

fn pipelined_files_come_in_order(story: &Story) {
    story.teaches(Lesson {
        why: "Large and small files leave in different ways, but on one connection in the order in which \
              they were asked for.",
        read: "RFC 9112 §9.3.2",
        hand: "curl -v http://127.0.0.1:{port}/ladder.json http://127.0.0.1:{port}/wire.svg",
    });
    let large = "large ".repeat(50_000);
    let (_, server) =
        serves(story, &[("small.txt", "small"), ("large.txt", &large), ("sub/index.html", "x")]);
    let mut alice = story.client("alice", &server);
    let order = ["/small.txt", "/large.txt", "/missing", "/large.txt", "/sub", "/small.txt", "/large.txt"];
    let requests: String = order.map(|path| format!("GET {path} HTTP/1.1\r\nHost: x\r\n\r\n")).concat();
    alice.sends(requests);
    for path in order {
        let answer = alice.receives_response();
        match path {
            "/small.txt" => answer.has_status(200).has_body("small"),
            "/large.txt" => answer.has_status(200).has_body(&large),
            "/sub" => answer.has_status(301),
            _ => answer.has_status(404),
        };
    }
}

fn a_missing_root_is_one_clear_line(story: &Story) {
    story.teaches(Lesson {
        why: "A folder that is not there is said at once, not to each client.",
        read: "notes/06-files.md",
        hand: "cargo run --bin 06-files -- --root /nowhere",
    });
    let nowhere = story.directory().join("nowhere");
    let (status, _, stderr) = story.server_that_ends(|s| s.arg("--root").arg(&nowhere));
    story.expects(!status.success(), "an exit code other than 0");
    story.expects(stderr.contains("nowhere"), format!("a line that names the folder, it was {stderr:?}"));
    story.expects(stderr.trim().lines().count() == 1, format!("one line, it was {stderr:?}"));
}
