//! What rung 06 promises any client: steps/06-files/CONTRACT.md.

#[path = "06_files/changes.rs"]
mod changes;
#[path = "06_files/coding.rs"]
mod coding;
#[path = "06_files/conditions.rs"]
mod conditions;
#[path = "06_files/exhausted.rs"]
mod exhausted;
#[path = "06_files/large.rs"]
mod large;
#[path = "06_files/listing.rs"]
mod listing;
#[path = "06_files/ranges.rs"]
mod ranges;
#[path = "06_files/ways_out.rs"]
mod ways_out;

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::{Duration, SystemTime};

use changes::*;
use coding::*;
use conditions::*;
use exhausted::*;
use harness::{Lesson, Server, Story, starts_and_stops};
use large::*;
use listing::*;
use ranges::*;
use ways_out::*;

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
            rfc_9110_15_5_a_refusal_keeps_the_connection,
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
            a_change_is_there_for_the_next_request,
            many_large_files_cost_few_descriptors,
            a_file_that_shrinks_ends_the_connection,
            a_file_that_grows_or_is_replaced_is_sent_as_it_was,
            rfc_9110_15_6_4_no_descriptor_left_is_503_and_passes,
            slow(60, a_large_file_arrives_whole),
            slow(60, a_slow_reader_costs_no_memory),
            rfc_9110_15_3_7_2_several_ranges_are_parts_of_one_answer,
            rfc_9110_14_2_a_flood_of_ranges_costs_no_more_than_the_file,
            curl_takes_the_packed_file,
            rfc_9110_12_5_3_the_client_says_what_it_takes,
            rfc_9110_8_8_3_3_two_forms_are_never_mixed,
            a_folder_is_listed_where_that_was_asked_for,
            a_huge_folder_holds_nobody_up,
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
        ("a.webmanifest", "application/manifest+json"),
        ("a.avif", "image/avif"),
        ("a.webp", "image/webp"),
        ("a.md", "text/markdown; charset=utf-8"),
        ("a.mjs", "text/javascript; charset=utf-8"),
        ("a.ts", "text/typescript; charset=utf-8"),
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
    for path in ["//sub", "///sub", "/%2fsub", "/%5csub", "/\\sub", "/./sub", "/.//sub", "http://x//sub"] {
        alice.sends(format!("GET {path} HTTP/1.1\r\nHost: x\r\n\r\n"));
        let answer = alice.receives_response();
        let location = answer.header("Location").unwrap_or("/");
        let elsewhere = !location.starts_with('/') || location.starts_with("//") || location.contains('\\');
        story.expects(!elsewhere, format!("{path}: no redirect to another host, it was {location:?}"));
        if answer.status == 400 {
            alice = story.client("alice again", &server);
        }
    }
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

fn rfc_9110_15_5_a_refusal_keeps_the_connection(story: &Story) {
    story.teaches(Lesson {
        why: "That a file is not there, or not as the client wants it, says nothing against the bytes that come \
              next. Who closes makes the client connect anew for each picture that is missing.",
        read: "RFC 9112 §9.3, RFC 9110 §15.5",
        hand: "curl -v http://127.0.0.1:{port}/missing http://127.0.0.1:{port}/",
    });
    let (_, server) = serves(story, &[("a.txt", "0123456789")]);
    let mut alice = story.client("alice", &server);
    for (method, path, fields, status) in [
        ("GET", "/missing", ("Accept", "*/*"), 404),
        ("GET", "/%2e%2e/a.txt", ("Accept", "*/*"), 404),
        ("DELETE", "/a.txt", ("Accept", "*/*"), 405),
        ("GET", "/a.txt", ("If-Match", "\"old\""), 412),
        ("GET", "/a.txt", ("Range", "bytes=99-"), 416),
        ("GET", "/a.txt", ("Expect", "a-miracle"), 417),
    ] {
        let answer = alice.requests(method, path, &[fields], b"");
        answer.has_status(status);
        story.expects(answer.header("Connection") != Some("close"), format!("{status} keeps the connection"));
    }
    alice.gets("/a.txt").has_status(200).has_body("0123456789");
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
