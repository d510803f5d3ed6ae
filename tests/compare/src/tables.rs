//! The chapter's tables, from the figures.

use crate::data::Row;

/// Bytes of the heads of IPv4 (20) and of TCP with timestamps (32) on each segment.
const SEGMENT_HEADS: u64 = 52;

/// The chapter with each of its tables as the figures have it. A table stands between `<!-- table NAME -->` and
/// `<!-- end -->`.
///
/// # Errors
/// When a table has no such name, or no end.
pub fn fill(chapter: &str, rows: &[Row]) -> Result<String, String> {
    let (mut filled, mut rest) = (String::new(), chapter);
    while let Some((before, behind)) = rest.split_once("<!-- table ") {
        let (name, behind) = behind.split_once(" -->\n").ok_or("a table's name has no end")?;
        let (_, after) =
            behind.split_once("<!-- end -->").ok_or_else(|| format!("table {name} has no end"))?;
        let table = table(name, rows).ok_or_else(|| format!("there is no table {name:?}"))?;
        filled += &format!("{before}<!-- table {name} -->\n{table}<!-- end -->");
        rest = after;
    }
    Ok(filled + rest)
}

fn table(name: &str, rows: &[Row]) -> Option<String> {
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

fn table_of(head: &[&str], rows: impl Iterator<Item = Vec<String>>) -> String {
    let line = |cells: Vec<String>| format!("| {} |\n", cells.join(" | "));
    let mut table = line(head.iter().map(|&cell| cell.to_owned()).collect());
    table += &format!("|---{}|\n", "|---:".repeat(head.len() - 1));
    rows.for_each(|row| table += &line(row));
    table
}

fn delay(us: u32) -> String {
    match us {
        0..10_000 => format!("{} ms", tenths(f64::from(us) / 1e3)),
        10_000..1_000_000 => format!("{} ms", whole(f64::from(us) / 1e3)),
        _ => format!("{} s", tenths(f64::from(us) / 1e6)),
    }
}

/// 1234567.8 as 1,234,568.
fn whole(number: f64) -> String {
    let digits = format!("{number:.0}");
    let groups: Vec<&str> =
        digits.as_bytes().rchunks(3).rev().map(|group| str::from_utf8(group).unwrap_or("")).collect();
    groups.join(",")
}

fn tenths(number: f64) -> String {
    format!("{number:.1}")
}

fn hundredths(number: f64) -> String {
    format!("{number:.2}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::sample;

    #[test]
    fn tables_stand_where_the_chapter_wants_them() {
        let rows = [sample("WebSocket", 10), sample("long polling", 1)];
        let chapter =
            "a\n<!-- table heads -->\nold\n<!-- end -->\nb\n<!-- table talk 1 -->\n<!-- end -->\nc\n";
        let filled = fill(chapter, &rows).unwrap();
        assert!(!filled.contains("old") && filled.starts_with("a\n<!--") && filled.ends_with("-->\nc\n"));
        let row =
            "| long polling | 1.20 | 1,000 | not known | 0.4 ms | 1.4 ms | 180.0 µs |\n<!-- end -->\nc\n";
        assert!(filled.ends_with(row), "{filled}");
        assert_eq!(fill(&filled, &rows), Ok(filled));
        assert!(fill("<!-- table talk 0 -->\n<!-- end -->", &rows).is_err());
        assert!(fill("<!-- table silence -->\n", &rows).is_err());
    }

    #[test]
    fn numbers() {
        assert_eq!([whole(12.6), whole(1234567.0)], ["13", "1,234,567"]);
        assert_eq!([delay(450), delay(12_345), delay(2_512_000)], ["0.5 ms", "12 ms", "2.5 s"]);
    }
}
