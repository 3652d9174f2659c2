//! Who asks: clients, and how their visits come.

use super::{
    ArrivalFormat, Arrivals, CallPolicy, Cancel, During, OpenPattern, Retry, SpreadShape, Steps,
    Text, Until,
};
use crate::form::expand::Parts;
use crate::form::{Given, Many, OrNone, ScalarForm, Short, Takes, choice, record};
use crate::scalar::{
    Count, Date, Dist, Duration, Factor, Money, Name, Patience, Peak, Rate, Switch, Uncertain, When,
};
use crate::tree::Node;

record! {
    /// Who asks: visits that come by themselves, or users who wait for their answers.
    pub struct Client = "a client" {
        /// How visits come.
        pick _ load: Load,
        /// What a visit does, step by step.
        req "do" steps: Steps,
        /// How long the user waits for one answer, all attempts of that call included; then the visit is abandoned.
        opt "patience" patience: Given<Patience>,
        /// What happens to the callee's work when the user gives up.
        opt "cancel" cancel: Given<Cancel>,
        /// The user presses again: the whole visit is repeated.
        opt "retry" retry: OrNone<Retry>,
        /// What a visit is worth.
        opt "value" value: Given<Dist<Money>>,
        /// The class of its requests, one of `priorities`.
        opt "priority" priority: Given<Name>,
        /// The policy of its calls.
        turn "calls" calls: CallPolicy,
        /// Visits come only during an event: `during sale`.
        opt "active" active: Given<During>,
        /// What telemetry calls it.
        note "known-as" known_as: Vec<Given<Text>>,
    }
}

choice! {
    /// How visits come.
    pub enum Load = "a client" {
        /// By themselves, whatever the answers are.
        "arrive" Open(Box<Open>),
        /// From users who wait for their answers.
        "population" Closed(Closed),
    }
}

record! {
    /// Visits that come by themselves.
    pub struct Open = "a client" {
        /// When visits come: a rate, a curve over the day, with an event, or as recorded.
        req "arrive" arrive: Arrive,
    }
}

record! {
    /// Users who wait for their answers.
    pub struct Closed = "a client" {
        /// How many users there are.
        req "population" population: Given<Uncertain<Count>>,
        /// How long a user thinks between two visits.
        req "think" think: Given<Dist<Duration>>,
    }
}

record! {
    /// When visits come.
    pub struct Arrive = "`arrive`" {
        /// In which way.
        pick _ way: ArriveWay,
    }
    short [
        Short { takes: Takes::Scalar(ScalarForm::of::<Arrivals>), expand: expand_arrive }
    ]
}

/// `4/min batch 300`
fn expand_arrive(node: &Node) -> Option<Node> {
    let mut parts = Parts::of(node)?;
    let mut entries = vec![("base", parts.until(&[" batch "]))];
    if parts.eat(" batch ") {
        entries.push(("batch", parts.until(&[])));
    }
    Some(parts.map(entries))
}

choice! {
    /// The ways in which visits come.
    pub enum ArriveWay = "`arrive`" {
        /// So many with each occurrence of an event.
        "visits" Visits(Visits),
        /// A stream during an event.
        "rate" Stream(Stream),
        /// As recorded.
        "file" Recorded(Recorded),
        /// A rate that follows the day.
        "base" Curve(Box<Curve>),
    }
}

record! {
    /// A rate that follows the day.
    pub struct Curve = "`arrive`" {
        /// The rate far from all peaks; `none` is 0.
        req "base" base: Given<Switch<Uncertain<Rate>>>,
        /// Bells on top of it: `180/h at 08:30 width 90m`, the height of a lone peak and its width at half height.
        opt "peaks" peaks: Vec<Given<Peak>>,
        /// When visits come at all.
        opt "open" open: Many<Given<When>>,
        /// Factors of weekdays.
        opt "days" days: Days,
        /// How gaps between arrivals vary: `poisson`, `even` or `cv 2`.
        opt "pattern" pattern: Given<OpenPattern>,
        /// How many visits come in the same instant.
        opt "batch" batch: Given<Uncertain<Count>>,
    }
}

record! {
    /// Factors of weekdays; `none` is 0.
    pub struct Days = "`days`" {
        /// Mondays.
        opt "monday" monday: Given<Switch<Uncertain<Factor>>>,
        /// Tuesdays.
        opt "tuesday" tuesday: Given<Switch<Uncertain<Factor>>>,
        /// Wednesdays.
        opt "wednesday" wednesday: Given<Switch<Uncertain<Factor>>>,
        /// Thursdays.
        opt "thursday" thursday: Given<Switch<Uncertain<Factor>>>,
        /// Fridays.
        opt "friday" friday: Given<Switch<Uncertain<Factor>>>,
        /// Saturdays.
        opt "saturday" saturday: Given<Switch<Uncertain<Factor>>>,
        /// Sundays.
        opt "sunday" sunday: Given<Switch<Uncertain<Factor>>>,
    }
}

record! {
    /// So many visits with each occurrence of an event.
    pub struct Visits = "`arrive`" {
        /// The event.
        req "with" with: Given<Name>,
        /// How many visits each occurrence brings.
        req "visits" visits: Given<Dist<Count>>,
        /// How long they are spread over.
        req "over" over: Given<Uncertain<Duration>>,
        /// They end so long before the event: `6m before`. If not given they start with it.
        opt "until" until: Given<Until>,
        /// When most of them come.
        opt "shape" shape: Given<SpreadShape>,
    }
}

record! {
    /// A stream of visits during an event.
    pub struct Stream = "`arrive`" {
        /// The event.
        req "with" with: Given<Name>,
        /// How many visits come.
        req "rate" rate: Given<Uncertain<Rate>>,
        /// For how long, from the start of the event; as long as the event if not given.
        opt "over" over: Given<Uncertain<Duration>>,
    }
}

record! {
    /// Recorded visits.
    pub struct Recorded = "`arrive`" {
        /// The recording, relative to this file.
        req "file" file: Given<Text>,
        /// What a line of it holds.
        req "format" format: Given<ArrivalFormat>,
        /// The column of a table that holds the time stamps or counts, by its head.
        opt "column" column: Given<Text>,
        /// The interval of counts.
        opt "per" per: Given<Duration>,
        /// The day on which the recording starts, in place of its own.
        opt "at" at: Given<Date>,
    }
}
