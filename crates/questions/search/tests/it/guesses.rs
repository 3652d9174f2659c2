//! Rates that somebody guessed: the verdict is another one with all of them moved, or with one of which pairs are made.

use crate::crew::checked_with;
use worstday_search::answer::{ClaimAnswer, Verdict};

fn claim(text: &str, budget_days: u64, guessed: &[&str]) -> ClaimAnswer {
    let checked = checked_with(text, 1, |options| {
        options.budget_days = Some(budget_days);
        options.guessed = guessed.iter().map(|&name| name.to_owned()).collect();
    });
    checked.answer.promises[0].claims[0].clone()
}

/// Two faults, each once in two years, each of which breaks the promise for sure: once a year. With one of them three times as
/// often twice a year, with both three times.
fn two(allowed: &str) -> String {
    format!(
        "\
worstday: 1
system: two
clients: {{users: {{arrive: 1/min, do: desk.ask}}}}
services: {{desk: {{replicas: 20, workers: 1, start: 0s, endpoints: {{ask: 100ms}}}}}}
faults:
  a: {{crash: desk/0, every: 2 years, lasts: exactly 1h}}
  b: {{crash: desk/1, every: 2 years, lasts: exactly 1h}}
promises: {{whole: {{for: desk, must: [replicas >= 20 over 5m], survives: [1 in {allowed}]}}}}
"
    )
}

#[test]
fn only_all_of_them_together_flip_it() {
    // 2.5 a year are allowed.
    let claim_of = |allowed: &str| claim(&two(allowed), 1_500, &["a", "b"]);
    let claim = claim_of("146 days");
    let rate = claim.rate.clone().expect("it is a rate");
    assert_eq!(claim.verdict, Verdict::CantTell, "{claim:?}");
    assert!(rate.guessed.iter().all(|guess| !guess.flips), "{rate:?}");
    assert!(rate.together_flip);
    assert!(
        claim.why.contains("a (known.yaml:6), b (known.yaml:7)"),
        "{}",
        claim.why
    );
    // 4 a year are allowed: no guess matters.
    let claim = claim_of("91 days");
    let rate = claim.rate.clone().expect("it is a rate");
    assert!(
        matches!(claim.verdict, Verdict::Kept | Verdict::KeptOnDisturbedDays),
        "{claim:?}"
    );
    assert!(!rate.together_flip, "{rate:?}");
}

/// Only a and b at once break it; c and d strike alone or with anything and do nothing. On most days of two strikes or more d is
/// one of them: if a comes three times as often, those on which it meets b are nearly three times as many, though there are
/// not nearly so many more days of two strikes or more.
///
/// a and b strike on (1 - exp(-0.1))^2 of all days, 3.3 a year, and meet on three quarters of these, half a day long each:
/// 2.5 a year. With a three times as often on 0.75 x 365.25 (1 - exp(-0.3)) (1 - exp(-0.1)), 6.8 a year. 6 are allowed.
#[test]
fn the_law_inside_several_strikes_moves_too() {
    let text = |allowed: &str| {
        format!("\
worstday: 1
system: pair
clients: {{users: {{arrive: 1/min, do: desk.ask}}}}
services: {{desk: {{replicas: 20, workers: 1, start: 0s, endpoints: {{ask: 100ms}}}}, aside: {{replicas: 2, workers: 1, endpoints: {{ask: 1s}}}}}}
faults:
  a: {{crash: desk/0, every: 10 days, lasts: exactly 12h}}
  b: {{crash: desk/1, every: 10 days, lasts: exactly 12h}}
  c: {{crash: aside/0, every: 33 days, lasts: exactly 1m}}
  d: {{crash: aside/1, every: 4 days, lasts: exactly 1m}}
promises: {{whole: {{for: desk, must: [replicas >= 19 over 5m], survives: [1 in {allowed}]}}}}
")
    };
    let chance = |mean: f64| 1.0 - (-mean).exp();
    let meeting = |a: f64, b: f64| 0.75 * 365.25 * chance(a) * chance(b);
    let allowed = 365.25 / 61.0;
    assert!(1.9 * meeting(0.1, 0.1) < allowed && 1.1 * allowed < meeting(0.3, 0.1));
    // If the share of days of two strikes or more that break stayed what it is, a would not matter.
    let several = |a: f64| 1.0 - (-(a + 0.38)).exp() * (1.0 + a + 0.38);
    assert!(meeting(0.1, 0.1) * several(0.3) / several(0.1) < 0.8 * allowed);
    let stands = |allowed: &str, guessed: &[&str]| {
        let claim = claim(&text(allowed), 3_000, guessed);
        println!("{guessed:?}: {claim:?}");
        let kept = matches!(claim.verdict, Verdict::Kept | Verdict::KeptOnDisturbedDays);
        assert!(kept || claim.why.contains("guess"), "{claim:?}");
        kept
    };
    assert!(!stands("61 days", &["a"]));
    // Its law moves as well, but no day of it breaks anything: with some room it stands.
    assert!(stands("40 days", &["c"]));
}
