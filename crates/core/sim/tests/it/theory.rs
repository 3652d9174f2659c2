//! The engine against exact answers: the closed-form rows of the reference cases, see [`rows`].
//!
//! Replications, each with a seed of its own and a warm-up that is dropped, are independent, so Student's t
//! over them is an honest interval whatever the queue remembers. No two rows share a seed: they would share
//! arrivals, and be wrong together.
//!
//! - At a fixed seed the 99.9 % interval holds the exact value and is as narrow as the row says, 1 % or 5 %.
//! - Over 20 further seeds, each a tenth as long, the 95 % intervals that miss are as many as chance
//!   allows (99.9 % binomial bounds), for each row and over all rows together.
//!
//! The price: some 1.4 thousand million visits, two and a half minutes of two cores.

mod rows;

use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use rows::{Row, UNIT, rows};
use worstday_stats::interval::{binomial_bounds, mean_t};

/// Replications of the fixed seed's interval.
const RUNS: u64 = 200;
/// Further seeds, and the replications of each one's interval.
const SEEDS: u64 = 20;
const RUNS_EACH: u64 = 20;
/// How long each of these is, to the fixed seed's interval.
const SHARE_EACH: f64 = 0.1;

/// One replication: of which row, with which seed, and how long after the warm-up.
struct Job {
    row: usize,
    seed: u64,
    visits: f64,
}

impl Job {
    fn measured(&self, row: &Row) -> f64 {
        let mut z = (row.zoo)();
        let length = self.visits / row.rate;
        z.day.warm_up_ns = (row.settle * UNIT) as u64;
        z.day.end_ns = ((row.settle + length) * UNIT) as u64;
        for demand in &mut z.day.demand {
            if let worstday_model::day::Demand::Stream { rate, .. } = demand {
                for piece in &mut rate.pieces {
                    piece.to_ns = z.day.end_ns;
                }
            }
        }
        (row.measure)(&z.outcome(self.seed))
    }
}

/// What each job measures, in their order, on all cores.
fn measured(rows: &[Row], jobs: &[Job]) -> Vec<f64> {
    let next = AtomicUsize::new(0);
    let values = Mutex::new(vec![f64::NAN; jobs.len()]);
    std::thread::scope(|scope| {
        for _ in 0..std::thread::available_parallelism().map_or(1, usize::from) {
            scope.spawn(|| {
                while let Some((at, job)) = {
                    let at = next.fetch_add(1, Ordering::Relaxed);
                    jobs.get(at).map(|job| (at, job))
                } {
                    let value = job.measured(&rows[job.row]);
                    values.lock().expect("no job panicked")[at] = value;
                }
            });
        }
    });
    values.into_inner().expect("no job panicked")
}

/// A seed that no other row and no other interval of this one uses.
fn seed(row: usize, interval: u64, run: u64) -> u64 {
    (row as u64 * (SEEDS + 1) + interval) * RUNS + run
}

#[test]
fn intervals_hold_the_exact_answers() {
    let rows = rows();
    let jobs: Vec<Job> = (0..rows.len() as u64 * RUNS)
        .map(|i| {
            let (row, run) = ((i / RUNS) as usize, i % RUNS);
            let visits = rows[row].visits / RUNS as f64;
            let seed = seed(row, 0, run);
            Job { row, seed, visits }
        })
        .collect();
    let values = measured(&rows, &jobs);
    let mut wrong = vec![];
    for (row, values) in rows.iter().zip(values.chunks(RUNS as usize)) {
        let exact = (row.exact)();
        let e = mean_t(values, 0.999).expect("many runs");
        let width = e.interval.half_width() / exact;
        println!(
            "{:26} exact {exact:.6} mean {:.6} half-width {:.2}%",
            row.name,
            e.mean,
            100.0 * width
        );
        if !e.interval.contains(exact) || width > row.within {
            wrong.push(format!(
                "{}: {exact} in {:?}, half-width {:.2}%",
                row.name,
                e.interval,
                100.0 * width
            ));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn intervals_miss_as_often_as_they_say() {
    // One quantity of each case.
    let rows: Vec<Row> = rows().into_iter().filter(|row| row.further).collect();
    let per_row = SEEDS * RUNS_EACH;
    let jobs: Vec<Job> = (0..rows.len() as u64 * per_row)
        .map(|i| {
            let (row, i) = ((i / per_row) as usize, i % per_row);
            let visits = rows[row].visits * SHARE_EACH / RUNS_EACH as f64;
            let seed = seed(row, 1 + i / RUNS_EACH, i % RUNS_EACH);
            Job { row, seed, visits }
        })
        .collect();
    let values = measured(&rows, &jobs);
    let (mut all, mut wrong) = (0, vec![]);
    let (low, high) = binomial_bounds(SEEDS, 0.05, 0.999);
    for (row, values) in rows.iter().zip(values.chunks(per_row as usize)) {
        let exact = (row.exact)();
        let misses = |values: &&[f64]| {
            let e = mean_t(values, 0.95).expect("twenty runs");
            !e.interval.contains(exact)
        };
        let missed = values.chunks(RUNS_EACH as usize).filter(misses).count() as u64;
        println!("{:26} {missed} of {SEEDS} miss", row.name);
        all += missed;
        if !(low..=high).contains(&missed) {
            wrong.push(format!(
                "{}: {missed} of {SEEDS} miss, at most {high} may",
                row.name
            ));
        }
    }
    let tried = SEEDS * rows.len() as u64;
    let (low, high) = binomial_bounds(tried, 0.05, 0.999);
    println!("{all} of {tried} miss, {low} to {high} may");
    assert!(
        wrong.is_empty() && (low..=high).contains(&all),
        "{all} of {tried}: {wrong:#?}"
    );
}
