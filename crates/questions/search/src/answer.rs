//! What `check` has to say, as plain data: the terminal, JSON and pages draw it.

use serde::{Deserialize, Serialize};
use worstday_stats::interval::Interval;

/// All of it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Answer {
    /// The system's name.
    pub system: String,
    /// Hash of the model's expanded text.
    pub model: String,
    /// The first of the days of the year that is searched, and how many dates there are to draw from.
    pub first_day: String,
    /// Dates to draw from.
    pub dates: u64,
    /// Confidence of all verdicts together.
    pub confidence: f64,
    /// Days lived: by the search, and to confirm.
    pub days: Days,
    /// Verdicts, in the order of the file.
    pub promises: Vec<PromiseAnswer>,
    /// The parts of the year, with their rates.
    pub strata: Vec<StratumAnswer>,
    /// Faults of unknown frequency, left out of return periods.
    pub of_unknown_rate: Vec<String>,
    /// Why it ended before everything was decided; none if it did not.
    pub ended: Option<Early>,
}

/// Days lived.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Days {
    /// By the search: never in a printed number.
    pub hunted: u64,
    /// With fresh seeds.
    pub confirmed: u64,
    /// For break points and hidden capacity.
    pub brink: u64,
    /// To make the worst days smaller, and to show what of them is needed.
    pub shrunk: u64,
}

impl Days {
    /// All of them.
    #[must_use]
    pub fn all(&self) -> u64 {
        self.hunted + self.confirmed + self.brink + self.shrunk
    }
}

/// Why it ended early.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Early {
    /// The budget is spent.
    Budget,
    /// Somebody stopped it.
    Stopped,
}

/// A part of the year.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct StratumAnswer {
    /// In words.
    pub name: String,
    /// Days per year.
    pub rate: f64,
    /// Days confirmed.
    pub confirmed: u64,
    /// Days hunted.
    pub hunted: u64,
    /// Of the confirmed days, those that broke each promise, in the order of the promises.
    pub broken: Vec<u64>,
}

/// A verdict.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// It holds.
    Kept,
    /// It holds on days on which something strikes; quiet days are not excluded.
    KeptOnDisturbedDays,
    /// It does not hold.
    Broken,
    /// Nobody knows, and [`ClaimAnswer::why`] says what decides it.
    CantTell,
}

/// One promise.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct PromiseAnswer {
    /// Its name.
    pub name: String,
    /// Where it stands: `file:line`.
    pub place: String,
    /// What must hold, in words.
    pub must: Vec<String>,
    /// Each entry of `survives`.
    pub claims: Vec<ClaimAnswer>,
    /// How far demand can grow before normal days break it.
    pub break_point: Option<Brink>,
    /// The same on days on which one thing strikes at the busiest moment, for each that strikes by itself, the most frequent
    /// first.
    pub break_points_with: Vec<BrinkWith>,
    /// The load below which it heals by itself.
    pub hidden_capacity: Option<Brink>,
}

/// One entry of `survives`.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ClaimAnswer {
    /// As written.
    pub text: String,
    /// Where it stands.
    pub place: String,
    /// The verdict.
    pub verdict: Verdict,
    /// What decides it, in words; empty if the figures say it.
    pub why: String,
    /// For `1 in T`: days per year that break it.
    pub rate: Option<Rate>,
    /// For a day that is named: each case.
    pub cases: Vec<CaseAnswer>,
    /// Cases left out because there are too many.
    pub cases_left_out: u64,
    /// The kind of day that breaks it most often, or the case that breaks it.
    pub worst: Option<Worst>,
    /// Where quiet days break it: whether that is owed to its windows.
    pub windows: Option<Windows>,
    /// Where inputs have ranges: what the verdict is over all of them, and which of them would settle it.
    pub measure: Option<Measure>,
}

/// What a claim is over the ranges of all inputs, and what to measure next.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Measure {
    /// Draws of all inputs together.
    pub draws: u64,
    /// Of these, so many break the claim by a rough count.
    pub broken: u64,
    /// The inputs, what is worth most first.
    pub inputs: Vec<Unknown>,
}

/// An input that nobody knows exactly.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Unknown {
    /// Its path.
    pub path: String,
    /// Where it stands.
    pub place: String,
    /// The lower end of its range.
    pub low: String,
    /// The upper end.
    pub high: String,
    /// By so much a verdict would be right more often, of 1, if it were known.
    pub gain: f64,
    /// Its share of the spread of the rate of broken days.
    pub share: f64,
}

/// How often days break a promise.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Rate {
    /// At most so many days per year may.
    pub threshold: f64,
    /// Days per year, all days together.
    pub all: Interval,
    /// Days on which something strikes or is dated, alone.
    pub disturbed: Interval,
    /// The best estimate for these; none if a part of them was never seen.
    pub estimate: Option<f64>,
    /// Rate of the days that were not simulated at all, counted as broken.
    pub unhunted: f64,
    /// Quiet days are not excluded beyond once in so many days.
    pub quiet_not_beyond: f64,
    /// Quiet days confirmed.
    pub quiet_days: u64,
    /// Fault rates that were guessed, with their places, and what the verdict becomes with them three times higher or lower.
    pub guessed: Vec<Guessed>,
    /// Whether the verdict is another one with one of them, or all together, a factor 3 up or down.
    pub together_flip: bool,
}

/// A rate that somebody guessed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Guessed {
    /// Of which fault.
    pub name: String,
    /// Where it stands.
    pub place: String,
    /// Whether the verdict is another one with the rate a factor 3 up or down.
    pub flips: bool,
}

/// One case of a day that is named.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CaseAnswer {
    /// In words.
    pub name: String,
    /// The worst time that was found, in local time.
    pub at: String,
    /// Fresh days lived at that time.
    pub trials: u64,
    /// Of these, broken.
    pub broken: u64,
    /// Share that breaks.
    pub share: Interval,
    /// The verdict on this case.
    pub verdict: Verdict,
    /// Nothing strikes in it.
    pub quiet: bool,
}

/// A day that breaks a promise.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Worst {
    /// The kind of day: what strikes.
    pub kind: String,
    /// How often days of this kind come and break it, per year; none for a day that is named.
    pub per_year: Option<Interval>,
    /// Share of days of this kind that break it, before the day was made smaller.
    pub share: Interval,
    /// Its date.
    pub day: String,
    /// What happens, line by line, in local time.
    pub happens: Vec<String>,
    /// Its seed.
    pub seed: u64,
    /// Fresh seeds of this very day.
    pub trials: u64,
    /// Of these, broken.
    pub broken: u64,
    /// Every way to make it one step smaller, and what is left of the break then; empty if it was not shrunk.
    pub weakenings: Vec<Weakening>,
    /// Name of the scenario file, if it was stored.
    pub id: Option<String>,
}

/// A day that is one step smaller.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Weakening {
    /// The step.
    pub what: String,
    /// Fresh seeds.
    pub trials: u64,
    /// Of these, broken.
    pub broken: u64,
    /// At most that share breaks, with 97.5 %.
    pub at_most: f64,
    /// It breaks in fewer than half as many as the day itself: the step takes away what is needed.
    pub separated: bool,
}

/// The windows of a promise, where they are short.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Windows {
    /// The condition.
    pub condition: String,
    /// Requests that a window has on average.
    pub requests: f64,
    /// Share of the windows of quiet days that break it.
    pub breaking: f64,
    /// The same days keep it when judged whole: the windows break it, not the load.
    pub by_chance: bool,
}

/// A factor of today's demand at which something changes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Brink {
    /// The largest tested factor that holds by the estimate; none if not even the smallest does.
    pub factor: Option<f64>,
    /// Where the truth lies with 95 %, from here.
    pub low: f64,
    /// To here; none: no break up to the largest factor tested.
    pub high: Option<f64>,
    /// Each factor tested: factor, days, broken.
    pub tested: Vec<(f64, u64, u64)>,
    /// What was simulated at each factor, in words.
    pub on: String,
    /// Requests per second at factor 1, where one number says it.
    pub unit_per_second: Option<f64>,
    /// Where it holds again above: no break point, but worth knowing before one trusts a single test with much load.
    pub again: Vec<Again>,
}

/// A stretch of factors above the break point at which fresh days surely hold.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Again {
    /// The smallest of them.
    pub from: f64,
    /// The largest.
    pub to: f64,
    /// How many of them were decided, these two included.
    pub factors: u64,
}

/// A break point on days on which one thing strikes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct BrinkWith {
    /// What strikes.
    pub name: String,
    /// Where it stands.
    pub place: String,
    /// The break point; none if there was no budget to look for it.
    pub brink: Option<Brink>,
}
