//! What `assert_eq!` prints of long values: where they differ is what matters.

/// Values shorter than this are shown whole.
const WHOLE: usize = 160;
/// As much is shown before the first difference, and as much behind it.
const BEFORE: usize = 30;
const BEHIND: usize = 50;

/// The message with two long values cut to where they differ first, and a caret below it.
pub(crate) fn shortened(message: &str) -> String {
    let mut lines: Vec<String> = message.lines().map(str::to_string).collect();
    let left = lines.iter().position(|line| line.starts_with("  left: "));
    if let Some(at) = left
        && let (Some(left), Some(right)) = (
            lines[at].strip_prefix("  left: "),
            lines.get(at + 1).and_then(|line| line.strip_prefix(" right: ")),
        )
        && (left.len() > WHOLE || right.len() > WHOLE)
    {
        let same = left.chars().zip(right.chars()).take_while(|(left, right)| left == right).count();
        // Numbers are compared whole: 155 and 157 differ at their first digit.
        let common: String = left.chars().take(same).collect();
        let same = common.rfind([' ', ',', '[']).map_or(same, |at| common[..=at].chars().count());
        let (left, right) = (window(left, same), window(right, same));
        let caret = " ".repeat("  left: ".len() + left.1) + "^ the first difference";
        lines[at] = format!("  left: {}", left.0);
        lines[at + 1] = format!(" right: {}", right.0);
        lines.insert(at + 2, caret);
    }
    lines.join("\n")
}

/// What stands around a character, and where that character stands in it.
fn window(text: &str, at: usize) -> (String, usize) {
    let start = at.saturating_sub(BEFORE);
    let part: String = text.chars().skip(start).take(at - start + BEHIND).collect();
    let front = if start > 0 { "... " } else { "" };
    let back = if text.chars().count() > at + BEHIND { " ..." } else { "" };
    (format!("{front}{part}{back}"), front.len() + at - start)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_values_are_cut_to_where_they_differ() {
        let right: Vec<u8> = (0..100).collect();
        let mut left = right.clone();
        left[60] = 61;
        let message =
            format!("assertion `left == right` failed\n  left: {left:?}\n right: {right:?}\nand more");
        let shortened = shortened(&message);
        let caret = shortened.lines().nth(3).unwrap().find('^').unwrap();
        for (line, number) in [(1, "61, 61"), (2, "60, 61")] {
            assert!(shortened.lines().nth(line).unwrap()[caret..].starts_with(number), "{shortened}");
        }
        assert_eq!(shortened.lines().last(), Some("and more"), "{shortened}");
        assert!(shortened.lines().all(|line| line.len() < 110), "{shortened}");
    }

    #[test]
    fn one_that_is_the_beginning_of_the_other_is_cut_too() {
        let (left, right) = ("é".repeat(100), "é".repeat(101));
        let shortened = shortened(&format!("  left: {left:?}\n right: {right:?}"));
        assert!(shortened.contains("^ the first difference"), "{shortened}");
    }

    #[test]
    fn short_values_and_other_messages_stay() {
        for message in
            ["assertion `left == right` failed\n  left: 1\n right: 2", "no number", "", "  left: alone"]
        {
            assert_eq!(shortened(message), message);
        }
    }
}
