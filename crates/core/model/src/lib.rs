//! The words of worstday: the model file, its scalars, its diagnostics, and the checked system.
//!
//! In reading order: [`system`] is what a file means, resolved and checked; [`day`] is one
//! concrete day of it on the engine's clock; [`when`] are its dates.

pub mod day;
pub mod system;
pub mod when;
