//! The commands that the documentation shows are run, so that no page shows one that fails.
//!
//! In a fenced `console` or `sh` block, every line that starts with `$ worstday` or with
//! `cargo run --release --` (with or without `$ `) is a command; a trailing backslash continues
//! it. It must end with exit code 0, or with the one that a comment at its end names:
//!
//! ```console
//! $ worstday run systems/retry-storm.yaml    # exit 10
//! ```

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};

use crate::{shell, tidy::markdown};

/// A page's commands are examples, not work: one that takes longer is not fit to be shown.
const PATIENCE: Duration = Duration::from_secs(60);

/// One command of one page.
#[derive(Debug, PartialEq, Eq)]
struct Documented {
    /// The page and the line, as `README.md:17`.
    at: String,
    /// What follows the program's name, for a shell.
    arguments: String,
    /// The exit code that the page promises.
    exit: i32,
}

/// Runs every documented command and says how many there were.
///
/// # Errors
///
/// If the tool does not build, or a command ends otherwise than its page says.
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
    let pages = shell::tracked_files()?;
    let mut commands = Vec::new();
    for page in pages
        .iter()
        .filter(|file| file.extension().is_some_and(|end| end == "md"))
    {
        let text = std::fs::read_to_string(shell::root().join(page))?;
        commands.extend(documented(page, &text));
    }
    let tool = build()?;
    let begun = Instant::now();
    let failures: Vec<String> = commands
        .iter()
        .filter_map(|command| run(command, &tool).err())
        .map(|e| format!("{e:#}"))
        .collect();
    ensure!(
        failures.is_empty(),
        "commands of the documentation:\n{}",
        failures.join("\n")
    );
    Ok(format!(
        "commands of the documentation: {} ran as their pages say ({:.1} s)",
        commands.len(),
        begun.elapsed().as_secs_f64()
    ))
}

/// The tool in the profile that the tests use; its engine is optimised there too.
fn build() -> Result<PathBuf> {
    shell::run(shell::cargo().args(["build", "--quiet", "--package", "worstday"]))?;
    Ok(shell::target()
        .join("debug")
        .join(format!("worstday{}", std::env::consts::EXE_SUFFIX)))
}

fn documented(page: &Path, text: &str) -> Vec<Documented> {
    let mut commands = Vec::new();
    for block in markdown::code_blocks(text) {
        if block.language != "console" && block.language != "sh" {
            continue;
        }
        let mut lines = block.lines.iter();
        while let Some((number, line)) = lines.next() {
            let typed = line.trim().trim_start_matches("$ ");
            let prompted = line.trim().starts_with("$ worstday");
            let Some(rest) = typed
                .strip_prefix("cargo run --release --")
                .or_else(|| typed.strip_prefix("worstday").filter(|_| prompted))
            else {
                continue;
            };
            let mut arguments = rest.trim().to_owned();
            while let Some(begun) = arguments.strip_suffix('\\') {
                let next = lines.next().map_or("", |(_, line)| line.trim());
                arguments = format!("{} {next}", begun.trim_end());
            }
            let exit = arguments
                .rsplit_once("# exit ")
                .and_then(|(_, code)| code.split_whitespace().next())
                .and_then(|code| code.parse().ok())
                .unwrap_or(0);
            commands.push(Documented {
                at: format!("{}:{number}", page.display()),
                arguments,
                exit,
            });
        }
    }
    commands
}

fn run(command: &Documented, tool: &Path) -> Result<()> {
    let said = || format!("{}: worstday {}", command.at, command.arguments);
    // A shell, because pages quote and pipe as people do. `exec` would hide the pipes' exit code.
    let mut child = Command::new("sh")
        .args(["-c", &format!("\"$WORSTDAY\" {}", command.arguments)])
        .env("WORSTDAY", tool)
        .current_dir(shell::root())
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .with_context(said)?;
    let begun = Instant::now();
    while child.try_wait()?.is_none() {
        if PATIENCE < begun.elapsed() {
            child.kill()?;
            child.wait()?;
            anyhow::bail!("{} was still running after {PATIENCE:?}", said());
        }
        std::thread::sleep(Duration::from_millis(10));
    }
    let output = child.wait_with_output()?;
    ensure!(
        output.status.code() == Some(command.exit),
        "{}: {} instead of exit code {}\n{}",
        said(),
        output.status,
        command.exit,
        String::from_utf8_lossy(&output.stderr).trim_end()
    );
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A runner that finds nothing would let every page rot.
    #[test]
    fn finds_commands_and_the_exit_codes_they_promise() {
        let page = "\
```console
$ worstday run a.yaml \\
    --seeds 3   # exit 10
  verdict first
$ ls
```
```sh
cargo run --release -- demo
cargo xtask test
worstday unprompted
```
```text
$ worstday never
```
";
        let found = documented(Path::new("a.md"), page);
        let expected = [
            ("a.md:2", "run a.yaml --seeds 3   # exit 10", 10),
            ("a.md:8", "demo", 0),
        ];
        assert_eq!(
            found,
            expected.map(|(at, arguments, exit)| Documented {
                at: at.into(),
                arguments: arguments.into(),
                exit
            })
        );
    }
}
