//! What a day cost and earned: the bills of all histories, averaged.

use worstday_sim::outcome::{Bill, Outcome};

use crate::document::{MoneyReport, Price};
use crate::estimate::Estimate;
use crate::quantity::Unit;
use crate::summary::Table;

/// The bills of all histories; none if the file has no prices.
pub(crate) fn money(rows: &[&Outcome], table: &Table<'_>) -> Option<MoneyReport> {
    let bills: Vec<&Bill> = rows.iter().filter_map(|row| row.bill.as_ref()).collect();
    let first = *bills.first()?;
    let of = |amount: &dyn Fn(&Bill) -> f64| -> Estimate {
        let values: Vec<Option<f64>> = bills.iter().map(|bill| Some(amount(bill))).collect();
        table.whole(&values, Unit::Money)
    };
    let each = |list: fn(&Bill) -> &[(String, f64)]| -> Vec<Price> {
        let names = list(first).iter().enumerate();
        names
            .map(|(at, (name, _))| Price {
                name: name.clone(),
                cost: of(&|bill| list(bill)[at].1),
            })
            .collect()
    };
    let sum = |list: &[(String, f64)]| list.iter().map(|(_, cost)| cost).sum::<f64>();
    Some(MoneyReport {
        earned: of(&|bill| bill.earned),
        lost: of(&|bill| bill.lost),
        machines: of(&|bill| sum(&bill.replicas) + bill.cores),
        penalties: of(&|bill| sum(&bill.breaches) + bill.pages),
        total: of(&|bill| bill.total),
        replicas: each(|bill| &bill.replicas),
        cores: of(&|bill| bill.cores),
        breaches: each(|bill| &bill.breaches),
        pages: of(&|bill| bill.pages),
    })
}
