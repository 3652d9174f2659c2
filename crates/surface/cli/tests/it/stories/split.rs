//! One shop as one program and as five services: from which load on which is better, and why.

use serde_json::Value;

use super::{interval, named, report};

const ONE: &[&str] = &["systems/split-or-not.yaml"];
const FIVE: &[&str] = &[
    "systems/split-or-not.yaml",
    "--overlay",
    "systems/split-or-not.variants.yaml",
    "--variant",
    "five-services",
];

fn at(shop: &[&str], load: &str) -> Value {
    let load = format!("{load}x peak");
    let words = [shop, &["--at", &load, "--for", "30s", "--seeds", "5"]].concat();
    report(&words)
}

/// The interval of the 95th percentile over all that were sent, in ms; none if some mornings never got there.
fn p95(report: &Value) -> Option<(f64, f64)> {
    let points = named(report, "clients", "shoppers")["of-sent"]
        .as_array()
        .expect("a list");
    let point = points
        .iter()
        .find(|point| point["percentile"] == 95.0)
        .expect("a percentile");
    point["time"]["value"].as_f64()?;
    let (low, high) = interval(&point["time"]);
    Some((1e3 * low, 1e3 * high))
}

fn busiest(report: &Value) -> f64 {
    let services = report["services"].as_array().expect("a list");
    let busy = services.iter().filter_map(|service| {
        let share = &service["utilisation"];
        share["value"].as_f64().or(share.as_f64())
    });
    busy.fold(0.0, f64::max)
}

/// Up to the planned load the one program answers sooner: a page crosses no network.
#[test]
fn one_program_is_quicker_up_to_its_load() {
    for load in ["0.3", "1.2"] {
        let one = p95(&at(ONE, load)).expect("it answers");
        let five = p95(&at(FIVE, load)).expect("they answer");
        assert!(one.1 < five.0, "at {load}x: {one:?} and {five:?} ms");
    }
}

/// Half above it the one program stands in its own way and turns people away; no part of the five is full.
#[test]
fn five_services_bear_more() {
    let (one, five) = (at(ONE, "1.5"), at(FIVE, "1.5"));
    let lost = |report: &Value| interval(&named(report, "clients", "shoppers")["lost"]);
    // 7.5 % were measured, and none.
    assert!(0.03 < lost(&one).0, "{:?}", lost(&one));
    assert!(lost(&five).1 < 0.001, "{:?}", lost(&five));
    let five_p95 = p95(&five).expect("they answer");
    assert!(five_p95.1 < 150.0, "{five_p95:?} ms");
    assert!(p95(&one).is_none_or(|one| five_p95.1 < one.0));
    assert!(busiest(&one) > 0.97 && busiest(&five) < 0.92);
    // Why: with sixteen of them inside, the work of 16 ms takes 1 + 0.05 · 15 + 0.0002 · 16 · 15 = 1.8 times as much, on cores
    // that could do 1250 pages a second without it and 695 with it; 750 come.
    assert_eq!(one["bottleneck"]["why"], "shop");
}
