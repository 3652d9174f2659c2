//! What can be decided: every setting, its other values, and that turning one is what `--set` does.

use std::collections::BTreeSet;

use crate::edits::Memory;
use worstday_model::load::{Lever, LoadOptions, Model, Way};

const SHOP: &str = "worstday: 1
system: shop
clients:
  users: {arrive: 2/s, patience: 8s, do: [{call: web.page, timeout: 5s, retry: 5 retries}]}
pools: {seats: {size: 4}}
policies: {careful: {timeout: 2s}}
services:
  web:
    replicas: 2
    workers: 4
    queue: 150
    calls: {policy: careful}
    endpoints:
      page: [{work: 20ms}, {hold: seats, do: [{call: back.load, retry: {attempts: 3, budget: 10%}}]}]
      slow: [{call: back.load, retry: none}]
  back: {workers: 2, start: 20s, endpoints: {load: 8ms}}
faults:
  stop: {crash: back, every: 6 months, lasts: 1h}
promises: {p: {for: users, must: [lost < 1%]}}
";

fn files() -> Memory {
    Memory::of(&[("shop.yaml", SHOP)])
}

fn load(set: &[String]) -> Result<Model, String> {
    let options = LoadOptions {
        set: set.to_vec(),
        ..LoadOptions::default()
    };
    Model::load("shop.yaml", &options, &files()).map_err(|error| error.to_string())
}

fn find<'l>(levers: &'l [Lever], path: &str) -> &'l Lever {
    levers
        .iter()
        .find(|lever| lever.path == path)
        .unwrap_or_else(|| {
            let paths: Vec<&str> = levers.iter().map(|lever| lever.path.as_str()).collect();
            panic!("no {path} among {paths:#?}")
        })
}

/// Settings that the file has and that it could have, by what they are about; and nothing that is a fact of the world.
#[test]
fn settings_are_levers_and_facts_are_not() {
    let levers = load(&[]).expect("a model").levers();
    let bound = find(&levers, "web.queue.bound");
    assert_eq!(bound.now.as_deref(), Some("150"));
    assert_eq!(bound.of, ["web"]);
    assert_eq!(bound.place.line, 11);
    let values: Vec<&str> = bound.turns.iter().map(|turn| turn.value.as_str()).collect();
    // A count is rounded to the nearest.
    assert!(
        values.starts_with(&["75", "300", "38", "600", "19"]),
        "{values:?}"
    );
    let order = find(&levers, "web.queue.order");
    assert_eq!(order.now, None);
    assert!(
        order
            .turns
            .iter()
            .any(|turn| turn.value == "lifo" && turn.way == Way::New)
    );
    // A retry that stands, its budget that does not, and switching it off.
    let retry = find(&levers, "users -> web.page retry");
    assert_eq!(retry.of, ["users", "web"]);
    let off: Vec<&str> = retry.turns.iter().map(|turn| turn.set.as_str()).collect();
    assert_eq!(off, ["users -> web.page={retry: none}"]);
    let budget = find(&levers, "users -> web.page retry budget");
    assert!(
        budget
            .turns
            .iter()
            .all(|turn| turn.set.contains("retry: {budget: {"))
    );
    let ratio = find(&levers, "web.page -> back.load retry budget ratio");
    assert_eq!(ratio.now.as_deref(), Some("10%"));
    assert!(levers.iter().any(|lever| lever.path == "pools.seats.size"));
    assert!(
        levers
            .iter()
            .any(|lever| lever.path == "policies.careful.timeout")
    );
    let all: Vec<&str> = levers.iter().map(|lever| lever.path.as_str()).collect();
    for fact in [
        "patience",
        "arrive",
        "back.start",
        "stop",
        "load work",
        "must",
    ] {
        assert!(
            !all.iter().any(|path| path.contains(fact)),
            "{fact}: {all:#?}"
        );
    }
}

/// Whoever reads of a turn can do it by hand: it is `--set`, and both make one model. A turn changes something.
#[test]
fn a_turn_is_what_set_does() {
    let model = load(&[]).expect("a model");
    let plain = model.text();
    let (mut made, mut refused) = (0, Vec::new());
    let mut texts = BTreeSet::new();
    for lever in model.levers() {
        for turn in &lever.turns {
            let set = [turn.set.clone()];
            match (model.with_set(&set), load(&set)) {
                (Ok(turned), Ok(by_hand)) => {
                    assert_eq!(turned.text(), by_hand.text(), "{}", turn.set);
                    assert_ne!(turned.text(), plain, "{} changes nothing", turn.set);
                    texts.insert(turned.text());
                    made += 1;
                }
                (Err(_), Err(_)) => refused.push(turn.set.clone()),
                (one, other) => panic!("{}: {:?} {:?}", turn.set, one.err(), other.err()),
            }
        }
    }
    assert!(100 < made, "{made}");
    assert!(
        refused.len() * 5 < made,
        "{} of {made}: {refused:#?}",
        refused.len()
    );
    // Hardly any two turns are the same thing said twice.
    assert!(made * 9 < texts.len() * 10, "{} of {made}", texts.len());
}

/// Without a line, the model is as if it had never stood there.
#[test]
fn a_line_can_be_left_out() {
    let model = load(&[]).expect("a model");
    let levers = model.levers();
    let without = model
        .without(find(&levers, "web.queue.bound"))
        .expect("a model");
    let text = SHOP.replace("    queue: 150\n", "    queue: {}\n");
    let other = Memory::of(&[("shop.yaml", &text)]);
    let other = Model::load("shop.yaml", &LoadOptions::default(), &other).expect("a model");
    assert_eq!(without.text(), other.text());
}
