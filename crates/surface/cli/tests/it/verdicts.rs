//! Exit codes and reports of promises that are kept, broken, or cannot be judged.

use crate::tool::{Scratch, desk, worstday};

fn promise(condition: &str) -> String {
    format!("promises: {{quick: {{for: customers, must: [{condition}]}}}}")
}

/// The three answers a script needs, and no promise at all.
#[test]
fn verdicts_are_exit_codes() {
    let short = ["--for", "30m"];
    for (name, load, must, exit, word) in [
        ("kept", "10/min", "lost < 5% over 5m", 0, "✓ kept"),
        ("broken", "54/min", "p50 < 100ms over 5m", 10, "✗ broken"),
        ("cant-tell", "none", "p99 < 1s over 5m", 11, "? can't tell"),
    ] {
        let load = if load == "none" { "{base: none}" } else { load };
        let file = Scratch::new(&format!("{name}.yaml"), &desk(load, &promise(must)));
        let said = worstday(&["run", file.path(), short[0], short[1]]).exits(exit);
        assert!(said.out.contains(word), "{}", said.out);
    }
    let file = Scratch::new("unpromised.yaml", &desk("10/min", ""));
    worstday(&["run", file.path(), "--for", "30m"]).exits(0);
}

/// JSON is valid under the schema that the tool itself prints, and says what the screen says.
#[test]
fn json_keeps_to_its_schema() {
    let schema: serde_json::Value =
        serde_json::from_str(&worstday(&["schema", "outcome"]).exits(0).out)
            .expect("the schema is JSON");
    let validator = jsonschema::validator_for(&schema).expect("the schema is a schema");
    for (words, exit) in [
        (&["run", "systems/retry-storm.yaml", "--for", "45m"][..], 10),
        (
            &[
                "run",
                "systems/two-tier.yaml",
                "--for",
                "10m",
                "--seeds",
                "5",
            ],
            10,
        ),
        (&["run", "systems/theory/w1.yaml", "--for", "1h"], 0),
    ] {
        let mut json = words.to_vec();
        json.extend(["--format", "json"]);
        let value = worstday(&json).exits(exit).json();
        let mistakes: Vec<String> = validator
            .iter_errors(&value)
            .map(|error| error.to_string())
            .collect();
        assert_eq!(mistakes, Vec::<String>::new(), "{words:?}");
        let text = worstday(words).exits(exit).out;
        assert!(
            text.replace('\n', " ")
                .contains(value["sentence"].as_str().expect("a sentence")),
            "{text}"
        );
    }
    let model: serde_json::Value =
        serde_json::from_str(&worstday(&["schema"]).exits(0).out).expect("the schema is JSON");
    jsonschema::validator_for(&model).expect("the schema of models is a schema");
}

/// A screen is a screen, whatever was simulated, and plain when it is no terminal.
#[test]
fn screens_fit() {
    for words in [
        &["run", "systems/retry-storm.yaml", "--for", "45m"][..],
        &[
            "run",
            "systems/two-tier.yaml",
            "--for",
            "10m",
            "--seeds",
            "5",
        ],
        &[
            "run",
            "systems/shop.yaml",
            "--at",
            "1.5x peak",
            "--for",
            "2m",
        ],
        &["demo"],
    ] {
        let text = worstday(words).out;
        assert!(
            text.lines().count() <= 23,
            "{words:?} has {} lines:\n{text}",
            text.lines().count()
        );
        assert!(!text.contains('\u{1b}'), "{words:?} has colours");
        for line in text.lines().filter(|line| !line.starts_with("next ")) {
            assert!(line.chars().count() <= 82, "{words:?}: {line}");
        }
    }
}

/// The suggested command is one that runs: a suggestion that fails is worse than none.
#[test]
fn the_next_command_runs() {
    for words in [
        &["run", "systems/retry-storm.yaml", "--for", "10m"][..],
        &["run", "systems/two-tier.yaml", "--for", "6m"],
        &["run", "systems/shop.yaml", "--for", "5m"],
        &["run", "systems/theory/w3.yaml", "--for", "1m"],
    ] {
        let next = worstday(words)
            .out
            .lines()
            .last()
            .expect("a last line")
            .to_owned();
        let command = next
            .trim_start_matches("next")
            .trim()
            .trim_start_matches("worstday ");
        let output = std::process::Command::new("sh")
            .args([
                "-c",
                &format!("\"$0\" {command}"),
                env!("CARGO_BIN_EXE_worstday"),
            ])
            .current_dir(crate::tool::root())
            .output()
            .expect("a shell");
        let exit = output.status.code();
        assert!(
            matches!(exit, Some(0 | 10 | 11)),
            "{next} ends with {exit:?}:\n{}",
            String::from_utf8_lossy(&output.stderr)
        );
    }
}
