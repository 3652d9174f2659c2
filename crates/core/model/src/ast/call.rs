//! The caller's side of a call: timeouts, retries, budgets, hedges, fallbacks.

use super::{
    BalanceBy, Cancel, Deadline, FallbackText, FallbackWord, Jitter, MeshPreset, ResultWord,
    RetryPreset, RetryText, Scope, Step, Steps,
};
use crate::form::expand::Parts;
use crate::form::{
    Form, Given, Kind, Many, OrNone, Partly, Reader, ScalarForm, Shape, Short, Takes, choice,
    record,
};
use crate::scalar::{
    Count, Duration, Factor, HedgeAfter, Name, Rate, Ratio, Scalar, Size, Switch, Target, Uncertain,
};
use crate::tree::Node;

record! {
    /// How a call deals with what may happen to it.
    pub struct CallPolicy = "a call policy" {
        /// How long one attempt may take; `none` waits for ever.
        turn "timeout" timeout: Given<Switch<Uncertain<Duration>>>,
        /// How long the whole call may take, all attempts and back-offs; `inherit` is the caller's own.
        turn "deadline" deadline: Given<Deadline>,
        /// What happens to the callee's work when the caller stops waiting.
        turn "cancel" cancel: Given<Cancel>,
        /// Whether and how it is tried again.
        turn "retry" retry: OrNone<Retry>,
        /// A copy to another replica when the answer is late.
        turn "hedge" hedge: OrNone<Hedge>,
        /// A permit around each attempt.
        opt "pool" pool: Given<Switch<Target>>,
        /// What is done when the last attempt failed.
        opt "fallback" fallback: OrNone<Fallback>,
        /// How a replica is chosen, in place of the callee's own way.
        turn "balance" balance: Balance,
        /// The class of the request.
        opt "priority" priority: Given<Name>,
        /// How long a message is; 2 kB if not given.
        opt "size" size: Given<Uncertain<Size>>,
        /// How much more or less work this request is at the callee.
        opt "work" work: Given<Uncertain<Factor>>,
        /// A named policy, one of `policies`.
        opt "policy" policy: Given<Name>,
    }
    later {
        "breaker" = "breakers",
        "cache" = "caches",
    }
}

record! {
    /// A named call policy.
    pub struct Policy = "a policy" {
        /// What it says.
        flat _ policy: CallPolicy,
    }
}

record! {
    /// The policy of a mesh around calls to a service: a layer of its own around each attempt.
    pub struct Mesh = "a mesh" {
        /// A preset.
        opt "like" like: Partly<MeshPreset>,
        /// How long one attempt may take.
        opt "timeout" timeout: Given<Switch<Uncertain<Duration>>>,
        /// How long all attempts may take.
        opt "deadline" deadline: Given<Deadline>,
        /// What happens to the callee's work when the mesh stops waiting.
        opt "cancel" cancel: Given<Cancel>,
        /// Whether and how it is tried again.
        opt "retry" retry: OrNone<Retry>,
        /// A copy to another replica when the answer is late.
        opt "hedge" hedge: OrNone<Hedge>,
        /// How a replica is chosen.
        opt "balance" balance: Balance,
    }
    later { "breaker" = "breakers" }
    short [
        Short {
            takes: Takes::Scalar(ScalarForm::built::<MeshPreset>),
            expand: |node| Some(Node::map(node.span, vec![("like", node.clone())])),
        }
    ]
}

record! {
    /// How a replica is chosen.
    pub struct Balance = "`balance`" {
        /// The rule.
        opt "by" by: Given<BalanceBy>,
        /// With a smaller share of the replicas ready, all are tried.
        opt "panic" panic: Given<Uncertain<Ratio>>,
        /// How long a new replica takes to get its full share.
        opt "slow-start" slow_start: Given<Uncertain<Duration>>,
    }
    short [
        Short {
            takes: Takes::Scalar(ScalarForm::of::<BalanceBy>),
            expand: |node| Some(Node::map(node.span, vec![("by", node.clone())])),
        }
    ]
}

record! {
    /// Whether and how a failed attempt is repeated.
    pub struct Retry = "`retry`" {
        /// A preset, of which the other keys say what is different.
        opt "like" like: Partly<RetryPreset>,
        /// How often it is tried in all.
        opt "attempts" attempts: Given<Uncertain<Count>>,
        /// How long to wait before the first retry.
        opt "backoff" backoff: Given<Uncertain<Duration>>,
        /// How much longer each time; 2x if not given.
        opt "grow" grow: Given<Uncertain<Factor>>,
        /// The longest wait.
        opt "cap" cap: Given<Uncertain<Duration>>,
        /// How the wait varies; `full` if there is a back-off.
        opt "jitter" jitter: Given<Jitter>,
        /// What pays for retries.
        opt "budget" budget: OrNone<Budget>,
        /// Which results are tried again; all bad ones if not given.
        opt "if" only_if: Many<Given<ResultWord>>,
        /// Nothing is tried again while this flag is up.
        opt "unless" unless: Given<Name>,
    }
    short [
        Short { takes: Takes::Scalar(ScalarForm::built::<RetryText>), expand: expand_retry }
    ]
}

/// `5 retries backoff 1s jitter full cap 20s`, or a preset.
fn expand_retry(node: &Node) -> Option<Node> {
    const KEYS: [&str; 5] = ["backoff", "grow", "cap", "jitter", "budget"];
    const WORDS: [&str; 5] = [" backoff ", " grow ", " cap ", " jitter ", " budget "];
    let mut parts = Parts::of(node)?;
    if !parts.rest().starts_with(|c: char| c.is_ascii_digit()) {
        let preset = parts.until(&[]);
        return Some(parts.map(vec![("like", preset)]));
    }
    let attempts = parts.until(&[" attempt", " retr"]);
    let attempts = if parts.eat(" attempts") || parts.eat(" attempt") {
        attempts
    } else if parts.eat(" retries") || parts.eat(" retry") {
        one_more(&attempts)?
    } else {
        return None;
    };
    let mut entries = vec![("attempts", attempts)];
    while !parts.rest().is_empty() {
        let word = (0..WORDS.len()).find(|&word| parts.rest().starts_with(WORDS[word]))?;
        parts.eat(WORDS[word]);
        entries.push((KEYS[word], parts.until(&WORDS)));
    }
    Some(parts.map(entries))
}

/// Retries are counted after the first attempt.
fn one_more(node: &Node) -> Option<Node> {
    let retries = Uncertain::<Count>::parse(node.text()?).ok()?;
    let more = |count: Count| Count::new(count.get() + 1);
    let (best, low, high) = (
        more(retries.best())?,
        more(retries.low())?,
        more(retries.high())?,
    );
    let attempts = Uncertain::new(best, low, high)?;
    Some(Node::scalar(attempts.to_string(), node.span))
}

record! {
    /// What pays for retries.
    pub struct Budget = "`budget`" {
        /// Which kind it is.
        pick _ kind: BudgetKind,
        /// Whose budget it is.
        opt "scope" scope: Given<Scope>,
    }
    short [
        Short {
            takes: Takes::Scalar(ScalarForm::of::<Uncertain<Ratio>>),
            expand: |node| Some(Node::map(node.span, vec![("ratio", node.clone())])),
        }
    ]
}

choice! {
    /// The kinds of retry budget.
    pub enum BudgetKind = "`budget`" {
        /// A quota as the AWS SDKs keep it.
        "tokens" Quota(Quota),
        /// A share of what is in flight, as Envoy keeps it.
        "concurrent" Concurrent(Concurrent),
        /// A share of the last seconds' requests, as Linkerd keeps it.
        "window" Windowed(Windowed),
        /// A token bucket.
        "ratio" Bucket(Bucket),
    }
}

record! {
    /// A token bucket: each first attempt adds a share of a retry.
    pub struct Bucket = "`budget`" {
        /// What a first attempt adds.
        req "ratio" ratio: Given<Uncertain<Ratio>>,
        /// How many retries it holds at most, and at first; 10 if not given.
        opt "burst" burst: Given<Uncertain<Count>>,
    }
}

record! {
    /// Retries in flight against requests in flight.
    pub struct Concurrent = "`budget`" {
        /// The share of requests in flight that may be retries.
        req "concurrent" concurrent: Given<Uncertain<Ratio>>,
        /// So many are always allowed.
        opt "min" min: Given<Uncertain<Count>>,
    }
}

record! {
    /// Retries of the last seconds against requests of the last seconds.
    pub struct Windowed = "`budget`" {
        /// The share of requests that may be retried.
        req "ratio" ratio: Given<Uncertain<Ratio>>,
        /// So many are always allowed.
        opt "min" min: Given<Uncertain<Rate>>,
        /// How many seconds count.
        req "window" window: Given<Uncertain<Duration>>,
    }
}

record! {
    /// A quota that retries draw on and successes fill.
    pub struct Quota = "`budget`" {
        /// How many tokens it holds at most, and at first.
        req "tokens" tokens: Given<Uncertain<Count>>,
        /// What a retry costs.
        opt "cost" cost: Given<Uncertain<Count>>,
        /// What a retry after a timeout costs.
        opt "timeout-cost" timeout_cost: Given<Uncertain<Count>>,
    }
}

record! {
    /// A copy to another replica when the answer is late; the first good answer wins.
    pub struct Hedge = "`hedge`" {
        /// When the copy is sent: `p95` of this call's last answers, or a time.
        req "after" after: Given<HedgeAfter>,
        /// How many copies at most; 1 if not given.
        opt "extra" extra: Given<Uncertain<Count>>,
    }
}

record! {
    /// What is done when the last attempt failed.
    pub struct Fallback = "`fallback`" {
        /// Only after these results; after all bad ones if not given.
        opt "if" only_if: Many<Given<ResultWord>>,
        /// Steps, a block, `skip` or `degraded`.
        req "do" action: FallbackDo,
    }
    short [
        Short {
            takes: Takes::Scalar(ScalarForm::of::<FallbackText>),
            expand: |node| Some(Node::map(node.span, vec![("do", node.clone())])),
        },
        Short {
            takes: Takes::List(Step::shape),
            expand: |node| Some(Node::map(node.span, vec![("do", node.clone())])),
        }
    ]
}

/// What a fallback does.
#[derive(Clone, Debug, PartialEq)]
pub enum FallbackDo {
    /// Goes on as if it were fine, or degraded.
    Word(Given<FallbackWord>),
    /// Does steps.
    Steps(Steps),
}

impl Form for FallbackDo {
    fn shape() -> Shape {
        Shape::plain(Kind::Word(ScalarForm::of::<FallbackWord>, Steps::shape))
    }

    fn read(node: &Node, reader: &mut Reader<'_>) -> Option<Self> {
        match node.text() {
            Some(text) if ScalarForm::of::<FallbackWord>().accepts(text) => {
                Given::read(node, reader).map(Self::Word)
            }
            _ => Steps::read(node, reader).map(Self::Steps),
        }
    }
}
