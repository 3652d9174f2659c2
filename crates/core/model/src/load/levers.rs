//! What those who run a system can decide, and the model with it decided otherwise.
//!
//! A key of the language that is a setting is marked so where it is defined (`turn` in [`crate::ast`]); everything else says
//! what the world is like. Each setting of the things that a model describes is a [`Lever`]: one that the file says may be
//! more, less, another word, or off; one that it does not say may be said. Values come from the definitions alone: numbers times
//! powers of two, the words of a kind, the example that a kind of number has and powers of eight times it. What does not go
//! together with the rest of the file is found out by trying.
//!
//! A turn is what `--set` takes, so that whoever reads of it can do it by hand.

use super::loader::set_edits;
use super::{LoadError, Model, decode_model};
use crate::ast;
use crate::diagnostic::Diagnostics;
use crate::edit::{self, Location, Seg, at, at_mut};
use crate::form::{Choice, Field, Form, Kind, Member, Need, Record, Role, ScalarForm, Shape};
use crate::scalar::{Name, Path, Reference, Scalar, Target, source};
use crate::source::Span;
use crate::system::Place;
use crate::tree::{Node, Value, is_ignored};

/// A number that the file says is tried times these.
const TIMES: [f64; 6] = [0.5, 2.0, 0.25, 4.0, 0.125, 8.0];

/// A number that it does not say is tried as the example of its kind, times these.
const SPREAD: [f64; 5] = [1.0, 0.125, 8.0, 1.0 / 64.0, 64.0];

/// Settings inside of settings that are not there are looked for so deep.
const DEPTH: usize = 2;

/// A setting.
#[derive(Clone, Debug)]
pub struct Lever {
    /// The things whose setting it is, by name: a service, a client, a topic, both ends of a call; none if it is of many.
    pub of: Vec<String>,
    /// What is set, for people: `users -> server.get retry attempts`.
    pub path: String,
    /// What there is, as the file says it; none if it says nothing.
    pub now: Option<String>,
    /// The line that says it, or that it would be added to.
    pub place: Place,
    /// What else it may be.
    pub turns: Vec<Turn>,
    location: Location,
}

impl Lever {
    /// The last key of it: `replicas`.
    #[must_use]
    pub fn key(&self) -> &str {
        match self.location.last() {
            Some(Seg::Key(key)) => key,
            _ => "",
        }
    }

    /// Whether it is a part of what that key holds: of `cores`, say.
    #[must_use]
    pub fn is_within(&self, key: &str) -> bool {
        let is = |seg: &Seg| matches!(seg, Seg::Key(own) if **own == *key);
        self.location.iter().any(is)
    }
}

/// A setting set otherwise.
#[derive(Clone, Debug, PartialEq)]
pub struct Turn {
    /// What `--set` takes.
    pub set: String,
    /// The new value, as a file says it.
    pub value: String,
    /// What kind of change it is.
    pub way: Way,
    /// How far it is from what there is: the number of doublings; 1 where nobody can count.
    pub far: f64,
}

/// How a setting is changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Way {
    /// Another number.
    Number,
    /// Another word.
    Word,
    /// Something that the file has, switched off.
    Off,
    /// Something that the file does not have.
    New,
}

impl Model {
    /// The settings of all things of the model, in the order of the file.
    #[must_use]
    pub fn levers(&self) -> Vec<Lever> {
        let mut walk = Walk {
            model: self,
            location: Vec::new(),
            levers: Vec::new(),
        };
        walk.node(&self.tree, ast::Model::shape(), false);
        let mut levers = walk.levers;
        let mut seen = std::collections::BTreeSet::new();
        // Two calls of one kind are set by one address.
        levers.retain(|lever| lever.turns.is_empty() || seen.insert(lever.turns[0].set.clone()));
        levers
    }

    /// The model with settings changed as `--set` does it.
    ///
    /// # Errors
    ///
    /// What is wrong with them, or with the model that they make.
    pub fn with_set(&self, all: &[String]) -> Result<Self, LoadError> {
        let mut found = Diagnostics::new();
        let mut sources = (*self.sources).clone();
        let mut tree = self.tree.clone();
        if let Some(edits) = set_edits(&mut sources, all, &mut found) {
            let piece = Node::map(edits.span, vec![("edit", edits)]);
            edit::apply(&mut tree, &piece, &mut found);
        }
        let with = Self {
            sources: sources.into(),
            ..self.clone()
        };
        with.of_tree(tree, found)
    }

    /// The model without what a lever says: as if the line were not there.
    ///
    /// # Errors
    ///
    /// What cannot do without it.
    pub fn without(&self, lever: &Lever) -> Result<Self, LoadError> {
        let mut tree = self.tree.clone();
        if let Some((Seg::Key(last), above)) = lever.location.split_last()
            && let Some(map) = at_mut(&mut tree, above)
            && let Some(entries) = map.entries_mut()
        {
            entries.retain(|entry| entry.key.text != *last);
        }
        self.of_tree(tree, Diagnostics::new())
    }

    fn of_tree(&self, tree: Node, mut found: Diagnostics) -> Result<Self, LoadError> {
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

struct Walk<'a> {
    model: &'a Model,
    location: Location,
    levers: Vec<Lever>,
}

impl Walk<'_> {
    /// What stands here; `turns` if it is a setting, or a part of one.
    fn node(&mut self, node: &Node, shape: Shape, turns: bool) {
        match (shape.kind, &node.value) {
            (Kind::Scalar(form), Value::Scalar(scalar)) if turns => {
                let now = source::split(&scalar.text).map_or(&*scalar.text, |(text, _)| text);
                self.add(Some(now), node.span, said(now, form()));
            }
            (Kind::Record(record), Value::Map(entries)) => {
                let turns = turns && !decides(record);
                self.record(record, node, turns);
                for entry in entries {
                    if let Some(field) = record.field(&entry.key.text, node) {
                        let turns = turns || field.role == Role::Turns;
                        self.below(&entry.key.text, &entry.value, (field.shape)(), turns);
                    }
                }
            }
            (Kind::Names(item), Value::Map(entries)) => {
                for entry in entries.iter().filter(|entry| !is_ignored(&entry.key.text)) {
                    self.below(&entry.key.text, &entry.value, item(), turns);
                }
            }
            (Kind::List(item), Value::List(items)) => {
                for (index, node) in items.iter().enumerate() {
                    self.location.push(Seg::Index(index));
                    self.node(node, item(), turns);
                    self.location.pop();
                }
            }
            (Kind::Word(word, inner), _) => {
                let form = word();
                let off = (form.check)("none").is_ok();
                if turns && off && node.text() != Some("none") {
                    let turn = ("none".to_owned(), Way::Off, 1.0);
                    self.add(Some(&shown(node)), node.span, vec![turn]);
                }
                if node.text().is_none() || !form.accepts(node.text().unwrap_or_default()) {
                    self.node(node, inner(), turns);
                } else if turns {
                    self.absent(inner(), node.span, DEPTH);
                }
            }
            _ => {}
        }
    }

    fn below(&mut self, key: &str, node: &Node, shape: Shape, turns: bool) {
        self.location.push(Seg::Key(key.into()));
        self.node(node, shape, turns);
        self.location.pop();
    }

    /// What a map does not say and could.
    fn record(&mut self, record: &'static Record, map: &Node, turns: bool) {
        let mut fields = Vec::new();
        let mut choices = Vec::new();
        members(record, Some(map), &mut fields, &mut choices);
        for field in fields {
            if map.entry(field.key).is_none() && (turns || field.role == Role::Turns) {
                self.location.push(Seg::Key(field.key.into()));
                self.absent((field.shape)(), map.span, DEPTH);
                self.location.pop();
            }
        }
        // Another kind of the same replaces the whole.
        if turns && !self.location.is_empty() {
            let now = shown(map);
            for choice in choices {
                let own = choice.decided(map).map(|(key, _)| key);
                for (key, other) in choice.variants {
                    if Some(*key) != own {
                        let turns = filled(other, record);
                        self.add(Some(&now), map.span, turns);
                    }
                }
            }
        }
    }

    /// A setting that nobody made.
    fn absent(&mut self, shape: Shape, beside: Span, depth: usize) {
        match shape.kind {
            Kind::Scalar(form) => self.add(None, beside, unsaid(form())),
            Kind::Word(_, inner) => self.absent(inner(), beside, depth),
            Kind::Record(record) => {
                let mut fields = Vec::new();
                let mut choices = Vec::new();
                members(record, None, &mut fields, &mut choices);
                let needs = fields.iter().any(|field| field.need == Need::Required);
                for choice in &choices {
                    for (_, variant) in choice.variants {
                        self.add(None, beside, filled(variant, record));
                    }
                }
                if needs {
                    self.add(None, beside, filled(record, record));
                } else if choices.is_empty() && 0 < depth {
                    let all = !decides(record);
                    for field in fields {
                        if !all && field.role != Role::Turns {
                            continue;
                        }
                        self.location.push(Seg::Key(field.key.into()));
                        self.absent((field.shape)(), beside, depth - 1);
                        self.location.pop();
                    }
                }
            }
            _ => {}
        }
    }

    fn add(&mut self, now: Option<&str>, span: Span, values: Vec<(String, Way, f64)>) {
        let Some((address, below, of)) = self.address() else {
            return;
        };
        let turn = |(value, way, far): (String, Way, f64)| {
            let nested = below
                .iter()
                .rev()
                .fold(value.clone(), |inner, key| format!("{{{key}: {inner}}}"));
            Turn {
                set: format!("{address}={nested}"),
                value,
                way,
                far,
            }
        };
        let turns: Vec<Turn> = values
            .into_iter()
            .filter(|(value, ..)| Some(value.as_str()) != now)
            .map(turn)
            .collect();
        let place = self.model.sources.place(span);
        let count = |value: usize| u32::try_from(value).unwrap_or(u32::MAX);
        let mut words = vec![address.strip_prefix("services.").unwrap_or(&address)];
        words.extend(below.iter().map(String::as_str));
        self.levers.push(Lever {
            path: words.join(" "),
            of,
            now: now.map(str::to_owned),
            place: Place {
                file: place.name.into(),
                line: count(place.line),
                column: count(place.column),
            },
            turns,
            location: self.location.clone(),
        });
    }

    /// What `--set` calls this place: an address, and the keys below it; and the things that it is about.
    fn address(&self) -> Option<(String, Vec<String>, Vec<String>)> {
        let tree = &self.model.tree;
        let keys = |part: &[Seg]| -> Option<Vec<String>> {
            part.iter()
                .map(|seg| match seg {
                    Seg::Key(key) => Some(key.to_string()),
                    Seg::Index(_) => None,
                })
                .collect()
        };
        let is_index = |seg: &Seg| matches!(seg, Seg::Index(_));
        let Some(last) = self.location.iter().rposition(is_index) else {
            let path = keys(&self.location)?;
            let address = path.join(".");
            matches!(Reference::parse(&address), Ok(Reference::Path(Path { .. }))).then_some(())?;
            let of = match path.as_slice() {
                [section, name, ..] if section != "defaults" && section != "policies" => {
                    vec![name.clone()]
                }
                _ => Vec::new(),
            };
            return Some((address, Vec::new(), of));
        };
        let step = &self.location[..=last];
        let callee = at(tree, step)?.get("call")?.text()?;
        let callee = source::split(callee).map_or(callee, |(text, _)| text);
        let owner = keys(&self.location[..2])?;
        let owner = match (
            owner[0].as_str(),
            self.location.get(2),
            self.location.get(3),
        ) {
            ("services", Some(Seg::Key(group)), Some(Seg::Key(member)))
                if matches!(&**group, "endpoints" | "blocks") =>
            {
                format!("{}.{member}", owner[1])
            }
            ("clients" | "services", ..) => owner[1].clone(),
            _ => return None,
        };
        let address = format!("{owner} -> {callee}");
        let places = edit::places(tree, &address);
        places.iter().any(|place| place == step).then_some(())?;
        let below = keys(&self.location[last + 1..])?;
        let called = Target::parse(callee).ok()?.who;
        let mut of = vec![owner.split('.').next()?.to_owned()];
        if let crate::scalar::Who::Named(name) = called {
            of.push(Name::as_str(&name).to_owned());
        }
        Some((address, below, of))
    }
}

/// The keys of a map: its own, those it shares, and those of the alternative that it chose.
fn members(
    record: &'static Record,
    map: Option<&Node>,
    fields: &mut Vec<&'static Field>,
    choices: &mut Vec<&'static Choice>,
) {
    for member in record.members {
        match member {
            Member::Key(field) => fields.push(field),
            Member::Flat(record) => members(record, map, fields, choices),
            Member::Pick(choice) => {
                choices.push(choice);
                if let Some(chosen) = map.and_then(|map| choice.chosen(map)) {
                    members(chosen, map, fields, choices);
                }
            }
        }
    }
}

/// Whether a record says of its own keys which are settings: else all of them are, where it is one.
fn decides(record: &'static Record) -> bool {
    record.members.iter().any(|member| match member {
        Member::Key(field) => field.role == Role::Turns,
        Member::Flat(record) => decides(record),
        Member::Pick(_) => false,
    })
}

/// Other texts for one that the file says.
fn said(now: &str, form: ScalarForm) -> Vec<(String, Way, f64)> {
    let mut all: Vec<(String, Way, f64)> = Vec::new();
    for factor in TIMES {
        if let Some(text) = edit::times(now, factor, form) {
            all.push((text, Way::Number, doublings(factor)));
        }
    }
    let is_number = !all.is_empty();
    for text in (form.offers)() {
        let number = edit::times(&text, 2.0, form).is_some();
        // An example of a number says nothing that the number itself does not.
        if text != now && !(is_number && number) {
            let way = if text == "none" { Way::Off } else { Way::Word };
            all.push((text, way, 1.0));
        }
    }
    all
}

/// Texts for what the file does not say.
fn unsaid(form: ScalarForm) -> Vec<(String, Way, f64)> {
    let mut all: Vec<(String, Way, f64)> = Vec::new();
    let mut texts = (form.offers)();
    texts.dedup();
    let numbers: Vec<&String> = texts
        .iter()
        .filter(|text| edit::times(text, 2.0, form).is_some())
        .collect();
    if let Some(example) = numbers.first() {
        for factor in SPREAD {
            let text = if factor == 1.0 {
                Some((*example).clone())
            } else {
                edit::times(example, factor, form)
            };
            all.extend(text.map(|text| (text, Way::New, 1.0)));
        }
    }
    for text in &texts {
        if !numbers.contains(&text) {
            all.push((text.clone(), Way::New, 1.0));
        }
    }
    all
}

/// A map of a kind with what it must have, as text: its numbers as their example and powers of eight times it.
fn filled(variant: &'static Record, whole: &'static Record) -> Vec<(String, Way, f64)> {
    let mut fields = Vec::new();
    members(variant, None, &mut fields, &mut Vec::new());
    if !std::ptr::eq(variant, whole) {
        let mut own = Vec::new();
        members(whole, None, &mut own, &mut Vec::new());
        fields.extend(own);
    }
    let required = fields.iter().filter(|field| field.need == Need::Required);
    let mut columns: Vec<(&str, Vec<String>)> = Vec::new();
    for field in required {
        let Kind::Scalar(form) = (field.shape)().kind else {
            return Vec::new();
        };
        let texts = unsaid(form()).into_iter().map(|(text, ..)| text).collect();
        columns.push((field.key, texts));
    }
    let Some((_, first)) = columns.first() else {
        return Vec::new();
    };
    (0..first.len())
        .filter_map(|row| {
            let pairs: Option<Vec<String>> = columns
                .iter()
                .enumerate()
                .map(|(column, (key, texts))| {
                    let text = texts.get(if column == 0 { row } else { 0 })?;
                    Some(format!("{key}: {text}"))
                })
                .collect();
            Some((format!("{{{}}}", pairs?.join(", ")), Way::New, 1.0))
        })
        .collect()
}

fn doublings(factor: f64) -> f64 {
    // Factors are powers of two.
    let mut far: f64 = 0.0;
    let mut left = if factor < 1.0 { 1.0 / factor } else { factor };
    while 1.5 < left {
        left /= 2.0;
        far += 1.0;
    }
    far
}

/// A node as one line of a file.
fn shown(node: &Node) -> String {
    match &node.value {
        Value::Scalar(scalar) => source::split(&scalar.text)
            .map_or(&*scalar.text, |(text, _)| text)
            .to_owned(),
        Value::Map(entries) => {
            let pairs: Vec<String> = entries
                .iter()
                .map(|entry| format!("{}: {}", entry.key.text, shown(&entry.value)))
                .collect();
            format!("{{{}}}", pairs.join(", "))
        }
        Value::List(items) => {
            let items: Vec<String> = items.iter().map(shown).collect();
            format!("[{}]", items.join(", "))
        }
    }
}
