//! What rung 00 draws, without what is chance: when a receiver acknowledges, and which conversation speaks next.

use std::sync::LazyLock;

use regex_lite::Regex;

/// The lines that count, each with its index. A line of a picture says to which conversation it belongs, in place of the
/// heading above it: a heading stands where another one begins to speak, and that may be by a lone ACK.
pub fn told(lines: &[String]) -> Vec<(usize, String)> {
    let mut conversation = "conversation 1";
    let mut told = Vec::new();
    for (index, line) in lines.iter().enumerate() {
        let of_heading = line.starts_with(" client ") && line.contains(" server ");
        if line.starts_with("conversation ") {
            conversation = line;
        } else if line.starts_with("<time> |") || line.starts_with(" | ") {
            if !is_lone_ack(line) {
                told.push((index, format!("{conversation}: {line}")));
            }
        } else if !of_heading {
            told.push((index, line.clone()));
        }
    }
    told
}

/// It carries nothing but a receipt, which TCP may give later, for more at once, or with data. A window that closes is more.
fn is_lone_ack(line: &str) -> bool {
    static LONE_ACK: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(r"^<time> \|<?---? ACK seq [\d.]+ ack [\d.]+ window ([1-9]\d*|\.\.\.) ---")
            .expect("it is one")
    });
    LONE_ACK.is_match(line)
}

#[cfg(test)]
mod tests {
    use super::super::alike::{Like, Whole, unlike};

    const SAYS: &str = "\
conversation 2
  0.000160 |--- PSH, ACK  seq 1  6 bytes  ack 1  window 65536 ------------------->|
           |    \"hello\\n\"                                                         |
  0.000163 |<---------------------------------- ACK  seq 1  ack 7  window 65536 ---|
conversation 1
  0.000164 |<-------------------------- FIN, ACK  seq 346  ack 79  window 65536 ---|
";
    const PRINTED: &str = "\
conversation 2
           client 127.0.0.1:52582                                server 127.0.0.1:8080
  7.000160 |--- PSH, ACK  seq 1  6 bytes  ack 1  window 65536 ----------------------->|
           |    \"hello\\n\"                                                             |
conversation 1
           client 127.0.0.1:52584                                server 127.0.0.1:8080
  7.000164 |<------------------------------------- ACK  seq 346  ack 79  window 65536 ---|
  7.000168 |<------------------------------ FIN, ACK  seq 346  ack 79  window 65536 ---|
";

    fn is(says: &str, printed: &str) -> Option<usize> {
        let says: Vec<String> = says.lines().map(str::to_owned).collect();
        unlike(&says, printed, Like { whole: Whole::All, chatty: false, by_form: false })
    }

    #[test]
    fn a_receipt_may_come_at_any_time() {
        assert_eq!(is(SAYS, PRINTED), None);
        assert_eq!(is(PRINTED, SAYS), None);
    }

    #[test]
    fn all_else_counts() {
        for (other, line) in [("seq 1  7 bytes", 1), ("hallo", 2), ("conversation 2\n", 5), ("FIN, RST", 5)] {
            let now = match other {
                "seq 1  7 bytes" => PRINTED.replace("seq 1  6 bytes", other),
                "hallo" => PRINTED.replace("hello", other),
                "FIN, RST" => PRINTED.replace("FIN, ACK", other),
                conversation => PRINTED.replace("conversation 1\n", conversation),
            };
            assert_eq!(is(SAYS, &now), Some(line), "{other}");
        }
        let stops = PRINTED.replace("ack 79  window 65536", "ack 79  window 0");
        assert_eq!(is(SAYS, &stops), Some(5), "a window that closes is told");
    }
}
