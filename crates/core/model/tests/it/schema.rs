//! The schema and the reader must accept and refuse the same files as far as one place can tell,
//! or an editor praises what the tool refuses.

use std::collections::BTreeSet;

use jsonschema::Validator;
use serde_json::{Map, Number, Value as Json};
use worstday_model::ast::{Model, Overlay, Part, Scenario};
use worstday_model::diagnostic::Diagnostics;
use worstday_model::file::{FileKind, decode};
use worstday_model::form::expand::expand;
use worstday_model::form::keys::keys;
use worstday_model::form::schema::schema;
use worstday_model::source::SourceMap;
use worstday_model::tree::{Key, Node, Value, parse};

const WHOLE: [(&str, &str); 6] = [
    ("everything", include_str!("../whole/everything.yaml")),
    ("overlay", include_str!("../whole/overlay.yaml")),
    ("scenario", include_str!("../whole/scenario.yaml")),
    ("part", include_str!("../whole/part.yaml")),
    ("storm", include_str!("../language/07-storm.yaml")),
    (
        "variants",
        include_str!("../language/07-storm.variants.yaml"),
    ),
];

fn validator() -> Validator {
    let schema: Json = serde_json::from_str(&schema()).expect("the schema is JSON");
    jsonschema::draft202012::new(&schema).expect("the schema is a schema")
}

fn tree(text: &str) -> Node {
    let mut sources = SourceMap::new();
    let mut found = Diagnostics::new();
    let id = sources.add("f", text);
    let node = parse(&sources, id, &mut found);
    assert!(!found.has_errors(), "{}", found.render(&sources));
    node.expect("a tree")
}

/// A tree as a validator sees it, numbers being numbers.
fn json(node: &Node) -> Json {
    match &node.value {
        Value::Map(entries) => {
            let entries = entries
                .iter()
                .map(|entry| (entry.key.text.to_string(), json(&entry.value)));
            Json::Object(entries.collect::<Map<_, _>>())
        }
        Value::List(items) => Json::Array(items.iter().map(json).collect()),
        Value::Scalar(scalar) => {
            let text = &*scalar.text;
            let digits = text.strip_prefix('-').unwrap_or(text);
            let numeric = digits.starts_with(|c: char| c.is_ascii_digit())
                && digits.bytes().all(|b| b.is_ascii_digit() || b == b'.')
                && digits.bytes().filter(|b| *b == b'.').count() <= 1;
            let number = text.parse::<u64>().map(Number::from).ok();
            let number = number.or_else(|| Number::from_f64(text.parse().ok()?));
            match number {
                Some(number) if numeric => Json::Number(number),
                _ => Json::String(text.to_owned()),
            }
        }
    }
}

/// What the reader says: right, wrong as far as one place can tell, or wrong by its value alone.
#[derive(Debug, PartialEq)]
enum Verdict {
    Right,
    Wrong(String),
    Value,
}

fn read(node: &Node) -> Verdict {
    let kind = FileKind::of(node);
    let mut node = node.clone();
    expand(&mut node, kind.shape());
    let mut found = Diagnostics::new();
    match kind {
        FileKind::Model => drop(decode::<Model>(&node, &mut found)),
        FileKind::Overlay => drop(decode::<Overlay>(&node, &mut found)),
        FileKind::Scenario => drop(decode::<Scenario>(&node, &mut found)),
        FileKind::Part => drop(decode::<Part>(&node, &mut found)),
    }
    // A text that is well written but impossible is said as "`key`: `text`: reason".
    let by_value =
        |message: &str| message.matches("`: ").count() >= 2 || message.contains("reserved word");
    match found
        .sorted()
        .iter()
        .find(|error| !by_value(&error.message))
    {
        Some(error) => Verdict::Wrong(error.message.clone()),
        None if found.has_errors() => Verdict::Value,
        None => Verdict::Right,
    }
}

fn compare(validator: &Validator, node: &Node, what: &str, wrong: &mut Vec<String>) {
    let valid = validator.is_valid(&json(node));
    match (read(node), valid) {
        (Verdict::Right, false) => wrong.push(format!(
            "{what}: the reader accepts it, the schema does not"
        )),
        (Verdict::Wrong(why), true) => wrong.push(format!(
            "{what}: the schema accepts it, the reader says: {why}"
        )),
        _ => {}
    }
}

#[test]
fn schema_and_reader_accept_the_whole_language() {
    let validator = validator();
    for (name, text) in WHOLE {
        let node = tree(text);
        assert_eq!(read(&node), Verdict::Right, "{name}");
        let errors: Vec<String> = validator
            .iter_errors(&json(&node))
            .map(|error| format!("{} at {}", error, error.instance_path()))
            .collect();
        assert!(errors.is_empty(), "{name}: {}", errors.join("\n"));
    }
}

/// No key of the language may be missing from the file of all keys, or its tests test nothing.
#[test]
fn the_file_of_all_keys_has_them_all() {
    fn collect(node: &Node, out: &mut BTreeSet<String>) {
        match &node.value {
            Value::Map(entries) => {
                for entry in entries {
                    out.insert(entry.key.text.to_string());
                    collect(&entry.value, out);
                }
            }
            Value::List(items) => items.iter().for_each(|item| collect(item, out)),
            Value::Scalar(_) => {}
        }
    }
    let mut used = BTreeSet::new();
    for (_, text) in WHOLE {
        let mut node = tree(text);
        let kind = FileKind::of(&node);
        expand(&mut node, kind.shape());
        collect(&node, &mut used);
    }
    let mut missing = Vec::new();
    for kind in [FileKind::Model, FileKind::Overlay, FileKind::Scenario] {
        for key in keys(kind.shape()) {
            assert!(
                key.not_yet.is_some() || !key.doc.is_empty(),
                "{} has no description",
                key.key
            );
            if key.not_yet.is_none() && !used.contains(key.key) && key.key != "include" {
                missing.push(format!("{}: {}", key.construct, key.key));
            }
        }
    }
    assert!(missing.is_empty(), "{missing:?}");
}

const TEXTS: [&str; 22] = [
    "7",
    "7.5",
    "0",
    "-1",
    "1e3",
    "250m",
    "3x",
    "5%",
    "10ms",
    "4 months",
    "40/s",
    "31 USD",
    "2kB",
    "6Gb/s",
    "none",
    "unlimited",
    "fast",
    "cart.get",
    "a -> b",
    "every day",
    "p95 < 6m",
    "10:30",
];

/// Every line of the language, changed in every way that matters: both say the same of all of it.
#[test]
fn schema_and_reader_refuse_the_same_mutations() {
    let validator = validator();
    let mut wrong = Vec::new();
    let mut tried = 0;
    for (name, text) in WHOLE {
        let whole = tree(text);
        for place in places(&whole) {
            for (how, mutated) in mutations(&whole, &place) {
                tried += 1;
                compare(
                    &validator,
                    &mutated,
                    &format!("{name} {place:?} {how}"),
                    &mut wrong,
                );
            }
        }
    }
    assert!(tried > 5_000, "{tried}");
    let count = wrong.len();
    wrong.truncate(40);
    assert!(
        wrong.is_empty(),
        "{count} of {tried} differ:\n{}",
        wrong.join("\n")
    );
}

/// A way from the root: indices of entries and items.
fn places(node: &Node) -> Vec<Vec<usize>> {
    let mut all = Vec::new();
    let children: Vec<&Node> = match &node.value {
        Value::Map(entries) => entries.iter().map(|entry| &entry.value).collect(),
        Value::List(items) => items.iter().collect(),
        Value::Scalar(_) => Vec::new(),
    };
    for (index, child) in children.into_iter().enumerate() {
        all.push(vec![index]);
        for mut below in places(child) {
            below.insert(0, index);
            all.push(below);
        }
    }
    all
}

fn child(node: &mut Node, index: usize) -> &mut Node {
    match &mut node.value {
        Value::Map(entries) => &mut entries[index].value,
        Value::List(items) => &mut items[index],
        Value::Scalar(_) => unreachable!("a scalar holds nothing"),
    }
}

fn mutations(whole: &Node, place: &[usize]) -> Vec<(String, Node)> {
    let (last, above) = place.split_last().expect("a place below the root");
    let mut all = Vec::new();
    let mut with = |how: String, change: &dyn Fn(&mut Node)| {
        let mut copy = whole.clone();
        let parent = above
            .iter()
            .fold(&mut copy, |node, index| child(node, *index));
        change(parent);
        all.push((how, copy));
    };
    with("removed".to_owned(), &|parent| match &mut parent.value {
        Value::Map(entries) => drop(entries.remove(*last)),
        Value::List(items) => drop(items.remove(*last)),
        Value::Scalar(_) => {}
    });
    with("key misspelt".to_owned(), &|parent| {
        if let Value::Map(entries) = &mut parent.value {
            let key = &mut entries[*last].key;
            *key = Key {
                text: format!("{}q", key.text).into(),
                span: key.span,
            };
        }
    });
    with("in a list".to_owned(), &|parent| {
        let node = child(parent, *last);
        *node = Node::list(node.span, vec![node.clone()]);
    });
    with("in a map".to_owned(), &|parent| {
        let node = child(parent, *last);
        *node = Node::map(node.span, vec![("zebra", node.clone())]);
    });
    for text in TEXTS {
        with(format!("= {text}"), &|parent| {
            let node = child(parent, *last);
            *node = Node::scalar(text, node.span);
        });
    }
    all
}

/// Small files, each with what must be said of it.
#[test]
fn schema_and_reader_agree_on_small_files() {
    let validator = validator();
    let mut wrong = Vec::new();
    for (right, text) in [
        (true, "worstday: 1\nsystem: a\n"),
        (false, "system: a\n"),
        (false, "worstday: 2\nsystem: a\n"),
        (false, "worstday: 1\nsystem: A\n"),
        (true, "worstday: 1\nsystem: a\nx-anything: {b: [1, 2]}\n"),
        (false, "worstday: 1\nsystem: a\nclients: {c: {do: a.b}}\n"),
        (
            false,
            "worstday: 1\nsystem: a\nclients: {c: {arrive: 1/s, population: 3, think: 1s, do: a.b}}\n",
        ),
        (
            true,
            "worstday: 1\nsystem: a\nclients: {c: {arrive: 1/s, do: a.b}}\n",
        ),
        (
            false,
            "worstday: 1\nsystem: a\nclients: {c: {arrive: 1, do: a.b}}\n",
        ),
        (
            false,
            "worstday: 1\nsystem: a\nservices: {s: {workers: 1, shards: 3}}\n",
        ),
        (
            false,
            "worstday: 1\nsystem: a\nservices: {s: {endpoints: {e: [{work: 1ms, wait: 1ms}]}}}\n",
        ),
        (
            true,
            "worstday: 1\nsystem: a\nservices: {s: {endpoints: {e: [{call: a.b, work: 2x}]}}}\n",
        ),
        (
            true,
            "worstday: 1\nsystem: a\nfaults: {f: {crash: a, lasts: until repaired}}\n",
        ),
        (
            false,
            "worstday: 1\nsystem: a\nalerts: {x: {if: a.staleness > 5m}}\n",
        ),
        (
            true,
            "worstday: 1\nsystem: a\nalerts: {x: {if: a.p99 rises 30% in 5m}}\n",
        ),
        (
            false,
            "worstday: 1\nsystem: a\nfaults: {f: {crash: a, every: 1d, at: 2026-01-01, lasts: 1s}}\n",
        ),
        (
            true,
            "worstday: 1\nsystem: a\npromises: {p: {for: a, must: [age < 5m, drains < 30m]}}\n",
        ),
        (
            false,
            "worstday: 1\nsystem: a\npromises: {p: {for: a, must: [staleness < 5m]}}\n",
        ),
        (
            true,
            "worstday: 1\nsystem: a\npromises: {p: {for: a, must: [p99 < 5m]}}\n",
        ),
    ] {
        let node = tree(text);
        compare(&validator, &node, text, &mut wrong);
        assert_eq!(validator.is_valid(&json(&node)), right, "{text}");
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    for yaml in ["null", "true"] {
        let instance: Json = serde_json::from_str(&format!(
            r#"{{"worstday": 1, "system": "a", "timezone": {yaml}}}"#
        ))
        .expect("JSON");
        assert!(!validator.is_valid(&instance), "{yaml} is no value");
    }
}

/// An editor offers what the schema names as examples, and takes the keys of an empty file from its head: all
/// of it must be right, and the key that decides the kind of a file must be among them.
#[test]
fn what_an_editor_offers_is_right() {
    let schema: Json = serde_json::from_str(&schema()).expect("the schema is JSON");
    for key in ["system", "overlay", "scenario"] {
        let head = &schema["properties"][key];
        assert!(
            head["description"].is_string() && head["$ref"].is_string(),
            "{key}: {head}"
        );
    }
    let mut offered = 0;
    for (name, definition) in schema["$defs"].as_object().expect("definitions") {
        // A text that may look like a number has two forms; its examples stand at the first.
        let form = definition
            .get("anyOf")
            .map_or(definition, |forms| &forms[0]);
        let Some(examples) = form["examples"].as_array() else {
            continue;
        };
        let validator = jsonschema::draft202012::new(form).expect("a form is a schema");
        for example in examples {
            assert!(validator.is_valid(example), "{name}: {example}");
        }
        offered += examples.len();
    }
    let words = &schema["$defs"]["service"]["properties"]["balance"]["anyOf"][0]["$ref"];
    let words = words
        .as_str()
        .and_then(|words| words.strip_prefix("#/"))
        .expect("a definition");
    let words = &schema.pointer(&format!("/{words}")).expect("it is there")["examples"];
    assert_eq!(
        *words,
        serde_json::json!([
            "random",
            "round-robin",
            "least-requests",
            "shortest-queue",
            "nearest"
        ])
    );
    assert!(100 < offered, "only {offered} examples");
}
