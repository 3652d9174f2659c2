//! Alerts, operators and what they do.

use crate::zoo::*;
use std::sync::Arc;
use worstday_model::system::*;
use worstday_model::when::{Days, Hours, When};
use worstday_sim::Ending::*;
use worstday_sim::outcome::Happened;
use worstday_sim::{Engine, NoEdits};

pub(super) fn condition(metric: Metric, op: Compare, value: f64, over_ns: u64) -> Condition {
    Condition {
        text: "as the test says".into(),
        metric,
        of_answered: OfAnswered::No,
        op,
        value,
        over_ns,
        place: Place::default(),
    }
}

pub(super) fn sight(subject: Subject, condition: Condition, for_ns: u64) -> Sight {
    Sight {
        text: "as the test says".into(),
        subject,
        seen: Seen::Level(condition),
        for_ns,
    }
}

pub(super) fn alert(name: &str, on: Sight, tells: Vec<OperatorId>) -> Alert {
    Alert {
        name: name.into(),
        on: AlertOn::Sight(on),
        every_ns: S,
        delay: Dist::Constant(0.0),
        misses: 0.0,
        needs: None,
        tells,
        place: Place::default(),
    }
}

fn action(act: Act) -> Action {
    Action {
        text: "does it".into(),
        act,
        takes: None,
        through: None,
    }
}

pub(super) fn entry(alert: AlertId, act: Act, expiry: Expiry) -> Entry {
    Entry {
        alert,
        after: None,
        actions: vec![action(act)],
        expiry,
        because: None,
    }
}

pub(super) fn operator(runbook: Vec<Entry>) -> Operator {
    Operator {
        name: "anna".into(),
        after: Some(Dist::Constant(2e9)),
        people: 1,
        shifts: vec![],
        needs: None,
        blind: None,
        runbook,
        mistakes: None,
        place: Place::default(),
    }
}

/// Ten visits a second for `seconds`, on the tenths; they end degraded while the flag is up.
pub(super) fn shop(seconds: u64) -> (Zoo, EndpointId) {
    let mut z = Zoo::new(seconds * S);
    z.system.flags = vec![Flag {
        name: "offline".into(),
    }];
    let [buy] = z.service("shop", 100, ["buy"]);
    z.of("shop").start = Dist::Constant(0.0);
    let at: Vec<u64> = (0..seconds * 10).map(|n| n * 100 * MS).collect();
    let users = z.client_at("users", &at);
    let ask = z.call(Caller::Client(users), buy, timeout(S));
    z.system.clients[0].steps = vec![step(Verb::Choose(vec![
        Branch {
            condition: Some(Guard::Up(FlagId(0))),
            chance: 0.0,
            steps: vec![step(Verb::Answer(AnswerWord::Degraded))],
        },
        Branch {
            condition: None,
            chance: 1.0,
            steps: vec![ask],
        },
    ]))];
    (z, buy)
}

/// Every request of the shop fails from 10 s to 40 s.
fn failing(z: &mut Zoo, buy: EndpointId) -> FaultId {
    let kind = FaultKind::Errors {
        target: Target::Endpoint(buy),
        by: Dist::Constant(1.0),
        keys: None,
    };
    z.strikes(kind, 10 * S, 30 * S)
}

fn errors_over_half(buy: EndpointId) -> Sight {
    let above = condition(Metric::Errors, Compare::More, 0.5, 5 * S);
    sight(Subject::Endpoint(buy), above, 3 * S)
}

/// From and until in seconds, of a kind.
pub(super) fn spans(t: &Told, what: &str) -> Vec<(f64, Option<f64>)> {
    let seconds = |ns: u64| ns as f64 / 1e9;
    let of_kind = |row: &&Happened| row.what == what;
    let rows = t.outcome.happened.iter().filter(of_kind);
    rows.map(|row| (seconds(row.from_ns as u64), row.until_ns.map(seconds)))
        .collect()
}

/// Seconds in which visits ended so.
fn when(t: &Told, ending: worstday_sim::Ending) -> Vec<f64> {
    let visits = t.visits();
    let of_it = visits.iter().filter(|visit| visit.2 == ending);
    of_it.map(|visit| visit.0 as f64 / 1e9).collect()
}

/// An alert sees what ended in its window, fires when it has been so for its time, and clears.
#[test]
fn an_alert_fires_after_its_time_and_clears() {
    let (mut z, buy) = shop(60);
    failing(&mut z, buy);
    z.system.alerts = vec![alert("errors", errors_over_half(buy), vec![])];
    let t = z.run();
    // At 12 the last five seconds hold 20 bad of 50, at 13 they hold 30: from 13 for 3 s is 16. At 42 they still hold 30
    // bad ones, at 43 only 20.
    assert_eq!(spans(&t, "alert"), [(16.0, Some(43.0))]);
    assert_eq!(t.outcome.happened.len(), 2);
}

/// What never comes is later than any line: where half of all are lost, the median is beyond one second. At 42 the last
/// five seconds hold 30 failed ones, and the 25th of 50 is none of the 20 answered; at 43 it is.
#[test]
fn a_percentile_of_the_lost_is_above_every_line() {
    for op in [Compare::More, Compare::AtLeast] {
        let (mut z, buy) = shop(60);
        failing(&mut z, buy);
        let slow = condition(Metric::Percentile(0.5), op, 1e9, 5 * S);
        let slow = sight(Subject::Endpoint(buy), slow, 3 * S);
        z.system.alerts = vec![alert("slow", slow, vec![])];
        assert_eq!(spans(&z.run(), "alert"), [(16.0, Some(43.0))]);
    }
    let (mut z, buy) = shop(60);
    failing(&mut z, buy);
    let quick = condition(Metric::Percentile(0.5), Compare::AtMost, 1e9, 5 * S);
    let quick = sight(Subject::Endpoint(buy), quick, 0);
    z.system.alerts = vec![alert("quick", quick, vec![])];
    // At 3 there are 30 to look at.
    let t = z.run();
    assert_eq!(spans(&t, "alert"), [(3.0, Some(13.0)), (43.0, None)]);
}

/// Looking changes nothing.
#[test]
fn an_alert_that_nobody_acts_on_leaves_no_trace() {
    let (mut z, buy) = shop(60);
    failing(&mut z, buy);
    let without = z.outcome(7);
    z.system.alerts = vec![alert("errors", errors_over_half(buy), vec![])];
    let with = z.outcome(7);
    assert_eq!(without.digest, with.digest);
    assert_eq!(without.events, with.events);
}

/// Fewer than thirty requests say nothing; 30 do.
#[test]
fn a_window_with_few_requests_is_silent() {
    let (mut z, buy) = shop(60);
    failing(&mut z, buy);
    // 29 visits in a window of 2.9 s, and 30 in one of 3 s.
    for (over_ns, fires) in [(2_900 * MS, 0), (3_000 * MS, 1)] {
        let above = condition(Metric::Errors, Compare::More, 0.9, over_ns);
        let mut rule = alert("errors", sight(Subject::Endpoint(buy), above, 0), vec![]);
        rule.every_ns = 2_900 * MS;
        if fires == 1 {
            rule.every_ns = 3_000 * MS;
        }
        z.system.alerts = vec![rule];
        assert_eq!(spans(&z.run(), "alert").len(), fires, "{over_ns}");
    }
}

/// Firing, delay, reaction, action, expiry: each adds its time.
#[test]
fn an_operator_acts_and_it_expires() {
    let (mut z, buy) = shop(60);
    failing(&mut z, buy);
    let mut rule = alert("errors", errors_over_half(buy), vec![OperatorId(0)]);
    rule.delay = Dist::Constant(1.5e9);
    z.system.alerts = vec![rule];
    let expiry = Expiry::After(Dist::Constant(5e9));
    z.system.operators = vec![operator(vec![entry(
        AlertId(0),
        Act::Set(FlagId(0)),
        expiry,
    )])];
    let t = z.run();
    // 16 + 1.5 + 2 = 19.5, for 5 s; who arrives at 19.5 finds the flag up, who arrives at 24.5 finds it down.
    assert_eq!(spans(&t, "override"), [(19.5, Some(24.5))]);
    let degraded = when(&t, Degraded);
    assert_eq!(
        (degraded.len(), degraded[0], degraded[49]),
        (50, 19.5, 24.4)
    );
}

/// Each operator that is told costs, but not in the warm-up, and not if nobody hears of it.
#[test]
fn pages_are_paid_for() {
    let bill = |warm_up: u64, misses: f64| {
        let (mut z, buy) = shop(60);
        failing(&mut z, buy);
        z.day.warm_up_ns = warm_up * S;
        let both = vec![OperatorId(0), OperatorId(1)];
        let mut rule = alert("errors", errors_over_half(buy), both);
        rule.misses = misses;
        z.system.alerts = vec![rule];
        z.system.operators = vec![operator(vec![]), operator(vec![])];
        z.system.operators[1].name = "ben".into();
        z.system.costs = Some(Costs {
            page: 7.0,
            ..Costs::default()
        });
        let bill = z.run().outcome.bill.expect("there are prices");
        assert_eq!(bill.total, bill.pages);
        bill.pages
    };
    // It fires once, at 16 s.
    assert_eq!(bill(0, 0.0), 14.0);
    assert_eq!(bill(15, 0.0), 14.0);
    assert_eq!(bill(17, 0.0), 0.0);
    assert_eq!(bill(0, 1.0), 0.0);
}

/// What it does may end when something is seen, at every look for its time.
#[test]
fn an_override_ends_when_something_is_seen() {
    let (mut z, buy) = shop(80);
    failing(&mut z, buy);
    let quiet = condition(Metric::Queue, Compare::Less, 1.0, 0);
    z.system.alerts = vec![alert("errors", errors_over_half(buy), vec![OperatorId(0)])];
    let until = Expiry::Until(sight(Subject::Service(ServiceId(0)), quiet, 10 * S));
    z.system.operators = vec![operator(vec![entry(
        AlertId(0),
        Act::Set(FlagId(0)),
        until,
    )])];
    let t = z.run();
    // Acts at 18; looks at 19 for the first time, and again every second: 10 s later is 29.
    assert_eq!(spans(&t, "override"), [(18.0, Some(29.0))]);
}

/// What has cleared by itself needs nothing.
#[test]
fn a_slow_operator_finds_it_cleared() {
    let (mut z, buy) = shop(80);
    failing(&mut z, buy);
    z.system.alerts = vec![alert("errors", errors_over_half(buy), vec![OperatorId(0)])];
    let mut late = operator(vec![entry(AlertId(0), Act::Set(FlagId(0)), Expiry::Never)]);
    for (after, acts) in [(26.9e9, 1), (27.1e9, 0)] {
        late.after = Some(Dist::Constant(after));
        z.system.operators = vec![late.clone()];
        // It clears at 43.
        assert_eq!(spans(&z.run(), "override").len(), acts);
    }
}

/// A missed firing tells nobody; the coin is the firing's own.
#[test]
fn a_missed_firing_tells_nobody() {
    let (mut z, buy) = shop(60);
    failing(&mut z, buy);
    let mut rule = alert("errors", errors_over_half(buy), vec![OperatorId(0)]);
    rule.misses = 1.0;
    z.system.alerts = vec![rule];
    z.system.operators = vec![operator(vec![entry(
        AlertId(0),
        Act::Set(FlagId(0)),
        Expiry::Never,
    )])];
    let t = z.run();
    assert_eq!(spans(&t, "alert"), [(16.0, Some(43.0))]);
    assert!(
        t.outcome
            .happened
            .iter()
            .any(|row| row.detail.ends_with("unseen"))
    );
    assert!(spans(&t, "override").is_empty());
    // Of 400 seeds with one firing each, a tenth: 40 within 4 standard deviations of 6.
    z.system.alerts[0].misses = 0.1;
    let acted = (0..400).filter(|&seed| {
        let happened = z.outcome(seed).happened;
        happened.iter().any(|row| row.what == "override")
    });
    let missed = 400 - acted.count();
    assert!((16..=64).contains(&missed), "{missed}");
}

/// One pair of hands does one thing at a time; two do two.
#[test]
fn hands_are_limited() {
    for (people, begun) in [(1, [21.0, 24.0]), (2, [21.0, 21.0])] {
        let (mut z, buy) = shop(60);
        failing(&mut z, buy);
        z.system.flags.push(Flag {
            name: "spare".into(),
        });
        z.system.alerts = vec![alert("errors", errors_over_half(buy), vec![OperatorId(0)])];
        let mut two = operator(vec![
            entry(AlertId(0), Act::Set(FlagId(0)), Expiry::Never),
            entry(AlertId(0), Act::Set(FlagId(1)), Expiry::Never),
        ]);
        for entry in &mut two.runbook {
            entry.actions[0].takes = Some(Dist::Constant(3e9));
        }
        two.people = people;
        z.system.operators = vec![two];
        let t = z.run();
        // Reacts at 18, three seconds of work each.
        let at: Vec<f64> = spans(&t, "override").iter().map(|span| span.0).collect();
        assert_eq!(at, begun);
    }
}

/// Who sees nothing takes longer; an alert that sees nothing is silent.
#[test]
fn monitoring_shares_the_fate_of_what_it_watches() {
    let (mut z, buy) = shop(60);
    let [query] = z.service("dashboards", 1, ["query"]);
    let [store] = z.service("store", 1, ["get"]);
    let ask = z.call(Caller::Endpoint(query), store, timeout(S));
    z.does(query, vec![ask]);
    failing(&mut z, buy);
    let target = z.all_of("store");
    z.strikes(FaultKind::Vanish(target), 5 * S, 25 * S);
    let rule = alert("errors", errors_over_half(buy), vec![OperatorId(0)]);
    let act = entry(AlertId(0), Act::Set(FlagId(0)), Expiry::Never);
    let mut blind = operator(vec![act]);
    (blind.needs, blind.blind) = (Some(query), Some(Dist::Constant(20e9)));
    z.system.alerts = vec![rule.clone()];
    z.system.operators = vec![blind];
    // Fires at 16, told while the dashboards' store is gone: 20 s instead of 2.
    assert_eq!(spans(&z.run(), "override"), [(36.0, None)]);
    z.system.alerts = vec![Alert {
        needs: Some(query),
        ..rule
    }];
    // The store is back at 30 and starts for 30 s more: the alert sees nothing before 60.
    assert!(spans(&z.run(), "alert").is_empty());
    z.of("store").start = Dist::Constant(0.0);
    // It sees again at 30, needs three seconds of it, and its operator sees too. With the flag up nobody asks the shop any
    // more: whether it is well again cannot be told.
    let t = z.run();
    assert_eq!(spans(&t, "alert"), [(33.0, None)]);
    assert_eq!(spans(&t, "override"), [(35.0, None)]);
}

/// A share of the visits, or of the requests at a door, is turned away; a larger share turns away the same and more.
#[test]
fn shedding_turns_away_a_share() {
    let shed = |whom: Shed, by: f64| {
        let (mut z, buy) = shop(100);
        failing(&mut z, buy);
        z.system.alerts = vec![alert("errors", errors_over_half(buy), vec![OperatorId(0)])];
        let expiry = Expiry::After(Dist::Constant(60e9));
        z.system.operators = vec![operator(vec![entry(
            AlertId(0),
            Act::Shed(whom, by),
            expiry,
        )])];
        z.run()
    };
    let (users, door) = (Shed::Client(ClientId(0)), Shed::Endpoint(EndpointId(0)));
    for whom in [users, door] {
        let all = when(&shed(whom, 1.0), Rejected);
        // From 18 for 60 s, ten a second.
        assert_eq!((all.len(), all[0], all[599]), (600, 18.0, 77.9));
        let (some, more) = (
            when(&shed(whom, 0.3), Rejected),
            when(&shed(whom, 0.6), Rejected),
        );
        // 180 and 360 of 600 within 4 standard deviations.
        assert!((135..=225).contains(&some.len()), "{}", some.len());
        assert!((312..=408).contains(&more.len()), "{}", more.len());
        assert!(some.iter().all(|at| more.contains(at)));
    }
    let t = shed(door, 1.0);
    assert_eq!(t.service("shop").ends.shed, 600);
    assert_eq!(t.client("users").ends.shed, 600);
}

/// A restart refuses what is inside, and the replica starts anew.
#[test]
fn a_restart_ends_the_process() {
    let (mut z, buy) = shop(60);
    z.does(buy, vec![work(900 * MS)]);
    z.of("shop").start = Dist::Constant(5e9);
    failing(&mut z, buy);
    z.system.alerts = vec![alert("errors", errors_over_half(buy), vec![OperatorId(0)])];
    let target = z.all_of("shop");
    z.system.operators = vec![operator(vec![entry(
        AlertId(0),
        Act::Restart(target),
        Expiry::Never,
    )])];
    let t = z.run();
    // Requests fail as they end: the alert fires at 16 as ever.
    assert_eq!(spans(&t, "override"), [(18.0, Some(18.0))]);
    let refused = when(&t, Refused);
    // Those of 17.1 to 17.9 are inside at 18 (that of 17.1 ends just then, and answers come first); until 23 nobody serves.
    assert_eq!(refused[0], 17.2);
    assert_eq!(refused.len(), 8 + 50);
}

/// Nobody is sent to a drained zone, from that instant on until it is undone.
#[test]
fn a_drained_zone_gets_nothing_new() {
    let (mut z, buy) = shop(60);
    failing(&mut z, buy);
    z.system.zones = ["a", "b"]
        .map(|name| Zone {
            name: name.into(),
            region: None,
        })
        .into();
    z.of("shop").replicas = 2;
    z.of("shop").balance = Balance::RoundRobin;
    z.of("shop").zones = vec![ZoneId(0), ZoneId(1)];
    z.system.alerts = vec![alert("errors", errors_over_half(buy), vec![OperatorId(0)])];
    let expiry = Expiry::After(Dist::Constant(10e9));
    z.system.operators = vec![operator(vec![entry(
        AlertId(0),
        Act::Drain(ZoneId(0)),
        expiry,
    )])];
    let replicas = z.run().replicas(buy);
    let to_a = |from: usize, to: usize| replicas[from..to].iter().filter(|r| **r == 0).count();
    assert_eq!((to_a(0, 180), to_a(180, 280), to_a(280, 380)), (90, 0, 50));
}

/// Repaired is repaired: what would have lasted ends.
#[test]
fn a_repair_ends_the_fault() {
    let (mut z, buy) = shop(60);
    let fault = failing(&mut z, buy);
    z.system.faults[0].lasts = Lasts::Repaired;
    z.system.alerts = vec![alert("errors", errors_over_half(buy), vec![OperatorId(0)])];
    z.system.operators = vec![operator(vec![entry(
        AlertId(0),
        Act::Repair(fault),
        Expiry::Never,
    )])];
    let t = z.run();
    assert_eq!(spans(&t, "fault"), [(10.0, Some(18.0))]);
    assert_eq!(when(&t, Error).len(), 80);
    z.system.operators.clear();
    z.system.alerts[0].tells.clear();
    assert_eq!(spans(&z.run(), "fault"), [(10.0, None)]);
}

/// Tools share fate: what an action goes through must answer, and is tried every minute.
#[test]
fn an_action_works_through_a_tool() {
    let (mut z, buy) = shop(200);
    let [apply] = z.service("console", 1, ["apply"]);
    z.of("console").start = Dist::Constant(0.0);
    let kind = FaultKind::Errors {
        target: Target::Endpoint(buy),
        by: Dist::Constant(1.0),
        keys: None,
    };
    z.strikes(kind, 10 * S, 180 * S);
    let target = z.all_of("console");
    z.strikes(FaultKind::Crash(target), 5 * S, 100 * S);
    z.system.alerts = vec![alert("errors", errors_over_half(buy), vec![OperatorId(0)])];
    let mut act = entry(AlertId(0), Act::Set(FlagId(0)), Expiry::Never);
    act.actions[0].through = Some(apply);
    z.system.operators = vec![operator(vec![act])];
    // Tried at 18 and 78, when the console is down, and at 138.
    assert_eq!(spans(&z.run(), "override"), [(138.0, None)]);
}

/// Outside their shifts nobody reacts before the next one begins; each shift has its own pace.
#[test]
fn shifts_decide_who_reacts() {
    let (mut z, buy) = shop(100);
    let kind = FaultKind::Errors {
        target: Target::Endpoint(buy),
        by: Dist::Constant(1.0),
        keys: None,
    };
    z.strikes(kind, 10 * S, 80 * S);
    z.system.alerts = vec![alert("errors", errors_over_half(buy), vec![OperatorId(0)])];
    let mut crew = operator(vec![entry(AlertId(0), Act::Set(FlagId(0)), Expiry::Never)]);
    let from_to = |from: i8, to: i8| {
        vec![When {
            days: Days::EveryDay,
            hours: Hours::Band(
                jiff::civil::time(0, 0, from, 0),
                jiff::civil::time(0, 0, to, 0),
            ),
            lasts_ns: None,
        }]
    };
    crew.shifts = vec![
        Shift {
            when: from_to(0, 10),
            after: None,
        },
        Shift {
            when: from_to(30, 59),
            after: Some(Dist::Constant(7e9)),
        },
    ];
    z.system.operators = vec![crew.clone()];
    // Fires at 16, heard at 30.
    assert_eq!(spans(&z.run(), "override"), [(37.0, None)]);
    crew.shifts[0].when = from_to(0, 20);
    z.system.operators = vec![crew];
    assert_eq!(spans(&z.run(), "override"), [(18.0, None)]);
}

/// A mistake is done instead, by a coin.
#[test]
fn mistakes_are_done_instead() {
    let (mut z, buy) = shop(60);
    failing(&mut z, buy);
    z.system.alerts = vec![alert("errors", errors_over_half(buy), vec![OperatorId(0)])];
    let mut hasty = operator(vec![entry(AlertId(0), Act::Set(FlagId(0)), Expiry::Never)]);
    hasty.mistakes = Some(Mistakes {
        chance: 1.0,
        actions: vec![action(Act::Shed(Shed::Client(ClientId(0)), 1.0))],
    });
    z.system.operators = vec![hasty];
    let t = z.run();
    assert_eq!(when(&t, Rejected).len(), 420);
    assert!(when(&t, Degraded).is_empty());
    assert!(
        t.outcome
            .happened
            .iter()
            .any(|row| row.detail.contains("by mistake"))
    );
}

/// The SRE workbook's page: all requests fail, 99.9 % promised: 14.4 times the budget of an hour is used up after 51.84 s.
#[test]
fn a_burning_budget_pages_as_published() {
    let (mut z, buy) = shop(3 * 3600);
    let kind = FaultKind::Errors {
        target: Target::Endpoint(buy),
        by: Dist::Constant(1.0),
        keys: None,
    };
    z.strikes(kind, 2 * 3600 * S, 600 * S);
    z.system.promises = vec![Promise {
        name: "buying".into(),
        subjects: vec![Subject::Client(ClientId(0))],
        must: vec![condition(Metric::Lost, Compare::Less, 0.001, 300 * S)],
        survives: vec![],
        except: vec![],
        at_least: 100,
        at_risk: 0.05,
        place: Place::default(),
    }];
    let mut rule = alert("burns", errors_over_half(buy), vec![]);
    rule.on = AlertOn::Burn(Burn {
        promise: PromiseId(0),
        windows: vec![BurnWindow {
            factor: 14.4,
            long_ns: 3600 * S,
            short_ns: 300 * S,
        }],
    });
    z.system.alerts = vec![rule];
    let t = z.run();
    // Seen at the next full second: 52 s. The short window holds 300 s of failures until the end of the fault, and is
    // below 1.44 % when fewer than 4.32 s of them are left in it: at 600 + 295.68, seen at 896.
    assert_eq!(spans(&t, "alert"), [(7252.0, Some(8096.0))]);
}

/// `falls 30% in 10s`: the last ten seconds against the ten before.
#[test]
fn a_trend_is_seen() {
    let mut z = Zoo::new(100 * S);
    let [buy] = z.service("shop", 100, ["buy"]);
    // Ten a second until 50 s, then six.
    let mut at: Vec<u64> = (0..500).map(|n| n * 100 * MS).collect();
    at.extend((0..300).map(|n| 50 * S + n * S / 6));
    let users = z.client_at("users", &at);
    z.asks(users, buy, timeout(S));
    let mut rule = alert(
        "falls",
        sight(
            Subject::Client(users),
            condition(Metric::Goodput, Compare::More, 0.3, 10 * S),
            0,
        ),
        vec![],
    );
    let AlertOn::Sight(sight) = &mut rule.on else {
        unreachable!("made so above")
    };
    sight.seen = Seen::Move {
        trend: Trend::Falls,
        condition: sight.seen.condition().clone(),
    };
    z.system.alerts = vec![rule];
    // 30 % less than 100 in ten seconds are 70: reached when 7.5 s are at the lower rate, seen at 58 (68 of 100, less
    // 32 %). At 62 the ten before hold 92 and the last ones 60 (34.8 %), at 63 it is 88 to 60 (31.8 %), at 64 84 (28.6 %).
    assert_eq!(spans(&z.run(), "alert"), [(58.0, Some(64.0))]);
}

/// A dead service is seen by its callers: requests that never reach it count when they are given up.
#[test]
fn a_dead_service_is_seen_by_its_callers() {
    let (mut z, buy) = shop(60);
    let target = z.all_of("shop");
    z.of("shop").panic = 1.0;
    z.strikes(FaultKind::Vanish(target), 10 * S, 30 * S);
    z.system.alerts = vec![alert("errors", errors_over_half(buy), vec![])];
    z.system.promises = vec![Promise {
        name: "buying".into(),
        subjects: vec![Subject::Endpoint(buy)],
        must: vec![condition(Metric::Lost, Compare::Less, 0.9, 5 * S)],
        survives: vec![],
        except: vec![],
        at_least: 10,
        at_risk: 0.05,
        place: Place::default(),
    }];
    let t = z.run();
    // Each caller waits a second: at 13 twenty were given up and twenty answered, at 14 thirty and ten; at 43 thirty each.
    assert_eq!(spans(&t, "alert"), [(17.0, Some(43.0))]);
    let verdict = &t.outcome.promises[0].conditions[0];
    assert_eq!(verdict.verdict, worstday_sim::outcome::Verdict::Broken);
    assert_eq!(verdict.worst, Some(1.0));
}

/// Who asks again and again stops when the flag goes up.
#[test]
fn retries_are_called_off() {
    let (mut z, buy) = shop(60);
    let [pay] = z.service("bank", 100, ["pay"]);
    z.of("bank").panic = 1.0;
    let mut policy = retrying(S, 1000);
    policy.retry.as_mut().expect("made so").unless = Some(FlagId(0));
    let ask = z.call(Caller::Endpoint(buy), pay, policy);
    z.last_call().fallback = Some(Fallback {
        results: Results::ALL,
        what: FallbackDo::Degraded,
    });
    z.does(buy, vec![ask]);
    z.system.calls[0].policy = CallPolicy::default();
    let target = z.all_of("bank");
    z.strikes(FaultKind::Vanish(target), 10 * S, 40 * S);
    let down = condition(Metric::Errors, Compare::More, 0.5, 5 * S);
    z.system.alerts = vec![alert(
        "bank",
        sight(Subject::Endpoint(pay), down, 0),
        vec![OperatorId(0)],
    )];
    z.system.operators = vec![operator(vec![entry(
        AlertId(0),
        Act::Set(FlagId(0)),
        Expiry::Never,
    )])];
    let t = z.run();
    // Of 11.0 on they are given up, ten more each second: at 12 the last 5 s hold 10 bad of 40, at 13 30 of 50.
    assert_eq!(spans(&t, "override"), [(15.0, None)]);
    // Who came at 10.0 to 14.9 was turned round within a second of 15 (what times out at 15.0 itself still finds the flag
    // down: timeouts come first), and goes on less than fully.
    let visits = t.visits();
    let stuck = visits.iter().filter(|v| (10 * S..15 * S).contains(&v.0));
    let ends: Vec<u64> = stuck.clone().map(|visit| visit.1 / MS).collect();
    assert_eq!(
        (ends.len(), ends.iter().min(), ends.iter().max()),
        (50, Some(&15_100), Some(&16_000))
    );
    assert!(stuck.clone().all(|visit| visit.2 == Degraded));
}

/// A snapshot in the middle of firing, reaction and override goes on to the same last bit.
#[test]
fn people_are_plain_data() {
    let (mut z, buy) = shop(100);
    failing(&mut z, buy);
    z.system.alerts = vec![alert("errors", errors_over_half(buy), vec![OperatorId(0)])];
    let expiry = Expiry::After(Dist::Exponential { mean: 20e9 });
    z.system.operators = vec![operator(vec![entry(
        AlertId(0),
        Act::Set(FlagId(0)),
        expiry,
    )])];
    z.system.operators[0].after = Some(Dist::LogNormal { mean: 5e9, cv: 0.7 });
    let whole = z.outcome(3);
    for at in [15, 17, 20, 24, 45] {
        let mut first = z.engine(3, ());
        first.advance(at * S);
        let bytes = serde_json::to_vec(&first.snapshot()).expect("a snapshot is plain data");
        let snapshot = serde_json::from_slice(&bytes).expect("and comes back");
        let mut second = Engine::restore(
            Arc::new(checked(&z.system)),
            Arc::new(z.day.clone()),
            Arc::new(NoEdits),
            snapshot,
            (),
        );
        second.advance(u64::MAX);
        let again = second.finish("zoo").unwrap_or_else(|v| panic!("{v}")).0;
        assert_eq!(again.digest, whole.digest, "from {at} s");
        assert_eq!(again.happened, whole.happened, "from {at} s");
    }
}
