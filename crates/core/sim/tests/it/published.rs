//! Published results, and what an independent simulation of them gave: the engine must tell the same story, with
//! the same figures within sampling error.

use crate::zoo::*;
use worstday_model::day::Occurrence;
use worstday_model::system::*;
use worstday_sim::outcome::Outcome;
use worstday_stats::interval::clopper_pearson;
use worstday_stats::sketch::Sketch as _;

/// One worker of 10/s, 5/s for 5 min, 15/s for 10 min, 5/s for 30 min; timeout 5 s, 5 retries, room for 150.
struct Storm {
    zoo: Zoo,
}

fn spike(z: &mut Zoo, client: ClientId, factor: f64, from_ns: u64, lasts_ns: u64) {
    let event = EventId(z.system.events.len() as u32);
    z.system.events.push(Event {
        name: format!("spike-{}", event.0),
        when: vec![],
        every_ns: None,
        lasts: None,
        jitter_ns: 0,
        demand: vec![(client, factor)],
        rise_ns: 0,
        fall_ns: 0,
        edit: None,
        seen: None,
        place: Place::default(),
    });
    z.day.events.push(Occurrence {
        event,
        ordinal: 0,
        start_ns: from_ns as i64,
        lasts_ns: Some(lasts_ns),
    });
}

fn one_server(per_s: f64, end_ns: u64, mean_ns: f64, bound: u64, policy: CallPolicy) -> Zoo {
    let mut z = Zoo::new(end_ns);
    let [get] = z.service("server", 1, ["get"]);
    z.does(get, vec![exponential(mean_ns)]);
    z.of("server").queue.bound = bound;
    let users = z.client_stream("users", per_s, Pattern::Poisson);
    z.asks(users, get, policy);
    z
}

impl Storm {
    fn new() -> Self {
        let mut zoo = one_server(5.0, 2700 * S, 100e6, 150, retrying(5 * S, 6));
        spike(&mut zoo, ClientId(0), 3.0, 300 * S, 600 * S);
        Self { zoo }
    }

    fn with(change: impl FnOnce(&mut Zoo)) -> Figures {
        let mut storm = Self::new();
        change(&mut storm.zoo);
        storm.figures()
    }

    /// Over ten seeds.
    fn figures(&self) -> Figures {
        let runs: Vec<Run> = (1..=10).map(|seed| told(&self.zoo.outcome(seed))).collect();
        let mean = |f: fn(&Run) -> f64| runs.iter().map(f).sum::<f64>() / 10.0;
        Figures {
            last: mean(|r| r.last),
            attempts: mean(|r| r.attempts),
            during: mean(|r| r.during),
            recovered: runs.iter().filter(|r| r.recovered).count(),
        }
    }
}

#[derive(Debug)]
struct Figures {
    /// Goodput in the last ten minutes, per second.
    last: f64,
    /// Attempts then.
    attempts: f64,
    /// Goodput during the trigger.
    during: f64,
    /// Of ten seeds.
    recovered: usize,
}

/// The same of one seed.
struct Run {
    last: f64,
    attempts: f64,
    during: f64,
    recovered: bool,
}

/// Counts over `from..to` seconds, from windows that may have grown.
fn per_s(o: &Outcome, from: u64, to: u64, f: impl Fn(usize) -> u64) -> f64 {
    let length = o.windows.length_ns / S;
    let rows = (0..o.windows.count as u64).filter(|i| from <= i * length && (i + 1) * length <= to);
    let (mut sum, mut seconds) = (0, 0);
    for i in rows {
        sum += f(i as usize);
        seconds += length;
    }
    sum as f64 / seconds as f64
}

/// What one history says. Recovered: over the length of the rule's six windows of 10 s, goodput is 95 % of what came.
fn told(o: &Outcome) -> Run {
    let good = |i: usize| o.clients[0].windows[i].ends.ok;
    let attempts = |i: usize| o.calls[0].windows[i].attempts;
    let length = o.windows.length_ns / S;
    assert!(length <= 8, "windows of {length} s");
    // The run's windows do not tile tens of seconds, so the six are looked at together.
    let rows = &o.clients[0].windows;
    let first = (900 / length) as usize;
    let runs = (60 / length) as usize;
    let recovered = (first..rows.len().saturating_sub(runs)).any(|i| {
        let (ok, came) = rows[i..i + runs]
            .iter()
            .fold((0, 0), |(a, b), w| (a + w.ends.ok, b + w.ends.arrived));
        ok as f64 >= 0.95 * came as f64
    });
    Run {
        last: per_s(o, 2100, 2700, good),
        attempts: per_s(o, 2100, 2700, attempts),
        during: per_s(o, 304, 896, good),
        recovered,
    }
}

fn retries(n: u32) -> impl FnOnce(&mut Zoo) {
    move |z| z.system.calls[0].policy.retry = Some(attempts(n + 1))
}

fn budget(ratio_milli: u64, burst: u64) -> impl FnOnce(&mut Zoo) {
    move |z| {
        z.system.calls[0]
            .policy
            .retry
            .as_mut()
            .expect("five retries")
            .budget = Some(Budget::Bucket {
            ratio_milli,
            burst_milli: 1000 * burst,
            scope: BudgetScope::Replica,
        });
    }
}

/// M6: half of it idle, ten busy minutes, and it never comes back. Goodput of 5/s over 10 runs of 600 s is
/// known to 0.03; of ten seeds the published count may differ by three where it is not all or none.
#[test]
fn the_retry_storm() {
    let f = Storm::new().figures();
    println!("base {f:?}");
    assert!(f.last < 0.05 && f.recovered == 0, "{f:?}");
    assert!((f.attempts - 29.6).abs() < 0.6, "{f:?}");
    assert!((f.during - 0.28).abs() < 0.12, "{f:?}");
}

/// What stops it, and what does not.
#[test]
fn variants_of_the_retry_storm() {
    let jitter = |backoff_s: u64, cap_s: u64| {
        move |z: &mut Zoo| {
            let retry = z.system.calls[0]
                .policy
                .retry
                .as_mut()
                .expect("five retries");
            (retry.backoff_ns, retry.cap_ns, retry.jitter) =
                (backoff_s * S, cap_s * S, Jitter::Full);
        }
    };
    let bound = |n| move |z: &mut Zoo| z.of("server").queue.bound = n;
    let patience = |s: u64| move |z: &mut Zoo| z.system.calls[0].policy.timeout_ns = Some(s * S);
    let faster = |by: f64| move |z: &mut Zoo| z.does(EndpointId(0), vec![exponential(100e6 / by)]);
    let drop = |z: &mut Zoo| z.of("server").queue.expired = Expired::Drop;
    let lifo = |z: &mut Zoo| z.of("server").queue.order = Order::Lifo;
    let both = |z: &mut Zoo| {
        drop(z);
        lifo(z);
    };
    let mut wrong = vec![];
    let mut row = |name: &str,
                   f: Figures,
                   recovered: std::ops::RangeInclusive<usize>,
                   last: (f64, f64),
                   during: Option<(f64, f64)>| {
        println!("{name:20} {f:?}");
        let near = |x: f64, (mean, by): (f64, f64)| (x - mean).abs() <= by;
        if !recovered.contains(&f.recovered)
            || !near(f.last, last)
            || during.is_some_and(|d| !near(f.during, d))
        {
            wrong.push(format!(
                "{name}: {f:?}, expected {recovered:?} and {last:?} {during:?}"
            ));
        }
    };
    let (fine, none) = ((4.96, 0.12), (0.0, 0.05));
    row(
        "R = 0",
        Storm::with(retries(0)),
        10..=10,
        fine,
        Some((0.28, 0.12)),
    );
    row("R = 1", Storm::with(retries(1)), 6..=10, (4.23, 1.2), None);
    row("R = 2", Storm::with(retries(2)), 0..=0, none, None);
    row(
        "jitter 1 s",
        Storm::with(jitter(1, 20)),
        0..=0,
        none,
        Some((0.27, 0.12)),
    );
    row("jitter 5 s", Storm::with(jitter(5, 60)), 0..=0, none, None);
    row(
        "budget 0.1 of 10",
        Storm::with(budget(100, 10)),
        10..=10,
        fine,
        Some((0.28, 0.12)),
    );
    row(
        "budget 0.1 of 500",
        Storm::with(budget(100, 500)),
        10..=10,
        fine,
        None,
    );
    row(
        "budget 0.2 of 10",
        Storm::with(budget(200, 10)),
        10..=10,
        fine,
        None,
    );
    row(
        "drop expired",
        Storm::with(drop),
        10..=10,
        fine,
        Some((4.53, 0.3)),
    );
    row("LIFO", Storm::with(lifo), 10..=10, fine, Some((9.63, 0.2)));
    row(
        "LIFO, drop expired",
        Storm::with(both),
        10..=10,
        fine,
        Some((9.95, 0.2)),
    );
    row(
        "K = 35",
        Storm::with(bound(35)),
        10..=10,
        fine,
        Some((9.89, 0.25)),
    );
    row(
        "K = 50",
        Storm::with(bound(50)),
        10..=10,
        fine,
        Some((5.38, 0.4)),
    );
    row("K = 60", Storm::with(bound(60)), 8..=10, (4.96, 0.6), None);
    row("K = 80", Storm::with(bound(80)), 0..=4, (0.3, 1.3), None);
    row("K = 100", Storm::with(bound(100)), 0..=1, (0.0, 0.4), None);
    row("T = 2", Storm::with(patience(2)), 0..=0, none, None);
    row("T = 10", Storm::with(patience(10)), 0..=0, none, None);
    row("T = 15", Storm::with(patience(15)), 10..=10, fine, None);
    row("T = 20", Storm::with(patience(20)), 10..=10, fine, None);
    row(
        "twice as fast",
        Storm::with(faster(2.0)),
        10..=10,
        fine,
        Some((15.0, 0.4)),
    );
    row(
        "three times as fast",
        Storm::with(faster(3.0)),
        10..=10,
        fine,
        Some((15.0, 0.4)),
    );
    assert!(wrong.is_empty(), "{wrong:#?}");
}

/// Whether the server is still stuck twenty minutes after a stall of that length.
fn stuck(per_s: f64, stall_s: u64, seed: u64) -> bool {
    let mut z = one_server(per_s, 1620 * S, 100e6, 150, retrying(5 * S, 6));
    let target = z.all_of("server");
    z.strikes(FaultKind::Stall(target), 300 * S, stall_s * S);
    let o = z.outcome(seed);
    let w = &o.clients[0].windows;
    let tail = &w[w.len() * 9 / 10..];
    let (ok, came) = tail
        .iter()
        .fold((0, 0), |(a, b), w| (a + w.ends.ok, b + w.ends.arrived));
    (ok as f64) < 0.5 * came as f64
}

/// M7, first fact: below the hidden capacity of 10/6 nothing sticks, whatever the stall; above it something does.
#[test]
fn below_hidden_capacity_everything_heals() {
    for per_s in [1.0, 1.5] {
        for stall_s in [8, 20, 40, 80] {
            let n = (1..=12).filter(|&seed| stuck(per_s, stall_s, seed)).count();
            assert_eq!(n, 0, "{per_s}/s after {stall_s} s");
        }
    }
    for (per_s, stall_s) in [(3.0, 15), (4.0, 15), (5.0, 10), (6.0, 10), (7.0, 8)] {
        let n = (1..=12).filter(|&seed| stuck(per_s, stall_s, seed)).count();
        assert!(
            n >= 9,
            "{per_s}/s after {stall_s} s: {n} of 12, published all"
        );
    }
}

/// M7, second fact: at 2/s a longer stall is less often fatal, because retries exhaust during it. Published of 12:
/// 0.50 at 20 s, 0.17 at 80 s; over 100 seeds the shares differ by more than chance.
#[test]
fn breakage_is_not_monotone() {
    let share = |stall_s| (1..=100).filter(|&seed| stuck(2.0, stall_s, seed)).count() as u64;
    let (short, longer) = (share(20), share(80));
    println!("stuck of 100: {short} after 20 s, {longer} after 80 s");
    assert!(
        clopper_pearson(6, 12, 0.999).contains(short as f64 / 100.0),
        "{short}"
    );
    assert!(
        longer as f64 / 100.0 <= clopper_pearson(2, 12, 0.999).high,
        "{longer}"
    );
    assert!(short > longer + 15, "{short} and {longer}");
}

/// M7b: without any trigger, ever more often within an hour as the load rises, though always below capacity.
#[test]
fn it_tips_by_itself() {
    let share = |per_s: f64| {
        let tipped = |seed| {
            let o = one_server(per_s, 3600 * S, 100e6, 150, retrying(5 * S, 6)).outcome(seed);
            let w = &o.clients[0].windows;
            let tail = &w[w.len() * 95 / 100..];
            let (ok, came) = tail
                .iter()
                .fold((0, 0), |(a, b), w| (a + w.ends.ok, b + w.ends.arrived));
            (ok as f64) < 0.5 * came as f64
        };
        (1..=20).filter(|&seed| tipped(seed)).count() as u64
    };
    let all: Vec<u64> = [7.0, 8.0, 8.5, 9.0, 9.5].map(share).into();
    println!("tipped of 20: {all:?}");
    for (n, published) in all.iter().zip([0, 1, 2, 18, 20]) {
        let range = clopper_pearson(published, 20, 0.9999);
        assert!(
            (range.low - 0.05..=range.high).contains(&(*n as f64 / 20.0)),
            "{all:?}"
        );
    }
    assert!(all[0] == 0 && all[3] > 10 && all[4] >= 18, "{all:?}");
}

/// M10: success and load per first try at a constant failure rate, for no retries, three, and a token bucket of
/// 0.1 and size 5, as 100 calling replicas of 10/s each.
#[test]
fn retries_at_a_constant_failure_rate() {
    let run = |f: f64, retry: Option<Retry>| {
        let mut z = Zoo::new(if long() { 400 } else { 100 } * S);
        let [get] = z.service("back", u32::MAX, ["get"]);
        z.system.endpoints[get.index()].fails = f;
        let [call] = z.service("callers", u32::MAX, ["call"]);
        z.of("callers").replicas = 100;
        let policy = CallPolicy {
            retry,
            ..CallPolicy::default()
        };
        let step = z.call(Caller::Endpoint(call), get, policy);
        z.does(call, vec![step]);
        let users = z.client_stream("users", 1000.0, Pattern::Poisson);
        z.asks(users, call, CallPolicy::default());
        let o = z.outcome(1);
        let row = o
            .calls
            .iter()
            .find(|c| c.name == "callers.call -> back.get")
            .expect("it");
        (
            row.results.ok as f64 / row.calls as f64,
            row.attempts as f64 / row.calls as f64,
        )
    };
    let bucket = Retry {
        budget: Some(Budget::Bucket {
            ratio_milli: 100,
            burst_milli: 5000,
            scope: BudgetScope::Replica,
        }),
        ..attempts(4)
    };
    // 100,000 calls: a share is good to 0.0016. The published run is one seed: as much again, and its rounding.
    for (f, none, three, three_load, token, token_load) in [
        (0.01, 0.991, 1.000, 1.01, 1.000, 1.01),
        (0.05, 0.951, 1.000, 1.05, 1.000, 1.06),
        (0.10, 0.902, 1.000, 1.11, 0.988, 1.10),
        (0.20, 0.803, 0.999, 1.25, 0.892, 1.12),
        (0.50, 0.495, 0.937, 1.88, 0.557, 1.12),
        (0.75, 0.244, 0.680, 2.74, 0.281, 1.12),
    ] {
        let (a, b, c) = (
            run(f, None),
            run(f, Some(attempts(4))),
            run(f, Some(bucket.clone())),
        );
        println!("f {f}: {a:.3?} {b:.3?} {c:.3?}");
        let near = |x: f64, y: f64, by: f64| assert!((x - y).abs() <= by, "f {f}: {x} for {y}");
        near(a.0, none, 0.012);
        near(a.1, 1.0, 0.0);
        near(b.0, three, 0.012);
        near(b.1, three_load, 0.02);
        near(c.0, token, 0.025);
        near(c.1, token_load, 0.03);
    }
}

/// 20/s of capacity, a queue of 256, 750 ms of timeout, three attempts: 8/s with ten seconds at 40/s stays down.
#[test]
fn a_short_burst_keeps_it_down() {
    for seed in 1..=10 {
        let mut z = one_server(8.0, 600 * S, 50e6, 256, retrying(750 * MS, 3));
        spike(&mut z, ClientId(0), 5.0, 60 * S, 10 * S);
        let o = z.outcome(seed);
        let good = |from, to| per_s(&o, from, to, |i| o.clients[0].windows[i].ends.ok);
        assert!(good(10, 60) > 7.0, "seed {seed}: {} before", good(10, 60));
        assert!(
            good(300, 600) < 1.0,
            "seed {seed}: {} after",
            good(300, 600)
        );
    }
}

fn w3(cart_mean_ns: f64, timeout_ns: u64, end_ns: u64) -> Zoo {
    let mut z = Zoo::new(end_ns);
    let [auth] = z.service("auth", 16, ["get"]);
    let [cart] = z.service("cart", 16, ["get"]);
    let [catalog] = z.service("catalog", 32, ["get"]);
    let [page] = z.service("gateway", 64, ["get"]);
    z.does(auth, vec![exponential(2e6)]);
    z.does(cart, vec![exponential(cart_mean_ns)]);
    z.does(
        catalog,
        vec![step(Verb::Work(Dist::LogNormal { mean: 5e6, cv: 1.5 }))],
    );
    let me = Caller::Endpoint(page);
    let a = z.call(me, auth, CallPolicy::default());
    let b = z.call(me, catalog, CallPolicy::default());
    let retry = Retry {
        backoff_ns: 10 * MS,
        ..attempts(3)
    };
    let c = z.call(
        me,
        cart,
        CallPolicy {
            retry: Some(retry),
            ..timeout(timeout_ns)
        },
    );
    z.last_call().fallback = Some(Fallback {
        results: Results::ALL,
        what: FallbackDo::Skip,
    });
    let both = step(Verb::Parallel {
        branches: vec![vec![b], vec![c]],
        need: 2,
        cancel: LeftOver::RunOn,
    });
    z.does(page, vec![exponential(1e6), a, both]);
    let users = z.client_stream("users", 1500.0, Pattern::Poisson);
    z.asks(users, page, CallPolicy::default());
    z
}

/// W3, four services and a timeout that never fires: 9.21 ms in the mean, p99 38.0 ms, as the flat reference.
#[test]
fn four_services() {
    let mut z = w3(3e6, 100 * MS, 300 * S);
    z.day.warm_up_ns = 30 * S;
    let o = z.outcome(1);
    let r = &o.clients[0].response;
    let (mean, p99) = (
        r.mean().expect("visits") / 1e6,
        r.quantile(0.99, 0).ns().expect("visits") / 1e6,
    );
    println!("W3 {mean:.3} ms, p99 {p99:.2} ms");
    // 400,000 visits: the mean is good to 0.3 %, the 99th percentile to 1 % and its bucket to another.
    assert!((mean - 9.21).abs() < 0.06, "{mean}");
    assert!((p99 - 38.0).abs() < 0.8, "{p99}");
}

/// W3b, the same in overload: the mean per request simulated is 0.28 ms when so many come and the run drains.
#[test]
fn four_services_in_overload() {
    let n = 100_000.0;
    let mut z = w3(11e6, 40 * MS, (n / 1500.0 * 1e9) as u64);
    let end = z.day.end_ns;
    z.day.warm_up_ns = end / 10;
    // Nobody comes after the end; what is inside is worked off.
    z.day.end_ns = 4 * end;
    let worstday_model::day::Demand::Stream { rate, .. } = &mut z.day.demand[0] else {
        unreachable!()
    };
    let mut closed = rate.pieces[0];
    rate.pieces[0].to_ns = end;
    (closed.from_ns, closed.to_ns, closed.scale) = (end, 4 * end, 0.0);
    rate.pieces.push(closed);
    let o = z.outcome(1);
    assert_eq!(o.clients[0].ends.inside, 0, "it has drained");
    let mean = o.clients[0].response.mean().expect("visits") / 1e6;
    println!("W3b {:.4} ms per request", mean / n);
    assert!((mean / n - 0.28).abs() < 0.014, "{}", mean / n);
}
