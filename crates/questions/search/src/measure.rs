//! What to measure next: of all that nobody knows exactly, what would settle most verdicts.
//!
//! An input with a range is an unknown constant. All of them are drawn together, evenly over their ranges (in equal ratios
//! where a range is above zero), as many times as the budget allows; each draw is a system, which lives the same few days of
//! the strata of the year with the same seeds, so that what differs between two draws is owed to the inputs. Each draw has a
//! verdict: more days a year break the promise than it allows, or not.
//!
//! Who decides now, by what most draws say, is right in so many of them. Who knew one input would decide by the draws that
//! agree with it, and be right more often: that difference, averaged over what the input may turn out to be, is its value
//! (the expected value of partial perfect information under 0-1 loss; J. Oakley and A. O'Hagan, "Probabilistic sensitivity
//! analysis of complex models", 2004; M. Strong, J. Oakley and A. Brennan, "Estimating multiparameter partial expected
//! value of perfect information", 2014). It is estimated over equal parts of the input's range. An input that decides nothing
//! seems to decide a little, because few draws fall into each part: what shuffled draws give on average is taken off, and
//! what forty shuffles may give counts as nothing.
//!
//! Inputs that leave the verdict where it is are ranked behind, by how much of the spread of the rate is theirs.

use serde::{Deserialize, Serialize};
use worstday_stats::draw::{Key, Seed, entity};
use worstday_stats::math;

use crate::answer::{Answer, Measure, Unknown};
use crate::check::{Check, Crew, Options};
use crate::claim::Extra;
use crate::lived::{Trial, Unlived, World};

/// Draws at least, and at most.
const DRAWS_MIN: usize = 24;
const DRAWS_MAX: usize = 96;

/// Days that each draw lives, over all strata.
const DAYS: usize = 12;

/// Parts into which a range is cut.
const PARTS: usize = 4;

/// Shuffles by which chance is taken off.
const SHUFFLES: u64 = 40;

/// Inputs that may be otherwise.
pub trait Inputs {
    /// How many there are.
    fn count(&self) -> usize;

    /// The days of the model with each input at so much of its range, 0 to 1; none if the model cannot be so.
    fn world(&self, base: &World, at: &[f64]) -> Option<World>;
}

/// What knowing an input is worth.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Worth {
    /// The input, by number.
    pub input: usize,
    /// By so much the chance of a right verdict rises, from 0 to 0.5; estimated, and never below 0.
    pub gain: f64,
    /// Its share of the spread of the rate, from 0 to 1.
    pub share: f64,
}

/// What to measure next, for one claim.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Measured {
    /// Draws of all inputs together.
    pub draws: u64,
    /// Of these, so many break the claim.
    pub broken: u64,
    /// What each input is worth, the most first.
    pub worths: Vec<Worth>,
}

/// What to measure next for the claims of an answer that speak of all days: fills them in, as far as the crew has time.
///
/// # Errors
///
/// [`Unlived`] if a day cannot be lived.
pub fn measure_next<C: Crew>(
    world: &World,
    extra: &Extra,
    options: &Options,
    inputs: &dyn Inputs,
    told: &[Unknown],
    answer: &mut Answer,
    crew: &mut C,
) -> Result<(), Unlived> {
    let promises = &world.system.promises;
    let mut claims: Vec<(usize, f64)> = Vec::new();
    let mut places: Vec<(usize, usize)> = Vec::new();
    for (row, promise) in answer.promises.iter().enumerate() {
        let Some(number) = promises.iter().position(|own| own.name == promise.name) else {
            continue;
        };
        for (claim, of) in promise.claims.iter().enumerate() {
            if let Some(rate) = &of.rate {
                claims.push((number, rate.threshold));
                places.push((row, claim));
            }
        }
    }
    if claims.is_empty() || inputs.count() == 0 {
        return Ok(());
    }
    let mut check = Check::new(world, extra, options, crew);
    check.begin()?;
    let measured = check.measure(&claims, inputs)?;
    for ((row, claim), measured) in places.into_iter().zip(measured) {
        answer.promises[row].claims[claim].measure = measured.map(|measured| Measure {
            draws: measured.draws,
            broken: measured.broken,
            inputs: measured
                .worths
                .iter()
                .map(|worth| Unknown {
                    gain: worth.gain,
                    share: worth.share,
                    ..told[worth.input].clone()
                })
                .collect(),
        });
    }
    Ok(())
}

impl<C: Crew> Check<'_, C> {
    /// What to measure next for claims of promises by number, each with the days per year that it allows; none of a claim
    /// that too few draws could be lived for.
    fn measure(
        &mut self,
        claims: &[(usize, f64)],
        inputs: &dyn Inputs,
    ) -> Result<Vec<Option<Measured>>, Unlived> {
        let nothing = vec![None; claims.len()];
        let count = inputs.count();
        if count == 0 || claims.is_empty() {
            return Ok(nothing);
        }
        let days = self.days_of_draws();
        let points = self.points(count);
        let mut drawn: Vec<Vec<f64>> = Vec::new();
        let mut rates: Vec<Vec<f64>> = vec![Vec::new(); claims.len()];
        for at in points {
            let Some(world) = inputs.world(&self.world, &at) else {
                continue;
            };
            // Inputs may be rates: the same strata, with other rates.
            let strata = &world.year.strata;
            if strata.len() != self.rates.len() {
                continue;
            }
            let trials: Vec<Trial> = days.iter().map(|(_, trial)| trial.clone()).collect();
            let Some(tried) = self.batch_of(&world, &trials, "what nobody knows exactly")? else {
                break;
            };
            self.days.hunted += trials.len() as u64;
            for ((promise, _), rates) in claims.iter().zip(&mut rates) {
                let mut sum = 0.0;
                for (stratum, row) in strata.iter().enumerate() {
                    let of = days
                        .iter()
                        .zip(&tried)
                        .filter(|((at, _), _)| *at == stratum);
                    let broken: Vec<bool> = of
                        .map(|(_, tried)| tried.promises[*promise].broken || tried.broke_off)
                        .collect();
                    let hits = broken.iter().filter(|broken| **broken).count();
                    sum += row.rate * hits as f64 / broken.len().max(1) as f64;
                }
                rates.push(sum);
            }
            drawn.push(at);
        }
        if drawn.len() < DRAWS_MIN {
            return Ok(nothing);
        }
        let phase = self.phase("measure shuffles");
        Ok(claims
            .iter()
            .zip(&rates)
            .map(|((_, threshold), rates)| Some(measured(&drawn, rates, *threshold, &phase)))
            .collect())
    }

    /// A few days of each stratum on which something strikes, more of those that come more often.
    fn days_of_draws(&mut self) -> Vec<(usize, Trial)> {
        let year = std::sync::Arc::clone(&self.world.year);
        let disturbed = self.disturbed();
        let roots: Vec<f64> = disturbed.iter().map(|rate| math::sqrt(*rate)).collect();
        let all: f64 = roots.iter().sum();
        let phase = self.phase("measure");
        let mut days = Vec::new();
        for (stratum, root) in roots.iter().enumerate() {
            if *root <= 0.0 {
                continue;
            }
            let count = ((DAYS as f64 * root / all).round() as u64).clamp(1, DAYS as u64);
            for index in 0..count {
                let drawn = year.draw(&self.world.system, stratum, &phase, index);
                let day = self.world.scenario(&drawn);
                days.push((stratum, Trial::new(day, drawn.seed)));
            }
        }
        days
    }

    /// Points of a Latin hypercube: of each input, every part of its range comes equally often.
    fn points(&self, count: usize) -> Vec<Vec<f64>> {
        let phase = self.phase("measure points");
        let order = |input: usize| {
            let key = Key::new(Seed(entity(&phase)), input as u64, 0);
            shuffled(DRAWS_MAX, |nth| key.at(nth).next_u64())
        };
        let orders: Vec<Vec<usize>> = (0..count).map(order).collect();
        let part = |nth: usize| (nth as f64 + 0.5) / DRAWS_MAX as f64;
        (0..DRAWS_MAX)
            .map(|row| orders.iter().map(|order| part(order[row])).collect())
            .collect()
    }
}

/// The numbers below `count` in an order that keyed draws give.
fn shuffled(count: usize, draw: impl Fn(u64) -> u64) -> Vec<usize> {
    let mut order: Vec<(u64, usize)> = (0..count).map(|nth| (draw(nth as u64), nth)).collect();
    order.sort_unstable();
    order.into_iter().map(|(_, nth)| nth).collect()
}

/// The worth of each input, from draws and their rates.
fn measured(drawn: &[Vec<f64>], rates: &[f64], threshold: f64, phase: &str) -> Measured {
    let broken: Vec<bool> = rates.iter().map(|rate| threshold < *rate).collect();
    let mut worths: Vec<Worth> = (0..drawn[0].len())
        .map(|input| {
            let parts: Vec<usize> = drawn
                .iter()
                .map(|at| ((at[input] * PARTS as f64) as usize).min(PARTS - 1))
                .collect();
            let gain = gain(&parts, &broken);
            let chance = (0..SHUFFLES).map(|nth| {
                let key = Key::new(Seed(entity(phase)), input as u64, nth as u32);
                let order = shuffled(parts.len(), |row| key.at(row).next_u64());
                let parts: Vec<usize> = order.into_iter().map(|row| parts[row]).collect();
                self::gain(&parts, &broken)
            });
            let chance: Vec<f64> = chance.collect();
            let usual = chance.iter().sum::<f64>() / SHUFFLES as f64;
            // One shuffle in forty is as good by chance: what is not better than all of them is worth nothing.
            let most = chance.iter().fold(0.0, |most: f64, own| most.max(*own));
            Worth {
                input,
                gain: if most < gain { gain - usual } else { 0.0 },
                share: share(&parts, rates),
            }
        })
        .collect();
    worths.sort_by(|a, b| {
        b.gain
            .total_cmp(&a.gain)
            .then(b.share.total_cmp(&a.share))
            .then(a.input.cmp(&b.input))
    });
    Measured {
        draws: drawn.len() as u64,
        broken: broken.iter().filter(|broken| **broken).count() as u64,
        worths,
    }
}

/// How much more often a verdict is right that knows the part.
fn gain(parts: &[usize], broken: &[bool]) -> f64 {
    let right = |rows: &mut dyn Iterator<Item = bool>| -> (f64, f64) {
        let (mut all, mut hits) = (0.0_f64, 0.0_f64);
        for broken in rows {
            all += 1.0;
            hits += f64::from(u8::from(broken));
        }
        (all, hits.max(all - hits))
    };
    let (all, now) = right(&mut broken.iter().copied());
    let known: f64 = (0..PARTS)
        .map(|part| {
            let rows = parts.iter().zip(broken);
            let mut rows = rows
                .filter(|(own, _)| **own == part)
                .map(|(_, broken)| *broken);
            right(&mut rows).1
        })
        .sum();
    (known - now) / all.max(1.0)
}

/// The share of the spread of the rates that lies between the parts.
fn share(parts: &[usize], rates: &[f64]) -> f64 {
    let count = rates.len() as f64;
    let mean = rates.iter().sum::<f64>() / count;
    let all: f64 = rates.iter().map(|rate| (rate - mean) * (rate - mean)).sum();
    if all <= 0.0 {
        return 0.0;
    }
    let between: f64 = (0..PARTS)
        .map(|part| {
            let rows = parts.iter().zip(rates).filter(|(own, _)| **own == part);
            let own: Vec<f64> = rows.map(|(_, rate)| *rate).collect();
            let middle = own.iter().sum::<f64>() / (own.len().max(1)) as f64;
            own.len() as f64 * (middle - mean) * (middle - mean)
        })
        .sum();
    (between / all).clamp(0.0, 1.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Sixty-four draws of three inputs: the first decides alone at 0.75 of its range, the second moves the rate but never
    /// over the limit, the third does nothing.
    fn example() -> (Vec<Vec<f64>>, Vec<f64>) {
        let mut drawn = Vec::new();
        let mut rates = Vec::new();
        for one in 0..8 {
            for two in 0..8 {
                let at = |nth: usize| (nth as f64 + 0.5) / 8.0;
                let three = at((one * 3 + two * 5) % 8);
                drawn.push(vec![at(one), at(two), three]);
                rates.push(if one < 6 { 0.1 } else { 3.0 } + 0.5 * at(two));
            }
        }
        (drawn, rates)
    }

    /// Who knows nothing is right in three of four; who knows the first input always is: it is worth a quarter.
    #[test]
    fn what_decides_is_worth_most() {
        let (drawn, rates) = example();
        let measured = measured(&drawn, &rates, 1.0, "a test");
        assert_eq!((measured.draws, measured.broken), (64, 16));
        let order: Vec<usize> = measured.worths.iter().map(|worth| worth.input).collect();
        assert_eq!(order, [0, 1, 2]);
        let [first, second, third] = [0, 1, 2].map(|nth| measured.worths[nth]);
        assert!((first.gain - 0.25).abs() < 0.02, "{first:?}");
        assert!(second.gain < 0.01 && third.gain < 0.01);
        assert!(third.share < second.share && second.share < first.share);
    }
}
