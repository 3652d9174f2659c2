//! What was broken when somebody last looked: a baseline, so that a build fails only on what is newly broken.
//!
//! It names claims by their promise and their words, so it outlives every other change of the model. It is written
//! once: to accept more, one gives another name.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use worstday_search::answer::{Answer, Verdict};

/// Claims that were broken.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Baseline {
    /// The version of this file.
    version: u32,
    /// Its name.
    #[serde(rename = "baseline")]
    pub name: String,
    /// Hash of the model that it is of.
    pub model: String,
    /// What was broken.
    pub broken: BTreeSet<Claim>,
}

/// One entry of a promise's `survives`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Claim {
    /// The promise.
    pub promise: String,
    /// The day, as written.
    pub survives: String,
}

const VERSION: u32 = 1;

impl Baseline {
    /// What is broken now.
    #[must_use]
    pub fn of(answer: &Answer, name: &str) -> Self {
        let claims = answer.promises.iter().flat_map(|promise| {
            let broken = promise.claims.iter();
            let broken = broken.filter(|claim| claim.verdict == Verdict::Broken);
            broken.map(|claim| Claim {
                promise: promise.name.clone(),
                survives: claim.text.clone(),
            })
        });
        Self {
            version: VERSION,
            name: name.to_owned(),
            model: answer.model.clone(),
            broken: claims.collect(),
        }
    }

    /// From the text of a file.
    ///
    /// # Errors
    ///
    /// Why it is no baseline, in words.
    pub fn read(text: &str) -> Result<Self, String> {
        let read: Self = serde_json::from_str(text).map_err(|error| error.to_string())?;
        if read.version == VERSION {
            Ok(read)
        } else {
            Err(format!("it is of version {}", read.version))
        }
    }

    /// The text of its file.
    ///
    /// # Panics
    ///
    /// Never: it holds nothing that JSON cannot.
    #[must_use]
    pub fn text(&self) -> String {
        let mut text = serde_json::to_string_pretty(self).expect("plain data is JSON");
        text.push('\n');
        text
    }

    /// Whether a claim was broken then.
    #[must_use]
    pub fn knows(&self, promise: &str, survives: &str) -> bool {
        let (promise, survives) = (promise.to_owned(), survives.to_owned());
        self.broken.contains(&Claim { promise, survives })
    }
}
