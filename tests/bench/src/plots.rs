//! The chapter's pictures.

use figures::{Chart, Line};

use crate::data::Row;
use crate::goals::{What, middle, ratio};
use crate::load::{GROWTH, LOADS, Load};

/// The pictures, each with its place in the notes.
pub fn pictures(rows: &[Row]) -> Vec<(&'static str, String)> {
    let growth = Chart {
        title: "Processor time of the server for one echo",
        x: "connections, all of them talking",
        y: "microseconds",
        lines: growth(rows),
    };
    vec![("images/bench-growth.svg", growth.svg())]
}

/// A line for each who echoes.
fn growth(rows: &[Row]) -> Vec<Line> {
    let at = |load: &Load, who: &str| {
        let mut costs: Vec<f64> =
            rows.iter().filter(|row| row.load == load.name && row.who == who).filter_map(Row::cost).collect();
        costs.sort_by(f64::total_cmp);
        (!costs.is_empty()).then(|| (load.connections as f64, middle(&costs)))
    };
    let mut names: Vec<&str> = Vec::new();
    for row in rows.iter().filter(|row| row.load == GROWTH[0].name) {
        if !names.contains(&row.who.as_str()) {
            names.push(&row.who);
        }
    }
    names
        .into_iter()
        .map(|who| Line {
            name: who.to_owned(),
            points: GROWTH.iter().filter_map(|load| at(load, who)).collect(),
        })
        .collect()
}
#[allow(dead_code)]
fn later() {
    let _ = (LOADS, What::Rate, ratio);
}
