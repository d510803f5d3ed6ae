//! How many instructions one message costs, counted by callgrind: the same on a busy machine as on a quiet one.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Each way with the number of times that it is gone to be counted, and the ways themselves in `ways.rs`.
const COUNTS: [(&str, u64); 6] = [
    ("request-head", 200),
    ("http-by-16", 320),
    ("frame-20", 640),
    ("echo-20-by-64", 640),
    ("mask-16k", 50),
    ("echo-1m", 2),
];
/// Another processor has other copy loops in its C library, and they count differently.
pub const TOLERANCE: f64 = 0.03;

/// Instructions of one message, by the way's name.
pub type Instructions = BTreeMap<String, u64>;

/// Counts all ways. `hot`: the program, built as a release.
///
/// # Errors
/// When valgrind cannot be run, or says nothing that is understood.
pub fn count(hot: &Path) -> Result<Instructions, String> {
    COUNTS
        .iter()
        .map(|&(name, times)| {
            let (few, many) = (collected(hot, name, times)?, collected(hot, name, 3 * times)?);
            Ok((name.to_owned(), (many - few) / (2 * times)))
        })
        .collect()
}

fn collected(hot: &Path, name: &str, times: u64) -> Result<u64, String> {
    let mut valgrind = Command::new("valgrind");
    valgrind
        .args(["--tool=callgrind", "--callgrind-out-file=/dev/null"])
        .arg(hot)
        .args([name, &times.to_string()]);
    let ran = valgrind.output().map_err(|error| format!("cannot run valgrind: {error}"))?;
    let text = String::from_utf8_lossy(&ran.stderr).into_owned();
    let number =
        text.split_once("Collected : ").and_then(|(_, rest)| rest.split_whitespace().next()?.parse().ok());
    number.ok_or_else(|| format!("valgrind counted nothing:\n{text}"))
}

/// What has changed by more than the tolerance: in words, and whether it has become slower.
pub fn compare(before: &Instructions, now: &Instructions) -> Vec<(String, bool)> {
    now.iter()
        .filter_map(|(name, &now)| {
            let Some(&before) = before.get(name) else {
                return Some((format!("{name} was never counted"), true));
            };
            let change = now as f64 / before as f64 - 1.0;
            let words = format!("{name}: {before} before, {now} now, {:+.1} %", 100.0 * change);
            (change.abs() > TOLERANCE).then_some((words, change > 0.0))
        })
        .collect()
}

/// Whether the noted counts are of a processor like this one. Another has other instructions, and more or fewer of them say nothing.
pub fn comparable() -> bool {
    #[cfg(target_arch = "x86_64")]
    return std::arch::is_x86_feature_detected!("avx2");
    #[cfg(not(target_arch = "x86_64"))]
    return false;
}

/// Where the counts stand.
pub fn record() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("instructions.toml")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn three_percent_are_noticed_in_both_directions() {
        let counts = |count| Instructions::from([("a".to_owned(), count)]);
        assert_eq!(compare(&counts(1000), &counts(1020)), []);
        let slower = compare(&counts(1000), &counts(1040));
        assert_eq!(slower, [("a: 1000 before, 1040 now, +4.0 %".to_owned(), true)]);
        assert!(!compare(&counts(1000), &counts(900))[0].1);
        assert!(compare(&Instructions::new(), &counts(1))[0].1);
    }
}
