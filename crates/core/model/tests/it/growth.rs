//! Numbers of the file that grow: what is multiplied, and what is refused.

use crate::edits::Memory;
use worstday_model::load::{LoadError, LoadOptions, Model};
use worstday_model::system::{Dist, Grows, System, Verb};

fn text(growth: &str) -> String {
    format!(
        "worstday: 1
system: shop
clients: {{users: {{population: 40 in 20..80, think: 1s, do: s.e}}, open: {{arrive: 5/s, do: s.e}}}}
services:
  s:
    replicas: 3 @guess
    workers: 4
    endpoints: {{e: [{{work: 10ms cv 0.5 @guess}}, {{wait: exactly 4ms, name: disk}}]}}
events: {{sale: {{when: 2026-12-01, demand: {{open: 2x}}, edit: {{services.s.workers: 2x}}}}}}
growth: {growth}
"
    )
}

fn load(growth: &str) -> Result<(Model, System), LoadError> {
    let files = Memory::of(&[("shop.yaml", &text(growth))]);
    let model = Model::load("shop.yaml", &LoadOptions::default(), &files)?;
    let (system, _) = model.system(&files)?;
    Ok((model, system))
}

/// Every number that an address reaches is multiplied, its range and distribution included, and keeps who said it.
#[test]
fn numbers_are_multiplied() {
    let growth = "{open: 10%/week, clients.users.population: 10%/week, services.s.replicas: 10%/week, \
                  services.s.workers: 10%/week, s.e#work: 10%/week, s.e#disk: 10%/week}";
    let (model, system) = load(growth).expect("all of these grow");
    assert_eq!(
        system.growth[1].what,
        Grows::Number("clients.users.population".into())
    );
    let files = Memory::of(&[("shop.yaml", &text(growth))]);
    let grown = model
        .grown(&[9.0, 2.0, 1.5, 1.5, 2.0, 3.0])
        .expect("it grows");
    let (system, _) = grown.system(&files).expect("a system");
    let worstday_model::system::Arrive::Closed { population, .. } = system.clients[1].arrive else {
        panic!("{:?}", system.clients[1].arrive)
    };
    assert_eq!(population, 80);
    // Counts round half up.
    assert_eq!(
        (system.services[0].replicas, system.services[0].workers),
        (5, 6)
    );
    let steps = &system.endpoints[0].steps;
    assert!(matches!(
        &steps[0].verb,
        Verb::Work(Dist::LogNormal { mean, cv }) if *mean == 20e6 && *cv == 0.5
    ));
    assert!(matches!(&steps[1].verb, Verb::Wait(Dist::Constant(ns)) if *ns == 12e6));
    let fact = |path: &str| {
        let mut facts = system.facts.iter();
        facts
            .find(|fact| fact.path == path)
            .expect("a fact")
            .clone()
    };
    let range = fact("clients.users.population").range.expect("a range");
    assert_eq!(range, ("40".to_owned(), "160".to_owned()));
    assert!(matches!(
        fact("services.s.replicas").origin,
        worstday_model::system::Origin::Guessed(_)
    ));
    // Demand is the day's to multiply; numbers say by how much they were.
    let in_force: Vec<f64> = system.growth.iter().map(|growth| growth.in_force).collect();
    assert_eq!(in_force, [1.0, 2.0, 1.5, 1.5, 2.0, 3.0]);
    // What an event changes at run time is the grown number.
    let edit = worstday_model::system::EditId(0);
    let with = grown.edited(&system, &[edit], &files).expect("the sale");
    assert_eq!(with.services[0].workers, 12);
}

/// What is no number is refused before any day is known, where it stands.
#[test]
fn what_does_not_grow_is_refused() {
    for (growth, message) in [
        ("{opne: 10%/week}", "no client is called `opne`"),
        (
            "{services.t.replicas: 10%/week}",
            "there is no `t` in `services` of the base",
        ),
        (
            "{services.s.cores: 10%/week}",
            "there is no `services.s.cores` in the base",
        ),
        ("{s.e: 10%/week}", "`s.e` is no number that can grow"),
        (
            "{events.sale.demand.open: 10%/week}",
            "`events.sale.demand.open` is no number that can grow",
        ),
        ("{open: 10%}", "`10%` is not growth such as `45%/year`"),
        ("{open -> : 10%/week}", "is not an address"),
    ] {
        let error = load(growth).expect_err(growth).to_string();
        assert!(error.contains(message), "{growth}: {error}");
        assert!(error.contains("shop.yaml:10"), "{growth}: {error}");
        assert_eq!(error.matches("error:").count(), 1, "{growth}: {error}");
    }
}
