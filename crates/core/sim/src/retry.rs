//! When a caller tries again, and what pays for it.
//!
//! Back-offs are pure functions of the attempt and its draw; budgets are rows, one per caller and callee
//! (or per service, or per visit), changed by small functions.
//! Sources: AWS Architecture Blog 2015 (jitter), Envoy's retry policy (its own jitter), Brooker 2022
//! (token bucket), AWS SDK standard mode (quota), Finagle and Linkerd (windowed).

use crate::engine::Engine;
use crate::observe::Observer;
use crate::plan::{BudgetPlan, NONE, scope_of};
use crate::state::{BudgetRow, Ending, flag};
use worstday_model::system::{Budget, BudgetScope, Jitter, Retry};
use worstday_stats::draw::Draw;
use worstday_stats::math;

/// The wait before retry `n` (counted from 1), ns, rounded once, half to even.
#[must_use]
pub fn backoff_ns(retry: &Retry, n: u32, previous_ns: u64, mut draw: Draw) -> u64 {
    if retry.backoff_ns == 0 {
        return 0;
    }
    let base = retry.backoff_ns as f64;
    let cap = retry.cap_ns as f64;
    let c = match n {
        0 | 1 => base,
        _ => base * math::pow(retry.grow, f64::from(n - 1)),
    };
    let c = c.min(cap);
    let wait = match retry.jitter {
        Jitter::None => c,
        Jitter::Full => c * draw.unit(),
        Jitter::Equal => c / 2.0 + c / 2.0 * draw.unit(),
        Jitter::Decorrelated => {
            let previous = if previous_ns == 0 {
                base
            } else {
                previous_ns as f64
            };
            (base + (3.0 * previous - base).max(0.0) * draw.unit()).min(cap)
        }
        Jitter::Envoy => {
            let bound = (base * (math::pow(2.0, f64::from(n)) - 1.0)).min(cap);
            bound * draw.unit()
        }
    };
    wait.round_ties_even() as u64
}

/// What a budget holds at first.
fn full(budget: &Budget) -> BudgetRow {
    match *budget {
        Budget::Bucket { burst_milli, .. } => BudgetRow::full(burst_milli as i64),
        Budget::Quota { tokens, .. } => BudgetRow::full(i64::from(tokens)),
        Budget::Concurrent { .. } | Budget::Windowed { .. } => BudgetRow::full(0),
    }
}

fn forget_before(row: &mut BudgetRow, from_ns: u64) {
    while row.requests.front().is_some_and(|&t| t < from_ns) {
        row.requests.pop_front();
    }
    while row.retries.front().is_some_and(|&t| t < from_ns) {
        row.retries.pop_front();
    }
}

/// A first attempt pays in.
fn first_attempt(budget: &Budget, row: &mut BudgetRow, now_ns: u64) {
    match *budget {
        Budget::Bucket {
            ratio_milli,
            burst_milli,
            ..
        } => {
            row.tokens = (row.tokens + ratio_milli as i64).min(burst_milli as i64);
        }
        Budget::Concurrent { .. } => row.in_flight += 1,
        Budget::Windowed { window_ns, .. } => {
            forget_before(row, now_ns.saturating_sub(window_ns));
            row.requests.push_back(now_ns);
        }
        Budget::Quota { .. } => {}
    }
}

/// Whether a retry is paid for; takes the price if so.
fn pays(budget: &Budget, row: &mut BudgetRow, ending: Ending, now_ns: u64) -> bool {
    match *budget {
        Budget::Bucket { .. } => {
            let pays = 1_000 <= row.tokens;
            row.tokens -= if pays { 1_000 } else { 0 };
            pays
        }
        Budget::Concurrent { ratio, min, .. } => {
            let allowed = (ratio * f64::from(row.in_flight)).max(f64::from(min));
            let pays = f64::from(row.retries_in_flight) < allowed;
            row.retries_in_flight += u32::from(pays);
            pays
        }
        Budget::Quota {
            cost, timeout_cost, ..
        } => {
            let price = i64::from(if ending == Ending::Timeout {
                timeout_cost
            } else {
                cost
            });
            let pays = price <= row.tokens;
            row.tokens -= if pays { price } else { 0 };
            pays
        }
        Budget::Windowed {
            ratio,
            min_per_s,
            window_ns,
            ..
        } => {
            forget_before(row, now_ns.saturating_sub(window_ns));
            let allowed = ratio * row.requests.len() as f64 + min_per_s * window_ns as f64 / 1e9;
            let pays = (row.retries.len() as f64) + 1.0 <= allowed;
            if pays {
                row.retries.push_back(now_ns);
            }
            pays
        }
    }
}

/// A call is over: what it used comes back.
fn call_over(budget: &Budget, row: &mut BudgetRow, ending: Ending, attempts: u32) {
    match *budget {
        Budget::Concurrent { .. } => row.in_flight = row.in_flight.saturating_sub(1),
        Budget::Quota { tokens, cost, .. } if ending.is_good() => {
            let refund = if attempts > 1 { i64::from(cost) } else { 1 };
            row.tokens = (row.tokens + refund).min(i64::from(tokens));
        }
        _ => {}
    }
}

impl<O: Observer> Engine<O> {
    fn budget_row(&mut self, task: u32, plan: BudgetPlan) -> &mut BudgetRow {
        let row = &self.s.tasks[task as usize];
        let at = match scope_of(&plan.budget) {
            BudgetScope::Visit => {
                return self
                    .s
                    .visit_budgets
                    .entry(row.visit)
                    .or_insert_with(|| full(&plan.budget));
            }
            BudgetScope::Service => 0,
            BudgetScope::Replica if row.replica == NONE => 0,
            BudgetScope::Replica => self.s.replicas[row.replica as usize].number as usize,
        };
        let rows = &mut self.s.budgets[plan.rows as usize];
        if rows.len() <= at {
            rows.resize_with(at + 1, BudgetRow::default);
        }
        if !rows[at].started {
            rows[at] = full(&plan.budget);
        }
        &mut rows[at]
    }

    fn budget_of(&self, task: u32) -> Option<BudgetPlan> {
        let call = self.s.tasks[task as usize].call as usize;
        self.plan.calls[call].retry.as_ref().and_then(|r| r.budget)
    }

    pub(crate) fn budget_first_attempt(&mut self, task: u32) {
        let now = self.s.now_ns;
        if let Some(plan) = self.budget_of(task) {
            first_attempt(&plan.budget, self.budget_row(task, plan), now);
        }
    }

    pub(crate) fn budget_pays(&mut self, task: u32, ending: Ending) -> bool {
        let now = self.s.now_ns;
        let Some(plan) = self.budget_of(task) else {
            return true;
        };
        let pays = pays(&plan.budget, self.budget_row(task, plan), ending, now);
        if pays && matches!(plan.budget, Budget::Concurrent { .. }) {
            self.s.tasks[task as usize].flags |= flag::RETRYING;
        }
        pays
    }

    /// A retry that counted as in flight no longer does.
    #[inline(always)]
    pub(crate) fn budget_attempt_over(&mut self, task: u32) {
        if !self.s.tasks[task as usize].has(flag::RETRYING) {
            return;
        }
        self.s.tasks[task as usize].flags &= !flag::RETRYING;
        if let Some(plan) = self.budget_of(task) {
            let row = self.budget_row(task, plan);
            row.retries_in_flight = row.retries_in_flight.saturating_sub(1);
        }
    }

    pub(crate) fn budget_call_over(&mut self, task: u32, ending: Ending) {
        let attempts = self.s.tasks[task as usize].attempt;
        if let Some(plan) = self.budget_of(task) {
            call_over(&plan.budget, self.budget_row(task, plan), ending, attempts);
        }
    }

    /// A user's own presses: the client counts as one caller.
    pub(crate) fn press_budget_pays(
        &mut self,
        task: u32,
        plan: BudgetPlan,
        ending: Ending,
    ) -> bool {
        let now = self.s.now_ns;
        pays(&plan.budget, self.budget_row(task, plan), ending, now)
    }

    /// A visit's first press pays into its client's budget.
    pub(crate) fn press_budget_first(&mut self, task: u32) {
        let now = self.s.now_ns;
        let client = self.s.tasks[task as usize].owner as usize;
        if let Some(plan) = self.plan.clients[client]
            .retry
            .as_ref()
            .and_then(|r| r.budget)
        {
            first_attempt(&plan.budget, self.budget_row(task, plan), now);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use worstday_model::system::Results;
    use worstday_stats::draw::{Key, Seed};

    fn retry(jitter: Jitter) -> Retry {
        Retry {
            attempts: 9,
            backoff_ns: 100,
            grow: 2.0,
            cap_ns: 1_000,
            jitter,
            budget: None,
            results: Results::ALL,
            unless: None,
        }
    }

    fn waits(jitter: Jitter, n: u32) -> Vec<u64> {
        let key = Key::new(Seed(1), 2, 3);
        (0..20_000)
            .map(|i| backoff_ns(&retry(jitter), n, 400, key.at(i)))
            .collect()
    }

    /// Each jitter has the range and mean of its formula.
    #[test]
    fn backoffs_follow_their_formulas() {
        assert!(waits(Jitter::None, 3).iter().all(|&w| w == 400));
        assert!(waits(Jitter::None, 5).iter().all(|&w| w == 1_000), "capped");
        for (jitter, low, high) in [
            (Jitter::Full, 0.0, 400.0),
            (Jitter::Equal, 200.0, 400.0),
            (Jitter::Decorrelated, 100.0, 1_000.0),
            (Jitter::Envoy, 0.0, 700.0),
        ] {
            let all = waits(jitter, 3);
            let mean = all.iter().sum::<u64>() as f64 / all.len() as f64;
            assert!(
                all.iter().all(|&w| low <= w as f64 && w as f64 <= high),
                "{jitter:?}"
            );
            // Decorrelated draws from 100 to 1,200 and is cut at 1,000.
            let expected = if jitter == Jitter::Decorrelated {
                (900.0 * 550.0 + 200.0 * 1_000.0) / 1_100.0
            } else {
                f64::midpoint(low, high)
            };
            assert!(
                (mean - expected).abs() < 0.02 * expected,
                "{jitter:?}: {mean} for {expected}"
            );
        }
    }

    /// Ten first attempts pay for one retry, in exact thousandths, and a full bucket takes no more.
    #[test]
    fn a_bucket_counts_in_thousandths() {
        let budget = Budget::Bucket {
            ratio_milli: 100,
            burst_milli: 2_000,
            scope: BudgetScope::Replica,
        };
        let mut row = full(&budget);
        assert!(pays(&budget, &mut row, Ending::Error, 0));
        assert!(pays(&budget, &mut row, Ending::Error, 0));
        assert!(!pays(&budget, &mut row, Ending::Error, 0));
        for _ in 0..9 {
            first_attempt(&budget, &mut row, 0);
        }
        assert!(!pays(&budget, &mut row, Ending::Error, 0));
        first_attempt(&budget, &mut row, 0);
        assert!(pays(&budget, &mut row, Ending::Error, 0));
    }

    /// The AWS quota: timeouts cost twice, success gives back.
    #[test]
    fn a_quota_refunds() {
        let budget = Budget::Quota {
            tokens: 20,
            cost: 5,
            timeout_cost: 10,
            scope: BudgetScope::Replica,
        };
        let mut row = full(&budget);
        assert!(
            pays(&budget, &mut row, Ending::Timeout, 0)
                && pays(&budget, &mut row, Ending::Timeout, 0)
        );
        assert!(!pays(&budget, &mut row, Ending::Error, 0));
        call_over(&budget, &mut row, Ending::Ok, 2);
        assert!(pays(&budget, &mut row, Ending::Error, 0));
        call_over(&budget, &mut row, Ending::Ok, 1);
        assert_eq!(row.tokens, 1);
    }
}
