//! The search for the day that breaks a promise.
//!
//! In reading order: [`year`] cuts a year into strata of days and draws from them; `lived` makes a drawn day a
//! scenario and simulates it; `claim` says what each promise claims.

pub mod year;
