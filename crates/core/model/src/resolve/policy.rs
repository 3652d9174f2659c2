//! Call policies: layers that stand around a call, composed key by key, the nearest first.
//!
//! The application's layers are the step, the endpoint's `calls`, the `calls` of the calling service or client, and
//! `defaults.calls`; each may name a policy, which stands right behind it. The mesh's are the called service's
//! `mesh` and `defaults.mesh`, each with its preset behind it. The value of one key is never mixed from two places.

use super::Resolver;
use super::directory::{Item, find, missing, service_key};
use crate::ast::{self, BalanceBy, BalanceWord, BudgetKind, DeadlineWord};
use crate::diagnostic::{Diagnostic, quoted};
use crate::form::{Given, Many, OrNone};
use crate::scalar::{HedgeAfter, Rate, Ratio, Switch};
use crate::source::Span;
use crate::system::{
    Balance, Budget, BudgetScope, CallPolicy, Cancel, Deadline, Hedge, Jitter, KeySpaceId, PoolId,
    Results, Retry,
};

/// A policy, and the path of where it stands.
#[derive(Clone)]
pub(super) struct Layer<'a> {
    pub(super) path: String,
    pub(super) policy: &'a ast::CallPolicy,
}

/// The nearest layer that says something: its number from the call outwards, its path, and what it says.
pub(super) struct Said<'s, 'a, T> {
    pub(super) layer: usize,
    pub(super) path: &'s str,
    pub(super) value: &'a T,
}

/// What the nearest layer says about a key.
pub(super) fn nearest<'s, 'a, T>(
    layers: &'s [Layer<'a>],
    get: impl Fn(&'a ast::CallPolicy) -> Option<&'a T>,
) -> Option<Said<'s, 'a, T>> {
    let mut said = layers.iter().enumerate().filter_map(|(at, layer)| {
        let value = get(layer.policy)?;
        Some(Said {
            layer: at,
            path: &layer.path,
            value,
        })
    });
    said.next()
}

/// The whole of a result list.
pub(super) fn results(list: &Many<Given<ast::ResultWord>>) -> Results {
    let has = |word| list.items.iter().any(|given| given.value == word);
    Results {
        error: has(ast::ResultWord::Error),
        rejected: has(ast::ResultWord::Rejected),
        refused: has(ast::ResultWord::Refused),
        timeout: has(ast::ResultWord::Timeout),
    }
}

fn cancel(word: ast::Cancel) -> Cancel {
    match word {
        ast::Cancel::None => Cancel::None,
        ast::Cancel::Queued => Cancel::Queued,
        ast::Cancel::All => Cancel::All,
    }
}

fn jitter(word: ast::Jitter) -> Jitter {
    match word {
        ast::Jitter::None => Jitter::None,
        ast::Jitter::Full => Jitter::Full,
        ast::Jitter::Equal => Jitter::Equal,
        ast::Jitter::Decorrelated => Jitter::Decorrelated,
        ast::Jitter::Envoy => Jitter::Envoy,
    }
}

impl<'a> Resolver<'a> {
    /// Puts the policy that a layer names right behind it.
    pub(super) fn push_layer(
        &mut self,
        layers: &mut Vec<Layer<'a>>,
        path: String,
        policy: &'a ast::CallPolicy,
    ) {
        let mut next = Some((path, policy));
        let mut named: Vec<&str> = Vec::new();
        while let Some((path, policy)) = next.take() {
            layers.push(Layer { path, policy });
            let Some(name) = &policy.policy else { break };
            let text = name.value.as_str();
            let Some(known) = find(&self.directory.policies, text) else {
                let names = self.names(self.directory.policies.iter().map(|known| known.name));
                let error =
                    Diagnostic::error(name.span, format!("there is no policy {}", quoted(text)));
                self.found.push(missing(error, text, &names));
                break;
            };
            let known = self.directory.policies[known];
            if named.contains(&known.name) {
                self.error(
                    name.span,
                    format!("the policy {} names itself", quoted(text)),
                );
                break;
            }
            named.push(known.name);
            next = Some((format!("policies.{}", known.name), &known.value.policy));
        }
    }

    /// The application's side of a call.
    pub(super) fn call_policy(
        &mut self,
        path: &str,
        layers: &[Layer<'a>],
        at: Span,
        owner: Option<usize>,
    ) -> CallPolicy {
        let mut policy = CallPolicy::default();
        match nearest(layers, |policy| policy.timeout.as_ref()) {
            Some(said) => {
                let given: &Given<Switch<_>> = said.value;
                if let Switch::On(time) = self.say(&format!("{}.timeout", said.path), given) {
                    policy.timeout_ns = Some(time.best().nanos());
                }
            }
            None => self.assume(
                &format!("{path}.timeout"),
                "none",
                "a call without a timeout waits for ever",
                at,
            ),
        }
        match nearest(layers, |policy| policy.deadline.as_ref()) {
            Some(said) => {
                policy.deadline = self.deadline(&format!("{}.deadline", said.path), said.value);
            }
            None => self.assume(
                &format!("{path}.deadline"),
                "inherit",
                "what bounds the caller bounds its calls",
                at,
            ),
        }
        match nearest(layers, |policy| policy.cancel.as_ref()) {
            Some(said) => {
                policy.cancel = cancel(*self.say(&format!("{}.cancel", said.path), said.value));
            }
            None => self.assume(
                &format!("{path}.cancel"),
                "none",
                "nobody tells the callee that its caller has left",
                at,
            ),
        }
        let retry = nearest(layers, |policy| policy.retry.as_ref());
        let hedge = nearest(layers, |policy| policy.hedge.as_ref());
        let retry_at = retry.as_ref().map_or(usize::MAX, |said| said.layer);
        let hedge_at = hedge.as_ref().map_or(usize::MAX, |said| said.layer);
        if let Some(said) = &retry {
            policy.retry = self.retry(&format!("{}.retry", said.path), said.value);
        } else {
            self.assume(
                &format!("{path}.retry"),
                "none",
                "nothing is tried again unless the file says so",
                at,
            );
        }
        if let Some(said) = &hedge {
            policy.hedge = self.hedge(&format!("{}.hedge", said.path), said.value);
        }
        if policy.retry.is_some() && policy.hedge.is_some() {
            // Only what stands side by side contradicts itself: the nearer of two replaces the farther.
            match retry_at.cmp(&hedge_at) {
                std::cmp::Ordering::Less => policy.hedge = None,
                std::cmp::Ordering::Greater => policy.retry = None,
                std::cmp::Ordering::Equal => {
                    self.error_hedge_with_retry(retry.as_ref(), hedge.as_ref());
                }
            }
        }
        if let Some(said) = nearest(layers, |policy| policy.pool.as_ref())
            && let Switch::On(target) = self.say(&format!("{}.pool", said.path), said.value)
        {
            policy.pool = self.pool_named(said.value.span, target, owner);
        }
        if let Some(said) = nearest(layers, |policy| policy.balance.as_ref()) {
            let path = format!("{}.balance", said.path);
            policy.balance = said
                .value
                .by
                .as_ref()
                .and_then(|by| self.balance_by(&path, by));
            for key in [
                said.value.panic.as_ref().map(|given| given.span),
                said.value.slow_start.as_ref().map(|given| given.span),
            ]
            .into_iter()
            .flatten()
            {
                let error =
                    Diagnostic::error(key, "this belongs to the called service, not to a call");
                self.found
                    .push(error.hint("write it below the service's `balance`"));
            }
        }
        policy
    }

    fn error_hedge_with_retry(
        &mut self,
        retry: Option<&Said<'_, 'a, OrNone<ast::Retry>>>,
        hedge: Option<&Said<'_, 'a, OrNone<ast::Hedge>>>,
    ) {
        if let (Some(OrNone::Some(retry)), Some(OrNone::Some(hedge))) =
            (retry.map(|said| said.value), hedge.map(|said| said.value))
        {
            let error = Diagnostic::error(hedge.span, "a hedge and retries exclude each other");
            self.found.push(
                error
                    .also(retry.span, "retries here")
                    .hint("`retry: none` beside the hedge, or no hedge"),
            );
        }
    }

    /// The mesh around calls to a service; none if there is no mesh.
    pub(super) fn mesh(&mut self, service: Item<'a, ast::Service>) -> Option<CallPolicy> {
        let own = service_key(service, |service| service.mesh.as_ref());
        let general = service.defaults.and_then(|defaults| defaults.mesh.as_ref());
        let mut layers: Vec<(String, &'a ast::Mesh)> = Vec::new();
        match own {
            Some(OrNone::None(_)) => return None,
            Some(OrNone::Some(mesh)) => {
                layers.push((format!("services.{}.mesh", service.name), mesh));
            }
            None => {}
        }
        if let Some(OrNone::Some(mesh)) = general {
            layers.push(("defaults.mesh".to_owned(), mesh));
        }
        if layers.is_empty() {
            return None;
        }
        let mut policy = CallPolicy {
            deadline: Deadline::Inherit,
            ..CallPolicy::default()
        };
        let mut retry_at: Option<(usize, Option<Span>)> = None;
        let mut hedge_at: Option<(usize, Option<Span>)> = None;
        for (at, (path, mesh)) in layers.iter().enumerate() {
            if retry_at.is_none()
                && let Some(retry) = &mesh.retry
            {
                policy.retry = self.retry(&format!("{path}.retry"), retry);
                retry_at = Some((at, span_of(retry, |retry| retry.span)));
            }
            if hedge_at.is_none()
                && let Some(hedge) = &mesh.hedge
            {
                policy.hedge = self.hedge(&format!("{path}.hedge"), hedge);
                hedge_at = Some((at, span_of(hedge, |hedge| hedge.span)));
            }
        }
        let first = |get: fn(&'a ast::Mesh) -> Option<Span>| {
            layers.iter().position(|(_, mesh)| get(mesh).is_some())
        };
        if let Some(at) = first(|mesh| mesh.timeout.as_ref().map(|given| given.span)) {
            let (path, mesh) = &layers[at];
            if let Some(Switch::On(time)) = mesh
                .timeout
                .as_ref()
                .map(|given| self.say(&format!("{path}.timeout"), given))
            {
                policy.timeout_ns = Some(time.best().nanos());
            }
        }
        if let Some((path, given)) = layers
            .iter()
            .find_map(|(path, mesh)| Some((path, mesh.deadline.as_ref()?)))
        {
            policy.deadline = self.deadline(&format!("{path}.deadline"), given);
        }
        if let Some((path, given)) = layers
            .iter()
            .find_map(|(path, mesh)| Some((path, mesh.cancel.as_ref()?)))
        {
            policy.cancel = cancel(*self.say(&format!("{path}.cancel"), given));
        }
        let by = layers
            .iter()
            .find_map(|(path, mesh)| Some((path, mesh.balance.as_ref()?.by.as_ref()?)));
        if let Some((path, by)) = by {
            policy.balance = self.balance_by(&format!("{path}.balance"), by);
        }
        if let (Some(_), Some(_), Some((near, retry)), Some((far, hedge))) =
            (&policy.retry, &policy.hedge, retry_at, hedge_at)
        {
            match near.cmp(&far) {
                std::cmp::Ordering::Less => policy.hedge = None,
                std::cmp::Ordering::Greater => policy.retry = None,
                std::cmp::Ordering::Equal => {
                    let at = hedge.or(retry).unwrap_or(service.at);
                    let error = Diagnostic::error(at, "a hedge and retries exclude each other");
                    self.found
                        .push(error.hint("`retry: none` beside the hedge, or no hedge"));
                }
            }
        }
        Some(policy)
    }

    fn deadline(&mut self, path: &str, given: &Given<ast::Deadline>) -> Deadline {
        match self.say(path, given) {
            ast::Deadline::After(time) => Deadline::After(time.best().nanos()),
            ast::Deadline::Word(DeadlineWord::Inherit) => Deadline::Inherit,
            ast::Deadline::Word(DeadlineWord::None) => Deadline::None,
        }
    }

    /// What becomes of a request whose asker has left.
    pub(super) fn cancel_word(&mut self, path: &str, given: &Given<ast::Cancel>) -> Cancel {
        cancel(*self.say(path, given))
    }

    /// A retry policy. One attempt is none.
    pub(super) fn retry(&mut self, path: &str, written: &OrNone<ast::Retry>) -> Option<Retry> {
        let OrNone::Some(written) = written else {
            return None;
        };
        let mut retry = Retry {
            attempts: 0,
            backoff_ns: 0,
            grow: 2.0,
            cap_ns: u64::MAX,
            jitter: Jitter::None,
            budget: None,
            results: Results::ALL,
            unless: None,
        };
        if let Some(attempts) = &written.attempts {
            retry.attempts = self.small_count(&format!("{path}.attempts"), attempts);
            if retry.attempts == 0 {
                self.error(attempts.span, "the first attempt counts: at least 1");
            }
        } else {
            let error = Diagnostic::error(written.span, "this does not say how often it is tried");
            let error = error.hint("`attempts: 3`, or a preset: `like: sre`");
            self.found.push(error.lacking(written.span));
        }
        if let Some(backoff) = &written.backoff {
            retry.backoff_ns = self.nanos(&format!("{path}.backoff"), backoff);
        }
        if let Some(grow) = &written.grow {
            retry.grow = self.say(&format!("{path}.grow"), grow).best().get();
        }
        if let Some(cap) = &written.cap {
            retry.cap_ns = self.nanos(&format!("{path}.cap"), cap);
        }
        match &written.jitter {
            Some(word) => retry.jitter = jitter(*self.say(&format!("{path}.jitter"), word)),
            None if retry.backoff_ns > 0 => {
                retry.jitter = Jitter::Full;
                self.assume(
                    &format!("{path}.jitter"),
                    "full",
                    "back-offs vary unless the file says otherwise",
                    written.span,
                );
            }
            None => {}
        }
        match &written.budget {
            Some(OrNone::Some(budget)) => {
                retry.budget = self.budget(&format!("{path}.budget"), budget);
            }
            Some(OrNone::None(_)) => retry.budget = None,
            None => {}
        }
        if let Some(list) = &written.only_if {
            retry.results = results(list);
            for word in &list.items {
                self.say(&format!("{path}.if"), word);
            }
        }
        if let Some(flag) = &written.unless {
            let name = self.say(&format!("{path}.unless"), flag).as_str();
            retry.unless = self.flag_named(flag.span, name);
        }
        if retry.attempts <= 1 {
            return None;
        }
        if retry.budget.is_none() {
            let message = format!(
                "up to {} attempts, and nothing bounds how many requests are tried again",
                retry.attempts
            );
            self.find(
                "WD0005",
                written.span,
                message,
                "`budget 10%` lets a tenth of them be tried again",
            );
        }
        Some(retry)
    }

    fn budget(&mut self, path: &str, written: &ast::Budget) -> Option<Budget> {
        let scope = match written
            .scope
            .as_ref()
            .map(|given| *self.say(&format!("{path}.scope"), given))
        {
            Some(ast::Scope::Service) => BudgetScope::Service,
            Some(ast::Scope::Visit) => BudgetScope::Visit,
            Some(ast::Scope::Replica) | None => BudgetScope::Replica,
        };
        Some(match &written.kind {
            BudgetKind::Bucket(bucket) => {
                let ratio: Ratio = self.say(&format!("{path}.ratio"), &bucket.ratio).best();
                let burst = match &bucket.burst {
                    Some(burst) => self.count(&format!("{path}.burst"), burst),
                    None => {
                        self.assume(
                            &format!("{path}.burst"),
                            "10",
                            "a budget holds ten retries",
                            bucket.span,
                        );
                        10
                    }
                };
                let ratio_milli = (ratio.get() * 1_000.0).round_ties_even() as u64;
                Budget::Bucket {
                    ratio_milli,
                    burst_milli: burst.saturating_mul(1_000),
                    scope,
                }
            }
            BudgetKind::Concurrent(concurrent) => {
                let ratio = self
                    .say(&format!("{path}.concurrent"), &concurrent.concurrent)
                    .best()
                    .get();
                let min = match &concurrent.min {
                    Some(min) => self.small_count(&format!("{path}.min"), min),
                    None => {
                        self.assume(
                            &format!("{path}.min"),
                            "3",
                            "as Envoy has it",
                            concurrent.span,
                        );
                        3
                    }
                };
                Budget::Concurrent { ratio, min, scope }
            }
            BudgetKind::Windowed(windowed) => {
                let ratio = self
                    .say(&format!("{path}.ratio"), &windowed.ratio)
                    .best()
                    .get();
                let window_ns = self.nanos(&format!("{path}.window"), &windowed.window);
                let min_per_s = match &windowed.min {
                    Some(min) => {
                        let min: Rate = self.say(&format!("{path}.min"), min).best();
                        min.get()
                    }
                    None => {
                        self.assume(
                            &format!("{path}.min"),
                            "10/s",
                            "as Linkerd has it",
                            windowed.span,
                        );
                        10.0
                    }
                };
                if window_ns == 0 {
                    self.error(windowed.window.span, "a window of no length holds nothing");
                }
                Budget::Windowed {
                    ratio,
                    min_per_s,
                    window_ns,
                    scope,
                }
            }
            BudgetKind::Quota(quota) => {
                let tokens = self.small_count(&format!("{path}.tokens"), &quota.tokens);
                let mut cost = |given: &Option<Given<_>>, key: &str, default: u32| match given {
                    Some(cost) => self.small_count(&format!("{path}.{key}"), cost),
                    None => {
                        self.assume(
                            &format!("{path}.{key}"),
                            default.to_string(),
                            "as the AWS SDKs have it",
                            quota.span,
                        );
                        default
                    }
                };
                let (cost, timeout_cost) = (
                    cost(&quota.cost, "cost", 5),
                    cost(&quota.timeout_cost, "timeout-cost", 10),
                );
                Budget::Quota {
                    tokens,
                    cost,
                    timeout_cost,
                    scope,
                }
            }
        })
    }

    fn hedge(&mut self, path: &str, written: &OrNone<ast::Hedge>) -> Option<Hedge> {
        let OrNone::Some(written) = written else {
            return None;
        };
        let after = match self.say(&format!("{path}.after"), &written.after) {
            HedgeAfter::Percentile(percentile) => {
                crate::system::HedgeAfter::Quantile(percentile.get() / 100.0)
            }
            HedgeAfter::Time(time) => crate::system::HedgeAfter::Time(time.best().nanos()),
        };
        let extra = written
            .extra
            .as_ref()
            .map_or(1, |extra| self.small_count(&format!("{path}.extra"), extra));
        (extra > 0).then_some(Hedge { after, extra })
    }

    /// A way to choose a replica.
    pub(super) fn balance_by(&mut self, path: &str, given: &Given<BalanceBy>) -> Option<Balance> {
        Some(match self.say(path, given) {
            BalanceBy::Word(BalanceWord::Random) => Balance::Random,
            BalanceBy::Word(BalanceWord::RoundRobin) => Balance::RoundRobin,
            BalanceBy::Word(BalanceWord::LeastRequests) => Balance::LeastRequests,
            BalanceBy::Word(BalanceWord::ShortestQueue) => Balance::ShortestQueue,
            BalanceBy::Word(BalanceWord::Nearest) => Balance::Nearest,
            BalanceBy::Hash(keys) => Balance::Hash(self.key_space(given.span, keys.0.as_str())?),
        })
    }

    /// A key space by its name.
    pub(super) fn key_space(&mut self, at: Span, name: &str) -> Option<KeySpaceId> {
        let found = find(&self.directory.keys, name);
        if found.is_none() {
            let names = self.names(self.directory.keys.iter().map(|keys| keys.name));
            let error = self.directory.unknown(at, name, "a key space", &names);
            self.found.push(error);
        }
        found.map(|at| KeySpaceId(super::directory::id(at)))
    }

    /// A pool as a step of `owner` means it.
    pub(super) fn pool_named(
        &mut self,
        at: Span,
        target: &crate::scalar::Target,
        owner: Option<usize>,
    ) -> Option<PoolId> {
        let text = target.to_string();
        let plain = target.select.is_none() && target.worker.is_none() && target.step.is_none();
        let own_name = owner.map(|owner| self.directory.services[owner].name);
        let name = match (&target.who, target.members.as_slice()) {
            (crate::scalar::Who::Named(name), []) if plain => Some(name),
            (crate::scalar::Who::Named(service), [name])
                if plain && own_name == Some(service.as_str()) =>
            {
                Some(name)
            }
            _ => None,
        };
        if let Some(pool) = name.and_then(|name| self.directory.pool(owner, name.as_str())) {
            return Some(pool);
        }
        let names = self.names(
            self.directory
                .pools
                .iter()
                .filter(|pool| pool.service.is_none() || pool.service == owner)
                .map(|pool| pool.name),
        );
        let error = self.directory.unknown(
            at,
            &text,
            "a pool of the caller, or one of the top level,",
            &names,
        );
        self.found.push(error);
        None
    }
}

fn span_of<T>(written: &OrNone<T>, span: impl Fn(&T) -> Span) -> Option<Span> {
    match written {
        OrNone::None(at) => Some(*at),
        OrNone::Some(value) => Some(span(value)),
    }
}
