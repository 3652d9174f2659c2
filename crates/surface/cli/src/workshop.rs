//! The model that was read, with something decided or known otherwise: what `explain` turns and `check` measures.

use std::sync::Arc;

use jiff::civil::Date;
use worstday_model::load::{Input, Lever, Model, Turn};
use worstday_model::scalar::Within;
use worstday_model::system::Fault;
use worstday_search::answer::Unknown;
use worstday_search::explain;
use worstday_search::lived::World;
use worstday_search::measure;

use crate::load::{Kept, Read, editing};

/// Makes systems from what was read.
pub struct Workshop<'a> {
    /// What was read.
    pub read: &'a Read,
}

impl explain::Workshop for Workshop<'_> {
    fn levers(&self) -> Vec<Lever> {
        self.read.model.levers()
    }

    fn turned(&self, world: &World, turn: &Turn) -> Option<World> {
        let set = std::slice::from_ref(&turn.set);
        let model = self.read.model.with_set(set).ok()?;
        let files = &self.read.files;
        let (system, _) = model.system(&Kept(files)).ok()?;
        let system = Arc::new(system);
        let editing = editing(&model, &system, files);
        Some(world.beside(&system, editing, &turn.set))
    }
}

/// The inputs of a model that have ranges.
pub struct Ranges<'a> {
    read: &'a Read,
    inputs: Vec<Input>,
    first: Date,
    extra: Vec<Fault>,
}

impl<'a> Ranges<'a> {
    /// Those of the model that was read, whose year begins on `first`; `extra` are the faults that claims ask for.
    pub fn new(read: &'a Read, first: Date, extra: &[Fault]) -> Self {
        let mut inputs = read.model.inputs(&read.loaded.system);
        inputs.retain(Input::moves);
        Self {
            read,
            inputs,
            first,
            extra: extra.to_vec(),
        }
    }

    /// What they are called, and from where to where they go.
    pub fn told(&self) -> Vec<Unknown> {
        let told = self.inputs.iter().map(|input| Unknown {
            path: input.path.clone(),
            place: format!("{}:{}", input.place.file, input.place.line),
            low: input.low.clone(),
            high: input.high.clone(),
            gain: 0.0,
            share: 0.0,
        });
        told.collect()
    }

    fn model(&self, at: &[f64]) -> Option<Model> {
        let moved: Vec<(&Input, Within)> = self
            .inputs
            .iter()
            .zip(at)
            .map(|(input, at)| (input, Within::At(*at)))
            .collect();
        self.read.model.with_inputs(&moved).ok()
    }
}

impl measure::Inputs for Ranges<'_> {
    fn count(&self) -> usize {
        self.inputs.len()
    }

    fn world(&self, base: &World, at: &[f64]) -> Option<World> {
        let model = self.model(at)?;
        let files = &self.read.files;
        let (system, _) = model.system(&Kept(files)).ok()?;
        let system = Arc::new(system);
        let editing = editing(&model, &system, files);
        let hash = base.hash.clone();
        let mut world = World::new(&system, editing, hash, self.first, self.extra.clone()).ok()?;
        world.variant = format!("{} with inputs at {at:?}", base.variant);
        world.quiet.clone_from(&base.quiet);
        Some(world)
    }
}
