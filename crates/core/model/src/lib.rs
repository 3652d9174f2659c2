//! The words of worstday: the model file, its scalars, its diagnostics, and the checked system.
//!
//! In reading order: a file is a text with places ([`source`]) that becomes a [`tree`] of maps,
//! lists and scalars, whose texts [`scalar`] reads; what is wrong with it is a [`diagnostic`].
//! [`form`] is how the constructs of the language are defined, [`ast`] are the constructs, and
//! [`mod@file`] gives a tree its types. [`system`] is what a file means, resolved and checked;
//! [`day`] is one concrete day of it on the engine's clock, [`when`] are its dates, and
//! [`calendar`] says which instants they are.

pub mod ast;
pub mod calendar;
pub mod day;
pub mod diagnostic;
pub mod file;
pub mod form;
pub mod recording;
pub mod resolve;
pub mod scalar;
pub mod source;
pub mod system;
pub mod tree;
pub mod when;
