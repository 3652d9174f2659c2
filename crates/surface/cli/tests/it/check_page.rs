//! `check --html` as a reader meets it: pages of promises that are broken, kept and open, opened in a browser; and the same
//! bytes on any number of threads.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::check::KIOSK;
use crate::page::browser;
use crate::tool::{Said, worstday};

/// A folder for one test; gone when it is dropped.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let name = format!("worstday-check-page-{}-{name}", std::process::id());
        let path = std::env::temp_dir().join(name);
        std::fs::create_dir_all(&path).expect("there is room");
        Self(path)
    }

    fn write(&self, name: &str, text: &str) -> String {
        let path = self.0.join(name);
        std::fs::write(&path, text).expect("there is room");
        path.display().to_string()
    }

    fn read(&self, name: &str) -> String {
        std::fs::read_to_string(self.0.join(name)).expect("it was written")
    }

    /// Checks a model; the page is `NAME.html`, its JSON `NAME.json`.
    fn check(&self, name: &str, model: &str, more: &[&str]) -> Said {
        let page = self.0.join(format!("{name}.html")).display().to_string();
        let mut words = vec!["check", model, "--format", "json", "--html", &page];
        words.extend(more);
        let said = worstday(&words);
        assert!(said.err.contains("page: "), "{}", said.err);
        self.write(&format!("{name}.json"), &said.out);
        said
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// The island of a page.
fn island(html: &str) -> serde_json::Value {
    let (_, rest) = html
        .split_once("id=\"island\">")
        .expect("a page has an island");
    let (json, _) = rest.split_once("</script>").expect("it ends");
    serde_json::from_str(json).expect("it is JSON")
}

/// The page tells the history that `run --scenario` tells, has the figures of the JSON, and is the same bytes on any number of
/// threads.
#[test]
fn a_page_has_the_figures_and_the_history() {
    let folder = Folder::new("figures");
    let model = folder.write("kiosk.yaml", KIOSK);
    let budget = ["--budget", "400d"];
    let with = |threads: &str| {
        let more = [&budget[..], &["--threads", threads]].concat();
        let said = folder.check("kiosk", &model, &more).exits(10);
        (said, folder.read("kiosk.html"))
    };
    let (said, html) = with("1");
    let (again, same) = with("2");
    assert_eq!(said.out, again.out);
    assert!(html == same, "another page on two threads");
    let (json, island) = (said.json(), island(&html));
    let claims = json["promises"][0]["survives"].as_array().expect("claims");
    for (claim, shown) in claims
        .iter()
        .zip(island["claims"].as_array().expect("claims"))
    {
        assert_eq!(claim["verdict"], shown["verdict"]);
        if claim.get("rate").is_some() {
            assert_eq!(claim["rate"]["all"]["low"], shown["rate"]["all"][0]);
            assert_eq!(claim["rate"]["all"]["high"], shown["rate"]["all"][1]);
        }
    }
    let worst = &claims[0]["worst-day"];
    let id = worst["id"].as_str().expect("it was kept");
    assert_eq!(island["lived"]["id"], id);
    let run = worstday(&[
        "run",
        &model,
        "--scenario",
        id,
        "--no-trial",
        "--format",
        "json",
    ])
    .exits(10);
    assert_eq!(
        run.json()["histories"][0]["digest"],
        island["lived"]["run"]["digest"]
    );
    // A clerk who is away for an hour breaks it at any load; for a quarter of an hour, half of the window, at none up to today's.
    let map = &json["map"];
    assert_eq!(
        (&map["fault"], &map["axis"]),
        (&"away".into(), &"length".into())
    );
    let region = |load: f64, size: Option<f64>| {
        let cells = map["cells"].as_array().expect("cells");
        let cell = cells
            .iter()
            .find(|cell| {
                cell["load"].as_f64() == Some(load)
                    && cell.get("size").and_then(serde_json::Value::as_f64) == size
            })
            .unwrap_or_else(|| panic!("no cell {load} {size:?} in {map}"));
        cell["region"].as_str().expect("a word").to_owned()
    };
    // Made smaller it says how long it lasts; else it lasts as long as the file says.
    let line = worst["happens"][0].as_str().expect("a line");
    let lasts: f64 = line.split_once(" for ").map_or(3_600.0, |(_, rest)| {
        let seconds = rest.trim_end_matches(" s");
        seconds.parse().unwrap_or_else(|_| panic!("{line}"))
    });
    assert_eq!(region(1.0, None), "stable");
    assert_eq!(region(1.0, Some((lasts / 4.0).round())), "stable");
    assert_eq!(region(1.0, Some(lasts * 2.0)), "vulnerable");
}

/// Without a store there is no command to live the day again, and the page still plays it.
#[test]
fn a_day_that_is_not_kept_is_drawn_too() {
    let folder = Folder::new("unkept");
    let model = folder.write("kiosk.yaml", KIOSK);
    folder
        .check(
            "kiosk",
            &model,
            &["--budget", "150d", "--no-store", "--no-brink"],
        )
        .exits(10);
    let island = island(&folder.read("kiosk.html"));
    let lived = &island["lived"];
    assert_eq!(
        (lived["id"].as_str(), lived["command"].as_str()),
        (None, Some(""))
    );
    let promises = lived["run"]["promises"].as_array().expect("promises");
    assert_eq!(promises[0]["verdict"], "broken");
}

/// Half a promise: nothing strikes, nothing breaks, so there is no day and no map, and the page says so by leaving them out.
const QUIET: &str = "\
worstday: 1
system: quiet
clients: {people: {arrive: 1/min, do: [{call: kiosk.buy, timeout: 5m}]}}
services: {kiosk: {workers: 1, endpoints: {buy: exponential 15s}}}
promises:
  served: {for: people, must: [p95 < 5m over 1h], survives: [a normal day]}
";

/// Verdicts are the JSON's, the day plays, the map is walked, it prints on one sheet, nothing is fetched and nothing fails, axe
/// finds nothing serious in light or dark, and it fits a small telephone.
#[test]
fn pages_of_verdicts_hold_in_a_browser() {
    let Some((packages, chromium)) = browser() else {
        return;
    };
    let folder = Folder::new("browser");
    let kiosk = folder.write("kiosk.yaml", KIOSK);
    folder
        .check("kiosk", &kiosk, &["--budget", "400d"])
        .exits(10);
    let quiet = folder.write("quiet.yaml", QUIET);
    folder.check("quiet", &quiet, &["--budget", "300d"]);
    let root = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../../.."));
    let storm = std::fs::read_to_string(root.join("systems/retry-storm.yaml")).expect("a system");
    let storm = folder.write("storm.yaml", &storm);
    folder.check("storm", &storm, &["--budget", "60d", "--no-store"]);
    let output = Command::new("node")
        .arg(concat!(
            env!("CARGO_MANIFEST_DIR"),
            "/../page/tests/verdicts.mjs"
        ))
        .args([&packages, &chromium, &folder.0])
        .args(["kiosk", "quiet", "storm"])
        .output()
        .expect("Node.js runs");
    println!("{}", String::from_utf8_lossy(&output.stdout));
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
}
