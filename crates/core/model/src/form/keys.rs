//! All keys of the language: what they mean, what they want, and whether they are built.
//!
//! The list is what documentation is made of, and what the test that no key is dead walks.

use std::collections::BTreeSet;

use super::{Choice, Kind, Member, Need, Record, Role, ScalarForm, Shape, Takes, doc};

/// One key of one construct.
#[derive(Clone, Debug)]
pub struct KeyInfo {
    /// The construct, as in "`bund` is no key of a queue".
    pub construct: &'static str,
    /// The key that tells the construct from its alternatives, if it is one of several.
    pub variant: Option<&'static str>,
    /// As it is written.
    pub key: &'static str,
    /// What it means; empty for keys not built yet.
    pub doc: String,
    /// What its value is, in words; empty for keys not built yet.
    pub wants: String,
    /// Whether its value is a scalar, a list of scalars, or a map of scalars: a leaf.
    pub leaf: bool,
    /// Whether it may be left out.
    pub need: Need,
    /// Whether it changes what happens.
    pub role: Role,
    /// The mechanism that is missing, if it is not built yet.
    pub not_yet: Option<&'static str>,
}

/// Every key that can be reached from `root`, each construct once, in the order of the definitions.
#[must_use]
pub fn keys(root: Shape) -> Vec<KeyInfo> {
    let mut walk = Walk::default();
    walk.shape(root);
    walk.out
}

#[derive(Default)]
struct Walk {
    seen: BTreeSet<*const Record>,
    out: Vec<KeyInfo>,
}

impl Walk {
    fn shape(&mut self, shape: Shape) {
        match shape.kind {
            Kind::Record(record) => self.record(record, None),
            Kind::List(item) | Kind::Names(item) | Kind::Addresses(item) | Kind::Word(_, item) => {
                self.shape(item());
            }
            Kind::Scalar(_) | Kind::Edits => {}
        }
    }

    fn record(&mut self, record: &'static Record, variant: Option<&'static str>) {
        if !self.seen.insert(std::ptr::from_ref(record)) {
            return;
        }
        let mut below = Vec::new();
        for member in record.members {
            match member {
                Member::Key(field) => {
                    let shape = (field.shape)();
                    self.out.push(KeyInfo {
                        construct: record.name,
                        variant,
                        key: field.key,
                        doc: doc(field.doc),
                        wants: wants(shape),
                        leaf: is_leaf(shape),
                        need: field.need,
                        role: field.role,
                        not_yet: None,
                    });
                    below.push(shape);
                }
                Member::Flat(record) => self.record(record, variant),
                Member::Pick(choice) => self.choice(choice),
            }
        }
        self.later(record.name, variant, record.later);
        for shape in below {
            self.shape(shape);
        }
    }

    fn choice(&mut self, choice: &'static Choice) {
        for (key, record) in choice.variants {
            self.record(record, Some(key));
        }
        self.later(choice.name, None, choice.later);
    }

    fn later(
        &mut self,
        construct: &'static str,
        variant: Option<&'static str>,
        later: &[super::Later],
    ) {
        self.out.extend(later.iter().map(|later| KeyInfo {
            construct,
            variant,
            key: later.key,
            doc: String::new(),
            wants: String::new(),
            leaf: true,
            need: Need::Optional,
            role: Role::Counts,
            not_yet: Some(later.mechanism),
        }));
    }
}

/// Whether a value of this shape holds no further constructs.
fn is_leaf(shape: Shape) -> bool {
    match shape.kind {
        Kind::Scalar(_) | Kind::Edits => true,
        Kind::Record(_) => false,
        Kind::List(item) | Kind::Names(item) | Kind::Addresses(item) | Kind::Word(_, item) => {
            is_leaf(item())
        }
    }
}

/// What a value of this shape is, in words.
fn wants(shape: Shape) -> String {
    let about = |form: ScalarForm| (form.about)();
    let mut words: Vec<String> = Vec::new();
    for short in shape.short {
        if let Takes::Scalar(form) = short.takes {
            words.push(about(form()));
        }
    }
    words.push(match shape.kind {
        Kind::Scalar(form) => about(form()),
        Kind::Record(record) => format!("a map: {}", record.name),
        Kind::List(item) => format!("a list of: {}", wants(item())),
        Kind::Names(item) => format!("a map from names to: {}", wants(item())),
        Kind::Addresses(item) => format!("a map from addresses to: {}", wants(item())),
        Kind::Word(form, inner) => format!("{}; or {}", about(form()), wants(inner())),
        Kind::Edits => "a map from addresses to what is different there".to_owned(),
    });
    words.join("; or ")
}

/// The list as a page of the reference, in Markdown.
#[must_use]
pub fn page(roots: &[(&str, Shape)]) -> String {
    let mut out = String::from(PAGE_HEAD);
    let mut seen: BTreeSet<(&'static str, Option<&'static str>, &'static str)> = BTreeSet::new();
    for (title, root) in roots {
        out.push_str(&format!("\n## {title}\n"));
        let mut heading = None;
        for key in keys(*root) {
            if !seen.insert((key.construct, key.variant, key.key)) {
                continue;
            }
            if heading != Some((key.construct, key.variant)) {
                heading = Some((key.construct, key.variant));
                let variant = key
                    .variant
                    .map(|verb| format!(" (by `{verb}`)"))
                    .unwrap_or_default();
                out.push_str(&format!(
                    "\n### {}{variant}\n\n| key | means | value |\n| --- | --- | --- |\n",
                    key.construct
                ));
            }
            out.push_str(&row(&key));
        }
    }
    out
}

const PAGE_HEAD: &str = "# Every key of the model file\n\n\
    Written by the definitions that the reader itself uses, so it is complete: a key that is not here is an error. A key \
    in *italics* must be there. What is marked *not built yet* is in the language; a file that uses it is refused with \
    the list of all that is missing. `x-` keys are kept and ignored everywhere, and `source:` may stand in every map.\n";

fn row(key: &KeyInfo) -> String {
    let cell = |text: &str| text.replace('|', "\\|");
    let name = match key.need {
        Need::Required => format!("*`{}`*", key.key),
        Need::Optional => format!("`{}`", key.key),
    };
    match key.not_yet {
        Some(mechanism) => format!("| {name} | *not built yet:* {} | |\n", cell(mechanism)),
        None => {
            let note = match key.role {
                Role::Counts | Role::Turns => "",
                Role::Describes => " Changes only what is printed.",
            };
            format!(
                "| {name} | {}{note} | {} |\n",
                cell(&key.doc),
                cell(&key.wants)
            )
        }
    }
}
