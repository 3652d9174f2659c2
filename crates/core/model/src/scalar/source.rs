//! Who says so: the mark that may end any scalar.

use std::fmt;

use super::{Name, Problem, Scalar, ScalarError};

/// A source mark without its `@`.
pub(crate) const FRAGMENT: &str = r"[^ @]+";

/// Who says that a value is so: what stands after `@`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Source {
    /// An entry of `sources`.
    Named(Name),
    /// A file, and perhaps a line of it.
    File {
        /// Relative to the model file.
        path: String,
        /// From 1.
        line: Option<u32>,
    },
    /// Nobody knows; somebody guessed.
    Guess,
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Named(name) => write!(f, "{name}"),
            Self::File {
                path,
                line: Some(line),
            } => write!(f, "{path}:{line}"),
            Self::File { path, line: None } => f.write_str(path),
            Self::Guess => f.write_str("guess"),
        }
    }
}

impl Source {
    /// Reads a mark without its `@`, as it stands in a `source:` key.
    ///
    /// # Errors
    ///
    /// If it is empty or holds a blank or a further `@`.
    pub fn parse(text: &str) -> Result<Self, ScalarError> {
        let wanted =
            || ScalarError::form(0..text.len(), "a source: a name, `path:line` or `guess`");
        if text.is_empty() || text.contains([' ', '@']) {
            return Err(wanted());
        }
        if text == "guess" {
            return Ok(Self::Guess);
        }
        if let Ok(name) = Name::parse(text) {
            return Ok(Self::Named(name));
        }
        if let Some((path, line)) = text.rsplit_once(':') {
            let digits =
                !line.is_empty() && line.len() <= 9 && line.bytes().all(|b| b.is_ascii_digit());
            if digits && !path.is_empty() && !line.starts_with('0') {
                let line = line.parse().expect("at most nine digits");
                return Ok(Self::File {
                    path: path.to_owned(),
                    line: Some(line),
                });
            }
        }
        Ok(Self::File {
            path: text.to_owned(),
            line: None,
        })
    }
}

/// A value and who says so. `None`: a person, here.
#[derive(Clone, Debug, PartialEq)]
pub struct Marked<T> {
    /// The value.
    pub value: T,
    /// The mark after it.
    pub source: Option<Source>,
}

impl<T: Scalar> Marked<T> {
    /// Reads a value that may end in a mark.
    ///
    /// # Errors
    ///
    /// What is wrong with the value or its mark.
    pub fn parse(text: &str) -> Result<Self, ScalarError> {
        let (value, source) = split(text)?;
        Ok(Self {
            value: T::parse(value)?,
            source,
        })
    }
}

impl<T: fmt::Display> fmt::Display for Marked<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.value.fmt(f)?;
        match &self.source {
            Some(source) => write!(f, " @{source}"),
            None => Ok(()),
        }
    }
}

/// Splits a scalar into its value and its source mark, if it ends in one.
///
/// # Errors
///
/// If the mark is malformed.
pub fn split(text: &str) -> Result<(&str, Option<Source>), ScalarError> {
    if text.len() > super::LONGEST {
        let reason = format!("a value has at most {} characters", super::LONGEST);
        return Err(ScalarError::value(
            0..text.floor_char_boundary(super::LONGEST),
            "a shorter value",
            reason,
        ));
    }
    let Some(at) = text.rfind(" @") else {
        return match text.find('@') {
            Some(0) => Err(ScalarError::form(
                0..text.len(),
                "a value before the source mark",
            )),
            _ => Ok((text, None)),
        };
    };
    let mark = &text[at + 2..];
    match Source::parse(mark) {
        Ok(source) => Ok((&text[..at], Some(source))),
        Err(error) => {
            debug_assert_eq!(error.problem, Problem::Form);
            Err(error.moved_by(at + 2))
        }
    }
}
