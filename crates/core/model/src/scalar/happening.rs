//! What happens and what is survived: how often, for how long, how much worse.

use std::fmt;

use super::{
    AnyOf, Cursor, Dist, Duration, Factor, Name, Pin, Ratio, Scalar, ScalarError, Uncertain,
    from_str, number::Decimal,
};

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

    fn pin(&self, pin: Pin) -> Option<Self> {
        let gap = self.gap.pin(pin)?;
        Some(Self { gap, ..*self })
    }

    fn fragment() -> String {
        format!("{}(?: per replica)?", Uncertain::<Duration>::fragment())
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

    fn pin(&self, pin: Pin) -> Option<Self> {
        match self {
            Self::For(time) => time.pin(pin).map(Self::For),
            Self::UntilRepaired | Self::Until(_) => None,
        }
    }

    fn fragment() -> String {
        format!(
            "(?:until {}|{})",
            Name::fragment(),
            Dist::<Duration>::fragment()
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

from_str!(Every, Lasting, Cold, Raise, Survive);
