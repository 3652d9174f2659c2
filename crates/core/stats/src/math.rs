//! Elementary and special functions that give the same bits everywhere.
//!
//! The standard `f64::exp` and its kin call the platform's C library, which differs between CPUs and
//! systems; one seed must give one history on all of them. Here everything is built from `+ - * /`
//! and `sqrt`, which IEEE 754 fixes to the last bit, and from the pinned pure-Rust `libm`, whose
//! architecture-specific paths are switched off.
//!
//! [`exp`] is our own because the log-normal draw pays for it at every visit: 128 table entries and a
//! short polynomial, under 0.6 units in the last place, about half the time of `libm`'s.

mod beta;
mod exp_table;
mod gamma;
mod normal;

pub use beta::{beta_quantile, beta_tails, binomial_mass};
pub(crate) use gamma::deviance;
pub use gamma::{gamma_quantile, gamma_tails, ln_gamma, ln_gamma_ratio, poisson_mass};
pub use normal::{normal_cdf, normal_density, normal_quantile, normal_upper};

use exp_table::EXP2_TABLE;

/// The two sides of a distribution function at one point, each accurate where it is small.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Tails {
    /// The probability of a value at or below the point.
    pub lower: f64,
    /// The probability of a value above the point.
    pub upper: f64,
}

impl Tails {
    /// The tails at the point with `lower` probability below it.
    #[must_use]
    pub fn of_lower(lower: f64) -> Self {
        Self {
            lower,
            upper: 1.0 - lower,
        }
    }

    /// The tails at the point with `upper` probability above it.
    #[must_use]
    pub fn of_upper(upper: f64) -> Self {
        Self {
            lower: 1.0 - upper,
            upper,
        }
    }
}

/// The positive `x` at which the distribution `at` (tails and density) has the tails `wanted`, between
/// `exp(low)` and `exp(high)`: Newton's steps on logarithmic scales, kept inside a shrinking bracket.
fn invert(
    wanted: Tails,
    start: f64,
    mut low: f64,
    mut high: f64,
    at: impl Fn(f64) -> (Tails, f64),
) -> f64 {
    let mut u = ln(start).clamp(low, high);
    for _ in 0..400 {
        let x = exp(u);
        let (tails, density) = at(x);
        // Compare the smaller tail: there the relative error is the one that matters.
        let (excess, share) = if wanted.lower <= wanted.upper {
            (tails.lower / wanted.lower, tails.lower)
        } else {
            (wanted.upper / tails.upper, tails.upper)
        };
        if 1.0 < excess {
            high = u;
        } else {
            low = u;
        }
        let newton = u - ln(excess) * share / (x * density);
        let next = if low < newton && newton < high {
            newton
        } else {
            0.5 * (low + high)
        };
        if (next - u).abs() <= 1e-16 * u.abs().max(1.0) || high - low <= 1e-16 * u.abs() {
            return exp(next);
        }
        u = next;
    }
    exp(u)
}

/// Nanoseconds never exceed this: 2^62, about 146 years, so that sums of two still fit in a `u64`.
pub const NS_MAX: u64 = 1 << 62;

/// e to the power `x`; below 0.6 units in the last place between -700 and 700, `libm`'s value beyond.
#[inline]
#[must_use]
pub fn exp(x: f64) -> f64 {
    // 128/ln 2, and ln 2/128 in two parts of which the first has trailing zeros enough that
    // `k * LN2_HIGH` is exact for every k that occurs.
    const INV_LN2: f64 = core::f64::consts::LOG2_E * 128.0;
    const LN2_HIGH: f64 = f64::from_bits(0x3f76_2e42_fefa_0000);
    const LN2_LOW: f64 = f64::from_bits(0x3d0c_f79a_bc9e_3b39);
    // Adding it leaves the nearest whole number in the low mantissa bits.
    const SHIFT: f64 = 6_755_399_441_055_744.0;

    if x.is_nan() || 700.0 < x.abs() {
        return libm::exp(x);
    }
    let shifted = x * INV_LN2 + SHIFT;
    let k_bits = shifted.to_bits();
    let k = shifted - SHIFT;
    let r = x - k * LN2_HIGH - k * LN2_LOW;

    let row = 2 * (k_bits & 127) as usize;
    let rest = f64::from_bits(EXP2_TABLE[row]);
    let scale = f64::from_bits(EXP2_TABLE[row + 1].wrapping_add(k_bits << 45));
    // |r| <= ln 2 / 256, so the Taylor series to the fifth power is short of e^r - 1 by 2^-60 at most.
    let r2 = r * r;
    let grown =
        rest + r + r2 * (0.5 + r * (1.0 / 6.0)) + r2 * r2 * (1.0 / 24.0 + r * (1.0 / 120.0));
    scale + scale * grown
}

/// e to the power `x`, less one; exact near zero.
#[inline]
#[must_use]
pub fn exp_m1(x: f64) -> f64 {
    libm::expm1(x)
}

/// The natural logarithm.
#[inline]
#[must_use]
pub fn ln(x: f64) -> f64 {
    libm::log(x)
}

/// The natural logarithm of `1 + x`; exact near zero.
#[inline]
#[must_use]
pub fn ln_1p(x: f64) -> f64 {
    libm::log1p(x)
}

/// The logarithm to base 2.
#[inline]
#[must_use]
pub fn log2(x: f64) -> f64 {
    libm::log2(x)
}

/// `base` to the power `exponent`.
#[inline]
#[must_use]
pub fn pow(base: f64, exponent: f64) -> f64 {
    libm::pow(base, exponent)
}

/// The square root, which IEEE 754 rounds correctly on every machine.
#[inline]
#[must_use]
pub fn sqrt(x: f64) -> f64 {
    x.sqrt()
}

/// `value` (in nanoseconds) rounded once to whole nanoseconds, half to even; negative and NaN give 0,
/// anything above gives [`NS_MAX`].
#[inline]
#[must_use]
pub fn round_ns(value: f64) -> u64 {
    // Below 2^52 the sum's low mantissa bits are the rounded value: the addition does the rounding.
    const TWO_52: f64 = 4_503_599_627_370_496.0;
    if (0.0..TWO_52).contains(&value) {
        (value + TWO_52).to_bits() - TWO_52.to_bits()
    } else {
        (value as u64).min(NS_MAX)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Ours replaces the pinned library's on the hottest path, so the two may differ in the last bit only.
    #[test]
    fn exp_agrees_with_libm_to_one_unit_in_the_last_place() {
        let mut worst = 0;
        for i in 0..2_000_000_i64 {
            let x = (i - 1_000_000) as f64 * 7.013e-4;
            let (ours, theirs) = (exp(x).to_bits() as i64, libm::exp(x).to_bits() as i64);
            worst = worst.max((ours - theirs).abs());
        }
        assert!(worst <= 1, "exp is {worst} units in the last place away");
        for (x, y) in [
            (0.0, 1.0),
            (-0.0, 1.0),
            (1.0, core::f64::consts::E),
            (710.0, f64::INFINITY),
            (-800.0, 0.0),
        ] {
            assert_eq!(exp(x), y, "exp({x})");
        }
        assert!(exp(f64::NAN).is_nan());
    }

    #[test]
    fn nanoseconds_round_half_to_even_and_saturate() {
        for (value, ns) in [
            (0.0, 0),
            (0.5, 0),
            (1.5, 2),
            (2.5, 2),
            (2.500_000_1, 3),
            (-3.0, 0),
            (f64::NAN, 0),
            (4_503_599_627_370_495.5, 4_503_599_627_370_496),
            (9_007_199_254_740_994.0, 9_007_199_254_740_994),
            (f64::INFINITY, NS_MAX),
        ] {
            assert_eq!(round_ns(value), ns, "{value}");
        }
    }
}
