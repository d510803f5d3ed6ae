//! The student's workbench: a copy of a rung with holes in it, and what helps to fill them.
//!
//! A copy is made from the reference, never kept by hand. Which bodies are taken out, and what is said about each, stands in
//! `tasks.toml` beside the rung.

pub mod adds;
pub mod anchors;
pub mod cargo;
pub mod check;
pub mod course;
pub mod grade;
pub mod holes;
pub mod judge;
pub mod ladder;
pub mod libtest;
mod manifest;
pub mod mine;
pub mod own;
pub mod patch;
mod shorten;
pub mod solution;
pub mod start;
pub mod tasks;
mod update;
pub mod watch;
pub mod workspace;

pub use course::Course;

/// What went wrong, in a line for whoever called.
pub type Failure = Box<dyn std::error::Error>;
