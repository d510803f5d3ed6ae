//! Where a server's processor time goes, as `perf` samples it. A goal that is missed is shown with it.

use std::collections::BTreeMap;
use std::io;
use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

use harness::{Server, Story};

use crate::data::{Place, Share};

/// Samples a second: no round number, so that they do not keep step with a timer of the server.
const FREQUENCY: &str = "4999";
/// So many functions are kept of our program, the largest first,
const OURS: usize = 5;
/// and of the kernel.
const KERNEL: usize = 3;
/// No name is longer, where it can be cut.
const LONGEST: usize = 60;

/// Why nothing can be profiled here, in a line.
pub fn no_profiler(story: &Story) -> Option<String> {
    let mut perf = Command::new("perf");
    // `:k`: where only a process's own part may be sampled, perf would else leave out the kernel's and not say so.
    perf.args(["record", "-N", "-e", "cpu-clock:k", "-F", FREQUENCY, "-o"])
        .arg(story.directory().join("perf"));
    perf.args(["-p", &std::process::id().to_string(), "--", "true"]);
    match perf.output() {
        Ok(ran) if ran.status.success() => None,
        Ok(ran) => Some(refusal(&String::from_utf8_lossy(&ran.stderr))),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Some("perf: apt install linux-perf".into()),
        Err(error) => Some(format!("perf: {error}")),
    }
}

/// The first line of what perf says that says something.
fn refusal(stderr: &str) -> String {
    let line = stderr.lines().map(str::trim).find(|line| !line.is_empty() && *line != "Error:");
    format!("perf: {}", line.unwrap_or("it does not say why"))
}

/// Samples a server from now on, until [`Profiler::end`].
pub(crate) struct Profiler<'a> {
    story: &'a Story,
    perf: harness::Running,
    file: PathBuf,
}

impl Profiler<'_> {
    pub fn of<'a>(story: &'a Story, server: &Server) -> Profiler<'a> {
        let file = story.directory().join("perf");
        // -v: it says when it has begun. -N: nothing is put into ~/.debug.
        let perf =
            story.program("perf").args(["record", "-v", "-N", "-e", "cpu-clock", "-F", FREQUENCY, "-p"]);
        let perf = perf.args([&server.pid().to_string(), "-o"]).arg(&file).limit(Duration::from_secs(60));
        let perf = perf.starts();
        perf.prints_eventually("mmap size");
        Profiler { story, perf, file }
    }

    /// What was sampled; the program has this name. Or why that is nothing, in a line.
    pub fn end(self, program: &str) -> Result<Vec<Share>, String> {
        self.perf.interrupt();
        self.perf.ends();
        let report =
            self.story.program("perf").args(["report", "--stdio", "-q", "--no-children", "-t", "\t"]);
        let report = report.args(["-F", "sample,dso,symbol", "-i"]).arg(&self.file);
        // Symbols are here, and not to be asked for in the network.
        let report = report.env("DEBUGINFOD_URLS", "").limit(Duration::from_secs(60)).runs();
        let shares = shares(&String::from_utf8_lossy(&report.stdout), program);
        if shares.is_empty() { Err(refusal(&report.stderr)) } else { Ok(shares) }
    }
}

/// What `perf report` prints: samples, object and symbol, with tabs between.
fn shares(report: &str, program: &str) -> Vec<Share> {
    let mut places: BTreeMap<Place, BTreeMap<String, u64>> = BTreeMap::new();
    for line in report.lines() {
        let cells: Vec<&str> = line.split('\t').map(str::trim).collect();
        let [samples, object, symbol] = cells[..] else { continue };
        // `[k]` in the kernel, `[.]` outside.
        let (Ok(samples), Some((level, name))) = (samples.parse::<u64>(), symbol.split_once(' ')) else {
            continue;
        };
        let place = match object {
            _ if level == "[k]" => Place::Kernel,
            _ if object == program => Place::Program,
            _ => Place::Library,
        };
        *places.entry(place).or_default().entry(short(name.trim())).or_default() += samples;
    }
    let share = |place, function: &str, samples| Share {
        load: String::new(),
        place,
        function: function.into(),
        samples,
    };
    let mut shares: Vec<Share> =
        places.iter().map(|(&place, functions)| share(place, "", functions.values().sum())).collect();
    for (place, most) in [(Place::Program, OURS), (Place::Kernel, KERNEL)] {
        let mut functions: Vec<_> = places.remove(&place).unwrap_or_default().into_iter().collect();
        functions.sort_by_key(|&(_, samples)| std::cmp::Reverse(samples));
        shares.extend(functions.iter().take(most).map(|(name, samples)| share(place, name, *samples)));
    }
    shares
}

/// A name that can be read: without hash, type parameters, and what a compiler appends.
///
/// `<messages::connection::WebSocket<A,W> as poll::protocol::Protocol>::data` becomes
/// `messages::connection::WebSocket::data`.
fn short(name: &str) -> String {
    if name.starts_with("0x") {
        return "without a name".into();
    }
    let name = match name.rsplit_once("::h") {
        Some((before, hash)) if hash.len() == 16 && hash.bytes().all(|byte| byte.is_ascii_hexdigit()) => {
            before
        }
        _ => name,
    };
    let name = [".isra", ".part", ".constprop", ".cold", ".llvm"]
        .iter()
        .fold(name, |name, part| name.split_once(part).map_or(name, |(before, _)| before));
    let path = path(name).replace("{{closure}}", "{closure}");
    let mut short = path.as_str();
    while short.len() > LONGEST
        && let Some((_, rest)) = short.split_once("::")
    {
        short = rest;
    }
    if short.len() < path.len() { format!("…::{short}") } else { path }
}

/// Without what stands in angle brackets; but of a leading `<Type as Trait>` the type, or the trait where the type has no
/// path: `()`, `&T`.
fn path(name: &str) -> String {
    if let Some(behind) = name.strip_prefix('<')
        && let Some(end) = closing(behind)
    {
        let (inside, rest) = (&behind[..end], &behind[end + 1..]);
        let inside = inside.strip_prefix("impl ").unwrap_or(inside);
        let (own, of) =
            outermost(inside, " as ").or_else(|| outermost(inside, " for ")).unwrap_or((inside, inside));
        let own = own.trim_start_matches(['&', '*']);
        let own =
            ["mut ", "const ", "dyn "].iter().fold(own, |own, word| own.strip_prefix(word).unwrap_or(own));
        let own = path(own);
        return if own.contains("::") { own } else { path(of) } + &path(rest);
    }
    let (mut short, mut rest) = (String::new(), name);
    while let Some((before, behind)) = rest.split_once('<') {
        let Some(end) = closing(behind) else { break };
        // `Vec::<T>::push`, `slice::<impl [T]>::to_vec`.
        short += before.strip_suffix("::").unwrap_or(before);
        rest = &behind[end + 1..];
    }
    short + rest
}

/// Where the bracket closes that was opened before this text.
fn closing(text: &str) -> Option<usize> {
    let mut open = 1;
    for (at, byte) in text.bytes().enumerate() {
        match byte {
            b'<' => open += 1,
            // `fn(A) -> B`
            b'>' if !text[..at].ends_with('-') => open -= 1,
            _ => {}
        }
        if open == 0 {
            return Some(at);
        }
    }
    None
}

/// Divided at these words, where they stand in no brackets.
fn outermost<'a>(text: &'a str, words: &str) -> Option<(&'a str, &'a str)> {
    let free =
        |at: &usize| text[..*at].matches('<').count() == text[..*at].replace("->", "").matches('>').count();
    let at = text.match_indices(words).map(|(at, _)| at).find(free)?;
    Some((&text[..at], &text[at + words.len()..]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_perf_reports() {
        let shares = shares(include_str!("profile.txt"), "10-messages");
        let lines: Vec<String> = shares
            .iter()
            .map(|share| format!("{:?} {} {}", share.place, share.samples, share.function))
            .collect();
        assert_eq!(
            lines,
            [
                "Kernel 3430 ",
                "Program 2106 ",
                "Library 133 ",
                "Program 372 messages::connection::WebSocket::data",
                "Program 279 messages::extension::Pack::pack",
                "Program 268 frames::decoder::Decoder::piece",
                "Program 219 messages::connection::WebSocket::event",
                "Program 206 frames::decoder::Decoder::next",
                "Kernel 527 finish_task_switch",
                "Kernel 377 _raw_spin_unlock_irqrestore",
                "Kernel 144 tcp_ack",
            ]
        );
    }

    #[test]
    fn names_are_short() {
        for (long, wanted) in [
            ("frames::decoder::Decoder::next", "frames::decoder::Decoder::next"),
            ("core::str::converts::from_utf8::h0123456789abcdef", "core::str::converts::from_utf8"),
            ("poll::event_loop::EventLoop<P,S>::turn", "poll::event_loop::EventLoop::turn"),
            (
                "<messages::connection::WebSocket<A,W,U,P> as poll::protocol::Protocol>::data",
                "messages::connection::WebSocket::data",
            ),
            ("<() as messages::extension::Pack>::pack", "messages::extension::Pack::pack"),
            ("<&T as core::fmt::Display>::fmt", "core::fmt::Display::fmt"),
            ("<&mut request::lines::Lines<'_> as core::iter::Iterator>::next", "request::lines::Lines::next"),
            ("<a::A<<b::B as c::C>::D> as e::E>::f", "a::A::f"),
            ("alloc::vec::Vec::<T,A>::push", "alloc::vec::Vec::push"),
            ("alloc::slice::<impl [T]>::to_vec", "alloc::slice::to_vec"),
            ("core::ptr::drop_in_place<alloc::boxed::Box<dyn Fn(u8) -> u8>>", "core::ptr::drop_in_place"),
            ("poll::turn::{{closure}}", "poll::turn::{closure}"),
            ("finish_task_switch.isra.0", "finish_task_switch"),
            ("0xffffffff81000000", "without a name"),
            ("memcpy", "memcpy"),
            (
                "a_crate_with_a_name::a_module_with_a_name::another_module_with_a_name::Type::function",
                "…::another_module_with_a_name::Type::function",
            ),
        ] {
            assert_eq!(short(long), wanted);
        }
    }

    #[test]
    fn a_refusal_is_one_line() {
        let text =
            "Error:\nAccess to performance monitoring and observability operations is limited.\nConsider\n";
        let line = "perf: Access to performance monitoring and observability operations is limited.";
        assert_eq!(refusal(text), line);
        assert_eq!(refusal(""), "perf: it does not say why");
    }
}
