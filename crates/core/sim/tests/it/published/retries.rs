//! Success and load per first try at a constant failure rate, for no retries, three, and a token bucket of 0.1
//! and size 5: 100 callers of 10/s each (M. Brooker's `retry_sim`, one seed).

use super::evidence::Printed;
use crate::zoo::*;
use worstday_model::system::*;
use worstday_stats::interval::{clopper_pearson, mean_t};
use worstday_stats::queueing::retry;

/// How long the published run was. Buckets begin full: where failures drain them the load is
/// 1 + 0.1 + (5 - what is left) / (tries of a caller), and the printed 1.12 (1.115 to 1.125) with half a token
/// left means 180 to 300 tries of each.
const LENGTH_S: u64 = 20;

/// What one run counts.
struct Run {
    calls: u64,
    ok: u64,
    attempts: u64,
}

fn runs(f: f64, retry: Option<&Retry>) -> Vec<Run> {
    let mut z = Zoo::new(LENGTH_S * S);
    let [get] = z.service("back", u32::MAX, ["get"]);
    z.system.endpoints[get.index()].fails = f;
    let [call] = z.service("callers", u32::MAX, ["call"]);
    z.of("callers").replicas = 100;
    let policy = CallPolicy {
        retry: retry.cloned(),
        ..CallPolicy::default()
    };
    let step = z.call(Caller::Endpoint(call), get, policy);
    z.does(call, vec![step]);
    let users = z.client_stream("users", 1000.0, Pattern::Poisson);
    z.asks(users, call, CallPolicy::default());
    let seeds = if long() { 100 } else { 12 };
    (1..=seeds)
        .map(|seed| {
            let o = z.outcome(seed);
            let named =
                |c: &&worstday_sim::outcome::CallOutcome| c.name == "callers.call -> back.get";
            let row = o.calls.iter().find(named).expect("it");
            Run {
                calls: row.calls,
                ok: row.results.ok,
                attempts: row.attempts,
            }
        })
        .collect()
}

/// One run, to so many places.
fn once(mean: f64, rounding: f64) -> Printed {
    Printed {
        mean,
        runs: 1,
        rounding,
    }
}

#[test]
fn retries_at_a_constant_failure_rate() {
    let bucket = Retry {
        budget: Some(Budget::Bucket {
            ratio_milli: 100,
            burst_milli: 5000,
            scope: BudgetScope::Replica,
        }),
        ..attempts(4)
    };
    let mut wrong = vec![];
    for (f, none, three, token) in [
        (0.01, 0.991, (1.000, 1.01), (1.000, 1.01)),
        (0.05, 0.951, (1.000, 1.05), (1.000, 1.06)),
        (0.10, 0.902, (1.000, 1.11), (0.988, 1.10)),
        (0.20, 0.803, (0.999, 1.25), (0.892, 1.12)),
        (0.50, 0.495, (0.937, 1.88), (0.557, 1.12)),
        (0.75, 0.244, (0.680, 2.74), (0.281, 1.12)),
    ] {
        let columns = [
            ("none", (none, 1.0), runs(f, None), Some(0)),
            ("three", three, runs(f, Some(&attempts(4))), Some(3)),
            ("token bucket", token, runs(f, Some(&bucket)), None),
        ];
        for (name, published, runs, retries) in columns {
            let per_call = |of: fn(&Run) -> u64| -> Vec<f64> {
                runs.iter().map(|r| of(r) as f64 / r.calls as f64).collect()
            };
            let (success, load) = (per_call(|r| r.ok), per_call(|r| r.attempts));
            let mean = |v: &[f64]| v.iter().sum::<f64>() / v.len() as f64;
            println!("f {f} {name}: {:.4} / {:.4}", mean(&success), mean(&load));
            for (what, printed, ours) in [
                ("success", once(published.0, 0.0005), &success),
                ("load", once(published.1, 0.005), &load),
            ] {
                if let Err(e) = printed.agrees_with(ours) {
                    wrong.push(format!("f {f} {name} {what}: {e}"));
                }
            }
            // The closed forms are exact, and calls are independent: success is binomial.
            if let Some(n) = retries {
                let total = |of: fn(&Run) -> u64| runs.iter().map(of).sum();
                let ok = clopper_pearson(total(|r| r.ok), total(|r| r.calls), 0.999);
                for (interval, exact) in [
                    (ok, retry::success(f, n)),
                    (
                        mean_t(&load, 0.999).expect("runs").interval,
                        retry::attempts(f, n),
                    ),
                ] {
                    if !interval.contains(exact) {
                        wrong.push(format!("f {f} {name}: {exact} is not in {interval:?}"));
                    }
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}
