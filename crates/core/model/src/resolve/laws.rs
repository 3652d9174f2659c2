//! Distributions: from the words of the file to numbers in base units.

use std::sync::Arc;

use worstday_stats::law::{Law, LawError};

use super::Resolver;
use crate::diagnostic::{Diagnostic, quoted};
use crate::form::Given;
use crate::scalar::{
    Count, Dist, Duration, Factor, Money, Number, Quantity, Ratio, Shape, Uncertain, split,
};
use crate::source::Span;
use crate::system;

/// What a bare quantity means where it stands.
#[derive(Clone, Copy)]
pub(super) enum Bare {
    /// A constant.
    Constant,
    /// A mean, with the spread of `defaults`: `work` and `wait`.
    Spread,
    /// A mean, exponential: `think`.
    Exponential,
}

/// A quantity whose size in the system's base unit is a plain number.
pub(super) trait Base: Quantity {
    /// Whether values are whole, so that a uniform distribution includes both ends.
    const WHOLE: bool = false;
}

impl Base for Duration {}
impl Base for Factor {}
impl Base for Ratio {}
impl Base for Money {}
impl Base for Count {
    const WHOLE: bool = true;
}

impl Resolver<'_> {
    /// A distribution of best estimates, of which the engine can draw.
    pub(super) fn dist<Q: Base>(
        &mut self,
        path: &str,
        given: &Given<Dist<Q>>,
        bare: Bare,
    ) -> system::Dist {
        let dist = self.shape(path, given, bare);
        if let Err(reason) = law(&dist) {
            let reason = match reason {
                LawError::NotWhole { .. } => "its ends are whole numbers below 2^53".to_owned(),
                other => other.to_string(),
            };
            let text = quoted(&given.value.to_string());
            self.error(
                given.span,
                format!("nothing can be drawn from {text}: {reason}"),
            );
            return system::Dist::Constant(0.0);
        }
        dist
    }

    fn shape<Q: Base>(&mut self, path: &str, given: &Given<Dist<Q>>, bare: Bare) -> system::Dist {
        let dist = self.say(path, given);
        let best = |value: &Uncertain<Q>| value.best().magnitude();
        match &dist.shape {
            Shape::Exactly(value) => system::Dist::Constant(best(value)),
            Shape::Plain(value) => {
                let mean = best(value);
                match bare {
                    Bare::Constant => system::Dist::Constant(mean),
                    Bare::Spread => {
                        let cv = self.spread;
                        let text = format!(
                            "cv {}",
                            Number::new(cv).map_or_else(String::new, |cv| cv.to_string())
                        );
                        self.assume(
                            &format!("{path}.spread"),
                            text,
                            self.spread_reason,
                            given.span,
                        );
                        log_normal(mean, cv)
                    }
                    Bare::Exponential => {
                        self.assume(
                            &format!("{path}.spread"),
                            "exponential",
                            "thinking without a spread",
                            given.span,
                        );
                        if mean > 0.0 {
                            system::Dist::Exponential { mean }
                        } else {
                            system::Dist::Constant(0.0)
                        }
                    }
                }
            }
            Shape::LogNormal { mean, cv } => {
                if cv.best().get() == 0.0 {
                    let message = format!("{} never varies", quoted(&dist.to_string()));
                    self.find(
                        "WD0010",
                        given.span,
                        message,
                        "write `exactly` if it is a constant",
                    );
                }
                log_normal(best(mean), cv.best().get())
            }
            Shape::Exponential(mean) => {
                let mean = best(mean);
                if mean > 0.0 {
                    system::Dist::Exponential { mean }
                } else {
                    system::Dist::Constant(0.0)
                }
            }
            Shape::Uniform { from, to } if Q::WHOLE => {
                let (low, high) = (from.best().magnitude() as u64, to.best().magnitude() as u64);
                if low == high {
                    system::Dist::Constant(low as f64)
                } else {
                    system::Dist::WholeUniform { low, high }
                }
            }
            Shape::Uniform { from, to } => {
                let (low, high) = (best(from), best(to));
                if low < high {
                    system::Dist::Uniform { low, high }
                } else {
                    system::Dist::Constant(low)
                }
            }
            Shape::Pareto { minimum, tail } => system::Dist::Pareto {
                min: best(minimum),
                tail: tail.best().get(),
            },
            Shape::Points(points) => system::Dist::Points(
                points
                    .iter()
                    .map(|point| (point.percentile.get() / 100.0, best(&point.value)))
                    .collect(),
            ),
            Shape::File(file) => self.sample::<Q>(file, given.span),
        }
    }

    /// The text of a file that is named at a place.
    pub(super) fn text_of(&mut self, file: &str, at: Span) -> Result<String, String> {
        let sources = self.sources;
        (self.files)(file, sources.source(at.source).name())
    }

    /// The values of a file, one per line.
    fn sample<Q: Base>(&mut self, file: &str, at: Span) -> system::Dist {
        let nothing = system::Dist::Constant(0.0);
        let text = match self.text_of(file, at) {
            Ok(text) => text,
            Err(reason) => {
                self.error(at, format!("{} cannot be read: {reason}", quoted(file)));
                return nothing;
            }
        };
        let mut values = Vec::new();
        for (number, line) in (1..).zip(text.lines()) {
            let line = line.trim();
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            let value = split(line).and_then(|(value, _)| Q::parse(value));
            match value {
                Ok(value) => values.push(value.magnitude()),
                Err(error) => {
                    let message =
                        format!("{file}:{number}: {} is not {}", quoted(line), Q::about());
                    let diagnostic = Diagnostic::error(at, message);
                    self.found.push(match error.hint {
                        Some(hint) => diagnostic.hint(hint),
                        None => diagnostic,
                    });
                    return nothing;
                }
            }
        }
        if values.is_empty() {
            self.error(at, format!("{} holds no values", quoted(file)));
            return nothing;
        }
        values.sort_by(f64::total_cmp);
        system::Dist::Sample(Arc::from(values))
    }

    /// A distribution whose values are shares: none above 1.
    pub(super) fn share_dist(&mut self, path: &str, given: &Given<Dist<Ratio>>) -> system::Dist {
        let dist = self.dist(path, given, Bare::Constant);
        let most = match &dist {
            system::Dist::Constant(value) => Some(*value),
            system::Dist::Uniform { high, .. } => Some(*high),
            system::Dist::Sample(values) => values.iter().copied().reduce(f64::max),
            _ => None,
        };
        if most.is_some_and(|most| most > 1.0) {
            let message = format!(
                "{} is more than all of it",
                quoted(&given.value.to_string())
            );
            self.found
                .push(Diagnostic::error(given.span, message).expected("at most `100%`"));
        }
        dist
    }
}

fn log_normal(mean: f64, cv: f64) -> system::Dist {
    if mean == 0.0 || cv == 0.0 {
        system::Dist::Constant(mean)
    } else {
        system::Dist::LogNormal { mean, cv }
    }
}

/// The law behind a distribution: what the engine draws from.
pub(crate) fn law(dist: &system::Dist) -> Result<Law, LawError> {
    match dist {
        system::Dist::Constant(value) => Law::constant(*value),
        system::Dist::LogNormal { mean, cv } => Law::log_normal(*mean, *cv),
        system::Dist::Exponential { mean } => Law::exponential(*mean),
        system::Dist::Uniform { low, high } => Law::uniform(*low, *high),
        system::Dist::WholeUniform { low, high } => Law::whole_uniform(*low as f64, *high as f64),
        system::Dist::Pareto { min, tail } => Law::pareto(*min, *tail),
        system::Dist::Points(points) => Law::points(points),
        system::Dist::Sample(values) => Law::sample_of(values.to_vec()),
    }
}

/// The mean of a distribution.
pub(super) fn mean(dist: &system::Dist) -> f64 {
    law(dist).map_or(f64::INFINITY, |law| law.mean())
}
