//! The chapter's pictures.

use figures::{Chart, Line, lines};

use crate::data::Row;

/// The pictures of the chapter, each with its place in the notes.
pub fn pictures(rows: &[Row]) -> Vec<(&'static str, String)> {
    let talk = || rows.iter().filter(|row| row.rate > 0 && row.head == "browser");
    let over_rate = |value: fn(&Row) -> Option<f64>| -> Vec<Line> {
        lines(talk().filter_map(|row| Some((row.way.as_str(), f64::from(row.rate), value(row)?))))
    };
    let trade = talk().filter(|row| row.rate == 1);
    let trade = trade
        .map(|row| (row.way.as_str(), row.a_minute(row.bytes()) / 1000.0, f64::from(row.median_us) / 1e3));
    let chart = |title, x, y, lines| Chart { title, x, y, lines }.svg();
    let rate = "messages said in a second, in a room of a hundred";
    vec![
        (
            "images/compare-bytes.svg",
            chart(
                "Bytes of one delivery, both directions",
                rate,
                "bytes",
                over_rate(|row| Some(row.each(row.bytes()))),
            ),
        ),
        (
            "images/compare-processor.svg",
            chart(
                "Processor time of the server for one delivery",
                rate,
                "microseconds",
                over_rate(|row| Some(row.each(row.processor_us?))),
            ),
        ),
        (
            "images/compare-trade.svg",
            chart(
                "What a short delay costs: one message a second",
                "kilobytes for each member in a minute",
                "median delay, milliseconds",
                lines(trade),
            ),
        ),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::sample;

    #[test]
    fn each_way_is_in_each_picture_that_has_figures_for_it() {
        let mut rows = vec![sample("long polling", 1), sample("WebSocket", 1), sample("WebSocket", 10)];
        rows[0].processor_us = None;
        let pictures = pictures(&rows);
        let count = |number: usize, text: &str| pictures[number].1.matches(text).count();
        assert_eq!([count(0, "<circle"), count(1, "<circle"), count(2, "<circle")], [3, 2, 2]);
        assert_eq!([count(0, ">long polling<"), count(1, ">long polling<")], [1, 0]);
    }
}
