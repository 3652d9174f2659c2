//! What `check` found, as Markdown: the summary of a build, or a comment on a change.

use super::document::{CheckReport, ClaimVerdict, Factor, PromiseVerdict, Verdict};
use crate::quantity::{count, percent, plain, significant};

/// The text.
#[must_use]
pub fn write(report: &CheckReport) -> String {
    let mut out = format!(
        "## worstday check: {}\n\n{}\n\n",
        text(&report.system),
        report.in_a_line()
    );
    out.push_str("| promise | survives | verdict | because |\n|---|---|---|---|\n");
    let mut claims: Vec<(&PromiseVerdict, &ClaimVerdict)> = report.claims().collect();
    // Broken ones first, those that are known behind the others.
    claims.sort_by_key(|(_, claim)| (claim.known, std::cmp::Reverse(claim.verdict)));
    for (promise, claim) in &claims {
        let verdict = match claim.verdict {
            Verdict::Broken if claim.known => "broken, as in the baseline".to_owned(),
            Verdict::Broken => format!("**{}**", claim.verdict.word()),
            verdict => verdict.word().to_owned(),
        };
        out.push_str(&format!(
            "| {}: {} | {} | {verdict} | {} |\n",
            text(&promise.name),
            text(&promise.must.join(", ")),
            text(&claim.day),
            text(&claim.because.join("; "))
        ));
    }
    for (promise, claim) in claims.iter().filter(|(_, claim)| !claim.known) {
        let Some(day) = &claim.worst_day else {
            continue;
        };
        out.push_str(&format!(
            "\n### A day that breaks {}{}\n\n{}: {}.",
            text(&promise.name),
            (day.id.as_ref()).map_or_else(String::new, |id| format!(": {}", text(id))),
            text(&day.date),
            text(&day.kind)
        ));
        if 0 < day.trials {
            out.push_str(&format!(
                " It breaks on {} of {}.",
                count(day.broken),
                many(day.trials, "fresh seed", "fresh seeds")
            ));
        }
        out.push('\n');
        if !day.happens.is_empty() {
            let fence = fence(&day.happens);
            out.push_str(&format!("\n{fence}text\n"));
            for line in &day.happens {
                out.push_str(line);
                out.push('\n');
            }
            out.push_str(&format!("{fence}\n"));
        }
    }
    let factors: Vec<String> = (report.promises.iter())
        .filter_map(|promise| Some((promise, promise.break_point.as_ref()?)))
        .map(|(promise, factor)| {
            let mut line = format!("- {}: {}\n", text(&promise.name), told(factor));
            for with in &promise.break_points_with {
                let found = with.break_point.as_ref();
                let found = found.map_or("not looked for".to_owned(), told);
                line.push_str(&format!("  - with {}: {found}\n", text(&with.name)));
            }
            line
        })
        .collect();
    if !factors.is_empty() {
        out.push_str("\n### Break point, as a factor of today's demand\n\n");
        out.extend(factors);
    }
    let searched = &report.searched;
    out.push_str(&format!(
        "\n{} over {} from {} on; {} to search, {} to confirm. All verdicts together hold with {}.\n",
        many(searched.kinds.len() as u64, "kind of day", "kinds of day"),
        many(searched.dates, "date", "dates"),
        text(&searched.first_day),
        many(searched.hunted, "day", "days"),
        many(searched.confirmed, "fresh day", "fresh days"),
        percent(report.confidence)
    ));
    out
}

fn many(number: u64, one: &str, more: &str) -> String {
    format!("{} {}", count(number), if number == 1 { one } else { more })
}

fn told(factor: &Factor) -> String {
    let mut on = text(&factor.on);
    for again in &factor.again {
        let (from, to) = (significant(again.from), significant(again.to));
        on.push_str(&format!("; holds again from {from}x to {to}x"));
    }
    match (factor.factor, factor.range.high) {
        (Some(most), None) => format!("no break up to {}x on {on}", plain(most)),
        (Some(most), Some(high)) => format!(
            "{}x ({}–{}) on {on}",
            significant(most),
            significant(factor.range.low),
            significant(high)
        ),
        (None, Some(high)) => format!("less than {}x on {on}", significant(high)),
        (None, None) => format!("at least {}x on {on}", significant(factor.range.low)),
    }
}

/// A text in a paragraph or a table: what Markdown or HTML would take for something is escaped, one line.
fn text(text: &str) -> String {
    let mut out = String::new();
    for c in text.chars() {
        match c {
            '\\' | '`' | '*' | '_' | '[' | ']' | '|' | '#' | '~' => {
                out.push('\\');
                out.push(c);
            }
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '&' => out.push_str("&amp;"),
            c if c.is_control() => out.push(' '),
            c => out.push(c),
        }
    }
    out
}

/// A fence that is longer than any in the lines.
fn fence(lines: &[String]) -> String {
    let longest = lines
        .iter()
        .flat_map(|line| line.split(|c| c != '`'))
        .map(str::len);
    "`".repeat(longest.max().unwrap_or(0).max(2) + 1)
}
