//! Putting files together: bases, includes, overlays, variants, `--set`.

use std::collections::BTreeMap;

use super::path::{folder, join, matches};
use super::{Files, LoadOptions, OverlayChoice};
use crate::ast;
use crate::diagnostic::{Diagnostic, Diagnostics, nearest, one_of, quoted};
use crate::edit;
use crate::file::{self, File, FileKind, decode_partly};
use crate::form::notes::{Note, notes};
use crate::form::{Fields, Kind};
use crate::source::{SourceId, SourceMap, Span};
use crate::tree::{
    Entry, Key, NODES_MAX, Node, Value, add_bytes, hide_names, is_ignored, parse_text,
};

/// Bases of bases, at most.
const BASES_MAX: usize = 16;
/// Files that one model is made of, at most.
const FILES_MAX: usize = 1_000;

/// What is read so far.
pub(super) struct Loader<'a> {
    pub(super) files: &'a dyn Files,
    pub(super) sources: SourceMap,
    pub(super) found: Diagnostics,
    /// Paths of the files that are being made into the model: first the overlays, outermost first, then the model.
    pub(super) bases: Vec<String>,
    /// The path of the model itself.
    pub(super) model: String,
    pub(super) read: usize,
    /// What the files besides the model say that is only printed.
    pub(super) notes: Vec<Note>,
}

impl<'a> Loader<'a> {
    /// Nothing is read yet.
    pub(super) fn new(files: &'a dyn Files) -> Self {
        Self {
            files,
            sources: SourceMap::new(),
            found: Diagnostics::new(),
            bases: Vec::new(),
            model: String::new(),
            read: 0,
            notes: Vec::new(),
        }
    }

    pub(super) fn load(
        &mut self,
        path: &str,
        options: &LoadOptions,
    ) -> Option<(Node, Option<ast::Scenario>)> {
        let path = join("", path);
        let mut scenario = None;
        let mut file = self.read_file(&path, None)?;
        let mut model_path = path.clone();
        if file.kind == FileKind::Scenario {
            scenario = self.day(&file);
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
            let at = at.unwrap_or(Span::new(SourceId::default(), 0, 0));
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
                self.model = path.to_owned();
                let mut tree = file.tree;
                self.include(path, &mut tree);
                if let Some(entries) = tree.entries_mut() {
                    // What was included is there now.
                    entries.retain(|entry| &*entry.key.text != "include");
                }
                Some(tree)
            }
            FileKind::Overlay => {
                // What is wrong with the overlay itself; its edits are checked where they land.
                self.check_overlay(&file.tree);
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
        self.check_overlay(&file.tree);
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

    /// What is wrong with an overlay itself, wherever it is applied.
    fn check_overlay(&mut self, overlay: &Node) {
        let Some(overlay) = decode_partly::<ast::Overlay>(overlay, &mut self.found) else {
            return;
        };
        self.notes.push(Note {
            path: "overlay".to_owned(),
            value: overlay.overlay.value.as_str().to_owned(),
            at: overlay.overlay.span,
        });
        let variants = overlay
            .variants
            .as_ref()
            .map_or(&[][..], |variants| &variants.entries);
        let names: Vec<&str> = variants.iter().map(|variant| &*variant.name).collect();
        for like in variants
            .iter()
            .flat_map(|variant| variant.value.like.iter().flatten())
        {
            let name = like.value.as_str();
            if !names.contains(&name) {
                let error =
                    Diagnostic::error(like.span, format!("there is no variant {}", quoted(name)));
                let error = error.absent(name);
                self.found
                    .push(error.did_you_mean(nearest(name, names.iter().copied())));
            }
        }
    }

    fn apply_overlay(&mut self, tree: &mut Node, overlay: &Node, variant: Option<&str>) {
        self.edit(tree, overlay);
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
        self.edit(tree, &variant.value);
    }

    /// Applies a piece. If it does not fit, what it would have added is not missed.
    fn edit(&mut self, tree: &mut Node, piece: &Node) {
        let errors = self.found.errors();
        edit::apply(tree, piece, &mut self.found);
        if self.found.errors() > errors {
            self.found.hide(piece.span);
            hide_names(piece, &mut self.found);
        }
    }

    /// Applies `path=value` from the command line, all of them as one edit.
    fn set(&mut self, tree: &mut Node, all: &[String]) {
        if let Some(edits) = set_edits(&mut self.sources, all, &mut self.found) {
            self.edit(tree, &Node::map(edits.span, vec![("edit", edits)]));
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
        self.day(&file)
    }

    /// A scenario, typed.
    fn day(&mut self, file: &File) -> Option<ast::Scenario> {
        self.notes.extend(notes(&file.tree, file.kind.shape()));
        decode_partly::<ast::Scenario>(&file.tree, &mut self.found)
    }

    /// Adds the sections of all included files to a model.
    fn include(&mut self, path: &str, tree: &mut Node) {
        let patterns = tree
            .get("include")
            .and_then(Node::items)
            .unwrap_or_default()
            .to_vec();
        let errors = self.found.errors();
        self.add_files(path, tree, &patterns);
        if self.found.errors() > errors {
            // What the other files define is not missed.
            self.found.hide_everything();
        }
    }

    fn add_files(&mut self, path: &str, tree: &mut Node, patterns: &[Node]) {
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
                    let _ = decode_partly::<ast::Part>(&version, &mut self.found);
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
    let by_name = matches!(
        section_kind(&more.key.text),
        Some(Kind::Names(_) | Kind::Addresses(_))
    );
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
    let empty = Node::map(Span::new(SourceId::default(), 0, 0), Vec::new());
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

/// What `path=value` says, all of them, as the map of an edit; none if nothing can be read.
pub(super) fn set_edits(
    sources: &mut SourceMap,
    all: &[String],
    found: &mut Diagnostics,
) -> Option<Node> {
    let mut edits = Vec::new();
    for text in all {
        let id = sources.add("--set", text.as_str());
        let span = Span::new(id, 0, text.len());
        let Some((path, _)) = text.split_once('=') else {
            let error = Diagnostic::error(span, format!("{} has no `=`", quoted(text)));
            found.push(error.expected("`path=value`, such as `services.till.replicas=9`"));
            continue;
        };
        let start = path.len() + 1;
        if text[start..].trim().is_empty() {
            found.push(Diagnostic::error(
                span,
                format!("{} has no value", quoted(path.trim())),
            ));
            continue;
        }
        if let Some(value) = parse_text(&text[start..], id, start, found) {
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
    let span = edits.first()?.key.span;
    Some(Node {
        span,
        value: Value::Map(edits),
    })
}
