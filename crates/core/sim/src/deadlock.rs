//! Deadlocks: requests that hold permits and wait for each other in a ring, of whatever length, for ever.
//!
//! A pool is stuck if all of its permits are held by requests that wait, without a limit, for a permit of a stuck pool.
//! The largest such set is what remains when pools that are not stuck are taken away until nothing changes; a request
//! that still works, or gives up waiting, frees all that wait for it. Looked for once, at the end of a run.

use crate::engine::Engine;
use crate::observe::Observer;
use crate::plan::{NONE, Op};
use crate::state::{Frame, Phase};
use std::collections::{BTreeMap, BTreeSet};

/// A pool of a replica, or of a key.
type Place = (u32, u32, u64);

/// A request that waits: for what, and what it holds meanwhile, once per permit.
struct Waits {
    wanted: Place,
    held: Vec<Place>,
}

impl<O: Observer> Engine<O> {
    /// Each ring in words, in the order of the pools.
    pub(crate) fn deadlocks(&self) -> Vec<String> {
        let waits = self.waits_without_limit();
        let stuck = self.stuck(&waits);
        let next: BTreeMap<Place, Place> = waits
            .iter()
            .rev()
            .filter(|one| stuck.contains(&one.wanted))
            .flat_map(|one| one.held.iter().map(|held| (*held, one.wanted)))
            .collect();
        let mut seen = BTreeSet::new();
        let mut found = Vec::new();
        for &first in &stuck {
            let mut way = Vec::new();
            let mut at = first;
            while seen.insert(at) {
                way.push(at);
                at = next[&at];
            }
            if let Some(begins) = way.iter().position(|&place| place == at) {
                found.push(self.ring_in_words(&way[begins..]));
            }
        }
        found
    }

    fn waits_without_limit(&self) -> Vec<Waits> {
        let mut all = Vec::new();
        for task in 0..self.s.tasks.len() as u32 {
            let row = &self.s.tasks[task as usize];
            if row.phase != Phase::WaitingToHold {
                continue;
            }
            let Op::Hold { pool } = self.plan.ops[row.pc as usize - 1] else {
                continue;
            };
            if self.plan.pools[pool as usize].wait_ns.is_some() {
                continue;
            }
            let (instance, key) = self.instance_of(task, pool);
            let mut held = Vec::new();
            let mut at = row.frames;
            while at != NONE {
                let row = &self.s.frames[at as usize];
                if let Frame::Hold {
                    pool,
                    instance,
                    key,
                } = row.frame
                {
                    held.push((pool, instance, key));
                }
                at = row.outer;
            }
            all.push(Waits {
                wanted: (pool, instance, key),
                held,
            });
        }
        all
    }

    fn stuck(&self, waits: &[Waits]) -> BTreeSet<Place> {
        let mut stuck: BTreeSet<Place> = waits.iter().map(|one| one.wanted).collect();
        loop {
            let mut held: BTreeMap<Place, u64> = BTreeMap::new();
            for one in waits.iter().filter(|one| stuck.contains(&one.wanted)) {
                for place in &one.held {
                    *held.entry(*place).or_default() += 1;
                }
            }
            let before = stuck.len();
            stuck.retain(|place| {
                let size = self.plan.pools[place.0 as usize].size;
                held.get(place).is_some_and(|&held| size <= held)
            });
            if stuck.len() == before {
                return stuck;
            }
        }
    }

    fn ring_in_words(&self, ring: &[Place]) -> String {
        let names: Vec<&str> = ring
            .iter()
            .map(|place| self.base.pools[place.0 as usize].name.as_str())
            .collect();
        match names.as_slice() {
            [one] => format!("{one}: all of it is held by requests that wait for more of it"),
            [one, other] => {
                format!("{one} and {other}: each is held by requests that wait for the other")
            }
            [all @ .., last] => format!(
                "{} and {last}: each is held by requests that wait for the next, the last for the first",
                all.join(", ")
            ),
            [] => String::new(),
        }
    }
}
