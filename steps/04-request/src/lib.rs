//! Rung 04-request.
