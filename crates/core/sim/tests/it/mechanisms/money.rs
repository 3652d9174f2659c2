//! What a run costs, and demand that grows while it runs.

use crate::zoo::*;
use std::sync::Arc;
use worstday_model::day::DatedEdit;
use worstday_model::system::*;
use worstday_sim::Editing;

/// The system as an edit makes it.
struct One(Arc<System>);

impl Editing for One {
    fn edited(&self, _: &[EditId]) -> Arc<System> {
        Arc::clone(&self.0)
    }
}

const HOUR: u64 = 3_600 * S;

fn server(at_ms: &[u64]) -> (Zoo, EndpointId) {
    let mut z = Zoo::new(10 * HOUR);
    let [get] = z.service("server", 1, ["get"]);
    z.does(get, vec![work(100 * MS)]);
    let at: Vec<u64> = at_ms.iter().map(|t| t * MS).collect();
    let users = z.client_at("users", &at);
    z.asks(users, get, CallPolicy::default());
    (z, get)
}

/// Prices per hour, in whole numbers.
fn prices() -> Costs {
    Costs {
        replica_per_ns: vec![(ServiceId(0), 5.0 / HOUR as f64)],
        core_per_ns: 2.0 / HOUR as f64,
        ..Costs::default()
    }
}

/// Replicas and the cores they ask for are paid while they exist: starting, serving, crashed and stopping.
#[test]
fn machines_are_paid_while_they_exist() {
    let (mut z, _) = server(&[]);
    z.system.costs = Some(prices());
    z.of("server").replicas = 2;
    z.of("server").cores = Some(Cores {
        request: 0.5,
        limit: 4.0,
        order: CoreOrder::Shared,
    });
    z.of("server").stop_grace_ns = HOUR;
    // A crash of three hours: the machines are there all the same.
    z.strikes(FaultKind::Crash(z.all_of("server")), 2 * HOUR, 3 * HOUR);
    z.system.edits = vec![Edit {
        name: "events.more".into(),
    }];
    z.day.edits = vec![DatedEdit {
        edit: EditId(0),
        at_ns: 6 * HOUR,
        lasts_ns: Some(2 * HOUR),
    }];
    let mut with = z.clone();
    with.of("server").replicas = 5;
    with.of("server").cores = Some(Cores {
        request: 1.0,
        limit: 4.0,
        order: CoreOrder::Shared,
    });
    let t = z.run_with(Arc::new(One(Arc::new(checked(&with.system)))));
    let bill = t.outcome.bill.expect("there are prices");
    // Two for ten hours, three more from 6 h to 8 h; those have nothing to finish, so they go at once.
    assert_eq!(bill.replicas, [("server".to_owned(), (20.0 + 6.0) * 5.0)]);
    // Half a core each, but a whole one from 6 h to 8 h.
    assert_eq!(bill.cores, (2.0 * 0.5 * 8.0 + 5.0 * 2.0) * 2.0);
    assert_eq!(bill.total, 130.0 + 36.0);
}

/// What happens in the warm-up is not paid for.
#[test]
fn the_warm_up_is_free() {
    let (mut z, _) = server(&[]);
    z.system.costs = Some(prices());
    z.day.warm_up_ns = 4 * HOUR;
    let bill = z.run().outcome.bill.expect("there are prices");
    assert_eq!(bill.replicas[0].1, 6.0 * 5.0);
}

/// Lost visits cost what they were worth, or an amount each; what is not lost is earned.
#[test]
fn lost_visits_cost() {
    let (mut z, _) = server(&[0, 0, 0, 5_000]);
    z.of("server").queue.bound = 1;
    z.system.clients[0].value = Some(Dist::Constant(31.0));
    for (lost, expected) in [
        (None, 0.0),
        (Some(LostCost::ByValue), 31.0),
        (Some(LostCost::Each(4.0)), 4.0),
    ] {
        z.system.costs = Some(Costs {
            lost,
            ..Costs::default()
        });
        let t = z.run();
        let bill = t.outcome.bill.as_ref().expect("there are prices");
        assert_eq!(
            (bill.lost, bill.earned, bill.total),
            (expected, 93.0, expected)
        );
        // Window by window: three in the first seconds, one later.
        let windows = &t.client("users").windows;
        let earned: Vec<f64> = windows
            .iter()
            .map(|w| w.money_earned)
            .filter(|m| *m > 0.0)
            .collect();
        assert_eq!(earned.iter().sum::<f64>(), 93.0);
    }
    z.system.costs = None;
    assert!(z.run().outcome.bill.is_none());
}

/// A promise is paid for once per calendar day on which one of its conditions broke, whichever and however often.
#[test]
fn broken_days_cost() {
    let hours = [1, 2, 3, 30, 31, 80];
    let at: Vec<u64> = hours.iter().map(|h| h * 3_600_000).collect();
    let (mut z, _) = server(&at);
    z.day.end_ns = 96 * HOUR;
    let condition = |text: &str, value: f64, over_ns: u64| Condition {
        text: text.into(),
        metric: Metric::Percentile(0.5),
        of_answered: OfAnswered::No,
        op: Compare::Less,
        value,
        over_ns,
        place: Place::default(),
    };
    z.system.promises = vec![Promise {
        name: "quick".into(),
        subjects: vec![Subject::Client(ClientId(0))],
        must: vec![
            condition("p50 < 50ms", 50e6, 300 * S),
            condition("p50 < 90ms", 90e6, 24 * HOUR),
            condition("p50 < 1s", 1e9, 300 * S),
        ],
        survives: vec![],
        except: vec![],
        at_least: 1,
        at_risk: 0.05,
        place: Place::default(),
    }];
    z.system.costs = Some(Costs {
        breach: vec![(PromiseId(0), 500.0)],
        ..Costs::default()
    });
    let t = z.run();
    // Days 1, 2 and 4 had visits, and every one took 100 ms.
    assert_eq!(t.outcome.promises[0].broken_days, 3);
    let bill = t.outcome.bill.expect("there are prices");
    assert_eq!(bill.breaches, [("quick".to_owned(), 1500.0)]);
    assert_eq!(bill.total, 1500.0);
}

/// Two visits of three are lost within an hour, worth 12.345678 each, and a fourth is still inside at the end: what is lost
/// is added up by the millionth, windows without enough visits for a share are judged as they are, and what hangs on the
/// fourth is not told.
#[test]
fn lost_money_is_promised() {
    use worstday_sim::outcome::Verdict::{Broken, CantTell, Kept};
    let minute = 60_000;
    let (mut z, _) = server(&[30 * minute, 123 * minute, 177 * minute, 600 * minute - 50]);
    let errors = FaultKind::Errors {
        target: z.all_of("server"),
        by: Dist::Constant(1.0),
        keys: None,
    };
    z.strikes(errors, 2 * HOUR, HOUR);
    z.system.currency = Some("EUR".into());
    z.system.clients[0].value = Some(Dist::Constant(12.345_678));
    let below = |value: f64, over_ns: u64| Condition {
        text: format!("below {value} over {over_ns}"),
        metric: Metric::MoneyLost,
        of_answered: OfAnswered::No,
        op: Compare::Less,
        value,
        over_ns,
        place: Place::default(),
    };
    let promise = |subject| Promise {
        name: "cheap".into(),
        subjects: vec![subject],
        must: vec![
            // The whole day: 24.691356, and 37.037034 if the fourth is lost too.
            below(24.691_356, 24 * HOUR),
            below(30.0, 24 * HOUR),
            below(37.1, 24 * HOUR),
            // Both within an hour, each alone in half of one.
            below(24.0, HOUR),
            below(12.4, HOUR / 2),
            below(12.3, HOUR / 2),
        ],
        survives: vec![],
        except: vec![],
        at_least: 100,
        at_risk: 0.05,
        place: Place::default(),
    };
    z.system.promises = vec![
        promise(Subject::Client(ClientId(0))),
        promise(Subject::Service(ServiceId(0))),
    ];
    let t = z.run();
    let rows = &t.outcome.promises[0].conditions;
    let verdicts: Vec<_> = rows.iter().map(|row| row.verdict).collect();
    assert_eq!(verdicts, [Broken, CantTell, Kept, Broken, Kept, Broken]);
    assert_eq!(rows[0].worst, Some(24.691_356));
    assert_eq!(rows[2].worst, Some(24.691_356));
    assert_eq!(rows[4].worst, Some(12.345_678));
    // Money is the client's.
    let rows = &t.outcome.promises[1].conditions;
    assert!(rows.iter().all(|row| row.verdict == CantTell));
}

/// Demand that doubles every day of a long run: as many visits as the integral of its rate says.
#[test]
fn demand_grows_while_it_runs() {
    let day_ns = 24 * HOUR;
    for pattern in [Pattern::Even, Pattern::Poisson] {
        let mut z = Zoo::new(3 * day_ns);
        let [get] = z.service("server", u32::MAX, ["get"]);
        z.does(get, vec![work(MS)]);
        let users = z.client_stream("users", 0.05, pattern);
        z.asks(users, get, CallPolicy::default());
        z.day.growing = vec![core::f64::consts::LN_2 / day_ns as f64];
        let t = z.outcome(1);
        // A rate r doubling daily brings r (2^d - 1) / ln 2 in d days: 1, 2 and 4 times as much on each of three.
        let first = 0.05 * 86_400.0 / core::f64::consts::LN_2;
        let mut by_day = [0.0; 3];
        for (at, window) in t.clients[0].windows.iter().enumerate() {
            let middle = (at as u64 * t.windows.length_ns) + t.windows.length_ns / 2;
            by_day[((middle / day_ns) as usize).min(2)] += window.ends.arrived as f64;
        }
        for (day, found) in by_day.into_iter().enumerate() {
            let expected = first * f64::from(1 << day);
            // Windows do not end with the days: one window's visits either way; chance: four standard deviations.
            let window = 0.05 * 8.0 * t.windows.length_ns as f64 / 1e9;
            let chance = if pattern == Pattern::Even {
                1.0
            } else {
                4.0 * expected.sqrt()
            };
            assert!(
                (found - expected).abs() <= window + chance,
                "{pattern:?} day {day}: {found} visits, expected {expected}"
            );
        }
    }
}
