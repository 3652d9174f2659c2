//! The short gates: formatting, lints, dependencies, documentation.

use std::path::PathBuf;

use anyhow::Result;

use crate::{shell, tools};

/// # Errors
///
/// If a file is not formatted as rustfmt writes it.
pub fn format() -> Result<()> {
    shell::run(shell::cargo().args(["fmt", "--all", "--check"]))?;
    let mut fuzz = shell::cargo();
    shell::run(fuzz.args(["fmt", "--manifest-path", "fuzz/Cargo.toml", "--check"]))
}

/// # Errors
///
/// If clippy or the compiler warns anywhere, benches included.
pub fn clippy() -> Result<()> {
    let mut cargo = shell::cargo();
    cargo.args([
        "clippy",
        "--quiet",
        "--workspace",
        "--all-targets",
        "--locked",
        "--",
        "-D",
        "warnings",
    ]);
    shell::run(&mut cargo)
}

/// Licences, bans and sources always; advisories where their database is at hand, because a
/// check that needs the network would fail for reasons that are not the change's.
///
/// # Errors
///
/// If a dependency breaks a rule of `deny.toml`.
pub fn deny() -> Result<()> {
    // cargo-deny reads the sources of every dependency, also those of other platforms.
    shell::run(shell::cargo().args(["fetch", "--quiet", "--locked"]))?;
    let mut deny = tools::DENY.command()?;
    deny.args([
        "--offline",
        "--log-level",
        "error",
        "check",
        "licenses",
        "bans",
        "sources",
    ]);
    shell::run(&mut deny)?;
    if advisory_database().is_some_and(|folder| folder.is_dir()) {
        let mut deny = tools::DENY.command()?;
        shell::run(deny.args(["--offline", "check", "advisories"]))
    } else {
        println!("advisories: not checked, no database");
        Ok(())
    }
}

/// Where cargo-deny keeps its clone of the advisories, unless told otherwise.
fn advisory_database() -> Option<PathBuf> {
    let home = std::env::var_os("CARGO_HOME").map(PathBuf::from);
    let home = home.or_else(|| std::env::home_dir().map(|home| home.join(".cargo")))?;
    Some(home.join("advisory-dbs"))
}

/// # Errors
///
/// If rustdoc warns: a broken link, a missing page.
pub fn documentation() -> Result<()> {
    let mut cargo = shell::cargo();
    cargo.args([
        "doc",
        "--quiet",
        "--workspace",
        "--exclude",
        "worstday-bench",
        "--no-deps",
    ]);
    cargo.args(["--document-private-items", "--locked"]);
    shell::run(cargo.env(
        "RUSTDOCFLAGS",
        "-D warnings -A rustdoc::private_intra_doc_links",
    ))
}
