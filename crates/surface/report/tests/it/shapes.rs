//! The JSON form: what is written is what the published schema says.

use worstday_model::day::Varies;
use worstday_report::json;

use crate::fixtures::{quiet, quiet_row, storm, stormy_row, told};

/// Programs read this: every output must be valid, and the facts must be those of the terminal.
#[test]
fn reports_are_valid() {
    let schema: serde_json::Value = serde_json::from_str(json::SCHEMA).expect("the schema is JSON");
    let validator = jsonschema::validator_for(&schema).expect("the schema is a schema");
    let ten = (1..=10)
        .map(|seed| stormy_row(seed, seed % 5 == 0))
        .collect();
    for report in [
        told(&storm(), vec![stormy_row(1, false)], Varies::Yes),
        told(&storm(), ten, Varies::Yes),
        told(&quiet(), vec![quiet_row(1)], Varies::No),
    ] {
        let text = json::write(&report);
        let value: serde_json::Value = serde_json::from_str(&text).expect("it is JSON");
        let mistakes: Vec<String> = validator
            .iter_errors(&value)
            .map(|error| error.to_string())
            .collect();
        assert_eq!(mistakes, Vec::<String>::new());
        assert_eq!(value["report"], 1);
        assert_eq!(value["sentence"], report.sentence);
        // A schema that accepts everything would prove nothing.
        let mut wrong = value.clone();
        wrong["clients"][0]["lost"]["unit"] = "furlongs".into();
        assert!(!validator.is_valid(&wrong));
        wrong = value;
        wrong.as_object_mut().expect("an object").remove("verdict");
        assert!(!validator.is_valid(&wrong));
    }
}

/// A percentile that was never reached is a word, since JSON has no infinity.
#[test]
fn never_is_written_as_a_word() {
    let report = told(&storm(), vec![stormy_row(1, false)], Varies::Yes);
    let value: serde_json::Value = serde_json::from_str(&json::write(&report)).expect("it is JSON");
    assert_eq!(value["clients"][0]["of-sent"][3]["time"]["value"], "never");
    assert_eq!(
        value["promises"][0]["conditions"][1]["worst"]["value"],
        "never"
    );
    assert_eq!(
        value["histories"][0]["series"]["clients"][0]["arrived"]
            .as_array()
            .map(Vec::len),
        Some(450)
    );
}
