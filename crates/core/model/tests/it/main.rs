//! The model crate from the outside.

mod edits;
mod examples;
mod recordings;
mod resolve;
mod scalar;
