//! What happened, who did it, and what of it is still in force.
//!
//! The engine's facts become entries of a log, in their order. A line by hand is entered once, when it begins, whatever rows
//! it becomes; what an operator does, an alert that fires and what the file brings are told apart by their rows.

use std::collections::BTreeMap;

use serde::Serialize;
use worstday_model::system::{AlertOn, System};
use worstday_sim::observe::Fact;
use worstday_sim::rows::{Disturbance, Overridden};

use crate::lever::Group;

/// A line of the log.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Entry {
    /// Its number.
    pub id: u32,
    /// When, s from where counting starts.
    pub t: f64,
    /// Who: `you`, an operator, an alert, `the file`, or whose visit.
    pub who: String,
    /// `fault`, `alert`, `cleared`, `override`, `undone`, `left`, `load` or `edit`.
    pub kind: &'static str,
    /// What.
    pub text: String,
    /// For `left`: how long before it the first alert fired, s.
    pub warned: Option<f64>,
    /// For `cleared` and `undone`: the entry that is over.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ends: Option<u32>,
}

/// What is in force.
#[derive(Clone, Debug, PartialEq)]
pub struct Open {
    /// The entry that it is of.
    pub id: u32,
    /// What.
    pub text: String,
    /// Who did it.
    pub who: String,
    /// Breaks, helps or changes the load.
    pub group: Group,
    /// The lever that was pulled.
    pub lever: Option<String>,
    /// Since, ns.
    pub since_ns: u64,
    /// Until, as far as is known, ns.
    pub until_ns: Option<u64>,
    /// Rows of disturbances that are under way because of it.
    pub rows: Vec<u32>,
    /// Row of the override that it is, if an operator made it.
    made: Option<u32>,
    /// By the names of faults and with their details: what is struck, for the drawing.
    pub strikes: Vec<(String, String)>,
}

/// A line by hand, as the log says it.
#[derive(Clone, Debug, PartialEq)]
pub struct Pulled {
    /// Its number in the log.
    pub id: u32,
    /// A sentence.
    pub text: String,
    /// Where its lever stands.
    pub group: Group,
    /// Which lever; none if a part was broken otherwise.
    pub lever: Option<String>,
    /// Whether it stays in force until it is undone.
    pub stays: bool,
}

/// An alert that fires.
#[derive(Clone, Debug, PartialEq)]
pub struct Firing {
    /// Its entry.
    pub id: u32,
    /// Which.
    pub alert: u32,
    /// Since, ns.
    pub since_ns: u64,
    /// Somebody hears of it.
    pub heard: bool,
}

/// What a story looks things up in.
pub trait Source {
    /// The system, as it is without edits.
    fn system(&self) -> &System;
    /// A row of the disturbances.
    fn disturbance(&self, row: u32) -> Option<Disturbance>;
    /// A row of what people did.
    fn overridden(&self, row: u32) -> Option<Overridden>;
}

/// What is going on. See the module's page.
#[derive(Clone, Debug, Default)]
pub struct Story {
    /// In force, in the order of beginning.
    pub open: Vec<Open>,
    /// Alerts that fire.
    pub firing: Vec<Firing>,
    /// Which line by hand a row of the disturbances belongs to.
    pub rows: BTreeMap<u32, u32>,
}

/// Where entries go, and the numbers that they get.
pub struct Book<'a> {
    /// All entries so far.
    pub log: &'a mut Vec<Entry>,
    /// The next number.
    pub next_id: &'a mut u32,
    /// Counting starts here, ns.
    pub from_ns: u64,
}

impl Book<'_> {
    fn enter(
        &mut self,
        id: Option<u32>,
        at_ns: u64,
        who: &str,
        kind: &'static str,
        text: String,
    ) -> u32 {
        let id = id.unwrap_or_else(|| {
            let id = *self.next_id;
            *self.next_id += 1;
            id
        });
        self.log.push(Entry {
            id,
            t: (at_ns as f64 - self.from_ns as f64) / 1e9,
            who: who.to_owned(),
            kind,
            text,
            warned: None,
            ends: None,
        });
        id
    }

    fn ends(&mut self, at_ns: u64, who: &str, kind: &'static str, text: String, of: u32) {
        self.enter(None, at_ns, who, kind, text);
        if let Some(entry) = self.log.last_mut() {
            entry.ends = Some(of);
        }
    }
}

impl Story {
    /// Tells what happened, in order, and who left first.
    pub fn tell(
        &mut self,
        facts: &[(u64, Fact)],
        left: &[(u64, u32)],
        pulled: &BTreeMap<u32, Pulled>,
        source: &dyn Source,
        book: &mut Book<'_>,
    ) {
        let mut left = left.iter().peekable();
        for &(at_ns, fact) in facts {
            while let Some((when, client)) = left.next_if(|(when, _)| *when < at_ns) {
                self.left(*when, *client, source, book);
            }
            match fact {
                Fact::Started { row } => self.started(at_ns, row, pulled, source, book),
                Fact::Ended { row } => self.ended(at_ns, row, book),
                Fact::AlertFired { alert, missed } => {
                    self.fired(at_ns, alert, missed, source, book);
                }
                Fact::AlertCleared { alert } => self.cleared(at_ns, alert, source, book),
                Fact::Overrides { row } => self.overrides(at_ns, row, source, book),
                Fact::Undone { row } => self.undone(at_ns, row, book),
                _ => {}
            }
        }
        for (when, client) in left {
            self.left(*when, *client, source, book);
        }
    }

    fn started(
        &mut self,
        at_ns: u64,
        row: u32,
        pulled: &BTreeMap<u32, Pulled>,
        source: &dyn Source,
        book: &mut Book<'_>,
    ) {
        let Some(row_of) = source.disturbance(row) else {
            return;
        };
        let strikes =
            (row_of.what == "fault").then(|| (row_of.name.clone(), row_of.detail.clone()));
        if let Some(line) = self.rows.get(&row)
            && let Some(pulled) = pulled.get(line)
        {
            // Faults with a common cause are one line and several rows.
            if let Some(open) = self.open.iter_mut().find(|open| open.id == pulled.id) {
                open.rows.push(row);
                open.strikes.extend(strikes);
                return;
            }
            let kind = match (pulled.group, row_of.what) {
                (Group::Break, _) => "fault",
                (Group::Load, _) => "load",
                (Group::Save, "edit") => "edit",
                (Group::Save, _) => "override",
            };
            book.enter(Some(pulled.id), at_ns, "you", kind, pulled.text.clone());
            if pulled.stays {
                self.open.push(Open {
                    id: pulled.id,
                    text: pulled.text.clone(),
                    who: "you".to_owned(),
                    group: pulled.group,
                    lever: pulled.lever.clone(),
                    since_ns: at_ns,
                    until_ns: row_of.end_ns,
                    rows: vec![row],
                    made: None,
                    strikes: strikes.into_iter().collect(),
                });
            }
            return;
        }
        let (kind, group) = match row_of.what {
            "fault" => ("fault", Group::Break),
            "event" | "demand" => ("load", Group::Load),
            "edit" => ("edit", Group::Save),
            _ => ("override", Group::Save),
        };
        let text = if row_of.detail.is_empty() || row_of.what == "event" {
            row_of.name.clone()
        } else {
            format!("{}: {}", row_of.name, row_of.detail)
        };
        let id = book.enter(None, at_ns, "the file", kind, text.clone());
        // What has no length, such as a train that leaves, is over as it begins.
        if row_of.end_ns.is_some_and(|end| end <= at_ns) || row_of.over {
            return;
        }
        self.open.push(Open {
            id,
            text,
            who: "the file".to_owned(),
            group,
            lever: None,
            since_ns: at_ns,
            until_ns: row_of.end_ns,
            rows: vec![row],
            made: None,
            strikes: strikes.into_iter().collect(),
        });
    }

    fn ended(&mut self, at_ns: u64, row: u32, book: &mut Book<'_>) {
        let Some(at) = self.open.iter().position(|open| open.rows.contains(&row)) else {
            return;
        };
        let open = &mut self.open[at];
        open.rows.retain(|other| *other != row);
        if open.rows.is_empty() {
            let open = self.open.remove(at);
            let text = format!("over: {}", open.text);
            book.ends(at_ns, &open.who, "undone", text, open.id);
        }
    }

    fn overrides(&mut self, at_ns: u64, row: u32, source: &dyn Source, book: &mut Book<'_>) {
        let Some(made) = source.overridden(row) else {
            return;
        };
        // What is done by hand is a row of the disturbances too, and told there.
        let Some(operator) = made.operator else {
            return;
        };
        let who = source.system().operators[operator as usize].name.clone();
        let text = if made.because.is_empty() {
            made.text.clone()
        } else {
            format!("{}, because {}", made.text, made.because)
        };
        let id = book.enter(None, at_ns, &who, "override", text);
        if made.until_ns.is_none_or(|until| at_ns < until) {
            self.open.push(Open {
                id,
                text: made.text,
                who,
                group: Group::Save,
                lever: None,
                since_ns: at_ns,
                until_ns: None,
                rows: Vec::new(),
                made: Some(row),
                strikes: Vec::new(),
            });
        }
    }

    fn undone(&mut self, at_ns: u64, row: u32, book: &mut Book<'_>) {
        let of_it = |open: &Open| open.made == Some(row);
        if let Some(at) = self.open.iter().position(of_it) {
            let open = self.open.remove(at);
            let text = format!("over: {}", open.text);
            book.ends(at_ns, &open.who, "undone", text, open.id);
        }
    }

    fn fired(
        &mut self,
        at_ns: u64,
        alert: u32,
        missed: bool,
        source: &dyn Source,
        book: &mut Book<'_>,
    ) {
        let system = source.system();
        let row = &system.alerts[alert as usize];
        let mut text = match &row.on {
            AlertOn::Sight(sight) => sight.text.clone(),
            AlertOn::Burn(burn) => {
                let promise = &system.promises[burn.promise.index()].name;
                format!("the error budget of {promise} burns")
            }
        };
        if missed {
            text.push_str(" (nobody hears of it)");
        }
        let id = book.enter(None, at_ns, &row.name, "alert", text);
        self.firing.push(Firing {
            id,
            alert,
            since_ns: at_ns,
            heard: !missed,
        });
    }

    fn cleared(&mut self, at_ns: u64, alert: u32, source: &dyn Source, book: &mut Book<'_>) {
        let Some(at) = self.firing.iter().position(|firing| firing.alert == alert) else {
            return;
        };
        let firing = self.firing.remove(at);
        let name = &source.system().alerts[alert as usize].name;
        book.ends(
            at_ns,
            name,
            "cleared",
            "it has cleared".to_owned(),
            firing.id,
        );
    }

    fn left(&mut self, at_ns: u64, client: u32, source: &dyn Source, book: &mut Book<'_>) {
        let name = &source.system().clients[client as usize].name;
        let text = format!("the first of {name} is lost");
        book.enter(None, at_ns, name, "left", text);
        let heard = self.firing.iter().filter(|firing| firing.heard);
        let first = heard.map(|firing| firing.since_ns).min();
        if let Some(entry) = book.log.last_mut() {
            entry.warned = first.map(|since| at_ns.saturating_sub(since) as f64 / 1e9);
        }
    }
}
