//! Days that are kept beside a model, and lived again by their names.

use std::fs;
use std::path::PathBuf;
use std::sync::Arc;

use jiff::civil::{date, time};
use worstday_model::day::{DayRequest, Happening, Happens, Random, Scenario, What, plan};
use worstday_model::load::{DayFile, Files, LoadOptions, Model};
use worstday_model::system::{EventId, FaultId, Target, ZoneId};
use worstday_sim::{History, NoEdits};

use crate::tool::{command, said};

const SHOP: &str = "worstday: 1
system: shop
zones: [a, b]
clients: {users: {arrive: 20/s, do: web.page, patience: 5s}}
services:
  web: {replicas: 2, spread: zones, workers: 2, endpoints: {page: [{call: back.load, timeout: 800ms, retry: 2 attempts}]}}
  back: {replicas: 2, spread: zones, workers: 4, endpoints: {load: 60ms}}
faults:
  drag: {slow: back, by: uniform 2x to 4x, every: 1 year, lasts: 5m}
  gone: {vanish: back/any, every: 1 year, lasts: 5m}
  zone: {crash: any one zone, every: 1 year, lasts: 5m}
events: {sale: {when: 2026-11-27 10:00 to 12:00, demand: {users: 1.5x}}}
promises: {paging: {for: users, must: [lost < 1%]}}
";

struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let name = format!("worstday-days-{name}-{}", std::process::id());
        let folder = std::env::temp_dir().join(name);
        let _ = fs::remove_dir_all(&folder);
        fs::create_dir_all(folder.join(".worstday")).expect("a folder");
        fs::write(folder.join("shop.yaml"), SHOP).expect("a file");
        Self(folder)
    }

    fn day(&self, id: &str, text: &str) {
        fs::write(self.0.join(format!(".worstday/{id}.yaml")), text).expect("a file");
    }

    fn run(&self, words: &[&str]) -> crate::tool::Said {
        let words = [&["run", "shop.yaml"], words].concat();
        let output = command(&words)
            .current_dir(&self.0)
            .output()
            .expect("the tool runs");
        said(output, &words)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

struct One;

impl Files for One {
    fn read(&self, _: &str) -> Result<Vec<u8>, String> {
        Ok(SHOP.as_bytes().to_vec())
    }

    fn list(&self, _: &str) -> Result<Vec<String>, String> {
        Ok(Vec::new())
    }
}

/// A day that was never a file, lived; written, read and lived again by the tool: the same history, byte for byte.
#[test]
fn a_written_day_is_lived_again() {
    let model = Model::load("shop.yaml", &LoadOptions::default(), &One).expect("a model");
    let (system, _) = model.system(&One).expect("a system");
    let line = |at, what| Happening {
        at,
        what,
        target: None,
        by: None,
        lasts_ns: None,
        because: None,
    };
    let day = Scenario {
        name: "WD-ab12".to_owned(),
        day: date(2026, 11, 27),
        from: Some(time(9, 55, 0, 0)),
        until: Some(time(10, 15, 0, 0)),
        demand: Vec::new(),
        happens: vec![
            Happening {
                by: Some(2.712_345_678_901_234),
                lasts_ns: Some(93_123_456_789),
                ..line(time(9, 58, 13, 123_456_789), Happens::Fault(FaultId(0)))
            },
            Happening {
                lasts_ns: Some(240_000_000_000),
                ..line(time(10, 1, 0, 1), Happens::Event(EventId(0)))
            },
            // As long as it draws, wherever it strikes.
            line(time(10, 2, 0, 0), Happens::Fault(FaultId(1))),
            Happening {
                target: Some(Target::Zone(ZoneId(1))),
                lasts_ns: Some(61_000_000_007),
                ..line(time(10, 5, 30, 0), Happens::Fault(FaultId(2)))
            },
        ],
    };
    let (seed, hash) = (0x7f3a, model.hash());
    let file = DayFile {
        system: &system,
        day: &day,
        base: "../shop.yaml",
        model: Some(&hash),
        seed,
        comment: "",
        breaks: &["paging"],
        found: None,
        declared: None,
        spelled_out: None,
    };
    let text = file.text().expect("a text");
    let request = DayRequest {
        as_of: date(2026, 1, 1),
        what: What::Scenario(day.clone()),
        length_ns: None,
        random: Random::No,
    };
    let planned = plan(&system, &request).expect("a day");
    let (system, planned) = (Arc::new(system.clone()), Arc::new(planned));
    let mut history = History::new(system, planned, Arc::new(NoEdits), seed).expect("a history");
    history.advance(u64::MAX);
    let digest = history.finish(&hash).expect("it adds up").digest;
    let folder = Folder::new("again");
    folder.day("WD-ab12", &text);
    let lived = folder.run(&["--scenario", "WD-ab12", "--format", "json", "--no-trial"]);
    assert!(matches!(lived.exit, 0 | 10 | 11), "{}", lived.err);
    let report = lived.json();
    assert_eq!(
        report["histories"][0]["digest"].as_str(),
        Some(&*digest),
        "{text}"
    );
    assert_eq!(report["histories"][0]["seed"], 0x7f3a);
    // By the beginning of its name, and by its path, it is the same day.
    for other in ["WD-ab", ".worstday/WD-ab12.yaml"] {
        let again = folder
            .run(&["--scenario", other, "--format", "json", "--no-trial"])
            .json();
        assert_eq!(again["histories"], report["histories"], "{other}");
    }
}

/// A name that nobody has, one that two have, and a folder without days.
#[test]
fn days_that_are_not_there_are_said() {
    let folder = Folder::new("names");
    let none = folder.run(&["--scenario", "WD-7f3a"]).exits(64);
    assert!(
        none.err.contains("no WD-7f3a is in") && none.err.contains("no day is kept there yet"),
        "{}",
        none.err
    );
    folder.day("WD-ab12", "");
    folder.day("WD-ab99", "");
    let unknown = folder.run(&["--scenario", "WD-7f3a"]).exits(64);
    assert!(
        unknown.err.contains("there is WD-ab12, WD-ab99"),
        "{}",
        unknown.err
    );
    let two = folder.run(&["--scenario", "WD-ab"]).exits(64);
    assert!(
        two.err.contains("WD-ab may be WD-ab12 or WD-ab99"),
        "{}",
        two.err
    );
}
