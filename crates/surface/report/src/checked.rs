//! What `check` found, for a terminal of 80 columns.
//!
//! Verdicts first, each with the figures that carry it; then the smallest day that breaks a promise; how much more demand is
//! carried; what was searched and what was not; the next command. The short form shows at most five verdicts, broken ones
//! first, and says how many more there are.

pub mod baseline;
mod brinks;
pub mod certificate;
pub mod document;
pub mod github;
pub mod json;
pub mod junit;
pub mod map;
pub mod markdown;
pub mod plain;

use worstday_search::answer::{
    Answer, CaseAnswer, ClaimAnswer, Early, Measure, PromiseAnswer, Verdict, Weakening, Worst,
};
use worstday_stats::Interval;
use worstday_stats::interval::clopper_pearson;

use crate::quantity::{count, percent, significant};
use crate::text::layout::{Paint, Style, cell, width, wrap};
use crate::text::{Drawing, Length};

const WIDTH: usize = 80;

/// Lines of a terminal, less the prompt.
const HEIGHT: usize = 23;

/// Verdicts on a screen.
const SHOWN: usize = 5;

/// What is printed beside an answer.
#[derive(Clone, Copy, Debug)]
pub struct Told<'a> {
    /// The file that was checked, as it was given.
    pub file: &'a str,
    /// The arguments that made the model, as they may be typed again.
    pub arguments: &'a [String],
    /// Where the first day of the store lies, with the arguments: what to type next; empty if nothing is broken.
    pub next: &'a str,
}

/// How much of each part is drawn.
#[derive(Clone, Copy)]
struct Room {
    /// Everything.
    full: bool,
    /// Verdicts.
    verdicts: usize,
    /// Lines of figures below a verdict that is not `kept`.
    figures: usize,
    /// The same below one that is.
    kept: usize,
    /// Lines on how the day was made smaller.
    weakenings: usize,
    /// Promises whose break point is told.
    brinks: usize,
    /// Lines on what it is with a fault, or further up.
    with: usize,
    /// Lines on what was searched.
    searched: usize,
}

impl Room {
    /// Leaves out a line more, of what costs least to leave out; whether there was any.
    fn shrinks(&mut self) -> bool {
        let parts = [
            (&mut self.searched, 3),
            (&mut self.kept, 0),
            (&mut self.figures, 2),
            (&mut self.weakenings, 1),
            (&mut self.with, 0),
            (&mut self.brinks, 1),
        ];
        for (lines, least) in parts {
            if least < *lines {
                *lines -= 1;
                return true;
            }
        }
        for lines in [&mut self.searched, &mut self.figures, &mut self.verdicts] {
            if 1 < *lines {
                *lines -= 1;
                return true;
            }
        }
        false
    }
}

/// All parts, in their order.
fn all(answer: &Answer, told: &Told<'_>, paint: Paint, room: Room) -> Vec<String> {
    let mut lines = head(answer, paint);
    lines.extend(verdicts(answer, paint, room));
    let worst = answer
        .promises
        .iter()
        .flat_map(|promise| promise.claims.iter().map(move |claim| (promise, claim)))
        .filter_map(|(promise, claim)| Some((promise, claim.worst.as_ref()?)));
    for (promise, worst) in worst.take(if room.full { usize::MAX } else { 1 }) {
        lines.push(String::new());
        lines.extend(day(promise, worst, paint, room));
    }
    lines.extend(brinks::lines(answer, paint, room));
    lines.push(String::new());
    lines.extend(searched(answer, paint, room));
    lines.push(String::new());
    lines.push(format!(
        "{}   {}",
        paint.style("next", Style::Strong),
        if told.next.is_empty() {
            format!("worstday run {}{}", told.file, typed(told.arguments))
        } else {
            told.next.to_owned()
        }
    ));
    lines
}

/// Draws an answer: all of it, or as much as fits on a screen.
#[must_use]
pub fn draw(answer: &Answer, told: &Told<'_>, drawing: Drawing) -> String {
    let paint = Paint(drawing.colour);
    let full = drawing.length == Length::Full;
    let most = |lines: usize| if full { usize::MAX } else { lines };
    let mut room = Room {
        full,
        verdicts: most(SHOWN),
        figures: most(4),
        kept: most(2),
        weakenings: most(3),
        brinks: most(3),
        with: most(2),
        searched: most(5),
    };
    let mut lines = all(answer, told, paint, room);
    while !full && HEIGHT < lines.len() && room.shrinks() {
        lines = all(answer, told, paint, room);
    }
    let mut text = String::new();
    for line in lines {
        text.push_str(line.trim_end());
        text.push('\n');
    }
    text
}

fn typed(arguments: &[String]) -> String {
    arguments
        .iter()
        .map(|word| format!(" {}", crate::quoted(word)))
        .collect()
}

fn head(answer: &Answer, paint: Paint) -> Vec<String> {
    let name = paint.style("worstday check", Style::Strong);
    let lived = answer.days.all();
    let right = format!(
        "{} · {} · {} lived",
        answer.system,
        many(answer.promises.len() as u64, "promise"),
        many(lived, "day")
    );
    let gap = WIDTH.saturating_sub(width(&name) + right.chars().count());
    vec![
        format!("{name}{}{right}", " ".repeat(gap.max(1))),
        String::new(),
    ]
}

fn many(number: u64, what: &str) -> String {
    format!(
        "{} {what}{}",
        count(number),
        if number == 1 { "" } else { "s" }
    )
}

/// A line for each claim, broken ones first.
fn verdicts(answer: &Answer, paint: Paint, room: Room) -> Vec<String> {
    let mut claims: Vec<(&PromiseAnswer, &ClaimAnswer)> = answer
        .promises
        .iter()
        .flat_map(|promise| promise.claims.iter().map(move |claim| (promise, claim)))
        .collect();
    let rank = |verdict: Verdict| match verdict {
        Verdict::Broken => 0,
        Verdict::CantTell => 1,
        Verdict::KeptOnDisturbedDays => 2,
        Verdict::Kept => 3,
    };
    claims.sort_by_key(|(_, claim)| rank(claim.verdict));
    let shown = room.verdicts.min(claims.len());
    let mut lines = Vec::new();
    for (promise, claim) in claims.iter().take(shown) {
        let (sign, word, style) = match claim.verdict {
            Verdict::Broken => ("✗", "broken", Style::Broken),
            Verdict::CantTell => ("?", "can't tell", Style::CantTell),
            Verdict::KeptOnDisturbedDays => ("~", "kept *", Style::Kept),
            Verdict::Kept => ("✓", "kept", Style::Kept),
        };
        let what = format!("{} survives {}", promise.name, claim.text);
        lines.push(format!(
            "  {} {}",
            paint.style(&cell(&format!("{sign} {word}"), 13), style),
            what
        ));
        let indent = " ".repeat(16);
        let figures = sentences(claim)
            .into_iter()
            .flat_map(|sentence| wrap(&sentence, &indent, &indent, WIDTH, 4));
        lines.extend(figures.take(match claim.verdict {
            Verdict::Kept => room.kept,
            _ => room.figures,
        }));
        if room.full {
            for case in &claim.cases {
                lines.push(format!("                  {}", case_line(case)));
            }
        }
    }
    let left = claims.len().saturating_sub(shown);
    if 0 < left {
        lines.push(format!(
            "                and {}: --verbose",
            many(left as u64, "more verdict")
        ));
    }
    if claims
        .iter()
        .any(|(_, claim)| claim.verdict == Verdict::KeptOnDisturbedDays)
    {
        lines.push(
            "  * on days on which something strikes; quiet days are not excluded far enough"
                .to_owned(),
        );
    }
    lines
}

/// The figures of a verdict.
fn sentences(claim: &ClaimAnswer) -> Vec<String> {
    let mut all = Vec::new();
    if let Some(rate) = &claim.rate {
        let of = match claim.verdict {
            Verdict::Kept => &rate.all,
            Verdict::Broken => &rate.all,
            Verdict::KeptOnDisturbedDays | Verdict::CantTell => &rate.disturbed,
        };
        all.push(match claim.verdict {
            Verdict::Broken => format!(
                "broken days come {} or more often{}",
                how_often(of.low),
                rate.estimate.map_or(String::new(), |best| format!(
                    " (best estimate {})",
                    how_often(best)
                ))
            ),
            Verdict::Kept => format!("broken days come {} or less often", how_often(of.high)),
            Verdict::KeptOnDisturbedDays | Verdict::CantTell => format!(
                "disturbed days break it {}; quiet days: not excluded beyond once in {}",
                between(of),
                period(1.0 / rate.quiet_not_beyond.max(1e-9) * 365.25)
            ),
        });
        for guess in &rate.guessed {
            if !guess.flips {
                all.push(format!(
                    "the rate of {} is a guess ({}); a factor 3 up or down changes nothing",
                    guess.name, guess.place
                ));
            }
        }
    } else if let Some(worst) = claim
        .cases
        .iter()
        .find(|case| case.verdict == claim.verdict)
        .or_else(|| claim.cases.first())
    {
        all.push(case_line(worst));
        let others = claim.cases.len() - 1;
        if 0 < others && claim.verdict == Verdict::Kept {
            all.push(format!("and {} alike", many(others as u64, "other case")));
        }
    }
    if !claim.why.is_empty() {
        all.push(claim.why.clone());
    }
    if let Some(windows) = &claim.windows {
        let mut sentence = format!(
            "{} of the windows of quiet days break `{}`",
            percent(windows.breaking),
            windows.condition
        );
        if windows.by_chance {
            sentence.push_str(&format!(
                ": windows of {} requests, not the load, break it; whole days keep it",
                significant(windows.requests)
            ));
        }
        all.push(sentence);
    }
    all.extend(claim.measure.iter().flat_map(measure));
    all
}

/// What would settle the verdict, and what it is over all ranges.
fn measure(measure: &Measure) -> Vec<String> {
    let worth = measure.inputs.iter().filter(|input| 0.0 < input.gain);
    let mut lines: Vec<String> = worth
        .take(3)
        .map(|input| {
            format!(
                "measure next: {}, {} to {} ({})",
                input.path, input.low, input.high, input.place
            )
        })
        .collect();
    lines.push(format!(
        "over the ranges of what nobody knows exactly {} of {} draws break it",
        count(measure.broken),
        count(measure.draws)
    ));
    lines
}

fn case_line(case: &CaseAnswer) -> String {
    format!(
        "{}: {} of {} broke it ({}), at {}",
        case.name,
        count(case.broken),
        many(case.trials, "fresh day"),
        shares(&case.share),
        case.at
    )
}

fn shares(share: &Interval) -> String {
    format!("{}–{}", percent(share.low), percent(share.high))
}

/// `once in 318 days`, `12 times a year`.
fn how_often(per_year: f64) -> String {
    if per_year <= 0.0 {
        return "never".to_owned();
    }
    if 365.25 <= per_year * 1.000_001 {
        return "every day".to_owned();
    }
    format!("once in {}", period(per_year))
}

/// The time between, in days or years.
fn period(per_year: f64) -> String {
    let days = 365.25 / per_year;
    if !days.is_finite() {
        return "ever".to_owned();
    }
    if days < 730.0 {
        format!("{} days", significant(days))
    } else {
        format!("{} years", significant(days / 365.25))
    }
}

/// Between two frequencies, given in days per year.
#[must_use]
pub fn between(rate: &Interval) -> String {
    if rate.low <= 0.0 {
        format!("{} or less often", how_often(rate.high))
    } else {
        format!("{} to {}", how_often(rate.high), how_often(rate.low))
    }
}

/// The day that breaks a promise.
fn day(promise: &PromiseAnswer, worst: &Worst, paint: Paint, room: Room) -> Vec<String> {
    let often = worst.per_year.map_or(String::new(), |rate| {
        format!(" · days of this kind break it {}", between(&rate))
    });
    let name = worst.id.as_deref().unwrap_or("");
    let title = format!("A DAY THAT BREAKS IT  {name}");
    let mut lines = vec![paint.style(title.trim_end(), Style::Strong)];
    lines.extend(wrap(
        &format!(
            "{}: {}; {} of the days of this kind break {}{often}",
            worst.day,
            worst.kind,
            shares(&worst.share),
            promise.name
        ),
        "  ",
        "  ",
        WIDTH,
        3,
    ));
    for line in worst.happens.iter().take(4) {
        lines.push(format!("    {line}"));
    }
    if 4 < worst.happens.len() {
        lines.push(format!("    and {} more", worst.happens.len() - 4));
    }
    if !worst.weakenings.is_empty() {
        let needed: Vec<&Weakening> = worst
            .weakenings
            .iter()
            .filter(|row| row.separated)
            .collect();
        let open = worst.weakenings.len() - needed.len();
        let mut sentence = format!(
            "It breaks on {} of {} fresh seeds ({}).",
            count(worst.broken),
            count(worst.trials),
            shares(&clopper_pearson(worst.broken, worst.trials, 0.95))
        );
        if !needed.is_empty() {
            let told = needed
                .iter()
                .map(|row| format!("{}: {}", row.what, count(row.broken)));
            sentence.push_str(&format!(" {}.", told.collect::<Vec<_>>().join("; ")));
        }
        if 0 < open {
            sentence.push_str(&format!(
                " {} could not be told apart from it.",
                many(open as u64, "weaker day")
            ));
        }
        lines.extend(wrap(&sentence, "  ", "  ", WIDTH, room.weakenings));
        if room.full {
            for row in worst.weakenings.iter().filter(|row| !row.separated) {
                lines.push(format!(
                    "    not told apart: {}: {}",
                    row.what,
                    count(row.broken)
                ));
            }
        }
    }
    lines
}

/// What was searched, and what was not.
fn searched(answer: &Answer, paint: Paint, room: Room) -> Vec<String> {
    let mut lines = vec![paint.style("SEARCHED", Style::Strong)];
    let confirmed: u64 = answer.strata.iter().map(|stratum| stratum.confirmed).sum();
    let without: f64 = answer
        .strata
        .iter()
        .filter(|stratum| stratum.confirmed == 0)
        .map(|stratum| stratum.rate)
        .sum();
    let mut sentence = format!(
        "{} of a year of {}: {} to search, {} fresh to confirm.",
        many(answer.strata.len() as u64, "kind"),
        many(answer.dates, "date"),
        many(answer.days.hunted, "day"),
        count(answer.days.confirmed)
    );
    if 0 < confirmed && 0.0 < without {
        sentence.push_str(&format!(
            " Kinds that come {} a year were not confirmed and count as broken.",
            significant(without)
        ));
    }
    sentence.push_str(&format!(
        " Faults are independent of each other but for those declared together. All verdicts together hold with {}.",
        percent(answer.confidence)
    ));
    if !answer.of_unknown_rate.is_empty() {
        sentence.push_str(&format!(
            " Of unknown rate, left out of return periods: {}.",
            answer.of_unknown_rate.join(", ")
        ));
    }
    match answer.ended {
        Some(Early::Budget) => sentence.push_str(" The budget was spent before all was decided."),
        Some(Early::Stopped) => sentence.push_str(" It was stopped before all was decided."),
        None => {}
    }
    lines.extend(wrap(&sentence, "  ", "  ", WIDTH, room.searched));
    if room.full {
        lines.push(format!(
            "  {}{}{}{}",
            cell("kind", 34),
            cell("a year", 12),
            cell("confirmed", 12),
            "broken"
        ));
        for stratum in &answer.strata {
            let broken: Vec<String> = stratum.broken.iter().map(|n| count(*n)).collect();
            lines.push(format!(
                "  {}{}{}{}",
                cell(&stratum.name, 34),
                cell(&significant(stratum.rate), 12),
                cell(&count(stratum.confirmed), 12),
                broken.join(", ")
            ));
        }
    }
    lines
}
