//! Typical mistakes, and what the person who made them reads.

use crate::edits::{Memory, load};
use worstday_model::load::LoadOptions;

/// A right file with one thing put wrong at a time; each report is read here as its cause would
/// read it.
#[test]
fn typical_mistakes_read_well() {
    let right = "worstday: 1\nsystem: shop\n\nclients:\n  users:\n    arrive: 40/s\n    do: front.page\n    \
                 patience: 8s\n\nservices:\n  front:\n    replicas: 2\n    workers: 16\n    queue: {bound: 64}\n    \
                 endpoints:\n      page:\n        - work: 4ms\n        - call: back.load\n          timeout: 1s\n          \
                 retry: 3 attempts backoff 100ms\n  back:\n    workers: 8\n    endpoints: {load: 10ms}\n\n\
                 faults:\n  pause: {stall: back, every: 2 months, lasts: 10s}\n\npromises:\n  \
                 fast: {for: users, must: [p99 < 1s over 5m]}\n";
    let cases: &[(&str, &str)] = &[
        ("timeout: 1s", "timeout: 30"),
        ("timeout: 1s", "timout: 1s"),
        ("timeout: 1s", "timeout: 1 s"),
        ("timeout: 1s", "timeout:"),
        ("timeout: 1s", "timeout: null"),
        ("timeout: 1s", "timeout: {after: 1s}"),
        ("retry: 3 attempts backoff 100ms", "retry: 3"),
        (
            "retry: 3 attempts backoff 100ms",
            "retry: 3 attempts backof 100ms",
        ),
        (
            "retry: 3 attempts backoff 100ms",
            "retry: {attempts: 3, jiter: full}",
        ),
        ("retry: 3 attempts backoff 100ms", "retry: resilience4"),
        ("retry: 3 attempts backoff 100ms", "retry: off"),
        (
            "retry: 3 attempts backoff 100ms",
            "retry: {attempts: 3, budget: {ratio: 10%, tokens: 500}}",
        ),
        ("queue: {bound: 64}", "queue: {bound: 64, order: lilo}"),
        ("queue: {bound: 64}", "queue: [64]"),
        ("queue: {bound: 64}", "queue: {bound: 64\n    workers: 3"),
        ("arrive: 40/s", "arrive: 40/m"),
        ("arrive: 40/s", "arrive: 40"),
        ("arrive: 40/s", "arrive: {bse: 40/s}"),
        (
            "arrive: 40/s",
            "arrive: {base: 40/s, peaks: [100/s at 25:00 width 1h]}",
        ),
        ("arrive: 40/s", "arrive: 40/s\n    population: 10"),
        ("arrive: 40/s\n", ""),
        ("- work: 4ms", "- work: 4ms\n          wait: 2ms"),
        ("- work: 4ms", "- wrk: 4ms"),
        ("- work: 4ms", "- work: {time: 4ms}"),
        ("- work: 4ms", "- {}"),
        ("- call: back.load", "- call: back load"),
        ("stall: back", "stal: back"),
        (
            "stall: back, every: 2 months",
            "stall: back, every: 2 months, at: 2026-01-01",
        ),
        ("lasts: 10s", "lasts: a while"),
        ("must: [p99 < 1s over 5m]", "must: [p99: < 1s]"),
        ("must: [p99 < 1s over 5m]", "must: [p99 > 1]"),
        ("must: [p99 < 1s over 5m]", "must: p99 < 1s"),
        ("for: users, ", ""),
        ("system: shop", "sytem: shop"),
        ("worstday: 1", "worstday: 2"),
        ("  front:\n", "  Front:\n"),
        ("workers: 16", "workers: 16\n    workers: 17"),
        ("workers: 16", "workers: &w 16"),
        ("workers: 16", "\tworkers: 16"),
        ("replicas: 2", "replicas: 2.5"),
        ("replicas: 2", "replicas: two"),
        ("replicas: 2", "replicas: 2 @"),
        ("replicas: 2", "replicas: 2\n    scale: {hpa: {cpu: 60%}}"),
        ("replicas: 2", "replicas: 2\n    rollouts: {}"),
    ];
    let mut out = String::new();
    for (what, wrong) in cases {
        assert!(right.contains(what), "{what}");
        let files = Memory::of(&[("shop.yaml", &right.replacen(what, wrong, 1))]);
        let shown = load("shop.yaml", &LoadOptions::default(), &files);
        assert!(shown.starts_with("error"), "{wrong} is accepted");
        out += &format!("=== {}\n{shown}\n", wrong.trim_start());
    }
    let files = Memory::of(&[("shop.yaml", right)]);
    assert!(
        load("shop.yaml", &LoadOptions::default(), &files).starts_with("worstday"),
        "the base is right"
    );
    insta::assert_snapshot!(out);
}

/// Many mistakes are one report, in the order of the file.
#[test]
fn all_mistakes_in_one_go() {
    let wrong = "worstday: 1\nsystem: shop\nclients:\n  users: {arrive: 40, do: front.page, patiense: 8s}\nservices:\n  \
                 front: {workers: lots, endpoints: {page: [{wrk: 4ms}, {call: back.load, timeout: 30}]}}\n\
                 faults:\n  pause: {stall: back, lasts: 10}\n";
    let files = Memory::of(&[("shop.yaml", wrong)]);
    insta::assert_snapshot!(load("shop.yaml", &LoadOptions::default(), &files));
}
