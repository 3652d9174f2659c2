//! The direction of the layers, from `cargo metadata`: core → questions → reality → surface → tools.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Context, Result, ensure};
use serde_json::Value;

use crate::shell;

/// A crate depends only on its own layer or on those before it.
const LAYERS: [&str; 5] = ["core", "questions", "reality", "surface", "tools"];

/// What must not reach a core crate, directly or through another: clocks, sockets, threads,
/// async and ambient randomness come in as arguments or not at all.
const FORBIDDEN_IN_CORE: [&str; 18] = [
    "async-std",
    "chrono",
    "crossbeam",
    "crossbeam-channel",
    "fastrand",
    "futures",
    "getrandom",
    "hyper",
    "mio",
    "oorandom",
    "rand",
    "rand_distr",
    "rayon",
    "reqwest",
    "smol",
    "socket2",
    "tokio",
    "ureq",
];

/// The most crates that a clean release build of the tool may compile.
const CRATES_MAX: usize = 150;

/// What cargo knows of this workspace on this platform.
///
/// # Errors
///
/// If cargo cannot tell.
pub fn metadata() -> Result<Value> {
    let host = shell::output(std::process::Command::new("rustc").arg("-vV"))?;
    let host = host
        .lines()
        .find_map(|line| line.strip_prefix("host: "))
        .context("rustc names no host")?;
    let mut cargo = shell::cargo();
    cargo.args([
        "metadata",
        "--format-version",
        "1",
        "--locked",
        "--filter-platform",
        host,
    ]);
    Ok(serde_json::from_str(&shell::output(&mut cargo)?)?)
}

/// Every dependency that points the wrong way.
///
/// # Errors
///
/// If the metadata lacks what cargo always gives.
pub fn check(metadata: &Value) -> Result<Vec<String>> {
    let members = members(metadata)?;
    let mut findings = Vec::new();
    for (name, member) in &members {
        let Some(layer) = member.layer else {
            findings.push(format!(
                "{name}: {} is in none of the layers {LAYERS:?}",
                member.folder
            ));
            continue;
        };
        for dependency in member
            .dependencies
            .iter()
            .filter_map(|name| members.get(name))
        {
            if dependency.layer.is_some_and(|below| layer < below) {
                findings.push(format!(
                    "{}: `{name}` ({}) must not see `{}` ({})",
                    member.folder,
                    LAYERS[layer],
                    dependency.name,
                    dependency.layer.map_or("nowhere", |index| LAYERS[index]),
                ));
            }
        }
        if LAYERS[layer] == "core" {
            for reached in reached(metadata, name)? {
                if FORBIDDEN_IN_CORE.contains(&reached.as_str()) {
                    findings.push(format!(
                        "{}: `{reached}` reaches `{name}`, which is core",
                        member.folder
                    ));
                }
            }
        }
    }
    let weight = reached(metadata, "worstday")?.len();
    if CRATES_MAX < weight {
        findings.push(format!(
            "a release build compiles {weight} crates, at most {CRATES_MAX} are allowed"
        ));
    }
    Ok(findings)
}

/// How many crates a clean release build compiles, as a line to print.
///
/// # Errors
///
/// If the metadata lacks what cargo always gives.
pub fn weight(metadata: &Value) -> Result<String> {
    Ok(format!(
        "weight: a release build compiles {} crates (at most {CRATES_MAX})",
        reached(metadata, "worstday")?.len()
    ))
}

struct Member {
    name: String,
    folder: String,
    layer: Option<usize>,
    dependencies: BTreeSet<String>,
}

fn members(metadata: &Value) -> Result<BTreeMap<String, Member>> {
    let root = text(&metadata["workspace_root"])?;
    let ids: BTreeSet<&str> = list(&metadata["workspace_members"])?
        .iter()
        .filter_map(Value::as_str)
        .collect();
    let mut members = BTreeMap::new();
    for package in list(&metadata["packages"])? {
        if !ids.contains(text(&package["id"])?) {
            continue;
        }
        let name = text(&package["name"])?.to_owned();
        let manifest = text(&package["manifest_path"])?;
        let folder = manifest
            .trim_start_matches(root)
            .trim_matches('/')
            .trim_end_matches("/Cargo.toml")
            .to_owned();
        let layer = folder
            .strip_prefix("crates/")
            .and_then(|rest| rest.split('/').next())
            .and_then(|layer| LAYERS.iter().position(|known| *known == layer));
        let dependencies = list(&package["dependencies"])?
            .iter()
            .filter_map(|dependency| dependency["name"].as_str().map(str::to_owned))
            .collect();
        members.insert(
            name.clone(),
            Member {
                name,
                folder,
                layer,
                dependencies,
            },
        );
    }
    ensure!(
        !members.is_empty(),
        "cargo metadata names no member of the workspace"
    );
    Ok(members)
}

/// All packages that a build of `name` compiles, itself included; what only its tests use is not.
fn reached(metadata: &Value, name: &str) -> Result<BTreeSet<String>> {
    let names: BTreeMap<&str, &str> = list(&metadata["packages"])?
        .iter()
        .filter_map(|package| Some((package["id"].as_str()?, package["name"].as_str()?)))
        .collect();
    let edges: BTreeMap<&str, &Value> = list(&metadata["resolve"]["nodes"])?
        .iter()
        .filter_map(|node| Some((node["id"].as_str()?, &node["deps"])))
        .collect();
    let start = names
        .iter()
        .find(|(_, known)| **known == name)
        .with_context(|| format!("no package `{name}`"))?
        .0;
    let (mut seen, mut open) = (BTreeSet::from([*start]), vec![*start]);
    while let Some(id) = open.pop() {
        for dependency in edges
            .get(id)
            .and_then(|deps| deps.as_array())
            .into_iter()
            .flatten()
        {
            let compiled = dependency["dep_kinds"].as_array().is_some_and(|kinds| {
                kinds
                    .iter()
                    .any(|kind| kind["kind"].as_str() != Some("dev"))
            });
            if let Some(to) = dependency["pkg"]
                .as_str()
                .filter(|to| compiled && !seen.contains(to))
            {
                seen.insert(to);
                open.push(to);
            }
        }
    }
    Ok(seen
        .into_iter()
        .filter_map(|id| names.get(id).map(|name| (*name).to_owned()))
        .collect())
}

fn text(value: &Value) -> Result<&str> {
    value.as_str().context("cargo metadata lacks a text")
}

fn list(value: &Value) -> Result<&Vec<Value>> {
    value.as_array().context("cargo metadata lacks a list")
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn package(name: &str, folder: &str, dependencies: &[&str]) -> Value {
        json!({"name": name, "id": name, "manifest_path": format!("/w/{folder}/Cargo.toml"),
               "dependencies": dependencies.iter().map(|name| json!({"name": name})).collect::<Vec<_>>()})
    }

    fn node(name: &str, deps: &[(&str, Option<&str>)]) -> Value {
        let deps: Vec<_> = deps
            .iter()
            .map(|(to, kind)| json!({"pkg": to, "dep_kinds": [{"kind": kind}]}))
            .collect();
        json!({"id": name, "deps": deps})
    }

    /// The rule must bite: an arrow from core to surface and a forbidden crate two steps away.
    #[test]
    fn refuses_upward_arrows_and_forbidden_crates() -> Result<()> {
        let metadata = json!({
            "workspace_root": "/w",
            "workspace_members": ["engine", "worstday"],
            "packages": [
                package("engine", "crates/core/engine", &["worstday", "helper"]),
                package("worstday", "crates/surface/worstday", &["engine"]),
                package("helper", "elsewhere", &[]),
                package("rayon", "elsewhere", &[]),
                package("tokio", "elsewhere", &[]),
            ],
            "resolve": {"nodes": [
                node("engine", &[("helper", None)]),
                node("helper", &[("rayon", None), ("tokio", Some("dev"))]),
                node("worstday", &[("engine", None)]),
                node("rayon", &[]),
                node("tokio", &[]),
            ]},
        });
        assert_eq!(
            check(&metadata)?,
            [
                "crates/core/engine: `engine` (core) must not see `worstday` (surface)",
                "crates/core/engine: `rayon` reaches `engine`, which is core",
            ]
        );
        Ok(())
    }
}
