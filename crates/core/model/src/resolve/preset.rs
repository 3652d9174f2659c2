//! Presets: what products do if nobody says otherwise, written out.
//!
//! Each names its source: the product's own documentation or code, as of the dates given.

use crate::ast::RetryPreset;
use crate::system::{Budget, BudgetScope, Jitter, Results, Retry};

const MILLISECOND: u64 = 1_000_000;
const SECOND: u64 = 1_000 * MILLISECOND;

/// What a proxy retries on a connection failure, a refused stream or an overloaded backend.
const UNAVAILABLE: Results = Results {
    error: false,
    rejected: true,
    refused: true,
    timeout: false,
};

/// The retry policy of a product.
pub(super) fn retry(preset: RetryPreset) -> Retry {
    // Envoy waits U(0, min(25 ms (2^n - 1), 250 ms)) (envoyproxy.io, retry policy; read 2026-08).
    let envoy = Retry {
        attempts: 2,
        backoff_ns: 25 * MILLISECOND,
        grow: 2.0,
        cap_ns: 250 * MILLISECOND,
        jitter: Jitter::Envoy,
        budget: None,
        results: Results::ALL,
    };
    let plain = Retry {
        attempts: 3,
        backoff_ns: 0,
        grow: 2.0,
        cap_ns: u64::MAX,
        jitter: Jitter::None,
        budget: None,
        results: Results::ALL,
    };
    let concurrent = |ratio: f64| {
        Some(Budget::Concurrent {
            ratio,
            min: 3,
            scope: BudgetScope::Replica,
        })
    };
    match preset {
        // One retry, and the circuit breaker's `max_retries: 3` in flight per cluster.
        RetryPreset::Envoy => Retry {
            budget: concurrent(0.0),
            ..envoy
        },
        // Two retries on connect-failure, refused-stream, unavailable, cancelled and 503; retry budget 20 %, at least 3.
        RetryPreset::Istio => Retry {
            attempts: 3,
            budget: concurrent(0.2),
            results: UNAVAILABLE,
            ..envoy
        },
        // A service profile's budget: 20 % of the last 10 s and 10/s; one retry per request, no wait.
        RetryPreset::Linkerd => Retry {
            attempts: 2,
            budget: Some(Budget::Windowed {
                ratio: 0.2,
                min_per_s: 10.0,
                window_ns: 10 * SECOND,
                scope: BudgetScope::Replica,
            }),
            results: Results {
                timeout: false,
                ..Results::ALL
            },
            ..plain
        },
        // botocore `standard`: U(0, 1) min(2^(n-1) s, 20 s); 500 tokens, a retry costs 5, after a timeout 10.
        RetryPreset::AwsStandard => Retry {
            backoff_ns: SECOND,
            cap_ns: 20 * SECOND,
            jitter: Jitter::Full,
            budget: Some(Budget::Quota {
                tokens: 500,
                cost: 5,
                timeout_cost: 10,
                scope: BudgetScope::Replica,
            }),
            ..plain
        },
        // "Site Reliability Engineering", chapter 21: three attempts, a tenth of the client's requests.
        RetryPreset::Sre => Retry {
            budget: Some(Budget::Bucket {
                ratio_milli: 100,
                burst_milli: 10_000,
                scope: BudgetScope::Replica,
            }),
            ..plain
        },
        // Polly v8: three retries, constant 2 s, jitter off.
        RetryPreset::Polly => Retry {
            attempts: 4,
            backoff_ns: 2 * SECOND,
            grow: 1.0,
            ..plain
        },
        // resilience4j: three attempts, constant 500 ms.
        RetryPreset::Resilience4j => Retry {
            backoff_ns: 500 * MILLISECOND,
            grow: 1.0,
            ..plain
        },
    }
}
