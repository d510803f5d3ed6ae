//! What must not be reached.

use std::os::unix::fs::symlink;

use harness::{Lesson, Story};

use crate::{serves, write};

pub fn there_is_no_way_out_by_any_spelling(story: &Story) {
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

pub fn there_is_no_way_out_by_a_link(story: &Story) {
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

pub fn dotfiles_are_not_there(story: &Story) {
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

pub fn what_is_no_file_blocks_nobody(story: &Story) {
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
