//! `worstday run FILE --live` and `worstday demo --live`: the flight simulator.
//!
//! The session is a scenario that is being written ([`worstday_live::session`]); here are the files it comes from and goes to, and
//! what the command line says. What a scenario cannot say cannot be flown: such options are refused with what to do instead.

use std::fs::File;
use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use jiff::civil::Time;
use jiff::{SignedDuration, ToSpan as _};
use worstday_live::script::{Begin, Edits};
use worstday_live::{Described, Keeper, Opening, Reader, Session, Stage};
use worstday_model::calendar::Calendar;
use worstday_model::day::{self, Day, DayRequest, Random, Varies, What, busiest_moment};
use worstday_model::diagnostic::Diagnostics;
use worstday_model::file::{self, FileKind};
use worstday_model::load::Files;
use worstday_model::scalar::Duration;
use worstday_model::source::SourceMap;
use worstday_model::system::{Arrive, ClientId, Dist, System};
use worstday_model::tree::{Node, add_bytes};
use worstday_model::yaml::Yaml;
use worstday_report::quoted;

use crate::arguments::{Arguments, Command, Demo, Format, Live, Run};
use crate::exit::{Exit, Stop};
use crate::interrupt::Interrupt;
use crate::load::{BuiltIn, Disk, Read, read};
use crate::reread::Rereader;
use crate::run::{SEED, no_day, write_out};

/// The demo's morning, to be lived.
const DEMO: &str = "run systems/supermarket.yaml --overlay systems/supermarket.variants.yaml \
                    --variant by-hand --day 2026-11-28";

/// A day begins so long before its busiest moment.
const BEFORE: SignedDuration = SignedDuration::from_mins(30);

/// `run --live`
///
/// # Errors
///
/// What cannot be flown, is wrong with the description, or is refused by the machine.
pub fn run(arguments: &Run) -> Result<Exit, Stop> {
    refuse(arguments)?;
    fly(arguments, &Disk, &[])
}

/// `demo --live`
///
/// # Errors
///
/// If the machine refuses what a server needs.
pub fn demo(arguments: &Demo) -> Result<Exit, Stop> {
    use clap::Parser;
    let words = ["worstday"].into_iter().chain(DEMO.split_whitespace());
    let Command::Run(run) = Arguments::parse_from(words).command else {
        unreachable!("these words are a run")
    };
    let run = Run {
        seed: arguments.seed,
        live: arguments.live.clone(),
        ..*run
    };
    fly(&run, &BuiltIn(&crate::demo::FILES), &crate::demo::FILES)
}

/// What a scenario cannot say, and what is made of many histories, is refused.
fn refuse(arguments: &Run) -> Result<(), Stop> {
    let many = "--live lives one day at a time";
    let told = "--live shows what happens on a page while it happens";
    let save = "save the session there, then: worstday run FILE --scenario SAVED";
    let refused = [
        (
            arguments.at.is_some(),
            "--at",
            "constant demand is no day of the calendar, and what is done by hand is saved as one",
            "leave it out and multiply the demand on the page",
        ),
        (
            arguments.faults,
            "--faults",
            "what strikes at random could not be saved as something that was done",
            "leave it out and break things on the page",
        ),
        (
            arguments.length.is_some(),
            "--for",
            "a session lasts until you stop it, a day at most",
            "leave it out; a scenario's `until` ends a session earlier",
        ),
        (
            arguments.seeds != 1,
            "--seeds",
            many,
            "choose one with --seed, and replay what you saved with --seeds",
        ),
        (
            arguments.shard.is_some(),
            "--shard",
            many,
            "replay what you saved in parts",
        ),
        (!arguments.merge.is_empty(), "--merge", many, "leave it out"),
        (
            arguments.threads.is_some(),
            "--threads",
            many,
            "leave it out: it takes one",
        ),
        (
            arguments.output.format == Format::Json,
            "--format json",
            told,
            save,
        ),
        (arguments.html.is_some(), "--html", told, save),
        (
            arguments.no_trial,
            "--no-trial",
            "--live tries no step",
            "leave it out",
        ),
    ];
    for (given, option, why, instead) in refused {
        if given {
            return Err(Stop::usage(
                format!("`{option}` does not go with `--live`: {why}"),
                instead,
            ));
        }
    }
    Ok(())
}

/// Opens a session and shows it until somebody stops it. `texts` are no files yet: what is saved needs them beside it.
fn fly(
    arguments: &Run,
    files: &dyn Files,
    texts: &'static [(&'static str, &'static str)],
) -> Result<Exit, Stop> {
    let (arguments, begun) = scenario_of(arguments, files)?;
    let read = read(&arguments, files, None)?;
    if !read.loaded.warnings.is_empty() && arguments.output.verbose {
        eprint!("{}", read.loaded.warnings);
    }
    let opening = opening(&arguments, begun.as_ref(), &read)?;
    // A name that is a name for a file too.
    let name: String = read
        .loaded
        .system
        .name
        .chars()
        .map(|c| if c.is_alphanumeric() { c } else { '-' })
        .collect();
    let reader = Box::new(Rereader::new(&arguments, &read));
    // The port first: whoever asks for one that is taken hears of it at once.
    let port = arguments.live.port.unwrap_or(0);
    let stage = Stage::at(port).map_err(|error| {
        Stop::failed(
            format!("cannot listen on port {port}: {error}"),
            "give another --port, or none",
        )
    })?;
    let interrupt = Interrupt::listen()
        .map_err(|error| Stop::failed(format!("cannot listen for Ctrl-C: {error}"), ""))?;
    let session = Session::open(opening, reader).map_err(|refusal| Stop::invalid(refusal, ""))?;
    let failed = |error| Stop::failed(format!("cannot serve: {error}"), "");
    let address = stage.address().map_err(failed)?;
    write_out(&format!("{address}\n"))?;
    eprintln!("open this in a browser of this machine; Ctrl-C ends the session");
    open(&arguments.live, &address);
    let mut folder = Folder { name, texts };
    let kept = stage
        .show(session, &mut folder, &|| interrupt.asked())
        .map_err(failed)?;
    for (file, command) in kept {
        write_out(&format!("saved {file}\nagain {command}\n"))?;
    }
    Ok(Exit::Kept)
}

/// Where a session begins if a scenario was named, as FILE or with `--scenario`, and the arguments that name its model.
fn scenario_of(arguments: &Run, files: &dyn Files) -> Result<(Run, Option<Node>), Stop> {
    let mut arguments = arguments.clone();
    let tree = |path: &Path| -> Option<(FileKind, Node)> {
        let path = path.display().to_string();
        let bytes = files.read(&path).ok()?;
        let mut sources = SourceMap::default();
        let id = add_bytes(&mut sources, &path, &bytes).ok()?;
        let read = file::read(&sources, id, &mut Diagnostics::new())?;
        Some((read.kind, read.tree))
    };
    // What cannot be read here is said by the reader itself, with places.
    if let Some((FileKind::Scenario, day)) = tree(&arguments.file) {
        let base = day.get("base").and_then(Node::text).unwrap_or_default();
        let base = arguments.file.parent().unwrap_or(Path::new("")).join(base);
        let day = std::mem::replace(&mut arguments.file, base);
        arguments.scenario.get_or_insert(day);
    }
    let begun = arguments
        .scenario
        .as_deref()
        .and_then(tree)
        .map(|(_, tree)| tree);
    Ok((arguments, begun))
}

/// What the session is about, and where it begins.
fn opening(arguments: &Run, begun: Option<&Node>, read: &Read) -> Result<Opening, Stop> {
    let loaded = &read.loaded;
    let system = &loaded.system;
    let seed = arguments.seed.or(loaded.seed).unwrap_or(SEED);
    let base = arguments.file.display().to_string();
    let request = crate::run::request(arguments, loaded.scenario.as_ref(), loaded.as_of)?;
    let day = day::plan(system, &request).map_err(no_day)?;
    let begin = match begun {
        Some(file) => Begin::from_file(file, &base, seed)
            .ok_or_else(|| Stop::failed("this scenario cannot be gone on with", ""))?,
        None => begin_made(system, &request, &day, &base, seed)?,
    };
    let mut words = vec!["worstday".to_owned(), "run".to_owned(), base.clone()];
    let same_model = Run {
        scenario: None,
        day: None,
        seed: None,
        ..arguments.clone()
    };
    words.extend(same_model.repeated());
    let words: Vec<String> = words.iter().map(|word| quoted(word)).collect();
    let names = system.edits.iter().map(|edit| edit.name.clone());
    let edits: Edits = names
        .filter_map(|name| Some((name.clone(), Yaml::from(read.model.edits_called(&name)?))))
        .collect();
    Ok(Opening {
        file: base,
        hash: loaded.hash.clone(),
        command: words.join(" "),
        begin,
        edits,
        per_s: per_s(system, &day),
    })
}

/// A scenario for a day as it comes: from half an hour before its busiest moment, if it has one, for 24 hours, with the dated faults
/// that strike in that time.
fn begin_made(
    system: &System,
    request: &DayRequest,
    day: &Day,
    base: &str,
    seed: u64,
) -> Result<Begin, Stop> {
    let date = day::date(system, request).map_err(no_day)?;
    let calendar = Calendar::new(&system.timezone).map_err(|error| Stop::invalid(error, ""))?;
    let at = |ns: u64| calendar.local(day.start_unix_ns.saturating_add_unsigned(ns));
    let busiest = busiest_moment(system, day, None).filter(|_| day.varies == Varies::Yes);
    let from = match busiest {
        Some((moment, highest)) if highest > 0.0 => {
            let early = at(moment).checked_sub(BEFORE).unwrap_or(at(moment));
            let time = early.time();
            // Not before the day itself, and on a whole minute.
            if early.date() == date {
                Time::constant(time.hour(), time.minute(), 0, 0)
            } else {
                Time::midnight()
            }
        }
        _ => Time::midnight(),
    };
    let from_ns = calendar.instant(date.to_datetime(from));
    let tomorrow = date.saturating_add(1.day());
    let until_ns = calendar.instant(tomorrow.to_datetime(from));
    // Faults of the hours after midnight are those of the next day.
    let mut dated = Vec::new();
    for day in [date, tomorrow] {
        let request = DayRequest {
            as_of: request.as_of,
            what: What::Ordinary { day: Some(day) },
            length_ns: None,
            random: Random::No,
        };
        let Ok(day) = day::plan(system, &request) else {
            continue;
        };
        for strike in day.faults {
            let at_ns = day.start_unix_ns.saturating_add(strike.at_ns);
            if (from_ns..until_ns).contains(&at_ns) {
                dated.push((at_ns, strike.fault, strike.lasts_ns));
            }
        }
    }
    dated.sort_unstable();
    dated.dedup();
    let lines = dated.into_iter().map(|(at_ns, fault, lasts)| {
        let mut line = vec![(
            "fault".to_owned(),
            Yaml::text(&system.faults[fault.index()].name),
        )];
        if let Some(lasts) = lasts {
            line.push((
                "lasts".to_owned(),
                Yaml::text(Duration::from_nanos(lasts).to_string()),
            ));
        }
        (calendar.local(at_ns).time(), line)
    });
    Ok(Begin {
        base: base.to_owned(),
        seed,
        day: date,
        from,
        until: from,
        kept: Vec::new(),
        lines: lines.collect(),
    })
}

/// Visits per second of the client that comes most often, at its busiest.
fn per_s(system: &System, day: &Day) -> f64 {
    let of = |(at, client): (usize, &worstday_model::system::Client)| match &client.arrive {
        Arrive::Closed { population, think } => {
            let think = match think {
                Dist::Constant(ns) => *ns,
                Dist::Exponential { mean } | Dist::LogNormal { mean, .. } => *mean,
                _ => 0.0,
            };
            // Who is answered at once comes again after thinking, and a second is soon.
            *population as f64 / (think / 1e9 + 1.0)
        }
        _ => busiest_moment(system, day, Some(ClientId(at as u32))).map_or(0.0, |(_, per_s)| per_s),
    };
    system
        .clients
        .iter()
        .enumerate()
        .map(of)
        .fold(0.0, f64::max)
}

/// Each longer scenario is read as any other.
impl Reader for Rereader {
    fn read(&mut self, scenario: &str) -> Result<Described, String> {
        let (loaded, day) = self.with(scenario)?;
        Ok(Described {
            system: loaded.system,
            day: Arc::new(day),
            editing: loaded.editing,
        })
    }
}

/// Scenarios are kept in the folder where the command runs; nothing there is ever written over.
struct Folder {
    name: String,
    /// Texts that a replay reads as files.
    texts: &'static [(&'static str, &'static str)],
}

impl Folder {
    /// Writes the built-in texts where a replay looks for them, unless something is there.
    fn put_texts(&self) -> Result<(), String> {
        for (path, text) in self.texts {
            let path = Path::new(path);
            let cannot = |error| format!("cannot write {}: {error}", path.display());
            if let Some(folder) = path.parent() {
                std::fs::create_dir_all(folder).map_err(cannot)?;
            }
            match File::create_new(path) {
                Ok(mut file) => {
                    file.write_all(text.as_bytes()).map_err(cannot)?;
                    eprintln!("wrote {}, so that what is saved can be run", path.display());
                }
                Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
                Err(error) => return Err(cannot(error)),
            }
        }
        Ok(())
    }
}

impl Keeper for Folder {
    fn keep(&mut self, text: &str) -> Result<String, String> {
        const TRIES: u32 = 10_000;
        self.put_texts()?;
        for number in 1..TRIES {
            let path = PathBuf::from(match number {
                1 => format!("{}-by-hand.yaml", self.name),
                number => format!("{}-by-hand-{number}.yaml", self.name),
            });
            match File::create_new(&path) {
                Ok(mut file) => {
                    let written = file.write_all(text.as_bytes()).and_then(|()| file.flush());
                    written.map_err(|error| format!("cannot write {}: {error}", path.display()))?;
                    return Ok(path.display().to_string());
                }
                Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
                Err(error) => return Err(format!("cannot write {}: {error}", path.display())),
            }
        }
        Err("this folder is full of saved sessions".to_owned())
    }
}

/// Asks the operating system to open the address, if that was wanted. If it cannot, the address stands on the screen.
fn open(live: &Live, address: &str) {
    if !live.open {
        return;
    }
    let (program, words): (&str, &[&str]) = if cfg!(target_os = "macos") {
        ("open", &[])
    } else if cfg!(target_os = "windows") {
        ("cmd", &["/c", "start", ""])
    } else {
        ("xdg-open", &[])
    };
    let mut command = std::process::Command::new(program);
    command.args(words).arg(address);
    command
        .stdin(std::process::Stdio::null())
        .stdout(std::process::Stdio::null());
    if let Err(error) = command.stderr(std::process::Stdio::null()).spawn() {
        eprintln!("{program} cannot open it: {error}");
    }
}
