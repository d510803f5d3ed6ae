//! The chapter's tables, from the figures.

use figures::{hundredths, table_of, tenths, whole};

use crate::data::Row;

/// Bytes of the heads of IPv4 (20) and of TCP with timestamps (32) on each segment.
const SEGMENT_HEADS: u64 = 52;

/// The chapter's table of this name.
pub fn table(name: &str, rows: &[Row]) -> Option<String> {
    let browser = |row: &&Row| row.head == "browser";
    let mut words = name.split(' ');
    let text = match (words.next()?, words.next()) {
        ("silence", None) => silence(rows.iter().filter(|row| row.rate == 0)),
        ("talk", Some(rate)) => {
            let rate = rate.parse().ok().filter(|&rate: &u32| rate > 0)?;
            talk(rows.iter().filter(browser).filter(|row| row.rate == rate))
        }
        ("layers", None) => layers(rows.iter().filter(browser).filter(|row| row.rate == 10)),
        ("heads", None) => heads(rows),
        ("saying", None) => saying(rows.iter().filter(browser).filter(|row| row.rate == 10)),
        _ => return None,
    };
    Some(text)
}

/// What it costs to be there while nobody says anything.
fn silence<'a>(rows: impl Iterator<Item = &'a Row>) -> String {
    let head = [
        "nobody speaks; each member, in a minute",
        "requests",
        "bytes",
        "segments",
        "server's processor time",
    ];
    table_of(
        &head,
        rows.map(|row| {
            vec![
                row.way.clone(),
                tenths(row.a_minute(row.requests)),
                whole(row.a_minute(row.bytes())),
                row.packets().map_or(NONE.into(), |packets| whole(row.a_minute(packets))),
                row.processor_us.map_or(NONE.into(), |us| format!("{} µs", whole(row.a_minute(us)))),
            ]
        }),
    )
}

/// What a delivery costs at one pace.
fn talk<'a>(rows: impl Iterator<Item = &'a Row>) -> String {
    let head =
        ["each delivery", "requests", "bytes", "segments", "delay: median", "p99", "server's processor time"];
    table_of(
        &head,
        rows.map(|row| {
            vec![
                row.way.clone(),
                hundredths(row.each(row.requests)),
                whole(row.each(row.bytes())),
                row.packets().map_or(NONE.into(), |packets| hundredths(row.each(packets))),
                delay(row.median_us),
                delay(row.p99_us),
                row.processor_us.map_or(NONE.into(), |us| format!("{} µs", tenths(row.each(us)))),
            ]
        }),
    )
}

/// Where the bytes of a delivery go.
fn layers<'a>(rows: impl Iterator<Item = &'a Row>) -> String {
    let head = ["bytes of each delivery", "name and text", "their format", "the way", "TCP and IP", "in all"];
    table_of(
        &head,
        rows.map(|row| {
            let segments = row.packets().map(|packets| packets * SEGMENT_HEADS);
            vec![
                row.way.clone(),
                whole(row.each(row.words)),
                whole(row.each(row.encoded - row.words)),
                whole(row.each(row.bytes() - row.encoded)),
                segments.map_or(NONE.into(), |bytes| whole(row.each(bytes))),
                segments.map_or(NONE.into(), |bytes| whole(row.each(bytes + row.bytes()))),
            ]
        }),
    )
}

/// The same with heads of a browser and with the smallest that there are.
fn heads(rows: &[Row]) -> String {
    let head = ["bytes of each delivery", "a browser's heads", "the smallest heads"];
    let bare = rows.iter().filter(|row| row.head == "bare");
    table_of(
        &head,
        bare.filter_map(|bare| {
            let same = |row: &&Row| row.head == "browser" && row.way == bare.way && row.rate == bare.rate;
            let browser = rows.iter().find(same)?;
            let bytes = |row: &Row| whole(row.each(row.bytes()));
            Some(vec![bare.way.clone(), bytes(browser), bytes(bare)])
        }),
    )
}

/// What it costs to say something.
fn saying<'a>(rows: impl Iterator<Item = &'a Row>) -> String {
    let head = ["each message said", "to the server", "back"];
    let ways = rows.filter(|row| !row.way.starts_with("short"));
    table_of(
        &head,
        ways.map(|row| {
            let each = |of: u64| whole(of as f64 / row.said.max(1) as f64);
            vec![row.way.clone(), each(row.say_up), each(row.say_down)]
        }),
    )
}

const NONE: &str = "not known";

fn delay(us: u32) -> String {
    match us {
        0..10_000 => format!("{} ms", tenths(f64::from(us) / 1e3)),
        10_000..1_000_000 => format!("{} ms", whole(f64::from(us) / 1e3)),
        _ => format!("{} s", tenths(f64::from(us) / 1e6)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::sample;

    #[test]
    fn what_is_not_known_is_said() {
        let rows = [sample("WebSocket", 10), sample("long polling", 1)];
        let talk = table("talk 1", &rows).expect("a table");
        let row = "| long polling | 1.20 | 1,000 | not known | 0.4 ms | 1.4 ms | 180.0 µs |\n";
        assert!(talk.ends_with(row), "{talk}");
        assert_eq!(table("talk 0", &rows), None);
    }

    #[test]
    fn delays() {
        assert_eq!([delay(450), delay(12_345), delay(2_512_000)], ["0.5 ms", "12 ms", "2.5 s"]);
    }
}
