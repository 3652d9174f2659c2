//! Systems: names, layers, defaults and ranges are resolved as the language says, and mistakes are told
//! where they stand.

use std::path::PathBuf;
use std::sync::Arc;

use worstday_model::diagnostic::{Diagnostics, Severity};
use worstday_model::load::{self, Files, LoadOptions};
use worstday_model::resolve::FINDINGS;
use worstday_model::source::SourceMap;
use worstday_model::system::*;

struct Outcome {
    system: Option<System>,
    found: Diagnostics,
    sources: Arc<SourceMap>,
}

/// Files in memory.
struct Memory<'a>(&'a [(&'a str, &'a str)]);

impl Files for Memory<'_> {
    fn read(&self, path: &str) -> Result<Vec<u8>, String> {
        let file = self.0.iter().find(|(name, _)| *name == path);
        file.map(|(_, text)| text.as_bytes().to_vec())
            .ok_or_else(|| "there is no such file".to_owned())
    }

    fn list(&self, _: &str) -> Result<Vec<String>, String> {
        Ok(self.0.iter().map(|(name, _)| (*name).to_owned()).collect())
    }
}

/// Files on disk, below a folder.
struct Disk(PathBuf);

impl Files for Disk {
    fn read(&self, path: &str) -> Result<Vec<u8>, String> {
        std::fs::read(self.0.join(path)).map_err(|error| error.to_string())
    }

    fn list(&self, folder: &str) -> Result<Vec<String>, String> {
        let entries = std::fs::read_dir(self.0.join(folder)).map_err(|error| error.to_string())?;
        let names = entries.filter_map(|entry| entry.ok()?.file_name().into_string().ok());
        Ok(names.collect())
    }
}

/// Loads and resolves a file.
fn outcome(path: &str, options: &LoadOptions, files: &dyn Files) -> Outcome {
    let model = match load::Model::load(path, options, files) {
        Ok(model) => model,
        Err(error) => {
            return Outcome {
                system: None,
                found: error.found,
                sources: error.sources,
            };
        }
    };
    let sources = Arc::clone(model.sources());
    match model.system(files) {
        Ok((system, found)) => Outcome {
            system: Some(system),
            found,
            sources,
        },
        Err(error) => Outcome {
            system: None,
            found: error.found,
            sources,
        },
    }
}

/// Resolves a model, with the files that it names.
fn resolved(text: &str, files: &[(&str, &str)]) -> Outcome {
    let mut all = vec![("system.yaml", text)];
    all.extend(files);
    outcome("system.yaml", &LoadOptions::default(), &Memory(&all))
}

/// A system that is right.
fn right(text: &str) -> System {
    let outcome = resolved(text, &[]);
    outcome
        .system
        .unwrap_or_else(|| panic!("{}", outcome.found.render(&outcome.sources)))
}

/// A small system that is right, with `extra` sections behind it.
fn base(extra: &str) -> String {
    format!(
        "worstday: 1
system: small
clients:
  users: {{arrive: 5/s, do: web.page}}
services:
  web: {{workers: 4, endpoints: {{page: [{{call: back.load, timeout: 1s}}]}}}}
  back: {{workers: 2, endpoints: {{load: 10ms, other: 1ms}}}}
{extra}"
    )
}

/// What is said about `text`, and what is underlined.
fn mistakes(text: &str) -> Vec<(String, String)> {
    let outcome = resolved(text, &[]);
    assert!(outcome.system.is_none(), "nothing is wrong with\n{text}");
    outcome
        .found
        .sorted()
        .iter()
        .filter(|diagnostic| diagnostic.severity == Severity::Error)
        .map(|diagnostic| {
            let hint = diagnostic.hint.clone().unwrap_or_default();
            (
                outcome.sources.text(diagnostic.at).to_owned(),
                format!("{} | {hint}", diagnostic.message),
            )
        })
        .collect()
}

/// One mistake, where it is underlined, and a part of what is said.
fn mistake(text: &str, at: &str, says: &str) {
    let found = mistakes(text);
    assert!(
        found
            .iter()
            .any(|(place, message)| place == at && message.contains(says)),
        "{at:?} with {says:?} is not among {found:#?}\n{text}"
    );
    assert_eq!(
        found.len(),
        1,
        "one mistake makes one error: {found:#?}\n{text}"
    );
}

fn findings(text: &str) -> Vec<(&'static str, String)> {
    let outcome = resolved(text, &[]);
    assert!(
        outcome.system.is_some(),
        "{}",
        outcome.found.render(&outcome.sources)
    );
    let sorted = outcome.found.sorted();
    sorted
        .iter()
        .map(|finding| {
            (
                finding.code.unwrap(),
                outcome.sources.text(finding.at).to_owned(),
            )
        })
        .collect()
}

/// The systems that come with the tool, and the example that everybody knows: all of them mean something, and so does
/// every variant.
#[test]
fn the_systems_of_the_tool_resolve() {
    let crates = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    let systems = crates.join("../../../systems");
    let mut read = 0;
    for (folder, only) in [
        (systems.clone(), ""),
        (systems.join("theory"), ""),
        (crates.join("tests/language"), "07-storm"),
    ] {
        let files = Disk(folder);
        let mut names = files.list("").expect("a folder");
        names.retain(|name| name.ends_with(".yaml") && name.starts_with(only));
        names.sort();
        for name in names {
            let text = String::from_utf8(files.read(&name).expect("a file")).expect("text");
            // The variants of an overlay are the keys two blanks in.
            let variants: Vec<String> = text
                .split_once("\nvariants:\n")
                .into_iter()
                .flat_map(|(_, variants)| variants.lines())
                .filter(|line| {
                    line.starts_with("  ") && !line.starts_with("   ") && !line.starts_with("  #")
                })
                .filter_map(|line| Some(line.trim().split_once(':')?.0.to_owned()))
                .collect();
            let choices = variants.into_iter().map(Some).chain([None]);
            for variant in choices {
                let options = LoadOptions {
                    variant: variant.clone(),
                    ..LoadOptions::default()
                };
                let outcome = outcome(&name, &options, &files);
                let said = outcome.found.render(&outcome.sources);
                assert!(outcome.system.is_some(), "{name} {variant:?}\n{said}");
                read += 1;
            }
        }
    }
    assert!(read >= 60, "only {read} systems were found");
}

/// A name that means nothing says what may have been meant, where it stands.
#[test]
fn unknown_names_are_told_with_the_nearest() {
    let call = |target: &str| base("").replace("back.load", target);
    mistake(&call("bakc.load"), "bakc.load", "did you mean `back`?");
    mistake(&call("back.laod"), "back.laod", "did you mean `load`?");
    mistake(
        &call("users.page"),
        "users.page",
        "`users` is a client, and a service is wanted",
    );
    mistake(
        &call("back.load.deep"),
        "back.load.deep",
        "an endpoint is `service.endpoint`",
    );
    mistake(
        &call("back/3.load"),
        "back/3.load",
        "it has 1 replica, counted from 0",
    );
    mistake(&call("back/b.load"), "back/b.load", "`b` is no zone");
    mistake(&call("back/shard-1.load"), "back/shard-1.load", "no shards");
    mistake(
        &base("").replace("do: web.page", "do: web"),
        "web",
        "a client has no blocks",
    );
    mistake(
        &base("").replace("[{call: back.load, timeout: 1s}]", "{do: helper}"),
        "helper",
        "has no block",
    );
    let with = |what: &str| base("").replace("timeout: 1s", what);
    mistake(&with("pool: sql"), "sql", "a pool of the caller");
    mistake(&with("policy: fast"), "fast", "there is no policy");
    mistake(
        &with("balance: hash users"),
        "hash users",
        "a key space is wanted",
    );
    mistake(&with("priority: bulk"), "bulk", "none of the `priorities`");
    mistake(
        &base("faults: {f: {crash: wbe, lasts: 1m, every: 1 year}}"),
        "wbe",
        "did you mean `web`?",
    );
    mistake(
        &base("faults: {f: {cut: web <-> bakc, lasts: 1m, every: 1 year}}"),
        "web <-> bakc",
        "did you mean `back`?",
    );
    mistake(
        &base("faults: {f: {slow: web.pge, by: 2x, lasts: 1m, every: 1 year}}"),
        "web.pge",
        "did you mean `page`?",
    );
    mistake(
        &base("faults: {f: {crash: web, lasts: until sale, every: 1 year}}"),
        "until sale",
        "an event is wanted",
    );
    mistake(
        &base("faults: {f: {together: [a, b]}, a: {crash: web, lasts: 1m, every: 1 year}}"),
        "b",
        "a fault is wanted",
    );
    mistake(
        &base("events: {e: {when: every day at 09:00 for 5m, demand: {user: 2x}}}"),
        "user",
        "did you mean `users`?",
    );
    mistake(
        &base("links: {l: {from: web, to: bakc, delay: 1ms}}"),
        "bakc",
        "did you mean `back`?",
    );
    mistake(
        &base("promises: {p: {for: usres, must: [lost < 1%]}}"),
        "usres",
        "did you mean `users`?",
    );
    mistake(
        &base("promises: {p: {for: web.pag, must: [lost < 1%]}}"),
        "web.pag",
        "did you mean `page`?",
    );
    mistake(
        &base("promises: {p: {for: back -> web.page, must: [lost < 1%]}}"),
        "back -> web.page",
        "nobody makes the call",
    );
    mistake(
        &base("promises: {p: {for: users, must: [lost < 1%], survives: [sale]}}"),
        "sale",
        "a fault or an event is wanted",
    );
    mistake(
        &base("timezone: Europe/Zuerich"),
        "Europe/Zuerich",
        "did you mean `Europe/Zurich`?",
    );
}

/// All mistakes are told in one go.
#[test]
fn mistakes_are_told_together() {
    let found = mistakes(&base(
        "faults: {f: {crash: wbe, lasts: 1m, every: 1 year}}\npromises: {p: {for: usres, must: [lost < 1%]}}",
    ));
    assert_eq!(found.len(), 2, "{found:#?}");
}

/// One name, one thing; and no name that an address could be read as something else by.
#[test]
fn names_are_unambiguous() {
    mistake(
        &base("faults: {web: {crash: back, lasts: 1m, every: 1 year}}"),
        "web",
        "both a service and a fault",
    );
    mistake(
        &base("")
            .replace("web: {workers", "queues: {workers")
            .replace("web.page", "queues.page")
            .replace("queues", "pools"),
        "pools",
        "that is a section of the file",
    );
    mistake(
        &base("").replace("other: 1ms", "queue: 1ms"),
        "queue",
        "that is a metric",
    );
    mistake(
        &base("").replace("other: 1ms}}", "other: 1ms}, pools: {other: {size: 1}}}"),
        "other",
        "a pool and an endpoint",
    );
    mistake(&base("priorities: [a, b, a]"), "a", "listed twice");
}

/// A request that always makes itself again has no end; one that does so by chance has.
#[test]
fn endless_calls_are_refused() {
    let circle = base("").replace(
        "load: 10ms",
        "load: [{work: 10ms}, {call: web.page, timeout: 1s}]",
    );
    mistake(&circle, "back.load", "these calls never end: ");
    right(&circle.replace(
        "{call: web.page, timeout: 1s}",
        "{call: web.page, timeout: 1s, chance: 20%}",
    ));
    let itself = base("").replace("load: 10ms", "load: [{call: back.load, timeout: 1s}]");
    mistake(&itself, "back.load", "back.load -> back.load");
    let block = base("").replace(
        "endpoints: {load: 10ms",
        "blocks: {again: [{do: again}]}, endpoints: {load: [{do: again}]",
    );
    mistake(&block, "again", "does itself again");
}

/// Chances of branches are shares of one whole.
#[test]
fn chances_add_up() {
    let choose = |branches: &str| {
        base("").replace("load: 10ms", &format!("load: [{{choose: [{branches}]}}]"))
    };
    let says = |branches: &str, what: &str| {
        let found = mistakes(&choose(branches));
        assert!(
            found.len() == 1 && found[0].1.contains(what),
            "{branches}: {found:#?}"
        );
    };
    says(
        "{chance: 70%, do: [{work: 1ms}]}, {chance: 40%, do: [{work: 2ms}]}",
        "add up to 110%",
    );
    says(
        "{chance: 70%, do: [{work: 1ms}]}, {chance: 20%, do: [{work: 2ms}]}",
        "add up to 90% only",
    );
    says(
        "{chance: rest, do: [{work: 1ms}]}, {chance: rest, do: [{work: 2ms}]}",
        "cannot both be the rest",
    );
    says("{do: [{work: 1ms}]}", "neither `chance` nor `if`");
    let three = right(&choose(
        "{chance: 33.3%, do: [{work: 1ms}]}, {chance: 33.3%, do: [{work: 1ms}]}, {chance: rest, do: [{work: 2ms}]}",
    ));
    let Verb::Choose(branches) = &endpoint(&three, "back.load").steps[0].verb else {
        panic!("a choice")
    };
    assert!((branches.iter().map(|branch| branch.chance).sum::<f64>() - 1.0).abs() < 1e-12);
    mistake(
        &base("").replace("load: 10ms", "load: [{work: 1ms, chance: rest}]"),
        "rest",
        "other branches",
    );
    let valued = base("").replace("do: web.page}", "do: web.page, value: 31 USD}");
    let by_value = valued.replace("load: 10ms", "load: [{choose: [{if: value <= 50 USD, do: [{work: 1ms}]}, {chance: rest, do: [{work: 2ms}]}]}, {work: 1ms, unless: value > 50 USD}]");
    let by_value = right(&by_value);
    let steps = &endpoint(&by_value, "back.load").steps;
    let Verb::Choose(branches) = &steps[0].verb else {
        panic!("a choice")
    };
    assert_eq!(
        branches[0].condition,
        Some(Guard::Value(ValueTest {
            op: Compare::AtMost,
            value: 50.0
        }))
    );
    assert_eq!((branches[0].chance, branches[1].chance), (0.0, 1.0));
    assert_eq!(
        steps[1].condition,
        Some(Guard::Value(ValueTest {
            op: Compare::AtMost,
            value: 50.0
        }))
    );
}

/// What cannot be is refused, where it stands.
#[test]
fn impossible_values_are_refused() {
    let service = |what: &str| base("").replace("back: {workers: 2", &format!("back: {{{what}"));
    mistake(
        &service("replicas: 2"),
        "back",
        "neither `workers` nor `cores`",
    );
    mistake(&service("workers: none"), "none", "serves nobody");
    mistake(&service("workers: 2, replicas: 0"), "0", "no replicas");
    mistake(
        &service("workers: 2, cores: {request: 2, limit: 1}"),
        "1",
        "below the request",
    );
    mistake(&service("workers: 2, zone: a"), "a", "a zone is wanted");
    mistake(
        &service("workers: 2, spread: zones"),
        "zones",
        "no zones in this system",
    );
    mistake(
        &service("workers: 2, balance: {by: random, panic: 120%}"),
        "120%",
        "more than all of it",
    );
    mistake(
        &service("workers: 2, pools: {p: {wait: 1s}}"),
        "{wait: 1s}",
        "has no `size`",
    );
    mistake(
        &service("workers: 2, probes: {ready: {calls: laod}}"),
        "laod",
        "did you mean `load`?",
    );
    let call = |what: &str| base("").replace("timeout: 1s", what);
    mistake(
        &call("timeout: 1s, retry: {backoff: 1s}"),
        "{backoff: 1s}",
        "does not say how often",
    );
    let side_by_side = mistakes(&call(
        "timeout: 1s, retry: 2 attempts, hedge: {after: 20ms}",
    ));
    assert!(
        side_by_side[0].1.contains("exclude each other"),
        "{side_by_side:#?}"
    );
    mistake(
        &base("").replace(
            "load: 10ms",
            "load: [{parallel: [{work: 1ms}, {work: 1ms}], need: 3}]",
        ),
        "3",
        "3 of 2 branches",
    );
    mistake(
        &base("").replace(
            "load: 10ms",
            "load: [{work: 1ms, name: a}, {wait: 1ms, name: a}]",
        ),
        "a",
        "two steps called",
    );
    mistake(
        &base("").replace("load: 10ms", "load: {do: [{work: 1ms}], fails: 130%}"),
        "130%",
        "more than all of it",
    );
    let arrive = |what: &str| base("").replace("arrive: 5/s", &format!("arrive: {{{what}}}"));
    mistake(
        &arrive("base: 5/s, peaks: [2/s at 09:00 width 1h]"),
        "2/s at 09:00 width 1h",
        "below the base",
    );
    mistake(
        &arrive("with: sale, visits: 20, over: 10m"),
        "sale",
        "an event is wanted",
    );
    mistake(
        &base("").replace("do: web.page}", "do: web.page, value: 31 USD/month}"),
        "31 USD/month",
        "paid over time",
    );
    let two = base("")
        .replace("do: web.page}", "do: web.page, value: 31 USD}")
        .replace("load: 10ms", "load: [{work: 1ms, if: value > 3 EUR}]");
    mistake(&two, "value > 3 EUR", "other amounts are in USD");
    mistake(
        &base("keys: {k: {count: 10, hot: 3}}"),
        "3",
        "have a `share` each",
    );
    mistake(
        &base("keys: {k: {count: 10, hot: 30, share: 1%}}"),
        "30",
        "too many",
    );
    mistake(
        &base("links: {within-zone: {from: web, delay: 0s}}"),
        "web",
        "has no ends",
    );
    mistake(
        &base("links: {l: {from: web, to: back, delay: 1ms, queue: 4k}}"),
        "4k",
        "without a `capacity`",
    );
}

/// The engine can draw from every distribution that gets past the reader.
#[test]
fn what_cannot_be_drawn_is_refused() {
    let repeat = |times: &str| {
        base("").replace(
            "load: 10ms",
            &format!("load: [{{repeat: {times}, do: [{{work: 1ms}}]}}]"),
        )
    };
    let beyond = "uniform 1 to 100000000G";
    mistake(&repeat(beyond), beyond, "whole numbers below 2^53");
    right(&repeat("uniform 1 to 3"));
    let certain = "p99.99999999999999999 40ms";
    let text = base("").replace("load: 10ms", &format!("load: p50 4ms {certain}"));
    mistake(&text, certain, "between 0 and 100");
}

/// A mark names a source of the file.
#[test]
fn marks_name_sources() {
    let text = base("sources: {traces: {requests: 412k}}");
    mistake(
        &text.replace("workers: 2", "workers: 2 @trases"),
        "2 @trases",
        "did you mean `traces`?",
    );
    right(&text.replace("workers: 2", "workers: 2 @traces"));
}

/// Faults and events say what they hit, how often and for how long.
#[test]
fn faults_and_events_are_checked() {
    let fault = |what: &str| base(&format!("faults: {{f: {{{what}}}}}"));
    mistake(
        &fault("crash: web, every: 1 year"),
        "f",
        "how long it lasts",
    );
    mistake(
        &fault("crash: web.page, lasts: 1m, every: 1 year"),
        "web.page",
        "cannot hit",
    );
    mistake(
        &fault("cut: web, lasts: 1m, every: 1 year"),
        "web",
        "cannot hit",
    );
    mistake(
        &fault("errors: web <-> back, by: 30%, lasts: 1m, every: 1 year"),
        "web <-> back",
        "cannot hit",
    );
    mistake(
        &fault("crash: any, lasts: 1m, every: 1 year"),
        "any",
        "does not say what is hit",
    );
    mistake(
        &fault("crash: any zone, lasts: 1m, every: 1 year"),
        "any zone",
        "no zones",
    );
    mistake(
        &fault("crash: web/4, lasts: 1m, every: 1 year"),
        "web/4",
        "it has 1 replica",
    );
    mistake(
        &fault("crash: web/any/worker-9, lasts: 1m, every: 1 year"),
        "web/any/worker-9",
        "a replica has 4",
    );
    mistake(
        &fault("crash: web, lasts: 1m, every: 1 year per replica"),
        "1 year per replica",
        "per replica",
    );
    mistake(
        &fault("errors: web, by: 130%, lasts: 1m, every: 1 year"),
        "130%",
        "more than all of it",
    );
    mistake(
        &fault("crash: web, lasts: 1m, chance: 10%"),
        "10%",
        "at each occurrence of an event",
    );
    mistake(&base("events: {e: {for: 10m}}"), "e", "when it happens");
    mistake(
        &base("events: {e: {every: 1 year, demand: {users: 2x}}}"),
        "e",
        "never holds",
    );
    mistake(
        &base("events: {e: {when: every day at 09:00, demand: {users: 2x}}}"),
        "e",
        "never holds",
    );
    mistake(
        &base("faults: {a: {together: [a, b]}, b: {crash: web, lasts: 1m, every: 1 year}}"),
        "a",
        "together with itself",
    );
    let system = right(&base(
        "events: {sale: {when: every day at 09:00 for 1h}}
pools: {}
faults:
  gone: {vanish: web, lasts: 1m cv 1, every: 2 months, during: sale}
  coin: {edit: {services.web.workers: 2}, lasts: 1m, during: sale, chance: 5%}
  dated: {stall: web, lasts: 5s, when: every day at 00:05}
  dies: {crash: any/any, lasts: 1m, every: 1 year per replica}
  net: {cut: web <-> back, lasts: 1m, every: 1 year}
  worker: {crash: web/0/worker-1, lasts: until sale}
  zero: {loss: within-zone, by: uniform 0.5% to 5%, lasts: 1m, every: 1 year}",
    ));
    let named = |name: &str| {
        system
            .faults
            .iter()
            .find(|fault| fault.name == name)
            .expect("declared")
    };
    assert!(matches!(
        named("gone").when,
        FaultWhen::Every {
            mean_ns: 5_259_600e9,
            during: Some(EventId(0)),
            ..
        }
    ));
    assert!(matches!(
        named("gone").lasts,
        Lasts::Time(Dist::LogNormal {
            mean: 60e9,
            cv: 1.0
        })
    ));
    assert!(matches!(
        named("coin").when,
        FaultWhen::Chance { chance: 0.05, .. }
    ));
    assert!(matches!(named("coin").kind, FaultKind::Edit(EditId(0))));
    assert_eq!(system.edits[0].name, "faults.coin");
    assert!(matches!(named("dated").when, FaultWhen::Dated(_)));
    assert!(matches!(
        named("dies").kind,
        FaultKind::Crash(Target::AnyReplica)
    ));
    assert!(matches!(
        named("net").kind,
        FaultKind::Cut(Target::Path {
            both: Both::Yes,
            ..
        })
    ));
    assert!(matches!(named("worker").when, FaultWhen::Possible));
    assert!(matches!(
        named("worker").kind,
        FaultKind::Crash(Target::Worker {
            replica: Replicas::One(0),
            worker: Some(1),
            ..
        })
    ));
    assert!(matches!(
        named("zero").kind,
        FaultKind::Loss {
            target: Target::Link(_),
            ..
        }
    ));
}

/// A promise is for something that somebody uses, and says what can be measured of it.
#[test]
fn promises_are_checked() {
    let promise = |what: &str| base(&format!("promises: {{p: {{{what}}}}}"));
    mistake(
        &promise("for: back.other, must: [lost < 1%]"),
        "back.other",
        "no client reaches",
    );
    mistake(
        &promise("for: users, must: []"),
        "{for: users, must: []}",
        "promises nothing",
    );
    mistake(
        &promise("for: users, must: [web.lost < 1%]"),
        "web.lost < 1%",
        "that of its `for`",
    );
    mistake(
        &promise("for: users, must: [lost < 1% for 5m]"),
        "lost < 1% for 5m",
        "belong to alerts",
    );
    mistake(
        &promise("for: users, must: [queue < 5]"),
        "queue < 5",
        "measured of a service",
    );
    mistake(
        &promise("for: web, must: [attempts < 2x]"),
        "attempts < 2x",
        "made by callers",
    );
    mistake(
        &promise("for: users, must: [lost < 130%]"),
        "lost < 130%",
        "at most 100%",
    );
    mistake(
        &promise("for: users, must: [lost < 1%], survives: [any one rollout]"),
        "any one rollout",
        "there is no rollout",
    );
    let system = right(&promise("for: users, must: [p(95)<500, recovers]"));
    let [k6, ever] = &system.promises[0].must[..] else {
        panic!("two conditions")
    };
    assert_eq!((k6.text.as_str(), k6.value), ("p95 < 500ms", 500e6));
    assert_eq!(k6.over_ns, 300_000_000_000);
    assert_eq!(
        (ever.text.as_str(), ever.metric),
        ("recovers", Metric::Recovers)
    );
    assert_eq!((ever.op, ever.value), (Compare::Less, Condition::EVER));
    let worth = |what: &str| promise(what).replace("do: web.page", "do: web.page, value: 31 USD");
    let system = right(&worth(
        "for: users, must: [lost-value < 500 USD, lost-value <= 2k USD over 7d]",
    ));
    let [day, week] = &system.promises[0].must[..] else {
        panic!("two conditions")
    };
    let day_ns = 86_400_000_000_000;
    assert_eq!(
        (day.metric, day.value, day.over_ns),
        (Metric::MoneyLost, 500.0, day_ns)
    );
    assert_eq!(
        (week.op, week.value, week.over_ns),
        (Compare::AtMost, 2000.0, 7 * day_ns)
    );
    let text = "lost-value < 500 USD";
    mistake(
        &promise("for: users, must: [lost-value < 500 USD]"),
        text,
        "nobody says what a visit of `users` is worth",
    );
    mistake(
        &worth("for: web, must: [lost-value < 500 USD]"),
        text,
        "only visits of a client",
    );
    mistake(
        &worth("for: users, must: [lost-value < 500 EUR]"),
        "lost-value < 500 EUR",
        "in EUR, and other amounts are in USD",
    );
    mistake(
        &worth("for: users, must: [lost-value < 500 USD/day]"),
        "lost-value < 500 USD/day",
        "paid over time",
    );
    mistake(
        &worth("for: users, must: [lost-value of answered < 500 USD]"),
        "lost-value of answered < 500 USD",
        "only response times",
    );
    mistake(
        &worth("for: users, must: [lost < 1%]").replace(
            "promises:",
            "alerts: {dear: {if: users.lost-value > 5 USD}}\npromises:",
        ),
        "users.lost-value > 5 USD",
        "nothing to look out for",
    );
    mistake(
        &promise("for: users, must: [web.recovers]"),
        "web.recovers",
        "that of its `for`",
    );
    mistake(
        &promise("for: users, must: [drains]"),
        "drains",
        "a comparison",
    );
    let system = right(&promise(
        "for: [users, web, web.page, web -> back.load], must: [p99 < 4s over 10m, p50 of answered < 1s, lost <= 1%, recovers < 5m], survives: [1 in 2 years, any one replica and 1.3x peak]",
    ));
    let promise = &system.promises[0];
    assert_eq!(promise.subjects.len(), 4);
    assert_eq!(promise.must[0].metric, Metric::Percentile(0.99));
    assert_eq!(
        (promise.must[0].value, promise.must[0].over_ns),
        (4e9, 600_000_000_000)
    );
    assert_eq!(promise.must[1].of_answered, OfAnswered::Yes);
    assert_eq!(
        (
            promise.must[2].op,
            promise.must[2].value,
            promise.must[2].over_ns
        ),
        (Compare::AtMost, 0.01, 300_000_000_000)
    );
    assert_eq!(promise.must[3].metric, Metric::Recovers);
    let texts: Vec<&str> = promise.survives.iter().map(|s| s.text.as_str()).collect();
    assert_eq!(texts, ["1 in 2 years", "any one replica and 1.3x peak"]);
    assert_eq!((promise.at_least, promise.at_risk), (100, 0.05));
}

/// The days of a promise are typed, so that no one reads their words again: each part by its id, as many as said.
#[test]
fn days_to_survive_are_resolved() {
    let sections = |survives: &str| {
        base(&format!(
            "zones: [a, b]
faults:
  drop: {{crash: back, every: 1 year, lasts: 1m}}
  stop: {{crash: web, every: 1 year, lasts: 1m}}
events: {{sale: {{every: 3 months, for: 1h, demand: {{users: 2x}}}}}}
promises:
  p: {{for: users, must: [lost < 1%], survives: {survives}}}"
        ))
    };
    let system = right(&sections(
        "[a normal day, 1 in 1 year, any two zones and 1.5x peak, stop and sale, any replica, any two faults]",
    ));
    let survives = &system.promises[0].survives;
    let says: Vec<&Claim> = survives.iter().map(|survive| &survive.what).collect();
    let (stop, sale) = (FaultId(1), EventId(0));
    assert_eq!(system.faults[stop.index()].name, "stop");
    assert_eq!(
        says,
        [
            &Claim::NormalDay,
            &Claim::OnceIn {
                ns: 31_557_600_000_000_000
            },
            &Claim::Together(vec![Part::AnyZone { count: 2 }, Part::Peak(1.5)]),
            &Claim::Together(vec![Part::Fault(stop), Part::Event(sale)]),
            &Claim::Together(vec![Part::AnyReplica { count: 1 }]),
            &Claim::Together(vec![Part::AnyFault { count: 2 }]),
        ]
    );
    let places: Vec<_> = (survives.iter().map(|s| (s.place.line, s.text.as_str()))).collect();
    assert_eq!(places[2], (14, "any two zones and 1.5x peak"));
    assert!(
        survives
            .windows(2)
            .all(|two| two[0].place.column < two[1].place.column)
    );

    mistake(
        &sections("[any three zones]"),
        "any three zones",
        "only 2 zones",
    );
    mistake(
        &sections("[any three replicas]"),
        "any three replicas",
        "only 2 replicas",
    );
    mistake(&sections("[0x peak]"), "0x peak", "no demand");

    // A rollout can be survived where there is one; nothing said is a normal day.
    let rolling = "worstday: 1
system: small
clients: {users: {arrive: 5/s, do: web.page}}
services: {web: {workers: 4, rollout: {when: every day at 10:00}, endpoints: {page: 1ms}}}
promises:
  p: {for: users, must: [lost < 1%], survives: [any one rollout]}
  q: {for: users, must: [lost < 1%]}";
    let system = right(rolling);
    let rollout = Claim::Together(vec![Part::AnyRollout { count: 1 }]);
    assert_eq!(system.promises[0].survives[0].what, rollout);
    let quiet = &system.promises[1].survives[0];
    assert_eq!((&quiet.what, quiet.place.line), (&Claim::NormalDay, 7));
    mistake(
        &rolling.replace("any one rollout", "any two rollouts"),
        "any two rollouts",
        "only one rollout",
    );
}

fn endpoint<'s>(system: &'s System, name: &str) -> &'s Endpoint {
    let (service, endpoint) = name.split_once('.').expect("service.endpoint");
    let found = system.endpoints.iter().find(|known| {
        known.name == endpoint && system.services[known.service.index()].name == service
    });
    found.unwrap_or_else(|| panic!("no {name}"))
}

fn call<'s>(system: &'s System, name: &str) -> &'s Call {
    let names: Vec<&str> = system.calls.iter().map(|call| call.name.as_str()).collect();
    system
        .calls
        .iter()
        .find(|call| call.name == name)
        .unwrap_or_else(|| panic!("no {name} among {names:?}"))
}

/// Nearest wins, key by key, and one key never comes from two places.
#[test]
fn policies_are_layered_key_by_key() {
    let system = right(
        "worstday: 1
system: layers
policies:
  careful: {timeout: 3s, cancel: all, policy: base}
  base: {deadline: 9s, timeout: 8s}
defaults:
  calls: {timeout: 7s, retry: 5 attempts backoff 100ms, size: 4kB, deadline: 30s}
clients:
  users: {arrive: 5/s, do: [{call: web.page}, {call: web.page, timeout: 2s, name: second}], calls: {timeout: 6s}}
services:
  web:
    workers: 4
    calls: {retry: none, timeout: 5s}
    endpoints:
      page:
        do: [{call: back.load}, {call: back.load, policy: careful}, {call: back.other, timeout: none, retry: {like: envoy, attempts: 4}}]
        calls: {timeout: 4s}
  back: {workers: 2, mesh: {timeout: 900ms, retry: 2 retries}, endpoints: {load: 10ms, other: 1ms}}
",
    );
    let first = &call(&system, "web.page -> back.load#call").policy;
    assert_eq!(
        (first.timeout_ns, first.retry.as_ref(), first.deadline),
        (Some(4_000_000_000), None, Deadline::After(30_000_000_000))
    );
    let second = &call(&system, "web.page -> back.load#call-2").policy;
    assert_eq!(
        (second.timeout_ns, second.cancel, second.deadline),
        (
            Some(3_000_000_000),
            Cancel::All,
            Deadline::After(9_000_000_000)
        )
    );
    let third = call(&system, "web.page -> back.other");
    let retry = third.policy.retry.as_ref().expect("a preset");
    assert_eq!(third.policy.timeout_ns, None);
    assert_eq!(
        (retry.attempts, retry.backoff_ns, retry.jitter),
        (4, 25_000_000, Jitter::Envoy)
    );
    let mesh = third.mesh.as_ref().expect("a mesh");
    assert_eq!(
        (
            mesh.timeout_ns,
            mesh.retry.as_ref().map(|retry| retry.attempts)
        ),
        (Some(900_000_000), Some(3))
    );
    let user = &call(&system, "users -> web.page").policy;
    assert_eq!(user.timeout_ns, Some(6_000_000_000));
    let retry = user.retry.as_ref().expect("of the defaults");
    assert_eq!(
        (retry.attempts, retry.jitter, retry.grow, retry.cap_ns),
        (5, Jitter::Full, 2.0, u64::MAX)
    );
    assert_eq!(
        call(&system, "users -> web.page#second").policy.timeout_ns,
        Some(2_000_000_000)
    );
    assert_eq!(call(&system, "users -> web.page#second").size_bytes, 4_000);
}

/// A nearer hedge replaces farther retries, and the other way round.
#[test]
fn a_nearer_hedge_replaces_retries() {
    let hedged = base("defaults: {calls: {retry: 3 attempts}}")
        .replace("timeout: 1s", "timeout: 1s, hedge: {after: p95}");
    let policy = call(&right(&hedged), "web.page -> back.load")
        .policy
        .clone();
    assert_eq!(
        (policy.retry, policy.hedge.map(|hedge| hedge.after)),
        (None, Some(HedgeAfter::Quantile(0.95)))
    );
    let retried = base("defaults: {calls: {hedge: {after: 20ms}}}")
        .replace("timeout: 1s", "timeout: 1s, retry: 3 attempts");
    let policy = call(&right(&retried), "web.page -> back.load")
        .policy
        .clone();
    assert!(policy.hedge.is_none() && policy.retry.is_some_and(|retry| retry.attempts == 3));
}

/// Presets are what the products do: the figures of their documentation.
#[test]
fn presets_are_what_products_do() {
    let retry = |preset: &str| {
        let text = base("").replace("timeout: 1s", &format!("timeout: 1s, retry: {preset}"));
        call(&right(&text), "web.page -> back.load")
            .policy
            .retry
            .clone()
            .expect("a preset")
    };
    let envoy = retry("envoy");
    assert_eq!(
        (envoy.attempts, envoy.backoff_ns, envoy.cap_ns, envoy.jitter),
        (2, 25_000_000, 250_000_000, Jitter::Envoy)
    );
    assert!(matches!(
        envoy.budget,
        Some(Budget::Concurrent { min: 3, .. })
    ));
    let istio = retry("istio");
    assert_eq!(
        (istio.attempts, istio.results.timeout, istio.results.refused),
        (3, false, true)
    );
    assert!(matches!(
        istio.budget,
        Some(Budget::Concurrent {
            ratio: 0.2,
            min: 3,
            ..
        })
    ));
    assert!(matches!(
        retry("linkerd").budget,
        Some(Budget::Windowed {
            ratio: 0.2,
            min_per_s: 10.0,
            window_ns: 10_000_000_000,
            ..
        })
    ));
    let aws = retry("aws-standard");
    assert_eq!(
        (aws.attempts, aws.backoff_ns, aws.cap_ns, aws.jitter),
        (3, 1_000_000_000, 20_000_000_000, Jitter::Full)
    );
    assert!(matches!(
        aws.budget,
        Some(Budget::Quota {
            tokens: 500,
            cost: 5,
            timeout_cost: 10,
            ..
        })
    ));
    let sre = retry("sre");
    assert!(
        sre.attempts == 3
            && matches!(
                sre.budget,
                Some(Budget::Bucket {
                    ratio_milli: 100,
                    burst_milli: 10_000,
                    ..
                })
            )
    );
    let polly = retry("polly");
    assert_eq!(
        (polly.attempts, polly.backoff_ns, polly.grow, polly.jitter),
        (4, 2_000_000_000, 1.0, Jitter::None)
    );
    let resilience = retry("resilience4j");
    assert_eq!(
        (resilience.attempts, resilience.backoff_ns, resilience.grow),
        (3, 500_000_000, 1.0)
    );
    let mesh = right(&base("defaults: {mesh: istio}"));
    let mesh = call(&mesh, "web.page -> back.load")
        .mesh
        .clone()
        .expect("a mesh");
    assert_eq!(mesh.retry.map(|retry| retry.attempts), Some(3));
    let hikari = right(&base("").replace(
        "back: {workers: 2",
        "back: {workers: 2, pools: {sql: {like: hikari}}",
    ));
    assert_eq!(
        (hikari.pools[0].size, hikari.pools[0].wait_ns),
        (10, Some(30_000_000_000))
    );
}

/// Every default that a small system uses, with its place: a new or a lost one shows.
#[test]
fn defaults_are_told() {
    let system = right(&base("promises: {p: {for: users, must: [lost < 1%]}}"));
    let lines: Vec<String> = system
        .facts
        .iter()
        .filter_map(|fact| match &fact.origin {
            Origin::Default(reason) => Some(format!(
                "{}:{} {} = {} ({reason})",
                fact.place.line, fact.place.column, fact.path, fact.text
            )),
            _ => None,
        })
        .collect();
    insta::assert_snapshot!(lines.join("\n"));
    let back = system
        .services
        .iter()
        .find(|service| service.name == "back")
        .expect("back");
    assert_eq!(
        (
            back.replicas,
            back.queue.bound,
            back.queue.order,
            back.balance
        ),
        (1, u64::MAX, Order::Fifo, Balance::Random)
    );
    assert_eq!(back.start, Dist::Constant(30e9));
    assert_eq!(
        (back.stop_grace_ns, back.stop_unready_ns),
        (30_000_000_000, 0)
    );
    assert_eq!(
        (
            back.ready.every_ns,
            back.ready.timeout_ns,
            back.ready.failures
        ),
        (10_000_000_000, 1_000_000_000, 3)
    );
    assert_eq!(
        endpoint(&system, "back.load").steps[0].verb_dist(),
        Some(&Dist::LogNormal {
            mean: 10e6,
            cv: 1.0
        })
    );
    assert_eq!(
        system
            .links
            .iter()
            .map(|link| link.name.as_str())
            .collect::<Vec<_>>(),
        ["between-zones", "within-zone"]
    );
    assert_eq!(
        system.links[system.within_zone.index()].delay,
        Dist::Constant(200_000.0)
    );
    assert_eq!(system.timezone, "UTC");
    let more = right(&base("defaults: {spread: cv 0.5}"));
    assert_eq!(
        endpoint(&more, "back.load").steps[0].verb_dist(),
        Some(&Dist::LogNormal {
            mean: 10e6,
            cv: 0.5
        })
    );
    let none = right(&base("defaults: {spread: cv 0}"));
    assert_eq!(
        endpoint(&none, "back.load").steps[0].verb_dist(),
        Some(&Dist::Constant(10e6))
    );
    let exact = right(&base("").replace("load: 10ms", "load: exactly 10ms"));
    assert_eq!(
        endpoint(&exact, "back.load").steps[0].verb_dist(),
        Some(&Dist::Constant(10e6))
    );
}

trait VerbDist {
    fn verb_dist(&self) -> Option<&Dist>;
}

impl VerbDist for Step {
    fn verb_dist(&self) -> Option<&Dist> {
        match &self.verb {
            Verb::Work(dist) | Verb::Wait(dist) => Some(dist),
            _ => None,
        }
    }
}

/// Who says so travels with the value: marks, ranges, guesses.
#[test]
fn facts_say_who_says_so() {
    let text = base("sources: {traces: {requests: 412k}}")
        .replace(
            "workers: 2",
            "workers: 16 in 8..32 @guess, replicas: 3 @deploy/back.yaml:14",
        )
        .replace("load: 10ms", "load: 10ms @guess")
        .replace("timeout: 1s", "timeout: 500ms in 400ms..900ms @traces");
    let system = right(&text);
    let fact = |path: &str| {
        system
            .facts
            .iter()
            .find(|fact| fact.path == path)
            .unwrap_or_else(|| panic!("no {path} in {:#?}", system.facts))
    };
    let range = |low: &str, high: &str| Some((low.to_owned(), high.to_owned()));
    assert_eq!(fact("services.back.workers").range, range("8", "32"));
    assert!(matches!(
        fact("services.back.workers").origin,
        Origin::Guessed(_)
    ));
    assert_eq!(
        fact("services.back.replicas").origin,
        Origin::Source("deploy/back.yaml:14".to_owned())
    );
    assert_eq!(fact("services.back.replicas").range, None);
    assert_eq!(fact("back.load#work.work").range, range("0.5x", "2x"));
    assert_eq!(fact("web.page#call.timeout").range, range("400ms", "900ms"));
    assert_eq!(
        fact("web.page#call.timeout").origin,
        Origin::Source("traces".to_owned())
    );
    assert_eq!(
        call(&system, "web.page -> back.load").policy.timeout_ns,
        Some(500_000_000)
    );
    let place = &fact("services.back.workers").place;
    assert_eq!((&*place.file, place.line), ("system.yaml", 7));
}

/// What a file is likely not to want is found, where it stands.
#[test]
fn findings_are_raised_where_they_stand() {
    let has = |text: &str, code: &str, at: &str| {
        let found = findings(text);
        assert!(
            found
                .iter()
                .any(|(known, place)| *known == code && place == at),
            "{code} at {at:?} in {found:?}"
        );
        assert!(FINDINGS.iter().any(|(known, _, _)| *known == code));
    };
    let has_not = |text: &str, code: &str| {
        let found = findings(text);
        assert!(
            found.iter().all(|(known, _)| *known != code),
            "{code} in {found:?}"
        );
    };
    let plain = base("")
        .replace("workers: 2", "replicas: 2, workers: 2, queue: 10")
        .replace("do: web.page", "do: web.page, patience: 5s");
    for code in ["WD0001", "WD0002", "WD0003", "WD0004", "WD0005", "WD0006"] {
        has_not(&plain, code);
    }
    has(&base(""), "WD0001", "web.page");
    has(
        &base("").replace("timeout: 1s", "timeout: none"),
        "WD0001",
        "back.load",
    );
    let hasty = plain
        .replace("do: web.page", "do: [{call: web.page, timeout: 1500ms}]")
        .replace("timeout: 1s", "timeout: 1s, retry: 2 attempts budget 10%");
    has(&hasty, "WD0002", "web.page");
    has_not(&hasty.replace("1500ms", "2s"), "WD0002");
    has(&plain.replace("queue: 10", "queue: 300"), "WD0003", "300");
    has_not(&plain.replace("queue: 10", "queue: 190"), "WD0003");
    has_not(
        &plain.replace("queue: 10", "queue: {bound: 300, expired: drop}"),
        "WD0003",
    );
    let storm = plain
        .replace(
            "do: web.page",
            "do: [{call: web.page, timeout: 9s, retry: 3 attempts}]",
        )
        .replace("timeout: 1s", "timeout: 1s, retry: 2 attempts");
    has(&storm, "WD0004", "back.load");
    has(&storm, "WD0005", "3 attempts");
    has_not(
        &storm.replace("3 attempts", "3 attempts budget 10%"),
        "WD0009",
    );
    let pool = plain.replace("endpoints: {page: [{call: back.load, timeout: 1s}]}", "pools: {sql: {size: 3}}, endpoints: {page: [{hold: sql, do: [{call: back.load, timeout: 1s}]}]}");
    has(&pool, "WD0006", "{size: 3}");
    has_not(&pool.replace("size: 3", "size: 4"), "WD0006");
    has(&plain, "WD0007", "web");
    has_not(
        &plain.replace("web: {workers: 4", "web: {replicas: 2, workers: 4"),
        "WD0007",
    );
    has(&base("faults: {f: {crash: web, lasts: 1m}}"), "WD0008", "f");
    has(
        &plain.replace("workers: 2", "workers: 2, probes: {ready: {calls: other}}"),
        "WD0009",
        "other",
    );
    has(
        &plain.replace("load: 10ms", "load: 10ms cv 0"),
        "WD0010",
        "10ms cv 0",
    );
    has(
        &plain.replace("load: 10ms", "load: 10ms in 2ms..40ms"),
        "WD0011",
        "10ms in 2ms..40ms",
    );
    has_not(
        &plain.replace("load: 10ms", "load: 10ms in 4ms..40ms"),
        "WD0011",
    );
    let jammed = base(
        "faults:
  jammed: {hang: back, every: 1 year, lasts: until repaired}
  gone: {vanish: back/0, every: 1 year, lasts: 5m}
alerts: {quiet: {if: users.goodput < 1/s, tells: crew}}
operators: {crew: {after: 4m, runbook: [{if: quiet, do: [{restart: back}]}]}}",
    );
    has(&jammed, "WD0017", "until repaired");
    has_not(
        &jammed.replace("{restart: back}", "{restart: back}, {repair: jammed}"),
        "WD0017",
    );
    // The repair of another fault ends that one; that of faults that came together, each of them.
    has(
        &jammed.replace("{restart: back}", "{repair: gone}"),
        "WD0017",
        "until repaired",
    );
    let both = jammed.replace(
        "  gone:",
        "  both: {together: [jammed, gone], every: 9 years}\n  gone:",
    );
    has_not(&both.replace("{restart: back}", "{repair: both}"), "WD0017");
    has_not(&jammed.replace("until repaired", "1h"), "WD0017");
    has(
        &base("promises: {p: {for: users, must: [p99.99 < 1s over 5m]}}"),
        "WD0014",
        "p99.99 < 1s over 5m",
    );
    has_not(
        &base("promises: {p: {for: users, must: [p99.9 < 1s over 5m]}}"),
        "WD0014",
    );
}

/// Blocks stand in the place where they are done; what is done twice is two calls with two addresses.
#[test]
fn blocks_are_put_in_place() {
    let text = base("").replace(
        "endpoints: {page: [{call: back.load, timeout: 1s}]}",
        "blocks: {ask: [{work: 1ms}, {call: back.load, timeout: 1s}]}, endpoints: {page: [{do: ask}, {work: 2ms}, {do: ask}, {call: back.other, timeout: 1s, fallback: ask}]}",
    );
    let system = right(&text);
    let names: Vec<&str> = system.calls.iter().map(|call| call.name.as_str()).collect();
    assert_eq!(
        names,
        [
            "users -> web.page",
            "web.page -> back.load#ask.call",
            "web.page -> back.load#ask-2.call",
            "web.page -> back.other",
            "web.page -> back.load#call.fallback.ask.call"
        ]
    );
    let addresses: Vec<&str> = endpoint(&system, "web.page")
        .steps
        .iter()
        .map(|step| step.address.as_str())
        .collect();
    assert_eq!(addresses, ["ask", "work", "ask-2", "call"]);
}

/// Blocks nest as deep as a person can follow, and no deeper.
#[test]
fn blocks_nest_only_so_deep() {
    let nested = |deep: usize| {
        let blocks: Vec<String> = (0..deep)
            .map(|at| format!("b{at}: [{{do: b{}}}]", at + 1))
            .collect();
        let text = format!(
            "blocks: {{{}, b{deep}: [{{work: 1ms}}]}}, endpoints: {{load: [{{do: b0}}]",
            blocks.join(", ")
        );
        base("").replace("endpoints: {load: 10ms", &text)
    };
    right(&nested(30));
    assert!(mistakes(&nested(5_000))[0].1.contains("more than 32 deep"));
}

/// A file as large as a file may be takes seconds, right or wrong: nothing here is quadratic in it.
#[test]
fn large_systems_take_linear_time() {
    let many = 8_000;
    let large = |callee: fn(usize) -> usize| {
        let services: Vec<String> = (0..many)
            .map(|at| format!("s{at}: {{workers: 4, endpoints: {{e: [{{call: s{}.e, timeout: 1s, chance: 50%}}, {{work: 1ms}}]}}}}", callee(at)))
            .collect();
        format!(
            "{{worstday: 1, system: large, clients: {{c: {{arrive: 5/s, do: s0.e}}}}, services: {{{}}}}}",
            services.join(", ")
        )
    };
    let started = std::time::Instant::now();
    assert_eq!(
        right(&large(|at| (at * 7 + 1) % 8_000)).calls.len(),
        many + 1
    );
    assert!(mistakes(&large(|at| at + 1_000_000)).len() >= 900);
    // Quadratic would be minutes; this is a hundred times what it takes alone.
    assert!(started.elapsed().as_secs() < 100, "{:?}", started.elapsed());
}

/// The order of a file's entries means nothing: the same system written in another order is the same system.
#[test]
fn order_of_maps_means_nothing() {
    let system = right(&base(""));
    let other = right(
        "worstday: 1
system: small
services:
  back: {endpoints: {other: 1ms, load: 10ms}, workers: 2}
  web: {endpoints: {page: [{timeout: 1s, call: back.load}]}, workers: 4}
clients:
  users: {do: web.page, arrive: 5/s}
",
    );
    let strip = |system: &System| {
        let mut text = format!(
            "{:#?}",
            Tables {
                facts: Vec::new(),
                ..system.clone().into_tables()
            }
        );
        let lines: Vec<&str> = text
            .lines()
            .filter(|line| {
                !line.trim_start().starts_with("line:") && !line.trim_start().starts_with("column:")
            })
            .collect();
        text = lines.join("\n");
        text
    };
    assert_eq!(strip(&system), strip(&other));
}

/// Files that a model names are read through the door that the caller gives.
#[test]
fn files_are_read_through_the_callers_door() {
    let text = base("").replace("load: 10ms", "load: file think.txt");
    let outcome = resolved(&text, &[("think.txt", "# seconds\n3ms\n1ms\n\n2ms\n")]);
    let system = outcome.system.expect("the file is there");
    let Some(Dist::Sample(values)) = endpoint(&system, "back.load").steps[0].verb_dist() else {
        panic!("a sample")
    };
    assert_eq!(&values[..], [1e6, 2e6, 3e6]);
    mistake(&text, "file think.txt", "there is no such file");
    let wrong = resolved(&text, &[("think.txt", "3ms\n30\n")]);
    assert!(wrong.system.is_none());
    assert!(
        wrong
            .found
            .render(&wrong.sources)
            .contains("think.txt:2: `30` is not a duration")
    );
    let recorded = base("").replace(
        "arrive: 5/s",
        "arrive: {file: visits.csv, format: counts, column: value, per: 30m}",
    );
    let outcome = resolved(
        &recorded,
        &[(
            "visits.csv",
            "timestamp,value\n2014-07-01 00:00:00,10844\n2014-07-01 00:30:00,8127\n",
        )],
    );
    let system = outcome
        .system
        .unwrap_or_else(|| panic!("{}", outcome.found.render(&outcome.sources)));
    let Arrive::Recorded(Recording {
        what: Recorded::Counts { per_ns, rows },
        ..
    }) = &system.clients[0].arrive
    else {
        panic!("counts")
    };
    assert_eq!(
        (*per_ns, rows.len(), rows[1].1),
        (1_800_000_000_000, 2, 8127.0)
    );
}

/// The textbook storm: the system that everybody knows resolves to what it says.
#[test]
fn the_storm_is_what_it_says() {
    let path = format!(
        "{}/tests/language/07-storm.yaml",
        env!("CARGO_MANIFEST_DIR")
    );
    let system = right(&std::fs::read_to_string(path).expect("the example"));
    let storm = call(&system, "users -> server.get");
    let retry = storm.policy.retry.as_ref().expect("retries");
    assert_eq!(
        (retry.attempts, retry.backoff_ns, retry.jitter, retry.budget),
        (6, 0, Jitter::None, None)
    );
    assert_eq!(storm.policy.timeout_ns, Some(5_000_000_000));
    let server = &system.services[0];
    assert_eq!(
        (server.replicas, server.workers, server.queue.bound),
        (1, 1, 150)
    );
    assert_eq!(
        endpoint(&system, "server.get").steps[0].verb_dist(),
        Some(&Dist::Exponential { mean: 100e6 })
    );
    assert!(
        matches!(system.clients[0].arrive, Arrive::Stream { ref curve, pattern: Pattern::Poisson, batch: 1 } if curve.base_per_s == 5.0)
    );
    assert_eq!(system.events[0].demand, [(ClientId(0), 3.0)]);
    assert_eq!(system.events[0].lasts, Some(Dist::Constant(600e9)));
    assert!(endpoint(&system, "server.get").reached);
}

/// Tables that do not fit together are no system, whoever made them: each way to be wrong, from a right system.
#[test]
fn inconsistent_tables_are_no_system() {
    let tables = right(&base(
        "keys: {things: 10 zipf 0}
pools: {rooms: {size: 2}}
faults: {f: {crash: web/0, every: 1 year, lasts: 1m}}
promises: {p: {for: users, must: [p99 < 1s]}}",
    ))
    .into_tables();
    assert!(System::new(tables.clone()).is_ok());
    type Change = fn(&mut Tables);
    let wrong: [(&str, Change); 14] = [
        ("services.web", |t| t.services[1].replicas = 0),
        ("services.web", |t| t.services[1].panic = 1.5),
        ("services.web", |t| t.services[1].endpoints_from = 0),
        ("services.back", |t| {
            t.services[0].balance = Balance::Hash(KeySpaceId(1));
        }),
        ("endpoints.load", |t| t.endpoints[0].fails = f64::NAN),
        ("endpoints.load", |t| {
            t.endpoints[0].steps[0].chance = Some(-0.1);
        }),
        ("calls.users -> web.page", |t| {
            t.calls[0].target = EndpointId(9);
        }),
        ("calls", |t| drop(t.clients[0].steps.pop())),
        ("clients.users", |t| t.clients[0].priority = 1),
        ("links", |t| t.within_zone = LinkId(2)),
        ("promises.p", |t| {
            t.promises[0].subjects = vec![Subject::Call(CallId(2))];
        }),
        ("promises.p", |t| {
            t.promises[0].survives[0].what = Claim::Together(vec![Part::Fault(FaultId(1))]);
        }),
        ("promises.p", |t| {
            t.promises[0].survives[0].what = Claim::Together(vec![Part::AnyZone { count: 1 }]);
        }),
        ("faults.f", |t| {
            t.faults[0].kind = FaultKind::Crash(Target::Replicas(ServiceId(1), Replicas::One(1)));
        }),
    ];
    for (row, change) in wrong {
        let mut tables = tables.clone();
        change(&mut tables);
        let refused = System::new(tables).expect_err(row);
        assert_eq!(refused.row, row, "{refused}");
    }
}

/// What a preset brings is said like what a person writes, and says that it is the preset's; there is one table.
#[test]
fn a_preset_says_what_it_brings() {
    let text = base("").replace(
        "timeout: 1s",
        "timeout: 1s, retry: {like: sre, attempts: 2}",
    );
    let system = right(&text);
    let told: Vec<String> = system
        .facts
        .iter()
        .filter(|fact| fact.path.contains(".retry"))
        .map(|fact| format!("{} = {} {:?}", fact.path, fact.text, fact.origin))
        .collect();
    assert_eq!(
        told,
        [
            "users#call.retry = none Default(\"nothing is tried again unless the file says so\")",
            "web.page#call.retry.attempts = 2 Stated",
            "web.page#call.retry.jitter = none Source(\"preset:sre\")",
            "web.page#call.retry.budget.ratio = 10% Source(\"preset:sre\")",
            "web.page#call.retry.budget.burst = 10 Default(\"a budget holds ten retries\")",
        ]
    );
}

/// Words of the language that are not built yet are no unknown words: they stand in the list of all that is missing.
#[test]
fn words_that_are_not_built_are_listed() {
    let text = base("")
        .replace("timeout: 1s", "timeout: 1s, retry: aws-adaptive")
        .replace(
            "back: {workers: 2,",
            "back: {workers: 2, mesh: {like: envoy}, scale: {hpa: {cpu: 60%}},",
        )
        .replace("do: web.page", "do: web.page, retry: {like: hystrix}");
    let found = mistakes(&text);
    assert_eq!(found.len(), 1, "{found:#?}");
    let said = &found[0].1;
    let missing = "adaptive retries, breakers, mesh presets beyond retries, scalers";
    assert!(said.contains(missing), "{said}");
}

/// A file is found from where it is named: by the model, by an overlay in another folder, by an included part.
#[test]
fn files_are_relative_to_the_file_that_names_them() {
    let model = base("include: [parts/more.yaml]").replace("load: 10ms", "load: file times.txt");
    let overlay = "worstday: 1\noverlay: o\nbase: ../system.yaml\n\
                   edit: {services.back.endpoints.other: file times.txt}\n";
    let part = "worstday: 1\nservices: {third: {workers: 1, endpoints: {get: file times.txt}}}\n";
    let files = [
        ("system.yaml", model.as_str()),
        ("times.txt", "1ms\n"),
        ("what-if/o.yaml", overlay),
        ("what-if/times.txt", "2ms\n"),
        ("parts/more.yaml", part),
        ("parts/times.txt", "3ms\n"),
    ];
    let outcome = outcome("what-if/o.yaml", &LoadOptions::default(), &Memory(&files));
    let system = outcome
        .system
        .unwrap_or_else(|| panic!("{}", outcome.found.render(&outcome.sources)));
    for (name, expected) in [("back.load", 1e6), ("back.other", 2e6), ("third.get", 3e6)] {
        let Some(Dist::Sample(values)) = endpoint(&system, name).steps[0].verb_dist() else {
            panic!("{name} is no sample")
        };
        assert_eq!(&values[..], [expected], "{name}");
    }
}

/// Today is what the file says, else the end of its newest recording.
#[test]
fn the_file_knows_its_day() {
    let day = |extra: &str| right(&base(extra)).as_of;
    assert_eq!(day(""), None);
    let sources = "sources: {a: {measured: 2026-11-16 to 2026-11-20}, b: {measured: 2026-10-01 to 2026-10-02}}\n";
    assert_eq!(day(sources), Some(jiff::civil::date(2026, 11, 20)));
    let both = format!("{sources}as-of: 2026-12-01");
    assert_eq!(day(&both), Some(jiff::civil::date(2026, 12, 1)));
}
