//! What a line asks for.

/// One line of a chatter, understood.
#[derive(Debug, PartialEq, Eq)]
pub enum Command<'a> {
    /// `/nick NAME`: be called so from now on.
    Nick(&'a str),
    /// `/who`: who is here?
    Who,
    /// `/say TEXT`, or any line without a slash: said to all others.
    Say(&'a str),
    /// `/quit`: leave.
    Quit,
    /// Nothing, an empty line.
    Nothing,
    /// A slash and something else.
    Unknown(&'a str),
}

impl<'a> Command<'a> {
    /// Reads a line.
    pub fn parse(line: &'a str) -> Self {
        let (word, rest) = line.split_once(' ').unwrap_or((line, ""));
        match word {
            "/nick" => Self::Nick(rest.trim()),
            "/who" => Self::Who,
            "/quit" => Self::Quit,
            "/say" => Self::say(rest),
            _ if word.starts_with('/') => Self::Unknown(word),
            _ => Self::say(line),
        }
    }

    fn say(text: &'a str) -> Self {
        if text.trim().is_empty() { Self::Nothing } else { Self::Say(text) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_command_by_its_word() {
        assert_eq!(Command::parse("/nick alice"), Command::Nick("alice"));
        assert_eq!(Command::parse("/nick  alice "), Command::Nick("alice"));
        assert_eq!(Command::parse("/nick"), Command::Nick(""));
        assert_eq!(Command::parse("/who"), Command::Who);
        assert_eq!(Command::parse("/quit for today"), Command::Quit);
        assert_eq!(Command::parse("/whoami"), Command::Unknown("/whoami"));
        assert_eq!(Command::parse("/"), Command::Unknown("/"));
    }

    #[test]
    fn all_else_is_said() {
        assert_eq!(Command::parse("hello, all"), Command::Say("hello, all"));
        assert_eq!(Command::parse("  indented"), Command::Say("  indented"));
        assert_eq!(Command::parse("either/or"), Command::Say("either/or"));
        assert_eq!(Command::parse("/say /who"), Command::Say("/who"));
    }

    #[test]
    fn nothing_is_not_said() {
        for line in ["", "   ", "/say", "/say  "] {
            assert_eq!(Command::parse(line), Command::Nothing, "{line:?}");
        }
    }
}
