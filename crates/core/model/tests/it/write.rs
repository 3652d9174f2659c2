//! Days that are written read back as the same days, whatever happens on them.

use std::path::PathBuf;

use jiff::civil::{Time, date};
use proptest::prelude::*;
use worstday_model::day::{DayRequest, Happening, Happens, Random, Scenario, What, plan};
use worstday_model::load::{DayFile, Found, LoadOptions, Model, Unwritable, hash_of};
use worstday_model::system::*;

use crate::edits::Memory;

/// Everything that a fault can hit, and every kind of fault that has a size.
const MARKET: &str = "worstday: 1
system: market
timezone: Europe/Berlin
zones: [a, b]
flags: [offline]
keys: {goods: 10 zipf 0}
pools: {rooms: {size: 2}}
clients:
  shoppers: {arrive: 5/s, do: till.sell}
  agents: {arrive: 1/s, do: till.sell}
links: {wan: {from: agents, to: till, delay: 20ms}}
services:
  till:
    replicas: 4
    workers: 3
    spread: zones
    pools: {sql: {size: 5}}
    rollout: {when: every day at 03:00}
    endpoints: {sell: [{call: pos.pay, timeout: 1s}], look: 1ms}
  pos: {replicas: 2, workers: 2, endpoints: {pay: [{work: 10ms}, {send: sales}]}, consumes: {sales: {do: [{work: 5ms}], then: dead}}}
topics: {sales: {keep: 1d}, dead: {keep: 1d}}
faults:
  crash: {crash: pos, every: 1 year, lasts: 1m}
  slow: {slow: pos, by: uniform 2x to 4x, every: 1 year, lasts: 1m}
  weak: {capacity: pos, to: 50%, every: 1 year, lasts: 1m}
  fails: {errors: pos.pay, by: 10%, every: 1 year, lasts: 1m}
  cut: {cut: wan, every: 1 year, lasts: 1m}
  loss: {loss: till -> pos, by: 1%, every: 1 year, lasts: 1m}
  delay: {delay: wan, by: 5ms, every: 1 year, lasts: 1m}
  stall: {stall: till/any/worker, every: 1 year, lasts: 1m}
  both: {together: [crash, cut], every: 1 year}
  less: {edit: {services.pos.workers: 1}, every: 1 year, lasts: 1m}
events:
  sale: {when: 2026-11-27 10:00 to 12:00, demand: {shoppers: 2x}}
  rush: {every: 3 months, for: 1h, demand: {shoppers: 2x}}
promises: {buying: {for: shoppers, must: [lost < 1%]}}
";

/// The systems of the tool, and one that has everything.
fn systems() -> Vec<(String, String)> {
    let mut all = vec![("market.yaml".to_owned(), MARKET.to_owned())];
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../systems");
    for name in ["supermarket.yaml", "shop.yaml", "weekly-outage.yaml"] {
        let text = std::fs::read_to_string(folder.join(name)).expect(name);
        all.push((name.to_owned(), text));
    }
    all
}

/// Draws without a library, so that a case is a number.
struct Dice(u64);

impl Dice {
    fn next(&mut self) -> u64 {
        // SplitMix64 (Steele, Lea and Flood 2014).
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    fn below(&mut self, n: usize) -> usize {
        (self.next() % n as u64) as usize
    }

    fn id(&mut self, n: usize) -> u32 {
        self.below(n) as u32
    }

    fn coin(&mut self) -> bool {
        self.next() & 1 == 1
    }

    /// A number with all its bits.
    fn unit(&mut self) -> f64 {
        (self.next() >> 11) as f64 / 9_007_199_254_740_992.0 + 1e-12
    }

    fn time(&mut self) -> Time {
        let hour = self.below(24) as i8;
        let (minute, second, nanos) = match self.below(4) {
            0 => (0, 0, 0),
            1 => (self.below(60) as i8, 0, 0),
            2 => (self.below(60) as i8, self.below(60) as i8, 0),
            _ => (59, 58, self.below(1_000_000_000) as i32),
        };
        jiff::civil::time(hour, minute, second, nanos)
    }

    fn target(&mut self, system: &System, like: &Target) -> Target {
        let service = self.id(system.services.len());
        let replicas = |dice: &mut Self| match dice.below(5) {
            0 => Replicas::All,
            1 => Replicas::One(dice.id(system.services[service as usize].replicas as usize)),
            2 => Replicas::Share(dice.unit().min(1.0)),
            3 if !system.zones.is_empty() => Replicas::Zone(ZoneId(dice.id(system.zones.len()))),
            _ => Replicas::Any,
        };
        let end = |dice: &mut Self| match dice.below(4) {
            0 => End::Service(ServiceId(dice.id(system.services.len()))),
            1 if !system.zones.is_empty() => End::Zone(ZoneId(dice.id(system.zones.len()))),
            2 => End::Client(ClientId(dice.id(system.clients.len()))),
            3 => End::Rest,
            _ => End::Any,
        };
        match like {
            Target::Link(_) | Target::Path { .. } if self.coin() => {
                Target::Link(LinkId(self.id(system.links.len())))
            }
            Target::Link(_) | Target::Path { .. } => Target::Path {
                from: end(self),
                to: end(self),
                both: if self.coin() { Both::Yes } else { Both::No },
            },
            Target::Endpoint(_) => Target::Endpoint(EndpointId(self.id(system.endpoints.len()))),
            Target::Worker { .. } if self.coin() => {
                let replica = if self.coin() {
                    Replicas::Any
                } else {
                    Replicas::One(0)
                };
                Target::Worker {
                    service: ServiceId(service),
                    replica,
                    worker: self.coin().then_some(1),
                }
            }
            Target::Worker { .. } if !system.pools.is_empty() => {
                Target::Pool(PoolId(self.id(system.pools.len())))
            }
            _ => match self.below(5) {
                0 => Target::AnyReplica,
                1 if !system.zones.is_empty() => Target::AnyZone,
                2 if !system.zones.is_empty() => Target::Zone(ZoneId(self.id(system.zones.len()))),
                _ => Target::Replicas(ServiceId(service), replicas(self)),
            },
        }
    }

    fn line(&mut self, system: &System) -> Happening {
        let mut line = Happening {
            at: self.time(),
            what: Happens::Event(EventId(0)),
            target: None,
            by: None,
            lasts_ns: match self.below(4) {
                0 => None,
                1 => Some(self.below(100) as u64 * 60_000_000_000),
                2 => Some(self.next() >> 8),
                _ => Some(self.below(5_000) as u64 * 1_000_000),
            },
            because: None,
        };
        let open = |client: &Client| !matches!(client.arrive, Arrive::Closed { .. });
        let kind = if system.faults.is_empty() {
            1
        } else {
            self.below(4)
        };
        match kind {
            0 if !system.events.is_empty() => {
                line.what = Happens::Event(EventId(self.id(system.events.len())));
            }
            1 => {
                let clients = (0..system.clients.len()).filter(|&at| open(&system.clients[at]));
                let clients: Vec<usize> = clients.collect();
                let client = clients[self.below(clients.len())];
                line.what = Happens::Demand(ClientId(client as u32));
                line.by = Some(self.unit() * 10.0);
            }
            _ => {
                let fault = self.id(system.faults.len());
                line.what = Happens::Fault(FaultId(fault));
                let kind = &system.faults[fault as usize].kind;
                let (target, size) = match kind {
                    FaultKind::Crash(target)
                    | FaultKind::Vanish(target)
                    | FaultKind::Stall(target)
                    | FaultKind::Cut(target)
                    | FaultKind::Hang { target, .. } => (Some(target), None),
                    FaultKind::Slow { target, .. } => (Some(target), Some(self.unit() * 9.0)),
                    FaultKind::Capacity { target, .. }
                    | FaultKind::Errors { target, .. }
                    | FaultKind::Loss { target, .. } => (Some(target), Some(self.unit().min(1.0))),
                    FaultKind::Delay { target, .. } => {
                        (Some(target), Some((self.next() >> 20) as f64))
                    }
                    FaultKind::Edit(_) | FaultKind::Together(_) => (None, None),
                };
                if self.coin() {
                    line.by = size;
                }
                if self.coin()
                    && let Some(target) = target
                {
                    line.target = Some(self.target(system, target));
                }
            }
        }
        line
    }

    fn day(&mut self, system: &System) -> Scenario {
        let day = date(2020 + self.below(20) as i16, 1, 1);
        let open = |client: &Client| !matches!(client.arrive, Arrive::Closed { .. });
        Scenario {
            name: "WD-7f3a".to_owned(),
            day: day.saturating_add(jiff::Span::new().days(self.below(365) as i64)),
            from: self.coin().then(|| self.time()),
            until: self.coin().then(|| self.time()),
            demand: (0..system.clients.len())
                .filter(|&at| open(&system.clients[at]))
                .filter_map(|at| {
                    let factor = self.unit() * 3.0;
                    self.coin().then_some((ClientId(at as u32), factor))
                })
                .collect(),
            happens: (0..self.below(6)).map(|_| self.line(system)).collect(),
        }
    }
}

fn load(path: &str, files: &Memory) -> (Model, System) {
    let model = Model::load(path, &LoadOptions::default(), files).unwrap_or_else(|e| panic!("{e}"));
    let (system, _) = model.system(files).unwrap_or_else(|e| panic!("{e}"));
    (model, system)
}

fn file<'a>(system: &'a System, day: &'a Scenario, base: &'a str, seed: u64) -> DayFile<'a> {
    DayFile {
        system,
        day,
        base,
        model: None,
        seed,
        comment: "",
        breaks: &[],
        found: None,
        declared: None,
        spelled_out: None,
    }
}

/// Reads a day's text beside its model.
fn read(files: &Memory, text: &str) -> (Model, System, Scenario) {
    let mut files = Memory(files.0.clone());
    files.0.insert("days/day.yaml".to_owned(), text.to_owned());
    let (model, system) = load("days/day.yaml", &files);
    let day = model
        .scenario_of(&system, &files)
        .unwrap_or_else(|e| panic!("{e}\n{text}"));
    (model, system, day.expect("a day"))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 128, failure_persistence: None, ..ProptestConfig::default() })]

    /// Any day of any system: the same scenario, the same seed, and the same day on the engine's clock.
    #[test]
    fn days_come_back_as_they_were(case: u64, seed: u64) {
        let mut dice = Dice(case);
        for (name, text) in systems() {
            let files = Memory::of(&[(&name, &text)]);
            let (model, system) = load(&name, &files);
            let day = dice.day(&system);
            let (base, hash) = (format!("../{name}"), model.hash());
            let written = DayFile {
                model: Some(&hash),
                comment: "Found on a Monday:\nit broke.",
                ..file(&system, &day, &base, seed)
            };
            let text = written.text().unwrap_or_else(|e| panic!("{e}: {day:?}"));
            let (again, back_system, back) = read(&files, &text);
            prop_assert_eq!(&back, &day, "{}", text);
            let found_seed = again.scenario().and_then(|s| s.seed.as_ref()).map(|s| s.value.0);
            prop_assert_eq!(found_seed, Some(seed));
            prop_assert!(again.warnings().is_empty(), "{}", text);
            prop_assert_eq!(hash_of(&text), written.hash().expect("a hash"));
            let days = [(&system, &day), (&back_system, &back)].map(|(system, day)| {
                let request = DayRequest {
                    as_of: date(2026, 1, 1),
                    what: What::Scenario(day.clone()),
                    length_ns: None,
                    random: Random::No,
                };
                format!("{:?}", plan(system, &request))
            });
            prop_assert_eq!(&days[0], &days[1], "{}", text);
        }
    }
}

/// What a person reads: the story of the supermarket, written as it stands in its own file.
#[test]
fn a_written_day_reads_well() {
    let files = Memory::of(&[("market.yaml", MARKET)]);
    let (_, system) = load("market.yaml", &files);
    let day = Scenario {
        name: "WD-7f3a".to_owned(),
        day: date(2026, 11, 28),
        from: Some(jiff::civil::time(7, 0, 0, 0)),
        until: Some(jiff::civil::time(11, 0, 0, 0)),
        demand: vec![(ClientId(1), 1.3)],
        happens: vec![
            Happening {
                at: jiff::civil::time(8, 20, 13, 500_000_000),
                what: Happens::Fault(FaultId(7)),
                target: Some(Target::Replicas(ServiceId(0), Replicas::One(1))),
                by: Some(3.5),
                lasts_ns: Some(900_000_000_000),
                because: None,
            },
            Happening {
                at: jiff::civil::time(9, 0, 0, 0),
                what: Happens::Event(EventId(1)),
                target: None,
                by: None,
                lasts_ns: None,
                because: None,
            },
        ],
    };
    let found = Found {
        runs: 412,
        breaks_in: "9 of 10",
        returns: "once in 3 years",
    };
    let written = DayFile {
        comment: "`buying` is broken.\n\nagain: worstday run market.yaml --scenario WD-7f3a",
        model: Some("sha256-0123456789abcdef"),
        breaks: &["buying"],
        found: Some(found),
        ..file(&system, &day, "../market.yaml", 0x7f3a)
    };
    insta::assert_snapshot!(written.text().expect("a text"));
}

/// What a scenario spells out, edits and does by hand is written in its own words.
#[test]
fn what_is_done_by_hand_is_written() {
    let files = Memory::of(&[("market.yaml", MARKET)]);
    let text = "worstday: 1
scenario: by-hand
base: ../market.yaml
seed: 00007f3a
day: 2026-11-28
happens:
  - {at: 08:00, vanish: pos/any, lasts: 15m}
  - {at: 08:01, vanish: pos/any}
  - {at: 08:02:00.25, slow: till, by: uniform 2x to 4.5x, of: new, lasts: 1m}
  - {at: 08:03, errors: pos.pay, by: 12.5%}
  - {at: 08:04, hang: pos/any/worker, frees: at-end, lasts: 2m}
  - {at: 08:05, capacity: pos, to: 30%}
  - {at: 08:06, cut: \"agents <-> till\", lasts: 30s}
  - {at: 08:07, loss: \"till -> pos\", by: 3%}
  - {at: 08:08, delay: wan, by: 40ms cv 0.5}
  - {at: 08:09, stall: rooms, lasts: 1m}
  - {at: 08:10, crash: a, lasts: 1m}
  - {at: 08:11, edit: {services.pos.workers: 5, pos.pay: {fails: 1%}}, lasts: 1h}
  - {at: 08:12, demand: {shoppers: 1.5x}, lasts: 10m}
  - {at: 08:13, set: offline, lasts: 5m, because: \"it's \\\"bad\\\": {all} of it\"}
  - {at: 08:14, clear: offline}
  - {at: 08:15, shed: shoppers, by: 33.3%}
  - {at: 08:16, shed: pos.pay, by: 10%, lasts: 1m}
  - {at: 08:17, restart: pos/0}
  - {at: 08:18, drain: b}
  - {at: 08:19, repair: crash}
  - {at: 08:20, roll-back: till}
  - {at: 08:21, pause: till.rollout}
  - {at: 08:22, replay: sales}
";
    let (model, system, day) = read(&files, text);
    let written = DayFile {
        declared: None,
        spelled_out: Some(&model),
        ..file(&system, &day, "../market.yaml", 0x7f3a)
    };
    assert_eq!(written.text().as_deref(), Ok(text));
    // Without the model there are no words, and that is said.
    let without = file(&system, &day, "../market.yaml", 0x7f3a);
    let refused = without.text().expect_err("edits have no words");
    assert_eq!(refused, Unwritable::NoWords { line: 11 });
    // Left out, the second `vanish` would have another name, and draw other numbers.
    let mut less = day.clone();
    less.happens.remove(0);
    let written = DayFile {
        day: &less,
        ..written
    };
    assert!(matches!(written.text(), Err(Unwritable::NoWords { .. })));
}

/// A day is what happens on it: its name does not depend on where it lies, who found it and how.
#[test]
fn the_name_of_a_day_is_of_its_content() {
    let files = Memory::of(&[("market.yaml", MARKET)]);
    let (_, system) = load("market.yaml", &files);
    let day = Dice(3).day(&system);
    let plain = file(&system, &day, "market.yaml", 1);
    let hash = plain.hash().expect("a hash");
    assert!(hash.len() == 64 && hash.bytes().all(|b| b.is_ascii_hexdigit()));
    let renamed = Scenario {
        name: "other".to_owned(),
        ..day.clone()
    };
    let dressed = DayFile {
        comment: "a story",
        base: "elsewhere.yaml",
        breaks: &["buying"],
        day: &renamed,
        ..plain
    };
    assert_eq!(dressed.hash().as_deref(), Ok(&*hash));
    assert_eq!(hash_of(&dressed.text().expect("a text")), hash);
    for other in [
        DayFile { seed: 2, ..plain },
        DayFile {
            model: Some("sha256-00"),
            ..plain
        },
        DayFile {
            day: &Scenario {
                from: Some(Time::midnight()),
                until: None,
                ..day.clone()
            },
            ..plain
        },
    ] {
        assert_ne!(other.hash().as_deref(), Ok(&*hash));
    }
}

/// What no file says is refused and not rounded.
#[test]
fn what_cannot_be_said_is_refused() {
    let files = Memory::of(&[("market.yaml", MARKET)]);
    let (_, system) = load("market.yaml", &files);
    let fault = |name: &str| {
        let at = system
            .faults
            .iter()
            .position(|fault| fault.name == name)
            .expect(name);
        Happens::Fault(FaultId(at as u32))
    };
    let line = |what, by, target| Happening {
        at: Time::midnight(),
        what,
        target,
        by,
        lasts_ns: None,
        because: None,
    };
    let day = |happens| Scenario {
        name: "x".to_owned(),
        day: date(2026, 11, 28),
        from: None,
        until: None,
        demand: Vec::new(),
        happens,
    };
    let refused = |happens| {
        let day = day(happens);
        file(&system, &day, "market.yaml", 1)
            .text()
            .expect_err("this cannot be said")
    };
    for (what, by) in [
        (fault("crash"), 2.0),
        (fault("delay"), 1.5),
        (fault("slow"), -1.0),
        (fault("slow"), f64::NAN),
        (Happens::Demand(ClientId(0)), f64::INFINITY),
    ] {
        let found = refused(vec![line(what, Some(by), None)]);
        assert!(
            matches!(found, Unwritable::Size { line: Some(0), .. }),
            "{found}"
        );
    }
    let zone = Replicas::Zone(ZoneId(0));
    let worker = Target::Worker {
        service: ServiceId(0),
        replica: zone,
        worker: None,
    };
    let found = refused(vec![line(fault("stall"), None, Some(worker))]);
    assert_eq!(found, Unwritable::Target { line: 0 });
    let far = Scenario {
        day: date(1903, 1, 1),
        ..day(Vec::new())
    };
    let found = file(&system, &far, "market.yaml", 1).text();
    assert_eq!(found, Err(Unwritable::Date(date(1903, 1, 1))));
}
