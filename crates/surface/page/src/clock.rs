//! Local time for the script: a zone's rules are applied here, the script only adds.

use serde::Serialize;
use worstday_report::clock::Clock;

/// How seconds from where counting starts become local time.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct LocalClock {
    /// Local wall clock where counting starts, as if it were UTC, in s since 1970.
    pub wall: f64,
    /// Clocks change: seconds from where counting starts, and by how much local time has moved since.
    pub changes: Vec<(f64, f64)>,
    /// The time of day means nothing: moments are distances.
    pub from_start: bool,
    /// How long is counted, s.
    pub length: f64,
}

impl LocalClock {
    /// Of a run that starts at `start_unix_ns` (since 1970) and counts from `warm_up_ns` to `end_ns` on its own clock.
    #[must_use]
    pub fn new(clock: &Clock, start_unix_ns: i64, warm_up_ns: u64, end_ns: u64) -> Self {
        let offsets = clock.offsets(warm_up_ns, end_ns);
        let first = offsets.first().map_or(0, |(_, offset)| *offset);
        let unix = (i128::from(start_unix_ns) + i128::from(warm_up_ns)) as f64 / 1e9;
        Self {
            wall: unix + f64::from(first),
            changes: offsets
                .iter()
                .skip(1)
                .map(|(at, offset)| ((at - warm_up_ns) as f64 / 1e9, f64::from(offset - first)))
                .collect(),
            from_start: clock.counts_from_start(),
            length: end_ns.saturating_sub(warm_up_ns) as f64 / 1e9,
        }
    }
}
