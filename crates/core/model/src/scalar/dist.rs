//! What varies from time to time: distributions as they are written.
//!
//! Whether a bare `4ms` is a constant or a mean is the field's business (`work`, `wait` and `think` take it as a mean),
//! so [`Shape::Plain`] and [`Shape::Exactly`] are told apart here. A trailing `±` scales the whole shape by one unknown constant.

use std::fmt;

use super::{
    Cursor, Number, Pin, Quantity, Ratio, Scalar, ScalarError, Uncertain,
    uncertain::{plus_minus_fragment, read_plus_minus},
};

/// A quantity that varies, as it was written.
#[derive(Clone, Debug, PartialEq)]
pub struct Dist<Q> {
    /// How it varies.
    pub shape: Shape<Q>,
    /// The whole shape is scaled by an unknown constant in `1 ± ratio`.
    pub scale: Option<Ratio>,
}

/// The shapes of a distribution. Every parameter may be uncertain.
#[derive(Clone, Debug, PartialEq)]
pub enum Shape<Q> {
    /// A bare quantity: a constant, except where the language gives it a spread.
    Plain(Uncertain<Q>),
    /// `exactly 4ms`: a constant.
    Exactly(Uncertain<Q>),
    /// `4ms cv 0.8`: log-normal.
    LogNormal {
        /// The mean.
        mean: Uncertain<Q>,
        /// Standard deviation over mean; 0 is a constant.
        cv: Uncertain<Number>,
    },
    /// `p50 4ms p99 40ms`: linear in (normal score, log value), with the end slopes beyond. At least two points, both coordinates
    /// strictly rising over all of their ranges, all values above zero.
    Points(Vec<Point<Q>>),
    /// `exponential 100ms`: by its mean.
    Exponential(Uncertain<Q>),
    /// `uniform 5x to 40x`; whole numbers include both ends.
    Uniform {
        /// The lower end.
        from: Uncertain<Q>,
        /// The upper end.
        to: Uncertain<Q>,
    },
    /// `pareto 1ms tail 1.5`.
    Pareto {
        /// The least value, above zero.
        minimum: Uncertain<Q>,
        /// The tail index, above 1, so that the mean is finite.
        tail: Uncertain<Number>,
    },
    /// `file think.txt`: one value per line, drawn with replacement.
    File(String),
}

/// One point of a quantile function.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Point<Q> {
    /// The percentile, strictly between 0 and 100.
    pub percentile: Number,
    /// The value there.
    pub value: Uncertain<Q>,
}

impl<Q: Quantity> Dist<Q> {
    /// A bare quantity.
    pub fn plain(value: Q) -> Self {
        Self {
            shape: Shape::Plain(Uncertain::exactly(value)),
            scale: None,
        }
    }

    /// A constant.
    pub fn exactly(value: Q) -> Self {
        Self {
            shape: Shape::Exactly(Uncertain::exactly(value)),
            scale: None,
        }
    }
}

impl<Q: Quantity> Shape<Q> {
    /// The same shape of other quantities; `None` if one is missing, or if it lies in a file.
    pub(crate) fn map(&self, by: impl Fn(Uncertain<Q>) -> Option<Uncertain<Q>>) -> Option<Self> {
        Some(match self {
            Self::Plain(value) => Self::Plain(by(*value)?),
            Self::Exactly(value) => Self::Exactly(by(*value)?),
            Self::LogNormal { mean, cv } => Self::LogNormal {
                mean: by(*mean)?,
                cv: *cv,
            },
            Self::Points(points) => {
                let mapped = points.iter().map(|point| {
                    Some(Point {
                        percentile: point.percentile,
                        value: by(point.value)?,
                    })
                });
                Self::Points(mapped.collect::<Option<_>>()?)
            }
            Self::Exponential(mean) => Self::Exponential(by(*mean)?),
            Self::Uniform { from, to } => Self::Uniform {
                from: by(*from)?,
                to: by(*to)?,
            },
            Self::Pareto { minimum, tail } => Self::Pareto {
                minimum: by(*minimum)?,
                tail: *tail,
            },
            Self::File(_) => return None,
        })
    }
}

impl<Q: Quantity> fmt::Display for Dist<Q> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.shape {
            Shape::Plain(value) => value.fmt(f)?,
            Shape::Exactly(value) => write!(f, "exactly {value}")?,
            Shape::LogNormal { mean, cv } => write!(f, "{mean} cv {cv}")?,
            Shape::Points(points) => {
                for (index, point) in points.iter().enumerate() {
                    let blank = if index == 0 { "" } else { " " };
                    write!(f, "{blank}p{} {}", point.percentile, point.value)?;
                }
            }
            Shape::Exponential(mean) => write!(f, "exponential {mean}")?,
            Shape::Uniform { from, to } => write!(f, "uniform {from} to {to}")?,
            Shape::Pareto { minimum, tail } => write!(f, "pareto {minimum} tail {tail}")?,
            Shape::File(path) => write!(f, "file {path}")?,
        }
        match self.scale {
            Some(ratio) => write!(f, " ± {ratio}"),
            None => Ok(()),
        }
    }
}

impl<Q: Quantity> Scalar for Dist<Q> {
    fn about() -> String {
        format!(
            "{}, or a distribution of it such as `{} cv 0.8`",
            Q::about(),
            Q::example()
        )
    }

    fn example() -> String {
        format!("{} cv 0.8", Q::example())
    }

    fn read(cursor: &mut Cursor<'_>) -> Result<Self, ScalarError> {
        let shape = read_shape(cursor)?;
        let scale = read_plus_minus(cursor)?;
        Ok(Self { shape, scale })
    }

    fn pin(&self, pin: Pin) -> Option<Self> {
        if let Some(ratio) = self.scale {
            let factor = pin.of(1.0 - ratio.get(), 1.0, 1.0 + ratio.get());
            // What is unknown inside goes with the scale.
            let inner = Self {
                shape: self.shape.clone(),
                scale: None,
            };
            let only = Pin { guess: None, ..pin };
            let inner = inner.pin(only).unwrap_or(inner);
            let shape = inner.shape.map(|value| {
                let by = value.best().magnitude() * factor;
                value.best().with_magnitude(by).map(Uncertain::exactly)
            })?;
            return Some(Self { shape, scale: None });
        }
        let mut parts = pin.parts();
        let shape = match &self.shape {
            Shape::Plain(value) => Shape::Plain(parts.of(value)),
            Shape::Exactly(value) => Shape::Exactly(parts.of(value)),
            Shape::LogNormal { mean, cv } => Shape::LogNormal {
                mean: parts.of(mean),
                cv: parts.of(cv),
            },
            Shape::Points(points) => Shape::Points(
                (points.iter())
                    .map(|point| Point {
                        percentile: point.percentile,
                        value: parts.of(&point.value),
                    })
                    .collect(),
            ),
            Shape::Exponential(mean) => Shape::Exponential(parts.of(mean)),
            Shape::Uniform { from, to } => Shape::Uniform {
                from: parts.of(from),
                to: parts.of(to),
            },
            Shape::Pareto { minimum, tail } => Shape::Pareto {
                minimum: parts.of(minimum),
                tail: parts.of(tail),
            },
            Shape::File(_) => return None,
        };
        parts.whole(Self { shape, scale: None })
    }

    fn fragment() -> String {
        let (q, n) = (
            Uncertain::<Q>::range_fragment(),
            Uncertain::<Number>::range_fragment(),
        );
        let point = format!("p{} {q}", Number::fragment());
        let shapes = [
            format!("(?:exactly )?{q}"),
            format!("{q} cv {n}"),
            format!("{point}(?: {point})+"),
            format!("exponential {q}"),
            format!("uniform {q} to {q}"),
            format!("pareto {q} tail {n}"),
            format!("file {PATH}"),
        ];
        format!("(?:{})(?:{})?", shapes.join("|"), plus_minus_fragment())
    }
}

/// A path without blanks. `@` would begin a source mark.
pub(crate) const PATH: &str = "[^ @]+";

fn read_shape<Q: Quantity>(cursor: &mut Cursor<'_>) -> Result<Shape<Q>, ScalarError> {
    let start = cursor.at();
    let about = Dist::<Q>::about;
    if cursor.eat("exactly ") {
        return Ok(Shape::Exactly(Uncertain::read_range(cursor)?));
    }
    if cursor.eat("exponential ") {
        return Ok(Shape::Exponential(Uncertain::read_range(cursor)?));
    }
    if cursor.eat("uniform ") {
        let from = Uncertain::<Q>::read_range(cursor)?;
        if !cursor.eat(" to ") {
            return Err(cursor
                .wanted("`to` and the upper end")
                .hint(format!("`uniform {from} to ...`: a quantity on both sides")));
        }
        let to = Uncertain::<Q>::read_range(cursor)?;
        if from.high() <= to.low() {
            return Ok(Shape::Uniform { from, to });
        }
        let reason = if from.high().partial_cmp(&to.low()).is_none() {
            format!("{from} and {to} cannot be compared")
        } else {
            format!(
                "`uniform` goes from low to high, and {} is more than {}",
                from.high(),
                to.low()
            )
        };
        return Err(cursor.refused(start, about(), reason));
    }
    if cursor.eat("pareto ") {
        let minimum = Uncertain::<Q>::read_range(cursor)?;
        if !cursor.eat(" tail ") {
            return Err(cursor.wanted("`tail` and the tail index"));
        }
        let tail = Uncertain::<Number>::read_range(cursor)?;
        if minimum.low().magnitude() <= 0.0 {
            return Err(cursor.refused(
                start,
                about(),
                "the least value of a Pareto distribution is above zero",
            ));
        }
        if tail.low().get() <= 1.0 {
            let reason = "a tail index of 1 or less has no mean: it must be above 1";
            return Err(cursor.refused(start, about(), reason));
        }
        return Ok(Shape::Pareto { minimum, tail });
    }
    if cursor.eat("file ") {
        let path = cursor.take_while(|c| !matches!(c, ' ' | '@'));
        if path.is_empty() {
            return Err(cursor.wanted("a path without blanks"));
        }
        return Ok(Shape::File(path.to_owned()));
    }
    let mut letters = cursor.rest().chars();
    if letters.next() == Some('p') && letters.next().is_some_and(|c| c.is_ascii_digit()) {
        return read_points(cursor);
    }
    let mean = Uncertain::<Q>::read_range(cursor).map_err(|error| {
        let word = cursor.word();
        let known = [
            "exactly",
            "exponential",
            "uniform",
            "pareto",
            "file",
            "lognormal",
            "normal",
            "constant",
        ];
        match super::nearest(word, known) {
            Some("lognormal" | "normal") => {
                error.hint(format!("`{} cv 0.8` is log-normal", Q::example()))
            }
            Some("constant") => error.hint(format!("`exactly {}`", Q::example())),
            Some(near) => error.hint(format!("did you mean `{near}`?")),
            None => error,
        }
    })?;
    if cursor.eat(" cv ") {
        return Ok(Shape::LogNormal {
            mean,
            cv: Uncertain::read_range(cursor)?,
        });
    }
    Ok(Shape::Plain(mean))
}

fn read_points<Q: Quantity>(cursor: &mut Cursor<'_>) -> Result<Shape<Q>, ScalarError> {
    let start = cursor.at();
    let about = Dist::<Q>::about;
    let mut points: Vec<Point<Q>> = Vec::new();
    // What is impossible is reported only once the whole text is known to be well formed.
    let mut impossible: Option<(usize, usize, String)> = None;
    loop {
        let point_start = cursor.at();
        if !cursor.eat("p") {
            return Err(cursor.wanted("a point such as `p99`"));
        }
        let percentile = Number::read(cursor)?;
        if !cursor.eat(" ") {
            return Err(cursor.wanted(format!("a value after `p{percentile}`")));
        }
        let value = Uncertain::<Q>::read_range(cursor)?;
        let reason = if percentile.get() <= 0.0 || 100.0 <= percentile.get() {
            Some(format!(
                "a percentile lies between 0 and 100, and {percentile} does not"
            ))
        } else if value.low().magnitude() <= 0.0 {
            Some("the values of a point list are above zero".to_owned())
        } else if let Some(last) = points.last() {
            if percentile <= last.percentile {
                Some(format!(
                    "percentiles rise, and p{percentile} comes after p{}",
                    last.percentile
                ))
            } else if last.value.high() < value.low() {
                None
            } else {
                Some(format!(
                    "values rise with their percentiles, and {value} is not above {}",
                    last.value.high()
                ))
            }
        } else {
            None
        };
        if let (Some(reason), None) = (reason, &impossible) {
            impossible = Some((point_start, cursor.at(), reason));
        }
        points.push(Point { percentile, value });
        let mut ahead = *cursor;
        if !(ahead.eat(" p") && ahead.rest().starts_with(|c: char| c.is_ascii_digit())) {
            break;
        }
        cursor.eat(" ");
    }
    if points.len() < 2 {
        return Err(ScalarError::form(start..cursor.at(), about())
            .hint("a point list has at least two points: `p50 4ms p99 40ms`"));
    }
    match impossible {
        Some((from, to, reason)) => Err(ScalarError::value(from..to, about(), reason)),
        None => Ok(Shape::Points(points)),
    }
}
