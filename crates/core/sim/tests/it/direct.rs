//! The direct way through the engine means what the general steps mean: whole runs with and without it
//! have the same digest and the same outcome to the last figure.

use crate::zoo::*;
use worstday_model::day::Strike;
use worstday_model::system::*;
use worstday_sim::observe::EventLog;

/// A shop whose ordinary requests take the direct way, in whose run everything comes up that leaves it:
/// timeouts and retries, full queues, several replicas, delays, declines, errors, and faults that come and go.
fn shop(balance: Balance, bound: u64) -> Zoo {
    let mut z = Zoo::new(40 * S);
    z.day.warm_up_ns = 5 * S;
    let [page] = z.service("front", 24, ["page"]);
    let [list, pay] = z.service("back", 3, ["list", "pay"]);
    let [read] = z.service("store", 6, ["read"]);
    z.of("back").replicas = 4;
    z.of("back").balance = balance;
    z.of("back").queue.bound = bound;
    z.of("store").queue.order = Order::Lifo;
    let a = z.call(Caller::Endpoint(page), list, retrying(60 * MS, 3));
    let b = z.call(Caller::Endpoint(page), pay, timeout(90 * MS));
    z.last_call().fallback = Some(Fallback {
        results: Results::ALL,
        what: FallbackDo::Degraded,
    });
    let c = z.call(Caller::Endpoint(list), read, CallPolicy::default());
    let both = step(Verb::Parallel {
        branches: vec![vec![a], vec![b]],
        need: 1,
        cancel: LeftOver::Cancel,
    });
    z.does(page, vec![exponential(2e6), both]);
    z.does(list, vec![exponential(9e6), c]);
    z.does(pay, vec![exponential(14e6)]);
    z.does(read, vec![exponential(6e6)]);
    z.system.endpoints[pay.index()].fails = 0.02;
    let users = z.client_stream("users", 180.0, Pattern::Poisson);
    z.asks(users, page, retrying(S, 2));
    let hurried = z.client_stream("hurried", 20.0, Pattern::Even);
    z.asks(hurried, list, CallPolicy::default());
    z.system.clients[hurried.index()].patience = Patience::Time(Dist::Exponential { mean: 4e7 });
    let regulars = z.users("regulars", 10, Dist::Exponential { mean: 1e9 });
    z.asks(regulars, read, CallPolicy::default());
    let any = |z: &Zoo, name: &str| Target::Replicas(z.id(name), Replicas::Any);
    let (stall, crash, slow) = (any(&z, "front"), any(&z, "back"), any(&z, "store"));
    z.strikes(FaultKind::Stall(stall), 10 * S, 400 * MS);
    z.strikes(FaultKind::Crash(crash), 15 * S, S);
    z.strikes(
        FaultKind::Slow {
            target: slow,
            by: Dist::Constant(3.0),
            of: SlowOf::Running,
        },
        22 * S,
        3 * S,
    );
    z.strikes(
        FaultKind::Errors {
            target: Target::Endpoint(read),
            by: Dist::Constant(0.3),
            keys: None,
        },
        28 * S,
        3 * S,
    );
    z.strikes(FaultKind::Cut(z.all_of("store")), 34 * S, S);
    z
}

fn both_ways(z: &Zoo, seed: u64) -> [(String, usize, u64); 2] {
    [false, true].map(|at_length| {
        let mut engine = z.engine(seed, EventLog::default());
        if at_length {
            engine.go_at_length();
        }
        engine.advance(u64::MAX);
        let (outcome, log) = engine.finish("zoo").unwrap_or_else(|v| panic!("{v}"));
        let all = serde_json::to_string(&outcome).expect("an outcome is plain data");
        (all, log.rows.len(), outcome.events)
    })
}

#[test]
fn the_direct_way_is_the_general_one() {
    for balance in [
        Balance::Random,
        Balance::RoundRobin,
        Balance::LeastRequests,
        Balance::ShortestQueue,
    ] {
        for bound in [u64::MAX, 5, 0] {
            let z = shop(balance, bound);
            for seed in 1..4 {
                let [directly, at_length] = both_ways(&z, seed);
                assert!(directly.2 > 10_000, "a run of {} events", directly.2);
                assert!(
                    directly == at_length,
                    "{balance:?}, queue of {bound}, seed {seed}: the two ways part"
                );
            }
        }
    }
}

/// The same with a delay on every link, where only calls inside one process are direct, and without faults.
#[test]
fn the_direct_way_is_the_general_one_with_delays_and_in_calm() {
    let mut calm = shop(Balance::LeastRequests, u64::MAX);
    calm.day.faults = Vec::<Strike>::new();
    let mut far = calm.clone();
    far.delay(3 * MS);
    for z in [calm, far] {
        let [directly, at_length] = both_ways(&z, 9);
        assert!(directly == at_length, "the two ways part");
    }
}
