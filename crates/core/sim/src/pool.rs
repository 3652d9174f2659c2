//! Pools: permits, first come first served, per replica, per service, or one pool per key.
//!
//! Whoever waits may give up after `wait`; a full waiting room refuses at once. Tasks that wait
//! stand in the line with their generation, so one that left is simply passed over.

use crate::calendar::Kind as Timer;
use crate::engine::{Engine, Flow};
use crate::observe::{Doing, Observer};
use crate::plan::NONE;
use crate::state::{Ending, Frame, Permits, Phase, flag};
use worstday_model::system::Order;
use worstday_stats::draw::entity;

/// How asking for a permit ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Acquired {
    Now,
    Later,
    Refused,
}

impl<O: Observer> Engine<O> {
    /// The key of a space that a visit draws: the same for whoever asks.
    pub(crate) fn key_of(&self, space: u32, visit: u64) -> u64 {
        let row = &self.plan.system.keys[space as usize];
        let draw = self.draw_of(entity(&row.name), crate::plan::purpose::KEY, visit);
        crate::keys::draw_key(row, draw)
    }

    pub(crate) fn instance_of(&self, task: u32, pool: u32) -> (u32, u64) {
        let plan = &self.plan.pools[pool as usize];
        let row = &self.s.tasks[task as usize];
        let instance = if plan.per_replica && row.replica != NONE {
            self.s.replicas[row.replica as usize].number
        } else {
            0
        };
        let key = if plan.keys == NONE {
            u64::MAX
        } else {
            self.key_of(plan.keys, row.visit)
        };
        (instance, key)
    }

    pub(crate) fn permits(&mut self, pool: u32, instance: u32, key: u64) -> &mut Permits {
        let plan = &self.plan.pools[pool as usize];
        let order = plan.order;
        let classes = self.plan.system.priorities.len();
        if key != u64::MAX {
            return self
                .s
                .keyed
                .entry((pool, instance, key))
                .or_insert_with(|| Permits::new(order, classes));
        }
        let rows = &mut self.s.pools[pool as usize];
        while rows.len() <= instance as usize {
            rows.push(Permits::new(order, classes));
        }
        &mut rows[instance as usize]
    }

    fn ask(&mut self, task: u32, pool: u32, phase: Phase) -> (Acquired, u32, u64) {
        let now = self.s.now_ns;
        let (instance, key) = self.instance_of(task, pool);
        let plan = &self.plan.pools[pool as usize];
        let (size, wait_ns, queue) = (plan.size, plan.wait_ns, plan.queue);
        let row = &self.s.tasks[task as usize];
        let (generation, priority, counted) = (
            row.generation,
            usize::from(row.priority),
            row.has(flag::COUNTED),
        );
        let permits = self.permits(pool, instance, key);
        let series_wait = permits.waiting == 0 && permits.used + permits.taken < size;
        if series_wait {
            permits.used += 1;
            let series = &mut self.m.pools[pool as usize];
            series.touch(now);
            series.used += 1;
            if counted {
                series.granted += 1;
                series.wait.add(0);
            }
            return (Acquired::Now, instance, key);
        }
        if wait_ns == Some(0) || queue <= permits.waiting {
            if counted {
                self.m.pools[pool as usize].rejected += 1;
            }
            return (Acquired::Refused, instance, key);
        }
        permits.waiting += 1;
        let class = priority.min(permits.line.len() - 1);
        permits.line[class].push_back((task, generation));
        let series = &mut self.m.pools[pool as usize];
        series.touch(now);
        series.queue += 1;
        let row = &mut self.s.tasks[task as usize];
        row.phase = phase;
        row.due_ns = now;
        self.began(task, Doing::Permit);
        if let Some(wait_ns) = wait_ns {
            let at = now.saturating_add(wait_ns);
            self.s.tasks[task as usize].step_timer =
                self.s.calendar.schedule(at, Timer::WaitOver, task);
        }
        (Acquired::Later, instance, key)
    }

    /// A `hold` step.
    pub(crate) fn hold(&mut self, task: u32, pool: u32) -> Flow {
        let (acquired, instance, key) = self.ask(task, pool, Phase::WaitingToHold);
        match acquired {
            Acquired::Now => {
                self.push_frame(
                    task,
                    Frame::Hold {
                        pool,
                        instance,
                        key,
                    },
                );
                Flow::On
            }
            Acquired::Later => Flow::Stop,
            Acquired::Refused => {
                self.hold_refused(task);
                Flow::Stop
            }
        }
    }

    /// No permit for a `hold`: the step fails as `rejected`.
    pub(crate) fn hold_refused(&mut self, task: u32) {
        let ending = self.ending_of_failed_step(task, Ending::Rejected);
        self.end_task(task, ending);
    }

    /// A permit around an attempt of the present call.
    pub(crate) fn acquire_for_call(&mut self, task: u32, pool: u32) -> Acquired {
        let (acquired, _, _) = self.ask(task, pool, Phase::WaitingForPool);
        if acquired == Acquired::Now {
            self.s.tasks[task as usize].flags |= flag::PERMIT;
        }
        acquired
    }

    /// The attempt is over: its permit goes back.
    #[inline(always)]
    pub(crate) fn release_call_pool(&mut self, task: u32) {
        let row = &mut self.s.tasks[task as usize];
        if row.has(flag::PERMIT) {
            row.flags &= !flag::PERMIT;
            let pool = self.plan.calls[row.call as usize].pool;
            let (instance, key) = self.instance_of(task, pool);
            self.give_back(pool, instance, key);
        }
    }

    /// Returns a permit and hands it to the next in line.
    pub(crate) fn give_back(&mut self, pool: u32, instance: u32, key: u64) {
        let now = self.s.now_ns;
        let permits = self.permits(pool, instance, key);
        permits.used -= 1;
        let series = &mut self.m.pools[pool as usize];
        series.touch(now);
        series.used -= 1;
        self.grant_waiting(pool, instance, key);
    }

    /// Hands free permits to those who wait.
    pub(crate) fn grant_waiting(&mut self, pool: u32, instance: u32, key: u64) {
        let now = self.s.now_ns;
        let plan = &self.plan.pools[pool as usize];
        let (size, order) = (plan.size, plan.order);
        loop {
            let permits = self.permits(pool, instance, key);
            if permits.waiting == 0 || size <= permits.used + permits.taken {
                break;
            }
            let Some(class) = permits.line.iter().position(|c| !c.is_empty()) else {
                break;
            };
            let next = if order == Order::Lifo {
                permits.line[class].pop_back()
            } else {
                permits.line[class].pop_front()
            };
            let Some((task, generation)) = next else {
                break;
            };
            let row = &self.s.tasks[task as usize];
            let waits = row.generation == generation
                && matches!(row.phase, Phase::WaitingToHold | Phase::WaitingForPool)
                && self.waits_in(task, pool, instance, key);
            if !waits {
                continue;
            }
            let permits = self.permits(pool, instance, key);
            permits.waiting -= 1;
            permits.used += 1;
            let row = &mut self.s.tasks[task as usize];
            row.step_timer = 0;
            let (phase, since, counted) = (row.phase, row.due_ns, row.has(flag::COUNTED));
            let series = &mut self.m.pools[pool as usize];
            series.touch(now);
            series.queue -= 1;
            series.used += 1;
            if counted {
                series.granted += 1;
                series.wait.add(now - since);
            }
            if phase == Phase::WaitingToHold {
                self.push_frame(
                    task,
                    Frame::Hold {
                        pool,
                        instance,
                        key,
                    },
                );
                self.wake(task);
            } else {
                self.s.tasks[task as usize].flags |= flag::PERMIT;
                self.pool_granted(task);
            }
        }
        if key != u64::MAX {
            let permits = self.permits(pool, instance, key);
            if permits.used == 0 && permits.waiting == 0 && permits.taken == 0 {
                self.s.keyed.remove(&(pool, instance, key));
            }
        }
    }

    /// Whether that is the pool a waiting task waits for: its generation alone does not tell, for it may
    /// have left one line and entered another.
    fn waits_in(&self, task: u32, pool: u32, instance: u32, key: u64) -> bool {
        self.pool_waited_for(task) == Some(pool) && self.instance_of(task, pool) == (instance, key)
    }

    fn pool_waited_for(&self, task: u32) -> Option<u32> {
        let row = &self.s.tasks[task as usize];
        match row.phase {
            Phase::WaitingForPool => Some(self.plan.calls[row.call as usize].pool),
            Phase::WaitingToHold => match self.plan.ops[row.pc as usize - 1] {
                crate::plan::Op::Hold { pool } => Some(pool),
                _ => None,
            },
            _ => None,
        }
    }

    /// A task stops waiting for a permit.
    pub(crate) fn leave_pool_line(&mut self, task: u32) {
        let Some(pool) = self.pool_waited_for(task) else {
            return;
        };
        let now = self.s.now_ns;
        let (instance, key) = self.instance_of(task, pool);
        let generation = self.s.tasks[task as usize].generation;
        let permits = self.permits(pool, instance, key);
        permits.waiting -= 1;
        for class in &mut permits.line {
            class.retain(|&entry| entry != (task, generation));
        }
        let series = &mut self.m.pools[pool as usize];
        series.touch(now);
        series.queue -= 1;
        let row = &mut self.s.tasks[task as usize];
        if row.has(flag::COUNTED) {
            series.rejected += 1;
        }
        row.step_timer = 0;
    }
}
