//! Rung 07-push.
