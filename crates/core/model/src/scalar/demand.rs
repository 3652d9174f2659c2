//! Who comes and who is let in: arrivals, peaks, patience, keys, batches, token buckets.

use std::fmt;

use super::{
    Count, Cursor, Dist, Duration, Name, Number, Pin, Rate, Ratio, Scalar, ScalarError, Time,
    Uncertain, from_str,
    number::{self},
};

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

    fn pin(&self, pin: Pin) -> Option<Self> {
        let mut parts = pin.parts();
        let (rate, burst) = (parts.of(&self.rate), parts.of(&self.burst));
        parts.whole(Self { rate, burst })
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

    fn pin(&self, pin: Pin) -> Option<Self> {
        let height = self.height.pin(pin)?;
        Some(Self { height, ..*self })
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

    fn pin(&self, pin: Pin) -> Option<Self> {
        let PatienceLimit::After(time) = &self.limit else {
            return None;
        };
        Some(Self {
            limit: PatienceLimit::After(time.pin(pin)?),
            ..*self
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

from_str!(Admission, Keys, Peak, Patience, Batch, Arrivals);
