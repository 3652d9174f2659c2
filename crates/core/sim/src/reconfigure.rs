//! Edits that come into force at run time: the file reads differently from now on.
//!
//! The edited system has the same entities. Its code is compiled behind the old one, so what is under
//! way finishes what it began and what starts takes the new lines. Numbers take effect at once:
//! replicas start or stop, permits and workers grow or run out.

use crate::engine::Engine;
use crate::observe::Observer;
use crate::state::Life;
use std::sync::Arc;
use worstday_model::system::EditId;

impl<O: Observer> Engine<O> {
    /// The set of edits in force has changed.
    pub(crate) fn edits_change(&mut self) {
        let active = self.edits_in_force();
        if self.compiled.last().is_some_and(|last| *last == active) {
            return;
        }
        self.compiled.push(active.clone());
        self.recompile(&active);
        self.fit_tables();
        self.resize_services();
        for pool in 0..self.plan.pools.len() as u32 {
            for instance in 0..self.s.pools[pool as usize].len() as u32 {
                self.grant_waiting(pool, instance, u64::MAX);
            }
        }
    }

    /// Compiles the system with these edits onto the plan.
    pub(crate) fn recompile(&mut self, active: &[u32]) {
        let ids: Vec<EditId> = active.iter().map(|&e| EditId(e)).collect();
        let system = if ids.is_empty() {
            Arc::clone(&self.base)
        } else {
            self.editing.edited(&ids)
        };
        self.plan.edited(&system);
    }

    fn resize_services(&mut self) {
        for service in 0..self.plan.services.len() {
            let wanted = self.plan.services[service].replicas as usize;
            let alive: Vec<u32> = self.s.services[service]
                .replicas
                .iter()
                .copied()
                .filter(|&r| {
                    !matches!(
                        self.s.replicas[r as usize].life,
                        Life::Stopping | Life::Stopped
                    )
                })
                .collect();
            for _ in alive.len()..wanted {
                let replica = self.new_replica(service as u32, Life::Starting);
                self.s.replicas[replica as usize].in_view = false;
                self.start_replica(replica);
            }
            // The youngest go first, as a deployment scales down.
            for &replica in alive.iter().skip(wanted).rev() {
                self.stop_replica(replica);
            }
            let cores = self.plan.services[service].cores;
            let asked = self.plan.services[service].asked;
            for replica in self.s.services[service].replicas.clone() {
                self.cores_change(replica, cores);
                self.asks_for(replica, asked);
                self.serve_next(replica as usize);
            }
        }
    }

    fn cores_change(&mut self, replica: u32, cores: Option<f64>) {
        let now = self.s.now_ns;
        let at = replica as usize;
        let service = self.s.replicas[at].service as usize;
        if let (Some(cpu), Some(cores)) = (&mut self.s.replicas[at].cpu, cores)
            && cpu.cores != cores
        {
            self.m.services[service].cores_area += cpu.advance(now);
            cpu.cores = cores;
            self.arm_cores(at);
        }
    }
}
