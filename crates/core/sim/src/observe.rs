//! Observers: who may watch a history, chosen at compile time.
//!
//! The engine is generic over its observer; `()` watches nothing and costs nothing. An
//! [`EventLog`] writes down what happened; a monitor may end the run when its
//! question is decided.

use crate::state::Ending;

/// Something that happened to a request, in words of indices (see the plan's tables).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fact {
    /// A visit arrived.
    VisitArrived {
        /// Whose.
        client: u32,
        /// Which.
        visit: u64,
        /// The row that carries out its steps.
        task: u32,
    },
    /// A visit ended.
    VisitEnded {
        /// Whose.
        client: u32,
        /// Which.
        visit: u64,
        /// How.
        ending: Ending,
        /// From its arrival, without the user's own reading time, ns.
        response_ns: u64,
        /// Whether it arrived after the warm-up.
        counted: bool,
    },
    /// A request reached a replica.
    RequestArrived {
        /// Endpoint.
        endpoint: u32,
        /// Replica number in its service.
        replica: u32,
        /// Which request.
        request: u64,
    },
    /// A request got a worker.
    ServiceBegan {
        /// Endpoint.
        endpoint: u32,
        /// Which request.
        request: u64,
    },
    /// A request ended at its replica.
    RequestEnded {
        /// Endpoint.
        endpoint: u32,
        /// Which request.
        request: u64,
        /// How.
        ending: Ending,
    },
    /// A caller sent an attempt.
    AttemptSent {
        /// Call series.
        call: u32,
        /// Which caller.
        caller: u64,
        /// Which attempt, counted from 1.
        attempt: u32,
        /// For which visit.
        visit: u64,
        /// The row of the caller, which waits from now on.
        task: u32,
        /// The row of the request, or of the mesh layer that will send it.
        child: u32,
        /// Which request, as its replica will name it.
        request: u64,
    },
    /// An attempt is over for its caller, whether or not its callee knows.
    AttemptEnded {
        /// For which visit.
        visit: u64,
        /// The row of the caller.
        task: u32,
        /// How.
        ending: Ending,
    },
    /// A task starts a branch of `parallel`; the last of them makes it wait.
    Branched {
        /// For which visit.
        visit: u64,
        /// Its row.
        task: u32,
        /// The row of the branch.
        branch: u32,
    },
    /// A branch is over, or was stopped.
    BranchEnded {
        /// For which visit.
        visit: u64,
        /// Its row.
        branch: u32,
        /// How.
        ending: Ending,
    },
    /// A task begins something that takes time by itself.
    Began {
        /// For which visit.
        visit: u64,
        /// Its row.
        task: u32,
        /// What.
        doing: Doing,
    },
    /// A call is over.
    CallEnded {
        /// Call series.
        call: u32,
        /// Which caller.
        caller: u64,
        /// How.
        ending: Ending,
    },
    /// A fault or event starts.
    Started {
        /// Row of the disturbance.
        row: u32,
    },
    /// A fault or event ends.
    Ended {
        /// Row of the disturbance.
        row: u32,
    },
    /// An alert fires.
    AlertFired {
        /// Which.
        alert: u32,
        /// Nobody hears of it.
        missed: bool,
    },
    /// An alert has cleared.
    AlertCleared {
        /// Which.
        alert: u32,
    },
    /// Somebody does something.
    Overrides {
        /// Row of the overrides.
        row: u32,
    },
    /// It is undone.
    Undone {
        /// Row of the overrides.
        row: u32,
    },
}

/// What a task spends its own time with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Doing {
    /// `work`.
    Work,
    /// `wait`.
    Wait,
    /// Waits for a permit of a pool.
    Permit,
    /// Waits before the next attempt, or before the user presses again.
    BackOff,
}

/// Watches a history.
pub trait Observer {
    /// Told of everything, in order.
    #[inline]
    fn on(&mut self, at_ns: u64, fact: Fact) {
        let _ = (at_ns, fact);
    }

    /// Whether the question is decided and the run may end.
    #[inline]
    fn decided(&self) -> bool {
        false
    }
}

/// Watches nothing.
impl Observer for () {}

/// Writes everything down.
#[derive(Clone, Debug, Default)]
pub struct EventLog {
    /// In order: when (ns) and what.
    pub rows: Vec<(u64, Fact)>,
}

impl Observer for EventLog {
    fn on(&mut self, at_ns: u64, fact: Fact) {
        self.rows.push((at_ns, fact));
    }
}

/// Two observers at once.
impl<A: Observer, B: Observer> Observer for (A, B) {
    #[inline]
    fn on(&mut self, at_ns: u64, fact: Fact) {
        self.0.on(at_ns, fact);
        self.1.on(at_ns, fact);
    }

    #[inline]
    fn decided(&self) -> bool {
        self.0.decided() || self.1.decided()
    }
}
