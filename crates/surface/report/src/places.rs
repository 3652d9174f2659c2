//! From a thing of the system to the line of the file that says it.

use worstday_model::system::{Place, System};

/// `file:line`, unless it stands nowhere.
#[must_use]
pub fn place(place: &Place) -> Option<String> {
    (place.line != 0).then(|| format!("{}:{}", place.file, place.line))
}

/// Looks lines up by dotted path.
#[derive(Clone, Copy, Debug)]
pub struct Places<'a>(pub &'a System);

impl Places<'_> {
    /// The line of the first of these paths that the file says (itself or something below it), else
    /// that of the whole that `otherwise` starts.
    #[must_use]
    pub fn of(self, paths: &[String], otherwise: &str) -> Option<String> {
        let below = |path: &str| {
            self.0
                .facts
                .iter()
                .filter(|fact| fact.place.line != 0)
                .filter(|fact| {
                    fact.path
                        .strip_prefix(path)
                        .is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
                })
                .min_by_key(|fact| fact.place.line)
                .and_then(|fact| place(&fact.place))
        };
        paths
            .iter()
            .find_map(|path| below(path))
            .or_else(|| below(otherwise))
    }
}
