//! What build servers and reviewers see of `check`: each format says the same, and no text breaks out of its place.

use worstday_report::checked::baseline::Baseline;
use worstday_report::checked::document::{CheckReport, Verdict as Told, document};
use worstday_report::checked::{github, json, junit, markdown};
use worstday_search::answer::{
    Again, Answer, Brink, BrinkWith, CaseAnswer, ClaimAnswer, Days, Guessed, PromiseAnswer, Rate,
    StratumAnswer, Verdict, Weakening, Worst,
};
use worstday_stats::Interval;

fn claim(text: &str, line: u32, verdict: Verdict) -> ClaimAnswer {
    ClaimAnswer {
        text: text.to_owned(),
        place: format!("shops/a,b.yaml:{line}"),
        verdict,
        why: String::new(),
        rate: None,
        cases: Vec::new(),
        cases_left_out: 0,
        worst: None,
        windows: None,
        measure: None,
    }
}

fn interval(low: f64, high: f64) -> Interval {
    Interval { low, high }
}

/// A year with each verdict in it, and with names that mean something in every format.
fn answer() -> Answer {
    let mut often = claim("1 in 2 years", 12, Verdict::Broken);
    often.rate = Some(Rate {
        threshold: 0.5,
        all: interval(1.2, f64::INFINITY),
        disturbed: interval(1.2, 2.4),
        estimate: Some(1.7),
        unhunted: 0.01,
        quiet_not_beyond: 40.0,
        quiet_days: 120,
        guessed: vec![Guessed {
            name: "slow-disk".to_owned(),
            place: "shops/a,b.yaml:30".to_owned(),
            flips: false,
        }],
        together_flip: false,
    });
    often.worst = Some(Worst {
        kind: "`slow-disk` once".to_owned(),
        per_year: Some(interval(1.2, 2.4)),
        share: interval(0.4, 0.7),
        day: "2026-11-27".to_owned(),
        happens: vec![
            "10:03  slow-disk slows inventory 3.2x for 14m".to_owned(),
            "```  10:05  100 % of <everybody> & \"all\" wait".to_owned(),
        ],
        seed: 0x7f3a,
        trials: 100,
        broken: 57,
        weakenings: vec![Weakening {
            what: "half as long".to_owned(),
            trials: 100,
            broken: 3,
            at_most: 0.08,
            separated: true,
        }],
        id: Some("WD-7f3a".to_owned()),
    });
    let mut zone = claim("any one zone", 13, Verdict::CantTell);
    zone.why = "the rate of *zone-b* | is a guess\n<see> line 4".to_owned();
    let mut named = claim("drop", 14, Verdict::Kept);
    named.cases.push(CaseAnswer {
        name: "drop".to_owned(),
        at: "20:15".to_owned(),
        trials: 200,
        broken: 1,
        share: interval(0.0, 0.04),
        verdict: Verdict::Kept,
        quiet: false,
    });
    let quiet = claim("a normal day", 20, Verdict::KeptOnDisturbedDays);
    Answer {
        system: "shop & co".to_owned(),
        model: "sha256-00".to_owned(),
        first_day: "2026-11-23".to_owned(),
        dates: 365,
        confidence: 0.95,
        days: Days {
            hunted: 300,
            confirmed: 900,
            brink: 0,
            shrunk: 40,
        },
        promises: vec![
            PromiseAnswer {
                name: "buying".to_owned(),
                place: "shops/a,b.yaml:10".to_owned(),
                must: vec!["p95 < 1s over 5m".to_owned(), "lost < 1%".to_owned()],
                claims: vec![often, zone, named],
                break_point: Some(Brink {
                    factor: Some(2.1),
                    low: 1.9,
                    high: Some(2.3),
                    tested: vec![(2.0, 100, 1), (2.1, 100, 5)],
                    on: "normal days".to_owned(),
                    unit_per_second: Some(40.0),
                    again: vec![Again {
                        from: 3.1,
                        to: 3.5,
                        factors: 3,
                    }],
                }),
                break_points_with: vec![
                    BrinkWith {
                        name: "flood".to_owned(),
                        place: "shops/a,b.yaml:7".to_owned(),
                        brink: Some(Brink {
                            factor: Some(1.2),
                            low: 1.1,
                            high: Some(1.3),
                            tested: vec![(1.1, 100, 0), (1.3, 20, 9)],
                            on: "2026-11-23 at 12:00".to_owned(),
                            unit_per_second: Some(40.0),
                            again: Vec::new(),
                        }),
                    },
                    BrinkWith {
                        name: "frost".to_owned(),
                        place: String::new(),
                        brink: None,
                    },
                ],
                hidden_capacity: None,
            },
            PromiseAnswer {
                name: "browsing".to_owned(),
                place: String::new(),
                must: vec!["recovers".to_owned()],
                claims: vec![quiet],
                break_point: None,
                break_points_with: Vec::new(),
                hidden_capacity: None,
            },
        ],
        strata: vec![StratumAnswer {
            name: "quiet".to_owned(),
            rate: 340.5,
            confirmed: 120,
            hunted: 10,
            broken: vec![0, 0],
        }],
        of_unknown_rate: vec!["flood".to_owned()],
        ended: None,
    }
}

fn fresh() -> CheckReport {
    document(&answer(), None)
}

/// The document has what its schema says, and no number that JSON cannot hold.
#[test]
fn verdicts_are_what_the_schema_says() {
    let schema: serde_json::Value = serde_json::from_str(json::SCHEMA).expect("the schema is JSON");
    let validator = jsonschema::validator_for(&schema).expect("the schema is one");
    let value: serde_json::Value = serde_json::from_str(&json::write(&fresh())).expect("JSON");
    let errors: Vec<String> = validator
        .iter_errors(&value)
        .map(|e| e.to_string())
        .collect();
    assert!(errors.is_empty(), "{errors:#?}");
    assert_eq!(value["version"], 1);
    assert_eq!(value["verdict"], "broken");
    let first = &value["promises"][0]["survives"][0];
    assert_eq!(first["place"]["file"], "shops/a,b.yaml");
    assert_eq!(first["place"]["line"], 12);
    assert_eq!(first["rate"]["all"]["low"], 1.2);
    assert!(
        first["rate"]["all"].get("high").is_none(),
        "infinity is no number"
    );
    assert_eq!(first["worst-day"]["seed"], "00007f3a");
    assert!(!json::write(&fresh()).contains("null"));
}

#[test]
fn build_servers_read_test_results() {
    let text = junit::write(&fresh());
    insta::assert_snapshot!(text);
    well_formed(&text);
}

/// Each tag that is opened is closed, and no text holds what would open one.
fn well_formed(text: &str) {
    let mut open = Vec::new();
    let mut rest = text;
    while let Some(at) = rest.find('<') {
        let between = &rest[..at];
        assert!(!between.contains('>'), "{between}");
        let end = rest[at..].find('>').expect("a tag ends") + at;
        let tag = &rest[at + 1..end];
        assert!(
            tag.matches('"').count().is_multiple_of(2) && !tag.contains('<'),
            "{tag}"
        );
        let name = tag
            .split([' ', '/'])
            .find(|word| !word.is_empty())
            .expect("a name");
        if tag.starts_with('/') {
            assert_eq!(open.pop(), Some(name));
        } else if !tag.ends_with('/') && !tag.starts_with('?') {
            open.push(name);
        }
        rest = &rest[end + 1..];
    }
    assert!(open.is_empty(), "{open:?}");
}

#[test]
fn reviewers_read_a_summary() {
    insta::assert_snapshot!(markdown::write(&fresh()));
}

#[test]
fn annotations_stand_on_lines() {
    let text = github::write(&fresh());
    insta::assert_snapshot!(text);
    // One command, one line, and a path with a comma in it stays one property.
    let commands = text.lines().filter(|line| line.starts_with("::"));
    for command in commands {
        assert_eq!(command.matches("::").count(), 2, "{command}");
    }
    assert!(text.contains("file=shops/a%2Cb.yaml,line=12,"));
}

/// What was broken when somebody looked is told, and fails nothing; what is newly broken does.
#[test]
fn a_baseline_knows_what_was_broken() {
    let baseline = Baseline::of(&answer(), "main");
    let again = Baseline::read(&baseline.text()).expect("what was written");
    assert_eq!(again, baseline);
    assert!(baseline.knows("buying", "1 in 2 years"));
    assert!(
        !baseline.knows("buying", "any one zone"),
        "nobody accepts what nobody knows"
    );
    let report = document(&answer(), Some(&baseline));
    assert_eq!(report.verdict, Told::CantTell);
    let known: Vec<bool> = report.claims().map(|(_, claim)| claim.known).collect();
    assert_eq!(known, [true, false, false, false]);
    assert_eq!(
        report.in_a_line(),
        "1 broken as in the baseline main, 1 can't tell, 1 kept on disturbed days, 1 kept"
    );
    assert!(junit::write(&report).contains("failures=\"0\" errors=\"1\" skipped=\"1\""));
    assert!(!github::write(&report).contains("::error"));
    // Another day of the same promise breaks: that is new.
    let mut worse = answer();
    worse.promises[0].claims[2].verdict = Verdict::Broken;
    let report = document(&worse, Some(&baseline));
    assert_eq!(report.verdict, Told::Broken);
    assert!(junit::write(&report).contains("failures=\"1\""));
    // Once it holds again, the baseline says nothing about it.
    let mut better = answer();
    better.promises[0].claims[0].verdict = Verdict::Kept;
    let report = document(&better, Some(&baseline));
    assert!(report.claims().all(|(_, claim)| !claim.known));
    for wrong in [
        "",
        "{}",
        "[]",
        &baseline.text().replace("\"version\": 1", "\"version\": 2"),
    ] {
        Baseline::read(wrong).expect_err(wrong);
    }
}
