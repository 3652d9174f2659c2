//! The model file as typed constructs with places, nothing resolved yet.
//!
//! Each construct of the language's reference is defined here once (how: [`crate::form`]), in
//! the words of the file. A name in it may still mean nothing, a range may be the wrong way
//! round: what needs two places to be seen is checked where the system is resolved.
//!
//! Keys that are in the language and not built yet stand in the `later` blocks with the
//! mechanism that they need; a file that uses one is refused with the list of all of them.

mod call;
mod client;
mod costs;
mod edit;
mod fault;
mod partial;
mod place;
mod promise;
mod rollout;
mod service;
mod step;
mod texts;
mod topic;
mod watch;
mod words;

pub use call::{
    Balance, Bucket, Budget, BudgetKind, CallPolicy, Concurrent, Fallback, FallbackDo, Hedge, Mesh,
    Policy, Quota, Retry, Windowed,
};
pub use client::{
    Arrive, ArriveWay, Client, Closed, Curve, Days, Load, Open, Recorded, Stream, Visits,
};
pub use costs::{Costs, LostCost};
pub use edit::{Edits, Insert, Overlay, Variant};
pub use fault::{
    Capacity, Crash, Cut, Delay, EditFault, Errors, Event, Fault, FaultKind, Hang, Loss, Slow,
    Stall, Together, Vanish,
};
pub use place::{KeySpace, Link, Pool, Zone, Zones};
pub use promise::{
    Found, Happening, HappeningDemand, HappeningEdit, HappeningEvent, HappeningFault, Happens,
    Promise, Scenario,
};
pub use rollout::{
    BadVersion, Compared, Otherwise, Portion, Rollout, RolloutAct, RolloutStep, RolloutTo,
    RolloutWatch,
};
pub use service::{
    Admission, Contention, Cores, Endpoint, Probes, Queue, Ready, Service, Start, Stop,
};
pub use step::{
    AnswerStep, Branch, CallStep, ChooseStep, DoStep, FailStep, HoldStep, ParallelStep, RepeatStep,
    Step, Steps, Verb, WaitStep, WorkStep,
};
pub use texts::*;
pub use topic::{Consumes, SendStep, Topic};
pub use watch::{
    Act, Action, Alert, ClearAct, DrainAct, EditAct, Entry, Mistakes, Operator, PauseAct,
    RepairAct, ReplayAct, RestartAct, RollBackAct, SetAct, ShedAct, Shift,
};
pub use words::*;

use crate::form::{Addressed, Given, Names, OrNone, record};
use crate::scalar::{Count, Date, DateRange, Factor, Growth, Name, Ratio, Uncertain};

record! {
    /// A model: who asks, who answers, what happens, and what was promised.
    pub struct Model = "a model" {
        /// The version of the language: 1.
        req "worstday" worstday: Given<Version>,
        /// The name of the system.
        req "system" system: Given<Name>,
        /// What it says.
        flat _ sections: Sections,
    }
}

record! {
    /// A piece of a model, named by `include`.
    pub struct Part = "an included file" {
        /// The version of the language: 1.
        req "worstday" worstday: Given<Version>,
        /// What it says.
        flat _ sections: Sections,
    }
}

record! {
    /// The sections of a model.
    pub struct Sections = "a model" {
        /// The time zone in which dates and times are read, by its IANA name; UTC if not given.
        opt "timezone" timezone: Given<Text>,
        /// The day that counts as today: the default day of a run is the first working day after it.
        opt "as-of" as_of: Given<Date>,
        /// Places that fail as one.
        opt "zones" zones: Zones,
        /// What messages cross.
        opt "links" links: Names<Link>,
        /// What requests are about: keys with their popularity.
        opt "keys" keys: Names<KeySpace>,
        /// Permits that all services share.
        turn "pools" pools: Names<Pool>,
        /// Classes of requests, most important first.
        opt "priorities" priorities: Vec<Given<Name>>,
        /// Switches, all down at first: operators set and clear them, steps ask for them.
        opt "flags" flags: Vec<Given<Name>>,
        /// Who asks.
        opt "clients" clients: Names<Client>,
        /// Who answers.
        opt "services" services: Names<Service>,
        /// Where messages wait until somebody handles them.
        opt "topics" topics: Names<Topic>,
        /// Named call policies.
        turn "policies" policies: Names<Policy>,
        /// What holds where nothing is said.
        opt "defaults" defaults: Defaults,
        /// Ways to break.
        opt "faults" faults: Names<Fault>,
        /// Dated or recurring demand and changes.
        opt "events" events: Names<Event>,
        /// How fast a client's demand, or a number of the file, grows: `45%/year`, compound, from `as-of` on.
        opt "growth" growth: Addressed<Given<Uncertain<Growth>>>,
        /// Who notices.
        opt "alerts" alerts: Names<Alert>,
        /// Who acts.
        opt "operators" operators: Names<Operator>,
        /// What was promised.
        opt "promises" promises: Names<Promise>,
        /// What things cost.
        opt "costs" costs: Costs,
        /// Who said what: recordings and files that values are taken from.
        note "sources" sources: Names<SourceEntry>,
        /// Further files with sections of this model; `*` stands for any part of a file name.
        opt "include" include: Vec<Given<Text>>,
    }
    later {
        "nodes" = "nodes",
        "changes" = "changes",
        "plan" = "plan",
        "suppress" = "suppressed findings",
    }
}

record! {
    /// What holds where nothing is said.
    pub struct Defaults = "`defaults`" {
        /// Keys of services, each used where a service lacks it.
        opt "services" services: Service,
        /// The policy of calls, key by key, where nothing nearer says otherwise.
        turn "calls" calls: CallPolicy,
        /// The mesh of services that name none.
        turn "mesh" mesh: OrNone<Mesh>,
        /// How much `work`, `wait` and `think` vary if only a mean is given: `cv 1`.
        opt "spread" spread: Given<Spread>,
        /// The range of a quantity marked `@guess` that has none: `0.5x..2x`.
        opt "guess" guess: Given<Uncertain<Factor>>,
        /// Keys of promises, each used where a promise lacks it.
        opt "promises" promises: PromiseDefaults,
    }
}

record! {
    /// What holds for promises that do not say.
    pub struct PromiseDefaults = "`defaults.promises`" {
        /// A window with fewer requests is prolonged into the past.
        opt "at-least" at_least: Given<Count>,
        /// The share of seeds that may break a promise on a named day.
        opt "at-risk" at_risk: Given<Ratio>,
    }
}

record! {
    /// A recording, or files that were read.
    pub struct SourceEntry = "a source" {
        /// The days of a recording.
        note "measured" measured: Given<DateRange>,
        /// How many requests it holds.
        note "requests" requests: Given<Count>,
        /// The share of requests that were recorded.
        note "sampled" sampled: Given<Ratio>,
        /// How wrong a model fitted to it was on data held out.
        note "error" error: Given<Ratio>,
        /// The files.
        note "read" read: Given<Text>,
        /// Their version.
        note "commit" commit: Given<Text>,
    }
}
