//! One mechanism, one test, the smallest input that shows it; expectations are worked out by hand.

mod balance;
mod by_hand;
mod calls;
mod clients;
mod edits;
mod faults;
mod links;
mod money;
mod part_of_day;
mod pools;
mod queues;
mod rollouts;
mod steps;
mod topics;
mod trace;
mod waste;
mod watch;
mod workers;
