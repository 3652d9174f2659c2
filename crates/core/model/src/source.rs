//! Where text came from: every scalar of a model keeps its file, line and column.
//!
//! A [`SourceMap`] owns the texts that were read (files, and the pseudo file `--set`); a
//! [`Span`] is twelve bytes that point into it. Everything that is later said about a value,
//! from a spelling mistake to the line that causes a worst day, goes through its span.

/// One text of a [`SourceMap`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SourceId(u32);

/// A piece of one source: the bytes from `start` up to, not including, `end`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Span {
    /// The source that the bytes are in.
    pub source: SourceId,
    /// First byte.
    pub start: u32,
    /// First byte after it.
    pub end: u32,
}

impl Span {
    /// The bytes `start..end` of `source`.
    #[must_use]
    pub fn new(source: SourceId, start: usize, end: usize) -> Self {
        let cut = |at: usize| u32::try_from(at).unwrap_or(u32::MAX);
        Self {
            source,
            start: cut(start),
            end: cut(end.max(start)),
        }
    }

    /// From the start of this span to the end of `last`, if both are of one source.
    #[must_use]
    pub fn to(self, last: Self) -> Self {
        if self.source == last.source && self.start <= last.end {
            Self {
                end: last.end,
                ..self
            }
        } else {
            self
        }
    }

    /// Whether `inner` is a part of this span.
    #[must_use]
    pub fn contains(self, inner: Self) -> bool {
        self.source == inner.source && self.start <= inner.start && inner.end <= self.end
    }

    /// A part of this span, given by byte offsets from its start; never longer than the span.
    #[must_use]
    pub fn part(self, start: usize, end: usize) -> Self {
        let cut = |at: usize| {
            u32::try_from(at)
                .unwrap_or(u32::MAX)
                .min(self.end - self.start)
        };
        Self {
            source: self.source,
            start: self.start + cut(start),
            end: self.start + cut(end.max(start)),
        }
    }
}

/// A text and the name it is known by.
#[derive(Clone, Debug)]
pub struct Source {
    name: String,
    text: String,
    line_starts: Vec<u32>,
    /// How many characters begin before byte 1024, 2048, ...: a column of a line of megabytes is found at once.
    characters: Vec<u32>,
}

/// Bytes between two entries of [`Source::characters`].
const BLOCK: usize = 1024;

/// How many characters begin in these bytes.
fn characters(bytes: &[u8]) -> usize {
    bytes.iter().filter(|&&byte| byte & 0xc0 != 0x80).count()
}

impl Source {
    /// The path as it was given, or a name such as `--set`.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The whole text.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The line (counted from 0) that holds byte `at`.
    fn line_of(&self, at: usize) -> usize {
        let at = u32::try_from(at).unwrap_or(u32::MAX);
        self.line_starts.partition_point(|&start| start <= at) - 1
    }

    /// Where the line (counted from 0) starts, in bytes.
    fn line_start(&self, line: usize) -> usize {
        self.line_starts[line] as usize
    }

    /// How many characters begin before byte `at`.
    fn characters_before(&self, at: usize) -> usize {
        let block = at / BLOCK;
        let before = block
            .checked_sub(1)
            .map_or(0, |block| self.characters[block] as usize);
        before + characters(&self.text.as_bytes()[block * BLOCK..at])
    }

    /// The text of the line (counted from 0), without its line break.
    fn line_text(&self, line: usize) -> &str {
        let start = self.line_start(line);
        let end = self
            .line_starts
            .get(line + 1)
            .map_or(self.text.len(), |&next| next as usize);
        self.text[start..end].trim_end_matches(['\n', '\r'])
    }
}

/// A place as people read it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place<'a> {
    /// The name of the source.
    pub name: &'a str,
    /// Line, counted from 1.
    pub line: usize,
    /// Column in characters, counted from 1.
    pub column: usize,
}

impl std::fmt::Display for Place<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}:{}:{}", self.name, self.line, self.column)
    }
}

/// All texts of one model.
#[derive(Clone, Debug, Default)]
pub struct SourceMap {
    sources: Vec<Source>,
}

impl SourceMap {
    /// An empty map.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a text.
    pub fn add(&mut self, name: impl Into<String>, text: impl Into<String>) -> SourceId {
        let text = text.into();
        let breaks = text.bytes().enumerate().filter(|&(_, byte)| byte == b'\n');
        let line_starts = std::iter::once(0)
            .chain(breaks.map(|(at, _)| u32::try_from(at + 1).unwrap_or(u32::MAX)))
            .collect();
        let blocks = text.as_bytes().chunks_exact(BLOCK);
        let characters = blocks.scan(0u32, |before, block| {
            *before += u32::try_from(characters(block)).expect("at most a block");
            Some(*before)
        });
        let characters = characters.collect();
        self.sources.push(Source {
            name: name.into(),
            text,
            line_starts,
            characters,
        });
        SourceId(u32::try_from(self.sources.len() - 1).expect("fewer sources than bytes of memory"))
    }

    /// The source of that id.
    #[must_use]
    pub fn source(&self, id: SourceId) -> &Source {
        &self.sources[id.0 as usize]
    }

    /// All sources in the order in which they were read.
    pub fn iter(&self) -> impl Iterator<Item = (SourceId, &Source)> {
        (0..).map(SourceId).zip(&self.sources)
    }

    /// The text that a span covers.
    #[must_use]
    pub fn text(&self, span: Span) -> &str {
        let text = self.source(span.source).text();
        let (start, end) = (floor(text, span.start), floor(text, span.end));
        &text[start..end.max(start)]
    }

    /// File, line and column of the start of a span.
    #[must_use]
    pub fn place(&self, span: Span) -> Place<'_> {
        let source = self.source(span.source);
        let at = floor(&source.text, span.start);
        let line = source.line_of(at);
        Place {
            name: &source.name,
            line: line + 1,
            column: source.characters_before(at)
                - source.characters_before(source.line_start(line))
                + 1,
        }
    }

    /// The line in which a span starts, and the bytes of that line which the span covers.
    #[must_use]
    pub fn line(&self, span: Span) -> (&str, std::ops::Range<usize>) {
        let source = self.source(span.source);
        let (at, end) = (
            floor(&source.text, span.start),
            floor(&source.text, span.end),
        );
        let line = source.line_of(at);
        let text = source.line_text(line);
        let start = (at - source.line_start(line)).min(text.len());
        let end = end.saturating_sub(source.line_start(line)).min(text.len());
        (text, start..end.max(start))
    }
}

/// The last character boundary at or before byte `at`.
fn floor(text: &str, at: u32) -> usize {
    let mut at = (at as usize).min(text.len());
    while !text.is_char_boundary(at) {
        at -= 1;
    }
    at
}

#[cfg(test)]
mod tests {
    use super::*;

    /// People count lines and columns from one, and columns in characters.
    #[test]
    fn places_count_characters_from_one() {
        let mut map = SourceMap::new();
        let id = map.add("a.yaml", "é: 1\nbé: 2\n");
        assert_eq!(map.place(Span::new(id, 0, 1)).to_string(), "a.yaml:1:1");
        assert_eq!(map.place(Span::new(id, 11, 12)).to_string(), "a.yaml:2:5");
        assert_eq!(map.text(Span::new(id, 11, 12)), "2");
        assert_eq!(
            map.place(Span::new(id, 999, 1000)).to_string(),
            "a.yaml:3:1"
        );
    }
}
