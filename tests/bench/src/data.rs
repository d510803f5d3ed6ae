//! What was measured, as comma-separated values.

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

/// One visit at one server with one load.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Row {
    /// The load's name.
    pub load: String,
    /// The contestant's.
    pub who: String,
    /// From 0.
    pub round: u32,
    /// Answers; with a message to all, deliveries.
    pub answers: u64,
    /// In this time.
    pub seconds: f64,
    /// Processor time of the server, user and system.
    pub processor_us: Option<f64>,
    /// The delay from question to answer: half of them had less,
    pub median_us: f64,
    /// and all but a hundredth.
    pub p99_us: f64,
    /// System calls of the server, in a visit of its own, which is not timed.
    pub calls: Option<u64>,
}

/// What idle connections cost.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Idle {
    /// The contestant's name.
    pub who: String,
    /// So many connections.
    pub connections: usize,
    /// Bytes of the server's own memory, for all of them.
    pub memory: u64,
    /// Until all had come and had one answer each.
    pub seconds: f64,
    /// Processor time of the server for that.
    pub processor_us: Option<f64>,
}

/// A loop over many bytes, alone.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Alone {
    /// Which.
    pub what: String,
    /// Over so many bytes.
    pub size: usize,
    /// Gigabytes in a second.
    pub gigabytes: f64,
}

/// How long a student waits for something.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Wait {
    /// For what.
    pub what: String,
    /// So long.
    pub seconds: f64,
    /// And not longer than this.
    pub goal: f64,
}

/// How much of a server's processor time was spent where.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Share {
    /// The load's name.
    pub load: String,
    /// Where.
    pub place: Place,
    /// In this function itself, not in those that it calls; empty: in all of that place.
    pub function: String,
    /// So many samples of the profiler.
    pub samples: u64,
}

/// Where a server spends its time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Place {
    /// In system calls and interrupts.
    Kernel,
    /// In the program.
    Program,
    /// In the C library, and in the clock, which the kernel lends to programs.
    Library,
}

/// The rows as text.
///
/// # Errors
/// When one cannot be written as a line.
pub fn write<R: Serialize>(rows: &[R]) -> Result<String, csv::Error> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    rows.iter().try_for_each(|row| writer.serialize(row))?;
    let bytes = writer.into_inner().map_err(|error| error.into_error())?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

/// The rows in a text.
///
/// # Errors
/// When it is not what [`write`] writes.
pub fn read<R: DeserializeOwned>(text: &str) -> Result<Vec<R>, csv::Error> {
    csv::Reader::from_reader(text.as_bytes()).deserialize().collect()
}

impl Row {
    /// Answers in a second.
    pub fn rate(&self) -> f64 {
        self.answers as f64 / self.seconds
    }

    /// The server's processor time for one answer, in microseconds.
    pub fn cost(&self) -> Option<f64> {
        Some(self.processor_us? / self.answers as f64)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read() {
        let row =
            Row { load: "echo-20".into(), who: "ws".into(), answers: 7, seconds: 0.5, ..Row::default() };
        let rows = [Row { processor_us: Some(14.0), ..row.clone() }, Row { calls: Some(3), ..row }];
        let read: Vec<Row> = read(&write(&rows).expect("written")).expect("read");
        assert_eq!(read, rows);
        assert_eq!((rows[0].rate(), rows[0].cost(), rows[1].cost()), (14.0, Some(2.0), None));
    }
}
