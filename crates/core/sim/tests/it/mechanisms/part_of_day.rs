//! A day of which only the part around its disturbances is simulated: when that part ends, and that it is judged as the
//! whole day is.

use super::topics::{consumes, send, topic};
use crate::zoo::*;
use std::sync::Arc;
use worstday_model::system::*;
use worstday_sim::judge::DayProfile;
use worstday_sim::outcome::{ConditionOutcome, Ended, Outcome, Verdict};
use worstday_sim::{Engine, NoEdits, Snapshot};

const MIN: u64 = 60 * S;
const HOUR: u64 = 60 * MIN;
const DAY: u64 = 24 * HOUR;

/// The hours from local midnight on that are simulated.
#[derive(Clone, Copy)]
struct Part {
    from: u64,
    to: u64,
}

const WHOLE: Part = Part { from: 0, to: DAY };

/// Around a disturbance at ten o'clock.
const MORNING: Part = Part {
    from: 9 * HOUR + 30 * MIN,
    to: DAY,
};

/// One server that takes a millisecond; somebody comes every second, at its half. It fails at these times.
fn shop(part: Part, down: &[(u64, u64)]) -> Zoo {
    let mut z = Zoo::new(part.to - part.from);
    z.day.start_unix_ns = part.from as i64;
    let [serve] = z.service("web", 1, ["serve"]);
    z.does(serve, vec![work(MS)]);
    let users = z.client_at("users", &every(part, S));
    z.asks(users, serve, CallPolicy::default());
    for &(from, to) in down {
        let kind = FaultKind::Errors {
            target: z.all_of("web"),
            by: Dist::Constant(1.0),
            keys: None,
        };
        z.strikes(kind, from - part.from, to - from);
    }
    z
}

/// Instants in the middle of each `gap_ns` of the day, on the clock of a part of it.
fn every(part: Part, gap_ns: u64) -> Vec<u64> {
    let all = (0..(part.to - 1) / gap_ns + 1).map(|i| i * gap_ns + gap_ns / 2);
    all.filter(|at| (part.from..part.to).contains(at))
        .map(|at| at - part.from)
        .collect()
}

fn condition(metric: Metric, op: Compare, value: f64, over_ns: u64) -> Condition {
    Condition {
        text: format!("{metric:?} {op:?} {value} over {over_ns}"),
        metric,
        of_answered: OfAnswered::No,
        op,
        value,
        over_ns,
        place: Place::default(),
    }
}

fn less(metric: Metric, value: f64, over_ns: u64) -> Condition {
    condition(metric, Compare::Less, value, over_ns)
}

fn promise(z: &mut Zoo, subject: Subject, must: &[Condition]) {
    z.system.promises.push(Promise {
        name: format!("promise-{}", z.system.promises.len()),
        subjects: vec![subject],
        must: must.to_vec(),
        survives: vec![],
        except: vec![],
        at_least: 1,
        at_risk: 0.05,
        place: Place::default(),
    });
}

const USERS: Subject = Subject::Client(ClientId(0));

/// A whole quiet day.
fn quiet(z: &Zoo) -> DayProfile {
    let mut engine = z.engine(1, ());
    engine.advance(u64::MAX);
    let (_, profile, ()) = engine
        .finish_with_profile("zoo")
        .unwrap_or_else(|v| panic!("{v}"));
    profile.expect("a whole day was simulated")
}

/// Runs a part until it has recovered, and judges it as the day.
fn until_recovered(z: &Zoo, quiet: &DayProfile) -> Outcome {
    let mut engine = z.engine(1, ());
    engine.end_when_recovered();
    engine.advance(u64::MAX);
    let (outcome, ()) = engine
        .finish_within("zoo", quiet)
        .unwrap_or_else(|v| panic!("{v}"));
    outcome
}

fn ended(z: &Zoo) -> (Ended, u64) {
    let outcome = until_recovered(z, &DayProfile::default());
    (outcome.ended, outcome.end_ns)
}

fn conditions(outcome: &Outcome) -> Vec<&ConditionOutcome> {
    let promises = outcome.promises.iter();
    promises.flat_map(|promise| &promise.conditions).collect()
}

fn verdicts(outcome: &Outcome) -> Vec<Verdict> {
    conditions(outcome).iter().map(|c| c.verdict).collect()
}

/// Down from 10:00 to 10:20. All is well from 10:20 on; with windows of at most five minutes that is certain ten minutes
/// later, and with windows of half an hour after thirty-five.
#[test]
fn a_day_ends_a_window_and_five_minutes_after_it_recovered() {
    let down = [(10 * HOUR, 10 * HOUR + 20 * MIN)];
    let mut z = shop(MORNING, &down);
    promise(&mut z, USERS, &[less(Metric::Lost, 0.01, 5 * MIN)]);
    assert_eq!(ended(&z), (Ended::Recovered, HOUR));
    promise(&mut z, USERS, &[less(Metric::Lost, 0.01, 30 * MIN)]);
    assert_eq!(ended(&z), (Ended::Recovered, HOUR + 25 * MIN));
    // A window of a day is no reason to wait.
    promise(&mut z, USERS, &[less(Metric::Lost, 0.01, DAY)]);
    assert_eq!(ended(&z), (Ended::Recovered, HOUR + 25 * MIN));

    // What is still to come is waited for, and without trouble there is nothing to recover from.
    let twice = [down[0], (15 * HOUR, 15 * HOUR + MIN)];
    let mut again = shop(MORNING, &twice);
    promise(&mut again, USERS, &[less(Metric::Lost, 0.01, 5 * MIN)]);
    let six_past_three = 15 * HOUR + 11 * MIN - MORNING.from;
    assert_eq!(ended(&again), (Ended::Recovered, six_past_three));
    let never = shop(MORNING, &[]);
    assert_eq!(ended(&never), (Ended::Horizon, DAY - MORNING.from));
    let for_good = shop(MORNING, &[(10 * HOUR, 30 * HOUR)]);
    assert_eq!(ended(&for_good), (Ended::Horizon, DAY - MORNING.from));
}

/// Where it ends does not hang on how the run is cut, nor on being carried elsewhere half-way.
#[test]
fn the_end_is_a_function_of_the_history() {
    let mut z = shop(MORNING, &[(10 * HOUR, 10 * HOUR + 20 * MIN)]);
    promise(&mut z, USERS, &[less(Metric::Lost, 0.01, 5 * MIN)]);
    let told = |mut engine: Engine<()>| {
        engine.advance(u64::MAX);
        let (outcome, ()) = engine.finish("zoo").unwrap_or_else(|v| panic!("{v}"));
        serde_json::to_string(&outcome).expect("an outcome is plain data")
    };
    let start = || {
        let mut engine = z.engine(1, ());
        engine.end_when_recovered();
        engine
    };
    let whole = told(start());
    let mut cut = start();
    for at in 1..2_000 {
        cut.advance(at * 7_777 * MS);
    }
    assert!(cut.is_over());
    assert_eq!(told(cut), whole);
    for at in [31 * MIN, 59 * MIN + 59 * S, HOUR - 1] {
        let mut engine = start();
        engine.advance(at);
        let text = serde_json::to_string(&engine.snapshot()).expect("plain data");
        let snapshot: Snapshot = serde_json::from_str(&text).expect("and comes back");
        let engine = Engine::restore(
            Arc::new(checked(&z.system)),
            Arc::new(z.day.clone()),
            Arc::new(NoEdits),
            snapshot,
            (),
        );
        assert_eq!(told(engine), whole);
    }
}

/// Twenty of 1440 minutes are lost: one part in 72 of the day's visits, which a part of the day alone overstates.
#[test]
fn the_rest_of_the_day_is_as_on_a_quiet_one() {
    let down = [(10 * HOUR, 10 * HOUR + 20 * MIN)];
    let share = 20.0 / 1440.0;
    let must = [
        less(Metric::Lost, 0.0140, DAY),
        less(Metric::Lost, 0.0138, DAY),
        // Of the day's visits 1.39 % never come back.
        less(Metric::Percentile(0.98), (10 * MS) as f64, DAY),
        less(Metric::Percentile(0.99), (10 * MS) as f64, DAY),
        // A week has six more such days, with no loss.
        less(Metric::Lost, 0.0020, 7 * DAY),
        less(Metric::Lost, 0.0019, 7 * DAY),
        // 85 200 answers in 86 400 seconds.
        condition(Metric::Goodput, Compare::More, 0.986, DAY),
        condition(Metric::Goodput, Compare::More, 0.987, DAY),
        condition(Metric::Availability, Compare::AtLeast, 1.0 - share, DAY),
    ];
    let with_promise = |part, down: &[(u64, u64)]| {
        let mut z = shop(part, down);
        promise(&mut z, USERS, &must);
        z
    };
    let profile = quiet(&with_promise(WHOLE, &[]));
    let day = until_recovered(&with_promise(MORNING, &down), &profile);
    // There is no shorter window to wait for.
    assert_eq!((day.ended, day.end_ns), (Ended::Recovered, 55 * MIN));
    use Verdict::{Broken, Kept};
    let expected = [Kept, Broken, Kept, Broken, Kept, Broken, Kept, Broken, Kept];
    assert_eq!(verdicts(&day), expected);
    let lost = conditions(&day)[0];
    assert_eq!(lost.worst, Some(1200.0 / 86_400.0));
    // From the midnight before the run's first instant to the next.
    assert_eq!(lost.worst_window, Some((0, DAY - MORNING.from)));
    let slow = conditions(&day)[2].worst.expect("a percentile");
    assert!((slow - MS as f64).abs() < 0.04 * MS as f64, "{slow}");
    assert_eq!(conditions(&day)[3].worst, Some(f64::INFINITY));

    // The whole day says the same, to the last bit of what is counted.
    let whole = until_recovered(&with_promise(WHOLE, &down), &profile);
    assert_eq!(verdicts(&whole), expected);
    for at in [0, 1, 4, 5, 6, 7, 8] {
        assert_eq!(conditions(&whole)[at].worst, conditions(&day)[at].worst);
    }
    // The part alone does not: twenty of its 55 minutes are lost.
    let alone = until_recovered(&with_promise(MORNING, &down), &DayProfile::default());
    let worst = conditions(&alone)[0].worst.expect("a share");
    assert!((worst - 20.0 / 55.0).abs() < 1e-3, "{worst}");
    let without = {
        let mut engine = with_promise(MORNING, &down).engine(1, ());
        engine.end_when_recovered();
        engine.advance(u64::MAX);
        engine.finish("zoo").unwrap_or_else(|v| panic!("{v}")).0
    };
    assert_eq!(conditions(&without)[0].worst, Some(worst));
    // It can be written down and read again.
    let text = serde_json::to_string(&profile).expect("plain data");
    let read: DayProfile = serde_json::from_str(&text).expect("and comes back");
    assert_eq!(read, profile);
}

/// A part that begins at 9:32 and is cut at 10:31 shares two slots of five minutes with the quiet day: visits that come
/// evenly add up to just as many.
#[test]
fn slots_are_shared_by_time() {
    let down = [(10 * HOUR, 10 * HOUR + 20 * MIN)];
    let of = |from: u64, must: f64| {
        let part = Part { from, to: DAY };
        let mut z = shop(part, &down);
        promise(&mut z, USERS, &[less(Metric::Lost, must, DAY)]);
        z
    };
    let mut whole = shop(WHOLE, &[]);
    promise(&mut whole, USERS, &[less(Metric::Lost, 0.014, DAY)]);
    let profile = quiet(&whole);
    let from = 9 * HOUR + 32 * MIN;
    let z = of(from, 0.014);
    let mut engine = z.engine(1, ());
    engine.advance(10 * HOUR + 31 * MIN - from);
    let (outcome, ()) = engine
        .finish_within("zoo", &profile)
        .unwrap_or_else(|v| panic!("{v}"));
    assert_eq!(conditions(&outcome)[0].worst, Some(1200.0 / 86_400.0));
}

/// From ten minutes to midnight until ten past: each of the two days loses ten minutes, and is judged by itself.
#[test]
fn each_day_of_a_part_is_judged_by_itself() {
    let part = Part {
        from: 23 * HOUR,
        to: 2 * DAY,
    };
    let must = [
        less(Metric::Lost, 0.006, DAY),
        less(Metric::Lost, 0.007, DAY),
    ];
    let mut z = shop(part, &[(DAY - 10 * MIN, DAY + 10 * MIN)]);
    promise(&mut z, USERS, &must);
    let mut whole = shop(WHOLE, &[]);
    promise(&mut whole, USERS, &must);
    let outcome = until_recovered(&z, &quiet(&whole));
    assert_eq!(outcome.ended, Ended::Recovered);
    let rows = conditions(&outcome);
    // 10 of 1440 minutes are 0.69 %.
    assert_eq!((rows[0].windows, rows[0].broken), (2, 2));
    assert_eq!((rows[1].windows, rows[1].broken), (2, 0));
    assert_eq!(rows[0].worst, Some(600.0 / 86_400.0));
    assert_eq!(outcome.promises[0].broken_days, 2);
}

/// What is left out of a promise is left out of the rest of the day too: with the afternoon excepted, twenty minutes of
/// twelve hours are lost.
#[test]
fn what_is_excepted_is_left_out_of_the_rest() {
    use worstday_model::when::{Days, Hours, When};
    let with_promise = |part, down: &[(u64, u64)]| {
        let mut z = shop(part, down);
        promise(&mut z, USERS, &[less(Metric::Lost, 0.01, DAY)]);
        z.system.promises[0].except = vec![When {
            days: Days::EveryDay,
            hours: Hours::Band(
                jiff::civil::time(12, 0, 0, 0),
                jiff::civil::time(0, 0, 0, 0),
            ),
            lasts_ns: None,
        }];
        z
    };
    let profile = quiet(&with_promise(WHOLE, &[]));
    let down = [(10 * HOUR, 10 * HOUR + 20 * MIN)];
    let day = until_recovered(&with_promise(MORNING, &down), &profile);
    assert_eq!(conditions(&day)[0].worst, Some(1200.0 / 43_200.0));
}

/// Fifty people come at once at three in the night of any day. Who looks at the morning only knows of their queue from the
/// quiet day; it was longer than what the morning brought.
#[test]
fn levels_are_as_bad_as_on_a_quiet_day() {
    let with_crowd = |part: Part, down: &[(u64, u64)]| {
        let mut z = shop(part, &[]);
        if part.from <= 3 * HOUR {
            let crowd = z.client_at("crowd", &[3 * HOUR - part.from; 50]);
            z.asks(crowd, EndpointId(0), CallPolicy::default());
        } else {
            let nobody = z.client_at("crowd", &[]);
            z.asks(nobody, EndpointId(0), CallPolicy::default());
        }
        let web = Subject::Service(z.id("web"));
        let queue = |most: f64| condition(Metric::Queue, Compare::AtMost, most, DAY);
        let replicas = condition(Metric::Replicas, Compare::AtLeast, 1.0, DAY);
        for &(from, to) in down {
            let all = z.all_of("web");
            z.strikes(FaultKind::Crash(all), from - part.from, to - from);
        }
        promise(&mut z, web, &[queue(49.0), queue(48.0), replicas]);
        z
    };
    let profile = quiet(&with_crowd(WHOLE, &[]));
    let down = [(10 * HOUR, 10 * HOUR + 20 * MIN)];
    use Verdict::{Broken, Kept};
    let day = until_recovered(&with_crowd(MORNING, &down), &profile);
    assert_eq!(day.ended, Ended::Recovered);
    assert_eq!(verdicts(&day), [Kept, Broken, Broken]);
    assert_eq!(conditions(&day)[0].worst, Some(49.0));
    let whole = until_recovered(&with_crowd(WHOLE, &down), &profile);
    assert_eq!(verdicts(&whole), [Kept, Broken, Broken]);
    let alone = until_recovered(&with_crowd(MORNING, &down), &DayProfile::default());
    assert_eq!(verdicts(&alone), [Kept, Kept, Broken]);
}

/// A server that is nine tenths busy takes ten times as long for ten minutes: 67 visits of 600 are served, and the other
/// 533 go at one in nine seconds, in 80 minutes.
fn slow_to_empty(part: Part, slows: bool) -> Zoo {
    let mut z = Zoo::new(part.to - part.from);
    z.day.start_unix_ns = part.from as i64;
    let [serve] = z.service("web", 1, ["serve"]);
    z.does(serve, vec![work(900 * MS)]);
    let users = z.client_at("users", &every(part, S));
    z.asks(users, serve, CallPolicy::default());
    if slows {
        slow(&mut z, 10 * HOUR - part.from, 10 * MIN);
    }
    let second = S as f64;
    let p99 = less(Metric::Percentile(0.99), second, 5 * MIN);
    let recovers = |within: u64| less(Metric::Recovers, within as f64, 0);
    promise(&mut z, USERS, &[p99.clone(), recovers(2 * HOUR)]);
    promise(&mut z, USERS, &[p99, recovers(HOUR)]);
    // 5400 visits of 86 400 are slow: 6.25 %.
    let of_the_day = |q| less(Metric::Percentile(q), second, DAY);
    promise(&mut z, USERS, &[of_the_day(0.93)]);
    promise(&mut z, USERS, &[of_the_day(0.94)]);
    z
}

/// The server takes ten times as long.
fn slow(z: &mut Zoo, at_ns: u64, lasts_ns: u64) {
    let kind = FaultKind::Slow {
        target: z.all_of("web"),
        by: Dist::Constant(10.0),
        of: SlowOf::Running,
    };
    z.strikes(kind, at_ns, lasts_ns);
}

/// Messages are handled one a second and come at four fifths of that; for twenty minutes nobody handles any.
fn backlog(part: Part, stops: bool) -> Zoo {
    let mut z = Zoo::new(part.to - part.from);
    z.day.start_unix_ns = part.from as i64;
    let [handle] = z.service("worker", 1, ["handle"]);
    z.of("worker").start = Dist::Constant(0.0);
    z.does(handle, vec![work(S)]);
    let orders = topic(&mut z, "orders");
    consumes(&mut z, handle, orders);
    let users = z.client_at("users", &every(part, 1_250 * MS));
    let step = send(&mut z, Caller::Client(users), orders);
    z.system.clients[users.index()].steps = vec![step];
    if stops {
        let all = z.all_of("worker");
        z.strikes(FaultKind::Crash(all), 10 * HOUR - part.from, 20 * MIN);
    }
    let drains = |within: u64| less(Metric::Drains, within as f64, 0);
    let orders = Subject::Topic(orders);
    // 960 messages wait, and one goes in five seconds: 80 minutes.
    promise(&mut z, orders, &[drains(85 * MIN)]);
    promise(&mut z, orders, &[drains(75 * MIN)]);
    promise(&mut z, orders, &[less(Metric::Backlog, 970.0, DAY)]);
    promise(&mut z, orders, &[less(Metric::Backlog, 950.0, DAY)]);
    z
}

/// Retries without pause keep a server down that was too slow for a while: it never comes back.
fn stays_down(part: Part, slows: bool) -> Zoo {
    let mut z = Zoo::new(part.to - part.from);
    z.day.start_unix_ns = part.from as i64;
    let [serve] = z.service("web", 1, ["serve"]);
    z.does(serve, vec![work(800 * MS)]);
    let users = z.client_at("users", &every(part, S));
    z.asks(users, serve, retrying(5 * S, 5));
    if slows {
        slow(&mut z, 10 * HOUR - part.from, 5 * MIN);
    }
    let recovers = less(Metric::Recovers, (2 * HOUR) as f64, 0);
    promise(
        &mut z,
        USERS,
        &[less(Metric::Lost, 0.01, 5 * MIN), recovers],
    );
    promise(&mut z, USERS, &[less(Metric::Lost, 0.5, DAY)]);
    promise(&mut z, USERS, &[less(Metric::Lost, 0.6, DAY)]);
    z
}

/// Three systems that are slow to recover, or never do: a part of the day says what the whole day says.
#[test]
fn a_part_is_judged_as_the_whole_day() {
    use Verdict::{Broken, Kept};
    struct Case {
        build: fn(Part, bool) -> Zoo,
        ends: Ended,
        expected: &'static [Verdict],
    }
    let cases = [
        Case {
            build: slow_to_empty,
            ends: Ended::Recovered,
            expected: &[Kept, Kept, Broken, Broken, Kept, Broken],
        },
        Case {
            build: backlog,
            ends: Ended::Recovered,
            expected: &[Kept, Broken, Kept, Broken],
        },
        // 14 of 24 hours are lost: 58 %.
        Case {
            build: stays_down,
            ends: Ended::Horizon,
            expected: &[Broken, Broken, Broken, Kept],
        },
    ];
    for (at, case) in cases.into_iter().enumerate() {
        let Case {
            build,
            ends,
            expected,
        } = case;
        let profile = quiet(&build(WHOLE, false));
        let whole = build(WHOLE, true).outcome(1);
        assert_eq!(verdicts(&whole), expected, "system {at}, whole");
        let part = until_recovered(&build(MORNING, true), &profile);
        assert_eq!(verdicts(&part), expected, "system {at}, part");
        assert_eq!(part.ended, ends, "system {at}");
        for (a, b) in conditions(&whole).iter().zip(conditions(&part)) {
            if a.text.contains("Recovers") || a.text.contains("Drains") {
                assert_eq!(a.worst, b.worst, "system {at}: {}", a.text);
            }
        }
        if ends == Ended::Recovered {
            assert!(part.end_ns < 4 * HOUR, "system {at}: {}", part.end_ns);
        }
    }
}
