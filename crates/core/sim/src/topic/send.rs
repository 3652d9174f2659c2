//! Sending: from a step to a stored message.
//!
//! The message of a send is a task of its own, a *parcel*: it travels, is stored, and its acknowledgement travels back.
//! A parcel that is lost on the way is nobody's answer: the sender waits for its timeout. An outbox is a disk beside the
//! sender: nothing travels, and the room that counts is that of the sender's own replica. Whether there is room is
//! asked when the message would be stored, after `ack-takes`.

use super::measure::Leaves;
use super::{Lane, Message};
use crate::calendar::{Kind as Timer, RingId};
use crate::engine::{Engine, Flow};
use crate::observe::{Fact, Observer};
use crate::plan::NONE;
use crate::state::{Ending, Kind, Phase, flag};
use worstday_model::system::TopicId;
use worstday_stats::draw::{identity, mix64};

/// No attempt has this serial: nobody waits for the acknowledgement.
const UNWANTED: u32 = 0;

impl<O: Observer> Engine<O> {
    /// `acks: none`: the sender goes on at once.
    pub(crate) fn post_and_forget(&mut self, task: u32, call: u32) -> Flow {
        let row = &self.s.tasks[task as usize];
        let plan = &self.plan.calls[call as usize];
        if row.has(flag::COUNTED) {
            let series = &mut self.m.calls[plan.series as usize];
            series.calls += 1;
            series.attempts += 1;
            series.attempt_results.ok += 1;
            series.results.ok += 1;
            series.response.add(0);
        }
        let id = identity(row.identity, plan.entity ^ mix64(1));
        let parcel = self.parcel(task, call, id);
        self.s.tasks[parcel as usize].caller_serial = UNWANTED;
        self.parcel_leaves(parcel);
        Flow::On
    }

    /// One attempt to send: its parcel leaves.
    pub(crate) fn post(&mut self, task: u32, id: u64) {
        let now = self.s.now_ns;
        let row = &self.s.tasks[task as usize];
        let (call, number) = (row.call, row.attempt);
        let parcel = self.parcel(task, call, id);
        let plan = &self.plan.calls[call as usize];
        let generation = self.s.tasks[parcel as usize].generation;
        let me = &mut self.s.tasks[task as usize];
        me.serial += 1;
        me.first_live = me.serial;
        me.phase = Phase::InCall;
        (me.child, me.child_generation, me.child_replica) = (parcel, generation, NONE);
        let serial = me.serial;
        if me.has(flag::COUNTED) {
            let series = &mut self.m.calls[plan.series as usize];
            series.attempts += 1;
            series.retries += u64::from(number != 1);
        }
        if plan.timeout_ns != u64::MAX {
            me.timeout_timer =
                self.s
                    .calendar
                    .schedule_in(RingId(plan.timeout_ring), now, Timer::Timeout, task);
        }
        let (series, caller, visit) = (plan.series, me.identity, me.visit);
        self.s.tasks[parcel as usize].caller_serial = serial;
        self.observer.on(
            now,
            Fact::AttemptSent {
                call: series,
                caller,
                attempt: number,
                visit,
                task,
                child: parcel,
                request: id,
            },
        );
        self.parcel_leaves(parcel);
    }

    fn parcel(&mut self, task: u32, call: u32, id: u64) -> u32 {
        let parcel = self.new_task(Kind::Parcel);
        let topic = self.plan.calls[call as usize].target;
        let sender = self.s.tasks[task as usize];
        let row = &mut self.s.tasks[parcel as usize];
        row.owner = topic;
        row.caller = task;
        row.by_call = call;
        (row.identity, row.visit) = (id, sender.visit);
        (row.client, row.priority) = (sender.client, sender.priority);
        row.flags = sender.flags & flag::COUNTED;
        row.child_replica = sender.replica;
        parcel
    }

    fn parcel_leaves(&mut self, parcel: u32) {
        let topic = self.s.tasks[parcel as usize].owner as usize;
        if self.plan.topics[topic].at != NONE {
            return self.parcel_arrived(parcel);
        }
        match self.travel(parcel) {
            Some(0) => self.parcel_arrived(parcel),
            Some(delay_ns) => self.parcel_waits(parcel, Phase::Posting, delay_ns),
            None => self.free_task(parcel),
        }
    }

    fn parcel_waits(&mut self, parcel: u32, phase: Phase, for_ns: u64) {
        let at = self.s.now_ns.saturating_add(for_ns);
        let timer = self.s.calendar.schedule(at, Timer::Step, parcel);
        let row = &mut self.s.tasks[parcel as usize];
        (row.phase, row.step_timer) = (phase, timer);
    }

    /// A message has reached the broker, or the sender's own disk.
    pub(crate) fn parcel_arrived(&mut self, parcel: u32) {
        let row = &self.s.tasks[parcel as usize];
        let plan = &self.plan.topics[row.owner as usize];
        let takes = self.sample_ns(plan.ack, plan.ack_key, row.identity);
        if takes == 0 {
            self.parcel_stored(parcel);
        } else {
            self.parcel_waits(parcel, Phase::Storing, takes);
        }
    }

    /// A message is stored, or there is no room for it; the acknowledgement leaves.
    pub(crate) fn parcel_stored(&mut self, parcel: u32) {
        let row = self.s.tasks[parcel as usize];
        let message = Message {
            identity: row.identity,
            visit: row.visit,
            client: row.client,
            priority: row.priority,
            counted: false,
            again: false,
            sent_ns: 0,
            number: 0,
            from: NONE,
            sender: row.child_replica,
            asked: 0,
            size_bytes: self.plan.calls[row.by_call as usize].size_bytes,
        };
        let stored = self.store(row.owner, message);
        if row.caller_serial == UNWANTED {
            self.free_task(parcel);
        } else {
            let ending = if stored { Ending::Ok } else { Ending::Rejected };
            if self.plan.topics[row.owner as usize].at == NONE {
                self.answer(parcel, ending);
            } else {
                let row = &mut self.s.tasks[parcel as usize];
                (row.ending, row.phase) = (ending, Phase::Answering);
                self.make_ready(parcel);
            }
        }
        if stored {
            self.offer_of(row.owner);
        }
    }

    /// Puts a message into a topic, if there is room.
    pub(crate) fn store(&mut self, topic: u32, message: Message) -> bool {
        let now = self.s.now_ns;
        let at = topic as usize;
        let plan = &self.plan.topics[at];
        let lanes = plan.lanes as usize;
        let lane = match (lanes, plan.key) {
            (1, _) => 0,
            (_, NONE) => mix64(message.identity) as usize % lanes,
            (_, keys) => mix64(self.key_of(keys, message.visit)) as usize % lanes,
        };
        let first = if plan.at == NONE {
            0
        } else {
            self.s.replicas[message.sender as usize].number as usize * lanes
        };
        let (bound, keep_ns) = (plan.bound, plan.keep_ns);
        let warm = self.m.warm;
        let state = &mut self.s.topics.topics[at];
        while state.lanes.len() < first + lanes {
            state.lanes.push(Lane {
                replica: NONE,
                ..Lane::default()
            });
        }
        let open: u64 = state.lanes[first..first + lanes]
            .iter()
            .map(|lane| lane.open)
            .sum();
        if bound <= open {
            self.m.topics[at].rejected(warm);
            if warm {
                self.judges.message_rejected(at, now);
            }
            return false;
        }
        let message = Message {
            counted: warm,
            sent_ns: now,
            number: state.next_number,
            ..message
        };
        state.next_number += 1;
        state.waiting += 1;
        state.stored.push_back((now, false));
        let oldest = state.oldest_ns();
        let row = &mut state.lanes[first + lane];
        row.replica = if self.plan.topics[at].at == NONE {
            NONE
        } else {
            message.sender
        };
        row.open += 1;
        row.waiting.push_back(message);
        self.m.topics[at].stored(warm, now);
        self.m.topics[at].oldest_is(oldest, now);
        if keep_ns != u64::MAX {
            self.keeper_by(topic, now.saturating_add(keep_ns));
        }
        true
    }

    // ---- what is kept too long -----------------------------------------------------------------

    /// Sees to it that the keeper looks at that time, or before.
    pub(super) fn keeper_by(&mut self, topic: u32, at_ns: u64) {
        let state = &mut self.s.topics.topics[topic as usize];
        if at_ns < state.keeper_due_ns {
            state.keeper_due_ns = at_ns;
            let keeper = state.keeper;
            self.s.tasks[keeper as usize].step_timer =
                self.s.calendar.schedule(at_ns, Timer::Step, keeper);
        }
    }

    /// Drops what has waited too long.
    pub(crate) fn keep(&mut self, topic: u32) {
        let now = self.s.now_ns;
        let at = topic as usize;
        self.s.topics.topics[at].keeper_due_ns = u64::MAX;
        let keep_ns = self.plan.topics[at].keep_ns;
        let mut next = u64::MAX;
        for lane in 0..self.s.topics.topics[at].lanes.len() {
            while let Some(&first) = self.s.topics.topics[at].lanes[lane].waiting.front() {
                let until = first.sent_ns.saturating_add(keep_ns);
                if now < until {
                    next = next.min(until);
                    break;
                }
                let state = &mut self.s.topics.topics[at];
                state.lanes[lane].waiting.pop_front();
                state.waiting -= 1;
                self.leave(topic, lane as u32, first, Leaves::Expired);
            }
        }
        if next != u64::MAX {
            self.keeper_by(topic, next);
        }
    }

    // ---- dead letters --------------------------------------------------------------------------

    /// Puts the messages that were given up in `topic` and wait where they went since back into it, as far as it has
    /// room for them. Returns how many went.
    pub fn replay_topic(&mut self, topic: TopicId) -> u64 {
        let consumer = self.plan.topics[topic.index()].consumer;
        if consumer == NONE {
            return 0;
        }
        let then = self.plan.consumers[consumer as usize].then;
        if then == NONE {
            return 0;
        }
        let mut moved = 0;
        for lane in 0..self.s.topics.topics[then as usize].lanes.len() {
            let row = &mut self.s.topics.topics[then as usize].lanes[lane];
            let (mine, others): (Vec<Message>, Vec<Message>) = std::mem::take(&mut row.waiting)
                .into_iter()
                .partition(|m| m.from == topic.0);
            row.waiting = others.into();
            for (i, &message) in mine.iter().enumerate() {
                let fresh = Message {
                    from: NONE,
                    again: false,
                    ..message
                };
                if !self.store(topic.0, fresh) {
                    let rest = mine[i..].iter().copied();
                    let row = &mut self.s.topics.topics[then as usize].lanes[lane];
                    row.waiting.extend(rest);
                    row.waiting.make_contiguous().sort_by_key(|m| m.number);
                    break;
                }
                self.s.topics.topics[then as usize].waiting -= 1;
                self.leave(then, lane as u32, message, Leaves::Replayed);
                moved += 1;
            }
        }
        self.offer_of(topic.0);
        moved
    }
}
