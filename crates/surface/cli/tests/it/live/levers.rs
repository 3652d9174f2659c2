//! Every lever that is offered can be pulled, in every system that is described here, and the day replays.

use serde_json::{Value, json};

use super::flight::{Flight, model};

/// Pulls every lever of a system one after another, ends what lasts, breaks a part in every way that is offered for it; the
/// day with all that replays to the same digest.
fn every_lever(name: &str, words: &[&str]) {
    let flight = Flight::begin(name, words);
    let mut watcher = flight.watch();
    let hello = watcher.next("hello");
    flight.steps(&mut watcher, 30.0);
    let levers = hello["levers"].as_array().unwrap();
    assert!(
        levers.iter().any(|lever| lever["group"] == "break"),
        "{name} has nothing to break"
    );
    assert!(
        levers.iter().any(|lever| lever["group"] == "save"),
        "{name} has nothing that helps"
    );
    assert!(
        levers.iter().any(|lever| lever["group"] == "load"),
        "{name} has nobody who comes"
    );
    for lever in levers {
        let id = flight.pulls(&json!({"lever": lever["id"], "lasts": lever["lasts"]}));
        let frame = flight.steps(&mut watcher, 2.0);
        let done = frame["arms"][0]["done"].as_array().unwrap();
        if done.iter().any(|done| done["id"] == json!(id)) {
            flight.does("release", &json!({"done": id}));
            let frame = flight.steps(&mut watcher, 1.0);
            let done = frame["arms"][0]["done"].as_array().unwrap();
            assert!(
                done.iter().all(|done| done["id"] != json!(id)),
                "{name}: {} lasts on",
                lever["id"]
            );
        }
    }
    let parts = hello["parts"].as_array().unwrap();
    for kind in hello["kinds"].as_array().unwrap() {
        let on = kind["on"].as_array().unwrap();
        for of in on {
            // One of each kind of part is enough: the others differ in their name.
            let Some(part) = parts.iter().find(|part| part["kind"] == *of) else {
                continue;
            };
            // Whether a link can be short of strength depends on its having any.
            let body = json!({"kind": kind["kind"], "part": part["name"], "lasts": 3});
            let (status, answer) = flight.post("break", &body);
            let refused = kind["kind"] == "capacity" && of == "link";
            assert!(status == 200 || refused, "{name}: {body}: {answer}");
            flight.steps(&mut watcher, 1.0);
        }
    }
    let frame = flight.steps(&mut watcher, 30.0);
    let saved = flight.does("save", &json!({}));
    let shown: &Value = &frame["arms"][0]["digest"];
    assert_eq!(
        json!(flight.replayed(&saved)),
        *shown,
        "{name}:\n{}",
        saved["text"].as_str().unwrap()
    );
}

#[test]
fn of_the_supermarket_with_its_people() {
    let file = model("systems/supermarket.yaml");
    let overlay = model("systems/supermarket.variants.yaml");
    every_lever(
        "supermarket",
        &[
            "run",
            &file,
            "--overlay",
            &overlay,
            "--variant",
            "together",
            "--day",
            "2026-11-28",
        ],
    );
}

#[test]
fn of_the_retry_storm() {
    every_lever("retry-storm", &["run", &model("systems/retry-storm.yaml")]);
}

#[test]
fn of_the_shop() {
    every_lever("shop", &["run", &model("systems/shop.yaml")]);
}

#[test]
fn of_the_scale_up() {
    every_lever("scale-up", &["run", &model("systems/scale-up.yaml")]);
}

#[test]
fn of_the_weekly_outage() {
    every_lever(
        "weekly-outage",
        &["run", &model("systems/weekly-outage.yaml")],
    );
}
