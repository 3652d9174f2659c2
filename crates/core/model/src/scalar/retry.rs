//! Trying again: retry policies in short, and when a hedge copy is sent.

use std::fmt;

use super::{
    Count, Cursor, Duration, Factor, MetricName, Name, Number, Pin, Ratio, Scalar, ScalarError,
    Uncertain, from_str,
    number::{self},
    words,
};

words! {
    /// How back-offs are spread.
    JitterWord, "a kind of jitter", {
        /// The back-off as it is.
        None = "none",
        /// Evenly from 0 to the back-off.
        Full = "full",
        /// Evenly over its upper half.
        Equal = "equal",
        /// Evenly from the first back-off to three times the previous one.
        Decorrelated = "decorrelated",
    }
}

/// How many tries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tries {
    /// In all.
    Attempts(Count),
    /// After the first.
    Retries(Count),
}

impl Tries {
    /// The tries in all, the first included.
    pub fn attempts(self) -> u64 {
        match self {
            Self::Attempts(count) => count.get(),
            Self::Retries(count) => count.get() + 1,
        }
    }
}

impl fmt::Display for Tries {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Attempts(count) => write!(f, "{count} attempts"),
            Self::Retries(count) => write!(f, "{count} retries"),
        }
    }
}

impl Scalar for Tries {
    fn about() -> String {
        "a number of tries such as `3 attempts` or `2 retries`".to_owned()
    }

    fn example() -> String {
        "3 attempts".to_owned()
    }

    fn read(cursor: &mut Cursor<'_>) -> Result<Self, ScalarError> {
        let start = cursor.at();
        let count = Count::read(cursor)?;
        let attempts = cursor.eat(" attempts") || cursor.eat(" attempt");
        if !attempts && !cursor.eat(" retries") && !cursor.eat(" retry") {
            let range = start..cursor.at();
            return Err(ScalarError::form(range, Self::about()).hint(format!(
                "`{count} attempts` in all, or `{count} retries` after the first?"
            )));
        }
        if attempts && count.get() == 0 {
            return Err(cursor.refused(
                start,
                Self::about(),
                "the first attempt counts: at least `1 attempts`",
            ));
        }
        if count.get() > 1_000_000 {
            return Err(cursor.refused(start, Self::about(), "at most a million tries"));
        }
        Ok(if attempts {
            Self::Attempts(count)
        } else {
            Self::Retries(count)
        })
    }

    fn fragment() -> String {
        format!("{} (?:attempts?|retries|retry)", number::FRAGMENT)
    }
}

/// A retry policy in short: only what is said here; the rest has defaults.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct RetryPlan {
    /// How many tries.
    pub tries: Tries,
    /// The first back-off.
    pub backoff: Option<Duration>,
    /// How back-offs grow.
    pub grow: Option<Factor>,
    /// The longest back-off.
    pub cap: Option<Duration>,
    /// How they are spread.
    pub jitter: Option<JitterWord>,
    /// Retries per first attempt.
    pub budget: Option<Ratio>,
}

/// A retry policy: `none`, a preset, or a plan.
#[derive(Clone, Debug, PartialEq)]
pub enum Retry {
    /// No retries.
    None,
    /// As that preset or product has it.
    Preset(Name),
    /// `3 attempts backoff 100ms jitter full cap 2s budget 10%`
    Plan(RetryPlan),
}

impl fmt::Display for Retry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let plan = match self {
            Self::None => return f.write_str("none"),
            Self::Preset(name) => return name.fmt(f),
            Self::Plan(plan) => plan,
        };
        plan.tries.fmt(f)?;
        if let Some(backoff) = plan.backoff {
            write!(f, " backoff {backoff}")?;
        }
        if let Some(grow) = plan.grow {
            write!(f, " grow {grow}")?;
        }
        if let Some(cap) = plan.cap {
            write!(f, " cap {cap}")?;
        }
        if let Some(jitter) = plan.jitter {
            write!(f, " jitter {jitter}")?;
        }
        if let Some(budget) = plan.budget {
            write!(f, " budget {budget}")?;
        }
        Ok(())
    }
}

/// Stores a part that may be given once.
fn once<T>(
    slot: &mut Option<T>,
    value: T,
    word: &str,
    start: usize,
    cursor: &Cursor<'_>,
) -> Result<(), ScalarError> {
    if slot.replace(value).is_some() {
        return Err(cursor.refused(start, Retry::about(), format!("`{word}` is given twice")));
    }
    Ok(())
}

impl Scalar for Retry {
    fn about() -> String {
        "`none`, a preset, or a retry policy such as `3 attempts backoff 100ms`".to_owned()
    }

    fn example() -> String {
        "3 attempts backoff 100ms jitter full cap 2s budget 10%".to_owned()
    }

    fn read(cursor: &mut Cursor<'_>) -> Result<Self, ScalarError> {
        if cursor.eat_word("none") {
            return Ok(Self::None);
        }
        if !cursor.rest().starts_with(|c: char| c.is_ascii_digit()) {
            return Name::read(cursor).map(Self::Preset).map_err(|mut error| {
                error.expected = Self::about();
                error
            });
        }
        let tries = Tries::read(cursor)?;
        let mut plan = RetryPlan {
            tries,
            backoff: None,
            grow: None,
            cap: None,
            jitter: None,
            budget: None,
        };
        loop {
            let start = cursor.at();
            if cursor.eat(" backoff ") {
                let backoff = Duration::read(cursor)?;
                once(&mut plan.backoff, backoff, "backoff", start, cursor)?;
            } else if cursor.eat(" grow ") {
                let grow = Factor::read(cursor)?;
                once(&mut plan.grow, grow, "grow", start, cursor)?;
            } else if cursor.eat(" cap ") {
                let cap = Duration::read(cursor)?;
                once(&mut plan.cap, cap, "cap", start, cursor)?;
            } else if cursor.eat(" jitter ") {
                let jitter = JitterWord::read(cursor)?;
                once(&mut plan.jitter, jitter, "jitter", start, cursor)?;
            } else if cursor.eat(" budget ") {
                let budget = Ratio::read(cursor)?;
                once(&mut plan.budget, budget, "budget", start, cursor)?;
            } else {
                return Ok(Self::Plan(plan));
            }
        }
    }

    fn fragment() -> String {
        let (duration, factor, ratio) =
            (Duration::fragment(), Factor::fragment(), Ratio::fragment());
        let jitter = JitterWord::fragment();
        let part = format!(
            " backoff {duration}| grow {factor}| cap {duration}| jitter {jitter}| budget {ratio}"
        );
        // A preset begins with a letter, so that `3` is never taken for one.
        let preset = "[a-z](?:[a-z0-9-]{0,61}[a-z0-9])?";
        format!("(?:none|{preset}|{}(?:{part})*)", Tries::fragment())
    }
}

/// When a hedge copy is sent.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum HedgeAfter {
    /// After the time within which this share of the last good answers came.
    Percentile(Number),
    /// After that long.
    Time(Uncertain<Duration>),
}

impl fmt::Display for HedgeAfter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Percentile(percentile) => write!(f, "p{percentile}"),
            Self::Time(duration) => duration.fmt(f),
        }
    }
}

impl Scalar for HedgeAfter {
    fn about() -> String {
        "a percentile such as `p95`, or a duration such as `20ms`".to_owned()
    }

    fn example() -> String {
        "p95".to_owned()
    }

    fn read(cursor: &mut Cursor<'_>) -> Result<Self, ScalarError> {
        if cursor.rest().starts_with('p')
            && let MetricName::Percentile(percentile) = MetricName::read(cursor)?
        {
            return Ok(Self::Percentile(percentile));
        }
        Uncertain::read(cursor).map(Self::Time)
    }

    fn pin(&self, pin: Pin) -> Option<Self> {
        match self {
            Self::Percentile(_) => None,
            Self::Time(time) => time.pin(pin).map(Self::Time),
        }
    }

    fn fragment() -> String {
        format!(
            r"(?:p[0-9]{{1,2}}(?:\.[0-9]{{1,6}})?|{})",
            Uncertain::<Duration>::fragment()
        )
    }
}

from_str!(Tries, Retry, HedgeAfter);
