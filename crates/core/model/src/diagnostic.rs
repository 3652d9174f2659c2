//! What is wrong with a file, said so that the person who wrote it can mend it.
//!
//! A [`Diagnostic`] names the thing and the value; the place, what was expected, a hint and
//! the other places involved travel as fields, and [`render`] draws them. A file is read to
//! its end whatever is wrong with it, so mistakes are collected in [`Diagnostics`] and
//! reported in one go, ordered by place.
//!
//! Texts come from strangers: control characters are never printed, and a line of ten
//! megabytes is cut around the place that matters.

mod hidden;

use std::fmt::Write as _;

use self::hidden::Hidden;
use crate::source::{SourceMap, Span};

/// How bad it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// The file means nothing until this is mended.
    Error,
    /// The file has a meaning, but maybe not the one that was wanted.
    Warning,
}

/// One finding about a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diagnostic {
    /// Error or warning.
    pub severity: Severity,
    /// The stable identifier of a finding, such as `WD0101`.
    pub code: Option<&'static str>,
    /// One sentence that names the thing and the value.
    pub message: String,
    /// The text to underline.
    pub at: Span,
    /// What to say at the underlined text.
    pub label: Option<String>,
    /// What would have been right there.
    pub expected: Option<String>,
    /// What to do about it, such as `did you mean ...`.
    pub hint: Option<String>,
    /// Other places that matter, and what is there.
    pub also: Vec<(Span, String)>,
    /// What it says is not there: no finding of its own if another mistake hides it.
    lacks: Lacks,
}

/// What a finding says is not there.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Lacks {
    name: Option<Box<str>>,
    inside: Vec<Span>,
    calls: bool,
}

impl Diagnostic {
    /// An error at `at`.
    #[must_use]
    pub fn error(at: Span, message: impl Into<String>) -> Self {
        Self {
            severity: Severity::Error,
            code: None,
            message: message.into(),
            at,
            label: None,
            expected: None,
            hint: None,
            also: Vec::new(),
            lacks: Lacks::default(),
        }
    }

    /// A warning at `at`, known by `code`.
    #[must_use]
    pub fn warning(code: &'static str, at: Span, message: impl Into<String>) -> Self {
        Self {
            severity: Severity::Warning,
            code: Some(code),
            ..Self::error(at, message)
        }
    }

    /// Says something at the underlined text.
    #[must_use]
    pub fn label(mut self, label: impl Into<String>) -> Self {
        self.label = Some(label.into());
        self
    }

    /// Says what would have been right.
    #[must_use]
    pub fn expected(mut self, expected: impl Into<String>) -> Self {
        self.expected = Some(expected.into());
        self
    }

    /// Says what to do about it.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// Asks "did you mean", if `nearest` is something.
    #[must_use]
    pub fn did_you_mean(mut self, nearest: Option<&str>) -> Self {
        if let Some(nearest) = nearest {
            self.hint = Some(format!("did you mean `{nearest}`?"));
        }
        self
    }

    /// Points at another place.
    #[must_use]
    pub fn also(mut self, at: Span, label: impl Into<String>) -> Self {
        self.also.push((at, label.into()));
        self
    }

    /// Says that this finding misses something called `name`: if what defines it could not be read, it is dropped.
    #[must_use]
    pub fn absent(mut self, name: &str) -> Self {
        self.lacks.name = Some(name.into());
        self
    }

    /// Says that this finding misses a call, or one that would make a difference: if anything that makes or answers
    /// calls could not be read, it is dropped.
    #[must_use]
    pub fn lacking_calls(mut self) -> Self {
        self.lacks.calls = true;
        self
    }

    /// Says that this finding misses something inside a place: if something there could not be read, it is dropped.
    #[must_use]
    pub fn lacking(mut self, inside: Span) -> Self {
        self.lacks.inside.push(inside);
        self
    }
}

/// More mistakes than this are counted, not kept.
const KEPT: usize = 1_000;

/// The mistakes of one reading, as they are found.
#[derive(Clone, Debug, Default)]
pub struct Diagnostics {
    found: Vec<Diagnostic>,
    dropped: usize,
    errors: usize,
    /// Apart, because errors carry all of this and holes are rare.
    hidden: Box<Hidden>,
}

impl Diagnostics {
    /// None so far.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds one; the same sentence about the same place is not repeated, and what only follows from another
    /// mistake is not said.
    pub fn push(&mut self, diagnostic: Diagnostic) {
        if self.explains(&diagnostic.lacks) || self.hidden.is_stand_in(diagnostic.at) {
            return;
        }
        self.errors += usize::from(diagnostic.severity == Severity::Error);
        if self.found.len() >= KEPT {
            self.dropped += 1;
        } else if self.found.last() != Some(&diagnostic) {
            self.found.push(diagnostic);
        }
    }

    /// Adds all of another reading.
    pub fn append(&mut self, other: Self) {
        self.dropped += other.dropped;
        self.hidden.append(*other.hidden);
        for diagnostic in other.found {
            self.push(diagnostic);
        }
    }

    /// Without what is only strange: of no use yet if something is wrong.
    #[must_use]
    pub(crate) fn only_errors(mut self) -> Self {
        self.found.retain(|found| found.severity == Severity::Error);
        self
    }

    /// None, with what these hide.
    pub(crate) fn hidden(&self) -> Self {
        Self {
            hidden: self.hidden.clone(),
            ..Self::default()
        }
    }

    /// Adds the errors of another reading that are not here yet; if `of` is given, only those about that text.
    pub(crate) fn append_new_errors(&mut self, other: Self, of: Option<Span>) {
        for diagnostic in other.found {
            let error = diagnostic.severity == Severity::Error;
            let about = of.is_none_or(|of| of.contains(diagnostic.at));
            if error && about && !self.found.contains(&diagnostic) {
                self.push(diagnostic);
            }
        }
    }

    /// Whether there is a part of the file that could not be read.
    #[must_use]
    pub fn hides_something(&self) -> bool {
        !self.hidden.is_empty()
    }

    /// Notes that what stands at `at` could not be read.
    pub fn hide(&mut self, at: Span) {
        self.hidden.place(at);
        self.hidden.calls();
    }

    /// Notes that what stands at `at` could not be read, and that it takes no part in calls.
    pub fn hide_aside(&mut self, at: Span) {
        self.hidden.place(at);
    }

    /// Notes that what stands at `at` was malformed, is told, and is read as something else from now on.
    pub(crate) fn stand_in(&mut self, at: Span) {
        self.hidden.stand_in(at);
    }

    /// Notes that what defines `name` could not be read.
    pub fn hide_name(&mut self, name: &str) {
        self.hidden.name(name);
    }

    /// Notes that something could not be read that may concern everything: a file, or what holds for many things.
    pub fn hide_everything(&mut self) {
        self.hidden.everywhere();
    }

    /// Whether what defines `name` may be something that could not be read.
    #[must_use]
    pub fn hides_name(&self, name: &str) -> bool {
        self.hidden.has_name(name)
    }

    /// Whether something inside a place could not be read.
    #[must_use]
    pub fn hides_inside(&self, at: Span) -> bool {
        self.hidden.inside(at)
    }

    fn explains(&self, lacks: &Lacks) -> bool {
        lacks
            .name
            .as_deref()
            .is_some_and(|name| self.hides_name(name))
            || lacks.inside.iter().any(|at| self.hides_inside(*at))
            || lacks.calls && self.hidden.has_calls()
    }

    /// Whether something was found that makes the file meaningless.
    #[must_use]
    pub fn has_errors(&self) -> bool {
        self.errors > 0
    }

    /// How many errors were found, those not kept included.
    #[must_use]
    pub fn errors(&self) -> usize {
        self.errors
    }

    /// Whether nothing was found.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.found.is_empty()
    }

    /// What was found, ordered by place.
    #[must_use]
    pub fn sorted(&self) -> Vec<&Diagnostic> {
        let mut all: Vec<&Diagnostic> = self.found.iter().collect();
        all.sort_by(|a, b| (a.at, a.severity, &a.message).cmp(&(b.at, b.severity, &b.message)));
        all.dedup();
        all
    }

    /// All of it as text, ordered by place, one empty line between two.
    #[must_use]
    pub fn render(&self, sources: &SourceMap) -> String {
        let mut all: Vec<String> = self
            .sorted()
            .into_iter()
            .map(|d| render(d, sources))
            .collect();
        if self.dropped > 0 {
            all.push(format!("and {} more\n", self.dropped));
        }
        all.join("\n")
    }
}

impl From<Diagnostic> for Diagnostics {
    fn from(diagnostic: Diagnostic) -> Self {
        let mut all = Self::new();
        all.push(diagnostic);
        all
    }
}

/// The most similar of `candidates`, if one is similar enough to be what was meant.
///
/// Of equally similar ones the first by name wins, so that the answer does not depend on the
/// order of the candidates.
#[must_use]
pub fn nearest<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    // A long word is no misspelling, and comparing is quadratic in length.
    if word.len() > 64 {
        return None;
    }
    candidates
        .into_iter()
        .filter(|candidate| *candidate != word)
        .map(|candidate| (strsim::damerau_levenshtein(word, candidate), candidate))
        .filter(|&(distance, candidate)| distance <= 1 + word.len().min(candidate.len()) / 4)
        .min()
        .map(|(_, candidate)| candidate)
}

/// `text` between back-ticks, on one line and cut to a readable length.
#[must_use]
pub fn quoted(text: &str) -> String {
    const LONGEST: usize = 60;
    let mut out = String::from("`");
    for (at, c) in text.chars().enumerate() {
        if at == LONGEST {
            out.push('…');
            break;
        }
        out.push(printable(c));
    }
    out.push('`');
    out
}

/// A list in words: `a`, `b` or `c`; cut after `most`.
#[must_use]
pub fn one_of<'a>(words: impl IntoIterator<Item = &'a str>, most: usize) -> String {
    let words: Vec<&str> = words.into_iter().collect();
    let shown: Vec<String> = words
        .iter()
        .take(most)
        .map(|word| format!("`{word}`"))
        .collect();
    match (shown.as_slice(), words.len() - shown.len()) {
        ([], _) => "nothing".to_owned(),
        ([only], 0) => only.clone(),
        ([rest @ .., last], 0) => format!("{} or {last}", rest.join(", ")),
        (shown, more) => format!("{} or {more} more", shown.join(", ")),
    }
}

fn printable(c: char) -> char {
    if c == '\t' {
        ' '
    } else if c.is_control() {
        '\u{fffd}'
    } else {
        c
    }
}

/// More other places than this are listed without their lines.
const DRAWN: usize = 2;

/// One diagnostic as text: the message, the line underlined, then what was expected, the
/// other places and the hint.
#[must_use]
pub fn render(diagnostic: &Diagnostic, sources: &SourceMap) -> String {
    let mut out = String::new();
    let severity = match diagnostic.severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
    };
    let code = diagnostic
        .code
        .map(|code| format!("[{code}]"))
        .unwrap_or_default();
    let drawn = if diagnostic.also.len() <= DRAWN {
        diagnostic.also.as_slice()
    } else {
        &[]
    };
    let gutter = std::iter::once(diagnostic.at)
        .chain(drawn.iter().map(|(at, _)| *at))
        .map(|at| sources.place(at).line.to_string().len())
        .max()
        .unwrap_or(1);
    let _ = writeln!(out, "{severity}{code}: {}", diagnostic.message);
    draw(
        &mut out,
        sources,
        diagnostic.at,
        diagnostic.label.as_deref(),
        ("-->", '^'),
        gutter,
    );
    for (at, label) in drawn {
        draw(&mut out, sources, *at, Some(label), (":::", '-'), gutter);
    }
    if diagnostic.also.len() > DRAWN {
        let places: Vec<String> = diagnostic
            .also
            .iter()
            .map(|(at, _)| sources.place(*at).to_string())
            .collect();
        let width = places.iter().map(String::len).max().unwrap_or(0);
        for (place, (_, label)) in places.iter().zip(&diagnostic.also) {
            let _ = writeln!(out, "  {place:<width$}  {label}");
        }
    }
    if let Some(expected) = &diagnostic.expected {
        let _ = writeln!(out, "expected: {expected}");
    }
    if let Some(hint) = &diagnostic.hint {
        let _ = writeln!(out, "hint: {hint}");
    }
    out
}

/// Draws the line of `at`, cut to a window around it, and underlines the text.
fn draw(
    out: &mut String,
    sources: &SourceMap,
    at: Span,
    label: Option<&str>,
    (arrow, mark): (&str, char),
    gutter: usize,
) {
    const BEFORE: usize = 60;
    const WIDTH: usize = 110;
    let place = sources.place(at);
    let (line, covered) = sources.line(at);
    let before = line[..covered.start].chars().count();
    let skipped = before.saturating_sub(BEFORE);
    let marks = line[covered.clone()].chars().take(WIDTH).count().max(1);
    let mut text: String = line
        .chars()
        .skip(skipped)
        .take(WIDTH)
        .map(printable)
        .collect();
    let mut indent = before - skipped;
    if skipped > 0 {
        text.insert(0, '…');
        indent += 1;
    }
    if line.chars().nth(skipped + WIDTH).is_some() {
        text.push('…');
    }
    let marks = marks
        .min(text.chars().count().saturating_sub(indent))
        .max(1);
    let underline: String = std::iter::repeat_n(mark, marks).collect();
    let label = label.map(|label| format!(" {label}")).unwrap_or_default();
    let _ = writeln!(out, "{:gutter$}{arrow} {place}", "");
    let _ = writeln!(out, "{:gutter$} |", "");
    let _ = writeln!(out, "{:>gutter$} | {}", place.line, text.trim_end());
    let _ = writeln!(out, "{:gutter$} | {:indent$}{underline}{label}", "", "");
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The drawing of the style guide, to the blank.
    #[test]
    fn a_mistake_is_drawn_with_its_line() {
        let mut sources = SourceMap::new();
        let text = "a: 1\nb:\n      - call: paymnets.charge\n";
        let id = sources.add("systems/checkout.yaml", text);
        let at = text.find("paymnets").expect("it is there");
        let span = Span::new(id, at, at + 8);
        let diagnostic = Diagnostic::error(
            span,
            "`checkout` calls `paymnets`, which is not in this system",
        )
        .did_you_mean(nearest("paymnets", ["payments", "price"]));
        assert_eq!(
            render(&diagnostic, &sources),
            "error: `checkout` calls `paymnets`, which is not in this system\n \
             --> systems/checkout.yaml:3:15\n  |\n\
             3 |       - call: paymnets.charge\n  |               ^^^^^^^^\n\
             hint: did you mean `payments`?\n"
        );
    }

    /// A line of ten megabytes must not be printed, and control characters never are.
    #[test]
    fn huge_lines_are_cut_and_control_characters_hidden() {
        let mut sources = SourceMap::new();
        let text = format!(
            "{}\u{1b}[31m{}",
            "a".repeat(5_000_000),
            "b".repeat(5_000_000)
        );
        let id = sources.add("huge.yaml", text);
        let drawn = render(
            &Diagnostic::error(Span::new(id, 5_000_000, 10_000_000), "no"),
            &sources,
        );
        assert!(drawn.len() < 700, "{} bytes", drawn.len());
        assert!(!drawn.contains('\u{1b}'));
    }

    /// The report reads from top to bottom, whatever was noticed first.
    #[test]
    fn mistakes_are_ordered_by_place() {
        let mut sources = SourceMap::new();
        let id = sources.add("f", "ab");
        let mut all = Diagnostics::new();
        all.push(Diagnostic::error(Span::new(id, 1, 2), "second"));
        all.push(Diagnostic::error(Span::new(id, 0, 1), "first"));
        let messages: Vec<&str> = all.sorted().iter().map(|d| d.message.as_str()).collect();
        assert_eq!(messages, ["first", "second"]);
    }
}
