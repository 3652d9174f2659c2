//! What is written into a file, as YAML in one line: every text that is not plainly plain stands in quotes.
//!
//! The reader takes quotes for nothing but quotes (a scalar is its text), so quoting too much is never wrong, and
//! quoting too little lets a text end its own line.

use crate::tree::{Node, Value};

/// A map, a list or a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Yaml {
    /// A text.
    Text(String),
    /// Items.
    List(Vec<Yaml>),
    /// Keys with values, in this order.
    Map(Vec<(String, Yaml)>),
}

impl Yaml {
    /// A text.
    pub fn text(text: impl Into<String>) -> Self {
        Self::Text(text.into())
    }

    /// A map.
    pub fn map<K: Into<String>>(entries: impl IntoIterator<Item = (K, Self)>) -> Self {
        let entries = entries.into_iter();
        Self::Map(entries.map(|(key, value)| (key.into(), value)).collect())
    }

    /// In flow style: one line, whatever is in it.
    #[must_use]
    pub fn flow(&self) -> String {
        let mut out = String::new();
        self.write(&mut out);
        out
    }

    fn write(&self, out: &mut String) {
        match self {
            Self::Text(text) => scalar(out, text),
            Self::List(items) => {
                out.push('[');
                for (at, item) in items.iter().enumerate() {
                    if at > 0 {
                        out.push_str(", ");
                    }
                    item.write(out);
                }
                out.push(']');
            }
            Self::Map(entries) => {
                out.push('{');
                for (at, (key, value)) in entries.iter().enumerate() {
                    if at > 0 {
                        out.push_str(", ");
                    }
                    scalar(out, key);
                    out.push_str(": ");
                    value.write(out);
                }
                out.push('}');
            }
        }
    }
}

impl From<&Node> for Yaml {
    fn from(node: &Node) -> Self {
        match &node.value {
            Value::Scalar(scalar) => Self::text(&*scalar.text),
            Value::List(items) => Self::List(items.iter().map(Self::from).collect()),
            Value::Map(entries) => Self::map(
                entries
                    .iter()
                    .map(|entry| (&*entry.key.text, (&entry.value).into())),
            ),
        }
    }
}

/// A text, in quotes unless nothing in it could mean anything else.
pub fn scalar(out: &mut String, text: &str) {
    let plain = |c: char| c.is_ascii_alphanumeric() || ". _/%-".contains(c);
    let begins = text.starts_with(|c: char| c.is_ascii_alphanumeric())
        || ["/", "./", "../"].iter().any(|path| text.starts_with(path));
    // A time of day: its colons have digits on both sides, so they end no key.
    let is_time = text.split(':').count() > 1
        && (text.split(':')).all(|part| {
            part.starts_with(|c: char| c.is_ascii_digit())
                && part.chars().all(|c| c.is_ascii_digit() || c == '.')
        });
    if is_time || begins && text.chars().all(plain) && !text.ends_with(' ') {
        out.push_str(text);
        return;
    }
    out.push('"');
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            c if c.is_control() || matches!(c, '\u{2028}' | '\u{2029}' | '\u{feff}') => {
                out.push_str(&format!("\\u{:04x}", u32::from(c)));
            }
            c => out.push(c),
        }
    }
    out.push('"');
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Whatever a text is, the reader gets back that text and nothing beside it.
    #[test]
    fn texts_come_back_as_they_were() {
        let hostile = [
            "plain",
            "two words",
            "a: b",
            "a #b",
            "- x",
            "{x}",
            "[x]",
            "x,y",
            "\"",
            "\\",
            "\\\"",
            "'",
            "a\nb: c",
            "tab\tx",
            "&a",
            "*a",
            "!t",
            "|",
            ">",
            "%x",
            "@x",
            "`x",
            "?x",
            "x ",
            " x",
            "é — ☕",
            "\u{2028}",
            "a\u{0}b",
            "08:20:13.251",
            "08:20",
            "08:20:",
            "a:b",
            "../a.yaml",
            "/",
            "...",
            "--- x",
            "1::2",
            "30%",
            "2 more",
            "1x",
            "a -> b.c",
            "till.checkout#card",
            "\u{feff}",
            "\u{85}",
        ];
        for text in hostile {
            let line = Yaml::map([(text, Yaml::List(vec![Yaml::text(text)]))]).flow();
            let whole = format!("worstday: 1\nsystem: x\nx-try: {line}\nx-end: here\n");
            let mut sources = crate::source::SourceMap::default();
            let id = sources.add("x", whole.as_str());
            let mut found = crate::diagnostic::Diagnostics::new();
            let node = crate::tree::parse(&sources, id, &mut found);
            let back = node
                .as_ref()
                .and_then(|node| node.get("x-try"))
                .map(Yaml::from);
            let wanted = Yaml::map([(text, Yaml::List(vec![Yaml::text(text)]))]);
            if found.has_errors() {
                // A NUL is no text in YAML at all, quoted or not: refused, not misread.
                assert!(
                    text.contains('\u{0}'),
                    "{text:?}: {}",
                    found.render(&sources)
                );
                continue;
            }
            assert_eq!(back, Some(wanted), "{line}");
            assert_eq!(
                node.unwrap().get("x-end").and_then(|end| end.text()),
                Some("here")
            );
        }
    }
}
