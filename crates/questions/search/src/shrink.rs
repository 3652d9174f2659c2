//! The smallest day that breaks a promise.
//!
//! A day is made smaller by one step at a time: one strike fewer, a third shorter, a smaller size, a tenth less demand, out of the
//! peak. Breaking is a matter of chance and not monotone in anything, so each step is tried on several seeds, and is taken if
//! half of them still break. What is left when no step can be taken is tried once more, on a hundred fresh seeds, and so is
//! every weakening of it: a table that shows what is needed, with those that could not be told apart from the day itself. The
//! cost order of the steps (fewer, then shorter, then smaller, then less) follows D. MacIver and A. Donaldson,
//! "Test-case reduction via test-case generation" (ECOOP 2020): every candidate is a day that can be lived.

use worstday_model::day::{Happens, Scenario};
use worstday_model::system::{ClientId, Dist, FaultKind};
use worstday_sim::law;
use worstday_stats::interval::clopper_pearson;

use crate::answer::{Weakening, Worst};
use crate::check::{Check, Crew, Found, rounded};
use crate::lived::{Trial, Unlived};

/// Seeds on which a step is tried.
const TRIES: u64 = 8;

/// Fresh seeds of the table.
const FRESH: u64 = 100;

/// Steps that are taken at most.
const STEPS_MAX: usize = 40;

const HOUR_NS: i64 = 3_600_000_000_000;

/// A day made smaller by a step.
struct Smaller {
    what: String,
    day: Scenario,
}

impl<C: Crew> Check<'_, C> {
    /// Shrinks a day and shows what of it is needed. None if it broke on too few seeds to be told apart from chance, or
    /// there is nothing left to spend.
    pub(crate) fn shrink(
        &mut self,
        found: &Found,
        worst: &Worst,
    ) -> Result<Option<(Found, Worst)>, Unlived> {
        let promise = found.promise;
        // The seed that broke a day may have been a rare one: a day that shows something breaks on half of its seeds.
        let mut chosen = None;
        for trial in std::iter::once(&found.trial).chain(&found.others) {
            let Some(day) = self.spelled_out(trial)? else {
                continue;
            };
            let Some(broken) = self.broken_of(promise, &day, "shrink", TRIES)? else {
                return Ok(None);
            };
            if TRIES <= 2 * broken {
                chosen = Some(day);
                break;
            }
        }
        let Some(mut day) = chosen else {
            return Ok(None);
        };
        for _ in 0..STEPS_MAX {
            let mut taken = false;
            for candidate in self.smaller(&day) {
                let Some(broken) = self.broken_of(promise, &candidate.day, "shrink", TRIES)? else {
                    return Ok(None);
                };
                if TRIES <= 2 * broken {
                    day = candidate.day;
                    taken = true;
                    break;
                }
            }
            if !taken {
                break;
            }
        }
        let Some(of_day) = self.broken_of(promise, &day, "shrunk", FRESH)? else {
            return Ok(None);
        };
        let mut weakenings = Vec::new();
        for candidate in self.smaller(&day) {
            let Some(broken) = self.broken_of(promise, &candidate.day, "shrunk", FRESH)? else {
                break;
            };
            weakenings.push(Weakening {
                what: candidate.what,
                trials: FRESH,
                broken,
                at_most: clopper_pearson(broken, FRESH, 0.95).high,
                separated: 2 * broken < of_day,
            });
        }
        let seed = self.breaking_seed(promise, &day)?;
        let Some(seed) = seed else { return Ok(None) };
        let trial = Trial::new(day, seed);
        let worst = Worst {
            day: trial.day.day.to_string(),
            happens: self.world.told(&trial.day),
            seed,
            weakenings,
            broken: of_day,
            trials: FRESH,
            ..worst.clone()
        };
        let found = Found {
            promise,
            trial,
            kind: found.kind.clone(),
            others: Vec::new(),
        };
        Ok(Some((found, worst)))
    }

    /// The same day with every length that was drawn written out, so that it can be shortened.
    fn spelled_out(&mut self, trial: &Trial) -> Result<Option<Scenario>, Unlived> {
        let mut day = trial.day.clone();
        let never = || false;
        let Some(outcome) = self.world.outcome(trial, &never)? else {
            return Ok(None);
        };
        for happening in &mut day.happens {
            let Happens::Fault(id) = happening.what else {
                continue;
            };
            let fault = &self.world.system.faults[id.index()];
            if happening.lasts_ns.is_some() || matches!(fault.kind, FaultKind::Together(_)) {
                continue;
            }
            let calendar = self.world.year.calendar();
            let same = outcome.happened.iter().find(|row| {
                let at = calendar.local(outcome.start_unix_ns + row.from_ns);
                row.name == fault.name && at.time() == happening.at
            });
            if let Some(row) = same
                && let Some(until) = row.until_ns
            {
                let second = 1_000_000_000;
                let lasts = until as i64 - row.from_ns;
                happening.lasts_ns = Some((lasts.max(0) as u64).div_ceil(second) * second);
            }
        }
        Ok(Some(day))
    }

    /// On how many seeds of a phase a day breaks the promise.
    pub(crate) fn broken_of(
        &mut self,
        promise: usize,
        day: &Scenario,
        phase: &str,
        seeds: u64,
    ) -> Result<Option<u64>, Unlived> {
        let mut broken = 0;
        let mut from = 0;
        while from < seeds {
            let to = (from + 16).min(seeds);
            let trials: Vec<Trial> = (from..to)
                .map(|index| Trial::new(day.clone(), self.seed_of(phase, index)))
                .collect();
            let Some(tried) = self.batch(&trials, "a smaller day")? else {
                return Ok(None);
            };
            self.days.shrunk += trials.len() as u64;
            let of = tried.iter().filter(|tried| tried.promises[promise].broken);
            broken += of.count() as u64;
            from = to;
        }
        Ok(Some(broken))
    }

    fn breaking_seed(&mut self, promise: usize, day: &Scenario) -> Result<Option<u64>, Unlived> {
        for index in 0..FRESH {
            let trial = Trial::new(day.clone(), self.seed_of("shrunk", index));
            let seed = trial.seed;
            let Some(tried) = self.batch(&[trial], "a smaller day")? else {
                return Ok(None);
            };
            if tried[0].promises[promise].broken {
                return Ok(Some(seed));
            }
        }
        Ok(None)
    }

    /// Every day that is one step smaller, the largest steps first.
    fn smaller(&self, day: &Scenario) -> Vec<Smaller> {
        let mut all = Vec::new();
        let name = |what: Happens| match what {
            Happens::Fault(id) => self.world.system.faults[id.index()].name.clone(),
            Happens::Event(id) => self.world.system.events[id.index()].name.clone(),
            _ => String::new(),
        };
        let strikes: Vec<usize> = (0..day.happens.len())
            .filter(|&at| matches!(day.happens[at].what, Happens::Fault(_) | Happens::Event(_)))
            .collect();
        // An event of the calendar comes by itself where the day does not list it: only faults can be left out.
        for &at in &strikes {
            if matches!(day.happens[at].what, Happens::Fault(_)) {
                let mut smaller = day.clone();
                let gone = smaller.happens.remove(at);
                all.push(Smaller {
                    what: format!("without {}", name(gone.what)),
                    day: smaller,
                });
            }
        }
        for &at in &strikes {
            if let (Happens::Fault(_), Some(lasts)) =
                (day.happens[at].what, day.happens[at].lasts_ns)
            {
                let second = 1_000_000_000;
                let shorter = (lasts * 2 / 3).div_ceil(second) * second;
                if shorter < lasts && second <= shorter {
                    let mut smaller = day.clone();
                    smaller.happens[at].lasts_ns = Some(shorter);
                    all.push(Smaller {
                        what: format!(
                            "{} for {} s, not {} s",
                            name(day.happens[at].what),
                            shorter / second,
                            lasts / second
                        ),
                        day: smaller,
                    });
                }
            }
        }
        for &at in &strikes {
            if let Happens::Fault(id) = day.happens[at].what
                && let Some((by, text)) = self.lesser(id.index(), day.happens[at].by)
            {
                let mut smaller = day.clone();
                smaller.happens[at].by = Some(by);
                all.push(Smaller {
                    what: format!("{} {text}", name(day.happens[at].what)),
                    day: smaller,
                });
            }
        }
        let demand = day.demand.first().map_or(1.0, |(_, factor)| *factor);
        if 0.2 < demand {
            let less = (demand * 0.9 * 1e4).round() / 1e4;
            let mut smaller = day.clone();
            let ids = 0..self.world.system.clients.len() as u32;
            smaller.demand = ids.map(|id| (ClientId(id), less)).collect();
            all.push(Smaller {
                what: format!("with {} times today's demand", rounded(less)),
                day: smaller,
            });
        }
        all.extend(self.out_of_the_peak(day));
        all
    }

    /// The same strikes two hours further from the busiest moment.
    fn out_of_the_peak(&self, day: &Scenario) -> Option<Smaller> {
        if !day
            .happens
            .iter()
            .any(|happening| matches!(happening.what, Happens::Fault(_)))
        {
            return None;
        }
        let calendar = self.world.year.calendar();
        let from = day.from?;
        let start = calendar.instant(day.day.to_datetime(from));
        let peak = self.world.peak_of(day.day)?;
        let shift = if start < peak {
            -2 * HOUR_NS
        } else {
            2 * HOUR_NS
        };
        let moved = |time: jiff::civil::Time| {
            let nanos = time
                .duration_since(jiff::civil::Time::midnight())
                .as_nanos() as i64;
            let moved = nanos + shift;
            (0..24 * HOUR_NS).contains(&moved).then(|| {
                let since = jiff::SignedDuration::from_nanos(moved);
                jiff::civil::Time::midnight().saturating_add(since)
            })
        };
        let mut smaller = day.clone();
        smaller.from = Some(moved(from)?);
        smaller.until = match day.until {
            Some(until) => Some(moved(until)?),
            None => None,
        };
        for happening in &mut smaller.happens {
            // What the calendar brings stays where it is.
            if matches!(happening.what, Happens::Fault(_)) {
                happening.at = moved(happening.at)?;
            }
        }
        // It has left the peak if fewer come then.
        let rate = |at: i64| self.world.visits_at(day.day, at);
        let strike = calendar.instant(day.day.to_datetime(from)) + HOUR_NS / 6;
        (rate(strike + shift)? < 0.95 * rate(strike)?).then(|| Smaller {
            what: format!("two hours {}", if shift < 0 { "earlier" } else { "later" }),
            day: smaller,
        })
    }

    /// A smaller size of a fault than the one it has, or than it usually draws.
    fn lesser(&self, fault: usize, by: Option<f64>) -> Option<(f64, String)> {
        let (dist, towards): (&Dist, f64) = match &self.world.system.faults[fault].kind {
            FaultKind::Slow { by, .. } => (by, 1.0),
            FaultKind::Capacity { to, .. } => (to, 1.0),
            FaultKind::Errors { by, .. } | FaultKind::Loss { by, .. } => (by, 0.0),
            FaultKind::Delay { by, .. } => (by, 0.0),
            _ => return None,
        };
        let now = by.unwrap_or_else(|| law(dist).quantile(0.5));
        let lesser = towards + (now - towards) * 0.8;
        let lesser = (lesser * 1e6).round() / 1e6;
        ((now - lesser).abs() > 1e-3 * now.abs()).then(|| {
            (
                lesser,
                format!("of size {}, not {}", rounded(lesser), rounded(now)),
            )
        })
    }
}
