//! Edits that come into force at run time: the file reads differently from now on.
//!
//! The edited system has the same entities. Its code is compiled behind the old one, so what is under
//! way finishes what it began and what starts takes the new lines. Numbers take effect at once:
//! replicas start or stop, permits and workers grow or run out.

use crate::engine::{Compiled, Engine};
use crate::observe::Observer;
use crate::state::Life;
use std::sync::Arc;
use worstday_model::system::{EditId, System};

impl<O: Observer> Engine<O> {
    /// The set of edits in force has changed.
    pub(crate) fn edits_change(&mut self) {
        let active = self.edits_in_force();
        let last = self.compiled.iter().rev().find_map(|made| match made {
            Compiled::Edits(edits) => Some(edits),
            Compiled::Version { .. } => None,
        });
        if last.is_some_and(|last| *last == active) {
            return;
        }
        let made = Compiled::Edits(active);
        self.compiled.push(made.clone());
        self.recompile(&made);
        self.fit_tables();
        self.resize_services();
        for pool in 0..self.plan.pools.len() as u32 {
            for instance in 0..self.s.pools[pool as usize].len() as u32 {
                self.grant_waiting(pool, instance, u64::MAX);
            }
        }
    }

    /// Compiles something onto the plan: the system with edits, and then its versions again, or one version.
    pub(crate) fn recompile(&mut self, made: &Compiled) {
        match made {
            Compiled::Edits(active) => {
                let system = self.with_edits(active, None);
                self.plan.edited(&system);
                for version in 0..self.plan.versions.len() {
                    let (service, bad) = self.plan.version(version);
                    self.compile_version(active, service, bad);
                }
            }
            Compiled::Version {
                edits,
                service,
                bad,
            } => self.compile_version(edits, *service, *bad),
        }
    }

    fn compile_version(&mut self, edits: &[u32], service: u32, bad: u32) {
        let rollout = self.base.services[service as usize].rollout.as_ref();
        let Some(row) = rollout.and_then(|rollout| rollout.bad.get(bad as usize)) else {
            unreachable!("service {service} has no bad version {bad}")
        };
        let condition = row.condition;
        let system = self.with_edits(edits, Some(row.edit));
        self.plan.compile_version(&system, service, bad, condition);
    }

    /// The system with these edits in force, and one more.
    fn with_edits(&self, active: &[u32], more: Option<EditId>) -> Arc<System> {
        let ids: Vec<EditId> = active.iter().map(|&e| EditId(e)).chain(more).collect();
        if ids.is_empty() {
            Arc::clone(&self.base)
        } else {
            self.editing.edited(&ids)
        }
    }

    fn resize_services(&mut self) {
        for service in 0..self.plan.services.len() {
            self.resize_service(service);
            let cores = self.plan.services[service].cores;
            let asked = self.plan.services[service].asked;
            for replica in self.s.services[service].replicas.clone() {
                self.cores_change(replica, cores);
                self.asks_for(replica, asked);
                self.serve_next(replica as usize);
            }
        }
    }

    /// Starts or stops replicas until there are as many as described; while a rollout is under way, that does.
    pub(crate) fn resize_service(&mut self, service: usize) {
        if self.s.rollouts.rows[service].is_some() {
            self.rollout_moves(service as u32);
        } else {
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
                self.arm_probe(replica);
            }
            // The youngest go first, as a deployment scales down.
            for &replica in alive.iter().skip(wanted).rev() {
                self.stop_replica(replica);
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
