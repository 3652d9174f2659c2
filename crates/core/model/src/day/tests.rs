use super::expected::{Expected, busiest, mean};
use super::*;
use crate::calendar::Calendar;
use crate::system::{
    Arrive, Cancel, Client, Clock, Curve, Dist, Edit, Event, Fault, FaultKind, FaultWhen, Grows,
    Growth, Lasts, Patience, Peak, Place, Recorded, Recording, Replicas, ServiceId, Shape, System,
    Tables,
};
use crate::when::{Days, Hours, When};
use jiff::civil::{Date, Time, Weekday, date, time};

const SECOND: u64 = 1_000_000_000;
const MINUTE: u64 = 60 * SECOND;
const HOUR: u64 = 60 * MINUTE;

fn client(name: &str, arrive: Arrive) -> Client {
    Client {
        name: name.to_owned(),
        known_as: Vec::new(),
        arrive,
        active: None,
        steps: Vec::new(),
        patience: Patience::Unlimited,
        cancel: Cancel::None,
        retry: None,
        value: None,
        priority: 0,
    }
}

fn peak(height_per_s: f64, hour: u64, minute: u64, width_ns: u64) -> Peak {
    Peak {
        height_per_s,
        at_ns: hour * HOUR + minute * MINUTE,
        width_ns,
    }
}

fn curve(base_per_s: f64, peaks: &[Peak]) -> Curve {
    Curve {
        base_per_s,
        peaks: peaks.to_vec(),
        open: Vec::new(),
        days: [1.0; 7],
    }
}

fn stream(curve: Curve) -> Arrive {
    Arrive::Stream {
        curve,
        pattern: Pattern::Poisson,
        batch: 1,
    }
}

fn event(name: &str, when: When) -> Event {
    Event {
        name: name.to_owned(),
        when: vec![when],
        every_ns: None,
        lasts: None,
        jitter_ns: 0,
        demand: Vec::new(),
        rise_ns: 0,
        fall_ns: 0,
        edit: None,
        seen: None,
        place: Place::default(),
    }
}

fn stall(name: &str, when: FaultWhen, lasts: Lasts) -> Fault {
    Fault {
        name: name.to_owned(),
        kind: FaultKind::Stall(Target::Replicas(ServiceId(0), Replicas::All)),
        when,
        lasts,
        place: Place::default(),
    }
}

fn every_day(hours: Hours) -> When {
    When {
        days: Days::EveryDay,
        hours,
        lasts_ns: None,
    }
}

fn at(hour: i8, minute: i8) -> Time {
    time(hour, minute, 0, 0)
}

fn system(clients: Vec<Client>) -> Tables {
    Tables {
        timezone: "Europe/Zurich".to_owned(),
        clients,
        ..Tables::default()
    }
}

/// The day of tables that say no more than it needs.
fn plan(tables: &Tables, request: &DayRequest) -> Result<Day, DayError> {
    super::plan(&System::unchecked(tables.clone()), request)
}

fn request(what: What) -> DayRequest {
    DayRequest {
        as_of: date(2026, 11, 20),
        what,
        length_ns: None,
        random: Random::No,
    }
}

fn ordinary(day: Date) -> DayRequest {
    request(What::Ordinary { day: Some(day) })
}

fn rate_of(demand: &Demand) -> &RateCurve {
    match demand {
        Demand::Stream { rate, .. } => rate,
        other => panic!("{other:?}"),
    }
}

/// The supermarket of the examples: two peaks, open hours, weekday factors.
fn shoppers() -> Curve {
    let mut days = [1.0; 7];
    days[5] = 1.2;
    days[6] = 0.0;
    Curve {
        open: vec![every_day(Hours::Band(at(7, 0), at(21, 0)))],
        days,
        ..curve(
            30.0,
            &[
                peak(100.0, 8, 30, 90 * MINUTE),
                peak(110.0, 17, 45, 2 * HOUR),
            ],
        )
    }
}

/// Straight from the language's formula and the wall clock, with no pieces at all.
fn by_the_clock(curve: &Curve, calendar: &Calendar, unix_ns: i64) -> f64 {
    let local = calendar.local(unix_ns);
    let open = curve.open.is_empty()
        || curve.open.iter().any(|when| match when.hours {
            Hours::Band(from, to) if from < to => (from..to).contains(&local.time()),
            Hours::Band(from, to) => local.time() < to || from <= local.time(),
            _ => panic!("bands only"),
        });
    if !open {
        return 0.0;
    }
    let hours = local.time().duration_since(Time::midnight()).as_secs_f64() / 3600.0;
    let bells = curve.peaks.iter().map(|peak| {
        let away = (hours - peak.at_ns as f64 / HOUR as f64).abs();
        let widths = away.min(24.0 - away) / (peak.width_ns as f64 / HOUR as f64);
        (peak.height_per_s - curve.base_per_s) * libm::exp2(-4.0 * widths * widths)
    });
    let weekday = local.weekday().to_monday_zero_offset() as usize;
    curve.days[weekday] * (curve.base_per_s + bells.sum::<f64>()).max(0.0)
}

/// Pieces must not be seen: the rate is the formula's on days of 23, 24 and 25 hours, north and south.
#[test]
fn rates_are_the_formula_on_every_kind_of_day() {
    let overnight = Curve {
        open: vec![every_day(Hours::Band(at(20, 0), at(5, 30)))],
        ..curve(1.0, &[peak(9.0, 23, 50, 3 * HOUR), peak(0.2, 4, 0, HOUR)])
    };
    for zone in ["Europe/Zurich", "America/Los_Angeles", "Australia/Sydney"] {
        let calendar = Calendar::new(zone).unwrap();
        for curve in [shoppers(), overnight.clone()] {
            for first in [
                date(2026, 3, 7),
                date(2026, 3, 28),
                date(2026, 4, 4),
                date(2026, 10, 3),
                date(2026, 10, 31),
                date(2026, 12, 31),
            ] {
                let from = calendar.midnight(first) - HOUR as i64;
                let to = from + 50 * HOUR as i64;
                let rates = RateCurve::new(&curve, &calendar, from, to);
                let mut end = 0;
                for piece in &rates.pieces {
                    assert_eq!(piece.from_ns, end, "pieces leave a gap");
                    end = piece.to_ns;
                }
                assert_eq!(end, 50 * HOUR);
                for second in (0..50 * 3600).step_by(97) {
                    let t = second * SECOND + 123_456_789;
                    let expected = by_the_clock(&curve, &calendar, from + t as i64);
                    let got = rates.rate(t);
                    assert!(
                        (got - expected).abs() <= 1e-9 * expected,
                        "{zone} {first} {second}: {got} {expected}"
                    );
                    assert!(got <= rates.bound_per_s);
                }
            }
        }
    }
}

/// The engine thins against these bounds: none may be exceeded, and a flat stretch has no slack.
#[test]
fn nothing_exceeds_the_bounds() {
    let calendar = Calendar::new("Europe/Zurich").unwrap();
    let curve = curve(
        5.0,
        &[
            peak(50.0, 0, 10, 2 * HOUR),
            peak(1.0, 12, 0, HOUR),
            peak(20.0, 1, 0, 20 * MINUTE),
        ],
    );
    let from = calendar.midnight(date(2026, 10, 25));
    let rates = RateCurve::new(&curve, &calendar, from, from + 25 * HOUR as i64);
    for start in 0..25 * 12 {
        for length in [1, 7, 61, 150] {
            let (a, b) = (start * 5 * MINUTE, (start * 5 + length) * MINUTE);
            let bound = rates.at_most(a, b);
            let samples = (0..=200).map(|i| rates.rate(a + (b - 1 - a) / 200 * i));
            let highest = samples.fold(0.0, f64::max);
            assert!(
                highest <= bound * (1.0 + 1e-12),
                "{a}..{b}: {highest} > {bound}"
            );
            assert!(bound <= rates.bound_per_s * (1.0 + 1e-12));
        }
    }
    assert!(rates.at_most(16 * HOUR, 17 * HOUR) < 5.01);
    let flat = RateCurve::constant(7.0, 9.0, HOUR);
    assert_eq!(
        (flat.rate(0), flat.at_most(3, 5), flat.rate(HOUR)),
        (7.0, 7.0, 0.0)
    );
}

/// Independent of the day, and not far above what some day reaches.
#[test]
fn the_bound_is_that_of_the_file() {
    let calendar = Calendar::new("Europe/Zurich").unwrap();
    let mut bounds = Vec::new();
    for day in 20..28 {
        let from = calendar.midnight(date(2026, 11, day));
        bounds.push(
            RateCurve::new(&shoppers(), &calendar, from, from + 24 * HOUR as i64).bound_per_s,
        );
    }
    bounds.dedup();
    assert_eq!(bounds.len(), 1);
    // Saturday's factor times the higher peak, and a minute's slack.
    assert!(
        1.2 * 110.0 <= bounds[0] && bounds[0] < 1.2 * 110.1,
        "{bounds:?}"
    );
    let from = calendar.midnight(date(2026, 11, 23));
    let steady = RateCurve::new(&curve(24.0, &[]), &calendar, from, from + HOUR as i64);
    assert_eq!((steady.bound_per_s, steady.rate(1)), (24.0, 24.0));
}

#[test]
fn an_ordinary_day_starts_at_midnight_and_warms_up_before() {
    let system = system(vec![client("shoppers", stream(shoppers()))]);
    let day = plan(&system, &request(What::Ordinary { day: None })).unwrap();
    assert_eq!(day.label, "Monday 2026-11-23");
    assert_eq!(
        day.start_unix_ns,
        1_795_388_400 * SECOND as i64 - 30 * MINUTE as i64
    );
    assert_eq!(
        (day.warm_up_ns, day.end_ns),
        (30 * MINUTE, 24 * HOUR + 30 * MINUTE)
    );
    assert_eq!((day.varies, day.random), (Varies::Yes, Random::No));
    let rate = rate_of(&day.demand[0]);
    // The shop opens at seven; at half past eight the first peak is at its top.
    assert_eq!(rate.rate(30 * MINUTE + 7 * HOUR - 1), 0.0);
    assert!((rate.rate(9 * HOUR) - 100.0).abs() < 0.01);
    let shorter = DayRequest {
        length_ns: Some(8 * HOUR),
        ..ordinary(date(2026, 11, 24))
    };
    assert_eq!(
        plan(&system, &shorter).unwrap().end_ns,
        8 * HOUR + 30 * MINUTE
    );
    assert_eq!(plan(&system, &shorter).unwrap().label, "Tuesday 2026-11-24");
}

#[test]
fn two_hours_are_enough_where_nothing_varies() {
    let mut system = system(vec![client("users", stream(curve(24.0, &[])))]);
    let day = plan(&system, &ordinary(date(2026, 11, 23))).unwrap();
    assert_eq!((day.varies, day.end_ns), (Varies::No, 150 * MINUTE));
    assert_eq!(day.label, "Monday 2026-11-23, nothing varies");
    // A fault of unknown frequency does not strike; one with a rate does if it may.
    system.faults = vec![stall(
        "stall",
        FaultWhen::Every {
            mean_ns: 1e18,
            per_replica: crate::system::PerReplica::No,
            during: None,
        },
        Lasts::Time(Dist::Constant(1e9)),
    )];
    assert_eq!(
        plan(&system, &ordinary(date(2026, 11, 23))).unwrap().varies,
        Varies::No
    );
    let with_faults = DayRequest {
        random: Random::Yes,
        ..ordinary(date(2026, 11, 23))
    };
    let day = plan(&system, &with_faults).unwrap();
    assert_eq!(
        (day.varies, day.end_ns),
        (Varies::Yes, 24 * HOUR + 30 * MINUTE)
    );
    assert_eq!(day.label, "Monday 2026-11-23, faults at their rates");
    // A dated one makes it a day of 24 hours; a run that ends before it has no shape.
    system.faults[0].when = FaultWhen::Dated(vec![every_day(Hours::At(at(0, 5)))]);
    let day = plan(&system, &ordinary(date(2026, 11, 23))).unwrap();
    assert_eq!(
        (day.varies, day.end_ns),
        (Varies::Yes, 24 * HOUR + 30 * MINUTE)
    );
    assert_eq!(day.faults.len(), 1);
    assert_eq!(
        (day.faults[0].at_ns, day.faults[0].lasts_ns),
        (35 * MINUTE as i64, None)
    );
    let short = DayRequest {
        length_ns: Some(4 * MINUTE),
        ..ordinary(date(2026, 11, 23))
    };
    assert_eq!(plan(&system, &short).unwrap().varies, Varies::No);
}

/// A system whose sum of demand is highest away from every client's own peak.
#[test]
fn the_busiest_moment_is_that_of_the_sum() {
    let system = system(vec![
        client("early", stream(curve(0.0, &[peak(100.0, 11, 0, 3 * HOUR)]))),
        client("late", stream(curve(0.0, &[peak(90.0, 13, 0, 3 * HOUR)]))),
        client(
            "steady",
            Arrive::Closed {
                population: 10,
                think: Dist::Constant(1e9),
            },
        ),
    ]);
    let day = plan(
        &system,
        &request(What::Constant {
            day: None,
            peak: 2.0,
        }),
    )
    .unwrap();
    let rates = |t: f64| {
        let bell = |height: f64, at: f64| height * libm::exp2(-4.0 * (t - at) * (t - at) / 9.0);
        (bell(100.0, 11.0), bell(90.0, 13.0))
    };
    // By a fine grid over the hours in question.
    let best = (0..2_000_000)
        .map(|i| 11.0 + f64::from(i) * 1e-6)
        .max_by(|&a, &b| {
            let sum = |t| rates(t).0 + rates(t).1;
            sum(a).total_cmp(&sum(b))
        });
    let expected = rates(best.unwrap());
    let constant: Vec<_> = day.demand[..2]
        .iter()
        .map(|demand| match demand {
            Demand::Stream { rate, factor, .. } => {
                assert_eq!(*factor, 2.0);
                assert_eq!(rate.rate(0), rate.rate(day.end_ns - 1));
                rate.rate(0)
            }
            other => panic!("{other:?}"),
        })
        .collect();
    let sum = expected.0 + expected.1;
    assert!(
        (constant[0] + constant[1] - sum).abs() <= 2.0 * ACCURACY * sum,
        "{constant:?} {expected:?}"
    );
    assert!(
        (constant[0] - expected.0).abs() < 0.2,
        "{constant:?} {expected:?}"
    );
    assert!(matches!(day.demand[2], Demand::Closed { factor: 2.0 }));
    assert_eq!((day.varies, day.end_ns), (Varies::No, 150 * MINUTE));
    let label = format!(
        "constant demand, 2x peak (as on Monday 2026-11-23 at 11:{:02.0})",
        (60.0 * (best.unwrap() - 11.0)).floor()
    );
    assert_eq!(day.label, label);
}

/// Randomly shaped days against a fine grid.
#[test]
fn branch_and_bound_misses_no_peak() {
    let mut state = 42_u64;
    let mut next = |below: u64| {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        (state >> 33) % below
    };
    for _ in 0..12 {
        let clients: Vec<_> = (0..3)
            .map(|_| {
                let peaks: Vec<_> = (0..3)
                    .map(|_| {
                        peak(
                            next(100) as f64,
                            next(24),
                            next(60),
                            (5 + next(300)) * MINUTE,
                        )
                    })
                    .collect();
                let open = at(next(10) as i8, next(60) as i8);
                let open = vec![every_day(Hours::Band(open, at(12 + next(12) as i8, 0)))];
                client(
                    "c",
                    stream(Curve {
                        open,
                        ..curve(next(30) as f64, &peaks)
                    }),
                )
            })
            .collect();
        let system = system(clients);
        let checked = System::unchecked(system.clone());
        let day = plan(&system, &ordinary(date(2026, 10, 25))).unwrap();
        let expected: Vec<_> = (0..3)
            .map(|id| {
                Expected::new(
                    &checked,
                    ClientId(id),
                    &day.demand[id as usize],
                    &day.events,
                )
                .unwrap()
            })
            .collect();
        let (moment, highest) = busiest(
            &expected.iter().collect::<Vec<_>>(),
            day.warm_up_ns,
            day.end_ns,
        );
        let sum = |t| {
            day.demand
                .iter()
                .map(|demand| rate_of(demand).rate(t))
                .sum::<f64>()
        };
        assert!((sum(moment) - highest).abs() < 1e-9 * highest);
        let mut t = day.warm_up_ns;
        while t < day.end_ns {
            assert!(
                sum(t) <= highest * (1.0 + ACCURACY),
                "{} > {highest} at {t}",
                sum(t)
            );
            t += 3 * SECOND;
        }
    }
}

/// Clients that come with an event, dated events and switched-on clients all have a rate at the peak.
#[test]
fn what_events_do_to_demand_is_part_of_the_peak() {
    let mut system = system(vec![
        client(
            "commuters",
            Arrive::Visits {
                event: EventId(1),
                count: Dist::Constant(20.0),
                over_ns: 30 * MINUTE,
                until_before_ns: Some(6 * MINUTE),
                shape: Shape::Back,
            },
        ),
        client("shoppers", stream(curve(0.01, &[]))),
        client("streamers", stream(curve(0.02, &[]))),
    ]);
    system.clients[2].active = Some(EventId(1));
    let mut sale = event(
        "sale",
        When {
            days: Days::Date(date(2026, 11, 23), None),
            hours: Hours::Band(at(8, 0), at(10, 0)),
            lasts_ns: None,
        },
    );
    sale.demand = vec![(ClientId(1), 3.0)];
    system.events = vec![sale, event("train", every_day(Hours::At(at(9, 0))))];
    let day = plan(
        &system,
        &request(What::Constant {
            day: None,
            peak: 1.5,
        }),
    )
    .unwrap();
    // Just before 08:54: twenty in half an hour, most at the end; three times the shoppers; nobody streams yet.
    let factor_and_rate = |index: usize| match &day.demand[index] {
        Demand::Stream { rate, factor, .. } => (*factor, rate.rate(5)),
        other => panic!("{other:?}"),
    };
    let (factor, rate) = factor_and_rate(0);
    assert_eq!(factor, 1.5);
    assert!((rate - 40.0 / 1800.0).abs() < 1e-6, "{rate}");
    let (factor, rate) = factor_and_rate(1);
    assert!((factor - 4.5).abs() < 1e-12 && rate == 0.01);
    assert_eq!(factor_and_rate(2).0, 0.0);
    assert_eq!(day.event_demand, EventDemand::Included);
    assert_eq!(
        day.label,
        "constant demand, 1.5x peak (as on Monday 2026-11-23 at 08:53)"
    );
    assert_eq!(day.varies, Varies::No);
    // On the ordinary day the same occurrences are left to the engine.
    let day = plan(&system, &ordinary(date(2026, 11, 23))).unwrap();
    let starts: Vec<_> = day
        .events
        .iter()
        .map(|o| (o.event.0, o.start_ns / MINUTE as i64, o.lasts_ns))
        .collect();
    assert_eq!(starts, [(0, 510, Some(2 * HOUR)), (1, 570, None)]);
    assert_eq!(day.event_demand, EventDemand::Multiplies);
}

/// An event just after midnight whose visitors come before it belongs to the evening too, as does what
/// began on the day before.
#[test]
fn occurrences_reach_over_the_edges_of_the_day() {
    let mut system = system(vec![client(
        "guests",
        Arrive::Visits {
            event: EventId(1),
            count: Dist::Constant(5.0),
            over_ns: HOUR,
            until_before_ns: Some(HOUR),
            shape: Shape::Even,
        },
    )]);
    let mut night = event(
        "night",
        When {
            days: Days::EveryDay,
            hours: Hours::Band(at(22, 0), at(6, 0)),
            lasts_ns: None,
        },
    );
    night.demand = vec![(ClientId(0), 0.5)];
    let mut show = event("show", every_day(Hours::At(at(1, 0))));
    show.jitter_ns = MINUTE;
    system.events = vec![night, show];
    system.faults = vec![
        stall(
            "gone",
            FaultWhen::Dated(vec![every_day(Hours::Band(at(20, 0), at(23, 0)))]),
            Lasts::Time(Dist::Constant(1.0)),
        ),
        stall(
            "long",
            FaultWhen::Dated(vec![every_day(Hours::At(at(22, 0)))]),
            Lasts::Time(Dist::Constant(3.0 * HOUR as f64)),
        ),
        stall(
            "until-show",
            FaultWhen::Dated(vec![every_day(Hours::At(at(18, 0)))]),
            Lasts::Until(EventId(0)),
        ),
    ];
    let day = plan(&system, &ordinary(date(2026, 11, 23))).unwrap();
    let hours = |start: i64| (start - day.warm_up_ns as i64) as f64 / HOUR as f64;
    let events: Vec<_> = day
        .events
        .iter()
        .map(|o| (o.event.0, hours(o.start_ns)))
        .collect();
    assert_eq!(events, [(0, -2.0), (1, 1.0), (0, 22.0), (1, 25.0)]);
    let faults: Vec<_> = day
        .faults
        .iter()
        .map(|s| (s.fault.0, hours(s.at_ns), s.lasts_ns))
        .collect();
    assert_eq!(
        faults,
        [
            (1, -2.0, None),
            (2, 18.0, Some(4 * HOUR)),
            (0, 20.0, Some(3 * HOUR)),
            (1, 22.0, None),
        ]
    );
    // The same occurrence, seen from the next day, has the same number.
    let next = plan(&system, &ordinary(date(2026, 11, 24))).unwrap();
    assert_eq!(next.events[0].ordinal, day.events[2].ordinal);
    assert_eq!(next.faults[0].ordinal, day.faults[3].ordinal);
}

#[test]
fn a_length_beside_a_plain_date_goes_before_the_whole_day() {
    let mut system = system(vec![client("users", stream(curve(1.0, &[])))]);
    let on = |lasts: Option<Dist>, days: Days| {
        let mut event = event(
            "sale",
            When {
                days,
                hours: Hours::WholeDay,
                lasts_ns: None,
            },
        );
        event.demand = vec![(ClientId(0), 2.0)];
        event.lasts = lasts;
        event
    };
    let day = Days::Date(date(2026, 11, 23), None);
    let season = Days::Season((11, 10), (12, 1));
    system.events = vec![
        on(None, day.clone()),
        on(Some(Dist::Constant(6e11)), day),
        on(Some(Dist::Constant(6e11)), season),
        on(None, Days::From(date(2026, 1, 1))),
    ];
    let day = plan(&system, &ordinary(date(2026, 11, 23))).unwrap();
    let mut lasts: Vec<_> = day
        .events
        .iter()
        .map(|o| (o.event.0, o.lasts_ns.map(|ns| ns / HOUR)))
        .collect();
    lasts.sort_unstable();
    assert_eq!(
        lasts,
        [
            (0, Some(24)),
            (1, None),
            (2, Some(22 * 24)),
            (3, Some((1 << 62) / HOUR))
        ]
    );
}

#[test]
fn a_scenario_happens_as_it_says() {
    let mut system = system(vec![client("web", stream(curve(10.0, &[])))]);
    let mut drop = event("drop", every_day(Hours::At(at(21, 0))));
    drop.demand = vec![(ClientId(0), 3.0)];
    system.events = vec![drop, event("train", every_day(Hours::At(at(20, 30))))];
    system.faults = vec![stall(
        "stall",
        FaultWhen::Dated(vec![every_day(Hours::At(at(21, 0)))]),
        Lasts::Time(Dist::Constant(5e9)),
    )];
    system.edits = vec![Edit {
        name: "scenario".to_owned(),
    }];
    let happening = |at: Time, what: Happens| Happening {
        at,
        what,
        target: None,
        by: Some(2.5),
        lasts_ns: Some(40 * SECOND),
        because: None,
    };
    let scenario = Scenario {
        name: "WD-7f3a".to_owned(),
        day: date(2026, 12, 11),
        from: Some(at(20, 10)),
        until: Some(at(1, 30)),
        demand: vec![(ClientId(0), 1.31)],
        happens: vec![
            happening(at(0, 15), Happens::Fault(FaultId(0))),
            happening(at(20, 29), Happens::Event(EventId(0))),
            happening(time(20, 31, 12, 400_000_000), Happens::Fault(FaultId(0))),
            happening(time(19, 39, 50, 0), Happens::Edit(EditId(0))),
            happening(at(18, 0), Happens::Edit(EditId(0))),
        ],
    };
    let asked = DayRequest {
        random: Random::Yes,
        ..request(What::Scenario(scenario))
    };
    let day = plan(&system, &asked).unwrap();
    assert_eq!(day.label, "WD-7f3a: Friday 2026-12-11, 20:10 to 01:30");
    assert_eq!(
        (day.warm_up_ns, day.end_ns),
        (30 * MINUTE, 30 * MINUTE + 320 * MINUTE)
    );
    assert_eq!((day.random, day.varies), (Random::No, Varies::Yes));
    assert!(matches!(day.demand[0], Demand::Stream { factor: 1.31, .. }));
    // Only what is listed of `drop`; the train comes as ever.
    let events: Vec<_> = day
        .events
        .iter()
        .map(|o| (o.event.0, o.start_ns / MINUTE as i64))
        .collect();
    assert_eq!(events, [(0, 49), (1, 50)]);
    let faults: Vec<_> = day
        .faults
        .iter()
        .map(|s| (s.at_ns / SECOND as i64, s.lasts_ns, s.by))
        .collect();
    assert_eq!(
        faults,
        [
            (30 * 60 + 245 * 60, Some(40 * SECOND), Some(2.5)),
            (3072, Some(40 * SECOND), Some(2.5))
        ]
    );
    // One edit was under way when the run began, the other over.
    assert_eq!(
        day.edits,
        [DatedEdit {
            edit: EditId(0),
            at_ns: 0,
            lasts_ns: Some(30 * SECOND)
        }]
    );
}

#[test]
fn recordings_move_with_their_time_of_day() {
    let calendar = Calendar::new("Europe/Zurich").unwrap();
    let first = calendar.instant(date(2026, 3, 20).at(10, 5, 0, 0));
    let instants: Vec<i64> = (0..100).map(|i| first + i * HOUR as i64).collect();
    let recorded = |at, clock| {
        Arrive::Recorded(Recording {
            what: Recorded::Instants(instants.clone().into()),
            at,
            clock,
        })
    };
    let system = system(vec![client("web", recorded(None, Clock::Unix))]);
    // The first whole day of the recording, in summer time or not.
    let day = plan(&system, &request(What::Ordinary { day: None })).unwrap();
    assert_eq!(day.label, "Saturday 2026-03-21");
    let Demand::Recorded {
        what: RecordedDemand::Instants {
            first: ordinal,
            at_ns,
        },
        ..
    } = &day.demand[0]
    else {
        panic!("{:?}", day.demand);
    };
    // 23:35 to 24:00 of the day before is warm-up, and holds nothing: visits come at five past.
    assert_eq!((*ordinal, at_ns.len(), at_ns[0]), (14, 24, 35 * MINUTE));
    let error = plan(&system, &ordinary(date(2026, 11, 23))).unwrap_err();
    assert_eq!(
        error.to_string(),
        "the arrivals of `web` were recorded from 2026-03-20 to 2026-03-24, so nothing is known of 2026-11-23: \
         choose a day of the recording, or move it with `at: 2026-11-23`"
    );
    // Moved to another season the time of day stays.
    let moved = system_with(recorded(
        Some(date(2026, 11, 22).at(0, 0, 0, 0)),
        Clock::Unix,
    ));
    let day = plan(&moved, &ordinary(date(2026, 11, 22))).unwrap();
    let Demand::Recorded {
        what: RecordedDemand::Instants { first: 0, at_ns },
        ..
    } = &day.demand[0]
    else {
        panic!("{:?}", day.demand);
    };
    assert_eq!(at_ns[0], 10 * HOUR + 35 * MINUTE);
}

fn system_with(arrive: Arrive) -> Tables {
    system(vec![client("web", arrive)])
}

#[test]
fn counts_and_offsets_fall_into_the_run() {
    let counts = |clock, at| {
        system_with(Arrive::Recorded(Recording {
            what: Recorded::Counts {
                per_ns: 30 * MINUTE,
                rows: (0..96)
                    .map(|i| (i * 30 * MINUTE as i64, i as f64))
                    .collect::<Vec<_>>()
                    .into(),
            },
            at,
            clock,
        }))
    };
    // Offsets start where counting does, whatever the day.
    let system = counts(Clock::FromStart, None);
    let day = plan(&system, &request(What::Ordinary { day: None })).unwrap();
    assert_eq!(day.label, "Monday 2026-11-23");
    let Demand::Recorded {
        what:
            RecordedDemand::Counts {
                per_ns,
                first,
                rows,
            },
        ..
    } = &day.demand[0]
    else {
        panic!("{:?}", day.demand);
    };
    assert_eq!(
        (*per_ns, *first, rows.len(), rows[1]),
        (30 * MINUTE, 0, 48, (HOUR as i64, 1.0))
    );
    // The second day of the recording, by its date; the run begins in the interval before midnight.
    let system = counts(Clock::FromStart, Some(date(2026, 11, 23).at(0, 0, 0, 0)));
    let day = plan(&system, &ordinary(date(2026, 11, 24))).unwrap();
    let Demand::Recorded {
        what: RecordedDemand::Counts { first, rows, .. },
        ..
    } = &day.demand[0]
    else {
        panic!("{:?}", day.demand);
    };
    assert_eq!((*first, rows.len(), rows[0]), (47, 49, (0, 47.0)));
    // Its peak is the last half hour.
    let peak = plan(
        &system,
        &request(What::Constant {
            day: Some(date(2026, 11, 24)),
            peak: 1.0,
        }),
    )
    .unwrap();
    assert!((rate_of(&peak.demand[0]).rate(0) - 95.0 / 1800.0).abs() < 1e-12);
}

#[test]
fn impossible_days_are_refused() {
    let mut system = system(vec![client("users", stream(curve(1.0, &[])))]);
    let error = |system: &Tables, what: What, length_ns: Option<u64>| {
        let asked = DayRequest {
            length_ns,
            ..request(what)
        };
        plan(system, &asked).unwrap_err()
    };
    let constant = |peak| What::Constant { day: None, peak };
    assert_eq!(
        error(&system, constant(-1.0), None),
        DayError::Factor { value: -1.0 }
    );
    assert!(matches!(
        error(&system, constant(f64::NAN), None),
        DayError::Factor { .. }
    ));
    assert_eq!(
        error(&system, constant(1.0), Some(0)),
        DayError::Length { ns: 0 }
    );
    let ancient = What::Ordinary {
        day: Some(date(1066, 10, 14)),
    };
    assert_eq!(
        error(&system, ancient, None),
        DayError::OutOfReach {
            day: date(1066, 10, 14)
        }
    );
    system.clients[0].arrive = stream(Curve {
        days: [0.0; 7],
        ..curve(1.0, &[])
    });
    assert_eq!(
        error(&system, constant(1.0), None),
        DayError::NoPeak {
            day: date(2026, 11, 23)
        }
    );
    system.timezone = "Europe/Zuerich".to_owned();
    assert!(matches!(
        error(&system, constant(1.0), None),
        DayError::TimeZone(_)
    ));
}

#[test]
fn means_of_distributions() {
    let two_points = Dist::Points(vec![(0.5, 4.0), (0.99, 40.0)]);
    // Two points are exactly a log-normal: its mean is the median times e^(s^2/2).
    let s = libm::log(10.0) / 2.326_347_874_040_841;
    let expected = 4.0 * libm::exp(0.5 * s * s);
    assert!((mean(&two_points) - expected).abs() < 1e-9 * expected);
    // A point in the middle of that line changes nothing.
    let middle = 4.0 * libm::exp(s * 1.281_551_565_544_600_4);
    let three_points = Dist::Points(vec![(0.5, 4.0), (0.9, middle), (0.99, 40.0)]);
    assert!((mean(&three_points) - expected).abs() < 1e-9 * expected);
    assert_eq!(
        mean(&Dist::Uniform {
            low: 1.0,
            high: 4.0
        }),
        2.5
    );
    assert_eq!(
        mean(&Dist::Pareto {
            min: 2.0,
            tail: 3.0
        }),
        3.0
    );
    assert_eq!(Weekday::Monday.to_monday_zero_offset(), 0);
}

/// `SHARE` more in every week.
fn grows(what: Grows, share: f64) -> Growth {
    Growth {
        what,
        share,
        per_ns: 7.0 * 24.0 * HOUR as f64,
        in_force: 1.0,
        place: Place::default(),
    }
}

/// Demand is multiplied by whole powers after whole weeks, on every kind of day, and was less before.
#[test]
fn demand_grows_from_day_to_day() {
    let closed = Arrive::Closed {
        population: 100,
        think: Dist::Constant(1e9),
    };
    let mut tables = system(vec![
        client("open", stream(curve(30.0, &[]))),
        client("users", closed),
    ]);
    tables.as_of = Some(date(2026, 11, 2));
    tables.growth = vec![
        grows(Grows::Demand(ClientId(0)), 1.0),
        grows(Grows::Demand(ClientId(1)), 0.5),
    ];
    let factors = |day: &Day| {
        let of = |demand: &Demand| *plan::factor_mut(&mut demand.clone());
        (of(&day.demand[0]), of(&day.demand[1]))
    };
    for (on, expected) in [
        (date(2026, 11, 2), (1.0, 1.0)),
        (date(2026, 11, 9), (2.0, 1.5)),
        (date(2026, 11, 23), (8.0, 3.375)),
        (date(2026, 10, 26), (0.5, 1.0 / 1.5)),
    ] {
        let day = plan(&tables, &ordinary(on)).expect("a day");
        assert_eq!(factors(&day), expected, "{on}");
        assert_eq!(day.grown[0].factor, expected.0);
        assert_eq!(day.grown[0].what, "demand of open");
        assert_eq!(day.grown[0].since, date(2026, 11, 2));
        assert!(day.growing.is_empty(), "within a day demand stands");
        // Growth is no shape: the day is as constant as it was.
        assert_eq!(day.varies, Varies::No);
    }
    let twice = request(What::Constant {
        day: Some(date(2026, 11, 9)),
        peak: 3.0,
    });
    let day = plan(&tables, &twice).expect("a day");
    assert_eq!(factors(&day), (6.0, 4.5), "three times the grown demand");
    // Without `as-of` it grows from the date of the run.
    tables.as_of = None;
    let day = plan(&tables, &ordinary(date(2026, 11, 27))).expect("a day");
    assert_eq!(factors(&day), (2.0, 1.5));
}

/// A run of more than a day grows on, at the same rate.
#[test]
fn long_runs_grow_on() {
    let mut tables = system(vec![client("open", stream(curve(30.0, &[])))]);
    tables.as_of = Some(date(2026, 11, 2));
    tables.growth = vec![grows(Grows::Demand(ClientId(0)), 1.0)];
    let request = DayRequest {
        length_ns: Some(14 * 24 * HOUR),
        ..ordinary(date(2026, 11, 2))
    };
    let day = plan(&tables, &request).expect("two weeks");
    let week_ns = 7.0 * 24.0 * HOUR as f64;
    assert!((day.growing[0] * week_ns - core::f64::consts::LN_2).abs() < 1e-12);
    assert_eq!(day.varies, Varies::Yes);
}

/// A step that came long before is no shape of the day; one that comes on it is.
#[test]
fn steps_of_the_past_are_no_shape() {
    let mut tables = system(vec![client("open", stream(curve(30.0, &[])))]);
    let mut step = event(
        "launch",
        When {
            days: Days::From(date(2026, 12, 1)),
            hours: Hours::WholeDay,
            lasts_ns: None,
        },
    );
    step.demand = vec![(ClientId(0), 2.0)];
    tables.events = vec![step];
    let varies = |on| plan(&tables, &ordinary(on)).expect("a day").varies;
    assert_eq!(varies(date(2026, 11, 30)), Varies::No);
    assert_eq!(varies(date(2026, 12, 1)), Varies::Yes);
    assert_eq!(varies(date(2026, 12, 2)), Varies::No);
}
