//! The statistics that the engine and its reports rest on.
//!
//! Nothing here knows what is simulated: numbers in, numbers out, the same bits on every machine.
//! In reading order:
//!
//! - [`math`]: elementary and special functions that give the same bits everywhere.
//! - [`draw`]: chance as a function of (seed, entity, identity, purpose); no generator is kept.
//! - [`law`]: the distributions that a file can name, compiled for drawing.
//! - [`digest`]: a 128-bit fingerprint of a history.

pub mod digest;
pub mod draw;
pub mod law;
pub mod math;

pub use digest::Digest;
pub use draw::{Draw, Key, Seed};
pub use law::{Law, LawError};
