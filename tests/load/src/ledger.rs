//! What one member was told, held against what was said.

/// Every message of every talker in the room, once and in order.
///
/// Two orders are checked: each talker's own numbers, and the ids that the server gives to all messages, which grow.
#[derive(Debug, Default)]
pub struct Ledger {
    /// By talker: the number of the message that comes next.
    next: Vec<u32>,
    /// Talker and number of messages that were jumped over.
    missing: Vec<(usize, u32)>,
    last_id: u64,
}

/// What is to be thought of one message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Delivery {
    /// It is new, and nothing later was here before it.
    Right,
    /// It was here before.
    Twice,
    /// A later one was here before it.
    TooLate,
}

impl Ledger {
    /// A message has come: the talker's message of this number, under this id.
    pub fn note(&mut self, talker: usize, number: u32, id: u64) -> Delivery {
        if self.next.len() <= talker {
            self.next.resize(talker + 1, 0);
        }
        let next = &mut self.next[talker];
        let overtaken = id <= self.last_id;
        if number < *next {
            let Some(found) = self.missing.iter().position(|&other| other == (talker, number)) else {
                return Delivery::Twice;
            };
            self.missing.swap_remove(found);
            return Delivery::TooLate;
        }
        self.missing.extend((*next..number).map(|number| (talker, number)));
        *next = number + 1;
        if overtaken {
            return Delivery::TooLate;
        }
        self.last_id = id;
        Delivery::Right
    }

    /// How many messages have not come; `said` is how many each talker of the room has said.
    pub fn lost(&self, said: &[u32]) -> u64 {
        let not_yet = |(talker, &said): (usize, &u32)| {
            u64::from(said.saturating_sub(self.next.get(talker).copied().unwrap_or(0)))
        };
        self.missing.len() as u64 + said.iter().enumerate().map(not_yet).sum::<u64>()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(messages: &[(usize, u32, u64)]) -> (Vec<Delivery>, u64) {
        let mut ledger = Ledger::default();
        let notes = messages.iter().map(|&(talker, number, id)| ledger.note(talker, number, id)).collect();
        (notes, ledger.lost(&[3, 1]))
    }

    #[test]
    fn all_of_it_once_and_in_order_is_right() {
        use Delivery::Right;
        let all = [(0, 0, 10), (1, 0, 11), (0, 1, 12), (0, 2, 20)];
        assert_eq!(told(&all), (vec![Right; 4], 0));
        assert_eq!(told(&[]), (vec![], 4));
    }

    #[test]
    fn what_is_missing_at_the_end_or_in_the_middle_is_lost() {
        use Delivery::Right;
        assert_eq!(told(&[(0, 0, 1), (0, 1, 2), (1, 0, 3)]), (vec![Right; 3], 1));
        assert_eq!(told(&[(0, 0, 1), (0, 2, 3), (1, 0, 4)]), (vec![Right; 3], 1));
    }

    #[test]
    fn what_comes_again_came_twice() {
        use Delivery::{Right, Twice};
        let again = [(0, 0, 1), (0, 0, 1), (0, 1, 2), (0, 2, 3), (1, 0, 4)];
        assert_eq!(told(&again), (vec![Right, Twice, Right, Right, Right], 0));
    }

    #[test]
    fn what_comes_behind_a_later_one_is_out_of_order_and_not_lost() {
        use Delivery::{Right, TooLate, Twice};
        let one_talker = [(0, 1, 2), (0, 0, 1), (0, 0, 1), (0, 2, 3), (1, 0, 4)];
        assert_eq!(told(&one_talker), (vec![Right, TooLate, Twice, Right, Right], 0));
        let two_talkers = [(0, 0, 1), (0, 1, 3), (1, 0, 2), (0, 2, 4)];
        assert_eq!(told(&two_talkers), (vec![Right, Right, TooLate, Right], 0));
    }
}
