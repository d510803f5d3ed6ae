//! The chapter's pictures.

use figures::{Chart, Line};

use crate::data::Row;
use crate::goals::middle;
use crate::load::{GROWTH, LOADS, Load, Talk};

/// The pictures, each with its place in the notes.
pub fn pictures(rows: &[Row]) -> Vec<(&'static str, String)> {
    let echo: Vec<&Load> = LOADS.iter().filter(|load| load.talk == Talk::Echo(20)).collect();
    let chart = |title, x, y, lines| Chart { title, x, y, lines }.svg();
    vec![
        (
            "images/bench-growth.svg",
            chart(
                "Processor time of the server for one echo",
                "connections, all of them talking",
                "microseconds",
                lines(rows, &GROWTH.iter().collect::<Vec<_>>(), |load| load.connections),
            ),
        ),
        (
            "images/bench-depth.svg",
            chart(
                "Processor time of the server for one echo",
                "messages in flight on each of a hundred connections",
                "microseconds",
                lines(rows, &echo, |load| load.depth),
            ),
        ),
    ]
}

/// A line for each who took part in these loads, from their medians.
fn lines(rows: &[Row], loads: &[&Load], x: fn(&Load) -> usize) -> Vec<Line> {
    let costs = |load: &Load, who: &str| {
        let mut costs: Vec<f64> =
            rows.iter().filter(|row| row.load == load.name && row.who == who).filter_map(Row::cost).collect();
        costs.sort_by(f64::total_cmp);
        (!costs.is_empty()).then(|| (x(load) as f64, middle(&costs)))
    };
    let mut names: Vec<&str> = Vec::new();
    for row in rows.iter().filter(|row| loads.iter().any(|load| load.name == row.load)) {
        if !names.contains(&row.who.as_str()) {
            names.push(&row.who);
        }
    }
    let line = |who: &str| Line {
        name: who.to_owned(),
        points: loads.iter().filter_map(|load| costs(load, who)).collect(),
    };
    names.into_iter().map(line).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_for_each_who_was_measured() {
        let row = |load: &str, who: &str, us| Row {
            load: load.into(),
            who: who.into(),
            answers: 10,
            seconds: 1.0,
            processor_us: Some(us),
            ..Row::default()
        };
        let rows = [row("grow-10", "ws", 20.0), row("grow-100", "ws", 30.0), row("grow-10", "floor", 10.0)];
        let lines = lines(&rows, &GROWTH.iter().collect::<Vec<_>>(), |load| load.connections);
        let points: Vec<_> = lines.iter().map(|line| (line.name.as_str(), line.points.clone())).collect();
        assert_eq!(points, [("ws", vec![(10.0, 2.0), (100.0, 3.0)]), ("floor", vec![(10.0, 1.0)])]);
    }
}
