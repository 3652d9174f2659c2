//! The command line.

use std::path::{Path, PathBuf};

use clap::{Args, Parser, Subcommand, ValueEnum};

use crate::part::Shard;

/// Find your system's worst day before it finds you.
#[derive(Debug, Parser)]
#[command(
    name = "worstday",
    version,
    max_term_width = 100,
    disable_help_subcommand = true
)]
#[command(
    after_help = "exit codes: 0 every promise kept · 1 the tool failed · 10 a promise is broken · \
11 can't tell · 64 usage · 65 the description is invalid · 130 interrupted"
)]
pub struct Arguments {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// The commands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Simulate one day: what users feel, where requests wait, what saturates first
    Run(Box<Run>),
    /// Judge each promise: kept, broken (by which day, how often), or can't tell (and what decides it)
    Check(Box<Check>),
    /// Say why a found day breaks a promise, what keeps it going, and which changes would spare it
    Explain(Box<Explain>),
    /// Compare two systems, or one with a change of it: broken days, break points and cost, before and after
    Diff(Box<Diff>),
    /// The story of a retry storm, without a file
    Demo(Demo),
    /// Print a JSON Schema: of model files, or of what `run`, `check`, `explain` and `diff` write with `--format json`
    Schema {
        /// Of what
        #[arg(value_enum, default_value_t = Schema::Model)]
        of: Schema,
    },
    /// Print a script that completes this command line in a shell
    Completions {
        /// For which shell
        #[arg(value_enum)]
        shell: clap_complete::Shell,
    },
}

/// What a schema is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Schema {
    /// Model files.
    Model,
    /// What `run --format json` writes.
    Outcome,
    /// What `check --format json` writes.
    Check,
    /// What `explain --format json` writes.
    Explain,
    /// What `diff --format json` writes.
    Diff,
}

/// `worstday run`
#[derive(Clone, Debug, Args)]
pub struct Run {
    /// The model, or an overlay of one
    #[arg(value_name = "FILE")]
    pub file: PathBuf,
    /// A concrete day instead of an ordinary one: a scenario file, or the name of a day in .worstday
    #[arg(long, value_name = "FILE|ID", conflicts_with_all = ["day", "at", "faults"])]
    pub scenario: Option<PathBuf>,
    /// Which day [default: the first working day after the model's `as-of`]
    #[arg(long, value_name = "DATE")]
    pub day: Option<String>,
    /// Constant demand, a multiple of the day's busiest moment: "2x peak"
    #[arg(long, value_name = "DEMAND")]
    pub at: Option<String>,
    /// Let faults and events strike at their own rates
    #[arg(long)]
    pub faults: bool,
    /// How long to count [default: 24h, or 2h if nothing varies over the day]
    #[arg(long = "for", value_name = "LENGTH")]
    pub length: Option<String>,
    /// How many histories, with consecutive seeds; intervals across seeds from 5 on
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u64).range(1..=1_000_000))]
    pub seeds: u64,
    /// The first seed
    #[arg(long, value_name = "N")]
    pub seed: Option<u64>,
    /// Run only this part of the seeds and print it for --merge
    #[arg(long, value_name = "I/N", conflicts_with = "merge")]
    pub shard: Option<Shard>,
    /// Put parts together instead of running
    #[arg(long, value_name = "PART", num_args = 1.., conflicts_with_all = ["seed", "seeds"])]
    pub merge: Vec<PathBuf>,
    /// Change a line of the model: services.till.replicas=9
    #[arg(long, value_name = "PATH=VALUE")]
    pub set: Vec<String>,
    /// Apply an overlay file
    #[arg(long, value_name = "FILE")]
    pub overlay: Vec<PathBuf>,
    /// Apply a variant of the overlay
    #[arg(long, value_name = "NAME")]
    pub variant: Option<String>,
    /// Don't simulate what the suggested step would do
    #[arg(long)]
    pub no_trial: bool,
    /// How to print
    #[command(flatten)]
    pub output: Output,
    /// Write the report as one self-contained page too
    #[arg(long, value_name = "FILE", conflicts_with = "shard")]
    pub html: Option<PathBuf>,
    /// On how many threads [default: all cores]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1024))]
    pub threads: Option<u16>,
    /// The flight simulator
    #[command(flatten)]
    pub live: Live,
}

/// `worstday check`
#[derive(Clone, Debug, Args)]
pub struct Check {
    /// The model, or an overlay of one
    #[arg(value_name = "FILE")]
    pub file: PathBuf,
    /// How long to search, or how many days: 60s, 2000d [default: 60s]
    #[arg(long, value_name = "TIME|DAYS")]
    pub budget: Option<String>,
    /// Only this promise (may be repeated)
    #[arg(long, value_name = "NAME")]
    pub promise: Vec<String>,
    /// Live only this part of the days that the search will need, and print them for --merge
    #[arg(long, value_name = "I/N", conflicts_with = "merge")]
    pub shard: Option<Shard>,
    /// Search with days that were lived before, in parts
    #[arg(long, value_name = "PART", num_args = 1..)]
    pub merge: Vec<PathBuf>,
    /// Don't keep the days that break a promise in `.worstday` beside the model
    #[arg(long)]
    pub no_store: bool,
    /// Only verdicts, no break points
    #[arg(long)]
    pub no_brink: bool,
    /// Fresh days follow from this number too
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub seed: u64,
    /// The first day of the year that is searched [default: the first working day after the model's `as-of`]
    #[arg(long, value_name = "DATE")]
    pub day: Option<String>,
    /// Change a line of the model: services.till.replicas=9
    #[arg(long, value_name = "PATH=VALUE")]
    pub set: Vec<String>,
    /// Apply an overlay file
    #[arg(long, value_name = "FILE")]
    pub overlay: Vec<PathBuf>,
    /// Apply a variant of the overlay
    #[arg(long, value_name = "NAME")]
    pub variant: Option<String>,
    /// Fail only on what is newly broken since this baseline; the first time, keep what is broken now under this name
    #[arg(long, value_name = "NAME", conflicts_with_all = ["no_store", "shard"])]
    pub baseline: Option<String>,
    /// How to print
    #[arg(long, value_enum, default_value_t = CheckFormat::Text)]
    pub format: CheckFormat,
    /// Write the verdicts, the worst day and a map of load against fault as one self-contained page too
    #[arg(long, value_name = "FILE", conflicts_with = "shard")]
    pub html: Option<PathBuf>,
    /// Print everything, not only one screen
    #[arg(long, short)]
    pub verbose: bool,
    /// On how many threads [default: all cores]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1024))]
    pub threads: Option<u16>,
}

/// `worstday explain`
#[derive(Clone, Debug, Args)]
pub struct Explain {
    /// The name of a day in .worstday (here, or one folder down), or a scenario file
    #[arg(value_name = "ID|FILE")]
    pub day: PathBuf,
    /// The promise to explain [default: the one that the file says it breaks]
    #[arg(long, value_name = "NAME")]
    pub promise: Option<String>,
    /// How long to try, or how many days: 60s, 2000d [default: 60s]
    #[arg(long, value_name = "TIME|DAYS")]
    pub budget: Option<String>,
    /// List what happens on that day instead, event by event
    #[arg(long, conflicts_with_all = ["scenario", "budget", "promise"])]
    pub events: bool,
    /// Print the day as a scenario file instead: `run --scenario` lives it again, byte for byte
    #[arg(long, conflicts_with_all = ["budget", "promise"])]
    pub scenario: bool,
    /// Change a line of the model: services.till.replicas=9
    #[arg(long, value_name = "PATH=VALUE")]
    pub set: Vec<String>,
    /// Apply an overlay file
    #[arg(long, value_name = "FILE")]
    pub overlay: Vec<PathBuf>,
    /// Apply a variant of the overlay
    #[arg(long, value_name = "NAME")]
    pub variant: Option<String>,
    /// Fresh days follow from this number too
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub seed: u64,
    /// How to print
    #[command(flatten)]
    pub output: Output,
    /// On how many threads [default: all cores]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1024))]
    pub threads: Option<u16>,
}

/// `worstday diff`
#[derive(Clone, Debug, Args)]
pub struct Diff {
    /// The model before the change
    #[arg(value_name = "FILE")]
    pub file: PathBuf,
    /// The model after it [default: the first one, changed as below]
    #[arg(value_name = "OTHER")]
    pub other: Option<PathBuf>,
    /// Change a line of the second model: services.till.replicas=9
    #[arg(long, value_name = "PATH=VALUE")]
    pub set: Vec<String>,
    /// Apply an overlay file to the second model
    #[arg(long, value_name = "FILE")]
    pub overlay: Vec<PathBuf>,
    /// Apply a variant of the overlay
    #[arg(long, value_name = "NAME")]
    pub variant: Option<String>,
    /// How long to compare, or how many days: 60s, 2000d [default: 60s]
    #[arg(long, value_name = "TIME|DAYS")]
    pub budget: Option<String>,
    /// Only how often days break, no break points
    #[arg(long)]
    pub no_brink: bool,
    /// Fresh days follow from this number too
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub seed: u64,
    /// How to print
    #[command(flatten)]
    pub output: Output,
    /// On how many threads [default: all cores]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1024))]
    pub threads: Option<u16>,
}

/// For whom `check` prints.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum CheckFormat {
    /// A screen.
    Text,
    /// JSON, as `worstday schema check` describes it.
    Json,
    /// Test results, for build servers.
    Junit,
    /// A summary, for people who read a build or a change.
    Markdown,
    /// Annotations on the lines of the file, for GitHub Actions.
    Github,
}

/// The flight simulator.
#[derive(Clone, Debug, Args)]
pub struct Live {
    /// Fly through the day by hand, on a page of this machine: break things, pull levers, save what you did
    #[arg(long)]
    pub live: bool,
    /// With --live: on this port [default: any free one]
    #[arg(long, value_name = "PORT", requires = "live")]
    pub port: Option<u16>,
    /// With --live: open the page in a browser
    #[arg(long, requires = "live")]
    pub open: bool,
}

/// How to print.
#[derive(Clone, Copy, Debug, Args)]
pub struct Output {
    /// For people or for programs
    #[arg(long, value_enum, default_value_t = Format::Text)]
    pub format: Format,
    /// Print everything, not only one screen
    #[arg(long, short)]
    pub verbose: bool,
}

/// For people or for programs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// A screen.
    Text,
    /// JSON, as `worstday schema outcome` describes it.
    Json,
}

/// `worstday demo`
#[derive(Debug, Args)]
pub struct Demo {
    /// The seed
    #[arg(long, value_name = "N")]
    pub seed: Option<u64>,
    /// The flight simulator
    #[command(flatten)]
    pub live: Live,
}

impl Check {
    /// A run of the same model.
    #[must_use]
    pub fn as_run(&self) -> Run {
        Run {
            day: self.day.clone(),
            set: self.set.clone(),
            overlay: self.overlay.clone(),
            variant: self.variant.clone(),
            output: Output {
                format: Format::Text,
                verbose: self.verbose,
            },
            threads: self.threads,
            ..Run::of(&self.file)
        }
    }
}

impl Check {
    /// The arguments that made the model, without the day, as they may be typed again.
    #[must_use]
    pub fn made_with(&self) -> Vec<String> {
        Run {
            day: None,
            ..self.as_run()
        }
        .repeated()
    }
}

impl Explain {
    /// The arguments that made the model, as they may be typed again.
    #[must_use]
    pub fn made_with(&self) -> Vec<String> {
        Run {
            set: self.set.clone(),
            overlay: self.overlay.clone(),
            variant: self.variant.clone(),
            ..Run::of(&self.day)
        }
        .repeated()
    }

    /// A run of the same model on that day, which is in a file.
    #[must_use]
    pub fn as_run(&self, model: &Path, day: &Path) -> Run {
        Run {
            scenario: Some(day.to_owned()),
            set: self.set.clone(),
            overlay: self.overlay.clone(),
            variant: self.variant.clone(),
            output: self.output,
            threads: self.threads,
            ..Run::of(model)
        }
    }
}

impl Run {
    /// A file, and nothing else that is asked for.
    #[must_use]
    pub fn of(file: &Path) -> Self {
        Self {
            file: file.to_owned(),
            scenario: None,
            day: None,
            at: None,
            faults: false,
            length: None,
            seeds: 1,
            seed: None,
            shard: None,
            merge: Vec::new(),
            set: Vec::new(),
            overlay: Vec::new(),
            variant: None,
            no_trial: true,
            output: Output {
                format: Format::Text,
                verbose: false,
            },
            html: None,
            threads: None,
            live: Live {
                live: false,
                port: None,
                open: false,
            },
        }
    }

    /// The arguments that say what is simulated, as they may be typed again.
    #[must_use]
    pub fn repeated(&self) -> Vec<String> {
        let mut words = Vec::new();
        let mut option = |flag: &str, value: &dyn std::fmt::Display| {
            words.push(flag.to_owned());
            words.push(value.to_string());
        };
        for overlay in &self.overlay {
            option("--overlay", &overlay.display());
        }
        if let Some(variant) = &self.variant {
            option("--variant", variant);
        }
        if let Some(scenario) = &self.scenario {
            option("--scenario", &scenario.display());
        }
        if let Some(day) = &self.day {
            option("--day", day);
        }
        if let Some(at) = &self.at {
            option("--at", at);
        }
        if let Some(length) = &self.length {
            option("--for", length);
        }
        if self.seeds != 1 {
            option("--seeds", &self.seeds);
        }
        if let Some(seed) = self.seed {
            option("--seed", &seed);
        }
        for set in &self.set {
            option("--set", set);
        }
        if self.faults {
            words.push("--faults".to_owned());
        }
        words
    }
}
