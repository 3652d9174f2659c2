//! Retries when every attempt fails with the same probability, whatever the load: what they gain when failures are
//! independent of them, and what they cost.

/// The share of calls that succeed with up to `retries` further attempts each.
#[must_use]
pub fn success(failure: f64, retries: u32) -> f64 {
    1.0 - (0..=retries).fold(1.0, |all_fail, _| all_fail * failure)
}

/// The mean number of attempts per call with up to `retries` further ones each. For layers of callers that all
/// retry, the product over the layers.
#[must_use]
pub fn attempts(failure: f64, retries: u32) -> f64 {
    (0..=retries)
        .fold((0.0, 1.0), |(sum, made), _| (sum + made, made * failure))
        .0
}
