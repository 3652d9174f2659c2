//! Steps: what visits, endpoints, blocks and fallbacks do.

use super::{Answer, CallPolicy, FailWord, LeftOver, ParallelNeed, SendStep, Text};
use crate::form::{Form, Given, Kind, Reader, ScalarForm, Shape, Short, Takes, choice, record};
use crate::scalar::{Chance, Count, Dist, Duration, Guard, Name, Target};
use crate::source::Span;
use crate::tree::Node;

/// Steps, done one after another.
#[derive(Clone, Debug, PartialEq)]
pub struct Steps {
    /// Where the list stands.
    pub span: Span,
    /// In order.
    pub items: Vec<Step>,
}

impl Form for Steps {
    fn shape() -> Shape {
        Shape {
            kind: Kind::List(Step::shape),
            short: &[
                Short {
                    takes: Takes::Scalar(ScalarForm::of::<Target>),
                    expand: |node| {
                        // A bare word is a block of the same service, anything longer is a call.
                        let text = node.text()?;
                        let verb = if text.contains(['.', '/', '#']) {
                            "call"
                        } else {
                            "do"
                        };
                        let step = Node::map(node.span, vec![(verb, node.clone())]);
                        Some(Node::list(node.span, vec![step]))
                    },
                },
                Short {
                    takes: Takes::Map(Step::shape),
                    expand: |node| Some(Node::list(node.span, vec![node.clone()])),
                },
            ],
        }
    }

    fn read(node: &Node, reader: &mut Reader<'_>) -> Option<Self> {
        let items = reader.list(node, Self::shape())?;
        Some(Self {
            span: node.span,
            items,
        })
    }
}

record! {
    /// One step: exactly one verb, and what is said about it.
    pub struct Step = "a step" {
        /// What it does.
        pick _ verb: Verb,
        /// Its name, for addresses: `price.get#compute`.
        opt "name" name: Given<Name>,
        /// Done or skipped by its own coin.
        opt "chance" chance: Given<Chance>,
        /// Done only if this holds: a flag is up, or `value <= 50 USD`.
        opt "if" only_if: Given<Guard>,
        /// Skipped if this holds.
        opt "unless" unless: Given<Guard>,
        /// What telemetry calls it.
        note "known-as" known_as: Vec<Given<Text>>,
    }
    apart [["if", "unless"]]
}

choice! {
    /// What a step does.
    pub enum Verb = "a step" {
        /// Asks and waits for the answer.
        "call" Call(Box<CallStep>),
        /// Hands a message over to a topic.
        "send" Send(Box<SendStep>),
        /// Needs CPU.
        "work" Work(WorkStep),
        /// Takes time without CPU.
        "wait" Wait(WaitStep),
        /// Takes a permit around other steps.
        "hold" Hold(HoldStep),
        /// Does several things at once.
        "parallel" Parallel(ParallelStep),
        /// Does one of several things.
        "choose" Choose(ChooseStep),
        /// Does something several times.
        "repeat" Repeat(RepeatStep),
        /// Ends the request badly.
        "fail" Fail(FailStep),
        /// Ends the request well.
        "answer" Answer(AnswerStep),
        /// Does the steps of a block.
        "do" Do(DoStep),
    }
}

record! {
    /// Asks and waits for the answer.
    pub struct CallStep = "a call" {
        /// The endpoint that is asked: `service.endpoint`.
        req "call" call: Given<Target>,
        /// What it says.
        flat _ policy: CallPolicy,
    }
}

record! {
    /// Needs CPU.
    pub struct WorkStep = "a `work` step" {
        /// CPU time at full speed; a bare duration is a mean.
        req "work" work: Given<Dist<Duration>>,
    }
}

record! {
    /// Takes time without CPU; the worker stays held.
    pub struct WaitStep = "a `wait` step" {
        /// How long; a bare duration is a mean.
        req "wait" wait: Given<Dist<Duration>>,
    }
}

record! {
    /// Takes a permit, does the steps, gives it back.
    pub struct HoldStep = "a `hold` step" {
        /// The pool: one of the service, or a top-level one.
        req "hold" hold: Given<Target>,
        /// What is done meanwhile.
        req "do" steps: Steps,
    }
}

record! {
    /// Branches that start in the same instant.
    pub struct ParallelStep = "a `parallel` step" {
        /// The branches: a step or a list of steps each.
        req "parallel" branches: Vec<Steps>,
        /// How many must succeed; `all` if not given.
        opt "need" need: Given<ParallelNeed>,
        /// `all` stops leftover branches; otherwise they run on as wasted work.
        opt "cancel" cancel: Given<LeftOver>,
    }
}

record! {
    /// The first branch whose `if` holds, else one by `chance`.
    pub struct ChooseStep = "a `choose` step" {
        /// The branches.
        req "choose" branches: Vec<Branch>,
    }
}

record! {
    /// A branch of `choose`.
    pub struct Branch = "a branch of `choose`" {
        /// Its share among branches without `if`; one may be `rest`.
        opt "chance" chance: Given<Chance>,
        /// Taken if this holds: a flag is up, or `value <= 50 USD`.
        opt "if" only_if: Given<Guard>,
        /// What is done.
        req "do" steps: Steps,
    }
    apart [["chance", "if"]]
}

record! {
    /// Steps several times, one after another.
    pub struct RepeatStep = "a `repeat` step" {
        /// How often.
        req "repeat" times: Given<Dist<Count>>,
        /// What is done each time.
        req "do" steps: Steps,
    }
}

record! {
    /// The steps of a block of the same service.
    pub struct DoStep = "a `do` step" {
        /// The block.
        req "do" block: Given<Name>,
    }
    later { "cache" = "caches" }
}

record! {
    /// Ends the request badly.
    pub struct FailStep = "a `fail` step" {
        /// `declined` is an answer that the user must accept; any other word is an error.
        req "fail" word: Given<FailWord>,
    }
}

record! {
    /// Ends the request well.
    pub struct AnswerStep = "an `answer` step" {
        /// `ok` or `degraded`.
        req "answer" word: Given<Answer>,
    }
}
