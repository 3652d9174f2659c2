//! Who answers: services, their replicas, queues, probes and endpoints.

use super::{
    Balance, Bound, CallPolicy, ColdStart, Consumes, ContentionOf, CoreOrder, Expired, Mesh, Order,
    Per, Placement, Pool, Rollout, Step, Steps, Text,
};
use crate::form::{Given, Names, OrNone, ScalarForm, Short, Takes, record};
use crate::scalar::{self, Count, Dist, Duration, Name, Ratio, Uncertain};
use crate::tree::Node;

record! {
    /// Who answers: equal replicas, each with workers, perhaps cores, and a queue.
    pub struct Service = "a service" {
        /// How many replicas there are; 1 if not given.
        turn "replicas" replicas: Given<Uncertain<Count>>,
        /// Requests in service at once per replica; `unlimited` is an event loop or cheap threads.
        turn "workers" workers: Given<Bound>,
        /// CPU per replica, shared equally by the jobs in `work`.
        turn "cores" cores: Cores,
        /// The waiting room for workers.
        turn "queue" queue: Queue,
        /// What is refused before the queue.
        turn "admission" admission: OrNone<Admission>,
        /// How callers choose a replica.
        turn "balance" balance: Balance,
        /// How a replica starts.
        opt "start" start: Start,
        /// How a replica stops.
        opt "stop" stop: Stop,
        /// How callers learn which replicas are ready.
        turn "probes" probes: Probes,
        /// How requests in service slow each other down.
        opt "contention" contention: OrNone<Contention>,
        /// Permits of this service.
        turn "pools" pools: Names<Pool>,
        /// Named lists of steps.
        opt "blocks" blocks: Names<Steps>,
        /// What it does for each kind of request.
        opt "endpoints" endpoints: Names<Endpoint>,
        /// What it does with the messages of topics.
        opt "consumes" consumes: Names<Consumes>,
        /// The policy of its calls.
        turn "calls" calls: CallPolicy,
        /// The policy of the mesh around calls to it.
        turn "mesh" mesh: OrNone<Mesh>,
        /// How a new version comes.
        opt "rollout" rollout: Rollout,
        /// The zone of all its replicas.
        opt "zone" zone: Given<Name>,
        /// `zones` deals replicas 0, 1, 2 ... to the zones in name order.
        opt "spread" spread: Given<Placement>,
        /// Who runs it.
        note "owner" owner: Given<Text>,
        /// What telemetry calls it.
        note "known-as" known_as: Vec<Given<Text>>,
    }
    later {
        "runs-on" = "nodes",
        "shards" = "shards",
        "shard-by" = "shards",
        "roles" = "roles",
        "failover" = "roles",
        "follows" = "roles",
        "elect" = "shards",
        "scale" = "scalers",
        "platform" = "platform presets",
    }
}

record! {
    /// CPU of a replica.
    pub struct Cores = "`cores`" {
        /// What it is promised.
        req "request" request: Given<Uncertain<scalar::Cores>>,
        /// What it may use at most; as much as it is promised if not given.
        opt "limit" limit: Given<Uncertain<scalar::Cores>>,
        /// `shared` equally, or `fifo`: one job per core to its end.
        opt "order" order: Given<CoreOrder>,
    }
    short [
        Short {
            takes: Takes::Scalar(ScalarForm::of::<Uncertain<scalar::Cores>>),
            expand: |node| Some(Node::map(node.span, vec![("request", node.clone())])),
        }
    ]
}

record! {
    /// A waiting room.
    pub struct Queue = "a queue" {
        /// How many may wait; those in service do not count. `unlimited` if not given.
        opt "bound" bound: Given<Bound>,
        /// Who of those waiting is next; `fifo` if not given.
        opt "order" order: Given<Order>,
        /// One line for each replica, or one for the service.
        opt "per" per: Given<Per>,
        /// Whether a request that nobody waits for any more is handed to a worker.
        opt "expired" expired: Given<Expired>,
        /// The longest wait; then the request is `rejected`.
        opt "timeout" timeout: Given<Uncertain<Duration>>,
    }
    short [
        Short {
            takes: Takes::Scalar(ScalarForm::of::<Bound>),
            expand: |node| Some(Node::map(node.span, vec![("bound", node.clone())])),
        }
    ]
}

record! {
    /// What is refused before the queue, at no cost.
    pub struct Admission = "`admission`" {
        /// A token bucket for the whole service: `200/s burst 400`.
        opt "rate" rate: Given<scalar::Admission>,
        /// At most so many inside each replica, waiting and in service together.
        opt "concurrency" concurrency: Given<Uncertain<Count>>,
    }
    later {
        "queue-wait" = "admission by queue wait",
        "drop" = "admission by queue wait",
        "like" = "admission presets",
    }
}

record! {
    /// How a replica starts.
    pub struct Start = "`start`" {
        /// How long until it is ready; 30 s if not given.
        opt "time" time: Given<Dist<Duration>>,
        /// How slow it is at first: `25% for 2m`.
        opt "cold" cold: Given<ColdStart>,
        /// Steps that must succeed first; they are repeated every 10 s.
        opt "do" steps: Steps,
        /// How long until it is ready after these steps.
        opt "then" then: Given<Dist<Duration>>,
    }
    apart [["time", "then"]]
    short [
        Short {
            takes: Takes::Scalar(ScalarForm::of::<Dist<Duration>>),
            expand: |node| Some(Node::map(node.span, vec![("time", node.clone())])),
        }
    ]
}

record! {
    /// How a replica stops.
    pub struct Stop = "`stop`" {
        /// How long it may finish what it has; 30 s if not given.
        opt "grace" grace: Given<Uncertain<Duration>>,
        /// How long it still takes new work; 0 s if not given.
        opt "unready" unready: Given<Uncertain<Duration>>,
    }
}

record! {
    /// How callers learn what is up.
    pub struct Probes = "`probes`" {
        /// Takes a replica out of the callers' choice.
        opt "ready" ready: Ready,
    }
    later { "live" = "live probes" }
}

record! {
    /// A probe.
    pub struct Ready = "a probe" {
        /// The endpoint that is asked, a request like any other; without one, only a dead replica fails.
        opt "calls" calls: Given<Name>,
        /// How often; 10 s if not given.
        opt "every" every: Given<Uncertain<Duration>>,
        /// How long the answer may take; 1 s if not given.
        opt "timeout" timeout: Given<Uncertain<Duration>>,
        /// How many failures in a row count; 3 if not given.
        opt "failures" failures: Given<Uncertain<Count>>,
    }
}

record! {
    /// How requests in service slow each other down: work times 1 + serial (n - 1) + crosstalk n (n - 1).
    pub struct Contention = "`contention`" {
        /// What each further request adds.
        opt "serial" serial: Given<Uncertain<Ratio>>,
        /// What each pair adds.
        opt "crosstalk" crosstalk: Given<Uncertain<Ratio>>,
        /// What is counted.
        opt "of" of: Given<ContentionOf>,
    }
}

record! {
    /// What a service does for one kind of request.
    pub struct Endpoint = "an endpoint" {
        /// The steps.
        req "do" steps: Steps,
        /// What is refused before the queue.
        turn "admission" admission: OrNone<Admission>,
        /// The share of requests that end in `error` after the steps.
        opt "fails" fails: Given<Uncertain<Ratio>>,
        /// The policy of its calls.
        turn "calls" calls: CallPolicy,
        /// What telemetry calls it.
        note "known-as" known_as: Vec<Given<Text>>,
    }
    later {
        "at" = "requests to all shards or replicas",
        "need" = "requests to all shards or replicas",
        "leader" = "roles",
    }
    short [
        Short {
            takes: Takes::Scalar(ScalarForm::of::<Dist<Duration>>),
            expand: |node| {
                let step = Node::map(node.span, vec![("work", node.clone())]);
                Some(Node::map(node.span, vec![("do", Node::list(node.span, vec![step]))]))
            },
        },
        Short {
            takes: Takes::List(Step::shape),
            expand: |node| Some(Node::map(node.span, vec![("do", node.clone())])),
        }
    ]
}
