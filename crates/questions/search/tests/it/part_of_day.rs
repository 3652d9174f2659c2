//! A day that is simulated around its strikes is judged as the whole day would be.

use crate::crew::world;
use worstday_model::day::Happens;
use worstday_model::system::FaultId;
use worstday_search::lived::{Strike, Trial, World};
use worstday_stats::interval::clopper_pearson;

const DAYS: u64 = 30;

/// Days of `lasts` seconds that break the promise: simulated around the strike, and whole.
fn broken(world: &World, lasts: u64) -> (u64, u64) {
    let date = world.year.dates()[0];
    let noon = world.year.calendar().midnight(date) + 12 * 3_600_000_000_000;
    let strike = Strike {
        what: Happens::Fault(FaultId(0)),
        at: noon,
        lasts_ns: Some(lasts * 1_000_000_000),
        by: None,
    };
    let part = world.around(date, &[strike], 1.0);
    assert!(part.from.is_some(), "it is a part of the day");
    let mut whole = part.clone();
    whole.from = None;
    whole.until = None;
    let of = |day: &worstday_model::day::Scenario| {
        let days = (0..DAYS).map(|seed| {
            let trial = Trial::new(day.clone(), seed);
            let tried = world.live(&trial, &|| false).expect("it can be lived");
            u64::from(tried.expect("nobody stops it").promises[0].broken)
        });
        days.sum::<u64>()
    };
    (of(&part), of(&whole))
}

/// Both shares lie in each other's interval: other seeds, the same system.
fn agree(text: &str, lengths: &[u64]) {
    let (world, _, _) = world(text);
    let date = world.year.dates()[0];
    let world = if world.needs_whole_days() {
        world
            .with_quiet_day(date, 99)
            .expect("a quiet day can be lived")
    } else {
        world
    };
    let mut extremes = [false, false];
    for &lasts in lengths {
        let (part, whole) = broken(&world, lasts);
        println!("{lasts} s: {part} and {whole} of {DAYS}");
        let near = clopper_pearson(part, DAYS, 0.999);
        let share = whole as f64 / DAYS as f64;
        let reach = clopper_pearson(whole, DAYS, 0.999);
        assert!(
            near.low <= reach.high && reach.low <= near.high,
            "{lasts} s: {part} and {whole} of {DAYS}"
        );
        extremes[0] |= share < 0.2;
        extremes[1] |= 0.8 < share;
    }
    assert_eq!(
        extremes,
        [true, true],
        "the lengths are on both sides of the edge"
    );
}

#[test]
fn a_server_that_is_out() {
    agree(
        "worstday: 1\nsystem: a\nclients: {users: {arrive: 2/s, do: desk.ask}}\n\
         services: {desk: {workers: 4, queue: 0, start: 0s, endpoints: {ask: exponential 100ms}}}\n\
         faults: {out: {crash: desk, every: 1 year, lasts: 1m}}\n\
         promises: {p: {for: users, must: [lost < 1% over 1d]}}\n",
        &[600, 1_200],
    );
}

#[test]
fn a_queue_that_must_drain() {
    agree(
        "worstday: 1\nsystem: b\nclients: {users: {arrive: 2/s, do: desk.ask}}\n\
         services: {desk: {workers: 1, endpoints: {ask: exponential 400ms}}}\n\
         faults: {slow: {slow: desk, by: 5x, every: 1 year, lasts: 1m}}\n\
         promises: {p: {for: users, must: [p95 < 1m over 5m, recovers < 10m]}}\n",
        &[5, 900],
    );
}

#[test]
fn a_storm_that_stays() {
    agree(
        "worstday: 1\nsystem: c\nclients: {users: {arrive: 3/s, do: [{call: server.get, timeout: 5s, retry: 5 retries}]}}\n\
         services: {server: {workers: 1, queue: 150, endpoints: {get: exponential 100ms}}}\n\
         faults: {still: {stall: server, every: 1 year, lasts: 1m}}\n\
         promises: {p: {for: users, must: [lost < 1% over 1m, recovers < 5m]}}\n",
        &[2, 20],
    );
}

#[test]
fn a_backlog_of_messages() {
    agree(
        "worstday: 1\nsystem: d\nclients: {shops: {arrive: 1/s, do: [{send: orders}]}}\n\
         topics: {orders: {}}\n\
         services: {books: {workers: 1, consumes: {orders: {do: [{work: exponential 500ms}]}}}}\n\
         faults: {still: {stall: books, every: 1 year, lasts: 1m}}\n\
         promises: {p: {for: orders, must: [age < 10m]}}\n",
        &[120, 1_800],
    );
}

#[test]
fn a_budget_that_is_spent() {
    agree(
        "worstday: 1\nsystem: e\nclients: {users: {arrive: 4/s, do: front.page}}\n\
         services:\n  front: {workers: 100, endpoints: {page: [{call: back.load, timeout: 1s, retry: 3 attempts budget 10%}]}}\n  \
         back: {workers: 4, queue: 100, endpoints: {load: exponential 100ms}}\n\
         faults: {ill: {errors: back, by: 50%, every: 1 year, lasts: 1m}}\n\
         promises: {p: {for: users, must: [lost < 20% over 5m]}}\n",
        &[20, 600],
    );
}
