//! Names: what may be one, and what somebody gets whose name is taken.

use std::borrow::Cow;

/// A person, as the others are told.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Person {
    /// A number that no other person has or had, also not before the server was started anew.
    pub id: u64,
    /// Unique in the room.
    pub name: String,
}

/// A name as it is kept: spaces at the ends are removed, and several in a row are one.
///
/// # Errors
/// What is wrong with it, in words for the one who wants it.
pub fn check_name(wish: &str, longest: usize) -> Result<String, String> {
    let name = wish.split(' ').filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ");
    // What is allowed is listed, not what is forbidden: a name stands between others' words, and must not look like
    // something else. An apostrophe, a full stop and a hyphen occur in names.
    let allowed = |c: char| c.is_alphanumeric() || " '’.-_".contains(c);
    match name.chars().count() {
        0 => Err("say who you are: the name is empty".to_string()),
        n if n > longest => Err(format!("a name has at most {longest} characters")),
        _ if !name.chars().all(allowed) => {
            Err("a name has letters, digits, spaces and any of ' . - _".to_string())
        }
        _ if !name.contains(char::is_alphanumeric) => Err("a name has a letter or a digit".to_string()),
        _ => Ok(name),
    }
}

/// The name, or the name with the first number that makes it free: two tabs of one browser are Ada and Ada 2.
pub fn free_name(name: String, longest: usize, is_taken: impl Fn(&str) -> bool) -> String {
    // There are fewer people than numbers.
    let numbered = (2..).map(|n| {
        let ending = format!(" {n}");
        let kept: String = name.chars().take(longest.saturating_sub(ending.len())).collect();
        format!("{}{ending}", kept.trim_end())
    });
    std::iter::once(name.clone()).chain(numbered).find(|name| !is_taken(&fold(name))).unwrap_or(name)
}

/// The name of a room: from an address, so it may be nothing but letters, digits, `-` and `_`.
///
/// # Errors
/// What is wrong with it.
pub fn check_room(wish: Option<&str>, longest: usize) -> Result<Cow<'_, str>, String> {
    let Some(room) = wish else { return Ok(Cow::Borrowed("lobby")) };
    let fits = (1..=longest).contains(&room.chars().count());
    if fits && room.chars().all(|c| c.is_alphanumeric() || c == '-' || c == '_') {
        Ok(Cow::Owned(fold(room)))
    } else {
        Err(format!("a room's name has 1 to {longest} letters, digits, - or _"))
    }
}

/// Names that differ in upper and lower case only are the same: Ada could be taken for ADA.
pub fn fold(name: &str) -> String {
    name.to_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_people_are_names() {
        for name in ["Ada", "李", "Grace Hopper", "O'Neil", "J. R. R.", "Zoë-2_b", &"x".repeat(24)] {
            assert_eq!(check_name(name, 24).as_deref(), Ok(name));
        }
        assert_eq!(check_name("  Ada   Lovelace ", 24).as_deref(), Ok("Ada Lovelace"));
    }

    #[test]
    fn what_is_no_name_is_refused_and_says_why() {
        for (wish, why) in [
            ("", "empty"),
            ("   ", "empty"),
            (&*"x".repeat(25), "at most 24"),
            ("Ada\n", "letters"),
            ("<b>", "letters"),
            ("a\u{202e}b", "letters"),
            ("a\u{200b}b", "letters"),
            ("...", "a letter or a digit"),
        ] {
            let said = check_name(wish, 24).unwrap_err();
            assert!(said.contains(why), "{wish:?}: {said}");
        }
    }

    #[test]
    fn a_name_that_is_taken_gets_a_number() {
        let taken = ["ada", "ada 2", "ada 4"];
        let free = |name: &str, longest| free_name(name.into(), longest, |name| taken.contains(&name));
        assert_eq!(free("Grace", 24), "Grace");
        assert_eq!(free("ADA", 24), "ADA 3");
        assert_eq!(free_name("Ada L".into(), 5, |name| name == "ada l"), "Ada 2");
    }

    #[test]
    fn rooms() {
        assert_eq!(check_room(None, 24).as_deref(), Ok("lobby"));
        assert_eq!(check_room(Some("Tea-Room_2"), 24).as_deref(), Ok("tea-room_2"));
        for wish in ["", "a b", "a/b", &"x".repeat(25)] {
            assert!(check_room(Some(wish), 24).is_err(), "{wish:?}");
        }
    }
}
