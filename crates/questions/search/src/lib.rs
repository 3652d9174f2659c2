//! The search for the day that breaks a promise.
//!
//! In reading order: [`year`] cuts a year into strata of days and draws from them; [`lived`] makes a drawn day a
//! scenario and simulates it; [`claim`] says by which days a promise is tried; `tally` turns what was seen into bounds and
//! says where to look next; [`check`] hunts, confirms and decides, `rates` how often days break a promise (`guess`: if its guessed rates are others), `named` what days that are named do, `windows`
//! whether short windows are to blame; `break_point` and `hidden` find how much more a system
//! carries, and below which load it heals by itself, both by factors of demand (`brink`); [`map`] says what load and the
//! size of a fault do together; `shrink` makes a day that breaks a promise smaller; [`answer`] is what there is to say;
//! [`explain`] says why such a day breaks it, and what would spare it; [`diff`] what a change does to every promise; [`measure`] what nobody knows that would settle most verdicts.
//!
//! Nothing here knows threads, clocks or files: who lives the days is a [`check::Crew`]. What comes out is a
//! function of the system, the seed and the days that the crew was given time for.

pub mod answer;
mod break_point;
mod brink;
pub mod check;
pub mod claim;
pub mod diff;
pub mod explain;
mod guess;
mod hidden;
pub mod lived;
pub mod map;
pub mod measure;
mod named;
mod rates;
mod shrink;
mod tally;
mod windows;
pub mod year;
