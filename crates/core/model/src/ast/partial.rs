//! Scalars of which some texts are in the language and not built yet.

use super::{MeshPreset, RetryPreset, RetryText};
use crate::form::Partial;
use crate::scalar::{Cond, MetricName, MetricWord, Target};

impl Partial for Cond {
    fn not_yet(&self) -> Option<&'static str> {
        match self.metric().name {
            MetricName::Percentile(_) => None,
            MetricName::Word(word) => match word {
                MetricWord::Staleness => Some("roles"),
                MetricWord::Reversals => Some("scalers"),
                MetricWord::Hit => Some("caches"),
                _ => None,
            },
        }
    }

    fn refused() -> &'static str {
        r"(?:[^ ]*\.|[^ ]* -> [^ ]*\.)?(?:staleness|reversals|hit) "
    }
}

/// What can be paused.
impl Partial for Target {
    fn not_yet(&self) -> Option<&'static str> {
        match self.members.as_slice() {
            [member] if member.as_str() == "rollout" => None,
            _ => Some("scalers"),
        }
    }

    fn refused() -> &'static str {
        r"(?![^.]*\.rollout(?: |$))"
    }
}

impl Partial for RetryPreset {
    fn not_yet(&self) -> Option<&'static str> {
        match self {
            Self::AwsAdaptive => Some("adaptive retries"),
            Self::Hystrix => Some("breakers"),
            _ => None,
        }
    }

    fn refused() -> &'static str {
        "(?:aws-adaptive|hystrix)(?: |$)"
    }
}

impl Partial for RetryText {
    fn not_yet(&self) -> Option<&'static str> {
        match self {
            Self::Preset(preset) => preset.not_yet(),
            Self::Plan(_) => None,
        }
    }

    fn refused() -> &'static str {
        RetryPreset::refused()
    }
}

impl Partial for MeshPreset {
    fn not_yet(&self) -> Option<&'static str> {
        match self {
            Self::Istio => None,
            Self::Envoy | Self::Linkerd => Some("mesh presets beyond retries"),
        }
    }

    fn refused() -> &'static str {
        "(?:envoy|linkerd)(?: |$)"
    }
}
