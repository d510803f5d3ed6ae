//! Lines that mark, for the book, where a piece of code begins and ends: `// ANCHOR: next`, `// ANCHOR_END: next`. They are
//! the chapters' concern; no student sees them.

/// The text without such lines.
pub fn without_anchors(text: &str) -> String {
    text.split_inclusive('\n').filter(|line| !is_anchor(line)).collect()
}

fn is_anchor(line: &str) -> bool {
    let words = line.trim_start().trim_start_matches('/').trim_start();
    words.starts_with("ANCHOR: ") || words.starts_with("ANCHOR_END: ")
}

#[cfg(test)]
mod tests {
    use super::without_anchors;

    #[test]
    fn only_the_marks_go() {
        let text =
            "fn a() {}\n    // ANCHOR: b\nfn b() {} // ANCHOR: no mark\n// ANCHOR_END: b\n// ANCHORS\n";
        assert_eq!(without_anchors(text), "fn a() {}\nfn b() {} // ANCHOR: no mark\n// ANCHORS\n");
        assert_eq!(without_anchors("no end of line"), "no end of line");
    }
}
