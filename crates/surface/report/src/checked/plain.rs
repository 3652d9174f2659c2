//! What `check` found, in words without jargon: for who decides, and has a minute.
//!
//! Conditions, verdicts and the worst day become sentences that can be read aloud; the figures in them are those of the document.

use jiff::civil::Date;
use worstday_model::system::{Compare, Condition, Metric, OfAnswered, Promise, Subject, System};
use worstday_stats::Interval;

use super::document::{
    CheckReport, ClaimVerdict, Day, Factor, PromiseVerdict, Range, Rate, Verdict,
};
use crate::quantity::{Unit, count, percent, plain, quantity, seconds, significant};

const SECOND_NS: u64 = 1_000_000_000;
const DAY_NS: u64 = 86_400 * SECOND_NS;

/// All verdicts in one sentence.
#[must_use]
pub fn headline(report: &CheckReport) -> String {
    let worst = |promise: &PromiseVerdict| {
        let claims = promise.survives.iter().map(|claim| claim.verdict);
        claims.max().unwrap_or(Verdict::Kept)
    };
    let all = report.promises.len();
    let of = |verdict: Verdict| {
        let alike = report.promises.iter().filter(|row| worst(row) == verdict);
        alike
            .map(|row| format!("`{}`", row.name))
            .collect::<Vec<_>>()
    };
    let broken = of(Verdict::Broken);
    let open = of(Verdict::CantTell);
    let disturbed = of(Verdict::KeptOnDisturbedDays);
    let some = |names: &[String]| match names.len() {
        n if n == all && all == 1 => format!("The promise {}", names[0]),
        n if n == all => format!("All {all} promises"),
        1 => format!("The promise {}", names[0]),
        n => format!("{n} of {all} promises"),
    };
    let (is, are) = ("is", "are");
    let verb = |names: &[String]| if names.len() == 1 { is } else { are };
    if !broken.is_empty() {
        return format!("{} {} broken.", some(&broken), verb(&broken));
    }
    if !open.is_empty() {
        return format!(
            "Nobody can tell yet whether {} {} kept.",
            lower(&some(&open)),
            verb(&open)
        );
    }
    if !disturbed.is_empty() {
        return format!(
            "{} {} kept on days on which something strikes; of quiet days too few were lived.",
            some(&disturbed),
            verb(&disturbed)
        );
    }
    match all {
        0 => "Nothing is promised.".to_owned(),
        1 => "The promise is kept.".to_owned(),
        2 => "Both promises are kept.".to_owned(),
        _ => format!("All {all} promises are kept."),
    }
}

fn lower(text: &str) -> String {
    let mut letters = text.chars();
    let first = letters.next().map(|c| c.to_lowercase().to_string());
    first.unwrap_or_default() + letters.as_str()
}

/// A length of time as it is spoken: `15 minutes`, `a day`.
fn spoken(ns: u64) -> String {
    for (unit, one, name) in [
        (DAY_NS, "day", "days"),
        (3_600 * SECOND_NS, "hour", "hours"),
        (60 * SECOND_NS, "minute", "minutes"),
        (SECOND_NS, "second", "seconds"),
    ] {
        if unit <= ns && ns.is_multiple_of(unit) {
            return match ns / unit {
                1 => one.to_owned(),
                number => format!("{} {name}", count(number)),
            };
        }
    }
    seconds(ns as f64 / 1e9)
}

/// A limit on a time: `10 minutes`, `one day`.
fn within(ns: f64) -> String {
    let said = spoken(ns.max(0.0) as u64);
    if said.starts_with(|c: char| c.is_ascii_digit()) {
        said
    } else {
        format!("one {said}")
    }
}

/// What a promise promises, a sentence for each condition; what has no plain words is said as it was written.
#[must_use]
pub fn promised(system: &System, promise: &Promise) -> Vec<String> {
    let who: Vec<String> = promise
        .subjects
        .iter()
        .map(|subject| name(system, *subject))
        .collect();
    let who = if who.is_empty() {
        "all".to_owned()
    } else {
        listed(&who)
    };
    let all = promise.must.iter();
    all.map(|must| {
        condition(must, &who, system.currency.as_deref())
            .unwrap_or_else(|| format!("`{}` for {who}", must.text))
    })
    .collect()
}

/// How the subject is called.
fn name(system: &System, subject: Subject) -> String {
    match subject {
        Subject::Client(id) => format!("`{}`", system.clients[id.index()].name),
        Subject::Service(id) => format!("requests to `{}`", system.services[id.index()].name),
        Subject::Endpoint(id) => {
            let endpoint = &system.endpoints[id.index()];
            let service = &system.services[endpoint.service.index()].name;
            format!("requests to `{service}.{}`", endpoint.name)
        }
        Subject::Call(id) => format!("calls `{}`", system.calls[id.index()].name),
        Subject::Topic(id) => format!("messages of `{}`", system.topics[id.index()].name),
    }
}

/// `half`, `95 of 100`, `999 of 1,000`.
fn of_all(quantile: f64) -> String {
    if (quantile - 0.5).abs() < 1e-9 {
        return "half".to_owned();
    }
    for all in [100_u64, 1_000, 10_000, 100_000] {
        let part = quantile * all as f64;
        if (part - part.round()).abs() < 1e-6 {
            return format!("{} of {}", count(part.round() as u64), count(all));
        }
    }
    percent(quantile)
}

fn condition(must: &Condition, who: &str, currency: Option<&str>) -> Option<String> {
    let over = if must.over_ns == 0 {
        String::new()
    } else {
        format!(", every {}", spoken(must.over_ns))
    };
    let below = matches!(must.op, Compare::Less | Compare::AtMost);
    let fewer = |what: &str| {
        below.then(|| {
            if must.value == 0.0 || (must.value * 1e6).round() == 0.0 {
                format!("none of {who} {what}{over}")
            } else {
                format!("fewer than {} of {who} {what}{over}", share(must.value))
            }
        })
    };
    let who_answered = if must.of_answered == OfAnswered::Yes {
        format!("{who} that are answered")
    } else {
        who.to_owned()
    };
    match must.metric {
        Metric::Percentile(q) if below => Some(format!(
            "{} of {who_answered} have their answer within {}{over}",
            of_all(q),
            within(must.value)
        )),
        Metric::Mean if below => Some(format!(
            "{who_answered} have their answer within {} on average{over}",
            within(must.value)
        )),
        Metric::Failed => fewer("get an error"),
        Metric::Errors => fewer("get an error or are turned away"),
        Metric::Shed => fewer("are turned away"),
        Metric::Abandoned => fewer("give up waiting"),
        Metric::Lost => fewer("go without an answer"),
        Metric::Degraded => fewer("get only a part of an answer"),
        Metric::Expired => fewer("expire while they wait"),
        Metric::Availability if !below => Some(format!(
            "at least {} of {who} are answered{over}",
            share(must.value)
        )),
        Metric::Recovers if below && must.value < DAY_NS as f64 * 3_650.0 => Some(format!(
            "whatever disturbs them, {who} are served as before within {} of its end",
            within(must.value)
        )),
        Metric::Recovers if below => Some(format!(
            "whatever disturbs them, {who} are served as before some time after its end"
        )),
        Metric::MoneyLost if below => Some(format!(
            "{who} who go without an answer would have been worth less than {} {}{over}",
            quantity(must.value, Unit::Money),
            currency.unwrap_or_default()
        )),
        Metric::Age if below => Some(format!(
            "none of {who} waits longer than {}",
            within(must.value)
        )),
        Metric::Drains if below => Some(format!(
            "what has piled up of {who} is worked off within {}",
            within(must.value)
        )),
        _ => None,
    }
}

/// `20 %`, not `20.0 %`: a limit is as round as it was written.
fn share(value: f64) -> String {
    format!("{} %", (value * 100.0 * 1e6).round() / 1e6)
}

/// `once in 6 months` of `1 in 6 months`; the day that is named, of any other entry of `survives`.
#[must_use]
pub fn allowed(claim: &ClaimVerdict) -> String {
    match claim.day.strip_prefix("1 in ") {
        Some(time) => format!("once in {time}"),
        None => claim.day.clone(),
    }
}

/// A verdict in a sentence.
#[must_use]
pub fn verdict(claim: &ClaimVerdict) -> String {
    if let Some(rate) = &claim.rate {
        let allowed = allowed(claim);
        return match claim.verdict {
            Verdict::Broken => format!(
                "Days that break it come {} or more often; {allowed} is allowed.",
                super::how_often(rate.all.low)
            ),
            Verdict::Kept => format!(
                "Days that break it come {} at most; {allowed} is allowed.",
                often(rate.all.high)
            ),
            Verdict::KeptOnDisturbedDays => format!(
                "Days on which something goes wrong break it {} at most; {allowed} is allowed. Too few ordinary days were tried to say the same of them.",
                often(rate.disturbed.high)
            ),
            Verdict::CantTell => format!(
                "What was tried does not tell yet whether it breaks more often than {allowed}."
            ),
        };
    }
    let of = claim
        .cases
        .iter()
        .find(|case| case.verdict == claim.verdict)
        .or_else(|| claim.cases.first());
    let day = if claim.day == "a normal day" {
        "on a normal day".to_owned()
    } else {
        format!("on a day with {}", claim.day)
    };
    let Some(case) = of else {
        return format!("What was tried does not tell yet what becomes of it {day}.");
    };
    let tried = format!(
        "{} of {} tries broke it",
        count(case.broken),
        count(case.trials)
    );
    match claim.verdict {
        Verdict::Broken => format!("It does not hold {day}: {tried}."),
        Verdict::Kept | Verdict::KeptOnDisturbedDays => format!("It holds {day}: {tried}."),
        Verdict::CantTell => format!("Whether it holds {day} is not known yet: {tried}."),
    }
}

fn often(high: Option<f64>) -> String {
    high.map_or_else(|| "at any rate".to_owned(), super::how_often)
}

/// The ends of a rate in words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RateWords {
    /// `once in 6 months`.
    pub allowed: String,
    /// All days together.
    pub all: String,
    /// Days on which something strikes.
    pub disturbed: String,
    /// The best estimate, if there is one.
    pub estimate: Option<String>,
}

/// A rate in words.
#[must_use]
pub fn rate(claim: &ClaimVerdict, rate: &Rate) -> RateWords {
    RateWords {
        allowed: allowed(claim),
        all: super::between(&interval(&rate.all)),
        disturbed: super::between(&interval(&rate.disturbed)),
        estimate: rate.estimate.map(super::how_often),
    }
}

/// A range with or without an upper end.
#[must_use]
pub fn interval(range: &Range) -> Interval {
    Interval {
        low: range.low,
        high: range.high.unwrap_or(f64::INFINITY),
    }
}

/// The share that breaks, in words: `43.7 %–64.0 %`.
#[must_use]
pub fn shares(range: &Range) -> String {
    super::shares(&interval(range))
}

/// How often days of its kind come and break the promise; none for a day that is named.
#[must_use]
pub fn returns(day: &Day) -> Option<String> {
    let per_year = day.per_year.as_ref()?;
    Some(super::between(&interval(per_year)))
}

/// How much more demand is carried: `1.14x (1.00–1.22)`.
#[must_use]
pub fn carries(factor: &Factor) -> String {
    match (factor.factor, factor.range.high) {
        (Some(most), None) if factor.range.low == most => {
            format!("no break up to {}x", plain(most))
        }
        (Some(most), Some(high)) => format!(
            "{}x ({}–{})",
            significant(most),
            significant(factor.range.low),
            significant(high)
        ),
        (None, Some(high)) => format!("less than {}x", significant(high)),
        (_, None) => format!("at least {}x", significant(factor.range.low)),
    }
}

/// Where it holds again above its break point, a sentence for each stretch.
#[must_use]
pub fn again(factor: &Factor) -> Vec<String> {
    let all = factor.again.iter();
    all.map(|again| match again.factors {
        1 => format!("It holds again at {}x.", significant(again.from)),
        tried => format!(
            "It holds again from {}x to {}x, at {} factors tried.",
            significant(again.from),
            significant(again.to),
            count(tried)
        ),
    })
    .collect()
}

/// Up to which load it heals by itself: `heals by itself up to 1.8x (1.7–1.9)`.
#[must_use]
pub fn heals(factor: &Factor) -> String {
    match factor.factor {
        None => "does not heal by itself at any load tried".to_owned(),
        Some(most) => format!(
            "heals by itself up to {}x ({}{})",
            significant(most),
            significant(factor.range.low),
            factor
                .range
                .high
                .map_or(" or more".to_owned(), |high| format!(
                    "–{}",
                    significant(high)
                ))
        ),
    }
}

/// Something that happens on the worst day.
#[derive(Clone, Debug, PartialEq)]
pub struct Happens {
    /// Its name.
    pub name: String,
    /// What a fault does: `pos vanishes`; empty for what is no fault.
    pub detail: String,
    /// Whether it is a fault, which strikes; else it comes.
    pub strikes: bool,
    /// When, in words: `at 08:30`, `after 10m`.
    pub at: String,
    /// How long, s, if that is known.
    pub lasts: Option<f64>,
}

/// What a story is told of.
#[derive(Clone, Copy, Debug)]
pub struct Story<'a> {
    /// The day.
    pub day: &'a Day,
    /// The date on which the first thing happens.
    pub date: Option<Date>,
    /// The promise that it breaks.
    pub promise: &'a str,
    /// All demand times that.
    pub demand: f64,
    /// What happens, in order.
    pub happens: &'a [Happens],
    /// What people felt, in a sentence.
    pub felt: &'a str,
    /// Whether it was back to normal, in a sentence.
    pub recovery: Option<&'a str>,
    /// How many days a year are of its kind, if that is known.
    pub kind_per_year: Option<f64>,
}

/// Names in the first sentence of a story.
const NAMED: usize = 3;

/// The worst day in three sentences: what happens, what people feel, how often it comes.
#[must_use]
pub fn story(of: &Story<'_>) -> [String; 3] {
    let day = of.day;
    let date = of.date.or_else(|| day.date.parse().ok());
    let date = date.map_or_else(
        || day.date.clone(),
        |date| date.strftime("%A %-d %B %Y").to_string(),
    );
    let mut parts: Vec<String> = of.happens.iter().take(NAMED).map(happening).collect();
    match of.happens.len().saturating_sub(NAMED) {
        0 => {}
        1 => parts.push("one more thing happens".to_owned()),
        more => parts.push(format!("{more} more things happen")),
    }
    let what = match parts.as_slice() {
        [] => "nothing strikes: the demand of the day is enough".to_owned(),
        parts => listed(parts),
    };
    let demand = if of.demand == 1.0 {
        String::new()
    } else {
        format!(" at {} times today's demand,", significant(of.demand))
    };
    let felt = of.felt.trim_end_matches('.');
    let felt = match of.recovery {
        Some(recovery) => format!("{felt}; {}", lower(recovery)),
        None => format!("{felt}."),
    };
    let again = match day.trials {
        0 => String::new(),
        trials => format!(
            "; lived again with other luck, this one breaks it {} times in {}",
            count(day.broken),
            count(trials)
        ),
    };
    let promise = of.promise;
    let often = match (returns(day), of.kind_per_year) {
        (Some(returns), _) => {
            format!("Days of this kind come and break `{promise}` {returns}{again}.")
        }
        (None, Some(rate)) if 0.0 < rate => format!(
            "Days of this kind come {}, and `{promise}` is promised for them{again}.",
            super::how_often(rate)
        ),
        _ => format!("It is a day for which `{promise}` is promised, however rare it is{again}."),
    };
    [format!("On {date},{demand} {what}."), felt, often]
}

fn happening(of: &Happens) -> String {
    let lasts = match of.lasts {
        Some(lasts) if 0.5 <= lasts => format!(" for {}", about(lasts)),
        _ => String::new(),
    };
    let detail = if of.detail.is_empty() {
        String::new()
    } else {
        format!(" ({})", of.detail)
    };
    let verb = if of.strikes { "strikes" } else { "comes" };
    format!("`{}` {verb} {}{lasts}{detail}", of.name, of.at)
}

/// `a`, `a and b`, `a, b and c`.
fn listed(parts: &[String]) -> String {
    match parts {
        [] => String::new(),
        [one] => one.clone(),
        [first @ .., last] => format!("{} and {last}", first.join(", ")),
    }
}

/// A length of time as it is told: `15 minutes`, `an hour`, `about 15 minutes`.
fn about(lasts: f64) -> String {
    let exact = lasts.round() as u64;
    let minutes = (lasts / 60.0).round() as u64;
    let (about, told) = if 180 < exact && !exact.is_multiple_of(60) {
        ("about ", minutes * 60)
    } else {
        ("", exact)
    };
    let said = spoken(told * SECOND_NS);
    let said = match said.as_str() {
        "day" | "minute" | "second" => format!("a {said}"),
        "hour" => "an hour".to_owned(),
        _ => said,
    };
    format!("{about}{said}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_spoken() {
        let of = |seconds: u64| spoken(seconds * SECOND_NS);
        assert_eq!(of(86_400), "day");
        assert_eq!(of(900), "15 minutes");
        assert_eq!(of(90), "90 seconds");
        assert_eq!(within(3.6e12), "one hour");
        assert_eq!(within(2.5e8), "250 ms");
        assert_eq!(about(910.0), "about 15 minutes");
        assert_eq!(about(90.0), "90 seconds");
        assert_eq!(about(3_600.0), "an hour");
    }

    #[test]
    fn parts_are_spoken() {
        assert_eq!(of_all(0.5), "half");
        assert_eq!(of_all(0.95), "95 of 100");
        assert_eq!(of_all(0.999), "999 of 1,000");
        assert_eq!(share(0.2), "20 %");
        assert_eq!(share(0.001), "0.1 %");
    }

    fn day(per_year: Option<Range>, trials: u64) -> Day {
        Day {
            id: None,
            kind: "away".to_owned(),
            per_year,
            share: Range {
                low: 0.0,
                high: None,
            },
            date: "2026-11-28".to_owned(),
            happens: Vec::new(),
            seed: "7".to_owned(),
            trials,
            broken: trials / 2,
            weakenings: Vec::new(),
        }
    }

    /// Three sentences, each with its full stop, whatever is not known.
    #[test]
    fn a_day_is_told_in_three_sentences() {
        let strikes = [
            Happens {
                name: "away".to_owned(),
                detail: "kiosk crashes".to_owned(),
                strikes: true,
                at: "at 08:30".to_owned(),
                lasts: Some(3_600.0),
            },
            Happens {
                name: "train".to_owned(),
                detail: String::new(),
                strikes: false,
                at: "at 09:00".to_owned(),
                lasts: None,
            },
        ];
        let often = day(
            Some(Range {
                low: 2.0,
                high: Some(4.0),
            }),
            100,
        );
        let told = story(&Story {
            day: &often,
            date: Some(jiff::civil::date(2026, 11, 29)),
            promise: "served",
            demand: 0.9,
            happens: &strikes,
            felt: "8 of 30 people left.",
            recovery: Some("It was back to normal 5m after the disturbance had ended."),
            kind_per_year: Some(4.0),
        });
        assert_eq!(
            told,
            [
                "On Sunday 29 November 2026, at 0.900 times today's demand, `away` strikes at 08:30 for an hour (kiosk crashes) and `train` comes at 09:00.",
                "8 of 30 people left; it was back to normal 5m after the disturbance had ended.",
                "Days of this kind come and break `served` once in 91.3 days to once in 183 days; lived again with other luck, this one breaks it 50 times in 100.",
            ]
        );
        let rare = day(None, 0);
        let plainly = Story {
            day: &rare,
            date: None,
            promise: "served",
            demand: 1.0,
            happens: &[],
            felt: "8 of 30 people left.",
            recovery: None,
            kind_per_year: None,
        };
        assert_eq!(
            story(&plainly),
            [
                "On Saturday 28 November 2026, nothing strikes: the demand of the day is enough.",
                "8 of 30 people left.",
                "It is a day for which `served` is promised, however rare it is.",
            ]
        );
        let named = Story {
            kind_per_year: Some(3.0),
            ..plainly
        };
        assert_eq!(
            story(&named)[2],
            "Days of this kind come once in 122 days, and `served` is promised for them."
        );
    }
}
