//! The pages as the book is made of them.
//!
//! `docs/` as it is, but for two things. A link to a file that is no page (a described system, a source
//! file, a folder of them) leads to a page that shows it, below `files/`; those pages stand in the contents
//! after the others, by folder. And a `README.md` is called `index.md`, for it becomes `index.html`, and
//! mdBook renames the page but not the links to it.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};

use super::PAGES;
use crate::shell;
use crate::tidy::markdown;

/// What is copied as it is: browsers show it, programs fetch it.
const COPIED: [&str; 4] = ["png", "svg", "json", "css"];
/// Where the pages that show files are, below the pages.
const SHOWN: &str = "files";

/// Lays the book's source out in `folder`, which is made anew. Returns how many files have pages.
///
/// # Errors
///
/// If a file cannot be read or written, or a page points to something that cannot be shown.
pub fn lay_out(files: &[PathBuf], contents: &str, folder: &Path) -> Result<usize> {
    if folder.exists() {
        std::fs::remove_dir_all(folder)?;
    }
    std::fs::create_dir_all(folder)?;
    std::fs::copy(shell::root().join("book.toml"), folder.join("book.toml"))?;

    let mut shown = BTreeSet::new();
    for file in files.iter().filter(|file| file.starts_with(PAGES)) {
        let from = shell::root().join(file);
        if file.ends_with("SUMMARY.md") {
            continue;
        }
        if is_page(file) {
            let text = std::fs::read_to_string(&from)?;
            let text = led_within(file, &text, files, &mut shown);
            write(&folder.join(indexed(file)), &text)?;
        } else if is_copied(file) {
            write(&folder.join(file), &std::fs::read(&from)?)?;
        }
    }
    // A folder that a page points to is there with the files in it.
    let (names, folders): (BTreeSet<PathBuf>, BTreeSet<PathBuf>) =
        shown.into_iter().partition(|file| files.contains(file));
    let inside = |file: &&PathBuf| file.parent().is_some_and(|folder| folders.contains(folder));
    let names: BTreeSet<&PathBuf> = names.iter().chain(files.iter().filter(inside)).collect();
    let empty = folders
        .iter()
        .find(|folder| !names.iter().any(|name| name.parent() == Some(folder)));
    ensure!(
        empty.is_none(),
        "a page points to {empty:?}, which is neither a file nor a folder with files"
    );

    let contents = format!("{}{}", renamed(contents), show(&names, folder)?);
    write(&folder.join(super::CONTENTS), contents)?;
    Ok(names.len())
}

/// Writes a page for each of `names`, for each folder of them, and for all; returns their entries
/// in the contents.
fn show(names: &BTreeSet<&PathBuf>, folder: &Path) -> Result<String> {
    let mut entries = format!("- [Files]({SHOWN}/index.md)\n");
    let mut all = "# Files\n\nThe files of the repository that these pages point to.\n".to_owned();
    let mut folders: BTreeMap<&Path, Vec<&Path>> = BTreeMap::new();
    for name in names {
        folders
            .entry(name.parent().unwrap_or(Path::new("")))
            .or_default()
            .push(name);
    }
    for (inside, names) in folders {
        let mut list = format!("# {}\n\n", inside.display());
        writeln!(entries, "  - [{0}]({SHOWN}/{0}/index.md)", inside.display())?;
        writeln!(all, "\n## {}\n", inside.display())?;
        for name in names {
            let short = name.strip_prefix(inside)?.display();
            writeln!(list, "- [{short}]({short}.md)")?;
            writeln!(all, "- [{short}]({}.md)", name.display())?;
            writeln!(entries, "    - [{short}]({SHOWN}/{}.md)", name.display())?;
            let text = std::fs::read_to_string(shell::root().join(name))
                .with_context(|| format!("showing {}", name.display()))?;
            write(
                &folder.join(PAGES).join(page_of(name, true)),
                showing(name, &text)?,
            )?;
        }
        write(&folder.join(PAGES).join(page_of(inside, false)), list)?;
    }
    write(&folder.join(PAGES).join(SHOWN).join("index.md"), all)?;
    Ok(entries)
}

/// Whether `file` is a page of the book.
pub fn is_page(file: &Path) -> bool {
    file.starts_with(PAGES) && file.extension().is_some_and(|end| end == "md")
}

/// Whether `file` is part of the book as it is.
fn is_copied(file: &Path) -> bool {
    let end = file.extension().and_then(|end| end.to_str());
    file.starts_with(PAGES) && end.is_some_and(|end| COPIED.contains(&end))
}

/// `text` of `page` with the links that would lead out of the book led to pages of it; the files
/// that those show are added to `shown`.
fn led_within(page: &Path, text: &str, files: &[PathBuf], shown: &mut BTreeSet<PathBuf>) -> String {
    let mut led: BTreeMap<usize, Vec<(String, String)>> = BTreeMap::new();
    for (number, line) in markdown::prose(text) {
        for target in markdown::link_targets(&line) {
            if let Some(leads) = leads(page, target, files, shown) {
                led.entry(number)
                    .or_default()
                    .push((target.to_owned(), leads));
            }
        }
    }
    let mut lines = String::with_capacity(text.len());
    for (number, line) in (1..).zip(text.lines()) {
        let mut line = line.to_owned();
        for (target, leads) in led.get(&number).into_iter().flatten() {
            // A target ends with its parenthesis or before its title; a definition's with its line.
            for end in [")", " "] {
                line = line.replace(&format!("]({target}{end}"), &format!("]({leads}{end}"));
            }
            if let Some(name) = line.strip_suffix(&format!("]: {target}")) {
                line = format!("{name}]: {leads}");
            }
        }
        lines.push_str(&line);
        lines.push('\n');
    }
    lines
}

/// Where `target`, a link of `page`, leads in the book, if not where it leads anyhow.
fn leads(
    page: &Path,
    target: &str,
    files: &[PathBuf],
    shown: &mut BTreeSet<PathBuf>,
) -> Option<String> {
    if target.contains("://") || target.starts_with(['#', '/']) || target.starts_with("mailto:") {
        return None;
    }
    let (path, anchor) = target.split_at(target.find('#').unwrap_or(target.len()));
    let file = markdown::resolved(page, path);
    if is_copied(&file) {
        return None;
    }
    if is_page(&file) {
        return Some(format!("{}{anchor}", renamed(path)));
    }
    let up = "../".repeat(page.components().count() - 2);
    let shows = page_of(&file, files.contains(&file));
    shown.insert(file);
    Some(format!("{up}{}{anchor}", shows.display()))
}

/// The page that shows `path`, a file or a folder, from the folder of the pages.
fn page_of(path: &Path, is_file: bool) -> PathBuf {
    let page = Path::new(SHOWN).join(path);
    if !is_file {
        return page.join("index.md");
    }
    let mut name = page.into_os_string();
    name.push(".md");
    PathBuf::from(name)
}

/// The page that shows a file with this text.
fn showing(file: &Path, text: &str) -> Result<String> {
    let fence = "~".repeat(12);
    ensure!(
        !text.contains(&fence),
        "{} has a fence of its own",
        file.display()
    );
    let language = match file.extension().and_then(|end| end.to_str()) {
        Some("yaml") => "yaml",
        Some("rs") => "rust",
        Some("toml") => "ini",
        _ => "text",
    };
    let end = if text.ends_with('\n') { "" } else { "\n" };
    Ok(format!(
        "# {}\n\n{fence}{language}\n{text}{end}{fence}\n",
        file.display()
    ))
}

/// The name that a page has in the book.
fn indexed(file: &Path) -> PathBuf {
    if file.ends_with("README.md") {
        file.with_file_name("index.md")
    } else {
        file.to_owned()
    }
}

/// `text` with the names that its links have in the book.
fn renamed(text: &str) -> String {
    text.replace("README.md", "index.md")
}

fn write(file: &Path, content: impl AsRef<[u8]>) -> Result<()> {
    let folder = file.parent().context("a file lies in a folder")?;
    std::fs::create_dir_all(folder)?;
    std::fs::write(file, content).with_context(|| file.display().to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Each kind of target is led to where the book has it, and code is left alone.
    #[test]
    fn links_lead_within_the_book() {
        let files = [
            "docs/a/b.md",
            "docs/a/x.yaml",
            "docs/README.md",
            "docs/p.png",
            "systems/s.yaml",
            "systems/t.yaml",
        ];
        let files = files.map(PathBuf::from);
        let text = "[f](../README.md#top) [s](../../systems/s.yaml \"t\") `[n](../README.md)` ![p](../p.png)\n\
            [x](x.yaml) [d](../../systems/)\n```text\n[n](x.yaml)\n```\n[def]: x.yaml\n";
        let mut shown = BTreeSet::new();
        let led = led_within(Path::new("docs/a/b.md"), text, &files, &mut shown);
        assert_eq!(
            led,
            "[f](../index.md#top) [s](../files/systems/s.yaml.md \"t\") `[n](../README.md)` ![p](../p.png)\n\
             [x](../files/docs/a/x.yaml.md) [d](../files/systems/index.md)\n```text\n[n](x.yaml)\n```\n[def]: ../files/docs/a/x.yaml.md\n"
        );
        let shown: Vec<_> = shown
            .iter()
            .map(|file| file.display().to_string())
            .collect();
        assert_eq!(shown, ["docs/a/x.yaml", "systems", "systems/s.yaml"]);
    }
}
