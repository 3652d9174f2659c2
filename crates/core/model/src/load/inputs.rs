//! The inputs of a model that may be otherwise, and the model with them elsewhere.
//!
//! A verdict holds only if it holds over every range of the inputs, and what should be measured next is that which
//! decides it. So each scalar of the file that has a range, or is marked as a guess, is an [`Input`] that can be moved by
//! itself or together with others ([`Model::with_inputs`]). What is listed is what the system was made of: a range in a
//! policy that nobody uses is none. A scalar that stands once and is used by many, as in `defaults`, is one input.
//!
//! What stands inside an `edit` (of an event, a fault, a bad version or a runbook) gets its meaning where it lands, when
//! it comes into force; it is not listed, and its best estimate holds.

use std::collections::BTreeMap;

use super::{LoadError, Model, decode_model};
use crate::ast;
use crate::diagnostic::Diagnostics;
use crate::edit::{Location, Seg, at_mut};
use crate::form::{Form, Kind, ScalarForm, Shape};
use crate::scalar::{Pin, Within, source};
use crate::source::{SourceMap, Span};
use crate::system::{Fact, Origin, Place, System};
use crate::tree::{Node, Value, is_ignored};

/// A scalar of the file of which nobody knows exactly what it is.
#[derive(Clone, Debug)]
pub struct Input {
    /// The path under which it is told, as [`Fact::path`].
    pub path: String,
    /// As the file says it, without its mark.
    pub text: String,
    /// What it is at the lower ends of all its ranges: a scalar that can stand in its place.
    pub low: String,
    /// What it is by the best estimate.
    pub best: String,
    /// What it is at the upper ends. Equal to `low` if the file does not say what else it may be: a guess of a count or
    /// of a word.
    pub high: String,
    /// Who says so.
    pub origin: Origin,
    /// Where it stands.
    pub place: Place,
    /// The same in the tree.
    location: Location,
    form: ScalarForm,
    guess: Option<(f64, f64)>,
}

impl Input {
    /// Whether it may be anything else that can be told.
    #[must_use]
    pub fn moves(&self) -> bool {
        self.low != self.high
    }

    /// What it is at a point of its range.
    #[must_use]
    pub fn at(&self, to: Within) -> String {
        let guess = self.guess;
        (self.form.pin)(&self.text, Pin { to, guess }).unwrap_or_else(|| self.best.clone())
    }
}

impl Model {
    /// The inputs of `system`, the one that this model describes, that may be otherwise; by path.
    #[must_use]
    pub fn inputs(&self, system: &System) -> Vec<Input> {
        let mut told = BTreeMap::new();
        for fact in &system.facts {
            if fact.is_uncertain() {
                let Place { file, line, column } = &fact.place;
                let what = (&**file, *line, *column, fact.text.clone());
                told.entry(what).or_insert(fact);
            }
        }
        let mut walk = Walk {
            sources: &self.sources,
            told,
            location: Vec::new(),
            inputs: Vec::new(),
        };
        walk.node(&self.tree, ast::Model::shape());
        let mut inputs = walk.inputs;
        inputs.sort_by(|a, b| a.path.cmp(&b.path));
        inputs
    }

    /// The model with some of its [`Self::inputs`] at points of their ranges; what is not among them keeps its best
    /// estimate. Everything else is as it was: names, draws, and the tree's places.
    ///
    /// The same by hand is `--set PATH=VALUE` with [`Input::at`], where the path is an address.
    ///
    /// # Errors
    ///
    /// What the moved values contradict, with its place.
    ///
    /// # Panics
    ///
    /// If an input is of another model.
    pub fn with_inputs(&self, moved: &[(&Input, Within)]) -> Result<Self, LoadError> {
        let mut tree = self.tree.clone();
        for (input, to) in moved {
            let node = at_mut(&mut tree, &input.location);
            let node = node.unwrap_or_else(|| panic!("no {} in this model", input.path));
            *node = Node::scalar(input.at(*to), node.span);
        }
        let mut found = Diagnostics::new();
        match decode_model(&tree, &mut found) {
            Some(ast) if !found.has_errors() => Ok(Self {
                tree,
                ast: ast.into(),
                ..self.clone()
            }),
            _ => Err(self.error(found)),
        }
    }
}

/// A walk over the tree in long form.
struct Walk<'a> {
    sources: &'a SourceMap,
    /// What was told, by its place and its text: what the command line sets has no line of its own.
    told: BTreeMap<(&'a str, u32, u32, String), &'a Fact>,
    location: Location,
    inputs: Vec<Input>,
}

impl Walk<'_> {
    fn node(&mut self, node: &Node, shape: Shape) {
        match (shape.kind, &node.value) {
            (Kind::Scalar(form), Value::Scalar(scalar)) => {
                self.scalar(&scalar.text, node.span, form());
            }
            (Kind::Record(record), Value::Map(entries)) => {
                for entry in entries {
                    if let Some(field) = record.field(&entry.key.text, node) {
                        self.below(
                            Seg::Key(entry.key.text.clone()),
                            &entry.value,
                            (field.shape)(),
                        );
                    }
                }
            }
            (Kind::Names(item) | Kind::Addresses(item), Value::Map(entries)) => {
                for entry in entries.iter().filter(|entry| !is_ignored(&entry.key.text)) {
                    self.below(Seg::Key(entry.key.text.clone()), &entry.value, item());
                }
            }
            (Kind::List(item), Value::List(items)) => {
                for (index, node) in items.iter().enumerate() {
                    self.below(Seg::Index(index), node, item());
                }
            }
            (Kind::Word(_, inner), _) => self.node(node, inner()),
            _ => {}
        }
    }

    fn below(&mut self, seg: Seg, node: &Node, shape: Shape) {
        self.location.push(seg);
        self.node(node, shape);
        self.location.pop();
    }

    fn scalar(&mut self, text: &str, span: Span, form: ScalarForm) {
        let Ok((text, _)) = source::split(text) else {
            return;
        };
        let place = self.sources.place(span);
        let count = |value: usize| u32::try_from(value).unwrap_or(u32::MAX);
        let Some(printed) = (form.print)(text) else {
            return;
        };
        let (line, column) = (count(place.line), count(place.column));
        let what = (place.name, line, column, printed);
        let Some(fact) = self.told.get(&what) else {
            return;
        };
        let pin = |to: Within, guess| (form.pin)(text, Pin { to, guess });
        let guess = match fact.origin {
            // Its own range goes before that of any guess.
            Origin::Guessed(_) if pin(Within::Best, None).is_none() => fact.factors,
            _ => None,
        };
        let ends = [Within::Low, Within::Best, Within::High].map(|to| pin(to, guess));
        let [low, best, high] = match ends {
            [Some(low), Some(best), Some(high)] => [low, best, high],
            _ if matches!(fact.origin, Origin::Guessed(_)) => {
                let (_, _, _, text) = what;
                [text.clone(), text.clone(), text]
            }
            _ => return,
        };
        self.inputs.push(Input {
            path: fact.path.clone(),
            text: text.to_owned(),
            low,
            best,
            high,
            origin: fact.origin.clone(),
            place: fact.place.clone(),
            location: self.location.clone(),
            form,
            guess,
        });
    }
}
