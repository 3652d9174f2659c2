//! Days that are named: each case at its worst time, on fresh seeds.

use worstday_model::day::Happens;
use worstday_model::system::{Claim, Survive};
use worstday_stats::interval::{Interval, Sequence};

use crate::answer::{CaseAnswer, ClaimAnswer, Verdict};
use crate::check::{BATCH, Check, Crew, Found, OTHERS, place, rounded};
use crate::claim::{Case, cases};
use crate::lived::{Strike, Trial, Unlived};

/// Fresh days of a case at most: what is not told by then is too close to the line.
const CASE_DAYS_MAX: u64 = 600;

const MINUTE_NS: i64 = 60_000_000_000;

/// What is known of a case.
pub(crate) struct Tested {
    case: Case,
    at: String,
    place: CaseDay,
    trials: u64,
    broken: u64,
    unknown: u64,
    rank: f64,
    found: Vec<Trial>,
}

/// On which day a case is lived.
#[derive(Clone, Debug)]
pub(crate) enum CaseDay {
    /// A quiet day drawn from the year, whole.
    Quiet,
    /// The busiest two hours of a date.
    Busiest(jiff::civil::Date),
    /// A date, whole.
    Whole(jiff::civil::Date),
    /// Around strikes.
    Around(jiff::civil::Date, Vec<Strike>),
}

impl<C: Crew> Check<'_, C> {
    /// A claim that names its day.
    pub(crate) fn named(
        &mut self,
        promise: usize,
        survive: &Survive,
    ) -> Result<(ClaimAnswer, Option<Found>), Unlived> {
        let system = std::sync::Arc::clone(&self.world.system);
        let (cases, left_out) = match &survive.what {
            Claim::Together(parts) => cases(&system, self.options.known_faults, self.extra, parts),
            _ => (
                vec![Case {
                    name: "a normal day".to_owned(),
                    strikes: Vec::new(),
                    peak: 1.0,
                    rollout: None,
                }],
                0,
            ),
        };
        let at_risk = system.promises[promise].at_risk;
        let (alpha, many) = (self.alpha(), cases.len().max(1) as f64);
        let scale = (3.0 / at_risk.max(1e-6)).max(1.0);
        let for_kept = Sequence::new(1.0 - alpha, scale);
        let for_broken = Sequence::new(1.0 - alpha / many, scale);
        let mut tested = Vec::new();
        for case in cases {
            tested.push(self.worst_time(promise, &case)?);
        }
        // What looked worst first: one broken case decides.
        tested.sort_by(|a, b| b.rank.total_cmp(&a.rank));
        let mut answers = Vec::new();
        let mut found = None;
        for mut row in tested {
            let mut verdict = Verdict::CantTell;
            let phase = self.phase(&format!("case {}", row.case.name));
            while row.trials < CASE_DAYS_MAX && found.is_none() {
                let (low, high) = (
                    for_broken.share(row.broken, row.trials).low,
                    for_kept.share(row.broken + row.unknown, row.trials).high,
                );
                if at_risk < low {
                    verdict = Verdict::Broken;
                    break;
                }
                if high <= at_risk {
                    verdict = Verdict::Kept;
                    break;
                }
                let trials = self.case_trials(&row, &phase, row.trials, 2 * BATCH);
                let Some(tried) = self.batch(&trials, &row.case.name.clone())? else {
                    break;
                };
                self.days.confirmed += trials.len() as u64;
                for (trial, tried) in trials.into_iter().zip(&tried) {
                    row.trials += 1;
                    let judged = tried.promises[promise];
                    row.broken += u64::from(judged.broken);
                    row.unknown += u64::from(!judged.broken && tried.broke_off);
                    if judged.broken && row.found.len() <= OTHERS {
                        row.found.push(trial);
                    }
                }
            }
            let share = Interval {
                low: for_broken.share(row.broken, row.trials).low,
                high: for_kept.share(row.broken + row.unknown, row.trials).high,
            };
            if verdict == Verdict::Broken {
                found = (!row.found.is_empty())
                    .then(|| (row.found.clone(), row.case.name.clone(), share));
            }
            answers.push(CaseAnswer {
                name: row.case.name.clone(),
                at: row.at.clone(),
                trials: row.trials,
                broken: row.broken,
                share,
                verdict,
                quiet: row.case.strikes.is_empty() && row.case.rollout.is_none(),
            });
        }
        let is = |verdict: Verdict| {
            answers
                .iter()
                .filter(|case| case.verdict == verdict)
                .count()
        };
        let mut why = String::new();
        let verdict = if !self.told[promise] {
            why = "nothing was sent on any day: nobody is promised anything".to_owned();
            Verdict::CantTell
        } else if 0 < is(Verdict::Broken) {
            Verdict::Broken
        } else if answers.is_empty() {
            why = "there is no such day".to_owned();
            Verdict::CantTell
        } else if left_out == 0 && is(Verdict::Kept) == answers.len() {
            Verdict::Kept
        } else {
            let open = answers
                .iter()
                .find(|case| case.verdict == Verdict::CantTell);
            why = open.map_or_else(
                || format!("{left_out} more cases were not tried"),
                |case| {
                    format!(
                        "{}: {} of {} days broke it, at most {}% may",
                        case.name,
                        case.broken,
                        case.trials,
                        rounded(100.0 * at_risk)
                    )
                },
            );
            Verdict::CantTell
        };
        self.broken += usize::from(verdict == Verdict::Broken);
        let worst = found
            .as_ref()
            .map(|(trials, name, share)| self.worst(&trials[0], name, *share, None));
        let answer = ClaimAnswer {
            text: survive.text.clone(),
            place: place(survive),
            verdict,
            why,
            rate: None,
            cases: answers,
            cases_left_out: left_out as u64,
            worst,
            windows: None,
            measure: None,
        };
        let found = found.map(|(mut trials, kind, _)| Found {
            promise,
            trial: trials.remove(0),
            kind,
            others: trials,
        });
        Ok((answer, found.filter(|_| verdict == Verdict::Broken)))
    }

    /// Fresh days of a case.
    pub(crate) fn case_trials(
        &self,
        row: &Tested,
        phase: &str,
        first: u64,
        count: usize,
    ) -> Vec<Trial> {
        (0..count as u64)
            .map(|more| {
                let index = first + more;
                // Seeds of all kinds of days come from the quiet stratum's draws: any will do, they are fresh.
                let quiet = self.quiet.unwrap_or(0);
                let drawn = self
                    .world
                    .year
                    .draw(&self.world.system, quiet, phase, index);
                let day = match &row.place {
                    CaseDay::Quiet => self.world.around(drawn.date, &[], row.case.peak),
                    CaseDay::Busiest(date) => self.world.busiest(*date, row.case.peak),
                    CaseDay::Whole(date) => self.world.around(*date, &[], row.case.peak),
                    CaseDay::Around(date, strikes) => {
                        self.world.around(*date, strikes, row.case.peak)
                    }
                };
                Trial::new(day, drawn.seed)
            })
            .collect()
    }

    /// The time at which a case breaks a promise most, of those that were tried.
    pub(crate) fn worst_time(&mut self, promise: usize, case: &Case) -> Result<Tested, Unlived> {
        let mut best: Option<Tested> = None;
        let phase = self.phase(&format!("hunt {}", case.name));
        for (place, at) in self.candidates(case) {
            let mut row = Tested {
                case: case.clone(),
                at,
                place,
                trials: 0,
                broken: 0,
                unknown: 0,
                rank: f64::MIN,
                found: Vec::new(),
            };
            let trials = self.case_trials(&row, &phase, 0, 2);
            let Some(tried) = self.batch(&trials, &case.name)? else {
                best.get_or_insert(row);
                break;
            };
            self.days.hunted += trials.len() as u64;
            row.rank = tried
                .iter()
                .map(|tried| {
                    let judged = tried.promises[promise];
                    f64::from(u8::from(judged.broken)) * 10.0 - judged.margin.clamp(-9.0, 9.0)
                })
                .sum();
            if best.as_ref().is_none_or(|best| best.rank < row.rank) {
                best = Some(row);
            }
        }
        Ok(best.expect("each case has a day"))
    }

    /// Days and times at which a case may be worst.
    pub(crate) fn candidates(&mut self, case: &Case) -> Vec<(CaseDay, String)> {
        let year = std::sync::Arc::clone(&self.world.year);
        let date = self.busiest_date();
        if let Some(service) = case.rollout {
            let name = format!(
                "rollout of {}",
                self.world.system.services[service.index()].name
            );
            let class = year
                .classes
                .iter()
                .position(|class| class.things.contains(&name));
            let day = class.and_then(|class| year.dates_of(class).next());
            let day = day.unwrap_or(date);
            return vec![(CaseDay::Whole(day), day.to_string())];
        }
        if case.strikes.is_empty() {
            // Days are drawn whole where they can be afforded; else the busiest hours of the busiest date stand for them.
            let needed = 100.0 * case.peak;
            if self.affords(needed) {
                return if case.peak == 1.0 {
                    vec![(CaseDay::Quiet, "drawn over the year, whole days".to_owned())]
                } else {
                    vec![(CaseDay::Whole(date), format!("{date}, the whole day"))]
                };
            }
            return vec![(
                CaseDay::Busiest(date),
                format!("{date}, its two busiest hours"),
            )];
        }
        let mut times: Vec<i64> = Vec::new();
        let mut date = date;
        let events = case.strikes.iter().filter_map(|strike| match strike.what {
            Happens::Event(id) => Some(id),
            _ => None,
        });
        let mut own: Vec<(Happens, i64)> = Vec::new();
        for id in events {
            let event = &self.world.system.events[id.index()];
            let first = year.calendar().midnight(year.dates()[0]);
            let found =
                year.calendar()
                    .occurrences(&event.when, first, first + 366 * 1_440 * MINUTE_NS);
            if let Some(next) = found.first() {
                own.push((Happens::Event(id), next.start_ns));
                date = year.calendar().local(next.start_ns).date();
                let length = next
                    .end_ns
                    .map_or(20 * MINUTE_NS, |end| end - next.start_ns);
                times.extend([
                    next.start_ns + MINUTE_NS,
                    next.start_ns + length / 2,
                    next.start_ns + length - MINUTE_NS,
                ]);
            }
        }
        if times.is_empty() {
            let midnight = year.calendar().midnight(date);
            let peak = self
                .world
                .peak_of(date)
                .unwrap_or(midnight + 720 * MINUTE_NS);
            times.extend([
                peak - 5 * MINUTE_NS,
                peak - 60 * MINUTE_NS,
                peak + 45 * MINUTE_NS,
            ]);
            // A regular event of the day, from its start.
            for event in &self.world.system.events {
                let there = year.calendar().occurrences(
                    &event.when,
                    midnight,
                    midnight + 1_440 * MINUTE_NS,
                );
                times.extend(
                    there
                        .iter()
                        .take(2)
                        .map(|there| there.start_ns - 30 * MINUTE_NS),
                );
                times.extend(there.iter().take(2).map(|there| there.start_ns + MINUTE_NS));
            }
            times.truncate(8);
        }
        let only_own = case
            .strikes
            .iter()
            .all(|strike| own.iter().any(|(what, _)| *what == strike.what));
        if only_own {
            times.truncate(1);
        }
        times.sort_unstable();
        times.dedup();
        times
            .into_iter()
            .map(|at| {
                let at = at.div_euclid(MINUTE_NS) * MINUTE_NS;
                let strikes: Vec<Strike> = case
                    .strikes
                    .iter()
                    .enumerate()
                    .map(|(nth, strike)| Strike {
                        what: strike.what,
                        at: own
                            .iter()
                            .find(|(what, _)| *what == strike.what)
                            .map_or(at + nth as i64 * 1_000_000_000, |(_, own)| *own),
                        lasts_ns: strike.lasts_ns,
                        by: None,
                    })
                    .collect();
                let shown = if only_own { own[0].1 } else { at };
                let local = year.calendar().local(shown);
                (
                    CaseDay::Around(local.date(), strikes),
                    local.strftime("%Y-%m-%d %H:%M").to_string(),
                )
            })
            .collect()
    }
}
