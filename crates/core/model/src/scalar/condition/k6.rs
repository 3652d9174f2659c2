//! Thresholds as k6 writes them: `p(95)<500`.
//!
//! A percentile in this spelling means one thing, milliseconds, so it is read like any other condition. What else k6 knows
//! (`avg`, `rate`) would be a bare number of some unit; it is answered with how it is said here.

use super::super::number::{self, Decimal, NotWhole};
use super::super::{Cursor, Duration, Number, Scalar, ScalarError};
use super::{Comparison, Limit, Metric, MetricName, Of};

const BEGIN: &str = "p(";

/// Whether a threshold of k6 is next.
pub(super) fn begins(cursor: &Cursor<'_>) -> bool {
    cursor.rest().starts_with(BEGIN)
}

/// The regular expression of one.
pub(super) fn fragment() -> String {
    format!(
        r"p\([0-9]{{1,2}}(?:\.[0-9]{{1,6}})?\) ?(?:<=?|>=?) ?{}",
        number::FRAGMENT
    )
}

/// How a metric of k6, or of its kind, is said here.
pub(super) fn said_here(name: &str) -> Option<&'static str> {
    Some(match name {
        "latency" | "response-time" | "duration" | "http_req_duration" | "iteration_duration" => {
            "a response time is `p99`, `p50` or `mean`"
        }
        "avg" => "the mean response time is `mean < 200ms`",
        "med" => "the median response time is `p50 < 200ms`",
        "max" | "min" => "nothing is promised of one request alone: `p99.9 < 2s`",
        "rate" | "http_req_failed" => "the share of requests without an answer is `lost < 1%`",
        _ => return None,
    })
}

/// The number of milliseconds behind a comparison in k6's spelling.
const MILLISECOND: u64 = 1_000_000;

/// `p(95)<500`, as k6 writes it.
pub(super) fn read(cursor: &mut Cursor<'_>) -> Result<(Metric, Comparison, Limit), ScalarError> {
    let start = *cursor;
    let about = "a threshold as k6 writes it, `p(95)<500`, or `p95 < 500ms`";
    cursor.eat(BEGIN);
    let digits = *cursor;
    let whole = cursor.take_while(|c| c.is_ascii_digit()).len();
    let mut fraction = 0;
    let before_point = *cursor;
    if cursor.eat(".") {
        fraction = cursor.take_while(|c| c.is_ascii_digit()).len();
        if fraction == 0 {
            *cursor = before_point;
        }
    }
    let text = cursor.since(digits.at());
    if whole == 0 || !cursor.eat(")") {
        return Err(start.wanted(about));
    }
    if whole > 2 || fraction > 6 {
        return Err(start.wanted(about).hint(
            "percentiles go from p1 to p99.999999: nothing is promised of the slowest alone",
        ));
    }
    let number = Number::parse(text).expect("digits are a number");
    if number.get() == 0.0 {
        return Err(cursor.refused(start.at(), about, "p0 is no percentile"));
    }
    cursor.eat(" ");
    let Some(comparison) = [
        Comparison::AtMost,
        Comparison::AtLeast,
        Comparison::Less,
        Comparison::More,
    ]
    .into_iter()
    .find(|comparison| cursor.eat(comparison.word())) else {
        return Err(cursor.wanted("`<`, `<=`, `>` or `>=`, and milliseconds"));
    };
    cursor.eat(" ");
    let limit = cursor.at();
    let decimal = Decimal::number(cursor, "a number of milliseconds, as k6 counts")?;
    let digits = decimal.text();
    let mut unit = *cursor;
    let unit = unit.take_while(|c| c.is_ascii_alphabetic());
    if !unit.is_empty() {
        let error = ScalarError::form(limit..cursor.at() + unit.len(), about);
        return Err(error.hint(format!(
            "`p(..)` is k6's, and counts milliseconds without a unit; with one it is `p{number} {comparison} {digits}{unit}`"
        )));
    }
    let nanos = decimal.to_whole(MILLISECOND).map_err(|why| {
        let reason = match why {
            NotWhole::Fraction => "time is whole nanoseconds",
            NotWhole::TooLarge => "this is longer than 584 years",
        };
        cursor.refused(limit, about, reason)
    })?;
    let metric = Metric {
        of: Of::Implied,
        name: MetricName::Percentile(number),
        of_answered: false,
    };
    Ok((
        metric,
        comparison,
        Limit::Duration(Duration::from_nanos(nanos)),
    ))
}
