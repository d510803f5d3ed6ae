//! Rung 09-frames.
