//! What things cost.

use super::Resolver;
use super::directory::{find, id};
use crate::ast::{self, Sections};
use crate::diagnostic::{Diagnostic, quoted};
use crate::form::Given;
use crate::scalar::{LongUnit, Money, MoneyPer, Uncertain};
use crate::system::{Costs, LostCost, PromiseId, ServiceId};

impl<'a> Resolver<'a> {
    /// The currency, before anything else speaks of money.
    pub(super) fn costs_currency(&mut self, file: &'a Sections) {
        let given = file
            .costs
            .as_ref()
            .and_then(|costs| costs.currency.as_ref());
        if let Some(given) = given {
            let currency = *self.say_currency(given);
            self.currency = Some((currency, given.span));
            self.system.currency = Some(currency.to_string());
        }
    }

    fn say_currency<'v>(
        &mut self,
        given: &'v Given<crate::scalar::Currency>,
    ) -> &'v crate::scalar::Currency {
        self.say("costs.currency", given)
    }

    /// Prices, once services and promises are known.
    pub(super) fn costs(&mut self, file: &'a Sections) {
        let Some(written) = &file.costs else { return };
        let mut costs = Costs::default();
        for entry in written.replica.iter().flat_map(crate::form::Names::iter) {
            let price = self.running(&format!("costs.replica.{}", entry.name), &entry.value);
            match find(&self.directory.services, &entry.name) {
                Some(service) => costs.replica_per_ns.push((ServiceId(id(service)), price)),
                None => {
                    let names =
                        self.names(self.directory.services.iter().map(|service| service.name));
                    let error = self
                        .directory
                        .unknown(entry.at, &entry.name, "a service", &names);
                    self.found.push(error);
                }
            }
        }
        costs.replica_per_ns.sort_by_key(|(service, _)| *service);
        if let Some(core) = &written.core {
            costs.core_per_ns = self.running("costs.core", core);
        }
        if let Some(page) = &written.page {
            costs.page = self.amount("costs.page", page);
        }
        costs.lost = written
            .lost
            .as_ref()
            .map(|given| match *self.say("costs.lost", given) {
                ast::LostCost::ByValue => LostCost::ByValue,
                ast::LostCost::Each(money) => LostCost::Each(self.money(money.best(), given.span)),
            });
        for entry in written.breach.iter().flat_map(crate::form::Names::iter) {
            let price = self.amount(&format!("costs.breach.{}", entry.name), &entry.value);
            match find(&self.directory.promises, &entry.name) {
                Some(promise) => costs.breach.push((PromiseId(id(promise)), price)),
                None => {
                    let names =
                        self.names(self.directory.promises.iter().map(|promise| promise.name));
                    let message = format!("no promise is called {}", quoted(&entry.name));
                    let near = crate::diagnostic::nearest(&entry.name, names.iter().copied());
                    let error = Diagnostic::error(entry.at, message).absent(&entry.name);
                    self.found.push(error.did_you_mean(near));
                }
            }
        }
        costs.breach.sort_by_key(|(promise, _)| *promise);
        self.system.costs = Some(costs);
    }

    /// An amount that is paid once.
    fn amount(&mut self, path: &str, given: &Given<Uncertain<Money>>) -> f64 {
        let money = self.say(path, given).best();
        self.money(money, given.span)
    }

    /// A price per time, per ns.
    fn running(&mut self, path: &str, given: &Given<Uncertain<Money>>) -> f64 {
        let money = self.say(path, given).best();
        let unit = match money.per {
            Some(MoneyPer::Hour) => LongUnit::Hour,
            Some(MoneyPer::Day) => LongUnit::Day,
            Some(MoneyPer::Month) => LongUnit::Month,
            Some(MoneyPer::Year) => LongUnit::Year,
            None => {
                let message = format!("{} is paid once", quoted(&money.to_string()));
                let hint = format!("`{money}/month`, or `{money}/h`");
                let error = Diagnostic::error(given.span, message);
                self.found.push(
                    error
                        .expected("a price per h, day, month or year")
                        .hint(hint),
                );
                return 0.0;
            }
        };
        let once = Money::new(money.amount(), money.currency, None).expect("it was one before");
        self.money(once, given.span) / unit.nanos() as f64
    }
}
