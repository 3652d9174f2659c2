//! Why a day breaks a promise, for a terminal of 80 columns.
//!
//! The story comes first, in the order in which it happened; then what it is owed to, whether it ends by itself, what people
//! can do on that day, and what would have spared it. Every share is told with what it was counted on.

pub mod document;

use worstday_search::answer::Early;
use worstday_search::explain::{Beat, Cause, Effect, Explained, Fix, Kind};

use crate::quantity::{count, percent, seconds, significant};
use crate::text::layout::{Paint, Style, wrap};
use crate::text::{Drawing, Length};

const WIDTH: usize = 80;

/// Lines of a terminal, less the prompt.
const HEIGHT: usize = 23;

/// Draws it. `next` is the command to type next.
#[must_use]
pub fn draw(explained: &Explained, id: &str, next: &str, drawing: Drawing) -> String {
    let paint = Paint(drawing.colour);
    let full = drawing.length == Length::Full;
    let mut beats = if full { usize::MAX } else { 8 };
    let mut each = if full { usize::MAX } else { 3 };
    let mut lines = all(explained, id, next, paint, (beats, each, full));
    while !full && HEIGHT < lines.len() && (3 < beats || 1 < each) {
        if 5 < beats || each == 1 {
            beats -= 1;
        } else {
            each -= 1;
        }
        lines = all(explained, id, next, paint, (beats, each, full));
    }
    let mut text = String::new();
    for line in lines {
        text.push_str(line.trim_end());
        text.push('\n');
    }
    text
}

fn all(
    explained: &Explained,
    id: &str,
    next: &str,
    paint: Paint,
    (beats, each, full): (usize, usize, bool),
) -> Vec<String> {
    let mut lines = Vec::new();
    let head = format!(
        "{} breaks on {} of {} fresh seeds of this day ({})",
        explained.promise,
        count(explained.broken),
        count(explained.trials),
        explained.must.join(", ")
    );
    lines.push(format!(
        "{}  {}",
        paint.style(id, Style::Strong),
        explained.day
    ));
    lines.extend(wrap(&head, "", "", WIDTH, if full { 4 } else { 1 }));
    if !explained.breaks {
        lines.push(format!(
            "  On seed {} it does not: the system is no longer the one it was found in.",
            explained.seed
        ));
    }
    lines.push(String::new());
    lines.push(paint.style("WHAT HAPPENED", Style::Strong));
    if explained.chain.is_empty() {
        lines.push("  Nothing strikes on this day: its load alone breaks the promise.".to_owned());
    }
    for beat in chain(&explained.chain, beats) {
        lines.extend(wrap(
            &told(beat),
            "  ",
            "           ",
            WIDTH,
            if full { 3 } else { 1 },
        ));
    }
    let left = explained.chain.len() - chain(&explained.chain, beats).len();
    if 0 < left {
        lines.push(format!("  and {left} more steps: --verbose"));
    }
    lines.push(String::new());
    lines.push(paint.style("WHY", Style::Strong));
    lines.extend(causes(explained, each, full));
    lines.extend(ends(explained, each, full));
    lines.push(String::new());
    lines.push(paint.style("WHAT WOULD SPARE IT", Style::Strong));
    lines.extend(fixes(explained, each, full));
    if let Some(early) = explained.ended {
        lines.push(format!(
            "  {} before all was answered: {}",
            match early {
                Early::Budget => "The budget was spent",
                Early::Stopped => "It was stopped",
            },
            match early {
                Early::Budget => "a larger --budget tells more",
                Early::Stopped => "what is told here holds",
            }
        ));
    }
    lines.push(String::new());
    lines.push(format!("{}   {next}", paint.style("next", Style::Strong)));
    lines
}

/// So many steps of the chain: what strikes and what broke before anything else, then the first ones.
fn chain(chain: &[Beat], most: usize) -> Vec<&Beat> {
    if chain.len() <= most {
        return chain.iter().collect();
    }
    let must = |beat: &Beat| matches!(beat.kind, Kind::Strikes | Kind::Breaks);
    let mut musts = chain
        .iter()
        .filter(|beat| must(beat))
        .count()
        .min(most.div_ceil(3));
    let mut room = most - musts;
    chain
        .iter()
        .filter(|beat| {
            let left = if must(beat) { &mut musts } else { &mut room };
            let takes = 0 < *left;
            *left = left.saturating_sub(1);
            takes
        })
        .collect()
}

/// One step, in words.
#[must_use]
pub fn told(beat: &Beat) -> String {
    let (of, usual, most) = (&beat.of, beat.usual, beat.most);
    let number = |value: f64| significant(value);
    let what = match beat.kind {
        Kind::Strikes if most == 0.0 => format!("{of} strikes"),
        Kind::Strikes => format!("{of} strikes, for {}", seconds(most)),
        Kind::Ready => format!("{of}: {} ready, not {}", replicas(most), number(usual)),
        Kind::Busy => format!(
            "{of}: up to {} workers held, not {}",
            number(most),
            number(usual)
        ),
        Kind::Queue => format!("{of}: up to {} wait, not {}", number(most), number(usual)),
        Kind::Wasted => format!(
            "{of}: up to {} of its workers' time goes into answers nobody takes, not {}",
            percent(most.min(1.0)),
            percent(usual.min(1.0))
        ),
        Kind::Refused => format!(
            "{of} turns away up to {} in a window, not {}",
            number(most),
            number(usual)
        ),
        Kind::Attempts => format!(
            "{of}: up to {} attempts per call, not {}",
            number(most),
            number(usual)
        ),
        Kind::Failing => format!(
            "{of}: {} of the calls fail, not {}",
            share(most),
            share(usual)
        ),
        Kind::Lost => format!(
            "{of}: {} of the visits are lost, not {}",
            share(most),
            share(usual)
        ),
        Kind::Breaks => format!("{of} is broken, until {}", beat.most_at),
    };
    let lasts = match (&beat.until, beat.kind, beat.outlives) {
        (_, Kind::Strikes | Kind::Breaks, _) => String::new(),
        (Some(until), _, _) => format!(", until {until}"),
        (None, _, true) => ", and so it stays".to_owned(),
        (None, _, false) => String::new(),
    };
    format!("{}  {what}{lasts}", beat.at)
}

/// Counts of one window over counts of another may be more than all.
fn share(value: f64) -> String {
    if 1.0 < value {
        "all".to_owned()
    } else {
        percent(value)
    }
}

fn replicas(value: f64) -> String {
    if value < 0.05 {
        "no replica".to_owned()
    } else {
        format!("{} replicas", significant(value))
    }
}

fn spared(cause: &Cause) -> String {
    format!(
        "{} of {} break with it, {} without ({})",
        count(cause.with),
        count(cause.trials),
        count(cause.without),
        change(cause.change.low, cause.change.high)
    )
}

/// A difference of shares, in points of percent.
fn change(low: f64, high: f64) -> String {
    let point = |value: f64| {
        let points = (value * 100.0).round();
        if points < 0.0 {
            format!("−{}", -points)
        } else {
            format!("+{points}")
        }
    };
    format!("{} to {} points", point(low), point(high))
}

fn causes(explained: &Explained, each: usize, full: bool) -> Vec<String> {
    let mut lines = Vec::new();
    for cause in explained.causes.iter().take(each) {
        let line = format!("{}: {}", cause.what, spared(cause));
        lines.extend(wrap(&line, "  ", "    ", WIDTH, 2));
    }
    if explained.causes.is_empty() && explained.causes_known && 0 < explained.trials {
        lines.push("  Nothing that was left out spares half of the days.".to_owned());
    }
    if full {
        for cause in &explained.no_causes {
            let line = format!("no cause: {}: {}", cause.what, spared(cause));
            lines.extend(wrap(&line, "  ", "    ", WIDTH, 2));
        }
    }
    lines
}

fn ends(explained: &Explained, each: usize, full: bool) -> Vec<String> {
    let Some(ends) = &explained.ends else {
        return Vec::new();
    };
    let mut lines = Vec::new();
    if 0 < ends.trials {
        let stuck = ends.trials - ends.back;
        let line = if stuck == 0 {
            format!(
                "It ends by itself: on each of {} seeds all is as before within {} of {}.",
                count(ends.trials),
                seconds(ends.within_s),
                ends.trigger_ends
            )
        } else {
            format!(
                "It does not end by itself on {} of {} seeds: not within {} of {}.",
                count(stuck),
                count(ends.trials),
                seconds(ends.within_s),
                ends.trigger_ends
            )
        };
        lines.extend(wrap(&line, "  ", "  ", WIDTH, 2));
    }
    if !explained.sustained.is_empty() {
        let settings = explained.sustained.iter().take(each.max(3)).map(|held| {
            let now = held.now.as_deref().unwrap_or("not said");
            if full {
                format!(
                    "{} {now} ({}; with {} {} of {} come back)",
                    held.path,
                    held.place,
                    held.to,
                    count(held.back),
                    count(held.trials)
                )
            } else {
                format!("{} {now} ({})", held.path, held.place)
            }
        });
        let settings: Vec<String> = settings.collect();
        let line = format!("What keeps it going: {}", settings.join("; "));
        lines.extend(wrap(&line, "  ", "    ", WIDTH, if full { 9 } else { 3 }));
    }
    for freed in explained.frees.iter().take(each.max(1)) {
        let shares = if full {
            format!(
                " ({} to {})",
                percent(freed.share.low),
                percent(freed.share.high)
            )
        } else {
            String::new()
        };
        let line = format!(
            "What frees it: {} at {}: {} of {} come back{shares}",
            freed.what,
            freed.at,
            count(freed.back),
            count(freed.trials)
        );
        lines.extend(wrap(&line, "  ", "    ", WIDTH, 2));
    }
    lines
}

fn fixes(explained: &Explained, each: usize, full: bool) -> Vec<String> {
    let mut lines = Vec::new();
    if explained.fixes.is_empty() {
        let line = if explained.broken == 0 {
            "  Nothing is needed: it broke on none of the fresh seeds.".to_owned()
        } else {
            format!(
                "  No single setting: {} of {} ways to turn one were tried.",
                count(explained.turns_tried),
                count(explained.turns)
            )
        };
        lines.push(line);
    }
    for fix in explained.fixes.iter().take(each.max(2)) {
        lines.extend(fixed(fix, full));
    }
    lines
}

fn fixed(fix: &Fix, full: bool) -> Vec<String> {
    let now = fix.now.as_deref().unwrap_or("not said");
    let cost = match (fix.per_month, fix.replicas) {
        (Some(money), _) if 0.5 < money.abs() => {
            format!(", {} a month", significant(money))
        }
        (None, more) if 0 < more => format!(", {more} more replicas"),
        _ => String::new(),
    };
    let line = format!(
        "{}: {now} → {} ({}{cost}): {} of {} break, at most {}",
        fix.path,
        fix.to,
        fix.place,
        count(fix.broken),
        count(fix.trials),
        percent(fix.at_most)
    );
    let mut line = line;
    let worse = |effect: &Effect| effect.before < effect.after;
    let told = |effect: &&Effect| {
        !full && (worse(effect) || effect.normal_day && effect.before != effect.after)
    };
    for effect in fix.promises.iter().filter(told) {
        line.push_str(&format!(
            "; {}{} {} of {}, before {}",
            if effect.normal_day {
                "on a normal day "
            } else {
                ""
            },
            effect.name,
            count(effect.after),
            count(effect.trials),
            count(effect.before)
        ));
    }
    let mut lines = wrap(&line, "  ", "    ", WIDTH, 3);
    for effect in &fix.promises {
        if full {
            let line = format!(
                "{} on {}: {} of {} break, {} before ({})",
                effect.name,
                if effect.normal_day {
                    "a normal day"
                } else {
                    "this day"
                },
                count(effect.after),
                count(effect.trials),
                count(effect.before),
                change(effect.change.low, effect.change.high)
            );
            lines.extend(wrap(&line, "    ", "    ", WIDTH, 2));
        }
    }
    lines
}
