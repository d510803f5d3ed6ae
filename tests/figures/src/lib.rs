//! What is measured, as a chapter shows it: tables between comments, and pictures.
//!
//! `chapter.rs` the tables, `chart.rs` the pictures.

mod chapter;
mod chart;

pub use chapter::{aligned, fill, hundredths, table_of, tenths, whole};
pub use chart::{Chart, Line, lines};
