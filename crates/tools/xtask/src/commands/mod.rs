//! The commands that the documentation shows are run, so that no page shows one that fails, and what
//! it quotes of them is what they print.
//!
//! In a fenced `console` or `sh` block, every line that starts with `$ worstday` or with
//! `cargo run --release --` (with or without `$ `) is a command; a trailing backslash continues
//! it. It must end with exit code 0, or with the one that a comment at its end names:
//!
//! ```console
//! $ worstday run systems/retry-storm.yaml    # exit 10
//! ```
//!
//! One with `--live` serves a page until it is ended; it must say where.
//!
//! A `text` block directly after it quotes the block's last command ([`quote`]); the figures of prose
//! and tables must come from the commands of their page ([`figures`]); and what such a page shows of a
//! described system stands in a file ([`excerpt`]).

mod excerpt;
mod figures;
mod page;
mod quote;

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::mpsc::RecvTimeoutError;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};

use crate::shell;
use crate::tidy::markdown;
use page::{Documented, Page};

/// A page's commands are examples, not work: one that takes longer is not fit to be shown.
const PATIENCE: Duration = Duration::from_secs(60);
/// Where it is set, quotations are written anew instead of compared.
const UPDATE: &str = "UPDATE_DOCS";

/// Runs every documented command and says how many there were.
///
/// # Errors
///
/// If the tool does not build, or a page says of a command what is not so.
pub fn run_documented() -> Result<()> {
    println!("{}", run_documented_and_count()?);
    Ok(())
}

/// As [`run_documented`], with the closing line for the caller to print.
///
/// # Errors
///
/// As [`run_documented`].
pub fn run_documented_and_count() -> Result<String> {
    let files = shell::tracked_files()?;
    let tool = build()?;
    let begun = Instant::now();
    let described = described(&files)?;
    let update = std::env::var_os(UPDATE).is_some();
    let mut failures = Vec::new();
    let (mut commands, mut quotations, mut figures) = (0, 0, 0);
    for file in files
        .iter()
        .filter(|file| file.extension().is_some_and(|end| end == "md"))
    {
        let path = shell::root().join(file);
        let text = std::fs::read_to_string(&path)?;
        let page = Page::read(file, &text);
        let mut printed = Vec::new();
        for command in &page.commands {
            let output = run(command, &tool);
            failures.extend(output.as_ref().err().map(|error| format!("{error:#}")));
            printed.push(output.unwrap_or_default());
        }
        if update {
            let renewed = page.renewed(&text, &printed);
            if renewed != text {
                println!("written anew: {}", file.display());
                std::fs::write(path, renewed)?;
            }
            continue;
        }
        failures.extend(page.false_quotations(&printed));
        let mut systems = Vec::new();
        for name in page.systems() {
            let Ok(system) = std::fs::read_to_string(shell::root().join(name)) else {
                continue;
            };
            // Without a date of its own a system is simulated on the day after the reader's.
            if page.quotes() && has_line(&system, "system:") && !has_line(&system, "as-of:") {
                failures.push(format!(
                    "{}: {name} says no `as-of`, so its day is another one tomorrow",
                    file.display()
                ));
            }
            systems.push(system);
        }
        let (found, unknown) = page.unknown_figures(&text, &printed, &systems);
        failures.extend(unknown);
        if !page.commands.is_empty() {
            let strange = markdown::code_blocks(&text)
                .into_iter()
                .filter(|block| block.language == "yaml")
                .filter(|block| !described.iter().any(|file| excerpt::stands_in(block, file)));
            failures.extend(strange.map(|block| {
                format!(
                    "{}:{}: no file has this piece",
                    file.display(),
                    block.begin()
                )
            }));
        }
        commands += page.commands.len();
        quotations += page
            .commands
            .iter()
            .filter(|command| command.quotation.is_some())
            .count();
        figures += found;
    }
    if update && failures.is_empty() {
        return Ok("commands of the documentation: quotations are as printed now, figures are yours to check".into());
    }
    ensure!(
        failures.is_empty(),
        "commands of the documentation:\n{}\n{UPDATE}=1 cargo xtask commands writes quotations anew",
        failures.join("\n")
    );
    Ok(format!(
        "commands of the documentation: {commands} ran as their pages say, {quotations} quotations and \
         {figures} figures are what they print ({:.1} s)",
        begun.elapsed().as_secs_f64()
    ))
}

fn has_line(text: &str, begin: &str) -> bool {
    text.lines().any(|line| line.starts_with(begin))
}

/// The text of every described system that pages may show pieces of.
fn described(files: &[PathBuf]) -> Result<Vec<String>> {
    let yaml = |file: &&PathBuf| file.extension().is_some_and(|end| end == "yaml");
    let shown = |file: &&PathBuf| file.starts_with("systems") || file.starts_with("docs");
    let files = files.iter().filter(yaml).filter(shown);
    files
        .map(|file| Ok(std::fs::read_to_string(shell::root().join(file))?))
        .collect()
}

/// The tool in the profile that the tests use; its engine is optimised there too.
fn build() -> Result<PathBuf> {
    shell::run(shell::cargo().args(["build", "--quiet", "--package", "worstday"]))?;
    Ok(shell::target()
        .join("debug")
        .join(format!("worstday{}", std::env::consts::EXE_SUFFIX)))
}

/// What the command prints, on stdout and stderr together, as on a screen. One that serves a page until somebody
/// ends it (`--live`) is ended as soon as it has said where the page is; of it nothing is quoted.
fn run(command: &Documented, tool: &Path) -> Result<String> {
    let said = || format!("{}: worstday {}", command.at, command.arguments);
    let (reader, writer) = std::io::pipe()?;
    // A shell, because pages quote and pipe as people do. `exec` would hide the pipes' exit code, but
    // what has to be ended must be the tool itself.
    let exec = if command.stays { "exec " } else { "" };
    let mut shell = Command::new("sh");
    shell
        .args(["-c", &format!("{exec}\"$WORSTDAY\" {}", command.arguments)])
        .env("WORSTDAY", tool)
        .current_dir(shell::root())
        .stdin(Stdio::null())
        .stdout(writer.try_clone()?)
        .stderr(writer);
    let mut child = shell.spawn().with_context(said)?;
    // The builder holds the pipe's writing ends; while it does, the reader never sees the end.
    drop(shell);
    let (send, lines) = std::sync::mpsc::channel();
    std::thread::spawn(move || {
        for line in BufReader::new(reader).split(b'\n') {
            let Ok(line) = line else { return };
            if send
                .send(String::from_utf8_lossy(&line).into_owned())
                .is_err()
            {
                return;
            }
        }
    });
    let until = Instant::now() + PATIENCE;
    let mut printed = String::new();
    loop {
        match lines.recv_timeout(until.saturating_duration_since(Instant::now())) {
            Ok(line) if command.stays && line.starts_with("http://127.0.0.1:") => {
                child.kill()?;
                child.wait()?;
                return Ok(String::new());
            }
            Ok(line) => {
                printed.push_str(&line);
                printed.push('\n');
            }
            Err(RecvTimeoutError::Disconnected) => break,
            Err(RecvTimeoutError::Timeout) => {
                child.kill()?;
                child.wait()?;
                anyhow::bail!("{} was still running after {PATIENCE:?}", said());
            }
        }
    }
    let status = child.wait()?;
    ensure!(
        status.code() == Some(command.exit) && !command.stays,
        "{}: {status} instead of {}\n{}",
        said(),
        if command.stays {
            "a page".to_owned()
        } else {
            format!("exit code {}", command.exit)
        },
        printed.trim_end()
    );
    Ok(printed)
}
