//! The model crate from the outside.

mod scalar;
