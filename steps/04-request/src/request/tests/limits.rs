//! How much is too much.

use super::*;

#[test]
fn rfc_9112_3_a_target_over_the_limit_is_414() {
    let line = |length: usize| format!("GET /{} HTTP/1.1\r\nHost: a\r\n\r\n", "x".repeat(length - 1));
    accepted(line(LIMITS.target).as_bytes());
    refused(line(LIMITS.target + 1).as_bytes(), ParseError::TargetTooLong);
    refused(line(LIMITS.target + 200).as_bytes(), ParseError::TargetTooLong);
    refused(format!("GET /{}", "x".repeat(300)).as_bytes(), ParseError::TargetTooLong);
    assert_eq!(ParseError::TargetTooLong.status(), Status::UriTooLong);
}

#[test]
fn rfc_9112_3_a_method_longer_than_any_is_501() {
    let line = |length: usize, target: usize| {
        let (method, target) = ("M".repeat(length), "x".repeat(target - 1));
        format!("{method} /{target} HTTP/1.1\r\nHost: a\r\n\r\n")
    };
    assert_eq!(accepted(line(54, LIMITS.target).as_bytes()).method, Method::Unknown);
    refused(line(55, LIMITS.target).as_bytes(), ParseError::MethodTooLong);
    refused(line(54, LIMITS.target + 1).as_bytes(), ParseError::TargetTooLong);
    refused("M".repeat(1000).as_bytes(), ParseError::MethodTooLong);
    refused(&[b'\xff'; 1000], ParseError::MethodToken);
    refused(&[b' '; 1000], ParseError::MethodToken);
    assert_eq!(ParseError::MethodTooLong.status(), Status::NotImplemented);
}

#[test]
fn rfc_6585_5_fields_over_a_limit_are_431() {
    let field = |length: usize| with_fields("1.1", &format!("X: {}\r\n", "y".repeat(length - 3)));
    accepted(&field(LIMITS.field_line));
    refused(&field(LIMITS.field_line + 1), ParseError::FieldTooLarge);
    refused(&with_fields("1.1", &format!("X: {}", "y".repeat(200))), ParseError::FieldTooLarge);

    // Host is one of them.
    accepted(&with_fields("1.1", &"X: y\r\n".repeat(LIMITS.fields - 1)));
    refused(&with_fields("1.1", &"X: y\r\n".repeat(LIMITS.fields)), ParseError::TooManyFields);

    let around = with_fields("1.1", "").len();
    let fill = |head: usize| {
        let lines = "X: ".to_owned() + &"y".repeat(95) + "\r\n";
        let rest = head - around - 3 * lines.len() - 5;
        with_fields("1.1", &(lines.repeat(3) + "X: " + &"y".repeat(rest) + "\r\n"))
    };
    assert_eq!(fill(LIMITS.head).len(), LIMITS.head);
    accepted(&fill(LIMITS.head));
    refused(&fill(LIMITS.head + 1), ParseError::HeadTooLarge);
    assert_eq!(ParseError::HeadTooLarge.status(), Status::RequestHeaderFieldsTooLarge);
}

#[test]
fn limits_that_let_nothing_through_refuse_everything() {
    for head in 0..3 {
        let limits = Limits { head, ..LIMITS };
        assert_eq!(Request::parse(b"\r\nGET / HTTP/1.1\r\n", &limits), Err(ParseError::HeadTooLarge));
        assert_eq!(Request::parse(b"\r\n\r", &limits), Err(ParseError::HeadTooLarge));
    }
}

#[test]
fn the_request_line_is_judged_before_the_head_is_complete() {
    let mut arrival = Arrival::default();
    assert_eq!(arrival.parse(b"GET / HTTP/2.", &LIMITS), Ok(None));
    assert_eq!(arrival.parse(b"GET / HTTP/2.0\r", &LIMITS), Ok(None));
    assert_eq!(arrival.parse(b"GET / HTTP/2.0\r\n", &LIMITS), Err(ParseError::VersionNotSupported));
}
