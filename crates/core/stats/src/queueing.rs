//! What queueing theory knows in closed form: the oracle for the simulator, and a first screen for suspects.
//!
//! - [`station`]: one queue. Poisson arrivals at one or many servers, with unlimited, limited or no room, from
//!   a finite population, with customers who lose patience; general service times; how many servers.
//! - [`network`]: several. Open networks, one class or many; closed ones by exact mean value analysis.
//! - [`retry`]: what retries do at a constant failure rate.
//!
//! Nothing here holds where timeouts, retries or correlated faults act: those are what the simulator is for.
//! Rates and times may be in any unit as long as all are in the same.

pub mod network;
pub mod retry;
pub mod station;

pub use network::{
    Centre, Closed, Node, closed, closed_classes, jackson, open_classes, product_form,
};
pub use station::{
    Impatient, Limited, Queue, Source, Station, allen_cunneen_wait, erlang_a, erlang_b, erlang_c,
    finite_source, halfin_whitt, mg1_wait, mmc, mmck, servers_for_service_level,
    servers_for_wait_probability, square_root_staffing,
};
