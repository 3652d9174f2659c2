//! The page of `check`: verdicts, the worst day played on the drawn system, how much more is carried, and the small print.
//!
//! Figures are those of the JSON ([`CheckReport`]); words come from `report`; the day is drawn as a run's page draws one,
//! from where counting starts until some time after it was back to normal, while what is said of it is said of all of it.

use serde::Serialize;
use worstday_model::system::System;
use worstday_report::checked::certificate;
use worstday_report::checked::document::{
    Case, CheckReport, ClaimVerdict, Day, Factor, PromiseVerdict, Verdict,
};
use worstday_report::checked::plain::{self, Happens, RateWords, Story};
use worstday_report::clock::Clock;
use worstday_report::quantity::{count, percent, plain as number, significant};
use worstday_search::answer::Answer;
use worstday_stats::interval::clopper_pearson;

use crate::Told;
use crate::clock::LocalClock;
use crate::day::day;
use crate::island::{self, Run};
use crate::load_map::{Map, drawn_map};
use crate::{shell, tiles};

/// What a page of `check` is made of.
#[derive(Clone, Copy, Debug)]
pub struct CheckPage<'a> {
    /// What was found, as JSON says it.
    pub report: &'a CheckReport,
    /// The same with what only pages say.
    pub answer: &'a Answer,
    /// The system.
    pub system: &'a System,
    /// Its file, as it was given.
    pub file: &'a str,
    /// The tool and its version.
    pub tool: &'a str,
    /// The seed of the search.
    pub seed: u64,
    /// What to type to get this page again.
    pub command: &'a str,
    /// The worst day, lived once more.
    pub lived: Option<Lived<'a>>,
}

/// The worst day, lived once more.
#[derive(Clone, Copy, Debug)]
pub struct Lived<'a> {
    /// The promise that it breaks, by its place in the report.
    pub promise: usize,
    /// The entry of its `survives`.
    pub claim: usize,
    /// All of it.
    pub whole: Told<'a>,
    /// All demand times that.
    pub demand: f64,
    /// As much of it as is drawn.
    pub drawn: Told<'a>,
    /// What to type to live it again; empty if it was not kept.
    pub command: &'a str,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Island {
    tool: String,
    system: String,
    file: String,
    command: String,
    verdict: Verdict,
    sentence: String,
    counts: String,
    claims: Vec<Claim>,
    lived: Option<LivedDay>,
    brinks: Vec<Brink>,
    map: Option<Map>,
    certificate: Certificate,
    manager: Manager,
}

/// An entry of `survives`.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Claim {
    promise: String,
    must: Vec<String>,
    says: Vec<String>,
    day: String,
    place: Option<String>,
    verdict: Verdict,
    known: bool,
    because: Vec<String>,
    rate: Option<RateBar>,
    cases: Vec<CaseRow>,
    cases_left_out: u64,
    /// The share of a named day's tries that may break it.
    at_risk: f64,
    /// The name of the day that breaks it, if one is kept.
    worst: Option<String>,
}

/// Broken days a year, between two ends; no upper end if it is missing.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct RateBar {
    at_most: f64,
    all: (f64, Option<f64>),
    disturbed: (f64, Option<f64>),
    estimate: Option<f64>,
    words: Words,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Words {
    allowed: String,
    all: String,
    disturbed: String,
    estimate: Option<String>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct CaseRow {
    name: String,
    at: String,
    broken: u64,
    trials: u64,
    low: f64,
    high: f64,
    share: String,
    verdict: Verdict,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct LivedDay {
    promise: String,
    claim: String,
    id: Option<String>,
    kind: String,
    date: String,
    happens: Vec<String>,
    /// `0.9 times today's demand`, if that is not 1.
    demand: Option<String>,
    seed: String,
    /// Three sentences.
    story: [String; 3],
    /// `54 of 100 fresh seeds (43.7 %–64.0 %)`; empty if it was not tried again.
    breaks: String,
    /// How often days of its kind come and break it.
    returns: Option<String>,
    share: String,
    weakenings: Vec<WeakeningRow>,
    command: String,
    clock: LocalClock,
    currency: Option<String>,
    /// What is drawn of it, if that is not all.
    drawn: Option<String>,
    run: Run,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct WeakeningRow {
    what: String,
    broken: u64,
    trials: u64,
    low: f64,
    high: f64,
    share: String,
    needed: bool,
}

/// How a share grows with demand.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Brink {
    /// `break-point` or `hidden-capacity`.
    kind: &'static str,
    promise: String,
    words: String,
    on: String,
    factor: Option<f64>,
    low: f64,
    high: Option<f64>,
    /// The share that may break.
    at_risk: f64,
    at_risk_words: String,
    per_second: Option<f64>,
    points: Vec<Point>,
    /// Where it holds again above.
    again: Vec<String>,
    /// The break point with each thing that strikes: name, words.
    with: Vec<(String, String)>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Point {
    factor: f64,
    days: u64,
    broken: u64,
    share: f64,
    low: f64,
    high: f64,
    words: String,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Certificate {
    facts: Vec<(String, String)>,
    independence: &'static str,
    promises: Vec<String>,
    kinds: Vec<KindRow>,
    not_searched: Vec<String>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct KindRow {
    name: String,
    per_year: String,
    hunted: u64,
    confirmed: u64,
    broken: Vec<u64>,
}

/// The sheet for who decides.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Manager {
    lines: Vec<ManagerLine>,
    left: String,
    day: Option<[String; 3]>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct ManagerLine {
    promise: String,
    says: String,
    verdict: Verdict,
    text: String,
}

/// Verdicts on the sheet: so many fit, with a day below them.
const LINES: usize = 10;

/// The page as HTML.
#[must_use]
pub fn check(page: &CheckPage<'_>) -> String {
    let report = page.report;
    let lived = page.lived.and_then(|lived| lived_day(page, &lived));
    let island = Island {
        tool: page.tool.to_owned(),
        system: report.system.clone(),
        file: page.file.to_owned(),
        command: page.command.to_owned(),
        verdict: report.verdict,
        sentence: plain::headline(report),
        counts: report.in_a_line(),
        claims: claims(page),
        brinks: brinks(page),
        map: report.map.as_ref().and_then(drawn_map),
        certificate: Certificate {
            facts: certificate::facts(report, page.file, page.tool, page.seed),
            independence: certificate::INDEPENDENCE,
            promises: names(report),
            kinds: report
                .searched
                .kinds
                .iter()
                .map(|kind| KindRow {
                    name: kind.name.clone(),
                    per_year: significant(kind.per_year),
                    hunted: kind.hunted,
                    confirmed: kind.confirmed,
                    broken: kind.broken.clone(),
                })
                .collect(),
            not_searched: certificate::not_searched(report, page.system.promises.len()),
        },
        manager: manager(page, lived.as_ref()),
        lived,
    };
    let title = format!("worstday check · {}", report.system);
    shell::checked(&title, &island.sentence, &island)
}

fn names(report: &CheckReport) -> Vec<String> {
    let all = report.promises.iter();
    all.map(|promise| promise.name.clone()).collect()
}

/// The share of the days of a condition that may break a promise.
fn at_risk(system: &System, promise: &PromiseVerdict) -> f64 {
    let mut all = system.promises.iter();
    let found = all.find(|row| row.name == promise.name);
    found.map_or(0.05, |row| row.at_risk)
}

/// What a promise says, in plain words.
fn says(system: &System, promise: &PromiseVerdict) -> Vec<String> {
    let mut all = system.promises.iter();
    let found = all.find(|row| row.name == promise.name);
    found.map_or_else(Vec::new, |row| plain::promised(system, row))
}

fn claims(page: &CheckPage<'_>) -> Vec<Claim> {
    let all = page.report.claims();
    all.map(|(promise, claim)| Claim {
        promise: promise.name.clone(),
        must: promise.must.clone(),
        says: says(page.system, promise),
        day: claim.day.clone(),
        place: (claim.place.as_ref().or(promise.place.as_ref()))
            .map(|place| format!("{}:{}", place.file, place.line)),
        verdict: claim.verdict,
        known: claim.known,
        because: claim.because.clone(),
        rate: rate(claim),
        cases: claim.cases.iter().map(case).collect(),
        cases_left_out: claim.cases_left_out,
        at_risk: at_risk(page.system, promise),
        worst: claim.worst_day.as_ref().and_then(|day| day.id.clone()),
    })
    .collect()
}

fn rate(claim: &ClaimVerdict) -> Option<RateBar> {
    let rate = claim.rate.as_ref()?;
    let RateWords {
        allowed,
        all,
        disturbed,
        estimate,
    } = plain::rate(claim, rate);
    Some(RateBar {
        at_most: rate.at_most,
        all: (rate.all.low, rate.all.high),
        disturbed: (rate.disturbed.low, rate.disturbed.high),
        estimate: rate.estimate,
        words: Words {
            allowed,
            all,
            disturbed,
            estimate,
        },
    })
}

fn case(case: &Case) -> CaseRow {
    CaseRow {
        name: case.name.clone(),
        at: case.at.clone(),
        broken: case.broken,
        trials: case.trials,
        low: case.share.low,
        high: case.share.high.unwrap_or(1.0),
        share: plain::shares(&case.share),
        verdict: case.verdict,
    }
}

fn lived_day(page: &CheckPage<'_>, lived: &Lived<'_>) -> Option<LivedDay> {
    let promise = page.report.promises.get(lived.promise)?;
    let claim = promise.survives.get(lived.claim)?;
    let worst = claim.worst_day.as_ref()?;
    let (whole, drawn) = (&lived.whole, &lived.drawn);
    let row = drawn.outcome;
    let clock = Clock::new(drawn.system, drawn.day, row);
    // What is told is told of the whole day, what is drawn of its beginning.
    let part = island::run("asked", drawn, row);
    let run = Run {
        day: day(drawn, row),
        drawing: part.drawing,
        services: part.services,
        topics: part.topics,
        ..island::run("asked", whole, whole.outcome)
    };
    let (all, shown) = (whole.report.day.length, drawn.report.day.length);
    Some(LivedDay {
        promise: promise.name.clone(),
        claim: claim.day.clone(),
        id: worst.id.clone(),
        kind: worst.kind.clone(),
        date: worst.date.clone(),
        happens: worst.happens.clone(),
        demand: (lived.demand != 1.0).then(|| {
            format!(
                "{} times today's",
                number((lived.demand * 1e6).round() / 1e6)
            )
        }),
        seed: worst.seed.clone(),
        story: story(page, promise, worst, lived, &clock, &run.sentence),
        breaks: match worst.trials {
            0 => String::new(),
            trials => format!(
                "{} of {} fresh seeds ({})",
                count(worst.broken),
                count(trials),
                tried(worst.broken, trials).2
            ),
        },
        returns: plain::returns(worst),
        share: plain::shares(&worst.share),
        weakenings: worst
            .weakenings
            .iter()
            .map(|row| {
                let (low, high, share) = tried(row.broken, row.trials);
                WeakeningRow {
                    what: row.what.clone(),
                    broken: row.broken,
                    trials: row.trials,
                    low,
                    high,
                    share,
                    needed: row.needed,
                }
            })
            .collect(),
        command: lived.command.to_owned(),
        clock: LocalClock::new(&clock, row.start_unix_ns, row.warm_up_ns, row.end_ns),
        currency: whole.report.system.currency.clone(),
        drawn: (shown + 1.0 < all).then(|| {
            let said = worstday_report::quantity::seconds;
            format!(
                "Drawn are its first {} of {}; what is said above is said of all of it.",
                said(shown),
                said(all)
            )
        }),
        run,
    })
}

/// The exact interval of a share, and in words.
fn tried(broken: u64, trials: u64) -> (f64, f64, String) {
    let share = clopper_pearson(broken, trials, 0.95);
    let words = format!("{}–{}", percent(share.low), percent(share.high));
    (share.low, share.high, words)
}

fn story(
    page: &CheckPage<'_>,
    promise: &PromiseVerdict,
    worst: &Day,
    lived: &Lived<'_>,
    clock: &Clock,
    felt: &str,
) -> [String; 3] {
    let (row, length) = (lived.drawn.outcome, lived.whole.report.day.length);
    let happened: Vec<_> = lived.whole.report.histories[0]
        .happened
        .iter()
        .filter(|what| what.what == "fault" || what.what == "event")
        .filter(|what| 0.0 <= what.from && what.from < length)
        .collect();
    let at_ns = |from: f64| row.warm_up_ns + (from * 1e9) as u64;
    let happens: Vec<Happens> = happened
        .iter()
        .map(|what| Happens {
            name: what.name.clone(),
            detail: if what.what == "fault" {
                whom(lived.whole.system, &what.detail)
            } else {
                String::new()
            },
            strikes: what.what == "fault",
            at: if clock.counts_from_start() {
                format!("after {}", worstday_report::quantity::seconds(what.from))
            } else {
                format!("at {}", clock.moment(at_ns(what.from)))
            },
            lasts: what.until.map(|until| until - what.from),
        })
        .collect();
    let date = happened.first().and_then(|what| {
        let at = clock.date_time(at_ns(what.from));
        at.split('T').next()?.parse().ok()
    });
    let recovery = lived.whole.report.recovery.as_ref().map(tiles::recovered);
    let kinds = page.report.searched.kinds.iter();
    plain::story(&Story {
        day: worst,
        date,
        promise: &promise.name,
        demand: lived.demand,
        happens: &happens,
        felt,
        recovery: recovery.as_deref(),
        kind_per_year: kinds
            .filter(|kind| kind.name == worst.kind)
            .map(|kind| kind.per_year)
            .next(),
    })
}

/// `pos vanishes` of `pos/0 vanishes`: the only replica of a service is the service.
fn whom(system: &System, detail: &str) -> String {
    let only = |name: &str| {
        let mut all = system.services.iter();
        all.any(|service| service.name == name && service.replicas == 1)
    };
    match detail.split_once("/0 ") {
        Some((name, rest)) if only(name) => format!("{name} {rest}"),
        _ => detail.to_owned(),
    }
}

fn brinks(page: &CheckPage<'_>) -> Vec<Brink> {
    let mut all = Vec::new();
    for (promise, answer) in page.report.promises.iter().zip(&page.answer.promises) {
        let at_risk = at_risk(page.system, promise);
        let mut add = |kind, factor: &Option<Factor>, per_second, at_risk: f64| {
            let Some(factor) = factor else { return };
            all.push(Brink {
                kind,
                promise: promise.name.clone(),
                words: match kind {
                    "break-point" => plain::carries(factor),
                    _ => plain::heals(factor),
                },
                on: factor.on.clone(),
                factor: factor.factor,
                low: factor.range.low,
                high: factor.range.high,
                at_risk,
                at_risk_words: format!("{} %", number((at_risk * 1e8).round() / 1e6)),
                per_second,
                points: factor.tested.iter().map(point).collect(),
                again: plain::again(factor),
                with: if kind == "break-point" {
                    with_faults(promise)
                } else {
                    Vec::new()
                },
            });
        };
        let unit = |brink: &Option<worstday_search::answer::Brink>| {
            brink.as_ref().and_then(|brink| brink.unit_per_second)
        };
        add(
            "break-point",
            &promise.break_point,
            unit(&answer.break_point),
            at_risk,
        );
        add(
            "hidden-capacity",
            &promise.hidden_capacity,
            unit(&answer.hidden_capacity),
            0.05,
        );
    }
    all
}

/// The break point with each thing that strikes, the one that leaves least room first.
fn with_faults(promise: &PromiseVerdict) -> Vec<(String, String)> {
    let least = |factor: &Option<Factor>| match factor {
        Some(factor) => factor.factor.unwrap_or(factor.range.low),
        None => f64::INFINITY,
    };
    let mut all: Vec<_> = promise.break_points_with.iter().collect();
    all.sort_by(|a, b| least(&a.break_point).total_cmp(&least(&b.break_point)));
    all.iter()
        .map(|with| {
            let words = match &with.break_point {
                Some(factor) => plain::carries(factor),
                None => "not looked for".to_owned(),
            };
            (with.name.clone(), words)
        })
        .collect()
}

fn point(tested: &worstday_report::checked::document::Tested) -> Point {
    let (low, high, words) = tried(tested.broken, tested.days);
    Point {
        factor: tested.factor,
        days: tested.days,
        broken: tested.broken,
        share: tested.broken as f64 / tested.days.max(1) as f64,
        low,
        high,
        words,
    }
}

fn manager(page: &CheckPage<'_>, lived: Option<&LivedDay>) -> Manager {
    let mut rows: Vec<(&PromiseVerdict, &ClaimVerdict)> = page.report.claims().collect();
    rows.sort_by_key(|(_, claim)| std::cmp::Reverse(claim.verdict));
    let left = rows.len().saturating_sub(LINES);
    Manager {
        lines: rows
            .iter()
            .take(LINES)
            .map(|(promise, claim)| ManagerLine {
                promise: promise.name.clone(),
                says: says(page.system, promise).join("; "),
                verdict: claim.verdict,
                text: plain::verdict(claim),
            })
            .collect(),
        left: match left {
            0 => String::new(),
            1 => "One more is not on this page.".to_owned(),
            more => format!("{more} more are not on this page."),
        },
        day: lived.map(|lived| lived.story.clone()),
    }
}
