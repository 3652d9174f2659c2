//! Where things are and what they share: zones, links, key spaces, pools.

use super::Resolver;
use super::directory::{BETWEEN_ZONES, Item, PoolItem, WITHIN_ZONE, id};
use super::facts::UNLIMITED;
use super::laws::Bare;
use crate::ast::{self, LinkCapacity};
use crate::diagnostic::{Diagnostic, quoted};
use crate::form::{Given, Many};
use crate::scalar::{Bounded, Name};
use crate::source::Span;
use crate::system::{
    Capacity, Dist, End, KeySpace, Link, LinkId, LinkQueue, Order, Per, Pool, ServiceId, Zone,
};

const MILLISECOND: f64 = 1e6;

/// Who goes first.
pub(super) fn order(word: ast::Order) -> Order {
    match word {
        ast::Order::Fifo => Order::Fifo,
        ast::Order::Lifo => Order::Lifo,
        ast::Order::Priority => Order::Priority,
        ast::Order::AdaptiveLifo => Order::AdaptiveLifo,
    }
}

/// Whose it is.
pub(super) fn per(word: ast::Per) -> Per {
    match word {
        ast::Per::Replica => Per::Replica,
        ast::Per::Service => Per::Service,
    }
}

impl<'a> Resolver<'a> {
    /// Zones, links, key spaces and pools.
    pub(super) fn places(&mut self, system: Span) {
        self.system.zones = self
            .directory
            .zones
            .iter()
            .map(|(name, _, zone)| Zone {
                name: (*name).to_owned(),
                region: zone.region.as_ref().map(|region| region.value.to_string()),
            })
            .collect();
        self.links(system);
        for &keys in &self.directory.keys {
            self.enter(keys.defaults);
            let space = self.keys(keys);
            self.system.keys.push(space);
        }
        for &pool in &self.directory.pools {
            let pool = self.pool(pool);
            self.system.pools.push(pool);
        }
    }

    fn links(&mut self, system: Span) {
        let directory = self.directory;
        let mut links: Vec<Link> = Vec::new();
        for &link in &directory.links {
            self.enter(link.defaults);
            let link = self.link(link);
            links.push(link);
        }
        for (name, delay) in [(WITHIN_ZONE, "0.2ms"), (BETWEEN_ZONES, "1ms")] {
            if !links.iter().any(|link| link.name == name) {
                let delay_ns = built_in_delay(name);
                self.assume(
                    &format!("links.{name}.delay"),
                    delay,
                    "a usual network; measure yours",
                    system,
                );
                links.push(Link {
                    name: name.to_owned(),
                    from: Vec::new(),
                    to: Vec::new(),
                    delay: Dist::Constant(delay_ns),
                    capacity: None,
                    queue: LinkQueue::Unlimited,
                    loss: 0.0,
                });
            }
        }
        links.sort_by(|a, b| a.name.cmp(&b.name));
        let find = |name: &str| {
            LinkId(id(links
                .iter()
                .position(|link| link.name == name)
                .expect("both are built in")))
        };
        (self.system.within_zone, self.system.between_zones) =
            (find(WITHIN_ZONE), find(BETWEEN_ZONES));
        self.system.links = links;
    }

    fn link(&mut self, item: Item<'a, ast::Link>) -> Link {
        let Item {
            name,
            value: written,
            ..
        } = item;
        let path = format!("links.{name}");
        let built_in = name == WITHIN_ZONE || name == BETWEEN_ZONES;
        for (key, ends) in [("from", &written.from), ("to", &written.to)] {
            match ends {
                Some(ends) if built_in => {
                    let message = format!("the built-in link {} has no ends", quoted(name));
                    self.found.push(
                        Diagnostic::error(ends.span, message).hint(format!("remove `{key}`")),
                    );
                }
                None if !built_in => {
                    let message = format!("the link {} does not say {}", quoted(name), quoted(key));
                    let error = Diagnostic::error(item.at, message);
                    let error = error.expected("services, zones or clients");
                    self.found.push(error.lacking(written.span));
                }
                _ => {}
            }
        }
        let delay = match &written.delay {
            Some(delay) => self.dist(&format!("{path}.delay"), delay, Bare::Constant),
            None => {
                let nanos = if built_in { built_in_delay(name) } else { 0.0 };
                self.assume(
                    &format!("{path}.delay"),
                    format!("{}ms", nanos / MILLISECOND),
                    "no delay is given",
                    item.at,
                );
                Dist::Constant(nanos)
            }
        };
        let capacity = written.capacity.as_ref().map(|given| {
            match self.say(&format!("{path}.capacity"), given) {
                LinkCapacity::Messages(rate) => Capacity::Messages(rate.best().get()),
                LinkCapacity::Bits(bits) => Capacity::Bytes(bits.best().get() as f64 / 8.0),
            }
        });
        let nothing = matches!(capacity, Some(Capacity::Messages(speed) | Capacity::Bytes(speed)) if speed == 0.0);
        if let (true, Some(given)) = (nothing, &written.capacity) {
            self.found.push(
                Diagnostic::error(given.span, "a link of no capacity lets nothing pass")
                    .hint("a fault can `cut` it"),
            );
        }
        let queue = match &written.queue {
            None => LinkQueue::Unlimited,
            Some(given) => {
                if capacity.is_none() {
                    let error = Diagnostic::error(
                        given.span,
                        "nothing ever waits for a link without a `capacity`",
                    );
                    let error = error.hint("give the capacity, or remove the queue");
                    self.found.push(error.lacking(written.span));
                }
                match self.say(&format!("{path}.queue"), given) {
                    ast::LinkQueue::Messages(Bounded::None) => LinkQueue::Messages(0),
                    ast::LinkQueue::Messages(Bounded::Unlimited) => LinkQueue::Unlimited,
                    ast::LinkQueue::Messages(Bounded::At(count)) => {
                        LinkQueue::Messages(count.best().get())
                    }
                    ast::LinkQueue::Bytes(size) => LinkQueue::Bytes(size.best().get()),
                }
            }
        };
        let loss = written
            .loss
            .as_ref()
            .map_or(0.0, |loss| self.share(&format!("{path}.loss"), loss));
        let (from, to) = (
            self.ends(written.from.as_ref()),
            self.ends(written.to.as_ref()),
        );
        Link {
            name: name.to_owned(),
            from,
            to,
            delay,
            capacity,
            queue,
            loss,
        }
    }

    fn ends(&mut self, ends: Option<&Many<Given<Name>>>) -> Vec<End> {
        let given = ends.into_iter().flat_map(|ends| &ends.items);
        given
            .filter_map(|end| self.link_end(end.span, end.value.as_str()))
            .collect()
    }

    fn keys(&mut self, item: Item<'a, ast::KeySpace>) -> KeySpace {
        let Item {
            name,
            value: written,
            ..
        } = item;
        let path = format!("keys.{name}");
        let count = self.count(&format!("{path}.count"), &written.count);
        if count == 0 {
            self.error(written.count.span, "a key space has at least one key");
        }
        let zipf = match &written.zipf {
            Some(zipf) => self.say(&format!("{path}.zipf"), zipf).best().get(),
            None => {
                self.assume(
                    &format!("{path}.zipf"),
                    "0",
                    "all keys are alike unless the file says otherwise",
                    item.at,
                );
                0.0
            }
        };
        let hot = match (&written.hot, &written.share) {
            (Some(hot), Some(share)) => {
                let number = self.say(&format!("{path}.hot"), hot).get();
                let each = self.share(&format!("{path}.share"), share);
                if number > count {
                    let error = Diagnostic::error(
                        hot.span,
                        format!("{number} hot keys of {count} are too many"),
                    );
                    self.found.push(error.lacking(written.span));
                } else if number as f64 * each > 1.0 {
                    self.error(
                        share.span,
                        format!("{number} keys with this share each are more than 100%"),
                    );
                }
                Some((number, each))
            }
            (Some(lone), None) => {
                let error = Diagnostic::error(lone.span, "hot keys have a `share` each");
                self.found.push(error.lacking(written.span));
                None
            }
            (None, Some(lone)) => {
                let error = Diagnostic::error(lone.span, "how many keys are `hot`?");
                self.found.push(error.lacking(written.span));
                None
            }
            (None, None) => None,
        };
        KeySpace {
            name: name.to_owned(),
            count: count.max(1),
            zipf,
            hot: hot.filter(|(number, _)| *number > 0),
        }
    }

    fn pool(&mut self, item: PoolItem<'a>) -> Pool {
        let PoolItem {
            service,
            name,
            value: written,
        } = item;
        let owner = service.map(|service| self.directory.services[service]);
        let path = match owner {
            Some(owner) => format!("services.{}.pools.{name}", owner.name),
            None => format!("pools.{name}"),
        };
        self.enter(owner.and_then(|owner| owner.defaults));
        let size = match &written.size {
            Some(size) => self.bound(&format!("{path}.size"), size),
            None => {
                let error = Diagnostic::error(
                    written.span,
                    format!("the pool {} has no `size`", quoted(name)),
                );
                let error = error.expected("how many permits there are, or `unlimited`");
                self.found.push(error.lacking(written.span));
                UNLIMITED
            }
        };
        if let (0, Some(given)) = (size, &written.size) {
            self.error(given.span, "a pool without permits serves nobody");
        }
        let wait_ns = match &written.wait {
            Some(wait) => self.wait(&format!("{path}.wait"), wait),
            None => {
                self.assume(
                    &format!("{path}.wait"),
                    "unlimited",
                    "a pool without a time limit waits for ever",
                    written.span,
                );
                None
            }
        };
        let queue = match &written.queue {
            Some(queue) => self.bound(&format!("{path}.queue"), queue),
            None => {
                self.assume(
                    &format!("{path}.queue"),
                    "unlimited",
                    "a pool without a bound lets everybody wait",
                    written.span,
                );
                UNLIMITED
            }
        };
        let default_per = if service.is_some() {
            Per::Replica
        } else {
            Per::Service
        };
        let per = match &written.per {
            Some(given) if service.is_none() => {
                self.found.push(Diagnostic::error(
                    given.span,
                    "a pool of the top level is one for all services",
                ));
                Per::Service
            }
            Some(given) => per(*self.say(&format!("{path}.per"), given)),
            None => default_per,
        };
        let keys = written.keys.as_ref().and_then(|given| {
            let keys = self.say(&format!("{path}.keys"), given).clone();
            self.key_space(given.span, keys.as_str())
        });
        let order = written.order.as_ref().map_or(Order::Fifo, |given| {
            order(*self.say(&format!("{path}.order"), given))
        });
        Pool {
            name: name.to_owned(),
            service: service.map(|service| ServiceId(id(service))),
            size,
            wait_ns,
            queue,
            per,
            keys,
            order,
        }
    }
}

fn built_in_delay(name: &str) -> f64 {
    if name == WITHIN_ZONE {
        0.2 * MILLISECOND
    } else {
        MILLISECOND
    }
}
