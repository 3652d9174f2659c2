//! The flight simulator as somebody meets it who opens its address in a browser.

use std::process::Command;

use crate::page::browser;

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
