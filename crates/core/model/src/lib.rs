//! The words of worstday: the model file, its scalars, its diagnostics, and the checked system.
//!
//! In reading order: a file is a text with places ([`source`]) that becomes a [`tree`] of maps,
//! lists and scalars, whose texts [`scalar`] reads; what is wrong with it is a [`diagnostic`].
//! [`form`] is how the constructs of the language are defined, [`ast`] are the constructs, and
//! [`mod@file`] gives a tree its types. [`load`] puts files together by [`edit`], [`preset`]s are
//! expanded, [`print`](mod@print) shows the whole. [`system`] is what it means, resolved and
//! checked; [`day`] is one concrete day of it on the engine's clock, [`when`] are its dates,
//! [`calendar`] says which instants they are, and [`recording`] reads recorded arrivals. What is written
//! back into files is quoted by [`yaml`].

pub mod ast;
pub mod calendar;
pub mod day;
pub mod diagnostic;
pub mod edit;
pub mod file;
pub mod form;
pub mod load;
pub mod preset;
pub mod print;
pub mod recording;
pub mod resolve;
pub mod scalar;
pub mod source;
pub mod system;
pub mod tree;
pub mod when;
pub mod yaml;
