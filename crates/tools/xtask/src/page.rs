//! `page`, `pictures` and `bench page`: scripts and style sheets of the HTML report and of the flight simulator, pictures of
//! them for the documentation, and what a frame costs.
//!
//! Node.js packages are installed at the versions of the lock file into the cache folder, never into the repository, and
//! only when the lock file has changed. What they make is committed, so that building the tool needs no Node.js.

use std::path::PathBuf;
use std::process::{Command, Stdio};

use anyhow::{Context, Result, ensure};

use crate::shell;

/// The crate whose page it is.
const CRATE: &str = "crates/surface/page";

/// The pictures of the documentation, each made by [`pictures`].
pub const PICTURES: [&str; 2] = ["docs/pictures/page.png", "docs/pictures/live.png"];

/// Bundles `web/` into `dist/`, written as prettier writes it; `--check` writes nothing and fails where that would
/// change something.
///
/// # Errors
///
/// If the packages cannot be installed or the sources do not bundle.
pub fn page(arguments: &[String]) -> Result<()> {
    let packages = packages()?;
    let checks = arguments.iter().any(|argument| argument == "--check");
    let mut prettier = Command::new("node");
    prettier
        .current_dir(shell::root().join(CRATE))
        .arg(packages.join("prettier/bin/prettier.cjs"))
        .arg(if checks { "--check" } else { "--write" })
        .args([
            "--log-level",
            "warn",
            "web",
            "build.mjs",
            "bench.mjs",
            "picture-live.mjs",
            "tests",
        ]);
    shell::run(&mut prettier)?;
    let mut node = Command::new("node");
    node.current_dir(shell::root().join(CRATE))
        .arg("build.mjs")
        .args(arguments)
        .env("NODE_PATH", packages);
    shell::run(&mut node)
}

/// Renders the pictures of the documentation: the page of the retry storm, and the flight simulator.
///
/// # Errors
///
/// If the tool does not build, or there is no browser.
pub fn pictures() -> Result<()> {
    let packages = packages()?;
    let chromium = chromium()?;
    shell::run(shell::cargo().args(["build", "--quiet", "--package", "worstday"]))?;
    let tool = shell::target()
        .join("debug")
        .join(format!("worstday{}", std::env::consts::EXE_SUFFIX));
    let html = shell::cache()?.join("picture.html");
    let status = Command::new(&tool)
        .current_dir(shell::root())
        .args(["run", "systems/two-tier.yaml", "--for", "20m"])
        .args(["--day", "2026-11-23", "--html"])
        .arg(&html)
        .stdout(Stdio::null())
        .status()?;
    ensure!(
        matches!(status.code(), Some(0 | 10 | 11)),
        "the run for the picture ended with {status}"
    );
    let mut node = Command::new("node");
    node.arg(shell::root().join(CRATE).join("picture.mjs"))
        .args([&packages, &chromium, &html])
        .arg(shell::root().join(PICTURES[0]));
    shell::run(&mut node)?;
    let mut node = Command::new("node");
    node.arg(shell::root().join(CRATE).join("picture-live.mjs"))
        .args([&packages, &chromium, &tool, &shell::cache()?])
        .arg(shell::root().join(PICTURES[1]));
    shell::run(&mut node)
}

/// What a frame of the flight simulator costs the page, traced in a browser; `arguments` may say for how many seconds.
///
/// # Errors
///
/// If the tool does not build, there is no browser, or the page fails in it.
pub fn bench(arguments: &[String]) -> Result<()> {
    let (packages, chromium) = (packages()?, chromium()?);
    shell::run(shell::cargo().args(["build", "--release", "--package", "worstday"]))?;
    let tool = shell::target()
        .join("release")
        .join(format!("worstday{}", std::env::consts::EXE_SUFFIX));
    let mut node = Command::new("node");
    node.arg(shell::root().join(CRATE).join("bench.mjs"))
        .args([&packages, &chromium, &tool])
        .args(arguments);
    shell::run(&mut node)
}

/// Packages and browser for the tests that open pages; installs what is missing, and says so.
///
/// # Errors
///
/// If something is missing and cannot be installed.
pub fn tools() -> Result<()> {
    packages()?;
    chromium()?;
    Ok(())
}

/// The folder of the packages that the lock file names.
fn packages() -> Result<PathBuf> {
    let source = shell::root().join(CRATE);
    let folder = shell::cache()?.join("page");
    let lock = std::fs::read(source.join("package-lock.json"))?;
    // Written last: an installation that was interrupted is made again.
    let made = folder.join("installed.lock");
    if std::fs::read(&made).is_ok_and(|installed| installed == lock) {
        return Ok(folder.join("node_modules"));
    }
    println!(
        "installing the page's packages (uplot, dagre, esbuild, playwright-core, axe-core, prettier) into {}",
        folder.display()
    );
    std::fs::create_dir_all(&folder)?;
    for file in ["package.json", "package-lock.json", ".npmrc"] {
        std::fs::copy(source.join(file), folder.join(file))?;
    }
    let mut npm = Command::new("npm");
    npm.current_dir(&folder).args(["ci", "--loglevel", "error"]);
    shell::run(&mut npm).context("the page's packages need Node.js and npm")?;
    std::fs::write(made, lock)?;
    Ok(folder.join("node_modules"))
}

fn chromium() -> Result<PathBuf> {
    if let Some(found) = installed_chromium() {
        return Ok(found);
    }
    println!("installing chromium (opens pages in tests) with apt-get");
    let apt = |arguments: &[&str]| {
        let mut apt = Command::new("apt-get");
        apt.args(arguments).env("DEBIAN_FRONTEND", "noninteractive");
        apt.stdout(Stdio::null());
        shell::run(&mut apt)
    };
    apt(&["update", "-qq"])
        .and_then(|()| apt(&["install", "-y", "-qq", "chromium"]))
        .context("there is no chromium, and apt-get cannot install it")?;
    installed_chromium().context("chromium was installed and is not to be found")
}

fn installed_chromium() -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    let names = ["chromium", "chromium-browser", "google-chrome"];
    std::env::split_paths(&path)
        .flat_map(|folder| names.map(|name| folder.join(name)))
        .find(|program| program.is_file())
}
