//! The report as a table.

use std::fmt;

use serde_json::Value;

use super::{Report, seconds, since};
use crate::cost::Cost;
use crate::plan::Plan;

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut row = |name: &str, text: String| writeln!(f, "  {name:<22}{text}");
        let Plan { connections, seconds: time } = self.plan;
        row(
            "connections",
            format!(
                "{} of {} in {}, {} a second, from {} addresses",
                grouped(self.here as u64),
                grouped(connections as u64),
                seconds(self.coming),
                grouped((self.here as f64 / self.coming.as_secs_f64()) as u64),
                self.plan.addresses().count()
            ),
        )?;
        for (end, count) in &self.closed {
            row("  ended", format!("{}: {end}", grouped(*count as u64)))?;
        }
        let (fewest, median, most) = self.pings();
        let longest = self.beats.iter().map(|beats| beats.1).max().unwrap_or_default();
        row("Pings for each", format!("{fewest} to {most} in {time} s, median {median}"))?;
        row(
            "longest silence",
            format!("{}; after {} a Ping is due", seconds(longest), seconds(Plan::PING_INTERVAL)),
        )?;
        row("messages said", format!("{} in {time} s", grouped(self.said)))?;
        row(
            "deliveries",
            format!("{} of {} expected", grouped(self.delays.len() as u64), grouped(self.expected)),
        )?;
        row(
            "  of them",
            format!(
                "{} lost, {} twice, {} out of order, {} in another room",
                self.lost, self.twice, self.too_late, self.strayed
            ),
        )?;
        row(
            "delay",
            format!("median {}, p99 {}, most {}", self.delay(0.5), self.delay(0.99), self.delay(1.0)),
        )?;
        if let [empty, open, full] = &self.costs[..] {
            let mib = |cost: &Cost| format!("{:.1} MiB", cost.memory as f64 / 1024.0 / 1024.0);
            row(
                "memory",
                format!("{} empty, {} open, {} after all was said", mib(empty), mib(open), mib(full)),
            )?;
            let each = self.per_connection().unwrap_or_default();
            row("  each connection", format!("{} bytes of the server", grouped(each)))?;
            if let (Some(empty), Some(full)) = (empty.kernel, full.kernel) {
                let each = full.saturating_sub(empty) / self.here.max(1) as u64;
                row(
                    "  and of the kernel",
                    format!("about {} bytes for both ends, if nothing else ran here", grouped(each)),
                )?;
            }
            let (coming, talk) = (open.processor - empty.processor, full.processor - open.processor);
            row(
                "processor",
                format!(
                    "{} while they came, {} while they talked: {:.0} % of a core",
                    seconds(coming),
                    seconds(talk),
                    100.0 * talk.as_secs_f64() / time as f64
                ),
            )?;
        }
        let counters: Value = serde_json::from_str(&self.counters).unwrap_or_default();
        row("the server refused", format!("{}; pauses {}", counters["refused"], counters["pauses"]))?;
        let (first, last) = self.found();
        row(
            "fell silent",
            format!(
                "{}; {} were closed, after {} to {}",
                self.plan.silent(),
                self.silent.len(),
                seconds(first),
                seconds(last)
            ),
        )?;
        for (end, count) in since(&self.closed_later, &self.closed) {
            row("  ended", format!("{}: {end}", grouped(count as u64)))?;
        }
        row("the server stops", format!("all connections are over after {}", seconds(self.stopping)))?;
        for (end, count) in since(&self.ends, &self.closed_later) {
            row("  ended", format!("{}: {end}", grouped(count as u64)))?;
        }
        Ok(())
    }
}

/// 1000000 as 1,000,000.
fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let groups: Vec<&str> =
        digits.as_bytes().rchunks(3).rev().map(|group| str::from_utf8(group).unwrap_or("")).collect();
    groups.join(",")
}
