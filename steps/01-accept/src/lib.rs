//! Rung 01-accept.
