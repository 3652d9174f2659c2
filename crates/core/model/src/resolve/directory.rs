//! Who is called what: all names of a model in one directory, each table in byte order.
//!
//! The order of a table here is the order of the same table in [`System`](crate::system::System), so a
//! position found here is an id there.

use std::collections::BTreeMap;

use crate::ast;
use crate::diagnostic::{Diagnostic, Diagnostics, nearest, one_of, quoted};
use crate::form::{Given, Names};
use crate::scalar::{MetricName, Name, SECTIONS, Scalar};
use crate::source::Span;
use crate::system::{
    AlertId, ClientId, EndpointId, EventId, FaultId, FlagId, KeySpaceId, LinkId, OperatorId,
    PoolId, ServiceId, TopicId, ZoneId,
};

/// The link inside a zone.
pub(super) const WITHIN_ZONE: &str = "within-zone";
/// The link between two zones.
pub(super) const BETWEEN_ZONES: &str = "between-zones";

/// A named thing of the file, and the file's defaults.
pub(super) struct Item<'a, T> {
    pub(super) name: &'a str,
    pub(super) at: Span,
    pub(super) value: &'a T,
    pub(super) defaults: Option<&'a ast::Defaults>,
}

impl<T> Clone for Item<'_, T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for Item<'_, T> {}

/// An endpoint and its service.
#[derive(Clone, Copy)]
pub(super) struct EndpointItem<'a> {
    pub(super) service: usize,
    pub(super) name: &'a str,
    pub(super) value: Written<'a>,
}

/// What the file says about an endpoint: it is called, or it handles the messages of the topic of its name.
#[derive(Clone, Copy)]
pub(super) enum Written<'a> {
    Endpoint(&'a ast::Endpoint),
    Handler(&'a ast::Consumes, Span),
}

/// A pool and its service; none for a top-level one.
#[derive(Clone, Copy)]
pub(super) struct PoolItem<'a> {
    pub(super) service: Option<usize>,
    pub(super) name: &'a str,
    pub(super) value: &'a ast::Pool,
}

/// What a name of the shared name space stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Zone(ZoneId),
    Link(LinkId),
    Keys(KeySpaceId),
    Pool(PoolId),
    Client(ClientId),
    Service(ServiceId),
    Fault(FaultId),
    Event(EventId),
    Flag(FlagId),
    Alert(AlertId),
    Operator(OperatorId),
    Topic(TopicId),
}

impl Kind {
    /// With its article.
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Zone(_) => "a zone",
            Self::Link(_) => "a link",
            Self::Keys(_) => "a key space",
            Self::Pool(_) => "a pool",
            Self::Client(_) => "a client",
            Self::Service(_) => "a service",
            Self::Fault(_) => "a fault",
            Self::Event(_) => "an event",
            Self::Flag(_) => "a flag",
            Self::Alert(_) => "an alert",
            Self::Operator(_) => "an operator",
            Self::Topic(_) => "a topic",
        }
    }
}

/// All names of a model.
#[derive(Default)]
pub(super) struct Directory<'a> {
    pub(super) zones: Vec<(&'a str, Span, &'a ast::Zone)>,
    /// The declared links; the built-in ones among them if they are redefined.
    pub(super) links: Vec<Item<'a, ast::Link>>,
    pub(super) keys: Vec<Item<'a, ast::KeySpace>>,
    pub(super) pools: Vec<PoolItem<'a>>,
    pub(super) clients: Vec<Item<'a, ast::Client>>,
    pub(super) services: Vec<Item<'a, ast::Service>>,
    pub(super) endpoints: Vec<EndpointItem<'a>>,
    pub(super) topics: Vec<Item<'a, ast::Topic>>,
    pub(super) faults: Vec<Item<'a, ast::Fault>>,
    pub(super) events: Vec<Item<'a, ast::Event>>,
    pub(super) alerts: Vec<Item<'a, ast::Alert>>,
    pub(super) operators: Vec<Item<'a, ast::Operator>>,
    pub(super) promises: Vec<Item<'a, ast::Promise>>,
    pub(super) policies: Vec<Item<'a, ast::Policy>>,
    pub(super) priorities: Vec<&'a Given<Name>>,
    /// In byte order.
    pub(super) flags: Vec<&'a Given<Name>>,
    /// The names of `sources`.
    pub(super) sources: Vec<&'a str>,
    /// The shared name space.
    pub(super) things: BTreeMap<&'a str, (Kind, Span)>,
    endpoint_ids: BTreeMap<(usize, &'a str), EndpointId>,
    blocks: BTreeMap<(usize, &'a str), (&'a str, &'a ast::Steps)>,
}

/// What a service says about something, or else what the defaults of its file say.
pub(super) fn service_key<'a, T>(
    service: Item<'a, ast::Service>,
    get: impl Fn(&'a ast::Service) -> Option<&'a T>,
) -> Option<&'a T> {
    let defaults = || {
        service
            .defaults
            .and_then(|defaults| defaults.services.as_ref())
    };
    get(service.value).or_else(|| get(defaults()?))
}

/// The position of a name in a table.
pub(super) fn find<T>(table: &[Item<'_, T>], name: &str) -> Option<usize> {
    table.binary_search_by(|item| item.name.cmp(name)).ok()
}

/// An id from a position: a model is far smaller than 2^32 things.
pub(super) fn id(position: usize) -> u32 {
    u32::try_from(position).expect("a file of at most 8 MiB holds fewer things than 2^32")
}

/// Collects one section, in byte order.
fn collect<'a, T>(names: Option<&'a Names<T>>, file: &'a ast::Sections) -> Vec<Item<'a, T>> {
    let items = names.into_iter().flat_map(Names::iter).map(|entry| Item {
        name: &entry.name,
        at: entry.at,
        value: &entry.value,
        defaults: file.defaults.as_ref(),
    });
    let mut items: Vec<Item<'a, T>> = items.collect();
    items.sort_by(|a, b| a.name.cmp(b.name));
    items
}

impl<'a> Directory<'a> {
    /// Collects all names of a model, and says which of them cannot be.
    pub(super) fn new(file: &'a ast::Sections, found: &mut Diagnostics) -> Self {
        let mut new = Self {
            links: collect(file.links.as_ref(), file),
            keys: collect(file.keys.as_ref(), file),
            clients: collect(file.clients.as_ref(), file),
            services: collect(file.services.as_ref(), file),
            topics: collect(file.topics.as_ref(), file),
            faults: collect(file.faults.as_ref(), file),
            events: collect(file.events.as_ref(), file),
            alerts: collect(file.alerts.as_ref(), file),
            operators: collect(file.operators.as_ref(), file),
            promises: collect(file.promises.as_ref(), file),
            policies: collect(file.policies.as_ref(), file),
            ..Self::default()
        };
        let zones = collect(file.zones.as_ref().map(|zones| &zones.0), file);
        new.zones = zones
            .into_iter()
            .map(|zone| (zone.name, zone.at, zone.value))
            .collect();
        let pools = collect(file.pools.as_ref(), file);
        new.pools = pools
            .iter()
            .map(|pool| PoolItem {
                service: None,
                name: pool.name,
                value: pool.value,
            })
            .collect();
        let sources = collect(file.sources.as_ref(), file);
        new.sources = sources.iter().map(|source| source.name).collect();
        new.take_priorities(file, found);
        new.flags = file.flags.iter().flatten().collect();
        new.flags
            .sort_by(|a, b| a.value.as_str().cmp(b.value.as_str()));
        new.take_members(found);
        let pool_spans: Vec<Span> = pools.iter().map(|pool| pool.at).collect();
        new.fill_name_space(&pool_spans, found);
        new
    }

    fn take_priorities(&mut self, file: &'a ast::Sections, found: &mut Diagnostics) {
        for name in file.priorities.iter().flatten() {
            if let Some(first) = self
                .priorities
                .iter()
                .find(|known| known.value == name.value)
            {
                let message = format!("the class {} is listed twice", quoted(name.value.as_str()));
                found.push(Diagnostic::error(name.span, message).also(first.span, "first here"));
            } else {
                self.priorities.push(name);
            }
        }
    }

    /// Endpoints, handlers, pools and blocks: inside a service they share one name space.
    fn take_members(&mut self, found: &mut Diagnostics) {
        for (position, &service) in self.services.iter().enumerate() {
            let mut inside: BTreeMap<&str, (&str, Span)> = BTreeMap::new();
            let mut claim = |name: &'a str, kind: &'static str, at: Span| {
                if MetricName::parse(name).is_ok() {
                    let message =
                        format!("{kind} cannot be called {}: that is a metric", quoted(name));
                    let hint = format!("`{}.{name}` could be read in two ways", service.name);
                    found.push(Diagnostic::error(at, message).hint(hint));
                }
                if let Some((other, first)) = inside.insert(name, (kind, at)) {
                    let message = format!(
                        "{} is {kind} and {other} of `{}`",
                        quoted(name),
                        service.name
                    );
                    found.push(Diagnostic::error(at, message).also(first, "first here"));
                }
            };
            let endpoints = service_key(service, |service| service.endpoints.as_ref());
            let called = endpoints.into_iter().flat_map(Names::iter);
            let called = called.map(|e| (&*e.name, e.at, Written::Endpoint(&e.value)));
            let handlers = super::topic::handlers(service)
                .map(|(name, at, value)| (name, at, Written::Handler(value, at)));
            let mut sorted: Vec<_> = called.chain(handlers).collect();
            sorted.sort_by_key(|(name, ..)| *name);
            for (name, at, value) in sorted {
                let kind = match value {
                    Written::Endpoint(_) => "an endpoint",
                    Written::Handler(..) => "a handler",
                };
                claim(name, kind, at);
                self.endpoint_ids
                    .insert((position, name), EndpointId(id(self.endpoints.len())));
                self.endpoints.push(EndpointItem {
                    service: position,
                    name,
                    value,
                });
            }
            let pools = service_key(service, |service| service.pools.as_ref());
            let mut sorted: Vec<_> = pools.into_iter().flat_map(Names::iter).collect();
            sorted.sort_by(|a, b| a.name.cmp(&b.name));
            for pool in sorted {
                claim(&pool.name, "a pool", pool.at);
                self.pools.push(PoolItem {
                    service: Some(position),
                    name: &pool.name,
                    value: &pool.value,
                });
            }
            for block in service_key(service, |service| service.blocks.as_ref())
                .into_iter()
                .flat_map(Names::iter)
            {
                claim(&block.name, "a block", block.at);
                self.blocks
                    .insert((position, &*block.name), (&*block.name, &block.value));
            }
        }
    }

    fn fill_name_space(&mut self, pool_spans: &[Span], found: &mut Diagnostics) {
        let mut all: Vec<(&'a str, Kind, Span)> = Vec::new();
        for (index, zone) in self.zones.iter().enumerate() {
            all.push((zone.0, Kind::Zone(ZoneId(id(index))), zone.1));
        }
        for (index, link) in self.links.iter().enumerate() {
            all.push((
                link.name,
                Kind::Link(LinkId(self.link_position(index))),
                link.at,
            ));
        }
        for (index, keys) in self.keys.iter().enumerate() {
            all.push((keys.name, Kind::Keys(KeySpaceId(id(index))), keys.at));
        }
        for (index, (pool, &at)) in self.pools.iter().zip(pool_spans).enumerate() {
            all.push((pool.name, Kind::Pool(PoolId(id(index))), at));
        }
        for (index, client) in self.clients.iter().enumerate() {
            all.push((client.name, Kind::Client(ClientId(id(index))), client.at));
        }
        for (index, service) in self.services.iter().enumerate() {
            all.push((
                service.name,
                Kind::Service(ServiceId(id(index))),
                service.at,
            ));
        }
        for (index, topic) in self.topics.iter().enumerate() {
            all.push((topic.name, Kind::Topic(TopicId(id(index))), topic.at));
        }
        for (index, fault) in self.faults.iter().enumerate() {
            all.push((fault.name, Kind::Fault(FaultId(id(index))), fault.at));
        }
        for (index, event) in self.events.iter().enumerate() {
            all.push((event.name, Kind::Event(EventId(id(index))), event.at));
        }
        for (index, alert) in self.alerts.iter().enumerate() {
            all.push((alert.name, Kind::Alert(AlertId(id(index))), alert.at));
        }
        for (index, operator) in self.operators.iter().enumerate() {
            let id = OperatorId(id(index));
            all.push((operator.name, Kind::Operator(id), operator.at));
        }
        for (index, flag) in self.flags.iter().enumerate() {
            all.push((
                flag.value.as_str(),
                Kind::Flag(FlagId(id(index))),
                flag.span,
            ));
        }
        for (name, kind, at) in all {
            let word = kind.word();
            let addressed = matches!(
                kind,
                Kind::Client(_) | Kind::Service(_) | Kind::Link(_) | Kind::Topic(_)
            );
            if addressed && SECTIONS.contains(&name) {
                let message = format!(
                    "{word} cannot be called {}: that is a section of the file",
                    quoted(name)
                );
                found
                    .push(Diagnostic::error(at, message).hint("a path begins with a section word"));
            }
            if let Some((other, first)) = self.things.get(name) {
                let message = if *other == kind || other.word() == word {
                    format!("{} is {word} twice", quoted(name))
                } else {
                    format!("{} is both {} and {word}", quoted(name), other.word())
                };
                let hint = "services, clients, topics, zones, links, pools, keys, faults, events, alerts, operators and flags share one name space";
                found.push(
                    Diagnostic::error(at, message)
                        .also(*first, "first here")
                        .hint(hint),
                );
            } else {
                self.things.insert(name, (kind, at));
            }
        }
    }

    /// Where a declared link stands in the table of links, the built-in ones among them.
    fn link_position(&self, declared: usize) -> u32 {
        let name = self.links[declared].name;
        let built_in = [BETWEEN_ZONES, WITHIN_ZONE].into_iter();
        let missing = built_in.filter(|link| *link < name && find(&self.links, link).is_none());
        id(declared + missing.count())
    }

    /// The endpoint of that name that can be called.
    pub(super) fn called_endpoint(&self, service: usize, name: &str) -> Option<EndpointId> {
        self.endpoint(service, name)
            .filter(|at| matches!(self.endpoints[at.index()].value, Written::Endpoint(_)))
    }

    /// The endpoint or handler of that name.
    pub(super) fn endpoint(&self, service: usize, name: &str) -> Option<EndpointId> {
        self.endpoint_ids.get(&(service, name)).copied()
    }

    /// The zone of that name.
    pub(super) fn zone(&self, name: &str) -> Option<usize> {
        self.zones.binary_search_by(|zone| zone.0.cmp(name)).ok()
    }

    /// The steps of a block of a service.
    pub(super) fn block(&self, service: usize, name: &str) -> Option<(&'a str, &'a ast::Steps)> {
        let (name, steps) = self.blocks.get(&(service, name))?;
        Some((name, steps))
    }

    /// The endpoints of a service: first, and one past the last.
    pub(super) fn endpoints_of(&self, service: usize) -> (u32, u32) {
        let first = self
            .endpoints
            .partition_point(|endpoint| endpoint.service < service);
        let last = self
            .endpoints
            .partition_point(|endpoint| endpoint.service <= service);
        (id(first), id(last))
    }

    /// `service.endpoint`
    pub(super) fn endpoint_name(&self, endpoint: EndpointId) -> String {
        let item = self.endpoints[endpoint.index()];
        format!("{}.{}", self.services[item.service].name, item.name)
    }

    /// The pool that a step of `service` means by `name`: its own, else a top-level one.
    pub(super) fn pool(&self, service: Option<usize>, name: &str) -> Option<PoolId> {
        let find = |owner: Option<usize>| {
            let key = (owner, name);
            let at = self
                .pools
                .binary_search_by(|pool| (pool.service, pool.name).cmp(&key));
            at.ok().map(|at| PoolId(id(at)))
        };
        service.and_then(|_| find(service)).or_else(|| find(None))
    }

    /// What is wrong with a name that stands for nothing of the wanted kind: with the nearest one, or the candidates.
    pub(super) fn unknown(
        &self,
        at: Span,
        name: &str,
        wanted: &str,
        candidates: &[&str],
    ) -> Diagnostic {
        let message = match self.things.get(name) {
            Some((kind, _)) => format!(
                "{} is {}, and {wanted} is wanted",
                quoted(name),
                kind.word()
            ),
            None => format!("{} is not in this system: {wanted} is wanted", quoted(name)),
        };
        missing(Diagnostic::error(at, message), name, candidates)
    }
}

/// Adds what may have been meant.
pub(super) fn missing(error: Diagnostic, name: &str, candidates: &[&str]) -> Diagnostic {
    let error = error.absent(name);
    match nearest(name, candidates.iter().copied()) {
        Some(near) => error.did_you_mean(Some(near)),
        None if candidates.is_empty() => error,
        None => error.hint(format!(
            "there is {}",
            one_of(candidates.iter().copied(), 8)
        )),
    }
}
