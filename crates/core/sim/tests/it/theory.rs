//! The engine against exact answers: the closed-form rows of the reference cases.
//!
//! Replications, each with its own seed and a warm-up that is dropped, are independent, so Student's t
//! over them is an honest interval whatever the queue remembers. At a fixed seed the 99.9 % interval must hold
//! the exact value and be narrow; over 20 further seeds, each a tenth as long, the 95 % intervals that
//! miss must be as many as chance allows, over all rows together and for each.

use crate::zoo::*;
use worstday_model::system::*;
use worstday_sim::outcome::Outcome;
use worstday_stats::interval::{binomial_bounds, mean_t};
use worstday_stats::queueing::{
    Source, Station, erlang_a, erlang_b, erlang_c, finite_source, mg1_wait, mmc, mmck,
};
use worstday_stats::sketch::Sketch as _;

/// Runs of one interval.
const RUNS: u64 = 30;

/// One quantity of one row.
struct Row {
    name: &'static str,
    /// The system; the length is set by the test.
    zoo: fn() -> Zoo,
    /// Visits or cycles that 1 % (or 5 %) needs, all runs together.
    visits: f64,
    /// Arrivals per second, or completions of closed users.
    rate: f64,
    /// Seconds from an empty system to its long run: some five relaxation times, `S / (1 - sqrt(load))^2` for one server.
    settle: f64,
    /// What is measured, from an outcome.
    measure: fn(&Outcome) -> f64,
    exact: fn() -> f64,
    /// Largest half-width of the 99.9 % interval, relative.
    within: f64,
}

fn open(per_s: f64) -> Zoo {
    let mut z = Zoo::new(S);
    z.client_stream("customers", per_s, Pattern::Poisson);
    z
}

/// An M/G/c station with the customers' rate, and its service.
fn station(per_s: f64, servers: u32, service: Dist) -> Zoo {
    let mut z = open(per_s);
    let [serve] = z.service("desk", servers, ["serve"]);
    z.does(serve, vec![step(Verb::Work(service))]);
    z.asks(ClientId(0), serve, CallPolicy::default());
    z
}

fn expo(mean_s: f64) -> Dist {
    Dist::Exponential { mean: mean_s * 1e9 }
}

fn bounded(mut z: Zoo, bound: u64) -> Zoo {
    z.of("desk").queue.bound = bound;
    z
}

fn impatient(mut z: Zoo, mean_s: f64) -> Zoo {
    z.system.clients[0].patience = Patience::WhileQueued(expo(mean_s));
    z.system.clients[0].cancel = Cancel::Queued;
    z
}

fn in_queue(o: &Outcome) -> f64 {
    o.services[0].queue_mean
}

fn inside(o: &Outcome) -> f64 {
    o.services[0].inside_mean
}

fn shed(o: &Outcome) -> f64 {
    let e = o.clients[0].ends;
    e.shed as f64 / e.arrived as f64
}

fn abandoned(o: &Outcome) -> f64 {
    let e = o.clients[0].ends;
    e.abandoned as f64 / e.arrived as f64
}

/// The share of those served that had to wait.
fn waited(o: &Outcome) -> f64 {
    1.0 - o.endpoints[0].wait.share_within(0, 0).unwrap_or(0.0)
}

fn throughput(o: &Outcome) -> f64 {
    // In the long run as many come as go, and a run's edges cut no arrival short.
    o.clients[0].ends.arrived as f64 / ((o.end_ns - o.warm_up_ns) as f64 / 1e9)
}

fn of(arrival_rate: f64, service_rate: f64, servers: u32) -> Station {
    Station {
        arrival_rate,
        service_rate,
        servers,
    }
}

/// Users in a chain of stations, one request at each per cycle.
fn chain(population: u64, think: Dist, stations: &[(&'static str, f64)]) -> Zoo {
    let mut z = Zoo::new(S);
    let users = z.users("users", population, think);
    let mut steps = vec![];
    for (name, mean_s) in stations {
        let [serve] = z.service(name, 1, ["serve"]);
        z.does(serve, vec![step(Verb::Work(expo(*mean_s)))]);
        steps.push(z.call(Caller::Client(users), serve, CallPolicy::default()));
    }
    z.system.clients[0].steps = steps;
    z
}

/// Jain 34.2: 16 visits to the cpu, 10 to the slow disk, 5 to the fast one, 4 s of thinking.
fn terminals(population: u64) -> Zoo {
    let mut z = Zoo::new(S);
    let users = z.users("users", population, expo(4.0));
    let call = |z: &mut Zoo, name: &str, mean_s: f64| {
        let [serve] = z.service(name, 1, ["serve"]);
        z.does(serve, vec![step(Verb::Work(expo(mean_s)))]);
        z.call(Caller::Client(users), serve, CallPolicy::default())
    };
    let (cpu, slow, fast) = (
        call(&mut z, "cpu", 0.125),
        call(&mut z, "slow", 0.3),
        call(&mut z, "fast", 0.2),
    );
    let times = |n: f64, body: Vec<Step>| step(Verb::Repeat(Dist::Constant(n), body));
    let round = vec![times(3.0, vec![cpu.clone()]), times(2.0, vec![slow]), fast];
    z.system.clients[0].steps = vec![cpu, times(5.0, round)];
    z
}

/// Open Jackson network of reference case 11.
fn jackson() -> Zoo {
    let mut z = open(8.0);
    let third = z.client_stream("third", 6.0, Pattern::Poisson);
    let [enter] = z.service("route", u32::MAX, ["enter"]);
    let nodes: Vec<EndpointId> = [("n1", 14.0), ("n2", 9.0), ("n3", 17.0), ("n4", 7.0)]
        .map(|(name, rate)| {
            let [serve] = z.service(name, 1, ["serve"]);
            z.does(serve, vec![step(Verb::Work(expo(1.0 / rate)))]);
            serve
        })
        .into();
    let mut call = |to| z.call(Caller::Endpoint(enter), to, CallPolicy::default());
    let (first, second, again) = (call(nodes[0]), call(nodes[1]), call(enter));
    let (to_third, fourth) = (call(nodes[2]), call(nodes[3]));
    let branch = |chance, steps| Branch {
        condition: None,
        chance,
        steps,
    };
    let choose = step(Verb::Choose(vec![
        branch(0.2, vec![second, again]),
        branch(0.56, vec![to_third]),
        branch(0.24, vec![fourth]),
    ]));
    z.does(enter, vec![first, choose]);
    z.asks(ClientId(0), enter, CallPolicy::default());
    z.asks(third, nodes[2], CallPolicy::default());
    z
}

/// Two classes at two shared processors.
fn classes(mut z: Zoo, one: ClientId, two: ClientId) -> Zoo {
    let mut ends = vec![];
    for (name, a, b) in [("cpu", 1.0, 2.0), ("disk", 3.0, 4.0)] {
        let [x, y] = z.service(name, u32::MAX, ["one", "two"]);
        z.of(name).cores = Some(Cores {
            request: 1.0,
            limit: 1.0,
            order: CoreOrder::Shared,
        });
        z.does(x, vec![step(Verb::Work(expo(a)))]);
        z.does(y, vec![step(Verb::Work(expo(b)))]);
        ends.push([x, y]);
    }
    for (i, client) in [one, two].into_iter().enumerate() {
        let steps = ends
            .iter()
            .map(|e| z.call(Caller::Client(client), e[i], CallPolicy::default()));
        z.system.clients[client.index()].steps = steps.collect::<Vec<_>>();
    }
    z
}

fn two_open() -> Zoo {
    let mut z = open(3.0 / 19.0);
    let two = z.client_stream("two", 2.0 / 19.0, Pattern::Poisson);
    classes(z, ClientId(0), two)
}

fn two_closed() -> Zoo {
    let mut z = Zoo::new(S);
    let one = z.users("one", 1, Dist::Constant(0.0));
    let two = z.users("two", 1, Dist::Constant(0.0));
    classes(z, one, two)
}

#[rustfmt::skip]
fn rows() -> Vec<Row> {
    let row = |name, zoo, rate, visits, settle, measure, exact, within| Row { name, zoo, visits, rate, settle, measure, exact, within };
    vec![
        row("1 M/M/1 L", || station(0.4, 1, expo(2.0)), 0.4, 7e6, 1e3, inside, || 4.0, 0.01),
        row("2 M/M/1 Lq", || station(1.0 / 60.0, 1, expo(45.0)), 1.0 / 60.0, 8e6, 1.2e4, in_queue, || 2.25, 0.01),
        row("3 M/M/3 Lq", || station(300.0, 3, expo(1.0 / 182.5)), 300.0, 8e6, 1.0, in_queue, || 0.352_426, 0.01),
        row("4 M/M/1 L", || station(8.0 / 60.0, 1, expo(5.0)), 8.0 / 60.0, 4e6, 700.0, inside, || 2.0, 0.01),
        row("4 M/M/2 Lq", || station(8.0 / 60.0, 2, expo(5.0)), 8.0 / 60.0, 8e6, 100.0, in_queue, || 0.083_333_333, 0.01),
        row("5 M/M/2 L", || station(5.0, 2, expo(0.1)), 5.0, 1e6, 2.0, inside, || 0.533_333_333, 0.01),
        row("6 Erlang B 15", || bounded(station(12.0, 15, expo(1.0)), 0), 12.0, 4e6, 10.0, shed, || erlang_b(15, 12.0), 0.01),
        row("6 Erlang B 10", || bounded(station(5.0, 10, expo(1.0)), 0), 5.0, 2.5e7, 10.0, shed, || erlang_b(10, 5.0), 0.01),
        row("6 Erlang B 100", || bounded(station(90.0, 100, expo(1.0)), 0), 90.0, 4e7, 10.0, shed, || erlang_b(100, 90.0), 0.01),
        row("7 Erlang C 10", || station(8.0, 10, expo(1.0)), 8.0, 4e6, 50.0, waited, || erlang_c(10, 8.0), 0.01),
        row("7 Erlang C 100", || station(90.0, 100, expo(1.0)), 90.0, 1.2e7, 30.0, waited, || erlang_c(100, 90.0), 0.05),
        row("8 M/M/5/12 L", || bounded(station(8.0, 5, expo(0.25)), 7), 8.0, 1e6, 3.0, inside, || 2.039_346, 0.01),
        row("9 M/M/1/15 L", || bounded(station(5.0, 1, expo(1.0 / 5.714)), 14), 5.0, 2.5e6, 60.0, inside, || mmck(of(5.0, 5.714, 1), 15).queue.in_system, 0.01),
        row("10 finite source X", || chain(2, expo(4.0), &[("desk", 0.25)]), 0.468_966, 3e5, 30.0, throughput,
            || finite_source(Source { population: 2, request_rate: 0.25, service_rate: 4.0, servers: 1 }).throughput, 0.01),
        row("11 Jackson L", jackson, 14.0, 5e6, 30.0, |o| o.services[1..].iter().map(|s| s.inside_mean).sum(), || 5.455_602, 0.01),
        row("12 closed X", || chain(2, Dist::Constant(0.0), &[("a", 0.2), ("b", 0.4)]), 2.142_857, 3e5, 10.0, throughput, || 2.142_857_143, 0.01),
        row("13 N=1 X", || terminals(1), 0.1, 3e4, 30.0, throughput, || 0.1, 0.01),
        row("13 N=2 X", || terminals(2), 0.1754, 5e4, 60.0, throughput, || 2.0 / 11.4, 0.01),
        row("13 N=5 X", || terminals(5), 0.2898, 5e4, 200.0, throughput, || 5.0 / 17.256, 0.01),
        row("13 N=20 X", || terminals(20), 0.3332, 5e4, 1500.0, throughput, || 20.0 / 60.016, 0.01),
        row("14 Q cpu", || chain(2, Dist::Constant(0.0), &[("cpu", 10.0), ("fast", 7.5), ("slow", 15.0)]), 0.045_217, 4e5, 400.0, inside, || 68.0 / 115.0, 0.01),
        row("15 X", || chain(2, expo(1.0), &[("a", 0.5), ("b", 1.0)]), 0.6667, 4e5, 20.0, throughput, || 2.0 / 3.0, 0.01),
        row("16 two classes open L", two_open, 5.0 / 19.0, 2.4e7, 5e3, |o| o.services.iter().map(|s| s.inside_mean).sum(), || 9.083_333, 0.01),
        row("17 two classes closed X1", two_closed, 0.157_895, 5e5, 100.0, throughput, || 0.157_894_7, 0.01),
        row("18 c 14 wait", || station(200.0 / 3600.0, 14, expo(180.0)), 200.0 / 3600.0, 1e7, 2.5e3, waited, || erlang_c(14, 10.0), 0.01),
        row("18 c 13 Lq", || station(200.0 / 3600.0, 13, expo(180.0)), 200.0 / 3600.0, 3e7, 4.5e3, in_queue, || mmc(of(200.0 / 3600.0, 1.0 / 180.0, 13)).unwrap().in_queue, 0.01),
        row("19 Erlang C 50 Lq", || station(0.8, 50, expo(60.0)), 0.8, 1.6e7, 1.5e4, in_queue, || mmc(of(0.8, 1.0 / 60.0, 50)).unwrap().in_queue, 0.05),
        row("20 Erlang A Pab", || impatient(station(0.8, 50, expo(60.0)), 120.0), 0.8, 3e7, 600.0, abandoned, || erlang_a(of(0.8, 1.0 / 60.0, 50), 1.0 / 120.0).abandoned, 0.01),
        row("21 Erlang A Pab", || impatient(station(110.0 / 60.0, 100, expo(60.0)), 60.0), 110.0 / 60.0, 1.4e7, 400.0, abandoned, || erlang_a(of(110.0, 1.0, 100), 1.0).abandoned, 0.01),
        row("22 scv 0 Lq", || station(0.8, 1, Dist::Constant(1e9)), 0.8, 8e6, 500.0, in_queue, || 0.8 * mg1_wait(0.8, 1.0, 0.0), 0.01),
        row("22 scv 0.5 Lq", || station(0.8, 1, Dist::LogNormal { mean: 1e9, cv: f64::sqrt(0.5) }), 0.8, 1.2e7, 500.0, in_queue, || 0.8 * mg1_wait(0.8, 1.0, 0.5), 0.01),
        row("22 scv 1 Lq", || station(0.8, 1, Dist::LogNormal { mean: 1e9, cv: 1.0 }), 0.8, 1.6e7, 700.0, in_queue, || 0.8 * mg1_wait(0.8, 1.0, 1.0), 0.01),
        row("22 scv 4 Lq", || station(0.8, 1, Dist::LogNormal { mean: 1e9, cv: 2.0 }), 0.8, 8e7, 2e3, in_queue, || 0.8 * mg1_wait(0.8, 1.0, 4.0), 0.01),
        row("24 R 100", || station(100.0, 110, expo(1.0)), 100.0, 1e7, 30.0, waited, || erlang_c(110, 100.0), 0.05),
        row("24 R 400", || station(400.0, 420, expo(1.0)), 400.0, 2.5e7, 30.0, waited, || erlang_c(420, 400.0), 0.05),
    ]
}

/// What `RUNS` runs from `seed` on measure, together about `visits` long, each after its own warm-up.
fn measured(row: &Row, seed: u64, visits: f64) -> Vec<f64> {
    let mut z = (row.zoo)();
    let length_s = visits / row.rate / RUNS as f64;
    z.day.warm_up_ns = (row.settle * 1e9) as u64;
    z.day.end_ns = ((row.settle + length_s) * 1e9) as u64;
    for demand in &mut z.day.demand {
        if let worstday_model::day::Demand::Stream { rate, .. } = demand {
            for piece in &mut rate.pieces {
                piece.to_ns = z.day.end_ns;
            }
        }
    }
    (0..RUNS)
        .map(|i| (row.measure)(&z.outcome(seed * RUNS + i)))
        .collect()
}

/// The share of the stated length that the daily suite runs.
fn share() -> f64 {
    if long() { 1.0 } else { 0.05 }
}

/// At a fixed seed the 99.9 % interval holds the exact value, and is narrow: as wide as stated at full length, and
/// in the daily suite as much wider as a shorter run must be.
#[test]
fn intervals_hold_the_exact_answers() {
    let mut wrong = vec![];
    for row in rows() {
        let values = measured(&row, 1, row.visits * share());
        let e = mean_t(&values, 0.999).expect("thirty runs");
        let exact = (row.exact)();
        let width = e.interval.half_width() / exact;
        let most = row.within / share().sqrt() * if long() { 1.0 } else { 2.0 };
        println!(
            "{:26} exact {exact:.6} mean {:.6} half-width {:.3}% of {:.3}%",
            row.name,
            e.mean,
            100.0 * width,
            100.0 * most
        );
        if !e.interval.contains(exact) || width > most {
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

/// Over 20 further seeds, each a tenth as long, the 95 % intervals that miss are as many as chance allows.
#[test]
fn intervals_miss_as_often_as_they_say() {
    let mut all = 0;
    let mut tried = 0;
    let mut wrong = vec![];
    for row in rows() {
        let exact = (row.exact)();
        let missed = (0..20)
            .filter(|s| {
                let values = measured(&row, 100 + s, row.visits * share() / 10.0);
                !mean_t(&values, 0.95)
                    .expect("thirty runs")
                    .interval
                    .contains(exact)
            })
            .count() as u64;
        let (low, high) = binomial_bounds(20, 0.05, 0.999);
        println!("{:26} {missed} of 20 miss", row.name);
        (all, tried) = (all + missed, tried + 20);
        if !(low..=high).contains(&missed) {
            wrong.push(format!(
                "{}: {missed} of 20 miss, at most {high} may",
                row.name
            ));
        }
    }
    let (low, high) = binomial_bounds(tried, 0.05, 0.999);
    println!("{all} of {tried} miss, {low} to {high} may");
    assert!(
        wrong.is_empty() && (low..=high).contains(&all),
        "{all} of {tried}: {wrong:#?}"
    );
}
