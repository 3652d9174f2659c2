//! One definition of each construct of the model file.
//!
//! A construct is defined once, in [`crate::ast`], by `record!` (a map with known keys) or
//! `choice!` (one of several records, told apart by a key). From that definition come
//!
//! 1. the typed tree with places (the struct itself),
//! 2. its reading with all mistakes in one go ([`Form::read`]),
//! 3. the expansion of short forms to the one long form ([`expand`](mod@expand)),
//! 4. the JSON Schema for editors ([`schema`](mod@schema)),
//! 5. what a description only describes ([`notes`](mod@notes)),
//! 6. the list of all keys with what they mean and whether they are built ([`keys`](mod@keys)).
//!
//! The first two are code that the macros generate; the others walk the table behind it, a
//! [`Shape`], which is also how an edit finds out what stands at an address.

pub mod expand;
pub mod keys;
mod macros;
pub mod notes;
mod read;
pub mod schema;
mod synonyms;

pub(crate) use macros::{choice, record, slot};
pub use read::{MapReader, NotYet, Reader};

use crate::scalar::{Pin, Scalar, ScalarError, source};
use crate::source::Span;
use crate::tree::Node;

/// Something that stands in a model file.
pub trait Form: Sized {
    /// What it looks like.
    fn shape() -> Shape;

    /// Reads it from a node in long form. `None` if it cannot be used; the reason is then among
    /// the reader's findings.
    fn read(node: &Node, reader: &mut Reader<'_>) -> Option<Self>;
}

/// A set of keys inside a map: a whole map, or a part that several maps share.
pub trait Fields: Sized {
    /// The keys.
    const RECORD: &'static Record;

    /// Takes its keys out of a map.
    fn take(map: &mut MapReader<'_>, reader: &mut Reader<'_>) -> Option<Self>;
}

/// One of several sets of keys, told apart by which key is there.
pub trait Variants: Sized {
    /// The alternatives.
    const CHOICE: &'static Choice;

    /// Takes the keys of the alternative that is there out of a map.
    fn take(map: &mut MapReader<'_>, reader: &mut Reader<'_>) -> Option<Self>;
}

/// What a place in a file looks like.
#[derive(Clone, Copy)]
pub struct Shape {
    /// The long form.
    pub kind: Kind,
    /// The short forms.
    pub short: &'static [Short],
}

impl Shape {
    /// A shape without short forms.
    #[must_use]
    pub const fn plain(kind: Kind) -> Self {
        Self { kind, short: &[] }
    }
}

/// The long form of a [`Shape`].
#[derive(Clone, Copy)]
pub enum Kind {
    /// A text of a kind.
    Scalar(fn() -> ScalarForm),
    /// A map with known keys.
    Record(&'static Record),
    /// A list.
    List(fn() -> Shape),
    /// A map from names to things of one shape.
    Names(fn() -> Shape),
    /// A map from addresses of section 3 to things of one shape.
    Addresses(fn() -> Shape),
    /// A word of a kind, or something else.
    Word(fn() -> ScalarForm, fn() -> Shape),
    /// A map from addresses to pieces of a file; what they look like depends on the address.
    Edits,
}

/// A short form: a scalar, list or map that stands for a longer map or list.
#[derive(Clone, Copy)]
pub struct Short {
    /// What is written.
    pub takes: Takes,
    /// What it stands for; `None` if this text has no long form.
    pub expand: fn(&Node) -> Option<Node>,
}

/// What a [`Short`] is written as.
#[derive(Clone, Copy)]
pub enum Takes {
    /// A text of a kind.
    Scalar(fn() -> ScalarForm),
    /// A list of items of a shape.
    List(fn() -> Shape),
    /// A single map in place of a list.
    Map(fn() -> Shape),
}

/// A kind of text.
#[derive(Clone, Copy, Debug)]
pub struct ScalarForm {
    /// What the field wants, with an example.
    pub about: fn() -> String,
    /// A text of the kind.
    pub example: fn() -> String,
    /// Texts of the kind that an editor may offer: those that `about` names, or the example.
    pub offers: fn() -> Vec<String>,
    /// The regular expression of a whole text, source mark included where one may stand.
    pub pattern: fn() -> String,
    /// Reads a text without its source mark, only to see whether it is right.
    pub check: fn(&str) -> Result<(), ScalarError>,
    /// The text as it is printed: without its source mark, in the shortest form that reads the same.
    pub print: fn(&str) -> Option<String>,
    /// The same text, with every unknown constant in it at a point of its range; `None` if nothing in it is unknown.
    pub pin: fn(&str, Pin) -> Option<String>,
}

impl ScalarForm {
    /// The form of `T`.
    #[must_use]
    pub const fn of<T: Scalar>() -> Self {
        Self {
            about: T::about,
            example: T::example,
            offers: || offers::<T>(|_| true),
            pattern: T::marked_pattern,
            check: |text| T::parse(text).map(|_| ()),
            print: |text| T::parse(text).ok().map(|value| value.to_string()),
            pin: |text, pin| Some(T::parse(text).ok()?.pin(pin)?.to_string()),
        }
    }

    /// The form of `T`, its texts that are not built yet kept out of the schema.
    #[must_use]
    pub const fn built<T: Partial>() -> Self {
        Self {
            offers: || offers::<T>(|value| value.not_yet().is_none()),
            pattern: || format!("^(?!{}){}", T::refused(), &T::marked_pattern()[1..]),
            ..Self::of::<T>()
        }
    }

    /// Whether `text`, perhaps with a source mark, is of this kind.
    #[must_use]
    pub fn accepts(&self, text: &str) -> bool {
        source::split(text).is_ok_and(|(value, _)| (self.check)(value).is_ok())
    }
}

/// The texts in backquotes of `T`'s own description that are `T`s and `wanted`; if there is none, its example.
fn offers<T: Scalar>(wanted: fn(&T) -> bool) -> Vec<String> {
    let (about, example) = (T::about(), T::example());
    let is_wanted = |text: &&str| T::parse(text).is_ok_and(|value| wanted(&value));
    let mut texts: Vec<&str> = about
        .split('`')
        .skip(1)
        .step_by(2)
        .filter(is_wanted)
        .collect();
    if texts.is_empty() {
        texts.extend(Some(&*example).filter(|text| is_wanted(text)));
    }
    texts.into_iter().map(str::to_owned).collect()
}

/// A map with known keys.
#[derive(Debug)]
pub struct Record {
    /// One word or two, as in "`bund` is no key of a queue".
    pub name: &'static str,
    /// What it is.
    pub doc: &'static [&'static str],
    /// Its keys, in the order of the reference.
    pub members: &'static [Member],
    /// Keys that are in the language and not built yet.
    pub later: &'static [Later],
    /// Groups of keys of which at most one may be there.
    pub apart: &'static [&'static [&'static str]],
}

/// A part of a [`Record`].
#[derive(Debug)]
pub enum Member {
    /// A key.
    Key(Field),
    /// The keys of another record, in the same map.
    Flat(&'static Record),
    /// The keys of one of several records, in the same map.
    Pick(&'static Choice),
}

/// A key of a [`Record`].
pub struct Field {
    /// As it is written.
    pub key: &'static str,
    /// What it means.
    pub doc: &'static [&'static str],
    /// What its value looks like.
    pub shape: fn() -> Shape,
    /// Whether it may be left out.
    pub need: Need,
    /// Whether it changes what happens.
    pub role: Role,
}

impl std::fmt::Debug for Field {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.key)
    }
}

/// Whether a key may be left out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Need {
    /// It must be there.
    Required,
    /// It may be left out.
    Optional,
}

/// What a key is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// It changes a history, a verdict or a price.
    Counts,
    /// It does, and those who run the system decide it: a setting, with all that stands below it
    /// (of a map that says which of its own keys are settings, only these).
    Turns,
    /// It changes only what is printed.
    Describes,
}

/// A key, or a word, that is in the language and not built yet.
#[derive(Clone, Copy, Debug)]
pub struct Later {
    /// As it is written.
    pub key: &'static str,
    /// What is missing, in the words of the reference.
    pub mechanism: &'static str,
}

/// One of several records in a map.
#[derive(Debug)]
pub struct Choice {
    /// What has to be chosen, as in "a step has exactly one verb".
    pub name: &'static str,
    /// The alternatives: each is there if its key is; of two, the earlier one.
    pub variants: &'static [(&'static str, &'static Record)],
    /// Alternatives that are in the language and not built yet.
    pub later: &'static [Later],
}

/// The words of a definition's documentation as one text.
#[must_use]
pub fn doc(lines: &[&str]) -> String {
    let mut out = String::new();
    for line in lines {
        if !out.is_empty() {
            out.push(' ');
        }
        out.push_str(line.trim());
    }
    out
}

impl Record {
    /// The key `key` in a map of this form that has `entries`: its shape may depend on which
    /// alternative the other keys choose.
    #[must_use]
    pub fn field(&self, key: &str, map: &Node) -> Option<&'static Field> {
        self.members.iter().find_map(|member| match member {
            Member::Key(field) => (field.key == key).then_some(field),
            Member::Flat(record) => record.field(key, map),
            Member::Pick(choice) => choice.chosen(map)?.field(key, map),
        })
    }

    /// The missing mechanism of the key `key` of a map, if it is in the language and not built.
    #[must_use]
    pub fn later(&self, key: &str, map: &Node) -> Option<Later> {
        let own = self.later.iter().find(|later| later.key == key).copied();
        own.or_else(|| {
            self.members.iter().find_map(|member| match member {
                Member::Key(_) => None,
                Member::Flat(record) => record.later(key, map),
                Member::Pick(choice) => choice.chosen(map)?.later(key, map),
            })
        })
    }

    /// The choice among alternatives that this record holds, if it holds one.
    #[must_use]
    pub fn choice(&self) -> Option<&'static Choice> {
        self.members.iter().find_map(|member| match member {
            Member::Pick(choice) => Some(*choice),
            Member::Flat(record) => record.choice(),
            Member::Key(_) => None,
        })
    }
}

impl Choice {
    /// The key that decides, and its record, for a map.
    #[must_use]
    pub fn chosen(&self, map: &Node) -> Option<&'static Record> {
        self.decided(map).map(|(_, record)| record)
    }

    /// The deciding key of a map, and its record.
    #[must_use]
    pub fn decided(&self, map: &Node) -> Option<(&'static str, &'static Record)> {
        self.variants
            .iter()
            .find(|(key, _)| map.entry(key).is_some())
            .copied()
    }

    /// All deciding keys, those not built yet too.
    pub fn verbs(&self) -> impl Iterator<Item = &'static str> {
        let later = self.later.iter().map(|later| later.key);
        self.variants.iter().map(|(key, _)| *key).chain(later)
    }
}

/// A scalar that was read: its value, its place, and who says so.
#[derive(Clone, Debug, PartialEq)]
pub struct Given<T> {
    /// The value.
    pub value: T,
    /// Where it stands, source mark included.
    pub span: Span,
    /// Who says so.
    pub origin: Origin,
}

/// Who says that a value is so.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origin {
    /// A person, here.
    Stated,
    /// Somebody guessed.
    Guess,
    /// An entry of `sources`, or a file and perhaps a line of it.
    Source(source::Source),
}

impl From<source::Source> for Origin {
    fn from(source: source::Source) -> Self {
        match source {
            source::Source::Guess => Self::Guess,
            named => Self::Source(named),
        }
    }
}

/// `none`, or something.
#[derive(Clone, Debug, PartialEq)]
pub enum OrNone<T> {
    /// Switched off, there.
    None(Span),
    /// Something.
    Some(T),
}

/// Things by name, in the order of the file.
#[derive(Clone, Debug, PartialEq)]
pub struct Names<T> {
    /// Where the map stands.
    pub span: Span,
    /// Names with their things.
    pub entries: Vec<Named<T>>,
}

/// A name and what it names.
#[derive(Clone, Debug, PartialEq)]
pub struct Named<T> {
    /// The name.
    pub name: Box<str>,
    /// Where the name stands.
    pub at: Span,
    /// What it names.
    pub value: T,
}

impl<T> Names<T> {
    /// The names with their things.
    pub fn iter(&self) -> impl Iterator<Item = &Named<T>> {
        self.entries.iter()
    }
}

/// Things by the address of what they are about, in the order of the file.
#[derive(Clone, Debug, PartialEq)]
pub struct Addressed<T> {
    /// Where the map stands.
    pub span: Span,
    /// Addresses, as written, with their things.
    pub entries: Vec<Named<T>>,
}

/// One thing, or a list of them.
#[derive(Clone, Debug, PartialEq)]
pub struct Many<T> {
    /// Where the list stands.
    pub span: Span,
    /// The things.
    pub items: Vec<T>,
}

/// A scalar some of whose texts are in the language and not built yet.
pub trait Partial: Scalar {
    /// The mechanism that this value needs and that is missing.
    fn not_yet(&self) -> Option<&'static str>;

    /// A regular expression for the beginning of every text that needs one, to be kept out of the schema.
    fn refused() -> &'static str;
}

/// A scalar whose text needs nothing that is not built yet.
#[derive(Clone, Debug, PartialEq)]
pub struct Partly<T>(pub Given<T>);

impl<T> std::ops::Deref for Partly<T> {
    type Target = Given<T>;

    fn deref(&self) -> &Given<T> {
        &self.0
    }
}
