//! Findings and the bottleneck: each rule on a system that has the thing, and on one that has not.

use worstday_model::day::Varies;
use worstday_model::system::{
    Budget, BudgetScope, CallId, CallPolicy, Caller, EndpointId, Expired, Verb,
};
use worstday_report::document::{Finding, Mark};

use crate::fixtures::{SECOND, quiet, quiet_row, retry, storm, stormy_row, told};

fn ids(findings: &[Finding]) -> Vec<&str> {
    findings.iter().map(|finding| finding.id.as_str()).collect()
}

/// The storm's loop is in its file: the line, the retries, and where they stand.
#[test]
fn the_storm_is_in_the_file() {
    let report = told(&storm(), vec![stormy_row(1, false)], Varies::Yes);
    assert_eq!(ids(&report.findings)[..3], ["WD0003", "WD0005", "WD0004"]);
    let line = &report.findings[0];
    assert_eq!(line.place.as_deref(), Some("storm.yaml:13"));
    // The measured mean service time of the fixture is 100 ms: 1 worker x 10/s x 5 s = 50, of which 0.7.
    let bound: u64 = line
        .step
        .as_ref()
        .and_then(|step| step.set.as_deref())
        .and_then(|set| set.strip_prefix("services.server.queue="))
        .and_then(|bound| bound.parse().ok())
        .expect("the step sets the bound");
    assert!((34..=36).contains(&bound), "{bound}");
    assert_eq!(
        report.step.set,
        line.step.as_ref().and_then(|step| step.set.clone())
    );
    assert!(
        report
            .next
            .ends_with(&format!("--set services.server.queue={bound}")),
        "{}",
        report.next
    );
}

/// What the rules ask for makes them silent.
#[test]
fn cured_systems_are_not_warned_of() {
    let budget = Budget::Bucket {
        ratio_milli: 100,
        burst_milli: 10_000,
        scope: BudgetScope::Replica,
    };
    let mut system = storm();
    system.services[0].queue.bound = 35;
    system.calls[0].policy.retry = Some(worstday_model::system::Retry {
        budget: Some(budget),
        ..retry(3)
    });
    system.services[0].replicas = 2;
    let mut row = stormy_row(1, true);
    row.services[0].replicas = 2;
    let report = told(&system, vec![row], Varies::Yes);
    assert_eq!(
        ids(&report.findings),
        Vec::<&str>::new(),
        "{:?}",
        report.findings
    );

    let mut system = storm();
    system.services[0].queue.expired = Expired::Drop;
    let report = told(&system, vec![stormy_row(1, true)], Varies::Yes);
    assert!(!ids(&report.findings).contains(&"WD0003"));
}

/// Attempts multiply along a path, and the product is that of the worst one, cycles or not.
#[test]
fn attempts_multiply_along_paths() {
    let mut system = quiet();
    system.calls[0].policy = CallPolicy {
        timeout_ns: Some(SECOND),
        retry: Some(retry(3)),
        ..CallPolicy::default()
    };
    system.calls[1].policy = CallPolicy {
        timeout_ns: Some(SECOND),
        retry: Some(retry(4)),
        ..CallPolicy::default()
    };
    // The back asks the front: a cycle must neither hang nor count for ever.
    let cycle = crate::fixtures::call(
        "back.load -> front.page",
        Caller::Endpoint(EndpointId(0)),
        1,
        CallPolicy::default(),
        14,
    );
    system.calls.push(cycle);
    let again = crate::fixtures::step(Verb::Call(CallId(2)));
    system.endpoints[0].steps.push(again);
    let report = told(&system, vec![quiet_row(1)], Varies::No);
    let amplified = report
        .findings
        .iter()
        .find(|finding| finding.id == "WD0004")
        .expect("3 × 4 is more than 4");
    assert!(
        amplified
            .message
            .contains("12 requests at `back` (3 × 4 attempts)"),
        "{}",
        amplified.message
    );
    // 4 attempts of 1 s do not fit into the second that the caller waits.
    assert!(ids(&report.findings).contains(&"WD0002"));
}

/// Workers that wait for somebody are not what is too few.
#[test]
fn the_reason_is_behind_the_line() {
    let mut row = quiet_row(1);
    // The front is full of requests that wait for the back.
    row.services[1] = crate::fixtures::service_row("front", 64_800, 50.0, 100.0, 100);
    row.calls[0].response = crate::fixtures::times(64_800, 4_100_000_000, 1);
    row.services[0] = crate::fixtures::service_row("back", 64_800, 40.0, 4.0, 4);
    let report = told(&quiet(), vec![row], Varies::Yes);
    assert_eq!(report.bottleneck.line.as_deref(), Some("front"));
    assert_eq!(report.bottleneck.why.as_deref(), Some("back"));
    let marks: Vec<Option<Mark>> = report.stations.iter().map(|station| station.mark).collect();
    assert_eq!(marks, [Some(Mark::Line), Some(Mark::Why)]);
}

/// Nobody waits long: there is no line, but somebody would be full first.
#[test]
fn a_quiet_system_has_a_next_but_no_line() {
    let report = told(&quiet(), vec![quiet_row(1)], Varies::No);
    assert_eq!(report.bottleneck.line, None);
    assert_eq!(report.bottleneck.next.as_deref(), Some("back"));
    assert!(
        report.risk.text.contains("`back` is full first"),
        "{}",
        report.risk.text
    );
}
