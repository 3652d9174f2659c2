//! What `check` found, as a build server reads test results: JUnit XML, a test case for each day that a promise survives.
//!
//! Broken is a failure; can't tell is an error, because nothing passed; what the baseline knows is skipped.

use super::document::{CheckReport, ClaimVerdict, PromiseVerdict, Verdict};

/// The file.
#[must_use]
pub fn write(report: &CheckReport) -> String {
    let claims: Vec<(&PromiseVerdict, &ClaimVerdict)> = report.claims().collect();
    let of = |verdict: Verdict| {
        let open = claims.iter().filter(|(_, claim)| !claim.known);
        open.filter(|(_, claim)| claim.verdict == verdict).count()
    };
    let known = claims.iter().filter(|(_, claim)| claim.known).count();
    let counts = format!(
        "tests=\"{}\" failures=\"{}\" errors=\"{}\" skipped=\"{known}\"",
        claims.len(),
        of(Verdict::Broken),
        of(Verdict::CantTell)
    );
    let mut out = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
    out.push_str(&format!("<testsuites name=\"worstday\" {counts}>\n"));
    let suite = escaped(&report.system);
    out.push_str(&format!("  <testsuite name=\"{suite}\" {counts}>\n"));
    for (promise, claim) in claims {
        case(&mut out, report, promise, claim);
    }
    out.push_str("  </testsuite>\n</testsuites>\n");
    out
}

fn case(out: &mut String, report: &CheckReport, promise: &PromiseVerdict, claim: &ClaimVerdict) {
    out.push_str(&format!(
        "    <testcase classname=\"{}\" name=\"survives {}\"",
        escaped(&promise.name),
        escaped(&claim.day)
    ));
    if let Some(place) = claim.place.as_ref().or(promise.place.as_ref()) {
        let file = escaped(&place.file);
        out.push_str(&format!(" file=\"{file}\" line=\"{}\"", place.line));
    }
    let message = escaped(&claim.because.join("; "));
    let text = escaped(&story(promise, claim));
    match claim.verdict {
        Verdict::Kept => out.push_str("/>\n"),
        Verdict::KeptOnDisturbedDays => out.push_str(&format!(
            ">\n      <system-out>{text}</system-out>\n    </testcase>\n"
        )),
        Verdict::Broken if claim.known => {
            let baseline = escaped(report.baseline.as_deref().unwrap_or_default());
            out.push_str(&format!(
                ">\n      <skipped message=\"broken, as in the baseline {baseline}: {message}\"/>\n    </testcase>\n"
            ));
        }
        Verdict::Broken => out.push_str(&format!(
            ">\n      <failure type=\"broken\" message=\"{message}\">{text}</failure>\n    </testcase>\n"
        )),
        Verdict::CantTell => out.push_str(&format!(
            ">\n      <error type=\"cant-tell\" message=\"{message}\">{text}</error>\n    </testcase>\n"
        )),
    }
}

/// What a person reads who opens a failed case.
fn story(promise: &PromiseVerdict, claim: &ClaimVerdict) -> String {
    let mut lines = vec![format!(
        "{} ({}) survives {}: {}",
        promise.name,
        promise.must.join(", "),
        claim.day,
        claim.verdict.word()
    )];
    lines.extend(claim.because.iter().cloned());
    if let Some(day) = &claim.worst_day {
        lines.push(format!("{}: {}", day.date, day.kind));
        lines.extend(day.happens.iter().map(|line| format!("  {line}")));
        if let Some(id) = &day.id {
            lines.push(format!("again: --scenario {id}"));
        }
    }
    lines.join("\n")
}

/// A text inside XML 1.0: what means something else is spelled out, what may not stand there at all is left out.
fn escaped(text: &str) -> String {
    let mut out = String::new();
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&apos;"),
            '\n' => out.push_str("&#10;"),
            '\t' => out.push_str("&#9;"),
            c if c.is_control() || matches!(c, '\u{fffe}' | '\u{ffff}') => {}
            c => out.push(c),
        }
    }
    out
}
