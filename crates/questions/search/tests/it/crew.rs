//! A crew of two threads without a clock, and models from texts.

use std::sync::Arc;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use worstday_model::load::{Files, LoadOptions, Model};
use worstday_search::check::{Checked, Crew, Options, Progress, check};
use worstday_search::claim::Extra;
use worstday_search::lived::{Trial, Tried, Unlived, World};
use worstday_sim::NoEdits;

/// Lives days on two threads, without a clock.
pub struct Pair;

impl Crew for Pair {
    fn live(&mut self, world: &World, trials: &[Trial]) -> Result<Option<Vec<Tried>>, Unlived> {
        let next = AtomicUsize::new(0);
        let slots: Vec<Mutex<Option<Tried>>> = trials.iter().map(|_| Mutex::new(None)).collect();
        std::thread::scope(|scope| {
            for _ in 0..2 {
                scope.spawn(|| {
                    loop {
                        let at = next.fetch_add(1, Ordering::Relaxed);
                        let Some(trial) = trials.get(at) else { return };
                        let tried = world.live(trial, &|| false).expect("the day can be lived");
                        *slots[at].lock().unwrap() = tried;
                    }
                });
            }
        });
        let tried = slots.into_iter();
        Ok(tried.map(|slot| slot.into_inner().unwrap()).collect())
    }

    fn was_stopped(&self) -> bool {
        false
    }

    fn time_left(&mut self) -> f64 {
        1.0
    }

    fn events_left(&mut self) -> f64 {
        f64::INFINITY
    }

    fn tell(&mut self, _: &Progress<'_>) {}
}

/// Whether tests run in their full length.
pub fn is_long() -> bool {
    std::env::var_os("WORSTDAY_LONG").is_some_and(|value| value == "1")
}

struct One<'a>(&'a str);

impl Files for One<'_> {
    fn read(&self, _: &str) -> Result<Vec<u8>, String> {
        Ok(self.0.as_bytes().to_vec())
    }

    fn list(&self, _: &str) -> Result<Vec<String>, String> {
        Ok(Vec::new())
    }
}

/// The days of a model, and what its claims ask for.
pub fn world(text: &str) -> (World, Extra, usize) {
    let files = One(text);
    let model = Model::load("known.yaml", &LoadOptions::default(), &files)
        .unwrap_or_else(|error| panic!("{error}"));
    let (system, _) = model
        .system(&files)
        .unwrap_or_else(|error| panic!("{error}"));
    let extra = Extra::of(&system);
    let known = system.faults.len();
    let world = World::new(
        &system,
        Arc::new(NoEdits),
        model.hash(),
        jiff::civil::date(2026, 11, 23),
        extra.faults.clone(),
    );
    (world.expect("there is a year"), extra, known)
}

/// Checks a model.
pub fn checked(text: &str, seed: u64, budget_days: u64, brink: bool) -> Checked {
    checked_with(text, seed, |options| {
        options.budget_days = Some(budget_days);
        options.brink = brink;
    })
}

/// Checks a model, with these options changed; break points are not looked for if nothing is said.
pub fn checked_with(text: &str, seed: u64, change: impl Fn(&mut Options)) -> Checked {
    let (world, extra, known_faults) = world(text);
    let mut options = Options {
        seed,
        budget_days: None,
        confidence: 0.95,
        guessed: Vec::new(),
        only: Vec::new(),
        brink: false,
        known_faults,
    };
    change(&mut options);
    check(&world, &extra, &options, &mut Pair).expect("its days can be lived")
}
