//! Runs: from the taken messages to what became of them.
//!
//! A delivery calls its handler as a caller calls a service, only that nothing travels between the two and that they
//! share one worker. When the last attempt is over its messages are done with: handled, declined, or given up to the
//! topic that `then` names. A process that ends in the middle gives its messages back, to be handed out again
//! (`commit: after`), or has lost them (`before`); one that vanishes does so when its callers learn of it.

use super::measure::Leaves;
use super::{Message, Run};
use crate::engine::Engine;
use crate::observe::{Fact, Observer};
use crate::plan::NONE;
use crate::state::{Ending, Kind, Phase, flag};
use worstday_model::system::Commit;

impl<O: Observer> Engine<O> {
    /// The messages have reached the worker that took them.
    pub(crate) fn fetched(&mut self, delivery: u32) {
        debug_assert!(
            self.s.tasks[delivery as usize].has(flag::WORKER),
            "messages are fetched by somebody"
        );
        self.wake(delivery);
    }

    /// One attempt of a run: a request begins at the handler, with the delivery's worker.
    pub(crate) fn handle(&mut self, delivery: u32, id: u64) {
        let now = self.s.now_ns;
        self.release_worker(delivery);
        let me = &mut self.s.tasks[delivery as usize];
        me.serial += 1;
        me.first_live = me.serial;
        me.phase = Phase::InCall;
        let (call, number, serial) = (me.call, me.attempt, me.serial);
        let run = me.worker as usize;
        if number == 1 && self.s.topics.runs[run].messages.iter().any(|m| m.again) {
            self.s.tasks[delivery as usize].flags |= flag::EXECUTED;
        }
        let child = self.new_task(Kind::Request);
        let me = self.s.tasks[delivery as usize];
        let plan = &self.plan.calls[call as usize];
        let (endpoint, series) = (plan.target, plan.series as usize);
        let service = self.plan.endpoints[endpoint as usize].service as usize;
        if me.has(flag::COUNTED) {
            self.m.calls[series].attempts += 1;
            self.m.calls[series].retries += u64::from(number != 1);
        }
        self.observer.on(
            now,
            Fact::AttemptSent {
                call: series as u32,
                caller: me.identity,
                attempt: number,
                visit: me.visit,
                task: delivery,
                child,
                request: id,
            },
        );
        let counted = self.m.request_arrived(service, endpoint as usize, now);
        let row = &mut self.s.tasks[child as usize];
        (row.owner, row.replica) = (endpoint, me.replica);
        (row.caller, row.caller_serial, row.by_call) = (delivery, serial, call);
        (row.identity, row.visit) = (id, me.visit);
        (row.client, row.priority) = (me.client, me.priority);
        row.arrived_ns = now;
        row.flags = flag::INSIDE | flag::HANDLER | if counted { flag::COUNTED } else { 0 };
        let generation = row.generation;
        let me = &mut self.s.tasks[delivery as usize];
        (me.child, me.child_generation, me.child_replica) = (child, generation, me.replica);
        let replica = &mut self.s.replicas[me.replica as usize];
        replica.inside += 1;
        let number = replica.number;
        self.observer.on(
            now,
            Fact::RequestArrived {
                endpoint,
                replica: number,
                request: id,
            },
        );
        self.begin_service(child);
    }

    /// A request at a handler is over: its worker is the delivery's again, if that still waits.
    pub(crate) fn handler_done(&mut self, task: u32) {
        let row = &self.s.tasks[task as usize];
        let (delivery, serial) = (row.caller, row.caller_serial);
        if self.awaits(delivery, serial) {
            self.hold_worker(delivery);
        }
    }

    /// A run is over.
    pub(crate) fn delivery_done(&mut self, delivery: u32, ending: Ending) {
        let row = &self.s.tasks[delivery as usize];
        let (run, replica) = (row.worker, row.replica);
        self.release_worker(delivery);
        self.free_task(delivery);
        let run = self.end_run(run);
        let leaves = match ending {
            Ending::Ok | Ending::Degraded => Leaves::Handled,
            Ending::Declined => Leaves::Declined,
            Ending::Error | Ending::Rejected | Ending::Timeout => Leaves::Dead,
            // Its worker is gone, or it was stopped: nobody knows how far it came.
            Ending::Refused | Ending::Dropped => {
                self.back_to_the_topic(&run);
                return self.served(replica as usize);
            }
        };
        let plan = &self.plan.consumers[run.consumer as usize];
        let (topic, then) = (plan.topic, plan.then);
        for &message in &run.messages {
            self.leave(topic, run.lane, message, leaves);
        }
        self.s.topics.topics[topic as usize].lanes[run.lane as usize].held = false;
        if leaves == Leaves::Dead && then != NONE {
            for &message in &run.messages {
                let dead = Message {
                    again: false,
                    from: topic,
                    // What is an outbox of the consumer lies on the replica that gave it up.
                    sender: if self.plan.topics[then as usize].at == NONE {
                        message.sender
                    } else {
                        replica
                    },
                    ..message
                };
                self.store(then, dead);
            }
        }
        self.served(replica as usize);
        // The partition may have been dealt to somebody else meanwhile.
        if self.plan.topics[topic as usize].ordered {
            self.offer(run.consumer);
        }
        if leaves == Leaves::Dead && then != NONE {
            self.offer_of(then);
        }
    }

    fn end_run(&mut self, run: u32) -> Run {
        self.s.topics.free_runs.push(run);
        std::mem::take(&mut self.s.topics.runs[run as usize])
    }

    /// A message is done with.
    pub(super) fn leave(&mut self, topic: u32, lane: u32, message: Message, leaves: Leaves) {
        let now = self.s.now_ns;
        let at = topic as usize;
        let state = &mut self.s.topics.topics[at];
        state.lanes[lane as usize].open -= 1;
        state.close(message.number);
        let oldest = state.oldest_ns();
        let (counted, sent) = (message.counted, message.sent_ns);
        self.m.topics[at].left(leaves, counted, sent, now);
        self.m.topics[at].oldest_is(oldest, now);
        if !counted {
            return;
        }
        let value = self.value_of(message.client, message.visit);
        let money = &mut self.m.topics[at];
        match leaves {
            Leaves::Handled | Leaves::Replayed => {}
            Leaves::Declined => money.declined_money += value,
            Leaves::Dead | Leaves::Expired | Leaves::Lost => money.lost_money += value,
        }
        self.judges.message_left(at, leaves, sent, now - sent);
    }

    // ---- processes that end --------------------------------------------------------------------

    /// A delivery whose process has ended, or is believed to have.
    pub(crate) fn delivery_killed(&mut self, delivery: u32, silent: bool) {
        let run = self.s.tasks[delivery as usize].worker;
        self.release_worker(delivery);
        self.free_task(delivery);
        if silent {
            self.s.topics.runs[run as usize].parked = true;
        } else {
            let run = self.end_run(run);
            self.back_to_the_topic(&run);
        }
    }

    /// Nobody commits these: they are handed out again, or were done with when they were taken.
    fn back_to_the_topic(&mut self, run: &Run) {
        let plan = &self.plan.consumers[run.consumer as usize];
        let (topic, commit) = (plan.topic, plan.commit);
        let at = topic as usize;
        self.s.topics.topics[at].lanes[run.lane as usize].held = false;
        for &message in run.messages.iter().rev() {
            if commit == Commit::Before {
                self.leave(topic, run.lane, message, Leaves::Lost);
                continue;
            }
            let state = &mut self.s.topics.topics[at];
            let line = &mut state.lanes[run.lane as usize].waiting;
            let place = line.partition_point(|m| m.number < message.number);
            let message = Message {
                again: true,
                asked: message.asked + 1,
                ..message
            };
            line.insert(place, message);
            state.waiting += 1;
            let keep_ns = self.plan.topics[at].keep_ns;
            if keep_ns != u64::MAX {
                let until = message.sent_ns.saturating_add(keep_ns);
                self.keeper_by(topic, until.max(self.s.now_ns));
            }
        }
        // Not at once: the process that gives them back may still look alive in this instant.
        self.clerk_by(run.consumer, self.s.now_ns);
    }

    /// A replica has dropped out of view, or starts again: what it had in hand is given to others. If it
    /// runs on all the same, nobody takes its word for it any more.
    pub(crate) fn revoke(&mut self, replica: u32) {
        for task in 0..self.s.tasks.len() as u32 {
            let row = &self.s.tasks[task as usize];
            if row.kind == Kind::Delivery && row.replica == replica {
                self.kill(task, false);
            }
        }
        for run in 0..self.s.topics.runs.len() as u32 {
            let row = &self.s.topics.runs[run as usize];
            if row.parked && row.replica == replica {
                let run = self.end_run(run);
                self.back_to_the_topic(&run);
            }
        }
    }

    /// Messages that are in somebody's hands, or believed to be.
    pub(crate) fn in_hand(&self) -> impl Iterator<Item = (u32, &Message)> {
        let consumers = &self.plan.consumers;
        self.s.topics.runs.iter().flat_map(move |run| {
            run.messages
                .iter()
                .map(move |m| (consumers[run.consumer as usize].topic, m))
        })
    }

    /// A poisoned key spoils a batch if it is that of any of its messages.
    pub(crate) fn visits_of_handled(&self, task: u32) -> Option<impl Iterator<Item = u64>> {
        let row = &self.s.tasks[task as usize];
        let handles = row.has(flag::HANDLER) && self.awaits(row.caller, row.caller_serial);
        handles.then(|| {
            let run = self.s.tasks[row.caller as usize].worker;
            self.s.topics.runs[run as usize]
                .messages
                .iter()
                .map(|m| m.visit)
        })
    }
}
