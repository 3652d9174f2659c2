//! worstday against the references, and what other workloads cost per handled event.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use worstday_bench::measure::{self, Cost, spread};

use crate::arguments::Arguments;

/// Exit codes with which `worstday run` has done its work: kept, broken, can't tell.
pub const RAN: [i32; 3] = [0, 10, 11];

/// A model file and the reference that does the same work.
struct Row {
    name: &'static str,
    file: &'static str,
    /// Visits per simulated second.
    rate: f64,
    reference: &'static str,
    reference_arguments: [&'static str; 2],
    /// Customers that the reference serves, and visits that worstday simulates.
    customers: f64,
    /// The ratio that is not to be exceeded.
    limit: f64,
}

const ROWS: [Row; 4] = [
    Row {
        name: "W1",
        file: "w1",
        rate: 0.8,
        reference: "heap",
        reference_arguments: ["W1", "quad-zig"],
        customers: 1e7,
        limit: 2.5,
    },
    Row {
        name: "W2",
        file: "w2",
        rate: 7.2,
        reference: "heap",
        reference_arguments: ["W2", "quad-zig"],
        customers: 1e7,
        limit: 2.5,
    },
    Row {
        name: "W3",
        file: "w3",
        rate: 1500.0,
        reference: "w3",
        reference_arguments: ["W3", "ring"],
        customers: 3e6,
        limit: 2.0,
    },
    Row {
        name: "W3b",
        file: "w3b",
        rate: 1500.0,
        reference: "w3",
        reference_arguments: ["W3b", "ring"],
        customers: 2e6,
        limit: 2.0,
    },
];

/// Other workloads; what they cost per handled event is compared with W3.
const OTHERS: [(&str, &[&str]); 5] = [
    ("bounded", &[]),
    ("two-choices", &[]),
    ("eight-services", &[]),
    ("faults", &["--faults"]),
    ("timeouts", &[]),
];
/// How long each of those is simulated, seconds.
const OTHERS_SECONDS: f64 = 1000.0;

/// W1 to W3b: a ratio of CPU seconds per customer each.
pub fn against_references(arguments: &Arguments) -> Result<()> {
    println!(
        "\n{:<6}{:>24}{:>14}{:>14}   {:<24}{:>7}",
        "", "reference", "M/s", "worstday M/s", "times the reference", "limit"
    );
    let mut ratios = vec![Vec::new(); ROWS.len()];
    let mut speeds = vec![(Vec::new(), Vec::new()); ROWS.len()];
    for round in 1..=arguments.rounds {
        for (index, row) in ROWS.iter().enumerate() {
            let customers = row.customers * arguments.scale;
            let reference = reference(arguments, row, "10", round)?.user;
            let reference = self::reference(arguments, row, &format!("{customers:.0}"), round)?
                .user
                - reference;
            let (ours, _) = net(
                arguments,
                &workload(row.file),
                &[],
                customers / row.rate,
                round,
            )?;
            ratios[index].push(ours / reference);
            speeds[index].0.push(customers / reference / 1e6);
            speeds[index].1.push(customers / ours / 1e6);
        }
        eprintln!("round {round} of {}", arguments.rounds);
    }
    for (row, (ratios, speeds)) in ROWS.iter().zip(ratios.iter().zip(&speeds)) {
        let [low, middle, high] = spread(ratios);
        let verdict = if middle <= row.limit {
            ""
        } else {
            "  above its limit"
        };
        println!(
            "{:<6}{:>24}{:>14.2}{:>14.2}   {:<24}{:>7}{verdict}",
            row.name,
            format!("{} {}", row.reference, row.reference_arguments[1]),
            spread(&speeds.0)[1],
            spread(&speeds.1)[1],
            format!("{low:.2} / {middle:.2} / {high:.2}"),
            row.limit,
        );
    }
    Ok(())
}

/// Other workloads: nanoseconds per handled event, and how that compares with W3.
pub fn per_event(arguments: &Arguments) -> Result<()> {
    println!(
        "\n{:<18}{:>14}{:>12}   {:<24}{:>7}",
        "", "events", "ns/event", "times W3", "limit"
    );
    let seconds = OTHERS_SECONDS * arguments.scale;
    let w3 = ("w3", &[] as &[&str]);
    let mut costs = vec![Vec::new(); OTHERS.len() + 1];
    let mut handled = vec![0.0; OTHERS.len() + 1];
    for round in 1..=arguments.rounds {
        for (index, (name, flags)) in std::iter::once(&w3).chain(&OTHERS).enumerate() {
            let (user, events) = net(arguments, &workload(name), flags, seconds, round)?;
            costs[index].push(user / events * 1e9);
            handled[index] = events;
        }
    }
    for (index, (name, _)) in std::iter::once(&w3).chain(&OTHERS).enumerate() {
        let ratios: Vec<f64> = costs[index]
            .iter()
            .zip(&costs[0])
            .map(|(other, w3)| other / w3)
            .collect();
        let [low, middle, high] = spread(&ratios);
        let limit = if index == 0 {
            String::new()
        } else {
            "1.3".to_owned()
        };
        println!(
            "{name:<18}{:>14.0}{:>12.1}   {:<24}{limit:>7}",
            handled[index],
            spread(&costs[index])[1],
            format!("{low:.2} / {middle:.2} / {high:.2}")
        );
    }
    Ok(())
}

/// CPU seconds and handled events of `seconds` simulated seconds, net of start-up and warm-up.
pub fn net(
    arguments: &Arguments,
    file: &Path,
    flags: &[&str],
    seconds: f64,
    seed: u32,
) -> Result<(f64, f64)> {
    let start = run(arguments, file, flags, 1.0, seed)?;
    let whole = run(arguments, file, flags, seconds, seed)?;
    Ok((whole.user - start.user, events(&whole)? - events(&start)?))
}

/// One run of the tool as a person would type it.
pub fn run(
    arguments: &Arguments,
    file: &Path,
    flags: &[&str],
    seconds: f64,
    seed: u32,
) -> Result<Cost> {
    let mut command = vec![
        program(arguments, "worstday"),
        "run".into(),
        file.display().to_string(),
    ];
    command.extend([
        "--for".into(),
        format!("{seconds:.0}s"),
        "--seeds".into(),
        "1".into(),
    ]);
    command.extend([
        "--seed".into(),
        seed.to_string(),
        "--format".into(),
        "json".into(),
    ]);
    command.extend(flags.iter().map(|flag| (*flag).to_owned()));
    measure::once(&command, Path::new("."), &RAN)
}

/// How many events a run says it has handled.
pub fn events(cost: &Cost) -> Result<f64> {
    cost.printed["histories"][0]["events"]
        .as_f64()
        .context("the result does not say how many `events` were handled")
}

pub fn workload(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("workloads")
        .join(format!("{name}.yaml"))
}

fn reference(arguments: &Arguments, row: &Row, customers: &str, seed: u32) -> Result<Cost> {
    let [workload, mode] = row.reference_arguments;
    let command = [
        &program(arguments, row.reference),
        workload,
        customers,
        &seed.to_string(),
        mode,
    ]
    .map(str::to_owned);
    measure::once(&command, Path::new("."), &[0])
}

fn program(arguments: &Arguments, name: &str) -> String {
    arguments.programs.join(name).display().to_string()
}
