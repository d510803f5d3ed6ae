//! Rung 05-keep-alive.
