//! What promises and the general recovery rule need to hear, and nothing else: the bridge between the
//! event path and the [`Judge`].
//!
//! A run without promises and without disturbances asks one small question per end and stores nothing.

use crate::engine::Engine;
use crate::judge::{Counted, End, Finished, Judge, JudgeError, Level, Lost, Watch};
use crate::observe::Observer;
use crate::outcome::Recovery;
use crate::plan::{NONE, Plan};
use crate::settling::Settling;
use crate::state::{Ending, Kind, flag};
use crate::topic::Leaves;
use crate::watch::look::Looks;
use serde::{Deserialize, Serialize};
use worstday_model::day::Day;
use worstday_model::system::{CallId, ClientId, EndpointId, ServiceId, Subject, System, TopicId};

/// A backlog, and when its oldest message was stored.
type TopicSaid = (u64, Option<u64>);

/// Who listens to what.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Judges {
    pub(crate) judge: Judge,
    /// Stream of each client, endpoint and service; `NONE` if nobody asks.
    clients: Vec<u32>,
    /// The same for clients, of those whose money somebody asks for.
    money: Vec<u32>,
    endpoints: Vec<u32>,
    services: Vec<u32>,
    /// Stream of each call series; empty if nobody asks for calls.
    calls: Vec<u32>,
    /// Stream of each topic.
    topics: Vec<u32>,
    /// Topics whose levels somebody asks for, with what was last said: backlog and oldest message.
    topic_levels: Vec<(u32, Option<TopicSaid>)>,
    /// Services whose levels somebody asks for, with what was last said: queue, ready, cpu, busy.
    levels: Vec<(u32, [f64; 4])>,
    /// What alerts and operators look at.
    pub(crate) looks: Looks,
    /// The general rule, where something is going to happen.
    pub(crate) watch: Option<Watch>,
    /// Where the run may end early.
    pub(crate) settling: Option<Settling>,
}

pub(crate) fn end_of(ending: Ending) -> End {
    match ending {
        Ending::Ok => End::Ok,
        Ending::Degraded => End::Degraded,
        Ending::Declined => End::Declined,
        Ending::Rejected => End::Shed,
        Ending::Dropped => End::Abandoned,
        Ending::Error | Ending::Refused | Ending::Timeout => End::Failed,
    }
}

/// Money in whole millionths of the currency.
fn in_millionths(value: f64) -> u64 {
    (value * 1e6).round_ties_even() as u64
}

impl Judges {
    /// A copy that can be asked for verdicts: without the general rule, which has a sketch for every few seconds of the run
    /// and no part in them.
    pub(crate) fn for_verdicts(&self) -> Self {
        Self {
            judge: self.judge.clone(),
            clients: self.clients.clone(),
            money: self.money.clone(),
            endpoints: self.endpoints.clone(),
            services: self.services.clone(),
            calls: self.calls.clone(),
            topics: self.topics.clone(),
            topic_levels: self.topic_levels.clone(),
            levels: self.levels.clone(),
            looks: self.looks.clone(),
            watch: None,
            settling: None,
        }
    }

    /// # Errors
    ///
    /// [`JudgeError`] if a promise's windows are too short for so long a run.
    pub(crate) fn new(system: &System, day: &Day, plan: &Plan) -> Result<Self, JudgeError> {
        let judge = Judge::new(system, day)?;
        let stream = |subject| judge.stream(subject).unwrap_or(NONE);
        let clients = (0..system.clients.len() as u32)
            .map(|c| stream(Subject::Client(ClientId(c))))
            .collect();
        let money = (0..system.clients.len() as u32)
            .map(|c| stream(Subject::Client(ClientId(c))))
            .map(|s| {
                if s != NONE && judge.wants_money(s) {
                    s
                } else {
                    NONE
                }
            })
            .collect();
        let endpoints = (0..system.endpoints.len() as u32)
            .map(|e| stream(Subject::Endpoint(EndpointId(e))))
            .collect();
        let services = (0..system.services.len() as u32)
            .map(|s| stream(Subject::Service(ServiceId(s))))
            .collect();
        let mut calls = vec![NONE; plan.series.len()];
        for c in 0..system.calls.len() {
            calls[plan.calls[plan.calls_from as usize + c].series as usize] =
                stream(Subject::Call(CallId(c as u32)));
        }
        if calls.iter().all(|&c| c == NONE) {
            calls.clear();
        }
        let topics = (0..system.topics.len() as u32)
            .map(|t| stream(Subject::Topic(TopicId(t))))
            .collect();
        let topic_levels = (0..system.topics.len() as u32)
            .filter(|&t| judge.wants_topic(TopicId(t)))
            .map(|t| (t, None))
            .collect();
        let levels = (0..system.services.len() as u32)
            .filter(|&s| judge.wants_levels(ServiceId(s)))
            .map(|s| (s, [-1.0; 4]))
            .collect();
        Ok(Self {
            judge,
            clients,
            money,
            endpoints,
            services,
            calls,
            topics,
            topic_levels,
            levels,
            looks: Looks::default(),
            watch: None,
            settling: None,
        })
    }

    /// Who listens to nothing.
    fn nobody() -> Self {
        Self {
            judge: Judge::nobody(),
            clients: Vec::new(),
            money: Vec::new(),
            endpoints: Vec::new(),
            services: Vec::new(),
            calls: Vec::new(),
            topics: Vec::new(),
            topic_levels: Vec::new(),
            levels: Vec::new(),
            looks: Looks::default(),
            watch: None,
            settling: None,
        }
    }

    /// Something will be disturbed: visits from the warm-up's end on are watched.
    pub(crate) fn watch_from(&mut self, from_ns: u64) {
        self.watch.get_or_insert_with(|| Watch::new(from_ns));
    }

    #[inline]
    pub(crate) fn wants_client(&self, client: usize) -> bool {
        self.watch.is_some() || self.clients[client] != NONE || self.looks.at_client(client)
    }

    #[inline]
    pub(crate) fn wants_endpoint(&self, endpoint: usize, service: usize) -> bool {
        self.endpoints[endpoint] != NONE
            || self.services[service] != NONE
            || self.looks.at_endpoint(endpoint, service)
    }

    #[inline]
    pub(crate) fn wants_calls(&self) -> bool {
        !self.calls.is_empty() || self.looks.at_calls()
    }

    #[inline]
    pub(crate) fn wants_levels(&self) -> bool {
        !self.levels.is_empty() || !self.topic_levels.is_empty()
    }

    /// A visit is over, now; what arrived during the warm-up (not `counted`) is only looked at.
    pub(crate) fn visit(&mut self, client: usize, now_ns: u64, finished: Finished, counted: bool) {
        self.looks.client(client, now_ns, &finished);
        if !counted {
            return;
        }
        if let Some(watch) = &mut self.watch {
            watch.record(&finished);
            if let Some(settling) = &mut self.settling {
                settling.visit(client, &finished);
            }
        }
        if self.clients[client] != NONE {
            self.judge.record(self.clients[client], &finished);
        }
    }

    /// A visit that was worth something is lost.
    #[inline]
    pub(crate) fn visit_lost(&mut self, client: usize, sent_ns: u64, value: f64) {
        let stream = self.money[client];
        if stream != NONE {
            let micros = in_millionths(value);
            self.judge.money(stream, sent_ns, micros, Lost::Yes);
        }
    }

    /// A request is over, now.
    pub(crate) fn request(
        &mut self,
        endpoint: usize,
        service: usize,
        sent_ns: u64,
        now_ns: u64,
        ending: Ending,
        counted: bool,
    ) {
        let finished = Finished {
            sent_ns,
            response_ns: now_ns - sent_ns,
            end: end_of(ending),
            attempts: 1,
        };
        self.looks.request(endpoint, service, now_ns, &finished);
        if counted {
            self.request_judged(endpoint, service, &finished);
        }
    }

    /// A request that never reached its service: for a promise it was sent and never answered.
    pub(crate) fn never_arrived(&mut self, endpoint: usize, service: usize, sent_ns: u64) {
        let finished = Finished {
            sent_ns,
            response_ns: 0,
            end: End::Failed,
            attempts: 1,
        };
        self.request_judged(endpoint, service, &finished);
    }

    /// Its caller has found out: whoever looks, sees it now.
    pub(crate) fn given_up(&mut self, endpoint: usize, service: usize, sent_ns: u64, now_ns: u64) {
        let finished = Finished {
            sent_ns,
            response_ns: 0,
            end: End::Failed,
            attempts: 1,
        };
        self.looks.request(endpoint, service, now_ns, &finished);
    }

    fn request_judged(&mut self, endpoint: usize, service: usize, finished: &Finished) {
        for stream in [self.endpoints[endpoint], self.services[service]] {
            if stream != NONE {
                self.judge.record(stream, finished);
            }
        }
    }

    /// A call is over, now.
    pub(crate) fn call(
        &mut self,
        series: u32,
        sent_ns: u64,
        now_ns: u64,
        ending: Ending,
        attempts: u32,
        counted: bool,
    ) {
        let finished = Finished {
            sent_ns,
            response_ns: now_ns - sent_ns,
            end: end_of(ending),
            attempts,
        };
        self.looks.call(series as usize, now_ns, &finished);
        let stream = self.calls.get(series as usize).copied().unwrap_or(NONE);
        if stream != NONE && counted {
            self.judge.record(stream, &finished);
        }
    }

    /// There was no room for a message.
    pub(crate) fn message_rejected(&mut self, topic: usize, now_ns: u64) {
        self.message(topic, now_ns, 0, End::Shed);
    }

    /// A message is handed out once more.
    pub(crate) fn message_again(&mut self, topic: usize, sent_ns: u64, now_ns: u64) {
        self.looks.count_message(topic, now_ns, Counted::Duplicate);
        if self.topics[topic] != NONE {
            self.judge
                .count(self.topics[topic], Counted::Duplicate, sent_ns);
        }
    }

    /// A message is done with.
    pub(crate) fn message_left(
        &mut self,
        topic: usize,
        leaves: Leaves,
        sent_ns: u64,
        response_ns: u64,
    ) {
        let (end, counted) = match leaves {
            Leaves::Handled => (End::Ok, None),
            Leaves::Declined => (End::Declined, None),
            Leaves::Dead => (End::Failed, Some(Counted::DeadLetter)),
            Leaves::Expired => (End::Abandoned, Some(Counted::Expired)),
            Leaves::Lost => (End::Failed, None),
            // It goes on as another message of another topic.
            Leaves::Replayed => return,
        };
        self.message(topic, sent_ns, response_ns, end);
        let Some(counted) = counted else { return };
        self.looks
            .count_message(topic, sent_ns + response_ns, counted);
        if self.topics[topic] != NONE {
            self.judge.count(self.topics[topic], counted, sent_ns);
        }
    }

    fn message(&mut self, topic: usize, sent_ns: u64, response_ns: u64, end: End) {
        let finished = Finished {
            sent_ns,
            response_ns,
            end,
            attempts: 1,
        };
        self.looks.message(topic, sent_ns + response_ns, &finished);
        if self.topics[topic] != NONE {
            self.judge.record(self.topics[topic], &finished);
        }
    }

    /// A request expired in its queue, or was executed once more for the same call.
    pub(crate) fn count(
        &mut self,
        endpoint: usize,
        service: usize,
        what: Counted,
        sent_ns: u64,
        now_ns: u64,
    ) {
        self.looks.count(endpoint, service, now_ns, what);
        for stream in [self.endpoints[endpoint], self.services[service]] {
            if stream != NONE {
                self.judge.count(stream, what, sent_ns);
            }
        }
    }
}

impl<O: Observer> Engine<O> {
    /// Tells the judge of levels that changed in this instant.
    #[inline]
    pub(crate) fn report_levels(&mut self) {
        if self.judges.wants_levels() {
            self.report_changed_levels();
        }
    }

    fn report_changed_levels(&mut self) {
        let now = self.s.now_ns;
        for i in 0..self.judges.topic_levels.len() {
            let (topic, last) = self.judges.topic_levels[i];
            let backlog = self.m.topics[topic as usize].backlog.value;
            let oldest = self.s.topics.topics[topic as usize].oldest_ns();
            if last != Some((backlog, oldest)) {
                self.judges
                    .judge
                    .topic_level(TopicId(topic), now, backlog, oldest);
                self.judges.topic_levels[i].1 = Some((backlog, oldest));
            }
        }
        for i in 0..self.judges.levels.len() {
            let (service, last) = self.judges.levels[i];
            let values = self.level_values(service as usize);
            let kinds = [
                Level::Queue,
                Level::Replicas,
                Level::Cpu,
                Level::BusyWorkers,
            ];
            for ((kind, value), last) in kinds.into_iter().zip(values).zip(last) {
                if value != last {
                    self.judges
                        .judge
                        .level(ServiceId(service), kind, now, value);
                }
            }
            self.judges.levels[i].1 = values;
        }
    }

    /// Queue, ready replicas, CPU and busy workers of a service, as they are now.
    pub(crate) fn level_values(&self, service: usize) -> [f64; 4] {
        let levels = &self.m.services[service].levels;
        let row = &self.plan.system.services[service];
        let ready = levels.ready.value as f64;
        let workers = f64::from(row.workers) * ready;
        let mut cores = 0.0;
        if row.cores.is_some() {
            for &r in &self.s.services[service].replicas {
                if let Some(cpu) = &self.s.replicas[r as usize].cpu {
                    cores += (cpu.jobs.len() as f64).min(cpu.cores);
                }
            }
        }
        let request = row.cores.map_or(0.0, |c| c.request) * ready;
        let share = |part: f64, whole: f64| if whole > 0.0 { part / whole } else { 0.0 };
        let busy = if row.workers == u32::MAX {
            0.0
        } else {
            share(levels.busy.value as f64, workers)
        };
        [
            levels.queue.value as f64,
            ready,
            share(cores, request),
            busy,
        ]
    }

    /// Messages that lie in their topics at the end.
    fn judge_messages(&self, judges: &mut Judges, end_ns: u64) {
        let mut open: Vec<(u32, u64)> = Vec::new();
        for (at, topic) in self.s.topics.topics.iter().enumerate() {
            let waiting = topic.lanes.iter().flat_map(|lane| &lane.waiting);
            open.extend(
                waiting
                    .filter(|m| m.counted)
                    .map(|m| (at as u32, m.sent_ns)),
            );
        }
        open.extend(
            self.in_hand()
                .filter(|(_, m)| m.counted)
                .map(|(topic, m)| (topic, m.sent_ns)),
        );
        for (topic, sent_ns) in open {
            let stream = judges.topics[topic as usize];
            if stream != NONE {
                judges.judge.record_inside(stream, sent_ns, 1, end_ns);
            }
        }
    }

    /// Tells of what is still inside and of what disturbed, as if the run ended now. Returns from when to when it was
    /// disturbed, if it was.
    pub(crate) fn tell_the_end(&self, judges: &mut Judges, end_ns: u64) -> Option<(u64, u64)> {
        self.judge_messages(judges, end_ns);
        for task in 0..self.s.tasks.len() {
            let row = &self.s.tasks[task];
            if !row.has(flag::COUNTED) {
                continue;
            }
            match row.kind {
                Kind::Visit if !row.has(flag::THINKS) => {
                    let stream = judges.clients[row.owner as usize];
                    if let Some(watch) = &mut judges.watch {
                        watch.record_inside(row.arrived_ns);
                    }
                    if stream != NONE {
                        judges
                            .judge
                            .record_inside(stream, row.arrived_ns, row.presses + 1, end_ns);
                    }
                    let stream = judges.money[row.owner as usize];
                    if stream != NONE {
                        let micros = in_millionths(self.value_of(row.owner, row.visit));
                        let perhaps = Lost::Perhaps;
                        judges.judge.money(stream, row.arrived_ns, micros, perhaps);
                    }
                }
                Kind::Request if row.has(flag::INSIDE) => {
                    let service = self.plan.endpoints[row.owner as usize].service as usize;
                    for stream in [
                        judges.endpoints[row.owner as usize],
                        judges.services[service],
                    ] {
                        if stream != NONE {
                            judges
                                .judge
                                .record_inside(stream, row.arrived_ns, 1, end_ns);
                        }
                    }
                }
                _ => {}
            }
            let row = &self.s.tasks[task];
            if row.call != NONE && self.in_call(task as u32) {
                let series = self.plan.calls[row.call as usize].series as usize;
                let stream = judges.calls.get(series).copied().unwrap_or(NONE);
                if stream != NONE {
                    judges
                        .judge
                        .record_inside(stream, row.call_started_ns, row.attempt, end_ns);
                }
            }
        }
        let mut spell: Option<(u64, u64)> = None;
        for row in &self.disturbances.rows {
            if !row.begun || !self.disturbs(row) {
                continue;
            }
            judges.judge.disturbed(row.start_ns, row.ended_ns);
            let (from, until) = (row.start_ns.max(0) as u64, row.ended_ns.unwrap_or(end_ns));
            spell = Some(spell.map_or((from, until), |(a, b)| (a.min(from), b.max(until))));
        }
        for bad in &self.s.rollouts.bad {
            judges.judge.disturbed(bad.from_ns as i64, bad.until_ns);
            let until = bad.until_ns.unwrap_or(end_ns);
            spell = Some(spell.map_or((bad.from_ns, until), |(a, b)| {
                (a.min(bad.from_ns), b.max(until))
            }));
        }
        spell
    }

    /// The judge at the end, who has heard everything, and recovery by the general rule.
    ///
    /// Nobody listens any more then: what was heard is handed over, not copied, as a whole day of it is large.
    pub(crate) fn close_judge(&mut self, end_ns: u64) -> (Judge, Option<Recovery>) {
        let mut judges = std::mem::replace(&mut self.judges, Judges::nobody());
        let spell = self.tell_the_end(&mut judges, end_ns);
        judges.judge.close(end_ns);
        let recovery = match (&judges.watch, spell) {
            (Some(watch), Some((from, until))) => Some(watch.recovery(from, until, end_ns)),
            _ => None,
        };
        (judges.judge, recovery)
    }
}
