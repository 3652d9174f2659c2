//! What rounds of one program cost, net of what it costs to do next to nothing.
//!
//! The start-up cost is the median over all rounds: taken round by round its noise would be
//! added to that of the run it is subtracted from.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use worstday_bench::measure::{self, Cost, spread};

use crate::arguments::Arguments;

/// Exit codes with which `worstday run` has done its work: kept, broken, can't tell.
const RAN: [i32; 3] = [0, 10, 11];

/// A model file and how long it is simulated.
pub struct Workload<'a> {
    pub name: &'a str,
    pub file: PathBuf,
    pub flags: &'a [&'a str],
    /// Simulated seconds, after the warm-up.
    pub seconds: f64,
}

impl Workload<'_> {
    /// One round: next to nothing, then everything.
    pub fn round(&self, arguments: &Arguments, samples: &mut Samples, seed: u32) -> Result<()> {
        let start = run(arguments, &self.file, self.flags, 1.0, seed)?;
        let whole = run(arguments, &self.file, self.flags, self.seconds, seed)?;
        samples.starts.push(start.user);
        samples.wholes.push(whole.user);
        samples.events.push(events(&whole)? - events(&start)?);
        Ok(())
    }
}

/// What the rounds of one program cost.
#[derive(Default)]
pub struct Samples {
    pub starts: Vec<f64>,
    pub wholes: Vec<f64>,
    /// Events that were handled beyond those of the start-up run.
    pub events: Vec<f64>,
}

impl Samples {
    /// CPU seconds of each round, net of start-up.
    pub fn net(&self) -> Vec<f64> {
        let start = spread(&self.starts)[1];
        self.wholes.iter().map(|whole| whole - start).collect()
    }

    /// Nanoseconds for each handled event, in each round.
    pub fn per_event(&self) -> Vec<f64> {
        let net = self.net();
        net.iter()
            .zip(&self.events)
            .map(|(net, events)| net / events * 1e9)
            .collect()
    }
}

/// Minimum, median and maximum of `these` over `those`, round by round.
pub fn ratios(these: &[f64], those: &[f64]) -> [f64; 3] {
    let ratios: Vec<f64> = these
        .iter()
        .zip(those)
        .map(|(this, that)| this / that)
        .collect();
    spread(&ratios)
}

/// A table of workloads: nanoseconds per handled event, and times the first of them.
pub fn compare(
    arguments: &Arguments,
    title: &str,
    workloads: &[Workload<'_>],
    limits: &[&str],
) -> Result<()> {
    println!(
        "\n{title:<28}{:>14}{:>12}   {:<24}{:>7}",
        "events", "ns/event", "times the first", "limit"
    );
    let mut samples: Vec<Samples> = workloads.iter().map(|_| Samples::default()).collect();
    for seed in 1..=arguments.rounds {
        for (workload, samples) in workloads.iter().zip(&mut samples) {
            workload.round(arguments, samples, seed)?;
        }
    }
    let first = samples[0].per_event();
    for ((workload, samples), limit) in workloads.iter().zip(&samples).zip(limits) {
        let each = samples.per_event();
        let [low, middle, high] = ratios(&each, &first);
        println!(
            "{:<28}{:>14.0}{:>12.1}   {:<24}{limit:>7}",
            workload.name,
            spread(&samples.events)[1],
            spread(&each)[1],
            format!("{low:.2} / {middle:.2} / {high:.2}"),
        );
    }
    Ok(())
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
        "--no-trial".into(),
    ]);
    command.extend(flags.iter().map(|flag| (*flag).to_owned()));
    measure::once(&command, Path::new("."), &RAN)
}

/// A built program.
pub fn program(arguments: &Arguments, name: &str) -> String {
    arguments.programs.join(name).display().to_string()
}

/// How many events a run says it has handled, warm-up included.
fn events(cost: &Cost) -> Result<f64> {
    cost.printed["histories"][0]["events"]
        .as_f64()
        .context("the result does not say how many `events` were handled")
}
