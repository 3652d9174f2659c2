use worstday_stats::draw::{Key, Seed, entity};
use worstday_stats::law::{Law, LawError};

fn close(a: f64, b: f64, tolerance: f64) -> bool {
    (a - b).abs() <= tolerance * b.abs().max(1e-300)
}

fn zoo() -> Vec<(&'static str, Law)> {
    vec![
        ("constant", Law::constant(4.0).unwrap()),
        ("log-normal", Law::log_normal(4e6, 0.8).unwrap()),
        ("exponential", Law::exponential(3.0).unwrap()),
        ("gamma 0.5", Law::gamma(3.0, 0.5).unwrap()),
        ("gamma 2", Law::gamma(3.0, 2.0).unwrap()),
        ("uniform", Law::uniform(1.0, 5.0).unwrap()),
        ("whole", Law::whole_uniform(1.0, 6.0).unwrap()),
        ("pareto", Law::pareto(1.0, 4.5).unwrap()),
        (
            "points",
            Law::points(&[(0.5, 2.0), (0.9, 5.0), (0.99, 30.0), (0.999, 40.0)]).unwrap(),
        ),
        (
            "sample",
            Law::sample_of(vec![5.0, 1.0, 2.0, 2.0, 9.0, 0.0]).unwrap(),
        ),
    ]
}

/// Mean, spread and quantiles that a law states are those that its draws have.
#[test]
fn draws_have_the_stated_moments_and_quantiles() {
    const N: u64 = 400_000;
    for (name, law) in zoo() {
        let key = Key::new(Seed(1), entity(name), 0);
        let mut values: Vec<f64> = (0..N).map(|i| law.sample(key.at(i))).collect();
        let mean = values.iter().sum::<f64>() / N as f64;
        let cv = law.cv().unwrap();
        let error = cv * law.mean() / (N as f64).sqrt();
        assert!(
            (mean - law.mean()).abs() <= 4.5 * error,
            "{name}: mean {mean}, stated {}",
            law.mean()
        );
        let spread =
            (values.iter().map(|v| (v - mean).powi(2)).sum::<f64>() / N as f64).sqrt() / mean;
        assert!(
            (spread - cv).abs() <= 0.05 * cv,
            "{name}: cv {spread}, stated {cv}"
        );
        values.sort_by(f64::total_cmp);
        for p in [0.01, 0.1, 0.5, 0.9, 0.95, 0.99, 0.999] {
            let rank = |p: f64| values[((p * N as f64) as usize).min(N as usize - 1)];
            let margin = 4.5 * (p * (1.0 - p) / N as f64).sqrt();
            let (low, high) = (rank(p - margin), rank(p + margin));
            let stated = law.quantile(p);
            assert!(
                low <= stated && stated <= high,
                "{name}: p{} is {stated}, draws {low} to {high}",
                100.0 * p
            );
        }
    }
}

/// A scaled law is the law of the scaled value: the same draw, times the factor.
#[test]
fn scaling_multiplies_every_draw() {
    for (name, law) in zoo() {
        let scaled = law.scaled(2.5);
        let key = Key::new(Seed(1), entity(name), 1);
        for i in 0..1000 {
            let (plain, times) = (law.sample(key.at(i)), scaled.sample(key.at(i)));
            assert!(
                close(times, 2.5 * plain, 1e-13),
                "{name}: {plain} became {times}"
            );
        }
        assert!(close(scaled.mean(), 2.5 * law.mean(), 1e-13), "{name}");
        assert!(
            close(scaled.quantile(0.7), 2.5 * law.quantile(0.7), 1e-13),
            "{name}"
        );
        assert_eq!(law.scaled(0.0), Law::Constant(0.0));
    }
}

/// The quantile function goes through every point, and two points are a log-normal.
#[test]
fn points_are_met() {
    let points = [(0.5, 2.0), (0.9, 5.0), (0.99, 30.0), (0.999, 40.0)];
    let law = Law::points(&points).unwrap();
    for (p, v) in points {
        assert!(
            close(law.quantile(p), v, 1e-14),
            "p{}: {}",
            100.0 * p,
            law.quantile(p)
        );
    }
    // Beyond the last point it runs on with the last slope.
    let two = Law::points(&points[2..]).unwrap();
    assert!(matches!(two, Law::LogNormal { .. }));
    assert!(close(law.quantile(0.9999), two.quantile(0.9999), 1e-13));
    assert!(close(
        law.quantile(0.95),
        Law::points(&points[1..3]).unwrap().quantile(0.95),
        1e-13
    ));

    let Law::LogNormal { mu, sigma } = Law::points(&[(0.5, 4.0), (0.99, 40.0)]).unwrap() else {
        panic!()
    };
    assert!(close(mu, 4.0_f64.ln(), 1e-15));
    assert!(close(sigma, 10.0_f64.ln() / 2.326_347_874_040_841, 1e-14));
}

/// The cheapest equal law is chosen: no draw is spent on a constant.
#[test]
fn degenerate_laws_are_constants() {
    for law in [
        Law::log_normal(4.0, 0.0),
        Law::gamma(4.0, 0.0),
        Law::uniform(4.0, 4.0),
        Law::whole_uniform(4.0, 4.0),
        Law::sample_of(vec![4.0, 4.0]),
        Law::sample_of(vec![4.0]),
    ] {
        assert_eq!(law.unwrap(), Law::Constant(4.0));
    }
    assert_eq!(
        Law::gamma(3.0, 1.0).unwrap(),
        Law::Exponential { mean: 3.0 }
    );
    assert_eq!(Law::Constant(0.0).cv(), Some(0.0));
}

#[test]
fn whole_uniform_includes_both_ends() {
    let law = Law::whole_uniform(2.0, 4.0).unwrap();
    let key = Key::new(Seed(1), 2, 3);
    let seen: std::collections::BTreeSet<u64> =
        (0..1000).map(|i| law.sample(key.at(i)) as u64).collect();
    assert_eq!(seen.into_iter().collect::<Vec<_>>(), [2, 3, 4]);
    assert_eq!(
        (law.quantile(0.0), law.quantile(0.34), law.quantile(1.0)),
        (2.0, 3.0, 4.0)
    );
}

/// What makes no law is refused with the number in question.
#[test]
fn nonsense_is_refused() {
    let refused = [
        Law::constant(-1.0),
        Law::constant(f64::NAN),
        Law::log_normal(1.0, f64::INFINITY),
        Law::log_normal(-1.0, 1.0),
        Law::exponential(f64::INFINITY),
        Law::gamma(1.0, -0.5),
        Law::uniform(3.0, 2.0),
        Law::whole_uniform(0.5, 2.0),
        Law::pareto(0.0, 2.0),
        Law::pareto(1.0, 1.0),
        Law::points(&[(0.5, 1.0)]),
        Law::points(&[(0.5, 1.0), (1.0, 2.0)]),
        Law::points(&[(0.5, 2.0), (0.9, 2.0)]),
        Law::points(&[(0.9, 1.0), (0.5, 2.0)]),
        Law::points(&[(0.5, 0.0), (0.9, 2.0)]),
        Law::sample_of(vec![]),
        Law::sample_of(vec![1.0, f64::NAN]),
    ];
    for law in refused {
        assert!(law.is_err(), "{law:?}");
    }
    assert_eq!(
        Law::points(&[(0.5, 2.0), (0.9, 1.0)]),
        Err(LawError::NotRising { index: 1 })
    );
    assert_eq!(Law::pareto(1.0, 2.0).unwrap().cv(), None);
}

/// A snapshot keeps laws: what is read again draws the same.
#[test]
fn laws_survive_a_snapshot() {
    for (name, law) in zoo() {
        let text = serde_json::to_string(&law).unwrap();
        assert_eq!(
            serde_json::from_str::<Law>(&text).unwrap(),
            law,
            "{name}: {text}"
        );
    }
}

/// Golden values: a law's draws are part of every history.
#[test]
fn golden_values() {
    let mut digest = worstday_stats::Digest::new();
    for (name, law) in zoo() {
        let key = Key::new(Seed(11), entity(name), 2);
        for i in 0..10_000 {
            digest.push(law.sample(key.at(i)).to_bits());
            digest.push(law.sample_ns(key.at(i)));
        }
    }
    assert_eq!(digest.to_string(), "76d5392dc1cd04ec576ff16943e2df0b");
}
