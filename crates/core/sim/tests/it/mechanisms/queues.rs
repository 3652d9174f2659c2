//! Admission, waiting rooms, workers, cores.

use crate::zoo::*;
use worstday_model::system::*;
use worstday_sim::Ending::*;
use worstday_stats::sketch::Sketch as _;

/// One worker, 100 ms a request, visits at these instants (ms).
fn one_worker(at_ms: &[u64]) -> (Zoo, EndpointId) {
    let mut z = Zoo::new(20 * S);
    let [get] = z.service("server", 1, ["get"]);
    z.does(get, vec![work(100 * MS)]);
    let at: Vec<u64> = at_ms.iter().map(|t| t * MS).collect();
    let users = z.client_at("users", &at);
    z.asks(users, get, CallPolicy::default());
    (z, get)
}

/// First come, first served, by default.
#[test]
fn fifo_serves_in_order() {
    let (z, _) = one_worker(&[0, 10, 20, 30]);
    let t = z.run();
    assert_eq!(t.ends_ms(), [100, 200, 300, 400]);
    // Three wait, for 90, 180 and 270 ms.
    let wait = &t.outcome.endpoints[0].wait;
    assert!(
        (wait.mean().unwrap() - 135e6).abs() < 1.0,
        "{:?}",
        wait.mean()
    );
    assert_eq!(t.service("server").queue_max, 3);
    // 540 ms of waiting in 20 s.
    assert!((t.service("server").queue_mean - 0.027).abs() < 1e-9);
}

/// Last come, first served: the youngest in line goes next; a full room refuses the newcomer.
#[test]
fn lifo_serves_the_youngest_and_refuses_the_newcomer() {
    let (mut z, _) = one_worker(&[0, 10, 20, 30]);
    z.of("server").queue.order = Order::Lifo;
    assert_eq!(z.run().ends_ms(), [100, 400, 300, 200]);
    z.of("server").queue.bound = 2;
    let t = z.run();
    assert_eq!(t.ends_ms(), [100, 300, 200, 30]);
    assert_eq!(t.endings(), [Ok, Ok, Ok, Rejected]);
}

/// Adaptive LIFO turns around once the line has stood for 100 ms.
#[test]
fn adaptive_lifo_turns_around_after_100_ms() {
    let (mut z, _) = one_worker(&[0, 30, 40, 50]);
    z.of("server").queue.order = Order::AdaptiveLifo;
    // The line stands since 30: at 100 the oldest goes, at 200 the youngest.
    assert_eq!(z.run().ends_ms(), [100, 200, 400, 300]);
}

/// Classes in order, first come first served inside one; a full room sheds the youngest of the lowest class,
/// the newcomer included; nobody in service is pre-empted.
#[test]
fn priority_goes_first_and_displaces() {
    let mut z = Zoo::new(20 * S);
    z.system.priorities = vec!["gold".into(), "silver".into(), "tin".into()];
    let [get] = z.service("server", 1, ["get"]);
    z.does(get, vec![work(100 * MS)]);
    z.of("server").queue.order = Order::Priority;
    let gold = z.client_at("gold", &[30 * MS, 40 * MS]);
    let silver = z.client_at("silver", &[20 * MS]);
    let tin = z.client_at("tin", &[0, 5 * MS, 10 * MS]);
    for (class, client) in [gold, silver, tin].into_iter().enumerate() {
        z.asks(client, get, CallPolicy::default());
        z.system.clients[client.index()].priority = class as u16;
    }
    let t = z.run();
    let ends = |t: &Told, c| t.visits_of(c).iter().map(|v| v.1 / MS).collect::<Vec<_>>();
    assert_eq!(ends(&t, tin), [100, 500, 600]);
    assert_eq!(ends(&t, gold), [200, 300]);
    assert_eq!(ends(&t, silver), [400]);
    // Room for two: 5 and 10 (tin) wait; silver at 20 displaces the tin of 10, gold at 30 that of 5, gold at 40 silver.
    z.of("server").queue.bound = 2;
    let t = z.run();
    assert_eq!(ends(&t, tin), [100, 30, 20]);
    assert_eq!(ends(&t, silver), [40]);
    assert_eq!(ends(&t, gold), [200, 300]);
    assert_eq!(t.service("server").ends.shed, 3);
    // A tin newcomer finds no lower class: it is refused itself.
    z.of("server").queue.bound = 1;
    let t = z.run();
    assert_eq!(ends(&t, tin), [100, 20, 10]);
}

/// The bound counts those who wait, not those in service; a full room answers `rejected` at once.
#[test]
fn the_bound_counts_who_waits() {
    let (mut z, _) = one_worker(&[0, 10, 20, 30]);
    z.of("server").queue.bound = 1;
    let t = z.run();
    assert_eq!(t.ends_ms(), [100, 200, 20, 30]);
    assert_eq!(t.endings(), [Ok, Ok, Rejected, Rejected]);
    assert_eq!(t.client("users").ends.shed, 2);
}

/// What has expired is dropped when it would be handed to a worker, and costs it no time; kept, it is served.
#[test]
fn expired_requests_are_dropped_at_the_worker() {
    let (mut z, get) = one_worker(&[0, 0, 0, 0, 0]);
    z.system.calls[0].policy = timeout(250 * MS);
    let t = z.run();
    assert_eq!(t.began_ms(get), [0, 100, 200, 300, 400]);
    z.of("server").queue.expired = Expired::Drop;
    let t = z.run();
    assert_eq!(t.began_ms(get), [0, 100, 200], "the others expired at 250");
    assert_eq!(t.service("server").expired, 2);
    assert_eq!(t.service("server").worker_ns, 300 * MS);
    assert_eq!(t.endings(), [Ok, Ok, Timeout, Timeout, Timeout]);
}

/// Expiry is inherited: the back drops what the front's own caller no longer wants.
#[test]
fn expiry_travels_down() {
    let mut z = Zoo::new(20 * S);
    let [load] = z.service("back", 1, ["load"]);
    let [page] = z.service("front", 9, ["page"]);
    z.does(load, vec![work(100 * MS)]);
    z.of("back").queue.expired = Expired::Drop;
    let call = z.call(Caller::Endpoint(page), load, CallPolicy::default());
    z.does(page, vec![call]);
    let users = z.client_at("users", &[0, 0, 0]);
    z.asks(users, page, timeout(150 * MS));
    assert_eq!(z.run().began_ms(load), [0, 100]);
    z.system.calls[0].policy.deadline = Deadline::None;
    assert_eq!(
        z.run().began_ms(load),
        [0, 100, 200],
        "`deadline: none` inherits nothing"
    );
}

/// The queue's own time limit rejects whoever waits longer.
#[test]
fn a_queue_timeout_rejects() {
    let (mut z, get) = one_worker(&[0, 10, 20]);
    z.of("server").queue.timeout_ns = Some(150 * MS);
    let t = z.run();
    assert_eq!(t.ends_ms(), [100, 200, 170]);
    assert_eq!(t.endings(), [Ok, Ok, Rejected]);
    assert_eq!(t.began_ms(get), [0, 100]);
}

/// `per: service` is one line for all replicas: nobody waits while anybody is free.
#[test]
fn one_line_for_all_replicas() {
    let mut z = Zoo::new(20 * S);
    let [get] = z.service("server", 1, ["get"]);
    z.does(get, vec![work(100 * MS)]);
    z.of("server").replicas = 2;
    let users = z.client_at("users", &[0, 0, 0, 0, 0, 0]);
    z.asks(users, get, CallPolicy::default());
    z.system.calls[0].subset = Some(Replicas::One(0));
    assert_eq!(
        z.run().ends_ms(),
        [100, 200, 300, 400, 500, 600],
        "a line each: all at the first"
    );
    z.of("server").queue.per = Per::Service;
    assert_eq!(z.run().ends_ms(), [100, 100, 200, 200, 300, 300]);
    z.of("server").queue.bound = 1;
    assert_eq!(
        z.run().endings(),
        [Ok, Ok, Ok, Rejected, Rejected, Rejected]
    );
}

/// A token bucket: full at first, then one per 1/rate.
#[test]
fn admission_by_rate() {
    let mut z = Zoo::new(20 * S);
    let [get] = z.service("server", 9, ["get"]);
    z.does(get, vec![work(MS)]);
    z.of("server").admission.rate = Some((10.0, 2.0));
    let users = z.client_at(
        "users",
        &[0, 0, 0, 50 * MS, 100 * MS, 110 * MS, 2 * S, 2 * S, 2 * S],
    );
    z.asks(users, get, CallPolicy::default());
    let t = z.run();
    assert_eq!(
        t.endings(),
        [Ok, Ok, Rejected, Rejected, Ok, Rejected, Ok, Ok, Rejected]
    );
}

/// Concurrency counts waiting and in service together, per replica; refusals cost no time.
#[test]
fn admission_by_concurrency() {
    let (mut z, get) = one_worker(&[0, 10, 20, 110]);
    z.of("server").admission.concurrency = Some(2);
    let t = z.run();
    assert_eq!(t.endings(), [Ok, Ok, Rejected, Ok]);
    assert_eq!(t.ends_ms(), [100, 200, 20, 300]);
    // An endpoint's own admission works the same.
    let (mut z, _) = one_worker(&[0, 10, 20, 110]);
    z.system.endpoints[get.index()].admission.concurrency = Some(1);
    assert_eq!(z.run().endings(), [Ok, Rejected, Rejected, Ok]);
}

fn on_cores(limit: f64, order: CoreOrder, at_ms: &[u64], work_ms: u64) -> Zoo {
    let mut z = Zoo::new(20 * S);
    let [get] = z.service("server", u32::MAX, ["get"]);
    z.does(get, vec![work(work_ms * MS)]);
    z.of("server").cores = Some(Cores {
        request: limit,
        limit,
        order,
    });
    let at: Vec<u64> = at_ms.iter().map(|t| t * MS).collect();
    let users = z.client_at("users", &at);
    z.asks(users, get, CallPolicy::default());
    z
}

/// Processor sharing: each job gets an equal share, at most one core.
#[test]
fn cores_are_shared_equally() {
    // One core: alone until 50 (50 done), then half each: the first needs 50 more, so until 150; the second has
    // then 50 done and goes on alone until 200.
    let t = on_cores(1.0, CoreOrder::Shared, &[0, 50], 100).run();
    assert_eq!(t.ends_ms(), [150, 200]);
    assert_eq!(t.service("server").cores_mean, Some(0.2 / 20.0));
    // Two cores and three jobs: 2/3 of a core each, 150 ms.
    assert_eq!(
        on_cores(2.0, CoreOrder::Shared, &[0, 0, 0], 100)
            .run()
            .ends_ms(),
        [150; 3]
    );
    // More cores than jobs help nobody.
    assert_eq!(
        on_cores(4.0, CoreOrder::Shared, &[0, 0], 100)
            .run()
            .ends_ms(),
        [100; 2]
    );
    // Half a core: one job takes twice its time.
    assert_eq!(
        on_cores(0.5, CoreOrder::Shared, &[0], 100).run().ends_ms(),
        [200]
    );
}

/// `order: fifo` runs one job per core to its end.
#[test]
fn cores_in_turn() {
    assert_eq!(
        on_cores(1.0, CoreOrder::Fifo, &[0, 50, 60], 100)
            .run()
            .ends_ms(),
        [100, 200, 300]
    );
    assert_eq!(
        on_cores(2.0, CoreOrder::Fifo, &[0, 0, 0, 0], 100)
            .run()
            .ends_ms(),
        [100, 100, 200, 200]
    );
}

/// `wait` needs no core; `work` does.
#[test]
fn waiting_needs_no_core() {
    let mut z = on_cores(1.0, CoreOrder::Shared, &[0, 0, 0], 0);
    z.does(EndpointId(0), vec![wait(100 * MS), work(10 * MS)]);
    assert_eq!(z.run().ends_ms(), [130; 3]);
}

/// Work grows with company: n requests in service when the step starts, itself included.
#[test]
fn contention_stretches_work() {
    let mut z = Zoo::new(20 * S);
    let [get] = z.service("server", 9, ["get"]);
    z.does(get, vec![work(100 * MS)]);
    z.of("server").contention = Some(Contention {
        serial: 0.5,
        crosstalk: 0.25,
    });
    let users = z.client_at("users", &[0, 10 * MS, 20 * MS]);
    z.asks(users, get, CallPolicy::default());
    // n = 1, 2, 3: factors 1, 1 + 0.5 + 0.5, 1 + 1 + 1.5.
    assert_eq!(z.run().ends_ms(), [100, 210, 370]);
    // `wait` is not stretched.
    z.does(get, vec![wait(100 * MS)]);
    assert_eq!(z.run().ends_ms(), [100, 110, 120]);
}

/// After a crash: `start`, then a cold time of slower work.
#[test]
fn a_cold_start_is_slow() {
    let mut z = Zoo::new(20 * S);
    let [get] = z.service("server", 1, ["get"]);
    z.does(get, vec![work(100 * MS)]);
    let server = z.of("server");
    server.start = Dist::Constant(S as f64);
    server.cold = Some((0.25, 2 * S));
    server.ready = Probe {
        every_ns: 10 * S,
        timeout_ns: S,
        failures: 3,
        calls: None,
    };
    let users = z.client_at("users", &[500 * MS, 2 * S, 3 * S, 3950 * MS, 5 * S]);
    z.asks(users, get, CallPolicy::default());
    let target = z.all_of("server");
    z.strikes(FaultKind::Crash(target), 400 * MS, 600 * MS);
    let t = z.run();
    // Down 0.4 to 1, starting to 2, cold to 4: what starts at 3.95 has 87.5 ms of work left at 4.
    assert_eq!(t.endings(), [Refused, Ok, Ok, Ok, Ok]);
    let took: Vec<u64> = t.visits().iter().map(|v| (v.1 - v.0) / 100_000).collect();
    assert_eq!(took, [0, 4000, 4000, 1375, 1000]);
}

/// What must succeed before a start is repeated every 10 s.
#[test]
fn a_start_waits_for_what_it_needs() {
    let mut z = Zoo::new(60 * S);
    let [load] = z.service("back", 1, ["load"]);
    let [get] = z.service("server", 1, ["get"]);
    z.does(load, vec![work(100 * MS)]);
    z.does(get, vec![work(10 * MS)]);
    z.of("server").start = Dist::Constant(S as f64);
    z.of("server").ready.every_ns = 100 * MS;
    let server = z.id("server");
    let call = z.call(Caller::Start(server), load, CallPolicy::default());
    z.of("server").start_steps = vec![call];
    let users = z.client_at("users", &[12 * S, 12_350 * MS, 13 * S]);
    z.asks(users, get, CallPolicy::default());
    let (a, b) = (z.all_of("server"), z.all_of("back"));
    z.strikes(FaultKind::Crash(a), 500 * MS, 500 * MS);
    z.strikes(
        FaultKind::Errors {
            target: b,
            by: Dist::Constant(1.0),
            keys: None,
        },
        0,
        2 * S,
    );
    let t = z.run();
    // Asked at 1 s, error at 1.1; again at 11.1, well at 11.2, started at 12.2, in view at 12.3.
    assert_eq!(t.reached_ms(load), [1000, 11_100]);
    assert_eq!(t.endings(), [Refused, Ok, Ok]);
}

/// The callers' view lags: three failed probes, at whole tens of seconds, take a replica out; one good probe
/// brings it back.
#[test]
fn the_view_lags_behind_by_the_probe() {
    let mut z = Zoo::new(100 * S);
    let [get] = z.service("server", 1, ["get"]);
    z.does(get, vec![work(MS)]);
    z.of("server").start = Dist::Constant(0.0);
    z.of("server").replicas = 2;
    let at: Vec<u64> = (0..400).map(|i| i * 250 * MS).collect();
    let users = z.client_at("users", &at);
    z.asks(users, get, CallPolicy::default());
    z.system.calls[0].policy.balance = Some(Balance::RoundRobin);
    let target = Target::Replicas(z.id("server"), Replicas::One(1));
    z.strikes(FaultKind::Crash(target), 5 * S, 40 * S);
    let t = z.run();
    let refused: Vec<u64> = t
        .visits()
        .iter()
        .filter(|v| v.2 == Refused)
        .map(|v| v.0 / MS)
        .collect();
    // Every second request from 5 s to the third failure at 30 s.
    assert_eq!(refused.len(), 50);
    assert!((5000..5500).contains(&refused[0]) && (29_500..30_000).contains(&refused[49]));
    // Back at 45 s, in view at 50 s.
    let back = t.replicas(get).iter().filter(|&&r| r == 1).count();
    assert_eq!(back, 10 + 100, "five seconds before, fifty after");
}

/// A probe that is a request queues like others, and a busy replica fails it.
#[test]
fn a_probe_that_is_a_request_queues() {
    let mut z = Zoo::new(60 * S);
    let [get, health] = z.service("server", 1, ["get", "health"]);
    z.does(get, vec![work(20 * S)]);
    z.does(health, vec![work(MS)]);
    z.of("server").ready = Probe {
        every_ns: 2 * S,
        timeout_ns: S,
        failures: 2,
        calls: Some(health),
    };
    let users = z.client_at("users", &[4 * S, 12 * S, 50 * S]);
    z.asks(users, get, CallPolicy::default());
    let t = z.run();
    assert_eq!(
        t.endings(),
        [Ok, Refused],
        "out of view while its only worker is held"
    );
    assert_eq!(t.visits().len(), 2, "the third is still inside");
    assert!(t.reached_ms(health).len() >= 25);
}
