//! Three to five numbers that come first: what users felt.

use serde::Serialize;
use worstday_report::Report;
use worstday_report::document::{ClientReport, RecoveryReport};
use worstday_report::quantity::{Unit, count, percent, quantity, seconds};

/// One number.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Tile {
    /// What it is.
    pub label: String,
    /// The number with its unit.
    pub value: String,
    /// Out of how many, compared with what.
    pub note: String,
    /// `good`, `bad` or `plain`.
    pub tone: &'static str,
}

/// A percentile's limit in a condition as it was written (`p95 < 1s over 5m`): (95, 1.0).
///
/// The file's own grammar read it before; what cannot be read again is simply not drawn as a line.
pub(crate) fn time_limit(condition: &str) -> Option<(f64, f64)> {
    use worstday_model::scalar::{Duration, Scalar};
    let mut words = condition.split_whitespace();
    let percentile: f64 = words.next()?.strip_prefix('p')?.parse().ok()?;
    let compare = words.next()?;
    if compare != "<" && compare != "<=" {
        return None;
    }
    let limit = Duration::parse(words.next()?).ok()?;
    Some((percentile, limit.nanos() as f64 / 1e9))
}

/// Whether it came back, as a sentence.
pub(crate) fn recovered(recovery: &RecoveryReport) -> String {
    if recovery.recovered == recovery.disturbed {
        return match recovery.after.value {
            Some(0.0) => "It was back to normal as soon as the disturbance had ended.".to_owned(),
            Some(after) => format!(
                "It was back to normal {} after the disturbance had ended.",
                seconds(after)
            ),
            None => "It was back to normal when the disturbance had ended.".to_owned(),
        };
    }
    let horizon = seconds(recovery.horizon);
    if recovery.disturbed == 1 {
        return format!("It did not come back by itself in the {horizon} that followed.");
    }
    format!(
        "On {} of {} days it did not come back by itself in the {horizon} that followed.",
        recovery.disturbed - recovery.recovered,
        recovery.disturbed
    )
}

/// The share of ended visits that were lost.
pub(crate) fn lost_share(report: &Report) -> f64 {
    let (mut ended, mut lost) = (0, 0);
    for client in &report.clients {
        let visits = client.visits;
        let gone = visits.failed + visits.shed + visits.abandoned;
        lost += gone;
        ended += gone + visits.ok + visits.degraded + visits.declined;
    }
    lost as f64 / ended.max(1) as f64
}

/// The numbers of a run.
pub(crate) fn tiles(report: &Report) -> Vec<Tile> {
    let (mut arrived, mut answered, mut failed, mut shed, mut left) = (0, 0, 0, 0, 0);
    for client in &report.clients {
        let visits = client.visits;
        arrived += visits.arrived;
        answered += visits.ok + visits.degraded + visits.declined;
        failed += visits.failed;
        shed += visits.shed;
        left += visits.abandoned;
    }
    let lost = failed + shed + left;
    let ended = answered + lost;
    let mut tiles = Vec::new();
    if ended == 0 {
        return vec![Tile {
            label: "visits".to_owned(),
            value: count(arrived),
            note: "none of them ended".to_owned(),
            tone: "bad",
        }];
    }
    tiles.push(Tile {
        label: "answered".to_owned(),
        value: percent(answered as f64 / ended as f64),
        note: format!("{} of {} visits", count(answered), count(ended)),
        tone: if lost == 0 { "good" } else { "plain" },
    });
    tiles.push(slowest(report));
    tiles.push(Tile {
        label: "people lost".to_owned(),
        value: count(lost),
        note: lost_how(failed, shed, left),
        // A few of millions are no alarm.
        tone: match lost_share(report) {
            0.0 => "good",
            share if share < 0.005 => "plain",
            _ => "bad",
        },
    });
    let money: Vec<f64> = report
        .clients
        .iter()
        .filter_map(|client| client.money_lost.as_ref()?.value)
        .collect();
    if !money.is_empty() {
        let lost: f64 = money.iter().sum();
        let earned: f64 = report
            .clients
            .iter()
            .filter_map(|client| client.earned.as_ref()?.value)
            .sum();
        let currency = report
            .system
            .currency
            .as_ref()
            .map_or_else(String::new, |code| format!(" {code}"));
        tiles.push(Tile {
            label: "money lost".to_owned(),
            value: format!("{}{currency}", quantity(lost, Unit::Money)),
            note: format!("{}{currency} earned", quantity(earned, Unit::Money)),
            tone: if lost > 0.0 { "bad" } else { "good" },
        });
    }
    if let Some(recovery) = &report.recovery {
        let back = recovery.recovered == recovery.disturbed;
        tiles.push(Tile {
            label: "back to normal".to_owned(),
            value: match recovery.after.value {
                _ if !back => "never".to_owned(),
                Some(0.0) => "at once".to_owned(),
                Some(after) => format!("after {}", seconds(after)),
                None => "not known".to_owned(),
            },
            note: if back {
                "counted from the end of what disturbed it".to_owned()
            } else if recovery.disturbed == 1 {
                format!("within the {} that followed", seconds(recovery.horizon))
            } else {
                format!(
                    "in {} of {} days",
                    recovery.disturbed - recovery.recovered,
                    recovery.disturbed
                )
            },
            tone: if back { "good" } else { "bad" },
        });
    }
    tiles
}

fn lost_how(failed: u64, shed: u64, left: u64) -> String {
    let parts: Vec<String> = [
        (failed, "got an error"),
        (shed, "were turned away"),
        (left, "left"),
    ]
    .into_iter()
    .filter(|(n, _)| *n > 0)
    .map(|(n, how)| format!("{} {how}", count(n)))
    .collect();
    if parts.is_empty() {
        "everybody was answered".to_owned()
    } else {
        parts.join(", ")
    }
}

/// The slowest few of the client that waits longest: one in a hundred, if of every client there were as many. The same
/// people on the same day give the same question, so that two runs can be compared.
fn slowest(report: &Report) -> Tile {
    let at = |client: &ClientReport, wanted: f64| {
        let mut all = client.of_sent.iter();
        all.find(|p| p.percentile == wanted)
            .and_then(|p| p.time.value)
    };
    let lost = |client: &ClientReport| client.lost.value.unwrap_or(0.0);
    let came = report
        .clients
        .iter()
        .filter(|client| client.visits.arrived > 0);
    let (label, wanted) = if came.clone().any(|client| client.visits.arrived < 100) {
        ("slowest one in twenty", 95.0)
    } else {
        ("slowest one in a hundred", 99.0)
    };
    let worst = came
        .filter_map(|client| Some((client, at(client, wanted)?)))
        .max_by(|(a, one), (b, other)| {
            one.total_cmp(other)
                .then_with(|| lost(a).total_cmp(&lost(b)))
        });
    let Some((client, value)) = worst else {
        return Tile {
            label: label.to_owned(),
            value: "nothing".to_owned(),
            note: "nobody came".to_owned(),
            tone: "plain",
        };
    };
    let of = if report.clients.len() > 1 {
        format!("of `{}`", client.name)
    } else {
        String::new()
    };
    let median = at(client, 50.0)
        .map(|p50| {
            if p50.is_finite() {
                format!("half within {}", seconds(p50))
            } else {
                "more than half never".to_owned()
            }
        })
        .unwrap_or_default();
    Tile {
        label: label.to_owned(),
        value: seconds(value),
        note: [median, of]
            .into_iter()
            .filter(|part| !part.is_empty())
            .collect::<Vec<_>>()
            .join(" "),
        tone: if value.is_infinite() { "bad" } else { "plain" },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The promise is drawn as a line at its limit; what has none is not drawn.
    #[test]
    fn limits_are_read_from_conditions() {
        assert_eq!(time_limit("p95 < 1s over 5m"), Some((95.0, 1.0)));
        assert_eq!(time_limit("p99.9 <= 250ms over 1m"), Some((99.9, 0.25)));
        assert_eq!(time_limit("lost < 1% over 5m"), None);
        assert_eq!(time_limit("recovers < 10m"), None);
        assert_eq!(time_limit("p50 > 1s over 5m"), None);
    }
}
