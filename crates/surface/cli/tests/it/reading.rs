//! What is said so that the numbers are not misread: cautions, and what the suggested step does.

use crate::tool::{Scratch, desk, worstday};

/// Closed users send less when a system is slow: whoever reads their numbers is told.
#[test]
fn closed_users_are_cautioned_of() {
    let said = worstday(&["run", "systems/theory/12-closed-two.yaml", "--for", "10m"]).exits(0);
    assert!(
        said.out.contains("closed users hide overload"),
        "{}",
        said.out
    );
    let open = worstday(&["run", "systems/theory/01-mm1.yaml", "--for", "10m"]).exits(0);
    assert!(!open.out.contains("caution"), "{}", open.out);
}

/// An access log whose requests all fall into one minute of each hour was sampled: the screen says so.
#[test]
fn a_sampled_log_is_cautioned_of() {
    let line = |hour: u32, minute: u32, second: u32| {
        format!(
            "10.0.0.1 - - [17/May/2015:{hour:02}:{minute:02}:{second:02} +0000] \"GET / HTTP/1.1\" 200 512\n"
        )
    };
    let log = |minute: &dyn Fn(u32) -> u32| -> String {
        let all = (0..24).flat_map(|hour| (0..60).map(move |second| (hour, second)));
        all.map(|(hour, second)| line(hour, minute(second), second))
            .collect()
    };
    for (name, text, cautioned) in [
        ("sampled.log", log(&|_| 5), true),
        ("whole.log", log(&|second| second), false),
    ] {
        let log = Scratch::new(name, &text);
        let recorded = format!("{{file: {}, format: combined}}", log.path());
        let model = Scratch::new(&format!("{name}.yaml"), &desk(&recorded, ""));
        let said = worstday(&["run", model.path(), "--day", "2015-05-17"]).exits(0);
        let told = said.out.contains("caution") && said.out.contains("minute 5");
        assert_eq!(told, cautioned, "{name}:\n{}", said.out);
    }
}

/// The step is simulated on the same seeds, and what is printed of it is what the next command finds.
#[test]
fn the_step_is_tried() {
    let words = ["run", "systems/retry-storm.yaml", "--for", "40m"];
    let screen = worstday(&words).exits(10);
    assert!(screen.out.contains("(lost "), "{}", screen.out);
    let before = worstday(&[&words[..], &["--format", "json"]].concat()).json();
    let tried = &before["step"]["tried"];
    let set = before["step"]["set"].as_str().expect("a change");
    let after = worstday(&[&words[..], &["--format", "json", "--set", set]].concat()).json();
    assert_eq!(tried["lost-before"], before["clients"][0]["lost"]);
    assert_eq!(tried["lost-after"], after["clients"][0]["lost"]);
    assert_eq!(tried["verdict-after"], after["verdict"]);
    assert_ne!(
        tried["lost-after"], tried["lost-before"],
        "it does something"
    );
}

/// Two edits that are right alone and contradict each other where they meet: the description is at fault, with a place.
#[test]
fn edits_that_clash_while_running_are_65() {
    let text = "worstday: 1
system: clash
clients: {c: {arrive: 5/s, do: [{call: s.e, timeout: 1s}]}}
services: {s: {replicas: 2, workers: 2, endpoints: {e: 100ms}}}
events:
  tries: {when: 2026-11-23 00:01 for 2m, edit: {c -> s.e: {retry: 2 attempts}}}
  copies: {when: 2026-11-23 00:02 for 2m, edit: {c -> s.e: {hedge: {after: 20ms}}}}
";
    let file = Scratch::new("clash.yaml", text);
    let words = ["run", file.path(), "--day", "2026-11-23", "--for", "5m"];
    let said = worstday(&words).exits(65);
    let place = format!("{}:7:", file.path());
    assert!(said.err.contains(&place), "no place in:\n{}", said.err);
    // Apart from each other they are right.
    let apart = Scratch::new("apart.yaml", &text.replace("00:02 for 2m", "00:04 for 30s"));
    worstday(&["run", apart.path(), "--day", "2026-11-23", "--for", "5m"]).exits(0);
}
