//! How things stand at this instant: for whoever watches a history while it runs.
//!
//! Looking changes nothing, and what is told are levels, not counts: those are an observer's.

use crate::engine::Engine;
use crate::observe::Observer;
use crate::outcome::Happened;
use crate::topic::TopicLevel;
use worstday_model::system::TopicId;

/// How things stand.
#[derive(Clone, Debug, PartialEq)]
pub struct Glance {
    /// When, ns.
    pub now_ns: u64,
    /// Of each service.
    pub services: Vec<ServiceNow>,
    /// Of each topic.
    pub topics: Vec<TopicLevel>,
    /// Of each flag: whether it is up.
    pub flags: Vec<bool>,
    /// Faults, events, edits and changes of demand that are under way, alerts that fire, overrides in force, in the order
    /// they began; none has an end.
    pub under_way: Vec<Happened>,
}

/// How a service stands.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct ServiceNow {
    /// Requests that wait for a worker.
    pub queue: u64,
    /// Requests in service.
    pub busy: u64,
    /// Replicas that can serve.
    pub ready: u64,
    /// Replicas that exist.
    pub existing: u64,
    /// Requests that a replica can serve at once; none if there is no bound.
    pub workers: Option<u64>,
    /// Cores of a replica; none if work needs nothing but time.
    pub cores: Option<f64>,
    /// What was used since the start.
    pub used: Used,
}

/// What a service used since the start: two of them tell what was used in between.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Used {
    /// Requests in service times ns.
    pub busy: u128,
    /// Ready replicas times ns.
    pub ready: u128,
    /// Cores at work, times ns, up to the last time that their number changed.
    pub cores: f64,
}

impl ServiceNow {
    /// Utilisation since an earlier instant: of workers or of cores, whichever was used more; none where neither has a
    /// bound, or nothing was ready.
    #[must_use]
    pub fn utilisation(&self, since: &Used) -> Option<f64> {
        let ready = self.used.ready.saturating_sub(since.ready) as f64;
        let share = |used: f64, most: f64| (0.0 < most).then(|| (used / most).clamp(0.0, 1.0));
        let busy = self.used.busy.saturating_sub(since.busy) as f64;
        let workers = (self.workers).and_then(|workers| share(busy, ready * workers as f64));
        let cores = self.used.cores - since.cores;
        let cores = (self.cores).and_then(|each| share(cores, ready * each));
        match (workers, cores) {
            (Some(workers), Some(cores)) => Some(workers.max(cores)),
            (one, other) => one.or(other),
        }
    }
}

impl<O: Observer> Engine<O> {
    /// How things stand at this instant.
    #[must_use]
    pub fn glance(&self) -> Glance {
        let services = self.m.services.iter().zip(&self.plan.services).enumerate();
        let services = services.map(|(at, (measured, plan))| {
            let levels = &measured.levels;
            let areas = self.m.areas_since_start(at, self.s.now_ns);
            ServiceNow {
                queue: levels.queue.value,
                busy: levels.busy.value,
                ready: levels.ready.value,
                existing: levels.existing.value,
                workers: (plan.workers != u32::MAX).then_some(u64::from(plan.workers)),
                cores: plan.cores,
                used: Used {
                    busy: areas.busy,
                    ready: areas.ready,
                    cores: areas.cores,
                },
            }
        });
        let topics = (0..self.plan.topics.len()).map(|at| self.topic_level(TopicId(at as u32)));
        Glance {
            now_ns: self.s.now_ns,
            services: services.collect(),
            topics: topics.collect(),
            flags: self.s.flags.clone(),
            under_way: self.under_way(),
        }
    }

    fn under_way(&self) -> Vec<Happened> {
        let rows = &self.disturbances.rows;
        let active = self.disturbances.active.iter();
        let struck = active.filter_map(|&row| self.told(&rows[row as usize]));
        let firing = self.s.watch.firings.iter();
        let firing = firing.filter(|firing| firing.until_ns.is_none());
        let done = self.s.watch.overrides.iter();
        let done = done.filter(|done| done.until_ns.is_none());
        let mut all: Vec<Happened> = struck
            .chain(firing.map(|firing| self.noticed(firing)))
            .chain(done.map(|done| self.done_by_hand(done)))
            .collect();
        all.sort_by_key(|what| what.from_ns);
        all
    }
}
