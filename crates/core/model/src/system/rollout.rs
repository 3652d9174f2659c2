//! How a new version of a service comes.

use super::{Condition, EditId, EndpointId, Guard, Place};
use crate::when::When;

/// How replicas are replaced by those of a new version.
#[derive(Clone, Debug)]
pub struct Rollout {
    /// The dates on which a new version comes.
    pub when: Vec<When>,
    /// How many replicas more than described there may be meanwhile.
    pub surge: Portion,
    /// How many fewer may be ready meanwhile.
    pub unavailable: Portion,
    /// In order; never empty, the last one goes all the way.
    pub steps: Vec<RolloutStep>,
    /// All must hold at the end of each watch.
    pub keep_if: Vec<KeepIf>,
    /// Whose requests these are about.
    pub compare: Compared,
    /// What is done if they do not hold; none goes on.
    pub otherwise: Option<Otherwise>,
    /// Probability that a rollout brings a bad version.
    pub fails: f64,
    /// What a bad version may be; chances add up to 1.
    pub bad: Vec<BadVersion>,
    /// Where it stands.
    pub place: Place,
}

/// A number of replicas, or a share of them.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Portion {
    /// That share.
    Share(f64),
    /// That many.
    Count(u32),
}

impl Portion {
    /// Of so many, rounded up.
    ///
    /// ```
    /// # use worstday_model::system::Portion;
    /// assert_eq!((Portion::Share(0.25).up(10), Portion::Share(0.25).down(10)), (3, 2));
    /// assert_eq!((Portion::Share(0.05).up(20), Portion::Share(1.0).up(7)), (1, 7));
    /// ```
    #[must_use]
    pub fn up(self, whole: u32) -> u32 {
        match self {
            // Shares are decimal, their product in binary is not: 5 % of 20 is 1.
            Self::Share(share) => libm::ceil(share * f64::from(whole) - 1e-9) as u32,
            Self::Count(count) => count,
        }
    }

    /// Of so many, rounded down.
    #[must_use]
    pub fn down(self, whole: u32) -> u32 {
        match self {
            Self::Share(share) => libm::floor(share * f64::from(whole) + 1e-9) as u32,
            Self::Count(count) => count,
        }
    }
}

/// A step of a rollout.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum RolloutStep {
    /// Until that share of the replicas, rounded up, has the new version.
    To(f64),
    /// For so long, ns; then it is judged.
    Watch(u64),
}

/// A condition that a rollout must keep.
#[derive(Clone, Debug, PartialEq)]
pub struct KeepIf {
    /// What must hold, over the requests of [`Self::endpoint`].
    pub condition: Condition,
    /// Of which endpoint; none means all of the service.
    pub endpoint: Option<EndpointId>,
}

/// Whose requests a rollout looks at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Compared {
    /// Those at replicas of the new version.
    New,
    /// Those at all replicas of the service.
    All,
}

/// What becomes of a rollout that does not keep what it must.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Otherwise {
    /// The new version's replicas are replaced by the old version's.
    RollBack,
    /// It stays as it is.
    Pause,
}

/// A version that reads differently from what was meant.
#[derive(Clone, Debug)]
pub struct BadVersion {
    /// How likely a bad version is this one.
    pub chance: f64,
    /// What reads differently.
    pub edit: EditId,
    /// Only for requests for which this holds.
    pub condition: Option<Guard>,
}
