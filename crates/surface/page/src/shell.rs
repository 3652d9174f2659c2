//! The page around the island.

use serde::Serialize;

use crate::island::Island;

const STYLE: &str = include_str!("../dist/page.css");
const SCRIPT: &str = include_str!("../dist/page.js");
const CHECK_STYLE: &str = include_str!("../dist/check.css");
const CHECK_SCRIPT: &str = include_str!("../dist/check.js");

/// Puts the page of a run together.
pub(crate) fn wrap(island: &Island) -> String {
    let run = &island.runs[0];
    document(&Document {
        title: &format!("{} · {}", island.system, island.label),
        sentence: &run.sentence,
        json: &serde_json::to_string(island).expect("plain data is JSON"),
        style: STYLE,
        script: SCRIPT,
        command: "worstday run --verbose",
    })
}

/// Puts the page of a check together.
pub(crate) fn checked(title: &str, sentence: &str, island: &impl Serialize) -> String {
    document(&Document {
        title,
        sentence,
        json: &serde_json::to_string(island).expect("plain data is JSON"),
        style: CHECK_STYLE,
        script: CHECK_SCRIPT,
        command: "worstday check --verbose",
    })
}

struct Document<'a> {
    title: &'a str,
    sentence: &'a str,
    json: &'a str,
    style: &'a str,
    script: &'a str,
    /// What prints the same.
    command: &'a str,
}

/// A document whose policy lets nothing in from outside.
fn document(of: &Document<'_>) -> String {
    let (title, sentence) = (escaped(of.title), escaped(of.sentence));
    let Document {
        style,
        script,
        command,
        ..
    } = of;
    // Inside a script element only `<` can end it or begin a comment.
    let json = of.json.replace('<', "\\u003c");
    format!(
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'\">\n\
<meta name=\"color-scheme\" content=\"light dark\">\n\
<meta name=\"description\" content=\"{sentence}\">\n\
<link rel=\"icon\" href=\"data:,\">\n\
<title>{title}</title>\n<style>\n{style}</style>\n</head>\n<body>\n\
<main id=\"page\"><h1>{sentence}</h1><noscript><p>The charts and the drawing need scripts to run. Everything else this page \
says, <code>{command}</code> prints.</p></noscript></main>\n\
<script type=\"application/json\" id=\"island\">{json}</script>\n<script>\n{script}</script>\n</body>\n</html>\n"
    )
}

/// Text inside an element or an attribute.
fn escaped(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
}
