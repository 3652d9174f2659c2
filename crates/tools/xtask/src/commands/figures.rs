//! The figures that a page's prose and tables take from the commands beside them.
//!
//! A figure as the tool prints it (`26.7 %`, `15m45s`, `9.97 ms`, `9 of 10`, `71,686`, `400 USD`, `0.397`)
//! must stand in the output of a command of its page, in a block of its page, or in a file that a
//! command of its page names. What somebody worked out, or
//! knows from elsewhere, is named in a comment on the page: `<!-- by hand: 1.67, 3.6 -->`.
//!
//! A table that follows a block of as many commands as it has rows is stricter: the figures of a row must be
//! in the output of the command of the same place.

/// Opens the comment that names figures that no command prints.
const BY_HAND: &str = "<!-- by hand:";
/// What may follow a number as its unit, after a space.
const UNITS: [&str; 6] = ["%", "ms", "s", "m", "h", "USD"];

/// The figures of a line of prose, as they are written.
pub fn figures(line: &str) -> Vec<&str> {
    let mut figures = Vec::new();
    let mut rest = line;
    while let Some(at) = rest.find(|letter: char| letter.is_ascii_digit()) {
        let inside_a_word = rest[..at]
            .ends_with(|letter: char| letter.is_alphanumeric() || "-_/:.,×".contains(letter));
        let end = at
            + rest[at..]
                .find(|letter: char| !(letter.is_ascii_alphanumeric() || ".,:-_/".contains(letter)))
                .unwrap_or(rest.len() - at);
        let word = rest[at..end].trim_end_matches(['.', ',', ':', '-', '/']);
        let after = &rest[at + word.len()..];
        let unit = after
            .strip_prefix(' ')
            .and_then(|after| {
                after
                    .split(|letter: char| !(letter.is_ascii_alphabetic() || letter == '%'))
                    .next()
            })
            .filter(|unit| UNITS.contains(unit));
        let of = after.strip_prefix(" of ").map(|after| {
            let digits = after.len()
                - after
                    .trim_start_matches(|letter: char| letter.is_ascii_digit())
                    .len();
            &rest[at..at + word.len() + 4 + digits]
        });
        let of = of.filter(|figure| !figure.ends_with(' ') && is_number(word));
        if !inside_a_word {
            if let Some(unit) = unit.filter(|_| is_number(word)) {
                figures.push(&rest[at..at + word.len() + 1 + unit.len()]);
            } else if let Some(figure) = of {
                figures.push(figure);
            } else if is_number(word) && word.contains(['.', ','])
                || is_duration(word)
                || is_clock(word)
            {
                figures.push(word);
            }
        }
        rest = &rest[end.max(at + 1)..];
    }
    figures
}

/// Figures that the page says no command prints.
pub fn by_hand(text: &str) -> Vec<&str> {
    text.split(BY_HAND)
        .skip(1)
        .filter_map(|rest| rest.split("-->").next())
        .flat_map(|list| list.split(", ").map(str::trim))
        .collect()
}

/// Whether `figure` stands in `text`, as it is printed or as files write it, without a space.
pub fn is_in(figure: &str, text: &str) -> bool {
    stands_in(figure, text) || stands_in(&figure.replace(' ', ""), text)
}

/// Whether `figure` stands in `text`, not as a part of another one.
fn stands_in(figure: &str, text: &str) -> bool {
    text.match_indices(figure).any(|(at, _)| {
        let part = |letter: char| letter.is_ascii_alphanumeric();
        let (before, after) = (&text[..at], &text[at + figure.len()..]);
        let mut following = after.chars();
        let goes_on = match following.next() {
            Some('.' | ',') => following
                .next()
                .is_some_and(|letter| letter.is_ascii_digit()),
            Some(letter) => part(letter),
            None => false,
        };
        let begun = before.ends_with(part) || before.ends_with(['.', ',']);
        !goes_on && !begun
    })
}

/// `1,234`, `0.397`, `50`.
fn is_number(word: &str) -> bool {
    word.starts_with(|letter: char| letter.is_ascii_digit())
        && word
            .chars()
            .all(|letter| letter.is_ascii_digit() || ".,".contains(letter))
        && word.matches('.').count() <= 1
}

/// `08:27`.
fn is_clock(word: &str) -> bool {
    let digits = |part: &str| part.len() == 2 && part.bytes().all(|byte| byte.is_ascii_digit());
    word.split_once(':')
        .is_some_and(|(hour, minute)| digits(hour) && digits(minute))
}

/// `44m`, `3m07s`, `1h45m`, `2d`: a time as the tool prints it, and as files write some.
fn is_duration(word: &str) -> bool {
    let mut digits = false;
    let mut units = String::new();
    for letter in word.chars() {
        if letter.is_ascii_digit() {
            digits = true;
        } else if digits {
            units.push(letter);
            digits = false;
        } else {
            return false;
        }
    }
    !digits && ["s", "m", "ms", "h", "d", "hm", "dh"].contains(&units.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A figure that is not seen is a figure that nobody checks; a name is none.
    #[test]
    fn figures_are_told_from_other_numbers() {
        let line = "At 08:20, 4.66 % of 343 visits, 71,686 in all (3m07s, then 44m, 9.97 ms) on 2026-11-28; \
            400 USD, Step 6, M/M/1, 1×4, v0.5.4, 10 requests a second, 0.397, two-tier, on 9 of 10 days, 3 of them.";
        assert_eq!(
            figures(line),
            [
                "08:20", "4.66 %", "71,686", "3m07s", "44m", "9.97 ms", "400 USD", "0.397",
                "9 of 10"
            ]
        );
    }

    /// `6.67 %` is not in `26.67 %`, nor `1.6` in `1.67`.
    #[test]
    fn a_figure_is_not_part_of_another() {
        assert!(stands_in("6.67 %", "  lost 6.67 % (6–7)"));
        assert!(!stands_in("6.67 %", "lost 26.67 %"));
        assert!(
            !stands_in("1.6", "1.67") && !stands_in("343", "1,343") && !stands_in("1", "1,343")
        );
        assert!(stands_in("44m", "again 44m after") && stands_in("1.67", "at 1.67, it"));
    }

    #[test]
    fn a_page_names_what_is_worked_out() {
        assert_eq!(
            by_hand("x\n<!-- by hand: 1.67, 60 % -->\n"),
            ["1.67", "60 %"]
        );
    }
}
