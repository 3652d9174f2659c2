//! A year of days, cut into strata whose rates are known exactly.
//!
//! What strikes by itself is a *clock*: a fault or an event with a mean gap (a Poisson process), or a fault with a coin for
//! each occurrence of an event (a binomial). Clocks are independent, so how many of them strike on one date has a
//! closed form, and the days of a year fall into strata:
//!
//! - days without any strike, one stratum for each set of dated things that not every day has ("none", "sale");
//! - days with exactly one strike, one stratum for each clock;
//! - days with two or more.
//!
//! Rates of strata are days per year and add up to all days; a day inside a stratum is drawn from its exact conditional
//! law: date, then which clocks strike how often, then when. Cutting a fault into ten with a tenth of the rate moves days
//! from one stratum to ten, and changes nothing else.
//!
//! A day belongs to the date on which its strikes start. What starts before midnight and meets something that starts after
//! it is on two days here, each with one strike: such meetings are not hunted. For faults of an hour these are a
//! fiftieth of all meetings.

pub mod moved;

use jiff::civil::Date;
use worstday_model::calendar::{self, Calendar};
use worstday_model::day::{DayError, Happens};
use worstday_model::system::{
    Arrive, Clock as RecordedClock, EventId, FaultId, FaultKind, FaultWhen, PerReplica, Place,
    Replicas, System, Target,
};
use worstday_model::when::When;
use worstday_stats::draw::{Draw, Key, Seed, entity, identity};
use worstday_stats::math;

/// Days of a year, on average.
pub const DAYS_PER_YEAR: f64 = 365.25;

/// Days that are drawn from, where recordings leave the choice.
const DATES: usize = 365;

/// Strikes are drawn to the second: a scenario file is read by people.
const SECOND_NS: i64 = 1_000_000_000;

/// More strikes of one clock on one day than that are not told apart: the rest of its law is on this number.
const STRIKES_MAX: usize = 64;

/// Something that strikes by itself.
#[derive(Clone, Debug)]
pub struct Clock {
    /// What strikes: a fault or an event.
    pub what: Happens,
    /// Its name.
    pub name: String,
    /// Where it stands.
    pub place: Place,
    /// Mean gap, ns, of all clocks of this line together, or the chance of its coin.
    law: ClockLaw,
}

#[derive(Clone, Copy, Debug)]
enum ClockLaw {
    Poisson {
        mean_ns: f64,
        clocks: f64,
        during: Option<EventId>,
    },
    Coin {
        during: EventId,
        chance: f64,
    },
}

/// What a clock may do on one date.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Load {
    /// A Poisson number of strikes with that mean.
    Poisson(f64),
    /// So many coins of that chance.
    Coins(u32, f64),
}

impl Load {
    /// The probability of exactly `k` strikes.
    fn exactly(self, k: usize) -> f64 {
        match self {
            Self::Poisson(mean) => {
                let mut p = math::exp(-mean);
                for i in 1..=k {
                    p *= mean / i as f64;
                }
                p
            }
            Self::Coins(n, chance) => {
                if (n as usize) < k {
                    return 0.0;
                }
                let mut p = math::pow(1.0 - chance, f64::from(n) - k as f64);
                for i in 0..k {
                    p *= chance * (f64::from(n) - i as f64) / (i + 1) as f64;
                }
                p
            }
        }
    }

    /// The probabilities of 0, 1, 2 ... strikes, as far as they matter.
    fn law(self) -> Vec<f64> {
        let mut law = Vec::new();
        let mut left = 1.0;
        for k in 0..=STRIKES_MAX {
            let p = self.exactly(k);
            left -= p;
            law.push(p);
            if 2 <= k && left < 1e-12 {
                break;
            }
        }
        law
    }

    fn scaled(self, factor: f64) -> Self {
        match self {
            Self::Poisson(mean) => Self::Poisson(mean * factor),
            Self::Coins(n, chance) => Self::Coins(n, (chance * factor).min(1.0)),
        }
    }
}

/// Which days a stratum holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Kind {
    /// No strike, with this set of dated things: an index into [`Year::classes`].
    Dated(usize),
    /// Exactly one strike, of this clock.
    One(usize),
    /// Two strikes or more.
    Several,
}

/// Dates that have the same dated things.
#[derive(Clone, Debug)]
pub struct Class {
    /// Names of what not every date has; empty for an ordinary date.
    pub things: Vec<String>,
    /// Indices into the dates.
    dates: Vec<usize>,
}

/// A part of the year.
#[derive(Clone, Debug)]
pub struct Stratum {
    /// Which days.
    pub kind: Kind,
    /// In words.
    pub name: String,
    /// Days per year.
    pub rate: f64,
}

/// A day, drawn.
#[derive(Clone, Debug, PartialEq)]
pub struct Drawn {
    /// Its date.
    pub date: Date,
    /// What strikes, and when: Unix time in ns, whole seconds; by time.
    pub strikes: Vec<(Happens, i64)>,
    /// What it is simulated with.
    pub seed: u64,
}

/// A year of days of one system.
#[derive(Clone, Debug)]
pub struct Year {
    calendar: Calendar,
    dates: Vec<Date>,
    /// What strikes by itself.
    pub clocks: Vec<Clock>,
    /// Per date, per clock.
    loads: Vec<Vec<Load>>,
    /// Dates by what is dated on them; the ordinary ones first, if there are any.
    pub classes: Vec<Class>,
    /// All of the year.
    pub strata: Vec<Stratum>,
    /// Per stratum, per date: the probability that a day of that date is one of the stratum.
    weights: Vec<Vec<f64>>,
}

impl Year {
    /// The year that begins on `first`, or the days that were recorded.
    ///
    /// # Errors
    ///
    /// [`DayError::TimeZone`] if the system's time zone is unknown.
    pub fn new(system: &System, first: Date) -> Result<Self, DayError> {
        let calendar = Calendar::new(&system.timezone).map_err(DayError::TimeZone)?;
        let dates = dates(system, &calendar, first);
        let clocks = clocks(system);
        let mut loads = Vec::with_capacity(dates.len());
        let mut classes: Vec<Class> = Vec::new();
        let dated = dated(system);
        let mut on_date: Vec<Vec<usize>> = Vec::with_capacity(dates.len());
        for &date in &dates {
            let (from, to) = (calendar.midnight(date), calendar.midnight(next(date)));
            loads.push(
                clocks
                    .iter()
                    .map(|clock| clock.load(system, &calendar, from, to))
                    .collect(),
            );
            let there = dated.iter().enumerate().filter(|(_, thing)| {
                let occurrences = calendar.occurrences(&thing.1, from, to);
                occurrences
                    .iter()
                    .any(|occurrence| occurrence.touches(from, to))
            });
            on_date.push(there.map(|(index, _)| index).collect());
        }
        // What every date has is no distinction.
        let is_daily = |thing: usize| on_date.iter().all(|things| things.contains(&thing));
        let daily: Vec<bool> = (0..dated.len()).map(is_daily).collect();
        for (index, things) in on_date.iter().enumerate() {
            let things: Vec<String> = things
                .iter()
                .filter(|&&thing| !daily[thing])
                .map(|&thing| dated[thing].0.clone())
                .collect();
            match classes.iter_mut().find(|class| class.things == things) {
                Some(class) => class.dates.push(index),
                None => classes.push(Class {
                    things,
                    dates: vec![index],
                }),
            }
        }
        classes.sort_by(|a, b| (a.things.len(), &a.things).cmp(&(b.things.len(), &b.things)));
        let mut year = Self {
            calendar,
            dates,
            clocks,
            loads,
            classes,
            strata: Vec::new(),
            weights: Vec::new(),
        };
        let as_they_are = vec![1.0; year.clocks.len()];
        year.weights = year.weights_with(&as_they_are);
        year.strata = year.strata_with(&as_they_are);
        Ok(year)
    }

    /// The calendar of its time zone.
    #[must_use]
    pub fn calendar(&self) -> &Calendar {
        &self.calendar
    }

    /// Its dates, in order.
    #[must_use]
    pub fn dates(&self) -> &[Date] {
        &self.dates
    }

    /// Dates of a class.
    pub fn dates_of(&self, class: usize) -> impl Iterator<Item = Date> + '_ {
        self.classes[class].dates.iter().map(|&at| self.dates[at])
    }

    /// For a clock that runs during an event only: its first date, and when it can strike then. None if it runs all day.
    #[must_use]
    pub fn strikes_only_during(
        &self,
        system: &System,
        clock: usize,
    ) -> Option<(Date, Vec<(i64, i64)>)> {
        let clock = &self.clocks[clock];
        let (ClockLaw::Poisson {
            during: Some(during),
            ..
        }
        | ClockLaw::Coin { during, .. }) = clock.law
        else {
            return None;
        };
        let coin = matches!(clock.law, ClockLaw::Coin { .. });
        let on = |date: Date| {
            let (from, to) = (
                self.calendar.midnight(date),
                self.calendar.midnight(next(date)),
            );
            if coin {
                let starts = starts(system, &self.calendar, during, from, to);
                starts.into_iter().map(|at| (at, at)).collect()
            } else {
                spans(system, &self.calendar, Some(during), from, to)
            }
        };
        let dates = self.dates.iter();
        let first = dates
            .map(|&date| (date, on(date)))
            .find(|(_, spans)| !spans.is_empty());
        Some(first.unwrap_or_else(|| (self.dates[0], Vec::new())))
    }

    /// The same strata, in the same order, if each clock ran `factors` times as fast.
    #[must_use]
    pub fn strata_with(&self, factors: &[f64]) -> Vec<Stratum> {
        let scale = DAYS_PER_YEAR / self.dates.len().max(1) as f64;
        let weights = self.weights_with(factors);
        let mut rates = weights.iter().map(|row| scale * row.iter().sum::<f64>());
        let quiet = self.classes.iter().enumerate().map(|(index, class)| {
            let name = if class.things.is_empty() {
                "quiet".to_owned()
            } else {
                class.things.join(" + ")
            };
            (Kind::Dated(index), name)
        });
        let ones = self.clocks.iter().enumerate();
        let ones = ones.map(|(index, clock)| (Kind::One(index), clock.name.clone()));
        let several = (!self.clocks.is_empty()).then(|| (Kind::Several, "two or more".to_owned()));
        quiet
            .chain(ones)
            .chain(several)
            .map(|(kind, name)| Stratum {
                kind,
                name,
                rate: rates.next().unwrap_or(0.0),
            })
            .collect()
    }

    /// Per stratum, per date: the probability that a day of that date is one of the stratum.
    fn weights_with(&self, factors: &[f64]) -> Vec<Vec<f64>> {
        let (classes, clocks) = (self.classes.len(), self.clocks.len());
        let several = usize::from(clocks != 0);
        let mut weights = vec![vec![0.0; self.dates.len()]; classes + clocks + several];
        // Most dates are alike.
        let mut known: Vec<(Vec<Load>, Vec<f64>)> = Vec::new();
        let mut class_of = vec![0; self.dates.len()];
        for (index, class) in self.classes.iter().enumerate() {
            for &date in &class.dates {
                class_of[date] = index;
            }
        }
        for (date, loads) in self.loads.iter().enumerate() {
            let at = known.iter().position(|(seen, _)| seen == loads);
            let at = at.unwrap_or_else(|| {
                let scaled: Vec<Load> = loads
                    .iter()
                    .zip(factors)
                    .map(|(load, factor)| load.scaled(*factor))
                    .collect();
                let mut row: Vec<f64> = vec![scaled.iter().map(|load| load.exactly(0)).product()];
                row.extend((0..clocks).map(|clock| single(&scaled, clock)));
                row.push(Tails::new(&scaled, 2).at_least(0, 2));
                known.push((loads.clone(), row));
                known.len() - 1
            });
            let row = &known[at].1;
            weights[class_of[date]][date] = row[0];
            for (clock, weight) in row[1..=clocks + several].iter().enumerate() {
                weights[classes + clock][date] = *weight;
            }
        }
        weights
    }

    /// The `index`th day of a stratum. What `phase` drew has nothing to do with what another phase drew.
    #[must_use]
    pub fn draw(&self, system: &System, stratum: usize, phase: &str, index: u64) -> Drawn {
        let Stratum { kind, name, .. } = &self.strata[stratum];
        let of = identity(
            match kind {
                Kind::Dated(_) => 0,
                Kind::One(_) => 1,
                Kind::Several => 2,
            },
            entity(name),
        );
        let mut draw = Key::new(Seed(entity(phase)), of, 0).at(index);
        let weights = &self.weights[stratum];
        let date = choose(&mut draw, weights.len(), |date| weights[date]);
        let loads = &self.loads[date];
        let counts: Vec<(usize, usize)> = match kind {
            Kind::Dated(_) => Vec::new(),
            Kind::One(clock) => vec![(*clock, 1)],
            Kind::Several => {
                let tails = Tails::new(loads, 2);
                let mut need = 2;
                let mut counts = Vec::new();
                for (clock, load) in loads.iter().enumerate() {
                    let law = load.law();
                    let k = choose(&mut draw, law.len(), |k| {
                        law[k] * tails.at_least(clock + 1, need - k.min(need))
                    });
                    need -= k.min(need);
                    if 0 < k {
                        counts.push((clock, k));
                    }
                }
                counts
            }
        };
        let (from, to) = (
            self.calendar.midnight(self.dates[date]),
            self.calendar.midnight(next(self.dates[date])),
        );
        let mut strikes = Vec::new();
        for (clock, count) in counts {
            let clock = &self.clocks[clock];
            let times = clock.times(system, &self.calendar, (from, to), count, &mut draw);
            strikes.extend(times.into_iter().map(|at| (clock.what, at)));
        }
        strikes.sort_by_key(|&(what, at)| (at, order(what)));
        Drawn {
            date: self.dates[date],
            strikes,
            seed: draw.next_u64(),
        }
    }
}

/// Probabilities that the clocks from one on strike at least so often.
struct Tails {
    /// `[clock][k]`: at least `k` strikes of this clock and those behind it.
    rows: Vec<Vec<f64>>,
}

impl Tails {
    fn new(loads: &[Load], most: usize) -> Self {
        let mut rows = vec![vec![0.0; most + 1]; loads.len() + 1];
        rows[loads.len()][0] = 1.0;
        for clock in (0..loads.len()).rev() {
            for need in 0..=most {
                // All but the cases in which too few strike: no difference of numbers that are nearly 1.
                let few = |k: usize| loads[clock].exactly(k);
                let mut at_least = 0.0;
                let mut left = 1.0;
                for k in 0..need {
                    at_least += few(k) * rows[clock + 1][need - k];
                    left -= few(k);
                }
                rows[clock][need] = at_least + tail(loads[clock], need, left);
            }
        }
        Self { rows }
    }

    fn at_least(&self, clock: usize, need: usize) -> f64 {
        self.rows[clock][need]
    }
}

/// The probability of `need` strikes or more, summed where `1 - few` would be all rounding.
fn tail(load: Load, need: usize, left: f64) -> f64 {
    if need == 0 {
        return 1.0;
    }
    if 0.1 < left {
        return left;
    }
    (need..=STRIKES_MAX).map(|k| load.exactly(k)).sum()
}

/// The probability that `clock` strikes once and no other does.
fn single(loads: &[Load], clock: usize) -> f64 {
    let others = loads.iter().enumerate();
    others
        .map(|(at, load)| load.exactly(usize::from(at == clock)))
        .product()
}

/// One of `count` choices, by weight.
fn choose(draw: &mut Draw, count: usize, weigh: impl Fn(usize) -> f64) -> usize {
    let weights: Vec<f64> = (0..count).map(weigh).collect();
    let mut left = draw.unit() * weights.iter().sum::<f64>();
    for (at, weight) in weights.iter().enumerate() {
        if left < *weight {
            return at;
        }
        left -= weight;
    }
    // Rounding at the very end: the last that is possible at all.
    weights
        .iter()
        .rposition(|weight| 0.0 < *weight)
        .unwrap_or(0)
}

/// Faults before events, by number: what happens in one instant has an order.
fn order(what: Happens) -> (u8, u32) {
    match what {
        Happens::Fault(id) => (0, id.0),
        Happens::Event(id) => (1, id.0),
        Happens::Edit(id) => (2, id.0),
        Happens::Act(id) => (3, id),
        Happens::Demand(id) => (4, id.0),
    }
}

impl Clock {
    /// Whether its rate is in this part of the file.
    fn load(&self, system: &System, calendar: &Calendar, from: i64, to: i64) -> Load {
        match self.law {
            ClockLaw::Poisson {
                mean_ns,
                clocks,
                during,
            } => {
                let spans = spans(system, calendar, during, from, to);
                let length: i64 = spans.iter().map(|span| span.1 - span.0).sum();
                Load::Poisson(clocks * length as f64 / mean_ns)
            }
            ClockLaw::Coin { during, chance } => {
                let starts = starts(system, calendar, during, from, to);
                Load::Coins(starts.len() as u32, chance)
            }
        }
    }

    /// When it strikes, `count` times on one date.
    fn times(
        &self,
        system: &System,
        calendar: &Calendar,
        (from, to): (i64, i64),
        count: usize,
        draw: &mut Draw,
    ) -> Vec<i64> {
        match self.law {
            ClockLaw::Poisson { during, .. } => {
                let spans = spans(system, calendar, during, from, to);
                let length: i64 = spans.iter().map(|span| span.1 - span.0).sum();
                let mut times = Vec::with_capacity(count);
                for _ in 0..count {
                    let mut into = (draw.unit() * length as f64) as i64;
                    let mut at = from;
                    for &(start, end) in &spans {
                        at = start + into;
                        if at < end {
                            break;
                        }
                        into -= end - start;
                    }
                    times.push(at / SECOND_NS * SECOND_NS);
                }
                times
            }
            ClockLaw::Coin { during, .. } => {
                let mut left = starts(system, calendar, during, from, to);
                let count = count.min(left.len());
                (0..count)
                    .map(|_| left.swap_remove(draw.below(left.len() as u64) as usize))
                    .collect()
            }
        }
    }
}

/// When a clock runs on a date: all day, or during an event.
fn spans(
    system: &System,
    calendar: &Calendar,
    during: Option<EventId>,
    from: i64,
    to: i64,
) -> Vec<(i64, i64)> {
    /// An instant that others refer to by `during` lasts this long.
    const INSTANT_NS: i64 = 3_600_000_000_000;
    let Some(event) = during else {
        return vec![(from, to)];
    };
    let event = &system.events[event.index()];
    let mut found: Vec<(i64, i64)> = Vec::new();
    for occurrence in calendar.occurrences(&event.when, from, to) {
        let own = event
            .lasts
            .as_ref()
            .map_or(0, |lasts| worstday_model::day::mean(lasts) as i64);
        let end = occurrence.end_ns.unwrap_or(occurrence.start_ns + own);
        let end = if end <= occurrence.start_ns {
            occurrence.start_ns + INSTANT_NS
        } else {
            end
        };
        let (start, end) = (occurrence.start_ns.max(from), end.min(to));
        if start < end {
            found.push((start, end));
        }
    }
    found
}

/// When an event starts on a date.
fn starts(system: &System, calendar: &Calendar, event: EventId, from: i64, to: i64) -> Vec<i64> {
    let event = &system.events[event.index()];
    let all = calendar.occurrences(&event.when, from, to).into_iter();
    all.map(|occurrence| occurrence.start_ns)
        .filter(|start| (from..to).contains(start))
        .collect()
}

/// The next date.
fn next(date: Date) -> Date {
    date.tomorrow().unwrap_or(date)
}

/// The dates to draw from: a year from `first` on, or the whole days of recordings that belong to dates.
fn dates(system: &System, calendar: &Calendar, first: Date) -> Vec<Date> {
    let spans: Vec<(i64, i64)> = system
        .clients
        .iter()
        .filter_map(|client| match &client.arrive {
            Arrive::Recorded(recording)
                if recording.clock == RecordedClock::Unix && recording.at.is_none() =>
            {
                recording.span()
            }
            _ => None,
        })
        .collect();
    let from = spans.iter().map(|span| span.0).max();
    let to = spans.iter().map(|span| span.1).min();
    if let (Some(from), Some(to)) = (from, to) {
        let days = calendar.days(from, to).into_iter();
        let whole: Vec<Date> = days
            .filter(|day| from <= day.start_ns && day.end_ns <= to)
            .map(|day| day.date)
            .collect();
        return if whole.is_empty() {
            vec![calendar.local(from).date()]
        } else {
            whole
        };
    }
    let mut dates = vec![first];
    while dates.len() < DATES {
        dates.push(next(dates[dates.len() - 1]));
    }
    dates
}

/// What strikes by itself, in the order of the file: faults, then events.
fn clocks(system: &System) -> Vec<Clock> {
    let faults = system
        .faults
        .iter()
        .enumerate()
        .filter_map(|(index, fault)| {
            let law = match fault.when {
                FaultWhen::Every {
                    mean_ns,
                    per_replica,
                    during,
                } => ClockLaw::Poisson {
                    mean_ns,
                    clocks: match per_replica {
                        PerReplica::No => 1.0,
                        PerReplica::Yes => replicas(system, &fault.kind),
                    },
                    during,
                },
                FaultWhen::Chance { during, chance } => ClockLaw::Coin { during, chance },
                FaultWhen::Dated(_) | FaultWhen::Possible => return None,
            };
            Some(Clock {
                what: Happens::Fault(FaultId(index as u32)),
                name: fault.name.clone(),
                place: fault.place.clone(),
                law,
            })
        });
    let events = system
        .events
        .iter()
        .enumerate()
        .filter_map(|(index, event)| {
            Some(Clock {
                what: Happens::Event(EventId(index as u32)),
                name: event.name.clone(),
                place: event.place.clone(),
                law: ClockLaw::Poisson {
                    mean_ns: event.every_ns?,
                    clocks: 1.0,
                    during: None,
                },
            })
        });
    faults.chain(events).collect()
}

/// How many replicas have a clock of their own.
fn replicas(system: &System, kind: &FaultKind) -> f64 {
    let (FaultKind::Crash(target)
    | FaultKind::Vanish(target)
    | FaultKind::Stall(target)
    | FaultKind::Hang { target, .. }
    | FaultKind::Slow { target, .. }
    | FaultKind::Capacity { target, .. }
    | FaultKind::Errors { target, .. }) = kind
    else {
        return 1.0;
    };
    match target {
        Target::Replicas(service, Replicas::Any | Replicas::All)
        | Target::Worker { service, .. } => f64::from(system.services[service.index()].replicas),
        Target::AnyReplica => system
            .services
            .iter()
            .map(|service| f64::from(service.replicas))
            .sum(),
        _ => 1.0,
    }
}

/// What the calendar brings by itself, by name: events that change something or bring somebody, faults and rollouts.
fn dated(system: &System) -> Vec<(String, Vec<When>)> {
    let brings = |id: usize| {
        system.clients.iter().any(|client| {
            client.active.is_some_and(|event| event.index() == id)
                || match client.arrive {
                    Arrive::Visits { event, .. } | Arrive::Rate { event, .. } => {
                        event.index() == id
                    }
                    _ => false,
                }
        })
    };
    let events = system.events.iter().enumerate().filter_map(|(id, event)| {
        let matters = !event.demand.is_empty() || event.edit.is_some() || brings(id);
        (matters && !event.when.is_empty()).then(|| (event.name.clone(), event.when.clone()))
    });
    let faults = system.faults.iter().filter_map(|fault| match &fault.when {
        FaultWhen::Dated(when) => Some((fault.name.clone(), when.clone())),
        _ => None,
    });
    let rollouts = system.services.iter().filter_map(|service| {
        let rollout = service.rollout.as_ref()?;
        Some((format!("rollout of {}", service.name), rollout.when.clone()))
    });
    events.chain(faults).chain(rollouts).collect()
}

/// The first working day after a date: where a year begins if nobody says otherwise.
#[must_use]
pub fn first_day(as_of: Date) -> Date {
    calendar::next_working_day(as_of)
}

#[cfg(test)]
mod tests;
