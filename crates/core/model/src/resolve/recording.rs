//! Recorded arrivals: the file that a client names, read with what the model says about it.

use super::Resolver;
use crate::ast;
use crate::calendar::Calendar;
use crate::diagnostic::{Diagnostic, quoted};
use crate::recording::{Options, Remark, read};
use crate::system::Recording;

impl Resolver<'_> {
    /// A recording.
    pub(super) fn recorded(&mut self, path: &str, written: &ast::Recorded) -> Option<Recording> {
        let file = self.say(&format!("{path}.file"), &written.file).to_string();
        let format = *self.say(&format!("{path}.format"), &written.format);
        let column = written.column.as_ref();
        let column = column.map(|given| self.say(&format!("{path}.column"), given).as_str());
        let per = written.per.as_ref();
        let per_ns = per.map(|given| self.say(&format!("{path}.per"), given).nanos());
        let at = written.at.as_ref().map(|given| {
            let date = *self.say(&format!("{path}.at"), given);
            let year = date.year().cast_signed();
            jiff::civil::date(year, date.month().cast_signed(), date.day().cast_signed())
        });
        // An unknown time zone is an error already.
        let calendar = Calendar::new(&self.system.timezone).ok()?;
        let text = match self.text_of(&file, written.file.span) {
            Ok(text) => text,
            Err(reason) => {
                let message = format!("{} cannot be read: {reason}", quoted(&file));
                self.error(written.file.span, message);
                return None;
            }
        };
        let options = Options {
            format,
            column,
            per_ns,
            at,
        };
        match read(text.as_bytes(), &options, &calendar) {
            Ok(reading) => {
                for remark in reading.warnings {
                    let message = told(&file, &remark);
                    self.find(
                        "WD0015",
                        written.file.span,
                        message,
                        "look at the recording",
                    );
                }
                Some(reading.recording)
            }
            Err(mistakes) => {
                for mistake in mistakes {
                    self.found
                        .push(Diagnostic::error(written.file.span, told(&file, &mistake)));
                }
                None
            }
        }
    }
}

/// A remark about a file, with its place there.
fn told(file: &str, remark: &Remark) -> String {
    match (remark.line, remark.column) {
        (0, _) => format!("{file}: {}", remark.text),
        (line, 0) => format!("{file}:{line}: {}", remark.text),
        (line, column) => format!("{file}:{line}:{column}: {}", remark.text),
    }
}
