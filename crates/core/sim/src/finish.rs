//! The end of a run: figures become an [`Outcome`], and the counts must add up.

use crate::engine::Engine;
use crate::fault::{Effect, Hit, Occurs, What};
use crate::judge::{DayProfile, Judge};
use crate::measure::{Areas, WINDOW_FIRST_NS};
use crate::observe::Observer;
use crate::operate::Override;
use crate::outcome::{
    CallOutcome, ClientOutcome, Conservation, Ended, EndpointOutcome, Ends, Happened, Judgement,
    LinkOutcome, Outcome, PoolOutcome, ServiceOutcome, VERSION, Windows,
};
use crate::state::{Kind, Phase, flag};
use crate::watch::Firing;
use worstday_model::system::AlertOn;

/// A law that every history obeys was broken: a bug of the engine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violation {
    /// The seed that replays it.
    pub seed: u64,
    /// What does not add up.
    pub what: String,
}

impl std::fmt::Display for Violation {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "seed {}: {}", self.seed, self.what)
    }
}

impl std::error::Error for Violation {}

fn add(a: &mut Ends, b: &Ends) {
    a.arrived += b.arrived;
    a.ok += b.ok;
    a.degraded += b.degraded;
    a.declined += b.declined;
    a.failed += b.failed;
    a.shed += b.shed;
    a.abandoned += b.abandoned;
    a.inside += b.inside;
}

fn balanced(ends: &Ends) -> bool {
    ends.arrived == ends.answered() + ends.lost() + ends.inside
}

impl<O: Observer> Engine<O> {
    /// Ends the run where it stands and says what happened.
    ///
    /// # Errors
    ///
    /// [`Violation`] if requests were lost or Little's law does not hold: a bug of the engine.
    pub fn finish(self, system_hash: &str) -> Result<(Outcome, O), Violation> {
        let (outcome, _, observer) = self.close(system_hash, None)?;
        Ok((outcome, observer))
    }

    /// The same; but promises over a day or longer are judged on whole local days, which where they were not simulated are
    /// as `quiet` was at that time since midnight.
    ///
    /// # Errors
    ///
    /// As [`Engine::finish`].
    pub fn finish_within(
        self,
        system_hash: &str,
        quiet: &DayProfile,
    ) -> Result<(Outcome, O), Violation> {
        let (outcome, _, observer) = self.close(system_hash, Some(quiet))?;
        Ok((outcome, observer))
    }

    /// The same as [`Engine::finish`], and what the first whole local day of this run was like, for those of which only a
    /// part is simulated; none if no local day was simulated whole.
    ///
    /// # Errors
    ///
    /// As [`Engine::finish`].
    pub fn finish_with_profile(
        self,
        system_hash: &str,
    ) -> Result<(Outcome, Option<DayProfile>, O), Violation> {
        let (outcome, judge, observer) = self.close(system_hash, None)?;
        Ok((outcome, judge.profile(), observer))
    }

    /// From now on nothing is kept but what the judge needs: the whole run is one window of all figures. To be called at the
    /// start, and to be ended by [`Engine::finish_judged`]. The history is the same.
    ///
    /// # Panics
    ///
    /// If time has passed already.
    pub fn keep_only_verdicts(&mut self) {
        assert_eq!(self.s.now_ns, 0, "what is kept must be said at the start");
        self.m.keep_no_windows();
    }

    /// Ends the run where it stands and says whether it kept its promises, and nothing else; as
    /// [`Engine::finish_within`] if a quiet day is given.
    ///
    /// # Errors
    ///
    /// As [`Engine::finish`].
    pub fn finish_judged(mut self, quiet: Option<&DayProfile>) -> Result<Judgement, Violation> {
        let end_ns = self.s.now_ns;
        self.m.close(end_ns);
        self.conserved(end_ns)?;
        let (judge, recovery) = self.close_judge(end_ns);
        Ok(Judgement {
            promises: judge.verdicts(quiet),
            recovery,
            events: self.s.events,
            end_ns,
            ended: self.ended.unwrap_or(Ended::Stopped),
            arrived: self.m.clients.iter().map(|row| row.ends.arrived).collect(),
        })
    }

    fn close(
        mut self,
        system_hash: &str,
        quiet: Option<&DayProfile>,
    ) -> Result<(Outcome, Judge, O), Violation> {
        let end_ns = self.s.now_ns;
        self.m.close(end_ns);
        let conservation = self.conserved(end_ns)?;
        let from_ns = self.day.warm_up_ns.min(end_ns);
        let length_ns = (end_ns - from_ns).max(1);
        let length = length_ns as f64;
        let mut services = Vec::new();
        for service in 0..self.plan.services.len() {
            services.push(self.service_outcome(service, length));
        }
        let system = std::sync::Arc::clone(&self.base);
        let mut clients = Vec::new();
        for (row, series) in system.clients.iter().zip(&mut self.m.clients) {
            clients.push(ClientOutcome {
                name: row.name.clone(),
                ends: series.ends,
                presses: series.presses,
                response: series.response.take(),
                money: row.value.is_some().then_some(series.money),
                windows: std::mem::take(&mut series.windows),
            });
        }
        let mut endpoints = Vec::new();
        for (row, series) in system.endpoints.iter().zip(&mut self.m.endpoints) {
            endpoints.push(EndpointOutcome {
                name: format!("{}.{}", system.services[row.service.index()].name, row.name),
                ends: series.ends,
                wait: series.wait.take(),
                service: series.service.take(),
                response: series.response.take(),
                windows: std::mem::take(&mut series.windows),
            });
        }
        let mut calls = Vec::new();
        for (name, series) in self.plan.series.iter().zip(&mut self.m.calls) {
            calls.push(CallOutcome {
                name: name.clone(),
                calls: series.calls,
                attempts: series.attempts,
                retries: series.retries,
                over_budget: series.over_budget,
                hedges: series.hedges,
                late: series.late,
                fallbacks: series.fallbacks,
                results: series.results,
                attempt_results: series.attempt_results,
                response: series.response.take(),
                windows: std::mem::take(&mut series.windows),
            });
        }
        calls.sort_by(|a, b| a.name.cmp(&b.name));
        let pools = system
            .pools
            .iter()
            .zip(&self.m.pools)
            .map(|(row, series)| {
                let (used, queue) = series.counted();
                PoolOutcome {
                    name: row.service.map_or_else(
                        || row.name.clone(),
                        |s| format!("{}.{}", system.services[s.index()].name, row.name),
                    ),
                    size: row.size,
                    granted: series.granted,
                    rejected: series.rejected,
                    used_mean: used as f64 / length,
                    queue_mean: queue as f64 / length,
                    wait: series.wait.clone(),
                }
            })
            .collect();
        let topics = self.topic_outcomes(length);
        let (judge, recovery) = self.close_judge(end_ns);
        let promises = judge.verdicts(quiet);
        let outcome = Outcome {
            version: VERSION,
            system: system.name.clone(),
            system_hash: system_hash.to_owned(),
            scenario: self.day.label.clone(),
            seed: self.s.seed,
            digest: format!("{:032x}", self.s.digest.value()),
            events: self.s.events,
            warm_up_ns: from_ns,
            end_ns,
            start_unix_ns: self.day.start_unix_ns,
            ended: self.ended.unwrap_or(Ended::Stopped),
            windows: Windows {
                from_ns,
                length_ns: self.m.window_ns.max(WINDOW_FIRST_NS),
                count: services
                    .first()
                    .map_or(self.m.complete, |s: &ServiceOutcome| s.windows.len()),
            },
            clients,
            services,
            endpoints,
            calls,
            pools,
            topics,
            links: self.link_outcomes(length),
            bill: self.bill(&promises),
            promises,
            happened: self.happened(),
            recovery,
            conservation,
            deadlocks: self.deadlocks(),
        };
        Ok((outcome, judge, self.observer))
    }

    fn service_outcome(&mut self, service: usize, length: f64) -> ServiceOutcome {
        let row = &self.base.services[service];
        let range = row.endpoints_from as usize..row.endpoints_to as usize;
        let mut ends = Ends::default();
        for e in &self.m.endpoints[range.clone()] {
            add(&mut ends, &e.ends);
        }
        let Areas {
            inside,
            queue,
            busy,
            ready,
            cores,
            ..
        } = self.m.areas(service, self.s.now_ns);
        let mut windows = std::mem::take(&mut self.m.services[service].windows);
        for (i, window) in windows.iter_mut().enumerate() {
            for e in &self.m.endpoints[range.clone()] {
                if let Some(w) = e.windows.get(i) {
                    add(&mut window.ends, &w.ends);
                }
            }
        }
        let series = &self.m.services[service];
        let ready_mean = ready as f64 / length;
        let busy_mean = busy as f64 / length;
        let cores_mean = row.cores.map(|_| cores / length);
        let by_workers = (row.workers != u32::MAX)
            .then(|| busy_mean / (f64::from(row.workers) * ready_mean.max(1e-9)));
        let by_cores = row
            .cores
            .map(|c| cores / length / (c.limit * ready_mean.max(1e-9)));
        ServiceOutcome {
            name: row.name.clone(),
            replicas: row.replicas,
            workers: (row.workers != u32::MAX).then_some(row.workers),
            cores: row.cores.map(|c| c.limit),
            ends,
            expired: series.expired,
            duplicates: series.duplicates,
            inside_mean: inside as f64 / length,
            queue_mean: queue as f64 / length,
            queue_max: series.levels.queue_max,
            busy_mean,
            cores_mean,
            utilisation: match (by_workers, by_cores) {
                (Some(a), Some(b)) => Some(a.max(b)),
                (a, b) => a.or(b),
            },
            ready_mean,
            wasted_worker_ns: series.wasted_worker_ns,
            worker_ns: series.worker_ns,
            wasted_cpu_ns: series.wasted_cpu_ns,
            cpu_ns: series.cpu_ns,
            windows,
        }
    }

    fn link_outcomes(&self, length: f64) -> Vec<LinkOutcome> {
        let mut rows = Vec::new();
        for (i, state) in self.s.links.iter().enumerate() {
            if state.messages + state.lost == 0 {
                continue;
            }
            let link = &self.base.links[i / 2];
            rows.push(LinkOutcome {
                name: if i % 2 == 0 {
                    link.name.clone()
                } else {
                    format!("{} (back)", link.name)
                },
                messages: state.messages,
                lost: state.lost,
                utilisation: link
                    .capacity
                    .map(|_| (state.busy_ns as f64 / length).min(1.0)),
            });
        }
        rows
    }

    /// Every request that arrived is answered, failed, shed, abandoned or still inside; and the integral of the
    /// number inside is the sum of the times spent there, to the nanosecond.
    fn conserved(&mut self, end_ns: u64) -> Result<Vec<Conservation>, Violation> {
        let mut visits = vec![(0_u64, 0_u128); self.plan.clients.len()];
        let mut requests = vec![(0_u64, 0_u128); self.plan.services.len()];
        for task in &self.s.tasks {
            let since = u128::from(end_ns.saturating_sub(task.arrived_ns));
            match task.kind {
                Kind::Visit if !task.has(flag::THINKS) => {
                    let row = &mut visits[task.owner as usize];
                    *row = (row.0 + 1, row.1 + since);
                }
                Kind::Request if task.has(flag::INSIDE) && task.phase != Phase::Removed => {
                    let row =
                        &mut requests[self.plan.endpoints[task.owner as usize].service as usize];
                    *row = (row.0 + 1, row.1 + since);
                }
                _ => {}
            }
        }
        let mut rows = Vec::new();
        let seed = self.s.seed;
        let check = |name: String, ends: Ends, found: u64, area_ns: u128, sojourn_ns: u128| {
            if !balanced(&ends) || found != ends.inside {
                let what = format!("{name} does not add up: {ends:?}, and {found} are inside");
                return Err(Violation { seed, what });
            }
            if area_ns != sojourn_ns {
                let what = format!(
                    "{name} breaks Little's law: {area_ns} ns inside, {sojourn_ns} ns spent there"
                );
                return Err(Violation { seed, what });
            }
            Ok(Conservation {
                name,
                ends,
                area_ns,
                sojourn_ns,
            })
        };
        for (i, (inside, since)) in visits.into_iter().enumerate() {
            let series = &mut self.m.clients[i];
            let name = format!("client {}", self.base.clients[i].name);
            rows.push(check(
                name,
                series.all,
                inside,
                series.inside.area(end_ns),
                series.sojourn_ns + since,
            )?);
        }
        for (i, (inside, since)) in requests.into_iter().enumerate() {
            let series = &self.m.services[i];
            let mut ends = series.all;
            ends.inside = series.levels.inside.value;
            let name = format!("service {}", self.base.services[i].name);
            rows.push(check(
                name,
                ends,
                inside,
                series.levels.inside.area(end_ns),
                series.sojourn_ns + since,
            )?);
        }
        rows.extend(self.messages_conserved(end_ns)?);
        Ok(rows)
    }

    fn happened(&self) -> Vec<Happened> {
        let struck = self.disturbances.rows.iter();
        let mut rows: Vec<Happened> = struck
            .filter(|row| row.begun)
            .filter_map(|row| self.told(row))
            .collect();
        rows.extend((self.s.watch.firings.iter()).map(|firing| self.noticed(firing)));
        rows.extend((self.s.watch.overrides.iter()).map(|row| self.done_by_hand(row)));
        // A rollout's notes stand in the order in which they were made.
        rows.extend(self.s.rollouts.notes.iter().map(|note| Happened {
            what: "rollout".to_owned(),
            name: self.base.services[note.service as usize].name.clone(),
            detail: note.what.clone(),
            from_ns: note.at_ns as i64,
            until_ns: Some(note.at_ns),
        }));
        rows.sort_by(|a, b| (a.from_ns, &a.name).cmp(&(b.from_ns, &b.name)));
        rows
    }

    /// An occurrence in words; none for what somebody did, which stands among the overrides.
    pub(crate) fn told(&self, row: &Occurs) -> Option<Happened> {
        let (what, name) = match row.what {
            What::Fault(f) => ("fault", &self.base.faults[f as usize].name),
            What::Event(e) => ("event", &self.base.events[e as usize].name),
            What::Edit(e) => ("edit", &self.base.edits[e as usize].name),
            What::Demand(c) => ("demand", &self.base.clients[c as usize].name),
            What::Act(_) => return None,
        };
        Some(Happened {
            what: what.to_owned(),
            name: name.clone(),
            detail: self.detail(row.effect, row.size, &row.hits),
            from_ns: row.start_ns,
            until_ns: row.ended_ns,
        })
    }

    /// An alert that fired, in words.
    pub(crate) fn noticed(&self, firing: &Firing) -> Happened {
        let alert = &self.base.alerts[firing.alert as usize];
        let what = match &alert.on {
            AlertOn::Sight(sight) => sight.text.clone(),
            AlertOn::Burn(burn) => {
                let promise = &self.base.promises[burn.promise.index()].name;
                format!("the error budget of {promise} burns")
            }
        };
        let unseen = if firing.missed { ", unseen" } else { "" };
        Happened {
            what: "alert".to_owned(),
            name: alert.name.clone(),
            detail: format!("{what}{unseen}"),
            from_ns: firing.from_ns as i64,
            until_ns: firing.until_ns,
        }
    }

    /// What people did, in words.
    pub(crate) fn done_by_hand(&self, row: &Override) -> Happened {
        Happened {
            what: "override".to_owned(),
            name: match self.base.operators.get(row.operator as usize) {
                Some(operator) => operator.name.clone(),
                None => "by hand".to_owned(),
            },
            detail: if row.because.is_empty() {
                row.text.clone()
            } else {
                format!("{}, because {}", row.text, row.because)
            },
            from_ns: row.from_ns as i64,
            until_ns: row.until_ns,
        }
    }

    fn detail(&self, effect: Effect, size: f64, hits: &[Hit]) -> String {
        let verb = match effect {
            Effect::Demand if size != 1.0 => return format!("{size:.3}x as many"),
            Effect::Demand => return "more or less demand".to_owned(),
            Effect::Act => return "by hand".to_owned(),
            Effect::Edit => return "the file reads differently".to_owned(),
            Effect::Crash => "crashes".to_owned(),
            Effect::Vanish => "vanishes".to_owned(),
            Effect::Stall => "stalls".to_owned(),
            Effect::HangFreed | Effect::HangKept => "hangs".to_owned(),
            Effect::SlowRunning | Effect::SlowNew => format!("{size:.3}x as slow"),
            Effect::Capacity => format!("falls to {:.3}%", 100.0 * size),
            Effect::Errors => format!("{:.3}% errors", 100.0 * size),
            Effect::Cut => "cut".to_owned(),
            Effect::Loss => format!("loses {:.3}%", 100.0 * size),
            Effect::Delay => format!("{:.3} ms more delay", size / 1e6),
        };
        let name = |hit: &Hit| match *hit {
            Hit::Replica(r) | Hit::Worker { replica: r, .. } => {
                let row = &self.s.replicas[r as usize];
                format!(
                    "{}/{}",
                    self.base.services[row.service as usize].name, row.number
                )
            }
            Hit::Endpoint(e) => {
                let row = &self.base.endpoints[e as usize];
                format!(
                    "{}.{}",
                    self.base.services[row.service.index()].name,
                    row.name
                )
            }
            Hit::Link(l) => self.base.links[l as usize / 2].name.clone(),
            Hit::Path { .. } => "path".to_owned(),
            Hit::Pool { pool, .. } => self.base.pools[pool as usize].name.clone(),
        };
        match hits {
            [] => verb,
            [one] => format!("{} {verb}", name(one)),
            [first, rest @ ..] => format!("{} and {} more: {verb}", name(first), rest.len()),
        }
    }
}
