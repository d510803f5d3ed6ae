//! What was tried, compared with the list.

use crate::list::{Explained, List};
use crate::mutant::{Fate, Fates, Mutant};

/// What has to be done, and what not.
#[derive(Debug, Default)]
pub struct Verdict<'a> {
    /// Survived, and nothing in the list says why.
    pub unexplained: Vec<&'a Mutant>,
    /// Survived, and in the list.
    pub explained: Vec<(&'a Mutant, &'a Explained)>,
    /// In the list, but a unit test notices it, or there is no such change.
    pub out_of_date: Vec<&'a Explained>,
}

/// Compares. What was not tried is not judged, but that every entry of the list is for a change that can be made.
pub fn judge<'a>(mutants: &'a [Mutant], fates: &Fates, list: &'a List) -> Verdict<'a> {
    let mut verdict = Verdict::default();
    for mutant in mutants.iter().filter(|mutant| fates.get(&mutant.name) == Some(&Fate::Survived)) {
        match list.explained.iter().find(|entry| mutant.is(entry)) {
            Some(entry) => verdict.explained.push((mutant, entry)),
            None => verdict.unexplained.push(mutant),
        }
    }
    for entry in &list.explained {
        let mutant = mutants.iter().find(|mutant| mutant.is(entry));
        let is_over = match mutant {
            Some(mutant) => fates.get(&mutant.name).is_some_and(|&fate| fate != Fate::Survived),
            None => true,
        };
        if is_over {
            verdict.out_of_date.push(entry);
        }
    }
    verdict
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mutant(name: &str) -> Mutant {
        Mutant {
            name: format!("steps/09-frames/src/mask.rs:1:1: {name}"),
            file: "src/mask.rs".into(),
            change: name.into(),
            line: "a + b".into(),
            place: 1,
        }
    }

    fn list(change: &str) -> List {
        let entry = Explained {
            file: "src/mask.rs".into(),
            change: change.into(),
            line: "a + b".into(),
            place: 1,
            why: "it makes no difference".into(),
            seen_by: None,
        };
        List { left_out: Vec::new(), explained: vec![entry] }
    }

    fn fates(mutants: &[Mutant], fate: Fate) -> Fates {
        mutants.iter().map(|mutant| (mutant.name.clone(), fate)).collect()
    }

    // Otherwise nobody hears of a change that no test notices.
    #[test]
    fn a_survivor_is_explained_or_told() {
        let mutants = [mutant("replace + with -"), mutant("replace + with *")];
        let list = list("replace + with *");
        let verdict = judge(&mutants, &fates(&mutants, Fate::Survived), &list);
        assert_eq!(verdict.unexplained.len(), 1);
        assert_eq!(verdict.unexplained[0].change, "replace + with -");
        assert_eq!(verdict.explained.len(), 1);
        assert!(verdict.out_of_date.is_empty());
    }

    // Otherwise the list grows old: what it says of a line was true once.
    #[test]
    fn an_entry_that_a_test_has_caught_up_with_is_out_of_date() {
        let mutants = [mutant("replace + with -")];
        let list = list("replace + with -");
        for fate in [Fate::Caught, Fate::TimedOut, Fate::Unviable] {
            assert_eq!(judge(&mutants, &fates(&mutants, fate), &list).out_of_date.len(), 1, "{fate:?}");
        }
        assert!(judge(&mutants, &Fates::new(), &list).out_of_date.is_empty(), "it was not tried");
        assert_eq!(judge(&[], &Fates::new(), &list).out_of_date.len(), 1, "there is no such change");
    }
}
