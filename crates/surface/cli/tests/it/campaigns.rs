//! One seed, one history: threads, shards and order of arrival change nothing.

use crate::tool::{Scratch, command, desk, worstday};

const DAY: [&str; 6] = [
    "run",
    "systems/two-tier.yaml",
    "--for",
    "10m",
    "--day",
    "2026-11-23",
];

fn with(more: &[&str]) -> Vec<&'static str> {
    let words: Vec<String> = DAY.iter().chain(more).map(ToString::to_string).collect();
    words.into_iter().map(|word| &*word.leak()).collect()
}

/// The bytes of a report are a function of files and arguments: CI caches and diffs rest on it.
#[test]
fn threads_change_no_byte() {
    for format in ["text", "json"] {
        let one = worstday(&with(&[
            "--seeds",
            "6",
            "--format",
            format,
            "--threads",
            "1",
        ]))
        .exits(10);
        let two = worstday(&with(&[
            "--seeds",
            "6",
            "--format",
            format,
            "--threads",
            "2",
        ]))
        .exits(10);
        assert!(
            one.out == two.out,
            "{format} differs between 1 and 2 threads"
        );
    }
}

/// Parts made elsewhere, in any order, are the whole.
#[test]
fn merged_parts_are_the_whole() {
    let whole = worstday(&with(&["--seeds", "5", "--format", "json"])).exits(10);
    let parts: Vec<Scratch> = ["3/3", "1/3", "2/3"]
        .iter()
        .map(|shard| {
            let part = worstday(&with(&["--seeds", "5", "--shard", shard])).exits(0);
            Scratch::new(&format!("part-{}", shard.replace('/', "-")), &part.out)
        })
        .collect();
    let mut merge = vec!["--format", "json", "--merge"];
    merge.extend(parts.iter().map(Scratch::path));
    let merged = worstday(&with(&merge)).exits(10);
    let (mut whole, mut merged) = (whole.json(), merged.json());
    // The next command repeats the arguments, which do differ.
    for report in [&mut whole, &mut merged] {
        report["next"].take();
    }
    assert!(whole == merged, "the merged parts are not the whole");
    assert_eq!(whole["histories"].as_array().map(Vec::len), Some(5));

    // A part of another model is no part of this one.
    let other = [
        "run",
        "systems/retry-storm.yaml",
        "--for",
        "10m",
        "--merge",
        parts[0].path(),
    ];
    assert!(worstday(&other).exits(64).err.contains("another model"));
}

/// Another seed is another day, the same seed is the same.
#[test]
fn seeds_are_histories() {
    let digest = |seed: &str| {
        let said = worstday(&with(&["--seed", seed, "--format", "json"]));
        said.json()["histories"][0]["digest"]
            .as_str()
            .expect("a digest")
            .to_owned()
    };
    assert_eq!(digest("7"), digest("7"));
    assert_ne!(digest("7"), digest("8"));
}

/// Ctrl-C ends in order and says what it cost; a script sees 130.
#[test]
fn an_interrupted_run_says_what_was_lost() {
    let file = Scratch::new("long.yaml", &desk("0.9/s", ""));
    let words = ["run", file.path(), "--for", "3000d"];
    let child = command(&words)
        .stdout(std::process::Stdio::piped())
        .stderr(std::process::Stdio::piped())
        .spawn()
        .expect("the tool runs");
    std::thread::sleep(std::time::Duration::from_millis(700));
    let killed = std::process::Command::new("kill")
        .args(["-INT", &child.id().to_string()])
        .status();
    assert!(killed.is_ok_and(|status| status.success()));
    let said = crate::tool::said(child.wait_with_output().expect("it ends"), &words).exits(130);
    assert!(
        said.err.starts_with("interrupted: 0 of 1 history finished"),
        "{}",
        said.err
    );
    assert_eq!(said.out, "");
}
