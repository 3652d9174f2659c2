//! What a whole quiet day looks like to the conditions on whole days, so that a run of a part of a day can be judged as
//! that day: where it was not simulated it is taken to be as quiet as this one.
//!
//! Kept are the slots of five minutes of each condition over a day or longer, counted from local midnight, with
//! response times where percentiles are asked for. Against the part that was simulated, whoever asks says
//! so: nothing here looks at the date. One quiet day is one draw: who judges many days by it shares its
//! chance among them, so take another for another.
//!
//! Slots that the run cuts are shared: what was simulated of them is counted, and of the quiet day's slot the same part
//! as of its five minutes is left, in whole requests.

use super::level::Range;
use super::window::Slots;
use super::{DAY_NS, Judge, Judged, Row, What};
use serde::{Deserialize, Serialize};

/// A quiet day, as conditions over a day or longer see it. Plain data.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct DayProfile {
    rows: Vec<ProfileRow>,
}

/// One condition for one subject.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct ProfileRow {
    promise: String,
    subject: String,
    condition: String,
    figures: Figures,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
enum Figures {
    Counts(Slots),
    /// Lowest and highest per slot; none where nothing was known.
    Levels(Vec<Range>),
}

impl DayProfile {
    fn find(&self, promise: &Judged, row: &Row) -> Option<&Figures> {
        let found = self.rows.iter().find(|known| {
            known.promise == promise.name
                && known.subject == row.subject
                && known.condition == row.text
        });
        found.map(|known| &known.figures)
    }

    pub(super) fn counts(&self, promise: &Judged, row: &Row) -> Option<&Slots> {
        match self.find(promise, row)? {
            Figures::Counts(slots) => Some(slots),
            Figures::Levels(_) => None,
        }
    }

    pub(super) fn levels(&self, promise: &Judged, row: &Row) -> Option<&[Range]> {
        match self.find(promise, row)? {
            Figures::Levels(slots) => Some(slots),
            Figures::Counts(_) => None,
        }
    }
}

impl Judge {
    /// The first whole local day of a run that was closed; none if there is no such day in it.
    pub(crate) fn profile(&self) -> Option<DayProfile> {
        let (from, end) = (self.timeline.from_ns as i64, self.timeline.end_ns as i64);
        let day = (self.timeline.days.iter()).find(|day| from <= day.0 && day.1 <= end)?;
        let rows = self.promises.iter().flat_map(|promise| {
            promise.rows.iter().filter_map(|row| {
                let figures = match row.what {
                    What::Counts(at) if DAY_NS <= self.counts[at as usize].rule.over_ns => {
                        Figures::Counts(self.counts[at as usize].day(*day))
                    }
                    What::Levels(at) if DAY_NS <= self.levels[at as usize].rule.over_ns => {
                        Figures::Levels(self.levels[at as usize].day(*day))
                    }
                    _ => return None,
                };
                Some(ProfileRow {
                    promise: promise.name.clone(),
                    subject: row.subject.clone(),
                    condition: row.text.clone(),
                    figures,
                })
            })
        });
        Some(DayProfile {
            rows: rows.collect(),
        })
    }
}
