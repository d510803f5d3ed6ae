//! Boxes with arrows between them, for states and for flows.
//!
//! ```text
//! box Head 100 80 : between two requests
//! Head -> Body : the handler reads
//! Body -> Head bend 30        # a line that bends to its left by so much
//! Head -> Head                # a loop above the box
//! ```

use std::collections::BTreeMap;

use super::{head, label, on_line};

struct Box<'a> {
    x: f64,
    y: f64,
    width: f64,
    height: f64,
    name: &'a str,
    below: &'a str,
}

struct Edge<'a> {
    from: &'a str,
    to: &'a str,
    bend: f64,
    words: &'a str,
}

/// What a graph joins: `("Head", "Body")` for each arrow.
///
/// # Errors
///
/// In words, with the line that is not understood.
pub fn edges(text: &str) -> Result<Vec<(String, String)>, String> {
    let lines: Vec<&str> = super::lines(text).skip(1).collect();
    let (_, edges) = read(&lines)?;
    Ok(edges.iter().map(|edge| (edge.from.to_owned(), edge.to.to_owned())).collect())
}

fn read<'a>(lines: &[&'a str]) -> Result<(BTreeMap<&'a str, Box<'a>>, Vec<Edge<'a>>), String> {
    let (mut boxes, mut edges) = (BTreeMap::new(), Vec::new());
    for line in lines {
        let (what, words) = line.split_once(" : ").unwrap_or((line, ""));
        let wrong = || format!("{line}: neither `box NAME X Y : words` nor `NAME -> NAME bend 20 : words`");
        let number = |word: &str| word.parse::<f64>().map_err(|_| wrong());
        match what.split_whitespace().collect::<Vec<_>>()[..] {
            ["box", name, x, y] => {
                let widest = name.len().max(words.len() * 6 / 7).max(6) as f64;
                let (width, height) = (widest * 8.5 + 20.0, if words.is_empty() { 34.0 } else { 48.0 });
                boxes.insert(name, Box { x: number(x)?, y: number(y)?, width, height, name, below: words });
            }
            [from, "->", to] => edges.push(Edge { from, to, bend: 0.0, words }),
            [from, "->", to, "bend", bend] => edges.push(Edge { from, to, bend: number(bend)?, words }),
            _ => return Err(wrong()),
        }
    }
    for name in edges.iter().flat_map(|edge| [edge.from, edge.to]) {
        if !boxes.contains_key(name) {
            return Err(format!("there is no box {name}"));
        }
    }
    Ok((boxes, edges))
}

pub fn draw(lines: &[&str]) -> Result<(u32, u32, String), String> {
    let (boxes, edges) = read(lines)?;
    let (mut svg, mut words) = (String::new(), String::new());
    for edge in &edges {
        let (from, to) = (&boxes[edge.from], &boxes[edge.to]);
        let (begin, middle, end, at) =
            if edge.from == edge.to { around(from) } else { between(from, to, edge.bend) };
        svg += &format!(
            "<path class=\"line\" d=\"M{:.1} {:.1}{}{:.1} {:.1}\"/>\n",
            begin.0, begin.1, middle.0, end.0, end.1
        );
        svg += &head(middle.1, end);
        let parts: Vec<&str> = edge.words.split(" / ").filter(|part| !part.is_empty()).collect();
        for (line, part) in (0..).map(f64::from).zip(&parts) {
            // Above a loop, and in the middle of any other way.
            let rise = if edge.from == edge.to { parts.len() as f64 - 1.0 } else { 0.0 };
            words += &on_line(at.0, at.1 + 15.0 * (line - rise), part);
        }
    }
    for Box { x, y, width, height, name, below } in boxes.values() {
        svg += &format!(
            "<rect class=\"box\" x=\"{:.1}\" y=\"{:.1}\" width=\"{width:.1}\" height=\"{height}\" rx=\"6\"/>\n",
            x - width / 2.0,
            y - height / 2.0
        );
        let name = name.replace('_', " ");
        if below.is_empty() {
            svg += &label("name", *x, *y, &name);
        } else {
            svg += &label("name", *x, y - 9.0, &name);
            svg +=
                &label("under", *x, y + 11.0, below).replace("class=\"under\"", "style=\"font-size:12px\"");
        }
    }
    let width = boxes.values().map(|one| one.x + one.width / 2.0).fold(0.0, f64::max) + 30.0;
    let height = boxes.values().map(|one| one.y + one.height / 2.0).fold(0.0, f64::max) + 30.0;
    Ok((width as u32, height as u32, svg + &words))
}

type Point = (f64, f64);

/// The way from box to box: where it begins, its middle part with the point before its end, its end, where its words stand.
fn between(from: &Box<'_>, to: &Box<'_>, bend: f64) -> (Point, (String, Point), Point, Point) {
    let (dx, dy) = (to.x - from.x, to.y - from.y);
    let length = dx.hypot(dy).max(1.0);
    // To the left of who walks from one to the other.
    let middle =
        ((from.x + to.x) / 2.0 + dy / length * bend * 2.0, (from.y + to.y) / 2.0 - dx / length * bend * 2.0);
    let (begin, end) = (edge_of(from, middle), edge_of(to, middle));
    let at = |one: f64, two: f64, three: f64| one / 4.0 + two / 2.0 + three / 4.0;
    let words = (at(begin.0, middle.0, end.0), at(begin.1, middle.1, end.1));
    (begin, (format!("Q{:.1} {:.1} ", middle.0, middle.1), middle), end, words)
}

/// A loop at the upper side of a box.
fn around(one: &Box<'_>) -> (Point, (String, Point), Point, Point) {
    let top = one.y - one.height / 2.0;
    let (left, right) = (one.x - 16.0, one.x + 16.0);
    let curve = format!("C{:.1} {:.1} {:.1} {:.1} ", left - 6.0, top - 38.0, right + 6.0, top - 38.0);
    ((left, top), (curve, (right + 6.0, top - 38.0)), (right, top), (one.x, top - 38.0))
}

/// Where the way from a box's middle towards a point leaves the box.
fn edge_of(one: &Box<'_>, towards: Point) -> Point {
    let (dx, dy) = (towards.0 - one.x, towards.1 - one.y);
    let part = (one.width / 2.0 / dx.abs().max(0.01)).min(one.height / 2.0 / dy.abs().max(0.01));
    (one.x + dx * part, one.y + dy * part)
}
