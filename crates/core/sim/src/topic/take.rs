//! Taking: which worker gets which message, and when.
//!
//! A worker that is free takes whatever has waited longest at its replica or in a topic of its service: the request of its
//! queue that came first against the message that was stored first; of two of one instant, the request. A message is
//! looked past while its consumer's flag is down or its `rate` holds it back, its batch may still fill, its partition is in hand or dealt to
//! somebody else, or the way from where it lies is cut; when time alone ends that, the consumer's clerk looks again.

use super::{Message, Run};
use crate::calendar::Kind as Timer;
use crate::engine::Engine;
use crate::fault::{At, EndRow};
use crate::link::Way;
use crate::observe::Observer;
use crate::plan::NONE;
use crate::state::{Kind, Life, Phase, flag};
use worstday_stats::draw::identity;

/// After a message was lost on its way to a consumer, it is asked for again after this long.
const ASK_AGAIN_NS: u64 = 1_000_000_000;

/// A message that may be taken: when it was stored, whose consumer takes it, and from which lane.
type Found = (u64, u32, u32);

impl<O: Observer> Engine<O> {
    fn has_free_worker(&self, replica: u32) -> bool {
        let row = &self.s.replicas[replica as usize];
        let workers = self.plan.services[row.service as usize].workers;
        row.effects.stalled == 0
            && matches!(row.life, Life::Up | Life::Stopping)
            && row.busy.saturating_add(row.lost_workers) < workers
    }

    /// Hands free workers of a replica whose service handles messages to those who wait, and to messages.
    pub(crate) fn serve_or_take(&mut self, at: usize) {
        while self.has_free_worker(at as u32) {
            let message = self.next_message(at as u32);
            let request = self.next_request(at);
            match (request, message) {
                (None, None) => return,
                (Some(came), Some((stored, ..))) if came <= stored => {
                    self.hand_out(at);
                }
                (Some(_), None) => {
                    self.hand_out(at);
                }
                (_, Some((_, consumer, lane))) => self.take(at as u32, consumer, lane),
            }
        }
    }

    /// Messages that nobody has been free for may be taken now.
    pub(crate) fn offer(&mut self, consumer: u32) {
        let plan = &self.plan.consumers[consumer as usize];
        let service = plan.service as usize;
        let topic = plan.topic as usize;
        let count = self.s.services[service].replicas.len();
        let first = self.s.topics.consumers[consumer as usize].turn as usize;
        for i in 0..count {
            if self.s.topics.topics[topic].waiting == 0 {
                return;
            }
            // Taking a message may stop a replica for good.
            let replicas = &self.s.services[service].replicas;
            let Some(&replica) = replicas.get((first + i) % count.max(1)) else {
                continue;
            };
            if self.has_free_worker(replica) {
                let before = self.s.topics.topics[topic].waiting;
                self.serve_or_take(replica as usize);
                if self.s.topics.topics[topic].waiting < before {
                    let next = (first + i + 1) % count;
                    self.s.topics.consumers[consumer as usize].turn = next as u32;
                }
            }
        }
    }

    /// The same for the consumer of a topic, if it has one.
    pub(crate) fn offer_of(&mut self, topic: u32) {
        let consumer = self.plan.topics[topic as usize].consumer;
        if consumer != NONE {
            self.offer(consumer);
        }
    }

    /// A flag went up: what waited for it may be taken.
    pub(crate) fn offer_behind(&mut self, flag: u32) {
        for consumer in 0..self.plan.consumers.len() {
            let waits_for = self.plan.consumers[consumer].only_if;
            if waits_for.is_some_and(|waits_for| waits_for.0 == flag) {
                self.offer(consumer as u32);
            }
        }
    }

    /// Something that kept messages from being taken is over: a fault on links, a dead sender.
    pub(crate) fn offer_all(&mut self) {
        for consumer in 0..self.s.topics.consumers.len() {
            self.offer(consumer as u32);
        }
    }

    /// A replica of a service runs again: what lies on its disk can be read.
    pub(crate) fn outboxes_are_back(&mut self, service: usize) {
        for topic in 0..self.plan.topics.len() {
            if self.plan.topics[topic].at == service as u32 {
                self.offer_of(topic as u32);
            }
        }
    }

    /// Sees to it that a consumer's clerk looks at that time, or before.
    pub(crate) fn clerk_by(&mut self, consumer: u32, at_ns: u64) {
        let state = &mut self.s.topics.consumers[consumer as usize];
        if at_ns < state.clerk_due_ns {
            state.clerk_due_ns = at_ns;
            let clerk = state.clerk;
            self.s.tasks[clerk as usize].step_timer =
                self.s.calendar.schedule(at_ns, Timer::Step, clerk);
        }
    }

    /// A clerk's or a keeper's time has come.
    pub(crate) fn clerk(&mut self, task: u32) {
        let topics = &self.s.topics;
        if let Some(topic) = topics.topics.iter().position(|t| t.keeper == task) {
            return self.keep(topic as u32);
        }
        if let Some(consumer) = topics.consumers.iter().position(|c| c.clerk == task) {
            self.s.topics.consumers[consumer].clerk_due_ns = u64::MAX;
            self.offer(consumer as u32);
        }
    }

    /// The message of its service's topics that has waited longest and may be taken by this replica.
    fn next_message(&mut self, replica: u32) -> Option<Found> {
        let row = &self.s.replicas[replica as usize];
        if row.life != Life::Up {
            return None;
        }
        let service = row.service as usize;
        let mut best: Option<Found> = None;
        for i in 0..self.plan.services[service].consumers.len() {
            let consumer = self.plan.services[service].consumers[i];
            if let Some(found) = self.next_of(replica, consumer)
                && best.is_none_or(|best| found.0 < best.0)
            {
                best = Some(found);
            }
        }
        best
    }

    fn next_of(&mut self, replica: u32, consumer: u32) -> Option<Found> {
        let now = self.s.now_ns;
        let plan = &self.plan.consumers[consumer as usize];
        let state = &self.s.topics.consumers[consumer as usize];
        let topic = &self.s.topics.topics[plan.topic as usize];
        if topic.waiting == 0 || plan.only_if.is_some_and(|flag| !self.s.flags[flag.index()]) {
            return None;
        }
        let closed_until = state.next_ns.max(state.stopped_until_ns);
        if now < closed_until {
            self.clerk_by(consumer, closed_until);
            return None;
        }
        let ordered = self.plan.topics[plan.topic as usize].ordered;
        let (first, step) = if ordered {
            let mine = state.dealt.iter().position(|&r| r == replica)?;
            (mine, state.dealt.len())
        } else {
            (0, 1)
        };
        let mut look_again = u64::MAX;
        let mut best: Option<Found> = None;
        for at in (first..topic.lanes.len()).step_by(step) {
            let lane = &topic.lanes[at];
            let Some(front) = lane.waiting.front() else {
                continue;
            };
            if lane.held || best.is_some_and(|best| best.0 <= front.sent_ns) {
                continue;
            }
            let full = plan.batch as usize <= lane.waiting.len();
            let ready_ns = if full {
                lane.again_ns
            } else {
                lane.again_ns
                    .max(front.sent_ns.saturating_add(plan.within_ns))
            };
            if now < ready_ns {
                look_again = look_again.min(ready_ns);
            } else if self.is_within_reach(consumer, lane.replica, replica) {
                best = Some((front.sent_ns, consumer, at as u32));
            }
        }
        if look_again != u64::MAX {
            self.clerk_by(consumer, look_again);
        }
        best
    }

    /// Whether a message that lies at `from` (`NONE`: at a broker) can set out for a replica now.
    fn is_within_reach(&self, consumer: u32, from: u32, to: u32) -> bool {
        if from != NONE {
            let sender = &self.s.replicas[from as usize];
            // Its disk is read by its process; one that was stopped in good order leaves it readable.
            let reads = matches!(sender.life, Life::Up | Life::Stopping | Life::Stopped);
            if !reads || sender.effects.stalled > 0 {
                return false;
            }
        }
        if !self.disturbances.on_links {
            return true;
        }
        let path = self.path_to(consumer, from, to);
        let cut = |link: &u32| self.s.links[2 * *link as usize].effects.cut > 0;
        !self.plan.paths[path].links.iter().any(cut)
            && self
                .disturbances
                .path_effects(self.ends_to(consumer, from, to))
                .cut
                == 0
    }

    fn zone_of(&self, replica: u32) -> u32 {
        if replica == NONE {
            0
        } else {
            self.s.replicas[replica as usize].zone
        }
    }

    fn path_to(&self, consumer: u32, from: u32, to: u32) -> usize {
        let (from, to) = (self.zone_of(from), self.zone_of(to));
        let first = self.plan.consumers[consumer as usize].paths;
        (first + from * self.plan.zone_count() + to) as usize
    }

    fn ends_to(&self, consumer: u32, from: u32, to: u32) -> (At, At) {
        let plan = &self.plan.consumers[consumer as usize];
        let sender = At {
            who: EndRow::new(plan.from),
            zone: self.zone_of(from),
        };
        let taker = At {
            who: EndRow::Service(plan.service),
            zone: self.zone_of(to),
        };
        (sender, taker)
    }

    /// A free worker takes a batch of a lane; the messages set out for it.
    fn take(&mut self, replica: u32, consumer: u32, lane: u32) {
        let now = self.s.now_ns;
        let plan = &self.plan.consumers[consumer as usize];
        let (topic, batch, rate, pc) = (plan.topic as usize, plan.batch, plan.rate, plan.pc);
        let row = &self.s.topics.topics[topic].lanes[lane as usize];
        let count = row.waiting.len().min(batch as usize);
        let (from, first) = (row.replica, row.waiting[0]);
        let id = identity(first.identity, u64::from(first.asked));
        let size = row.waiting.iter().take(count).map(|m| m.size_bytes).sum();
        let path = self.path_to(consumer, from, replica);
        let constant_ns = self.plan.paths[path].constant_ns;
        let delay = if !self.disturbances.on_links && constant_ns != u64::MAX {
            Some(constant_ns)
        } else {
            let ends = self.ends_to(consumer, from, replica);
            self.cross_path(id, size, path, ends, Way::There)
        };
        let Some(delay_ns) = delay else {
            let again = now.saturating_add(ASK_AGAIN_NS);
            let row = &mut self.s.topics.topics[topic].lanes[lane as usize];
            row.again_ns = again;
            row.waiting[0].asked += 1;
            return self.clerk_by(consumer, again);
        };
        let ordered = self.plan.topics[topic].ordered;
        let state = &mut self.s.topics.topics[topic];
        let row = &mut state.lanes[lane as usize];
        let messages: Vec<Message> = row.waiting.drain(..count).collect();
        row.held = ordered;
        state.waiting -= count as u64;
        if let Some(rate) = rate {
            let gap = (count as f64 * 1e9 / rate).round_ties_even() as u64;
            let next = &mut self.s.topics.consumers[consumer as usize].next_ns;
            *next = now.saturating_add(gap);
        }
        for message in &messages {
            if message.counted {
                self.m.topics[topic].wait.add(now - message.sent_ns);
            }
            if message.again {
                self.m.topics[topic].duplicate(message.counted);
                if message.counted {
                    self.judges.message_again(topic, message.sent_ns, now);
                }
            }
        }
        let run = self.new_run(Run {
            messages,
            consumer,
            lane,
            replica,
            parked: false,
        });
        let delivery = self.new_task(Kind::Delivery);
        let row = &mut self.s.tasks[delivery as usize];
        (row.owner, row.worker, row.pc) = (consumer, run, pc);
        row.replica = replica;
        (row.identity, row.visit) = (id, first.visit);
        (row.client, row.priority) = (first.client, first.priority);
        row.flags = if first.counted { flag::COUNTED } else { 0 };
        self.hold_worker(delivery);
        if delay_ns == 0 {
            self.wake(delivery);
        } else {
            let at = now.saturating_add(delay_ns);
            let timer = self.s.calendar.schedule(at, Timer::Step, delivery);
            let row = &mut self.s.tasks[delivery as usize];
            (row.phase, row.step_timer) = (Phase::Fetching, timer);
        }
    }

    fn new_run(&mut self, run: Run) -> u32 {
        let topics = &mut self.s.topics;
        if let Some(slot) = topics.free_runs.pop() {
            topics.runs[slot as usize] = run;
            return slot;
        }
        topics.runs.push(run);
        topics.runs.len() as u32 - 1
    }

    // ---- the worker ----------------------------------------------------------------------------

    /// A delivery holds a worker of its replica.
    pub(crate) fn hold_worker(&mut self, delivery: u32) {
        let row = &mut self.s.tasks[delivery as usize];
        row.flags |= flag::WORKER;
        let replica = &mut self.s.replicas[row.replica as usize];
        replica.busy += 1;
        replica.inside += 1;
        let service = replica.service as usize;
        self.m.services[service].levels.busy.rise(self.s.now_ns);
    }

    /// It gives it back, or to the request at its handler.
    pub(crate) fn release_worker(&mut self, delivery: u32) {
        let row = &mut self.s.tasks[delivery as usize];
        if !row.has(flag::WORKER) {
            return;
        }
        row.flags &= !flag::WORKER;
        let replica = &mut self.s.replicas[row.replica as usize];
        replica.busy -= 1;
        replica.inside -= 1;
        let service = replica.service as usize;
        self.m.services[service].levels.busy.fall(self.s.now_ns);
    }

    // ---- partitions ----------------------------------------------------------------------------

    /// The callers' view of a service that handles messages has changed: partitions are dealt anew.
    pub(crate) fn consumers_changed(&mut self, service: usize) {
        for i in 0..self.plan.services[service].consumers.len() {
            let consumer = self.plan.services[service].consumers[i];
            let topic = self.plan.consumers[consumer as usize].topic as usize;
            let view = &self.s.services[service].view;
            let state = &mut self.s.topics.consumers[consumer as usize];
            if state.dealt == *view {
                continue;
            }
            state.dealt.clone_from(view);
            if !self.plan.topics[topic].ordered {
                continue;
            }
            state.rebalances += 1;
            let times = state.rebalances;
            let plan = &self.plan.topics[topic];
            let takes = self.sample_ns(plan.rebalance, plan.rebalance_key, times);
            let until = self.s.now_ns.saturating_add(takes);
            self.s.topics.consumers[consumer as usize].stopped_until_ns = until;
            self.clerk_by(consumer, until);
        }
    }
}
