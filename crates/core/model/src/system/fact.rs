//! Who says so: the scalars and defaults that a system was made of.
//!
//! The tables hold best estimates; what a person stated, somebody guessed, telemetry showed or the language filled
//! in stands here, one [`Fact`] each, under a path. [`Tables::said_of_fault`] and [`Tables::said_of_event`] find those of a
//! rate, a length and a size, so that nobody else needs to know how paths are spelled.

use std::sync::Arc;

use super::{EventId, FaultId, Tables};

/// Where a thing stands: enough to print `file:line:column` and to underline.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Place {
    /// Path of the file as given.
    pub file: Arc<str>,
    /// 1-based line, 0 for what stands nowhere (a default).
    pub line: u32,
    /// 1-based column.
    pub column: u32,
}

/// One scalar and who says so.
#[derive(Clone, Debug)]
pub struct Fact {
    /// Dotted path, `services.till.replicas`; steps as `price.get#compute.work`.
    pub path: String,
    /// The value's text, or the default's.
    pub text: String,
    /// Where it stands, or the line that selected the default.
    pub place: Place,
    /// Who says so.
    pub origin: Origin,
    /// The range it may lie in, as text of both ends, if it is an unknown constant.
    pub range: Option<(String, String)>,
    /// Both ends of that range over the best estimate: at most 1, and at least 1. None if the best estimate is 0.
    pub factors: Option<(f64, f64)>,
}

impl Fact {
    /// Nobody measured it and nobody stated it: it is marked as a guess, or a default.
    #[must_use]
    pub fn is_assumed(&self) -> bool {
        matches!(self.origin, Origin::Guessed(_) | Origin::Default(_))
    }

    /// It may be otherwise, as the file itself says: it has a range, or is marked as a guess. What a guess is taken for
    /// (`defaults.guess`) is the range of others, not its own.
    #[must_use]
    pub fn is_uncertain(&self) -> bool {
        let unknown = self.range.is_some() || matches!(self.origin, Origin::Guessed(_));
        unknown && self.path != "defaults.guess"
    }
}

/// Who says so.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origin {
    /// A person.
    Stated,
    /// `@guess`, or a guess of the library; with its reason.
    Guessed(String),
    /// Named by an entry of `sources` or a file and line.
    Source(String),
    /// Fitted to telemetry; the range is its interval.
    Fitted(String),
    /// Not said at all; with the reason of the default.
    Default(&'static str),
}

/// Who says how often something comes, how long it lasts and how large it is.
#[derive(Clone, Debug, Default)]
pub struct Said<'a> {
    /// Its `every` (a mean gap: twice the gap is half the rate) or `chance`; none if it comes by date, or if nobody knows how often.
    pub rate: Option<&'a Fact>,
    /// Its length; none of an instant, and of what lasts as long as its dates say.
    pub length: Option<&'a Fact>,
    /// How large it is: the `by` or `to` of a fault, the factors on demand of an event.
    pub sizes: Vec<&'a Fact>,
}

impl Tables {
    /// Who says what stands at a path; the first, where a list says several.
    ///
    /// The cost is linear in the length of the file.
    #[must_use]
    pub fn said(&self, path: &str) -> Option<&Fact> {
        self.facts.iter().find(|fact| fact.path == path)
    }

    /// All inputs of which the file says that they may be otherwise, in the order in which they were read. What each may be
    /// is a question to [`Model::inputs`](crate::load::Model::inputs).
    pub fn uncertain(&self) -> impl Iterator<Item = &Fact> {
        self.facts.iter().filter(|fact| fact.is_uncertain())
    }

    /// Who says how often a fault strikes, how long it lasts and how large it is.
    #[must_use]
    pub fn said_of_fault(&self, fault: FaultId) -> Said<'_> {
        let path = format!("faults.{}", self.faults[fault.index()].name);
        self.said_below(&path, ["every", "chance"], "lasts", |key| {
            matches!(key, "by" | "to")
        })
    }

    /// Who says how often an event comes, how long it takes and how large it is.
    #[must_use]
    pub fn said_of_event(&self, event: EventId) -> Said<'_> {
        let path = format!("events.{}", self.events[event.index()].name);
        self.said_below(&path, ["every", "chance"], "for", |key| {
            key.starts_with("demand.")
        })
    }

    fn said_below(
        &self,
        path: &str,
        rates: [&str; 2],
        length: &str,
        is_size: impl Fn(&str) -> bool,
    ) -> Said<'_> {
        let mut said = Said::default();
        for fact in &self.facts {
            let key = fact.path.strip_prefix(path);
            let Some(key) = key.and_then(|key| key.strip_prefix('.')) else {
                continue;
            };
            if rates.contains(&key) {
                said.rate = Some(fact);
            } else if key == length {
                said.length = Some(fact);
            } else if is_size(key) {
                said.sizes.push(fact);
            }
        }
        said
    }
}
