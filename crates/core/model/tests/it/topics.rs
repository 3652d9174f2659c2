//! Topics from the file to the tables: what is said, what is assumed, and what cannot be.

use worstday_model::load::{LoadOptions, Model};
use worstday_model::system::{Acks, Commit, Dist, Origin, Subject, System, TopicOrder};

use crate::edits::Memory;

const HEAD: &str = "worstday: 1
system: market
clients: {shoppers: {arrive: 1/s, do: till.sell}}
";

/// The system of a file, or all that is wrong with it.
fn resolve(body: &str) -> Result<System, String> {
    let text = format!("{HEAD}{body}");
    let files = Memory::of(&[("market.yaml", &text)]);
    let model = Model::load("market.yaml", &LoadOptions::default(), &files)
        .map_err(|error| error.found.render(&error.sources))?;
    let (system, _) = model
        .system(&files)
        .map_err(|error| error.found.render(&error.sources))?;
    Ok(system)
}

fn refused(body: &str) -> String {
    match resolve(body) {
        Ok(_) => panic!("this means something:\n{body}"),
        Err(why) => why,
    }
}

/// A handler is an endpoint of its service, in name order among the others; everything else has its default and a fact.
#[test]
fn topics_become_tables() {
    let system = resolve(
        "services:
  till: {workers: 1, endpoints: {sell: [{send: sales}]}}
  pos:
    workers: 8
    endpoints: {authorise: 300ms, void: 10ms}
    consumes:
      sales: {do: [{work: 300ms}, {send: audit, acks: none, chance: 10%}], batch: 20 within 1s, rate: 2/s, then: given-up}
topics:
  sales: {at: till, order: none, keep: 24h, bound: 5k}
  given-up: {keep: unlimited}
  audit: {partitions: 4, ack-takes: 5ms}
promises: {safe: {for: sales, must: [expired = 0, drains < 30m, age < 1h]}}
",
    )
    .unwrap_or_else(|why| panic!("{why}"));
    let names: Vec<&str> = system.endpoints.iter().map(|e| &*e.name).collect();
    assert_eq!(names, ["authorise", "sales", "void", "sell"]);
    assert!(system.endpoints[1].reached && !system.endpoints[0].reached);
    let names: Vec<&str> = system.topics.iter().map(|t| &*t.name).collect();
    assert_eq!(names, ["audit", "given-up", "sales"]);
    let reached: Vec<bool> = system.topics.iter().map(|t| t.reached).collect();
    assert_eq!(reached, [true, true, true]);
    let [audit, given_up, sales] = &system.topics[..] else {
        panic!("three topics")
    };
    assert_eq!(
        (sales.order, sales.bound, sales.at.map(|s| s.0)),
        (TopicOrder::None, 5_000, Some(1))
    );
    assert_eq!(sales.keep_ns, 24 * 3_600_000_000_000);
    assert_eq!((given_up.keep_ns, given_up.partitions), (u64::MAX, 1));
    assert_eq!((audit.order, audit.partitions), (TopicOrder::Partition, 4));
    assert_eq!(
        (&audit.ack, &audit.rebalance),
        (&Dist::Constant(5e6), &Dist::Constant(20e9))
    );
    let consumer = &system.consumers[0];
    assert_eq!((consumer.topic.0, consumer.endpoint.0), (2, 1));
    assert_eq!((consumer.batch, consumer.within_ns), (20, 1_000_000_000));
    assert_eq!((consumer.rate, consumer.commit), (Some(2.0), Commit::After));
    assert_eq!(consumer.then.map(|t| t.0), Some(1));
    let sends: Vec<(&str, Acks)> = system.sends.iter().map(|s| (&*s.name, s.acks)).collect();
    assert_eq!(
        sends,
        [
            ("pos.sales -> audit", Acks::None),
            ("till.sell -> sales", Acks::All)
        ]
    );
    assert!(matches!(system.promises[0].subjects[..], [Subject::Topic(t)] if t.0 == 2));
    for path in [
        "topics.audit.keep",
        "topics.audit.bound",
        "topics.audit.rebalance",
        "topics.given-up.partitions",
        "services.pos.consumes.sales.retry",
        "services.pos.consumes.sales.commit",
    ] {
        let fact = system.facts.iter().find(|f| f.path == path);
        let origin = fact.map(|f| &f.origin);
        assert!(
            matches!(origin, Some(Origin::Default(_))),
            "{path}: {origin:?}"
        );
    }
}

/// Each mistake is told with what is meant.
#[test]
fn what_topics_cannot_be_is_said() {
    let services = |till: &str, pos: &str, rest: &str| {
        format!(
            "services:
  till: {{workers: 1, endpoints: {{sell: [{till}]}}}}
  pos: {{workers: 1, endpoints: {{void: 1ms}}, consumes: {{{pos}}}}}
{rest}"
        )
    };
    let handler = "sales: {do: [{work: 1ms}]}";
    let topics = "topics: {sales: {at: till, order: none}, notes: {keep: 1h}}";
    for (body, told) in [
        (
            services("{send: sale}", handler, topics),
            "did you mean `sales`?",
        ),
        (
            services("{send: sales}", "sale: {do: [{work: 1ms}]}", topics),
            "did you mean `sales`?",
        ),
        (
            services("{call: pos.sales}", handler, topics),
            "this calls `pos.sales`, which `pos` does not have",
        ),
        (
            services(
                "{send: sales}",
                handler,
                "  third: {workers: 1, consumes: {sales: {do: [{work: 1ms}]}}}\ntopics: {sales: {keep: 1h}}",
            ),
            "is consumed by `pos` and by `third`",
        ),
        (
            services(
                "{call: pos.void}, {send: notes}",
                "notes: {do: [{send: sales}]}",
                topics,
            ),
            "lies on the replicas of `till`: only its endpoints can send there",
        ),
        (
            services(
                "{send: sales}",
                "sales: {do: [{work: 1ms}], then: sales}",
                topics,
            ),
            "cannot go back where it came from",
        ),
        (
            services(
                "{send: sales}",
                "sales: {do: [{work: 1ms}], if: now}",
                topics,
            ),
            "`now` is not in this system: a flag is wanted",
        ),
        (
            services(
                "{send: sales}",
                handler,
                &format!(
                    "{topics}\nalerts: {{old: {{if: sales.age > 5m, tells: crew}}}}\noperators: {{crew: {{after: 1m, runbook: [{{if: old, do: [{{replay: sales}}]}}]}}}}"
                ),
            ),
            "nothing that is given up in `sales` is kept",
        ),
        (
            services("{send: notes}", "notes: {do: [{send: notes}]}", topics),
            "these calls never end: pos.notes -> pos.notes",
        ),
        (
            services("{send: sales, acks: none, timeout: 1s}", handler, topics),
            "who waits for nothing has no use for `timeout`",
        ),
        (
            services(
                "{send: sales}",
                handler,
                "topics: {sales: {order: none, partitions: 3}}",
            ),
            "a topic without order has no `partitions`",
        ),
        (
            services("{send: sales}", handler, "topics: {sales: {}, till: {}}"),
            "`till` is both a service and a topic",
        ),
        (
            services(
                "{send: sales}",
                "void: {do: [{work: 1ms}]}",
                "topics: {sales: {}, void: {}}",
            ),
            "of `pos`",
        ),
        (
            services(
                "{send: sales}",
                handler,
                &format!("{topics}\npromises: {{p: {{for: till, must: [age < 5m]}}}}"),
            ),
            "`age` is measured of a topic",
        ),
        (
            services(
                "{send: sales}",
                handler,
                &format!("{topics}\npromises: {{p: {{for: sales, must: [attempts < 2x]}}}}"),
            ),
            "`attempts` is not measured of a topic",
        ),
        (
            services(
                "{work: 1ms}",
                handler,
                &format!("{topics}\npromises: {{p: {{for: notes, must: [age < 5m]}}}}"),
            ),
            "no client reaches `notes`",
        ),
    ] {
        let said = refused(&body);
        assert!(said.contains(told), "{told}\n{said}");
    }
}

/// A version of a service is what its replicas run: it may handle messages otherwise, but how the service comes by them is
/// there once, for all versions. Operators replay what a topic's consumer gave up.
#[test]
fn a_version_handles_messages_otherwise() {
    let file = |bad: &str| {
        format!(
            "flags: [again]
services:
  till: {{workers: 1, endpoints: {{sell: [{{send: sales}}]}}}}
  pos:
    workers: 1
    replicas: 2
    consumes:
      sales: {{do: [{{work: 3ms}}], rate: 20/s, retry: 2 attempts, then: dead}}
      dead: {{do: [{{work: 1ms}}], if: again}}
    rollout:
      when: every tuesday at 10:00
      surge: 1
      unavailable: 0
      steps: [{{to: 100%}}]
      fails: 10%
      bad: [{{chance: 100%, edit: {{{bad}}}}}]
topics: {{sales: {{order: none}}, dead: {{order: none}}}}
alerts: {{old: {{if: sales.age > 5m, tells: crew}}}}
operators: {{crew: {{after: 1m, runbook: [{{if: old, do: [{{set: again}}, {{replay: sales}}]}}]}}}}
"
        )
    };
    let right = "services.pos.consumes.sales.do: [{work: 9ms}, {fail: error, chance: 50%}]";
    let system = resolve(&file(right)).unwrap_or_else(|why| panic!("{why}"));
    assert_eq!(system.consumers.len(), 2);
    let flags: Vec<Option<u32>> = system
        .consumers
        .iter()
        .map(|c| c.only_if.map(|f| f.0))
        .collect();
    assert_eq!(flags, [Some(0), None], "dead, sales");
    let texts: Vec<&str> = system.operators[0].runbook[0]
        .actions
        .iter()
        .map(|a| &*a.text)
        .collect();
    assert_eq!(texts, ["sets again", "replays sales"]);
    for wrong in [
        "rate: 10/s",
        "retry: 3 attempts",
        "batch: 2",
        "commit: before",
        "if: again",
    ] {
        let said = refused(&file(&format!("services.pos.consumes.sales: {{{wrong}}}")));
        let told =
            "a version of a service does not change how `pos` comes by the messages of `sales`";
        assert!(said.contains(told), "{wrong}\n{said}");
    }
}
