//! Threads, a clock and a memory for those who search: the crew that lives days.
//!
//! Days of a batch are handed to whoever is free and come back in the order of the batch, so threads change
//! nothing but time. What was lived once is remembered by its key: a search that goes on, or that was begun in parts on several
//! machines, finds its days there.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};
use worstday_search::check::{Crew, Progress};
use worstday_search::lived::{Trial, Tried, Unlived, World};

use crate::exit::Stop;
use crate::interrupt::Interrupt;
use crate::progress::Note;
use crate::store::Store;

/// Lives days on threads.
pub struct Hands {
    threads: usize,
    interrupt: Interrupt,
    begun: Instant,
    budget: Option<Duration>,
    /// Events handled, and the seconds of all threads that took.
    pace: (f64, f64),
    /// What was lived, by key.
    memory: BTreeMap<String, Tried>,
    note: Note,
}

impl Hands {
    /// A crew of so many threads, with so much time.
    pub fn new(threads: usize, budget: Option<Duration>, interrupt: Interrupt) -> Self {
        Self {
            threads: threads.max(1),
            interrupt,
            begun: Instant::now(),
            budget,
            pace: (0.0, 0.0),
            memory: BTreeMap::new(),
            note: Note::new(),
        }
    }

    /// Remembers what was lived elsewhere or before.
    pub fn remember(&mut self, lived: BTreeMap<String, Tried>) {
        self.memory.extend(lived);
    }

    /// All that was lived.
    pub fn memory(&self) -> &BTreeMap<String, Tried> {
        &self.memory
    }

    /// Gives it so much time from now on, if it had an end at all.
    pub fn allow(&mut self, time: Duration) {
        self.begun = Instant::now();
        self.budget = self.budget.map(|_| time);
    }

    /// Takes the line away.
    pub fn clear(&mut self) {
        self.note.clear();
    }

    fn left(&self) -> Option<Duration> {
        let budget = self.budget?;
        Some(budget.saturating_sub(self.begun.elapsed()))
    }
}

/// Days that were lived, as a file: of a search that was stopped, or of a part of one.
pub struct Memory {
    path: PathBuf,
}

/// What stands in such a file.
#[derive(Serialize, Deserialize)]
struct Lived {
    /// The model's hash.
    model: String,
    days: BTreeMap<String, Tried>,
}

impl Memory {
    /// Where a search of this model and seed remembers its days while it is not finished.
    pub fn of(store: &Store, model: &str, seed: u64) -> Self {
        let short: String = model.chars().take(12).collect();
        Self {
            path: store
                .folder()
                .join(format!("unfinished-{short}-{seed}.json")),
        }
    }

    /// What was remembered; nothing if no search was stopped.
    pub fn load(&self, model: &str) -> Result<BTreeMap<String, Tried>, Stop> {
        if self.path.exists() {
            Self::read(&self.path, model)
        } else {
            Ok(BTreeMap::new())
        }
    }

    /// Days from a file.
    pub fn read(path: &Path, model: &str) -> Result<BTreeMap<String, Tried>, Stop> {
        let shown = path.display();
        let bytes = std::fs::read(path)
            .map_err(|error| Stop::usage(format!("cannot read {shown}: {error}"), ""))?;
        let lived: Lived = serde_json::from_slice(&bytes).map_err(|error| {
            Stop::usage(
                format!("{shown} holds no days that were lived: {error}"),
                "parts are what `worstday check FILE --shard I/N` prints",
            )
        })?;
        if lived.model != model {
            return Err(Stop::usage(
                format!(
                    "the days of {shown} are of another model, or of this one before it was changed"
                ),
                "live the parts again",
            ));
        }
        Ok(lived.days)
    }

    /// Days as a file.
    pub fn text(model: &str, days: &BTreeMap<String, Tried>) -> Result<String, Stop> {
        let lived = Lived {
            model: model.to_owned(),
            days: days.clone(),
        };
        let text = serde_json::to_string(&lived).map_err(|error| Stop::failed(error, ""))?;
        Ok(text + "\n")
    }

    /// Remembers the days of a search that was stopped.
    pub fn keep(&self, model: &str, days: &BTreeMap<String, Tried>) -> Result<(), Stop> {
        let failed = |error: std::io::Error| {
            Stop::failed(format!("cannot write {}: {error}", self.path.display()), "")
        };
        if let Some(folder) = self.path.parent() {
            std::fs::create_dir_all(folder).map_err(failed)?;
        }
        std::fs::write(&self.path, Self::text(model, days)?).map_err(failed)?;
        eprintln!("stopped: the same command goes on from here");
        Ok(())
    }

    /// A search that is finished needs no memory.
    pub fn forget(&self) -> Result<(), Stop> {
        match std::fs::remove_file(&self.path) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(Stop::failed(
                format!("cannot remove {}: {error}", self.path.display()),
                "",
            )),
            _ => Ok(()),
        }
    }
}

impl Crew for Hands {
    fn live(&mut self, world: &World, trials: &[Trial]) -> Result<Option<Vec<Tried>>, Unlived> {
        let keys: Vec<String> = trials.iter().map(|trial| world.key(trial)).collect();
        let missing: Vec<usize> = (0..trials.len())
            .filter(|&at| {
                let first = keys.iter().position(|key| *key == keys[at]);
                !self.memory.contains_key(&keys[at]) && first == Some(at)
            })
            .collect();
        let slots: Vec<Mutex<Option<Result<Tried, Unlived>>>> =
            missing.iter().map(|_| Mutex::new(None)).collect();
        let next = AtomicUsize::new(0);
        let begun = Instant::now();
        let stop = || self.interrupt.asked() || self.left().is_some_and(|left| left.is_zero());
        let work = || {
            loop {
                let at = next.fetch_add(1, Ordering::Relaxed);
                if missing.len() <= at || stop() {
                    return;
                }
                let lived = world.live(&trials[missing[at]], &stop).transpose();
                *slots[at]
                    .lock()
                    .expect("no day panicked while it held this") = lived;
            }
        };
        let threads = self.threads.min(missing.len());
        if threads == 1 {
            work();
        } else if 1 < threads {
            std::thread::scope(|scope| {
                for _ in 0..threads {
                    scope.spawn(work);
                }
            });
        }
        let took = begun.elapsed().as_secs_f64();
        let mut stopped = false;
        for (&at, slot) in missing.iter().zip(slots) {
            match slot
                .into_inner()
                .expect("no day panicked while it held this")
            {
                Some(Ok(tried)) => {
                    self.pace.0 += tried.events as f64;
                    self.memory.insert(keys[at].clone(), tried);
                }
                Some(Err(error)) => return Err(error),
                None => stopped = true,
            }
        }
        self.pace.1 += took;
        if stopped {
            // Days that were finished are remembered, but a part of a batch is not counted: the quick ones come first.
            return Ok(None);
        }
        Ok(Some(
            keys.iter().map(|key| self.memory[key].clone()).collect(),
        ))
    }

    fn was_stopped(&self) -> bool {
        self.interrupt.asked()
    }

    fn time_left(&mut self) -> f64 {
        match (self.left(), self.budget) {
            (Some(left), Some(budget)) => left.as_secs_f64() / budget.as_secs_f64().max(1e-9),
            _ => 1.0,
        }
    }

    fn events_left(&mut self) -> f64 {
        match self.left() {
            None => f64::INFINITY,
            // Nothing is known of the pace yet: a million events a second are too few on any machine.
            Some(left) if self.pace.1 == 0.0 => left.as_secs_f64() * 1e6,
            Some(left) => left.as_secs_f64() * self.pace.0 / self.pace.1,
        }
    }

    fn tell(&mut self, progress: &Progress<'_>) {
        self.note.show(&format!(
            "{} days lived · {} broken · trying {}",
            progress.days, progress.broken, progress.trying
        ));
    }
}
