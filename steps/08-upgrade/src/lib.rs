//! Rung 08-upgrade.
