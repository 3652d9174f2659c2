//! The tables of the documentation that say how right `check` is: written from what is kept beside this file.
//!
//! `UPDATE_PAGES=1 cargo test -p worstday-search --test it random::page` writes them anew.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::Path;

use worstday_search::answer::Verdict;

use super::calibrated::{self, Asked};
use super::made_up;
use super::systems::SYSTEMS;
use super::truth;
use super::uniform::{self, median};

/// "once in 12 days".
fn once_in(rate: f64) -> String {
    if rate <= 0.0 {
        return "never seen".to_owned();
    }
    let days = 365.25 / rate;
    if days < 10.0 {
        format!("{days:.1} days")
    } else {
        format!("{days:.0} days")
    }
}

fn claim(asked: &Asked) -> String {
    let text = super::systems::text(asked.system);
    let name = format!("promise{}: ", asked.promise);
    let line = text
        .lines()
        .find_map(|line| line.trim().strip_prefix(&name));
    let must = line
        .and_then(|line| line.split_once("must: [")?.1.split_once(']'))
        .map_or("", |(must, _)| must);
    format!("{} | `{must}`", asked.system)
}

fn verdicts() -> String {
    let known = truth::kept();
    let results = calibrated::kept();
    let mut table = "\
| system | promise | allowed: once in | true: once in | true / allowed | kept | kept \\* | broken | can't tell | wrong | days, median |
| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |
"
    .to_owned();
    let mut losers = Vec::new();
    let mut checks = 0;
    let checked: BTreeSet<u64> = results.keys().map(|(system, _)| *system).collect();
    for (&system, known) in &known {
        let rows: Vec<_> = results
            .iter()
            .filter(|((of, _), _)| *of == system)
            .map(|(_, given)| given)
            .collect();
        if rows.is_empty() {
            continue;
        }
        checks += rows.len();
        for asked in calibrated::asked(system, known) {
            let given: Vec<_> = rows.iter().map(|row| row[asked.promise]).collect();
            let count =
                |verdict: Verdict| given.iter().filter(|row| row.verdict == verdict).count();
            let wrong = given
                .iter()
                .filter(|row| asked.is_wrong(row.verdict))
                .count();
            let silent = count(Verdict::CantTell);
            let mut days: Vec<u64> = given.iter().map(|row| row.days).collect();
            days.sort_unstable();
            let _ = writeln!(
                table,
                "| {} | {} | {} | {:.2} | {} | {} | {} | {silent} | {wrong} | {} |",
                claim(&asked),
                once_in(asked.allowed),
                once_in(asked.all.rate),
                asked.ratio(),
                count(Verdict::Kept),
                count(Verdict::KeptOnDisturbedDays),
                count(Verdict::Broken),
                days[days.len() / 2]
            );
            let name = format!("promise {} of system {system}", asked.promise);
            if 0 < wrong {
                losers.push(format!("{name} ({wrong} of {} wrong)", given.len()));
            }
            if asked.is_clear() && given.len() * 15 < silent * 100 {
                let ratio = asked.ratio();
                losers.push(format!(
                    "{name} ({silent} of {} can't tell, though {ratio:.2} of what is allowed)",
                    given.len()
                ));
            }
        }
    }
    let sums = calibrated::sums(&results, &known);
    let share = |part: u64, of: u64| 100.0 * part as f64 / of.max(1) as f64;
    let losers = if losers.is_empty() {
        "none".to_owned()
    } else {
        losers.join("; ")
    };
    let so_far = if checked.len() as u64 == SYSTEMS {
        format!("All {SYSTEMS} systems were checked, {checks} times in all.")
    } else {
        format!(
            "{} of the {SYSTEMS} systems have been checked so far, {checks} times in all: those that cost least, for brute force \
             has not come to the others yet.",
            checked.len()
        )
    };
    format!(
        "{so_far}\n\n\
         Verdicts given: {}; wrong: {} ({:.1} %; 7 % are allowed). Where the truth is at least a factor of 3 from what is allowed: \
         {} claims, a verdict on {} ({:.1} %; at least 85 % are wanted).\n\nLosers: {losers}.\n\n{table}",
        sums.given,
        sums.wrong,
        share(sums.wrong, sums.given),
        sums.clear,
        sums.clear_given,
        share(sums.clear_given, sums.clear),
    )
}

fn search() -> String {
    let results = uniform::kept();
    let known = truth::kept();
    let mut table = "\
| system | promise | true / allowed | check: a day | check: known | without looking: a day | known | times fewer |
| --- | --- | --- | --- | --- | --- | --- | --- |
"
    .to_owned();
    for (&(system, promise), both) in &results {
        let asked = calibrated::asked(system, &known[&system])[promise];
        let hard = if both.is_hard() { "" } else { " (easy)" };
        let _ = writeln!(
            table,
            "| {} | {:.2} | {} | {} | {} | {} | {:.1}{hard} |",
            claim(&asked),
            asked.ratio(),
            median(&both.checked, |took| took.first),
            median(&both.checked, |took| took.known),
            median(&both.unlooked, |took| took.first),
            median(&both.unlooked, |took| took.known),
            both.gain()
        );
    }
    let median = uniform::gain(&results).map_or_else(
        || "None of them takes more than 200 days without looking.".to_owned(),
        |(gain, of)| {
            format!(
                "On the {of} that take more than {} days without looking, `check` takes {gain:.1} times fewer in the median; 3 times fewer is the goal.",
                uniform::EASY
            )
        },
    );
    format!("{median}\n\n{table}")
}

/// Years that are made up cost nothing to check, so these are counted whenever they are asked for.
fn made_up() -> String {
    let contests = made_up::contests(80, 5, 6_000);
    let mut table = "\
| year | kinds of day | true / allowed | check | without looking | times fewer |
| --- | --- | --- | --- | --- | --- |
"
    .to_owned();
    for row in &contests {
        let _ = writeln!(
            table,
            "| {} | {} | {:.2} | {} | {} | {:.1} |",
            row.number,
            row.parts,
            row.ratio,
            row.checked,
            row.unlooked,
            row.gain()
        );
    }
    format!(
        "Of 80 such years, {} take more than 200 days without looking. On these `check` takes {:.1} times fewer in the median; 3 times \
         fewer is the goal.\n\n{table}",
        contests.len(),
        made_up::gain(&contests)
    )
}

/// The page has what is kept.
#[test]
fn tables_are_what_was_counted() {
    let path =
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../docs/reference/check-calibration.md");
    let now = std::fs::read_to_string(&path).expect("there is the page");
    let mut page = now.clone();
    for (name, text) in [
        ("verdicts", verdicts()),
        ("search", search()),
        ("made-up", made_up()),
    ] {
        let (from, to) = (
            format!("<!-- {name}: written by a test -->\n"),
            format!("<!-- end of {name} -->"),
        );
        let start = page.find(&from).expect("it begins") + from.len();
        let end = page.find(&to).expect("it ends");
        page.replace_range(start..end, &format!("\n{text}\n"));
    }
    if std::env::var_os("UPDATE_PAGES").is_some() {
        std::fs::write(&path, &page).expect("it can be written");
        return;
    }
    assert!(
        page == now,
        "{} is not what was counted; UPDATE_PAGES=1 cargo test -p worstday-search --test it random::page writes it",
        path.display()
    );
}
