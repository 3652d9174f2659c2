//! One line on stderr while it runs, on a terminal only: simulated time, events per second, time left.

use std::io::{IsTerminal, Write};
use std::time::Instant;

use worstday_report::quantity::{seconds, significant};

use crate::threads::Progress;

/// Runs that are shorter than this never show a line.
const QUIET_S: f64 = 0.4;

/// The line, and when it began.
#[derive(Debug)]
pub struct Line {
    begun: Instant,
    /// Simulated time of all histories together, ns.
    whole_ns: u128,
    shown: bool,
    terminal: bool,
}

impl Line {
    /// For so much simulated time in all.
    #[must_use]
    pub fn new(whole_ns: u128) -> Self {
        Self {
            begun: Instant::now(),
            whole_ns,
            shown: false,
            terminal: std::io::stderr().is_terminal(),
        }
    }

    /// Redraws it.
    pub fn show(&mut self, progress: Progress) {
        let elapsed = self.begun.elapsed().as_secs_f64();
        if !self.terminal || elapsed < QUIET_S {
            return;
        }
        self.shown = true;
        let mut stderr = std::io::stderr().lock();
        // A terminal that is gone is no reason to stop.
        let _ = write!(
            stderr,
            "\r\u{1b}[K{}",
            text(progress, self.whole_ns, elapsed)
        );
        let _ = stderr.flush();
    }

    /// Takes it away.
    pub fn clear(&mut self) {
        if std::mem::take(&mut self.shown) {
            eprint!("\r\u{1b}[K");
        }
    }
}

/// A line of words, on a terminal only.
#[derive(Debug)]
pub struct Note {
    begun: Instant,
    shown: bool,
    terminal: bool,
}

impl Note {
    /// Nothing shown yet.
    #[must_use]
    pub fn new() -> Self {
        Self {
            begun: Instant::now(),
            shown: false,
            terminal: std::io::stderr().is_terminal(),
        }
    }

    /// Redraws it.
    pub fn show(&mut self, text: &str) {
        if !self.terminal || self.begun.elapsed().as_secs_f64() < QUIET_S {
            return;
        }
        self.shown = true;
        let short: String = text.chars().take(79).collect();
        let mut stderr = std::io::stderr().lock();
        // A terminal that is gone is no reason to stop.
        let _ = write!(stderr, "\r\u{1b}[K{short}");
        let _ = stderr.flush();
    }

    /// Takes it away.
    pub fn clear(&mut self) {
        if std::mem::take(&mut self.shown) {
            eprint!("\r\u{1b}[K");
        }
    }
}

/// `3 of 20 histories · 2h10m of 1d simulated · 4,210,000 events/s · 12.0 s left`
fn text(progress: Progress, whole_ns: u128, elapsed: f64) -> String {
    let done = progress.simulated_ns as f64 / whole_ns.max(1) as f64;
    let left = if done > 0.0 {
        elapsed * (1.0 - done).max(0.0) / done
    } else {
        f64::INFINITY
    };
    let histories = if progress.histories == 1 {
        String::new()
    } else {
        format!(
            "{} of {} histories · ",
            progress.finished, progress.histories
        )
    };
    let left = if left.is_finite() {
        format!("{} left", seconds(left))
    } else {
        "starting".to_owned()
    };
    format!(
        "{histories}{} of {} simulated · {} events/s · {left}",
        seconds(progress.simulated_ns as f64 / 1e9),
        seconds(whole_ns as f64 / 1e9),
        significant(progress.events as f64 / elapsed.max(1e-9)),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A line that wraps would fill the screen.
    #[test]
    fn the_line_is_one_line() {
        let progress = Progress {
            finished: 3,
            histories: 20,
            simulated_ns: 7_800_000_000_000,
            events: 42_100_000,
        };
        let line = text(progress, 86_400_000_000_000, 10.0);
        assert_eq!(
            line,
            "3 of 20 histories · 2h10m of 1d simulated · 4,210,000 events/s · 1m41s left"
        );
        assert!(line.chars().count() < 80);
    }
}
