//! Disturbances: faults and events, when they strike and what they do meanwhile.
//!
//! All occurrences that the day and the seed give are planned at the start, each from draws of its own
//! ordinal. What is in force at a moment is recomputed from the list of active strikes, in the
//! order they began: factors multiply, ratios combine as 1 - prod(1 - r), downs are a union. So the end
//! of a fault leaves no trace, and one of size 0 (or 1x) changes nothing at all.

use crate::calendar::Kind as Timer;
use crate::engine::Engine;
use crate::link::Way;
use crate::observe::{Fact, Observer};
use crate::plan::{NONE, purpose};
use crate::state::{Effects, LinkEffects};
use serde::{Deserialize, Serialize};
use worstday_model::day::{DatedDemand, DatedEdit, EventDemand, Random, Strike};
use worstday_model::system::{
    Both, Dist, End, EndpointId, FaultId, FaultKind, FaultWhen, Frees, Lasts, PerReplica, Replicas,
    ServiceId, SlowOf, Target,
};
use worstday_stats::draw::{entity, identity};

/// Events that end so late never do, ns: a hundred years, and no run is nearly as long.
const EVER_AFTER_NS: u64 = 3_155_760_000_000_000_000;

/// Most occurrences of one run: a fault more frequent than that is no fault.
const OCCURRENCES_MAX: usize = 1_000_000;

/// What an occurrence does while it is in force.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Effect {
    /// An event: its demand stands in the ramps.
    Demand,
    Crash,
    Vanish,
    Stall,
    /// Workers come back at its end, or not before a restart.
    HangFreed,
    HangKept,
    SlowRunning,
    SlowNew,
    Capacity,
    Errors,
    Cut,
    Loss,
    Delay,
    Edit,
    /// What somebody does stands among the overrides.
    Act,
}

impl Effect {
    /// Whether it leaves what it hits going, only worse: on a single worker, the requests that it carries.
    pub(crate) fn is_of_degree(self) -> bool {
        matches!(
            self,
            Self::SlowRunning | Self::SlowNew | Self::Capacity | Self::Errors
        )
    }
}

/// What an occurrence is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum What {
    /// A fault, by its index.
    Fault(u32),
    /// An event.
    Event(u32),
    /// An edit of a scenario or an injection.
    Edit(u32),
    /// A client's demand is multiplied.
    Demand(u32),
    /// Somebody does something: its number among the day's acts.
    Act(u32),
}

/// One thing that is hit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Hit {
    /// A replica, by its row.
    Replica(u32),
    /// One worker of it.
    Worker { replica: u32, worker: u32 },
    /// An endpoint.
    Endpoint(u32),
    /// A link direction (two per link).
    Link(u32),
    /// Messages from one end to the other.
    Path { from: EndRow, to: EndRow },
    /// A permit of a pool's instance.
    Pool { pool: u32, instance: u32, key: u64 },
}

/// An end of a path, as a plain row.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum EndRow {
    Service(u32),
    /// Zone + 1.
    Zone(u32),
    Client(u32),
    /// Everybody but the other end.
    Rest,
    Any,
}

/// Where a message is from or to: who, and in which zone (+ 1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct At {
    pub who: EndRow,
    pub zone: u32,
}

impl EndRow {
    pub(crate) fn new(end: End) -> Self {
        match end {
            End::Service(s) => Self::Service(s.0),
            End::Zone(z) => Self::Zone(z.0 + 1),
            End::Client(c) => Self::Client(c.0),
            End::Rest => Self::Rest,
            End::Any => Self::Any,
        }
    }

    /// Whether a message's end is this one; `other` is the opposite pattern, for `rest`.
    fn holds(self, at: At, other: Self) -> bool {
        match self {
            Self::Any => true,
            Self::Rest => !other.holds(at, Self::Any),
            Self::Zone(z) => z == at.zone,
            end => end == at.who,
        }
    }
}

/// One occurrence.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Occurs {
    pub what: What,
    pub effect: Effect,
    pub ordinal: u64,
    /// May lie before the run.
    pub start_ns: i64,
    /// `u64::MAX` for "to the end".
    pub end_ns: u64,
    /// Factor, ratio, share or ns, by effect; drawn once.
    pub size: f64,
    /// Row of the day's strikes that names another target; `NONE` for the fault's own.
    pub strike: u32,
    /// Index of the replica (in the target's order) whose own clock this is; `NONE` for the whole target.
    pub of_replica: u32,
    /// The edit in force meanwhile.
    pub edit: u32,
    /// The override that somebody made, once it is made; `NONE` for what nobody did.
    pub by_hand: u32,
    /// Only requests whose visit has this key of this space, drawn once.
    pub key: Option<(u32, u64)>,
    /// What it hits, decided when it starts.
    pub hits: Vec<Hit>,
    /// It has begun.
    pub begun: bool,
    /// When it ended.
    pub ended_ns: Option<u64>,
}

impl Occurs {
    /// An occurrence that hits nothing by itself.
    fn plain(what: What, effect: Effect, start_ns: i64, end_ns: u64) -> Self {
        Self {
            what,
            effect,
            ordinal: 0,
            start_ns,
            end_ns,
            size: 1.0,
            strike: NONE,
            of_replica: NONE,
            edit: NONE,
            by_hand: NONE,
            key: None,
            hits: Vec::new(),
            begun: false,
            ended_ns: None,
        }
    }

    /// The same for what the day gives: from an instant, for a while or to the end.
    fn dated(what: What, effect: Effect, at_ns: u64, lasts_ns: Option<u64>) -> Self {
        let end_ns = lasts_ns.map_or(u64::MAX, |lasts| at_ns.saturating_add(lasts));
        Self::plain(what, effect, at_ns as i64, end_ns)
    }

    /// Whether it fails only some of the requests of what it hits: those for a key, or those on a worker.
    fn is_for_some(&self) -> bool {
        self.effect == Effect::Errors
            && (self.key.is_some() || self.hits.iter().any(|h| matches!(h, Hit::Worker { .. })))
    }
}

/// A change of demand over time: `factor` from `full_ns` to `fall_ns`, linear before and after.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Ramp {
    pub client: u32,
    pub start_ns: i64,
    pub full_ns: i64,
    pub fall_ns: i64,
    pub end_ns: i64,
    pub factor: f64,
}

impl Ramp {
    /// The factor at an instant.
    #[must_use]
    pub fn at(&self, t_ns: u64) -> f64 {
        let t = t_ns as i64;
        if t < self.start_ns || self.end_ns <= t {
            return 1.0;
        }
        let share = if t < self.full_ns {
            (t - self.start_ns) as f64 / (self.full_ns - self.start_ns) as f64
        } else if t < self.fall_ns {
            1.0
        } else {
            (self.end_ns - t) as f64 / (self.end_ns - self.fall_ns) as f64
        };
        1.0 + (self.factor - 1.0) * share
    }
}

/// When one occurrence of an event lasts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct EventSpan {
    pub start_ns: i64,
    pub end_ns: i64,
    pub ordinal: u64,
}

/// An instant that others refer to by `during` lasts this long.
const INSTANT_LASTS_NS: i64 = 3_600_000_000_000;

impl EventSpan {
    /// Its end for `during`.
    #[must_use]
    pub fn during_end_ns(&self) -> i64 {
        if self.end_ns <= self.start_ns {
            self.start_ns + INSTANT_LASTS_NS
        } else {
            self.end_ns
        }
    }
}

/// Everything that disturbs a run.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Disturbances {
    pub rows: Vec<Occurs>,
    /// Rows in force, in the order they began.
    pub active: Vec<u32>,
    pub ramps: Vec<Ramp>,
    /// Occurrences of each event, ascending.
    pub spans: Vec<Vec<EventSpan>>,
    /// Some link or path is disturbed: messages take the long way.
    pub on_links: bool,
    /// Some key's requests fail, or some worker's: every request is looked at.
    pub on_keys: bool,
}

impl Disturbances {
    /// The next start of an event at or after an instant.
    #[must_use]
    pub fn next_start(&self, event: u32, now_ns: u64) -> Option<u64> {
        let next = self.spans[event as usize]
            .iter()
            .find(|s| now_ns as i64 <= s.start_ns);
        next.map(|s| s.start_ns as u64)
    }

    /// Whether an event lasts at an instant.
    #[must_use]
    pub fn lasts(&self, event: u32, t_ns: u64) -> bool {
        let t = t_ns as i64;
        self.spans[event as usize]
            .iter()
            .any(|s| s.start_ns <= t && t < s.during_end_ns())
    }

    /// What is done to messages between these ends.
    pub(crate) fn path_effects(&self, (from, to): (At, At)) -> LinkEffects {
        let mut sum = LinkEffects::default();
        if self.on_links {
            for &row in &self.active {
                let row = &self.rows[row as usize];
                for hit in &row.hits {
                    if let Hit::Path { from: a, to: b } = *hit
                        && a.holds(from, b)
                        && b.holds(to, a)
                    {
                        add_link(&mut sum, row);
                    }
                }
            }
        }
        sum
    }
}

fn add_link(sum: &mut LinkEffects, row: &Occurs) {
    match row.effect {
        Effect::Cut => sum.cut += 1,
        Effect::Loss => sum.loss = 1.0 - (1.0 - sum.loss) * (1.0 - row.size),
        Effect::Delay => sum.delay_ns += row.size as u64,
        Effect::Capacity => sum.capacity_lost = 1.0 - (1.0 - sum.capacity_lost) * row.size,
        _ => {}
    }
}

fn add_replica(sum: &mut Effects, row: &Occurs) {
    match row.effect {
        Effect::Crash => sum.down += 1,
        Effect::Vanish => sum.gone += 1,
        Effect::Stall => sum.stalled += 1,
        Effect::HangFreed | Effect::HangKept => sum.hanging += 1,
        Effect::SlowRunning => sum.slow_running *= row.size,
        Effect::SlowNew => sum.slow_new *= row.size,
        // Never quite nothing: what is left of a step must survive being stretched and shrunk again. At a
        // billionth an hour of it is worth 4 us.
        Effect::Capacity => sum.capacity = (sum.capacity * row.size).max(1e-9),
        Effect::Errors if row.key.is_some() => {}
        Effect::Errors => sum.errors = 1.0 - (1.0 - sum.errors) * (1.0 - row.size),
        _ => {}
    }
}

/// What a fault does, how large it is (none: a draw-free 1) and whom it hits.
fn anatomy(kind: &FaultKind) -> (Effect, Option<&Dist>, Option<&Target>) {
    match kind {
        FaultKind::Crash(t) => (Effect::Crash, None, Some(t)),
        FaultKind::Vanish(t) => (Effect::Vanish, None, Some(t)),
        FaultKind::Stall(t) => (Effect::Stall, None, Some(t)),
        FaultKind::Cut(t) => (Effect::Cut, None, Some(t)),
        FaultKind::Hang {
            target,
            frees: Frees::AtEnd,
        } => (Effect::HangFreed, None, Some(target)),
        FaultKind::Hang {
            target,
            frees: Frees::AtRestart,
        } => (Effect::HangKept, None, Some(target)),
        FaultKind::Slow {
            target,
            by,
            of: SlowOf::Running,
        } => (Effect::SlowRunning, Some(by), Some(target)),
        FaultKind::Slow {
            target,
            by,
            of: SlowOf::New,
        } => (Effect::SlowNew, Some(by), Some(target)),
        FaultKind::Capacity { target, to } => (Effect::Capacity, Some(to), Some(target)),
        FaultKind::Errors { target, by, .. } => (Effect::Errors, Some(by), Some(target)),
        FaultKind::Loss { target, by } => (Effect::Loss, Some(by), Some(target)),
        FaultKind::Delay { target, by } => (Effect::Delay, Some(by), Some(target)),
        FaultKind::Edit(_) | FaultKind::Together(_) => (Effect::Edit, None, None),
    }
}

impl<O: Observer> Engine<O> {
    /// Plans every occurrence of the run.
    pub(crate) fn plan_disturbances(&mut self) {
        self.plan_events();
        let day = std::sync::Arc::clone(&self.day);
        let mut strikes: Vec<usize> = (0..day.faults.len()).collect();
        strikes.sort_by_key(|&row| {
            let strike = &day.faults[row];
            (strike.at_ns, strike.fault, strike.ordinal)
        });
        for row in strikes {
            self.plan_strike(&day.faults[row], row as u32);
        }
        for edit in &day.edits {
            self.plan_edit(edit);
        }
        for more in &day.demands {
            self.plan_demand(more);
        }
        for act in 0..day.acts.len() {
            self.plan_act(act);
        }
        if day.random == Random::Yes {
            for fault in 0..self.plan.system.faults.len() {
                self.plan_random_fault(fault as u32);
            }
        }
        let rows = &self.disturbances.rows;
        if rows.iter().any(|row| self.disturbs(row)) {
            self.judges.watch_from(self.day.warm_up_ns);
        }
        for row in 0..self.disturbances.rows.len() {
            self.schedule_row(row as u32);
        }
    }

    /// An edit of a scenario, or injected.
    pub(crate) fn plan_edit(&mut self, edit: &DatedEdit) {
        let what = What::Edit(edit.edit.0);
        self.disturbances.rows.push(Occurs {
            edit: edit.edit.0,
            ..Occurs::dated(what, Effect::Edit, edit.at_ns, edit.lasts_ns)
        });
    }

    /// More demand, or less, on a scenario's day.
    pub(crate) fn plan_demand(&mut self, more: &DatedDemand) {
        let what = What::Demand(more.client.0);
        self.disturbances.rows.push(Occurs {
            size: more.factor,
            ..Occurs::dated(what, Effect::Demand, more.at_ns, more.lasts_ns)
        });
    }

    /// Something that somebody does on a scenario's day.
    pub(crate) fn plan_act(&mut self, number: usize) {
        let act = &self.day.acts[number];
        let what = What::Act(number as u32);
        let row = Occurs::dated(what, Effect::Act, act.at_ns, act.lasts_ns);
        self.disturbances.rows.push(row);
    }

    pub(crate) fn schedule_row(&mut self, row: u32) {
        let occurs = &self.disturbances.rows[row as usize];
        let from = occurs.start_ns.max(0) as u64;
        let over = occurs.end_ns < from || (occurs.start_ns < 0 && occurs.end_ns == 0);
        if !over && from <= self.day.end_ns {
            self.s
                .calendar
                .schedule(from.max(self.s.now_ns), Timer::Start, row);
        }
    }

    fn plan_events(&mut self) {
        let day = std::sync::Arc::clone(&self.day);
        let system = std::sync::Arc::clone(&self.plan.system);
        self.disturbances.spans = vec![Vec::new(); system.events.len()];
        for (e, event) in system.events.iter().enumerate() {
            let this = entity(&format!("event {}", event.name));
            let mut spans = Vec::new();
            for o in day.events.iter().filter(|o| o.event.index() == e) {
                spans.push((o.start_ns, o.lasts_ns, o.ordinal));
            }
            if day.random == Random::Yes
                && let Some(mean_ns) = event.every_ns
            {
                let mut at = 0.0;
                for ordinal in 0.. {
                    at += self.draw_of(this, purpose::GAP, ordinal).exp1() * mean_ns;
                    if day.end_ns as f64 <= at || spans.len() >= OCCURRENCES_MAX {
                        break;
                    }
                    spans.push((at as i64, None, ordinal));
                }
            }
            for (start, lasts, ordinal) in spans {
                let jitter = if event.jitter_ns == 0 {
                    0.0
                } else {
                    (2.0 * self.draw_of(this, purpose::JITTER, ordinal).unit() - 1.0)
                        * event.jitter_ns as f64
                };
                let start_ns = start + jitter.round_ties_even() as i64;
                let lasts_ns = lasts.unwrap_or_else(|| {
                    event.lasts.as_ref().map_or(0, |d| {
                        crate::plan::law(d).sample_ns(self.draw_of(this, purpose::LASTS, ordinal))
                    })
                });
                let end_ns = start_ns.saturating_add(lasts_ns.min(i64::MAX as u64 / 2) as i64);
                self.disturbances.spans[e].push(EventSpan {
                    start_ns,
                    end_ns,
                    ordinal,
                });
            }
            self.disturbances.spans[e].sort_unstable();
            for i in 0..self.disturbances.spans[e].len() {
                let span = self.disturbances.spans[e][i];
                self.plan_event_span(e as u32, span);
            }
        }
    }

    fn plan_event_span(&mut self, event: u32, span: EventSpan) {
        let system = std::sync::Arc::clone(&self.plan.system);
        let row = &system.events[event as usize];
        for &(client, factor) in &row.demand {
            if span.start_ns < span.end_ns && self.day.event_demand == EventDemand::Multiplies {
                self.disturbances.ramps.push(Ramp {
                    client: client.0,
                    start_ns: span.start_ns,
                    full_ns: span
                        .start_ns
                        .saturating_add(row.rise_ns as i64)
                        .min(span.end_ns),
                    fall_ns: span.end_ns,
                    end_ns: span.end_ns.saturating_add(row.fall_ns as i64),
                    factor,
                });
            }
        }
        let effect = if row.edit.is_some() {
            Effect::Edit
        } else {
            Effect::Demand
        };
        let end_ns = span.end_ns.max(0) as u64;
        self.disturbances.rows.push(Occurs {
            ordinal: span.ordinal,
            edit: row.edit.map_or(NONE, |e| e.0),
            ..Occurs::plain(What::Event(event), effect, span.start_ns, end_ns)
        });
    }

    /// A given occurrence of a fault: dated, of a scenario, or injected.
    pub(crate) fn plan_strike(&mut self, strike: &Strike, at_row: u32) {
        let before = self.disturbances.rows.len();
        self.plan_fault(
            strike.fault,
            strike.ordinal,
            strike.at_ns,
            NONE,
            strike.lasts_ns,
            strike.by,
        );
        for row in &mut self.disturbances.rows[before..] {
            if strike.target.is_some() {
                row.strike = at_row;
            }
        }
    }

    /// One occurrence of a fault; `together` brings all of its members.
    fn plan_fault(
        &mut self,
        fault: FaultId,
        ordinal: u64,
        start_ns: i64,
        of_replica: u32,
        lasts_ns: Option<u64>,
        by: Option<f64>,
    ) {
        let system = std::sync::Arc::clone(&self.plan.system);
        let row = &system.faults[fault.index()];
        let this = entity(&format!("fault {}", row.name));
        let id = identity(ordinal, u64::from(of_replica));
        if let FaultKind::Together(members) = &row.kind {
            for &member in members {
                self.plan_fault(member, id, start_ns, NONE, None, None);
            }
            return;
        }
        let (effect, size, _) = anatomy(&row.kind);
        let size = by.unwrap_or_else(|| {
            size.map_or(1.0, |d| {
                crate::plan::law(d).sample(self.draw_of(this, purpose::SIZE, id))
            })
        });
        // Ratios and shares stay between nothing and all, whatever their distribution draws.
        let size = match effect {
            Effect::Errors | Effect::Loss | Effect::Capacity => size.clamp(0.0, 1.0),
            _ => size.max(0.0),
        };
        let end_ns = match (lasts_ns, &row.lasts) {
            (Some(l), _) => start_ns
                .saturating_add(l.min(i64::MAX as u64 / 2) as i64)
                .max(0) as u64,
            (None, Lasts::Time(d)) => {
                let l = crate::plan::law(d).sample_ns(self.draw_of(this, purpose::LASTS, id));
                start_ns
                    .saturating_add(l.min(i64::MAX as u64 / 2) as i64)
                    .max(0) as u64
            }
            (None, Lasts::Until(event)) => self
                .disturbances
                .next_start(event.0, start_ns.max(0) as u64)
                .unwrap_or(u64::MAX),
            (None, Lasts::Repaired) => u64::MAX,
        };
        let edit = if let FaultKind::Edit(e) = row.kind {
            e.0
        } else {
            NONE
        };
        let key = match row.kind {
            FaultKind::Errors { keys: Some(k), .. } => {
                let draw = self.draw_of(this, purpose::KEY, id);
                let space = &system.keys[k.index()];
                Some((k.0, crate::keys::draw_key(space, draw)))
            }
            _ => None,
        };
        self.disturbances.rows.push(Occurs {
            ordinal: id,
            size,
            of_replica,
            edit,
            key,
            ..Occurs::plain(What::Fault(fault.0), effect, start_ns, end_ns)
        });
    }

    fn plan_random_fault(&mut self, fault: u32) {
        let system = std::sync::Arc::clone(&self.plan.system);
        let row = &system.faults[fault as usize];
        let this = entity(&format!("fault {}", row.name));
        let end_ns = self.day.end_ns as f64;
        match &row.when {
            FaultWhen::Every {
                mean_ns,
                per_replica,
                during,
            } => {
                let clocks = match per_replica {
                    PerReplica::No => 1,
                    PerReplica::Yes => self.replicas_in_reach(&row.kind).len() as u32,
                };
                // A clock that runs only during an event counts only that time.
                let spans: Vec<(f64, f64)> = match during {
                    None => vec![(0.0, end_ns)],
                    Some(e) => self.disturbances.spans[e.index()]
                        .iter()
                        .map(|s| {
                            (
                                s.start_ns.max(0) as f64,
                                (s.during_end_ns().max(0) as f64).min(end_ns),
                            )
                        })
                        .filter(|s| s.0 < s.1)
                        .collect(),
                };
                for clock in 0..clocks {
                    let of_replica = if *per_replica == PerReplica::Yes {
                        clock
                    } else {
                        NONE
                    };
                    let mut ordinal = 0;
                    let mut due = self.gap(this, ordinal, of_replica) * mean_ns;
                    let mut passed = 0.0;
                    for &(from, to) in &spans {
                        while due < passed + (to - from) {
                            if self.disturbances.rows.len() >= OCCURRENCES_MAX {
                                return;
                            }
                            let at = from + (due - passed);
                            self.plan_fault(
                                FaultId(fault),
                                ordinal,
                                at as i64,
                                of_replica,
                                None,
                                None,
                            );
                            ordinal += 1;
                            due += self.gap(this, ordinal, of_replica) * mean_ns;
                        }
                        passed += to - from;
                    }
                }
            }
            FaultWhen::Chance { during, chance } => {
                for i in 0..self.disturbances.spans[during.index()].len() {
                    let span = self.disturbances.spans[during.index()][i];
                    if self.draw_of(this, purpose::COIN, span.ordinal).unit() < *chance {
                        self.plan_fault(
                            FaultId(fault),
                            span.ordinal,
                            span.start_ns,
                            NONE,
                            None,
                            None,
                        );
                    }
                }
            }
            FaultWhen::Dated(_) | FaultWhen::Possible => {}
        }
    }

    fn gap(&self, this: u64, ordinal: u64, clock: u32) -> f64 {
        self.draw_of(this, purpose::GAP, identity(ordinal, u64::from(clock)))
            .exp1()
    }

    /// Replicas (rows) that a fault's target may mean, in order.
    fn replicas_in_reach(&self, kind: &FaultKind) -> Vec<u32> {
        match anatomy(kind).2 {
            Some(Target::Replicas(s, _) | Target::Worker { service: s, .. }) => {
                self.s.services[s.index()].replicas.clone()
            }
            Some(Target::AnyReplica) => self.all_replicas().collect(),
            _ => vec![],
        }
    }

    // ---- striking ------------------------------------------------------------------------------

    /// A fault or event starts.
    pub(crate) fn disturbance_starts(&mut self, row: u32) {
        let hits = self.hits_of(row);
        let occurs = &mut self.disturbances.rows[row as usize];
        occurs.hits = hits;
        occurs.begun = true;
        let (end_ns, edit) = (occurs.end_ns, occurs.edit);
        self.disturbances.active.push(row);
        self.observer.on(self.s.now_ns, Fact::Started { row });
        if end_ns != u64::MAX {
            self.s
                .calendar
                .schedule(end_ns.max(self.s.now_ns), Timer::End, row);
        }
        self.apply(row, true);
        if edit != NONE {
            self.edits_change();
        }
        self.hand_moves(row, true);
    }

    /// It ends.
    pub(crate) fn disturbance_ends(&mut self, row: u32) {
        let Some(at) = self.disturbances.active.iter().position(|&r| r == row) else {
            return;
        };
        self.disturbances.active.remove(at);
        self.disturbances.rows[row as usize].ended_ns = Some(self.s.now_ns);
        self.observer.on(self.s.now_ns, Fact::Ended { row });
        self.apply(row, false);
        if self.disturbances.rows[row as usize].edit != NONE {
            self.edits_change();
        }
        self.hand_moves(row, false);
    }

    /// Recomputes everything that a row hits.
    fn apply(&mut self, row: u32, starts: bool) {
        let hits = self.disturbances.rows[row as usize].hits.clone();
        let effect = self.disturbances.rows[row as usize].effect;
        for hit in hits {
            match hit {
                Hit::Replica(replica) => {
                    let effects = self.effects_on(hit);
                    self.replica_effects(replica, effects, effect == Effect::HangFreed && !starts);
                }
                Hit::Worker { replica, worker } if effect.is_of_degree() => {
                    let effects = self.effects_on(Hit::Replica(replica));
                    self.replica_effects(replica, effects, false);
                    let size = self.disturbances.rows[row as usize].size;
                    self.worker_degrades(replica, worker, effect, size, starts);
                }
                Hit::Worker { replica, worker } => {
                    self.worker_effect(replica, worker, effect, starts);
                }
                Hit::Endpoint(endpoint) => {
                    let effects = self.effects_on(hit);
                    self.endpoint_effects(endpoint, &effects);
                }
                Hit::Link(direction) => {
                    let mut sum = LinkEffects::default();
                    for &r in &self.disturbances.active {
                        let r = &self.disturbances.rows[r as usize];
                        if r.hits.contains(&hit) {
                            add_link(&mut sum, r);
                        }
                    }
                    self.s.links[direction as usize].effects = sum;
                }
                Hit::Path { .. } => {}
                Hit::Pool {
                    pool,
                    instance,
                    key,
                } => {
                    let permits = self.permits(pool, instance, key);
                    if starts {
                        permits.taken += 1;
                    } else {
                        permits.taken = permits.taken.saturating_sub(1);
                        self.grant_waiting(pool, instance, key);
                    }
                }
            }
        }
        self.disturbances.on_links = self.disturbances.active.iter().any(|&r| {
            let row = &self.disturbances.rows[r as usize];
            row.hits
                .iter()
                .any(|h| matches!(h, Hit::Link(_) | Hit::Path { .. }))
        });
        self.disturbances.on_keys = self
            .disturbances
            .active
            .iter()
            .any(|&r| self.disturbances.rows[r as usize].is_for_some());
        if !starts && !self.s.topics.topics.is_empty() {
            self.offer_all();
        }
    }

    /// The share of requests like this one that fail because of their key, or of the worker that carries them.
    #[cold]
    pub(crate) fn errors_of_its_key(&self, task: u32) -> f64 {
        let row = &self.s.tasks[task as usize];
        let (here, endpoint) = (Hit::Replica(row.replica), Hit::Endpoint(row.owner));
        let worker = Hit::Worker {
            replica: row.replica,
            worker: row.worker,
        };
        let mut good = 1.0;
        for &r in &self.disturbances.active {
            let occurs = &self.disturbances.rows[r as usize];
            let its_key =
                occurs
                    .key
                    .is_none_or(|(space, key)| match self.visits_of_handled(task) {
                        Some(mut visits) => visits.any(|v| self.key_of(space, v) == key),
                        None => self.key_of(space, row.visit) == key,
                    });
            let hit = match occurs.key {
                Some(_) => [here, endpoint, worker]
                    .iter()
                    .any(|h| occurs.hits.contains(h)),
                None => occurs.effect == Effect::Errors && occurs.hits.contains(&worker),
            };
            if its_key && hit {
                good *= 1.0 - occurs.size;
            }
        }
        1.0 - good
    }

    fn effects_on(&self, hit: Hit) -> Effects {
        let mut sum = Effects::NONE;
        for &r in &self.disturbances.active {
            let row = &self.disturbances.rows[r as usize];
            if row.hits.contains(&hit) {
                add_replica(&mut sum, row);
            }
            if row.effect.is_of_degree()
                && let Hit::Replica(here) = hit
            {
                let of_it = |h: &&Hit| matches!(h, Hit::Worker { replica, .. } if *replica == here);
                sum.on_workers += row.hits.iter().filter(of_it).count() as u32;
            }
        }
        sum
    }

    /// What faults do to one worker.
    pub(crate) fn effects_on_worker(&self, replica: u32, worker: u32) -> Effects {
        self.effects_on(Hit::Worker { replica, worker })
    }

    /// What an occurrence hits, decided now.
    fn hits_of(&self, row: u32) -> Vec<Hit> {
        let occurs = &self.disturbances.rows[row as usize];
        let What::Fault(fault) = occurs.what else {
            return vec![];
        };
        let row = &self.plan.system.faults[fault as usize];
        let given = self.disturbances.rows_target(occurs, &self.day.faults);
        let Some(target) = given.or(anatomy(&row.kind).2) else {
            return vec![];
        };
        let this = entity(&format!("fault {}", row.name));
        let pick = |n: usize| {
            self.draw_of(this, purpose::TARGET, occurs.ordinal)
                .below(n.max(1) as u64) as usize
        };
        match target {
            Target::Replicas(..) | Target::AnyReplica | Target::Zone(_) | Target::AnyZone => self
                .replicas_meant(target, occurs.of_replica, &pick)
                .into_iter()
                .map(Hit::Replica)
                .collect(),
            Target::Worker {
                service,
                replica,
                worker,
            } => {
                let chosen = self.chosen(*service, *replica, occurs.of_replica, &pick);
                let workers = self.plan.services[service.index()].workers;
                chosen
                    .into_iter()
                    .take(1)
                    .map(|replica| {
                        let busy = self.s.replicas[replica as usize].busy;
                        let count = if workers == u32::MAX { busy } else { workers };
                        let any =
                            self.draw_of(this, purpose::TARGET, occurs.ordinal ^ u64::MAX)
                                .below(u64::from(count.max(1))) as u32;
                        Hit::Worker {
                            replica,
                            worker: worker.unwrap_or(any),
                        }
                    })
                    .collect()
            }
            Target::Endpoint(e) => vec![Hit::Endpoint(e.0)],
            Target::Link(l) => vec![Hit::Link(2 * l.0), Hit::Link(2 * l.0 + 1)],
            Target::Path { from, to, both } => {
                let (from, to) = (EndRow::new(*from), EndRow::new(*to));
                let mut hits = vec![Hit::Path { from, to }];
                if *both == Both::Yes {
                    hits.push(Hit::Path { from: to, to: from });
                }
                hits
            }
            Target::Pool(p) => {
                let plan = &self.plan.pools[p.index()];
                let instance = if plan.per_replica && plan.service != NONE {
                    let replicas = &self.s.services[plan.service as usize].replicas;
                    replicas
                        .get(pick(replicas.len()))
                        .map_or(0, |&r| self.s.replicas[r as usize].number)
                } else {
                    0
                };
                let key = if plan.keys == NONE {
                    u64::MAX
                } else {
                    let space = &self.plan.system.keys[plan.keys as usize];
                    crate::keys::draw_key(space, self.draw_of(this, purpose::KEY, occurs.ordinal))
                };
                vec![Hit::Pool {
                    pool: p.0,
                    instance,
                    key,
                }]
            }
        }
    }

    fn chosen(
        &self,
        service: ServiceId,
        which: Replicas,
        clock: u32,
        pick: &dyn Fn(usize) -> usize,
    ) -> Vec<u32> {
        let all = &self.s.services[service.index()].replicas;
        if clock != NONE {
            return all.get(clock as usize).copied().into_iter().collect();
        }
        match which {
            Replicas::All => all.clone(),
            Replicas::One(n) => self.numbered_replica(all, n).into_iter().collect(),
            Replicas::Any => all.get(pick(all.len())).copied().into_iter().collect(),
            Replicas::Share(share) => {
                all[..((share * all.len() as f64).ceil() as usize).min(all.len())].to_vec()
            }
            Replicas::Zone(z) => all
                .iter()
                .copied()
                .filter(|&r| self.s.replicas[r as usize].zone == z.0 + 1)
                .collect(),
        }
    }

    /// The replica of that number; where rollouts have replaced it, the one that stands at its place.
    pub(crate) fn numbered_replica(&self, all: &[u32], number: u32) -> Option<u32> {
        let mut numbered = all.iter().copied();
        numbered
            .find(|&r| self.s.replicas[r as usize].number == number)
            .or_else(|| all.get(number as usize).copied())
    }

    fn all_replicas(&self) -> impl Iterator<Item = u32> + '_ {
        let services = self.s.services.iter();
        services.flat_map(|s| s.replicas.iter().copied())
    }

    fn in_zone(&self, zone: u32) -> Vec<u32> {
        self.all_replicas()
            .filter(|&r| self.s.replicas[r as usize].zone == zone)
            .collect()
    }

    /// The replicas that a target means, none if it means something else; `clock` is the one of them whose own clock
    /// struck, or `NONE`.
    pub(crate) fn replicas_meant(
        &self,
        target: &Target,
        clock: u32,
        pick: &dyn Fn(usize) -> usize,
    ) -> Vec<u32> {
        match *target {
            Target::Replicas(service, which) => self.chosen(service, which, clock, pick),
            Target::AnyReplica => {
                let all: Vec<u32> = self.all_replicas().collect();
                let at = if clock == NONE {
                    pick(all.len())
                } else {
                    clock as usize
                };
                all.get(at).copied().into_iter().collect()
            }
            Target::Zone(zone) => self.in_zone(zone.0 + 1),
            Target::AnyZone => self.in_zone(1 + pick(self.plan.system.zones.len()) as u32),
            _ => Vec::new(),
        }
    }

    /// The two ends of a message on its way, sender first.
    pub(crate) fn ends_of(&self, task: u32, way: Way) -> (At, At) {
        let row = &self.s.tasks[task as usize];
        let plan = &self.plan.calls[row.by_call as usize];
        let caller = &self.s.tasks[row.caller as usize];
        let zone = if caller.replica == NONE {
            0
        } else {
            self.s.replicas[caller.replica as usize].zone
        };
        let caller = At {
            who: EndRow::new(plan.from),
            zone,
        };
        let callee = if row.replica == NONE {
            // A broker is nowhere in particular.
            At {
                who: EndRow::Any,
                zone: 0,
            }
        } else {
            At {
                who: EndRow::Service(plan.service),
                zone: self.s.replicas[row.replica as usize].zone,
            }
        };
        match way {
            Way::There => (caller, callee),
            Way::Back => (callee, caller),
        }
    }

    /// Whether there is anything to recover from. An event that never ends is a step, as growth is; one that
    /// changes nothing, such as a train that leaves, disturbs nobody.
    pub(crate) fn disturbs(&self, row: &Occurs) -> bool {
        let is_step = matches!(row.what, What::Event(_)) && EVER_AFTER_NS <= row.end_ns;
        // What people do is no trouble, but what they do about it.
        let is_help = matches!(row.what, What::Act(_));
        !is_step && !is_help && (row.effect != Effect::Demand || self.multiplies(row))
    }

    /// Whether an event's occurrence multiplies anybody's demand.
    fn multiplies(&self, row: &Occurs) -> bool {
        match row.what {
            What::Event(e) => self.plan.system.events[e as usize]
                .demand
                .iter()
                .any(|d| d.1 != 1.0),
            What::Demand(_) => row.size != 1.0,
            What::Fault(_) | What::Edit(_) | What::Act(_) => true,
        }
    }

    /// The edits in force: those of faults and events in the order they began, then those made by hand.
    pub(crate) fn edits_in_force(&self) -> Vec<u32> {
        let rows = &self.disturbances.rows;
        self.disturbances
            .active
            .iter()
            .map(|&r| rows[r as usize].edit)
            .filter(|&e| e != NONE)
            .chain(self.edits_by_hand())
            .collect()
    }

    /// Whether nothing passes from one end to an endpoint's service.
    pub(crate) fn is_cut(&self, from: End, to: EndpointId) -> bool {
        let service = self.plan.endpoints[to.index()].service;
        let at = |who| At { who, zone: 0 };
        let ends = (at(EndRow::new(from)), at(EndRow::Service(service)));
        self.disturbances.path_effects(ends).cut > 0
    }
}

impl Disturbances {
    fn rows_target<'a>(&self, row: &Occurs, strikes: &'a [Strike]) -> Option<&'a Target> {
        (row.strike != NONE)
            .then(|| strikes[row.strike as usize].target.as_ref())
            .flatten()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `rest` is everybody but the other end, in both directions.
    #[test]
    fn rest_is_everybody_else() {
        let (a, b) = (
            At {
                who: EndRow::Service(1),
                zone: 1,
            },
            At {
                who: EndRow::Service(2),
                zone: 2,
            },
        );
        let zone = EndRow::Zone(1);
        assert!(zone.holds(a, EndRow::Rest) && EndRow::Rest.holds(b, zone));
        assert!(
            !EndRow::Rest.holds(a, zone),
            "inside the zone nothing is cut"
        );
    }

    /// A ramp rises and falls linearly and is 1 outside.
    #[test]
    fn ramps_are_linear() {
        let r = Ramp {
            client: 0,
            start_ns: 100,
            full_ns: 200,
            fall_ns: 300,
            end_ns: 400,
            factor: 3.0,
        };
        let at: Vec<f64> = [99, 100, 150, 200, 299, 300, 350, 400]
            .iter()
            .map(|&t| r.at(t))
            .collect();
        assert_eq!(at, [1.0, 1.0, 2.0, 3.0, 3.0, 3.0, 2.0, 1.0]);
    }
}
