//! What is no YAML: said in words that name the usual cause, and read past.
//!
//! Sections start in the first column, so behind a mistake reading goes on where the next section
//! starts, wherever the parser noticed that something is wrong: a bracket that is never closed is
//! noticed at the end of the file. What was read of the broken section up to its last whole entry is
//! kept; all words in the rest of it count as names that were not read.

use std::ops::Range;

use granit_parser::ErrorKind;

use super::DEPTH_MAX;
use crate::diagnostic::{Diagnostic, Diagnostics, quoted};
use crate::source::Span;

/// Reading goes on behind that many syntax errors: each may have been noticed at the end of the file only, and
/// a file in which nothing is right is not worth reading a hundred times.
pub(super) const SYNTAX_ERRORS_MAX: usize = 8;

/// Where the first section behind byte `after` starts: a line that begins with a key.
pub(super) fn next_section(text: &str, after: usize) -> Option<usize> {
    let mut at = after;
    loop {
        at += text.get(at..)?.find('\n')? + 1;
        let line = text[at..].split('\n').next().unwrap_or_default();
        let key = line.split(':').next().unwrap_or_default();
        let word = |c: char| c.is_ascii_lowercase() || c == '-';
        if key.len() < line.len()
            && !key.is_empty()
            && key.chars().all(word)
            && !key.starts_with('-')
        {
            return Some(at);
        }
    }
}

/// Notes all words of a text that could not be read.
pub(super) fn hide_words(text: &str, found: &mut Diagnostics) {
    let word = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    for word in text.split(|c| !word(c)).filter(|word| !word.is_empty()) {
        found.hide_name(word);
    }
}

/// What the parser found at the end of `section`, a part of `text`, in words that name the usual cause.
pub(super) fn syntax_error(
    at: Span,
    text: &str,
    section: Range<usize>,
    kind: &ErrorKind,
) -> Diagnostic {
    let rest = text.get(section.end..).unwrap_or_default();
    let error = |message: String| Diagnostic::error(at, message);
    // A tab is as wide as it pleases, so the parser often notices a later line.
    let indents = matches!(
        kind,
        ErrorKind::ExpectedBlockMappingKey
            | ErrorKind::ExpectedBlockSequenceEntry
            | ErrorKind::InvalidIndentation
    );
    if let (true, Some(tab)) = (indents, tab_in_indent(text, &section)) {
        let back = u32::try_from(section.end - tab).unwrap_or(0);
        let start = at.start.saturating_sub(back);
        let at = Span {
            start,
            end: start + 1,
            ..at
        };
        return tab_error(at);
    }
    match kind {
        ErrorKind::TabNotAllowed
        | ErrorKind::TabInBlockIndentation
        | ErrorKind::TabInIndentation
        | ErrorKind::TabAtBlockScalarStart
        | ErrorKind::TabInPlainScalar => {
            // The parser stops at the end of the line before.
            let skip = u32::try_from(rest.find('\t').unwrap_or(0)).unwrap_or(0);
            let at = Span {
                start: at.start + skip,
                end: at.end + skip,
                ..at
            };
            tab_error(at)
        }
        ErrorKind::RecursionLimitExceeded => error(format!(
            "maps and lists are nested more than {DEPTH_MAX} deep"
        )),
        ErrorKind::DirectiveDisallowed => {
            error("YAML directives (`%...`) are not used here".to_owned()).hint("remove the line")
        }
        ErrorKind::MappingValueNotAllowed | ErrorKind::InvalidColonPlacement => {
            let line = text[..section.end].rfind('\n').map_or(0, |end| end + 1);
            let before = text[line..section.end].trim();
            if line == 0 || before.contains([':', ' ']) {
                error("a second `: ` on this line makes no key here".to_owned())
                    .hint("quote the text, or start a new line for the key")
            } else {
                error("this line goes on with the value of the one above it".to_owned())
                    .hint("keys of one map start in one column")
            }
        }
        ErrorKind::UnclosedFlowCollection { open } => error(format!("`{open}` is never closed")),
        ErrorKind::MismatchedFlowCollectionEnd { open, close } => {
            error(format!("`{open}` is closed by `{close}`"))
        }
        ErrorKind::ExpectedFlowMappingSeparator => {
            error("a `,` or `}` is missing before this".to_owned())
                .hint("the map was opened by `{`")
        }
        ErrorKind::ExpectedFlowSequenceSeparator => {
            error("a `,` or `]` is missing before this".to_owned())
                .hint("the list was opened by `[`")
        }
        ErrorKind::ExpectedBlockMappingKey
        | ErrorKind::ExpectedBlockSequenceEntry
        | ErrorKind::InvalidIndentation => {
            error("this line is indented like none above it".to_owned())
                .hint("keys of one map, and dashes of one list, start in one column")
        }
        ErrorKind::UnclosedQuotedScalar => error("the quote is never closed".to_owned()),
        ErrorKind::UnexpectedCharacter { .. }
        | ErrorKind::PlainScalarStartsWithDashFlowIndicator => {
            let c: String = rest.chars().take(1).collect();
            error(format!("a text cannot start with {}", quoted(&c))).hint("quote it")
        }
        other => error(format!("this is not YAML: {other}")),
    }
}

fn tab_error(at: Span) -> Diagnostic {
    Diagnostic::error(at, "a tab stands where YAML wants blanks").hint("indent with blanks")
}

/// The last tab that indents a line of a section.
fn tab_in_indent(text: &str, section: &Range<usize>) -> Option<usize> {
    let part = text.get(section.clone())?;
    let tabs = part.match_indices('\t').map(|(at, _)| at);
    let indents = |at: &usize| {
        let line = part[..*at].rfind('\n').map_or(0, |end| end + 1);
        part[line..*at].trim().is_empty()
    };
    Some(section.start + tabs.take(1_000).filter(indents).last()?)
}
