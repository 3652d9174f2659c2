//! A service whose latency grows with what is in it: 1 s + 0.01 s for each request in flight, the newcomer
//! included; unlimited workers, no work cancelled, 100 ms exponential each way, 3 s of timeout, three attempts.
//! 40/s, doubled for five seconds at t = 20. (M. Brooker's `simple_collapse_sim`, the mean of ten runs.)
//!
//! Each run ends in one of two ways. Either it is over within seconds, 40/s are answered and hardly one asks again;
//! or nothing is answered any more and all ask three times: 120 attempts/s for ever. A mean over ten is a
//! mixture of the two: the published 6 to 9/s are two that came back among eight that did not, their 65 retries/s
//! eight tenths of 80, their 95 timeouts/s eight tenths of 120.

use super::evidence::{Printed, Share, of, ten};
use super::{Seconds, answered, arrived, attempts_sent, spike};
use crate::zoo::*;
use worstday_model::system::*;

/// The service, and users of whom so many come in a second.
fn users_of(per_s: f64, policy: CallPolicy) -> Zoo {
    let mut z = Zoo::new(80 * S);
    let [get] = z.service("server", u32::MAX, ["get"]);
    // 1 + 0.01 n = 1.01 (1 + (0.01 / 1.01) (n - 1)), as the model words contention.
    z.does(get, vec![work(1010 * MS)]);
    z.of("server").contention = Some(Contention {
        serial: 0.01 / 1.01,
        crosstalk: 0.0,
    });
    z.system.links[1].delay = Dist::Exponential { mean: 100e6 };
    let users = z.client_stream("users", per_s, Pattern::Poisson);
    z.asks(users, get, policy);
    z
}

fn collapse(policy: CallPolicy) -> Zoo {
    let mut z = users_of(40.0, policy);
    spike(&mut z, ClientId(0), 2.0, 20 * S, 5 * S);
    z
}

fn runs(policy: &CallPolicy) -> Vec<Seconds> {
    let z = collapse(policy.clone());
    let seeds = if long() { 2000 } else { 300 };
    (1..=seeds).map(|seed| Seconds::of(&z, seed)).collect()
}

fn agree(what: &str, printed: Printed, ours: &[f64]) {
    let mean = ours.iter().sum::<f64>() / ours.len() as f64;
    println!("{what}: {mean:.2}, published {}", printed.mean);
    printed
        .agrees_with(ours)
        .unwrap_or_else(|e| panic!("{what}: {e}"));
}

#[test]
fn a_burst_of_five_seconds_is_never_over() {
    let runs = runs(&retrying(3 * S, 3));
    let each = |from: usize, to: usize, f| -> Vec<f64> {
        runs.iter().map(|r| r.per_s(from..to, f)).collect()
    };
    agree("goodput before", ten(40.0).to(0.5), &each(5, 20, answered));
    agree("goodput at 30", ten(21.0).to(0.5), &each(30, 31, answered));

    // From t = 40 on a run is either here or there: half of 40/s tells them apart, and little lies between.
    let late = each(40, 75, answered);
    let stuck: Vec<&Seconds> = runs
        .iter()
        .zip(&late)
        .filter_map(|(run, &good)| (good < 20.0).then_some(run))
        .collect();
    let share = of(stuck.len() as u64, runs.len() as u64);
    println!("{share:?} are stuck");
    // Ten runs with so many stuck, and an independent simulation of the words above, of 2,000 seeds.
    for known in [of(8, 10), of(1475, 2000)] {
        assert!(share.agrees_with(known), "{share:?} for {known:?}");
    }
    let between = late
        .iter()
        .filter(|&&good| (4.0..36.0).contains(&good))
        .count();
    assert!(between * 50 <= late.len(), "{between} of {late:?}");

    // Of those stuck: nearly nobody is answered, so each visit sends at once, 3 s and 6 s later.
    let total = |from: usize, to: usize, f| stuck.iter().map(|r| r.sum(from..to, f)).sum::<u64>();
    let due = total(50, 75, arrived) + total(47, 72, arrived) + total(44, 69, arrived);
    let spared = 2 * total(44, 75, answered);
    let sent = total(50, 75, attempts_sent);
    println!("{sent} of {due} attempts, {spared} spared");
    assert!((due - spared..=due).contains(&sent) && spared * 50 < due);
    let of_stuck: Vec<f64> = stuck
        .iter()
        .map(|r| r.per_s(50..75, attempts_sent))
        .collect();
    agree("attempts of those stuck", ten(120.0).to(0.5), &of_stuck);
    // The published mean is what such a mixture gives: 8 of 10 stuck, 6 to 9/s answered.
    let back: Vec<f64> = late.iter().copied().filter(|&good| 20.0 <= good).collect();
    let of_back = back.iter().sum::<f64>() / back.len() as f64;
    assert!((6.0..=9.0).contains(&(0.2 * of_back)), "{of_back}");
}

fn jittered() -> CallPolicy {
    let mut policy = retrying(3 * S, 3);
    let retry = policy.retry.as_mut().expect("three attempts");
    (retry.backoff_ns, retry.jitter) = (20 * S, Jitter::Full);
    policy
}

#[test]
fn back_off_with_jitter_lets_it_come_back() {
    let runs = runs(&jittered());
    let each = |from: usize, to: usize| -> Vec<f64> {
        runs.iter().map(|r| r.per_s(from..to, answered)).collect()
    };
    agree("goodput before", ten(40.0).to(0.5), &each(5, 20));
    agree("goodput at 30", ten(48.0).to(0.5), &each(30, 31));
    // The last retry of the burst's visits waits until t = 25 + 3 + 20 + 3 + 40.
    agree("goodput at the end", ten(40.0).to(0.5), &each(60, 75));
    let stuck = runs
        .iter()
        .filter(|r| r.per_s(40..75, answered) < 20.0)
        .count() as u64;
    let share: Share = of(stuck, runs.len() as u64);
    assert_eq!(share.hits, 0, "{share:?}: published none of ten");
}

/// Demand that rises from 40/s to 80/s at t = 25 and falls to nothing at t = 75: it collapses with jitter and
/// without, and answers nobody even when 8/s come. Published: 0/s at t = 70, both.
#[test]
fn a_slow_rise_is_never_over_either() {
    for policy in [retrying(3 * S, 3), jittered()] {
        // From next to nothing at t = -25, in a straight line through 40/s at 0.
        let mut z = users_of(0.02, policy);
        spike(&mut z, ClientId(0), 4000.0, 0, 25 * S);
        let event = z.system.events.last_mut().expect("the rise");
        (event.rise_ns, event.fall_ns) = (50 * S, 50 * S);
        let happens = z.day.events.last_mut().expect("the rise");
        (happens.start_ns, happens.lasts_ns) = (-25 * S as i64, Some(50 * S));
        let runs: Vec<Seconds> = (1..=20).map(|seed| Seconds::of(&z, seed)).collect();
        let each = |from: usize, to: usize, f| -> Vec<f64> {
            runs.iter().map(|r| r.per_s(from..to, f)).collect()
        };
        agree("arrivals at the peak", known(79.2), &each(24, 26, arrived));
        agree("arrivals at 70", known(8.0), &each(69, 71, arrived));
        let late: u64 = runs.iter().map(|r| r.sum(60..75, answered)).sum();
        assert_eq!(late, 0, "answered between t = 60 and 75, in 20 runs");
    }
}

/// What follows from the demand.
fn known(mean: f64) -> Printed {
    Printed {
        mean,
        runs: 0,
        rounding: 0.0,
    }
}
