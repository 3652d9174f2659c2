//! Reading one scalar from left to right, and saying exactly where it went wrong.
//!
//! A scalar is short (at most [`LONGEST`] bytes; longer text is refused before anything looks
//! at it) and every rule of the grammar decides on the next few characters, so reading is linear.

use std::{fmt, ops::Range};

/// The longest scalar in bytes. Nothing a person writes comes near it.
pub const LONGEST: usize = 1_000;

/// What is wrong with a scalar, and where inside it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ScalarError {
    /// The bytes of the scalar that are wrong.
    pub at: Range<usize>,
    /// What the field wants, for example ``a duration such as `30s` ``.
    pub expected: String,
    /// Whether the text is outside the grammar, or well written but impossible.
    pub problem: Problem,
    /// What the writer may have meant.
    pub hint: Option<String>,
}

/// The two ways in which a scalar can be wrong.
///
/// The published pattern of a kind accepts exactly the texts that are not [`Problem::Form`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Problem {
    /// The text does not follow the grammar.
    Form,
    /// The text follows the grammar, but no such value is allowed: the reason.
    Value(String),
}

impl ScalarError {
    /// The text at `at` is not `expected`.
    pub fn form(at: Range<usize>, expected: impl Into<String>) -> Self {
        Self {
            at,
            expected: expected.into(),
            problem: Problem::Form,
            hint: None,
        }
    }

    /// The text at `at` reads well, but `reason` forbids it.
    pub fn value(at: Range<usize>, expected: impl Into<String>, reason: impl Into<String>) -> Self {
        Self {
            at,
            expected: expected.into(),
            problem: Problem::Value(reason.into()),
            hint: None,
        }
    }

    /// The same error with a hint.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// The same error, as seen in a text in which this one begins at byte `offset`.
    #[must_use]
    pub fn moved_by(mut self, offset: usize) -> Self {
        self.at = self.at.start + offset..self.at.end + offset;
        self
    }
}

impl fmt::Display for ScalarError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.problem {
            Problem::Form => write!(f, "expected {}", self.expected),
            Problem::Value(reason) => f.write_str(reason),
        }
    }
}

impl std::error::Error for ScalarError {}

/// A place in a scalar. Copying it is how a rule looks ahead.
#[derive(Clone, Copy, Debug)]
pub struct Cursor<'a> {
    text: &'a str,
    at: usize,
}

impl<'a> Cursor<'a> {
    /// The beginning of `text`.
    pub fn new(text: &'a str) -> Self {
        Self { text, at: 0 }
    }

    /// The bytes read so far.
    pub fn at(&self) -> usize {
        self.at
    }

    /// What is left.
    pub fn rest(&self) -> &'a str {
        &self.text[self.at..]
    }

    /// Nothing is left.
    pub fn is_done(&self) -> bool {
        self.at == self.text.len()
    }

    /// The text between an earlier place and here.
    pub fn since(&self, start: usize) -> &'a str {
        &self.text[start..self.at]
    }

    /// Steps over `literal` if it is next.
    pub fn eat(&mut self, literal: &str) -> bool {
        let found = self.rest().starts_with(literal);
        if found {
            self.at += literal.len();
        }
        found
    }

    /// Steps over the longest run of characters that `accept` likes, and returns it.
    pub fn take_while(&mut self, accept: impl Fn(char) -> bool) -> &'a str {
        let rest = self.rest();
        let length = rest.find(|c| !accept(c)).unwrap_or(rest.len());
        self.at += length;
        &rest[..length]
    }

    /// The next word: everything up to the next blank.
    pub fn word(&self) -> &'a str {
        let rest = self.rest();
        &rest[..rest.find(' ').unwrap_or(rest.len())]
    }

    /// Steps over `literal` if it is next and ends there: before a blank or at the end.
    pub fn eat_word(&mut self, literal: &str) -> bool {
        self.word() == literal && self.eat(literal)
    }

    /// The range of the next word; at the end of the text, or before a blank, an empty range.
    pub fn word_range(&self) -> Range<usize> {
        self.at..self.at + self.word().len()
    }

    /// The next word is not `expected`.
    pub fn wanted(&self, expected: impl Into<String>) -> ScalarError {
        ScalarError::form(self.word_range(), expected)
    }

    /// What was read since `start` reads well, but `reason` forbids it.
    pub fn refused(
        &self,
        start: usize,
        expected: impl Into<String>,
        reason: impl Into<String>,
    ) -> ScalarError {
        ScalarError::value(start..self.at, expected, reason)
    }
}
