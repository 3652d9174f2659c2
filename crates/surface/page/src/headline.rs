//! How the day went, in one sentence that can be read aloud: who went without, and what that cost.
//!
//! People are counted as long as a listener can picture the number, and become a share beyond that.

use worstday_report::Report;
use worstday_report::document::{ClientReport, Counts};
use worstday_report::quantity::{Unit, count, percent, quantity, seconds};

/// Up to so many visits are counted; of more a share is said.
const PICTURED: u64 = 2_000;
/// Clients that are named.
const NAMED: usize = 2;

/// The sentence.
pub(crate) fn headline(report: &Report) -> String {
    let mut losers: Vec<&ClientReport> = report
        .clients
        .iter()
        .filter(|client| lost(client.visits) > 0)
        .collect();
    if losers.is_empty() {
        // Nobody came, nobody was done, or everybody was answered: there is nobody to name.
        return report.sentence.clone();
    }
    losers.sort_by(|a, b| share(b.visits).total_cmp(&share(a.visits)));
    let mut who: Vec<String> = losers.iter().take(NAMED).map(|one| of(one)).collect();
    let others = losers.len() - who.len();
    if others > 0 {
        let rest: u64 = losers[NAMED..].iter().map(|one| lost(one.visits)).sum();
        let clients = if others == 1 { "client" } else { "clients" };
        who.push(format!(
            "{} visits of {others} other {clients}",
            count(rest)
        ));
    }
    format!("{} {}{}.", listed(&who), how(&losers), and(report))
}

fn lost(visits: Counts) -> u64 {
    visits.failed + visits.shed + visits.abandoned
}

fn ended(visits: Counts) -> u64 {
    lost(visits) + visits.ok + visits.degraded + visits.declined
}

fn share(visits: Counts) -> f64 {
    lost(visits) as f64 / ended(visits).max(1) as f64
}

/// `8 of 30 commuters`, `4.2 % of 65,000 visits of readers`.
fn of(client: &ClientReport) -> String {
    let (lost, ended) = (lost(client.visits), ended(client.visits));
    let share = share(client.visits);
    let part = if ended <= PICTURED || share < 0.001 {
        count(lost)
    } else {
        percent(share)
    };
    let all = count(ended);
    // A name in the plural is that of people, any other that of something that asks; beyond what one pictures the same
    // people come again.
    if ended <= PICTURED && client.name.ends_with('s') && !client.name.ends_with("ss") {
        format!("{part} of {all} {}", client.name)
    } else {
        format!("{part} of {all} visits of `{}`", client.name)
    }
}

/// `a`, `a and b`, `a, b and c`.
fn listed(parts: &[String]) -> String {
    match parts {
        [] => String::new(),
        [one] => one.clone(),
        [first @ .., last] => format!("{} and {last}", first.join(", ")),
    }
}

/// What became of them, if of all the same.
fn how(losers: &[&ClientReport]) -> &'static str {
    let sum = |of: fn(Counts) -> u64| losers.iter().map(|one| of(one.visits)).sum::<u64>();
    let one = losers.len() == 1 && lost(losers[0].visits) == 1;
    match (
        sum(|visits| visits.failed),
        sum(|visits| visits.shed),
        sum(|visits| visits.abandoned),
    ) {
        (0, 0, _) => "gave up waiting",
        (0, _, 0) if one => "was turned away",
        (0, _, 0) => "were turned away",
        (_, 0, 0) => "got an error",
        _ => "got no answer",
    }
}

/// What that was worth, what is due for it, and how long the others waited where nearly all had an answer.
fn and(report: &Report) -> String {
    let currency = report
        .system
        .currency
        .as_ref()
        // An amount and its currency stay on one line.
        .map_or_else(String::new, |code| format!("\u{a0}{code}"));
    let worth: f64 = report
        .clients
        .iter()
        .filter_map(|client| client.money_lost.as_ref()?.value)
        .sum();
    let due = report
        .money
        .as_ref()
        .and_then(|money| money.penalties.value)
        .unwrap_or(0.0);
    let mean = if report.day.seeds.len() > 1 {
        " on average"
    } else {
        ""
    };
    let mut text = String::new();
    if worth > 0.0 {
        text.push_str(&format!(
            ", worth {}{currency}{mean}",
            quantity(worth, Unit::Money)
        ));
    }
    if due > 0.0 {
        text.push_str(&format!(
            "{} {}{currency} of penalties are due{mean}",
            if worth > 0.0 { ", and" } else { ";" },
            quantity(due, Unit::Money)
        ));
    }
    let p99 = |client: &ClientReport| {
        let of = client.of_sent.iter().find(|p| p.percentile == 99.0)?;
        of.time.value
    };
    if let [client] = report.clients.as_slice()
        && let Some(p99) = p99(client).filter(|p99| p99.is_finite())
    {
        text.push_str(&format!("; 99 of 100 were done within {}", seconds(p99)));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn people_are_listed_as_one_says_it() {
        let words = |parts: &[&str]| {
            let parts: Vec<String> = parts.iter().map(|part| (*part).to_owned()).collect();
            listed(&parts)
        };
        assert_eq!(words(&["a"]), "a");
        assert_eq!(words(&["a", "b"]), "a and b");
        assert_eq!(words(&["a", "b", "c"]), "a, b and c");
    }

    #[test]
    fn shares_are_of_those_that_ended() {
        let visits = Counts {
            arrived: 40,
            ok: 20,
            declined: 2,
            abandoned: 7,
            failed: 1,
            inside: 10,
            ..Counts::default()
        };
        assert_eq!((lost(visits), ended(visits)), (8, 30));
        assert!((share(visits) - 8.0 / 30.0).abs() < 1e-12);
        assert_eq!(share(Counts::default()), 0.0);
    }
}
