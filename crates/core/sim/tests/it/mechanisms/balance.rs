//! How callers choose a replica.

use crate::zoo::*;
use worstday_model::system::*;

fn replicas(n: u32, visits: u64, gap_ns: u64, balance: Balance) -> (Zoo, EndpointId) {
    let mut z = Zoo::new(1000 * S);
    let [get] = z.service("server", 1, ["get"]);
    z.does(get, vec![work(100 * MS)]);
    z.of("server").replicas = n;
    z.of("server").balance = balance;
    let at: Vec<u64> = (0..visits).map(|i| i * gap_ns).collect();
    let users = z.client_at("users", &at);
    z.asks(users, get, CallPolicy::default());
    (z, get)
}

fn counts(of: &[u32], n: u32) -> Vec<usize> {
    (0..n)
        .map(|r| of.iter().filter(|&&x| x == r).count())
        .collect()
}

/// By lot, evenly: 4,000 draws over four stay within five standard deviations (27 each).
#[test]
fn random_is_even() {
    let (z, get) = replicas(4, 4000, 200 * MS, Balance::Random);
    for n in counts(&z.run().replicas(get), 4) {
        assert!((865..=1135).contains(&n), "{n} of 4000");
    }
}

/// In turn.
#[test]
fn round_robin_takes_turns() {
    let (z, get) = replicas(3, 7, 10 * MS, Balance::RoundRobin);
    assert_eq!(z.run().replicas(get), [0, 1, 2, 0, 1, 2, 0]);
}

/// Each calling replica keeps its own turn.
#[test]
fn turns_are_kept_per_calling_replica() {
    let (mut z, get) = replicas(2, 1, 1, Balance::RoundRobin);
    let [page] = z.service("front", 9, ["page"]);
    z.of("front").replicas = 2;
    let call = z.call(Caller::Endpoint(page), get, CallPolicy::default());
    z.does(page, vec![call]);
    for (name, replica, at) in [("one", 0, 10), ("two", 1, 20), ("three", 0, 30)] {
        let c = z.client_at(name, &[at * S]);
        z.asks(c, page, CallPolicy::default());
        z.last_call().subset = Some(Replicas::One(replica));
    }
    // The direct visit takes 0; front/0 starts at 0 and goes on with 1; front/1 starts at 0.
    assert_eq!(z.run().replicas(get), [0, 0, 0, 1]);
}

/// The fewer in flight of two drawn, by the caller's own count; with two replicas these are both.
#[test]
fn least_requests_follows_the_callers_count() {
    let (mut z, get) = replicas(2, 6, MS, Balance::LeastRequests);
    let of = z.run().replicas(get);
    assert_eq!(counts(&of, 2), [3, 3], "each next one goes to the emptier");
    for pair in of.chunks(2) {
        assert_ne!(pair[0], pair[1]);
    }
    // Another caller's requests are not in the count: after six of `users` on replica 0, `others` still tie.
    z.system.calls[0].subset = Some(Replicas::One(0));
    let others = z.client_at(
        "others",
        &(0..200).map(|i| 10 * S + i * S).collect::<Vec<_>>(),
    );
    z.asks(others, get, CallPolicy::default());
    z.does(get, vec![work(500 * MS)]);
    let of = &z.run().replicas(get)[6..];
    let n = counts(of, 2)[0];
    assert!(
        (65..=135).contains(&n),
        "{n} of 200: the first drawn wins a tie"
    );
}

/// A caller's count goes down when it gives up, however the callee fares.
#[test]
fn giving_up_lowers_the_count() {
    let (mut z, get) = replicas(2, 0, 1, Balance::LeastRequests);
    z.does(get, vec![work(10 * S)]);
    let users = z.client_at("more", &[0, MS, 2 * S, 2 * S + MS]);
    z.asks(users, get, timeout(S));
    let of = z.run().replicas(get);
    assert_ne!(of[0], of[1]);
    assert_ne!(of[2], of[3], "both counts were 0 again");
}

/// Join the shortest queue: exact, nobody waits while one is free.
#[test]
fn shortest_queue_is_exact() {
    let (z, get) = replicas(3, 6, MS, Balance::ShortestQueue);
    let of = z.run().replicas(get);
    let mut first = of[..3].to_vec();
    first.sort_unstable();
    assert_eq!(first, [0, 1, 2]);
    assert_eq!(counts(&of, 3), [2, 2, 2]);
}

fn keyed(n: u32) -> (Zoo, EndpointId) {
    let (mut z, get) = replicas(n, 300, S, Balance::Hash(KeySpaceId(0)));
    z.system.keys = vec![KeySpace {
        name: "sku".into(),
        count: 1000,
        zipf: 0.0,
        hot: None,
    }];
    (z, get)
}

/// Rendezvous hashing: a departed replica's keys alone move.
#[test]
fn a_departed_replicas_keys_alone_move() {
    let (z, get) = keyed(4);
    let (before, three) = (z.run().replicas(get), keyed(3).0.run().replicas(get));
    for n in counts(&before, 4) {
        assert!((35..=115).contains(&n), "{n} of 300");
    }
    for (a, b) in before.iter().zip(&three) {
        assert!(a == b || *a == 3, "{a} moved to {b}");
        assert!(*b < 3);
    }
}

/// Own zone while it has a ready replica, else anyone.
#[test]
fn nearest_stays_in_its_zone() {
    let (mut z, get) = replicas(2, 0, 1, Balance::Nearest);
    z.system.zones = ["a", "b"]
        .map(|name| Zone {
            name: name.into(),
            region: None,
        })
        .into();
    let [page] = z.service("front", 99, ["page"]);
    z.of("front").replicas = 2;
    for name in ["front", "server"] {
        z.of(name).zones = vec![ZoneId(0), ZoneId(1)];
        z.of(name).ready.every_ns = S;
        z.of(name).ready.failures = 1;
    }
    let call = z.call(Caller::Endpoint(page), get, CallPolicy::default());
    z.does(page, vec![call]);
    for (name, replica) in [("to-a", 0), ("to-b", 1)] {
        let c = z.client_at(name, &(0..20).map(|i| i * S + S / 2).collect::<Vec<_>>());
        z.asks(c, page, CallPolicy::default());
        z.last_call().subset = Some(Replicas::One(replica));
    }
    let b = Target::Replicas(z.id("server"), Replicas::One(1));
    let of = z.run().replicas(get);
    assert_eq!(counts(&of, 2), [20, 20]);
    assert_eq!(of[0..4], [0, 1, 0, 1]);
    // Without b's replica everybody goes to a.
    z.strikes(FaultKind::Crash(b), 9_200 * MS, 100 * S);
    let of = z.run().replicas(get);
    assert_eq!(
        counts(&of, 2)[1],
        9,
        "those before the crash: what comes at 9.5 is refused, then all go to a"
    );
}

/// A call's own `balance` replaces the callee's.
#[test]
fn a_calls_balance_replaces_the_callees() {
    let (mut z, get) = replicas(3, 6, MS, Balance::Random);
    z.system.calls[0].policy.balance = Some(Balance::RoundRobin);
    assert_eq!(z.run().replicas(get), [0, 1, 2, 0, 1, 2]);
}

/// With fewer than `panic` of the replicas ready, all are tried.
#[test]
fn panic_tries_everybody() {
    let (mut z, get) = replicas(4, 40, S, Balance::RoundRobin);
    z.of("server").ready.every_ns = S;
    z.of("server").ready.failures = 1;
    let target = Target::Replicas(z.id("server"), Replicas::Share(0.75));
    z.strikes(FaultKind::Crash(target), 500 * MS, 1000 * S);
    let failed = |z: &Zoo| z.run().endings().iter().filter(|e| !e.is_good()).count();
    // Visits 0 (before) and from 2 on go to the one that is left; only that of 1 s may meet a dead one.
    assert!(failed(&z) <= 1, "{}", failed(&z));
    z.of("server").panic = 0.5;
    assert!(failed(&z) >= 28, "three of four are dead: {}", failed(&z));
    let _ = get;
}

/// A replica that comes back takes part by a coin that grows from a tenth to one over its slow start.
#[test]
fn a_ready_replica_starts_slowly() {
    let (mut z, get) = replicas(2, 5_000, 10 * MS, Balance::Random);
    let server = z.of("server");
    server.start = Dist::Constant(0.0);
    server.slow_start_ns = 10 * S;
    server.ready = Probe {
        every_ns: 100 * MS,
        timeout_ns: S,
        failures: 1,
        calls: None,
    };
    let target = Target::Replicas(z.id("server"), Replicas::One(1));
    z.strikes(FaultKind::Crash(target), 10 * S, 10 * S);
    let t = z.run();
    let share = |from_s: u64, to_s: u64| {
        let at = t.reached_ms(get);
        let on = t.replicas(get);
        let all: Vec<u32> = at
            .iter()
            .zip(&on)
            .filter(|(ms, _)| (from_s * 1000..to_s * 1000).contains(*ms))
            .map(|(_, replica)| *replica)
            .collect();
        let one = all.iter().filter(|r| **r == 1).count();
        (one as f64 / all.len() as f64, all.len() as f64)
    };
    // It is ready at 20. A coin of chance p, and then one of two: half of p on average over the time.
    for (from, to, expected) in [
        (0, 10, 0.5),
        (11, 20, 0.0),
        (21, 25, 0.15),
        (25, 30, 0.375),
        (31, 50, 0.5),
    ] {
        let (got, n) = share(from, to);
        let sd = (expected * (1.0 - expected) / n).sqrt();
        assert!(
            (got - expected).abs() <= 4.0 * sd,
            "{from} to {to} s: {got} for {expected}"
        );
    }
}
