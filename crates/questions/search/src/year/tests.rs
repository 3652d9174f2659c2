//! Rates against closed forms; drawn days against the rates.

use super::*;
use std::sync::Arc;
use worstday_model::load::{Files, LoadOptions, Model};

struct One<'a>(&'a str);

impl Files for One<'_> {
    fn read(&self, _: &str) -> Result<Vec<u8>, String> {
        Ok(self.0.as_bytes().to_vec())
    }
    fn list(&self, _: &str) -> Result<Vec<String>, String> {
        Ok(Vec::new())
    }
}

fn system(rest: &str) -> Arc<System> {
    let text = format!(
        "worstday: 1\nsystem: s\nas-of: 2026-11-20\nclients: {{users: {{arrive: 1/s, do: desk.ask}}}}\nservices: {{desk: {{replicas: 4, workers: 1, endpoints: {{ask: 100ms}}}}}}\n{rest}"
    );
    let files = One(&text);
    let model = Model::load("s.yaml", &LoadOptions::default(), &files).expect("it is a model");
    Arc::new(model.system(&files).expect("it is a system").0)
}

fn year(rest: &str) -> (Arc<System>, Year) {
    let system = system(rest);
    let year = Year::new(&system, jiff::civil::date(2026, 11, 23)).expect("there is a year");
    (system, year)
}

fn rate(year: &Year, name: &str) -> f64 {
    let found = year.strata.iter().find(|stratum| stratum.name == name);
    found.expect("there is such a stratum").rate
}

/// Twenty faults, each once a year: the numbers of a Poisson process.
#[test]
fn strata_of_twenty_faults() {
    let faults: String = (0..20)
        .map(|i| format!("  f{i:02}: {{crash: desk/any, every: 1 year, lasts: 1h}}\n"))
        .collect();
    let (_, year) = year(&format!("faults:\n{faults}"));
    let mu: f64 = 20.0 / 365.25;
    assert!((rate(&year, "quiet") - 365.25 * (-mu).exp()).abs() < 1e-6);
    assert!((rate(&year, "f07") - (-mu).exp()).abs() < 1e-9);
    let several = 365.25 * (1.0 - (-mu).exp() * (1.0 + mu));
    assert!((rate(&year, "two or more") / several - 1.0).abs() < 1e-9);
    let all: f64 = year.strata.iter().map(|stratum| stratum.rate).sum();
    assert!((all - 365.25).abs() < 1e-6);
}

/// Rates of a clock that runs during an event, of one per replica, and of coins.
#[test]
fn rates_follow_exposure() {
    let (_, year) = year(
        "events: {rush: {when: every friday 10:00 to 12:00, demand: {users: 2x}}}\n\
         faults:\n  a: {crash: desk/any, every: 1 year per replica, lasts: 1m}\n  \
         b: {stall: desk, every: 100 days, during: rush, lasts: 1m}\n  c: {stall: desk, during: rush, chance: 10%, lasts: 1m}\n",
    );
    let fridays = year
        .dates()
        .iter()
        .filter(|date| date.weekday() == jiff::civil::Weekday::Friday)
        .count() as f64;
    let scale = 365.25 / 365.0;
    let (a, b): (f64, f64) = (4.0 / 365.25, 2.0 / 2400.0);
    let none_on_friday = (-a).exp() * (-b).exp() * 0.9;
    let expected_a = scale * a * (fridays * none_on_friday + (365.0 - fridays) * (-a).exp());
    assert!((rate(&year, "a") - expected_a).abs() < 1e-9);
    assert!((rate(&year, "b") - scale * fridays * b * none_on_friday).abs() < 1e-9);
    assert!((rate(&year, "c") - scale * fridays * 0.1 * (-a).exp() * (-b).exp()).abs() < 1e-9);
    assert!((rate(&year, "rush") - scale * fridays * none_on_friday).abs() < 1e-9);
    let all: f64 = year.strata.iter().map(|stratum| stratum.rate).sum();
    assert!((all - 365.25).abs() < 1e-6);
}

/// Days are drawn as their law says: dates of coins are Fridays, starts fill the exposure evenly, pairs of several are
/// spread as rates.
#[test]
fn drawn_days_follow_their_law() {
    let (system, year) = year(
        "events: {rush: {when: every friday 10:00 to 12:00, demand: {users: 2x}}}\n\
         faults:\n  a: {crash: desk/any, every: 3 months, lasts: 1m}\n  \
         b: {stall: desk, every: 1 month, lasts: 1m}\n  c: {stall: desk, during: rush, chance: 10%, lasts: 1m}\n",
    );
    let at = |name: &str| {
        year.strata
            .iter()
            .position(|stratum| stratum.name == name)
            .expect("there is such a stratum")
    };
    for index in 0..200 {
        let day = year.draw(&system, at("c"), "test", index);
        assert_eq!(day.date.weekday(), jiff::civil::Weekday::Friday);
        assert_eq!(day.strikes.len(), 1);
        let local = year.calendar().local(day.strikes[0].1);
        assert_eq!(
            (local.date(), local.hour(), local.minute()),
            (day.date, 10, 0)
        );
        let quiet = year.draw(&system, at("quiet"), "test", index);
        assert!(quiet.strikes.is_empty());
        assert_ne!(quiet.date.weekday(), jiff::civil::Weekday::Friday);
    }
    let mut hours = [0_u32; 24];
    let (mut pairs, mut of_b_twice, mut of_a_and_b) = (0, 0, 0);
    for index in 0..4_800 {
        let one = year.draw(&system, at("b"), "test", index);
        hours[year.calendar().local(one.strikes[0].1).hour() as usize] += 1;
        let several = year.draw(&system, at("two or more"), "test", index);
        assert!(2 <= several.strikes.len());
        let faults = |id| {
            several
                .strikes
                .iter()
                .filter(|strike| strike.0 == Happens::Fault(FaultId(id)))
                .count()
        };
        pairs += 1;
        of_b_twice += u32::from(faults(1) == 2 && faults(0) == 0 && faults(2) == 0);
        of_a_and_b += u32::from(faults(1) == 1 && faults(0) == 1 && faults(2) == 0);
    }
    // 200 an hour, standard deviation 14.
    assert!(hours.iter().all(|&n| (145..=255).contains(&n)), "{hours:?}");
    // b twice against a and b once each: b^2/2 : a b = b/2a, and b comes three times as often: 1.5 (over all dates).
    let ratio = f64::from(of_b_twice) / f64::from(of_a_and_b);
    assert!((1.35..1.65).contains(&ratio), "{ratio} of {pairs}");
    // Another phase, other days.
    assert_ne!(
        year.draw(&system, at("b"), "test", 0),
        year.draw(&system, at("b"), "fresh", 0)
    );
}

/// Moved clocks that run all day: each ratio is one number, rates are exact, and what is known of days of several strikes adds
/// up to their rate.
#[test]
fn moved_clocks_have_exact_rates() {
    let (_, year) = year(
        "faults:\n  a: {crash: desk/any, every: 20 days, lasts: 1m}\n  \
         b: {stall: desk, every: 10 days, lasts: 1m}\n  c: {stall: desk, every: 5 days, lasts: 1m}\n",
    );
    let moved = year.moved(&[0], 3.0);
    let now = year.strata_with(&[3.0, 1.0, 1.0]);
    for (stratum, &(low, high)) in now.iter().zip(&moved.strata) {
        if stratum.kind != Kind::Several {
            assert!((low / stratum.rate - 1.0).abs() < 1e-9, "{stratum:?} {low}");
            assert!(
                (high / stratum.rate - 1.0).abs() < 1e-9,
                "{stratum:?} {high}"
            );
        }
    }
    let (a, others): (f64, f64) = (0.05, 0.3);
    // One strike of a, and at least one of the others.
    let once = 365.25 * 3.0 * a * (-3.0 * a).exp() * (1.0 - (-others).exp());
    assert!((moved.several[1].0 - once).abs() < 1e-9);
    assert!((moved.several[1].1 - once).abs() < 1e-9);
    let more = 1.0 - (-3.0 * a).exp() * (1.0 + 3.0 * a + 4.5 * a * a);
    assert!((moved.more - 365.25 * more).abs() < 1e-6);
    let several: f64 = moved.several.iter().map(|cell| cell.0).sum::<f64>() + moved.more;
    let expected = now.last().expect("there are strata").rate;
    assert!((several - expected).abs() < 1e-6, "{several} {expected}");
}

/// A clock that runs on Fridays only moves Fridays and no other day: the ratio of quiet days lies between two numbers, which
/// hold the exact rate between them.
#[test]
fn moved_clocks_of_some_dates_have_ranges() {
    let (_, year) = year(
        "events: {rush: {when: every friday 10:00 to 12:00}}\n\
         faults:\n  a: {crash: desk/any, every: 20 days, lasts: 1m}\n  c: {stall: desk, during: rush, chance: 10%, lasts: 1m}\n",
    );
    let moved = year.moved(&[1], 3.0);
    let now = year.strata_with(&[1.0, 3.0]);
    let row = |name: &str| year.strata.iter().position(|stratum| stratum.name == name);
    let quiet = row("quiet").expect("there are quiet days");
    let (low, high) = moved.strata[quiet];
    let before = year.strata[quiet].rate;
    assert!((high / before - 1.0).abs() < 1e-9, "{high} {before}");
    assert!((low / before - 0.7 / 0.9).abs() < 1e-9, "{low} {before}");
    assert!(low < now[quiet].rate && now[quiet].rate < high);
    let c = row("c").expect("it is a stratum");
    assert!((moved.strata[c].0 / year.strata[c].rate - 3.0).abs() < 1e-9);
    assert!((moved.strata[c].1 / now[c].rate - 1.0).abs() < 1e-9);
}
