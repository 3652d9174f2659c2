//! The report as data: everything that the terminal says, and all that it leaves out.
//!
//! One [`Report`] is made from a campaign (`summary`); the terminal draws it and
//! `--format json` writes it, so both say the same. Its JSON form is version [`VERSION`]; the published
//! schema is `docs/reference/outcome.schema.json`. Times are seconds, shares are 0 to 1, rates per second;
//! numbers that are estimates carry unit and interval ([`Estimate`]).

use serde::Serialize;

use crate::estimate::{Estimate, amount};
use crate::topics::{TopicReport, TopicSeries};

/// Version of the JSON form; it changes when a reader of the old one would go wrong.
pub const VERSION: u32 = 1;

/// What a run has to say.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub struct Report {
    /// Version of this form.
    pub report: u32,
    /// Which release wrote it.
    pub tool: String,
    /// What was simulated.
    pub system: SystemHead,
    /// On which day.
    pub day: DayHead,
    /// All promises together.
    pub verdict: Verdict,
    /// What users felt, in a sentence.
    pub sentence: String,
    /// What to keep in mind when reading the numbers: closed users, odd recordings, another state of the model.
    pub cautions: Vec<String>,
    /// Per client, in name order.
    pub clients: Vec<ClientReport>,
    /// Verdicts on promises, in name order.
    pub promises: Vec<PromiseReport>,
    /// Where requests wait, the longest line first.
    pub stations: Vec<Station>,
    /// Who holds the others up, and who would next.
    pub bottleneck: Bottleneck,
    /// Whether it came back.
    pub recovery: Option<RecoveryReport>,
    /// What it cost and earned, if the file has prices.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub money: Option<MoneyReport>,
    /// Per service, in name order.
    pub services: Vec<ServiceReport>,
    /// Per endpoint, by service, then name.
    pub endpoints: Vec<EndpointReport>,
    /// Per call step, by name.
    pub calls: Vec<CallReport>,
    /// Per pool.
    pub pools: Vec<PoolReport>,
    /// Per link that carried something.
    pub links: Vec<LinkReport>,
    /// Per topic, in name order.
    pub topics: Vec<TopicReport>,
    /// What the description itself warns of, the most consequential on this day first.
    pub findings: Vec<Finding>,
    /// What hurts most, or would first.
    pub risk: Advice,
    /// The smallest change that works against it.
    pub step: Advice,
    /// What to run next.
    pub next: String,
    /// What nobody said: defaults and guesses that were used.
    pub assumed: Vec<Assumption>,
    /// What the files say that changes nothing else: owners, sources, names in telemetry.
    pub described: Vec<Description>,
    /// One row per seed, in seed order.
    pub histories: Vec<History>,
}

/// Promises, judged on what was simulated.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// Every condition held in every window of every history.
    Kept,
    /// At least one broke.
    Broken,
    /// Something could not be judged, and nothing broke.
    CantTell,
    /// Nothing was promised.
    NoPromise,
}

/// The system.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub struct SystemHead {
    /// Its name.
    pub name: String,
    /// Its file, as given.
    pub file: String,
    /// Hash of its expanded text.
    pub hash: String,
    /// How many services it has.
    pub services: usize,
    /// ISO 4217 code of all money; none if it speaks of none.
    pub currency: Option<String>,
}

/// The day.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub struct DayHead {
    /// In words.
    pub label: String,
    /// What was simulated, as the histories name it.
    pub scenario: String,
    /// Where counting starts, with the offset of the system's time zone.
    pub from: String,
    /// How long is counted, s.
    pub length: f64,
    /// How long the system ran before that, uncounted, s.
    pub warm_up: f64,
    /// Whether demand, events or faults vary over it: then nothing has a steady state.
    pub has_a_shape: bool,
    /// What has grown until this day.
    pub grown: Vec<GrownReport>,
    /// The seeds, one history each.
    pub seeds: Vec<u64>,
}

/// Something that has grown until the simulated day.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub struct GrownReport {
    /// `demand of NAME`, or the address of a number of the file.
    pub what: String,
    /// What it is multiplied by on this day.
    pub factor: f64,
    /// The date since which it grows.
    pub since: String,
}

/// How things ended, over all histories.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub struct Counts {
    /// Arrived.
    pub arrived: u64,
    /// Answered fully.
    pub ok: u64,
    /// Answered less than fully.
    pub degraded: u64,
    /// Answered with a refusal that must be accepted.
    pub declined: u64,
    /// Failed.
    pub failed: u64,
    /// Shed: rejected.
    pub shed: u64,
    /// Abandoned.
    pub abandoned: u64,
    /// Still inside at the end; in no share or percentile.
    pub inside: u64,
}

/// A percentile of a time.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub struct Percentile {
    /// Such as 99.9.
    pub percentile: f64,
    /// The time that so many stay within.
    pub time: Estimate,
}

/// What a client's users felt.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub struct ClientReport {
    /// Its name.
    pub name: String,
    /// Visits.
    pub visits: Counts,
    /// Share of ended visits that failed, were shed or abandoned.
    pub lost: Estimate,
    /// Share of ended visits that were answered less than fully.
    pub degraded: Estimate,
    /// Answered per second.
    pub goodput: Estimate,
    /// Times users pressed again, per visit.
    pub presses: Estimate,
    /// Response time over all that ended; what was lost counts as never.
    pub of_sent: Vec<Percentile>,
    /// Response time of those answered, as dashboards show it.
    pub of_answered: Vec<Percentile>,
    /// Mean response time of those answered.
    pub mean: Estimate,
    /// Money of answered visits, per history.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub earned: Option<Estimate>,
    /// Money of lost visits, per history.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub money_lost: Option<Estimate>,
}

/// A promise.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub struct PromiseReport {
    /// Its name.
    pub name: String,
    /// Where it stands.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub place: Option<String>,
    /// Of all its conditions.
    pub verdict: Verdict,
    /// Subject by condition.
    pub conditions: Vec<ConditionReport>,
    /// `survives`, which `run` does not judge.
    pub not_judged: Vec<String>,
    /// The share of the seeds of a named day that may break it, which `run` does not judge either.
    pub at_risk: f64,
}

/// A condition of a promise for one subject.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub struct ConditionReport {
    /// For whom.
    pub subject: String,
    /// As written.
    pub text: String,
    /// Over all histories.
    pub verdict: Verdict,
    /// The worst value of any window of any history.
    pub worst: Estimate,
    /// The window it was in, in words.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub worst_window: Option<String>,
    /// Windows judged.
    pub windows: u64,
    /// Windows that broke.
    pub windows_broken: u64,
    /// Histories.
    pub histories: usize,
    /// Histories that broke.
    pub histories_broken: usize,
}

/// A place where requests wait or are served: a service, a pool, a link.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub struct Station {
    /// Its name.
    pub name: String,
    /// What it is.
    pub kind: StationKind,
    /// Share of all waiting that happens here.
    pub wait_share: f64,
    /// Mean wait of one request that was served, s.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub wait: Option<f64>,
    /// Mean time in service, s.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub service: Option<f64>,
    /// Share of its workers held, or of its cores where they bind.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub utilisation: Option<f64>,
    /// Mean number waiting.
    pub queue: f64,
    /// Most that ever waited.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub queue_max: Option<u64>,
    /// Whom its workers wait for most, and for which share of their time.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub held_by: Option<HeldBy>,
    /// The mark beside it in the table.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mark: Option<Mark>,
}

/// What a station is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum StationKind {
    /// A service's waiting room and workers.
    Service,
    /// A pool's permits.
    Pool,
    /// A link's capacity.
    Link,
}

/// Workers that wait for somebody else.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub struct HeldBy {
    /// For whom.
    pub service: String,
    /// Share of the time that workers are held.
    pub share: f64,
}

/// The part a station plays.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum Mark {
    /// Where requests wait longest.
    Line,
    /// Whom the line's workers are waiting for.
    Why,
    /// The line and its reason are one.
    LineAndWhy,
    /// Would be full next.
    Next,
}

/// Who holds the others up.
#[derive(Clone, Debug, Default, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub struct Bottleneck {
    /// Where requests wait longest; none if nobody waits long.
    pub line: Option<String>,
    /// Whose slowness makes them wait: the line itself or somebody it waits for.
    pub why: Option<String>,
    /// The next one behind it: the fullest of the others by its own work.
    pub next: Option<String>,
    /// How full that one is.
    pub next_utilisation: Option<f64>,
}

/// Whether it came back after what happened.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub struct RecoveryReport {
    /// In a sentence.
    pub sentence: String,
    /// Histories in which something was disturbed.
    pub disturbed: usize,
    /// Histories that came back.
    pub recovered: usize,
    /// Time from the last disturbance's end, of those that came back.
    pub after: Estimate,
    /// How long was looked, at least, s.
    pub horizon: f64,
}

/// What a history cost and earned, in the file's currency: one counted run, averaged over histories.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub struct MoneyReport {
    /// What answered visits were worth.
    pub earned: Estimate,
    /// What lost visits cost.
    pub lost: Estimate,
    /// What replicas and cores cost while they existed, all together.
    pub machines: Estimate,
    /// What broken promises and alarms cost.
    pub penalties: Estimate,
    /// Lost visits, machines and penalties.
    pub total: Estimate,
    /// Of `machines`: the replicas of each service that has a price.
    pub replicas: Vec<Price>,
    /// Of `machines`: cores.
    pub cores: Estimate,
    /// Of `penalties`: each promise that has a price.
    pub breaches: Vec<Price>,
    /// Of `penalties`: alarms that told an operator.
    pub pages: Estimate,
}

/// What something cost.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub struct Price {
    /// A service or a promise.
    pub name: String,
    /// Its cost.
    pub cost: Estimate,
}

/// A service.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub struct ServiceReport {
    /// Its name.
    pub name: String,
    /// Replicas.
    pub replicas: u32,
    /// Workers per replica; null is unlimited.
    pub workers: Option<u32>,
    /// Cores per replica.
    pub cores: Option<f64>,
    /// Requests at all endpoints.
    pub requests: Counts,
    /// Dropped because they had expired in the queue; within `abandoned`.
    pub expired: u64,
    /// Requests that did the same call's work once more.
    pub duplicates: u64,
    /// Share of workers held, or of cores where they bind.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub utilisation: Option<Estimate>,
    /// Mean number inside.
    pub inside: Estimate,
    /// Mean number waiting for a worker.
    pub queue: Estimate,
    /// Most that ever waited.
    pub queue_max: u64,
    /// Mean ready replicas.
    pub ready: Estimate,
    /// Share of worker time spent on answers that nobody took.
    pub wasted_worker_time: Estimate,
    /// Share of CPU time spent on answers that nobody took.
    pub wasted_cpu_time: Estimate,
}

/// An endpoint.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub struct EndpointReport {
    /// `service.endpoint`.
    pub name: String,
    /// Requests.
    pub requests: Counts,
    /// Mean wait of those served.
    pub wait_mean: Estimate,
    /// Wait of those served.
    pub wait: Vec<Percentile>,
    /// Mean time in service.
    pub service_mean: Estimate,
    /// Time in service.
    pub service: Vec<Percentile>,
    /// Mean response time of those served.
    pub response_mean: Estimate,
    /// Response time over all that ended; what was not answered counts as never.
    pub of_sent: Vec<Percentile>,
}

/// How calls or attempts came back.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub struct ResultCounts {
    /// `ok`
    pub ok: u64,
    /// `degraded`
    pub degraded: u64,
    /// `declined`
    pub declined: u64,
    /// `error`
    pub error: u64,
    /// `rejected`
    pub rejected: u64,
    /// `refused`
    pub refused: u64,
    /// `timeout`
    pub timeout: u64,
    /// Given up by the caller itself.
    pub dropped: u64,
}

/// A call step.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub struct CallReport {
    /// `checkout.place -> payment.charge`
    pub name: String,
    /// Calls begun.
    pub calls: u64,
    /// Attempts and hedges sent.
    pub attempts: u64,
    /// Retries among them.
    pub retries: u64,
    /// Hedges among them.
    pub hedges: u64,
    /// Retries that the budget refused.
    pub over_budget: u64,
    /// Answers that came after the caller had stopped waiting.
    pub late: u64,
    /// Times a fallback stood in.
    pub fallbacks: u64,
    /// Attempts per call.
    pub attempts_per_call: Estimate,
    /// Results of whole calls.
    pub results: ResultCounts,
    /// Results of attempts.
    pub attempt_results: ResultCounts,
    /// Mean response time of answered calls.
    pub mean: Estimate,
    /// Response time of answered calls, all attempts included.
    pub of_answered: Vec<Percentile>,
}

/// A pool.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub struct PoolReport {
    /// Its name.
    pub name: String,
    /// Permits, per replica or key where it is so; null is unlimited.
    pub size: Option<u64>,
    /// Permits given.
    pub granted: u64,
    /// Refused.
    pub rejected: u64,
    /// Mean permits in use.
    pub used: Estimate,
    /// Mean waiting.
    pub queue: Estimate,
    /// Mean wait of those who got one.
    pub wait_mean: Estimate,
    /// Wait of those who got one.
    pub wait: Vec<Percentile>,
}

/// A link.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub struct LinkReport {
    /// Its name.
    pub name: String,
    /// Messages that crossed.
    pub messages: u64,
    /// Messages lost.
    pub lost: u64,
    /// Share of the time that its capacity was in use.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub utilisation: Option<Estimate>,
}

/// What a description warns of.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub struct Finding {
    /// Stable, such as `WD0003`.
    pub id: String,
    /// Such as `queue-outlives-timeout`.
    pub name: String,
    /// What it is about.
    pub subject: String,
    /// In a sentence, with its numbers.
    pub message: String,
    /// `file:line`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub place: Option<String>,
    /// How much of this day it explains, 0 to 1.
    pub weight: f64,
    /// The smallest change that removes it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub step: Option<Advice>,
}

/// A sentence to act on.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub struct Advice {
    /// In words.
    pub text: String,
    /// `file:line` of the line it is about.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub place: Option<String>,
    /// The change as `run --set` takes it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub set: Option<String>,
    /// What the change did, if it was simulated with the same seeds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tried: Option<Trial>,
    /// It is for a worse day than this one, so there is nothing to try.
    #[serde(skip)]
    pub for_worse: bool,
}

/// The same days before and after a change, for the client that had most to gain.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub struct Trial {
    /// Its name.
    pub client: String,
    /// Share of ended visits that were lost, before.
    pub lost_before: Estimate,
    /// And after.
    pub lost_after: Estimate,
    /// The time within which 99 of 100 had their answer, before.
    pub p99_before: Estimate,
    /// And after.
    pub p99_after: Estimate,
    /// All promises together, after.
    pub verdict_after: Verdict,
}

/// Something that nobody said.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub struct Assumption {
    /// Dotted path.
    pub path: String,
    /// The value used.
    pub value: String,
    /// `file:line` that selected it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub place: Option<String>,
    /// A default's or guess's reason.
    pub because: String,
    /// The range it may lie in: the run used the best estimate.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub range: Option<(String, String)>,
}

/// Something said that only describes.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub struct Description {
    /// Dotted path.
    pub path: String,
    /// As written.
    pub value: String,
    /// `file:line` where it stands.
    pub place: String,
}

/// One history.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub struct History {
    /// Its seed.
    pub seed: u64,
    /// 128 bits over the ordered events: equal for equal histories.
    pub digest: String,
    /// Events handled.
    pub events: u64,
    /// How it ended.
    pub ended: String,
    /// What happened, by start.
    pub happened: Vec<HappenedReport>,
    /// Requests that wait for each other for ever.
    pub deadlocks: Vec<String>,
    /// The counts that add up, over the whole run, warm-up included.
    pub conservation: Vec<ConservationReport>,
    /// Measures over time.
    pub series: Series,
}

/// Something that happened.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub struct HappenedReport {
    /// `fault`, `event` or `edit`.
    pub what: String,
    /// Its name.
    pub name: String,
    /// Target and size in words.
    pub detail: String,
    /// Seconds from where counting starts; negative before.
    pub from: f64,
    /// Its end; null if it outlasts the run.
    pub until: Option<f64>,
}

/// Counts that add up.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub struct ConservationReport {
    /// `client NAME`, `service NAME` or `topic NAME`. Of a topic, `ok` is handled, `failed` given up, `shed` lost or
    /// replayed, `abandoned` expired.
    pub name: String,
    /// Arrived is the sum of the others.
    pub counts: Counts,
    /// Both sides of Little's law, in request-seconds: the number inside over time, and the times
    /// spent inside. They are compared exactly, in whole nanoseconds.
    pub inside_over_time: f64,
    /// The other side.
    pub time_spent: f64,
}

/// Measures over windows of equal length (the last may be shorter): a column of each is an array.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub struct Series {
    /// Length of a window, s.
    pub window: f64,
    /// How many.
    pub count: usize,
    /// Per client.
    pub clients: Vec<ClientSeries>,
    /// Per service.
    pub services: Vec<ServiceSeries>,
    /// Per endpoint.
    pub endpoints: Vec<EndpointSeries>,
    /// Per call.
    pub calls: Vec<CallSeries>,
    /// Per topic.
    pub topics: Vec<TopicSeries>,
}

/// A client over time.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub struct ClientSeries {
    /// Its name.
    pub name: String,
    /// Visits that arrived here.
    pub arrived: Vec<u64>,
    /// Visits answered here.
    pub answered: Vec<u64>,
    /// Visits answered less than fully.
    pub degraded: Vec<u64>,
    /// Visits that failed.
    pub failed: Vec<u64>,
    /// Visits shed.
    pub shed: Vec<u64>,
    /// Visits abandoned.
    pub abandoned: Vec<u64>,
    /// Inside at the window's end.
    pub inside: Vec<u64>,
    /// Median response time of those answered, s; null where nothing was.
    pub p50: Vec<Option<f64>>,
    /// 99th percentile, s.
    pub p99: Vec<Option<f64>>,
    /// Median response time over all that ended here; what was lost counts as never.
    pub sent_p50: Vec<Moment>,
    /// 95th percentile of the same.
    pub sent_p95: Vec<Moment>,
    /// 99th percentile of the same.
    pub sent_p99: Vec<Moment>,
    /// Money lost.
    pub money_lost: Vec<f64>,
    /// Money earned.
    pub money_earned: Vec<f64>,
}

/// A time in one window: seconds, `"never"` if so much was lost that no time is long enough, null if nothing ended.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[serde(transparent)]
pub struct Moment(#[serde(serialize_with = "amount")] pub Option<f64>);

#[cfg(test)]
impl schemars::JsonSchema for Moment {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        crate::estimate::Amount::schema_name()
    }

    fn json_schema(generator: &mut schemars::SchemaGenerator) -> schemars::Schema {
        crate::estimate::Amount::json_schema(generator)
    }
}

/// A service over time.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub struct ServiceSeries {
    /// Its name.
    pub name: String,
    /// Requests that arrived.
    pub arrived: Vec<u64>,
    /// Requests answered.
    pub answered: Vec<u64>,
    /// Failed, shed and abandoned.
    pub lost: Vec<u64>,
    /// Mean waiting.
    pub queue: Vec<f64>,
    /// Mean workers held.
    pub busy: Vec<f64>,
    /// Mean cores in use.
    pub cores: Vec<f64>,
    /// Mean ready replicas.
    pub ready: Vec<f64>,
    /// Worker time on answers nobody took, s.
    pub wasted: Vec<f64>,
}

/// An endpoint over time.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub struct EndpointSeries {
    /// `service.endpoint`.
    pub name: String,
    /// Requests that arrived.
    pub arrived: Vec<u64>,
    /// Requests answered.
    pub answered: Vec<u64>,
    /// Failed, shed and abandoned.
    pub lost: Vec<u64>,
    /// Mean wait, s.
    pub wait: Vec<Option<f64>>,
    /// Mean time in service, s.
    pub service: Vec<Option<f64>>,
    /// Median response time, s.
    pub p50: Vec<Option<f64>>,
    /// 99th percentile of the response time, s.
    pub p99: Vec<Option<f64>>,
}

/// A call over time.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub struct CallSeries {
    /// Its name.
    pub name: String,
    /// Calls begun.
    pub calls: Vec<u64>,
    /// Attempts and hedges sent.
    pub attempts: Vec<u64>,
    /// Retries among them.
    pub retries: Vec<u64>,
    /// Calls that were answered.
    pub answered: Vec<u64>,
    /// Calls that timed out.
    pub timeouts: Vec<u64>,
    /// Median response time of answered calls, s.
    pub p50: Vec<Option<f64>>,
    /// 99th percentile, s.
    pub p99: Vec<Option<f64>>,
}
