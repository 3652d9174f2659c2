//! The speed table: worstday beside the hand-written references and, if they are at hand, beside
//! other simulators; then what other workloads and sizes cost.
//!
//! Every round runs every program once, in turn (A B A B ...), so that a busy minute of the
//! machine hits all alike. Costs are user CPU seconds of the process, net of a start-up run.
//! worstday runs through a model file, with everything that `run --format json` measures; its
//! start-up run is the same command for one simulated second, so the half hour of warm-up that
//! precedes every run is subtracted with it.

mod arguments;
mod peers;
mod rows;
mod samples;
mod size;

use std::process::ExitCode;

use anyhow::Result;
use worstday_bench::measure;

use arguments::Arguments;

fn main() -> ExitCode {
    let given: Vec<String> = std::env::args().skip(1).collect();
    let done = match given.split_first() {
        Some((first, command)) if first == measure::ONCE => measure::report_once(command),
        Some((first, _)) if first == "--help" => {
            println!("{}", arguments::HELP);
            Ok(())
        }
        _ => Arguments::read(&given).and_then(|arguments| table(&arguments)),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("bench: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn table(arguments: &Arguments) -> Result<()> {
    println!(
        "user CPU seconds net of start-up, {} interleaved rounds; ratios are min / median / max",
        arguments.rounds
    );
    if arguments.wants("speed") {
        rows::against_references(arguments)?;
    }
    if arguments.wants("events") {
        rows::per_event(arguments)?;
    }
    if arguments.wants("size") {
        size::table(arguments)?;
    }
    if arguments.wants("live") {
        live(arguments)?;
    }
    if let Some(folder) = arguments
        .peers
        .as_deref()
        .filter(|_| arguments.wants("peers"))
    {
        peers::table(arguments, folder)?;
    }
    Ok(())
}

/// The flight simulator, by the wall clock: it is what somebody watches.
fn live(arguments: &Arguments) -> Result<()> {
    let program = arguments.programs.join("live");
    let seconds = (10.0 * arguments.scale).max(2.0).to_string();
    let status = std::process::Command::new(program).arg(seconds).status()?;
    anyhow::ensure!(status.success(), "the flight simulator's bench: {status}");
    Ok(())
}
