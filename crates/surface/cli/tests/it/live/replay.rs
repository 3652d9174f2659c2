//! What was flown is lived again.

use serde_json::{Value, json};

use super::flight::{Flight, model};

fn by_hand(name: &str) -> Flight {
    let file = model("systems/supermarket.yaml");
    let overlay = model("systems/supermarket.variants.yaml");
    let words = [
        "run",
        &file,
        "--overlay",
        &overlay,
        "--variant",
        "by-hand",
        "--day",
        "2026-11-28",
    ];
    Flight::begin(name, &words)
}

fn digest(frame: &Value, arm: usize) -> String {
    frame["arms"][arm]["digest"]
        .as_str()
        .expect("a digest")
        .to_owned()
}

/// A fault, an override that is released early, an edit, demand, a step back and a fork: both courses of the day are saved,
/// and each replays to the digest that the page showed.
#[test]
fn both_courses_of_a_day_replay_to_the_same_digest() {
    let flight = by_hand("replay");
    let mut watcher = flight.watch();
    flight.steps(&mut watcher, 1200.0);
    flight.pulls(&json!({"lever": "fault:pos-silent", "lasts": 900}));
    flight.steps(&mut watcher, 300.0);
    let offline = flight.pulls(&json!({"lever": "set:offline", "lasts": 1800}));
    flight.steps(&mut watcher, 600.0);
    flight.does("release", &json!({"done": offline}));
    flight.pulls(&json!({"lever": "demand:shoppers", "size": 4, "lasts": 600}));
    let before = flight.steps(&mut watcher, 60.0);
    let more = flight.pulls(&json!({"lever": "more:till", "size": 2, "lasts": null}));
    flight.steps(&mut watcher, 400.0);

    // Back to before the tills were opened, after offline mode had been ended; then another way.
    let to = before["t"].as_f64().unwrap() - 30.0;
    flight.does("back", &json!({"to": to}));
    let hello = watcher.next("hello");
    let log = hello["arms"][0]["log"].as_array().unwrap();
    assert!(
        log.iter().all(|entry| entry["id"] != json!(more)),
        "{log:?}"
    );
    let demand = hello["arms"][0]["log"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|entry| entry["kind"] == "load")
        .count();
    assert!(demand >= 1, "the demand is still there: {log:?}");
    flight.does(
        "break",
        &json!({"kind": "slow", "part": "till/0", "size": 2.5, "lasts": 700}),
    );
    let tills = flight.pulls(&json!({"lever": "more:till", "size": 3, "lasts": 900}));
    flight.pulls(&json!({"lever": "budget:till.checkout#card"}));
    flight.steps(&mut watcher, 333.0);

    flight.does("fork", &json!({"without": tills}));
    let hello = watcher.next("hello");
    assert_eq!(hello["arms"].as_array().unwrap().len(), 2);
    flight.pulls(&json!({"lever": "restart:till", "arm": 1}));
    let frame = flight.steps(&mut watcher, 200.0);
    let shown = [digest(&frame, 0), digest(&frame, 1)];
    assert_ne!(shown[0], shown[1], "three tills more change the day");
    for (arm, shown) in shown.iter().enumerate() {
        let saved = flight.does("save", &json!({"arm": arm}));
        assert_eq!(saved["digest"], json!(shown));
        assert_eq!(
            &flight.replayed(&saved),
            shown,
            "arm {arm}:\n{}",
            saved["text"].as_str().unwrap()
        );
    }
    // What was saved was not written over, and is gone on with from its beginning.
    let again = flight.does("save", &json!({}));
    assert_eq!(again["file"], "supermarket-by-hand-3.yaml");
    flight.does("keep", &json!({"arm": 1}));
    assert_eq!(watcher.next("hello")["arms"].as_array().unwrap().len(), 1);
}

/// The story of the demo: the alert comes before the first customer leaves, and with offline mode fewer leave than without, in
/// the same morning side by side.
#[test]
fn the_alert_comes_first_and_offline_mode_helps() {
    let flight = Flight::begin("demo", &["demo"]);
    let mut watcher = flight.watch();
    let hello = watcher.next("hello");
    assert_eq!(hello["hint"]["lever"], "fault:pos-silent");
    flight.steps(&mut watcher, 1260.0);
    flight.pulls(&json!({"lever": "fault:pos-silent", "lasts": 900}));
    let frame = flight.steps(&mut watcher, 400.0);
    assert_eq!(frame["arms"][0]["alerts"][0]["name"], "cards-fail");
    let offline = flight.pulls(&json!({"lever": "set:offline", "lasts": 3600}));
    flight.does("fork", &json!({"without": offline}));
    flight.steps(&mut watcher, 3600.0);
    // Everything that was told, at one time.
    let hello = flight.watch().next("hello");
    let lost: Vec<u64> = (0..2)
        .map(|arm| {
            let points = hello["arms"][arm]["points"].as_array().unwrap().iter();
            let lost = |point: &Value| {
                point["clients"]
                    .as_array()
                    .unwrap()
                    .iter()
                    .map(|row| row[2].as_u64().unwrap())
                    .sum::<u64>()
            };
            points.map(lost).sum()
        })
        .collect();
    assert!(
        lost[0] * 2 < lost[1],
        "with offline mode {} were lost, without it {}",
        lost[0],
        lost[1]
    );
    let log = hello["arms"][1]["log"].as_array().unwrap();
    let at = |kind: &str| {
        log.iter()
            .find(|entry| entry["kind"] == kind)
            .and_then(|entry| entry["t"].as_f64())
    };
    let (alert, left) = (
        at("alert").expect("an alert"),
        at("left").expect("somebody left"),
    );
    assert!(
        alert < left,
        "the alert at {alert}, the first loss at {left}"
    );
    let first = log.iter().find(|entry| entry["kind"] == "left").unwrap();
    let warned = first["warned"].as_f64().expect("a warning");
    assert!((warned - (left - alert)).abs() < 1e-6, "{first}");
    // In an empty folder the built-in files come with what is saved, so that the printed command works there.
    let saved = flight.does("save", &json!({}));
    assert_eq!(json!(flight.replayed(&saved)), saved["digest"]);
}

/// A session begins with a scenario's lines and keeps them; its own come behind.
#[test]
fn a_scenario_is_gone_on_with() {
    let file = model("systems/supermarket.silent.yaml");
    let flight = Flight::begin("silent", &["run", &file]);
    let mut watcher = flight.watch();
    flight.steps(&mut watcher, 5000.0);
    flight.pulls(&json!({"lever": "more:till", "size": 1, "lasts": 6000}));
    let frame = flight.steps(&mut watcher, 2000.0);
    let done: Vec<&str> = frame["arms"][0]["done"]
        .as_array()
        .unwrap()
        .iter()
        .filter_map(|done| done["who"].as_str())
        .collect();
    assert!(done.contains(&"you"), "{done:?}");
    let saved = flight.does("save", &json!({}));
    let text = saved["text"].as_str().unwrap();
    assert!(text.contains("fault: pos-silent, lasts: 15m"), "{text}");
    assert!(text.contains("seed: 00007f3a"), "{text}");
    assert_eq!(flight.replayed(&saved), digest(&frame, 0));
}

/// What makes no sense is refused in words, and nothing has changed then.
#[test]
fn refusals_change_nothing() {
    let flight = by_hand("refusals");
    let mut watcher = flight.watch();
    let before = flight.steps(&mut watcher, 60.0);
    for (order, body, says) in [
        ("pull", json!({"lever": "no-such"}), "no lever"),
        (
            "pull",
            json!({"lever": "shed:shoppers", "size": 200}),
            "from 5 to 100",
        ),
        (
            "pull",
            json!({"lever": "fault:pos-silent", "lasts": -1}),
            "no length",
        ),
        ("pull", json!({"lever": "set:offline", "arm": 1}), "no arm"),
        (
            "pull",
            json!({"lever": "restart:pos", "lasts": 5}),
            "over as soon",
        ),
        (
            "break",
            json!({"kind": "melt", "part": "pos"}),
            "no way to break",
        ),
        (
            "break",
            json!({"kind": "cut", "part": "pos"}),
            "cannot be done",
        ),
        ("break", json!({"kind": "vanish", "part": "posh"}), "posh"),
        (
            "break",
            json!({"kind": "vanish", "part": "x]}\n  - {at: 08:30"}),
            "",
        ),
        (
            "release",
            json!({"done": 4_000_000_000_u32}),
            "not in force",
        ),
        ("back", json!({"to": 1e6}), "lies ahead"),
        ("back", json!({"to": -5}), "no moment"),
        ("fork", json!({"without": 77}), "done by hand"),
        ("keep", json!({"arm": 1}), "no arm"),
        ("pace", json!({"speed": 0}), "from 1 to 3600"),
        ("step", json!({"seconds": -1}), "up to a day"),
    ] {
        let why = flight.refuses(order, &body);
        assert!(why.contains(says), "{order} {body}: {why}");
    }
    let after = watcher.now(&flight);
    assert_eq!(
        (&before["t"], digest(&before, 0)),
        (&after["t"], digest(&after, 0))
    );
    // Once is once: a second pull of what is in force is refused.
    flight.pulls(&json!({"lever": "set:offline"}));
    assert!(
        flight
            .refuses("pull", &json!({"lever": "set:offline"}))
            .contains("in force already")
    );
}

/// What a scenario cannot say is refused on the command line, with what to do instead.
#[test]
fn options_that_cannot_be_flown_are_refused() {
    let file = model("systems/supermarket.yaml");
    for options in [
        &["--at", "2x peak"][..],
        &["--faults"],
        &["--for", "1h"],
        &["--seeds", "5"],
        &["--shard", "1/2"],
        &["--format", "json"],
        &["--html", "x.html"],
        &["--no-trial"],
        &["--threads", "2"],
    ] {
        let words: Vec<&str> = ["run", &file, "--live"]
            .iter()
            .chain(options)
            .copied()
            .collect();
        let said = crate::tool::worstday(&words).exits(64);
        assert!(
            said.err.contains(options[0]) && said.err.contains("hint: "),
            "{}",
            said.err
        );
    }
    crate::tool::worstday(&["run", &file, "--port", "1"]).exits(64);
}

/// Ctrl-C ends it well, and says what was kept.
#[cfg(unix)]
#[test]
fn an_interrupt_ends_it_well() {
    let flight = by_hand("interrupt");
    let mut watcher = flight.watch();
    flight.steps(&mut watcher, 10.0);
    let saved = flight.does("save", &json!({}));
    let (exit, rest) = flight.interrupted();
    assert_eq!(exit, 0, "{rest}");
    let file = saved["file"].as_str().unwrap();
    assert!(
        rest.contains(&format!("saved {file}")) && rest.contains("again worstday run"),
        "{rest}"
    );
}
