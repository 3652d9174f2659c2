//! The flight simulator's page: a shell, a style sheet and a script that reads a stream of frames from where it came from.
//!
//! The page itself holds nothing of a system and nothing secret. Its policy names its one script by what is in it, so that
//! nothing else can run, and lets it talk to its own host alone.

const STYLE: &str = include_str!("../dist/live.css");
const SCRIPT: &str = include_str!("../dist/live.js");
/// Of the script, in base64; made by the build of the bundle.
const SHA_256: &str = include_str!("../dist/live.sha256");

/// The page, and what a server must send with it.
#[derive(Clone, Debug)]
pub struct Live {
    /// The page.
    pub html: String,
    /// Value of the header `Content-Security-Policy`.
    pub policy: String,
}

/// The flight simulator's page.
#[must_use]
pub fn live() -> Live {
    let html = format!(
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
<meta name=\"color-scheme\" content=\"light dark\">\n\
<meta name=\"referrer\" content=\"no-referrer\">\n\
<link rel=\"icon\" href=\"data:,\">\n\
<title>worstday live</title>\n<style>\n{STYLE}</style>\n</head>\n<body>\n\
<main id=\"live\"><h1>worstday</h1><noscript><p>The flight simulator needs scripts to run.</p></noscript></main>\n\
<script>{SCRIPT}</script>\n</body>\n</html>\n"
    );
    // Styles are set by the drawing and the charts; none comes from a file or a host.
    let policy = format!(
        "default-src 'none'; script-src 'sha256-{}'; style-src 'unsafe-inline'; img-src data:; connect-src 'self'; \
base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
        SHA_256.trim()
    );
    Live { html, policy }
}
