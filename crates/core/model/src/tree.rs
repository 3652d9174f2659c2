//! A file as a tree of maps, lists and scalars, each with its place.
//!
//! YAML's own types are never used: a scalar is its source text, and the field that wants it
//! gives it a type later. What YAML offers beyond maps, lists and scalars (tags, anchors,
//! aliases, merge keys, nulls, several documents) is refused here, so that nothing after this
//! module has to know of it.
//!
//! Reading is linear in the length of the text and bounded by [`BYTES_MAX`], [`NODES_MAX`],
//! [`DEPTH_MAX`] and [`SCALAR_MAX`]; whatever the bytes are, it ends with a tree or with places.

mod builder;
mod syntax;

pub(crate) use self::builder::parse_text;
use crate::diagnostic::{Diagnostic, Diagnostics};
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
