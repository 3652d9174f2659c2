//! Programs that a chore needs beside Rust itself: found where the user has them, else installed
//! into the cache folder at a pinned version.

use std::ffi::OsString;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use anyhow::{Context, Result};

use crate::shell;

/// A published cargo subcommand at the version that the project is checked with.
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

impl Tool {
    /// A command that runs this tool in the repository's root, installing it first if it is
    /// missing. The first argument is the subcommand's name, as cargo passes it.
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
        command
            .current_dir(shell::root())
            .arg(self.name.trim_start_matches("cargo-"));
        // Tools call cargo and rustc back: those of the pinned toolchain.
        if let Some(cargo) = std::env::var_os("CARGO") {
            command.env("CARGO", cargo);
        }
        Ok(command)
    }

    /// The tool as the user has it, or as an earlier run installed it.
    fn installed(&self) -> Result<Option<PathBuf>> {
        let cached = self.cached()?;
        for candidate in [cached, PathBuf::from(self.name)] {
            let subcommand = self.name.trim_start_matches("cargo-");
            let status = Command::new(&candidate)
                .args([subcommand, "--version"])
                .stdout(Stdio::null())
                .stderr(Stdio::null())
                .status();
            if status.is_ok_and(|status| status.success()) {
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
