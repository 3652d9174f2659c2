//! What a run costs: machines while they exist, lost visits, alarms, broken promises.
//!
//! The time that replicas exist is an exact integral over the counted part of the run, whatever they do
//! meanwhile: one that starts, has crashed or is stopping is paid for like one that serves. Cores are those that
//! a replica asks for (`request`), not those that it uses. The cost is nothing while the run goes on.

use crate::engine::Engine;
use crate::observe::Observer;
use crate::outcome::{Bill, PromiseOutcome};
use worstday_model::system::LostCost;

/// Millionths of a core.
const MILLIONTHS: f64 = 1e6;

impl<O: Observer> Engine<O> {
    /// An alert tells an operator: it is paid for, unless the run is still warming up.
    pub(crate) fn paged(&mut self) {
        self.m.pages += u64::from(self.day.warm_up_ns <= self.s.now_ns);
    }

    /// The bill of the counted time so far; none if the file has no prices.
    pub(crate) fn bill(&self, promises: &[PromiseOutcome]) -> Option<Bill> {
        let system = &self.base;
        let prices = system.costs.as_ref()?;
        let now = self.s.now_ns;
        let replicas = prices.replica_per_ns.iter().map(|&(service, per_ns)| {
            let existing = self.m.areas(service.index(), now).existing;
            (
                system.services[service.index()].name.clone(),
                existing as f64 * per_ns,
            )
        });
        let asked: u128 = (0..system.services.len())
            .map(|service| self.m.areas(service, now).asked)
            .sum();
        let clients = &self.m.clients;
        let lost = match prices.lost {
            None => 0.0,
            Some(LostCost::ByValue) => clients.iter().map(|client| client.money.lost).sum(),
            Some(LostCost::Each(amount)) => {
                let visits: u64 = clients.iter().map(|client| client.ends.lost()).sum();
                visits as f64 * amount
            }
        };
        let breaches = prices.breach.iter().map(|&(promise, amount)| {
            let promise = &promises[promise.index()];
            (promise.name.clone(), promise.broken_days as f64 * amount)
        });
        let mut bill = Bill {
            replicas: replicas.collect(),
            cores: asked as f64 / MILLIONTHS * prices.core_per_ns,
            lost,
            pages: self.m.pages as f64 * prices.page,
            breaches: breaches.collect(),
            total: 0.0,
            earned: clients.iter().map(|client| client.money.earned).sum(),
        };
        let machines: f64 = bill.replicas.iter().map(|(_, cost)| cost).sum();
        let penalties: f64 = bill.breaches.iter().map(|(_, cost)| cost).sum();
        bill.total = machines + bill.cores + bill.lost + bill.pages + penalties;
        Some(bill)
    }
}
