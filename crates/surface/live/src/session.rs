//! A session: a day that is lived, and the scenario that is written meanwhile.
//!
//! Everything that a person does is one more line of a scenario, at an instant a little after now. The ordinary reader reads
//! the longer scenario, so that nothing can be done that a file could not say; the engine goes on with the longer day as if
//! it had known the line from the start. Saving is printing, and stepping back is a kept moment, without the
//! lines that came later. A fork is a second **arm**: the same day without one line, in step with the first.
//!
//! Nothing here has a clock, a socket or a thread: how fast a day goes by is for [`crate::pace`] to say.

use std::collections::BTreeMap;
use std::sync::Arc;

use worstday_model::calendar::Calendar;
use worstday_sim::Engine;

use crate::arm::{Arm, refuse};
pub use crate::arm::{Described, Refusal};
use crate::breakage;
use crate::lever::{Group, Levers};
use crate::observer::{Cut, Probe};
use crate::script::{Begin, Edits, LINES_MAX, Line, MILLISECOND_NS, Script};
use crate::shelf::Shelf;
use crate::story::{Open, Pulled, Story};
use worstday_model::yaml::Yaml;

/// A moment is kept about so often, ns.
pub const MOMENT_NS: u64 = 60_000_000_000;

/// Reads scenarios of one model.
pub trait Reader: Send {
    /// The day that a scenario says, of the model that the session is about.
    ///
    /// # Errors
    ///
    /// What is wrong with it, in words.
    fn read(&mut self, scenario: &str) -> Result<Described, String>;
}

/// What a session is about.
#[derive(Clone, Debug)]
pub struct Opening {
    /// The model, as it was typed.
    pub file: String,
    /// Hash of its expanded text.
    pub hash: String,
    /// What was typed to get this model: `worstday run FILE --set ..`, without the scenario.
    pub command: String,
    /// What the scenario begins with.
    pub begin: Begin,
    /// The edits that the model knows by a name.
    pub edits: Edits,
    /// Visits per second of the client that comes most often, at its busiest; 0 if that is not known.
    pub per_s: f64,
}

/// What is kept of a session.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Saved {
    /// The scenario.
    pub text: String,
    /// Of the history until now.
    pub digest: String,
}

/// The session. See the module's page.
pub struct Session {
    reader: Box<dyn Reader>,
    pub(crate) opening: Opening,
    pub(crate) arms: Vec<Arm>,
    pub(crate) levers: Levers,
    pub(crate) cut: Cut,
    next_id: u32,
    /// How far apart moments are kept, ns.
    pub moment_ns: u64,
}

impl Session {
    /// Opens a session where counting starts: the warm-up is over.
    ///
    /// # Errors
    ///
    /// What is wrong with the description.
    pub fn open(opening: Opening, mut reader: Box<dyn Reader>) -> Result<Self, Refusal> {
        let zone = &reader
            .read(&first_text(&opening)?)
            .map_err(Refusal)?
            .system
            .timezone
            .clone();
        let calendar = Calendar::new(zone).map_err(|error| Refusal(error.to_string()))?;
        let script = Script::new(opening.begin.clone(), calendar);
        let text = script.text().map_err(|error| Refusal(error.to_string()))?;
        let described = reader.read(&text).map_err(Refusal)?;
        let (system, day) = (&described.system, &described.day);
        let length_ns = day.end_ns.saturating_sub(day.warm_up_ns);
        let cut = Cut::of(
            day.warm_up_ns,
            length_ns,
            opening.per_s,
            system.clients.len(),
        );
        let service_of: Vec<u32> = system.endpoints.iter().map(|row| row.service.0).collect();
        let probe = Probe::new(
            cut,
            system.clients.len(),
            system.services.len(),
            service_of.into(),
        );
        let engine = Engine::new(
            Arc::clone(system),
            Arc::clone(day),
            Arc::clone(&described.editing),
            opening.begin.seed,
            probe,
        )
        .map_err(|error| Refusal(error.to_string()))?;
        let levers = Levers::of(system, &opening.edits);
        let from_ns = day.warm_up_ns;
        let mut session = Self {
            reader,
            opening,
            arms: vec![Arm {
                title: "as played".to_owned(),
                script,
                described,
                engine,
                story: Story::default(),
                pulled: BTreeMap::new(),
                points: Vec::new(),
                log: Vec::new(),
                shelf: Shelf::default(),
                told: (0, 0),
            }],
            levers,
            cut,
            next_id: 1,
            moment_ns: MOMENT_NS,
        };
        let arm = &mut session.arms[0];
        arm.advance(from_ns, &mut session.next_id);
        let first = arm.moment(true);
        arm.shelf.put(first);
        Ok(session)
    }

    /// The present instant, ns on the run's clock.
    #[must_use]
    pub fn now_ns(&self) -> u64 {
        self.arms[0].engine.now_ns()
    }

    /// Where counting starts, ns.
    #[must_use]
    pub fn from_ns(&self) -> u64 {
        self.arms[0].described.day.warm_up_ns
    }

    /// Where the session ends, ns.
    #[must_use]
    pub fn until_ns(&self) -> u64 {
        self.arms[0].described.day.end_ns
    }

    /// Whether it has come to its end.
    #[must_use]
    pub fn is_over(&self) -> bool {
        self.arms.iter().any(|arm| arm.engine.is_over())
    }

    /// The courses that are lived: one, or two that share a past.
    #[must_use]
    pub fn arms(&self) -> &[Arm] {
        &self.arms
    }

    /// What can be done.
    #[must_use]
    pub fn levers(&self) -> &Levers {
        &self.levers
    }

    /// Requests that reached a replica so far, in all arms.
    #[must_use]
    pub fn requests(&self) -> u64 {
        self.arms
            .iter()
            .map(|arm| arm.engine.observer.requests())
            .sum()
    }

    /// Goes on to an instant, rounded up to a whole millisecond: all arms in step.
    pub fn advance(&mut self, until_ns: u64) {
        let now_ns = self.now_ns();
        let until_ns = self.whole(until_ns).min(self.until_ns());
        if until_ns <= now_ns || self.is_over() {
            return;
        }
        for arm in &mut self.arms {
            let due = arm
                .shelf
                .last_ns()
                .is_none_or(|last| self.moment_ns <= now_ns.saturating_sub(last));
            if due {
                let moment = arm.moment(false);
                arm.shelf.put(moment);
            }
            arm.advance(until_ns, &mut self.next_id);
        }
    }

    /// The first whole millisecond of the wall clock at or after an instant.
    fn whole(&self, at_ns: u64) -> u64 {
        let unix = self.arms[0].unix(at_ns);
        let whole = unix.div_euclid(MILLISECOND_NS) * MILLISECOND_NS;
        let whole = if whole < unix {
            whole + MILLISECOND_NS
        } else {
            whole
        };
        self.arms[0].on_the_clock(whole)
    }

    fn arm(&mut self, arm: usize) -> Result<&mut Arm, Refusal> {
        let count = self.arms.len();
        self.arms
            .get_mut(arm)
            .ok_or_else(|| Refusal(format!("there is no arm {arm}: this session has {count}")))
    }

    /// Pulls a lever. Says the number of its entry in the log.
    ///
    /// # Errors
    ///
    /// Why not; nothing has changed then.
    pub fn pull(
        &mut self,
        arm: usize,
        lever: &str,
        lasts_s: Option<f64>,
        size: Option<f64>,
    ) -> Result<u32, Refusal> {
        let Some(found) = self.levers.get(lever) else {
            return refuse(format!("there is no lever `{lever}`"));
        };
        let (body, text) = found.line(size).map_err(Refusal)?;
        let pulled = Pulled {
            id: self.next_id,
            text,
            group: found.group,
            lever: Some(found.id.clone()),
            stays: found.stays,
        };
        if !found.stays && lasts_s.is_some() {
            return refuse("this is over as soon as it is done");
        }
        // What is pulled a second time is in force until then: two of one kind would multiply unseen.
        let open = &self.arm(arm)?.story.open;
        if pulled.stays && open.iter().any(|open| open.lever == pulled.lever) {
            return refuse("this is in force already; undo it first");
        }
        self.add(arm, pulled, body, lasts_s)
    }

    /// Breaks a part in some way. Says the number of its entry in the log.
    ///
    /// # Errors
    ///
    /// Why not; nothing has changed then.
    pub fn break_part(
        &mut self,
        arm: usize,
        kind: &str,
        part: &str,
        lasts_s: Option<f64>,
        size: Option<f64>,
    ) -> Result<u32, Refusal> {
        let (body, text) =
            breakage::breaks(&self.levers.parts, kind, part, size).map_err(Refusal)?;
        let pulled = Pulled {
            id: self.next_id,
            text,
            group: Group::Break,
            lever: None,
            stays: true,
        };
        self.add(arm, pulled, body, lasts_s)
    }

    /// One more line, at the next instant.
    fn add(
        &mut self,
        number: usize,
        pulled: Pulled,
        body: Vec<(String, Yaml)>,
        lasts_s: Option<f64>,
    ) -> Result<u32, Refusal> {
        let lasts_ns = lasts_s.map(length).transpose()?;
        let (until_ns, id) = (self.until_ns(), pulled.id);
        let arm = self.arm(number)?;
        if arm.script.lines.len() >= LINES_MAX {
            return refuse(format!(
                "a session holds {LINES_MAX} things done by hand; save it and begin another"
            ));
        }
        let at_unix = arm.script.next_instant(arm.unix(arm.engine.now_ns()));
        let at_ns = arm.on_the_clock(at_unix);
        if until_ns <= at_ns {
            return refuse("the day is over");
        }
        let mut script = arm.script.clone();
        script.lines.push(Line {
            id,
            at_ns: at_unix,
            body,
            lasts_ns,
            released_ns: None,
            because: None,
        });
        self.rewrite(number, script, |arm| {
            let line = arm.script.lines.last().cloned();
            line.map_or(Ok(()), |line| arm.schedule(&line))
        })?;
        self.arms[number].pulled.insert(id, pulled);
        self.next_id += 1;
        self.advance(at_ns);
        Ok(id)
    }

    /// Goes on with another script, of the same past, after `plan` has told the engine what is new; with the one before if
    /// the reader or `plan` refuses.
    fn rewrite(
        &mut self,
        number: usize,
        script: Script,
        plan: impl FnOnce(&mut Arm) -> Result<(), Refusal>,
    ) -> Result<(), Refusal> {
        let described = self.described(&script)?;
        let arm = &mut self.arms[number];
        let moment = arm.moment(true);
        let before = (arm.script.clone(), arm.described.clone());
        arm.script = script;
        arm.go_on_from(&moment, described);
        if let Err(refusal) = plan(arm) {
            arm.script = before.0;
            arm.go_on_from(&moment, before.1);
            return Err(refusal);
        }
        arm.shelf.put(moment);
        Ok(())
    }

    fn described(&mut self, script: &Script) -> Result<Described, Refusal> {
        let text = script.text().map_err(|error| Refusal(error.to_string()))?;
        self.reader.read(&text).map_err(Refusal)
    }

    /// Ends now what was begun by hand; a declared fault of the file is repaired.
    ///
    /// # Errors
    ///
    /// Why not; nothing has changed then.
    pub fn release(&mut self, number: usize, id: u32) -> Result<(), Refusal> {
        let arm = self.arm(number)?;
        let Some(open) = arm.story.open.iter().find(|open| open.id == id).cloned() else {
            return refuse("this is not in force");
        };
        let line = arm.script.lines.iter().position(|line| line.id == id);
        let Some(line) = line else {
            return self.repair(number, &open);
        };
        let end_unix = arm.script.next_instant(arm.unix(arm.engine.now_ns()));
        let end_ns = arm.on_the_clock(end_unix);
        let mut script = arm.script.clone();
        script.lines[line].released_ns = Some(end_unix);
        self.rewrite(number, script, |arm| arm.end_at(id, end_ns))?;
        self.advance(end_ns);
        Ok(())
    }

    /// What was not begun by hand: a declared fault can be repaired, the rest takes its course.
    fn repair(&mut self, number: usize, open: &Open) -> Result<(), Refusal> {
        let system = Arc::clone(&self.arms[number].described.system);
        let struck = open.strikes.first();
        let fault =
            struck.and_then(|(name, _)| system.faults.iter().find(|fault| fault.name == *name));
        let Some(fault) = fault else {
            return refuse(format!("{} did this, and undoes it", open.who));
        };
        let pulled = Pulled {
            id: self.next_id,
            text: format!("repair {}", fault.name),
            group: Group::Save,
            lever: None,
            stays: false,
        };
        let body = vec![("repair".to_owned(), Yaml::text(&fault.name))];
        self.add(number, pulled, body, None).map(|_| ())
    }

    /// Steps back: from the last kept moment before an instant forward to it. What was done later is not done any more.
    ///
    /// # Errors
    ///
    /// If the instant lies ahead, or nothing was kept before it; nothing has changed then.
    pub fn back(&mut self, to_ns: u64) -> Result<(), Refusal> {
        let to_ns = self.whole(to_ns.max(self.from_ns()));
        if self.now_ns() < to_ns {
            return refuse("that lies ahead");
        }
        // Read first, so that nothing has changed if something is refused.
        let mut plans = Vec::new();
        for number in 0..self.arms.len() {
            let arm = &self.arms[number];
            let Some(moment) = arm.shelf.before(to_ns) else {
                return refuse("nothing was kept before that");
            };
            let to_unix = arm.unix(to_ns);
            let mut script = arm.script.clone();
            script.lines.retain(|line| line.at_ns <= to_unix);
            for line in &mut script.lines {
                line.released_ns = line.released_ns.filter(|end| *end <= to_unix);
            }
            let described = if script.lines == arm.script.lines {
                arm.described.clone()
            } else {
                self.described(&script)?
            };
            plans.push((script, moment, described));
        }
        for (arm, (script, moment, described)) in self.arms.iter_mut().zip(plans) {
            arm.script = script;
            arm.go_on_from(&moment, described);
            arm.plan_ahead()?;
            arm.shelf.forget_after(to_ns);
            let kept = arm.script.lines.iter().map(|line| line.id);
            let kept: Vec<u32> = kept.collect();
            arm.pulled.retain(|id, _| kept.contains(id));
            arm.advance(to_ns, &mut self.next_id);
        }
        Ok(())
    }

    /// A second arm: without one line, or a twin from now.
    ///
    /// # Errors
    ///
    /// If there are two already, or nothing was done by hand under that number; nothing has changed then.
    pub fn fork(&mut self, without: Option<u32>) -> Result<(), Refusal> {
        if self.arms.len() > 1 {
            return refuse("there are two arms already: keep one of them first");
        }
        let now_ns = self.now_ns();
        let arm = &self.arms[0];
        let mut script = arm.script.clone();
        let (moment, title) = match without {
            None => (
                Arc::new(arm.moment(false)),
                "the same, from here".to_owned(),
            ),
            Some(id) => {
                let line = script.lines.iter().position(|line| line.id == id);
                let Some(line) = line else {
                    return refuse("nothing that was done by hand has this number");
                };
                let line = script.lines.remove(line);
                let before_ns = arm.on_the_clock(line.at_ns).saturating_sub(1);
                let Some(moment) = arm.shelf.before(before_ns) else {
                    return refuse("nothing was kept before that");
                };
                let text = arm
                    .pulled
                    .get(&id)
                    .map_or("it", |pulled| pulled.text.as_str());
                (moment, format!("without “{text}”"))
            }
        };
        let described = self.described(&script)?;
        let arm = &self.arms[0];
        let mut shelf = arm.shelf.clone();
        shelf.forget_after(moment.now_ns);
        let mut other = Arm {
            title,
            engine: Engine::restore(
                Arc::clone(&described.system),
                Arc::clone(&described.day),
                Arc::clone(&described.editing),
                moment.snapshot.clone(),
                moment.probe.clone(),
            ),
            script,
            described,
            story: moment.story.clone(),
            pulled: arm.pulled.clone(),
            points: arm.points[..moment.points].to_vec(),
            log: arm.log[..moment.log].to_vec(),
            shelf,
            told: (0, 0),
        };
        if let Some(id) = without {
            other.pulled.remove(&id);
        }
        other.plan_ahead()?;
        other.advance(now_ns, &mut self.next_id);
        other.told = (other.points.len(), other.log.len());
        self.arms.push(other);
        Ok(())
    }

    /// Goes on with one arm alone.
    ///
    /// # Errors
    ///
    /// If there is no such arm.
    pub fn keep(&mut self, arm: usize) -> Result<(), Refusal> {
        self.arm(arm)?;
        let mut kept = self.arms.swap_remove(arm);
        kept.title = "as played".to_owned();
        self.arms = vec![kept];
        Ok(())
    }

    /// What was done until now, as a scenario that replays to the same history.
    ///
    /// # Errors
    ///
    /// If nothing has happened yet, or a file cannot name this instant.
    pub fn save(&self, arm: usize) -> Result<Saved, Refusal> {
        let Some(arm) = self.arms.get(arm) else {
            return refuse(format!("there is no arm {arm}"));
        };
        if self.now_ns() <= self.from_ns() {
            return refuse("no time has passed yet: there is nothing to keep");
        }
        let head = format!(
            "Played by hand. Again, to the digest {}:\n{} --scenario THIS-FILE",
            arm.digest(),
            self.opening.command
        );
        let now = arm.unix(arm.engine.now_ns());
        let text = arm.script.text_until(now, &head);
        Ok(Saved {
            text: text.map_err(|error| Refusal(error.to_string()))?,
            digest: arm.digest(),
        })
    }

    /// The scenario so far, as it stands.
    ///
    /// # Errors
    ///
    /// If a line cannot be written.
    pub fn scenario(&self) -> Result<String, Refusal> {
        self.arms[0]
            .script
            .text()
            .map_err(|error| Refusal(error.to_string()))
    }
}

/// The scenario before its time zone is known: it has no line by hand.
fn first_text(opening: &Opening) -> Result<String, Refusal> {
    let calendar = Calendar::new("UTC").map_err(|error| Refusal(error.to_string()))?;
    Script::new(opening.begin.clone(), calendar)
        .text()
        .map_err(|error| Refusal(error.to_string()))
}

/// A length in seconds, as whole milliseconds.
fn length(seconds: f64) -> Result<u64, Refusal> {
    if seconds.is_finite() && (0.001..=86_400.0 * 366.0).contains(&seconds) {
        Ok((seconds * 1e3).round() as u64 * MILLISECOND_NS as u64)
    } else {
        refuse(format!(
            "{seconds} s is no length: give a millisecond to a year"
        ))
    }
}
