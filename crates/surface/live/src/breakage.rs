//! Ways to break: kinds of faults with their sizes, the parts that they can be done to, and sentences for both.

use std::collections::BTreeSet;

use serde::Serialize;
use worstday_model::scalar::Duration;
use worstday_model::system::{Both, Caller, Dist, End, FaultKind, Replicas, ServiceId, Target};
use worstday_report::quantity::{percent, plain, seconds};

use crate::lever::Finder;
use worstday_model::yaml::Yaml;

/// Parts that are offered to be broken.
const PARTS: usize = 240;
/// Replicas of one service among them.
const REPLICAS: u32 = 8;

/// A number that a lever takes.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Size {
    /// `x`, `%`, `s` or `more`.
    pub unit: &'static str,
    /// At first.
    pub is: f64,
    /// At least.
    pub min: f64,
    /// At most.
    pub max: f64,
    /// In steps of.
    pub step: f64,
}

impl Size {
    /// As the file writes it.
    pub(crate) fn written(self, value: Option<f64>) -> Result<String, String> {
        let value = value.unwrap_or(self.is);
        if !(self.min..=self.max).contains(&value) {
            return Err(format!(
                "give a number from {} to {}, not {value}",
                plain(self.min),
                plain(self.max)
            ));
        }
        Ok(match self.unit {
            // Three decimals are finer than any step.
            "%" => format!("{}%", decimal(value)),
            "x" => format!("{}x", decimal(value)),
            "s" => Duration::from_nanos((value * 1e9).round() as u64).to_string(),
            _ => format!("{} more", value.round()),
        })
    }

    /// As a person says it.
    pub(crate) fn said(self, value: Option<f64>) -> String {
        let value = value.unwrap_or(self.is);
        match self.unit {
            "%" => percent(value / 100.0),
            "x" => format!("{}x", decimal(value)),
            "s" => seconds(value),
            _ => format!("{} more", value.round()),
        }
    }
}

/// As short as it can be with three places.
pub(crate) fn decimal(value: f64) -> String {
    let text = format!("{value:.3}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

/// Stands for the size in a lever's sentence.
pub(crate) const SIZE: &str = "…";

/// A way to break a part.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Kind {
    /// As the file says it.
    pub kind: &'static str,
    /// What it means for a part.
    pub words: &'static str,
    /// Its size.
    pub size: Option<Size>,
    /// Kinds of parts that can be broken so.
    pub on: &'static [&'static str],
    #[serde(skip)]
    pub(crate) key: &'static str,
}

/// Of a share.
pub(crate) const PERCENT: Size = Size {
    unit: "%",
    is: 30.0,
    min: 1.0,
    max: 100.0,
    step: 1.0,
};

/// Every way to break a part.
pub const KINDS: [Kind; 10] = [
    Kind {
        kind: "crash",
        words: "crashes: callers are told",
        size: None,
        on: &["service", "replica", "zone"],
        key: "",
    },
    Kind {
        kind: "vanish",
        words: "goes silent: nobody is told",
        size: None,
        on: &["service", "replica", "zone"],
        key: "",
    },
    Kind {
        kind: "stall",
        words: "stands still, and goes on afterwards",
        size: None,
        on: &["service", "replica", "zone", "pool"],
        key: "",
    },
    Kind {
        kind: "hang",
        words: "takes requests and never answers, until restarted",
        size: None,
        on: &["service", "replica", "zone"],
        key: "",
    },
    Kind {
        kind: "slow",
        words: "takes longer",
        size: Some(Size {
            unit: "x",
            is: 3.0,
            min: 1.0,
            max: 100.0,
            step: 0.5,
        }),
        on: &["service", "replica", "zone"],
        key: "by",
    },
    Kind {
        kind: "capacity",
        words: "has only a part of its strength",
        size: Some(Size {
            is: 50.0,
            ..PERCENT
        }),
        on: &["service", "replica", "zone", "link"],
        key: "to",
    },
    Kind {
        kind: "errors",
        words: "fails a share of its requests",
        size: Some(PERCENT),
        on: &["service", "replica", "zone"],
        key: "by",
    },
    Kind {
        kind: "cut",
        words: "lets nothing pass",
        size: None,
        on: &["link"],
        key: "",
    },
    Kind {
        kind: "loss",
        words: "loses a share of what passes",
        size: Some(Size {
            is: 10.0,
            ..PERCENT
        }),
        on: &["link"],
        key: "by",
    },
    Kind {
        kind: "delay",
        words: "delays what passes",
        size: Some(Size {
            unit: "s",
            is: 0.2,
            min: 0.001,
            max: 60.0,
            step: 0.001,
        }),
        on: &["link"],
        key: "by",
    },
];

/// Something that can be broken.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Part {
    /// As the file says it: `pos`, `pos/0`, `a -> b`.
    pub name: String,
    /// `service`, `replica`, `zone`, `link` or `pool`.
    pub kind: &'static str,
    /// In words.
    pub text: String,
}

/// The line that breaks a part, and the sentence.
///
/// # Errors
///
/// If there is no such way, no such part, or the one cannot be done to the other.
pub fn breaks(
    parts: &[Part],
    kind: &str,
    part: &str,
    size: Option<f64>,
) -> Result<(Vec<(String, Yaml)>, String), String> {
    let known = KINDS.iter().find(|known| known.kind == kind);
    let Some(known) = known else {
        let kinds: Vec<&str> = KINDS.iter().map(|known| known.kind).collect();
        return Err(format!(
            "there is no way to break called `{kind}`: {}",
            kinds.join(", ")
        ));
    };
    // A part that is not listed (one more replica, an endpoint) is for the reader to judge.
    if let Some(listed) = parts.iter().find(|listed| listed.name == part)
        && !known.on.contains(&listed.kind)
    {
        return Err(format!("`{kind}` cannot be done to {}", listed.text));
    }
    let mut entries = vec![(kind.to_owned(), Yaml::text(part))];
    let mut text = format!("{part} {}", verb(kind));
    match known.size {
        Some(is) => {
            entries.push((known.key.to_owned(), Yaml::Text(is.written(size)?)));
            text = text.replace(SIZE, &is.said(size));
        }
        None if size.is_some() => return Err(format!("`{kind}` takes no size")),
        None => {}
    }
    Ok((entries, text))
}

/// What a part does then.
pub(crate) fn verb(kind: &str) -> &'static str {
    match kind {
        "crash" => "crashes",
        "vanish" => "goes silent",
        "stall" => "stands still",
        "hang" => "takes requests and never answers",
        "slow" => "takes … as long",
        "capacity" => "falls to … of its strength",
        "errors" => "fails … of its requests",
        "cut" => "is cut",
        "loss" => "loses …",
        _ => "is delayed by …",
    }
}

impl Finder<'_> {
    /// Parts that can be broken: services with their replicas, zones, links and directions between services, pools.
    pub(crate) fn parts(&self) -> Vec<Part> {
        let system = self.system;
        let mut parts = Vec::new();
        let busiest = self.busiest();
        let part = |name: String, kind, text: String| Part { name, kind, text };
        for &at in &busiest {
            let row = &system.services[at];
            parts.push(part(row.name.clone(), "service", row.name.clone()));
        }
        parts.extend(system.zones.iter().map(|zone| {
            part(
                zone.name.clone(),
                "zone",
                format!("everything in zone {}", zone.name),
            )
        }));
        for &at in &busiest {
            let row = &system.services[at];
            if row.replicas > 1 {
                parts.extend((0..row.replicas.min(REPLICAS)).map(|number| {
                    let name = format!("{}/{number}", row.name);
                    part(
                        name.clone(),
                        "replica",
                        format!("replica {number} of {}", row.name),
                    )
                }));
            }
        }
        let built_in = [system.within_zone, system.between_zones];
        for (at, link) in system.links.iter().enumerate() {
            if !built_in.iter().any(|id| id.index() == at) {
                parts.push(part(
                    link.name.clone(),
                    "link",
                    format!("the link {}", link.name),
                ));
            }
        }
        let mut ways = BTreeSet::new();
        for call in &system.calls {
            let to = self.service(system.endpoints[call.target.index()].service);
            let from = match call.caller {
                Caller::Client(_) | Caller::Start(_) => continue,
                Caller::Endpoint(id) => self.service(system.endpoints[id.index()].service),
            };
            if ways.insert((from, to)) {
                let text = format!("the way between {from} and {to}");
                parts.push(part(format!("{from} <-> {to}"), "link", text));
            }
        }
        for pool in &system.pools {
            if let (Some(service), None) = (pool.service, pool.keys) {
                let name = format!("{}.{}", self.service(service), pool.name);
                parts.push(part(name.clone(), "pool", format!("the pool {name}")));
            }
        }
        parts.truncate(PARTS);
        parts
    }

    /// A fault as a sentence.
    pub(crate) fn sentence(&self, kind: &FaultKind) -> String {
        let one = |target: &Target, verb: &str| format!("{} {verb}", self.target(target));
        let times = |law: &Dist| format!("{}x", decimal(mean(law)));
        let share = |law: &Dist| percent(mean(law));
        match kind {
            FaultKind::Crash(target) => one(target, "crashes"),
            FaultKind::Vanish(target) => one(target, "goes silent"),
            FaultKind::Stall(target) => one(target, "stands still"),
            FaultKind::Hang { target, .. } => one(target, "takes requests and never answers"),
            FaultKind::Slow { target, by, .. } => {
                one(target, &format!("takes {} as long", times(by)))
            }
            FaultKind::Capacity { target, to } => {
                one(target, &format!("falls to {} of its strength", share(to)))
            }
            FaultKind::Errors { target, by, .. } => {
                one(target, &format!("fails {} of its requests", share(by)))
            }
            FaultKind::Cut(target) => one(target, "is cut"),
            FaultKind::Loss { target, by } => one(target, &format!("loses {}", share(by))),
            FaultKind::Delay { target, by } => one(
                target,
                &format!("is delayed by {}", seconds(mean(by) / 1e9)),
            ),
            FaultKind::Edit(edit) => {
                let name = &self.system.edits[edit.index()].name;
                let name = name.split_once('.').map_or(name.as_str(), |(_, name)| name);
                format!("{name}: the system changes")
            }
            FaultKind::Together(faults) => {
                let all: Vec<String> = faults
                    .iter()
                    .map(|fault| self.sentence(&self.system.faults[fault.index()].kind))
                    .collect();
                all.join(" and ")
            }
        }
    }

    /// What is hit, as people say it.
    pub(crate) fn target(&self, target: &Target) -> String {
        let system = self.system;
        let of = |id: ServiceId, which: &Replicas| {
            let name = self.service(id);
            match which {
                Replicas::All => name.to_owned(),
                Replicas::One(number) => format!("{name}/{number}"),
                Replicas::Any => format!("one replica of {name}"),
                Replicas::Share(share) => format!("{} of {name}", percent(*share)),
                Replicas::Zone(zone) => format!("{name} in {}", system.zones[zone.index()].name),
            }
        };
        match target {
            Target::Replicas(id, which) => of(*id, which),
            Target::AnyReplica => "one replica".to_owned(),
            Target::Worker {
                service, replica, ..
            } => format!("one worker of {}", of(*service, replica)),
            Target::Zone(zone) => format!("zone {}", system.zones[zone.index()].name),
            Target::AnyZone => "one zone".to_owned(),
            Target::Endpoint(id) => {
                let row = &system.endpoints[id.index()];
                format!("{}.{}", self.service(row.service), row.name)
            }
            Target::Link(id) => format!("the link {}", system.links[id.index()].name),
            Target::Path { from, to, both } => {
                let arrow = if *both == Both::Yes { "<->" } else { "->" };
                format!("{} {arrow} {}", self.end(*from), self.end(*to))
            }
            Target::Pool(id) => {
                let pool = &system.pools[id.index()];
                match pool.service {
                    Some(service) => format!("{}.{}", self.service(service), pool.name),
                    None => pool.name.clone(),
                }
            }
        }
    }

    fn end(&self, end: End) -> String {
        match end {
            End::Service(id) => self.service(id).to_owned(),
            End::Zone(id) => self.system.zones[id.index()].name.clone(),
            End::Client(id) => self.system.clients[id.index()].name.clone(),
            End::Rest => "the rest".to_owned(),
            End::Any => "anybody".to_owned(),
        }
    }
}

/// A law's mean, roughly where it has none in closed form: for a sentence, not for a draw.
pub(crate) fn mean(law: &Dist) -> f64 {
    match law {
        Dist::Constant(value) => *value,
        Dist::LogNormal { mean, .. } | Dist::Exponential { mean } => *mean,
        Dist::Uniform { low, high } => f64::midpoint(*low, *high),
        Dist::WholeUniform { low, high } => f64::midpoint(*low as f64, *high as f64),
        Dist::Pareto { min, tail } if *tail > 1.0 => min * tail / (tail - 1.0),
        Dist::Pareto { min, .. } => *min,
        Dist::Points(points) => points.get(points.len() / 2).map_or(0.0, |point| point.1),
        Dist::Sample(values) => values.iter().sum::<f64>() / values.len().max(1) as f64,
    }
}
