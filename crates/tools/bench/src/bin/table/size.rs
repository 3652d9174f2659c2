//! What size costs: many services, many replicas, many timers that wait at once.

use std::path::{Path, PathBuf};

use anyhow::Result;
use worstday_bench::workloads::{Mesh, pending};

use crate::arguments::Arguments;
use crate::samples::{Workload, compare, run};

/// Model files written for this run, removed with it.
struct Written(PathBuf);

impl Written {
    fn new() -> Result<Self> {
        let folder = std::env::temp_dir().join(format!("worstday-bench-{}", std::process::id()));
        std::fs::create_dir_all(&folder)?;
        Ok(Self(folder))
    }

    fn file(&self, name: &str, text: &str) -> Result<PathBuf> {
        let file = self.0.join(format!("{name}.yaml"));
        std::fs::write(&file, text)?;
        Ok(file)
    }
}

impl Drop for Written {
    fn drop(&mut self) {
        // A folder left in the temporary directory harms nobody; a panic while dropping would.
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

pub fn table(arguments: &Arguments) -> Result<()> {
    let written = Written::new()?;
    let small = Mesh {
        services: 10,
        replicas: 1,
        fan_out: 4,
        visits: 1000.0,
    };
    let many = Mesh {
        services: 10_000,
        ..small
    };
    let services = [
        ("10 services", "small", small.file(), 3000.0),
        ("10,000, same load in all", "many", many.file(), 3000.0),
    ];
    compare_written(arguments, &written, "services", services, &["", "2.5"])?;
    let constant = [
        (
            "100 constant delays",
            "few",
            pending("exactly 100ms"),
            3000.0,
        ),
        (
            "a million of them",
            "constant",
            pending("exactly 1000s"),
            3000.0,
        ),
    ];
    compare_written(arguments, &written, "pending timers", constant, &["", "2"])?;
    let random = [
        (
            "100 random delays",
            "few-random",
            pending("exponential 100ms"),
            3000.0,
        ),
        (
            "a million of them",
            "random",
            pending("exponential 1000s"),
            3000.0,
        ),
    ];
    compare_written(arguments, &written, "pending timers", random, &["", "8"])?;
    memory(
        arguments,
        &written.file(
            "wide",
            &Mesh {
                services: 1000,
                replicas: 20,
                ..small
            }
            .file(),
        )?,
    )
}

/// Writes the files of (title, name, text, simulated seconds) and compares them.
fn compare_written<const N: usize>(
    arguments: &Arguments,
    written: &Written,
    title: &str,
    files: [(&str, &str, String, f64); N],
    limits: &[&str; N],
) -> Result<()> {
    let mut workloads = Vec::new();
    for (name, file, text, seconds) in files {
        let file = written.file(file, &text)?;
        let seconds = (seconds * arguments.scale).max(2.0);
        workloads.push(Workload {
            name,
            file,
            flags: &[],
            seconds,
        });
    }
    compare(arguments, title, &workloads, limits)
}

/// Peak memory of 1,000 services with 20,000 replicas.
fn memory(arguments: &Arguments, file: &Path) -> Result<()> {
    let cost = run(arguments, file, &[], 600.0 * arguments.scale, 1)?;
    #[expect(
        clippy::cast_precision_loss,
        reason = "KiB of memory are far below 2^53"
    )]
    let mib = cost.peak_kib as f64 / 1024.0;
    let limit = 64.0 + 20_000.0 * 2.0 / 1024.0;
    println!(
        "\n1,000 services, 20,000 replicas, fan-out 4: {mib:.1} MiB at its peak (limit {limit:.0} MiB)"
    );
    Ok(())
}
