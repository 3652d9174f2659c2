//! As much of Markdown as the checks need: fenced code blocks, headings' anchors and links.

use std::path::{Component, Path, PathBuf};

/// A fenced block.
pub struct CodeBlock<'t> {
    /// The word after the fence.
    pub language: &'t str,
    /// Its lines with their numbers in the page, from 1.
    pub lines: Vec<(usize, &'t str)>,
    /// The line of its opening fence, from 1.
    opened: usize,
}

impl CodeBlock<'_> {
    /// Its first line, counted from 0: the number of lines up to its opening fence.
    pub fn begin(&self) -> usize {
        self.opened
    }

    /// The number of lines of the page up to its closing fence.
    pub fn end(&self) -> usize {
        self.opened + self.lines.len() + 1
    }
}

/// All fenced blocks of a page, in order.
pub fn code_blocks(text: &str) -> Vec<CodeBlock<'_>> {
    let mut blocks = Vec::new();
    let mut open: Option<(&str, CodeBlock)> = None;
    for (number, line) in (1..).zip(text.lines()) {
        let trimmed = line.trim_start();
        if let Some((fence, mut block)) = open.take() {
            if trimmed.starts_with(fence) && trimmed.trim_matches(['`', '~', ' ']).is_empty() {
                blocks.push(block);
            } else {
                block.lines.push((number, line));
                open = Some((fence, block));
            }
        } else if let Some(fence) = fence(trimmed) {
            let language = trimmed[fence.len()..]
                .split([' ', ','])
                .next()
                .unwrap_or_default();
            open = Some((
                fence,
                CodeBlock {
                    language,
                    lines: Vec::new(),
                    opened: number,
                },
            ));
        }
    }
    blocks
}

/// The page's lines outside fenced blocks, with their numbers from 1 and with inline code blanked.
pub fn prose(text: &str) -> Vec<(usize, String)> {
    let inside: std::collections::BTreeSet<usize> = code_blocks(text)
        .iter()
        .flat_map(|block| block.lines.iter().map(|(number, _)| *number))
        .collect();
    (1..)
        .zip(text.lines())
        .filter(|(number, _)| !inside.contains(number))
        .map(|(number, line)| (number, without_inline_code(line)))
        .collect()
}

/// The anchors that a page offers: one per heading, as GitHub forms them, with a counter for
/// repeated ones, and explicit `<a id="...">`.
pub fn anchors(text: &str) -> Vec<String> {
    let mut anchors: Vec<String> = Vec::new();
    let outside: std::collections::BTreeSet<usize> =
        prose(text).into_iter().map(|(number, _)| number).collect();
    for (number, line) in (1..).zip(text.lines()) {
        if !outside.contains(&number) {
            continue;
        }
        for mark in ["<a id=\"", "<a name=\""] {
            anchors.extend(
                line.split(mark)
                    .skip(1)
                    .filter_map(|rest| rest.split('"').next())
                    .map(str::to_owned),
            );
        }
        let title = line.trim_start_matches('#');
        let level = line.len() - title.len();
        if (1..=6).contains(&level) && title.starts_with(' ') {
            let anchor = anchor(title);
            let earlier = anchors.iter().filter(|known| **known == anchor).count();
            let repeated = (1..)
                .map(|n| format!("{anchor}-{n}"))
                .find(|name| !anchors.contains(name));
            anchors.push(if earlier == 0 {
                anchor
            } else {
                repeated.unwrap_or_default()
            });
        }
    }
    anchors
}

/// The targets of a line's links and images, inline or as a definition (`[name]: target`).
pub fn link_targets(line: &str) -> Vec<&str> {
    let mut targets: Vec<&str> = line
        .split("](")
        .skip(1)
        .filter_map(|rest| rest.split([')', ' ']).next())
        .collect();
    if let Some((name, target)) = line
        .trim_start()
        .strip_prefix('[')
        .and_then(|rest| rest.split_once("]: "))
        && !name.contains(']')
    {
        targets.extend(target.split_whitespace().next());
    }
    targets
        .into_iter()
        .filter(|target| !target.is_empty())
        .collect()
}

/// Where `path`, a link of `page`, leads: from the folder that `page` is given from.
pub fn resolved(page: &Path, path: &str) -> PathBuf {
    let mut file = page.parent().map(Path::to_owned).unwrap_or_default();
    for part in Path::new(path).components() {
        match part {
            Component::ParentDir => {
                file.pop();
            }
            Component::Normal(name) => file.push(name),
            Component::CurDir | Component::RootDir | Component::Prefix(_) => {}
        }
    }
    file
}

fn fence(line: &str) -> Option<&str> {
    ["`", "~"].into_iter().find_map(|mark| {
        let length = line.len() - line.trim_start_matches(mark).len();
        (3 <= length).then(|| &line[..length])
    })
}

fn without_inline_code(line: &str) -> String {
    // Every second piece between backticks is code; a lone backtick is none.
    let pieces: Vec<&str> = line.split('`').collect();
    let last = pieces.len() - 1;
    pieces
        .iter()
        .enumerate()
        .map(|(index, piece)| {
            if index % 2 == 1 && index < last {
                ""
            } else {
                piece
            }
        })
        .collect::<Vec<_>>()
        .join("`")
}

fn anchor(title: &str) -> String {
    // Links show their text only; code and emphasis lose their marks.
    let mut shown = String::new();
    let mut rest = title.trim();
    while let Some((before, after)) = rest.split_once("](") {
        shown.push_str(before);
        rest = after.split_once(')').map_or("", |(_, after)| after);
    }
    shown.push_str(rest);
    shown
        .to_lowercase()
        .chars()
        .filter_map(|letter| match letter {
            ' ' => Some('-'),
            letter if letter.is_alphanumeric() || letter == '-' || letter == '_' => Some(letter),
            _ => None,
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const PAGE: &str = "# One `code` & more\n\
        [a](b.md#c) ![x](y.svg \"title\") `[no](no.md)`\n\
        ```sh\n[no](no.md)\n# no heading\n```\n\
        ## One\n## One\n[def]: d.md\n";

    /// A link that the reader of pages does not see is a link that nobody checks.
    #[test]
    fn sees_links_and_anchors_outside_code() {
        let targets: Vec<String> = prose(PAGE)
            .iter()
            .flat_map(|(_, line)| {
                link_targets(line)
                    .into_iter()
                    .map(str::to_owned)
                    .collect::<Vec<_>>()
            })
            .collect();
        assert_eq!(targets, ["b.md#c", "y.svg", "d.md"]);
        assert_eq!(anchors(PAGE), ["one-code--more", "one", "one-1"]);
    }
}
