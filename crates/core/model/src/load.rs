//! A model and everything it is made of: includes, bases, overlays, variants, `--set`, a scenario.
//!
//! Files come in through a trait, so this crate never meets a disk. What is loaded is one tree
//! in long form whose every line knows its file, checked as a whole: an error may point at two
//! files. The tree is kept, because events and faults edit it while a system runs.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::ast;
use crate::diagnostic::{Diagnostic, Diagnostics, nearest, one_of, quoted};
use crate::edit;
use crate::file::{self, File, FileKind, decode};
use crate::form::{Form, Kind};
use crate::preset::expand_presets;
use crate::print;
use crate::source::{SourceMap, Span};
use crate::tree::{Entry, Key, NODES_MAX, Node, Value, add_bytes, is_ignored, parse_text};

/// Bases of bases, at most.
const BASES_MAX: usize = 16;
/// Files that one model is made of, at most.
const FILES_MAX: usize = 1_000;

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
    tree: Node,
    ast: Arc<ast::Model>,
    scenario: Option<Arc<ast::Scenario>>,
    warnings: Diagnostics,
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
        let mut loader = Loader {
            files,
            sources: SourceMap::new(),
            found: Diagnostics::new(),
            bases: Vec::new(),
            read: 0,
        };
        let loaded = loader.load(path, options);
        let Loader {
            sources, mut found, ..
        } = loader;
        let sources = Arc::new(sources);
        let model = loaded.and_then(|(mut tree, scenario)| {
            expand_presets(&mut tree, ast::Model::shape());
            let ast = Arc::new(decode::<ast::Model>(&tree, &mut found)?);
            Some(Self {
                sources: Arc::clone(&sources),
                tree,
                ast,
                scenario: scenario.map(Arc::new),
                warnings: Diagnostics::new(),
            })
        });
        match model {
            Some(mut model) if !found.has_errors() => {
                model.warnings = found;
                model.check_hash();
                Ok(model)
            }
            _ => Err(LoadError { sources, found }),
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

    /// The tree in long form, presets expanded.
    #[must_use]
    pub fn tree(&self) -> &Node {
        &self.tree
    }

    /// What is strange but no error.
    #[must_use]
    pub fn warnings(&self) -> &Diagnostics {
        &self.warnings
    }

    /// The expanded model as text.
    #[must_use]
    pub fn text(&self) -> String {
        print::print(&self.tree, ast::Model::shape())
    }

    /// The hash of the expanded model.
    #[must_use]
    pub fn hash(&self) -> String {
        print::hash(&self.text())
    }

    /// The model with edits in force, each a map from addresses to what is different there, applied in order.
    ///
    /// # Errors
    ///
    /// What is wrong with the edits, or with the model that they make.
    pub fn edited(&self, edits: &[&Node]) -> Result<Self, LoadError> {
        let mut found = Diagnostics::new();
        let mut tree = self.tree.clone();
        for edits in edits {
            let piece = Node::map(edits.span, vec![("edit", (*edits).clone())]);
            edit::apply(&mut tree, &piece, &mut found);
        }
        expand_presets(&mut tree, ast::Model::shape());
        match decode::<ast::Model>(&tree, &mut found) {
            Some(ast) if !found.has_errors() => Ok(Self {
                tree,
                ast: Arc::new(ast),
                ..self.clone()
            }),
            _ => Err(LoadError {
                sources: Arc::clone(&self.sources),
                found,
            }),
        }
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
            let warning = Diagnostic::warning("WD0001", model.span, message);
            self.warnings
                .push(warning.hint("what happens on it may differ"));
        }
    }
}

struct Loader<'a> {
    files: &'a dyn Files,
    sources: SourceMap,
    found: Diagnostics,
    /// Paths of the files that are being made into the model: the last one is the innermost base.
    bases: Vec<String>,
    read: usize,
}

impl Loader<'_> {
    fn load(&mut self, path: &str, options: &LoadOptions) -> Option<(Node, Option<ast::Scenario>)> {
        let path = join("", path);
        let mut scenario = None;
        let mut file = self.read_file(&path, None)?;
        let mut model_path = path.clone();
        if file.kind == FileKind::Scenario {
            scenario = decode::<ast::Scenario>(&file.tree, &mut self.found);
            let base = file
                .tree
                .get("base")
                .and_then(|base| Some((base.text()?.to_owned(), base.span)));
            let (base, at) = base?;
            model_path = join(folder(&path), &base);
            file = self.read_file(&model_path, Some(at))?;
        }
        let mut tree = self.model_of(&model_path, file, options.variant.as_deref(), None)?;
        for choice in &options.overlays {
            self.overlay(&mut tree, choice);
        }
        self.set(&mut tree, &options.set);
        if let Some(path) = &options.scenario {
            scenario = self.scenario(&join("", path));
        }
        Some((tree, scenario))
    }

    /// Reads a file as the language has it. `at` is where it is named.
    fn read_file(&mut self, path: &str, at: Option<Span>) -> Option<File> {
        self.read += 1;
        if self.read > FILES_MAX {
            let at = at.unwrap_or(Span::new(crate::source::SourceId::default(), 0, 0));
            self.found.push(Diagnostic::error(
                at,
                format!("a model of more than {FILES_MAX} files is not read"),
            ));
            return None;
        }
        let bytes = match self.files.read(path) {
            Ok(bytes) => bytes,
            Err(why) => {
                let at = at.unwrap_or_else(|| Span::new(self.sources.add(path, ""), 0, 0));
                self.found.push(Diagnostic::error(
                    at,
                    format!("cannot read {}: {why}", quoted(path)),
                ));
                return None;
            }
        };
        match add_bytes(&mut self.sources, path, &bytes) {
            Ok(id) => file::read(&self.sources, id, &mut self.found),
            Err(error) => {
                self.found.push(*error);
                None
            }
        }
    }

    /// The tree of the model that a file is, or edits.
    fn model_of(
        &mut self,
        path: &str,
        file: File,
        variant: Option<&str>,
        at: Option<Span>,
    ) -> Option<Node> {
        if self.bases.iter().any(|base| base == path) || self.bases.len() >= BASES_MAX {
            let at = at.unwrap_or(file.tree.span);
            self.found.push(Diagnostic::error(
                at,
                format!("{} is a base of itself", quoted(path)),
            ));
            return None;
        }
        self.bases.push(path.to_owned());
        match file.kind {
            FileKind::Model => {
                if let Some(name) = variant {
                    let error = Diagnostic::error(
                        file.tree.span,
                        format!("a model has no variant {}", quoted(name)),
                    );
                    self.found.push(error.hint("variants stand in overlays"));
                }
                let mut tree = file.tree;
                self.include(path, &mut tree);
                Some(tree)
            }
            FileKind::Overlay => {
                // What is wrong with the overlay itself; its edits are checked where they land.
                let _ = decode::<ast::Overlay>(&file.tree, &mut self.found);
                let base = file.tree.get("base")?;
                let at = base.span;
                let base_path = join(folder(path), base.text()?);
                let base_file = self.read_file(&base_path, Some(at))?;
                let mut tree = self.model_of(&base_path, base_file, None, Some(at))?;
                self.apply_overlay(&mut tree, &file.tree, variant);
                Some(tree)
            }
            FileKind::Scenario | FileKind::Part => {
                self.found
                    .push(file::wrong_kind(&file, "a model or an overlay"));
                None
            }
        }
    }

    /// Applies an overlay that was asked for by name.
    fn overlay(&mut self, tree: &mut Node, choice: &OverlayChoice) {
        let path = join("", &choice.path);
        let Some(file) = self.read_file(&path, None) else {
            return;
        };
        if file.kind != FileKind::Overlay {
            self.found.push(file::wrong_kind(&file, "an overlay"));
            return;
        }
        let _ = decode::<ast::Overlay>(&file.tree, &mut self.found);
        if let Some(base) = file.tree.get("base")
            && let Some(text) = base.text()
        {
            let base_path = join(folder(&path), text);
            if !self.bases.contains(&base_path) {
                let message = format!(
                    "this overlay edits {}, which is not what is loaded",
                    quoted(&base_path)
                );
                self.found
                    .push(Diagnostic::error(base.span, message).expected(quoted(&self.bases[0])));
            }
        }
        self.apply_overlay(tree, &file.tree, choice.variant.as_deref());
        self.bases.push(path);
    }

    fn apply_overlay(&mut self, tree: &mut Node, overlay: &Node, variant: Option<&str>) {
        edit::apply(tree, overlay, &mut self.found);
        let Some(name) = variant else { return };
        let variants = overlay.get("variants");
        let names: Vec<&str> = variants
            .and_then(Node::entries)
            .unwrap_or_default()
            .iter()
            .map(|entry| &*entry.key.text)
            .collect();
        let Some(entry) = variants.and_then(|variants| variants.entry(name)) else {
            let message = format!("there is no variant {}", quoted(name));
            let at = variants.map_or(overlay.span, |variants| variants.span);
            let error = Diagnostic::error(at, message);
            self.found.push(match nearest(name, names.iter().copied()) {
                Some(near) => error.did_you_mean(Some(near)),
                None => error.expected(one_of(names, 12)),
            });
            return;
        };
        self.apply_variant(tree, overlay, entry, &mut Vec::new());
    }

    fn apply_variant(
        &mut self,
        tree: &mut Node,
        overlay: &Node,
        variant: &Entry,
        under: &mut Vec<Box<str>>,
    ) {
        if under.contains(&variant.key.text) {
            let message = format!("variant {} is like itself", quoted(&variant.key.text));
            self.found
                .push(Diagnostic::error(variant.key.span, message));
            return;
        }
        under.push(variant.key.text.clone());
        for like in variant
            .value
            .get("like")
            .and_then(Node::items)
            .unwrap_or_default()
        {
            let Some(name) = like.text() else { continue };
            match overlay
                .get("variants")
                .and_then(|variants| variants.entry(name))
            {
                Some(entry) => self.apply_variant(tree, overlay, entry, under),
                None => {
                    let names = overlay
                        .get("variants")
                        .and_then(Node::entries)
                        .unwrap_or_default();
                    let near = nearest(name, names.iter().map(|entry| &*entry.key.text));
                    let error = Diagnostic::error(
                        like.span,
                        format!("there is no variant {}", quoted(name)),
                    );
                    self.found.push(error.did_you_mean(near));
                }
            }
        }
        under.pop();
        edit::apply(tree, &variant.value, &mut self.found);
    }

    /// Applies `path=value` from the command line, all of them as one edit.
    fn set(&mut self, tree: &mut Node, all: &[String]) {
        let mut edits = Vec::new();
        for text in all {
            let id = self.sources.add("--set", text.as_str());
            let span = Span::new(id, 0, text.len());
            let Some((path, _)) = text.split_once('=') else {
                let error = Diagnostic::error(span, format!("{} has no `=`", quoted(text)));
                self.found
                    .push(error.expected("`path=value`, such as `services.till.replicas=9`"));
                continue;
            };
            let start = path.len() + 1;
            if text[start..].trim().is_empty() {
                self.found.push(Diagnostic::error(
                    span,
                    format!("{} has no value", quoted(path.trim())),
                ));
                continue;
            }
            if let Some(value) = parse_text(&text[start..], id, start, &mut self.found) {
                let blanks = path.len() - path.trim_start().len();
                edits.push(Entry {
                    key: Key {
                        text: path.trim().into(),
                        span: Span::new(id, blanks, blanks + path.trim().len()),
                    },
                    value,
                });
            }
        }
        if let Some(first) = edits.first() {
            let span = first.key.span;
            let edits = Node {
                span,
                value: Value::Map(edits),
            };
            edit::apply(
                tree,
                &Node::map(span, vec![("edit", edits)]),
                &mut self.found,
            );
        }
    }

    /// Reads a scenario of what is loaded.
    fn scenario(&mut self, path: &str) -> Option<ast::Scenario> {
        let file = self.read_file(path, None)?;
        if file.kind != FileKind::Scenario {
            self.found.push(file::wrong_kind(&file, "a scenario"));
            return None;
        }
        if let Some(base) = file.tree.get("base")
            && let Some(text) = base.text()
        {
            let base_path = join(folder(path), text);
            if !self.bases.contains(&base_path) {
                let message = format!(
                    "this is a day of {}, which is not what is loaded",
                    quoted(&base_path)
                );
                self.found
                    .push(Diagnostic::error(base.span, message).expected(quoted(&self.bases[0])));
            }
        }
        decode::<ast::Scenario>(&file.tree, &mut self.found)
    }

    /// Adds the sections of all included files to a model.
    fn include(&mut self, path: &str, tree: &mut Node) {
        let patterns = tree
            .get("include")
            .and_then(Node::items)
            .unwrap_or_default()
            .to_vec();
        let mut seen: Vec<String> = vec![path.to_owned()];
        let mut nodes = 0;
        for pattern in patterns {
            let Some(text) = pattern.text() else { continue };
            let mut paths = Vec::new();
            if let Err(why) = self.glob(&join(folder(path), text), &mut paths) {
                self.found.push(Diagnostic::error(
                    pattern.span,
                    format!("cannot read {}: {why}", quoted(text)),
                ));
                continue;
            }
            paths.sort();
            if paths.is_empty() {
                self.found.push(Diagnostic::error(
                    pattern.span,
                    format!("no file is called {}", quoted(text)),
                ));
            }
            for path in paths {
                if seen.contains(&path) {
                    continue;
                }
                seen.push(path.clone());
                let Some(file) = self.read_file(&path, Some(pattern.span)) else {
                    continue;
                };
                if file.kind != FileKind::Part {
                    self.found.push(file::wrong_kind(
                        &file,
                        "a file of sections without a second key",
                    ));
                    continue;
                }
                nodes += count(&file.tree);
                if nodes > 2 * NODES_MAX {
                    let message =
                        format!("the included files hold more than {} lines", 2 * NODES_MAX);
                    self.found.push(Diagnostic::error(pattern.span, message));
                    return;
                }
                self.add_part(tree, file.tree);
            }
        }
    }

    /// The files that a pattern names.
    fn glob(&self, pattern: &str, out: &mut Vec<String>) -> Result<(), String> {
        let Some(star) = pattern.find('*') else {
            out.push(pattern.to_owned());
            return Ok(());
        };
        let start = pattern[..star].rfind('/').map_or(0, |slash| slash + 1);
        let end = pattern[star..]
            .find('/')
            .map_or(pattern.len(), |slash| star + slash);
        let parent = pattern[..start].trim_end_matches('/');
        for name in self
            .files
            .list(if parent.is_empty() { "." } else { parent })?
        {
            if !matches(&pattern[start..end], &name) {
                continue;
            }
            let path = format!("{}{name}{}", &pattern[..start], &pattern[end..]);
            if end < pattern.len() && self.glob(&path, out).is_err() {
                // A file where the pattern wants a folder.
                continue;
            }
            if end == pattern.len() {
                out.push(path);
            }
        }
        Ok(())
    }

    /// Adds the sections of an included file; its defaults hold for itself only.
    fn add_part(&mut self, tree: &mut Node, mut part: Node) {
        if let Some(defaults) = part.get("defaults").cloned() {
            self.push_defaults(&mut part, &defaults);
        }
        let Value::Map(entries) = part.value else {
            return;
        };
        for entry in entries {
            let key = &*entry.key.text;
            match key {
                "worstday" => {
                    let version = Node::map(entry.value.span, vec![("worstday", entry.value)]);
                    let _ = decode::<ast::Part>(&version, &mut self.found);
                    continue;
                }
                "defaults" => continue,
                "include" => {
                    let error =
                        Diagnostic::error(entry.key.span, "an included file includes no others");
                    self.found.push(error.hint("name them in the model"));
                    continue;
                }
                _ if is_ignored(key) => continue,
                _ => {}
            }
            let sections = tree.entries_mut().expect("a model is a map");
            match sections
                .iter_mut()
                .find(|other| other.key.text == entry.key.text)
            {
                None => sections.push(entry),
                Some(other) => add_section(other, entry, &mut self.found),
            }
        }
    }

    fn push_defaults(&mut self, part: &mut Node, defaults: &Node) {
        for entry in defaults.entries().unwrap_or_default() {
            match &*entry.key.text {
                "services" => each(part, "services", |service| fill(service, &entry.value)),
                "calls" => {
                    for section in ["services", "clients"] {
                        each(part, section, |owner| {
                            fill_below(owner, &entry.key, &entry.value);
                        });
                    }
                }
                "mesh" => each(part, "services", |service| {
                    fill_below(service, &entry.key, &entry.value);
                }),
                "promises" => each(part, "promises", |promise| fill(promise, &entry.value)),
                key if is_ignored(key) => {}
                key => {
                    let message =
                        format!("{} cannot be a default of an included file", quoted(key));
                    let error = Diagnostic::error(entry.key.span, message);
                    self.found
                        .push(error.expected("`services`, `calls`, `mesh` or `promises`"));
                }
            }
        }
    }
}

/// How many maps, lists and scalars a tree is.
fn count(node: &Node) -> usize {
    1 + match &node.value {
        Value::Scalar(_) => 0,
        Value::List(items) => items.iter().map(count).sum(),
        Value::Map(entries) => entries.iter().map(|entry| count(&entry.value)).sum(),
    }
}

/// Adds the names of a section to those that are there; a name is defined once.
fn add_section(there: &mut Entry, more: Entry, found: &mut Diagnostics) {
    let by_name = matches!(section_kind(&more.key.text), Some(Kind::Names(_)));
    let twice = |name: &Key, first: Span| {
        let error = Diagnostic::error(
            name.span,
            format!("{} is defined twice", quoted(&name.text)),
        );
        let error = error.label("again").also(first, "first here");
        error.hint("to change something, use an overlay")
    };
    match (&mut there.value.value, more.value.value) {
        (Value::Map(names), Value::Map(entries)) if by_name => {
            let known: BTreeMap<Box<str>, Span> = names
                .iter()
                .map(|name| (name.key.text.clone(), name.key.span))
                .collect();
            for entry in entries {
                match known.get(&entry.key.text) {
                    Some(first) => found.push(twice(&entry.key, *first)),
                    None => names.push(entry),
                }
            }
        }
        _ => found.push(twice(&more.key, there.key.span)),
    }
}

fn section_kind(key: &str) -> Option<Kind> {
    use crate::form::Fields;
    let empty = Node::map(
        Span::new(crate::source::SourceId::default(), 0, 0),
        Vec::new(),
    );
    ast::Sections::RECORD
        .field(key, &empty)
        .map(|field| (field.shape)().kind)
}

fn each(part: &mut Node, section: &str, mut change: impl FnMut(&mut Node)) {
    let entries = part.entries_mut().into_iter().flatten();
    for entry in entries.filter(|entry| &*entry.key.text == section) {
        for thing in entry.value.entries_mut().into_iter().flatten() {
            change(&mut thing.value);
        }
    }
}

/// Adds the keys of `defaults` that a map lacks.
fn fill(map: &mut Node, defaults: &Node) {
    let Some(entries) = map.entries_mut() else {
        return;
    };
    for default in defaults.entries().unwrap_or_default() {
        if entries
            .iter()
            .all(|entry| entry.key.text != default.key.text)
        {
            entries.push(default.clone());
        }
    }
}

/// Adds the keys of `defaults` that the map under a key lacks.
fn fill_below(owner: &mut Node, key: &Key, defaults: &Node) {
    let Some(entries) = owner.entries_mut() else {
        return;
    };
    match entries.iter_mut().find(|entry| entry.key.text == key.text) {
        Some(entry) => fill(&mut entry.value, defaults),
        None => entries.push(Entry {
            key: key.clone(),
            value: defaults.clone(),
        }),
    }
}

/// Whether `name` is what a pattern with `*` means.
fn matches(pattern: &str, name: &str) -> bool {
    if name.starts_with('.') && !pattern.starts_with('.') {
        return false;
    }
    let mut parts = pattern.split('*');
    let Some(mut rest) = parts.next().and_then(|first| name.strip_prefix(first)) else {
        return false;
    };
    let Some(last) = parts.next_back() else {
        return rest.is_empty();
    };
    for part in parts {
        match rest.find(part) {
            Some(at) => rest = &rest[at + part.len()..],
            None => return false,
        }
    }
    rest.ends_with(last)
}

/// The folder of a path.
fn folder(path: &str) -> &str {
    path.rfind('/').map_or("", |slash| &path[..=slash])
}

/// A path relative to a folder, without `.` and without what `..` undoes.
fn join(folder: &str, path: &str) -> String {
    let whole = if path.starts_with('/') {
        path.to_owned()
    } else {
        format!("{folder}{path}")
    };
    let mut parts: Vec<&str> = Vec::new();
    for part in whole.split('/') {
        match part {
            "" | "." => {}
            ".." if parts.last().is_some_and(|last| *last != "..") => {
                parts.pop();
            }
            part => parts.push(part),
        }
    }
    let root = if whole.starts_with('/') { "/" } else { "" };
    format!("{root}{}", parts.join("/"))
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
