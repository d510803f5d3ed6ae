//! A chapter's tables, written between comments.

/// The chapter with each of its tables as `table` has it, which is told its name. A table stands between
/// `<!-- table NAME -->` and `<!-- end -->`.
///
/// # Errors
/// When a table has no such name, or no end.
pub fn fill(chapter: &str, table: impl Fn(&str) -> Option<String>) -> Result<String, String> {
    let (mut filled, mut rest) = (String::new(), chapter);
    while let Some((before, behind)) = rest.split_once("<!-- table ") {
        let (name, behind) = behind.split_once(" -->\n").ok_or("a table's name has no end")?;
        let (_, after) =
            behind.split_once("<!-- end -->").ok_or_else(|| format!("table {name} has no end"))?;
        let table = table(name).ok_or_else(|| format!("there is no table {name:?}"))?;
        filled += &format!("{before}<!-- table {name} -->\n{table}<!-- end -->");
        rest = after;
    }
    Ok(filled + rest)
}

/// A table: its first column to the left, the others, numbers, to the right.
pub fn table_of(head: &[&str], rows: impl Iterator<Item = Vec<String>>) -> String {
    aligned(head, &format!("l{}", "r".repeat(head.len() - 1)), rows)
}

/// A table; `sides` has `l` for a column that stands to the left, and `r` for one to the right.
pub fn aligned(head: &[&str], sides: &str, rows: impl Iterator<Item = Vec<String>>) -> String {
    let line = |cells: Vec<String>| format!("| {} |\n", cells.join(" | "));
    let mut table = line(head.iter().map(|&cell| cell.to_owned()).collect());
    sides.chars().for_each(|side| table += if side == 'r' { "|---:" } else { "|---" });
    table += "|\n";
    rows.for_each(|row| table += &line(row));
    table
}

/// 1234567.8 as 1,234,568.
pub fn whole(number: f64) -> String {
    let digits = format!("{number:.0}");
    let groups: Vec<&str> =
        digits.as_bytes().rchunks(3).rev().map(|group| str::from_utf8(group).unwrap_or("")).collect();
    groups.join(",")
}

/// 1.25 as 1.2.
pub fn tenths(number: f64) -> String {
    format!("{number:.1}")
}

/// 1.125 as 1.12.
pub fn hundredths(number: f64) -> String {
    format!("{number:.2}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tables_stand_where_the_chapter_wants_them() {
        let table = |name: &str| {
            (name == "one 1").then(|| table_of(&["a", "b"], [vec!["x".into(), "1".into()]].into_iter()))
        };
        let filled = fill("a\n<!-- table one 1 -->\nold\n<!-- end -->\nb\n", table);
        let wanted = "a\n<!-- table one 1 -->\n| a | b |\n|---|---:|\n| x | 1 |\n<!-- end -->\nb\n";
        assert_eq!(filled.as_deref(), Ok(wanted));
        assert_eq!(fill(wanted, table).as_deref(), Ok(wanted));
        assert!(fill("<!-- table two -->\n<!-- end -->", table).is_err());
        assert!(fill("<!-- table one 1 -->\n", table).is_err());
    }

    #[test]
    fn numbers() {
        assert_eq!([whole(12.6), whole(1234567.0)], ["13", "1,234,567"]);
        assert_eq!([tenths(1.26), hundredths(0.5)], ["1.3", "0.50"]);
    }
}
