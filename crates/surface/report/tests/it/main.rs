//! The report on hand-made histories, whose truth is known before it is told.

mod fixtures;
mod formats;
mod rules;
mod screens;
mod shapes;
