//! Where single visits spent their time.
//!
//! A followed visit becomes rows for drawing, parents before children, and an account: every instant of the visit is
//! booked once, on whatever the visit was waiting for at the bottom. Work that nobody waited for is drawn and
//! not booked.

use std::collections::BTreeMap;

use serde::Serialize;
use worstday_report::quantity::{percent, seconds};
use worstday_sim::Ending;
use worstday_sim::trace::{Lane, LaneKind, Spent, Trace, Which};

use crate::Told;

/// A visit as it is drawn.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Waterfall {
    pub client: String,
    /// `typical`, `slow`, `slowest`, `lost`.
    pub which: &'static str,
    /// When it came, s from where counting starts.
    pub from: f64,
    /// How long it lasted, s.
    pub length: f64,
    pub took: String,
    pub ending: &'static str,
    pub lanes: Vec<Row>,
    pub left_out: usize,
    pub account: Vec<Booked>,
}

/// An attempt.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Row {
    pub depth: usize,
    pub label: String,
    /// Which attempt, from 1; 0 for what is none.
    pub attempt: u32,
    /// s from the visit's arrival.
    pub from: f64,
    pub until: f64,
    /// How it ended for its caller.
    pub result: &'static str,
    /// Whether its caller had left before it ended.
    pub late: bool,
    /// Its stretches: what, from, until.
    pub spans: Vec<(&'static str, f64, f64)>,
}

/// A part of the visit's time.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Booked {
    pub what: &'static str,
    pub text: String,
    pub share: f64,
    pub took: String,
}

/// The visits of a run.
pub(crate) fn waterfalls(told: &Told<'_>) -> Vec<Waterfall> {
    let traces = told.traces.iter();
    traces
        .map(|trace| waterfall(trace, told.outcome.warm_up_ns, told.outcome.end_ns))
        .collect()
}

fn word(ending: Ending) -> &'static str {
    match ending {
        Ending::Ok => "answered",
        Ending::Degraded => "answered in part",
        Ending::Declined => "declined",
        Ending::Error => "error",
        Ending::Rejected => "turned away",
        Ending::Refused => "refused",
        Ending::Timeout => "timed out",
        Ending::Dropped => "given up",
    }
}

fn waterfall(trace: &Trace, start_ns: u64, end_ns: u64) -> Waterfall {
    let until_ns = trace.until_ns.unwrap_or(end_ns);
    let length_ns = until_ns.saturating_sub(trace.from_ns);
    let mut rows = Vec::new();
    rows_of(trace, 0, 0, end_ns, &mut rows);
    Waterfall {
        client: trace.chosen.client.clone(),
        which: match trace.chosen.which {
            Which::Typical => "typical",
            Which::Slow => "slow",
            Which::Slowest => "slowest",
            Which::Lost => "lost",
        },
        from: (trace.from_ns as f64 - start_ns as f64) / 1e9,
        length: length_ns as f64 / 1e9,
        took: seconds(length_ns as f64 / 1e9),
        ending: trace.ending.map_or("still inside", word),
        lanes: rows,
        left_out: trace.left_out,
        account: account(trace, until_ns),
    }
}

/// The lane and all below it.
fn rows_of(trace: &Trace, at: usize, depth: usize, end_ns: u64, rows: &mut Vec<Row>) {
    let lane = &trace.lanes[at];
    let since = |ns: u64| (ns as f64 - trace.from_ns as f64) / 1e9;
    let until_ns = lane.spans.last().map_or(lane.from_ns, |span| span.until_ns);
    let late = match (lane.result, lane.until_ns) {
        (Some((_, at_ns)), Some(until_ns)) => at_ns < until_ns,
        (Some((_, at_ns)), None) => at_ns < end_ns,
        (None, _) => false,
    };
    rows.push(Row {
        depth,
        label: label(trace, lane),
        attempt: if lane.kind == LaneKind::Attempt {
            lane.attempt
        } else {
            0
        },
        from: since(lane.from_ns),
        until: since(until_ns),
        result: match (lane.result, lane.ending) {
            (Some((ending, _)), _) => word(ending),
            (None, Some(ending)) => word(ending),
            (None, None) => "still inside",
        },
        late,
        spans: lane
            .spans
            .iter()
            .map(|span| {
                // What lies behind the caller's leaving is cut there by the script, by `late`.
                (kind(span.spent), since(span.from_ns), since(span.until_ns))
            })
            .chain(
                lane.result
                    .filter(|_| late)
                    .map(|(_, at_ns)| ("left", since(at_ns), since(at_ns))),
            )
            .collect(),
    });
    for (child, lane) in trace.lanes.iter().enumerate() {
        if lane.parent == Some(at) {
            rows_of(trace, child, depth + 1, end_ns, rows);
        }
    }
}

fn label(trace: &Trace, lane: &Lane) -> String {
    match (lane.kind, &lane.endpoint, &lane.call) {
        (LaneKind::Visit, ..) => trace.chosen.client.clone(),
        (LaneKind::Branch, ..) => "branch".to_owned(),
        (LaneKind::Attempt, Some(endpoint), _) => endpoint.clone(),
        // It never reached anybody: the call's name says where it was sent.
        (LaneKind::Attempt, None, Some(call)) => called(call),
        (LaneKind::Attempt, None, None) => "request".to_owned(),
    }
}

/// `payment.charge` of `checkout.place -> payment.charge#retry`
fn called(call: &str) -> String {
    let target = call.rsplit(" -> ").next().unwrap_or(call);
    target.split('#').next().unwrap_or(target).to_owned()
}

fn kind(spent: Spent) -> &'static str {
    match spent {
        Spent::Travel => "travel",
        Spent::Line => "line",
        Spent::Work => "work",
        Spent::Wait => "wait",
        Spent::Permit => "permit",
        Spent::BackOff => "back-off",
        Spent::Call(_) => "call",
        Spent::Branches => "branches",
        Spent::Held => "held",
    }
}

/// Every instant of the visit, booked once, longest first.
fn account(trace: &Trace, until_ns: u64) -> Vec<Booked> {
    let mut books = Books {
        trace,
        sums: BTreeMap::new(),
    };
    books.book(0, trace.from_ns, until_ns);
    let whole = until_ns.saturating_sub(trace.from_ns).max(1) as f64;
    let mut rows: Vec<((&'static str, String), u64)> = books.sums.into_iter().collect();
    rows.sort_by(|a, b| b.1.cmp(&a.1).then(a.0.cmp(&b.0)));
    rows.into_iter()
        .map(|((what, place), ns)| Booked {
            what,
            text: match what {
                "line" => format!("in line at `{place}`"),
                "work" => format!("being worked on at `{place}`"),
                "wait" => format!("waiting, as described, at `{place}`"),
                "permit" => format!("waiting for a permit at `{place}`"),
                "back-off" => format!("`{place}` pausing before it asks again"),
                "travel" => format!("on the way to or from `{place}`"),
                "silence" => format!("waiting for `{place}`, which never answered"),
                _ => format!("standing still at `{place}`"),
            },
            share: ns as f64 / whole,
            took: format!(
                "{}, {}",
                seconds(ns as f64 / 1e9),
                percent(ns as f64 / whole)
            ),
        })
        .collect()
}

struct Books<'a> {
    trace: &'a Trace,
    sums: BTreeMap<(&'static str, String), u64>,
}

impl Books<'_> {
    fn add(&mut self, what: &'static str, place: &str, from_ns: u64, until_ns: u64) {
        if from_ns < until_ns {
            *self.sums.entry((what, place.to_owned())).or_default() += until_ns - from_ns;
        }
    }

    /// Books what a lane did between two instants, down to whom it waited for.
    fn book(&mut self, at: usize, from_ns: u64, until_ns: u64) {
        let trace = self.trace;
        let lane = &trace.lanes[at];
        let place = self.place(at);
        let mut covered_ns = from_ns;
        for span in &lane.spans {
            let (a, b) = (span.from_ns.max(from_ns), span.until_ns.min(until_ns));
            if b <= a {
                continue;
            }
            covered_ns = b;
            match span.spent {
                Spent::Call(child) => self.book(child, a, b),
                Spent::Branches => {
                    // The branch that ended last is the one that was waited for.
                    let last = trace
                        .lanes
                        .iter()
                        .enumerate()
                        .filter(|(_, one)| {
                            one.parent == Some(at)
                                && one.kind == LaneKind::Branch
                                && (span.from_ns..=b).contains(&one.from_ns)
                        })
                        .max_by_key(|(_, one)| one.until_ns.unwrap_or(u64::MAX).min(b));
                    match last {
                        Some((branch, _)) => self.book(branch, a, b),
                        None => self.add("held", &place, a, b),
                    }
                }
                other => self.add(kind(other), &place, a, b),
            }
        }
        // Its caller waited on, and there was nobody.
        self.add("silence", &place, covered_ns, until_ns);
    }

    /// The endpoint that a lane is at, or the client.
    fn place(&self, at: usize) -> String {
        let lane = &self.trace.lanes[at];
        match (lane.kind, lane.parent) {
            (LaneKind::Branch, Some(parent)) => self.place(parent),
            _ => label(self.trace, lane),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use worstday_sim::trace::{Chosen, Span};

    fn lane(kind: LaneKind, parent: Option<usize>, spans: &[(Spent, u64, u64)]) -> Lane {
        Lane {
            kind,
            parent,
            call: parent.map(|_| "users -> shop.buy".to_owned()),
            attempt: 1,
            endpoint: None,
            replica: None,
            from_ns: spans.first().map_or(0, |span| span.1),
            until_ns: None,
            ending: None,
            result: None,
            spans: spans
                .iter()
                .map(|&(spent, from, until)| Span {
                    spent,
                    from_ns: from * 1_000_000_000,
                    until_ns: until * 1_000_000_000,
                })
                .collect(),
        }
    }

    /// The account must add up to the visit, whatever was going on elsewhere for it: here a request that nobody
    /// answered for 3 s, a pause of 1 s, and a second one that waited 4 s in line and was worked on for 2 s, while
    /// the first was worked on in vain.
    #[test]
    fn every_second_is_booked_once() {
        let mut late = lane(
            LaneKind::Attempt,
            Some(0),
            &[(Spent::Line, 0, 5), (Spent::Work, 5, 9)],
        );
        late.result = Some((Ending::Timeout, 3_000_000_000));
        let trace = Trace {
            chosen: Chosen {
                client: "users".to_owned(),
                visit: 1,
                which: Which::Slowest,
            },
            from_ns: 0,
            until_ns: Some(10_000_000_000),
            ending: Some(Ending::Ok),
            lanes: vec![
                lane(
                    LaneKind::Visit,
                    None,
                    &[
                        (Spent::Call(1), 0, 3),
                        (Spent::BackOff, 3, 4),
                        (Spent::Call(2), 4, 10),
                    ],
                ),
                late,
                lane(
                    LaneKind::Attempt,
                    Some(0),
                    &[(Spent::Line, 4, 8), (Spent::Work, 8, 10)],
                ),
            ],
            left_out: 0,
        };
        let drawn = waterfall(&trace, 0, 20_000_000_000);
        let booked: Vec<(&str, &str)> = drawn
            .account
            .iter()
            .map(|one| (one.text.as_str(), one.took.as_str()))
            .collect();
        assert_eq!(
            booked,
            [
                ("in line at `shop.buy`", "7.00 s, 70.0 %"),
                ("being worked on at `shop.buy`", "2.00 s, 20.0 %"),
                ("`users` pausing before it asks again", "1.00 s, 10.0 %"),
            ]
        );
        assert!(drawn.lanes[1].late && !drawn.lanes[2].late);
        assert_eq!(drawn.lanes[1].result, "timed out");
    }
}
