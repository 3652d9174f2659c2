//! Values with a way out: `none`, `unlimited`, `rest`, and changes of what a base says.

use std::fmt;

use super::{
    Cursor, Factor, Number, Pin, Ratio, Scalar, ScalarError, Uncertain, from_str,
    number::{self},
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

    fn pin(&self, pin: Pin) -> Option<Self> {
        match self {
            Self::None => None,
            Self::On(value) => value.pin(pin).map(Self::On),
        }
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
        word if error.hint.is_none() => match super::nearest(word, ["none", "unlimited"]) {
            Some(near) => error.hint(format!("did you mean `{near}`?")),
            None => error,
        },
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

    fn pin(&self, pin: Pin) -> Option<Self> {
        match self {
            Self::None | Self::Unlimited => None,
            Self::At(value) => value.pin(pin).map(Self::At),
        }
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

    fn pin(&self, pin: Pin) -> Option<Self> {
        match self {
            Self::Share(share) => share.pin(pin).map(Self::Share),
            Self::Rest => None,
        }
    }

    fn fragment() -> String {
        format!("(?:rest|{})", Uncertain::<Ratio>::fragment())
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

from_str!(Chance, Change);
