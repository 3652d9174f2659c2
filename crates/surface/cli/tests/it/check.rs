//! `worstday check`, as people and scripts meet it.

use std::path::PathBuf;
use std::time::Duration;

use crate::tool::{Said, command, said, worstday};

/// A kiosk with one clerk, who is away for an hour four times a year; a quarter of a minute a customer.
pub(crate) const KIOSK: &str = "\
worstday: 1
system: kiosk
as-of: 2026-11-20
clients: {people: {arrive: 1/min, do: [{call: kiosk.buy, timeout: 5m}]}}
services: {kiosk: {workers: 1, start: 0s, endpoints: {buy: exponential 15s}}}
faults: {away: {crash: kiosk, every: 3 months, lasts: 1h}}
promises:
  served: {for: people, must: [lost < 30% over 30m], survives: [away, 1 in 20 years]}
";

/// A folder for one test, with a model in it; gone when it is dropped.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str, text: &str) -> Self {
        let path =
            std::env::temp_dir().join(format!("worstday-check-{}-{name}", std::process::id()));
        std::fs::create_dir_all(&path).expect("there is room");
        std::fs::write(path.join("kiosk.yaml"), text).expect("there is room");
        Self(path)
    }

    fn model(&self) -> String {
        self.0.join("kiosk.yaml").display().to_string()
    }

    fn check(&self, more: &[&str]) -> Said {
        let model = self.model();
        let mut words = vec!["check", model.as_str()];
        words.extend(more);
        worstday(&words)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

fn verdicts(said: &Said) -> Vec<String> {
    let json = said.json();
    let promises = json["promises"].as_array().expect("there are promises");
    let claims = promises
        .iter()
        .flat_map(|promise| promise["survives"].as_array().expect("claims"));
    claims
        .map(|claim| claim["verdict"].as_str().expect("a word").to_owned())
        .collect()
}

/// The day that breaks a promise is kept, and lived again it breaks it again.
#[test]
fn a_broken_promise_and_the_day_that_breaks_it() {
    let folder = Folder::new("kept", KIOSK);
    let said = folder
        .check(&["--budget", "3000d", "--no-brink", "--format", "json"])
        .exits(10);
    assert_eq!(verdicts(&said), ["broken", "broken"]);
    let json = said.json();
    let claim = &json["promises"][0]["survives"][1];
    // Four times a year, and each of them breaks it: the interval holds that.
    let rate = &claim["rate"]["disturbed"];
    let (low, high) = (
        rate["low"].as_f64().unwrap(),
        rate["high"].as_f64().unwrap(),
    );
    assert!(low <= 4.0 && 3.95 <= high, "{rate}");
    let worst = &claim["worst-day"];
    let id = worst["id"].as_str().expect("it was kept");
    assert!(
        folder
            .0
            .join(".worstday")
            .join(format!("{id}.yaml"))
            .exists()
    );
    // Without the strike nothing breaks: the table says so.
    let without = &worst["weakenings"][0];
    assert_eq!(without["what"], "without away");
    assert_eq!(
        (without["broken"].as_u64(), without["needed"].as_bool()),
        (Some(0), Some(true))
    );
    worstday(&["run", &folder.model(), "--scenario", id, "--no-trial"]).exits(10);
}

/// With a budget of days the answer is the same bytes on any number of threads, and from parts.
#[test]
fn threads_and_parts_change_no_byte() {
    let folder = Folder::new("parts", KIOSK);
    let asked = ["--budget", "150d", "--no-store", "--format", "json"];
    let with = |more: &[&str]| {
        let words: Vec<&str> = asked.iter().chain(more).copied().collect();
        folder.check(&words)
    };
    let one = with(&["--threads", "1"]).exits(10).out;
    assert_eq!(one, with(&["--threads", "2"]).exits(10).out);
    let parts: Vec<String> = ["1/2", "2/2"]
        .iter()
        .map(|shard| {
            let path = folder.0.join(format!("part-{}", shard.replace('/', "-")));
            std::fs::write(&path, with(&["--shard", shard]).exits(0).out).expect("there is room");
            path.display().to_string()
        })
        .collect();
    assert_eq!(one, with(&["--merge", &parts[0], &parts[1]]).exits(10).out);
    let other = Folder::new("parts-of-another", &KIOSK.replace("15s", "16s"));
    let refused = other
        .check(&["--budget", "20d", "--merge", &parts[0]])
        .exits(64);
    assert!(refused.err.contains("another model"), "{}", refused.err);
}

/// Ctrl-C leaves what there is, and the same command goes on from there to the same bytes.
#[test]
fn a_search_that_was_stopped_goes_on() {
    let folder = Folder::new("stopped", KIOSK);
    let model = folder.model();
    let words = [
        "check",
        &model,
        "--budget",
        "600d",
        "--format",
        "json",
        "--threads",
        "1",
    ];
    let child = command(&words)
        .stdout(std::process::Stdio::piped())
        .stderr(std::process::Stdio::piped())
        .spawn()
        .expect("it starts");
    std::thread::sleep(Duration::from_millis(400));
    let stopped = std::process::Command::new("kill")
        .args(["-INT", &child.id().to_string()])
        .status();
    assert!(stopped.expect("there is a kill").success());
    let first = said(child.wait_with_output().expect("it ends"), &words);
    // Unless it was quicker than the signal.
    if first.exit == 130 {
        assert!(first.err.contains("goes on from here"), "{}", first.err);
    }
    let resumed = worstday(&words).exits(10).out;
    let fresh = Folder::new("not-stopped", KIOSK);
    let fresh_model = fresh.model();
    let whole = worstday(&[
        "check",
        &fresh_model,
        "--budget",
        "600d",
        "--format",
        "json",
    ])
    .exits(10);
    let plain = |text: &str| text.replace(&model, "").replace(&fresh_model, "");
    assert_eq!(plain(&resumed), plain(&whole.out));
}

/// What cannot be said is said: nobody is promised anything, nothing can be kept, no time, no such promise.
#[test]
fn honest_verdicts_and_clear_errors() {
    let nobody = Folder::new("nobody", &KIOSK.replace("arrive: 1/min", "arrive: 0/min"));
    let said = nobody
        .check(&["--budget", "40d", "--no-store", "--format", "json"])
        .exits(11);
    assert!(
        verdicts(&said)
            .iter()
            .all(|verdict| verdict == "can't-tell" || verdict == "cant-tell")
    );
    assert!(said.out.contains("nothing was sent"), "{}", said.out);
    let never = Folder::new("never", &KIOSK.replace("lost < 30%", "lost < 0%"));
    let said = never
        .check(&["--budget", "200d", "--no-store", "--format", "json"])
        .exits(10);
    assert!(verdicts(&said).contains(&"broken".to_owned()));
    let hurry = Folder::new("hurry", KIOSK);
    let said = hurry.check(&["--budget", "1ms", "--no-store"]).exits(11);
    assert!(said.out.contains("The budget was spent"), "{}", said.out);
    let wrong = hurry.check(&["--budget", "soon"]).exits(64);
    assert!(
        wrong.err.contains("neither a time nor a number of days"),
        "{}",
        wrong.err
    );
    let wrong = hurry.check(&["--promise", "swift"]).exits(64);
    assert!(wrong.err.contains("there is served"), "{}", wrong.err);
    let text = KIOSK.split("promises:").next().expect("a part");
    let nothing = Folder::new("nothing", text).check(&[]).exits(65);
    assert!(
        nothing.err.contains("nothing is promised"),
        "{}",
        nothing.err
    );
}

/// A rate that somebody guessed decides nothing by itself.
#[test]
fn a_guessed_rate_that_decides_is_no_verdict() {
    let text = KIOSK
        .replace("every: 3 months", "every: 3 months @guess")
        .replace(
            "survives: [away, 1 in 20 years]",
            "survives: [1 in 4 months]",
        );
    let folder = Folder::new("guess", &text);
    let said = folder
        .check(&[
            "--budget",
            "1500d",
            "--no-store",
            "--no-brink",
            "--format",
            "json",
        ])
        .exits(11);
    let json = said.json();
    let claim = &json["promises"][0]["survives"][0];
    assert!(
        claim["because"]
            .to_string()
            .contains("the rate of away is a guess"),
        "{claim}"
    );
    assert!(
        claim["because"].to_string().contains("kiosk.yaml:6"),
        "{claim}"
    );
}

/// A verdict is about the system, not about its names; and a slow part that nobody waits for changes nothing.
#[test]
fn names_and_decoys_change_no_verdict() {
    let wanted = ["broken", "broken"];
    let renamed = KIOSK
        .replace("kiosk", "zebra")
        .replace("people", "ants")
        .replace("away", "gone");
    let decoy = KIOSK
        .replace(
            "services: {",
            "services: {mill: {workers: 1, endpoints: {grind: 5s}}, ",
        )
        .replace(
            "clients: {",
            "clients: {miller: {arrive: 1/min, do: mill.grind}, ",
        );
    for (name, text) in [("renamed", renamed), ("decoy", decoy)] {
        let folder = Folder::new(name, &text);
        let said = folder
            .check(&[
                "--budget",
                "1500d",
                "--no-store",
                "--no-brink",
                "--format",
                "json",
            ])
            .exits(10);
        assert_eq!(verdicts(&said), wanted, "{name}");
    }
}

/// A screen of 80 columns, verdict first, the next command last.
#[test]
fn it_fits_a_terminal() {
    let folder = Folder::new("screen", KIOSK);
    let said = folder.check(&["--budget", "800d"]).exits(10);
    let lines: Vec<&str> = said.out.lines().collect();
    for line in lines.iter().take(lines.len() - 1) {
        assert!(line.chars().count() <= 80, "{line}");
    }
    assert!(lines.len() <= 23, "{}", said.out);
    assert!(said.out.contains("✗ broken"), "{}", said.out);
    let next = lines.last().expect("there are lines");
    assert!(
        next.starts_with("next   worstday explain") && next.contains("WD-"),
        "{next}"
    );
}

/// Over the ranges of its inputs: how long the clerk is away decides, how long a customer takes does not.
#[test]
fn what_to_measure_next() {
    let text = KIOSK
        .replace("lasts: 1h", "lasts: 20m in 5m..80m")
        .replace("buy: exponential 15s", "buy: 5s in 1s..20s")
        .replace("lost < 30% over 30m", "lost < 2% over 1d")
        .replace("survives: [away, 1 in 20 years]", "survives: [1 in 1 year]");
    let folder = Folder::new("measure", &text);
    let said = folder.check(&["--budget", "1200d", "--no-brink", "--format", "json"]);
    let json = said.json();
    let measure = &json["promises"][0]["survives"][0]["measure"];
    let inputs = measure["inputs"].as_array().expect("inputs");
    assert_eq!(inputs.len(), 2, "{measure}");
    let first = &inputs[0];
    assert!(
        first["path"].as_str().unwrap().contains("away"),
        "{measure}"
    );
    assert_eq!(
        (&first["low"], &first["high"]),
        (&"5m".into(), &"80m".into())
    );
    assert!(0.1 < first["gain"].as_f64().unwrap() && inputs[1]["gain"].as_f64().unwrap() < 0.1);
    let text = folder.check(&["--budget", "1200d", "--no-brink", "--verbose"]);
    assert!(text.out.contains("measure next"), "{}", text.out);
}
