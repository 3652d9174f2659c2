//! Whole files: a model from its bytes to a checked system, alone and with an overlay over it.

use std::collections::BTreeMap;

use worstday_model::load::{Files, LoadError, LoadOptions, Model, OverlayChoice, read_any};

/// Files that exist in memory only.
struct Given(BTreeMap<&'static str, Vec<u8>>);

impl Files for Given {
    fn read(&self, path: &str) -> Result<Vec<u8>, String> {
        let bytes = self.0.get(path.trim_start_matches("./"));
        bytes
            .cloned()
            .ok_or_else(|| "there is no such file".to_owned())
    }

    fn list(&self, _folder: &str) -> Result<Vec<String>, String> {
        Ok(self.0.keys().map(|&name| name.to_owned()).collect())
    }
}

/// Bytes to a file of any kind and, if it is a model, to a checked system.
///
/// # Panics
///
/// If it is refused without a reason, or a place cannot be drawn.
pub fn model(bytes: &[u8]) {
    checked(read_any(bytes));
}

/// A model, an overlay over it and a `--set`, one after another, each behind a line `====`.
///
/// # Panics
///
/// As [`model`].
pub fn overlay(bytes: &[u8]) {
    let mut parts = bytes.split_inclusive(|&byte| byte == b'\n').fold(
        vec![Vec::new()],
        |mut parts: Vec<Vec<u8>>, line| {
            if line.starts_with(b"====") {
                parts.push(Vec::new());
            } else if let Some(last) = parts.last_mut() {
                last.extend_from_slice(line);
            }
            parts
        },
    );
    parts.resize(3, Vec::new());
    let set = parts
        .pop()
        .and_then(|bytes| String::from_utf8(bytes).ok())
        .unwrap_or_default();
    let [base, over] = [parts.swap_remove(0), parts.swap_remove(0)];
    let options = LoadOptions {
        overlays: vec![OverlayChoice {
            path: "over.yaml".to_owned(),
            variant: None,
        }],
        set: set.lines().map(str::to_owned).collect(),
        ..LoadOptions::default()
    };
    let files = Given(BTreeMap::from([("base.yaml", base), ("over.yaml", over)]));
    checked(Model::load("base.yaml", &options, &files));
}

fn checked(loaded: Result<Model, LoadError>) {
    match loaded {
        Err(error) => {
            assert!(error.found.has_errors(), "refused without a reason");
            drop(error.to_string());
        }
        Ok(model) => {
            let nowhere = Given(BTreeMap::new());
            match model.system(&nowhere) {
                Ok((_, findings)) => drop(findings.render(model.sources())),
                Err(error) => {
                    assert!(error.found.has_errors(), "refused without a reason");
                    drop(error.to_string());
                }
            }
            drop((model.text(), model.hash()));
        }
    }
}
