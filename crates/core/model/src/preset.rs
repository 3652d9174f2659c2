//! Presets: `like: NAME` stands for the keys of a product, dated by the release of this tool.
//!
//! They are expanded after all edits, so that an edit may name one or change one; a key that
//! stands beside `like` is used in place of the preset's. What a preset brings points at the line that named it,
//! and says so: its source is `preset:NAME`.

use crate::diagnostic::Diagnostics;
use crate::form::expand::expand;
use crate::form::{Kind, Shape};
use crate::source::{SourceMap, Span};
use crate::tree::{Node, Value, parse};

/// Construct, name, keys. Where the figures come from: the reference, section 19.
const PRESETS: [(&str, &str, &str); 9] = [
    // Envoy waits U(0, min(25 ms (2^n - 1), 250 ms)) (envoyproxy.io, retry policy; read 2026-08); one retry, and the
    // circuit breaker's `max_retries: 3` in flight per cluster.
    (
        "`retry`",
        "envoy",
        "{attempts: 2, backoff: 25ms, grow: 2x, cap: 250ms, jitter: envoy, budget: {concurrent: 0%, min: 3}}",
    ),
    // Istio: two retries on connect-failure, refused-stream, unavailable, cancelled and 503; retry budget 20 %, at
    // least 3.
    (
        "`retry`",
        "istio",
        "{attempts: 3, backoff: 25ms, grow: 2x, cap: 250ms, jitter: envoy, if: [rejected, refused], \
         budget: {concurrent: 20%, min: 3}}",
    ),
    // Linkerd, a service profile's budget: 20 % of the last 10 s and 10/s; one retry per request, no wait.
    (
        "`retry`",
        "linkerd",
        "{attempts: 2, jitter: none, if: [error, rejected, refused], budget: {ratio: 20%, min: 10/s, window: 10s}}",
    ),
    // AWS SDKs (botocore `standard`): U(0, 1) min(2^(n-1) s, 20 s); 500 tokens, a retry costs 5, after a timeout 10.
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
    // Polly 8: three retries, constant 2 s, jitter off.
    (
        "`retry`",
        "polly",
        "{attempts: 4, backoff: 2s, grow: 1x, jitter: none}",
    ),
    // Resilience4j: three attempts, constant 500 ms.
    (
        "`retry`",
        "resilience4j",
        "{attempts: 3, backoff: 500ms, grow: 1x, jitter: none}",
    ),
    ("a mesh", "istio", "{retry: {like: istio}}"),
    // HikariCP: ten connections, half a minute.
    ("a pool", "hikari", "{size: 10, wait: 30s}"),
];

/// Whether what a preset brings says so.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Marks {
    /// Bare values, as a person would write them.
    Bare,
    /// `3 @preset:sre`
    Preset,
}

/// Expands the presets in a tree in long form.
pub fn expand_presets(node: &mut Node, shape: Shape, marks: Marks) {
    match shape.kind {
        Kind::Word(_, inner) => expand_presets(node, inner(), marks),
        Kind::Record(record) => {
            if let Some(keys) = node
                .get("like")
                .and_then(|like| preset(record.name, like, shape, marks))
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
                    expand_presets(&mut entry.value, shape, marks);
                }
            }
        }
        Kind::List(item) => {
            if let Value::List(items) = &mut node.value {
                for node in items {
                    expand_presets(node, item(), marks);
                }
            }
        }
        Kind::Names(inner) | Kind::Addresses(inner) => {
            for entry in node.entries_mut().into_iter().flatten() {
                expand_presets(&mut entry.value, inner(), marks);
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
fn preset(construct: &str, like: &Node, shape: Shape, marks: Marks) -> Option<Node> {
    let (name, _) = crate::scalar::source::split(like.text()?).ok()?;
    let (_, _, text) = PRESETS
        .iter()
        .find(|(of, preset, _)| *of == construct && *preset == name)?;
    let mut sources = SourceMap::new();
    let id = sources.add("presets", *text);
    let mut node = parse(&sources, id, &mut Diagnostics::new())?;
    expand(&mut node, shape);
    let mark = match marks {
        Marks::Bare => String::new(),
        Marks::Preset => format!(" @preset:{name}"),
    };
    stand_at(&mut node, like.span, &mark);
    Some(node)
}

fn stand_at(node: &mut Node, span: Span, mark: &str) {
    node.span = span;
    match &mut node.value {
        Value::Scalar(scalar) => {
            scalar.verbatim = false;
            scalar.text = format!("{}{mark}", scalar.text).into();
        }
        Value::List(items) => items.iter_mut().for_each(|item| stand_at(item, span, mark)),
        Value::Map(entries) => {
            for entry in entries {
                entry.key.span = span;
                stand_at(&mut entry.value, span, mark);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ast::{Mesh, MeshPreset, Pool, PoolPreset, Retry, RetryPreset};
    use crate::file::decode;
    use crate::form::{Form, Partial};
    use crate::source::SourceId;

    /// Every word that a file may write after `like` has keys, and they read.
    #[test]
    fn every_preset_reads() {
        fn check<T: Form>(construct: &str, names: &[&str]) {
            for name in names {
                let like = Node::scalar(*name, Span::new(SourceId::default(), 0, 0));
                let node = Node::map(like.span, vec![("like", like.clone())]);
                let mut node = node;
                expand_presets(&mut node, T::shape(), Marks::Preset);
                assert!(node.get("like").is_none(), "{construct} {name}");
                let mut found = Diagnostics::new();
                assert!(
                    decode::<T>(&node, &mut found).is_some(),
                    "{construct} {name}: {found:?}"
                );
            }
        }
        let built: Vec<RetryPreset> = RetryPreset::ALL
            .iter()
            .copied()
            .filter(|word| word.not_yet().is_none())
            .collect();
        let words = |all: &[RetryPreset]| all.iter().map(|word| word.word()).collect::<Vec<_>>();
        check::<Retry>("retry", &words(&built));
        check::<Mesh>(
            "mesh",
            &MeshPreset::ALL
                .iter()
                .filter(|word| word.not_yet().is_none())
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
