//! The statistics that the engine and its reports rest on.
//!
//! Nothing here knows what is simulated: numbers in, numbers out, the same bits on every machine.
//! In reading order:
//!
//! - [`math`]: elementary and special functions that give the same bits everywhere.
//! - [`draw`]: chance as a function of (seed, entity, identity, purpose); no generator is kept.
//! - [`law`]: the distributions that a file can name, compiled for drawing.
//! - [`sketch`]: mergeable histograms of what was measured.
//! - [`interval`]: how sure an estimate is, and whether a run can tell at all.
//! - [`queueing`]: what theory knows in closed form, to test the simulator against.
//! - [`waiting`]: how long it takes while some are still waiting.
//! - [`digest`]: a 128-bit fingerprint of a history.

pub mod digest;
pub mod draw;
pub mod interval;
pub mod law;
pub mod math;
pub mod queueing;
pub mod sketch;
pub mod waiting;

pub use digest::Digest;
pub use draw::{Draw, Key, Seed};
pub use interval::{Estimate, Interval};
pub use law::{Law, LawError};
pub use sketch::{Histogram, Quantile, Sketch, Sparse};
