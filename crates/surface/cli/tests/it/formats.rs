//! `check` in a build: one search, told in each format, and a baseline that lets known breaks pass.

use std::fs;
use std::path::PathBuf;

use crate::tool::{Said, command, said};

/// Half an hour without service breaks the median of every half hour; nothing else does.
const DESK: &str = "worstday: 1
system: desk
links: {within-zone: {delay: 0s}}
clients: {customers: {arrive: 30/min, do: desk.serve, patience: 1h}}
services: {desk: {workers: 1, queue: 100, endpoints: {serve: exponential 1s}}}
faults: {lunch: {stall: desk, every: 1 week, lasts: 30m}, sneeze: {stall: desk, every: 1 week, lasts: 1s}}
promises:
  quick: {for: customers, must: [p50 < 1m over 30m], survives: [lunch]}
  calm: {for: customers, must: [p50 < 1m over 30m], survives: [sneeze]}
";

struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let name = format!("worstday-formats-{name}-{}", std::process::id());
        let folder = std::env::temp_dir().join(name);
        let _ = fs::remove_dir_all(&folder);
        fs::create_dir_all(&folder).expect("a folder");
        fs::write(folder.join("desk.yaml"), DESK).expect("a file");
        Self(folder)
    }

    fn check(&self, words: &[&str]) -> Said {
        let words = [
            &["check", "desk.yaml", "--no-brink", "--budget", "300d"],
            words,
        ]
        .concat();
        let output = command(&words)
            .current_dir(&self.0)
            .output()
            .expect("the tool runs");
        said(output, &words)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// The same verdicts in each format, on the lines of the file, and JSON as its schema says.
#[test]
fn each_format_says_the_same() {
    let folder = Folder::new("each");
    let json = folder.check(&["--format", "json"]).exits(10).json();
    let schema = command(&["schema", "check"])
        .output()
        .expect("the tool runs");
    let schema = serde_json::from_slice(&schema.stdout).expect("the schema is JSON");
    let validator = jsonschema::validator_for(&schema).expect("the schema is one");
    let errors: Vec<String> = validator
        .iter_errors(&json)
        .map(|e| e.to_string())
        .collect();
    assert!(errors.is_empty(), "{errors:#?}");
    let verdict = |at: usize| json["promises"][at]["survives"][0]["verdict"].clone();
    // Promises stand in name order.
    assert_eq!(
        (verdict(0), verdict(1)),
        ("kept".into(), "broken".into()),
        "{json}"
    );
    let place = &json["promises"][1]["survives"][0]["place"];
    assert_eq!(
        (&place["file"], &place["line"]),
        (&"desk.yaml".into(), &8.into())
    );
    let id = json["promises"][1]["survives"][0]["worst-day"]["id"]
        .as_str()
        .expect("a kept day")
        .to_owned();

    let junit = folder.check(&["--format", "junit"]).exits(10).out;
    assert!(
        junit.contains("tests=\"2\" failures=\"1\" errors=\"0\" skipped=\"0\""),
        "{junit}"
    );
    assert!(junit.contains("file=\"desk.yaml\" line=\"8\""), "{junit}");
    let markdown = folder.check(&["--format", "markdown"]).exits(10).out;
    assert!(
        markdown.contains("| lunch | **broken** |") && markdown.contains("| sneeze | kept |"),
        "{markdown}"
    );
    assert!(markdown.contains(&id), "{markdown}");
    let github = folder.check(&["--format", "github"]).exits(10).out;
    let errors: Vec<&str> = github
        .lines()
        .filter(|line| line.starts_with("::"))
        .collect();
    assert!(
        matches!(errors[..], [one] if one.starts_with("::error file=desk.yaml,line=8,title=quick survives lunch")),
        "{github}"
    );
    assert!(github.ends_with("1 broken, 1 kept\n"), "{github}");
}

/// The first time what is broken is written down; then it passes, until something else breaks.
#[test]
fn a_baseline_fails_only_on_what_is_new() {
    let folder = Folder::new("baseline");
    let first = folder.check(&["--baseline", "main"]).exits(0);
    assert!(first.err.contains("baseline-main.json"), "{}", first.err);
    let written = folder.0.join(".worstday/baseline-main.json");
    let text = fs::read_to_string(&written).expect("a baseline");
    let again = folder.check(&["--baseline", "main"]).exits(0);
    assert!(
        again
            .out
            .contains("1 broken as in the baseline main, 1 kept"),
        "{}",
        again.out
    );
    assert!(again.err.is_empty(), "{}", again.err);
    // A sneeze of half an hour is new.
    let long = ["--baseline", "main", "--set", "faults.sneeze.lasts=30m"];
    let worse = folder.check(&long).exits(10);
    assert!(
        worse
            .out
            .contains("1 broken, 1 broken as in the baseline main"),
        "{}",
        worse.out
    );
    let github = folder
        .check(&[&long[..], &["--format", "github"]].concat())
        .exits(10)
        .out;
    assert_eq!(github.matches("::error").count(), 1, "{github}");
    assert_eq!(fs::read_to_string(&written).expect("a baseline"), text);
    // Another name is another baseline; what is none is said.
    folder
        .check(&[&long[..2], &["--baseline", "x"]].concat())
        .exits(64);
    fs::write(&written, "{}").expect("written");
    let spoilt = folder.check(&["--baseline", "main"]).exits(65);
    assert!(
        spoilt.err.contains("the baseline main cannot be used"),
        "{}",
        spoilt.err
    );
    let wrong = folder.check(&["--baseline", "../main"]).exits(64);
    assert!(wrong.err.contains("cannot be called"), "{}", wrong.err);
}
