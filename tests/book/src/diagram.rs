//! Pictures from short texts in `notes/diagrams`. The first line says what it is and what it is called; `#` begins a remark.
//!
//! A file is light or dark as the system is: it has its own paper and ink, and nothing is loaded from anywhere.

mod fields;
mod graph;
mod sequence;

use std::fmt::Write;

pub use graph::edges;

/// Draws a picture.
///
/// # Errors
///
/// In words, with the line that is not understood.
pub fn draw(text: &str) -> Result<String, String> {
    let mut lines = lines(text);
    let (kind, title) =
        lines.next().and_then(|line| line.split_once(' ')).ok_or("the first line says: KIND TITLE")?;
    let lines: Vec<&str> = lines.collect();
    let (width, height, body) = match kind {
        "graph" => graph::draw(&lines)?,
        "sequence" => sequence::draw(&lines)?,
        "fields" => fields::draw(&lines)?,
        other => return Err(format!("{other} is no kind of diagram: graph, sequence and fields are")),
    };
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width} {height}\" width=\"{width}\" height=\"{height}\" \
         role=\"img\" aria-label=\"{}\">\n",
        escape(title)
    );
    let _ = write!(svg, "{STYLE}<rect class=\"paper\" width=\"100%\" height=\"100%\"/>\n{body}</svg>\n");
    Ok(svg)
}

/// The lines that say something.
fn lines(text: &str) -> impl Iterator<Item = &str> {
    text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'))
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

/// A line of text; its middle is at `x`.
fn label(class: &str, x: f64, y: f64, text: &str) -> String {
    format!("<text class=\"{class}\" x=\"{x:.0}\" y=\"{y:.0}\">{}</text>\n", escape(text))
}

/// A line of small text with paper behind it, for it stands on a line.
fn on_line(x: f64, y: f64, text: &str) -> String {
    let width = text.chars().count() as f64 * 6.4 + 6.0;
    let left = x - width / 2.0;
    let paper = format!(
        "<rect class=\"paper\" x=\"{left:.0}\" y=\"{:.0}\" width=\"{width:.0}\" height=\"15\"/>\n",
        y - 8.0
    );
    paper + &label("small", x, y, text)
}

/// The head of an arrow that comes from `from` and ends at `to`.
fn head(from: (f64, f64), to: (f64, f64)) -> String {
    let angle = (to.1 - from.1).atan2(to.0 - from.0);
    let corner = |turn: f64| (to.0 - 10.0 * (angle + turn).cos(), to.1 - 10.0 * (angle + turn).sin());
    let (left, right) = (corner(0.4), corner(-0.4));
    format!(
        "<path class=\"head\" d=\"M{:.1} {:.1}L{:.1} {:.1}L{:.1} {:.1}Z\"/>\n",
        to.0, to.1, left.0, left.1, right.0, right.1
    )
}

const STYLE: &str = "<style>
svg { --paper: #ffffff; --ink: #1f2328; --soft: #59636e; --box: #eef2f6; }
@media (prefers-color-scheme: dark) {
  svg { --paper: #16181c; --ink: #e6e8ea; --soft: #a8b0b8; --box: #262b33; }
}
.paper { fill: var(--paper); }
text { font: 14px system-ui, sans-serif; fill: var(--ink); text-anchor: middle; dominant-baseline: central; }
.small { font-size: 12px; fill: var(--soft); }
.box { fill: var(--box); stroke: var(--ink); stroke-width: 1.2; }
.line { fill: none; stroke: var(--ink); stroke-width: 1.2; }
.life { stroke: var(--soft); stroke-dasharray: 4 4; }
.head { fill: var(--ink); }
</style>
";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_kind_is_drawn() {
        for text in [
            "graph A graph\nbox One 100 100\nbox Two 300 100 : the second\nOne -> Two bend 20 : a & b\nOne -> One : again",
            "sequence A sequence\nwho client, server\nclient -> server : SYN <1>\n= later\nnote server : hears",
            "fields A header\nrow FIN 1, opcode 7, length 24",
        ] {
            let svg = draw(text).unwrap();
            assert!(svg.starts_with("<svg") && svg.ends_with("</svg>\n"), "{svg}");
            assert!(!svg.contains("NaN") && !svg.contains("a & b") && !svg.contains("<1>"), "{svg}");
        }
    }

    #[test]
    fn what_is_not_understood_is_told() {
        for (text, wrong) in [
            ("", "the first line says"),
            ("cloud A", "cloud is no kind"),
            ("graph A\nbox One 1 1\nOne -> Two", "there is no box Two"),
            ("graph A\nOne to Two", "One to Two"),
            ("sequence A\nwho a, b\na -> c : x", "c is nobody"),
            ("fields A\nrow FIN one", "FIN one"),
        ] {
            let error = draw(text).unwrap_err();
            assert!(error.contains(wrong), "{error}");
        }
    }
}
