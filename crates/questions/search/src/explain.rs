//! Why a day breaks a promise: what started it, what it became, what kept it going, and what would have spared it.
//!
//! Everything that is said is taken from histories of that very day:
//!
//! - the **chain** from one history and its twin, the same day with the same seed on which nothing strikes: every draw is the
//!   same in both, so wherever they part, the strikes are why (common random numbers);
//! - a **cause** is a strike without which, on the same fresh seeds, at most half as many days break; where no
//!   single one is, pairs of them are tried. The interval of the difference counts pairs;
//! - **how it ends**: on how many seeds everything is as before within an hour of the last strike's end;
//! - the **loop** that keeps it going: settings of the file that, changed only after the last strike has ended, let days
//!   recover that do not recover by themselves. What is found so is what sustains the state, whatever triggered it
//!   (N. Bronson et al., "Metastable failures in distributed systems", HotOS 2021);
//! - what **frees** it: of the actions that people have (shedding, restarts, flags, a setting changed for the moment),
//!   the smallest of each kind that brings back nineteen of twenty stuck days;
//! - **fixes**: every setting that the language knows of what took part ([`Model::levers`](worstday_model::load::Model::levers)), turned
//!   every way, the cheapest first, until three have made the day harmless on a hundred fresh seeds and more: the upper end of
//!   the share that still breaks is at most the promise's own `at-risk`, at an error that is divided over all that were put to
//!   that test. What each does to every promise is counted on the same seeds, on this day and on a normal one.
//!
//! Nothing here knows a pattern: no table says what helps against what.

mod frees;
mod story;
mod turns;

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use worstday_model::day::{Happens, Scenario};
use worstday_model::load::{Lever, Turn};
use worstday_model::system::{EventId, System};
use worstday_sim::outcome::Verdict;
use worstday_stats::Interval;
use worstday_stats::interval::Pairs;

use crate::answer::Early;
use crate::check::{Check, Crew, Options};
use crate::claim::Extra;
use crate::lived::{Trial, Unlived, World};

pub use self::story::{Beat, Kind};

/// Fresh seeds that causes, recovery and fixes are counted on.
const FRESH: u64 = 100;

/// Days are lived so many at a time.
const BATCH: u64 = 20;

/// How long after the last strike's end a day may take to come back, ns.
const HORIZON_NS: i64 = 3_600_000_000_000;

/// Fixes are looked for until so much of the budget is left, and what keeps it going until so much is.
const SHARE_FOR_FIXES: f64 = 0.3;
const SHARE_FOR_LOOP: f64 = 0.15;

const MINUTE_NS: i64 = 60_000_000_000;

/// Who makes the system anew with something decided otherwise.
pub trait Workshop {
    /// All settings of the model.
    fn levers(&self) -> Vec<Lever>;

    /// The same days of the model with a setting turned; none if the model refuses that.
    fn turned(&self, world: &World, turn: &Turn) -> Option<World>;
}

/// What is asked.
#[derive(Clone, Debug)]
pub struct Asked {
    /// The day.
    pub day: Scenario,
    /// A seed on which it breaks the promise.
    pub seed: u64,
    /// The promise, by number.
    pub promise: usize,
}

/// Why a day breaks a promise.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Explained {
    /// The promise.
    pub promise: String,
    /// What of it must hold, in words.
    pub must: Vec<String>,
    /// Where it stands: `file:line`.
    pub place: String,
    /// The date.
    pub day: String,
    /// What strikes, line by line, in local time.
    pub happens: Vec<String>,
    /// The seed whose history is told.
    pub seed: u64,
    /// Whether that history breaks the promise.
    pub breaks: bool,
    /// Digest of that history's events.
    pub digest: String,
    /// Fresh seeds of this day.
    pub trials: u64,
    /// Of these, broken.
    pub broken: u64,
    /// What happened, in order.
    pub chain: Vec<Beat>,
    /// What it is owed to; empty if nothing that was left out spared half of the days.
    pub causes: Vec<Cause>,
    /// What was left out and spared fewer.
    pub no_causes: Vec<Cause>,
    /// Whether everything that strikes was left out once: else the budget ended before.
    pub causes_known: bool,
    /// How it ends; none if nothing strikes.
    pub ends: Option<Ends>,
    /// What keeps it going: settings that let it recover when they are changed after the last strike.
    pub sustained: Vec<Held>,
    /// What brings a stuck day back.
    pub frees: Vec<Freed>,
    /// What makes this day harmless, the cheapest first.
    pub fixes: Vec<Fix>,
    /// Turns of settings that were tried as fixes.
    pub turns_tried: u64,
    /// And how many there are of what took part.
    pub turns: u64,
    /// Days lived.
    pub days: u64,
    /// Why it ended before all was answered; none if it did not.
    pub ended: Option<Early>,
}

/// What a day is owed to.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Cause {
    /// What was left out.
    pub what: String,
    /// Seeds, the same with it and without it.
    pub trials: u64,
    /// Broken with it.
    pub with: u64,
    /// Broken without it.
    pub without: u64,
    /// The share of broken days without it less that with it, with 95 %.
    pub change: Interval,
}

/// How a day ends.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Ends {
    /// When the last strike has ended, local time.
    pub trigger_ends: String,
    /// Seeds.
    pub trials: u64,
    /// Of these, everything was as before in time.
    pub back: u64,
    /// In time: so many seconds after the last strike's end.
    pub within_s: f64,
    /// How long it took on the seed whose history is told, seconds; none if it did not come back in time.
    pub took_s: Option<f64>,
}

/// A setting that keeps a bad state going.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Held {
    /// Its path.
    pub path: String,
    /// What it is.
    pub now: Option<String>,
    /// Where it stands.
    pub place: String,
    /// What it was changed to, after the last strike.
    pub to: String,
    /// Days that do not come back by themselves.
    pub trials: u64,
    /// Of these, back with it changed.
    pub back: u64,
}

/// Something that people do.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Freed {
    /// In words.
    pub what: String,
    /// When, local time.
    pub at: String,
    /// The lines of a scenario that do it.
    pub lines: Vec<String>,
    /// Days that do not come back by themselves.
    pub trials: u64,
    /// Of these, back.
    pub back: u64,
    /// Share that comes back, with 95 %.
    pub share: Interval,
}

/// A setting that makes the day harmless.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Fix {
    /// The setting.
    pub path: String,
    /// What it is; none if the file does not say it.
    pub now: Option<String>,
    /// What it becomes.
    pub to: String,
    /// What `--set` takes.
    pub set: String,
    /// The line.
    pub place: String,
    /// What it costs, per month of 30 days, in the file's currency; none if the file has no prices.
    pub per_month: Option<f64>,
    /// Replicas that are added.
    pub replicas: i64,
    /// Fresh seeds of the day.
    pub trials: u64,
    /// Of these, still broken.
    pub broken: u64,
    /// At most that share breaks.
    pub at_most: f64,
    /// What becomes of every promise: on this day, and on a normal one.
    pub promises: Vec<Effect>,
}

/// What a change does to a promise.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Effect {
    /// Its name.
    pub name: String,
    /// Whether nothing strikes: else it is the day that is explained.
    pub normal_day: bool,
    /// Seeds.
    pub trials: u64,
    /// Broken before.
    pub before: u64,
    /// Broken after.
    pub after: u64,
    /// The difference of the shares, with 95 %.
    pub change: Interval,
}

/// Explains a day.
///
/// # Errors
///
/// [`Unlived`] if a day cannot be lived.
pub fn explain<C: Crew>(
    world: &World,
    workshop: &dyn Workshop,
    asked: &Asked,
    options: &Options,
    crew: &mut C,
) -> Result<Explained, Unlived> {
    let extra = Extra::default();
    let mut check = Check::new(world, &extra, options, crew);
    check.begin()?;
    let trial = Trial::new(asked.day.clone(), asked.seed);
    let triggers = Triggers::of(&check.world, &asked.day)?;
    let promise = &world.system.promises[asked.promise];
    let never = || false;
    // The history that was found, to the event.
    let found = check.world.outcome(&trial, &never)?;
    let found = found.expect("nobody stops it");
    let mut explained = Explained {
        promise: promise.name.clone(),
        must: promise.must.iter().map(|must| must.text.clone()).collect(),
        place: format!("{}:{}", promise.place.file, promise.place.line),
        day: asked.day.day.to_string(),
        happens: check.world.told(&asked.day),
        seed: asked.seed,
        breaks: found.promises[asked.promise]
            .conditions
            .iter()
            .any(|condition| condition.verdict == Verdict::Broken),
        digest: found.digest.clone(),
        trials: 0,
        broken: 0,
        chain: Vec::new(),
        causes: Vec::new(),
        no_causes: Vec::new(),
        causes_known: false,
        ends: None,
        sustained: Vec::new(),
        frees: Vec::new(),
        fixes: Vec::new(),
        turns_tried: 0,
        turns: 0,
        days: 0,
        ended: None,
    };
    let mut case = Case {
        check,
        workshop,
        asked,
        triggers,
        took_part: Vec::new(),
        broke: Vec::new(),
        stuck: Vec::new(),
    };
    case.tell(&mut explained)?;
    case.count(&mut explained)?;
    case.causes(&mut explained)?;
    case.ends(&mut explained)?;
    case.fixes(&mut explained, SHARE_FOR_FIXES)?;
    case.sustained(&mut explained, SHARE_FOR_LOOP)?;
    case.frees(&mut explained)?;
    explained.days = case.check.days.all();
    explained.ended = case.check.stopped;
    Ok(explained)
}

/// What strikes on a day, and until when.
struct Triggers {
    /// Positions among what happens.
    faults: Vec<usize>,
    /// Events of the calendar or of the day that change something while it lasts.
    events: Vec<EventId>,
    /// The first strike, Unix time in ns.
    first: i64,
    /// The end of the last one, Unix time in ns.
    last_end: i64,
}

impl Triggers {
    fn of(world: &World, day: &Scenario) -> Result<Option<Self>, Unlived> {
        let plan = world.planned(day)?;
        let unix = |at: i64| plan.start_unix_ns + at;
        let faults: Vec<usize> = (0..day.happens.len())
            .filter(|&at| matches!(day.happens[at].what, Happens::Fault(_)))
            .collect();
        let mut spans: Vec<(i64, i64)> = plan
            .faults
            .iter()
            .map(|strike| {
                let drawn = || world.usual_length(strike.fault);
                let lasts = strike.lasts_ns.unwrap_or_else(drawn);
                (
                    unix(strike.at_ns),
                    unix(strike.at_ns).saturating_add(lasts.min(i64::MAX as u64) as i64),
                )
            })
            .collect();
        let near = |from: i64, to: i64| match (
            spans.iter().map(|span| span.0).min(),
            spans.iter().map(|span| span.1).max(),
        ) {
            (Some(first), Some(last)) => {
                from <= last + HORIZON_NS / 2 && first - HORIZON_NS / 2 <= to
            }
            _ => true,
        };
        let mut events: Vec<EventId> = Vec::new();
        let mut more = Vec::new();
        for occurrence in &plan.events {
            let event = &world.system.events[occurrence.event.index()];
            if event.demand.is_empty() && event.edit.is_none() {
                continue;
            }
            let own = event.lasts.as_ref().map_or(0.0, worstday_model::day::mean) as u64;
            let length = occurrence
                .lasts_ns
                .unwrap_or(own)
                .saturating_add(event.fall_ns);
            let from = unix(occurrence.start_ns);
            let to = from.saturating_add(length.min(i64::MAX as u64) as i64);
            if unix(plan.warm_up_ns as i64) <= to && near(from, to) {
                if !events.contains(&occurrence.event) {
                    events.push(occurrence.event);
                }
                more.push((from, to));
            }
        }
        spans.extend(more);
        let first = spans.iter().map(|span| span.0).min();
        let last = spans.iter().map(|span| span.1).max();
        Ok(first.zip(last).map(|(first, last_end)| Self {
            faults,
            events,
            first,
            last_end,
        }))
    }
}

/// A day under explanation.
pub(crate) struct Case<'a, C> {
    check: Check<'a, C>,
    workshop: &'a dyn Workshop,
    asked: &'a Asked,
    triggers: Option<Triggers>,
    /// Names of what departed from its twin: whose settings are tried.
    took_part: Vec<String>,
    /// On which of the fresh seeds the day breaks.
    broke: Vec<bool>,
    /// Fresh seeds on which it does not come back.
    stuck: Vec<u64>,
}

impl<C: Crew> Case<'_, C> {
    fn seed(&self, index: u64) -> u64 {
        self.check.seed_of("explain", index)
    }

    /// Lives a day of a world on seeds; fewer come back if the budget ends.
    fn live(
        &mut self,
        world: &World,
        day: &Scenario,
        seeds: &[u64],
        trying: &str,
    ) -> Result<Vec<crate::lived::Tried>, Unlived> {
        let mut all = Vec::with_capacity(seeds.len());
        for seeds in seeds.chunks(BATCH as usize) {
            let trials: Vec<Trial> = seeds
                .iter()
                .map(|&seed| Trial::new(day.clone(), seed))
                .collect();
            let Some(tried) = self.check.batch_of(world, &trials, trying)? else {
                break;
            };
            self.check.days.shrunk += trials.len() as u64;
            all.extend(tried);
        }
        Ok(all)
    }

    /// The share of the budget that is left.
    fn left(&mut self) -> f64 {
        let days = self.check.options.budget_days.map_or(1.0, |most| {
            1.0 - self.check.days.all() as f64 / most.max(1) as f64
        });
        days.min(self.check.crew.time_left())
    }

    fn breaks(&self, tried: &crate::lived::Tried) -> bool {
        tried.promises[self.asked.promise].broken || tried.broke_off
    }

    /// The chain: where the history departs from its twin on which nothing strikes.
    fn tell(&mut self, explained: &mut Explained) -> Result<(), Unlived> {
        let Some(triggers) = &self.triggers else {
            // Nothing strikes: everybody takes part.
            return Ok(());
        };
        let world = &self.check.world;
        let story = self.story_day();
        let trial = Trial::lived_out(story.clone(), self.asked.seed);
        let never = || false;
        let with = world.outcome(&trial, &never)?.expect("nobody stops it");
        let calm = world.without_events(&triggers.events);
        let twin = Trial::lived_out(without_faults(&story), self.asked.seed);
        let without = calm.outcome(&twin, &never)?.expect("nobody stops it");
        self.check.days.shrunk += 2;
        let calendar = self.check.world.year.calendar();
        let told = story::chain(&with, &without, triggers.last_end, |unix| {
            calendar.local(unix).strftime("%H:%M:%S").to_string()
        });
        explained.chain = told.beats;
        self.took_part = told.took_part;
        explained.ends = Some(Ends {
            trigger_ends: calendar
                .local(triggers.last_end)
                .strftime("%H:%M:%S")
                .to_string(),
            trials: 0,
            back: 0,
            within_s: HORIZON_NS as f64 / 1e9,
            took_s: with.recovery.and_then(|recovery| {
                Some(recovery.at_ns?.saturating_sub(recovery.from_ns) as f64 / 1e9)
            }),
        });
        Ok(())
    }

    /// The same day, lived until an hour after the last strike's end, whatever happens.
    fn story_day(&self) -> Scenario {
        let mut day = self.asked.day.clone();
        let Some(triggers) = &self.triggers else {
            return day;
        };
        let calendar = self.check.world.year.calendar();
        let from = day.from.unwrap_or_default();
        let start = calendar.instant(day.day.to_datetime(from));
        // Cheaper, and no less certain: not long before the first strike.
        let begin = (triggers.first - 10 * MINUTE_NS).max(start);
        let begin = begin.div_euclid(MINUTE_NS) * MINUTE_NS;
        let end = (triggers.last_end + HORIZON_NS).div_euclid(MINUTE_NS) * MINUTE_NS;
        if end < begin + 24 * 60 * MINUTE_NS {
            if day.from.is_none() || calendar.local(begin).date() == day.day {
                day.day = calendar.local(begin).date();
                day.from = Some(calendar.local(begin).time());
            }
            day.until = Some(calendar.local(end).time());
        }
        day
    }

    /// How often the day breaks on fresh seeds.
    fn count(&mut self, explained: &mut Explained) -> Result<(), Unlived> {
        let seeds: Vec<u64> = (0..FRESH).map(|index| self.seed(index)).collect();
        let world = self.check.world.clone();
        let day = self.asked.day.clone();
        let tried = self.live(&world, &day, &seeds, "the day")?;
        self.broke = tried.iter().map(|tried| self.breaks(tried)).collect();
        explained.trials = tried.len() as u64;
        explained.broken = self.broke.iter().filter(|&&broke| broke).count() as u64;
        Ok(())
    }

    /// What, left out, spares at least half of the days.
    fn causes(&mut self, explained: &mut Explained) -> Result<(), Unlived> {
        let Some(triggers) = &self.triggers else {
            return Ok(());
        };
        let system = Arc::clone(&self.check.world.system);
        let day = self.asked.day.clone();
        // What can be left out: a line of the day, or what an event of the calendar does.
        let mut parts: Vec<(String, Part)> = triggers
            .faults
            .iter()
            .map(|&at| (named(&system, day.happens[at].what), Part::Line(at)))
            .collect();
        parts.extend(triggers.events.iter().map(|&event| {
            let name = system.events[event.index()].name.clone();
            (name, Part::Event(event))
        }));
        if day.demand.iter().any(|(_, factor)| 1.0 < *factor) {
            parts.push(("the higher demand".to_owned(), Part::Demand));
        }
        for (name, part) in &parts {
            let Some(cause) = self.left_out(&day, &[*part], name)? else {
                return Ok(());
            };
            let halves = 2 * cause.without <= cause.with && cause.change.high < 0.0;
            if halves {
                explained.causes.push(cause);
            } else {
                explained.no_causes.push(cause);
            }
        }
        explained.causes_known = true;
        if explained.causes.is_empty() && 1 < parts.len() {
            for (at, (one, first)) in parts.iter().enumerate() {
                for (other, second) in &parts[at + 1..] {
                    let name = format!("{one} and {other}");
                    let Some(cause) = self.left_out(&day, &[*first, *second], &name)? else {
                        return Ok(());
                    };
                    if 2 * cause.without <= cause.with && cause.change.high < 0.0 {
                        explained.causes.push(cause);
                    }
                }
            }
        }
        explained.causes.sort_by_key(|cause| cause.without);
        Ok(())
    }

    /// The day without some of its parts, on the same seeds; none if the budget ended.
    fn left_out(
        &mut self,
        day: &Scenario,
        parts: &[Part],
        name: &str,
    ) -> Result<Option<Cause>, Unlived> {
        let mut without = day.clone();
        let lines: Vec<usize> = parts
            .iter()
            .filter_map(|part| match part {
                Part::Line(at) => Some(*at),
                _ => None,
            })
            .collect();
        let mut at = 0;
        without.happens.retain(|_| {
            at += 1;
            !lines.contains(&(at - 1))
        });
        if parts.contains(&Part::Demand) {
            without.demand.clear();
        }
        let events: Vec<EventId> = parts
            .iter()
            .filter_map(|part| match part {
                Part::Event(event) => Some(*event),
                _ => None,
            })
            .collect();
        let world = self.check.world.without_events(&events);
        let seeds: Vec<u64> = (0..self.broke.len() as u64)
            .map(|index| self.seed(index))
            .collect();
        let trying = format!("without {name}");
        let tried = self.live(&world, &without, &seeds, &trying)?;
        if tried.len() < self.broke.len() || tried.is_empty() {
            return Ok(None);
        }
        let after: Vec<bool> = tried.iter().map(|tried| self.breaks(tried)).collect();
        let pairs = pairs(&self.broke, &after);
        Ok(Some(Cause {
            what: name.to_owned(),
            trials: pairs.count(),
            with: pairs.both + pairs.only_before,
            without: pairs.both + pairs.only_after,
            change: pairs.difference(0.95),
        }))
    }

    /// Whether days come back by themselves.
    fn ends(&mut self, explained: &mut Explained) -> Result<(), Unlived> {
        let Some(ends) = &mut explained.ends else {
            return Ok(());
        };
        let story = self.story_day();
        let world = self.check.world.clone();
        let seeds: Vec<u64> = (0..FRESH).map(|index| self.seed(index)).collect();
        for seeds in seeds.chunks(BATCH as usize) {
            let trials: Vec<Trial> = seeds
                .iter()
                .map(|&seed| Trial::lived_out(story.clone(), seed))
                .collect();
            let Some(tried) = self.check.batch_of(&world, &trials, "how it ends")? else {
                break;
            };
            self.check.days.shrunk += trials.len() as u64;
            for (seed, tried) in seeds.iter().zip(&tried) {
                ends.trials += 1;
                ends.back += u64::from(tried.recovered);
                if !tried.recovered {
                    self.stuck.push(*seed);
                }
            }
        }
        Ok(())
    }
}

/// Something that can be left out of a day.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Part {
    Line(usize),
    Event(EventId),
    Demand,
}

fn named(system: &System, what: Happens) -> String {
    match what {
        Happens::Fault(id) => system.faults[id.index()].name.clone(),
        Happens::Event(id) => system.events[id.index()].name.clone(),
        Happens::Edit(id) => system.edits[id.index()].name.clone(),
        Happens::Act(id) => system.by_hand[id as usize].text.clone(),
        Happens::Demand(id) => format!("demand of {}", system.clients[id.index()].name),
    }
}

fn without_faults(day: &Scenario) -> Scenario {
    let mut calm = day.clone();
    calm.happens
        .retain(|happening| !matches!(happening.what, Happens::Fault(_)));
    calm
}

/// Pairs of the same seeds.
fn pairs(before: &[bool], after: &[bool]) -> Pairs {
    let mut pairs = Pairs {
        both: 0,
        only_before: 0,
        only_after: 0,
        neither: 0,
    };
    for (before, after) in before.iter().zip(after) {
        match (before, after) {
            (true, true) => pairs.both += 1,
            (true, false) => pairs.only_before += 1,
            (false, true) => pairs.only_after += 1,
            (false, false) => pairs.neither += 1,
        }
    }
    pairs
}
