//! Other simulators on the same workloads, from a folder that holds one sub-folder for each.
//!
//! The folder is copied to the cache first: what is built and installed there stays out of it.
//! A peer that cannot be built or installed is named and left out.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, ensure};
use worstday_bench::measure::{self, spread};

use crate::arguments::Arguments;

struct Peer {
    name: &'static str,
    /// The program within its folder, after `run.sh` has built or installed it.
    command: &'static [&'static str],
    /// Customers for W1, W2, W3 and W3b: long enough to be timed, short enough to wait for.
    customers: [f64; 4],
}

const WORKLOADS: [&str; 4] = ["W1", "W2", "W3", "W3b"];
const PEERS: [Peer; 4] = [
    Peer {
        name: "simcore",
        command: &["target/release/simcore-bench"],
        customers: [3e6, 3e6, 1e6, 5e5],
    },
    Peer {
        name: "nexosim",
        command: &["target/release/nexosim-bench"],
        customers: [1e6, 1e6, 3e5, 3e5],
    },
    Peer {
        name: "simpy",
        command: &[".venv/bin/python", "model.py"],
        customers: [2e5, 2e5, 5e4, 3e4],
    },
    Peer {
        name: "happysim",
        command: &[".venv/bin/python", "model.py"],
        customers: [5e4, 5e4, 1e4, 1e4],
    },
];

pub fn table(arguments: &Arguments, folder: &Path) -> Result<()> {
    let copy = copied(folder)?;
    println!(
        "\n{:<12}{:>14}{:>14}{:>14}{:>14}   customers per CPU second",
        "peer", "W1", "W2", "W3", "W3b"
    );
    for peer in &PEERS {
        match speeds(arguments, &copy, peer) {
            Ok(speeds) => {
                let cells: Vec<String> = speeds
                    .iter()
                    .map(|speed| format!("{speed:>14.0}"))
                    .collect();
                println!("{:<12}{}", peer.name, cells.concat());
            }
            Err(error) => println!("{:<12}not measured: {error:#}", peer.name),
        }
    }
    Ok(())
}

fn speeds(arguments: &Arguments, copy: &Path, peer: &Peer) -> Result<Vec<f64>> {
    let folder = copy.join(peer.name);
    // `run.sh` builds or installs, then runs ten customers.
    let built = Command::new("./run.sh")
        .args(["W1", "10", "1"])
        .current_dir(&folder)
        .output();
    let built = built.with_context(|| format!("{}/run.sh", folder.display()))?;
    ensure!(
        built.status.success(),
        "run.sh failed: {}",
        String::from_utf8_lossy(&built.stderr)
            .lines()
            .next_back()
            .unwrap_or_default()
    );
    let mut speeds = Vec::new();
    for (workload, customers) in WORKLOADS.iter().zip(peer.customers) {
        let customers = (customers * arguments.scale).max(1000.0);
        let mut rounds = Vec::new();
        for seed in 1..=arguments.rounds {
            let cost = |customers: f64| {
                let program = folder.join(peer.command[0]).display().to_string();
                let mut command = vec![program];
                command.extend(peer.command[1..].iter().map(|part| (*part).to_owned()));
                command.extend([
                    (*workload).to_owned(),
                    format!("{customers:.0}"),
                    seed.to_string(),
                ]);
                measure::once(&command, &folder, &[0]).map(|cost| cost.user)
            };
            let start = cost(10.0)?;
            rounds.push(customers / (cost(customers)? - start));
        }
        speeds.push(spread(&rounds)[1]);
    }
    Ok(speeds)
}

/// A copy of the peers' sources in the cache, kept with what they build.
fn copied(folder: &Path) -> Result<PathBuf> {
    let home = std::env::var_os("XDG_CACHE_HOME").map(PathBuf::from);
    let home = home.or_else(|| std::env::home_dir().map(|home| home.join(".cache")));
    let copy = home
        .context("no cache folder: set XDG_CACHE_HOME")?
        .join("worstday/peers");
    copy_into(folder, &copy).with_context(|| format!("copying {}", folder.display()))?;
    Ok(copy)
}

fn copy_into(from: &Path, to: &Path) -> Result<()> {
    std::fs::create_dir_all(to)?;
    for entry in std::fs::read_dir(from)? {
        let entry = entry?;
        let target = to.join(entry.file_name());
        if entry.file_type()?.is_dir() {
            copy_into(&entry.path(), &target)?;
        } else if !target.exists() {
            std::fs::copy(entry.path(), &target)?;
        }
    }
    Ok(())
}
