//! What a change does to every promise, for a terminal of 80 columns and for programs.

use serde::Serialize;
use worstday_search::answer::{Brink, Early};
use worstday_search::diff::{Difference, PromiseDifference};
use worstday_stats::Interval;

use crate::quantity::{count, significant};
use crate::text::Drawing;
use crate::text::layout::{Paint, Style, cell, wrap};

const WIDTH: usize = 80;

/// The version of the document: it changes when a field goes or gets another meaning.
pub const VERSION: u32 = 1;

/// The JSON Schema of [`write()`]'s output.
pub const SCHEMA: &str = include_str!("../../../../docs/reference/diff.schema.json");

/// Draws it: `names` are what the two are called here.
#[must_use]
pub fn draw(difference: &Difference, names: (&str, &str), drawing: Drawing) -> String {
    let paint = Paint(drawing.colour);
    let mut lines = wrap(
        &format!("before  {}", names.0),
        &format!("{}  ", paint.style("worstday diff", Style::Strong)),
        "                       ",
        WIDTH,
        2,
    );
    lines.extend(wrap(
        &format!("after   {}", names.1),
        "               ",
        "                       ",
        WIDTH,
        3,
    ));
    lines.push(String::new());
    lines.push(row(["", "before", "after", "change"]));
    for promise in &difference.promises {
        lines.push(paint.style(&promise.name, Style::Strong));
        lines.push(row([
            "  broken days a year",
            &rates(&promise.before),
            &rates(&promise.after),
            &changes(&promise.change),
        ]));
        if difference.paired {
            lines.push(format!(
                "  {} of the days that were lived in both are mended, {} newly broken",
                count(promise.mended),
                count(promise.broken)
            ));
        }
        if 0 < difference.quiet {
            lines.push(format!(
                "  quiet days: {} of {} broken before, {} after",
                count(promise.quiet.0),
                count(difference.quiet),
                count(promise.quiet.1)
            ));
        }
        if promise.break_before.is_some() || promise.break_after.is_some() {
            lines.push(row([
                "  break point",
                &brink(promise.break_before.as_ref()),
                &brink(promise.break_after.as_ref()),
                &quotient(promise),
            ]));
        }
    }
    if let Some((before, after)) = difference.per_month {
        lines.push(row([
            "replicas, cores a month",
            &significant(before),
            &significant(after),
            &signed(after - before),
        ]));
    }
    for name in &difference.alone {
        lines.push(format!("{name}: only one of the two promises it"));
    }
    lines.push(String::new());
    let lived = if difference.paired {
        format!(
            "Each of {} days was lived in both, with the same draws; intervals are of the pairs.",
            count(difference.days.0.min(difference.days.1))
        )
    } else {
        format!(
            "What strikes differs, so no day of one is a day of the other: {} and {} days were lived, \
             and a change is as wide as both.",
            count(difference.days.0),
            count(difference.days.1)
        )
    };
    let quiet = if 0 < difference.quiet {
        ""
    } else {
        " Quiet days are left out."
    };
    let text = format!(
        "{lived}{quiet} All rates together hold with {} %, break points with 90 %.",
        significant(difference.confidence * 100.0)
    );
    lines.extend(wrap(&text, "", "", WIDTH, 4));
    if difference.ended == Some(Early::Stopped) {
        lines.push("It was stopped: what is told here holds.".to_owned());
    }
    let mut text = String::new();
    for line in lines {
        text.push_str(line.trim_end());
        text.push('\n');
    }
    text
}

fn row(columns: [&str; 4]) -> String {
    let [what, before, after, change] = columns;
    format!(
        "{}{}{}{change}",
        cell(what, 24),
        cell(before, 17),
        cell(after, 17)
    )
}

fn rates(rate: &Interval) -> String {
    format!("{} to {}", significant(rate.low), significant(rate.high))
}

fn signed(value: f64) -> String {
    if value < 0.0 {
        format!("−{}", significant(-value))
    } else {
        format!("+{}", significant(value))
    }
}

fn changes(change: &Interval) -> String {
    format!("{} to {}", signed(change.low), signed(change.high))
}

fn brink(brink: Option<&Brink>) -> String {
    match brink {
        None => "not known".to_owned(),
        Some(brink) => match brink.high {
            Some(high) => format!("{}x to {}x", significant(brink.low), significant(high)),
            None => format!("above {}x", significant(brink.low)),
        },
    }
}

fn quotient(promise: &PromiseDifference) -> String {
    match promise.break_change {
        None => String::new(),
        Some((low, Some(high))) => {
            format!("{}x to {}x", significant(low), significant(high))
        }
        Some((low, None)) => format!("at least {}x", significant(low)),
    }
}

/// What a change does.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub struct DiffReport {
    /// The version of this document.
    pub version: u32,
    /// The first system.
    pub before: Side,
    /// The second one.
    pub after: Side,
    /// Whether each day was lived in both.
    pub paired: bool,
    /// Quiet days lived in both: told apart from all others.
    pub quiet_days: u64,
    /// All rates together hold with this confidence.
    pub confidence: f64,
    /// Promises of both.
    pub promises: Vec<PromiseChange>,
    /// Promises that only one of them makes.
    pub alone: Vec<String>,
    /// It was stopped, or the budget was spent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ended_early: Option<EndedEarly>,
}

/// Why it ended early.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum EndedEarly {
    /// The budget was spent.
    Budget,
    /// Somebody stopped it.
    Stopped,
}

/// One of the two.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub struct Side {
    /// The system's name.
    pub system: String,
    /// Hash of the model's expanded text.
    pub model: String,
    /// Days lived.
    pub days: u64,
    /// What replicas and cores cost a month of 30 days, in its currency; missing without prices.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub per_month: Option<f64>,
}

/// From `low` to `high`; no upper end if `high` is missing.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Range {
    /// The lower end.
    pub low: f64,
    /// The upper end.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub high: Option<f64>,
}

/// What a change does to a promise.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub struct PromiseChange {
    /// Its name.
    pub name: String,
    /// Days per year that break it, of those on which something strikes or is dated, before.
    pub before: Range,
    /// After.
    pub after: Range,
    /// The difference.
    pub change: Range,
    /// Its best estimate.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub estimate: Option<f64>,
    /// Days that broke before and not after; of those lived in both.
    pub mended: u64,
    /// Days that broke after and not before.
    pub newly_broken: u64,
    /// Quiet days that broke before.
    pub quiet_before: u64,
    /// Quiet days that broke after.
    pub quiet_after: u64,
    /// The break point before, as a factor of today's demand.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub break_point_before: Option<Range>,
    /// The break point after.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub break_point_after: Option<Range>,
    /// The one after as a multiple of the one before.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub break_point_change: Option<Range>,
}

/// The document of a difference.
#[must_use]
pub fn document(difference: &Difference) -> DiffReport {
    let range = |interval: &Interval| Range {
        low: interval.low,
        high: Some(interval.high),
    };
    let factor = |brink: &Brink| Range {
        low: brink.low,
        high: brink.high,
    };
    DiffReport {
        version: VERSION,
        before: Side {
            system: difference.systems.0.clone(),
            model: difference.models.0.clone(),
            days: difference.days.0,
            per_month: difference.per_month.map(|both| both.0),
        },
        after: Side {
            system: difference.systems.1.clone(),
            model: difference.models.1.clone(),
            days: difference.days.1,
            per_month: difference.per_month.map(|both| both.1),
        },
        paired: difference.paired,
        quiet_days: difference.quiet,
        confidence: difference.confidence,
        promises: difference
            .promises
            .iter()
            .map(|promise| PromiseChange {
                name: promise.name.clone(),
                before: range(&promise.before),
                after: range(&promise.after),
                change: range(&promise.change),
                estimate: promise.estimate,
                mended: promise.mended,
                newly_broken: promise.broken,
                quiet_before: promise.quiet.0,
                quiet_after: promise.quiet.1,
                break_point_before: promise.break_before.as_ref().map(factor),
                break_point_after: promise.break_after.as_ref().map(factor),
                break_point_change: promise.break_change.map(|(low, high)| Range { low, high }),
            })
            .collect(),
        alone: difference.alone.clone(),
        ended_early: difference.ended.map(|early| match early {
            Early::Budget => EndedEarly::Budget,
            Early::Stopped => EndedEarly::Stopped,
        }),
    }
}

/// The document as JSON, one line, with a line break at its end.
///
/// # Panics
///
/// Never: it holds nothing that JSON cannot.
#[must_use]
pub fn write(report: &DiffReport) -> String {
    let mut text = serde_json::to_string(report).expect("plain data is JSON");
    text.push('\n');
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The published schema is the one of these types: a field that changes without it fails here.
    /// `WORSTDAY_WRITE_SCHEMA=1 cargo test -p worstday-report schema` writes it anew.
    #[test]
    fn schema_of_differences_is_published() {
        let generated = schemars::schema_for!(DiffReport);
        let mut value = serde_json::to_value(&generated).expect("a schema is JSON");
        value["$id"] = "urn:worstday:diff:1".into();
        value["title"] = "worstday diff --format json".into();
        let mut text = serde_json::to_string_pretty(&value).expect("a schema is JSON");
        text.push('\n');
        if std::env::var_os("WORSTDAY_WRITE_SCHEMA").is_some() {
            let path = concat!(
                env!("CARGO_MANIFEST_DIR"),
                "/../../../docs/reference/diff.schema.json"
            );
            std::fs::write(path, &text).expect("the schema can be written");
            return;
        }
        assert!(
            text == SCHEMA,
            "docs/reference/diff.schema.json is not the schema of `DiffReport`"
        );
    }
}
