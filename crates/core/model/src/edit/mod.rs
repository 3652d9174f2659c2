//! Edits: the only way to change a model.
//!
//! An edit is a piece of a file with addresses for keys. Overlays, variants, `--set`, events and
//! faults all use it. The order is fixed: all addresses are looked up on the base before
//! anything changes, then `remove`, then `edit`, then `insert`. Maps merge by key, scalars and
//! lists are replaced; a map with `like`, or with another verb or kind than the base, replaces.
//! Two keys that reach the same line are an error that shows both.
//!
//! Base and edit are in long form, and the result keeps the places of both files: a value that
//! came from an edit points at the edit. Each address costs a look at the file, so an edit has at
//! most [`ADDRESSES_MAX`] of them.

mod address;
mod change;

use std::collections::BTreeMap;

pub use address::{Location, Seg};

pub(crate) use self::address::{at, at_mut};
use self::address::{find, find_there};
use crate::ast::Model;
use crate::diagnostic::{Diagnostic, Diagnostics, quoted};
use crate::form::expand::expand;
use crate::form::{Form, Kind, Record, ScalarForm, Shape, Takes};
use crate::scalar::{Change, Count, Factor, Number, Scalar, Uncertain, source};
use crate::source::Span;
use crate::tree::{Entry, Key, NODES_MAX, Node, Value, is_ignored};

/// The most addresses in one edit: each is looked up in the whole file.
pub const ADDRESSES_MAX: usize = 2_000;

/// Applies the keys `remove`, `edit` and `insert` of `piece` to `base`, a model in long form.
///
/// What is wrong is added to `found`, and left out.
pub fn apply(base: &mut Node, piece: &Node, found: &mut Diagnostics) {
    let parts = ["remove", "edit", "insert"].map(|key| piece.get(key));
    for part in parts.into_iter().flatten() {
        let many = part
            .entries()
            .map_or_else(|| part.items().map_or(0, <[Node]>::len), <[Entry]>::len);
        if many > ADDRESSES_MAX {
            let message =
                format!("an edit of {many} addresses; at most {ADDRESSES_MAX} are looked up");
            found.push(
                Diagnostic::error(part.span, message)
                    .hint("nest them: one address can change a whole map"),
            );
            return;
        }
    }
    let mut plan = Plan::default();
    plan.read_removes(base, piece, found);
    plan.read_edits(base, piece, found);
    plan.read_inserts(base, piece, found);
    plan.check_conflicts(found);
    plan.carry_out(base, found);
}

/// The places of a model in long form that an address names; none if it names nothing.
pub(crate) fn places(root: &Node, address: &str) -> Vec<Location> {
    find(root, &Node::scalar(address, root.span)).unwrap_or_default()
}

/// The text of a number of a kind times a factor, counts rounded to the nearest; none if there is none, or it is no such
/// kind of number then.
pub(crate) fn times(text: &str, factor: f64, form: ScalarForm) -> Option<String> {
    let exact = change::changed(text, Change::Times(Factor::new(factor)?), form);
    exact.or_else(|| {
        let count = Uncertain::<Count>::parse(text).ok()?.best().get();
        let wanted = (count as f64 * factor).round();
        let change = if wanted < count as f64 {
            Change::Fewer(Number::new(count as f64 - wanted)?)
        } else {
            Change::More(Number::new(wanted - count as f64)?)
        };
        change::changed(text, change, form)
    })
}

/// Multiplies the number that stands at an address, its range and its distribution included. A step
/// means its `work` or `wait`. What is wrong is added to `found`, and nothing is changed then.
pub(crate) fn scale(
    base: &mut Node,
    address: &str,
    at: Span,
    factor: f64,
    found: &mut Diagnostics,
) {
    let key = Node::scalar(address, at);
    let mut places = match find_there(base, &key) {
        Ok(places) => places,
        Err(error) => return found.push(*error),
    };
    let Some(times) = Factor::new(factor) else {
        let message = format!("{} cannot be {factor} times what it is", quoted(address));
        return found.push(Diagnostic::error(at, message));
    };
    for place in &mut places {
        if let Some(node) = address::at(base, place)
            && let Some(verb) = ["work", "wait"]
                .into_iter()
                .find(|verb| node.get(verb).is_some())
        {
            place.push(Seg::Key(verb.into()));
        }
        let mut shape = shape_at(base, place);
        while let Some(Kind::Word(_, inner)) = shape.map(|shape| shape.kind) {
            shape = Some(inner());
        }
        let form = match shape.map(|shape| shape.kind) {
            Some(Kind::Scalar(form)) => Some(form()),
            _ => None,
        };
        let Some(node) = at_mut(base, place) else {
            return;
        };
        let text = node.text().unwrap_or_default();
        // A field that takes `2x` holds a factor, and takes every factor for a value of its own.
        let scaled = form
            .filter(|form| !form.accepts("2x"))
            .and_then(|form| change::changed(text, Change::Times(times), form));
        let Some(mut scaled) = scaled else {
            let message = format!("{} is no number that can grow", quoted(address));
            let error = Diagnostic::error(at, message).also(node.span, "this stands there");
            return found.push(error.expected(
                "a client, or the address of a count, a size, a rate, a time or a distribution",
            ));
        };
        if let Ok((_, Some(_))) = source::split(text)
            && let Some(mark) = text.rfind(" @")
        {
            scaled.push_str(&text[mark..]);
        }
        *node = Node::scalar(scaled, node.span);
    }
}

/// What an edit does, every address looked up.
#[derive(Default)]
struct Plan {
    removes: BTreeMap<Location, Span>,
    sets: Vec<Set>,
    inserts: Vec<Insertion>,
    /// Maps, lists and scalars that are added.
    size: usize,
}

struct Set {
    place: Location,
    shape: Option<Shape>,
    value: Node,
    at: Span,
}

struct Insertion {
    list: Location,
    index: usize,
    steps: Vec<Node>,
    /// The step beside which they go, if they go beside one.
    beside: Option<Location>,
    at: Span,
}

impl Plan {
    fn read_removes(&mut self, base: &Node, piece: &Node, found: &mut Diagnostics) {
        for address in piece
            .get("remove")
            .and_then(Node::items)
            .unwrap_or_default()
        {
            match find_there(base, address) {
                Ok(places) => self
                    .removes
                    .extend(places.into_iter().map(|place| (place, address.span))),
                Err(error) => found.push(*error),
            }
        }
    }

    fn read_edits(&mut self, base: &Node, piece: &Node, found: &mut Diagnostics) {
        for Entry { key, value } in piece
            .get("edit")
            .and_then(Node::entries)
            .unwrap_or_default()
        {
            if is_ignored(&key.text) {
                continue;
            }
            // A key that stands in the source as it is has places for its parts.
            let address = key_node(key);
            let places = match find(base, &address) {
                Ok(places) => places,
                Err(error) => {
                    found.push(*error);
                    continue;
                }
            };
            for place in places {
                self.size += size(value);
                if self.size > NODES_MAX {
                    let message =
                        format!("this edit adds more than {NODES_MAX} maps, lists and scalars");
                    found.push(Diagnostic::error(key.span, message));
                    return;
                }
                let shape = shape_at(base, &place);
                let mut value = value.clone();
                prepare(&mut value, at(base, &place), shape);
                self.sets.push(Set {
                    place,
                    shape,
                    value,
                    at: key.span,
                });
            }
        }
    }

    fn read_inserts(&mut self, base: &Node, piece: &Node, found: &mut Diagnostics) {
        for insert in piece
            .get("insert")
            .and_then(Node::items)
            .unwrap_or_default()
        {
            match insertion(base, insert) {
                Ok(Some(insertion)) => self.inserts.push(insertion),
                Ok(None) => {
                    let error = Diagnostic::error(insert.span, "nothing says where these steps go");
                    found.push(
                        error.expected("`above: STEP`, `below: STEP`, or `at: start of ENDPOINT`"),
                    );
                }
                Err(error) => found.push(*error),
            }
        }
    }

    /// Two keys of one edit must not reach the same line.
    fn check_conflicts(&mut self, found: &mut Diagnostics) {
        let mut lines: BTreeMap<Location, Span> = BTreeMap::new();
        for set in &self.sets {
            let mut leaves = Vec::new();
            lines_of(&set.value, &mut set.place.clone(), set.at, &mut leaves);
            for (place, at) in leaves {
                // A line conflicts with the same line, one above it and one below it.
                let above = (1..=place.len())
                    .rev()
                    .find_map(|length| lines.get(&place[..length]));
                let below = lines
                    .range(place.clone()..)
                    .next()
                    .filter(|(other, _)| other.starts_with(&place));
                if let Some(first) = above.or(below.map(|(_, line)| line)) {
                    let error = Diagnostic::error(at, "two keys of this edit reach the same line");
                    found.push(error.label("again").also(*first, "first here"));
                }
                lines.insert(place, at);
            }
        }
        for insertion in &self.inserts {
            let replaced = (1..=insertion.list.len())
                .rev()
                .find_map(|length| lines.get(&insertion.list[..length]));
            if let Some(at) = replaced {
                let error = Diagnostic::error(
                    insertion.at,
                    "these steps go into a list that this edit replaces",
                );
                found.push(error.also(*at, "replaced here"));
            }
            let removed = insertion
                .beside
                .as_ref()
                .and_then(|beside| self.removes.get(beside));
            if let Some(at) = removed {
                let error =
                    Diagnostic::error(insertion.at, "the step beside which these go is removed");
                found.push(error.also(*at, "removed here"));
            }
        }
    }

    fn carry_out(mut self, base: &mut Node, found: &mut Diagnostics) {
        for place in self.removes.keys() {
            remove(base, place);
        }
        for set in self.sets {
            put(base, set, found);
        }
        // From the back, so that earlier places stay where they are.
        self.inserts.reverse();
        self.inserts
            .sort_by(|a, b| (&b.list, b.index).cmp(&(&a.list, a.index)));
        for insertion in self.inserts {
            let list = at_mut(base, &insertion.list);
            if let Some(Value::List(items)) = list.map(|node| &mut node.value) {
                let index = insertion.index.min(items.len());
                items.splice(index..index, insertion.steps);
            }
        }
        for place in self.removes.keys() {
            if let Some((Seg::Index(_), list)) = place.split_last() {
                sweep(base, list);
            }
        }
    }
}

/// The text that stands for a removed list item until all places have been used.
const REMOVED: &str = "\u{0}removed";

fn remove(base: &mut Node, place: &[Seg]) {
    if let [Seg::Key(section), Seg::Key(name)] = place
        && matches!(&**section, "events" | "faults")
    {
        forget_in_promises(base, name);
    }
    let Some((last, above)) = place.split_last() else {
        return;
    };
    let Some(parent) = at_mut(base, above) else {
        return;
    };
    match (last, &mut parent.value) {
        (Seg::Key(key), Value::Map(entries)) => entries.retain(|entry| entry.key.text != *key),
        (Seg::Index(index), Value::List(items)) => {
            if let Some(item) = items.get_mut(*index) {
                *item = Node::scalar(REMOVED, item.span);
            }
        }
        _ => {}
    }
}

/// A day that can no longer come needs no surviving: what is removed leaves every promise's `survives`.
fn forget_in_promises(base: &mut Node, name: &str) {
    let Value::Map(sections) = &mut base.value else {
        return;
    };
    let promises = sections
        .iter_mut()
        .filter(|section| &*section.key.text == "promises")
        .filter_map(|section| match &mut section.value.value {
            Value::Map(promises) => Some(promises),
            _ => None,
        })
        .flatten();
    for promise in promises {
        let Value::Map(keys) = &mut promise.value.value else {
            continue;
        };
        for key in keys.iter_mut().filter(|key| &*key.key.text == "survives") {
            if let Value::List(days) = &mut key.value.value {
                days.retain(|day| {
                    !day.text()
                        .is_some_and(|text| text.split(" and ").any(|part| part.trim() == name))
                });
            }
        }
        keys.retain(|key| {
            &*key.key.text != "survives"
                || !matches!(&key.value.value, Value::List(days) if days.is_empty())
        });
    }
}

fn sweep(base: &mut Node, list: &[Seg]) {
    if let Some(Value::List(items)) = at_mut(base, list).map(|node| &mut node.value) {
        items.retain(|item| item.text() != Some(REMOVED));
    }
}

/// A key as a scalar, for addresses in keys.
fn key_node(key: &Key) -> Node {
    let length = (key.span.end - key.span.start) as usize;
    Node {
        span: key.span,
        value: Value::Scalar(crate::tree::Scalar {
            text: key.text.clone(),
            verbatim: length == key.text.len() || length == key.text.len() + 2,
        }),
    }
}

/// How many maps, lists and scalars a node is.
fn size(node: &Node) -> usize {
    1 + match &node.value {
        Value::Scalar(_) => 0,
        Value::List(items) => items.iter().map(size).sum(),
        Value::Map(entries) => entries.iter().map(|entry| size(&entry.value)).sum(),
    }
}

/// Where an insertion goes; `None` if it does not say.
fn insertion(base: &Node, insert: &Node) -> Result<Option<Insertion>, Box<Diagnostic>> {
    let mut steps = insert
        .get("steps")
        .cloned()
        .unwrap_or_else(|| Node::list(insert.span, Vec::new()));
    expand(&mut steps, crate::ast::Steps::shape());
    let steps = steps.items().unwrap_or_default().to_vec();
    for (key, after) in [("above", 0), ("below", 1)] {
        let Some(address) = insert.get(key) else {
            continue;
        };
        let places = find_there(base, address)?;
        let [place] = places.as_slice() else {
            let message = format!(
                "{} steps are meant by {}",
                places.len(),
                quoted(address.text().unwrap_or_default())
            );
            let mut error = Diagnostic::error(address.span, message).hint("name one of them");
            for node in places.iter().filter_map(|place| at(base, place)) {
                error = error.also(node.span, "this one");
            }
            return Err(Box::new(error));
        };
        let Some((Seg::Index(index), list)) = place.split_last() else {
            let message = format!(
                "{} is not a step",
                quoted(address.text().unwrap_or_default())
            );
            return Err(Box::new(Diagnostic::error(address.span, message)));
        };
        return Ok(Some(Insertion {
            list: list.to_vec(),
            index: index + after,
            steps,
            beside: Some(place.clone()),
            at: address.span,
        }));
    }
    let Some(address) = insert.get("at") else {
        return Ok(None);
    };
    let text = address.text().unwrap_or_default();
    let (start, of) = match (text.strip_prefix("start of "), text.strip_prefix("end of ")) {
        (Some(of), _) => (true, of),
        (None, Some(of)) => (false, of),
        (None, None) => return Ok(None),
    };
    let owner = address.piece(text.len() - of.len(), text.len());
    let places = find_there(base, &owner)?;
    let mut list = places.into_iter().next().unwrap_or_default();
    if at(base, &list).is_some_and(|node| node.get("do").is_some()) {
        list.push(Seg::Key("do".into()));
    }
    let Some(items) = at(base, &list).and_then(Node::items) else {
        let message = format!("{} has no steps", quoted(of));
        return Err(Box::new(Diagnostic::error(owner.span, message)));
    };
    Ok(Some(Insertion {
        index: if start { 0 } else { items.len() },
        list,
        steps,
        beside: None,
        at: address.span,
    }))
}

/// What stands, or may stand, at a place of a model; `None` if the language does not say.
fn shape_at(base: &Node, place: &[Seg]) -> Option<Shape> {
    let mut shape = Model::shape();
    let mut node = Some(base);
    for seg in place {
        while let Kind::Word(_, inner) = shape.kind {
            shape = inner();
        }
        shape = match (seg, shape.kind) {
            (Seg::Key(key), Kind::Record(record)) => (field(record, key, node, None)?.shape)(),
            (Seg::Key(_), Kind::Names(value) | Kind::Addresses(value)) => value(),
            (Seg::Index(_), Kind::List(item)) => item(),
            _ => return None,
        };
        node = node.and_then(|node| match seg {
            Seg::Key(key) => node.get(key),
            Seg::Index(index) => node.items()?.get(*index),
        });
    }
    Some(shape)
}

/// A key of a record, where the alternative is the edit's own or else the base's.
fn field(
    record: &'static Record,
    key: &str,
    base: Option<&Node>,
    edit: Option<&Node>,
) -> Option<&'static crate::form::Field> {
    let in_base = base.and_then(|base| record.field(key, base));
    in_base.or_else(|| edit.and_then(|edit| record.field(key, edit)))
}

/// Whether a map of a record replaces the base instead of merging with it: it is made from a
/// preset, or it is another alternative.
fn replaces(record: &'static Record, edit: &Node, base: &Node) -> bool {
    if edit.get("like").is_some() && record.field("like", edit).is_some() {
        return true;
    }
    let Some(choice) = record.choice() else {
        return false;
    };
    let verbs: Vec<&str> = choice
        .verbs()
        .filter(|verb| edit.get(verb).is_some())
        .collect();
    let Some((base_verb, base_record)) = choice.decided(base) else {
        return !verbs.is_empty();
    };
    // A key of the base's own alternative is no other verb, even where it is one elsewhere.
    let other = |verb: &&str| **verb != *base_verb && base_record.field(verb, base).is_none();
    verbs.iter().any(other)
}

/// Brings the value of an edit to long form, in the light of the base that it changes.
fn prepare(value: &mut Node, base: Option<&Node>, shape: Option<Shape>) {
    let Some(shape) = shape else { return };
    if let Kind::Word(form, inner) = shape.kind {
        let word = value.text().is_some_and(|text| form().accepts(text));
        if !word {
            prepare(value, base, Some(inner()));
        }
        return;
    }
    lengthen(value, base, shape);
    match (&mut value.value, shape.kind) {
        (Value::Map(_), Kind::Record(record)) => {
            split_dots(value, &|key, map| {
                field(record, key, base, Some(map)).is_some()
            });
            let whole =
                base.is_none_or(|base| base.entries().is_none() || replaces(record, value, base));
            let context = if whole { None } else { base };
            let keys: Vec<Option<Shape>> = value
                .entries()
                .unwrap_or_default()
                .iter()
                .map(|entry| {
                    field(record, &entry.key.text, context, Some(value))
                        .map(|field| (field.shape)())
                })
                .collect();
            for (entry, shape) in value.entries_mut().into_iter().flatten().zip(keys) {
                prepare(
                    &mut entry.value,
                    context.and_then(|base| base.get(&entry.key.text)),
                    shape,
                );
            }
        }
        (Value::Map(_), Kind::Names(inner)) => {
            split_dots(value, &|_, _| true);
            for entry in value.entries_mut().into_iter().flatten() {
                let base = base.and_then(|base| base.get(&entry.key.text));
                prepare(&mut entry.value, base, Some(inner()));
            }
        }
        (Value::Map(_), Kind::Addresses(inner)) => {
            for entry in value.entries_mut().into_iter().flatten() {
                let base = base.and_then(|base| base.get(&entry.key.text));
                prepare(&mut entry.value, base, Some(inner()));
            }
        }
        (Value::List(items), Kind::List(item)) => {
            for value in items {
                prepare(value, None, Some(item()));
            }
        }
        _ => {}
    }
}

/// Expands a short form at this level only. A relative change goes where the base has its number.
fn lengthen(value: &mut Node, base: Option<&Node>, shape: Shape) {
    for short in shape.short {
        let fits = match (&value.value, short.takes) {
            (Value::Scalar(scalar), Takes::Scalar(form)) => {
                let relative = change_of(&scalar.text).is_some()
                    && base.is_none_or(|base| base.text().is_none());
                form().accepts(&scalar.text) || relative
            }
            (Value::List(_), Takes::List(_)) | (Value::Map(_), Takes::Map(_)) => true,
            _ => false,
        };
        if let (true, Some(long)) = (fits, (short.expand)(value)) {
            *value = long;
            return;
        }
    }
}

/// Turns dotted keys of a map into nested maps.
fn split_dots(map: &mut Node, known: &dyn Fn(&str, &Node) -> bool) {
    let dotted = |key: &Key| {
        key.text
            .split_once('.')
            .map(|(head, tail)| (head.to_owned(), tail.to_owned()))
    };
    let candidates: Vec<usize> = map
        .entries()
        .unwrap_or_default()
        .iter()
        .enumerate()
        .filter(|(_, entry)| !is_ignored(&entry.key.text))
        .filter_map(|(at, entry)| {
            dotted(&entry.key)
                .filter(|(head, _)| known(head, map))
                .map(|_| at)
        })
        .collect();
    for at in candidates {
        let Some(entries) = map.entries_mut() else {
            return;
        };
        let entry = &mut entries[at];
        if let Some((head, tail)) = dotted(&entry.key) {
            let placeholder = Node::list(entry.value.span, Vec::new());
            let value = std::mem::replace(&mut entry.value, placeholder);
            entry.value = Node {
                span: value.span,
                value: Value::Map(vec![Entry {
                    key: Key {
                        text: tail.into(),
                        span: entry.key.span,
                    },
                    value,
                }]),
            };
            entry.key.text = head.into();
        }
    }
}

/// The lines that a value reaches: scalars, lists, and maps that replace.
fn lines_of(value: &Node, place: &mut Location, at: Span, out: &mut Vec<(Location, Span)>) {
    match value.entries() {
        Some(entries) if !entries.is_empty() && value.get("like").is_none() => {
            for entry in entries {
                place.push(Seg::Key(entry.key.text.clone()));
                lines_of(&entry.value, place, entry.key.span, out);
                place.pop();
            }
        }
        _ => out.push((place.clone(), at)),
    }
}

/// Puts a value at its place, making the maps on the way.
fn put(base: &mut Node, set: Set, found: &mut Diagnostics) {
    let mut node = base;
    for seg in &set.place {
        if node.text() == Some(REMOVED) {
            found.push(Diagnostic::error(
                set.at,
                "the step around this line is removed by the same edit",
            ));
            return;
        }
        if node.entries().is_none() && found.hides_inside(node.span) {
            // What stands here could not be read, and is told already.
            return;
        }
        let Some(next) = below(node, seg, set.at) else {
            return;
        };
        node = next;
    }
    merge(node, set.value, set.shape, found);
}

/// The node below `seg`; a key that is not there yet holds an empty map, which merges with a map
/// and is replaced by anything else.
fn below<'n>(node: &'n mut Node, seg: &Seg, at: Span) -> Option<&'n mut Node> {
    let key = match seg {
        Seg::Key(key) => key,
        Seg::Index(index) => {
            return match &mut node.value {
                Value::List(items) => items.get_mut(*index),
                Value::Map(_) | Value::Scalar(_) => None,
            };
        }
    };
    if node.entries().is_none() {
        // `queue: none` edited at `queue.bound` becomes a map.
        *node = Node::map(at, Vec::new());
    }
    let entries = node.entries_mut()?;
    let index = entries
        .iter()
        .position(|entry| entry.key.text == *key)
        .unwrap_or_else(|| {
            entries.push(Entry {
                key: Key {
                    text: key.clone(),
                    span: at,
                },
                value: Node::map(at, Vec::new()),
            });
            entries.len() - 1
        });
    Some(&mut entries[index].value)
}

/// Merges a prepared value into a node of a shape.
fn merge(base: &mut Node, value: Node, shape: Option<Shape>, found: &mut Diagnostics) {
    let shape = shape.map(|mut shape| {
        while let Kind::Word(_, inner) = shape.kind {
            shape = inner();
        }
        shape
    });
    let kind = shape.map(|shape| shape.kind);
    if let (Value::Map(_), Value::Map(_)) = (&base.value, &value.value) {
        if let Some(Kind::Record(record)) = kind
            && replaces(record, &value, base)
        {
            *base = value;
            return;
        }
        let Value::Map(entries) = value.value else {
            return;
        };
        for entry in entries {
            let shape = match kind {
                Some(Kind::Record(record)) => {
                    field(record, &entry.key.text, Some(base), None).map(|f| (f.shape)())
                }
                Some(Kind::Names(inner) | Kind::Addresses(inner)) => Some(inner()),
                _ => None,
            };
            let entries = base.entries_mut().expect("it is a map");
            match entries
                .iter_mut()
                .find(|other| other.key.text == entry.key.text)
            {
                Some(other) => {
                    other.key = entry.key;
                    merge(&mut other.value, entry.value, shape, found);
                }
                None => {
                    if !refuse_changes(&entry.value, shape, found) {
                        entries.push(entry);
                    }
                }
            }
        }
        return;
    }
    if let Some(change) = value.text().and_then(change_of) {
        let form = match kind {
            Some(Kind::Scalar(form)) => Some(form()),
            _ => None,
        };
        if form.is_none_or(|form| !form.accepts(value.text().unwrap_or_default())) {
            relative(base, &value, change, form, found);
            return;
        }
    }
    *base = value;
}

/// The change that a text means, without its source mark.
fn change_of(text: &str) -> Option<Change> {
    let (value, _) = source::split(text).ok()?;
    Change::parse(value).ok()
}

/// Changes the number of the base.
fn relative(
    base: &mut Node,
    value: &Node,
    change: Change,
    form: Option<ScalarForm>,
    found: &mut Diagnostics,
) {
    let text = value.text().unwrap_or_default();
    let Some(form) = form else {
        *base = value.clone();
        return;
    };
    match base
        .text()
        .and_then(|base| change::changed(base, change, form))
    {
        Some(mut changed) => {
            if let Some(at) = text.rfind(" @") {
                changed.push_str(&text[at..]);
            }
            *base = Node::scalar(changed, value.span);
        }
        None => {
            let message = format!("{} cannot change what the base says", quoted(text));
            let error = Diagnostic::error(value.span, message)
                .hint("say the new value itself")
                .lacking(base.span);
            let is_made = base.entries().is_some_and(<[Entry]>::is_empty);
            let is_there = base.span != value.span && !is_made;
            found.push(if is_there {
                error.also(base.span, "the base says this")
            } else {
                error
            });
        }
    }
}

/// A relative change of what the base does not say is an error of its own; whether there was one.
fn refuse_changes(value: &Node, shape: Option<Shape>, found: &mut Diagnostics) -> bool {
    match (&value.value, shape.map(|shape| shape.kind)) {
        (Value::Scalar(scalar), Some(Kind::Scalar(form)))
            if change_of(&scalar.text).is_some() && !form().accepts(&scalar.text) =>
        {
            let message = format!(
                "{} changes a number that the base does not say",
                quoted(&scalar.text)
            );
            found.push(Diagnostic::error(value.span, message).hint("say the new value itself"));
            true
        }
        (Value::Map(entries), Some(Kind::Record(record))) => {
            entries
                .iter()
                .filter(|entry| {
                    let shape = record
                        .field(&entry.key.text, value)
                        .map(|field| (field.shape)());
                    refuse_changes(&entry.value, shape, found)
                })
                .count()
                > 0
        }
        (_, Some(Kind::Word(_, inner))) => refuse_changes(value, Some(inner()), found),
        _ => false,
    }
}
