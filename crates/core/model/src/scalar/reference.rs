//! References: how one place of the file speaks of another.
//!
//! All things share one name space, so a reference needs no kind; whether it matches anything is decided where the
//! model is resolved. Here stands what can be written: a [`Target`] (`cart.get`, `cart/any/worker`, `price.get#compute`), a
//! [`Flow`] between two ends (`a -> b`), [`AnyOf`] a kind (`any one zone`), or a [`Path`] (`services.sql.cores`).

use std::fmt;

use super::{
    Cursor, Name, Ratio, Scalar, ScalarError, from_str,
    name::{self, RESERVED, SECTIONS, read_word},
    number, words,
};

/// Whom a reference names.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Who {
    /// One thing by its name.
    Named(Name),
    /// `any`: every one of them.
    Any,
}

impl fmt::Display for Who {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Named(name) => name.fmt(f),
            Self::Any => f.write_str("any"),
        }
    }
}

/// Which replicas of a service.
#[derive(Clone, Debug, PartialEq)]
pub enum Select {
    /// `cart/0`: by number.
    Index(u32),
    /// `cart/any`: one, drawn evenly.
    Any,
    /// `cart/50%`: that share of them, rounded up.
    Share(Ratio),
    /// `store/shard-3`: those of that shard.
    Shard(u32),
    /// `store/shard-any`: those of one shard, drawn.
    ShardAny,
    /// `cart/b`, `sql/primary`: those in that zone or role.
    In(Name),
}

impl fmt::Display for Select {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Index(index) => index.fmt(f),
            Self::Any => f.write_str("any"),
            Self::Share(share) => share.fmt(f),
            Self::Shard(shard) => write!(f, "shard-{shard}"),
            Self::ShardAny => f.write_str("shard-any"),
            Self::In(name) => name.fmt(f),
        }
    }
}

/// Which worker of a replica.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum WorkerOf {
    /// `worker`: one, drawn.
    Any,
    /// `worker-2`: by number, from 0.
    Index(u32),
}

/// A thing, perhaps only some of its replicas, perhaps something inside it: `cart`, `cart.get`, `cart/any/worker`,
/// `sql/primary.read`, `price.get#compute`.
#[derive(Clone, Debug, PartialEq)]
pub struct Target {
    /// The service, client, topic, link, zone ...
    pub who: Who,
    /// Which of its replicas.
    pub select: Option<Select>,
    /// Which worker of them.
    pub worker: Option<WorkerOf>,
    /// What is inside it: an endpoint, a handler, a pool, `rollout`, `scale.cpu-rule`.
    pub members: Vec<Name>,
    /// The step of that endpoint.
    pub step: Option<Name>,
}

impl Target {
    /// The thing itself, all of it.
    pub fn of(name: Name) -> Self {
        Self {
            who: Who::Named(name),
            select: None,
            worker: None,
            members: Vec::new(),
            step: None,
        }
    }
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.who.fmt(f)?;
        if let Some(select) = &self.select {
            write!(f, "/{select}")?;
        }
        match self.worker {
            Some(WorkerOf::Any) => f.write_str("/worker")?,
            Some(WorkerOf::Index(index)) => write!(f, "/worker-{index}")?,
            None => {}
        }
        for member in &self.members {
            write!(f, ".{member}")?;
        }
        match &self.step {
            Some(step) => write!(f, "#{step}"),
            None => Ok(()),
        }
    }
}

/// Digits that are a number and nothing else; `None` if there are too many of them.
fn index(text: &str) -> Option<u32> {
    if text.len() > 9 {
        None
    } else {
        text.parse().ok()
    }
}

fn all_digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit())
}

fn read_select(cursor: &mut Cursor<'_>) -> Result<Select, ScalarError> {
    let start = cursor.at();
    // `cart/12.5%` is a share, `cart/0.get` an endpoint.
    let mut ahead = *cursor;
    if number::Decimal::number(&mut ahead, "").is_ok() && ahead.rest().starts_with('%') {
        return Ratio::read(cursor).map(Select::Share);
    }
    let text = read_word(cursor)?;
    let about = "replicas such as `0`, `any`, `50%`, a zone or a role";
    if text == "any" {
        return Ok(Select::Any);
    }
    if text == "shard-any" {
        return Ok(Select::ShardAny);
    }
    let (digits, select): (_, fn(u32) -> Select) = match text.strip_prefix("shard-") {
        Some(digits) => (digits, Select::Shard),
        None => (text, Select::Index),
    };
    if all_digits(digits) {
        return index(digits)
            .map(select)
            .ok_or_else(|| cursor.refused(start, about, "there is no such number"));
    }
    if RESERVED.contains(&text) {
        return Err(cursor.refused(
            start,
            about,
            format!("`{text}` is a reserved word, not a zone or role"),
        ));
    }
    Name::parse(text)
        .map(Select::In)
        .map_err(|error| error.moved_by(start))
}

impl Scalar for Target {
    fn about() -> String {
        "a reference such as `cart`, `cart.get` or `cart/any`".to_owned()
    }

    fn example() -> String {
        "cart.get".to_owned()
    }

    fn read(cursor: &mut Cursor<'_>) -> Result<Self, ScalarError> {
        let start = cursor.at();
        let first = read_word(cursor).map_err(|mut error| {
            error.expected = Self::about();
            error
        })?;
        let who = if first == "any" {
            Who::Any
        } else if first == "metrics" {
            // What scalers, rollouts and alerts read: `stale: metrics`.
            Who::Named(Name::metrics())
        } else if RESERVED.contains(&first) {
            return Err(cursor.refused(
                start,
                Self::about(),
                format!("`{first}` is a reserved word, not a name"),
            ));
        } else {
            Who::Named(Name::parse(first).map_err(|error| error.moved_by(start))?)
        };
        let mut target = Self {
            who,
            select: None,
            worker: None,
            members: Vec::new(),
            step: None,
        };
        if cursor.eat("/") {
            target.select = Some(read_select(cursor)?);
            if cursor.eat("/") {
                target.worker = Some(read_worker(cursor)?);
            }
        }
        while cursor.rest().starts_with('.') && !cursor.rest().starts_with("..") {
            cursor.eat(".");
            target.members.push(Name::read(cursor)?);
        }
        if cursor.eat("#") {
            target.step = Some(Name::read(cursor)?);
        }
        Ok(target)
    }

    fn fragment() -> String {
        let (name, number) = (name::FRAGMENT, number::FRAGMENT);
        format!(
            r"{name}(?:/(?:{name}|{number}%)(?:/worker(?:-[0-9]{{1,9}})?)?)?(?:\.{name})*(?:#{name})?"
        )
    }
}

fn read_worker(cursor: &mut Cursor<'_>) -> Result<WorkerOf, ScalarError> {
    let start = *cursor;
    let text = cursor.take_while(name::is_name_char);
    if text == "worker" {
        return Ok(WorkerOf::Any);
    }
    text.strip_prefix("worker-")
        .filter(|digits| all_digits(digits))
        .and_then(index)
        .map(WorkerOf::Index)
        .ok_or_else(|| {
            ScalarError::form(
                start.at()..cursor.at().max(start.word_range().end),
                "`worker` or `worker-2`",
            )
        })
}

words! {
    /// The kinds that `any` can range over.
    Kind, "a kind", {
        /// Replicas of any service.
        Replica = "replica",
        /// Zones.
        Zone = "zone",
        /// Declared faults.
        Fault = "fault",
        /// Rollouts.
        Rollout = "rollout",
    }
}

/// `any one zone`, `any two replicas`: every choice of that many.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AnyOf {
    /// How many at once: 1, 2 or 3.
    pub number: u8,
    /// Of what.
    pub kind: Kind,
}

const NUMBERS: [(&str, u8); 3] = [("one ", 1), ("two ", 2), ("three ", 3)];

impl fmt::Display for AnyOf {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let word = NUMBERS[usize::from(self.number) - 1].0;
        write!(
            f,
            "any {word}{}{}",
            self.kind,
            if self.number == 1 { "" } else { "s" }
        )
    }
}

impl Scalar for AnyOf {
    fn about() -> String {
        "`any one` replica, zone, fault or rollout".to_owned()
    }

    fn example() -> String {
        "any one zone".to_owned()
    }

    fn read(cursor: &mut Cursor<'_>) -> Result<Self, ScalarError> {
        if !cursor.eat("any ") {
            return Err(cursor.wanted(Self::about()));
        }
        let number = NUMBERS
            .iter()
            .find(|(word, _)| cursor.eat(word))
            .map_or(1, |(_, number)| *number);
        for &kind in Kind::ALL {
            let plural = if number == 1 { "" } else { "s" };
            if cursor.eat_word(&format!("{kind}{plural}")) {
                return Ok(Self { number, kind });
            }
        }
        let error = cursor.wanted(Self::about());
        Err(
            match super::nearest(cursor.word(), ["replica", "zone", "fault", "rollout"]) {
                Some(kind) => error.hint(format!("did you mean `any one {kind}`?")),
                None => error.hint("`any` ranges over replicas, zones, faults and rollouts"),
            },
        )
    }

    fn fragment() -> String {
        let kinds = Kind::fragment();
        format!("any (?:(?:one )?{kinds}|(?:two|three) {kinds}s)")
    }
}

/// One end of a flow.
#[derive(Clone, Debug, PartialEq)]
pub enum End {
    /// A service, a zone, an endpoint, `any`.
    Target(Target),
    /// Everybody else.
    Rest,
}

impl fmt::Display for End {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Target(target) => target.fmt(f),
            Self::Rest => f.write_str("rest"),
        }
    }
}

fn read_end(cursor: &mut Cursor<'_>) -> Result<End, ScalarError> {
    if cursor.eat_word("rest") {
        Ok(End::Rest)
    } else {
        Target::read(cursor).map(End::Target)
    }
}

/// Which way a flow goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Direction {
    /// `a -> b`
    OneWay,
    /// `a <-> b`
    BothWays,
}

/// What goes from one end to the other: messages between two places, or the calls from one endpoint to another.
#[derive(Clone, Debug, PartialEq)]
pub struct Flow {
    /// Where it begins.
    pub from: End,
    /// One way, or back as well.
    pub direction: Direction,
    /// Where it leads.
    pub to: End,
}

impl fmt::Display for Flow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let arrow = match self.direction {
            Direction::OneWay => "->",
            Direction::BothWays => "<->",
        };
        write!(f, "{} {arrow} {}", self.from, self.to)
    }
}

/// A path into the file: a section word and the keys below it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Path {
    /// The section word, then map keys; at least two.
    pub keys: Vec<String>,
}

impl fmt::Display for Path {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.keys.join("."))
    }
}

/// Anything that can be written where an address is wanted.
#[derive(Clone, Debug, PartialEq)]
pub enum Reference {
    /// `cart`, `cart.get`, `price.get#compute`
    Target(Target),
    /// `a -> b`, `a <-> b`
    Flow(Flow),
    /// `any one zone`
    AnyOf(AnyOf),
    /// `services.sql.cores`
    Path(Path),
}

impl fmt::Display for Reference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Target(target) => target.fmt(f),
            Self::Flow(flow) => flow.fmt(f),
            Self::AnyOf(any) => any.fmt(f),
            Self::Path(path) => path.fmt(f),
        }
    }
}

impl Scalar for Reference {
    fn about() -> String {
        "a reference such as `cart.get`, `a -> b` or `services.sql.cores`".to_owned()
    }

    fn example() -> String {
        "checkout -> payment.charge".to_owned()
    }

    fn read(cursor: &mut Cursor<'_>) -> Result<Self, ScalarError> {
        let rest = cursor.rest();
        if rest.starts_with("any ") && !rest.starts_with("any -> ") && !rest.starts_with("any <-> ")
        {
            return AnyOf::read(cursor).map(Self::AnyOf);
        }
        if let Some(path) = read_path(cursor)? {
            return Ok(Self::Path(path));
        }
        let start = *cursor;
        let from = read_end(cursor)?;
        let direction = if cursor.eat(" -> ") {
            Direction::OneWay
        } else if cursor.eat(" <-> ") {
            Direction::BothWays
        } else {
            return match from {
                End::Target(target) => Ok(Self::Target(target)),
                // A name like any other by its letters: what forbids it is what it means.
                End::Rest if cursor.is_done() => Err(cursor
                    .refused(
                        start.at(),
                        Self::about(),
                        "`rest` is everybody else, and stands at one end of an arrow",
                    )
                    .hint("`a -> rest`")),
                End::Rest => Err(start.wanted(Self::about())),
            };
        };
        let to = read_end(cursor)?;
        Ok(Self::Flow(Flow {
            from,
            direction,
            to,
        }))
    }

    fn fragment() -> String {
        let target = Target::fragment();
        format!(
            "(?:{}|(?:rest|{target}) <?-> (?:rest|{target})|{target})",
            AnyOf::fragment()
        )
    }
}

/// A path, if the first word is a section and keys follow.
fn read_path(cursor: &mut Cursor<'_>) -> Result<Option<Path>, ScalarError> {
    let mut ahead = *cursor;
    let first = ahead.take_while(name::is_name_char);
    if !SECTIONS.contains(&first) || !ahead.rest().starts_with('.') {
        return Ok(None);
    }
    let mut keys = vec![first.to_owned()];
    while ahead.eat(".") {
        // A key may be a reserved word: `clients.night.arrive.peak`.
        keys.push(read_word(&mut ahead)?.to_owned());
    }
    // What may follow a service's name, and so is well formed, has no meaning after a path.
    if ["#", "/", " -> ", " <-> "]
        .iter()
        .any(|next| ahead.rest().starts_with(next))
    {
        let reason =
            format!("`{first}` is a section, so this is a path, and a path is only words and dots");
        return Err(ahead.refused(cursor.at(), Reference::about(), reason));
    }
    *cursor = ahead;
    Ok(Some(Path { keys }))
}

from_str!(Target, AnyOf, Reference);
