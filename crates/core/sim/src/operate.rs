//! Who acts: operators, what they do, and how it is undone.
//!
//! A firing that an operator hears of starts a **job** per runbook entry that names it: reaction, then waiting for a pair
//! of hands, then the actions one after another. What a job does stands in a list of **overrides**; like faults, they leave
//! no trace: flags, shed shares, drained zones and edits in force are recomputed from those that are active, the
//! latest one deciding.
//!
//! Decided where the language is silent: an entry whose overrides are still in force is not done again; an operator with
//! shifts who is told outside of them reacts as if told at the start of the next one; the reaction to two entries is two
//! draws; an alert that can no longer be told counts as still firing.

use crate::calendar::{Due, Kind as Timer};
use crate::engine::Engine;
use crate::fault::What;
use crate::observe::{Fact, Observer};
use crate::plan::{NONE, purpose};
use crate::state::Life;
use crate::watch::Wake;
use crate::watch::look::Looks;
use serde::{Deserialize, Serialize};
use std::collections::VecDeque;
use std::sync::Arc;
use worstday_model::calendar::Calendar;
use worstday_model::system::{
    Act, Action, Dist, EndpointId, Expiry, FaultKind, Operator, Shed, System, Target,
};
use worstday_stats::draw::{entity, identity};

/// What does not answer is asked again after this time.
const TRY_AGAIN_NS: u64 = 60_000_000_000;

/// An operator's people and what they have to do.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Team {
    free: u32,
    /// Jobs that wait for hands.
    line: VecDeque<u32>,
    jobs: Vec<Job>,
    /// When somebody is there: start, end and number of the shift, by start; none if always.
    shifts: Option<Vec<(u64, u64, u32)>>,
    /// For each runbook entry: the look that may end it, or `NONE`.
    looks: Vec<u32>,
    told: u64,
}

impl Team {
    /// Whether somebody has something to do, or what they did is still in force.
    pub(crate) fn is_at_work(&self) -> bool {
        !self.line.is_empty() || self.jobs.iter().any(|job| job.open)
    }
}

/// One firing, one entry.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
struct Job {
    firing: u32,
    entry: u32,
    ordinal: u64,
    /// Which action is next.
    action: u32,
    mistaken: bool,
    /// Its effects are in force, or it is on its way to bring them.
    open: bool,
}

/// What was done.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub enum Done {
    Edit(u32),
    Flag {
        flag: u32,
        up: bool,
    },
    ShedClient {
        client: u32,
        by: f64,
    },
    ShedEndpoint {
        endpoint: u32,
        by: f64,
    },
    Drain {
        zone: u32,
    },
    /// That rollout stands still because of it.
    Pause {
        service: u32,
        revision: u32,
    },
    /// Over as soon as it is done.
    Once,
}

/// Something that somebody did, in force until it is undone.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Override {
    /// Who: an operator; `NONE` for whoever has the simulation in their hands.
    pub operator: u32,
    /// The operator's job.
    job: u32,
    pub done: Done,
    /// What, in words.
    pub text: String,
    /// Why, in words.
    pub because: String,
    pub from_ns: u64,
    pub until_ns: Option<u64>,
}

/// A job's name: the operator's number and the job's own.
fn job_id(operator: usize, job: usize) -> u32 {
    (operator as u32) << 20 | job as u32
}

fn job_at(id: u32) -> (usize, usize) {
    ((id >> 20) as usize, (id & 0xf_ffff) as usize)
}

/// Jobs of one operator in one run.
const JOBS_MAX: usize = 1 << 20;

impl<O: Observer> Engine<O> {
    /// An operator's people, at the start.
    pub(crate) fn team(&self, looks: &mut Looks, operator: &Operator) -> Team {
        let start = self.day.start_unix_ns;
        let end = start.saturating_add_unsigned(self.day.end_ns);
        let shifts = (!operator.shifts.is_empty()).then(|| {
            let calendar = Calendar::new(&self.base.timezone)
                .expect("the judge has refused an unknown time zone");
            let mut all = Vec::new();
            for (number, shift) in operator.shifts.iter().enumerate() {
                for (from, to) in calendar.intervals(&shift.when, start, end) {
                    all.push(((from - start) as u64, (to - start) as u64, number as u32));
                }
            }
            all.sort_unstable();
            all
        });
        let looks = operator
            .runbook
            .iter()
            .map(|entry| match &entry.expiry {
                Expiry::Until(sight) => {
                    let every_ns = self.base.alerts[entry.alert.index()].every_ns;
                    self.look_at(looks, sight, every_ns)
                }
                Expiry::Never | Expiry::After(_) => NONE,
            })
            .collect();
        Team {
            free: operator.people,
            shifts,
            looks,
            ..Team::default()
        }
    }

    fn time_of(&self, law: &Dist, operator: &str, purpose: u32, id: u64) -> u64 {
        let this = entity(&format!("operator {operator}"));
        crate::plan::law(law).sample_ns(self.draw_of(this, purpose, id))
    }

    /// An operator hears of a firing.
    pub(crate) fn operator_told(&mut self, operator: u32, firing: u32) {
        let system = Arc::clone(&self.base);
        let row = &system.operators[operator as usize];
        let alert = self.s.watch.firings[firing as usize].alert;
        let now = self.s.now_ns;
        for (number, entry) in row.runbook.iter().enumerate() {
            let team = &mut self.s.watch.teams[operator as usize];
            let done = |job: &Job| job.open && job.entry == number as u32;
            if entry.alert.0 != alert || team.jobs.iter().any(done) || team.jobs.len() == JOBS_MAX {
                continue;
            }
            let ordinal = team.told;
            team.told += 1;
            // Somebody who is not there hears of it when they come.
            let (heard, shift) = match &team.shifts {
                None => (Some(now), None),
                Some(shifts) => {
                    let present = shifts.iter().find(|s| s.0 <= now && now < s.1);
                    let next = shifts.iter().find(|s| now < s.0);
                    let of = present.or(next);
                    (of.map(|s| s.0.max(now)), of.map(|s| s.2 as usize))
                }
            };
            let Some(heard) = heard else { continue };
            let blind = row.needs.is_some_and(|needs| !self.answers(needs));
            let law = if blind { row.blind.as_ref() } else { None }
                .or(entry.after.as_ref())
                .or(shift.and_then(|shift| row.shifts[shift].after.as_ref()))
                .or(row.after.as_ref())
                .expect("the reader asks for a reaction time");
            let reaction = self.time_of(law, &row.name, purpose::STEP, ordinal);
            let mistaken = row.mistakes.as_ref().is_some_and(|mistakes| {
                let this = entity(&format!("operator {}", row.name));
                self.draw_of(this, purpose::FAILS, ordinal)
                    .chance(mistakes.chance)
            });
            let team = &mut self.s.watch.teams[operator as usize];
            let job = job_id(operator as usize, team.jobs.len());
            team.jobs.push(Job {
                firing,
                entry: number as u32,
                ordinal,
                action: 0,
                mistaken,
                open: true,
            });
            self.wake_at(heard.saturating_add(reaction), Wake::Reacted(job));
        }
    }

    /// The job wants a pair of hands.
    pub(crate) fn operator_reacted(&mut self, id: u32) {
        let (operator, _) = job_at(id);
        let team = &mut self.s.watch.teams[operator];
        team.line.push_back(id);
        self.hands_free(operator);
    }

    /// Gives free hands to the jobs that wait.
    fn hands_free(&mut self, operator: usize) {
        loop {
            let watch = &mut self.s.watch;
            let team = &mut watch.teams[operator];
            if team.free == 0 {
                return;
            }
            let Some(id) = team.line.pop_front() else {
                return;
            };
            let job = team.jobs[job_at(id).1];
            // What has cleared by itself needs nothing.
            if !watch.still_fires(job.firing) {
                watch.teams[operator].jobs[job_at(id).1].open = false;
                continue;
            }
            watch.teams[operator].free -= 1;
            self.begin_action(id);
        }
    }

    fn action_of<'a>(&self, system: &'a System, id: u32) -> Option<&'a Action> {
        let (operator, number) = job_at(id);
        let job = &self.s.watch.teams[operator].jobs[number];
        let row = &system.operators[operator];
        let actions = match &row.mistakes {
            Some(mistakes) if job.mistaken => &mistakes.actions,
            _ => &row.runbook[job.entry as usize].actions,
        };
        actions.get(job.action as usize)
    }

    /// Hands turn to the next action: it takes its time.
    fn begin_action(&mut self, id: u32) {
        let system = Arc::clone(&self.base);
        let (operator, number) = job_at(id);
        let Some(action) = self.action_of(&system, id) else {
            return self.job_done(id);
        };
        let job = self.s.watch.teams[operator].jobs[number];
        let takes = action.takes.as_ref().map_or(0, |law| {
            let name = &system.operators[operator].name;
            let draw = identity(job.ordinal, u64::from(job.action));
            self.time_of(law, name, purpose::LASTS, draw)
        });
        if takes == 0 {
            self.operator_acts(id);
        } else {
            let at = self.s.now_ns.saturating_add(takes);
            self.wake_at(at, Wake::Acts(id));
        }
    }

    /// The action happens, if what it goes through answers.
    pub(crate) fn operator_acts(&mut self, id: u32) {
        let system = Arc::clone(&self.base);
        let (operator, number) = job_at(id);
        let Some(action) = self.action_of(&system, id) else {
            return;
        };
        if action
            .through
            .is_some_and(|through: EndpointId| !self.answers(through))
        {
            let at = self.s.now_ns.saturating_add(TRY_AGAIN_NS);
            return self.wake_at(at, Wake::Acts(id));
        }
        let row = &system.operators[operator];
        let job = self.s.watch.teams[operator].jobs[number];
        let entry = &row.runbook[job.entry as usize];
        let because = entry
            .because
            .clone()
            .unwrap_or_else(|| system.alerts[entry.alert.index()].name.clone());
        let because = if job.mistaken {
            format!("by mistake, for {because}")
        } else {
            because
        };
        self.note_human(&row.name, identity(job.ordinal, u64::from(job.action)));
        let name = row.name.clone();
        let pick = identity(entity(&name), job.ordinal);
        self.act(
            &action.act,
            operator as u32,
            id,
            action.text.clone(),
            because,
            pick,
        );
        self.s.watch.teams[operator].jobs[number].action += 1;
        self.begin_action(id);
    }

    /// All actions are done: hands are free, and the expiry runs.
    fn job_done(&mut self, id: u32) {
        let system = Arc::clone(&self.base);
        let (operator, number) = job_at(id);
        self.s.watch.teams[operator].free += 1;
        let job = self.s.watch.teams[operator].jobs[number];
        let lasting = self
            .s
            .watch
            .overrides
            .iter()
            .any(|o| o.operator as usize == operator && o.job == id && o.until_ns.is_none());
        let row = &system.operators[operator];
        let entry = &row.runbook[job.entry as usize];
        match &entry.expiry {
            _ if !lasting => self.s.watch.teams[operator].jobs[number].open = false,
            Expiry::Never => {}
            Expiry::After(law) => {
                let lasts = self.time_of(law, &row.name, purpose::COUNT, job.ordinal);
                let at = self.s.now_ns.saturating_add(lasts);
                self.wake_at(at, Wake::Expires(id));
            }
            Expiry::Until(_) => {
                let look = self.s.watch.teams[operator].looks[job.entry as usize];
                self.judges.looks.interrupted(look);
                let every = system.alerts[entry.alert.index()].every_ns;
                self.wake_at(self.s.now_ns.saturating_add(every), Wake::LooksBack(id));
            }
        }
        self.hands_free(operator);
    }

    /// Whether it may be undone.
    pub(crate) fn operator_looks_back(&mut self, id: u32, due: Due) {
        let (operator, number) = job_at(id);
        let entry = self.s.watch.teams[operator].jobs[number].entry as usize;
        let look = self.s.watch.teams[operator].looks[entry];
        if self.sees(look) == Some(true) {
            return self.job_undone(id);
        }
        let alert = self.base.operators[operator].runbook[entry].alert;
        let every = self.base.alerts[alert.index()].every_ns;
        let next = due.at_ns.saturating_add(every);
        self.s.calendar.schedule(next, Timer::Control, due.slot);
    }

    /// What a job did is undone.
    pub(crate) fn job_undone(&mut self, id: u32) {
        let (operator, number) = job_at(id);
        let job = &mut self.s.watch.teams[operator].jobs[number];
        job.open = false;
        let ordinal = job.ordinal;
        let of_it = |o: &Override| o.operator as usize == operator && o.job == id;
        let rows: Vec<usize> = (0..self.s.watch.overrides.len())
            .filter(|&row| {
                let row = &self.s.watch.overrides[row];
                of_it(row) && row.until_ns.is_none()
            })
            .collect();
        let name = self.base.operators[operator].name.clone();
        self.note_human(&name, identity(ordinal, u64::MAX));
        for row in rows {
            self.override_ends(row);
        }
    }

    // ---- overrides -----------------------------------------------------------------------------

    /// Somebody does something. `pick` keys the choice among several targets.
    pub(crate) fn act(
        &mut self,
        act: &Act,
        operator: u32,
        job: u32,
        text: String,
        because: String,
        pick: u64,
    ) -> usize {
        let now = self.s.now_ns;
        let done = match *act {
            Act::Edit(edit) => Done::Edit(edit.0),
            Act::Set(flag) => Done::Flag {
                flag: flag.0,
                up: true,
            },
            Act::Clear(flag) => Done::Flag {
                flag: flag.0,
                up: false,
            },
            Act::Shed(Shed::Client(client), by) => Done::ShedClient {
                client: client.0,
                by,
            },
            Act::Shed(Shed::Endpoint(endpoint), by) => Done::ShedEndpoint {
                endpoint: endpoint.0,
                by,
            },
            Act::Drain(zone) => Done::Drain { zone: zone.0 + 1 },
            // What does not move, or stands still already, is not paused by this one, and so not let go by it.
            Act::Pause(service) => match self.pause_rollout(service.0) {
                Some(revision) => Done::Pause {
                    service: service.0,
                    revision,
                },
                None => Done::Once,
            },
            Act::Restart(_) | Act::Repair(_) | Act::Replay(_) | Act::RollBack(_) => Done::Once,
        };
        let row = self.s.watch.overrides.len();
        self.s.watch.overrides.push(Override {
            operator,
            job,
            done,
            text,
            because,
            from_ns: now,
            until_ns: (done == Done::Once).then_some(now),
        });
        self.observer.on(now, Fact::Overrides { row: row as u32 });
        match act {
            Act::Restart(target) => self.restart(target, pick),
            Act::Repair(fault) => self.repair(fault.0),
            Act::Replay(topic) => {
                self.replay_topic(*topic);
            }
            Act::RollBack(service) => {
                self.roll_back(service.0);
            }
            _ => self.overrides_change(done),
        }
        row
    }

    /// An override is undone.
    pub(crate) fn override_ends(&mut self, row: usize) {
        let now = self.s.now_ns;
        self.s.watch.overrides[row].until_ns = Some(now);
        self.observer.on(now, Fact::Undone { row: row as u32 });
        let done = self.s.watch.overrides[row].done;
        if let Done::Pause { service, revision } = done {
            self.resume_rollout(service, revision);
        }
        self.overrides_change(done);
    }

    fn in_force(&self) -> impl Iterator<Item = Done> + '_ {
        self.s
            .watch
            .overrides
            .iter()
            .filter(|o| o.until_ns.is_none())
            .map(|o| o.done)
    }

    /// The edits that people have made and not undone, in order.
    pub(crate) fn edits_by_hand(&self) -> impl Iterator<Item = u32> + '_ {
        self.in_force().filter_map(|done| match done {
            Done::Edit(edit) => Some(edit),
            _ => None,
        })
    }

    /// Recomputes what an override of this kind decides.
    fn overrides_change(&mut self, changed: Done) {
        match changed {
            Done::Edit(_) => self.edits_change(),
            Done::Flag { flag, .. } => {
                let mut present = false;
                for done in self.in_force() {
                    if let Done::Flag { flag: other, up } = done
                        && other == flag
                    {
                        present = up;
                    }
                }
                self.s.flags[flag as usize] = present;
                if present {
                    self.offer_behind(flag);
                }
            }
            Done::ShedClient { client, .. } => {
                let mut kept = 1.0;
                for done in self.in_force() {
                    if let Done::ShedClient { client: other, by } = done
                        && other == client
                    {
                        kept *= 1.0 - by;
                    }
                }
                self.s.shed_clients[client as usize] = 1.0 - kept;
                self.s.shedding = self.s.shed_clients.iter().any(|share| 0.0 < *share);
            }
            Done::ShedEndpoint { endpoint, .. } => {
                let mut kept = 1.0;
                for done in self.in_force() {
                    if let Done::ShedEndpoint {
                        endpoint: other,
                        by,
                    } = done
                        && other == endpoint
                    {
                        kept *= 1.0 - by;
                    }
                }
                self.s.endpoints[endpoint as usize].shed = 1.0 - kept;
                let service = self.plan.endpoints[endpoint as usize].service as usize;
                for replica in self.s.services[service].replicas.clone() {
                    let affected = self.is_affected(replica);
                    self.s.replicas[replica as usize].affected = affected;
                }
            }
            Done::Drain { zone } => {
                let drained = self.in_force().any(|done| done == Done::Drain { zone });
                if self.s.drained.len() <= zone as usize {
                    self.s.drained.resize(zone as usize + 1, false);
                }
                self.s.drained[zone as usize] = drained;
                for replica in 0..self.s.replicas.len() as u32 {
                    if self.s.replicas[replica as usize].zone == zone {
                        self.see_at_once(replica);
                    }
                }
            }
            Done::Pause { .. } | Done::Once => {}
        }
    }

    /// Whether this request is turned away at the door of its endpoint.
    #[cold]
    pub(crate) fn turned_away(&self, task: u32) -> bool {
        let row = &self.s.tasks[task as usize];
        let share = self.s.endpoints[row.owner as usize].shed;
        let endpoint = &self.base.endpoints[row.owner as usize];
        let service = &self.base.services[endpoint.service.index()].name;
        let this = entity(&format!("shed {service}.{}", endpoint.name));
        0.0 < share
            && self
                .draw_of(this, purpose::COIN, row.identity)
                .chance(share)
    }

    /// Whether this visit is turned away before it begins. Coins are the visit's own: a larger share turns away the
    /// same ones and more.
    #[cold]
    pub(crate) fn visit_turned_away(&self, client: u32, visit: u64) -> bool {
        let share = self.s.shed_clients[client as usize];
        let this = entity(&format!("shed {}", self.base.clients[client as usize].name));
        0.0 < share && self.draw_of(this, purpose::COIN, visit).chance(share)
    }

    /// Processes end and start again.
    fn restart(&mut self, target: &Target, pick: u64) {
        let one_of = |n: usize| {
            self.draw_of(pick, purpose::TARGET, 0)
                .below(n.max(1) as u64) as usize
        };
        for replica in self.replicas_meant(target, NONE, &one_of) {
            let life = self.s.replicas[replica as usize].life;
            if matches!(life, Life::Stopping | Life::Stopped) {
                continue;
            }
            self.restart_replica(replica);
        }
    }

    /// Every occurrence of a fault that is under way ends; of faults that came together, each of them.
    fn repair(&mut self, fault: u32) {
        let mut faults = vec![fault];
        if let FaultKind::Together(members) = &self.base.faults[fault as usize].kind {
            faults.extend(members.iter().map(|member| member.0));
        }
        for row in self.disturbances.active.clone() {
            let of_it = matches!(self.disturbances.rows[row as usize].what, What::Fault(f) if faults.contains(&f));
            if of_it {
                self.disturbance_ends(row);
            }
        }
    }
}
