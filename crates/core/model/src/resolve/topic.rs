//! Topics: where messages wait, who sends them, and who handles them.
//!
//! A handler is an endpoint of its service: its steps are resolved with those of the others. What is said here is how
//! messages come to it.

use std::collections::BTreeMap;

use super::Resolver;
use super::call::CallNote;
use super::directory::{Item, Written, find, id, service_key};
use super::facts::UNLIMITED;
use super::laws::Bare;
use super::step::Walk;
use crate::ast;
use crate::diagnostic::{Diagnostic, quoted};
use crate::form::Given;
use crate::scalar::{Name, Switch};
use crate::source::Span;
use crate::system::{
    Acks, CallPolicy, Caller, Cancel, Commit, Consumer, Deadline, Dist, EndpointId, Send, SendId,
    ServiceId, Topic, TopicId, TopicOrder,
};

const SECOND: u64 = 1_000_000_000;
const WEEK: u64 = 7 * 24 * 3_600 * SECOND;

impl<'a> Resolver<'a> {
    /// All topics.
    pub(super) fn topics(&mut self) {
        let directory = self.directory;
        for &topic in &directory.topics {
            self.enter(topic.defaults);
            let topic = self.topic(topic);
            self.system.topics.push(topic);
        }
    }

    fn topic(&mut self, item: Item<'a, ast::Topic>) -> Topic {
        let Item {
            name,
            value: written,
            at,
            ..
        } = item;
        let path = format!("topics.{name}");
        let order = match &written.order {
            Some(given) => match *self.say(&format!("{path}.order"), given) {
                ast::TopicOrder::Partition => TopicOrder::Partition,
                ast::TopicOrder::None => TopicOrder::None,
            },
            None => {
                let reason = "as Kafka does: a partition is read in order";
                self.assume(&format!("{path}.order"), "partition", reason, at);
                TopicOrder::Partition
            }
        };
        if order == TopicOrder::None {
            let only_ordered = [
                ("partitions", written.partitions.as_ref().map(|g| g.span)),
                ("key", written.key.as_ref().map(|g| g.span)),
                ("rebalance", written.rebalance.as_ref().map(|g| g.span)),
            ];
            for (key, span) in only_ordered {
                if let Some(span) = span {
                    let message = format!("a topic without order has no {}", quoted(key));
                    let error = Diagnostic::error(span, message);
                    self.found.push(error.hint(format!("remove `{key}`")));
                }
            }
        }
        let partitions = match &written.partitions {
            Some(given) => self.partitions(&path, given),
            None => {
                if order == TopicOrder::Partition {
                    let reason = "one stream unless the file says otherwise";
                    self.assume(&format!("{path}.partitions"), "1", reason, at);
                }
                1
            }
        };
        let key = written.key.as_ref().and_then(|given| {
            let keys = self.say(&format!("{path}.key"), given).clone();
            self.key_space(given.span, keys.as_str())
        });
        let keep_ns = match &written.keep {
            Some(given) => match self.wait(&format!("{path}.keep"), given) {
                Some(0) => {
                    self.error(given.span, "a topic that keeps nothing hands nothing over");
                    WEEK
                }
                Some(nanos) => nanos,
                None => u64::MAX,
            },
            None => {
                self.assume(&format!("{path}.keep"), "7d", "as Kafka does", at);
                WEEK
            }
        };
        let bound = match &written.bound {
            Some(given) => self.bound(&format!("{path}.bound"), given),
            None => {
                let reason = "a topic without a bound takes everything";
                self.assume(&format!("{path}.bound"), "unlimited", reason, at);
                UNLIMITED
            }
        };
        let ack = match &written.ack_takes {
            Some(given) => self.dist(&format!("{path}.ack-takes"), given, Bare::Constant),
            None => {
                let reason = "storing a message takes no time unless the file says otherwise";
                self.assume(&format!("{path}.ack-takes"), "0s", reason, at);
                Dist::Constant(0.0)
            }
        };
        let rebalance = match &written.rebalance {
            Some(given) => self.dist(&format!("{path}.rebalance"), given, Bare::Constant),
            None if order == TopicOrder::None => Dist::Constant(0.0),
            None => {
                self.assume(&format!("{path}.rebalance"), "20s", "our choice", at);
                Dist::Constant(20.0 * SECOND as f64)
            }
        };
        let outbox = written.at.as_ref().and_then(|given| {
            let service = self.say(&format!("{path}.at"), given).clone();
            self.service_named(given.span, service.as_str())
        });
        Topic {
            name: name.to_owned(),
            partitions,
            key,
            order,
            keep_ns,
            bound,
            ack,
            rebalance,
            at: outbox,
            owner: written.owner.as_ref().map(|given| given.value.to_string()),
            reached: false,
            place: self.place(at),
        }
    }

    fn partitions(
        &mut self,
        path: &str,
        given: &Given<crate::scalar::Uncertain<crate::scalar::Count>>,
    ) -> u32 {
        /// More than any broker holds for one topic.
        const MOST: u32 = 100_000;
        match self.small_count(&format!("{path}.partitions"), given) {
            0 => {
                self.error(given.span, "a topic has at least one partition");
                1
            }
            many if MOST < many => {
                let message = format!("{many} partitions are too many: at most {MOST}");
                self.error(given.span, message);
                1
            }
            count => count,
        }
    }

    /// A topic by its name.
    pub(super) fn topic_named(&mut self, at: Span, name: &str) -> Option<TopicId> {
        let found = find(&self.directory.topics, name);
        if found.is_none() {
            let names = self.names(self.directory.topics.iter().map(|topic| topic.name));
            let error = self.directory.unknown(at, name, "a topic", &names);
            self.found.push(error);
        }
        found.map(|at| TopicId(id(at)))
    }

    // ---- who handles ---------------------------------------------------------------------------

    /// How messages come to the handlers.
    pub(super) fn consumers(&mut self) {
        let directory = self.directory;
        let mut taken: BTreeMap<TopicId, (usize, Span)> = BTreeMap::new();
        for (position, endpoint) in directory.endpoints.iter().enumerate() {
            let Written::Handler(written, at) = endpoint.value else {
                continue;
            };
            let service = directory.services[endpoint.service];
            self.enter(service.defaults);
            let Some(topic) = self.topic_named(at, endpoint.name) else {
                continue;
            };
            if let Some((other, first)) = taken.insert(topic, (endpoint.service, at)) {
                let message = format!(
                    "{} is consumed by `{}` and by `{}`",
                    quoted(endpoint.name),
                    directory.services[other].name,
                    service.name
                );
                let error = Diagnostic::error(at, message).also(first, "first here");
                self.found
                    .push(error.hint("a topic has one consuming service: send to one for each"));
            }
            let consumer = self.consumer(
                (topic, at),
                (ServiceId(id(endpoint.service)), service.name),
                EndpointId(id(position)),
                written,
            );
            self.system.consumers.push(consumer);
        }
    }

    fn consumer(
        &mut self,
        (topic, at): (TopicId, Span),
        (service, service_name): (ServiceId, &str),
        endpoint: EndpointId,
        written: &'a ast::Consumes,
    ) -> Consumer {
        let name = self.directory.topics[topic.index()].name;
        let path = format!("services.{service_name}.consumes.{name}");
        let (batch, within_ns) = match &written.batch {
            Some(given) => {
                let batch = *self.say(&format!("{path}.batch"), given);
                let most = u32::try_from(batch.most.best().get()).unwrap_or(u32::MAX);
                if most == 0 {
                    self.error(given.span, "a batch has at least one message");
                }
                (most.max(1), batch.within.map_or(0, |w| w.best().nanos()))
            }
            None => {
                let reason = "a run handles one message unless the file says otherwise";
                self.assume(&format!("{path}.batch"), "1", reason, at);
                (1, 0)
            }
        };
        let rate = written.rate.as_ref().map(|given| {
            let rate = self.say(&format!("{path}.rate"), given).best().get();
            if rate == 0.0 {
                self.error(given.span, "at this rate nothing is ever handled");
            }
            rate
        });
        let retry = match &written.retry {
            Some(given) => self.retry(&format!("{path}.retry"), given),
            None => {
                let reason = "nothing is tried again unless the file says so";
                self.assume(&format!("{path}.retry"), "none", reason, at);
                None
            }
        };
        let then = written.then.as_ref().and_then(|given| {
            let next = self.say(&format!("{path}.then"), given).clone();
            let next = self.topic_named(given.span, next.as_str())?;
            if next == topic {
                self.error(
                    given.span,
                    "what cannot be handled cannot go back where it came from",
                );
                return None;
            }
            if let Some(outbox) = self.system.topics[next.index()].at
                && outbox != service
            {
                let message = format!(
                    "{} lies on the replicas of `{}`: `{service_name}` cannot put anything there",
                    quoted(self.directory.topics[next.index()].name),
                    self.directory.services[outbox.index()].name
                );
                self.error(given.span, message);
            }
            Some(next)
        });
        let commit = match &written.commit {
            Some(given) => match *self.say(&format!("{path}.commit"), given) {
                ast::Commit::After => Commit::After,
                ast::Commit::Before => Commit::Before,
            },
            None => {
                let reason = "at least once, as Kafka's consumers do";
                self.assume(&format!("{path}.commit"), "after", reason, at);
                Commit::After
            }
        };
        let only_if = written.only_if.as_ref().and_then(|given| {
            let name = self.say(&format!("{path}.if"), given).as_str();
            self.flag_named(given.span, name)
        });
        Consumer {
            topic,
            service,
            endpoint,
            batch,
            within_ns,
            rate,
            retry,
            then,
            commit,
            only_if,
            place: self.place(at),
        }
    }

    // ---- who sends -----------------------------------------------------------------------------

    /// Puts a send into the table of sends.
    pub(super) fn send(
        &mut self,
        step: &'a ast::Step,
        send: &'a ast::SendStep,
        address: &str,
        path: &str,
        walk: &mut Walk<'a>,
    ) -> Option<SendId> {
        let at = send.send.span;
        let name: &Name = self.say(&format!("{path}.send"), &send.send);
        let Some(topic) = self.topic_named(at, name.as_str()) else {
            self.found.hide(at);
            return None;
        };
        self.own_outbox(at, topic, walk);
        let acks = match &send.acks {
            Some(given) if *self.say(&format!("{path}.acks"), given) == ast::Acks::None => {
                Acks::None
            }
            Some(_) => Acks::All,
            None => {
                let reason = "a sender waits until its message is stored";
                self.assume(&format!("{path}.acks"), "all", reason, at);
                Acks::All
            }
        };
        let policy = self.send_policy(path, send, acks);
        let size_bytes = match &send.size {
            Some(given) => self.say(&format!("{path}.size"), given).best().get(),
            None => {
                let reason = "a message is small unless the file says otherwise";
                self.assume(&format!("{path}.size"), "2kB", reason, at);
                2_000
            }
        };
        let send_id = SendId(id(self.system.sends.len()));
        let place = self.place(at);
        self.sends.push(CallNote {
            owner: walk.owner.clone(),
            named: step.name.as_ref().map(|name| name.value.to_string()),
            address: address.to_owned(),
            at,
        });
        self.system.sends.push(Send {
            name: String::new(),
            caller: walk.caller,
            topic,
            acks,
            policy,
            fallback: None,
            size_bytes,
            place,
        });
        self.always_sent.push((send_id, walk.always));
        if let Some(written) = &send.fallback {
            let fallback = self.fallback_of(&format!("{path}.fallback"), written, address, walk);
            self.system.sends[send_id.index()].fallback = fallback;
        }
        Some(send_id)
    }

    /// An outbox lies on the replicas that send to it.
    fn own_outbox(&mut self, at: Span, topic: TopicId, walk: &Walk<'a>) {
        let Some(outbox) = self.system.topics[topic.index()].at else {
            return;
        };
        let sender = match walk.caller {
            Caller::Endpoint(endpoint) => Some(self.directory.endpoints[endpoint.index()].service),
            Caller::Client(_) | Caller::Start(_) => None,
        };
        if sender != Some(outbox.index()) {
            let message = format!(
                "{} lies on the replicas of `{}`: only its endpoints can send there",
                quoted(self.directory.topics[topic.index()].name),
                self.directory.services[outbox.index()].name
            );
            self.error(at, message);
        }
    }

    fn send_policy(&mut self, path: &str, send: &'a ast::SendStep, acks: Acks) -> CallPolicy {
        if acks == Acks::None {
            let in_vain = [
                ("timeout", send.timeout.as_ref().map(|given| given.span)),
                ("retry", send.retry.as_ref().map(|_| send.send.span)),
                ("fallback", send.fallback.as_ref().map(|_| send.send.span)),
            ];
            for (key, span) in in_vain {
                if let Some(span) = span {
                    let message = format!("who waits for nothing has no use for `{key}`");
                    let error = Diagnostic::error(span, message);
                    self.found
                        .push(error.hint(format!("remove `{key}`, or `acks: none`")));
                }
            }
        }
        let timeout_ns = match &send.timeout {
            Some(given) => match self.say(&format!("{path}.timeout"), given) {
                Switch::On(time) => Some(time.best().nanos()),
                Switch::None => None,
            },
            None => {
                let reason = "a send without a timeout waits for ever";
                self.assume(&format!("{path}.timeout"), "none", reason, send.send.span);
                None
            }
        };
        let retry = match &send.retry {
            Some(written) => self.retry(&format!("{path}.retry"), written),
            None => {
                let reason = "nothing is tried again unless the file says so";
                self.assume(&format!("{path}.retry"), "none", reason, send.send.span);
                None
            }
        };
        CallPolicy {
            timeout_ns,
            deadline: Deadline::Inherit,
            cancel: Cancel::None,
            retry,
            ..CallPolicy::default()
        }
    }

    /// Gives every send its name: `sender -> topic`, with what tells it from others of the same two.
    pub(super) fn name_sends(&mut self) {
        let topics = &self.directory.topics;
        let pair = |note: &CallNote, send: &Send| {
            format!("{} -> {}", note.owner, topics[send.topic.index()].name)
        };
        let named = |note: &CallNote, send: &Send| match &note.named {
            Some(name) => format!("{}#{name}", pair(note, send)),
            None => pair(note, send),
        };
        let rows = self.sends.iter().zip(&self.system.sends);
        let mut times: BTreeMap<String, u32> = BTreeMap::new();
        for (note, send) in rows {
            *times.entry(named(note, send)).or_insert(0) += 1;
        }
        for (note, send) in self.sends.iter().zip(&mut self.system.sends) {
            let name = named(note, send);
            send.name = if times[&name] == 1 {
                name
            } else {
                format!("{}#{}", pair(note, send), note.address)
            };
        }
    }

    // ---- who is reached ------------------------------------------------------------------------

    /// Handlers that are reached by now and were not before: somebody who is reached sends to their topic.
    pub(super) fn handlers_reached(&mut self) -> Vec<EndpointId> {
        let mut topics: Vec<TopicId> = Vec::new();
        for send in &self.system.sends {
            let sends = match send.caller {
                Caller::Client(_) => true,
                Caller::Endpoint(endpoint) => self.system.endpoints[endpoint.index()].reached,
                Caller::Start(_) => false,
            };
            if sends {
                topics.push(send.topic);
            }
        }
        let mut handlers = Vec::new();
        while let Some(topic) = topics.pop() {
            if std::mem::replace(&mut self.system.topics[topic.index()].reached, true) {
                continue;
            }
            for consumer in self.system.consumers.iter().filter(|c| c.topic == topic) {
                handlers.push(consumer.endpoint);
                topics.extend(consumer.then);
            }
        }
        handlers
    }

    /// Sends that every request of an endpoint makes, as links from it to the handler.
    pub(super) fn handled_always(&self) -> Vec<(EndpointId, EndpointId, Span)> {
        let mut links = Vec::new();
        for &(send_id, always) in &self.always_sent {
            let send = &self.system.sends[send_id.index()];
            let (Caller::Endpoint(from), super::step::Always::Yes) = (send.caller, always) else {
                continue;
            };
            let handler = self.system.consumers.iter().find(|c| c.topic == send.topic);
            if let Some(handler) = handler {
                let at = self.sends[send_id.index()].at;
                links.push((from, handler.endpoint, at));
            }
        }
        links
    }
}

/// The handlers of a service, as its file has them.
pub(super) fn handlers<'a>(
    service: Item<'a, ast::Service>,
) -> impl Iterator<Item = (&'a str, Span, &'a ast::Consumes)> {
    service_key(service, |service| service.consumes.as_ref())
        .into_iter()
        .flat_map(crate::form::Names::iter)
        .map(|entry| (&*entry.name, entry.at, &entry.value))
}
