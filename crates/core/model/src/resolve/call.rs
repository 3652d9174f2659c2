//! Calls: whom a step asks, under which policies, and what is done when nobody answers.
//!
//! Every call step of every owner has its own row, so a block that is done twice makes two.

use std::collections::BTreeMap;

use super::Resolver;
use super::directory::{id, missing};
use super::policy::{Layer, nearest, results};
use super::step::{Always, Walk};
use crate::ast::{self, FallbackDo, FallbackWord};
use crate::diagnostic::{Diagnostic, quoted};
use crate::form::OrNone;
use crate::scalar::{Select, Target, Who};
use crate::source::Span;
use crate::system::{self, Balance, Call, CallId, Caller, EndpointId, Fallback, Replicas, Results};

/// A call as a link between endpoints, for what is said about paths.
pub(super) struct Edge {
    /// Who calls; none for a client's visit.
    pub(super) from: Option<EndpointId>,
    /// Whom.
    pub(super) to: EndpointId,
    /// Whether every request makes it.
    pub(super) always: Always,
    /// The call.
    pub(super) call: CallId,
    /// Where it stands.
    pub(super) at: Span,
}

/// What a call's name is made of, and where it stands.
pub(super) struct CallNote {
    pub(super) owner: String,
    pub(super) named: Option<String>,
    pub(super) address: String,
    pub(super) at: Span,
}

impl<'a> Resolver<'a> {
    /// Puts a call into the table of calls.
    pub(super) fn call(
        &mut self,
        step: &'a ast::Step,
        call: &'a ast::CallStep,
        address: &str,
        path: &str,
        walk: &mut Walk<'a>,
    ) -> Option<CallId> {
        let target_text = self.say(&format!("{path}.call"), &call.call);
        let Some((target, subset)) = self.call_target(call.call.span, target_text) else {
            // Whom it would reach is not missed.
            self.found.hide(call.call.span);
            return None;
        };
        let mut layers = Vec::new();
        self.push_layer(&mut layers, path.to_owned(), &call.policy);
        layers.extend(walk.layers.iter().cloned());
        let at = call.call.span;
        let mut policy = self.call_policy(path, &layers, at, walk.service);
        if matches!(target_text.select, Some(Select::Any)) && policy.balance.is_none() {
            policy.balance = Some(Balance::Random);
        }
        let callee = self.directory.services[self.directory.endpoints[target.index()].service];
        let mesh = self.mesh(callee);
        let priority = nearest(&layers, |policy| policy.priority.as_ref())
            .and_then(|said| self.priority(&format!("{}.priority", said.path), said.value));
        let size_bytes = match nearest(&layers, |policy| policy.size.as_ref()) {
            Some(said) => self
                .say(&format!("{}.size", said.path), said.value)
                .best()
                .get(),
            None => {
                self.assume(
                    &format!("{path}.size"),
                    "2kB",
                    "a message is small unless the file says otherwise",
                    call.call.span,
                );
                2_000
            }
        };
        let work_factor = match nearest(&layers, |policy| policy.work.as_ref()) {
            Some(said) => self
                .say(&format!("{}.work", said.path), said.value)
                .best()
                .get(),
            None => 1.0,
        };
        let call_id = CallId(id(self.system.calls.len()));
        let place = self.place(at);
        self.calls.push(CallNote {
            owner: walk.owner.clone(),
            named: step.name.as_ref().map(|name| name.value.to_string()),
            address: address.to_owned(),
            at,
        });
        self.system.calls.push(Call {
            name: String::new(),
            caller: walk.caller,
            target,
            subset,
            policy,
            mesh,
            fallback: None,
            priority,
            size_bytes,
            work_factor,
            place,
        });
        let from = match walk.caller {
            Caller::Endpoint(endpoint) => Some(endpoint),
            Caller::Client(_) | Caller::Start(_) => None,
        };
        self.edges.push(Edge {
            from,
            to: target,
            always: walk.always,
            call: call_id,
            at,
        });
        self.system.calls[call_id.index()].fallback = self.fallback(&layers, address, walk);
        Some(call_id)
    }

    fn fallback(
        &mut self,
        layers: &[Layer<'a>],
        address: &str,
        walk: &mut Walk<'a>,
    ) -> Option<Fallback> {
        let said = nearest(layers, |policy| policy.fallback.as_ref())?;
        self.fallback_of(
            &format!("{}.fallback", said.path),
            said.value,
            address,
            walk,
        )
    }

    /// What is done when the last attempt of a call or a send failed.
    pub(super) fn fallback_of(
        &mut self,
        path: &str,
        written: &'a OrNone<ast::Fallback>,
        address: &str,
        walk: &mut Walk<'a>,
    ) -> Option<Fallback> {
        let OrNone::Some(written) = written else {
            return None;
        };
        let results = match &written.only_if {
            None => Results::ALL,
            Some(list) => {
                for word in &list.items {
                    self.say(&format!("{path}.if"), word);
                }
                results(list)
            }
        };
        let what = match &written.action {
            FallbackDo::Word(word) => match self.say(&format!("{path}.do"), word) {
                FallbackWord::Skip => system::FallbackDo::Skip,
                FallbackWord::Degraded => system::FallbackDo::Degraded,
            },
            FallbackDo::Steps(steps) => {
                let outside = (
                    walk.always,
                    std::mem::replace(&mut walk.prefix, format!("{address}.fallback.")),
                );
                walk.always = Always::Sometimes;
                let steps = self.steps(steps, walk);
                (walk.always, walk.prefix) = outside;
                system::FallbackDo::Steps(steps)
            }
        };
        Some(Fallback { results, what })
    }

    /// The endpoint that a call asks, and which replicas of its service.
    fn call_target(&mut self, at: Span, target: &Target) -> Option<(EndpointId, Option<Replicas>)> {
        let text = target.to_string();
        let Who::Named(name) = &target.who else {
            self.error(at, format!("{} is not one endpoint", quoted(&text)));
            return None;
        };
        let service = self.service_named(at, name.as_str())?;
        let whole = target.worker.is_none() && target.step.is_none();
        let [endpoint] = target.members.as_slice() else {
            let error = Diagnostic::error(at, format!("{} is no endpoint", quoted(&text)));
            self.found.push(error.hint(format!(
                "an endpoint is `service.endpoint`: {}",
                self.endpoints_hint(name.as_str())
            )));
            return None;
        };
        let Some(id) = self
            .directory
            .called_endpoint(service.index(), endpoint.as_str())
            .filter(|_| whole)
        else {
            let (first, last) = self.directory.endpoints_of(service.index());
            let names =
                self.names((first..last).map(|at| self.directory.endpoints[at as usize].name));
            let message = format!("this calls {}, which `{name}` does not have", quoted(&text));
            let error = Diagnostic::error(at, message);
            self.found.push(missing(error, endpoint.as_str(), &names));
            return None;
        };
        let subset = match &target.select {
            None | Some(Select::Any) => None,
            Some(select) => Some(self.replicas(at, service, select)?),
        };
        Some((id, subset))
    }

    /// Gives every call its name: `caller -> callee`, with what tells it from others of the same two.
    pub(super) fn name_calls(&mut self) {
        let names: Vec<(String, String)> = self
            .calls
            .iter()
            .zip(&self.system.calls)
            .map(|(note, call)| {
                let pair = format!(
                    "{} -> {}",
                    note.owner,
                    self.directory.endpoint_name(call.target)
                );
                let named = note
                    .named
                    .as_ref()
                    .map_or_else(|| pair.clone(), |name| format!("{pair}#{name}"));
                (pair, named)
            })
            .collect();
        let mut times: BTreeMap<&str, u32> = BTreeMap::new();
        for (_, named) in &names {
            *times.entry(named).or_insert(0) += 1;
        }
        for ((note, call), (pair, named)) in
            self.calls.iter().zip(&mut self.system.calls).zip(&names)
        {
            call.name = if times[named.as_str()] == 1 {
                named.clone()
            } else {
                format!("{pair}#{}", note.address)
            };
        }
    }
}
