//! The contract that everything later rests on: draws are functions, load only adds, the state is plain data,
//! what is switched off leaves no trace.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::zoo::*;
use worstday_model::day::{Demand, Injection, RateCurve, Strike};
use worstday_model::system::*;
use worstday_sim::observe::{EventLog, Fact, Observer};
use worstday_sim::{Engine, NoEdits, Snapshot};

const FOR: u64 = 60 * S;

/// A bit of everything: two clients, a front with a mesh, a back with cores, a store with locks, retries with
/// jitter and budgets, hedges, links with loss, random faults.
fn busy() -> Zoo {
    let mut z = Zoo::new(FOR);
    z.day.warm_up_ns = 10 * S;
    z.system.keys = vec![KeySpace {
        name: "sku".into(),
        count: 50,
        zipf: 1.0,
        hot: None,
    }];
    let [page, buy] = z.service("front", 20, ["page", "buy"]);
    let [load] = z.service("back", u32::MAX, ["load"]);
    let [put] = z.service("store", 4, ["put"]);
    z.of("front").replicas = 2;
    z.of("front").balance = Balance::LeastRequests;
    z.of("front").queue.bound = 30;
    z.of("back").replicas = 3;
    z.of("back").cores = Some(Cores {
        request: 2.0,
        limit: 2.0,
        order: CoreOrder::Shared,
    });
    z.of("back").balance = Balance::Hash(KeySpaceId(0));
    z.of("store").queue.order = Order::AdaptiveLifo;
    z.of("store").queue.expired = Expired::Drop;
    z.of("store").start = Dist::LogNormal { mean: 2e9, cv: 0.5 };
    z.of("store").ready = Probe {
        every_ns: S,
        timeout_ns: S,
        failures: 2,
        calls: None,
    };
    z.delay(MS / 2);
    z.system.links[1].loss = 0.001;
    let locks = z.pool("locks", Some("store"), 1);
    z.system.pools[0].keys = Some(KeySpaceId(0));
    z.system.pools[0].wait_ns = Some(500 * MS);
    let retry = Retry {
        backoff_ns: 20 * MS,
        jitter: Jitter::Full,
        budget: Some(Budget::Bucket {
            ratio_milli: 100,
            burst_milli: 10_000,
            scope: BudgetScope::Replica,
        }),
        ..attempts(4)
    };
    let to_back = CallPolicy {
        retry: Some(retry.clone()),
        cancel: Cancel::All,
        ..timeout(150 * MS)
    };
    let a = z.call(Caller::Endpoint(page), load, to_back);
    z.last_call().mesh = Some(retrying(100 * MS, 2));
    let b = z.call(
        Caller::Endpoint(buy),
        put,
        CallPolicy {
            retry: Some(Retry {
                budget: None,
                ..retry
            }),
            ..timeout(300 * MS)
        },
    );
    let c = z.call(
        Caller::Endpoint(buy),
        load,
        CallPolicy {
            hedge: Some(Hedge {
                after: HedgeAfter::Time(40 * MS),
                extra: 1,
            }),
            ..timeout(400 * MS)
        },
    );
    z.last_call().fallback = Some(Fallback {
        results: Results::ALL,
        what: FallbackDo::Degraded,
    });
    z.does(page, vec![exponential(5e6), a]);
    let both = step(Verb::Parallel {
        branches: vec![vec![b], vec![c]],
        need: 2,
        cancel: LeftOver::RunOn,
    });
    z.does(buy, vec![exponential(8e6), both]);
    z.does(
        load,
        vec![step(Verb::Work(Dist::LogNormal {
            mean: 25e6,
            cv: 1.5,
        }))],
    );
    z.does(
        put,
        vec![
            step(Verb::Hold(locks, vec![exponential(30e6)])),
            wait(2 * MS),
        ],
    );
    let readers = z.client_stream("readers", 120.0, Pattern::Poisson);
    z.asks(readers, page, timeout(S));
    let buyers = z.client_stream("buyers", 30.0, Pattern::Cv(1.5));
    z.asks(buyers, buy, CallPolicy::default());
    let row = &mut z.system.clients[buyers.index()];
    row.patience = Patience::Time(Dist::Exponential { mean: 3e9 });
    row.cancel = Cancel::Queued;
    row.retry = Some(Retry {
        backoff_ns: S,
        jitter: Jitter::Equal,
        ..attempts(2)
    });
    row.value = Some(Dist::LogNormal {
        mean: 30.0,
        cv: 1.0,
    });
    let regulars = z.users("regulars", 20, Dist::Exponential { mean: 2e9 });
    z.asks(regulars, page, timeout(2 * S));
    let any = |z: &Zoo, name: &str| Target::Replicas(z.id(name), Replicas::Any);
    let (stall, crash, slow) = (any(&z, "front"), any(&z, "store"), any(&z, "back"));
    z.strikes(FaultKind::Stall(stall), 20 * S, 700 * MS);
    z.strikes(FaultKind::Crash(crash), 30 * S, S);
    z.strikes(
        FaultKind::Slow {
            target: slow,
            by: Dist::Uniform {
                low: 2.0,
                high: 4.0,
            },
            of: SlowOf::Running,
        },
        40 * S,
        5 * S,
    );
    z
}

fn digest(z: &Zoo, seed: u64) -> String {
    z.outcome(seed).digest
}

fn finish<O: Observer>(mut engine: Engine<O>) -> (String, String) {
    engine.advance(u64::MAX);
    let (outcome, _) = engine.finish("zoo").unwrap_or_else(|v| panic!("{v}"));
    let all = serde_json::to_string(&outcome).expect("an outcome is plain data");
    (outcome.digest.clone(), all)
}

/// A seed gives one history; another seed another.
#[test]
fn a_seed_gives_one_history() {
    let z = busy();
    assert_eq!(finish(z.engine(7, ())), finish(z.engine(7, ())));
    assert_ne!(digest(&z, 7), digest(&z, 8));
}

/// One step or a thousand: the same digest, and every figure of the outcome the same.
#[test]
fn steps_do_not_matter() {
    let z = busy();
    let whole = finish(z.engine(3, ()));
    let mut engine = z.engine(3, ());
    for i in 1..=1000 {
        engine.advance(i * FOR / 1000);
    }
    assert_eq!(finish(engine), whole);
}

/// A serialised snapshot half-way, read elsewhere, goes on to the same last bit.
#[test]
fn a_snapshot_goes_on_the_same() {
    let z = busy();
    let whole = finish(z.engine(3, ()));
    // In quiet times, in the stall, while a replica is down, while one is slow.
    for at in [FOR / 2, 20_300 * MS, 30_500 * MS, 42 * S] {
        let mut engine = z.engine(3, ());
        engine.advance(at);
        let text = serde_json::to_string(&engine.snapshot()).expect("a snapshot is plain data");
        drop(engine);
        let snapshot: Snapshot = serde_json::from_str(&text).expect("and comes back");
        let engine = Engine::restore(
            Arc::new(checked(&z.system)),
            Arc::new(z.day.clone()),
            Arc::new(NoEdits),
            snapshot,
            (),
        );
        assert_eq!(finish(engine), whole, "at {at}");
    }
}

/// Two forks share their past, and neither disturbs the other or the original.
#[test]
fn forks_go_their_own_ways() {
    let z = busy();
    let whole = finish(z.engine(3, ()));
    let mut engine = z.engine(3, ());
    engine.advance(25 * S);
    let mut other = engine.fork(());
    other.inject(&Injection::Demand(ClientId(0), 3.0));
    let other = finish(other);
    assert_ne!(other.0, whole.0);
    assert_eq!(finish(engine.fork(())), whole);
    assert_eq!(finish(engine), whole);
}

/// A new seed changes what is drawn after it and nothing before; the old one again changes nothing.
#[test]
fn a_new_seed_changes_the_future() {
    let z = busy();
    let told = |seed: Option<u64>| {
        let mut engine = z.engine(3, EventLog::default());
        engine.advance(25 * S);
        if let Some(seed) = seed {
            engine.reseed(seed);
        }
        z.told(engine)
    };
    let (plain, same, new) = (told(None), told(Some(3)), told(Some(4)));
    assert_eq!(plain.outcome.digest, same.outcome.digest);
    assert_ne!(plain.outcome.digest, new.outcome.digest);
    let before = |t: &Told| {
        t.log
            .rows
            .iter()
            .filter(|r| r.0 <= 25 * S)
            .copied()
            .collect::<Vec<_>>()
    };
    assert_eq!(before(&plain), before(&new));
    let after = |t: &Told| -> BTreeSet<u64> {
        let arrived = t.log.rows.iter().filter(|r| r.0 > 26 * S);
        arrived
            .filter_map(|(_, f)| match f {
                Fact::VisitArrived {
                    client: 0, visit, ..
                } => Some(*visit),
                _ => None,
            })
            .collect()
    };
    assert!(
        after(&plain) != after(&new),
        "arrivals after it are drawn anew"
    );
}

/// A fault of zero intensity, a disabled policy, an uncalled service: no trace.
#[test]
fn what_is_off_leaves_no_trace() {
    let z = busy();
    let plain = digest(&z, 5);
    let with = |change: &dyn Fn(&mut Zoo)| {
        let mut z = z.clone();
        change(&mut z);
        digest(&z, 5)
    };
    let back = |z: &Zoo| z.all_of("back");
    let one = |v| Dist::Constant(v);
    let nothing: [(&str, FaultKind); 8] = [
        (
            "slow 1x",
            FaultKind::Slow {
                target: back(&z),
                by: one(1.0),
                of: SlowOf::Running,
            },
        ),
        (
            "slow 1x, new",
            FaultKind::Slow {
                target: back(&z),
                by: one(1.0),
                of: SlowOf::New,
            },
        ),
        (
            "errors 0%",
            FaultKind::Errors {
                target: back(&z),
                by: one(0.0),
                keys: None,
            },
        ),
        (
            "errors 0% of an endpoint",
            FaultKind::Errors {
                target: Target::Endpoint(EndpointId(0)),
                by: one(0.0),
                keys: None,
            },
        ),
        (
            "capacity 100%",
            FaultKind::Capacity {
                target: back(&z),
                to: one(1.0),
            },
        ),
        (
            "loss 0%",
            FaultKind::Loss {
                target: Target::Link(LinkId(1)),
                by: one(0.0),
            },
        ),
        (
            "delay 0",
            FaultKind::Delay {
                target: Target::Link(LinkId(1)),
                by: one(0.0),
            },
        ),
        (
            "delay 0 on a path",
            FaultKind::Delay {
                target: Target::Path {
                    from: End::Any,
                    to: End::Rest,
                    both: Both::Yes,
                },
                by: one(0.0),
            },
        ),
    ];
    for (name, kind) in nothing {
        assert_eq!(
            with(&|z| {
                z.strikes(kind.clone(), 15 * S, 20 * S);
            }),
            plain,
            "{name}"
        );
    }
    // The same on constant links, whose messages take a ring instead.
    let calm = |z: &mut Zoo| z.system.links[1].loss = 0.0;
    let quiet = with(&calm);
    for kind in [
        FaultKind::Loss {
            target: Target::Link(LinkId(1)),
            by: one(0.0),
        },
        FaultKind::Delay {
            target: Target::Link(LinkId(1)),
            by: one(0.0),
        },
    ] {
        let changed = with(&|z| {
            calm(z);
            z.strikes(kind.clone(), 15 * S, 20 * S);
        });
        assert_eq!(changed, quiet, "{kind:?} where nothing else is random");
    }
    let one_attempt = with(&|z| z.system.calls[3].policy.retry = Some(attempts(1)));
    assert_eq!(one_attempt, plain, "a retry of one attempt is none");
    let never_pays = with(&|z| {
        z.system.calls[3].policy.retry = Some(Retry {
            budget: Some(Budget::Bucket {
                ratio_milli: 0,
                burst_milli: 0,
                scope: BudgetScope::Replica,
            }),
            ..attempts(5)
        });
    });
    assert_eq!(never_pays, plain, "a budget that never pays is no retry");
    let uncalled = with(&|z| {
        let [_] = z.service("archive", 3, ["get"]);
        z.pool("idle", Some("archive"), 3);
    });
    assert_eq!(uncalled, plain, "an uncalled service");
    let silent = with(&|z| {
        let c = z.client_stream("nobody", 0.0, Pattern::Poisson);
        z.asks(c, EndpointId(0), CallPolicy::default());
    });
    assert_eq!(silent, plain, "a client that never comes");
    // And what is not nothing does change it.
    let kind = FaultKind::Slow {
        target: back(&z),
        by: one(1.01),
        of: SlowOf::New,
    };
    assert_ne!(
        with(&|z| {
            z.strikes(kind.clone(), 15 * S, 20 * S);
        }),
        plain
    );
}

/// Service times by request: from its start to its end where the whole of it is one `work`.
fn service_times(t: &Told, of: EndpointId) -> BTreeMap<u64, u64> {
    let mut began = BTreeMap::new();
    let mut took = BTreeMap::new();
    for &(at, fact) in &t.log.rows {
        match fact {
            Fact::ServiceBegan { endpoint, request } if endpoint == of.0 => {
                began.insert(request, at);
            }
            Fact::RequestEnded {
                endpoint, request, ..
            } if endpoint == of.0 => {
                if let Some(from) = began.get(&request) {
                    took.insert(request, at - from);
                }
            }
            _ => {}
        }
    }
    took
}

fn arrived(t: &Told, of: ClientId) -> BTreeMap<u64, u64> {
    t.log
        .rows
        .iter()
        .filter_map(|&(at, f)| match f {
            Fact::VisitArrived { client, visit, .. } if client == of.0 => Some((visit, at)),
            _ => None,
        })
        .collect()
}

/// A shared back with enough workers to see its draws; one caller's retries are many or few.
fn shared(retries: u32) -> (Told, ClientId, EndpointId) {
    let mut z = Zoo::new(FOR);
    let [load] = z.service("back", 4, ["load"]);
    z.does(load, vec![exponential(20e6)]);
    let one = z.client_stream("one", 80.0, Pattern::Poisson);
    let two = z.client_stream("two", 80.0, Pattern::Poisson);
    let policy = CallPolicy {
        retry: Some(Retry {
            backoff_ns: 10 * MS,
            jitter: Jitter::Full,
            ..attempts(retries)
        }),
        ..timeout(40 * MS)
    };
    z.asks(one, load, policy);
    z.asks(two, load, timeout(100 * MS));
    (z.run(), two, load)
}

/// More retries at one caller shift nobody: other clients arrive as they did, and every request that both
/// histories know draws the same service time.
#[test]
fn an_extra_retry_shifts_nobody() {
    let ((few, two, load), (many, ..)) = (shared(2), shared(5));
    assert_eq!(arrived(&few, two), arrived(&many, two));
    assert_eq!(arrived(&few, ClientId(0)), arrived(&many, ClientId(0)));
    let (a, b) = (service_times(&few, load), service_times(&many, load));
    let common: Vec<_> = a
        .iter()
        .filter_map(|(id, ns)| b.get(id).map(|m| (ns, m)))
        .collect();
    assert!(
        common.len() > 3000 && a.len() != b.len(),
        "{} of {} and {}",
        common.len(),
        a.len(),
        b.len()
    );
    assert!(common.iter().all(|(x, y)| x == y));
}

fn at_load(pattern: Pattern, factor: f64, spike: Option<f64>) -> Told {
    let mut z = Zoo::new(600 * S);
    let [get] = z.service("server", u32::MAX, ["get"]);
    z.does(get, vec![exponential(20e6)]);
    let users = z.client_stream("users", 20.0, pattern);
    z.asks(users, get, CallPolicy::default());
    let Demand::Stream { factor: f, .. } = &mut z.day.demand[0] else {
        unreachable!()
    };
    *f = factor;
    if let Some(by) = spike {
        z.system.events.push(Event {
            name: "spike".into(),
            when: vec![],
            every_ns: None,
            lasts: None,
            jitter_ns: 0,
            demand: vec![(users, by)],
            rise_ns: 0,
            fall_ns: 0,
            edit: None,
            seen: None,
            place: Place::default(),
        });
        z.day.events.push(worstday_model::day::Occurrence {
            event: EventId(0),
            ordinal: 0,
            start_ns: 500 * S as i64,
            lasts_ns: Some(50 * S),
        });
    }
    z.run()
}

/// At 1.3 times the load the old visits are among the new ones, at the same instants, with the same draws,
/// whatever the highest factor of the run is.
#[test]
fn more_load_only_adds() {
    let get = EndpointId(0);
    let base = at_load(Pattern::Poisson, 1.0, None);
    let (visits, draws) = (arrived(&base, ClientId(0)), service_times(&base, get));
    for (factor, spike) in [(1.3, None), (1.0, Some(7.5)), (1.3, Some(7.5)), (2.6, None)] {
        let more = at_load(Pattern::Poisson, factor, spike);
        let (all, took) = (arrived(&more, ClientId(0)), service_times(&more, get));
        assert!(
            visits.iter().all(|(id, at)| all.get(id) == Some(at)),
            "{factor} {spike:?}"
        );
        assert!(
            draws
                .iter()
                .all(|(id, ns)| took.get(id).is_none_or(|n| n == ns))
        );
        let expected = 20.0 * factor * (550.0 + 50.0 * spike.unwrap_or(1.0));
        let sd = f64::sqrt(expected);
        assert!(
            (all.len() as f64 - expected).abs() < 4.0 * sd,
            "{factor}: {} for {expected}",
            all.len()
        );
    }
    // Less load is a part of it too.
    let less = arrived(&at_load(Pattern::Poisson, 0.7, None), ClientId(0));
    assert!(less.iter().all(|(id, at)| visits.get(id) == Some(at)));
}

/// Recorded arrivals: a factor copies or thins, and takes nobody away that a smaller one had.
#[test]
fn a_recording_at_more_load_only_adds() {
    let at = |factor| {
        let mut z = Zoo::new(100 * S);
        let [get] = z.service("server", u32::MAX, ["get"]);
        z.does(get, vec![exponential(20e6)]);
        let users = z.client_at("users", &(0..1000).map(|i| i * 50 * MS).collect::<Vec<_>>());
        z.asks(users, get, CallPolicy::default());
        let Demand::Recorded { factor: f, .. } = &mut z.day.demand[0] else {
            unreachable!()
        };
        *f = factor;
        let t = z.run();
        (arrived(&t, users), service_times(&t, get))
    };
    let (visits, draws) = at(1.0);
    assert_eq!(visits.len(), 1000);
    for (factor, low, high) in [(0.4, 330, 470), (1.3, 1225, 1375), (2.0, 2000, 2000)] {
        let (all, took) = at(factor);
        assert!((low..=high).contains(&all.len()), "{factor}: {}", all.len());
        let (few, many) = if factor < 1.0 {
            (&all, &visits)
        } else {
            (&visits, &all)
        };
        assert!(few.iter().all(|(id, at)| many.get(id) == Some(at)));
        assert!(
            draws
                .iter()
                .all(|(id, ns)| took.get(id).is_none_or(|n| n == ns))
        );
    }
}

/// `even` and `cv` arrivals keep their numbers and draws and move in time.
#[test]
fn paced_arrivals_move_in_time() {
    for pattern in [Pattern::Even, Pattern::Cv(2.0)] {
        let (base, more) = (at_load(pattern, 1.0, None), at_load(pattern, 1.3, None));
        let (a, b) = (arrived(&base, ClientId(0)), arrived(&more, ClientId(0)));
        assert!(b.len() > a.len());
        assert!(
            a.iter()
                .all(|(id, at)| b.get(id).is_some_and(|t| t < at || *at == 0)),
            "{pattern:?}"
        );
        let (a, b) = (
            service_times(&base, EndpointId(0)),
            service_times(&more, EndpointId(0)),
        );
        let common = a.iter().filter(|(id, _)| b.contains_key(id)).count();
        assert!(common > 10_000);
        assert!(a.iter().all(|(id, ns)| b.get(id).is_none_or(|n| n == ns)));
    }
}

/// Closed clients add users: those there were think the same thoughts.
#[test]
fn more_closed_users_are_added() {
    let at = |factor| {
        let mut z = Zoo::new(100 * S);
        let [get] = z.service("server", u32::MAX, ["get"]);
        z.does(get, vec![exponential(20e6)]);
        let users = z.users("users", 10, Dist::Exponential { mean: 1e9 });
        z.asks(users, get, CallPolicy::default());
        let Demand::Closed { factor: f } = &mut z.day.demand[0] else {
            unreachable!()
        };
        *f = factor;
        arrived(&z.run(), users)
    };
    let (few, many) = (at(1.0), at(1.3));
    assert!(few.iter().all(|(id, at)| many.get(id) == Some(at)));
    assert!(many.len() > few.len() + 200);
}

/// Observers watch; they change nothing. One that has seen enough ends the run.
#[test]
fn observers_change_nothing() {
    struct Enough(u32);
    impl Observer for Enough {
        fn on(&mut self, _: u64, fact: Fact) {
            self.0 += u32::from(matches!(fact, Fact::VisitEnded { .. }));
        }
        fn decided(&self) -> bool {
            self.0 >= 100
        }
    }
    let z = busy();
    let plain = finish(z.engine(9, ()));
    assert_eq!(finish(z.engine(9, EventLog::default())), plain);
    assert_eq!(finish(z.engine(9, (EventLog::default(), ()))), plain);
    let mut engine = z.engine(9, Enough(0));
    engine.advance(u64::MAX);
    let (outcome, seen) = engine.finish("zoo").unwrap_or_else(|v| panic!("{v}"));
    assert_eq!(seen.0, 100);
    assert!(outcome.end_ns < 5 * S, "{}", outcome.end_ns);
}

/// A fault injected between two advances is the same fault dated.
#[test]
fn an_injected_fault_is_a_dated_one() {
    let at = 22 * S + 333_333;
    let kinds: [fn(Target) -> FaultKind; 4] = [
        FaultKind::Crash,
        FaultKind::Stall,
        |target| FaultKind::Slow {
            target,
            by: Dist::Uniform {
                low: 2.0,
                high: 9.0,
            },
            of: SlowOf::Running,
        },
        |target| FaultKind::Hang {
            target,
            frees: Frees::AtEnd,
        },
    ];
    for kind in kinds {
        let mut dated = busy();
        let target = Target::Replicas(dated.id("store"), Replicas::All);
        let fault = dated.strikes(kind(target), at, 2 * S);
        let strike = dated.day.faults.last().cloned().expect("just pushed");
        let mut bare = dated.clone();
        bare.day.faults.pop();
        let mut engine = bare.engine(3, ());
        engine.advance(at);
        engine.inject(&Injection::Fault(Strike { fault, ..strike }));
        assert_eq!(finish(engine).0, digest(&dated, 3));
    }
}

/// New load between two advances is the same load dated, for Poisson and for paced clients.
#[test]
fn injected_load_is_dated_load() {
    let at = 22 * S + 333_333;
    for client in [ClientId(0), ClientId(1)] {
        let mut dated = busy();
        dated.system.events.push(Event {
            name: "more".into(),
            when: vec![],
            every_ns: None,
            lasts: None,
            jitter_ns: 0,
            demand: vec![(client, 2.0)],
            rise_ns: 0,
            fall_ns: 0,
            edit: None,
            seen: None,
            place: Place::default(),
        });
        let bare = dated.clone();
        dated.day.events.push(worstday_model::day::Occurrence {
            event: EventId(0),
            ordinal: 0,
            start_ns: at as i64,
            lasts_ns: Some(FOR),
        });
        let plain = digest(&bare, 3);
        let mut engine = bare.engine(3, ());
        engine.advance(at);
        engine.inject(&Injection::Demand(client, 2.0));
        let injected = finish(engine).0;
        assert_ne!(injected, plain, "client {} comes more often", client.0);
        assert_eq!(injected, digest(&dated, 3), "client {}", client.0);
    }
}

/// Every client and service of the busy system adds up, to the nanosecond; that is checked at every end.
#[test]
fn counts_add_up() {
    for seed in 0..if long() { 200 } else { 20 } {
        let outcome = busy().outcome(seed);
        assert_eq!(outcome.conservation.len(), 6);
        assert!(
            outcome
                .conservation
                .iter()
                .all(|c| c.area_ns == c.sojourn_ns && c.ends.arrived > 0)
        );
    }
}

/// A curve's demand does not depend on how high the run's other factors are (see `RateCurve`).
#[test]
fn a_curves_bound_does_not_choose_its_visits_by_the_day() {
    let at = |rate: RateCurve| {
        let mut z = Zoo::new(100 * S);
        let [get] = z.service("server", u32::MAX, ["get"]);
        let users = z.client_stream("users", 20.0, Pattern::Poisson);
        z.asks(users, get, CallPolicy::default());
        let Demand::Stream { rate: r, .. } = &mut z.day.demand[0] else {
            unreachable!()
        };
        *r = rate;
        arrived(&z.run(), users)
    };
    let (low, high) = (
        at(RateCurve::constant(10.0, 40.0, 100 * S)),
        at(RateCurve::constant(30.0, 40.0, 100 * S)),
    );
    assert!(low.iter().all(|(id, t)| high.get(id) == Some(t)));
    assert!(
        (low.len() as f64 - 1000.0).abs() < 130.0 && (high.len() as f64 - 3000.0).abs() < 220.0
    );
}
