//! The checked system: what the engine runs on, with every name resolved.
//!
//! A [`System`] is plain tables that point at each other by index. Its constructor looks through
//! all of them and nothing can change them behind it, so nothing here can dangle: an id indexes
//! its table, a ratio lies in `0..=1`, a law can be drawn from, chances add up. All quantities are best
//! estimates in base units: time in nanoseconds, rates per second, ratios and factors as plain
//! numbers, sizes in bytes, money in the file's currency. Who said so, where, and in which range
//! it may lie stands in [`Tables::facts`].
//!
//! Tables are in name order (byte order), so that the same system written in another order is
//! the same system. Draws are keyed by names, never by index: an entity that nobody uses
//! changes no history.

mod checked;
mod costs;
mod fact;
mod flag;
mod growth;
mod rollout;
mod survive;
mod topic;
mod watch;

use std::sync::Arc;

pub use checked::{Inconsistent, REPLICAS_IN_ALL_MAX, REPLICAS_MAX, System, USERS_MAX};
pub use costs::{Costs, LostCost};
pub use fact::{Fact, Origin, Place, Said};
pub use flag::{Flag, Guard, ValueTest};
pub use growth::{Grown, Grows, Growth};
pub use rollout::{BadVersion, Compared, KeepIf, Otherwise, Portion, Rollout, RolloutStep};
pub use survive::{Claim, Part, Survive};
pub use topic::{Acks, Commit, Consumer, Send, Topic, TopicOrder};
pub use watch::{
    Act, Action, Alert, AlertOn, Burn, BurnWindow, Entry, Expiry, Mistakes, Operator, Seen, Shed,
    Shift, Sight, Trend,
};

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
        pub struct $name(pub u32);
        impl $name {
            /// As an index into its table.
            #[inline]
            #[must_use]
            pub fn index(self) -> usize { self.0 as usize }
        }
    )*};
}

ids! {
    /// Indexes [`Tables::zones`].
    ZoneId
    /// Indexes [`Tables::links`].
    LinkId
    /// Indexes [`Tables::keys`].
    KeySpaceId
    /// Indexes [`Tables::pools`].
    PoolId
    /// Indexes [`Tables::clients`].
    ClientId
    /// Indexes [`Tables::services`].
    ServiceId
    /// Indexes [`Tables::endpoints`].
    EndpointId
    /// Indexes [`Tables::calls`].
    CallId
    /// Indexes [`Tables::faults`].
    FaultId
    /// Indexes [`Tables::events`].
    EventId
    /// Indexes [`Tables::promises`].
    PromiseId
    /// Indexes [`Tables::edits`].
    EditId
    /// Indexes [`Tables::flags`].
    FlagId
    /// Indexes [`Tables::alerts`].
    AlertId
    /// Indexes [`Tables::operators`].
    OperatorId
    /// Indexes [`Tables::topics`].
    TopicId
    /// Indexes [`Tables::sends`].
    SendId
}

/// The rows of a system. See the module's page.
#[derive(Clone, Debug)]
pub struct Tables {
    /// The name after `system:`.
    pub name: String,
    /// IANA name of the time zone in which `when` and curves are read.
    pub timezone: String,
    /// The day that counts as today: as the file says, or the last day of its newest recording.
    pub as_of: Option<jiff::civil::Date>,
    /// ISO 4217 code of all money in the file; none if it speaks of none.
    pub currency: Option<String>,
    /// Declared zones.
    pub zones: Vec<Zone>,
    /// Declared links in name order, the two built-in ones (`between-zones`, `within-zone`) among them.
    pub links: Vec<Link>,
    /// The built-in link inside a zone, to and from clients, and where no zones are declared.
    pub within_zone: LinkId,
    /// The built-in link between two different zones.
    pub between_zones: LinkId,
    /// Key spaces.
    pub keys: Vec<KeySpace>,
    /// All pools: top-level ones (`service` is none) and those of services.
    pub pools: Vec<Pool>,
    /// Priority classes, most important first; never empty (one unnamed class by default).
    pub priorities: Vec<String>,
    /// Switches, down at first.
    pub flags: Vec<Flag>,
    /// Who asks.
    pub clients: Vec<Client>,
    /// Who answers.
    pub services: Vec<Service>,
    /// All endpoints of all services, the handlers of messages among them, grouped by service.
    pub endpoints: Vec<Endpoint>,
    /// All call steps of all clients, endpoints and blocks; a block used twice has its calls twice.
    pub calls: Vec<Call>,
    /// Where messages wait.
    pub topics: Vec<Topic>,
    /// Who handles them, at most one per topic, in the order of their endpoints.
    pub consumers: Vec<Consumer>,
    /// All send steps, as `calls` has the call steps.
    pub sends: Vec<Send>,
    /// Ways to break.
    pub faults: Vec<Fault>,
    /// Dated or recurring demand.
    pub events: Vec<Event>,
    /// Who notices.
    pub alerts: Vec<Alert>,
    /// Who acts.
    pub operators: Vec<Operator>,
    /// What was promised.
    pub promises: Vec<Promise>,
    /// Edits that may come into force at run time (of faults and events, in name order).
    pub edits: Vec<Edit>,
    /// What somebody does on a scenario's day, in its order.
    pub by_hand: Vec<Action>,
    /// What grows from day to day, in the order of the file.
    pub growth: Vec<Growth>,
    /// What things cost; none if the file does not say.
    pub costs: Option<Costs>,
    /// One row per scalar of the file and per default that was used.
    pub facts: Vec<Fact>,
}

impl Default for Tables {
    /// Nobody asks and nobody answers; there are the two built-in links, without delay, and one class of requests.
    fn default() -> Self {
        let link = |name: &str| Link {
            name: name.to_owned(),
            from: Vec::new(),
            to: Vec::new(),
            delay: Dist::Constant(0.0),
            capacity: None,
            queue: LinkQueue::Unlimited,
            loss: 0.0,
        };
        Self {
            name: String::new(),
            timezone: "UTC".to_owned(),
            as_of: None,
            currency: None,
            zones: Vec::new(),
            links: vec![link("between-zones"), link("within-zone")],
            within_zone: LinkId(1),
            between_zones: LinkId(0),
            keys: Vec::new(),
            pools: Vec::new(),
            priorities: vec![String::new()],
            flags: Vec::new(),
            clients: Vec::new(),
            services: Vec::new(),
            endpoints: Vec::new(),
            calls: Vec::new(),
            topics: Vec::new(),
            consumers: Vec::new(),
            sends: Vec::new(),
            faults: Vec::new(),
            events: Vec::new(),
            alerts: Vec::new(),
            operators: Vec::new(),
            promises: Vec::new(),
            edits: Vec::new(),
            by_hand: Vec::new(),
            growth: Vec::new(),
            costs: None,
            facts: Vec::new(),
        }
    }
}

/// A zone.
#[derive(Clone, Debug)]
pub struct Zone {
    /// Its name.
    pub name: String,
    /// Its region, if given.
    pub region: Option<String>,
}

/// One direction of a network path; answers use its twin of the same delay and its own capacity.
#[derive(Clone, Debug)]
pub struct Link {
    /// Its name.
    pub name: String,
    /// Ends the message may come from; empty for the two built-in links.
    pub from: Vec<End>,
    /// Ends it may go to; empty for the two built-in links.
    pub to: Vec<End>,
    /// Delay per crossing, in ns.
    pub delay: Dist,
    /// Serves messages one at a time at this speed.
    pub capacity: Option<Capacity>,
    /// Waiting room in front of `capacity`; beyond it a message is lost.
    pub queue: LinkQueue,
    /// Probability that a message is lost.
    pub loss: f64,
}

/// An end of a link or of a direction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// Every replica of the service.
    Service(ServiceId),
    /// Every replica in the zone.
    Zone(ZoneId),
    /// Every user of the client.
    Client(ClientId),
    /// Everybody else.
    Rest,
    /// Everybody.
    Any,
}

/// A link's speed.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Capacity {
    /// Messages per second.
    Messages(f64),
    /// Bytes per second.
    Bytes(f64),
}

/// A link's waiting room.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum LinkQueue {
    /// No bound.
    Unlimited,
    /// At most that many messages wait.
    Messages(u64),
    /// At most that many bytes wait.
    Bytes(u64),
}

/// A set of keys with their popularity.
#[derive(Clone, Debug)]
pub struct KeySpace {
    /// Its name.
    pub name: String,
    /// Number of keys, at least 1.
    pub count: u64,
    /// Zipf exponent, 0 for even.
    pub zipf: f64,
    /// The hottest keys: how many, and the share that each has by itself.
    pub hot: Option<(u64, f64)>,
}

/// Permits, first come first served.
#[derive(Clone, Debug)]
pub struct Pool {
    /// Its name, without the service.
    pub name: String,
    /// The service it belongs to; none for a top-level pool.
    pub service: Option<ServiceId>,
    /// Permits; `u64::MAX` for unlimited.
    pub size: u64,
    /// Longest wait for a permit; none waits for ever, 0 does not wait.
    pub wait_ns: Option<u64>,
    /// Waiting room; `u64::MAX` for unlimited.
    pub queue: u64,
    /// One pool per replica of its service, or one for all of them.
    pub per: Per,
    /// One pool per key of this space.
    pub keys: Option<KeySpaceId>,
    /// Who goes first.
    pub order: Order,
}

/// For each replica, or one for the service.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Per {
    /// Each replica has its own.
    Replica,
    /// One for all replicas.
    Service,
}

/// Who leaves a waiting room first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Order {
    /// First come, first served.
    Fifo,
    /// Last come, first served.
    Lifo,
    /// By class, first come first served inside a class.
    Priority,
    /// LIFO while the queue has not been empty for 100 ms, else FIFO.
    AdaptiveLifo,
}

/// A probability distribution over non-negative numbers in base units.
#[derive(Clone, Debug, PartialEq)]
pub enum Dist {
    /// Always that value.
    Constant(f64),
    /// By mean and coefficient of variation (`cv` above 0).
    LogNormal {
        /// Mean.
        mean: f64,
        /// Standard deviation over mean.
        cv: f64,
    },
    /// By its mean.
    Exponential {
        /// Mean.
        mean: f64,
    },
    /// Even between two ends.
    Uniform {
        /// Lower end.
        low: f64,
        /// Upper end.
        high: f64,
    },
    /// Whole numbers, both ends included.
    WholeUniform {
        /// Lower end.
        low: u64,
        /// Upper end.
        high: u64,
    },
    /// Minimum and tail index (above 1).
    Pareto {
        /// Smallest value.
        min: f64,
        /// Tail index.
        tail: f64,
    },
    /// Quantiles: (probability in 0..1, value), both rising.
    Points(Vec<(f64, f64)>),
    /// One of these, drawn with replacement.
    Sample(Arc<[f64]>),
}

/// Who sends.
#[derive(Clone, Debug)]
pub struct Client {
    /// Its name.
    pub name: String,
    /// What telemetry calls it.
    pub known_as: Vec<String>,
    /// How visits come.
    pub arrive: Arrive,
    /// Visits come only while this event lasts.
    pub active: Option<EventId>,
    /// What a visit does.
    pub steps: Vec<Step>,
    /// How long the user waits for one answer.
    pub patience: Patience,
    /// What becomes of a request that is given up because patience ended.
    pub cancel: Cancel,
    /// The user presses again: the whole visit is repeated.
    pub retry: Option<Retry>,
    /// Money per visit.
    pub value: Option<Dist>,
    /// Class of its visits: index into [`Tables::priorities`].
    pub priority: u16,
}

/// How visits come. Dates and curves become concrete in [`crate::day`].
#[derive(Clone, Debug)]
pub enum Arrive {
    /// An open stream whose rate follows the day.
    Stream {
        /// Rate over the day.
        curve: Curve,
        /// How gaps vary.
        pattern: Pattern,
        /// Visits per arrival.
        batch: u32,
    },
    /// That many visits around each occurrence of the event.
    Visits {
        /// The event.
        event: EventId,
        /// Visits per occurrence.
        count: Dist,
        /// Spread over this length in ns, starting with the event unless `until_before`.
        over_ns: u64,
        /// The spread ends this long before the event's start.
        until_before_ns: Option<u64>,
        /// Form of the spread.
        shape: Shape,
    },
    /// A Poisson stream from each occurrence's start.
    Rate {
        /// The event.
        event: EventId,
        /// Visits per second.
        per_s: f64,
        /// For this long; none means while the event lasts.
        over_ns: Option<u64>,
    },
    /// Recorded arrivals, already read: ascending offsets in ns from the recording's start.
    Recorded(Recording),
    /// A population that waits for its answers.
    Closed {
        /// Users.
        population: u64,
        /// Thinking between visits, ns.
        think: Dist,
    },
}

/// Rate over the day, in visits per second.
#[derive(Clone, Debug)]
pub struct Curve {
    /// Rate far from every peak.
    pub base_per_s: f64,
    /// Bell-shaped peaks on top.
    pub peaks: Vec<Peak>,
    /// Open hours; outside them the rate is 0. Empty means always.
    pub open: Vec<crate::when::When>,
    /// Factor per weekday, Monday first.
    pub days: [f64; 7],
}

/// A peak of the day: `base + (height - base) exp(-4 ln 2 (t - at)^2 / width^2)`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Peak {
    /// Rate at the top of a lone peak, per second.
    pub height_per_s: f64,
    /// Local time of day, ns since midnight.
    pub at_ns: u64,
    /// Full width at half height, ns.
    pub width_ns: u64,
}

/// How gaps between arrivals vary.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Pattern {
    /// Independent exponential gaps.
    Poisson,
    /// Equal gaps.
    Even,
    /// Independent gamma gaps with this coefficient of variation.
    Cv(f64),
}

/// Form of a spread of visits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    /// Even.
    Even,
    /// Triangular, most at the beginning.
    Front,
    /// Triangular, most at the end.
    Back,
}

/// A recording of arrivals.
#[derive(Clone, Debug, PartialEq)]
pub struct Recording {
    /// Instants, or counts per interval.
    pub what: Recorded,
    /// Where the recording starts, if it is moved (`at: DATE`): the local midnight of its first day,
    /// or its time 0, becomes this local time. Else it stays as recorded.
    pub at: Option<jiff::civil::DateTime>,
    /// What its times count from.
    pub clock: Clock,
}

/// What the times of a recording count from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Clock {
    /// 1970-01-01 00:00 UTC.
    Unix,
    /// The start of the recording; without `at` that is where counting starts.
    FromStart,
}

/// What was recorded.
#[derive(Clone, Debug, PartialEq)]
pub enum Recorded {
    /// In ns on the recording's clock, ascending.
    Instants(Arc<[i64]>),
    /// Start of each interval, ascending, and its count; all intervals of length `per_ns`.
    Counts {
        /// Interval.
        per_ns: u64,
        /// Start and count.
        rows: Arc<[(i64, f64)]>,
    },
}

/// How long a user waits for one answer, all attempts of the call included.
#[derive(Clone, Debug)]
pub enum Patience {
    /// For ever.
    Unlimited,
    /// A drawn time in ns.
    Time(Dist),
    /// A drawn time that counts only until service begins.
    WhileQueued(Dist),
    /// Until the next start of the event.
    Until(EventId),
}

/// Who answers.
#[derive(Clone, Debug)]
pub struct Service {
    /// Its name.
    pub name: String,
    /// Whose it is.
    pub owner: Option<String>,
    /// What telemetry calls it.
    pub known_as: Vec<String>,
    /// Equal machines.
    pub replicas: u32,
    /// Requests in service at once per replica; `u32::MAX` for unlimited.
    pub workers: u32,
    /// CPU per replica; none means that `work` takes its drawn time.
    pub cores: Option<Cores>,
    /// Zone of each replica is `zones[replica % len]`; empty where no zones are declared.
    pub zones: Vec<ZoneId>,
    /// Waiting room.
    pub queue: Queue,
    /// Before the queue.
    pub admission: Admission,
    /// How callers choose a replica.
    pub balance: Balance,
    /// Fewer than this share of replicas ready: all are tried.
    pub panic: f64,
    /// A replica that became ready takes this long to get its full share; 0 for at once.
    pub slow_start_ns: u64,
    /// Time from start to ready, ns.
    pub start: Dist,
    /// Speed after start: (share of full speed, for that long in ns).
    pub cold: Option<(f64, u64)>,
    /// Calls that must succeed before `start`'s time runs, repeated every 10 s.
    pub start_steps: Vec<Step>,
    /// Finish what is in hand for that long, ns.
    pub stop_grace_ns: u64,
    /// Between the decision to stop and taking no new work, ns.
    pub stop_unready_ns: u64,
    /// The callers' view of who is ready.
    pub ready: Probe,
    /// Work grows with company.
    pub contention: Option<Contention>,
    /// How a new version comes; none if none does.
    pub rollout: Option<Rollout>,
    /// First endpoint in [`Tables::endpoints`].
    pub endpoints_from: u32,
    /// One past the last.
    pub endpoints_to: u32,
}

/// CPU of a replica.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Cores {
    /// Guaranteed share (for utilisation and scalers).
    pub request: f64,
    /// Most it can use.
    pub limit: f64,
    /// Shared equally among running jobs, or one job per core to its end.
    pub order: CoreOrder,
}

/// How a replica's cores are given out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CoreOrder {
    /// Processor sharing, at most one core per job.
    Shared,
    /// One job per core to its end, first come first served.
    Fifo,
}

/// A waiting room for workers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Queue {
    /// How many may wait; `u64::MAX` for unlimited.
    pub bound: u64,
    /// Who is served next.
    pub order: Order,
    /// One line per replica or one for all.
    pub per: Per,
    /// Hand out requests whose expiry has passed, or drop them.
    pub expired: Expired,
    /// Longest wait, then the request is `rejected`.
    pub timeout_ns: Option<u64>,
}

/// What a queue does with a request nobody waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Expired {
    /// Serves it all the same.
    Keep,
    /// Drops it when it would hand it to a worker.
    Drop,
}

/// Tests before the queue.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Admission {
    /// Token bucket of the service: rate per second and burst.
    pub rate: Option<(f64, f64)>,
    /// At most that many inside a replica, waiting and in service together.
    pub concurrency: Option<u64>,
}

/// How a caller chooses a replica.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Balance {
    /// Evenly by lot.
    Random,
    /// In turn, per calling replica.
    RoundRobin,
    /// The fewer in flight of two different ones drawn, by the caller's own count.
    LeastRequests,
    /// The fewest inside, exact; ties by lot.
    ShortestQueue,
    /// By the request's key, rendezvous hashing.
    Hash(KeySpaceId),
    /// Own zone while it has a ready replica.
    Nearest,
}

/// The readiness probe.
#[derive(Clone, Debug, PartialEq)]
pub struct Probe {
    /// Interval, ns.
    pub every_ns: u64,
    /// For probes that are requests, ns.
    pub timeout_ns: u64,
    /// Failures in a row that take a replica out.
    pub failures: u32,
    /// The endpoint that is asked; none: fails only if down, stalled or vanished.
    pub calls: Option<EndpointId>,
}

/// `work` times `1 + serial (n-1) + crosstalk n (n-1)`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Contention {
    /// Serial share.
    pub serial: f64,
    /// Cross-talk share.
    pub crosstalk: f64,
}

/// What a service does for one kind of request.
#[derive(Clone, Debug)]
pub struct Endpoint {
    /// Its name, without the service.
    pub name: String,
    /// Its service.
    pub service: ServiceId,
    /// What telemetry calls it.
    pub known_as: Vec<String>,
    /// What it does.
    pub steps: Vec<Step>,
    /// Ends in `error` after the steps with this probability.
    pub fails: f64,
    /// The endpoint's own admission, per service.
    pub admission: Admission,
    /// How many requests reach it per second cannot be told statically; true if some client can reach it.
    pub reached: bool,
}

/// One step.
#[derive(Clone, Debug)]
pub struct Step {
    /// Its name, for addresses.
    pub name: Option<String>,
    /// Stable address inside its owner (`compute`, `work`, `call-2`): keys its draws.
    pub address: String,
    /// Done with this probability, by its own coin.
    pub chance: Option<f64>,
    /// Done only if this holds.
    pub condition: Option<Guard>,
    /// What it does.
    pub verb: Verb,
    /// Where it stands.
    pub place: Place,
}

/// A comparison.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Compare {
    /// `<`
    Less,
    /// `<=`
    AtMost,
    /// `>`
    More,
    /// `>=`
    AtLeast,
    /// `=`
    Equal,
}

/// What a step does.
#[derive(Clone, Debug)]
pub enum Verb {
    /// CPU time at full speed, ns.
    Work(Dist),
    /// Time without CPU, ns.
    Wait(Dist),
    /// Asks and waits for the answer.
    Call(CallId),
    /// Hands a message over.
    Send(SendId),
    /// Takes a permit, does the steps, gives it back.
    Hold(PoolId, Vec<Step>),
    /// Branches that start at once.
    Parallel {
        /// In list order.
        branches: Vec<Vec<Step>>,
        /// How many must succeed.
        need: u32,
        /// Whether leftover branches are stopped.
        cancel: LeftOver,
    },
    /// The first branch whose `if` holds, else one by `chance`.
    Choose(Vec<Branch>),
    /// That many times.
    Repeat(Dist, Vec<Step>),
    /// The steps in place (a block).
    Do(Vec<Step>),
    /// Ends the request badly.
    Fail(FailWord),
    /// Ends the request, or the fallback it stands in, well.
    Answer(AnswerWord),
}

/// What becomes of branches that are no longer needed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LeftOver {
    /// They run on as wasted work.
    RunOn,
    /// Their steps and calls stop in that instant.
    Cancel,
}

/// One branch of `choose`.
#[derive(Clone, Debug)]
pub struct Branch {
    /// Taken if this holds.
    pub condition: Option<Guard>,
    /// Probability among branches without a condition; they add up to 1.
    pub chance: f64,
    /// Its steps.
    pub steps: Vec<Step>,
}

/// How `fail` ends a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FailWord {
    /// An answer that the user must accept.
    Declined,
    /// An error.
    Error,
}

/// How `answer` ends a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AnswerWord {
    /// Fully.
    Ok,
    /// Less than fully.
    Degraded,
}

/// A call step with both policy layers already composed.
#[derive(Clone, Debug)]
pub struct Call {
    /// `checkout.place -> payment.charge`, or with `#name`: names it in reports and keys its draws.
    pub name: String,
    /// Who calls.
    pub caller: Caller,
    /// What is called.
    pub target: EndpointId,
    /// Only these replicas (`sql/0`, `store/b`); none means all.
    pub subset: Option<Replicas>,
    /// Application layer.
    pub policy: CallPolicy,
    /// Mesh layer of the called service; none means no mesh.
    pub mesh: Option<CallPolicy>,
    /// After the last attempt failed.
    pub fallback: Option<Fallback>,
    /// Replaces the caller's priority for this request.
    pub priority: Option<u16>,
    /// Bytes per message.
    pub size_bytes: u64,
    /// Factor on the request's work at the callee.
    pub work_factor: f64,
    /// Where it stands.
    pub place: Place,
}

/// Who calls.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Caller {
    /// A visit of a client.
    Client(ClientId),
    /// A request at an endpoint.
    Endpoint(EndpointId),
    /// A replica that starts (`start: {do}`) or probes.
    Start(ServiceId),
}

/// A choice of replicas of one service.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Replicas {
    /// All.
    All,
    /// That one, counted from 0.
    One(u32),
    /// One drawn evenly per occurrence.
    Any,
    /// That share of them, rounded up.
    Share(f64),
    /// Those in a zone.
    Zone(ZoneId),
}

/// One layer of a call's policy.
#[derive(Clone, Debug, PartialEq)]
pub struct CallPolicy {
    /// Per attempt.
    pub timeout_ns: Option<u64>,
    /// Over all attempts and back-offs.
    pub deadline: Deadline,
    /// What happens to the callee's work when the caller stops waiting.
    pub cancel: Cancel,
    /// More attempts.
    pub retry: Option<Retry>,
    /// A copy to another replica.
    pub hedge: Option<Hedge>,
    /// Permit around each attempt.
    pub pool: Option<PoolId>,
    /// Replaces the callee's `balance`.
    pub balance: Option<Balance>,
}

impl Default for CallPolicy {
    /// No timeout, inherited deadline, no cancel, one attempt.
    fn default() -> Self {
        Self {
            timeout_ns: None,
            deadline: Deadline::Inherit,
            cancel: Cancel::None,
            retry: None,
            hedge: None,
            pool: None,
            balance: None,
        }
    }
}

/// The end of patience of a whole call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Deadline {
    /// Nothing bounds it; the caller's own expiry is not inherited either.
    None,
    /// Bounded by what the caller inherited.
    Inherit,
    /// Bounded by this, ns, and by what the caller inherited.
    After(u64),
}

/// What a caller that stops waiting does to the callee.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cancel {
    /// Nothing: it works on.
    None,
    /// Taken out if it has not started.
    Queued,
    /// Also stopped in service, and passed on downstream.
    All,
}

/// How often and when to try again.
#[derive(Clone, Debug, PartialEq)]
pub struct Retry {
    /// Attempts in all, at least 1.
    pub attempts: u32,
    /// Wait before the first retry, ns.
    pub backoff_ns: u64,
    /// Growth per retry.
    pub grow: f64,
    /// Longest wait, ns; `u64::MAX` for none.
    pub cap_ns: u64,
    /// How the wait varies.
    pub jitter: Jitter,
    /// What pays for retries.
    pub budget: Option<Budget>,
    /// Which results are retried.
    pub results: Results,
    /// Nothing is retried while this flag is up.
    pub unless: Option<FlagId>,
}

/// How a back-off varies around `c = min(cap, backoff grow^(n-1))`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Jitter {
    /// c
    None,
    /// U(0, c)
    Full,
    /// c/2 + U(0, c/2)
    Equal,
    /// min(cap, U(backoff, 3 previous))
    Decorrelated,
    /// Envoy: U(0, min(backoff (2^n - 1), cap))
    Envoy,
}

/// What pays for retries.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Budget {
    /// Each first attempt adds `ratio`, a retry costs 1; holds `burst`, starts full; in thousandths.
    Bucket {
        /// Added per first attempt, thousandths.
        ratio_milli: u64,
        /// Most it holds, thousandths.
        burst_milli: u64,
        /// Whose bucket.
        scope: BudgetScope,
    },
    /// Retries in flight at most this share of requests in flight, and `min` in any case.
    Concurrent {
        /// Share.
        ratio: f64,
        /// Always allowed.
        min: u32,
        /// Whose count.
        scope: BudgetScope,
    },
    /// AWS SDK quota: a retry costs `cost` (`timeout_cost` after a timeout) of `tokens`; success after
    /// a retry refunds its cost, a plain success adds 1.
    Quota {
        /// Most it holds and starts with.
        tokens: u32,
        /// Cost of a retry.
        cost: u32,
        /// Cost of a retry after a timeout.
        timeout_cost: u32,
        /// Whose quota.
        scope: BudgetScope,
    },
    /// Linkerd and Finagle: over the last `window_ns`, retries at most `ratio` of requests plus `min_per_s`.
    Windowed {
        /// Share.
        ratio: f64,
        /// Always allowed, per second.
        min_per_s: f64,
        /// Window, ns.
        window_ns: u64,
        /// Whose window.
        scope: BudgetScope,
    },
}

/// Whose budget it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BudgetScope {
    /// One per calling replica and callee (a client counts as one replica).
    Replica,
    /// One per calling service and callee.
    Service,
    /// One per visit.
    Visit,
}

/// A set of results that are retried, or that a fallback answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Results {
    /// `error`.
    pub error: bool,
    /// `rejected`.
    pub rejected: bool,
    /// `refused`.
    pub refused: bool,
    /// `timeout`.
    pub timeout: bool,
}

impl Results {
    /// Every bad result: the default.
    pub const ALL: Self = Self {
        error: true,
        rejected: true,
        refused: true,
        timeout: true,
    };
}

/// Copies to other replicas.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Hedge {
    /// When the copy leaves.
    pub after: HedgeAfter,
    /// How many copies.
    pub extra: u32,
}

/// When a hedge leaves.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum HedgeAfter {
    /// After that time, ns.
    Time(u64),
    /// After this quantile (0..1) of the caller's last 1,000 `ok` answers of that call; none before 100.
    Quantile(f64),
}

/// After the last attempt failed.
#[derive(Clone, Debug)]
pub struct Fallback {
    /// Only after those results.
    pub results: Results,
    /// What is done.
    pub what: FallbackDo,
}

/// What a fallback does.
#[derive(Clone, Debug)]
pub enum FallbackDo {
    /// Go on as if it were fine.
    Skip,
    /// Go on; the request ends degraded.
    Degraded,
    /// Steps; ending well counts as degraded unless they end with `answer: ok`.
    Steps(Vec<Step>),
}

/// A way to break.
#[derive(Clone, Debug)]
pub struct Fault {
    /// Its name.
    pub name: String,
    /// What it does, to what.
    pub kind: FaultKind,
    /// How often it strikes by itself.
    pub when: FaultWhen,
    /// How long it lasts.
    pub lasts: Lasts,
    /// Where it stands.
    pub place: Place,
}

/// What a fault does.
#[derive(Clone, Debug)]
pub enum FaultKind {
    /// The process ends; callers are refused at once.
    Crash(Target),
    /// The process ends and nobody is told.
    Vanish(Target),
    /// Nothing progresses, connections stay open. On a pool: one permit is taken.
    Stall(Target),
    /// Accepts and never answers.
    Hang {
        /// Of whom.
        target: Target,
        /// Workers come back at its end (`frees: at-end`), or only by a restart.
        frees: Frees,
    },
    /// `work` and `wait` take `by` times as long.
    Slow {
        /// Of whom.
        target: Target,
        /// Factor, drawn per occurrence.
        by: Dist,
        /// Running steps too, or only those that start later.
        of: SlowOf,
    },
    /// Cores, speed or link capacity fall to that share.
    Capacity {
        /// Of whom.
        target: Target,
        /// Share, drawn per occurrence.
        to: Dist,
    },
    /// Requests fail by that ratio after their steps.
    Errors {
        /// Of whom.
        target: Target,
        /// Ratio.
        by: Dist,
        /// Only requests with one drawn key of this space.
        keys: Option<KeySpaceId>,
    },
    /// Nothing passes.
    Cut(Target),
    /// That ratio is lost.
    Loss {
        /// Of what.
        target: Target,
        /// Ratio.
        by: Dist,
    },
    /// That much is added, ns.
    Delay {
        /// To what.
        target: Target,
        /// Time.
        by: Dist,
    },
    /// The file reads differently.
    Edit(EditId),
    /// All of these start in the same instant.
    Together(Vec<FaultId>),
}

/// Whether hung workers come back by themselves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Frees {
    /// At the end of the fault.
    AtEnd,
    /// Only when the replica restarts.
    AtRestart,
}

/// What a slow fault slows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SlowOf {
    /// What is left of running steps too.
    Running,
    /// Only steps that start later.
    New,
}

/// What a fault hits.
#[derive(Clone, Debug, PartialEq)]
pub enum Target {
    /// Replicas of one service.
    Replicas(ServiceId, Replicas),
    /// One replica drawn among all replicas of all services.
    AnyReplica,
    /// One worker of one replica; the worker is drawn if none.
    Worker {
        /// Service.
        service: ServiceId,
        /// Which replica (`One` or `Any`).
        replica: Replicas,
        /// Which worker.
        worker: Option<u32>,
    },
    /// Everything in a zone.
    Zone(ZoneId),
    /// One zone drawn.
    AnyZone,
    /// Requests of one endpoint (errors, slow).
    Endpoint(EndpointId),
    /// A declared or built-in link, both its direction and its twin.
    Link(LinkId),
    /// A path between two ends; the message's direction.
    Path {
        /// From.
        from: End,
        /// To.
        to: End,
        /// The other direction too (`<->`).
        both: Both,
    },
    /// A pool; with keys, one drawn key's pool.
    Pool(PoolId),
}

/// One direction or both.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Both {
    /// Only as written.
    No,
    /// Both.
    Yes,
}

/// How often a fault or event comes by itself.
#[derive(Clone, Debug)]
pub enum FaultWhen {
    /// Exponential gaps with this mean, ns; per replica of the target or for the whole.
    Every {
        /// Mean gap.
        mean_ns: f64,
        /// Each replica has its own clock.
        per_replica: PerReplica,
        /// The clock runs only during this event.
        during: Option<EventId>,
    },
    /// A coin per occurrence of the event.
    Chance {
        /// The event.
        during: EventId,
        /// Probability.
        chance: f64,
    },
    /// Dated.
    Dated(Vec<crate::when::When>),
    /// Possible, of unknown frequency.
    Possible,
}

/// Whether each replica has its own clock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PerReplica {
    /// One clock for the target.
    No,
    /// One clock for each.
    Yes,
}

/// How long a fault lasts.
#[derive(Clone, Debug)]
pub enum Lasts {
    /// A drawn time, ns.
    Time(Dist),
    /// Until the next start of this event.
    Until(EventId),
    /// Until an operator repairs it.
    Repaired,
}

/// Dated or recurring demand.
#[derive(Clone, Debug)]
pub struct Event {
    /// Its name.
    pub name: String,
    /// When it starts (and ends, where `when` says so); empty if it comes at random.
    pub when: Vec<crate::when::When>,
    /// Mean gap of random occurrences, ns.
    pub every_ns: Option<f64>,
    /// Length where `when` gives none, ns; none is an instant.
    pub lasts: Option<Dist>,
    /// The start moves by up to this, evenly to both sides, ns.
    pub jitter_ns: u64,
    /// Factor on each client's demand.
    pub demand: Vec<(ClientId, f64)>,
    /// Linear rise after the start, ns.
    pub rise_ns: u64,
    /// Linear fall after the end, ns.
    pub fall_ns: u64,
    /// In force from start to end.
    pub edit: Option<EditId>,
    /// The recording its shape came from.
    pub seen: Option<String>,
    /// Where it stands.
    pub place: Place,
}

/// An edit that may come into force at run time.
#[derive(Clone, Debug)]
pub struct Edit {
    /// `faults.NAME` or `events.NAME`, or a scenario's own.
    pub name: String,
}

/// What was promised.
#[derive(Clone, Debug)]
pub struct Promise {
    /// Its name.
    pub name: String,
    /// Each by itself.
    pub subjects: Vec<Subject>,
    /// All must hold.
    pub must: Vec<Condition>,
    /// The days that it is made for, each a claim by itself; `run` prints them as not judged.
    pub survives: Vec<Survive>,
    /// Windows that overlap these are left out.
    pub except: Vec<crate::when::When>,
    /// A window with fewer requests is prolonged into the past.
    pub at_least: u64,
    /// Share of seeds that may break a conditional claim.
    pub at_risk: f64,
    /// Where it stands.
    pub place: Place,
}

/// For whom a promise or a condition is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Subject {
    /// Visits of a client.
    Client(ClientId),
    /// Requests at all endpoints of a service.
    Service(ServiceId),
    /// Requests at an endpoint.
    Endpoint(EndpointId),
    /// A call step.
    Call(CallId),
    /// Messages of a topic.
    Topic(TopicId),
}

/// One condition of a promise.
#[derive(Clone, Debug, PartialEq)]
pub struct Condition {
    /// As written.
    pub text: String,
    /// What is measured.
    pub metric: Metric,
    /// Among answered requests only (`of answered`).
    pub of_answered: OfAnswered,
    /// Comparison.
    pub op: Compare,
    /// Threshold in base units (ns, ratio, count, per second); [`Self::EVER`] of `recovers` without a time.
    pub value: f64,
    /// Window length, ns; the default of the metric if not given.
    pub over_ns: u64,
    /// Where it stands.
    pub place: Place,
}

/// Which requests count.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OfAnswered {
    /// All that were sent; what never came back counts as never.
    No,
    /// Only what was answered.
    Yes,
}

/// What is measured.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Metric {
    /// Quantile (0..1) of the response time.
    Percentile(f64),
    /// Mean response time.
    Mean,
    /// Share that ended in failure.
    Failed,
    /// Share that was shed.
    Shed,
    /// Share that was abandoned.
    Abandoned,
    /// The three together.
    Lost,
    /// Failed and shed.
    Errors,
    /// Share answered less than fully.
    Degraded,
    /// 1 - lost.
    Availability,
    /// Answered per second.
    Goodput,
    /// Attempts per request.
    Attempts,
    /// Waiting, summed over replicas.
    Queue,
    /// Expired in queues.
    Expired,
    /// Requests executed more than once for one call.
    Duplicates,
    /// Ready replicas.
    Replicas,
    /// CPU in use as a share of `request`, mean of ready replicas.
    Cpu,
    /// Busy workers as a share of workers.
    BusyWorkers,
    /// Time from the last disturbance's end to recovery.
    Recovers,
    /// Time until the backlog is back.
    Drains,
    /// Messages that are not done with.
    Backlog,
    /// Age of the oldest message that is not done with.
    Age,
    /// Messages given up after the last attempt.
    DeadLetters,
    /// What the visits of a client that were lost would have been worth, in the file's currency. Of nothing else, and
    /// in promises only.
    MoneyLost,
}
