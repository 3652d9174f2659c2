//! Words that have no place in `crates/core`: they would let the machine into a history.
//!
//! Clippy forbids the standard transcendental functions there (`crates/core/clippy.toml`); this
//! finds what it has no lint for. Tests, which come last in a file, may do as they like.

use std::path::{Path, PathBuf};

use anyhow::Result;

use crate::shell;

const FORBIDDEN: [(&str, &str); 12] = [
    ("std::thread", "threads live in one place, outside"),
    ("std::time::Instant", "time is an argument"),
    ("Instant::now", "time is an argument"),
    ("SystemTime", "time is an argument"),
    ("std::net", "sockets live in reality and surface"),
    (
        "std::fs",
        "files live in reality and surface; bytes come in as arguments",
    ),
    ("std::env", "the surroundings are an argument"),
    ("std::process", "only the surface ends a process"),
    ("async fn", "nothing in core waits"),
    (".await", "nothing in core waits"),
    (
        "HashMap",
        "its order is random: BTreeMap, IndexMap or a sorted Vec",
    ),
    ("HashSet", "its order is random: BTreeSet or a sorted Vec"),
];

/// Every line of a core crate's sources that uses a forbidden word.
///
/// # Errors
///
/// If a file cannot be read.
pub fn check(files: &[PathBuf]) -> Result<Vec<String>> {
    let mut findings = Vec::new();
    for file in files {
        let parts: Vec<_> = file.iter().filter_map(|part| part.to_str()).collect();
        let source = matches!(parts.as_slice(), ["crates", "core", _, "src", .., last]
            if Path::new(last).extension().is_some_and(|end| end == "rs") && *last != "tests.rs");
        if source {
            let text = std::fs::read_to_string(shell::root().join(file))?;
            findings.extend(forbidden(file, &text));
        }
    }
    Ok(findings)
}

fn forbidden(file: &Path, text: &str) -> Vec<String> {
    let mut findings = Vec::new();
    for (number, line) in (1..).zip(
        text.lines()
            .take_while(|line| line.trim() != "#[cfg(test)]"),
    ) {
        let code = line.split("//").next().unwrap_or_default();
        for (word, why) in FORBIDDEN {
            if contains_word(code, word) {
                findings.push(format!(
                    "{}:{number}: `{word}` in core: {why}",
                    file.display()
                ));
            }
        }
    }
    findings
}

/// Whether `word` stands in `code` and does not go on as a longer name.
fn contains_word(code: &str, word: &str) -> bool {
    code.match_indices(word).any(|(at, _)| {
        let next = code[at + word.len()..].chars().next();
        next.is_none_or(|next| !next.is_alphanumeric() && next != '_')
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The search must see code and must not see comments or tests.
    #[test]
    fn finds_forbidden_words_in_code_only() {
        let text = "//! std::thread is for others\nuse std::thread;\nlet a = b.awaited;\n#[cfg(test)]\nuse std::fs;\n";
        assert_eq!(
            forbidden(Path::new("a.rs"), text),
            ["a.rs:2: `std::thread` in core: threads live in one place, outside"]
        );
    }
}
