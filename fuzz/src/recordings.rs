//! Recorded arrivals: instants, counts, web logs.

use std::sync::LazyLock;

use worstday_model::calendar::Calendar;
use worstday_model::recording::{ArrivalFormat, Options, read};
use worstday_model::system::Recorded;

static ZURICH: LazyLock<Calendar> =
    LazyLock::new(|| Calendar::new("Europe/Zurich").expect("a time zone"));

/// Reads the lines after the first one as a recording; the first byte chooses the format and the
/// length of an interval, and the rest of the first line is the column's name.
///
/// # Panics
///
/// If what was read is out of order or no number, or it was refused without a reason.
pub fn recording(bytes: &[u8]) {
    let Some((choice, rest)) = bytes.split_first() else {
        return;
    };
    let end = rest
        .iter()
        .position(|&byte| byte == b'\n')
        .unwrap_or(rest.len());
    let column = std::str::from_utf8(&rest[..end])
        .ok()
        .filter(|name| !name.is_empty());
    let lines = rest.get(end + 1..).unwrap_or_default();
    let formats = [
        ArrivalFormat::Instants,
        ArrivalFormat::Counts,
        ArrivalFormat::Combined,
    ];
    let options = Options {
        format: formats[usize::from(choice % 3)],
        column,
        per_ns: [None, Some(1), Some(1_800_000_000_000), Some(u64::MAX)]
            [usize::from(choice / 3 % 4)],
        at: None,
    };
    match read(lines, &options, &ZURICH) {
        Ok(reading) => {
            match &reading.recording.what {
                Recorded::Instants(instants) => assert!(instants.is_sorted(), "out of order"),
                Recorded::Counts { rows, .. } => {
                    assert!(rows.is_sorted_by(|a, b| a.0 <= b.0), "out of order");
                    assert!(
                        rows.iter().all(|row| 0.0 <= row.1 && row.1.is_finite()),
                        "no count"
                    );
                }
            }
            let _ = reading.recording.span();
            reading
                .warnings
                .iter()
                .for_each(|remark| drop(remark.to_string()));
        }
        Err(mistakes) => {
            assert!(!mistakes.is_empty(), "refused without a reason");
            mistakes.iter().for_each(|remark| drop(remark.to_string()));
        }
    }
}
