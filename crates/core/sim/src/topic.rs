//! Topics: messages that are handed over now and handled later.
//!
//! A send is a call that the broker answers, or the disk beside the sender (`send`). A message waits in a *lane*: the one
//! line of a topic without order, a partition, or the same of each outbox. A free worker of the consuming service takes
//! the message that has waited longest (`take`); a *run* holds that worker until the handler has done its steps,
//! through every retry and back-off, and then the messages are done with (`run`). `measure` counts.
//!
//! A run is two tasks: a *delivery*, which holds the worker and calls the handler as often as its retry policy says, and
//! the request at the handler's endpoint, which is a request like any other to faults, cores and figures.
//!
//! Every message that was stored is handled, declined, given up, expired, lost, replayed, or lies there still; a count
//! that does not add up ends the run. A message costs one row of 72 bytes while it waits, and a run two tasks.

mod finish;
mod measure;
mod outcome;
mod plan;
mod run;
mod send;
mod take;

pub use measure::TopicSeries;
pub use outcome::{TopicCounts, TopicLevel, TopicOutcome, TopicWindow};
pub(crate) use plan::consumes;
pub use plan::{ConsumerPlan, TopicPlan};

use crate::engine::Engine;
use crate::observe::Observer;
use crate::plan::NONE;
use crate::state::{Kind, Phase};
pub(crate) use measure::{Leaves, join};
use serde::{Deserialize, Serialize};
use std::collections::VecDeque;
use worstday_model::system::TopicId;

/// A message.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Message {
    /// Keys the draws of its handler.
    pub identity: u64,
    /// The visit that it came from: its keys and its value.
    pub visit: u64,
    pub client: u32,
    pub priority: u16,
    /// Stored after the warm-up.
    pub counted: bool,
    /// It was handed out before, and what became of that is not known.
    pub again: bool,
    /// When it was stored.
    pub sent_ns: u64,
    /// Its number in its topic, in the order of being stored.
    pub number: u64,
    /// The topic where it was given up; `NONE` if it was not.
    pub from: u32,
    /// The replica that sent it, or whose handler gave it up; `NONE` for a visit.
    pub sender: u32,
    /// Times that it was asked for: keys the draws of its run and of its way.
    pub asked: u32,
    pub size_bytes: u64,
}

/// One line of messages.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Lane {
    /// Waiting, in the order of being stored.
    pub waiting: VecDeque<Message>,
    /// Waiting or in hand.
    pub open: u64,
    /// A run has it in hand: it is read in order.
    pub held: bool,
    /// Nothing is taken before: a message was lost on the way to its consumer.
    pub again_ns: u64,
    /// The replica on whose disk it lies; `NONE` for a broker.
    pub replica: u32,
}

/// A topic.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct TopicState {
    /// By partition, or by replica number times partitions, plus partition.
    pub lanes: Vec<Lane>,
    pub waiting: u64,
    pub next_number: u64,
    /// When each message was stored, from the oldest that is not done with on, and whether it is done with.
    pub stored: VecDeque<(u64, bool)>,
    /// Number of the first of these.
    pub first_number: u64,
    /// The task that drops what has expired.
    pub keeper: u32,
    pub keeper_due_ns: u64,
}

impl TopicState {
    /// When the oldest message that is not done with was stored.
    pub(crate) fn oldest_ns(&self) -> Option<u64> {
        self.stored.front().map(|row| row.0)
    }

    /// A message is done with.
    fn close(&mut self, number: u64) {
        self.stored[(number - self.first_number) as usize].1 = true;
        while let Some((_, true)) = self.stored.front() {
            self.stored.pop_front();
            self.first_number += 1;
        }
    }
}

/// A consumer.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct ConsumerState {
    /// The task that looks again when time alone has changed something.
    pub clerk: u32,
    pub clerk_due_ns: u64,
    /// Nothing is taken before: the rate.
    pub next_ns: u64,
    /// Nothing is taken before: partitions are dealt anew.
    pub stopped_until_ns: u64,
    /// Replicas that read partitions, in number order.
    pub dealt: Vec<u32>,
    pub rebalances: u64,
    /// Where the search for a free worker begins.
    pub turn: u32,
}

/// Messages in the hands of a consumer.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Run {
    pub messages: Vec<Message>,
    pub consumer: u32,
    pub lane: u32,
    pub replica: u32,
    /// Its process vanished: nobody knows yet.
    pub parked: bool,
}

/// All topics.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Topics {
    pub topics: Vec<TopicState>,
    pub consumers: Vec<ConsumerState>,
    pub runs: Vec<Run>,
    pub free_runs: Vec<u32>,
}

impl<O: Observer> Engine<O> {
    /// Sets the topics up, empty.
    pub(crate) fn start_topics(&mut self) {
        for topic in 0..self.plan.topics.len() {
            let plan = &self.plan.topics[topic];
            let (entity, lanes) = (plan.entity, if plan.at == NONE { plan.lanes } else { 0 });
            let keeper = self.waiting_task(entity);
            let lane = Lane {
                replica: NONE,
                ..Lane::default()
            };
            self.s.topics.topics.push(TopicState {
                lanes: vec![lane; lanes as usize],
                keeper,
                keeper_due_ns: u64::MAX,
                ..TopicState::default()
            });
        }
        for consumer in 0..self.plan.consumers.len() {
            let plan = &self.plan.consumers[consumer];
            let (entity, service) = (plan.entity, plan.service as usize);
            let clerk = self.waiting_task(entity);
            self.s.topics.consumers.push(ConsumerState {
                clerk,
                clerk_due_ns: u64::MAX,
                dealt: self.s.services[service].view.clone(),
                ..ConsumerState::default()
            });
        }
    }

    /// A task that only carries a timer.
    fn waiting_task(&mut self, entity: u64) -> u32 {
        let task = self.new_task(Kind::Clerk);
        let row = &mut self.s.tasks[task as usize];
        row.phase = Phase::Clerk;
        row.identity = entity;
        task
    }

    /// How full a topic is now, and how old its oldest message: what alerts read.
    #[must_use]
    pub fn topic_level(&self, topic: TopicId) -> TopicLevel {
        let oldest = self.s.topics.topics[topic.index()].oldest_ns();
        TopicLevel {
            backlog: self.m.topics[topic.index()].backlog.value,
            age_ns: oldest.map_or(0, |at| self.s.now_ns - at),
        }
    }
}
