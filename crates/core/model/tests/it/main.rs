//! The model crate from the outside.

mod examples;
mod recordings;
mod resolve;
mod scalar;
