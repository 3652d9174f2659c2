//! Topics: messages that are handed over and handled later.
//!
//! A topic has one consuming service. Its handler is an endpoint of that service like any other (`indexer.changes`): what
//! a run of it does, whom it calls and how it fails is said there; a [`Consumer`] says how messages come to it.

use super::{
    CallPolicy, Caller, Dist, EndpointId, Fallback, FlagId, KeySpaceId, Place, Retry, ServiceId,
    TopicId,
};

/// Where messages wait.
#[derive(Clone, Debug)]
pub struct Topic {
    /// Its name.
    pub name: String,
    /// Streams that are each read in order; 1 where there is no order.
    pub partitions: u32,
    /// Decides the partition; without it messages are spread evenly.
    pub key: Option<KeySpaceId>,
    /// Whether partitions are read in order.
    pub order: TopicOrder,
    /// A message that waits longer is dropped, ns; `u64::MAX` for ever.
    pub keep_ns: u64,
    /// Most messages that are not done with, in each outbox or in the broker; `u64::MAX` for unlimited.
    pub bound: u64,
    /// How long it takes to store a message, ns.
    pub ack: Dist,
    /// How long nothing is read after the consuming replicas have changed, ns.
    pub rebalance: Dist,
    /// An outbox on the replicas of this service; none is a broker.
    pub at: Option<ServiceId>,
    /// Whose it is.
    pub owner: Option<String>,
    /// Some client's visits lead to it.
    pub reached: bool,
    /// Where it stands.
    pub place: Place,
}

/// Whether a topic keeps messages in order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TopicOrder {
    /// Inside each partition, which one run of the handler reads at a time.
    Partition,
    /// Not at all: free workers compete for messages.
    None,
}

/// A service that handles the messages of a topic.
#[derive(Clone, Debug)]
pub struct Consumer {
    /// Of which topic.
    pub topic: TopicId,
    /// Who handles.
    pub service: ServiceId,
    /// The handler: an endpoint of that service.
    pub endpoint: EndpointId,
    /// Most messages of one run, at least 1.
    pub batch: u32,
    /// A batch that is not full waits until its first message has waited this long, ns.
    pub within_ns: u64,
    /// Most messages per second that the service takes.
    pub rate: Option<f64>,
    /// Whether and how a run that failed is repeated.
    pub retry: Option<Retry>,
    /// Where messages go after the last attempt; none drops them.
    pub then: Option<TopicId>,
    /// When a message is done with.
    pub commit: Commit,
    /// Nothing is taken while this flag is down.
    pub only_if: Option<FlagId>,
    /// Where it stands.
    pub place: Place,
}

/// When a consumer tells that a message is done with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Commit {
    /// After the run: a crash hands it out again (at least once).
    After,
    /// When it is taken: a crash loses it (at most once).
    Before,
}

/// A send step.
#[derive(Clone, Debug)]
pub struct Send {
    /// `api.update -> updates`, or with `#name`: names it in reports and keys its draws.
    pub name: String,
    /// Who sends.
    pub caller: Caller,
    /// Where to.
    pub topic: TopicId,
    /// Whether the sender waits until the message is stored.
    pub acks: Acks,
    /// Timeout and retries.
    pub policy: CallPolicy,
    /// After the last attempt failed.
    pub fallback: Option<Fallback>,
    /// Bytes per message.
    pub size_bytes: u64,
    /// Where it stands.
    pub place: Place,
}

/// What a sender waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Acks {
    /// Until the message is stored.
    All,
    /// Nothing: it never learns what became of the message.
    None,
}
