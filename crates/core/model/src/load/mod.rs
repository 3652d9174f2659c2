//! A model and everything it is made of: includes, bases, overlays, variants, `--set`, a scenario.
//!
//! Files come in through a trait, so this crate never meets a disk. What is loaded is one tree
//! in long form whose every line knows its file, checked as a whole: an error may point at two
//! files. The tree is kept, because events and faults edit it while a system runs.

mod inputs;
mod levers;
mod loader;
mod path;
mod scenario;
mod write;

use std::sync::Arc;

pub use self::inputs::Input;
pub use self::levers::{Lever, Turn, Way};
use self::loader::Loader;
pub use self::write::{DayFile, Found, Unwritable, hash_of};
use crate::ast;
use crate::diagnostic::{Diagnostic, Diagnostics, quoted};
use crate::edit;
use crate::file::decode_partly;
use crate::form::Form;
use crate::form::notes::{Note, notes};
use crate::preset::{Marks, expand_presets};
use crate::print;
use crate::resolve::{self, resolve};
use crate::source::SourceMap;
use crate::system::{EditId, System};
use crate::tree::Node;

/// Where files come from.
pub trait Files {
    /// The bytes of a file.
    ///
    /// # Errors
    ///
    /// Why it cannot be read, in words.
    fn read(&self, path: &str) -> Result<Vec<u8>, String>;

    /// The names of what lies in a folder; `.` is where paths start.
    ///
    /// # Errors
    ///
    /// Why it cannot be listed, in words.
    fn list(&self, folder: &str) -> Result<Vec<String>, String>;
}

/// What is applied to the file that is loaded.
#[derive(Clone, Debug, Default)]
pub struct LoadOptions {
    /// The variant of the file itself, if it is an overlay with variants.
    pub variant: Option<String>,
    /// Overlays to apply, in order.
    pub overlays: Vec<OverlayChoice>,
    /// `path=value`, applied last.
    pub set: Vec<String>,
    /// A scenario of the model.
    pub scenario: Option<String>,
}

/// An overlay, and one of its variants.
#[derive(Clone, Debug)]
pub struct OverlayChoice {
    /// The file.
    pub path: String,
    /// The variant to apply to the edited base.
    pub variant: Option<String>,
}

/// A model whose every construct is right by itself; whether they fit together is the next step.
#[derive(Clone, Debug)]
pub struct Model {
    sources: Arc<SourceMap>,
    /// The path of the model itself, against which the files that it names are found.
    path: String,
    tree: Node,
    ast: Arc<ast::Model>,
    scenario: Option<Arc<ast::Scenario>>,
    /// What that scenario makes happen that the model has no name for.
    by_hand: Arc<Vec<resolve::ByHand>>,
    warnings: Diagnostics,
    /// What the numbers that grow are multiplied by, in the order of `growth`; empty if they are as written.
    grown: Vec<f64>,
    /// What the files besides the model say that is only printed.
    said: Vec<Note>,
}

/// What is wrong with a model, and the texts that the places point into.
#[derive(Clone, Debug)]
pub struct LoadError {
    /// All files that were read.
    pub sources: Arc<SourceMap>,
    /// All mistakes.
    pub found: Diagnostics,
}

impl std::fmt::Display for LoadError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.found.render(&self.sources))
    }
}

impl std::error::Error for LoadError {}

impl Model {
    /// Loads the file at `path`: a model, an overlay, or a scenario.
    ///
    /// # Errors
    ///
    /// All that is wrong, in all files.
    pub fn load(path: &str, options: &LoadOptions, files: &dyn Files) -> Result<Self, LoadError> {
        let mut loader = Loader::new(files);
        let loaded = loader.load(path, options);
        let Loader {
            sources,
            mut found,
            model,
            notes: said,
            ..
        } = loader;
        let sources = Arc::new(sources);
        let loaded = loaded.and_then(|(tree, scenario)| {
            let ast = decode_model(&tree, &mut found)?;
            let by_hand = scenario.as_ref().map(resolve::ByHand::of);
            Some(Self {
                sources: Arc::clone(&sources),
                path: model,
                tree,
                ast: Arc::new(ast),
                by_hand: Arc::new(by_hand.unwrap_or_default()),
                scenario: scenario.map(Arc::new),
                warnings: Diagnostics::new(),
                grown: Vec::new(),
                said,
            })
        });
        match loaded {
            Some(mut model) if !found.has_errors() => {
                model.warnings = found;
                model.check_hash();
                Ok(model)
            }
            Some(model) => {
                let _ = model.check(files, &mut found);
                Err(model.error(found))
            }
            None => {
                let found = found.only_errors();
                Err(LoadError { sources, found })
            }
        }
    }

    /// All files that it is made of.
    #[must_use]
    pub fn sources(&self) -> &Arc<SourceMap> {
        &self.sources
    }

    /// The model, typed.
    #[must_use]
    pub fn ast(&self) -> &ast::Model {
        &self.ast
    }

    /// The day to simulate, if a scenario was loaded.
    #[must_use]
    pub fn scenario(&self) -> Option<&ast::Scenario> {
        self.scenario.as_deref()
    }

    /// The tree in long form.
    #[must_use]
    pub fn tree(&self) -> &Node {
        &self.tree
    }

    /// What is strange but no error.
    #[must_use]
    pub fn warnings(&self) -> &Diagnostics {
        &self.warnings
    }

    /// What it says that changes nothing but what is printed.
    #[must_use]
    pub fn notes(&self) -> Vec<Note> {
        let mut all = self.said.clone();
        all.extend(notes(&self.tree, ast::Model::shape()));
        all
    }

    /// The expanded model as text, presets written out.
    #[must_use]
    pub fn text(&self) -> String {
        let mut tree = self.tree.clone();
        expand_presets(&mut tree, ast::Model::shape(), Marks::Bare);
        print::print(&tree, ast::Model::shape())
    }

    /// The hash of the expanded model.
    #[must_use]
    pub fn hash(&self) -> String {
        print::hash(&self.text())
    }

    /// The system that it describes, and the findings about it.
    ///
    /// Every edit of an event, a fault or the scenario is tried by itself, so that none fails while the system
    /// runs; that costs one resolution of the file each.
    ///
    /// # Errors
    ///
    /// All that is wrong where two places are needed to see it.
    pub fn system(&self, files: &dyn Files) -> Result<(System, Diagnostics), LoadError> {
        let mut found = Diagnostics::new();
        match self.check(files, &mut found) {
            Some(system) if !found.has_errors() => Ok((system, found)),
            _ => Err(self.error(found)),
        }
    }

    /// Resolves the model and tries its edits. `found` has what is wrong with it already.
    fn check(&self, files: &dyn Files, found: &mut Diagnostics) -> Option<System> {
        let system = self.resolve(files, found).map(|system| {
            let mut edits = system.edits.clone();
            edits.extend(
                self.scenario_edits()
                    .map(|(name, _)| crate::system::Edit { name }),
            );
            system.with_edits(edits)
        });
        if let Some(growth) = &self.ast.sections.growth
            && !found.hides_something()
        {
            // Tried with the factor that changes nothing: what holds no number is refused before any day is known.
            // Where the model could not be read, nobody knows what stands at an address.
            let mut more = found.hidden();
            let _ = self.grown_by(&vec![1.0; growth.entries.len()], &mut more);
            found.append_new_errors(more, None);
        }
        for (name, edits) in self.edits() {
            // Mistakes of the model itself are told already. Where it could not be read, only the edit itself is judged.
            let mut more = found.hidden();
            let model = self.edited_by(&[edits], &mut more);
            let edited = model.and_then(|model| model.resolve(files, &mut more));
            let of = more.hides_something().then_some(edits.span);
            found.append_new_errors(more, of);
            let (Some(system), Some(edited)) = (&system, edited) else {
                continue;
            };
            if let Some(service) = name.strip_prefix("services.")
                && let Some(what) = resolve::beyond_a_version(system, &edited, service)
            {
                let message = format!("a version of a service does not change {what}");
                let hint = "it differs in what its endpoints do: their steps, calls and `fails`; an `edit` fault changes the rest";
                found.push(Diagnostic::error(edits.span, message).hint(hint));
            }
            if entities(&edited) != entities(system) {
                let message = format!(
                    "{} changes who is there, not only what they do",
                    quoted(&name)
                );
                let error = Diagnostic::error(edits.span, message);
                let hint = "while a system runs, only numbers and steps can change; use an overlay for the rest";
                found.push(error.hint(hint));
            } else if !same_people(system, &edited) {
                let message = format!("{} changes alerts or operators", quoted(&name));
                let hint = "while a system runs, those who watch and act stay as they are; use an overlay for that";
                found.push(Diagnostic::error(edits.span, message).hint(hint));
            }
        }
        system
    }

    /// The system with some of its edits in force, applied in this order to the base.
    ///
    /// # Errors
    ///
    /// If they do not go together: each by itself does.
    pub fn edited(
        &self,
        system: &System,
        edits: &[EditId],
        files: &dyn Files,
    ) -> Result<System, LoadError> {
        let edits: Vec<&Node> = edits
            .iter()
            .filter_map(|edit| self.edits_called(&system.edits[edit.index()].name))
            .collect();
        let (edited, _) = self.with(&edits)?.resolved(files)?;
        Ok(edited.with_edits(system.edits.clone()))
    }

    /// The model with edits in force, each a map from addresses to what is different there, applied in order.
    ///
    /// # Errors
    ///
    /// What is wrong with the edits, or with the model that they make.
    pub fn with(&self, edits: &[&Node]) -> Result<Self, LoadError> {
        let mut found = Diagnostics::new();
        match self.edited_by(edits, &mut found) {
            Some(model) if !found.has_errors() => Ok(model),
            _ => Err(self.error(found)),
        }
    }

    /// The model with every number that grows multiplied, by factors in the order of its `growth`. Those
    /// of clients' demand are passed over: a day multiplies them. Edits at run time change the grown numbers.
    ///
    /// # Errors
    ///
    /// What does not grow, with its place.
    pub fn grown(&self, factors: &[f64]) -> Result<Self, LoadError> {
        let mut found = Diagnostics::new();
        match self.grown_by(factors, &mut found) {
            Some(model) if !found.has_errors() => Ok(model),
            _ => Err(self.error(found)),
        }
    }

    fn grown_by(&self, factors: &[f64], found: &mut Diagnostics) -> Option<Self> {
        let mut tree = self.tree.clone();
        let mut grown = Vec::new();
        let growth = self.ast.sections.growth.iter();
        let entries = growth.flat_map(|growth| &growth.entries);
        for (entry, &factor) in entries.zip(factors) {
            let clients = self.ast.sections.clients.iter();
            let mut clients = clients.flat_map(crate::form::Names::iter);
            let is_demand = clients.any(|client| client.name == entry.name);
            // Any other plain word names nobody, which is said where names are looked up.
            if !is_demand && resolve::is_address(&entry.name) {
                edit::scale(&mut tree, &entry.name, entry.at, factor, found);
            }
            grown.push(if is_demand { 1.0 } else { factor });
        }
        let ast = decode_model(&tree, found)?;
        Some(Self {
            tree,
            ast: Arc::new(ast),
            grown,
            ..self.clone()
        })
    }

    /// The model with edits in force, as far as it can be read.
    fn edited_by(&self, edits: &[&Node], found: &mut Diagnostics) -> Option<Self> {
        let mut tree = self.tree.clone();
        for edits in edits {
            let piece = Node::map(edits.span, vec![("edit", (*edits).clone())]);
            edit::apply(&mut tree, &piece, found);
        }
        let ast = decode_model(&tree, found)?;
        Some(Self {
            tree,
            ast: Arc::new(ast),
            ..self.clone()
        })
    }

    fn resolved(&self, files: &dyn Files) -> Result<(System, Diagnostics), LoadError> {
        let mut found = Diagnostics::new();
        match self.resolve(files, &mut found) {
            Some(system) => Ok((system, found)),
            None => Err(self.error(found)),
        }
    }

    fn resolve(&self, files: &dyn Files, found: &mut Diagnostics) -> Option<System> {
        let mut read = |path: &str, within: &str| {
            // What the command line names is relative to the model.
            let known = within != "--set";
            let folder = path::folder(if known { within } else { &self.path });
            let bytes = files.read(&path::join(folder, path))?;
            String::from_utf8(bytes).map_err(|_| "it is not UTF-8".to_owned())
        };
        let by_hand = &self.by_hand;
        resolve(
            &self.ast,
            &self.sources,
            &mut read,
            &self.grown,
            by_hand,
            found,
        )
    }

    fn error(&self, found: Diagnostics) -> LoadError {
        LoadError {
            sources: Arc::clone(&self.sources),
            found: found.only_errors(),
        }
    }

    /// The edits of faults and events, and of the scenario, by the names that a system knows them by.
    fn edits(&self) -> Vec<(String, &Node)> {
        let mut all = Vec::new();
        for section in ["faults", "events"] {
            let entries = self.tree.get(section).and_then(Node::entries);
            for entry in entries.unwrap_or_default() {
                if let Some(edits) = entry.value.get("edit") {
                    all.push((format!("{section}.{}", entry.key.text), edits));
                }
            }
        }
        let operators = self.tree.get("operators").and_then(Node::entries);
        for operator in operators.unwrap_or_default() {
            all.extend(operator_edits(&operator.key.text, &operator.value));
        }
        for (name, edits) in self.bad_versions() {
            all.push((name, edits));
        }
        all.extend(self.scenario_edits());
        all
    }

    /// The edits of bad versions, by the names that a system knows them by: `services.NAME.rollout.bad.1`.
    fn bad_versions(&self) -> impl Iterator<Item = (String, &Node)> {
        let services = self.tree.get("services").and_then(Node::entries);
        services.unwrap_or_default().iter().flat_map(|service| {
            let rollout = service.value.get("rollout");
            let bad = rollout.and_then(|rollout| rollout.get("bad"));
            let versions = bad.and_then(Node::items).unwrap_or_default().iter();
            versions.enumerate().filter_map(|(at, version)| {
                let name = format!("services.{}.rollout.bad.{}", service.key.text, at + 1);
                Some((name, version.get("edit")?))
            })
        })
    }

    /// The edits that a system knows by a name: `faults.NAME`, `events.NAME`, `services.NAME.rollout.bad.N`, or
    /// `scenario.N`.
    #[must_use]
    pub fn edits_called(&self, name: &str) -> Option<&Node> {
        if name.starts_with("scenario.") {
            return self
                .scenario_edits()
                .find(|(other, _)| other == name)
                .map(|(_, edits)| edits);
        }
        if name.starts_with("services.") {
            return self
                .bad_versions()
                .find(|(other, _)| other == name)
                .map(|(_, edits)| edits);
        }
        let (section, entity) = name.split_once('.')?;
        if section == "operators" {
            let operator = entity.split('.').next()?;
            let written = self.tree.get(section)?.get(operator)?;
            let mut edits = operator_edits(operator, written).into_iter();
            return edits
                .find(|(other, _)| other == name)
                .map(|(_, edits)| edits);
        }
        self.tree.get(section)?.get(entity)?.get("edit")
    }

    /// Warns if a scenario was found on another model.
    fn check_hash(&mut self) {
        let Some(model) = self
            .scenario
            .as_ref()
            .and_then(|scenario| scenario.model.as_ref())
        else {
            return;
        };
        let hash = self.hash();
        // A hash may be cut, as those of commits are.
        let known = model.value.as_str();
        if known.len() < "sha256-".len() + 8 || !hash.starts_with(known) {
            let message = format!(
                "the model has changed since this day was found: it is {} now",
                &hash[..15]
            );
            let warning = Diagnostic::warning("WD0016", model.span, message);
            self.warnings
                .push(warning.hint("what happens on it may differ"));
        }
    }
}

/// The model that a tree is, as far as it can be read; without a head it has one that says nothing.
fn decode_model(tree: &Node, found: &mut Diagnostics) -> Option<ast::Model> {
    let mut tree = tree.clone();
    expand_presets(&mut tree, ast::Model::shape(), Marks::Preset);
    if let Some(model) = decode_partly(&tree, found) {
        return Some(model);
    }
    let head = [("worstday", "1"), ("system", "unnamed")];
    let at = tree.span;
    let entries = tree.entries_mut()?;
    entries.retain(|entry| head.iter().all(|(key, _)| *key != &*entry.key.text));
    let head = Node::map(
        at,
        head.map(|(key, text)| (key, Node::scalar(text, at))).into(),
    );
    entries.extend(head.entries().unwrap_or_default().to_vec());
    decode_partly(&tree, &mut Diagnostics::new())
}

/// The edits that an operator makes, by the names that a system knows them by: `operators.NAME.runbook.N.M`.
fn operator_edits<'a>(name: &str, operator: &'a Node) -> Vec<(String, &'a Node)> {
    let mut all = Vec::new();
    let mut add = |of: String, actions: Option<&'a Node>| {
        let actions = actions.and_then(Node::items).unwrap_or_default();
        for (number, action) in actions.iter().enumerate() {
            if let Some(edits) = action.get("edit") {
                all.push((format!("operators.{name}.{of}.{number}"), edits));
            }
        }
    };
    let entries = operator.get("runbook").and_then(Node::items);
    for (number, entry) in entries.unwrap_or_default().iter().enumerate() {
        add(format!("runbook.{number}"), entry.get("do"));
    }
    let mistakes = operator.get("mistakes");
    add(
        "mistakes".to_owned(),
        mistakes.and_then(|node| node.get("do")),
    );
    all
}

/// The names of everything that has a row of its own while a system runs.
fn entities(system: &System) -> Vec<&str> {
    let mut all = Vec::new();
    all.extend(system.zones.iter().map(|zone| zone.name.as_str()));
    all.extend(system.links.iter().map(|link| link.name.as_str()));
    all.extend(system.keys.iter().map(|keys| keys.name.as_str()));
    all.extend(system.pools.iter().map(|pool| pool.name.as_str()));
    all.extend(system.clients.iter().map(|client| client.name.as_str()));
    all.extend(system.services.iter().map(|service| service.name.as_str()));
    all.extend(
        system
            .endpoints
            .iter()
            .map(|endpoint| endpoint.name.as_str()),
    );
    all.extend(system.faults.iter().map(|fault| fault.name.as_str()));
    all.extend(system.events.iter().map(|event| event.name.as_str()));
    all.extend(system.flags.iter().map(|flag| flag.name.as_str()));
    all
}

/// Whether those who watch and act are the same: they are not changed by what they do.
fn same_people(a: &System, b: &System) -> bool {
    a.alerts == b.alerts && a.operators == b.operators
}

/// Reads any bytes as a model, whatever they are: for fuzzing and for editors.
///
/// # Errors
///
/// All that is wrong with them.
pub fn read_any(bytes: &[u8]) -> Result<Model, LoadError> {
    struct One<'a>(&'a [u8]);
    impl Files for One<'_> {
        fn read(&self, path: &str) -> Result<Vec<u8>, String> {
            if path == "input" {
                Ok(self.0.to_vec())
            } else {
                Err("there is only one file here".to_owned())
            }
        }
        fn list(&self, _: &str) -> Result<Vec<String>, String> {
            Ok(Vec::new())
        }
    }
    Model::load("input", &LoadOptions::default(), &One(bytes))
}
