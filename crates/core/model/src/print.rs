//! The expanded model as text: what a file means, with nothing left to default words.
//!
//! Long forms only, presets expanded, keys in the order of the reference, names in byte order, every
//! scalar in its shortest spelling. Two files that say the same print the same, so the text is
//! also what a model's hash is of.

use std::fmt::Write as _;

use sha2::{Digest, Sha256};

use crate::form::{Kind, Member, Record, Shape};
use crate::scalar::source;
use crate::tree::{Entry, Node, Value, is_ignored};

/// The text of a tree in long form. `x-` keys are left out.
#[must_use]
pub fn print(node: &Node, shape: Shape) -> String {
    let mut out = String::new();
    block(&mut out, node, Some(shape), 0);
    out
}

/// `sha256-` and the hash of a text in hexadecimal digits.
#[must_use]
pub fn hash(text: &str) -> String {
    let mut out = String::from("sha256-");
    for byte in Sha256::digest(text.as_bytes()) {
        let _ = write!(out, "{byte:02x}");
    }
    out
}

/// The long form behind a shape that may also be a word.
fn long(shape: Option<Shape>, node: &Node) -> Option<Shape> {
    match shape?.kind {
        Kind::Word(form, _) if node.text().is_some_and(|text| form().accepts(text)) => {
            Some(Shape::plain(Kind::Scalar(form)))
        }
        Kind::Word(_, inner) => long(Some(inner()), node),
        _ => shape,
    }
}

/// Prints a map or list as lines at an indent, or a scalar as one word.
fn block(out: &mut String, node: &Node, shape: Option<Shape>, indent: usize) {
    let shape = long(shape, node);
    match &node.value {
        Value::Map(entries) => {
            for (entry, shape) in sorted(entries, node, shape) {
                let _ = write!(out, "{:indent$}{}:", "", word(&entry.key.text));
                value(out, &entry.value, shape, indent);
            }
        }
        Value::List(items) => {
            let inner = match shape.map(|shape| shape.kind) {
                Some(Kind::List(item)) => Some(item()),
                _ => None,
            };
            for item in items {
                let _ = write!(out, "{:indent$}-", "");
                let start = out.len();
                value(out, item, inner, indent);
                // A map or list begins on the line of its dash.
                if out[start..].starts_with('\n') {
                    out.replace_range(start..start + 2 + indent, "");
                }
            }
        }
        Value::Scalar(_) => value(out, node, shape, indent),
    }
}

/// Prints what stands behind a key or a dash.
fn value(out: &mut String, node: &Node, shape: Option<Shape>, indent: usize) {
    let shape = long(shape, node);
    match &node.value {
        Value::Map(entries) if entries.iter().all(|entry| is_ignored(&entry.key.text)) => {
            out.push_str(" {}\n");
        }
        Value::List(items) if items.is_empty() => out.push_str(" []\n"),
        Value::Scalar(scalar) => {
            let _ = writeln!(out, " {}", word(&canonical(&scalar.text, shape)));
        }
        Value::Map(_) | Value::List(_) => {
            out.push('\n');
            block(out, node, shape, indent + 2);
        }
    }
}

/// The entries of a map with their shapes: known keys in the order of the reference, names in
/// byte order.
fn sorted<'n>(
    entries: &'n [Entry],
    node: &'n Node,
    shape: Option<Shape>,
) -> Vec<(&'n Entry, Option<Shape>)> {
    let mut all: Vec<(usize, &Entry, Option<Shape>)> = entries
        .iter()
        .filter(|entry| !is_ignored(&entry.key.text))
        .map(|entry| match shape.map(|shape| shape.kind) {
            Some(Kind::Record(record)) => {
                let field = record.field(&entry.key.text, node);
                let mut rank = 0;
                let known = rank_of(record, &entry.key.text, node, &mut rank);
                (
                    if known { rank } else { usize::MAX },
                    entry,
                    field.map(|field| (field.shape)()),
                )
            }
            Some(Kind::Names(inner) | Kind::Addresses(inner)) => (0, entry, Some(inner())),
            _ => (0, entry, None),
        })
        .collect();
    all.sort_by(|a, b| (a.0, &a.1.key.text).cmp(&(b.0, &b.1.key.text)));
    all.into_iter()
        .map(|(_, entry, shape)| (entry, shape))
        .collect()
}

/// Counts keys up to `key`; whether it was met.
fn rank_of(record: &Record, key: &str, node: &Node, rank: &mut usize) -> bool {
    for member in record.members {
        let met = match member {
            Member::Key(field) => {
                *rank += 1;
                field.key == key
            }
            Member::Flat(record) => rank_of(record, key, node, rank),
            Member::Pick(choice) => choice
                .chosen(node)
                .is_some_and(|record| rank_of(record, key, node, rank)),
        };
        if met {
            return true;
        }
    }
    false
}

/// A scalar in its shortest spelling, its source mark kept.
fn canonical(text: &str, shape: Option<Shape>) -> String {
    let Some(Kind::Scalar(form)) = shape.map(|shape| shape.kind) else {
        return text.to_owned();
    };
    let Ok((value, mark)) = source::split(text) else {
        return text.to_owned();
    };
    let value = (form().print)(value).unwrap_or_else(|| value.to_owned());
    match mark {
        Some(mark) => format!("{value} @{mark}"),
        None => value,
    }
}

/// A text as YAML, in quotes only where it would be read as something else.
fn word(text: &str) -> String {
    let first = text.chars().next();
    let plain = first.is_some_and(|c| c.is_alphanumeric() || c == '.' || c == '/')
        && !text.contains(": ")
        && !text.contains(" #")
        && !text.ends_with([':', ' '])
        && !text.contains(|c: char| c.is_control() || "{}[],".contains(c));
    if plain {
        return text.to_owned();
    }
    let mut out = String::from("\"");
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            c if c.is_control() => {
                let _ = write!(out, "\\u{:04x}", u32::from(c));
            }
            c => out.push(c),
        }
    }
    out.push('"');
    out
}
