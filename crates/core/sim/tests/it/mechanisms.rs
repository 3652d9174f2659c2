//! One mechanism, one test, the smallest input that shows it; expectations are worked out by hand.

mod waste;
