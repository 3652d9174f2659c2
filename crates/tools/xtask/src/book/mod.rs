//! The book: the pages of `docs/` with a table of contents, a search and the files they point to.
//!
//! The pages are written to be read in the repository as they stand, so they link to files outside
//! `docs/` too. The book must stand alone; [`source`] therefore lays its pages out in the target
//! folder, with each such file as a page of its own, mdBook makes HTML of that, and [`links`] follows
//! every link of what came out. The contents are `docs/SUMMARY.md`, the settings `book.toml`; somebody
//! with an mdBook of their own can also serve the pages from the repository.

mod links;
mod source;

use std::path::{Path, PathBuf};

use anyhow::{Result, ensure};

use crate::tidy::markdown;
use crate::{shell, tools};

/// Where the pages are, and in the book are too.
const PAGES: &str = "docs";
/// The contents of the book, in the folder of the pages.
const CONTENTS: &str = "docs/SUMMARY.md";

/// Builds the book and says where it is.
///
/// # Errors
///
/// If a page is missing from the contents, a picture is made by no command, a link leads nowhere, or mdBook fails or cannot be had.
pub fn book() -> Result<()> {
    let files = shell::tracked_files()?;
    let contents = std::fs::read_to_string(shell::root().join(CONTENTS))?;
    report("is not in the contents", &missing(&contents, &files))?;
    report("`cargo xtask pictures` does not make it", &painted(&files))?;

    let target = std::path::absolute(shell::root().join(shell::target()))?;
    let (source, book) = (target.join("book-source"), target.join("book"));
    let shown = source::lay_out(&files, &contents, &source)?;
    let mut mdbook = tools::MDBOOK.command()?;
    mdbook
        .arg("build")
        .arg(&source)
        .arg("--dest-dir")
        .arg(&book);
    // What it has to say beside errors is that it began and ended.
    shell::run(mdbook.env("MDBOOK_LOG", "warn"))?;

    let built = links::check(&book)?;
    report("of the book", &built.broken)?;
    println!(
        "book: {} pages, {shown} of them files that pages point to; {} links lead somewhere; {}",
        built.pages,
        built.links,
        book.join("index.html").display()
    );
    Ok(())
}

/// Pages that no entry of the contents leads to.
fn missing(contents: &str, files: &[PathBuf]) -> Vec<String> {
    let entries: Vec<PathBuf> = contents
        .lines()
        .flat_map(markdown::link_targets)
        .map(|target| PathBuf::from(PAGES).join(target))
        .collect();
    files
        .iter()
        .filter(|file| source::is_page(file) && !file.ends_with("SUMMARY.md"))
        .filter(|file| !entries.contains(file))
        .map(|file| file.display().to_string())
        .collect()
}

/// Pictures that no command makes: nobody would paint them anew when what they show has changed.
fn painted(files: &[PathBuf]) -> Vec<String> {
    let is_picture = |file: &&PathBuf| {
        let end = file.extension().and_then(|end| end.to_str());
        file.starts_with(PAGES)
            && end.is_some_and(|end| ["png", "svg", "jpg", "gif", "webp"].contains(&end))
    };
    let pictures = files.iter().filter(is_picture);
    let made = |file: &&PathBuf| {
        crate::page::PICTURES
            .iter()
            .any(|made| Path::new(made) == **file)
    };
    pictures
        .filter(|file| !made(file))
        .map(|file| file.display().to_string())
        .collect()
}

fn report(problem: &str, findings: &[String]) -> Result<()> {
    for finding in findings {
        eprintln!("{finding}: {problem}");
    }
    ensure!(findings.is_empty(), "book: {} findings", findings.len());
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A page that the contents do not name is a page that no reader of the book finds.
    #[test]
    fn a_page_outside_the_contents_is_missing() {
        let contents = "# Contents\n[Front](README.md)\n- [A](a/b.md)\n";
        let files = [
            "docs/README.md",
            "docs/a/b.md",
            "docs/a/c.md",
            "docs/SUMMARY.md",
            "x.md",
        ];
        let files = files.map(PathBuf::from);
        assert_eq!(missing(contents, &files), ["docs/a/c.md"]);
    }

    /// A screenshot somebody took by hand is found.
    #[test]
    fn a_picture_that_no_command_makes_is_found() {
        let files = ["docs/pictures/page.png", "docs/guide/mine.png", "x.png"].map(PathBuf::from);
        assert_eq!(painted(&files), ["docs/guide/mine.png"]);
    }
}
