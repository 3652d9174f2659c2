//! Topics and their consumers, compiled.

use crate::plan::{Aim, CallPlan, NONE, Op, Plan, purpose};
use worstday_model::system::{
    Balance, Call, CallPolicy, Caller, Commit, End, FlagId, Place, Send, ServiceId, System,
    TopicOrder,
};
use worstday_stats::draw::entity;

/// A topic.
#[derive(Clone, Debug)]
pub struct TopicPlan {
    pub entity: u64,
    /// Lanes of the broker, or of each outbox.
    pub lanes: u32,
    /// Key space whose key decides the lane; `NONE` spreads messages evenly.
    pub key: u32,
    pub ordered: bool,
    pub keep_ns: u64,
    pub bound: u64,
    pub ack: u32,
    pub ack_key: u32,
    pub rebalance: u32,
    pub rebalance_key: u32,
    /// Service on whose replicas it lies; `NONE` for a broker.
    pub at: u32,
    /// Who handles its messages; `NONE` if nobody does.
    pub consumer: u32,
}

/// How messages come to a handler.
#[derive(Clone, Debug)]
pub struct ConsumerPlan {
    pub entity: u64,
    pub topic: u32,
    pub service: u32,
    /// Program of a run: a call to its handler, which is repeated after failures.
    pub pc: u32,
    pub batch: u32,
    pub within_ns: u64,
    pub rate: Option<f64>,
    pub then: u32,
    pub commit: Commit,
    /// Nothing is taken while this flag is down.
    pub only_if: Option<FlagId>,
    /// First of `zones x zones` paths from where its messages lie.
    pub paths: u32,
    /// Where they lie, as an end of links.
    pub from: End,
}

/// Whether a service handles messages: then its workers are shared between requests and messages.
pub(crate) fn consumes(system: &System, service: ServiceId) -> bool {
    let rows = &system.consumers;
    let first = rows.partition_point(|c| c.service < service);
    rows.get(first).is_some_and(|c| c.service == service)
}

impl Plan {
    /// The calls that stand for sends, and those from runs to handlers; behind all others.
    pub(crate) fn compile_topics(&mut self, system: &System) {
        self.sends_from = self.calls.len() as u32;
        for send in &system.sends {
            let plan = self.send_call(system, send);
            self.calls.push(plan);
        }
        self.topics = Vec::with_capacity(system.topics.len());
        for topic in &system.topics {
            let this = entity(&format!("topic {}", topic.name));
            let row = TopicPlan {
                entity: this,
                lanes: match topic.order {
                    TopicOrder::Partition => topic.partitions,
                    TopicOrder::None => 1,
                },
                key: topic.key.map_or(NONE, |k| k.0),
                ordered: topic.order == TopicOrder::Partition,
                keep_ns: topic.keep_ns,
                bound: topic.bound,
                ack: self.law(&topic.ack),
                ack_key: self.key(this, purpose::DELAY),
                rebalance: self.law(&topic.rebalance),
                rebalance_key: self.key(this, purpose::START),
                at: topic.at.map_or(NONE, |s| s.0),
                consumer: NONE,
            };
            self.topics.push(row);
        }
        self.consumers = Vec::with_capacity(system.consumers.len());
        for (i, consumer) in system.consumers.iter().enumerate() {
            let topic = &system.topics[consumer.topic.index()];
            let endpoint = &system.endpoints[consumer.endpoint.index()];
            let service = &system.services[consumer.service.index()];
            let name = format!("{} -> {}.{}", topic.name, service.name, endpoint.name);
            let policy = CallPolicy {
                retry: consumer.retry.clone(),
                balance: Some(Balance::Random),
                ..CallPolicy::default()
            };
            let call = Call {
                name: name.clone(),
                caller: Caller::Start(consumer.service),
                target: consumer.endpoint,
                subset: None,
                policy: policy.clone(),
                mesh: None,
                fallback: None,
                priority: None,
                size_bytes: 0,
                work_factor: 1.0,
                place: Place::default(),
            };
            let mut plan = self.call(system, &call, &policy, "");
            (plan.plain, plan.direct) = (false, false);
            // A run stands beside its handler: nothing travels between the two.
            (plan.flat_ns, plan.flat_ring) = (0, NONE);
            plan.aim = Aim::Handler;
            let call = self.calls.len() as u32;
            self.calls.push(plan);
            let pc = self.ops.len() as u32;
            self.ops.extend([Op::Call { call }, Op::End]);
            let from = topic.at.map_or(End::Any, End::Service);
            let paths = self.paths(system, from, End::Service(consumer.service));
            self.topics[consumer.topic.index()].consumer = i as u32;
            self.consumers.push(ConsumerPlan {
                entity: entity(&name),
                topic: consumer.topic.0,
                service: consumer.service.0,
                pc,
                batch: consumer.batch,
                within_ns: consumer.within_ns,
                rate: consumer.rate,
                then: consumer.then.map_or(NONE, |t| t.0),
                commit: consumer.commit,
                only_if: consumer.only_if,
                paths,
                from,
            });
        }
    }

    /// A send is a call that the broker, or the disk beside the sender, answers.
    fn send_call(&mut self, system: &System, send: &Send) -> CallPlan {
        let topic = &system.topics[send.topic.index()];
        let (caller, from) = self.caller_of(system, send.caller);
        let mut plan = self.frame(
            &send.name,
            (caller, from),
            &topic.name,
            &send.policy,
            send.fallback.as_ref(),
        );
        plan.aim = Aim::Topic;
        plan.target = send.topic.0;
        plan.size_bytes = send.size_bytes;
        if topic.at.is_none() {
            plan.paths = self.paths(system, from, End::Any);
            if system.zones.is_empty() {
                let path = &self.paths[plan.paths as usize];
                (plan.flat_ns, plan.flat_ring) = (path.constant_ns, path.ring);
            }
        } else {
            (plan.flat_ns, plan.flat_ring) = (0, NONE);
        }
        plan
    }
}
