//! A text as a file of the language: which kind it is, its tree in long form, and its typed form.

use crate::ast::{Model, Overlay, Part, Scenario};
use crate::diagnostic::{Diagnostic, Diagnostics, nearest, one_of, quoted};
use crate::form::expand::expand;
use crate::form::{Form, NotYet, Reader, Shape};
use crate::source::{SourceId, SourceMap};
use crate::tree::{Node, parse};

/// The kinds of file, told apart by their second key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FileKind {
    /// `system: NAME`: a model.
    Model,
    /// `overlay: NAME`: edits to another file.
    Overlay,
    /// `scenario: NAME`: one concrete day of a model.
    Scenario,
    /// Sections without a name, to be included.
    Part,
}

impl FileKind {
    /// What such a file looks like.
    #[must_use]
    pub fn shape(self) -> Shape {
        match self {
            Self::Model => Model::shape(),
            Self::Overlay => Overlay::shape(),
            Self::Scenario => Scenario::shape(),
            Self::Part => Part::shape(),
        }
    }

    /// The kind that the keys of a file make it.
    #[must_use]
    pub fn of(node: &Node) -> Self {
        let kinds = [
            ("system", Self::Model),
            ("overlay", Self::Overlay),
            ("scenario", Self::Scenario),
        ];
        let kind = kinds.into_iter().find(|(key, _)| node.get(key).is_some());
        kind.map_or(Self::Part, |(_, kind)| kind)
    }
}

/// A file that was read, whatever is wrong with what it says.
#[derive(Clone, Debug)]
pub struct File {
    /// Its kind.
    pub kind: FileKind,
    /// Its tree, short forms expanded.
    pub tree: Node,
}

/// Reads a source as a file of the language.
///
/// `None` if it is no YAML, or no map; the reason is then among the findings.
#[must_use]
pub fn read(sources: &SourceMap, id: SourceId, found: &mut Diagnostics) -> Option<File> {
    let mut tree = parse(sources, id, found)?;
    if tree.entries().is_none() {
        let error = Diagnostic::error(tree.span, format!("the file is {}", tree.kind()));
        found.push(error.expected("a map that starts with `worstday: 1`"));
        return None;
    }
    let kind = FileKind::of(&tree);
    expand(&mut tree, kind.shape());
    Some(File { kind, tree })
}

/// Gives a tree its types.
///
/// `None` if something is wrong with it or not built yet.
#[must_use]
pub fn decode<T: Form>(tree: &Node, found: &mut Diagnostics) -> Option<T> {
    let before = found.errors();
    decode_partly(tree, found).filter(|_| found.errors() == before)
}

/// Gives as much of a tree its types as can be read; what is left out is noted as hidden.
#[must_use]
pub(crate) fn decode_partly<T: Form>(tree: &Node, found: &mut Diagnostics) -> Option<T> {
    let mut reader = Reader::new(found);
    let value = T::read(tree, &mut reader);
    let not_yet = reader.into_not_yet(tree);
    if !not_yet.is_empty() {
        found.push(refuse(&not_yet));
    }
    value
}

/// One message for everything that a file uses and that is not built yet.
fn refuse(not_yet: &[NotYet]) -> Diagnostic {
    let mut mechanisms: Vec<&str> = Vec::new();
    for missing in not_yet {
        if !mechanisms.contains(&missing.mechanism) {
            mechanisms.push(missing.mechanism);
        }
    }
    mechanisms.sort_unstable();
    let list = mechanisms.join(", ");
    let mut refused = Diagnostic::error(
        not_yet[0].at,
        format!("this file needs what is not built yet: {list}"),
    );
    if not_yet.len() > 1 {
        for missing in not_yet {
            refused = refused.also(
                missing.at,
                format!("{}: {}", missing.path, missing.mechanism),
            );
        }
    }
    refused.hint("everything else in the file was checked; docs/reference lists what is built")
}

/// Says that a file is of another kind than is wanted.
#[must_use]
pub fn wrong_kind(file: &File, wanted: &str) -> Diagnostic {
    let keys = file.tree.entries().unwrap_or_default();
    let kinds = ["system", "overlay", "scenario"];
    let typo = keys
        .iter()
        .find_map(|entry| Some((entry, nearest(&entry.key.text, kinds)?)));
    match typo {
        Some((entry, near)) if file.kind == FileKind::Part => {
            let message = format!("{} does not say what this file is", quoted(&entry.key.text));
            Diagnostic::error(entry.key.span, message).did_you_mean(Some(near))
        }
        _ => {
            let what = match file.kind {
                FileKind::Model => "a model",
                FileKind::Overlay => "an overlay",
                FileKind::Scenario => "a scenario",
                FileKind::Part => "neither a model nor an overlay nor a scenario",
            };
            let message = format!("this file is {what}, and {wanted} is wanted");
            Diagnostic::error(file.tree.span, message)
                .expected(format!("one of {} with its name", one_of(kinds, 3)))
        }
    }
}
