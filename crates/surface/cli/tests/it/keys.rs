//! No key is dead: whatever the reader accepts changes something.
//!
//! The definitions that the reader itself uses list every key. A [`Stage`](cases::Stage) is a small description with its
//! arguments, and a list of changes of its text; both are run, and compared. What a change is *of* is not written down but
//! found: both texts are walked along the definitions, and must differ in one key alone. If the run then differs, that
//! key and every key above it are alive. A key that no stage brings to life fails the test, so a key that is added to the
//! language without meaning anything cannot pass unnoticed.
//!
//! A key counts as alive if its value changes a history (its digest), what is worth what, a verdict, or whether the file
//! is accepted at all; one that only describes has to change what is printed.

mod cases;
mod people;

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use cases::{STAGES, Stage};
use worstday_model::diagnostic::Diagnostics;
use worstday_model::file::{FileKind, read};
use worstday_model::form::{Field, Kind, Member, Record, Role, Shape};
use worstday_model::source::SourceMap;
use worstday_model::tree::{Node, Value, is_ignored};

use crate::tool::{Said, command, said};

/// A key of a construct: the construct, the key that tells it from its alternatives, the key.
type Key = (&'static str, Option<&'static str>, &'static str);

/// Keys whose whole meaning is a name, or a question that `run` does not answer: they change what is printed.
const PRINTED: &[(Key, &str)] = &[
    (("a model", None, "system"), "a name"),
    (("an overlay", None, "overlay"), "a name"),
    (("a scenario", None, "scenario"), "a name"),
    (("a scenario", None, "model"), "warns of another model"),
    (
        ("`defaults`", None, "guess"),
        "a range, of which a run takes the best estimate",
    ),
    (("a runbook entry", None, "because"), "a reason"),
    (("`happens`", None, "because"), "a reason"),
    (
        ("a promise", None, "survives"),
        "days that a run does not search for",
    ),
    (
        ("`defaults.promises`", None, "at-risk"),
        "a share of days that a run does not search for",
    ),
    (
        ("a promise", None, "at-risk"),
        "a share of days that a run does not search for",
    ),
];

/// Keys that allow one value at each place today: that another is refused is all they can do.
const REFUSED: &[(Key, &str)] = &[
    (
        ("a topic", None, "at"),
        "an outbox lies with the one service that sends to it",
    ),
    (
        ("a model", None, "worstday"),
        "there is one version of the language",
    ),
    (
        ("an included file", None, "worstday"),
        "there is one version of the language",
    ),
    (
        ("an overlay", None, "worstday"),
        "there is one version of the language",
    ),
    (
        ("a scenario", None, "worstday"),
        "there is one version of the language",
    ),
    (
        ("a `stall` fault", Some("stall"), "keys"),
        "the keys of the pool that it stalls",
    ),
    (
        ("a model", None, "flags"),
        "names that steps and operators use",
    ),
    (("an alert", None, "like"), "`sre` is the only one"),
    (("`contention`", None, "of"), "`replicas` is not built yet"),
    (
        ("`costs`", None, "currency"),
        "the currency of every amount: one file, one currency",
    ),
];

/// How much a change has to change.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Effect {
    /// A history, an amount of money, or a verdict.
    Counts,
    /// What is printed.
    Prints,
}

/// Every key of the four kinds of file, with what it has to change.
fn all_keys() -> BTreeMap<Key, Effect> {
    fn walk(shape: Shape, seen: &mut BTreeSet<*const Record>, out: &mut BTreeMap<Key, Effect>) {
        match shape.kind {
            Kind::Record(found) => record(found, None, seen, out),
            Kind::List(item) | Kind::Names(item) | Kind::Addresses(item) | Kind::Word(_, item) => {
                walk(item(), seen, out);
            }
            Kind::Scalar(_) | Kind::Edits => {}
        }
    }
    fn record(
        found: &'static Record,
        variant: Option<&'static str>,
        seen: &mut BTreeSet<*const Record>,
        out: &mut BTreeMap<Key, Effect>,
    ) {
        if !seen.insert(std::ptr::from_ref(found)) {
            return;
        }
        for member in found.members {
            match member {
                Member::Key(field) => {
                    let effect = match field.role {
                        Role::Counts | Role::Turns => Effect::Counts,
                        Role::Describes => Effect::Prints,
                    };
                    out.insert((found.name, variant, field.key), effect);
                    walk((field.shape)(), seen, out);
                }
                Member::Flat(shared) => record(shared, None, seen, out),
                Member::Pick(choice) => {
                    for (key, alternative) in choice.variants {
                        record(alternative, Some(key), seen, out);
                    }
                }
            }
        }
    }
    let mut out = BTreeMap::new();
    let mut seen = BTreeSet::new();
    for kind in [
        FileKind::Model,
        FileKind::Part,
        FileKind::Overlay,
        FileKind::Scenario,
    ] {
        walk(kind.shape(), &mut seen, &mut out);
    }
    for &(key, why) in PRINTED {
        assert_eq!(
            out.insert(key, Effect::Prints),
            Some(Effect::Counts),
            "{key:?}: {why}"
        );
    }
    out
}

/// The construct and key that an entry of a map is.
fn key_of(
    record: &'static Record,
    variant: Option<&'static str>,
    text: &str,
    map: &Node,
) -> Option<(Key, &'static Field)> {
    record.members.iter().find_map(|member| match member {
        Member::Key(field) if field.key == text => Some(((record.name, variant, field.key), field)),
        Member::Key(_) => None,
        Member::Flat(shared) => key_of(shared, None, text, map),
        Member::Pick(choice) => {
            let (verb, alternative) = choice.decided(map)?;
            key_of(alternative, Some(verb), text, map)
        }
    })
}

/// Every value of a description: its path, the keys down to it, and its text.
type Leaves = BTreeMap<String, (Vec<Key>, String)>;

fn leaves(node: &Node, shape: Shape, path: &str, above: &[Key], out: &mut Leaves) {
    let leaf = |out: &mut Leaves| {
        out.insert(path.to_owned(), (above.to_vec(), written(node)));
    };
    match (shape.kind, &node.value) {
        (Kind::Word(form, inner), value) => match value {
            Value::Scalar(text) if form().accepts(&text.text) => leaf(out),
            _ => leaves(node, inner(), path, above, out),
        },
        (Kind::Record(record), Value::Map(entries)) if !entries.is_empty() => {
            for entry in entries {
                let text = &*entry.key.text;
                let at = format!("{path}/{text}");
                if let Some((key, field)) = key_of(record, None, text, node) {
                    let above = [above, &[key]].concat();
                    leaves(&entry.value, (field.shape)(), &at, &above, out);
                }
            }
        }
        (Kind::List(item), Value::List(items)) if holds_more(item()) => {
            for (index, node) in items.iter().enumerate() {
                leaves(node, item(), &format!("{path}/{index}"), above, out);
            }
        }
        (Kind::Names(item), Value::Map(entries)) if holds_more(item()) => {
            for entry in entries.iter().filter(|entry| !is_ignored(&entry.key.text)) {
                let at = format!("{path}/{}", entry.key.text);
                leaves(&entry.value, item(), &at, above, out);
            }
        }
        _ => leaf(out),
    }
}

/// Whether there are keys below.
fn holds_more(shape: Shape) -> bool {
    match shape.kind {
        Kind::Record(_) => true,
        Kind::List(item) | Kind::Names(item) | Kind::Addresses(item) | Kind::Word(_, item) => {
            holds_more(item())
        }
        Kind::Scalar(_) | Kind::Edits => false,
    }
}

fn written(node: &Node) -> String {
    match &node.value {
        Value::Scalar(scalar) => scalar.text.to_string(),
        Value::List(items) => format!(
            "[{}]",
            items.iter().map(written).collect::<Vec<_>>().join(", ")
        ),
        Value::Map(entries) => {
            let entries = entries
                .iter()
                .map(|entry| format!("{}: {}", entry.key.text, written(&entry.value)));
            format!("{{{}}}", entries.collect::<Vec<_>>().join(", "))
        }
    }
}

/// The values of a file, if it is one of the language.
fn leaves_of(text: &str) -> Leaves {
    let (mut sources, mut found) = (SourceMap::new(), Diagnostics::new());
    let id = sources.add("f", text);
    let mut out = Leaves::new();
    if let Some(file) = read(&sources, id, &mut found) {
        leaves(&file.tree, file.kind.shape(), "", &[], &mut out);
    }
    out
}

/// The one key in which two files differ, after those above it.
fn difference(before: &str, after: &str) -> Result<Vec<Key>, String> {
    let (before, after) = (leaves_of(before), leaves_of(after));
    let mut chains = BTreeSet::new();
    let mut paths = Vec::new();
    for path in before.keys().chain(after.keys()).collect::<BTreeSet<_>>() {
        let (old, new) = (before.get(path), after.get(path));
        if old != new {
            chains.extend(old.or(new).map(|(keys, _)| keys.clone()));
            paths.push(path.clone());
        }
    }
    // `none` stands where otherwise a map stands: then it is that key which changes, not the one in the map.
    match chains.pop_first() {
        Some(keys) if chains.iter().all(|longer| longer.starts_with(&keys)) => Ok(keys),
        Some(_) => Err(format!("several keys change: {}", paths.join(", "))),
        None => Err("nothing changes".to_owned()),
    }
}

/// A folder for the files of one run.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str, files: &[(&str, String)]) -> Self {
        let path =
            std::env::temp_dir().join(format!("worstday-keys-{}-{name}", std::process::id()));
        std::fs::create_dir_all(&path).expect("the folder for temporary files can be written");
        for (name, text) in files {
            std::fs::write(path.join(name), text).expect("a file can be written");
        }
        Self(path)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// What a run came to.
struct Came {
    /// Histories, money and verdicts.
    counts: String,
    /// Everything that the report says, but for hashes of the text. Warnings on stderr show the lines of the file and
    /// would change with any of them.
    prints: String,
    said: Said,
}

fn run(stage: &Stage, folder: &Path) -> Came {
    let words: Vec<&str> = ["run", stage.files[0].0]
        .into_iter()
        .chain(stage.arguments.iter().copied())
        .collect();
    let words = [&words[..], &["--format", "json"]].concat();
    let data = said(
        command(&words)
            .current_dir(folder)
            .output()
            .expect("the tool runs"),
        &words,
    );
    let mut counts = format!("exit {}\n", data.exit);
    let mut prints = String::new();
    if let Ok(mut report) = serde_json::from_str::<serde_json::Value>(&data.out) {
        for row in report["histories"].as_array().expect("a list") {
            counts.push_str(&format!("{}\n", row["digest"]));
        }
        for client in report["clients"].as_array().expect("a list") {
            counts.push_str(&format!("{}\n", client["money-lost"]));
        }
        counts.push_str(&format!("{}\n", report["money"]));
        for promise in report["promises"].as_array().expect("a list") {
            counts.push_str(&format!(
                "{} {}\n",
                promise["verdict"], promise["conditions"]
            ));
        }
        report["system"]["hash"].take();
        prints = report.to_string();
    }
    Came {
        counts,
        prints,
        said: data,
    }
}

/// Runs a stage as it is and with each change, and says which keys are alive.
fn play(number: usize, stage: &Stage, wrong: &mut Vec<String>) -> BTreeSet<(Key, Effect)> {
    let plain: Vec<(&str, String)> = stage
        .files
        .iter()
        .map(|(name, text)| (*name, (*text).to_owned()))
        .collect();
    let before = run(stage, &Folder::new(&format!("{number}"), &plain).0);
    if !matches!(before.said.exit, 0 | 10 | 11) {
        wrong.push(format!(
            "{}: it does not run\n{}",
            stage.name, before.said.err
        ));
        return BTreeSet::new();
    }
    let mut alive = BTreeSet::new();
    for (from, to) in stage.changes {
        let what = format!("{}: `{from}` to `{to}`", stage.name);
        let found: usize = plain
            .iter()
            .map(|(_, text)| text.matches(from).count())
            .sum();
        if found != 1 {
            wrong.push(format!("{what}: found {found} times"));
            continue;
        }
        let changed: Vec<(&str, String)> = plain
            .iter()
            .map(|(name, text)| (*name, text.replacen(from, to, 1)))
            .collect();
        let (before_text, after_text) = plain
            .iter()
            .zip(&changed)
            .find_map(|((_, before), (_, after))| (before != after).then_some((before, after)))
            .unwrap_or((&plain[0].1, &plain[0].1));
        let keys = match difference(before_text, after_text) {
            Ok(keys) => keys,
            Err(why) => {
                wrong.push(format!("{what}: {why}"));
                continue;
            }
        };
        let after = run(stage, &Folder::new(&format!("{number}"), &changed).0);
        let last = keys.last().expect("a key");
        let refused = !matches!(after.said.exit, 0 | 10 | 11);
        if refused != REFUSED.iter().any(|(key, _)| key == last) {
            wrong.push(format!(
                "{what}: exit {}\n{}",
                after.said.exit, after.said.err
            ));
            continue;
        }
        if before.prints != after.prints {
            alive.extend(keys.iter().map(|key| (*key, Effect::Prints)));
        }
        if before.counts == after.counts {
            let printed = before.prints != after.prints;
            if all_keys().get(last) == Some(&Effect::Counts) || !printed {
                wrong.push(format!(
                    "{what}: no history, worth or verdict changes{}",
                    if printed { "" } else { ", nor what is printed" }
                ));
            }
        } else {
            alive.extend(keys.iter().map(|key| (*key, Effect::Counts)));
        }
    }
    alive
}

#[test]
fn no_key_is_dead() {
    let (mut alive, mut wrong) = (BTreeSet::new(), Vec::new());
    for (number, stage) in STAGES.iter().chain(people::STAGES).enumerate() {
        alive.extend(play(number, stage, &mut wrong));
    }
    for (key, effect) in all_keys() {
        if !alive.contains(&(key, effect)) {
            let (construct, variant, name) = key;
            let variant = variant
                .map(|verb| format!(" (by `{verb}`)"))
                .unwrap_or_default();
            wrong.push(format!("dead: `{name}` of {construct}{variant}"));
        }
    }
    assert!(
        wrong.is_empty(),
        "{} of the keys:\n{}",
        wrong.len(),
        wrong.join("\n")
    );
}
