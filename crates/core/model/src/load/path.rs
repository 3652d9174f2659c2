//! Paths between files: relative to the file that names them, `/` between folders, `*` in patterns.

/// Whether `name` is what a pattern with `*` means.
pub(super) fn matches(pattern: &str, name: &str) -> bool {
    if name.starts_with('.') && !pattern.starts_with('.') {
        return false;
    }
    let mut parts = pattern.split('*');
    let Some(mut rest) = parts.next().and_then(|first| name.strip_prefix(first)) else {
        return false;
    };
    let Some(last) = parts.next_back() else {
        return rest.is_empty();
    };
    for part in parts {
        match rest.find(part) {
            Some(at) => rest = &rest[at + part.len()..],
            None => return false,
        }
    }
    rest.ends_with(last)
}

/// The folder of a path.
pub(super) fn folder(path: &str) -> &str {
    path.rfind('/').map_or("", |slash| &path[..=slash])
}

/// A path relative to a folder, without `.` and without what `..` undoes.
pub(super) fn join(folder: &str, path: &str) -> String {
    let whole = if path.starts_with('/') {
        path.to_owned()
    } else {
        format!("{folder}{path}")
    };
    let mut parts: Vec<&str> = Vec::new();
    for part in whole.split('/') {
        match part {
            "" | "." => {}
            ".." if parts.last().is_some_and(|last| *last != "..") => {
                parts.pop();
            }
            part => parts.push(part),
        }
    }
    let root = if whole.starts_with('/') { "/" } else { "" };
    format!("{root}{}", parts.join("/"))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Two spellings of one path must be one path, or a base would not be known again.
    #[test]
    fn one_file_has_one_path() {
        for (within, path, expected) in [
            ("", "a.yaml", "a.yaml"),
            ("", "./a.yaml", "a.yaml"),
            ("systems/", "a.yaml", "systems/a.yaml"),
            ("systems/x/", "../a.yaml", "systems/a.yaml"),
            ("systems/", "../../a.yaml", "../a.yaml"),
            ("systems/", "/etc/a.yaml", "/etc/a.yaml"),
        ] {
            assert_eq!(join(within, path), expected, "{within} {path}");
        }
        assert_eq!(folder("systems/a.yaml"), "systems/");
        assert_eq!(folder("a.yaml"), "");
    }

    /// `*` is any part of one name; hidden files only match where their dot is written.
    #[test]
    fn stars_match_parts_of_names() {
        for (pattern, name, expected) in [
            ("*.yaml", "a.yaml", true),
            ("*.yaml", "a.yml", false),
            ("team-*-*.yaml", "team-a-b.yaml", true),
            ("team-*-*.yaml", "team-ab.yaml", false),
            ("*", ".hidden", false),
            (".*", ".hidden", true),
            ("a*a", "a", false),
        ] {
            assert_eq!(matches(pattern, name), expected, "{pattern} {name}");
        }
    }
}
