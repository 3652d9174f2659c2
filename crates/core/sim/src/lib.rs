//! The engine: a described system, simulated request by request.
//!
//! In reading order: `plan` compiles a checked system; `state` is everything that changes, as plain
//! data; [`engine`] takes the next event from the `calendar` and does what it says, with `arrivals`
//! (who comes), `attempt`, `retry` and `balance` (calls), `service`, `pool` and `link` (where requests wait and
//! work), `direct` (all that in one go where nothing stands in the way), `topic` (messages that are handled
//! later), `replica`, `worker`, `fault` and `reconfigure` (what goes wrong or changes), `watch` (who notices) and
//! `operate` (who acts). `deadlock` looks for rings at the end. `measure` counts, [`observe`] watches, [`trace`]
//! follows single visits, [`events`] lists them all, and [`outcome`] is what a run has to say. `control` is what one may do between two advances, and [`rows`]
//! says what a row is.
//!
//! Every history is a function of (system, day, seed): no clock, no threads, no ambient chance.

mod arrivals;
mod attempt;
mod balance;
mod bill;
mod by_hand;
mod calendar;
mod control;
mod deadlock;
mod direct;
pub mod engine;
pub mod events;
mod fault;
mod finish;
mod glance;
pub mod history;
pub mod judge;
mod judge_feed;
mod keys;
mod link;
mod measure;
pub mod observe;
mod operate;
pub mod outcome;
mod plan;
mod pool;
mod reconfigure;
mod replica;
mod retry;
mod rollout;
pub mod rows;
mod service;
mod settling;
mod state;
mod topic;
pub mod trace;
mod watch;
mod worker;

pub use by_hand::{Line, Unplannable};
pub use engine::{Editing, Engine, NoEdits, Snapshot, TASKS_MAX};
pub use finish::Violation;
pub use glance::{Glance, ServiceNow, Used};
pub use history::History;
pub use plan::law;
pub use state::Ending;
pub use topic::TopicLevel;
