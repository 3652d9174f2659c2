//! A table of text: lines of cells, with or without heads.
//!
//! Cells are separated by commas, or by semicolons or tabs if the first line has none. A cell in double
//! quotes may hold separators and doubled quotes, but no line end. Lines that begin with `#` are
//! comments.

use super::Remark;
use std::borrow::Cow;

/// Columns beyond are not found by name; a line may hold any number of cells.
const MOST_COLUMNS: usize = 10_000;

/// The lines of a file with their 1-based numbers, without line ends, blank lines and comments.
pub(super) struct Lines<'a> {
    rest: Option<&'a [u8]>,
    number: u64,
}

impl<'a> Lines<'a> {
    pub(super) fn new(bytes: &'a [u8]) -> Self {
        let bytes = bytes.strip_prefix("\u{feff}".as_bytes()).unwrap_or(bytes);
        Self {
            rest: Some(bytes),
            number: 0,
        }
    }
}

impl<'a> Iterator for Lines<'a> {
    type Item = (u64, Cow<'a, str>);

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            let rest = self.rest?;
            let end = rest.iter().position(|&byte| byte == b'\n');
            let line = match end {
                Some(end) => {
                    self.rest = Some(&rest[end + 1..]);
                    &rest[..end]
                }
                None => {
                    self.rest = None;
                    rest
                }
            };
            self.number += 1;
            let line = line.strip_suffix(b"\r").unwrap_or(line);
            let blank = line.iter().all(u8::is_ascii_whitespace);
            if !blank && !line.starts_with(b"#") {
                return Some((self.number, String::from_utf8_lossy(line)));
            }
        }
    }
}

/// A cell, and where its line has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Cell {
    /// Without quotes and blanks around it.
    pub(super) text: String,
    /// 1-based character of its line.
    pub(super) column: u64,
}

/// A line of cells.
pub(super) struct Row<'a> {
    pub(super) line: u64,
    text: Cow<'a, str>,
    separator: u8,
}

impl Row<'_> {
    /// The cell; empty, just after the line, if the line is too short.
    pub(super) fn cell(&self, index: usize) -> Cell {
        let found = Cells::new(&self.text, self.separator).nth(index);
        found.unwrap_or_else(|| Cell {
            text: String::new(),
            column: self.text.chars().count() as u64 + 1,
        })
    }
}

/// The column that holds the times, and the one to subtract.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Column {
    pub(super) of: usize,
    pub(super) less: Option<usize>,
}

/// A file of rows. What its first line says is known; the rows follow.
pub(super) struct Table<'a> {
    lines: Lines<'a>,
    separator: u8,
    /// Heads of columns, if the first line is no row.
    heads: Option<Vec<Cell>>,
    /// Number of columns of the first line, and its number.
    width: usize,
    first: Option<(u64, Cow<'a, str>)>,
    first_line: u64,
}

impl<'a> Table<'a> {
    /// Reads the first line: heads, unless one of its cells is a time.
    pub(super) fn open(bytes: &'a [u8], is_time: impl Fn(&str) -> bool) -> Self {
        let mut lines = Lines::new(bytes);
        let first = lines.next();
        let text = first.as_ref().map_or("", |(_, text)| text);
        let separator = [b',', b';', b'\t']
            .into_iter()
            .find(|separator| text.as_bytes().contains(separator))
            .unwrap_or(b',');
        let cells: Vec<_> = Cells::new(text, separator).take(MOST_COLUMNS).collect();
        let is_row = cells.iter().any(|cell| is_time(&cell.text));
        Self {
            lines,
            separator,
            width: cells.len(),
            first_line: first.as_ref().map_or(0, |(line, _)| *line),
            heads: (!is_row && first.is_some()).then_some(cells),
            first: first.filter(|_| is_row),
        }
    }

    pub(super) fn next_row(&mut self) -> Option<Row<'a>> {
        let (line, text) = self.first.take().or_else(|| self.lines.next())?;
        Some(Row {
            line,
            text,
            separator: self.separator,
        })
    }

    /// The column of that head, or `A - B`: the one of head A less that of head B.
    pub(super) fn named(&self, name: &str) -> Result<Column, Vec<Remark>> {
        if let Ok(of) = self.find(name) {
            return Ok(Column { of, less: None });
        }
        // Heads may hold minus signs themselves, so every ` - ` is tried.
        for (at, minus) in name.match_indices(" - ") {
            let (of, less) = (&name[..at], &name[at + minus.len()..]);
            if let (Ok(of), Ok(less)) = (self.find(of), self.find(less)) {
                return Ok(Column {
                    of,
                    less: Some(less),
                });
            }
        }
        let wrong = name
            .split(" - ")
            .map(|part| self.find(part))
            .find_map(Result::err);
        Err(wrong.unwrap_or_else(|| {
            self.complain(format!(
                "{} takes more than one column from another: `A - B` is all that can be said",
                quoted(name)
            ))
        }))
    }

    /// The only column.
    pub(super) fn only(&self) -> Result<Column, Vec<Remark>> {
        if self.width <= 1 {
            return Ok(Column { of: 0, less: None });
        }
        Err(self.complain(match &self.heads {
            Some(_) => format!(
                "which column holds the times? Give `column`: {}",
                self.list()
            ),
            None => format!(
                "{} cells and no heads: give the file a first line with names, and `column`",
                self.width
            ),
        }))
    }

    /// Of a table of counts: the column with the interval's start, and that with the count.
    pub(super) fn time_and_count(
        &self,
        count: Option<&str>,
    ) -> Result<(usize, usize), Vec<Remark>> {
        const TIMES: [&str; 5] = ["timestamp", "time", "start", "date", "datetime"];
        let heads: Vec<_> = self
            .heads
            .iter()
            .flatten()
            .map(|head| head.text.to_lowercase())
            .collect();
        let named = |names: &[&str]| heads.iter().position(|head| names.contains(&head.as_str()));
        let time = named(&TIMES).unwrap_or(0);
        let count = match count {
            Some(name) => self.find(name)?,
            None if self.width == 2 => 1 - time.min(1),
            None => named(&["value", "count"]).ok_or_else(|| {
                self.complain(match (self.width, &self.heads) {
                    (0, _) => "nothing is recorded here".to_owned(),
                    (1, _) => "counts need two columns: when the interval starts, and how many came".to_owned(),
                    (_, Some(_)) => format!("which column holds the counts? Give `column`: {}", self.list()),
                    (width, None) => {
                        format!("{width} cells and no heads: give the file a first line with names, and `column`")
                    }
                })
            })?,
        };
        if time == count {
            return Err(self.complain("the counts stand where the times should be".to_owned()));
        }
        Ok((time, count))
    }

    fn find(&self, name: &str) -> Result<usize, Vec<Remark>> {
        let name = name.trim();
        let Some(heads) = &self.heads else {
            return Err(self.complain(format!(
                "no column can be called {}, because the first line holds no heads",
                quoted(name)
            )));
        };
        if let Some(index) = heads.iter().position(|head| head.text == name) {
            return Ok(index);
        }
        let known = heads.iter().map(|head| head.text.as_str());
        let meant = match crate::diagnostic::nearest(name, known) {
            Some(nearest) => format!("; did you mean {}?", quoted(nearest)),
            None => String::new(),
        };
        let text = format!(
            "no column is called {}; there are {}{meant}",
            quoted(name),
            self.list()
        );
        Err(self.complain(text))
    }

    fn list(&self) -> String {
        let mut heads: Vec<_> = self
            .heads
            .iter()
            .flatten()
            .map(|head| quoted(&head.text))
            .collect();
        if 20 < heads.len() {
            let more = heads.len() - 19;
            heads.truncate(19);
            heads.push(format!("{more} more"));
        }
        heads.join(", ")
    }

    fn complain(&self, text: String) -> Vec<Remark> {
        vec![Remark {
            line: self.first_line,
            column: 0,
            text,
        }]
    }
}

/// The cells of a line.
struct Cells<'a> {
    line: &'a str,
    separator: u8,
    /// First byte of the next cell; none after the last.
    at: Option<usize>,
    /// Characters before `at`.
    characters: u64,
}

impl<'a> Cells<'a> {
    fn new(line: &'a str, separator: u8) -> Self {
        Self {
            line,
            separator,
            at: Some(0),
            characters: 0,
        }
    }
}

impl Iterator for Cells<'_> {
    type Item = Cell;

    fn next(&mut self) -> Option<Cell> {
        let start = self.at?;
        let rest = &self.line[start..];
        let blanks = rest.len() - rest.trim_start_matches(' ').len();
        let is_quoted = rest[blanks..].starts_with('"');
        let mut inside = is_quoted;
        // A doubled quote closes and opens again, which comes to the same.
        let first = blanks + usize::from(is_quoted);
        let length = rest[first..].bytes().position(|byte| {
            inside ^= is_quoted && byte == b'"';
            !inside && byte == self.separator
        });
        let end = length.map_or(rest.len(), |length| first + length);
        let raw = rest[blanks..end].trim_matches(|c: char| c == ' ' || c == '\t');
        let text = match raw.strip_prefix('"') {
            Some(text) => text.strip_suffix('"').unwrap_or(text).replace("\"\"", "\""),
            None => raw.to_owned(),
        };
        let cell = Cell {
            text,
            column: self.characters + blanks as u64 + 1,
        };
        self.characters += rest[..end].chars().count() as u64 + 1;
        self.at = length.is_some().then_some(start + end + 1);
        Some(cell)
    }
}

/// A stranger's text in a message: in backticks, cut, without control characters.
pub(super) fn quoted(text: &str) -> String {
    let mut shown: String = text
        .chars()
        .take(40)
        .map(|c| if c.is_control() { '\u{fffd}' } else { c })
        .collect();
    if 40 < text.chars().count() {
        shown.push('…');
    }
    format!("`{shown}`")
}
