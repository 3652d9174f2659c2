//! What each promise claims, and the days by which it is tried.
//!
//! `1 in T` speaks of all days of the year. Every other entry of `survives` names a day: it is a set of *cases*, each of
//! which must hold at its worst time. What the language leaves open is decided here:
//!
//! - `any one zone` vanishes and `any one replica` crashes, each for an hour: the file gives no length. Replicas of one service
//!   are alike, so one of them is drawn; each service is a case.
//! - `any one fault` ranges over all declared ones, with their own lengths and sizes, whether or not their rate is known.
//! - `any one rollout` is the day on which the calendar brings it.
//! - Several things of one kind strike in consecutive seconds.

use worstday_model::day::Happens;
use worstday_model::system::{
    Claim, Fault, FaultId, FaultKind, FaultWhen, Lasts, Part, Place, Replicas, ServiceId, System,
    Target, ZoneId,
};

/// A part of the system that the file has no fault for is lost for so long, ns.
pub const LOST_NS: u64 = 3_600_000_000_000;

/// More cases than that are not tried: the rest is named.
pub const CASES_MAX: usize = 128;

/// One day that a claim ranges over.
#[derive(Clone, Debug, PartialEq)]
pub struct Case {
    /// In words: `zone a lost`, `pos-silent`, `1.3x peak`.
    pub name: String,
    /// What strikes.
    pub strikes: Vec<CaseStrike>,
    /// All demand times that.
    pub peak: f64,
    /// A rollout of this service takes place.
    pub rollout: Option<ServiceId>,
}

/// Something that strikes in a case.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct CaseStrike {
    /// A fault or an event.
    pub what: Happens,
    /// Its length, ns, where the file gives none.
    pub lasts_ns: Option<u64>,
}

/// Ways to break that claims ask for and the file has no name for, to be put behind its own: zones, then one replica of each
/// service. They have the names that a scenario gives them that spells them out.
#[derive(Clone, Debug, Default)]
pub struct Extra {
    /// The faults.
    pub faults: Vec<Fault>,
    zones: usize,
    /// Where those begin that stall a service, one for each.
    stalls: usize,
}

impl Extra {
    /// All that the promises of a system ask for.
    #[must_use]
    pub fn of(system: &System) -> Self {
        let claims = system.promises.iter().flat_map(|promise| &promise.survives);
        let parts: Vec<Part> = claims
            .filter_map(|survive| match &survive.what {
                Claim::Together(parts) => Some(parts.clone()),
                _ => None,
            })
            .flatten()
            .collect();
        let mut extra = Self::default();
        if parts
            .iter()
            .any(|part| matches!(part, Part::AnyZone { .. }))
        {
            for (index, zone) in system.zones.iter().enumerate() {
                let target = Target::Zone(ZoneId(index as u32));
                extra.add(system, "vanish", &zone.name, FaultKind::Vanish(target));
            }
            extra.zones = system.zones.len();
        }
        if parts
            .iter()
            .any(|part| matches!(part, Part::AnyReplica { .. }))
        {
            for (index, service) in system.services.iter().enumerate() {
                let target = Target::Replicas(ServiceId(index as u32), Replicas::Any);
                let name = format!("{}-any", service.name);
                extra.add(system, "crash", &name, FaultKind::Crash(target));
            }
        }
        extra.stalls = extra.faults.len();
        for (index, service) in system.services.iter().enumerate() {
            let target = Target::Replicas(ServiceId(index as u32), Replicas::All);
            extra.add(system, "stall", &service.name, FaultKind::Stall(target));
        }
        extra
    }

    /// The fault that stalls a service, behind `known` declared ones.
    #[must_use]
    pub fn stall(&self, known: usize, service: usize) -> Happens {
        Happens::Fault(FaultId((known + self.stalls + service) as u32))
    }

    fn add(&mut self, system: &System, verb: &str, target: &str, kind: FaultKind) {
        let plain = format!("{verb}-{target}");
        let is_taken = |name: &str| {
            let known = system.faults.iter().chain(&self.faults);
            known.into_iter().any(|fault| fault.name == name)
        };
        let mut name = plain.clone();
        let mut number = 2;
        while is_taken(&name) {
            name = format!("{plain}-{number}");
            number += 1;
        }
        self.faults.push(Fault {
            name,
            kind,
            when: FaultWhen::Possible,
            lasts: Lasts::Repaired,
            place: Place::default(),
        });
    }

    fn zone(&self, known: usize, zone: usize) -> CaseStrike {
        debug_assert!(zone < self.zones);
        self.strike(known + zone)
    }

    fn replica(&self, known: usize, service: usize) -> CaseStrike {
        self.strike(known + self.zones + service)
    }

    fn strike(&self, at: usize) -> CaseStrike {
        CaseStrike {
            what: Happens::Fault(FaultId(at as u32)),
            lasts_ns: Some(LOST_NS),
        }
    }
}

/// The cases of a day that is named, in the order of the file; `known` faults are declared, the others are [`Extra`]. How many
/// were left out because there are too many comes second.
#[must_use]
pub fn cases(system: &System, known: usize, extra: &Extra, parts: &[Part]) -> (Vec<Case>, usize) {
    let mut cases = vec![Case {
        name: String::new(),
        strikes: Vec::new(),
        peak: 1.0,
        rollout: None,
    }];
    for part in parts {
        let choices = choices(system, known, extra, part);
        let mut next = Vec::with_capacity(cases.len() * choices.len());
        for case in &cases {
            for choice in &choices {
                let mut both = case.clone();
                if !both.name.is_empty() {
                    both.name.push_str(" and ");
                }
                both.name.push_str(&choice.name);
                both.strikes.extend(&choice.strikes);
                both.peak *= choice.peak;
                both.rollout = both.rollout.or(choice.rollout);
                next.push(both);
            }
        }
        cases = next;
    }
    let left_out = cases.len().saturating_sub(CASES_MAX);
    cases.truncate(CASES_MAX);
    (cases, left_out)
}

/// What a part of a day may be.
fn choices(system: &System, known: usize, extra: &Extra, part: &Part) -> Vec<Case> {
    let plain = |name: String, strikes: Vec<CaseStrike>| Case {
        name,
        strikes,
        peak: 1.0,
        rollout: None,
    };
    let declared = |id: FaultId| CaseStrike {
        what: Happens::Fault(id),
        lasts_ns: match system.faults[id.index()].lasts {
            // Nobody says how long: as long as what else the file has no length for.
            Lasts::Repaired => Some(LOST_NS),
            _ => None,
        },
    };
    match *part {
        Part::Fault(id) => {
            let name = system.faults[id.index()].name.clone();
            vec![plain(name, vec![declared(id)])]
        }
        Part::Event(id) => vec![plain(
            system.events[id.index()].name.clone(),
            vec![CaseStrike {
                what: Happens::Event(id),
                lasts_ns: None,
            }],
        )],
        Part::Peak(factor) => vec![Case {
            name: format!("{factor}x peak"),
            strikes: Vec::new(),
            peak: factor,
            rollout: None,
        }],
        Part::AnyZone { count } => sets(system.zones.len(), count as usize, false)
            .into_iter()
            .map(|set| {
                let names: Vec<&str> = set.iter().map(|&z| system.zones[z].name.as_str()).collect();
                let strikes = set.iter().map(|&zone| extra.zone(known, zone)).collect();
                plain(format!("zone {} lost", names.join(", ")), strikes)
            })
            .collect(),
        Part::AnyReplica { count } => sets(system.services.len(), count as usize, true)
            .into_iter()
            .filter(|set| {
                // No more of a service than it has.
                set.iter().all(|&service| {
                    let of = set.iter().filter(|&&other| other == service).count();
                    of <= system.services[service].replicas as usize
                })
            })
            .map(|set| {
                let names: Vec<&str> = set
                    .iter()
                    .map(|&at| system.services[at].name.as_str())
                    .collect();
                let strikes = set.iter().map(|&at| extra.replica(known, at)).collect();
                plain(format!("a replica of {} lost", names.join(", ")), strikes)
            })
            .collect(),
        Part::AnyFault { count } => sets(known, count as usize, false)
            .into_iter()
            .map(|set| {
                let names: Vec<&str> = set
                    .iter()
                    .map(|&at| system.faults[at].name.as_str())
                    .collect();
                let strikes = set.iter().map(|&at| declared(FaultId(at as u32))).collect();
                plain(names.join(" and "), strikes)
            })
            .collect(),
        Part::AnyRollout { .. } => system
            .services
            .iter()
            .enumerate()
            .filter(|(_, service)| service.rollout.is_some())
            .map(|(index, service)| Case {
                name: format!("rollout of {}", service.name),
                strikes: Vec::new(),
                peak: 1.0,
                rollout: Some(ServiceId(index as u32)),
            })
            .collect(),
    }
}

/// Sets of `count` out of `of`, in order; one may come several times with `repeated`.
fn sets(of: usize, count: usize, repeated: bool) -> Vec<Vec<usize>> {
    let mut sets = vec![Vec::new()];
    for _ in 0..count {
        sets = sets
            .into_iter()
            .flat_map(|set: Vec<usize>| {
                let from = set.last().map_or(0, |last| last + usize::from(!repeated));
                (from..of).map(move |next| {
                    let mut more = set.clone();
                    more.push(next);
                    more
                })
            })
            .take(4 * CASES_MAX)
            .collect();
    }
    sets
}

#[cfg(test)]
mod tests {
    use super::sets;

    #[test]
    fn sets_are_complete() {
        assert_eq!(sets(3, 2, false), [vec![0, 1], vec![0, 2], vec![1, 2]]);
        assert_eq!(sets(2, 2, true), [vec![0, 0], vec![0, 1], vec![1, 1]]);
        assert_eq!(sets(0, 1, false), Vec::<Vec<usize>>::new());
    }
}
