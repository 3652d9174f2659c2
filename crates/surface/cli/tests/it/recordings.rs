//! Public recordings drive arrivals, and the page about them gives the figures that come out.

use std::path::PathBuf;

use crate::tool::{Said, Scratch, root, worstday};

/// A file of the public collection; says so if it is not here.
fn public(path: &str) -> Option<PathBuf> {
    let named = std::env::var_os("WORSTDAY_DATA").filter(|value| !value.is_empty());
    let folder = named.map_or_else(|| root().join("../shared/data"), PathBuf::from);
    let file = folder.join(path);
    if !file.is_file() {
        eprintln!(
            "not replayed: {} (set WORSTDAY_DATA to the folder of public recordings)",
            file.display()
        );
        return None;
    }
    file.canonicalize().ok()
}

fn replayed(name: &str, arrive: &str, words: &[&str]) -> Said {
    let file = Scratch::new(
        name,
        &format!(
            "worstday: 1\nsystem: replay\ntimezone: America/New_York\nclients:\n  those: {{arrive: {{{arrive}}}, do: \
             desk.serve}}\nservices:\n  desk: {{workers: 64, endpoints: {{serve: 100ms}}}}\n"
        ),
    );
    let mut all = vec!["run", file.path(), "--no-trial"];
    all.extend(words);
    worstday(&all).exits(0)
}

fn arrived(said: &Said) -> u64 {
    said.json()["clients"][0]["visits"]["arrived"]
        .as_u64()
        .expect("a count")
}

fn page() -> String {
    std::fs::read_to_string(root().join("docs/reference/recordings.md")).expect("the page")
}

/// The counts of one day of New York's taxis come as so many visits, each in its half hour.
#[test]
fn taxis_arrive_as_they_were_counted() {
    let Some(file) = public("traffic/nab__data__realKnownCause__nyc_taxi.csv") else {
        return;
    };
    let text = std::fs::read_to_string(&file).expect("the recording");
    let mut day = 0;
    let mut morning = 0;
    for line in text.lines() {
        let Some((time, count)) = line.split_once(',') else {
            continue;
        };
        let count: u64 = count.parse().unwrap_or(0);
        if time.starts_with("2014-07-01") {
            day += count;
            morning += if time < "2014-07-01 06:00:00" {
                count
            } else {
                0
            };
        }
    }
    let arrive = format!("file: {}, format: counts, per: 30m", file.display());
    let json = ["--day", "2014-07-01", "--format", "json"];
    assert_eq!(arrived(&replayed("taxi.yaml", &arrive, &json)), day);
    let until_six = [&json[..], &["--for", "6h"]].concat();
    assert_eq!(
        arrived(&replayed("taxi-morning.yaml", &arrive, &until_six)),
        morning
    );
    for figure in ["745,967", "52,221"] {
        assert!(page().contains(figure), "the page says {figure}");
    }
    assert_eq!((day, morning), (745_967, 52_221));
}

/// Every start of the function trace is a visit, at its end minus its duration.
#[test]
fn functions_start_when_they_ended_less_what_they_took() {
    let Some(file) = public("traffic/invitro__data__traces__example__Azure2021__Azure2021_30.csv")
    else {
        return;
    };
    let arrive = format!(
        "file: {}, format: instants, column: end_timestamp - duration",
        file.display()
    );
    let starts = |length: &str| {
        let words = ["--for", length, "--format", "json"];
        arrived(&replayed(&format!("azure-{length}.yaml"), &arrive, &words))
    };
    let text = std::fs::read_to_string(&file).expect("the recording");
    let before = |seconds: f64| {
        let start = |line: &str| -> Option<f64> {
            let mut cells = line.rsplit(',');
            let took: f64 = cells.next()?.parse().ok()?;
            Some(cells.next()?.parse::<f64>().ok()? - took)
        };
        let all = text.lines().filter_map(start);
        all.filter(|&at| at < seconds).count() as u64
    };
    assert_eq!(
        [starts("30s"), starts("123s"), starts("124s")],
        [before(30.0), before(123.0), 29]
    );
    assert!(page().contains("29 starts") && page().contains("123.5 s"));
}

/// The web server's log is replayed as it stands, and the screen says that it cannot be trusted.
#[test]
fn a_log_of_one_minute_of_each_hour_is_told() {
    let Some(file) = public("accesslogs/apache_combined.log.gz") else {
        return;
    };
    let unzipped = std::process::Command::new("gzip")
        .arg("-dc")
        .arg(&file)
        .output()
        .expect("gzip");
    let log = Scratch::new("access.log", &String::from_utf8_lossy(&unzipped.stdout));
    let arrive = format!("file: {}, format: combined", log.path());
    let said = replayed("log.yaml", &arrive, &["--day", "2015-05-18"]);
    let words = said.out.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(
        words.contains("all 10000 arrivals fall into minute 5 of their hour, in each of 84 hours"),
        "{}",
        said.out
    );
    assert!(said.out.contains("caution"), "{}", said.out);
    assert!(page().contains("minute 5 of their hour"));
}
