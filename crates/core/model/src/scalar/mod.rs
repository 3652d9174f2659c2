//! The scalars of a model file: from source text to typed values, and back.
//!
//! A scalar is its source text, and the field decides how it is read: every kind of value is a
//! type that implements [`Scalar`]. Reading gives the value or a [`ScalarError`] with the bytes that are
//! wrong; printing gives a canonical short form that reads back as the same value; and
//! [`Scalar::pattern`] is a regular expression for editors that accepts exactly the texts that the
//! reader finds well formed.
//!
//! Numbers are decimal, finite and bounded. What must be whole (nanoseconds, bytes, counts) is
//! computed exactly from the decimal digits; everything else is the `f64` nearest to what is written.
//!
//! Reading order: [`number`], the quantities ([`time`], [`rate`], [`ratio`], [`size`], [`money`]),
//! what is unknown ([`uncertain`], [`pin`]) and what varies ([`dist`]), names and references ([`name`],
//! [`mod@reference`]), the calendar ([`mod@when`]), conditions ([`condition`]), and the short forms of maps ([`switch`], [`retry`], [`demand`], [`happening`]).

pub mod condition;
pub mod demand;
pub mod dist;
pub mod happening;
pub mod money;
pub mod name;
pub mod number;
pub mod pin;
pub mod rate;
pub mod ratio;
pub mod reference;
pub mod retry;
pub mod size;
pub mod source;
pub mod switch;
pub mod text;
pub mod time;
pub mod uncertain;
pub mod when;

pub use crate::when::When;

pub use self::{
    condition::{
        Comparison, Cond, Guard, Hold, Limit, Metric, MetricKind, MetricName, MetricWord, Of, Trend,
    },
    demand::{Admission, Arrivals, Batch, Keys, Patience, PatienceLimit, Peak},
    dist::{Dist, Point, Shape},
    happening::{Cold, Every, Lasting, Raise, Survive, SurvivePart},
    money::{Currency, Money, MoneyPer},
    name::{Name, RESERVED, SECTIONS, nearest},
    number::{Count, Number},
    pin::{Pin, Within},
    rate::{Growth, Per, Rate},
    ratio::{Cores, Factor, Ratio},
    reference::{
        AnyOf, Direction, End, Flow, Kind, Path, Reference, Select, Target, Who, WorkerOf,
    },
    retry::{HedgeAfter, JitterWord, Retry, RetryPlan, Tries},
    size::{Bandwidth, Size},
    source::{Marked, Source, split},
    switch::{Bounded, Chance, Change, Switch},
    text::{Cursor, LONGEST, Problem, ScalarError},
    time::{Date, DateRange, Duration, LongUnit, Month, Time, Weekday},
    uncertain::{Quantity, Uncertain},
};

/// A kind of value that a field can hold.
///
/// `Display` prints the canonical short form, which reads back as the same value.
pub trait Scalar: Sized + std::fmt::Display {
    /// What the field wants, with an example: ``a duration such as `30s` ``.
    fn about() -> String;

    /// A text of this kind.
    fn example() -> String;

    /// Reads the longest text of this kind from `cursor`, which may end before the scalar does.
    ///
    /// # Errors
    ///
    /// What is wrong, and where.
    fn read(cursor: &mut Cursor<'_>) -> Result<Self, ScalarError>;

    /// A regular expression, without anchors, for the texts of this kind. It uses nothing beyond what ECMA-262
    /// and the `regex` crate read alike.
    fn fragment() -> String;

    /// The same with every unknown constant in it at a point of its range; `None` if nothing in it is unknown, or if
    /// there is no such value.
    fn pin(&self, _pin: Pin) -> Option<Self> {
        None
    }

    /// Reads the whole of `text`.
    ///
    /// # Errors
    ///
    /// What is wrong, and where.
    fn parse(text: &str) -> Result<Self, ScalarError> {
        if text.len() > LONGEST {
            let reason = format!("a value has at most {LONGEST} characters");
            return Err(ScalarError::value(
                0..text.floor_char_boundary(LONGEST),
                Self::about(),
                reason,
            ));
        }
        let mut cursor = Cursor::new(text);
        let value = Self::read(&mut cursor)?;
        if cursor.is_done() {
            return Ok(value);
        }
        let error = ScalarError::form(cursor.at()..text.len(), Self::about());
        let left = cursor.rest();
        Err(if left.trim().is_empty() {
            error.hint("there is a blank at the end")
        } else if left.starts_with("  ") {
            error.hint("one blank between words")
        } else {
            error.hint(format!(
                "nothing more is understood after `{}`",
                cursor.since(0)
            ))
        })
    }

    /// The regular expression of a whole scalar of this kind, without a source mark.
    fn pattern() -> String {
        format!("^(?:{})$", Self::fragment())
    }

    /// The regular expression of a whole scalar of this kind that may end in a source mark (`@traces`).
    fn marked_pattern() -> String {
        format!("^(?:{})(?: @{})?$", Self::fragment(), source::FRAGMENT)
    }
}

/// Defines a closed list of words as an enum that is a [`Scalar`].
macro_rules! words {
    ($(#[$doc:meta])* $name:ident, $about:literal, { $($(#[$vdoc:meta])* $variant:ident = $word:literal),+ $(,)? }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum $name { $($(#[$vdoc])* $variant),+ }

        impl $name {
            /// Every value, in the order of the language's reference.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// The word as it is written.
            pub fn word(self) -> &'static str {
                match self { $(Self::$variant => $word),+ }
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(self.word())
            }
        }

        impl $crate::scalar::Scalar for $name {
            fn about() -> String {
                let list: Vec<_> = Self::ALL.iter().map(|word| format!("`{word}`")).collect();
                format!("{}: {}", $about, list.join(", "))
            }
            fn example() -> String {
                Self::ALL[0].word().to_owned()
            }
            fn read(cursor: &mut $crate::scalar::Cursor<'_>) -> Result<Self, $crate::scalar::ScalarError> {
                for &word in Self::ALL {
                    if cursor.eat_word(word.word()) {
                        return Ok(word);
                    }
                }
                let error = cursor.wanted(Self::about());
                let near = $crate::scalar::nearest(cursor.word(), Self::ALL.iter().map(|word| word.word()));
                Err(match near {
                    Some(near) => error.hint(format!("did you mean `{near}`?")),
                    None => error,
                })
            }
            fn fragment() -> String {
                let list: Vec<_> = Self::ALL.iter().map(|word| word.word()).collect();
                format!("(?:{})", list.join("|"))
            }
        }
    };
}
pub(crate) use words;

/// Implements `FromStr` through [`Scalar::parse`].
macro_rules! from_str {
    ($($name:ty),+ $(,)?) => {$(
        impl std::str::FromStr for $name {
            type Err = $crate::scalar::ScalarError;
            fn from_str(text: &str) -> Result<Self, Self::Err> {
                <Self as $crate::scalar::Scalar>::parse(text)
            }
        }
    )+};
}
pub(crate) use from_str;
