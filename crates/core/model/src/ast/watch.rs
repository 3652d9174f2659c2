//! Who notices and who acts: alerts, operators, and what they can do.

use super::{BurnPreset, Edits, Text};
use crate::form::{Given, Many, Partly, choice, record};
use crate::scalar::{Cond, Count, Dist, Duration, Name, Ratio, Reference, Target, Uncertain, When};

record! {
    /// A rule that looks at a metric again and again, and fires.
    pub struct Alert = "an alert" {
        /// What is looked for: `pos.errors > 20% over 5m`, `till.queue > 8 for 3m`.
        opt "if" sight: Partly<Cond>,
        /// The promise whose error budget burns too fast.
        opt "burn" burn: Given<Name>,
        /// How fast over which windows; `sre` if not given.
        opt "like" like: Given<BurnPreset>,
        /// How often it looks; every minute if not given.
        opt "every" every: Given<Uncertain<Duration>>,
        /// From firing until those whom it tells know: paging, mail, a glance at the wall; at once if not given.
        opt "delay" delay: Given<Dist<Duration>>,
        /// How likely a firing goes unseen: it stays silent until its condition has cleared.
        opt "misses" misses: Given<Uncertain<Ratio>>,
        /// The endpoint that it looks through: while that does not answer, it is silent.
        opt "needs" needs: Given<Target>,
        /// The operators who are told.
        opt "tells" tells: Many<Given<Name>>,
    }
    apart [["if", "burn"], ["if", "like"]]
}

record! {
    /// People who are told, decide and act.
    pub struct Operator = "an operator" {
        /// From being told to acting.
        opt "after" after: Given<Dist<Duration>>,
        /// How many of them there are: each does one thing at a time; 1 if not given.
        opt "people" people: Given<Uncertain<Count>>,
        /// When somebody is there, and how fast then; always if not given.
        opt "shifts" shifts: Vec<Shift>,
        /// The endpoint through which they see what is wrong.
        opt "needs" needs: Given<Target>,
        /// From being told to acting while that endpoint does not answer.
        opt "blind" blind: Given<Dist<Duration>>,
        /// What they do about which alert.
        opt "runbook" runbook: Vec<Entry>,
        /// What they do instead, now and then.
        opt "mistakes" mistakes: Mistakes,
    }
}

record! {
    /// A time in which somebody is there.
    pub struct Shift = "a shift" {
        /// When.
        req "when" when: Many<Given<When>>,
        /// From being told to acting; the operator's own if not given.
        opt "after" after: Given<Dist<Duration>>,
    }
}

record! {
    /// What is done about an alert.
    pub struct Entry = "a runbook entry" {
        /// The alert.
        req "if" alert: Given<Name>,
        /// From being told to acting, in place of the shift's.
        opt "after" after: Given<Dist<Duration>>,
        /// What is done, in order.
        req "do" actions: Vec<Action>,
        /// Undone as soon as this holds: `pos.authorise.p95 < 2s over 10m`.
        opt "until" until: Partly<Cond>,
        /// Undone after this time.
        opt "for" lasts: Given<Dist<Duration>>,
        /// The reason, as the log of the day gives it; the alert if not given.
        opt "because" because: Given<Text>,
    }
    apart [["until", "for"]]
}

record! {
    /// What goes wrong when people act.
    pub struct Mistakes = "`mistakes`" {
        /// How often.
        req "chance" chance: Given<Uncertain<Ratio>>,
        /// What they do instead.
        req "do" actions: Vec<Action>,
    }
}

record! {
    /// Something that an operator does.
    pub struct Action = "an action" {
        /// What.
        pick _ what: Act,
        /// How long their hands are full; no time if not given.
        opt "takes" takes: Given<Dist<Duration>>,
        /// The endpoint that it goes through: tried every minute until that answers.
        opt "works-through" through: Given<Target>,
    }
}

choice! {
    /// What an operator can do.
    pub enum Act = "an action" {
        /// The file reads differently.
        "edit" Edit(EditAct),
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
        /// A fault ends.
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

record! {
    /// The file reads differently.
    pub struct EditAct = "an `edit`" {
        /// What reads differently.
        req "edit" edit: Edits,
    }
}

record! {
    /// A flag goes up.
    pub struct SetAct = "a `set`" {
        /// The flag.
        req "set" flag: Given<Name>,
    }
}

record! {
    /// A flag goes down.
    pub struct ClearAct = "a `clear`" {
        /// The flag.
        req "clear" flag: Given<Name>,
    }
}

record! {
    /// A share of the requests is turned away.
    pub struct ShedAct = "a `shed`" {
        /// Of a client or an endpoint.
        req "shed" whom: Given<Reference>,
        /// Which share.
        req "by" by: Given<Uncertain<Ratio>>,
    }
}

record! {
    /// Processes end and start again.
    pub struct RestartAct = "a `restart`" {
        /// Whose.
        req "restart" target: Given<Reference>,
    }
}

record! {
    /// Nobody is sent to a zone any more.
    pub struct DrainAct = "a `drain`" {
        /// The zone.
        req "drain" zone: Given<Name>,
    }
}

record! {
    /// A fault ends.
    pub struct RepairAct = "a `repair`" {
        /// The fault.
        req "repair" fault: Given<Name>,
    }
}

record! {
    /// The last version of a service goes.
    pub struct RollBackAct = "a `roll-back`" {
        /// The service.
        req "roll-back" service: Given<Name>,
    }
}

record! {
    /// A rollout stops where it is.
    pub struct PauseAct = "a `pause`" {
        /// Which: `price.rollout`.
        req "pause" what: Partly<Target>,
    }
}

record! {
    /// What was given up in a topic goes back into it.
    pub struct ReplayAct = "a `replay`" {
        /// The topic whose consumer gave it up.
        req "replay" topic: Given<Name>,
    }
}
