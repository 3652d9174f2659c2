//! worstday against the references, and what other workloads cost per handled event.

use std::path::{Path, PathBuf};

use anyhow::Result;
use worstday_bench::measure::{self, spread};

use crate::arguments::Arguments;
use crate::samples::{Samples, Workload, compare, program, ratios};

/// A model file and the reference that does the same work.
struct Row {
    name: &'static str,
    file: &'static str,
    /// Visits per simulated second.
    rate: f64,
    /// How long it is simulated, seconds: long against the half hour of warm-up.
    seconds: f64,
    reference: &'static str,
    reference_arguments: [&'static str; 2],
    /// Customers that the reference serves.
    customers: f64,
    /// The ratio of CPU time per customer that is not to be exceeded.
    limit: f64,
}

const ROWS: [Row; 4] = [
    Row {
        name: "W1",
        file: "w1",
        rate: 0.8,
        seconds: 1.25e7,
        reference: "heap",
        reference_arguments: ["W1", "quad-zig"],
        customers: 1e7,
        limit: 2.5,
    },
    Row {
        name: "W2",
        file: "w2",
        rate: 7.2,
        seconds: 1e7 / 7.2,
        reference: "heap",
        reference_arguments: ["W2", "quad-zig"],
        customers: 1e7,
        limit: 2.5,
    },
    Row {
        name: "W3",
        file: "w3",
        rate: 1500.0,
        seconds: 6000.0,
        reference: "w3",
        reference_arguments: ["W3", "ring"],
        customers: 3e6,
        limit: 2.0,
    },
    // Its queue grows without bound, so its length stays that of the reference.
    Row {
        name: "W3b",
        file: "w3b",
        rate: 1500.0,
        seconds: 2e6 / 1500.0,
        reference: "w3",
        reference_arguments: ["W3b", "ring"],
        customers: 2e6,
        limit: 2.0,
    },
];

/// Other workloads; what they cost per handled event is compared with W3.
const OTHERS: [(&str, &[&str]); 6] = [
    ("w3", &[]),
    ("bounded", &[]),
    ("two-choices", &[]),
    ("eight-services", &[]),
    ("faults", &["--faults"]),
    ("timeouts", &[]),
];
/// How long each of those is simulated, seconds.
const OTHERS_SECONDS: f64 = 3000.0;

/// W1 to W3b: a ratio of CPU seconds per customer each.
pub fn against_references(arguments: &Arguments) -> Result<()> {
    println!(
        "\n{:<6}{:>24}{:>14}{:>14}   {:<24}{:>7}",
        "", "reference", "M/s", "worstday M/s", "times the reference", "limit"
    );
    let mut ours: Vec<Samples> = ROWS.iter().map(|_| Samples::default()).collect();
    let mut theirs: Vec<Samples> = ROWS.iter().map(|_| Samples::default()).collect();
    for seed in 1..=arguments.rounds {
        for (row, (ours, theirs)) in ROWS.iter().zip(ours.iter_mut().zip(&mut theirs)) {
            reference(arguments, row, theirs, seed)?;
            let seconds = row.seconds * arguments.scale;
            let workload = Workload {
                name: row.name,
                file: workload(row.file),
                flags: &[],
                seconds,
            };
            workload.round(arguments, ours, seed)?;
        }
        eprintln!("round {seed} of {}", arguments.rounds);
    }
    for (row, (ours, theirs)) in ROWS.iter().zip(ours.iter().zip(&theirs)) {
        let each = |net: Vec<f64>, customers: f64| -> Vec<f64> {
            net.into_iter()
                .map(|net| net / (customers * arguments.scale))
                .collect()
        };
        let theirs = each(theirs.net(), row.customers);
        let ours = each(ours.net(), row.seconds * row.rate);
        let [low, middle, high] = ratios(&ours, &theirs);
        let verdict = if middle <= row.limit {
            ""
        } else {
            "  above its limit"
        };
        println!(
            "{:<6}{:>24}{:>14.2}{:>14.2}   {:<24}{:>7}{verdict}",
            row.name,
            format!("{} {}", row.reference, row.reference_arguments[1]),
            1e-6 / spread(&theirs)[1],
            1e-6 / spread(&ours)[1],
            format!("{low:.2} / {middle:.2} / {high:.2}"),
            row.limit,
        );
    }
    Ok(())
}

/// Other workloads: nanoseconds per handled event, and how that compares with W3.
pub fn per_event(arguments: &Arguments) -> Result<()> {
    let seconds = OTHERS_SECONDS * arguments.scale;
    let workloads = OTHERS.map(|(name, flags)| Workload {
        name,
        file: workload(name),
        flags,
        seconds,
    });
    compare(
        arguments,
        "per handled event",
        &workloads,
        &["", "1.3", "1.3", "1.3", "1.3", "1.3"],
    )
}

/// A workload by name: W1 to W3b are systems that theory knows, the others are ours.
fn workload(name: &str) -> PathBuf {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let folder = if name.starts_with('w') {
        "../../../systems/theory"
    } else {
        "workloads"
    };
    here.join(folder).join(format!("{name}.yaml"))
}

/// One round of a reference: ten customers, then all.
fn reference(arguments: &Arguments, row: &Row, samples: &mut Samples, seed: u32) -> Result<()> {
    let cost = |customers: f64| {
        let [workload, mode] = row.reference_arguments;
        let program = program(arguments, row.reference);
        let numbers = [format!("{customers:.0}"), seed.to_string()];
        let command = [&program, workload, &numbers[0], &numbers[1], mode].map(str::to_owned);
        measure::once(&command, Path::new("."), &[0]).map(|cost| cost.user)
    };
    samples.starts.push(cost(10.0)?);
    samples.wholes.push(cost(row.customers * arguments.scale)?);
    Ok(())
}
