//! The reference cases that have closed forms: their systems, what is measured, and the exact answers.

use crate::zoo::*;
use worstday_model::system::*;
use worstday_sim::outcome::Outcome;
use worstday_stats::queueing::{
    Centre, Impatient, Node, Queue, Source, Station, closed, closed_classes, erlang_a, erlang_b,
    erlang_c, finite_source, jackson as open_network, mg1_wait, mmc, mmck, open_classes,
};
use worstday_stats::sketch::Sketch as _;

/// One quantity of one case.
pub struct Row {
    pub name: &'static str,
    /// The system; the length is set by the test.
    pub zoo: fn() -> Zoo,
    /// Arrivals per unit of time, or completions of closed users.
    pub rate: f64,
    /// Visits that the half-width takes, all runs together, and a seventh more for the variance's own chance: from pilots
    /// of 400 runs.
    pub visits: f64,
    /// Time from an empty system to its long run: some five relaxation times, `S / (1 - sqrt(load))^2` for one server.
    pub settle: f64,
    /// What is measured, from an outcome.
    pub measure: fn(&Outcome) -> f64,
    pub exact: fn() -> f64,
    /// Largest half-width of the 99.9 % interval, relative.
    pub within: f64,
    /// Whether this is the case's one quantity that is asked of further seeds.
    pub further: bool,
}

/// A row's unit of time, be it a second, a minute or none, is a millisecond here: queues know no clock, but windows
/// begin at a second and probes come every ten, and would be most of what happens in a slow row.
pub const UNIT: f64 = 1e6;

fn stream(z: &mut Zoo, name: &str, rate: f64) -> ClientId {
    z.client_stream(name, rate * (1e9 / UNIT), Pattern::Poisson)
}

fn open(rate: f64) -> Zoo {
    let mut z = Zoo::new(S);
    stream(&mut z, "customers", rate);
    z
}

/// An M/G/c station with the customers' rate, and its service.
fn station(rate: f64, servers: u32, service: Dist) -> Zoo {
    let mut z = open(rate);
    let [serve] = z.service("desk", servers, ["serve"]);
    z.does(serve, vec![step(Verb::Work(service))]);
    z.asks(ClientId(0), serve, CallPolicy::default());
    z
}

fn expo(mean: f64) -> Dist {
    Dist::Exponential { mean: mean * UNIT }
}

fn bounded(mut z: Zoo, bound: u64) -> Zoo {
    z.of("desk").queue.bound = bound;
    z
}

fn impatient(mut z: Zoo, mean: f64) -> Zoo {
    z.system.clients[0].patience = Patience::WhileQueued(expo(mean));
    z.system.clients[0].cancel = Cancel::Queued;
    z
}

fn inside(o: &Outcome) -> f64 {
    o.services[0].inside_mean
}

/// Mean response time of the first client's visits.
fn response(o: &Outcome) -> f64 {
    o.clients[0].response.mean().unwrap_or(0.0) / UNIT
}

/// Mean wait of those served.
fn wait(o: &Outcome) -> f64 {
    o.endpoints[0].wait.mean().unwrap_or(0.0) / UNIT
}

/// Round trips per unit of time. In the long run as many come as go, and a run's edges cut no arrival short, as they do the
/// response times of closed users, of which a run holds few.
fn throughput(o: &Outcome) -> f64 {
    o.clients[0].ends.arrived as f64 / ((o.end_ns - o.warm_up_ns) as f64 / UNIT)
}

/// Share of those served that waited at most so long.
fn within(o: &Outcome, time: f64) -> f64 {
    o.endpoints[0]
        .wait
        .share_within((time * UNIT) as u64, 0)
        .unwrap_or(0.0)
}

/// The share of those served that had to wait.
fn waited(o: &Outcome) -> f64 {
    1.0 - within(o, 0.0)
}

fn shed(o: &Outcome) -> f64 {
    let e = o.clients[0].ends;
    e.shed as f64 / e.arrived as f64
}

fn abandoned(o: &Outcome) -> f64 {
    let e = o.clients[0].ends;
    e.abandoned as f64 / e.arrived as f64
}

/// The share of all that had to wait: those who left did.
fn waited_or_left(o: &Outcome) -> f64 {
    let left = abandoned(o);
    left + (1.0 - left) * waited(o)
}

/// Mean response time over all clients.
fn response_of_all(o: &Outcome) -> f64 {
    let sum = o
        .clients
        .iter()
        .map(|c| c.response.sum() as f64)
        .sum::<f64>();
    let count = o
        .clients
        .iter()
        .map(|c| c.response.count() as f64)
        .sum::<f64>();
    sum / count / UNIT
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
    for (name, mean) in stations {
        let [serve] = z.service(name, 1, ["serve"]);
        z.does(serve, vec![step(Verb::Work(expo(*mean)))]);
        steps.push(z.call(Caller::Client(users), serve, CallPolicy::default()));
    }
    z.system.clients[0].steps = steps;
    z
}

/// Jain 34.2: 16 visits to the cpu, 10 to the slow disk, 5 to the fast one, 4 s of thinking.
fn terminals(population: u64) -> Zoo {
    let mut z = Zoo::new(S);
    let users = z.users("users", population, expo(4.0));
    let call = |z: &mut Zoo, name: &str, mean: f64| {
        let [serve] = z.service(name, 1, ["serve"]);
        z.does(serve, vec![step(Verb::Work(expo(mean)))]);
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
    let third = stream(&mut z, "third", 6.0);
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
    let two = stream(&mut z, "two", 2.0 / 19.0);
    classes(z, ClientId(0), two)
}

fn two_closed() -> Zoo {
    let mut z = Zoo::new(S);
    let one = z.users("one", 1, Dist::Constant(0.0));
    let two = z.users("two", 1, Dist::Constant(0.0));
    classes(z, one, two)
}

fn queue(arrival_rate: f64, mean: f64, servers: u32) -> Queue {
    mmc(of(arrival_rate, 1.0 / mean, servers)).expect("it keeps up")
}

fn jackson_exact() -> f64 {
    let node = |from_outside, service_rate| Node {
        from_outside,
        service_rate,
        servers: 1,
    };
    let nodes = [
        node(8.0, 14.0),
        node(0.0, 9.0),
        node(6.0, 17.0),
        node(0.0, 7.0),
    ];
    let mut routing = vec![vec![0.0; 4]; 4];
    routing[0][1..].copy_from_slice(&[0.2, 0.56, 0.24]);
    routing[1][0] = 1.0;
    open_network(&nodes, &routing)
        .expect("it keeps up")
        .response
}

fn terminals_exact(population: u32) -> f64 {
    closed(&[2.0, 3.0, 1.0], 4.0, population).throughput[0]
}

fn call_centre(agents: u32) -> f64 {
    1.0 - of(200.0 / 3600.0, 1.0 / 180.0, agents).wait_beyond(20.0)
}

fn agents() -> Station {
    of(0.8, 1.0 / 60.0, 50)
}

fn overloaded() -> Impatient {
    erlang_a(of(110.0 / 60.0, 1.0 / 60.0, 100), 1.0 / 60.0)
}

fn lognormal(cv: f64) -> Dist {
    Dist::LogNormal { mean: UNIT, cv }
}

/// The rows, each with the quantity that its source prints; row 8's second is asked of one seed only.
#[rustfmt::skip]
pub fn rows() -> Vec<Row> {
    let row = |name, zoo, rate, visits, settle, measure, exact, within| Row { name, zoo, visits, rate, settle, measure, exact, within, further: true };
    vec![
        row("1 M/M/1 W", || station(0.4, 1, expo(2.0)), 0.4, 1.2e7, 1e3, response, || queue(0.4, 2.0, 1).response, 0.01),
        row("2 M/M/1 W", || station(1.0 / 60.0, 1, expo(45.0)), 1.0 / 60.0, 6.2e6, 1.2e4, response, || queue(1.0 / 60.0, 45.0, 1).response, 0.01),
        row("3 M/M/3 W", || station(300.0, 3, expo(1.0 / 182.5)), 300.0, 2e6, 1.0, response, || queue(300.0, 1.0 / 182.5, 3).response, 0.01),
        row("4 M/M/1 W", || station(8.0 / 60.0, 1, expo(5.0)), 8.0 / 60.0, 3.2e6, 700.0, response, || queue(8.0 / 60.0, 5.0, 1).response, 0.01),
        row("4 M/M/2 Wq", || station(8.0 / 60.0, 2, expo(5.0)), 8.0 / 60.0, 6.7e6, 100.0, wait, || queue(8.0 / 60.0, 5.0, 2).wait, 0.01),
        row("5 M/M/2 W", || station(5.0, 2, expo(0.1)), 5.0, 1e6, 2.0, response, || queue(5.0, 0.1, 2).response, 0.01),
        row("6 Erlang B 15", || bounded(station(12.0, 15, expo(1.0)), 0), 12.0, 6.4e6, 10.0, shed, || erlang_b(15, 12.0), 0.01),
        row("6 Erlang B 10", || bounded(station(5.0, 10, expo(1.0)), 0), 5.0, 1.9e7, 10.0, shed, || erlang_b(10, 5.0), 0.01),
        row("6 Erlang B 100", || bounded(station(90.0, 100, expo(1.0)), 0), 90.0, 5.7e7, 10.0, shed, || erlang_b(100, 90.0), 0.01),
        row("7 Erlang C 10", || station(8.0, 10, expo(1.0)), 8.0, 6e6, 50.0, waited, || erlang_c(10, 8.0), 0.01),
        row("7 Erlang C 100", || station(90.0, 100, expo(1.0)), 90.0, 4.3e6, 30.0, waited, || erlang_c(100, 90.0), 0.05),
        row("8 M/M/5/12 W", || bounded(station(8.0, 5, expo(0.25)), 7), 8.0, 1e6, 3.0, response, || mmck(of(8.0, 4.0, 5), 12).queue.response, 0.01),
        row("9 M/M/1/15 W", || bounded(station(5.0, 1, expo(1.0 / 5.714)), 14), 5.0, 3.5e6, 60.0, response, || mmck(of(5.0, 5.714, 1), 15).queue.response, 0.01),
        row("10 finite source X", || chain(2, expo(4.0), &[("desk", 0.25)]), 0.468_966, 1.5e5, 30.0, throughput,
            || finite_source(Source { population: 2, request_rate: 0.25, service_rate: 4.0, servers: 1 }).throughput, 0.01),
        row("11 Jackson W", jackson, 14.0, 3e6, 30.0, response_of_all, jackson_exact, 0.01),
        row("12 closed X", || chain(2, Dist::Constant(0.0), &[("a", 0.2), ("b", 0.4)]), 2.142_857, 9e4, 10.0, throughput, || closed(&[0.2, 0.4], 0.0, 2).throughput[0], 0.01),
        row("13 N=1 X", || terminals(1), 0.1, 2.5e4, 30.0, throughput, || terminals_exact(1), 0.01),
        row("13 N=2 X", || terminals(2), 0.1754, 1.9e4, 60.0, throughput, || terminals_exact(2), 0.01),
        row("13 N=5 X", || terminals(5), 0.2898, 1.3e4, 200.0, throughput, || terminals_exact(5), 0.01),
        row("13 N=20 X", || terminals(20), 0.3332, 2.9e4, 1500.0, throughput, || terminals_exact(20), 0.01),
        row("14 Q cpu", || chain(2, Dist::Constant(0.0), &[("cpu", 10.0), ("fast", 7.5), ("slow", 15.0)]), 0.045_217, 2.2e5, 400.0, inside, || closed(&[10.0, 7.5, 15.0], 0.0, 2).at_centre[0][0], 0.01),
        row("15 X", || chain(2, expo(1.0), &[("a", 0.5), ("b", 1.0)]), 0.6667, 5.8e4, 20.0, throughput, || closed(&[0.5, 1.0], 1.0, 2).throughput[0], 0.01),
        row("16 two classes open R1", two_open, 5.0 / 19.0, 3.9e7, 5e3, response, || open_classes(&[vec![1.0, 2.0], vec![3.0, 4.0]], &[3.0 / 19.0, 2.0 / 19.0]).expect("it keeps up")[0], 0.01),
        row("17 two classes closed X1", two_closed, 0.157_895, 1e5, 100.0, throughput, || closed_classes(&[Centre::Queueing(vec![1.0, 2.0]), Centre::Queueing(vec![3.0, 4.0])], &[1, 1]).throughput[0], 0.01),
        row("18 c 14 within 20 s", || station(200.0 / 3600.0, 14, expo(180.0)), 200.0 / 3600.0, 1e6, 2.5e3, |o| within(o, 20.0), || call_centre(14), 0.01),
        row("18 c 13 within 20 s", || station(200.0 / 3600.0, 13, expo(180.0)), 200.0 / 3600.0, 2e6, 4.5e3, |o| within(o, 20.0), || call_centre(13), 0.01),
        row("19 Erlang C 50 Wq", || station(0.8, 50, expo(60.0)), 0.8, 2.5e7, 1.5e4, wait, || mmc(agents()).expect("it keeps up").wait, 0.05),
        row("20 Erlang A Pab", || impatient(station(0.8, 50, expo(60.0)), 120.0), 0.8, 4.3e7, 600.0, abandoned, || erlang_a(agents(), 1.0 / 120.0).abandoned, 0.01),
        row("21 Erlang A Pw", || impatient(station(110.0 / 60.0, 100, expo(60.0)), 60.0), 110.0 / 60.0, 3.3e6, 400.0, waited_or_left, || overloaded().queue.wait_probability, 0.01),
        row("22 scv 0 Wq", || station(0.8, 1, Dist::Constant(UNIT)), 0.8, 9e6, 500.0, wait, || mg1_wait(0.8, 1.0, 0.0), 0.01),
        row("22 scv 0.5 Wq", || station(0.8, 1, lognormal(f64::sqrt(0.5))), 0.8, 1.28e7, 500.0, wait, || mg1_wait(0.8, 1.0, 0.5), 0.01),
        row("22 scv 1 Wq", || station(0.8, 1, lognormal(1.0)), 0.8, 1.95e7, 700.0, wait, || mg1_wait(0.8, 1.0, 1.0), 0.01),
        row("22 scv 4 Wq", || station(0.8, 1, lognormal(2.0)), 0.8, 1.37e8, 2e3, wait, || mg1_wait(0.8, 1.0, 4.0), 0.01),
        row("24 R 100", || station(100.0, 110, expo(1.0)), 100.0, 4.6e6, 30.0, waited, || erlang_c(110, 100.0), 0.05),
        row("24 R 400", || station(400.0, 420, expo(1.0)), 400.0, 1.8e7, 30.0, waited, || erlang_c(420, 400.0), 0.05),
        Row { further: false, ..row("8 M/M/5/12 pK", || bounded(station(8.0, 5, expo(0.25)), 7), 8.0, 1.8e8, 3.0, shed, || mmck(of(8.0, 4.0, 5), 12).refused, 0.05) },
    ]
}
