//! Who somebody is, and which page asks.

use harness::{Lesson, Story, ws};
use serde_json::json;

use super::{FORM, bearer, counters, joins, logs_in, session};

const BY_HAND: &str = "curl -i -d name=Ada http://127.0.0.1:{port}/login, then curl -H 'Cookie: session=...' http://127.0.0.1:{port}/me";

pub fn who_is_not_logged_in_is_shown_the_way(story: &Story) {
    story.teaches(Lesson {
        why: "A page sends whoever has no session to the login; a program is told 401 and which scheme to use.",
        read: "RFC 9110 §15.5.2, §11.6.1, notes/12-guard.md",
        hand: "curl -i http://127.0.0.1:{port}/me",
    });
    let server = story.server();
    let mut ada = story.client("ada", &server);
    for path in ["/", "/counters"] {
        ada.gets(path).has_status(303).has_field("Location", "/login");
    }
    ada.gets("/login").has_status(200).body_contains("<form");
    for path in ["/me", "/counters.json"] {
        let answer = ada.gets(path);
        answer.has_status(401);
        let challenge = answer.header("WWW-Authenticate").unwrap_or_default();
        story.expects(
            challenge.starts_with("Bearer"),
            format!("WWW-Authenticate: Bearer, it is {challenge:?}"),
        );
    }
    ada.requests("POST", "/ticket", &[], b"").has_status(401);
    ada.sends(ws::handshake(&ada.host(), "/chat", &[]));
    ada.receives_response().has_status(401);
    ada.gets("/nothing").has_status(404);
}

pub fn a_login_is_a_cookie_that_no_script_reads(story: &Story) {
    story.teaches(Lesson {
        why: "HttpOnly: no script reads it, not even one that somebody smuggled in. SameSite: other sites' pages cannot \
              post with it.",
        read: "RFC 6265 §4.1.2, RFC 9110 §15.4.4",
        hand: BY_HAND,
    });
    let server = story.server();
    let mut ada = story.client("ada", &server);
    let answer = ada.requests("POST", "/login", &[FORM], b"name=Ada+Lovelace");
    answer.has_status(303).has_field("Location", "/");
    let cookie = answer.header("Set-Cookie").unwrap_or_default().to_string();
    for attribute in ["Path=/", "HttpOnly", "SameSite=Lax", "Max-Age="] {
        story.expects(cookie.contains(&format!("; {attribute}")), format!("{attribute} in {cookie:?}"));
    }
    let cookie = format!("session={}", session(story, &cookie));
    let me = ada.requests("GET", "/me", &[("Cookie", &cookie)], b"");
    story.expects(me.has_status(200).json() == json!({"name": "Ada Lovelace"}), "her name");
}

pub fn who_has_a_session_is_let_in(story: &Story) {
    story.teaches(Lesson {
        why: "The handshake is a GET request, so it brings the cookie along; a program sends Authorization.",
        read: "RFC 6455 §10.5, RFC 6750 §2.1",
        hand: BY_HAND,
    });
    let server = story.server();
    let ada = logs_in(story, &server, "Ada");
    let cookie = format!("theme=dark; session={ada}");
    let authorization = bearer(&ada);
    for field in [("Cookie", cookie.as_str()), ("Authorization", authorization.as_str())] {
        let mut socket = story.websocket_with("ada", &server, "/chat", &[field]);
        socket.sends_json(&json!({"type": "join", "name": "Ada"}));
        let welcome = socket.receives_json_where("a welcome", |value| value["type"] == "welcome");
        story
            .expects(welcome["you"]["name"].as_str().is_some_and(|name| name.starts_with("Ada")), "her name");
    }
    let mut browser = story.client("browser", &server);
    browser
        .requests("GET", "/", &[("Cookie", &cookie)], b"")
        .has_status(200)
        .body_contains("<!doctype html>");
    browser.requests("GET", "/counters", &[("Cookie", &cookie)], b"").has_status(200);
}

pub fn a_session_cannot_be_made_up(story: &Story) {
    story.teaches(Lesson {
        why: "What a token says is true only if its signature fits: check the signature first, over all of it.",
        read: "RFC 2104, notes/12-guard.md",
        hand: BY_HAND,
    });
    let server = story.server();
    let other = story.server();
    let ada = logs_in(story, &server, "Ada");
    let mut client = story.client("eve", &server);
    let mut is_refused = |token: &str| {
        client.requests("GET", "/me", &[("Authorization", &bearer(token))], b"").has_status(401);
    };
    for at in [0, ada.len() / 3, ada.len() / 2, ada.len() - 2] {
        let mut changed = ada.clone().into_bytes();
        changed[at] = if changed[at] == b'x' { b'y' } else { b'x' };
        is_refused(&String::from_utf8_lossy(&changed));
        is_refused(&ada[..at]);
    }
    is_refused(&format!("{ada}x"));
    is_refused(&logs_in(story, &other, "Ada"));
    is_refused(&"x".repeat(5000));
}

pub fn a_session_ends(story: &Story) {
    story.teaches(Lesson {
        why: "A token that is good for ever is stolen one day.",
        read: "notes/12-guard.md",
        hand: "SESSION_MS=1000",
    });
    let server = story.server_with(|s| s.env("SESSION_MS", 1));
    let ada = logs_in(story, &server, "Ada");
    let mut client = story.client("ada", &server);
    // A millisecond passes between the two requests; if it does not, the next tells.
    let asks = |client: &mut harness::Client| {
        client
            .requests("GET", "/me", &[("Authorization", &bearer(&ada))], b"")
            .header("WWW-Authenticate")
            .is_some()
    };
    let ended = (0..1000).any(|_| asks(&mut client));
    story.expects(ended, "a session of a millisecond to end");
}

pub fn a_wrong_password_opens_nothing(story: &Story) {
    story.teaches(Lesson {
        why: "Compare secrets in constant time: a comparison that stops at the first wrong character tells how many \
              were right.",
        read: "notes/12-guard.md",
        hand: "curl -i -d 'name=Ada&password=x' http://127.0.0.1:{port}/login",
    });
    let server = story.server_with(|s| s.env("PASSWORD", "open sesame"));
    let mut ada = story.client("ada", &server);
    for password in ["", "open", "open+sesame+", "Open+sesame", "open%00sesame"] {
        let form = format!("name=Ada&password={password}");
        let answer = ada.requests("POST", "/login", &[FORM], form.as_bytes());
        answer.has_status(403).has_no_field("Set-Cookie");
    }
    let answer = ada.requests("POST", "/login", &[FORM], b"name=Ada&password=open+sesame");
    answer.has_status(303);
    let session = session(story, answer.header("Set-Cookie").unwrap_or_default());
    let refused = counters(&mut ada, &session)["refused"].clone();
    let all: u64 = refused.as_object().into_iter().flatten().filter_map(|(_, count)| count.as_u64()).sum();
    story.expects(all == 5, format!("five refusals to be counted, so that who guesses is seen: {refused}"));
}

pub fn what_is_no_login_is_told_why(story: &Story) {
    story.teaches(Lesson {
        why: "A form may be anything. Say what is wrong with it, and keep the connection.",
        read: "notes/12-guard.md",
        hand: BY_HAND,
    });
    let server = story.server();
    let mut ada = story.client("ada", &server);
    for (kind, form, status) in [
        (FORM.1, "", 400),
        (FORM.1, "nam=Ada", 400),
        (FORM.1, "name=", 400),
        (FORM.1, "name=%00", 400),
        (FORM.1, "name=<b>", 400),
        (FORM.1, "name=ttttttttttttttttttttttttttttttttt", 400),
        ("text/plain", "name=Ada", 415),
        ("application/json", "{\"name\":\"Ada\"}", 415),
    ] {
        let answer = ada.requests("POST", "/login", &[("Content-Type", kind)], form.as_bytes());
        answer.has_status(status).has_no_field("Set-Cookie");
    }
    ada.requests("DELETE", "/login", &[], b"").has_status(405);
    let mut eve = story.client("eve", &server);
    eve.sends("POST /login HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: 1000000\r\n\r\n");
    eve.receives_response().has_status(413);
}

pub fn passwords_cannot_be_guessed_fast(story: &Story) {
    story.teaches(Lesson {
        why: "Without a rate a password of six letters is guessed in a day.",
        read: "RFC 6585 §4, NIST SP 800-63B §5.2.2",
        hand: "for n in 1 2 3; do curl -i -d name=Ada http://127.0.0.1:{port}/login; done",
    });
    let server = story.server_with(|s| s.env("LOGIN_RATE", "0.01,3").env("PASSWORD", "open sesame"));
    let mut eve = story.client("eve", &server);
    let mut guesses = |status| {
        let answer = eve.requests("POST", "/login", &[FORM], b"name=Eve&password=x");
        answer.has_status(status).header("Retry-After").and_then(|seconds| seconds.parse::<u64>().ok())
    };
    for _ in 0..3 {
        guesses(403);
    }
    let wait = guesses(429).unwrap_or_default();
    story.expects(
        (90..=100).contains(&wait),
        format!("Retry-After of 100 seconds or little less, it is {wait}"),
    );
}

pub fn a_ticket_opens_one_websocket(story: &Story) {
    story.teaches(Lesson {
        why: "A browser's WebSocket cannot send Authorization, and a cookie may not cross sites: a ticket stands in the \
              address. Addresses stand in logs, so it is short-lived and good once.",
        read: "notes/12-guard.md",
        hand: "curl -X POST -H 'Authorization: Bearer ...' http://127.0.0.1:{port}/ticket",
    });
    let server = story.server();
    let ada = logs_in(story, &server, "Ada");
    let mut client = story.client("ada", &server);
    let answer = client.requests("POST", "/ticket", &[("Authorization", &bearer(&ada))], b"").json();
    story.expects(answer["expires_in"] == 30, format!("half a minute: {answer}"));
    let ticket = answer["ticket"].as_str().unwrap_or_default();
    client.requests("GET", "/me", &[("Authorization", &bearer(ticket))], b"").has_status(401);
    let path = format!("/chat?ticket={ticket}");
    client.sends(ws::handshake(&client.host(), &format!("/chat?ticket={ada}"), &[]));
    client.receives_response().has_status(401);
    story.websocket("ada", &server, &path);
    client.sends(ws::handshake(&client.host(), &path, &[]));
    client.receives_response().has_status(401);
}

pub fn nobody_joins_under_another_name(story: &Story) {
    story.teaches(Lesson {
        why: "Who is logged in as Eve must not say she is Ada: what the handshake has proved counts.",
        read: "notes/12-guard.md",
        hand: r#"{"type":"join","name":"somebody else"}"#,
    });
    let server = story.server();
    let eve = logs_in(story, &server, "Eve");
    let authorization = bearer(&eve);
    let mut socket = story.websocket_with("eve", &server, "/chat", &[("Authorization", &authorization)]);
    for join in [
        r#"{"type":"join","name":"Ada"}"#,
        r#"{"type":"join","name":"Eve","name":"Ada"}"#,
        r#"{"type":"join","name":"Ada","room":"!"}"#,
        r#"{"type":"join","name":"Eve","room":"!"}"#,
        r#"{"type":"join","name":"Ada"}"#,
    ] {
        socket.sends_text(join);
        let answer = socket.receives_json();
        story.expects(answer["type"] == "error", format!("an error for {join}, it is {answer}"));
    }
    socket.sends_json(&json!({"type": "join", "name": "Eve"}));
    let welcome = socket.receives_json();
    story.expects(welcome["you"]["name"] == "Eve", format!("a welcome for Eve, it is {welcome}"));
}

pub fn logging_out_takes_the_cookie_back(story: &Story) {
    story.teaches(Lesson {
        why: "Max-Age=0 makes the browser forget it. And logging out is a POST: a picture on some page must not do it.",
        read: "RFC 6265 §5.2.2, RFC 9110 §9.2.1",
        hand: "curl -i -X POST http://127.0.0.1:{port}/logout",
    });
    let server = story.server();
    let mut ada = story.client("ada", &server);
    let answer = ada.requests("POST", "/logout", &[], b"");
    let cookie = answer.has_status(303).header("Set-Cookie").unwrap_or_default();
    story.expects(cookie.contains("Max-Age=0"), format!("Max-Age=0 in {cookie:?}"));
    ada.gets("/logout").has_status(405);
}

pub fn the_servers_own_secret_outlives_it(story: &Story) {
    story.teaches(Lesson {
        why: "With SECRET set, a session is good at every server that has it, also after a restart.",
        read: "notes/12-guard.md",
        hand: "SECRET=$(openssl rand -hex 32)",
    });
    let secret = "0123456789abcdef0123456789abcdef";
    let one = story.server_with(|s| s.env("SECRET", secret));
    let ada = logs_in(story, &one, "Ada");
    let other = story.server_with(|s| s.env("SECRET", secret));
    joins(story, &other, "Ada", &ada);
}

pub fn a_page_of_another_origin_is_refused(story: &Story) {
    story.teaches(Lesson {
        why: "Any page may open a WebSocket to any server, and the browser sends the cookie along. Only Origin tells you \
              that it was not your page. \"http://good.example.evil.example\" begins like yours: compare all of it.",
        read: "RFC 6455 §10.2, §4.2.2",
        hand: "curl -i -H 'Origin: http://evil.example' ...",
    });
    let server = story.server();
    let ada = logs_in(story, &server, "Ada");
    let mut client = story.client("browser", &server);
    let host = client.host();
    for evil in [
        "http://evil.example".to_string(),
        format!("http://{host}.evil.example"),
        format!("http://evil.example/{host}"),
        format!("http://x@{host}"),
        "http://127.0.0.1:1".to_string(),
        "null".to_string(),
        String::new(),
    ] {
        let cookie = format!("session={ada}");
        let fields = [("Origin", evil.as_str()), ("Cookie", cookie.as_str())];
        client.sends(ws::handshake(&host, "/chat", &fields));
        client.receives_response().has_status(403);
        client.requests("POST", "/ticket", &fields, b"").has_status(403);
        client.requests("POST", "/logout", &fields, b"").has_status(403);
        client
            .requests("POST", "/login", &[FORM, fields[0]], b"name=Eve")
            .has_status(403)
            .has_no_field("Set-Cookie");
    }
    let own = format!("http://{host}");
    story.websocket_with("own page", &server, "/chat", &[("Origin", &own), ("Authorization", &bearer(&ada))]);
}

pub fn origins_can_be_allowed_and_required(story: &Story) {
    story.needs_our_program();
    story.teaches(Lesson {
        why: "Pages of another site of yours may be allowed by name; who is no browser sends no Origin.",
        read: "RFC 6455 §10.2",
        hand: "--allow-origin https://friend.example --require-origin",
    });
    let server =
        story.server_with(|s| s.arg("--allow-origin").arg("https://friend.example").arg("--require-origin"));
    let mut client = story.client("program", &server);
    client.requests("POST", "/login", &[FORM], b"name=Ada").has_status(403);
    let friend = ("Origin", "https://friend.example");
    let answer = client.requests("POST", "/login", &[FORM, friend], b"name=Ada");
    let ada = bearer(&session(story, answer.has_status(303).header("Set-Cookie").unwrap_or_default()));
    story.websocket_with("friend", &server, "/chat", &[friend, ("Authorization", &ada)]);
    client.sends(ws::handshake(&client.host(), "/chat", &[("Authorization", &ada)]));
    client.receives_response().has_status(403);
}

pub fn a_refusal_keeps_the_connection(story: &Story) {
    story.teaches(Lesson {
        why: "Nothing is wrong with the bytes: the next request may be a better one.",
        read: "RFC 9112 §9.3",
        hand: BY_HAND,
    });
    let server = story.server();
    let ada = logs_in(story, &server, "Ada");
    let mut client = story.client("ada", &server);
    client.sends(ws::handshake(&client.host(), "/chat", &[("Origin", "http://evil.example")]));
    client.receives_response().has_status(403);
    client.sends(ws::handshake(&client.host(), "/chat", &[]));
    client.receives_response().has_status(401);
    client.sends(ws::handshake(&client.host(), "/chat", &[("Authorization", &bearer(&ada))]));
    client.becomes_websocket();
}
