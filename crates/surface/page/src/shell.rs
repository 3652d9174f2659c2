//! The page around the island.

use crate::island::Island;

const STYLE: &str = include_str!("../dist/page.css");
const SCRIPT: &str = include_str!("../dist/page.js");

/// Puts the page together. Its policy lets nothing in from outside.
pub(crate) fn wrap(island: &Island) -> String {
    let run = &island.runs[0];
    let title = escaped(&format!("{} · {}", island.system, island.label));
    let sentence = escaped(&run.sentence);
    let json = serde_json::to_string(island).expect("plain data is JSON");
    // Inside a script element only `<` can end it or begin a comment.
    let json = json.replace('<', "\\u003c");
    format!(
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'\">\n\
<meta name=\"color-scheme\" content=\"light dark\">\n\
<meta name=\"description\" content=\"{sentence}\">\n\
<link rel=\"icon\" href=\"data:,\">\n\
<title>{title}</title>\n<style>\n{STYLE}</style>\n</head>\n<body>\n\
<main id=\"page\"><h1>{sentence}</h1><noscript><p>The charts and the drawing need scripts to run. Everything else this page \
says, <code>worstday run --verbose</code> prints.</p></noscript></main>\n\
<script type=\"application/json\" id=\"island\">{json}</script>\n<script>\n{SCRIPT}</script>\n</body>\n</html>\n"
    )
}

/// Text inside an element or an attribute.
fn escaped(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
}
