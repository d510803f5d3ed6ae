//! Server-Sent Events: one answer that never ends (WHATWG HTML §9.2).
//!
//! **What was written is never written again, and nothing is skipped: the stream knows the last id it has
//! written.** When the connection breaks, the browser's `EventSource` connects again by itself and says which
//! id it saw last.

use std::fmt::Write as _;
use std::time::Duration;

use keep_alive::{Answer, Content, Event};
use request::Status;

use crate::{Limits, Message, Room, Step, Way};

/// A stream that a client reads.
#[derive(Debug)]
pub struct EventStream {
    /// The last message written.
    last: u64,
}

impl EventStream {
    /// Writes the head of the answer. All there is for HEAD.
    pub fn send_head(answer: &mut Answer<'_, '_>) {
        answer.send(Status::Ok, Content::Stream, |head| {
            head.field("Content-Type", "text/event-stream")
                .field("Cache-Control", "no-store")
                // A proxy may collect an answer before it passes it on; nginx does where it compresses, unless it
                // is told not to.
                .field("X-Accel-Buffering", "no")
        });
    }

    /// Begins the answer with what came after message `after`. 0: with all there is.
    pub fn begin(after: u64, room: &mut Room, limits: &Limits, answer: &mut Answer<'_, '_>) -> EventStream {
        EventStream::send_head(answer);
        let mut text = String::new();
        write_retry(&mut text, limits.retry);
        let mut stream = EventStream { last: 0 };
        stream.catch_up(after, text, room, limits, answer);
        stream
    }

    /// Is there more to write? To be asked after each event.
    pub fn goes_on(
        &mut self,
        event: Event,
        room: &mut Room,
        limits: &Limits,
        answer: &mut Answer<'_, '_>,
    ) -> Step {
        let mut text = String::new();
        match event {
            Event::HalfClosed => return Step::Gone,
            Event::Stopping => return Step::Done,
            _ if answer.io().pending() > limits.stream_pending => {
                // What it misses now it gets when it comes again, with Last-Event-ID.
                log::info!("{} reads too slowly; its event stream is dropped", answer.io().id());
                room.counters.dropped += 1;
                return Step::Gone;
            }
            // WHATWG HTML §9.2.7: "Legacy proxy servers are known to, in certain cases, drop HTTP connections
            // after a short timeout." And a client that vanished without a word is found out only by writing
            // to it.
            Event::Deadline => write_comment(&mut text, "still here"),
            Event::Woken | Event::Drained => {}
        }
        self.catch_up(self.last, text, room, limits, answer);
        Step::Waits
    }

    /// Writes `text`, and behind it what came after `after`.
    fn catch_up(
        &mut self,
        after: u64,
        mut text: String,
        room: &mut Room,
        limits: &Limits,
        answer: &mut Answer<'_, '_>,
    ) {
        let now = answer.io().now;
        for message in room.history.after(after) {
            write_message(&mut text, message);
            let delay = now.saturating_duration_since(message.arrived);
            room.counters.handed_over(Way::EventStream, after, delay);
        }
        self.last = room.history.last();
        if !text.is_empty() {
            answer.write(text.as_bytes());
            // The next heartbeat is due after a silence, not after a time.
            answer.set_timeout(Some(limits.heartbeat));
        }
    }
}

/// The name is the first line of the data, the text is the others.
fn write_message(out: &mut String, message: &Message) {
    write_event(out, message.id, &[&message.name, &message.text]);
}

/// One event: its id, and `data` in as many lines as it has. The client puts them together again, with LF.
///
/// A line of an event stream ends with CR, LF or both, and what begins a line is a field name. So data that
/// holds a line end would write fields of its own, were it not split at each.
pub fn write_event(out: &mut String, id: u64, data: &[&str]) {
    let _ = writeln!(out, "id: {id}"); // a String takes all
    for part in data {
        write_lines(out, "data: ", part);
    }
    out.push('\n');
}

/// A comment: a line that begins with a colon, which the client throws away.
pub fn write_comment(out: &mut String, text: &str) {
    write_lines(out, ": ", text);
    out.push('\n');
}

/// How long the client waits before it connects again.
pub fn write_retry(out: &mut String, after: Duration) {
    let _ = write!(out, "retry: {}\n\n", after.as_millis());
}

// ANCHOR: lines
fn write_lines(out: &mut String, field: &str, text: &str) {
    // CRLF is one line end: the CR is cut here, the LF would otherwise make an empty line.
    for line in text.replace("\r\n", "\n").split(['\r', '\n']) {
        out.push_str(field);
        out.push_str(line);
        out.push('\n');
    }
}
// ANCHOR_END: lines

#[cfg(test)]
mod tests {
    use super::*;

    fn event(data: &[&str]) -> String {
        let mut out = String::new();
        write_event(&mut out, 7, data);
        out
    }

    /// An id, a `data:` line for each line of each part, an empty line that ends the event. An empty line of the text is a
    /// `data:` line too.
    #[test]
    fn an_event_is_an_id_and_lines_of_data() {
        assert_eq!(event(&["Ada", "Hello"]), "id: 7\ndata: Ada\ndata: Hello\n\n");
        assert_eq!(event(&["Ada", "one\ntwo\n"]), "id: 7\ndata: Ada\ndata: one\ndata: two\ndata: \n\n");
        assert_eq!(event(&[""]), "id: 7\ndata: \n\n");
    }

    /// The client takes away one space behind the colon, so one must be written; the others belong to the text.
    #[test]
    fn the_colon_and_the_space_behind_it_belong_to_the_line() {
        // WHATWG HTML §9.2.6: "If value starts with a U+0020 SPACE character, remove it": one, not two.
        assert_eq!(event(&[" indented"]), "id: 7\ndata:  indented\n\n");
        assert_eq!(event(&[":", "data: x"]), "id: 7\ndata: :\ndata: data: x\n\n");
    }

    /// A line begins with a field name. Text that is written as it came could end the event and forge another; CR alone
    /// ends a line, too.
    #[test]
    fn data_cannot_write_fields_or_end_the_event() {
        for end in ["\n", "\r", "\r\n"] {
            let evil = format!("x{end}{end}id: 99{end}event: evil{end}data: forged");
            let out = event(&[&evil]);
            assert_eq!(
                out, "id: 7\ndata: x\ndata: \ndata: id: 99\ndata: event: evil\ndata: data: forged\n\n",
                "{end:?}"
            );
        }
        // These end a line elsewhere, not here.
        assert_eq!(event(&["a\u{2028}b\u{85}c\u{b}d"]), "id: 7\ndata: a\u{2028}b\u{85}c\u{b}d\n\n");
    }

    /// CR, LF and both end a line; each line gets the field in front and LF behind it. No text is one empty line.
    #[test]
    fn each_line_gets_its_field() {
        let lines = |text| {
            let mut out = "before ".to_string();
            write_lines(&mut out, "x: ", text);
            out
        };
        assert_eq!(lines("one"), "before x: one\n");
        assert_eq!(lines(""), "before x: \n");
        assert_eq!(lines("a\nb\rc\r\nd"), "before x: a\nx: b\nx: c\nx: d\n");
        assert_eq!(lines("\n\r"), "before x: \nx: \nx: \n", "LF and then CR are two");
    }

    /// A comment begins with a colon; its own lines do, too.
    #[test]
    fn comments_and_retry() {
        let mut out = String::new();
        write_comment(&mut out, "still\rhere");
        write_retry(&mut out, Duration::from_secs(2));
        assert_eq!(out, ": still\n: here\n\nretry: 2000\n\n");
    }
}
