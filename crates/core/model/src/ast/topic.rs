//! Topics: messages that are handed over and handled later, and who handles them.

use super::{Acks, Batch, Bound, Commit, Fallback, Retry, Steps, Text, TopicOrder, Wait};
use crate::form::{Given, OrNone, record};
use crate::scalar::{Count, Dist, Duration, Name, Rate, Size, Switch, Uncertain};

record! {
    /// Where messages wait until somebody handles them.
    pub struct Topic = "a topic" {
        /// How many streams there are that are read in order; 1 if not given.
        turn "partitions" partitions: Given<Uncertain<Count>>,
        /// The key space whose key decides the partition; without it messages are spread evenly.
        opt "key" key: Given<Name>,
        /// `partition` reads each partition in order, `none` lets workers compete; `partition` if not given.
        opt "order" order: Given<TopicOrder>,
        /// A message that waits longer is dropped; 7 d if not given.
        turn "keep" keep: Given<Wait>,
        /// How many messages may lie in it, in each outbox of its own; `unlimited` if not given.
        turn "bound" bound: Given<Bound>,
        /// How long it takes to store a message; 0 s if not given.
        opt "ack-takes" ack_takes: Given<Dist<Duration>>,
        /// How long nothing is read after the consuming replicas have changed; 20 s if not given.
        opt "rebalance" rebalance: Given<Dist<Duration>>,
        /// An outbox: the messages lie on the replicas of this service, which send them.
        opt "at" at: Given<Name>,
        /// Who runs it.
        note "owner" owner: Given<Text>,
    }
}

record! {
    /// How a service handles the messages of a topic.
    pub struct Consumes = "a consumer" {
        /// What is done with a message, or once with a batch.
        req "do" steps: Steps,
        /// How many messages one run takes at most, and how long it waits for them: `200 within 500ms`.
        turn "batch" batch: Given<Batch>,
        /// How many messages per second the service takes at most.
        turn "rate" rate: Given<Uncertain<Rate>>,
        /// Whether and how a run that failed is repeated.
        turn "retry" retry: OrNone<Retry>,
        /// The topic where messages go after the last attempt; without it they are dropped.
        opt "then" then: Given<Name>,
        /// `after` the run, so that a crash hands the message out again, or `before` it; `after` if not given.
        turn "commit" commit: Given<Commit>,
        /// The flag that must be up: while it is down nothing is taken. What is in hand is finished.
        opt "if" only_if: Given<Name>,
    }
}

record! {
    /// Hands a message over to a topic.
    pub struct SendStep = "a `send` step" {
        /// The topic.
        req "send" send: Given<Name>,
        /// `all` waits until the message is stored, `none` goes on at once; `all` if not given.
        turn "acks" acks: Given<Acks>,
        /// How long one attempt may take; `none` waits for ever.
        turn "timeout" timeout: Given<Switch<Uncertain<Duration>>>,
        /// Whether and how it is tried again.
        turn "retry" retry: OrNone<Retry>,
        /// What is done when the last attempt failed.
        opt "fallback" fallback: OrNone<Fallback>,
        /// How long the message is; 2 kB if not given.
        opt "size" size: Given<Uncertain<Size>>,
    }
}
