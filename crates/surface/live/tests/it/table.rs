//! A table to sit at: systems of this repository, read from memory, and runs to compare with.

use std::path::PathBuf;
use std::sync::Arc;

use jiff::civil::{Date, Time};
use worstday_live::script::{Begin, Edits};
use worstday_live::{Described, Opening, Reader, Session};
use worstday_model::day::{self, DayRequest, Random, What};
use worstday_model::load::{Files, LoadOptions, Model, OverlayChoice};
use worstday_model::system::{EditId, System};
use worstday_model::yaml::Yaml;
use worstday_sim::{Editing, Engine};

#[derive(Clone)]
struct Repository {
    scenario: String,
}

impl Files for Repository {
    fn read(&self, path: &str) -> Result<Vec<u8>, String> {
        if path == "now" {
            return Ok(self.scenario.clone().into_bytes());
        }
        let path = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../..")).join(path);
        std::fs::read(path).map_err(|error| error.to_string())
    }

    fn list(&self, _: &str) -> Result<Vec<String>, String> {
        Ok(Vec::new())
    }
}

struct Edited {
    model: Model,
    system: Arc<System>,
    files: Repository,
}

impl Editing for Edited {
    fn edited(&self, active: &[EditId]) -> Arc<System> {
        let edited = self.model.edited(&self.system, active, &self.files);
        Arc::new(edited.expect("edits that were tried alone, of different things"))
    }
}

/// A model and how it is changed.
#[derive(Clone)]
pub struct Sitting {
    pub file: &'static str,
    pub overlay: Option<(&'static str, &'static str)>,
    pub day: Date,
    pub from: Time,
}

impl Sitting {
    fn read(&self, scenario: Option<&str>) -> Result<(Described, Model), String> {
        let files = Repository {
            scenario: scenario.unwrap_or_default().to_owned(),
        };
        let overlays = self.overlay.map(|(path, variant)| OverlayChoice {
            path: path.to_owned(),
            variant: Some(variant.to_owned()),
        });
        let options = LoadOptions {
            overlays: overlays.into_iter().collect(),
            scenario: scenario.map(|_| "now".to_owned()),
            ..LoadOptions::default()
        };
        let model = Model::load(self.file, &options, &files).map_err(|error| error.to_string())?;
        let (system, _) = model.system(&files).map_err(|error| error.to_string())?;
        let of = model
            .scenario_of(&system, &files)
            .map_err(|error| error.to_string())?;
        let what = match of {
            Some(scenario) => What::Scenario(scenario),
            None => What::Ordinary {
                day: Some(self.day),
            },
        };
        let request = DayRequest {
            as_of: self.day,
            what,
            length_ns: None,
            random: Random::No,
        };
        let day = day::plan(&system, &request).map_err(|error| error.to_string())?;
        let system = Arc::new(system);
        let editing = Edited {
            model: model.clone(),
            system: Arc::clone(&system),
            files,
        };
        let described = Described {
            system,
            day: Arc::new(day),
            editing: Arc::new(editing),
        };
        Ok((described, model))
    }

    /// A session on it.
    pub fn opened(&self, seed: u64) -> Session {
        let (described, model) = self.read(None).expect("a system of this repository");
        let names = described.system.edits.iter().map(|edit| edit.name.clone());
        let edits: Edits = names
            .filter_map(|name| Some((name.clone(), Yaml::from(model.edits_called(&name)?))))
            .collect();
        let opening = Opening {
            file: self.file.to_owned(),
            hash: model.hash(),
            command: "worstday run".to_owned(),
            begin: Begin {
                base: self.file.to_owned(),
                seed,
                day: self.day,
                from: self.from,
                until: self.from,
                kept: Vec::new(),
                lines: Vec::new(),
            },
            edits,
            per_s: 1.0,
        };
        Session::open(opening, Box::new(Chair(self.clone()))).expect("a session can be opened")
    }

    /// The digest of a run of a saved scenario, all in one go.
    pub fn replayed(&self, scenario: &str, seed: u64) -> String {
        let (described, _) = self
            .read(Some(scenario))
            .expect("what was saved can be read");
        let end_ns = described.day.end_ns;
        let mut engine = Engine::new(described.system, described.day, described.editing, seed, ())
            .expect("a day that was lived");
        engine.advance(end_ns);
        format!("{:032x}", engine.digest())
    }
}

struct Chair(Sitting);

impl Reader for Chair {
    fn read(&mut self, scenario: &str) -> Result<Described, String> {
        self.0.read(Some(scenario)).map(|(described, _)| described)
    }
}
