//! Two small systems and what happened to them: a storm that never ends, and a quiet front and back.

use std::sync::Arc;

use worstday_model::day::{Day, Random, Varies};
use worstday_model::system::{
    Admission, Arrive, Balance, Call, CallId, CallPolicy, Caller, Cancel, Claim, Client, ClientId,
    Compare, Condition, Curve, Dist, Endpoint, EndpointId, Expired, Fact, Jitter, Metric,
    OfAnswered, Order, Origin, Patience, Pattern, Per, Place, Probe, Promise, Queue, Results,
    Retry, Service, ServiceId, Step, Subject, Survive, System, Tables, Verb,
};
use worstday_report::{Asked, Report, report};
use worstday_sim::outcome::{
    CallOutcome, CallWindow, Campaign, ClientOutcome, ClientWindow, ConditionOutcome, Conservation,
    Ended, EndpointOutcome, EndpointWindow, Ends, Happened, Outcome, PromiseOutcome, Recovery,
    Results as Came, ServiceOutcome, ServiceWindow, VERSION, Verdict, Windows,
};
use worstday_stats::sketch::Histogram;

pub const SECOND: u64 = 1_000_000_000;
/// Half past eleven on the day before: half an hour of warm-up before midnight, UTC.
const START: i64 = 1_795_303_800;

pub fn at(line: u32) -> Place {
    Place {
        file: Arc::from("storm.yaml"),
        line,
        column: 5,
    }
}

pub fn retry(attempts: u32) -> Retry {
    Retry {
        attempts,
        backoff_ns: 0,
        grow: 2.0,
        cap_ns: u64::MAX,
        jitter: Jitter::None,
        budget: None,
        results: Results::ALL,
        unless: None,
    }
}

pub fn service(name: &str, workers: u32, bound: u64, endpoint: u32) -> Service {
    Service {
        name: name.to_owned(),
        owner: None,
        known_as: Vec::new(),
        replicas: 1,
        workers,
        cores: None,
        zones: Vec::new(),
        queue: Queue {
            bound,
            order: Order::Fifo,
            per: Per::Replica,
            expired: Expired::Keep,
            timeout_ns: None,
        },
        admission: Admission::default(),
        balance: Balance::Random,
        panic: 0.0,
        slow_start_ns: 0,
        start: Dist::Constant(0.0),
        cold: None,
        start_steps: Vec::new(),
        stop_grace_ns: 0,
        stop_unready_ns: 0,
        ready: Probe {
            every_ns: 10 * SECOND,
            timeout_ns: SECOND,
            failures: 3,
            calls: None,
        },
        contention: None,
        rollout: None,
        endpoints_from: endpoint,
        endpoints_to: endpoint + 1,
    }
}

pub fn endpoint(name: &str, service: u32, verb: Verb) -> Endpoint {
    Endpoint {
        name: name.to_owned(),
        service: ServiceId(service),
        known_as: Vec::new(),
        steps: vec![step(verb)],
        fails: 0.0,
        admission: Admission::default(),
        reached: true,
    }
}

pub fn step(verb: Verb) -> Step {
    Step {
        name: None,
        address: "work".to_owned(),
        chance: None,
        condition: None,
        verb,
        place: at(9),
    }
}

pub fn call(name: &str, caller: Caller, target: u32, policy: CallPolicy, line: u32) -> Call {
    Call {
        name: name.to_owned(),
        caller,
        target: EndpointId(target),
        subset: None,
        policy,
        mesh: None,
        fallback: None,
        priority: None,
        size_bytes: 2_000,
        work_factor: 1.0,
        place: at(line),
    }
}

pub fn client(name: &str, call: u32) -> Client {
    Client {
        name: name.to_owned(),
        known_as: Vec::new(),
        arrive: Arrive::Stream {
            curve: Curve {
                base_per_s: 5.0,
                peaks: Vec::new(),
                open: Vec::new(),
                days: [1.0; 7],
            },
            pattern: Pattern::Poisson,
            batch: 1,
        },
        active: None,
        steps: vec![step(Verb::Call(CallId(call)))],
        patience: Patience::Unlimited,
        cancel: Cancel::None,
        retry: None,
        value: None,
        priority: 0,
    }
}

pub fn condition(text: &str, metric: Metric, value: f64) -> Condition {
    Condition {
        text: text.to_owned(),
        metric,
        of_answered: OfAnswered::No,
        op: Compare::Less,
        value,
        over_ns: 60 * SECOND,
        place: at(14),
    }
}

/// One worker, a line of 150, five retries.
pub fn storm() -> Tables {
    let policy = CallPolicy {
        timeout_ns: Some(5 * SECOND),
        retry: Some(retry(6)),
        ..CallPolicy::default()
    };
    Tables {
        name: "storm".to_owned(),
        timezone: "UTC".to_owned(),
        priorities: vec![String::new()],
        clients: vec![client("users", 0)],
        services: vec![service("server", 1, 150, 0)],
        endpoints: vec![endpoint(
            "get",
            0,
            Verb::Work(Dist::Exponential { mean: 1e8 }),
        )],
        calls: vec![call(
            "users -> server.get",
            Caller::Client(ClientId(0)),
            0,
            policy,
            8,
        )],
        promises: vec![Promise {
            name: "answers".to_owned(),
            subjects: vec![Subject::Client(ClientId(0))],
            must: vec![
                condition("lost < 1% over 1m", Metric::Lost, 0.01),
                condition("recovers < 5m", Metric::Recovers, 300e9),
            ],
            survives: vec![Survive {
                text: "1 in 2 years".to_owned(),
                place: at(20),
                what: Claim::OnceIn {
                    ns: 2 * 31_557_600_000_000_000,
                },
            }],
            except: Vec::new(),
            at_least: 100,
            at_risk: 0.05,
            place: at(20),
        }],
        facts: vec![
            fact("services.server.queue", "150", 13, Origin::Stated),
            fact(
                "services.server.start",
                "30s",
                11,
                Origin::Default("our choice: danger should show"),
            ),
            fact(
                "clients.users.arrive",
                "5/s",
                7,
                Origin::Guessed("from a dashboard".to_owned()),
            ),
        ],
        ..Tables::default()
    }
}

fn fact(path: &str, text: &str, line: u32, origin: Origin) -> Fact {
    Fact {
        path: path.to_owned(),
        text: text.to_owned(),
        place: at(line),
        origin,
        range: None,
        factors: None,
    }
}

/// A front that waits for its back most of the time.
pub fn quiet() -> Tables {
    Tables {
        name: "quiet".to_owned(),
        timezone: "UTC".to_owned(),
        priorities: vec![String::new()],
        clients: vec![client("readers", 0)],
        services: vec![
            service("back", 4, u64::MAX, 0),
            service("front", 100, 200, 1),
        ],
        endpoints: vec![
            endpoint("load", 0, Verb::Work(Dist::Exponential { mean: 1e8 })),
            endpoint("page", 1, Verb::Call(CallId(1))),
        ],
        calls: vec![
            call(
                "readers -> front.page",
                Caller::Client(ClientId(0)),
                1,
                CallPolicy::default(),
                8,
            ),
            call(
                "front.page -> back.load",
                Caller::Endpoint(EndpointId(1)),
                0,
                CallPolicy::default(),
                12,
            ),
        ],
        ..Tables::default()
    }
}

pub fn day(varies: Varies) -> Day {
    Day {
        start_unix_ns: START * SECOND as i64,
        warm_up_ns: 1_800 * SECOND,
        end_ns: 4_500 * SECOND,
        label: "Monday 2026-11-23".to_owned(),
        varies,
        demand: Vec::new(),
        events: Vec::new(),
        faults: Vec::new(),
        edits: Vec::new(),
        acts: vec![],
        demands: vec![],
        random: Random::No,
        event_demand: worstday_model::day::EventDemand::Multiplies,
        grown: Vec::new(),
        growing: Vec::new(),
        rollouts: Vec::new(),
    }
}

/// Spread times around a mean: a small congruential series, always the same.
pub fn times(n: u64, mean_ns: u64, seed: u64) -> Histogram {
    let mut sketch = Histogram::new();
    let mut state = seed.wrapping_add(1);
    for _ in 0..n {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        sketch.add(mean_ns / 2 + (state >> 11) % mean_ns);
    }
    sketch
}

const WINDOWS: u64 = 450;
const WINDOW: u64 = 6 * SECOND;

fn row(system: &Tables, seed: u64) -> Outcome {
    Outcome {
        version: VERSION,
        system: system.name.clone(),
        system_hash: "3f1c2a9d".to_owned(),
        scenario: "Monday 2026-11-23, 45m".to_owned(),
        seed,
        digest: format!("{seed:032x}"),
        events: 123_456,
        warm_up_ns: 1_800 * SECOND,
        end_ns: 4_500 * SECOND,
        start_unix_ns: START * SECOND as i64,
        ended: Ended::Horizon,
        windows: Windows {
            from_ns: 1_800 * SECOND,
            length_ns: WINDOW,
            count: WINDOWS as usize,
        },
        clients: Vec::new(),
        services: Vec::new(),
        endpoints: Vec::new(),
        calls: Vec::new(),
        pools: Vec::new(),
        links: Vec::new(),
        topics: Vec::new(),
        promises: Vec::new(),
        bill: None,
        happened: Vec::new(),
        recovery: None,
        conservation: vec![Conservation {
            name: format!("client {}", system.clients[0].name),
            ends: Ends {
                arrived: 10,
                ok: 10,
                ..Ends::default()
            },
            area_ns: 1_000,
            sojourn_ns: 1_000,
        }],
        deadlocks: Vec::new(),
    }
}

pub fn service_row(
    name: &str,
    arrived: u64,
    queue: f64,
    busy: f64,
    workers: u32,
) -> ServiceOutcome {
    let window = ServiceWindow {
        queue_mean: queue,
        busy_mean: busy,
        ready_mean: 1.0,
        ..ServiceWindow::default()
    };
    ServiceOutcome {
        name: name.to_owned(),
        replicas: 1,
        workers: Some(workers),
        cores: None,
        ends: Ends {
            arrived,
            ok: arrived,
            ..Ends::default()
        },
        expired: 0,
        duplicates: 0,
        inside_mean: queue + busy,
        queue_mean: queue,
        queue_max: (queue * 1.5).ceil() as u64,
        busy_mean: busy,
        cores_mean: None,
        utilisation: Some(busy / f64::from(workers)),
        ready_mean: 1.0,
        wasted_worker_ns: 0,
        worker_ns: (busy * 2_700.0) as u64 * SECOND,
        wasted_cpu_ns: 0,
        cpu_ns: 0,
        windows: vec![window; WINDOWS as usize],
    }
}

pub fn endpoint_row(name: &str, arrived: u64, wait_ns: u64, service_ns: u64) -> EndpointOutcome {
    let per_window = arrived / WINDOWS;
    let windows = (0..WINDOWS)
        .map(|seed| EndpointWindow {
            ends: Ends {
                arrived: per_window,
                ok: per_window,
                ..Ends::default()
            },
            wait: times(per_window, wait_ns, seed).fold(),
            service: times(per_window, service_ns, seed + 7).fold(),
            response: times(per_window, wait_ns + service_ns, seed).fold(),
        })
        .collect();
    EndpointOutcome {
        name: name.to_owned(),
        ends: Ends {
            arrived,
            ok: arrived,
            ..Ends::default()
        },
        wait: times(arrived, wait_ns, 1),
        service: times(arrived, service_ns, 2),
        response: times(arrived, wait_ns + service_ns, 3),
        windows,
    }
}

pub fn call_row(name: &str, calls: u64, attempts: u64, response: Histogram) -> CallOutcome {
    let windows = vec![
        CallWindow {
            calls: calls / WINDOWS,
            attempts: attempts / WINDOWS,
            ..CallWindow::default()
        };
        WINDOWS as usize
    ];
    CallOutcome {
        name: name.to_owned(),
        calls,
        attempts,
        retries: attempts - calls,
        over_budget: 0,
        hedges: 0,
        late: 0,
        fallbacks: 0,
        results: Came {
            ok: calls,
            ..Came::default()
        },
        attempt_results: Came {
            ok: calls,
            timeout: attempts - calls,
            ..Came::default()
        },
        response,
        windows,
    }
}

/// After the newsletter nothing is answered in time any more; `back` of ten histories recover.
pub fn stormy_row(seed: u64, recovers: bool) -> Outcome {
    let system = storm();
    let (answered, lost) = if recovers {
        (15_900, 3_600)
    } else {
        (700, 18_800)
    };
    let mut row = row(&system, seed);
    let window = ClientWindow {
        ends: Ends {
            arrived: (answered + lost) / WINDOWS,
            ok: answered / WINDOWS,
            failed: lost / WINDOWS,
            ..Ends::default()
        },
        response: times(answered / WINDOWS, SECOND, seed).fold(),
        money_lost: 0.0,
        money_earned: 0.0,
    };
    row.clients = vec![ClientOutcome {
        name: "users".to_owned(),
        ends: Ends {
            arrived: answered + lost + 30,
            ok: answered,
            failed: lost,
            inside: 30,
            ..Ends::default()
        },
        presses: 0,
        response: times(answered, SECOND, seed),
        money: None,
        windows: vec![window; WINDOWS as usize],
    }];
    let mut server = service_row("server", 88_000, 142.0, 0.99, 1);
    server.wasted_worker_ns = server.worker_ns / 100 * 97;
    row.services = vec![server];
    row.endpoints = vec![endpoint_row(
        "server.get",
        26_000,
        14_900_000_000,
        100_000_000,
    )];
    let mut call = call_row(
        "users -> server.get",
        19_500,
        88_000,
        times(answered, SECOND, seed),
    );
    call.late = 25_000;
    row.calls = vec![call];
    row.happened = vec![Happened {
        what: "event".to_owned(),
        name: "newsletter".to_owned(),
        detail: "users 3x".to_owned(),
        from_ns: 2_100 * SECOND as i64,
        until_ns: Some(2_700 * SECOND),
    }];
    row.recovery = Some(Recovery {
        from_ns: 2_700 * SECOND,
        at_ns: recovers.then_some(2_720 * SECOND),
        horizon_ns: 1_800 * SECOND,
        median_before_ns: Some(1.4e8),
    });
    row.promises = vec![PromiseOutcome {
        name: "answers".to_owned(),
        broken_days: 0,
        conditions: vec![
            ConditionOutcome {
                goal: None,
                subject: "users".to_owned(),
                text: "lost < 1% over 1m".to_owned(),
                verdict: Verdict::Broken,
                worst: Some(1.0),
                worst_window: Some((2_400 * SECOND, 2_460 * SECOND)),
                windows: 220,
                broken: 180,
            },
            ConditionOutcome {
                goal: None,
                subject: "users".to_owned(),
                text: "recovers < 5m".to_owned(),
                verdict: if recovers {
                    Verdict::Kept
                } else {
                    Verdict::Broken
                },
                worst: Some(if recovers { 20e9 } else { f64::INFINITY }),
                worst_window: None,
                windows: 1,
                broken: u64::from(!recovers),
            },
        ],
        survives: vec!["stall".to_owned(), "1 in 2 years".to_owned()],
    }];
    row
}

/// A constant load that front and back carry well.
pub fn quiet_row(seed: u64) -> Outcome {
    let system = quiet();
    let mut row = row(&system, seed);
    let visits = 64_800;
    let per_window = visits / WINDOWS;
    let windows = (0..WINDOWS)
        .map(|at| ClientWindow {
            ends: Ends {
                arrived: per_window,
                ok: per_window,
                ..Ends::default()
            },
            response: times(per_window, 110_000_000, seed * 1_000 + at).fold(),
            money_lost: 0.0,
            money_earned: 0.0,
        })
        .collect();
    let mut response = Histogram::new();
    for at in 0..WINDOWS {
        response.merge(&times(per_window, 110_000_000, seed * 1_000 + at));
    }
    row.clients = vec![ClientOutcome {
        name: "readers".to_owned(),
        ends: Ends {
            arrived: visits,
            ok: visits,
            ..Ends::default()
        },
        presses: 0,
        response: response.clone(),
        money: None,
        windows,
    }];
    row.services = vec![
        service_row("back", visits, 0.29, 2.4, 4),
        service_row("front", visits, 0.0, 2.7, 100),
    ];
    row.endpoints = vec![
        endpoint_row("back.load", visits, 12_000_000, 98_000_000),
        endpoint_row("front.page", visits, 1, 110_000_000),
    ];
    row.calls = vec![
        call_row("front.page -> back.load", visits, visits, response.clone()),
        call_row("readers -> front.page", visits, visits, response),
    ];
    row
}

pub fn campaign(rows: Vec<Outcome>) -> Campaign {
    Campaign {
        rows: rows.into_iter().map(|row| (row.seed, row)).collect(),
    }
}

pub fn told(tables: &Tables, rows: Vec<Outcome>, varies: Varies) -> Report {
    let day = day(varies);
    let system = System::new(tables.clone()).expect("the system of a test is consistent");
    let asked = Asked {
        system: &system,
        day: &day,
        file: "storm.yaml",
        arguments: &[],
        warnings: &[],
        described: &[],
    };
    report(&campaign(rows), &asked)
}
