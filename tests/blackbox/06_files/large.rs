//! Files larger than any buffer.

use std::fs::{self, File};
use std::io::{ErrorKind, Read, Seek, SeekFrom, Write};
use std::time::Duration;

use harness::{Client, Lesson, Story};

const GIB: u64 = 1024 * 1024 * 1024;

/// What the server may take on top of what it took before: the loop's buffers, and nothing that grows with a
/// file.
const ALLOWANCE: u64 = 4 * 1024 * 1024;

/// A file of zeros that takes no room on the disk.
fn sparse(path: &std::path::Path, length: u64) -> File {
    let file = File::create(path).expect("a file of our own");
    file.set_len(length).expect("a sparse file");
    file
}

pub fn a_large_file_arrives_whole(story: &Story) {
    story.teaches(Lesson {
        why: "A file is sent as it is read, piece by piece, not loaded first: 1 GiB passes through a server \
              of a few MiB.",
        read: "sendfile(2), notes/06-files.md",
        hand: "truncate -s 1G steps/06-files/page/big; curl -o /dev/null http://127.0.0.1:{port}/big; rm steps/06-files/page/big",
    });
    let root = story.directory();
    sparse(&root.join("big"), GIB);
    let server = story.server_with(|s| s.arg("--root").arg(&root));
    let mut alice = story.client("alice", &server);
    alice.gets("/missing").has_status(404);
    let before = server.memory_peak();
    let url = format!("http://{}/big", server.address());
    let ran = story
        .program("curl")
        .args(["-sS", "--fail", "-o", "/dev/null", "-w", "%{http_code} %{size_download}", &url])
        .limit(Duration::from_secs(50))
        .runs();
    ran.succeeds();
    ran.prints(format!("200 {GIB}"));
    let grown = server.memory_peak().saturating_sub(before);
    story.expects(grown < ALLOWANCE, format!("at most {ALLOWANCE} bytes more at any time, it was {grown}"));
    alice.gets("/missing").has_status(404);
}

pub fn a_slow_reader_costs_no_memory(story: &Story) {
    story.teaches(Lesson {
        why: "Who does not read makes the kernel's buffer full, and then the server waits with its place in \
              the file. What was not read stays on the disk.",
        read: "sendfile(2), notes/02-poll.md",
        hand: "curl --limit-rate 10k -o /dev/null http://127.0.0.1:{port}/big",
    });
    let root = story.directory();
    sparse(&root.join("big"), GIB);
    let server = story.server_with(|s| s.arg("--root").arg(&root));
    let mut alice = story.client("alice", &server);
    alice.gets("/missing").has_status(404);
    let before = server.memory_peak();
    let mut readers = story.clients("readers", 20, &server);
    for reader in &mut readers {
        reader.sends("GET /big HTTP/1.1\r\nHost: x\r\n\r\n");
        reader.receives_head().has_status(200).has_field("Content-Length", &GIB.to_string());
    }
    story.note("nobody reads on; others are served meanwhile");
    for _ in 0..20 {
        alice.gets("/missing").has_status(404);
    }
    let grown = server.memory_peak().saturating_sub(before);
    story.expects(grown < ALLOWANCE, format!("at most {ALLOWANCE} bytes for 20 readers, it was {grown}"));
    let cpu = server.cpu_time();
    for _ in 0..20 {
        alice.gets("/missing").has_status(404);
    }
    let spent = server.cpu_time() - cpu;
    story.expects(spent.as_millis() < 200, format!("no turning while readers are full, it took {spent:?}"));
    story.note("one of them reads ten MiB more: each byte is there");
    let zeros = readers[0].receives_bytes(10 * 1024 * 1024);
    story.expects(zeros.iter().all(|&byte| byte == 0), "the file's bytes, all zero");
}

pub fn a_file_that_shrinks_ends_the_connection(story: &Story) {
    story.teaches(Lesson {
        why: "Content-Length is a promise. When the file becomes shorter meanwhile, the rest cannot come; \
              any other byte in its place, the next answer's head say, would be taken for content. So the \
              connection ends, and the client sees that something is missing.",
        read: "RFC 9112 §8, notes/06-files.md",
        hand: "truncate -s 1G big; curl --limit-rate 1M -o /dev/null http://127.0.0.1:{port}/big & sleep 1; truncate -s 0 big",
    });
    const LENGTH: u64 = 64 * 1024 * 1024;
    for range in ["", "Range: bytes=10-\r\n", "Range: bytes=10-,0-7\r\n"] {
        let root = story.directory();
        let file = sparse(&root.join("big"), LENGTH);
        let server = story.server_with(|s| s.arg("--root").arg(&root));
        let mut alice = story.client("alice", &server);
        alice.sends(format!(
            "GET /big HTTP/1.1\r\nHost: x\r\n{range}\r\nGET /next HTTP/1.1\r\nHost: x\r\n\r\n"
        ));
        let head = alice.receives_head();
        let promised: u64 = head.header("Content-Length").and_then(|it| it.parse().ok()).unwrap_or_default();
        story
            .expects(promised > LENGTH / 2, format!("Content-Length of most of the file, it was {promised}"));
        story.note("the file is cut while most of it is still to come");
        file.set_len(1024 * 1024).expect("a file of our own");
        let content = rest_to_any_end(story, &alice);
        let length = content.len() as u64;
        story.expects(
            length < promised,
            format!("less than was promised, it was {length} of {promised} bytes"),
        );
        let file_begins = content.iter().position(|&byte| byte == 0).unwrap_or(0);
        story.expects(
            content[file_begins..].iter().all(|&byte| byte == 0),
            "nothing but the file's bytes, no second answer among them",
        );
        let mut bob = story.client("bob", &server);
        bob.gets("/next").has_status(404);
    }
}

pub fn a_file_that_grows_or_is_replaced_is_sent_as_it_was(story: &Story) {
    story.teaches(Lesson {
        why: "What Content-Length promised is sent, not what has been appended since; and a file that is \
              renamed over it is another file: who has the old one open reads on in it.",
        read: "RFC 9112 §6.2, rename(2)",
        hand: "curl --limit-rate 1M -o a http://127.0.0.1:{port}/big & sleep 1; echo more >> big",
    });
    const LENGTH: usize = 32 * 1024 * 1024;
    let root = story.directory();
    let path = root.join("big");
    let mut file = sparse(&path, LENGTH as u64);
    let server = story.server_with(|s| s.arg("--root").arg(&root));
    let mut alice = story.client("alice", &server);
    alice.sends("GET /big HTTP/1.1\r\nHost: x\r\n\r\nGET /big HTTP/1.1\r\nHost: x\r\n\r\n");
    let head = alice.receives_head();
    head.has_status(200).has_field("Content-Length", &LENGTH.to_string());
    file.seek(SeekFrom::End(0)).and_then(|_| file.write_all(&[b'x'; 1024])).expect("a file of our own");
    fs::write(root.join("other"), "another")
        .and_then(|()| fs::rename(root.join("other"), &path))
        .expect("a file of our own");
    let zeros = alice.receives_bytes(LENGTH);
    story.expects(zeros.iter().all(|&byte| byte == 0), "the file as it was when it was asked for");
    story.note("the next answer on the same connection is about the new file");
    let next = alice.receives_response();
    next.has_status(200).has_body("another");
    story.expects(next.header("ETag") != head.header("ETag"), "another file has another ETag");
}

/// All that still comes, up to FIN or RST: a promise broken half-way may end with either.
fn rest_to_any_end(story: &Story, client: &Client) -> Vec<u8> {
    let mut content = client.pending().to_vec();
    let mut socket = client.socket();
    socket.set_nonblocking(false).expect("a socket of our own");
    socket.set_read_timeout(Some(Duration::from_secs(5))).expect("a socket of our own");
    let mut buffer = vec![0; 64 * 1024];
    loop {
        match socket.read(&mut buffer) {
            Ok(0) => return content,
            Ok(count) => content.extend_from_slice(&buffer[..count]),
            Err(error) if error.kind() == ErrorKind::ConnectionReset => return content,
            Err(error) => story
                .fails(format!("expected the end of the connection after {} bytes: {error}", content.len())),
        }
    }
}
