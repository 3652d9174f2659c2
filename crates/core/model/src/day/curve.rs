//! A client's rate over the day, and how high it can get.
//!
//! A curve is cut where its scale or the wall clock jumps: at local midnights, at the edges of
//! open hours, and where the clocks change. Inside a piece it is smooth. Its value at a moment costs
//! one binary search and one exponential per peak.

use super::{RateCurve, RatePiece};
use crate::calendar::{Calendar, DAY_NS};
use crate::system::{Curve, Peak};

/// 4 ln 2: a bell's exponent at a distance of its full width at half height.
const FOUR_LN_2: f64 = 4.0 * core::f64::consts::LN_2;

/// ns in a day of 24 hours.
const DAY: u64 = DAY_NS.unsigned_abs();

impl RateCurve {
    /// The curve of a file between two instants (Unix time in ns); `from_ns` becomes time 0.
    #[must_use]
    pub fn new(curve: &Curve, calendar: &Calendar, from_ns: i64, to_ns: i64) -> Self {
        let highest_day = curve.days.iter().copied().fold(0.0, f64::max);
        Self {
            pieces: pieces(curve, calendar, from_ns, to_ns),
            base_per_s: curve.base_per_s,
            peaks: curve.peaks.clone(),
            bound_per_s: highest_day * highest_of_any_day(curve.base_per_s, &curve.peaks),
        }
    }

    /// The same rate from 0 to `to_ns`.
    #[must_use]
    pub fn constant(per_s: f64, bound_per_s: f64, to_ns: u64) -> Self {
        Self {
            pieces: vec![RatePiece {
                from_ns: 0,
                to_ns,
                scale: 1.0,
                local_ns: 0,
            }],
            base_per_s: per_s,
            peaks: Vec::new(),
            bound_per_s: bound_per_s.max(per_s),
        }
    }

    /// The rate per second at a moment; 0 outside the day.
    #[must_use]
    pub fn rate(&self, at_ns: u64) -> f64 {
        let after = self.pieces.partition_point(|piece| piece.from_ns <= at_ns);
        match after.checked_sub(1).map(|index| &self.pieces[index]) {
            Some(piece) if at_ns < piece.to_ns && piece.scale != 0.0 => {
                let local = piece.local_ns + (at_ns - piece.from_ns);
                let bells = self.peaks.iter().map(|peak| {
                    (peak.height_per_s - self.base_per_s) * bell(peak, distance(peak.at_ns, local))
                });
                piece.scale * bells.fold(self.base_per_s, |sum, bell| sum + bell).max(0.0)
            }
            _ => 0.0,
        }
    }

    /// Whether the rate is not the same all through `[from_ns, to_ns)`.
    #[must_use]
    pub fn varies(&self, from_ns: u64, to_ns: u64) -> bool {
        let touched = self
            .pieces
            .iter()
            .filter(|piece| piece.from_ns < to_ns && from_ns < piece.to_ns);
        let mut scales = touched.map(|piece| piece.scale);
        let Some(first) = scales.next() else {
            return false;
        };
        let bells = self
            .peaks
            .iter()
            .any(|peak| peak.height_per_s != self.base_per_s);
        (bells && first != 0.0) || scales.any(|scale| scale != first)
    }

    /// No rate in `[from_ns, to_ns)` is higher: exact where the curve is flat or one peak is
    /// monotone, else above the highest by what two peaks can differ.
    #[must_use]
    pub fn at_most(&self, from_ns: u64, to_ns: u64) -> f64 {
        let first = self.pieces.partition_point(|piece| piece.to_ns <= from_ns);
        let touched = self.pieces[first..]
            .iter()
            .take_while(|piece| piece.from_ns < to_ns);
        touched
            .filter(|piece| piece.scale != 0.0)
            .map(|piece| {
                let from = piece.local_ns + from_ns.max(piece.from_ns) - piece.from_ns;
                let to = piece.local_ns + to_ns.min(piece.to_ns) - piece.from_ns;
                piece.scale * at_most_between(self.base_per_s, &self.peaks, from, to)
            })
            .fold(0.0, f64::max)
            // Minute by minute the bound of the whole file may be the better one.
            .min(self.bound_per_s)
    }
}

/// The curve's pieces between two instants.
fn pieces(curve: &Curve, calendar: &Calendar, from_ns: i64, to_ns: i64) -> Vec<RatePiece> {
    let days = calendar.days(from_ns, to_ns);
    let open = (!curve.open.is_empty()).then(|| calendar.intervals(&curve.open, from_ns, to_ns));
    let mut cuts = vec![from_ns, to_ns];
    cuts.extend(days.iter().map(|day| day.start_ns));
    cuts.extend(calendar.jumps(from_ns, to_ns));
    cuts.extend(open.iter().flatten().flat_map(|&(from, to)| [from, to]));
    cuts.retain(|cut| (from_ns..=to_ns).contains(cut));
    cuts.sort_unstable();
    cuts.dedup();
    let since_start = |at: i64| at.abs_diff(from_ns);
    cuts.windows(2)
        .map(|cut| {
            let local = calendar.local(cut[0]);
            let is_open = open
                .as_ref()
                .is_none_or(|open| open.iter().any(|&(from, to)| from <= cut[0] && cut[0] < to));
            let weekday = local.weekday().to_monday_zero_offset();
            RatePiece {
                from_ns: since_start(cut[0]),
                to_ns: since_start(cut[1]),
                scale: if is_open {
                    curve.days[weekday.unsigned_abs() as usize]
                } else {
                    0.0
                },
                local_ns: time_of_day(local.time()),
            }
        })
        .collect()
}

/// ns since midnight on the wall clock.
pub(super) fn time_of_day(time: jiff::civil::Time) -> u64 {
    let since = time.duration_since(jiff::civil::Time::midnight());
    u64::try_from(since.as_nanos()).unwrap_or(0)
}

/// An upper bound on the curve over all times of day, at scale 1: that of the highest minute.
fn highest_of_any_day(base_per_s: f64, peaks: &[Peak]) -> f64 {
    const MINUTES: u64 = 24 * 60;
    let minute = DAY / MINUTES;
    let minutes =
        (0..MINUTES).map(|m| at_most_between(base_per_s, peaks, m * minute, (m + 1) * minute));
    minutes.fold(0.0, f64::max)
}

/// An upper bound between two times of day, at scale 1.
fn at_most_between(base_per_s: f64, peaks: &[Peak], from_ns: u64, to_ns: u64) -> f64 {
    let bells = peaks.iter().map(|peak| {
        let height = peak.height_per_s - base_per_s;
        let (nearest, furthest) = distances(peak.at_ns, from_ns, to_ns);
        // A peak below the base is a dip: its effect is least where it is furthest.
        height * bell(peak, if 0.0 <= height { nearest } else { furthest })
    });
    bells.fold(base_per_s, |sum, bell| sum + bell).max(0.0)
}

/// `exp(-4 ln 2 d^2 / width^2)`
fn bell(peak: &Peak, distance_ns: u64) -> f64 {
    if distance_ns == 0 {
        return 1.0;
    }
    let widths = distance_ns as f64 / peak.width_ns as f64;
    libm::exp(-FOUR_LN_2 * widths * widths)
}

/// Between two times of day, the shorter way around midnight.
fn distance(a_ns: u64, b_ns: u64) -> u64 {
    let direct = (a_ns % DAY).abs_diff(b_ns % DAY);
    direct.min(DAY - direct)
}

/// The least and the greatest distance from `at` to a time of day in `[from, to]`.
fn distances(at_ns: u64, from_ns: u64, to_ns: u64) -> (u64, u64) {
    let ends = [distance(at_ns, from_ns), distance(at_ns, to_ns)];
    let passes = |time: u64| {
        let ahead = (time + DAY - from_ns % DAY) % DAY;
        ahead <= to_ns - from_ns
    };
    let nearest = if passes(at_ns % DAY) {
        0
    } else {
        ends[0].min(ends[1])
    };
    let opposite = passes((at_ns + DAY / 2) % DAY);
    (
        nearest,
        if opposite {
            DAY / 2
        } else {
            ends[0].max(ends[1])
        },
    )
}
