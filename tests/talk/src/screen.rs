//! What is shown: what went out, what came in, and remarks on both.

use std::io::Write;
use std::time::{Duration, Instant};

/// How wide the column of the time is.
const TIME: usize = 10;

/// Where all that is said goes. Every line has a mark: `>` went out, `<` came in, none is a remark.
pub(crate) struct Screen {
    out: Box<dyn Write>,
    colour: bool,
    /// When something was last sent or received.
    last: Option<Instant>,
    /// A rule was broken by the server: said once more at the end, by the exit code.
    pub faults: usize,
}

/// Which way it went.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Way {
    Out,
    In,
}

/// How a line looks on a terminal (ECMA-48 §8.3.117, SGR).
#[derive(Clone, Copy)]
enum Look {
    Cyan,
    Green,
    Red,
    Faint,
}

impl Screen {
    pub fn new(out: Box<dyn Write>, colour: bool) -> Screen {
        Screen { out, colour, last: None, faults: 0 }
    }

    /// Something was sent or received at `now`: its lines, the first with the time since the last such thing.
    pub fn shows(&mut self, way: Way, now: Instant, lines: impl IntoIterator<Item = String>) {
        let since =
            self.last.replace(now).map(|last| format!("+{}", time(now.saturating_duration_since(last))));
        let mut since = since.unwrap_or_default();
        let (mark, look) = match way {
            Way::Out => ('>', Look::Cyan),
            Way::In => ('<', Look::Green),
        };
        for line in lines {
            self.line(&format!("{mark} {since:<TIME$} {line}"), Some(look));
            since.clear();
        }
    }

    /// A remark, indented.
    pub fn notes(&mut self, text: impl AsRef<str>) {
        for line in text.as_ref().lines() {
            self.line(&format!("  {line}"), Some(Look::Faint));
        }
    }

    /// A rule that the server broke; the text names the section.
    pub fn blames(&mut self, text: impl AsRef<str>) {
        self.faults += 1;
        self.line(&format!("! the server broke a rule: {}", text.as_ref()), Some(Look::Red));
    }

    /// What the person at the keyboard should know: a typing error, a connection that is gone.
    pub fn warns(&mut self, text: impl AsRef<str>) {
        let text = text.as_ref();
        let (first, more) = text.split_once('\n').unwrap_or((text, ""));
        self.line(&format!("! {first}"), Some(Look::Red));
        self.notes(more);
    }

    fn line(&mut self, line: &str, look: Option<Look>) {
        let line = line.trim_end();
        // Nobody may be reading any more (`| head`). The connection is still to be ended properly.
        let _ = match look.filter(|_| self.colour) {
            Some(look) => writeln!(self.out, "\x1b[{}m{line}\x1b[0m", look.code()),
            None => writeln!(self.out, "{line}"),
        };
        let _ = self.out.flush();
    }
}

impl Look {
    fn code(self) -> u8 {
        match self {
            Look::Faint => 2,
            Look::Red => 31,
            Look::Green => 32,
            Look::Cyan => 36,
        }
    }
}

/// `0.3 ms`, `1.2 s`
fn time(time: Duration) -> String {
    match time.as_secs_f64() {
        seconds if seconds < 1.0 => format!("{:.1} ms", seconds * 1000.0),
        seconds => format!("{seconds:.1} s"),
    }
}

/// For tests: a screen whose lines can be read afterwards.
#[cfg(test)]
pub(crate) mod paper {
    use std::cell::RefCell;
    use std::io::{self, Write};
    use std::rc::Rc;

    use super::Screen;

    #[derive(Clone, Default)]
    pub struct Paper(Rc<RefCell<Vec<u8>>>);

    impl Paper {
        pub fn screen(&self) -> Screen {
            Screen::new(Box::new(self.clone()), false)
        }

        /// All that was written since the last call.
        pub fn text(&self) -> String {
            String::from_utf8(self.0.take()).expect("a screen shows UTF-8")
        }
    }

    impl Write for Paper {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.borrow_mut().extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_says_which_way_and_how_long_after_the_last() {
        let paper = paper::Paper::default();
        let mut screen = paper.screen();
        let start = Instant::now();
        screen.shows(Way::Out, start, ["one".into(), "two".into()]);
        screen.shows(Way::In, start + Duration::from_micros(340), ["three".into()]);
        screen.shows(Way::In, start + Duration::from_secs(2), ["four".into()]);
        screen.notes("a remark\nof two lines");
        let lines = [
            ">            one",
            ">            two",
            "< +0.3 ms    three",
            "< +2.0 s     four",
            "  a remark",
            "  of two lines",
        ];
        assert_eq!(paper.text().lines().collect::<Vec<_>>(), lines);
        assert_eq!(screen.faults, 0);
        screen.blames("x (RFC 9112 §1)");
        assert_eq!(
            (screen.faults, paper.text().as_str()),
            (1, "! the server broke a rule: x (RFC 9112 §1)\n")
        );
    }

    #[test]
    fn colour_is_around_the_line_and_only_where_it_is_wanted() {
        let paper = paper::Paper::default();
        Screen::new(Box::new(paper.clone()), true).notes("x");
        assert_eq!(paper.text(), "\x1b[2m  x\x1b[0m\n");
    }
}
