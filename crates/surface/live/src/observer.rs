//! What users feel now: an observer that counts over the last little while.
//!
//! Time is cut into slices, ten to a **window**. The present slice records response times to 1 %, those before it are kept to
//! 5 %; both add up, so a percentile "now" is that of everything that ended in the last window, whoever asks
//! when, and of everybody who is still inside, for as long as they have waited so far: where nobody gets through, those
//! who did are quick. What was lost counts as never, as in the report. A **bucket** is one or more slices; at its end a point of
//! the time line is made, with the counts of that bucket and the percentiles of the last window.
//!
//! It is plain data that is cloned beside each snapshot; what has been told (points, facts) is taken out of it first, so
//! that a copy holds one window and not a day.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;

use serde::Serialize;
use worstday_sim::observe::{Fact, Observer};
use worstday_stats::sketch::{Histogram, Sparse};
use worstday_stats::waiting::{SoFar, quantile_so_far};

/// Slices of a window.
pub const SLICES: usize = 10;
/// Whole slices that a rate is taken over, besides the present one.
const RATE_SLICES: usize = 2;

/// How time is cut.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cut {
    /// Counting starts here, ns.
    pub from_ns: u64,
    /// Length of a slice, ns.
    pub slice_ns: u64,
    /// Slices of a bucket.
    pub per_bucket: u64,
}

impl Cut {
    /// Windows that hold some thirty visits at `per_s` visits a second: from ten seconds to ten minutes. A day of `length_ns`
    /// has at most 2,880 buckets, fewer where each holds many clients.
    #[must_use]
    pub fn of(from_ns: u64, length_ns: u64, per_s: f64, clients: usize) -> Self {
        const WINDOWS_S: [u64; 6] = [10, 30, 60, 120, 300, 600];
        const VISITS: f64 = 30.0;
        // So many rows of clients in all, so that everything can be told at once.
        const ROWS: u64 = 57_600;
        let buckets = (ROWS / clients.max(1) as u64).clamp(240, 2_880);
        let enough = |window: &&u64| VISITS <= per_s * **window as f64;
        let window_s = WINDOWS_S.iter().find(enough).unwrap_or(&WINDOWS_S[5]);
        let slice_ns = window_s * 1_000_000_000 / SLICES as u64;
        Self {
            from_ns,
            slice_ns,
            per_bucket: length_ns.div_ceil(slice_ns * buckets).max(1),
        }
    }

    /// Length of a window, s.
    #[must_use]
    pub fn window_s(self) -> f64 {
        self.slice_ns as f64 * SLICES as f64 / 1e9
    }

    /// Length of a bucket, s.
    #[must_use]
    pub fn bucket_s(self) -> f64 {
        (self.slice_ns * self.per_bucket) as f64 / 1e9
    }
}

/// Visits by what became of them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Ends {
    /// Came.
    pub came: u64,
    /// Answered.
    pub answered: u64,
    /// Failed, turned away, or gone.
    pub lost: u64,
}

impl Ends {
    fn add(&mut self, other: Self) {
        self.came += other.came;
        self.answered += other.answered;
        self.lost += other.lost;
    }
}

/// What users of one client felt over the last window.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Felt {
    /// How many.
    pub ends: Ends,
    /// It takes half of them longer, s; at least so long where most still wait; none if nobody came, or if it is never.
    pub p50: Option<f64>,
    /// It takes one in a hundred of them longer, s.
    pub p99: Option<f64>,
}

#[derive(Clone, Debug, Default)]
struct Slice<S> {
    ends: Ends,
    times: S,
}

/// One client.
#[derive(Clone, Debug, Default)]
struct Client {
    now: Slice<Histogram>,
    past: VecDeque<Slice<Sparse>>,
    bucket: Ends,
    /// Since counting starts.
    all: Ends,
    /// Who is inside, and the end of the slice in which they came.
    inside: HashMap<u64, u64>,
    /// The same slices with how many are left of each, ascending.
    came: VecDeque<(u64, u64)>,
    lost_ns: Option<u64>,
}

impl Client {
    fn enters(&mut self, visit: u64, slice_end_ns: u64) {
        self.inside.insert(visit, slice_end_ns);
        match self.came.back_mut() {
            Some((end, left)) if *end == slice_end_ns => *left += 1,
            _ => self.came.push_back((slice_end_ns, 1)),
        }
    }

    fn leaves(&mut self, visit: u64) {
        let Some(end) = self.inside.remove(&visit) else {
            return;
        };
        let at = self.came.partition_point(|(other, _)| *other < end);
        self.came[at].1 -= 1;
        while self.came.front().is_some_and(|(_, left)| *left == 0) {
            self.came.pop_front();
        }
        // One who stays for ever must not keep the slices of all who came after.
        if self.came.len() > 512 && self.came.len() > 2 * self.inside.len() {
            self.came.retain(|(_, left)| *left > 0);
        }
    }

    /// How long those inside have waited at least, ns, and how many.
    fn waiting(&self, now_ns: u64) -> Vec<(u64, u64)> {
        let left = self.came.iter().filter(|(_, left)| *left > 0);
        left.map(|&(end, left)| (now_ns.saturating_sub(end), left))
            .collect()
    }

    fn slice_over(&mut self, part_of_bucket: bool) {
        let times = self.now.times.drain_into(&mut Histogram::new());
        let ends = std::mem::take(&mut self.now.ends);
        if part_of_bucket {
            self.bucket.add(ends);
        }
        if self.past.len() == SLICES {
            self.past.pop_front();
        }
        self.past.push_back(Slice { ends, times });
    }

    /// What ended in the last window: the present slice and those before it.
    fn window(&self) -> (Ends, Sparse) {
        let (mut ends, mut times) = (self.now.ends, self.now.times.fold());
        for slice in self.past.iter().rev().take(SLICES - 1) {
            ends.add(slice.ends);
            times.merge(&slice.times);
        }
        (ends, times)
    }

    /// The same where a slice has just ended.
    fn window_at_the_end(&self) -> (Ends, Sparse) {
        let (mut ends, mut times) = (Ends::default(), Sparse::default());
        for slice in &self.past {
            ends.add(slice.ends);
            times.merge(&slice.times);
        }
        (ends, times)
    }
}

impl Felt {
    fn of(&(ends, ref times): &(Ends, Sparse), waiting: &[(u64, u64)]) -> Self {
        let at = |q: f64| match quantile_so_far(times, ends.lost, waiting, q) {
            SoFar::At(ns) | SoFar::Beyond(ns) => Some(ns / 1e9),
            SoFar::Empty | SoFar::Never => None,
        };
        Self {
            ends,
            p50: at(0.5),
            p99: at(0.99),
        }
    }
}

/// How often something happened, in the present slice and those before it.
#[derive(Clone, Copy, Debug)]
struct Recent<const N: usize> {
    slices: [[u32; N]; RATE_SLICES + 1],
}

impl<const N: usize> Default for Recent<N> {
    fn default() -> Self {
        Self {
            slices: [[0; N]; RATE_SLICES + 1],
        }
    }
}

impl<const N: usize> Recent<N> {
    fn slice_over(&mut self) {
        self.slices.rotate_right(1);
        self.slices[0] = [0; N];
    }

    fn sum(&self) -> [u64; N] {
        std::array::from_fn(|of| self.slices.iter().map(|slice| u64::from(slice[of])).sum())
    }
}

/// What happened along a kind of call.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Along {
    /// First attempts per second.
    pub first_per_s: f64,
    /// Further attempts per second.
    pub again_per_s: f64,
    /// Attempts per second that ended without an answer.
    pub unanswered_per_s: f64,
    /// Attempts per second that ended.
    pub ended_per_s: f64,
}

/// Of a client, in a point: came, answered, lost in its bucket; p50, p99 of the last window, s.
type Row = (u64, u64, u64, Option<f64>, Option<f64>);

/// A point of the time line.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Point {
    /// Its end, s from where counting starts.
    pub t: f64,
    /// Of each client: came, answered, lost in this bucket; p50, p99 of the last window, s.
    pub clients: Vec<Row>,
}

/// The observer. See the module's page.
#[derive(Clone, Debug)]
pub struct Probe {
    cut: Cut,
    /// The present slice ends here, ns.
    slice_end_ns: u64,
    slices: u64,
    clients: Vec<Client>,
    service_of: Arc<[u32]>,
    services: Vec<Recent<2>>,
    series: Vec<Recent<4>>,
    /// The call that each task waits for.
    calling: Vec<u32>,
    requests: u64,
    /// What is still to be told.
    facts: Vec<(u64, Fact)>,
    points: Vec<Point>,
    left: Vec<(u64, u32)>,
}

const NONE: u32 = u32::MAX;

impl Probe {
    /// At the start of a run.
    #[must_use]
    pub fn new(cut: Cut, clients: usize, services: usize, service_of: Arc<[u32]>) -> Self {
        // Slices are counted from where counting starts; those of the warm-up reach back from there.
        let first = cut.from_ns % cut.slice_ns;
        Self {
            cut,
            slice_end_ns: if first == 0 { cut.slice_ns } else { first },
            slices: 0,
            clients: vec![Client::default(); clients],
            service_of,
            services: vec![Recent::default(); services],
            series: Vec::new(),
            calling: Vec::new(),
            requests: 0,
            facts: Vec::new(),
            points: Vec::new(),
            left: Vec::new(),
        }
    }

    /// Closes what is over at an instant: nothing may have happened for long.
    pub fn until(&mut self, now_ns: u64) {
        while self.slice_end_ns <= now_ns {
            self.slice_over();
        }
    }

    #[cold]
    #[inline(never)]
    fn slice_over(&mut self) {
        let end_ns = self.slice_end_ns;
        let counted = self.cut.from_ns < end_ns;
        for client in &mut self.clients {
            client.slice_over(counted);
        }
        for service in &mut self.services {
            service.slice_over();
        }
        for series in &mut self.series {
            series.slice_over();
        }
        self.slice_end_ns += self.cut.slice_ns;
        if !counted {
            return;
        }
        self.slices += 1;
        if self.slices.is_multiple_of(self.cut.per_bucket) {
            let clients = self.clients.iter_mut().map(|client| {
                let Ends {
                    came,
                    answered,
                    lost,
                } = std::mem::take(&mut client.bucket);
                let waiting = client.waiting(end_ns);
                let felt = Felt::of(&client.window_at_the_end(), &waiting);
                (came, answered, lost, felt.p50, felt.p99)
            });
            self.points.push(Point {
                t: (end_ns - self.cut.from_ns) as f64 / 1e9,
                clients: clients.collect(),
            });
        }
    }

    /// Takes the points that have closed.
    pub fn take_points(&mut self) -> Vec<Point> {
        std::mem::take(&mut self.points)
    }

    /// Takes what happened, in order: when, and what.
    pub fn take_facts(&mut self) -> Vec<(u64, Fact)> {
        std::mem::take(&mut self.facts)
    }

    /// Takes the first visits lost since all was well with their client: when, and whose.
    pub fn take_left(&mut self) -> Vec<(u64, u32)> {
        std::mem::take(&mut self.left)
    }

    /// What users of a client felt over the last window.
    #[must_use]
    pub fn felt(&self, client: usize, now_ns: u64) -> Felt {
        let client = &self.clients[client];
        Felt::of(&client.window(), &client.waiting(now_ns))
    }

    /// The response time that a share `q` of the last window's visits stays below, those inside among them, lost ones
    /// counting as never.
    #[must_use]
    pub fn quantile(&self, client: usize, q: f64, now_ns: u64) -> SoFar {
        let client = &self.clients[client];
        let (ends, times) = client.window();
        quantile_so_far(&times, ends.lost, &client.waiting(now_ns), q)
    }

    /// Visits of a client by what became of them in the last window.
    #[must_use]
    pub fn ends(&self, client: usize) -> Ends {
        let client = &self.clients[client];
        let mut ends = client.now.ends;
        for slice in client.past.iter().rev().take(SLICES - 1) {
            ends.add(slice.ends);
        }
        ends
    }

    /// Visits of a client since counting starts.
    #[must_use]
    pub fn all(&self, client: usize) -> Ends {
        self.clients[client].all
    }

    /// Visits of a client that have not ended.
    #[must_use]
    pub fn inside(&self, client: usize) -> u64 {
        self.clients[client].inside.len() as u64
    }

    /// Requests that reached a replica since the start, warm-up included.
    #[must_use]
    pub fn requests(&self) -> u64 {
        self.requests
    }

    /// So many seconds a rate is taken over.
    fn rate_s(&self, now_ns: u64) -> f64 {
        let begun = self.slice_end_ns - self.cut.slice_ns.min(self.slice_end_ns);
        let whole = (RATE_SLICES as u64 * self.cut.slice_ns).min(begun);
        ((now_ns.saturating_sub(begun) + whole) as f64 / 1e9).max(1e-3)
    }

    /// Requests per second that reached a service, and that it lost.
    #[must_use]
    pub fn at_service(&self, service: usize, now_ns: u64) -> (f64, f64) {
        let [arrived, lost] = self.services[service].sum();
        let over = self.rate_s(now_ns);
        (arrived as f64 / over, lost as f64 / over)
    }

    /// What happened along a kind of call.
    #[must_use]
    pub fn along(&self, series: usize, now_ns: u64) -> Along {
        let Some(series) = self.series.get(series) else {
            return Along::default();
        };
        let over = self.rate_s(now_ns);
        let [first, again, unanswered, ended] = series.sum().map(|n| n as f64 / over);
        Along {
            first_per_s: first,
            again_per_s: again,
            unanswered_per_s: unanswered,
            ended_per_s: ended,
        }
    }

    /// Visits per second that come, and the share of those that ended lately that were lost, with how many that were.
    #[must_use]
    pub fn at_client(&self, client: usize, now_ns: u64) -> (f64, f64, u64) {
        let client = &self.clients[client];
        let mut ends = client.now.ends;
        for slice in client.past.iter().rev().take(RATE_SLICES) {
            ends.add(slice.ends);
        }
        let ended = ends.answered + ends.lost;
        let share = ends.lost as f64 / ended.max(1) as f64;
        (ends.came as f64 / self.rate_s(now_ns), share, ended)
    }

    fn count_series(&mut self, series: u32, of: usize) {
        let at = series as usize;
        if self.series.len() <= at {
            self.series.resize(at + 1, Recent::default());
        }
        self.series[at].slices[0][of] += 1;
    }

    #[inline(never)]
    fn lost(&mut self, at_ns: u64, client: u32) {
        let row = &mut self.clients[client as usize];
        let well_for = SLICES as u64 * self.cut.slice_ns;
        if row.lost_ns.is_none_or(|last| well_for <= at_ns - last) {
            self.left.push((at_ns, client));
        }
        row.lost_ns = Some(at_ns);
    }
}

impl Observer for Probe {
    #[inline]
    fn on(&mut self, at_ns: u64, fact: Fact) {
        if self.slice_end_ns <= at_ns {
            self.until(at_ns);
        }
        match fact {
            Fact::VisitArrived { client, visit, .. } => {
                let row = &mut self.clients[client as usize];
                row.now.ends.came += 1;
                row.enters(visit, self.slice_end_ns);
                row.all.came += u64::from(self.cut.from_ns <= at_ns);
            }
            Fact::VisitEnded {
                client,
                visit,
                ending,
                response_ns,
                counted,
            } => {
                let row = &mut self.clients[client as usize];
                row.leaves(visit);
                if ending.is_good() {
                    row.now.ends.answered += 1;
                    row.now.times.add(response_ns);
                    row.all.answered += u64::from(counted);
                } else {
                    row.now.ends.lost += 1;
                    row.all.lost += u64::from(counted);
                    self.lost(at_ns, client);
                }
            }
            Fact::RequestArrived { endpoint, .. } => {
                self.requests += 1;
                let service = self.service_of[endpoint as usize] as usize;
                self.services[service].slices[0][0] += 1;
            }
            Fact::RequestEnded {
                endpoint, ending, ..
            } if !ending.is_good() => {
                let service = self.service_of[endpoint as usize] as usize;
                self.services[service].slices[0][1] += 1;
            }
            Fact::AttemptSent {
                call,
                attempt,
                task,
                ..
            } => {
                self.count_series(call, usize::from(attempt != 1));
                let at = task as usize;
                if self.calling.len() <= at {
                    self.calling.resize(at + 1, NONE);
                }
                self.calling[at] = call;
            }
            Fact::AttemptEnded { task, ending, .. } => {
                let call = self.calling.get(task as usize).copied().unwrap_or(NONE);
                if call != NONE {
                    self.count_series(call, 3);
                    if !ending.is_good() {
                        self.count_series(call, 2);
                    }
                }
            }
            Fact::Started { .. }
            | Fact::Ended { .. }
            | Fact::AlertFired { .. }
            | Fact::AlertCleared { .. }
            | Fact::Overrides { .. }
            | Fact::Undone { .. } => self.facts.push((at_ns, fact)),
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use worstday_sim::Ending;

    const SECOND: u64 = 1_000_000_000;

    fn probe() -> Probe {
        // Counting starts at 100 s; windows of 10 s.
        let cut = Cut::of(100 * SECOND, 3600 * SECOND, 1000.0, 1);
        assert_eq!((cut.slice_ns, cut.per_bucket), (SECOND, 2));
        Probe::new(cut, 1, 1, Arc::from([0]))
    }

    fn visit(probe: &mut Probe, at_ns: u64, ending: Ending, response_ns: u64) {
        let arrived = Fact::VisitArrived {
            client: 0,
            visit: 0,
            task: 0,
        };
        probe.on(at_ns, arrived);
        let ended = Fact::VisitEnded {
            client: 0,
            visit: 0,
            ending,
            response_ns,
            counted: true,
        };
        probe.on(at_ns, ended);
    }

    /// What ended longer ago than a window is forgotten, what ended within it is counted, and what was lost is never.
    #[test]
    fn now_is_the_last_window() {
        let mut probe = probe();
        for second in 100..105 {
            visit(&mut probe, second * SECOND, Ending::Ok, 100 * SECOND);
        }
        for second in 108..112 {
            visit(&mut probe, second * SECOND, Ending::Ok, 2 * SECOND);
        }
        probe.until(117 * SECOND);
        let felt = probe.felt(0, 117 * SECOND);
        assert_eq!((felt.ends.came, felt.ends.answered), (4, 4));
        let p50 = felt.p50.unwrap();
        assert!((1.9..2.1).contains(&p50), "half of them took {p50} s");
        for _ in 0..5 {
            visit(&mut probe, 117 * SECOND, Ending::Timeout, SECOND);
        }
        assert_eq!(
            probe.felt(0, 117 * SECOND).p50,
            None,
            "most never came back"
        );
        assert_eq!(probe.felt(0, 117 * SECOND).ends.lost, 5);
        assert_eq!(
            probe.all(0),
            Ends {
                came: 14,
                answered: 9,
                lost: 5
            }
        );
    }

    /// Who gets through is quick, and all the others wait: what people feel is how long they have waited so far.
    #[test]
    fn who_waits_is_felt() {
        let mut probe = probe();
        visit(&mut probe, 100 * SECOND, Ending::Ok, SECOND);
        for second in 101..106 {
            let arrived = Fact::VisitArrived {
                client: 0,
                visit: second,
                task: 0,
            };
            probe.on(second * SECOND, arrived);
        }
        // Who came at 101 s came before 102 s, so has waited for seven seconds at least.
        probe.until(109 * SECOND);
        assert_eq!(probe.inside(0), 5);
        assert_eq!(probe.felt(0, 109 * SECOND).p50, Some(7.0));
        assert_eq!(
            probe.quantile(0, 0.5, 109 * SECOND),
            SoFar::Beyond(7.0 * SECOND as f64)
        );
        for second in 101..106 {
            let ended = Fact::VisitEnded {
                client: 0,
                visit: second,
                ending: Ending::Ok,
                response_ns: (109 - second) * SECOND,
                counted: true,
            };
            probe.on(109 * SECOND, ended);
        }
        assert_eq!(probe.inside(0), 0);
        // One, four to eight seconds: the third and fourth of six are five and six.
        let p50 = probe.felt(0, 109 * SECOND).p50.expect("all are back");
        assert!((4.7..6.3).contains(&p50), "half of them took {p50} s");
    }

    /// A point has the counts of its own bucket and is made even where nothing happens.
    #[test]
    fn points_close_on_time() {
        let mut probe = probe();
        visit(&mut probe, 50 * SECOND, Ending::Ok, SECOND);
        visit(&mut probe, 101 * SECOND, Ending::Ok, SECOND);
        visit(&mut probe, 103 * SECOND, Ending::Ok, SECOND);
        probe.until(108 * SECOND);
        let points = probe.take_points();
        let came: Vec<_> = points
            .iter()
            .map(|point| (point.t, point.clients[0].0))
            .collect();
        assert_eq!(came, [(2.0, 1), (4.0, 1), (6.0, 0), (8.0, 0)]);
        assert!(probe.take_points().is_empty());
    }

    /// The first loss after a quiet window is told, the ones behind it are not.
    #[test]
    fn the_first_that_leaves_is_told_once() {
        let mut probe = probe();
        for second in [110, 111, 119, 130] {
            visit(&mut probe, second * SECOND, Ending::Dropped, SECOND);
        }
        assert_eq!(probe.take_left(), [(110 * SECOND, 0), (130 * SECOND, 0)]);
    }

    /// An attempt that ends is counted at the call that its task made, first and further ones apart.
    #[test]
    fn attempts_are_counted_along_their_call() {
        let mut probe = probe();
        for (attempt, ending) in [(1, Ending::Timeout), (2, Ending::Ok)] {
            let sent = Fact::AttemptSent {
                call: 3,
                caller: 0,
                attempt,
                visit: 0,
                task: 7,
                child: 8,
                request: 0,
            };
            probe.on(100 * SECOND, sent);
            let ended = Fact::AttemptEnded {
                visit: 0,
                task: 7,
                ending,
            };
            probe.on(100 * SECOND, ended);
        }
        // Two whole slices of warm-up and half of the present one.
        let along = probe.along(3, 100 * SECOND + SECOND / 2);
        let per_s = 1.0 / 2.5;
        assert_eq!(
            (
                along.first_per_s,
                along.again_per_s,
                along.unanswered_per_s,
                along.ended_per_s
            ),
            (per_s, per_s, per_s, 2.0 * per_s)
        );
    }
}
