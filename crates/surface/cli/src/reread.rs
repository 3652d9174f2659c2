//! A model that is read again and again with another scenario, from what was read once.
//!
//! The scenario is a text that was never a file; everything else comes from memory, so that what happens to files meanwhile
//! changes nothing. Mistakes come back as sentences: nobody typed the text, so that a place in it would help nobody.

use jiff::civil::Date;
use worstday_model::day;
use worstday_model::diagnostic::Diagnostic;
use worstday_model::load::{Files, LoadError, Model};
use worstday_model::system::{EditId, System};

use crate::arguments::Run;
use crate::load::{Kept, Loaded, Read, Trouble, read};

/// The path of what is no file. Paths in it start where the command does.
const NO_FILE: &str = "the scenario so far";

/// See the module's page.
pub struct Rereader {
    arguments: Run,
    files: Vec<(String, Vec<u8>)>,
    today: Date,
}

impl Rereader {
    /// What was read with these arguments.
    #[must_use]
    pub fn new(arguments: &Run, read: &Read) -> Self {
        Self {
            arguments: Run {
                scenario: Some(NO_FILE.into()),
                day: None,
                ..arguments.clone()
            },
            files: read.files.clone(),
            today: read.loaded.as_of,
        }
    }

    /// The model with this scenario, and its day.
    ///
    /// # Errors
    ///
    /// What is wrong with it, in words.
    pub fn with(&self, scenario: &str) -> Result<(Loaded, day::Day), String> {
        let mut files = self.files.clone();
        files.push((NO_FILE.to_owned(), scenario.as_bytes().to_vec()));
        let files = Kept(&files);
        let read =
            read(&self.arguments, &files, Some(self.today)).map_err(|trouble| match trouble {
                Trouble::Mistakes(error) => in_words(&error),
                Trouble::Stop(stop) => stop.message,
            })?;
        contradictions(&read.model, &read.loaded.system, &files)?;
        let loaded = read.loaded;
        let request = crate::run::request(&self.arguments, loaded.scenario.as_ref(), loaded.as_of);
        let request = request.map_err(|stop| stop.message)?;
        let day = day::plan(&loaded.system, &request).map_err(|error| error.to_string())?;
        Ok((loaded, day))
    }
}

/// Mistakes as sentences.
fn in_words(error: &LoadError) -> String {
    let all: Vec<String> = error.found.sorted().into_iter().map(sentence).collect();
    all.join("; ")
}

fn sentence(found: &Diagnostic) -> String {
    let mut text = found.message.clone();
    if let Some(expected) = &found.expected {
        text.push_str(&format!(" (expected {expected})"));
    }
    if let Some(hint) = &found.hint {
        text.push_str(&format!(": {hint}"));
    }
    text
}

/// A reader tries each edit alone. Here the last one of the scenario is tried beside every other, before and behind
/// it, so that it is refused instead of ending a session in the middle.
fn contradictions(model: &Model, system: &System, files: &dyn Files) -> Result<(), String> {
    let ids = 0..system.edits.len() as u32;
    let name = |id: u32| system.edits[id as usize].name.as_str();
    let mut of_scenario = ids.clone().filter(|id| name(*id).starts_with("scenario."));
    let Some(last) = of_scenario.next_back() else {
        return Ok(());
    };
    for other in ids.filter(|id| *id != last) {
        for pair in [[EditId(other), EditId(last)], [EditId(last), EditId(other)]] {
            model.edited(system, &pair, files).map_err(|error| {
                format!("this contradicts `{}`: {}", name(other), in_words(&error))
            })?;
        }
    }
    Ok(())
}
