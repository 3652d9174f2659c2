//! What the statistics promise, tested from outside: golden values, laws, published answers.

// The system's own functions are welcome as a second opinion here.
#![allow(clippy::disallowed_methods)]

mod digests;
mod draws;
mod intervals;
mod laws;
mod queues;
mod sequences;
mod sketches;
