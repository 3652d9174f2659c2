//! Topics in the report: what became of messages, how long they waited, and what that cost.

use serde::Serialize;
use worstday_sim::outcome::{self, Outcome};

use crate::document::Percentile;
use crate::estimate::Estimate;
use crate::quantity::{Unit, count, quantity};
use crate::series::{at, cells};
use crate::summary::{FEW_PERCENTILES, Table, column};
use crate::text::layout::cell;

/// Messages by what became of them: `sent` is the sum of the others, `rejected` and `duplicates` left out.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub struct MessageCounts {
    /// Stored.
    pub sent: u64,
    /// Not stored, for lack of room.
    pub rejected: u64,
    /// Handled well.
    pub handled: u64,
    /// Handled, and declined.
    pub declined: u64,
    /// Given up after the last attempt.
    pub dead_letters: u64,
    /// Dropped because they had waited too long.
    pub expired: u64,
    /// Lost with the process that had taken them.
    pub lost: u64,
    /// Put back into the topic where they had been given up.
    pub replayed: u64,
    /// Handed out once more because it was not known what had become of them.
    pub duplicates: u64,
    /// Waiting or in hand at the end.
    pub inside: u64,
}

/// A topic.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub struct TopicReport {
    /// Its name.
    pub name: String,
    /// `service.handler`; null if nobody handles its messages.
    pub handler: Option<String>,
    /// Messages.
    pub messages: MessageCounts,
    /// Mean messages that are not done with.
    pub backlog: Estimate,
    /// Most of them.
    pub backlog_max: u64,
    /// The oldest that any of them ever was, s.
    pub age_max: f64,
    /// Mean time from being stored to being taken.
    pub wait_mean: Estimate,
    /// Time from being stored to being taken.
    pub wait: Vec<Percentile>,
    /// Time from being stored to being handled or declined.
    pub of_handled: Vec<Percentile>,
    /// Value of the visits whose messages were declined, per history.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub money_declined: Option<Estimate>,
    /// Value of the visits whose messages were given up, expired or lost, per history.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub money_lost: Option<Estimate>,
}

/// A topic over time.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub struct TopicSeries {
    /// Its name.
    pub name: String,
    /// Messages stored here.
    pub sent: Vec<u64>,
    /// Messages for which there was no room.
    pub rejected: Vec<u64>,
    /// Messages handled.
    pub handled: Vec<u64>,
    /// Messages declined.
    pub declined: Vec<u64>,
    /// Given up, expired and lost.
    pub lost: Vec<u64>,
    /// Mean messages that are not done with.
    pub backlog: Vec<f64>,
    /// The oldest that any of them was, s.
    pub age: Vec<f64>,
    /// Median time from being stored to being handled, s; null where nothing was.
    pub p50: Vec<Option<f64>>,
    /// 99th percentile, s.
    pub p99: Vec<Option<f64>>,
}

fn counts<'c>(all: impl Iterator<Item = &'c outcome::TopicCounts>) -> MessageCounts {
    let mut sum = MessageCounts::default();
    for counts in all {
        sum.sent += counts.sent;
        sum.rejected += counts.rejected;
        sum.handled += counts.handled;
        sum.declined += counts.declined;
        sum.dead_letters += counts.dead_letters;
        sum.expired += counts.expired;
        sum.lost += counts.lost;
        sum.replayed += counts.replayed;
        sum.duplicates += counts.duplicates;
        sum.inside += counts.inside;
    }
    sum
}

/// All topics of a campaign; money only where the file speaks of any.
pub(crate) fn topics(table: &Table<'_>, rows: &[&Outcome], has_money: bool) -> Vec<TopicReport> {
    column(rows, |row| &row.topics)
        .iter()
        .map(|rows| {
            let values = |of: fn(&outcome::TopicOutcome) -> Option<f64>, unit| {
                let all: Vec<Option<f64>> = rows.iter().map(|row| of(row)).collect();
                table.whole(&all, unit)
            };
            use worstday_stats::sketch::Sketch;
            TopicReport {
                name: rows[0].name.clone(),
                handler: rows[0].handler.clone(),
                messages: counts(rows.iter().map(|row| &row.counts)),
                backlog: values(|row| Some(row.backlog_mean), Unit::Count),
                backlog_max: rows.iter().map(|row| row.backlog_max).max().unwrap_or(0),
                age_max: rows.iter().map(|row| row.age_max_ns).max().unwrap_or(0) as f64 / 1e9,
                wait_mean: values(|row| row.wait.mean().map(|ns| ns / 1e9), Unit::Seconds),
                wait: table.percentiles(
                    &FEW_PERCENTILES,
                    &rows.iter().map(|row| (&row.wait, 0)).collect::<Vec<_>>(),
                    Vec::new,
                ),
                of_handled: table.percentiles(
                    &FEW_PERCENTILES,
                    &rows
                        .iter()
                        .map(|row| (&row.response, 0))
                        .collect::<Vec<_>>(),
                    Vec::new,
                ),
                money_declined: has_money
                    .then(|| values(|row| Some(row.declined_money), Unit::Money)),
                money_lost: has_money.then(|| values(|row| Some(row.lost_money), Unit::Money)),
            }
        })
        .collect()
}

/// The topics of a history over time.
pub(crate) fn series(row: &Outcome) -> Vec<TopicSeries> {
    row.topics
        .iter()
        .map(|topic| {
            let w = &topic.windows;
            TopicSeries {
                name: topic.name.clone(),
                sent: cells(w, |w| w.counts.sent),
                rejected: cells(w, |w| w.counts.rejected),
                handled: cells(w, |w| w.counts.handled),
                declined: cells(w, |w| w.counts.declined),
                lost: cells(w, |w| {
                    w.counts.dead_letters + w.counts.expired + w.counts.lost
                }),
                backlog: cells(w, |w| w.backlog_mean),
                age: cells(w, |w| w.age_max_ns as f64 / 1e9),
                p50: cells(w, |w| at(&w.response, 0.5)),
                p99: cells(w, |w| at(&w.response, 0.99)),
            }
        })
        .collect()
}

/// A topic's lines of the long report.
pub(crate) fn lines(topic: &TopicReport) -> Vec<String> {
    let all = topic.messages;
    let mut lines = vec![
        format!(
            "  {}{} sent, {} rejected, {} handled, {} declined, {} dead letters, {} expired, {} lost, {} replayed, {} inside, {} duplicates",
            cell(&topic.name, 24),
            count(all.sent),
            count(all.rejected),
            count(all.handled),
            count(all.declined),
            count(all.dead_letters),
            count(all.expired),
            count(all.lost),
            count(all.replayed),
            count(all.inside),
            count(all.duplicates),
        ),
        format!(
            "    {} backlog mean {}, most {}; oldest ever {}; mean wait {}",
            topic
                .handler
                .as_ref()
                .map_or_else(|| "nobody handles it;".to_owned(), |to| format!("to {to};")),
            topic.backlog,
            count(topic.backlog_max),
            quantity(topic.age_max, Unit::Seconds),
            topic.wait_mean,
        ),
    ];
    if let (Some(declined), Some(lost)) = (&topic.money_declined, &topic.money_lost) {
        lines.push(format!(
            "    declined at replay {declined}, lost {lost} (in the file's currency, per history)"
        ));
    }
    lines
}
