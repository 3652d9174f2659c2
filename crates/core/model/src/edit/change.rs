//! Relative changes: `2 more`, `1 fewer` and `1.5x` change the number of the base.
//!
//! A factor scales every quantity of a text, its range and its distribution included, and leaves
//! alone what has no dimension of its own (a coefficient of variation, a `± 30%`). More and
//! fewer only make sense of plain numbers.

use crate::form::ScalarForm;
use crate::scalar::{
    Bandwidth, Bounded, Change, Cores, Count, Dist, Duration, Factor, Money, Number, Quantity,
    Rate, Ratio, Scalar, Size, Switch, Uncertain, source,
};

/// The text that `base` becomes by a change, in a field of a kind; `None` if it holds no number
/// that could change so.
pub(super) fn changed(base: &str, change: Change, form: ScalarForm) -> Option<String> {
    let (base, _) = source::split(base).ok()?;
    let by = |text: &str| {
        let kinds: [fn(&str, Change) -> Option<String>; 18] = [
            plain::<Number>,
            plain::<Count>,
            plain::<Cores>,
            bounded_count,
            scaled::<Duration>,
            scaled::<Rate>,
            scaled::<Ratio>,
            scaled::<Size>,
            scaled::<Bandwidth>,
            scaled::<Money>,
            bounded_time,
            switched::<Rate>,
            switched::<Duration>,
            dist::<Count>,
            dist::<Duration>,
            dist::<Factor>,
            dist::<Ratio>,
            dist::<Money>,
        ];
        kinds
            .iter()
            .filter_map(|kind| kind(text, change))
            .find(|text| form.accepts(text))
    };
    by(base)
}

fn map<Q: Quantity>(value: Uncertain<Q>, by: impl Fn(Q) -> Option<Q>) -> Option<Uncertain<Q>> {
    Uncertain::new(by(value.best())?, by(value.low())?, by(value.high())?)
}

fn times<Q: Quantity>(value: Uncertain<Q>, factor: Factor) -> Option<Uncertain<Q>> {
    map(value, |quantity| {
        quantity.with_magnitude(quantity.magnitude() * factor.get())
    })
}

/// Numbers without a unit: they can be more, fewer, or times as many.
fn plain<Q: Quantity>(text: &str, change: Change) -> Option<String> {
    change_plain(Uncertain::<Q>::parse(text).ok()?, change).map(|value| value.to_string())
}

fn change_plain<Q: Quantity>(value: Uncertain<Q>, change: Change) -> Option<Uncertain<Q>> {
    match change {
        Change::Times(factor) => times(value, factor),
        Change::More(number) => map(value, |quantity| {
            quantity.with_magnitude(quantity.magnitude() + number.get())
        }),
        Change::Fewer(number) => map(value, |quantity| {
            let left = quantity.magnitude() - number.get();
            if left < 0.0 {
                None
            } else {
                quantity.with_magnitude(left)
            }
        }),
    }
}

/// Quantities with a unit: only a factor says what unit is meant.
fn scaled<Q: Quantity>(text: &str, change: Change) -> Option<String> {
    let Change::Times(factor) = change else {
        return None;
    };
    times(Uncertain::<Q>::parse(text).ok()?, factor).map(|value| value.to_string())
}

fn bounded_count(text: &str, change: Change) -> Option<String> {
    match Bounded::<Uncertain<Count>>::parse(text).ok()? {
        Bounded::At(value) => change_plain(value, change).map(|value| value.to_string()),
        Bounded::None | Bounded::Unlimited => None,
    }
}

fn bounded_time(text: &str, change: Change) -> Option<String> {
    match Bounded::<Uncertain<Duration>>::parse(text).ok()? {
        Bounded::At(value) => times(value, factor_of(change)?).map(|value| value.to_string()),
        Bounded::None | Bounded::Unlimited => None,
    }
}

fn switched<Q: Quantity>(text: &str, change: Change) -> Option<String> {
    match Switch::<Uncertain<Q>>::parse(text).ok()? {
        Switch::On(value) => times(value, factor_of(change)?).map(|value| value.to_string()),
        Switch::None => None,
    }
}

fn factor_of(change: Change) -> Option<Factor> {
    match change {
        Change::Times(factor) => Some(factor),
        Change::More(_) | Change::Fewer(_) => None,
    }
}

fn dist<Q: Quantity>(text: &str, change: Change) -> Option<String> {
    let factor = factor_of(change)?;
    let dist = Dist::<Q>::parse(text).ok()?;
    let shape = dist.shape.map(|value| times(value, factor))?;
    Some(
        Dist {
            shape,
            scale: dist.scale,
        }
        .to_string(),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Each row is a field's text, a change, and what the field then says.
    #[test]
    fn changes_keep_the_shape_of_the_base() {
        let counts = ScalarForm::of::<Uncertain<Count>>();
        let cores = ScalarForm::of::<Uncertain<Cores>>();
        let times = ScalarForm::of::<Dist<Duration>>();
        let bounds = ScalarForm::of::<Bounded<Uncertain<Count>>>();
        for (form, base, change, expected) in [
            (counts, "6", "2 more", Some("8")),
            (counts, "6 @k8s", "1 fewer", Some("5")),
            (counts, "20 in 8..32", "2x", Some("40 in 16..64")),
            (counts, "3", "1.5x", Some("5")),
            (counts, "1", "2 fewer", None),
            (cores, "250m", "3x", Some("0.75")),
            (times, "p50 4ms p99 40ms", "2x", Some("p50 8ms p99 80ms")),
            (times, "4ms cv 0.8 ± 30%", "1.5x", Some("6ms cv 0.8 ± 30%")),
            (times, "exponential 100ms", "0.5x", Some("exponential 50ms")),
            (times, "4ms", "2 more", None),
            (bounds, "unlimited", "2x", None),
            (bounds, "150", "2x", Some("300")),
        ] {
            let change_read = Change::parse(change).expect(change);
            let found = changed(base, change_read, form);
            assert_eq!(found.as_deref(), expected, "{base} {change}");
        }
    }
}
