//! Who notices and who acts.

use super::cases::Stage;

pub const STAGES: &[Stage] = &[
    Stage {
        name: "alerts and operators",
        files: &[(
            "people.yaml",
            "worstday: 1
system: people
flags: [offline]
clients:
  c:
    arrive: 30/s
    do:
      - choose:
          - {if: offline, do: [{call: s.quick}]}
          - {chance: rest, do: [{call: s.e}]}
services:
  s: {replicas: 4, workers: 20, endpoints: {e: 30ms, quick: 3ms}}
alerts:
  bad: {if: s.e.errors > 20% over 30s, every: 5s, delay: 2s, misses: 0%, tells: [anna]}
  worse: {if: s.e.errors > 40% over 60s, every: 5s, tells: [anna]}
operators:
  anna:
    after: 5s cv 0.2
    people: 1
    runbook:
      - {if: bad, do: [{edit: {services.s.endpoints.e: 10ms}, takes: 3s}], for: 100s, because: it is too slow}
      - {if: bad, do: [{set: offline, takes: 2s}], until: c.p95 < 1s over 30s}
      - {if: bad, after: 40s, do: [{shed: c, by: 10%}], for: 20s}
  ben: {after: 30s, runbook: [{if: bad, do: [{shed: c, by: 30%}], for: 60s}]}
faults:
  broken: {errors: s.e, by: 60%, at: 2026-11-23 00:01, lasts: 3m}
",
        )],
        arguments: &["--for", "5m", "--day", "2026-11-23"],
        changes: &[
            ("s.e.errors > 20% over 30s", "s.e.errors > 20% over 60s"),
            ("delay: 2s", "delay: 4s"),
            ("misses: 0%", "misses: 100%"),
            ("misses: 0%, tells: [anna]", "misses: 0%, tells: [anna, ben]"),
            ("after: 5s cv 0.2", "after: 9s cv 0.2"),
            ("people: 1", "people: 2"),
            ("edit: {services.s.endpoints.e: 10ms}", "edit: {services.s.endpoints.e: 20ms}"),
            ("takes: 3s", "takes: 4s"),
            ("for: 100s", "for: 90s"),
            ("because: it is too slow", "because: it hurts"),
            ("until: c.p95 < 1s over 30s", "until: c.p95 < 1s over 90s"),
            ("after: 40s", "after: 50s"),
            ("if: bad, after", "if: worse, after"),
        ],
    },
    Stage {
        name: "budgets that burn",
        files: &[(
            "burning.yaml",
            "worstday: 1
system: burning
zones: [a, b]
clients: {c: {arrive: 30/s, do: [{call: s.e}]}}
services:
  s: {replicas: 4, workers: 2, spread: zones, balance: round-robin, start: 5s, endpoints: {e: 30ms, quick: 3ms}}
alerts:
  burns: {burn: buying, like: sre, every: 10s, tells: [ben]}
operators:
  ben:
    shifts: [{when: every day 00:00 to 01:00, after: 7s}]
    runbook:
      - {if: burns, do: [{shed: c, by: 30%}], for: 60s}
      - {if: burns, do: [{restart: s/0}]}
      - {if: burns, do: [{drain: b}], for: 60s}
      - {if: burns, after: 100s, do: [{repair: broken}]}
faults:
  broken: {errors: s.e, by: 60%, at: 2026-11-23 00:01, lasts: until repaired}
  away: {crash: s/3, at: 2026-11-23 00:01, lasts: 30s}
promises:
  buying: {for: c, must: [lost < 0.1% over 5m]}
  paying: {for: c, must: [lost < 0.2% over 5m]}
",
        )],
        arguments: &["--for", "8m", "--day", "2026-11-23"],
        changes: &[
            ("burn: buying", "burn: paying"),
            ("like: sre", "like: slow"),
            ("every: 10s", "every: 17s"),
            ("00:00 to 01:00", "00:05 to 01:00"),
            ("after: 7s", "after: 8s"),
            ("shed: c, by: 30%", "shed: s.e, by: 30%"),
            ("by: 30%", "by: 50%"),
            ("restart: s/0", "restart: s/1"),
            ("drain: b", "drain: a"),
            ("repair: broken", "repair: away"),
        ],
    },
    Stage {
        name: "rollouts by hand, and what telling costs",
        files: &[(
            "by-hand.yaml",
            "worstday: 1
system: by-hand
timezone: UTC
as-of: 2026-11-20
clients: {c: {arrive: 30/s, do: [{call: s.e}]}}
services:
  s:
    replicas: 4
    workers: unlimited
    start: exactly 2s
    endpoints: {e: exactly 20ms}
    rollout:
      when: 2026-11-23 00:01
      surge: 1
      unavailable: 0
      steps: [{to: 50%}, {watch: 2m}, {to: 100%}]
      fails: 100%
      bad: [{chance: 100%, edit: {s.e#work: {work: exactly 200ms}}}]
  t: {replicas: 4, workers: unlimited, endpoints: {e: 1ms}, rollout: {when: 2026-11-23 00:01, surge: 0, unavailable: 1}}
alerts: {slow: {if: s.e.p90 > 100ms over 30s, every: 5s, tells: anna}}
operators:
  anna:
    after: 5s
    people: 2
    runbook:
      - {if: slow, after: 30s, do: [{pause: s.rollout}], for: 2m}
      - {if: slow, after: 4m, do: [{roll-back: s}]}
costs: {currency: USD, dated: 2026-10-01, page: 40 USD}
",
        )],
        arguments: &["--for", "8m", "--day", "2026-11-23"],
        changes: &[
            ("pause: s.rollout", "pause: t.rollout"),
            ("surge: 0", "surge: 2"),
            ("for: 2m", "for: 3m"),
            ("roll-back: s", "roll-back: t"),
            ("page: 40 USD", "page: 41 USD"),
        ],
    },
    Stage {
        name: "tools that share fate",
        files: &[(
            "blind.yaml",
            "worstday: 1
system: blind
clients: {c: {arrive: 30/s, do: [{call: s.e}]}}
services:
  s: {replicas: 4, workers: 2, endpoints: {e: 30ms, quick: 3ms}}
  desk: {workers: 1, endpoints: {see: 1ms, do: 1ms}}
alerts:
  bad: {if: s.e.errors > 20% over 30s, every: 5s, needs: s.quick, tells: anna}
operators:
  anna:
    after: 5s
    needs: desk.see
    blind: 60s
    runbook: [{if: bad, do: [{shed: c, by: 50%, works-through: desk.do}]}]
faults:
  broken: {errors: s.e, by: 60%, at: 2026-11-23 00:01, lasts: 5m}
  away: {crash: desk, at: 2026-11-23 00:01, lasts: 3m}
",
        )],
        arguments: &["--for", "7m", "--day", "2026-11-23"],
        changes: &[
            ("needs: s.quick", "needs: desk.see"),
            ("needs: desk.see", "needs: s.quick"),
            ("blind: 60s", "blind: 70s"),
            ("works-through: desk.do", "works-through: s.quick"),
        ],
    },
    Stage {
        name: "mistakes",
        files: &[(
            "mistakes.yaml",
            "worstday: 1
system: mistakes
flags: [offline, spare]
clients: {c: {arrive: 30/s, do: [{call: s.e, unless: offline}]}}
services: {s: {workers: 20, endpoints: {e: 30ms, quick: 3ms}}}
alerts: {bad: {if: s.e.errors > 20% over 30s, every: 5s, tells: anna}}
operators:
  anna:
    after: 5s
    mistakes: {chance: 100%, do: [{shed: c, by: 90%}]}
    runbook:
      - {if: bad, do: [{set: offline}, {clear: offline}], for: 50s}
faults: {broken: {errors: s.e, by: 60%, at: 2026-11-23 00:01, lasts: 3m}}
",
        )],
        arguments: &["--for", "5m", "--day", "2026-11-23"],
        changes: &[
            ("by: 90%", "by: 80%"),
            ("chance: 100%", "chance: 0%"),
        ],
    },
    Stage {
        name: "set and clear",
        files: &[(
            "flags.yaml",
            "worstday: 1
system: flags
flags: [offline, spare, gone]
clients: {c: {arrive: 30/s, do: [{call: s.e, unless: offline, retry: {attempts: 3, unless: gone}}, {call: s.quick, if: spare}]}}
services: {s: {workers: 20, endpoints: {e: 30ms, quick: 3ms}}}
alerts: {bad: {if: s.e.errors > 20% over 30s, every: 5s, tells: anna}}
operators:
  anna:
    after: 5s
    runbook:
      - {if: bad, do: [{set: offline}]}
      - {if: bad, after: 30s, do: [{clear: offline}]}
faults: {broken: {errors: s.e, by: 60%, at: 2026-11-23 00:01, lasts: 3m}}
",
        )],
        arguments: &["--for", "5m", "--day", "2026-11-23"],
        changes: &[
            ("flags: [offline, spare, gone]", "flags: [offline, spares, gone]"),
            ("set: offline", "set: spare"),
            ("clear: offline", "clear: spare"),
            ("unless: offline", "unless: spare"),
            ("if: spare", "if: offline"),
            ("unless: gone", "unless: offline"),
        ],
    },
    Stage {
        name: "messages behind a flag, and dead letters",
        files: &[(
            "flagged.yaml",
            "worstday: 1
system: flagged
flags: [late, early]
clients: {c: {arrive: 5/s, do: s.e}}
services:
  s: {workers: 9, endpoints: {e: [{send: jobs}, {send: memos}]}}
  t:
    workers: 4
    consumes:
      jobs: {do: [{work: 20ms}, {fail: error, chance: 30%}], then: dead}
      memos: {do: [{work: 20ms}, {fail: error, chance: 30%}], then: dead}
      dead: {do: [{work: 15ms}], if: late}
topics: {jobs: {order: none}, memos: {order: none}, dead: {order: none}}
alerts: {pile: {if: dead.backlog > 50, every: 5s, tells: anna}}
operators:
  anna:
    after: 5s
    runbook:
      - {if: pile, do: [{set: early, takes: 10s}, {replay: jobs, takes: 20s}, {set: late, takes: 30s}]}
",
        )],
        arguments: &["--for", "5m", "--day", "2026-11-23"],
        changes: &[
            ("if: late", "if: early"),
            ("replay: jobs", "replay: memos"),
        ],
    },
];
