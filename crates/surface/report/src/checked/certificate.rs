//! What a check searched, and what it did not: the small print, in full sentences.

use super::document::{CheckReport, Verdict};
use crate::quantity::{count, percent, significant};

/// How faults are taken to strike.
pub const INDEPENDENCE: &str = "Faults strike independently of each other, but for those that are declared to strike together.";

/// What a check rests on: names and values.
#[must_use]
pub fn facts(report: &CheckReport, file: &str, tool: &str, seed: u64) -> Vec<(String, String)> {
    let searched = &report.searched;
    let days = |number: u64| {
        if number == 1 {
            "1 day".to_owned()
        } else {
            format!("{} days", count(number))
        }
    };
    let mut facts = vec![
        ("System", format!("{}, from {file}", report.system)),
        (
            "Year",
            format!(
                "{} dates from {} on",
                count(searched.dates),
                searched.first_day
            ),
        ),
        (
            "Kinds of day",
            format!(
                "{}, {} a year together",
                count(searched.kinds.len() as u64),
                significant(searched.kinds.iter().map(|kind| kind.per_year).sum())
            ),
        ),
        (
            "Lived by the search",
            format!("{}, never in a figure", days(searched.hunted)),
        ),
        ("Lived to confirm", days(searched.confirmed)),
        (
            "Lived for break point and hidden capacity",
            days(searched.brink),
        ),
        ("Lived to make days smaller", days(searched.shrunk)),
    ];
    if let Some(map) = &report.map {
        facts.push(("Lived for the map", days(map.days)));
    }
    facts.extend([
        (
            "Confidence",
            format!("{}, all verdicts together", percent(report.confidence)),
        ),
        ("Seed of the search", seed.to_string()),
        ("Fingerprint of the description", report.model.clone()),
        ("Written by", tool.to_owned()),
    ]);
    let named = facts.into_iter();
    named
        .map(|(name, value)| (name.to_owned(), value))
        .collect()
}

/// What was not searched, a sentence each; the file makes so many promises.
#[must_use]
pub fn not_searched(report: &CheckReport, promises_of_the_file: usize) -> Vec<String> {
    let mut all = Vec::new();
    let searched = &report.searched;
    match searched.ended.as_deref() {
        Some("stopped") => all.push("It was stopped before everything was decided.".to_owned()),
        Some(_) => all.push("The budget was spent before everything was decided.".to_owned()),
        None => {}
    }
    if report.promises.len() < promises_of_the_file {
        all.push(format!(
            "{} of the file's {} promises were not asked for.",
            promises_of_the_file - report.promises.len(),
            promises_of_the_file
        ));
    }
    if !searched.of_unknown_rate.is_empty() {
        let names: Vec<String> = searched
            .of_unknown_rate
            .iter()
            .map(|name| format!("`{name}`"))
            .collect();
        all.push(format!(
            "Nobody said how often {} {}: no figure on how often days come has them.",
            names.join(", "),
            if names.len() == 1 {
                "strikes"
            } else {
                "strike"
            }
        ));
    }
    let has_rates = report.claims().any(|(_, claim)| claim.rate.is_some());
    for kind in searched.kinds.iter().filter(|kind| kind.confirmed == 0) {
        if has_rates && 0.0 < kind.per_year {
            all.push(format!(
                "Of the kind `{}` ({} a year) no fresh day was lived: where a rate is given, all of them count as broken.",
                kind.name,
                significant(kind.per_year)
            ));
        }
    }
    for (promise, claim) in report.claims() {
        let told = format!("`{} survives {}`", promise.name, claim.day);
        if let Some(rate) = &claim.rate {
            if claim.verdict != Verdict::Kept
                && let Some(days) = rate.quiet_not_beyond
            {
                all.push(format!(
                    "{told}: quiet days are not excluded beyond once in {} days.",
                    significant(days)
                ));
            }
            let alone = rate.guessed.iter().any(|guess| guess.flips);
            if rate.together_flip && !alone {
                all.push(format!(
                    "{told}: the rates that are guesses, all together a factor 3 up or down, change the verdict."
                ));
            }
            for guess in &rate.guessed {
                let place = guess.place.as_ref().map_or_else(String::new, |place| {
                    format!(" ({}:{})", place.file, place.line)
                });
                all.push(format!(
                    "{told}: the rate of `{}` is a guess{place}; a factor 3 up or down {}.",
                    guess.name,
                    if guess.flips {
                        "changes the verdict"
                    } else {
                        "changes nothing"
                    }
                ));
            }
        }
        if 0 < claim.cases_left_out {
            all.push(format!(
                "{told}: {} cases were left out, because there are too many.",
                count(claim.cases_left_out)
            ));
        }
    }
    all.push("Two strikes that meet only across midnight are not hunted as a pair.".to_owned());
    all.push(
        "Growth is not followed: demand is as of the file's `as-of`. What the file does not say can break does not break here."
            .to_owned(),
    );
    all
}
