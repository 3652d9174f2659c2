//! One concrete day as a file: the way back from a [`Scenario`] to the text that it is read from.
//!
//! What is written reads back as the same scenario, of the same model, to the last bit: times to the nanosecond, lengths and
//! sizes in the fewest digits that are the same number. What a file could not say is refused, never rounded.
//!
//! Days have names that come from what happens on them: [`DayFile::hash`] is of the model, the seed, the times and the
//! lines, and of nothing else. The same day found twice, in another folder or for another promise, is the same day.

use crate::ast;
use crate::day::{Happening, Happens, Scenario};
use crate::load::Model;
use crate::print;
use crate::resolve::Hand;
use crate::scalar::{self, Date, Duration, Factor, Ratio};
use crate::system::{
    Act, Both, End, EndpointId, FaultId, FaultKind, PoolId, Replicas, ServiceId, Shed, System,
    Target,
};
use crate::yaml::Yaml;

/// A day, and what else a scenario file says of it.
#[derive(Clone, Copy, Debug)]
pub struct DayFile<'a> {
    /// The system of which it is a day.
    pub system: &'a System,
    /// What happens. Its name is the scenario's.
    pub day: &'a Scenario,
    /// The path of the model from where the file will stand.
    pub base: &'a str,
    /// The hash of the expanded model, if it is to be remembered.
    pub model: Option<&'a str>,
    /// The seed of all draws.
    pub seed: u64,
    /// Lines above, without their `#`.
    pub comment: &'a str,
    /// The promises that it breaks.
    pub breaks: &'a [&'a str],
    /// How it was found.
    pub found: Option<Found<'a>>,
    /// So many of the system's faults are the model's own, if not all: the others are spelled out.
    pub declared: Option<usize>,
    /// The model with the scenario that the system was made with: needed where that scenario edits the model or spells
    /// out what breaks, which the system has no words for.
    pub spelled_out: Option<&'a Model>,
}

/// How a day was found; printed, and nothing else.
#[derive(Clone, Copy, Debug)]
pub struct Found<'a> {
    /// How many days were simulated for it.
    pub runs: u64,
    /// In how many of its seeds it breaks the promise, such as `9 of 10`.
    pub breaks_in: &'a str,
    /// How often such a day comes.
    pub returns: &'a str,
}

/// Why a day cannot be written.
#[derive(Clone, Debug, PartialEq)]
pub enum Unwritable {
    /// A line speaks of an edit, or of something that a scenario spelled out, and the model that has its words is missing,
    /// or has them in another order.
    NoWords {
        /// The number of the line, from 0.
        line: usize,
    },
    /// A size that a file cannot say, or that a fault of its kind does not have.
    Size {
        /// The number of the line, from 0; none for a factor on the whole day's demand.
        line: Option<usize>,
        /// The size.
        value: f64,
    },
    /// A target that no reference means.
    Target {
        /// The number of the line, from 0.
        line: usize,
    },
    /// The day lies outside of the years 1970 to 2199.
    Date(jiff::civil::Date),
}

impl std::fmt::Display for Unwritable {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::NoWords { line } => write!(
                f,
                "line {line} of this day is spelled out by another scenario, which is not there"
            ),
            Self::Size { line, value } => match line {
                Some(line) => write!(f, "line {line} of this day cannot have the size {value}"),
                None => write!(f, "demand cannot be {value} times what it is"),
            },
            Self::Target { line } => write!(f, "nothing names what line {line} of this day hits"),
            Self::Date(date) => write!(f, "{date} is not between 1970 and 2199"),
        }
    }
}

impl std::error::Error for Unwritable {}

impl DayFile<'_> {
    /// The text of the file.
    ///
    /// # Errors
    ///
    /// What a file cannot say.
    pub fn text(&self) -> Result<String, Unwritable> {
        let mut out = String::new();
        for line in self.comment.lines() {
            // A line break would end the comment, and so would what is no letter at all.
            let line: String = line.chars().filter(|c| !c.is_control()).collect();
            out.push_str(format!("# {line}").trim_end());
            out.push('\n');
        }
        out.push_str("worstday: 1\n");
        pair(&mut out, "scenario", &self.day.name);
        pair(&mut out, "base", self.base);
        self.content(&mut out)?;
        if !self.breaks.is_empty() {
            let names = self.breaks.iter().map(|&name| Yaml::text(name));
            out.push_str(&format!("breaks: {}\n", Yaml::List(names.collect()).flow()));
        }
        if let Some(found) = &self.found {
            let found = Yaml::map([
                ("runs", Yaml::text(found.runs.to_string())),
                ("breaks-in", Yaml::text(found.breaks_in)),
                ("returns", Yaml::text(found.returns)),
            ]);
            out.push_str(&format!("found: {}\n", found.flow()));
        }
        Ok(out)
    }

    /// The hash of what makes it this day, 64 hexadecimal digits: the model, the seed, the times and what happens.
    ///
    /// # Errors
    ///
    /// What a file cannot say.
    pub fn hash(&self) -> Result<String, Unwritable> {
        let mut content = String::new();
        self.content(&mut content)?;
        Ok(digits(&content))
    }

    fn content(&self, out: &mut String) -> Result<(), Unwritable> {
        let day = self.day;
        if let Some(model) = self.model {
            pair(out, "model", model);
        }
        pair(out, "seed", &ast::Seed(self.seed).to_string());
        let part = |part: i8| u8::try_from(part).unwrap_or_default();
        let year = u16::try_from(day.day.year()).unwrap_or_default();
        let date = Date::new(year, part(day.day.month()), part(day.day.day()));
        let date = date.ok_or(Unwritable::Date(day.day))?;
        pair(out, "day", &date.to_string());
        for (key, time) in [("from", day.from), ("until", day.until)] {
            if let Some(time) = time {
                pair(out, key, &clock(time));
            }
        }
        if !day.demand.is_empty() {
            let mut demand = Vec::new();
            for &(client, value) in &day.demand {
                let factor = Factor::new(value).ok_or(Unwritable::Size { line: None, value })?;
                let name = &self.system.clients[client.index()].name;
                demand.push((name.clone(), Yaml::text(factor.to_string())));
            }
            out.push_str(&format!("demand: {}\n", Yaml::Map(demand).flow()));
        }
        if !day.happens.is_empty() {
            out.push_str("happens:\n");
        }
        let mut spelled_out = 0;
        for (number, line) in day.happens.iter().enumerate() {
            let mut entries = vec![("at".to_owned(), Yaml::text(clock(line.at)))];
            entries.extend(self.line(number, line, &mut spelled_out)?);
            if let Some(lasts) = line.lasts_ns {
                let lasts = Duration::from_nanos(lasts).to_string();
                entries.push(("lasts".to_owned(), Yaml::text(lasts)));
            }
            if let Some(because) = &line.because {
                entries.push(("because".to_owned(), Yaml::text(because)));
            }
            out.push_str(&format!("  - {}\n", Yaml::Map(entries).flow()));
        }
        if spelled_out < self.hands(is_break) {
            // The names of those that are left would be others.
            return Err(Unwritable::NoWords {
                line: day.happens.len(),
            });
        }
        Ok(())
    }

    /// What a line says, but for its times.
    fn line(
        &self,
        number: usize,
        line: &Happening,
        spelled_out: &mut usize,
    ) -> Result<Vec<(String, Yaml)>, Unwritable> {
        let no_words = Unwritable::NoWords { line: number };
        let entry = |key: &str, text: String| (key.to_owned(), Yaml::Text(text));
        let unwritable = |value: f64| Unwritable::Size {
            line: Some(number),
            value,
        };
        Ok(match line.what {
            Happens::Fault(fault) => {
                if let Some(own) = self.declared
                    && own <= fault.index()
                {
                    let target = match &self.system.faults[fault.index()].kind {
                        FaultKind::Vanish(target) => ("vanish", target),
                        FaultKind::Crash(target) => ("crash", target),
                        FaultKind::Stall(target) => ("stall", target),
                        _ => return Err(no_words),
                    };
                    let words = self.target(target.1);
                    let words = words.ok_or(Unwritable::Target { line: number })?;
                    return Ok(vec![entry(target.0, words)]);
                }
                let declared = self.system.faults.len() - self.hands(is_break);
                if declared <= fault.index() {
                    let next = declared + *spelled_out;
                    if fault.index() != next || line.by.is_some() || line.target.is_some() {
                        return Err(no_words);
                    }
                    let kind = self.hand(is_break, *spelled_out).ok_or(no_words)?;
                    *spelled_out += 1;
                    return Ok(kind);
                }
                let mut entries = vec![entry("fault", self.fault(fault).to_owned())];
                if let Some(target) = &line.target {
                    let target = self.target(target);
                    let target = target.ok_or(Unwritable::Target { line: number })?;
                    entries.push(entry("target", target));
                }
                if let Some(value) = line.by {
                    let kind = &self.system.faults[fault.index()].kind;
                    let by = size(kind, value).ok_or_else(|| unwritable(value))?;
                    entries.push(entry("by", by));
                }
                entries
            }
            Happens::Event(event) => {
                let name = &self.system.events[event.index()].name;
                vec![entry("event", name.clone())]
            }
            Happens::Demand(client) => {
                let value = line.by.unwrap_or(1.0);
                let factor = Factor::new(value).ok_or_else(|| unwritable(value))?;
                let name = self.system.clients[client.index()].name.clone();
                let demand = Yaml::map([(name, Yaml::text(factor.to_string()))]);
                vec![("demand".to_owned(), demand)]
            }
            Happens::Edit(edit) => {
                let name = &self.system.edits[edit.index()].name;
                let edits = self.spelled_out.and_then(|model| model.edits_called(name));
                vec![("edit".to_owned(), Yaml::from(edits.ok_or(no_words)?))]
            }
            Happens::Act(act) => self.act(number, act as usize)?,
        })
    }

    /// What somebody does.
    fn act(&self, line: usize, number: usize) -> Result<Vec<(String, Yaml)>, Unwritable> {
        let system = self.system;
        let entry = |key: &str, text: &str| (key.to_owned(), Yaml::text(text));
        let service = |id: ServiceId| system.services[id.index()].name.as_str();
        let act = &system.by_hand[number].act;
        Ok(vec![match act {
            Act::Edit(_) => return Err(Unwritable::NoWords { line }),
            Act::Set(flag) => entry("set", &system.flags[flag.index()].name),
            Act::Clear(flag) => entry("clear", &system.flags[flag.index()].name),
            Act::Shed(whom, by) => {
                let whom = match *whom {
                    Shed::Client(client) => system.clients[client.index()].name.clone(),
                    Shed::Endpoint(endpoint) => self.endpoint(endpoint),
                };
                let line = Some(line);
                let by = Ratio::new(*by).ok_or(Unwritable::Size { line, value: *by })?;
                return Ok(vec![entry("shed", &whom), entry("by", &by.to_string())]);
            }
            Act::Restart(target) => {
                let target = self.target(target).ok_or(Unwritable::Target { line })?;
                entry("restart", &target)
            }
            Act::Drain(zone) => entry("drain", &system.zones[zone.index()].name),
            Act::Repair(fault) => entry("repair", self.fault(*fault)),
            Act::Replay(topic) => entry("replay", &system.topics[topic.index()].name),
            Act::RollBack(id) => entry("roll-back", service(*id)),
            Act::Pause(id) => entry("pause", &format!("{}.rollout", service(*id))),
        }])
    }

    /// How many lines of a kind the scenario spelled out that the system was made with.
    fn hands(&self, is: fn(&Hand) -> bool) -> usize {
        let model = self.spelled_out.iter();
        let lines = model.flat_map(|model| model.by_hand.iter());
        lines.filter(|line| is(&line.what)).count()
    }

    /// The words of one of them.
    fn hand(&self, is: fn(&Hand) -> bool, number: usize) -> Option<Vec<(String, Yaml)>> {
        let lines = self.spelled_out?.by_hand.iter();
        match &lines.filter(|line| is(&line.what)).nth(number)?.what {
            Hand::Breaks(kind) => spelled(kind),
            Hand::Acts(_) => None,
        }
    }

    fn fault(&self, fault: FaultId) -> &str {
        &self.system.faults[fault.index()].name
    }

    fn endpoint(&self, endpoint: EndpointId) -> String {
        let endpoint = &self.system.endpoints[endpoint.index()];
        let service = &self.system.services[endpoint.service.index()];
        format!("{}.{}", service.name, endpoint.name)
    }

    fn pool(&self, pool: PoolId) -> String {
        let pool = &self.system.pools[pool.index()];
        match pool.service {
            Some(service) => {
                let service = &self.system.services[service.index()].name;
                format!("{service}.{}", pool.name)
            }
            None => pool.name.clone(),
        }
    }

    fn replicas(&self, service: ServiceId, replicas: Replicas) -> Option<String> {
        let name = &self.system.services[service.index()].name;
        Some(match replicas {
            Replicas::All => name.clone(),
            Replicas::One(number) => format!("{name}/{number}"),
            Replicas::Any => format!("{name}/any"),
            Replicas::Share(share) => format!("{name}/{}", Ratio::new(share)?),
            Replicas::Zone(zone) => format!("{name}/{}", self.system.zones[zone.index()].name),
        })
    }

    fn end(&self, end: End) -> &str {
        match end {
            End::Service(id) => &self.system.services[id.index()].name,
            End::Zone(id) => &self.system.zones[id.index()].name,
            End::Client(id) => &self.system.clients[id.index()].name,
            End::Rest => "rest",
            End::Any => "any",
        }
    }

    /// The reference that means a target.
    fn target(&self, target: &Target) -> Option<String> {
        Some(match *target {
            Target::Replicas(service, replicas) => self.replicas(service, replicas)?,
            Target::AnyReplica => "any one replica".to_owned(),
            Target::Worker {
                service,
                replica,
                worker,
            } => {
                if !matches!(replica, Replicas::One(_) | Replicas::Any) {
                    return None;
                }
                let replica = self.replicas(service, replica)?;
                match worker {
                    Some(worker) => format!("{replica}/worker-{worker}"),
                    None => format!("{replica}/worker"),
                }
            }
            Target::Zone(zone) => self.system.zones[zone.index()].name.clone(),
            Target::AnyZone => "any one zone".to_owned(),
            Target::Endpoint(endpoint) => self.endpoint(endpoint),
            Target::Link(link) => self.system.links[link.index()].name.clone(),
            Target::Path { from, to, both } => {
                let arrow = match both {
                    Both::No => "->",
                    Both::Yes => "<->",
                };
                format!("{} {arrow} {}", self.end(from), self.end(to))
            }
            Target::Pool(pool) => self.pool(pool),
        })
    }
}

/// The content of a day's file, as [`DayFile::hash`] has it, if the file was written by [`DayFile::text`] and not changed
/// since but in its comments, its name, its base and what it says about how it was found.
#[must_use]
pub fn hash_of(text: &str) -> String {
    const BESIDES: [&str; 6] = ["#", "worstday:", "scenario:", "base:", "breaks:", "found:"];
    let mut content = String::new();
    for line in text.lines() {
        if !line.is_empty() && !BESIDES.iter().any(|key| line.starts_with(key)) {
            content.push_str(line);
            content.push('\n');
        }
    }
    digits(&content)
}

fn digits(content: &str) -> String {
    print::hash(content)
        .trim_start_matches("sha256-")
        .to_owned()
}

fn pair(out: &mut String, key: &str, text: &str) {
    out.push_str(&format!("{key}: {}\n", Yaml::text(text).flow()));
}

fn is_break(hand: &Hand) -> bool {
    matches!(hand, Hand::Breaks(_))
}

/// `08:20`, `08:20:13` or `08:20:13.251`: as much as is needed.
fn clock(time: jiff::civil::Time) -> String {
    let part = |part: i8| u8::try_from(part).unwrap_or_default();
    let nanos = u32::try_from(time.subsec_nanosecond()).unwrap_or_default();
    let (hour, minute, second) = (part(time.hour()), part(time.minute()), part(time.second()));
    let time = scalar::Time::new(hour, minute, second, nanos);
    time.map_or_else(String::new, |time| time.to_string())
}

/// How large a fault is, in the words of its kind.
fn size(kind: &FaultKind, value: f64) -> Option<String> {
    match kind {
        FaultKind::Slow { .. } => Some(Factor::new(value)?.to_string()),
        FaultKind::Capacity { .. } | FaultKind::Errors { .. } | FaultKind::Loss { .. } => {
            Some(Ratio::new(value)?.to_string())
        }
        FaultKind::Delay { .. } => {
            // Whole nanoseconds that an `f64` holds exactly.
            let whole = (0.0..9_007_199_254_740_992.0).contains(&value) && value.fract() == 0.0;
            whole.then(|| Duration::from_nanos(value as u64).to_string())
        }
        _ => None,
    }
}

/// What breaks, in the words of the scenario that spelled it out.
fn spelled(kind: &ast::FaultKind) -> Option<Vec<(String, Yaml)>> {
    let mut out: Vec<(String, Yaml)> = Vec::new();
    let mut add = |key: &str, text: String| out.push((key.to_owned(), Yaml::Text(text)));
    match kind {
        ast::FaultKind::Crash(fault) => add("crash", fault.target.value.to_string()),
        ast::FaultKind::Vanish(fault) => add("vanish", fault.target.value.to_string()),
        ast::FaultKind::Stall(fault) => {
            add("stall", fault.target.value.to_string());
            if let Some(keys) = &fault.keys {
                add("keys", keys.value.to_string());
            }
        }
        ast::FaultKind::Hang(fault) => {
            add("hang", fault.target.value.to_string());
            if let Some(frees) = &fault.frees {
                add("frees", frees.value.to_string());
            }
        }
        ast::FaultKind::Slow(fault) => {
            add("slow", fault.target.value.to_string());
            add("by", fault.by.value.to_string());
            if let Some(of) = &fault.of {
                add("of", of.value.to_string());
            }
        }
        ast::FaultKind::Capacity(fault) => {
            add("capacity", fault.target.value.to_string());
            add("to", fault.to.value.to_string());
        }
        ast::FaultKind::Errors(fault) => {
            add("errors", fault.target.value.to_string());
            add("by", fault.by.value.to_string());
            if let Some(keys) = &fault.keys {
                add("keys", keys.value.to_string());
            }
        }
        ast::FaultKind::Cut(fault) => add("cut", fault.target.value.to_string()),
        ast::FaultKind::Loss(fault) => {
            add("loss", fault.target.value.to_string());
            add("by", fault.by.value.to_string());
        }
        ast::FaultKind::Delay(fault) => {
            add("delay", fault.target.value.to_string());
            add("by", fault.by.value.to_string());
        }
        ast::FaultKind::Edit(_) | ast::FaultKind::Together(_) => return None,
    }
    Some(out)
}
