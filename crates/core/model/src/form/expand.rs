//! From short forms to the one long form.
//!
//! Merging, hashing and reading see long forms only. A node that an expansion makes stands where
//! the short form stood, and a part of a text that becomes a value of its own stands at its own
//! letters, so findings still point at what was written. What is wrong is left as it is: the
//! reading that follows says so.

use super::read::KEYS_MAX;
use super::{Kind, Shape, Takes};
use crate::scalar::{Change, Scalar, source};
use crate::tree::{Node, Value, is_ignored};

/// Expands all short forms in a node of a shape.
pub fn expand(node: &mut Node, shape: Shape) {
    if let Kind::Word(form, inner) = shape.kind {
        let word = node.text().is_some_and(|text| form().accepts(text));
        if !word {
            expand(node, inner());
        }
        return;
    }
    let long = shape.short.iter().find_map(|short| {
        let fits = match (&node.value, short.takes) {
            // A relative change (`2x`, `1 more`) goes where the number goes that it changes.
            (Value::Scalar(scalar), Takes::Scalar(form)) => {
                form().accepts(&scalar.text) || Change::parse(&scalar.text).is_ok()
            }
            (Value::List(_), Takes::List(_)) | (Value::Map(_), Takes::Map(_)) => true,
            _ => false,
        };
        if fits { (short.expand)(node) } else { None }
    });
    if let Some(long) = long {
        *node = long;
    }
    below(node, shape);
}

/// Expands what is inside a node that is in long form itself.
pub(crate) fn below(node: &mut Node, shape: Shape) {
    match shape.kind {
        Kind::Record(record) => {
            let Value::Map(entries) = &node.value else {
                return;
            };
            if entries.len() > KEYS_MAX {
                return;
            }
            let shapes: Vec<Option<Shape>> = entries
                .iter()
                .map(|entry| {
                    record
                        .field(&entry.key.text, node)
                        .map(|field| (field.shape)())
                })
                .collect();
            for (entry, shape) in node.entries_mut().into_iter().flatten().zip(shapes) {
                if let Some(shape) = shape {
                    expand(&mut entry.value, shape);
                }
            }
        }
        Kind::List(item) => {
            if let Value::List(items) = &mut node.value {
                for node in items {
                    expand(node, item());
                }
            }
        }
        Kind::Names(value) | Kind::Addresses(value) => {
            for entry in node.entries_mut().into_iter().flatten() {
                if !is_ignored(&entry.key.text) {
                    expand(&mut entry.value, value());
                }
            }
        }
        Kind::Scalar(_) | Kind::Word(..) | Kind::Edits => {}
    }
}

/// A text of several parts, being taken apart into the values of a map.
pub(crate) struct Parts<'a> {
    node: &'a Node,
    text: &'a str,
    mark: Option<(usize, usize)>,
    at: usize,
}

impl<'a> Parts<'a> {
    /// The parts of a scalar. Its source mark is put aside: it speaks for all of them.
    pub(crate) fn of(node: &'a Node) -> Option<Self> {
        let text = node.text()?;
        let (value, source) = source::split(text).ok()?;
        Some(Self {
            node,
            text: value,
            mark: source.map(|_| (value.len() + 2, text.len())),
            at: 0,
        })
    }

    /// What is left.
    pub(crate) fn rest(&self) -> &'a str {
        &self.text[self.at..]
    }

    /// Steps over a word if it comes next.
    pub(crate) fn eat(&mut self, word: &str) -> bool {
        let next = self.rest().starts_with(word);
        self.at += if next { word.len() } else { 0 };
        next
    }

    /// The value up to the first of some words, or to the end.
    pub(crate) fn until(&mut self, words: &[&str]) -> Node {
        let rest = self.rest();
        let length = words
            .iter()
            .filter_map(|word| rest.find(word))
            .min()
            .unwrap_or(rest.len());
        let start = self.at;
        self.at += length;
        self.node.piece(start, self.at)
    }

    /// The map of the parts.
    pub(crate) fn map(&self, mut entries: Vec<(&str, Node)>) -> Node {
        if let Some((start, end)) = self.mark {
            entries.push(("source", self.node.piece(start, end)));
        }
        Node::map(self.node.span, entries)
    }
}
