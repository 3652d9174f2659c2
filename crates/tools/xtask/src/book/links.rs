//! Every link of the built book leads to a file of it, and its anchor to an element there.
//!
//! What is followed is the HTML that a browser will read, whatever made it.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use anyhow::Result;

/// What was followed.
pub struct Built {
    /// HTML pages.
    pub pages: usize,
    /// Links and sources of pictures, scripts and styles, those that leave the book excepted.
    pub links: usize,
    /// Each that leads nowhere, with its page.
    pub broken: Vec<String>,
}

/// Follows all links of the book in `folder`.
///
/// # Errors
///
/// If a file of the book cannot be read.
pub fn check(folder: &Path) -> Result<Built> {
    let mut pages = BTreeMap::new();
    let mut files = BTreeSet::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(inside) = folders.pop() {
        for entry in std::fs::read_dir(inside)? {
            let path = entry?.path();
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            if path.extension().is_some_and(|end| end == "html") {
                pages.insert(path.clone(), Page::read(&std::fs::read_to_string(&path)?));
            }
            files.insert(path);
        }
    }
    let mut built = Built {
        pages: pages.len(),
        links: 0,
        broken: Vec::new(),
    };
    for (path, page) in &pages {
        for link in &page.links {
            built.links += 1;
            if let Some(problem) = problem(path, link, &pages, &files) {
                let page = path.strip_prefix(folder).unwrap_or(path);
                built
                    .broken
                    .push(format!("{}: link `{link}`: {problem}", page.display()));
            }
        }
    }
    Ok(built)
}

fn problem(
    from: &Path,
    link: &str,
    pages: &BTreeMap<PathBuf, Page>,
    files: &BTreeSet<PathBuf>,
) -> Option<String> {
    let (path, anchor) = link.split_once('#').unwrap_or((link, ""));
    let file = if path.is_empty() {
        from.to_owned()
    } else {
        crate::tidy::markdown::resolved(from, path)
    };
    if !files.contains(&file) {
        return Some("there is no such file".into());
    }
    let known = pages
        .get(&file)
        .is_none_or(|page| page.anchors.contains(anchor));
    (!anchor.is_empty() && !known).then(|| format!("nothing there is called `{anchor}`"))
}

/// What of a page takes part in links.
#[derive(Debug, Default, PartialEq, Eq)]
struct Page {
    links: Vec<String>,
    anchors: BTreeSet<String>,
}

impl Page {
    /// Reads tags alone: text and scripts may hold anything.
    fn read(html: &str) -> Self {
        let mut page = Self::default();
        let mut rest = html;
        while let Some((_, after)) = rest.split_once('<') {
            if let Some(comment) = after.strip_prefix("!--") {
                rest = comment.split_once("-->").map_or("", |(_, after)| after);
                continue;
            }
            rest = page.tag(after);
            if after.starts_with("script") {
                rest = rest.find("</script").map_or("", |end| &rest[end..]);
            }
        }
        page
    }

    /// Takes the attributes of the tag at the start of `text`; returns what follows the tag.
    fn tag<'t>(&mut self, text: &'t str) -> &'t str {
        let mut rest = text;
        while let Some(at) = rest.find(['>', '"']) {
            let (before, after) = (&rest[..at], &rest[at + 1..]);
            if rest[at..].starts_with('>') {
                return after;
            }
            let Some((value, after)) = after.split_once('"') else {
                break;
            };
            let name = before
                .trim_end_matches('=')
                .rsplit(char::is_whitespace)
                .next();
            self.attribute(name.unwrap_or_default(), value.replace("&amp;", "&"));
            rest = after;
        }
        ""
    }

    fn attribute(&mut self, name: &str, value: String) {
        match name {
            "id" | "name" => {
                self.anchors.insert(value);
            }
            "href" | "src" if !value.contains(':') && value != "#" => self.links.push(value),
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Text that looks like a link is none, and a link in a tag is one.
    #[test]
    fn reads_the_links_of_tags_alone() {
        let html = "<!-- <a href=\"no\"> --><a class=\"x\" href=\"b.html?a&amp;b#c\">href=\"no\"</a>\
            <script src=\"s.js\">'<a href=\"no\">'</script><h2 id=\"c\">x</h2><a href=\"https://example.org\">";
        let page = Page::read(html);
        assert_eq!(page.links, ["b.html?a&b#c", "s.js"]);
        assert!(page.anchors.contains("c") && page.anchors.len() == 1);
    }

    /// Each way to lead nowhere is found.
    #[test]
    fn follows_files_and_anchors() {
        let at = PathBuf::from("book/a/x.html");
        let other = PathBuf::from("book/y.html");
        let pages = BTreeMap::from([
            (at.clone(), Page::default()),
            (other.clone(), Page::read("<p id=\"here\">")),
        ]);
        let files = BTreeSet::from([at.clone(), other, PathBuf::from("book/p.png")]);
        let wrong = |link| problem(&at, link, &pages, &files).is_some();
        assert!(!wrong("../y.html#here") && !wrong("../p.png") && !wrong("../y.html"));
        assert!(wrong("../y.html#there") && wrong("y.html") && wrong("#here"));
    }
}
