//! Recorded arrivals.

use crate::system::{Recorded, Recording};

impl Recording {
    /// Its first time and one past its last, on its own clock; none if it is empty.
    #[must_use]
    pub fn span(&self) -> Option<(i64, i64)> {
        match &self.what {
            Recorded::Instants(instants) => {
                Some((*instants.first()?, instants.last()?.saturating_add(1)))
            }
            Recorded::Counts { per_ns, rows } => Some((
                rows.first()?.0,
                rows.last()?.0.saturating_add_unsigned(*per_ns),
            )),
        }
    }
}
