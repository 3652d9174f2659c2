//! Public recordings that people really have, where they are at hand.

use std::path::PathBuf;
use std::process::Command;

use worstday_model::calendar::Calendar;
use worstday_model::recording::{ArrivalFormat, Options, Reading, read};
use worstday_model::system::{Clock, Recorded};

/// The bytes of a file of the public collection, unzipped; says so if it is not here.
fn public(path: &str) -> Option<Vec<u8>> {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../..");
    let named = std::env::var_os("WORSTDAY_DATA").filter(|value| !value.is_empty());
    let file = named
        .map_or_else(|| root.join("../shared/data"), PathBuf::from)
        .join(path);
    let bytes = if path.ends_with(".gz") {
        let unzipped = Command::new("gzip").arg("-dc").arg(&file).output();
        unzipped
            .ok()
            .filter(|output| output.status.success())
            .map(|output| output.stdout)
    } else {
        std::fs::read(&file).ok()
    };
    if bytes.is_none() {
        eprintln!(
            "not read: {} (set WORSTDAY_DATA to the folder of public recordings)",
            file.display()
        );
    }
    bytes
}

fn read_as(bytes: &[u8], format: ArrivalFormat, column: Option<&str>, timezone: &str) -> Reading {
    let options = Options {
        format,
        column,
        per_ns: None,
        at: None,
    };
    let calendar = Calendar::new(timezone).expect("a time zone");
    match read(bytes, &options, &calendar) {
        Ok(reading) => reading,
        Err(mistakes) => panic!("{mistakes:?}"),
    }
}

/// Seven months of New York's taxis: counts per half hour.
#[test]
fn taxis() {
    let Some(bytes) = public("traffic/nab__data__realKnownCause__nyc_taxi.csv") else {
        return;
    };
    let reading = read_as(&bytes, ArrivalFormat::Counts, None, "UTC");
    let Recorded::Counts { per_ns, rows } = &reading.recording.what else {
        panic!("counts");
    };
    assert_eq!(*per_ns, 30 * 60 * 1_000_000_000);
    assert_eq!(
        (rows.len(), reading.rows, reading.skipped),
        (10_320, 10_320, 0)
    );
    assert_eq!(rows[0], (1_404_172_800_000_000_000, 10_844.0));
    assert_eq!(rows[10_319], (1_422_747_000_000_000_000, 26_288.0));
    assert_eq!(rows.iter().map(|row| row.1).sum::<f64>(), 156_219_716.0);
    assert_eq!(reading.warnings, []);
    assert_eq!(reading.recording.clock, Clock::Unix);
}

/// A sample of a function provider's trace: it says when runs ended and how long they took.
#[test]
fn functions() {
    let Some(bytes) = public("traffic/invitro__data__traces__example__Azure2021__Azure2021_30.csv")
    else {
        return;
    };
    let starts = Some("end_timestamp - duration");
    let reading = read_as(&bytes, ArrivalFormat::Instants, starts, "UTC");
    let Recorded::Instants(instants) = &reading.recording.what else {
        panic!("instants");
    };
    assert_eq!((instants.len(), reading.skipped), (29, 0));
    assert_eq!(
        (instants[0], instants[28]),
        (1_000_000_000, 123_500_000_000)
    );
    assert_eq!(reading.recording.clock, Clock::FromStart);
}

/// Ten thousand lines of a web server's log, all of them in the sixth minute of their hour.
#[test]
fn web_server() {
    let Some(bytes) = public("accesslogs/apache_combined.log.gz") else {
        return;
    };
    let reading = read_as(&bytes, ArrivalFormat::Combined, None, "UTC");
    let Recorded::Instants(instants) = &reading.recording.what else {
        panic!("instants");
    };
    assert_eq!((instants.len(), reading.skipped), (10_000, 0));
    assert!(instants.is_sorted());
    let said: Vec<_> = reading.warnings.iter().map(ToString::to_string).collect();
    assert!(
        said.iter().any(|text| text.starts_with(
            "all 10000 arrivals fall into minute 5 of their hour, in each of 84 hours"
        )),
        "{said:?}"
    );
    assert_eq!(said.len(), 3, "{said:?}");
}
