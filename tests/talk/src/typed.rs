//! What can be typed where HTTP is spoken: the lines of a request, or a word for a whole one.

use crate::address::Address;
use crate::command::{Command, repeat};

/// What `/help` shows.
pub(crate) const HELP: &str = "\
GET / HTTP/1.1              a line of your own request; an empty line ends the head and sends it
/host                       the line Host: with the right value
/send                       sends what was typed so far, without the empty line: half a request
/body TEXT                  sends this text as it is: a body
/get PATH  /head PATH       a whole request with its Host field
/post PATH TEXT             the same with a body and its Content-Length
/chunked PATH a | b | c     the same with a body in three chunks
/raw \"GET / HT\" 54 50       any bytes: hex, and text in quotes
/repeat N LINE              the same line N times, in one write: /repeat 3 /get /
/wait [SECONDS]             the next line waits until an answer has come (5 s at most)
/end  /reset                end our side (FIN); cut the connection off (RST)
/quit                       leave; so does Ctrl-D";

/// Understands a line. `fields` are the further field lines of a request that has a word of its own.
///
/// # Errors
/// What is wrong with it, in one line.
pub(crate) fn parse(line: &str, address: &Address, fields: &[String]) -> Result<Command, String> {
    let (name, rest) = line.split_once(' ').unwrap_or((line, ""));
    let (path, text) = rest.trim_start().split_once(' ').unwrap_or((rest.trim(), ""));
    let path = if path.is_empty() { "/" } else { path };
    let host = format!("Host: {}", address.authority());
    let head = |method: &str, more: &str| {
        let fields: String = fields.iter().map(|field| format!("{field}\r\n")).collect();
        format!("{method} {path} HTTP/1.1\r\n{host}\r\n{fields}{more}\r\n")
    };
    let bytes = |text: String| Ok(Command::Bytes(text.into_bytes()));
    let no_more = || match text {
        "" => Ok(()),
        more => Err(format!("{name} {path}: and what is {more:?}? A path has no spaces: %20")),
    };
    match name {
        "" if rest.is_empty() => Ok(Command::Send { end: true }),
        "/send" => Ok(Command::Send { end: false }),
        "/host" => Ok(Command::Line(host)),
        "/body" => bytes(rest.into()),
        "/get" => no_more().and_then(|()| bytes(head("GET", ""))),
        "/head" => no_more().and_then(|()| bytes(head("HEAD", ""))),
        "/post" => bytes(head("POST", &format!("Content-Length: {}\r\n", text.len())) + text),
        "/chunked" => {
            let parts = text.split('|').map(str::trim).filter(|part| !part.is_empty());
            let chunks: String = parts.map(|part| format!("{:x}\r\n{part}\r\n", part.len())).collect();
            bytes(format!("{}{chunks}0\r\n\r\n", head("POST", "Transfer-Encoding: chunked\r\n")))
        }
        "/repeat" => repeat(rest, |line| match parse(line, address, fields)? {
            command @ Command::Bytes(_) => Ok(command),
            _ => Err(format!("/repeat: {line}: only a line that sends bytes, such as /get /")),
        }),
        "/raw" | "/wait" | "/end" | "/reset" | "/quit" | "/help" => Command::parse(line),
        _ if name.starts_with('/') => Err(format!("there is no {name} for HTTP; /help shows what there is")),
        _ => Ok(Command::Line(line.into())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn typed(line: &str) -> Result<Command, String> {
        let address = Address::parse("http://x:81/").expect("an address");
        parse(line, &address, &["Cookie: a=b".into()])
    }

    fn sent(line: &str) -> String {
        match typed(line) {
            Ok(Command::Bytes(bytes)) => String::from_utf8(bytes).expect("text"),
            other => panic!("{line}: {other:?}"),
        }
    }

    #[test]
    fn lines_are_gathered_and_an_empty_one_ends_the_head() {
        assert_eq!(typed("GET / HTTP/1.1"), Ok(Command::Line("GET / HTTP/1.1".into())));
        assert_eq!(typed("/host"), Ok(Command::Line("Host: x:81".into())));
        assert_eq!(typed(""), Ok(Command::Send { end: true }));
        assert_eq!(typed("/send"), Ok(Command::Send { end: false }));
    }

    #[test]
    fn a_word_is_a_whole_request() {
        assert_eq!(sent("/get /a?b"), "GET /a?b HTTP/1.1\r\nHost: x:81\r\nCookie: a=b\r\n\r\n");
        assert_eq!(sent("/get"), "GET / HTTP/1.1\r\nHost: x:81\r\nCookie: a=b\r\n\r\n");
        assert!(sent("/head /").starts_with("HEAD / HTTP/1.1\r\n"));
        assert!(sent("/post /x a b").ends_with("\r\nContent-Length: 3\r\n\r\na b"));
        assert!(sent("/post /x").ends_with("\r\nContent-Length: 0\r\n\r\n"));
        let chunks = "Transfer-Encoding: chunked\r\n\r\n2\r\nab\r\na\r\n0123456789\r\n0\r\n\r\n";
        assert!(sent("/chunked /x ab | 0123456789").ends_with(chunks));
        assert_eq!(sent("/body a b"), "a b");
    }

    #[test]
    fn a_wrong_line_is_told_in_one_line() {
        for (line, why) in [
            ("/put /", "there is no /put"),
            ("/get / x", "%20"),
            ("/raw", "which bytes"),
            ("/repeat 2 GET /", "only a line that sends bytes"),
            ("/repeat 2 /put", "there is no /put"),
        ] {
            let said = typed(line).expect_err(line);
            assert!(said.contains(why) && said.lines().count() == 1, "{line}: {said}");
        }
    }

    #[test]
    fn help_shows_every_word() {
        for word in "host send body get head post chunked raw repeat wait end reset quit".split(' ') {
            assert!(HELP.contains(&format!("/{word}")), "{word}");
        }
    }
}
