//! What all connections share: who is here, and how a line reaches them.

use poll::{ConnId, Net, Sent, World};

/// The longest name, in characters.
const MAX_NAME: usize = 16;

/// Everybody who is here, in the order in which they came.
pub struct Room {
    /// `MAX_LINE`: how many bytes a line may have.
    pub max_line: usize,
    members: Vec<Member>,
    guests: u64,
}

struct Member {
    id: ConnId,
    name: String,
    /// A line for it was dropped. It will hear nothing more, and is told to go.
    too_slow: bool,
}

/// Whether those who were told something keep up with it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use = "who talks faster than others read has to wait"]
pub enum Told {
    /// All do.
    All,
    /// For one at least, much is waiting already: say no more before this turn's output has left.
    TooFast,
}

impl World for Room {}

impl Room {
    /// An empty room.
    pub fn new(max_line: usize) -> Self {
        Self { max_line, members: Vec::new(), guests: 0 }
    }

    /// A newcomer, called `guest1` until it says otherwise. Returns that name.
    pub fn join(&mut self, id: ConnId) -> String {
        let name = loop {
            self.guests += 1;
            let name = format!("guest{}", self.guests);
            if self.called(&name).is_none() {
                break name;
            }
        };
        self.members.push(Member { id, name: name.clone(), too_slow: false });
        name
    }

    /// Takes somebody out. Returns the name, and whether it went because it read too slowly.
    pub fn leave(&mut self, id: ConnId) -> Option<(String, bool)> {
        let at = self.members.iter().position(|member| member.id == id)?;
        let member = self.members.remove(at);
        Some((member.name, member.too_slow))
    }

    /// The name of somebody who is here.
    pub fn name(&self, id: ConnId) -> Option<&str> {
        self.member(id).map(|member| member.name.as_str())
    }

    /// All names, in the order in which they came: `alice, bob`.
    pub fn names(&self) -> String {
        let names: Vec<&str> = self.members.iter().map(|member| member.name.as_str()).collect();
        names.join(", ")
    }

    /// Gives somebody another name, and returns the one before.
    ///
    /// # Errors
    /// What is wrong with the name, in words for the one who wants it.
    pub fn rename(&mut self, id: ConnId, name: &str) -> Result<String, String> {
        check_name(name)?;
        if self.called(name).is_some_and(|other| other != id) {
            return Err(format!("{name} is taken"));
        }
        let member = self.members.iter_mut().find(|member| member.id == id).ok_or("you are not here")?;
        Ok(std::mem::replace(&mut member.name, name.to_string()))
    }

    /// Sends a line to everybody but one.
    ///
    /// **Nobody waits for a slow reader, and nobody's lines are lost in silence.** For whom more is waiting than the
    /// event loop keeps (`MAX_QUEUE`), it drops the line; a chat with holes in it is worse than none, so that reader
    /// has to go.
    pub fn tell_others(&mut self, speaker: ConnId, line: &str, net: &mut Net) -> Told {
        let line = format!("{line}\n");
        let mut told = Told::All;
        for member in self.members.iter_mut().filter(|member| member.id != speaker && !member.too_slow) {
            match net.send_to(member.id, line.as_bytes()) {
                // Gone: it is closing, and its own `closed` comes soon.
                Sent::Queued | Sent::Gone => {}
                Sent::Slow => told = Told::TooFast,
                Sent::Dropped => {
                    // Only a connection's own callback may end it.
                    member.too_slow = true;
                    net.wake(member.id);
                    told = Told::TooFast;
                }
            }
        }
        told
    }

    /// Whether it has to go because it reads too slowly.
    pub fn is_too_slow(&self, id: ConnId) -> bool {
        self.member(id).is_some_and(|member| member.too_slow)
    }

    /// Who is called so, be it in upper or lower case: Alice could be taken for alice.
    fn called(&self, name: &str) -> Option<ConnId> {
        let name = name.to_lowercase();
        self.members.iter().find(|member| member.name.to_lowercase() == name).map(|member| member.id)
    }

    fn member(&self, id: ConnId) -> Option<&Member> {
        self.members.iter().find(|member| member.id == id)
    }
}

/// A name stands in others' lines, `<alice> hello`, so it must not contain anything that ends it there.
fn check_name(name: &str) -> Result<(), String> {
    let fits = (1..=MAX_NAME).contains(&name.chars().count());
    if fits && name.chars().all(|c| c.is_alphanumeric() || c == '-' || c == '_') {
        Ok(())
    } else {
        Err(format!("a name has 1 to {MAX_NAME} letters, digits, - or _"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALICE: ConnId = ConnId::from_u64(1);
    const BOB: ConnId = ConnId::from_u64(2);

    fn room() -> Room {
        let mut room = Room::new(100);
        room.join(ALICE);
        room.join(BOB);
        room.rename(ALICE, "alice").unwrap();
        room.rename(BOB, "bob").unwrap();
        room
    }

    #[test]
    fn newcomers_get_a_name_that_nobody_has() {
        let mut room = Room::new(100);
        assert_eq!(room.join(ALICE), "guest1");
        room.rename(ALICE, "Guest2").unwrap();
        assert_eq!(room.join(BOB), "guest3");
        assert_eq!(room.names(), "Guest2, guest3");
    }

    #[test]
    fn a_name_that_another_has_is_refused_in_any_case() {
        let mut room = room();
        assert_eq!(room.rename(BOB, "ALICE"), Err("ALICE is taken".to_string()));
        assert_eq!(room.name(BOB), Some("bob"));
        // One's own may be spelled anew.
        assert_eq!(room.rename(BOB, "Bob"), Ok("bob".to_string()));
        assert_eq!(room.name(BOB), Some("Bob"));
    }

    #[test]
    fn who_leaves_frees_the_name() {
        let mut room = room();
        assert_eq!(room.leave(ALICE), Some(("alice".to_string(), false)));
        assert_eq!(room.leave(ALICE), None);
        assert!(room.rename(BOB, "alice").is_ok());
        assert!(room.rename(ALICE, "ghost").is_err());
        assert_eq!(room.names(), "alice");
    }

    #[test]
    fn names_are_short_and_hold_nothing_that_could_end_them() {
        for name in ["a", "alice-2_b", "Zoë", "李", &"x".repeat(16), &"é".repeat(16)] {
            assert_eq!(check_name(name), Ok(()), "{name}");
        }
        for name in ["", "a b", "a>", "*", "a\u{fffd}", "a\n", "/who", "a\u{200b}b", &"x".repeat(17)] {
            assert!(check_name(name).is_err(), "{name:?}");
        }
    }
}
