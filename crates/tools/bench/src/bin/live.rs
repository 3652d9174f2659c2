//! The flight simulator at full speed: how many requests it simulates in a minute of watching, and what a frame costs.
//!
//! The thread that lets time pass runs as it does behind the server, at the highest speed there is; one watcher reads all its
//! frames. It works for 30 ms of every 50, so this is what a session can show, not what the engine can do.

use std::process::ExitCode;
use std::sync::Arc;
use std::sync::mpsc;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, anyhow, ensure};
use jiff::civil::{Date, Time, date};
use serde_json::Value;
use tokio::sync::oneshot;
use worstday_bench::workloads::Mesh;
use worstday_live::pace::{Ask, Order, drive};
use worstday_live::script::{Begin, Edits};
use worstday_live::{Described, Keeper, Opening, Reader, Session};
use worstday_model::day::{self, DayRequest, Random, What};
use worstday_model::load::{Files, LoadOptions, Model};
use worstday_sim::NoEdits;

/// Any day will do.
const DAY: Date = date(2026, 11, 23);
/// What a minute of watching should hold at least.
const GOAL: f64 = 1e6;

fn main() -> ExitCode {
    match table() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("live: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn table() -> Result<()> {
    let seconds: f64 = match std::env::args().nth(1) {
        Some(text) => text.parse()?,
        None => 10.0,
    };
    let mesh = |services, visits| {
        let mesh = Mesh {
            services,
            replicas: 2,
            fan_out: 4,
            visits,
        };
        mesh.file()
    };
    println!(
        "{:<26} {:>14} {:>9} {:>9} {:>10}  goal {GOAL} requests/min",
        "live", "requests/min", "frames/s", "kB/frame", "ms/hello"
    );
    for (name, text) in [
        ("5 services, 1,000 visits/s", mesh(5, 1_000.0)),
        ("50 services, 1,000 visits/s", mesh(50, 1_000.0)),
        ("500 services, 100 visits/s", mesh(500, 100.0)),
    ] {
        let row = row(text, Duration::from_secs_f64(seconds)).context(name)?;
        println!("{name:<26} {row}");
    }
    Ok(())
}

/// One workload, watched for so long.
fn row(text: String, length: Duration) -> Result<String> {
    let session = session(text)?;
    let (orders, ordered) = mpsc::channel();
    std::thread::scope(|scope| {
        let (to, mut frames) = tokio::sync::mpsc::channel(8);
        let ended = Arc::new(std::sync::atomic::AtomicBool::new(false));
        let stop = Arc::clone(&ended);
        scope.spawn(move || {
            let stop = move || stop.load(std::sync::atomic::Ordering::Relaxed);
            drive(session, &mut Nowhere, &ordered, &stop);
        });
        let ask = |ask| -> Result<()> {
            let (answer, answered) = oneshot::channel();
            orders
                .send(Order { ask, answer })
                .map_err(|_| anyhow!("the session has ended"))?;
            answered
                .blocking_recv()?
                .map_err(|refusal| anyhow!(refusal))?;
            Ok(())
        };
        ask(Ask::Pace {
            paused: None,
            speed: Some(3600.0),
        })?;
        ask(Ask::Watch(to))?;
        let (mut first, mut last, mut bytes, mut count) = (None, (Instant::now(), 0), 0, 0_u32);
        let asked = Instant::now();
        let mut hello = Duration::ZERO;
        while last.0.duration_since(asked) < length {
            let event = frames.blocking_recv().context("the stream ended")?;
            if event.starts_with(b"event: hello") {
                hello = asked.elapsed();
                continue;
            }
            let data = event.strip_prefix(b"event: frame\ndata: ");
            let Some(data) = data else { continue };
            let frame: Value = serde_json::from_slice(data)?;
            let requests = frame["arms"][0]["requests"].as_u64().context("a count")?;
            ensure!(
                frame["over"] == false,
                "the day is over: give it a shorter time"
            );
            last = (Instant::now(), requests);
            if first.is_none() {
                first = Some(last);
                continue;
            }
            bytes += event.len();
            count += 1;
        }
        ended.store(true, std::sync::atomic::Ordering::Relaxed);
        let first = first.context("no frame came")?;
        let took = last.0.duration_since(first.0).as_secs_f64();
        let per_min = (last.1 - first.1) as f64 / took * 60.0;
        Ok(format!(
            "{per_min:>14.0} {:>9.1} {:>9.1} {:>10.1}  {}",
            f64::from(count) / took,
            bytes as f64 / f64::from(count.max(1)) / 1e3,
            hello.as_secs_f64() * 1e3,
            if GOAL <= per_min { "reached" } else { "missed" }
        ))
    })
}

struct Nowhere;

impl Keeper for Nowhere {
    fn keep(&mut self, _: &str) -> Result<String, String> {
        Err("nothing is kept here".to_owned())
    }
}

/// A model and a scenario of it, both from memory.
struct Texts {
    model: String,
    scenario: String,
}

impl Files for Texts {
    fn read(&self, path: &str) -> Result<Vec<u8>, String> {
        match path {
            "model" => Ok(self.model.clone().into_bytes()),
            "scenario" => Ok(self.scenario.clone().into_bytes()),
            other => Err(format!("there is no {other}")),
        }
    }

    fn list(&self, _: &str) -> Result<Vec<String>, String> {
        Ok(Vec::new())
    }
}

impl Reader for Texts {
    fn read(&mut self, scenario: &str) -> Result<Described, String> {
        scenario.clone_into(&mut self.scenario);
        let options = LoadOptions {
            scenario: Some("scenario".to_owned()),
            ..LoadOptions::default()
        };
        let model = Model::load("model", &options, self).map_err(|error| error.to_string())?;
        let (system, _) = model.system(self).map_err(|error| error.to_string())?;
        let scenario = model
            .scenario_of(&system, self)
            .map_err(|error| error.to_string())?;
        let request = DayRequest {
            as_of: DAY,
            what: What::Scenario(scenario.ok_or("the scenario is gone")?),
            length_ns: None,
            random: Random::No,
        };
        let day = day::plan(&system, &request).map_err(|error| error.to_string())?;
        Ok(Described {
            system: Arc::new(system),
            day: Arc::new(day),
            editing: Arc::new(NoEdits),
        })
    }
}

fn session(model: String) -> Result<Session> {
    let opening = Opening {
        file: "model".to_owned(),
        hash: String::new(),
        command: String::new(),
        begin: Begin {
            base: "model".to_owned(),
            seed: 1,
            day: DAY,
            from: Time::midnight(),
            until: Time::midnight(),
            kept: Vec::new(),
            lines: Vec::new(),
        },
        edits: Edits::new(),
        per_s: 100.0,
    };
    let reader = Texts {
        model,
        scenario: String::new(),
    };
    Session::open(opening, Box::new(reader)).map_err(|refusal| anyhow!(refusal))
}
