//! Data: sizes in bytes, bandwidths in bits per second. Both are whole.

use std::fmt;

use super::{
    Cursor, Scalar, ScalarError, from_str,
    number::{self, Decimal, NotWhole, shorter},
};

/// An amount of data in whole bytes: `2kB`, `64MB`, `512MiB`, `4Gi`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Size(u64);

/// Longer spellings first: `MiB` is not `Mi` and a `B`.
const SIZES: [(&str, u64); 11] = [
    ("KiB", 1 << 10),
    ("MiB", 1 << 20),
    ("GiB", 1 << 30),
    ("kB", 1_000),
    ("MB", 1_000_000),
    ("GB", 1_000_000_000),
    ("TB", 1_000_000_000_000),
    ("Ki", 1 << 10),
    ("Mi", 1 << 20),
    ("Gi", 1 << 30),
    ("B", 1),
];

impl Size {
    /// This many bytes.
    pub fn bytes(bytes: u64) -> Self {
        Self(bytes)
    }

    /// The number of bytes.
    pub fn get(self) -> u64 {
        self.0
    }
}

impl fmt::Display for Size {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut best = format!("{}B", self.0);
        let units = [
            ("kB", 1_000),
            ("MB", 1_000_000),
            ("GB", 1_000_000_000),
            ("TB", 1_000_000_000_000),
        ];
        for (name, unit) in
            units
                .into_iter()
                .chain([("Ki", 1 << 10), ("Mi", 1 << 20), ("Gi", 1 << 30)])
        {
            if self.0 != 0
                && let Some(text) = in_units(self.0, unit)
            {
                best = shorter(best, format!("{text}{name}"));
            }
        }
        f.write_str(&best)
    }
}

/// `value / unit` with at most one digit after the point, if that is exact.
fn in_units(value: u64, unit: u64) -> Option<String> {
    let tenths = u128::from(value) * 10;
    let unit = u128::from(unit);
    if tenths % unit != 0 {
        return None;
    }
    let tenths = tenths / unit;
    Some(if tenths % 10 == 0 {
        (tenths / 10).to_string()
    } else {
        format!("{}.{}", tenths / 10, tenths % 10)
    })
}

impl Scalar for Size {
    fn about() -> String {
        "a size such as `2kB`, `64MB` or `512MiB`".to_owned()
    }

    fn example() -> String {
        "64MB".to_owned()
    }

    fn read(cursor: &mut Cursor<'_>) -> Result<Self, ScalarError> {
        let about = Self::about();
        let mut decimal = Decimal::digits(cursor, &about)?;
        let Some(unit) = decimal.eat_unit(cursor, &SIZES) else {
            let text = decimal.text();
            let error = ScalarError::form(decimal.start()..cursor.word_range().end, about);
            return Err(match cursor.word() {
                "M" | "m" | "mb" | "Mb" => error.hint(format!("`{text}MB` or `{text}MiB`?")),
                "k" | "K" | "KB" | "kb" => error.hint(format!("`{text}kB` or `{text}KiB`?")),
                "G" | "g" | "gb" | "Gb" => error.hint(format!("`{text}GB` or `{text}GiB`?")),
                _ => error.hint(format!(
                    "a size carries its unit: `{text}kB` or `{text}MB`?"
                )),
            });
        };
        decimal.to_whole(unit).map(Self).map_err(|why| match why {
            NotWhole::Fraction => {
                cursor.refused(decimal.start(), about, "a size is a whole number of bytes")
            }
            NotWhole::TooLarge => cursor.refused(
                decimal.start(),
                about,
                "this size is too large: at most 18000000TB",
            ),
        })
    }

    fn fragment() -> String {
        format!("{}(?:B|kB|MB|GB|TB|KiB|MiB|GiB|Ki|Mi|Gi)", number::FRAGMENT)
    }
}

/// How much data crosses a link, in whole bits per second: `6Gb/s`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Bandwidth(u64);

const BANDWIDTHS: [(&str, u64); 3] = [
    ("kb/s", 1_000),
    ("Mb/s", 1_000_000),
    ("Gb/s", 1_000_000_000),
];

impl Bandwidth {
    /// This many bits per second.
    pub fn bits_per_second(bits: u64) -> Self {
        Self(bits)
    }

    /// The bits per second.
    pub fn get(self) -> u64 {
        self.0
    }

    /// How long `size` takes to cross, in seconds.
    pub fn seconds_for(self, size: Size) -> f64 {
        size.0 as f64 * 8.0 / self.0 as f64
    }
}

impl fmt::Display for Bandwidth {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Bits per second are thousandths of the smallest unit, so this one is always exact.
        let thousandths = format!("{:03}", self.0 % 1_000);
        let thousandths = thousandths.trim_end_matches('0');
        let point = if thousandths.is_empty() { "" } else { "." };
        let mut best = format!("{}{point}{thousandths}kb/s", self.0 / 1_000);
        for (name, unit) in [("Mb/s", 1_000_000), ("Gb/s", 1_000_000_000)] {
            if self.0 != 0
                && let Some(text) = in_units(self.0, unit)
            {
                best = shorter(best, format!("{text}{name}"));
            }
        }
        f.write_str(&best)
    }
}

impl Scalar for Bandwidth {
    fn about() -> String {
        "a bandwidth such as `6Gb/s`".to_owned()
    }

    fn example() -> String {
        "6Gb/s".to_owned()
    }

    fn read(cursor: &mut Cursor<'_>) -> Result<Self, ScalarError> {
        let about = Self::about();
        let mut decimal = Decimal::digits(cursor, &about)?;
        let Some(unit) = decimal.eat_unit(cursor, &BANDWIDTHS) else {
            let text = decimal.text();
            return Err(
                ScalarError::form(decimal.start()..cursor.word_range().end, about).hint(format!(
                    "bandwidths are bits: `{text}Mb/s` or `{text}Gb/s`?"
                )),
            );
        };
        decimal.to_whole(unit).map(Self).map_err(|why| match why {
            NotWhole::Fraction => cursor.refused(
                decimal.start(),
                about,
                "a bandwidth is whole bits per second",
            ),
            NotWhole::TooLarge => {
                cursor.refused(decimal.start(), about, "this bandwidth is too large")
            }
        })
    }

    fn fragment() -> String {
        format!("{}[kMG]b/s", number::FRAGMENT)
    }
}

from_str!(Size, Bandwidth);
