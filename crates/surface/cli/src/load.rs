//! From files to a checked system.
//!
//! The core never meets a disk: it asks for files by path, and here they are read. What is wrong with a description is
//! drawn as a compiler does, all of it at once, and the exit code is 65.

use std::cell::RefCell;
use std::sync::Arc;

use jiff::civil::Date;
use worstday_model::day::{self, Scenario};
use worstday_model::diagnostic::Diagnostics;
use worstday_model::load::{Files, LoadError, LoadOptions, Model, OverlayChoice};
use worstday_model::resolve::FINDINGS;
use worstday_model::system::{EditId, Grows, Growth, System};
use worstday_report::document::{Description, Finding};
use worstday_sim::engine::Editing;

use crate::arguments::Run;
use crate::exit::{Exit, Stop};
use crate::store;

/// Larger files are refused: a model is text that people read, and a recording is read whole.
const LARGEST: u64 = 256 << 20;

/// All that a run needs of a description.
pub struct Loaded {
    /// The checked system.
    pub system: Arc<System>,
    /// Hash of its expanded text.
    pub hash: String,
    /// Makes the system that edits make at run time.
    pub editing: Arc<dyn Editing>,
    /// What is strange about the description, drawn.
    pub warnings: String,
    /// The same for the report.
    pub findings: Vec<Finding>,
    /// What the files say that is only printed.
    pub described: Vec<Description>,
    /// The day after which the default day comes.
    pub as_of: Date,
    /// The concrete day, if one was asked for.
    pub scenario: Option<Scenario>,
    /// Its seed.
    pub seed: Option<u64>,
}

/// Loads what the command line names, from disk.
///
/// # Errors
///
/// All that is wrong with the description.
pub fn load(arguments: &Run) -> Result<Loaded, Stop> {
    load_with(arguments, &Disk)
}

/// Loads from texts that are built in.
///
/// # Errors
///
/// As [`load`].
pub fn load_from(arguments: &Run, texts: &[(&str, &str)]) -> Result<Loaded, Stop> {
    load_with(arguments, &BuiltIn(texts))
}

/// The JSON Schema of model files.
#[must_use]
pub fn schema() -> String {
    let mut text = worstday_model::form::schema::schema();
    if !text.ends_with('\n') {
        text.push('\n');
    }
    text
}

fn load_with(arguments: &Run, files: &dyn Files) -> Result<Loaded, Stop> {
    Ok(read(arguments, files, None)?.loaded)
}

/// A model that was read, with all that was read for it.
pub struct Read {
    /// What a run needs of it.
    pub loaded: Loaded,
    /// The model itself.
    pub model: Model,
    /// The files, by path.
    pub files: Vec<(String, Vec<u8>)>,
}

/// Why nothing was loaded.
pub enum Trouble {
    /// The description has mistakes.
    Mistakes(Box<LoadError>),
    /// The command line asks for what cannot be.
    Stop(Stop),
}

impl From<LoadError> for Trouble {
    fn from(error: LoadError) -> Self {
        Self::Mistakes(Box::new(error))
    }
}

impl From<Stop> for Trouble {
    fn from(stop: Stop) -> Self {
        Self::Stop(stop)
    }
}

impl From<Trouble> for Stop {
    fn from(trouble: Trouble) -> Self {
        match trouble {
            Trouble::Mistakes(error) => invalid(&error),
            Trouble::Stop(stop) => stop,
        }
    }
}

/// Loads what the command line names. `today` stands for the date where the model says none.
///
/// # Errors
///
/// As [`load`].
pub fn read(arguments: &Run, files: &dyn Files, today: Option<Date>) -> Result<Read, Trouble> {
    let path = arguments.file.display().to_string();
    let mut options = LoadOptions {
        overlays: arguments
            .overlay
            .iter()
            .map(|path| OverlayChoice {
                path: path.display().to_string(),
                variant: None,
            })
            .collect(),
        set: arguments.set.clone(),
        scenario: (arguments.scenario.as_ref())
            .map(|named| store::scenario(&arguments.file, named).map_err(Stop::from))
            .transpose()?
            .map(|path| path.display().to_string()),
        variant: None,
    };
    // A variant is one of the last overlay that was named, else of the file itself.
    match options.overlays.last_mut() {
        Some(last) => last.variant.clone_from(&arguments.variant),
        None => options.variant.clone_from(&arguments.variant),
    }
    // What is read is kept: edits at run time must not see what happens to files meanwhile.
    let files = Keeping {
        files,
        kept: RefCell::default(),
    };
    let model = Model::load(&path, &options, &files)?;
    let (system, found) = model.system(&files)?;
    let scenario = model.scenario_of(&system, &files)?;
    let as_of = system.as_of.or(today);
    let as_of = as_of.unwrap_or_else(|| jiff::Zoned::now().date());
    let hash = model.hash();
    let (model, system) = grow(arguments, model, system, scenario.as_ref(), as_of, &files)?;
    let system = Arc::new(system);
    let sources = model.sources();
    let mut warnings = model.warnings().render(sources);
    warnings.push_str(&found.render(sources));
    let files = files.kept.into_inner();
    let loaded = Loaded {
        hash,
        warnings,
        findings: findings(&model, &found),
        described: described(&model),
        as_of,
        scenario,
        seed: model
            .scenario()
            .and_then(|scenario| Some(scenario.seed.as_ref()?.value.0)),
        editing: editing(&model, &system, &files),
        system,
    };
    Ok(Read {
        loaded,
        model,
        files,
    })
}

/// What makes the system that edits make at run time, from what was read.
pub fn editing(
    model: &Model,
    system: &Arc<System>,
    files: &[(String, Vec<u8>)],
) -> Arc<dyn Editing> {
    if system.edits.is_empty() {
        return Arc::new(worstday_sim::NoEdits);
    }
    Arc::new(Edited {
        model: model.clone(),
        system: Arc::clone(system),
        files: files.to_vec(),
    })
}

/// The model and its system with every number grown to the day that the arguments ask for.
fn grow(
    arguments: &Run,
    model: Model,
    system: System,
    scenario: Option<&Scenario>,
    as_of: Date,
    files: &dyn Files,
) -> Result<(Model, System), Trouble> {
    let is_number = |growth: &Growth| matches!(growth.what, Grows::Number(_));
    if !system.growth.iter().any(is_number) {
        return Ok((model, system));
    }
    let request = crate::run::request(arguments, scenario, as_of)?;
    let day = day::date(&system, &request).map_err(crate::run::no_day)?;
    let factor = |growth: &Growth| growth.factor(as_of, day);
    let factors: Vec<f64> = system.growth.iter().map(factor).collect();
    let model = model.grown(&factors)?;
    let (system, _) = model.system(files)?;
    Ok((model, system))
}

/// What was wrong, drawn, with how many mistakes there were.
fn invalid(error: &LoadError) -> Stop {
    let count = error.found.errors();
    let mut message = error.to_string();
    if !message.ends_with('\n') {
        message.push('\n');
    }
    message.push_str(&format!(
        "\n{count} {}\n",
        if count == 1 { "mistake" } else { "mistakes" }
    ));
    Stop {
        exit: Exit::Invalid,
        message,
    }
}

/// The warnings of both steps, as the report lists them.
fn findings(model: &Model, found: &Diagnostics) -> Vec<Finding> {
    let sources = model.sources();
    model
        .warnings()
        .sorted()
        .into_iter()
        .chain(found.sorted())
        .filter_map(|diagnostic| {
            let id = diagnostic.code?;
            let name = FINDINGS
                .iter()
                .find(|(known, ..)| *known == id)
                .map_or("", |(_, name, _)| *name);
            let place = sources.place(diagnostic.at);
            Some(Finding {
                id: id.to_owned(),
                name: name.to_owned(),
                subject: String::new(),
                message: diagnostic.message.clone(),
                place: Some(format!("{}:{}", place.name, place.line)),
                weight: 0.0,
                step: None,
            })
        })
        .collect()
}

/// What the files say that is only printed.
fn described(model: &Model) -> Vec<Description> {
    let notes = model.notes().into_iter();
    notes
        .map(|note| {
            let place = model.sources().place(note.at);
            Description {
                path: note.path,
                value: note.value,
                place: format!("{}:{}", place.name, place.line),
            }
        })
        .collect()
}

/// Edits of faults, events and the scenario: each was tried when the model was loaded.
struct Edited {
    model: Model,
    system: Arc<System>,
    files: Vec<(String, Vec<u8>)>,
}

impl Editing for Edited {
    fn edited(&self, active: &[EditId]) -> Arc<System> {
        match self.model.edited(&self.system, active, &Kept(&self.files)) {
            Ok(system) => Arc::new(system),
            Err(error) => {
                // Two edits that are right alone contradict each other where they meet: the description is at fault.
                let stop = invalid(&error);
                eprint!("{}", stop.message);
                std::process::exit(i32::from(stop.exit.code()));
            }
        }
    }
}

/// Files on disk.
pub struct Disk;

impl Files for Disk {
    fn read(&self, path: &str) -> Result<Vec<u8>, String> {
        let said = |error: std::io::Error| match error.kind() {
            std::io::ErrorKind::NotFound => "there is no such file".to_owned(),
            _ => error.to_string(),
        };
        let about = std::fs::metadata(path).map_err(said)?;
        if about.is_dir() {
            return Err("it is a folder".to_owned());
        }
        if about.len() > LARGEST {
            return Err(format!("it is larger than {} MiB", LARGEST >> 20));
        }
        std::fs::read(path).map_err(said)
    }

    fn list(&self, folder: &str) -> Result<Vec<String>, String> {
        let entries = std::fs::read_dir(folder).map_err(|error| error.to_string())?;
        let mut names: Vec<String> = entries
            .filter_map(|entry| entry.ok()?.file_name().into_string().ok())
            .collect();
        names.sort();
        Ok(names)
    }
}

/// Texts that are part of the program.
pub struct BuiltIn<'a>(pub &'a [(&'a str, &'a str)]);

impl Files for BuiltIn<'_> {
    fn read(&self, path: &str) -> Result<Vec<u8>, String> {
        let text = self.0.iter().find(|(name, _)| *name == path);
        text.map(|(_, text)| text.as_bytes().to_vec())
            .ok_or_else(|| "it is not built in".to_owned())
    }

    fn list(&self, _: &str) -> Result<Vec<String>, String> {
        Ok(Vec::new())
    }
}

/// Remembers what was read.
struct Keeping<'a> {
    files: &'a dyn Files,
    kept: RefCell<Vec<(String, Vec<u8>)>>,
}

impl Files for Keeping<'_> {
    fn read(&self, path: &str) -> Result<Vec<u8>, String> {
        if let Some((_, bytes)) = self.kept.borrow().iter().find(|(name, _)| name == path) {
            return Ok(bytes.clone());
        }
        let bytes = self.files.read(path)?;
        self.kept
            .borrow_mut()
            .push((path.to_owned(), bytes.clone()));
        Ok(bytes)
    }

    fn list(&self, folder: &str) -> Result<Vec<String>, String> {
        self.files.list(folder)
    }
}

/// What was read before, and nothing else.
pub struct Kept<'a>(pub &'a [(String, Vec<u8>)]);

impl Files for Kept<'_> {
    fn read(&self, path: &str) -> Result<Vec<u8>, String> {
        let known = self.0.iter().find(|(name, _)| name == path);
        known
            .map(|(_, bytes)| bytes.clone())
            .ok_or_else(|| "it was not there when the run began".to_owned())
    }

    fn list(&self, _: &str) -> Result<Vec<String>, String> {
        Ok(Vec::new())
    }
}
