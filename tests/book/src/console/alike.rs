//! Is this what the chapter says? Times, dates, ports and ids are others at each run, and are compared by their form.

use std::sync::LazyLock;

use regex_lite::Regex;

use super::drawing;

/// What is never twice the same, and what stands for it in a comparison.
const VARIABLE: &[(&str, &str)] = &[
    (r"^\[ *\d+\.\d{3}\]", "[<time>]"),
    (r"(Mon|Tue|Wed|Thu|Fri|Sat|Sun), \d\d [A-Z][a-z]{2} \d{4} \d\d:\d\d:\d\d GMT", "<date>"),
    (r"\b(127\.0\.0\.1|0\.0\.0\.0|localhost|\[::1\]):(\d{5})\b", "$1:<port>"),
    (r"\b\d+(\.\d+)? ?(ns|µs|us|ms|s)\b", "<time>"),
    (r"\b\d{13,}\b", "<id>"),
    (r"masking key=[0-9a-f]{2}( [0-9a-f]{2}){3}", "masking key=<key>"),
    (r#""[0-9a-f]+-[0-9a-f]+-[0-9a-f]+\.[0-9a-f]+"#, "\"<tag>"),
    (r"\bsession=[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+", "session=<session>"),
    (r"\bcurl/\d+\.\d+\.\d+", "curl/<version>"),
    (r"--[0-9a-f]{32}\b", "--<boundary>"),
    // What rung 00 draws: its times, clocks and ports, and arrows as long as the terminal is wide.
    (r"^ +\d+\.\d{6} \|", "<time> |"),
    (r"\btimestamps \d+ \d+", "timestamps <clock> <clock>"),
    // Set by how much memory the kernel may give to a socket.
    (r"\bwindow scale \d+", "window scale <shift>"),
    (r"-{3,}", "---"),
    // Columns are as wide as what stands in them.
    (r"[ \t]+", " "),
];

/// A line with its variable parts replaced.
fn plain(line: &str) -> String {
    static RULES: LazyLock<Vec<(Regex, &str)>> = LazyLock::new(|| {
        VARIABLE.iter().map(|(rule, instead)| (Regex::new(rule).expect("a rule above"), *instead)).collect()
    });
    RULES.iter().fold(line.trim_end().to_owned(), |line, (rule, instead)| {
        rule.replace_all(&line, *instead).into_owned()
    })
}

/// How much of what was printed the chapter shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Whole {
    /// All of it.
    All,
    /// Its beginning: the program goes on.
    Beginning,
    /// Some lines from it.
    Somewhere,
}

/// How the two are compared.
#[derive(Debug, Clone, Copy)]
pub struct Like {
    /// How much is shown.
    pub whole: Whole,
    /// Lines of `curl -v` that the chapter leaves out do not count.
    pub chatty: bool,
    /// A number but 0 stands for any number: what was measured.
    pub by_form: bool,
}

/// The first line of the chapter that does not come, its index; `None`: all is as the chapter says. In the chapter `...`
/// alone stands for any lines, `...` in a line for any text.
pub fn unlike(says: &[String], printed: &str, like: Like) -> Option<usize> {
    let form = |lines: Vec<String>| {
        let told = drawing::told(&lines).into_iter();
        told.map(|(index, line)| (index, if like.by_form { without_numbers(&line) } else { line }))
            .collect::<Vec<_>>()
    };
    let said = form(says.iter().map(|line| plain(line)).collect());
    let printed: Vec<String> =
        form(printed.lines().map(plain).collect()).into_iter().map(|(_, line)| line).collect();
    // reached[j]: the lines so far can be what the first j printed ones are.
    let mut reached = vec![false; printed.len() + 1];
    let first = if like.whole == Whole::Somewhere { printed.len() } else { 0 };
    reached[..=first].fill(true);
    skip_chatter(&mut reached, &printed, like.chatty);
    for (index, line) in said {
        let mut next = vec![false; printed.len() + 1];
        if line == "..." {
            if let Some(first) = reached.iter().position(|&reached| reached) {
                next[first..].fill(true);
            }
        } else {
            for (at, said) in printed.iter().enumerate() {
                next[at + 1] = reached[at] && fits(&line, said);
            }
        }
        skip_chatter(&mut next, &printed, like.chatty);
        if !next.contains(&true) {
            return Some(index);
        }
        reached = next;
    }
    let complete = like.whole != Whole::All || reached[printed.len()];
    (!complete).then_some(says.len())
}

fn without_numbers(line: &str) -> String {
    static NUMBER: LazyLock<Regex> =
        LazyLock::new(|| Regex::new(r"(^ +)?([1-9][0-9]*([.,][0-9]+)*|0\.[0-9]+)").expect("it is one"));
    NUMBER.replace_all(line, "<n>").into_owned()
}

fn skip_chatter(reached: &mut [bool], printed: &[String], chatty: bool) {
    for (at, said) in printed.iter().enumerate() {
        let of_curl = ["*", ">", "<", "{ [", "} ["].iter().any(|mark| said.starts_with(mark));
        reached[at + 1] |= chatty && reached[at] && of_curl;
    }
}

/// `...` in the chapter's line stands for any text.
fn fits(line: &str, said: &str) -> bool {
    let mut parts = line.split("...");
    let Some(mut rest) = said.strip_prefix(parts.next().unwrap_or_default()) else { return false };
    let mut parts = parts.peekable();
    if parts.peek().is_none() {
        return rest.is_empty();
    }
    while let Some(part) = parts.next() {
        if parts.peek().is_none() {
            return rest.ends_with(part);
        }
        let Some(at) = rest.find(part) else { return false };
        rest = &rest[at + part.len()..];
    }
    true
}

#[cfg(test)]
mod tests {
    use super::Whole::{All, Beginning, Somewhere};
    use super::*;

    const ALL: Like = Like { whole: All, chatty: false, by_form: false };
    const OF_CURL: Like = Like { chatty: true, ..ALL };

    fn lines(text: &str) -> Vec<String> {
        text.lines().map(str::to_owned).collect()
    }

    #[test]
    fn what_varies_is_compared_by_its_form() {
        for (says, printed) in [
            (
                "[   0.403] info  #0.1 came from 127.0.0.1:59748",
                "[  12.003] info  #0.1 came from 127.0.0.1:40000",
            ),
            ("Date: Sat, 21 Nov 2026 07:26:41 GMT", "Date: Mon, 30 Nov 2026 17:00:00 GMT"),
            ("id: 1795238338089", "id: 1795238338999"),
            ("< +0.1 ms  masking key=f5 11 d1 72", "< +22.0 ms  masking key=00 11 d1 72"),
            ("ETag: \"5109fc-1dd-6b012781.eb9bce3-gzip\"", "ETag: \"1-1-1.1-gzip\""),
            ("a ... c...", "a bb c"),
        ] {
            assert_eq!(unlike(&lines(says), printed, ALL), None, "{says} and {printed}");
        }
        for (says, printed) in [
            ("listening on tcp://127.0.0.1:8080", "listening on tcp://127.0.0.1:80800"),
            ("Content-Length: 477", "Content-Length: 478"),
            ("ETag: \"1-1-1.1-gzip\"", "ETag: \"1-1-1.1\""),
            ("a...b", "a c"),
            ("a ... b ... a", "a b"),
        ] {
            assert_eq!(unlike(&lines(says), printed, ALL), Some(0), "{says} and {printed}");
        }
    }

    #[test]
    fn what_was_measured_is_compared_by_its_form() {
        let by_form = Like { by_form: true, ..ALL };
        let is = |says: &str, printed: &str| unlike(&lines(says), printed, by_form).is_none();
        assert!(is(" 66.59    0.066370   66  1004  2 recvfrom", "7.5 0.1  8 1,000   3 recvfrom"));
        assert!(is("window 0", "window 0"));
        assert!(!is("window 0", "window 7"), "0 is no measure");
        assert!(!is("4 bytes", "bytes"));
        assert!(!is("4 bytes", "4 lines"));
    }

    #[test]
    fn how_much_is_shown() {
        let printed = "one\ntwo\nthree\nfour";
        let is = |says: &str, whole| unlike(&lines(says), printed, Like { whole, ..ALL });
        assert_eq!(is("one\ntwo\nthree\nfour", All), None);
        assert_eq!(is("one\n...\nfour", All), None);
        assert_eq!(is("...\nthree\n...", All), None);
        assert_eq!(is("one\ntwo\n", All), Some(2), "there is more");
        assert_eq!(is("one\ntwo", Beginning), None);
        assert_eq!(is("two\nthree", Beginning), Some(0));
        assert_eq!(is("two\nthree", Somewhere), None);
        assert_eq!(is("two\nfour", Somewhere), Some(1));
        assert_eq!(is("two\n...\nfour\nfive", Somewhere), Some(3));
    }

    #[test]
    fn curl_says_much_and_a_chapter_little() {
        let printed = "*   Trying 127.0.0.1:1...\n> GET / HTTP/1.1\n< HTTP/1.1 200 OK\n<\n{ [5 bytes data]\nhello\n* Closing";
        assert_eq!(unlike(&lines("< HTTP/1.1 200 OK\nhello"), printed, OF_CURL), None);
        assert_eq!(unlike(&lines("< HTTP/1.1 200 OK"), printed, OF_CURL), Some(1), "the body is no chatter");
        assert_eq!(unlike(&lines("< HTTP/1.1 404 Not Found\nhello"), printed, OF_CURL), Some(0));
        assert_eq!(unlike(&lines("hello"), printed, ALL), Some(0));
    }
}
