//! The tool as people and scripts meet it: the built binary, its output and its exit codes.

mod campaigns;
mod mistakes;
mod systems;
mod tool;
mod verdicts;
