//! From what a file says to the checked [`System`]: names become ids, layers become one policy, presets and
//! defaults become numbers.
//!
//! [`resolve`] is the only way to a system from a file. It goes through the whole file whatever is wrong with it,
//! so that all mistakes are reported in one go, and gives a system only if there is none. What is not wrong but
//! probably not wanted becomes a finding with a stable identifier ([`FINDINGS`]). Every value that was used leaves a
//! [`Fact`](crate::system::Fact): the scalar and who says so, or the default and why it is that.
//!
//! Reading order: `directory` (who is called what), `facts` and `laws` (values), `place`, `service`, `client`,
//! `step`, `call` and `policy` (what is asked of whom, and how), `fault`, `promise`, and last `finding`, which looks at the whole.
//!
//! The cost is linear in the length of the file with its blocks put in place.

pub(crate) mod by_hand;
mod call;
mod client;
mod costs;
mod directory;
mod facts;
mod fault;
mod finding;
mod growth;
mod laws;
mod place;
mod policy;
mod promise;
mod recording;
mod rollout;
mod service;
mod step;
mod target;
mod topic;
mod watch;

pub(crate) use by_hand::{ByHand, Hand};
pub use finding::FINDINGS;
pub(crate) use growth::is_address;
pub(crate) use laws::law;
pub(crate) use rollout::beyond_a_version;

use std::cell::Cell;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::ast::{Defaults, Model, Sections};
use crate::calendar::Calendar;
use crate::diagnostic::{Diagnostic, Diagnostics, quoted};
use crate::form::Names;
use crate::scalar::{Currency, Money};
use crate::source::{SourceId, SourceMap, Span};
use crate::system::{Caller, ClientId, EndpointId, SendId, System, Tables};

use call::{CallNote, Edge};
use directory::{Directory, Written, id};
use step::{Always, Walk};

/// How the files that a model names (distributions, recordings) are read: from a path, as it is written, and the file
/// that it is written in, to the text, or the reason why there is none.
pub(crate) type ReadFile<'a> = dyn FnMut(&str, &str) -> Result<String, String> + 'a;

/// Resolves a model.
///
/// `grown` is what the numbers that grow are multiplied by in it, in the order of `growth`; `by_hand` what a scenario
/// makes happen besides.
/// `None` if anything is wrong with it; what, and where, is then among `found`. A model of
/// which only a part could be read is resolved as far as it goes: what `found` hides is not missed. The findings about
/// a model that is right go there too.
#[must_use]
pub(crate) fn resolve(
    model: &Model,
    sources: &SourceMap,
    files: &mut ReadFile<'_>,
    grown: &[f64],
    by_hand: &[ByHand],
    found: &mut Diagnostics,
) -> Option<System> {
    let directory = Directory::new(&model.sections, found);
    let mut resolver = Resolver {
        directory: &directory,
        sources,
        files,
        found,
        findings: Vec::new(),
        system: Tables {
            name: model.system.value.to_string(),
            priorities: Vec::new(),
            ..Tables::default()
        },
        files_seen: BTreeMap::new(),
        said: BTreeSet::new(),
        guess: (0.5, 2.0),
        spread: 1.0,
        spread_reason: SPREAD,
        steps_made: 0,
        compared: Cell::new(0),
        calls: Vec::new(),
        sends: Vec::new(),
        always_sent: Vec::new(),
        edges: Vec::new(),
        made_by: BTreeMap::new(),
        currency: None,
    };
    resolver.sections(&model.sections, model.system.span, grown);
    resolver.by_hand(by_hand);
    let (tables, findings) = (resolver.system, resolver.findings);
    if found.has_errors() {
        // What is strange about a file that means nothing is of no use yet.
        return None;
    }
    for finding in findings {
        found.push(finding);
    }
    match System::new(tables) {
        Ok(system) => Some(system),
        Err(wrong) => {
            // A file has found what the checks above forgot: better refused than simulated.
            let message = format!("this has no meaning that can be simulated: {wrong}");
            found.push(Diagnostic::error(model.system.span, message));
            None
        }
    }
}

/// Why a bare duration varies.
const SPREAD: &str = "service times vary even if nobody says how: cv 1";
const SPREAD_GIVEN: &str = "`defaults.spread`";

/// What is known while a model is resolved.
struct Resolver<'a> {
    directory: &'a Directory<'a>,
    sources: &'a SourceMap,
    files: &'a mut ReadFile<'a>,
    found: &'a mut Diagnostics,
    findings: Vec<Diagnostic>,
    system: Tables,
    files_seen: BTreeMap<SourceId, Arc<str>>,
    /// Paths that have a fact: a value that many calls share is said once.
    said: BTreeSet<(String, Option<Span>)>,
    /// What a guess without a range is taken for: factors of its value.
    guess: (f64, f64),
    /// The cv of bare durations of `work` and `wait`.
    spread: f64,
    spread_reason: &'static str,
    steps_made: usize,
    /// Names that were compared with misspelled ones.
    compared: Cell<usize>,
    calls: Vec<CallNote>,
    sends: Vec<CallNote>,
    /// Whether every request of its owner makes a send.
    always_sent: Vec<(SendId, Always)>,
    edges: Vec<Edge>,
    /// The calls that an endpoint makes, as positions in `edges`.
    made_by: BTreeMap<EndpointId, Vec<usize>>,
    currency: Option<(Currency, Span)>,
}

impl<'a> Resolver<'a> {
    fn sections(&mut self, file: &'a Sections, system: Span, grown: &[f64]) {
        self.costs_currency(file);
        self.timezone(file, system);
        self.as_of(file);
        self.places(system);
        self.system.priorities = self
            .directory
            .priorities
            .iter()
            .map(|class| class.value.to_string())
            .collect();
        if self.system.priorities.is_empty() {
            self.system.priorities.push("default".to_owned());
        }
        self.system.flags = (self.directory.flags.iter())
            .map(|flag| crate::system::Flag {
                name: self.say("flags", flag).to_string(),
            })
            .collect();
        self.services();
        self.topics();
        self.consumers();
        self.clients();
        self.endpoints();
        self.start_steps();
        self.name_calls();
        self.name_sends();
        self.events();
        self.faults();
        self.reach();
        self.rollouts();
        self.promises();
        self.growth(file, grown);
        self.costs(file);
        self.alerts();
        self.operators();
        self.findings();
    }

    fn timezone(&mut self, file: &'a Sections, system: Span) {
        let Some(given) = &file.timezone else {
            self.assume("timezone", "UTC", "no time zone is given", system);
            self.system.timezone = "UTC".to_owned();
            return;
        };
        let name = self.say("timezone", given).as_str();
        self.system.timezone = name.to_owned();
        if let Err(unknown) = Calendar::new(name) {
            let error = Diagnostic::error(given.span, unknown.to_string());
            self.found
                .push(error.did_you_mean(unknown.nearest.as_deref()));
        }
    }

    /// The day that counts as today, if the file knows one.
    fn as_of(&mut self, file: &'a Sections) {
        let stated = file.as_of.as_ref().map(|given| *self.say("as-of", given));
        let measured = file
            .sources
            .iter()
            .flat_map(Names::iter)
            .filter_map(|entry| Some(entry.value.measured.as_ref()?.value.last))
            .max();
        self.system.as_of = stated.or(measured).map(|date| {
            jiff::civil::date(
                date.year().cast_signed(),
                date.month().cast_signed(),
                date.day().cast_signed(),
            )
        });
    }

    /// From here on, the defaults of that file hold.
    fn enter(&mut self, defaults: Option<&'a Defaults>) {
        (self.spread, self.spread_reason, self.guess) = (1.0, SPREAD, (0.5, 2.0));
        let Some(defaults) = defaults else { return };
        if let Some(spread) = &defaults.spread {
            self.spread = self.say("defaults.spread", spread).0.get();
            self.spread_reason = SPREAD_GIVEN;
        }
        if let Some(guess) = &defaults.guess {
            let range = self.say("defaults.guess", guess);
            self.guess = (range.low().get(), range.high().get());
        }
    }

    /// An amount in the file's currency. There is one: amounts of two are never compared or added.
    fn money(&mut self, money: Money, at: Span) -> f64 {
        if money.per.is_some() {
            let error = Diagnostic::error(
                at,
                format!("{} is paid over time", quoted(&money.to_string())),
            );
            self.found
                .push(error.expected("an amount such as `31 USD`"));
        }
        match self.currency {
            None => {
                self.currency = Some((money.currency, at));
                self.system.currency = Some(money.currency.to_string());
            }
            Some((known, first)) if known != money.currency => {
                let message = format!(
                    "this is in {}, and other amounts are in {known}",
                    money.currency
                );
                self.found.push(
                    Diagnostic::error(at, message)
                        .also(first, "first here")
                        .hint("one file, one currency"),
                );
            }
            Some(_) => {}
        }
        money.amount()
    }

    /// What the endpoints do.
    fn endpoints(&mut self) {
        let directory = self.directory;
        for (position, endpoint) in directory.endpoints.iter().enumerate() {
            let service = directory.services[endpoint.service];
            self.enter(service.defaults);
            let mut layers = Vec::new();
            let owner = format!("{}.{}", service.name, endpoint.name);
            let steps = match endpoint.value {
                Written::Endpoint(written) => {
                    if let Some(calls) = &written.calls {
                        self.push_layer(&mut layers, format!("{owner}.calls"), calls);
                    }
                    &written.steps
                }
                Written::Handler(written, _) => &written.steps,
            };
            self.service_layers(service, &mut layers);
            let caller = Caller::Endpoint(EndpointId(id(position)));
            let mut walk = Walk::new(caller, owner, Some(endpoint.service), layers);
            self.system.endpoints[position].steps = self.steps(steps, &mut walk);
        }
    }

    /// What the visits of clients do.
    fn visits(&mut self, position: usize) -> Vec<crate::system::Step> {
        let client = self.directory.clients[position];
        let mut layers = Vec::new();
        if let Some(calls) = &client.value.calls {
            self.push_layer(&mut layers, format!("clients.{}.calls", client.name), calls);
        }
        if let Some(calls) = client.defaults.and_then(|defaults| defaults.calls.as_ref()) {
            self.push_layer(&mut layers, "defaults.calls".to_owned(), calls);
        }
        let caller = Caller::Client(ClientId(id(position)));
        let mut walk = Walk::new(caller, client.name.to_owned(), None, layers);
        self.steps(&client.value.steps, &mut walk)
    }
}
