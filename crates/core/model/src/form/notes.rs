//! What a description says that changes nothing but what is printed: whose a service is, what telemetry calls it, where
//! a number was measured.
//!
//! The definitions know which keys these are, so a report can repeat all of them, also those that are added later.

use super::{Kind, Role, Shape};
use crate::source::Span;
use crate::tree::{Node, Value, is_ignored};

/// A value that only describes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Note {
    /// Keys joined by dots; the parts of a list are counted from 1.
    pub path: String,
    /// As it is written; the parts of a list with commas between.
    pub value: String,
    /// Where it stands.
    pub at: Span,
}

/// All notes of a tree in long form, in the order of the file.
#[must_use]
pub fn notes(tree: &Node, shape: Shape) -> Vec<Note> {
    let mut out = Vec::new();
    walk(tree, shape, "", &mut out);
    out
}

fn walk(node: &Node, shape: Shape, path: &str, out: &mut Vec<Note>) {
    let below = |key: &str| {
        if path.is_empty() {
            key.to_owned()
        } else {
            format!("{path}.{key}")
        }
    };
    match (shape.kind, &node.value) {
        (Kind::Record(record), Value::Map(entries)) => {
            for entry in entries {
                let key = &*entry.key.text;
                let Some(field) = record.field(key, node) else {
                    continue;
                };
                let path = below(key);
                if field.role == Role::Describes
                    && let Some(value) = plain(&entry.value)
                {
                    let at = entry.value.span;
                    out.push(Note { path, value, at });
                } else {
                    walk(&entry.value, (field.shape)(), &path, out);
                }
            }
        }
        (Kind::Names(item) | Kind::Addresses(item), Value::Map(entries)) => {
            for entry in entries.iter().filter(|entry| !is_ignored(&entry.key.text)) {
                walk(&entry.value, item(), &below(&entry.key.text), out);
            }
        }
        (Kind::List(item), Value::List(items)) => {
            for (index, node) in items.iter().enumerate() {
                walk(node, item(), &below(&(index + 1).to_string()), out);
            }
        }
        (Kind::Word(_, inner), Value::Map(_) | Value::List(_)) => walk(node, inner(), path, out),
        _ => {}
    }
}

/// A text, or a list of them; none for what has keys of its own.
fn plain(node: &Node) -> Option<String> {
    match &node.value {
        Value::Scalar(scalar) => Some(scalar.text.to_string()),
        Value::List(items) => {
            let items: Option<Vec<String>> = items.iter().map(plain).collect();
            items.map(|items| items.join(", "))
        }
        Value::Map(_) => None,
    }
}
