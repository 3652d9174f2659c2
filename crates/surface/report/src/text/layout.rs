//! Columns, cuts and wraps, measured in characters.

use super::Colour;

/// What a piece of text is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Style {
    Strong,
    Quiet,
    Kept,
    Broken,
    CantTell,
}

/// Adds colours, or does not.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Paint(pub Colour);

impl Paint {
    pub(crate) fn style(self, text: &str, style: Style) -> String {
        if self.0 == Colour::None {
            return text.to_owned();
        }
        let code = match style {
            Style::Strong => "1",
            Style::Quiet => "2",
            Style::Kept => "32",
            Style::Broken => "31",
            Style::CantTell => "33",
        };
        format!("\u{1b}[{code}m{text}\u{1b}[0m")
    }
}

/// Characters that take room on the screen: escape sequences do not.
pub(crate) fn width(text: &str) -> usize {
    let mut wide = 0;
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        if c == '\u{1b}' {
            for c in chars.by_ref() {
                if c.is_ascii_alphabetic() {
                    break;
                }
            }
        } else {
            wide += 1;
        }
    }
    wide
}

/// At most so many characters, the last of them `…` if something was cut.
pub(super) fn cut(text: &str, most: usize) -> String {
    if text.chars().count() <= most {
        return text.to_owned();
    }
    let mut short: String = text.chars().take(most.saturating_sub(1)).collect();
    short.push('…');
    short
}

/// A column of that width, left-aligned, with at least a blank behind it.
pub(crate) fn cell(text: &str, wide: usize) -> String {
    let text = cut(text, wide.saturating_sub(1));
    let pad = wide - text.chars().count();
    format!("{text}{}", " ".repeat(pad))
}

/// Words in lines: the first begins with `first`, the others with `indent`, at most `most` lines; a
/// word longer than a line is cut.
pub(crate) fn wrap(text: &str, first: &str, indent: &str, wide: usize, most: usize) -> Vec<String> {
    let mut lines = vec![first.to_owned()];
    let mut empty = true;
    for word in text.split(' ') {
        let full = lines.len() >= most;
        let line = lines.last_mut().expect("there is always a line");
        let needed = word.chars().count() + usize::from(!empty);
        if width(line) + needed <= wide {
            if !empty {
                line.push(' ');
            }
            line.push_str(word);
        } else if !full {
            lines.push(format!(
                "{indent}{}",
                cut(word, wide.saturating_sub(indent.chars().count()))
            ));
        } else {
            if !empty {
                line.push(' ');
            }
            let room = wide.saturating_sub(width(line) + 1);
            line.extend(word.chars().take(room));
            while width(line) >= wide {
                line.pop();
            }
            line.push('…');
            return lines;
        }
        empty = false;
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Nothing may run over the edge of a terminal, whatever the names in it.
    #[test]
    fn lines_stay_within_their_width() {
        let text =
            "a sentence of ordinary words and one-very-long-word-that-fits-on-no-line-at-all here";
        for most in 1..5 {
            for line in wrap(text, "label  ", "       ", 30, most) {
                assert!(width(&line) <= 30, "{line:?}");
            }
        }
        assert_eq!(cell("abcdef", 4), "ab… ");
        assert_eq!(width("\u{1b}[1mab\u{1b}[0m"), 2);
        assert_eq!(wrap("one two", "", "", 7, 1), ["one two"]);
    }
}
