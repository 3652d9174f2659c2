//! What size costs: many services, many replicas, many timers that wait at once.

use std::path::{Path, PathBuf};

use anyhow::Result;
use worstday_bench::measure::spread;
use worstday_bench::workloads::{Mesh, pending};

use crate::arguments::Arguments;
use crate::rows;

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
    let file = |name: &str, mesh: Mesh| written.file(name, &mesh.file());
    let services = [
        ("10 services", file("small", small)?),
        (
            "10,000, same load in all",
            file(
                "many",
                Mesh {
                    services: 10_000,
                    ..small
                },
            )?,
        ),
        (
            "10,000, same load each",
            file(
                "busy",
                Mesh {
                    services: 10_000,
                    visits: 1e6,
                    ..small
                },
            )?,
        ),
    ];
    compare(
        arguments,
        "services",
        &services,
        [1000.0, 1000.0, 2.0],
        &["", "2.5", ""],
    )?;
    let timers = [
        (
            "100 constant delays",
            written.file("few", &pending("exactly 100ms"))?,
        ),
        (
            "a million of them",
            written.file("constant", &pending("exactly 1000s"))?,
        ),
        (
            "100 random delays",
            written.file("few-random", &pending("exponential 100ms"))?,
        ),
        (
            "a million of them",
            written.file("random", &pending("exponential 1000s"))?,
        ),
    ];
    compare(
        arguments,
        "pending timers",
        &timers[..2],
        [2000.0; 2],
        &["", "2"],
    )?;
    compare(
        arguments,
        "pending timers",
        &timers[2..],
        [2000.0; 2],
        &["", "8"],
    )?;
    memory(
        arguments,
        &file(
            "wide",
            Mesh {
                services: 1000,
                replicas: 20,
                ..small
            },
        )?,
    )
}

/// Nanoseconds per handled event, and times the first of the list.
fn compare<const N: usize>(
    arguments: &Arguments,
    title: &str,
    files: &[(&str, PathBuf)],
    seconds: [f64; N],
    limits: &[&str; N],
) -> Result<()> {
    println!(
        "\n{title:<26}{:>14}{:>12}   {:<24}{:>7}",
        "events", "ns/event", "times the first", "limit"
    );
    let mut costs = vec![Vec::new(); files.len()];
    let mut handled = vec![0.0; files.len()];
    for round in 1..=arguments.rounds {
        for (index, (_, file)) in files.iter().enumerate() {
            let length = (seconds[index] * arguments.scale).max(2.0);
            let (user, events) = rows::net(arguments, file, &[], length, round)?;
            costs[index].push(user / events * 1e9);
            handled[index] = events;
        }
    }
    for (index, (name, _)) in files.iter().enumerate() {
        let ratios: Vec<f64> = costs[index]
            .iter()
            .zip(&costs[0])
            .map(|(other, first)| other / first)
            .collect();
        let [low, middle, high] = spread(&ratios);
        println!(
            "{name:<26}{:>14.0}{:>12.1}   {:<24}{:>7}",
            handled[index],
            spread(&costs[index])[1],
            format!("{low:.2} / {middle:.2} / {high:.2}"),
            limits[index],
        );
    }
    Ok(())
}

/// Peak memory of 1,000 services with 20,000 replicas.
fn memory(arguments: &Arguments, file: &Path) -> Result<()> {
    let cost = rows::run(arguments, file, &[], 600.0 * arguments.scale, 1)?;
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
