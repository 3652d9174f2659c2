//! Texts to values: every kind of scalar of the language.

use std::sync::LazyLock;

use regex::Regex;
use worstday_model::scalar::{
    Admission, AnyOf, Arrivals, Bandwidth, Batch, Bounded, Chance, Change, Cold, Cond, Cores,
    Count, Date, Dist, Duration, Every, Factor, Guard, HedgeAfter, Keys, Lasting, Metric, Money,
    Name, Number, Patience, Peak, Problem, Raise, Rate, Ratio, Reference, Retry, Scalar,
    ScalarError, Size, Survive, Switch, Target, Time, Uncertain, When, split,
};

/// One kind of scalar: how to read it, and the pattern that editors check it with.
struct Kind {
    pattern: Regex,
    read: fn(&str, &Regex),
}

fn kind<T: Scalar>() -> Kind {
    Kind {
        pattern: Regex::new(&T::pattern()).expect("a pattern is a regular expression"),
        read: read::<T>,
    }
}

/// All kinds; an input's first byte chooses one.
static KINDS: LazyLock<Vec<Kind>> = LazyLock::new(|| {
    vec![
        kind::<Admission>(),
        kind::<AnyOf>(),
        kind::<Arrivals>(),
        kind::<Bandwidth>(),
        kind::<Batch>(),
        kind::<Bounded<Duration>>(),
        kind::<Chance>(),
        kind::<Change>(),
        kind::<Cold>(),
        kind::<Cond>(),
        kind::<Cores>(),
        kind::<Count>(),
        kind::<Date>(),
        kind::<Dist<Duration>>(),
        kind::<Dist<Factor>>(),
        kind::<Duration>(),
        kind::<Every>(),
        kind::<Guard>(),
        kind::<HedgeAfter>(),
        kind::<Keys>(),
        kind::<Lasting>(),
        kind::<Metric>(),
        kind::<Money>(),
        kind::<Name>(),
        kind::<Number>(),
        kind::<Patience>(),
        kind::<Peak>(),
        kind::<Raise>(),
        kind::<Rate>(),
        kind::<Ratio>(),
        kind::<Reference>(),
        kind::<Retry>(),
        kind::<Size>(),
        kind::<Survive>(),
        kind::<Switch<Count>>(),
        kind::<Target>(),
        kind::<Time>(),
        kind::<Uncertain<Duration>>(),
        kind::<Uncertain<Ratio>>(),
        kind::<When>(),
    ]
});

/// Reads the text after the first byte as the kind that this byte chooses.
///
/// # Panics
///
/// If a value does not read back from what it prints, an error lies outside of the text, or the
/// published pattern and the reader disagree on what is well formed.
pub fn scalar(bytes: &[u8]) {
    let Some((choice, text)) = bytes.split_first() else {
        return;
    };
    let Ok(text) = std::str::from_utf8(text) else {
        return;
    };
    if let Err(error) = split(text) {
        assert_inside(text, &error);
    }
    let kind = &KINDS[usize::from(*choice) % KINDS.len()];
    (kind.read)(text, &kind.pattern);
}

fn read<T: Scalar>(text: &str, pattern: &Regex) {
    let published = pattern.is_match(text);
    match T::parse(text) {
        Ok(value) => {
            assert!(
                published,
                "{text:?} reads as {value}, and the pattern refuses it"
            );
            let printed = value.to_string();
            match T::parse(&printed) {
                Ok(again) => assert_eq!(printed, again.to_string(), "{text:?}"),
                Err(error) => panic!("{text:?} prints as {printed:?}, which is refused: {error:?}"),
            }
        }
        Err(error) => {
            assert_inside(text, &error);
            // An impossible value may stand beside a mistake of form: then both refuse.
            assert!(
                !published || error.problem != Problem::Form,
                "{text:?} is refused, and the pattern accepts it: {error:?}"
            );
        }
    }
}

/// What is wrong can be underlined.
fn assert_inside(text: &str, error: &ScalarError) {
    assert!(
        text.get(error.at.clone()).is_some(),
        "{text:?}: the error lies outside: {error:?}"
    );
}
