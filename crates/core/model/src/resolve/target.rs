//! What a fault hits, and what goes between two ends.

use super::Resolver;
use super::directory::{Kind, id, missing};
use crate::diagnostic::{Diagnostic, quoted};
use crate::form::Given;
use crate::scalar::{self, Direction, Reference, Select, Who, WorkerOf};
use crate::source::Span;
use crate::system::{Both, End, PoolId, Replicas, ServiceId, Target, ZoneId};

/// Kinds of target that a fault can hit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Hits {
    /// Replicas, one drawn among all, or all of a zone.
    Replicas,
    /// One worker.
    Worker,
    /// Requests of one endpoint.
    Endpoint,
    /// A link, or what goes between two ends.
    Network,
    /// A declared link alone.
    Link,
    /// A pool.
    Pool,
}

impl Hits {
    fn example(self) -> &'static str {
        match self {
            Self::Replicas => "replicas such as `cart/any`",
            Self::Worker => "a worker such as `cart/any/worker`",
            Self::Endpoint => "an endpoint such as `cart.get`",
            Self::Network => "a link, or a direction such as `a <-> b`",
            Self::Link => "a link",
            Self::Pool => "a pool",
        }
    }

    fn of(target: &Target) -> Self {
        match target {
            Target::Replicas(..) | Target::AnyReplica | Target::Zone(_) | Target::AnyZone => {
                Self::Replicas
            }
            Target::Worker { .. } => Self::Worker,
            Target::Endpoint(_) => Self::Endpoint,
            Target::Link(_) => Self::Link,
            Target::Path { .. } => Self::Network,
            Target::Pool(_) => Self::Pool,
        }
    }
}

impl Resolver<'_> {
    /// What a fault hits: one of the kinds that it can.
    pub(super) fn fault_target(
        &mut self,
        path: &str,
        given: &Given<Reference>,
        can: &[Hits],
    ) -> Option<Target> {
        let reference = self.say(path, given);
        let target = self.any_target(given.span, reference)?;
        let hits = Hits::of(&target);
        let allowed = can.contains(&hits) || hits == Hits::Link && can.contains(&Hits::Network);
        if allowed {
            return Some(target);
        }
        let wanted: Vec<&str> = can.iter().map(|hits| hits.example()).collect();
        let error = Diagnostic::error(
            given.span,
            format!("this fault cannot hit {}", quoted(&reference.to_string())),
        );
        self.found.push(error.expected(wanted.join(", or ")));
        None
    }

    fn any_target(&mut self, at: Span, reference: &Reference) -> Option<Target> {
        match reference {
            Reference::Flow(flow) => Some(Target::Path {
                from: self.flow_end(at, &flow.from)?,
                to: self.flow_end(at, &flow.to)?,
                both: if flow.direction == Direction::BothWays {
                    Both::Yes
                } else {
                    Both::No
                },
            }),
            Reference::AnyOf(any) => match (any.number, any.kind) {
                (1, scalar::Kind::Zone) => {
                    if self.directory.zones.is_empty() {
                        self.error(at, "there are no zones in this system");
                        return None;
                    }
                    Some(Target::AnyZone)
                }
                (1, scalar::Kind::Replica) => Some(Target::AnyReplica),
                _ => {
                    self.error(
                        at,
                        format!(
                            "{} is for promises, not for a fault",
                            quoted(&any.to_string())
                        ),
                    );
                    None
                }
            },
            Reference::Path(path) => {
                self.error(
                    at,
                    format!(
                        "{} is a line of the file, not something that breaks",
                        quoted(&path.to_string())
                    ),
                );
                None
            }
            Reference::Target(target) => self.thing(at, target),
        }
    }

    fn thing(&mut self, at: Span, target: &scalar::Target) -> Option<Target> {
        let text = target.to_string();
        let Who::Named(name) = &target.who else {
            if target.select == Some(Select::Any)
                && target.worker.is_none()
                && target.members.is_empty()
            {
                return Some(Target::AnyReplica);
            }
            let error =
                Diagnostic::error(at, format!("{} does not say what is hit", quoted(&text)));
            self.found
                .push(error.hint("`any/any` is one replica of any service, `any zone` one zone"));
            return None;
        };
        let bare = target.select.is_none() && target.members.is_empty() && target.step.is_none();
        let kind = self
            .directory
            .things
            .get(name.as_str())
            .map(|(kind, _)| *kind);
        let built_in = self
            .system
            .links
            .binary_search_by(|link| link.name.as_str().cmp(name.as_str()))
            .ok();
        match (kind, built_in) {
            (Some(Kind::Service(service)), _) => self.in_service(at, service, target),
            (Some(Kind::Zone(zone)), _) if bare => Some(Target::Zone(zone)),
            (Some(Kind::Pool(pool)), _) if bare => Some(Target::Pool(pool)),
            (_, Some(link)) if bare => Some(Target::Link(crate::system::LinkId(id(link)))),
            (Some(_), _) => {
                let error =
                    self.directory
                        .unknown(at, name.as_str(), "something that can break", &[]);
                self.found.push(error);
                None
            }
            (None, _) => {
                let names = self.names(self.directory.things.keys().copied());
                let error = self.directory.unknown(
                    at,
                    name.as_str(),
                    "a service, zone, link or pool",
                    &names,
                );
                self.found.push(error);
                None
            }
        }
    }

    fn in_service(
        &mut self,
        at: Span,
        service: ServiceId,
        target: &scalar::Target,
    ) -> Option<Target> {
        let text = target.to_string();
        if target.step.is_some() || target.members.len() > 1 {
            self.error(
                at,
                format!(
                    "{} is a step: a fault hits services, replicas, workers, endpoints or pools",
                    quoted(&text)
                ),
            );
            return None;
        }
        if let [member] = target.members.as_slice() {
            if target.select.is_some() {
                self.error(
                    at,
                    format!(
                        "{} names replicas and an endpoint: one of both",
                        quoted(&text)
                    ),
                );
                return None;
            }
            if let Some(endpoint) = self.directory.endpoint(service.index(), member.as_str()) {
                return Some(Target::Endpoint(endpoint));
            }
            let own =
                |pool: &PoolId| self.directory.pools[pool.index()].service == Some(service.index());
            let pool = self.directory.pool(Some(service.index()), member.as_str());
            if let Some(pool) = pool.filter(own) {
                return Some(Target::Pool(pool));
            }
            let (first, last) = self.directory.endpoints_of(service.index());
            let mut names =
                self.names((first..last).map(|at| self.directory.endpoints[at as usize].name));
            let pools = self.directory.pools.iter();
            names.extend(
                pools
                    .filter(|pool| pool.service == Some(service.index()))
                    .map(|pool| pool.name),
            );
            let owner = self.directory.services[service.index()].name;
            let error = Diagnostic::error(
                at,
                format!(
                    "`{owner}` has no endpoint or pool {}",
                    quoted(member.as_str())
                ),
            );
            self.found.push(missing(error, member.as_str(), &names));
            return None;
        }
        let replicas = match &target.select {
            None => Replicas::All,
            Some(select) => self.replicas(at, service, select)?,
        };
        let Some(worker) = target.worker else {
            return Some(Target::Replicas(service, replicas));
        };
        if !matches!(replicas, Replicas::One(_) | Replicas::Any) {
            let error = Diagnostic::error(at, format!("{} is no single replica", quoted(&text)));
            self.found
                .push(error.hint("`cart/0/worker-2` or `cart/any/worker`"));
            return None;
        }
        let owner = self.directory.services[service.index()];
        let workers = self.system.services[service.index()].workers;
        let worker = match worker {
            WorkerOf::Any => None,
            WorkerOf::Index(index) if workers == u32::MAX || index < workers => Some(index),
            WorkerOf::Index(index) => {
                let error = Diagnostic::error(
                    at,
                    format!("there is no worker {index}: a replica has {workers}, counted from 0"),
                );
                self.found.push(error.lacking(owner.value.span));
                return None;
            }
        };
        if workers == u32::MAX {
            let error = Diagnostic::error(
                at,
                format!("`{}` has no workers to hit: they are unlimited", owner.name),
            );
            self.found.push(error.lacking(owner.value.span));
            return None;
        }
        Some(Target::Worker {
            service,
            replica: replicas,
            worker,
        })
    }

    /// A choice of replicas of a service.
    pub(super) fn replicas(
        &mut self,
        at: Span,
        service: ServiceId,
        select: &Select,
    ) -> Option<Replicas> {
        let item = self.directory.services[service.index()];
        let owner = item.name;
        match select {
            Select::Any => Some(Replicas::Any),
            Select::Share(share) if share.is_share() => Some(Replicas::Share(share.get())),
            Select::Share(share) => {
                self.error(at, format!("{share} of `{owner}` is more than all of it"));
                None
            }
            Select::Index(index) => {
                let replicas = self.system.services[service.index()].replicas;
                if *index < replicas {
                    return Some(Replicas::One(*index));
                }
                let plural = if replicas == 1 { "replica" } else { "replicas" };
                let error = Diagnostic::error(
                    at,
                    format!(
                        "there is no `{owner}/{index}`: it has {replicas} {plural}, counted from 0"
                    ),
                );
                self.found.push(error.lacking(item.value.span));
                None
            }
            Select::Shard(_) | Select::ShardAny => {
                self.error(at, format!("`{owner}` has no shards"));
                None
            }
            Select::In(name) => {
                if let Some(zone) = self.directory.zone(name.as_str()) {
                    return Some(Replicas::Zone(ZoneId(id(zone))));
                }
                let names = self.names(self.directory.zones.iter().map(|zone| zone.0));
                let error = Diagnostic::error(
                    at,
                    format!(
                        "{} is no zone, and `{owner}` has no such role",
                        quoted(name.as_str())
                    ),
                );
                self.found.push(missing(error, name.as_str(), &names));
                None
            }
        }
    }

    fn flow_end(&mut self, at: Span, end: &scalar::End) -> Option<End> {
        let scalar::End::Target(target) = end else {
            return Some(End::Rest);
        };
        let plain = target.select.is_none()
            && target.members.is_empty()
            && target.worker.is_none()
            && target.step.is_none();
        match &target.who {
            Who::Any if plain => Some(End::Any),
            Who::Named(name) if plain => self.link_end(at, name.as_str()),
            _ => {
                let error = Diagnostic::error(
                    at,
                    format!("{} is no end of a path", quoted(&target.to_string())),
                );
                self.found
                    .push(error.expected("a service, a zone, a client, `any` or `rest`"));
                None
            }
        }
    }

    /// An end of a link: a service, a zone or a client.
    pub(super) fn link_end(&mut self, at: Span, name: &str) -> Option<End> {
        match self.directory.things.get(name).map(|(kind, _)| *kind) {
            Some(Kind::Service(service)) => Some(End::Service(service)),
            Some(Kind::Zone(zone)) => Some(End::Zone(zone)),
            Some(Kind::Client(client)) => Some(End::Client(client)),
            _ => {
                let names = self.names(
                    self.directory
                        .things
                        .iter()
                        .filter(|(_, (kind, _))| {
                            matches!(kind, Kind::Service(_) | Kind::Zone(_) | Kind::Client(_))
                        })
                        .map(|(name, _)| *name),
                );
                let error = self
                    .directory
                    .unknown(at, name, "a service, zone or client", &names);
                self.found.push(error);
                None
            }
        }
    }
}
