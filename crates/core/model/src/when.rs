//! `when`: dates and recurring times, as the file says them.
//!
//! Which instants they mean in a time zone is decided by [`crate::calendar`].

use jiff::civil::{Date, Time, Weekday};

/// A recurring or dated time; read in the file's `timezone`.
#[derive(Clone, Debug, PartialEq)]
pub struct When {
    /// On which days.
    pub days: Days,
    /// At what time of these days.
    pub hours: Hours,
    /// Length, ns, if `for D` is given.
    pub lasts_ns: Option<u64>,
}

/// The days a [`When`] falls on.
#[derive(Clone, Debug, PartialEq)]
pub enum Days {
    /// `every day`
    EveryDay,
    /// `every weekday`: Monday to Friday.
    EveryWeekday,
    /// `every tuesday`
    Every(Weekday),
    /// `every november 10 to december 1`, both ends included: (month, day) each.
    Season((i8, i8), (i8, i8)),
    /// `first sunday of every month`, `4th friday of november`.
    Nth {
        /// Which one.
        nth: Nth,
        /// Of what.
        day: NthDay,
        /// In which month; none means every month.
        month: Option<i8>,
    },
    /// `25 of every month`, with what happens when that is no weekday.
    OfMonth(i8, Shift),
    /// `2026-11-27`, or up to a second date.
    Date(Date, Option<Date>),
    /// `from 2027-03-15`, and ever after.
    From(Date),
}

/// Which one of a month.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Nth {
    /// 1 to 4.
    Number(i8),
    /// The last one.
    Last,
}

/// What is counted in a month.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NthDay {
    /// That day of the week.
    Day(Weekday),
    /// Any of Monday to Friday.
    Weekday,
}

/// Where a day of the month goes that is a Saturday or Sunday.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shift {
    /// Stays.
    None,
    /// To the weekday before.
    Before,
    /// To the weekday after.
    After,
}

/// The time of day of a [`When`].
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Hours {
    /// The whole day.
    WholeDay,
    /// An instant, or the start of `lasts`.
    At(Time),
    /// From one time to another; past midnight if the second is not later.
    Band(Time, Time),
}
