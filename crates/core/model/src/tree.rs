//! A file as a tree of maps, lists and scalars, each with its place.
//!
//! YAML's own types are never used: a scalar is its source text, and the field that wants it
//! gives it a type later. What YAML offers beyond maps, lists and scalars (tags, anchors,
//! aliases, merge keys, nulls, several documents) is refused here, so that nothing after this
//! module has to know of it.
//!
//! Reading is linear in the length of the text and bounded by [`BYTES_MAX`], [`NODES_MAX`],
//! [`DEPTH_MAX`] and [`SCALAR_MAX`]; whatever the bytes are, it ends with a tree or with places.

mod syntax;

use std::collections::BTreeMap;

use granit_parser::{Event, Parser, ScalarStyle};

use self::syntax::{SYNTAX_ERRORS_MAX, hide_words, next_section, syntax_error};
use crate::diagnostic::{Diagnostic, Diagnostics, quoted};
use crate::source::{SourceId, SourceMap, Span};

/// The longest file, in bytes.
pub const BYTES_MAX: usize = 8 << 20;
/// The most maps, lists and scalars in a file.
pub const NODES_MAX: usize = 500_000;
/// The deepest nesting of maps and lists.
pub const DEPTH_MAX: usize = 64;
/// The longest scalar, in bytes.
pub const SCALAR_MAX: usize = 16 << 10;

/// These are no keys, no names and no values, in any spelling.
const YAML_WORDS: [&str; 7] = ["on", "off", "yes", "no", "true", "false", "null"];

/// A map, a list or a scalar, and where it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Node {
    /// The whole of it; of a map or list in block style, from its first entry on.
    pub span: Span,
    /// What it is.
    pub value: Value,
}

/// What a [`Node`] is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Value {
    /// Entries with distinct keys, in the order of the file.
    Map(Vec<Entry>),
    /// Items in the order of the file.
    List(Vec<Node>),
    /// A text.
    Scalar(Scalar),
}

/// A key and its value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// The key.
    pub key: Key,
    /// The value.
    pub value: Node,
}

/// A key of a map.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Key {
    /// The key without quotes.
    pub text: Box<str>,
    /// Where it stands.
    pub span: Span,
}

/// The text of a scalar.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Scalar {
    /// Without quotes, escapes resolved.
    pub text: Box<str>,
    /// Whether the text stands in the source letter by letter, so that a part of it has a place.
    pub verbatim: bool,
}

impl Node {
    /// A scalar made by an expansion, standing where the short form stood.
    #[must_use]
    pub fn scalar(text: impl Into<Box<str>>, span: Span) -> Self {
        let scalar = Scalar {
            text: text.into(),
            verbatim: false,
        };
        Self {
            span,
            value: Value::Scalar(scalar),
        }
    }

    /// A map made by an expansion.
    #[must_use]
    pub fn map(span: Span, entries: Vec<(&str, Self)>) -> Self {
        let entries = entries.into_iter().map(|(key, value)| Entry {
            key: Key {
                text: key.into(),
                span: value.span,
            },
            value,
        });
        Self {
            span,
            value: Value::Map(entries.collect()),
        }
    }

    /// A list made by an expansion.
    #[must_use]
    pub fn list(span: Span, items: Vec<Self>) -> Self {
        Self {
            span,
            value: Value::List(items),
        }
    }

    /// The text, if this is a scalar.
    #[must_use]
    pub fn text(&self) -> Option<&str> {
        match &self.value {
            Value::Scalar(scalar) => Some(&scalar.text),
            Value::Map(_) | Value::List(_) => None,
        }
    }

    /// The entries, if this is a map.
    #[must_use]
    pub fn entries(&self) -> Option<&[Entry]> {
        match &self.value {
            Value::Map(entries) => Some(entries),
            Value::List(_) | Value::Scalar(_) => None,
        }
    }

    /// The entries to change, if this is a map.
    pub fn entries_mut(&mut self) -> Option<&mut Vec<Entry>> {
        match &mut self.value {
            Value::Map(entries) => Some(entries),
            Value::List(_) | Value::Scalar(_) => None,
        }
    }

    /// The items, if this is a list.
    #[must_use]
    pub fn items(&self) -> Option<&[Self]> {
        match &self.value {
            Value::List(items) => Some(items),
            Value::Map(_) | Value::Scalar(_) => None,
        }
    }

    /// The value of `key`, if this is a map that has it.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<&Self> {
        self.entry(key).map(|entry| &entry.value)
    }

    /// The entry of `key`, if this is a map that has it.
    #[must_use]
    pub fn entry(&self, key: &str) -> Option<&Entry> {
        self.entries()?.iter().find(|entry| &*entry.key.text == key)
    }

    /// The place of the bytes `start..end` of this scalar's text: exact if the text stands in the
    /// source as it is, else the whole scalar.
    #[must_use]
    pub fn part(&self, start: usize, end: usize) -> Span {
        match &self.value {
            Value::Scalar(scalar) if scalar.verbatim => {
                // Quotes are part of the span and not of the text.
                let quote = (self.span.end - self.span.start) as usize - scalar.text.len();
                self.span.part(start + quote / 2, end + quote / 2)
            }
            _ => self.span,
        }
    }

    /// A scalar of a part of this scalar's text, standing at that part.
    ///
    /// # Panics
    ///
    /// If this is no scalar, or if the range is not inside its text.
    #[must_use]
    pub fn piece(&self, start: usize, end: usize) -> Self {
        let Value::Scalar(scalar) = &self.value else {
            panic!("a piece of {}", self.kind());
        };
        Self {
            span: self.part(start, end),
            value: Value::Scalar(Scalar {
                text: scalar.text[start..end].into(),
                verbatim: scalar.verbatim,
            }),
        }
    }

    /// "a map", "a list" or "a scalar".
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match self.value {
            Value::Map(_) => "a map",
            Value::List(_) => "a list",
            Value::Scalar(_) => "a scalar",
        }
    }
}

/// Notes that all names that a node may define could not be read: keys, items of lists, and what is called so by
/// `name`.
pub(crate) fn hide_names(node: &Node, found: &mut Diagnostics) {
    match &node.value {
        Value::Scalar(_) => {}
        Value::List(items) => {
            for item in items {
                if let Some(text) = item.text() {
                    found.hide_name(text);
                }
                hide_names(item, found);
            }
        }
        Value::Map(entries) => {
            for Entry { key, value } in entries {
                found.hide_name(&key.text);
                if let ("name", Some(text)) = (&*key.text, value.text()) {
                    found.hide_name(text);
                }
                hide_names(value, found);
            }
        }
    }
}

/// Whether a key is kept and ignored.
#[must_use]
pub fn is_ignored(key: &str) -> bool {
    key.starts_with("x-")
}

/// Whether `word` is one of those that YAML once took for a switch or for nothing.
#[must_use]
pub fn is_yaml_word(word: &str) -> bool {
    YAML_WORDS
        .iter()
        .any(|&reserved| word.eq_ignore_ascii_case(reserved))
}

/// Adds bytes from outside to `sources`, if they are text of a bearable length.
///
/// What is refused is added as a text that can be pointed at.
///
/// # Errors
///
/// If the bytes are no UTF-8 or more than [`BYTES_MAX`].
pub fn add_bytes(
    sources: &mut SourceMap,
    name: &str,
    bytes: &[u8],
) -> Result<SourceId, Box<Diagnostic>> {
    if bytes.len() > BYTES_MAX {
        let start = String::from_utf8_lossy(&bytes[..bytes.len().min(200)]).into_owned();
        let id = sources.add(name, start);
        let message = format!(
            "the file has {} bytes; at most {BYTES_MAX} are read",
            bytes.len()
        );
        return Err(Box::new(
            Diagnostic::error(Span::new(id, 0, 0), message).hint("split it and use `include`"),
        ));
    }
    match std::str::from_utf8(bytes) {
        Ok(text) => Ok(sources.add(name, text)),
        Err(error) => {
            let at = error.valid_up_to();
            let id = sources.add(name, String::from_utf8_lossy(bytes));
            let message = format!("byte 0x{:02x} is not UTF-8", bytes[at]);
            Err(Box::new(
                Diagnostic::error(Span::new(id, at, at + 1), message)
                    .hint("save the file as UTF-8"),
            ))
        }
    }
}

/// Reads a source. All that can be found wrong in one pass is added to `found`.
///
/// The tree is `None` if the text is no YAML or holds no document; otherwise it is what
/// remains when everything that was refused is left out.
#[must_use]
pub fn parse(sources: &SourceMap, id: SourceId, found: &mut Diagnostics) -> Option<Node> {
    let text = sources.source(id).text();
    parse_text(text, id, 0, found)
}

/// Reads `text`, which stands at byte `offset` of source `id`.
///
/// Behind a syntax error reading goes on at the next section.
pub(crate) fn parse_text(
    text: &str,
    id: SourceId,
    offset: usize,
    found: &mut Diagnostics,
) -> Option<Node> {
    let mut builder = Builder {
        text,
        id,
        offset,
        found,
        open: Vec::new(),
        root: None,
        nodes: 0,
        ignored_above: None,
        seen: BTreeMap::new(),
        from: 0,
        last_key: 0,
    };
    let mut whole: Option<Node> = None;
    let mut from = 0;
    for round in 0..=SYNTAX_ERRORS_MAX {
        let end = builder.read_from(from);
        if let End::TooMuch = end {
            return None;
        }
        let next = match end {
            End::Broken if round < SYNTAX_ERRORS_MAX => next_section(text, builder.last_key),
            _ => None,
        };
        if let End::Broken = end {
            builder.salvage(from, next.unwrap_or(text.len()));
        }
        whole = match (whole, builder.root.take()) {
            (Some(mut whole), Some(more)) => {
                whole.span = whole.span.to(more.span);
                if let (Some(entries), Value::Map(more)) = (whole.entries_mut(), more.value) {
                    entries.extend(more);
                }
                Some(whole)
            }
            (whole, more) => whole.or(more),
        };
        match next {
            Some(next) => from = next,
            None => break,
        }
    }
    if whole.is_none() && !builder.found.has_errors() {
        let at = builder.place(0, 0);
        builder
            .found
            .push(Diagnostic::error(at, "the file is empty"));
    }
    whole
}

/// How a reading ended.
enum End {
    /// With the text.
    Whole,
    /// At something that is no YAML.
    Broken,
    /// At a bound.
    TooMuch,
}

struct Builder<'a> {
    text: &'a str,
    id: SourceId,
    offset: usize,
    found: &'a mut Diagnostics,
    open: Vec<Open>,
    root: Option<Node>,
    nodes: usize,
    /// The depth of the map whose `x-` key is being read: what is below is kept as it is.
    ignored_above: Option<usize>,
    /// The keys of the first level, when reading goes on behind a mistake.
    seen: BTreeMap<Box<str>, Span>,
    /// Where the parser began, in bytes of the text: it counts from there.
    from: usize,
    /// Where the last key of the first level starts, in bytes of the text.
    last_key: usize,
}

/// A map or list that is not at its end yet.
enum Open {
    Map {
        start: Span,
        /// How far it reaches, with what was refused.
        last: Span,
        entries: Vec<Entry>,
        seen: BTreeMap<Box<str>, Span>,
        key: KeyState,
    },
    List {
        start: Span,
        items: Vec<Node>,
    },
}

/// Where a map stands between keys and values.
enum KeyState {
    /// A key comes next.
    Wanted,
    /// The value of this key comes next.
    Read(Key),
    /// The value of a key that was refused comes next, and is dropped.
    Refused,
}

impl Builder<'_> {
    /// Reads the text from a byte on.
    fn read_from(&mut self, from: usize) -> End {
        let mut options = granit_parser::options! {
            disallow_directives: true,
            emit_unresolved_aliases: true,
            flow_nesting_limit: DEPTH_MAX + 1,
            block_nesting_limit: DEPTH_MAX + 1,
        };
        options.set_emit_comments(false);
        let text = &self.text[from..];
        self.from = from;
        self.last_key = from;
        let mut documents = 0;
        let mut end = End::Whole;
        for next in Parser::new_from_str_with_options(text, options) {
            match next {
                Ok((Event::DocumentStart(..), span)) => {
                    documents += 1;
                    if documents > 1 {
                        let at = self.span(&span);
                        let error = Diagnostic::error(
                            at,
                            "a second document starts here; a file holds one",
                        );
                        self.found.push(error.hint("move it to a file of its own"));
                        let rest = (at.start as usize - self.offset).min(self.text.len());
                        hide_words(&self.text[rest..], self.found);
                        break;
                    }
                }
                Ok((event, span)) => {
                    if !self.take(&event, &span) {
                        self.found.hide_everything();
                        end = End::TooMuch;
                        break;
                    }
                }
                Err(error) => {
                    let at = error.marker().byte_offset().unwrap_or(text.len());
                    let at = at.min(text.len());
                    let place = self.place(from + at, from + at + 1);
                    let section = self.last_key - from;
                    self.found
                        .push(syntax_error(place, text, section..at, error.kind()));
                    end = End::Broken;
                    break;
                }
            }
        }
        end
    }

    /// Keeps what is whole of a text that is broken: the sections before the mistake, and of the broken one
    /// the entries that ended before byte `next`, where the next section starts.
    fn salvage(&mut self, from: usize, next: usize) {
        let text = self.text;
        let end = self.place(next, next);
        let mut lost = from;
        let mut open = self.open.drain(..);
        let (root, section) = (open.next(), open.next());
        drop(open);
        self.ignored_above = None;
        let Some(Open::Map {
            start,
            mut entries,
            key,
            seen,
            ..
        }) = root
        else {
            self.found.hide(self.place(from, next));
            hide_words(&text[from..next], self.found);
            return;
        };
        if let Some(last) = entries.last() {
            lost = (last.value.span.end as usize - self.offset).max(from);
        }
        if let (
            KeyState::Read(key),
            Some(Open::Map {
                entries: mut whole,
                start,
                ..
            }),
        ) = (key, section)
        {
            whole.retain(|entry| entry.value.span.end < end.start);
            if let Some(last) = whole.last() {
                lost = last.value.span.end as usize - self.offset;
                entries.push(Entry {
                    key,
                    value: Node {
                        span: start.to(end),
                        value: Value::Map(whole),
                    },
                });
            }
        }
        let lost = lost.min(next);
        self.found.hide(self.place(lost, next));
        hide_words(&text[lost..next], self.found);
        self.seen = seen;
        self.root = Some(Node {
            span: start.to(end),
            value: Value::Map(entries),
        });
    }

    fn place(&self, start: usize, end: usize) -> Span {
        Span::new(self.id, self.offset + start, self.offset + end)
    }

    fn span(&self, span: &granit_parser::Span) -> Span {
        let range = span.byte_range().unwrap_or(0..0);
        self.place(self.from + range.start, self.from + range.end)
    }

    fn error(&mut self, at: Span, message: impl Into<String>) {
        self.found.push(Diagnostic::error(at, message));
    }

    /// Takes one event; `false` if reading must stop.
    fn take(&mut self, event: &Event<'_>, span: &granit_parser::Span) -> bool {
        let at = self.span(span);
        if event.is_node() {
            self.nodes += 1;
            if self.nodes > NODES_MAX {
                self.error(
                    at,
                    format!("the file has more than {NODES_MAX} maps, lists and scalars"),
                );
                return false;
            }
            self.refuse_properties(event, at, span);
        }
        match event {
            Event::Scalar(text, style, _, _) => self.scalar(text, *style, at),
            Event::MappingStart(..) => {
                let first = self.open.is_empty();
                let seen = if first {
                    std::mem::take(&mut self.seen)
                } else {
                    BTreeMap::new()
                };
                self.start(at, |start| Open::Map {
                    start,
                    last: start,
                    entries: Vec::new(),
                    seen,
                    key: KeyState::Wanted,
                })
            }
            Event::SequenceStart(..) => self.start(at, |start| Open::List {
                start,
                items: Vec::new(),
            }),
            Event::MappingEnd | Event::SequenceEnd => {
                self.end(at);
                true
            }
            Event::Alias(_) | Event::UnresolvedAlias(_) => {
                let hint = "say it again in full, or use `policies`, `defaults` or `like`";
                self.found
                    .push(Diagnostic::error(at, "aliases (`*name`) are not used here").hint(hint));
                self.put_refused(at)
            }
            _ => true,
        }
    }

    fn refuse_properties(&mut self, event: &Event<'_>, at: Span, span: &granit_parser::Span) {
        if event.tag().is_some() {
            let start = span.tag_start.and_then(|mark| mark.byte_offset());
            let at = start.map_or(at, |start| {
                let start = self.from + start;
                self.place(start, start + 1)
            });
            let error = Diagnostic::error(at, "tags (`!...`) are not used here");
            self.found
                .push(error.hint("a value's type comes from its key; remove the tag"));
        }
        if event.anchor_id().is_some_and(|id| id > 0) {
            let start = (at.start as usize).saturating_sub(self.offset);
            let before = self.text[..start.min(self.text.len())].rfind('&');
            let at = before.map_or(at, |start| self.place(start, start + 1));
            let error = Diagnostic::error(at, "anchors (`&name`) are not used here");
            self.found
                .push(error.hint("use `policies`, `defaults` or `like`"));
        }
    }

    fn start(&mut self, at: Span, open: impl FnOnce(Span) -> Open) -> bool {
        if self.open.len() >= DEPTH_MAX {
            self.error(
                at,
                format!("maps and lists are nested more than {DEPTH_MAX} deep"),
            );
            return false;
        }
        if matches!(
            self.open.last(),
            Some(Open::Map {
                key: KeyState::Wanted,
                ..
            })
        ) {
            self.error(at, "a key must be a word, not a map or a list");
        }
        self.open.push(open(at));
        true
    }

    fn end(&mut self, at: Span) {
        let Some(open) = self.open.pop() else { return };
        let node = match open {
            Open::Map {
                start,
                last,
                entries,
                ..
            } => Node {
                span: cover(start, last, at),
                value: Value::Map(entries),
            },
            Open::List { start, items } => {
                let last = items.last().map_or(start, |item| item.span);
                Node {
                    span: cover(start, last, at),
                    value: Value::List(items),
                }
            }
        };
        self.put(node);
    }

    fn scalar(&mut self, text: &str, style: ScalarStyle, at: Span) -> bool {
        if text.len() > SCALAR_MAX {
            self.error(
                at,
                format!(
                    "the text has {} bytes; at most {SCALAR_MAX} make sense here",
                    text.len()
                ),
            );
            return self.put_refused(at);
        }
        if let Some(Open::Map {
            key: KeyState::Wanted,
            ..
        }) = self.open.last()
        {
            self.key(text, at);
            return true;
        }
        let plain = matches!(style, ScalarStyle::Plain);
        if self.ignored_above.is_none() {
            if plain && matches!(text, "" | "~") || text.trim().is_empty() {
                self.refuse_empty(at);
                return self.put_refused(at);
            }
            if is_yaml_word(text) {
                let error = Diagnostic::error(at, format!("{} is not a value here", quoted(text)));
                let hint = "a switch is a word: `none` switches a thing off; leave the key out for its default";
                self.found.push(error.hint(hint));
                return self.put_refused(at);
            }
        }
        let length = (at.end - at.start) as usize;
        let quotes = if plain { 0 } else { 2 };
        let verbatim = matches!(
            style,
            ScalarStyle::Plain | ScalarStyle::SingleQuoted | ScalarStyle::DoubleQuoted
        ) && length == text.len() + quotes
            && !text.contains('\n');
        self.put(Node {
            span: at,
            value: Value::Scalar(Scalar {
                text: text.into(),
                verbatim,
            }),
        });
        true
    }

    fn refuse_empty(&mut self, at: Span) {
        let error = match self.open.last() {
            Some(Open::Map {
                key: KeyState::Read(key),
                ..
            }) => Diagnostic::error(key.span, format!("{} has no value", quoted(&key.text))),
            _ => Diagnostic::error(at, "there is no value here"),
        };
        self.found
            .push(error.hint("`none` switches a thing off; leave the key out for its default"));
    }

    fn key(&mut self, text: &str, at: Span) {
        let depth = self.open.len();
        if depth == 1 {
            self.last_key = at.start as usize - self.offset;
        }
        let ignored = self.ignored_above.is_some();
        let Some(Open::Map {
            seen, key, last, ..
        }) = self.open.last_mut()
        else {
            return;
        };
        *last = at;
        let problem = if text == "<<" {
            let error = Diagnostic::error(at, "merge keys (`<<`) are not used here");
            Some(error.hint("use `policies`, `defaults` or `like`"))
        } else if text.is_empty() {
            Some(Diagnostic::error(at, "a key is missing before the colon"))
        } else if is_yaml_word(text) && !ignored {
            Some(Diagnostic::error(
                at,
                format!("{} is neither a key nor a name here", quoted(text)),
            ))
        } else if let Some(&first) = seen.get(text) {
            let error = Diagnostic::error(at, format!("{} is written twice", quoted(text)));
            Some(error.label("again").also(first, "first here"))
        } else {
            None
        };
        if let Some(problem) = problem {
            *key = KeyState::Refused;
            self.found.push(problem);
            return;
        }
        seen.insert(text.into(), at);
        *key = KeyState::Read(Key {
            text: text.into(),
            span: at,
        });
        if is_ignored(text) && !ignored {
            self.ignored_above = Some(depth);
        }
    }

    /// Leaves a hole where something was refused; what stands around it is kept.
    fn put_refused(&mut self, at: Span) -> bool {
        self.found.hide(at);
        if let Some(Open::Map { key, last, .. }) = self.open.last_mut() {
            *last = at;
            *key = match key {
                KeyState::Wanted => KeyState::Refused,
                KeyState::Read(_) | KeyState::Refused => KeyState::Wanted,
            };
        } else if self.open.is_empty() {
            self.root = Some(Node {
                span: at,
                value: Value::Map(Vec::new()),
            });
        }
        if self.ignored_above == Some(self.open.len()) {
            self.ignored_above = None;
        }
        true
    }

    fn put(&mut self, node: Node) {
        match self.open.last_mut() {
            None => self.root = Some(node),
            Some(Open::List { items, .. }) => items.push(node),
            Some(Open::Map {
                entries, key, last, ..
            }) => {
                *last = node.span;
                match std::mem::replace(key, KeyState::Wanted) {
                    KeyState::Read(key) => entries.push(Entry { key, value: node }),
                    KeyState::Refused => {
                        self.found.hide(node.span);
                        hide_names(&node, self.found);
                    }
                    // A map or list stood in place of the key; it was refused when it started.
                    KeyState::Wanted => *key = KeyState::Refused,
                }
            }
        }
        if self.ignored_above == Some(self.open.len()) {
            self.ignored_above = None;
        }
    }
}

/// The span of a map or list: up to its closing bracket, or in block style to its last entry.
fn cover(start: Span, last: Span, end: Span) -> Span {
    if end.end > end.start {
        start.to(end)
    } else {
        start.to(last)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnostic::Diagnostics;

    fn read(text: &str) -> (Option<Node>, String) {
        let mut sources = SourceMap::new();
        let mut found = Diagnostics::new();
        let id = sources.add("f.yaml", text);
        let node = parse(&sources, id, &mut found);
        (node, found.render(&sources))
    }

    /// Every scalar, quoted or not, must point at its own letters, or underlines lie.
    #[test]
    fn parts_of_scalars_have_places() {
        let mut sources = SourceMap::new();
        let text = "é: {a: 10:30 to 11:00, b: \"x y\", c: 'it''s'}\n";
        let id = sources.add("f.yaml", text);
        let node = parse(&sources, id, &mut Diagnostics::new()).expect("it is YAML");
        let map = node.get("é").expect("the key is there");
        let a = map.get("a").expect("a");
        assert_eq!(sources.text(a.part(9, 14)), "11:00");
        let b = map.get("b").expect("b");
        assert_eq!(sources.text(b.part(2, 3)), "y");
        let c = map.get("c").expect("c");
        assert_eq!(c.text(), Some("it's"));
        assert_eq!(sources.text(c.part(2, 3)), "'it''s'");
        assert_eq!(
            sources.text(map.span),
            "{a: 10:30 to 11:00, b: \"x y\", c: 'it''s'}"
        );
    }

    /// What YAML offers beyond maps, lists and scalars is refused, all of it in one go, and the
    /// rest of the file is still there to be checked.
    #[test]
    fn the_rest_of_yaml_is_refused() {
        let text = "a: &x 1\nb: *x\nc: !!str 2\nd:\ne: ~\nf: no\n<<: {g: 1}\na: 3\nh: Null\n? [i]\n: 1\non: 2\nx-notes: {on: ~}\nz: 9\n";
        let (node, report) = read(text);
        let node = node.expect("a tree");
        let keys: Vec<&str> = node
            .entries()
            .expect("a map")
            .iter()
            .map(|e| &*e.key.text)
            .collect();
        assert_eq!(keys, ["a", "c", "x-notes", "z"], "{report}");
        for (line, what) in [
            (1, "anchors"),
            (2, "aliases"),
            (3, "tags"),
            (4, "`d` has no value"),
            (5, "`e` has no value"),
            (6, "`no` is not a value"),
            (7, "merge keys"),
            (8, "`a` is written twice"),
            (9, "`Null` is not a value"),
            (10, "a key must be a word"),
            (12, "`on` is neither a key nor a name"),
        ] {
            assert!(report.contains(what), "{what} in {report}");
            assert!(
                report.contains(&format!("f.yaml:{line}:")),
                "line {line} in {report}"
            );
        }
        assert_eq!(report.matches("error:").count(), 11, "{report}");
    }

    /// What is no YAML at all still ends with a place.
    #[test]
    fn what_is_no_yaml_has_a_place() {
        for (text, line, what) in [
            ("a: 1\n\tb: 2\n", 2, "tab"),
            ("a: {b: 1\n", 1, "never closed"),
            ("a: \"b\n", 1, "never closed"),
            ("a: b: c\n", 1, "quote the text"),
            ("a: 1\n---\nb: 2\n", 2, "second document"),
            ("%YAML 1.2\n---\na: 1\n", 1, "directives"),
            ("", 1, "empty"),
            ("a: @b\n", 1, "cannot start with `@`"),
        ] {
            let (_, report) = read(text);
            assert!(report.contains(what), "{text:?}: {report}");
            assert!(
                report.contains(&format!("f.yaml:{line}:")),
                "{text:?}: {report}"
            );
        }
    }

    /// Depth, length and number are bounded, so that no file exhausts the machine.
    #[test]
    fn sizes_are_bounded() {
        for (text, what) in [
            ("[".repeat(100_000), "nested more than"),
            (
                "a: ".to_owned() + &"b".repeat(SCALAR_MAX + 1),
                "at most 16384",
            ),
            (
                "[".to_owned() + &"a,".repeat(NODES_MAX) + "a]",
                "more than 500000",
            ),
            (
                (0..200).fold(String::new(), |text, depth| {
                    text + &" ".repeat(depth) + "a:\n"
                }),
                "nested more than",
            ),
        ] {
            let (_, report) = read(&text);
            assert!(report.contains(what), "{what}: {report}");
        }
        let mut sources = SourceMap::new();
        assert!(add_bytes(&mut sources, "f", &vec![b'a'; BYTES_MAX + 1]).is_err());
        let refused = add_bytes(&mut sources, "f", b"a: \xff").expect_err("no UTF-8");
        assert_eq!(sources.place(refused.at).column, 4);
    }
}
