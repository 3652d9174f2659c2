//! The systems of the language's reference: each is read whole, and either has its types or is
//! refused with the list of everything that is missing.

use worstday_model::ast::{Model, Overlay, Scenario};
use worstday_model::diagnostic::Diagnostics;
use worstday_model::file::{FileKind, decode, read};
use worstday_model::source::SourceMap;

fn report(name: &str) -> String {
    let path = format!("{}/tests/language/{name}", env!("CARGO_MANIFEST_DIR"));
    let text = std::fs::read_to_string(&path).expect(&path);
    let mut sources = SourceMap::new();
    let mut found = Diagnostics::new();
    let id = sources.add(name, text);
    let file = read(&sources, id, &mut found);
    if let Some(file) = file {
        match file.kind {
            FileKind::Model => drop(decode::<Model>(&file.tree, &mut found)),
            FileKind::Overlay => drop(decode::<Overlay>(&file.tree, &mut found)),
            FileKind::Scenario => drop(decode::<Scenario>(&file.tree, &mut found)),
            FileKind::Part => panic!("{name} is a part"),
        }
    }
    found.render(&sources)
}

/// What is missing for each example is held to the letter: a mechanism that is built disappears
/// from the list, and nothing is refused by accident.
#[test]
fn every_example_is_read_whole() {
    let folder = format!("{}/tests/language", env!("CARGO_MANIFEST_DIR"));
    let mut names: Vec<String> = std::fs::read_dir(&folder)
        .expect("the folder of examples")
        .map(|entry| {
            entry
                .expect("an entry")
                .file_name()
                .into_string()
                .expect("a name")
        })
        .collect();
    names.sort();
    assert_eq!(names.len(), 13);
    let reports: Vec<String> = names
        .iter()
        .map(|name| format!("=== {name}\n{}", report(name)))
        .collect();
    insta::assert_snapshot!(reports.join("\n"));
}
