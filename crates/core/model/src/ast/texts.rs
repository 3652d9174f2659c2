//! Scalars that only one key wants: made of the kinds that all share.

use std::fmt;

use super::{FallbackWord, RetryPreset};
use crate::scalar::{
    Bandwidth, Bounded, Count, Cursor, Duration, Factor, Name, Number, Pin, Problem, Rate, Ratio,
    Retry, Scalar, ScalarError, Size, Target, Tries, Uncertain, words,
};
use crate::tree::is_yaml_word;

/// A count, `unlimited`, or `none`.
pub type Bound = Bounded<Uncertain<Count>>;
/// A time, `unlimited`, or `none`.
pub type Wait = Bounded<Uncertain<Duration>>;

/// Whether an error says more than another: it was met later, or it knows the text and why it cannot be.
fn knows_better(error: &ScalarError, than: &ScalarError) -> bool {
    let rank = |error: &ScalarError| (error.at.start, error.problem != Problem::Form);
    rank(than) < rank(error)
}

/// Either of two kinds of scalar that no text belongs to both of.
macro_rules! either {
    ($(#[$doc:meta])* $name:ident, $about:literal, { $($(#[$vdoc:meta])* $variant:ident($kind:ty)),+ $(,)? }) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq)]
        pub enum $name { $($(#[$vdoc])* $variant($kind)),+ }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                match self { $(Self::$variant(value) => value.fmt(f)),+ }
            }
        }

        impl Scalar for $name {
            fn about() -> String {
                $about.to_owned()
            }
            fn example() -> String {
                let examples = [$(<$kind as Scalar>::example()),+];
                examples[0].clone()
            }
            fn read(cursor: &mut Cursor<'_>) -> Result<Self, ScalarError> {
                // The kind that gets furthest knows best what is wrong.
                let start = *cursor;
                let mut longest: Option<(Cursor<'_>, Self)> = None;
                let mut best: Option<ScalarError> = None;
                $(
                    let mut ahead = start;
                    match <$kind as Scalar>::read(&mut ahead) {
                        Ok(value) => {
                            if longest.as_ref().is_none_or(|(cursor, _)| cursor.at() < ahead.at()) {
                                longest = Some((ahead, Self::$variant(value)));
                            }
                        }
                        Err(error) => {
                            if best.as_ref().is_none_or(|best| knows_better(&error, best)) {
                                best = Some(error);
                            }
                        }
                    }
                )+
                match (longest, best) {
                    (Some((ahead, value)), _) => {
                        *cursor = ahead;
                        Ok(value)
                    }
                    (None, Some(mut error)) => {
                        if error.at.start == start.at() {
                            error.expected = Self::about();
                        }
                        Err(error)
                    }
                    (None, None) => Err(start.wanted(Self::about())),
                }
            }
            fn pin(&self, pin: Pin) -> Option<Self> {
                match self { $(Self::$variant(value) => value.pin(pin).map(Self::$variant)),+ }
            }
            fn fragment() -> String {
                let kinds = [$(<$kind as Scalar>::fragment()),+];
                format!("(?:{})", kinds.join("|"))
            }
        }
    };
}

/// A text that begins with a fixed word.
macro_rules! behind {
    ($(#[$doc:meta])* $name:ident = $word:literal $kind:ty, $about:literal) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq)]
        pub struct $name(pub $kind);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!($word, " {}"), self.0)
            }
        }

        impl Scalar for $name {
            fn about() -> String {
                $about.to_owned()
            }
            fn example() -> String {
                format!(concat!($word, " {}"), <$kind as Scalar>::example())
            }
            fn read(cursor: &mut Cursor<'_>) -> Result<Self, ScalarError> {
                if cursor.eat(concat!($word, " ")) {
                    <$kind as Scalar>::read(cursor).map(Self)
                } else {
                    Err(cursor.wanted(Self::about()))
                }
            }
            fn fragment() -> String {
                format!(concat!($word, " {}"), <$kind as Scalar>::fragment())
            }
        }
    };
}

behind! {
    /// `during sale`: only while an event lasts.
    During = "during" Name, "an event such as `during sale`"
}

behind! {
    /// `cv 1`: a coefficient of variation.
    Spread = "cv" Number, "a coefficient of variation such as `cv 1`"
}

behind! {
    /// `hash users`: by a key of the request.
    HashBy = "hash" Name, "a key space such as `hash users`"
}

behind! {
    /// `one of products`: one drawn key of a key space.
    OneOf = "one of" Name, "a key space such as `one of products`"
}

words! {
    /// Ways to choose a replica without a key.
    BalanceWord, "a way to choose a replica", {
        /// Evenly by lot.
        Random = "random",
        /// In turn.
        RoundRobin = "round-robin",
        /// Of two drawn replicas the one with fewer requests in flight from this caller.
        LeastRequests = "least-requests",
        /// The one with the fewest inside.
        ShortestQueue = "shortest-queue",
        /// One of the own zone while it has one that is ready.
        Nearest = "nearest",
    }
}

either! {
    /// How a replica is chosen.
    BalanceBy, "`random`, `round-robin`, `least-requests`, `shortest-queue`, `nearest` or `hash KEYS`", {
        /// By a rule.
        Word(BalanceWord),
        /// By a key of the request.
        Hash(HashBy),
    }
}

words! {
    /// Arrival patterns without a number.
    PatternWord, "a pattern", {
        /// Independent exponential gaps.
        Poisson = "poisson",
        /// Equal gaps.
        Even = "even",
    }
}

either! {
    /// How gaps between arrivals vary.
    OpenPattern, "`poisson`, `even` or `cv 2`", {
        /// By a rule.
        Word(PatternWord),
        /// Independent gamma gaps.
        Cv(Spread),
    }
}

words! {
    /// Deadlines that are no time.
    DeadlineWord, "a deadline", {
        /// The caller's own.
        Inherit = "inherit",
        /// None at all.
        None = "none",
    }
}

either! {
    /// How long a whole call may take.
    Deadline, "a duration such as `2s`, `inherit` or `none`", {
        /// So long.
        After(Uncertain<Duration>),
        /// The caller's, or none.
        Word(DeadlineWord),
    }
}

words! {
    /// All branches.
    AllWord, "how many", {
        /// All.
        All = "all",
    }
}

either! {
    /// How many branches must succeed.
    ParallelNeed, "`all`, or a count such as `2`", {
        /// So many.
        Count(Count),
        /// All.
        All(AllWord),
    }
}

either! {
    /// What passes a link per second.
    LinkCapacity, "messages or bits per second, such as `34k/s` or `6Gb/s`", {
        /// Messages.
        Messages(Uncertain<Rate>),
        /// Bits.
        Bits(Uncertain<Bandwidth>),
    }
}

either! {
    /// What may wait for a link.
    LinkQueue, "a count, a size such as `64MB`, `unlimited` or `none`", {
        /// Messages.
        Messages(Bound),
        /// Bytes.
        Bytes(Uncertain<Size>),
    }
}

/// What a fault hits: a service, replicas, a worker, an endpoint, a zone, a link, a pool, or what goes between two places.
pub type FaultTarget = crate::scalar::Reference;

/// An end of a link: a service, a zone or a client.
pub type End = Name;

/// A rate, perhaps in batches: `4/min batch 300`.
#[derive(Clone, Debug, PartialEq)]
pub struct Arrivals {
    /// How often.
    pub rate: Uncertain<Rate>,
    /// How many at once.
    pub batch: Option<Uncertain<Count>>,
}

impl fmt::Display for Arrivals {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.rate.fmt(f)?;
        self.batch
            .map_or(Ok(()), |batch| write!(f, " batch {batch}"))
    }
}

impl Scalar for Arrivals {
    fn about() -> String {
        "a rate such as `40/h` or `4/min batch 300`".to_owned()
    }

    fn example() -> String {
        "4/min batch 300".to_owned()
    }

    fn read(cursor: &mut Cursor<'_>) -> Result<Self, ScalarError> {
        let rate = Uncertain::read(cursor)?;
        let batch = if cursor.eat(" batch ") {
            Some(Uncertain::read(cursor)?)
        } else {
            None
        };
        Ok(Self { rate, batch })
    }

    fn pin(&self, pin: Pin) -> Option<Self> {
        let mut parts = pin.parts();
        let rate = parts.of(&self.rate);
        let batch = self.batch.map(|batch| parts.of(&batch));
        parts.whole(Self { rate, batch })
    }

    fn fragment() -> String {
        format!(
            "{}(?: batch {})?",
            Uncertain::<Rate>::fragment(),
            Uncertain::<Count>::fragment()
        )
    }
}

/// A preset, or how often and how: `3 attempts backoff 100ms`.
#[derive(Clone, Debug, PartialEq)]
pub enum RetryText {
    /// As a product has it.
    Preset(RetryPreset),
    /// As said here.
    Plan(Retry),
}

impl fmt::Display for RetryText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Preset(preset) => preset.fmt(f),
            Self::Plan(plan) => plan.fmt(f),
        }
    }
}

impl Scalar for RetryText {
    fn about() -> String {
        "`none`, `3 attempts`, `2 retries backoff 100ms`, or a preset".to_owned()
    }

    fn example() -> String {
        "3 attempts backoff 100ms".to_owned()
    }

    fn read(cursor: &mut Cursor<'_>) -> Result<Self, ScalarError> {
        if cursor.rest().starts_with(|c: char| c.is_ascii_digit()) {
            Retry::read(cursor).map(Self::Plan)
        } else {
            RetryPreset::read(cursor).map(Self::Preset)
        }
    }

    fn fragment() -> String {
        let (duration, factor, ratio) =
            (Duration::fragment(), Factor::fragment(), Ratio::fragment());
        let jitter = crate::scalar::JitterWord::fragment();
        let part = format!(
            " backoff {duration}| grow {factor}| cap {duration}| jitter {jitter}| budget {ratio}"
        );
        format!(
            "(?:{}|{}(?:{part})*)",
            RetryPreset::fragment(),
            Tries::fragment()
        )
    }
}

/// How slow a replica is at first: `25% for 2m`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ColdStart {
    /// The share of full speed.
    pub speed: Uncertain<Ratio>,
    /// For how long.
    pub lasts: Uncertain<Duration>,
}

impl fmt::Display for ColdStart {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} for {}", self.speed, self.lasts)
    }
}

impl Scalar for ColdStart {
    fn about() -> String {
        "a share of full speed and how long, such as `25% for 2m`".to_owned()
    }

    fn example() -> String {
        "25% for 2m".to_owned()
    }

    fn read(cursor: &mut Cursor<'_>) -> Result<Self, ScalarError> {
        let speed = Uncertain::read(cursor)?;
        if !cursor.eat(" for ") {
            return Err(cursor.wanted("`for` and how long"));
        }
        let lasts = Uncertain::read(cursor)?;
        Ok(Self { speed, lasts })
    }

    fn pin(&self, pin: Pin) -> Option<Self> {
        let mut parts = pin.parts();
        let (speed, lasts) = (parts.of(&self.speed), parts.of(&self.lasts));
        parts.whole(Self { speed, lasts })
    }

    fn fragment() -> String {
        format!(
            "{} for {}",
            Uncertain::<Ratio>::fragment(),
            Uncertain::<Duration>::fragment()
        )
    }
}

/// `200 within 500ms`: how many messages one run takes, and how long it waits for them.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Batch {
    /// At most so many.
    pub most: Uncertain<Count>,
    /// What has come by then is taken; without it, what is there.
    pub within: Option<Uncertain<Duration>>,
}

impl fmt::Display for Batch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.within {
            Some(within) => write!(f, "{} within {within}", self.most),
            None => self.most.fmt(f),
        }
    }
}

impl Scalar for Batch {
    fn about() -> String {
        "a number of messages and how long to wait for them, such as `200 within 500ms`".to_owned()
    }

    fn example() -> String {
        "200 within 500ms".to_owned()
    }

    fn read(cursor: &mut Cursor<'_>) -> Result<Self, ScalarError> {
        let most = Uncertain::read(cursor)?;
        let within = if cursor.eat(" within ") {
            Some(Uncertain::read(cursor)?)
        } else {
            None
        };
        Ok(Self { most, within })
    }

    fn pin(&self, pin: Pin) -> Option<Self> {
        let mut parts = pin.parts();
        let most = parts.of(&self.most);
        let within = self.within.map(|within| parts.of(&within));
        parts.whole(Self { most, within })
    }

    fn fragment() -> String {
        format!(
            "{}(?: within {})?",
            Uncertain::<Count>::fragment(),
            Uncertain::<Duration>::fragment()
        )
    }
}

/// `6m before`: the end of an event's visits.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Until(pub Uncertain<Duration>);

impl fmt::Display for Until {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} before", self.0)
    }
}

impl Scalar for Until {
    fn about() -> String {
        "a time before the event such as `6m before`".to_owned()
    }

    fn example() -> String {
        "6m before".to_owned()
    }

    fn read(cursor: &mut Cursor<'_>) -> Result<Self, ScalarError> {
        let time = Uncertain::read(cursor)?;
        if cursor.eat(" before") {
            Ok(Self(time))
        } else {
            Err(cursor.wanted("`before`"))
        }
    }

    fn pin(&self, pin: Pin) -> Option<Self> {
        self.0.pin(pin).map(Self)
    }

    fn fragment() -> String {
        format!("{} before", Uncertain::<Duration>::fragment())
    }
}

/// Why a request failed: `declined`, or any other word for an error.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FailWord(pub Name);

impl fmt::Display for FailWord {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl Scalar for FailWord {
    fn about() -> String {
        "`declined`, or any other word for an error".to_owned()
    }

    fn example() -> String {
        "declined".to_owned()
    }

    fn read(cursor: &mut Cursor<'_>) -> Result<Self, ScalarError> {
        Name::read(cursor).map(Self)
    }

    fn fragment() -> String {
        Name::fragment()
    }
}

/// The version of the language.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Version;

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("1")
    }
}

impl Scalar for Version {
    fn about() -> String {
        "`1`, the version of the language".to_owned()
    }

    fn example() -> String {
        "1".to_owned()
    }

    fn read(cursor: &mut Cursor<'_>) -> Result<Self, ScalarError> {
        if cursor.eat_word("1") {
            return Ok(Self);
        }
        let error = cursor.wanted(Self::about());
        let newer = cursor.word().bytes().all(|byte| byte.is_ascii_digit()) && cursor.word() > "1";
        Err(if newer {
            error.hint("a newer worstday wrote this file: use that release or a later one")
        } else {
            error
        })
    }

    fn fragment() -> String {
        "1".to_owned()
    }
}

/// Any text: a path, a name that only other tools know.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Text(pub Box<str>);

impl Text {
    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Scalar for Text {
    fn about() -> String {
        "a text".to_owned()
    }

    fn example() -> String {
        "deploy/cart.yaml".to_owned()
    }

    fn read(cursor: &mut Cursor<'_>) -> Result<Self, ScalarError> {
        let text = cursor.take_while(|c| c != '\n' && c != '\r');
        if text.trim().is_empty() || is_yaml_word(text) {
            return Err(cursor.wanted(Self::about()));
        }
        Ok(Self(text.into()))
    }

    fn fragment() -> String {
        // Not only blanks; the words that are no values are refused for every scalar at once.
        r"[^\r\n]*[^\s][^\r\n]*".to_owned()
    }
}

/// A seed: hexadecimal digits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Seed(pub u64);

impl fmt::Display for Seed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:08x}", self.0)
    }
}

impl Scalar for Seed {
    fn about() -> String {
        "a seed of up to 16 hexadecimal digits such as `7f3a9c01`".to_owned()
    }

    fn example() -> String {
        "7f3a9c01".to_owned()
    }

    fn read(cursor: &mut Cursor<'_>) -> Result<Self, ScalarError> {
        let wanted = cursor.wanted(Self::about());
        let digits = cursor.take_while(|c| matches!(c, '0'..='9' | 'a'..='f'));
        if digits.is_empty() || digits.len() > 16 {
            return Err(wanted);
        }
        u64::from_str_radix(digits, 16)
            .map(Self)
            .map_err(|_| wanted)
    }

    fn fragment() -> String {
        "[0-9a-f]{1,16}".to_owned()
    }
}

either! {
    /// A fallback in one word.
    FallbackText, "`none`, `skip`, `degraded`, a block, or steps", {
        /// Without steps.
        Word(FallbackWord),
        /// A block, or one call.
        Target(Target),
    }
}

words! {
    /// An end of a list of steps.
    EndWord, "an end", {
        /// Before the first step.
        Start = "start",
        /// After the last step.
        End = "end",
    }
}

/// `start of cart.get`
#[derive(Clone, Debug, PartialEq)]
pub struct EndOf {
    /// Which end.
    pub end: EndWord,
    /// Of which endpoint, client or block.
    pub of: Target,
}

impl fmt::Display for EndOf {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} of {}", self.end, self.of)
    }
}

impl Scalar for EndOf {
    fn about() -> String {
        "`start of ENDPOINT` or `end of ENDPOINT`".to_owned()
    }

    fn example() -> String {
        "start of cart.get".to_owned()
    }

    fn read(cursor: &mut Cursor<'_>) -> Result<Self, ScalarError> {
        let end = EndWord::read(cursor)?;
        if !cursor.eat(" of ") {
            return Err(cursor.wanted("`of` and an endpoint"));
        }
        Ok(Self {
            end,
            of: Target::read(cursor)?,
        })
    }

    fn fragment() -> String {
        format!("{} of {}", EndWord::fragment(), Target::fragment())
    }
}

either! {
    /// How large a fault is: what that means depends on its kind.
    FaultSize, "a factor such as `3x`, a ratio such as `30%`, or a duration", {
        /// Of `slow`.
        Factor(Factor),
        /// Of `errors`, `loss` and `capacity`.
        Ratio(Ratio),
        /// Of `delay`.
        Duration(Duration),
    }
}
