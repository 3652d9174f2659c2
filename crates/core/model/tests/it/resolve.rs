//! Systems: names, layers, defaults and ranges are resolved as the language says, and mistakes are told
//! where they stand.

use worstday_model::ast::{Model, Part};
use worstday_model::diagnostic::{Diagnostics, Severity};
use worstday_model::file::{FileKind, decode, read};
use worstday_model::resolve::{FINDINGS, resolve};
use worstday_model::source::SourceMap;
use worstday_model::system::*;

struct Outcome {
    system: Option<System>,
    found: Diagnostics,
    sources: SourceMap,
}

/// Resolves a model, with the files that it names.
fn resolved(text: &str, files: &[(&str, &str)]) -> Outcome {
    let mut sources = SourceMap::new();
    let mut found = Diagnostics::new();
    let id = sources.add("system.yaml", text);
    let file = read(&sources, id, &mut found);
    let model = file.and_then(|file| decode::<Model>(&file.tree, &mut found));
    let mut read_file = |path: &str| {
        let file = files.iter().find(|(name, _)| *name == path);
        file.map(|(_, text)| (*text).to_owned())
            .ok_or_else(|| "there is no such file".to_owned())
    };
    let system = model.and_then(|model| resolve(&model, &[], &sources, &mut read_file, &mut found));
    Outcome {
        system,
        found,
        sources,
    }
}

/// A system that is right.
fn right(text: &str) -> System {
    let outcome = resolved(text, &[]);
    outcome
        .system
        .unwrap_or_else(|| panic!("{}", outcome.found.render(&outcome.sources)))
}

/// A small system that is right, with `extra` sections behind it.
fn base(extra: &str) -> String {
    format!(
        "worstday: 1
system: small
clients:
  users: {{arrive: 5/s, do: web.page}}
services:
  web: {{workers: 4, endpoints: {{page: [{{call: back.load, timeout: 1s}}]}}}}
  back: {{workers: 2, endpoints: {{load: 10ms, other: 1ms}}}}
{extra}"
    )
}

/// What is said about `text`, and what is underlined.
fn mistakes(text: &str) -> Vec<(String, String)> {
    let outcome = resolved(text, &[]);
    assert!(outcome.system.is_none(), "nothing is wrong with\n{text}");
    outcome
        .found
        .sorted()
        .iter()
        .filter(|diagnostic| diagnostic.severity == Severity::Error)
        .map(|diagnostic| {
            let hint = diagnostic.hint.clone().unwrap_or_default();
            (
                outcome.sources.text(diagnostic.at).to_owned(),
                format!("{} | {hint}", diagnostic.message),
            )
        })
        .collect()
}

/// One mistake, where it is underlined, and a part of what is said.
fn mistake(text: &str, at: &str, says: &str) {
    let found = mistakes(text);
    assert!(
        found
            .iter()
            .any(|(place, message)| place == at && message.contains(says)),
        "{at:?} with {says:?} is not among {found:#?}\n{text}"
    );
    assert_eq!(
        found.len(),
        1,
        "one mistake makes one error: {found:#?}\n{text}"
    );
}

fn findings(text: &str) -> Vec<(&'static str, String)> {
    let outcome = resolved(text, &[]);
    assert!(
        outcome.system.is_some(),
        "{}",
        outcome.found.render(&outcome.sources)
    );
    let sorted = outcome.found.sorted();
    sorted
        .iter()
        .map(|finding| {
            (
                finding.code.unwrap(),
                outcome.sources.text(finding.at).to_owned(),
            )
        })
        .collect()
}

/// Every system that comes with the tool means something.
#[test]
fn the_systems_of_the_tool_resolve() {
    let root = format!("{}/../../../systems", env!("CARGO_MANIFEST_DIR"));
    let mut read_any = 0;
    for folder in [root.clone(), format!("{root}/theory")] {
        for entry in std::fs::read_dir(&folder).expect(&folder) {
            let path = entry.expect("an entry").path();
            let Ok(text) = std::fs::read_to_string(&path) else {
                continue;
            };
            let mut sources = SourceMap::new();
            let mut found = Diagnostics::new();
            let id = sources.add(path.display().to_string(), text);
            let Some(file) = read(&sources, id, &mut found) else {
                continue;
            };
            if file.kind != FileKind::Model {
                continue;
            }
            read_any += 1;
            let model = decode::<Model>(&file.tree, &mut found);
            let mut no_files = |path: &str| {
                std::fs::read_to_string(format!("{folder}/{path}"))
                    .map_err(|error| error.to_string())
            };
            let system =
                model.and_then(|model| resolve(&model, &[], &sources, &mut no_files, &mut found));
            assert!(system.is_some(), "{}", found.render(&sources));
        }
    }
    assert!(read_any >= 10, "only {read_any} systems were found");
}
