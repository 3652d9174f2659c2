//! What a mistake hides: the parts of a file that could not be read, and the names that stand in them.
//!
//! A file is read to its end whatever is wrong with it, and its names are looked up in what could be
//! read. A service whose definition is malformed is not "unknown", and a pool with a misspelled `size`
//! is not "without a size": one mistake is reported once. Reading therefore notes each hole that it
//! leaves, and a later finding that says that something is *not there* names the thing or the place
//! where it would have stood ([`Diagnostic::absent`](super::Diagnostic::absent),
//! [`Diagnostic::lacking`](super::Diagnostic::lacking)); it is dropped if a hole explains it.

use std::collections::BTreeSet;

use crate::source::Span;

/// The holes that reading left.
#[derive(Clone, Debug, Default)]
pub(super) struct Hidden {
    places: BTreeSet<Span>,
    names: BTreeSet<Box<str>>,
    /// Values that stand in for malformed ones.
    stand_ins: BTreeSet<Span>,
    /// Some of what makes or answers calls is missing, so nobody knows who reaches whom.
    calls: bool,
    /// Anything may be missing anywhere: what holds for many things, or another file, was not read.
    everywhere: bool,
}

impl Hidden {
    pub(super) fn place(&mut self, at: Span) {
        self.places.insert(at);
    }

    pub(super) fn name(&mut self, name: &str) {
        // A longer word is no name, so nobody looks for it.
        if name.len() <= 64 && !self.names.contains(name) {
            self.names.insert(name.into());
        }
    }

    pub(super) fn stand_in(&mut self, at: Span) {
        self.stand_ins.insert(at);
    }

    /// Whether a text is read as something else than it says.
    pub(super) fn is_stand_in(&self, at: Span) -> bool {
        // Of those that start no later the last ones: stand-ins are not inside each other.
        let mut before = self.stand_ins.range(
            ..=Span {
                end: u32::MAX,
                ..at
            },
        );
        before.next_back().is_some_and(|place| place.contains(at))
    }

    pub(super) fn calls(&mut self) {
        self.calls = true;
    }

    pub(super) fn everywhere(&mut self) {
        self.everywhere = true;
    }

    pub(super) fn has_calls(&self) -> bool {
        self.everywhere || self.calls
    }

    pub(super) fn append(&mut self, other: Self) {
        self.places.extend(other.places);
        self.names.extend(other.names);
        self.stand_ins.extend(other.stand_ins);
        self.calls |= other.calls;
        self.everywhere |= other.everywhere;
    }

    pub(super) fn is_empty(&self) -> bool {
        !self.everywhere && !self.calls && self.places.is_empty() && self.names.is_empty()
    }

    pub(super) fn has_name(&self, name: &str) -> bool {
        self.everywhere || self.names.contains(name)
    }

    /// Whether a hole lies inside a place.
    pub(super) fn inside(&self, outer: Span) -> bool {
        let first = Span {
            end: outer.start,
            ..outer
        };
        let mut from = self.places.range(first..);
        self.everywhere
            || from.next().is_some_and(|hole| {
                outer.contains(Span {
                    end: hole.start,
                    ..*hole
                })
            })
    }
}
