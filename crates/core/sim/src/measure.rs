//! What a run counts while it runs.
//!
//! Each value is recorded once, into the 1 % histogram of the present window; when a window ends it
//! is drained into the whole run's histogram and kept as a 5 % sketch. At most
//! [`WINDOWS_MAX`] windows are kept: when one more is needed, neighbours merge and the length doubles,
//! so memory does not grow with simulated time. Service figures are sums over endpoints, so nothing is
//! recorded twice.
//!
//! Two ledgers run side by side: the *counted* one leaves out what arrived during the warm-up,
//! the *conservation* one leaves out nothing and must add up.

use crate::outcome::{
    CallWindow, ClientWindow, EndpointWindow, Ends, Money, Results, ServiceWindow,
};
use crate::state::Ending;
use crate::topic::TopicSeries;
use serde::{Deserialize, Serialize};
use worstday_stats::sketch::Histogram;

/// Most windows of a run.
pub const WINDOWS_MAX: usize = 512;
/// The first windows are this long.
pub const WINDOW_FIRST_NS: u64 = 1_000_000_000;

/// A histogram of the present window beside that of the run.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Recorder {
    now: Histogram,
    run: Histogram,
}

impl Recorder {
    #[inline(always)]
    pub fn add(&mut self, ns: u64) {
        self.now.add(ns);
    }

    pub(crate) fn end_window(&mut self) -> worstday_stats::sketch::Sparse {
        if self.now.is_empty() {
            return worstday_stats::sketch::Sparse::default();
        }
        self.now.drain_into(&mut self.run)
    }

    /// The whole run so far, handed over: at the end of a run there is no room for everything twice.
    #[must_use]
    pub fn take(&mut self) -> Histogram {
        let mut all = std::mem::take(&mut self.run);
        all.merge(&std::mem::take(&mut self.now));
        all
    }
}

/// A number that changes in whole steps, and its integral over time.
///
/// The integral up to `t` is `value * t` minus the sum of each change times its instant, so a change
/// costs one addition and nothing is ever rounded.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Level {
    pub value: u64,
    moment: i128,
}

impl Level {
    #[inline(always)]
    pub fn rise(&mut self, now_ns: u64) {
        self.value += 1;
        self.moment += i128::from(now_ns);
    }

    #[inline(always)]
    pub fn fall(&mut self, now_ns: u64) {
        self.value -= 1;
        self.moment -= i128::from(now_ns);
    }

    /// The value changes to another.
    pub fn set(&mut self, value: u64, now_ns: u64) {
        self.moment += (i128::from(value) - i128::from(self.value)) * i128::from(now_ns);
        self.value = value;
    }

    /// The value from time 0 on.
    pub fn start_at(value: u64) -> Self {
        Self { value, moment: 0 }
    }

    /// Integral from 0 to `now_ns`, in units of the number times ns.
    #[must_use]
    pub fn area(&self, now_ns: u64) -> u128 {
        (i128::from(self.value) * i128::from(now_ns) - self.moment) as u128
    }
}

/// The levels of a service.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Levels {
    /// Waiting and in service.
    pub inside: Level,
    pub queue: Level,
    pub busy: Level,
    pub ready: Level,
    /// Replicas that exist, whatever they do.
    pub existing: Level,
    /// What these ask for, in millionths of a core.
    pub asked: Level,
    pub queue_max: u64,
}

/// Integrals of a service's levels up to some instant.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Areas {
    pub inside: u128,
    pub queue: u128,
    pub busy: u128,
    pub ready: u128,
    /// Of replicas that exist.
    pub existing: u128,
    /// Of millionths of cores that they ask for.
    pub asked: u128,
    /// Core-ns.
    pub cores: f64,
}

impl Areas {
    fn of(levels: &Levels, cores: f64, now_ns: u64) -> Self {
        Self {
            inside: levels.inside.area(now_ns),
            queue: levels.queue.area(now_ns),
            busy: levels.busy.area(now_ns),
            ready: levels.ready.area(now_ns),
            existing: levels.existing.area(now_ns),
            asked: levels.asked.area(now_ns),
            cores,
        }
    }
}

/// A client's figures.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct ClientSeries {
    /// Counted: arrived after the warm-up.
    pub ends: Ends,
    pub presses: u64,
    pub response: Recorder,
    pub money: Money,
    /// Everything, warm-up included.
    pub all: Ends,
    pub inside: Level,
    pub sojourn_ns: u128,
    mark: Ends,
    window_lost: f64,
    window_earned: f64,
    pub windows: Vec<ClientWindow>,
}

/// A service's figures that are not sums over its endpoints.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct ServiceSeries {
    pub levels: Levels,
    /// Integrals up to the end of the warm-up, and to the start of the window.
    base: Areas,
    mark: Areas,
    pub all: Ends,
    pub sojourn_ns: u128,
    pub expired: u64,
    pub duplicates: u64,
    pub worker_ns: u64,
    pub wasted_worker_ns: u64,
    pub cpu_ns: u64,
    pub wasted_cpu_ns: u64,
    /// Integral of cores in use, core-ns.
    pub cores_area: f64,
    wasted_mark: u64,
    pub windows: Vec<ServiceWindow>,
}

/// An endpoint's figures.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct EndpointSeries {
    pub ends: Ends,
    /// Inside now, those of the warm-up included.
    pub inside: u64,
    pub wait: Recorder,
    pub service: Recorder,
    pub response: Recorder,
    mark: Ends,
    pub windows: Vec<EndpointWindow>,
}

/// A call's figures.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct CallSeries {
    pub calls: u64,
    pub attempts: u64,
    pub retries: u64,
    pub over_budget: u64,
    pub hedges: u64,
    pub late: u64,
    pub fallbacks: u64,
    pub results: Results,
    pub attempt_results: Results,
    pub response: Recorder,
    mark: (u64, u64, u64, Results),
    pub windows: Vec<CallWindow>,
}

impl CallSeries {
    /// An empty series with as many windows as its neighbours have: for a call that an edit brings.
    pub(crate) fn empty_like(&self) -> Self {
        Self {
            windows: vec![CallWindow::default(); self.windows.len()],
            ..Self::default()
        }
    }
}

/// A pool's figures.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct PoolSeries {
    pub granted: u64,
    pub rejected: u64,
    pub wait: Histogram,
    pub used: u64,
    pub queue: u64,
    pub used_area: u128,
    pub queue_area: u128,
    pub last_ns: u64,
    base: (u128, u128),
}

impl PoolSeries {
    /// Brings the integrals up to `now_ns`.
    pub fn touch(&mut self, now_ns: u64) {
        let dt = u128::from(now_ns - self.last_ns);
        self.last_ns = now_ns;
        self.used_area += u128::from(self.used) * dt;
        self.queue_area += u128::from(self.queue) * dt;
    }

    /// Integrals since the warm-up.
    #[must_use]
    pub fn counted(&self) -> (u128, u128) {
        (self.used_area - self.base.0, self.queue_area - self.base.1)
    }
}

/// Everything that is measured. See the module's page.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Measures {
    pub warm_up_ns: u64,
    pub warm: bool,
    pub window_ns: u64,
    pub window_end_ns: u64,
    pub clients: Vec<ClientSeries>,
    pub services: Vec<ServiceSeries>,
    pub endpoints: Vec<EndpointSeries>,
    pub calls: Vec<CallSeries>,
    pub pools: Vec<PoolSeries>,
    /// Alerts that fired and told an operator, counted after the warm-up.
    pub pages: u64,
    pub topics: Vec<TopicSeries>,
    /// Windows that are complete.
    pub complete: usize,
    windows_max: usize,
}

fn minus(a: &Results, b: &Results) -> Results {
    Results {
        ok: a.ok - b.ok,
        degraded: a.degraded - b.degraded,
        declined: a.declined - b.declined,
        error: a.error - b.error,
        rejected: a.rejected - b.rejected,
        refused: a.refused - b.refused,
        timeout: a.timeout - b.timeout,
        dropped: a.dropped - b.dropped,
    }
}

fn plus(a: &mut Results, b: &Results) {
    a.ok += b.ok;
    a.degraded += b.degraded;
    a.declined += b.declined;
    a.error += b.error;
    a.rejected += b.rejected;
    a.refused += b.refused;
    a.timeout += b.timeout;
    a.dropped += b.dropped;
}

/// What was counted since a mark; what is inside is inside now.
fn since(now: &Ends, mark: &Ends) -> Ends {
    Ends {
        arrived: now.arrived - mark.arrived,
        ok: now.ok - mark.ok,
        degraded: now.degraded - mark.degraded,
        declined: now.declined - mark.declined,
        failed: now.failed - mark.failed,
        shed: now.shed - mark.shed,
        abandoned: now.abandoned - mark.abandoned,
        inside: now.inside,
    }
}

/// Adds a later window's counts to an earlier one; what is inside is that of the later.
fn join_ends(a: &mut Ends, b: &Ends) {
    a.arrived += b.arrived;
    a.ok += b.ok;
    a.degraded += b.degraded;
    a.declined += b.declined;
    a.failed += b.failed;
    a.shed += b.shed;
    a.abandoned += b.abandoned;
    a.inside = b.inside;
}

/// Counts how a call or an attempt ended.
#[inline(always)]
pub fn count(results: &mut Results, ending: Ending) {
    let row = match ending {
        Ending::Ok => &mut results.ok,
        Ending::Degraded => &mut results.degraded,
        Ending::Declined => &mut results.declined,
        Ending::Error => &mut results.error,
        Ending::Rejected => &mut results.rejected,
        Ending::Refused => &mut results.refused,
        Ending::Timeout => &mut results.timeout,
        Ending::Dropped => &mut results.dropped,
    };
    *row += 1;
}

/// Counts the end of a visit or request, by the field's four words.
#[inline(always)]
pub fn count_end(ends: &mut Ends, ending: Ending) {
    let row = match ending {
        Ending::Ok => &mut ends.ok,
        Ending::Degraded => &mut ends.degraded,
        Ending::Declined => &mut ends.declined,
        Ending::Error | Ending::Refused | Ending::Timeout => &mut ends.failed,
        Ending::Rejected => &mut ends.shed,
        Ending::Dropped => &mut ends.abandoned,
    };
    *row += 1;
}

impl Measures {
    /// Empty series for so many entities. Large systems keep fewer windows, so that memory stays in
    /// bounds: about 32 MiB of window rows.
    #[must_use]
    pub fn new(
        warm_up_ns: u64,
        clients: usize,
        services: usize,
        endpoints: usize,
        calls: usize,
        pools: usize,
    ) -> Self {
        let series = clients + services + 2 * endpoints + calls;
        // About 400 bytes a row with its sketch, measured on shops of five services.
        let windows_max = (32 * 1024 * 1024 / (400 * series.max(1))).clamp(16, WINDOWS_MAX) & !1;
        Self {
            warm_up_ns,
            warm: warm_up_ns == 0,
            window_ns: WINDOW_FIRST_NS,
            window_end_ns: if warm_up_ns == 0 {
                WINDOW_FIRST_NS
            } else {
                warm_up_ns
            },
            clients: vec![ClientSeries::default(); clients],
            services: vec![ServiceSeries::default(); services],
            endpoints: vec![EndpointSeries::default(); endpoints],
            calls: vec![CallSeries::default(); calls],
            pools: vec![PoolSeries::default(); pools],
            pages: 0,
            topics: Vec::new(),
            complete: 0,
            windows_max,
        }
    }

    /// From now on the whole run is one window: for who asks for verdicts only. To be called at the start.
    pub(crate) fn keep_no_windows(&mut self) {
        // So long that no run gets there, and short enough to be added to an instant.
        self.window_ns = u64::MAX / 4;
        if self.warm {
            self.window_end_ns = self.window_ns;
        }
    }

    /// Ends windows up to `now_ns` (and the warm-up, when it is over).
    #[cold]
    #[inline(never)]
    pub fn tick(&mut self, now_ns: u64) {
        while self.window_end_ns <= now_ns {
            let at = self.window_end_ns;
            if self.warm {
                self.end_window(at);
                self.window_end_ns += self.window_ns;
            } else {
                self.end_warm_up(at);
                self.window_end_ns = at + self.window_ns;
            }
        }
    }

    fn end_warm_up(&mut self, at: u64) {
        self.warm = true;
        for s in &mut self.services {
            s.levels.queue_max = s.levels.queue.value;
            s.base = Areas::of(&s.levels, s.cores_area, at);
            s.mark = s.base;
        }
        for p in &mut self.pools {
            p.touch(at);
            p.base = (p.used_area, p.queue_area);
            (p.granted, p.rejected) = (0, 0);
            p.wait = Histogram::new();
        }
        for t in &mut self.topics {
            t.end_warm_up(at);
        }
    }

    fn end_window(&mut self, at: u64) {
        let length = self.window_ns as f64;
        for c in &mut self.clients {
            c.windows.push(ClientWindow {
                ends: since(&c.ends, &std::mem::replace(&mut c.mark, c.ends)),
                response: c.response.end_window(),
                money_lost: std::mem::take(&mut c.window_lost),
                money_earned: std::mem::take(&mut c.window_earned),
            });
        }
        for s in &mut self.services {
            let now = Areas::of(&s.levels, s.cores_area, at);
            let mean = |now: u128, then: u128| (now - then) as f64 / length;
            s.windows.push(ServiceWindow {
                ends: Ends::default(),
                queue_mean: mean(now.queue, s.mark.queue),
                busy_mean: mean(now.busy, s.mark.busy),
                cores_mean: (now.cores - s.mark.cores) / length,
                ready_mean: mean(now.ready, s.mark.ready),
                wasted_worker_ns: s.wasted_worker_ns - s.wasted_mark,
            });
            (s.mark, s.wasted_mark) = (now, s.wasted_worker_ns);
        }
        for e in &mut self.endpoints {
            e.windows.push(EndpointWindow {
                ends: since(&e.ends, &std::mem::replace(&mut e.mark, e.ends)),
                wait: e.wait.end_window(),
                service: e.service.end_window(),
                response: e.response.end_window(),
            });
        }
        for c in &mut self.calls {
            let (calls, attempts, retries, results) = c.mark;
            c.windows.push(CallWindow {
                calls: c.calls - calls,
                attempts: c.attempts - attempts,
                retries: c.retries - retries,
                results: minus(&c.results, &results),
                response: c.response.end_window(),
            });
            c.mark = (c.calls, c.attempts, c.retries, c.results);
        }
        for t in &mut self.topics {
            t.end_window(at, length);
        }
        self.complete += 1;
        if self.complete == self.windows_max {
            self.merge_neighbours();
        }
    }

    fn merge_neighbours(&mut self) {
        for c in &mut self.clients {
            halve(&mut c.windows, |a, b| {
                join_ends(&mut a.ends, &b.ends);
                a.response.merge(&b.response);
                a.money_lost += b.money_lost;
                a.money_earned += b.money_earned;
            });
        }
        for s in &mut self.services {
            halve(&mut s.windows, |a, b| {
                a.queue_mean = f64::midpoint(a.queue_mean, b.queue_mean);
                a.busy_mean = f64::midpoint(a.busy_mean, b.busy_mean);
                a.cores_mean = f64::midpoint(a.cores_mean, b.cores_mean);
                a.ready_mean = f64::midpoint(a.ready_mean, b.ready_mean);
                a.wasted_worker_ns += b.wasted_worker_ns;
            });
        }
        for e in &mut self.endpoints {
            halve(&mut e.windows, |a, b| {
                join_ends(&mut a.ends, &b.ends);
                a.wait.merge(&b.wait);
                a.service.merge(&b.service);
                a.response.merge(&b.response);
            });
        }
        for c in &mut self.calls {
            halve(&mut c.windows, |a, b| {
                a.calls += b.calls;
                a.attempts += b.attempts;
                a.retries += b.retries;
                plus(&mut a.results, &b.results);
                a.response.merge(&b.response);
            });
        }
        for t in &mut self.topics {
            halve(&mut t.windows, |a, b| crate::topic::join(a, &b));
        }
        self.complete /= 2;
        self.window_ns *= 2;
    }

    /// Closes the last, shorter window at the end of a run. Returns how long it was.
    pub fn close(&mut self, end_ns: u64) -> u64 {
        self.tick(end_ns);
        let from = self.window_end_ns.saturating_sub(self.window_ns);
        let length = end_ns.saturating_sub(from);
        if self.warm && length > 0 {
            let full = std::mem::replace(&mut self.window_ns, length);
            self.end_window_at_close(end_ns);
            self.window_ns = full;
        }
        for p in &mut self.pools {
            p.touch(end_ns);
        }
        length
    }

    fn end_window_at_close(&mut self, end_ns: u64) {
        let max = std::mem::replace(&mut self.windows_max, usize::MAX);
        self.end_window(end_ns);
        self.windows_max = max;
    }

    #[inline(always)]
    pub fn visit_arrived(&mut self, client: usize, now_ns: u64) -> bool {
        let counted = self.warm;
        let c = &mut self.clients[client];
        c.inside.rise(now_ns);
        c.all.arrived += 1;
        c.all.inside += 1;
        if counted {
            c.ends.arrived += 1;
            c.ends.inside += 1;
        }
        counted
    }

    #[inline(always)]
    pub fn visit_ended(
        &mut self,
        client: usize,
        now_ns: u64,
        arrived_ns: u64,
        reading_ns: u64,
        ending: Ending,
        counted: bool,
    ) {
        let c = &mut self.clients[client];
        c.inside.fall(now_ns);
        c.all.inside -= 1;
        c.sojourn_ns += u128::from(now_ns - arrived_ns);
        count_end(&mut c.all, ending);
        if counted {
            c.ends.inside -= 1;
            count_end(&mut c.ends, ending);
            if ending.is_good() {
                c.response.add(now_ns - arrived_ns - reading_ns);
            }
        }
    }

    /// Books a visit's money.
    pub fn money(&mut self, client: usize, value: f64, ending: Ending) {
        let c = &mut self.clients[client];
        if ending.is_good() && ending != Ending::Declined {
            c.money.earned += value;
            c.window_earned += value;
        } else if !ending.is_good() {
            c.money.lost += value;
            c.window_lost += value;
        }
    }

    #[inline(always)]
    pub fn request_arrived(&mut self, service: usize, endpoint: usize, now_ns: u64) -> bool {
        let counted = self.warm;
        let s = &mut self.services[service];
        s.levels.inside.rise(now_ns);
        s.all.arrived += 1;
        let e = &mut self.endpoints[endpoint];
        e.inside += 1;
        if counted {
            e.ends.arrived += 1;
            e.ends.inside += 1;
        }
        counted
    }

    #[inline(always)]
    pub fn request_ended(
        &mut self,
        service: usize,
        endpoint: usize,
        now_ns: u64,
        arrived_ns: u64,
        ending: Ending,
        counted: bool,
    ) {
        let s = &mut self.services[service];
        s.levels.inside.fall(now_ns);
        s.sojourn_ns += u128::from(now_ns - arrived_ns);
        count_end(&mut s.all, ending);
        let e = &mut self.endpoints[endpoint];
        e.inside -= 1;
        if counted {
            e.ends.inside -= 1;
            count_end(&mut e.ends, ending);
        }
    }

    /// Integrals of a service from the end of the warm-up to `now_ns`.
    #[must_use]
    pub fn areas(&self, service: usize, now_ns: u64) -> Areas {
        let s = &self.services[service];
        let now = Areas::of(&s.levels, s.cores_area, now_ns);
        Areas {
            inside: now.inside - s.base.inside,
            queue: now.queue - s.base.queue,
            busy: now.busy - s.base.busy,
            ready: now.ready - s.base.ready,
            existing: now.existing - s.base.existing,
            asked: now.asked - s.base.asked,
            cores: now.cores - s.base.cores,
        }
    }

    /// The same from time 0 on.
    #[must_use]
    pub fn areas_since_start(&self, service: usize, now_ns: u64) -> Areas {
        let s = &self.services[service];
        Areas::of(&s.levels, s.cores_area, now_ns)
    }
}

fn halve<T>(rows: &mut Vec<T>, mut join: impl FnMut(&mut T, T)) {
    let mut joined = Vec::with_capacity(rows.capacity());
    let mut old = rows.drain(..);
    while let Some(mut first) = old.next() {
        if let Some(second) = old.next() {
            join(&mut first, second);
        }
        joined.push(first);
    }
    drop(old);
    *rows = joined;
}
