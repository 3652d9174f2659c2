//! Presets: `like: NAME` stands for the keys of a product, dated by the release of this tool.
//!
//! They are expanded after all edits, so that an edit may name one or change one; a key that
//! stands beside `like` is used in place of the preset's. What a preset brings points at the line that named it.

use crate::diagnostic::Diagnostics;
use crate::form::expand::expand;
use crate::form::{Kind, Shape};
use crate::source::{SourceMap, Span};
use crate::tree::{Node, Value, parse};

/// Construct, name, keys. Where the figures come from: the reference, section 19.
const PRESETS: [(&str, &str, &str); 9] = [
    // Envoy: base interval 25 ms, at most ten times that; one retry, three in flight.
    (
        "`retry`",
        "envoy",
        "{attempts: 2, backoff: 25ms, grow: 2x, cap: 250ms, jitter: envoy, budget: {concurrent: 0%, min: 3}}",
    ),
    // Istio: two retries on what failed before the callee worked, and Envoy's retry budget.
    (
        "`retry`",
        "istio",
        "{attempts: 3, backoff: 25ms, grow: 2x, cap: 250ms, jitter: envoy, if: [rejected, refused], \
         budget: {concurrent: 20%, min: 3}}",
    ),
    // Linkerd: one retry, paid for by a share of the last ten seconds' requests.
    (
        "`retry`",
        "linkerd",
        "{attempts: 2, jitter: none, if: [error, rejected, refused], budget: {ratio: 20%, min: 10/s, window: 10s}}",
    ),
    // AWS SDKs, standard mode: U(0, 1) s doubled each time, at most 20 s, from a quota of 500.
    (
        "`retry`",
        "aws-standard",
        "{attempts: 3, backoff: 1s, grow: 2x, cap: 20s, jitter: full, budget: {tokens: 500, cost: 5, timeout-cost: 10}}",
    ),
    // Site Reliability Engineering, chapter 21: three attempts, one retry in ten requests.
    (
        "`retry`",
        "sre",
        "{attempts: 3, jitter: none, budget: {ratio: 10%}}",
    ),
    // Polly 8: three retries, 2 s apart.
    (
        "`retry`",
        "polly",
        "{attempts: 4, backoff: 2s, grow: 1x, jitter: none}",
    ),
    // Resilience4j: three attempts, 500 ms apart.
    (
        "`retry`",
        "resilience4j",
        "{attempts: 3, backoff: 500ms, grow: 1x, jitter: none}",
    ),
    ("a mesh", "istio", "{retry: {like: istio}}"),
    // HikariCP: ten connections, half a minute.
    ("a pool", "hikari", "{size: 10, wait: 30s}"),
];

/// Expands the presets in a tree in long form.
pub fn expand_presets(node: &mut Node, shape: Shape) {
    match shape.kind {
        Kind::Word(_, inner) => expand_presets(node, inner()),
        Kind::Record(record) => {
            if let Some(keys) = node
                .get("like")
                .and_then(|like| preset(record.name, like, shape))
            {
                add_missing(node, keys);
            }
            let shapes: Vec<Option<Shape>> = node
                .entries()
                .unwrap_or_default()
                .iter()
                .map(|entry| {
                    record
                        .field(&entry.key.text, node)
                        .map(|field| (field.shape)())
                })
                .collect();
            for (entry, shape) in node.entries_mut().into_iter().flatten().zip(shapes) {
                if let Some(shape) = shape {
                    expand_presets(&mut entry.value, shape);
                }
            }
        }
        Kind::List(item) => {
            if let Value::List(items) = &mut node.value {
                for node in items {
                    expand_presets(node, item());
                }
            }
        }
        Kind::Names(inner) => {
            for entry in node.entries_mut().into_iter().flatten() {
                expand_presets(&mut entry.value, inner());
            }
        }
        Kind::Scalar(_) | Kind::Edits => {}
    }
}

/// Replaces `like` by the keys that do not stand beside it.
fn add_missing(node: &mut Node, keys: Node) {
    let Value::Map(keys) = keys.value else { return };
    if let Some(entries) = node.entries_mut() {
        entries.retain(|entry| &*entry.key.text != "like");
        for key in keys {
            if entries.iter().all(|entry| entry.key.text != key.key.text) {
                entries.push(key);
            }
        }
    }
}

/// The keys of a preset in long form, all standing at the line that names it.
fn preset(construct: &str, like: &Node, shape: Shape) -> Option<Node> {
    let (name, _) = crate::scalar::source::split(like.text()?).ok()?;
    let (_, _, text) = PRESETS
        .iter()
        .find(|(of, preset, _)| *of == construct && *preset == name)?;
    let mut sources = SourceMap::new();
    let id = sources.add("presets", *text);
    let mut node = parse(&sources, id, &mut Diagnostics::new())?;
    expand(&mut node, shape);
    stand_at(&mut node, like.span);
    Some(node)
}

fn stand_at(node: &mut Node, span: Span) {
    node.span = span;
    match &mut node.value {
        Value::Scalar(scalar) => scalar.verbatim = false,
        Value::List(items) => items.iter_mut().for_each(|item| stand_at(item, span)),
        Value::Map(entries) => {
            for entry in entries {
                entry.key.span = span;
                stand_at(&mut entry.value, span);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ast::{Mesh, MeshPreset, Pool, PoolPreset, Retry, RetryPreset};
    use crate::file::decode;
    use crate::form::Form;
    use crate::source::SourceId;

    /// Every word that a file may write after `like` has keys, and they read.
    #[test]
    fn every_preset_reads() {
        fn check<T: Form>(construct: &str, names: &[&str]) {
            for name in names {
                let like = Node::scalar(*name, Span::new(SourceId::default(), 0, 0));
                let node = Node::map(like.span, vec![("like", like.clone())]);
                let mut node = node;
                expand_presets(&mut node, T::shape());
                assert!(node.get("like").is_none(), "{construct} {name}");
                let mut found = Diagnostics::new();
                assert!(
                    decode::<T>(&node, &mut found).is_some(),
                    "{construct} {name}: {found:?}"
                );
            }
        }
        let words = |all: &[RetryPreset]| all.iter().map(|word| word.word()).collect::<Vec<_>>();
        check::<Retry>("retry", &words(RetryPreset::ALL));
        check::<Mesh>(
            "mesh",
            &MeshPreset::ALL
                .iter()
                .map(|word| word.word())
                .collect::<Vec<_>>(),
        );
        check::<Pool>(
            "pool",
            &PoolPreset::ALL
                .iter()
                .map(|word| word.word())
                .collect::<Vec<_>>(),
        );
    }
}
