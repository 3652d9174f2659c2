//! Published results, and what an independent simulation of them gave: the engine must tell the same story, with
//! the same figures within sampling error.
//!
//! - [`storm`]: one worker and retries that never end, what stops them and what does not; what tips it;
//! - [`collapse`]: a service that slows down with what is in it;
//! - [`retries`]: what retries do at a constant failure rate;
//! - [`page`]: four services, as a hand-written loop has them;
//! - [`evidence`]: when two samples agree.

mod collapse;
mod evidence;
mod page;
mod retries;
mod storm;

use crate::zoo::*;
use worstday_model::day::Occurrence;
use worstday_model::system::*;
use worstday_sim::observe::{Fact, Observer};

/// What the first client sees, second by second.
#[derive(Default)]
struct Seconds {
    rows: Vec<Second>,
}

#[derive(Clone, Copy, Default)]
struct Second {
    arrived: u64,
    answered: u64,
    attempts: u64,
}

impl Observer for Seconds {
    fn on(&mut self, at_ns: u64, fact: Fact) {
        let second = (at_ns / S) as usize;
        if self.rows.len() <= second {
            self.rows.resize(second + 1, Second::default());
        }
        let row = &mut self.rows[second];
        match fact {
            Fact::VisitArrived { client: 0, .. } => row.arrived += 1,
            Fact::VisitEnded {
                client: 0, ending, ..
            } => row.answered += u64::from(ending.is_good()),
            Fact::AttemptSent { call: 0, .. } => row.attempts += 1,
            _ => {}
        }
    }
}

impl Seconds {
    /// Runs the whole day of a seed and watches it.
    fn of(zoo: &Zoo, seed: u64) -> Self {
        let mut engine = zoo.engine(seed, Self::default());
        engine.advance(u64::MAX);
        let (outcome, mut seconds) = engine.finish("zoo").unwrap_or_else(|v| panic!("{v}"));
        let end = outcome.end_ns.div_ceil(S) as usize;
        seconds
            .rows
            .resize(end.max(seconds.rows.len()), Second::default());
        seconds
    }

    fn sum(&self, seconds: std::ops::Range<usize>, of: fn(&Second) -> u64) -> u64 {
        self.rows[seconds].iter().map(of).sum()
    }

    fn per_s(&self, seconds: std::ops::Range<usize>, of: fn(&Second) -> u64) -> f64 {
        let length = seconds.len() as f64;
        self.sum(seconds, of) as f64 / length
    }
}

fn arrived(s: &Second) -> u64 {
    s.arrived
}

fn answered(s: &Second) -> u64 {
    s.answered
}

fn attempts_sent(s: &Second) -> u64 {
    s.attempts
}

/// `factor` times the client's demand for a while.
fn spike(z: &mut Zoo, client: ClientId, factor: f64, from_ns: u64, lasts_ns: u64) {
    let event = EventId(z.system.events.len() as u32);
    z.system.events.push(Event {
        name: format!("spike-{}", event.0),
        when: vec![],
        every_ns: None,
        lasts: None,
        jitter_ns: 0,
        demand: vec![(client, factor)],
        rise_ns: 0,
        fall_ns: 0,
        edit: None,
        seen: None,
        place: Place::default(),
    });
    z.day.events.push(Occurrence {
        event,
        ordinal: 0,
        start_ns: from_ns as i64,
        lasts_ns: Some(lasts_ns),
    });
}

/// One worker with an exponential service time and a bounded line, and users with a policy.
fn one_server(per_s: f64, end_ns: u64, mean_ns: f64, bound: u64, policy: CallPolicy) -> Zoo {
    let mut z = Zoo::new(end_ns);
    let [get] = z.service("server", 1, ["get"]);
    z.does(get, vec![exponential(mean_ns)]);
    z.of("server").queue.bound = bound;
    // The published systems have no probes: callers go on asking a server that stands still.
    z.of("server").ready.failures = u32::MAX;
    let users = z.client_stream("users", per_s, Pattern::Poisson);
    z.asks(users, get, policy);
    z
}
