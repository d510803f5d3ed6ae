//! Rung 06-files.
