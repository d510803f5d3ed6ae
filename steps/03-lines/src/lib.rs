//! Rung 03-lines.
