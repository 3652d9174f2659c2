//! The last three lines: what hurts most, the smallest change against it, and what to run next.
//!
//! All three follow from the run's facts and the findings, in a fixed order: what can never end by itself
//! comes before what broke a promise, that before what lost users, that before what the description
//! warns of, and where nothing went wrong it is whoever would be full first. The suggested change is
//! not proven: it is tried on the same seeds where that is cheap, and the next command shows the rest.

use worstday_model::day::Varies;
use worstday_sim::outcome::{Ended, Outcome};

pub use crate::document::{Advice, Trial};
use crate::document::{ClientReport, Mark, Report, Verdict};
use crate::places::Places;
use crate::quantity::{percent, seconds, significant};
use crate::summary::{Asked, binds_by_cores};

/// Below this share of lost visits nobody is said to be lost.
const LOST: f64 = 0.005;
/// A finding that explains less than this did not matter on this day.
const SEEN: f64 = 0.1;
/// How full a service is meant to be.
const COMFORTABLE: f64 = 0.7;

/// Fills in risk, step and next command.
pub(crate) fn advise(report: &mut Report, rows: &[&Outcome], asked: &Asked<'_>) {
    let fullest = fullest(rows, asked.day.varies);
    report.risk = risk(report, rows, fullest.as_ref());
    report.step = step(report, rows, asked, fullest.as_ref());
    report.next = next(report, asked);
}

/// What a change did to the client that had lost most, or else waited longest.
#[must_use]
pub fn tried(before: &Report, after: &Report) -> Option<Trial> {
    let p99 = |client: &ClientReport| {
        let found = client.of_sent.iter().find(|p| p.percentile == 99.0);
        found.map(|p| p.time.clone())
    };
    let hurt = |client: &ClientReport| {
        let lost = client.lost.value.unwrap_or(0.0);
        let p99 = p99(client).and_then(|time| time.value).unwrap_or(0.0);
        (lost, p99)
    };
    let (old, new) = before.clients.iter().zip(&after.clients).max_by(|a, b| {
        let (a, b) = (hurt(a.0), hurt(b.0));
        a.0.total_cmp(&b.0).then(a.1.total_cmp(&b.1))
    })?;
    Some(Trial {
        client: old.name.clone(),
        lost_before: old.lost.clone(),
        lost_after: new.lost.clone(),
        p99_before: p99(old)?,
        p99_after: p99(new)?,
        verdict_after: after.verdict,
    })
}

/// The service that came closest to full in any window, and how full.
struct Fullest {
    service: String,
    utilisation: f64,
}

fn fullest(rows: &[&Outcome], shape: Varies) -> Option<Fullest> {
    rows.iter()
        .flat_map(|row| row.services.iter().map(move |service| (row, service)))
        .filter_map(|(row, service)| {
            Some(Fullest {
                service: service.name.clone(),
                utilisation: peak(shape, row, service)?,
            })
        })
        .max_by(|a, b| a.utilisation.total_cmp(&b.utilisation))
}

/// One window alone is full by chance; stretches of this length are not.
const STRETCH_NS: u64 = 300_000_000_000;

/// Utilisation in the fullest stretch of five minutes.
fn peak(
    shape: Varies,
    row: &Outcome,
    service: &worstday_sim::outcome::ServiceOutcome,
) -> Option<f64> {
    let mean = service.utilisation?;
    let by_cores = binds_by_cores(service);
    let level = if by_cores {
        service.cores_mean?
    } else {
        service.busy_mean
    };
    if level <= 0.0 {
        return Some(mean);
    }
    if shape == Varies::No {
        // The fullest stretch of a constant day is chance.
        return Some(mean);
    }
    let together = STRETCH_NS.div_ceil(row.windows.length_ns.max(1)).max(1) as usize;
    let most = service
        .windows
        .chunks_exact(together)
        .map(|windows| {
            let busy = windows
                .iter()
                .map(|w| if by_cores { w.cores_mean } else { w.busy_mean });
            busy.sum::<f64>() / together as f64
        })
        .fold(level, f64::max);
    Some((mean * most / level).min(1.0))
}

fn risk(report: &Report, rows: &[&Outcome], fullest: Option<&Fullest>) -> Advice {
    if let Some(cycle) = rows.iter().find_map(|row| row.deadlocks.first()) {
        return said(format!(
            "requests that wait for each other for ever: {cycle}"
        ));
    }
    if rows.iter().any(|row| row.ended == Ended::TooManyInside) {
        return said(
            "more requests inside at once than can be simulated: it only grows".to_owned(),
        );
    }
    if let Some(recovery) = report
        .recovery
        .as_ref()
        .filter(|one| one.recovered < one.disturbed)
    {
        return stuck(report, rows, recovery.recovered, recovery.disturbed);
    }
    if report.verdict == Verdict::Broken {
        return broken(report);
    }
    if let Some(client) = report
        .clients
        .iter()
        .filter(|client| client.lost.value.is_some_and(|lost| lost >= LOST))
        .max_by(|a, b| {
            a.lost
                .value
                .unwrap_or(0.0)
                .total_cmp(&b.lost.value.unwrap_or(0.0))
        })
    {
        return said(format!(
            "{} of the visits of `{}` are lost{}",
            percent(client.lost.value.unwrap_or(0.0)),
            client.name,
            because(report)
        ));
    }
    if let Some(finding) = report
        .findings
        .first()
        .filter(|finding| finding.weight >= SEEN)
    {
        return Advice {
            text: finding.message.clone(),
            place: finding.place.clone(),
            ..Advice::default()
        };
    }
    match fullest {
        Some(full) if full.utilisation > 0.0 && full.utilisation < 1.0 => said(format!(
            "`{}` is full first: {} busy at its peak, so at {} times this demand",
            full.service,
            percent(full.utilisation),
            significant(1.0 / full.utilisation)
        )),
        Some(full) => said(format!("`{}` has no worker left at its peak", full.service)),
        None => match report.findings.first() {
            Some(finding) => Advice {
                text: finding.message.clone(),
                place: finding.place.clone(),
                ..Advice::default()
            },
            None => said("none that this day shows: no service here has a limit".to_owned()),
        },
    }
}

fn said(text: String) -> Advice {
    Advice {
        text,
        ..Advice::default()
    }
}

/// What keeps a system down after its trigger is gone.
fn stuck(report: &Report, rows: &[&Outcome], recovered: usize, disturbed: usize) -> Advice {
    let trigger = rows
        .iter()
        .flat_map(|row| &row.happened)
        .filter(|what| {
            matches!(what.what.as_str(), "fault" | "event" | "demand") && what.until_ns.is_some()
        })
        .max_by_key(|what| what.until_ns);
    let what = match trigger {
        Some(what) => {
            let length = what
                .until_ns
                .map_or(0.0, |until| until as f64 - what.from_ns as f64)
                / 1e9;
            if length > 0.0 {
                format!("`{}`, {} long", what.name, seconds(length))
            } else {
                format!("`{}`", what.name)
            }
        }
        None => "what happened".to_owned(),
    };
    let how_often = if disturbed == 1 {
        "it does not come back by itself".to_owned()
    } else {
        format!(
            "it does not come back by itself in {} of {disturbed} histories",
            disturbed - recovered
        )
    };
    let sustained = report
        .calls
        .iter()
        .filter(|call| call.calls > 0 && call.retries > 0)
        .max_by_key(|call| call.retries)
        .map_or_else(
            || because(report),
            |call| {
                format!(
                    ": every call of `{}` is sent {} times",
                    call.name,
                    significant(call.attempts as f64 / call.calls as f64)
                )
            },
        );
    said(format!("after {what}, {how_often}{sustained}"))
}

/// The broken condition that most windows broke.
fn broken(report: &Report) -> Advice {
    let worst = report
        .promises
        .iter()
        .flat_map(|promise| {
            promise
                .conditions
                .iter()
                .map(move |condition| (promise, condition))
        })
        .filter(|(_, condition)| condition.verdict == Verdict::Broken)
        .max_by(|a, b| {
            let share = |condition: &crate::document::ConditionReport| {
                condition.windows_broken as f64 / condition.windows.max(1) as f64
            };
            share(a.1).total_cmp(&share(b.1))
        });
    let Some((promise, condition)) = worst else {
        return said("a promise is broken".to_owned());
    };
    Advice {
        text: format!(
            "`{}` breaks `{}`: {}{}",
            condition.subject,
            condition.text,
            condition.worst,
            because(report)
        ),
        place: promise.place.clone(),
        ..Advice::default()
    }
}

/// ` behind 'inventory'`
fn because(report: &Report) -> String {
    report
        .bottleneck
        .why
        .as_ref()
        .map(|why| format!(", waiting for `{why}`"))
        .unwrap_or_default()
}

/// The smallest change that works against the risk.
fn step(
    report: &Report,
    rows: &[&Outcome],
    asked: &Asked<'_>,
    fullest: Option<&Fullest>,
) -> Advice {
    let hurt = report.verdict == Verdict::Broken
        || report
            .recovery
            .as_ref()
            .is_some_and(|recovery| recovery.recovered < recovery.disturbed)
        || report
            .clients
            .iter()
            .any(|client| client.lost.value.is_some_and(|lost| lost >= LOST));
    let seen = report
        .findings
        .iter()
        .filter(|finding| finding.weight >= SEEN)
        .find_map(|finding| finding.step.clone());
    let why = report
        .stations
        .iter()
        .find(|station| matches!(station.mark, Some(Mark::Why | Mark::LineAndWhy)))
        .map(|station| station.name.clone());
    let crowded = why
        .filter(|_| hurt)
        .or_else(|| fullest.map(|full| full.service.clone()))
        .and_then(|name| more_replicas(&name, rows, asked));
    let listed = report
        .findings
        .iter()
        .find_map(|finding| finding.step.clone());
    if let Some(step) = seen {
        return step;
    }
    match (crowded, listed) {
        (Some(step), _) => step,
        (None, Some(step)) => Advice {
            text: format!("none is needed on this day; for a worse one: {}", step.text),
            for_worse: true,
            ..step
        },
        (None, None) => said("none: nothing here is short on this day".to_owned()),
    }
}

/// Replicas that bring a service's fullest window down to a comfortable share, if it is above.
fn more_replicas(name: &str, rows: &[&Outcome], asked: &Asked<'_>) -> Option<Advice> {
    let all: Vec<_> = rows
        .iter()
        .filter_map(|row| {
            Some((
                row,
                row.services.iter().find(|service| service.name == name)?,
            ))
        })
        .collect();
    let service = all.first()?.1;
    let full = all
        .iter()
        .filter_map(|(row, service)| peak(asked.day.varies, row, service))
        .fold(0.0, f64::max);
    if full <= COMFORTABLE {
        return None;
    }
    let wanted = ((f64::from(service.replicas) * full / COMFORTABLE).ceil() as u32)
        .max(service.replicas + 1);
    let path = format!("services.{name}.replicas");
    Some(Advice {
        text: format!(
            "{wanted} replicas of `{name}` instead of {}",
            service.replicas
        ),
        place: Places::new(asked.system)
            .of(std::slice::from_ref(&path), &format!("services.{name}")),
        set: Some(format!("{path}={wanted}")),
        ..Advice::default()
    })
}

/// The command that answers the next question: does the step help, is it chance, when does it break.
fn next(report: &Report, asked: &Asked<'_>) -> String {
    let mut words = vec![
        "worstday".to_owned(),
        "run".to_owned(),
        asked.file.to_owned(),
    ];
    words.extend(asked.arguments.iter().cloned());
    let has = |flag: &str| {
        asked
            .arguments
            .iter()
            .any(|word| word == flag || word.starts_with(&format!("{flag}=")))
    };
    match &report.step.set {
        Some(set) => words.extend(["--set".to_owned(), set.clone()]),
        None if !has("--seeds") => words.extend(["--seeds".to_owned(), "20".to_owned()]),
        None if !has("--at") => words.extend(["--at".to_owned(), "2x peak".to_owned()]),
        None if !has("--faults") => words.push("--faults".to_owned()),
        None => words.push("--verbose".to_owned()),
    }
    words
        .iter()
        .map(|word| quoted(word))
        .collect::<Vec<_>>()
        .join(" ")
}

/// A word as a shell takes it.
#[must_use]
pub fn quoted(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./=:,@%+".contains(c);
    if !word.is_empty() && word.chars().all(plain) {
        word.to_owned()
    } else {
        format!("'{}'", word.replace('\'', "'\\''"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The command must survive being pasted.
    #[test]
    fn words_are_quoted_for_a_shell() {
        assert_eq!(
            quoted("services.till.replicas=9"),
            "services.till.replicas=9"
        );
        assert_eq!(quoted("a -> b.c.retry=none"), "'a -> b.c.retry=none'");
        assert_eq!(quoted("it's"), "'it'\\''s'");
    }
}
