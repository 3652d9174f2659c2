//! Typical mistakes, and what the person who made them reads.

use crate::edits::{Memory, load};
use worstday_model::load::{LoadOptions, Model};

/// A right file.
const RIGHT: &str = "worstday: 1\nsystem: shop\n\nclients:\n  users:\n    arrive: 40/s\n    do: front.page\n    \
                 patience: 8s\n\nservices:\n  front:\n    replicas: 2\n    workers: 16\n    queue: {bound: 64}\n    \
                 endpoints:\n      page:\n        - work: 4ms\n        - call: back.load\n          timeout: 1s\n          \
                 retry: 3 attempts backoff 100ms\n  back:\n    workers: 8\n    endpoints: {load: 10ms}\n\n\
                 faults:\n  pause: {stall: back, every: 2 months, lasts: 10s}\n\npromises:\n  \
                 fast: {for: users, must: [p99 < 1s over 5m]}\n";

/// A right file with one thing put wrong at a time; each report is read here as its cause would
/// read it.
#[test]
fn typical_mistakes_read_well() {
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
        assert!(RIGHT.contains(what), "{what}");
        let files = Memory::of(&[("shop.yaml", &RIGHT.replacen(what, wrong, 1))]);
        let shown = load("shop.yaml", &LoadOptions::default(), &files);
        assert!(shown.starts_with("error"), "{wrong} is accepted");
        out += &format!("=== {}\n{shown}\n", wrong.trim_start());
    }
    let files = Memory::of(&[("shop.yaml", RIGHT)]);
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

/// What people write who know other tools, or who have not read the reference: each report must say what to write
/// instead.
#[test]
fn first_files_read_well() {
    let cases: &[(&str, &str)] = &[
        ("worstday: 1\n", ""),
        ("worstday: 1", "version: 1"),
        ("system: shop", "system: My Shop"),
        ("system: shop\n", "system: shop\ntimezone: CET+1\n"),
        ("system: shop\n", "system: shop\nzones: a, b\n"),
        ("services:\n", "service:\n"),
        ("faults:\n", "failures:\n"),
        ("    workers: 8\n", "workers: 8\n"),
        ("arrive: 40/s", "rate: 40/s"),
        ("arrive: 40/s", "arrive: 40rps"),
        ("arrive: 40/s", "arrive: -40/s"),
        (
            "arrive: 40/s",
            "arrive: {file: log.csv, format: counts, per: 30min}",
        ),
        ("patience: 8s", "patience: 8"),
        ("patience: 8s", "timeout: 8s"),
        ("do: front.page", "do: page"),
        ("do: front.page", "do: front/page"),
        ("workers: 16", "threads: 16"),
        ("workers: 16", "workers: 0"),
        ("workers: 16", "workers: 16 threads"),
        ("replicas: 2", "replicas: -2"),
        ("replicas: 2", "replicas: [2]"),
        ("queue: {bound: 64}", "queue: {max: 64}"),
        ("queue: {bound: 64}", "queue: unlimted"),
        ("endpoints: {load: 10ms}", "endpoints: [load: 10ms]"),
        ("endpoints: {load: 10ms}", "endpoints: {load: 10}"),
        ("endpoints: {load: 10ms}", "endpoint: {load: 10ms}"),
        ("- work: 4ms", "- work: 4ms cv 80%"),
        ("- work: 4ms", "- {work: 4ms, chance: 120%}"),
        ("- work: 4ms", "- {work: 4ms, chance: 0.2}"),
        ("- work: 4ms", "- sleep: 4ms"),
        ("call: back.load", "call: back"),
        ("call: back.load", "call: bakc.load"),
        ("call: back.load", "call: back.laod"),
        ("timeout: 1s", "timeout: 1sec"),
        ("timeout: 1s", "timeout: -1s"),
        ("timeout: 1s", "policy: fast"),
        ("timeout: 1s", "timeout: 1s\n          hedge: {after: p95}"),
        ("retry: 3 attempts backoff 100ms", "retries: 3"),
        (
            "retry: 3 attempts backoff 100ms",
            "retry: 3 attempts, backoff 100ms",
        ),
        ("retry: 3 attempts backoff 100ms", "retry: {max: 3}"),
        ("retry: 3 attempts backoff 100ms", "retry: aws-adaptive"),
        ("retry: 3 attempts backoff 100ms", "retry: hystrix"),
        ("stall: back", "stall: bak"),
        ("stall: back", "crash: back/3"),
        ("every: 2 months", "every: 2months"),
        ("every: 2 months", "rate: 6/year"),
        ("lasts: 10s", "for: 10s"),
        (", lasts: 10s", ""),
        ("for: users", "for: user"),
        ("for: users", "for: back.page"),
        ("must: [p99 < 1s over 5m]", "must: [p99 <1s]"),
        ("must: [p99 < 1s over 5m]", "must: [latency < 1s]"),
        ("must: [p99 < 1s over 5m]", "must: [availability > 99.9]"),
        (
            "promises:\n",
            "events:\n  sale: {when: every friday, demand: {usres: 2x}}\npromises:\n",
        ),
    ];
    let mut out = String::new();
    for (what, wrong) in cases {
        assert!(RIGHT.contains(what), "{what}");
        let files = Memory::of(&[("shop.yaml", &RIGHT.replacen(what, wrong, 1))]);
        let shown = checked(&files);
        assert!(shown.starts_with("error"), "{wrong} is accepted");
        out += &format!("=== {}\n{shown}\n", wrong.trim_start());
    }
    insta::assert_snapshot!(out);
}

/// The whole report about a file; empty if nothing is wrong.
fn checked(files: &Memory) -> String {
    let model = Model::load("shop.yaml", &LoadOptions::default(), files);
    match model.and_then(|model| model.system(files)) {
        Ok(_) => String::new(),
        Err(error) => error.to_string(),
    }
}
