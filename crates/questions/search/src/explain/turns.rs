//! Settings that spare a day, and settings that keep it going.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::sync::Arc;

use worstday_model::day::{Happening, Happens};
use worstday_model::load::{Lever, Turn, Way};
use worstday_model::system::{Act, Action, Edit, EditId, System, Tables};
use worstday_sim::engine::Editing;
use worstday_stats::interval::Sequence;

use super::{Case, Effect, Explained, FRESH, Fix, Held, MINUTE_NS, pairs};
use crate::check::Crew;
use crate::diff::price;
use crate::lived::{Trial, Tried, Unlived, World};

/// Fixes that are shown.
const FIXES: usize = 3;

/// Breaking seeds on which a turn is tried first.
const LOOKS: usize = 8;

/// Fresh seeds at most on which a fix is proven.
const PROOF: u64 = 240;

/// Days on which nothing strikes.
const NORMAL: u64 = 20;

/// Verdicts on fixes miss that often, all together.
const ERROR: f64 = 0.05;

/// Stuck days on which a setting is tried.
const STUCK: usize = 8;

/// Settings in the loop that are shown.
const HELD: usize = 4;

/// A turn with the system that it makes.
struct Candidate {
    lever: usize,
    turn: Turn,
    world: World,
    per_month: Option<f64>,
    replicas: i64,
}

impl<C: Crew> Case<'_, C> {
    /// Settings of what took part.
    fn levers(&self) -> Vec<Lever> {
        let mut levers = self.workshop.levers();
        if !self.took_part.is_empty() {
            levers.retain(|lever| {
                lever.of.is_empty() || lever.of.iter().any(|name| self.took_part.contains(name))
            });
        }
        levers
    }

    /// Every turn of them, the cheapest first: what costs nothing by how far it goes from what there is, then what adds
    /// something, then what takes something away; then what must be paid for, by its price.
    fn turns(&self, levers: &[Lever]) -> Vec<(usize, Turn)> {
        let before = &self.check.world.system;
        let mut all: Vec<(f64, f64, usize, Turn)> = Vec::new();
        for (lever, row) in levers.iter().enumerate() {
            let is_bought = row.key() == "replicas" || row.is_within("cores");
            for turn in &row.turns {
                let bought = if is_bought {
                    let Some(world) = self.workshop.turned(&self.check.world, turn) else {
                        continue;
                    };
                    let more = replicas(&world.system) - replicas(before);
                    let money = price(&world.system).zip(price(before));
                    // Less of it is no cheaper than nothing: it is the day that must be spared.
                    1.0 + money
                        .map_or(more as f64, |(after, before)| after - before)
                        .max(0.0)
                } else if row.key() == "workers" {
                    // More hands on the same machine: nobody has a price for them, and they are not for nothing.
                    0.5
                } else {
                    0.0
                };
                let way = match turn.way {
                    Way::Number | Way::Word => 0.0,
                    Way::New => 10.0,
                    Way::Off => 20.0,
                };
                all.push((bought, way + turn.far, lever, turn.clone()));
            }
        }
        all.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.total_cmp(&b.1)));
        all.into_iter()
            .map(|(_, _, lever, turn)| (lever, turn))
            .collect()
    }

    /// The system that a turn makes; none if the model refuses it.
    fn candidate(&self, lever: usize, turn: &Turn) -> Option<Candidate> {
        let before = &self.check.world.system;
        let world = self.workshop.turned(&self.check.world, turn)?;
        Some(Candidate {
            lever,
            turn: turn.clone(),
            per_month: price(&world.system).zip(price(before)).map(|(a, b)| a - b),
            replicas: replicas(&world.system) - replicas(before),
            world,
        })
    }

    /// The three cheapest settings that make the day harmless.
    pub(super) fn fixes(&mut self, explained: &mut Explained, left: f64) -> Result<(), Unlived> {
        let breaking: Vec<u64> = (0..self.broke.len() as u64)
            .filter(|&index| self.broke[index as usize])
            .map(|index| self.seed(index))
            .take(LOOKS)
            .collect();
        if breaking.is_empty() {
            return Ok(());
        }
        let levers = self.levers();
        let turns = self.turns(&levers);
        explained.turns = turns.len() as u64;
        let mut proven: Vec<usize> = Vec::new();
        let mut put_to_proof = 0_u64;
        let mut baselines: BTreeMap<bool, Vec<Tried>> = BTreeMap::new();
        for (lever, turn) in &turns {
            if explained.fixes.len() == FIXES || self.left() < left {
                break;
            }
            if proven.contains(lever) {
                continue;
            }
            explained.turns_tried += 1;
            let Some(row) = &self.candidate(*lever, turn) else {
                continue;
            };
            if !self.spares(row, &breaking)? {
                continue;
            }
            put_to_proof += 1;
            let error = ERROR / (put_to_proof as f64 * (put_to_proof as f64 + 1.0));
            let Some(fix) = self.prove(row, &levers[row.lever], error, &mut baselines)? else {
                continue;
            };
            proven.push(row.lever);
            explained.fixes.push(fix);
        }
        Ok(())
    }

    /// Whether none of a few breaking days breaks with it: one day first, for most change nothing.
    fn spares(&mut self, row: &Candidate, breaking: &[u64]) -> Result<bool, Unlived> {
        let day = self.asked.day.clone();
        for seeds in [&breaking[..1], &breaking[1..]] {
            let tried = self.live(&row.world, &day, seeds, &row.turn.set)?;
            if tried.len() < seeds.len() || tried.iter().any(|tried| self.breaks(tried)) {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// A fix, if fresh days show that it is one.
    fn prove(
        &mut self,
        row: &Candidate,
        lever: &Lever,
        error: f64,
        baselines: &mut BTreeMap<bool, Vec<Tried>>,
    ) -> Result<Option<Fix>, Unlived> {
        let at_risk = self.check.world.system.promises[self.asked.promise].at_risk;
        let world = match &self.check.world.quiet {
            // What the rest of a day is like depends on the settings too.
            Some(_) => {
                let date = self.check.busiest_date();
                let seed = self.check.seed_of("quiet day", 0);
                row.world.with_quiet_day(date, seed)?
            }
            None => row.world.clone(),
        };
        let day = self.asked.day.clone();
        let sequence = Sequence::new(1.0 - error, (3.0 / at_risk.max(1e-6)).max(1.0));
        let mut after: Vec<Tried> = Vec::new();
        let (mut trials, mut broken) = (0_u64, 0_u64);
        let holds = loop {
            let share = sequence.share(broken, trials);
            if share.high <= at_risk && FRESH <= trials {
                break true;
            }
            let hopeless = 40 <= trials && at_risk < broken as f64 / trials as f64;
            if hopeless || at_risk < share.low || PROOF <= trials {
                break false;
            }
            let seeds: Vec<u64> = (trials..trials + 20)
                .map(|index| self.seed_of_proof(index))
                .collect();
            let tried = self.live(&world, &day, &seeds, &row.turn.set)?;
            if tried.len() < seeds.len() {
                break false;
            }
            broken += tried.iter().filter(|tried| self.breaks(tried)).count() as u64;
            trials += tried.len() as u64;
            after.extend(tried);
        };
        if !holds {
            return Ok(None);
        }
        let at_most = sequence.share(broken, trials).high;
        let mut promises = Vec::new();
        let normal = self.check.world.busiest(self.check.busiest_date(), 1.0);
        for normal_day in [false, true] {
            let (day, count) = if normal_day {
                (&normal, NORMAL)
            } else {
                (&day, FRESH)
            };
            let seeds: Vec<u64> = (0..count).map(|index| self.seed_of_proof(index)).collect();
            if let Entry::Vacant(none) = baselines.entry(normal_day) {
                let own = self.check.world.clone();
                none.insert(self.live(&own, day, &seeds, "the same days as they are")?);
            }
            let tried = if normal_day {
                self.live(&world, day, &seeds, &row.turn.set)?
            } else {
                after.clone()
            };
            let before = &baselines[&normal_day];
            for (at, promise) in self.check.world.system.promises.iter().enumerate() {
                let is = |all: &[Tried]| -> Vec<bool> {
                    all.iter()
                        .map(|tried| tried.promises[at].broken || tried.broke_off)
                        .collect()
                };
                let pairs = pairs(&is(before), &is(&tried));
                promises.push(Effect {
                    name: promise.name.clone(),
                    normal_day,
                    trials: pairs.count(),
                    before: pairs.both + pairs.only_before,
                    after: pairs.both + pairs.only_after,
                    change: pairs.difference(0.95),
                });
            }
        }
        Ok(Some(Fix {
            path: lever.path.clone(),
            now: lever.now.clone(),
            to: row.turn.value.clone(),
            set: row.turn.set.clone(),
            place: format!("{}:{}", lever.place.file, lever.place.line),
            per_month: row.per_month,
            replicas: row.replicas,
            trials,
            broken,
            at_most,
            promises,
        }))
    }

    fn seed_of_proof(&self, index: u64) -> u64 {
        self.check.seed_of("explain proof", index)
    }

    /// Settings that, changed only after the last strike has ended, let stuck days come back.
    pub(super) fn sustained(
        &mut self,
        explained: &mut Explained,
        left: f64,
    ) -> Result<(), Unlived> {
        if self.stuck.len() < 2 {
            return Ok(());
        }
        let levers = self.levers();
        let seeds: Vec<u64> = self.stuck.iter().copied().take(STUCK).collect();
        let mut found: Vec<Held> = Vec::new();
        let before = capacity(&self.check.world.system);
        for lever in levers.iter().filter(|lever| lever.now.is_some()) {
            if found.len() == HELD || self.left() < left {
                break;
            }
            // A part of what was found already is the same line.
            if found.iter().any(|held| lever.path.starts_with(&held.path)) {
                continue;
            }
            for turn in &lever.turns {
                let Some(changed) = self.workshop.turned(&self.check.world, turn) else {
                    continue;
                };
                // More machines end any overload: what keeps it going is a matter of settings.
                if before < capacity(&changed.system) {
                    continue;
                }
                let back = self.back_with(&changed, &turn.set, &seeds[..1])?;
                if back.is_none_or(|back| back == 0) {
                    continue;
                }
                let back = self.back_with(&changed, &turn.set, &seeds)?;
                let Some(back) = back.filter(|back| seeds.len() as u64 <= *back + 1) else {
                    continue;
                };
                found.push(Held {
                    path: lever.path.clone(),
                    now: lever.now.clone(),
                    place: format!("{}:{}", lever.place.file, lever.place.line),
                    to: turn.value.clone(),
                    trials: seeds.len() as u64,
                    back,
                });
                break;
            }
        }
        explained.sustained = found;
        Ok(())
    }

    /// How many of stuck days come back with a setting that changes a minute after the last strike; none if the budget ended.
    pub(super) fn back_with(
        &mut self,
        changed: &World,
        trying: &str,
        seeds: &[u64],
    ) -> Result<Option<u64>, Unlived> {
        let Some(triggers) = &self.triggers else {
            return Ok(None);
        };
        let at = triggers.last_end + MINUTE_NS;
        let (world, act) = later(&self.check.world, changed);
        let mut day = self.story_day();
        let calendar = self.check.world.year.calendar();
        day.happens.push(Happening {
            at: calendar.local(at).time(),
            what: Happens::Act(act),
            target: None,
            by: None,
            lasts_ns: None,
            because: None,
        });
        self.back(&world, &day, trying, seeds)
    }

    /// How many days are as before at their end; none if the budget ended.
    pub(super) fn back(
        &mut self,
        world: &World,
        day: &worstday_model::day::Scenario,
        trying: &str,
        seeds: &[u64],
    ) -> Result<Option<u64>, Unlived> {
        let trials: Vec<Trial> = seeds
            .iter()
            .map(|&seed| Trial::lived_out(day.clone(), seed))
            .collect();
        let Some(tried) = self.check.batch_of(world, &trials, trying)? else {
            return Ok(None);
        };
        self.check.days.shrunk += trials.len() as u64;
        Ok(Some(
            tried.iter().filter(|tried| tried.recovered).count() as u64
        ))
    }
}

/// The same world, and somebody in it who can make it another; the number of that act.
fn later(world: &World, changed: &World) -> (World, u32) {
    let edit = EditId(world.system.edits.len() as u32);
    let mut tables: Tables = (**world.system).clone();
    tables.edits.push(Edit {
        name: "a setting changed on the day".to_owned(),
    });
    let edits = tables.edits.clone();
    let act = tables.by_hand.len() as u32;
    tables.by_hand.push(Action {
        text: "changes a setting".to_owned(),
        act: Act::Edit(edit),
        takes: None,
        through: None,
    });
    let by_hand = tables.by_hand.clone();
    let editing = Later {
        edit,
        edits,
        by_hand,
        before: Arc::clone(&world.editing),
        after: Arc::clone(&changed.editing),
        changed: Arc::clone(&changed.system),
    };
    let what = format!("later as {}", changed.variant);
    let world = world.with(tables, Arc::new(editing), &what);
    (world, act)
}

/// Edits of a system one of which makes it another one.
struct Later {
    edit: EditId,
    edits: Vec<Edit>,
    by_hand: Vec<Action>,
    before: Arc<dyn Editing>,
    after: Arc<dyn Editing>,
    changed: Arc<System>,
}

impl Editing for Later {
    fn edited(&self, active: &[EditId]) -> Arc<System> {
        let rest: Vec<EditId> = active
            .iter()
            .copied()
            .filter(|edit| *edit != self.edit)
            .collect();
        let system = if rest.len() == active.len() {
            self.before.edited(&rest)
        } else if rest.is_empty() {
            Arc::clone(&self.changed)
        } else {
            self.after.edited(&rest)
        };
        let mut tables: Tables = (**system).clone();
        tables.edits.clone_from(&self.edits);
        tables.by_hand.clone_from(&self.by_hand);
        Arc::new(System::new(tables).expect("an edit more changes nothing by itself"))
    }
}

fn replicas(system: &System) -> i64 {
    system
        .services
        .iter()
        .map(|service| i64::from(service.replicas))
        .sum()
}

/// Replicas, and their cores and workers: of what has no price, less is cheaper.
fn capacity(system: &System) -> f64 {
    let each = system.services.iter().map(|service| {
        let cores = service.cores.as_ref().map_or(0.0, |cores| cores.limit);
        let workers = if service.workers == u32::MAX {
            1e6
        } else {
            f64::from(service.workers)
        };
        f64::from(service.replicas) * (1.0 + cores + workers)
    });
    each.sum()
}
