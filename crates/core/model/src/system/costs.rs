//! What things cost, in the file's currency.

use super::{PromiseId, ServiceId};

/// Prices. What the file does not name costs nothing.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Costs {
    /// What one replica costs per ns of its existence, by service.
    pub replica_per_ns: Vec<(ServiceId, f64)>,
    /// What one core costs per ns of the existence of the replica that asks for it.
    pub core_per_ns: f64,
    /// What a lost visit costs; none if nothing.
    pub lost: Option<LostCost>,
    /// What one alert costs that tells an operator.
    pub page: f64,
    /// What a promise costs per calendar day with a broken condition.
    pub breach: Vec<(PromiseId, f64)>,
}

/// What a lost visit costs.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum LostCost {
    /// Its own value.
    ByValue,
    /// The same for each.
    Each(f64),
}
