//! Inputs that nobody knows exactly: all that are used are listed, and each can be moved by itself.

use crate::edits::Memory;
use worstday_model::load::{Input, LoadOptions, Model};
use worstday_model::scalar::Within;
use worstday_model::system::*;

const SHOP: &str = "worstday: 1
system: shop
sources: {traces: {requests: 412k}}
defaults: {guess: 0.25x..4x}
policies: {unused: {timeout: 1s..9s}}
costs: {currency: USD, page: 100 USD in 50 USD..400 USD}
clients:
  users: {arrive: {base: 2/s in 1/s..9/s, peaks: [20/s in 10/s..90/s at 12:00 width 1h]}, do: web.page, patience: 8s in 4s..16s}
links: {wan: {from: users, to: web, delay: 20ms ± 25%, capacity: 1k/s in 500/s..2k/s, loss: 1% in 0.5%..2%}}
services:
  web:
    workers: 4 in 2..8
    replicas: 3 @guess
    admission: {rate: 30/s burst 10 in 5..20}
    start: {time: 30s in 10s..90s, cold: 50% for 1m in 30s..2m}
    endpoints:
      page: [{work: p50 4ms p99 40ms ± 25% @traces}, {call: back.load, timeout: 900ms in 300ms..2700ms, chance: 40% @guess}]
  back: {workers: 2, queue: {order: lifo @guess}, endpoints: {load: 8ms @guess, other: 1ms in 1ms..3ms}}
faults:
  stop: {crash: back, every: 6 months in 2 months..18 months @guess, lasts: exponential 1h in 30m..2h}
  drag: {slow: back, by: 3x in 2x..5x, every: 1 year, lasts: 10m @guess}
  slip: {errors: back, by: 10% @guess, during: sale, chance: 60% @guess, lasts: 5m}
events:
  sale: {every: 4 months, for: 1h in 30m..2h, demand: {users: 2x in 1.5x..3x}, rise: 5m in 2m..10m}
growth: {users: 40%/year in 20%/year..80%/year}
promises: {p: {for: users, must: [lost < 1%]}}
";

fn files() -> Memory {
    Memory::of(&[("shop.yaml", SHOP)])
}

fn load(set: &[&str]) -> (Model, System) {
    let options = LoadOptions {
        set: set.iter().map(|&set| set.to_owned()).collect(),
        ..LoadOptions::default()
    };
    let model = Model::load("shop.yaml", &options, &files()).unwrap_or_else(|e| panic!("{e}"));
    let (system, _) = model.system(&files()).unwrap_or_else(|e| panic!("{e}"));
    (model, system)
}

fn find<'i>(inputs: &'i [Input], path: &str) -> &'i Input {
    let found = inputs.iter().find(|input| input.path == path);
    found.unwrap_or_else(|| {
        let paths: Vec<&str> = inputs.iter().map(|input| input.path.as_str()).collect();
        panic!("no {path} among {paths:#?}")
    })
}

/// What a mechanism does not use is no input; everything else that has a range or is a guess is one, with its ends.
#[test]
fn inputs_that_may_be_otherwise_are_listed() {
    let (model, system) = load(&[]);
    let inputs = model.inputs(&system);
    let rows: Vec<String> = (inputs.iter())
        .map(|input| {
            let Input {
                path,
                low,
                best,
                high,
                place,
                ..
            } = input;
            let guess = matches!(input.origin, Origin::Guessed(_));
            let mark = if guess { " (guess)" } else { "" };
            format!("{}: {path} = {low} | {best} | {high}{mark}", place.line)
        })
        .collect();
    insta::assert_snapshot!(rows.join("\n"));
    // What the facts say is uncertain is the same, line by line.
    let mut told: Vec<(u32, u32)> = system
        .uncertain()
        .map(|f| (f.place.line, f.place.column))
        .collect();
    let mut listed: Vec<(u32, u32)> = inputs
        .iter()
        .map(|i| (i.place.line, i.place.column))
        .collect();
    told.sort_unstable();
    told.dedup();
    listed.sort_unstable();
    assert_eq!(told, listed);
}

/// Each kind of input reaches the number in the system, and no other.
#[test]
fn each_input_moves_its_number() {
    let (model, system) = load(&[]);
    let inputs = model.inputs(&system);
    let moved = |path: &str, to: Within| {
        let model = model.with_inputs(&[(find(&inputs, path), to)]);
        let model = model.unwrap_or_else(|e| panic!("{path}: {e}"));
        model
            .system(&files())
            .unwrap_or_else(|e| panic!("{path}: {e}"))
            .0
    };
    let (low, high) = (Within::Low, Within::High);
    let web = |system: &System| system.services[1].clone();
    assert_eq!(web(&moved("services.web.workers", low)).workers, 2);
    assert_eq!(
        web(&moved("services.web.workers", Within::At(0.5))).workers,
        4
    );
    assert_eq!(web(&moved("services.web.workers", high)).workers, 8);
    assert_eq!(web(&moved("services.web.workers", high)).replicas, 3);
    assert_eq!(web(&moved("services.web.replicas", high)).replicas, 3);
    let policy = |system: &System| system.calls[1].policy.timeout_ns;
    assert_eq!(
        policy(&moved("web.page#call.timeout", low)),
        Some(300_000_000)
    );
    let page = |system: &System| system.endpoints[2].steps.clone();
    let Verb::Work(Dist::Points(points)) = &page(&moved("web.page#work.work", high))[0].verb else {
        panic!("work")
    };
    assert_eq!(points[..], [(0.5, 5e6), (0.99, 50e6)]);
    assert_eq!(
        page(&moved("web.page#call.chance", low))[1].chance,
        Some(0.1)
    );
    // Four times 40 % is more than all of it: no coin is tossed.
    assert_eq!(page(&moved("web.page#call.chance", high))[1].chance, None);
    let load = |system: &System| system.endpoints[0].steps[0].verb.clone();
    let Verb::Work(Dist::LogNormal { mean, cv }) = load(&moved("back.load#work.work", high)) else {
        panic!("work")
    };
    assert_eq!((mean, cv), (32e6, 1.0));
    let arrive = |system: &System| match &system.clients[0].arrive {
        Arrive::Stream { curve, .. } => (curve.base_per_s, curve.peaks[0].height_per_s),
        other => panic!("{other:?}"),
    };
    assert_eq!(
        arrive(&moved("clients.users.arrive.base", high)),
        (9.0, 20.0)
    );
    assert_eq!(
        arrive(&moved("clients.users.arrive.peaks.1", low)),
        (2.0, 10.0)
    );
    let fault = |system: &System, at: usize| system.faults[at].clone();
    let every = moved("faults.stop.every", high);
    let FaultWhen::Every { mean_ns, .. } = fault(&every, 2).when else {
        panic!("a clock")
    };
    assert_eq!(mean_ns, 1.5 * 31_557_600e9);
    let lasts = |system: &System, at: usize| match fault(system, at).lasts {
        Lasts::Time(dist) => dist,
        other => panic!("{other:?}"),
    };
    let hour = 3600e9;
    assert_eq!(
        lasts(&moved("faults.stop.lasts", low), 2),
        Dist::Exponential { mean: hour / 2.0 }
    );
    assert_eq!(
        lasts(&moved("faults.drag.lasts", low), 0),
        Dist::Constant(150e9)
    );
    assert!(matches!(
        fault(&moved("faults.drag.by", high), 0).kind,
        FaultKind::Slow { by: Dist::Constant(by), .. } if by == 5.0
    ));
    assert!(matches!(
        fault(&moved("faults.slip.chance", high), 1).when,
        FaultWhen::Chance { chance, .. } if chance == 1.0
    ));
    assert_eq!(
        moved("events.sale.demand.users", low).events[0].demand[0].1,
        1.5
    );
    assert_eq!(
        moved("events.sale.for", high).events[0].lasts,
        Some(Dist::Constant(2.0 * hour))
    );
    assert_eq!(
        moved("costs.page", high)
            .costs
            .as_ref()
            .map(|costs| costs.page),
        Some(400.0)
    );
    let wan = |system: &System| {
        system
            .links
            .iter()
            .find(|l| l.name == "wan")
            .cloned()
            .expect("wan")
    };
    assert_eq!(
        wan(&moved("links.wan.delay", low)).delay,
        Dist::Constant(15e6)
    );
    assert_eq!(wan(&moved("links.wan.loss", high)).loss, 0.02);
    assert_eq!(moved("growth.users", high).growth[0].share, 0.8);
}

/// Several inputs go together, and the others keep their best estimates.
#[test]
fn inputs_move_together() {
    let (model, system) = load(&[]);
    let inputs = model.inputs(&system);
    let all: Vec<(&Input, Within)> = inputs.iter().map(|input| (input, Within::Best)).collect();
    let same = model
        .with_inputs(&all)
        .expect("the best estimates")
        .system(&files())
        .expect("a system")
        .0;
    let rows = |system: &System| {
        let Tables {
            services,
            endpoints,
            clients,
            faults,
            events,
            links,
            calls,
            ..
        } = &**system;
        format!("{services:#?}{endpoints:#?}{clients:#?}{events:#?}{links:#?}{calls:#?}{faults:#?}")
    };
    assert_eq!(rows(&same), rows(&system));
    let two = [
        (find(&inputs, "services.web.workers"), Within::High),
        (find(&inputs, "faults.drag.by"), Within::Low),
    ];
    let moved = model
        .with_inputs(&two)
        .expect("both")
        .system(&files())
        .expect("a system")
        .0;
    assert_eq!(moved.services[1].workers, 8);
    assert!(matches!(
        moved.faults[0].kind,
        FaultKind::Slow { by: Dist::Constant(by), .. } if by == 2.0
    ));
}

/// What `--set` puts in place of an input is what moving it does.
#[test]
fn moving_is_setting() {
    let (model, system) = load(&[]);
    let inputs = model.inputs(&system);
    for (path, to) in [
        ("services.web.workers", Within::Low),
        ("faults.stop.every", Within::High),
        ("clients.users.arrive.base", Within::At(0.3)),
        ("links.wan.delay", Within::High),
        ("events.sale.for", Within::At(0.9)),
    ] {
        let input = find(&inputs, path);
        let moved = model.with_inputs(&[(input, to)]).expect(path);
        let (set, _) = load(&[&format!("{path}={}", input.at(to))]);
        assert_eq!(moved.text(), set.text(), "{path}");
        assert_ne!(moved.hash(), model.hash(), "{path}");
    }
}

/// Who says how often a fault comes, how long it lasts and how large it is, without a word about paths.
#[test]
fn rates_say_who_says_so() {
    let (_, system) = load(&[]);
    let [drag, slip, stop] = [0, 1, 2].map(|at| system.said_of_fault(FaultId(at)));
    let rate = stop.rate.expect("a rate");
    assert!(rate.is_assumed() && rate.is_uncertain());
    assert_eq!((rate.place.line, &*rate.place.file), (20, "shop.yaml"));
    assert_eq!(rate.text, "2 months..18 months");
    let (low, high) = rate.factors.expect("a range");
    assert!((low - 1.0 / 3.0).abs() < 1e-12 && (high - 3.0).abs() < 1e-12);
    let stated = drag.rate.expect("a rate");
    assert!(!stated.is_assumed() && !stated.is_uncertain());
    assert_eq!(drag.length.and_then(|fact| fact.factors), Some((0.25, 4.0)));
    assert_eq!(drag.sizes.len(), 1);
    assert_eq!(drag.sizes[0].factors, Some((2.0 / 3.0, 5.0 / 3.0)));
    let chance = slip.rate.expect("a chance");
    assert_eq!(chance.path, "faults.slip.chance");
    assert_eq!(chance.factors, Some((0.25, 1.0 / 0.6)));
    assert_eq!(chance.range, Some(("15%".to_owned(), "100%".to_owned())));
    let sale = system.said_of_event(EventId(0));
    assert!(!sale.rate.expect("a rate").is_assumed());
    assert_eq!(sale.length.map(|fact| fact.text.as_str()), Some("30m..2h"));
    assert_eq!(sale.sizes[0].path, "events.sale.demand.users");
    assert_eq!(
        system
            .said("services.web.workers")
            .map(|fact| fact.place.line),
        Some(12)
    );
}
