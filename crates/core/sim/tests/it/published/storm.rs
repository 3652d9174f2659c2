//! One worker of 10/s with exponential service, room for 150, users who wait 5 s and ask five times more at
//! once: late work is still done, a refused attempt is retried at once.

use super::evidence::{Printed, Share, of, ten};
use super::{Seconds, answered, arrived, attempts_sent, one_server, spike};
use crate::zoo::*;
use worstday_model::system::*;

/// 5/s for 5 min, 15/s for 10 min, 5/s for 30 min.
fn storm() -> Zoo {
    let mut zoo = one_server(5.0, 2700 * S, 100e6, 150, retrying(5 * S, 6));
    spike(&mut zoo, ClientId(0), 3.0, 300 * S, 600 * S);
    zoo
}

/// Where the trigger ends, in seconds.
const TRIGGER_END: usize = 900;

/// What one history says.
struct Run {
    /// Goodput in the last ten minutes, per second.
    last: f64,
    /// Attempts then.
    attempts: f64,
    /// Goodput during the trigger.
    during: f64,
    /// Whether it recovered: six windows of 10 s in a row, each with a goodput of at least 95 % of its arrivals.
    recovered: bool,
    /// When, in seconds after the trigger: the start of the first six that reach 95 % together. The published times
    /// (20 s without retries, at once where nothing expires) are of this kind: that each of six reaches it takes
    /// longer, by the chance of 50 arrivals.
    after: Option<usize>,
}

impl Run {
    fn of(seconds: &Seconds) -> Self {
        let windows: Vec<(f64, f64)> = (TRIGGER_END..2700)
            .step_by(10)
            .map(|from| {
                let ten = from..from + 10;
                (
                    seconds.sum(ten.clone(), answered) as f64,
                    seconds.sum(ten, arrived) as f64,
                )
            })
            .collect();
        let good = |(good, came): (f64, f64)| 0.95 * came <= good;
        let together =
            |six: &[(f64, f64)]| good(six.iter().fold((0.0, 0.0), |a, w| (a.0 + w.0, a.1 + w.1)));
        Self {
            last: seconds.per_s(2100..2700, answered),
            attempts: seconds.per_s(2100..2700, attempts_sent),
            during: seconds.per_s(300..TRIGGER_END, answered),
            recovered: windows.windows(6).any(|six| six.iter().all(|&w| good(w))),
            after: windows.windows(6).position(together).map(|at| 10 * at),
        }
    }
}

/// A row of the published table: ten runs each.
#[derive(Default)]
struct Row {
    name: &'static str,
    recovered: u64,
    last: Option<Printed>,
    attempts: Option<Printed>,
    during: Option<Printed>,
    /// The median time to recover, in seconds.
    median: Option<usize>,
}

/// Runs the storm with a change and says where it differs from its row.
fn compared(row: &Row, change: impl FnOnce(&mut Zoo)) -> Vec<String> {
    let mut zoo = storm();
    change(&mut zoo);
    let seeds = if long() { 200 } else { 20 };
    let runs: Vec<Run> = (1..=seeds)
        .map(|s| Run::of(&Seconds::of(&zoo, s)))
        .collect();
    let mut wrong = vec![];
    for (what, printed, value) in [
        ("last", row.last, (|r| r.last) as fn(&Run) -> f64),
        ("attempts", row.attempts, |r| r.attempts),
        ("during", row.during, |r| r.during),
    ] {
        let ours: Vec<f64> = runs.iter().map(value).collect();
        print!("{what} {:.3} ", ours.iter().sum::<f64>() / seeds as f64);
        if let Some(Err(e)) = printed.map(|p| p.agrees_with(&ours)) {
            wrong.push(format!("{}: {what}: {e}", row.name));
        }
    }
    let mut times: Vec<usize> = runs.iter().filter_map(|r| r.after).collect();
    times.sort_unstable();
    let ours = of(runs.iter().filter(|r| r.recovered).count() as u64, seeds);
    println!(
        "recovered {ours:?}, median {:?}: {}",
        times.get(times.len() / 2),
        row.name
    );
    if !ours.agrees_with(of(row.recovered, 10)) {
        wrong.push(format!(
            "{}: {ours:?} recovered, published {} of 10",
            row.name, row.recovered
        ));
    }
    if let Some(median) = row.median {
        // The median of ten lies beyond a law's outermost twentieths once in ten thousand times
        // (five of ten beyond a chance of 0.05: 0.00006 on either side).
        let (low, high) = (times[times.len() / 20], times[times.len() * 19 / 20]);
        if !(low..=high).contains(&median) {
            wrong.push(format!(
                "{}: {low} to {high} s, published {median}",
                row.name
            ));
        }
    }
    wrong
}

fn retries(n: u32) -> impl FnOnce(&mut Zoo) {
    move |z| z.system.calls[0].policy.retry = Some(attempts(n + 1))
}

fn retry_of(z: &mut Zoo) -> &mut Retry {
    let retry = &mut z.system.calls[0].policy.retry;
    retry.as_mut().expect("five retries")
}

fn budget(ratio_milli: u64, burst: u64) -> impl FnOnce(&mut Zoo) {
    move |z| {
        retry_of(z).budget = Some(Budget::Bucket {
            ratio_milli,
            burst_milli: 1000 * burst,
            scope: BudgetScope::Replica,
        });
    }
}

fn jitter(backoff_s: u64, cap_s: u64) -> impl FnOnce(&mut Zoo) {
    move |z| {
        let retry = retry_of(z);
        (retry.backoff_ns, retry.cap_ns, retry.jitter) = (backoff_s * S, cap_s * S, Jitter::Full);
    }
}

fn bound(n: u64) -> impl FnOnce(&mut Zoo) {
    move |z| z.of("server").queue.bound = n
}

fn patience(s: u64) -> impl FnOnce(&mut Zoo) {
    move |z| z.system.calls[0].policy.timeout_ns = Some(s * S)
}

fn faster(by: f64) -> impl FnOnce(&mut Zoo) {
    move |z| z.does(EndpointId(0), vec![exponential(100e6 / by)])
}

fn drop_expired(z: &mut Zoo) {
    z.of("server").queue.expired = Expired::Drop;
}

fn lifo(z: &mut Zoo) {
    z.of("server").queue.order = Order::Lifo;
}

/// A row that never recovers: 0.00/s, with so many attempts.
fn stuck(name: &'static str, attempts: Option<Printed>, during: Option<Printed>) -> Row {
    let last = Some(ten(0.0));
    Row {
        name,
        attempts,
        during,
        last,
        ..Row::default()
    }
}

/// A row that always recovers, with so much goodput in the last ten minutes.
fn back(name: &'static str, last: f64, median: usize, during: Option<f64>) -> Row {
    Row {
        name,
        recovered: 10,
        last: Some(ten(last)),
        attempts: None,
        during: during.map(ten),
        median: Some(median),
    }
}

/// Half of it idle, ten busy minutes, and it never comes back.
#[test]
fn the_retry_storm() {
    let row = stuck("base", Some(ten(29.6).to(0.05)), Some(ten(0.28)));
    let wrong = compared(&row, |_| {});
    assert!(wrong.is_empty(), "{wrong:#?}");
}

/// What retries make of it: none, one or two; budgets; pauses between them, which help nothing.
#[test]
fn retries_feed_the_storm() {
    let five = Some(ten(5.0).to(0.05));
    let tenth = |mean| Some(ten(mean).to(0.05));
    let one = Row {
        name: "R = 1",
        recovered: 9,
        last: Some(ten(4.23)),
        attempts: tenth(5.7),
        during: Some(ten(0.28)),
        // One of ten did not: the median is of the others.
        median: Some(250),
    };
    let budgeted = |name| Row {
        attempts: five,
        ..back(name, 4.96, 20, Some(0.28))
    };
    let jittered = |name| stuck(name, tenth(29.5), Some(ten(0.27)));
    let wrong = [
        compared(&budgeted("R = 0"), retries(0)),
        compared(&one, retries(1)),
        compared(&stuck("R = 2", tenth(14.8), Some(ten(0.28))), retries(2)),
        compared(&jittered("jitter 1 s"), jitter(1, 20)),
        compared(&jittered("jitter 5 s"), jitter(5, 60)),
        compared(&budgeted("budget 0.1 of 10"), budget(100, 10)),
        compared(&budgeted("budget 0.1 of 500"), budget(100, 500)),
        compared(&budgeted("budget 0.2 of 10"), budget(200, 10)),
    ]
    .concat();
    assert!(wrong.is_empty(), "{wrong:#?}");
}

/// What the line, the users' patience and more capacity make of it.
#[test]
fn lines_and_patience_decide_the_storm() {
    let about = |name, recovered, mean, rounding| Row {
        name,
        recovered,
        last: Some(ten(mean).to(rounding)),
        ..Row::default()
    };
    let patient = |name| Row {
        median: None,
        ..back(name, 4.96, 0, None)
    };
    let quick = |name| Row {
        attempts: Some(ten(4.9).to(0.05)),
        during: Some(ten(15.0).to(0.5)),
        ..back(name, 4.93, 0, None)
    };
    let wrong = [
        compared(&back("drop expired", 4.96, 0, Some(4.53)), drop_expired),
        compared(&back("LIFO", 4.96, 0, Some(9.63)), lifo),
        compared(
            &back("LIFO, drop expired", 4.96, 0, Some(9.95)),
            |z: &mut Zoo| {
                drop_expired(z);
                lifo(z);
            },
        ),
        compared(&back("K = 35", 4.96, 0, Some(9.89)), bound(35)),
        compared(&back("K = 50", 4.96, 0, Some(5.38)), bound(50)),
        compared(&about("K = 60", 10, 5.0, 0.5), bound(60)),
        compared(&about("K = 80", 1, 0.3, 0.05), bound(80)),
        compared(&about("K = 100", 0, 0.0, 0.5), bound(100)),
        compared(&stuck("T = 2", None, None), patience(2)),
        compared(&stuck("T = 10", None, None), patience(10)),
        compared(&patient("T = 15"), patience(15)),
        compared(&patient("T = 20"), patience(20)),
        compared(&quick("twice as fast"), faster(2.0)),
        compared(&quick("three times as fast"), faster(3.0)),
    ]
    .concat();
    assert!(wrong.is_empty(), "{wrong:#?}");
}

/// Whether hardly anybody is answered in the last two minutes.
fn is_stuck(zoo: &Zoo, seed: u64) -> bool {
    let seconds = Seconds::of(zoo, seed);
    let end = seconds.rows.len();
    let (good, came) = (
        seconds.sum(end - 120..end, answered),
        seconds.sum(end - 120..end, arrived),
    );
    2 * good < came
}

fn share(zoo: &Zoo, seeds: u64) -> Share {
    of(
        (1..=seeds).filter(|&seed| is_stuck(zoo, seed)).count() as u64,
        seeds,
    )
}

/// The storm's server twenty minutes after a full stall of that length.
fn stalled(per_s: f64, stall_s: u64) -> Zoo {
    let mut z = one_server(per_s, (1500 + stall_s) * S, 100e6, 150, retrying(5 * S, 6));
    let target = z.all_of("server");
    z.strikes(FaultKind::Stall(target), 300 * S, stall_s * S);
    z
}

/// The same after a load of 20/s.
fn overloaded(per_s: f64, spike_s: u64) -> Zoo {
    let mut z = one_server(per_s, (1500 + spike_s) * S, 100e6, 150, retrying(5 * S, 6));
    spike(&mut z, ClientId(0), 20.0 / per_s, 300 * S, spike_s * S);
    z
}

/// The map of what tips it, twelve seeds a point; and its first fact: below the hidden capacity of 10/6 nothing sticks,
/// whatever the trigger.
#[test]
fn below_hidden_capacity_everything_heals() {
    let seeds = if long() { 400 } else { 24 };
    let mut wrong = vec![];
    let mut point = |trigger: &str, zoo: &Zoo, per_s: f64, lasts: u64, published: u64| {
        let ours = share(zoo, seeds);
        println!("{trigger} of {lasts} s at {per_s}/s: {ours:?}, published {published} of 12");
        if !ours.agrees_with(of(published, 12)) || (per_s < 10.0 / 6.0 && ours.hits != 0) {
            wrong.push(format!(
                "{trigger} of {lasts} s at {per_s}/s: {ours:?} for {published}"
            ));
        }
    };
    for (per_s, stall_s, published) in [
        (1.0, 20, 0),
        (1.0, 80, 0),
        (1.5, 20, 0),
        (1.5, 80, 0),
        (2.0, 15, 6),
        (2.0, 40, 3),
        (3.0, 10, 5),
        (3.0, 15, 12),
        (4.0, 8, 4),
        (4.0, 15, 12),
        (5.0, 8, 5),
        (5.0, 10, 12),
        (6.0, 5, 1),
        (6.0, 10, 12),
        (7.0, 5, 4),
        (7.0, 8, 12),
        (8.0, 4, 2),
        (8.0, 8, 12),
        (9.0, 1, 6),
        (9.0, 5, 12),
    ] {
        point("stall", &stalled(per_s, stall_s), per_s, stall_s, published);
    }
    for (per_s, spike_s, published) in [
        (1.0, 80, 0),
        (1.5, 80, 0),
        (2.0, 80, 10),
        (3.0, 10, 12),
        (4.0, 10, 12),
        (5.0, 10, 12),
        (6.0, 8, 12),
    ] {
        point(
            "20/s",
            &overloaded(per_s, spike_s),
            per_s,
            spike_s,
            published,
        );
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

/// The second fact: at 2/s a longer stall is less often fatal, because retries exhaust during it. Published 6 of 12
/// after 20 s and 2 of 12 after 80 s; an independent simulation gives 299 and 123 of 400.
#[test]
fn breakage_is_not_monotone() {
    let seeds = if long() { 1000 } else { 200 };
    let after = |stall_s| share(&stalled(2.0, stall_s), seeds);
    let (short, longer) = (after(20), after(80));
    println!("stuck: {short:?} after 20 s, {longer:?} after 80 s");
    for (ours, known) in [
        (short, of(6, 12)),
        (short, of(299, 400)),
        (longer, of(2, 12)),
        (longer, of(123, 400)),
    ] {
        assert!(ours.agrees_with(known), "{ours:?} for {known:?}");
    }
    assert!(short.exceeds(longer), "{short:?} and {longer:?}");
}

/// Without any trigger it tips by itself, ever more often within an hour as the load rises, though always below
/// capacity. Published of 20: 0, 1, 2, 18, 20.
#[test]
fn it_tips_by_itself() {
    let seeds = if long() { 400 } else { 40 };
    let all: Vec<Share> = [7.0, 8.0, 8.5, 9.0, 9.5]
        .map(|per_s| {
            share(
                &one_server(per_s, 3600 * S, 100e6, 150, retrying(5 * S, 6)),
                seeds,
            )
        })
        .into();
    println!("tipped: {all:?}");
    for (ours, published) in all.iter().zip([0, 1, 2, 18, 20]) {
        assert!(
            ours.agrees_with(of(published, 20)),
            "{ours:?} for {published} of 20"
        );
    }
    // The trend: hardly ever at 8/s, nearly always at 9/s.
    assert!(all.is_sorted_by_key(|s| s.hits), "{all:?}");
    assert!(all[3].exceeds(all[1]), "{all:?}");
}

/// 20/s of capacity, a queue of 256, 750 ms of timeout, three attempts: 8/s with ten seconds at 40/s stays down.
#[test]
fn a_short_burst_keeps_it_down() {
    for seed in 1..=10 {
        let mut z = one_server(8.0, 600 * S, 50e6, 256, retrying(750 * MS, 3));
        spike(&mut z, ClientId(0), 5.0, 60 * S, 10 * S);
        let run = Seconds::of(&z, seed);
        let good = |seconds| run.per_s(seconds, answered);
        // Before: all of 8/s, which over 50 s is known to 0.4; after: nothing that could be called an answer.
        assert!(good(10..60) > 6.6, "seed {seed}: {} before", good(10..60));
        assert!(
            good(300..600) < 0.08,
            "seed {seed}: {} after",
            good(300..600)
        );
    }
}
