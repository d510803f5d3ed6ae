//! The attacks, in the order in which they are played: from patient to greedy to rude.

mod crowds;
mod floods;
mod leaving;
mod never_reads;
mod noise;
mod oversized;
mod pages;
mod slow;
mod smuggling;
#[cfg(target_os = "linux")]
mod vanishing;

use crate::judge::Verdict;
use crate::scene::Scene;
use crate::target::Target;

/// One attack.
pub struct Attack {
    pub name: &'static str,
    /// What the client does.
    pub does: &'static str,
    /// What any sane server does then, and by which limit.
    pub expects: &'static str,
    /// Whether the server speaks what this is about.
    pub applies: fn(&Target) -> bool,
    /// New honest clients must be served meanwhile, too.
    pub newcomers: bool,
    pub run: fn(&mut Scene<'_>) -> Verdict,
}

const ATTACKS: &[&[Attack]] = &[
    slow::ATTACKS,
    oversized::ATTACKS,
    smuggling::ATTACKS,
    noise::ATTACKS,
    never_reads::ATTACKS,
    floods::ATTACKS,
    crowds::ATTACKS,
    // Elsewhere a client cannot vanish without root.
    #[cfg(target_os = "linux")]
    vanishing::ATTACKS,
    leaving::ATTACKS,
    pages::ATTACKS,
];

/// Those whose names contain one of these, or all.
///
/// # Errors
/// When a name is no attack's.
pub fn chosen(only: &[String]) -> Result<Vec<&'static Attack>, String> {
    let all = || ATTACKS.iter().copied().flatten();
    if let Some(name) = only.iter().find(|name| !all().any(|attack| attack.name.contains(name.as_str()))) {
        let names: Vec<&str> = all().map(|attack| attack.name).collect();
        return Err(format!("there is no attack {name:?}; there are: {}", names.join(", ")));
    }
    let wanted =
        |attack: &Attack| only.is_empty() || only.iter().any(|name| attack.name.contains(name.as_str()));
    Ok(all().filter(|attack| wanted(attack)).collect())
}

/// All of them, with what each expects.
pub fn list() -> String {
    let attacks = ATTACKS.iter().copied().flatten();
    attacks
        .map(|attack| format!("{}\n  {}\n  expected: {}\n", attack.name, attack.does, attack.expects))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_part_of_a_name_chooses_and_a_wrong_one_is_said() {
        let names = |only: &[&str]| {
            let only: Vec<String> = only.iter().map(|name| name.to_string()).collect();
            chosen(&only).map(|attacks| attacks.iter().map(|attack| attack.name).collect::<Vec<_>>())
        };
        assert_eq!(names(&["slowloris"]).unwrap(), ["slowloris-head", "slowloris-body"]);
        assert!(names(&["slowloris", "fastloris"]).unwrap_err().contains("\"fastloris\""));
        assert!(names(&[]).unwrap().len() > 20);
    }

    #[test]
    fn names_are_unique_and_fit_the_table() {
        let mut names: Vec<&str> = ATTACKS.iter().copied().flatten().map(|attack| attack.name).collect();
        let count = names.len();
        names.sort();
        names.dedup();
        assert_eq!(names.len(), count);
        assert!(names.iter().all(|name| name.len() <= 22), "{names:?}");
    }
}
