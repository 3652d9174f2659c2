//! How much more demand is carried: alone, with each single fault, and where it is carried again above.

use worstday_search::answer::{Answer, Brink, BrinkWith, PromiseAnswer};

use super::{Room, WIDTH};
use crate::quantity::{plain, significant};
use crate::text::layout::{Paint, Style, cell, wrap};

/// All lines, with a title if there are any.
pub(super) fn lines(answer: &Answer, paint: Paint, room: Room) -> Vec<String> {
    let mut lines = Vec::new();
    for promise in answer.promises.iter().take(room.brinks) {
        if promise.break_point.is_some() || !promise.break_points_with.is_empty() {
            if lines.is_empty() {
                lines.push(String::new());
                lines
                    .push(paint.style("BREAK POINT  as a factor of today's demand", Style::Strong));
            }
            let alone = promise.break_point.as_ref();
            let alone = alone.map_or("not looked for".to_owned(), factor);
            lines.push(format!("  {}{alone}", cell(&promise.name, 20)));
            let below = below(promise, room.full);
            let below = below
                .iter()
                .flat_map(|sentence| wrap(sentence, "    ", "      ", WIDTH, 3));
            lines.extend(below.take(room.with));
        }
        if let Some(hidden) = &promise.hidden_capacity {
            lines.extend(wrap(&healing(hidden), "  ", "    ", WIDTH, 3));
        }
    }
    lines
}

/// What stands below the break point of a promise: where it holds again, and what it is with a fault.
fn below(promise: &PromiseAnswer, full: bool) -> Vec<String> {
    let mut all: Vec<String> = promise.break_point.iter().flat_map(again).collect();
    let found = |with: &BrinkWith| Some((with.name.clone(), with.brink.clone()?));
    let mut known: Vec<(String, Brink)> =
        promise.break_points_with.iter().filter_map(found).collect();
    // The one that leaves least room first.
    known.sort_by(|a, b| least(&a.1).total_cmp(&least(&b.1)));
    let shown = if full { known.len() } else { 1 };
    for (name, brink) in known.iter().take(shown) {
        all.push(format!("with {name}: {}", factor(brink)));
        if full {
            all.extend(again(brink).map(|sentence| format!("with {name} it {sentence}")));
        }
    }
    let unknown: Vec<&str> = promise
        .break_points_with
        .iter()
        .filter(|with| with.brink.is_none())
        .map(|with| with.name.as_str())
        .collect();
    let others = known.len().saturating_sub(shown);
    let mut rest = Vec::new();
    if 0 < others {
        rest.push(format!("with {others} more, no less: --verbose"));
    }
    if !unknown.is_empty() {
        let names = if full || unknown.len() <= 3 {
            unknown.join(", ")
        } else {
            format!("{} and {} more", unknown[0], unknown.len() - 1)
        };
        rest.push(format!("not looked for: with {names}"));
    }
    if !rest.is_empty() {
        all.push(rest.join("; "));
    }
    all
}

/// Where a promise surely holds again.
fn again(brink: &Brink) -> impl Iterator<Item = String> + '_ {
    brink.again.iter().map(|again| {
        if again.factors == 1 {
            format!("holds again at {}x", significant(again.from))
        } else {
            format!(
                "holds again from {}x to {}x, at {} factors tried",
                significant(again.from),
                significant(again.to),
                again.factors
            )
        }
    })
}

/// The best estimate, or what stands for it.
fn least(brink: &Brink) -> f64 {
    brink.factor.unwrap_or(brink.low)
}

fn healing(hidden: &Brink) -> String {
    match (hidden.factor, hidden.unit_per_second) {
        (Some(most), Some(unit)) => format!(
            "heals by itself up to {}x ({}{}): {} of {}",
            significant(most),
            significant(hidden.low),
            hidden.high.map_or(" or more".to_owned(), |high| format!(
                "–{}",
                significant(high)
            )),
            significant(most * unit),
            hidden.on
        ),
        _ => format!("does not heal by itself at any load tried: {}", hidden.on),
    }
}

/// A break point in words.
pub(super) fn factor(brink: &Brink) -> String {
    let on = &brink.on;
    match (brink.factor, brink.high) {
        (Some(most), None) if brink.low == most => {
            format!("no break up to {}x on {on}", plain(most))
        }
        (Some(factor), Some(high)) => format!(
            "{}x ({}–{}) on {on}",
            significant(factor),
            significant(brink.low),
            significant(high)
        ),
        (None, Some(high)) => format!("less than {}x on {on}", significant(high)),
        (_, None) => format!("at least {}x, on {on}", significant(brink.low)),
    }
}
