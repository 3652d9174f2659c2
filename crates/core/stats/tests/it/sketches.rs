use worstday_stats::draw::{Draw, Key, Seed};
use worstday_stats::sketch::{Histogram, Quantile, Sketch, Sparse};

fn histogram(values: impl IntoIterator<Item = u64>) -> Histogram {
    let mut histogram = Histogram::new();
    for value in values {
        histogram.add(value);
    }
    histogram
}

fn draws(n: u64, purpose: u32, f: impl Fn(Draw) -> u64) -> Vec<u64> {
    let key = Key::new(Seed(77), 1, purpose);
    (0..n).map(|i| f(key.at(i))).collect()
}

/// Value sets that are awkward in one way each.
fn zoo() -> Vec<(&'static str, Vec<u64>)> {
    vec![
        ("one value", vec![1_234_567]),
        ("zeros", vec![0; 100]),
        ("small", (0..200).collect()),
        ("one atom at the end of a bucket", vec![(1 << 40) - 1; 1000]),
        ("one atom at the start of a bucket", vec![1 << 40; 1000]),
        (
            "two atoms",
            (0..1000)
                .map(|i| if i % 3 == 0 { 1_000_000 } else { 1_015_000 })
                .collect(),
        ),
        ("powers", (0..63).map(|i| 1 << i).collect()),
        (
            "exponential",
            draws(50_000, 0, |mut d| (d.exp1() * 4e6) as u64),
        ),
        (
            "wide",
            draws(50_000, 1, |mut d| {
                worstday_stats::math::round_ns(worstday_stats::math::exp(8.0 * d.normal() + 15.0))
            }),
        ),
        (
            "mostly zero",
            draws(50_000, 2, |mut d| {
                if d.chance(0.9) {
                    0
                } else {
                    1 + d.below(1 << 30)
                }
            }),
        ),
        (
            "extremes",
            vec![0, 1, u64::MAX >> 1, 1 << 62, 63, 64, 127, 128],
        ),
    ]
}

/// The stated bound, against the exact order statistic, for the worst values we can think of.
#[test]
fn quantiles_keep_the_stated_error() {
    fn check(name: &str, sketch: &impl Sketch, sorted: &[u64], bound: f64) {
        for q in [
            0.0, 0.001, 0.01, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95, 0.99, 0.999, 0.9999, 1.0,
        ] {
            let rank = ((q * sorted.len() as f64).ceil() as usize).clamp(1, sorted.len());
            let exact = sorted[rank - 1] as f64;
            let Quantile::At(got) = sketch.quantile(q, 0) else {
                panic!("{name}: no quantile at {q}")
            };
            assert!(
                (got - exact).abs() <= bound * exact * (1.0 + 1e-12),
                "{name}: q {q} is {exact}, sketched {got}"
            );
        }
    }
    for (name, mut values) in zoo() {
        let sketch = histogram(values.iter().copied());
        values.sort_unstable();
        check(name, &sketch, &values, 0.01);
        check(name, &sketch.fold(), &values, 0.05);
        assert_eq!(sketch.count(), values.len() as u64, "{name}");
        assert_eq!(
            sketch.sum(),
            values.iter().map(|&v| u128::from(v)).sum::<u128>(),
            "{name}"
        );
        assert_eq!(sketch.fold().sum(), sketch.sum(), "{name}");
        assert_eq!(sketch.fold().count(), sketch.count(), "{name}");
    }
    assert_eq!(
        (Histogram::RELATIVE_ERROR, Sparse::RELATIVE_ERROR),
        (0.01, 0.05)
    );
}

/// Where values spread, interpolation is far better than the bound: the theory tests lean on it.
#[test]
fn interpolation_is_finer_than_the_buckets() {
    let mut values = draws(1_000_000, 5, |mut d| (d.exp1() * 1e7) as u64);
    let sketch = histogram(values.iter().copied());
    values.sort_unstable();
    for q in [0.5, 0.9, 0.99] {
        let exact = values[(q * 1e6) as usize - 1] as f64;
        let got = sketch.quantile(q, 0).ns().unwrap();
        assert!(
            (got / exact - 1.0).abs() < 0.004,
            "q {q}: {exact}, sketched {got}"
        );
    }
    let share = sketch.share_within(10_000_000, 0).unwrap();
    let exact = values.iter().filter(|&&v| v <= 10_000_000).count() as f64 / 1e6;
    assert!((share - exact).abs() < 2e-4, "{share} of {exact}");
}

/// Parts merged in any order are the whole: threads and shards rest on it.
#[test]
fn merged_parts_equal_the_whole() {
    for (name, values) in zoo() {
        let whole = histogram(values.iter().copied());
        let parts: Vec<Histogram> = (0..3)
            .map(|k| histogram(values.iter().copied().skip(k).step_by(3)))
            .collect();
        let mut merged = Histogram::new();
        let mut sparse = Sparse::default();
        for k in [2, 0, 1] {
            merged.merge(&parts[k]);
            sparse.merge(&parts[k].fold());
        }
        assert_eq!(merged, whole, "{name}");
        assert_eq!(sparse, whole.fold(), "{name}");
    }
}

/// The engine records once and drains at window ends: nothing may be lost or counted twice.
#[test]
fn drained_windows_equal_the_whole() {
    for (name, values) in zoo() {
        let (mut window, mut total, mut remembered) =
            (Histogram::new(), Histogram::new(), Sparse::default());
        for (i, &value) in values.iter().enumerate() {
            window.add(value);
            if i % 37 == 0 {
                let sparse = window.drain_into(&mut total);
                assert!(window.is_empty() && window.sum() == 0);
                remembered.merge(&sparse);
            }
        }
        remembered.merge(&window.drain_into(&mut total));
        assert!(window.drain_into(&mut total).is_empty());
        let whole = histogram(values);
        assert_eq!(total, whole, "{name}");
        assert_eq!(remembered, whole.fold(), "{name}");
    }
}

/// A request that never came back makes percentiles worse, at last infinite.
#[test]
fn those_that_never_came_back_count_as_infinite() {
    let sketch = histogram(1..=90);
    assert_eq!(sketch.quantile(0.9, 10), Quantile::At(90.0));
    assert_eq!(sketch.quantile(0.91, 10), Quantile::Never);
    assert_eq!(sketch.quantile(0.5, 10), Quantile::At(50.0));
    assert_eq!(sketch.share_within(45, 10), Some(0.45));
    assert_eq!(Histogram::new().quantile(0.5, 1), Quantile::Never);
    assert_eq!(Histogram::new().quantile(0.5, 0), Quantile::Empty);
    assert_eq!(Histogram::new().share_within(5, 0), None);
    assert_eq!(Histogram::new().mean(), None);
    assert!(Quantile::At(1e300) < Quantile::Never);
    let (low, high) = sketch.quantile_interval(0.85, 0.95, 10);
    assert!(
        matches!(low, Some(Quantile::At(v)) if (70.0..85.0).contains(&v)),
        "{low:?}"
    );
    assert_eq!(high, Some(Quantile::Never));
}

/// The distribution-free interval holds the true quantile as often as it says.
#[test]
fn quantile_intervals_hold_the_truth() {
    for (q, n) in [(0.5, 300), (0.9, 2000), (0.99, 5000)] {
        let truth = -1e6 * (1.0_f64 - q).ln();
        let mut missed = 0;
        for run in 0..400 {
            let sketch = histogram(draws(n, 100 + run, |mut d| (d.exp1() * 1e6) as u64));
            let (low, high) = sketch.quantile_interval(q, 0.95, 0);
            let (low, high) = (low.unwrap().ns().unwrap(), high.unwrap().ns().unwrap());
            missed += u64::from(truth < low || high < truth);
        }
        // 99.99 % of the time at most 38 of 400 miss when each does with probability 0.05.
        assert!(missed <= 38, "q {q}: {missed} of 400 miss");
    }
}

/// Counts beyond 32 bits carry over, in both forms, through merging and through writing.
#[test]
fn huge_counts_carry() {
    let mut doubled = histogram([5, 5, 5, 1_000_000]);
    for _ in 0..34 {
        let copy = doubled.clone();
        doubled.merge(&copy);
    }
    assert_eq!(doubled.count(), 4 << 34);
    assert_eq!(doubled.quantile(0.75, 0), Quantile::At(5.0));
    let mut sparse = doubled.fold();
    assert_eq!(sparse.count(), 4 << 34);
    assert_eq!(sparse, {
        let mut copy = doubled.clone();
        copy.drain_into(&mut Histogram::new())
    });
    sparse.merge(&sparse.clone());
    assert_eq!(sparse.count(), 4 << 35);

    // Exactly 2^32 leave nothing but the carry.
    let mut full = histogram([7]);
    for _ in 0..32 {
        let copy = full.clone();
        full.merge(&copy);
    }
    let mut total = Histogram::new();
    assert!(!full.is_empty());
    let sparse = full.drain_into(&mut total);
    assert_eq!(
        (total.count(), sparse.count(), full.count()),
        (1 << 32, 1 << 32, 0)
    );

    let text = serde_json::to_string(&doubled).unwrap();
    assert_eq!(serde_json::from_str::<Histogram>(&text).unwrap(), doubled);
    let text = serde_json::to_string(&sparse).unwrap();
    assert_eq!(serde_json::from_str::<Sparse>(&text).unwrap(), sparse);
}

/// The written form is versioned and checked: a foreign or broken one is refused, never misread.
#[test]
fn written_forms_are_checked() {
    for (name, values) in zoo() {
        let sketch = histogram(values);
        let text = serde_json::to_string(&sketch).unwrap();
        assert_eq!(
            serde_json::from_str::<Histogram>(&text).unwrap(),
            sketch,
            "{name}"
        );
        assert!(
            serde_json::from_str::<Sparse>(&text).is_err(),
            "{name}: a histogram read as sparse"
        );
        let text = serde_json::to_string(&sketch.fold()).unwrap();
        assert_eq!(
            serde_json::from_str::<Sparse>(&text).unwrap(),
            sketch.fold(),
            "{name}"
        );
    }
    assert_eq!(
        serde_json::to_string(&histogram([3, 3, 1000])).unwrap(),
        r#"{"version":1,"parts":64,"sum":[0,1006],"buckets":[[3,2],[317,1]]}"#
    );
    for broken in [
        r#"{"version":2,"parts":64,"sum":[0,3],"buckets":[[3,1]]}"#,
        r#"{"version":1,"parts":32,"sum":[0,3],"buckets":[[3,1]]}"#,
        r#"{"version":1,"parts":64,"sum":[0,3],"buckets":[[3,1],[3,1]]}"#,
        r#"{"version":1,"parts":64,"sum":[0,3],"buckets":[[4,1],[3,1]]}"#,
        r#"{"version":1,"parts":64,"sum":[0,3],"buckets":[[3,0]]}"#,
        r#"{"version":1,"parts":64,"sum":[0,3],"buckets":[[3776,1]]}"#,
        r#"{"version":1,"parts":64,"sum":[0,3],"buckets":[[3,18446744073709551615]]}"#,
    ] {
        assert!(
            serde_json::from_str::<Histogram>(broken).is_err(),
            "{broken}"
        );
    }
}

/// Buckets tile the whole numbers: each value lies in the bucket that it is counted in.
#[test]
fn buckets_hold_their_values() {
    let mut values: Vec<u64> = (0..64)
        .flat_map(|i| [1_u64 << i, (1 << i) - 1, (1 << i) + 1])
        .collect();
    values.extend(draws(10_000, 9, |mut d| {
        let shift = d.below(64);
        d.next_u64() >> shift
    }));
    for value in values {
        let sketch = histogram([value]);
        let buckets: Vec<_> = sketch
            .buckets()
            .chain(
                sketch
                    .fold()
                    .buckets()
                    .map(|b| worstday_stats::sketch::Bucket { ..b }),
            )
            .collect();
        assert_eq!(buckets.len(), 2);
        for bucket in buckets {
            assert!(
                bucket.low <= value && (value < bucket.high || bucket.high == u64::MAX),
                "{value} in {bucket:?}"
            );
        }
    }
}
