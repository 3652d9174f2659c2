//! What things cost.

use std::fmt;

use crate::form::{Given, Names, record};
use crate::scalar::{Currency, Cursor, Date, Money, Pin, Scalar, ScalarError, Uncertain};

record! {
    /// What machines, lost visits and broken promises cost.
    pub struct Costs = "`costs`" {
        /// The currency of all amounts of the file.
        opt "currency" currency: Given<Currency>,
        /// When these prices were looked up: prices age.
        note "dated" dated: Given<Date>,
        /// What a replica of a service costs while it exists: `90 USD/month`.
        opt "replica" replica: Names<Given<Uncertain<Money>>>,
        /// What a core costs while the replica that asks for it exists.
        opt "core" core: Given<Uncertain<Money>>,
        /// What a lost visit costs: its own value, or an amount.
        opt "lost" lost: Given<LostCost>,
        /// What it costs when an alert tells an operator: `40 USD`.
        opt "page" page: Given<Uncertain<Money>>,
        /// What a promise costs for each calendar day on which one of its conditions broke.
        opt "breach" breach: Names<Given<Uncertain<Money>>>,
    }
    later {
        "person-day" = "changes and plans",
    }
}

/// What a lost visit costs.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum LostCost {
    /// `by value`: what the visit was worth.
    ByValue,
    /// The same for each.
    Each(Uncertain<Money>),
}

impl fmt::Display for LostCost {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::ByValue => f.write_str("by value"),
            Self::Each(money) => money.fmt(f),
        }
    }
}

impl Scalar for LostCost {
    fn about() -> String {
        "`by value`, or an amount such as `31 USD`".to_owned()
    }

    fn example() -> String {
        "by value".to_owned()
    }

    fn read(cursor: &mut Cursor<'_>) -> Result<Self, ScalarError> {
        if cursor.eat("by value") {
            return Ok(Self::ByValue);
        }
        Uncertain::read(cursor).map(Self::Each)
    }

    fn pin(&self, pin: Pin) -> Option<Self> {
        match self {
            Self::ByValue => None,
            Self::Each(money) => money.pin(pin).map(Self::Each),
        }
    }

    fn fragment() -> String {
        format!("(?:by value|{})", Uncertain::<Money>::fragment())
    }
}
