//! What happens: ways to break, and dated or recurring events.

use super::{Edits, FaultTarget, Frees, OneOf, SlowOf};
use crate::form::{Given, Many, Names, choice, record};
use crate::scalar::{Dist, Duration, Every, Factor, Lasting, Name, Ratio, Uncertain, When};

record! {
    /// A way to break: what it does, to whom, how often and for how long.
    pub struct Fault = "a fault" {
        /// What it does, to whom.
        pick _ kind: FaultKind,
        /// The mean time between two: `4 months`, `3 weeks per replica`.
        opt "every" every: Given<Every>,
        /// The dates on which it strikes.
        opt "at" at: Many<Given<When>>,
        /// The dates on which it strikes, in other words.
        opt "when" when: Many<Given<When>>,
        /// It strikes only during this event.
        opt "during" during: Given<Name>,
        /// How likely each occurrence of that event brings it.
        opt "chance" chance: Given<Uncertain<Ratio>>,
        /// How long it lasts, until which event, or `until repaired` by an operator.
        opt "lasts" lasts: Given<Lasting>,
    }
    later {
        "raises" = "faults that raise others",
        "repaired-by" = "operators",
    }
    apart [["every", "at", "when", "chance"]]
}

choice! {
    /// What a fault does.
    pub enum FaultKind = "a fault" {
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
        /// The file reads differently.
        "edit" Edit(EditFault),
        /// Several at once.
        "together" Together(Together),
    }
    later {
        "flush" = "caches",
        "stale" = "stale metrics",
    }
}

record! {
    /// The process ends; its callers get `refused` at once.
    pub struct Crash = "a `crash` fault" {
        /// Whom it hits.
        req "crash" target: Given<FaultTarget>,
    }
}

record! {
    /// The process ends and nobody is told.
    pub struct Vanish = "a `vanish` fault" {
        /// Whom it hits.
        req "vanish" target: Given<FaultTarget>,
    }
}

record! {
    /// Nothing progresses; afterwards everything goes on where it stood.
    pub struct Stall = "a `stall` fault" {
        /// Whom it hits; of a pool it takes one permit.
        req "stall" target: Given<FaultTarget>,
        /// Which key's pool: `one of products`.
        opt "keys" keys: Given<OneOf>,
    }
}

record! {
    /// It takes requests and never answers.
    pub struct Hang = "a `hang` fault" {
        /// Whom it hits.
        req "hang" target: Given<FaultTarget>,
        /// When the workers come back.
        opt "frees" frees: Given<Frees>,
    }
}

record! {
    /// `work` and `wait` take longer.
    pub struct Slow = "a `slow` fault" {
        /// Whom it hits.
        req "slow" target: Given<FaultTarget>,
        /// How much longer.
        req "by" by: Given<Dist<Factor>>,
        /// Whether running steps are slowed too.
        opt "of" of: Given<SlowOf>,
    }
}

record! {
    /// Cores, speed or link capacity fall.
    pub struct Capacity = "a `capacity` fault" {
        /// Whom it hits.
        req "capacity" target: Given<FaultTarget>,
        /// To which share.
        req "to" to: Given<Dist<Ratio>>,
    }
}

record! {
    /// Requests fail after their steps.
    pub struct Errors = "an `errors` fault" {
        /// Whom it hits.
        req "errors" target: Given<FaultTarget>,
        /// Which share of them fails.
        req "by" by: Given<Dist<Ratio>>,
        /// Only requests for one key: `one of sellers`.
        opt "keys" keys: Given<OneOf>,
    }
}

record! {
    /// Nothing passes.
    pub struct Cut = "a `cut` fault" {
        /// Between whom.
        req "cut" target: Given<FaultTarget>,
    }
}

record! {
    /// Messages are lost.
    pub struct Loss = "a `loss` fault" {
        /// Between whom.
        req "loss" target: Given<FaultTarget>,
        /// Which share of them.
        req "by" by: Given<Dist<Ratio>>,
    }
}

record! {
    /// Messages take longer.
    pub struct Delay = "a `delay` fault" {
        /// Between whom.
        req "delay" target: Given<FaultTarget>,
        /// How much longer.
        req "by" by: Given<Dist<Duration>>,
    }
}

record! {
    /// The file reads differently: configuration, quota, expiry.
    pub struct EditFault = "an `edit` fault" {
        /// What reads differently.
        req "edit" edit: Edits,
    }
}

record! {
    /// Faults with a common cause start in the same instant.
    pub struct Together = "a `together` fault" {
        /// The faults.
        req "together" faults: Vec<Given<Name>>,
    }
}

record! {
    /// Something dated or recurring: more demand, another configuration, or just a date.
    pub struct Event = "an event" {
        /// When it starts, and perhaps ends.
        opt "when" when: Many<Given<When>>,
        /// The mean time between two of them.
        opt "every" every: Given<Every>,
        /// How long it lasts where `when` does not say.
        opt "for" lasts: Given<Dist<Duration>>,
        /// By how much the start varies, evenly to both sides.
        opt "jitter" jitter: Given<Uncertain<Duration>>,
        /// Factors on the demand of clients.
        opt "demand" demand: Names<Given<Uncertain<Factor>>>,
        /// How long the demand takes to rise after the start.
        opt "rise" rise: Given<Uncertain<Duration>>,
        /// How long the demand takes to fall after the end.
        opt "fall" fall: Given<Uncertain<Duration>>,
        /// What reads differently from start to end.
        opt "edit" edit: Edits,
        /// The recording that its shape came from.
        note "seen" seen: Given<crate::scalar::Date>,
    }
    apart [["when", "every"]]
}
