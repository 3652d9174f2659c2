//! What happens: events, and ways to break.

use super::Resolver;
use super::directory::{Item, find, id};
use super::laws::Bare;
use super::target::Hits;
use crate::ast;
use crate::diagnostic::{Diagnostic, quoted};
use crate::form::{Given, Many};
use crate::scalar::Lasting;
use crate::source::Span;
use crate::system::{
    ClientId, Dist, Edit, EditId, Event, Fault, FaultId, FaultKind, FaultWhen, Frees, Lasts,
    PerReplica, Replicas, SlowOf, Target,
};
use crate::when::{Days, Hours, When};

impl<'a> Resolver<'a> {
    pub(super) fn edit(&mut self, name: String) -> EditId {
        self.system.edits.push(Edit { name });
        EditId(id(self.system.edits.len() - 1))
    }

    pub(super) fn dates(&mut self, path: &str, list: Option<&Many<Given<When>>>) -> Vec<When> {
        let items = list.into_iter().flat_map(|list| &list.items);
        items.map(|given| self.say(path, given).clone()).collect()
    }

    /// All events.
    pub(super) fn events(&mut self) {
        let directory = self.directory;
        for &event in &directory.events {
            self.enter(event.defaults);
            let event = self.event(event);
            self.system.events.push(event);
        }
    }

    fn event(&mut self, item: Item<'a, ast::Event>) -> Event {
        let Item {
            name,
            value: written,
            at,
            ..
        } = item;
        let path = format!("events.{name}");
        let when = self.dates(&format!("{path}.when"), written.when.as_ref());
        let every_ns = written.every.as_ref().map(|given| {
            let every = *self.say(&format!("{path}.every"), given);
            if every.per_replica {
                self.error(given.span, "an event has no replicas");
            }
            every.gap.best().nanos() as f64
        });
        if when.is_empty() && every_ns.is_none() {
            let error = Diagnostic::error(
                at,
                format!("the event {} does not say when it happens", quoted(name)),
            );
            let error = error.hint("`when: every day at 09:00`, or `every: 6 months`");
            self.found.push(error.lacking(written.span));
        }
        let lasts = written
            .lasts
            .as_ref()
            .map(|given| self.dist(&format!("{path}.for"), given, Bare::Constant));
        let open_ended = if when.is_empty() {
            every_ns.is_some()
        } else {
            when.iter().any(is_instant)
        };
        if open_ended && lasts.is_none() {
            let needs = written
                .edit
                .as_ref()
                .map(|_| "edit")
                .or(written.demand.as_ref().map(|_| "demand"));
            if let Some(key) = needs {
                let message = format!(
                    "the event {} is an instant, so its {} never holds",
                    quoted(name),
                    quoted(key)
                );
                let error = Diagnostic::error(at, message).hint("`for: 20m`");
                self.found.push(error.lacking(written.span));
            }
        }
        let mut demand: Vec<(ClientId, f64)> = Vec::new();
        for entry in written
            .demand
            .iter()
            .flat_map(super::super::form::Names::iter)
        {
            let factor = self
                .say(&format!("{path}.demand.{}", entry.name), &entry.value)
                .best()
                .get();
            let client = find(&self.directory.clients, &entry.name);
            match client {
                Some(client) => demand.push((ClientId(id(client)), factor)),
                None => {
                    let names = self.names(self.directory.clients.iter().map(|client| client.name));
                    let error = self
                        .directory
                        .unknown(entry.at, &entry.name, "a client", &names);
                    self.found.push(error);
                }
            }
        }
        demand.sort_by_key(|(client, _)| *client);
        let mut time = |key: &str, given: Option<&Given<_>>| {
            given.map_or(0, |given| self.nanos(&format!("{path}.{key}"), given))
        };
        let jitter_ns = time("jitter", written.jitter.as_ref());
        let rise_ns = time("rise", written.rise.as_ref());
        let fall_ns = time("fall", written.fall.as_ref());
        let edit = written.edit.as_ref().map(|_| self.edit(path.clone()));
        Event {
            name: name.to_owned(),
            when,
            every_ns,
            lasts,
            jitter_ns,
            demand,
            rise_ns,
            fall_ns,
            edit,
            seen: written.seen.as_ref().map(|seen| seen.value.to_string()),
            place: self.place(at),
        }
    }

    /// All faults.
    pub(super) fn faults(&mut self) {
        let directory = self.directory;
        for &fault in &directory.faults {
            self.enter(fault.defaults);
            let fault = self.fault(fault);
            // A fault of which nothing is known keeps its place, so that ids stay right; there was an error.
            let place = self.place(directory.faults[self.system.faults.len()].at);
            self.system.faults.push(fault.unwrap_or(Fault {
                name: String::new(),
                kind: FaultKind::Together(Vec::new()),
                when: FaultWhen::Possible,
                lasts: Lasts::Time(Dist::Constant(0.0)),
                place,
            }));
        }
        self.no_circles();
    }

    fn fault(&mut self, item: Item<'a, ast::Fault>) -> Option<Fault> {
        let Item {
            name,
            value: written,
            at,
            ..
        } = item;
        let path = format!("faults.{name}");
        let kind = self.kind(&path, &written.kind);
        let together = matches!(written.kind, ast::FaultKind::Together(_));
        let lasts = match &written.lasts {
            Some(given) => self.lasts(&path, given),
            None if together => Some(Lasts::Time(Dist::Constant(0.0))),
            None => {
                let error = Diagnostic::error(
                    at,
                    format!("the fault {} does not say how long it lasts", quoted(name)),
                );
                self.found
                    .push(error.hint("`lasts: 10m cv 1`").lacking(written.span));
                None
            }
        };
        if let (Some(given), true) = (&written.lasts, together) {
            let error = Diagnostic::error(
                given.span,
                "the faults that come together last as long as each of them says",
            );
            self.found.push(error.hint("remove `lasts`"));
        }
        let when = self.fault_when(&path, at, name, written, kind.as_ref());
        let place = self.place(at);
        Some(Fault {
            name: name.to_owned(),
            kind: kind?,
            when: when?,
            lasts: lasts?,
            place,
        })
    }

    fn lasts(&mut self, path: &str, given: &Given<Lasting>) -> Option<Lasts> {
        let path = format!("{path}.lasts");
        match self.say(&path, given).clone() {
            Lasting::For(dist) => {
                let time = Given {
                    value: dist,
                    span: given.span,
                    origin: given.origin.clone(),
                };
                Some(Lasts::Time(self.dist(&path, &time, Bare::Constant)))
            }
            Lasting::Until(event) => self
                .event_named(given.span, event.as_str())
                .map(Lasts::Until),
            Lasting::UntilRepaired => Some(Lasts::Repaired),
        }
    }

    fn fault_when(
        &mut self,
        path: &str,
        at: Span,
        name: &str,
        written: &'a ast::Fault,
        kind: Option<&FaultKind>,
    ) -> Option<FaultWhen> {
        let during = match &written.during {
            Some(given) => {
                let event = self.say(&format!("{path}.during"), given).clone();
                Some((self.event_named(given.span, event.as_str())?, given.span))
            }
            None => None,
        };
        if let Some(given) = &written.every {
            let every = *self.say(&format!("{path}.every"), given);
            let drawn = kind.is_none_or(replicas_drawn);
            if every.per_replica && !drawn {
                let error = Diagnostic::error(
                    given.span,
                    "`per replica` is the clock of each replica, and this fault hits no drawn one",
                );
                self.found
                    .push(error.hint("aim it at `cart/any`, or drop `per replica`"));
            }
            return Some(FaultWhen::Every {
                mean_ns: every.gap.best().nanos() as f64,
                per_replica: if every.per_replica {
                    PerReplica::Yes
                } else {
                    PerReplica::No
                },
                during: during.map(|(event, _)| event),
            });
        }
        if let Some(given) = &written.chance {
            let chance = self.share(&format!("{path}.chance"), given);
            let Some((during, _)) = during else {
                if written.during.is_none() {
                    let error = Diagnostic::error(
                        given.span,
                        "a chance is tossed at each occurrence of an event",
                    );
                    self.found
                        .push(error.hint("`during: EVENT`").lacking(written.span));
                }
                return None;
            };
            return Some(FaultWhen::Chance { during, chance });
        }
        let mut dates = self.dates(&format!("{path}.at"), written.at.as_ref());
        dates.extend(self.dates(&format!("{path}.when"), written.when.as_ref()));
        if let Some((_, span)) = during {
            let error = Diagnostic::error(span, "`during` needs to know how often");
            let error = error.hint("`every: 5 years`, or `chance: 1%` per occurrence");
            self.found.push(error.lacking(written.span));
            return None;
        }
        if dates.is_empty() {
            let message = format!("nobody knows how often {} comes", quoted(name));
            self.find(
                "WD0008",
                at,
                message,
                "`every: 6 months` makes it count in return periods",
            );
            return Some(FaultWhen::Possible);
        }
        Some(FaultWhen::Dated(dates))
    }

    pub(super) fn kind(&mut self, path: &str, written: &'a ast::FaultKind) -> Option<FaultKind> {
        const UNITS: [Hits; 2] = [Hits::Replicas, Hits::Worker];
        Some(match written {
            ast::FaultKind::Crash(fault) => FaultKind::Crash(self.fault_target(
                &format!("{path}.crash"),
                &fault.target,
                &UNITS,
            )?),
            ast::FaultKind::Vanish(fault) => FaultKind::Vanish(self.fault_target(
                &format!("{path}.vanish"),
                &fault.target,
                &[Hits::Replicas],
            )?),
            ast::FaultKind::Stall(fault) => {
                let can = [Hits::Replicas, Hits::Worker, Hits::Pool];
                let target = self.fault_target(&format!("{path}.stall"), &fault.target, &can)?;
                if let Some(given) = &fault.keys {
                    self.stalled_keys(path, given, &target);
                }
                FaultKind::Stall(target)
            }
            ast::FaultKind::Hang(fault) => {
                let target = self.fault_target(&format!("{path}.hang"), &fault.target, &UNITS)?;
                let frees = match fault
                    .frees
                    .as_ref()
                    .map(|given| *self.say(&format!("{path}.frees"), given))
                {
                    Some(ast::Frees::AtEnd) => Frees::AtEnd,
                    Some(ast::Frees::AtRestart) | None => Frees::AtRestart,
                };
                FaultKind::Hang { target, frees }
            }
            ast::FaultKind::Slow(fault) => {
                let can = [Hits::Replicas, Hits::Worker, Hits::Endpoint];
                let target = self.fault_target(&format!("{path}.slow"), &fault.target, &can)?;
                let by = self.dist(&format!("{path}.by"), &fault.by, Bare::Constant);
                let of = match fault
                    .of
                    .as_ref()
                    .map(|given| *self.say(&format!("{path}.of"), given))
                {
                    Some(ast::SlowOf::New) => SlowOf::New,
                    Some(ast::SlowOf::Running) | None => SlowOf::Running,
                };
                FaultKind::Slow { target, by, of }
            }
            ast::FaultKind::Capacity(fault) => {
                let can = [Hits::Replicas, Hits::Link];
                let target = self.fault_target(&format!("{path}.capacity"), &fault.target, &can)?;
                FaultKind::Capacity {
                    target,
                    to: self.share_dist(&format!("{path}.to"), &fault.to),
                }
            }
            ast::FaultKind::Errors(fault) => {
                let can = [Hits::Replicas, Hits::Endpoint];
                let target = self.fault_target(&format!("{path}.errors"), &fault.target, &can)?;
                let by = self.share_dist(&format!("{path}.by"), &fault.by);
                let keys = fault.keys.as_ref().and_then(|given| {
                    let keys = self.say(&format!("{path}.keys"), given).0.clone();
                    self.key_space(given.span, keys.as_str())
                });
                FaultKind::Errors { target, by, keys }
            }
            ast::FaultKind::Cut(fault) => FaultKind::Cut(self.fault_target(
                &format!("{path}.cut"),
                &fault.target,
                &[Hits::Network],
            )?),
            ast::FaultKind::Loss(fault) => FaultKind::Loss {
                target: self.fault_target(
                    &format!("{path}.loss"),
                    &fault.target,
                    &[Hits::Network],
                )?,
                by: self.share_dist(&format!("{path}.by"), &fault.by),
            },
            ast::FaultKind::Delay(fault) => FaultKind::Delay {
                target: self.fault_target(
                    &format!("{path}.delay"),
                    &fault.target,
                    &[Hits::Network],
                )?,
                by: self.dist(&format!("{path}.by"), &fault.by, Bare::Constant),
            },
            ast::FaultKind::Edit(_) => FaultKind::Edit(self.edit(path.to_owned())),
            ast::FaultKind::Together(fault) => {
                if fault.faults.len() < 2 {
                    let error = Diagnostic::error(fault.span, "together are at least two faults");
                    self.found.push(error.lacking(fault.span));
                }
                FaultKind::Together(self.listed(&format!("{path}.together"), &fault.faults))
            }
        })
    }

    /// A stalled pool of many keys: the key space must be the pool's own.
    fn stalled_keys(&mut self, path: &str, given: &Given<ast::OneOf>, target: &Target) {
        let name = self.say(&format!("{path}.keys"), given).0.clone();
        let Some(keys) = self.key_space(given.span, name.as_str()) else {
            return;
        };
        let own = match target {
            Target::Pool(pool) => self.system.pools[pool.index()].keys,
            _ => None,
        };
        if own != Some(keys) {
            let message = format!(
                "what is stalled is not one pool for each of {}",
                quoted(name.as_str())
            );
            let error = Diagnostic::error(given.span, message);
            self.found.push(match target {
                Target::Pool(pool) => error.lacking(self.directory.pools[pool.index()].value.span),
                _ => error,
            });
        }
    }

    fn listed(&mut self, path: &str, names: &[Given<crate::scalar::Name>]) -> Vec<FaultId> {
        let mut faults = Vec::new();
        for given in names {
            let name = self.say(path, given).clone();
            match find(&self.directory.faults, name.as_str()) {
                Some(at) if faults.contains(&FaultId(id(at))) => {
                    self.error(
                        given.span,
                        format!("{} is listed twice", quoted(name.as_str())),
                    );
                }
                Some(at) => faults.push(FaultId(id(at))),
                None => {
                    let known: Vec<&str> = self
                        .directory
                        .faults
                        .iter()
                        .map(|fault| fault.name)
                        .collect();
                    let error =
                        self.directory
                            .unknown(given.span, name.as_str(), "a fault", &known);
                    self.found.push(error);
                }
            }
        }
        faults
    }

    /// A fault that comes together with itself would never end coming.
    fn no_circles(&mut self) {
        for start in 0..self.system.faults.len() {
            let mut seen = vec![false; self.system.faults.len()];
            let mut open = vec![start];
            while let Some(at) = open.pop() {
                let FaultKind::Together(faults) = &self.system.faults[at].kind else {
                    continue;
                };
                for fault in faults.clone() {
                    if fault.index() == start {
                        let item = self.directory.faults[start];
                        self.error(
                            item.at,
                            format!("the fault {} comes together with itself", quoted(item.name)),
                        );
                        open.clear();
                        break;
                    }
                    if !std::mem::replace(&mut seen[fault.index()], true) {
                        open.push(fault.index());
                    }
                }
            }
        }
    }
}

/// Whether each occurrence draws one replica.
fn replicas_drawn(kind: &FaultKind) -> bool {
    let target = match kind {
        FaultKind::Crash(target) | FaultKind::Vanish(target) | FaultKind::Stall(target) => target,
        FaultKind::Hang { target, .. }
        | FaultKind::Slow { target, .. }
        | FaultKind::Capacity { target, .. }
        | FaultKind::Errors { target, .. } => target,
        _ => return false,
    };
    matches!(
        target,
        Target::AnyReplica
            | Target::Replicas(_, Replicas::Any)
            | Target::Worker {
                replica: Replicas::Any,
                ..
            }
    )
}

/// Whether a date gives no end.
fn is_instant(when: &When) -> bool {
    let lasting = when.lasts_ns.is_some() || matches!(when.days, Days::From(_));
    !lasting && matches!(when.hours, Hours::At(_))
}
