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
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ServiceNow {
    /// Requests that wait for a worker.
    pub queue: u64,
    /// Requests in service.
    pub busy: u64,
    /// Replicas that can serve.
    pub ready: u64,
    /// Replicas that exist.
    pub existing: u64,
    /// Requests that the ready replicas can serve at once; none if there is no bound.
    pub room: Option<u64>,
}

impl<O: Observer> Engine<O> {
    /// How things stand at this instant.
    #[must_use]
    pub fn glance(&self) -> Glance {
        let services = self.m.services.iter().zip(&self.plan.services);
        let services = services.map(|(measured, plan)| {
            let levels = &measured.levels;
            ServiceNow {
                queue: levels.queue.value,
                busy: levels.busy.value,
                ready: levels.ready.value,
                existing: levels.existing.value,
                room: (plan.workers != u32::MAX)
                    .then(|| levels.ready.value * u64::from(plan.workers)),
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
