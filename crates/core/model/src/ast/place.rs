//! Where things are and what they share: zones, links, key spaces, pools.

use super::{Bound, End, LinkCapacity, LinkQueue, Order, Per, PoolPreset, Text, Wait};
use crate::form::expand::Parts;
use crate::form::{
    Form, Given, Kind, Many, Names, Reader, ScalarForm, Shape, Short, Takes, record,
};
use crate::scalar::{self, Count, Dist, Duration, Name, Number, Ratio, Uncertain};
use crate::tree::Node;

record! {
    /// A place that fails as one.
    pub struct Zone = "a zone" {
        /// The region it lies in.
        note "region" region: Given<Text>,
    }
}

/// Zones by name; a list of names is short for zones of which nothing more is said.
#[derive(Clone, Debug, PartialEq)]
pub struct Zones(pub Names<Zone>);

impl Form for Zones {
    fn shape() -> Shape {
        Shape {
            kind: Kind::Names(Zone::shape),
            short: &[Short {
                takes: Takes::List(Given::<Name>::shape),
                expand: |node| {
                    let items = node.items()?;
                    let names = items
                        .iter()
                        .map(|item| Some((item.text()?, Node::map(item.span, Vec::new()))));
                    Some(Node::map(node.span, names.collect::<Option<_>>()?))
                },
            }],
        }
    }

    fn read(node: &Node, reader: &mut Reader<'_>) -> Option<Self> {
        if node.entries().is_none() {
            reader.wrong_kind(node, Self::shape());
            return None;
        }
        Names::read(node, reader).map(Self)
    }
}

record! {
    /// What messages cross in one direction; answers cross its twin of the same delay and its own capacity.
    pub struct Link = "a link" {
        /// Services, zones or clients that messages come from.
        opt "from" from: Many<Given<End>>,
        /// Services, zones or clients that they go to.
        opt "to" to: Many<Given<End>>,
        /// How long a message takes.
        opt "delay" delay: Given<Dist<Duration>>,
        /// How many messages, or bits, pass per second, one message at a time.
        opt "capacity" capacity: Given<LinkCapacity>,
        /// How many messages, or bytes, may wait for the capacity; what comes beyond is lost.
        opt "queue" queue: Given<LinkQueue>,
        /// The share of messages that are lost.
        opt "loss" loss: Given<Uncertain<Ratio>>,
    }
}

record! {
    /// Keys with their popularity; a visit draws one and carries it into every call.
    pub struct KeySpace = "a key space" {
        /// How many keys there are.
        req "count" count: Given<Uncertain<Count>>,
        /// The exponent of their popularity: 0 is even, 1 is usual.
        opt "zipf" zipf: Given<Uncertain<Number>>,
        /// How many of them are hotter than that.
        opt "hot" hot: Given<Count>,
        /// The share of requests that each of the hot keys has.
        opt "share" share: Given<Uncertain<Ratio>>,
    }
    short [
        Short { takes: Takes::Scalar(ScalarForm::of::<scalar::Keys>), expand: expand_keys }
    ]
}

/// `200k zipf 1.0 hot 3 at 0.4%`
fn expand_keys(node: &Node) -> Option<Node> {
    let mut parts = Parts::of(node)?;
    let mut entries = vec![("count", parts.until(&[" zipf ", " hot "]))];
    if parts.eat(" zipf ") {
        entries.push(("zipf", parts.until(&[" hot "])));
    }
    if parts.eat(" hot ") {
        entries.push(("hot", parts.until(&[" at "])));
        if parts.eat(" at ") {
            entries.push(("share", parts.until(&[])));
        }
    }
    Some(parts.map(entries))
}

record! {
    /// Permits, first come first served.
    pub struct Pool = "a pool" {
        /// A preset: `hikari` (10 permits, wait 30 s).
        opt "like" like: Given<PoolPreset>,
        /// How many permits there are.
        opt "size" size: Given<Bound>,
        /// How long a request waits for one; `unlimited` if not given, `none` not at all.
        opt "wait" wait: Given<Wait>,
        /// How many may wait; `unlimited` if not given.
        opt "queue" queue: Given<Bound>,
        /// Whether each replica has its own pool or all share one.
        opt "per" per: Given<Per>,
        /// One pool for each key of this key space.
        opt "keys" keys: Given<Name>,
        /// Who of those waiting goes first.
        opt "order" order: Given<Order>,
    }
}
