use worstday_stats::draw::{Key, Seed};
use worstday_stats::interval::{
    NotSteady, Window, batch_means, binomial_bounds, binomial_tails, clopper_pearson, mean_normal,
    mean_t, mser5, quantile_ranks, runs_for_accuracy, runs_without_failure, steady_state,
    student_quantile, student_tails,
};
use worstday_stats::math::{self, Tails};

/// The rows of a golden table (made by golden/make_golden.py with SciPy and mpmath).
fn table<const N: usize>(text: &str) -> Vec<[f64; N]> {
    text.lines()
        .skip(1)
        .map(|line| {
            let row: Vec<f64> = line.split(',').map(|v| v.parse().unwrap()).collect();
            row.try_into().unwrap()
        })
        .collect()
}

#[track_caller]
fn same(got: f64, golden: f64, tolerance: f64, what: &str) {
    let error = (got - golden).abs();
    assert!(
        error <= tolerance * golden.abs(),
        "{what}: {got}, golden {golden}, off by {:e}",
        error / golden.abs()
    );
}

#[test]
fn special_functions_match_the_golden_tables() {
    for [z, cdf] in table(include_str!("golden/normal.csv")) {
        same(
            math::normal_cdf(z),
            cdf,
            1e-14 * (1.0 + z * z),
            &format!("normal cdf at {z}"),
        );
        same(
            math::normal_upper(-z),
            cdf,
            1e-14 * (1.0 + z * z),
            &format!("normal upper tail at {}", -z),
        );
    }
    for [p, z] in table(include_str!("golden/normal_quantile.csv")) {
        assert!(
            (math::normal_quantile(p) - z).abs() < 1e-14 * z.abs().max(0.1),
            "normal quantile at {p}"
        );
    }
    for [shape, x, lower, upper] in table(include_str!("golden/gamma.csv")) {
        let tails = math::gamma_tails(shape, x);
        same(
            tails.lower,
            lower,
            1e-11,
            &format!("gamma({shape}) below {x}"),
        );
        same(
            tails.upper,
            upper,
            1e-11,
            &format!("gamma({shape}) above {x}"),
        );
    }
    for [shape, p, x] in table(include_str!("golden/gamma_quantile.csv")) {
        same(
            math::gamma_quantile(shape, Tails::of_lower(p)),
            x,
            1e-11,
            &format!("gamma({shape}) quantile at {p}"),
        );
    }
    for [a, b, p, x] in table(include_str!("golden/beta_quantile.csv")) {
        same(
            math::beta_quantile(a, b, Tails::of_lower(p)),
            x,
            1e-10,
            &format!("beta({a}, {b}) quantile at {p}"),
        );
    }
    for [freedom, p, t] in table(include_str!("golden/student.csv")) {
        same(
            student_quantile(freedom, Tails::of_lower(p)),
            t,
            1e-9,
            &format!("t({freedom}) quantile at {p}"),
        );
        same(
            student_tails(freedom, t).upper,
            1.0 - p,
            1e-7,
            &format!("t({freedom}) above {t}"),
        );
        same(
            student_quantile(freedom, Tails::of_upper(p)),
            -t,
            1e-9,
            &format!("t({freedom}) quantile at 1 - {p}"),
        );
    }
}

#[test]
fn proportions_match_the_golden_tables() {
    for [k, n, confidence, low, high] in table(include_str!("golden/clopper_pearson.csv")) {
        let got = clopper_pearson(k as u64, n as u64, confidence);
        same(
            got.low,
            low,
            1e-9,
            &format!("low of {k}/{n} at {confidence}"),
        );
        same(
            got.high,
            high,
            1e-9,
            &format!("high of {k}/{n} at {confidence}"),
        );
    }
    for [k, n, p, lower, upper] in table(include_str!("golden/binomial.csv")) {
        let got = binomial_tails(k as u64, n as u64, p);
        same(
            got.lower,
            lower,
            1e-9,
            &format!("at most {k} of {n} at {p}"),
        );
        same(
            got.upper,
            upper,
            1e-9,
            &format!("more than {k} of {n} at {p}"),
        );
    }
    for [n, p, confidence, low, high] in table(include_str!("golden/binomial_bounds.csv")) {
        assert_eq!(
            binomial_bounds(n as u64, p, confidence),
            (low as u64, high as u64),
            "{n} at {p}, {confidence}"
        );
    }
}

/// The printed Clopper-Pearson intervals and sample sizes that everything about rare events is checked by.
#[test]
fn printed_answers() {
    for (k, n, low, high, digits) in [
        (0, 100, 0.0, 0.036_217, 6),
        (0, 1000, 0.0, 0.003_682, 6),
        (1, 1000, 2.53e-5, 0.005_559, 6),
        (5, 1000, 0.001_625, 0.011_629, 6),
        (50, 1000, 0.037_335, 0.065_390, 6),
    ] {
        let unit = 0.5 * 10_f64.powi(-digits);
        let got = clopper_pearson(k, n, 0.95);
        assert!(
            (got.low - low).abs() <= unit && (got.high - high).abs() <= unit,
            "{k}/{n}: {got:?}"
        );
    }
    same(clopper_pearson(1, 1000, 0.95).low, 2.53e-5, 0.002, "1/1000");
    assert_eq!(
        [0.95, 0.99].map(|c| runs_without_failure(1e-3, c)),
        [2995, 4603]
    );
    assert_eq!(runs_without_failure(1e-4, 0.95), 29_956);
    let okamoto = [(0.05, 0.05), (0.01, 0.05), (0.005, 0.01), (0.001, 0.01)];
    assert_eq!(
        okamoto.map(|(e, d)| runs_for_accuracy(e, 1.0 - d)),
        [738, 18_445, 105_967, 2_649_159]
    );
}

/// Rank by rank from the definition, for sizes where that is easy.
#[test]
fn quantile_ranks_are_the_tightest_that_hold() {
    for n in [5_u64, 20, 100, 999] {
        for q in [0.1, 0.5, 0.9, 0.99] {
            for confidence in [0.8, 0.95, 0.99] {
                let tail = 0.5 * (1.0 - confidence);
                let ranks = quantile_ranks(n, q, confidence);
                // P(the value of rank r lies above the quantile) = P(fewer than r lie below).
                let above = |r: u64| {
                    if r == 0 {
                        0.0
                    } else {
                        binomial_tails(r - 1, n, q).lower
                    }
                };
                let below = |r: u64| binomial_tails(r - 1, n, q).upper;
                let low = (1..=n).rev().find(|&r| above(r) <= tail);
                let high = (1..=n).find(|&r| below(r) <= tail);
                assert_eq!(
                    (ranks.low, ranks.high),
                    (low, high),
                    "n {n}, q {q}, {confidence}"
                );
            }
        }
    }
    assert_eq!(quantile_ranks(100, 0.5, 0.95).low, Some(40));
    assert_eq!(quantile_ranks(100, 0.5, 0.95).high, Some(61));
    assert_eq!(quantile_ranks(0, 0.5, 0.95).low, None);
    let huge = quantile_ranks(100_000_000, 0.999, 0.95);
    assert!(huge.low.unwrap() < 99_900_000 && 99_900_000 < huge.high.unwrap());
}

#[test]
fn means_have_textbook_intervals() {
    let t = mean_t(&[4.0, 6.0, 5.0, 7.0, 3.0], 0.95).unwrap();
    same(t.mean, 5.0, 0.0, "mean");
    same(
        t.interval.half_width(),
        2.776_445_105_197_793 * (2.5_f64 / 5.0).sqrt(),
        1e-12,
        "t interval",
    );
    let z = mean_normal(&[4.0, 6.0, 5.0, 7.0, 3.0], 0.95).unwrap();
    same(
        z.interval.half_width(),
        1.959_963_984_540_054 * 0.5_f64.sqrt(),
        1e-12,
        "normal interval",
    );
    assert_eq!(mean_t(&[1.0], 0.95), None);
    assert!(t.interval.contains(5.0) && !t.interval.contains(9.0));
}

/// Waiting times of customers one after the other (Lindley), as windows of `per` customers.
fn lindley(load: f64, customers: u64, per: usize, run: u32) -> Vec<Window> {
    let (gaps, services) = (Key::new(Seed(31), 1, run), Key::new(Seed(31), 2, run));
    let mut wait = 0.0_f64;
    let mut waits = Vec::new();
    for i in 0..customers {
        waits.push(wait);
        wait = (wait + load * services.at(i).exp1() - gaps.at(i).exp1()).max(0.0);
    }
    waits
        .chunks(per)
        .map(|w| Window {
            sum: w.iter().sum(),
            weight: w.len() as f64,
        })
        .collect()
}

/// On a queue with a known answer, the interval of one run misses about as often as it says.
#[test]
fn steady_state_intervals_hold_the_truth() {
    let truth = 0.5 * 0.5 / 0.5;
    let (mut missed, mut refused) = (0, 0);
    for run in 0..300 {
        match steady_state(&lindley(0.5, 30_000, 30, run), 0.95) {
            Ok(steady) => missed += u32::from(!steady.estimate.interval.contains(truth)),
            Err(_) => refused += 1,
        }
    }
    assert!((3..=32).contains(&missed), "{missed} of 300 miss");
    assert!(refused <= 12, "{refused} of 300 refused");
}

/// A run that cannot tell says so rather than print a narrow interval.
#[test]
fn runs_too_short_to_tell_are_refused() {
    // At 99.5 % load neighbours remember each other for some 40,000 customers: 3,000 tell nothing.
    let refused = (0..50)
        .filter(|&run| steady_state(&lindley(0.995, 3_000, 10, run), 0.95).is_err())
        .count();
    assert!(46 <= refused, "only {refused} of 50 refused");

    let ramp: Vec<Window> = (0..400)
        .map(|i| Window {
            sum: f64::from(i),
            weight: 1.0,
        })
        .collect();
    assert!(steady_state(&ramp, 0.95).is_err());
    let few = vec![
        Window {
            sum: 1.0,
            weight: 1.0
        };
        99
    ];
    assert_eq!(
        steady_state(&few, 0.95),
        Err(NotSteady::TooFew {
            windows: 99,
            needed: 100
        })
    );
    let idle = vec![Window::default(); 200];
    assert!(matches!(
        steady_state(&idle, 0.95),
        Err(NotSteady::TooFew { .. })
    ));

    // A constant is as steady as can be.
    let constant = steady_state(
        &vec![
            Window {
                sum: 6.0,
                weight: 2.0
            };
            200
        ],
        0.95,
    )
    .unwrap();
    assert_eq!(
        (
            constant.estimate.mean,
            constant.estimate.interval.half_width()
        ),
        (3.0, 0.0)
    );
}

/// A slow step in the middle hides from neighbours' correlation only if batches are long; the drift test
/// finds it.
#[test]
fn drift_is_found() {
    let key = Key::new(Seed(5), 5, 5);
    let mut found = 0;
    for run in 0..50 {
        let step: Vec<Window> = (0..600)
            .map(|i| Window {
                sum: key.at2(run, i).normal() + if i < 300 { 0.0 } else { 0.6 },
                weight: 1.0,
            })
            .collect();
        found += u32::from(steady_state(&step, 0.95).is_err());
    }
    assert!(45 <= found, "{found} of 50 found");
}

/// MSER-5 cuts a start-up transient off and leaves a steady series alone.
#[test]
fn mser_finds_the_transient() {
    let key = Key::new(Seed(8), 1, 0);
    let noise = |i: u64| key.at(i).normal();
    let transient: Vec<f64> = (0..1000)
        .map(|i| noise(i) + 20.0 * (-(i as f64) / 30.0).exp())
        .collect();
    let cut = mser5(&transient);
    assert!(cut.settled && (60..250).contains(&cut.windows), "{cut:?}");
    let rising: Vec<f64> = (0..1000).map(|i| noise(i) + 0.05 * i as f64).collect();
    assert!(!mser5(&rising).settled);
    assert!(!mser5(&[1.0; 10]).settled);
}

/// Batch means by hand: four windows, two batches of two, the odd one at the start left out.
#[test]
fn batch_means_by_hand() {
    let windows = [9.0, 1.0, 3.0, 5.0, 7.0].map(|sum| Window { sum, weight: 1.0 });
    let got = batch_means(&windows, 2, 0.95).unwrap();
    assert_eq!(got.mean, 4.0);
    // Batches of mean 2 and 6: standard error 2; the two differ in sign, so nothing is left to widen.
    same(
        got.interval.half_width(),
        12.706_204_736_174_7 * 2.0,
        1e-10,
        "half-width",
    );
    assert_eq!(batch_means(&windows, 6, 0.95), None);
    assert_eq!(batch_means(&windows, 1, 0.95), None);
    assert_eq!(batch_means(&[Window::default(); 5], 5, 0.95), None);
}

/// A ratio of sums weighs busy windows more, as a mean over requests must.
#[test]
fn weights_count() {
    let key = Key::new(Seed(9), 1, 0);
    let windows: Vec<Window> = (0..3000)
        .map(|i| {
            let weight = 1.0 + key.at(i).below(9) as f64;
            Window {
                sum: weight * weight,
                weight,
            }
        })
        .collect();
    // E[w^2]/E[w] for w uniform on 1..=9 is 19/3.
    let steady = steady_state(&windows, 0.999).unwrap();
    assert!(steady.estimate.interval.contains(19.0 / 3.0), "{steady:?}");
    assert!(steady.estimate.interval.half_width() < 0.4);
}
