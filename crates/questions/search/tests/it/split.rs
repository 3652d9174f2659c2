//! Cutting one fault into ten with a tenth of its rate each changes nothing but noise.

use crate::crew::checked;
use worstday_search::answer::{Rate, Verdict};

/// A server that is out three times a year for an exponential time with a mean of a quarter of an hour; a day that loses 1 %
/// has an outage of more than 14.4 minutes: exp(-0.96) of them, 1.149 a year.
fn out(faults: &str, allowed: &str) -> (Verdict, Rate) {
    let text = format!(
        "\
worstday: 1
system: out
links: {{within-zone: {{delay: 0s}}}}
clients: {{users: {{arrive: 4/s, do: desk.ask}}}}
services: {{desk: {{workers: 20, queue: 0, start: 0s, endpoints: {{ask: exponential 100ms}}}}}}
faults:
{faults}promises: {{answers: {{for: users, must: [lost < 1% over 1d], survives: [1 in {allowed}]}}}}
"
    );
    let checked = checked(&text, 3, 700, false);
    let claim = &checked.answer.promises[0].claims[0];
    (claim.verdict, claim.rate.clone().expect("it is a rate"))
}

#[test]
fn one_fault_or_ten_with_a_tenth_of_its_rate() {
    let one = "  outage: {crash: desk, every: 4 months, lasts: exponential 15m}\n".to_owned();
    let ten: String = (0..10)
        .map(|n| {
            format!("  outage-{n}: {{crash: desk, every: 40 months, lasts: exponential 15m}}\n")
        })
        .collect();
    let truth = 3.0 * (-0.96_f64).exp();
    for (allowed, broken) in [("10 years", true), ("3 months", false)] {
        let rates = [&one, &ten].map(|faults| {
            let (verdict, rate) = out(faults, allowed);
            assert_eq!(verdict == Verdict::Broken, broken, "{verdict:?} {rate:?}");
            let kept = matches!(verdict, Verdict::Kept | Verdict::KeptOnDisturbedDays);
            assert_eq!(kept, !broken, "{verdict:?} {rate:?}");
            let range = rate.disturbed;
            assert!(
                range.low <= truth && truth <= range.high,
                "{truth} in {range:?}"
            );
            range
        });
        // As wide as each other, but for what ten parts cost: a hundredth of the evidence each.
        let wide = rates.map(|range| range.high);
        assert!(
            wide[1] < 1.6 * wide[0] && wide[0] < 1.6 * wide[1],
            "{rates:?}"
        );
    }
}
