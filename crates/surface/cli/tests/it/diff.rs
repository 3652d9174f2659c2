//! `worstday diff`: what a change does, where it is known.

use serde_json::Value;

use crate::tool::Folder;

/// A clerk who is away four times a year, for half an hour or so: whoever comes then is lost, and in no other hour is anybody.
fn kiosk(every: &str, price: &str) -> String {
    format!(
        "worstday: 1\nsystem: kiosk\nas-of: 2026-11-20\n\
         clients: {{people: {{arrive: 1/min, do: kiosk.buy}}}}\n\
         services: {{kiosk: {{replicas: 1, workers: 8, start: 0s, endpoints: {{buy: 5s}}}}}}\n\
         faults: {{away: {{crash: kiosk/0, every: {every}, lasts: 30m}}}}\n\
         promises: {{served: {{for: people, must: [lost < 10% over 30m], at-least: 10, survives: [1 in 20 years]}}}}\n{price}"
    )
}

const PRICE: &str = "costs: {currency: USD, replica: {kiosk: 300 USD/month}}\n";

fn change(json: &Value) -> (f64, f64) {
    let change = &json["promises"][0]["change"];
    (
        change["low"].as_f64().unwrap(),
        change["high"].as_f64().unwrap(),
    )
}

/// A second clerk who takes all while the first is away mends each of those four days, and costs as much as the first; a change
/// that does nothing changes nothing at all.
#[test]
fn a_second_clerk_mends_four_days_a_year() {
    let folder = Folder::of("diff", &[("kiosk.yaml", &kiosk("3 months", PRICE))]);
    let said = folder.worstday(&[
        "diff",
        "kiosk.yaml",
        "--set",
        "services.kiosk.replicas=2",
        "--set",
        "services.kiosk.probes.ready={every: 1s, failures: 1}",
        "--budget",
        "1500d",
        "--no-brink",
        "--format",
        "json",
    ]);
    let json = said.exits(0).json();
    assert_eq!(json["paired"], true);
    // Four strikes a year, on about as many days; whoever comes while one of two is away goes to the other.
    let (low, high) = change(&json);
    assert!(low <= -3.95 && (-4.05..0.0).contains(&high), "{low} {high}");
    assert_eq!(json["promises"][0]["newly-broken"], 0);
    let month = |side: &str| json[side]["per-month"].as_f64().unwrap();
    // A month of 30 days of a price per twelfth of a year.
    assert!(
        (month("before") - 300.0 * 30.0 / 30.4375).abs() < 0.1,
        "{}",
        month("before")
    );
    assert!((month("after") - 2.0 * month("before")).abs() < 1e-6);
    let same = folder.worstday(&[
        "diff",
        "kiosk.yaml",
        "--set",
        "services.kiosk.workers=9",
        "--budget",
        "400d",
        "--no-brink",
        "--format",
        "json",
    ]);
    let json = same.exits(0).json();
    assert_eq!(
        (
            &json["promises"][0]["mended"],
            &json["promises"][0]["newly-broken"]
        ),
        (&0.into(), &0.into())
    );
    assert_eq!(json["promises"][0]["before"], json["promises"][0]["after"]);
}

/// Where what strikes differs, each year is lived by itself; the difference is that of the rates.
#[test]
fn another_rate_is_another_year() {
    let folder = Folder::of(
        "diff-years",
        &[
            ("kiosk.yaml", &kiosk("1 month", "")),
            ("better.yaml", &kiosk("3 months", "")),
        ],
    );
    let words = [
        "diff",
        "kiosk.yaml",
        "better.yaml",
        "--budget",
        "2000d",
        "--no-brink",
        "--format",
        "json",
    ];
    let json = folder.worstday(&words).exits(0).json();
    assert_eq!(json["paired"], false);
    // 12 times a year and 4 times: 8 fewer, less the days with two.
    let (low, high) = change(&json);
    assert!(low <= -7.8 && (-8.0..0.0).contains(&high), "{low} {high}");
}

/// Break points of both, and their quotient; the schema; a screen.
#[test]
fn break_points_before_and_after() {
    let server = "worstday: 1\nsystem: one\nas-of: 2026-11-20\n\
        clients: {users: {arrive: {base: 6/min, pattern: even}, do: server.get}}\n\
        services: {server: {workers: 1, admission: {rate: 12/min burst 2}, endpoints: {get: 1ms}}}\n\
        faults: {stall: {stall: server, every: 1 year, lasts: 1s}}\n\
        promises: {taken: {for: users, must: [lost < 10% over 1h], survives: [1 in 1 year]}}\n";
    let folder = Folder::of("diff-brink", &[("one.yaml", server)]);
    let words = [
        "diff",
        "one.yaml",
        "--set",
        "services.server.admission.rate=24/min burst 2",
        "--budget",
        "2500d",
        "--threads",
        "2",
    ];
    let json = folder
        .worstday(&[&words[..], &["--format", "json"]].concat())
        .exits(0)
        .json();
    let schema: Value =
        serde_json::from_str(&folder.worstday(&["schema", "diff"]).exits(0).out).unwrap();
    assert!(jsonschema::is_valid(&schema, &json));
    // A tenth is lost at 12 / 0.9 = 13.3 visits a minute, which is 2.22 times today's; at twice the rate, at twice the factor.
    let promise = &json["promises"][0];
    let ends = |key: &str| {
        let range = &promise[key];
        (
            range["low"].as_f64().unwrap(),
            range["high"].as_f64().unwrap(),
        )
    };
    let (low, high) = ends("break-point-before");
    assert!(low <= 2.26 && 2.18 <= high, "{low} {high}");
    let (low, high) = ends("break-point-change");
    assert!(low <= 2.0 && 2.0 <= high && 1.5 < low, "{low} {high}");
    let text = folder.worstday(&words).exits(0).out;
    assert!(
        text.lines().count() <= 23 && text.lines().all(|line| line.chars().count() <= 80),
        "{text}"
    );
    assert!(text.contains("break point"), "{text}");
}

/// What cannot be compared is said.
#[test]
fn nothing_to_compare() {
    let folder = Folder::of("diff-none", &[("kiosk.yaml", &kiosk("3 months", ""))]);
    let said = folder.worstday(&["diff", "kiosk.yaml"]).exits(64);
    assert!(said.err.contains("second file"), "{}", said.err);
}
