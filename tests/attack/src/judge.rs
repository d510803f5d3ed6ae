//! What is good enough. **Nothing here asks what only a server of ours can do.**

use std::time::Duration;

use crate::deed::{Deed, size, time};
use crate::gauge::Reading;
use crate::honest::Served;

/// How a server stood an attack.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// As any sane server ought to.
    Held,
    /// It did no harm here, but nothing stopped it either; what would.
    Open(String),
    /// The server died, starved others, or kept something without bound.
    Bad(String),
}

/// What was measured around one attack.
pub struct Measured {
    pub served: Served,
    /// Before, the most meanwhile, and afterwards, when all attackers had left; `None` where nobody may look.
    pub before: Option<Reading>,
    pub peak: u64,
    pub after: Option<Reading>,
    /// How long the attack took, and what the server's processors did meanwhile.
    pub took: Duration,
    pub cpu: Option<Duration>,
}

/// A few descriptors that came with the first use of something are no leak.
const DESCRIPTORS_TO_SPARE: usize = 3;

impl Verdict {
    /// The worse one counts; of two bad ones, both.
    pub fn and(self, other: Verdict) -> Verdict {
        match (self, other) {
            (Verdict::Bad(one), Verdict::Bad(other)) => Verdict::Bad(format!("{one}; and {other}")),
            (Verdict::Bad(why), _) | (_, Verdict::Bad(why)) => Verdict::Bad(why),
            (Verdict::Open(why), _) | (_, Verdict::Open(why)) => Verdict::Open(why),
            (Verdict::Held, Verdict::Held) => Verdict::Held,
        }
    }

    pub fn is_bad(&self) -> bool {
        matches!(self, Verdict::Bad(_))
    }
}

/// All connections had to come to an end. Where the server never promised that, they are its open flank; and where it
/// has answered and merely waits on, too.
pub fn must_end(
    deeds: &[(Deed, Option<Duration>)],
    patience: Duration,
    promised: bool,
    cure: &str,
) -> Verdict {
    let standing = deeds.iter().filter(|(deed, _)| !deed.is_end()).count();
    let unanswered = deeds.iter().any(|(deed, _)| *deed == Deed::Kept);
    let why = format!("{standing} of {} still stood after {}; {cure}", deeds.len(), time(patience));
    match standing {
        0 => Verdict::Held,
        _ if promised && unanswered => Verdict::Bad(why),
        _ => Verdict::Open(why),
    }
}

/// What holds for every attack: others are served, memory is bounded, nothing stays behind.
pub fn always(measured: &Measured, memory: u64) -> Verdict {
    let served = match &measured.served.failures[..] {
        [] => Verdict::Held,
        [first, ..] => {
            let count = measured.served.failures.len();
            let all = count + measured.served.delays.len();
            Verdict::Bad(format!("an honest client was not served {count} of {all} times: {first}"))
        }
    };
    let Some(before) = measured.before else { return served };
    let grown = measured.peak.saturating_sub(before.memory);
    let bounded = match grown > memory {
        true => Verdict::Bad(format!(
            "memory grew by {}, over the {} that are allowed",
            size(grown),
            size(memory)
        )),
        false => Verdict::Held,
    };
    let left = measured.after.map_or(0, |after| after.descriptors.saturating_sub(before.descriptors));
    let leak = match left > DESCRIPTORS_TO_SPARE {
        true => Verdict::Bad(format!("{left} descriptors are still open after all attackers have left")),
        false => Verdict::Held,
    };
    served.and(bounded).and(leak)
}

/// Whether that many descriptors are as good as gone.
pub fn is_back(before: Reading, now: Reading) -> bool {
    now.descriptors <= before.descriptors + DESCRIPTORS_TO_SPARE
}

#[cfg(test)]
mod tests {
    use super::*;

    fn measured() -> Measured {
        let reading = Reading { memory: 4 << 20, descriptors: 8, cpu: Duration::ZERO };
        Measured {
            served: Served { delays: vec![Duration::from_millis(1)], failures: Vec::new() },
            before: Some(reading),
            peak: 5 << 20,
            after: Some(reading),
            took: Duration::from_secs(1),
            cpu: None,
        }
    }

    #[test]
    fn a_starved_client_memory_without_bound_and_descriptors_that_stay_are_bad() {
        assert_eq!(always(&measured(), 64 << 20), Verdict::Held);
        let mut starved = measured();
        starved.served.failures.push("no answer in time".into());
        assert!(always(&starved, 64 << 20).is_bad());
        let fat = Measured { peak: 80 << 20, ..measured() };
        assert!(always(&fat, 64 << 20).is_bad());
        assert_eq!(always(&fat, 128 << 20), Verdict::Held);
        let mut leaking = measured();
        leaking.after = leaking.after.map(|after| Reading { descriptors: 12, ..after });
        assert!(always(&leaking, 64 << 20).is_bad());
        let unseen = Measured { before: None, peak: 0, after: None, ..measured() };
        assert_eq!(always(&unseen, 0), Verdict::Held);
    }

    #[test]
    fn a_promised_deadline_must_come() {
        let at = Some(Duration::from_secs(1));
        let patience = Duration::from_secs(3);
        let all = [(Deed::AnsweredAndClosed(408), at), (Deed::Closed, at), (Deed::NotTaken, None)];
        assert_eq!(must_end(&all, patience, true, "x"), Verdict::Held);
        let some = [(Deed::Reset, at), (Deed::Kept, None), (Deed::Answered(200), at)];
        let why = "2 of 3 still stood after 3.0 s; set X".to_string();
        assert_eq!(must_end(&some, patience, true, "set X"), Verdict::Bad(why.clone()));
        assert_eq!(must_end(&some, patience, false, "set X"), Verdict::Open(why));
        assert!(matches!(must_end(&some[2..], patience, true, "set X"), Verdict::Open(_)));
    }

    #[test]
    fn the_worst_counts() {
        let (open, bad) = (Verdict::Open("o".into()), Verdict::Bad("b".into()));
        assert_eq!(Verdict::Held.and(open.clone()), open);
        assert_eq!(open.clone().and(bad.clone()), bad);
        assert_eq!(bad.clone().and(open.clone()), bad);
        assert_eq!(open.clone().and(Verdict::Held), open);
        assert_eq!(bad.and(Verdict::Bad("c".into())), Verdict::Bad("b; and c".into()));
    }
}
