//! Programs that a chore needs beside Rust itself: found where the user has them, else installed
//! into the cache folder at a pinned version.

use std::ffi::OsString;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use anyhow::{Context, Result};

use crate::shell;

/// A published program, mostly a cargo subcommand, at the version that the project is checked with.
pub struct Tool {
    name: &'static str,
    version: &'static str,
    purpose: &'static str,
    /// What is left out of it, as arguments to `cargo install`.
    features: &'static [&'static str],
}

/// Runs tests in processes of their own, all binaries at once.
pub const NEXTEST: Tool = Tool {
    name: "cargo-nextest",
    version: "0.9.151",
    purpose: "runs the tests",
    // Without updating itself it needs no network of its own, and half the time to build.
    features: &["--no-default-features", "--features", "default-no-update"],
};
/// Checks licences, bans and sources of dependencies.
pub const DENY: Tool = Tool {
    name: "cargo-deny",
    version: "0.20.2",
    purpose: "checks the dependencies",
    features: &[],
};
/// Builds and runs fuzz targets.
pub const FUZZ: Tool = Tool {
    name: "cargo-fuzz",
    version: "0.13.2",
    purpose: "fuzzes the readers",
    features: &[],
};

/// Makes a book of the pages.
pub const MDBOOK: Tool = Tool {
    name: "mdbook",
    version: "0.5.4",
    purpose: "builds the book",
    // Neither a server nor a watcher: two thirds of its dependencies.
    features: &["--no-default-features", "--features", "search"],
};

impl Tool {
    /// A command that runs this tool in the repository's root, installing it first if it is
    /// missing. Of a cargo subcommand the first argument is its name, as cargo passes it.
    ///
    /// # Errors
    ///
    /// If it is missing and cannot be installed.
    pub fn command(&self) -> Result<Command> {
        let program = match self.installed()? {
            Some(program) => program,
            None => self.install()?,
        };
        let mut command = Command::new(program);
        command.current_dir(shell::root()).args(self.subcommand());
        // Tools call cargo and rustc back: those of the pinned toolchain.
        if let Some(cargo) = std::env::var_os("CARGO") {
            command.env("CARGO", cargo);
        }
        Ok(command)
    }

    /// What cargo would pass first to its subcommand.
    fn subcommand(&self) -> Option<&'static str> {
        self.name.strip_prefix("cargo-")
    }

    /// The tool as an earlier run installed it, or as the user has it: of the version that the
    /// project is checked with, up to its last number.
    fn installed(&self) -> Result<Option<PathBuf>> {
        let cached = self.cached()?;
        for candidate in [cached, PathBuf::from(self.name)] {
            let said = Command::new(&candidate)
                .args(self.subcommand())
                .arg("--version")
                .stderr(Stdio::null())
                .output();
            let fits = |stdout: &[u8]| fits(&String::from_utf8_lossy(stdout), self.version);
            if said.is_ok_and(|said| said.status.success() && fits(&said.stdout)) {
                return Ok(Some(candidate));
            }
        }
        Ok(None)
    }

    fn install(&self) -> Result<PathBuf> {
        let cached = self.cached()?;
        let cache = shell::cache()?;
        println!(
            "installing {} {} ({}) into {}",
            self.name,
            self.version,
            self.purpose,
            cache.join("tools").display()
        );
        let mut cargo = shell::cargo();
        cargo.args([
            "install",
            "--quiet",
            "--locked",
            "--version",
            self.version,
            self.name,
        ]);
        cargo.args(self.features);
        cargo.arg("--root").arg(cache.join("tools"));
        // One build folder for all tools: they share half of their dependencies.
        cargo.arg("--target-dir").arg(cache.join("tools-build"));
        cargo.env_remove("RUSTFLAGS");
        // Optimising a tool costs minutes and saves seconds; its own release profile decides
        // otherwise for nextest (thin LTO), hence these.
        cargo.env("CARGO_PROFILE_RELEASE_OPT_LEVEL", "1");
        cargo.env("CARGO_PROFILE_RELEASE_LTO", "off");
        cargo.env("CARGO_PROFILE_RELEASE_DEBUG", "false");
        cargo.env("CARGO_PROFILE_RELEASE_CODEGEN_UNITS", "16");
        shell::run(&mut cargo).with_context(|| format!("installing {}", self.name))?;
        Ok(cached)
    }

    fn cached(&self) -> Result<PathBuf> {
        let mut file = OsString::from(self.name);
        file.push(std::env::consts::EXE_SUFFIX);
        Ok(shell::cache()?.join("tools").join("bin").join(file))
    }
}

/// Whether what a program says of its version is `wanted`, up to its last number.
fn fits(said: &str, wanted: &str) -> bool {
    let family = wanted.rsplit_once('.').map_or(wanted, |(family, _)| family);
    said.split_whitespace()
        .map(|word| word.trim_start_matches('v'))
        .any(|word| {
            word.strip_prefix(family)
                .is_some_and(|rest| rest.starts_with('.'))
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Programs say their version in ways of their own; a wrong family must be told from a right one.
    #[test]
    fn a_version_fits_up_to_its_last_number() {
        assert!(fits(
            "cargo-nextest 0.9.130 (6b3f99457 2026-11-02)",
            "0.9.151"
        ));
        assert!(fits("mdbook v0.5.4", "0.5.0"));
        assert!(!fits("mdbook v0.4.52", "0.5.4"));
        assert!(!fits("tool 0.51.0", "0.5.4"));
    }
}
