//! One seed is one history on every processor: switching off what newer ones can do changes no digest.
//!
//! The C library chooses among several versions of its arithmetic by what the processor offers, and they differ in their
//! last bits. Nothing in a history may come from there. `GLIBC_TUNABLES` makes it choose as an older processor would.

use crate::tool::{Said, Scratch, command, said};

/// Every law that is drawn by logarithms, powers or exponentials, at once.
const LAWS: &str = "worstday: 1
system: laws
keys: {products: {count: 5000, zipf: 0.9}}
links: {within-zone: {delay: 0.3ms cv 0.5}}
clients:
  curve: {arrive: {base: 2/s, peaks: [30/s at 00:20 width 25m, 20/s at 00:40 width 10m], pattern: cv 2}, do: a.slow, patience: 20s cv 0.4}
  stream: {arrive: 20/s, do: a.fast}
  users: {population: 12, think: exponential 2s, do: a.fast, value: 12 USD cv 2}
services:
  a:
    workers: 60
    contention: {serial: 1%, crosstalk: 0.01%}
    endpoints:
      slow: [{work: 40ms cv 1.7}, {wait: pareto 3ms tail 1.8}, {call: b.get, timeout: 300ms, retry: 3 attempts backoff 40ms jitter decorrelated}]
      fast: [{work: p50 2ms p95 9ms p99 40ms}, {wait: exponential 5ms}, {call: b.get, timeout: 300ms, hedge: {after: p95}}]
  b: {replicas: 3, workers: 4, balance: hash products, endpoints: {get: [{work: exponential 30ms}, {wait: uniform 1ms to 9ms, chance: 30%}]}}
faults: {slow: {slow: b/any, by: 2x cv 1, every: 10m, lasts: 1m cv 0.7}}
events: {sale: {every: 20m, for: 3m cv 0.5, jitter: 1m, demand: {stream: 2x}, rise: 1m, fall: 1m}}
";

#[test]
fn processors_change_no_digest() {
    let laws = Scratch::new("laws.yaml", LAWS);
    for words in [
        &[
            "run",
            laws.path(),
            "--for",
            "30m",
            "--faults",
            "--seeds",
            "2",
        ][..],
        &["run", "systems/retry-storm.yaml", "--for", "30m"],
        &["run", "systems/two-tier.yaml", "--for", "15m"],
        &["run", "systems/shop.yaml", "--for", "2m"],
        &["run", "systems/theory/22-mg1-four.yaml", "--for", "10m"],
        &["run", "systems/theory/w3.yaml", "--for", "1s"],
    ] {
        let words = [words, &["--format", "json"]].concat();
        let run = |tunables: &str| {
            let mut command = command(&words);
            said(
                command
                    .env("GLIBC_TUNABLES", tunables)
                    .output()
                    .expect("the tool runs"),
                &words,
            )
        };
        let plain = run("");
        let old = run("glibc.cpu.hwcaps=-FMA,-AVX2,-AVX2_Usable,-FMA_Usable,-AVX512F");
        assert!(!digests(&plain).is_empty(), "{words:?}");
        assert_eq!(digests(&plain), digests(&old), "{words:?}");
        // Not only the history: every number of the report.
        assert!(plain.out == old.out, "the report differs: {words:?}");
    }
}

fn digests(said: &Said) -> Vec<String> {
    let report = said.json();
    let rows = report["histories"].as_array().expect("a list").iter();
    rows.map(|row| row["digest"].as_str().expect("a digest").to_owned())
        .collect()
}
