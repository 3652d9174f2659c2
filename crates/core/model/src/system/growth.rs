//! What grows from day to day: a client's demand, or a number of the file.
//!
//! Growth is compound and continuous: after `t` the factor is `(1 + share)^(t / per)`, counted from the day that
//! counts as today to the local midnight of the simulated day, and below 1 for a day before it. A client's demand
//! is multiplied where a day is planned ([`crate::day`]); a number of the file is multiplied where the file is
//! read ([`crate::load::Model::grown`]), so that a [`System`](super::System) holds grown numbers and says by how much.

use super::{ClientId, Place};
use jiff::civil::Date;

/// Something that grows.
#[derive(Clone, Debug)]
pub struct Growth {
    /// What.
    pub what: Grows,
    /// The share that is added in one unit of time: 0.45 for `45%/year`.
    pub share: f64,
    /// That unit, ns.
    pub per_ns: f64,
    /// What a number of the file is multiplied by in these tables; 1 for a client's demand.
    pub in_force: f64,
    /// Where it stands.
    pub place: Place,
}

/// What grows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Grows {
    /// The demand of a client.
    Demand(ClientId),
    /// The number that stands at an address of the file.
    Number(String),
}

/// What something has grown to on a day.
#[derive(Clone, Debug, PartialEq)]
pub struct Grown {
    /// `demand of shoppers`, or the address of a number.
    pub what: String,
    /// What it is multiplied by.
    pub factor: f64,
    /// Since when it grows.
    pub since: Date,
}

impl Growth {
    /// What it is multiplied by on a day.
    ///
    /// ```
    /// # use worstday_model::system::{Growth, Grows, ClientId, Place};
    /// let doubles = Growth {
    ///     what: Grows::Demand(ClientId(0)),
    ///     share: 1.0,
    ///     per_ns: 7.0 * 86_400e9,
    ///     in_force: 1.0,
    ///     place: Place::default(),
    /// };
    /// let date = jiff::civil::date;
    /// assert_eq!(doubles.factor(date(2026, 11, 1), date(2026, 11, 22)), 8.0);
    /// ```
    #[must_use]
    pub fn factor(&self, since: Date, day: Date) -> f64 {
        let passed_ns = day.duration_since(since).as_secs_f64() * 1e9;
        libm::pow(1.0 + self.share, passed_ns / self.per_ns)
    }

    /// The logarithm of the growth in one ns.
    #[must_use]
    pub fn per_ns(&self) -> f64 {
        libm::log1p(self.share) / self.per_ns
    }
}
