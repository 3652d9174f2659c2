//! A day as a scenario, and what came of it.
//!
//! Every day that is searched, confirmed, shrunk or shown is a [`Scenario`]: what a file can hold, and `run --scenario` can
//! live again. A day with strikes is simulated around them: counting starts ten minutes before the first one (an
//! hour, where a promise compares with the hour before), from a state warmed at that hour, and ends when the rule of recovery
//! holds, or a day later. A day without strikes is simulated whole.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use worstday_model::calendar::Calendar;
use worstday_model::day::{self, DayError, DayRequest, Happening, Happens, Random, Scenario, What};
use worstday_model::system::{
    Arrive, ClientId, Condition, EditId, EventId, FaultId, FaultWhen, Metric, Subject, System,
    Tables,
};
use worstday_sim::History;
use worstday_sim::engine::Editing;
use worstday_sim::judge::DayProfile;
use worstday_sim::outcome::{ConditionOutcome, Ended, Judgement, Outcome, Verdict};
use worstday_stats::digest::Digest;

use crate::year::{Drawn, Year};

/// Counting starts so long before the first strike, ns: what is normal is known by then.
const BEFORE_NS: i64 = 600_000_000_000;

/// The same where a promise compares with the hour before.
const HOUR_BEFORE_NS: i64 = 3_600_000_000_000;

const MINUTE_NS: i64 = 60_000_000_000;

/// A window in which nothing strikes any more, as when a day is made smaller, is lived so long, ns.
const UNDISTURBED_NS: u64 = 7_200_000_000_000;

/// Between two looks at whether somebody wants it to stop, ns of simulated time.
const STRETCH_NS: u64 = 120_000_000_000;

/// A system whose days are searched.
#[derive(Clone)]
pub struct World {
    /// Without growth: its demand is that of its `as-of`.
    pub system: Arc<System>,
    /// Makes the system that edits make at run time.
    pub editing: Arc<dyn Editing>,
    /// Hash of the model's expanded text.
    pub hash: String,
    /// What makes its days others than those of the same model: part of what a trial is known by.
    pub variant: String,
    /// Its days.
    pub year: Arc<Year>,
    /// A quiet day as promises over a whole day see it: what of such a day is not simulated was as on this one.
    pub quiet: Option<Arc<DayProfile>>,
    /// Whole dates that were planned before: a function of the date, so who asks first changes nothing.
    plans: Plans,
}

type Plans = Arc<Mutex<BTreeMap<Date, Option<Arc<day::Day>>>>>;

/// A day to live: a scenario and a seed.
#[derive(Clone, Debug)]
pub struct Trial {
    /// What happens on it.
    pub day: Scenario,
    /// What chance follows from.
    pub seed: u64,
    /// Whether it ends once it is settled: recovered, or every promise broken. Else it is lived to its end.
    pub settles: bool,
}

impl Trial {
    /// A day that ends once it is settled, if something strikes on it; one on which nothing does is lived to its end.
    #[must_use]
    pub fn new(day: Scenario, seed: u64) -> Self {
        let settles = day.from.is_some() && day.from == day.until;
        Self { day, seed, settles }
    }

    /// A day that is lived to its end, whatever happens.
    #[must_use]
    pub fn lived_out(day: Scenario, seed: u64) -> Self {
        let settles = false;
        Self { day, seed, settles }
    }
}

/// What came of a day.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Tried {
    /// Per promise.
    pub promises: Vec<Judged>,
    /// Events handled.
    pub events: u64,
    /// Simulated time, warm-up included, ns.
    pub simulated_ns: u64,
    /// More requests inside at once than can be simulated: nothing is known of the promises it did not break.
    pub broke_off: bool,
    /// Whether it recovered by the general rule after its disturbances; true where nothing was disturbed.
    pub recovered: bool,
}

/// What came of a promise on a day.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Judged {
    /// A condition of it broke.
    pub broken: bool,
    /// At least one window was judged.
    pub told: bool,
    /// Signed distance to breaking: above 0 kept, below broken. For ranking only.
    pub margin: f64,
    /// Windows judged, and those that broke.
    pub windows: u64,
    /// Of these, broken.
    pub broken_windows: u64,
    /// Requests of its first subject that were sent, as far as they are counted for it.
    pub sent: u64,
}

/// Why a day could not be lived.
#[derive(Clone, Debug, PartialEq)]
pub struct Unlived(pub String);

impl std::fmt::Display for Unlived {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Unlived {}

/// Edits of a system that has more faults than the model it was read from.
struct Extended {
    inner: Arc<dyn Editing>,
    first: usize,
    faults: Vec<worstday_model::system::Fault>,
}

impl Editing for Extended {
    fn edited(&self, active: &[EditId]) -> Arc<System> {
        let system = self.inner.edited(active);
        Arc::new(without_growth(&system, self.first, &self.faults))
    }
}

/// The same system with demand as of today, and more ways to break behind its own.
fn without_growth(
    system: &System,
    first: usize,
    faults: &[worstday_model::system::Fault],
) -> System {
    let mut tables: Tables = (**system).clone();
    tables.growth.clear();
    tables.faults.truncate(first);
    tables.faults.extend(faults.iter().cloned());
    System::new(tables).expect("a checked system stays one with more faults of the same kinds")
}

impl World {
    /// The days of a system, with more ways to break behind its own: those that claims ask for and the file has no name for.
    ///
    /// # Errors
    ///
    /// [`DayError`] if there are no such days.
    pub fn new(
        system: &System,
        editing: Arc<dyn Editing>,
        hash: String,
        first: Date,
        faults: Vec<worstday_model::system::Fault>,
    ) -> Result<Self, DayError> {
        let known = system.faults.len();
        let extended = without_growth(system, known, &faults);
        let year = Year::new(&extended, first)?;
        Ok(Self {
            editing: Arc::new(Extended {
                inner: editing,
                first: known,
                faults,
            }),
            system: Arc::new(extended),
            hash,
            variant: String::new(),
            year: Arc::new(year),
            quiet: None,
            plans: Plans::default(),
        })
    }

    /// Whether a promise is judged over whole days: then windows need to know what the rest of their day was like.
    #[must_use]
    pub fn needs_whole_days(&self) -> bool {
        (0..self.system.promises.len()).any(|promise| self.judges_whole_days(promise))
    }

    /// Whether this promise is.
    #[must_use]
    pub fn judges_whole_days(&self, promise: usize) -> bool {
        let conditions = &self.system.promises[promise].must;
        conditions
            .iter()
            .any(|must| 86_400_000_000_000 <= must.over_ns)
    }

    /// The same days, with a quiet one simulated whole, for those of which only a part is.
    ///
    /// # Errors
    ///
    /// As [`World::live`].
    pub fn with_quiet_day(&self, date: Date, seed: u64) -> Result<Self, Unlived> {
        let day = self.around(date, &[], 1.0);
        let (day, mut history) = self.begun(&Trial::new(day, seed))?;
        history.advance(day.end_ns);
        let ended = history.finish_with_profile(&self.hash);
        let (_, profile) = ended.map_err(|error| Unlived(error.to_string()))?;
        Ok(Self {
            quiet: profile.map(Arc::new),
            variant: format!("{} quiet as on {date} {seed}", self.variant),
            ..self.clone()
        })
    }

    /// The same days, with every window of a promise as long as a day.
    #[must_use]
    pub fn with_whole_days(&self) -> Self {
        let mut tables: Tables = (**self.system).clone();
        for promise in &mut tables.promises {
            for must in &mut promise.must {
                must.over_ns = must.over_ns.max(86_400_000_000_000);
            }
        }
        let system = System::new(tables).expect("windows may be long");
        Self {
            system: Arc::new(system),
            variant: format!("{} in whole days", self.variant),
            ..self.clone()
        }
    }

    /// A drawn day as a scenario.
    #[must_use]
    pub fn scenario(&self, drawn: &Drawn) -> Scenario {
        let strikes: Vec<Strike> = drawn
            .strikes
            .iter()
            .map(|&(what, at)| Strike {
                what,
                at,
                lasts_ns: None,
                by: None,
            })
            .collect();
        self.around(drawn.date, &strikes, 1.0)
    }

    /// The day around strikes: of a date, if there are none; with all demand times a factor.
    #[must_use]
    pub fn around(&self, date: Date, strikes: &[Strike], demand: f64) -> Scenario {
        let calendar = self.year.calendar();
        let first = strikes.iter().map(|strike| strike.at).min();
        let (day, from) = match first {
            None => (date, None),
            Some(first) => {
                let before = self.before_ns(date, first);
                let midnight = calendar.midnight(calendar.local(first).date());
                if HOUR_BEFORE_NS < before && first - before < midnight {
                    // Windows reach back to the start of the day at most, and need it whole.
                    (calendar.local(first).date(), None)
                } else {
                    let from = calendar.local((first - before).div_euclid(MINUTE_NS) * MINUTE_NS);
                    (from.date(), Some(from.time()))
                }
            }
        };
        let mut happens: Vec<Happening> = strikes
            .iter()
            .map(|strike| Happening {
                at: calendar.local(strike.at).time(),
                what: strike.what,
                target: None,
                by: strike.by,
                lasts_ns: strike.lasts_ns,
                because: None,
            })
            .collect();
        let dated = self.dated_faults(calendar, day, from);
        let is_given = |what: Happens| strikes.iter().any(|strike| strike.what == what);
        happens.extend(dated.into_iter().filter(|dated| !is_given(dated.what)));
        let ids = 0..self.system.clients.len() as u32;
        Scenario {
            name: "day".to_owned(),
            day,
            from,
            // The same time on the next day: what strikes before it then is after midnight.
            until: from,
            demand: if demand == 1.0 {
                Vec::new()
            } else {
                ids.map(|id| (ClientId(id), demand)).collect()
            },
            happens,
        }
    }

    /// Two hours around the busiest moment of a date, with nothing but what is dated: cheap, and the worst of a quiet day.
    #[must_use]
    pub fn busiest(&self, date: Date, demand: f64) -> Scenario {
        let mut scenario = self.around(date, &[], demand);
        let Some(peak) = self.peak_of(date) else {
            return scenario;
        };
        let calendar = self.year.calendar();
        let (start, end) = (
            calendar.midnight(date),
            calendar.midnight(date.tomorrow().unwrap_or(date)),
        );
        let hour = 60 * MINUTE_NS;
        let from = (peak - hour).max(start).min(end - 2 * hour);
        let local = |at: i64| calendar.local(at.div_euclid(MINUTE_NS) * MINUTE_NS);
        scenario.from = Some(local(from).time());
        // Midnight is that of the next day.
        scenario.until = Some(local(from + 2 * hour).time());
        scenario
    }

    /// The busiest moment of a date, Unix time in ns; none if nobody comes at a rate.
    #[must_use]
    pub fn peak_of(&self, date: Date) -> Option<i64> {
        let day = self.plan_whole(date)?;
        let (at, _) = day::busiest_moment(&self.system, &day, None)?;
        Some(day.start_unix_ns + at as i64)
    }

    /// How many visits a second come then.
    #[must_use]
    pub fn peak_rate(&self, date: Date) -> Option<f64> {
        let day = self.plan_whole(date)?;
        day::busiest_moment(&self.system, &day, None).map(|(_, rate)| rate)
    }

    /// The busiest hour of a date on which no event changes demand, and the visits per second then: a moment at which
    /// nothing but what one does oneself disturbs. None if there is none, or nobody comes.
    #[must_use]
    pub fn undisturbed(&self, date: Date) -> Option<(i64, f64)> {
        let day = self.plan_whole(date)?;
        let hour = 60 * MINUTE_NS;
        let free = |at: i64| {
            day.events.iter().all(|occurrence| {
                let event = &self.system.events[occurrence.event.index()];
                let own = event.lasts.as_ref().map_or(0.0, day::mean) as u64;
                let length = occurrence.lasts_ns.unwrap_or(own).max(event.fall_ns) as i64;
                let idle = event.demand.is_empty() && event.edit.is_none();
                idle || at + 2 * hour < occurrence.start_ns
                    || occurrence.start_ns.saturating_add(length) + hour / 2 < at
            })
        };
        let mut best: Option<(i64, f64)> = None;
        for quarter in 0..92 {
            let at = day.warm_up_ns as i64 + quarter * hour / 4;
            let rate = day::visits_at(&self.system, &day, None, at as u64);
            if 0.0 < rate && free(at) && best.is_none_or(|(_, most)| most * 1.001 < rate) {
                best = Some((at, rate));
            }
        }
        best.map(|(at, rate)| (day.start_unix_ns + at, rate))
    }

    /// Visits per second at an instant of a date, Unix time in ns.
    #[must_use]
    pub fn visits_at(&self, date: Date, at: i64) -> Option<f64> {
        let day = self.plan_whole(date)?;
        let at = u64::try_from(at - day.start_unix_ns).ok()?;
        Some(day::visits_at(&self.system, &day, None, at))
    }

    fn plan_whole(&self, date: Date) -> Option<Arc<day::Day>> {
        let known = |plans: &Plans| plans.lock().ok()?.get(&date).cloned();
        if let Some(plan) = known(&self.plans) {
            return plan;
        }
        let request = DayRequest {
            as_of: date,
            what: What::Ordinary { day: Some(date) },
            length_ns: Some(24 * 60 * MINUTE_NS as u64),
            random: Random::No,
        };
        let plan = day::plan(&self.system, &request).ok().map(Arc::new);
        if let Ok(mut plans) = self.plans.lock() {
            plans.insert(date, plan.clone());
        }
        plan
    }

    /// How long before a strike counting must start, ns: ten minutes, an hour where a promise compares with the hour before,
    /// and as long as it takes for so many requests as a window needs to be judged.
    fn before_ns(&self, date: Date, first: i64) -> i64 {
        let plain = if self.compares_with_the_hour_before() {
            HOUR_BEFORE_NS
        } else {
            BEFORE_NS
        };
        let Some(day) = self.plan_whole(date) else {
            return plain;
        };
        let at = (first - day.start_unix_ns).clamp(0, day.end_ns as i64) as u64;
        let mut longest = plain;
        for promise in &self.system.promises {
            let is_counted = |must: &Condition| {
                must.over_ns < 86_400_000_000_000
                    && !matches!(
                        must.metric,
                        Metric::Recovers
                            | Metric::Drains
                            | Metric::Queue
                            | Metric::Replicas
                            | Metric::Cpu
                            | Metric::BusyWorkers
                            | Metric::Age
                            | Metric::Backlog
                    )
            };
            if !promise.must.iter().any(is_counted) {
                continue;
            }
            for subject in &promise.subjects {
                // Not each visit comes by each service: half of them are taken to.
                let (client, share) = match subject {
                    Subject::Client(id) => (Some(*id), 1.0),
                    _ => (None, 0.5),
                };
                let closed = |id: ClientId| {
                    matches!(
                        self.system.clients[id.index()].arrive,
                        Arrive::Closed { .. }
                    )
                };
                if client.is_some_and(closed) {
                    continue;
                }
                let rate = share * day::visits_at(&self.system, &day, client, at);
                let needed = 1.3e9 * promise.at_least as f64 / rate.max(1e-9);
                longest = longest.max(needed.min(1e15) as i64);
            }
        }
        longest
    }

    fn compares_with_the_hour_before(&self) -> bool {
        let conditions = self
            .system
            .promises
            .iter()
            .flat_map(|promise| &promise.must);
        conditions
            .into_iter()
            .any(|condition| condition.metric == Metric::Drains)
    }

    /// Faults that the calendar brings: a scenario lists them, or they do not happen.
    fn dated_faults(
        &self,
        calendar: &Calendar,
        day: Date,
        from: Option<jiff::civil::Time>,
    ) -> Vec<Happening> {
        let is_dated =
            |fault: &worstday_model::system::Fault| matches!(fault.when, FaultWhen::Dated(_));
        if !self.system.faults.iter().any(is_dated) {
            return Vec::new();
        }
        let start = calendar.instant(day.to_datetime(from.unwrap_or_default()));
        let end = start + 24 * 60 * MINUTE_NS;
        let mut found: Vec<Happening> = Vec::new();
        let mut seen: Vec<(FaultId, i64)> = Vec::new();
        for date in [day, day.tomorrow().unwrap_or(day)] {
            let Some(planned) = self.plan_whole(date) else {
                continue;
            };
            for strike in &planned.faults {
                let at = planned.start_unix_ns + strike.at_ns;
                if (start..end).contains(&at) && !seen.contains(&(strike.fault, at)) {
                    seen.push((strike.fault, at));
                    found.push(Happening {
                        at: calendar.local(at).time(),
                        what: Happens::Fault(strike.fault),
                        target: None,
                        by: None,
                        lasts_ns: strike.lasts_ns,
                        because: None,
                    });
                }
            }
        }
        found
    }

    /// Lives a day; none if `stop` said so meanwhile.
    ///
    /// # Errors
    ///
    /// [`Unlived`] if there is no such day, or its counts do not add up.
    pub fn live(&self, trial: &Trial, stop: &dyn Fn() -> bool) -> Result<Option<Tried>, Unlived> {
        let (day, mut history) = self.begun(trial)?;
        history.keep_only_verdicts();
        if !lived_to_its_end(trial, &day, &mut history, stop) {
            return Ok(None);
        }
        let judged = history.finish_judged(self.quiet.as_deref());
        let judged = judged.map_err(|error| Unlived(error.to_string()))?;
        Ok(Some(self.tried(&judged)))
    }

    /// Lives a day and says all that came of it; none if `stop` said so meanwhile.
    ///
    /// # Errors
    ///
    /// As [`World::live`].
    pub fn outcome(
        &self,
        trial: &Trial,
        stop: &dyn Fn() -> bool,
    ) -> Result<Option<Outcome>, Unlived> {
        let unlived = |error: &dyn std::fmt::Display| Unlived(error.to_string());
        let (day, mut history) = self.begun(trial)?;
        if !lived_to_its_end(trial, &day, &mut history, stop) {
            return Ok(None);
        }
        let outcome = match &self.quiet {
            Some(quiet) => history.finish_within(&self.hash, quiet),
            None => history.finish(&self.hash),
        };
        outcome.map(Some).map_err(|error| unlived(&error))
    }

    /// The same days of another system of the same things: one with something decided otherwise.
    #[must_use]
    pub fn beside(&self, system: &System, editing: Arc<dyn Editing>, what: &str) -> Self {
        let known = system.faults.len();
        let faults = self.system.faults[known.min(self.system.faults.len())..].to_vec();
        Self {
            system: Arc::new(without_growth(system, known, &faults)),
            editing: Arc::new(Extended {
                inner: editing,
                first: known,
                faults,
            }),
            variant: format!("{} with {what}", self.variant),
            plans: Plans::default(),
            ..self.clone()
        }
    }

    /// The same days of a system that differs in what does not make a plan; `editing` goes with it.
    pub(crate) fn with(&self, tables: Tables, editing: Arc<dyn Editing>, what: &str) -> Self {
        Self {
            system: Arc::new(System::new(tables).expect("it was right before")),
            editing,
            variant: format!("{} {what}", self.variant),
            ..self.clone()
        }
    }

    /// The same days without what some events do.
    #[must_use]
    pub fn without_events(&self, events: &[EventId]) -> Self {
        if events.is_empty() {
            return self.clone();
        }
        let mut tables: Tables = (**self.system).clone();
        for event in events {
            let event = &mut tables.events[event.index()];
            event.demand.clear();
            event.edit = None;
        }
        Self {
            system: Arc::new(System::new(tables).expect("an event may do nothing")),
            variant: format!("{} without {events:?}", self.variant),
            plans: Plans::default(),
            ..self.clone()
        }
    }

    /// How long a fault lasts on average, ns; no time at all if that is another's matter.
    #[must_use]
    pub fn usual_length(&self, fault: FaultId) -> u64 {
        match &self.system.faults[fault.index()].lasts {
            worstday_model::system::Lasts::Time(law) => day::mean(law) as u64,
            _ => 0,
        }
    }

    /// The plan of a day.
    ///
    /// # Errors
    ///
    /// [`Unlived`] if there is no such day.
    pub fn planned(&self, day: &Scenario) -> Result<day::Day, Unlived> {
        let request = DayRequest {
            as_of: day.day,
            what: What::Scenario(day.clone()),
            length_ns: None,
            random: Random::No,
        };
        day::plan(&self.system, &request).map_err(|error| Unlived(error.to_string()))
    }

    fn begun(&self, trial: &Trial) -> Result<(Arc<day::Day>, History), Unlived> {
        let unlived = |error: &dyn std::fmt::Display| Unlived(error.to_string());
        let day = Arc::new(self.planned(&trial.day)?);
        let history = History::new(
            Arc::clone(&self.system),
            Arc::clone(&day),
            Arc::clone(&self.editing),
            trial.seed,
        )
        .map_err(|error| unlived(&error))?;
        Ok((day, history))
    }

    fn tried(&self, judged: &Judgement) -> Tried {
        let outcome = judged;
        let broke_off = outcome.ended == Ended::TooManyInside;
        let promises = self.system.promises.iter().zip(&outcome.promises);
        Tried {
            promises: promises
                .map(|(promise, outcome)| {
                    let margins = outcome
                        .conditions
                        .iter()
                        .filter_map(ConditionOutcome::margin);
                    let is = |verdict: Verdict| {
                        outcome
                            .conditions
                            .iter()
                            .any(|condition| condition.verdict == verdict)
                    };
                    let broken = is(Verdict::Broken);
                    let least = margins.fold(20.0, f64::min);
                    Judged {
                        broken,
                        told: outcome
                            .conditions
                            .iter()
                            .any(|condition| 0 < condition.windows),
                        margin: if broken {
                            least.min(-1e-9)
                        } else {
                            least.max(1e-9)
                        },
                        windows: outcome.conditions.iter().map(|row| row.windows).sum(),
                        broken_windows: outcome.conditions.iter().map(|row| row.broken).sum(),
                        sent: sent(judged, &promise.subjects),
                    }
                })
                .collect(),
            events: outcome.events,
            simulated_ns: outcome.end_ns,
            broke_off,
            recovered: !broke_off
                && outcome
                    .recovery
                    .is_none_or(|recovery| recovery.at_ns.is_some()),
        }
    }

    /// What happens on a day, line by line.
    #[must_use]
    pub fn told(&self, day: &Scenario) -> Vec<String> {
        let name = |what: Happens| match what {
            Happens::Fault(id) => self.system.faults[id.index()].name.clone(),
            Happens::Event(id) => self.system.events[id.index()].name.clone(),
            Happens::Edit(id) => self.system.edits[id.index()].name.clone(),
            Happens::Act(id) => self.system.by_hand[id as usize].text.clone(),
            Happens::Demand(id) => format!("demand of {}", self.system.clients[id.index()].name),
        };
        let lines = day.happens.iter().map(|happening| {
            let at = happening.at.strftime("%H:%M:%S");
            let lasts = happening
                .lasts_ns
                .map_or(String::new(), |ns| format!(" for {} s", ns / 1_000_000_000));
            format!("{at} {}{lasts}", name(happening.what))
        });
        lines.collect()
    }

    /// What a trial is known by: two trials of one key have one outcome.
    #[must_use]
    pub fn key(&self, trial: &Trial) -> String {
        let mut digest = Digest::new();
        let text = format!("{}{} {:?}", self.hash, self.variant, trial.day);
        for chunk in text.as_bytes().chunks(8) {
            let mut word = [0; 8];
            word[..chunk.len()].copy_from_slice(chunk);
            digest.push(u64::from_le_bytes(word));
        }
        digest.push(trial.seed);
        digest.push(u64::from(trial.settles));
        format!("{:032x}", digest.value())
    }
}

/// Lets a history go on to where its day ends; false if `stop` said so meanwhile.
fn lived_to_its_end(
    trial: &Trial,
    day: &day::Day,
    history: &mut History,
    stop: &dyn Fn() -> bool,
) -> bool {
    let mut end_ns = day.end_ns;
    if trial.settles {
        let strikes = day.faults.iter().map(|strike| strike.at_ns);
        let events = trial
            .day
            .happens
            .iter()
            .filter_map(|happening| match happening.what {
                Happens::Event(id) => Some(id),
                _ => None,
            });
        let listed: Vec<_> = events.collect();
        let events = day.events.iter().filter(|row| listed.contains(&row.event));
        match strikes.chain(events.map(|row| row.start_ns)).max() {
            Some(last) => history.end_when_settled(last.max(0) as u64 + 1, true),
            None => end_ns = end_ns.min(day.warm_up_ns + UNDISTURBED_NS),
        }
    }
    while !history.is_over() && history.now_ns() < end_ns {
        // How long a stretch is changes nothing in the history.
        history.advance(history.now_ns().saturating_add(STRETCH_NS).min(end_ns));
        if stop() {
            return false;
        }
    }
    true
}

/// Something that strikes at an instant.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Strike {
    /// A fault or an event.
    pub what: Happens,
    /// Unix time, ns.
    pub at: i64,
    /// Its length, ns, if it is not to be drawn.
    pub lasts_ns: Option<u64>,
    /// Its size, if it is not to be drawn.
    pub by: Option<f64>,
}

/// Requests of the first subject of a promise.
fn sent(outcome: &Judgement, subjects: &[Subject]) -> u64 {
    match subjects.first() {
        Some(Subject::Client(id)) => outcome.arrived.get(id.index()).copied().unwrap_or(0),
        _ => 0,
    }
}
