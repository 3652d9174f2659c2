//! Reading typed constructs from a tree, with all mistakes in one go.
//!
//! A construct that is wrong gives `None` and a finding; what stands around it is read on. The
//! caller only builds on the result if nothing was found.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::fmt::Write as _;

use super::expand::expand;
use super::synonyms::synonym;
use super::{
    Addressed, Choice, Fields, Form, Given, Kind, Many, Member, Named, Names, OrNone, Origin,
    Partial, Partly, Record, ScalarForm, Shape, Short, Takes,
};
use crate::diagnostic::{Diagnostic, Diagnostics, nearest, one_of, quoted};
use crate::scalar::{Name, Problem, Reference, Scalar, ScalarError, source};
use crate::source::Span;
use crate::tree::{Entry, Node, Value, hide_names, is_ignored};

/// No construct has nearly as many keys; a map with more is not even searched.
pub(super) const KEYS_MAX: usize = 500;

/// Something that is in the language and not built yet, found in a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NotYet {
    /// What is missing.
    pub mechanism: &'static str,
    /// The key or value that needs it.
    pub at: Span,
    /// The path of the key, for people.
    pub path: String,
}

/// What a reading finds and where it stands.
pub struct Reader<'a> {
    found: &'a mut Diagnostics,
    not_yet: Vec<NotYet>,
    origin: Origin,
    path: Vec<(Cow<'static, str>, Span)>,
    /// The nodes that were no good, an outer one behind the inner ones that it holds.
    lost: Vec<Span>,
    /// The malformed values that an example stands in for.
    stand_ins: Vec<Span>,
}

impl<'a> Reader<'a> {
    /// A reading that adds its findings to `found`.
    pub fn new(found: &'a mut Diagnostics) -> Self {
        Self {
            found,
            not_yet: Vec::new(),
            origin: Origin::Stated,
            path: Vec::new(),
            lost: Vec::new(),
            stand_ins: Vec::new(),
        }
    }

    /// What was met that is not built yet, in the order of the file. The holes of the reading, in `tree`, become what
    /// its mistakes hide.
    #[must_use]
    pub fn into_not_yet(mut self, tree: &Node) -> Vec<NotYet> {
        if !self.lost.is_empty() {
            hide_lost(tree, &self.lost.into_iter().collect(), "", self.found);
        }
        for at in self.stand_ins {
            self.found.stand_in(at);
        }
        self.not_yet.sort_by_key(|missing| missing.at);
        self.not_yet
    }

    /// Adds a finding.
    pub fn push(&mut self, diagnostic: Diagnostic) {
        self.found.push(diagnostic);
    }

    /// Notes that `mechanism` is needed at `at`.
    pub fn push_not_yet(&mut self, mechanism: &'static str, at: Span) {
        let path = self.path();
        self.not_yet.push(NotYet {
            mechanism,
            at,
            path,
        });
    }

    /// The dotted path of what is being read.
    fn path(&self) -> String {
        let mut out = String::new();
        for (key, _) in self.path.iter().filter(|(key, _)| !key.is_empty()) {
            let dot = if out.is_empty() { "" } else { "." };
            let _ = write!(out, "{dot}{key}");
        }
        out
    }

    /// What is being read, in back-ticks: its last few keys.
    fn here(&self) -> String {
        let named: Vec<&str> = self
            .path
            .iter()
            .map(|(key, _)| &**key)
            .filter(|key| !key.is_empty())
            .collect();
        let last = &named[named.len().saturating_sub(3)..];
        if last.is_empty() {
            "the file".to_owned()
        } else {
            quoted(&last.join("."))
        }
    }

    /// The key (or list item) that is being read.
    fn at(&self, node: &Node) -> Span {
        self.path.last().map_or(node.span, |(_, at)| *at)
    }

    /// Reads a node below a key; what it cannot be read as is lost.
    fn below<T: Form>(&mut self, key: Cow<'static, str>, at: Span, node: &Node) -> Option<T> {
        self.path.push((key, at));
        let value = T::read(node, self);
        self.path.pop();
        if value.is_none() {
            self.lost.push(node.span);
        }
        value
    }

    /// Says that a node is of the wrong kind.
    pub fn wrong_kind(&mut self, node: &Node, shape: Shape) {
        let message = format!("{} is {}", self.here(), node.kind());
        let error = Diagnostic::error(node.span, message).expected(wanted(shape));
        let short = shape.short.iter();
        let lists = short
            .clone()
            .any(|short| matches!(short.takes, Takes::List(_)))
            || matches!(shape.kind, Kind::List(_));
        self.push(match (&node.value, shape.kind) {
            (Value::Scalar(scalar), _) if lists && scalar.text.len() < 60 => {
                error.hint(format!("`[{}]`?", scalar.text))
            }
            (Value::List(items), Kind::Names(_) | Kind::Addresses(_) | Kind::Record(_))
                if items.iter().any(|item| item.entries().is_some()) =>
            {
                error.hint("a map has neither dashes nor `[ ]`: `name: value`")
            }
            _ => error,
        });
    }

    /// Says what is wrong with the text of `node`, the error standing at byte `offset` of it.
    pub fn scalar_error(&mut self, node: &Node, error: ScalarError) {
        let text = node.text().unwrap_or_default();
        let mut end = error.at.end.min(text.len());
        if error.at.start >= end {
            // Something is missing: point at the blank behind the last letter.
            end = text.len();
        }
        let start = error.at.start.min(end);
        let start = start + blanks_at(text.get(start..end).unwrap_or_default());
        let at = if start == end {
            node.span
        } else {
            node.part(start, end)
        };
        let key = self
            .path
            .last()
            .map(|(key, _)| key.clone())
            .filter(|key| !key.is_empty());
        let place = key
            .map(|key| format!("{}: ", quoted(&key)))
            .unwrap_or_default();
        let diagnostic = match error.problem {
            Problem::Form => {
                let wrong = if start == end {
                    text
                } else {
                    &text[start..end]
                };
                let message = if wrong == text {
                    format!("{place}{} is not {}", quoted(text), error.expected)
                } else {
                    format!(
                        "{place}{} in {} is not {}",
                        quoted(wrong),
                        quoted(text),
                        error.expected
                    )
                };
                Diagnostic::error(at, message)
            }
            Problem::Value(reason) => {
                Diagnostic::error(at, format!("{place}{}: {reason}", quoted(text)))
            }
        };
        self.push(match error.hint {
            Some(hint) => diagnostic.hint(hint),
            None => diagnostic,
        });
    }

    /// Reads a map with known keys.
    pub fn record<T: Fields + Form>(&mut self, node: &Node) -> Option<T> {
        let Value::Map(entries) = &node.value else {
            self.not_long(node, T::shape());
            return None;
        };
        if entries.len() > KEYS_MAX {
            let message = format!(
                "{} has {} keys; nothing has so many",
                self.here(),
                entries.len()
            );
            self.push(Diagnostic::error(self.at(node), message));
            return None;
        }
        let mut map = MapReader {
            node,
            entries,
            used: vec![false; entries.len()],
            known: Vec::new(),
        };
        let outer = self.origin.clone();
        map.source(self);
        let value = T::take(&mut map, self);
        map.finish(T::RECORD, self);
        self.origin = outer;
        value
    }

    /// Reports a node that is not in long form: a short form that says nothing, or the wrong kind.
    fn not_long(&mut self, node: &Node, shape: Shape) {
        let text = node.text();
        let form = shape.short.iter().find_map(|short| match short.takes {
            Takes::Scalar(form) => Some(form()),
            Takes::List(_) | Takes::Map(_) => None,
        });
        match (text, form) {
            (Some(text), Some(form)) => {
                match source::split(text).and_then(|(value, _)| (form.check)(value)) {
                    Err(error) => self.scalar_error(node, error),
                    Ok(()) => self.wrong_kind(node, shape),
                }
            }
            _ => self.wrong_kind(node, shape),
        }
    }

    /// Reads the items of a list of a shape.
    pub(crate) fn list<T: Form>(&mut self, node: &Node, shape: Shape) -> Option<Vec<T>> {
        let Value::List(items) = &node.value else {
            self.not_long(node, shape);
            return None;
        };
        let good = items
            .iter()
            .filter_map(|item| self.below(Cow::Borrowed(""), item.span, item));
        Some(good.collect())
    }
}

/// What stands in these sections makes and answers no calls.
const ASIDE: [&str; 20] = [
    "timezone",
    "as-of",
    "zones",
    "links",
    "keys",
    "pools",
    "priorities",
    "faults",
    "events",
    "promises",
    "sources",
    "suppress",
    "flags",
    "growth",
    "alerts",
    "operators",
    "costs",
    "changes",
    "plan",
    "nodes",
];

/// Notes what is hidden by the nodes of a tree that were lost, and says whether there are any. What holds for many
/// things may concern everything; what an edit has put somewhere hides the place around it.
fn hide_lost(node: &Node, lost: &BTreeSet<Span>, section: &str, found: &mut Diagnostics) -> bool {
    let hide = |at: Span, found: &mut Diagnostics| {
        if ASIDE.contains(&section) {
            found.hide_aside(at);
        } else {
            found.hide(at);
        }
    };
    if lost.contains(&node.span) {
        let names = matches!(section, "zones" | "priorities" | "flags") && node.text().is_some();
        if names || matches!(section, "defaults" | "policies") {
            found.hide_everything();
        }
        hide(node.span, found);
        hide_names(node, found);
        return true;
    }
    let mut below = |inner: &Node, section: &str| {
        let any = hide_lost(inner, lost, section, found);
        if any && !node.span.contains(inner.span) {
            hide(node.span, found);
        }
        any
    };
    match &node.value {
        Value::Scalar(_) => false,
        // Every child is looked at, not only the first that has lost something.
        Value::List(items) => items.iter().filter(|item| below(item, section)).count() > 0,
        Value::Map(entries) => {
            let lost = entries.iter().filter(|Entry { key, value }| {
                let section = if section.is_empty() {
                    &key.text
                } else {
                    section
                };
                below(value, section)
            });
            lost.count() > 0
        }
    }
}

/// What stands in for a value that must be there and is malformed, so that what is around it can be read on: the
/// example of its kind. Nothing is said about it.
fn stand_in<T: Form>(at: Span, reader: &mut Reader<'_>) -> Option<T> {
    let shape = T::shape();
    let short = shape.short.iter().find_map(|short| match short.takes {
        Takes::Scalar(form) => Some(form()),
        Takes::List(_) | Takes::Map(_) => None,
    });
    let form = match shape.kind {
        Kind::Scalar(form) | Kind::Word(form, _) => form(),
        _ => short?,
    };
    let mut node = Node::scalar((form.example)(), at);
    expand(&mut node, shape);
    let value = T::read(&node, &mut Reader::new(&mut Diagnostics::new()))?;
    reader.stand_ins.push(at);
    Some(value)
}

/// How many bytes of blanks a text starts with, if anything follows them.
fn blanks_at(text: &str) -> usize {
    let rest = text.trim_start();
    if rest.is_empty() {
        0
    } else {
        text.len() - rest.len()
    }
}

/// What would have been right, in words.
fn wanted(shape: Shape) -> String {
    let mut words: Vec<String> = shape
        .short
        .iter()
        .filter_map(|short| match short.takes {
            Takes::Scalar(form) => Some((form().about)()),
            Takes::List(_) => Some("a list".to_owned()),
            Takes::Map(_) => None,
        })
        .collect();
    match shape.kind {
        Kind::Scalar(form) => words.push((form().about)()),
        Kind::Record(record) => words.push(format!("a map with {}", one_of(keys_of(record), 8))),
        Kind::List(_) => words.push("a list".to_owned()),
        Kind::Names(_) => words.push("a map from names".to_owned()),
        Kind::Addresses(_) => words.push("a map from addresses".to_owned()),
        Kind::Word(form, inner) => {
            words.push((form().about)());
            words.push(wanted(inner()));
        }
        Kind::Edits => words.push("a map from addresses to what is different there".to_owned()),
    }
    words.join(", or ")
}

fn keys_of(record: &'static Record) -> Vec<&'static str> {
    let mut keys = Vec::new();
    for member in record.members {
        match member {
            Member::Key(field) => keys.push(field.key),
            Member::Flat(record) => keys.extend(keys_of(record)),
            Member::Pick(choice) => keys.extend(choice.verbs()),
        }
    }
    keys
}

/// A map whose keys are being taken.
pub struct MapReader<'n> {
    node: &'n Node,
    entries: &'n [Entry],
    used: Vec<bool>,
    known: Vec<&'static str>,
}

impl MapReader<'_> {
    /// Where the map stands.
    #[must_use]
    pub fn span(&self) -> Span {
        self.node.span
    }

    fn find(&mut self, key: &'static str) -> Option<usize> {
        self.known.push(key);
        let at = self
            .entries
            .iter()
            .position(|entry| &*entry.key.text == key)?;
        self.used[at] = true;
        Some(at)
    }

    /// Takes a key that may be left out.
    pub fn optional<T: Form>(&mut self, key: &'static str, reader: &mut Reader<'_>) -> Option<T> {
        let at = self.find(key)?;
        let entry = &self.entries[at];
        reader.below(Cow::Borrowed(key), entry.key.span, &entry.value)
    }

    /// Takes a key that must be there.
    pub fn required<T: Form>(&mut self, key: &'static str, reader: &mut Reader<'_>) -> Option<T> {
        if let Some(entry) = self.entries.iter().find(|entry| &*entry.key.text == key) {
            let at = entry.value.span;
            return self.optional(key, reader).or_else(|| stand_in(at, reader));
        }
        self.known.push(key);
        // A key that is misspelled is reported as such.
        let typo = self.entries.iter().enumerate().any(|(at, entry)| {
            let other = &*entry.key.text;
            let meant = nearest(other, [key]).or_else(|| synonym(other, &[key]));
            !self.used[at] && meant.is_some()
        });
        if !typo {
            let error = Diagnostic::error(
                reader.at(self.node),
                format!("{} has no `{key}`", reader.here()),
            );
            let error = error.expected(format!("{key}: {}", wanted(T::shape())));
            reader.push(error.lacking(self.node.span));
        }
        None
    }

    /// Finds out which alternative the map holds, and refuses a second one.
    pub fn decide(
        &mut self,
        choice: &'static Choice,
        reader: &mut Reader<'_>,
    ) -> Option<&'static str> {
        let present = |key: &str| {
            self.entries
                .iter()
                .position(|entry| &*entry.key.text == key)
        };
        let later = choice
            .later
            .iter()
            .find_map(|later| Some((later, present(later.key)?)));
        let Some((key, record)) = choice.decided(self.node) else {
            if let Some((later, at)) = later {
                reader.push_not_yet(later.mechanism, self.entries[at].key.span);
            } else {
                self.undecided(choice, reader);
            }
            self.used.fill(true);
            return None;
        };
        let first = present(key)?;
        let others = choice
            .verbs()
            .filter(|&other| other != key && record.field(other, self.node).is_none());
        for at in others.filter_map(present) {
            let (other, first) = (&self.entries[at].key, &self.entries[first].key);
            let message = format!(
                "`{}` and `{key}` exclude each other: {} has exactly one",
                other.text, choice.name
            );
            reader.push(Diagnostic::error(other.span, message).also(first.span, "the other one"));
            self.used[at] = true;
        }
        Some(key)
    }

    fn undecided(&self, choice: &'static Choice, reader: &mut Reader<'_>) {
        let built = || choice.variants.iter().map(|(verb, _)| *verb);
        let guess = self.entries.iter().enumerate().find_map(|(at, entry)| {
            let key = &entry.key.text;
            let near = nearest(key, built())
                .or_else(|| nearest(key, choice.verbs()))
                .or_else(|| synonym(key, &built().collect::<Vec<_>>()))?;
            (!self.used[at]).then_some((entry.key.span, &entry.key.text, near))
        });
        let diagnostic = match guess {
            Some((at, key, near)) => {
                let message = format!("{} is not what {} can have", quoted(key), choice.name);
                Diagnostic::error(at, message).did_you_mean(Some(near))
            }
            None => Diagnostic::error(
                self.node.span,
                format!("{} must say which kind it is", choice.name),
            ),
        };
        let expected = format!("one of {}", one_of(choice.verbs(), 16));
        reader.push(diagnostic.expected(expected).lacking(self.node.span));
    }

    /// Takes `source:`, which speaks for everything below.
    fn source(&mut self, reader: &mut Reader<'_>) {
        let Some(at) = self.find("source") else {
            return;
        };
        let node = &self.entries[at].value;
        match node.text().map(source::Source::parse) {
            Some(Ok(source)) => reader.origin = source.into(),
            Some(Err(error)) => reader.scalar_error(node, error),
            None => {
                let message = format!("`source` is {}", node.kind());
                reader.push(
                    Diagnostic::error(node.span, message)
                        .expected("an entry of `sources`, or a file"),
                );
            }
        }
    }

    /// Reports what nobody took.
    fn finish(mut self, record: &'static Record, reader: &mut Reader<'_>) {
        for group in record.apart {
            let mut there = group.iter().filter_map(|key| self.node.entry(key));
            if let Some(first) = there.next() {
                for other in there {
                    let message = format!(
                        "`{}` and `{}` exclude each other",
                        first.key.text, other.key.text
                    );
                    reader.push(
                        Diagnostic::error(other.key.span, message)
                            .also(first.key.span, "the other one"),
                    );
                }
            }
        }
        self.known.sort_unstable();
        self.known.dedup();
        for (entry, used) in self.entries.iter().zip(&self.used) {
            let key = &*entry.key.text;
            if *used || is_ignored(key) {
                continue;
            }
            reader.lost.push(entry.value.span);
            if let Some(later) = record.later(key, self.node) {
                let key = Cow::Borrowed(later.key);
                reader.path.push((key, entry.key.span));
                reader.push_not_yet(later.mechanism, entry.key.span);
                reader.path.pop();
                continue;
            }
            let message = format!("{} is not a key of {}", quoted(key), record.name);
            let error = Diagnostic::error(entry.key.span, message);
            let near = nearest(key, self.known.iter().copied());
            let near = near.or_else(|| synonym(key, &self.known));
            reader.push(match near {
                Some(near) => error.did_you_mean(Some(near)),
                None => error.expected(one_of(self.known.iter().copied(), 24)),
            });
        }
    }
}

impl<T: Scalar> Form for Given<T> {
    fn shape() -> Shape {
        Shape::plain(Kind::Scalar(const { || ScalarForm::of::<T>() }))
    }

    fn read(node: &Node, reader: &mut Reader<'_>) -> Option<Self> {
        let Some(text) = node.text() else {
            reader.wrong_kind(node, Self::shape());
            return None;
        };
        let read = source::split(text).and_then(|(value, mark)| Ok((T::parse(value)?, mark)));
        match read {
            Ok((value, mark)) => Some(Self {
                value,
                span: node.span,
                origin: mark.map_or_else(|| reader.origin.clone(), Origin::from),
            }),
            Err(error) => {
                reader.scalar_error(node, error);
                None
            }
        }
    }
}

impl<T: Partial> Form for Partly<T> {
    fn shape() -> Shape {
        let form = || ScalarForm {
            check: |text| match T::parse(text)?.not_yet() {
                Some(mechanism) => Err(ScalarError::form(
                    0..text.len(),
                    format!("built yet: {mechanism}"),
                )),
                None => Ok(()),
            },
            ..ScalarForm::built::<T>()
        };
        Shape::plain(Kind::Scalar(form))
    }

    fn read(node: &Node, reader: &mut Reader<'_>) -> Option<Self> {
        let given = Given::<T>::read(node, reader)?;
        if let Some(mechanism) = given.value.not_yet() {
            reader.push_not_yet(mechanism, given.span);
            return None;
        }
        Some(Self(given))
    }
}

impl<T: Form> Form for Vec<T> {
    fn shape() -> Shape {
        Shape::plain(Kind::List(T::shape))
    }

    fn read(node: &Node, reader: &mut Reader<'_>) -> Option<Self> {
        reader.list(node, Self::shape())
    }
}

impl<T: Scalar> Form for Many<Given<T>> {
    fn shape() -> Shape {
        Shape {
            kind: Kind::List(Given::<T>::shape),
            short: const {
                &[Short {
                    takes: Takes::Scalar(|| ScalarForm::of::<T>()),
                    expand: |node| Some(Node::list(node.span, vec![node.clone()])),
                }]
            },
        }
    }

    fn read(node: &Node, reader: &mut Reader<'_>) -> Option<Self> {
        let items = reader.list(node, Self::shape())?;
        Some(Self {
            span: node.span,
            items,
        })
    }
}

impl<T: Form> Form for Names<T> {
    fn shape() -> Shape {
        Shape::plain(Kind::Names(T::shape))
    }

    fn read(node: &Node, reader: &mut Reader<'_>) -> Option<Self> {
        let Value::Map(map) = &node.value else {
            reader.not_long(node, Self::shape());
            // Nobody knows which names were meant to stand here.
            reader.found.hide_everything();
            return None;
        };
        let mut entries = Vec::with_capacity(map.len());
        for Entry { key, value } in map.iter().filter(|entry| !is_ignored(&entry.key.text)) {
            if let Err(error) = Name::parse(&key.text) {
                let message = format!("{} is not a name", quoted(&key.text));
                // It is called so elsewhere too, or as the hint has it.
                reader.found.hide_name(&key.text);
                reader
                    .found
                    .hide_name(&key.text.to_lowercase().replace('_', "-"));
                let diagnostic = Diagnostic::error(key.span, message).expected(error.expected);
                reader.push(match error.hint {
                    Some(hint) => diagnostic.hint(hint),
                    None => diagnostic,
                });
            }
            let name = Cow::Owned(key.text.to_string());
            match reader.below(name, key.span, value) {
                Some(value) => entries.push(Named {
                    name: key.text.clone(),
                    at: key.span,
                    value,
                }),
                None => reader.found.hide_name(&key.text),
            }
        }
        Some(Self {
            span: node.span,
            entries,
        })
    }
}

impl<T: Form> Form for Addressed<T> {
    fn shape() -> Shape {
        Shape::plain(Kind::Addresses(T::shape))
    }

    fn read(node: &Node, reader: &mut Reader<'_>) -> Option<Self> {
        let Value::Map(map) = &node.value else {
            reader.not_long(node, Self::shape());
            return None;
        };
        let mut entries = Vec::with_capacity(map.len());
        for Entry { key, value } in map.iter().filter(|entry| !is_ignored(&entry.key.text)) {
            if Reference::parse(&key.text).is_err() {
                let message = format!("{} is not an address", quoted(&key.text));
                let error = Diagnostic::error(key.span, message);
                reader.push(error.expected(Reference::about()));
            }
            let name = Cow::Owned(key.text.to_string());
            if let Some(value) = reader.below(name, key.span, value) {
                entries.push(Named {
                    name: key.text.clone(),
                    at: key.span,
                    value,
                });
            }
        }
        Some(Self {
            span: node.span,
            entries,
        })
    }
}

/// The word that switches off.
fn none_form() -> ScalarForm {
    ScalarForm {
        about: || "`none`".to_owned(),
        example: || "none".to_owned(),
        offers: || vec!["none".to_owned()],
        pattern: || "^none$".to_owned(),
        check: |text| {
            if text == "none" {
                Ok(())
            } else {
                Err(ScalarError::form(0..text.len(), "`none`"))
            }
        },
        print: |text| (text == "none").then(|| text.to_owned()),
        pin: |_, _| None,
    }
}

impl<T: Form> Form for OrNone<T> {
    fn shape() -> Shape {
        Shape::plain(Kind::Word(none_form, T::shape))
    }

    fn read(node: &Node, reader: &mut Reader<'_>) -> Option<Self> {
        if node.text() == Some("none") {
            Some(Self::None(node.span))
        } else {
            T::read(node, reader).map(Self::Some)
        }
    }
}

impl<T: Form> Form for Box<T> {
    fn shape() -> Shape {
        T::shape()
    }

    fn read(node: &Node, reader: &mut Reader<'_>) -> Option<Self> {
        T::read(node, reader).map(Self::new)
    }
}

impl<T: Fields> Fields for Box<T> {
    const RECORD: &'static Record = T::RECORD;

    fn take(map: &mut MapReader<'_>, reader: &mut Reader<'_>) -> Option<Self> {
        T::take(map, reader).map(Self::new)
    }
}
