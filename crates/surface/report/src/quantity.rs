//! Numbers as people read them: three significant digits and a unit.
//!
//! A ratio close to 100 % keeps the digits that tell how much is missing, because "100 %" for 99.97 %
//! hides the only thing that matters. Lengths of a minute and more are written as in the model file
//! (`12m40s`), so that they can be copied into it.

use serde::Serialize;

/// What a number counts or measures; everything is in base units.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub enum Unit {
    /// Seconds.
    #[serde(rename = "s")]
    Seconds,
    /// A share between 0 and 1.
    #[serde(rename = "ratio")]
    Ratio,
    /// Per second.
    #[serde(rename = "1/s")]
    PerSecond,
    /// A plain number.
    #[serde(rename = "count")]
    Count,
    /// In the file's currency.
    #[serde(rename = "money")]
    Money,
}

/// A number with its unit, three significant digits: `38.0 ms`, `12m40s`, `45.7 %`, `29.6/s`.
#[must_use]
pub fn quantity(value: f64, unit: Unit) -> String {
    match unit {
        Unit::Seconds => seconds(value),
        Unit::Ratio => percent(value),
        Unit::PerSecond => format!("{}/s", significant(value)),
        Unit::Count | Unit::Money => significant(value),
    }
}

/// Both ends of an interval, the unit written once where both share it: `37.1–39.0 ms`.
#[must_use]
pub fn span(low: f64, high: f64, unit: Unit) -> String {
    let (low, high) = (quantity(low, unit), quantity(high, unit));
    let suffix = |text: &str| {
        text.trim_start_matches(|c: char| c.is_ascii_digit() || ".,".contains(c))
            .to_owned()
    };
    if suffix(&low) == suffix(&high) {
        let bare = low.strip_suffix(&suffix(&high)).unwrap_or(&low);
        format!("{bare}–{high}")
    } else {
        format!("{low}–{high}")
    }
}

/// Three significant digits, with a comma every three places from a thousand on.
#[must_use]
pub fn significant(value: f64) -> String {
    let size = value.abs();
    if value == 0.0 {
        return "0".to_owned();
    }
    if !value.is_finite() {
        return "never".to_owned();
    }
    if size < 1e-4 {
        return format!("{value:.2e}");
    }
    let digits = |from: f64| {
        let mut decimals = 2;
        let mut edge = from;
        while size < edge && decimals < 8 {
            decimals += 1;
            edge /= 10.0;
        }
        decimals
    };
    if size < 9.995 {
        format!("{value:.*}", digits(0.9995))
    } else if size < 99.95 {
        format!("{value:.1}")
    } else if size < 999.5 {
        format!("{value:.0}")
    } else {
        let mut scale = 1.0;
        while size / scale >= 999.5 {
            scale *= 10.0;
        }
        let rounded = (size / scale).round() * scale;
        let sign = if value < 0.0 { "-" } else { "" };
        if rounded < 1e15 {
            format!("{sign}{}", count(rounded as u64))
        } else {
            format!("{value:.2e}")
        }
    }
}

/// A whole number in full: `19,400`.
#[must_use]
pub fn count(value: u64) -> String {
    let digits = value.to_string();
    let mut out = String::with_capacity(digits.len() + digits.len() / 3);
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// A number that is often whole: without decimals where it is, else as [`significant`].
#[must_use]
pub fn plain(value: f64) -> String {
    if value.fract() == 0.0 && (0.0..1e15).contains(&value) {
        count(value as u64)
    } else {
        significant(value)
    }
}

/// A length of time, given in seconds.
#[must_use]
pub fn seconds(value: f64) -> String {
    if value.is_infinite() {
        return "never".to_owned();
    }
    let size = value.abs();
    if value == 0.0 {
        return "0 s".to_owned();
    }
    if size < 0.999_5e-6 {
        format!("{} ns", significant(value * 1e9))
    } else if size < 0.999_5e-3 {
        format!("{} µs", significant(value * 1e6))
    } else if size < 0.9995 {
        format!("{} ms", significant(value * 1e3))
    } else if size < 59.95 {
        format!("{} s", significant(value))
    } else {
        long(value)
    }
}

/// The two largest units of a length of a minute or more: `12m40s`, `3h05m`, `2d04h`.
fn long(value: f64) -> String {
    let sign = if value < 0.0 { "-" } else { "" };
    let whole = value.abs().round() as u64;
    let (large, small, names) = if whole < 3_600 {
        (whole / 60, whole % 60, ('m', 's'))
    } else if whole < 86_400 {
        let minutes = (value.abs() / 60.0).round() as u64;
        (minutes / 60, minutes % 60, ('h', 'm'))
    } else {
        let hours = (value.abs() / 3_600.0).round() as u64;
        (hours / 24, hours % 24, ('d', 'h'))
    };
    if small == 0 {
        format!("{sign}{large}{}", names.0)
    } else {
        format!("{sign}{large}{}{small:02}{}", names.0, names.1)
    }
}

/// A share as a percentage, never rounded up to all or down to nothing.
#[must_use]
pub fn percent(value: f64) -> String {
    if !value.is_finite() {
        return "never".to_owned();
    }
    let missing = 1.0 - value;
    if 0.0 < missing && missing < 0.0095 {
        let mut decimals = 1;
        let mut edge = 1e-3;
        while missing < edge && decimals < 8 {
            decimals += 1;
            edge /= 10.0;
        }
        return format!("{:.*} %", decimals, value * 100.0);
    }
    if value == 1.0 {
        return "100 %".to_owned();
    }
    format!("{} %", significant(value * 100.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A reader copies these into mails and files: they must be short, exact and never misleading.
    #[test]
    fn numbers_have_three_significant_digits() {
        let cases = [
            (significant(0.0), "0"),
            (significant(0.009_211), "0.00921"),
            (significant(0.99951), "1.00"),
            (significant(9.996), "10.0"),
            (significant(38.04), "38.0"),
            (significant(999.4), "999"),
            (significant(999.6), "1,000"),
            (significant(12_345.0), "12,300"),
            (significant(1_234_567.0), "1,230,000"),
            (significant(0.000_012_3), "1.23e-5"),
            (count(86_400), "86,400"),
            (count(999), "999"),
        ];
        for (got, wanted) in cases {
            assert_eq!(got, wanted);
        }
    }

    /// The unit follows the size.
    #[test]
    fn lengths_choose_their_unit() {
        let cases = [
            (seconds(0.0), "0 s"),
            (seconds(38e-3), "38.0 ms"),
            (seconds(9.9996e-4), "1.00 ms"),
            (seconds(2.5e-7), "250 ns"),
            (seconds(1.877), "1.88 s"),
            (seconds(760.0), "12m40s"),
            (seconds(60.0), "1m"),
            (seconds(11_100.0), "3h05m"),
            (seconds(187_200.0), "2d04h"),
            (seconds(f64::INFINITY), "never"),
        ];
        for (got, wanted) in cases {
            assert_eq!(got, wanted);
        }
    }

    /// 99.97 % is not 100 %, and what is lost is what counts.
    #[test]
    fn nearly_all_is_not_all() {
        assert_eq!(percent(1.0), "100 %");
        assert_eq!(percent(0.9997), "99.97 %");
        assert_eq!(percent(0.999_999), "99.9999 %");
        assert_eq!(percent(0.457), "45.7 %");
        assert_eq!(percent(0.0), "0 %");
        assert_eq!(percent(0.000_012), "0.00120 %");
    }

    /// Intervals name their unit once.
    #[test]
    fn spans_share_their_unit() {
        assert_eq!(span(0.0371, 0.039, Unit::Seconds), "37.1–39.0 ms");
        assert_eq!(span(0.9, 1.1, Unit::Seconds), "900 ms–1.10 s");
        assert_eq!(span(0.1, 0.2, Unit::Ratio), "10.0–20.0 %");
        assert_eq!(span(65.0, 70.0, Unit::Seconds), "1m05s–1m10s");
    }
}
