//! What one run of a program costs: user CPU seconds and peak memory.
//!
//! Operating systems add up the costs of all children that a process has waited for. So each run
//! gets a process of its own that starts it, waits for it and reports ([`report_once`]); the sums
//! are then those of one run. Wall time is not measured: other work on the machine would be in it.

use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::{Context, Result, ensure};
use nix::sys::resource::{UsageWho, getrusage};
use serde_json::{Value, json};

/// The first argument that makes a program of this crate run another one and report its cost.
pub const ONCE: &str = "--measure-once";

/// The cost of one run.
#[derive(Clone, Debug)]
pub struct Cost {
    /// CPU time in user mode, seconds.
    pub user: f64,
    /// Peak resident memory, KiB.
    pub peak_kib: i64,
    /// The last JSON object that it printed, if any.
    pub printed: Value,
}

/// Runs `command` once and returns what it cost. Any exit code in `accepted` is a success.
///
/// # Errors
///
/// If it cannot be started or ends otherwise.
pub fn once(command: &[String], folder: &Path, accepted: &[i32]) -> Result<Cost> {
    let me = std::env::current_exe()?;
    let said = || command.join(" ");
    let output = Command::new(me)
        .arg(ONCE)
        .args(command)
        .current_dir(folder)
        .stdin(Stdio::null())
        .output()
        .with_context(said)?;
    let errors = String::from_utf8_lossy(&output.stderr);
    ensure!(
        output.status.success(),
        "`{}`: {}",
        said(),
        errors.trim_end()
    );
    let last = errors.lines().next_back().unwrap_or_default();
    let cost: Value =
        serde_json::from_str(last).with_context(|| format!("{}: {errors}", said()))?;
    let code = cost["code"].as_i64().unwrap_or(-1);
    ensure!(
        accepted.iter().any(|accepted| i64::from(*accepted) == code),
        "`{}` ended with {code}: {}",
        said(),
        errors.lines().take(20).collect::<Vec<_>>().join("\n")
    );
    Ok(Cost {
        user: cost["user"].as_f64().context("no user time")?,
        peak_kib: cost["peak_kib"].as_i64().context("no peak memory")?,
        printed: last_object(&String::from_utf8_lossy(&output.stdout)),
    })
}

/// Runs `command` with the caller's streams, then writes its cost as one JSON line to stderr.
///
/// # Errors
///
/// If it cannot be started.
pub fn report_once(command: &[String]) -> Result<()> {
    let (program, arguments) = command.split_first().context("nothing to measure")?;
    let status = Command::new(program)
        .args(arguments)
        .status()
        .with_context(|| program.clone())?;
    let usage = getrusage(UsageWho::RUSAGE_CHILDREN)?;
    let user = usage.user_time();
    #[expect(
        clippy::cast_precision_loss,
        reason = "seconds of CPU time are far below 2^53"
    )]
    let seconds = user.tv_sec() as f64 + user.tv_usec() as f64 / 1e6;
    let cost = json!({"user": seconds, "peak_kib": usage.max_rss(), "code": status.code()});
    eprintln!("{cost}");
    Ok(())
}

/// The whole output if it is one JSON document, else its last line that is one.
fn last_object(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_else(|_| {
        let mut lines = text.lines().rev();
        lines
            .find_map(|line| serde_json::from_str(line).ok())
            .unwrap_or(Value::Null)
    })
}

/// Minimum, median and maximum.
///
/// # Panics
///
/// If there are no values.
#[must_use]
pub fn spread(values: &[f64]) -> [f64; 3] {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let (low, high) = (sorted[(sorted.len() - 1) / 2], sorted[sorted.len() / 2]);
    [
        sorted[0],
        f64::midpoint(low, high),
        sorted[sorted.len() - 1],
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The printed spread is what ratios are judged by.
    #[test]
    fn spread_of_odd_and_even_many() {
        assert_eq!(spread(&[3.0, 1.0, 2.0]), [1.0, 2.0, 3.0]);
        assert_eq!(spread(&[4.0, 1.0, 2.0, 3.0]), [1.0, 2.5, 4.0]);
    }

    /// Tools print a document, peers a line after other lines.
    #[test]
    fn finds_the_printed_object() {
        assert_eq!(last_object("{\n\"a\": 1\n}")["a"], 1);
        assert_eq!(last_object("building\n{\"a\": 2}\n")["a"], 2);
        assert!(last_object("nothing").is_null());
    }
}
