//! Policies of calls: deadlines, back-offs, budgets, hedges, meshes.

use crate::zoo::*;
use worstday_model::system::*;
use worstday_sim::Ending::*;

fn server(at_ms: &[u64], steps: Vec<Step>, policy: CallPolicy) -> (Zoo, EndpointId) {
    let mut z = Zoo::new(100 * S);
    let [get] = z.service("server", 999, ["get"]);
    z.does(get, steps);
    let at: Vec<u64> = at_ms.iter().map(|t| t * MS).collect();
    let users = z.client_at("users", &at);
    z.asks(users, get, policy);
    (z, get)
}

fn error() -> Step {
    step(Verb::Fail(FailWord::Error))
}

fn backing_off(n: u32, backoff_ms: u64, grow: f64, cap_ms: u64, jitter: Jitter) -> CallPolicy {
    let retry = Retry {
        backoff_ns: backoff_ms * MS,
        grow,
        cap_ns: cap_ms * MS,
        jitter,
        ..attempts(n)
    };
    CallPolicy {
        retry: Some(retry),
        ..CallPolicy::default()
    }
}

/// An answer at the very instant of the timeout is in time.
#[test]
fn an_answer_at_the_timeout_is_in_time() {
    let (z, _) = server(&[0], vec![work(100 * MS)], timeout(100 * MS));
    assert_eq!(z.run().endings(), [Ok]);
    let (z, _) = server(&[0], vec![work(100 * MS + 1)], timeout(100 * MS));
    assert_eq!(z.run().endings(), [Timeout]);
}

/// Each attempt is a request of its own and draws its work anew.
#[test]
fn every_attempt_draws_anew() {
    let (z, get) = server(
        &[0],
        vec![exponential(100e6), error()],
        backing_off(20, 0, 1.0, 0, Jitter::None),
    );
    let t = z.run();
    let took: std::collections::BTreeSet<u64> = t
        .began_ms(get)
        .iter()
        .zip(t.done_ms(get))
        .map(|(a, b)| b - a)
        .collect();
    assert!(took.len() > 10, "{took:?}");
}

/// c = min(cap, backoff grow^(n-1)) between attempts of 10 ms each.
#[test]
fn back_offs_grow_to_their_cap() {
    let steps = vec![work(10 * MS), error()];
    let (z, get) = server(&[0], steps, backing_off(5, 100, 2.0, 300, Jitter::None));
    assert_eq!(z.run().reached_ms(get), [0, 110, 320, 630, 940]);
}

/// Jitter draws each visit's own waits, inside its bounds.
#[test]
fn jitter_spreads_retries() {
    let at: Vec<u64> = (0..400).map(|i| i * 10).collect();
    for (jitter, low, high, mean) in [
        (Jitter::Full, 0, 100, 50.0),
        (Jitter::Equal, 50, 100, 75.0),
        (Jitter::Decorrelated, 100, 300, 200.0),
    ] {
        let (z, get) = server(&at, vec![error()], backing_off(2, 100, 2.0, 1000, jitter));
        let t = z.run();
        let waits: Vec<u64> = t.visits().iter().map(|v| (v.1 - v.0) / MS).collect();
        assert!(waits.iter().all(|w| (low..=high).contains(w)), "{jitter:?}");
        let average = waits.iter().sum::<u64>() as f64 / 400.0;
        // Standard deviation of the mean: 58 / 20 = 2.9 ms for the widest.
        assert!((average - mean).abs() < 12.0, "{jitter:?}: {average}");
        assert_eq!(t.reached_ms(get).len(), 800);
    }
}

/// Only results in `if` are retried.
#[test]
fn only_listed_results_are_retried() {
    let mut policy = backing_off(3, 0, 1.0, 0, Jitter::None);
    policy.retry.as_mut().unwrap().results = Results {
        error: false,
        ..Results::ALL
    };
    let (z, get) = server(&[0], vec![error()], policy);
    assert_eq!(z.run().reached_ms(get), [0]);
}

/// A deadline runs over all attempts and back-offs; at its end the call is over, whatever is under way.
#[test]
fn a_deadline_ends_the_call() {
    let mut policy = retrying(100 * MS, 9);
    policy.deadline = Deadline::After(350 * MS);
    let (z, get) = server(&[0], vec![work(S)], policy.clone());
    let t = z.run();
    assert_eq!((t.ends_ms(), t.endings()), (vec![350], vec![Timeout]));
    assert_eq!(t.reached_ms(get), [0, 100, 200, 300]);
    // A retry whose back-off would not end before the deadline is not made: the call fails at once.
    policy.retry.as_mut().unwrap().backoff_ns = 200 * MS;
    policy.retry.as_mut().unwrap().grow = 1.0;
    let (z, get) = server(&[0], vec![work(S)], policy);
    let t = z.run();
    assert_eq!((t.ends_ms(), t.endings()), (vec![350], vec![Timeout]));
    assert_eq!(t.reached_ms(get), [0, 300]);
}

/// No back-off reaches past the deadline: at 100 ms a pause of 250 ms would end at 350, which is not before it.
#[test]
fn a_back_off_that_ends_at_the_deadline_is_not_begun() {
    let mut policy = retrying(100 * MS, 9);
    policy.deadline = Deadline::After(350 * MS);
    policy.retry.as_mut().unwrap().backoff_ns = 250 * MS;
    let (z, _) = server(&[0], vec![work(S)], policy);
    assert_eq!(z.run().ends_ms(), [100]);
}

/// A token bucket: full at first (2), a tenth per first attempt, a whole one per retry.
#[test]
fn a_token_bucket_pays_for_retries() {
    let budget = Budget::Bucket {
        ratio_milli: 100,
        burst_milli: 2000,
        scope: BudgetScope::Replica,
    };
    let mut policy = backing_off(2, 0, 1.0, 0, Jitter::None);
    policy.retry.as_mut().unwrap().budget = Some(budget);
    let at: Vec<u64> = (0..40).map(|i| i * 10).collect();
    let (z, get) = server(&at, vec![error()], policy);
    let t = z.run();
    // First two visits at once; then the bucket holds 0.1 per visit: 0.1 after the second (2 - 1 + .1 - 1 ..).
    // Visit 1: 2.0 (full) - 1. Visit 2: 1.1 - 1. From 0.1 on, one more token at every tenth visit: 11, 21, 31.
    let per: Vec<usize> = (0..40)
        .map(|i| t.reached_ms(get).iter().filter(|&&ms| ms == i * 10).count())
        .collect();
    let retried: Vec<usize> = (0..40).filter(|&i| per[i] == 2).collect();
    assert_eq!(retried, [0, 1, 10, 20, 30]);
    assert_eq!(t.call("users -> server.get").over_budget, 35);
    assert_eq!(t.call("users -> server.get").retries, 5);
}

/// Whose budget it is: each calling replica's own, or one for the service, or each visit's.
#[test]
fn budgets_have_a_scope() {
    let retries = |scope| {
        let mut z = Zoo::new(10 * S);
        let [load] = z.service("back", 99, ["load"]);
        let [page] = z.service("front", 99, ["page"]);
        z.does(load, vec![error()]);
        z.of("front").replicas = 2;
        z.of("front").balance = Balance::RoundRobin;
        let mut policy = backing_off(3, 0, 1.0, 0, Jitter::None);
        policy.retry.as_mut().unwrap().budget = Some(Budget::Bucket {
            ratio_milli: 0,
            burst_milli: 1000,
            scope,
        });
        let call = z.call(Caller::Endpoint(page), load, policy);
        z.does(page, vec![call]);
        let users = z.client_at("users", &[0, MS, 2 * MS, 3 * MS]);
        z.asks(users, page, CallPolicy::default());
        z.run().call("front.page -> back.load").retries
    };
    assert_eq!(retries(BudgetScope::Service), 1);
    assert_eq!(retries(BudgetScope::Replica), 2);
    assert_eq!(retries(BudgetScope::Visit), 4);
}

/// Retries in flight at most that share of requests in flight, and `min` in any case.
#[test]
fn a_concurrent_budget_counts_what_is_in_flight() {
    let mut policy = backing_off(2, 0, 1.0, 0, Jitter::None);
    policy.retry.as_mut().unwrap().budget = Some(Budget::Concurrent {
        ratio: 0.2,
        min: 1,
        scope: BudgetScope::Replica,
    });
    let (z, get) = server(&[0; 20], vec![work(100 * MS), error()], policy.clone());
    // All twenty fail at 100 ms; four retries may be in flight while twenty requests are, fewer as they leave:
    // after each refusal one leaves, so 20 -> 4, then the rest are refused.
    let t = z.run();
    assert_eq!(t.reached_ms(get).iter().filter(|&&ms| ms == 100).count(), 4);
    let (z, get) = server(&[0; 3], vec![work(100 * MS), error()], policy);
    assert_eq!(z.run().reached_ms(get), [0, 0, 0, 100], "min 1");
}

/// A hedge leaves after its time, to another replica; the first good answer wins and `cancel` stops the rest.
#[test]
fn a_hedge_asks_another_replica() {
    let mut z = Zoo::new(100 * S);
    let [get] = z.service("server", 99, ["get"]);
    z.does(get, vec![work(100 * MS)]);
    z.of("server").replicas = 2;
    let hedge = Hedge {
        after: HedgeAfter::Time(150 * MS),
        extra: 1,
    };
    let users = z.client_at("users", &[0, 10 * S, 20 * S, 30 * S, 40 * S, 50 * S]);
    z.asks(
        users,
        get,
        CallPolicy {
            hedge: Some(hedge),
            ..CallPolicy::default()
        },
    );
    let slow = Target::Replicas(z.id("server"), Replicas::One(0));
    z.strikes(
        FaultKind::Slow {
            target: slow,
            by: Dist::Constant(10.0),
            of: SlowOf::New,
        },
        0,
        100 * S,
    );
    let t = z.run();
    let of = t.replicas(get);
    let took: Vec<u64> = t.visits().iter().map(|v| (v.1 - v.0) / MS).collect();
    assert!(took.contains(&100) && took.contains(&250), "{took:?}");
    let slow_first = took.iter().filter(|&&ms| ms == 250).count();
    assert_eq!(of.len(), 6 + slow_first, "only the slow one is hedged");
    assert_eq!(t.call("users -> server.get").hedges as usize, slow_first);
    assert_eq!(
        t.call("users -> server.get").late as usize,
        slow_first,
        "the loser works on"
    );
    z.system.calls[0].policy.cancel = Cancel::All;
    let t = z.run();
    assert_eq!(t.call("users -> server.get").late, 0);
    // 250 ms each of the stopped ones.
    assert_eq!(
        t.service("server").wasted_worker_ns,
        slow_first as u64 * 250 * MS
    );
}

/// A hedge whose first attempt fails waits for the copy; both failing fail the call.
#[test]
fn a_hedge_outlives_a_failed_first() {
    let mut z = Zoo::new(100 * S);
    let [get] = z.service("server", 99, ["get"]);
    z.does(get, vec![work(100 * MS)]);
    z.of("server").replicas = 2;
    z.of("server").balance = Balance::RoundRobin;
    let hedge = Hedge {
        after: HedgeAfter::Time(50 * MS),
        extra: 1,
    };
    let users = z.client_at("users", &[0]);
    z.asks(
        users,
        get,
        CallPolicy {
            hedge: Some(hedge),
            ..CallPolicy::default()
        },
    );
    let first = Target::Replicas(z.id("server"), Replicas::One(0));
    z.strikes(
        FaultKind::Errors {
            target: first,
            by: Dist::Constant(1.0),
            keys: None,
        },
        0,
        S,
    );
    let t = z.run();
    assert_eq!((t.ends_ms(), t.endings()), (vec![150], vec![Ok]));
    let both = z.all_of("server");
    z.strikes(
        FaultKind::Errors {
            target: both,
            by: Dist::Constant(1.0),
            keys: None,
        },
        0,
        S,
    );
    let t = z.run();
    assert_eq!((t.ends_ms(), t.endings()), (vec![150], vec![Error]));
}

/// A hedge at a quantile of what was seen: none before a hundred answers.
#[test]
fn a_hedge_learns_its_time() {
    let mut z = Zoo::new(100 * S);
    let [get] = z.service("server", 99, ["get"]);
    z.does(get, vec![work(10 * MS)]);
    z.of("server").replicas = 2;
    let hedge = Hedge {
        after: HedgeAfter::Quantile(0.95),
        extra: 1,
    };
    let at: Vec<u64> = (0..120).map(|i| i * 100 * MS).collect();
    let users = z.client_at("users", &at);
    z.asks(
        users,
        get,
        CallPolicy {
            hedge: Some(hedge),
            ..CallPolicy::default()
        },
    );
    let target = z.all_of("server");
    z.strikes(
        FaultKind::Slow {
            target,
            by: Dist::Constant(3.0),
            of: SlowOf::New,
        },
        9950 * MS,
        100 * S,
    );
    z.day.faults.clear();
    let t = z.run();
    assert_eq!(
        t.call("users -> server.get").hedges,
        0,
        "answers at the quantile itself are in time"
    );
    z.day.faults.push(worstday_model::day::Strike {
        fault: FaultId(0),
        ordinal: 0,
        at_ns: 10_950 * MS as i64,
        lasts_ns: None,
        by: None,
        target: None,
    });
    // From 11 s on answers take 30 ms: eight visits (of 110 known and more than 95 % at 10 ms until six are slow).
    let hedges = z.run().call("users -> server.get").hedges;
    assert!((5..=10).contains(&hedges), "{hedges}");
}

/// Layers nest: each application attempt passes through the mesh, which makes its own attempts. 3 x 2.
#[test]
fn mesh_and_application_multiply() {
    let (mut z, get) = server(
        &[0],
        vec![work(10 * MS), error()],
        backing_off(3, 0, 1.0, 0, Jitter::None),
    );
    z.system.calls[0].mesh = Some(backing_off(2, 0, 1.0, 0, Jitter::None));
    let t = z.run();
    assert_eq!(t.reached_ms(get), [0, 10, 20, 30, 40, 50]);
    assert_eq!(t.call("users -> server.get").attempts, 3);
    assert_eq!(t.call("users -> server.get (mesh)").attempts, 6);
}

/// The application's timeout cuts through the mesh's attempts; the mesh goes on unless cancelled.
#[test]
fn a_mesh_retries_inside_the_applications_timeout() {
    let (mut z, get) = server(&[0], vec![work(S)], timeout(250 * MS));
    z.system.calls[0].mesh = Some(retrying(100 * MS, 5));
    let t = z.run();
    assert_eq!((t.ends_ms(), t.endings()), (vec![250], vec![Timeout]));
    assert_eq!(
        t.reached_ms(get),
        [0, 100, 200, 300, 400],
        "nobody told the proxy"
    );
    z.system.calls[0].policy.cancel = Cancel::All;
    assert_eq!(z.run().reached_ms(get), [0, 100, 200]);
}

/// Nested retries: r attempts on each of d layers make r^d requests at the bottom, 4^3 = 64.
#[test]
fn retries_multiply_along_a_path() {
    let mut z = Zoo::new(100 * S);
    let [a] = z.service("a", 999, ["do"]);
    let [b] = z.service("b", 999, ["do"]);
    let [c] = z.service("c", 999, ["do"]);
    let four = || backing_off(4, 0, 1.0, 0, Jitter::None);
    z.does(c, vec![error()]);
    let call = z.call(Caller::Endpoint(b), c, four());
    z.does(b, vec![call]);
    let call = z.call(Caller::Endpoint(a), b, four());
    z.does(a, vec![call]);
    let users = z.client_at("users", &[0]);
    z.asks(users, a, four());
    assert_eq!(z.run().reached_ms(c).len(), 64);
}

/// A call's `work: 3x` is this request's work at the callee; `priority` its class there.
#[test]
fn a_call_may_weigh_more() {
    let (mut z, _) = server(
        &[0],
        vec![work(10 * MS), wait(10 * MS)],
        CallPolicy::default(),
    );
    z.system.calls[0].work_factor = 3.0;
    assert_eq!(z.run().ends_ms(), [40]);
}

/// A quota: a retry after an error costs 5 of 7 tokens; a call that succeeds at once gives one back.
#[test]
fn a_quota_pays_for_retries() {
    let mut policy = backing_off(2, 0, 1.0, 0, Jitter::None);
    policy.retry.as_mut().unwrap().budget = Some(Budget::Quota {
        tokens: 7,
        cost: 5,
        timeout_cost: 7,
        scope: BudgetScope::Replica,
    });
    let at: Vec<u64> = (0..9).map(|i| i * 10).collect();
    let (mut z, get) = server(&at, vec![], policy);
    for from in [0, 65] {
        let target = z.all_of("server");
        let kind = FaultKind::Errors {
            target,
            by: Dist::Constant(1.0),
            keys: None,
        };
        z.strikes(kind, from * MS, 20 * MS);
    }
    // 0: pays, 2 left. 10: cannot. 20 to 60 succeed: 7 again. 70: pays, 2 left. 80: cannot.
    assert_eq!(
        z.run().reached_ms(get),
        [0, 0, 10, 20, 30, 40, 50, 60, 70, 70, 80]
    );
}

/// After a timeout it costs more, and a call that succeeds on a retry gives back what the retry cost.
#[test]
fn a_quota_charges_timeouts_more() {
    let mut policy = backing_off(2, 0, 1.0, 0, Jitter::None);
    policy.timeout_ns = Some(5 * MS);
    policy.retry.as_mut().unwrap().budget = Some(Budget::Quota {
        tokens: 12,
        cost: 5,
        timeout_cost: 10,
        scope: BudgetScope::Replica,
    });
    let at = [0, 20, 40, 60];
    let (mut z, get) = server(&at, vec![wait(MS)], policy);
    // Steps that start before 2 ms take 100 ms, and so do those from 39 to 50.
    for (from, lasts) in [(0, 2), (39, 11)] {
        let target = z.all_of("server");
        let kind = FaultKind::Slow {
            target,
            by: Dist::Constant(100.0),
            of: SlowOf::New,
        };
        z.strikes(kind, from * MS, lasts * MS);
    }
    // 0: times out, pays 10 of 12; the retry at 5 succeeds and gives back 5: 7. 20: succeeds, 8. 40: times out and
    // cannot pay 10. 60: succeeds.
    assert_eq!(z.run().reached_ms(get), [0, 5, 20, 40, 60]);
}

/// Over the last second at most a fifth of requests and one more: worked out visit by visit.
#[test]
fn a_windowed_budget_forgets() {
    let mut policy = backing_off(2, 0, 1.0, 0, Jitter::None);
    policy.retry.as_mut().unwrap().budget = Some(Budget::Windowed {
        ratio: 0.2,
        min_per_s: 1.0,
        window_ns: S,
        scope: BudgetScope::Replica,
    });
    let at: Vec<u64> = (0..30).map(|i| i * 100).collect();
    let (z, get) = server(&at, vec![error()], policy);
    let reached = z.run().reached_ms(get);
    let retried: Vec<u64> = (0..30)
        .filter(|i| reached.iter().filter(|ms| **ms == i * 100).count() == 2)
        .collect();
    // At visit k the window holds min(k + 1, 11) requests. 0: 1.2 allow one. 4: 2.0 allow the second, 9: 3.0 the
    // third. From then on 3.2 allow three in the last eleven visits: one as soon as the oldest but two has left.
    assert_eq!(retried, [0, 4, 9, 11, 15, 20, 22, 26]);
}
