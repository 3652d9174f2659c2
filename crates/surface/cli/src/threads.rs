//! Histories on threads. (A session that is flown by hand has threads of its own: `worstday_live`.)
//!
//! Each history is a function of its seed, so threads only decide how soon it is there. Workers take the next
//! seed from a shared counter; results are put in seed order before anybody looks at them, and of
//! several failures that of the first seed is reported: what comes out does not depend on how many
//! threads there were. With an orderly end finished histories are kept and the others are dropped.

use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::Duration;

use worstday_sim::outcome::Outcome;

use crate::interrupt::Interrupt;

/// How often the progress is looked at.
const LOOK: Duration = Duration::from_millis(200);

/// How far one history is, as other threads may see it.
#[derive(Debug, Default)]
pub struct Gauge {
    /// Simulated time, ns.
    pub now_ns: AtomicU64,
    /// Events handled.
    pub events: AtomicU64,
}

/// How far all of them are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Progress {
    /// Histories finished.
    pub finished: usize,
    /// Histories in all.
    pub histories: usize,
    /// Simulated time of all histories together, ns.
    pub simulated_ns: u128,
    /// Events handled.
    pub events: u64,
}

/// What came of it.
#[derive(Debug)]
pub struct Finished<E> {
    /// In seed order, those that finished.
    pub rows: Vec<Outcome>,
    /// Seeds that did not finish, with the simulated time they had reached, ns.
    pub unfinished: Vec<(u64, u64)>,
    /// The failure of the first seed that failed.
    pub failure: Option<E>,
}

/// Runs one history per seed on so many threads. `run` returns none if it was interrupted.
pub fn histories<E: Send>(
    seeds: &[u64],
    threads: usize,
    interrupt: &Interrupt,
    run: impl Fn(u64, &Gauge) -> Result<Option<Outcome>, E> + Sync,
    mut watch: impl FnMut(Progress),
) -> Finished<E> {
    let gauges: Vec<Gauge> = seeds.iter().map(|_| Gauge::default()).collect();
    let next = AtomicUsize::new(0);
    let done = AtomicUsize::new(0);
    let failed = AtomicUsize::new(usize::MAX);
    let slots: Vec<Mutex<Option<Result<Outcome, E>>>> =
        seeds.iter().map(|_| Mutex::new(None)).collect();
    let work = || {
        loop {
            let at = next.fetch_add(1, Ordering::Relaxed);
            // After a failure only earlier seeds matter: theirs would be reported instead.
            if at >= seeds.len() || interrupt.asked() || failed.load(Ordering::Relaxed) < at {
                return;
            }
            let result = run(seeds[at], &gauges[at]).transpose();
            if matches!(result, Some(Err(_))) {
                failed.fetch_min(at, Ordering::Relaxed);
            }
            if result.is_some() {
                done.fetch_add(1, Ordering::Relaxed);
            }
            *slots[at]
                .lock()
                .expect("no history panicked while it held this") = result;
        }
    };
    std::thread::scope(|scope| {
        let workers: Vec<_> = (0..threads.clamp(1, seeds.len().max(1)))
            .map(|_| scope.spawn(work))
            .collect();
        while workers.iter().any(|worker| !worker.is_finished()) {
            watch(progress(&gauges, done.load(Ordering::Relaxed)));
            // Workers do not wake this thread: it looks now and then, and soon at first.
            let mut slept = Duration::ZERO;
            while slept < LOOK && workers.iter().any(|worker| !worker.is_finished()) {
                let nap = Duration::from_millis(if slept.is_zero() { 1 } else { 5 });
                std::thread::sleep(nap);
                slept += nap;
            }
        }
    });
    watch(progress(&gauges, done.load(Ordering::Relaxed)));
    let mut finished = Finished {
        rows: Vec::new(),
        unfinished: Vec::new(),
        failure: None,
    };
    for ((seed, slot), gauge) in seeds.iter().zip(slots).zip(&gauges) {
        match slot
            .into_inner()
            .expect("no history panicked while it held this")
        {
            Some(Ok(row)) => finished.rows.push(row),
            Some(Err(failure)) => {
                finished.failure.get_or_insert(failure);
            }
            None => finished
                .unfinished
                .push((*seed, gauge.now_ns.load(Ordering::Relaxed))),
        }
    }
    finished
}

fn progress(gauges: &[Gauge], finished: usize) -> Progress {
    Progress {
        finished,
        histories: gauges.len(),
        simulated_ns: gauges
            .iter()
            .map(|gauge| u128::from(gauge.now_ns.load(Ordering::Relaxed)))
            .sum(),
        events: gauges
            .iter()
            .map(|gauge| gauge.events.load(Ordering::Relaxed))
            .sum(),
    }
}
