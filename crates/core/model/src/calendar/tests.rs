use super::*;
use jiff::civil::{date, time};

const HOUR: i64 = 3_600_000_000_000;
const MINUTE: i64 = HOUR / 60;

fn zurich() -> Calendar {
    Calendar::new("Europe/Zurich").unwrap()
}

fn when(days: Days, hours: Hours) -> When {
    When {
        days,
        hours,
        lasts_ns: None,
    }
}

fn lasting(days: Days, hours: Hours, ns: i64) -> When {
    When {
        days,
        hours,
        lasts_ns: Some(ns.unsigned_abs()),
    }
}

fn utc(text: &str) -> i64 {
    nanoseconds(text.parse().unwrap())
}

fn span(calendar: &Calendar, from: Date, to: Date) -> (i64, i64) {
    (calendar.midnight(from), calendar.midnight(to))
}

/// Starts and ends in local time, as a person would check them.
fn shown(calendar: &Calendar, whens: &[When], from: Date, to: Date) -> Vec<String> {
    let (from, to) = span(calendar, from, to);
    let text = |ns| calendar.local(ns).strftime("%a %Y-%m-%d %H:%M").to_string();
    let occurrences = calendar.occurrences(whens, from, to);
    occurrences
        .iter()
        .map(|o| match o.end_ns {
            None => text(o.start_ns),
            Some(EVER_AFTER_NS) => format!("{} ever after", text(o.start_ns)),
            Some(end) => format!("{} to {}", text(o.start_ns), text(end)),
        })
        .collect()
}

/// The two rules about clocks that change, on the days on which they do, north and south.
#[test]
fn a_time_that_does_not_exist_moves_on_and_one_that_exists_twice_is_the_first() {
    let at = |zone: &str, local: DateTime| Calendar::new(zone).unwrap().instant(local);
    // Clocks go from 02:00 to 03:00 on 2026-03-29, at 01:00 UTC: all of the gap is that instant.
    for minute in [0, 1, 30, 59] {
        let local = date(2026, 3, 29).at(2, minute, 0, 0);
        assert_eq!(
            at("Europe/Zurich", local),
            utc("2026-03-29T01:00:00Z"),
            "02:{minute}"
        );
    }
    assert_eq!(
        at("Europe/Zurich", date(2026, 3, 29).at(1, 59, 59, 0)),
        utc("2026-03-29T00:59:59Z")
    );
    assert_eq!(
        at("Europe/Zurich", date(2026, 3, 29).at(3, 30, 0, 0)),
        utc("2026-03-29T01:30:00Z")
    );
    // Back from 03:00 to 02:00 on 2026-10-25: 02:30 is shown at 00:30 UTC and at 01:30 UTC.
    assert_eq!(
        at("Europe/Zurich", date(2026, 10, 25).at(2, 30, 0, 0)),
        utc("2026-10-25T00:30:00Z")
    );
    assert_eq!(
        at("Europe/Zurich", date(2026, 10, 25).at(3, 0, 0, 0)),
        utc("2026-10-25T02:00:00Z")
    );
    let la = "America/Los_Angeles";
    assert_eq!(
        at(la, date(2026, 3, 8).at(2, 15, 0, 0)),
        utc("2026-03-08T10:00:00Z")
    );
    assert_eq!(
        at(la, date(2026, 11, 1).at(1, 30, 0, 0)),
        utc("2026-11-01T08:30:00Z")
    );
    // South: forward in October, back in April; half an hour on Lord Howe.
    assert_eq!(
        at("Australia/Sydney", date(2026, 10, 4).at(2, 30, 0, 0)),
        utc("2026-10-03T16:00:00Z")
    );
    assert_eq!(
        at("Australia/Sydney", date(2026, 4, 5).at(2, 30, 0, 0)),
        utc("2026-04-04T15:30:00Z")
    );
    assert_eq!(
        at("Australia/Lord_Howe", date(2026, 10, 4).at(2, 10, 0, 0)),
        utc("2026-10-03T15:30:00Z")
    );
    // A midnight that does not exist: Chile's clocks jump from 24:00 to 01:00.
    assert_eq!(
        at("America/Santiago", date(2026, 9, 6).at(0, 0, 0, 0)),
        utc("2026-09-06T04:00:00Z")
    );
}

/// Days of 23, 24 and 25 hours, and one that Samoa never had.
#[test]
fn local_days_are_as_long_as_the_clocks_make_them() {
    let lengths = |zone: &str, from: Date, to: Date| -> Vec<(i8, i64)> {
        let calendar = Calendar::new(zone).unwrap();
        let (from, to) = span(&calendar, from, to);
        let days = calendar.days(from, to);
        days.iter()
            .map(|d| (d.date.day(), (d.end_ns - d.start_ns) / MINUTE))
            .collect()
    };
    assert_eq!(
        lengths("Europe/Zurich", date(2026, 3, 28), date(2026, 3, 31)),
        [(28, 1440), (29, 1380), (30, 1440)]
    );
    assert_eq!(
        lengths("America/Los_Angeles", date(2026, 11, 1), date(2026, 11, 2)),
        [(1, 1500)]
    );
    assert_eq!(
        lengths("Australia/Lord_Howe", date(2026, 10, 4), date(2026, 10, 5)),
        [(4, 1410)]
    );
    assert_eq!(
        lengths("Pacific/Apia", date(2011, 12, 29), date(2012, 1, 1)),
        [(29, 1440), (31, 1440)]
    );
    assert_eq!(
        lengths("UTC", date(2027, 12, 31), date(2028, 1, 2)),
        [(31, 1440), (1, 1440)]
    );
    // A window inside a day still gives the whole day.
    let noon = utc("2026-11-23T11:00:00Z");
    let day = zurich().days(noon, noon + 1);
    assert_eq!(day.len(), 1);
    assert_eq!(day[0].start_ns, utc("2026-11-22T23:00:00Z"));
}

#[test]
fn patterns_fall_on_the_days_a_person_expects() {
    let calendar = zurich();
    let from = date(2026, 11, 20);
    let to = date(2026, 12, 8);
    let days_of = |days: Days| -> Vec<i8> {
        let all = calendar.days(calendar.midnight(from), calendar.midnight(to));
        all.iter()
            .filter(|d| falls_on(&days, d.date))
            .map(|d| d.date.day())
            .collect()
    };
    assert_eq!(
        days_of(Days::EveryWeekday),
        [20, 23, 24, 25, 26, 27, 30, 1, 2, 3, 4, 7]
    );
    assert_eq!(days_of(Days::Every(Weekday::Tuesday)), [24, 1]);
    let nth = |nth, day, month| Days::Nth { nth, day, month };
    assert_eq!(
        days_of(nth(Nth::Number(4), NthDay::Day(Weekday::Friday), Some(11))),
        [27]
    );
    assert_eq!(days_of(nth(Nth::Last, NthDay::Weekday, None)), [30]);
    assert_eq!(
        days_of(nth(Nth::Number(1), NthDay::Day(Weekday::Sunday), None)),
        [6]
    );
    assert_eq!(days_of(nth(Nth::Number(2), NthDay::Weekday, Some(12))), [2]);
    assert_eq!(
        days_of(nth(Nth::Last, NthDay::Day(Weekday::Monday), Some(11))),
        [30]
    );
    assert_eq!(days_of(Days::Season((11, 28), (12, 2))), [28, 29, 30, 1, 2]);
    // 2026-12-05 is a Saturday.
    assert_eq!(days_of(Days::OfMonth(5, Shift::None)), [5]);
    assert_eq!(days_of(Days::OfMonth(5, Shift::Before)), [4]);
    assert_eq!(days_of(Days::OfMonth(5, Shift::After)), [7]);
    assert_eq!(
        days_of(Days::Date(date(2026, 12, 3), Some(date(2026, 12, 4)))),
        [3, 4]
    );
    assert_eq!(days_of(Days::From(date(2026, 12, 6))), [6, 7]);
}

/// A shifted day of the month crosses into the next or the last month, and even year.
#[test]
fn a_shifted_day_may_leave_its_month() {
    let before = Days::OfMonth(1, Shift::Before);
    // Sunday 2026-11-01 goes to Friday 2026-10-30; Saturday 2028-01-01 to Friday 2027-12-31.
    assert!(falls_on(&before, date(2026, 10, 30)));
    assert!(!falls_on(&before, date(2026, 11, 1)));
    assert!(falls_on(&before, date(2027, 12, 31)));
    let after = Days::OfMonth(31, Shift::After);
    // Saturday 2026-10-31 goes to Monday 2026-11-02; November has no 31st at all.
    assert!(falls_on(&after, date(2026, 11, 2)));
    assert!(!falls_on(&after, date(2026, 11, 30)));
    assert!(!falls_on(&after, date(2026, 12, 1)));
}

#[test]
fn february_29_and_seasons_over_new_year() {
    let leap_day = Days::OfMonth(29, Shift::None);
    assert!(falls_on(&leap_day, date(2028, 2, 29)));
    assert!(!falls_on(&leap_day, date(2026, 2, 28)));
    let calendar = zurich();
    let holidays = when(Days::Season((12, 20), (1, 5)), Hours::WholeDay);
    assert_eq!(
        shown(
            &calendar,
            std::slice::from_ref(&holidays),
            date(2026, 1, 1),
            date(2026, 12, 31)
        ),
        [
            "Sat 2025-12-20 00:00 to Tue 2026-01-06 00:00",
            "Sun 2026-12-20 00:00 to Wed 2027-01-06 00:00"
        ]
    );
    // With hours it is each day of the season.
    let hours = when(
        holidays.days,
        Hours::Band(time(23, 0, 0, 0), time(1, 0, 0, 0)),
    );
    assert_eq!(
        shown(&calendar, &[hours], date(2027, 1, 5), date(2027, 2, 1)),
        [
            "Mon 2027-01-04 23:00 to Tue 2027-01-05 01:00",
            "Tue 2027-01-05 23:00 to Wed 2027-01-06 01:00"
        ]
    );
    let to_leap_day = when(Days::Season((2, 27), (2, 29)), Hours::WholeDay);
    assert_eq!(
        shown(
            &calendar,
            &[to_leap_day],
            date(2027, 1, 1),
            date(2029, 1, 1)
        ),
        [
            "Sat 2027-02-27 00:00 to Mon 2027-03-01 00:00",
            "Sun 2028-02-27 00:00 to Wed 2028-03-01 00:00"
        ]
    );
    // All the year round, each year is one season.
    let always = when(Days::Season((1, 1), (12, 31)), Hours::WholeDay);
    assert_eq!(
        shown(&calendar, &[always], date(2027, 5, 1), date(2027, 5, 2)),
        ["Fri 2027-01-01 00:00 to Sat 2028-01-01 00:00"]
    );
}

#[test]
fn bands_past_midnight_belong_to_the_day_they_start() {
    let night = when(
        Days::Every(Weekday::Saturday),
        Hours::Band(time(22, 0, 0, 0), time(4, 0, 0, 0)),
    );
    assert_eq!(
        shown(
            &zurich(),
            std::slice::from_ref(&night),
            date(2026, 11, 22),
            date(2026, 11, 23)
        ),
        ["Sat 2026-11-21 22:00 to Sun 2026-11-22 04:00"]
    );
    // Seven hours on the night on which the clocks go back.
    let (from, to) = span(&zurich(), date(2026, 10, 24), date(2026, 10, 26));
    let autumn = zurich().occurrences(&[night], from, to);
    assert_eq!(autumn[0].end_ns.unwrap() - autumn[0].start_ns, 7 * HOUR);
    // The end may be dated too.
    let dated = when(
        Days::Date(date(2026, 12, 4), Some(date(2026, 12, 6))),
        Hours::Band(time(18, 0, 0, 0), time(9, 0, 0, 0)),
    );
    assert_eq!(
        shown(&zurich(), &[dated], date(2026, 12, 6), date(2026, 12, 7)),
        ["Fri 2026-12-04 18:00 to Sun 2026-12-06 09:00"]
    );
}

#[test]
fn a_list_is_the_union_of_its_entries() {
    let band = |from: i8, to: i8| {
        when(
            Days::EveryDay,
            Hours::Band(time(from, 0, 0, 0), time(to, 0, 0, 0)),
        )
    };
    let calendar = zurich();
    let one_day = (date(2026, 11, 23), date(2026, 11, 24));
    let list = [
        band(10, 14),
        band(8, 12),
        band(16, 18),
        when(Days::EveryDay, Hours::At(time(17, 0, 0, 0))),
    ];
    assert_eq!(
        shown(&calendar, &list, one_day.0, one_day.1),
        [
            "Mon 2026-11-23 08:00 to Mon 2026-11-23 14:00",
            "Mon 2026-11-23 16:00 to Mon 2026-11-23 18:00"
        ]
    );
    // What only touches stays two occurrences, and is one interval.
    let (from, to) = span(&calendar, one_day.0, one_day.1);
    assert_eq!(
        calendar
            .occurrences(&[band(8, 12), band(12, 14)], from, to)
            .len(),
        2
    );
    assert_eq!(
        calendar.intervals(&[band(8, 12), band(12, 14)], from, to),
        [(from + 8 * HOUR, from + 14 * HOUR)]
    );
    let ever = [
        when(Days::From(date(2027, 3, 15)), Hours::WholeDay),
        band(8, 12),
    ];
    assert_eq!(
        shown(&calendar, &ever, date(2030, 3, 15), date(2030, 3, 16)),
        ["Mon 2027-03-15 00:00 ever after"]
    );
    assert_eq!(
        calendar.next_start(&list, from + 9 * HOUR, to),
        Some(from + 16 * HOUR)
    );
}

/// Whatever window is asked for, the same occurrences have the same starts, ends and ordinals.
#[test]
fn occurrences_do_not_depend_on_the_window() {
    let t = |h: i8| time(h, 0, 0, 0);
    let lists = [
        vec![when(Days::EveryDay, Hours::WholeDay)],
        vec![lasting(Days::EveryDay, Hours::At(t(20)), 9 * HOUR)],
        vec![
            when(Days::EveryWeekday, Hours::Band(t(22), t(6))),
            lasting(Days::Every(Weekday::Friday), Hours::At(t(2)), 50 * HOUR),
            when(Days::EveryDay, Hours::At(t(2))),
        ],
        vec![
            when(Days::Season((3, 20), (4, 10)), Hours::WholeDay),
            lasting(
                Days::OfMonth(28, Shift::After),
                Hours::At(t(3)),
                30 * DAY_NS,
            ),
        ],
        vec![when(
            Days::Date(date(2026, 3, 29), None),
            Hours::Band(time(2, 10, 0, 0), time(2, 50, 0, 0)),
        )],
    ];
    for zone in [
        "Europe/Zurich",
        "America/Los_Angeles",
        "Australia/Sydney",
        "UTC",
    ] {
        let calendar = Calendar::new(zone).unwrap();
        let (from, to) = span(&calendar, date(2026, 3, 1), date(2026, 5, 1));
        for list in &lists {
            let all = calendar.occurrences(list, from, to);
            assert!(!all.is_empty());
            let mut ordinals: Vec<_> = all.iter().map(|o| o.ordinal).collect();
            ordinals.dedup();
            assert_eq!(ordinals.len(), all.len(), "{zone}: {list:?}");
            let mut start = from;
            while start < to {
                let end = (start + 31 * HOUR).min(to);
                let part = calendar.occurrences(list, start, end);
                let expected: Vec<_> = all
                    .iter()
                    .copied()
                    .filter(|o| o.touches(start, end))
                    .collect();
                assert_eq!(part, expected, "{zone}: {list:?} in {start}..{end}");
                start = end;
            }
        }
    }
}

#[test]
fn working_days_and_unknown_zones() {
    assert_eq!(next_working_day(date(2026, 11, 20)), date(2026, 11, 23));
    assert_eq!(next_working_day(date(2026, 11, 22)), date(2026, 11, 23));
    assert_eq!(next_working_day(date(2026, 12, 31)), date(2027, 1, 1));
    let error = Calendar::new("Europe/Zürich").unwrap_err();
    assert_eq!(error.nearest.as_deref(), Some("Europe/Zurich"));
    assert_eq!(
        Calendar::new("Mars/Olympus_Mons").unwrap_err().nearest,
        None
    );
}
