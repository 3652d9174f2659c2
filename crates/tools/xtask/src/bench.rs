//! `bench`: builds the tool and the references in the release profile, then hands over to the
//! benchmark crate, which measures and prints the table.

use std::process::Command;

use anyhow::Result;

use crate::shell;

/// The speed table; `arguments` go to the benchmark.
///
/// # Errors
///
/// If something does not build, or a measured program fails.
pub fn bench(arguments: &[String]) -> Result<()> {
    shell::run(shell::cargo().args([
        "build",
        "--release",
        "--package",
        "worstday",
        "--package",
        "worstday-bench",
    ]))?;
    let programs = shell::target().join("release");
    let mut table = Command::new(programs.join("table"));
    table
        .current_dir(shell::root())
        .arg("--programs")
        .arg(&programs)
        .args(arguments);
    shell::run(&mut table)
}
