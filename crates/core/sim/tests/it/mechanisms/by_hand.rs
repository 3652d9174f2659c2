//! What a scenario's day does by hand, and lines that join a day while it is being lived.

use super::watch::{condition, operator, shop, sight, spans};
use crate::zoo::*;
use std::sync::Arc;
use worstday_model::day::{DatedAct, DatedDemand, Strike};
use worstday_model::system::*;
use worstday_sim::Ending::*;
use worstday_sim::observe::EventLog;
use worstday_sim::{Engine, Line, NoEdits, Unplannable, Used};

/// Somebody does something at an instant.
pub fn by_hand(z: &mut Zoo, act: Act, at_ns: u64, lasts_ns: Option<u64>) {
    z.system.by_hand.push(Action {
        text: "does it".into(),
        act,
        takes: None,
        through: None,
    });
    z.day.acts.push(DatedAct {
        act: z.system.by_hand.len() as u32 - 1,
        because: Some("the test says so".into()),
        at_ns,
        lasts_ns,
    });
}

/// An override by hand holds from its instant, which belongs to it, for as long as it says.
#[test]
fn a_flag_is_set_for_a_while() {
    let (mut z, _) = shop(20);
    by_hand(&mut z, Act::Set(FlagId(0)), 5 * S, Some(3 * S));
    let t = z.run();
    let degraded: Vec<u64> = (t.visits().iter())
        .filter(|visit| visit.2 == Degraded)
        .map(|visit| visit.0 / (100 * MS))
        .collect();
    assert_eq!(degraded, (50..80).collect::<Vec<u64>>());
    assert_eq!(spans(&t, "override"), [(5.0, Some(8.0))]);
    let row = &t.outcome.happened[0];
    assert_eq!(
        (row.name.as_str(), row.detail.as_str()),
        ("by hand", "does it, because the test says so")
    );
    assert_eq!(t.outcome.happened.len(), 1, "told once");
}

/// What is done at once is over at once; what never ends lasts to the end.
#[test]
fn a_restart_is_over_and_a_closed_door_stays() {
    let (mut z, _) = shop(20);
    let shop = z.all_of("shop");
    by_hand(&mut z, Act::Restart(shop), 5 * S, None);
    by_hand(
        &mut z,
        Act::Shed(Shed::Client(ClientId(0)), 1.0),
        10 * S,
        None,
    );
    let t = z.run();
    assert_eq!(spans(&t, "override"), [(5.0, Some(5.0)), (10.0, None)]);
    assert_eq!(t.client("users").ends.shed, 100);
}

/// Users come twice as often for as long as the line says, and changes multiply.
#[test]
fn demand_is_multiplied_for_a_while() {
    let mut z = Zoo::new(40 * S);
    let [get] = z.service("s", u32::MAX, ["get"]);
    z.does(get, vec![]);
    let users = z.client_stream("users", 10.0, Pattern::Even);
    z.asks(users, get, CallPolicy::default());
    let more = |factor, at_ns, lasts_ns| DatedDemand {
        client: users,
        factor,
        at_ns,
        lasts_ns,
    };
    z.day.demands = vec![
        more(2.0, 10 * S, Some(20 * S)),
        more(3.0, 20 * S, Some(S * 5)),
        more(0.0, 35 * S, None),
    ];
    let t = z.run();
    let visits = t.visits();
    let between = |from: u64, to: u64| {
        let within =
            |visit: &&(u64, u64, worstday_sim::Ending)| from * S < visit.0 && visit.0 <= to * S;
        visits.iter().filter(within).count()
    };
    // Evenly spaced, so one more or less at each border.
    let near = |count: usize, expected: usize| count.abs_diff(expected) <= 1;
    assert!(near(between(0, 10), 100));
    assert!(near(between(10, 20), 200));
    assert!(near(between(20, 25), 300));
    assert!(near(between(25, 30), 100));
    assert!(near(between(30, 35), 50));
    assert_eq!(between(35, 40), 0);
    assert_eq!(
        spans(&t, "demand"),
        [(10.0, Some(30.0)), (20.0, Some(25.0)), (35.0, None)]
    );
}

/// A recording comes twice as often for a while: each visit with its copy; those before and after stay single.
#[test]
fn a_recording_is_copied_for_a_while() {
    let mut z = Zoo::new(10 * S);
    let [get] = z.service("s", u32::MAX, ["get"]);
    z.does(get, vec![]);
    let at: Vec<u64> = (0..10).map(|n| n * S + S / 2).collect();
    let users = z.client_at("users", &at);
    z.asks(users, get, CallPolicy::default());
    let more = |factor, from, lasts| DatedDemand {
        client: users,
        factor,
        at_ns: from * S,
        lasts_ns: Some(lasts * S),
    };
    z.day.demands = vec![more(2.0, 3, 4), more(0.0, 8, 1)];
    let came: Vec<u64> = z.run().visits().iter().map(|visit| visit.0 / S).collect();
    assert_eq!(came, [0, 1, 2, 3, 3, 4, 4, 5, 5, 6, 6, 7, 9]);
}

/// A line that joins while the day is lived.
type Joins = (&'static str, fn(&mut Zoo, u64) -> Line);

/// A system in which everything that a line can touch matters: a flag, two clients, retries with a jittered back-off.
fn lively() -> Zoo {
    let (mut z, buy) = shop(30);
    z.of("shop").workers = 2;
    z.of("shop").replicas = 2;
    z.does(buy, vec![exponential(120e6)]);
    let many = z.client_stream("many", 12.0, Pattern::Poisson);
    let policy = CallPolicy {
        retry: Some(Retry {
            backoff_ns: 50 * MS,
            jitter: Jitter::Full,
            ..attempts(4)
        }),
        ..timeout(400 * MS)
    };
    z.asks(many, buy, policy);
    // Somebody looks on, so that looks and lines meet.
    let slow = condition(Metric::Percentile(0.5), Compare::More, 2e8, 5 * S);
    let slow = sight(Subject::Endpoint(buy), slow, 0);
    z.system.alerts = vec![super::watch::alert("slow", slow, vec![OperatorId(0)])];
    z.system.operators = vec![operator(vec![super::watch::entry(
        AlertId(0),
        Act::Shed(Shed::Client(ClientId(1)), 0.3),
        Expiry::After(Dist::Constant(3e9)),
    )])];
    z
}

fn joins() -> [Joins; 7] {
    [
        ("a fault", |z, at| {
            let kind = FaultKind::Vanish(z.all_of("shop"));
            z.strikes(kind, at, 4 * S);
            Line::Fault(z.day.faults.len() - 1)
        }),
        ("a fault that draws its size and target", |z, at| {
            let kind = FaultKind::Slow {
                target: Target::Replicas(z.id("shop"), Replicas::Any),
                by: Dist::Uniform {
                    low: 2.0,
                    high: 9.0,
                },
                of: SlowOf::Running,
            };
            z.strikes(kind, at, 4 * S);
            Line::Fault(z.day.faults.len() - 1)
        }),
        ("a flag", |z, at| {
            by_hand(z, Act::Set(FlagId(0)), at, Some(5 * S));
            Line::Act(z.day.acts.len() - 1)
        }),
        ("a restart of whatever comes", |z, at| {
            let any = Target::Replicas(z.id("shop"), Replicas::Any);
            by_hand(z, Act::Restart(any), at, None);
            Line::Act(z.day.acts.len() - 1)
        }),
        ("a door that is closed a little", |z, at| {
            by_hand(z, Act::Shed(Shed::Client(ClientId(1)), 0.5), at, Some(S));
            Line::Act(z.day.acts.len() - 1)
        }),
        ("more recorded visits", |z, at| demand(z, at, 0)),
        ("more visits", |z, at| demand(z, at, 1)),
    ]
}

fn demand(z: &mut Zoo, at_ns: u64, client: u32) -> Line {
    z.day.demands.push(DatedDemand {
        client: ClientId(client),
        factor: 1.7,
        at_ns,
        lasts_ns: Some(6 * S),
    });
    Line::Demand(z.day.demands.len() - 1)
}

/// Goes on with a longer day from where an engine stands.
fn with_more(engine: &Engine<EventLog>, longer: &Zoo) -> Engine<EventLog> {
    Engine::restore(
        Arc::new(checked(&longer.system)),
        Arc::new(longer.day.clone()),
        Arc::new(NoEdits),
        engine.snapshot(),
        engine.observer.clone(),
    )
}

/// A line that joins is a line that was there from the start: same digest, same log.
#[test]
fn a_line_that_joins_was_always_there() {
    let at = 9 * S + 251 * MS;
    for seed in 0..4 {
        for (what, join) in joins() {
            let z = lively();
            let mut plain = z.engine(seed, ());
            plain.advance(30 * S);
            let mut longer = z.clone();
            let line = join(&mut longer, at);
            let mut whole = longer.engine(seed, EventLog::default());
            whole.advance(30 * S);
            assert_ne!(whole.digest(), plain.digest(), "{what} does something");

            let mut engine = z.engine(seed, EventLog::default());
            engine.advance(at - 700_000);
            let mut engine = with_more(&engine, &longer);
            engine.schedule(line).expect("it comes after now");
            engine.advance(15 * S);
            // Stored and taken up again on the way.
            let text = serde_json::to_string(&engine.snapshot()).expect("plain data");
            let mut engine = Engine::restore(
                Arc::new(checked(&longer.system)),
                Arc::new(longer.day.clone()),
                Arc::new(NoEdits),
                serde_json::from_str(&text).expect("as written"),
                engine.observer.clone(),
            );
            engine.advance(30 * S);
            assert_eq!(engine.digest(), whole.digest(), "{what}, seed {seed}");
            assert!(
                engine.observer.rows == whole.observer.rows,
                "{what}: another log"
            );
        }
    }
}

/// All of them one after the other, each joining a day that has the ones before.
#[test]
fn lines_join_one_after_another() {
    let mut z = lively();
    let mut engine = z.engine(5, EventLog::default());
    for (number, (_, join)) in joins().into_iter().enumerate() {
        let at = (3 + 3 * number as u64) * S + 17 * MS;
        engine.advance(at - 300_000);
        let line = join(&mut z, at);
        engine = with_more(&engine, &z);
        engine.schedule(line).expect("it comes after now");
    }
    engine.advance(30 * S);
    let mut whole = z.engine(5, EventLog::default());
    whole.advance(30 * S);
    assert_eq!(engine.digest(), whole.digest());
}

/// What is ended before its time was meant to last no longer.
#[test]
fn an_early_end_is_a_shorter_length() {
    let (at, end) = (9 * S + 251 * MS, 11 * S + 3 * MS);
    for (what, join) in joins() {
        let mut z = lively();
        let line = join(&mut z, at);
        let mut shorter = z.clone();
        let lasts = match line {
            Line::Fault(row) => &mut shorter.day.faults[row].lasts_ns,
            Line::Act(row) => &mut shorter.day.acts[row].lasts_ns,
            Line::Demand(row) => &mut shorter.day.demands[row].lasts_ns,
            Line::Edit(row) => &mut shorter.day.edits[row].lasts_ns,
        };
        if lasts.is_none() || end - at > lasts.unwrap_or(0) {
            continue;
        }
        *lasts = Some(end - at);
        let bare = lively();
        let mut engine = bare.engine(2, EventLog::default());
        engine.advance(at - 1);
        let mut engine = with_more(&engine, &z);
        let rows = engine.schedule(line).expect("it comes after now");
        engine.advance(end - 200_000);
        for row in rows {
            engine.end_at(row, end).expect("it comes after now");
        }
        engine.advance(30 * S);
        let mut whole = shorter.engine(2, EventLog::default());
        whole.advance(30 * S);
        assert_eq!(engine.digest(), whole.digest(), "{what}");
        assert!(engine.observer.rows == whole.observer.rows, "{what}");
    }
}

/// The past cannot be changed, and workers that nobody told apart cannot be hit one by one.
#[test]
fn what_comes_too_late_is_refused() {
    let mut z = lively();
    let line = joins()[0].1(&mut z, 5 * S);
    let worker = z.strikes(
        FaultKind::Crash(Target::Worker {
            service: z.id("shop"),
            replica: Replicas::One(0),
            worker: None,
        }),
        8 * S,
        S,
    );
    let mut engine = lively().engine(1, EventLog::default());
    engine.advance(5 * S);
    let mut engine = with_more(&engine, &z);
    let late = Unplannable::TooLate {
        at_ns: 5 * S,
        now_ns: 5 * S,
    };
    assert_eq!(engine.schedule(line), Err(late));
    assert!(engine.end_at(0, 4 * S).is_err());
    let row = |of: FaultId| z.day.faults.iter().position(|s: &Strike| s.fault == of);
    let hits_workers = Line::Fault(row(worker).expect("just added"));
    assert_eq!(engine.schedule(hits_workers), Err(Unplannable::Workers));
}

/// How things stand, worked out by hand: the worker is busy, three wait, one of two stores is down, the flag is up.
#[test]
fn a_glance_tells_how_things_stand() {
    let mut z = Zoo::new(20 * S);
    z.system.flags = vec![Flag {
        name: "calm".into(),
    }];
    let [buy] = z.service("shop", 1, ["buy"]);
    z.does(buy, vec![work(30 * S)]);
    let [_keep] = z.service("store", 3, ["keep"]);
    z.of("store").replicas = 2;
    let users = z.client_at("users", &[S, 2 * S, 3 * S, 4 * S]);
    z.asks(users, buy, CallPolicy::default());
    let one = Target::Replicas(z.id("store"), Replicas::One(1));
    z.strikes(FaultKind::Crash(one), 500 * MS, 60 * S);
    by_hand(&mut z, Act::Set(FlagId(0)), 5 * S, Some(2 * S));
    let mut engine = z.engine(1, ());
    engine.advance(6 * S);
    let now = engine.glance();
    let shop = now.services[0];
    assert_eq!((now.now_ns, now.flags.as_slice()), (6 * S, &[true][..]));
    assert_eq!((shop.busy, shop.queue), (1, 3));
    assert_eq!((shop.ready, shop.existing, shop.workers), (1, 1, Some(1)));
    let store = now.services[1];
    assert_eq!(
        (store.ready, store.existing, store.workers),
        (1, 2, Some(3))
    );
    let told: Vec<(&str, i64)> = (now.under_way.iter())
        .map(|row| (row.what.as_str(), row.from_ns / (100 * MS as i64)))
        .collect();
    assert_eq!(told, [("fault", 5), ("override", 50)]);
    // Busy for five of six seconds, and for two of the two that follow.
    let used = Used {
        busy: u128::from(5 * S),
        ready: u128::from(6 * S),
        cores: 0.0,
    };
    assert_eq!(shop.used, used);
    assert_eq!(shop.utilisation(&Used::default()), Some(5.0 / 6.0));
    engine.advance(8 * S);
    let now = engine.glance();
    assert_eq!(now.services[0].utilisation(&used), Some(1.0));
    assert_eq!(now.services[1].utilisation(&store.used), Some(0.0));
    assert_eq!((now.flags[0], now.under_way.len()), (false, 1));
}

/// Faults of a day come in the order of time, whatever the order of its lines.
#[test]
fn the_order_of_lines_is_not_the_order_of_time() {
    let (z, _) = shop(30);
    let build = |turned: bool| {
        let mut z = z.clone();
        let target = z.all_of("shop");
        z.strikes(FaultKind::Vanish(target.clone()), 20 * S, S);
        z.strikes(FaultKind::Crash(target), 10 * S, 2 * S);
        if turned {
            z.day.faults.reverse();
        }
        z.outcome(3).digest
    };
    assert_eq!(build(false), build(true));
}
