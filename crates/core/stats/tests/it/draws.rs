use worstday_stats::draw::{Key, Seed, entity, identity, mix64};
use worstday_stats::math;

/// Published values of `SplitMix64` with seed 1234567 (from the reference implementation by S. Vigna):
/// its finalizer is our mixer.
#[test]
fn mixer_is_splitmix64() {
    let mut state = 1_234_567_u64;
    for word in [
        6_457_827_717_110_365_317_u64,
        3_203_168_211_198_807_973,
        9_817_491_932_198_370_423,
        4_593_380_528_125_082_431,
        16_408_922_859_458_223_821,
    ] {
        state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        assert_eq!(mix64(state), word);
    }
}

/// Every history rests on these words and values: if one changes, old worst days no longer replay.
#[test]
fn golden_values() {
    let key = Key::new(Seed(42), entity("till"), 7);
    let mut draw = key.at(1001);
    let words: Vec<String> = (0..4)
        .map(|_| format!("{:016x}", draw.next_u64()))
        .collect();
    assert_eq!(
        words,
        [
            "6f40f67325fbd3b5",
            "a3c3e441bdffa7c7",
            "130a06549ef3697a",
            "395be2ddde91fb9f"
        ]
    );
    assert_eq!(format!("{:016x}", entity("till")), "e5954f7e8c682c85");
    assert_eq!(format!("{:016x}", identity(3, 4)), "13aa1ab014c028a7");
    assert_eq!(
        format!("{:016x}", Seed(42).replication(3).0),
        "7f746e5cdc4f05f4"
    );

    let mut digest = worstday_stats::Digest::new();
    for i in 0..200_000 {
        let draw = key.at(i);
        for value in [
            { draw }.unit(),
            { draw }.unit_open(),
            { draw }.below(1000) as f64,
            { draw }.exp1(),
            { draw }.normal(),
            { draw }.gamma(0.3),
            { draw }.gamma(2.5),
        ] {
            digest.push(value.to_bits());
        }
    }
    assert_eq!(digest.to_string(), "c1e12dfbab85428eee7db84a75f4b7b5");
}

/// The first words of four families of neighbours, each of which a run uses side by side.
fn families(n: u64) -> Vec<(String, Vec<u64>)> {
    let first = |seed, entity, purpose, identity| {
        Key::new(Seed(seed), entity, purpose)
            .at(identity)
            .next_u64()
    };
    let mut all = Vec::new();
    for seed in [0, 1, 42] {
        all.push((
            format!("identities, seed {seed}"),
            (0..n).map(|i| first(seed, entity("a"), 0, i)).collect(),
        ));
    }
    all.push((
        "identities in steps of 2^32".into(),
        (0..n).map(|i| first(1, 0, 0, i << 32)).collect(),
    ));
    all.push((
        "pairs".into(),
        (0..n)
            .map(|i| first(1, 0, 0, identity(i / 1000, i % 1000)))
            .collect(),
    ));
    all.push((
        "nested pairs".into(),
        (0..n)
            .map(|i| first(1, 0, 0, identity(identity(i / 1000, i / 10 % 100), i % 10)))
            .collect(),
    ));
    all.push((
        "purposes".into(),
        (0..n).map(|i| first(1, entity("a"), i as u32, 5)).collect(),
    ));
    all.push((
        "entities".into(),
        (0..n)
            .map(|i| first(1, entity(&format!("service-{i}")), 0, 5))
            .collect(),
    ));
    all.push((
        "entity numbers".into(),
        (0..n).map(|i| first(1, i, 0, 5)).collect(),
    ));
    all.push((
        "seeds".into(),
        (0..n).map(|i| first(i, entity("a"), 0, 5)).collect(),
    ));
    all.push((
        "replications".into(),
        (0..n)
            .map(|i| first(Seed(7).replication(i).0, 3, 0, 5))
            .collect(),
    ));
    all.push((
        "second words".into(),
        (0..n)
            .map(|i| {
                let mut draw = Key::new(Seed(1), 2, 3).at(i);
                draw.next_u64();
                draw.next_u64()
            })
            .collect(),
    ));
    all.push((
        "the words of one draw".into(),
        std::iter::repeat_with({
            let mut draw = Key::new(Seed(1), 2, 3).at(4);
            move || draw.next_u64()
        })
        .take(n as usize)
        .collect(),
    ));
    all
}

/// The standard score of a chi-square statistic over equally likely cells.
fn chi_square_score(cells: &[u64]) -> f64 {
    let n: u64 = cells.iter().sum();
    let expected = n as f64 / cells.len() as f64;
    let chi2: f64 = cells
        .iter()
        .map(|&c| (c as f64 - expected).powi(2) / expected)
        .sum();
    let freedom = cells.len() as f64 - 1.0;
    (chi2 - freedom) / (2.0 * freedom).sqrt()
}

/// Whatever is counted upwards, the words must look independent: bytes at every position, pairs of
/// neighbours (lags 1 to 3), the joint fall of three neighbours, and every bit's frequency.
#[test]
fn neighbours_look_independent() {
    const N: u64 = 200_000;
    for (name, words) in families(N) {
        for byte in 0..8 {
            let mut cells = [0; 256];
            for word in &words {
                cells[(word >> (8 * byte) & 255) as usize] += 1;
            }
            let score = chi_square_score(&cells);
            assert!(score.abs() < 5.0, "{name}: byte {byte} scores {score:.1}");
        }
        for lag in 1..=3 {
            for shift in [0, 20, 58] {
                let mut cells = vec![0; 4096];
                for pair in words.windows(lag + 1) {
                    let (a, b) = (pair[0] >> shift & 63, pair[lag] >> shift & 63);
                    cells[(a << 6 | b) as usize] += 1;
                }
                let score = chi_square_score(&cells);
                assert!(
                    score.abs() < 5.0,
                    "{name}: pairs at lag {lag}, bits {shift}.. score {score:.1}"
                );
            }
            // Serial correlation of the uniform values.
            let unit = |w: u64| (w >> 11) as f64 / (1_u64 << 53) as f64 - 0.5;
            let sum: f64 = words
                .windows(lag + 1)
                .map(|w| unit(w[0]) * unit(w[lag]))
                .sum();
            let score = 12.0 * sum / (N as f64).sqrt();
            assert!(
                score.abs() < 5.0,
                "{name}: correlation at lag {lag} scores {score:.1}"
            );
        }
        let mut cells = vec![0; 4096];
        for triple in words.windows(3) {
            cells[(triple[0] >> 60 << 8 | triple[1] >> 60 << 4 | triple[2] >> 60) as usize] += 1;
        }
        let score = chi_square_score(&cells);
        assert!(score.abs() < 5.0, "{name}: triples score {score:.1}");
        for bit in 0..64 {
            let ones = words.iter().filter(|&&w| w >> bit & 1 == 1).count() as f64;
            let score = (ones - N as f64 / 2.0) / (N as f64 / 4.0).sqrt();
            assert!(score.abs() < 5.0, "{name}: bit {bit} scores {score:.1}");
        }
    }
}

/// The same identities under two keys, as two purposes of one request use them: no correlation, bit by
/// bit and in the high bits jointly.
#[test]
fn keys_are_independent_of_each_other() {
    const N: u64 = 100_000;
    for (name, other) in [
        ("next purpose", Key::new(Seed(9), entity("a"), 1)),
        ("next seed", Key::new(Seed(10), entity("a"), 0)),
        ("other entity", Key::new(Seed(9), entity("b"), 0)),
        ("next entity number", Key::new(Seed(9), entity("a") + 1, 0)),
    ] {
        let key = Key::new(Seed(9), entity("a"), 0);
        let mut cells = vec![0; 4096];
        let mut differing = [0_u64; 64];
        for i in 0..N {
            let (a, b) = (key.at(i).next_u64(), other.at(i).next_u64());
            cells[(a >> 58 << 6 | b >> 58) as usize] += 1;
            for (bit, count) in differing.iter_mut().enumerate() {
                *count += (a ^ b) >> bit & 1;
            }
        }
        let score = chi_square_score(&cells);
        assert!(
            score.abs() < 5.0,
            "{name}: joint high bits score {score:.1}"
        );
        for (bit, &count) in differing.iter().enumerate() {
            let score = (count as f64 - N as f64 / 2.0) / (N as f64 / 4.0).sqrt();
            assert!(score.abs() < 5.0, "{name}: bit {bit} scores {score:.1}");
        }
    }
}

/// Flipping any one input bit (identity, entity, purpose, seed) flips each output bit half the time.
#[test]
fn every_input_bit_reaches_every_output_bit() {
    const N: u64 = 4_000;
    type First = fn(u64, u64) -> u64;
    let inputs: [(&str, u32, First); 4] = [
        ("identity", 64, |i, flip| {
            Key::new(Seed(1), 2, 3).at(i ^ flip).next_u64()
        }),
        ("entity", 64, |i, flip| {
            Key::new(Seed(1), i ^ flip, 3).at(9).next_u64()
        }),
        ("purpose", 32, |i, flip| {
            Key::new(Seed(1), 2, (i ^ flip) as u32).at(9).next_u64()
        }),
        ("seed", 64, |i, flip| {
            Key::new(Seed(i ^ flip), 2, 3).at(9).next_u64()
        }),
    ];
    for (name, bits, first) in inputs {
        for bit in 0..bits {
            let mut flips = [0_u64; 64];
            for i in 0..N {
                let change = first(i, 0) ^ first(i, 1 << bit);
                for (out, count) in flips.iter_mut().enumerate() {
                    *count += change >> out & 1;
                }
            }
            for (out, &count) in flips.iter().enumerate() {
                let share = count as f64 / N as f64;
                assert!(
                    (0.40..0.60).contains(&share),
                    "{name} bit {bit} flips output bit {out} with {share}"
                );
            }
        }
    }
}

/// The largest distance between the sample's and the law's distribution functions, times sqrt(n).
fn kolmogorov(mut values: Vec<f64>, cdf: impl Fn(f64) -> f64) -> f64 {
    values.sort_by(f64::total_cmp);
    let n = values.len() as f64;
    let mut worst = 0.0_f64;
    for (i, &v) in values.iter().enumerate() {
        let p = cdf(v);
        worst = worst
            .max((p - i as f64 / n).abs())
            .max(((i + 1) as f64 / n - p).abs());
    }
    worst * n.sqrt()
}

/// Each kind of draw follows its law: the distance has a chance of 1e-5 to pass 2.47.
#[test]
fn draws_follow_their_laws() {
    const N: u64 = 1_000_000;
    let key = Key::new(Seed(3), entity("laws"), 0);
    let all = |f: fn(worstday_stats::Draw) -> f64| (0..N).map(|i| f(key.at(i))).collect::<Vec<_>>();
    let distances = [
        ("unit", kolmogorov(all(|mut d| d.unit()), |x| x)),
        ("unit_open", kolmogorov(all(|mut d| d.unit_open()), |x| x)),
        (
            "exp1",
            kolmogorov(all(|mut d| d.exp1()), |x| -math::exp_m1(-x)),
        ),
        (
            "normal",
            kolmogorov(all(|mut d| d.normal()), math::normal_cdf),
        ),
        (
            "gamma 0.2",
            kolmogorov(all(|mut d| d.gamma(0.2)), |x| {
                math::gamma_tails(0.2, x).lower
            }),
        ),
        (
            "gamma 4",
            kolmogorov(all(|mut d| d.gamma(4.0)), |x| {
                math::gamma_tails(4.0, x).lower
            }),
        ),
    ];
    for (name, distance) in distances {
        assert!(distance < 2.47, "{name}: {distance:.2}");
    }
}

/// The tails are drawn by code of their own, which a test of the whole would not notice.
#[test]
fn tails_follow_their_laws() {
    const N: u64 = 20_000_000;
    let key = Key::new(Seed(4), entity("tails"), 0);
    let (mut exponential, mut upper, mut lower) = (Vec::new(), Vec::new(), Vec::new());
    for i in 0..N {
        let x = key.at(i).exp1();
        if 7.0 < x {
            exponential.push(x);
        }
        let z = key.at(i).normal();
        if 3.4 < z {
            upper.push(z);
        } else if z < -3.4 {
            lower.push(-z);
        }
    }
    let tail = math::normal_upper(3.4);
    for (name, values, share) in [
        ("exp1", &exponential, math::exp(-7.0)),
        ("normal above", &upper, tail),
        ("normal below", &lower, tail),
    ] {
        let expected = N as f64 * share;
        let score = (values.len() as f64 - expected) / expected.sqrt();
        assert!(
            score.abs() < 4.5,
            "{name}: {} values where {expected:.0} belong",
            values.len()
        );
    }
    assert!(kolmogorov(exponential, |x| -math::exp_m1(7.0 - x)) < 2.47);
    for values in [upper, lower] {
        assert!(kolmogorov(values, |z| 1.0 - math::normal_upper(z) / tail) < 2.47);
    }
}

#[test]
fn whole_numbers_are_unbiased() {
    let key = Key::new(Seed(5), 6, 7);
    for n in [1_u64, 2, 3, 10, 1000] {
        let mut cells = vec![0; n as usize];
        for i in 0..100_000 {
            cells[key.at(i).below(n) as usize] += 1;
        }
        assert!(n == 1 || chi_square_score(&cells).abs() < 5.0, "below({n})");
    }
    // Three quarters of 2^64: without rejection the lower half would come up twice as often.
    let n = 3 << 62;
    let low = (0..100_000).filter(|&i| key.at(i).below(n) < n / 3).count() as f64;
    assert!((low / 100_000.0 - 1.0 / 3.0).abs() < 0.008);
}

#[test]
fn chance_is_certain_at_its_ends() {
    let key = Key::new(Seed(5), 6, 8);
    assert!((0..10_000).all(|i| key.at(i).chance(1.0) && !key.at(i).chance(0.0)));
}
