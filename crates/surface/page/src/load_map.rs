//! The map of load against fault as it is drawn: what was tried, in rows, with words for each cell.

use serde::Serialize;
use worstday_report::checked::map::{self, Cell, LoadMap, Region};

/// The map of load against fault.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Map {
    promise: String,
    fault: String,
    because: String,
    at: String,
    axis: &'static str,
    made: String,
    legend: Vec<(Region, &'static str, String)>,
    loads: Vec<Load>,
    rows: Vec<MapRow>,
    /// Where the worst day lies, as steps along the two axes: loads, then sizes.
    worst: Option<(f64, f64)>,
    worst_words: String,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Load {
    factor: f64,
    words: String,
    per_second: Option<f64>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct MapRow {
    /// The size in its unit; `none` of the row without the fault.
    words: String,
    without: bool,
    cells: Vec<MapCell>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct MapCell {
    region: Region,
    sure: bool,
    days: u64,
    broken: u64,
    down: u64,
    words: String,
}

/// The map; loads and sizes of which nothing was tried are left out, and all of it if nearly nothing was.
pub(crate) fn drawn_map(of: &LoadMap) -> Option<Map> {
    let tried = |cell: &&Cell| 0 < cell.days;
    let mut factors: Vec<f64> = of
        .cells
        .iter()
        .filter(tried)
        .map(|cell| cell.load)
        .collect();
    factors.sort_by(f64::total_cmp);
    factors.dedup();
    let mut rows: Vec<(Option<f64>, Vec<&Cell>)> = Vec::new();
    for cell in of.cells.iter().filter(|cell| factors.contains(&cell.load)) {
        match rows.last_mut() {
            Some((size, row)) if *size == cell.size => row.push(cell),
            _ => rows.push((cell.size, vec![cell])),
        }
    }
    rows.retain(|(_, row)| row.iter().any(tried));
    if factors.len() < 2 || rows.len() < 2 {
        return None;
    }
    let sizes: Vec<f64> = rows.iter().filter_map(|(size, _)| *size).collect();
    let worst = of
        .worst_day
        .and_then(|place| Some((steps(&factors, place.load)?, steps(&sizes, place.size)?)));
    Some(Map {
        promise: of.promise.clone(),
        fault: of.fault.clone(),
        because: of.because.clone(),
        at: of.at.clone(),
        axis: of.axis.word(),
        made: of.made(),
        legend: of
            .legend()
            .into_iter()
            .map(|(region, text)| (region, region.word(), text))
            .collect(),
        loads: factors
            .iter()
            .map(|&factor| Load {
                factor,
                words: map::factor(factor),
                per_second: of.per_second.map(|rate| rate * factor),
            })
            .collect(),
        rows: rows
            .iter()
            .map(|(size, row)| MapRow {
                without: size.is_none(),
                words: size.map_or_else(|| "none".to_owned(), |size| of.axis.said(size)),
                cells: row.iter().map(|cell| map_cell(of, cell)).collect(),
            })
            .collect(),
        worst,
        worst_words: of.worst_day.map_or_else(String::new, |place| {
            format!(
                "{} demand, {} {}",
                map::factor(place.load),
                of.fault,
                of.axis.said(place.size)
            )
        }),
    })
}

fn map_cell(of: &LoadMap, cell: &Cell) -> MapCell {
    MapCell {
        region: cell.region,
        sure: cell.sure,
        days: cell.days,
        broken: cell.broken,
        down: cell.down,
        words: of.told(cell),
    }
}

/// How many steps along a monotone axis a value lies, between two of its values on a straight line; none outside.
fn steps(axis: &[f64], value: f64) -> Option<f64> {
    axis.windows(2).enumerate().find_map(|(at, pair)| {
        let part = (value - pair[0]) / (pair[1] - pair[0]);
        (-1e-9..=1.0 + 1e-9)
            .contains(&part)
            .then_some(at as f64 + part.clamp(0.0, 1.0))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The worst day stands where it belongs on axes whose steps differ.
    #[test]
    fn places_lie_between_steps() {
        assert_eq!(steps(&[1.0, 2.0, 4.0], 3.0), Some(1.5));
        assert_eq!(steps(&[1.0, 2.0, 4.0], 1.0), Some(0.0));
        assert_eq!(steps(&[1.0, 2.0, 4.0], 4.0), Some(2.0));
        assert_eq!(
            steps(&[0.8, 0.6, 0.2], 0.7).map(|at| (at * 100.0).round()),
            Some(50.0)
        );
        assert_eq!(steps(&[1.0, 2.0], 2.5), None);
    }
}
