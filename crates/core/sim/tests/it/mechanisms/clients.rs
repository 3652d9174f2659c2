//! Who asks: arrivals, patience, presses, closed users.

use crate::zoo::*;
use std::sync::Arc;
use worstday_model::day::{Demand, Injection, Occurrence, RecordedDemand};
use worstday_model::system::*;
use worstday_sim::Ending::*;
use worstday_sim::observe::EventLog;

fn arrivals(z: &Zoo) -> Vec<u64> {
    z.run().visits().iter().map(|v| v.0).collect()
}

fn instant(z: &mut Zoo) -> EndpointId {
    let [get] = z.service("server", u32::MAX, ["get"]);
    get
}

/// `even` arrivals come at equal gaps; a factor moves them and keeps their numbers.
#[test]
fn even_arrivals_are_even() {
    let mut z = Zoo::new(S);
    let get = instant(&mut z);
    let users = z.client_stream("users", 10.0, Pattern::Even);
    z.asks(users, get, CallPolicy::default());
    let ms: Vec<u64> = arrivals(&z).iter().map(|t| t / MS).collect();
    assert_eq!(ms, [100, 200, 300, 400, 500, 600, 700, 800, 900, 1000]);
    let Demand::Stream { factor, .. } = &mut z.day.demand[0] else {
        unreachable!()
    };
    *factor = 2.0;
    assert_eq!(arrivals(&z).len(), 20);
    assert_eq!(arrivals(&z)[1] / MS, 100);
}

/// `cv 2` gaps have that mean and spread; cv and Poisson differ, and Poisson's cv is 1.
#[test]
fn gaps_have_their_spread() {
    for (pattern, cv) in [
        (Pattern::Poisson, 1.0),
        (Pattern::Cv(2.0), 2.0),
        (Pattern::Cv(0.5), 0.5),
    ] {
        let mut z = Zoo::new(2000 * S);
        let get = instant(&mut z);
        let users = z.client_stream("users", 10.0, pattern);
        z.asks(users, get, CallPolicy::default());
        let at = arrivals(&z);
        let gaps: Vec<f64> = at.windows(2).map(|w| (w[1] - w[0]) as f64 / 1e9).collect();
        let n = gaps.len() as f64;
        let mean = gaps.iter().sum::<f64>() / n;
        let sd = (gaps.iter().map(|g| (g - mean) * (g - mean)).sum::<f64>() / n).sqrt();
        // 20,000 gaps: the mean is good to cv / 141, the spread to some 3 % for the heaviest.
        assert!(
            (mean - 0.1).abs() < 0.1 * 4.0 * cv / 141.0,
            "{pattern:?}: mean {mean}"
        );
        assert!(
            (sd / mean - cv).abs() < 0.08 * cv,
            "{pattern:?}: cv {}",
            sd / mean
        );
    }
}

/// A batch brings N visits at the same instant.
#[test]
fn batches_come_together() {
    let mut z = Zoo::new(100 * S);
    let get = instant(&mut z);
    let users = z.client_stream("users", 1.0, Pattern::Poisson);
    z.asks(users, get, CallPolicy::default());
    let single = arrivals(&z);
    let Demand::Stream { batch, .. } = &mut z.day.demand[0] else {
        unreachable!()
    };
    *batch = 3;
    let at = arrivals(&z);
    assert_eq!(at.len(), 3 * single.len());
    assert!(at.chunks(3).zip(&single).all(|(c, s)| c == [*s; 3]));
}

fn event(z: &mut Zoo, at: &[u64], lasts_ns: u64) -> EventId {
    let id = EventId(z.system.events.len() as u32);
    z.system.events.push(Event {
        name: format!("event-{}", id.0),
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
    for (i, &start) in at.iter().enumerate() {
        z.day.events.push(Occurrence {
            event: id,
            ordinal: i as u64,
            start_ns: start as i64,
            lasts_ns: Some(lasts_ns),
        });
    }
    id
}

/// N visits per occurrence, spread from its start or ending before it, evenly or triangular.
#[test]
fn visits_come_with_an_event() {
    let spread = |shape, until| {
        let mut z = Zoo::new(100 * S);
        let get = instant(&mut z);
        let event = event(&mut z, &[50 * S], 10 * S);
        let arrive = Arrive::Visits {
            event,
            count: Dist::Constant(1000.0),
            over_ns: 10 * S,
            until_before_ns: until,
            shape,
        };
        let users = z.client("users", arrive, Demand::WithEvent { factor: 1.0 });
        z.asks(users, get, CallPolicy::default());
        arrivals(&z)
    };
    let at = spread(Shape::Even, None);
    assert_eq!(at.len(), 1000);
    assert!(*at.first().unwrap() >= 50 * S && *at.last().unwrap() < 60 * S);
    let mean = |at: &[u64]| at.iter().sum::<u64>() as f64 / at.len() as f64 / 1e9;
    // Means at a half, a third and two thirds of 10 s; standard deviation of the mean 0.09.
    assert!((mean(&at) - 55.0).abs() < 0.4, "{}", mean(&at));
    assert!((mean(&spread(Shape::Front, None)) - 53.33).abs() < 0.35);
    let back = spread(Shape::Back, Some(5 * S));
    assert!(*back.first().unwrap() >= 35 * S && *back.last().unwrap() < 45 * S);
    assert!((mean(&back) - 41.67).abs() < 0.35);
}

/// A Poisson stream during an event, and a factor on it only adds.
#[test]
fn a_rate_comes_with_an_event() {
    let at = |factor| {
        let mut z = Zoo::new(1000 * S);
        let get = instant(&mut z);
        let event = event(&mut z, &[100 * S], 400 * S);
        let arrive = Arrive::Rate {
            event,
            per_s: 10.0,
            over_ns: None,
        };
        let users = z.client("users", arrive, Demand::WithEvent { factor });
        z.asks(users, get, CallPolicy::default());
        arrivals(&z)
    };
    let (one, more) = (at(1.0), at(1.5));
    assert!(one.iter().all(|t| (100 * S..500 * S).contains(t)));
    assert!(
        (one.len() as f64 - 4000.0).abs() < 5.0 * 63.0,
        "{}",
        one.len()
    );
    assert!(
        (more.len() as f64 - 6000.0).abs() < 5.0 * 77.0,
        "{}",
        more.len()
    );
    assert!(one.iter().all(|t| more.binary_search(t).is_ok()));
}

/// An event multiplies a client's rate, rising and falling linearly; several multiply.
#[test]
fn events_multiply_demand() {
    let mut z = Zoo::new(1000 * S);
    let get = instant(&mut z);
    let users = z.client_stream("users", 10.0, Pattern::Poisson);
    z.asks(users, get, CallPolicy::default());
    let e = event(&mut z, &[200 * S], 400 * S);
    z.system.events[e.index()].demand = vec![(users, 3.0)];
    z.system.events[e.index()].rise_ns = 100 * S;
    z.system.events[e.index()].fall_ns = 100 * S;
    let f = event(&mut z, &[400 * S], 100 * S);
    z.system.events[f.index()].demand = vec![(users, 2.0)];
    let at = arrivals(&z);
    let per_s = |a: u64, b: u64| {
        at.iter().filter(|t| (a * S..b * S).contains(t)).count() as f64 / (b - a) as f64
    };
    for (a, b, rate) in [
        (0, 200, 10.0),
        (200, 300, 20.0),
        (300, 400, 30.0),
        (400, 500, 60.0),
        (500, 600, 30.0),
        (600, 700, 20.0),
        (700, 1000, 10.0),
    ] {
        let sd = (rate / (b - a) as f64).sqrt();
        assert!(
            (per_s(a, b) - rate).abs() < 4.0 * sd,
            "{a}..{b}: {} for {rate}",
            per_s(a, b)
        );
    }
}

/// Visits come only while `active` lasts.
#[test]
fn a_client_may_be_active_during_an_event() {
    let mut z = Zoo::new(300 * S);
    let get = instant(&mut z);
    let users = z.client_stream("users", 10.0, Pattern::Poisson);
    z.asks(users, get, CallPolicy::default());
    let all = arrivals(&z);
    let e = event(&mut z, &[100 * S], 100 * S);
    z.system.clients[0].active = Some(e);
    let during: Vec<u64> = all
        .into_iter()
        .filter(|t| (100 * S..200 * S).contains(t))
        .collect();
    assert_eq!(arrivals(&z), during);
}

/// Recorded instants are replayed as they are; counts are spread inside their interval; factors copy or thin.
#[test]
fn recordings_are_replayed() {
    let mut z = Zoo::new(100 * S);
    let get = instant(&mut z);
    let users = z.client_at("users", &[5, 5, 7 * S]);
    z.asks(users, get, CallPolicy::default());
    assert_eq!(arrivals(&z), [5, 5, 7 * S]);
    let counts = |factor| {
        let mut z = Zoo::new(100 * S);
        let get = instant(&mut z);
        let rows: Arc<[(i64, f64)]> =
            vec![(0, 300.0), (10 * S as i64, 0.0), (20 * S as i64, 100.0)].into();
        let arrive = Arrive::Recorded(Recording {
            what: Recorded::Counts {
                per_ns: 10 * S,
                rows: rows.clone(),
            },
            at: None,
            clock: Clock::FromStart,
        });
        let what = RecordedDemand::Counts {
            per_ns: 10 * S,
            first: 0,
            rows,
        };
        let users = z.client("users", arrive, Demand::Recorded { what, factor });
        z.asks(users, get, CallPolicy::default());
        arrivals(&z)
    };
    let within =
        |at: &[u64], a: u64, b: u64| at.iter().filter(|t| (a * S..b * S).contains(t)).count();
    let at = counts(1.0);
    assert_eq!(
        (
            within(&at, 0, 10),
            within(&at, 10, 20),
            within(&at, 20, 30),
            at.len()
        ),
        (300, 0, 100, 400)
    );
    assert!(
        (110..=190).contains(&within(&at, 0, 5)),
        "uniform inside the interval"
    );
    let more = counts(1.3);
    assert_eq!(more.len(), 520);
    assert!(at.iter().all(|t| more.binary_search(t).is_ok()));
}

/// Patience ends a visit whatever is under way: abandoned, and not retried by the user.
#[test]
fn patience_ends_a_visit() {
    let mut z = Zoo::new(100 * S);
    let [get] = z.service("server", 1, ["get"]);
    z.does(get, vec![work(100 * MS)]);
    let users = z.client_at("users", &[0, 0, 0]);
    z.asks(users, get, CallPolicy::default());
    z.system.clients[0].patience = Patience::Time(Dist::Constant(150e6));
    z.system.clients[0].retry = Some(attempts(5));
    let t = z.run();
    assert_eq!(t.ends_ms(), [100, 150, 150]);
    assert_eq!(t.endings(), [Ok, Dropped, Dropped]);
    assert_eq!(t.began_ms(get), [0, 100, 200], "nobody told the server");
    assert_eq!(t.client("users").ends.abandoned, 2);
    // While queued: the second is in service at 150 and stays.
    z.system.clients[0].patience = Patience::WhileQueued(Dist::Constant(150e6));
    z.system.clients[0].cancel = Cancel::Queued;
    let t = z.run();
    assert_eq!(t.ends_ms(), [100, 200, 150]);
    assert_eq!(t.began_ms(get), [0, 100]);
}

/// Patience counts per answer: each call of a visit has its own.
#[test]
fn patience_is_per_answer() {
    let mut z = Zoo::new(100 * S);
    let [get] = z.service("server", 9, ["get"]);
    z.does(get, vec![work(100 * MS)]);
    let users = z.client_at("users", &[0]);
    let (a, b) = (
        z.call(Caller::Client(users), get, CallPolicy::default()),
        z.call(Caller::Client(users), get, CallPolicy::default()),
    );
    z.system.clients[0].steps = vec![a, wait(S), b];
    z.system.clients[0].patience = Patience::Time(Dist::Constant(150e6));
    let t = z.run();
    assert_eq!((t.ends_ms(), t.endings()), (vec![1200], vec![Ok]));
    // Reading is the user's own time: the response is 200 ms.
    let mean = worstday_stats::sketch::Sketch::mean(&t.client("users").response).unwrap();
    assert!((mean - 200e6).abs() < 1.0, "{mean}");
}

/// Patience until an event: at its start they go in any case.
#[test]
fn patience_until_an_event() {
    let mut z = Zoo::new(100 * S);
    let [get] = z.service("server", 1, ["get"]);
    z.does(get, vec![work(4 * S)]);
    let users = z.client_at("users", &[0, 0, 5 * S, 11 * S]);
    z.asks(users, get, CallPolicy::default());
    let e = event(&mut z, &[10 * S], 0);
    z.system.clients[0].patience = Patience::Until(e);
    let t = z.run();
    assert_eq!(t.ends_ms(), [4000, 8000, 10_000, 16_000]);
    assert_eq!(t.endings(), [Ok, Ok, Dropped, Ok]);
}

/// The user presses again: the whole visit, counted once, latency from the first press.
#[test]
fn users_press_again() {
    let mut z = Zoo::new(100 * S);
    let [one, two] = z.service("server", 9, ["one", "two"]);
    z.does(one, vec![work(10 * MS)]);
    z.does(two, vec![work(10 * MS)]);
    let users = z.client_at("users", &[0]);
    let (a, b) = (
        z.call(Caller::Client(users), one, CallPolicy::default()),
        z.call(Caller::Client(users), two, CallPolicy::default()),
    );
    z.system.clients[0].steps = vec![a, b];
    z.system.clients[0].retry = Some(Retry {
        backoff_ns: 30 * MS,
        grow: 1.0,
        ..attempts(3)
    });
    let target = Target::Endpoint(two);
    z.strikes(
        FaultKind::Errors {
            target,
            by: Dist::Constant(1.0),
            keys: None,
        },
        0,
        60 * MS,
    );
    let t = z.run();
    // Fails at 20; again 50..70, when the fault is over.
    assert_eq!(t.reached_ms(one), [0, 50]);
    assert_eq!((t.ends_ms(), t.endings()), (vec![70], vec![Ok]));
    assert_eq!(t.client("users").ends.arrived, 1);
    assert_eq!(t.client("users").presses, 1);
}

/// Closed users think, visit, think: never more inside than there are.
#[test]
fn closed_users_wait_for_their_answers() {
    let mut z = Zoo::new(10 * S);
    let [get] = z.service("server", 1, ["get"]);
    z.does(get, vec![work(300 * MS)]);
    let users = z.users("users", 2, Dist::Constant(700e6));
    z.asks(users, get, CallPolicy::default());
    let t = z.run();
    let v = t.visits();
    // Both think 0.7 s; then 0.7..1.0 and 0.7..1.3; think; 1.7..2.0 and 2.0..2.3; and so on every second.
    let starts: Vec<u64> = v.iter().take(4).map(|v| v.0 / MS).collect();
    let ends: Vec<u64> = v.iter().take(4).map(|v| v.1 / MS).collect();
    assert_eq!(starts, [700, 700, 1700, 2000]);
    assert_eq!(ends, [1000, 1300, 2000, 2300]);
    assert!(t.client("users").ends.arrived >= 18);
    // More users at the same place only add users.
    let Demand::Closed { factor } = &mut z.day.demand[0] else {
        unreachable!()
    };
    *factor = 1.5;
    assert_eq!(
        z.run().visits().iter().filter(|v| v.0 == 700 * MS).count(),
        3
    );
}

/// The start of an event moves evenly to both sides, by at most its jitter.
#[test]
fn events_start_by_lot() {
    let mut z = Zoo::new(40_100 * S);
    let get = instant(&mut z);
    let at: Vec<u64> = (1..=400).map(|i| i * 100 * S).collect();
    let event = event(&mut z, &at, S);
    z.system.events[event.index()].jitter_ns = 10 * S;
    let arrive = Arrive::Visits {
        event,
        count: Dist::Constant(1.0),
        over_ns: 1,
        until_before_ns: None,
        shape: Shape::Even,
    };
    let users = z.client("users", arrive, Demand::WithEvent { factor: 1.0 });
    z.asks(users, get, CallPolicy::default());
    let came = arrivals(&z);
    assert_eq!(came.len(), 400);
    let off: Vec<f64> = came
        .iter()
        .zip(&at)
        .map(|(came, at)| (*came as f64 - *at as f64) / 1e9)
        .collect();
    assert!(off.iter().all(|off| off.abs() <= 10.0));
    let mean = off.iter().sum::<f64>() / 400.0;
    let square = off.iter().map(|off| off * off).sum::<f64>() / 400.0;
    // Uniform on -10 to 10: variance 100/3. Standard deviations over 400: 0.29 and 1.49.
    assert!(mean.abs() < 1.2, "{mean}");
    assert!((square - 100.0 / 3.0).abs() < 6.0, "{square}");
}

/// More demand between two advances brings users on top of those that the day already brings.
#[test]
fn injected_users_come_on_top_of_the_days() {
    let mut z = Zoo::new(10 * S);
    let get = instant(&mut z);
    let users = z.users("users", 10, Dist::Constant(1e9));
    z.asks(users, get, CallPolicy::default());
    let Demand::Closed { factor } = &mut z.day.demand[0] else {
        unreachable!()
    };
    *factor = 2.0;
    let mut engine = z.engine(1, EventLog::default());
    engine.advance(4_500 * MS);
    engine.inject(&Injection::Demand(users, 1.5));
    engine.advance(10 * S);
    let t = z.told(engine);
    let in_second = |s: u64| {
        let all = t.visits();
        all.iter().filter(|v| v.0 / S == s).count()
    };
    // Twenty users every second by the day, thirty after the injection.
    assert_eq!((in_second(2), in_second(4), in_second(7)), (20, 20, 30));
}
