//! What was promised: for whom, what must hold, and on which days.

use super::Resolver;
use super::directory::{Item, Kind, id, missing};
use crate::ast;
use crate::diagnostic::{Diagnostic, one_of, quoted};
use crate::form::Given;
use crate::scalar::condition::Of;
use crate::scalar::{
    self, Comparison, Cond, Direction, End, Hold, Limit, MetricName, MetricWord, Reference, Select,
    SurvivePart, Who,
};
use crate::source::Span;
use crate::system::{
    CallId, Caller, Claim, Compare, Condition, EndpointId, Metric, OfAnswered, Part, Promise,
    Subject, Survive,
};

const MINUTE: u64 = 60_000_000_000;
const DAY: u64 = 24 * 60 * MINUTE;

impl<'a> Resolver<'a> {
    /// All promises.
    pub(super) fn promises(&mut self) {
        let directory = self.directory;
        for &promise in &directory.promises {
            self.enter(promise.defaults);
            let promise = self.promise(promise);
            self.system.promises.push(promise);
        }
    }

    fn promise(&mut self, item: Item<'a, ast::Promise>) -> Promise {
        let Item {
            name,
            value: written,
            at,
            ..
        } = item;
        let path = format!("promises.{name}");
        let mut subjects = Vec::new();
        for given in &written.subjects.items {
            let reference = self.say(&format!("{path}.for"), given).clone();
            let found = self.subjects(given.span, &reference);
            for subject in &found {
                self.must_be_reached(given.span, &reference.to_string(), *subject);
            }
            subjects.extend(found);
        }
        if written.must.is_empty() {
            let error = Diagnostic::error(
                written.span,
                format!("the promise {} promises nothing", quoted(name)),
            );
            let error = error.hint("`must: [p99 < 1s over 5m]`");
            self.found.push(error.lacking(written.span));
        }
        let must: Vec<Condition> = written
            .must
            .iter()
            .filter_map(|given| self.condition(&format!("{path}.must"), given, &subjects))
            .collect();
        let survives = self.survives(&path, at, written.survives.as_deref());
        let except = written.except.iter().flat_map(|except| &except.items);
        let except = except
            .map(|given| self.say(&format!("{path}.except"), given).clone())
            .collect();
        let defaults = item
            .defaults
            .and_then(|defaults| defaults.promises.as_ref());
        let at_least = written
            .at_least
            .as_ref()
            .or(defaults.and_then(|defaults| defaults.at_least.as_ref()));
        let at_risk = written
            .at_risk
            .as_ref()
            .or(defaults.and_then(|defaults| defaults.at_risk.as_ref()));
        let at_least = match at_least {
            Some(given) => self.say(&format!("{path}.at-least"), given).get(),
            None => {
                self.assume(
                    &format!("{path}.at-least"),
                    "100",
                    "a window with fewer requests is prolonged",
                    at,
                );
                100
            }
        };
        let at_risk = match at_risk {
            Some(given) => {
                let share = *self.say(&format!("{path}.at-risk"), given);
                if !share.is_share() {
                    self.error(given.span, "a share of the seeds is at most 100%");
                }
                share.get()
            }
            None => {
                self.assume(&format!("{path}.at-risk"), "5%", "our choice", at);
                0.05
            }
        };
        self.find_fine_percentiles(written, &must, &subjects, at_least);
        Promise {
            name: name.to_owned(),
            subjects,
            must,
            survives,
            except,
            at_least,
            at_risk,
            place: self.place(at),
        }
    }

    /// Whom a reference of a promise means: several, if it means several calls.
    pub(super) fn subjects(&mut self, at: Span, reference: &Reference) -> Vec<Subject> {
        let text = reference.to_string();
        match reference {
            Reference::Target(target) => {
                let Who::Named(name) = &target.who else {
                    self.error(at, format!("{} is not one thing", quoted(&text)));
                    return Vec::new();
                };
                let plain =
                    target.select.is_none() && target.worker.is_none() && target.step.is_none();
                let kind = self
                    .directory
                    .things
                    .get(name.as_str())
                    .map(|(kind, _)| *kind);
                match (kind, target.members.as_slice()) {
                    (Some(Kind::Client(client)), []) if plain => vec![Subject::Client(client)],
                    (Some(Kind::Service(service)), []) if plain => vec![Subject::Service(service)],
                    (Some(Kind::Service(service)), [member]) if plain => {
                        if let Some(endpoint) =
                            self.directory.endpoint(service.index(), member.as_str())
                        {
                            return vec![Subject::Endpoint(endpoint)];
                        }
                        let (first, last) = self.directory.endpoints_of(service.index());
                        let names = self.names(
                            (first..last).map(|at| self.directory.endpoints[at as usize].name),
                        );
                        let message =
                            format!("`{name}` has no endpoint {}", quoted(member.as_str()));
                        self.found.push(missing(
                            Diagnostic::error(at, message),
                            member.as_str(),
                            &names,
                        ));
                        Vec::new()
                    }
                    (Some(Kind::Topic(topic)), []) if plain => vec![Subject::Topic(topic)],
                    (Some(Kind::Client(_) | Kind::Service(_) | Kind::Topic(_)), _) => {
                        let error = Diagnostic::error(
                            at,
                            format!("nothing is promised for {}", quoted(&text)),
                        );
                        self.found.push(
                            error.expected("a client, a service, an endpoint, a call or a topic"),
                        );
                        Vec::new()
                    }
                    _ => {
                        let names = self.names(
                            self.directory
                                .things
                                .iter()
                                .filter(|(_, (kind, _))| {
                                    matches!(
                                        kind,
                                        Kind::Client(_) | Kind::Service(_) | Kind::Topic(_)
                                    )
                                })
                                .map(|(name, _)| *name),
                        );
                        let error = self.directory.unknown(
                            at,
                            name.as_str(),
                            "a client, a service or a topic",
                            &names,
                        );
                        self.found.push(error);
                        Vec::new()
                    }
                }
            }
            Reference::Flow(flow) => {
                let calls = self.calls_of(&flow.from, &flow.to);
                if flow.direction == Direction::BothWays {
                    self.error(at, "a call goes one way: `a -> b`");
                    return Vec::new();
                }
                if calls.is_empty() {
                    let names = self.names(self.system.calls.iter().map(|call| call.name.as_str()));
                    let error =
                        Diagnostic::error(at, format!("nobody makes the call {}", quoted(&text)));
                    self.found.push(
                        error
                            .hint(format!("there is {}", one_of(names, 6)))
                            .lacking_calls(),
                    );
                }
                calls.into_iter().map(Subject::Call).collect()
            }
            Reference::AnyOf(_) | Reference::Path(_) => {
                let error =
                    Diagnostic::error(at, format!("nothing is promised for {}", quoted(&text)));
                self.found
                    .push(error.expected("a client, a service, an endpoint or a call"));
                Vec::new()
            }
        }
    }

    /// The calls between two ends.
    fn calls_of(&self, from: &End, to: &End) -> Vec<CallId> {
        let (End::Target(from), End::Target(to)) = (from, to) else {
            return Vec::new();
        };
        let is = |target: &scalar::Target, service: &str, endpoint: Option<&str>| {
            let who = match &target.who {
                Who::Any => true,
                Who::Named(name) => name.as_str() == service,
            };
            let member = target.members.first().map(scalar::Name::as_str);
            who && (member.is_none() || member == endpoint) && target.members.len() < 2
        };
        let mut calls = Vec::new();
        for (at, call) in self.system.calls.iter().enumerate() {
            let caller_matches = match call.caller {
                Caller::Client(client) => {
                    is(from, self.directory.clients[client.index()].name, None)
                }
                Caller::Endpoint(endpoint) => {
                    let item = self.directory.endpoints[endpoint.index()];
                    is(
                        from,
                        self.directory.services[item.service].name,
                        Some(item.name),
                    )
                }
                Caller::Start(service) => is(
                    from,
                    self.directory.services[service.index()].name,
                    Some("start"),
                ),
            };
            let item = self.directory.endpoints[call.target.index()];
            let replicas_match = match &to.select {
                None | Some(Select::Any) => true,
                Some(_) => call.subset.is_some(),
            };
            if caller_matches
                && replicas_match
                && is(
                    to,
                    self.directory.services[item.service].name,
                    Some(item.name),
                )
            {
                calls.push(CallId(id(at)));
            }
        }
        calls
    }

    fn must_be_reached(&mut self, at: Span, text: &str, subject: Subject) {
        let reached = |endpoint: EndpointId| self.system.endpoints[endpoint.index()].reached;
        let is_reached = match subject {
            Subject::Client(_) => true,
            Subject::Topic(topic) => self.system.topics[topic.index()].reached,
            Subject::Endpoint(endpoint) => reached(endpoint),
            Subject::Service(service) => {
                let (first, last) = self.directory.endpoints_of(service.index());
                (first..last).any(|endpoint| reached(EndpointId(endpoint)))
            }
            Subject::Call(call) => match self.system.calls[call.index()].caller {
                Caller::Client(_) => true,
                Caller::Endpoint(endpoint) => reached(endpoint),
                Caller::Start(_) => true,
            },
        };
        if !is_reached {
            let error = Diagnostic::error(
                at,
                format!(
                    "no client reaches {}, so nothing can be promised for it",
                    quoted(text)
                ),
            );
            self.found.push(error.lacking_calls());
        }
    }

    pub(super) fn condition(
        &mut self,
        path: &str,
        given: &Given<Cond>,
        subjects: &[Subject],
    ) -> Option<Condition> {
        let (metric, (comparison, limit, over, hold)) = match self.say(path, given).clone() {
            Cond::Level {
                metric,
                comparison,
                limit,
                over,
                hold,
            } => (metric, (comparison, Some(limit), over, hold)),
            Cond::Ever { metric } => (metric, (Comparison::Less, None, None, Hold::Now)),
            Cond::Move { .. } => {
                let error = Diagnostic::error(
                    given.span,
                    "a promise says where a metric stays, not how it moves",
                );
                self.found
                    .push(error.hint("`falls` and `rises` are for alerts"));
                return None;
            }
        };
        if metric.of != Of::Implied {
            let error =
                Diagnostic::error(given.span, "in a promise the metric is that of its `for`");
            let limit = limit.map_or_else(String::new, |limit| format!(" {comparison} {limit}"));
            self.found
                .push(error.hint(format!("`{}{limit}`", metric.name)));
            return None;
        }
        if hold != Hold::Now {
            let error = Diagnostic::error(
                given.span,
                "a promise holds in every window: `for` and `at` belong to alerts",
            );
            self.found.push(error.hint("`over 5m` is the window"));
            return None;
        }
        let what = self.measured(given.span, &metric, subjects)?;
        if let Some(Limit::Money(money)) = limit {
            self.money(money, given.span);
        }
        let (value, whole) = limit.map_or((Condition::EVER, false), limit_of);
        let counted = matches!(
            what,
            Metric::Expired | Metric::Duplicates | Metric::DeadLetters | Metric::MoneyLost
        );
        let default = if counted { DAY } else { 5 * MINUTE };
        let over_ns = over.map_or(default, scalar::Duration::nanos);
        if over.is_none() && !metric.name.is_recovery() {
            let text = if counted { "1d" } else { "5m" };
            self.assume(
                &format!("{path}.over"),
                text,
                "the window of a condition",
                given.span,
            );
        }
        if let Some(limit) = limit {
            self.at_most_all(given.span, what, limit);
        }
        debug_assert!(!whole || value.fract() == 0.0);
        Some(Condition {
            text: given.value.to_string(),
            metric: what,
            of_answered: of_answered(&metric),
            op: compare(comparison),
            value,
            over_ns,
            place: self.place(given.span),
        })
    }

    /// A share is at most all of it; CPU may exceed what was requested.
    pub(super) fn at_most_all(&mut self, at: Span, what: Metric, limit: Limit) {
        if let Limit::Ratio(ratio) = limit
            && ratio.get() > 1.0
            && !matches!(what, Metric::Cpu)
        {
            self.error(at, "a share is at most 100%");
        }
    }

    /// What a metric means of these subjects, if it means anything.
    pub(super) fn measured(
        &mut self,
        at: Span,
        metric: &scalar::Metric,
        subjects: &[Subject],
    ) -> Option<Metric> {
        let what = self.metric(metric.name)?;
        if what == Metric::Attempts
            && subjects
                .iter()
                .any(|subject| matches!(subject, Subject::Service(_) | Subject::Endpoint(_)))
        {
            let error = Diagnostic::error(at, "attempts are made by callers: clients and calls");
            self.found
                .push(error.hint("`for: checkout -> payment.charge`"));
            return None;
        }
        if !self.is_measured_of(what, subjects, at, metric.name) {
            return None;
        }
        if what == Metric::MoneyLost {
            self.has_value(at, subjects)?;
        }
        let level = matches!(
            what,
            Metric::Queue | Metric::Replicas | Metric::Cpu | Metric::BusyWorkers
        );
        if level
            && subjects
                .iter()
                .any(|subject| !matches!(subject, Subject::Service(_)))
        {
            let error = Diagnostic::error(
                at,
                format!(
                    "{} is measured of a service",
                    quoted(&metric.name.to_string())
                ),
            );
            self.found.push(
                error.expected("a service, as in `till.queue > 8`, or in the `for` of a promise"),
            );
            return None;
        }
        let response = matches!(what, Metric::Percentile(_) | Metric::Mean);
        if metric.of_answered && !response {
            self.error(at, "only response times are measured of what was answered");
            return None;
        }
        Some(what)
    }

    /// Whether a metric of topics, or one that topics lack, stands beside the right subjects.
    fn is_measured_of(
        &mut self,
        what: Metric,
        subjects: &[Subject],
        at: Span,
        name: MetricName,
    ) -> bool {
        let of_topics = matches!(
            what,
            Metric::Backlog | Metric::Age | Metric::DeadLetters | Metric::Drains
        );
        let never_of_topics = matches!(what, Metric::Attempts | Metric::Degraded);
        let is_topic = |subject: &Subject| matches!(subject, Subject::Topic(_));
        let (wrong, wanted) = if of_topics && !subjects.iter().all(is_topic) {
            ("is measured of a topic", "a topic in `for`")
        } else if never_of_topics && subjects.iter().any(is_topic) {
            (
                "is not measured of a topic",
                "`age`, `backlog`, `drains`, `expired`, `dead-letters`, `duplicates`, `lost` or a percentile of the time until a message is handled",
            )
        } else {
            return true;
        };
        let message = format!("{} {wrong}", quoted(&name.to_string()));
        self.found
            .push(Diagnostic::error(at, message).expected(wanted));
        false
    }

    /// What is lost with a visit: of clients that say what one is worth.
    fn has_value(&mut self, at: Span, subjects: &[Subject]) -> Option<()> {
        for subject in subjects {
            let Subject::Client(client) = *subject else {
                let error = Diagnostic::error(at, "only visits of a client are worth something");
                self.found.push(error.expected("a client in `for`"));
                return None;
            };
            let item = self.directory.clients[client.index()];
            if item.value.value.is_none() {
                let message = format!("nobody says what a visit of {} is worth", quoted(item.name));
                let error = Diagnostic::error(at, message).also(item.at, "this client");
                let error = error.hint("`value: 31 USD`, or a distribution");
                self.found.push(error.lacking(item.value.span));
                return None;
            }
        }
        Some(())
    }

    fn metric(&mut self, name: MetricName) -> Option<Metric> {
        Some(match name {
            MetricName::Percentile(percentile) => Metric::Percentile(percentile.get() / 100.0),
            MetricName::Word(word) => match word {
                MetricWord::Mean => Metric::Mean,
                MetricWord::Failed => Metric::Failed,
                MetricWord::Shed => Metric::Shed,
                MetricWord::Abandoned => Metric::Abandoned,
                MetricWord::Lost => Metric::Lost,
                MetricWord::Errors => Metric::Errors,
                MetricWord::Degraded => Metric::Degraded,
                MetricWord::Availability => Metric::Availability,
                MetricWord::Goodput => Metric::Goodput,
                MetricWord::Attempts => Metric::Attempts,
                MetricWord::Queue => Metric::Queue,
                MetricWord::Expired => Metric::Expired,
                MetricWord::Duplicates => Metric::Duplicates,
                MetricWord::Replicas => Metric::Replicas,
                MetricWord::Cpu => Metric::Cpu,
                MetricWord::BusyWorkers => Metric::BusyWorkers,
                MetricWord::Recovers => Metric::Recovers,
                MetricWord::Drains => Metric::Drains,
                MetricWord::Age => Metric::Age,
                MetricWord::Backlog => Metric::Backlog,
                MetricWord::DeadLetters => Metric::DeadLetters,
                MetricWord::LostValue => Metric::MoneyLost,
                // These need what is not built; the file was refused before.
                MetricWord::Staleness | MetricWord::Reversals | MetricWord::Hit => return None,
            },
        })
    }

    fn survives(
        &mut self,
        path: &str,
        at: Span,
        written: Option<&[Given<scalar::Survive>]>,
    ) -> Vec<Survive> {
        let path = format!("{path}.survives");
        let Some(written) = written else {
            self.assume(&path, "a normal day", "the days a promise must survive", at);
            return vec![Survive {
                text: "a normal day".to_owned(),
                place: self.place(at),
                what: Claim::NormalDay,
            }];
        };
        let mut survives = Vec::new();
        for given in written {
            let what = match self.say(&path, given) {
                scalar::Survive::NormalDay => Claim::NormalDay,
                scalar::Survive::OnceIn(time) => Claim::OnceIn { ns: time.nanos() },
                scalar::Survive::Together(parts) => {
                    let parts = parts.iter();
                    Claim::Together(parts.filter_map(|part| self.part(given, part)).collect())
                }
            };
            survives.push(Survive {
                text: given.value.to_string(),
                place: self.place(given.span),
                what,
            });
        }
        survives
    }

    /// A part of a day to survive, if there is such a thing.
    fn part(&mut self, given: &Given<scalar::Survive>, part: &SurvivePart) -> Option<Part> {
        match part {
            SurvivePart::Peak(factor) => {
                if factor.get() == 0.0 {
                    self.error(given.span, "a day of no demand breaks no promise");
                }
                Some(Part::Peak(factor.get()))
            }
            SurvivePart::AnyOf(any) => self.any_of(given.span, *any),
            SurvivePart::Named(name) => {
                let kind = self.directory.things.get(name.as_str());
                match kind.map(|(kind, _)| *kind) {
                    Some(Kind::Fault(fault)) => Some(Part::Fault(fault)),
                    Some(Kind::Event(event)) => Some(Part::Event(event)),
                    _ => {
                        let things = self.directory.things.iter();
                        let happens = things.filter(|(_, (kind, _))| {
                            matches!(kind, Kind::Fault(_) | Kind::Event(_))
                        });
                        let names = self.names(happens.map(|(name, _)| *name));
                        let error = self.directory.unknown(
                            given.span,
                            name.as_str(),
                            "a fault or an event",
                            &names,
                        );
                        self.found.push(error);
                        None
                    }
                }
            }
        }
    }

    /// So many of a kind, if there are so many.
    fn any_of(&mut self, at: Span, any: scalar::AnyOf) -> Option<Part> {
        let count = u32::from(any.number);
        let (there, part) = match any.kind {
            scalar::Kind::Zone => (self.directory.zones.len(), Part::AnyZone { count }),
            scalar::Kind::Fault => (self.directory.faults.len(), Part::AnyFault { count }),
            scalar::Kind::Replica => {
                let replicas = self.system.services.iter().map(|s| s.replicas as usize);
                (replicas.sum(), Part::AnyReplica { count })
            }
            scalar::Kind::Rollout => {
                let services = self.system.services.iter();
                let rollouts = services.filter(|service| service.rollout.is_some());
                (rollouts.count(), Part::AnyRollout { count })
            }
        };
        if count as usize <= there {
            return Some(part);
        }
        let kind = any.kind;
        let message = match there {
            0 => format!("there is no {kind} in this system"),
            1 => format!("there is only one {kind} in this system"),
            _ => format!("there are only {there} {kind}s in this system"),
        };
        // What is hidden may be one, wherever it stands.
        let error = Diagnostic::error(at, message);
        self.found.push(error.lacking_calls().lacking(at));
        None
    }
}

/// A limit in base units, and whether it is a number of things.
pub(super) fn limit_of(limit: Limit) -> (f64, bool) {
    match limit {
        Limit::Duration(duration) => (duration.nanos() as f64, false),
        Limit::Ratio(ratio) => (ratio.get(), false),
        Limit::Rate(rate) => (rate.get(), false),
        Limit::Factor(factor) => (factor.get(), false),
        Limit::Count(count) => (count.get() as f64, true),
        Limit::Money(money) => (money.amount(), false),
    }
}

pub(super) fn of_answered(metric: &scalar::Metric) -> OfAnswered {
    if metric.of_answered {
        OfAnswered::Yes
    } else {
        OfAnswered::No
    }
}

pub(super) fn compare(comparison: Comparison) -> Compare {
    match comparison {
        Comparison::Less => Compare::Less,
        Comparison::AtMost => Compare::AtMost,
        Comparison::More => Compare::More,
        Comparison::AtLeast => Compare::AtLeast,
        Comparison::Equal => Compare::Equal,
    }
}
