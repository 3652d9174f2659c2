//! What no compiler checks: who may see whom, what `core` must not use, whether the pages' links
//! lead anywhere, and what has no place in a repository.
//!
//! All findings of all checks are printed before the chore fails, each with its place.

pub mod markdown;

mod core;
mod layers;
mod links;
mod traces;

use anyhow::{Result, ensure};

use crate::shell;

/// Runs every check.
///
/// # Errors
///
/// If a check cannot run, or one of them found something.
pub fn tidy() -> Result<()> {
    let files = shell::tracked_files()?;
    let metadata = layers::metadata()?;
    let mut findings = layers::check(&metadata)?;
    findings.extend(core::check(&files)?);
    findings.extend(links::check(&files)?);
    findings.extend(traces::check(&files)?);

    for long in traces::long_files(&files)? {
        println!("long file: {long}: does it hold one thing?");
    }
    println!("{}", layers::weight(&metadata)?);
    for finding in &findings {
        eprintln!("{finding}");
    }
    ensure!(findings.is_empty(), "tidy: {} findings", findings.len());
    println!("tidy: layers, core, links and files are in order");
    Ok(())
}
