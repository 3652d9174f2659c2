//! The short forms of maps: one scalar that says what a map with several keys would.
//!
//! Each is expanded before anything else looks at it, so every type here has the same content as the map.

use std::fmt;

use super::{
    AnyOf, Count, Cursor, Dist, Duration, Factor, MetricName, Name, Number, Rate, Ratio, Scalar,
    ScalarError, Time, Uncertain, from_str,
    number::{self, Decimal},
    words,
};

/// A value, or `none`: the thing is switched off.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Switch<T> {
    /// `none`
    None,
    /// The value.
    On(T),
}

impl<T: fmt::Display> fmt::Display for Switch<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::None => f.write_str("none"),
            Self::On(value) => value.fmt(f),
        }
    }
}

impl<T: Scalar> Scalar for Switch<T> {
    fn about() -> String {
        format!("{}, or `none`", T::about())
    }

    fn example() -> String {
        T::example()
    }

    fn read(cursor: &mut Cursor<'_>) -> Result<Self, ScalarError> {
        if cursor.eat_word("none") {
            return Ok(Self::None);
        }
        T::read(cursor)
            .map(Self::On)
            .map_err(|error| hint_switch(error, cursor))
    }

    fn fragment() -> String {
        format!("(?:none|{})", T::fragment())
    }
}

fn hint_switch(error: ScalarError, cursor: &Cursor<'_>) -> ScalarError {
    match cursor.word() {
        "off" | "no" | "false" | "null" | "~" | "never" => {
            error.hint("`none` switches a thing off")
        }
        "infinite" | "inf" | "infinity" => {
            error.hint("`unlimited`, or `none` for no limit in time")
        }
        _ => error,
    }
}

/// A value, `unlimited`, or `none`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Bounded<T> {
    /// `none`: not at all.
    None,
    /// `unlimited`: without a bound.
    Unlimited,
    /// The bound.
    At(T),
}

impl<T: fmt::Display> fmt::Display for Bounded<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::None => f.write_str("none"),
            Self::Unlimited => f.write_str("unlimited"),
            Self::At(value) => value.fmt(f),
        }
    }
}

impl<T: Scalar> Scalar for Bounded<T> {
    fn about() -> String {
        format!("{}, `unlimited` or `none`", T::about())
    }

    fn example() -> String {
        T::example()
    }

    fn read(cursor: &mut Cursor<'_>) -> Result<Self, ScalarError> {
        if cursor.eat_word("none") {
            return Ok(Self::None);
        }
        if cursor.eat_word("unlimited") {
            return Ok(Self::Unlimited);
        }
        T::read(cursor)
            .map(Self::At)
            .map_err(|error| hint_switch(error, cursor))
    }

    fn fragment() -> String {
        format!("(?:none|unlimited|{})", T::fragment())
    }
}

/// How likely a branch is.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Chance {
    /// That share of the requests.
    Share(Uncertain<Ratio>),
    /// What the other branches leave.
    Rest,
}

impl fmt::Display for Chance {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Share(share) => share.fmt(f),
            Self::Rest => f.write_str("rest"),
        }
    }
}

impl Scalar for Chance {
    fn about() -> String {
        "a chance such as `20%`, or `rest`".to_owned()
    }

    fn example() -> String {
        "20%".to_owned()
    }

    fn read(cursor: &mut Cursor<'_>) -> Result<Self, ScalarError> {
        if cursor.eat_word("rest") {
            return Ok(Self::Rest);
        }
        let start = cursor.at();
        let share = Uncertain::<Ratio>::read(cursor)?;
        if share.high().is_share() {
            Ok(Self::Share(share))
        } else {
            Err(cursor.refused(start, Self::about(), "a chance is at most 100%"))
        }
    }

    fn fragment() -> String {
        format!("(?:rest|{})", Uncertain::<Ratio>::fragment())
    }
}

/// The mean time between faults: `4 months`, `3 weeks per replica`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Every {
    /// The mean gap.
    pub gap: Uncertain<Duration>,
    /// Each replica has its own clock.
    pub per_replica: bool,
}

impl fmt::Display for Every {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{}{}",
            self.gap,
            if self.per_replica { " per replica" } else { "" }
        )
    }
}

impl Scalar for Every {
    fn about() -> String {
        "a mean time between faults such as `4 months` or `3 weeks per replica`".to_owned()
    }

    fn example() -> String {
        "3 weeks per replica".to_owned()
    }

    fn read(cursor: &mut Cursor<'_>) -> Result<Self, ScalarError> {
        let start = cursor.at();
        let gap = Uncertain::<Duration>::read(cursor)?;
        if gap.low() == Duration::ZERO {
            return Err(cursor.refused(start, Self::about(), "a gap of no time is no gap"));
        }
        Ok(Self {
            gap,
            per_replica: cursor.eat(" per replica"),
        })
    }

    fn fragment() -> String {
        format!("{}(?: per replica)?", Uncertain::<Duration>::fragment())
    }
}

/// A change of a number of the base: `2 more`, `1 fewer`, `1.5x`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Change {
    /// That many more.
    More(Number),
    /// That many fewer.
    Fewer(Number),
    /// That many times as much.
    Times(Factor),
}

impl fmt::Display for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::More(number) => write!(f, "{number} more"),
            Self::Fewer(number) => write!(f, "{number} fewer"),
            Self::Times(factor) => factor.fmt(f),
        }
    }
}

impl Scalar for Change {
    fn about() -> String {
        "a change such as `2 more`, `1 fewer` or `1.5x`".to_owned()
    }

    fn example() -> String {
        "2 more".to_owned()
    }

    fn read(cursor: &mut Cursor<'_>) -> Result<Self, ScalarError> {
        let mut ahead = *cursor;
        let number = Number::read(&mut ahead)?;
        if ahead.eat(" more") {
            *cursor = ahead;
            return Ok(Self::More(number));
        }
        if ahead.eat(" fewer") {
            *cursor = ahead;
            return Ok(Self::Fewer(number));
        }
        Factor::read(cursor).map(Self::Times).map_err(|mut error| {
            error.expected = Self::about();
            if ahead.rest().trim_start().starts_with("less") {
                error.hint = Some(format!("`{number} fewer`"));
            }
            error
        })
    }

    fn fragment() -> String {
        format!(
            "(?:{}(?: more| fewer)|{})",
            number::FRAGMENT,
            Factor::fragment()
        )
    }
}

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

/// A token bucket in front of a service: `200/s burst 400`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Admission {
    /// How fast it fills.
    pub rate: Uncertain<Rate>,
    /// How much it holds.
    pub burst: Uncertain<Count>,
}

impl fmt::Display for Admission {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} burst {}", self.rate, self.burst)
    }
}

impl Scalar for Admission {
    fn about() -> String {
        "a token bucket such as `200/s burst 400`".to_owned()
    }

    fn example() -> String {
        "200/s burst 400".to_owned()
    }

    fn read(cursor: &mut Cursor<'_>) -> Result<Self, ScalarError> {
        let rate = Uncertain::<Rate>::read_range(cursor)?;
        if !cursor.eat(" burst ") {
            return Err(cursor
                .wanted("`burst` and how much the bucket holds")
                .hint(format!("`{rate} burst 400`?")));
        }
        let start = cursor.at();
        let burst = Uncertain::<Count>::read(cursor)?;
        if burst.low().get() == 0 {
            return Err(cursor.refused(
                start,
                Self::about(),
                "a bucket that holds nothing lets nobody in",
            ));
        }
        Ok(Self { rate, burst })
    }

    fn fragment() -> String {
        format!(
            "{} burst {}",
            Uncertain::<Rate>::range_fragment(),
            Uncertain::<Count>::fragment()
        )
    }
}

/// A key space: `200k zipf 1.0 hot 3 at 0.4%`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Keys {
    /// How many keys.
    pub count: Uncertain<Count>,
    /// The exponent of their popularity; 0 is even.
    pub zipf: Uncertain<Number>,
    /// How many of the hottest keys have which share each.
    pub hot: Option<(Count, Ratio)>,
}

impl fmt::Display for Keys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} zipf {}", self.count, self.zipf)?;
        match self.hot {
            Some((number, share)) => write!(f, " hot {number} at {share}"),
            None => Ok(()),
        }
    }
}

impl Scalar for Keys {
    fn about() -> String {
        "a key space such as `200k zipf 1.0 hot 3 at 0.4%`".to_owned()
    }

    fn example() -> String {
        "200k zipf 1.0 hot 3 at 0.4%".to_owned()
    }

    fn read(cursor: &mut Cursor<'_>) -> Result<Self, ScalarError> {
        let start = cursor.at();
        let count = Uncertain::<Count>::read_range(cursor)?;
        if !cursor.eat(" zipf ") {
            return Err(cursor
                .wanted("`zipf` and an exponent")
                .hint(format!("`{count} zipf 1.0`; all keys alike are `zipf 0`")));
        }
        let zipf = Uncertain::<Number>::read_range(cursor)?;
        let mut hot = None;
        if cursor.eat(" hot ") {
            let number = Count::read(cursor)?;
            if !cursor.eat(" at ") {
                return Err(cursor
                    .wanted("`at` and the share of each")
                    .hint(format!("`hot {number} at 0.4%`")));
            }
            let share = Ratio::read(cursor)?;
            if number > count.low() {
                return Err(cursor.refused(
                    start,
                    Self::about(),
                    format!("{number} hot keys of {count} are too many"),
                ));
            }
            if number.get() as f64 * share.get() > 1.0 {
                let reason = format!("{number} keys with {share} each are more than 100%");
                return Err(cursor.refused(start, Self::about(), reason));
            }
            hot = Some((number, share));
        }
        if count.low().get() == 0 {
            return Err(cursor.refused(start, Self::about(), "a key space has at least one key"));
        }
        Ok(Self { count, zipf, hot })
    }

    fn fragment() -> String {
        format!(
            "{} zipf {}(?: hot {} at {})?",
            Uncertain::<Count>::range_fragment(),
            Uncertain::<Number>::range_fragment(),
            number::FRAGMENT,
            Ratio::fragment()
        )
    }
}

/// A peak of a day's demand: `180/h at 08:30 width 90m`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Peak {
    /// The rate at the top of a lone peak, the base included.
    pub height: Uncertain<Rate>,
    /// When the top is.
    pub at: Time,
    /// The full width at half height.
    pub width: Duration,
}

impl fmt::Display for Peak {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} at {} width {}", self.height, self.at, self.width)
    }
}

impl Scalar for Peak {
    fn about() -> String {
        "a peak such as `180/h at 08:30 width 90m`".to_owned()
    }

    fn example() -> String {
        "180/h at 08:30 width 90m".to_owned()
    }

    fn read(cursor: &mut Cursor<'_>) -> Result<Self, ScalarError> {
        let height = Uncertain::<Rate>::read_range(cursor)?;
        if !cursor.eat(" at ") {
            return Err(cursor.wanted("`at` and the time of the peak"));
        }
        let at = Time::read(cursor)?;
        if !cursor.eat(" width ") {
            return Err(cursor.wanted("`width` and the full width at half height"));
        }
        let start = cursor.at();
        let width = Duration::read(cursor)?;
        if width == Duration::ZERO {
            return Err(cursor.refused(start, Self::about(), "a peak has some width"));
        }
        Ok(Self { height, at, width })
    }

    fn fragment() -> String {
        format!(
            "{} at {} width {}",
            Uncertain::<Rate>::range_fragment(),
            Time::fragment(),
            Duration::fragment()
        )
    }
}

/// How long a user waits.
#[derive(Clone, Debug, PartialEq)]
pub struct Patience {
    /// Until when.
    pub limit: PatienceLimit,
    /// It counts only until service begins.
    pub while_queued: bool,
}

/// What ends a user's patience.
#[derive(Clone, Debug, PartialEq)]
pub enum PatienceLimit {
    /// A time since they asked.
    After(Dist<Duration>),
    /// An event: the train leaves.
    Until(Name),
}

impl fmt::Display for Patience {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.limit {
            PatienceLimit::After(dist) => dist.fmt(f)?,
            PatienceLimit::Until(event) => write!(f, "until {event}")?,
        }
        f.write_str(if self.while_queued {
            " while queued"
        } else {
            ""
        })
    }
}

impl Scalar for Patience {
    fn about() -> String {
        "how long somebody waits, such as `12m cv 0.4`, `12m while queued` or `until train`"
            .to_owned()
    }

    fn example() -> String {
        "12m cv 0.4".to_owned()
    }

    fn read(cursor: &mut Cursor<'_>) -> Result<Self, ScalarError> {
        let limit = if cursor.eat("until ") {
            PatienceLimit::Until(Name::read(cursor)?)
        } else {
            PatienceLimit::After(Dist::read(cursor)?)
        };
        Ok(Self {
            limit,
            while_queued: cursor.eat(" while queued"),
        })
    }

    fn fragment() -> String {
        format!(
            "(?:until {}|{})(?: while queued)?",
            Name::fragment(),
            Dist::<Duration>::fragment()
        )
    }
}

/// Messages taken together: `200 within 500ms`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Batch {
    /// At most that many.
    pub most: Count,
    /// As many as come within this time.
    pub within: Duration,
}

impl fmt::Display for Batch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} within {}", self.most, self.within)
    }
}

impl Scalar for Batch {
    fn about() -> String {
        "a batch such as `200 within 500ms`".to_owned()
    }

    fn example() -> String {
        "200 within 500ms".to_owned()
    }

    fn read(cursor: &mut Cursor<'_>) -> Result<Self, ScalarError> {
        let start = cursor.at();
        let most = Count::read(cursor)?;
        if !cursor.eat(" within ") {
            return Err(cursor.wanted("`within` and how long the batch waits to fill"));
        }
        let within = Duration::read(cursor)?;
        if most.get() == 0 {
            return Err(cursor.refused(start, Self::about(), "a batch has at least one message"));
        }
        Ok(Self { most, within })
    }

    fn fragment() -> String {
        format!("{} within {}", Count::fragment(), Duration::fragment())
    }
}

/// A stream of visits: `40/h`, `4/min batch 300`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Arrivals {
    /// How often.
    pub rate: Uncertain<Rate>,
    /// How many visits come at the same instant.
    pub batch: Option<Uncertain<Count>>,
}

impl fmt::Display for Arrivals {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.rate.fmt(f)?;
        match self.batch {
            Some(batch) => write!(f, " batch {batch}"),
            None => Ok(()),
        }
    }
}

impl Scalar for Arrivals {
    fn about() -> String {
        "a rate of arrivals such as `40/h` or `4/min batch 300`".to_owned()
    }

    fn example() -> String {
        "40/h".to_owned()
    }

    fn read(cursor: &mut Cursor<'_>) -> Result<Self, ScalarError> {
        let rate = Uncertain::<Rate>::read(cursor)?;
        let start = cursor.at();
        let mut batch = None;
        if cursor.eat(" batch ") {
            let size = Uncertain::<Count>::read(cursor)?;
            if size.low().get() == 0 {
                return Err(cursor.refused(start, Self::about(), "a batch has at least one visit"));
            }
            batch = Some(size);
        }
        Ok(Self { rate, batch })
    }

    fn fragment() -> String {
        format!(
            "{}(?: batch {})?",
            Uncertain::<Rate>::fragment(),
            Uncertain::<Count>::fragment()
        )
    }
}

/// How long a fault lasts.
#[derive(Clone, Debug, PartialEq)]
pub enum Lasting {
    /// That long.
    For(Dist<Duration>),
    /// Until somebody repairs it.
    UntilRepaired,
    /// Until that event, or the end of that fault.
    Until(Name),
}

impl fmt::Display for Lasting {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::For(dist) => dist.fmt(f),
            Self::UntilRepaired => f.write_str("until repaired"),
            Self::Until(name) => write!(f, "until {name}"),
        }
    }
}

impl Scalar for Lasting {
    fn about() -> String {
        "how long it lasts, such as `10m cv 1` or `until repaired`".to_owned()
    }

    fn example() -> String {
        "10m cv 1".to_owned()
    }

    fn read(cursor: &mut Cursor<'_>) -> Result<Self, ScalarError> {
        if !cursor.eat("until ") {
            return Dist::read(cursor).map(Self::For);
        }
        if cursor.eat_word("repaired") {
            return Ok(Self::UntilRepaired);
        }
        Name::read(cursor).map(Self::Until)
    }

    fn fragment() -> String {
        format!(
            "(?:until {}|{})",
            Name::fragment(),
            Dist::<Duration>::fragment()
        )
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

    fn fragment() -> String {
        format!(
            r"(?:p[0-9]{{1,2}}(?:\.[0-9]{{1,6}})?|{})",
            Uncertain::<Duration>::fragment()
        )
    }
}

/// The slow first time of a fresh replica: `25% for 2m`.
#[derive(Clone, Debug, PartialEq)]
pub struct Cold {
    /// The share of its full speed.
    pub speed: Ratio,
    /// For how long.
    pub lasts: Dist<Duration>,
}

impl fmt::Display for Cold {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} for {}", self.speed, self.lasts)
    }
}

impl Scalar for Cold {
    fn about() -> String {
        "a slow first time such as `25% for 2m`".to_owned()
    }

    fn example() -> String {
        "25% for 2m".to_owned()
    }

    fn read(cursor: &mut Cursor<'_>) -> Result<Self, ScalarError> {
        let start = cursor.at();
        let speed = Ratio::read(cursor)?;
        if !cursor.eat(" for ") {
            return Err(cursor.wanted("`for` and how long"));
        }
        let lasts = Dist::read(cursor)?;
        if speed.get() == 0.0 || !speed.is_share() {
            return Err(cursor.refused(
                start,
                Self::about(),
                "a cold replica works at more than 0% and at most 100%",
            ));
        }
        Ok(Self { speed, lasts })
    }

    fn fragment() -> String {
        format!("{} for {}", Ratio::fragment(), Dist::<Duration>::fragment())
    }
}

/// How a fault makes another one likelier: `4x for 2h`.
#[derive(Clone, Debug, PartialEq)]
pub struct Raise {
    /// Its rate is multiplied by this.
    pub by: Factor,
    /// For how long from the start.
    pub lasts: Dist<Duration>,
}

impl fmt::Display for Raise {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} for {}", self.by, self.lasts)
    }
}

impl Scalar for Raise {
    fn about() -> String {
        "a raised rate such as `4x for 2h`".to_owned()
    }

    fn example() -> String {
        "4x for 2h".to_owned()
    }

    fn read(cursor: &mut Cursor<'_>) -> Result<Self, ScalarError> {
        let by = Factor::read(cursor)?;
        if !cursor.eat(" for ") {
            return Err(cursor.wanted("`for` and how long"));
        }
        Ok(Self {
            by,
            lasts: Dist::read(cursor)?,
        })
    }

    fn fragment() -> String {
        format!(
            "{} for {}",
            Factor::fragment(),
            Dist::<Duration>::fragment()
        )
    }
}

/// A day that a promise survives.
#[derive(Clone, Debug, PartialEq)]
pub enum Survive {
    /// `a normal day`
    NormalDay,
    /// `1 in 5 years`: broken days come at most once in that time, over everything that can happen.
    OnceIn(Duration),
    /// `drop`, `any one zone and 1.1x peak`: all of these on one day.
    Together(Vec<SurvivePart>),
}

/// A part of a day that a promise survives.
#[derive(Clone, Debug, PartialEq)]
pub enum SurvivePart {
    /// A fault or an event.
    Named(Name),
    /// Each choice of one kind.
    AnyOf(AnyOf),
    /// All demand times that.
    Peak(Factor),
}

impl fmt::Display for SurvivePart {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Named(name) => name.fmt(f),
            Self::AnyOf(any) => any.fmt(f),
            Self::Peak(factor) => write!(f, "{factor} peak"),
        }
    }
}

impl fmt::Display for Survive {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NormalDay => f.write_str("a normal day"),
            Self::OnceIn(duration) => {
                // `1 in 1 year`, never `1 in 365d6h`.
                write!(f, "1 in {duration}")
            }
            Self::Together(parts) => {
                for (index, part) in parts.iter().enumerate() {
                    write!(f, "{}{part}", if index == 0 { "" } else { " and " })?;
                }
                Ok(())
            }
        }
    }
}

impl Scalar for Survive {
    fn about() -> String {
        "a day to survive, such as `1 in 5 years`, `any one zone and 1.1x peak` or a fault or event"
            .to_owned()
    }

    fn example() -> String {
        "any one zone and 1.1x peak".to_owned()
    }

    fn read(cursor: &mut Cursor<'_>) -> Result<Self, ScalarError> {
        let start = cursor.at();
        if cursor.eat("a normal day") {
            return Ok(Self::NormalDay);
        }
        if cursor.eat("1 in ") {
            let time = Duration::read(cursor)?;
            if time == Duration::ZERO {
                return Err(cursor.refused(start, Self::about(), "once in no time is no promise"));
            }
            return Ok(Self::OnceIn(time));
        }
        let mut parts = Vec::new();
        loop {
            parts.push(read_survive_part(cursor)?);
            if !cursor.eat(" and ") {
                return Ok(Self::Together(parts));
            }
        }
    }

    fn fragment() -> String {
        let part = format!(
            "(?:{}|{} peak|{})",
            AnyOf::fragment(),
            Factor::fragment(),
            Name::fragment()
        );
        format!(
            "(?:a normal day|1 in {}|{part}(?: and {part})*)",
            Duration::fragment()
        )
    }
}

fn read_survive_part(cursor: &mut Cursor<'_>) -> Result<SurvivePart, ScalarError> {
    if cursor.rest().starts_with("any ") {
        return AnyOf::read(cursor).map(SurvivePart::AnyOf);
    }
    // `2x peak` is a factor, `2x` alone could be a name.
    let mut ahead = *cursor;
    if Decimal::number(&mut ahead, "").is_ok() && ahead.eat("x peak") {
        let factor = Factor::read(cursor)?;
        cursor.eat(" peak");
        return Ok(SurvivePart::Peak(factor));
    }
    Name::read(cursor)
        .map(SurvivePart::Named)
        .map_err(|mut error| {
            error.expected = Survive::about();
            error
        })
}

from_str!(
    Chance, Every, Change, Tries, Retry, Admission, Keys, Peak, Patience, Batch, Arrivals, Lasting,
    HedgeAfter, Cold, Raise, Survive
);
