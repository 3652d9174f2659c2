//! `run --live` and `demo --live` over real HTTP: what can be done, who may do it, and that what was done replays.
//!
//! Time stands still (`paused`) and goes on by steps, so that a test is the same on a busy machine.

mod door;
mod flight;
mod levers;
mod replay;
