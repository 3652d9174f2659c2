//! A Saturday morning: a till server is silent for a quarter of an hour.

use serde_json::Value;

use super::{condition, interval, mean, named, report};
use crate::tool::{Scratch, root};

const SATURDAY: &[&str] = &["systems/supermarket.yaml", "--day", "2026-11-28"];
const SILENT: &[&str] = &[
    "systems/supermarket.yaml",
    "--scenario",
    "systems/supermarket.silent.yaml",
];

fn with<'a>(words: &[&'a str], more: &[&'a str]) -> Vec<&'a str> {
    [words, more].concat()
}

fn saved(variant: &str) -> Vec<&str> {
    let overlay = ["--overlay", "systems/supermarket.variants.yaml"];
    with(SILENT, &[&overlay[..], &["--variant", variant]].concat())
}

/// An ordinary Saturday keeps its promises on at least 99 of 100 days. Of 600 days 5 broke one: more than 1 of a hundred
/// given seeds would be bad luck, and these are given.
#[test]
fn an_ordinary_saturday_is_kept() {
    let report = report(&with(SATURDAY, &["--seeds", "100"]));
    let broken = |promise: &str, text: &str| {
        let row = condition(&report, promise, text);
        assert_eq!(row["histories"], 100);
        row["histories-broken"].as_u64().expect("a count")
    };
    let days = broken("catch-the-train", "lost")
        + broken("short-lines", "p50")
        + broken("short-lines", "lost");
    assert!(days <= 1, "{days} of 100 ordinary days are broken");
    let (_, high) = interval(&named(&report, "clients", "commuters")["lost"]);
    assert!(high < 0.03, "{high}");
}

/// The median time at the till of those who come from 08:21 to 08:36, in minutes, one value for each morning.
fn medians(day: &[&str]) -> Vec<f64> {
    let base = root().join("systems/supermarket.yaml");
    let base = base.to_str().expect("the path is UTF-8");
    let overlay = Scratch::new(
        "quarter.yaml",
        &format!(
            "worstday: 1\noverlay: quarter\nbase: {base}\nedit:\n  promises.quarter: {{for: shoppers, must: [p50 < 10m \
             over 15m], at-least: 10, except: [every day 00:00 to 08:21, every day 08:36 to 00:00]}}\n"
        ),
    );
    (1..=30)
        .map(|seed| {
            let seed = seed.to_string();
            let words = [
                &[base],
                day,
                &["--overlay", overlay.path(), "--seed", &seed],
            ]
            .concat();
            let report = report(&words);
            let worst = &condition(&report, "quarter", "p50")["worst"]["value"];
            worst.as_f64().expect("half of them were served") / 60.0
        })
        .collect()
}

/// From about three minutes to about a quarter of an hour.
#[test]
fn the_line_grows_from_three_minutes_to_fifteen() {
    let (ordinary, half) = mean(&medians(&["--day", "2026-11-28"]));
    assert!(
        2.3 < ordinary - half && ordinary + half < 3.5,
        "{ordinary} ± {half}"
    );
    let scenario = root().join("systems/supermarket.silent.yaml");
    let scenario = scenario.to_str().expect("the path is UTF-8");
    let (silent, half) = mean(&medians(&["--scenario", scenario]));
    assert!(
        13.0 < silent - half && silent + half < 16.5,
        "{silent} ± {half}"
    );
}

/// The share of commuters who miss the train, and what the morning costs in all.
fn came_to(report: &Value) -> ((f64, f64), (f64, f64)) {
    (
        interval(&named(report, "clients", "commuters")["lost"]),
        interval(&report["money"]["total"]),
    )
}

/// What each lever saves alone, and all of them together. A fifth miss the train as it is, fewer than a tenth with a
/// backup terminal or a shift lead, hardly anybody offline.
#[test]
fn each_lever_saves_people_and_money() {
    let mornings = ["--seeds", "100"];
    let (missed, cost) = came_to(&report(&with(SILENT, &mornings)));
    assert!(0.15 < missed.0 && missed.1 < 0.26, "{missed:?}");
    for (variant, at_most) in [
        ("backup-terminal", 0.11),
        ("shift-lead", 0.11),
        ("offline", 0.05),
        ("together", 0.03),
    ] {
        let (share, total) = came_to(&report(&with(&saved(variant), &mornings)));
        assert!(share.1 < at_most, "{variant}: {share:?} miss the train");
        assert!(total.1 < cost.0, "{variant}: {total:?}, {cost:?} as it is");
    }
}

/// What waits in the tills is a storm of its own if it is let loose at once: while the server is busy with it, more sales
/// go offline than the silence itself sent there. Paired mornings.
#[test]
fn the_replay_is_a_storm_of_its_own() {
    let offline = |variant: &str, seed: &str| {
        let report = report(&with(&saved(variant), &["--seed", seed]));
        let degraded = |client: &str| {
            named(&report, "clients", client)["visits"]["degraded"]
                .as_f64()
                .expect("a count")
        };
        degraded("shoppers") + degraded("commuters")
    };
    let more: Vec<f64> = (1..=30)
        .map(|seed| {
            let seed = seed.to_string();
            offline("offline-all-at-once", &seed) - offline("offline", &seed)
        })
        .collect();
    let (more, half) = mean(&more);
    // 6 of 25 more were measured.
    assert!(3.0 < more - half, "{more} ± {half} more sales offline");
}

/// Sales are found declined when the server looks at them, and counted as lost money.
#[test]
fn declined_sales_are_counted() {
    let report = report(&with(&saved("offline"), &["--seeds", "50"]));
    let topic = named(&report, "topics", "offline-sales");
    let messages = &topic["messages"];
    let count = |what: &str| messages[what].as_u64().expect("a count");
    // One in fifty of those looked at; at a thousand messages 20 within 4 standard deviations of 4.4.
    let share = count("declined") as f64 / (count("handled") + count("declined")) as f64;
    assert!((0.008..0.04).contains(&share), "{messages}");
    assert!(500 < count("handled"), "{messages}");
}
