//! Whatever somebody does, in whatever order, what is saved replays to the same history.

use jiff::civil::{date, time};
use worstday_live::Session;
use worstday_stats::draw::mix64;

use crate::table::Sitting;

/// A hand that does anything.
struct Hand {
    seed: u64,
    drawn: u64,
}

impl Hand {
    fn below(&mut self, n: usize) -> usize {
        self.drawn += 1;
        (mix64(mix64(self.seed) ^ self.drawn) % n.max(1) as u64) as usize
    }

    fn one_of<'a, T>(&mut self, all: &'a [T]) -> &'a T {
        &all[self.below(all.len())]
    }
}

/// Does one thing. A refusal is as good as anything, as long as nothing has changed.
fn act(session: &mut Session, hand: &mut Hand, done: &mut Vec<String>) {
    let arm = hand.below(session.arms().len());
    let second = 1_000_000_000_u64;
    let before = (session.now_ns(), session.arms()[arm].digest());
    let refused = match hand.below(12) {
        0..=3 => {
            let levers: Vec<String> = session
                .levers()
                .levers
                .iter()
                .map(|lever| lever.id.clone())
                .collect();
            let lever = hand.one_of(&levers).clone();
            let stays = session
                .levers()
                .get(&lever)
                .is_some_and(|lever| lever.stays);
            let lasts = [None, Some(0.5), Some(60.0), Some(900.0)][hand.below(4)].filter(|_| stays);
            done.push(format!("pull {lever} {lasts:?} in {arm}"));
            session.pull(arm, &lever, lasts, None).err()
        }
        4 => {
            let kind = *hand.one_of(&[
                "crash", "vanish", "stall", "hang", "slow", "errors", "capacity", "cut", "loss",
            ]);
            let parts: Vec<String> = session
                .levers()
                .parts
                .iter()
                .map(|part| part.name.clone())
                .collect();
            let part = hand.one_of(&parts).clone();
            let lasts = [None, Some(30.0), Some(600.0)][hand.below(3)];
            done.push(format!("break {kind} {part} {lasts:?} in {arm}"));
            session.break_part(arm, kind, &part, lasts, None).err()
        }
        5 | 6 => {
            let open: Vec<u32> = session.arms()[arm]
                .story()
                .open
                .iter()
                .map(|open| open.id)
                .collect();
            if open.is_empty() {
                return;
            }
            let id = *hand.one_of(&open);
            done.push(format!("release {id} in {arm}"));
            session.release(arm, id).err()
        }
        7 => {
            let passed = session.now_ns() - session.from_ns();
            let back = hand.below(1 + (passed / second) as usize) as u64 * second;
            done.push(format!("back to {back}"));
            session.back(session.from_ns() + back).err()
        }
        8 => {
            let lines: Vec<u32> = session.arms()[0]
                .script()
                .lines
                .iter()
                .map(|line| line.id)
                .collect();
            let without = (!lines.is_empty() && hand.below(4) != 0).then(|| *hand.one_of(&lines));
            done.push(format!("fork without {without:?}"));
            session.fork(without).err()
        }
        9 => {
            done.push(format!("keep {arm}"));
            session.keep(arm).err()
        }
        _ => {
            let seconds = hand.below(700) as u64 * second + hand.below(1000) as u64 * 1_000_000;
            done.push(format!("on by {seconds} ns"));
            session.advance(session.now_ns() + seconds);
            None
        }
    };
    if let Some(why) = refused {
        done.push(format!("  refused: {why}"));
        assert_eq!(
            before,
            (session.now_ns(), session.arms()[arm].digest()),
            "{done:#?}"
        );
    }
}

fn whatever_is_done(sitting: &Sitting, seeds: std::ops::Range<u64>, deeds: usize) {
    let (mut lines, mut released, mut forks) = (0, 0, 0);
    for seed in seeds {
        let mut session = sitting.opened(seed);
        let mut hand = Hand { seed, drawn: 0 };
        let mut done = Vec::new();
        for _ in 0..deeds {
            act(&mut session, &mut hand, &mut done);
            assert_eq!(
                session.arms().iter().map(|arm| arm.points().len()).max(),
                session.arms().iter().map(|arm| arm.points().len()).min(),
                "arms are in step: {done:#?}"
            );
        }
        session.advance(session.now_ns() + 60_000_000_000);
        for arm in 0..session.arms().len() {
            let by_hand = &session.arms()[arm].script().lines;
            lines += by_hand.len();
            released += by_hand
                .iter()
                .filter(|line| line.released_ns.is_some())
                .count();
            forks += arm;
            let saved = session.save(arm).expect("something was done");
            let replayed = sitting.replayed(&saved.text, seed);
            assert_eq!(
                saved.digest, replayed,
                "seed {seed}, arm {arm}: {done:#?}\n{}",
                saved.text
            );
        }
    }
    println!("{lines} lines, {released} ended early, {forks} forks");
    // A hand that did nothing would prove nothing.
    assert!(
        20 <= lines && 2 <= released && 1 <= forks,
        "{lines} lines, {released} ended early, {forks} forks"
    );
}

/// Twice as many in the long form of the tests.
fn long(count: u64) -> u64 {
    if std::env::var_os("WORSTDAY_LONG").is_some() {
        20 * count
    } else {
        count
    }
}

#[test]
fn in_the_supermarket() {
    let sitting = Sitting {
        file: "systems/supermarket.yaml",
        overlay: Some(("systems/supermarket.variants.yaml", "together")),
        day: date(2026, 11, 28),
        from: time(7, 30, 0, 0),
    };
    whatever_is_done(&sitting, 0..long(8), 40);
}

#[test]
fn in_the_scale_up() {
    let sitting = Sitting {
        file: "systems/scale-up.yaml",
        overlay: None,
        day: date(2026, 11, 24),
        from: time(9, 30, 0, 0),
    };
    whatever_is_done(&sitting, 100..100 + long(8), 30);
}

/// Across midnight, and across the hour that comes twice.
#[test]
fn in_the_night_when_clocks_go_back() {
    let sitting = Sitting {
        file: "systems/supermarket.yaml",
        overlay: None,
        day: date(2026, 10, 24),
        from: time(20, 0, 0, 0),
    };
    for seed in 0..2 {
        let mut session = sitting.opened(seed);
        let hour = 3_600_000_000_000;
        session
            .pull(0, "demand:shoppers", Some(4.0 * 3600.0), None)
            .expect("there are shoppers");
        session.advance(session.now_ns() + 5 * hour);
        session
            .pull(0, "fault:pos-silent", Some(3.0 * 3600.0), None)
            .expect("there is a fault");
        // 03:30 on the first clock, 02:30 again on the second: no file can say it.
        session.advance(session.from_ns() + 7 * hour + hour / 2);
        let why = session
            .pull(0, "more:till", None, None)
            .expect_err("this hour comes twice");
        assert!(why.to_string().contains("clocks go back"), "{why}");
        session.advance(session.from_ns() + 9 * hour);
        session
            .pull(0, "more:till", Some(600.0), None)
            .expect("it is over");
        session.advance(session.now_ns() + hour);
        let saved = session.save(0).expect("something was done");
        assert_eq!(
            saved.digest,
            sitting.replayed(&saved.text, seed),
            "{}",
            saved.text
        );
    }
}
