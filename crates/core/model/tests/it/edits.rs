//! Edits, overlays, variants, includes, `--set` and scenarios, from outside.

use std::collections::BTreeMap;

use worstday_model::load::{Files, LoadOptions, Model, OverlayChoice};

/// Files in memory.
pub struct Memory(pub BTreeMap<String, String>);

impl Memory {
    pub fn of(files: &[(&str, &str)]) -> Self {
        Self(
            files
                .iter()
                .map(|(path, text)| ((*path).to_owned(), (*text).to_owned()))
                .collect(),
        )
    }
}

impl Files for Memory {
    fn read(&self, path: &str) -> Result<Vec<u8>, String> {
        self.0
            .get(path)
            .map(|text| text.clone().into_bytes())
            .ok_or_else(|| "there is no such file".to_owned())
    }

    fn list(&self, folder: &str) -> Result<Vec<String>, String> {
        let prefix = if folder == "." {
            String::new()
        } else {
            format!("{folder}/")
        };
        let mut names: Vec<String> = self
            .0
            .keys()
            .filter_map(|path| {
                path.strip_prefix(&prefix)?
                    .split('/')
                    .next()
                    .map(str::to_owned)
            })
            .collect();
        names.dedup();
        Ok(names)
    }
}

const STORM: &str = include_str!("../language/07-storm.yaml");
const VARIANTS: &str = include_str!("../language/07-storm.variants.yaml");

fn storm() -> Memory {
    Memory::of(&[
        ("07-storm.yaml", STORM),
        ("07-storm.variants.yaml", VARIANTS),
    ])
}

pub fn load(path: &str, options: &LoadOptions, files: &Memory) -> String {
    match Model::load(path, options, files) {
        Ok(model) => model.text(),
        Err(error) => error.to_string(),
    }
}

fn set(all: &[&str]) -> LoadOptions {
    LoadOptions {
        set: all.iter().map(|&one| one.to_owned()).collect(),
        ..LoadOptions::default()
    }
}

/// The lines that differ, `-` for those of the base.
fn difference(base: &str, other: &str) -> String {
    let (base, other): (Vec<&str>, Vec<&str>) = (base.lines().collect(), other.lines().collect());
    let same = |a: usize, b: usize| base[a] == other[b];
    // Longest common subsequence, small enough to be plain.
    let mut table = vec![vec![0usize; other.len() + 1]; base.len() + 1];
    for a in (0..base.len()).rev() {
        for b in (0..other.len()).rev() {
            table[a][b] = if same(a, b) {
                table[a + 1][b + 1] + 1
            } else {
                table[a + 1][b].max(table[a][b + 1])
            };
        }
    }
    let (mut a, mut b, mut out) = (0, 0, String::new());
    while a < base.len() || b < other.len() {
        if a < base.len() && b < other.len() && same(a, b) {
            (a, b) = (a + 1, b + 1);
        } else if b == other.len() || a < base.len() && table[a + 1][b] >= table[a][b + 1] {
            out += &format!("-{}\n", base[a]);
            a += 1;
        } else {
            out += &format!("+{}\n", other[b]);
            b += 1;
        }
    }
    out
}

/// Each variant of the reference's storm is the base with exactly the lines that it names changed.
#[test]
fn variants_change_what_they_name() {
    let files = storm();
    let base = load("07-storm.yaml", &LoadOptions::default(), &files);
    let mut out = format!("=== base\n{base}");
    for variant in [
        "short-queue",
        "drop-expired",
        "lifo",
        "full-jitter",
        "budget",
        "no-retries",
        "patient",
        "twice-as-fast",
        "cancelling",
        "two-fixes",
        "a-door-in-front",
    ] {
        let options = LoadOptions {
            variant: Some(variant.to_owned()),
            ..LoadOptions::default()
        };
        let edited = load("07-storm.variants.yaml", &options, &files);
        out += &format!("\n=== {variant}\n{}", difference(&base, &edited));
        let overlay = LoadOptions {
            overlays: vec![OverlayChoice {
                path: "07-storm.variants.yaml".to_owned(),
                variant: Some(variant.to_owned()),
            }],
            ..LoadOptions::default()
        };
        assert_eq!(
            load("07-storm.yaml", &overlay, &files),
            edited,
            "an overlay asked for by name"
        );
    }
    insta::assert_snapshot!(out);
}

/// What one line on the command line does, and how it is refused.
#[test]
fn set_changes_one_line() {
    let files = storm();
    let base = load("07-storm.yaml", &LoadOptions::default(), &files);
    let mut out = String::new();
    for all in [
        &["services.server.replicas=9"][..],
        &[
            "services.server.queue={bound: 10, expired: drop}",
            "services.server.workers=2x",
        ],
        &["services.server.queue=2x", "clients.users.arrive=2x"],
        &["users -> server.get={timeout: 1s}"],
        &["server.get#work={work: 2x}"],
        &["server.get#wrok={work: 2x}"],
        &["services.sever.replicas=9"],
        &["services.server.replica=9"],
        &["services.server.replicas=9ms"],
        &[
            "services.server.replicas=2 more",
            "services.server={replicas: 3}",
        ],
        &["services.server.cores=2x"],
        &["services.server.replicas"],
        &["services.server.replicas="],
        &["services.server.replicas=[1"],
        &["users -> sever.get={timeout: 1s}"],
        &["nobody=1"],
        &["events.spike.demand.users=2x"],
    ] {
        let edited = load("07-storm.yaml", &set(all), &files);
        let shown = if edited.starts_with("error") {
            edited
        } else {
            difference(&base, &edited)
        };
        out += &format!("=== {}\n{shown}\n", all.join(" "));
    }
    insta::assert_snapshot!(out);
}

fn model(path: &str, options: &LoadOptions, files: &Memory) -> Model {
    Model::load(path, options, files).unwrap_or_else(|error| panic!("{error}"))
}

/// A preset must mean the same whether it is read as a word or as the keys that the expanded model
/// prints for it.
#[test]
fn presets_mean_what_they_print() {
    for preset in [
        "envoy",
        "istio",
        "linkerd",
        "aws-standard",
        "sre",
        "polly",
        "resilience4j",
    ] {
        let text = STORM.replace("retry: 5 retries", &format!("retry: {preset}"));
        let files = Memory::of(&[("short.yaml", &text)]);
        let short = model("short.yaml", &LoadOptions::default(), &files);
        let printed = short.text();
        assert!(!printed.contains("like:"), "{printed}");
        let files = Memory::of(&[("long.yaml", &printed)]);
        let long = model("long.yaml", &LoadOptions::default(), &files);
        let retry = |model: &Model| {
            let (system, _) = model
                .system(&files)
                .unwrap_or_else(|error| panic!("{error}"));
            system.calls[0].policy.retry.clone().expect("it retries")
        };
        assert_eq!(retry(&short), retry(&long), "{preset}");
        assert_eq!(long.text(), printed, "printing is a fixed point");
        assert_eq!(long.hash(), short.hash());
    }
}

/// Events and faults edit a running system: in force it is another system, out of force the same.
#[test]
fn edits_come_into_force_at_run_time() {
    let text = format!(
        "{STORM}\n{}",
        "x-more: nothing\n"
    )
    .replace(
        "  spike: {demand: {users: 3x}, every: 6 months, for: 10m}",
        "  spike: {edit: {services.server.workers: 2x}, every: 6 months, for: 10m}\n  \
           calm: {edit: {services.server.workers: 2 more, server.get: 50ms}, every: 1 year, for: 1h}",
    );
    let files = Memory::of(&[("storm.yaml", &text)]);
    let model = model("storm.yaml", &LoadOptions::default(), &files);
    let (system, _) = model
        .system(&files)
        .unwrap_or_else(|error| panic!("{error}"));
    let names: Vec<&str> = system.edits.iter().map(|edit| edit.name.as_str()).collect();
    assert_eq!(names, ["events.calm", "events.spike"]);
    let id = |name: &str| {
        let at = names
            .iter()
            .position(|other| *other == name)
            .expect("an edit");
        worstday_model::system::EditId(u32::try_from(at).expect("few"))
    };
    let workers = |edits: &[worstday_model::system::EditId]| {
        let edited = model
            .edited(&system, edits, &files)
            .unwrap_or_else(|error| panic!("{error}"));
        edited.services[0].workers
    };
    assert_eq!(workers(&[]), 1);
    assert_eq!(workers(&[id("events.spike")]), 2);
    assert_eq!(workers(&[id("events.spike"), id("events.calm")]), 4);
    assert_eq!(workers(&[id("events.calm"), id("events.spike")]), 6);
}

/// An edit that cannot hold is found when the file is read, not in the middle of a run.
#[test]
fn edits_are_tried_before_the_run() {
    let mut out = String::new();
    for edit in [
        "{services.server.workers: 2 fewer}",
        "{services.server.workers: fast}",
        "{services.other: {workers: 1, endpoints: {get: 1ms}}}",
        "{services.server.endpoints.put: 1ms}",
    ] {
        let text = STORM.replace(
            "{demand: {users: 3x}, every: 6 months",
            &format!("{{edit: {edit}, every: 6 months"),
        );
        let files = Memory::of(&[("storm.yaml", &text)]);
        let model = model("storm.yaml", &LoadOptions::default(), &files);
        let error = model.system(&files).expect_err(edit);
        out += &format!("{error}\n");
    }
    insta::assert_snapshot!(out);
}

/// A scenario names a day of a model: its base, what happens, and to whom.
#[test]
fn a_scenario_is_a_day() {
    let scenario = "worstday: 1\nscenario: WD-0001\nbase: 07-storm.yaml\nseed: 7f3a9c01\nday: 2026-12-11\n\
                    from: 20:10\nuntil: 21:30\ndemand: {users: 1.31x}\nhappens:\n  \
                    - {at: 20:29:40, event: spike}\n  \
                    - {at: 20:31:12.400, fault: stall, target: server/0, lasts: 41.2s}\n  \
                    - {at: 20:40, edit: {services.server.workers: 2}, lasts: 1m}\n";
    let mut files = storm();
    files.0.insert("day.yaml".to_owned(), scenario.to_owned());
    let model = model("day.yaml", &LoadOptions::default(), &files);
    let (system, _) = model
        .system(&files)
        .unwrap_or_else(|error| panic!("{error}"));
    let day = model
        .scenario_of(&system, &files)
        .unwrap_or_else(|error| panic!("{error}"))
        .expect("a day");
    insta::assert_debug_snapshot!(day);

    let wrong = scenario
        .replace("users", "usrs")
        .replace("event: spike", "event: spiky")
        .replace("target: server/0", "by: 3x, target: server/9/worker");
    files.0.insert("day.yaml".to_owned(), wrong);
    let model = Model::load("day.yaml", &LoadOptions::default(), &files).expect("it reads");
    let error = model
        .scenario_of(&system, &files)
        .expect_err("names that are not there");
    insta::assert_snapshot!(error.to_string());
}

/// A scenario spells out what the model has no name for: what breaks, what somebody does, who comes more often.
#[test]
fn a_scenario_says_what_is_done_by_hand() {
    let model_text = "worstday: 1\nsystem: shop\ntimezone: UTC\nas-of: 2026-11-23\nflags: [offline]\nzones: [a, b]\nclients:\n  \
                 users: {arrive: 5/s, do: front.page}\n  staff: {population: 5, think: 1s, do: front.page}\nservices:\n  \
                 front: {replicas: 2, spread: zones, workers: 4, endpoints: {page: [{choose: [{if: offline, do: [{answer: degraded}]}, {chance: rest, do: [{call: back.load}]}]}]}}\n  \
                 back: {workers: 2, endpoints: {load: 10ms}}\nfaults:\n  vanish-back: {vanish: back, every: 1 year, lasts: 5m}\n";
    let day = |lines: &str| {
        format!(
            "worstday: 1\nscenario: WD-0001\nbase: shop.yaml\nday: 2026-12-11\nfrom: 10:00\nuntil: 10:30\nhappens:\n{lines}"
        )
    };
    let read = |lines: &str| {
        let text = day(lines);
        let files = Memory::of(&[("shop.yaml", model_text), ("day.yaml", &text)]);
        let model = model("day.yaml", &LoadOptions::default(), &files);
        let (system, _) = model.system(&files)?;
        let day = model.scenario_of(&system, &files)?;
        Ok::<_, worstday_model::load::LoadError>((system, day.expect("a day")))
    };
    let right = "  - {at: 10:01, vanish: back, lasts: 2m}\n  \
                 - {at: 10:02, set: offline, lasts: 3m, because: the line is long}\n  \
                 - {at: 10:03, slow: back, by: 3x, lasts: 1m}\n  \
                 - {at: 10:04, edit: {services.back.workers: 4}}\n  \
                 - {at: 10:05, demand: {users: 2x}, lasts: 5m}\n  \
                 - {at: 10:06, cut: front -> back, lasts: 10s}\n  \
                 - {at: 10:07, shed: users, by: 30%, lasts: 1m}\n  \
                 - {at: 10:08, restart: back}\n  \
                 - {at: 10:09, repair: vanish-back}\n  \
                 - {at: 10:10, drain: a}\n  \
                 - {at: 10:11, vanish: back}\n";
    let (system, lived) = read(right).unwrap_or_else(|error| panic!("{error}"));
    let names: Vec<&str> = system
        .faults
        .iter()
        .map(|fault| fault.name.as_str())
        .collect();
    let texts: Vec<&str> = system.by_hand.iter().map(|act| act.text.as_str()).collect();
    insta::assert_debug_snapshot!((names, texts, lived.happens));

    let mut out = String::new();
    for wrong in [
        "  - {at: 10:01, vanish: bck}\n",
        "  - {at: 10:01, slow: back}\n",
        "  - {at: 10:01, set: ofline}\n",
        "  - {at: 10:01, vanish: back, set: offline}\n",
        "  - {at: 10:01, restart: back, lasts: 5m}\n",
        "  - {at: 10:01, crash: back, because: it is old}\n",
        "  - {at: 10:01, demand: {usrs: 2x}}\n",
        "  - {at: 10:01, demand: {staff: 2x}}\n",
        "  - {at: 10:01, shed: back, by: 200%}\n",
        "  - {at: 10:01, flush: back}\n",
        "  - {at: 10:01, replay: back}\n",
        "  - {at: 10:01, roll-back: back}\n",
    ] {
        let text = day(wrong);
        let files = Memory::of(&[("shop.yaml", model_text), ("day.yaml", &text)]);
        let error = Model::load("day.yaml", &LoadOptions::default(), &files)
            .and_then(|model| {
                let (system, _) = model.system(&files)?;
                model.scenario_of(&system, &files)
            })
            .expect_err(wrong);
        out += &format!("{error}\n");
    }
    insta::assert_snapshot!(out);
}

/// Included files add names, defined once; their defaults hold for themselves alone.
#[test]
fn includes_add_names() {
    let main = "worstday: 1\nsystem: shop\ninclude: [teams/*.yaml]\nclients:\n  users: {arrive: 1/s, do: front.page}\n";
    let front = "worstday: 1\ndefaults: {services: {workers: 8}, calls: {timeout: 1s}}\nservices:\n  \
                 front: {endpoints: {page: [{call: back.load}]}}\n";
    let back = "worstday: 1\nservices:\n  back: {workers: 2, endpoints: {load: 10ms}}\n";
    let files = Memory::of(&[
        ("shop.yaml", main),
        ("teams/a.yaml", front),
        ("teams/b.yaml", back),
    ]);
    let mut out = load("shop.yaml", &LoadOptions::default(), &files);
    let clash = Memory::of(&[
        ("shop.yaml", main),
        ("teams/a.yaml", front),
        ("teams/b.yaml", back),
        ("teams/c.yaml", "worstday: 1\nsystem: x\n"),
        (
            "teams/d.yaml",
            "worstday: 2\ninclude: [x]\nservices: {back: {workers: 1}}\n",
        ),
    ]);
    out += &load("shop.yaml", &LoadOptions::default(), &clash);
    let none = Memory::of(&[("shop.yaml", main)]);
    out += &load("shop.yaml", &LoadOptions::default(), &none);
    insta::assert_snapshot!(out);
}

/// How overlays go wrong, and how that reads.
#[test]
fn overlays_that_do_not_fit_are_refused() {
    let mut out = String::new();
    for overlay in [
        "base: 07-stork.yaml",
        "base: o.yaml",
        "edit: {services.server.queue: 1}",
        "base: 07-storm.yaml\nedit: {services.server.queue: 1, services.server.queue.bound: 2}",
        "base: 07-storm.yaml\nedit: {services.server.queue: 1, services.server.queue.expired: drop}",
        "base: 07-storm.yaml\nremove: [events.spikes, users -> server.get]\ninsert: [{below: users -> server.get, steps: [{wait: 1s}]}]",
        "base: 07-storm.yaml\ninsert: [{steps: [{wait: 1s}]}, {at: start of server.get, steps: [{wit: 1s}]}]",
        "base: 07-storm.yaml\nedit: {services.server.endpoints.get: 2x, users: {patience: 2x}}",
        "base: 07-storm.yaml\nedits: {}\nvariants: {a: {like: [b]}}",
        "base: 07-storm.yaml\nedit: {users -> server.get: {call: server.get, breaker: {failures: 50%}}}",
    ] {
        let mut files = storm();
        files.0.insert(
            "o.yaml".to_owned(),
            format!("worstday: 1\noverlay: o\n{overlay}\n"),
        );
        let shown = load("o.yaml", &LoadOptions::default(), &files);
        out += &format!("=== {overlay}\n{shown}\n");
    }
    insta::assert_snapshot!(out);
}
