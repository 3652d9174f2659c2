//! Flags: switches that operators set and clear, and what steps ask before they are done.

use super::{Compare, FlagId};

/// A switch, down at first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Flag {
    /// Its name.
    pub name: String,
}

/// What must hold for a step or a branch to be taken.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Guard {
    /// The visit's value compares so.
    Value(ValueTest),
    /// The flag is up.
    Up(FlagId),
    /// The flag is down.
    Down(FlagId),
}

/// `if: value <= 50 USD`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ValueTest {
    /// Comparison.
    pub op: Compare,
    /// Money.
    pub value: f64,
}
