//! `test` and `verify`: every test of the workspace, short or in full length.

use std::path::PathBuf;
use std::process::Command;

use anyhow::{Result, ensure};

use crate::{commands, page, shell, tools};

/// Where tests find the public recordings that are not part of the repository.
const DATA: &str = "WORSTDAY_DATA";
/// What tests read to choose their full length.
const LONG: &str = "WORSTDAY_LONG";

/// The runner's patience with them: `.config/nextest.toml`.
const LONG_PROFILE: &str = "long";

/// Where it is `required`, missing browsers fail the tests.
const BROWSER: &str = "WORSTDAY_BROWSER";

/// How much of each test is run.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Length {
    Short,
    Full,
}

/// All tests in their short form, then the documentation's own.
///
/// # Errors
///
/// If a test fails or a runner cannot be started.
pub fn test(arguments: &[String]) -> Result<()> {
    run(Length::Short, arguments)
}

/// All tests in their long form, those marked as ignored included. Those that count for hours keep what they counted in the
/// target folder, and go on with it when they are started again with the same sources.
///
/// # Errors
///
/// If a test fails or a runner cannot be started.
pub fn verify(arguments: &[String]) -> Result<()> {
    run(Length::Full, arguments)
}

fn run(length: Length, arguments: &[String]) -> Result<()> {
    let data = data_folder();
    let mut closing = Vec::new();
    // Pages are opened in a browser: tests that find none pass over it, unless they must not.
    if let Err(error) = page::tools() {
        let missing = format!("pages are not tested in a browser: {error:#}");
        ensure!(
            std::env::var_os(BROWSER).is_none_or(|value| value != "required"),
            "{missing}"
        );
        println!("{missing}");
        closing.push(missing);
    }

    let mut suites = vec![suites(length, arguments)];
    // Arguments choose among tests; what they leave out is not meant.
    if arguments.is_empty() {
        let mut documentation = shell::cargo();
        documentation.args([
            "test",
            "--quiet",
            "--doc",
            "--workspace",
            "--exclude",
            "worstday-bench",
        ]);
        suites.push(documentation);
    }
    for mut suite in suites {
        suite.env(DATA, &data);
        match length {
            Length::Short => suite.env_remove(LONG),
            Length::Full => suite.env(LONG, "1"),
        };
        closing.extend(shell::run_and_remember(&mut suite, is_closing_line)?);
    }
    if arguments.is_empty() {
        closing.push(commands::run_documented_and_count()?);
    }

    println!();
    for line in closing {
        println!("{line}");
    }
    if !data.is_dir() {
        println!(
            "real recordings: not read, no folder {} (set {DATA}); the tests that need them were skipped",
            data.display()
        );
    }
    Ok(())
}

/// The runner of unit and integration tests: nextest, or cargo's own where that cannot be had.
fn suites(length: Length, arguments: &[String]) -> Command {
    let chosen_packages = arguments
        .iter()
        .any(|argument| argument == "-p" || argument == "--package");
    let scope: &[&str] = if chosen_packages {
        &[]
    } else {
        &["--workspace", "--exclude", "worstday-bench"]
    };
    match tools::NEXTEST.command() {
        Ok(mut nextest) => {
            nextest
                .args(["run", "--no-fail-fast", "--status-level", "slow"])
                .args(scope);
            nextest.args(["--no-tests", "pass", "--color", "never"]);
            if length == Length::Full {
                nextest.args(["--run-ignored", "all", "--profile", LONG_PROFILE]);
            }
            nextest.args(arguments);
            nextest
        }
        Err(error) => {
            println!("cargo-nextest cannot be had ({error:#}); going on with `cargo test`");
            let mut cargo = shell::cargo();
            cargo
                .args(["test", "--no-fail-fast", "--tests"])
                .args(scope);
            // What follows a package's name is a filter on test names, here and there alike.
            cargo.args(arguments);
            if length == Length::Full {
                cargo.args(["--", "--include-ignored"]);
            }
            cargo
        }
    }
}

fn data_folder() -> PathBuf {
    let named = std::env::var_os(DATA).filter(|value| !value.is_empty());
    let folder = named.map_or_else(|| shell::root().join("../shared/data"), PathBuf::from);
    folder.canonicalize().unwrap_or(folder)
}

fn is_closing_line(line: &str) -> bool {
    let line = line.trim_start();
    line.starts_with("Summary [") || line.starts_with("test result:")
}
