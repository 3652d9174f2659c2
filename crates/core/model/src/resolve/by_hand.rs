//! What a scenario makes happen without a name in the model: ways to break that it spells out, and what somebody does.
//!
//! They are part of the system like declared faults and the actions of operators, behind all of those: a scenario that goes on
//! leaves every number where it was.

use super::Resolver;
use super::directory::id;
use crate::ast;
use crate::source::Span;
use crate::system::{Action, Fault, FaultId, FaultWhen, Lasts};

/// A line of a scenario that the model has no name for.
#[derive(Clone, Debug)]
pub(crate) struct ByHand {
    /// The number of its line.
    pub line: usize,
    /// What it says.
    pub what: Hand,
    /// Where it stands.
    pub at: Span,
}

/// What it says.
#[derive(Clone, Debug)]
pub(crate) enum Hand {
    /// Something breaks.
    Breaks(Box<ast::FaultKind>),
    /// Somebody does something.
    Acts(Box<ast::Act>),
}

impl ByHand {
    /// The lines of a scenario that the model has no name for.
    pub(crate) fn of(scenario: &ast::Scenario) -> Vec<Self> {
        let lines = scenario.happens.iter().flatten().enumerate();
        lines
            .filter_map(|(line, happening)| {
                let what = match happening.what.breaks() {
                    Some(kind) => Hand::Breaks(Box::new(kind)),
                    None => Hand::Acts(Box::new(happening.what.act()?)),
                };
                let at = happening.span;
                Some(Self { line, what, at })
            })
            .collect()
    }
}

impl<'a> Resolver<'a> {
    /// All of them, in the order of the scenario.
    pub(super) fn by_hand(&mut self, lines: &'a [ByHand]) {
        self.enter(None);
        for line in lines {
            let path = format!("happens.{}", line.line);
            match &line.what {
                Hand::Breaks(kind) => {
                    let Some(resolved) = self.kind(&path, kind) else {
                        continue;
                    };
                    let name = self.name_by_hand(kind);
                    let place = self.place(line.at);
                    self.system.faults.push(Fault {
                        name,
                        kind: resolved,
                        when: FaultWhen::Possible,
                        // The line says when it ends.
                        lasts: Lasts::Repaired,
                        place,
                    });
                }
                Hand::Acts(act) => {
                    if let Some((act, text)) = self.act(&path, act) {
                        self.system.by_hand.push(Action {
                            text,
                            act,
                            takes: None,
                            through: None,
                        });
                    }
                }
            }
        }
    }

    /// A name that says what breaks, and that nothing else has: `vanish-pos`, then `vanish-pos-2`.
    fn name_by_hand(&self, kind: &ast::FaultKind) -> String {
        let (verb, target) = match kind {
            ast::FaultKind::Crash(fault) => ("crash", &fault.target),
            ast::FaultKind::Vanish(fault) => ("vanish", &fault.target),
            ast::FaultKind::Stall(fault) => ("stall", &fault.target),
            ast::FaultKind::Hang(fault) => ("hang", &fault.target),
            ast::FaultKind::Slow(fault) => ("slow", &fault.target),
            ast::FaultKind::Capacity(fault) => ("capacity", &fault.target),
            ast::FaultKind::Errors(fault) => ("errors", &fault.target),
            ast::FaultKind::Cut(fault) => ("cut", &fault.target),
            ast::FaultKind::Loss(fault) => ("loss", &fault.target),
            ast::FaultKind::Delay(fault) => ("delay", &fault.target),
            ast::FaultKind::Edit(_) | ast::FaultKind::Together(_) => {
                unreachable!("a scenario spells neither out")
            }
        };
        let target = target.value.to_string();
        let mut name = verb.to_owned();
        for word in target.split(|c: char| !c.is_ascii_alphanumeric()) {
            if !word.is_empty() {
                name.push('-');
                name.push_str(word);
            }
        }
        let is_taken = |name: &str| self.system.faults.iter().any(|fault| fault.name == name);
        let numbered = (2..).map(|number| format!("{name}-{number}"));
        std::iter::once(name.clone())
            .chain(numbered)
            .find(|name| !is_taken(name))
            .expect("there are more numbers than faults")
    }
}

/// The fault that a line spells out: those of a scenario come behind the declared ones.
pub(crate) fn fault_of(faults: usize, lines: &[ByHand], line: usize) -> Option<FaultId> {
    let of_kind = |other: &&ByHand| matches!(other.what, Hand::Breaks(_));
    let all = lines.iter().filter(of_kind).count();
    let at = lines
        .iter()
        .filter(of_kind)
        .position(|by| by.line == line)?;
    Some(FaultId(id(faults - all + at)))
}

/// The number of an action among those of the scenario.
pub(crate) fn action_of(lines: &[ByHand], line: usize) -> Option<u32> {
    let of_kind = |other: &&ByHand| matches!(other.what, Hand::Acts(_));
    let at = lines
        .iter()
        .filter(of_kind)
        .position(|by| by.line == line)?;
    Some(id(at))
}
