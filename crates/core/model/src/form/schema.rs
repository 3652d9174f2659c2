//! The JSON Schema of the language, for editors.
//!
//! It accepts and refuses the same files as the reader as far as one place can tell: keys,
//! nesting, and the grammar of every scalar. What needs two places (a name that exists, chances
//! that add up) is the reader's alone. A validator sees YAML's own types, so a number may
//! also stand where its text would be of the right kind; how it was spelled (`1e3`, `0x10`) is lost
//! to it and only the reader refuses that.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use super::{Choice, Kind, Member, Need, Record, ScalarForm, Shape, Takes, doc};
use crate::file::FileKind;
use crate::scalar::{Name, Reference, Scalar, source};

/// What no key, name or value is, in any spelling, source mark or not.
const NO_YAML_WORD: &str = "(?!(?:[oO][nN]|[oO][fF][fF]|[yY][eE][sS]|[nN][oO]|[tT][rR][uU][eE]\
                            |[fF][aA][lL][sS][eE]|[nN][uU][lL][lL])(?: @[^ @]+)?$)";

/// A JSON value, keys in the order in which they are added.
enum Json {
    Text(String),
    Number(u32),
    Switch(bool),
    List(Vec<Json>),
    Map(Vec<(String, Json)>),
}

fn text(text: impl Into<String>) -> Json {
    Json::Text(text.into())
}

fn map<const N: usize>(entries: [(&str, Json); N]) -> Json {
    Json::Map(
        entries
            .into_iter()
            .map(|(key, value)| (key.to_owned(), value))
            .collect(),
    )
}

impl Json {
    fn with(mut self, key: &str, value: Self) -> Self {
        if let Self::Map(entries) = &mut self {
            entries.push((key.to_owned(), value));
        }
        self
    }

    fn print(&self, out: &mut String, indent: usize) {
        match self {
            Self::Text(text) => print_text(out, text),
            Self::Number(number) => {
                let _ = write!(out, "{number}");
            }
            Self::Switch(on) => {
                let _ = write!(out, "{on}");
            }
            Self::List(items) => print_all(out, indent, ('[', ']'), items, |out, item, indent| {
                item.print(out, indent);
            }),
            Self::Map(entries) => print_all(
                out,
                indent,
                ('{', '}'),
                entries,
                |out, (key, value), indent| {
                    print_text(out, key);
                    out.push_str(": ");
                    value.print(out, indent);
                },
            ),
        }
    }
}

fn print_all<T>(
    out: &mut String,
    indent: usize,
    (open, close): (char, char),
    items: &[T],
    print: impl Fn(&mut String, &T, usize),
) {
    out.push(open);
    for (at, item) in items.iter().enumerate() {
        out.push_str(if at == 0 { "\n" } else { ",\n" });
        let _ = write!(out, "{:indent$}", "", indent = indent + 2);
        print(out, item, indent + 2);
    }
    if !items.is_empty() {
        let _ = write!(out, "\n{:indent$}", "");
    }
    out.push(close);
}

fn print_text(out: &mut String, text: &str) {
    out.push('"');
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            c if c.is_control() => {
                let _ = write!(out, "\\u{:04x}", u32::from(c));
            }
            c => out.push(c),
        }
    }
    out.push('"');
}

/// The schema of all kinds of file, as JSON text.
#[must_use]
pub fn schema() -> String {
    let mut builder = Builder::default();
    let kinds = [
        ("system", FileKind::Model),
        ("overlay", FileKind::Overlay),
        ("scenario", FileKind::Scenario),
    ];
    let mut file = builder.shape(FileKind::Part.shape());
    for (key, kind) in kinds.into_iter().rev() {
        let there = map([("required", Json::List(vec![text(key)]))]);
        file = map([
            ("if", there),
            ("then", builder.shape(kind.shape())),
            ("else", file),
        ]);
    }
    // The key that decides the kind is offered while it is not there yet.
    let heads = kinds.map(|(key, kind)| (key.to_owned(), builder.key(key, kind.shape())));
    let mut out = String::new();
    let schema = map([
        (
            "$schema",
            text("https://json-schema.org/draft/2020-12/schema"),
        ),
        (
            "title",
            text("worstday: a model, an overlay, a scenario, or an included part"),
        ),
        ("type", text("object")),
        ("properties", Json::Map(heads.into())),
        ("allOf", Json::List(vec![file])),
        (
            "$defs",
            Json::Map(builder.definitions.into_iter().collect()),
        ),
    ]);
    schema.print(&mut out, 0);
    out.push('\n');
    out
}

#[derive(Default)]
struct Builder {
    /// Names of records by their address.
    names: BTreeMap<*const Record, String>,
    /// Names of kinds of text by what they are and their pattern.
    texts: BTreeMap<String, String>,
    /// How often a name was given.
    given: BTreeMap<String, usize>,
    definitions: BTreeMap<String, Json>,
}

/// The keys of a record and of all that stand in the same map.
#[derive(Default)]
struct Keys {
    fields: Vec<&'static super::Field>,
    later: Vec<super::Later>,
    apart: Vec<&'static [&'static str]>,
    choices: Vec<&'static Choice>,
}

impl Keys {
    fn add(&mut self, record: &'static Record) {
        self.later.extend(record.later);
        self.apart.extend(record.apart);
        for member in record.members {
            match member {
                Member::Key(field) => self.fields.push(field),
                Member::Flat(record) => self.add(record),
                Member::Pick(choice) => self.choices.push(choice),
            }
        }
    }
}

impl Builder {
    fn shape(&mut self, shape: Shape) -> Json {
        let mut forms: Vec<Json> = Vec::new();
        for short in shape.short {
            forms.push(match short.takes {
                Takes::Scalar(form) => self.scalar(form()),
                Takes::List(item) => map([("type", text("array")), ("items", self.shape(item()))]),
                Takes::Map(inner) => self.shape(inner()),
            });
        }
        let long = match shape.kind {
            Kind::Scalar(form) => self.scalar(form()),
            Kind::Record(record) => self.reference(record),
            Kind::List(item) => map([("type", text("array")), ("items", self.shape(item()))]),
            Kind::Names(value) => {
                let value = self.shape(value());
                names(value)
            }
            Kind::Addresses(value) => {
                let value = self.shape(value());
                addresses(value)
            }
            Kind::Word(form, inner) => {
                forms.push(self.scalar(form()));
                self.shape(inner())
            }
            Kind::Edits => {
                self.define_edits();
                map([("$ref", text("#/$defs/edits"))])
            }
        };
        forms.push(long);
        if forms.len() == 1 {
            forms.remove(0)
        } else {
            map([("anyOf", Json::List(forms))])
        }
    }

    /// What a key of a kind of file takes, with its description.
    fn key(&mut self, key: &str, shape: Shape) -> Json {
        let mut keys = Keys::default();
        if let Kind::Record(record) = shape.kind {
            keys.add(record);
        }
        let field = keys.fields.into_iter().find(|field| field.key == key);
        let field = field.expect("the key that decides the kind of a file is a key of it");
        let value = self.shape((field.shape)());
        value.with("description", text(doc(field.doc)))
    }

    fn reference(&mut self, record: &'static Record) -> Json {
        let address = std::ptr::from_ref(record);
        if !self.names.contains_key(&address) {
            let name = self.name(record.name);
            self.names.insert(address, name.clone());
            let definition = self.record(record);
            self.definitions.insert(name, definition);
        }
        map([("$ref", text(format!("#/$defs/{}", self.names[&address])))])
    }

    /// A kind of text, defined once.
    fn scalar(&mut self, form: ScalarForm) -> Json {
        let about = (form.about)();
        // Counts and numbers have one pattern, but not one meaning.
        let kind = format!("{about}\n{}", (form.pattern)());
        if !self.texts.contains_key(&kind) {
            let words = about.split([',', ':', '`']).next().unwrap_or_default();
            let words = words.split(" such").next().unwrap_or_default().trim();
            let name = self.name(if words.is_empty() { "word" } else { words });
            self.definitions.insert(name.clone(), scalar(form));
            self.texts.insert(kind.clone(), name);
        }
        map([("$ref", text(format!("#/$defs/{}", self.texts[&kind])))])
    }

    /// A name of its own for a definition, from words.
    fn name(&mut self, words: &str) -> String {
        let plain: String = words
            .chars()
            .map(|c| if c.is_ascii_alphanumeric() { c } else { ' ' })
            .collect();
        let words: Vec<&str> = plain
            .split_whitespace()
            .filter(|word| !matches!(*word, "a" | "an"))
            .collect();
        let name = words.join("-");
        let count = self.given.entry(name.clone()).or_insert(0);
        *count += 1;
        if *count == 1 {
            name
        } else {
            format!("{name}-{count}")
        }
    }

    fn record(&mut self, record: &'static Record) -> Json {
        let mut keys = Keys::default();
        keys.add(record);
        let description = text(doc(record.doc));
        let Some(choice) = keys.choices.pop() else {
            return self.object(&keys).with("description", description);
        };
        let mut variants = Vec::new();
        for (verb, variant) in choice.variants {
            let mut all = Keys::default();
            all.add(record);
            all.choices.clear();
            all.add(variant);
            all.later.extend(choice.later);
            let object = self.object(&all);
            variants.push(
                object
                    .with("title", text(*verb))
                    .with("description", text(doc(variant.doc))),
            );
        }
        map([
            ("description", description),
            ("anyOf", Json::List(variants)),
        ])
    }

    fn object(&mut self, keys: &Keys) -> Json {
        let mut properties: Vec<(String, Json)> = Vec::new();
        let mut required = Vec::new();
        for field in &keys.fields {
            let value = self
                .shape((field.shape)())
                .with("description", text(doc(field.doc)));
            properties.push((field.key.to_owned(), value));
            if field.need == Need::Required {
                required.push(text(field.key));
            }
        }
        for later in &keys.later {
            if properties.iter().all(|(key, _)| key != later.key) {
                let description = text(format!("Not built yet: {}.", later.mechanism));
                let refused = map([("description", description), ("not", map([]))]);
                properties.push((later.key.to_owned(), refused));
            }
        }
        let source = map([
            ("type", Json::List(vec![text("string"), text("number")])),
            ("pattern", text(format!("^{}$", source::FRAGMENT))),
            (
                "description",
                text("Who says so, for everything below that does not say otherwise."),
            ),
        ]);
        properties.push(("source".to_owned(), source));
        let mut object = map([
            ("type", text("object")),
            ("properties", Json::Map(properties)),
            ("patternProperties", map([("^x-", map([]))])),
            ("additionalProperties", Json::Switch(false)),
        ]);
        if !required.is_empty() {
            object = object.with("required", Json::List(required));
        }
        let pairs: Vec<Json> = keys.apart.iter().flat_map(|group| pairs(group)).collect();
        if !pairs.is_empty() {
            object = object.with("not", map([("anyOf", Json::List(pairs))]));
        }
        object
    }

    /// Addresses with whatever is different there: what it means depends on the base.
    fn define_edits(&mut self) {
        let anything = || map([("$ref", text("#/$defs/anything"))]);
        let object = || {
            map([
                ("type", text("object")),
                (
                    "propertyNames",
                    map([("pattern", text(format!("^{NO_YAML_WORD}")))]),
                ),
                (
                    "patternProperties",
                    map([("^x-", map([])), ("^(?!x-)", anything())]),
                ),
            ])
        };
        self.definitions.insert("edits".to_owned(), object());
        let forms = vec![
            map([
                ("type", text("string")),
                ("pattern", text(format!(r"^{NO_YAML_WORD}.*[^\s]"))),
            ]),
            map([("type", text("number"))]),
            map([("type", text("array")), ("items", anything())]),
            object(),
        ];
        self.definitions
            .insert("anything".to_owned(), map([("anyOf", Json::List(forms))]));
    }
}

/// Every two keys of a group, as a thing that must not be.
fn pairs(group: &[&str]) -> Vec<Json> {
    let mut all = Vec::new();
    for (at, first) in group.iter().enumerate() {
        for second in &group[at + 1..] {
            all.push(map([(
                "required",
                Json::List(vec![text(*first), text(*second)]),
            )]));
        }
    }
    all
}

fn names(value: Json) -> Json {
    let name = format!("^(?:{NO_YAML_WORD}{}|x-.*)$", Name::fragment());
    map([
        ("type", text("object")),
        ("propertyNames", map([("pattern", text(name))])),
        (
            "patternProperties",
            map([("^x-", map([])), ("^(?!x-)", value)]),
        ),
    ])
}

fn addresses(value: Json) -> Json {
    let key = format!("^(?:{NO_YAML_WORD}(?:{})|x-.*)$", Reference::fragment());
    map([
        ("type", text("object")),
        ("propertyNames", map([("pattern", text(key))])),
        (
            "patternProperties",
            map([("^x-", map([])), ("^(?!x-)", value)]),
        ),
    ])
}

fn scalar(form: ScalarForm) -> Json {
    let pattern = (form.pattern)();
    let pattern = match pattern.strip_prefix('^') {
        // Only kinds that take any word could take one of these.
        Some(rest) if form.accepts("zebra") || form.accepts("zebra.crossing") => {
            format!("^{NO_YAML_WORD}{rest}")
        }
        _ => pattern,
    };
    let string = map([("type", text("string")), ("pattern", text(pattern))]);
    let offers: Vec<Json> = (form.offers)().into_iter().map(Json::Text).collect();
    let string = if offers.is_empty() {
        string
    } else {
        string.with("examples", Json::List(offers))
    };
    match number(form) {
        Some(number) => map([("anyOf", Json::List(vec![string, number]))]),
        None => string,
    }
}

/// How a validator may see a text of this kind that looks like a number.
fn number(form: ScalarForm) -> Option<Json> {
    if form.accepts("7") {
        let kind = if form.accepts("7.5") {
            "number"
        } else {
            "integer"
        };
        let number = map([("type", text(kind))]);
        Some(if form.accepts("-7") {
            number
        } else {
            number.with("minimum", Json::Number(0))
        })
    } else if form.accepts("1") {
        Some(map([("const", Json::Number(1))]))
    } else {
        None
    }
}
