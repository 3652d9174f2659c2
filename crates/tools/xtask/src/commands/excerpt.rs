//! What a page shows of a described system stands in a file of the repository, so that the pieces of a
//! guide and the files that its commands run cannot part.

use crate::tidy::markdown::CodeBlock;

/// Whether the lines of `block` stand in `file` one after the other. Comments and blank lines are left
/// out of account, here and there, and so is how far the whole is indented.
pub fn stands_in(block: &CodeBlock, file: &str) -> bool {
    let shown: Vec<(usize, &str)> = meant(block.lines.iter().map(|(_, line)| *line)).collect();
    let there: Vec<(usize, &str)> = meant(file.lines()).collect();
    let Some(first) = shown.first() else {
        return true;
    };
    there.windows(shown.len()).any(|window| {
        let same = |(one, other): (&(usize, &str), &(usize, &str))| {
            one.1 == other.1 && one.0 + window[0].0 == other.0 + first.0
        };
        shown.iter().zip(window).all(same)
    })
}

/// The lines that mean something, with their indentation.
fn meant<'t>(lines: impl Iterator<Item = &'t str>) -> impl Iterator<Item = (usize, &'t str)> {
    lines.filter_map(|line| {
        let text = line.trim_start();
        let without_comment = if text.starts_with('#') {
            ""
        } else {
            text.split(" #").next().unwrap_or_default().trim_end()
        };
        (!without_comment.is_empty()).then_some((line.len() - text.len(), without_comment))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tidy::markdown::code_blocks;

    /// A changed value, a line left out and another nesting are found; comments and the whole's place do not count.
    #[test]
    fn a_piece_is_as_its_file_has_it() {
        let file = "a:\n  # why\n  b: 1   # so\n\n  c:\n    d: 2\n";
        let stands =
            |piece: &str| stands_in(&code_blocks(&format!("```yaml\n{piece}\n```"))[0], file);
        assert!(stands("b: 1\nc:\n  d: 2") && stands("a:\n  b: 1") && stands("# alone"));
        assert!(!stands("b: 2") && !stands("a:\n  c:") && !stands("c:\nd: 2"));
    }
}
