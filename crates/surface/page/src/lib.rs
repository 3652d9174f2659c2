//! The report as one self-contained page: what a run has to say, to be opened, mailed, printed and kept.
//!
//! A page is a shell of HTML, one style sheet, one script and one island of JSON, in that order. The
//! island holds words and numbers that were made here, by the same code as the terminal's; the script (`web/`, bundled into
//! `dist/` by `cargo xtask page`) draws them and computes nothing that a reader could disagree about. Nothing is
//! fetched: the page's own policy forbids it.
//!
//! In reading order: [`Page`] is what it is made of; `island` is the JSON; `day` puts series into columns,
//! `drawing` finds who calls whom and whom a fault hits, `headline` says it in a sentence, `tiles` chooses the few numbers
//! that come next, `waterfall` says where single visits spent their time; `shell` puts it together.
//!
//! [`check()`] is the page of `worstday check`, with a script of its own (`web/check.js`): verdicts, the worst day drawn as a run's,
//! curves and a map, the small print, and a sheet for who decides, which is what is printed.
//!
//! [`live()`] is another page, that of the flight simulator: the same drawing and charts in a script of their own
//! (`web/live.js`), which a server feeds with frames.
//!
//! Everything is a function of its arguments; nothing here reads a clock, a file or a terminal.

mod check;
mod clock;
mod day;
pub mod drawing;
mod headline;
mod island;
mod live;
mod load_map;
mod shell;
mod tiles;
mod waterfall;

use worstday_model::day::Day;
use worstday_model::system::System;
use worstday_report::Report;
use worstday_sim::outcome::Outcome;
use worstday_sim::trace::Trace;

pub use crate::check::{CheckPage, Lived, check};
pub use crate::clock::LocalClock;
pub use crate::live::{Live, live};

/// A page is never larger than this, in bytes.
pub const LARGEST: usize = 2 << 20;

/// One run, with what its drawing needs.
#[derive(Clone, Copy, Debug)]
pub struct Told<'a> {
    /// What it has to say.
    pub report: &'a Report,
    /// The system that ran.
    pub system: &'a System,
    /// The day that it ran on.
    pub day: &'a Day,
    /// The history that is drawn: the first of the report's.
    pub outcome: &'a Outcome,
    /// What sets it apart, in a few words: `as described`, `variant budget`.
    pub title: &'a str,
    /// Single visits, followed through the system.
    pub traces: &'a [Trace],
}

/// Which of two runs is the earlier state of affairs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Beside {
    /// The other run is how it was before the change that was asked for.
    Before,
    /// The other run is how it would be after the suggested step.
    After,
}

/// What a page is made of.
#[derive(Clone, Copy, Debug)]
pub struct Page<'a> {
    /// The run that was asked for.
    pub asked: Told<'a>,
    /// The same day otherwise.
    pub other: Option<(Beside, Told<'a>)>,
    /// What to type to get this page again.
    pub command: &'a str,
    /// Why single visits are not shown, if they are not.
    pub untraced: Option<&'a str>,
}

/// The page as HTML.
#[must_use]
pub fn page(page: &Page<'_>) -> String {
    shell::wrap(&island::island(page))
}
