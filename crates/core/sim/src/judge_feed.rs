//! What promises need to hear, and nothing else: the bridge between the event path and the judge.
//!
//! A run without promises asks one boolean per end and stores nothing.

use crate::state::Ending;
use serde::{Deserialize, Serialize};
use worstday_model::day::Day;
use worstday_model::system::{Subject, System};

/// Which subjects some promise speaks of.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Judges {
    clients: Vec<bool>,
    endpoints: Vec<bool>,
    calls: bool,
}

impl Judges {
    pub(crate) fn new(system: &System, _day: &Day) -> Self {
        let mut judges = Self {
            clients: vec![false; system.clients.len()],
            endpoints: vec![false; system.endpoints.len()],
            calls: false,
        };
        for subject in system.promises.iter().flat_map(|p| &p.subjects) {
            match subject {
                Subject::Client(c) => judges.clients[c.index()] = true,
                Subject::Endpoint(e) => judges.endpoints[e.index()] = true,
                Subject::Service(s) => {
                    let row = &system.services[s.index()];
                    for e in row.endpoints_from..row.endpoints_to {
                        judges.endpoints[e as usize] = true;
                    }
                }
                Subject::Call(_) => judges.calls = true,
            }
        }
        judges
    }

    #[inline]
    pub(crate) fn wants_client(&self, client: usize) -> bool {
        self.clients[client]
    }

    #[inline]
    pub(crate) fn wants_endpoint(&self, endpoint: usize) -> bool {
        self.endpoints[endpoint]
    }

    #[inline]
    pub(crate) fn wants_calls(&self) -> bool {
        self.calls
    }

    pub(crate) fn verdicts(
        &self,
        _system: &System,
        _end_ns: u64,
    ) -> Vec<crate::outcome::PromiseOutcome> {
        vec![]
    }

    pub(crate) fn recovery(&self, _end_ns: u64) -> Option<crate::outcome::Recovery> {
        None
    }

    pub(crate) fn visit(
        &mut self,
        _client: usize,
        _sent_ns: u64,
        _response_ns: u64,
        _ending: Ending,
    ) {
    }

    pub(crate) fn request(
        &mut self,
        _endpoint: usize,
        _service: usize,
        _sent_ns: u64,
        _response_ns: u64,
        _ending: Ending,
    ) {
    }

    pub(crate) fn call(
        &mut self,
        _series: u32,
        _sent_ns: u64,
        _response_ns: u64,
        _ending: Ending,
        _attempts: u32,
    ) {
    }
}
