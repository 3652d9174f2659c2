use super::*;
use proptest::prelude::*;

const SECOND: i64 = 1_000_000_000;
const MINUTE: i64 = 60 * SECOND;

fn zurich() -> Calendar {
    Calendar::new("Europe/Zurich").unwrap()
}

fn options(format: ArrivalFormat) -> Options<'static> {
    Options {
        format,
        column: None,
        per_ns: None,
        at: None,
    }
}

fn with_column(format: ArrivalFormat, column: &str) -> Options<'_> {
    Options {
        column: Some(column),
        ..options(format)
    }
}

fn read_text(text: &str, options: &Options<'_>) -> Result<Reading, Vec<Remark>> {
    read(text.as_bytes(), options, &zurich())
}

fn instants_of(reading: &Reading) -> Vec<i64> {
    match &reading.recording.what {
        Recorded::Instants(instants) => instants.to_vec(),
        other => panic!("{other:?}"),
    }
}

fn counts_of(reading: &Reading) -> (u64, Vec<(i64, f64)>) {
    match &reading.recording.what {
        Recorded::Counts { per_ns, rows } => (*per_ns, rows.to_vec()),
        other => panic!("{other:?}"),
    }
}

fn said(remarks: &[Remark]) -> Vec<String> {
    remarks.iter().map(ToString::to_string).collect()
}

/// Every spelling in the table of `stamp`, to the nanosecond.
#[test]
fn times_are_read_as_the_table_says() {
    let of = |text: &str| Stamp::read(text, &zurich()).map(|stamp| (stamp.ns, stamp.kind));
    let second_of_2014 = 1_404_174_600;
    for text in [
        "2014-07-01T00:30:00Z",
        "2014-07-01 02:30:00+02:00",
        "2014-06-30T20:30:00-04:00",
        "2014-07-01 02:30:00",
    ] {
        assert_eq!(
            of(text),
            Ok((second_of_2014 * SECOND, Kind::Date)),
            "{text}"
        );
    }
    assert_eq!(of("2014-01-01"), Ok((1_388_530_800 * SECOND, Kind::Date)));
    assert_eq!(
        of("1404174600"),
        Ok((second_of_2014 * SECOND, Kind::Seconds))
    );
    assert_eq!(
        of("1404174600.25"),
        Ok((second_of_2014 * SECOND + SECOND / 4, Kind::Seconds))
    );
    assert_eq!(
        of("1.4041746e9"),
        Ok((second_of_2014 * SECOND, Kind::Seconds))
    );
    assert_eq!(
        of("1404174600123"),
        Ok((second_of_2014 * SECOND + 123_000_000, Kind::Milliseconds))
    );
    assert_eq!(
        of("1404174600123456"),
        Ok((second_of_2014 * SECOND + 123_456_000, Kind::Microseconds))
    );
    assert_eq!(
        of("1404174600123456789"),
        Ok((second_of_2014 * SECOND + 123_456_789, Kind::Nanoseconds))
    );
    assert_eq!(of("12.5s"), Ok((12_500_000_000, Kind::FromStart)));
    assert_eq!(of("1m30s"), Ok((90 * SECOND, Kind::FromStart)));
    assert_eq!(of("0"), Ok((0, Kind::FromStart)));
    assert_eq!(of("10.0000000000000"), Ok((10 * SECOND, Kind::FromStart)));
    assert_eq!(of("-0.123456789999"), Ok((-123_456_789, Kind::FromStart)));
    assert_eq!(
        of("99999999.999999999"),
        Ok((99_999_999_999_999_999, Kind::FromStart))
    );
    // The ends of what 64 bits of nanoseconds hold.
    assert_eq!(of("9223372036854775807"), Ok((i64::MAX, Kind::Nanoseconds)));
    for text in [
        "9223372036854775808",
        "99999999999999999999999999",
        "1e300",
        "NaN",
        "inf",
        "",
        "-",
        ".5",
        "1_000",
        "3000-01-01",
        "soon",
        "12:30",
    ] {
        assert!(of(text).is_err(), "{text}");
    }
}

#[test]
fn a_time_per_line() {
    let text = "\u{feff}# from a load test\r\n0.5s\r\n\r\n1s\r\n1m\r\n  250ms  \r\n";
    let reading = read_text(text, &options(ArrivalFormat::Instants)).unwrap();
    assert_eq!(
        instants_of(&reading),
        [SECOND / 4, SECOND / 2, SECOND, MINUTE]
    );
    assert_eq!(
        (reading.recording.clock, reading.rows, reading.skipped),
        (Clock::FromStart, 4, 0)
    );
    assert_eq!(
        said(&reading.warnings),
        ["1 of 4 times are earlier than the one before; they were sorted"]
    );
    // A head over the only column is one.
    let reading = read_text(
        "when\n2026-11-23 08:00:00\n",
        &options(ArrivalFormat::Instants),
    )
    .unwrap();
    assert_eq!(instants_of(&reading), [1_795_417_200 * SECOND]);
    assert_eq!(reading.recording.clock, Clock::Unix);
    assert_eq!(reading.warnings, []);
}

/// A recording of ends and durations gives starts.
#[test]
fn one_column_less_another() {
    let text =
        "app,end_timestamp,duration\n\"a,\"\"b\",10.0,9.000\nc,11.0000000000000,250ms\nd,12.5,\n";
    let reading = read_text(
        text,
        &with_column(ArrivalFormat::Instants, "end_timestamp - duration"),
    )
    .unwrap();
    assert_eq!(instants_of(&reading), [SECOND, 10_750_000_000]);
    assert_eq!(reading.skipped, 1);
    assert_eq!(
        said(&reading.warnings),
        ["line 4: an empty cell: this line was left out"]
    );
    // Milliseconds less milliseconds.
    let text = "end;took - ms\n1404174600123;23\n";
    let reading = read_text(
        text,
        &with_column(ArrivalFormat::Instants, "end - took - ms"),
    )
    .unwrap();
    assert_eq!(instants_of(&reading), [1_404_174_600_100_000_000]);
}

/// Every part is a column, and still no two of them make it: that has a reason too.
#[test]
fn one_column_less_two_others() {
    let text = "end,took\n100,1\n";
    let column = with_column(ArrivalFormat::Instants, "end - end - took");
    assert_eq!(
        said(&read_text(text, &column).unwrap_err()),
        [
            "line 1: `end - end - took` takes more than one column from another: `A - B` is all that can be said"
        ]
    );
}

#[test]
fn mistakes_have_their_places() {
    let wrong = |text: &str, options: &Options<'_>| said(&read_text(text, options).unwrap_err());
    let table = "id,at\n1,0.5s\n\"ü\", nonsense\n3,1404174600\n4,2s\n";
    assert_eq!(
        wrong(table, &with_column(ArrivalFormat::Instants, "at")),
        [
            "line 3, column 6: `nonsense` is no time",
            "line 4, column 3: this is Unix time in seconds, but line 2 holds a time since the start of the recording"
        ]
    );
    assert_eq!(
        wrong(table, &with_column(ArrivalFormat::Instants, "att")),
        ["line 1: no column is called `att`; there are `id`, `at`; did you mean `at`?"]
    );
    assert_eq!(
        wrong(table, &options(ArrivalFormat::Instants)),
        ["line 1: which column holds the times? Give `column`: `id`, `at`"]
    );
    assert_eq!(
        wrong("1,2\n", &with_column(ArrivalFormat::Instants, "at")),
        ["line 1: no column can be called `at`, because the first line holds no heads"]
    );
    assert_eq!(
        wrong("", &options(ArrivalFormat::Instants)),
        ["nothing is recorded here"]
    );
    assert_eq!(
        wrong("at\n", &options(ArrivalFormat::Instants)),
        ["nothing is recorded here"]
    );
    assert_eq!(
        wrong(
            "timestamp,value\n2014-07-01 00:00:00,-3\n2014-07-01 00:30:00,many\n",
            &options(ArrivalFormat::Counts)
        ),
        [
            "line 2, column 21: `-3` is no count of visits",
            "line 3, column 21: `many` is no count of visits"
        ]
    );
    let many = "nonsense\n".repeat(100);
    assert_eq!(
        read_text(&format!("at\n{many}"), &options(ArrivalFormat::Instants))
            .unwrap_err()
            .len(),
        MOST_LISTED
    );
    assert_eq!(
        said(
            &read(
                &[0xff, 0xfe, b'1', 0],
                &options(ArrivalFormat::Instants),
                &zurich()
            )
            .unwrap_err()
        ),
        ["this is UTF-16; save it as UTF-8"]
    );
}

#[test]
fn counts_per_interval() {
    let text = "timestamp,value\n2014-07-01 00:00:00,10844\n2014-07-01 00:30:00,8127.5\n2014-07-01 01:00:00,\n";
    let reading = read_text(text, &options(ArrivalFormat::Counts)).unwrap();
    let first = 1_404_165_600 * SECOND;
    assert_eq!(
        counts_of(&reading),
        (
            1_800_000_000_000,
            vec![(first, 10844.0), (first + 30 * MINUTE, 8127.5)]
        )
    );
    assert_eq!((reading.rows, reading.skipped), (2, 1));
    // Columns are found by their heads, in any order; a hole and a doubled row are said.
    let text = "count,note,time\n3,x,600s\n4,,0s\n5,,300s\n1,,0s\n9,,1500s\n";
    let reading = read_text(text, &options(ArrivalFormat::Counts)).unwrap();
    let minutes = |n: i64| n * 5 * MINUTE;
    assert_eq!(
        counts_of(&reading),
        (
            minutes(1).unsigned_abs(),
            vec![
                (0, 5.0),
                (minutes(1), 5.0),
                (minutes(2), 3.0),
                (minutes(5), 9.0)
            ]
        )
    );
    assert_eq!(
        said(&reading.warnings),
        [
            "2 of 5 times are earlier than the one before; they were sorted",
            "1 rows start at the same instant as another one; their counts were added up",
            "intervals are 5m long, the shortest gap, and 2 of them are missing in 1 places: nobody arrives in them"
        ]
    );
    // Without heads the first column is the time. A `per` that is too long is said.
    let per = Options {
        per_ns: Some(1_200_000_000_000),
        ..options(ArrivalFormat::Counts)
    };
    let reading = read_text("0,1\n600,2\n", &per).unwrap();
    assert_eq!(counts_of(&reading).0, 1_200_000_000_000);
    assert_eq!(
        said(&reading.warnings),
        ["1 intervals begin before the one before is over: is `per` too long?"]
    );
    assert_eq!(
        said(&read_text("0,1\n", &options(ArrivalFormat::Counts)).unwrap_err()),
        ["one interval alone does not say how long it is: give `per`, such as `per: 30min`"]
    );
}

#[test]
fn web_logs() {
    let text = "1.2.3.4 - - [17/May/2015:10:05:03 +0000] \"GET /[x] HTTP/1.1\" 200 1 \"-\" \"-\"\n\
                garbage\n\
                ::1 - joe [it] [17/May/2015:12:05:02 +0200] \"GET / HTTP/1.1\" 200 1\r\n\
                1.2.3.4 - - [31/Jun/2015:12:05:02 +0200] \"GET /\" 200 1\n\
                1.2.3.4 - - [17/May/2015:10:05";
    let reading = read_text(text, &options(ArrivalFormat::Combined)).unwrap();
    let noon = 1_431_857_100 * SECOND;
    assert_eq!(
        instants_of(&reading),
        [noon + 2 * SECOND, noon + 3 * SECOND]
    );
    assert_eq!((reading.rows, reading.skipped), (2, 3));
    assert_eq!(
        said(&reading.warnings),
        [
            "line 2: no time stamp: this line and 2 more were left out",
            "1 of 2 times are earlier than the one before; they were sorted"
        ]
    );
    let error = read_text("a\nb\n", &options(ArrivalFormat::Combined)).unwrap_err();
    assert_eq!(
        said(&error),
        ["no line holds a time stamp such as `[17/May/2015:10:05:03 +0000]`"]
    );
}

#[test]
fn one_minute_of_each_hour_is_suspicious() {
    let line = |hour: i64, second: i64| format!("{}\n", 1_431_857_100 + hour * 3600 + second);
    let thinned: String = (0..48).map(|i| line(i / 2, 10 * (i % 2))).collect();
    let reading = read_text(&thinned, &options(ArrivalFormat::Instants)).unwrap();
    assert_eq!(
        said(&reading.warnings),
        [
            "all 48 arrivals fall into minute 5 of their hour, in each of 24 hours: the recording was thinned out or \
             its clock was wrong, and replaying it is 24 bursts with silence between"
        ]
    );
    let other = thinned + &line(3, 60);
    assert_eq!(
        read_text(&other, &options(ArrivalFormat::Instants))
            .unwrap()
            .warnings
            .len(),
        1
    );
    let one_hour: String = (0..4).map(|i| line(0, i)).collect();
    assert_eq!(
        read_text(&one_hour, &options(ArrivalFormat::Instants))
            .unwrap()
            .warnings,
        []
    );
    let crowd = line(0, 3).repeat(3);
    assert_eq!(
        said(
            &read_text(&crowd, &options(ArrivalFormat::Instants))
                .unwrap()
                .warnings
        ),
        ["times are whole seconds, so 2 of 3 arrivals come at the very instant of another"]
    );
}

/// A line of a million cells costs time in proportion, and no memory to speak of.
#[test]
fn long_lines_are_lines() {
    let wide = format!(
        "at{}\n{}\n1s\n",
        ",".repeat(1_000_000),
        "1s,".repeat(100_000)
    );
    let reading = read_text(&wide, &with_column(ArrivalFormat::Instants, "at")).unwrap();
    assert_eq!(instants_of(&reading).len(), 2);
    let word = "x".repeat(5_000_000);
    let error = read_text(&format!("at\n{word}\n"), &options(ArrivalFormat::Instants)).unwrap_err();
    assert!(error[0].text.len() < 200, "{}", error[0].text.len());
}

fn any_format() -> impl Strategy<Value = ArrivalFormat> {
    prop_oneof![
        Just(ArrivalFormat::Instants),
        Just(ArrivalFormat::Counts),
        Just(ArrivalFormat::Combined)
    ]
}

proptest! {
    /// Bytes come from strangers: any of them end in an answer, and what is read is in order.
    #[test]
    fn any_bytes_end_in_an_answer(
        format in any_format(),
        column in prop::option::of("[ab \\-]{0,6}"),
        text in prop_oneof![
            prop::collection::vec(any::<u8>(), 0..200),
            "([-+0-9.eE]{0,24}|[ab]|\"|,|;|\t|\r|\n|[0-9]{1,3}(s|ms|h|w)|2014-0[0-9]-0[0-9]( 0[0-9]:00:00)?|\\[17/May/2015:10:05:[0-9]{2} \\+0000\\]){0,60}"
                .prop_map(String::into_bytes),
        ],
    ) {
        let options = Options { column: column.as_deref(), ..options(format) };
        match read(&text, &options, &zurich()) {
            Err(mistakes) => prop_assert!(!mistakes.is_empty() && mistakes.len() <= MOST_LISTED),
            Ok(reading) => {
                let times: Vec<i64> = match &reading.recording.what {
                    Recorded::Instants(instants) => instants.to_vec(),
                    Recorded::Counts { rows, .. } => rows.iter().map(|row| row.0).collect(),
                };
                prop_assert!(!times.is_empty());
                prop_assert!(times.is_sorted());
                prop_assert!(times.len() as u64 <= reading.rows);
            }
        }
    }

    /// What is written in order is read back as it was, with every spelling.
    #[test]
    fn instants_come_back(mut at in prop::collection::vec(0_i64..90_000_000, 1..50)) {
        at.sort_unstable();
        let expected: Vec<i64> = at.iter().map(|ms| ms * 1_000_000).collect();
        let spellings: [fn(i64) -> String; 3] = [
            |ms| format!("{ms}ms\n"),
            |ms| format!("{}.{:03}\r\n", ms / 1000, ms % 1000),
            |ms| format!("\"{}.{:03}s\"\n", ms / 1000, ms % 1000),
        ];
        for spell in spellings {
            let text: String = at.iter().map(|&ms| spell(ms)).collect();
            let reading = read_text(&text, &options(ArrivalFormat::Instants)).unwrap();
            prop_assert_eq!(instants_of(&reading), expected.clone());
        }
    }
}
