//! The engine against what must be true of it: one mechanism at a time, the contract, theory, and
//! published results.

mod zoo;

mod contract;
mod direct;
mod mechanisms;
mod published;
mod theory;
