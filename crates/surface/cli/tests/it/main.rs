//! The tool as people and scripts meet it: the built binary, its output and its exit codes.

mod absurd;
mod campaigns;
mod check;
mod check_page;
mod diff;
mod explain;
mod formats;
mod keys;
mod live;
mod live_page;
mod mistakes;
mod page;
mod processors;
mod reading;
mod recordings;
mod store;
mod stories;
mod systems;
mod tool;
mod verdicts;
