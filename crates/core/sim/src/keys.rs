//! Keys of a visit: Zipf popularity with a few hot ones apart.
//!
//! A key is a pure function of the visit and the space, so that cache, shard, lock and partition agree
//! without carrying anything. Zipf by rejection-inversion (W. Hörmann, G. Derflinger 1996): O(1) whatever
//! the number of keys.

use worstday_model::system::KeySpace;
use worstday_stats::draw::Draw;
use worstday_stats::math;

/// A key number in `0..count`, the most popular first.
#[must_use]
pub fn draw_key(space: &KeySpace, mut draw: Draw) -> u64 {
    let (hot, share) = space.hot.unwrap_or((0, 0.0));
    let hot = hot.min(space.count);
    if hot > 0 {
        let all = share * hot as f64;
        let u = draw.unit();
        if u < all || hot == space.count {
            return ((u / share) as u64).min(hot - 1);
        }
    }
    hot + zipf(space.count - hot, space.zipf, &mut draw) - 1
}

/// `(exp(x) - 1) / x`, near 0 by its series.
fn exp_m1_over(x: f64) -> f64 {
    if x.abs() > 1e-8 {
        math::exp_m1(x) / x
    } else {
        1.0 + x / 2.0 * (1.0 + x / 3.0)
    }
}

/// `ln(1 + x) / x`, near 0 by its series.
fn ln_1p_over(x: f64) -> f64 {
    if x.abs() > 1e-8 {
        math::ln_1p(x) / x
    } else {
        1.0 - x * (0.5 - x / 3.0)
    }
}

/// A rank in `1..=n` with probability proportional to `rank^-s`.
fn zipf(n: u64, s: f64, draw: &mut Draw) -> u64 {
    if n <= 1 {
        return 1;
    }
    if s == 0.0 {
        return 1 + draw.below(n);
    }
    // H is the integral of x^-s, moved so that it is 0 at 1.
    let h_integral = |x: f64| {
        let log = math::ln(x);
        exp_m1_over((1.0 - s) * log) * log
    };
    let h = |x: f64| math::exp(-s * math::ln(x));
    let inverse = |x: f64| {
        let t = (x * (1.0 - s)).max(-1.0);
        math::exp(ln_1p_over(t) * x)
    };
    let first = h_integral(1.5) - 1.0;
    let last = h_integral(n as f64 + 0.5);
    let accept_below = 2.0 - inverse(h_integral(2.5) - h(2.0));
    loop {
        let u = last + draw.unit() * (first - last);
        let x = inverse(u);
        let k = x.round().clamp(1.0, n as f64);
        if k - x <= accept_below || u >= h_integral(k + 0.5) - h(k) {
            return k as u64;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use worstday_stats::draw::{Key, Seed};

    fn frequencies(space: &KeySpace, n: u64) -> Vec<f64> {
        let key = Key::new(Seed(7), 1, 2);
        let mut counts = vec![0_u64; space.count as usize];
        for i in 0..n {
            counts[draw_key(space, key.at(i)) as usize] += 1;
        }
        counts.iter().map(|&c| c as f64 / n as f64).collect()
    }

    /// Every rank has the share of its formula, for exponents below, at and above 1, and none.
    #[test]
    fn keys_follow_zipf() {
        let n = 400_000;
        for s in [0.0, 0.7, 1.0, 1.6] {
            let space = KeySpace {
                name: "k".into(),
                count: 50,
                zipf: s,
                hot: None,
            };
            let norm: f64 = (1..=50).map(|k| math::pow(f64::from(k), -s)).sum();
            for (i, f) in frequencies(&space, n).iter().enumerate() {
                let p = math::pow((i + 1) as f64, -s) / norm;
                let sd = (p * (1.0 - p) / n as f64).sqrt();
                assert!(
                    (f - p).abs() < 5.0 * sd,
                    "s {s}, rank {}: {f} for {p}",
                    i + 1
                );
            }
        }
    }

    /// Hot keys have their own share each; the rest share what is left.
    #[test]
    fn hot_keys_stand_apart() {
        let space = KeySpace {
            name: "k".into(),
            count: 10,
            zipf: 0.0,
            hot: Some((2, 0.2)),
        };
        let f = frequencies(&space, 200_000);
        for (i, f) in f.iter().enumerate() {
            let p = if i < 2 { 0.2 } else { 0.6 / 8.0 };
            assert!((f - p).abs() < 0.006, "key {i}: {f} for {p}");
        }
    }
}
