//! How a new version of a service comes: replica by replica, in steps, with a way back.

use std::fmt;

use super::Edits;
use crate::form::{Given, Many, Partly, choice, record};
use crate::scalar::{
    Chance, Cond, Count, Cursor, Duration, Guard, Ratio, Scalar, ScalarError, Uncertain, When,
    words,
};

record! {
    /// How replicas are replaced by those of a new version, as Kubernetes does.
    pub struct Rollout = "a rollout" {
        /// The dates on which a new version comes.
        opt "when" when: Many<Given<When>>,
        /// How many replicas more than described there may be meanwhile, rounded up; 25 % if not given.
        opt "surge" surge: Given<Portion>,
        /// How many fewer may be ready meanwhile, rounded down; 25 % if not given.
        opt "unavailable" unavailable: Given<Portion>,
        /// How far it goes at first, and for how long it is watched then; all at once if not given.
        opt "steps" steps: Vec<RolloutStep>,
        /// What must hold at the end of each watch.
        opt "keep-if" keep_if: Vec<Partly<Cond>>,
        /// Whose requests these conditions are about: those at replicas of the new version, or all.
        opt "compare" compare: Given<Compared>,
        /// What is done if they do not hold; without it the rollout goes on.
        opt "else" otherwise: Given<Otherwise>,
        /// The share of rollouts that bring a bad version.
        opt "fails" fails: Given<Uncertain<Ratio>>,
        /// What a bad version may be.
        opt "bad" bad: Vec<BadVersion>,
    }
}

record! {
    /// A step of a rollout.
    pub struct RolloutStep = "a step of a rollout" {
        /// What is done.
        pick _ what: RolloutAct,
    }
}

choice! {
    /// What a step of a rollout does.
    pub enum RolloutAct = "a step of a rollout" {
        /// Replaces replicas.
        "to" To(RolloutTo),
        /// Waits, and then looks.
        "watch" Watch(RolloutWatch),
    }
}

record! {
    /// Goes so far.
    pub struct RolloutTo = "a step of a rollout" {
        /// The share of replicas that have the new version then, rounded up.
        req "to" to: Given<Ratio>,
    }
}

record! {
    /// Waits, and then judges `keep-if`.
    pub struct RolloutWatch = "a step of a rollout" {
        /// For how long.
        req "watch" watch: Given<Duration>,
    }
}

record! {
    /// A version that reads differently from what was meant.
    pub struct BadVersion = "a bad version" {
        /// How likely a bad version is this one.
        opt "chance" chance: Given<Chance>,
        /// What reads differently in it.
        req "edit" edit: Edits,
        /// Only for requests of visits of that value.
        opt "if" only_if: Given<Guard>,
    }
}

/// A number of replicas, or a share of them.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Portion {
    /// That share.
    Share(Ratio),
    /// That many.
    Count(Count),
}

impl fmt::Display for Portion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Share(share) => share.fmt(f),
            Self::Count(count) => count.fmt(f),
        }
    }
}

impl Scalar for Portion {
    fn about() -> String {
        "a share such as `25%`, or a number of replicas".to_owned()
    }

    fn example() -> String {
        "25%".to_owned()
    }

    fn read(cursor: &mut Cursor<'_>) -> Result<Self, ScalarError> {
        let mut ahead = *cursor;
        if let Ok(share) = Ratio::read(&mut ahead) {
            *cursor = ahead;
            return Ok(Self::Share(share));
        }
        Count::read(cursor).map(Self::Count)
    }

    fn fragment() -> String {
        format!("(?:{}|{})", Ratio::fragment(), Count::fragment())
    }
}

words! {
    /// Whose requests a rollout looks at.
    Compared, "whose requests are looked at", {
        /// Those at replicas of the new version.
        New = "new",
        /// Those at all replicas of the service.
        All = "all",
    }
}

words! {
    /// What becomes of a rollout that does not keep what it must.
    Otherwise, "what is done then", {
        /// The replicas of the new version are replaced by those of the old one.
        RollBack = "roll-back",
        /// It stays as it is.
        Pause = "pause",
    }
}
