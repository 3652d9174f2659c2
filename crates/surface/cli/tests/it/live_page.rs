//! The flight simulator as somebody meets it who opens its address in a browser.

use std::process::Command;

use crate::page::browser;

/// From `worstday demo --live` to the replay of what was saved: the server of the tills is killed, an alert fires before the
/// first customer leaves, offline mode serves people whom the same morning without it does not, two browsers watch.
#[test]
fn a_flight_from_the_first_fault_to_the_replay() {
    let Some((packages, chromium)) = browser() else {
        return;
    };
    let folder = std::env::temp_dir().join(format!("worstday-flight-{}", std::process::id()));
    std::fs::create_dir_all(&folder).expect("a folder to write to");
    let output = Command::new("node")
        .arg(concat!(
            env!("CARGO_MANIFEST_DIR"),
            "/../page/tests/flight.mjs"
        ))
        .args([&packages, &chromium])
        .arg(env!("CARGO_BIN_EXE_worstday"))
        .arg(&folder)
        .output()
        .expect("Node.js runs");
    assert!(
        output.status.success(),
        "it flew in {}\n{}",
        folder.display(),
        String::from_utf8_lossy(&output.stderr)
    );
    let _ = std::fs::remove_dir_all(&folder);
}

/// Keys, words, focus, colours and widths, a refusal and a lost connection: the page by itself, against a stand-in that says
/// what a simulator says.
#[test]
fn the_simulators_page_holds_in_a_browser() {
    let Some((packages, chromium)) = browser() else {
        return;
    };
    let output = Command::new("node")
        .arg(concat!(
            env!("CARGO_MANIFEST_DIR"),
            "/../page/tests/live.mjs"
        ))
        .args([&packages, &chromium])
        .output()
        .expect("Node.js runs");
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
}
