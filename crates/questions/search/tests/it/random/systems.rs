//! Models as functions of their numbers.
//!
//! One to six services, in chains and trees; open streams, with and without a busy hour, or closed users; queues, timeouts, and in every
//! third system retries and bounded queues; two to six ways in which it is disturbed, from three times a month
//! to twice a year each; one or two promises. How long once in `T` is does not depend on anything else of the system.
//!
//! They are cheap: some visits a minute, slow servers to match, windows of half an hour. What is true of a queue does not
//! depend on its unit of time.

use std::fmt::Write as _;

use worstday_stats::draw::{Draw, Key, Seed, entity};

/// How many there are.
pub const SYSTEMS: u64 = 40;

/// The model of a number.
pub fn text(number: u64) -> String {
    Writer::new(number).model()
}

struct Writer {
    number: u64,
    draw: Draw,
    /// Every third has retries and bounded queues.
    storms: bool,
    services: Vec<Service>,
    /// A topic whose consumer is the last service.
    topic: bool,
    /// Mean response time of an empty system, s.
    quickest: f64,
    /// Visits per second, at most.
    rate: f64,
    /// Something is down now and then.
    crashes: bool,
}

struct Service {
    /// The service that calls it; none for the first.
    caller: Option<usize>,
    replicas: u64,
    workers: u64,
    /// Mean work of a request, s.
    work: f64,
}

impl Writer {
    fn new(number: u64) -> Self {
        Self {
            number,
            draw: Key::new(Seed(entity("systems that nobody chose")), number, 0).at(0),
            storms: number % 3 == 2,
            services: Vec::new(),
            topic: false,
            quickest: 0.0,
            rate: 0.0,
            crashes: false,
        }
    }

    fn model(mut self) -> String {
        let most = 1 + self.below(6);
        let count = 1 + self.below(most) as usize;
        self.rate = self.between(0.03, 0.08);
        for at in 0..count {
            let caller = (0 < at).then(|| self.below(at as u64) as usize);
            let (replicas, workers) = (1 + self.below(3), 1 + self.below(2));
            let work = self.between(0.5, 6.0);
            self.services.push(Service {
                caller,
                replicas,
                workers,
                work: round(work),
            });
        }
        self.quickest = self.services.iter().map(|service| service.work).sum();
        self.topic = 2 <= count && self.chance(0.2);
        let clients = self.clients();
        let services = self.services();
        let (faults, events) = self.disturbances();
        let promises = self.promises();
        let topics = if self.topic {
            "topics: {orders: {}}\n"
        } else {
            ""
        };
        format!(
            "worstday: 1\nsystem: random-{:02}\n{clients}{topics}services:\n{services}{faults}{events}promises:\n{promises}",
            self.number
        )
    }

    // ---- who asks ------------------------------------------------------------------------------

    fn clients(&mut self) -> String {
        let call = self.call(0);
        let per_minute = round(self.rate * 60.0);
        let patience = if self.chance(0.3) {
            format!(
                ", patience: {} cv 1",
                seconds(self.quickest * self.between(15.0, 50.0))
            )
        } else {
            String::new()
        };
        let who = match self.below(4) {
            // As many visits as the open ones, while all is well.
            0 => {
                let users = 4 + self.below(8);
                let think = (users as f64 / self.rate - self.quickest).max(10.0);
                format!("population: {users}, think: {}", seconds(think))
            }
            1 => format!(
                "arrive: {{base: {}/min, peaks: [{per_minute}/min at {:02}:00 width {}h]}}",
                round(per_minute * 0.3),
                8 + self.below(12),
                2 + self.below(5)
            ),
            _ => format!("arrive: {per_minute}/min"),
        };
        format!("clients: {{users: {{{who}, do: [{call}]{patience}}}}}\n")
    }

    // ---- who answers ---------------------------------------------------------------------------

    fn services(&mut self) -> String {
        let mut text = String::new();
        for at in 0..self.services.len() {
            let law = self.law(self.services[at].work);
            let callees: Vec<usize> = (at + 1..self.services.len())
                .filter(|&callee| self.services[callee].caller == Some(at))
                .collect();
            let mut steps = vec![format!("{{work: {law}}}")];
            for callee in callees {
                let sends = self.topic && callee + 1 == self.services.len();
                steps.push(if sends {
                    "{send: orders}".to_owned()
                } else {
                    self.call(callee)
                });
            }
            let Service {
                replicas, workers, ..
            } = self.services[at];
            let takes = self.topic && at + 1 == self.services.len();
            let queue = if self.storms && !takes {
                format!(", queue: {}", 3 + self.below(40))
            } else {
                String::new()
            };
            let balance = ["", ", balance: round-robin", ", balance: least-requests"];
            let balance = balance[self.below(3) as usize];
            let does = if takes {
                format!("consumes: {{orders: {{do: [{}]}}}}", steps.join(", "))
            } else {
                format!("endpoints: {{ask: [{}]}}", steps.join(", "))
            };
            let _ = writeln!(
                text,
                "  s{at}: {{replicas: {replicas}, workers: {workers}{queue}{balance}, {does}}}"
            );
        }
        text
    }

    /// A step that calls a service.
    fn call(&mut self, callee: usize) -> String {
        let below = self.below_it(callee);
        let timeout = if self.storms || self.chance(0.5) {
            format!(", timeout: {}", seconds(below * self.between(8.0, 30.0)))
        } else {
            String::new()
        };
        let retry = if self.storms && self.chance(0.7) {
            let backoff = ["", " backoff 1s", " backoff 5s jitter full"];
            let backoff = backoff[self.below(3) as usize];
            format!(", retry: {} attempts{backoff}", 2 + self.below(3))
        } else {
            String::new()
        };
        let fallback = if 0 < callee && self.chance(0.15) {
            ", fallback: degraded"
        } else {
            ""
        };
        format!("{{call: s{callee}.ask{timeout}{retry}{fallback}}}")
    }

    /// Mean time that a service and all that it calls take when nobody waits, s.
    fn below_it(&self, service: usize) -> f64 {
        let callees = (service + 1..self.services.len())
            .filter(|&callee| self.services[callee].caller == Some(service));
        self.services[service].work + callees.map(|callee| self.below_it(callee)).sum::<f64>()
    }

    fn law(&mut self, mean: f64) -> String {
        match self.below(4) {
            0 => format!("exactly {}", seconds(mean)),
            1 => format!("exponential {}", seconds(mean)),
            2 => format!("{} cv 0.5", seconds(mean)),
            _ => format!("{} cv 1.5", seconds(mean)),
        }
    }

    // ---- what happens --------------------------------------------------------------------------

    fn disturbances(&mut self) -> (String, String) {
        let mut faults = String::new();
        let mut events = String::new();
        for nth in 0..2 + self.below(5) {
            let every = format!("every: {} days", whole(self.between(10.0, 180.0)));
            let mean = self.between(60.0, 1_800.0);
            let lasts = match self.below(4) {
                0 => seconds(mean),
                1 => format!("exponential {}", seconds(mean)),
                2 => format!("{} cv 1", seconds(mean)),
                _ => format!("uniform {} to {}", seconds(mean * 0.2), seconds(mean * 1.8)),
            };
            let at = self.below(self.services.len() as u64) as usize;
            let takes = self.topic && at + 1 == self.services.len();
            let to = match self.services[at].caller {
                Some(caller) if !takes => format!("s{caller} -> s{at}"),
                _ => String::new(),
            };
            let (kind, is_event) = match self.below(11) {
                0 => (format!("crash: s{at}/any"), false),
                1 => (format!("crash: s{at}"), false),
                2 => (format!("stall: s{at}"), false),
                3 => (format!("vanish: s{at}/any"), false),
                4 | 5 => {
                    let by = whole(self.between(2.0, 20.0));
                    (format!("slow: s{at}, by: {by}x"), false)
                }
                6 => (
                    format!("slow: s{at}, by: uniform 2x to {}x", 4 + self.below(12)),
                    false,
                ),
                7 if !takes => {
                    let share = 10 + self.below(80);
                    (format!("errors: s{at}.ask, by: {share}%"), false)
                }
                8 if !to.is_empty() => {
                    let share = 10 + self.below(80);
                    (format!("loss: {to}, by: {share}%"), false)
                }
                9 if !to.is_empty() => (format!("cut: {to}"), false),
                _ => {
                    let factor = whole(self.between(2.0, 8.0));
                    (
                        format!("for: {lasts}, demand: {{users: {factor}x}}, rise: 2m, fall: 2m"),
                        true,
                    )
                }
            };
            self.crashes |= kind.starts_with("crash") || kind.starts_with("vanish");
            if is_event {
                let _ = writeln!(events, "  rush{nth}: {{{every}, {kind}}}");
            } else {
                let _ = writeln!(faults, "  fault{nth}: {{{kind}, {every}, lasts: {lasts}}}");
            }
        }
        let under = |title: &str, lines: String| {
            if lines.is_empty() {
                lines
            } else {
                format!("{title}:\n{lines}")
            }
        };
        (under("faults", faults), under("events", events))
    }

    // ---- what is promised ----------------------------------------------------------------------

    fn promises(&mut self) -> String {
        let mut text = String::new();
        for nth in 0..1 + self.below(2) {
            let over = ["20m", "30m", "40m"][self.below(3) as usize];
            let share = ["5%", "10%", "20%", "30%", "50%"][self.below(5) as usize];
            let slow = seconds(self.quickest * self.between(5.0, 30.0));
            let at = self.below(self.services.len() as u64) as usize;
            let (of, must) = match self.below(10) {
                0 | 1 => ("users".to_owned(), format!("lost < {share} over {over}")),
                2 => ("users".to_owned(), format!("p80 < {slow} over {over}")),
                3 => ("users".to_owned(), format!("mean < {slow} over {over}")),
                4 => (
                    "users".to_owned(),
                    format!("availability > 70% over {over}, p50 < {slow} over {over}"),
                ),
                5 => {
                    let after = seconds(self.between(120.0, 1_800.0));
                    (
                        "users".to_owned(),
                        format!("lost < {share} over 30m, recovers < {after}"),
                    )
                }
                6 => (format!("s{at}"), format!("queue < {}", 8 + self.below(40))),
                7 if self.crashes => {
                    let least = self.services[at].replicas;
                    (format!("s{at}"), format!("replicas >= {least} over 5m"))
                }
                _ if self.topic => {
                    let age = seconds(self.between(120.0, 2_400.0));
                    ("orders".to_owned(), format!("age < {age}"))
                }
                _ => ("users".to_owned(), format!("p50 < {slow} over {over}")),
            };
            // From once a week to once in two years.
            let days = whole(self.between(7.0, 730.0));
            let _ = writeln!(
                text,
                "  promise{nth}: {{for: {of}, must: [{must}], survives: [1 in {days} days], at-least: 20}}"
            );
        }
        text
    }

    // ---- chance --------------------------------------------------------------------------------

    fn below(&mut self, count: u64) -> u64 {
        self.draw.below(count)
    }

    fn chance(&mut self, share: f64) -> bool {
        self.draw.chance(share)
    }

    /// Somewhere between two ends, each factor alike.
    fn between(&mut self, low: f64, high: f64) -> f64 {
        low * worstday_stats::math::pow(high / low, self.draw.unit())
    }
}

/// Two digits behind the point: files are read by people.
fn round(value: f64) -> f64 {
    (value * 100.0).round() / 100.0
}

fn whole(value: f64) -> u64 {
    value.round() as u64
}

fn seconds(value: f64) -> String {
    if value < 30.0 {
        format!("{}s", round(value))
    } else {
        format!("{}s", whole(value))
    }
}

/// What is said of them on the page: not a test of the tool, but nobody reads forty models.
#[test]
fn they_are_of_many_kinds() {
    let all: Vec<String> = (0..SYSTEMS).map(text).collect();
    let with = |word: &str| all.iter().filter(|text| text.contains(word)).count();
    assert!(13 <= with("queue: ") && with("retry: ") <= 14);
    for word in [
        "population",
        "peaks",
        "timeout",
        "retry",
        "send: ",
        "patience",
        "crash: ",
        "stall: ",
        "vanish: ",
        "slow: ",
        "errors: ",
        "loss: ",
        "cut: ",
        "demand: ",
        "lost <",
        "p80 <",
        "mean <",
        "recovers <",
        "queue <",
        "replicas >=",
    ] {
        assert!(0 < with(word), "none has {word}");
    }
    for (number, text) in all.iter().enumerate() {
        let (world, _, _) = crate::crew::world(text);
        assert!(2 <= world.year.clocks.len(), "{number}");
    }
}
