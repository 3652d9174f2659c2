//! Who asks: how visits come, what they do, and when their users go.

use super::Resolver;
use super::directory::{Item, find, id};
use super::laws::Bare;
use super::service::known_as;
use crate::ast::{self, ArriveWay, Load, OpenPattern, PatternWord, SpreadShape};
use crate::diagnostic::{Diagnostic, quoted};
use crate::form::Given;
use crate::scalar::{Factor, PatienceLimit, Switch, Uncertain};
use crate::source::Span;
use crate::system::{
    Arrive, Cancel, Client, Curve, Dist, EventId, Patience, Pattern, Peak, Shape, USERS_MAX,
};

impl<'a> Resolver<'a> {
    /// All clients.
    pub(super) fn clients(&mut self) {
        let directory = self.directory;
        for (position, &client) in directory.clients.iter().enumerate() {
            self.enter(client.defaults);
            let client = self.client(position, client);
            self.system.clients.push(client);
        }
    }

    fn client(&mut self, position: usize, item: Item<'a, ast::Client>) -> Client {
        let Item {
            name,
            value: written,
            at,
            ..
        } = item;
        let path = format!("clients.{name}");
        let arrive = match &written.load {
            Load::Open(open) => self.arrive(&format!("{path}.arrive"), &open.arrive),
            Load::Closed(closed) => {
                let population = self.count(&format!("{path}.population"), &closed.population);
                let known = self
                    .system
                    .clients
                    .iter()
                    .map(|client| match client.arrive {
                        Arrive::Closed { population, .. } => population,
                        _ => 0,
                    });
                if known.fold(population, u64::saturating_add) > USERS_MAX {
                    let message = format!("{population} users are more than can be simulated");
                    let error = Diagnostic::error(closed.population.span, message);
                    self.found.push(
                        error.hint("at most ten million in all; those of whom nobody remembers anything are an open client: `arrive: 5/s`"),
                    );
                }
                let think = self.dist(&format!("{path}.think"), &closed.think, Bare::Exponential);
                Arrive::Closed { population, think }
            }
        };
        let patience = match &written.patience {
            Some(given) => self.patience(&format!("{path}.patience"), given),
            None => {
                self.assume(
                    &format!("{path}.patience"),
                    "unlimited",
                    "users wait for ever unless the file says otherwise",
                    at,
                );
                Patience::Unlimited
            }
        };
        let cancel = match &written.cancel {
            Some(given) => self.cancel_word(&format!("{path}.cancel"), given),
            None => Cancel::None,
        };
        let retry = written
            .retry
            .as_ref()
            .and_then(|retry| self.retry(&format!("{path}.retry"), retry));
        let value = written.value.as_ref().map(|given| {
            let first = amount_of(&given.value);
            if let Some(money) = first {
                self.money(money, given.span);
            }
            self.dist(&format!("{path}.value"), given, Bare::Constant)
        });
        let priority = match &written.priority {
            Some(given) => self
                .priority(&format!("{path}.priority"), given)
                .unwrap_or(0),
            None => {
                let last = self.system.priorities.len() - 1;
                if last > 0 {
                    let class = self.system.priorities[last].clone();
                    self.assume(
                        &format!("{path}.priority"),
                        class,
                        "a client without a class is of the last one",
                        at,
                    );
                }
                u16::try_from(last).unwrap_or(u16::MAX)
            }
        };
        let active = written.active.as_ref().and_then(|given| {
            let event = self.say(&format!("{path}.active"), given).0.clone();
            self.event_named(given.span, event.as_str())
        });
        let steps = self.visits(position);
        if written.steps.items.is_empty() {
            self.error(
                written.steps.span,
                format!("a visit of {} does nothing", quoted(name)),
            );
        }
        let known_as = known_as(written.known_as.as_ref());
        Client {
            name: name.to_owned(),
            known_as,
            arrive,
            active,
            steps,
            patience,
            cancel,
            retry,
            value,
            priority,
        }
    }

    fn patience(&mut self, path: &str, given: &Given<crate::scalar::Patience>) -> Patience {
        let patience = self.say(path, given).clone();
        match patience.limit {
            PatienceLimit::Until(event) => {
                if patience.while_queued {
                    self.error(
                        given.span,
                        "`until EVENT` goes by the clock, whether in a queue or not",
                    );
                }
                self.event_named(given.span, event.as_str())
                    .map_or(Patience::Unlimited, Patience::Until)
            }
            PatienceLimit::After(dist) => {
                let time = Given {
                    value: dist,
                    span: given.span,
                    origin: given.origin.clone(),
                };
                let time = self.dist(path, &time, Bare::Constant);
                if patience.while_queued {
                    Patience::WhileQueued(time)
                } else {
                    Patience::Time(time)
                }
            }
        }
    }

    /// An event by its name.
    pub(super) fn event_named(&mut self, at: Span, name: &str) -> Option<EventId> {
        let found = find(&self.directory.events, name);
        if found.is_none() {
            let names = self.names(self.directory.events.iter().map(|event| event.name));
            let error = self.directory.unknown(at, name, "an event", &names);
            self.found.push(error);
        }
        found.map(|at| EventId(id(at)))
    }

    fn arrive(&mut self, path: &str, written: &'a ast::Arrive) -> Arrive {
        match &written.way {
            ArriveWay::Curve(curve) => self.stream(path, curve),
            ArriveWay::Visits(visits) => {
                let event = self.say(&format!("{path}.with"), &visits.with).clone();
                let event = self
                    .event_named(visits.with.span, event.as_str())
                    .unwrap_or_default();
                let count = self.dist(&format!("{path}.visits"), &visits.visits, Bare::Constant);
                let over_ns = self.nanos(&format!("{path}.over"), &visits.over);
                let until_before_ns = visits
                    .until
                    .as_ref()
                    .map(|given| self.say(&format!("{path}.until"), given).0.best().nanos());
                let shape = match visits
                    .shape
                    .as_ref()
                    .map(|given| *self.say(&format!("{path}.shape"), given))
                {
                    Some(SpreadShape::Front) => Shape::Front,
                    Some(SpreadShape::Back) => Shape::Back,
                    Some(SpreadShape::Even) | None => Shape::Even,
                };
                Arrive::Visits {
                    event,
                    count,
                    over_ns,
                    until_before_ns,
                    shape,
                }
            }
            ArriveWay::Stream(stream) => {
                let event = self.say(&format!("{path}.with"), &stream.with).clone();
                let event = self
                    .event_named(stream.with.span, event.as_str())
                    .unwrap_or_default();
                let per_s = self.say(&format!("{path}.rate"), &stream.rate).best().get();
                let over_ns = stream
                    .over
                    .as_ref()
                    .map(|over| self.nanos(&format!("{path}.over"), over));
                Arrive::Rate {
                    event,
                    per_s,
                    over_ns,
                }
            }
            ArriveWay::Recorded(recorded) => self.recorded(path, recorded).map_or(
                Arrive::Closed {
                    population: 0,
                    think: Dist::Constant(0.0),
                },
                Arrive::Recorded,
            ),
        }
    }

    fn stream(&mut self, path: &str, curve: &'a ast::Curve) -> Arrive {
        let base_per_s = match self.say(&format!("{path}.base"), &curve.base) {
            Switch::None => 0.0,
            Switch::On(rate) => rate.best().get(),
        };
        let mut peaks = Vec::new();
        for (number, given) in curve.peaks.iter().flatten().enumerate() {
            let peak = *self.say(&format!("{path}.peaks.{}", number + 1), given);
            let height_per_s = peak.height.best().get();
            if height_per_s < base_per_s {
                let error = Diagnostic::error(given.span, "this peak is below the base");
                self.found.push(
                    error
                        .also(curve.base.span, "the base")
                        .hint("a peak's height includes the base")
                        .lacking(curve.span),
                );
            }
            peaks.push(Peak {
                height_per_s,
                at_ns: peak.at.since_midnight().nanos(),
                width_ns: peak.width.nanos(),
            });
        }
        let open = curve.open.iter().flat_map(|open| &open.items);
        let open = open
            .map(|given| self.say(&format!("{path}.open"), given).clone())
            .collect();
        let days = curve
            .days
            .as_ref()
            .map_or([1.0; 7], |days| self.days(path, days));
        let pattern = match &curve.pattern {
            None => Pattern::Poisson,
            Some(given) => match self.say(&format!("{path}.pattern"), given) {
                OpenPattern::Word(PatternWord::Poisson) => Pattern::Poisson,
                OpenPattern::Word(PatternWord::Even) => Pattern::Even,
                OpenPattern::Cv(cv) if cv.0.get() == 0.0 => Pattern::Even,
                OpenPattern::Cv(cv) if cv.0.get() == 1.0 => Pattern::Poisson,
                OpenPattern::Cv(cv) => Pattern::Cv(cv.0.get()),
            },
        };
        let batch = curve.batch.as_ref().map_or(1, |given| {
            let batch = self.small_count(&format!("{path}.batch"), given);
            if batch == 0 {
                self.error(given.span, "a batch has at least one visit");
            }
            batch.max(1)
        });
        Arrive::Stream {
            curve: Curve {
                base_per_s,
                peaks,
                open,
                days,
            },
            pattern,
            batch,
        }
    }

    fn days(&mut self, path: &str, days: &ast::Days) -> [f64; 7] {
        let written: [(&str, &Option<DayFactor>); 7] = [
            ("monday", &days.monday),
            ("tuesday", &days.tuesday),
            ("wednesday", &days.wednesday),
            ("thursday", &days.thursday),
            ("friday", &days.friday),
            ("saturday", &days.saturday),
            ("sunday", &days.sunday),
        ];
        written.map(|(day, given)| match given {
            None => 1.0,
            Some(given) => match self.say(&format!("{path}.days.{day}"), given) {
                Switch::None => 0.0,
                Switch::On(factor) => factor.best().get(),
            },
        })
    }
}

/// The factor of a weekday as it is written.
type DayFactor = Given<Switch<Uncertain<Factor>>>;

/// Any amount in a distribution of money, for its currency.
fn amount_of(dist: &crate::scalar::Dist<crate::scalar::Money>) -> Option<crate::scalar::Money> {
    use crate::scalar::Shape;
    match &dist.shape {
        Shape::Plain(value) | Shape::Exactly(value) | Shape::Exponential(value) => {
            Some(value.best())
        }
        Shape::LogNormal { mean, .. } => Some(mean.best()),
        Shape::Points(points) => points.first().map(|point| point.value.best()),
        Shape::Uniform { from, .. } => Some(from.best()),
        Shape::Pareto { minimum, .. } => Some(minimum.best()),
        Shape::File(_) => None,
    }
}
