//! What an address of section 3 means in a tree: which places it names.
//!
//! Addresses are looked up in long form, on a tree that nothing has changed yet, so that two
//! addresses of one edit mean the same whatever their order. An address that matches nothing, or
//! several steps where one is wanted, is an error that names the candidates.

use crate::ast::Sections;
use crate::diagnostic::{Diagnostic, nearest, one_of, quoted};
use crate::form::{Fields, Record};
use crate::scalar::{
    Direction, End, Flow, Name, Path, Reference, Scalar, Select, Target, Who, source,
};
use crate::tree::{Node, Value};

/// A step on the way from the root of a tree to a place in it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Seg {
    /// The value of a key.
    Key(Box<str>),
    /// An item of a list, counted from 0.
    Index(usize),
}

/// The way from the root of a tree to a place in it.
pub type Location = Vec<Seg>;

/// The sections whose things have names that need no section word.
const NAMED: [&str; 12] = [
    "clients",
    "services",
    "topics",
    "nodes",
    "zones",
    "links",
    "pools",
    "keys",
    "faults",
    "events",
    "alerts",
    "operators",
];

/// What services hold by name.
const INSIDE: [&str; 4] = ["endpoints", "pools", "blocks", "consumes"];

fn key(text: &str) -> Seg {
    Seg::Key(text.into())
}

/// The node at a place.
pub(crate) fn at<'n>(root: &'n Node, place: &[Seg]) -> Option<&'n Node> {
    place.iter().try_fold(root, |node, seg| match seg {
        Seg::Key(key) => node.get(key),
        Seg::Index(index) => node.items()?.get(*index),
    })
}

/// The node at a place, to change.
pub(crate) fn at_mut<'n>(root: &'n mut Node, place: &[Seg]) -> Option<&'n mut Node> {
    place
        .iter()
        .try_fold(root, |node, seg| match (seg, &mut node.value) {
            (Seg::Key(key), Value::Map(entries)) => entries
                .iter_mut()
                .find(|entry| entry.key.text == *key)
                .map(|entry| &mut entry.value),
            (Seg::Index(index), Value::List(items)) => items.get_mut(*index),
            _ => None,
        })
}

/// The places that an address names, in the order of the tree; at least one.
///
/// `node` is the scalar or key that holds the address, for its place.
pub(super) fn find(root: &Node, address: &Node) -> Result<Vec<Location>, Box<Diagnostic>> {
    let text = address.text().unwrap_or_default();
    let error = |message: String| Box::new(Diagnostic::error(address.span, message));
    if is_section(text) {
        return Ok(vec![vec![key(text)]]);
    }
    let reference = Reference::parse(text).map_err(|wrong| {
        let message = format!("{} is not an address", quoted(text));
        let diagnostic = Diagnostic::error(address.part(wrong.at.start, wrong.at.end), message);
        Box::new(
            diagnostic
                .expected("a path such as `services.till.cores`, an endpoint, a step or a call"),
        )
    })?;
    match reference {
        Reference::Path(path) => path_of(root, &path, address).map(|place| vec![place]),
        Reference::Target(target) => target_of(root, &target, address),
        Reference::Flow(flow) => flow_of(root, &flow, address),
        Reference::AnyOf(_) => Err(error(format!("{} names no line of the file", quoted(text)))),
    }
}

/// The places of an address that must be there already.
pub(super) fn find_there(root: &Node, address: &Node) -> Result<Vec<Location>, Box<Diagnostic>> {
    let places = find(root, address)?;
    let Some(missing) = places.iter().find(|place| at(root, place).is_none()) else {
        return Ok(places);
    };
    let text = address.text().unwrap_or_default();
    let error = Diagnostic::error(
        address.span,
        format!("there is no {} in the base", quoted(text)),
    );
    let around = missing
        .split_last()
        .and_then(|(last, above)| Some((last, at(root, above)?)));
    Err(Box::new(match around {
        Some((Seg::Key(name), map)) => suggest(error, name, &names_of(map)),
        _ => error,
    }))
}

/// Whether a word is a section of a model.
pub(super) fn is_section(word: &str) -> bool {
    let sections: &Record = Sections::RECORD;
    sections
        .field(word, &Node::map(nowhere(), Vec::new()))
        .is_some()
        || sections.later.iter().any(|l| l.key == word)
}

/// A span for nodes that are only asked, never shown.
fn nowhere() -> crate::source::Span {
    crate::source::Span::new(crate::source::SourceId::default(), 0, 0)
}

/// A path may name a key that is not there yet, but only in a thing that is.
fn path_of(root: &Node, path: &Path, address: &Node) -> Result<Location, Box<Diagnostic>> {
    let place: Location = path.keys.iter().map(|part| key(part)).collect();
    // The second key of a path names a thing; what is new must be given whole.
    if let [section, name, _, ..] = path.keys.as_slice() {
        let things = root.get(section);
        let known = NAMED.contains(&section.as_str())
            || matches!(section.as_str(), "promises" | "policies" | "changes");
        if known && things.is_none_or(|things| things.get(name).is_none()) {
            let names = things.map(names_of).unwrap_or_default();
            let start = section.len() + 1;
            let at = address.part(start, start + name.len());
            let message = format!("there is no {} in `{section}` of the base", quoted(name));
            return Err(Box::new(suggest(
                Diagnostic::error(at, message),
                name,
                &names,
            )));
        }
    }
    Ok(place)
}

fn names_of(map: &Node) -> Vec<&str> {
    map.entries()
        .unwrap_or_default()
        .iter()
        .map(|entry| &*entry.key.text)
        .collect()
}

fn suggest(diagnostic: Diagnostic, word: &str, names: &[&str]) -> Diagnostic {
    let diagnostic = diagnostic.absent(word);
    match nearest(word, names.iter().copied()) {
        Some(near) => diagnostic.did_you_mean(Some(near)),
        None if names.is_empty() => diagnostic,
        None => diagnostic.expected(one_of(names.iter().copied(), 8)),
    }
}

/// The place of a thing that needs no section word.
fn thing(
    root: &Node,
    name: &Name,
    address: &Node,
) -> Result<(&'static str, Location), Box<Diagnostic>> {
    let found = NAMED.into_iter().find(|section| {
        root.get(section)
            .is_some_and(|things| things.get(name.as_str()).is_some())
    });
    if let Some(section) = found {
        return Ok((section, vec![key(section), key(name.as_str())]));
    }
    let names: Vec<&str> = NAMED
        .iter()
        .filter_map(|section| root.get(section))
        .flat_map(names_of)
        .collect();
    let message = format!("there is no {} in the base", quoted(name.as_str()));
    Err(Box::new(suggest(
        Diagnostic::error(address.span, message),
        name.as_str(),
        &names,
    )))
}

fn target_of(
    root: &Node,
    target: &Target,
    address: &Node,
) -> Result<Vec<Location>, Box<Diagnostic>> {
    let error = |message: String| Box::new(Diagnostic::error(address.span, message));
    let text = address.text().unwrap_or_default();
    let (Who::Named(name), None, None) = (&target.who, &target.select, target.worker) else {
        let error = Diagnostic::error(
            address.span,
            format!("{} is not a line of the file", quoted(text)),
        );
        return Err(Box::new(
            error.hint("an edit holds for all replicas of a service"),
        ));
    };
    let (section, mut place) = thing(root, name, address)?;
    let mut members = target.members.iter();
    if let Some(member) = members.next() {
        if section != "services" {
            let path = format!("{section}.{name}.{member}");
            return Err(Box::new(
                Diagnostic::error(
                    address.span,
                    format!("{} is not a service", quoted(name.as_str())),
                )
                .hint(format!("write the path: `{path}`")),
            ));
        }
        let service = at(root, &place).expect("it was found");
        let inside = INSIDE.into_iter().find(|group| {
            service
                .get(group)
                .is_some_and(|things| things.get(member.as_str()).is_some())
        });
        let Some(group) = inside else {
            let names: Vec<&str> = INSIDE
                .iter()
                .filter_map(|group| service.get(group))
                .flat_map(names_of)
                .collect();
            let message = format!(
                "{} has no endpoint, pool or block {}",
                quoted(name.as_str()),
                quoted(member.as_str())
            );
            return Err(Box::new(suggest(
                Diagnostic::error(address.span, message),
                member.as_str(),
                &names,
            )));
        };
        place.extend([key(group), key(member.as_str())]);
        if members.next().is_some() {
            return Err(error(format!(
                "{} goes too deep; write the path from `services.` on",
                quoted(text)
            )));
        }
    }
    let Some(step) = &target.step else {
        return Ok(vec![place]);
    };
    let mut named = Vec::new();
    let mut by_verb = Vec::new();
    let mut all: Vec<String> = Vec::new();
    walk(root, &steps_of(root, &place), &mut |node, at| {
        let verb = verb(node);
        let own = node.get("name").and_then(Node::text);
        if own == Some(step.as_str()) {
            named.push(at.to_vec());
        } else if own.is_none() && verb == Some(step.as_str()) {
            by_verb.push(at.to_vec());
        }
        all.extend(own.or(verb).map(str::to_owned));
    });
    let places = if named.is_empty() { by_verb } else { named };
    match places.len() {
        1 => Ok(places),
        0 => {
            let message = format!("there is no step {} there", quoted(step.as_str()));
            let names: Vec<&str> = all.iter().map(String::as_str).collect();
            Err(Box::new(suggest(
                Diagnostic::error(address.span, message),
                step.as_str(),
                &names,
            )))
        }
        several => {
            let message = format!("{} steps are meant by {}", several, quoted(text));
            let mut error = Diagnostic::error(address.span, message).hint("give the step a `name`");
            for place in &places {
                error = error.also(at(root, place).expect("it was found").span, "this one");
            }
            Err(Box::new(error))
        }
    }
}

fn flow_of(root: &Node, flow: &Flow, address: &Node) -> Result<Vec<Location>, Box<Diagnostic>> {
    let text = address.text().unwrap_or_default();
    let (End::Target(from), End::Target(to), Direction::OneWay) =
        (&flow.from, &flow.to, flow.direction)
    else {
        let error = Diagnostic::error(address.span, format!("{} is no call", quoted(text)));
        return Err(Box::new(error.expected("`caller -> service.endpoint`")));
    };
    let mut owners: Vec<Location> = Vec::new();
    match &from.who {
        Who::Any => {
            for section in ["clients", "services"] {
                let names = root.get(section).map(names_of).unwrap_or_default();
                owners.extend(names.into_iter().map(|name| vec![key(section), key(name)]));
            }
        }
        Who::Named(name) => {
            let mut owner = Target::of(name.clone());
            owner.members.clone_from(&from.members);
            owners.extend(target_of(root, &owner, address)?);
        }
    }
    let mut places = Vec::new();
    let mut others: Vec<String> = Vec::new();
    for owner in &owners {
        let lists = if owner.len() == 2 {
            all_steps_of(root, owner)
        } else {
            vec![steps_of(root, owner)]
        };
        for list in lists {
            walk(root, &list, &mut |node, at| {
                let Some(callee) = node.get("call").and_then(Node::text) else {
                    return;
                };
                if calls(callee, to) {
                    places.push(at.to_vec());
                } else if !others.iter().any(|other| other == callee) {
                    others.push(callee.to_owned());
                }
            });
        }
    }
    if places.is_empty() {
        let who = quoted(&from.to_string());
        let message = format!(
            "{who} does not call {} in the base",
            quoted(&to.to_string())
        );
        let names: Vec<&str> = others.iter().map(String::as_str).collect();
        return Err(Box::new(suggest(
            Diagnostic::error(address.span, message),
            &to.to_string(),
            &names,
        )));
    }
    Ok(places)
}

/// Whether a call of `callee` is one of those that `to` means.
fn calls(callee: &str, to: &Target) -> bool {
    let callee = source::split(callee).map_or(callee, |(text, _)| text);
    let Ok(callee) = Target::parse(callee) else {
        return false;
    };
    let members = to.members.is_empty() || to.members == callee.members;
    let select =
        to.select.is_none() || to.select == callee.select || to.select == Some(Select::Any);
    let who = to.who == Who::Any || to.who == callee.who;
    who && members && select
}

/// The list of steps of an endpoint, block or client.
fn steps_of(root: &Node, place: &[Seg]) -> Location {
    let mut place = place.to_vec();
    if at(root, &place).is_some_and(|node| node.entries().is_some()) {
        place.push(key("do"));
    }
    place
}

/// All lists of steps of a client or service.
fn all_steps_of(root: &Node, owner: &[Seg]) -> Vec<Location> {
    let mut lists = vec![steps_of(root, owner)];
    for group in ["endpoints", "blocks"] {
        let mut place = owner.to_vec();
        place.push(key(group));
        for name in at(root, &place).map(names_of).unwrap_or_default() {
            let mut thing = place.clone();
            thing.push(key(name));
            lists.push(steps_of(root, &thing));
        }
    }
    let mut start = owner.to_vec();
    start.extend([key("start"), key("do")]);
    lists.push(start);
    lists
}

/// The key that says what a step does.
fn verb(step: &Node) -> Option<&'static str> {
    use crate::ast::Verb;
    use crate::form::Variants;
    let verb = Verb::CHOICE.decided(step).map(|(verb, _)| verb);
    verb.or_else(|| {
        Verb::CHOICE
            .later
            .iter()
            .map(|later| later.key)
            .find(|key| step.get(key).is_some())
    })
}

/// Visits the steps of a list and all steps inside them, in the order of the file.
fn walk(root: &Node, list: &[Seg], visit: &mut impl FnMut(&Node, &[Seg])) {
    if let Some(node) = at(root, list) {
        walk_list(node, &mut list.to_vec(), visit);
    }
}

fn walk_list(list: &Node, place: &mut Location, visit: &mut impl FnMut(&Node, &[Seg])) {
    for (index, step) in list.items().unwrap_or_default().iter().enumerate() {
        place.push(Seg::Index(index));
        visit(step, place);
        for entry in step.entries().unwrap_or_default() {
            let name = &*entry.key.text;
            place.push(key(name));
            match name {
                "do" => walk_list(&entry.value, place, visit),
                "fallback" => {
                    if let Some(steps) = entry.value.get("do") {
                        place.push(key("do"));
                        walk_list(steps, place, visit);
                        place.pop();
                    }
                }
                "parallel" | "choose" => walk_branches(&entry.value, place, visit),
                _ => {}
            }
            place.pop();
        }
        place.pop();
    }
}

fn walk_branches(list: &Node, place: &mut Location, visit: &mut impl FnMut(&Node, &[Seg])) {
    for (index, branch) in list.items().unwrap_or_default().iter().enumerate() {
        place.push(Seg::Index(index));
        if let Some(steps) = branch.get("do") {
            place.push(key("do"));
            walk_list(steps, place, visit);
            place.pop();
        } else {
            walk_list(branch, place, visit);
        }
        place.pop();
    }
}
