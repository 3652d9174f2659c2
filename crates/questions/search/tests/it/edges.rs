//! Break points that can be computed by hand: everything comes evenly and takes as long as it takes, so a factor holds or
//! breaks for sure, and the interval is one step of the grid around the truth.

use crate::crew::checked;
use worstday_search::answer::{Brink, PromiseAnswer};

/// Two desks of 11 places each, two minutes a visit, 10 visits in two minutes. One of them is out for two hours.
///
/// Where `places` take a visit in two minutes each and more than that come, evenly, the first place is free again when the k-th
/// visitor after the first comes, k being the visits of two minutes rounded up: `places` of k are served. So an hour loses more
/// than 8 % from 23 visits in two minutes on (2 of 24), at 2.3 times today; while one desk is out from 11 on (1 of 12), at 1.1. A day
/// loses more than 10 % from 24 on (3 of 25), at 2.4; with one desk out for two hours of it from 23 on
/// ((22 x 2 + 2 x 13) of 24 x 24), at 2.3.
const DESKS: &str = "\
worstday: 1
system: desks
links: {within-zone: {delay: 0s}}
clients: {users: {arrive: {base: 5/min, pattern: even}, do: desk.ask}}
services:
  desk: {replicas: 2, workers: 11, queue: 0, balance: shortest-queue, start: 0s, endpoints: {ask: [{wait: exactly 2m}]}}
  aside: {workers: 1, endpoints: {ask: 1s}}
faults:
  one-out: {crash: desk/0, every: 1 year, lasts: exactly 2h}
  aside-out: {crash: aside, every: 2 years, lasts: exactly 2h}
promises:
  hours: {for: users, must: [lost < 8% over 1h], survives: [a normal day]}
  days: {for: users, must: [lost < 10% over 1d], survives: [a normal day]}
";

fn holds_between(brink: &Brink, truth: f64) {
    let high = brink.high.expect("it breaks");
    assert!(
        brink.low < truth && truth < high && high / brink.low < 1.0501,
        "{truth} in {brink:?}"
    );
    let factor = brink.factor.expect("it holds somewhere");
    assert!(brink.low <= factor && factor <= high, "{brink:?}");
}

fn with<'a>(promise: &'a PromiseAnswer, name: &str) -> Option<&'a Brink> {
    let found = promise
        .break_points_with
        .iter()
        .find(|with| with.name == name);
    found.expect("it is listed").brink.as_ref()
}

#[test]
fn a_break_point_alone_and_with_each_fault() {
    let checked = checked(DESKS, 1, 20_000, true);
    let named = |name: &str| {
        let found = checked.answer.promises.iter().find(|row| row.name == name);
        found.expect("it is promised")
    };
    let (hours, days) = (named("hours"), named("days"));
    holds_between(hours.break_point.as_ref().expect("alone"), 2.3);
    holds_between(with(hours, "one-out").expect("there is a budget"), 1.1);
    holds_between(with(hours, "aside-out").expect("there is a budget"), 2.3);
    holds_between(days.break_point.as_ref().expect("alone"), 2.4);
    holds_between(with(days, "one-out").expect("there is a budget"), 2.3);
    holds_between(with(days, "aside-out").expect("there is a budget"), 2.4);
    // The most frequent first, and nothing above at which it holds again.
    assert_eq!(hours.break_points_with[0].name, "one-out");
    assert!(
        hours
            .break_point
            .as_ref()
            .is_some_and(|brink| brink.again.is_empty())
    );
}

/// Without days to spend nothing is looked for, and that is said.
#[test]
fn what_was_not_looked_for_is_listed() {
    let checked = checked(DESKS, 1, 250, true);
    for promise in &checked.answer.promises {
        let names: Vec<&str> = promise
            .break_points_with
            .iter()
            .map(|with| with.name.as_str())
            .collect();
        assert_eq!(names, ["one-out", "aside-out"]);
        assert!(with(promise, "aside-out").is_none());
    }
}

/// 10 come in two minutes, which is how long they stay. A gate lets 16 through in that time, 92 % of what comes at 1.739 times today. Where more than 25 of its 100 places are taken on average, from
/// 2.5 times today on, somebody opens it in the first half hour, before counting starts. The house admits 50, 92 % of
/// 5.435 times today: so it holds again at each factor of the grid from 1.05^19 = 2.527 to 1.05^34 = 5.253.
#[test]
fn where_it_holds_again_is_shown() {
    let text = "\
worstday: 1
system: gate
links: {within-zone: {delay: 0s}}
clients: {users: {arrive: {base: 5/min, pattern: even}, do: house.visit}}
flags: [open]
alerts: {crowd: {if: house.busy-workers > 25% over 5m, tells: porter}}
operators: {porter: {after: 0s, runbook: [{if: crowd, do: [{set: open}]}]}}
services:
  house:
    workers: 100
    admission: {rate: 25/min burst 5}
    endpoints: {visit: [{wait: exactly 2m}, {call: gate.pass, unless: open}]}
  gate: {workers: 10, admission: {rate: 8/min burst 2}, endpoints: {pass: exactly 1ms}}
promises: {in-time: {for: users, must: [lost < 8% over 1h], survives: [a normal day]}}
";
    let checked = checked(text, 1, 20_000, true);
    let brink = checked.answer.promises[0].break_point.clone();
    let brink = brink.expect("there is a budget for it");
    holds_between(&brink, 1.739);
    let [again] = &brink.again[..] else {
        panic!("one stretch: {brink:?}")
    };
    assert!((again.from - 2.527).abs() < 1e-3, "{again:?}");
    assert!((again.to - 5.253).abs() < 1e-3, "{again:?}");
    assert!(8 <= again.factors, "{again:?}");
    // The error is spent over all factors that were decided: more of them take more days each.
    let days = |factor: f64| {
        let row = brink
            .tested
            .iter()
            .find(|row| (row.0 - factor).abs() < 1e-6);
        row.expect("it was decided").1
    };
    assert!(days(brink.low) < days(again.to), "{brink:?}");
}
