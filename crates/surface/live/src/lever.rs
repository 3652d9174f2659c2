//! Levers: what one can break, what one can do about it, and how many people come. All of it is found in the system.
//!
//! A lever is a sentence and the line of a scenario that it writes; whether that line is right is for the reader to say. Where
//! a system is large, lists are cut: what is used most comes first.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;
use worstday_model::scalar::Duration;
use worstday_model::system::{
    Act, Arrive, Caller, Expiry, Jitter, Lasts, Origin, Replicas, Retry, ServiceId, Shed, System,
    Target,
};

use crate::breakage::{KINDS, PERCENT, Part, SIZE, Size, decimal, mean, verb};
use crate::script::Edits;
use worstday_model::yaml::Yaml;

/// Levers of one kind that are offered.
const OFFERED: usize = 24;

/// Where a lever stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Group {
    /// Breaks something.
    Break,
    /// Helps.
    Save,
    /// Changes how many people come.
    Load,
}

/// What a lever writes.
#[derive(Clone, Debug, PartialEq)]
enum Pull {
    /// These entries.
    Line(Vec<(String, Yaml)>),
    /// The same, the size under this key.
    Sized(Vec<(String, Yaml)>, &'static str),
    /// `demand: {CLIENT: 2x}`
    Demand(String),
    /// `edit: {PATH: 2 more}`; where the file says no number, that one and as many more.
    More(String, Option<u32>),
}

/// Something to pull.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Lever {
    /// Names it.
    pub id: String,
    /// Where it stands.
    pub group: Group,
    /// A sentence.
    pub text: String,
    /// What comes of it, or who would do it.
    pub does: String,
    /// How long it lasts if nothing else is said, s.
    pub lasts: Option<f64>,
    /// A number that it takes.
    pub size: Option<Size>,
    /// Whether it lasts at all: a restart is over as soon as it is done.
    #[serde(skip)]
    pub stays: bool,
    #[serde(skip)]
    pull: Pull,
}

impl Lever {
    /// The line that it writes, without when and how long, and the sentence.
    ///
    /// # Errors
    ///
    /// What is wrong with the size.
    pub fn line(&self, size: Option<f64>) -> Result<(Vec<(String, Yaml)>, String), String> {
        let Some(is) = self.size else {
            return match &self.pull {
                Pull::Line(entries) => Ok((entries.clone(), self.text.clone())),
                _ => unreachable!("a lever whose line has a size has one"),
            };
        };
        let value = is.written(size)?;
        let text = self.text.replace(SIZE, &is.said(size));
        let entries = match &self.pull {
            Pull::Line(entries) => entries.clone(),
            Pull::Sized(entries, key) => {
                let mut entries = entries.clone();
                entries.push(((*key).to_owned(), Yaml::Text(value)));
                entries
            }
            Pull::Demand(client) => vec![(
                "demand".to_owned(),
                Yaml::map([(client.clone(), Yaml::Text(value))]),
            )],
            Pull::More(path, than) => {
                let more = match than {
                    Some(than) => format!("{}", f64::from(*than) + size.unwrap_or(is.is).round()),
                    None => value,
                };
                vec![(
                    "edit".to_owned(),
                    Yaml::map([(path.clone(), Yaml::Text(more))]),
                )]
            }
        };
        Ok((entries, text))
    }
}

/// All that can be done to a system.
#[derive(Clone, Debug)]
pub struct Levers {
    /// Named levers.
    pub levers: Vec<Lever>,
    /// Parts that can be broken in any way.
    pub parts: Vec<Part>,
}

impl Levers {
    /// Finds them. `edits` are the edits that the model knows by a name.
    #[must_use]
    pub fn of(system: &System, edits: &Edits) -> Self {
        let finder = Finder {
            system,
            asked: asked(system),
        };
        let mut levers = finder.faults();
        let parts = finder.parts();
        if levers.is_empty() {
            levers.extend(finder.first_breaks(&parts));
        }
        levers.extend(finder.runbooks(edits));
        let flags = finder.flags(&levers);
        levers.extend(flags);
        levers.extend(finder.services());
        levers.extend(finder.zones());
        levers.extend(finder.retries());
        levers.extend(finder.shedding());
        levers.extend(finder.demand());
        let mut seen = BTreeSet::new();
        levers.retain(|lever| seen.insert(lever.id.clone()));
        Self { levers, parts }
    }

    /// The lever of that name.
    #[must_use]
    pub fn get(&self, id: &str) -> Option<&Lever> {
        self.levers.iter().find(|lever| lever.id == id)
    }

    /// One thing to try first.
    #[must_use]
    pub fn hint(&self) -> Option<(String, String)> {
        let first = self
            .levers
            .iter()
            .find(|lever| lever.group == Group::Break)?;
        let helps = self.levers.iter().find(|lever| lever.group == Group::Save);
        let mut text = format!("Try one thing first: {}. Watch who waits", first.text);
        if let Some(helps) = helps {
            text.push_str(&format!(
                ", then pull “{}”",
                helps.text.replace(SIZE, "some")
            ));
        }
        text.push('.');
        Some((first.id.clone(), text))
    }
}

/// From how many callers each service is asked, directly and through others: the same in every session.
fn asked(system: &System) -> Vec<usize> {
    let mut asked = vec![0; system.services.len()];
    for call in &system.calls {
        asked[system.endpoints[call.target.index()].service.index()] += match call.caller {
            // Who is asked by people is what people feel.
            Caller::Client(_) => 8,
            Caller::Endpoint(_) => 2,
            Caller::Start(_) => 0,
        };
    }
    asked
}

/// Looks for levers in a system.
pub(crate) struct Finder<'a> {
    pub(crate) system: &'a System,
    asked: Vec<usize>,
}

impl Finder<'_> {
    /// Services, the most asked first, then in name order.
    pub(crate) fn busiest(&self) -> Vec<usize> {
        let mut all: Vec<usize> = (0..self.system.services.len()).collect();
        all.sort_by_key(|&at| (std::cmp::Reverse(self.asked[at]), at));
        all
    }

    /// A service's name.
    pub(crate) fn service(&self, id: ServiceId) -> &str {
        &self.system.services[id.index()].name
    }

    /// Declared faults, each a sentence of its kind and target.
    fn faults(&self) -> Vec<Lever> {
        let system = self.system;
        let declared = system.faults.iter().take(OFFERED);
        declared
            .map(|fault| Lever {
                id: format!("fault:{}", fault.name),
                group: Group::Break,
                text: self.sentence(&fault.kind),
                does: format!("the fault `{}` of the file", fault.name),
                lasts: match &fault.lasts {
                    Lasts::Time(law) => Some(mean(law) / 1e9),
                    Lasts::Until(_) | Lasts::Repaired => None,
                },
                size: None,
                stays: true,
                pull: Pull::Line(vec![("fault".to_owned(), Yaml::text(&fault.name))]),
            })
            .collect()
    }

    /// Where the file declares no fault: the part that is asked most breaks in two ways.
    fn first_breaks(&self, parts: &[Part]) -> Vec<Lever> {
        let first = parts.iter().find(|part| part.kind == "service");
        let Some(part) = first else { return Vec::new() };
        ["vanish", "slow"]
            .into_iter()
            .filter_map(|kind| {
                let known = KINDS.iter().find(|known| known.kind == kind)?;
                let entries = vec![(kind.to_owned(), Yaml::text(&part.name))];
                Some(Lever {
                    id: format!("break:{kind}:{}", part.name),
                    group: Group::Break,
                    text: format!("{} {}", part.name, verb(kind)),
                    does: format!("{} {}", part.text, known.words),
                    lasts: Some(900.0),
                    size: known.size,
                    stays: true,
                    pull: match known.size {
                        Some(_) => Pull::Sized(entries, known.key),
                        None => Pull::Line(entries),
                    },
                })
            })
            .collect()
    }

    /// What operators would do, by hand.
    fn runbooks(&self, edits: &Edits) -> Vec<Lever> {
        let mut levers: Vec<Lever> = Vec::new();
        for operator in &self.system.operators {
            for (number, entry) in operator.runbook.iter().enumerate() {
                let lasts = match &entry.expiry {
                    Expiry::After(law) => Some(mean(law) / 1e9),
                    Expiry::Never | Expiry::Until(_) => None,
                };
                let alert = &self.system.alerts[entry.alert.index()].name;
                for (step, action) in entry.actions.iter().enumerate() {
                    let Some((pull, stays)) = self.act(&action.act, edits) else {
                        continue;
                    };
                    let because = entry.because.as_ref();
                    let why = because.map_or_else(String::new, |why| format!(": {why}"));
                    levers.push(Lever {
                        id: format!("runbook:{}.{number}.{step}", operator.name),
                        group: Group::Save,
                        text: imperative(&action.text),
                        does: format!("what {} does when `{alert}` fires{why}", operator.name),
                        lasts: if stays { lasts } else { None },
                        size: None,
                        stays,
                        pull: Pull::Line(pull),
                    });
                }
            }
        }
        levers.truncate(OFFERED);
        levers
    }

    /// The line of an action, and whether it stays.
    fn act(&self, act: &Act, edits: &Edits) -> Option<(Vec<(String, Yaml)>, bool)> {
        let system = self.system;
        let one = |key: &str, text: &str| vec![(key.to_owned(), Yaml::text(text))];
        Some(match act {
            Act::Edit(edit) => {
                let edit = edits.get(&system.edits[edit.index()].name)?;
                (vec![("edit".to_owned(), edit.clone())], true)
            }
            Act::Set(flag) => (one("set", &system.flags[flag.index()].name), true),
            Act::Clear(flag) => (one("clear", &system.flags[flag.index()].name), true),
            Act::Shed(whom, by) => {
                let name = match whom {
                    Shed::Client(id) => system.clients[id.index()].name.clone(),
                    Shed::Endpoint(id) => self.target(&Target::Endpoint(*id)),
                };
                let mut line = one("shed", &name);
                line.push((
                    "by".to_owned(),
                    Yaml::Text(format!("{}%", decimal(100.0 * by))),
                ));
                (line, true)
            }
            // Only what can be written as it is meant: a whole service or one replica.
            Act::Restart(Target::Replicas(id, Replicas::All)) => {
                (one("restart", self.service(*id)), false)
            }
            Act::Restart(Target::Replicas(id, Replicas::One(number))) => (
                one("restart", &format!("{}/{number}", self.service(*id))),
                false,
            ),
            Act::Restart(Target::Replicas(id, Replicas::Any)) => {
                (one("restart", &format!("{}/any", self.service(*id))), false)
            }
            Act::Restart(_) => return None,
            Act::Drain(zone) => (one("drain", &system.zones[zone.index()].name), true),
            Act::Repair(fault) => (one("repair", &system.faults[fault.index()].name), false),
            Act::Replay(topic) => (one("replay", &system.topics[topic.index()].name), false),
            Act::RollBack(service) => (one("roll-back", self.service(*service)), false),
            Act::Pause(service) => (
                one("pause", &format!("{}.rollout", self.service(*service))),
                true,
            ),
        })
    }

    /// Flags that no runbook sets.
    fn flags(&self, levers: &[Lever]) -> Vec<Lever> {
        let set = |name: &str| vec![("set".to_owned(), Yaml::text(name))];
        let free = self.system.flags.iter().filter(|flag| {
            let known = Pull::Line(set(&flag.name));
            !levers.iter().any(|lever| lever.pull == known)
        });
        free.take(OFFERED)
            .map(|flag| Lever {
                id: format!("set:{}", flag.name),
                group: Group::Save,
                text: format!("switch to {}", flag.name.replace('-', " ")),
                does: format!("the flag `{}` goes up", flag.name),
                lasts: Some(1800.0),
                size: None,
                stays: true,
                pull: Pull::Line(set(&flag.name)),
            })
            .collect()
    }

    /// More replicas, restarts, and what becomes of rollouts.
    fn services(&self) -> Vec<Lever> {
        let mut levers = Vec::new();
        let busiest = self.busiest();
        let rows = || {
            busiest
                .iter()
                .take(OFFERED / 2)
                .map(|&at| &self.system.services[at])
        };
        levers.extend(rows().map(|row| Lever {
            id: format!("more:{}", row.name),
            group: Group::Save,
            text: format!("{SIZE} of {}", row.name),
            does: format!("replicas of `{}`, ready after its start-up time", row.name),
            lasts: Some(1800.0),
            size: Some(Size {
                unit: "more",
                is: 1.0,
                min: 1.0,
                max: f64::from(row.replicas.clamp(4, 100)),
                step: 1.0,
            }),
            stays: true,
            pull: {
                let path = format!("services.{}.replicas", row.name);
                let mut facts = self.system.facts.iter();
                let said = facts
                    .any(|fact| fact.path == path && !matches!(fact.origin, Origin::Default(_)));
                Pull::More(path, (!said).then_some(row.replicas))
            },
        }));
        let once = |key: &str, name: &str, text: String, does: &str| Lever {
            id: format!("{key}:{name}"),
            group: Group::Save,
            text,
            does: does.to_owned(),
            lasts: None,
            size: None,
            stays: false,
            pull: Pull::Line(vec![(key.to_owned(), Yaml::text(name))]),
        };
        levers.extend(rows().map(|row| {
            let text = format!("restart {}", row.name);
            once(
                "restart",
                &row.name,
                text,
                "every process of it ends and starts again",
            )
        }));
        for row in &self.system.services {
            if row.rollout.is_some() {
                let text = format!("roll {} back", row.name);
                levers.push(once(
                    "roll-back",
                    &row.name,
                    text,
                    "its last version goes, the one before comes",
                ));
                levers.push(Lever {
                    stays: true,
                    ..once(
                        "pause",
                        &format!("{}.rollout", row.name),
                        format!("pause the rollout of {}", row.name),
                        "it stops where it is",
                    )
                });
            }
        }
        levers
    }

    /// Zones can be drained where there is another.
    fn zones(&self) -> Vec<Lever> {
        if self.system.zones.len() < 2 {
            return Vec::new();
        }
        let zones = self.system.zones.iter().take(OFFERED);
        zones
            .map(|zone| Lever {
                id: format!("drain:{}", zone.name),
                group: Group::Save,
                text: format!("drain zone {}", zone.name),
                does: "nobody is sent there any more".to_owned(),
                lasts: Some(1800.0),
                size: None,
                stays: true,
                pull: Pull::Line(vec![("drain".to_owned(), Yaml::text(&zone.name))]),
            })
            .collect()
    }

    /// Calls that are tried again: no more, or with a budget.
    fn retries(&self) -> Vec<Lever> {
        let system = self.system;
        let mut calls: BTreeMap<String, (usize, &Retry)> = BTreeMap::new();
        for call in &system.calls {
            if let Some(retry) = &call.policy.retry
                && retry.attempts > 1
            {
                let service = system.endpoints[call.target.index()].service;
                calls.insert(address(&call.name), (self.asked[service.index()], retry));
            }
        }
        let mut calls: Vec<_> = calls.into_iter().collect();
        calls.sort_by_key(|(_, (asked, _))| std::cmp::Reverse(*asked));
        let mut levers = Vec::new();
        for (address, (_, retry)) in calls.into_iter().take(OFFERED / 2) {
            let edit = |value: Yaml| {
                let change = Yaml::map([(address.clone(), Yaml::map([("retry", value)]))]);
                Pull::Line(vec![("edit".to_owned(), change)])
            };
            let lever = |id: &str, text: String, does: &str, pull| Lever {
                id: format!("{id}:{address}"),
                group: Group::Save,
                text,
                does: does.to_owned(),
                lasts: Some(1800.0),
                size: None,
                stays: true,
                pull,
            };
            levers.push(lever(
                "no-retry",
                format!("stop retrying {address}"),
                "the first failure is the answer",
                edit(Yaml::text("none")),
            ));
            if retry.budget.is_none() {
                levers.push(lever(
                    "budget",
                    format!("a retry budget for {address}"),
                    "one retry for ten first attempts",
                    edit(with_budget(retry)),
                ));
            }
        }
        levers
    }

    /// Clients that can be turned away at the door.
    fn shedding(&self) -> Vec<Lever> {
        let clients = self.system.clients.iter().take(OFFERED / 2);
        clients
            .map(|client| Lever {
                id: format!("shed:{}", client.name),
                group: Group::Save,
                text: format!("turn {SIZE} of {} away", client.name),
                does: "at the door, at once: the others are served".to_owned(),
                lasts: Some(600.0),
                size: Some(Size {
                    step: 5.0,
                    min: 5.0,
                    ..PERCENT
                }),
                stays: true,
                pull: Pull::Sized(vec![("shed".to_owned(), Yaml::text(&client.name))], "by"),
            })
            .collect()
    }

    /// How many people come.
    fn demand(&self) -> Vec<Lever> {
        // A fixed number of users comes again as it is answered.
        let clients = self.system.clients.iter();
        let clients = clients.filter(|client| !matches!(client.arrive, Arrive::Closed { .. }));
        let clients = clients.take(OFFERED);
        clients
            .map(|client| Lever {
                id: format!("demand:{}", client.name),
                group: Group::Load,
                text: format!("{SIZE} as many {}", client.name),
                does: "their demand is multiplied".to_owned(),
                lasts: Some(900.0),
                size: Some(Size {
                    unit: "x",
                    is: 2.0,
                    min: 0.0,
                    max: 10.0,
                    step: 0.1,
                }),
                stays: true,
                pull: Pull::Demand(client.name.clone()),
            })
            .collect()
    }
}

/// `till.checkout -> pos.authorise#card` is addressed as `till.checkout#card`.
fn address(name: &str) -> String {
    match (name.split_once(" -> "), name.split_once('#')) {
        (Some((caller, _)), Some((_, step))) => format!("{caller}#{step}"),
        _ => name.to_owned(),
    }
}

/// A retry policy in full with a budget of a tenth, so that it means the same wherever the call has its policy from.
fn with_budget(retry: &Retry) -> Yaml {
    let time = |ns: u64| Yaml::Text(Duration::from_nanos(ns).to_string());
    let mut entries = vec![
        ("attempts", Yaml::Text(retry.attempts.to_string())),
        ("backoff", time(retry.backoff_ns)),
        ("grow", Yaml::Text(format!("{}x", decimal(retry.grow)))),
        (
            "jitter",
            Yaml::text(match retry.jitter {
                Jitter::None => "none",
                Jitter::Full => "full",
                Jitter::Equal => "equal",
                Jitter::Decorrelated => "decorrelated",
                Jitter::Envoy => return Yaml::map([("budget", Yaml::text("10%"))]),
            }),
        ),
        ("budget", Yaml::text("10%")),
    ];
    // What is larger than any run is no cap.
    if retry.cap_ns < 1 << 62 {
        entries.push(("cap", time(retry.cap_ns)));
    }
    Yaml::map(entries)
}

/// `sets offline` as something to be told: `set offline`.
fn imperative(text: &str) -> String {
    let (first, rest) = text.split_once(' ').unwrap_or((text, ""));
    let first = match first {
        "sheds" | "sets" | "clears" | "restarts" | "drains" | "repairs" | "edits" | "pauses"
        | "rolls" | "changes" => &first[..first.len() - 1],
        other => other,
    };
    if rest.is_empty() {
        first.to_owned()
    } else {
        format!("{first} {rest}")
    }
}
