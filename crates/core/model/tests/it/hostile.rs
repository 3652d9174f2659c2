//! Files from strangers: whatever the bytes are, reading ends, soon, and with a place.

use proptest::prelude::*;
use worstday_model::load::{LoadOptions, Model, read_any};

use crate::edits::Memory;

const SEEDS: [&str; 4] = [
    include_str!("../whole/everything.yaml"),
    include_str!("../whole/overlay.yaml"),
    include_str!("../language/01-supermarket.yaml"),
    include_str!("../language/07-storm.yaml"),
];

/// Pieces that have a meaning to a reader of YAML or of numbers.
const PIECES: [&str; 24] = [
    "{",
    "}",
    "[",
    "]",
    ":",
    ": ",
    "- ",
    "\n",
    "\n  ",
    "\t",
    "#",
    "&a ",
    "*a",
    "!!str ",
    "|\n",
    "\"",
    "'",
    "@",
    "1e308",
    "NaN",
    "-1",
    "99999999999999999999999999999999",
    "\u{0}",
    "é",
];

fn mutated() -> impl Strategy<Value = Vec<u8>> {
    let change = (
        any::<prop::sample::Index>(),
        0..PIECES.len(),
        0..4_usize,
        any::<u8>(),
    );
    (0..SEEDS.len(), prop::collection::vec(change, 1..8)).prop_map(|(seed, changes)| {
        let mut bytes = SEEDS[seed].as_bytes().to_vec();
        for (at, piece, how, byte) in changes {
            let at = at.index(bytes.len());
            match how {
                0 => drop(bytes.splice(at..at, PIECES[piece].bytes())),
                1 => bytes[at] = byte,
                2 => drop(bytes.drain(at..(at + usize::from(byte) % 40).min(bytes.len()))),
                _ => {
                    let from = usize::from(byte) * 7 % bytes.len();
                    let copy: Vec<u8> = bytes[from..(from + 60).min(bytes.len())].to_vec();
                    drop(bytes.splice(at..at, copy));
                }
            }
            if bytes.is_empty() {
                bytes.push(b'a');
            }
        }
        bytes
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 120, failure_persistence: None, ..ProptestConfig::default() })]

    /// Mutated files are read or refused with a reason; nothing else.
    #[test]
    fn mutated_files_are_read_or_refused(bytes in mutated()) {
        match read_any(&bytes) {
            Ok(model) => {
                prop_assert!(model.text().starts_with("worstday: 1\n"));
            }
            Err(error) => {
                prop_assert!(error.found.has_errors());
                prop_assert!(error.to_string().contains("--> input:"), "{}", error);
            }
        }
    }

    /// Edits are the second door for bytes from outside.
    #[test]
    fn mutated_edits_are_applied_or_refused(path in "[a-z.#/>-]{1,30}", value in "[ -~]{1,20}") {
        let files = Memory::of(&[("a.yaml", SEEDS[0]), ("log.csv", "")]);
        for path in [path.clone(), format!("services.shop.{path}"), format!("shop.{path}")] {
            let options = LoadOptions { set: vec![format!("{path}={value}")], ..LoadOptions::default() };
            if let Err(error) = Model::load("a.yaml", &options, &files) {
                prop_assert!(error.found.has_errors());
                drop(error.to_string());
            }
        }
    }
}

/// Files that are large in one way each: the reading is linear, so all of them take seconds even
/// without optimisation.
#[test]
fn large_files_end_soon() {
    let head = "worstday: 1\nsystem: a\n";
    let start = std::time::Instant::now();
    for (what, text) in [
        (
            "a long scalar",
            format!("{head}timezone: {}\n", "a".repeat(7 << 20)),
        ),
        (
            "many unknown keys",
            format!(
                "{head}{}",
                (0..100_000).fold(String::new(), |s, n| s + &format!("k{n}: 1\n"))
            ),
        ),
        (
            "many keys in a step",
            format!(
                "{head}services: {{s: {{endpoints: {{e: [{{call: a.b, {}}}]}}}}}}\n",
                (0..100_000).fold(String::new(), |s, n| s + &format!("k{n}: 1, "))
            ),
        ),
        (
            "many services",
            format!(
                "{head}services:\n{}",
                (0..20_000).fold(String::new(), |s, n| s + &format!(
                    "  s{n}: {{workers: 1, endpoints: {{e: 1ms}}}}\n"
                ))
            ),
        ),
        (
            "deep maps",
            format!("{head}x-a: {}\n", "{a: ".repeat(100_000)),
        ),
        (
            "deep lists",
            format!("{head}services: {}\n", "[".repeat(100_000)),
        ),
        (
            "many mistakes",
            format!("{head}priorities: [{}]\n", "A, ".repeat(200_000)),
        ),
        (
            "one line",
            format!("{head}x-a: [{}]\n", "a, ".repeat(2_000_000)),
        ),
        ("many tabs", "\t".repeat(1 << 20)),
        ("many colons", ":".repeat(1 << 20)),
        ("many dashes", "- ".repeat(1 << 20)),
        ("many questions", "? ".repeat(1 << 20)),
        ("many quotes", "\"".repeat(1 << 20)),
    ] {
        let before = start.elapsed();
        drop(read_any(text.as_bytes()).map_err(|error| error.to_string().len()));
        let took = start.elapsed() - before;
        assert!(took.as_secs() < 60, "{what} took {took:?}");
        println!("{what}: {took:?}");
    }
}

/// Every address of an edit is looked up in the whole file, so their number is bounded.
#[test]
fn huge_edits_are_refused() {
    let many = (0..3_000).fold(String::new(), |s, n| {
        s + &format!("services.s{n}.workers: 2, ")
    });
    let text = format!("worstday: 1\noverlay: o\nbase: a.yaml\nedit: {{{many}}}\n");
    let files = Memory::of(&[("a.yaml", "worstday: 1\nsystem: a\n"), ("o.yaml", &text)]);
    let error = Model::load("o.yaml", &LoadOptions::default(), &files).expect_err("it is too long");
    assert!(
        error.to_string().contains("an edit of 3000 addresses"),
        "{error}"
    );
}
