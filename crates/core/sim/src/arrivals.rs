//! Arrivals: who comes when.
//!
//! A Poisson client is a process of *candidates* in time and height: layer `j` covers the rates between `j R`
//! and `(j+1) R`, where `R` bounds the file's own curve, and a candidate comes if its height lies below the
//! demand of its instant. More demand opens more layers and accepts more candidates of each; it moves
//! none. So the visits at factor 1.0 are among those at 1.3, at the same instants, with the same
//! identities and draws, whatever the highest factor of the run. Candidates are drawn in blocks of
//! absolute time, each from its own ordinal, so a run may start anywhere.
//!
//! `even` and `cv` arrivals keep their numbers and draws and move in time: their gaps are measured on the
//! integral of the rate. Recorded and event-bound visits are lists; closed users are tasks that think.

use crate::calendar::{Due, Kind as Timer};
use crate::engine::Engine;
use crate::fault::Ramp;
use crate::observe::Observer;
use crate::plan::{NONE, purpose};
use crate::state::{Kind, Phase, flag};
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use worstday_model::day::{Demand, EventDemand, RateCurve, RecordedDemand};
use worstday_model::system::{Arrive, EventId, Pattern, Shape};
use worstday_stats::draw::{Key, Seed, family, identity, member};
use worstday_stats::law::Law;
use worstday_stats::math::{exp, round_ns};

/// Expected candidates of one block of a layer.
const BLOCK: f64 = 64.0;
/// Most layers: demand of at most this many times the file's own peak.
const LAYERS_MAX: u32 = 4_096;

/// One source of arrivals.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub enum Source {
    /// One layer of a Poisson client.
    Poisson(Layer),
    /// `even` or `cv`: arrivals so far, and what is left at `from_ns` of the next gap, on the integral of the rate.
    Paced {
        count: u64,
        left: f64,
        from_ns: f64,
        next_ns: f64,
    },
    /// A list in time order: instant and identity.
    List { rows: Vec<(u64, u64)>, at: usize },
}

/// A layer's position.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Layer {
    pub layer: u32,
    /// Number of the block since 1970.
    pub block: i64,
    /// Next candidate inside the block.
    pub index: u64,
    /// Start of the block on the run's clock, ns.
    pub start_ns: f64,
    /// Offset of the last candidate from it, ns.
    pub offset_ns: f64,
    /// What the identities of the block's candidates share.
    pub family: u64,
    /// Candidates before this instant are of the past.
    pub floor_ns: u64,
    /// The accepted one that is on the calendar.
    pub next_ns: u64,
    pub next_id: u64,
}

impl Layer {
    /// Draws the block's next candidate and moves to it. Returns its identity.
    #[inline(always)]
    fn step(&mut self, draws: &LayerDraws) -> u64 {
        let id = member(self.family, self.index);
        self.offset_ns += draws.key.at(id).only_exp1() * draws.gap_ns;
        self.index += 1;
        id
    }

    /// The present candidate's instant, unless it is of the past.
    #[inline(always)]
    fn instant(&self) -> Option<u64> {
        let at = self.start_ns + self.offset_ns;
        // What rounds below zero lies before the run.
        let rounded = round_ns(at);
        (-0.5 <= at && self.floor_ns <= rounded).then_some(rounded)
    }

    /// The next candidate, if it lies in the same block and every candidate comes. Otherwise nothing has changed.
    #[inline(always)]
    fn next_steady(&mut self, draws: &LayerDraws) -> Option<u64> {
        if !draws.all_come {
            return None;
        }
        let before = self.offset_ns;
        let id = self.step(draws);
        if self.offset_ns < draws.length
            && let Some(at) = self.instant()
        {
            (self.next_ns, self.next_id) = (at, id);
            return Some(at);
        }
        self.index -= 1;
        self.offset_ns = before;
        None
    }
}

/// A source and its client.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Stream {
    pub client: u32,
    /// How many come at once.
    batch: u32,
    /// The client's, for its visits' identities.
    family: u64,
    pub source: Source,
    pub timer: u64,
    /// What a layer's candidates are drawn with, kept so that an arrival looks nothing up.
    pub draws: LayerDraws,
}

/// The fixed part of a layer's draws.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct LayerDraws {
    key: Key,
    /// Mean gap of candidates, ns.
    gap_ns: f64,
    /// Length of a block, ns.
    length_ns: u64,
    length: f64,
    /// Every candidate of the layer comes.
    all_come: bool,
    /// Share of the layer that comes, if the client's demand never changes on this day.
    steady: Option<f64>,
}

/// All sources.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Streams {
    pub rows: Vec<Stream>,
    /// Factor of each client by injections, on top of the day's.
    pub injected: Vec<f64>,
    /// Factor of each client by the changes of demand that are in force on a scenario's day.
    pub by_hand: Vec<f64>,
    /// Users of closed clients, by client: how many there are.
    pub users: Vec<u64>,
}

impl Streams {
    /// The factor on a client's demand by injections and by hand.
    fn pressed(&self, client: u32) -> f64 {
        self.injected[client as usize] * self.by_hand[client as usize]
    }
}

/// What the identities of a block's candidates share.
fn block_family(layer: u32, block: i64) -> u64 {
    family((u64::from(layer) << 48) ^ block as u64)
}

/// Whether a client's own rate is one number all through the run: a file without a curve has a piece for
/// each day all the same.
fn is_flat(rate: &RateCurve, end_ns: u64) -> bool {
    let mut until_ns = 0;
    for piece in &rate.pieces {
        if until_ns < piece.from_ns {
            return false;
        }
        until_ns = piece.to_ns;
    }
    end_ns <= until_ns && !rate.varies(0, end_ns)
}

/// Length of a layer's blocks, whole ns.
fn block_ns(bound: f64) -> u64 {
    ((BLOCK * 1e9 / bound).round_ties_even() as u64).max(1)
}

impl<O: Observer> Engine<O> {
    /// Sets up every client's sources.
    pub(crate) fn start_streams(&mut self) {
        let clients = self.plan.clients.len();
        self.streams.injected = vec![1.0; clients];
        self.streams.by_hand = vec![1.0; clients];
        self.streams.users = vec![0; clients];
        for client in 0..clients as u32 {
            self.start_client(client);
        }
    }

    fn start_client(&mut self, client: u32) {
        let day = Arc::clone(&self.day);
        let system = Arc::clone(&self.plan.system);
        match (
            &day.demand[client as usize],
            &system.clients[client as usize].arrive,
        ) {
            (
                Demand::Stream {
                    pattern: Pattern::Poisson,
                    ..
                },
                _,
            ) => self.open_layers(client),
            (Demand::Stream { .. }, _) => {
                let left = self.gap_of(client, 0);
                let from_ns = self.s.now_ns as f64;
                self.add_stream(
                    client,
                    Source::Paced {
                        count: 0,
                        left,
                        from_ns,
                        next_ns: 0.0,
                    },
                );
            }
            (Demand::WithEvent { .. } | Demand::Recorded { .. }, _) => {
                let rows = self.listed(client);
                self.add_stream(client, Source::List { rows, at: 0 });
            }
            (Demand::Closed { factor }, Arrive::Closed { population, .. }) => {
                let users = (*population as f64 * factor).round_ties_even() as u64;
                self.add_users(client, users);
            }
            (demand, arrive) => unreachable!("the day's {demand:?} does not fit {arrive:?}"),
        }
    }

    /// The visits of a client that come with an event or as recorded, by instant, with the demand that there is now. Each
    /// keeps its instant and its coins: more demand only adds.
    fn listed(&self, client: u32) -> Vec<(u64, u64)> {
        let day = Arc::clone(&self.day);
        let system = Arc::clone(&self.plan.system);
        let pressed = self.streams.pressed(client);
        match (
            &day.demand[client as usize],
            &system.clients[client as usize].arrive,
        ) {
            (
                Demand::WithEvent { factor },
                Arrive::Visits {
                    event,
                    count,
                    over_ns,
                    until_before_ns,
                    shape,
                },
            ) => {
                let entity = self.plan.clients[client as usize].entity;
                let law = crate::plan::law(count);
                let mut rows = Vec::new();
                for span in self.disturbances.spans[event.index()].clone() {
                    let draw = self.draw_of(entity, purpose::COUNT, span.ordinal);
                    let number = law.sample(draw) * (factor * pressed);
                    let from = match until_before_ns {
                        Some(before) => span.start_ns - *before as i64 - *over_ns as i64,
                        None => span.start_ns,
                    };
                    // Each number keeps its instant: a larger crowd only adds.
                    for i in 0..number.round_ties_even() as u64 {
                        let id = identity(span.ordinal, i);
                        let u = self.draw_of(entity, purpose::ARRIVAL, id).unit();
                        let x = match shape {
                            Shape::Even => u,
                            Shape::Front => 1.0 - (1.0 - u).sqrt(),
                            Shape::Back => u.sqrt(),
                        };
                        let at = from + (x * *over_ns as f64).round_ties_even() as i64;
                        if 0 <= at && at as u64 <= day.end_ns {
                            rows.push((at as u64, identity(entity, id)));
                        }
                    }
                }
                rows.sort_unstable();
                rows
            }
            (
                Demand::WithEvent { factor },
                Arrive::Rate {
                    event,
                    per_s,
                    over_ns,
                },
            ) => {
                let entity = self.plan.clients[client as usize].entity;
                let mut rows = Vec::new();
                for span in self.disturbances.spans[event.index()].clone() {
                    let end = over_ns.map_or(span.during_end_ns(), |o| {
                        span.start_ns.saturating_add(o as i64)
                    });
                    // Layers of the file's own rate, as with any Poisson client.
                    let factor = factor * pressed;
                    let layers = factor.ceil() as u64;
                    for layer in 0..layers {
                        let share = (factor - layer as f64).min(1.0);
                        let mut at = span.start_ns as f64;
                        for i in 0_u64.. {
                            let id = identity(identity(span.ordinal, layer), i);
                            at += self.draw_of(entity, purpose::ARRIVAL, id).exp1() * 1e9 / per_s;
                            if end as f64 <= at || day.end_ns as f64 <= at {
                                break;
                            }
                            let kept = share >= 1.0
                                || self.draw_of(entity, purpose::HEIGHT, id).unit() < share;
                            if kept && at >= 0.0 {
                                rows.push((at as u64, identity(entity, id)));
                            }
                        }
                    }
                }
                rows.sort_unstable();
                rows
            }
            (Demand::Recorded { what, factor }, _) => self.recorded(client, what, factor * pressed),
            (demand, arrive) => unreachable!("the day's {demand:?} is no list of {arrive:?}"),
        }
    }

    /// A recording as a list; `factor` copies or thins by keyed coins, so a larger one only adds.
    fn recorded(&self, client: u32, what: &RecordedDemand, factor: f64) -> Vec<(u64, u64)> {
        let entity = self.plan.clients[client as usize].entity;
        let mut rows = Vec::new();
        match what {
            RecordedDemand::Instants { first, at_ns } => {
                for (i, &at) in at_ns.iter().enumerate() {
                    let ordinal = first + i as u64;
                    for copy in 0..self.copies(entity, ordinal, factor) {
                        rows.push((at, identity(entity, identity(ordinal, copy))));
                    }
                }
            }
            RecordedDemand::Counts {
                per_ns,
                first,
                rows: counts,
            } => {
                for (i, &(start, count)) in counts.iter().enumerate() {
                    let ordinal = first + i as u64;
                    let wanted = count * factor;
                    let whole = wanted.floor();
                    let coin = self.draw_of(entity, purpose::COPY, ordinal).unit();
                    let number = whole as u64 + u64::from(coin < wanted - whole);
                    for k in 0..number {
                        let id = identity(ordinal, k);
                        let u = self.draw_of(entity, purpose::ARRIVAL, id).unit();
                        let at = start + (u * *per_ns as f64) as i64;
                        if 0 <= at && at as u64 <= self.day.end_ns {
                            rows.push((at as u64, identity(entity, id)));
                        }
                    }
                }
                rows.sort_unstable();
            }
        }
        rows
    }

    fn copies(&self, entity: u64, ordinal: u64, factor: f64) -> u64 {
        let whole = factor.floor();
        let coin = self.draw_of(entity, purpose::COPY, ordinal).unit();
        whole as u64 + u64::from(coin < factor - whole)
    }

    fn add_stream(&mut self, client: u32, source: Source) {
        let draws = self.layer_draws(client, &source);
        let batch = match &self.day.demand[client as usize] {
            Demand::Stream { batch, .. } => *batch,
            _ => 1,
        };
        self.streams.rows.push(Stream {
            client,
            batch,
            family: family(self.plan.clients[client as usize].entity),
            source,
            timer: 0,
            draws,
        });
        self.next_arrival(self.streams.rows.len() as u32 - 1);
    }

    // ---- demand --------------------------------------------------------------------------------

    fn ramps_of(&self, client: u32) -> impl Iterator<Item = &Ramp> {
        self.disturbances
            .ramps
            .iter()
            .filter(move |r| r.client == client)
    }

    /// The event that switches a client on, unless the day's factors already hold it.
    fn switch_of(&self, client: u32) -> Option<EventId> {
        let switch = self.plan.system.clients[client as usize].active;
        switch.filter(|_| self.day.event_demand == EventDemand::Multiplies)
    }

    /// What a client's demand has grown to at an instant, on a run that is long enough to grow.
    fn growth(&self, client: u32, t_ns: u64) -> f64 {
        match self.day.growing.get(client as usize) {
            Some(&per_ns) if per_ns != 0.0 => {
                exp(per_ns * (t_ns as f64 - self.day.warm_up_ns as f64))
            }
            _ => 1.0,
        }
    }

    /// All factors on a client's demand at an instant.
    fn factor(&self, client: u32, t_ns: u64) -> f64 {
        let mut factor = self.streams.pressed(client) * self.growth(client, t_ns);
        if let Demand::Stream { factor: of_day, .. } = &self.day.demand[client as usize] {
            factor *= of_day;
        }
        for ramp in self.ramps_of(client) {
            factor *= ramp.at(t_ns);
        }
        if let Some(event) = self.switch_of(client)
            && !self.disturbances.lasts(event.0, t_ns)
        {
            factor = 0.0;
        }
        factor
    }

    /// A bound on all factors of the run.
    fn factor_bound(&self, client: u32) -> f64 {
        let mut bound = self.streams.pressed(client) * self.growth(client, self.day.end_ns);
        if let Demand::Stream { factor: of_day, .. } = &self.day.demand[client as usize] {
            bound *= of_day;
        }
        for ramp in self.ramps_of(client) {
            bound *= ramp.factor.max(1.0);
        }
        bound
    }

    /// Where a block begins on the run's clock. Exact before it is rounded to a float.
    fn block_start(&self, block: i64, length_ns: u64) -> f64 {
        (i128::from(block) * i128::from(length_ns) - i128::from(self.day.start_unix_ns)) as f64
    }

    /// The first instant for which something can still arrive: at the start now, later what is after now.
    fn floor_ns(&self) -> u64 {
        self.s.now_ns + u64::from(self.s.now_ns > 0)
    }

    /// The block that the present instant lies in.
    fn block_now(&self, bound: f64) -> i64 {
        let unix = i128::from(self.day.start_unix_ns) + i128::from(self.s.now_ns);
        unix.div_euclid(i128::from(block_ns(bound))) as i64
    }

    /// Opens the layers that the present demand may need.
    fn open_layers(&mut self, client: u32) {
        let Demand::Stream {
            rate,
            pattern: Pattern::Poisson,
            ..
        } = &self.day.demand[client as usize]
        else {
            return;
        };
        let bound = rate.bound_per_s;
        if bound <= 0.0 {
            return;
        }
        let layers = (self.factor_bound(client).ceil() as u32).min(LAYERS_MAX);
        let have = self
            .streams
            .rows
            .iter()
            .filter(|s| s.client == client && matches!(s.source, Source::Poisson(_)))
            .count() as u32;
        for layer in have..layers {
            let block = self.block_now(bound);
            let floor_ns = self.floor_ns();
            self.add_stream(
                client,
                Source::Poisson(Layer {
                    layer,
                    block,
                    index: 0,
                    offset_ns: 0.0,
                    family: block_family(layer, block),
                    start_ns: self.block_start(block, block_ns(bound)),
                    floor_ns,
                    next_ns: 0,
                    next_id: 0,
                }),
            );
        }
    }

    /// Demand changes from now on: what was rejected may come now, and the other way round.
    pub(crate) fn demand_changes(&mut self, client: u32) {
        self.refresh_draws();
        if let Arrive::Closed { population, .. } = self.plan.system.clients[client as usize].arrive
        {
            let Demand::Closed { factor } = self.day.demand[client as usize] else {
                unreachable!("the day's demand of a closed client is closed")
            };
            let users = population as f64 * factor * self.streams.pressed(client);
            self.add_users(client, users.round_ties_even() as u64);
        }
        let rows = self.streams.rows.len();
        for row in 0..rows {
            let stream = &mut self.streams.rows[row];
            if stream.client != client {
                continue;
            }
            if matches!(stream.source, Source::Paced { .. }) {
                self.next_arrival(row as u32);
                continue;
            }
            if matches!(stream.source, Source::List { .. }) {
                let floor_ns = self.floor_ns();
                let mut rows = self.listed(client);
                rows.retain(|(at, _)| floor_ns <= *at);
                self.streams.rows[row].source = Source::List { rows, at: 0 };
                self.next_arrival(row as u32);
                continue;
            }
            if let Source::Poisson(layer) = &mut stream.source {
                // From the start of the present block: candidates of the past are passed over.
                layer.index = 0;
                layer.offset_ns = 0.0;
                let layer = *layer;
                let Demand::Stream { rate, .. } = &self.day.demand[client as usize] else {
                    continue;
                };
                let block = self.block_now(rate.bound_per_s);
                let floor_ns = self.floor_ns();
                let start_ns = self.block_start(block, block_ns(rate.bound_per_s));
                self.streams.rows[row].source = Source::Poisson(Layer {
                    block,
                    family: block_family(layer.layer, block),
                    floor_ns,
                    start_ns,
                    ..layer
                });
                self.next_arrival(row as u32);
            }
        }
        self.open_layers(client);
    }

    // ---- arriving ------------------------------------------------------------------------------

    /// A source's arrival is due. Returns the visit that begins if it comes alone, else `NONE`.
    #[inline]
    pub(crate) fn arrival(&mut self, due: Due) -> u32 {
        let stream = &self.streams.rows[due.slot as usize];
        if stream.timer != due.sequence {
            return NONE;
        }
        let (client, batch) = (stream.client, stream.batch);
        let id = match &stream.source {
            Source::Poisson(layer) => member(stream.family, layer.next_id),
            Source::Paced { count, .. } => member(stream.family, *count + 1),
            Source::List { rows, at } => rows[*at].1,
        };
        self.note(due, id);
        if batch == 1 {
            let task = self.visit_arrives(client, id);
            self.arrived(due.slot);
            // Nothing else is ready at the start of an event: no need to go through the list.
            return task;
        }
        for i in 0..batch {
            let task = self.visit_arrives(client, identity(id, u64::from(i)));
            self.make_ready(task);
        }
        self.arrived(due.slot);
        NONE
    }

    #[inline]
    fn arrived(&mut self, row: u32) {
        let stream = &mut self.streams.rows[row as usize];
        match &mut stream.source {
            Source::Poisson(layer) => {
                // The commonest case: one layer of demand that never changes.
                if let Some(at) = layer.next_steady(&stream.draws)
                    && at <= self.day.end_ns
                {
                    stream.timer =
                        self.s
                            .calendar
                            .schedule(at.max(self.s.now_ns), Timer::Arrival, row);
                    return;
                }
            }
            Source::List { at, .. } => *at += 1,
            Source::Paced { count, next_ns, .. } => {
                let (count, from_ns) = (*count + 1, *next_ns);
                let left = self.gap_of(self.streams.rows[row as usize].client, count);
                self.streams.rows[row as usize].source = Source::Paced {
                    count,
                    left,
                    from_ns,
                    next_ns: from_ns,
                };
            }
        }
        self.next_arrival(row);
    }

    /// Puts a source's next arrival on the calendar.
    fn next_arrival(&mut self, row: u32) {
        let stream = &self.streams.rows[row as usize];
        let (client, draws) = (stream.client, stream.draws);
        let next = match &stream.source {
            Source::Poisson(layer) => {
                let mut layer = *layer;
                let next = self.next_candidate(client, &mut layer, &draws);
                if let Source::Poisson(row) = &mut self.streams.rows[row as usize].source {
                    *row = layer;
                }
                next
            }
            Source::Paced { left, from_ns, .. } => {
                let next = self.next_paced(client, *left, *from_ns);
                if let (Some(at), Source::Paced { next_ns, .. }) =
                    (next, &mut self.streams.rows[row as usize].source)
                {
                    *next_ns = at;
                }
                next.map(|at| at as u64)
            }
            Source::List { rows, at } => rows.get(*at).map(|r| r.0),
        };
        self.streams.rows[row as usize].timer = match next {
            Some(at) if at <= self.day.end_ns => {
                self.s
                    .calendar
                    .schedule(at.max(self.s.now_ns), Timer::Arrival, row)
            }
            _ => 0,
        };
    }

    /// What a source's candidates are drawn with at present.
    fn layer_draws(&self, client: u32, source: &Source) -> LayerDraws {
        let entity = self.plan.clients[client as usize].entity;
        let key = Key::new(Seed(self.s.seed), entity, purpose::ARRIVAL);
        let (Source::Poisson(layer), Demand::Stream { rate, .. }) =
            (source, &self.day.demand[client as usize])
        else {
            return LayerDraws {
                key,
                gap_ns: 0.0,
                length_ns: 1,
                length: 1.0,
                all_come: false,
                steady: None,
            };
        };
        let bound = rate.bound_per_s;
        let flat = is_flat(rate, self.day.end_ns)
            && self
                .day
                .growing
                .get(client as usize)
                .is_none_or(|growth| *growth == 0.0)
            && self.switch_of(client).is_none()
            && !self.disturbances.ramps.iter().any(|r| r.client == client);
        let now = self.s.now_ns;
        let steady = flat
            .then(|| rate.rate(now) * self.factor(client, now) / bound - f64::from(layer.layer));
        LayerDraws {
            key,
            gap_ns: 1e9 / bound,
            length_ns: block_ns(bound),
            length: block_ns(bound) as f64,
            all_come: steady.is_some_and(|share| share >= 1.0),
            steady,
        }
    }

    /// A new seed: candidates after now are drawn anew.
    pub(crate) fn refresh_draws(&mut self) {
        for row in 0..self.streams.rows.len() {
            let draws = self.layer_draws(
                self.streams.rows[row].client,
                &self.streams.rows[row].source,
            );
            self.streams.rows[row].draws = draws;
        }
    }

    /// The next accepted candidate of a layer after now; none before the end of the day.
    fn next_candidate(&self, client: u32, layer: &mut Layer, draws: &LayerDraws) -> Option<u64> {
        if draws.steady.is_some_and(|share| share <= 0.0) {
            return None;
        }
        loop {
            let id = layer.step(draws);
            if draws.length_ns as f64 <= layer.offset_ns {
                layer.block += 1;
                (layer.index, layer.offset_ns) = (0, 0.0);
                layer.family = block_family(layer.layer, layer.block);
                layer.start_ns = self.block_start(layer.block, draws.length_ns);
                if self.day.end_ns as f64 <= layer.start_ns {
                    return None;
                }
                if draws.steady.is_none()
                    && self.quiet(client, layer.start_ns, draws.length_ns as f64, layer.layer)
                {
                    // Nothing of this layer can come here: the next block, one candidate on.
                    layer.offset_ns = draws.length_ns as f64;
                }
                continue;
            }
            let Some(at) = layer.instant() else { continue };
            let share = match draws.steady {
                Some(share) => share,
                None => self.share_at(client, at, layer.layer),
            };
            let comes = share >= 1.0 || (share > 0.0 && self.height(client, id) < share);
            if comes {
                (layer.next_ns, layer.next_id) = (at, id);
                return Some(at);
            }
        }
    }

    fn share_at(&self, client: u32, at_ns: u64, layer: u32) -> f64 {
        let Demand::Stream { rate, .. } = &self.day.demand[client as usize] else {
            return 0.0;
        };
        rate.rate(at_ns) * self.factor(client, at_ns) / rate.bound_per_s - f64::from(layer)
    }

    /// Height of a candidate inside its layer.
    fn height(&self, client: u32, id: u64) -> f64 {
        let entity = self.plan.clients[client as usize].entity;
        self.draw_of(entity, purpose::HEIGHT, id).unit()
    }

    /// Whether a layer certainly stays empty over a block.
    fn quiet(&self, client: u32, start: f64, length_ns: f64, layer: u32) -> bool {
        let Demand::Stream { rate, .. } = &self.day.demand[client as usize] else {
            return false;
        };
        let from = start.max(0.0) as u64;
        let to = (start + length_ns).max(0.0) as u64 + 1;
        let mut factor = self.streams.pressed(client) * self.growth(client, to);
        if let Demand::Stream { factor: of_day, .. } = &self.day.demand[client as usize] {
            factor *= of_day;
        }
        for ramp in self.ramps_of(client) {
            if ramp.start_ns < to as i64 && from as i64 <= ramp.end_ns {
                factor *= ramp.factor.max(1.0);
            }
        }
        rate.at_most(from, to) * factor <= f64::from(layer) * rate.bound_per_s
    }

    /// Gap number `count` of a paced client, in mean gaps.
    fn gap_of(&self, client: u32, count: u64) -> f64 {
        match &self.day.demand[client as usize] {
            Demand::Stream {
                pattern: Pattern::Cv(cv),
                ..
            } => {
                let entity = self.plan.clients[client as usize].entity;
                let law = Law::gamma(1.0, *cv)
                    .unwrap_or_else(|e| panic!("a checked cv of {cv} is none: {e:?}"));
                law.sample(self.draw_of(entity, purpose::ARRIVAL, count))
            }
            _ => 1.0,
        }
    }

    /// The next arrival of a paced client: where the integral of its rate has grown by what is left.
    fn next_paced(&self, client: u32, mut left: f64, from_ns: f64) -> Option<f64> {
        let mut t = from_ns;
        while t < self.day.end_ns as f64 {
            let (here, there, step) = self.trapezoid(client, t, self.day.end_ns as f64)?;
            let grown = f64::midpoint(here, there) * step;
            if left <= grown {
                // Invert the trapezoid: h x + (h' - h) x^2 / 2 s = left.
                let slope = (there - here) / step;
                let x = if slope.abs() * step < 1e-12 * here.max(1e-300) {
                    left / here
                } else {
                    let root = (here * here + 2.0 * slope * left).max(0.0).sqrt();
                    2.0 * left / (here + root)
                };
                return Some(t + x);
            }
            left -= grown;
            t += step;
        }
        None
    }

    /// Demand is about to change: what the present gaps have used up so far, they have.
    pub(crate) fn pace_until_now(&mut self, client: u32) {
        let now = self.s.now_ns as f64;
        for row in 0..self.streams.rows.len() {
            let Source::Paced { left, from_ns, .. } = self.streams.rows[row].source else {
                continue;
            };
            if self.streams.rows[row].client != client {
                continue;
            }
            let (mut rest, mut t) = (left, from_ns);
            while t < now {
                let Some((here, there, step)) = self.trapezoid(client, t, now) else {
                    break;
                };
                rest -= f64::midpoint(here, there) * step;
                t += step;
            }
            if let Source::Paced { left, from_ns, .. } = &mut self.streams.rows[row].source {
                (*left, *from_ns) = (rest.max(0.0), now);
            }
        }
    }

    /// A stretch from `t` to at most `to` over which the rate is as good as linear: its rate per ns at both
    /// ends, and its length. It ends where the rate jumps, so nobody comes early.
    fn trapezoid(&self, client: u32, t: f64, to: f64) -> Option<(f64, f64, f64)> {
        let Demand::Stream { rate, .. } = &self.day.demand[client as usize] else {
            return None;
        };
        let per_ns = |t: f64| rate.rate(t as u64) * self.factor(client, t as u64) / 1e9;
        let ramps = self
            .ramps_of(client)
            .flat_map(|r| [r.start_ns, r.full_ns, r.fall_ns, r.end_ns]);
        let pieces = rate.pieces.iter().map(|p| p.to_ns as i64);
        let next = ramps
            .chain(pieces)
            .map(|at| at as f64)
            .filter(|&at| t < at)
            .fold(to, f64::min);
        let step = self.step_of(client, rate).min(next - t);
        Some((per_ns(t), per_ns(t + step - 0.5), step))
    }

    fn step_of(&self, client: u32, rate: &RateCurve) -> f64 {
        let narrow = rate
            .peaks
            .iter()
            .map(|p| p.width_ns as f64 / 256.0)
            .fold(f64::INFINITY, f64::min);
        let ramps = self
            .ramps_of(client)
            .flat_map(|r| {
                [
                    (r.full_ns - r.start_ns) as f64,
                    (r.end_ns - r.fall_ns) as f64,
                ]
            })
            .filter(|&l| l > 0.0)
            .fold(f64::INFINITY, f64::min);
        let pieces = if rate.pieces.len() > 1 {
            1e9
        } else {
            f64::INFINITY
        };
        let switched = if self.switch_of(client).is_some() {
            1e9
        } else {
            f64::INFINITY
        };
        narrow.min(ramps / 16.0).min(pieces).min(switched).max(1e6)
    }

    // ---- closed users --------------------------------------------------------------------------

    /// Adds users up to that number; each begins by thinking, so they do not start together.
    pub(crate) fn add_users(&mut self, client: u32, users: u64) {
        let have = self.streams.users[client as usize];
        for user in have..users {
            if self.ended.is_some() {
                break;
            }
            let task = self.new_task(Kind::Visit);
            let entity = self.plan.clients[client as usize].entity;
            let row = &mut self.s.tasks[task as usize];
            row.owner = client;
            row.client = client;
            // The user's own identity stays in `by_call`'s place: users are no attempts.
            row.by_call = NONE;
            row.visit = identity(entity, user);
            row.caller_serial = 0;
            row.expiry_ns = row.visit;
            self.user_thinks(task);
        }
        self.streams.users[client as usize] = have.max(users);
    }

    /// A closed user thinks until the next visit. `expiry_ns` keeps who it is, `attempt` how often it came.
    pub(crate) fn user_thinks(&mut self, task: u32) {
        let row = &self.s.tasks[task as usize];
        let client = row.owner as usize;
        let Some((law, key)) = self.plan.clients[client].think else {
            return;
        };
        let (user, visits) = self.user_of(task);
        let ns = self.sample_ns(law, key, identity(user, visits));
        let row = &mut self.s.tasks[task as usize];
        let (generation, serial) = (row.generation, row.serial);
        *row = crate::state::Task {
            kind: Kind::Visit,
            phase: Phase::Thinking,
            flags: flag::THINKS,
            owner: client as u32,
            client: client as u32,
            generation,
            serial,
            first_live: serial + 1,
            worker: row.worker,
            child_replica: row.child_replica,
            cpu_ns: user,
            caller_serial: visits as u32,
            ..crate::state::Task::free()
        };
        let at = self.s.now_ns.saturating_add(ns);
        self.s.tasks[task as usize].step_timer = self.s.calendar.schedule(at, Timer::Step, task);
    }

    fn user_of(&self, task: u32) -> (u64, u64) {
        let row = &self.s.tasks[task as usize];
        if row.cpu_ns == 0 {
            (row.visit, 0)
        } else {
            (row.cpu_ns, u64::from(row.caller_serial))
        }
    }

    /// Thinking is over: a closed user's next visit, or another press.
    pub(crate) fn visit_begins(&mut self, task: u32) {
        let row = &mut self.s.tasks[task as usize];
        if !row.has(flag::THINKS) {
            return self.wake(task);
        }
        let client = row.owner;
        row.caller_serial += 1;
        let (user, visits) = (row.cpu_ns, u64::from(row.caller_serial));
        self.visit_set(task, client, identity(user, visits));
        self.make_ready(task);
    }
}
