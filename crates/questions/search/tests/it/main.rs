//! Verdicts against answers that are known without simulating.

mod crew;
mod edges;
mod guesses;
mod known;
mod measure;
mod part_of_day;
mod random;
mod resume;
mod split;
