//! Mistakes are answered as a compiler would: what, where, why, what to do; and the exit code tells whose they are.

use crate::tool::{Scratch, desk, worstday};

/// Every mistake of a file at once, each with its line underlined.
#[test]
fn a_wrong_description_is_65() {
    let text = desk("30/min", "")
        .replace("desk.serve", "dsek.serve")
        .replace("workers: 1", "worker: 1");
    let file = Scratch::new("wrong.yaml", &text);
    let said = worstday(&["run", file.path()]).exits(65);
    assert_eq!(said.out, "");
    assert!(said.err.contains("did you mean"), "{}", said.err);
    assert!(said.err.contains("^^^^"), "{}", said.err);
    assert!(
        said.err.contains(&format!("{}:", file.path())),
        "{}",
        said.err
    );
}

/// What the command line gets wrong is 64, and each message says what would be right.
#[test]
fn a_wrong_command_line_is_64() {
    for (words, hint) in [
        (&["run"][..], "FILE"),
        (&["run", "systems/two-tier.yaml", "--for", "ten"], "45m"),
        (
            &["run", "systems/two-tier.yaml", "--at", "twice"],
            "2x peak",
        ),
        (
            &["run", "systems/two-tier.yaml", "--day", "tomorrow"],
            "2026-11-27",
        ),
        (&["run", "systems/two-tier.yaml", "--shard", "3/2"], "2/4"),
        (
            &["run", "systems/two-tier.yaml", "--merge", "README.md"],
            "--shard",
        ),
        (&["run", "systems/two-tier.yaml", "--sed", "3"], "--seed"),
        (&["rnu"], "--help"),
    ] {
        let said = worstday(words).exits(64);
        assert!(
            said.err.contains(hint),
            "{words:?} does not hint at {hint}:\n{}",
            said.err
        );
    }
}

/// A file that is not there, a variant that is not there, a value that cannot be.
#[test]
fn what_is_not_there_is_named() {
    for (words, wanted) in [
        (&["run", "systems/nothing.yaml"][..], "no such file"),
        (
            &[
                "run",
                "systems/two-tier.variants.yaml",
                "--variant",
                "budgte",
            ],
            "did you mean `budget`?",
        ),
        (
            &[
                "run",
                "systems/two-tier.yaml",
                "--set",
                "services.bakc.workers=8",
            ],
            "bakc",
        ),
        (
            &[
                "run",
                "systems/two-tier.yaml",
                "--set",
                "services.back.workers=many",
            ],
            "--set:1:",
        ),
    ] {
        let said = worstday(words).exits(65);
        assert!(said.err.contains(wanted), "{words:?}: {}", said.err);
    }
}

/// Help and version are no mistakes.
#[test]
fn help_is_0() {
    assert!(worstday(&["--help"]).exits(0).out.contains("exit codes"));
    assert!(
        worstday(&["run", "--help"])
            .exits(0)
            .out
            .contains("--seeds")
    );
    assert!(
        worstday(&["--version"])
            .exits(0)
            .out
            .starts_with("worstday ")
    );
    assert!(
        worstday(&["completions", "bash"])
            .exits(0)
            .out
            .contains("worstday")
    );
}
