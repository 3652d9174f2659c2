//! From a thing of the system to the line of the file that says it.

use worstday_model::system::{Fact, Place, System};

/// `file:line`, unless it stands nowhere.
#[must_use]
pub fn place(place: &Place) -> Option<String> {
    (place.line != 0).then(|| format!("{}:{}", place.file, place.line))
}

/// Looks lines up by dotted path: the facts that stand somewhere, in the order of their paths, so that a large
/// system's thousands of questions cost a search each.
#[derive(Clone, Debug)]
pub struct Places<'a>(Vec<&'a Fact>);

impl<'a> Places<'a> {
    /// All that the system's files say.
    #[must_use]
    pub fn new(system: &'a System) -> Self {
        let stated = system.facts.iter().filter(|fact| fact.place.line != 0);
        let mut facts: Vec<&Fact> = stated.collect();
        facts.sort_by(|a, b| a.path.cmp(&b.path));
        Self(facts)
    }

    /// The line of the first of these paths that the file says (itself or something below it), else
    /// that of the whole that `otherwise` starts.
    #[must_use]
    pub fn of(&self, paths: &[String], otherwise: &str) -> Option<String> {
        paths
            .iter()
            .find_map(|path| self.below(path))
            .or_else(|| self.below(otherwise))
    }

    /// The first line that says something about a path.
    fn below(&self, path: &str) -> Option<String> {
        let from = |start: &str| {
            let first = self.0.partition_point(|fact| fact.path.as_str() < start);
            self.0[first..].iter()
        };
        let under = format!("{path}.");
        let itself = from(path).take_while(|fact| fact.path == path);
        let parts = from(&under).take_while(|fact| fact.path.starts_with(&under));
        itself
            .chain(parts)
            .min_by_key(|fact| fact.place.line)
            .and_then(|fact| place(&fact.place))
    }
}
