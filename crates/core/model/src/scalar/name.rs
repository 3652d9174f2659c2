//! Names, the words they must not be, and what somebody may have meant.

use std::{fmt, sync::Arc};

use super::{Cursor, Scalar, ScalarError, from_str};

/// A name as the grammar has it. Reserved words match it too.
pub(crate) const FRAGMENT: &str = "[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?";

/// The longest name, as in DNS.
pub(crate) const LONGEST_NAME: usize = 63;

/// Words with a meaning of their own in references, and those that YAML readers take for booleans.
pub const RESERVED: [&str; 14] = [
    "any",
    "all",
    "rest",
    "none",
    "unlimited",
    "peak",
    "metrics",
    "on",
    "off",
    "yes",
    "no",
    "true",
    "false",
    "null",
];

/// The sections of a model: no service, client, topic, link or nodes may be called so, because a path begins with one.
pub const SECTIONS: [&str; 23] = [
    "timezone",
    "zones",
    "links",
    "keys",
    "pools",
    "priorities",
    "flags",
    "clients",
    "services",
    "topics",
    "nodes",
    "policies",
    "defaults",
    "faults",
    "events",
    "growth",
    "alerts",
    "operators",
    "promises",
    "costs",
    "changes",
    "plan",
    "sources",
];

/// What a thing of the model is called: lower-case letters, digits and inner hyphens, at most 63, no reserved word.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Name(Arc<str>);

impl Name {
    /// The text of the name.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The reserved word for what scalers, rollouts and alerts read: the one reserved word that a reference may name.
    pub(crate) fn metrics() -> Self {
        Self("metrics".into())
    }

    /// A section of a model is called so: only endpoints, pools, blocks, keys, faults and the like may share that name.
    pub fn is_section_word(&self) -> bool {
        SECTIONS.contains(&self.as_str())
    }

    /// A metric is called so: no endpoint, pool or block may share that name.
    pub fn is_metric_word(&self) -> bool {
        super::MetricName::parse(self.as_str()).is_ok()
    }
}

impl AsRef<str> for Name {
    fn as_ref(&self) -> &str {
        &self.0
    }
}

impl std::borrow::Borrow<str> for Name {
    fn borrow(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The characters that names are made of.
pub(crate) fn is_name_char(c: char) -> bool {
    c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-'
}

/// Reads the letters of a name, reserved or not.
pub(crate) fn read_word<'a>(cursor: &mut Cursor<'a>) -> Result<&'a str, ScalarError> {
    let start = *cursor;
    let text = cursor.take_while(is_name_char);
    let odd = cursor
        .rest()
        .starts_with(|c: char| c.is_alphanumeric() || c == '_');
    if text.is_empty() || odd {
        let word = start.word();
        let error = start.wanted(Name::about());
        let fixed: String = word
            .chars()
            .map(|c| {
                if c == '_' {
                    '-'
                } else {
                    c.to_ascii_lowercase()
                }
            })
            .filter(|c| is_name_char(*c))
            .collect();
        let usable = !fixed.is_empty()
            && word
                .chars()
                .all(|c| c.is_ascii_alphanumeric() || c == '_' || c == '-');
        return Err(if usable {
            error.hint(format!(
                "names are lower-case words joined by `-`: `{fixed}`"
            ))
        } else {
            error
        });
    }
    let range = start.at()..cursor.at();
    if text.starts_with('-') || text.ends_with('-') {
        return Err(ScalarError::form(range, Name::about())
            .hint("a name begins and ends with a letter or digit"));
    }
    if text.len() > LONGEST_NAME {
        return Err(
            ScalarError::form(range, Name::about()).hint("a name has at most 63 characters")
        );
    }
    Ok(text)
}

impl Scalar for Name {
    fn about() -> String {
        "a name such as `cart` or `redis-cart`".to_owned()
    }

    fn example() -> String {
        "redis-cart".to_owned()
    }

    fn read(cursor: &mut Cursor<'_>) -> Result<Self, ScalarError> {
        let start = cursor.at();
        let text = read_word(cursor)?;
        if RESERVED.contains(&text) {
            return Err(cursor.refused(
                start,
                Self::about(),
                format!("`{text}` is a reserved word, not a name"),
            ));
        }
        Ok(Self(text.into()))
    }

    fn fragment() -> String {
        FRAGMENT.to_owned()
    }
}

from_str!(Name);

/// The candidate that `word` was probably meant to be: the fewest typing slips away, at most a third of its length.
///
/// A slip is a letter too many, too few, wrong, or swapped with its neighbour. Of equals the first wins.
pub fn nearest<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    // What is this long is not a slip of anything.
    if word.is_empty() || word.len() > 2 * LONGEST_NAME {
        return None;
    }
    let word: Vec<char> = word.chars().collect();
    let mut best: Option<(usize, &str)> = None;
    for candidate in candidates {
        let slips = slips_between(&word, &candidate.chars().collect::<Vec<_>>());
        let allowed = word.len().max(candidate.chars().count()).div_ceil(3);
        if slips <= allowed && slips < word.len() && best.is_none_or(|(fewest, _)| slips < fewest) {
            best = Some((slips, candidate));
        }
    }
    best.map(|(_, candidate)| candidate)
}

/// The optimal string alignment distance.
fn slips_between(a: &[char], b: &[char]) -> usize {
    let mut before_last = vec![0; b.len() + 1];
    let mut last: Vec<usize> = (0..=b.len()).collect();
    for i in 1..=a.len() {
        let mut row = vec![i; b.len() + 1];
        for j in 1..=b.len() {
            let wrong = usize::from(a[i - 1] != b[j - 1]);
            row[j] = (last[j] + 1).min(row[j - 1] + 1).min(last[j - 1] + wrong);
            if i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] {
                row[j] = row[j].min(before_last[j - 2] + 1);
            }
        }
        before_last = std::mem::replace(&mut last, row);
    }
    last[b.len()]
}

#[cfg(test)]
mod tests {
    use super::nearest;

    /// A wrong suggestion is worse than none.
    #[test]
    fn the_nearest_word_is_near() {
        let words = ["payments", "checkout", "cart"];
        assert_eq!(nearest("paymnets", words), Some("payments"));
        assert_eq!(nearest("chekout", words), Some("checkout"));
        assert_eq!(nearest("crat", words), Some("cart"));
        assert_eq!(nearest("inventory", words), None);
        assert_eq!(nearest("x", words), None);
        assert_eq!(nearest("", words), None);
    }
}
