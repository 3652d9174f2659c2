//! The same year if some clocks ran faster or slower: what that does to the days inside each stratum.
//!
//! Inside a stratum a day's probability changes by the likelihood ratio of its counts of strikes: the product, over the clocks
//! that were moved, of how likely its count is now and was before. Where a clock is the same on all dates that ratio is one
//! number for all days of a stratum with at most one strike. Days with two strikes or more are told apart by how many
//! of their strikes are of moved clocks (none, one, two, more): then it is one number there too, but for clocks
//! that run on some dates only and for coins, where it lies between two. Of days with three strikes or more of moved
//! clocks only the rate is known, which is exact.

use super::{DAYS_PER_YEAR, Kind, Load, Tails, Year, single};

/// Days of several strikes are told apart by that many strikes of moved clocks, and more.
pub const CELLS: usize = 3;

/// What a year of moved clocks is made of.
#[derive(Clone, Debug, PartialEq)]
pub struct Moved {
    /// Per stratum: days per year that it stood for, times the least and the largest likelihood ratio. That of several strikes
    /// is empty: see `several`.
    pub strata: Vec<(f64, f64)>,
    /// The same of the days of several strikes, by strikes of moved clocks: 0, 1, 2.
    pub several: [(f64, f64); CELLS],
    /// Days per year with more of them, as it is now.
    pub more: f64,
}

/// The range of a ratio.
#[derive(Clone, Copy)]
struct Ratio(f64, f64);

impl Ratio {
    const NONE: Self = Self(f64::INFINITY, 0.0);

    fn add(&mut self, ratio: f64) {
        self.0 = self.0.min(ratio);
        self.1 = self.1.max(ratio);
    }

    fn of(self, rate: f64) -> (f64, f64) {
        if rate <= 0.0 || self.1 < self.0 {
            return (0.0, 0.0);
        }
        (rate * self.0, rate * self.1)
    }
}

impl Year {
    /// The year in which these clocks run `factor` times as fast.
    #[must_use]
    pub fn moved(&self, clocks: &[usize], factor: f64) -> Moved {
        let scale = DAYS_PER_YEAR / self.dates.len().max(1) as f64;
        let mut ratios = vec![Ratio::NONE; self.strata.len()];
        let mut cells = [0.0; CELLS];
        let mut of_cells = [Ratio::NONE; CELLS];
        let mut more = 0.0;
        // Most dates are alike.
        let mut known: Vec<(&Vec<Load>, f64)> = Vec::new();
        for loads in &self.loads {
            match known.iter_mut().find(|(seen, _)| *seen == loads) {
                Some((_, dates)) => *dates += 1.0,
                None => known.push((loads, 1.0)),
            }
        }
        let now_of = |loads: &[Load]| -> Vec<Load> {
            let mut now = loads.to_vec();
            for &clock in clocks {
                now[clock] = now[clock].scaled(factor);
            }
            now
        };
        for (date, loads) in self.loads.iter().enumerate() {
            let first = self.loads.iter().position(|seen| seen == loads);
            let alike_before = first.is_some_and(|first| first < date);
            let now = now_of(loads);
            for (at, stratum) in self.strata.iter().enumerate() {
                // A class of dates is a stratum of its own; all others are the same on dates that are alike.
                let ratio = match stratum.kind {
                    Kind::Dated(class) => {
                        if !self.classes[class].dates.contains(&date) {
                            continue;
                        }
                        none(&now) / none(loads)
                    }
                    Kind::One(clock) if !alike_before => {
                        let before = single(loads, clock);
                        if before <= 0.0 {
                            continue;
                        }
                        single(&now, clock) / before
                    }
                    _ => continue,
                };
                ratios[at].add(ratio);
            }
        }
        for (loads, dates) in known {
            let part = |among: bool| -> Vec<Load> {
                let rows = loads.iter().enumerate();
                rows.filter(|(at, _)| clocks.contains(at) == among)
                    .map(|(_, load)| *load)
                    .collect()
            };
            let (moved, others) = (part(true), part(false));
            let others = Tails::new(&others, 2);
            let moved_now: Vec<Load> = moved.iter().map(|load| load.scaled(factor)).collect();
            let (law, law_now) = (few(&moved), few(&moved_now));
            let with = [others.at_least(0, 2), others.at_least(0, 1), 1.0];
            for strikes in 0..CELLS {
                let before = law[strikes] * with[strikes];
                cells[strikes] += scale * dates * before;
                if 0.0 < before {
                    each_ratio(&moved, &moved_now, strikes, &mut |r| {
                        of_cells[strikes].add(r);
                    });
                }
            }
            let less: f64 = law_now.iter().sum();
            more += scale * dates * (1.0 - less).max(0.0);
        }
        let strata = self.strata.iter().zip(&ratios);
        let mut several = [(0.0, 0.0); CELLS];
        for (cell, (ratio, rate)) in several.iter_mut().zip(of_cells.iter().zip(cells)) {
            *cell = ratio.of(rate);
        }
        Moved {
            strata: strata
                .map(|(stratum, ratio)| ratio.of(stratum.rate))
                .collect(),
            several,
            more,
        }
    }

    /// Which cell a day of several strikes is in, by the number of each of its strikes' clocks.
    #[must_use]
    pub fn cell(struck: &[usize], clocks: &[usize]) -> usize {
        let of = struck.iter().filter(|clock| clocks.contains(clock));
        of.count().min(CELLS)
    }
}

/// The probability that nothing strikes.
fn none(loads: &[Load]) -> f64 {
    loads.iter().map(|load| load.exactly(0)).product()
}

/// The probabilities of 0, 1 and 2 strikes in all.
fn few(loads: &[Load]) -> [f64; CELLS] {
    let mut law = [1.0, 0.0, 0.0];
    for load in loads {
        let of: [f64; CELLS] = std::array::from_fn(|k| load.exactly(k));
        law = std::array::from_fn(|k| (0..=k).map(|i| law[i] * of[k - i]).sum());
    }
    law
}

/// The likelihood ratio of each way in which these clocks strike so often in all.
fn each_ratio(before: &[Load], now: &[Load], strikes: usize, add: &mut dyn FnMut(f64)) {
    let ratio = |clock: usize, k: usize| now[clock].exactly(k) / before[clock].exactly(k);
    let possible = |clock: usize, k: usize| 0.0 < before[clock].exactly(k);
    let nothing: f64 = (0..before.len()).map(|clock| ratio(clock, 0)).product();
    // A coin that is now sure leaves no day without its strike: then products are taken clock by clock.
    let of = |counts: &[(usize, usize)]| -> f64 {
        if 0.0 < nothing {
            let moved = counts
                .iter()
                .map(|&(clock, k)| ratio(clock, k) / ratio(clock, 0));
            return nothing * moved.product::<f64>();
        }
        let k = |clock: usize| {
            counts
                .iter()
                .find(|row| row.0 == clock)
                .map_or(0, |row| row.1)
        };
        (0..before.len())
            .map(|clock| ratio(clock, k(clock)))
            .product()
    };
    match strikes {
        0 => add(nothing),
        1 => {
            for clock in (0..before.len()).filter(|&clock| possible(clock, 1)) {
                add(of(&[(clock, 1)]));
            }
        }
        _ => {
            for one in 0..before.len() {
                if possible(one, 2) {
                    add(of(&[(one, 2)]));
                }
                for other in one + 1..before.len() {
                    if possible(one, 1) && possible(other, 1) {
                        add(of(&[(one, 1), (other, 1)]));
                    }
                }
            }
        }
    }
}
