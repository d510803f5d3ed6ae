use super::*;
use crate::screen::paper::Paper;

/// What an answer comes to, in short, with what is said of it, when it comes byte by byte.
fn said(request: &str, answer: &str) -> (Vec<String>, String, Responses, Screen) {
    let paper = Paper::default();
    let (mut responses, mut screen, mut head) = (Responses::default(), paper.screen(), Head::default());
    let mut arrived = Vec::new();
    responses.sent(request.as_bytes());
    for byte in answer.bytes() {
        responses.push(&[byte]);
        while let Some(what) = responses.next(Instant::now(), &mut head, &mut screen) {
            arrived.push(match what {
                Arrived::Answer { head } => format!("answer {}", head.status),
                Arrived::Switch(head) => format!("switch {}", head.status),
                Arrived::Lost => "lost".into(),
            });
            if matches!(responses.at, At::Lost) {
                break;
            }
        }
    }
    (arrived, paper.text(), responses, screen)
}

const GET: &str = "GET / HTTP/1.1\r\nHost: x\r\n\r\n";

#[test]
fn each_framing_is_explained() {
    for (request, answer, why) in [
        (
            GET,
            "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello",
            "whole: 5 bytes of body; the connection stays open",
        ),
        (GET, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", "a body of 0 bytes"),
        (
            GET,
            "HTTP/1.1 200 \r\nConnection: close\r\nContent-Length: 1\r\n\r\nx",
            "the server closes the connection now",
        ),
        (GET, "HTTP/1.0 200 OK\r\nContent-Length: 1\r\n\r\nx", "the server closes the connection now"),
        (GET, "HTTP/1.1 304 Not Modified\r\nContent-Length: 7\r\n\r\n", "no body, this status has none"),
        (
            "HEAD / HTTP/1.1\r\nHost: x\r\n\r\n",
            "HTTP/1.1 200 OK\r\nContent-Length: 7\r\n\r\n",
            "no body, the request was HEAD",
        ),
        (
            GET,
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2;a=b\r\nhe\r\n0\r\nT: x\r\n\r\n",
            "whole: 2 bytes of body, behind its last chunk",
        ),
    ] {
        let (arrived, text, mut responses, mut screen) = said(request, answer);
        assert_eq!(arrived.len(), 1, "{answer}: {text}");
        assert!(arrived[0].starts_with("answer ") && text.contains(why), "{answer}: {text}");
        assert_eq!((responses.unanswered(), screen.faults), (0, 0), "{text}");
        assert!(responses.ends(&mut screen));
    }
}

#[test]
fn chunks_are_shown_one_by_one() {
    let answer =
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n10\r\n0123456789abcdef\r\n0\r\nT: x\r\n\r\n";
    let (_, text, ..) = said(GET, answer);
    for line in ["10    a chunk of 16 bytes", "0    the last chunk", "T: x    a trailer field"] {
        assert!(text.contains(line), "{line}: {text}");
    }
}

#[test]
fn answers_come_one_behind_the_other_and_an_interim_one_is_none() {
    let answers = "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nxHTTP/1.1 204 No Content\r\n\r\n";
    let (arrived, text, ..) = said(&GET.repeat(2), answers);
    assert_eq!(arrived, ["answer 200", "answer 204"], "{text}");
    let (arrived, text, ..) = said("", "HTTP/1.1 408 Request Timeout\r\nContent-Length: 0\r\n\r\n");
    assert!(arrived == ["answer 408"] && text.contains("of its own accord"), "{text}");
    assert_eq!(said(GET, "HTTP/1.1 101 Switching Protocols\r\n\r\n").0, ["switch 101"]);
}

#[test]
fn a_body_without_a_length_ends_with_the_connection() {
    let (arrived, text, mut responses, mut screen) = said(GET, "HTTP/1.1 200 OK\r\n\r\nhello");
    assert!(arrived.is_empty() && text.contains("ends with the connection"), "{text}");
    assert_eq!(responses.unanswered(), 1);
    assert!(responses.ends(&mut screen) && screen.faults == 0);
}

#[test]
fn an_answer_that_is_cut_off_is_blamed() {
    for answer in ["HTTP/1.1 200 OK\r\nContent-", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhell"] {
        let (_, _, mut responses, mut screen) = said(GET, answer);
        assert!(!responses.ends(&mut screen) && screen.faults == 1, "{answer}");
    }
    let (_, _, mut responses, mut screen) = said(GET, "");
    assert!(!responses.ends(&mut screen) && screen.faults == 0, "closing is allowed, but it is no answer");
}

#[test]
fn each_fault_is_named_with_its_section() {
    for (answer, section) in [
        ("hello\r\n", "RFC 9112 §4"),
        ("HTTP/1.1 OK\r\n\r\n", "RFC 9112 §4"),
        ("HTTP/1.1 200\r\n\r\n", "RFC 9112 §4"),
        ("HTTP/1.1 200 OK\nA: b\n\n", "RFC 9112 §2.2"),
        ("HTTP/1.1 200 OK\r\nA : b\r\nContent-Length: 0\r\n\r\n", "RFC 9112 §5.1"),
        ("HTTP/1.1 200 OK\r\nContent-Length: five\r\n\r\n", "RFC 9110 §8.6"),
        ("HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nx", "RFC 9112 §6.3"),
        (
            "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
            "RFC 9112 §6.2",
        ),
        ("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nhello\r\n", "RFC 9112 §7.1"),
        ("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhello\r\n", "RFC 9112 §7.1"),
    ] {
        let (_, text, _, screen) = said(GET, answer);
        let blame =
            text.lines().find(|line| line.starts_with("! the server broke a rule")).unwrap_or_default();
        assert!(blame.contains(section) && screen.faults == 1, "{answer}: {text}");
    }
}

#[test]
fn requests_are_counted_however_they_are_cut() {
    let requests = format!(
        "{GET}POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 27\r\n\r\n{GET}HEAD / HTTP/1.1\r\nHost: x\r\n\r\n"
    );
    let mut responses = Responses::default();
    requests.bytes().for_each(|byte| responses.sent(&[byte]));
    assert_eq!(responses.asked.methods, [false, false, true]);
    let mut responses = Responses::default();
    responses.sent(b"no request at all\r\n\r\n");
    responses.sent(GET.as_bytes());
    assert_eq!(responses.unanswered(), 1, "the server answers once and closes");
}
