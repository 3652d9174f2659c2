//! Why a day breaks a promise, as one value for programs: JSON is its serialisation, under a published schema.
//!
//! Times of day are local, lengths are seconds, shares are of 1. What was not counted is left out.

use serde::Serialize;
use worstday_search::answer::Early;
use worstday_search::explain::{self, Explained, Kind};
use worstday_stats::Interval;

/// The version of this document: it changes when a field goes or gets another meaning.
pub const VERSION: u32 = 1;

/// The JSON Schema of [`write()`]'s output.
pub const SCHEMA: &str = include_str!("../../../../../docs/reference/explain.schema.json");

/// Why a day breaks a promise.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub struct ExplainReport {
    /// The version of this document.
    pub version: u32,
    /// The day's name.
    pub day: String,
    /// Its date.
    pub date: String,
    /// The promise.
    pub promise: String,
    /// Where the promise stands: `file:line`.
    pub place: String,
    /// What of it must hold, in words.
    pub must: Vec<String>,
    /// What strikes, line by line, in local time.
    pub happens: Vec<String>,
    /// The seed whose history is told.
    pub seed: u64,
    /// Digest of that history's events.
    pub digest: String,
    /// Whether that history breaks the promise.
    pub breaks: bool,
    /// Fresh seeds of the day, and those that break it.
    pub fresh: Counted,
    /// What happened, in order.
    pub chain: Vec<Step>,
    /// What was left out and spared at least half of the days.
    pub causes: Vec<Cause>,
    /// What was left out and did not.
    pub no_causes: Vec<Cause>,
    /// Whether everything that strikes was left out once.
    pub causes_known: bool,
    /// How it ends.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ends: Option<Ends>,
    /// Settings that let it recover when they are changed after the last strike.
    pub sustained_by: Vec<Held>,
    /// What people can do.
    pub frees: Vec<Freed>,
    /// What makes the day harmless, the cheapest first.
    pub fixes: Vec<Fix>,
    /// Ways to turn a setting that were tried.
    pub turns_tried: u64,
    /// And how many there are.
    pub turns: u64,
    /// Why it ended before all was answered.
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

/// So many of so many.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Counted {
    /// All.
    pub trials: u64,
    /// Of these.
    pub hits: u64,
}

/// A difference of shares of 1, or a share, with 95 %.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Range {
    /// The lower end.
    pub low: f64,
    /// The upper end.
    pub high: f64,
}

/// What a step of the chain is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum StepKind {
    /// A fault or an event strikes; `most` is its length in seconds.
    Strikes,
    /// Replicas that are ready.
    Ready,
    /// Workers held.
    Busy,
    /// Requests that wait.
    Queue,
    /// Share of the worker time that goes into answers nobody takes.
    Wasted,
    /// Requests turned away in a window.
    Refused,
    /// Attempts per call.
    Attempts,
    /// Share of calls that fail.
    Failing,
    /// Share of visits that are lost.
    Lost,
    /// A condition of a promise breaks; `usual` is its goal and `most` its figure, in base units.
    Breaks,
}

/// A step of the chain.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub struct Step {
    /// When it begins.
    pub at: String,
    /// What it is about.
    pub of: String,
    /// What happens to it.
    pub kind: StepKind,
    /// What the figure would have been, had nothing struck.
    pub usual: f64,
    /// What it came to at most; missing if it never ended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub most: Option<f64>,
    /// When it was so.
    pub most_at: String,
    /// When it was over; missing if it was not at the end of the history.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub until: Option<String>,
    /// It went on for more than five minutes after the last strike had ended.
    pub outlives: bool,
    /// The same as a sentence.
    pub told: String,
}

/// Something left out.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub struct Cause {
    /// What.
    pub what: String,
    /// Broken days with it.
    pub with: Counted,
    /// Broken days without it, of the same seeds.
    pub without: Counted,
    /// The share of broken days without it less that with it.
    pub change: Range,
}

/// How it ends.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub struct Ends {
    /// When the last strike has ended.
    pub last_strike_ends: String,
    /// Seeds, and those on which all was as before in time.
    pub back: Counted,
    /// In time: so many seconds after the last strike's end.
    pub within: f64,
    /// How long it took on the seed whose history is told, seconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub took: Option<f64>,
}

/// A setting that keeps it going.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub struct Held {
    /// The setting.
    pub path: String,
    /// What it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub now: Option<String>,
    /// Where it stands.
    pub place: String,
    /// What it was changed to a minute after the last strike.
    pub to: String,
    /// Days that do not come back by themselves, and those that do with it.
    pub back: Counted,
}

/// What people can do.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub struct Freed {
    /// In words.
    pub what: String,
    /// When.
    pub at: String,
    /// Lines of a scenario's `happens` that do it.
    pub lines: Vec<String>,
    /// Days that do not come back by themselves, and those that do with it.
    pub back: Counted,
    /// The share that does.
    pub share: Range,
}

/// A setting that makes the day harmless.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub struct Fix {
    /// The setting.
    pub path: String,
    /// What it is; missing if the file does not say it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub now: Option<String>,
    /// What it becomes.
    pub to: String,
    /// What `--set` takes.
    pub set: String,
    /// The line.
    pub place: String,
    /// What replicas and cores cost more, per month of 30 days; missing without prices.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub per_month: Option<f64>,
    /// Replicas that are added.
    pub replicas: i64,
    /// Fresh seeds, and those that still break.
    pub fresh: Counted,
    /// At most that share breaks.
    pub at_most: f64,
    /// What becomes of each promise.
    pub promises: Vec<Effect>,
}

/// What a change does to a promise.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub struct Effect {
    /// Its name.
    pub name: String,
    /// On a normal day: else on the day that is explained.
    pub normal_day: bool,
    /// Seeds, and those broken before.
    pub before: Counted,
    /// Of the same seeds, broken after.
    pub after: Counted,
    /// The difference of the shares.
    pub change: Range,
}

fn counted(hits: u64, trials: u64) -> Counted {
    Counted { trials, hits }
}

fn range(interval: Interval) -> Range {
    Range {
        low: interval.low,
        high: interval.high,
    }
}

/// The document of an explanation.
#[must_use]
pub fn document(explained: &Explained, day: &str) -> ExplainReport {
    ExplainReport {
        version: VERSION,
        day: day.to_owned(),
        date: explained.day.clone(),
        promise: explained.promise.clone(),
        place: explained.place.clone(),
        must: explained.must.clone(),
        happens: explained.happens.clone(),
        seed: explained.seed,
        digest: explained.digest.clone(),
        breaks: explained.breaks,
        fresh: counted(explained.broken, explained.trials),
        chain: explained.chain.iter().map(step).collect(),
        causes: explained.causes.iter().map(cause).collect(),
        no_causes: explained.no_causes.iter().map(cause).collect(),
        causes_known: explained.causes_known,
        ends: explained.ends.as_ref().map(|ends| Ends {
            last_strike_ends: ends.trigger_ends.clone(),
            back: counted(ends.back, ends.trials),
            within: ends.within_s,
            took: ends.took_s,
        }),
        sustained_by: explained.sustained.iter().map(held).collect(),
        frees: explained.frees.iter().map(freed).collect(),
        fixes: explained.fixes.iter().map(fix).collect(),
        turns_tried: explained.turns_tried,
        turns: explained.turns,
        ended_early: explained.ended.map(|early| match early {
            Early::Budget => EndedEarly::Budget,
            Early::Stopped => EndedEarly::Stopped,
        }),
    }
}

fn step(beat: &explain::Beat) -> Step {
    Step {
        at: beat.at.clone(),
        of: beat.of.clone(),
        kind: match beat.kind {
            Kind::Strikes => StepKind::Strikes,
            Kind::Ready => StepKind::Ready,
            Kind::Busy => StepKind::Busy,
            Kind::Queue => StepKind::Queue,
            Kind::Wasted => StepKind::Wasted,
            Kind::Refused => StepKind::Refused,
            Kind::Attempts => StepKind::Attempts,
            Kind::Failing => StepKind::Failing,
            Kind::Lost => StepKind::Lost,
            Kind::Breaks => StepKind::Breaks,
        },
        usual: beat.usual,
        most: beat.most.is_finite().then_some(beat.most),
        most_at: beat.most_at.clone(),
        until: beat.until.clone(),
        outlives: beat.outlives,
        told: super::told(beat),
    }
}

fn cause(cause: &explain::Cause) -> Cause {
    Cause {
        what: cause.what.clone(),
        with: counted(cause.with, cause.trials),
        without: counted(cause.without, cause.trials),
        change: range(cause.change),
    }
}

fn held(held: &explain::Held) -> Held {
    Held {
        path: held.path.clone(),
        now: held.now.clone(),
        place: held.place.clone(),
        to: held.to.clone(),
        back: counted(held.back, held.trials),
    }
}

fn freed(freed: &explain::Freed) -> Freed {
    Freed {
        what: freed.what.clone(),
        at: freed.at.clone(),
        lines: freed.lines.clone(),
        back: counted(freed.back, freed.trials),
        share: range(freed.share),
    }
}

fn fix(fix: &explain::Fix) -> Fix {
    Fix {
        path: fix.path.clone(),
        now: fix.now.clone(),
        to: fix.to.clone(),
        set: fix.set.clone(),
        place: fix.place.clone(),
        per_month: fix.per_month,
        replicas: fix.replicas,
        fresh: counted(fix.broken, fix.trials),
        at_most: fix.at_most,
        promises: fix
            .promises
            .iter()
            .map(|effect| Effect {
                name: effect.name.clone(),
                normal_day: effect.normal_day,
                before: counted(effect.before, effect.trials),
                after: counted(effect.after, effect.trials),
                change: range(effect.change),
            })
            .collect(),
    }
}

/// The document as JSON, one line, with a line break at its end.
///
/// # Panics
///
/// Never: it holds nothing that JSON cannot.
#[must_use]
pub fn write(report: &ExplainReport) -> String {
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
    fn schema_of_explanations_is_published() {
        let generated = schemars::schema_for!(ExplainReport);
        let mut value = serde_json::to_value(&generated).expect("a schema is JSON");
        value["$id"] = "urn:worstday:explain:1".into();
        value["title"] = "worstday explain --format json".into();
        let mut text = serde_json::to_string_pretty(&value).expect("a schema is JSON");
        text.push('\n');
        if std::env::var_os("WORSTDAY_WRITE_SCHEMA").is_some() {
            let path = concat!(
                env!("CARGO_MANIFEST_DIR"),
                "/../../../docs/reference/explain.schema.json"
            );
            std::fs::write(path, &text).expect("the schema can be written");
            return;
        }
        assert!(
            text == SCHEMA,
            "docs/reference/explain.schema.json is not the schema of `ExplainReport`"
        );
    }
}
