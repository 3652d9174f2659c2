//! What worstday tells people: a terminal screen and JSON, both from one value.
//!
//! In reading order:
//!
//! - [`document`]: the report as data, with units, intervals and places.
//! - [`summary`]: from a campaign of histories to that data.
//! - [`estimate`]: which intervals may be given, and why there sometimes is none.
//! - `verdicts`, `told`: promises and recovery; sentences, assumptions, cautions, histories.
//! - [`topics`]: messages, their backlogs and their losses.
//! - `stations`, `findings`, `advice`: who waits where and why, what the description warns of, what to do.
//! - [`text`]: the terminal, 80 by 24. [`json`]: the same facts for programs, and their schema.
//! - [`checked`]: what `check` found, for a terminal; as one value for programs, build servers and reviewers; baselines.
//! - [`explained`]: why a day breaks a promise; [`differs`]: what a change does to every promise.
//! - [`quantity`], [`clock`], [`places`]: numbers, moments and lines of the file in words.
//!
//! Everything is a function of its arguments; nothing here reads a clock, a file or a terminal.

mod advice;
pub mod checked;
pub mod clock;
pub mod differs;
pub mod document;
pub mod estimate;
pub mod explained;
mod findings;
pub mod json;
mod money;
pub mod places;
pub mod quantity;
mod series;
mod stations;
pub mod summary;
pub mod text;
mod told;
pub mod topics;
mod verdicts;

pub use advice::{quoted, tried};
pub use document::{Report, Verdict};
pub use summary::{Asked, report};
