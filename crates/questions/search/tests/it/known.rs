//! Systems whose broken days can be counted on paper.

use crate::crew::{checked, is_long};
use crate::resume;
use worstday_search::answer::{Rate, Verdict};

/// Seeds in the short form, and in the long one.
const SEEDS: (u64, u64) = (10, 100);

fn seeds() -> u64 {
    if is_long() { SEEDS.1 } else { SEEDS.0 }
}

/// An interval of 95 % may miss so often: 11 times in a hundred; in fewer tries as often as one failure of the test
/// in a thousand allows.
fn misses_allowed(tries: u64) -> u64 {
    if tries == SEEDS.1 {
        return 11;
    }
    worstday_stats::interval::binomial_bounds(tries, 0.05, 0.998).1
}

/// What `count` says for so many seeds; the long form goes on where it was interrupted.
fn each(name: &str, tries: u64, count: impl Fn(u64) -> String + Sync) -> Vec<String> {
    let keys: Vec<String> = (0..tries).map(|seed| seed.to_string()).collect();
    let lines = resume::lines(is_long().then_some(name), &keys, |key| {
        count(key.parse().expect("a key is a seed"))
    });
    lines.into_values().collect()
}

fn numbers(line: &str) -> Vec<f64> {
    let cells = line.split(',');
    cells.map(|cell| cell.parse().expect("a number")).collect()
}

/// The middle one.
fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

fn rate_of(text: &str, seed: u64, days: u64) -> (Verdict, Rate) {
    let checked = checked(text, seed, days, false);
    let claim = &checked.answer.promises[0].claims[0];
    (claim.verdict, claim.rate.clone().expect("it is a rate"))
}

/// Whether the interval holds the truth as often as it says, and its median half-width in log10.
fn judged(name: &str, text: &str, truth: f64, days: u64) -> f64 {
    let lines = each(name, seeds(), |seed| {
        let (verdict, rate) = rate_of(text, seed, days);
        assert_eq!(verdict, Verdict::Broken, "seed {seed}: {rate:?}");
        format!("{},{}", rate.disturbed.low, rate.disturbed.high)
    });
    let ends: Vec<Vec<f64>> = lines.iter().map(|line| numbers(line)).collect();
    let missed = ends
        .iter()
        .filter(|ends| truth < ends[0] || ends[1] < truth);
    let missed = missed.count() as u64;
    assert!(
        missed <= misses_allowed(seeds()),
        "{missed} of {} miss",
        seeds()
    );
    median(
        ends.iter()
            .map(|ends| 0.5 * (ends[1] / ends[0]).log10())
            .collect(),
    )
}

/// Outages three times a year, of an exponential length with a mean of a quarter of an hour; a day that loses 1 % has
/// one of more than 14.4 minutes: exp(-0.96) of them, once in 318 days.
#[test]
fn one_server_that_is_out() {
    let text = "\
worstday: 1
system: out
links: {within-zone: {delay: 0s}}
clients: {users: {arrive: 10/s, do: desk.ask}}
services: {desk: {workers: 20, queue: 0, start: 0s, endpoints: {ask: exponential 100ms}}}
faults: {outage: {crash: desk, every: 4 months, lasts: exponential 15m}}
promises: {answers: {for: users, must: [lost < 1% over 1d], survives: [1 in 10 years]}}
";
    // Every 4 months is 365.25 / (4 x 30.4375) = 3 a year.
    let truth = 3.0 * (-0.96_f64).exp();
    assert!((365.25 / truth - 318.0).abs() < 0.1);
    let width = judged("one-server-out", text, truth, 4_000);
    assert!(width <= 0.3, "median half-width {width}");
}

/// Twenty faults, each once a year for an hour, of which only two at once break the promise: 190 pairs, each
/// meeting 2 x 1 h / 8766 h times a year, once in 23 years.
#[test]
fn twenty_faults_of_which_pairs_break() {
    let faults: String = (1..=20)
        .map(|i| {
            format!(
                "  f{i:02}: {{crash: desk/{}, every: 1 year, lasts: 1h}}\n",
                i - 1
            )
        })
        .collect();
    let text = format!(
        "\
worstday: 1
system: pairs
clients: {{users: {{arrive: 1/min, do: desk.ask}}}}
services: {{desk: {{replicas: 20, workers: 1, start: 0s, endpoints: {{ask: 100ms}}}}}}
faults:
{faults}promises: {{whole: {{for: desk, must: [replicas >= 19 over 5m], survives: [1 in 100 years]}}}}
"
    );
    let truth: f64 = 190.0 * 2.0 / 8_766.0;
    assert!((1.0 / truth - 23.07).abs() < 0.01);
    let width = judged("twenty-faults", &text, truth, 12_000);
    assert!(width <= 0.3, "median half-width {width}");
}

/// One server of 10/s, to which 3/s come, promised to answer 99 of 100 within a second.
fn one_server(over: &str) -> String {
    format!(
        "\
worstday: 1
system: mm1
links: {{within-zone: {{delay: 0s}}}}
clients: {{users: {{arrive: 3/s, do: desk.ask}}}}
services: {{desk: {{workers: 1, endpoints: {{ask: exponential 100ms}}}}}}
promises: {{quick: {{for: users, must: [p99 < 1s over {over}]}}}}
"
    )
}

/// `p99 < 1s` over a day: response times are exponential with rate 10 - 3f, and the long-run percentile reaches a second at
/// f = 1.798. A day's own percentile scatters: 5 % of days break at 1.773.
#[test]
fn break_point_of_one_server() {
    let text = one_server("1d");
    // In the short form a fifth of the seeds: each is some hundred days of half a million visits.
    let tries = if is_long() {
        seeds()
    } else {
        seeds().div_ceil(5)
    };
    let lines = each("break-point", tries, |seed| {
        let checked = checked(&text, seed, 2_000, true);
        let brink = checked.answer.promises[0].break_point.clone();
        let brink = brink.expect("there is a budget for it");
        format!("{},{}", brink.low, brink.high.expect("it breaks"))
    });
    let ends: Vec<Vec<f64>> = lines.iter().map(|line| numbers(line)).collect();
    let missed = ends
        .iter()
        .filter(|ends| 1.773 < ends[0] || ends[1] < 1.773);
    let missed = missed.count() as u64;
    assert!(missed <= misses_allowed(tries), "{missed} of {tries} miss");
    let widths = ends.iter().map(|ends| 0.5 * (ends[1] - ends[0]) / 1.773);
    let width = median(widths.collect());
    assert!(width <= 0.08, "median half-width {width}: {ends:?}");
}

/// The same promise over five minutes is broken at today's load, by windows of 900 requests and not by the load.
#[test]
fn short_windows_break_by_chance() {
    let checked = checked(&one_server("5m"), 1, 400, false);
    let claim = &checked.answer.promises[0].claims[0];
    assert_eq!(claim.verdict, Verdict::Broken, "{claim:?}");
    let windows = claim.windows.as_ref().expect("its windows are short");
    assert!((890.0..910.0).contains(&windows.requests), "{windows:?}");
    assert!(windows.by_chance, "{windows:?}");
}

/// One worker of 10/s, five seconds of patience, five retries, a line of 150: with w = 6 attempts it heals by itself below
/// 10/6 = 1.67 visits a second after any stall, and not above.
#[test]
fn hidden_capacity_of_the_retry_storm() {
    let text = "\
worstday: 1
system: storm
links: {within-zone: {delay: 0s}}
clients: {users: {arrive: 5/s, do: [{call: server.get, timeout: 5s, retry: 5 retries}]}}
services: {server: {workers: 1, queue: 150, endpoints: {get: exponential 100ms}}}
faults: {stall: {stall: server, every: 2 months, lasts: 10s cv 1}}
promises: {answers: {for: users, must: [lost < 1% over 1m, recovers < 5m], survives: [stall]}}
";
    let checked = checked(text, 1, 20_000, true);
    let promise = &checked.answer.promises[0];
    assert_eq!(promise.claims[0].verdict, Verdict::Broken);
    let hidden = promise
        .hidden_capacity
        .clone()
        .expect("there is a budget for it");
    let load = 5.0 * hidden.factor.expect("small loads heal");
    assert!((1.6..=1.9).contains(&load), "{load}/s: {hidden:?}");
}
