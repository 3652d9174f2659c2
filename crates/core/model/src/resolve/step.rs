//! Steps: blocks put in place, and branches whose chances add up.
//!
//! A step's address names it inside its owner and keys its draws: its `name`, or its verb, with a number from
//! the second one on; inside a block, behind the block's own address.

use std::collections::BTreeMap;

use super::Resolver;
use super::directory::{find, id, missing, service_key};
use super::laws::Bare;
use super::policy::Layer;
use crate::ast::{self, ParallelNeed, Verb};
use crate::diagnostic::{Diagnostic, one_of, quoted};
use crate::form::Given;
use crate::scalar::{Chance, Comparison, Guard, Money};
use crate::source::Span;
use crate::system::{
    self, AnswerWord, Branch, Caller, Compare, EndpointId, FailWord, FlagId, LeftOver, ServiceId,
    Step, ValueTest,
};

/// Blocks can stand in blocks; beyond this many steps a file is a joke.
const STEPS_MAX: usize = 100_000;

/// Whether a step is done by every request.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Always {
    Yes,
    Sometimes,
}

/// A person follows three.
const BLOCKS_DEEP: usize = 32;

/// Where in the file's steps we are.
pub(super) struct Walk<'a> {
    pub(super) caller: Caller,
    /// `cart.get`, or a client's name.
    pub(super) owner: String,
    /// The service whose blocks and pools are meant.
    pub(super) service: Option<usize>,
    /// Policies around the step's own, the nearest first.
    pub(super) layers: Vec<Layer<'a>>,
    pub(super) always: Always,
    /// In front of the addresses of steps in a block.
    pub(super) prefix: String,
    addresses: BTreeMap<String, u32>,
    blocks: Vec<&'a str>,
}

impl<'a> Walk<'a> {
    pub(super) fn new(
        caller: Caller,
        owner: String,
        service: Option<usize>,
        layers: Vec<Layer<'a>>,
    ) -> Self {
        Self {
            caller,
            owner,
            service,
            layers,
            always: Always::Yes,
            prefix: String::new(),
            addresses: BTreeMap::new(),
            blocks: Vec::new(),
        }
    }

    /// The address of the next step that is called `base`.
    fn address(&mut self, base: &str) -> String {
        let full = format!("{}{base}", self.prefix);
        let number = self.addresses.entry(full.clone()).or_insert(0);
        *number += 1;
        if *number == 1 {
            full
        } else {
            format!("{full}-{number}")
        }
    }
}

/// The verb of a step as it is written.
fn verb_word(verb: &Verb) -> &str {
    match verb {
        Verb::Call(_) => "call",
        Verb::Send(_) => "send",
        Verb::Work(_) => "work",
        Verb::Wait(_) => "wait",
        Verb::Hold(_) => "hold",
        Verb::Parallel(_) => "parallel",
        Verb::Choose(_) => "choose",
        Verb::Repeat(_) => "repeat",
        Verb::Fail(_) => "fail",
        Verb::Answer(_) => "answer",
        // Steps of a block are addressed through it.
        Verb::Do(step) => step.block.value.as_str(),
    }
}

fn verb_span(verb: &Verb) -> Span {
    match verb {
        Verb::Call(step) => step.call.span,
        Verb::Send(step) => step.send.span,
        Verb::Work(step) => step.work.span,
        Verb::Wait(step) => step.wait.span,
        Verb::Hold(step) => step.hold.span,
        Verb::Parallel(step) => step.span,
        Verb::Choose(step) => step.span,
        Verb::Repeat(step) => step.times.span,
        Verb::Fail(step) => step.word.span,
        Verb::Answer(step) => step.word.span,
        Verb::Do(step) => step.block.span,
    }
}

impl<'a> Resolver<'a> {
    /// A list of steps.
    pub(super) fn steps(&mut self, steps: &'a ast::Steps, walk: &mut Walk<'a>) -> Vec<Step> {
        let mut done = Vec::with_capacity(steps.items.len());
        for step in &steps.items {
            if self.steps_made >= STEPS_MAX {
                if self.steps_made == STEPS_MAX {
                    self.error(
                        step.span,
                        format!("blocks inside blocks make more than {STEPS_MAX} steps"),
                    );
                    self.steps_made += 1;
                }
                break;
            }
            self.steps_made += 1;
            done.extend(self.step(step, walk));
        }
        done
    }

    fn step(&mut self, step: &'a ast::Step, walk: &mut Walk<'a>) -> Option<Step> {
        let base = step
            .name
            .as_ref()
            .map_or_else(|| verb_word(&step.verb), |name| name.value.as_str());
        let address = walk.address(base);
        if let Some(name) = &step.name
            && address != format!("{}{base}", walk.prefix)
        {
            let message = format!(
                "{} has two steps called {}",
                quoted(&walk.owner),
                quoted(base)
            );
            self.found
                .push(Diagnostic::error(name.span, message).hint("an address must mean one step"));
        }
        let path = format!("{}#{address}", walk.owner);
        let outside = walk.always;
        let chance = step
            .chance
            .as_ref()
            .and_then(|given| self.chance(&path, given));
        let condition = match (&step.only_if, &step.unless) {
            (Some(guard), _) => self.guard(&format!("{path}.if"), guard, Sense::If),
            (None, Some(guard)) => self.guard(&format!("{path}.unless"), guard, Sense::Unless),
            (None, None) => None,
        };
        if chance.is_some() || step.only_if.is_some() || step.unless.is_some() {
            walk.always = Always::Sometimes;
        }
        let verb = self.verb(step, &address, &path, walk);
        walk.always = outside;
        let place = self.place(verb_span(&step.verb));
        let name = step.name.as_ref().map(|name| name.value.to_string());
        Some(Step {
            name,
            address,
            chance,
            condition,
            verb: verb?,
            place,
        })
    }

    /// The chance of a step; none if it is always done.
    fn chance(&mut self, path: &str, given: &Given<Chance>) -> Option<f64> {
        match self.say(&format!("{path}.chance"), given) {
            Chance::Share(share) => Some(share.best().get()).filter(|share| *share < 1.0),
            Chance::Rest => {
                let error = Diagnostic::error(
                    given.span,
                    "`rest` is what the other branches of a `choose` leave",
                );
                self.found.push(error.expected("a chance such as `20%`"));
                None
            }
        }
    }

    fn verb(
        &mut self,
        step: &'a ast::Step,
        address: &str,
        path: &str,
        walk: &mut Walk<'a>,
    ) -> Option<system::Verb> {
        Some(match &step.verb {
            Verb::Work(work) => {
                system::Verb::Work(self.dist(&format!("{path}.work"), &work.work, Bare::Spread))
            }
            Verb::Wait(wait) => {
                system::Verb::Wait(self.dist(&format!("{path}.wait"), &wait.wait, Bare::Spread))
            }
            Verb::Call(call) => system::Verb::Call(self.call(step, call, address, path, walk)?),
            Verb::Send(send) => system::Verb::Send(self.send(step, send, address, path, walk)?),
            Verb::Hold(hold) => {
                let target = self.say(&format!("{path}.hold"), &hold.hold);
                let pool = self.pool_named(hold.hold.span, target, walk.service);
                let steps = self.steps(&hold.steps, walk);
                system::Verb::Hold(pool?, steps)
            }
            Verb::Parallel(parallel) => self.parallel(parallel, path, walk),
            Verb::Choose(choose) => self.choose(choose, path, walk),
            Verb::Repeat(repeat) => {
                let times = self.dist(&format!("{path}.repeat"), &repeat.times, Bare::Constant);
                let outside = walk.always;
                if times == system::Dist::Constant(0.0) {
                    walk.always = Always::Sometimes;
                }
                let steps = self.steps(&repeat.steps, walk);
                walk.always = outside;
                system::Verb::Repeat(times, steps)
            }
            Verb::Fail(fail) => {
                let word = self.say(&format!("{path}.fail"), &fail.word);
                let declined = word.0.as_str() == "declined";
                system::Verb::Fail(if declined {
                    FailWord::Declined
                } else {
                    FailWord::Error
                })
            }
            Verb::Answer(answer) => {
                system::Verb::Answer(match self.say(&format!("{path}.answer"), &answer.word) {
                    ast::Answer::Ok => AnswerWord::Ok,
                    ast::Answer::Degraded => AnswerWord::Degraded,
                })
            }
            Verb::Do(block) => system::Verb::Do(self.block(&block.block, address, walk)?),
        })
    }

    fn block(
        &mut self,
        name: &'a Given<crate::scalar::Name>,
        address: &str,
        walk: &mut Walk<'a>,
    ) -> Option<Vec<Step>> {
        let text = name.value.as_str();
        let service = walk.service.map(|service| self.directory.services[service]);
        let known = walk
            .service
            .and_then(|service| self.directory.block(service, text));
        let Some((block_name, block)) = known else {
            let blocks =
                service.and_then(|service| service_key(service, |service| service.blocks.as_ref()));
            let names = self.names(
                blocks
                    .into_iter()
                    .flat_map(|blocks| blocks.iter().map(|block| &*block.name)),
            );
            let what = match service {
                Some(service) => format!("`{}` has no block {}", service.name, quoted(text)),
                None => format!("a client has no blocks, so {} means nothing", quoted(text)),
            };
            let error = missing(Diagnostic::error(name.span, what), text, &names);
            let is_service = find(&self.directory.services, text).is_some();
            self.found.push(if is_service {
                error.hint(format!(
                    "a call is `{text}.ENDPOINT`: {}",
                    self.endpoints_hint(text)
                ))
            } else {
                error
            });
            self.found.hide(name.span);
            return None;
        };
        if walk.blocks.contains(&block_name) {
            let message = format!("the block {} does itself again, without end", quoted(text));
            self.error(name.span, message);
            return None;
        }
        if walk.blocks.len() == BLOCKS_DEEP {
            self.error(
                name.span,
                format!("blocks inside blocks, more than {BLOCKS_DEEP} deep"),
            );
            return None;
        }
        walk.blocks.push(block_name);
        let outside = std::mem::replace(&mut walk.prefix, format!("{address}."));
        let steps = self.steps(block, walk);
        walk.prefix = outside;
        walk.blocks.pop();
        Some(steps)
    }

    pub(super) fn endpoints_hint(&self, service: &str) -> String {
        let Some(service) = find(&self.directory.services, service) else {
            return String::new();
        };
        let (first, last) = self.directory.endpoints_of(service);
        let names: Vec<String> = (first..last)
            .map(|endpoint| self.directory.endpoint_name(EndpointId(endpoint)))
            .collect();
        one_of(names.iter().map(String::as_str), 6)
    }

    fn parallel(
        &mut self,
        parallel: &'a ast::ParallelStep,
        path: &str,
        walk: &mut Walk<'a>,
    ) -> system::Verb {
        let branches: Vec<_> = parallel
            .branches
            .iter()
            .map(|branch| self.steps(branch, walk))
            .collect();
        let all = id(branches.len());
        let need = match &parallel.need {
            None => all,
            Some(given) => match self.say(&format!("{path}.need"), given) {
                ParallelNeed::All(_) => all,
                ParallelNeed::Count(count) if (1..=u64::from(all)).contains(&count.get()) => {
                    id(count.get() as usize)
                }
                ParallelNeed::Count(count) => {
                    let error = Diagnostic::error(
                        given.span,
                        format!("{count} of {all} branches cannot be needed"),
                    );
                    self.found.push(error.lacking(parallel.span));
                    all
                }
            },
        };
        let cancel = match &parallel.cancel {
            Some(given) if *self.say(&format!("{path}.cancel"), given) == ast::LeftOver::All => {
                LeftOver::Cancel
            }
            _ => LeftOver::RunOn,
        };
        system::Verb::Parallel {
            branches,
            need,
            cancel,
        }
    }

    fn choose(
        &mut self,
        choose: &'a ast::ChooseStep,
        path: &str,
        walk: &mut Walk<'a>,
    ) -> system::Verb {
        let mut branches = Vec::new();
        let mut total = 0.0;
        let mut rest: Option<(usize, Span)> = None;
        let outside = walk.always;
        walk.always = Always::Sometimes;
        for (at, branch) in choose.branches.iter().enumerate() {
            let path = format!("{path}.{}", at + 1);
            let condition = branch
                .only_if
                .as_ref()
                .and_then(|guard| self.guard(&format!("{path}.if"), guard, Sense::If));
            let mut chance = 0.0;
            match &branch.chance {
                Some(given) => match self.say(&format!("{path}.chance"), given) {
                    Chance::Share(share) => {
                        chance = share.best().get();
                        total += chance;
                    }
                    Chance::Rest => {
                        if let Some((_, first)) = rest {
                            let error = Diagnostic::error(
                                given.span,
                                "two branches cannot both be the rest",
                            );
                            self.found.push(error.also(first, "the other one"));
                        }
                        rest = Some((at, given.span));
                    }
                },
                None if branch.only_if.is_none() => {
                    let error = Diagnostic::error(
                        branch.span,
                        "this branch says neither `chance` nor `if`",
                    );
                    let error = error.hint("`chance: rest` takes what the others leave");
                    self.found.push(error.lacking(branch.span));
                }
                None => {}
            }
            if chance >= 1.0 {
                walk.always = outside;
            }
            let steps = self.steps(&branch.steps, walk);
            walk.always = Always::Sometimes;
            branches.push(Branch {
                condition,
                chance,
                steps,
            });
        }
        walk.always = outside;
        // Shares are decimal, their sum in binary is not.
        const EXACT: f64 = 1e-9;
        let by_chance = choose.branches.iter().any(|branch| branch.chance.is_some());
        let percent = format!("{}%", (total * 1e9).round() / 1e7);
        if total > 1.0 + EXACT {
            self.error(
                choose.span,
                format!("the chances of the branches add up to {percent}, which is more than 100%"),
            );
        } else if let Some((at, _)) = rest {
            branches[at].chance = (1.0 - total).max(0.0);
        } else if by_chance && total < 1.0 - EXACT {
            let error = Diagnostic::error(
                choose.span,
                format!("the chances of the branches add up to {percent} only"),
            );
            let error = error.hint("`chance: rest` takes what the others leave");
            self.found.push(error.lacking(choose.span));
        } else if !by_chance {
            // No `if` holds: nothing is done.
            branches.push(Branch {
                condition: None,
                chance: 1.0,
                steps: Vec::new(),
            });
        }
        system::Verb::Choose(branches)
    }

    /// What a step or a branch asks: for a flag, or for the visit's value.
    pub(super) fn guard(
        &mut self,
        path: &str,
        guard: &Given<Guard>,
        sense: Sense,
    ) -> Option<system::Guard> {
        match self.say(path, guard).clone() {
            Guard::Flag(name) => {
                let flag = self.flag_named(guard.span, name.as_str())?;
                Some(match sense {
                    Sense::If => system::Guard::Up(flag),
                    Sense::Unless => system::Guard::Down(flag),
                })
            }
            Guard::Value { comparison, limit } => self
                .value_test(guard, comparison, limit, sense)
                .map(system::Guard::Value),
        }
    }

    /// A flag by its name.
    pub(super) fn flag_named(&mut self, at: Span, name: &str) -> Option<FlagId> {
        let flags = &self.directory.flags;
        let found = flags.binary_search_by(|flag| flag.value.as_str().cmp(name));
        if found.is_err() {
            let names = self.names(flags.iter().map(|flag| flag.value.as_str()));
            let error = self.directory.unknown(at, name, "a flag", &names);
            self.found.push(error);
        }
        found.ok().map(|at| FlagId(id(at)))
    }

    fn value_test(
        &mut self,
        guard: &Given<Guard>,
        comparison: Comparison,
        limit: Money,
        sense: Sense,
    ) -> Option<ValueTest> {
        let value = self.money(limit, guard.span);
        let op = match (sense, comparison) {
            (Sense::If, Comparison::Less) | (Sense::Unless, Comparison::AtLeast) => Compare::Less,
            (Sense::If, Comparison::AtMost) | (Sense::Unless, Comparison::More) => Compare::AtMost,
            (Sense::If, Comparison::More) | (Sense::Unless, Comparison::AtMost) => Compare::More,
            (Sense::If, Comparison::AtLeast) | (Sense::Unless, Comparison::Less) => {
                Compare::AtLeast
            }
            (Sense::If, Comparison::Equal) => Compare::Equal,
            (Sense::Unless, Comparison::Equal) => {
                self.error(guard.span, "`unless value = ...` is not understood: a value is below, above, or compared with `if`");
                return None;
            }
        };
        Some(ValueTest { op, value })
    }

    /// A class by its name.
    pub(super) fn priority(
        &mut self,
        path: &str,
        given: &Given<crate::scalar::Name>,
    ) -> Option<u16> {
        let name = self.say(path, given);
        let found = self
            .directory
            .priorities
            .iter()
            .position(|class| class.value == *name);
        if found.is_none() {
            let names = self.names(
                self.directory
                    .priorities
                    .iter()
                    .map(|class| class.value.as_str()),
            );
            let message = format!("{} is none of the `priorities`", quoted(name.as_str()));
            self.found.push(missing(
                Diagnostic::error(given.span, message),
                name.as_str(),
                &names,
            ));
        }
        found.and_then(|at| u16::try_from(at).ok())
    }

    /// A service by its name.
    pub(super) fn service_named(&mut self, at: Span, name: &str) -> Option<ServiceId> {
        let found = find(&self.directory.services, name);
        if found.is_none() {
            let names = self.names(self.directory.services.iter().map(|service| service.name));
            let error = self.directory.unknown(at, name, "a service", &names);
            self.found.push(error);
        }
        found.map(|at| ServiceId(id(at)))
    }
}

/// Whether a test must hold or must not.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Sense {
    If,
    Unless,
}
