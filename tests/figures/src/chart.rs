//! A picture with lines: SVG, with a background of its own, in light and in dark.

use std::fmt::Write as _;

/// Lines over two axes. Both are logarithmic: from one line of the grid to the next it is ten times as much.
pub struct Chart {
    /// What the picture shows.
    pub title: &'static str,
    /// What the lower axis counts.
    pub x: &'static str,
    /// What the left axis counts.
    pub y: &'static str,
    /// The lines, six at most in colours of their own.
    pub lines: Vec<Line>,
}

/// A line of a [`Chart`].
pub struct Line {
    /// The name beside its end.
    pub name: String,
    /// Its points, from left to right.
    pub points: Vec<(f64, f64)>,
}

/// A line for each name, in the order of their first points.
pub fn lines<'a>(points: impl Iterator<Item = (&'a str, f64, f64)>) -> Vec<Line> {
    let mut lines: Vec<Line> = Vec::new();
    for (name, x, y) in points {
        match lines.iter_mut().find(|line| line.name == name) {
            Some(line) => line.points.push((x, y)),
            None => lines.push(Line { name: name.to_owned(), points: vec![(x, y)] }),
        }
    }
    lines
}

const SIZE: (f64, f64) = (760.0, 400.0);
/// Left, top, right, bottom of the field in the picture; the names stand on its right.
const FIELD: [f64; 4] = [72.0, 48.0, 560.0, 340.0];
/// Names closer than this would run into each other.
const LINE_HEIGHT: f64 = 18.0;

/// `--c0` and the others below. A figure with more lines than that begins with the first again.
const COLOURS: usize = 7;
/// Colours that differ on white and on black, also for those who see no red or no green (after Okabe and Ito).
const STYLE: &str = "\
<style>
svg { --paper: #ffffff; --ink: #1f2328; --grid: #d8dce0;
  --c0: #9a6700; --c1: #b04a00; --c2: #8f2d56; --c3: #00796b; --c4: #0063a8; --c5: #111111; --c6: #6e7781; }
@media (prefers-color-scheme: dark) {
  svg { --paper: #16181c; --ink: #e6e8ea; --grid: #383c42;
    --c0: #e3b341; --c1: #f0883e; --c2: #e78bb0; --c3: #3fc9b0; --c4: #6cb6ff; --c5: #ffffff; --c6: #9aa4ae; }
}
text { font: 13px system-ui, sans-serif; fill: var(--ink); }
.title { font-size: 15px; font-weight: 600; }
.grid { stroke: var(--grid); stroke-width: 1; }
.line { fill: none; stroke-width: 2; }
</style>
";

impl Chart {
    /// The picture.
    pub fn svg(&self) -> String {
        let [left, top, right, bottom] = FIELD;
        let points = || self.lines.iter().flat_map(|line| &line.points);
        let (xs, ys) = (decades(points().map(|point| point.0)), decades(points().map(|point| point.1)));
        let place = |(x, y): (f64, f64)| (xs.place(x, left, right), ys.place(y, bottom, top));
        let mut svg = format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {} {}\" role=\"img\" aria-label=\"{}\">\n{STYLE}\
             <rect width=\"100%\" height=\"100%\" fill=\"var(--paper)\"/>\n",
            SIZE.0, SIZE.1, self.title
        );
        let mut add = |line: String| {
            // A String takes all.
            let _ = writeln!(svg, "{line}");
        };
        add(format!("<text class=\"title\" x=\"{left}\" y=\"26\">{}</text>", self.title));
        for decade in xs.all() {
            let x = xs.place(decade, left, right);
            add(format!("<path class=\"grid\" d=\"M{x:.1} {top}V{bottom}\"/>"));
            let y = bottom + 20.0;
            add(format!("<text x=\"{x:.1}\" y=\"{y}\" text-anchor=\"middle\">{}</text>", short(decade)));
        }
        for decade in ys.all() {
            let y = ys.place(decade, bottom, top);
            add(format!("<path class=\"grid\" d=\"M{left} {y:.1}H{right}\"/>"));
            let (x, y) = (left - 8.0, y + 4.0);
            add(format!("<text x=\"{x}\" y=\"{y:.1}\" text-anchor=\"end\">{}</text>", short(decade)));
        }
        let middle = (left + right) / 2.0;
        add(format!("<text x=\"{middle}\" y=\"{}\" text-anchor=\"middle\">{}</text>", bottom + 44.0, self.x));
        let y = (top + bottom) / 2.0;
        add(format!(
            "<text transform=\"translate(18 {y}) rotate(-90)\" text-anchor=\"middle\">{}</text>",
            self.y
        ));
        let names = self.names(|line| line.points.last().map_or(bottom, |&point| place(point).1));
        for (number, line) in self.lines.iter().enumerate() {
            let colour = format!("var(--c{})", number % COLOURS);
            let places: Vec<(f64, f64)> = line.points.iter().map(|&point| place(point)).collect();
            let path: Vec<String> = places.iter().map(|(x, y)| format!("{x:.1} {y:.1}")).collect();
            add(format!("<path class=\"line\" stroke=\"{colour}\" d=\"M{}\"/>", path.join("L")));
            for (x, y) in &places {
                add(format!("<circle cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"4\" fill=\"{colour}\"/>"));
            }
            let (x, y) = places.last().copied().unwrap_or((right, bottom));
            let name = (right + 34.0, names[number]);
            add(format!(
                "<path class=\"line\" stroke=\"{colour}\" stroke-dasharray=\"2 3\" style=\"stroke-width:1\" \
                 d=\"M{x:.1} {y:.1}L{:.1} {:.1}\"/>",
                name.0 - 6.0,
                name.1 - 4.0
            ));
            add(format!(
                "<text x=\"{:.1}\" y=\"{:.1}\" style=\"fill:{colour}\">{}</text>",
                name.0, name.1, line.name
            ));
        }
        svg + "</svg>\n"
    }

    /// Where the names stand: beside the ends of their lines, and none upon another.
    fn names(&self, end: impl Fn(&Line) -> f64) -> Vec<f64> {
        let mut order: Vec<(f64, usize)> =
            self.lines.iter().enumerate().map(|(number, line)| (end(line) + 4.0, number)).collect();
        order.sort_by(|a, b| a.0.total_cmp(&b.0));
        let mut names = vec![0.0; self.lines.len()];
        // Not below the field: the lowest ones push the others up.
        let mut free = FIELD[3] + 4.0;
        for (y, number) in order.into_iter().rev() {
            names[number] = y.min(free);
            free = names[number] - LINE_HEIGHT;
        }
        names
    }
}

/// The powers of ten around some numbers.
struct Decades {
    first: i32,
    last: i32,
}

fn decades(numbers: impl Iterator<Item = f64>) -> Decades {
    let (mut first, mut last) = (i32::MAX, i32::MIN);
    for number in numbers.filter(|&number| number > 0.0) {
        first = first.min(number.log10().floor() as i32);
        last = last.max(number.log10().ceil() as i32);
    }
    if first > last { Decades { first: 0, last: 1 } } else { Decades { first, last: last.max(first + 1) } }
}

impl Decades {
    fn all(&self) -> impl Iterator<Item = f64> {
        (self.first..=self.last).map(|power| 10_f64.powi(power))
    }

    /// Where a number stands between two places.
    fn place(&self, number: f64, from: f64, to: f64) -> f64 {
        let share = (number.max(f64::MIN_POSITIVE).log10() - f64::from(self.first))
            / f64::from(self.last - self.first);
        from + share.clamp(0.0, 1.0) * (to - from)
    }
}

/// 1000 as 1,000, 0.1 as 0.1.
fn short(number: f64) -> String {
    if number >= 1000.0 { format!("{},000", number / 1000.0) } else { format!("{number}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_logarithmic() {
        let decades = decades([3.0, 40.0, 900.0].into_iter());
        assert_eq!(decades.all().collect::<Vec<_>>(), [1.0, 10.0, 100.0, 1000.0]);
        assert_eq!([decades.place(1.0, 0.0, 90.0), decades.place(100.0, 0.0, 90.0)], [0.0, 60.0]);
        assert_eq!(decades.place(0.0, 0.0, 90.0), 0.0);
        assert_eq!([short(0.1), short(10.0), short(10_000.0)], ["0.1", "10", "10,000"]);
    }

    #[test]
    fn names_do_not_run_into_each_other() {
        let line = |y: f64| Line { name: String::new(), points: vec![(1.0, y)] };
        let chart = Chart { title: "", x: "", y: "", lines: vec![line(100.0), line(101.0), line(500.0)] };
        let mut names = chart.names(|line| line.points[0].1);
        names.sort_by(f64::total_cmp);
        assert!(names.windows(2).all(|two| two[1] - two[0] >= LINE_HEIGHT), "{names:?}");
    }
}
