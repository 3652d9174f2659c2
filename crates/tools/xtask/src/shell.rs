//! Running other programs and finding the folders they work in.

use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail, ensure};

/// The repository's root: this crate lies three folders below it.
pub fn root() -> PathBuf {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.ancestors()
        .nth(3)
        .expect("crates/tools/xtask lies three folders deep")
        .to_owned()
}

/// Where installed tools and fuzzing finds are kept: outside the repository, so that a fresh
/// clone finds them again and `git status` stays clean.
///
/// # Errors
///
/// If neither `XDG_CACHE_HOME` nor `HOME` says where caches live.
pub fn cache() -> Result<PathBuf> {
    let set = |name| {
        std::env::var_os(name)
            .filter(|value| !value.is_empty())
            .map(PathBuf::from)
    };
    let base = set("XDG_CACHE_HOME").or_else(|| set("HOME").map(|home| home.join(".cache")));
    Ok(base
        .context("neither XDG_CACHE_HOME nor HOME is set")?
        .join("worstday"))
}

/// Where cargo puts what it builds.
pub fn target() -> PathBuf {
    std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root().join("target"), PathBuf::from)
}

/// Cargo itself, in the repository's root.
pub fn cargo() -> Command {
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.current_dir(root());
    command
}

/// How a command would be typed, for messages.
pub fn typed(command: &Command) -> String {
    let program = Path::new(command.get_program());
    let name = program
        .file_name()
        .unwrap_or(command.get_program())
        .to_string_lossy();
    let arguments = command
        .get_args()
        .map(|argument| argument.to_string_lossy());
    std::iter::once(name)
        .chain(arguments)
        .collect::<Vec<_>>()
        .join(" ")
}

/// Runs `command`, its output going where ours goes.
///
/// # Errors
///
/// If it cannot be started or ends with anything but success.
pub fn run(command: &mut Command) -> Result<()> {
    let status = command
        .status()
        .with_context(|| format!("cannot start `{}`", typed(command)))?;
    ensure!(status.success(), "`{}` failed ({status})", typed(command));
    Ok(())
}

/// Runs `command` and returns what it printed on stdout.
///
/// # Errors
///
/// If it cannot be started or ends with anything but success.
pub fn output(command: &mut Command) -> Result<String> {
    let output = command
        .stderr(Stdio::inherit())
        .output()
        .with_context(|| format!("cannot start `{}`", typed(command)))?;
    ensure!(
        output.status.success(),
        "`{}` failed ({})",
        typed(command),
        output.status
    );
    String::from_utf8(output.stdout).with_context(|| format!("output of `{}`", typed(command)))
}

/// Runs `command`, passes all that it prints on, and returns the lines that `closing` picks: a
/// test runner's own words on how it ended, to be shown once more at the very end.
///
/// # Errors
///
/// If it cannot be started, or ends with anything but success; the picked lines are in the message.
pub fn run_and_remember(command: &mut Command, closing: fn(&str) -> bool) -> Result<Vec<String>> {
    let (reader, writer) = std::io::pipe()?;
    command.stdout(writer.try_clone()?).stderr(writer);
    let mut child = command
        .spawn()
        .with_context(|| format!("cannot start `{}`", typed(command)))?;
    // The command holds the pipe's writing ends; while it does, the reader never sees the end.
    command.stdout(Stdio::null()).stderr(Stdio::null());

    let mut remembered = Vec::new();
    let mut out = std::io::stdout().lock();
    for line in BufReader::new(reader).split(b'\n') {
        let line = String::from_utf8_lossy(&line?).into_owned();
        writeln!(out, "{line}")?;
        if closing(&line) {
            remembered.push(line.trim().to_owned());
        }
    }
    let status = child.wait()?;
    if !status.success() {
        bail!(
            "`{}` failed ({status})\n{}",
            typed(command),
            remembered.join("\n")
        );
    }
    Ok(remembered)
}

/// The files git knows in this repository and that still exist, with paths from its root.
///
/// # Errors
///
/// If git cannot list them.
pub fn tracked_files() -> Result<Vec<PathBuf>> {
    let mut git = Command::new("git");
    git.current_dir(root()).args([
        "ls-files",
        "-z",
        "--cached",
        "--others",
        "--exclude-standard",
    ]);
    let mut files: Vec<PathBuf> = output(&mut git)?
        .split_terminator('\0')
        .map(PathBuf::from)
        .filter(|file| root().join(file).is_file())
        .collect();
    files.sort();
    files.dedup();
    Ok(files)
}
