//! What was measured, as the chapter keeps and shows it.

use std::fs;
use std::io;
use std::path::Path;

use figures::fill;

use crate::data::{self, Alone, Idle, Row, Share, Wait};
use crate::goals::missed;
use crate::load::{LOADS, Load};
use crate::plots::pictures;
use crate::tables::table;

/// All figures of a run.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Notes {
    /// Visits.
    pub rows: Vec<Row>,
    /// Idle connections.
    pub idle: Vec<Idle>,
    /// Where the time goes, of each load with a goal that is missed.
    pub profile: Vec<Share>,
    /// The innermost loops.
    pub alone: Vec<Alone>,
    /// What a student waits for; tests/tools/waits.sh measures it.
    pub waits: Vec<Wait>,
}

const ROWS: &str = "bench.csv";
const IDLE: &str = "bench-idle.csv";
const PROFILE: &str = "bench-profile.csv";
const ALONE: &str = "bench-alone.csv";
const WAITS: &str = "bench-waits.csv";
/// The chapter.
const CHAPTER: &str = "bench.md";

impl Notes {
    /// The figures that were written.
    ///
    /// # Errors
    /// When a file is missing or is no table of these.
    pub fn read(notes: &Path) -> io::Result<Notes> {
        let read = |name: &str| fs::read_to_string(notes.join(name));
        Ok(Notes {
            rows: data::read(&read(ROWS)?)?,
            idle: data::read(&read(IDLE)?)?,
            profile: data::read(&read(PROFILE)?)?,
            alone: data::read(&read(ALONE)?)?,
            waits: data::read(&read(WAITS)?)?,
        })
    }

    /// Writes the figures, and what shows them.
    ///
    /// # Errors
    /// When a file cannot be written, or the chapter has a table that nobody knows.
    pub fn write(&self, notes: &Path) -> io::Result<()> {
        fs::write(notes.join(ROWS), data::write(&self.rows)?)?;
        fs::write(notes.join(IDLE), data::write(&self.idle)?)?;
        fs::write(notes.join(PROFILE), data::write(&self.profile)?)?;
        fs::write(notes.join(ALONE), data::write(&self.alone)?)?;
        self.shown(notes)?.into_iter().try_for_each(|(path, text)| fs::write(notes.join(path), text))
    }

    /// The chapter and its pictures, as they have to be.
    ///
    /// # Errors
    /// When the chapter cannot be read, or has a table that nobody knows.
    pub fn shown(&self, notes: &Path) -> io::Result<Vec<(&'static str, String)>> {
        let chapter = fs::read_to_string(notes.join(CHAPTER))?;
        let filled = fill(&chapter, |name| table(name, self)).map_err(io::Error::other)?;
        Ok([(CHAPTER, filled)].into_iter().chain(pictures(&self.rows)).collect())
    }

    /// The profile's table, for a terminal.
    pub fn profile_text(&self) -> String {
        table("profile", self).unwrap_or_default()
    }

    /// All tables, for a terminal.
    pub fn text(&self) -> String {
        let measured = |load: &&Load| self.rows.iter().any(|row| row.load == load.name);
        let loads = LOADS.iter().filter(measured).map(|load| (load.words(), load.name));
        let others = [
            (!self.idle.is_empty(), "What idle connections cost", "idle"),
            (!self.alone.is_empty(), "Alone", "alone"),
            (true, "The goals", "goals"),
            (!missed(&self.rows).is_empty(), "Where the time goes", "profile"),
        ];
        let others =
            others.into_iter().filter(|(there, ..)| *there).map(|(_, words, name)| (words.into(), name));
        loads
            .chain(others)
            .filter_map(|(words, name)| Some(format!("{words}\n\n{}\n", table(name, self)?)))
            .collect()
    }
}
