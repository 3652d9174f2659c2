//! Coverage-guided fuzzing of everything that reads bytes from outside.
//!
//! The targets live in `fuzz/`, outside the workspace, each with a kept corpus in
//! `fuzz/corpus/`. The pinned stable toolchain has no sanitizers and needs none here: the code
//! has no `unsafe`, so what is hunted are panics, hangs (10 s for one input) and more than 500 MB
//! of memory. New finds go to the cache folder; `--keep` merges what adds coverage into the kept
//! corpus.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};

use crate::{shell, tools};

/// One input may take this long, in seconds.
const HANG_SECONDS: u32 = 10;
/// One input may make the reader use this much, in MiB.
const MEMORY_MIB: u32 = 500;
/// Inputs up to this many bytes are tried; longer ones are a test of their own.
const INPUT_BYTES: u32 = 65_536;

struct Plan {
    targets: Vec<String>,
    each: Duration,
    keep: bool,
}

/// Fuzzes the targets named in `arguments`, or all of them, one after another.
///
/// # Errors
///
/// If a target does not build, or an input makes it panic, hang or use too much memory.
pub fn fuzz(arguments: &[String]) -> Result<()> {
    let plan = plan(arguments)?;
    if !has_cplusplus() {
        replay()?;
        println!("fuzz: kept corpus replayed, nothing fuzzed: libFuzzer needs a C++ compiler");
        return Ok(());
    }
    let mut build = command("build")?;
    // One build for all: they differ in their last crate only.
    shell::run(&mut build)?;
    let mut closing = Vec::new();
    for target in &plan.targets {
        closing.extend(fuzz_one(target, &plan)?);
    }
    println!();
    for line in closing {
        println!("{line}");
    }
    Ok(())
}

/// Runs every kept input once through its reader.
fn replay() -> Result<()> {
    let mut cargo = shell::cargo();
    cargo.args([
        "test",
        "--quiet",
        "--manifest-path",
        "fuzz/Cargo.toml",
        "--lib",
    ]);
    cargo.env("CARGO_TARGET_DIR", shell::target().join("fuzz"));
    shell::run(&mut cargo)
}

fn has_cplusplus() -> bool {
    let compiler = std::env::var_os("CXX").unwrap_or_else(|| "c++".into());
    Command::new(compiler)
        .arg("--version")
        .output()
        .is_ok_and(|output| output.status.success())
}

fn fuzz_one(target: &str, plan: &Plan) -> Result<Vec<String>> {
    let kept = shell::root().join("fuzz/corpus").join(target);
    ensure!(
        has_files(&kept),
        "fuzz/corpus/{target} holds no input: fuzzing would start from nothing"
    );
    let found = shell::cache()?.join("fuzz").join(target);
    std::fs::create_dir_all(&found)?;

    let mut run = command("run")?;
    // libFuzzer writes new inputs to the first folder and reads all.
    run.arg(target).arg(&found).arg(&kept).arg("--");
    run.arg(format!("-max_total_time={}", plan.each.as_secs()));
    if plan.each < Duration::from_secs(60) {
        // The gate's short run begins the same way each time; the long one looks elsewhere.
        run.arg("-seed=1");
    }
    run.args(limits()).arg("-print_final_stats=1");
    let lines = shell::run_and_remember(&mut run, is_closing_line).with_context(|| {
        format!(
            "the input is in fuzz/artifacts/{target}; again: cargo fuzz run -s none {target} FILE"
        )
    })?;
    if plan.keep {
        let mut merge = command("run")?;
        merge
            .arg(target)
            .arg(&kept)
            .arg(&found)
            .arg("--")
            .arg("-merge=1")
            .args(limits());
        shell::run(&mut merge)?;
    }
    Ok(lines
        .into_iter()
        .map(|line| format!("fuzz {target}: {line}"))
        .collect())
}

/// `cargo fuzz SUBCOMMAND` on the stable toolchain, with a build folder of its own: its flags
/// would make every other chore compile everything again.
fn command(subcommand: &str) -> Result<Command> {
    let mut fuzz = tools::FUZZ.command()?;
    fuzz.args([subcommand, "--sanitizer", "none"]);
    fuzz.env("CARGO_TARGET_DIR", shell::target().join("fuzz"));
    Ok(fuzz)
}

fn limits() -> [String; 4] {
    [
        format!("-timeout={HANG_SECONDS}"),
        format!("-rss_limit_mb={MEMORY_MIB}"),
        format!("-max_len={INPUT_BYTES}"),
        format!("-dict={}", shell::root().join("fuzz/words.dict").display()),
    ]
}

fn plan(arguments: &[String]) -> Result<Plan> {
    let known = targets()?;
    let mut plan = Plan {
        targets: Vec::new(),
        each: Duration::from_secs(600),
        keep: false,
    };
    let mut arguments = arguments.iter();
    while let Some(argument) = arguments.next() {
        match argument.as_str() {
            "--keep" => plan.keep = true,
            "--seconds" => {
                let seconds = arguments.next().context("--seconds wants a number")?;
                plan.each = Duration::from_secs(
                    seconds
                        .parse()
                        .with_context(|| format!("--seconds {seconds}"))?,
                );
            }
            name if known.iter().any(|target| target == name) => plan.targets.push(name.to_owned()),
            other => bail!(
                "there is no fuzz target `{other}`; there are: {}",
                known.join(", ")
            ),
        }
    }
    if plan.targets.is_empty() {
        plan.targets = known;
    }
    Ok(plan)
}

/// The targets, by the names of their files.
fn targets() -> Result<Vec<String>> {
    let folder = shell::root().join("fuzz/fuzz_targets");
    let mut names = Vec::new();
    for entry in std::fs::read_dir(&folder).with_context(|| folder.display().to_string())? {
        let file: PathBuf = entry?.path();
        names.extend(
            file.file_stem()
                .and_then(|stem| stem.to_str())
                .map(str::to_owned),
        );
    }
    names.sort();
    Ok(names)
}

fn has_files(folder: &Path) -> bool {
    std::fs::read_dir(folder).is_ok_and(|mut entries| entries.next().is_some())
}

fn is_closing_line(line: &str) -> bool {
    line.starts_with("Done ") || line.starts_with("SUMMARY:")
}
