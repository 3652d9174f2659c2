//! What was promised, and the concrete days on which promises are judged.

use super::{
    Act, Capacity, ClearAct, Crash, Cut, Delay, DrainAct, Edits, Errors, FaultKind, FaultTarget,
    Hang, Loss, PauseAct, RepairAct, ReplayAct, RestartAct, RollBackAct, Seed, SetAct, ShedAct,
    Slow, Stall, Text, Vanish, Version,
};
use crate::form::{Given, Many, Names, Partly, choice, record};
use crate::scalar::{
    Cond, Count, Date, Duration, Factor, Name, Ratio, Reference, Survive, Time, Uncertain, When,
};

record! {
    /// What was promised, to whom, on which days.
    pub struct Promise = "a promise" {
        /// Clients, endpoints, calls or services, each by itself.
        req "for" subjects: Many<Given<Reference>>,
        /// What must hold.
        req "must" must: Vec<Partly<Cond>>,
        /// The days on which it must hold; a normal day if not given.
        opt "survives" survives: Vec<Given<Survive>>,
        /// Planned windows that do not count.
        opt "except" except: Many<Given<When>>,
        /// A window with fewer requests is prolonged into the past; 100 if not given.
        opt "at-least" at_least: Given<Count>,
        /// The share of seeds that may break it on a named day; 5 % if not given.
        opt "at-risk" at_risk: Given<Ratio>,
    }
}

record! {
    /// One concrete day of a model: what `run --scenario` lives again.
    pub struct Scenario = "a scenario" {
        /// The version of the language: 1.
        req "worstday" worstday: Given<Version>,
        /// Its identifier, such as `WD-7f3a`.
        req "scenario" scenario: Given<Text>,
        /// The model.
        req "base" base: Given<Text>,
        /// The hash of the model's expanded text; a warning if it differs.
        opt "model" model: Given<Text>,
        /// The seed of all draws, in hexadecimal digits.
        opt "seed" seed: Given<Seed>,
        /// The day.
        req "day" day: Given<Date>,
        /// When it begins; midnight if not given.
        opt "from" from: Given<Time>,
        /// When it ends; midnight if not given.
        opt "until" until: Given<Time>,
        /// Factors on the demand of clients.
        opt "demand" demand: Names<Given<Uncertain<Factor>>>,
        /// What happens, and nothing else does.
        opt "happens" happens: Vec<Happening>,
        /// The promises that it breaks.
        note "breaks" breaks: Vec<Given<Name>>,
        /// How it was found.
        note "found" found: Found,
    }
}

record! {
    /// How a scenario was found.
    pub struct Found = "`found`" {
        /// How many runs it took.
        note "runs" runs: Given<Count>,
        /// In how many of its seeds it breaks the promise.
        note "breaks-in" breaks_in: Given<Text>,
        /// How often such a day comes.
        note "returns" returns: Given<Text>,
    }
}

record! {
    /// Something that happens on a scenario's day.
    pub struct Happening = "`happens`" {
        /// What happens.
        pick _ what: Happens,
        /// When it starts.
        req "at" at: Given<Time>,
        /// How long it lasts; to the end of the day if not given, or as long as a declared fault or event lasts.
        opt "lasts" lasts: Given<Duration>,
        /// Why somebody does it.
        opt "because" because: Given<Text>,
    }
}

choice! {
    /// What can happen on a scenario's day.
    pub enum Happens = "`happens`" {
        /// A declared fault strikes.
        "fault" Fault(Box<HappeningFault>),
        /// A declared event takes place.
        "event" Event(HappeningEvent),
        /// The file reads differently.
        "edit" Edit(HappeningEdit),
        /// Clients come more often, or less.
        "demand" Demand(HappeningDemand),
        /// The process ends, and its callers are told.
        "crash" Crash(Crash),
        /// The process ends, and nobody is told.
        "vanish" Vanish(Vanish),
        /// Nothing progresses.
        "stall" Stall(Stall),
        /// It takes requests and never answers.
        "hang" Hang(Hang),
        /// It takes longer.
        "slow" Slow(Slow),
        /// There is less of it.
        "capacity" Capacity(Capacity),
        /// Requests fail.
        "errors" Errors(Errors),
        /// Nothing passes.
        "cut" Cut(Cut),
        /// Messages are lost.
        "loss" Loss(Loss),
        /// Messages take longer.
        "delay" Delay(Delay),
        /// A flag goes up.
        "set" Set(SetAct),
        /// A flag goes down.
        "clear" Clear(ClearAct),
        /// A share of the requests is turned away at the door.
        "shed" Shed(ShedAct),
        /// Processes end and start again.
        "restart" Restart(RestartAct),
        /// Nobody is sent to a zone any more.
        "drain" Drain(DrainAct),
        /// A declared fault ends.
        "repair" Repair(RepairAct),
        /// The last version of a service goes.
        "roll-back" RollBack(RollBackAct),
        /// A rollout stops where it is.
        "pause" Pause(PauseAct),
        /// What was given up in a topic goes back into it.
        "replay" Replay(ReplayAct),
    }
    later {
        "fail-over" = "failover",
        "flush" = "caches",
    }
}

impl Happens {
    /// What breaks, where the line says itself what it does to whom.
    #[must_use]
    pub fn breaks(&self) -> Option<FaultKind> {
        Some(match self {
            Self::Crash(fault) => FaultKind::Crash(fault.clone()),
            Self::Vanish(fault) => FaultKind::Vanish(fault.clone()),
            Self::Stall(fault) => FaultKind::Stall(fault.clone()),
            Self::Hang(fault) => FaultKind::Hang(fault.clone()),
            Self::Slow(fault) => FaultKind::Slow(fault.clone()),
            Self::Capacity(fault) => FaultKind::Capacity(fault.clone()),
            Self::Errors(fault) => FaultKind::Errors(fault.clone()),
            Self::Cut(fault) => FaultKind::Cut(fault.clone()),
            Self::Loss(fault) => FaultKind::Loss(fault.clone()),
            Self::Delay(fault) => FaultKind::Delay(fault.clone()),
            _ => return None,
        })
    }

    /// What somebody does, where it is one of the things that operators do. An edit stands for itself.
    #[must_use]
    pub fn act(&self) -> Option<Act> {
        Some(match self {
            Self::Set(act) => Act::Set(act.clone()),
            Self::Clear(act) => Act::Clear(act.clone()),
            Self::Shed(act) => Act::Shed(act.clone()),
            Self::Restart(act) => Act::Restart(act.clone()),
            Self::Drain(act) => Act::Drain(act.clone()),
            Self::Repair(act) => Act::Repair(act.clone()),
            Self::RollBack(act) => Act::RollBack(act.clone()),
            Self::Pause(act) => Act::Pause(act.clone()),
            Self::Replay(act) => Act::Replay(act.clone()),
            _ => return None,
        })
    }
}

record! {
    /// Clients come more often, or less.
    pub struct HappeningDemand = "`happens`" {
        /// Factors on the demand of clients.
        req "demand" demand: Names<Given<Uncertain<Factor>>>,
    }
}

record! {
    /// A declared fault strikes.
    pub struct HappeningFault = "`happens`" {
        /// Its name.
        req "fault" fault: Given<Name>,
        /// Whom it hits, in place of its own target.
        opt "target" target: Given<FaultTarget>,
        /// How large it is, in the unit of its kind.
        opt "by" by: Given<super::FaultSize>,
    }
}

record! {
    /// A declared event takes place.
    pub struct HappeningEvent = "`happens`" {
        /// Its name.
        req "event" event: Given<Name>,
    }
}

record! {
    /// The file reads differently.
    pub struct HappeningEdit = "`happens`" {
        /// What reads differently.
        req "edit" edit: Edits,
    }
}
