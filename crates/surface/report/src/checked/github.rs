//! What `check` found, as annotations on the lines of the file: the workflow commands of GitHub Actions.
//!
//! Broken is an error, can't tell a warning, what the baseline knows and what holds on disturbed days alone a notice; what is kept says
//! nothing. One command is one line: a line break inside is `%0A`.

use super::document::{CheckReport, Verdict};

/// The commands, and a last line that says it all.
#[must_use]
pub fn write(report: &CheckReport) -> String {
    let mut out = String::new();
    for (promise, claim) in report.claims() {
        let (command, verdict) = match claim.verdict {
            Verdict::Kept => continue,
            Verdict::Broken if claim.known => ("notice", "broken, as in the baseline"),
            Verdict::Broken => ("error", "broken"),
            Verdict::CantTell => ("warning", "can't tell"),
            Verdict::KeptOnDisturbedDays => ("notice", "kept on disturbed days"),
        };
        let mut properties = Vec::new();
        if let Some(place) = claim.place.as_ref().or(promise.place.as_ref()) {
            properties.push(format!("file={}", property(&place.file)));
            properties.push(format!("line={}", place.line));
        }
        let title = format!("{} survives {}: {verdict}", promise.name, claim.day);
        properties.push(format!("title={}", property(&title)));
        let mut lines = claim.because.clone();
        if let Some(day) = &claim.worst_day {
            lines.push(format!("{}: {}", day.date, day.kind));
            lines.extend(day.happens.iter().cloned());
        }
        out.push_str(&format!(
            "::{command} {}::{}\n",
            properties.join(","),
            message(&lines.join("\n"))
        ));
    }
    out.push_str(&format!("{}\n", report.in_a_line()));
    out
}

fn message(text: &str) -> String {
    text.replace('%', "%25")
        .replace('\r', "%0D")
        .replace('\n', "%0A")
}

fn property(text: &str) -> String {
    message(text).replace(':', "%3A").replace(',', "%2C")
}
