//! What people can do on a day that does not come back by itself.
//!
//! Somebody looks ten minutes after the last strike has ended. Each kind of action is tried from the smallest up: turning away
//! a share of the visits of those who are hurt, for a while; restarting a service; a flag; a setting for the rest of the day.
//! None is assumed to help more because it is larger.

use std::sync::Arc;

use worstday_model::day::{Happening, Happens};
use worstday_model::system::{
    Act, Action, ClientId, FlagId, Replicas, ServiceId, Shed, System, Tables, Target,
};
use worstday_stats::interval::clopper_pearson;

use super::{Case, Explained, Freed, MINUTE_NS};
use crate::check::Crew;
use crate::lived::{Unlived, World};

/// When somebody does something, ns after the last strike's end.
const REACTS_NS: i64 = 10 * MINUTE_NS;

/// Stuck days on which an action is tried, and on which it is proven.
const LOOKS: usize = 2;
const PROOF: usize = 20;

/// Shares of visits that are turned away.
const SHARES: [f64; 6] = [0.1, 0.2, 0.3, 0.5, 0.7, 0.9];

/// For so many minutes.
const MINUTES: [u64; 4] = [1, 3, 10, 20];

/// One thing that can be done.
struct Deed {
    what: String,
    lines: Vec<String>,
    acts: Vec<(Act, Option<u64>)>,
}

impl<C: Crew> Case<'_, C> {
    /// The smallest action of each kind that frees the day.
    pub(super) fn frees(&mut self, explained: &mut Explained) -> Result<(), Unlived> {
        let Some(triggers) = &self.triggers else {
            return Ok(());
        };
        // Where nearly every day comes back by itself there is nothing to free.
        if self.stuck.len() < 2 {
            return Ok(());
        }
        let at = triggers.last_end + REACTS_NS;
        let calendar = self.check.world.year.calendar();
        let clock = calendar.local(at).strftime("%H:%M").to_string();
        let system = Arc::clone(&self.check.world.system);
        for kind in kinds(&system, &self.took_part, &clock) {
            for deed in kind {
                if self.check.stopped.is_some() {
                    return Ok(());
                }
                let seeds = self.stuck.clone();
                let looks = &seeds[..LOOKS.min(seeds.len())];
                if self.after(&deed, at, looks)? != Some(looks.len() as u64) {
                    continue;
                }
                let proof = &seeds[..PROOF.min(seeds.len())];
                let Some(back) = self.after(&deed, at, proof)? else {
                    return Ok(());
                };
                if 20 * back < 19 * proof.len() as u64 {
                    continue;
                }
                explained.frees.push(Freed {
                    what: deed.what,
                    at: clock.clone(),
                    lines: deed.lines,
                    trials: proof.len() as u64,
                    back,
                    share: clopper_pearson(back, proof.len() as u64, 0.95),
                });
                break;
            }
        }
        Ok(())
    }

    /// How many of the stuck days come back after a deed.
    fn after(&mut self, deed: &Deed, at: i64, seeds: &[u64]) -> Result<Option<u64>, Unlived> {
        let (world, first) = with_acts(&self.check.world, deed);
        let mut day = self.story_day();
        let calendar = self.check.world.year.calendar();
        for (nth, (_, lasts_ns)) in deed.acts.iter().enumerate() {
            day.happens.push(Happening {
                at: calendar.local(at).time(),
                what: Happens::Act(first + nth as u32),
                target: None,
                by: None,
                lasts_ns: *lasts_ns,
                because: None,
            });
        }
        self.back(&world, &day, &deed.what, seeds)
    }
}

/// Kinds of actions, each from the smallest up.
fn kinds(system: &System, took_part: &[String], clock: &str) -> Vec<Vec<Deed>> {
    let mut kinds = Vec::new();
    let hurt: Vec<(u32, &str)> = system
        .clients
        .iter()
        .enumerate()
        .filter(|(_, client)| took_part.contains(&client.name))
        .map(|(at, client)| (at as u32, client.name.as_str()))
        .collect();
    let mut sheds: Vec<(f64, Deed)> = Vec::new();
    for share in SHARES {
        for minutes in MINUTES {
            if hurt.is_empty() {
                break;
            }
            let lasts = minutes * MINUTE_NS as u64;
            let percent = (share * 100.0).round();
            let names: Vec<&str> = hurt.iter().map(|(_, name)| *name).collect();
            sheds.push((
                share * minutes as f64,
                Deed {
                    what: format!(
                        "turning away {percent} % of the visits of {} for {minutes} min",
                        names.join(" and ")
                    ),
                    lines: names
                        .iter()
                        .map(|name| {
                            format!(
                                "{{at: {clock}, shed: {name}, by: {percent}%, lasts: {minutes}m}}"
                            )
                        })
                        .collect(),
                    acts: hurt
                        .iter()
                        .map(|(id, _)| (Act::Shed(Shed::Client(ClientId(*id)), share), Some(lasts)))
                        .collect(),
                },
            ));
        }
    }
    sheds.sort_by(|a, b| a.0.total_cmp(&b.0));
    kinds.push(sheds.into_iter().map(|(_, deed)| deed).collect());
    let services = system.services.iter().enumerate();
    let services = services.filter(|(_, service)| took_part.contains(&service.name));
    kinds.push(
        services
            .map(|(at, service)| Deed {
                what: format!("restarting {}", service.name),
                lines: vec![format!("{{at: {clock}, restart: {}}}", service.name)],
                acts: vec![(
                    Act::Restart(Target::Replicas(ServiceId(at as u32), Replicas::All)),
                    None,
                )],
            })
            .collect(),
    );
    kinds.push(
        system
            .flags
            .iter()
            .enumerate()
            .flat_map(|(at, flag)| {
                let id = FlagId(at as u32);
                [("set", Act::Set(id)), ("clear", Act::Clear(id))].map(|(verb, act)| Deed {
                    what: format!("{verb} {}", flag.name),
                    lines: vec![format!("{{at: {clock}, {verb}: {}}}", flag.name)],
                    acts: vec![(act, None)],
                })
            })
            .collect(),
    );
    kinds
}

/// The same world, and somebody in it who can do these things; the number of the first.
fn with_acts(world: &World, deed: &Deed) -> (World, u32) {
    let mut tables: Tables = (**world.system).clone();
    let first = tables.by_hand.len() as u32;
    tables
        .by_hand
        .extend(deed.acts.iter().map(|(act, _)| Action {
            text: deed.what.clone(),
            act: act.clone(),
            takes: None,
            through: None,
        }));
    let what = format!("with {}", deed.what);
    let world = world.with(tables, Arc::clone(&world.editing), &what);
    (world, first)
}
