//! Faults on one worker: what it carries is hit, and nothing else.

use crate::zoo::*;
use worstday_model::day::Strike;
use worstday_model::system::*;
use worstday_sim::Ending::*;

fn server(at_ms: &[u64], steps: Vec<Step>) -> (Zoo, EndpointId) {
    let mut z = Zoo::new(100 * S);
    let [get] = z.service("server", 2, ["get"]);
    z.does(get, steps);
    let at: Vec<u64> = at_ms.iter().map(|t| t * MS).collect();
    let users = z.client_at("users", &at);
    z.asks(users, get, CallPolicy::default());
    (z, get)
}

fn worker(number: u32) -> Target {
    Target::Worker {
        service: ServiceId(0),
        replica: Replicas::One(0),
        worker: Some(number),
    }
}

fn size(by: f64) -> Dist {
    Dist::Constant(by)
}

/// A throttled worker: what is left of its step takes three times as long, and goes on at full speed afterwards.
#[test]
fn a_slow_worker_slows_what_it_carries() {
    let (mut z, _) = server(&[0, 0, 10, 220], vec![work(100 * MS)]);
    let fault = FaultKind::Slow {
        target: worker(0),
        by: size(3.0),
        of: SlowOf::Running,
    };
    z.strikes(fault, 50 * MS, 200 * MS);
    // Worker 0 has 50 ms left at 50: until 200. Worker 1 is done at 100 and takes the third until 200. The fourth
    // goes to worker 0 at 220, with 300 ms to do; at 250 it has done 30, and the rest takes 90 instead of 270.
    assert_eq!(z.run().ends_ms(), [200, 100, 200, 340]);
}

/// `of: new`: only steps that start meanwhile, and they stay slow.
#[test]
fn a_worker_of_slower_code_slows_new_steps() {
    let (mut z, _) = server(&[0, 0, 120, 120], vec![work(100 * MS)]);
    let fault = FaultKind::Slow {
        target: worker(0),
        by: size(3.0),
        of: SlowOf::New,
    };
    z.strikes(fault, 50 * MS, 200 * MS);
    assert_eq!(z.run().ends_ms(), [100, 100, 420, 220]);
}

/// Half the speed: twice the work, and waiting takes as long as ever.
#[test]
fn a_weak_worker_works_slower() {
    let (mut z, _) = server(&[0, 0], vec![work(100 * MS), wait(20 * MS)]);
    let fault = FaultKind::Capacity {
        target: worker(0),
        to: size(0.5),
    };
    z.strikes(fault, 50 * MS, S);
    assert_eq!(z.run().ends_ms(), [170, 120]);
}

/// On shared cores its job needs twice the core time, the others' none more.
#[test]
fn a_slow_worker_needs_more_of_the_cores() {
    let (mut z, _) = server(&[0, 0], vec![work(100 * MS)]);
    z.of("server").cores = Some(Cores {
        request: 2.0,
        limit: 2.0,
        order: CoreOrder::Shared,
    });
    let fault = FaultKind::Slow {
        target: worker(0),
        by: size(2.0),
        of: SlowOf::Running,
    };
    z.strikes(fault, 50 * MS, S);
    let t = z.run();
    assert_eq!(t.ends_ms(), [150, 100]);
    assert_eq!(t.service("server").cpu_ns, 250 * MS);
}

/// Its own share of requests fails: those of the other worker do not.
#[test]
fn a_faulty_worker_fails_its_requests() {
    let (mut z, _) = server(&[0, 0, 200, 200], vec![work(100 * MS)]);
    let fault = FaultKind::Errors {
        target: worker(1),
        by: size(1.0),
        keys: None,
    };
    z.strikes(fault, 50 * MS, 100 * MS);
    let t = z.run();
    assert_eq!(t.ends_ms(), [100, 100, 300, 300]);
    assert_eq!(t.endings(), [Ok, Error, Ok, Ok]);
}

/// A faulty worker fails at its rate: of 2,000 requests one after another, all on worker 0, 30 %.
#[test]
fn a_faulty_worker_fails_at_its_rate() {
    let at: Vec<u64> = (0..2_000).map(|i| i * 2).collect();
    let (mut z, _) = server(&at, vec![work(MS)]);
    let fault = FaultKind::Errors {
        target: worker(0),
        by: size(0.3),
        keys: None,
    };
    z.strikes(fault, 0, 100 * S);
    let failed = z.run().endings().iter().filter(|e| **e == Error).count();
    // Standard deviation 20.5.
    assert!((520..=680).contains(&failed), "{failed}");
}

/// Branches of a `parallel` step are carried by the worker of their request.
#[test]
fn branches_stand_still_with_their_worker() {
    let both = step(Verb::Parallel {
        branches: vec![vec![work(100 * MS)], vec![work(60 * MS)]],
        need: 2,
        cancel: LeftOver::RunOn,
    });
    let (mut z, _) = server(&[0, 0], vec![both]);
    z.strikes(FaultKind::Stall(worker(0)), 50 * MS, S);
    assert_eq!(z.run().ends_ms(), [1100, 100]);
}

/// A scenario may aim a fault of the whole service at one worker.
#[test]
fn a_strike_may_aim_at_a_worker() {
    let (mut z, _) = server(&[0, 0], vec![work(100 * MS)]);
    let target = z.all_of("server");
    let fault = z.strikes(FaultKind::Stall(target), 50 * MS, S);
    z.day.faults = vec![Strike {
        fault,
        ordinal: 0,
        at_ns: 50 * MS as i64,
        lasts_ns: None,
        by: None,
        target: Some(worker(1)),
    }];
    assert_eq!(z.run().ends_ms(), [100, 1100]);
}

/// What a worker's fault adds up to is forgotten at its end: a later request has its own time again.
#[test]
fn a_workers_fault_leaves_no_trace() {
    let (plain, get) = server(&[0, 0, 5_000], vec![exponential(50e6)]);
    let (mut z, _) = server(&[0, 0, 5_000], vec![exponential(50e6)]);
    let fault = FaultKind::Slow {
        target: worker(0),
        by: size(7.0),
        of: SlowOf::Running,
    };
    z.strikes(fault, 2_000 * MS, S);
    let (plain, z) = (plain.run(), z.run());
    assert_eq!(plain.done_ms(get), z.done_ms(get));
}
