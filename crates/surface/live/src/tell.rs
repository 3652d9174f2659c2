//! What watchers are told: everything once (`hello`), then what changed (`frame`).
//!
//! Field names are those of the page; times are seconds from where counting starts. A frame has the present values of all nodes
//! and edges in the order of the drawing, and of the time line and the log only what is new: who misses a frame asks for
//! another `hello`.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use serde::Serialize;
use serde_json::{Value, json};
use worstday_model::system::{Compare, Condition, Metric, OfAnswered, Subject, System};
use worstday_page::LocalClock;
use worstday_page::drawing::{Drawing, drawing, struck};
use worstday_report::clock::Clock;
use worstday_report::quantity::{count, percent, seconds};
use worstday_sim::{Glance, Used};
use worstday_stats::waiting::SoFar;

use crate::arm::Arm;
use crate::breakage::KINDS;
use crate::observer::Ends;
use crate::session::Session;

/// Tiles at most.
const TILES: usize = 6;

/// How the session is driven, for the frame.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Drive {
    /// It stands still.
    pub paused: bool,
    /// Simulated seconds per second.
    pub speed: f64,
    /// That speed cannot be kept.
    pub behind: bool,
    /// How many watch.
    pub watchers: usize,
}

/// Which entries and points a frame has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum News {
    /// Those that nobody has been told.
    All,
    /// None: they stand in the `hello` before it.
    None,
}

/// What does not change while a session lasts, looked up once.
pub struct Teller {
    drawing: Drawing,
    clock: LocalClock,
    /// Of each call's name, its edge.
    calls: BTreeMap<String, usize>,
    /// What was struck when it was last looked up, of each arm.
    struck: Vec<(Vec<(String, String)>, Value)>,
    /// Kept moments that were told last.
    moments: Vec<u64>,
    /// For topics: what they had lost, at some instants, of each arm.
    lost: Vec<Vec<(u64, Vec<u64>)>>,
    /// What each service had used, at some instants, of each arm.
    used: Vec<VecDeque<(u64, Vec<Used>)>>,
    /// Utilisation is taken over so long, ns.
    over_ns: u64,
    /// Grows with every `hello` to all.
    pub version: u64,
}

#[derive(Serialize)]
struct Tile {
    name: String,
    value: String,
    note: String,
    state: &'static str,
}

impl Teller {
    /// Looks everything up.
    #[must_use]
    pub fn new(session: &Session) -> Self {
        let arm = &session.arms()[0];
        let system = arm.system();
        let drawing = drawing(system);
        let mut calls = BTreeMap::new();
        for (at, edge) in drawing.edges.iter().enumerate() {
            for call in &edge.calls {
                calls.insert(call.clone(), at);
            }
        }
        let day = arm.engine.day();
        let (from, until) = (session.from_ns(), session.until_ns());
        let clock = Clock::spanning(system, day, day.start_unix_ns, from, until);
        Self {
            clock: LocalClock::new(&clock, day.start_unix_ns, from, until),
            drawing,
            calls,
            struck: Vec::new(),
            moments: Vec::new(),
            lost: Vec::new(),
            used: Vec::new(),
            over_ns: session.cut.slice_ns * 2,
            version: 0,
        }
    }

    /// Everything so far.
    #[must_use]
    pub fn hello(&self, session: &Session) -> Value {
        let system = session.arms()[0].system();
        let hint = session
            .levers()
            .hint()
            .filter(|_| session.arms()[0].script().lines.is_empty());
        let arms = session
            .arms()
            .iter()
            .map(|arm| json!({"title": arm.title, "points": arm.points(), "log": arm.log()}));
        json!({
            "tool": concat!("worstday ", env!("CARGO_PKG_VERSION")),
            "system": system.name,
            "file": session.opening.file,
            "hash": session.opening.hash,
            "currency": system.currency,
            "seed": session.opening.begin.seed,
            "clock": self.clock,
            "drawing": self.drawing,
            "promises": promises(system),
            "levers": session.levers().levers,
            "kinds": KINDS,
            "parts": session.levers().parts,
            "hint": hint.map(|(lever, text)| json!({"lever": lever, "text": text})),
            "window": session.cut.window_s(),
            "bucket": session.cut.bucket_s(),
            "arms": arms.collect::<Vec<_>>(),
            "snapshots": self.times(session),
            "version": self.version,
        })
    }

    fn times(&self, session: &Session) -> Vec<f64> {
        let from = session.from_ns();
        // What both arms can step back to.
        let mut shared: BTreeSet<u64> = session.arms()[0].moments().collect();
        for arm in &session.arms()[1..] {
            let theirs: BTreeSet<u64> = arm.moments().collect();
            shared = shared.intersection(&theirs).copied().collect();
        }
        shared
            .into_iter()
            .map(|at| at.saturating_sub(from) as f64 / 1e9)
            .collect()
    }

    /// The present.
    pub fn frame(&mut self, session: &mut Session, drive: Drive, news: News) -> Value {
        let (from, now, until) = (session.from_ns(), session.now_ns(), session.until_ns());
        let since = |at: u64| (at as f64 - from as f64) / 1e9;
        let arms: Vec<Value> = (0..session.arms().len())
            .map(|at| {
                let told = self.arm(&session.arms()[at], at, session, news);
                if news == News::All {
                    let arm = &mut session.arms[at];
                    arm.told = (arm.points.len(), arm.log.len());
                }
                told
            })
            .collect();
        let mut frame = json!({
            "t": since(now), "from": 0.0, "until": since(until),
            "paused": drive.paused, "speed": drive.speed, "behind": drive.behind,
            "over": session.is_over(), "watchers": drive.watchers, "arms": arms,
        });
        let moments: Vec<u64> = session.arms().iter().flat_map(Arm::moments).collect();
        if moments != self.moments || news == News::None {
            frame["snapshots"] = json!(self.times(session));
            self.moments = moments;
        }
        frame
    }

    fn arm(&mut self, arm: &Arm, number: usize, session: &Session, news: News) -> Value {
        let system = arm.system();
        let from = session.from_ns();
        let since = |at: u64| (at as f64 - from as f64) / 1e9;
        let probe = &arm.engine.observer;
        let glance = arm.engine.glance();
        let (nodes, edges) = self.moving(arm, &glance, number);
        let clients: Vec<Value> = system
            .clients
            .iter()
            .enumerate()
            .map(|(at, client)| {
                let felt = probe.felt(at, arm.engine.now_ns());
                json!({
                    "name": client.name, "came": felt.ends.came, "answered": felt.ends.answered,
                    "lost": felt.ends.lost, "inside": probe.inside(at), "p50": felt.p50, "p99": felt.p99,
                })
            })
            .collect();
        let alerts: Vec<Value> = arm
            .story()
            .firing
            .iter()
            .map(|firing| {
                let name = &system.alerts[firing.alert as usize].name;
                json!({"name": name, "since": since(firing.since_ns)})
            })
            .collect();
        let done: Vec<Value> = arm
            .story()
            .open
            .iter()
            .map(|open| {
                json!({
                    "id": open.id, "text": open.text, "who": open.who, "group": open.group,
                    "lever": open.lever, "since": since(open.since_ns), "until": open.until_ns.map(since),
                })
            })
            .collect();
        let (points, log) = match news {
            News::All => (&arm.points()[arm.told.0..], &arm.log()[arm.told.1..]),
            News::None => (&[][..], &[][..]),
        };
        json!({
            "nodes": nodes, "edges": edges, "hits": self.hits(arm, number), "clients": clients,
            "tiles": tiles(arm, session.cut.window_s()), "alerts": alerts, "done": done,
            "points": points, "log": log, "requests": probe.requests(), "digest": arm.digest(),
        })
    }

    /// The present values of nodes and edges.
    fn moving(&mut self, arm: &Arm, glance: &Glance, number: usize) -> (Vec<Value>, Vec<Value>) {
        let engine = &arm.engine;
        let now = engine.now_ns();
        let probe = &engine.observer;
        let mut along = vec![[0.0; 4]; self.drawing.edges.len()];
        // Edits may bring calls that others do not have: each arm has numbers of its own.
        for (series, name) in engine.series().iter().enumerate() {
            if let Some(&edge) = self.calls.get(name) {
                let one = probe.along(series, now);
                let sum = &mut along[edge];
                sum[0] += one.first_per_s;
                sum[1] += one.again_per_s;
                sum[2] += one.unanswered_per_s;
                sum[3] += one.ended_per_s;
            }
        }
        let lost = self.lost_by_topics(arm, number);
        let used = self.utilisation(glance, number);
        let (mut client, mut service, mut topic) = (0, 0, 0);
        let nodes = self.drawing.nodes.iter().map(|node| match node.kind {
            "client" => {
                let (come, share, ended) = probe.at_client(client, now);
                client += 1;
                json!([round(come), round(share), ended])
            }
            "service" => {
                let row = &glance.services[service];
                let (arrived, lost) = probe.at_service(service, now);
                let utilisation = used[service].map(round);
                service += 1;
                json!([
                    utilisation,
                    row.queue,
                    row.ready,
                    round(arrived),
                    round(lost),
                    row.existing
                ])
            }
            _ => {
                let into = self.drawing.edges.iter().zip(&along);
                let sent: f64 = into
                    .filter(|(edge, _)| edge.to == node.id)
                    .map(|(_, row)| row[0])
                    .sum();
                let level = &glance.topics[topic];
                let lost = lost.get(topic).copied().unwrap_or(0.0);
                topic += 1;
                json!([
                    level.backlog,
                    round(level.age_ns as f64 / 1e9),
                    round(sent),
                    round(lost)
                ])
            }
        });
        let nodes = nodes.collect();
        let edges = along.into_iter().map(|[first, again, unanswered, ended]| {
            let share = if ended > 0.0 { unanswered / ended } else { 0.0 };
            json!([round(first), round(again), round(unanswered), round(share)])
        });
        (nodes, edges.collect())
    }

    /// Messages per second that topics lost lately.
    fn lost_by_topics(&mut self, arm: &Arm, number: usize) -> Vec<f64> {
        let now = arm.engine.now_ns();
        let totals: Vec<u64> = arm.engine.topics_lost();
        if totals.is_empty() {
            return Vec::new();
        }
        self.lost
            .resize(self.lost.len().max(number + 1), Vec::new());
        let seen = &mut self.lost[number];
        // After a step back what was seen lies ahead.
        seen.retain(|(at, _)| *at < now);
        seen.push((now, totals.clone()));
        let over = 60_000_000_000;
        while seen.len() > 2 && seen[1].0 + over <= now {
            seen.remove(0);
        }
        let (then, before) = &seen[0];
        let length = ((now - then) as f64 / 1e9).max(1e-3);
        let lost = totals.iter().zip(before);
        lost.map(|(now, then)| now.saturating_sub(*then) as f64 / length)
            .collect()
    }

    /// Utilisation of each service over the last little while: at one instant a worker is busy or it is not.
    fn utilisation(&mut self, glance: &Glance, number: usize) -> Vec<Option<f64>> {
        self.used
            .resize(self.used.len().max(number + 1), VecDeque::new());
        let seen = &mut self.used[number];
        let now = glance.now_ns;
        // After a step back what was seen lies ahead.
        seen.retain(|(at, _)| *at < now);
        let used = || glance.services.iter().map(|row| row.used).collect();
        if seen
            .back()
            .is_none_or(|(at, _)| at + self.over_ns / 8 <= now)
        {
            seen.push_back((now, used()));
        }
        while seen.len() > 1 && seen[1].0 + self.over_ns <= now {
            seen.pop_front();
        }
        let (then, before) = &seen[0];
        let rows = glance.services.iter().zip(before);
        rows.map(|(row, before)| {
            if *then < now {
                return row.utilisation(before);
            }
            // The first look: as many as are at work now.
            let most = row.workers? * row.ready;
            (most > 0).then(|| row.busy as f64 / most as f64)
        })
        .collect()
    }

    /// What faults hit: nodes and edges, and whether they do not work at all.
    fn hits(&mut self, arm: &Arm, number: usize) -> Value {
        let strikes: Vec<(String, String)> = arm
            .story()
            .open
            .iter()
            .flat_map(|open| open.strikes.iter().cloned())
            .collect();
        if self.struck.len() <= number {
            self.struck.resize_with(number + 1, Default::default);
        }
        if self.struck[number].0 != strikes || self.struck[number].1.is_null() {
            let mut hits: BTreeMap<String, bool> = BTreeMap::new();
            for (name, detail) in &strikes {
                let (ids, fails) = struck(arm.system(), name, detail);
                for id in ids {
                    *hits.entry(id).or_default() |= fails;
                }
            }
            self.struck[number] = (strikes, json!(hits.into_iter().collect::<Vec<_>>()));
        }
        self.struck[number].1.clone()
    }
}

/// Enough digits to draw with: frames come twenty times a second.
fn round(value: f64) -> f64 {
    if value == 0.0 || !value.is_finite() {
        return 0.0;
    }
    // Rounding is for the eye; the report has the exact numbers.
    format!("{value:.3e}").parse().unwrap_or(value)
}

fn promises(system: &System) -> Vec<Value> {
    let conditions = system.promises.iter().flat_map(|promise| {
        let subjects = promise.subjects.iter();
        subjects.flat_map(move |subject| {
            promise
                .must
                .iter()
                .map(move |must| (promise, *subject, must))
        })
    });
    conditions
        .map(|(promise, subject, must)| {
            let of_client = matches!(subject, Subject::Client(_));
            let limit = match must.metric {
                Metric::Percentile(q) if of_client && below(must) => Some((100.0 * q, must.value / 1e9)),
                _ => None,
            };
            json!({
                "name": promise.name, "subject": name_of(system, subject), "condition": must.text,
                "percentile": limit.map(|(percentile, _)| percentile), "limit": limit.map(|(_, limit)| limit),
            })
        })
        .collect()
}

fn below(condition: &Condition) -> bool {
    matches!(condition.op, Compare::Less | Compare::AtMost)
}

fn name_of(system: &System, subject: Subject) -> String {
    let endpoint = |id: worstday_model::system::EndpointId| {
        let row = &system.endpoints[id.index()];
        format!("{}.{}", system.services[row.service.index()].name, row.name)
    };
    match subject {
        Subject::Client(id) => system.clients[id.index()].name.clone(),
        Subject::Service(id) => system.services[id.index()].name.clone(),
        Subject::Endpoint(id) => endpoint(id),
        Subject::Call(id) => system.calls[id.index()].name.clone(),
        Subject::Topic(id) => system.topics[id.index()].name.clone(),
    }
}

fn holds(op: Compare, value: f64, limit: f64) -> bool {
    match op {
        Compare::Less => value < limit,
        Compare::AtMost => value <= limit,
        Compare::More => value > limit,
        Compare::AtLeast => value >= limit,
        Compare::Equal => value == limit,
    }
}

/// What users feel now, promised things first. A tile's state is that of the last window, which is no verdict: a promise
/// has windows of its own.
fn tiles(arm: &Arm, window_s: f64) -> Vec<Tile> {
    let system = arm.system();
    let probe = &arm.engine.observer;
    let now = arm.engine.now_ns();
    let of = |at: usize, what: String| match system.clients.len() {
        1 => what,
        _ => format!("{}, {what}", system.clients[at].name),
    };
    let mut tiles = Vec::new();
    let mut shown: BTreeSet<(usize, &str)> = BTreeSet::new();
    let promised = system.promises.iter().flat_map(|promise| {
        let subjects = promise.subjects.iter();
        subjects.flat_map(|subject| promise.must.iter().map(move |must| (*subject, must)))
    });
    for (subject, must) in promised {
        let Subject::Client(id) = subject else {
            continue;
        };
        let at = id.index();
        let note = of(at, format!("promised {}", must.text));
        match must.metric {
            Metric::Percentile(q)
                if must.of_answered == OfAnswered::No && shown.insert((at, "time")) =>
            {
                let quantile = probe.quantile(at, q, now);
                let state = match quantile {
                    SoFar::Empty => None,
                    SoFar::At(ns) => Some(holds(must.op, ns, must.value)),
                    SoFar::Never => Some(holds(must.op, f64::INFINITY, must.value)),
                    // It takes longer than that: too long already, or nobody knows yet.
                    SoFar::Beyond(ns) if below(must) && must.value <= ns => Some(false),
                    SoFar::Beyond(_) => None,
                };
                tiles.push(time_tile(q, quantile, note, state));
            }
            Metric::Lost | Metric::Availability if shown.insert((at, "lost")) => {
                let share = |lost: f64| match must.metric {
                    Metric::Lost => lost,
                    _ => 1.0 - lost,
                };
                let judge = |lost: f64| holds(must.op, share(lost), must.value);
                tiles.push(lost_tile(probe.ends(at), note, Some(&judge)));
            }
            _ => {}
        }
    }
    let recent = format!("in the last {}", seconds(window_s));
    for at in 0..system.clients.len() {
        if tiles.len() + 1 < TILES && shown.insert((at, "time")) {
            let note = of(at, recent.clone());
            tiles.push(time_tile(0.99, probe.quantile(at, 0.99, now), note, None));
        }
        if tiles.len() + 1 < TILES && shown.insert((at, "lost")) {
            tiles.push(lost_tile(probe.ends(at), of(at, recent.clone()), None));
        }
    }
    tiles.truncate(TILES - 1);
    let all = (0..system.clients.len()).map(|at| probe.all(at));
    let (lost, came) = all.fold((0, 0), |sum, ends| (sum.0 + ends.lost, sum.1 + ends.came));
    tiles.push(Tile {
        name: "lost so far".to_owned(),
        value: count(lost),
        note: format!("of {} who came", count(came)),
        state: "plain",
    });
    tiles
}

/// How long it takes.
fn time_tile(q: f64, quantile: SoFar, note: String, kept: Option<bool>) -> Tile {
    let (value, state) = match quantile {
        SoFar::Empty => ("nobody yet".to_owned(), None),
        SoFar::At(ns) => (seconds(ns / 1e9), kept),
        SoFar::Beyond(ns) => (format!("over {}", seconds(ns / 1e9)), kept),
        SoFar::Never => ("never".to_owned(), kept),
    };
    Tile {
        name: within(q),
        value,
        note,
        state: said(state),
    }
}

/// Who was lost.
fn lost_tile(ends: Ends, note: String, kept: Option<&dyn Fn(f64) -> bool>) -> Tile {
    let ended = ends.answered + ends.lost;
    let share = ends.lost as f64 / ended.max(1) as f64;
    Tile {
        name: "lost".to_owned(),
        value: if ended == 0 {
            "nobody yet".to_owned()
        } else {
            format!("{} of {}", count(ends.lost), count(ended))
        },
        note,
        state: said(kept.filter(|_| ended > 0).map(|kept| kept(share))),
    }
}

fn said(kept: Option<bool>) -> &'static str {
    match kept {
        Some(true) => "kept",
        Some(false) => "broken",
        None => "plain",
    }
}

/// `99 of 100 within`
fn within(q: f64) -> String {
    if q == 0.5 {
        return "half within".to_owned();
    }
    for of in [10.0, 100.0, 1000.0, 10_000.0] {
        let part = q * of;
        if (part - part.round()).abs() < 1e-9 {
            return format!("{} of {of} within", part.round());
        }
    }
    format!("{} within", percent(q))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A percentile is said as people count.
    #[test]
    fn percentiles_are_people() {
        let said = [0.5, 0.9, 0.95, 0.99, 0.999].map(within);
        let wanted = ["half", "9 of 10", "95 of 100", "99 of 100", "999 of 1000"];
        assert_eq!(said, wanted.map(|part| format!("{part} within")));
    }
}
