//! What a page quotes of a command's output: line by line as printed, but for lines `…`, each of which
//! stands for any number of lines.

use std::ops::Range;

/// The line that stands for lines left out.
pub const ELISION: &str = "…";

/// The first quoted line that is not printed where it should be, or nothing if all are.
///
/// A quotation without an elision is the whole output. What stands between elisions is contiguous in
/// the output too, and in the same order.
pub fn first_difference<'q>(quoted: &[&'q str], printed: &[&str]) -> Option<&'q str> {
    let mut pieces: Vec<&[&str]> = quoted.split(|line| line.trim() == ELISION).collect();
    let mut from = 0;
    let first = pieces.remove(0);
    if let Some(at) = differs(first, printed) {
        return Some(first[at]);
    }
    from += first.len();
    let Some(last) = pieces.pop() else {
        // Nothing is left out, so nothing may follow.
        return (from < printed.len()).then(|| quoted.last().copied().unwrap_or(""));
    };
    for piece in pieces {
        // The earliest place leaves most room to those that follow.
        let at = (from..=printed.len()).find(|at| differs(piece, &printed[*at..]).is_none());
        match at {
            Some(at) => from = at + piece.len(),
            None => return Some(closest(piece, &printed[from..])),
        }
    }
    let at = printed.len().saturating_sub(last.len()).max(from);
    differs(last, &printed[at..]).map(|_| closest(last, &printed[from..]))
}

/// The first line of `piece` that `printed` does not begin with.
fn differs(piece: &[&str], printed: &[&str]) -> Option<usize> {
    let same = |at: usize| {
        printed
            .get(at)
            .is_some_and(|line| line.trim_end() == piece[at].trim_end())
    };
    (0..piece.len()).find(|at| !same(*at))
}

/// The line that stops the longest match of `piece`.
fn closest<'q>(piece: &[&'q str], printed: &[&str]) -> &'q str {
    let stops = (0..=printed.len()).filter_map(|from| differs(piece, &printed[from..]));
    stops.max().map_or("", |at| piece[at])
}

/// `quoted` as it would be of `printed`: each line with the printed line that took its place, what was
/// left out left out, and what was contiguous contiguous.
pub fn renewed(quoted: &[&str], printed: &[&str]) -> Vec<String> {
    let kept: Vec<&str> = quoted
        .iter()
        .copied()
        .filter(|line| line.trim() != ELISION)
        .collect();
    let pairs = aligned(&kept, printed);
    // Whether something was left out before the quoted line of that number; the last entry is the end.
    let mut elided = vec![false; kept.len() + 1];
    let mut number = 0;
    for line in quoted {
        if line.trim() == ELISION {
            elided[number] = true;
        } else {
            number += 1;
        }
    }
    let mut lines = Vec::new();
    let mut fill = |before: Range<usize>, gap: Range<usize>| {
        let was_elided = elided[before].contains(&true);
        if !gap.is_empty() && was_elided {
            lines.push(ELISION.to_owned());
        } else {
            lines.extend(printed[gap].iter().map(|line| line.trim_end().to_owned()));
        }
    };
    let (mut next, mut from) = (0, 0);
    for (line, at) in pairs {
        fill(next..line + 1, from..at);
        fill(0..0, at..at + 1);
        (next, from) = (line + 1, at + 1);
    }
    fill(next..kept.len() + 1, from..printed.len());
    lines
}

/// Which printed line each quoted line became: the pairs, in order in both, that resemble each other most.
fn aligned(quoted: &[&str], printed: &[&str]) -> Vec<(usize, usize)> {
    // best[i][j]: the resemblance of what follows the i-th quoted and the j-th printed line.
    let mut best = vec![vec![0; printed.len() + 1]; quoted.len() + 1];
    for i in (0..quoted.len()).rev() {
        for j in (0..printed.len()).rev() {
            let pair = resemblance(quoted[i], printed[j]);
            let paired = if pair == 0 {
                0
            } else {
                pair + best[i + 1][j + 1]
            };
            best[i][j] = paired.max(best[i + 1][j]).max(best[i][j + 1]);
        }
    }
    let (mut i, mut j) = (0, 0);
    let mut pairs = Vec::new();
    while i < quoted.len() && j < printed.len() {
        let pair = resemblance(quoted[i], printed[j]);
        if pair != 0 && best[i][j] == pair + best[i + 1][j + 1] {
            pairs.push((i, j));
            (i, j) = (i + 1, j + 1);
        } else if best[i][j] == best[i][j + 1] {
            j += 1;
        } else {
            i += 1;
        }
    }
    pairs
}

/// How much two lines resemble each other, 0 to 100: by their words, whatever the figures.
fn resemblance(one: &str, other: &str) -> u32 {
    if one.trim_end() == other.trim_end() {
        // Blank lines are alike and say nothing of where one is.
        return if one.trim().is_empty() { 1 } else { 100 };
    }
    // Figures are what changes; names and units are what stays.
    let words = |line: &str| -> Vec<String> {
        let named = |word: &&str| word.contains(char::is_alphabetic);
        let figure = |letter: char| if letter.is_ascii_digit() { '0' } else { letter };
        let words = line.split_whitespace().filter(named);
        words
            .map(|word| word.chars().map(figure).collect())
            .collect()
    };
    let (one, mut other) = (words(one), words(other));
    let all = one.len().max(other.len());
    let mut common = 0_usize;
    for word in &one {
        if let Some(at) = other.iter().position(|known| known == word) {
            other.swap_remove(at);
            common += 1;
        }
    }
    // Less than two words in five is another line.
    let share = (90 * common).checked_div(all).unwrap_or(0);
    if share < 36 {
        0
    } else {
        u32::try_from(share).unwrap_or(0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PRINTED: [&str; 6] = ["head", "", "lost 3 %", "busy 4 %", "line 7", "next  "];

    /// A quotation that matches anything would let every figure rot.
    #[test]
    fn a_quotation_is_what_is_printed() {
        let differs = |quoted: &[&str]| first_difference(quoted, &PRINTED).map(str::to_owned);
        assert_eq!(differs(&PRINTED), None);
        assert_eq!(differs(&["head", "…", "next"]), None);
        assert_eq!(differs(&["…", "lost 3 %", "busy 4 %", "…"]), None);
        assert_eq!(
            differs(&["…", "lost 3 %", "…", "line 7", "…", "next"]),
            None
        );
        assert_eq!(differs(&["…"]), None);
        // A changed figure, a line left out without saying so, another order, an end that is none.
        assert_eq!(differs(&["…", "lost 4 %", "…"]), Some("lost 4 %".into()));
        assert_eq!(
            differs(&["…", "lost 3 %", "line 7", "…"]),
            Some("line 7".into())
        );
        assert_eq!(
            differs(&["…", "line 7", "…", "lost 3 %", "…"]),
            Some("lost 3 %".into())
        );
        assert_eq!(differs(&["…", "line 7"]), Some("line 7".into()));
        assert_eq!(differs(&["head", ""]), Some(String::new()));
        // What is quoted twice must be printed twice.
        assert_eq!(differs(&["…", "next", "…", "next"]), Some("next".into()));
    }

    /// Renewed figures stand where the old ones stood, and what was left out stays so.
    #[test]
    fn a_renewed_quotation_keeps_its_shape() {
        let quoted = ["…", "lost 9.5 %", "busy 44 %", "gone 1", "…", "next"];
        assert_eq!(
            renewed(&quoted, &PRINTED),
            ["…", "lost 3 %", "busy 4 %", "…", "next"]
        );
        // What is new among lines that were contiguous is quoted too.
        assert_eq!(
            renewed(&["…", "lost 3 %", "line 7", "…"], &PRINTED),
            ["…", "lost 3 %", "busy 4 %", "line 7", "…"]
        );
        assert!(first_difference(&["…", "lost 3 %", "busy 4 %", "…", "next"], &PRINTED).is_none());
    }
}
