//! `run --html` as a reader meets it: pages of small and large systems, of an hour and of a week, opened in a browser.
//!
//! `cargo xtask test` brings what that needs (Node.js packages into its cache folder, Chromium from the system's packages)
//! and says so. A plain `cargo test` uses them if they are there; where `WORSTDAY_BROWSER=required` they must be.

use std::path::{Path, PathBuf};
use std::process::Command;

/// Where the chore keeps Node.js packages, as it does itself.
fn packages() -> Option<PathBuf> {
    let set = |name| std::env::var_os(name).filter(|value| !value.is_empty());
    let cache = set("XDG_CACHE_HOME")
        .map(PathBuf::from)
        .or_else(|| Some(PathBuf::from(set("HOME")?).join(".cache")))?;
    let folder = cache.join("worstday/page/node_modules");
    folder.join("playwright-core").is_dir().then_some(folder)
}

fn chromium() -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    let names = ["chromium", "chromium-browser", "google-chrome"];
    std::env::split_paths(&path)
        .flat_map(|folder| names.map(|name| folder.join(name)))
        .find(|program| program.is_file())
}

/// Packages and browser, or nothing, said aloud. Required ones must be there.
pub(crate) fn browser() -> Option<(PathBuf, PathBuf)> {
    let found = packages().zip(chromium());
    if found.is_none() {
        let missing = "no browser tests: `cargo xtask test` installs what they need (Node.js packages and Chromium)";
        assert!(
            std::env::var_os("WORSTDAY_BROWSER").is_none_or(|value| value != "required"),
            "{missing}"
        );
        println!("{missing}");
    }
    found
}

/// A run's page and its JSON, as `NAME.html` and `NAME.json` in `folder`.
fn write(folder: &Path, name: &str, arguments: &[&str]) {
    let output = Command::new(env!("CARGO_BIN_EXE_worstday"))
        .arg("run")
        .args(arguments)
        .args(["--format", "json", "--html"])
        .arg(folder.join(format!("{name}.html")))
        .current_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/../../.."))
        .output()
        .expect("the tool runs");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(
        matches!(output.status.code(), Some(0 | 10 | 11)),
        "{name}: {}\n{said}",
        output.status
    );
    assert!(said.contains("page: "), "{said}");
    std::fs::write(folder.join(format!("{name}.json")), output.stdout)
        .expect("a folder to write to");
}

/// Fifty services in five rows, each asking two of the next row.
fn fifty() -> String {
    let mut text =
        "worstday: 1\nsystem: fifty\nclients:\n  users: {arrive: 20/s, do: s0-0.get}\nservices:\n"
            .to_owned();
    for row in 0..5 {
        for at in 0..10 {
            text.push_str(&format!(
                "  s{row}-{at}:\n    replicas: 2\n    workers: 8\n    queue: 40\n    endpoints:\n      get:\n        - work: 2ms cv 1\n"
            ));
            if row < 4 {
                for next in [at, (at + 3) % 10] {
                    text.push_str(&format!(
                        "        - {{call: s{}-{next}.get, timeout: 300ms, retry: 2 attempts}}\n",
                        row + 1
                    ));
                }
            }
        }
    }
    text
}

const WEEK: &str = "worstday: 1
system: week
timezone: Europe/Zurich
clients:
  users: {arrive: {base: 2/min, peaks: [20/min at 12:00 width 3h]}, do: shop.buy, value: 20 CHF}
services:
  shop: {replicas: 1, workers: 2, queue: 5, endpoints: {buy: 6s cv 1}}
";

/// Charts show the JSON's numbers, the slider moves the drawing, nothing is fetched and nothing fails, axe finds nothing
/// serious in light or dark, it fits a telephone, prints, and stays below 2 MB.
#[test]
fn pages_hold_in_a_browser() {
    let Some((packages, chromium)) = browser() else {
        return;
    };
    let folder = std::env::temp_dir().join(format!("worstday-page-{}", std::process::id()));
    std::fs::create_dir_all(&folder).expect("a folder to write to");
    let file = |name: &str, text: &str| {
        let path = folder.join(name);
        std::fs::write(&path, text).expect("a folder to write to");
        path.display().to_string()
    };
    let storm = ["systems/retry-storm.yaml", "--for", "45m"];
    write(&folder, "storm-1", &[&storm[..], &["--seed", "1"]].concat());
    write(&folder, "storm-2", &[&storm[..], &["--seed", "2"]].concat());
    let variant = [
        "systems/two-tier.variants.yaml",
        "--variant",
        "budget",
        "--for",
        "20m",
    ];
    write(&folder, "variant", &variant);
    write(
        &folder,
        "quiet",
        &["systems/shop.yaml", "--for", "20m", "--seeds", "3"],
    );
    let fifty = file("fifty.yaml", &fifty());
    write(&folder, "fifty", &[&fifty, "--for", "10m"]);
    let week = file("week.yaml", WEEK);
    write(
        &folder,
        "week",
        &[&week, "--day", "2026-11-23", "--for", "168h"],
    );
    let silent = [
        "systems/supermarket.yaml",
        "--scenario",
        "systems/supermarket.silent.yaml",
    ];
    write(&folder, "supermarket", &silent);
    let overlay = ["--overlay", "systems/supermarket.variants.yaml"];
    let together = [&silent[..], &overlay, &["--variant", "together"]].concat();
    write(&folder, "together", &together);
    let output = Command::new("node")
        .arg(concat!(
            env!("CARGO_MANIFEST_DIR"),
            "/../page/tests/browser.mjs"
        ))
        .args([&packages, &chromium, &folder])
        .output()
        .expect("Node.js runs");
    println!("{}", String::from_utf8_lossy(&output.stdout));
    assert!(
        output.status.success(),
        "the pages are in {}\n{}",
        folder.display(),
        String::from_utf8_lossy(&output.stderr)
    );
    let _ = std::fs::remove_dir_all(&folder);
}

/// What is compiled in is what the sources give: a change of `web/` without `cargo xtask page` fails here.
#[test]
fn the_bundle_is_what_the_sources_give() {
    let Some((packages, _)) = browser() else {
        return;
    };
    let output = Command::new("node")
        .arg(concat!(env!("CARGO_MANIFEST_DIR"), "/../page/build.mjs"))
        .arg("--check")
        .env("NODE_PATH", packages)
        .output()
        .expect("Node.js runs");
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
}
