//! The map of load against the size of a fault, as a value for programs, and its words.

use serde::Serialize;
use worstday_search::answer::Early;
use worstday_search::map::{self, Origin};

use crate::quantity::{count, percent, seconds, significant};

/// Where nothing breaks, where it breaks and heals, and where it stays down: load against the length or size of a fault.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub struct LoadMap {
    /// The promise whose breaking is drawn.
    pub promise: String,
    /// The fault that strikes.
    pub fault: String,
    /// Where the fault comes from, in words.
    pub because: String,
    /// When it strikes, in local time.
    pub at: String,
    /// What the sizes are.
    pub axis: Axis,
    /// Visits per second then, at factor 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub per_second: Option<f64>,
    /// So long after the fault's end it must be back to normal, s.
    pub horizon: f64,
    /// The worst day itself, if it is of this fault.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub worst_day: Option<Place>,
    /// Row by row: without the fault first, then the least effect first; each row by load.
    pub cells: Vec<Cell>,
    /// Days lived for it: they are not in any other figure.
    pub days: u64,
    /// Of what is said of each sure cell, for itself.
    pub confidence: f64,
    /// Why it ended before all cells were tried: `budget` or `stopped`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ended: Option<String>,
}

/// What is varied of the fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum Axis {
    /// How long it lasts, s.
    Length,
    /// How many times as long work takes.
    Factor,
    /// The share of capacity that is left.
    Left,
    /// The share that fails or is lost.
    Ratio,
    /// The time that is added, s.
    Delay,
}

/// A point of the map.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Place {
    /// Factor on today's demand.
    pub load: f64,
    /// The fault's size.
    pub size: f64,
}

/// A load and a size, tried.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Cell {
    /// Factor on today's demand.
    pub load: f64,
    /// The fault's size; missing without the fault.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub size: Option<f64>,
    /// Fresh days of which something is known.
    pub days: u64,
    /// Of these, those that break the promise.
    pub broken: u64,
    /// Of these, those that are not back to normal at the end.
    pub down: u64,
    /// What most of them do.
    pub region: Region,
    /// Whether that is more than chance.
    pub sure: bool,
}

/// What becomes of most days of a cell.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum Region {
    /// Too few days.
    Unknown,
    /// The promise holds.
    Stable,
    /// It breaks, and the system recovers.
    Vulnerable,
    /// It breaks, and the system does not recover by the end.
    Collapsed,
}

impl From<map::Region> for Region {
    fn from(region: map::Region) -> Self {
        match region {
            map::Region::Unknown => Self::Unknown,
            map::Region::Stable => Self::Stable,
            map::Region::Vulnerable => Self::Vulnerable,
            map::Region::Collapsed => Self::Collapsed,
        }
    }
}

impl Region {
    /// In a word.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Unknown => "not known",
            Self::Stable => "stable",
            Self::Vulnerable => "vulnerable",
            Self::Collapsed => "collapsed",
        }
    }
}

impl Axis {
    /// What stands beside the axis.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Length => "how long it lasts",
            Self::Factor => "how many times as long work takes",
            Self::Left => "how much capacity is left",
            Self::Ratio => "what share fails",
            Self::Delay => "how much later everything comes",
        }
    }

    /// A size in its unit.
    #[must_use]
    pub fn said(self, size: f64) -> String {
        match self {
            // A size was chosen, not measured: it is as round as it is.
            Self::Length | Self::Delay if size < 60.0 && size.fract() == 0.0 => {
                format!("{size} s")
            }
            Self::Length | Self::Delay => seconds(size),
            Self::Factor => factor(size),
            Self::Left | Self::Ratio => percent(size),
        }
    }
}

/// A factor that was chosen: `0.25x`.
#[must_use]
pub fn factor(value: f64) -> String {
    format!("{}x", (value * 1e3).round() / 1e3)
}

impl From<&map::Map> for LoadMap {
    fn from(map: &map::Map) -> Self {
        let cells = map.cells.iter();
        Self {
            promise: map.promise.clone(),
            fault: map.fault.clone(),
            because: match map.origin {
                Origin::WorstDay => format!("`{}` strikes on the day that breaks it", map.fault),
                Origin::Claimed => format!(
                    "the day that breaks it needs no fault; `{}` is what the promise is to survive",
                    map.fault
                ),
                Origin::Frequent => format!(
                    "no day that breaks anything has a fault; `{}` is the most frequent one",
                    map.fault
                ),
            },
            at: map.at.clone(),
            axis: match map.axis {
                map::Axis::Length => Axis::Length,
                map::Axis::Factor => Axis::Factor,
                map::Axis::Left => Axis::Left,
                map::Axis::Ratio => Axis::Ratio,
                map::Axis::Delay => Axis::Delay,
            },
            per_second: map.per_second,
            horizon: map.horizon,
            worst_day: map.worst.map(|(load, size)| Place { load, size }),
            cells: cells
                .map(|cell| Cell {
                    load: cell.load,
                    size: cell.size,
                    days: cell.days,
                    broken: cell.broken,
                    down: cell.down,
                    region: cell.region.into(),
                    sure: cell.sure,
                })
                .collect(),
            days: map.days,
            confidence: map.confidence,
            ended: map.ended.map(|ended| {
                let word = match ended {
                    Early::Budget => "budget",
                    Early::Stopped => "stopped",
                };
                word.to_owned()
            }),
        }
    }
}

impl LoadMap {
    /// What the regions mean, in a sentence each: the word, then what it says.
    #[must_use]
    pub fn legend(&self) -> Vec<(Region, String)> {
        let horizon = seconds(self.horizon);
        vec![
            (
                Region::Stable,
                format!(
                    "`{}` is kept although `{}` strikes",
                    self.promise, self.fault
                ),
            ),
            (
                Region::Vulnerable,
                format!("it breaks, and all is back to normal within {horizon} of the fault's end"),
            ),
            (
                Region::Collapsed,
                format!("it breaks, and it is not back to normal {horizon} after the fault's end"),
            ),
            (
                Region::Unknown,
                "too few days were lived, or too few had anything to judge".to_owned(),
            ),
        ]
    }

    /// How it was made and how sure it is, in sentences.
    #[must_use]
    pub fn made(&self) -> String {
        let known = self.cells.iter().filter(|cell| 0 < cell.days);
        let least = known.clone().map(|cell| cell.days).min().unwrap_or(0);
        let most = known.map(|cell| cell.days).max().unwrap_or(0);
        let each = if least == most {
            count(most)
        } else {
            format!("{} to {}", count(least), count(most))
        };
        let mut text = format!(
            "{} days were lived for it, {each} in each cell, with the same chance in all cells; a cell has the colour of what most of its days do. A plain cell is right with {}, each for itself; one with a question mark may be chance.",
            count(self.days),
            percent(self.confidence)
        );
        match self.ended.as_deref() {
            Some("stopped") => text.push_str(" It was stopped before all cells were tried."),
            Some(_) => text.push_str(" Its budget was spent before all cells were tried."),
            None => {}
        }
        if let Some(rate) = self.per_second.filter(|rate| *rate < 2.0) {
            text.push_str(&format!(
                " At {} visits a second, whether it is back to normal rests on few visits.",
                significant(rate)
            ));
        }
        text
    }

    /// A cell in words, for who cannot see it.
    #[must_use]
    pub fn told(&self, cell: &Cell) -> String {
        let unsure = if cell.sure || cell.region == Region::Unknown {
            ""
        } else {
            ", not sure"
        };
        let (what, word) = match (cell.size, cell.region) {
            (Some(size), region) => (
                format!("{} {}", self.fault, self.axis.said(size)),
                region.word(),
            ),
            // Nothing strikes: what breaks is broken by the load.
            (None, Region::Vulnerable | Region::Collapsed) => {
                (format!("without {}", self.fault), "broken by the load")
            }
            (None, region) => (format!("without {}", self.fault), region.word()),
        };
        let mut text = format!("{} demand, {what}: {word}{unsure}", factor(cell.load));
        text.push_str(&format!(
            "; {} of {} days broke it",
            count(cell.broken),
            count(cell.days)
        ));
        if cell.size.is_some() && 0 < cell.broken {
            text.push_str(&match cell.down {
                0 => ", all were back to normal".to_owned(),
                down => format!(", {} were not back to normal", count(down)),
            });
        }
        text
    }
}
