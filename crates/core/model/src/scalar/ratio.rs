//! Numbers that compare: shares (`0.1%`, `1 of 1000`), factors (`1.3x`) and CPU (`250m`).

use std::fmt;

use super::{
    Cursor, Scalar, ScalarError, from_str,
    number::{self, Decimal, plain, shorter},
};

/// A share: `0.1%`, or `1 of 1000`. 100 % is 1; more is possible (growth, `± 150%` is not).
#[derive(Clone, Copy, Debug, PartialEq, PartialOrd)]
pub struct Ratio(f64);

impl Ratio {
    /// All of it.
    pub const ONE: Self = Self(1.0);
    /// Nothing of it.
    pub const ZERO: Self = Self(0.0);

    /// `None` unless `value` is zero or between 1e-15 and 1e20.
    pub fn new(value: f64) -> Option<Self> {
        number::is_bounded(value).then_some(Self(value.abs()))
    }

    /// The share, 1 for all.
    pub fn get(self) -> f64 {
        self.0
    }

    /// At most all of it: a chance, a share of something.
    pub fn is_share(self) -> bool {
        self.0 <= 1.0
    }
}

impl fmt::Display for Ratio {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}%", plain(self.0, 2))
    }
}

impl Scalar for Ratio {
    fn about() -> String {
        "a ratio such as `0.1%` or `1 of 1000`".to_owned()
    }

    fn example() -> String {
        "0.1%".to_owned()
    }

    fn read(cursor: &mut Cursor<'_>) -> Result<Self, ScalarError> {
        let about = Self::about();
        let decimal = Decimal::number(cursor, &about)?;
        if cursor.eat("%") {
            return decimal.to_f64(-2, cursor, &about).map(Self);
        }
        let number = decimal.to_f64(0, cursor, &about)?;
        if cursor.eat(" of ") {
            let whole = Decimal::number(cursor, "a number")?;
            let whole_value = whole.to_f64(0, cursor, "a number")?;
            if whole_value == 0.0 {
                return Err(cursor.refused(whole.start(), about, "a share of 0 is no ratio"));
            }
            return Self::new(number / whole_value).ok_or_else(|| {
                cursor.refused(decimal.start(), about, "this ratio is out of bounds")
            });
        }
        let text = decimal.text();
        Err(
            ScalarError::form(decimal.start()..cursor.word_range().end, about).hint(format!(
                "a ratio carries a percent sign: `{text}%` or `{}%`?",
                plain(number, 2)
            )),
        )
    }

    fn fragment() -> String {
        let number = number::FRAGMENT;
        format!("{number}(?:%| of {number})")
    }
}

/// How many times as much: `1.3x`.
#[derive(Clone, Copy, Debug, PartialEq, PartialOrd)]
pub struct Factor(f64);

impl Factor {
    /// Changes nothing.
    pub const ONE: Self = Self(1.0);

    /// `None` unless `value` is zero or between 1e-15 and 1e20.
    pub fn new(value: f64) -> Option<Self> {
        number::is_bounded(value).then_some(Self(value.abs()))
    }

    /// The factor itself.
    pub fn get(self) -> f64 {
        self.0
    }
}

impl fmt::Display for Factor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}x", number::short(self.0))
    }
}

impl Scalar for Factor {
    fn about() -> String {
        "a factor such as `1.3x`".to_owned()
    }

    fn example() -> String {
        "1.3x".to_owned()
    }

    fn read(cursor: &mut Cursor<'_>) -> Result<Self, ScalarError> {
        let about = Self::about();
        let decimal = Decimal::number(cursor, &about)?;
        if !cursor.eat("x") {
            let range = decimal.start()..cursor.word_range().end;
            return Err(ScalarError::form(range, about).hint(format!("`{}x`?", decimal.text())));
        }
        decimal.to_f64(0, cursor, &about).map(Self)
    }

    fn fragment() -> String {
        format!("{}x", number::FRAGMENT)
    }
}

/// CPU, in cores: `0.25` or `250m`.
#[derive(Clone, Copy, Debug, PartialEq, PartialOrd)]
pub struct Cores(f64);

impl Cores {
    /// `None` unless `value` is zero or between 1e-15 and 1e20.
    pub fn new(value: f64) -> Option<Self> {
        number::is_bounded(value).then_some(Self(value.abs()))
    }

    /// The number of cores.
    pub fn get(self) -> f64 {
        self.0
    }
}

impl fmt::Display for Cores {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&shorter(
            number::short(self.0),
            format!("{}m", plain(self.0, 3)),
        ))
    }
}

impl Scalar for Cores {
    fn about() -> String {
        "cores such as `4`, `0.25` or `250m`".to_owned()
    }

    fn example() -> String {
        "250m".to_owned()
    }

    fn read(cursor: &mut Cursor<'_>) -> Result<Self, ScalarError> {
        let about = Self::about();
        let decimal = Decimal::number(cursor, &about)?;
        let shift = if cursor.eat("m") { -3 } else { 0 };
        decimal.to_f64(shift, cursor, &about).map(Self)
    }

    fn fragment() -> String {
        format!("{}m?", number::FRAGMENT)
    }
}

from_str!(Ratio, Factor, Cores);
