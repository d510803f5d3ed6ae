//! Pages, uploads and files through nginx.

use std::fs;

use harness::{Client, Lesson, Server, Story};

use crate::front::Nginx;

const KEEPS: &str = "proxy_set_header Connection $connection_upgrade;";
const PASSES_BODIES_ON: &str = "proxy_request_buffering off;";

/// How many connections have brought requests to rung 05 so far, the asking one too.
#[track_caller]
fn connections(story: &Story, server: &Server) -> u64 {
    let count = story.client("onlooker", server).gets("/count").json();
    count["connections"]
        .as_u64()
        .unwrap_or_else(|| story.fails(format!("/count has no connections: {count}")))
}

pub fn many_clients_share_one_connection_behind_nginx(story: &Story) {
    story.teaches(Lesson {
        why: "nginx keeps the connection to the server and sends the next client's request over it, if the answer \
              before ended where its length said and nobody said close. One wrong length, and one client reads \
              another one's answer.",
        read: "RFC 9112 §9.3, notes/behind-nginx.md",
        hand: "for i in 1 2 3; do curl http://127.0.0.1:{port}/count; done",
    });
    let server = story.server_with(|s| s.rung("05-keep-alive"));
    let nginx = Nginx::before(story, &server);
    for number in 0..50 {
        let mut client = story.client(&format!("client {number}"), &nginx);
        for length in [0, 1, 100, 20_000] {
            let body = format!("{number} ").repeat(length);
            client.requests("POST", "/", &[], body.as_bytes()).has_status(200).has_body(body);
        }
        client.requests("HEAD", "/echo", &[], b"").has_status(200);
    }
    let connections = connections(story, &server) - 1;
    story.expects(connections == 1, format!("250 requests over 1 connection, there were {connections}"));
}

pub fn without_keep_alive_each_request_connects(story: &Story) {
    story.teaches(Lesson {
        why: "nginx says `Connection: close` to the server unless the configuration clears it.",
        read: "notes/behind-nginx.md",
        hand: "curl http://127.0.0.1:{port}/count http://127.0.0.1:{port}/count",
    });
    let server = story.server_with(|s| s.rung("05-keep-alive"));
    let nginx = Nginx::changed(story, &server, &[(KEEPS, "proxy_set_header Connection close;")]);
    let mut client = story.client("client", &nginx);
    for _ in 0..10 {
        client.gets("/echo").has_status(200);
    }
    let connections = connections(story, &server) - 1;
    story.expects(connections == 10, format!("10 connections for 10 requests, there were {connections}"));
}

pub fn an_idle_connection_that_was_closed_is_not_used_again(story: &Story) {
    story.teaches(Lesson {
        why: "The server closes a connection that is idle too long, with FIN and no word. nginx sees the FIN and \
              opens another one; after an RST, or a 408 that nobody asked for, it would answer 502.",
        read: "RFC 9112 §9.5, notes/behind-nginx.md",
        hand: "IDLE_TIMEOUT_MS=300 make run STEP=05, and curl twice through nginx",
    });
    let server = story.server_with(|s| s.rung("05-keep-alive").env("IDLE_TIMEOUT_MS", 150));
    let nginx = Nginx::before(story, &server);
    let mut client = story.client("client", &nginx);
    for number in 1..=3 {
        client.requests("POST", "/", &[], b"again").has_status(200).has_body("again");
        server.log_contains_eventually(&format!("#0.{number} gone"));
    }
}

pub fn chunks_come_as_chunks(story: &Story) {
    story.teaches(Lesson {
        why: "With proxy_request_buffering off nginx passes a chunked body on in chunks, while it comes. The server \
              behind reads chunks that were cut anew.",
        read: "RFC 9112 §7.1, notes/behind-nginx.md",
        hand: "seq 100000 | curl -T - -X POST http://127.0.0.1:{port}/ | tail -1",
    });
    let server = story.server_with(|s| s.rung("05-keep-alive"));
    let nginx = Nginx::before(story, &server);
    let mut client = story.client("client", &nginx);
    // The server has the request while half of it is still to come.
    client.sends("POST /half HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n");
    server.log_contains_eventually("POST /half");
    client.sends("5\r\n done\r\n0\r\nTrailer: dropped\r\n\r\n");
    client.receives_response().has_status(200).has_body("half done");

    // /echo answers before the body's end, with the field lines that came.
    client.sends("GET /echo HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n");
    client.receives_response().has_status(200).body_contains("Transfer-Encoding: chunked");

    let numbers: String = (1..100_000).map(|number| format!("{number}\n")).collect();
    let url = format!("http://{}/", nginx.address());
    let curl = story.program("curl").args(["-qsS", "--max-time", "10", "-X", "POST", "-T", "-", &url]);
    curl.stdin(&numbers).runs().succeeds().prints(&numbers);
}

pub fn with_request_buffering_the_body_has_a_length(story: &Story) {
    story.teaches(Lesson {
        why: "As nginx comes it collects the body first. The server behind gets it whole, with a length.",
        read: "notes/behind-nginx.md",
        hand: "curl -H 'Transfer-Encoding: chunked' -d hello -X GET http://127.0.0.1:{port}/echo",
    });
    let server = story.server_with(|s| s.rung("05-keep-alive"));
    let nginx = Nginx::changed(story, &server, &[(PASSES_BODIES_ON, "")]);
    let mut client = story.client("client", &nginx);
    client
        .sends("GET /echo HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n");
    let response = client.receives_response();
    response.has_status(200).body_contains("Content-Length: 5");
    story.expects(!response.text().contains("chunked"), "no chunks reach the server");
}

pub fn who_expects_100_is_told_to_go_on(story: &Story) {
    story.teaches(Lesson {
        why: "nginx says 100 Continue itself and takes the field away: the server behind must not wait for it.",
        read: "RFC 9110 §10.1.1, notes/behind-nginx.md",
        hand: "curl -v -H 'Expect: 100-continue' -d hello http://127.0.0.1:{port}/",
    });
    let server = story.server_with(|s| s.rung("05-keep-alive"));
    let nginx = Nginx::before(story, &server);
    // Through nginx, and past it.
    for address in [nginx.address(), server.address()] {
        let url = format!("http://{address}/");
        let wait = ["-v", "--max-time", "5", "--expect100-timeout", "30", "-H", "Expect: 100-continue"];
        let upload = story.curl([&wait[..], &["-d", "hello", &url]].concat());
        upload.succeeds().mentions("< HTTP/1.1 100 Continue").mentions("< HTTP/1.1 200 OK").prints("hello");
    }
}

pub fn a_large_upload_comes_back_whole(story: &Story) {
    story.teaches(Lesson {
        why: "Both ways are full at once: the answer to a body of 16 MiB is 16 MiB. Who writes must go on reading.",
        read: "notes/02-poll.md (backpressure), notes/behind-nginx.md",
        hand: "head -c 16M /dev/urandom | curl -T - -X POST http://127.0.0.1:{port}/ | wc -c",
    });
    let server = story.server_with(|s| s.rung("05-keep-alive").env("MAX_BODY", 32 << 20));
    let body: Vec<u8> = (0..16_u32 << 20).map(|i| (i % 251) as u8).collect();
    let file = story.directory().join("upload");
    fs::write(&file, &body).unwrap_or_else(|error| story.fails(error.to_string()));
    let file = format!("@{}", file.display());
    for changes in [&[][..], &[(PASSES_BODIES_ON, ""), ("proxy_buffering off;", "")]] {
        let nginx = Nginx::changed(story, &server, changes);
        let url = format!("http://{}/", nginx.address());
        let upload = story.curl(["--max-time", "10", "--data-binary", &file, &url]);
        upload.succeeds().prints(&body);
    }
}

pub fn a_body_too_long_is_413_also_through_nginx(story: &Story) {
    story.teaches(Lesson {
        why: "The answer comes before the body is through. A server that closes now, with bytes unread, makes the \
              kernel send RST, the 413 is lost, and nginx tells the client 502.",
        read: "RFC 9110 §15.5.14, RFC 9112 §9.6, notes/behind-nginx.md",
        hand: "head -c 8M /dev/zero | curl -v -T - -X POST http://127.0.0.1:{port}/",
    });
    let server = story.server_with(|s| s.rung("05-keep-alive"));
    let nginx = Nginx::before(story, &server);
    // Its length says so; then the chunks do, one after the other, and their sender does not stop at once.
    let mut tells = story.client("tells", &nginx);
    tells.sends(format!("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: {}\r\n\r\n", 2 << 20));
    tells.receives_response().has_status(413);
    let chunk = [&b"10000\r\n"[..], &[b'x'; 1 << 16], b"\r\n"].concat();
    let chunks = chunk.repeat(128);
    for _ in 0..5 {
        let mut hides = story.client("hides", &nginx);
        hides.sends("POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n");
        hides.tries_to_send(&chunks);
        hides.receives_response().has_status(413);
    }
    // nginx's own limit is another one.
    let strict = Nginx::changed(story, &server, &[("client_max_body_size 64m;", "client_max_body_size 1k;")]);
    let response = story.client("client", &strict).requests("POST", "/", &[], &chunk);
    response.has_status(413).body_contains("nginx");
}

/// Asks rung 06 for a file through nginx.
fn asks(client: &mut Client, fields: &[(&str, &str)]) -> harness::Response {
    client.requests("GET", "/page.html", fields, b"")
}

pub fn files_keep_their_validators_and_ranges(story: &Story) {
    story.teaches(Lesson {
        why: "What a browser asks of a file it asks through nginx too: only if it has changed, only a part, only \
              the head. nginx passes conditions and ranges on, and each answer keeps the connection.",
        read: "RFC 9110 §13, §14, notes/06-files.md",
        hand: "curl -v -r 0-9 http://127.0.0.1:{port}/page.html",
    });
    let root = story.directory();
    let page: String = (0..2000).map(|number| format!("<p>{number}</p>\n")).collect();
    let path = root.join("page.html");
    let written = fs::write(&path, &page).and_then(|()| {
        // Older than two seconds: its tag is a strong one.
        let long_ago = std::time::SystemTime::now() - std::time::Duration::from_secs(3600);
        fs::File::options().write(true).open(&path)?.set_modified(long_ago)
    });
    written.unwrap_or_else(|error| story.fails(error.to_string()));
    let server = story.server_with(|s| s.rung("06-files").arg("--root").arg(&root));
    let nginx = Nginx::before(story, &server);
    let mut client = story.client("client", &nginx);
    let whole = asks(&mut client, &[]);
    whole.has_status(200).has_field("Content-Type", "text/html; charset=utf-8").has_body(&page);
    let (Some(tag), Some(time)) = (whole.header("ETag"), whole.header("Last-Modified")) else {
        story.fails("the file has an ETag and a Last-Modified");
    };
    let head = client.requests("HEAD", "/page.html", &[], b"");
    head.has_status(200).has_field("Content-Length", &page.len().to_string()).has_field("ETag", tag);
    asks(&mut client, &[("If-None-Match", tag)]).has_status(304).has_field("ETag", tag);
    asks(&mut client, &[("If-Modified-Since", time)]).has_status(304);
    asks(&mut client, &[("If-Match", "\"another\"")]).has_status(412);
    let part = asks(&mut client, &[("Range", "bytes=100-199")]);
    part.has_status(206).has_body(&page[100..200]);
    part.has_field("Content-Range", &format!("bytes 100-199/{}", page.len()));
    asks(&mut client, &[("Range", "bytes=-5"), ("If-Range", tag)])
        .has_status(206)
        .has_body(&page[page.len() - 5..]);
    asks(&mut client, &[("Range", "bytes=-5"), ("If-Range", "\"another\"")]).has_status(200).has_body(&page);
    let beyond = asks(&mut client, &[("Range", "bytes=9999999-")]);
    beyond.has_status(416).has_field("Content-Range", &format!("bytes */{}", page.len()));
    client.gets("/missing").has_status(404);
    client.requests("OPTIONS", "/page.html", &[], b"").has_status(204);
    asks(&mut client, &[]).has_status(200).has_body(&page);
    let log = server.output().concat();
    let connected = log.matches(" connected from ").count();
    story.expects(
        connected == 1,
        format!("all of it over one connection to the server, there were {connected}"),
    );
}

pub fn the_server_learns_who_asked_and_by_which_name(story: &Story) {
    story.teaches(Lesson {
        why: "Behind nginx every peer address is nginx's. It says in X-Forwarded-For who it was, behind what the \
              client itself wrote there: only the last one can be believed. Host must be what the browser sees.",
        read: "RFC 7239 §1, §8.1, notes/behind-nginx.md",
        hand: "curl -H 'X-Forwarded-For: 192.0.2.1' http://127.0.0.1:{port}/echo",
    });
    let server = story.server_with(|s| s.rung("05-keep-alive"));
    let nginx = Nginx::before(story, &server);
    let mut client = story.client("client", &nginx);
    let forged = [("X-Forwarded-For", "192.0.2.1"), ("Forwarded", "for=192.0.2.1")];
    let echo = client.requests("GET", "/echo", &forged, b"");
    echo.body_contains("X-Forwarded-For: 192.0.2.1, 127.0.0.1\n").body_contains("X-Forwarded-Proto: http\n");
    echo.body_contains(&format!("Host: {}\n", nginx.address()));
    story.expects(
        !echo.text().contains("\nForwarded:"),
        "the client's own Forwarded does not reach the server",
    );
}
