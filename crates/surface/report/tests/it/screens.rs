//! What a person reads, line by line.

use worstday_model::day::Varies;
use worstday_report::text::{Colour, Drawing, Length, draw};

use crate::fixtures::{quiet, quiet_row, storm, stormy_row, told};

fn plain(report: &worstday_report::Report) -> String {
    draw(report, Drawing::default())
}

fn fits(text: &str) {
    assert!(
        text.lines().count() <= 23,
        "{} lines:\n{text}",
        text.lines().count()
    );
    for line in text.lines().filter(|line| !line.starts_with("next ")) {
        assert!(
            line.chars().count() <= 80,
            "{} columns: {line}",
            line.chars().count()
        );
    }
}

/// The screen of the worst kind of day.
#[test]
fn a_storm_on_one_screen() {
    let text = plain(&told(&storm(), vec![stormy_row(1, false)], Varies::Yes));
    fits(&text);
    insta::assert_snapshot!(text);
}

/// Ten days, some of which came back: counts of days, and medians where "never" is among the values.
#[test]
fn ten_days_on_one_screen() {
    let rows = (1..=10)
        .map(|seed| stormy_row(seed, seed % 5 == 0))
        .collect();
    let text = plain(&told(&storm(), rows, Varies::Yes));
    fits(&text);
    insta::assert_snapshot!(text);
}

/// A quiet constant day: steady-state intervals, and who would be full first.
#[test]
fn a_quiet_day_on_one_screen() {
    let text = plain(&told(&quiet(), vec![quiet_row(1)], Varies::No));
    fits(&text);
    insta::assert_snapshot!(text);
}

/// Everything else.
#[test]
fn verbose() {
    let report = told(&storm(), vec![stormy_row(1, false)], Varies::Yes);
    insta::assert_snapshot!(draw(
        &report,
        Drawing {
            length: Length::Full,
            ..Drawing::default()
        }
    ));
}

/// Colour repeats what the words say: without its codes the text is the same.
#[test]
fn colour_adds_nothing_but_colour() {
    let report = told(&storm(), vec![stormy_row(1, false)], Varies::Yes);
    let coloured = draw(
        &report,
        Drawing {
            colour: Colour::Ansi,
            ..Drawing::default()
        },
    );
    assert!(coloured.contains("\u{1b}[31m✗ broken"));
    let mut bare = String::new();
    let mut chars = coloured.chars();
    while let Some(c) = chars.next() {
        if c == '\u{1b}' {
            chars.by_ref().find(char::is_ascii_alphabetic);
        } else {
            bare.push(c);
        }
    }
    let trimmed: String = bare
        .lines()
        .map(|line| format!("{}\n", line.trim_end()))
        .collect();
    assert_eq!(trimmed, plain(&report));
}

/// Forty services, ten clients and twenty conditions still fit.
#[test]
fn a_large_system_fits_too() {
    let mut system = quiet();
    let mut row = quiet_row(1);
    for at in 0..40 {
        let mut service = row.services[0].clone();
        service.name = format!("a-service-with-a-rather-long-name-{at:02}");
        row.services.push(service);
    }
    for at in 0..9 {
        let mut client = row.clients[0].clone();
        client.name = format!("client-{at}");
        row.clients.push(client);
    }
    let storm = stormy_row(1, false);
    for at in 0..10 {
        let mut promise = storm.promises[0].clone();
        promise.name = format!("promise-{at}");
        row.promises.push(promise);
    }
    row.recovery = storm.recovery;
    system.name = "a-system-with-a-name-of-more-than-sixty-three-characters-at-least".to_owned();
    fits(&plain(&told(&system, vec![row], Varies::Yes)));
}
