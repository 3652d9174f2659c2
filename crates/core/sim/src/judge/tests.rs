use super::*;
use worstday_model::day::{EventDemand, Random, Varies};
use worstday_model::system::{
    Arrive, Cancel, Client, Compare, Dist, Metric, OfAnswered, Patience, Place, Tables,
};
use worstday_model::when::{Days, Hours, When};

const SECOND: u64 = 1_000_000_000;
const MINUTE: u64 = 60 * SECOND;
const HOUR: u64 = 60 * MINUTE;

/// Sunday 2026-11-22, 00:00 UTC.
const MIDNIGHT_UNIX: i64 = 1_795_305_600 * SECOND as i64;

/// A run that counts from a quarter past eleven in the evening, over two midnights.
fn evening(length_ns: u64) -> Day {
    day(
        MIDNIGHT_UNIX + 23 * HOUR as i64 + 15 * MINUTE as i64,
        length_ns,
    )
}

fn day(from_unix_ns: i64, length_ns: u64) -> Day {
    let warm_up_ns = 30 * MINUTE;
    Day {
        start_unix_ns: from_unix_ns - warm_up_ns as i64,
        warm_up_ns,
        end_ns: warm_up_ns + length_ns,
        label: String::new(),
        varies: Varies::No,
        demand: Vec::new(),
        events: Vec::new(),
        faults: Vec::new(),
        edits: Vec::new(),
        acts: vec![],
        demands: vec![],
        random: Random::No,
        event_demand: EventDemand::Multiplies,
        grown: Vec::new(),
        growing: Vec::new(),
        rollouts: Vec::new(),
    }
}

fn condition(text: &str, metric: Metric, op: Compare, value: f64, over_ns: u64) -> Condition {
    Condition {
        text: text.to_owned(),
        metric,
        of_answered: OfAnswered::No,
        op,
        value,
        over_ns,
        place: Place::default(),
    }
}

fn of_answered(condition: Condition) -> Condition {
    Condition {
        of_answered: OfAnswered::Yes,
        ..condition
    }
}

fn system(must: Vec<Condition>, at_least: u64, except: Vec<When>) -> System {
    checked(tables(must, at_least, except))
}

fn checked(tables: Tables) -> System {
    System::new(tables).expect("the system of a test is consistent")
}

fn tables(must: Vec<Condition>, at_least: u64, except: Vec<When>) -> Tables {
    Tables {
        timezone: "UTC".to_owned(),
        clients: vec![Client {
            name: "users".to_owned(),
            known_as: Vec::new(),
            arrive: Arrive::Closed {
                population: 1,
                think: Dist::Constant(1.0),
            },
            active: None,
            steps: Vec::new(),
            patience: Patience::Unlimited,
            cancel: Cancel::None,
            retry: None,
            value: None,
            priority: 0,
        }],
        promises: vec![Promise {
            name: "p".to_owned(),
            subjects: vec![Subject::Client(worstday_model::system::ClientId(0))],
            must,
            survives: vec![],
            except,
            at_least,
            at_risk: 0.05,
            place: Place::default(),
        }],
        ..Tables::default()
    }
}

/// Simple reproducible chance.
struct Lot(u64);

impl Lot {
    fn next(&mut self, below: u64) -> u64 {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % below
    }
}

/// Requests in bursts and lulls, of all ends, response times over three octaves.
fn requests(lot: &mut Lot, from_ns: u64, to_ns: u64, mean_gap_ns: u64) -> Vec<Finished> {
    let mut all = Vec::new();
    let mut at = from_ns;
    loop {
        let lull = if lot.next(60) == 0 { 40 } else { 1 };
        at += lull * (1 + lot.next(2 * mean_gap_ns));
        if to_ns <= at {
            return all;
        }
        let bad = if (at / (20 * MINUTE)).is_multiple_of(3) {
            12
        } else {
            40
        };
        all.push(Finished {
            sent_ns: at,
            response_ns: (1 + lot.next(8)) * 100_000_000 + lot.next(2) * lot.next(1000),
            end: match lot.next(bad) {
                0 => End::Failed,
                1 => End::Shed,
                2 => End::Abandoned,
                3 => End::Degraded,
                4 => End::Declined,
                _ => End::Ok,
            },
            attempts: 1 + lot.next(3) as u32,
        });
    }
}

/// The figure of a set of requests, straight from the language.
fn figure(condition: &Condition, sent: &[Finished], length_ns: i64) -> f64 {
    let share = |is: &dyn Fn(End) -> bool| {
        sent.iter().filter(|r| is(r.end)).count() as f64 / sent.len() as f64
    };
    let lost = |end: End| !end.is_answered();
    let answered = sent.iter().filter(|r| r.end.is_answered());
    match condition.metric {
        Metric::Percentile(q) => {
            let mut times: Vec<f64> = sent
                .iter()
                .map(|r| {
                    if r.end.is_answered() {
                        r.response_ns as f64
                    } else {
                        f64::INFINITY
                    }
                })
                .collect();
            times.sort_by(f64::total_cmp);
            // The smallest that at least a share q does not exceed.
            let n = times.len() as f64;
            let place = (1..=times.len())
                .find(|&rank| q * n <= rank as f64 + 1e-9)
                .unwrap();
            times[place - 1]
        }
        Metric::Mean => {
            let times = sent.iter().map(|r| {
                if r.end.is_answered() {
                    r.response_ns as f64
                } else {
                    f64::INFINITY
                }
            });
            times.sum::<f64>() / sent.len() as f64
        }
        Metric::Failed => share(&|end| end == End::Failed),
        Metric::Shed => share(&|end| end == End::Shed),
        Metric::Abandoned => share(&|end| end == End::Abandoned),
        Metric::Lost => share(&lost),
        Metric::Errors => share(&|end| matches!(end, End::Failed | End::Shed)),
        Metric::Degraded => share(&|end| end == End::Degraded),
        Metric::Availability => 1.0 - share(&lost),
        Metric::Goodput => answered.count() as f64 / (length_ns as f64 / 1e9),
        Metric::Attempts => {
            sent.iter().map(|r| f64::from(r.attempts)).sum::<f64>() / sent.len() as f64
        }
        other => panic!("{other:?}"),
    }
}

fn satisfies(condition: &Condition, value: f64) -> bool {
    let near = (value - condition.value).abs() < 1e-9 * condition.value;
    match condition.op {
        Compare::Less => value < condition.value && !near,
        Compare::AtMost => value <= condition.value || near,
        Compare::More => value > condition.value && !near,
        Compare::AtLeast => value >= condition.value || near,
        Compare::Equal => near,
    }
}

/// Windows judged and broken, and the worst value, by going through all windows one by one.
fn by_hand(
    condition: &Condition,
    day: &Day,
    at_least: usize,
    left_out: &[(i64, i64)],
    all: &[Finished],
) -> (u64, u64, Option<f64>) {
    let midnight_of = |at: i64| {
        let unix = at + day.start_unix_ns;
        unix - unix.rem_euclid(DAY_NS as i64) - day.start_unix_ns
    };
    let (from, end) = (day.warm_up_ns as i64, day.end_ns as i64);
    let of = |from: i64, to: i64| -> Vec<Finished> {
        let inside = |r: &&Finished| {
            let at = r.sent_ns as i64;
            from <= at
                && at < to
                && (condition.of_answered == OfAnswered::No || r.end.is_answered())
        };
        all.iter().filter(inside).copied().collect()
    };
    let (mut windows, mut broken, mut worst) = (0, 0, None);
    let mut judge = |sent: &[Finished], length: i64| {
        let value = figure(condition, sent, length);
        windows += 1;
        broken += u64::from(!satisfies(condition, value));
        let is_low = matches!(condition.op, Compare::More | Compare::AtLeast);
        worst = Some(worst.map_or(value, |worst: f64| {
            if is_low {
                worst.min(value)
            } else {
                worst.max(value)
            }
        }));
    };
    let step = (condition.over_ns / 5) as i64;
    let mut start = midnight_of(from);
    let mut judged_days = Vec::new();
    while start + 5 * step <= end {
        let stop = start + 5 * step;
        let begin = start;
        start += step;
        if begin < from || left_out.iter().any(|gap| gap.0 < stop && begin < gap.1) {
            continue;
        }
        let earlier_gap = left_out
            .iter()
            .map(|gap| gap.1)
            .filter(|&end| end <= begin)
            .max();
        let floor = midnight_of(stop - 1)
            .max(from)
            .max(earlier_gap.unwrap_or(i64::MIN));
        let mut longer = begin;
        while of(longer, stop).len() < at_least && floor <= longer - step {
            longer -= step;
        }
        if of(longer, stop).len() < at_least {
            continue;
        }
        judge(&of(longer, stop), stop - longer);
        judged_days.push(midnight_of(stop - 1));
    }
    let mut day_start = midnight_of(from);
    while day_start < end {
        let whole = of(day_start.max(from), (day_start + DAY_NS as i64).min(end));
        if !judged_days.contains(&day_start) && !whole.is_empty() && left_out.is_empty() {
            judge(
                &whole,
                (day_start + DAY_NS as i64).min(end) - day_start.max(from),
            );
        }
        day_start += DAY_NS as i64;
    }
    (windows, broken, worst)
}

fn judged(system: &System, day: &Day, all: &[Finished]) -> Vec<ConditionOutcome> {
    let mut judge = Judge::new(system, day).unwrap();
    let stream = judge.stream(system.promises[0].subjects[0]).unwrap();
    for request in all {
        judge.record(stream, request);
    }
    judge.finish(day.end_ns).remove(0).conditions
}

fn conditions(over_ns: u64) -> Vec<Condition> {
    use Compare::{AtLeast, AtMost, Less, More};
    let ms = 1e6;
    vec![
        condition(
            "p50 < 450ms",
            Metric::Percentile(0.5),
            Less,
            450.0 * ms,
            over_ns,
        ),
        condition(
            "p90 <= 800ms",
            Metric::Percentile(0.9),
            AtMost,
            800.0 * ms,
            over_ns,
        ),
        condition(
            "p95 < 900ms",
            Metric::Percentile(0.95),
            Less,
            900.0 * ms,
            over_ns,
        ),
        condition(
            "p50 > 300ms",
            Metric::Percentile(0.5),
            More,
            300.0 * ms,
            over_ns,
        ),
        condition(
            "p10 >= 100ms",
            Metric::Percentile(0.1),
            AtLeast,
            100.0 * ms,
            over_ns,
        ),
        of_answered(condition(
            "p90 < 801ms",
            Metric::Percentile(0.9),
            Less,
            801.0 * ms,
            over_ns,
        )),
        of_answered(condition(
            "mean < 460ms",
            Metric::Mean,
            Less,
            460.0 * ms,
            over_ns,
        )),
        condition("mean < 1s", Metric::Mean, Less, 1000.0 * ms, over_ns),
        condition("failed < 5%", Metric::Failed, Less, 0.05, over_ns),
        condition("shed < 5%", Metric::Shed, Less, 0.05, over_ns),
        condition("abandoned <= 5%", Metric::Abandoned, AtMost, 0.05, over_ns),
        condition("lost < 15%", Metric::Lost, Less, 0.15, over_ns),
        condition("errors < 10%", Metric::Errors, Less, 0.1, over_ns),
        condition("degraded < 4%", Metric::Degraded, Less, 0.04, over_ns),
        condition(
            "availability >= 85%",
            Metric::Availability,
            AtLeast,
            0.85,
            over_ns,
        ),
        condition("goodput > 0.1/s", Metric::Goodput, More, 0.1, over_ns),
        condition("attempts < 2.1", Metric::Attempts, Less, 2.1, over_ns),
    ]
}

/// Every metric over windows of several lengths, busy and sparse, over a midnight: the counters must say what
/// going through the requests window by window says.
#[test]
fn windows_are_judged_as_by_hand() {
    let mut lot = Lot(7);
    let mut both = (0, 0);
    for (over, gap, at_least) in [
        (5 * MINUTE, 2 * SECOND, 100),
        (5 * MINUTE, 9 * SECOND, 100),
        (MINUTE, SECOND, 20),
        (10 * MINUTE, 300 * SECOND, 30),
        (2 * HOUR, 20 * SECOND, 1),
        (5 * MINUTE, 40 * MINUTE, 100),
    ] {
        let day = evening(100 * MINUTE);
        let all = requests(&mut lot, 0, day.end_ns, gap);
        let must = conditions(over);
        let outcomes = judged(&system(must.clone(), at_least, Vec::new()), &day, &all);
        for (condition, outcome) in must.iter().zip(outcomes) {
            let (windows, broken, worst) = by_hand(condition, &day, at_least as usize, &[], &all);
            let what = format!("{} over {over} with {} requests", condition.text, all.len());
            assert_eq!(
                (outcome.windows, outcome.broken),
                (windows, broken),
                "{what}"
            );
            both = (both.0 + windows - broken, both.1 + broken);
            match (outcome.worst, worst) {
                (Some(got), Some(exact)) if exact.is_finite() => {
                    assert!((got - exact).abs() <= 0.05 * exact, "{what}: {got} {exact}");
                }
                (got, exact) => assert_eq!(got, exact, "{what}"),
            }
            let expected = match (windows, broken) {
                (0, _) => Verdict::CantTell,
                (_, 0) => Verdict::Kept,
                _ => Verdict::Broken,
            };
            assert_eq!(outcome.verdict, expected, "{what}");
        }
    }
    // Neither side is there by accident only.
    assert!(500 < both.0 && 500 < both.1, "{both:?}");
}

#[test]
fn planned_windows_are_left_out() {
    let mut lot = Lot(3);
    let day = evening(100 * MINUTE);
    let all = requests(&mut lot, 0, day.end_ns, 2 * SECOND);
    let night = When {
        days: Days::EveryDay,
        hours: Hours::Band(jiff_time(23, 40), jiff_time(0, 10)),
        lasts_ns: None,
    };
    // The run counts from 23:15, which is at 30 minutes of its clock.
    let left_out = [(55 * MINUTE as i64, 85 * MINUTE as i64)];
    let must = conditions(5 * MINUTE);
    let outcomes = judged(&system(must.clone(), 100, vec![night]), &day, &all);
    for (condition, outcome) in must.iter().zip(outcomes) {
        let (windows, broken, _) = by_hand(condition, &day, 100, &left_out, &all);
        assert_eq!(
            (outcome.windows, outcome.broken),
            (windows, broken),
            "{}",
            condition.text
        );
    }
}

fn jiff_time(hour: i8, minute: i8) -> jiff::civil::Time {
    jiff::civil::time(hour, minute, 0, 0)
}

fn ok(sent_ns: u64) -> Finished {
    Finished {
        sent_ns,
        response_ns: 10_000_000,
        end: End::Ok,
        attempts: 1,
    }
}

fn failed(sent_ns: u64) -> Finished {
    Finished {
        end: End::Failed,
        ..ok(sent_ns)
    }
}

/// A day's window is the calendar day; a longer one takes ordinary days for the rest.
#[test]
fn whole_days() {
    let must = vec![
        condition("lost < 1%", Metric::Lost, Compare::Less, 0.01, DAY_NS),
        condition("lost < 1%", Metric::Lost, Compare::Less, 0.01, 30 * DAY_NS),
        condition(
            "p99 < 1s",
            Metric::Percentile(0.99),
            Compare::Less,
            1e9,
            30 * DAY_NS,
        ),
        condition(
            "p99 < 5ms",
            Metric::Percentile(0.99),
            Compare::Less,
            5e6,
            DAY_NS,
        ),
    ];
    // 45 minutes of Sunday and a whole Monday, 1 % of whose requests are lost in one second.
    let day = evening(45 * MINUTE + 24 * HOUR);
    let midnight = day.warm_up_ns + 45 * MINUTE;
    let sunday = (0..10).map(|i| ok(day.warm_up_ns + i * MINUTE));
    let monday = (0..990).map(|i| ok(midnight + i * MINUTE));
    let lost = (0..10).map(|i| failed(midnight + 6 * HOUR + i));
    let all: Vec<_> = sunday.chain(monday).chain(lost).collect();
    let outcomes = judged(&system(must.clone(), 100, Vec::new()), &day, &all);
    let seen: Vec<_> = outcomes.iter().map(|o| (o.windows, o.broken)).collect();
    assert_eq!(seen, [(2, 1), (2, 0), (2, 0), (2, 2)]);
    assert_eq!(outcomes[0].worst, Some(0.01));
    assert_eq!(
        outcomes[0].worst_window,
        Some((midnight, midnight + 24 * HOUR))
    );
    assert!((outcomes[1].worst.unwrap() - 0.01 / 30.0).abs() < 1e-15);
    // A planned hour of the day is left out of it, and only that hour.
    let maintenance = When {
        days: Days::EveryDay,
        hours: Hours::Band(jiff_time(5, 58), jiff_time(6, 1)),
        lasts_ns: None,
    };
    let outcomes = judged(&system(must, 100, vec![maintenance]), &day, &all);
    assert_eq!(
        (outcomes[0].windows, outcomes[0].broken, outcomes[0].worst),
        (2, 0, Some(0.0))
    );
}

#[test]
fn nothing_sent_cannot_be_judged() {
    let day = evening(HOUR);
    let outcomes = judged(&system(conditions(5 * MINUTE), 100, Vec::new()), &day, &[]);
    for outcome in outcomes {
        assert_eq!(
            (outcome.verdict, outcome.windows, outcome.worst),
            (Verdict::CantTell, 0, None),
            "{}",
            outcome.text
        );
    }
    // What was sent in the warm-up is not counted.
    let warm = [failed(29 * MINUTE), failed(0)];
    let outcomes = judged(&system(conditions(5 * MINUTE), 1, Vec::new()), &day, &warm);
    assert!(
        outcomes
            .iter()
            .all(|outcome| outcome.verdict == Verdict::CantTell)
    );
}

/// A dead service breaks its own promise, also by those who still wait when the run ends; what was just sent
/// decides nothing.
#[test]
fn requests_still_inside_count_as_far_as_they_are_known() {
    let day = evening(10 * MINUTE);
    let must = vec![
        condition(
            "p99 < 1s",
            Metric::Percentile(0.99),
            Compare::Less,
            1e9,
            MINUTE,
        ),
        condition("lost < 1%", Metric::Lost, Compare::Less, 0.01, MINUTE),
    ];
    let system = system(must, 10, Vec::new());
    let judge_with = |inside: &[u64]| {
        let mut judge = Judge::new(&system, &day).unwrap();
        for second in 0..600 {
            judge.record(0, &ok(day.warm_up_ns + second * SECOND));
        }
        for &sent in inside {
            judge.record_inside(0, sent, 1, day.end_ns);
        }
        judge.finish(day.end_ns).remove(0).conditions
    };
    let quiet = judge_with(&[]);
    assert_eq!((quiet[0].windows, quiet[0].broken), (46, 0));
    // Ten of them for two minutes: that is longer than a second, whatever becomes of them. Whether
    // they are lost nobody knows.
    let stuck = judge_with(&[day.end_ns - 2 * MINUTE - 1; 10]);
    assert_eq!(
        (stuck[0].windows, stuck[0].broken, stuck[0].worst),
        (46, 5, Some(f64::INFINITY))
    );
    assert_eq!(
        (stuck[1].windows, stuck[1].broken, stuck[1].verdict),
        (41, 0, Verdict::Kept)
    );
    // One more of sixty in the last half second may still be in time or not.
    let fresh = judge_with(&[day.end_ns - SECOND / 2]);
    assert_eq!((fresh[0].windows, fresh[0].broken), (45, 0));
}

/// A level must hold at every instant, and for longer than an instant.
#[test]
fn levels_hold_at_every_instant() {
    let mut tables = tables(
        vec![
            condition("queue < 10", Metric::Queue, Compare::Less, 10.0, 5 * MINUTE),
            condition(
                "replicas >= 2",
                Metric::Replicas,
                Compare::AtLeast,
                2.0,
                MINUTE,
            ),
            condition("cpu < 80%", Metric::Cpu, Compare::Less, 0.8, DAY_NS),
        ],
        100,
        Vec::new(),
    );
    tables.services = vec![service("core")];
    tables.promises[0].subjects = vec![Subject::Service(ServiceId(0))];
    let system = checked(tables);
    let day = evening(45 * MINUTE);
    let mut judge = Judge::new(&system, &day).unwrap();
    assert!(judge.wants_levels(ServiceId(0)));
    let core = ServiceId(0);
    let at = |minutes: u64| day.warm_up_ns + minutes * MINUTE;
    judge.level(core, Level::Queue, 0, 3.0);
    judge.level(core, Level::Replicas, 0, 3.0);
    judge.level(core, Level::Queue, at(10), 50.0);
    judge.level(core, Level::Queue, at(10), 4.0);
    judge.level(core, Level::Queue, at(20), 12.0);
    judge.level(core, Level::Queue, at(20) + 1, 1.0);
    judge.level(core, Level::Replicas, at(30), 1.0);
    judge.level(core, Level::Replicas, at(32), 2.0);
    let outcomes = judge.finish(day.end_ns).remove(0).conditions;
    // Windows of five minutes each minute: 41, of which five see minute 20. Replicas: of twelve seconds each,
    // 221 windows, and those that see two minutes are 10 + 4.
    assert_eq!(
        (outcomes[0].windows, outcomes[0].broken, outcomes[0].worst),
        (41, 5, Some(12.0))
    );
    assert_eq!(outcomes[0].worst_window, Some((at(16), at(21))));
    assert_eq!(
        (outcomes[1].windows, outcomes[1].broken, outcomes[1].worst),
        (221, 14, Some(1.0))
    );
    assert_eq!(
        (outcomes[2].windows, outcomes[2].verdict),
        (0, Verdict::CantTell)
    );
}

fn service(name: &str) -> worstday_model::system::Service {
    use worstday_model::system::{Admission, Balance, Expired, Order, Per, Probe, Queue, Service};
    Service {
        name: name.to_owned(),
        owner: None,
        known_as: Vec::new(),
        replicas: 3,
        workers: 1,
        cores: None,
        zones: Vec::new(),
        queue: Queue {
            bound: u64::MAX,
            order: Order::Fifo,
            per: Per::Replica,
            expired: Expired::Keep,
            timeout_ns: None,
        },
        admission: Admission::default(),
        balance: Balance::Random,
        panic: 0.0,
        slow_start_ns: 0,
        start: Dist::Constant(0.0),
        cold: None,
        start_steps: Vec::new(),
        stop_grace_ns: 0,
        stop_unready_ns: 0,
        ready: Probe {
            every_ns: 1,
            timeout_ns: 1,
            failures: 1,
            calls: None,
        },
        contention: None,
        rollout: None,
        endpoints_from: 0,
        endpoints_to: 0,
    }
}

#[test]
fn counts_of_things() {
    let must = vec![
        condition("expired < 3", Metric::Expired, Compare::Less, 3.0, DAY_NS),
        condition("expired < 3%", Metric::Expired, Compare::Less, 0.03, DAY_NS),
        condition(
            "duplicates <= 1",
            Metric::Duplicates,
            Compare::AtMost,
            1.0,
            DAY_NS,
        ),
    ];
    let system = system(must, 1, Vec::new());
    let day = evening(40 * MINUTE);
    let mut judge = Judge::new(&system, &day).unwrap();
    for second in 0..200 {
        judge.record(0, &ok(day.warm_up_ns + second * SECOND));
    }
    for _ in 0..3 {
        judge.count(0, Counted::Expired, day.warm_up_ns + 5);
    }
    judge.count(0, Counted::Duplicate, day.warm_up_ns + 5);
    judge.count(0, Counted::Duplicate, 5);
    let outcomes = judge.finish(day.end_ns).remove(0).conditions;
    let seen: Vec<_> = outcomes.iter().map(|o| (o.verdict, o.worst)).collect();
    assert_eq!(
        seen,
        [
            (Verdict::Broken, Some(3.0)),
            (Verdict::Kept, Some(0.015)),
            (Verdict::Kept, Some(1.0))
        ]
    );
}

/// A system that answers in 10 ms, and in 2 s from minute 20 to minute `slow_until`, because of a fault from
/// minute 20 to 22.
fn slow_spell(must: Vec<Condition>, slow_until: u64, length: u64) -> Vec<ConditionOutcome> {
    slow_in(must, &[(20, slow_until)], length)
}

/// The same, slow in these minutes.
fn slow_in(must: Vec<Condition>, slow: &[(u64, u64)], length: u64) -> Vec<ConditionOutcome> {
    let system = system(must, 20, Vec::new());
    let day = evening(length * MINUTE);
    let mut judge = Judge::new(&system, &day).unwrap();
    for second in 0..length * 60 {
        let is_slow = slow
            .iter()
            .any(|&(from, to)| (from * 60..to * 60).contains(&second));
        judge.record(
            0,
            &Finished {
                response_ns: if is_slow { 2 * SECOND } else { 10_000_000 },
                ..ok(day.warm_up_ns + second * SECOND)
            },
        );
    }
    let at = |minutes: u64| day.warm_up_ns + minutes * MINUTE;
    judge.disturbed(at(20) as i64, Some(at(21)));
    judge.disturbed(at(21) as i64, Some(at(22)));
    // Over before counting began.
    judge.disturbed(0, Some(MINUTE));
    judge.finish(day.end_ns).remove(0).conditions
}

#[test]
fn recovery_is_when_all_conditions_hold_again() {
    let must = || {
        vec![
            condition(
                "p90 < 1s",
                Metric::Percentile(0.9),
                Compare::Less,
                1e9,
                MINUTE,
            ),
            condition(
                "recovers < 5m",
                Metric::Recovers,
                Compare::Less,
                5.0 * MINUTE as f64,
                5 * MINUTE,
            ),
        ]
    };
    // Well from minute 26 on; the windows that end there hold a tenth of slow ones at most from 25:54 on,
    // which is in the window that starts at 26:00.
    let outcomes = slow_spell(must(), 26, 60);
    assert_eq!(
        (outcomes[1].verdict, outcomes[1].windows, outcomes[1].worst),
        (Verdict::Kept, 1, Some(4.0 * MINUTE as f64))
    );
    // From the start of the first fault until five minutes after the last nothing else is judged.
    assert_eq!(
        (outcomes[0].verdict, outcomes[0].broken),
        (Verdict::Kept, 0)
    );
    // Well from minute 30 on: too late, and the other condition breaks after its excuse.
    let outcomes = slow_spell(must(), 30, 60);
    assert_eq!(
        (outcomes[1].verdict, outcomes[1].worst),
        (Verdict::Broken, Some(8.0 * MINUTE as f64))
    );
    assert_eq!(outcomes[0].verdict, Verdict::Broken);
    // Never.
    let outcomes = slow_spell(must(), 60, 60);
    assert_eq!(
        (outcomes[1].verdict, outcomes[1].worst),
        (Verdict::Broken, Some(f64::INFINITY))
    );
    // A run that ends four minutes after the fault cannot tell: five minutes must be seen.
    let outcomes = slow_spell(must(), 24, 26);
    assert_eq!(
        (outcomes[1].verdict, outcomes[1].windows),
        (Verdict::CantTell, 0)
    );
}

/// Without other conditions it is the general rule: 95 % answered, the median at most doubled, for two minutes.
#[test]
fn recovery_by_the_general_rule() {
    let must = || {
        vec![condition(
            "recovers < 5m",
            Metric::Recovers,
            Compare::Less,
            5.0 * MINUTE as f64,
            5 * MINUTE,
        )]
    };
    let time = |slow_until: u64| slow_spell(must(), slow_until, 60)[0].worst;
    assert_eq!(time(22), Some(0.0));
    assert_eq!(time(26), Some(4.0 * MINUTE as f64));
    assert_eq!(time(60), Some(f64::INFINITY));
    assert_eq!(slow_spell(must(), 60, 60)[0].verdict, Verdict::Broken);
}

/// `recovers` alone asks whether the collapse outlives its trigger, and not for how long; until it is over, and no longer,
/// it excuses the other conditions.
#[test]
fn recovery_may_take_any_time() {
    let ever = || {
        condition(
            "recovers",
            Metric::Recovers,
            Compare::Less,
            Condition::EVER,
            0,
        )
    };
    let slow = || {
        let p90 = Metric::Percentile(0.9);
        condition("p90 < 1s", p90, Compare::Less, 1e9, MINUTE)
    };
    for must in [vec![slow(), ever()], vec![ever()]] {
        let last = must.len() - 1;
        let of = |slow_until, end| {
            let outcomes = slow_spell(must.clone(), slow_until, end);
            (outcomes[last].verdict, outcomes[last].worst, outcomes)
        };
        // Ended by itself, eighteen minutes after its trigger at minute 22.
        let (verdict, worst, outcomes) = of(40, 60);
        assert_eq!(
            (verdict, worst),
            (Verdict::Kept, Some(18.0 * MINUTE as f64))
        );
        assert_eq!(outcomes[0].verdict, Verdict::Kept);
        // Not when the run ended, however soon that was.
        for end in [60, 30] {
            let (verdict, worst, outcomes) = of(60, end);
            assert_eq!(
                (verdict, worst),
                (Verdict::Broken, Some(f64::INFINITY)),
                "{end}"
            );
            assert_eq!(outcomes[last].broken, 1);
        }
        // The run ends a minute after the trigger: nobody saw whether it was over.
        let (verdict, ..) = of(60, 23);
        assert_eq!(verdict, Verdict::CantTell);
    }
    // Slow again later, without a trigger: that is no longer excused.
    let late = slow_in(vec![slow(), ever()], &[(20, 26), (38, 43)], 60);
    assert_eq!(
        (late[0].verdict, late[1].verdict),
        (Verdict::Broken, Verdict::Kept)
    );
}

/// Nothing to recover from is no broken promise.
#[test]
fn a_quiet_day_recovers_from_nothing() {
    let must = vec![condition(
        "recovers < 5m",
        Metric::Recovers,
        Compare::Less,
        5.0 * MINUTE as f64,
        5 * MINUTE,
    )];
    let outcomes = judged(&system(must, 1, Vec::new()), &evening(HOUR), &[]);
    assert_eq!(
        (outcomes[0].verdict, outcomes[0].windows, outcomes[0].worst),
        (Verdict::Kept, 0, None)
    );
}

#[test]
fn absurd_windows_are_refused_and_long_runs_coarsen() {
    let tiny = vec![condition(
        "p99 < 1s over 1us",
        Metric::Percentile(0.99),
        Compare::Less,
        1e9,
        1000,
    )];
    let error = Judge::new(&system(tiny, 1, Vec::new()), &evening(HOUR)).unwrap_err();
    assert_eq!(
        error.to_string(),
        "`p99 < 1s over 1us` of `p` has more than 4194304 windows on this day: take a longer window or a shorter run"
    );
    let mut watch = Watch::new(0);
    let days = 40;
    for minute in 0..days * 24 * 60 {
        watch.record(&ok(minute * MINUTE));
    }
    let end = days * 24 * HOUR;
    let recovery = watch.recovery(HOUR, 2 * HOUR, end);
    assert_eq!(recovery.at_ns, Some(2 * HOUR));
    assert!((recovery.median_before_ns.unwrap() - 1e7).abs() < 4e5);
}

/// The judge is plain data: one that was written and read in the middle of a run ends alike.
#[test]
fn a_judge_can_be_put_away() {
    let mut lot = Lot(11);
    let day = evening(50 * MINUTE);
    let all = requests(&mut lot, 0, day.end_ns, 2 * SECOND);
    let system = system(conditions(5 * MINUTE), 20, Vec::new());
    let whole = judged(&system, &day, &all);
    let mut judge = Judge::new(&system, &day).unwrap();
    for (index, request) in all.iter().enumerate() {
        if index.is_multiple_of(500) {
            judge = serde_json::from_str(&serde_json::to_string(&judge).unwrap()).unwrap();
        }
        judge.record(0, request);
    }
    let parts = judge.finish(day.end_ns).remove(0).conditions;
    for (a, b) in whole.iter().zip(parts) {
        assert_eq!(
            (a.windows, a.broken, a.worst, a.worst_window),
            (b.windows, b.broken, b.worst, b.worst_window)
        );
    }
}
