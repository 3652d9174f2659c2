//! The judge: whether a history kept each condition of each promise.
//!
//! The engine reports every finished request of the subjects that promises name, every change of
//! the levels they name, and when something was disturbed. The judge keeps counters per slot of a
//! fifth of a condition's window, by the time at which a request was *sent*, and looks at all
//! windows at the end. Thresholds are counted exactly; only the worst value that is printed comes from a
//! sketch (5 %), held to the side of the threshold on which it was counted.
//!
//! What the language leaves open is decided here:
//!
//! - Windows start at multiples of a fifth of their length since the local midnight of the first day.
//! - A window with too few requests is prolonged in steps of a fifth. If the start of its day is
//!   reached and they are still too few, it is not judged; a day without any judged window, as
//!   where less than a window was simulated, is judged on what it has.
//! - A request still inside at the end is judged as far as it can be: it has already taken too
//!   long, or its window counts only if it holds, or breaks, whatever becomes of it.
//! - Windows of a day or more leave out the slots of five minutes that `except` or a disturbance touch;
//!   shorter ones are left out whole.
//! - Money lost is summed in millionths of the currency, a visit's worth in the slot in which it was sent. Its windows are
//!   not prolonged, for an amount would only grow; any visit will do.
//! - A window longer than a day takes as many requests for the rest of it as the day had, all of them
//!   kept: a day that breaks it does so by its own losses.
//! - Of a day that was simulated in part, windows of a day or more see that part; or, with a [`DayProfile`], the whole day,
//!   the rest of it as on that quiet day.
//!
//! Recording costs one addition per condition of the subject and one search in a short list for
//! percentiles; memory is about 100 bytes per slot, and 8 per occupied bucket of its sketch.

mod drain;
mod level;
mod profile;
mod recovery;
mod rule;
mod sketch;
mod window;

pub use profile::DayProfile;
pub use recovery::Watch;
pub(crate) use sketch::Sketch;
pub(crate) use window::rank_of;

use crate::outcome::{ConditionOutcome, PromiseOutcome, Verdict};
use drain::DrainTrack;
use level::LevelTrack;
use recovery::Disturbance;
pub(crate) use rule::{Measure, Rule};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use window::CountTrack;
use worstday_model::calendar::Calendar;
use worstday_model::day::Day;
use worstday_model::system::{Condition, Promise, ServiceId, Subject, System, TopicId};

/// Slots of one condition; beyond that the run is too long for its window.
const MOST_SLOTS: u64 = 1 << 22;

/// Slots of conditions on whole days, ns.
const DAY_SLOT_NS: u64 = 300_000_000_000;

/// 24 hours in ns: a window of that length is the calendar day.
pub(crate) const DAY_NS: u64 = 86_400_000_000_000;

/// How a request ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum End {
    /// Answered fully.
    Ok,
    /// Answered less than fully.
    Degraded,
    /// Answered with a refusal the user must accept.
    Declined,
    /// Failed.
    Failed,
    /// Shed.
    Shed,
    /// Its user or caller had left.
    Abandoned,
}

impl End {
    /// Whether somebody got an answer.
    #[must_use]
    pub fn is_answered(self) -> bool {
        matches!(self, Self::Ok | Self::Degraded | Self::Declined)
    }
}

/// A request that is over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Finished {
    /// When it was sent, on the run's clock.
    pub sent_ns: u64,
    /// Response time; looked at only if it was answered.
    pub response_ns: u64,
    /// How it ended.
    pub end: End,
    /// Attempts it took, 1 where there are no retries.
    pub attempts: u32,
}

/// A quantity that has a value at every instant.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Level {
    /// Waiting, summed over replicas.
    Queue,
    /// Ready replicas.
    Replicas,
    /// CPU in use as a share of `request`, mean of ready replicas.
    Cpu,
    /// Busy workers as a share of workers.
    BusyWorkers,
    /// Messages of a topic that are not done with.
    Backlog,
    /// Age of the oldest of them, ns. It grows by itself: what is told is when that message was stored, or
    /// a negative number if there is none.
    Age,
}

/// Things that are counted beside the ends of requests.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Counted {
    /// Dropped from a queue because nobody waited any more, or from a topic because it waited too long.
    Expired,
    /// Executed once more for the same call, or handed out once more.
    Duplicate,
    /// A message that was given up after the last attempt.
    DeadLetter,
}

/// Whether a visit's money is lost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lost {
    /// It was lost.
    Yes,
    /// It is still inside at the end.
    Perhaps,
}

/// Why promises cannot be judged on this day.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum JudgeError {
    /// The window is too short for so long a run.
    TooManyWindows {
        /// The condition as written.
        condition: String,
        /// The promise it stands in.
        promise: String,
    },
    /// The system's time zone is not in the database.
    TimeZone(worstday_model::calendar::UnknownTimeZone),
}

impl std::fmt::Display for JudgeError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::TooManyWindows { condition, promise } => write!(
                f,
                "`{condition}` of `{promise}` has more than {MOST_SLOTS} windows on this day: take a longer window or a \
                 shorter run"
            ),
            Self::TimeZone(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for JudgeError {}

/// When things are counted, on the run's clock.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Timeline {
    /// Counting starts here.
    pub(crate) from_ns: u64,
    /// The run ends here.
    pub(crate) end_ns: u64,
    /// Local days, start and end; the first starts at or before `from_ns`.
    pub(crate) days: Vec<(i64, i64)>,
}

impl Timeline {
    /// Windows are laid out from here.
    fn origin_ns(&self) -> i64 {
        self.days.first().map_or(self.from_ns as i64, |day| day.0)
    }

    /// The day that the instant before `end_ns` belongs to.
    fn day_of_window(&self, end_ns: i64) -> usize {
        let after = self.days.partition_point(|day| day.0 < end_ns);
        after.saturating_sub(1)
    }
}

/// All promises of a system on one day, and what is known so far. Plain data.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Judge {
    timeline: Timeline,
    promises: Vec<Judged>,
    counts: Vec<CountTrack>,
    levels: Vec<LevelTrack>,
    drains: Vec<DrainTrack>,
    watches: Vec<Watch>,
    /// Streams of requests: whose, and what listens.
    streams: Vec<Stream>,
    /// Level tracks by service, and by topic.
    by_service: Vec<Vec<u32>>,
    by_topic: Vec<Vec<u32>>,
    /// Drain track of each topic, if some promise asks for it.
    drain_of: Vec<Option<u32>>,
    disturbances: Vec<Disturbance>,
}

/// A stream of requests.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Stream {
    subject: (SubjectKind, u32),
    counts: Vec<u32>,
    watch: Option<u32>,
}

/// [`Subject`] without its index, as plain data.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
enum SubjectKind {
    Client,
    Service,
    Endpoint,
    Call,
    Topic,
}

/// A promise.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Judged {
    name: String,
    survives: Vec<String>,
    at_least: u64,
    /// Left out, on the run's clock, ascending.
    except: Vec<(i64, i64)>,
    rows: Vec<Row>,
}

/// One condition for one subject.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Row {
    subject: String,
    /// Rows of one subject excuse and need each other.
    subject_index: u32,
    text: String,
    what: What,
}

/// Where the figures of a row are.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
enum What {
    Counts(u32),
    Levels(u32),
    /// Time to recovery, less or more than that; by the promise's other conditions or by the general rule.
    Recovers {
        rule: Rule,
        watch: u32,
    },
    /// Time until the backlog is normal.
    Drains {
        rule: Rule,
        track: u32,
    },
    /// Nothing of this subject has such a figure.
    Nothing,
}

impl Judged {
    /// What is measured for one of its subjects.
    fn of_subject(&self, subject_index: u32) -> impl Iterator<Item = What> {
        let same = move |row: &&Row| row.subject_index == subject_index;
        self.rows.iter().filter(same).map(|row| row.what)
    }
}

impl Judge {
    /// A judge of nothing.
    pub(crate) fn nobody() -> Self {
        Self {
            timeline: Timeline {
                from_ns: 0,
                end_ns: 0,
                days: Vec::new(),
            },
            promises: Vec::new(),
            counts: Vec::new(),
            levels: Vec::new(),
            drains: Vec::new(),
            watches: Vec::new(),
            streams: Vec::new(),
            by_service: Vec::new(),
            by_topic: Vec::new(),
            drain_of: Vec::new(),
            disturbances: Vec::new(),
        }
    }

    /// A judge for all promises of `system` on `day`.
    ///
    /// # Errors
    ///
    /// [`JudgeError`] if a window is too short for so long a run.
    pub fn new(system: &System, day: &Day) -> Result<Self, JudgeError> {
        let calendar = Calendar::new(&system.timezone).map_err(JudgeError::TimeZone)?;
        let on_clock = |unix_ns: i64| unix_ns.saturating_sub(day.start_unix_ns);
        let from_unix = day.start_unix_ns.saturating_add_unsigned(day.warm_up_ns);
        let end_unix = day.start_unix_ns.saturating_add_unsigned(day.end_ns);
        let days = calendar.days(from_unix, end_unix);
        let mut judge = Self {
            timeline: Timeline {
                from_ns: day.warm_up_ns,
                end_ns: day.end_ns,
                days: days
                    .iter()
                    .map(|day| (on_clock(day.start_ns), on_clock(day.end_ns)))
                    .collect(),
            },
            promises: Vec::new(),
            counts: Vec::new(),
            levels: Vec::new(),
            drains: Vec::new(),
            watches: Vec::new(),
            streams: Vec::new(),
            by_service: vec![Vec::new(); system.services.len()],
            by_topic: vec![Vec::new(); system.topics.len()],
            drain_of: vec![None; system.topics.len()],
            disturbances: Vec::new(),
        };
        // Whole days, as those parts of them that are not simulated may be judged too.
        let span = days.first().zip(days.last());
        let (first_unix, last_unix) =
            span.map_or((from_unix, end_unix), |(a, b)| (a.start_ns, b.end_ns));
        for promise in &system.promises {
            let except = calendar.intervals(&promise.except, first_unix, last_unix);
            let mut judged = Judged {
                name: promise.name.clone(),
                survives: promise.survives.iter().map(|s| s.text.clone()).collect(),
                at_least: promise.at_least.max(1),
                except: except
                    .iter()
                    .map(|&(from, to)| (on_clock(from), on_clock(to)))
                    .collect(),
                rows: Vec::new(),
            };
            for (index, &subject) in promise.subjects.iter().enumerate() {
                for condition in &promise.must {
                    let what = judge.add(system, promise, subject, condition)?;
                    judged.rows.push(Row {
                        subject: name_of(system, subject),
                        subject_index: index as u32,
                        text: condition.text.clone(),
                        what,
                    });
                }
            }
            judge.promises.push(judged);
        }
        Ok(judge)
    }

    fn add(
        &mut self,
        system: &System,
        promise: &Promise,
        subject: Subject,
        condition: &Condition,
    ) -> Result<What, JudgeError> {
        let rule = Rule::new(condition);
        let too_many = || JudgeError::TooManyWindows {
            condition: condition.text.clone(),
            promise: promise.name.clone(),
        };
        Ok(match rule.measure {
            Measure::Recovers => {
                let watch = self.watch(subject);
                What::Recovers { rule, watch }
            }
            Measure::Drains => match subject {
                Subject::Topic(topic) => What::Drains {
                    rule,
                    track: self.drain(topic),
                },
                _ => What::Nothing,
            },
            Measure::Level(Level::Backlog | Level::Age) => {
                let Subject::Topic(topic) = subject else {
                    return Ok(What::Nothing);
                };
                let track = LevelTrack::new(rule, &self.timeline).ok_or_else(too_many)?;
                self.levels.push(track);
                let index = self.levels.len() as u32 - 1;
                self.by_topic[topic.index()].push(index);
                What::Levels(index)
            }
            Measure::Level(_) => {
                let Some(service) = service_of(system, subject) else {
                    return Ok(What::Nothing);
                };
                let track = LevelTrack::new(rule, &self.timeline).ok_or_else(too_many)?;
                self.levels.push(track);
                let index = self.levels.len() as u32 - 1;
                self.by_service[service.index()].push(index);
                What::Levels(index)
            }
            // Nobody else has money.
            Measure::MoneyLost if !matches!(subject, Subject::Client(_)) => What::Nothing,
            _ => {
                let track = CountTrack::new(rule, &self.timeline).ok_or_else(too_many)?;
                self.counts.push(track);
                let index = self.counts.len() as u32 - 1;
                let stream = self.stream_or_new(subject);
                self.streams[stream as usize].counts.push(index);
                What::Counts(index)
            }
        })
    }

    /// The drain track of a topic: one for all its promises.
    fn drain(&mut self, topic: TopicId) -> u32 {
        let drains = &mut self.drains;
        *self.drain_of[topic.index()].get_or_insert_with(|| {
            drains.push(DrainTrack::new());
            drains.len() as u32 - 1
        })
    }

    /// The watch of a subject: one for all its promises.
    fn watch(&mut self, subject: Subject) -> u32 {
        let stream = self.stream_or_new(subject) as usize;
        let watches = &mut self.watches;
        let from_ns = self.timeline.from_ns;
        *self.streams[stream].watch.get_or_insert_with(|| {
            watches.push(Watch::new(from_ns));
            watches.len() as u32 - 1
        })
    }

    fn stream_or_new(&mut self, subject: Subject) -> u32 {
        self.stream(subject).unwrap_or_else(|| {
            self.streams.push(Stream {
                subject: key_of(subject),
                counts: Vec::new(),
                watch: None,
            });
            self.streams.len() as u32 - 1
        })
    }

    /// The stream to report a subject's requests to; none if no promise wants them.
    #[must_use]
    pub fn stream(&self, subject: Subject) -> Option<u32> {
        let key = key_of(subject);
        self.streams
            .iter()
            .position(|stream| stream.subject == key)
            .map(|index| index as u32)
    }

    /// Whether a promise speaks of levels of that service.
    #[must_use]
    pub fn wants_levels(&self, service: ServiceId) -> bool {
        !self.by_service[service.index()].is_empty()
    }

    /// Whether a promise speaks of levels of that topic.
    #[must_use]
    pub fn wants_topic(&self, topic: TopicId) -> bool {
        !self.by_topic[topic.index()].is_empty() || self.drain_of[topic.index()].is_some()
    }

    /// From now on a topic has that backlog, and its oldest message was stored then. Times must not go back.
    pub fn topic_level(
        &mut self,
        topic: TopicId,
        now_ns: u64,
        backlog: u64,
        oldest_ns: Option<u64>,
    ) {
        let oldest = oldest_ns.map_or(-1.0, |at| at as f64);
        for &track in &self.by_topic[topic.index()] {
            let track = &mut self.levels[track as usize];
            track.change(Level::Backlog, now_ns, backlog as f64);
            track.change(Level::Age, now_ns, oldest);
        }
        if let Some(track) = self.drain_of[topic.index()] {
            self.drains[track as usize].change(now_ns, backlog);
        }
    }

    /// A request is over.
    #[inline]
    pub fn record(&mut self, stream: u32, finished: &Finished) {
        if finished.sent_ns < self.timeline.from_ns {
            return;
        }
        let stream = &self.streams[stream as usize];
        for &track in &stream.counts {
            self.counts[track as usize].record(finished);
        }
        if let Some(watch) = stream.watch {
            self.watches[watch as usize].record(finished);
        }
    }

    /// A request that is still inside at the end, `now_ns`; to be called once for each, before [`finish`](Self::finish).
    pub fn record_inside(&mut self, stream: u32, sent_ns: u64, attempts: u32, now_ns: u64) {
        if sent_ns < self.timeline.from_ns {
            return;
        }
        let stream = &self.streams[stream as usize];
        for &track in &stream.counts {
            self.counts[track as usize].record_inside(sent_ns, attempts, now_ns);
        }
        if let Some(watch) = stream.watch {
            self.watches[watch as usize].record_inside(sent_ns);
        }
    }

    /// Whether a promise speaks of the money of that stream.
    #[must_use]
    pub fn wants_money(&self, stream: u32) -> bool {
        let counts = &self.streams[stream as usize].counts;
        (counts.iter()).any(|&at| self.counts[at as usize].rule.measure == Measure::MoneyLost)
    }

    /// A visit of that stream, sent then, is or may be lost, and was worth so many millionths of the currency.
    pub fn money(&mut self, stream: u32, sent_ns: u64, micros: u64, lost: Lost) {
        if self.timeline.from_ns <= sent_ns {
            for &track in &self.streams[stream as usize].counts {
                self.counts[track as usize].money(sent_ns, micros, lost);
            }
        }
    }

    /// Something else happened to a request of that stream, sent then.
    pub fn count(&mut self, stream: u32, what: Counted, sent_ns: u64) {
        if self.timeline.from_ns <= sent_ns {
            for &track in &self.streams[stream as usize].counts {
                self.counts[track as usize].count(what, sent_ns);
            }
        }
    }

    /// From now on a level has that value. Times of one service must not go back.
    pub fn level(&mut self, service: ServiceId, level: Level, now_ns: u64, value: f64) {
        for &track in &self.by_service[service.index()] {
            self.levels[track as usize].change(level, now_ns, value);
        }
    }

    /// A fault or event was under way from then until then, or to the end of the run. Occurrences that
    /// change nothing, such as a train that leaves, are no disturbance.
    pub fn disturbed(&mut self, from_ns: i64, until_ns: Option<u64>) {
        self.disturbances.push(Disturbance { from_ns, until_ns });
    }

    /// The verdicts at the end of the run, in the order of the system's promises.
    #[must_use]
    pub fn finish(mut self, end_ns: u64) -> Vec<PromiseOutcome> {
        self.close(end_ns);
        self.verdicts(None)
    }

    /// Nothing comes any more.
    pub(crate) fn close(&mut self, end_ns: u64) {
        self.timeline.end_ns = end_ns.min(self.timeline.end_ns);
        for track in &mut self.levels {
            track.end(self.timeline.end_ns);
        }
        for track in &mut self.drains {
            track.until(self.timeline.end_ns);
        }
    }

    /// The verdicts of a run that was [closed](Self::close); `quiet` is what its days are like where they were not
    /// simulated.
    pub(crate) fn verdicts(&self, quiet: Option<&DayProfile>) -> Vec<PromiseOutcome> {
        let spells = recovery::spells(&self.disturbances, &self.timeline);
        self.promises
            .iter()
            .map(|promise| self.judge_promise(promise, &spells, quiet))
            .collect()
    }

    /// The instant since which every promise on recovery or draining is met, of a run that ends now; none if
    /// one of them is still waiting.
    pub(crate) fn well_since(&mut self, now_ns: u64) -> Option<u64> {
        self.close(now_ns);
        let spells = recovery::spells(&self.disturbances, &self.timeline);
        let mut last = 0;
        for promise in &self.promises {
            for row in &promise.rows {
                for spell in &spells {
                    // What was cut short by the next disturbance can wait for nothing any more.
                    let waits = spell.horizon_ns == self.timeline.end_ns;
                    match self.recovered(promise, row, spell) {
                        Some(recovery::Seen::At(at)) => last = last.max(at),
                        Some(recovery::Seen::NotBefore(_)) if waits => return None,
                        _ => {}
                    }
                }
            }
        }
        Some(last)
    }

    /// When a promise on recovery or draining was met after a spell; none if the row is no such promise, or if it cannot be
    /// told.
    fn recovered(
        &self,
        promise: &Judged,
        row: &Row,
        spell: &recovery::Spell,
    ) -> Option<recovery::Seen> {
        match row.what {
            What::Drains { track, .. } => {
                self.drains[track as usize].drained(spell, self.timeline.from_ns)
            }
            What::Recovers { watch, .. } => {
                let others = || promise.of_subject(row.subject_index);
                let counts = others().filter_map(|what| match what {
                    What::Counts(index) => Some(&self.counts[index as usize]),
                    _ => None,
                });
                let levels = others().filter_map(|what| match what {
                    What::Levels(index) => Some(&self.levels[index as usize]),
                    _ => None,
                });
                let (counts, levels): (Vec<_>, Vec<_>) = (counts.collect(), levels.collect());
                if counts.is_empty() && levels.is_empty() {
                    let from_ns = spell.from_ns.max(0) as u64;
                    let watch = &self.watches[watch as usize];
                    Some(watch.seen(from_ns, spell.until_ns?, spell.horizon_ns))
                } else {
                    recovery::since_when(spell, &counts, &levels, promise.at_least)
                }
            }
            What::Counts(_) | What::Levels(_) | What::Nothing => None,
        }
    }

    fn judge_promise(
        &self,
        promise: &Judged,
        spells: &[recovery::Spell],
        quiet: Option<&DayProfile>,
    ) -> PromiseOutcome {
        let timeline = &self.timeline;
        let mut broken_days: BTreeSet<usize> = BTreeSet::new();
        let conditions = promise.rows.iter().map(|row| {
            // A promise that says how fast it recovers excuses itself for that long.
            let left_out = || {
                let mut intervals = promise.except.clone();
                let own = |other: &&Row| other.subject_index == row.subject_index;
                for excuse in promise.rows.iter().filter(own) {
                    if let What::Recovers { rule, .. } = excuse.what {
                        intervals.extend(spells.iter().map(|spell| {
                            let took = rule.is_ever();
                            let took = took.then(|| self.recovered(promise, excuse, spell));
                            spell.excused(&rule, took.flatten())
                        }));
                    }
                }
                window::union(intervals)
            };
            let (rule, found) = match row.what {
                What::Nothing => (None, window::Found::default()),
                What::Counts(index) => {
                    let track = &self.counts[index as usize];
                    let quiet = quiet.and_then(|quiet| quiet.counts(promise, row));
                    let found = track.judge(timeline, promise.at_least, &left_out(), quiet);
                    (Some(track.rule), found)
                }
                What::Levels(index) => {
                    let track = &self.levels[index as usize];
                    let quiet = quiet.and_then(|quiet| quiet.levels(promise, row));
                    let found = track.judge(timeline, &left_out(), quiet);
                    (Some(track.rule), found)
                }
                What::Drains { rule, .. } | What::Recovers { rule, .. } => {
                    let found = recovery::judge(&rule, timeline, spells, |spell| {
                        self.recovered(promise, row, spell)
                    });
                    (Some(rule), found)
                }
            };
            broken_days.extend(&found.broken_days);
            let verdict = if 0 < found.broken {
                Verdict::Broken
            } else if 0 < found.windows
                || (matches!(row.what, What::Recovers { .. } | What::Drains { .. })
                    && spells.is_empty())
            {
                Verdict::Kept
            } else {
                Verdict::CantTell
            };
            let worst = found.worst.map(|worst| worst.value);
            ConditionOutcome {
                subject: row.subject.clone(),
                text: row.text.clone(),
                verdict,
                goal: rule.map(|rule| rule.goal()),
                worst,
                worst_window: found.worst.map(|worst| worst.window),
                windows: found.windows,
                broken: found.broken,
            }
        });
        let conditions: Vec<ConditionOutcome> = conditions.collect();
        PromiseOutcome {
            name: promise.name.clone(),
            conditions,
            broken_days: broken_days.len() as u64,
            survives: promise.survives.clone(),
        }
    }
}

fn key_of(subject: Subject) -> (SubjectKind, u32) {
    match subject {
        Subject::Client(id) => (SubjectKind::Client, id.0),
        Subject::Service(id) => (SubjectKind::Service, id.0),
        Subject::Endpoint(id) => (SubjectKind::Endpoint, id.0),
        Subject::Call(id) => (SubjectKind::Call, id.0),
        Subject::Topic(id) => (SubjectKind::Topic, id.0),
    }
}

/// Whose levels a condition means: a call's are those of the service it asks. A client has none.
fn service_of(system: &System, subject: Subject) -> Option<ServiceId> {
    match subject {
        Subject::Client(_) | Subject::Topic(_) => None,
        Subject::Service(id) => Some(id),
        Subject::Endpoint(id) => Some(system.endpoints[id.index()].service),
        Subject::Call(id) => {
            Some(system.endpoints[system.calls[id.index()].target.index()].service)
        }
    }
}

fn name_of(system: &System, subject: Subject) -> String {
    match subject {
        Subject::Client(id) => system.clients[id.index()].name.clone(),
        Subject::Service(id) => system.services[id.index()].name.clone(),
        Subject::Endpoint(id) => {
            let endpoint = &system.endpoints[id.index()];
            format!(
                "{}.{}",
                system.services[endpoint.service.index()].name,
                endpoint.name
            )
        }
        Subject::Call(id) => system.calls[id.index()].name.clone(),
        Subject::Topic(id) => system.topics[id.index()].name.clone(),
    }
}

#[cfg(test)]
mod tests;
