//! Words that nobody can guess.

/// 128 random bits in hex. `None`: the kernel has none to give.
///
/// As a multipart boundary it cannot stand in a content: whoever wrote the file did not know it, and it would
/// take 2^128 bytes to meet it by chance. nginx counts its boundaries, which can be guessed.
pub(crate) fn token() -> Option<String> {
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes).ok()?;
    Some(format!("{:032x}", u128::from_ne_bytes(bytes)))
}
