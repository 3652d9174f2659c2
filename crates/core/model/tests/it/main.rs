//! The model crate from the outside.

mod edits;
mod examples;
mod growth;
mod holes;
mod hostile;
mod inputs;
mod levers;
mod mistakes;
mod pages;
mod recordings;
mod reference;
mod resolve;
mod scalar;
mod schema;
mod topics;
mod write;
