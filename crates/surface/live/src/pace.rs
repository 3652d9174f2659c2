//! How fast the day goes by: the thread that owns the session.
//!
//! About twenty times a second it goes on by as much as the speed asks for, works for at most [`WORK`] at that, and tells
//! the watchers. What it cannot do in that time it does not owe: it says that it is behind, and the day goes by more slowly.
//! Time stands still while nobody watches.
//!
//! Orders come in through a channel and are done between two stretches, so that the session is never shared. A watcher who
//! does not read fast enough misses frames and holds nobody up: when there is room again, everything is told anew.

use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::time::{Duration, Instant};

use bytes::Bytes;
use serde_json::{Value, json};
use tokio::sync::{mpsc, oneshot};

use crate::session::{MOMENT_NS, Refusal, Session};
use crate::tell::{Drive, News, Teller};

/// From one frame to the next.
const FRAME: Duration = Duration::from_millis(50);
/// Work between two frames.
pub const WORK: Duration = Duration::from_millis(30);
/// How often a thread with nothing to do looks whether it should end.
const IDLE: Duration = Duration::from_millis(100);
/// A silent stream says that it is alive.
const ALIVE: Duration = Duration::from_secs(10);
/// Watchers at once.
const WATCHERS: usize = 16;
/// What a watcher may leave unread.
pub const UNREAD: usize = 8;
/// Frames in time until it is not behind any more.
const CAUGHT_UP: u32 = 10;

/// Where scenarios are kept.
pub trait Keeper: Send {
    /// Keeps a text under a name that nothing has, and says which.
    ///
    /// # Errors
    ///
    /// Why it cannot, in words.
    fn keep(&mut self, text: &str) -> Result<String, String>;
}

/// Something to be done.
#[derive(Debug)]
pub enum Ask {
    /// Stand still or go on, faster or slower.
    Pace {
        /// Stand still.
        paused: Option<bool>,
        /// Simulated seconds per second.
        speed: Option<f64>,
    },
    /// Go on by so many seconds, as fast as can be, while it stands still.
    Step(f64),
    /// Step back to so many seconds after counting began.
    Back(f64),
    /// Pull a lever.
    Pull {
        /// In which arm.
        arm: usize,
        /// Which.
        lever: String,
        /// For so many seconds.
        lasts: Option<f64>,
        /// Its number.
        size: Option<f64>,
    },
    /// Break a part.
    Break {
        /// In which arm.
        arm: usize,
        /// How.
        kind: String,
        /// Which.
        part: String,
        /// For so many seconds.
        lasts: Option<f64>,
        /// How much.
        size: Option<f64>,
    },
    /// End what was done.
    Release {
        /// In which arm.
        arm: usize,
        /// Its entry.
        done: u32,
    },
    /// A second arm.
    Fork(Option<u32>),
    /// One arm again.
    Keep(usize),
    /// Keep what was done as a file.
    Save(usize),
    /// The scenario so far.
    Scenario,
    /// Somebody watches.
    Watch(mpsc::Sender<Bytes>),
}

/// What came of it.
pub type Answer = Result<Value, Refusal>;

/// Something to be done, and where to say what came of it.
#[derive(Debug)]
pub struct Order {
    /// What.
    pub ask: Ask,
    /// Where to.
    pub answer: oneshot::Sender<Answer>,
}

struct Watcher {
    to: mpsc::Sender<Bytes>,
    /// Missed something.
    lost: bool,
}

/// What is kept of a session that has ended: a file, and its digest.
pub type Kept = Vec<(String, String)>;

struct Pilot<'a> {
    session: Session,
    teller: Teller,
    keeper: &'a mut dyn Keeper,
    drive: Drive,
    watchers: Vec<Watcher>,
    /// Where a step ends, ns.
    goal_ns: Option<u64>,
    /// Part of a nanosecond that is owed.
    owed_ns: f64,
    in_time: u32,
    stretch_ns: u64,
    told: Instant,
    kept: Kept,
}

/// Drives a session until somebody stops it or nobody can ask any more. Says what was kept.
pub fn drive(
    session: Session,
    keeper: &mut dyn Keeper,
    orders: &Receiver<Order>,
    stop: &dyn Fn() -> bool,
) -> Kept {
    let speed = (session.cut.window_s() / 5.0).clamp(10.0, 60.0);
    let mut pilot = Pilot {
        teller: Teller::new(&session),
        session,
        keeper,
        drive: Drive {
            paused: false,
            speed,
            behind: false,
            watchers: 0,
        },
        watchers: Vec::new(),
        goal_ns: None,
        owed_ns: 0.0,
        in_time: CAUGHT_UP,
        stretch_ns: 10_000_000,
        told: Instant::now(),
        kept: Vec::new(),
    };
    let mut last = Instant::now();
    while !stop() {
        let moves = pilot.moves();
        let wait = if moves {
            FRAME.saturating_sub(last.elapsed())
        } else {
            IDLE
        };
        match orders.recv_timeout(wait) {
            Ok(order) => {
                pilot.done(order);
                while let Ok(order) = orders.try_recv() {
                    pilot.done(order);
                }
                pilot.tell();
                if !moves {
                    last = Instant::now();
                }
                continue;
            }
            Err(RecvTimeoutError::Disconnected) => break,
            Err(RecvTimeoutError::Timeout) => {}
        }
        if moves {
            let passed = last.elapsed();
            last = Instant::now();
            pilot.go_on(passed);
            pilot.tell();
        } else {
            last = Instant::now();
            pilot.stay_alive();
        }
    }
    pilot.kept
}

impl Pilot<'_> {
    fn moves(&self) -> bool {
        let over = self.session.is_over();
        let watched = !self.watchers.is_empty() && !self.drive.paused;
        !over && (self.goal_ns.is_some() || watched)
    }

    /// Goes on by what has passed on the wall clock, or as far as the work allows.
    fn go_on(&mut self, passed: Duration) {
        let begun = Instant::now();
        let now_ns = self.session.now_ns();
        // Whoever was away (a laptop that slept) does not want all of it at once.
        let passed = passed.min(4 * FRAME);
        let target_ns = match self.goal_ns {
            Some(goal) => goal,
            None => {
                let wanted = passed.as_secs_f64() * 1e9 * self.drive.speed + self.owed_ns;
                let whole = (wanted / 1e6).floor() * 1e6;
                self.owed_ns = wanted - whole;
                now_ns + whole as u64
            }
        };
        self.session.moment_ns = MOMENT_NS.max((self.drive.speed * 1e9) as u64);
        let target_ns = target_ns.min(self.session.until_ns());
        while self.session.now_ns() < target_ns && !self.session.is_over() && begun.elapsed() < WORK
        {
            let stretch = Instant::now();
            let until = self
                .session
                .now_ns()
                .saturating_add(self.stretch_ns)
                .min(target_ns);
            self.session.advance(until);
            let took = stretch.elapsed();
            if took < WORK / 8 {
                self.stretch_ns = self.stretch_ns.saturating_mul(2);
            } else if WORK / 3 < took {
                self.stretch_ns = (self.stretch_ns / 2).max(1_000_000);
            }
        }
        let there = target_ns <= self.session.now_ns() || self.session.is_over();
        if self.goal_ns.is_some() {
            if there {
                self.goal_ns = None;
            }
            return;
        }
        self.in_time = if there {
            self.in_time.saturating_add(1)
        } else {
            0
        };
        self.drive.behind = self.in_time < CAUGHT_UP;
    }

    /// Does what is asked for, and says what came of it.
    fn done(&mut self, order: Order) {
        let answer = self.answer(order.ask);
        // Whoever asked may have gone.
        let _ = order.answer.send(answer);
    }

    fn answer(&mut self, ask: Ask) -> Answer {
        let nothing = || json!({});
        match ask {
            Ask::Pace { paused, speed } => {
                if let Some(speed) = speed {
                    if !(1.0..=3600.0).contains(&speed) {
                        return Err(Refusal(format!("a speed is from 1 to 3600, not {speed}")));
                    }
                    self.drive.speed = speed;
                    (self.drive.behind, self.in_time) = (false, CAUGHT_UP);
                }
                if let Some(paused) = paused {
                    self.drive.paused = paused;
                    self.owed_ns = 0.0;
                }
                Ok(nothing())
            }
            Ask::Step(seconds) => {
                if !(seconds > 0.0 && seconds <= 86_400.0) {
                    return Err(Refusal("a step is up to a day".to_owned()));
                }
                let ahead = (seconds * 1e9) as u64;
                let goal = self.session.now_ns().saturating_add(ahead);
                self.goal_ns = Some(goal.min(self.session.until_ns()));
                Ok(nothing())
            }
            Ask::Back(to) => {
                let to = self.instant(to)?;
                self.goal_ns = None;
                self.session.back(to)?;
                self.begin_anew();
                Ok(nothing())
            }
            Ask::Pull {
                arm,
                lever,
                lasts,
                size,
            } => {
                let id = self.session.pull(arm, &lever, lasts, size)?;
                Ok(json!({"id": id}))
            }
            Ask::Break {
                arm,
                kind,
                part,
                lasts,
                size,
            } => {
                let id = self.session.break_part(arm, &kind, &part, lasts, size)?;
                Ok(json!({"id": id}))
            }
            Ask::Release { arm, done } => {
                self.session.release(arm, done)?;
                Ok(nothing())
            }
            Ask::Fork(without) => {
                self.session.fork(without)?;
                self.begin_anew();
                Ok(nothing())
            }
            Ask::Keep(arm) => {
                self.session.keep(arm)?;
                self.begin_anew();
                Ok(nothing())
            }
            Ask::Save(arm) => {
                let saved = self.session.save(arm)?;
                let file = self.keeper.keep(&saved.text).map_err(Refusal)?;
                let command = format!("{} --scenario {file}", self.session.opening.command);
                self.kept.push((file.clone(), command.clone()));
                Ok(
                    json!({"file": file, "command": command, "digest": saved.digest, "text": saved.text}),
                )
            }
            Ask::Scenario => Ok(Value::String(self.session.scenario()?)),
            Ask::Watch(to) => {
                self.watchers.retain(|watcher| !watcher.to.is_closed());
                if WATCHERS <= self.watchers.len() {
                    return Err(Refusal(format!("{WATCHERS} watch already")));
                }
                // The others are told first what the newcomer's `hello` holds.
                self.tell();
                self.watchers.push(Watcher { to, lost: true });
                self.drive.watchers = self.watchers.len();
                Ok(nothing())
            }
        }
    }

    fn instant(&self, t: f64) -> Result<u64, Refusal> {
        if !(0.0..=1e9).contains(&t) {
            return Err(Refusal(format!("{t} s is no moment of this day")));
        }
        Ok(self.session.from_ns() + (t * 1e9).round() as u64)
    }

    /// Everybody is told everything: the past has changed.
    fn begin_anew(&mut self) {
        let version = self.teller.version + 1;
        self.teller = Teller::new(&self.session);
        self.teller.version = version;
        for arm in &mut self.session.arms {
            arm.told = (arm.points.len(), arm.log.len());
        }
        for watcher in &mut self.watchers {
            watcher.lost = true;
        }
    }

    /// Tells everybody what is new; those who missed something, everything.
    fn tell(&mut self) {
        self.watchers.retain(|watcher| !watcher.to.is_closed());
        self.drive.watchers = self.watchers.len();
        if self.watchers.is_empty() {
            return;
        }
        self.told = Instant::now();
        let frame = self.teller.frame(&mut self.session, self.drive, News::All);
        let frame = event("frame", &frame);
        for watcher in self.watchers.iter_mut().filter(|watcher| !watcher.lost) {
            watcher.lost = watcher.to.try_send(frame.clone()).is_err();
        }
        let has_room =
            |watcher: &Watcher| watcher.lost && watcher.to.capacity() == watcher.to.max_capacity();
        if self.watchers.iter().any(has_room) {
            let hello = event("hello", &self.teller.hello(&self.session));
            let frame = self.teller.frame(&mut self.session, self.drive, News::None);
            let frame = event("frame", &frame);
            for watcher in self.watchers.iter_mut().filter(|watcher| has_room(watcher)) {
                let told = [&hello, &frame].map(|text| watcher.to.try_send(text.clone()));
                watcher.lost = told.iter().any(Result::is_err);
            }
        }
    }

    /// A stream that nothing happens on says so now and then; those who missed something are told when they have room.
    fn stay_alive(&mut self) {
        self.watchers.retain(|watcher| !watcher.to.is_closed());
        let gone = self.drive.watchers != self.watchers.len();
        if gone || self.watchers.iter().any(|watcher| watcher.lost) {
            self.tell();
        } else if ALIVE <= self.told.elapsed() {
            self.told = Instant::now();
            for watcher in &mut self.watchers {
                // Whoever has not read the last ones is not waiting for this one.
                let _ = watcher.to.try_send(Bytes::from_static(b": alive\n\n"));
            }
        }
    }
}

fn event(name: &str, data: &Value) -> Bytes {
    // JSON in one line: a line break inside a text is written as `\n`.
    Bytes::from(format!("event: {name}\ndata: {data}\n\n"))
}
