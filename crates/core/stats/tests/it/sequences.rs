//! Intervals that hold at all times, sequential decisions and paired differences, against exact probabilities.

use worstday_stats::draw::{Key, Seed};
use worstday_stats::interval::{
    Decision, Pairs, Sequence, Sprt, Stratum, binomial_bounds, clopper_pearson,
};
use worstday_stats::math::ln_gamma_ratio;

#[track_caller]
fn near(got: f64, want: f64, tolerance: f64, what: &str) {
    assert!(
        (got - want).abs() <= tolerance * want.abs().max(1e-300),
        "{what}: {got}, expected {want}"
    );
}

fn stratum(rate: f64, hits: u64, trials: u64) -> Stratum {
    Stratum { rate, hits, trials }
}

/// The gamma function grows by its argument at each whole step, and doubles by Legendre's formula.
#[test]
fn ratios_of_gamma_are_products() {
    for x in [1.0, 1.5, 7.25, 15.0, 16.0, 300.5, 1e6, 1e9] {
        for step in [0_u32, 1, 2, 10, 1000] {
            let product: f64 = (0..step).map(|i| (x + f64::from(i)).ln()).sum();
            let got = ln_gamma_ratio(x, f64::from(step));
            assert!(
                (got - product).abs() <= 3e-14 * product.max(1.0),
                "{x} + {step}: {got}, {product}"
            );
        }
        // gamma(x) gamma(x + 1/2) = 2^(1 - 2x) sqrt(pi) gamma(2x), at x + 1 divided by that at x.
        let left = ln_gamma_ratio(x, 1.0) + ln_gamma_ratio(x + 0.5, 1.0);
        let right = ln_gamma_ratio(2.0 * x, 2.0) - 2.0 * std::f64::consts::LN_2;
        near(left, right, 1e-14, &format!("doubling at {x}"));
        let halves = ln_gamma_ratio(x, 0.5) + ln_gamma_ratio(x + 0.5, 0.5);
        near(
            halves,
            x.ln(),
            if x == 1.0 { 1e286 } else { 4e-14 },
            &format!("halves at {x}"),
        );
    }
    // gamma(3/2) / gamma(1) = sqrt(pi) / 2.
    let half = (0.5 * std::f64::consts::PI.sqrt()).ln();
    near(ln_gamma_ratio(1.0, 0.5), half, 1e-13, "gamma(3/2)");
}

/// Without hits M(p) is 0.98 b / (b + n) + 0.02 / (1 + n), divided by (1 - p)^n: the end is known in closed form.
#[test]
fn without_hits_the_upper_end_is_a_root() {
    for scale in [1.0, 10.0, 3000.0] {
        for n in [1_u64, 7, 100, 3000, 1_000_000, 1_000_000_000] {
            for confidence in [0.5, 0.95, 0.999] {
                let trials = n as f64;
                let averaged = 0.98 * scale / (scale + trials) + 0.02 / (1.0 + trials);
                let log = ((1.0 - confidence) * averaged).ln() / trials;
                let got = Sequence::new(confidence, scale).share(0, n);
                assert_eq!(got.low, 0.0);
                near(
                    got.high,
                    -log.exp_m1(),
                    1e-11,
                    &format!("0 of {n}, scale {scale}"),
                );
                // Mirrored, only the prior that knows nothing of rare hits helps.
                let all = Sequence::new(confidence, scale).share(n, n);
                assert_eq!(all.high, 1.0);
            }
        }
    }
    let unknown = Sequence::new(0.95, 100.0).share(0, 0);
    assert_eq!((unknown.low, unknown.high), (0.0, 1.0));
}

/// All of n hit: M(p) is p^-n times [0.98 n! b! / (b + n)! + 0.02 / (1 + n)]. Ten of ten say much even if hits were
/// thought rare.
#[test]
fn with_hits_alone_the_lower_end_is_a_root() {
    for (scale, n) in [(1_u64, 1_u64), (10, 10), (1000, 10), (1000, 400)] {
        let rare: f64 = (1..=n).map(|i| i as f64 / (scale + i) as f64).product();
        let averaged = 0.98 * rare + 0.02 / (1.0 + n as f64);
        let end = (0.05 * averaged).powf(1.0 / n as f64);
        let got = Sequence::new(0.95, scale as f64).share(n, n);
        near(got.low, end, 1e-11, &format!("{n} of {n}, scale {scale}"));
    }
    assert!(0.39 < Sequence::new(0.95, 1000.0).share(10, 10).low);
}

/// Evidence by its definition, with the averages taken as sums of logarithms; at the ends of the interval it is
/// what the confidence allows.
#[test]
fn evidence_is_the_averaged_likelihood_over_the_likelihood() {
    for (scale, hits, trials) in [
        (1_u64, 3_u64, 20_u64),
        (50, 1, 200),
        (400, 37, 90),
        (7, 500, 501),
    ] {
        let misses = trials - hits;
        let logs = |from: u64, to: u64| (from..=to).map(|i| (i as f64).ln()).sum::<f64>();
        // B(1 + x, b + m) / B(1, b) = x! (b + m - 1)! b / (b + n)!
        let beta = |b: u64| {
            logs(1, hits) + logs(1, b + misses - 1) + (b as f64).ln() - logs(1, b + trials)
        };
        let averaged = 0.98 * beta(scale).exp() + 0.02 * beta(1).exp();
        let sequence = Sequence::new(0.9, scale as f64);
        for p in [0.001, 0.04, 0.3, 0.9, 0.999] {
            let likelihood = hits as f64 * f64::ln(p) + misses as f64 * f64::ln_1p(-p);
            let got = sequence.evidence(hits, trials, p);
            assert!(
                (got - averaged.ln() + likelihood).abs() < 1e-9,
                "{got} at {p}"
            );
        }
        let got = sequence.share(hits, trials);
        // An end near 1 is a number that has lost digits of its complement.
        for end in [got.low, got.high] {
            near(
                sequence.evidence(hits, trials, end),
                10_f64.ln(),
                1e-8,
                "an end",
            );
        }
        assert!(got.contains(hits as f64 / trials as f64));
    }
}

/// The chance that a share is ever outside within `most` trials, exactly: by the weights of all paths that never left.
fn ever_outside(sequence: &Sequence, p: f64, most: u64) -> f64 {
    // Weights of the numbers of hits from `first` on; intervals rise with the hits, so what stays is one run of them.
    let (mut first, mut weights) = (0_u64, vec![1.0_f64]);
    let mut left = 0.0;
    for n in 1..=most {
        let mut next = vec![0.0; weights.len() + 1];
        for (at, weight) in weights.iter().enumerate() {
            next[at] += weight * (1.0 - p);
            next[at + 1] += weight * p;
        }
        let mut last = next.len();
        let mut start = 0;
        while start < last && sequence.share(first + start as u64, n).high < p {
            start += 1;
        }
        while start < last && p < sequence.share(first + last as u64 - 1, n).low {
            last -= 1;
        }
        left += next[..start].iter().sum::<f64>() + next[last..].iter().sum::<f64>();
        weights = next[start..last].to_vec();
        first += start as u64;
    }
    left
}

/// Ville's inequality, checked to the last path. The error may not be spent in vain either: an interval that never
/// missed would be too wide to be of use.
#[test]
fn the_truth_is_inside_at_all_times_at_once() {
    for (p, scale, alpha) in [
        (0.004, 100.0, 0.05),
        (0.02, 100.0, 0.05),
        (0.02, 1.0, 0.2),
        (0.3, 1.0, 0.01),
        (0.3, 50.0, 0.05),
        (0.9, 1000.0, 0.1),
        (0.5, 10.0, 0.5),
    ] {
        let sequence = Sequence::new(1.0 - alpha, scale);
        let missed = ever_outside(&sequence, p, 2000);
        assert!(
            alpha / 20.0 < missed && missed <= alpha,
            "p {p}, scale {scale}: {missed} of {alpha}"
        );
    }
}

/// One more hit raises both ends, one more miss lowers them, and more confidence widens, down to the last number.
#[test]
fn ends_move_with_the_counts() {
    for scale in [1.0, 30.0, 1e4] {
        let (narrow, wide) = (Sequence::new(0.8, scale), Sequence::new(0.99, scale));
        for n in (0..60).chain([500, 1_000_000_000]) {
            let some = (0..=n.min(60)).chain((n / 2..n).take(30));
            for hits in some.filter(|&hits| hits < n) {
                let (a, b) = (narrow.share(hits, n), narrow.share(hits + 1, n));
                assert!(
                    a.low < b.low && a.high <= b.high,
                    "{hits} of {n}: {a:?} {b:?}"
                );
                let less = narrow.share(hits, n + 1);
                assert!(
                    less.low <= a.low && less.high <= a.high,
                    "{hits} of {n}: {a:?} {less:?}"
                );
                let wider = wide.share(hits, n);
                assert!(wider.low <= a.low && a.high <= wider.high);
            }
        }
    }
}

/// Ends over two and three strata against all vectors of a fine grid: none inside may lie beyond an end, and some come
/// close to it.
#[test]
fn totals_are_the_ends_of_the_region() {
    let cases: [&[Stratum]; 5] = [
        &[stratum(1.0, 0, 40), stratum(5.0, 3, 30)],
        &[stratum(300.0, 1, 90), stratum(2.0, 0, 0)],
        &[stratum(1e-3, 7, 7), stratum(4e-3, 2, 50)],
        &[stratum(1.0, 0, 0), stratum(0.0, 5, 9), stratum(2.0, 5, 9)],
        &[stratum(10.0, 0, 12), stratum(3.0, 2, 8), stratum(1.0, 9, 9)],
    ];
    for strata in cases {
        let sequence = Sequence::new(0.9, 20.0);
        let limit = 10_f64.ln();
        let steps = if strata.len() == 2 { 1500 } else { 140 };
        let grid: Vec<Vec<f64>> = strata
            .iter()
            .map(|s| {
                (0..=steps)
                    .map(|i| sequence.evidence(s.hits, s.trials, f64::from(i) / f64::from(steps)))
                    .collect()
            })
            .collect();
        let (mut low, mut high) = (f64::INFINITY, 0.0_f64);
        let third = |c: usize| grid.get(2).map_or(0.0, |g| g[c]);
        let shares = |i: usize| i as f64 / f64::from(steps);
        for a in 0..=steps as usize {
            for b in 0..=steps as usize {
                for c in 0..=(if strata.len() == 3 { steps as usize } else { 0 }) {
                    if grid[0][a] + grid[1][b] + third(c) < limit {
                        let sum = strata[0].rate * shares(a)
                            + strata[1].rate * shares(b)
                            + strata.get(2).map_or(0.0, |s| s.rate * shares(c));
                        low = low.min(sum);
                        high = high.max(sum);
                    }
                }
            }
        }
        let got = sequence.total(strata);
        let rates: f64 = strata.iter().map(|s| s.rate).sum();
        let coarse = 2.0 * rates / f64::from(steps);
        assert!(
            got.low <= low
                && low <= got.low + coarse
                && high <= got.high
                && got.high <= high + coarse,
            "{strata:?}: {got:?}, grid {low} to {high}"
        );
    }
}

/// What follows from what a total is, without a grid.
#[test]
fn totals_keep_the_rules_of_sums() {
    let sequence = Sequence::new(0.95, 1000.0);
    let nothing = sequence.total(&[]);
    assert_eq!((nothing.low, nothing.high), (0.0, 0.0));
    let unseen = sequence.total(&[stratum(3.0, 0, 0), stratum(0.5, 0, 0)]);
    assert_eq!((unseen.low, unseen.high), (0.0, 3.5));

    let strata: Vec<Stratum> = (0..300_u64)
        .map(|i| stratum(10_f64.powf(i as f64 / 20.0 - 9.0), i % 3, 10 + 40 * i))
        .chain([
            stratum(1e6, 400, 1_000_000_000),
            stratum(0.0, 3, 4),
            stratum(2.0, 5, 5),
        ])
        .collect();
    let all = sequence.total(&strata);
    let middle: f64 = strata
        .iter()
        .map(|s| s.rate * s.hits as f64 / s.trials as f64)
        .sum();
    assert!(
        0.0 < all.low && all.low < middle && middle < all.high,
        "{all:?} about {middle}"
    );
    // Another unit is another factor, and nothing else.
    for unit in [1e-9, 365.25, 1e6] {
        let scaled: Vec<Stratum> = strata
            .iter()
            .map(|s| Stratum {
                rate: unit * s.rate,
                ..*s
            })
            .collect();
        let got = sequence.total(&scaled);
        near(got.low, unit * all.low, 1e-10, "low, scaled");
        near(got.high, unit * all.high, 1e-10, "high, scaled");
    }
    // What has no rate and what was never tried: the first changes nothing but the room that its own price takes, the
    // second adds all of its rate above.
    let with_unseen: Vec<Stratum> = strata.iter().copied().chain([stratum(7.0, 0, 0)]).collect();
    let got = sequence.total(&with_unseen);
    near(got.high, all.high + 7.0, 1e-12, "with an unseen stratum");
    near(got.low, all.low, 1e-12, "with an unseen stratum");
    let highest = sequence.highest(&strata);
    let sum: f64 = strata.iter().zip(&highest).map(|(s, p)| s.rate * p).sum();
    assert_eq!(sum, all.high);
    assert!(
        sequence
            .lowest(&strata)
            .iter()
            .zip(&highest)
            .all(|(low, high)| low <= high)
    );
    // Ten alike cost less than a fifth more than one with all of their trials.
    let one = sequence.total(&[stratum(10.0, 0, 1000)]).high;
    let ten = sequence.total(&[stratum(1.0, 0, 100); 10]).high;
    assert!(one <= ten && ten < 1.2 * one, "{one} {ten}");
}

/// Trials go to the stratum that owes most of the upper end, and counting stops when the end falls below a line: the
/// worst habits an honest bound must survive. 600 times, the bound may fail in 10 %; more failures than the binomial
/// law allows once in 1000 would be a mistake.
#[test]
fn totals_hold_when_the_next_trial_is_chosen_from_the_past() {
    let sequence = Sequence::new(0.9, 20.0);
    let truth = [(4.0, 0.05), (1.0, 0.3), (0.2, 0.9)];
    let total: f64 = truth.iter().map(|(rate, p)| rate * p).sum();
    let key = Key::new(Seed(41), 1, 0);
    let mut missed = 0;
    let runs = 600;
    for run in 0..runs {
        let mut strata = truth.map(|(rate, _)| stratum(rate, 0, 0));
        for step in 0..100 {
            let highest = sequence.highest(&strata);
            let owes = |s: usize| strata[s].rate * highest[s] / (strata[s].trials + 1) as f64;
            let next = (0..3).max_by(|&a, &b| owes(a).total_cmp(&owes(b))).unwrap();
            strata[next].trials += 1;
            strata[next].hits += u64::from(key.at2(run, step).unit() < truth[next].1);
            let now = sequence.total(&strata);
            if !now.contains(total) {
                missed += 1;
                break;
            }
        }
    }
    let (_, most) = binomial_bounds(runs, 0.1, 0.998);
    assert!(0 < missed && missed <= most, "{missed} of {runs} missed");
}

/// Exact law of a sequential test: the chance of each answer and the mean number of trials.
fn operate(test: &Sprt, p: f64) -> (f64, f64, f64) {
    let mut alive = vec![1.0_f64];
    let (mut at_most, mut at_least, mut trials) = (0.0, 0.0, 0.0);
    let mut n = 0;
    while alive.iter().any(|&w| 0.0 < w) {
        trials += alive.iter().sum::<f64>();
        n += 1;
        let mut next = vec![0.0; alive.len() + 1];
        for (hits, weight) in alive.iter().enumerate() {
            next[hits] += weight * (1.0 - p);
            next[hits + 1] += weight * p;
        }
        for (hits, weight) in next.iter_mut().enumerate() {
            match test.decide(hits as u64, n) {
                Decision::Undecided => continue,
                Decision::AtMostP0 => at_most += *weight,
                Decision::AtLeastP1 => at_least += *weight,
                Decision::Capped => {}
            }
            *weight = 0.0;
        }
        while next.last() == Some(&0.0) {
            next.pop();
        }
        alive = next;
    }
    (at_most, at_least, trials)
}

/// The printed figures of Wald's test, and its errors and lengths exactly.
#[test]
fn sequential_tests_decide_as_wald_says() {
    let test = Sprt {
        p0: 0.01,
        p1: 0.02,
        alpha: 0.05,
        beta: 0.05,
        cap: 20_000,
    };
    assert_eq!(test.decide(0, 290), Decision::Undecided);
    assert_eq!(test.decide(0, 291), Decision::AtMostP0);
    let strict = Sprt {
        p0: 0.001,
        p1: 0.01,
        alpha: 0.01,
        beta: 0.01,
        ..test
    };
    assert_eq!(strict.decide(0, 507), Decision::Undecided);
    assert_eq!(strict.decide(0, 508), Decision::AtMostP0);
    // ln 19 = 2.9444: five hits in a row are 5 ln 2 = 3.47, four are 2.77.
    assert_eq!(test.decide(4, 4), Decision::Undecided);
    assert_eq!(test.decide(5, 5), Decision::AtLeastP1);
    let short = Sprt { cap: 200, ..test };
    assert_eq!(short.decide(1, 199), Decision::Undecided);
    assert_eq!(short.decide(1, 200), Decision::Capped);

    for (test, mean0, mean1) in [(test, 850.0, 677.0), (strict, 668.0, 320.0)] {
        let (_, wrong0, trials0) = operate(&test, test.p0);
        let (wrong1, _, trials1) = operate(&test, test.p1);
        assert!(wrong0 + wrong1 <= test.alpha + test.beta);
        assert!(wrong0 <= test.alpha / (1.0 - test.beta), "{wrong0}");
        assert!(wrong1 <= test.beta / (1.0 - test.alpha), "{wrong1}");
        assert!(test.alpha / 3.0 < wrong0 && test.beta / 3.0 < wrong1);
        // Wald's means leave out by how much the last step goes beyond the strip: at most one hit's worth.
        let step = (test.p1 / test.p0).ln();
        let rest = ((1.0 - test.p1) / (1.0 - test.p0)).ln();
        let drift = |p: f64| p * step + (1.0 - p) * rest;
        let beyond0 = (step - rest) / drift(test.p0).abs();
        let beyond1 = (step - rest) / drift(test.p1).abs();
        assert!(
            (mean0 - 1.0..mean0 + beyond0).contains(&trials0),
            "{trials0}"
        );
        assert!(
            (mean1 - 1.0..mean1 + beyond1).contains(&trials1),
            "{trials1}"
        );
    }
}

/// All outcomes of 14 pairs, weighed by their probability: the difference is missed no more often than said, and not
/// hugely less.
#[test]
fn paired_differences_hold() {
    let n = 14_u64;
    let factorial = |k: u64| (1..=k).map(|i| i as f64).product::<f64>();
    for [both, before, after] in [
        [0.1, 0.2, 0.2],
        [0.0, 0.05, 0.5],
        [0.3, 0.6, 0.05],
        [0.2, 0.3, 0.0],
        [0.2, 0.0, 0.0],
    ] {
        let neither = 1.0 - both - before - after;
        let (mut missed, mut all) = (0.0, 0.0);
        for i in 0..=n {
            for j in 0..=n - i {
                for k in 0..=n - i - j {
                    let rest = n - i - j - k;
                    let ways = factorial(n)
                        / (factorial(i) * factorial(j) * factorial(k) * factorial(rest));
                    let weight = ways
                        * f64::powi(both, i as i32)
                        * f64::powi(before, j as i32)
                        * f64::powi(after, k as i32)
                        * f64::powi(neither, rest as i32);
                    all += weight;
                    let pairs = Pairs {
                        both: i,
                        only_before: j,
                        only_after: k,
                        neither: rest,
                    };
                    if !pairs.difference(0.9).contains(after - before) {
                        missed += weight;
                    }
                }
            }
        }
        near(all, 1.0, 1e-12, "all outcomes");
        assert!(missed <= 0.1, "{missed} at {both} {before} {after}");
    }
}

/// By hand: ten pairs differ, all for the better, of a hundred.
#[test]
fn paired_differences_by_hand() {
    let pairs = Pairs {
        both: 5,
        only_before: 10,
        only_after: 0,
        neither: 85,
    };
    let got = pairs.difference(0.95);
    let differ = clopper_pearson(10, 100, 0.975);
    // Of ten, none: the upper end is 1 - (0.0125)^(1/10).
    let after = 1.0 - 0.0125_f64.powf(0.1);
    near(got.low, -differ.high, 1e-12, "low");
    near(got.high, differ.low * (2.0 * after - 1.0), 1e-9, "high");
    assert!(got.high < 0.0);
    let none = Pairs::default().difference(0.95);
    assert_eq!((none.low, none.high), (-1.0, 1.0));
    let mirrored = Pairs {
        only_before: 0,
        only_after: 10,
        ..pairs
    }
    .difference(0.95);
    near(mirrored.high, -got.low, 1e-12, "mirrored");
    near(mirrored.low, -got.high, 1e-9, "mirrored");
    let same = Pairs {
        both: 50,
        neither: 50,
        ..Pairs::default()
    }
    .difference(0.95);
    near(
        same.high,
        clopper_pearson(0, 100, 0.975).high,
        1e-12,
        "no pair differs",
    );
    assert_eq!(same.low, -same.high);
}
