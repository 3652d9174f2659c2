//! Promises and recovery: what was judged in each history, over all of them.
//!
//! A promise is broken if any window of any history broke it, and kept only if all of them could be judged.

use worstday_model::system::{Metric, System};
use worstday_sim::outcome::{self, ConditionOutcome, Outcome, PromiseOutcome};

use crate::clock::Clock;
use crate::document::{ConditionReport, PromiseReport, RecoveryReport, Verdict};
use crate::estimate::{Estimate, NoInterval};
use crate::places::place;
use crate::quantity::{Unit, seconds};
use crate::summary::{Table, column};

/// Broken if anything broke, else can't tell if anything cannot be told.
pub(crate) fn overall(all: impl Iterator<Item = Verdict>) -> Verdict {
    let mut verdict = Verdict::NoPromise;
    for one in all {
        verdict = match (verdict, one) {
            (Verdict::Broken, _) | (_, Verdict::Broken) => Verdict::Broken,
            (Verdict::CantTell, _) | (_, Verdict::CantTell) => Verdict::CantTell,
            (Verdict::Kept, _) | (_, Verdict::Kept) => Verdict::Kept,
            (Verdict::NoPromise, Verdict::NoPromise) => Verdict::NoPromise,
        };
    }
    verdict
}

/// Each promise of the system.
pub(crate) fn promises(rows: &[&Outcome], system: &System, clock: &Clock) -> Vec<PromiseReport> {
    column(rows, |row| &row.promises)
        .iter()
        .map(|rows| {
            let declared = system
                .promises
                .iter()
                .find(|promise| promise.name == rows[0].name);
            let conditions: Vec<ConditionReport> = (0..rows[0].conditions.len())
                .map(|at| condition(rows, at, declared, clock))
                .collect();
            PromiseReport {
                name: rows[0].name.clone(),
                place: declared.and_then(|promise| place(&promise.place)),
                verdict: overall(conditions.iter().map(|condition| condition.verdict)),
                conditions,
                not_judged: rows[0].survives.clone(),
                at_risk: declared.map_or(0.0, |promise| promise.at_risk),
            }
        })
        .collect()
}

fn condition(
    rows: &[&PromiseOutcome],
    at: usize,
    declared: Option<&worstday_model::system::Promise>,
    clock: &Clock,
) -> ConditionReport {
    let all: Vec<&ConditionOutcome> = rows.iter().map(|row| &row.conditions[at]).collect();
    let first = all[0];
    let written = declared.and_then(|promise| {
        promise
            .must
            .iter()
            .find(|condition| condition.text == first.text)
    });
    let (unit, scale) = written.map_or((Unit::Count, 1.0), |condition| {
        metric_unit(condition.metric)
    });
    let high_is_bad = written.is_none_or(|condition| {
        use worstday_model::system::Compare;
        matches!(
            condition.op,
            Compare::Less | Compare::AtMost | Compare::Equal
        )
    });
    let worst = all
        .iter()
        .filter(|condition| condition.worst.is_some())
        .max_by(|a, b| {
            let (a, b) = (a.worst.unwrap_or(0.0), b.worst.unwrap_or(0.0));
            if high_is_bad {
                a.total_cmp(&b)
            } else {
                b.total_cmp(&a)
            }
        });
    ConditionReport {
        subject: first.subject.clone(),
        text: first.text.clone(),
        verdict: overall(all.iter().map(|condition| match condition.verdict {
            outcome::Verdict::Kept => Verdict::Kept,
            outcome::Verdict::Broken => Verdict::Broken,
            outcome::Verdict::CantTell => Verdict::CantTell,
        })),
        worst: Estimate {
            value: worst
                .and_then(|condition| condition.worst)
                .map(|value| value * scale),
            unit,
            interval: None,
            no_interval: Some(if worst.is_some() {
                NoInterval::WholeRunOnly
            } else {
                NoInterval::NothingMeasured
            }),
        },
        worst_window: worst
            .and_then(|condition| condition.worst_window)
            .map(|(from, until)| clock.window(from, until)),
        windows: all.iter().map(|condition| condition.windows).sum(),
        windows_broken: all.iter().map(|condition| condition.broken).sum(),
        histories: all.len(),
        histories_broken: all
            .iter()
            .filter(|condition| condition.verdict == outcome::Verdict::Broken)
            .count(),
    }
}

/// The unit of a metric, and the factor from the engine's base unit to it.
fn metric_unit(metric: Metric) -> (Unit, f64) {
    match metric {
        Metric::Percentile(_) | Metric::Mean | Metric::Recovers | Metric::Drains | Metric::Age => {
            (Unit::Seconds, 1e-9)
        }
        Metric::Failed
        | Metric::Shed
        | Metric::Abandoned
        | Metric::Lost
        | Metric::Errors
        | Metric::Degraded
        | Metric::Availability
        | Metric::Cpu
        | Metric::BusyWorkers => (Unit::Ratio, 1.0),
        Metric::Goodput => (Unit::PerSecond, 1.0),
        Metric::Attempts
        | Metric::Queue
        | Metric::Expired
        | Metric::Duplicates
        | Metric::DeadLetters
        | Metric::Backlog
        | Metric::Replicas => (Unit::Count, 1.0),
        Metric::MoneyLost => (Unit::Money, 1.0),
    }
}

/// Whether it came back after the last disturbance, and how soon.
pub(crate) fn recovery(rows: &[&Outcome], table: &Table<'_>) -> Option<RecoveryReport> {
    let all: Vec<outcome::Recovery> = rows.iter().filter_map(|row| row.recovery).collect();
    let disturbed = all.len();
    if disturbed == 0 {
        return None;
    }
    let after: Vec<Option<f64>> = all
        .iter()
        .map(|one| {
            one.at_ns
                .map(|at| at.saturating_sub(one.from_ns) as f64 / 1e9)
        })
        .collect();
    let back: Vec<f64> = after.iter().copied().flatten().collect();
    let recovered = back.len();
    let horizon = all.iter().map(|one| one.horizon_ns).min().unwrap_or(0) as f64 / 1e9;
    let estimate = table.whole(&after, Unit::Seconds);
    let sentence = match (recovered, disturbed) {
        (0, 1) => format!(
            "not within {} after the last disturbance ended",
            seconds(horizon)
        ),
        (0, n) => format!("in none of {n} histories within {}", seconds(horizon)),
        (1, 1) if back[0] == 0.0 => "at once when the last disturbance ended".to_owned(),
        (1, 1) => format!(
            "normal again {} after the last disturbance ended",
            seconds(back[0])
        ),
        (k, n) => format!("in {k} of {n} histories, after {estimate}"),
    };
    Some(RecoveryReport {
        sentence,
        disturbed,
        recovered,
        after: estimate,
        horizon,
    })
}
