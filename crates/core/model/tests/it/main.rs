//! The model crate from the outside.

mod examples;
mod scalar;
