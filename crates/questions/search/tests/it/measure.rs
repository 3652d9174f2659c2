//! What to measure next, where a closed form says what each input is worth.

use std::sync::Arc;

use worstday_model::load::{Files, LoadOptions, Model};
use worstday_search::answer::Unknown;
use worstday_search::check::{Options, check};
use worstday_search::claim::Extra;
use worstday_search::lived::World;
use worstday_search::measure::{Inputs, measure_next};
use worstday_sim::NoEdits;
use worstday_stats::draw::{Key, Seed};

use crate::crew::Pair;

/// A till that is out twice a year. Whoever comes then is lost: more than 4 % of a day's visits if it is out for longer than
/// 57.6 minutes, and that is all that decides whether such days come more often than once a year. How long a payment takes
/// decides nothing, and how often it is out, within its range, moves the rate and not the verdict.
fn till(out_min: f64, pay_s: f64, every_months: f64) -> String {
    format!(
        "worstday: 1\nsystem: till\nas-of: 2026-11-20\n\
         clients: {{people: {{arrive: {{base: 1/min, pattern: even}}, do: till.pay}}}}\n\
         services: {{till: {{workers: 4, start: 0s, endpoints: {{pay: {pay_s:.3}s}}}}}}\n\
         faults: {{out: {{crash: till, every: {:.4} days, lasts: {out_min:.3}m}}}}\n\
         promises: {{served: {{for: people, must: [lost < 4% over 1d], survives: [1 in 1 year]}}}}\n",
        every_months * 30.4375
    )
}

/// In equal ratios.
fn between(low: f64, high: f64, at: f64) -> f64 {
    low * (high / low).powf(at)
}

const OUT: (f64, f64) = (10.0, 120.0);

fn model(at: &[f64]) -> String {
    till(
        between(OUT.0, OUT.1, at[0]),
        between(1.0, 20.0, at[1]),
        between(5.0, 7.0, at[2]),
    )
}

fn world(text: &str) -> (World, Extra) {
    struct One<'a>(&'a str);
    impl Files for One<'_> {
        fn read(&self, _: &str) -> Result<Vec<u8>, String> {
            Ok(self.0.as_bytes().to_vec())
        }
        fn list(&self, _: &str) -> Result<Vec<String>, String> {
            Ok(Vec::new())
        }
    }
    let files = One(text);
    let model = Model::load("till.yaml", &LoadOptions::default(), &files);
    let model = model.unwrap_or_else(|error| panic!("{error}"));
    let (system, _) = model
        .system(&files)
        .unwrap_or_else(|error| panic!("{error}"));
    let extra = Extra::of(&system);
    let first = jiff::civil::date(2026, 11, 23);
    let hash = model.hash();
    let world = World::new(
        &system,
        Arc::new(NoEdits),
        hash,
        first,
        extra.faults.clone(),
    );
    (world.expect("there is a year"), extra)
}

struct Ranges;

impl Inputs for Ranges {
    fn count(&self) -> usize {
        3
    }

    fn world(&self, base: &World, at: &[f64]) -> Option<World> {
        let (mut world, _) = world(&model(at));
        world.quiet.clone_from(&base.quiet);
        Some(world)
    }
}

/// Whether a system breaks its promise, by arithmetic.
fn breaks(at: &[f64]) -> bool {
    0.04 * 1440.0 < between(OUT.0, OUT.1, at[0])
}

/// What decides comes first, at what it is worth; and whoever measures it is right more often, on the average over thirty
/// truths, than who measures anything else.
#[test]
fn measuring_what_is_named_first_settles_most() {
    let (base, extra) = world(&model(&[0.5, 0.5, 0.5]));
    let options = Options {
        seed: 1,
        budget_days: Some(2_000),
        confidence: 0.95,
        guessed: Vec::new(),
        only: Vec::new(),
        brink: false,
        known_faults: 1,
    };
    let checked = check(&base, &extra, &options, &mut Pair).expect("its days can be lived");
    let mut answer = checked.answer;
    let told: Vec<Unknown> = ["out", "pay", "every"]
        .map(|path| Unknown {
            path: path.to_owned(),
            place: String::new(),
            low: String::new(),
            high: String::new(),
            gain: 0.0,
            share: 0.0,
        })
        .into();
    measure_next(
        &base,
        &extra,
        &options,
        &Ranges,
        &told,
        &mut answer,
        &mut Pair,
    )
    .expect("its days can be lived");
    let measure = answer.promises[0].claims[0]
        .measure
        .as_ref()
        .expect("there was time");
    // ln(120 / 57.6) / ln(12) of the range breaks it.
    let share = measure.broken as f64 / measure.draws as f64;
    assert!((share - 0.2954).abs() < 0.06, "{share}");
    let first = &measure.inputs[0];
    assert_eq!(first.path, "out");
    // Who knows it is always right, who does not in 70 %; in quarters of the range, in 95 % of all.
    assert!((0.17..0.30).contains(&first.gain), "{first:?}");
    assert!(
        measure.inputs[1..].iter().all(|input| input.gain < 0.08),
        "{measure:?}"
    );
    // Thirty truths: who measures an input learns its value, and decides by what is likelier then.
    let key = Key::new(Seed(7), 0, 0);
    let truths: Vec<Vec<f64>> = (0..30)
        .map(|truth| {
            let part = |input: u64| key.at(3 * truth + input).next_u64() as f64 / u64::MAX as f64;
            vec![part(0), part(1), part(2)]
        })
        .collect();
    let right = |path: &str| {
        let is_right = |truth: &&Vec<f64>| {
            let decided = if path == "out" { breaks(truth) } else { false };
            decided == breaks(truth)
        };
        truths.iter().filter(is_right).count() as f64 / 30.0
    };
    let best = right(&measure.inputs[0].path);
    for other in &measure.inputs[1..] {
        assert!(
            right(&other.path) + 0.1 < best,
            "{} against {best}",
            right(&other.path)
        );
    }
}
