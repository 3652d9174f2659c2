//! What is said beside the tables: the sentence that comes first, what nobody said and was assumed, what a reader of the
//! numbers should keep in mind, and each history as it went.

use worstday_model::system::{Arrive, Origin, System};
use worstday_sim::outcome::{Ended, Outcome};

use crate::document::{
    Assumption, ClientReport, ConservationReport, Finding, HappenedReport, History,
};
use crate::places::place;
use crate::quantity::{Unit, count, percent, quantity, seconds};
use crate::series;
use crate::summary::counts;

/// That a run could not be simulated to its end, if one could not: what the day would have been is not known.
pub(crate) fn cut_short(rows: &[&Outcome]) -> Option<String> {
    let row = rows.iter().find(|row| row.ended == Ended::TooManyInside)?;
    let counted_ns = row.end_ns.saturating_sub(row.warm_up_ns);
    let when = if counted_ns == 0 {
        "before counting began".to_owned()
    } else {
        format!("after {}", seconds(counted_ns as f64 / 1e9))
    };
    Some(format!(
        "The run broke off {when}: more requests inside at once than can be simulated."
    ))
}

/// What users felt, in a sentence that a manager can read aloud.
pub(crate) fn sentence(clients: &[ClientReport], currency: Option<&str>) -> String {
    let (mut arrived, mut answered, mut lost) = (0, 0, 0);
    for client in clients {
        let visits = client.visits;
        arrived += visits.arrived;
        answered += visits.ok + visits.degraded + visits.declined;
        lost += visits.failed + visits.shed + visits.abandoned;
    }
    if answered + lost == 0 {
        return if arrived == 0 {
            "Nobody came.".to_owned()
        } else {
            format!(
                "None of {} visits ended before the run did.",
                count(arrived)
            )
        };
    }
    let lost_share = lost as f64 / (answered + lost) as f64;
    let money: f64 = clients
        .iter()
        .filter_map(|client| client.money_lost.as_ref().and_then(|money| money.value))
        .sum();
    let worth = if money > 0.0 {
        let currency = currency.map_or_else(String::new, |code| format!(" {code}"));
        format!(", worth {}{currency}", quantity(money, Unit::Money))
    } else {
        String::new()
    };
    let slowest = clients
        .iter()
        .filter(|client| client.visits.arrived > 0)
        .filter_map(|client| {
            let p99 = client.of_sent.iter().find(|p| p.percentile == 99.0)?;
            Some((client, p99.time.value?))
        })
        .max_by(|a, b| a.1.total_cmp(&b.1));
    match slowest {
        _ if lost_share >= 0.5 => format!(
            "{} of {} visits got no answer{worth}.",
            percent(lost_share),
            count(answered + lost)
        ),
        Some((_, p99)) if p99.is_finite() && lost == 0 => format!(
            "All of {} visits were answered, 99 of 100 within {}.",
            count(answered),
            seconds(p99)
        ),
        Some((client, p99)) if p99.is_finite() => format!(
            "{} of {} visits got no answer{worth}; 99 of 100{} had theirs within {}.",
            // A share of a few is a number with too many zeros.
            if lost_share < 0.001 {
                count(lost)
            } else {
                percent(lost_share)
            },
            count(answered + lost),
            if clients.len() > 1 {
                format!(" of `{}`", client.name)
            } else {
                String::new()
            },
            seconds(p99)
        ),
        _ => format!(
            "{} of {} visits got no answer{worth}.",
            percent(lost_share),
            count(answered + lost)
        ),
    }
}

/// What nobody said, guesses first, then defaults, each in file order.
pub(crate) fn assumed(system: &System) -> Vec<Assumption> {
    let mut all: Vec<(u8, Assumption)> = system
        .facts
        .iter()
        .filter_map(|fact| {
            let (rank, because) = match &fact.origin {
                Origin::Guessed(why) if why.is_empty() => (0, "guess".to_owned()),
                Origin::Guessed(why) => (0, why.clone()),
                Origin::Default(why) => (2, (*why).to_owned()),
                _ if fact.range.is_some() => (1, "the best estimate of a range".to_owned()),
                _ => return None,
            };
            Some((
                rank,
                Assumption {
                    path: fact.path.clone(),
                    value: fact.text.clone(),
                    place: place(&fact.place),
                    because,
                    range: fact.range.clone(),
                },
            ))
        })
        .collect();
    all.sort_by_key(|(rank, _)| *rank);
    all.into_iter().map(|(_, assumption)| assumption).collect()
}

/// Findings without which the numbers of a run are misread.
const CAUTIONS: [&str; 2] = ["WD0015", "WD0016"];

/// What a reader of the numbers should keep in mind: users who hide overload, recordings that are not what they seem.
pub(crate) fn cautions(system: &System, warnings: &[Finding]) -> Vec<String> {
    let closed: Vec<String> = system
        .clients
        .iter()
        .filter(|client| matches!(client.arrive, Arrive::Closed { .. }))
        .map(|client| format!("`{}`", client.name))
        .collect();
    let mut all = Vec::new();
    if !closed.is_empty() {
        all.push(format!(
            "closed users hide overload: who waits does not come again ({})",
            closed.join(", ")
        ));
    }
    let misread = warnings
        .iter()
        .filter(|finding| CAUTIONS.contains(&finding.id.as_str()));
    all.extend(misread.map(|finding| match &finding.place {
        Some(place) => format!("{} ({place})", finding.message),
        None => finding.message.clone(),
    }));
    all
}

/// One history, as it went.
pub(crate) fn history(row: &Outcome) -> History {
    let start = row.warm_up_ns as f64;
    History {
        seed: row.seed,
        digest: row.digest.clone(),
        events: row.events,
        ended: match row.ended {
            Ended::Horizon => "horizon",
            Ended::Decided => "decided",
            Ended::Recovered => "recovered",
            Ended::Stopped => "stopped",
            Ended::TooManyInside => "too-many-inside",
        }
        .to_owned(),
        happened: row
            .happened
            .iter()
            .map(|what| HappenedReport {
                what: what.what.clone(),
                name: what.name.clone(),
                detail: what.detail.clone(),
                from: (what.from_ns as f64 - start) / 1e9,
                until: what.until_ns.map(|until| (until as f64 - start) / 1e9),
            })
            .collect(),
        deadlocks: row.deadlocks.clone(),
        conservation: row
            .conservation
            .iter()
            .map(|one| ConservationReport {
                name: one.name.clone(),
                counts: counts(std::iter::once(&one.ends)),
                inside_over_time: one.area_ns as f64 / 1e9,
                time_spent: one.sojourn_ns as f64 / 1e9,
            })
            .collect(),
        series: series::series(row),
    }
}
