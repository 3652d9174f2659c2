//! Closed lists of words.

use crate::scalar::words;

words! {
    /// Who of those waiting goes first.
    Order, "an order", {
        /// First come, first served.
        Fifo = "fifo",
        /// Last come, first served; a full room refuses the newcomer.
        Lifo = "lifo",
        /// The most important class first; a full room sheds the youngest of the lowest class.
        Priority = "priority",
        /// Last come, first served while the queue was not empty for 100 ms.
        AdaptiveLifo = "adaptive-lifo",
    }
}

words! {
    /// For each replica, or one for the service.
    Per, "whose it is", {
        /// Each replica has its own.
        Replica = "replica",
        /// One for all replicas.
        Service = "service",
    }
}

words! {
    /// What a queue does with a request that nobody waits for any more.
    Expired, "what becomes of expired requests", {
        /// It is served all the same.
        Keep = "keep",
        /// It is dropped when a worker would take it.
        Drop = "drop",
    }
}

words! {
    /// How a replica's cores are given out.
    CoreOrder, "an order of jobs", {
        /// All jobs share the cores equally, each at most one.
        Shared = "shared",
        /// One job per core to its end.
        Fifo = "fifo",
    }
}

words! {
    /// What slows a request down.
    ContentionOf, "what is counted", {
        /// Requests in service at the replica.
        Requests = "requests",
    }
}

words! {
    /// Where replicas are put.
    Placement, "a placement", {
        /// Replicas 0, 1, 2 ... go to the zones in name order.
        Zones = "zones",
    }
}

words! {
    /// What happens to the callee's work when the caller stops waiting.
    Cancel, "what is cancelled", {
        /// Nothing: the callee works on.
        None = "none",
        /// A request that has not started is taken out of the queue.
        Queued = "queued",
        /// A request in service is stopped too, and so is what it called.
        All = "all",
    }
}

words! {
    /// What becomes of branches that are no longer needed.
    LeftOver, "what is cancelled", {
        /// Nothing: they run on as wasted work.
        None = "none",
        /// They stop.
        All = "all",
    }
}

words! {
    /// How back-offs vary.
    Jitter, "a kind of jitter", {
        /// Not at all.
        None = "none",
        /// Evenly from 0 to the back-off.
        Full = "full",
        /// Evenly over its upper half.
        Equal = "equal",
        /// Evenly from the first back-off to three times the previous one.
        Decorrelated = "decorrelated",
        /// Evenly from 0 to the sum of all back-offs so far, as Envoy does.
        Envoy = "envoy",
    }
}

words! {
    /// Whose retry budget it is.
    Scope, "a scope", {
        /// Each calling replica has its own for each callee.
        Replica = "replica",
        /// The calling service has one for each callee.
        Service = "service",
        /// Each visit has its own.
        Visit = "visit",
    }
}

words! {
    /// Bad results of a call.
    ResultWord, "a result", {
        /// The callee answered badly.
        Error = "error",
        /// Full, shed or throttled.
        Rejected = "rejected",
        /// Nobody there.
        Refused = "refused",
        /// No answer in time.
        Timeout = "timeout",
    }
}

words! {
    /// Fallbacks without steps.
    FallbackWord, "a fallback", {
        /// Go on as if it were fine.
        Skip = "skip",
        /// Go on; the request ends degraded.
        Degraded = "degraded",
    }
}

words! {
    /// How a request ends well.
    Answer, "an answer", {
        /// Fully.
        Ok = "ok",
        /// Less than fully.
        Degraded = "degraded",
    }
}

words! {
    /// When most of an event's visits come.
    SpreadShape, "a shape", {
        /// Evenly.
        Even = "even",
        /// Most at the beginning.
        Front = "front",
        /// Most at the end.
        Back = "back",
    }
}

words! {
    /// What a line of a recording holds.
    ArrivalFormat, "a format", {
        /// An instant.
        Instants = "instants",
        /// How many came in an interval.
        Counts = "counts",
        /// A request, as web servers log it.
        Combined = "combined",
    }
}

words! {
    /// What a `slow` fault slows.
    SlowOf, "what is slowed", {
        /// What is left of running steps too.
        Running = "running",
        /// Only steps that start later.
        New = "new",
    }
}

words! {
    /// When hung workers come back.
    Frees, "when workers come back", {
        /// At the end of the fault.
        AtEnd = "at-end",
        /// When the replica restarts.
        AtRestart = "at-restart",
    }
}

words! {
    /// Retry policies of products, as they have them.
    RetryPreset, "a preset", {
        /// Envoy's default.
        Envoy = "envoy",
        /// Istio's default.
        Istio = "istio",
        /// Linkerd's.
        Linkerd = "linkerd",
        /// The AWS SDKs' standard mode.
        AwsStandard = "aws-standard",
        /// The SRE book's.
        Sre = "sre",
        /// Polly's.
        Polly = "polly",
        /// Resilience4j's.
        Resilience4j = "resilience4j",
        /// The AWS SDKs' adaptive mode.
        AwsAdaptive = "aws-adaptive",
        /// Hystrix's.
        Hystrix = "hystrix",
    }
}

words! {
    /// Meshes, as products have them.
    MeshPreset, "a preset", {
        /// Istio's default.
        Istio = "istio",
        /// Envoy's default.
        Envoy = "envoy",
        /// Linkerd's.
        Linkerd = "linkerd",
    }
}

words! {
    /// Pools of products.
    PoolPreset, "a preset", {
        /// HikariCP: 10 connections, wait 30 s.
        Hikari = "hikari",
    }
}

words! {
    /// How fast an error budget may burn, over which windows.
    BurnPreset, "a preset", {
        /// The SRE workbook's: 14.4 times over 1 h, 6 times over 6 h, once over 3 d, each also over a twelfth of it.
        Sre = "sre",
    }
}

words! {
    /// Whether a topic keeps messages in order.
    TopicOrder, "an order of messages", {
        /// Each partition is read in order, by one run of the handler at a time.
        Partition = "partition",
        /// Free workers compete for messages.
        None = "none",
    }
}

words! {
    /// What a sender waits for.
    Acks, "what is acknowledged", {
        /// The message is stored.
        All = "all",
        /// Nothing.
        None = "none",
    }
}

words! {
    /// When a message is done with.
    Commit, "when a message is done with", {
        /// When it was handled: a crash hands it out again.
        After = "after",
        /// When it is taken: a crash loses it.
        Before = "before",
    }
}
