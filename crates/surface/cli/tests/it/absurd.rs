//! Absurd but legal numbers run within the limits that the language's page states, or are refused with a reason.

use crate::tool::{Scratch, worstday};

/// One service, one client, a promise.
fn file(name: &str, client: &str, service: &str) -> Scratch {
    Scratch::new(
        name,
        &format!(
            "worstday: 1\nsystem: absurd\ntimezone: UTC\nas-of: 2026-11-23\nclients: {{c: {client}}}\n\
             services: {{s: {service}}}\npromises: {{p: {{for: c, must: [lost < 1% over 1m]}}}}\n"
        ),
    )
}

/// A million machines are simulated like two.
#[test]
fn a_million_replicas_are_simulated() {
    let file = file(
        "million.yaml",
        "{arrive: 10/s, do: s.e}",
        "{replicas: 1000000, workers: 1, endpoints: {e: 10ms}}",
    );
    let said = worstday(&["run", file.path(), "--for", "1m", "--format", "json"]).exits(0);
    let client = &said.json()["clients"][0];
    assert_eq!(client["visits"]["failed"], 0);
    assert!(client["visits"]["ok"].as_u64().is_some_and(|ok| ok > 400));
}

/// More of them, or of people, than fit into a machine are refused where they stand.
#[test]
fn what_does_not_fit_is_refused_with_its_place() {
    for (client, service, said_of) in [
        (
            "{arrive: 10/s, do: s.e}",
            "{replicas: 1000001, workers: 1, endpoints: {e: 10ms}}",
            "1000001 replicas are more than can be simulated",
        ),
        (
            "{arrive: 10/s, do: s.e}",
            "{replicas: 4000000000, workers: 1, endpoints: {e: 10ms}}",
            "4000000000 replicas are more than can be simulated",
        ),
        (
            "{population: 10000001, think: 1s, do: s.e}",
            "{workers: 1, endpoints: {e: 10ms}}",
            "10000001 users are more than can be simulated",
        ),
        (
            "{arrive: 10/s, do: s.e}",
            "{workers: 1, endpoints: {e: 600 years}}",
            "longer than 584 years",
        ),
    ] {
        let file = file("refused.yaml", client, service);
        let said = worstday(&["run", file.path(), "--for", "1m"]).exits(65);
        assert!(said.err.contains(said_of), "{}", said.err);
        assert!(said.err.contains("refused.yaml:"), "{}", said.err);
    }
}

/// A nanosecond of patience, and of back-off: every attempt fails, and nothing overflows.
#[test]
fn a_nanosecond_is_a_timeout() {
    let file = file(
        "nanosecond.yaml",
        "{arrive: 10/s, do: [{call: s.e, timeout: 1ns, retry: {attempts: 1000, backoff: 1ns, grow: 1x}}]}",
        "{workers: 1, queue: 1, endpoints: {e: 10ms}}",
    );
    let said = worstday(&["run", file.path(), "--for", "1m", "--format", "json"]).exits(10);
    let visits = &said.json()["clients"][0]["visits"];
    assert_eq!((&visits["ok"], &visits["degraded"]), (&0.into(), &0.into()));
    assert!(visits["arrived"].as_u64().is_some_and(|n| n > 400));
}

/// A billion visits a second are more than fit inside at once: the run breaks off, says so first, and claims nothing
/// about the day that it did not see.
#[test]
fn a_billion_a_second_breaks_off_and_says_so() {
    let file = file(
        "billion.yaml",
        "{arrive: 1000000000/s, do: s.e}",
        "{workers: 1, endpoints: {e: 10ms}}",
    );
    let said = worstday(&["run", file.path(), "--for", "1m", "--no-trial"]).exits(11);
    assert!(
        said.out
            .contains("The run broke off before counting began: more requests inside"),
        "{}",
        said.out
    );
    assert!(!said.out.contains("Nobody came"), "{}", said.out);
}
