//! Systems that nobody chose, and what is true of them.
//!
//! [`systems`] writes the text of a model as a function of its number, so that it goes through the reader as a user's file
//! does. [`truth`] counts its broken days by brute force, with arithmetic of its own, into a table that is kept. [`calibrated`]
//! sets the verdicts of `check` against that table; [`uniform`] counts the days that it takes until something is known
//! to be broken, against days drawn without looking. [`made_up`] makes up how often each kind of day breaks a promise, so that
//! the truth is a sum and a check takes milliseconds. [`page`] writes the figures into the documentation.

mod calibrated;
mod made_up;
mod page;
mod systems;
mod truth;
mod uniform;
