//! What the calendar leads one to expect of a day, before anything is drawn: every client's
//! rate at a moment, and the moment at which their sum is highest.
//!
//! What is drawn later stands for itself by its mean: lengths and numbers of visits; starts are not
//! moved by jitter. The moment is found by branch and bound: an interval is cut in half until no
//! moment in it can exceed the best one found by more than [`ACCURACY`] of it.

use super::{Day, Demand, Occurrence, RateCurve, RecordedDemand};
use crate::system::{Arrive, Client, ClientId, Dist, Event, Shape, System};

/// The sum of rates at the moment found is below the highest one by at most this share.
pub const ACCURACY: f64 = 1e-6;

/// Recorded instants have no rate; theirs is the mean over this long, ns.
const RECORDED_BIN_NS: u64 = 300_000_000_000;

/// An instant that something refers to with `during` lasts this long, ns.
pub(super) const DURING_INSTANT_NS: u64 = 3_600_000_000_000;

/// Intervals shorter than this are not cut in half, ns.
const SHORTEST_NS: u64 = 1_000;

/// A client's expected rate over the day.
#[derive(Debug)]
pub(super) struct Expected {
    /// Before the factors.
    load: Load,
    /// What events multiply it by.
    factors: Vec<Factor>,
    /// Visits per arrival.
    batch: f64,
    /// No rate of any day is above this, per second; a day's events aside.
    pub(super) bound_per_s: f64,
}

#[derive(Debug)]
enum Load {
    Curve(RateCurve),
    /// Linear pieces, which add up where they overlap.
    Ramps(Vec<Ramp>),
    /// A recording: pieces in order that do not overlap, perhaps very many.
    Steps(Vec<Ramp>),
}

/// A rate that goes linearly from one value to another; 0 elsewhere.
#[derive(Clone, Copy, Debug)]
struct Ramp {
    from_ns: i64,
    to_ns: i64,
    first: f64,
    last: f64,
}

/// A factor that rises linearly after a start, and falls linearly after an end.
#[derive(Clone, Copy, Debug)]
struct Factor {
    start_ns: i64,
    end_ns: i64,
    rise_ns: i64,
    fall_ns: i64,
    inside: f64,
    outside: f64,
}

impl Expected {
    /// What to expect of `client` on a day; none for a population.
    pub(super) fn new(
        system: &System,
        id: ClientId,
        demand: &Demand,
        events: &[Occurrence],
    ) -> Option<Self> {
        let client = &system.clients[id.index()];
        let (load, bound_per_s, batch) = match (&client.arrive, demand) {
            (Arrive::Closed { .. }, _) | (_, Demand::Closed { .. }) => return None,
            (_, Demand::Stream { rate, batch, .. }) => (
                Load::Curve(rate.clone()),
                rate.bound_per_s,
                f64::from(*batch),
            ),
            (_, Demand::Recorded { what, .. }) => {
                let ramps = recorded(what);
                let highest = ramps.iter().map(|ramp| ramp.first).fold(0.0, f64::max);
                (Load::Steps(ramps), highest, 1.0)
            }
            (_, Demand::WithEvent { .. }) => {
                let ramps = with_event(system, client, events);
                let highest = ramps
                    .iter()
                    .map(|ramp| ramp.first.max(ramp.last))
                    .fold(0.0, f64::max);
                (Load::Ramps(ramps), highest, 1.0)
            }
        };
        let mut factors = factors(system, id, events);
        let own = super::plan::own_factor(demand);
        if own != 1.0 {
            factors.push(Factor {
                start_ns: 0,
                end_ns: 0,
                rise_ns: 0,
                fall_ns: 0,
                inside: own,
                outside: own,
            });
        }
        Some(Self {
            load,
            factors,
            batch,
            bound_per_s,
        })
    }

    /// The rate of its arrivals per second, without events.
    pub(super) fn own_rate(&self, at_ns: u64) -> f64 {
        match &self.load {
            Load::Curve(curve) => curve.rate(at_ns),
            Load::Ramps(ramps) => ramps.iter().map(|ramp| ramp.at(at_ns as i64)).sum(),
            Load::Steps(steps) => step(steps, at_ns as i64),
        }
    }

    /// What events multiply it by.
    pub(super) fn factor(&self, at_ns: u64) -> f64 {
        self.factors
            .iter()
            .map(|factor| factor.at(at_ns as i64))
            .product()
    }

    /// Visits per second.
    fn visits(&self, at_ns: u64) -> f64 {
        self.batch * self.own_rate(at_ns) * self.factor(at_ns)
    }

    /// No number of visits per second in `[from_ns, to_ns)` is higher; no cut lies inside.
    fn at_most(&self, from_ns: u64, to_ns: u64) -> f64 {
        let ends = (from_ns as i64, to_ns as i64 - 1);
        let own: f64 = match &self.load {
            Load::Curve(curve) => curve.at_most(from_ns, to_ns),
            Load::Ramps(ramps) => ramps
                .iter()
                .map(|ramp| ramp.at(ends.0).max(ramp.at(ends.1)))
                .sum(),
            Load::Steps(steps) => step(steps, ends.0),
        };
        let factors = self
            .factors
            .iter()
            .map(|factor| factor.at(ends.0).max(factor.at(ends.1)));
        self.batch * own * factors.product::<f64>()
    }

    /// Moments at which it is not smooth.
    fn cuts(&self, cuts: &mut Vec<i64>) {
        match &self.load {
            Load::Curve(curve) => {
                cuts.extend(curve.pieces.iter().map(|piece| piece.from_ns as i64));
            }
            Load::Ramps(ramps) | Load::Steps(ramps) => {
                cuts.extend(ramps.iter().flat_map(|ramp| [ramp.from_ns, ramp.to_ns]));
            }
        }
        for factor in &self.factors {
            let risen = factor.start_ns.saturating_add(factor.rise_ns);
            let fallen = factor.end_ns.saturating_add(factor.fall_ns);
            cuts.extend([factor.start_ns, risen, factor.end_ns, fallen]);
        }
    }
}

impl Ramp {
    fn at(&self, at_ns: i64) -> f64 {
        if at_ns < self.from_ns || self.to_ns <= at_ns {
            return 0.0;
        }
        let share = (at_ns - self.from_ns) as f64 / (self.to_ns - self.from_ns) as f64;
        self.first + (self.last - self.first) * share
    }
}

/// The value of the step that a moment lies in.
fn step(steps: &[Ramp], at_ns: i64) -> f64 {
    let after = steps.partition_point(|step| step.from_ns <= at_ns);
    after
        .checked_sub(1)
        .map_or(0.0, |index| steps[index].at(at_ns))
}

impl Factor {
    fn at(&self, at_ns: i64) -> f64 {
        let share = |from: i64, length: i64| {
            if at_ns < from {
                0.0
            } else if length <= at_ns.saturating_sub(from) {
                1.0
            } else {
                (at_ns - from) as f64 / length as f64
            }
        };
        let risen = share(self.start_ns, self.rise_ns);
        let fallen = share(self.end_ns, self.fall_ns);
        self.outside + (self.inside - self.outside) * risen * (1.0 - fallen)
    }
}

/// When most visits per second are expected on a day, ns on its clock, and how many that are: of one client, or of all
/// together. None if none of them comes at a rate (a population comes as it is answered).
#[must_use]
pub fn busiest_moment(system: &System, day: &Day, client: Option<ClientId>) -> Option<(u64, f64)> {
    let ids = (0..system.clients.len() as u32).map(ClientId);
    let clients: Vec<Expected> = ids
        .filter(|id| client.is_none_or(|only| only == *id))
        .filter_map(|id| Expected::new(system, id, &day.demand[id.index()], &day.events))
        .collect();
    let clients: Vec<&Expected> = clients.iter().collect();
    (!clients.is_empty()).then(|| busiest(&clients, day.warm_up_ns, day.end_ns))
}

/// How many visits per second are expected at a moment of a day, ns on its clock, of one client, or of all that come at a
/// rate.
#[must_use]
pub fn visits_at(system: &System, day: &Day, client: Option<ClientId>, at_ns: u64) -> f64 {
    let ids = (0..system.clients.len() as u32).map(ClientId);
    ids.filter(|id| client.is_none_or(|only| only == *id))
        .filter_map(|id| Expected::new(system, id, &day.demand[id.index()], &day.events))
        .map(|client| client.visits(at_ns))
        .sum()
}

/// The moment in `[from_ns, to_ns)` at which most visits per second are expected, the first one if
/// there are several, and how many that are.
pub(super) fn busiest(clients: &[&Expected], from_ns: u64, to_ns: u64) -> (u64, f64) {
    let mut cuts = vec![from_ns as i64, to_ns as i64];
    for client in clients {
        client.cuts(&mut cuts);
    }
    cuts.retain(|&cut| from_ns as i64 <= cut && cut <= to_ns as i64);
    cuts.sort_unstable();
    cuts.dedup();
    let visits = |at: u64| clients.iter().map(|client| client.visits(at)).sum::<f64>();
    let at_most = |from: u64, to: u64| {
        clients
            .iter()
            .map(|client| client.at_most(from, to))
            .sum::<f64>()
    };

    // A first look, so that most of the day is out of the question at once.
    let mut best = (from_ns, visits(from_ns));
    let parts = (100_000 / cuts.len()).clamp(1, 64) as u64;
    for cell in cuts.windows(2) {
        let (from, to) = (cell[0] as u64, cell[1] as u64);
        for part in 0..parts {
            let at = from + (to - from) / parts * part;
            let value = visits(at);
            // A plateau counts as one, and its first moment is the answer.
            if best.1 * (1.0 + ACCURACY / 2.0) < value {
                best = (at, value);
            }
        }
    }
    let mut waiting: Vec<(u64, u64)> = cuts
        .windows(2)
        .map(|cell| (cell[0] as u64, cell[1] as u64))
        .collect();
    waiting.reverse();
    while let Some((from, to)) = waiting.pop() {
        let middle = from + (to - from) / 2;
        let value = visits(middle);
        if best.1 * (1.0 + ACCURACY / 2.0) < value {
            best = (middle, value);
        }
        if SHORTEST_NS < to - from && best.1 * (1.0 + ACCURACY) < at_most(from, to) {
            waiting.push((middle, to));
            waiting.push((from, middle));
        }
    }
    best
}

/// What is recorded, as rates.
fn recorded(what: &RecordedDemand) -> Vec<Ramp> {
    let flat = |from_ns: i64, length_ns: u64, visits: f64| {
        let rate = visits / (length_ns as f64 / 1e9);
        Ramp {
            from_ns,
            to_ns: from_ns.saturating_add_unsigned(length_ns),
            first: rate,
            last: rate,
        }
    };
    match what {
        RecordedDemand::Counts { per_ns, rows, .. } => rows
            .iter()
            .map(|&(start, count)| flat(start, *per_ns, count))
            .collect(),
        RecordedDemand::Instants { at_ns, .. } => at_ns
            .chunk_by(|a, b| a / RECORDED_BIN_NS == b / RECORDED_BIN_NS)
            .map(|bin| {
                let start = bin[0] / RECORDED_BIN_NS * RECORDED_BIN_NS;
                flat(start as i64, RECORDED_BIN_NS, bin.len() as f64)
            })
            .collect(),
    }
}

/// The rates of a client that follows an event.
fn with_event(system: &System, client: &Client, events: &[Occurrence]) -> Vec<Ramp> {
    let of = |event| {
        events
            .iter()
            .filter(move |occurrence| occurrence.event == event)
    };
    match &client.arrive {
        Arrive::Visits {
            event,
            count,
            over_ns,
            until_before_ns,
            shape,
        } => of(*event)
            .map(|occurrence| {
                let from_ns = match until_before_ns {
                    None => occurrence.start_ns,
                    Some(before) => {
                        let to = occurrence.start_ns.saturating_sub_unsigned(*before);
                        to.saturating_sub_unsigned(*over_ns)
                    }
                };
                let even = mean(count) / ((*over_ns).max(1) as f64 / 1e9);
                let (first, last) = match shape {
                    Shape::Even => (even, even),
                    Shape::Front => (2.0 * even, 0.0),
                    Shape::Back => (0.0, 2.0 * even),
                };
                Ramp {
                    from_ns,
                    to_ns: from_ns.saturating_add_unsigned(*over_ns),
                    first,
                    last,
                }
            })
            .collect(),
        Arrive::Rate {
            event,
            per_s,
            over_ns,
        } => of(*event)
            .map(|occurrence| {
                let length = over_ns.unwrap_or_else(|| {
                    expected_length(&system.events[event.index()], occurrence)
                        .unwrap_or(DURING_INSTANT_NS)
                });
                Ramp {
                    from_ns: occurrence.start_ns,
                    to_ns: occurrence.start_ns.saturating_add_unsigned(length),
                    first: *per_s,
                    last: *per_s,
                }
            })
            .collect(),
        _ => Vec::new(),
    }
}

/// What events multiply a client's rate by; a client that is only active during one is 0 elsewhere.
fn factors(system: &System, id: ClientId, events: &[Occurrence]) -> Vec<Factor> {
    let mut factors = Vec::new();
    for occurrence in events {
        let event = &system.events[occurrence.event.index()];
        let length = expected_length(event, occurrence).unwrap_or(0);
        for (_, factor) in event.demand.iter().filter(|(client, _)| *client == id) {
            factors.push(Factor {
                start_ns: occurrence.start_ns,
                end_ns: occurrence.start_ns.saturating_add_unsigned(length),
                rise_ns: event.rise_ns as i64,
                fall_ns: event.fall_ns as i64,
                inside: *factor,
                outside: 1.0,
            });
        }
    }
    if let Some(during) = system.clients[id.index()].active {
        // Occurrences may overlap, so their factors cannot multiply: outside all of them it is 0.
        let mut inside: Vec<(i64, i64)> = Vec::new();
        for occurrence in events
            .iter()
            .filter(|occurrence| occurrence.event == during)
        {
            let length = expected_length(&system.events[during.index()], occurrence);
            let end = occurrence
                .start_ns
                .saturating_add_unsigned(length.unwrap_or(DURING_INSTANT_NS));
            match inside.last_mut() {
                Some(last) if occurrence.start_ns <= last.1 => last.1 = last.1.max(end),
                _ => inside.push((occurrence.start_ns, end)),
            }
        }
        let mut from = i64::MIN;
        for (start, end) in inside.into_iter().chain([(i64::MAX, i64::MAX)]) {
            factors.push(Factor {
                start_ns: from,
                end_ns: start,
                rise_ns: 0,
                fall_ns: 0,
                inside: 0.0,
                outside: 1.0,
            });
            from = end;
        }
    }
    factors
}

/// The length of an occurrence: the calendar's, else the mean of the event's own; none is an instant.
pub(super) fn expected_length(event: &Event, occurrence: &Occurrence) -> Option<u64> {
    let own = || event.lasts.as_ref().map(|lasts| mean(lasts) as u64);
    occurrence.lasts_ns.or_else(own)
}

/// The mean of a distribution, in its own unit.
#[must_use]
pub fn mean(dist: &Dist) -> f64 {
    match dist {
        Dist::Constant(value) => *value,
        Dist::LogNormal { mean, .. } | Dist::Exponential { mean } => *mean,
        Dist::Uniform { low, high } => 0.5 * (low + high),
        Dist::WholeUniform { low, high } => 0.5 * (*low as f64 + *high as f64),
        Dist::Pareto { min, tail } => min * tail / (tail - 1.0),
        Dist::Sample(values) => values.iter().sum::<f64>() / values.len() as f64,
        Dist::Points(points) => mean_of_points(points),
    }
}

/// Between two points ln(value) = a + b z with z standard normal, which has the mean of a piece of a
/// log-normal; the end pieces run on for ever.
fn mean_of_points(points: &[(f64, f64)]) -> f64 {
    let placed: Vec<_> = points
        .iter()
        .map(|&(p, v)| (normal_quantile(p), libm::log(v)))
        .collect();
    let pieces = placed.windows(2).enumerate();
    pieces
        .map(|(index, ends)| {
            let ((z1, l1), (z2, l2)) = (ends[0], ends[1]);
            let b = (l2 - l1) / (z2 - z1);
            let a = l1 - b * z1;
            let low = if index == 0 { f64::NEG_INFINITY } else { z1 };
            let high = if index + 2 == placed.len() {
                f64::INFINITY
            } else {
                z2
            };
            libm::exp(a + 0.5 * b * b) * (normal_cdf(high - b) - normal_cdf(low - b))
        })
        .sum()
}

fn normal_cdf(z: f64) -> f64 {
    0.5 * libm::erfc(-z / core::f64::consts::SQRT_2)
}

/// By halving, to the last bits; only points of a file come here.
fn normal_quantile(p: f64) -> f64 {
    let (mut low, mut high) = (-40.0, 40.0);
    for _ in 0..100 {
        let middle = 0.5 * (low + high);
        if normal_cdf(middle) < p {
            low = middle;
        } else {
            high = middle;
        }
    }
    0.5 * (low + high)
}
