//! Parts of a campaign: what `--shard` writes and `--merge` reads.
//!
//! A part holds whole rows, sketches included, so that merged parts are the campaign and not an
//! approximation of it. Its form belongs to one release of the tool: the version says which.

use std::path::Path;

use serde::{Deserialize, Serialize};
use worstday_sim::outcome::Campaign;

use crate::exit::Stop;

const VERSION: u32 = 1;

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
struct Part {
    worstday_part: u32,
    campaign: Campaign,
}

/// Which of how many.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shard {
    /// Counted from 1.
    pub number: usize,
    /// How many there are.
    pub of: usize,
}

impl Shard {
    /// The seeds of this part: every `of`th one, so that parts take equally long.
    #[must_use]
    pub fn seeds(self, all: &[u64]) -> Vec<u64> {
        self.of(all.to_vec())
    }

    /// This part of anything: every `of`th one.
    #[must_use]
    pub fn of<T>(self, all: Vec<T>) -> Vec<T> {
        let mine = all.into_iter().skip(self.number - 1);
        mine.step_by(self.of).collect()
    }
}

impl std::str::FromStr for Shard {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let parts = text
            .split_once('/')
            .and_then(|(number, of)| Some((number.parse().ok()?, of.parse().ok()?)));
        match parts {
            Some((number, of)) if (1..=of).contains(&number) => Ok(Self { number, of }),
            _ => Err("a part is written `2/4`: the second of four".to_owned()),
        }
    }
}

/// JSON has no infinity: "never" travels as the largest number, which no measured value is.
const NEVER: f64 = f64::MAX;

/// Replaces one worst value by another in all verdicts.
fn replace(campaign: &mut Campaign, from: f64, to: f64) {
    let conditions = campaign
        .rows
        .values_mut()
        .flat_map(|row| &mut row.promises)
        .flat_map(|promise| &mut promise.conditions);
    for condition in conditions {
        if condition.worst == Some(from) {
            condition.worst = Some(to);
        }
    }
}

/// A part as text.
///
/// # Errors
///
/// Never in practice: a campaign is plain data.
pub fn write(mut campaign: Campaign) -> Result<String, Stop> {
    replace(&mut campaign, f64::INFINITY, NEVER);
    let part = Part {
        worstday_part: VERSION,
        campaign,
    };
    let mut text = serde_json::to_string(&part)
        .map_err(|error| Stop::failed(format!("the part cannot be written: {error}"), ""))?;
    text.push('\n');
    Ok(text)
}

/// Reads parts and puts them together.
pub fn merge(paths: &[std::path::PathBuf]) -> Result<Campaign, Stop> {
    let mut whole = Campaign::default();
    for path in paths {
        let part = read(path)?;
        whole.merge(part).map_err(|error| {
            use worstday_sim::outcome::MergeError::{Contradiction, Different};
            let what = match error {
                Different { what } => format!("its {what} is not that of the parts before it"),
                Contradiction { seed } => {
                    format!("its history of seed {seed} is not that of the parts before it")
                }
            };
            Stop::usage(
                format!("{}: {what}", path.display()),
                "merge parts of one campaign, written by one release",
            )
        })?;
    }
    Ok(whole)
}

fn read(path: &Path) -> Result<Campaign, Stop> {
    let text = std::fs::read_to_string(path)
        .map_err(|error| Stop::usage(format!("{}: {error}", path.display()), ""))?;
    let mut part: Part = serde_json::from_str(&text).map_err(|error| {
        Stop::usage(
            format!("{} is no part of a campaign: {error}", path.display()),
            "parts are what `worstday run FILE --shard 1/2` prints",
        )
    })?;
    if part.worstday_part > VERSION {
        return Err(Stop::usage(
            format!("{} was written by a newer release", path.display()),
            "merge with the release that wrote it",
        ));
    }
    replace(&mut part.campaign, NEVER, f64::INFINITY);
    Ok(part.campaign)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Together the parts are everything, and nothing twice.
    #[test]
    fn shards_are_a_partition() {
        let all: Vec<u64> = (1..=20).collect();
        for of in 1..=25 {
            let mut together: Vec<u64> = (1..=of)
                .flat_map(|number| Shard { number, of }.seeds(&all))
                .collect();
            together.sort_unstable();
            assert_eq!(together, all);
        }
        assert!("0/2".parse::<Shard>().is_err());
        assert!("3/2".parse::<Shard>().is_err());
        assert_eq!("2/2".parse(), Ok(Shard { number: 2, of: 2 }));
    }
}
