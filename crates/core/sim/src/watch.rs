//! Who notices: alert rules, evaluated in simulated time.
//!
//! An alert looks every so often at what has ended so far ([`Look`]); it fires when it sees its condition, tells its
//! operators after its delay, and has cleared when it sees the opposite. What it cannot tell (too few requests, or what
//! it looks through does not answer) neither fires nor clears it. A firing that is missed, by its own coin, stays
//! silent until it has cleared. Looking changes nothing: a history with alerts that nobody acts on is, event for event, the one
//! without them.

pub mod look;

use crate::calendar::{Due, Kind as Timer};
use crate::engine::Engine;
use crate::observe::{Fact, Observer};
use crate::operate::{Override, Team};
use crate::plan::{NONE, purpose};
use crate::state::Life;
use look::{Levels, Look, Looks};
use serde::{Deserialize, Serialize};
use worstday_model::system::{AlertOn, EndpointId, FallbackDo, Sight, Step, Subject, System, Verb};
use worstday_stats::draw::entity;

/// What a control timer is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Wake {
    /// An alert looks.
    Look(u32),
    /// An operator hears of a firing.
    Told { operator: u32, firing: u32 },
    /// An operator has reacted: the job wants hands.
    Reacted(u32),
    /// The job's next action is done, or tried again.
    Acts(u32),
    /// What the job did is undone.
    Expires(u32),
    /// Somebody looks whether it may be undone.
    LooksBack(u32),
}

/// An alert that fired.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Firing {
    pub alert: u32,
    pub from_ns: u64,
    /// When it was seen to be over.
    pub until_ns: Option<u64>,
    /// Nobody heard of it.
    pub missed: bool,
}

/// One alert's looks.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
struct Sentry {
    /// Rows of [`Looks`]: one for a condition, several for a budget.
    looks: Vec<u32>,
    /// For each of them, the budget.
    budgets: Vec<f64>,
    /// The present firing; `NONE` if it is quiet.
    firing: u32,
    firings: u64,
}

/// Everything that people know, do and have done.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Watch {
    pub wakes: Vec<Wake>,
    sentries: Vec<Sentry>,
    /// In order of firing.
    pub firings: Vec<Firing>,
    pub teams: Vec<Team>,
    /// In order of beginning.
    pub overrides: Vec<Override>,
}

impl Watch {
    /// Whether a firing has not been seen to be over.
    pub(crate) fn still_fires(&self, firing: u32) -> bool {
        self.firings[firing as usize].until_ns.is_none()
    }
}

/// The service whose levels a subject means.
fn service_of(system: &System, subject: Subject) -> Option<u32> {
    match subject {
        Subject::Client(_) | Subject::Topic(_) => None,
        Subject::Service(id) => Some(id.0),
        Subject::Endpoint(id) => Some(system.endpoints[id.index()].service.0),
        Subject::Call(id) => Some(
            system.endpoints[system.calls[id.index()].target.index()]
                .service
                .0,
        ),
    }
}

impl<O: Observer> Engine<O> {
    /// Alerts and operators take their places.
    pub(crate) fn start_watching(&mut self) {
        let system = std::sync::Arc::clone(&self.base);
        let mut looks = std::mem::take(&mut self.judges.looks);
        for alert in &system.alerts {
            let mut sentry = Sentry {
                firing: NONE,
                ..Sentry::default()
            };
            match &alert.on {
                AlertOn::Sight(sight) => {
                    sentry
                        .looks
                        .push(self.look_at(&mut looks, sight, alert.every_ns));
                }
                AlertOn::Burn(burn) => {
                    let promise = &system.promises[burn.promise.index()];
                    let longest = burn.windows.iter().map(|w| w.long_ns).max().unwrap_or(0);
                    for &subject in &promise.subjects {
                        for condition in &promise.must {
                            let Some(budget) = condition.error_budget() else {
                                continue;
                            };
                            let look = Look::over(condition, None, longest, alert.every_ns);
                            let series = |call: u32| self.series_of(call);
                            sentry.looks.push(looks.add(subject, look, series));
                            sentry.budgets.push(budget);
                        }
                    }
                }
            }
            self.s.watch.sentries.push(sentry);
        }
        for operator in &system.operators {
            let team = self.team(&mut looks, operator);
            self.s.watch.teams.push(team);
        }
        self.judges.looks = looks;
        for alert in 0..system.alerts.len() {
            let at = system.alerts[alert].every_ns;
            self.wake_at(at, Wake::Look(alert as u32));
        }
    }

    fn series_of(&self, call: u32) -> u32 {
        self.plan.calls[(self.plan.calls_from + call) as usize].series
    }

    /// Adds a look for a sight.
    pub(crate) fn look_at(&self, looks: &mut Looks, sight: &Sight, every_ns: u64) -> u32 {
        let service = service_of(&self.base, sight.subject);
        let look = Look::new(sight, service, every_ns);
        looks.add(sight.subject, look, |call| self.series_of(call))
    }

    /// Sets a control timer.
    pub(crate) fn wake_at(&mut self, at_ns: u64, wake: Wake) {
        let slot = self.s.watch.wakes.len() as u32;
        self.s.watch.wakes.push(wake);
        self.s.calendar.schedule(at_ns, Timer::Control, slot);
    }

    /// A control timer is due.
    pub(crate) fn control(&mut self, due: Due) {
        match self.s.watch.wakes[due.slot as usize] {
            Wake::Look(alert) => {
                self.alert_looks(alert);
                let next = due
                    .at_ns
                    .saturating_add(self.base.alerts[alert as usize].every_ns);
                self.s.calendar.schedule(next, Timer::Control, due.slot);
            }
            Wake::Told { operator, firing } => self.operator_told(operator, firing),
            Wake::Reacted(job) => self.operator_reacted(job),
            Wake::Acts(job) => self.operator_acts(job),
            Wake::Expires(job) => self.job_undone(job),
            Wake::LooksBack(job) => self.operator_looks_back(job, due),
        }
    }

    /// Counts something that people did as an event of the history.
    pub(crate) fn note_human(&mut self, name: &str, ordinal: u64) {
        let due = Due {
            at_ns: self.s.now_ns,
            sequence: 0,
            kind: Timer::Control,
            slot: 0,
        };
        let id = worstday_stats::draw::identity(entity(name), ordinal);
        self.note(due, id);
    }

    fn alert_looks(&mut self, alert: u32) {
        let system = std::sync::Arc::clone(&self.base);
        let row = &system.alerts[alert as usize];
        let looks = self.s.watch.sentries[alert as usize].looks.clone();
        if row.needs.is_some_and(|needs| !self.answers(needs)) {
            for look in looks {
                self.judges.looks.interrupted(look);
            }
            return;
        }
        let seen = match &row.on {
            AlertOn::Sight(_) => self.sees(looks[0]),
            AlertOn::Burn(burn) => {
                let now = self.s.now_ns;
                let budgets = self.s.watch.sentries[alert as usize].budgets.clone();
                let mut seen = None;
                for (look, budget) in looks.into_iter().zip(budgets) {
                    for window in &burn.windows {
                        let look = &mut self.judges.looks.rows[look as usize];
                        let line = window.factor * budget;
                        // The time before the run was as busy, and all was well then.
                        let mut share = |over_ns: u64| {
                            let known = (now as f64 / over_ns as f64).min(1.0);
                            let seen = look.bad_share(now.saturating_sub(over_ns), now)?;
                            Some(seen * known)
                        };
                        let long = share(window.long_ns);
                        let short = share(window.short_ns);
                        if let Some((long, short)) = long.zip(short) {
                            let burns = line <= long && line <= short;
                            seen = Some(seen.unwrap_or(false) || burns);
                        }
                    }
                }
                seen
            }
        };
        let firing = self.s.watch.sentries[alert as usize].firing;
        match seen {
            Some(true) if firing == NONE => self.alert_fires(alert),
            Some(false) if firing != NONE => {
                self.s.watch.sentries[alert as usize].firing = NONE;
                self.s.watch.firings[firing as usize].until_ns = Some(self.s.now_ns);
                self.observer
                    .on(self.s.now_ns, Fact::AlertCleared { alert });
            }
            _ => {}
        }
    }

    fn alert_fires(&mut self, alert: u32) {
        let system = std::sync::Arc::clone(&self.base);
        let row = &system.alerts[alert as usize];
        let now = self.s.now_ns;
        let firing = self.s.watch.firings.len() as u32;
        let sentry = &mut self.s.watch.sentries[alert as usize];
        sentry.firing = firing;
        let ordinal = sentry.firings;
        sentry.firings += 1;
        let this = entity(&format!("alert {}", row.name));
        let missed = 0.0 < row.misses
            && self
                .draw_of(this, purpose::COIN, ordinal)
                .chance(row.misses);
        self.s.watch.firings.push(Firing {
            alert,
            from_ns: now,
            until_ns: None,
            missed,
        });
        self.observer.on(now, Fact::AlertFired { alert, missed });
        if missed {
            return;
        }
        for &operator in &row.tells {
            let draw = self.draw_of(this, purpose::DELAY, ordinal);
            let delay = crate::plan::law(&row.delay).sample_ns(draw);
            let told = Wake::Told {
                operator: operator.0,
                firing,
            };
            self.paged();
            self.wake_at(now.saturating_add(delay), told);
        }
    }

    /// Whether a look sees what it looks for, now.
    pub(crate) fn sees(&mut self, look: u32) -> Option<bool> {
        let now = self.s.now_ns;
        let row = &self.judges.looks.rows[look as usize];
        let levels = match (row.topic, row.service) {
            (Some(topic), _) => Some(self.levels_of_topic(topic)),
            (None, service) => service.map(|service| self.levels_of(service as usize)),
        };
        self.judges.looks.rows[look as usize].sees(now, levels.as_ref())
    }

    /// The backlog of a topic stands where a service has its queue, and beside it the age of its oldest message.
    fn levels_of_topic(&self, topic: u32) -> Levels {
        let level = self.topic_level(worstday_model::system::TopicId(topic));
        Levels {
            areas: crate::measure::Areas {
                queue: self.m.topics[topic as usize].backlog.area(self.s.now_ns),
                ..crate::measure::Areas::default()
            },
            now: [level.backlog as f64, level.age_ns as f64, 0.0, 0.0],
            workers: 0.0,
            cores: 0.0,
        }
    }

    fn levels_of(&self, service: usize) -> Levels {
        let row = &self.plan.system.services[service];
        let mut areas = self.m.areas_since_start(service, self.s.now_ns);
        let mut pending = 0.0;
        for &replica in &self.s.services[service].replicas {
            if let Some(cpu) = &self.s.replicas[replica as usize].cpu {
                let busy = (cpu.jobs.len() as f64).min(cpu.cores);
                pending += busy * self.s.now_ns.saturating_sub(cpu.last_ns) as f64;
            }
        }
        areas.cores += pending;
        Levels {
            areas,
            now: self.level_values(service),
            workers: f64::from(row.workers),
            cores: row.cores.map_or(0.0, |cores| cores.request),
        }
    }

    /// Whether an endpoint would answer somebody who asks it now: a replica serves, and so do those that every
    /// such request must ask in turn. Asking is free and takes no time.
    pub(crate) fn answers(&self, endpoint: EndpointId) -> bool {
        let system = std::sync::Arc::clone(&self.plan.system);
        self.serves(&system, endpoint, 0)
    }

    fn serves(&self, system: &System, endpoint: EndpointId, depth: u32) -> bool {
        // Calls in a circle need a way out that this does not look for: they count as served.
        if depth > 32 {
            return true;
        }
        let row = &system.endpoints[endpoint.index()];
        let up = |&replica: &u32| {
            let row = &self.s.replicas[replica as usize];
            row.life == Life::Up && row.effects.stalled == 0 && row.effects.hanging == 0
        };
        let replicas = &self.s.services[row.service.index()].replicas;
        replicas.iter().any(up) && self.can_do(system, &row.steps, depth)
    }

    /// Whether nothing that these steps always ask is dead or cut off.
    fn can_do(&self, system: &System, steps: &[Step], depth: u32) -> bool {
        steps
            .iter()
            .filter(|step| step.chance.is_none() && step.condition.is_none())
            .all(|step| match &step.verb {
                Verb::Call(call) => {
                    let plan = &self.plan.calls[(self.plan.calls_from + call.0) as usize];
                    let call = &system.calls[call.index()];
                    let way_out = match &call.fallback {
                        Some(fallback) => match &fallback.what {
                            FallbackDo::Steps(steps) => self.can_do(system, steps, depth),
                            FallbackDo::Skip | FallbackDo::Degraded => true,
                        },
                        None => false,
                    };
                    way_out
                        || !self.is_cut(plan.from, call.target)
                            && self.serves(system, call.target, depth + 1)
                }
                Verb::Send(_) => true,
                Verb::Hold(_, steps) | Verb::Repeat(_, steps) | Verb::Do(steps) => {
                    self.can_do(system, steps, depth)
                }
                Verb::Parallel { branches, need, .. } => {
                    let good = branches
                        .iter()
                        .filter(|branch| self.can_do(system, branch, depth));
                    *need as usize <= good.count()
                }
                Verb::Work(_)
                | Verb::Wait(_)
                | Verb::Choose(_)
                | Verb::Fail(_)
                | Verb::Answer(_) => true,
            })
    }
}
