//! Every relative link of every page leads to a file, and its anchor to a heading there.

use std::path::{Path, PathBuf};

use anyhow::Result;

use super::markdown;
use crate::shell;

/// Every link that leads nowhere.
///
/// # Errors
///
/// If a page cannot be read.
pub fn check(files: &[PathBuf]) -> Result<Vec<String>> {
    let mut findings = Vec::new();
    for page in files
        .iter()
        .filter(|file| file.extension().is_some_and(|end| end == "md"))
    {
        let text = std::fs::read_to_string(shell::root().join(page))?;
        for (number, line) in markdown::prose(&text) {
            for target in markdown::link_targets(&line) {
                if let Some(problem) = problem(page, &text, target, files)? {
                    findings.push(format!(
                        "{}:{number}: link `{target}`: {problem}",
                        page.display()
                    ));
                }
            }
        }
    }
    Ok(findings)
}

fn problem(page: &Path, text: &str, target: &str, files: &[PathBuf]) -> Result<Option<String>> {
    if target.contains("://") || target.starts_with("mailto:") {
        return Ok(None);
    }
    let (path, anchor) = target.split_once('#').unwrap_or((target, ""));
    let file = if path.is_empty() {
        page.to_owned()
    } else {
        markdown::resolved(page, path)
    };
    let known = files
        .iter()
        .any(|known| *known == file || known.starts_with(&file));
    if !known {
        return Ok(Some(format!(
            "there is no `{}` in this repository",
            file.display()
        )));
    }
    if anchor.is_empty() || file.extension().is_none_or(|end| end != "md") {
        return Ok(None);
    }
    let anchors = if file == page {
        markdown::anchors(text)
    } else {
        markdown::anchors(&std::fs::read_to_string(shell::root().join(&file))?)
    };
    Ok((!anchors.iter().any(|known| known == anchor))
        .then(|| format!("no heading makes `#{anchor}`")))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Each way to be wrong is found, each way to be right is not.
    #[test]
    fn follows_relative_links() -> Result<()> {
        let files = ["docs/a.md", "docs/img/x.svg"].map(PathBuf::from);
        let page = Path::new("docs/a.md");
        let text = "# Here\n";
        let wrong = |target| Ok::<_, anyhow::Error>(problem(page, text, target, &files)?.is_some());
        assert!(!wrong("#here")?);
        assert!(wrong("#there")?);
        assert!(!wrong("img/x.svg")?);
        assert!(!wrong("../docs/img/")?);
        assert!(wrong("x.svg")?);
        assert!(!wrong("https://example.org/x")?);
        Ok(())
    }
}
