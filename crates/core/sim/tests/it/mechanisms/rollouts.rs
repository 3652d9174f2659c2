//! A new version comes: how many replicas are up at each moment, what a watch finds, and the way back.

use super::topics::{consumes, send, topic};
use super::watch;
use crate::zoo::*;
use std::sync::Arc;
use worstday_model::day::DatedRollout;
use worstday_model::system::*;
use worstday_sim::Editing;
use worstday_sim::observe::EventLog;
use worstday_sim::outcome::Outcome;

/// The system as its only bad version reads.
struct Bad(Arc<System>);

impl Editing for Bad {
    fn edited(&self, active: &[EditId]) -> Arc<System> {
        assert_eq!(active, [EditId(0)], "only asked for the bad version");
        Arc::clone(&self.0)
    }
}

/// Plain: everything at once, nothing goes wrong.
fn plain(surge: Portion, unavailable: Portion) -> Rollout {
    Rollout {
        when: vec![],
        surge,
        unavailable,
        steps: vec![RolloutStep::To(1.0)],
        keep_if: vec![],
        compare: Compared::New,
        otherwise: None,
        fails: 0.0,
        bad: vec![],
        place: Place::default(),
    }
}

/// A service of so many replicas whose rollout starts at 10 s; replicas start in 5 s, probes look every second.
fn fleet(replicas: u32, rollout: Rollout) -> (Zoo, EndpointId) {
    let mut z = Zoo::new(300 * S);
    let [get] = z.service("server", u32::MAX, ["get"]);
    z.does(get, vec![work(10 * MS)]);
    let server = z.of("server");
    server.replicas = replicas;
    server.start = Dist::Constant(5e9);
    server.ready.every_ns = S;
    server.balance = Balance::RoundRobin;
    server.rollout = Some(rollout);
    z.day.rollouts = vec![DatedRollout {
        service: ServiceId(0),
        ordinal: 7,
        at_ns: 10 * S,
    }];
    (z, get)
}

/// Visits at every multiple of a tenth of a second.
fn visited(z: &mut Zoo, get: EndpointId) {
    let at: Vec<u64> = (0..2_990).map(|i| i * 100 * MS + MS).collect();
    let users = z.client_at("users", &at);
    z.asks(users, get, CallPolicy::default());
}

/// Makes the rollout bring this version, always.
fn bad(
    z: &mut Zoo,
    condition: Option<ValueTest>,
    change: impl FnOnce(&mut Zoo),
) -> Arc<dyn Editing> {
    z.system.edits = vec![Edit {
        name: "services.server.rollout.bad.1".into(),
    }];
    let mut with = z.clone();
    change(&mut with);
    let rollout = z.of("server").rollout.as_mut().expect("it has one");
    rollout.fails = 1.0;
    rollout.bad = vec![BadVersion {
        chance: 1.0,
        edit: EditId(0),
        condition: condition.map(Guard::Value),
    }];
    Arc::new(Bad(Arc::new(checked(&with.system))))
}

/// What the rollouts did: second and words.
fn notes(outcome: &Outcome) -> Vec<(u64, &str)> {
    let rows = outcome.happened.iter().filter(|row| row.what == "rollout");
    rows.map(|row| (row.from_ns as u64 / S, row.detail.as_str()))
        .collect()
}

/// Ready replicas in the middle of each second from 9 s on.
fn ready(outcome: &Outcome, seconds: usize) -> Vec<u32> {
    assert_eq!(outcome.windows.length_ns, S);
    let windows = &outcome.services[0].windows[9..9 + seconds];
    windows
        .iter()
        .map(|w| w.ready_mean.round() as u32)
        .collect()
}

fn run(z: &Zoo, editing: Option<&Arc<dyn Editing>>) -> Outcome {
    match editing {
        Some(editing) => z.run_with(Arc::clone(editing)).outcome,
        None => z.run().outcome,
    }
}

/// Four replicas, one more and none fewer: one after the other, each 5 s to start and up to 1 s until callers know.
/// It starts at 10 s, is up at 15 s, is seen at 16 s (the probe's tick after), and only then the old one goes and the
/// next one comes.
#[test]
fn surge_one_unavailable_none() {
    let (mut z, _) = fleet(4, plain(Portion::Count(1), Portion::Count(0)));
    z.day.end_ns = 60 * S;
    let t = z.run();
    // Up at 15, 21, 27, 33 s; the old ones stop at 16, 22, 28, 34 s.
    let expected = [
        4, 4, 4, 4, 4, 4, 5, 4, 4, 4, 4, 4, 5, 4, 4, 4, 4, 4, 5, 4, 4, 4, 4, 4, 5, 4, 4,
    ];
    assert_eq!(ready(&t.outcome, 27), expected);
    assert_eq!(
        notes(&t.outcome),
        [
            (10, "starts"),
            (34, "4 of 4 replicas are new"),
            (34, "done")
        ]
    );
}

/// One fewer and none more: the old one goes first.
#[test]
fn surge_none_unavailable_one() {
    let (mut z, _) = fleet(3, plain(Portion::Count(0), Portion::Count(1)));
    z.day.end_ns = 60 * S;
    let t = z.run();
    // Gone at 10, 16, 22 s; up at 15, 21, 27 s, and seen a second later.
    let expected = [3, 2, 2, 2, 2, 2, 3, 2, 2, 2, 2, 2, 3, 2, 2, 2, 2, 2, 3, 3];
    assert_eq!(ready(&t.outcome, 20), expected);
    assert_eq!(notes(&t.outcome)[2], (28, "done"));
}

/// A quarter of ten: three more (rounded up) and two fewer (rounded down); both none means one fewer.
#[test]
fn shares_round_as_kubernetes_does() {
    let quarter = Portion::Share(0.25);
    let (mut z, _) = fleet(10, plain(quarter, quarter));
    z.day.end_ns = 60 * S;
    let t = z.run();
    // At once two old ones go and five new ones come: 8 and 13. At 15 s they are up, at 16 s seen: 13 are ready, so
    // five old ones go, and five more come; those are up at 21 s, the last three old ones go at 22 s.
    let expected = [10, 8, 8, 8, 8, 8, 13, 8, 8, 8, 8, 8, 13, 10, 10];
    assert_eq!(ready(&t.outcome, 15), expected);
    assert_eq!(notes(&t.outcome)[2], (22, "done"));
    let (mut z, _) = fleet(3, plain(Portion::Count(0), Portion::Share(0.25)));
    z.day.end_ns = 60 * S;
    assert_eq!(ready(&z.run().outcome, 2), [3, 2]);
}

/// Nobody is refused by a rollout: callers are told before a replica stops taking work.
#[test]
fn a_good_rollout_loses_nothing() {
    let (mut z, get) = fleet(4, plain(Portion::Share(0.25), Portion::Share(0.25)));
    visited(&mut z, get);
    let t = z.run();
    assert_eq!(t.outcome.clients[0].ends.ok, 2_990);
    // All replicas are new afterwards.
    let of = t.replicas(get);
    assert!(of[..90].iter().all(|number| *number < 4));
    assert!(
        of[500..].iter().all(|number| *number >= 4),
        "{:?}",
        &of[500..520]
    );
}

/// The canary of twenty replicas at 5 % is one of them, for as long as it is watched.
#[test]
fn a_canary_is_one_of_twenty() {
    let mut rollout = plain(Portion::Share(0.25), Portion::Count(0));
    rollout.steps = vec![
        RolloutStep::To(0.05),
        RolloutStep::Watch(60 * S),
        RolloutStep::To(1.0),
    ];
    let (mut z, get) = fleet(20, rollout);
    visited(&mut z, get);
    let t = z.run();
    // Started at 10 s, seen at 16 s, watched until 76 s.
    assert_eq!(notes(&t.outcome)[1], (16, "1 of 20 replicas are new"));
    let of = t.replicas(get);
    let new = |from: usize, to: usize| of[from * 10..to * 10].iter().filter(|n| **n >= 20).count();
    assert_eq!(new(16, 76), 600 / 20, "every twentieth request, in turn");
    assert_eq!(notes(&t.outcome)[2].1, "20 of 20 replicas are new");
    assert_eq!(new(150, 250), 1_000);
}

fn canary(otherwise: Option<Otherwise>) -> Rollout {
    let mut rollout = plain(Portion::Count(1), Portion::Count(0));
    rollout.steps = vec![
        RolloutStep::To(0.25),
        RolloutStep::Watch(30 * S),
        RolloutStep::To(1.0),
    ];
    rollout.keep_if = vec![KeepIf {
        condition: Condition {
            text: "server.get.p99 < 100ms over 20s".into(),
            metric: Metric::Percentile(0.99),
            of_answered: OfAnswered::No,
            op: Compare::Less,
            value: 100e6,
            over_ns: 20 * S,
            place: Place::default(),
        },
        endpoint: Some(EndpointId(0)),
    }];
    rollout.otherwise = otherwise;
    rollout
}

/// Twenty times the work in one step: the watch sees it at its end, and the canary is replaced by the old version.
#[test]
fn a_bad_version_is_rolled_back() {
    let (mut z, get) = fleet(4, canary(Some(Otherwise::RollBack)));
    visited(&mut z, get);
    let editing = bad(&mut z, None, |z| z.does(get, vec![work(200 * MS)]));
    let t = z.run_with(Arc::clone(&editing));
    // New at 16 s; watched until 46 s, the last 20 s of it judged: every fourth of 200 requests, but for the
    // one that came 99 ms before and is still inside: nobody knows yet whether it is too slow. Then one replica of
    // the old version starts, is seen at 52 s, and the bad one goes.
    assert_eq!(
        notes(&t.outcome),
        [
            (10, "starts, with a bad version"),
            (16, "1 of 4 replicas are new"),
            (
                46,
                "`server.get.p99 < 100ms over 20s` does not hold over 49 requests"
            ),
            (46, "rolls back"),
            (52, "4 of 4 replicas are new"),
            (52, "rolled back"),
        ]
    );
    let slow: Vec<u64> = t
        .visits()
        .iter()
        .filter(|v| v.1 - v.0 == 200 * MS)
        .map(|v| v.0 / S)
        .collect();
    // While three old ones and the bad one serve: 36 s of ten requests a second, a fourth of them.
    assert_eq!(slow.len(), 90);
    assert_eq!((slow[0], *slow.last().expect("some")), (16, 51));
    // General rule of recovery: disturbed from the start of the rollout until the last bad replica went.
    assert_eq!(
        t.outcome.recovery.expect("it was disturbed").from_ns,
        52 * S
    );
}

/// Without a way back it goes on; told to pause it stays as it is.
#[test]
fn without_else_there_is_no_undo() {
    for (otherwise, last, share) in [(None, "done", 4), (Some(Otherwise::Pause), "paused", 1)] {
        let (mut z, get) = fleet(4, canary(otherwise));
        visited(&mut z, get);
        let editing = bad(&mut z, None, |z| z.does(get, vec![work(200 * MS)]));
        let t = z.run_with(editing);
        assert_eq!(notes(&t.outcome).last().expect("notes").1, last);
        let late = t.visits();
        let slow = late[2_000..2_400].iter().filter(|v| v.1 - v.0 == 200 * MS);
        assert_eq!(slow.count(), 100 * share, "{last}");
    }
}

/// What the watch cannot see it cannot find: nobody came, so the bad version goes through.
#[test]
fn an_empty_window_holds() {
    let (mut z, get) = fleet(4, canary(Some(Otherwise::RollBack)));
    let users = z.client_at("users", &[200 * S]);
    z.asks(users, get, CallPolicy::default());
    let editing = bad(&mut z, None, |z| z.does(get, vec![work(200 * MS)]));
    let t = z.run_with(editing);
    assert_eq!(notes(&t.outcome).last().expect("notes").1, "done");
    assert_eq!(t.ends_ms(), [200_200]);
}

/// A version that never answers is found too: what is inside for too long counts.
#[test]
fn a_loop_is_found() {
    let (mut z, get) = fleet(4, canary(Some(Otherwise::RollBack)));
    visited(&mut z, get);
    let editing = bad(&mut z, None, |z| z.does(get, vec![work(1_000 * S)]));
    let t = z.run_with(editing);
    let all = notes(&t.outcome);
    // All 50 but none that came in the last 100 ms are known to be too slow.
    assert!(
        all[2]
            .1
            .starts_with("`server.get.p99 < 100ms over 20s` does not hold"),
        "{all:?}"
    );
    assert_eq!(all[3], (46, "rolls back"));
}

/// A bad version for some requests only: those of visits that are worth more.
#[test]
fn a_version_may_be_bad_for_some() {
    for (worth, expected) in [(10.0, 10), (300.0, 200)] {
        let (mut z, get) = fleet(1, plain(Portion::Count(1), Portion::Count(0)));
        let users = z.client_at("users", &[100 * S]);
        z.asks(users, get, CallPolicy::default());
        z.system.clients[0].value = Some(Dist::Constant(worth));
        let above = ValueTest {
            op: Compare::More,
            value: 200.0,
        };
        let editing = bad(&mut z, Some(above), |z| z.does(get, vec![work(200 * MS)]));
        let t = z.run_with(editing);
        assert_eq!(t.ends_ms(), [100_000 + expected]);
    }
}

/// `fails` of a version are its own coin.
#[test]
fn a_version_may_fail() {
    let (mut z, get) = fleet(2, plain(Portion::Count(1), Portion::Count(0)));
    visited(&mut z, get);
    let editing = bad(&mut z, None, |z| z.system.endpoints[0].fails = 1.0);
    let t = z.run_with(editing);
    // Two replacements: seen at 16 s and 22 s; from then on all fail, between them every second.
    let failed = |from: usize, to: usize| {
        let all = t.visits();
        all[from * 10..to * 10]
            .iter()
            .filter(|v| v.2 == worstday_sim::Ending::Error)
            .count()
    };
    assert_eq!(
        (failed(0, 16), failed(16, 22), failed(22, 200)),
        (0, 30, 1_780)
    );
}

/// Which rollouts are bad is a coin of each one's ordinal: the same in every run, and about as many as said.
#[test]
fn coins_are_keyed_by_the_ordinal() {
    let (mut z, get) = fleet(1, plain(Portion::Count(1), Portion::Count(0)));
    z.does(get, vec![work(MS)]);
    let editing = bad(&mut z, None, |z| z.does(get, vec![work(2 * MS)]));
    let is_bad = |share: f64, ordinal: u64| {
        let mut z = z.clone();
        z.day.end_ns = 11 * S;
        z.day.rollouts[0].ordinal = ordinal;
        z.of("server").rollout.as_mut().expect("one").fails = share;
        notes(&run(&z, Some(&editing)))[0].1 != "starts"
    };
    let bad: Vec<u64> = (0..400).filter(|&o| is_bad(0.25, o)).collect();
    // 100 expected, four standard deviations of 8.7.
    assert!((65..=135).contains(&bad.len()), "{} of 400", bad.len());
    assert!(
        bad.iter().all(|&o| is_bad(0.5, o)),
        "a larger share only adds"
    );
    assert!((0..20).all(|o| is_bad(1.0, o) && !is_bad(0.0, o)));
}

/// An operator's undo: of a rollout under way, of one that is paused, and of the last one; pauses stop it.
#[test]
fn rollouts_are_undone_by_hand() {
    let (mut z, get) = fleet(4, plain(Portion::Count(1), Portion::Count(0)));
    visited(&mut z, get);
    let editing = bad(&mut z, None, |z| z.does(get, vec![work(200 * MS)]));
    let mut engine = z.engine_with(Arc::clone(&editing), 1, EventLog::default());
    assert!(!engine.roll_back(0), "there is nothing to undo");
    assert_eq!(engine.pause_rollout(0), None);
    engine.advance(25 * S);
    // Seen at 16 s and 22 s: two of four are new, the third is starting.
    assert_eq!(
        (engine.pause_rollout(0), engine.pause_rollout(0)),
        (Some(1), None)
    );
    assert!(!engine.resume_rollout(0, 2), "that is another one");
    engine.advance(100 * S);
    assert!(engine.roll_back(0) && !engine.roll_back(0));
    let t = z.told(engine);
    let all = notes(&t.outcome);
    assert_eq!(all[1..3], [(25, "paused"), (100, "rolls back")]);
    // Of the five that are there three are bad: one goes at once, for five are one too many. Then one by one.
    assert_eq!(all.last().map(|n| n.1), Some("rolled back"));
    let late = t.visits();
    assert!(late[1_500..].iter().all(|v| v.1 - v.0 == 10 * MS));
    // The last one, when it is long done.
    let mut engine = z.engine_with(editing, 1, EventLog::default());
    engine.advance(100 * S);
    assert!(engine.roll_back(0));
    let t = z.told(engine);
    let visits = t.visits();
    assert_eq!(
        (
            visits[990].1 - visits[990].0,
            visits[1_500].1 - visits[1_500].0
        ),
        (200 * MS, 10 * MS)
    );
}

/// Who sees that all has become slow undoes the last rollout. The one replica is replaced at 16 s; of the 48 requests
/// that ended in the five seconds before 17 s eight took 200 ms, which is more than a tenth; two seconds later somebody
/// rolls back; the good one is up five seconds after that, and the probe's next tick is at 25 s.
#[test]
fn operators_roll_back() {
    let (mut z, get) = fleet(1, plain(Portion::Count(1), Portion::Count(0)));
    visited(&mut z, get);
    let editing = bad(&mut z, None, |z| z.does(get, vec![work(200 * MS)]));
    let slow = watch::condition(Metric::Percentile(0.9), Compare::More, 100e6, 5 * S);
    let slow = watch::sight(Subject::Endpoint(get), slow, 0);
    z.system.alerts = vec![watch::alert("slow", slow, vec![OperatorId(0)])];
    let act = Act::RollBack(ServiceId(0));
    z.system.operators = vec![watch::operator(vec![watch::entry(
        AlertId(0),
        act,
        Expiry::Never,
    )])];
    let t = z.run_with(editing);
    assert_eq!(watch::spans(&t, "override"), [(19.0, Some(19.0))]);
    assert_eq!(
        notes(&t.outcome)[1..],
        [
            (16, "1 of 1 replicas are new"),
            (16, "done"),
            (19, "rolls back"),
            (25, "1 of 1 replicas are new"),
            (25, "rolled back")
        ]
    );
    let visits = t.visits();
    let slow = visits.iter().filter(|v| v.1 - v.0 == 200 * MS);
    assert_eq!(slow.count(), 90, "who came from 16 s to 25 s");
}

/// A pause holds the rollout that moves; when it is undone, that goes on. Requests fail from `at` on for 5 s: three
/// seconds later 30 of 50 have, and two seconds after that somebody acts.
#[test]
fn operators_pause() {
    let paused = |at: u64, lasts: Option<u64>| {
        let (mut z, get) = fleet(4, plain(Portion::Count(1), Portion::Count(0)));
        visited(&mut z, get);
        let kind = FaultKind::Errors {
            target: Target::Endpoint(get),
            by: Dist::Constant(1.0),
            keys: None,
        };
        z.strikes(kind, at * S, 5 * S);
        let failing = watch::condition(Metric::Errors, Compare::More, 0.5, 5 * S);
        let failing = watch::sight(Subject::Endpoint(get), failing, 0);
        z.system.alerts = vec![watch::alert("failing", failing, vec![OperatorId(0)])];
        let expiry = lasts.map_or(Expiry::Never, |s| {
            Expiry::After(Dist::Constant((s * S) as f64))
        });
        let act = Act::Pause(ServiceId(0));
        z.system.operators = vec![watch::operator(vec![watch::entry(AlertId(0), act, expiry)])];
        z.run()
    };
    // Seen at 16 and 22 s; at 58 s the second old one goes and the third new one starts: 64 s, 70 s.
    let t = paused(13, Some(40));
    assert_eq!(watch::spans(&t, "override"), [(18.0, Some(58.0))]);
    assert_eq!(
        notes(&t.outcome),
        [
            (10, "starts"),
            (18, "paused"),
            (58, "goes on"),
            (70, "4 of 4 replicas are new"),
            (70, "done")
        ]
    );
    let t = paused(13, None);
    assert_eq!(watch::spans(&t, "override"), [(18.0, None)]);
    assert_eq!(notes(&t.outcome).last(), Some(&(18, "paused")));
    // Long done: there is nothing to pause and nothing to undo.
    let t = paused(100, Some(40));
    assert_eq!(watch::spans(&t, "override"), [(105.0, Some(105.0))]);
    assert_eq!(notes(&t.outcome).last(), Some(&(34, "done")));
}

/// A fork in the middle goes on to the same last bit, bad version and watch included.
#[test]
fn snapshots_hold_rollouts() {
    let (mut z, get) = fleet(4, canary(Some(Otherwise::RollBack)));
    visited(&mut z, get);
    let editing = bad(&mut z, None, |z| z.does(get, vec![work(200 * MS)]));
    let whole = run(&z, Some(&editing));
    for at in [5, 12, 16, 30, 46, 49, 120] {
        let mut engine = z.engine_with(Arc::clone(&editing), 1, EventLog::default());
        engine.advance(at * S);
        let text = serde_json::to_string(&engine.snapshot()).expect("plain data");
        let snapshot = serde_json::from_str(&text).expect("it is a snapshot");
        let restored = worstday_sim::Engine::restore(
            Arc::new(checked(&z.system)),
            Arc::new(z.day.clone()),
            Arc::clone(&editing),
            snapshot,
            EventLog::default(),
        );
        let t = z.told(restored);
        assert_eq!(t.outcome.digest, whole.digest, "from {at} s");
        assert_eq!(notes(&t.outcome), notes(&whole));
        assert_eq!(t.outcome.clients[0].ends, whole.clients[0].ends);
    }
}

/// A rollout that is described and does not come changes nothing.
#[test]
fn no_rollout_no_trace() {
    let (mut z, get) = fleet(4, canary(Some(Otherwise::RollBack)));
    visited(&mut z, get);
    z.day.rollouts.clear();
    let with = z.run().outcome.digest;
    z.of("server").rollout = None;
    assert_eq!(with, z.run().outcome.digest);
}

/// A version changes what a handler does with a message. One replica with one worker is replaced at 10 s without a
/// surge: it is stopped at once, its successor is up at 15 s. A message a second, on the half seconds, takes 10 ms in the
/// old version and 200 ms in the bad one; those that come while nobody is there are handled one after another
/// when somebody is.
#[test]
fn a_bad_version_handles_messages_badly() {
    let mut z = Zoo::new(30 * S);
    let [handler] = z.service("server", 1, ["jobs"]);
    z.does(handler, vec![work(10 * MS)]);
    let server = z.of("server");
    server.start = Dist::Constant(5e9);
    server.ready.every_ns = S;
    server.rollout = Some(plain(Portion::Count(0), Portion::Count(1)));
    z.day.rollouts = vec![DatedRollout {
        service: ServiceId(0),
        ordinal: 7,
        at_ns: 10 * S,
    }];
    let jobs = topic(&mut z, "jobs");
    consumes(&mut z, handler, jobs);
    let at: Vec<u64> = (0..30).map(|i| i * S + 500 * MS).collect();
    let users = z.client_at("users", &at);
    let hand_over = send(&mut z, Caller::Client(users), jobs);
    z.system.clients[users.index()].steps = vec![hand_over];
    let editing = bad(&mut z, None, |z| z.does(handler, vec![work(200 * MS)]));
    let t = z.run_with(editing);
    let took = |n: usize| t.done_ms(handler)[n] - t.began_ms(handler)[n];
    assert_eq!(t.done_ms(handler).len(), 30);
    assert_eq!((0..10).map(took).max(), Some(10));
    assert_eq!((10..30).map(took).min(), Some(200));
    // Those of 10.5 to 14.5 s wait for the new version: five of them from 15 s on, back to back.
    assert_eq!(
        t.began_ms(handler)[10..16],
        [15_000, 15_200, 15_400, 15_600, 15_800, 16_000]
    );
}
