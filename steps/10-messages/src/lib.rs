//! Rung 10-messages.
