//! What requests do: steps and how they end.

use crate::zoo::*;
use worstday_model::system::*;
use worstday_sim::Ending::{self, *};

/// A front without limits that asks `back` (as many workers, by steps of the test).
struct Two {
    z: Zoo,
    page: EndpointId,
    load: EndpointId,
}

fn two(visits_ms: &[u64], load: Vec<Step>) -> Two {
    let mut z = Zoo::new(100 * S);
    let [l] = z.service("back", 99, ["load"]);
    let [page] = z.service("front", 99, ["page"]);
    z.does(l, load);
    let at: Vec<u64> = visits_ms.iter().map(|t| t * MS).collect();
    let users = z.client_at("users", &at);
    z.asks(users, page, CallPolicy::default());
    Two { z, page, load: l }
}

impl Two {
    fn call(&mut self) -> Step {
        self.z.call(
            Caller::Endpoint(self.page),
            self.load,
            CallPolicy::default(),
        )
    }

    fn page(&mut self, steps: Vec<Step>) -> Told {
        self.z.does(self.page, steps);
        self.z.run()
    }
}

fn parallel(branches: Vec<Vec<Step>>, need: u32, cancel: LeftOver) -> Step {
    step(Verb::Parallel {
        branches,
        need,
        cancel,
    })
}

fn fail(word: FailWord) -> Step {
    step(Verb::Fail(word))
}

fn answer(word: AnswerWord) -> Step {
    step(Verb::Answer(word))
}

/// Steps one after another; branches at once, done when all have succeeded.
#[test]
fn branches_run_at_once() {
    let mut t = two(&[0], vec![work(50 * MS)]);
    let (a, b) = (t.call(), t.call());
    let told = t.page(vec![
        work(10 * MS),
        parallel(
            vec![vec![a], vec![wait(20 * MS), b], vec![work(5 * MS)]],
            3,
            LeftOver::RunOn,
        ),
        work(MS),
    ]);
    assert_eq!(told.reached_ms(t.load), [10, 30]);
    assert_eq!(told.ends_ms(), [81]);
}

/// `need: 1` goes on with the first; leftovers run on as wasted work, their remaining steps included.
#[test]
fn leftovers_run_on() {
    let mut t = two(&[0], vec![work(50 * MS)]);
    let (a, b) = (t.call(), t.call());
    let race = |cancel, a: &Step, b: &Step| {
        parallel(
            vec![vec![wait(10 * MS)], vec![a.clone(), b.clone()]],
            1,
            cancel,
        )
    };
    let steps = vec![race(LeftOver::RunOn, &a, &b)];
    let told = t.page(steps);
    assert_eq!(told.ends_ms(), [10]);
    assert_eq!(
        told.reached_ms(t.load),
        [0, 50],
        "its second call is made as well"
    );
    let steps = vec![race(LeftOver::Cancel, &a, &b)];
    let told = t.page(steps);
    assert_eq!(told.ends_ms(), [10]);
    assert_eq!(told.reached_ms(t.load), [0]);
    assert_eq!(told.done_ms(t.load), [10], "stopped in that instant");
    assert_eq!(told.service("back").worker_ns, 10 * MS);
}

/// Fails as soon as enough branches can no longer succeed.
#[test]
fn a_parallel_fails_as_soon_as_it_must() {
    let mut t = two(&[0], vec![work(50 * MS), fail(FailWord::Error)]);
    let a = t.call();
    let branches = |a: &Step| vec![vec![wait(200 * MS)], vec![a.clone()], vec![wait(MS)]];
    let steps = vec![parallel(branches(&a), 2, LeftOver::RunOn)];
    let told = t.page(steps);
    assert_eq!(
        (told.ends_ms(), told.endings()),
        (vec![200], vec![Ok]),
        "two of three are enough"
    );
    let steps = vec![parallel(branches(&a), 3, LeftOver::RunOn)];
    let told = t.page(steps);
    assert_eq!((told.ends_ms(), told.endings()), (vec![50], vec![Error]));
}

/// One branch by chance; chances add up; the coin is each request's own.
#[test]
fn a_choice_follows_its_chances() {
    let mut t = two(&(0..4000).map(|i| i * 20).collect::<Vec<_>>(), vec![]);
    let branch = |chance, ms: u64| Branch {
        condition: None,
        chance,
        steps: vec![wait(ms * MS)],
    };
    let told = t.page(vec![step(Verb::Choose(vec![
        branch(0.2, 1),
        branch(0.3, 2),
        branch(0.5, 3),
    ]))]);
    let took = |ms| {
        told.visits()
            .iter()
            .filter(|v| v.1 - v.0 == ms * MS)
            .count()
    };
    // Standard deviations 25, 29, 32.
    assert!((675..=925).contains(&took(1)), "{}", took(1));
    assert!((1055..=1345).contains(&took(2)), "{}", took(2));
    assert_eq!(took(1) + took(2) + took(3), 4000);
}

/// The first branch whose `if` holds goes before all chances; values are each visit's own.
#[test]
fn a_choice_looks_at_the_value() {
    let mut t = two(&[0, 100, 200, 300], vec![]);
    t.z.system.clients[0].value = Some(Dist::Sample(vec![10.0, 90.0].into()));
    let small = Branch {
        condition: Some(Guard::Value(ValueTest {
            op: Compare::AtMost,
            value: 50.0,
        })),
        chance: 0.0,
        steps: vec![wait(MS)],
    };
    let other = Branch {
        condition: None,
        chance: 1.0,
        steps: vec![wait(2 * MS)],
    };
    let told = t.page(vec![step(Verb::Choose(vec![small, other]))]);
    let cheap = told.visits().iter().filter(|v| v.1 - v.0 == MS).count() as f64;
    let money = told.client("users").money.expect("a value");
    assert_eq!(money.earned, cheap * 10.0 + (4.0 - cheap) * 90.0);
    assert!(cheap > 0.0 && cheap < 4.0, "seed 1 draws both: {cheap}");
}

/// `repeat` runs its body that many times, each round with its own draws; none of it at 0.
#[test]
fn repeat_counts() {
    let mut t = two(&[0], vec![work(10 * MS)]);
    let body = t.call();
    let times = |n, body: &Step| {
        step(Verb::Repeat(
            Dist::Constant(n),
            vec![body.clone(), wait(MS)],
        ))
    };
    let steps = vec![times(3.0, &body), work(MS)];
    let told = t.page(steps);
    assert_eq!(told.reached_ms(t.load), [0, 11, 22]);
    assert_eq!(told.ends_ms(), [34]);
    let steps = vec![times(0.0, &body), work(MS)];
    assert_eq!(t.page(steps).ends_ms(), [1]);
    // Rounds draw anew: exponential rounds differ.
    t.z.does(t.load, vec![exponential(10e6)]);
    let steps = vec![times(3.0, &body)];
    let told = t.page(steps);
    let (began, done) = (told.began_ms(t.load), told.done_ms(t.load));
    let took: std::collections::BTreeSet<u64> =
        began.iter().zip(&done).map(|(a, b)| b - a).collect();
    assert!(took.len() > 1, "{took:?}");
}

/// A step with `chance` is done or skipped by its own coin; with `if` by the visit's value.
#[test]
fn steps_may_be_skipped() {
    let mut t = two(&(0..1000).map(|i| i * 20).collect::<Vec<_>>(), vec![]);
    let mut maybe = wait(5 * MS);
    maybe.chance = Some(0.2);
    let told = t.page(vec![maybe, wait(MS)]);
    let done = told.visits().iter().filter(|v| v.1 - v.0 == 6 * MS).count();
    assert!((140..=260).contains(&done), "{done} of 1000 at 20 %");
    let mut rich = wait(5 * MS);
    rich.condition = Some(Guard::Value(ValueTest {
        op: Compare::More,
        value: 50.0,
    }));
    assert!(
        t.page(vec![rich]).visits().iter().all(|v| v.0 == v.1),
        "no value is 0"
    );
}

/// `declined` is an answer that is accepted: not retried, counted as answered, passed on as it is. Any other
/// word is an `error`.
#[test]
fn fail_and_answer_end_a_request() {
    let mut t = two(&[0], vec![work(MS), fail(FailWord::Declined), work(MS)]);
    let a = t.call();
    t.z.last_call().policy.retry = Some(attempts(3));
    let steps = vec![a, work(10 * MS)];
    let told = t.page(steps.clone());
    assert_eq!((told.ends_ms(), told.endings()), (vec![1], vec![Declined]));
    assert_eq!(told.reached_ms(t.load), [0]);
    assert_eq!(told.client("users").ends.answered(), 1);
    t.z.does(t.load, vec![work(MS), fail(FailWord::Error), work(MS)]);
    let told = t.page(steps.clone());
    assert_eq!((told.ends_ms(), told.endings()), (vec![3], vec![Error]));
    t.z.does(
        t.load,
        vec![work(MS), answer(AnswerWord::Degraded), work(MS)],
    );
    let told = t.page(steps);
    assert_eq!((told.ends_ms(), told.endings()), (vec![11], vec![Degraded]));
}

/// `fails: 100%` ends in `error` after the steps.
#[test]
fn an_endpoint_fails_after_its_steps() {
    let mut t = two(&[0], vec![work(MS)]);
    t.z.system.endpoints[t.load.index()].fails = 1.0;
    let a = t.call();
    let told = t.page(vec![a]);
    assert_eq!((told.ends_ms(), told.endings()), (vec![1], vec![Error]));
}

fn with_fallback(what: FallbackDo, results: Results) -> (Vec<u64>, Vec<Ending>) {
    let mut t = two(&[0], vec![work(MS), fail(FailWord::Error)]);
    let a = t.call();
    t.z.last_call().fallback = Some(Fallback { results, what });
    let told = t.page(vec![a, work(10 * MS)]);
    (told.ends_ms(), told.endings())
}

/// Every kind of fallback, after the last attempt.
#[test]
fn fallbacks_stand_in() {
    let all = Results::ALL;
    assert_eq!(with_fallback(FallbackDo::Skip, all), (vec![11], vec![Ok]));
    assert_eq!(
        with_fallback(FallbackDo::Degraded, all),
        (vec![11], vec![Degraded])
    );
    let steps = |more: Vec<Step>| FallbackDo::Steps([vec![work(5 * MS)], more].concat());
    assert_eq!(
        with_fallback(steps(vec![]), all),
        (vec![16], vec![Degraded])
    );
    let ok = answer(AnswerWord::Ok);
    assert_eq!(
        with_fallback(steps(vec![ok, work(S)]), all),
        (vec![16], vec![Ok])
    );
    let declined = fail(FailWord::Declined);
    assert_eq!(
        with_fallback(steps(vec![declined]), all),
        (vec![6], vec![Declined])
    );
    // Only after those results.
    let only = Results {
        error: false,
        ..all
    };
    assert_eq!(
        with_fallback(FallbackDo::Skip, only),
        (vec![1], vec![Error])
    );
}

/// `answer: ok` inside a fallback inside a `hold` gives nothing back that is still held.
#[test]
fn a_fallback_inside_a_hold_keeps_the_permit() {
    let mut t = two(&[0, 1], vec![work(MS), fail(FailWord::Error)]);
    let pool = t.z.pool("lock", Some("front"), 1);
    let a = t.call();
    let inner = step(Verb::Hold(PoolId(1), vec![answer(AnswerWord::Ok)]));
    t.z.pool("inner", Some("front"), 1);
    t.z.last_call().fallback = Some(Fallback {
        results: Results::ALL,
        what: FallbackDo::Steps(vec![inner]),
    });
    let told = t.page(vec![step(Verb::Hold(pool, vec![a, work(100 * MS)]))]);
    assert_eq!(told.ends_ms(), [101, 202]);
    assert_eq!(told.endings(), [Ok, Ok]);
    let used: Vec<f64> = told
        .outcome
        .pools
        .iter()
        .map(|p| p.used_mean * 1e5)
        .collect();
    assert!((used[0] - 202.0).abs() < 1e-6 && used[1] == 0.0, "{used:?}");
}

/// A failed step ends the request with `error`; a visit keeps the word of its call.
#[test]
fn a_failed_step_is_an_error_one_level_up() {
    let mut t = two(&[0], vec![work(S)]);
    let a = t.call();
    t.z.last_call().policy = timeout(100 * MS);
    let told = t.page(vec![a]);
    assert_eq!(
        told.endings(),
        [Error],
        "the front's own caller sees an error, not a timeout"
    );
    t.z.system.calls[0].policy = timeout(50 * MS);
    assert_eq!(t.z.run().endings(), [Timeout]);
}
