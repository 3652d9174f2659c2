//! Who notices and who acts.
//!
//! An alert's metric says itself whose it is; an operator's actions are tried like the edits of faults. What people do
//! while nobody is there, or without a reaction time, is not guessed: it must be said.

use super::Resolver;
use super::directory::{Item, Written, find, id, missing};
use super::laws::Bare;
use super::promise::{compare, limit_of, of_answered};
use super::target::Hits;
use crate::ast;
use crate::diagnostic::{Diagnostic, quoted};
use crate::form::Given;
use crate::scalar::condition::{self, Of};
use crate::scalar::{
    self, Cond, Dist, Duration, Hold, MetricName, MetricWord, Name, Reference, Who,
};
use crate::source::Span;
use crate::system::{
    Act, Action, Alert, AlertId, AlertOn, Burn, BurnWindow, Compare, Condition, EndpointId, Entry,
    Expiry, FaultId, Metric, Mistakes, Operator, OperatorId, PromiseId, Seen, ServiceId, Shed,
    Shift, Sight, Subject, TopicId, Trend, ZoneId,
};

const MINUTE: u64 = 60_000_000_000;
const HOUR: u64 = 60 * MINUTE;
const DAY: u64 = 24 * HOUR;

/// The SRE workbook's windows: factor and long window; the short one is a twelfth of it.
const SRE: [(f64, u64); 3] = [(14.4, HOUR), (6.0, 6 * HOUR), (1.0, 3 * DAY)];

impl<'a> Resolver<'a> {
    /// All alerts.
    pub(super) fn alerts(&mut self) {
        let directory = self.directory;
        for &alert in &directory.alerts {
            self.enter(alert.defaults);
            if let Some(alert) = self.alert(alert) {
                self.system.alerts.push(alert);
            }
        }
    }

    fn alert(&mut self, item: Item<'a, ast::Alert>) -> Option<Alert> {
        let Item {
            name,
            value: written,
            at,
            ..
        } = item;
        let path = format!("alerts.{name}");
        let on = match (&written.sight, &written.burn) {
            (Some(given), _) => self.sight(&format!("{path}.if"), given).map(AlertOn::Sight),
            (None, Some(given)) => self.burn(&path, given, written).map(AlertOn::Burn),
            (None, None) => {
                let message = format!("the alert {} does not say what it looks for", quoted(name));
                let error = Diagnostic::error(at, message)
                    .hint("`if: shop.errors > 5% over 5m`, or `burn: PROMISE`");
                self.found.push(error.lacking(written.span));
                None
            }
        };
        let every_ns = match &written.every {
            Some(given) => {
                let every = self.nanos(&format!("{path}.every"), given);
                if every == 0 {
                    self.error(given.span, "nobody looks all the time: `every` is above 0");
                }
                every
            }
            None => {
                self.assume(
                    &format!("{path}.every"),
                    "1m",
                    "Prometheus evaluates rules every minute",
                    at,
                );
                MINUTE
            }
        };
        let delay = written.delay.as_ref().map_or_else(
            || crate::system::Dist::Constant(0.0),
            |given| self.dist(&format!("{path}.delay"), given, Bare::Constant),
        );
        let misses = written
            .misses
            .as_ref()
            .map_or(0.0, |given| self.share(&format!("{path}.misses"), given));
        let needs = self.needs(&path, written.needs.as_ref());
        let mut tells = Vec::new();
        for given in written.tells.iter().flat_map(|tells| &tells.items) {
            let name = self.say(&format!("{path}.tells"), given).as_str();
            match find(&self.directory.operators, name) {
                Some(at) => tells.push(OperatorId(id(at))),
                None => {
                    let names = self.names(self.directory.operators.iter().map(|item| item.name));
                    let error = self
                        .directory
                        .unknown(given.span, name, "an operator", &names);
                    self.found.push(error);
                }
            }
        }
        Some(Alert {
            name: name.to_owned(),
            on: on?,
            every_ns,
            delay,
            misses,
            needs: needs?,
            tells,
            place: self.place(at),
        })
    }

    /// The endpoint that is looked through: none if there is none, nothing at all if it is wrong.
    fn needs(
        &mut self,
        path: &str,
        given: Option<&'a Given<scalar::Target>>,
    ) -> Option<Option<EndpointId>> {
        match given {
            Some(given) => self
                .endpoint_named(&format!("{path}.needs"), given)
                .map(Some),
            None => Some(None),
        }
    }

    fn endpoint_named(
        &mut self,
        path: &str,
        given: &'a Given<scalar::Target>,
    ) -> Option<EndpointId> {
        let target = self.say(path, given).clone();
        match self
            .subjects(given.span, &Reference::Target(target))
            .as_slice()
        {
            [Subject::Endpoint(endpoint)] => Some(*endpoint),
            [] => None,
            _ => {
                let text = quoted(&given.value.to_string());
                let error = Diagnostic::error(given.span, format!("{text} is no endpoint"));
                self.found.push(error.expected("`service.endpoint`"));
                None
            }
        }
    }

    /// A condition that somebody looks at.
    fn sight(&mut self, path: &str, given: &'a Given<Cond>) -> Option<Sight> {
        let cond = self.say(path, given).clone();
        let metric = cond.metric().clone();
        let reference = match &metric.of {
            Of::Target(target) => Reference::Target(target.clone()),
            Of::Flow(flow) => Reference::Flow(flow.clone()),
            Of::Implied => {
                let error = Diagnostic::error(given.span, "this does not say whose metric it is");
                self.found
                    .push(error.hint(format!("`shop.{}`, for a service `shop`", metric.name)));
                return None;
            }
        };
        let subjects = self.subjects(given.span, &reference);
        let &[subject] = subjects.as_slice() else {
            if subjects.len() > 1 {
                let text = quoted(&reference.to_string());
                let message = format!("{text} means {} calls", subjects.len());
                let error = Diagnostic::error(given.span, message);
                self.found.push(error.hint("look at one of them"));
            }
            return None;
        };
        if metric.name.is_recovery() {
            self.error(
                given.span,
                "what is over can be promised; it is nothing to look out for",
            );
            return None;
        }
        if metric.name == MetricName::Word(MetricWord::LostValue) {
            let message = "money that is lost can be promised; it is nothing to look out for";
            let error = Diagnostic::error(given.span, message);
            self.found.push(error.hint("`lost > 1%`"));
            return None;
        }
        let what = self.measured(given.span, &metric, &subjects)?;
        let text = given.value.to_string();
        let place = self.place(given.span);
        let (seen, hold) = match cond {
            Cond::Level {
                comparison,
                limit,
                over,
                hold,
                ..
            } => {
                self.at_most_all(given.span, what, limit);
                let condition = Condition {
                    text: text.clone(),
                    metric: what,
                    of_answered: of_answered(&metric),
                    op: compare(comparison),
                    value: limit_of(limit).0,
                    over_ns: self.looked_over(path, given.span, what, over),
                    place,
                };
                (Seen::Level(condition), hold)
            }
            Cond::Move {
                trend, by, within, ..
            } => {
                if within.nanos() == 0 {
                    self.error(given.span, "nothing moves in no time");
                }
                let condition = Condition {
                    text: text.clone(),
                    metric: what,
                    of_answered: of_answered(&metric),
                    op: Compare::More,
                    value: by.get(),
                    over_ns: within.nanos(),
                    place,
                };
                let trend = match trend {
                    condition::Trend::Falls => Trend::Falls,
                    condition::Trend::Rises => Trend::Rises,
                };
                (Seen::Move { trend, condition }, Hold::Now)
            }
            // Only recovery stands alone, and that was refused.
            Cond::Ever { .. } => return None,
        };
        if what == Metric::Age && seen.condition().over_ns > 0 {
            let error =
                Diagnostic::error(given.span, "the age of the oldest message is read as it is");
            self.found
                .push(error.hint("drop `over`; `for 10m` is how long it must be so"));
        }
        let for_ns = match hold {
            Hold::Now => 0,
            Hold::For(time) => time.nanos(),
            Hold::At(_) => {
                let error = Diagnostic::error(given.span, "an alert looks all day long");
                self.found
                    .push(error.hint("drop `at`; `for 10m` is how long it must be so"));
                0
            }
        };
        Some(Sight {
            text,
            subject,
            seen,
            for_ns,
        })
    }

    /// The window of what is looked at: a level is read as it is, everything else over 5 min, where nothing is said.
    fn looked_over(&mut self, path: &str, at: Span, what: Metric, over: Option<Duration>) -> u64 {
        if let Some(over) = over {
            return over.nanos();
        }
        if what.is_level() {
            return 0;
        }
        self.assume(
            &format!("{path}.over"),
            "5m",
            "the window of a condition",
            at,
        );
        5 * MINUTE
    }

    fn burn(&mut self, path: &str, given: &'a Given<Name>, alert: &'a ast::Alert) -> Option<Burn> {
        let name = self.say(&format!("{path}.burn"), given).as_str();
        let windows = match alert
            .like
            .as_ref()
            .map(|like| *self.say(&format!("{path}.like"), like))
        {
            Some(ast::BurnPreset::Sre) => SRE,
            None => {
                let text = "sre";
                let reason = "the SRE workbook's windows and factors";
                self.assume(&format!("{path}.like"), text, reason, given.span);
                SRE
            }
        };
        let Some(at) = find(&self.directory.promises, name) else {
            let names = self.names(self.directory.promises.iter().map(|item| item.name));
            let error = Diagnostic::error(given.span, format!("nobody promised {}", quoted(name)));
            self.found.push(missing(error, name, &names));
            return None;
        };
        let budget = |condition: &Condition| condition.error_budget().is_some();
        let promise = &self.system.promises[at];
        if !promise.must.is_empty() && !promise.must.iter().any(budget) {
            let message = format!("{} leaves no share of requests to lose", quoted(name));
            let error = Diagnostic::error(given.span, message);
            self.found.push(
                error.expected(
                    "a promise such as `lost < 1%`, `availability > 99.9%` or `p99 < 1s`",
                ),
            );
            return None;
        }
        Some(Burn {
            promise: PromiseId(id(at)),
            windows: windows
                .map(|(factor, long_ns)| BurnWindow {
                    factor,
                    long_ns,
                    short_ns: long_ns / 12,
                })
                .into(),
        })
    }

    /// All operators.
    pub(super) fn operators(&mut self) {
        let directory = self.directory;
        for &operator in &directory.operators {
            self.enter(operator.defaults);
            if let Some(operator) = self.operator(operator) {
                self.system.operators.push(operator);
            }
        }
    }

    fn operator(&mut self, item: Item<'a, ast::Operator>) -> Option<Operator> {
        let Item {
            name,
            value: written,
            at,
            ..
        } = item;
        let path = format!("operators.{name}");
        let after = self.reaction(&format!("{path}.after"), written.after.as_ref());
        let people = match &written.people {
            Some(given) => {
                let people = self.small_count(&format!("{path}.people"), given);
                if people == 0 {
                    self.error(given.span, "nobody does nothing: leave the operator out");
                }
                people
            }
            None => {
                self.assume(&format!("{path}.people"), "1", "one pair of hands", at);
                1
            }
        };
        let mut shifts = Vec::new();
        for (number, shift) in written.shifts.iter().flatten().enumerate() {
            let path = format!("{path}.shifts.{number}");
            shifts.push(Shift {
                when: self.dates(&format!("{path}.when"), Some(&shift.when)),
                after: self.reaction(&format!("{path}.after"), shift.after.as_ref()),
            });
        }
        let needs = self.needs(&path, written.needs.as_ref());
        let blind = self.reaction(&format!("{path}.blind"), written.blind.as_ref());
        match (&written.needs, &written.blind) {
            (Some(given), None) => {
                let error = Diagnostic::error(given.span, "and what if they see nothing?");
                self.found.push(
                    error
                        .hint("`blind: 20m cv 1` is how long it takes them then")
                        .lacking(written.span),
                );
            }
            (None, Some(given)) => {
                let error = Diagnostic::error(given.span, "they are never blind");
                self.found.push(
                    error
                        .hint("`needs: dashboards.query` is what they see through")
                        .lacking(written.span),
                );
            }
            _ => {}
        }
        let mut runbook = Vec::new();
        for (number, entry) in written.runbook.iter().flatten().enumerate() {
            let path = format!("{path}.runbook.{number}");
            let somebody = after.is_some() || entry.after.is_some();
            let covered = !shifts.is_empty() && shifts.iter().all(|shift| shift.after.is_some());
            if !somebody && !covered {
                let message = format!("nobody says how long {} takes to react", quoted(name));
                let error = Diagnostic::error(at, message);
                self.found
                    .push(error.hint("`after: 4m cv 0.7`").lacking(written.span));
            }
            runbook.extend(self.entry(&path, entry));
        }
        let mistakes = written.mistakes.as_ref().map(|mistakes| Mistakes {
            chance: self.share(&format!("{path}.mistakes.chance"), &mistakes.chance),
            actions: self.actions(&format!("{path}.mistakes"), &mistakes.actions),
        });
        Some(Operator {
            name: name.to_owned(),
            after,
            people,
            shifts,
            needs: needs?,
            blind,
            runbook,
            mistakes,
            place: self.place(at),
        })
    }

    fn reaction(
        &mut self,
        path: &str,
        given: Option<&'a Given<Dist<Duration>>>,
    ) -> Option<crate::system::Dist> {
        given.map(|given| self.dist(path, given, Bare::Constant))
    }

    fn entry(&mut self, path: &str, written: &'a ast::Entry) -> Option<Entry> {
        let alert = self.say(&format!("{path}.if"), &written.alert).as_str();
        let found = find(&self.directory.alerts, alert);
        if found.is_none() {
            let names = self.names(self.directory.alerts.iter().map(|item| item.name));
            let error = self
                .directory
                .unknown(written.alert.span, alert, "an alert", &names);
            self.found.push(error);
        }
        let after = self.reaction(&format!("{path}.after"), written.after.as_ref());
        let actions = self.actions(path, &written.actions);
        if written.actions.is_empty() {
            self.error(written.span, "this entry does nothing");
        }
        let expiry = match (&written.until, &written.lasts) {
            (Some(given), _) => Expiry::Until(self.sight(&format!("{path}.until"), given)?),
            (None, Some(given)) => {
                Expiry::After(self.dist(&format!("{path}.for"), given, Bare::Constant))
            }
            (None, None) => Expiry::Never,
        };
        let because = written
            .because
            .as_ref()
            .map(|given| self.say(&format!("{path}.because"), given).to_string());
        Some(Entry {
            alert: AlertId(id(found?)),
            after,
            actions,
            expiry,
            because,
        })
    }

    fn actions(&mut self, path: &str, written: &'a [ast::Action]) -> Vec<Action> {
        let mut all = Vec::new();
        for (number, action) in written.iter().enumerate() {
            let path = format!("{path}.{number}");
            let act = self.act(&path, &action.what);
            let takes = self.reaction(&format!("{path}.takes"), action.takes.as_ref());
            let through = action
                .through
                .as_ref()
                .map(|given| self.endpoint_named(&format!("{path}.works-through"), given));
            if let (Some((act, text)), false) = (act, through == Some(None)) {
                all.push(Action {
                    text,
                    act,
                    takes,
                    through: through.flatten(),
                });
            }
        }
        all
    }

    /// What is done, and how a log says it.
    pub(super) fn act(&mut self, path: &str, written: &'a ast::Act) -> Option<(Act, String)> {
        Some(match written {
            ast::Act::Edit(act) => {
                let keys = act.edit.0.entries().unwrap_or_default();
                let list: Vec<String> = keys
                    .iter()
                    .map(|entry| match entry.value.text() {
                        Some(value) => format!("{}: {value}", entry.key.text),
                        None => entry.key.text.to_string(),
                    })
                    .collect();
                let edit = self.edit(path.to_owned());
                (Act::Edit(edit), format!("edits {}", list.join(", ")))
            }
            ast::Act::Set(act) => {
                let name = self.say(&format!("{path}.set"), &act.flag).as_str();
                let flag = self.flag_named(act.flag.span, name)?;
                (Act::Set(flag), format!("sets {name}"))
            }
            ast::Act::Clear(act) => {
                let name = self.say(&format!("{path}.clear"), &act.flag).as_str();
                let flag = self.flag_named(act.flag.span, name)?;
                (Act::Clear(flag), format!("clears {name}"))
            }
            ast::Act::Shed(act) => {
                let by = self.share(&format!("{path}.by"), &act.by);
                let whom = self.say(&format!("{path}.shed"), &act.whom).clone();
                let shed = match self.subjects(act.whom.span, &whom).as_slice() {
                    [Subject::Client(client)] => Shed::Client(*client),
                    [Subject::Endpoint(endpoint)] => Shed::Endpoint(*endpoint),
                    [] => return None,
                    _ => {
                        let text = quoted(&whom.to_string());
                        let message = format!("{text} is no door at which somebody is turned away");
                        self.found.push(
                            Diagnostic::error(act.whom.span, message)
                                .expected("a client or an endpoint"),
                        );
                        return None;
                    }
                };
                let text = format!("sheds {} of {whom}", act.by.value);
                (Act::Shed(shed, by), text)
            }
            ast::Act::Restart(act) => {
                let target =
                    self.fault_target(&format!("{path}.restart"), &act.target, &[Hits::Replicas])?;
                (
                    Act::Restart(target),
                    format!("restarts {}", act.target.value),
                )
            }
            ast::Act::Drain(act) => {
                let name = self.say(&format!("{path}.drain"), &act.zone).as_str();
                let Some(zone) = self.directory.zone(name) else {
                    let names = self.names(self.directory.zones.iter().map(|zone| zone.0));
                    let error = self
                        .directory
                        .unknown(act.zone.span, name, "a zone", &names);
                    self.found.push(error);
                    return None;
                };
                (Act::Drain(ZoneId(id(zone))), format!("drains {name}"))
            }
            ast::Act::Repair(act) => {
                let name = self.say(&format!("{path}.repair"), &act.fault).as_str();
                let Some(fault) = find(&self.directory.faults, name) else {
                    let names = self.names(self.directory.faults.iter().map(|item| item.name));
                    let error = self
                        .directory
                        .unknown(act.fault.span, name, "a fault", &names);
                    self.found.push(error);
                    return None;
                };
                (Act::Repair(FaultId(id(fault))), format!("repairs {name}"))
            }
            ast::Act::Replay(act) => {
                let name = self.say(&format!("{path}.replay"), &act.topic).as_str();
                let topic = self.topic_named(act.topic.span, name)?;
                self.given_up(act.topic.span, topic)?;
                (Act::Replay(topic), format!("replays {name}"))
            }
            ast::Act::RollBack(act) => {
                let name = self
                    .say(&format!("{path}.roll-back"), &act.service)
                    .as_str();
                let service = self.rolled_out(act.service.span, name)?;
                (Act::RollBack(service), format!("rolls {name} back"))
            }
            ast::Act::Pause(act) => {
                let target = self.say(&format!("{path}.pause"), &act.what).clone();
                let plain =
                    target.select.is_none() && target.worker.is_none() && target.step.is_none();
                let (Who::Named(name), true) = (&target.who, plain) else {
                    let text = quoted(&target.to_string());
                    let error = Diagnostic::error(act.what.span, format!("{text} is no rollout"));
                    self.found.push(error.expected("`service.rollout`"));
                    return None;
                };
                let service = self.rolled_out(act.what.span, name.as_str())?;
                (Act::Pause(service), format!("pauses {target}"))
            }
        })
    }

    /// A topic whose consumer puts somewhere what it gives up.
    fn given_up(&mut self, at: Span, topic: TopicId) -> Option<()> {
        let name = self.directory.topics[topic.index()].name;
        let handlers = self.directory.endpoints.iter();
        let consumer = handlers
            .filter(|endpoint| endpoint.name == name)
            .find_map(|endpoint| match endpoint.value {
                Written::Handler(written, _) => Some(written),
                Written::Endpoint(..) => None,
            });
        if consumer.is_some_and(|consumer| consumer.then.is_some()) {
            return Some(());
        }
        let message = format!("nothing that is given up in {} is kept", quoted(name));
        let error = Diagnostic::error(at, message);
        let error = error.hint("its consumer says where it goes: `then: TOPIC`");
        self.found.push(match consumer {
            Some(consumer) => error.lacking(consumer.span),
            // Who handles messages is read with those who answer calls.
            None => error.lacking_calls(),
        });
        None
    }

    /// A service that has a rollout.
    fn rolled_out(&mut self, at: Span, name: &str) -> Option<ServiceId> {
        let service = self.service_named(at, name)?;
        let written = self.directory.services[service.index()].value;
        if written.rollout.is_none() {
            let message = format!("{} has no `rollout`", quoted(name));
            let error = Diagnostic::error(at, message);
            self.found.push(error.lacking(written.span));
            return None;
        }
        Some(service)
    }
}
