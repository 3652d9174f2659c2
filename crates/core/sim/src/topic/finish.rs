//! The end of a run: a topic's figures, and its counts, which must add up.

use super::{TopicCounts, TopicOutcome};
use crate::engine::Engine;
use crate::finish::Violation;
use crate::observe::Observer;
use crate::outcome::{Conservation, Ends};

impl<O: Observer> Engine<O> {
    /// Per topic, in name order. `length` is that of the counted time, ns.
    pub(crate) fn topic_outcomes(&mut self, length: f64) -> Vec<TopicOutcome> {
        let system = std::sync::Arc::clone(&self.base);
        let now = self.s.now_ns;
        let mut rows = Vec::new();
        for (i, topic) in system.topics.iter().enumerate() {
            let consumer = system.consumers.iter().find(|c| c.topic.index() == i);
            let series = &mut self.m.topics[i];
            rows.push(TopicOutcome {
                name: topic.name.clone(),
                handler: consumer.map(|c| {
                    let service = &system.services[c.service.index()].name;
                    format!("{service}.{}", system.endpoints[c.endpoint.index()].name)
                }),
                counts: series.counts,
                declined_money: series.declined_money,
                lost_money: series.lost_money,
                backlog_mean: series.backlog_mean(now, length),
                backlog_max: series.backlog_max,
                age_max_ns: series.age_max_ns,
                wait: series.wait.take(),
                response: series.response.take(),
                windows: std::mem::take(&mut series.windows),
            });
        }
        rows
    }

    /// Every message that was stored has left in one way or lies there still, and Little's law holds for those that do.
    pub(crate) fn messages_conserved(&self, end_ns: u64) -> Result<Vec<Conservation>, Violation> {
        let mut found = vec![(0_u64, 0_u128); self.plan.topics.len()];
        let mut meet = |topic: usize, sent_ns: u64| {
            found[topic].0 += 1;
            found[topic].1 += u128::from(end_ns - sent_ns);
        };
        for (at, topic) in self.s.topics.topics.iter().enumerate() {
            for lane in &topic.lanes {
                lane.waiting.iter().for_each(|m| meet(at, m.sent_ns));
            }
        }
        for (at, message) in self.in_hand() {
            meet(at as usize, message.sent_ns);
        }
        let mut rows = Vec::new();
        for (at, (inside, since)) in found.into_iter().enumerate() {
            let series = &self.m.topics[at];
            let name = format!("topic {}", self.base.topics[at].name);
            let TopicCounts {
                sent,
                inside: counted,
                ..
            } = series.all;
            let violation = |what: String| Violation {
                seed: self.s.seed,
                what,
            };
            if sent != series.all.gone() + counted || counted != inside {
                return Err(violation(format!(
                    "{name} does not add up: {:?}, and {inside} are inside",
                    series.all
                )));
            }
            let area_ns = series.backlog.area(end_ns);
            let sojourn_ns = series.sojourn_ns + since;
            if area_ns != sojourn_ns {
                return Err(violation(format!(
                    "{name} breaks Little's law: {area_ns} ns inside, {sojourn_ns} ns spent there"
                )));
            }
            rows.push(Conservation {
                name,
                ends: Ends {
                    arrived: sent,
                    ok: series.all.handled,
                    degraded: 0,
                    declined: series.all.declined,
                    failed: series.all.dead_letters,
                    shed: series.all.lost + series.all.replayed,
                    abandoned: series.all.expired,
                    inside,
                },
                area_ns,
                sojourn_ns,
            });
        }
        Ok(rows)
    }
}
