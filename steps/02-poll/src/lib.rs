//! Rung 02-poll.
