//! Files that change between two requests, and many of them.

use std::fs;
use std::os::unix::fs::symlink;

use harness::{Lesson, Story};

use crate::{serves, write};

pub fn a_change_is_there_for_the_next_request(story: &Story) {
    story.teaches(Lesson {
        why: "Who keeps files in memory must look whether they are still the same: its size and its times, of the file that \
              the path leads to now. The same size and the same date are not enough, and a path that leads out by now is \
              no way any more.",
        read: "notes/06-files.md",
        hand: "curl http://127.0.0.1:{port}/ladder.json; touch steps/06-files/page/ladder.json; curl -v http://127.0.0.1:{port}/ladder.json",
    });
    let large = |letter: &str| letter.repeat(100_000);
    let (root, server) = serves(story, &[("small.txt", "one"), ("large.txt", &large("a")), ("link", "x")]);
    write(&root.with_file_name("secret.txt"), "outside");
    let mut clients = story.clients("readers", 5, &server);
    for (small, letter) in [("two", "b"), ("six", "c"), ("a longer one", "d"), ("", "e")] {
        for (name, text) in [("small.txt", small), ("large.txt", &large(letter))] {
            write(&root.join(name), text);
            for client in &mut clients {
                client.sends(format!("GET /{name} HTTP/1.1\r\nHost: x\r\n\r\n"));
            }
            for client in &mut clients {
                client.receives_response().has_status(200).has_body(text);
            }
        }
    }
    let alice = &mut clients[0];
    story.note("the same file, moved away, and a link to it");
    fs::rename(root.join("small.txt"), root.with_file_name("moved.txt")).expect("a folder of our own");
    symlink("../moved.txt", root.join("small.txt")).expect("a folder of our own");
    alice.gets("/small.txt").has_status(404);
    story.note("removed, and there again");
    for name in ["link", "large.txt"] {
        alice.gets(&format!("/{name}")).has_status(200);
        fs::remove_file(root.join(name)).expect("a folder of our own");
        alice.gets(&format!("/{name}")).has_status(404);
        write(&root.join(name), "again");
        alice.gets(&format!("/{name}")).has_status(200).has_body("again");
    }
}

pub fn many_large_files_cost_few_descriptors(story: &Story) {
    story.teaches(Lesson {
        why: "A file that is kept open is a descriptor. However many are asked for, few stay; and when none is left for a \
              client that comes, files are what can be let go.",
        read: "open(2) EMFILE, notes/06-files.md",
        hand: "(ulimit -n 48; FILE_CACHE_MS=60000 PORT=8080 target/debug/06-files --root DIR) & and curl for many files",
    });
    let names: Vec<String> = (0..60).map(|number| format!("{number}.bin")).collect();
    let text = "x".repeat(20_000);
    let files: Vec<(&str, &str)> = names.iter().map(|name| (name.as_str(), text.as_str())).collect();
    let (root, _) = serves(story, &files);
    let lowered = ["sh", "-c", "ulimit -n 48; exec \"$0\" \"$@\""];
    let server =
        story.server_with(|s| s.under(lowered).arg("--root").arg(&root).env("FILE_CACHE_MS", "60000"));
    let mut alice = story.client("alice", &server);
    for name in &names {
        alice.gets(&format!("/{name}")).has_status(200).has_body(&text);
    }
    story.note("sixteen at once; then thirty others come, and each asks for a file, the last one first");
    let heads: String =
        names[..16].iter().map(|name| format!("HEAD /{name} HTTP/1.1\r\nHost: x\r\n\r\n")).collect();
    alice.sends(heads);
    for _ in 0..16 {
        alice.receives_response_to("HEAD").has_status(200);
    }
    let mut others = story.clients("others", 30, &server);
    for (other, name) in others.iter_mut().zip(&names).rev() {
        other.gets(&format!("/{name}")).has_status(200).has_body(&text);
    }
}
