//! What `check` found, as one value for programs: JSON is its serialisation, the other formats are drawn from it.
//!
//! Verdicts come first and in the order of the file. What is unknown is left out, never a number that stands for nothing:
//! an interval without an upper end has none.

use serde::Serialize;
use worstday_search::answer::{self, Answer, Brink, ClaimAnswer, Early, PromiseAnswer, Worst};
use worstday_stats::Interval;

use super::baseline::Baseline;

/// The version of this document: it changes when a field goes or gets another meaning.
pub const VERSION: u32 = 1;

/// What `check` found.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub struct CheckReport {
    /// The version of this document.
    pub version: u32,
    /// The system's name.
    pub system: String,
    /// Hash of the model's expanded text.
    pub model: String,
    /// The worst of all verdicts; those that the baseline knows are left out.
    pub verdict: Verdict,
    /// The baseline that it was compared with.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub baseline: Option<String>,
    /// Confidence of all verdicts together.
    pub confidence: f64,
    /// Verdicts, in the order of the file.
    pub promises: Vec<PromiseVerdict>,
    /// Load against the size of a fault: with `--html`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub map: Option<super::map::LoadMap>,
    /// What was searched.
    pub searched: Searched,
}

/// A verdict.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// It holds.
    Kept,
    /// It holds on days on which something strikes; quiet days are not excluded far enough.
    KeptOnDisturbedDays,
    /// Nobody knows; `why` says what decides it.
    CantTell,
    /// It does not hold.
    Broken,
}

/// One promise.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub struct PromiseVerdict {
    /// Its name.
    pub name: String,
    /// Where it stands.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub place: Option<Place>,
    /// What must hold, in words.
    pub must: Vec<String>,
    /// Each entry of `survives`.
    pub survives: Vec<ClaimVerdict>,
    /// The largest factor of today's demand that normal days carry.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub break_point: Option<Factor>,
    /// The same on days on which one thing strikes at the busiest moment, for each that strikes by itself, the most frequent
    /// first.
    pub break_points_with: Vec<FactorWith>,
    /// The largest factor of today's demand at which it heals by itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hidden_capacity: Option<Factor>,
}

/// A line of a file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Place {
    /// The file, as it was given.
    pub file: String,
    /// The line, from 1.
    pub line: u64,
}

/// One entry of `survives`.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub struct ClaimVerdict {
    /// As written: `1 in 2 years`.
    pub day: String,
    /// Where it stands.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub place: Option<Place>,
    /// The verdict.
    pub verdict: Verdict,
    /// It was broken in the baseline already.
    pub known: bool,
    /// The figures that carry it, and what decides it, in words.
    pub because: Vec<String>,
    /// Days per year that break it, for `1 in T`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rate: Option<Rate>,
    /// Each case of a day that is named.
    pub cases: Vec<Case>,
    /// Cases left out because there are too many.
    pub cases_left_out: u64,
    /// The smallest day found of the kind that breaks it most often.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub worst_day: Option<Day>,
    /// Where inputs have ranges: the verdict over all of them, and what to measure next.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub measure: Option<MeasureNext>,
}

/// The verdict over the ranges of all inputs, by a rough count, and which input would settle it.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub struct MeasureNext {
    /// Draws of all inputs together.
    pub draws: u64,
    /// Of these, broken.
    pub broken: u64,
    /// The inputs, what is worth most first.
    pub inputs: Vec<Input>,
}

/// An input that nobody knows exactly.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub struct Input {
    /// Its path.
    pub path: String,
    /// Where it stands.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub place: Option<Place>,
    /// The lower end of its range, as a file says it.
    pub low: String,
    /// The upper end.
    pub high: String,
    /// By so much, of 1, a verdict would be right more often if it were known.
    pub gain: f64,
    /// Its share of the spread of the rate of broken days.
    pub share: f64,
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

/// How often days break a promise; all in days per year.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub struct Rate {
    /// At most so many may.
    pub at_most: f64,
    /// All days together.
    pub all: Range,
    /// Days on which something strikes, or is dated, alone.
    pub disturbed: Range,
    /// The best estimate for these.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub estimate: Option<f64>,
    /// Days that were not simulated at all; they count as broken.
    pub unhunted: f64,
    /// Quiet days are not excluded beyond once in so many days.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub quiet_not_beyond: Option<f64>,
    /// Rates that somebody guessed.
    pub guessed: Vec<Guessed>,
    /// With one of them, or all together, a factor 3 up or down the verdict is another one.
    pub together_flip: bool,
}

/// A rate that somebody guessed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Guessed {
    /// Of which fault or event.
    pub name: String,
    /// Where it stands.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub place: Option<Place>,
    /// With the rate a factor 3 up or down the verdict is another one.
    pub flips: bool,
}

/// One case of a day that is named.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Case {
    /// In words.
    pub name: String,
    /// The worst time that was found, in local time.
    pub at: String,
    /// Fresh days lived at that time.
    pub trials: u64,
    /// Of these, broken.
    pub broken: u64,
    /// Share that breaks.
    pub share: Range,
    /// The verdict on this case.
    pub verdict: Verdict,
}

/// A day that breaks a promise.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub struct Day {
    /// Its name in the store, if it is kept: `run --scenario` lives it again.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// The kind of day: what strikes.
    pub kind: String,
    /// Days of this kind that break it, per year.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub per_year: Option<Range>,
    /// Share of the days of this kind that break it.
    pub share: Range,
    /// Its date.
    pub date: String,
    /// What happens, line by line, in local time.
    pub happens: Vec<String>,
    /// Its seed, in hexadecimal digits.
    pub seed: String,
    /// Fresh seeds of this very day.
    pub trials: u64,
    /// Of these, broken.
    pub broken: u64,
    /// Every way to make it one step smaller.
    pub weakenings: Vec<Weakening>,
}

/// A day that is one step smaller.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub struct Weakening {
    /// The step.
    pub what: String,
    /// Fresh seeds.
    pub trials: u64,
    /// Of these, broken.
    pub broken: u64,
    /// At most that share breaks, with 97.5 %.
    pub at_most: f64,
    /// The step takes away what is needed: it breaks in fewer than half as many.
    pub needed: bool,
}

/// A factor of today's demand at which something changes.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub struct Factor {
    /// The largest factor tested that holds; none if not even the smallest does.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub factor: Option<f64>,
    /// Where the truth lies; no break up to the largest factor tested if it has no upper end.
    pub range: Range,
    /// What was simulated at each factor, in words.
    pub on: String,
    /// Each factor tested.
    pub tested: Vec<Tested>,
    /// Stretches of factors above at which it surely holds again.
    pub again: Vec<Stretch>,
}

/// The break point on days on which one thing strikes.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub struct FactorWith {
    /// What strikes.
    pub name: String,
    /// Where it stands.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub place: Option<Place>,
    /// The break point; none if there was no budget to look for it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub break_point: Option<Factor>,
}

/// Factors at which a promise holds again above its break point.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Stretch {
    /// The smallest of them.
    pub from: f64,
    /// The largest.
    pub to: f64,
    /// How many of them fresh days decided, these two included.
    pub factors: u64,
}

/// A factor of demand, tested.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Tested {
    /// The factor.
    pub factor: f64,
    /// Days lived.
    pub days: u64,
    /// Of these, broken.
    pub broken: u64,
}

/// What was searched, and what was not.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub struct Searched {
    /// The first day of the year.
    pub first_day: String,
    /// Dates to draw from.
    pub dates: u64,
    /// Days lived by the search: never in a figure.
    pub hunted: u64,
    /// Days lived with fresh seeds.
    pub confirmed: u64,
    /// Days lived for break points and hidden capacity.
    pub brink: u64,
    /// Days lived to make the worst days smaller.
    pub shrunk: u64,
    /// The kinds of day.
    pub kinds: Vec<Kind>,
    /// Faults of unknown frequency, left out of how often days come.
    pub of_unknown_rate: Vec<String>,
    /// Why it ended before everything was decided: `budget` or `stopped`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ended: Option<String>,
}

/// A kind of day.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub struct Kind {
    /// What strikes.
    pub name: String,
    /// Days per year.
    pub per_year: f64,
    /// Days hunted.
    pub hunted: u64,
    /// Days confirmed.
    pub confirmed: u64,
    /// Of the confirmed days, those that broke each promise, in the order of the promises.
    pub broken: Vec<u64>,
}

/// The document of an answer, compared with a baseline if there is one.
#[must_use]
pub fn document(answer: &Answer, baseline: Option<&Baseline>) -> CheckReport {
    let promises: Vec<PromiseVerdict> = (answer.promises.iter())
        .map(|promise| of_promise(promise, baseline))
        .collect();
    let claims = promises.iter().flat_map(|promise| &promise.survives);
    let open = claims.filter(|claim| !claim.known);
    CheckReport {
        version: VERSION,
        system: answer.system.clone(),
        model: answer.model.clone(),
        verdict: open
            .map(|claim| claim.verdict)
            .max()
            .unwrap_or(Verdict::Kept),
        baseline: baseline.map(|baseline| baseline.name.clone()),
        confidence: answer.confidence,
        promises,
        map: None,
        searched: Searched {
            first_day: answer.first_day.clone(),
            dates: answer.dates,
            hunted: answer.days.hunted,
            confirmed: answer.days.confirmed,
            brink: answer.days.brink,
            shrunk: answer.days.shrunk,
            kinds: (answer.strata.iter())
                .map(|kind| Kind {
                    name: kind.name.clone(),
                    per_year: kind.rate,
                    hunted: kind.hunted,
                    confirmed: kind.confirmed,
                    broken: kind.broken.clone(),
                })
                .collect(),
            of_unknown_rate: answer.of_unknown_rate.clone(),
            ended: answer.ended.map(|ended| {
                let word = match ended {
                    Early::Budget => "budget",
                    Early::Stopped => "stopped",
                };
                word.to_owned()
            }),
        },
    }
}

fn of_promise(promise: &PromiseAnswer, baseline: Option<&Baseline>) -> PromiseVerdict {
    PromiseVerdict {
        name: promise.name.clone(),
        place: place(&promise.place),
        must: promise.must.clone(),
        survives: (promise.claims.iter())
            .map(|claim| of_claim(promise, claim, baseline))
            .collect(),
        break_point: promise.break_point.as_ref().map(of_brink),
        break_points_with: (promise.break_points_with.iter())
            .map(|with| FactorWith {
                name: with.name.clone(),
                place: place(&with.place),
                break_point: with.brink.as_ref().map(of_brink),
            })
            .collect(),
        hidden_capacity: promise.hidden_capacity.as_ref().map(of_brink),
    }
}

fn of_claim(
    promise: &PromiseAnswer,
    claim: &ClaimAnswer,
    baseline: Option<&Baseline>,
) -> ClaimVerdict {
    let verdict = Verdict::from(claim.verdict);
    let knows = baseline.is_some_and(|baseline| baseline.knows(&promise.name, &claim.text));
    ClaimVerdict {
        day: claim.text.clone(),
        place: place(&claim.place),
        verdict,
        known: knows && verdict == Verdict::Broken,
        because: super::sentences(claim),
        rate: claim.rate.as_ref().map(|rate| Rate {
            at_most: rate.threshold,
            all: range(rate.all),
            disturbed: range(rate.disturbed),
            estimate: rate.estimate,
            unhunted: rate.unhunted,
            quiet_not_beyond: finite(rate.quiet_not_beyond),
            guessed: (rate.guessed.iter())
                .map(|guess| Guessed {
                    name: guess.name.clone(),
                    place: place(&guess.place),
                    flips: guess.flips,
                })
                .collect(),
            together_flip: rate.together_flip,
        }),
        cases: (claim.cases.iter())
            .map(|case| Case {
                name: case.name.clone(),
                at: case.at.clone(),
                trials: case.trials,
                broken: case.broken,
                share: range(case.share),
                verdict: case.verdict.into(),
            })
            .collect(),
        cases_left_out: claim.cases_left_out,
        worst_day: claim.worst.as_ref().map(of_day),
        measure: claim.measure.as_ref().map(|measure| MeasureNext {
            draws: measure.draws,
            broken: measure.broken,
            inputs: measure
                .inputs
                .iter()
                .map(|input| Input {
                    path: input.path.clone(),
                    place: place(&input.place),
                    low: input.low.clone(),
                    high: input.high.clone(),
                    gain: input.gain,
                    share: input.share,
                })
                .collect(),
        }),
    }
}

fn of_day(worst: &Worst) -> Day {
    Day {
        id: worst.id.clone(),
        kind: worst.kind.clone(),
        per_year: worst.per_year.map(range),
        share: range(worst.share),
        date: worst.day.clone(),
        happens: worst.happens.clone(),
        seed: format!("{:08x}", worst.seed),
        trials: worst.trials,
        broken: worst.broken,
        weakenings: (worst.weakenings.iter())
            .map(|row| Weakening {
                what: row.what.clone(),
                trials: row.trials,
                broken: row.broken,
                at_most: row.at_most,
                needed: row.separated,
            })
            .collect(),
    }
}

fn of_brink(brink: &Brink) -> Factor {
    let tested = brink.tested.iter();
    Factor {
        factor: brink.factor,
        range: Range {
            low: brink.low,
            high: brink.high.and_then(finite),
        },
        on: brink.on.clone(),
        tested: tested
            .map(|&(factor, days, broken)| Tested {
                factor,
                days,
                broken,
            })
            .collect(),
        again: (brink.again.iter())
            .map(|again| Stretch {
                from: again.from,
                to: again.to,
                factors: again.factors,
            })
            .collect(),
    }
}

impl From<answer::Verdict> for Verdict {
    fn from(verdict: answer::Verdict) -> Self {
        match verdict {
            answer::Verdict::Kept => Self::Kept,
            answer::Verdict::KeptOnDisturbedDays => Self::KeptOnDisturbedDays,
            answer::Verdict::Broken => Self::Broken,
            answer::Verdict::CantTell => Self::CantTell,
        }
    }
}

impl Verdict {
    /// In words.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Kept => "kept",
            Self::KeptOnDisturbedDays => "kept on disturbed days",
            Self::CantTell => "can't tell",
            Self::Broken => "broken",
        }
    }
}

fn finite(value: f64) -> Option<f64> {
    value.is_finite().then_some(value)
}

fn range(interval: Interval) -> Range {
    Range {
        low: interval.low,
        high: finite(interval.high),
    }
}

/// From `file:line`.
fn place(text: &str) -> Option<Place> {
    let (file, line) = text.rsplit_once(':')?;
    let file = file.to_owned();
    Some(Place {
        file,
        line: line.parse().ok().filter(|&line| 0 < line)?,
    })
}

impl CheckReport {
    /// Each day that a promise survives, in the order of the file.
    pub fn claims(&self) -> impl Iterator<Item = (&PromiseVerdict, &ClaimVerdict)> {
        let promises = self.promises.iter();
        promises.flat_map(|promise| promise.survives.iter().map(move |claim| (promise, claim)))
    }

    /// How many of each verdict: `1 broken, 2 kept`.
    #[must_use]
    pub fn in_a_line(&self) -> String {
        let of = |verdict: Verdict, known: bool| {
            let claims = self.claims().map(|(_, claim)| claim);
            let alike = claims.filter(|claim| (claim.verdict, claim.known) == (verdict, known));
            alike.count()
        };
        let mut parts = Vec::new();
        let mut add = |number: usize, what: &str| {
            if 0 < number {
                parts.push(format!("{number} {what}"));
            }
        };
        add(of(Verdict::Broken, false), "broken");
        let baseline = self.baseline.as_deref().unwrap_or_default();
        let known = format!("broken as in the baseline {baseline}");
        add(of(Verdict::Broken, true), &known);
        for verdict in [
            Verdict::CantTell,
            Verdict::KeptOnDisturbedDays,
            Verdict::Kept,
        ] {
            add(of(verdict, false), verdict.word());
        }
        if parts.is_empty() {
            return "nothing is promised".to_owned();
        }
        parts.join(", ")
    }
}
