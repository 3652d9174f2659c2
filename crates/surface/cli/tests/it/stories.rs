//! The systems that tell the stories worstday exists for, asserted in numbers.
//!
//! Each figure is an estimate over many days with its interval; what is asserted is that the interval lies where the
//! story says, with room for what another seed would give. Days of two variants share their seeds, so a difference is
//! asserted of pairs.

mod scale_up;
mod split;
mod supermarket;
mod weekly_outage;

use serde_json::Value;

use crate::tool::worstday;

/// What `run` says as JSON, whether a promise is broken or not.
fn report(words: &[&str]) -> Value {
    let words = [&["run"], words, &["--format", "json", "--no-trial"]].concat();
    let said = worstday(&words);
    assert!(matches!(said.exit, 0 | 10 | 11), "{}", said.err);
    said.json()
}

/// The entry of that name in a list of the report.
fn named<'a>(report: &'a Value, list: &str, name: &str) -> &'a Value {
    let rows = report[list].as_array().expect("a list");
    rows.iter()
        .find(|row| row["name"] == name)
        .unwrap_or_else(|| panic!("no {name} in {list}"))
}

/// Both ends of an estimate's interval; of a value that all days gave, that value.
fn interval(estimate: &Value) -> (f64, f64) {
    if estimate["no-interval"] == "all-the-same" {
        let value = estimate["value"].as_f64().expect("a number");
        return (value, value);
    }
    let end = |end: &str| {
        estimate["interval"][end]
            .as_f64()
            .unwrap_or_else(|| panic!("no interval: {estimate}"))
    };
    (end("low"), end("high"))
}

/// A condition of a promise.
fn condition<'a>(report: &'a Value, promise: &str, text: &str) -> &'a Value {
    let conditions = named(report, "promises", promise)["conditions"]
        .as_array()
        .expect("a list");
    conditions
        .iter()
        .find(|row| {
            row["text"]
                .as_str()
                .is_some_and(|own| own.starts_with(text))
        })
        .unwrap_or_else(|| panic!("{promise} has no {text}"))
}

/// Mean and half of the 95 % interval of values of independent days.
fn mean(values: &[f64]) -> (f64, f64) {
    let n = values.len() as f64;
    let mean = values.iter().sum::<f64>() / n;
    let square = values.iter().map(|v| (v - mean) * (v - mean)).sum::<f64>() / (n - 1.0);
    // Student's t at 97.5 % is below 2.05 from 28 degrees of freedom on.
    (mean, 2.05 * (square / n).sqrt())
}
