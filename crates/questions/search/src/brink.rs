//! Factors of today's demand at which something changes: what the break point and the hidden capacity have in common.
//!
//! Factors stand on a grid of steps of 5 % that goes through today's demand. Each factor that fresh days decide is a row; an
//! answer is the rows in order, a best factor and an interval.

use crate::answer::Brink;

/// One step of factors.
pub(crate) const STEP: f64 = 1.05;

/// No break point is looked for below that factor.
pub(crate) const LEAST: f64 = 0.05;

/// Nor above that one.
pub(crate) const MOST: f64 = 8.0;

/// An interval may miss that often.
pub(crate) const ERROR: f64 = 0.05;

/// A factor, days lived at it, and those of them that went wrong.
pub(crate) type Row = (f64, u64, u64);

/// All factors between two, in steps of 5 % away from 1, in order; and where among them 1 is.
pub(crate) fn grid(least: f64, most: f64) -> (Vec<f64>, usize) {
    // By products, not powers: the same digits on every machine.
    let steps = |ratio: f64, holds: &dyn Fn(f64) -> bool| {
        let mut found = Vec::new();
        let mut factor = ratio;
        while holds(factor) {
            found.push(factor);
            factor *= ratio;
        }
        found
    };
    let mut grid = steps(1.0 / STEP, &|factor| least <= factor * 1.000_001);
    grid.reverse();
    let today = grid.len();
    grid.push(1.0);
    grid.extend(steps(STEP, &|factor| factor <= most * 1.000_001));
    (grid, today)
}

/// Factors that were decided, one after the other.
#[derive(Clone, Debug)]
pub(crate) struct Ladder {
    rows: Vec<Row>,
    on: String,
    unit_per_second: Option<f64>,
}

impl Ladder {
    /// Nothing yet, of what `on` says is lived at each factor, with so many requests a second at factor 1.
    pub(crate) fn new(on: String, unit_per_second: Option<f64>) -> Self {
        Self {
            rows: Vec::new(),
            on,
            unit_per_second,
        }
    }

    /// A factor was decided, or given up.
    pub(crate) fn add(&mut self, factor: f64, days: u64, wrong: u64) {
        self.rows.push((factor, days, wrong));
    }

    /// How many were.
    pub(crate) fn len(&self) -> usize {
        self.rows.len()
    }

    /// Those at which a day was lived, in order of their factors.
    pub(crate) fn rows(&self) -> Vec<Row> {
        let mut rows: Vec<Row> = self.rows.iter().copied().filter(|row| 0 < row.1).collect();
        rows.sort_by(|a, b| a.0.total_cmp(&b.0));
        rows
    }

    /// What there is to say.
    pub(crate) fn brink(&self, factor: Option<f64>, low: f64, high: Option<f64>) -> Brink {
        Brink {
            factor,
            low,
            high,
            tested: self.rows(),
            on: self.on.clone(),
            unit_per_second: self.unit_per_second,
            again: Vec::new(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_grid_goes_through_today_in_small_steps() {
        let (grid, today) = grid(LEAST, MOST);
        assert_eq!(grid[today], 1.0);
        assert!(grid[0] < 0.0525 && 0.05 <= grid[0], "{}", grid[0]);
        let last = grid[grid.len() - 1];
        assert!((7.6..=8.0).contains(&last), "{last}");
        assert!(grid.windows(2).all(|pair| pair[1] / pair[0] < 1.050_001));
    }
}
