//! Values on their way into the system: their best estimates in base units, and a fact for each of who says so.

use std::sync::Arc;

use super::Resolver;
use super::directory::missing;
use crate::ast::{Bound, Wait};
use crate::diagnostic::{Diagnostic, quoted};
use crate::form::{Given, Origin};
use crate::scalar::{
    Bounded, Chance, Count, Dist, Duration, Every, Factor, Growth, HedgeAfter, Lasting, Pin,
    Quantity, Ratio, Scalar, Shape, Source, Switch, Uncertain, Within,
};
use crate::source::Span;
use crate::system::{self, Fact, Place};

/// The two ends of what a value may be, as text, if it is not known exactly.
pub(super) trait Ranged: Scalar {
    /// Both ends.
    fn range(&self) -> Option<(String, String)> {
        self.ends(None)
    }

    /// Without a range, the ends of `low` to `high` times the value: what a guess is taken for.
    fn guessed(&self, low: f64, high: f64) -> Option<(String, String)> {
        self.ends(Some((low, high)))
    }

    /// The whole scalar at both ends.
    fn ends(&self, guess: Option<(f64, f64)>) -> Option<(String, String)> {
        let at = |to: Within| Some(self.pin(Pin { to, guess })?.to_string());
        Some((at(Within::Low)?, at(Within::High)?))
    }

    /// Both ends over the best estimate, if there is a range around something.
    fn factors(&self) -> Option<(f64, f64)> {
        None
    }

    /// The same of a guess.
    fn guessed_factors(&self, low: f64, high: f64) -> (f64, f64) {
        (low, high)
    }

    /// The upper end over the lower one, if there is a range.
    fn width(&self) -> Option<f64> {
        None
    }
}

impl<T: Quantity> Ranged for Uncertain<T> {
    fn range(&self) -> Option<(String, String)> {
        (!self.is_exact()).then(|| (self.low().to_string(), self.high().to_string()))
    }

    fn guessed(&self, low: f64, high: f64) -> Option<(String, String)> {
        let best = self.best();
        if !self.is_exact() || T::BARE {
            return None;
        }
        let end = |factor: f64| best.times(factor);
        Some((end(low)?.to_string(), end(high)?.to_string()))
    }

    fn factors(&self) -> Option<(f64, f64)> {
        let [low, best, high] = [self.low(), self.best(), self.high()].map(T::magnitude);
        (!self.is_exact() && 0.0 < best).then(|| (low / best, high / best))
    }

    fn guessed_factors(&self, low: f64, high: f64) -> (f64, f64) {
        let best = self.best();
        let end = |factor: f64| {
            let end = best.times(factor).filter(|_| 0.0 < best.magnitude());
            end.map_or(factor, |end| end.magnitude() / best.magnitude())
        };
        (end(low), end(high))
    }

    fn width(&self) -> Option<f64> {
        (!self.is_exact()).then(|| self.high().magnitude() / self.low().magnitude())
    }
}

impl<T: Ranged> Ranged for Switch<T> {
    fn range(&self) -> Option<(String, String)> {
        if let Self::On(value) = self {
            value.range()
        } else {
            None
        }
    }

    fn guessed(&self, low: f64, high: f64) -> Option<(String, String)> {
        if let Self::On(value) = self {
            value.guessed(low, high)
        } else {
            None
        }
    }

    fn factors(&self) -> Option<(f64, f64)> {
        if let Self::On(value) = self {
            value.factors()
        } else {
            None
        }
    }

    fn width(&self) -> Option<f64> {
        if let Self::On(value) = self {
            value.width()
        } else {
            None
        }
    }
}

impl<T: Ranged> Ranged for Bounded<T> {
    fn range(&self) -> Option<(String, String)> {
        if let Self::At(value) = self {
            value.range()
        } else {
            None
        }
    }

    fn guessed(&self, low: f64, high: f64) -> Option<(String, String)> {
        if let Self::At(value) = self {
            value.guessed(low, high)
        } else {
            None
        }
    }

    fn factors(&self) -> Option<(f64, f64)> {
        if let Self::At(value) = self {
            value.factors()
        } else {
            None
        }
    }

    fn width(&self) -> Option<f64> {
        if let Self::At(value) = self {
            value.width()
        } else {
            None
        }
    }
}

impl<T: Quantity> Ranged for Dist<T> {
    fn range(&self) -> Option<(String, String)> {
        if let Some(ratio) = self.scale {
            return Some((
                factor_text(1.0 - ratio.get()),
                factor_text(1.0 + ratio.get()),
            ));
        }
        match &self.shape {
            Shape::Plain(value) | Shape::Exactly(value) | Shape::Exponential(value) => {
                value.range()
            }
            Shape::LogNormal { mean, cv } => mean.range().or_else(|| cv.range()),
            Shape::Points(points) => points.iter().find_map(|point| point.value.range()),
            Shape::Uniform { from, to } => from.range().or_else(|| to.range()),
            Shape::Pareto { minimum, tail } => minimum.range().or_else(|| tail.range()),
            Shape::File(_) => None,
        }
    }

    fn guessed(&self, low: f64, high: f64) -> Option<(String, String)> {
        (self.range().is_none() && !T::BARE).then(|| (factor_text(low), factor_text(high)))
    }

    fn factors(&self) -> Option<(f64, f64)> {
        if let Some(ratio) = self.scale {
            return Some((1.0 - ratio.get(), 1.0 + ratio.get()));
        }
        match &self.shape {
            Shape::Plain(value) | Shape::Exactly(value) | Shape::Exponential(value) => {
                value.factors()
            }
            Shape::LogNormal { mean, .. } => mean.factors(),
            Shape::Points(points) => points.iter().find_map(|point| point.value.factors()),
            Shape::Uniform { from, to } => from.factors().or_else(|| to.factors()),
            Shape::Pareto { minimum, .. } => minimum.factors(),
            Shape::File(_) => None,
        }
    }

    fn width(&self) -> Option<f64> {
        if let Some(ratio) = self.scale {
            return Some((1.0 + ratio.get()) / (1.0 - ratio.get()));
        }
        match &self.shape {
            Shape::Plain(value) | Shape::Exactly(value) | Shape::Exponential(value) => {
                value.width()
            }
            Shape::LogNormal { mean, .. } => mean.width(),
            _ => None,
        }
    }
}

fn factor_text(factor: f64) -> String {
    Factor::new(factor).map_or_else(|| format!("{factor}x"), |factor| factor.to_string())
}

impl Ranged for Every {
    fn range(&self) -> Option<(String, String)> {
        self.gap.range()
    }

    fn guessed(&self, low: f64, high: f64) -> Option<(String, String)> {
        self.gap.guessed(low, high)
    }

    fn factors(&self) -> Option<(f64, f64)> {
        self.gap.factors()
    }

    fn width(&self) -> Option<f64> {
        self.gap.width()
    }
}

impl Ranged for Lasting {
    fn range(&self) -> Option<(String, String)> {
        if let Self::For(time) = self {
            time.range()
        } else {
            None
        }
    }

    fn guessed(&self, low: f64, high: f64) -> Option<(String, String)> {
        if let Self::For(time) = self {
            time.guessed(low, high)
        } else {
            None
        }
    }

    fn factors(&self) -> Option<(f64, f64)> {
        if let Self::For(time) = self {
            time.factors()
        } else {
            None
        }
    }

    fn width(&self) -> Option<f64> {
        if let Self::For(time) = self {
            time.width()
        } else {
            None
        }
    }
}

impl Ranged for Chance {
    fn factors(&self) -> Option<(f64, f64)> {
        if let Self::Share(share) = self {
            share.factors()
        } else {
            None
        }
    }

    fn guessed_factors(&self, low: f64, high: f64) -> (f64, f64) {
        if let Self::Share(share) = self {
            share.guessed_factors(low, high)
        } else {
            (low, high)
        }
    }
}

impl Ranged for HedgeAfter {}

impl Ranged for crate::ast::LostCost {
    fn width(&self) -> Option<f64> {
        if let Self::Each(money) = self {
            money.width()
        } else {
            None
        }
    }
}

macro_rules! as_a_whole {
    ($($kind:ty),+ $(,)?) => { $(impl Ranged for $kind {})+ };
}

// Of those that can be unknown at all, the ends are told as whole scalars.
as_a_whole!(
    Count,
    Ratio,
    Duration,
    Growth,
    crate::scalar::Name,
    crate::scalar::Target,
    crate::scalar::Reference,
    crate::scalar::Guard,
    crate::scalar::Patience,
    crate::scalar::Peak,
    crate::scalar::Admission,
    crate::scalar::Cond,
    crate::scalar::Survive,
    crate::scalar::When,
    crate::scalar::Date,
    crate::scalar::Currency,
    crate::ast::Text,
    crate::ast::Order,
    crate::ast::Portion,
    crate::ast::Compared,
    crate::ast::Otherwise,
    crate::ast::Per,
    crate::ast::Expired,
    crate::ast::CoreOrder,
    crate::ast::ContentionOf,
    crate::ast::Placement,
    crate::ast::Cancel,
    crate::ast::LeftOver,
    crate::ast::Jitter,
    crate::ast::Scope,
    crate::ast::ResultWord,
    crate::ast::FallbackWord,
    crate::ast::Answer,
    crate::ast::FailWord,
    crate::ast::SpreadShape,
    crate::ast::ArrivalFormat,
    crate::ast::SlowOf,
    crate::ast::Frees,
    crate::ast::BalanceBy,
    crate::ast::OpenPattern,
    crate::ast::Deadline,
    crate::ast::ParallelNeed,
    crate::ast::LinkCapacity,
    crate::ast::LinkQueue,
    crate::ast::During,
    crate::ast::Spread,
    crate::ast::OneOf,
    crate::ast::ColdStart,
    crate::ast::Until,
    crate::ast::BurnPreset,
    crate::ast::Batch,
    crate::ast::TopicOrder,
    crate::ast::Acks,
    crate::ast::Commit,
);

/// So many names are compared with misspelled ones, over all mistakes of a file.
const COMPARED_MAX: usize = 200_000;

/// An unlimited count in the system.
pub(super) const UNLIMITED: u64 = u64::MAX;

impl Resolver<'_> {
    /// The place of a span, as the system keeps it.
    pub(super) fn place(&mut self, span: Span) -> Place {
        let place = self.sources.place(span);
        let file = self
            .files_seen
            .entry(span.source)
            .or_insert_with(|| place.name.into());
        let file = Arc::clone(file);
        let count = |value: usize| u32::try_from(value).unwrap_or(u32::MAX);
        Place {
            file,
            line: count(place.line),
            column: count(place.column),
        }
    }

    /// Records who says a value, and gives it back.
    pub(super) fn say<'v, T: Ranged>(&mut self, path: &str, given: &'v Given<T>) -> &'v T {
        // Lists say several things under one path; a value that many calls share is said once.
        if !self.said.insert((path.to_owned(), Some(given.span))) {
            return &given.value;
        }
        let place = self.place(given.span);
        let value = &given.value;
        let (mut range, mut factors) = (value.range(), value.factors());
        let origin = match &given.origin {
            Origin::Stated => system::Origin::Stated,
            Origin::Guess => {
                if range.is_none() {
                    range = value.guessed(self.guess.0, self.guess.1);
                    factors = (range.is_some())
                        .then(|| value.guessed_factors(self.guess.0, self.guess.1));
                }
                system::Origin::Guessed("marked as a guess".to_owned())
            }
            Origin::Source(source) => {
                if let Source::Named(name) = source
                    && !self.directory.sources.contains(&name.as_str())
                {
                    let message = format!("{} is none of the `sources`", quoted(name.as_str()));
                    let error = Diagnostic::error(given.span, message);
                    let error = missing(error, name.as_str(), &self.directory.sources);
                    self.found.push(error);
                }
                system::Origin::Source(source.to_string())
            }
        };
        if value.width().is_some_and(|width| width > 10.0) {
            let message = format!("{path} may lie anywhere in a range of more than 10x: {value}");
            self.find(
                "WD0011",
                given.span,
                message,
                "measure it, or narrow the range",
            );
        }
        self.system.facts.push(Fact {
            path: path.to_owned(),
            text: value.to_string(),
            place,
            origin,
            range,
            factors,
        });
        value
    }

    /// Records a default that was used at `at`, the line that left it open.
    pub(super) fn assume(
        &mut self,
        path: &str,
        text: impl Into<String>,
        reason: &'static str,
        at: Span,
    ) {
        if !self.said.insert((path.to_owned(), None)) {
            return;
        }
        let place = self.place(at);
        self.system.facts.push(Fact {
            path: path.to_owned(),
            text: text.into(),
            place,
            origin: system::Origin::Default(reason),
            range: None,
            factors: None,
        });
    }

    /// Names that may have been meant; none once very many were looked at, because comparing them is what costs.
    pub(super) fn names<'n>(&self, names: impl Iterator<Item = &'n str>) -> Vec<&'n str> {
        if self.compared.get() >= COMPARED_MAX {
            return Vec::new();
        }
        let names: Vec<&str> = names.collect();
        self.compared.set(self.compared.get() + names.len());
        names
    }

    /// Adds an error.
    pub(super) fn error(&mut self, at: Span, message: impl Into<String>) {
        self.found.push(Diagnostic::error(at, message));
    }

    /// Adds a finding: the file means something, but maybe not what was wanted.
    pub(super) fn find(
        &mut self,
        code: &'static str,
        at: Span,
        message: impl Into<String>,
        hint: &str,
    ) {
        self.findings
            .push(Diagnostic::warning(code, at, message).hint(hint));
    }

    /// A ratio that is a share of something: at most 100 %.
    pub(super) fn share(&mut self, path: &str, given: &Given<Uncertain<Ratio>>) -> f64 {
        let share = self.say(path, given);
        if !share.high().is_share() {
            let message = format!(
                "{} is more than all of it",
                quoted(&share.high().to_string())
            );
            self.found
                .push(Diagnostic::error(given.span, message).expected("at most `100%`"));
            return 1.0;
        }
        share.best().get()
    }

    /// A time in nanoseconds.
    pub(super) fn nanos(&mut self, path: &str, given: &Given<Uncertain<Duration>>) -> u64 {
        self.say(path, given).best().nanos()
    }

    /// A count.
    pub(super) fn count(&mut self, path: &str, given: &Given<Uncertain<Count>>) -> u64 {
        self.say(path, given).best().get()
    }

    /// A count that fits 32 bits.
    pub(super) fn small_count(&mut self, path: &str, given: &Given<Uncertain<Count>>) -> u32 {
        let count = self.count(path, given);
        u32::try_from(count)
            .ok()
            .filter(|&count| count < u32::MAX)
            .unwrap_or_else(|| {
                self.error(
                    given.span,
                    format!("{count} is too many: at most {}", u32::MAX - 1),
                );
                1
            })
    }

    /// A bound: none is 0.
    pub(super) fn bound(&mut self, path: &str, given: &Given<Bound>) -> u64 {
        match self.say(path, given) {
            Bounded::None => 0,
            Bounded::Unlimited => UNLIMITED,
            Bounded::At(count) => count.best().get(),
        }
    }

    /// A longest wait: `none` does not wait, `unlimited` for ever.
    pub(super) fn wait(&mut self, path: &str, given: &Given<Wait>) -> Option<u64> {
        match self.say(path, given) {
            Bounded::None => Some(0),
            Bounded::Unlimited => None,
            Bounded::At(time) => Some(time.best().nanos()),
        }
    }
}
