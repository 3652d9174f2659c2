//! Each kind of fault on each kind of target.

use crate::zoo::*;
use worstday_model::day::{Occurrence, Strike};
use worstday_model::system::*;
use worstday_sim::Ending::*;

fn server(workers: u32, at_ms: &[u64], steps: Vec<Step>) -> (Zoo, EndpointId) {
    let mut z = Zoo::new(100 * S);
    let [get] = z.service("server", workers, ["get"]);
    z.does(get, steps);
    z.of("server").start = Dist::Constant(0.0);
    let at: Vec<u64> = at_ms.iter().map(|t| t * MS).collect();
    let users = z.client_at("users", &at);
    z.asks(users, get, timeout(S));
    (z, get)
}

fn size(by: f64) -> Dist {
    Dist::Constant(by)
}

/// A crash refuses at once: what is inside, what waits, what comes; afterwards `start`.
#[test]
fn a_crash_refuses_at_once() {
    let (mut z, get) = server(1, &[0, 10, 60, 250, 290, 400], vec![work(100 * MS)]);
    z.delay(5 * MS);
    z.of("server").start = Dist::Constant(80e6);
    let target = z.all_of("server");
    z.strikes(FaultKind::Crash(target), 50 * MS, 150 * MS);
    let t = z.run();
    // The two inside hear of it at 50 (a reset needs no answer to travel); 60 is refused there and back; 250 as
    // well, for it starts until 280; from then on it serves.
    assert_eq!(t.ends_ms(), [50, 50, 70, 260, 400, 510]);
    assert_eq!(t.endings(), [Refused, Refused, Refused, Refused, Ok, Ok]);
    assert_eq!(t.began_ms(get), [5, 295, 405]);
    let server = t.service("server");
    assert!(
        (server.ready_mean - (1.0 - 0.23 / 100.0)).abs() < 1e-9,
        "{}",
        server.ready_mean
    );
    assert_eq!(server.worker_ns, 245 * MS);
}

/// A vanished process tells nobody: callers run into their timeouts.
#[test]
fn a_vanished_process_tells_nobody() {
    let (mut z, _) = server(1, &[0, 60, 1400], vec![work(100 * MS)]);
    let target = z.all_of("server");
    z.strikes(FaultKind::Vanish(target), 50 * MS, 950 * MS);
    let t = z.run();
    assert_eq!(t.ends_ms(), [1000, 1060, 1500]);
    assert_eq!(t.endings(), [Timeout, Timeout, Ok]);
}

/// A caller that crashes has stopped waiting, no more: its callee works on.
#[test]
fn a_crashed_callers_callee_works_on() {
    let (mut z, page) = server(9, &[0], vec![]);
    let [load] = z.service("back", 1, ["load"]);
    z.does(load, vec![work(100 * MS)]);
    let call = z.call(
        Caller::Endpoint(page),
        load,
        CallPolicy {
            cancel: Cancel::All,
            ..CallPolicy::default()
        },
    );
    z.does(page, vec![call]);
    let target = z.all_of("server");
    z.strikes(FaultKind::Crash(target), 50 * MS, S);
    let t = z.run();
    assert_eq!((t.ends_ms(), t.endings()), (vec![50], vec![Refused]));
    assert_eq!(t.done_ms(load), [100]);
    assert_eq!(t.service("back").wasted_worker_ns, 100 * MS);
}

/// In a stall arrivals queue and a full room refuses as ever.
#[test]
fn a_stalled_service_still_has_a_bounded_room() {
    let (mut z, _) = server(1, &[0, 60, 70, 80], vec![work(100 * MS)]);
    z.of("server").queue.bound = 2;
    let target = z.all_of("server");
    z.strikes(FaultKind::Stall(target), 50 * MS, 200 * MS);
    let t = z.run();
    assert_eq!(t.ends_ms(), [300, 400, 500, 80]);
    assert_eq!(t.endings(), [Ok, Ok, Ok, Rejected]);
}

/// Overlapping stalls are a union; so are overlapping crashes.
#[test]
fn downs_are_a_union() {
    let (mut z, _) = server(1, &[0], vec![work(100 * MS)]);
    for (from, lasts) in [(50, 200), (150, 200), (200, 10)] {
        let target = z.all_of("server");
        z.strikes(FaultKind::Stall(target), from * MS, lasts * MS);
    }
    assert_eq!(z.run().ends_ms(), [400]);
}

/// A hang accepts and never answers. Its workers stay lost until a restart, or come back at its end.
#[test]
fn a_hang_keeps_its_workers() {
    let hang = |frees| {
        let (mut z, get) = server(2, &[0, 60, 3000, 3000], vec![work(100 * MS)]);
        let target = z.all_of("server");
        z.strikes(FaultKind::Hang { target, frees }, 50 * MS, 200 * MS);
        let t = z.run();
        (t.ends_ms(), t.endings(), t.began_ms(get))
    };
    // The one in hand at 50 goes on; the one of 60 is taken and never answered.
    let (ends, endings, began) = hang(Frees::AtRestart);
    assert_eq!(ends, [100, 1060, 3100, 3200], "one worker of two is left");
    assert_eq!(endings, [Ok, Timeout, Ok, Ok]);
    assert_eq!(began, [0, 60, 3000, 3100]);
    let (ends, endings, _) = hang(Frees::AtEnd);
    assert_eq!(ends[2..], [3100, 3100]);
    assert!(!endings[1].is_good());
}

/// A restart frees hung workers.
#[test]
fn a_restart_frees_hung_workers() {
    let (mut z, _) = server(1, &[60, 3000], vec![work(100 * MS)]);
    let target = z.all_of("server");
    z.strikes(
        FaultKind::Hang {
            target,
            frees: Frees::AtRestart,
        },
        50 * MS,
        200 * MS,
    );
    assert_eq!(z.run().endings(), [Timeout, Timeout]);
    let target = z.all_of("server");
    z.strikes(FaultKind::Crash(target), 2000 * MS, MS);
    assert_eq!(z.run().endings(), [Timeout, Ok]);
}

/// `slow` stretches what is left of running steps, `work` and `wait` alike; `of: new` only what starts later.
#[test]
fn slow_stretches_what_is_left() {
    for verb in [work as fn(u64) -> Step, wait] {
        let (mut z, _) = server(9, &[0, 60, 300], vec![verb(100 * MS)]);
        let target = z.all_of("server");
        let kind = FaultKind::Slow {
            target,
            by: size(3.0),
            of: SlowOf::Running,
        };
        z.strikes(kind, 50 * MS, 100 * MS);
        // 50 done, 100/3 more by 150, the rest at full speed: 166.7. From 60: 30 of 100 by 150, then 70.
        assert_eq!(z.run().ends_ms(), [166, 220, 400]);
        let (mut z, _) = server(9, &[0, 60, 300], vec![verb(100 * MS)]);
        let target = z.all_of("server");
        let kind = FaultKind::Slow {
            target,
            by: size(3.0),
            of: SlowOf::New,
        };
        z.strikes(kind, 50 * MS, 100 * MS);
        assert_eq!(z.run().ends_ms(), [100, 360, 400]);
    }
}

/// Factors of overlapping faults multiply, and their end leaves no trace.
#[test]
fn factors_multiply() {
    let (mut z, _) = server(9, &[0, 50, 500], vec![work(10 * MS)]);
    for (by, lasts) in [(2.0, 200), (3.0, 300)] {
        let target = z.all_of("server");
        z.strikes(
            FaultKind::Slow {
                target,
                by: size(by),
                of: SlowOf::New,
            },
            20 * MS,
            lasts * MS,
        );
    }
    assert_eq!(z.run().ends_ms(), [10, 110, 510]);
}

/// `slow` with cores: the cores as a whole are slowed, waits too.
#[test]
fn slow_slows_shared_cores() {
    let (mut z, get) = server(u32::MAX, &[0, 0], vec![work(100 * MS)]);
    z.of("server").cores = Some(Cores {
        request: 1.0,
        limit: 1.0,
        order: CoreOrder::Shared,
    });
    let target = z.all_of("server");
    z.strikes(
        FaultKind::Slow {
            target,
            by: size(2.0),
            of: SlowOf::Running,
        },
        100 * MS,
        S,
    );
    // Half of each done by 100; the other 100 ms of core time take 200.
    assert_eq!(z.run().ends_ms(), [300, 300]);
    z.does(get, vec![wait(150 * MS)]);
    assert_eq!(z.run().ends_ms(), [200, 200]);
}

/// `capacity` takes cores or workers' speed, not time without CPU.
#[test]
fn capacity_falls() {
    let (mut z, get) = server(9, &[0, 60], vec![work(100 * MS)]);
    let target = z.all_of("server");
    z.strikes(
        FaultKind::Capacity {
            target,
            to: size(0.5),
        },
        50 * MS,
        S,
    );
    assert_eq!(z.run().ends_ms(), [150, 260]);
    z.does(get, vec![wait(100 * MS)]);
    assert_eq!(z.run().ends_ms(), [100, 160]);
    z.does(get, vec![work(100 * MS)]);
    z.of("server").cores = Some(Cores {
        request: 1.0,
        limit: 1.0,
        order: CoreOrder::Shared,
    });
    // One core at half speed from 50: the first has 50 done; both share 0.5 core from 60.
    let t = z.run();
    let ends: Vec<u64> = t.visits().iter().map(|v| v.1 / MS).collect();
    // First: 55 at 60, 45 left at a quarter: 240. Second: 45 done at 240, 55 left at a half: 350.
    assert_eq!(ends, [240, 350]);
}

/// Nothing is left of the capacity: nothing progresses, and afterwards it goes on.
#[test]
fn capacity_may_fall_to_nothing() {
    let (mut z, _) = server(9, &[0, 60], vec![work(100 * MS)]);
    let target = z.all_of("server");
    z.strikes(
        FaultKind::Capacity {
            target,
            to: size(0.0),
        },
        50 * MS,
        200 * MS,
    );
    assert_eq!(z.run().ends_ms(), [300, 350]);
    let (mut z, _) = server(u32::MAX, &[0, 60], vec![work(100 * MS)]);
    z.of("server").cores = Some(Cores {
        request: 2.0,
        limit: 2.0,
        order: CoreOrder::Shared,
    });
    let target = z.all_of("server");
    z.strikes(
        FaultKind::Capacity {
            target,
            to: size(0.0),
        },
        50 * MS,
        200 * MS,
    );
    assert_eq!(z.run().ends_ms(), [300, 350]);
}

/// `errors` fail requests after their steps; ratios combine as 1 - (1 - a)(1 - b).
#[test]
fn errors_come_after_the_steps() {
    let at: Vec<u64> = (0..4000).map(|i| i * 20).collect();
    let (mut z, _) = server(9, &at, vec![work(MS)]);
    for by in [0.5, 0.2] {
        let target = z.all_of("server");
        z.strikes(
            FaultKind::Errors {
                target,
                by: size(by),
                keys: None,
            },
            0,
            100 * S,
        );
    }
    let t = z.run();
    assert!(t.visits().iter().all(|v| v.1 - v.0 == MS));
    let bad = t.endings().iter().filter(|e| **e == Error).count();
    // 60 % of 4,000, standard deviation 31.
    assert!((2250..=2550).contains(&bad), "{bad}");
}

/// A fault of an endpoint leaves its neighbours alone.
#[test]
fn an_endpoints_fault_is_its_own() {
    let mut z = Zoo::new(100 * S);
    let [one, two] = z.service("server", 9, ["one", "two"]);
    let mut clients = vec![];
    for (name, to) in [("a", one), ("b", two)] {
        z.does(to, vec![work(100 * MS)]);
        let c = z.client_at(name, &[0, 60 * MS]);
        z.asks(c, to, CallPolicy::default());
        clients.push(c);
    }
    let target = Target::Endpoint(one);
    z.strikes(
        FaultKind::Slow {
            target,
            by: size(2.0),
            of: SlowOf::Running,
        },
        50 * MS,
        10 * S,
    );
    let target = Target::Endpoint(two);
    z.strikes(
        FaultKind::Errors {
            target,
            by: size(1.0),
            keys: None,
        },
        130 * MS,
        10 * S,
    );
    let t = z.run();
    let of = |c| {
        t.visits_of(c)
            .iter()
            .map(|v| (v.1 / MS, v.2))
            .collect::<Vec<_>>()
    };
    assert_eq!(of(clients[0]), [(150, Ok), (260, Ok)]);
    assert_eq!(of(clients[1]), [(100, Ok), (160, Error)]);
}

/// Targets: one replica, half of them rounded up, those of a zone, one drawn, a zone drawn, everything in it.
#[test]
fn targets_choose_replicas() {
    let hit = |target: Target| {
        let mut z = Zoo::new(10 * S);
        z.system.zones = ["a", "b"]
            .map(|name| Zone {
                name: name.into(),
                region: None,
            })
            .into();
        let [get] = z.service("server", 9, ["get"]);
        z.does(get, vec![work(MS)]);
        z.of("server").replicas = 5;
        z.of("server").zones = vec![ZoneId(0), ZoneId(1)];
        z.of("server").balance = Balance::RoundRobin;
        let users = z.client_at("users", &[S; 5]);
        z.asks(users, get, CallPolicy::default());
        z.strikes(FaultKind::Crash(target), 500 * MS, S);
        let t = z.run();
        let all = t.endings().into_iter().enumerate();
        all.filter(|(_, e)| *e == Refused)
            .map(|(i, _)| i as u32)
            .collect::<Vec<_>>()
    };
    let of = |r| Target::Replicas(ServiceId(0), r);
    assert_eq!(hit(of(Replicas::One(3))), [3]);
    assert_eq!(hit(of(Replicas::Share(0.5))), [0, 1, 2]);
    assert_eq!(hit(of(Replicas::Zone(ZoneId(1)))), [1, 3]);
    assert_eq!(hit(of(Replicas::All)), [0, 1, 2, 3, 4]);
    assert_eq!(hit(of(Replicas::Any)).len(), 1);
    assert_eq!(hit(Target::AnyReplica).len(), 1);
    assert_eq!(hit(Target::Zone(ZoneId(0))), [0, 2, 4]);
    assert!([vec![0, 2, 4], vec![1, 3]].contains(&hit(Target::AnyZone)));
}

fn worker(z: &Zoo, worker: Option<u32>) -> Target {
    Target::Worker {
        service: z.id("server"),
        replica: Replicas::One(0),
        worker,
    }
}

/// A worker that crashes: its request in hand is refused, the other worker and the line go on with one less.
#[test]
fn a_worker_may_crash() {
    let (mut z, get) = server(2, &[0, 0, 10, 400, 400], vec![work(100 * MS)]);
    let target = worker(&z, Some(0));
    z.strikes(FaultKind::Crash(target), 50 * MS, 200 * MS);
    let t = z.run();
    assert_eq!(t.ends_ms(), [50, 100, 200, 500, 500]);
    assert_eq!(t.endings(), [Refused, Ok, Ok, Ok, Ok]);
    assert_eq!(t.began_ms(get), [0, 0, 100, 400, 400]);
}

/// A worker that hangs keeps its request; `frees: at-end` gives it back.
#[test]
fn a_worker_may_hang() {
    for (frees, last) in [
        (Frees::AtEnd, [2100, 2100]),
        (Frees::AtRestart, [2100, 2200]),
    ] {
        let (mut z, _) = server(2, &[0, 0, 10, 2000, 2000], vec![work(100 * MS)]);
        let target = worker(&z, Some(1));
        z.strikes(FaultKind::Hang { target, frees }, 50 * MS, 200 * MS);
        let t = z.run();
        let ends = t.ends_ms();
        assert_eq!((ends[0], ends[2]), (100, 200));
        assert!(!t.endings()[1].is_good());
        assert_eq!(ends[3..], last, "{frees:?}");
    }
}

/// `together`: all start in the same instant, each with its own length.
#[test]
fn faults_come_together() {
    let (mut z, _) = server(9, &[0, 60, 300], vec![work(10 * MS)]);
    let target = z.all_of("server");
    let slow = z.strikes(
        FaultKind::Slow {
            target,
            by: size(2.0),
            of: SlowOf::New,
        },
        0,
        500 * MS,
    );
    let target = z.all_of("server");
    let bad = z.strikes(
        FaultKind::Errors {
            target,
            by: size(1.0),
            keys: None,
        },
        0,
        100 * MS,
    );
    z.day.faults.clear();
    z.strikes(FaultKind::Together(vec![slow, bad]), 50 * MS, 0);
    let t = z.run();
    assert_eq!(t.ends_ms(), [10, 80, 320]);
    assert_eq!(t.endings(), [Ok, Error, Ok]);
    assert_eq!(t.outcome.happened.len(), 2);
}

/// Random faults strike at their rate: 10,000 s at one per 100 s on each of four replicas.
#[test]
fn random_faults_strike_at_their_rates() {
    let mut z = Zoo::new(10_000 * S);
    let [_] = z.service("server", 1, ["get"]);
    z.of("server").replicas = 4;
    z.day.random = worstday_model::day::Random::Yes;
    let count = |z: &Zoo| z.outcome(1).happened.len() as f64;
    let target = Target::Replicas(ServiceId(0), Replicas::Any);
    z.strikes(FaultKind::Stall(target), 0, S);
    z.day.faults.clear();
    assert_eq!(count(&z), 0.0, "possible, of unknown frequency");
    let every = |per_replica| FaultWhen::Every {
        mean_ns: 100e9,
        per_replica,
        during: None,
    };
    z.system.faults[0].when = every(PerReplica::No);
    assert!((count(&z) - 100.0).abs() < 45.0, "{}", count(&z));
    z.system.faults[0].when = every(PerReplica::Yes);
    assert!((count(&z) - 400.0).abs() < 90.0, "{}", count(&z));
}

/// A scenario's strike may name its own size, length and target.
#[test]
fn a_strike_may_say_otherwise() {
    let (mut z, _) = server(9, &[0, 60, 300], vec![work(10 * MS)]);
    z.of("server").replicas = 2;
    z.of("server").balance = Balance::RoundRobin;
    let target = z.all_of("server");
    let fault = z.strikes(
        FaultKind::Slow {
            target,
            by: size(2.0),
            of: SlowOf::New,
        },
        0,
        S,
    );
    z.day.faults = vec![Strike {
        fault,
        ordinal: 0,
        at_ns: 50 * MS as i64,
        lasts_ns: Some(100 * MS),
        by: Some(5.0),
        target: Some(Target::Replicas(ServiceId(0), Replicas::One(1))),
    }];
    assert_eq!(z.run().ends_ms(), [10, 110, 310]);
}

/// A fault that began before the run and is still on is in force from its start.
#[test]
fn a_fault_may_be_on_already() {
    let (mut z, _) = server(9, &[0, 60], vec![work(10 * MS)]);
    let target = z.all_of("server");
    z.strikes(
        FaultKind::Slow {
            target,
            by: size(2.0),
            of: SlowOf::New,
        },
        0,
        100 * MS,
    );
    z.day.faults[0].at_ns = -50 * MS as i64;
    assert_eq!(z.run().ends_ms(), [20, 70]);
}

/// Errors for one key of a space strike the visits that drew it and nobody else.
#[test]
fn errors_may_be_for_one_key() {
    let at: Vec<u64> = (0..400).map(|i| i * 20).collect();
    let (mut z, _) = server(9, &at, vec![work(MS)]);
    z.system.keys = vec![KeySpace {
        name: "row".into(),
        count: 4,
        zipf: 0.0,
        hot: None,
    }];
    let target = z.all_of("server");
    z.strikes(
        FaultKind::Errors {
            target,
            by: size(1.0),
            keys: Some(KeySpaceId(0)),
        },
        0,
        100 * S,
    );
    let bad = z.run().endings().iter().filter(|e| **e == Error).count();
    // A quarter of 400, standard deviation 8.7.
    assert!((60..=140).contains(&bad), "{bad}");
}

fn event(z: &mut Zoo, at_ns: &[u64], lasts_ns: u64) -> EventId {
    z.system.events.push(Event {
        name: format!("event-{}", z.system.events.len()),
        when: vec![],
        every_ns: None,
        lasts: None,
        jitter_ns: 0,
        demand: vec![],
        rise_ns: 0,
        fall_ns: 0,
        edit: None,
        seen: None,
        place: Place::default(),
    });
    let event = EventId(z.system.events.len() as u32 - 1);
    for (i, &start) in at_ns.iter().enumerate() {
        z.day.events.push(Occurrence {
            event,
            ordinal: i as u64,
            start_ns: start as i64,
            lasts_ns: Some(lasts_ns),
        });
    }
    event
}

/// Faults of a run, as (from, until) in ns.
fn struck(z: &Zoo) -> Vec<(i64, Option<u64>)> {
    let outcome = z.outcome(1);
    let faults = outcome.happened.iter().filter(|h| h.what == "fault");
    faults.map(|h| (h.from_ns, h.until_ns)).collect()
}

/// With `chance`, each occurrence of the event brings the fault by a coin of its own, at its start.
#[test]
fn an_occurrence_may_bring_a_fault() {
    let mut z = Zoo::new(10_000 * S);
    let [_] = z.service("server", 1, ["get"]);
    z.day.random = worstday_model::day::Random::Yes;
    let starts: Vec<u64> = (0..400).map(|i| (20 * i + 7) * S).collect();
    let during = event(&mut z, &starts, S);
    let target = z.all_of("server");
    z.strikes(FaultKind::Stall(target), 0, S);
    z.day.faults.clear();
    let by = |z: &mut Zoo, chance| {
        z.system.faults[0].when = FaultWhen::Chance { during, chance };
        struck(z)
    };
    let quarter = by(&mut z, 0.25);
    assert!(
        quarter
            .iter()
            .all(|(from, until)| starts.contains(&(*from as u64))
                && *until == Some(*from as u64 + S))
    );
    // 100, standard deviation 8.7.
    assert!((65..=135).contains(&quarter.len()), "{}", quarter.len());
    assert!(by(&mut z, 0.0).is_empty());
    assert_eq!(by(&mut z, 1.0).len(), 400);
    // A higher chance only adds: the coins are the occurrences' own.
    let half = by(&mut z, 0.5);
    assert!(quarter.iter().all(|one| half.contains(one)));
}

/// `during` runs the fault's clock only while the event lasts.
#[test]
fn a_clock_may_run_only_during_an_event() {
    let mut z = Zoo::new(10_000 * S);
    let [_] = z.service("server", 1, ["get"]);
    z.day.random = worstday_model::day::Random::Yes;
    let during = event(&mut z, &[1_000 * S, 5_000 * S], 2_000 * S);
    let target = z.all_of("server");
    z.strikes(FaultKind::Stall(target), 0, S);
    z.day.faults.clear();
    let every = |during| FaultWhen::Every {
        mean_ns: 20e9,
        per_replica: PerReplica::No,
        during,
    };
    z.system.faults[0].when = every(Some(during));
    let within = struck(&z);
    let inside = |from: i64| {
        (1_000..3_000).contains(&(from / S as i64)) || (5_000..7_000).contains(&(from / S as i64))
    };
    assert!(within.iter().all(|(from, _)| inside(*from)));
    // 4,000 s of clock at one per 20 s: 200, standard deviation 14.
    assert!((144..=256).contains(&within.len()), "{}", within.len());
    z.system.faults[0].when = every(None);
    let all = struck(&z);
    // The same gaps, without the clock standing still: number n comes after the same time on the clock.
    let on_clock = |from: i64| {
        let s = from - 1_000 * S as i64;
        if s < 2_000 * S as i64 {
            s
        } else {
            s - 2_000 * S as i64
        }
    };
    for ((with, _), (without, _)) in within.iter().zip(&all) {
        assert!((on_clock(*with) - without).abs() <= 1);
    }
}

/// `lasts: until EVENT` ends with the next start of the event, and with the run if there is none.
#[test]
fn a_fault_may_last_until_an_event() {
    let (mut z, _) = server(9, &[10, 60, 85, 120, 500], vec![work(10 * MS)]);
    let until = event(&mut z, &[80 * MS], 0);
    let target = z.all_of("server");
    let slow = z.strikes(
        FaultKind::Slow {
            target,
            by: size(2.0),
            of: SlowOf::New,
        },
        50 * MS,
        0,
    );
    z.system.faults[slow.index()].lasts = Lasts::Until(until);
    let again = Strike {
        ordinal: 1,
        at_ns: 100 * MS as i64,
        ..z.day.faults[0].clone()
    };
    z.day.faults.push(again);
    // In force from 50 to 80, and from 100 on.
    assert_eq!(z.run().ends_ms(), [20, 80, 95, 140, 520]);
    assert_eq!(
        struck(&z),
        [(50 * MS as i64, Some(80 * MS)), (100 * MS as i64, None)]
    );
}
