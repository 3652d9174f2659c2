//! How new versions of services come.

use super::Resolver;
use super::directory::{Item, id, missing};
use super::step::Sense;
use crate::ast;
use crate::diagnostic::{Diagnostic, quoted};
use crate::form::Given;
use crate::scalar::condition::Of;
use crate::scalar::{Chance, Cond, Who};
use crate::source::Span;
use crate::system::{
    BadVersion, Compared, Endpoint, EndpointId, KeepIf, Metric, Otherwise, Portion, Rollout,
    RolloutStep, ServiceId, Subject, System,
};

/// What Kubernetes takes where nothing is said.
const QUARTER: Portion = Portion::Share(0.25);

impl<'a> Resolver<'a> {
    /// The rollouts of all services, once their endpoints are known.
    pub(super) fn rollouts(&mut self) {
        let directory = self.directory;
        for (position, &service) in directory.services.iter().enumerate() {
            self.enter(service.defaults);
            let defaults = service.defaults.and_then(|all| all.services.as_ref());
            if let Some(lone) = defaults.and_then(|service| service.rollout.as_ref())
                && position == 0
            {
                let error = Diagnostic::error(lone.span, "a rollout is of one service");
                self.found
                    .push(error.hint("`services: {NAME: {rollout: ...}}`"));
            }
            if let Some(written) = &service.value.rollout {
                let rollout = self.rollout(position, service, written);
                self.system.services[position].rollout = Some(rollout);
            }
        }
    }

    fn rollout(
        &mut self,
        position: usize,
        item: Item<'a, ast::Service>,
        written: &'a ast::Rollout,
    ) -> Rollout {
        let path = format!("services.{}.rollout", item.name);
        let when = self.dates(&format!("{path}.when"), written.when.as_ref());
        let surge = self.portion(&path, "surge", written.surge.as_ref(), item.at);
        let unavailable = self.portion(&path, "unavailable", written.unavailable.as_ref(), item.at);
        let mut steps = Vec::new();
        let mut reached = 0.0;
        for (at, step) in written.steps.iter().flatten().enumerate() {
            let path = format!("{path}.steps.{}", at + 1);
            steps.push(match &step.what {
                ast::RolloutAct::To(step) => {
                    let share = *self.say(&format!("{path}.to"), &step.to);
                    if !share.is_share() {
                        self.error(step.to.span, "there are at most 100% of the replicas");
                    } else if share.get() < reached {
                        self.error(
                            step.to.span,
                            "a rollout goes on, not back: `else: roll-back`",
                        );
                    }
                    reached = share.get();
                    RolloutStep::To(reached)
                }
                ast::RolloutAct::Watch(step) => {
                    let length = self.say(&format!("{path}.watch"), &step.watch).nanos();
                    if length == 0 {
                        self.error(step.watch.span, "a watch takes time");
                    }
                    RolloutStep::Watch(length)
                }
            });
        }
        if reached < 1.0 {
            steps.push(RolloutStep::To(1.0));
        }
        let keep_if: Vec<KeepIf> = written
            .keep_if
            .iter()
            .flatten()
            .filter_map(|given| self.keep_if(&path, position, given))
            .collect();
        let watches = steps
            .iter()
            .any(|step| matches!(step, RolloutStep::Watch(_)));
        for (key, at) in [
            (
                "keep-if",
                written
                    .keep_if
                    .as_ref()
                    .and_then(|all| Some(all.first()?.span)),
            ),
            ("compare", written.compare.as_ref().map(|given| given.span)),
            ("else", written.otherwise.as_ref().map(|given| given.span)),
        ] {
            if let Some(at) = at
                && !(watches && written.keep_if.is_some())
            {
                let message = format!("{} is looked at by nobody", quoted(key));
                let error = Diagnostic::error(at, message);
                let error = error.hint("`steps: [{to: 5%}, {watch: 10m}]` with `keep-if` looks");
                self.found.push(error.lacking(written.span));
            }
        }
        let compare = written.compare.as_ref().map_or(Compared::New, |given| {
            match *self.say(&format!("{path}.compare"), given) {
                ast::Compared::New => Compared::New,
                ast::Compared::All => Compared::All,
            }
        });
        let otherwise = written.otherwise.as_ref().map(|given| {
            match *self.say(&format!("{path}.else"), given) {
                ast::Otherwise::RollBack => Otherwise::RollBack,
                ast::Otherwise::Pause => Otherwise::Pause,
            }
        });
        let fails = written
            .fails
            .as_ref()
            .map_or(0.0, |fails| self.share(&format!("{path}.fails"), fails));
        let bad = self.bad_versions(&path, written);
        match (&written.fails, &written.bad) {
            (Some(fails), None) => {
                let error = Diagnostic::error(fails.span, "nothing says what is bad about them");
                let error = error.hint("`bad: [{edit: {price.get: {fails: 40%}}}]`");
                self.found.push(error.lacking(written.span));
            }
            (None, Some(_)) => {
                let message = "a bad version is described, but none ever comes";
                let error = Diagnostic::error(written.span, message).hint("`fails: 5%`");
                self.found.push(error.lacking(written.span));
            }
            _ => {}
        }
        Rollout {
            when,
            surge,
            unavailable,
            steps,
            keep_if,
            compare,
            otherwise,
            fails,
            bad,
            place: self.place(written.span),
        }
    }

    fn portion(
        &mut self,
        path: &str,
        key: &str,
        given: Option<&Given<ast::Portion>>,
        at: Span,
    ) -> Portion {
        let path = format!("{path}.{key}");
        match given {
            None => {
                self.assume(&path, "25%", "as Kubernetes does", at);
                QUARTER
            }
            Some(given) => match *self.say(&path, given) {
                ast::Portion::Share(share) => {
                    if !share.is_share() {
                        self.error(given.span, "a share of the replicas is at most 100%");
                    }
                    Portion::Share(share.get().min(1.0))
                }
                ast::Portion::Count(count) => {
                    Portion::Count(u32::try_from(count.get()).unwrap_or(u32::MAX))
                }
            },
        }
    }

    /// A condition on the requests of the service, or of one of its endpoints.
    fn keep_if(&mut self, path: &str, position: usize, given: &Given<Cond>) -> Option<KeepIf> {
        let mut own = given.clone();
        let mut endpoint = None;
        if let Cond::Level { metric, .. } | Cond::Ever { metric } = &mut own.value
            && metric.of != Of::Implied
        {
            let of = std::mem::replace(&mut metric.of, Of::Implied);
            endpoint = self.own_endpoint(position, given.span, &of)?;
        }
        let subject = match endpoint {
            Some(endpoint) => Subject::Endpoint(endpoint),
            None => Subject::Service(ServiceId(id(position))),
        };
        let mut condition = self.condition(&format!("{path}.keep-if"), &own, &[subject])?;
        condition.text = given.value.to_string();
        let readable = matches!(
            condition.metric,
            Metric::Percentile(_)
                | Metric::Mean
                | Metric::Failed
                | Metric::Shed
                | Metric::Abandoned
                | Metric::Lost
                | Metric::Errors
                | Metric::Degraded
                | Metric::Availability
        );
        if !readable {
            let error = Diagnostic::error(
                given.span,
                "a rollout looks at response times and at how requests end",
            );
            self.found
                .push(error.expected("`p50` to `p99.99`, `mean`, `failed`, `shed`, `abandoned`, `lost`, `errors`, `degraded` or `availability`"));
            return None;
        }
        Some(KeepIf {
            condition,
            endpoint,
        })
    }

    /// The endpoint that a reference means, none for the whole service; an error for anything of another service.
    fn own_endpoint(&mut self, position: usize, at: Span, of: &Of) -> Option<Option<EndpointId>> {
        let own = self.directory.services[position].name;
        if let Of::Target(target) = of
            && let Who::Named(name) = &target.who
            && name.as_str() == own
            && target.select.is_none()
            && target.worker.is_none()
            && target.step.is_none()
        {
            return match target.members.as_slice() {
                [] => Some(None),
                [member] => {
                    let found = self.directory.endpoint(position, member.as_str());
                    if found.is_none() {
                        let (first, last) = self.directory.endpoints_of(position);
                        let names = self.names(
                            (first..last).map(|at| self.directory.endpoints[at as usize].name),
                        );
                        let message =
                            format!("`{own}` has no endpoint {}", quoted(member.as_str()));
                        let error = Diagnostic::error(at, message);
                        self.found.push(missing(error, member.as_str(), &names));
                    }
                    found.map(Some)
                }
                _ => None,
            };
        }
        let message = format!("a rollout of `{own}` looks at requests of `{own}` only");
        self.found
            .push(Diagnostic::error(at, message).expected(format!("`{own}.ENDPOINT.p99 < 300ms`")));
        None
    }

    fn bad_versions(&mut self, path: &str, written: &'a ast::Rollout) -> Vec<BadVersion> {
        let mut all = Vec::new();
        let (mut total, mut rest) = (0.0, None);
        let versions = written.bad.iter().flatten();
        let alone = versions.clone().count() == 1;
        for (at, version) in versions.enumerate() {
            let path = format!("{path}.bad.{}", at + 1);
            let mut chance = 0.0;
            match &version.chance {
                Some(given) => match self.say(&format!("{path}.chance"), given) {
                    Chance::Share(share) => chance = share.best().get(),
                    Chance::Rest if rest.is_some() => {
                        self.error(given.span, "two bad versions cannot both be the rest");
                    }
                    Chance::Rest => rest = Some(at),
                },
                None if alone => chance = 1.0,
                None => {
                    let error = Diagnostic::error(version.span, "how likely is this one?");
                    let error = error.hint("`chance: rest` takes what the others leave");
                    self.found.push(error.lacking(version.span));
                    return all;
                }
            }
            total += chance;
            let condition = version
                .only_if
                .as_ref()
                .and_then(|guard| self.guard(&format!("{path}.if"), guard, Sense::If));
            let edit = self.edit(path);
            all.push(BadVersion {
                chance,
                edit,
                condition,
            });
        }
        if let Some(at) = rest {
            all[at].chance = (1.0 - total).max(0.0);
            total = total.max(1.0);
        }
        if !all.is_empty() && (total - 1.0).abs() > 1e-9 {
            let percent = (total * 1e9).round() / 1e7;
            let message =
                format!("the chances of the bad versions add up to {percent}%, not to 100%");
            let error = Diagnostic::error(written.span, message);
            let error = error.hint("`chance: rest` takes what the others leave");
            self.found.push(error.lacking(written.span));
        }
        all
    }
}

/// What a bad version changes besides what the endpoints of its service do; `name` is that of its edit without the
/// section. A version is what its replicas run: everything else is there once, for all versions.
pub(crate) fn beyond_a_version(base: &System, edited: &System, name: &str) -> Option<String> {
    let own = name.split('.').next().unwrap_or_default();
    let differs =
        |a: &dyn std::fmt::Debug, b: &dyn std::fmt::Debug| format!("{a:?}") != format!("{b:?}");
    for (a, b) in base.services.iter().zip(&edited.services) {
        if differs(a, b) {
            return Some(format!("how `{}` is run", a.name));
        }
    }
    for (a, b) in base.endpoints.iter().zip(&edited.endpoints) {
        let service = &base.services[a.service.index()].name;
        let mut b = b.clone();
        if service == own {
            b.steps.clone_from(&a.steps);
            b.fails = a.fails;
        } else if calls_of(base, a) == calls_of(edited, &b) {
            // Calls are numbered through the whole file: one more in this service moves those of others.
            b.steps.clone_from(&a.steps);
        }
        if differs(a, &b) {
            return Some(format!("`{service}.{}`", a.name));
        }
    }
    for (a, b) in base.clients.iter().zip(&edited.clients) {
        let mut b = b.clone();
        b.steps.clone_from(&a.steps);
        if differs(a, &b) {
            return Some(format!("`{}`", a.name));
        }
    }
    for (a, b) in base.consumers.iter().zip(&edited.consumers) {
        if differs(a, b) {
            let topic = &base.topics[a.topic.index()].name;
            let service = &base.services[a.service.index()].name;
            return Some(format!(
                "how `{service}` comes by the messages of `{topic}`"
            ));
        }
    }
    let rest = |system: &System| format!("{:?} {:?} {:?}", system.links, system.pools, system.keys);
    (rest(base) != rest(edited)).then(|| "links, pools or keys".to_owned())
}

/// What an endpoint of another service does, as text without the numbers of its calls.
fn calls_of(system: &System, endpoint: &Endpoint) -> String {
    let text = format!("{:?}", endpoint.steps);
    let mut out = String::new();
    let mut rest = text.as_str();
    while let Some((before, after)) = rest.split_once("CallId(") {
        out.push_str(before);
        let (number, after) = after.split_once(')').unwrap_or((after, ""));
        let call = number
            .parse::<usize>()
            .ok()
            .and_then(|at| system.calls.get(at));
        out.push_str(&format!("{call:?}"));
        rest = after;
    }
    out.push_str(rest);
    out
}
