//! What a machine or a hurry leaves behind: its paths in tracked files, and files that grew long.

use std::path::{Path, PathBuf};

use anyhow::Result;

use crate::shell;

/// Folders under the root whose paths exist on one machine only; without the slash before them, or this
/// file would hold what it looks for.
const MACHINE_FOLDERS: [&str; 6] = ["work/", "root/", "home/", "Users/", "farm/", "tmp/bash"];

/// Above this many lines a file is looked at; nothing forbids it.
const LONG_LINES: usize = 700;

/// Every line that names a path of somebody's machine.
///
/// # Errors
///
/// If a file cannot be read.
pub fn check(files: &[PathBuf]) -> Result<Vec<String>> {
    let mut findings = Vec::new();
    for file in files {
        // Lock files and corpora are not written by people.
        if file.extension().is_some_and(|end| end == "lock") || file.starts_with("fuzz/corpus") {
            continue;
        }
        let bytes = std::fs::read(shell::root().join(file))?;
        findings.extend(machine_paths(file, &String::from_utf8_lossy(&bytes)));
    }
    Ok(findings)
}

fn machine_paths(file: &Path, text: &str) -> Vec<String> {
    let mut findings = Vec::new();
    for (number, line) in (1..).zip(text.lines()) {
        for folder in MACHINE_FOLDERS {
            let path = &format!("/{folder}");
            // A crate's or an address's folder of that name is no machine's: something stands before the slash.
            let begins = |(at, _): (usize, _)| {
                line[..at]
                    .chars()
                    .next_back()
                    .is_none_or(|before| !(before.is_alphanumeric() || "._-}*~".contains(before)))
            };
            if line.match_indices(path).any(begins) {
                findings.push(format!(
                    "{}:{number}: a machine's path `{path}`",
                    file.display()
                ));
            }
        }
    }
    findings
}

/// Source files above 700 lines, longest first, as lines to print.
///
/// # Errors
///
/// If a file cannot be read.
pub fn long_files(files: &[PathBuf]) -> Result<Vec<String>> {
    let mut long = Vec::new();
    for file in files
        .iter()
        .filter(|file| file.extension().is_some_and(|end| end == "rs"))
    {
        let lines = std::fs::read_to_string(shell::root().join(file))?
            .lines()
            .count();
        if LONG_LINES < lines {
            long.push((lines, file));
        }
    }
    long.sort_by(|a, b| b.cmp(a));
    Ok(long
        .into_iter()
        .map(|(lines, file)| format!("{} ({lines} lines)", file.display()))
        .collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Paths of a machine are found, addresses and relative paths are not.
    #[test]
    fn tells_a_machine_from_an_address() {
        let [work, root, home, ..] = MACHINE_FOLDERS;
        let text =
            format!("see /{home}me/x\nhttps://example.org/{home} and crates/{work} and ./{root}\n");
        assert_eq!(
            machine_paths(Path::new("a.md"), &text),
            [format!("a.md:1: a machine's path `/{home}`")]
        );
    }
}
