//! Which replica a caller asks.
//!
//! Callers choose among the replicas they believe ready; that view lags behind the truth by the
//! readiness probe. Counts and turns are kept per calling replica.

use crate::engine::Engine;
use crate::observe::Observer;
use crate::plan::NONE;
use crate::state::PairRow;
use worstday_model::system::{Balance, Replicas};
use worstday_stats::draw::mix64;

impl<O: Observer> Engine<O> {
    /// The replica for an attempt; none if nobody is believed ready.
    #[inline(always)]
    pub(crate) fn choose_replica(&mut self, task: u32, call: u32, id: u64) -> Option<u32> {
        if self.s.tasks[task as usize].kind == crate::state::Kind::Probe {
            return Some(self.s.tasks[task as usize].worker);
        }
        let plan = &self.plan.calls[call as usize];
        let service = plan.service as usize;
        let state = &self.s.services[service];
        let hedging = self.s.tasks[task as usize].has(crate::state::flag::HEDGED);
        if plan.subset.is_none() && !hedging && state.view.len() == 1 && state.replicas.len() == 1 {
            return Some(state.view[0]);
        }
        self.choose_among(task, call, id, hedging)
    }

    fn choose_among(&mut self, task: u32, call: u32, id: u64, hedging: bool) -> Option<u32> {
        let plan = &self.plan.calls[call as usize];
        let (service, balance, key, pair) = (
            plan.service as usize,
            plan.balance,
            plan.balance_key,
            plan.pair,
        );
        let (subset, row) = (plan.subset, &self.s.tasks[task as usize]);
        let taken = if hedging { row.child_replica } else { NONE };
        let from = row.replica;
        let (zone, caller) = if from == NONE {
            (0, 0)
        } else {
            let r = &self.s.replicas[from as usize];
            (r.zone, r.number as usize)
        };
        let visit = row.visit;
        let mut turn = 0;
        if balance == Balance::RoundRobin {
            let rows = &mut self.s.pairs[pair as usize];
            if rows.len() <= caller {
                rows.resize_with(caller + 1, PairRow::default);
            }
            turn = rows[caller].turn;
            rows[caller].turn = turn.wrapping_add(1);
        }
        let services = &self.plan.services[service];
        let state = &self.s.services[service];
        let all_tried = (state.view.len() as f64) < services.panic * state.replicas.len() as f64;
        let listed = if all_tried {
            &state.replicas
        } else {
            &state.view
        };
        // The common case copies nothing.
        let filtered: Vec<u32>;
        let mut among: &[u32] = listed;
        if subset.is_some_and(|s| s != Replicas::All) || hedging || services.slow_start_ns > 0 {
            let count = state.replicas.len();
            let one = match subset {
                Some(Replicas::Any) => {
                    let drawn = self.draw(key, id ^ 1).below(count.max(1) as u64);
                    state.replicas.get(drawn as usize).copied()
                }
                Some(Replicas::One(n)) => self.numbered_replica(&state.replicas, n),
                _ => None,
            };
            filtered = listed
                .iter()
                .copied()
                .filter(|&r| {
                    let replica = &self.s.replicas[r as usize];
                    let in_subset = match subset {
                        None | Some(Replicas::All) => true,
                        Some(Replicas::One(_) | Replicas::Any) => one == Some(r),
                        Some(Replicas::Share(share)) => {
                            let place = state.replicas.iter().position(|&other| other == r);
                            place
                                .is_some_and(|place| (place as f64) < (share * count as f64).ceil())
                        }
                        Some(Replicas::Zone(z)) => replica.zone == z.0 + 1,
                    };
                    in_subset && r != taken && self.takes_part(r, key, id)
                })
                .collect();
            among = &filtered;
        }
        match among {
            [] => return None,
            [one] => return Some(*one),
            _ => {}
        }
        let mut draw = self.draw(key, id);
        let count = among.len() as u64;
        Some(match balance {
            Balance::Random => among[draw.below(count) as usize],
            Balance::RoundRobin => among[turn as usize % among.len()],
            Balance::LeastRequests => {
                let a = draw.below(count) as usize;
                let mut b = draw.below(count - 1) as usize;
                b += usize::from(a <= b);
                let rows = self.s.pairs[pair as usize].get(caller);
                let load = |r: u32| {
                    rows.map_or(0, |row| row.in_flight(self.s.replicas[r as usize].number))
                };
                if load(among[b]) < load(among[a]) {
                    among[b]
                } else {
                    among[a]
                }
            }
            Balance::ShortestQueue => {
                let inside = |r: u32| self.s.replicas[r as usize].inside;
                let least = among.iter().map(|&r| inside(r)).min().unwrap_or(0);
                let ties = among.iter().filter(|&&r| inside(r) == least).count() as u64;
                let pick = if ties == 1 {
                    0
                } else {
                    draw.below(ties) as usize
                };
                among
                    .iter()
                    .copied()
                    .filter(|&r| inside(r) == least)
                    .nth(pick)
                    .unwrap_or(among[0])
            }
            Balance::Hash(space) => {
                let value = self.key_of(space.0, visit);
                among
                    .iter()
                    .copied()
                    .max_by_key(|&r| mix64(self.s.replicas[r as usize].identity ^ mix64(value)))
                    .unwrap_or(among[0])
            }
            Balance::Nearest => {
                let near = among
                    .iter()
                    .filter(|&&r| zone != 0 && self.s.replicas[r as usize].zone == zone)
                    .count();
                if near == 0 {
                    among[draw.below(count) as usize]
                } else {
                    let pick = draw.below(near as u64) as usize;
                    among
                        .iter()
                        .copied()
                        .filter(|&r| self.s.replicas[r as usize].zone == zone)
                        .nth(pick)
                        .unwrap_or(among[0])
                }
            }
        })
    }

    /// A replica in its slow start takes part by a coin that grows with its age.
    fn takes_part(&self, replica: u32, key: u32, id: u64) -> bool {
        let row = &self.s.replicas[replica as usize];
        let slow_ns = self.plan.services[row.service as usize].slow_start_ns;
        let age = self.s.now_ns - row.ready_ns.min(self.s.now_ns);
        if slow_ns == 0 || row.ready_ns == 0 || slow_ns <= age {
            return true;
        }
        let share = (age as f64 / slow_ns as f64).max(0.1);
        self.draw(key, id ^ mix64(row.identity)).unit() < share
    }

    /// Counts an attempt of this caller at that replica, where the policy looks at it.
    #[inline(always)]
    pub(crate) fn pair_changes(&mut self, task: u32, replica: u32, by: i32) {
        let row = &self.s.tasks[task as usize];
        let plan = &self.plan.calls[row.call as usize];
        if !plan.counts {
            return;
        }
        let caller = if row.replica == NONE {
            0
        } else {
            self.s.replicas[row.replica as usize].number as usize
        };
        let rows = &mut self.s.pairs[plan.pair as usize];
        if rows.len() <= caller {
            rows.resize_with(caller + 1, PairRow::default);
        }
        rows[caller].change(self.s.replicas[replica as usize].number, by);
    }
}
