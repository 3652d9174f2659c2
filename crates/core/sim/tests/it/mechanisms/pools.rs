//! Permits.

use crate::zoo::*;
use worstday_model::system::*;
use worstday_sim::Ending::*;

/// A service that holds a permit for 100 ms of each request.
fn held(at_ms: &[u64], size: u64) -> (Zoo, EndpointId) {
    let mut z = Zoo::new(100 * S);
    let [get] = z.service("server", 99, ["get"]);
    let pool = z.pool("locks", Some("server"), size);
    z.does(get, vec![step(Verb::Hold(pool, vec![work(100 * MS)]))]);
    let at: Vec<u64> = at_ms.iter().map(|t| t * MS).collect();
    let users = z.client_at("users", &at);
    z.asks(users, get, CallPolicy::default());
    (z, get)
}

/// First come, first served; the permit goes back at the end of the step.
#[test]
fn permits_in_order() {
    let (z, _) = held(&[0, 10, 20], 1);
    let t = z.run();
    assert_eq!(t.ends_ms(), [100, 200, 300]);
    let pool = &t.outcome.pools[0];
    assert_eq!(
        (pool.name.as_str(), pool.granted, pool.rejected),
        ("server.locks", 3, 0)
    );
    assert!((pool.used_mean - 0.3 / 100.0).abs() < 1e-12);
    assert!((pool.queue_mean - 0.27 / 100.0).abs() < 1e-12);
    assert_eq!(held(&[0, 10, 20], 2).0.run().ends_ms(), [100, 110, 200]);
}

/// A permit that does not come in time fails the step as `rejected`, and the request with `error`.
#[test]
fn a_permit_that_does_not_come() {
    let (mut z, _) = held(&[0, 10, 20, 30], 1);
    z.system.pools[0].wait_ns = Some(120 * MS);
    let t = z.run();
    assert_eq!(t.ends_ms(), [100, 200, 140, 150]);
    assert_eq!(t.endings(), [Ok, Ok, Error, Error]);
    // A bounded room refuses at once; `wait: none` does not wait.
    z.system.pools[0].wait_ns = None;
    z.system.pools[0].queue = 1;
    assert_eq!(z.run().ends_ms(), [100, 200, 20, 30]);
    z.system.pools[0].wait_ns = Some(0);
    assert_eq!(z.run().ends_ms(), [100, 10, 20, 30]);
    assert_eq!(z.run().outcome.pools[0].rejected, 3);
}

/// One per replica, one per service, one for all.
#[test]
fn whose_pool_it_is() {
    let (mut z, _) = held(&[0, 0, 0, 0], 1);
    z.of("server").replicas = 2;
    z.of("server").balance = Balance::RoundRobin;
    assert_eq!(z.run().ends_ms(), [100, 100, 200, 200]);
    z.system.pools[0].per = Per::Service;
    assert_eq!(z.run().ends_ms(), [100, 200, 300, 400]);
    z.system.pools[0].service = None;
    assert_eq!(z.run().ends_ms(), [100, 200, 300, 400]);
}

/// With `keys` there is one pool per key: a visit waits for those of its own key alone.
#[test]
fn one_pool_per_key() {
    let (mut z, get) = held(&[0, 0, 0, 0, 0, 0, 0, 0], 1);
    z.system.keys = vec![KeySpace {
        name: "row".into(),
        count: 3,
        zipf: 0.0,
        hot: None,
    }];
    z.system.pools[0].keys = Some(KeySpaceId(0));
    let t = z.run();
    let mut ends = t.ends_ms();
    ends.sort_unstable();
    // Eight visits over three keys: each key's visits end at 100, 200, ..
    let longest = ends.iter().filter(|&&e| e == 100).count();
    assert!((2..=3).contains(&longest), "{ends:?}");
    assert!(
        *ends.last().unwrap() >= 300 && *ends.last().unwrap() < 800,
        "{ends:?}"
    );
    // A single key is a single lock.
    z.system.keys[0].count = 1;
    assert_eq!(z.run().ends_ms(), [100, 200, 300, 400, 500, 600, 700, 800]);
    let _ = get;
}

/// A call's `pool` is held for each attempt, the way there and back included, and not during a back-off.
#[test]
fn a_calls_permit_is_not_held_while_backing_off() {
    let mut z = Zoo::new(100 * S);
    z.delay(10 * MS);
    let [load] = z.service("back", 99, ["load"]);
    let [page] = z.service("front", 99, ["page"]);
    z.does(load, vec![work(500 * MS)]);
    let pool = z.pool("lines", Some("front"), 1);
    let policy = CallPolicy {
        pool: Some(pool),
        retry: Some(Retry {
            backoff_ns: 200 * MS,
            grow: 1.0,
            ..attempts(2)
        }),
        ..timeout(100 * MS)
    };
    let call = z.call(Caller::Endpoint(page), load, policy);
    z.does(page, vec![call]);
    let users = z.client_at("users", &[0, 0]);
    z.asks(users, page, CallPolicy::default());
    let t = z.run();
    // At front at 10. First: 10..110, back off to 310, 310..410. Second: 110..210, back off to 410, 410..510.
    assert_eq!(t.reached_ms(load), [20, 120, 320, 420]);
    assert_eq!(t.ends_ms(), [420, 520]);
}

/// A stall of a pool takes one permit for its time.
#[test]
fn a_ghost_holds_a_lock() {
    let (mut z, _) = held(&[0, 200, 250], 1);
    z.strikes(FaultKind::Stall(Target::Pool(PoolId(0))), 150 * MS, S);
    assert_eq!(z.run().ends_ms(), [100, 1250, 1350]);
    let (mut z, _) = held(&[0, 200, 250], 2);
    z.strikes(FaultKind::Stall(Target::Pool(PoolId(0))), 150 * MS, S);
    assert_eq!(z.run().ends_ms(), [100, 300, 400]);
}

/// A permit goes back when its holder is stopped or its process dies.
#[test]
fn the_dead_give_their_permits_back() {
    let (mut z, _) = held(&[0, 10], 1);
    z.system.pools[0].service = None;
    z.of("server").replicas = 2;
    z.of("server").balance = Balance::RoundRobin;
    let first = Target::Replicas(z.id("server"), Replicas::One(0));
    z.strikes(FaultKind::Crash(first), 50 * MS, S);
    let t = z.run();
    assert_eq!(t.ends_ms(), [50, 150]);
    assert_eq!(t.endings(), [Refused, Ok]);
}

/// Nested holds in opposite order deadlock: the requests stay inside and the run says which pools.
#[test]
fn a_deadlock_is_reported() {
    let mut z = Zoo::new(S);
    let [ab, ba] = z.service("server", 99, ["ab", "ba"]);
    let (a, b) = (
        z.pool("a", Some("server"), 1),
        z.pool("b", Some("server"), 1),
    );
    let nest = |x, y| {
        let inner = step(Verb::Hold(y, vec![work(MS)]));
        vec![step(Verb::Hold(x, vec![work(100 * MS), inner]))]
    };
    z.does(ab, nest(a, b));
    z.does(ba, nest(b, a));
    for (name, to) in [("one", ab), ("two", ba)] {
        let c = z.client_at(name, &[0]);
        z.asks(c, to, CallPolicy::default());
    }
    let t = z.run();
    assert_eq!(t.outcome.deadlocks.len(), 1, "{:?}", t.outcome.deadlocks);
    assert!(t.outcome.deadlocks[0].contains('a') && t.outcome.deadlocks[0].contains('b'));
    assert_eq!(t.service("server").ends.inside, 2);
}

/// A ring of three, and a pool that waits for more of itself, are deadlocks too; a holder that goes on is none.
#[test]
fn rings_of_any_length_are_reported() {
    let ring = |sizes: &[u64], ways: &[(usize, usize)]| deadlocks(sizes, ways);
    assert_eq!(
        ring(&[1, 1, 1], &[(0, 1), (1, 2), (2, 0)]),
        ["a, b and c: each is held by requests that wait for the next, the last for the first"]
    );
    assert_eq!(
        ring(&[2, 1, 1], &[(0, 0), (0, 0)]),
        ["a: all of it is held by requests that wait for more of it"]
    );
    assert_eq!(
        ring(&[1, 1, 1, 1], &[(0, 1), (1, 0), (2, 3), (3, 2)]).len(),
        2
    );
    // b has a second permit, whose holder needs nothing more: it goes on, and so does everybody.
    assert!(ring(&[1, 2, 1], &[(0, 1), (1, 2), (2, 0)]).is_empty());
    // c waits for the ring without being part of it.
    assert_eq!(
        ring(&[1, 1, 1], &[(0, 1), (1, 0), (2, 0)]),
        ["a and b: each is held by requests that wait for the other"]
    );
}

/// The deadlocks at the end of a run in which each way of nesting (outer pool, inner pool) is gone once, all at once.
fn deadlocks(sizes: &[u64], ways: &[(usize, usize)]) -> Vec<String> {
    let mut z = Zoo::new(S);
    let names = ["w0", "w1", "w2", "w3"];
    let endpoints: [EndpointId; 4] = z.service("server", 99, names);
    let pools: Vec<PoolId> = ["a", "b", "c", "d"]
        .iter()
        .zip(sizes)
        .map(|(name, &size)| z.pool(name, Some("server"), size))
        .collect();
    for (i, &(outer, inner)) in ways.iter().enumerate() {
        let inner = step(Verb::Hold(pools[inner], vec![work(MS)]));
        z.does(
            endpoints[i],
            vec![step(Verb::Hold(pools[outer], vec![work(100 * MS), inner]))],
        );
        let client = z.client_at(&format!("client-{i}"), &[0]);
        z.asks(client, endpoints[i], CallPolicy::default());
    }
    z.run().outcome.deadlocks
}
