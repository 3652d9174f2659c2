//! A scenario file as one concrete day of a system.

use super::{Files, LoadError, Model};
use crate::ast;
use crate::ast::FaultSize;
use crate::day::{Happening, Happens, Scenario};
use crate::diagnostic::{Diagnostic, Diagnostics, nearest, quoted};
use crate::form::Given;
use crate::resolve::by_hand;
use crate::scalar::Name;
use crate::system::{Act, Arrive, ClientId, EditId, FaultId, FaultKind, System, Target};
use crate::tree::Node;

impl Model {
    /// The scenario that was loaded, its names looked up in `system`, which is this model's.
    ///
    /// # Errors
    ///
    /// What it names and the system does not have.
    pub fn scenario_of(
        &self,
        system: &System,
        files: &dyn Files,
    ) -> Result<Option<Scenario>, LoadError> {
        let Some(scenario) = self.scenario() else {
            return Ok(None);
        };
        let mut found = Diagnostics::new();
        let demand = scenario.demand.iter().flat_map(crate::form::Names::iter);
        let demand = demand
            .filter_map(|factor| {
                let clients = system.clients.iter().map(|client| client.name.as_str());
                let client = find(&factor.name, factor.at, "client", clients, &mut found)?;
                Some((ClientId(client), factor.value.value.best().get()))
            })
            .collect();
        let mut happens = Vec::new();
        for (number, happening) in scenario.happens.iter().flatten().enumerate() {
            let mut lines = Vec::new();
            match &happening.what {
                ast::Happens::Fault(fault) => {
                    let Some(id) = self.fault(system, &fault.fault, &mut found) else {
                        continue;
                    };
                    let target = match &fault.target {
                        Some(target) => self.target(system, id, target, files, &mut found),
                        None => None,
                    };
                    let by = fault
                        .by
                        .as_ref()
                        .and_then(|by| size(system, id, by, &mut found));
                    lines.push((Happens::Fault(FaultId(id)), target, by));
                }
                ast::Happens::Event(event) => {
                    let names = system.events.iter().map(|event| event.name.as_str());
                    let name = event.event.value.as_str();
                    let Some(id) = find(name, event.event.span, "event", names, &mut found) else {
                        continue;
                    };
                    lines.push((Happens::Event(crate::system::EventId(id)), None, None));
                }
                ast::Happens::Edit(_) => {
                    let name = edit_name(number);
                    let at = system.edits.iter().position(|edit| edit.name == name);
                    let at = at.expect("the system has the edits of its scenario");
                    let id = EditId(u32::try_from(at).expect("edits are counted in 32 bits"));
                    lines.push((Happens::Edit(id), None, None));
                }
                ast::Happens::Demand(more) => {
                    for factor in more.demand.iter() {
                        let names = system.clients.iter().map(|client| client.name.as_str());
                        if let Some(id) = find(&factor.name, factor.at, "client", names, &mut found)
                        {
                            let by = factor.value.value.best().get();
                            lines.push((Happens::Demand(ClientId(id)), None, Some(by)));
                        }
                    }
                }
                _ => {
                    let fault = by_hand::fault_of(system.faults.len(), &self.by_hand, number);
                    let act = by_hand::action_of(&self.by_hand, number);
                    lines.extend(fault.map(|id| (Happens::Fault(id), None, None)));
                    lines.extend(act.map(|id| (Happens::Act(id), None, None)));
                }
            }
            self.check_line(system, happening, &lines, &mut found);
            let (hour, minute, second, nanos) = happening.at.value.parts();
            for (what, target, by) in lines {
                happens.push(Happening {
                    at: time(hour, minute, second, nanos),
                    what,
                    target,
                    by,
                    lasts_ns: happening.lasts.as_ref().map(|lasts| lasts.value.nanos()),
                    because: happening.because.as_ref().map(|why| why.value.to_string()),
                });
            }
        }
        if found.has_errors() {
            return Err(self.error(found));
        }
        let clock = |given: &Given<crate::scalar::Time>| {
            let (hour, minute, second, nanos) = given.value.parts();
            time(hour, minute, second, nanos)
        };
        let day = scenario.day.value;
        Ok(Some(Scenario {
            name: scenario.scenario.value.to_string(),
            day: jiff::civil::date(
                i16::try_from(day.year()).expect("a year has four digits"),
                i8::try_from(day.month()).expect("a month is at most 12"),
                i8::try_from(day.day()).expect("a day is at most 31"),
            ),
            from: scenario.from.as_ref().map(clock),
            until: scenario.until.as_ref().map(clock),
            demand,
            happens,
        }))
    }

    /// The edits among what happens, by the names that a system knows them by.
    pub(super) fn scenario_edits(&self) -> impl Iterator<Item = (String, &Node)> {
        let happens = self
            .scenario()
            .into_iter()
            .flat_map(|scenario| scenario.happens.iter().flatten());
        happens
            .enumerate()
            .filter_map(|(number, happening)| match &happening.what {
                ast::Happens::Edit(edit) => Some((edit_name(number), &edit.edit.0)),
                _ => None,
            })
    }

    /// Refuses what a line of its kind has no use for.
    fn check_line(
        &self,
        system: &System,
        happening: &ast::Happening,
        lines: &[(Happens, Option<Target>, Option<f64>)],
        found: &mut Diagnostics,
    ) {
        for (what, ..) in lines {
            if let Happens::Demand(client) = what
                && let client = &system.clients[client.index()]
                && matches!(client.arrive, Arrive::Closed { .. })
            {
                let message = format!(
                    "{} is a fixed number of users: there is no demand to multiply",
                    quoted(&client.name)
                );
                found.push(Diagnostic::error(happening.span, message));
            }
        }
        let [(Happens::Act(number), ..)] = lines else {
            if let Some(why) = &happening.because {
                let message = "only what somebody does has a reason";
                found.push(
                    Diagnostic::error(why.span, message)
                        .hint("a comment can say why something happens"),
                );
            }
            return;
        };
        let action = &system.by_hand[*number as usize];
        let at_once = matches!(
            action.act,
            Act::Restart(_) | Act::Repair(_) | Act::Replay(_) | Act::RollBack(_)
        );
        if let (true, Some(lasts)) = (at_once, &happening.lasts) {
            let message = format!("who {} does it at once: nothing lasts", action.text);
            found.push(Diagnostic::error(lasts.span, message).hint("remove `lasts`"));
        }
    }

    fn fault(&self, system: &System, name: &Given<Name>, found: &mut Diagnostics) -> Option<u32> {
        let names = system.faults.iter().map(|fault| fault.name.as_str());
        find(name.value.as_str(), name.span, "fault", names, found)
    }

    /// What a fault hits on this day: what it would hit if its own line said so.
    fn target(
        &self,
        system: &System,
        fault: u32,
        target: &Given<ast::FaultTarget>,
        files: &dyn Files,
        found: &mut Diagnostics,
    ) -> Option<Target> {
        let fault = &system.faults[fault as usize];
        let kind = self
            .tree
            .get("faults")?
            .get(&fault.name)?
            .entries()?
            .iter()
            .find_map(|entry| {
                let own = entry.value.text().is_some() && is_kind(&entry.key.text);
                own.then(|| entry.key.text.to_string())
            })?;
        let address = format!("faults.{}.{kind}", fault.name);
        let value = Node::scalar(target.value.to_string(), target.span);
        let edits = Node::map(target.span, vec![(address.as_str(), value)]);
        let edited = self.with(&[&edits]).and_then(|model| model.resolved(files));
        match edited {
            Ok((system, _)) => {
                let fault = system
                    .faults
                    .iter()
                    .find(|other| other.name == fault.name)?;
                target_of(&fault.kind)
            }
            Err(error) => {
                found.append(error.found);
                None
            }
        }
    }
}

fn edit_name(number: usize) -> String {
    format!("scenario.{number}")
}

fn time(hour: u8, minute: u8, second: u8, nanos: u32) -> jiff::civil::Time {
    let part = |part: u8| i8::try_from(part).expect("a part of a time is below 60");
    let nanos = i32::try_from(nanos).expect("below a second");
    jiff::civil::time(part(hour), part(minute), part(second), nanos)
}

/// Whether a key of a fault says what it does to whom.
fn is_kind(key: &str) -> bool {
    use crate::form::Variants;
    ast::FaultKind::CHOICE
        .variants
        .iter()
        .any(|(kind, _)| *kind == key)
}

fn target_of(kind: &FaultKind) -> Option<Target> {
    match kind {
        FaultKind::Crash(target)
        | FaultKind::Vanish(target)
        | FaultKind::Stall(target)
        | FaultKind::Cut(target)
        | FaultKind::Hang { target, .. }
        | FaultKind::Slow { target, .. }
        | FaultKind::Capacity { target, .. }
        | FaultKind::Errors { target, .. }
        | FaultKind::Loss { target, .. }
        | FaultKind::Delay { target, .. } => Some(target.clone()),
        FaultKind::Edit(_) | FaultKind::Together(_) => None,
    }
}

/// How large a fault is, in the unit of its kind: a factor, a share, or ns.
fn size(
    system: &System,
    fault: u32,
    by: &Given<FaultSize>,
    found: &mut Diagnostics,
) -> Option<f64> {
    let fault = &system.faults[fault as usize];
    let wanted = match (&fault.kind, &by.value) {
        (FaultKind::Slow { .. }, FaultSize::Factor(factor)) => return Some(factor.get()),
        (
            FaultKind::Capacity { .. } | FaultKind::Errors { .. } | FaultKind::Loss { .. },
            FaultSize::Ratio(ratio),
        ) => {
            return Some(ratio.get());
        }
        (FaultKind::Delay { .. }, FaultSize::Duration(time)) => return Some(time.nanos() as f64),
        (FaultKind::Slow { .. }, _) => "a factor such as `3x`",
        (FaultKind::Capacity { .. } | FaultKind::Errors { .. } | FaultKind::Loss { .. }, _) => {
            "a ratio such as `30%`"
        }
        (FaultKind::Delay { .. }, _) => "a duration such as `30ms`",
        _ => "no `by`: such a fault has no size",
    };
    let message = format!(
        "{} is not how large {} is",
        quoted(&by.value.to_string()),
        quoted(&fault.name)
    );
    found.push(Diagnostic::error(by.span, message).expected(wanted));
    None
}

/// The index of a name, or an error that suggests one.
fn find<'a>(
    name: &str,
    at: crate::source::Span,
    what: &str,
    names: impl Iterator<Item = &'a str> + Clone,
    found: &mut Diagnostics,
) -> Option<u32> {
    match names.clone().position(|other| other == name) {
        Some(at) => u32::try_from(at).ok(),
        None => {
            let error = Diagnostic::error(
                at,
                format!("there is no {what} {} in the model", quoted(name)),
            );
            found.push(error.did_you_mean(nearest(name, names)));
            None
        }
    }
}
