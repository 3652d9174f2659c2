//! One mechanism, one test, the smallest input that shows it; expectations are worked out by hand.

mod balance;
mod calls;
mod clients;
mod edits;
mod faults;
mod links;
mod money;
mod pools;
mod queues;
mod steps;
mod trace;
mod topics;
mod waste;
mod watch;
mod workers;
