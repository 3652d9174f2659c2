//! One mistake is one finding: what could not be read is not missed elsewhere, and what could be read is
//! looked up all the same.

use worstday_model::diagnostic::{Diagnostic, Diagnostics, Severity};
use worstday_model::load::{LoadOptions, Model};
use worstday_model::source::{SourceMap, Span};
use worstday_model::tree::{Node, Value, parse};

use crate::edits::Memory;

/// A fault that hits nothing there is: a mistake of names, on the last line.
const NOWHERE: &str = "  nowhere: {crash: nowhere-at-all, every: 1 year, lasts: 1m}\n";

/// The file with every key of the language, and a mistake of names among its faults.
fn everything() -> String {
    let text = include_str!("../whole/everything.yaml");
    let text = text.replacen("\nfaults:\n", &format!("\nfaults:\n{NOWHERE}"), 1);
    // Together, each fault lasts as long as it says itself.
    text.replacen("every: 5 years, lasts: 1m", "every: 5 years", 1)
}

/// The errors about a text: the bytes that each is about, and the message.
fn errors(text: &str) -> Vec<(usize, String)> {
    let files = Memory::of(&[
        ("f", text),
        ("log.csv", "t,n\n2026-01-05 00:00,3\n2026-01-05 00:30,4\n"),
    ]);
    let error = match Model::load("f", &LoadOptions::default(), &files) {
        Err(error) => error,
        Ok(model) => match model.system(&files) {
            Err(error) => error,
            Ok(_) => return Vec::new(),
        },
    };
    let wrong = |found: &&Diagnostic| found.severity == Severity::Error;
    let sorted = error.found.sorted();
    let all = sorted.iter().copied().filter(wrong);
    all.map(|found| (found.at.start as usize, found.message.clone()))
        .collect()
}

/// The places of all values of a tree, and whether such a value concerns itself only: a text that holds for nothing
/// else.
fn values(node: &Node, section: &str, out: &mut Vec<(Span, bool)>) {
    let mut value = |node: &Node, section: &str| {
        let general = ["zones", "priorities", "flags", "defaults", "policies"].contains(&section);
        out.push((node.span, node.text().is_some() && !general));
        values(node, section, out);
    };
    match &node.value {
        Value::Scalar(_) => {}
        Value::List(items) => items.iter().for_each(|item| value(item, section)),
        Value::Map(entries) => {
            for entry in entries {
                let key = &*entry.key.text;
                if !key.starts_with("x-") {
                    value(&entry.value, if section.is_empty() { key } else { section });
                }
            }
        }
    }
}

/// A value that cannot be read leaves a hole; nothing else is missed because of it, and a name that is wrong
/// elsewhere is reported in the same go.
#[test]
fn one_malformed_value_is_one_mistake() {
    let text = everything();
    let [(at, nowhere)] = &errors(&text)[..] else {
        panic!("{:#?}", errors(&text));
    };
    let mut sources = SourceMap::new();
    let id = sources.add("f", text.as_str());
    let tree = parse(&sources, id, &mut Diagnostics::new()).expect("it is YAML");
    let mut places = Vec::new();
    values(&tree, "", &mut places);
    let mut malformed = 0;
    let mut wrong = Vec::new();
    for (place, own) in places {
        let (start, end) = (place.start as usize, place.end as usize);
        let found = errors(&format!("{}\"?!\"{}", &text[..start], &text[end..]));
        let (told, others): (Vec<_>, Vec<_>) = found
            .into_iter()
            .partition(|(_, message)| message == nowhere);
        if others.is_empty() {
            // A free text: anything may stand there.
            continue;
        }
        malformed += 1;
        let value = &text[start..end];
        if others.len() > 1 {
            wrong.push(format!("{value:?} is missed elsewhere: {others:#?}"));
        }
        if own && told.is_empty() && start != *at {
            wrong.push(format!("{value:?} hides a mistake of names"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(malformed > 400, "only {malformed} values were malformed");
}

/// One mistake of names is one mistake too, and none of a broken section hides those of the next.
#[test]
fn syntax_errors_are_read_past() {
    let right = "worstday: 1\nsystem: shop\nclients:\n  users: {arrive: 40/s, do: front.page}\nservices:\n  front:\n    \
                 workers: 16\n    endpoints:\n      page:\n        - call: back.load\n          timeout: 1s\n  back: \
                 {workers: 8, endpoints: {load: 10ms}}\nfaults:\n  pause: {stall: back, every: 2 months, lasts: 10s}\n\
                 promises:\n  fast: {for: users, must: [p99 < 1s over 5m]}\n";
    assert_eq!(errors(right), []);
    let cases: &[(&str, &str, &[&str])] = &[
        ("worstday: 1", "worstday: 1: 2", &["`: `"]),
        ("system: shop", "system: shop: x", &["`: `"]),
        (
            "arrive: 40/s, do",
            "arrive: {base: 40/s, do",
            &["`,` or `}`"],
        ),
        ("workers: 16\n", "workers: \"16\n", &["quote"]),
        ("workers: 16\n", "\tworkers: 16\n", &["tab"]),
        ("  back: {", "   back: {", &["indented"]),
        ("timeout: 1s", "timeout: @k8s", &["cannot start"]),
        ("lasts: 10s}", "lasts: 10s", &["`,` or `}`"]),
        (
            "lasts: 10s}\npromises:",
            "lasts: 10s]\npromises:\n  slow: {for: nobody, must: [p99 < 1s]}\n  odd: {for: users",
            &["`{` is closed", "`nobody`", "`,` or `}`"],
        ),
    ];
    for (what, wrong, says) in cases {
        assert!(right.contains(what), "{what}");
        let wrong = right.replacen(what, wrong, 1);
        let found = errors(&wrong);
        let fits = found.len() == says.len()
            && found
                .iter()
                .zip(*says)
                .all(|((_, message), say)| message.contains(say));
        assert!(fits, "{wrong}\n{found:#?}");
        // A mistake in the next section is found in the same go.
        let other = wrong.replace("must: [p99 < 1s over 5m]", "must: [p99 < 1 over 5m]");
        let both = errors(&other);
        assert_eq!(
            both.len(),
            found.len() + usize::from(other != wrong && !what.contains("promises")),
            "{other}\n{both:#?}"
        );
    }
}
