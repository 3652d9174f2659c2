//! Verdicts against answers that are known without simulating.

mod crew;
mod known;
