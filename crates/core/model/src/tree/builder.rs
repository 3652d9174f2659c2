//! From the parser's events to a tree, whatever is wrong with the text: what is refused is left out, and what it
//! hides is noted.

use std::collections::BTreeMap;

use granit_parser::{Event, Parser, ScalarStyle};

use super::syntax::{SYNTAX_ERRORS_MAX, hide_words, next_section, syntax_error};
use super::{
    DEPTH_MAX, Entry, Key, NODES_MAX, Node, SCALAR_MAX, Scalar, Value, hide_names, is_ignored,
    is_yaml_word,
};
use crate::diagnostic::{Diagnostic, Diagnostics, quoted};
use crate::source::{SourceId, Span};

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
            if let KeyState::Read(name) = key {
                self.found.hide_name(&name.text);
            }
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
