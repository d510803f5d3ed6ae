//! Rung 11-rooms.
