//! Scalars: what is written reads as it is meant, prints as it reads, and editors agree with the reader.

use proptest::{prelude::*, string::string_regex, test_runner::TestRunner};
use regex::Regex;
use std::fmt::Debug;
use worstday_model::scalar::{
    Admission, AnyOf, Arrivals, Bandwidth, Batch, Bounded, Chance, Change, Cold, Cond, Cores,
    Count, Currency, Date, DateRange, Dist, Duration, Every, Factor, Growth, Guard, HedgeAfter,
    Keys, LONGEST, Lasting, Marked, Metric, Money, Name, Number, Patience, Peak, Problem, Raise,
    Rate, Ratio, Reference, Retry, Scalar, Shape, Size, Source, Survive, Switch, Target, Time,
    Tries, Uncertain, Weekday, When, nearest, split,
};

/// Both promises of a kind of scalar, for one text: the pattern and the reader agree, and what was read
/// prints as a text that reads as the same value and prints the same again.
fn check<T: Scalar + PartialEq + Debug>(pattern: &Regex, text: &str) -> Result<(), TestCaseError> {
    let accepted = pattern.is_match(text);
    match T::parse(text) {
        Ok(value) => {
            prop_assert!(
                accepted,
                "the pattern refuses {text:?}, which reads as {value:?}"
            );
            let printed = value.to_string();
            let again = T::parse(&printed);
            prop_assert_eq!(
                again.as_ref(),
                Ok(&value),
                "{:?} prints as {:?}",
                text,
                printed
            );
            prop_assert_eq!(again.unwrap().to_string(), printed.clone());
            prop_assert!(
                pattern.is_match(&printed),
                "the pattern refuses {printed:?}"
            );
        }
        Err(error) => {
            prop_assert!(
                error.at.start <= error.at.end && error.at.end <= text.len(),
                "{error:?} in {text:?}"
            );
            prop_assert!(
                text.is_char_boundary(error.at.start) && text.is_char_boundary(error.at.end)
            );
            let form = error.problem == Problem::Form;
            prop_assert!(
                !(form && accepted),
                "the pattern accepts {text:?}, which is {error:?}"
            );
        }
    }
    Ok(())
}

/// A text of the pattern, perhaps with one character removed, replaced, doubled or added.
fn texts(fragment: &str) -> impl Strategy<Value = String> + use<> {
    let written = string_regex(fragment).expect("patterns are regular expressions");
    let slip = prop::sample::select(vec![
        "", " ", ".", "-", "0", "5", "m", "s", "x", "%", "k", "a", "±", "/", "..", " in ", ":", "#",
    ]);
    (written, 0..4u8, any::<prop::sample::Index>(), slip).prop_map(|(text, kind, at, slip)| {
        let characters: Vec<char> = text.chars().collect();
        if characters.is_empty() || kind == 0 {
            return text;
        }
        let at = at.index(characters.len());
        let (before, after) = characters.split_at(at);
        let rest = if kind == 1 { after } else { &after[1..] };
        let doubled = if kind == 3 {
            after[0].to_string().repeat(2)
        } else {
            slip.to_owned()
        };
        before.iter().collect::<String>() + &doubled + &rest.iter().collect::<String>()
    })
}

fn holds<T: Scalar + PartialEq + Debug>() {
    let pattern = Regex::new(&T::pattern()).expect("patterns are regular expressions");
    let example = T::example();
    assert!(
        T::parse(&example).is_ok(),
        "{example:?} is no {}",
        T::about()
    );
    let config = ProptestConfig {
        cases: 150,
        failure_persistence: None,
        ..ProptestConfig::default()
    };
    TestRunner::new(config)
        .run(&texts(&T::fragment()), |text| check::<T>(&pattern, &text))
        .unwrap_or_else(|error| panic!("{}: {error}", T::about()));
}

macro_rules! laws {
    ($($name:ident: $kind:ty;)+) => {$(
        #[test]
        fn $name() {
            holds::<$kind>();
        }
    )+};
}

/// Every kind keeps both promises.
mod laws {
    use super::*;

    laws! {
        number: Number;
        count: Count;
        ratio: Ratio;
        factor: Factor;
        cores: Cores;
        size: Size;
        bandwidth: Bandwidth;
        duration: Duration;
        date: Date;
        dates: DateRange;
        time: Time;
        weekday: Weekday;
        rate: Rate;
        growth: Growth;
        currency: Currency;
        money: Money;
        uncertain_duration: Uncertain<Duration>;
        uncertain_count: Uncertain<Count>;
        uncertain_money: Uncertain<Money>;
        uncertain_growth: Uncertain<Growth>;
        uncertain_cores: Uncertain<Cores>;
        dist_duration: Dist<Duration>;
        dist_factor: Dist<Factor>;
        dist_count: Dist<Count>;
        dist_ratio: Dist<Ratio>;
        dist_money: Dist<Money>;
        name: Name;
        target: Target;
        any_of: AnyOf;
        reference: Reference;
        metric: Metric;
        cond: Cond;
        guard: Guard;
        when: When;
        bound: Bounded<Uncertain<Count>>;
        switch: Switch<Uncertain<Duration>>;
        chance: Chance;
        every: Every;
        change: Change;
        tries: Tries;
        retry: Retry;
        admission: Admission;
        keys: Keys;
        peak: Peak;
        patience: Patience;
        batch: Batch;
        arrivals: Arrivals;
        lasting: Lasting;
        hedge: HedgeAfter;
        cold: Cold;
        raise: Raise;
        survive: Survive;
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 500, failure_persistence: None, ..ProptestConfig::default() })]

    /// Computed durations, rates and sizes print losslessly too, not only those that somebody wrote.
    #[test]
    fn computed_values_print_losslessly(nanos: u64, bytes: u64, bits: u64, unit in 0.0f64..1e6) {
        let duration = Duration::from_nanos(nanos);
        prop_assert_eq!(Duration::parse(&duration.to_string()), Ok(duration));
        let size = Size::bytes(bytes);
        prop_assert_eq!(Size::parse(&size.to_string()), Ok(size));
        let bandwidth = Bandwidth::bits_per_second(bits);
        prop_assert_eq!(Bandwidth::parse(&bandwidth.to_string()), Ok(bandwidth));
        let rate = Rate::per_second(unit).unwrap();
        prop_assert_eq!(Rate::parse(&rate.to_string()), Ok(rate));
        let ratio = Ratio::new(unit).unwrap();
        prop_assert_eq!(Ratio::parse(&ratio.to_string()), Ok(ratio));
        let cores = Cores::new(unit).unwrap();
        prop_assert_eq!(Cores::parse(&cores.to_string()), Ok(cores));
    }

    /// No text at all makes a reader panic, or take its time.
    #[test]
    fn anything_is_read_or_refused(text in ".{0,80}") {
        let _ = split(&text);
        let _ = Dist::<Duration>::parse(&text);
        let _ = Cond::parse(&text);
        let _ = When::parse(&text);
        let _ = Reference::parse(&text);
        let _ = Retry::parse(&text);
        let _ = Survive::parse(&text);
        let _ = Keys::parse(&text);
        let _ = Money::parse(&text);
        let _ = nearest(&text, ["cart", "checkout"]);
    }
}

/// The canonical form is the one a person would write.
#[test]
fn values_print_short() {
    fn prints<T: Scalar>(text: &str, printed: &str) {
        let value = T::parse(text).unwrap_or_else(|error| panic!("{text}: {error:?}"));
        assert_eq!(value.to_string(), printed, "from {text}");
    }
    prints::<Duration>("1000ms", "1s");
    prints::<Duration>("1m30s", "90s");
    prints::<Duration>("60m", "1h");
    prints::<Duration>("2500ms", "2.5s");
    prints::<Duration>("4 months", "4 months");
    prints::<Duration>("12 months", "1 year");
    prints::<Duration>("0.08ms", "80us");
    prints::<Duration>("0s", "0s");
    prints::<Count>("200000", "200k");
    prints::<Count>("1500", "1500");
    prints::<Count>("1.4M", "1.4M");
    prints::<Rate>("30/h", "30/h");
    prints::<Rate>("2.2k/s", "2200/s");
    prints::<Rate>("40 visits/min", "40/min");
    prints::<Ratio>("1 of 1000", "0.1%");
    prints::<Cores>("250m", "0.25");
    prints::<Cores>("0.001", "1m");
    prints::<Cores>("2000m", "2");
    prints::<Size>("512MiB", "512Mi");
    prints::<Size>("1.5kB", "1500B");
    prints::<Bandwidth>("6000Mb/s", "6Gb/s");
    prints::<Money>("1900 USD/month", "1900 USD/month");
    prints::<Uncertain<Count>>("16 in 8..32", "8..32");
    prints::<Uncertain<Duration>>("4ms ± 25%", "4ms in 3ms..5ms");
    prints::<Dist<Duration>>("p50 2ms p99 14ms +- 6%", "p50 2ms p99 14ms ± 6%");
    prints::<When>("2026-12-04 to 14:00", "2026-12-04 00:00 to 14:00");
    prints::<Retry>(
        "3 attempts budget 10% cap 2s backoff 0.1s",
        "3 attempts backoff 100ms cap 2s budget 10%",
    );
    prints::<AnyOf>("any zone", "any one zone");
}

/// The figures behind the texts, where a slip would be silent.
#[test]
fn values_mean_what_is_written() {
    assert_eq!(Duration::parse("1m30s").unwrap().nanos(), 90_000_000_000);
    assert_eq!(
        Duration::parse("4 months").unwrap().nanos(),
        10_519_200_000_000_000
    );
    assert_eq!(
        Duration::parse("1 year").unwrap().as_secs_f64(),
        365.25 * 86_400.0
    );
    assert_eq!(Rate::parse("30/h").unwrap().get(), 30.0 / 3600.0);
    assert_eq!(Rate::parse("1/month").unwrap().get(), 12.0 / 31_557_600.0);
    assert_eq!(Ratio::parse("0.1%").unwrap().get(), 0.001);
    assert_eq!(Ratio::parse("1 of 1000").unwrap().get(), 0.001);
    assert_eq!(Cores::parse("250m").unwrap().get(), 0.25);
    assert_eq!(Size::parse("1.5KiB").unwrap().get(), 1536);
    assert_eq!(Size::parse("64MB").unwrap().get(), 64_000_000);
    assert_eq!(
        Bandwidth::parse("6Gb/s")
            .unwrap()
            .seconds_for(Size::bytes(750_000_000)),
        1.0
    );
    assert_eq!(Count::parse("1.5k").unwrap().get(), 1500);
    let range = Uncertain::<Duration>::parse("1ms..100ms").unwrap();
    assert_eq!(range.best(), Duration::from_millis(10));
    let zero = Uncertain::<Count>::parse("0..5").unwrap();
    assert_eq!(zero.best().get(), 3, "the arithmetic mean, half up");
    let around = Uncertain::<Duration>::parse("10ms ± 30%").unwrap();
    assert_eq!(
        (around.low().nanos(), around.high().nanos()),
        (7_000_000, 13_000_000)
    );
    let dist = Dist::<Duration>::parse("4ms cv 0.8 ± 30%").unwrap();
    assert_eq!(dist.scale.unwrap().get(), 0.3);
    assert!(matches!(dist.shape, Shape::LogNormal { cv, .. } if cv.best().get() == 0.8));
    assert!(matches!(
        Dist::<Duration>::parse("4ms").unwrap().shape,
        Shape::Plain(_)
    ));
    assert!(matches!(
        Dist::<Duration>::parse("exactly 4ms").unwrap().shape,
        Shape::Exactly(_)
    ));
    assert!(
        matches!(Retry::parse("5 retries"), Ok(Retry::Plan(plan)) if plan.tries.attempts() == 6)
    );
}

fn refused<T: Scalar + Debug>(text: &str, at: &str, says: &str) {
    let error = T::parse(text).expect_err(text);
    let told = format!(
        "{error} | {} | {}",
        error.expected,
        error.hint.clone().unwrap_or_default()
    );
    assert_eq!(&text[error.at.clone()], at, "{text}: {told}");
    assert!(told.contains(says), "{text}: {told}");
}

/// An error says where, what was expected, and what may have been meant.
#[test]
fn errors_help() {
    refused::<Duration>("30", "30", "`30s` or `30ms`?");
    refused::<Duration>("1h30", "30", "`30s` or `30ms`?");
    refused::<Duration>("5min", "5min", "minutes are `5m`");
    refused::<Duration>("5 s", "5", "no blank before a short unit: `5s`");
    refused::<Duration>("4months", "4months", "`4 months`");
    refused::<Duration>("-5s", "-5s", "never negative");
    refused::<Duration>("0.5ns", "0.5ns", "whole nanoseconds");
    refused::<Duration>("600 years", "600 years", "584 years");
    refused::<Rate>("5/m", "5/m", "`5/min` or `5/month`?");
    refused::<Rate>("5", "5", "`5/s`");
    refused::<Size>("5M", "5M", "`5MB` or `5MiB`?");
    refused::<Ratio>("0.3", "0.3", "`0.3%` or `30%`?");
    refused::<Factor>("3", "3", "`3x`");
    refused::<Count>("1.5", "1.5", "whole");
    refused::<Count>("1_000", "_000", "nothing more");
    refused::<Money>("31", "31", "`31 USD`");
    refused::<Money>("31 usd", "usd", "did you mean `USD`?");
    refused::<Retry>(
        "3",
        "3",
        "`3 attempts` in all, or `3 retries` after the first?",
    );
    refused::<Retry>("3 attempts jitter ful", "ful", "did you mean `full`?");
    refused::<Retry>("3 attempts cap 1s cap 2s", " cap 2s", "twice");
    refused::<Dist<Duration>>("4ms cv", " cv", "nothing more");
    refused::<Dist<Duration>>(
        "exponental 4ms",
        "exponental",
        "did you mean `exponential`?",
    );
    refused::<Dist<Duration>>("p50 4ms", "p50 4ms", "two points");
    refused::<Dist<Duration>>("p50 4ms p99 4ms", "p99 4ms", "rise");
    refused::<Dist<Duration>>("pareto 1ms tail 1", "pareto 1ms tail 1", "above 1");
    refused::<Dist<Factor>>("uniform 5x to 4x", "uniform 5x to 4x", "low to high");
    refused::<Uncertain<Count>>("16 in 32..8", "16 in 32..8", "low to high");
    refused::<Uncertain<Count>>("16 in 20..30", "16 in 20..30", "not between");
    refused::<Uncertain<Duration>>("4ms ± 150%", "150%", "below zero");
    refused::<Cond>("p95 < 6", "6", "`6s` or `6ms`?");
    refused::<Cond>("cart.error > 2%", "error", "did you mean `errors`?");
    refused::<Cond>("recovers > 5m", "recovers > 5m", "recovers < 5m");
    refused::<Name>("Cart_1", "Cart_1", "`cart-1`");
    refused::<Name>("any", "any", "reserved");
    refused::<When>("every mondey at 10:00", "mondey", "did you mean `monday`?");
    refused::<When>("1st monday of november", "1st", "`first`");
    refused::<When>("2026-02-30", "2026-02-30", "there is no 2026-02-30");
    refused::<When>("every day at 24:00", "24:00", "`00:00` of the next");
    refused::<Keys>("200k", "", "`zipf 0`");
    refused::<Keys>(
        "200k zipf 1 hot 300 at 1%",
        "200k zipf 1 hot 300 at 1%",
        "more than 100%",
    );
    refused::<AnyOf>("any one zon", "zon", "any one zone");
}

/// Numbers that other readers take for something else.
#[test]
fn hostile_numbers_are_refused() {
    for text in [
        "1e308", "NaN", "inf", "1e3", "0x10", "", ".5", "5.", "+5", "١", "1e-3",
    ] {
        assert!(Number::parse(text).is_err(), "{text}");
    }
    for text in ["999999999999999999999999G", "0.00000000000000001"] {
        assert!(
            matches!(Number::parse(text), Err(error) if error.problem != Problem::Form),
            "{text}"
        );
    }
    let long = "9".repeat(10_000_000);
    assert_eq!(Number::parse(&long).unwrap_err().at, 0..LONGEST);
    assert_eq!(split(&long).unwrap_err().at, 0..LONGEST);
}

/// A mark ends any scalar, and says who says so.
#[test]
fn marks_are_split_off() {
    let guess = Marked::<Uncertain<Count>>::parse("16 in 8..32 @guess").unwrap();
    assert_eq!(guess.source, Some(Source::Guess));
    assert_eq!(guess.value.high().get(), 32);
    let file = Marked::<Count>::parse("3 @deploy/cart.yaml:14").unwrap();
    assert_eq!(
        file.source,
        Some(Source::File {
            path: "deploy/cart.yaml".to_owned(),
            line: Some(14)
        })
    );
    assert_eq!(file.to_string(), "3 @deploy/cart.yaml:14");
    let named = Marked::<Dist<Duration>>::parse("p50 2ms p99 14ms ± 6% @traces").unwrap();
    assert!(matches!(named.source, Some(Source::Named(name)) if name.as_str() == "traces"));
    assert_eq!(split("a@b").unwrap().1, None);
    assert_eq!(split("5s @").unwrap_err().at, 4..4);
    assert!(split("@guess").is_err());
    assert!(
        Regex::new(&Count::marked_pattern())
            .unwrap()
            .is_match("3 @deploy/cart.yaml:14")
    );
}

/// The references of the language's own table.
#[test]
fn references_read() {
    for text in [
        "cart",
        "cart.get",
        "indexer.changes",
        "core.ledger-row",
        "cart/0",
        "cart/any",
        "cart/50%",
        "cart/12.5%",
        "cart/b",
        "sql/primary",
        "store/shard-3",
        "store/shard-any",
        "cart/0/worker-2",
        "cart/any/worker",
        "any/any",
        "any zone",
        "any one rollout",
        "any two replicas",
        "a -> b",
        "a <-> b",
        "eu-1a <-> rest",
        "checkout.place -> payment.charge",
        "any -> payment.charge",
        "price.get#compute",
        "sql.read#work",
        "services.sql.cores",
        "web.scale.cpu-rule",
        "metrics",
        "quote-fn -> carrier.rates",
        "sql/standby.read",
        "clients.night.arrive.visits",
        "app -> sql/standby.read",
    ] {
        let reference = Reference::parse(text).unwrap_or_else(|error| panic!("{text}: {error:?}"));
        if text != "any zone" {
            assert_eq!(reference.to_string(), text);
        }
    }
    for text in [
        "cart/",
        "cart//0",
        "cart.",
        "a -> ",
        "a - > b",
        "rest",
        "any",
        "cart/0/helper",
        "Cart",
    ] {
        let read = Reference::parse(text);
        assert!(read.is_err() || text == "any", "{text}: {read:?}");
    }
}

/// Metrics with points and arrows of their own.
#[test]
fn metrics_split_at_the_right_point() {
    for text in [
        "p99.5 < 2s over 5m",
        "core.view.p99.5 > 1s over 5m for 5m",
        "quote-fn -> carrier.rates.attempts < 2.5x",
        "web.replicas falls 30% in 30m",
        "postings.backlog > 400k at 05:00",
        "expired = 0",
        "dead-letters < 0.01% over 1d",
        "p99 of answered < 1s",
        "recovers < 5m",
        "recovers",
        "lost-value < 500 USD over 1d",
        "availability >= 99.95% over 30d",
    ] {
        assert_eq!(
            Cond::parse(text)
                .unwrap_or_else(|error| panic!("{text}: {error:?}"))
                .to_string(),
            text
        );
    }
}

/// k6's thresholds are read where they mean one thing, and printed in the words of the language; what looks like them is
/// answered with how it is said here.
#[test]
fn thresholds_of_k6_are_understood() {
    for (text, printed) in [
        ("p(95)<500", "p95 < 500ms"),
        ("p(95) < 500", "p95 < 500ms"),
        ("p(99.9) < 1200", "p99.9 < 1.2s"),
        ("p(90)<=1.5", "p90 <= 1.5ms"),
        ("p(50)>200 over 10m", "p50 > 200ms over 10m"),
        ("p(95)<1k", "p95 < 1s"),
    ] {
        let cond = Cond::parse(text).unwrap_or_else(|error| panic!("{text}: {error:?}"));
        assert_eq!(cond.to_string(), printed, "from {text}");
        assert_eq!(Cond::parse(printed), Ok(cond), "{text}");
    }
    for (text, hint) in [
        ("p(95)<500ms", "`p95 < 500ms`"),
        ("p(100)<500", "p1 to p99.999999"),
        ("p95<500ms", "`p95 < 500ms`"),
        ("lost<1%", "`lost < 1%`"),
        ("p95 < 500", "500ms"),
        ("avg<200", "`mean < 200ms`"),
        ("med < 200", "`p50 < 200ms`"),
        ("max<2000", "`p99.9 < 2s`"),
        ("rate<0.01", "`lost < 1%`"),
        ("http_req_failed", "`lost < 1%`"),
    ] {
        let error = Cond::parse(text).expect_err(text);
        let said = error.hint.clone().unwrap_or_default();
        assert!(said.contains(hint), "{text}: {error:?}");
    }
    for text in [
        "p(0)<500",
        "p(95)",
        "p()<5",
        "p(95)=500",
        "p(95)<0.0000001",
        "p(95)<",
        "p(9.5.1)<4",
    ] {
        Cond::parse(text).expect_err(text);
    }
}
