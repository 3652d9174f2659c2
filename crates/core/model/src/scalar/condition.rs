//! Conditions: a metric, a comparison, and for how long.
//!
//! The metric decides the kind of its limit: a percentile is compared with a duration, a failure share with a ratio.
//! So `p95 < 6` is refused with the reason, and never read as something else. A percentile may also be written as k6 writes
//! its thresholds, `p(95)<500`: there and only there a bare number is milliseconds. It is printed in the words of the language.

use std::fmt;

use super::{
    Count, Cursor, Duration, Factor, Flow, Money, Name, Number, Problem, Rate, Ratio, Reference,
    Scalar, ScalarError, Target, Time, from_str, words,
};

mod k6;

words! {
    /// The metrics that have a word of their own.
    MetricWord, "a metric", {
        /// Mean response time.
        Mean = "mean",
        /// Share that ended as failed.
        Failed = "failed",
        /// Share that was refused.
        Shed = "shed",
        /// Share whose sender left.
        Abandoned = "abandoned",
        /// Failed, shed and abandoned together.
        Lost = "lost",
        /// Failed and shed.
        Errors = "errors",
        /// Share answered less well.
        Degraded = "degraded",
        /// 1 - lost.
        Availability = "availability",
        /// Answered per second.
        Goodput = "goodput",
        /// Attempts per request.
        Attempts = "attempts",
        /// Requests waiting, over all replicas.
        Queue = "queue",
        /// Age of the oldest message.
        Age = "age",
        /// Messages waiting.
        Backlog = "backlog",
        /// Messages that were kept too long.
        Expired = "expired",
        /// Messages given up after the last attempt.
        DeadLetters = "dead-letters",
        /// Messages handled twice.
        Duplicates = "duplicates",
        /// What lost visits would have been worth.
        LostValue = "lost-value",
        /// How old the data read was.
        Staleness = "staleness",
        /// Replicas that exist.
        Replicas = "replicas",
        /// Changes of the scaling direction.
        Reversals = "reversals",
        /// CPU used, as a share of what was requested.
        Cpu = "cpu",
        /// Share of workers in use.
        BusyWorkers = "busy-workers",
        /// Share of look-ups that the cache answered.
        Hit = "hit",
        /// Time from the end of the last disturbance until all is well.
        Recovers = "recovers",
        /// Time from the end of the last disturbance until the backlog is normal.
        Drains = "drains",
    }
}

/// What is measured.
#[derive(Clone, Copy, Debug, PartialEq, PartialOrd)]
pub enum MetricName {
    /// `p99.9`: a percentile of the response time, strictly between 0 and 100.
    Percentile(Number),
    /// Any other metric.
    Word(MetricWord),
}

/// The kinds of quantity that metrics are compared with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MetricKind {
    /// Response times, ages.
    Duration,
    /// Shares.
    Ratio,
    /// Per second.
    Rate,
    /// How many times as much.
    Factor,
    /// How many.
    Count,
    /// How many, or which share.
    CountOrRatio,
    /// Amounts.
    Money,
}

impl MetricName {
    /// What this metric is compared with.
    pub fn kind(self) -> MetricKind {
        let Self::Word(word) = self else {
            return MetricKind::Duration;
        };
        match word {
            MetricWord::Mean
            | MetricWord::Age
            | MetricWord::Staleness
            | MetricWord::Recovers
            | MetricWord::Drains => MetricKind::Duration,
            MetricWord::Failed
            | MetricWord::Shed
            | MetricWord::Abandoned
            | MetricWord::Lost
            | MetricWord::Errors
            | MetricWord::Degraded
            | MetricWord::Availability
            | MetricWord::Cpu
            | MetricWord::BusyWorkers
            | MetricWord::Hit => MetricKind::Ratio,
            MetricWord::Goodput => MetricKind::Rate,
            MetricWord::Attempts => MetricKind::Factor,
            MetricWord::Queue | MetricWord::Backlog | MetricWord::Replicas => MetricKind::Count,
            MetricWord::Expired
            | MetricWord::DeadLetters
            | MetricWord::Duplicates
            | MetricWord::Reversals => MetricKind::CountOrRatio,
            MetricWord::LostValue => MetricKind::Money,
        }
    }

    /// The time until something is over, rather than something measured in a window.
    pub fn is_recovery(self) -> bool {
        matches!(self, Self::Word(MetricWord::Recovers | MetricWord::Drains))
    }
}

impl fmt::Display for MetricName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Percentile(percentile) => write!(f, "p{percentile}"),
            Self::Word(word) => word.fmt(f),
        }
    }
}

const PERCENTILE: &str = r"p[0-9]{1,2}(?:\.[0-9]{1,6})?";

impl Scalar for MetricName {
    fn about() -> String {
        "a metric such as `p99`, `lost` or `queue`".to_owned()
    }

    fn example() -> String {
        "p99".to_owned()
    }

    fn read(cursor: &mut Cursor<'_>) -> Result<Self, ScalarError> {
        let start = *cursor;
        let mut ahead = *cursor;
        if ahead.eat("p") && ahead.rest().starts_with(|c: char| c.is_ascii_digit()) {
            let whole = ahead.take_while(|c| c.is_ascii_digit()).len();
            let mut fraction = 0;
            let before_point = ahead;
            if ahead.eat(".") {
                fraction = ahead.take_while(|c| c.is_ascii_digit()).len();
                if fraction == 0 {
                    ahead = before_point;
                }
            }
            if whole > 2 || fraction > 6 {
                return Err(start
                    .wanted(Self::about())
                    .hint("percentiles go from p1 to p99.999999"));
            }
            *cursor = ahead;
            let number =
                Number::parse(&cursor.since(start.at())[1..]).expect("digits are a number");
            if number.get() == 0.0 {
                return Err(cursor.refused(start.at(), Self::about(), "p0 is no percentile"));
            }
            return Ok(Self::Percentile(number));
        }
        // The whole run of letters is the word: `queue`, never `queues`.
        let run = ahead.take_while(super::name::is_name_char);
        match MetricWord::ALL.iter().find(|word| word.word() == run) {
            Some(&word) => {
                cursor.eat(run);
                Ok(Self::Word(word))
            }
            None => {
                let range = cursor.at()..cursor.at() + run.len();
                let error = ScalarError::form(range, Self::about());
                Err(
                    match super::nearest(run, MetricWord::ALL.iter().map(|word| word.word())) {
                        Some(near) => error.hint(format!("did you mean `{near}`?")),
                        None => error,
                    },
                )
            }
        }
    }

    fn fragment() -> String {
        format!("(?:{PERCENTILE}|{})", MetricWord::fragment())
    }
}

/// Of what a metric is measured.
#[derive(Clone, Debug, PartialEq)]
pub enum Of {
    /// What the promise is for, or what the policy belongs to.
    Implied,
    /// A service, client, endpoint, topic.
    Target(Target),
    /// A call.
    Flow(Flow),
}

/// What is measured, of what: `pos.authorise.p95 of answered`.
#[derive(Clone, Debug, PartialEq)]
pub struct Metric {
    /// Of what.
    pub of: Of,
    /// What.
    pub name: MetricName,
    /// Only what was answered counts, as on dashboards.
    pub of_answered: bool,
}

impl fmt::Display for Metric {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.of {
            Of::Implied => {}
            Of::Target(target) => write!(f, "{target}.")?,
            Of::Flow(flow) => write!(f, "{flow}.")?,
        }
        let answered = if self.of_answered { " of answered" } else { "" };
        write!(f, "{}{answered}", self.name)
    }
}

/// What can follow a metric.
const AFTER_METRIC: [&str; 8] = [
    " of answered",
    " < ",
    " <= ",
    " > ",
    " >= ",
    " = ",
    " falls ",
    " rises ",
];

impl Scalar for Metric {
    fn about() -> String {
        "a metric such as `p99` or `cart.errors`".to_owned()
    }

    fn example() -> String {
        "cart.errors".to_owned()
    }

    fn read(cursor: &mut Cursor<'_>) -> Result<Self, ScalarError> {
        let start = *cursor;
        let rest = start.rest();
        let length = AFTER_METRIC
            .iter()
            .filter_map(|end| rest.find(end))
            .min()
            .unwrap_or(rest.len());
        let text = &rest[..length];
        // A metric word names no endpoint, so at most one split leaves a metric; `p99.5` has a point of its own.
        let splits = std::iter::once(0).chain(text.match_indices('.').map(|(at, _)| at + 1));
        let mut found = None;
        for split in splits {
            match MetricName::parse(&text[split..]) {
                Ok(name) => {
                    found = Some((split, name));
                    break;
                }
                Err(error) if error.problem != Problem::Form => {
                    return Err(error.moved_by(start.at() + split));
                }
                Err(_) => {}
            }
        }
        let Some((split, name)) = found else {
            return Err(no_metric(&start, text));
        };
        let of = if split == 0 {
            Of::Implied
        } else {
            match Reference::parse(&text[..split - 1]) {
                Ok(Reference::Target(target)) => Of::Target(target),
                Ok(Reference::Flow(flow)) => Of::Flow(flow),
                Ok(_) => {
                    let range = start.at()..start.at() + split - 1;
                    return Err(ScalarError::value(
                        range,
                        Self::about(),
                        "metrics belong to services, clients, endpoints, calls and topics",
                    ));
                }
                Err(error) => return Err(error.moved_by(start.at())),
            }
        };
        cursor.eat(text);
        let of_answered = cursor.eat(" of answered");
        Ok(Self {
            of,
            name,
            of_answered,
        })
    }

    fn fragment() -> String {
        format!(
            "(?:{}\\.)?{}(?: of answered)?",
            Reference::fragment(),
            MetricName::fragment()
        )
    }
}

fn no_metric(start: &Cursor<'_>, text: &str) -> ScalarError {
    let word = text.split(' ').next().unwrap_or("");
    // A comparison without blanks around it belongs to no name.
    let before = word.find(['<', '>', '=']).unwrap_or(word.len());
    let last_at = word[..before].rfind('.').map_or(0, |at| at + 1);
    let error = ScalarError::form(
        start.at() + last_at..start.at() + word.len(),
        "a condition that begins with a metric, such as `p99 < 4s`",
    );
    let metric = &word[last_at..];
    let name = &word[last_at..before];
    if let Some(hint) = k6::said_here(name) {
        return error.hint(hint);
    }
    if name.len() < metric.len() && MetricName::parse(name).is_ok() {
        let behind = &metric[name.len()..];
        let limit = behind.trim_start_matches(['<', '>', '=']);
        let comparison = &behind[..behind.len() - limit.len()];
        return error.hint(format!(
            "blanks around the comparison: `{}`",
            format!("{name} {comparison} {limit}").trim_end()
        ));
    }
    match super::nearest(name, MetricWord::ALL.iter().map(|word| word.word())) {
        Some(near) => error.hint(format!("did you mean `{near}`?")),
        None => error,
    }
}

words! {
    /// How a metric is compared with its limit.
    Comparison, "a comparison", {
        /// Below.
        Less = "<",
        /// At most.
        AtMost = "<=",
        /// Above.
        More = ">",
        /// At least.
        AtLeast = ">=",
        /// Exactly.
        Equal = "=",
    }
}

impl Comparison {
    /// Whether `left` compares so with `right`.
    pub fn holds<T: PartialOrd + Copy>(self, left: T, right: T) -> bool {
        match self {
            Self::Less => left < right,
            Self::AtMost => left <= right,
            Self::More => left > right,
            Self::AtLeast => left >= right,
            Self::Equal => left == right,
        }
    }
}

/// What a metric is compared with.
#[derive(Clone, Copy, Debug, PartialEq, PartialOrd)]
pub enum Limit {
    /// A time.
    Duration(Duration),
    /// A share.
    Ratio(Ratio),
    /// Per second.
    Rate(Rate),
    /// How many times as much.
    Factor(Factor),
    /// How many.
    Count(Count),
    /// How much.
    Money(Money),
}

impl fmt::Display for Limit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Duration(value) => value.fmt(f),
            Self::Ratio(value) => value.fmt(f),
            Self::Rate(value) => value.fmt(f),
            Self::Factor(value) => value.fmt(f),
            Self::Count(value) => value.fmt(f),
            Self::Money(value) => value.fmt(f),
        }
    }
}

fn read_limit(kind: MetricKind, cursor: &mut Cursor<'_>) -> Result<Limit, ScalarError> {
    match kind {
        MetricKind::Duration => Duration::read(cursor).map(Limit::Duration),
        MetricKind::Ratio => Ratio::read(cursor).map(Limit::Ratio),
        MetricKind::Rate => Rate::read(cursor).map(Limit::Rate),
        MetricKind::Factor => Factor::read(cursor).map(Limit::Factor),
        MetricKind::Count => Count::read(cursor).map(Limit::Count),
        MetricKind::Money => Money::read(cursor).map(Limit::Money),
        MetricKind::CountOrRatio => {
            let mut ahead = *cursor;
            match Ratio::read(&mut ahead) {
                Ok(ratio) => {
                    *cursor = ahead;
                    Ok(Limit::Ratio(ratio))
                }
                Err(error) if error.problem != Problem::Form => Err(error),
                Err(_) => Count::read(cursor).map(Limit::Count),
            }
        }
    }
}

/// How long a condition must hold before it counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Hold {
    /// As soon as it is true.
    Now,
    /// Only when true at every evaluation in this time.
    For(Duration),
    /// Looked at once a day, at this time.
    At(Time),
}

/// Which way a metric moves.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Trend {
    /// `falls 30% in 30m`
    Falls,
    /// `rises 30% in 30m`
    Rises,
}

/// Something that is true or not at an instant.
#[derive(Clone, Debug, PartialEq)]
pub enum Cond {
    /// `p95 < 6m over 4h for 10m`
    Level {
        /// What is measured.
        metric: Metric,
        /// How it is compared.
        comparison: Comparison,
        /// With what.
        limit: Limit,
        /// The window; the field's default without one.
        over: Option<Duration>,
        /// For how long it must be true.
        hold: Hold,
    },
    /// `replicas falls 30% in 30m`
    Move {
        /// What is measured.
        metric: Metric,
        /// Which way.
        trend: Trend,
        /// By which share of its earlier value.
        by: Ratio,
        /// Within which time.
        within: Duration,
    },
    /// `recovers`: all is well again before the run ends, however long it takes.
    Ever {
        /// What is measured: recovery.
        metric: Metric,
    },
}

impl Cond {
    /// What is measured.
    pub fn metric(&self) -> &Metric {
        match self {
            Self::Level { metric, .. } | Self::Move { metric, .. } | Self::Ever { metric } => {
                metric
            }
        }
    }
}

impl fmt::Display for Cond {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Level {
                metric,
                comparison,
                limit,
                over,
                hold,
            } => {
                write!(f, "{metric} {comparison} {limit}")?;
                if let Some(over) = over {
                    write!(f, " over {over}")?;
                }
                match hold {
                    Hold::Now => Ok(()),
                    Hold::For(duration) => write!(f, " for {duration}"),
                    Hold::At(time) => write!(f, " at {time}"),
                }
            }
            Self::Move {
                metric,
                trend,
                by,
                within,
            } => {
                let verb = match trend {
                    Trend::Falls => "falls",
                    Trend::Rises => "rises",
                };
                write!(f, "{metric} {verb} {by} in {within}")
            }
            Self::Ever { metric } => metric.fmt(f),
        }
    }
}

impl Scalar for Cond {
    fn about() -> String {
        "a condition such as `p99 < 4s over 5m`".to_owned()
    }

    fn example() -> String {
        "p99 < 4s over 5m".to_owned()
    }

    fn read(cursor: &mut Cursor<'_>) -> Result<Self, ScalarError> {
        let start = cursor.at();
        if k6::begins(cursor) {
            let (metric, comparison, limit) = k6::read(cursor)?;
            let (over, hold) = read_tail(cursor)?;
            if over == Some(Duration::ZERO) {
                return Err(cursor.refused(start, Self::about(), NO_WINDOW));
            }
            return Ok(Self::Level {
                metric,
                comparison,
                limit,
                over,
                hold,
            });
        }
        let metric = Metric::read(cursor)?;
        let ever = metric.name == MetricName::Word(MetricWord::Recovers) && !metric.of_answered;
        if ever && !cursor.rest().starts_with(' ') {
            return Ok(Self::Ever { metric });
        }
        for (verb, trend) in [(" falls ", Trend::Falls), (" rises ", Trend::Rises)] {
            if cursor.eat(verb) {
                let by = Ratio::read(cursor)?;
                if !cursor.eat(" in ") {
                    return Err(cursor.wanted("`in` and a duration, such as `falls 30% in 30m`"));
                }
                let within = Duration::read(cursor)?;
                return Ok(Self::Move {
                    metric,
                    trend,
                    by,
                    within,
                });
            }
        }
        if !cursor.eat(" ") {
            return Err(cursor.wanted("a comparison with a limit, such as `< 4s`"));
        }
        let comparison = Comparison::read(cursor)?;
        if !cursor.eat(" ") {
            return Err(cursor.wanted(format!("a limit after `{comparison}`")));
        }
        let limit = read_limit(metric.name.kind(), cursor)?;
        let (over, hold) = read_tail(cursor)?;
        if metric.name.is_recovery() {
            let below = matches!(comparison, Comparison::Less | Comparison::AtMost);
            if !below || over.is_some() || hold != Hold::Now {
                let name = metric.name;
                let reason =
                    format!("`{name}` is compared once: `{name} < {limit}`, and nothing after it");
                return Err(cursor.refused(start, Self::about(), reason));
            }
        }
        if over == Some(Duration::ZERO) {
            return Err(cursor.refused(start, Self::about(), NO_WINDOW));
        }
        Ok(Self::Level {
            metric,
            comparison,
            limit,
            over,
            hold,
        })
    }

    fn fragment() -> String {
        let of = format!("(?:{}\\.)?", Reference::fragment());
        let (duration, ratio, count) = (Duration::fragment(), Ratio::fragment(), Count::fragment());
        let words = |kind: MetricKind| {
            let list: Vec<_> = MetricWord::ALL
                .iter()
                .filter(|word| MetricName::Word(**word).kind() == kind)
                .map(|word| word.word())
                .collect();
            list.join("|")
        };
        let comparison = "(?:<|<=|>|>=|=)";
        let level = |metric: &str, limit: &str| {
            format!("(?:{metric})(?: of answered)? {comparison} {limit}")
        };
        let levels = [
            level(
                &format!("{PERCENTILE}|{}", words(MetricKind::Duration)),
                &duration,
            ),
            level(&words(MetricKind::Ratio), &ratio),
            level(&words(MetricKind::Rate), &Rate::fragment()),
            level(&words(MetricKind::Factor), &Factor::fragment()),
            level(&words(MetricKind::Count), &count),
            level(&words(MetricKind::Money), &Money::fragment()),
            level(
                &words(MetricKind::CountOrRatio),
                &format!("(?:{ratio}|{count})"),
            ),
        ];
        let time = Time::fragment();
        let tail = format!("(?: over {duration})?(?: for {duration}| at {time})?");
        let name = MetricName::fragment();
        let trend = format!("{name}(?: of answered)? (?:falls|rises) {ratio} in {duration}");
        let k6 = k6::fragment();
        let ever = MetricWord::Recovers;
        format!(
            "(?:{of}(?:(?:{}){tail}|{trend}|{ever})|{k6}{tail})",
            levels.join("|")
        )
    }
}

const NO_WINDOW: &str = "a window of no length holds nothing";

/// ` over 5m for 10m`, or less of it.
fn read_tail(cursor: &mut Cursor<'_>) -> Result<(Option<Duration>, Hold), ScalarError> {
    let over = if cursor.eat(" over ") {
        Some(Duration::read(cursor)?)
    } else {
        None
    };
    let hold = if cursor.eat(" for ") {
        Hold::For(Duration::read(cursor)?)
    } else if cursor.eat(" at ") {
        Hold::At(Time::read(cursor)?)
    } else {
        Hold::Now
    };
    Ok((over, hold))
}

/// What a step asks before it is done: a flag, or the value of the visit.
#[derive(Clone, Debug, PartialEq)]
pub enum Guard {
    /// The flag is up.
    Flag(Name),
    /// The visit's value compares so.
    Value {
        /// How.
        comparison: Comparison,
        /// With how much.
        limit: Money,
    },
}

impl fmt::Display for Guard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Flag(name) => name.fmt(f),
            Self::Value { comparison, limit } => write!(f, "value {comparison} {limit}"),
        }
    }
}

impl Scalar for Guard {
    fn about() -> String {
        "a flag, or a comparison such as `value <= 50 USD`".to_owned()
    }

    fn example() -> String {
        "value <= 50 USD".to_owned()
    }

    fn read(cursor: &mut Cursor<'_>) -> Result<Self, ScalarError> {
        if !cursor.eat("value ") {
            return Name::read(cursor).map(Self::Flag).map_err(|mut error| {
                error.expected = Self::about();
                error
            });
        }
        let comparison = Comparison::read(cursor)?;
        if !cursor.eat(" ") {
            return Err(cursor.wanted("an amount of money to compare with"));
        }
        Ok(Self::Value {
            comparison,
            limit: Money::read(cursor)?,
        })
    }

    fn fragment() -> String {
        format!(
            "(?:value (?:<|<=|>|>=|=) {}|{})",
            Money::fragment(),
            Name::fragment()
        )
    }
}

from_str!(MetricName, Metric, Cond, Guard);
