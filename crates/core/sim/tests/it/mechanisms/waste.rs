//! What decides whether predictions come true: who goes on working, holding and waiting when nobody wants
//! the answer any more, and what a stall leaves going.

use crate::zoo::*;
use worstday_model::system::*;
use worstday_sim::Ending::{self, *};

/// A worker whose caller gave up works on: its time is wasted, and those behind it wait for it all the same.
#[test]
fn a_worker_whose_caller_gave_up_works_on() {
    let mut z = Zoo::new(10 * S);
    let [get] = z.service("server", 1, ["get"]);
    z.does(get, vec![work(300 * MS)]);
    let users = z.client_at("users", &[0, 50 * MS]);
    z.asks(users, get, timeout(100 * MS));
    let t = z.run();
    assert_eq!(t.endings(), [Timeout, Timeout]);
    assert_eq!(t.ends_ms(), [100, 150]);
    assert_eq!(
        t.began_ms(get),
        [0, 300],
        "the second waits for work that nobody wants"
    );
    assert_eq!(t.done_ms(get), [300, 600]);
    let server = t.service("server");
    assert_eq!(server.wasted_worker_ns, 600 * MS);
    assert_eq!(server.worker_ns, 600 * MS);
    assert_eq!(server.ends.abandoned, 2);
    assert_eq!(t.call("users -> server.get").late, 2);
}

/// front (1 worker) asks back (1 worker, 1 s) up to three times, 100 ms each with 200 ms between, while its own
/// user leaves after 150 ms.
fn holding(cancel: Cancel) -> (Zoo, EndpointId, EndpointId) {
    let mut z = Zoo::new(20 * S);
    let [back] = z.service("back", 10, ["load"]);
    let [front] = z.service("front", 1, ["page"]);
    z.does(back, vec![work(S)]);
    let policy = CallPolicy {
        timeout_ns: Some(100 * MS),
        cancel,
        retry: Some(Retry {
            backoff_ns: 200 * MS,
            grow: 1.0,
            ..attempts(3)
        }),
        ..CallPolicy::default()
    };
    let call = z.call(Caller::Endpoint(front), back, policy);
    z.does(front, vec![call]);
    let users = z.client_at("users", &[0, 10 * MS]);
    z.asks(
        users,
        front,
        CallPolicy {
            cancel,
            ..timeout(150 * MS)
        },
    );
    (z, front, back)
}

/// A caller that holds a worker holds it through all attempts and back-offs, also after its own caller has
/// gone: attempts at 0, 300 and 600 ms, so the worker is free at 700 ms although its user left at 150 ms.
#[test]
fn a_caller_holds_its_worker_through_attempts_and_back_offs() {
    let (z, front, back) = holding(Cancel::None);
    let t = z.run();
    assert_eq!(t.ends_ms(), [150, 160]);
    assert_eq!(t.reached_ms(back), [0, 300, 600, 700, 1000, 1300]);
    assert_eq!(t.began_ms(front), [0, 700]);
    assert_eq!(t.done_ms(front), [700, 1400]);
    assert_eq!(
        t.done_ms(back),
        [1000, 1300, 1600, 1700, 2000, 2300],
        "each attempt is worked off"
    );
}

/// With `cancel: all` the same worker is free the moment its user leaves, and so is the one it asked.
#[test]
fn cancellation_frees_the_worker_and_what_it_asked_for() {
    let (z, front, back) = holding(Cancel::All);
    let t = z.run();
    assert_eq!(t.ends_ms(), [150, 160]);
    // The first user leaves at 150, in the back-off; the second request begins then and is told at 160.
    assert_eq!(t.began_ms(front), [0, 150]);
    assert_eq!(t.done_ms(front), [150, 160]);
    assert_eq!(t.reached_ms(back), [0, 150]);
    assert_eq!(
        t.done_ms(back),
        [100, 160],
        "cancelled by the timeout, then by the user's"
    );
}

/// `cancel: queued` takes out what has not started and leaves what has.
#[test]
fn cancelling_queued_requests_spares_those_in_service() {
    let mut z = Zoo::new(10 * S);
    let [get] = z.service("server", 1, ["get"]);
    z.does(get, vec![work(300 * MS)]);
    let users = z.client_at("users", &[0, 0, 250 * MS]);
    z.asks(
        users,
        get,
        CallPolicy {
            cancel: Cancel::Queued,
            ..timeout(100 * MS)
        },
    );
    let t = z.run();
    assert_eq!(
        t.began_ms(get),
        [0, 300],
        "the second left the line at 100 ms"
    );
    assert_eq!(t.service("server").worker_ns, 600 * MS);
    assert_eq!(t.endings(), [Timeout; 3]);
}

/// A stall of one worker leaves its replica's queue and its other workers going.
#[test]
fn a_stalled_worker_leaves_the_others_going() {
    let mut z = Zoo::new(20 * S);
    let [get] = z.service("server", 2, ["get"]);
    z.does(get, vec![work(100 * MS)]);
    let users = z.client_at("users", &[0, 0, 0, 0, 0]);
    z.asks(users, get, CallPolicy::default());
    let target = Target::Worker {
        service: z.id("server"),
        replica: Replicas::One(0),
        worker: Some(0),
    };
    z.strikes(FaultKind::Stall(target), 50 * MS, S);
    let t = z.run();
    // Worker 0 holds the first request for a second more; worker 1 serves the rest at 100 ms each.
    assert_eq!(t.ends_ms(), [1100, 100, 200, 300, 400]);
}

/// A worker that stalls while idle takes no request until the end.
#[test]
fn an_idle_worker_that_stalls_takes_nothing() {
    let mut z = Zoo::new(20 * S);
    let [get] = z.service("server", 2, ["get"]);
    z.does(get, vec![work(100 * MS)]);
    let users = z.client_at("users", &[100 * MS, 100 * MS, 100 * MS, 2 * S, 2 * S]);
    z.asks(users, get, CallPolicy::default());
    let target = Target::Worker {
        service: z.id("server"),
        replica: Replicas::One(0),
        worker: Some(0),
    };
    z.strikes(FaultKind::Stall(target), 50 * MS, S);
    assert_eq!(z.run().ends_ms(), [200, 300, 400, 2100, 2100]);
}

/// After a stall of the service everything continues where it stood: work that had 60 ms left has 60 ms
/// left, the line stands as it stood, and what was asked of others has gone on meanwhile.
#[test]
fn after_a_stall_everything_continues_where_it_stood() {
    let mut z = Zoo::new(20 * S);
    let [get] = z.service("server", 1, ["get"]);
    z.does(get, vec![work(100 * MS)]);
    let users = z.client_at("users", &[0, 20 * MS, 500 * MS]);
    z.asks(users, get, CallPolicy::default());
    let target = z.all_of("server");
    z.strikes(FaultKind::Stall(target), 40 * MS, S);
    let t = z.run();
    // 40 ms done, a second lost, 60 ms to go; then the other two, who came before and during it.
    assert_eq!(t.ends_ms(), [1100, 1200, 1300]);
    assert_eq!(t.began_ms(get), [0, 1100, 1200]);
}

/// The same with cores under processor sharing, and with a call under way: the answer that came during the
/// stall is taken up at its end.
#[test]
fn a_stalled_caller_takes_up_its_answer_afterwards() {
    let mut z = Zoo::new(20 * S);
    let [back] = z.service("back", 1, ["load"]);
    let [front] = z.service("front", 1, ["page"]);
    z.does(back, vec![work(100 * MS)]);
    let call = z.call(Caller::Endpoint(front), back, timeout(500 * MS));
    z.does(front, vec![call, work(50 * MS)]);
    let users = z.client_at("users", &[0]);
    z.asks(users, front, CallPolicy::default());
    let target = z.all_of("front");
    z.strikes(FaultKind::Stall(target), 40 * MS, S);
    let t = z.run();
    // back answers at 100; front takes it up at 1040, though its own timeout passed at 500 meanwhile.
    assert_eq!(t.done_ms(back), [100]);
    assert_eq!(t.ends_ms(), [1090]);
    assert_eq!(t.endings(), [Ok]);
}

/// Processor sharing stands still in a stall too: two jobs of 100 ms on one core end together.
#[test]
fn shared_cores_stand_still_in_a_stall() {
    let mut z = Zoo::new(20 * S);
    let [get] = z.service("server", u32::MAX, ["get"]);
    z.does(get, vec![work(100 * MS)]);
    z.of("server").cores = Some(Cores {
        request: 1.0,
        limit: 1.0,
        order: CoreOrder::Shared,
    });
    let users = z.client_at("users", &[0, 0]);
    z.asks(users, get, CallPolicy::default());
    let target = z.all_of("server");
    z.strikes(FaultKind::Stall(target), 40 * MS, S);
    assert_eq!(z.run().ends_ms(), [1200, 1200]);
}

/// A refusal by the callee is a failed attempt that the retry policy sees after the message has gone there
/// and back; with 10 ms each way attempts leave every 20 ms.
#[test]
fn a_refusal_comes_back_after_there_and_back() {
    let mut z = Zoo::new(10 * S);
    z.delay(10 * MS);
    let [get] = z.service("server", 1, ["get"]);
    z.does(get, vec![work(S)]);
    z.of("server").queue.bound = 0;
    let users = z.client_at("users", &[0, 100 * MS]);
    z.asks(users, get, retrying(5 * S, 3));
    let t = z.run();
    assert_eq!(t.sent_ms(), [0, 100, 120, 140]);
    assert_eq!(t.ends_ms(), [1020, 160]);
    assert_eq!(t.endings(), [Ok, Rejected]);
    assert_eq!(t.call("users -> server.get").attempt_results.rejected, 3);
    assert_eq!(t.service("server").ends.shed, 3);
    assert_eq!(
        t.service("server").worker_ns,
        S,
        "a refusal costs no worker and no time"
    );
}

/// A refusal by the caller's own side comes at once: nobody is believed ready.
#[test]
fn nobody_ready_is_refused_at_once() {
    let mut z = Zoo::new(60 * S);
    z.delay(10 * MS);
    let [get] = z.service("server", 1, ["get"]);
    z.does(get, vec![work(10 * MS)]);
    z.of("server").ready = Probe {
        every_ns: S,
        timeout_ns: S,
        failures: 1,
        calls: None,
    };
    // At 0.5 s it is down but believed ready: there and back. At 1.5 s the probe of 1 s has told.
    let users = z.client_at("users", &[500 * MS, 1500 * MS]);
    z.asks(users, get, retrying(5 * S, 3));
    let target = z.all_of("server");
    z.strikes(FaultKind::Crash(target), 100 * MS, 10 * S);
    let t = z.run();
    assert_eq!(t.ends_ms(), [560, 1500]);
    assert_eq!(t.endings(), [Refused, Refused]);
    // An attempt that finds nobody sends no message.
    assert_eq!(t.call("users -> server.get").attempt_results.refused, 6);
    assert_eq!(t.sent_ms(), [500, 520, 540]);
}

/// The caller's own pool is its own side too: no permit, `rejected` at once, and the retry sees it.
#[test]
fn no_permit_is_rejected_at_once() {
    let mut z = Zoo::new(10 * S);
    z.delay(10 * MS);
    let [back] = z.service("back", 9, ["load"]);
    let [front] = z.service("front", 9, ["page"]);
    z.does(back, vec![work(100 * MS)]);
    let pool = z.pool("lines", Some("front"), 1);
    z.system.pools[0].wait_ns = Some(0);
    let policy = CallPolicy {
        pool: Some(pool),
        retry: Some(Retry {
            backoff_ns: 30 * MS,
            grow: 1.0,
            ..attempts(2)
        }),
        ..CallPolicy::default()
    };
    let call = z.call(Caller::Endpoint(front), back, policy);
    z.does(front, vec![call]);
    let users = z.client_at("users", &[0, 0]);
    z.asks(users, front, CallPolicy::default());
    let t = z.run();
    // Both reach front at 10. The first holds the permit 10..130; the second is rejected at 10 and at 40.
    let ends: Vec<(u64, Ending)> = t.visits().iter().map(|v| (v.1 / MS, v.2)).collect();
    assert_eq!(ends, [(140, Ok), (50, Error)]);
    assert_eq!(
        t.call("front.page -> back.load").attempt_results.rejected,
        2
    );
}
