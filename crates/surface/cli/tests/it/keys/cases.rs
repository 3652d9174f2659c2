//! Small descriptions, and what is changed in them.

/// A description with changes of its text, each of one key.
pub struct Stage {
    /// What it is about.
    pub name: &'static str,
    /// Files by name; the first is the one that is run.
    pub files: &'static [(&'static str, &'static str)],
    /// Further arguments of `run`.
    pub arguments: &'static [&'static str],
    /// Texts that stand in the files once, and what stands there instead.
    pub changes: &'static [(&'static str, &'static str)],
}

pub const STAGES: &[Stage] = &[
    Stage {
        name: "a day",
        files: &[
            (
                "day.yaml",
                "worstday: 1
system: day
timezone: UTC
as-of: 2026-11-20
include: [first.yaml]
defaults:
  spread: cv 1
clients:
  c:
    arrive:
      base: 2/s
      peaks: [6/s at 00:05 width 10m]
      open: every day 00:00 to 00:09
      days: {monday: 1x}
      pattern: poisson
      batch: 1
    do: s.e
services: {s: {workers: 2, endpoints: {e: 100ms}}}
",
            ),
            ("first.yaml", "worstday: 1\ndefaults: {calls: {timeout: 5s}}\n"),
            (
                "second.yaml",
                "worstday: 1\nclients: {d: {arrive: 1/s, do: s.e}}\n",
            ),
        ],
        arguments: &["--for", "10m"],
        changes: &[
            ("worstday: 1\nsystem", "worstday: 2\nsystem"),
            ("worstday: 1\ndefaults", "worstday: 2\ndefaults"),
            ("system: day", "system: night"),
            ("as-of: 2026-11-20", "as-of: 2026-11-23"),
            ("[first.yaml]", "[first.yaml, second.yaml]"),
            ("spread: cv 1", "spread: cv 2"),
            ("base: 2/s", "base: 3/s"),
            ("6/s at", "5/s at"),
            ("to 00:09", "to 00:08"),
            ("monday: 1x", "monday: 2x"),
            ("pattern: poisson", "pattern: even"),
            ("batch: 1", "batch: 2"),
            ("do: s.e\nservices", "do: [{call: s.e}, {call: s.e}]\nservices"),
            ("e: 100ms", "e: 90ms"),
            ("workers: 2", "workers: 1"),
        ],
    },
    Stage {
        name: "a week",
        files: &[(
            "week.yaml",
            "worstday: 1
system: week
clients:
  c:
    arrive:
      base: 1/min
      days: {monday: 1x, tuesday: 1x, wednesday: 1x, thursday: 1x, friday: 1x, saturday: 1x, sunday: 1x}
    do: s.e
services: {s: {workers: 2, endpoints: {e: 100ms}}}
",
        )],
        arguments: &["--for", "7d", "--day", "2026-11-23"],
        changes: &[
            ("monday: 1x", "monday: 2x"),
            ("tuesday: 1x", "tuesday: 2x"),
            ("wednesday: 1x", "wednesday: 2x"),
            ("thursday: 1x", "thursday: 2x"),
            ("friday: 1x", "friday: 2x"),
            ("saturday: 1x", "saturday: none"),
            ("sunday: 1x", "sunday: 0.5x"),
        ],
    },
    Stage {
        name: "growth and costs",
        files: &[(
            "grown.yaml",
            "worstday: 1
system: grown
as-of: 2026-11-02
clients: {c: {arrive: 20/s, do: s.e, value: 3 USD}}
services: {s: {workers: 1, cores: 2, queue: 3, endpoints: {e: 100ms}}}
promises: {quick: {for: c, must: [p50 < 1ms]}}
growth: {c: 8%/week, services.s.queue.bound: 50%/week}
costs: {currency: USD, dated: 2026-10-01, replica: {s: 90 USD/month}, core: 0.03 USD/h, lost: by value, breach: {quick: 500 USD}}
",
        )],
        arguments: &["--for", "1m", "--day", "2026-11-23"],
        changes: &[
            ("c: 8%/week", "c: 9%/week"),
            ("bound: 50%/week", "bound: 90%/week"),
            ("currency: USD", "currency: EUR"),
            ("dated: 2026-10-01", "dated: 2026-10-02"),
            ("s: 90 USD/month", "s: 91 USD/month"),
            ("core: 0.03 USD/h", "core: 0.04 USD/h"),
            ("lost: by value", "lost: 1 USD"),
            ("quick: 500 USD", "quick: 501 USD"),
        ],
    },
    Stage {
        name: "a rollout",
        files: &[(
            "rollout.yaml",
            "worstday: 1
system: rollout
timezone: UTC
as-of: 2026-11-20
clients: {c: {arrive: 20/s, do: s.e, value: uniform 1 USD to 9 USD}}
services:
  s:
    replicas: 4
    workers: unlimited
    start: exactly 2s
    probes: {ready: {every: 1s}}
    endpoints: {e: exactly 20ms, f: exactly 30ms}
    rollout:
      when: 2026-11-23 00:01
      surge: 1
      unavailable: 0
      steps: [{to: 25%}, {watch: 30s}, {to: 100%}]
      keep-if: [s.e.p80 < 100ms over 20s]
      compare: new
      else: roll-back
      fails: 100%
      bad: [{chance: 100%, edit: {s.e#work: {work: exactly 200ms}}, if: value > 5 USD}]
",
        )],
        arguments: &["--for", "5m", "--day", "2026-11-23"],
        changes: &[
            ("00:01", "00:02"),
            ("unavailable: 0", "unavailable: 2"),
            ("to: 25%", "to: 50%"),
            ("watch: 30s", "watch: 40s"),
            ("p80 < 100ms", "p80 < 300ms"),
            ("compare: new", "compare: all"),
            ("else: roll-back", "else: pause"),
            ("fails: 100%", "fails: 0%"),
            ("work: exactly 200ms", "work: exactly 150ms"),
            ("value > 5 USD", "value > 6 USD"),
        ],
    },
    Stage {
        name: "which bad version",
        files: &[(
            "which.yaml",
            "worstday: 1
system: which
timezone: UTC
as-of: 2026-11-20
clients: {c: {arrive: 20/s, do: s.e}}
services:
  s:
    replicas: 2
    workers: unlimited
    start: exactly 2s
    endpoints: {e: exactly 20ms}
    rollout:
      when: 2026-11-23 00:01
      fails: 100%
      bad: [{chance: 0%, edit: {s.e#work: {work: exactly 50ms}}}, {chance: rest, edit: {s.e#work: {work: exactly 90ms}}}]
",
        )],
        arguments: &["--for", "5m", "--day", "2026-11-23"],
        changes: &[("chance: 0%", "chance: 100%")],
    },
    Stage {
        name: "recordings",
        files: &[
            (
                "recorded.yaml",
                "worstday: 1
system: recorded
timezone: UTC
clients:
  table: {arrive: {file: one.csv, format: counts, column: n, per: 10m, at: 2026-11-23}, do: s.e}
  log: {arrive: {file: three.txt, format: instants}, do: s.e}
services: {s: {workers: 2, endpoints: {e: 100ms}}}
",
            ),
            (
                "one.csv",
                "time,n,m\n2026-11-23 00:00:00,30,10\n2026-11-23 00:10:00,20,50\n2026-11-24 00:00:00,5,7\n",
            ),
            (
                "two.csv",
                "time,n,m\n2026-11-23 00:00:00,31,10\n2026-11-23 00:10:00,20,50\n2026-11-24 00:00:00,5,7\n",
            ),
            (
                "three.txt",
                "2026-11-22T22:00:00Z\n2026-11-22T23:03:00Z\n2026-11-23T00:05:00Z\n2026-11-23T00:06:00Z\n2026-11-23T01:02:00Z\n2026-11-24T01:02:00Z\n",
            ),
        ],
        arguments: &["--for", "30m", "--day", "2026-11-23"],
        changes: &[
            ("timezone: UTC", "timezone: Europe/Zurich"),
            ("file: one.csv", "file: two.csv"),
            ("column: n", "column: m"),
            ("per: 10m", "per: 5m"),
            ("at: 2026-11-23", "at: 2026-11-22"),
        ],
    },
    Stage {
        name: "a recording in another format",
        files: &[
            (
                "format.yaml",
                "worstday: 1
system: format
clients: {log: {arrive: {file: a.csv, format: instants, column: n, per: 1m, at: 2026-11-23}, do: s.e}}
services: {s: {workers: 2, endpoints: {e: 100ms}}}
",
            ),
            (
                "a.csv",
                "start,n\n1970-01-01 00:00:00,3\n1970-01-01 00:01:00,5\n1970-01-01 01:00:00,9\n",
            ),
        ],
        arguments: &["--for", "30m", "--day", "2026-11-23"],
        changes: &[("format: instants", "format: counts")],
    },
    Stage {
        name: "arrivals around an event",
        files: &[(
            "event.yaml",
            "worstday: 1
system: event
clients:
  crowd: {arrive: {with: sale, visits: 100, over: 5m, until: 1m before, shape: even}, do: s.e}
  stream: {arrive: {with: push, rate: 1/s, over: 2m}, do: s.e}
  always: {arrive: 1/s, do: s.e, active: during sale, patience: 10s}
  steady: {arrive: 1/s, do: s.e}
services: {s: {workers: 1, endpoints: {e: 300ms}}}
events:
  sale: {when: 2026-11-23 00:10 for 5m, jitter: 1m, demand: {steady: 2x}, rise: 30s, fall: 30s, seen: 2025-11-07}
  push: {when: 2026-11-23 00:05, for: 3m}
  later: {when: 2026-11-23 00:08, for: 4m}
  often: {every: 10m, for: 1m, demand: {steady: 3x}, edit: {services.s.workers: 1}}
",
        )],
        arguments: &["--for", "30m", "--day", "2026-11-23", "--faults"],
        changes: &[
            ("with: sale", "with: later"),
            ("visits: 100", "visits: 110"),
            ("over: 5m", "over: 4m"),
            ("until: 1m before", "until: 2m before"),
            ("shape: even", "shape: front"),
            ("with: push", "with: later"),
            ("rate: 1/s", "rate: 2/s"),
            ("over: 2m", "over: 1m"),
            ("active: during sale", "active: during later"),
            ("when: 2026-11-23 00:10 for 5m", "when: 2026-11-23 00:11 for 5m"),
            ("jitter: 1m", "jitter: 2m"),
            ("demand: {steady: 2x}", "demand: {steady: 4x}"),
            ("rise: 30s", "rise: 2m"),
            ("fall: 30s", "fall: 2m"),
            ("seen: 2025-11-07", "seen: 2025-11-08"),
            ("every: 10m", "every: 11m"),
            ("for: 1m", "for: 2m"),
            ("edit: {services.s.workers: 1}", "edit: {services.s.workers: 2}"),
        ],
    },
    Stage {
        name: "closed users",
        files: &[(
            "closed.yaml",
            "worstday: 1
system: closed
priorities: [gold, tin]
clients:
  users:
    population: 5
    think: 3s
    do: [{call: s.e, timeout: 2s}]
    patience: 1s cv 0.5
    cancel: none
    retry: 2 attempts backoff 1s
    value: 10 USD cv 1
    priority: gold
    known-as: [browser]
  others: {arrive: 2/s, do: s.e, priority: tin}
services:
  s: {workers: 1, queue: {order: priority}, endpoints: {e: [{work: 200ms}, {work: 100ms, if: value > 10 USD}]}}
",
        )],
        arguments: &["--for", "10m"],
        changes: &[
            ("[gold, tin]", "[tin, gold]"),
            ("population: 5", "population: 6"),
            ("think: 3s", "think: 4s"),
            ("patience: 1s cv 0.5", "patience: 2s cv 0.5"),
            ("cancel: none", "cancel: all"),
            ("retry: 2 attempts backoff 1s", "retry: 2 attempts backoff 2s"),
            ("value: 10 USD cv 1", "value: 12 USD cv 1"),
            ("priority: gold", "priority: tin"),
            ("known-as: [browser]", "known-as: [app]"),
            ("if: value > 10 USD", "if: value > 12 USD"),
        ],
    },
    Stage {
        name: "places",
        files: &[(
            "places.yaml",
            "worstday: 1
system: places
zones: {a: {region: east}, b: {region: east}}
links:
  between-zones: {delay: 1ms}
  slow: {from: s, to: t, delay: 2ms, capacity: 100/s, queue: 5, loss: 1%}
clients: {c: {arrive: 40/s, do: s.e}}
services:
  s: {replicas: 2, workers: 40, spread: zones, owner: us, known-as: [svc], endpoints: {e: [{call: t.e, timeout: 1s, size: 3kB}]}}
  t: {replicas: 2, workers: 40, zone: a, endpoints: {e: {do: [{work: 10ms, known-as: [step]}], known-as: [end]}}}
  u: {workers: 1, endpoints: {e: 10ms}}
",
        )],
        arguments: &["--for", "2m"],
        changes: &[
            ("zones: {a: {region: east}", "zones: {a: {region: west}"),
            ("delay: 1ms", "delay: 5ms"),
            ("from: s", "from: u"),
            ("to: t", "to: u"),
            ("delay: 2ms", "delay: 3ms"),
            ("capacity: 100/s", "capacity: 50/s"),
            ("queue: 5", "queue: 1"),
            ("loss: 1%", "loss: 2%"),
            ("zone: a", "zone: b"),
            ("owner: us", "owner: them"),
            ("known-as: [svc]", "known-as: [svc2]"),
            ("known-as: [step]", "known-as: [step2]"),
            ("known-as: [end]", "known-as: [end2]"),
        ],
    },
    Stage {
        name: "a zone for all but one",
        files: &[(
            "spread.yaml",
            "worstday: 1
system: spread
zones: [a, b]
links: {between-zones: {delay: 9ms}}
defaults: {services: {zone: a}}
clients: {c: {arrive: 5/s, do: s.e}}
services:
  s: {replicas: 2, workers: 40, endpoints: {e: [{call: t.e}]}}
  t: {replicas: 3, workers: 40, spread: zones, endpoints: {e: 10ms}}
",
        )],
        arguments: &["--for", "2m"],
        changes: &[(", spread: zones", ""), ("zones: [a, b]", "zones: [a, b, z]")],
    },
    Stage {
        name: "the length of messages",
        files: &[(
            "size.yaml",
            "worstday: 1
system: size
zones: [a, b]
links: {between-zones: {capacity: 1Mb/s}}
clients: {c: {arrive: 5/s, do: s.e}}
services:
  s: {replicas: 2, workers: 40, spread: zones, endpoints: {e: [{call: t.e, size: 3kB}]}}
  t: {replicas: 2, workers: 40, endpoints: {e: 10ms}}
",
        )],
        arguments: &["--for", "2m"],
        changes: &[("size: 3kB", "size: 6kB")],
    },
    Stage {
        name: "calls",
        files: &[(
            "calls.yaml",
            "worstday: 1
system: calls
priorities: [first, second]
policies: {careful: {timeout: 150ms}, quick: {timeout: 120ms}}
defaults:
  calls: {timeout: 500ms}
clients:
  c: {arrive: 20/s, do: s.e, calls: {deadline: 900ms}}
services:
  s:
    workers: 30
    pools: {p: {size: 4}, q: {size: 2}}
    endpoints:
      e: [{call: t.e, timeout: 200ms, deadline: 600ms, cancel: none, retry: 2 attempts backoff 20ms, pool: p, fallback: skip, balance: random, priority: first, work: 1x}]
      g: [{call: t.e, policy: careful}]
  t: {replicas: 2, workers: 1, queue: {order: priority}, endpoints: {e: 80ms, f: 70ms}}
",
        )],
        arguments: &["--for", "2m"],
        changes: &[
            ("call: t.e, timeout", "call: t.f, timeout"),
            ("timeout: 200ms", "timeout: 150ms"),
            ("deadline: 600ms", "deadline: 250ms"),
            ("cancel: none", "cancel: all"),
            ("retry: 2 attempts backoff 20ms", "retry: 3 attempts backoff 20ms"),
            ("pool: p,", "pool: q,"),
            ("fallback: skip", "fallback: [{wait: 100ms}]"),
            ("balance: random", "balance: round-robin"),
            ("work: 1x", "work: 2x"),
            ("deadline: 900ms", "deadline: 300ms"),
        ],
    },
    Stage {
        name: "where a policy stands",
        files: &[(
            "policy.yaml",
            "worstday: 1
system: policy
priorities: [first, second]
policies: {careful: {timeout: 150ms, priority: second}, quick: {timeout: 120ms}}
defaults:
  calls: {timeout: 300ms}
  services: {queue: 50, replicas: 1}
  mesh: none
clients:
  c: {arrive: 20/s, do: s.e}
  d: {arrive: 5/s, do: s.f, calls: {timeout: 200ms}}
  p: {arrive: 3/s, do: [{call: t.e, priority: first}]}
services:
  s:
    workers: 30
    calls: {retry: 2 attempts}
    endpoints:
      e: [{call: t.e, policy: careful}]
      f: {do: [{call: t.e}], calls: {timeout: 100ms}}
  t: {workers: 2, queue: {order: priority, bound: 20}, mesh: {timeout: 400ms}, endpoints: {e: 60ms}}
",
        )],
        arguments: &["--for", "2m"],
        changes: &[
            ("{timeout: 150ms, priority", "{timeout: 140ms, priority"),
            ("policy: careful", "policy: quick"),
            ("calls: {timeout: 300ms}", "calls: {timeout: 200us}"),
            ("replicas: 1}", "replicas: 2}"),
            ("mesh: none", "mesh: {retry: 2 attempts}"),
            ("calls: {timeout: 200ms}", "calls: {timeout: 90ms}"),
            ("priority: first", "priority: second"),
            ("calls: {retry: 2 attempts}", "calls: {retry: 4 attempts}"),
            ("calls: {timeout: 100ms}", "calls: {timeout: 50ms}"),
            ("mesh: {timeout: 400ms}", "mesh: {timeout: 40ms}"),
        ],
    },
    Stage {
        name: "services by default",
        files: &[(
            "default.yaml",
            "worstday: 1
system: default
defaults:
  services: {workers: 2}
clients: {c: {arrive: 10/s, do: s.e}}
services: {s: {endpoints: {e: 100ms}}}
",
        )],
        arguments: &["--for", "2m"],
        changes: &[("workers: 2", "workers: 1")],
    },
    Stage {
        name: "retries",
        files: &[(
            "retry.yaml",
            "worstday: 1
system: retry
clients:
  a: {arrive: 10/s, do: [{call: t.e, timeout: 100ms, retry: {attempts: 3, backoff: 50ms, grow: 2x, cap: 80ms, jitter: full, if: [timeout], budget: {ratio: 20%, burst: 5, scope: replica}}}]}
  b: {arrive: 10/s, do: [{call: t.e, timeout: 100ms, retry: {attempts: 3, backoff: 50ms, budget: {tokens: 20, cost: 2, timeout-cost: 3}}}]}
  c: {arrive: 10/s, do: [{call: t.e, timeout: 100ms, retry: {attempts: 3, budget: {concurrent: 20%, min: 1}}}]}
  d: {arrive: 10/s, do: [{call: t.e, timeout: 100ms, retry: {attempts: 3, budget: {ratio: 20%, min: 1/s, window: 4s}}}]}
  f: {arrive: 5/s, do: [{call: t.e, timeout: 100ms, retry: {like: sre}}]}
services:
  t: {workers: 3, queue: {bound: 8}, endpoints: {e: {do: [{work: 90ms}], fails: 10%}}}
",
        )],
        arguments: &["--for", "2m"],
        changes: &[
            ("{attempts: 3, backoff: 50ms, grow", "{attempts: 2, backoff: 50ms, grow"),
            ("backoff: 50ms, grow", "backoff: 60ms, grow"),
            ("grow: 2x", "grow: 1.2x"),
            ("cap: 80ms", "cap: 60ms"),
            ("jitter: full", "jitter: none"),
            ("if: [timeout]", "if: [timeout, error]"),
            ("{ratio: 20%, burst: 5, scope: replica}", "{ratio: 10%, burst: 5, scope: replica}"),
            ("burst: 5", "burst: 1"),
            ("scope: replica", "scope: visit"),
            ("tokens: 20", "tokens: 10"),
            ("cost: 2,", "cost: 1,"),
            ("timeout-cost: 3", "timeout-cost: 9"),
            ("concurrent: 20%", "concurrent: 80%"),
            ("min: 1}", "min: 3}"),
            ("{ratio: 20%, min", "{ratio: 40%, min"),
            ("min: 1/s", "min: 3/s"),
            ("window: 4s", "window: 9s"),
            ("like: sre", "like: polly"),
        ],
    },
    Stage {
        name: "hedges and fallbacks",
        files: &[(
            "hedge.yaml",
            "worstday: 1
system: hedge
keys: {products: 50 zipf 1.0}
clients:
  a: {arrive: 10/s, do: [{call: t.e, timeout: 100ms, hedge: {after: 30ms, extra: 1}, fallback: {if: [timeout], do: [{wait: 1s}]}}]}
services:
  t:
    replicas: 4
    workers: 2
    queue: 2
    balance: {by: round-robin, panic: 0%}
    endpoints: {e: {do: [{work: 70ms}], fails: 10%}}
"
        )],
        arguments: &["--for", "2m"],
        changes: &[
            ("after: 30ms", "after: 20ms"),
            ("extra: 1", "extra: 2"),
            ("if: [timeout]", "if: [error]"),
            ("do: [{wait: 1s}]", "do: degraded"),
            ("by: round-robin", "by: hash products"),
            ("[{work: 70ms}]", "[{work: 75ms}]"),
            ("fails: 10%", "fails: 20%"),
        ],
    },
    Stage {
        name: "steps",
        files: &[(
            "steps.yaml",
            "worstday: 1
system: steps
clients:
  a: {arrive: 5/s, value: 10 USD cv 1, do: [{call: s.e, timeout: 2s}, {wait: 100ms, chance: 40%}]}
services:
  s:
    workers: 8
    pools: {p: {size: 2}, q: {size: 1}}
    blocks: {look: [{work: 5ms}], see: [{work: 6ms}]}
    endpoints:
      e:
        - {hold: p, do: [{work: 20ms}]}
        - {work: 30ms, unless: value <= 5 USD, name: render}
        - parallel: [{call: t.e}, {call: t.f}]
          need: all
          cancel: none
        - choose:
            - {if: value > 20 USD, do: [{work: 11ms}]}
            - {chance: 20%, do: [{fail: declined}]}
            - {chance: rest, do: [{repeat: 2, do: [{work: 7ms}]}]}
        - {do: look}
        - {answer: ok}
  t: {workers: 2, endpoints: {e: {do: [{work: 20ms}], fails: 10%}, f: [{work: 50ms}]}}
promises: {fine: {for: a, must: [failed < 99%, degraded < 50%]}}
",
        )],
        arguments: &["--for", "2m"],
        changes: &[
            ("wait: 100ms", "wait: 90ms"),
            ("chance: 40%", "chance: 50%"),
            ("hold: p", "hold: q"),
            ("{work: 20ms}]}\n        - {work", "{work: 21ms}]}\n        - {work"),
            ("work: 30ms", "work: 31ms"),
            ("unless: value <= 5 USD", "unless: value <= 6 USD"),
            (", name: render", ", name: draw"),
            ("parallel: [{call: t.e}, {call: t.f}]", "parallel: [{call: t.f}, {call: t.f}]"),
            ("need: all", "need: 1"),
            ("cancel: none", "cancel: all"),
            ("{if: value > 20 USD", "{if: value > 30 USD"),
            ("work: 11ms", "work: 12ms"),
            ("chance: 20%", "chance: 30%"),
            ("fail: declined", "fail: broken"),
            ("repeat: 2", "repeat: 3"),
            ("do: [{work: 7ms}]", "do: [{work: 8ms}]"),
            ("do: look", "do: see"),
            ("answer: ok", "answer: degraded"),
            ("look: [{work: 5ms}]", "look: [{work: 7ms}]"),
            ("fails: 10%", "fails: 20%"),
        ],
    },
    Stage {
        name: "services",
        files: &[(
            "services.yaml",
            "worstday: 1
system: services
clients:
  a: {arrive: 20/s, patience: 3s, do: [{call: s.e, timeout: 1s}]}
  b: {arrive: 20/s, do: [{call: t.e, timeout: 200ms}]}
  c: {arrive: 20/s, do: [{call: u.e}]}
services:
  s:
    replicas: 2
    workers: 4
    cores: {request: 1, limit: 1.5, order: shared}
    queue: {bound: 3, order: fifo, per: replica, expired: keep, timeout: 2s}
    admission: {rate: 30/s burst 10, concurrency: 9}
    contention: {serial: 1%, crosstalk: 0.1%, of: requests}
    endpoints: {e: {do: [{work: 150ms}], admission: {concurrency: 8}}}
  t: {workers: 1, queue: {expired: keep, timeout: 300ms}, endpoints: {e: 52ms}}
  u: {cores: {request: 1}, endpoints: {e: 40ms}}
",
        )],
        arguments: &["--for", "2m"],
        changes: &[
            ("replicas: 2", "replicas: 3"),
            ("workers: 4", "workers: 3"),
            ("limit: 1.5", "limit: 1.2"),
            ("order: shared", "order: fifo"),
            ("request: 1}", "request: 2}"),
            ("bound: 3", "bound: 2"),
            ("order: fifo", "order: lifo"),
            ("per: replica", "per: service"),
            ("{expired: keep", "{expired: drop"),
            ("timeout: 300ms", "timeout: 100ms"),
            ("rate: 30/s burst 10", "rate: 20/s burst 10"),
            ("concurrency: 9", "concurrency: 3"),
            ("serial: 1%", "serial: 3%"),
            ("crosstalk: 0.1%", "crosstalk: 1%"),
            ("of: requests", "of: replicas"),
            ("admission: {concurrency: 8}", "admission: {concurrency: 2}"),
        ],
    },
    Stage {
        name: "pools",
        files: &[(
            "pools.yaml",
            "worstday: 1
system: pools
priorities: [first, second]
keys: {products: {count: 20, zipf: 1, hot: 1, share: 20%}, others: 5 zipf 1}
pools: {shared: {size: 3, wait: 200ms, queue: 4}}
clients:
  a: {arrive: 20/s, do: s.e, priority: first}
  b: {arrive: 20/s, do: s.f, priority: second}
services:
  s:
    replicas: 2
    workers: 20
    pools:
      own: {size: 2, wait: 300ms, per: replica, order: fifo}
      rows: {size: 1, keys: products}
      ready: {like: hikari, size: 2}
    endpoints:
      e: [{hold: own, do: [{work: 100ms}]}, {hold: rows, do: [{work: 10ms}]}]
      f: [{hold: own, do: [{work: 50ms}]}, {hold: shared, do: [{work: 50ms}]}, {hold: ready, do: [{work: 90ms}]}]
",
        )],
        arguments: &["--for", "2m"],
        changes: &[
            ("count: 20", "count: 19"),
            ("zipf: 1,", "zipf: 2,"),
            ("hot: 1", "hot: 2"),
            ("share: 20%", "share: 40%"),
            ("size: 3, wait", "size: 2, wait"),
            ("wait: 200ms", "wait: 50ms"),
            ("queue: 4", "queue: 1"),
            ("{size: 2, wait: 300ms", "{size: 3, wait: 300ms"),
            ("per: replica", "per: service"),
            ("order: fifo", "order: priority"),
            ("keys: products", "keys: others"),
            (", size: 2}", ", size: 1}"),
        ],
    },
    Stage {
        name: "a preset of a pool",
        files: &[(
            "like.yaml",
            "worstday: 1
system: like
pools: {shared: {size: 10}}
clients: {a: {arrive: 200/s, do: s.e}}
services: {s: {workers: 100, endpoints: {e: [{hold: shared, do: [{work: 5s}]}]}}}
",
        )],
        arguments: &["--for", "1m"],
        changes: &[("shared: {size: 10}", "shared: {like: hikari, size: 10}")],
    },
    Stage {
        name: "replicas come and go",
        files: &[(
            "start.yaml",
            "worstday: 1
system: start
clients: {a: {arrive: 40/s, do: [{call: s.e, timeout: 300ms}]}}
services:
  s:
    replicas: 2
    workers: 4
    balance: {by: round-robin, panic: 0%, slow-start: 10s}
    start: {cold: 50% for 10s, do: [{call: t.e}], then: 3s}
    stop: {grace: 4s, unready: 2s}
    probes: {ready: {calls: e, every: 5s, timeout: 100ms, failures: 2}}
    endpoints: {e: 50ms, f: 60ms}
  t: {workers: 1, start: {time: 5s}, endpoints: {e: 1s}}
faults:
  dies: {crash: s/0, at: 2026-11-23 00:01, lasts: 20s}
  goes: {crash: t, at: 2026-11-23 00:01, lasts: 40s}
events: {less: {when: 2026-11-23 00:03 for 1m, edit: {services.s.replicas: 1}}}
",
        )],
        arguments: &["--for", "6m", "--day", "2026-11-23"],
        changes: &[
            ("panic: 0%", "panic: 90%"),
            ("slow-start: 10s", "slow-start: 20s"),
            ("time: 5s", "time: 6s"),
            ("cold: 50% for 10s", "cold: 50% for 12s"),
            ("do: [{call: t.e}]", "do: [{call: t.e}, {call: t.e}]"),
            ("then: 3s", "then: 4s"),
            ("unready: 2s", "unready: 3s"),
            ("calls: e", "calls: f"),
            ("every: 5s", "every: 6s"),
            ("timeout: 100ms", "timeout: 20ms"),
            ("failures: 2", "failures: 1"),
        ],
    },
    Stage {
        name: "those who are not done in time",
        files: &[(
            "stop.yaml",
            "worstday: 1
system: stop
clients: {a: {arrive: 5/s, do: [{call: s.e}]}}
services:
  s: {replicas: 3, workers: 20, stop: {grace: 4s}, endpoints: {e: 5s}}
events: {less: {when: 2026-11-23 00:03 for 1m, edit: {services.s.replicas: 1}}}
",
        )],
        arguments: &["--for", "6m", "--day", "2026-11-23"],
        changes: &[("grace: 4s", "grace: 1s")],
    },
    Stage {
        name: "the mesh",
        files: &[(
            "mesh.yaml",
            "worstday: 1
system: mesh
clients: {a: {arrive: 30/s, do: [{call: s.e}]}}
services:
  s:
    replicas: 2
    workers: 1
    mesh: {like: istio, timeout: 200ms, deadline: 700ms, cancel: none, retry: 3 attempts, balance: random}
    endpoints: {e: 50ms}
  t:
    replicas: 3
    workers: 1
    mesh: {hedge: none}
    endpoints: {e: 50ms}
",
        )],
        arguments: &["--for", "2m"],
        changes: &[
            ("timeout: 200ms", "timeout: 150ms"),
            ("deadline: 700ms", "deadline: 300ms"),
            ("cancel: none", "cancel: all"),
            ("retry: 3 attempts", "retry: 2 attempts"),
            ("balance: random", "balance: round-robin"),
        ],
    },
    Stage {
        name: "a mesh like another",
        files: &[(
            "istio.yaml",
            "worstday: 1
system: istio
clients: {a: {arrive: 30/s, do: [{call: s.e}]}}
services:
  s: {replicas: 2, workers: 1, queue: 1, mesh: {balance: random}, endpoints: {e: 50ms}}
",
        )],
        arguments: &["--for", "2m"],
        changes: &[
            ("mesh: {balance: random}", "mesh: {like: istio, balance: random}"),
            ("mesh: {balance: random}", "mesh: {balance: random, hedge: {after: 20ms}}"),
        ],
    },
    Stage {
        name: "faults of replicas",
        files: &[(
            "faults.yaml",
            "worstday: 1
system: faults
keys: {products: 5 zipf 1.0, colours: 7 zipf 1.0}
pools: {rows: {keys: products, size: 1}, hues: {keys: colours, size: 1}}
clients: {a: {arrive: 30/s, do: [{call: s.e, timeout: 500ms}]}}
services:
  s: {replicas: 3, workers: 4, start: 2s, endpoints: {e: [{work: 40ms}, {hold: rows, do: [{work: 5ms}]}, {hold: hues, do: [{work: 5ms}]}]}}
faults:
  crash: {crash: s/0, at: 2026-11-23 00:01, lasts: 10s}
  vanish: {vanish: s/0, at: 2026-11-23 00:02, lasts: 10s}
  stall: {stall: s/0, at: 2026-11-23 00:03, lasts: 10s}
  lock: {stall: rows, keys: one of products, at: 2026-11-23 00:04, lasts: 10s}
  hang: {hang: s/0/worker, when: 2026-11-23 00:05, lasts: 10s, frees: at-end}
  slow: {slow: s/0, by: 3x, of: running, at: 2026-11-23 00:06, lasts: 10s}
  less: {capacity: s/0, to: 50%, at: 2026-11-23 00:07, lasts: 10s}
  edit: {edit: {services.s.workers: 1}, at: 2026-11-23 00:09, lasts: 10s}
  both: {together: [slow, less], at: 2026-11-23 00:10}
",
        )],
        arguments: &["--for", "12m", "--day", "2026-11-23"],
        changes: &[
            ("crash: s/0", "crash: s/1"),
            ("vanish: s/0", "vanish: s/1"),
            ("stall: s/0", "stall: s/1"),
            ("hang: s/0/worker", "hang: s/1/worker"),
            ("when: 2026-11-23 00:05", "when: 2026-11-23 00:05:30"),
            ("frees: at-end", "frees: at-restart"),
            ("slow: s/0", "slow: s/1"),
            ("by: 3x", "by: 4x"),
            ("of: running", "of: new"),
            ("capacity: s/0", "capacity: s/1"),
            ("to: 50%", "to: 40%"),
            ("{services.s.workers: 1}", "{services.s.workers: 2}"),
            ("[slow, less]", "[slow, stall]"),
            ("00:01, lasts: 10s", "00:01, lasts: 11s"),
            ("at: 2026-11-23 00:01", "at: 2026-11-23 00:01:30"),
        ],
    },
    Stage {
        name: "requests that fail",
        files: &[(
            "errors.yaml",
            "worstday: 1
system: errors
keys: {products: 5 zipf 1.0, colours: 7 zipf 1.0}
clients: {a: {arrive: 30/s, do: [{call: s.e, retry: 2 attempts}]}}
services: {s: {replicas: 3, workers: 4, endpoints: {e: [{work: 40ms}]}}}
faults: {bad: {errors: s/0, by: 30%, keys: one of products, at: 2026-11-23 00:01, lasts: 30s}}
",
        )],
        arguments: &["--for", "2m", "--day", "2026-11-23"],
        changes: &[
            ("errors: s/0", "errors: s/1"),
            ("by: 30%", "by: 60%"),
            ("one of products", "one of colours"),
        ],
    },
    Stage {
        name: "which key is locked",
        files: &[(
            "lock.yaml",
            "worstday: 1
system: lock
keys: {products: 5 zipf 1.0, colours: 7 zipf 1.0}
pools: {rows: {keys: products, size: 1}}
clients: {a: {arrive: 30/s, do: [{call: s.e, timeout: 500ms}]}}
services: {s: {workers: 40, endpoints: {e: [{hold: rows, do: [{work: 5ms}]}]}}}
faults: {lock: {stall: rows, keys: one of products, at: 2026-11-23 00:01, lasts: 10s}}
",
        )],
        arguments: &["--for", "3m", "--day", "2026-11-23"],
        changes: &[("keys: one of products", "keys: one of colours")],
    },
    Stage {
        name: "faults of messages",
        files: &[(
            "messages.yaml",
            "worstday: 1
system: messages
links: {up: {from: s, to: t}, down: {from: s, to: u}}
clients: {a: {arrive: 30/s, do: [{call: s.e}]}}
services:
  s: {workers: 40, endpoints: {e: [{call: t.e, timeout: 100ms}, {call: u.e, timeout: 100ms}]}}
  t: {workers: 4, endpoints: {e: 5ms}}
  u: {workers: 4, endpoints: {e: 5ms}}
faults:
  cut: {cut: s <-> t, at: 2026-11-23 00:01, lasts: 10s}
  lossy: {loss: up, by: 5%, at: 2026-11-23 00:02, lasts: 10s}
  far: {delay: s -> t, by: 30ms, at: 2026-11-23 00:03, lasts: 10s}
",
        )],
        arguments: &["--for", "4m", "--day", "2026-11-23"],
        changes: &[
            ("cut: s <-> t", "cut: s <-> u"),
            ("loss: up", "loss: down"),
            ("by: 5%", "by: 15%"),
            ("delay: s -> t", "delay: s -> u"),
            ("by: 30ms", "by: 40ms"),
        ],
    },
    Stage {
        name: "when faults come",
        files: &[(
            "when.yaml",
            "worstday: 1
system: when
clients: {a: {arrive: 30/s, do: [{call: s.e, timeout: 100ms}]}}
services: {s: {replicas: 2, workers: 4, start: 1s, endpoints: {e: 5ms}}}
faults:
  often: {crash: s/any, every: 3m, during: busy, lasts: 5s}
  coin: {slow: s, by: 9x, during: train, chance: 50%, lasts: 10s}
events:
  busy: {when: every day 00:00 to 00:15}
  calm: {when: every day 00:15 to 00:30}
  train: {when: [every day at 00:02, every day at 00:06, every day at 00:10, every day at 00:14, every day at 00:18, every day at 00:22]}
",
        )],
        arguments: &["--for", "30m", "--day", "2026-11-23", "--faults"],
        changes: &[
            ("every: 3m", "every: 4m"),
            ("during: busy", "during: calm"),
            ("chance: 50%", "chance: 100%"),
        ],
    },
    Stage {
        name: "promises",
        files: &[(
            "promises.yaml",
            "worstday: 1
system: promises
defaults: {promises: {at-least: 20, at-risk: 5%}, guess: 0.5x..2x}
sources:
  traces: {measured: 2026-11-16 to 2026-11-20, requests: 412k, sampled: 1%, error: 8%}
  k8s: {read: a.yaml, commit: 3f1c2a9}
clients:
  a: {arrive: 1/s, do: [{call: s.e, timeout: 1s}], value: 31 USD}
  b: {arrive: 1/min, do: [{call: t.e, timeout: 1s}]}
services:
  s: {replicas: 1 @k8s, workers: 1, endpoints: {e: 400ms @traces}}
  t: {workers: 1, start: 3s @guess, endpoints: {e: 400ms @guess}}
faults: {dies: {stall: s, at: 2026-11-27 00:11, lasts: 30s}}
promises:
  one: {for: a, must: [lost < 5% over 1m], survives: [any one fault], at-least: 10, at-risk: 1%}
  two: {for: s.e, must: [p99 < 5s over 1m], except: 2026-11-27 00:11 to 00:13}
  three: {for: b, must: [lost < 90% over 1m]}
  four: {for: a, must: [p(90)<4000 over 1m]}
  five: {for: a, must: [recovers]}
  six: {for: a, must: [lost-value < 500 USD over 5m]}
",
        )],
        arguments: &["--for", "20m", "--day", "2026-11-27"],
        changes: &[
            ("{at-least: 20", "{at-least: 5"),
            (", at-risk: 5%", ", at-risk: 6%"),
            ("guess: 0.5x..2x", "guess: 0.4x..2.5x"),
            ("measured: 2026-11-16", "measured: 2026-11-17"),
            ("requests: 412k", "requests: 413k"),
            ("sampled: 1%", "sampled: 2%"),
            ("error: 8%", "error: 9%"),
            ("read: a.yaml", "read: b.yaml"),
            ("commit: 3f1c2a9", "commit: 3f1c2a8"),
            ("one: {for: a, must", "one: {for: b, must"),
            ("p(90)<4000", "p(90)<3999"),
            ("[recovers]", "[recovers < 1s]"),
            ("lost-value < 500 USD", "lost-value < 5000 USD"),
            ("[lost < 5% over 1m]", "[lost < 99% over 1m]"),
            ("[any one fault]", "[any one replica]"),
            ("at-least: 10", "at-least: 100"),
            ("at-risk: 1%", "at-risk: 2%"),
            ("except: 2026-11-27 00:11 to 00:13", "except: 2026-11-27 00:15 to 00:16"),
        ],
    },
    Stage {
        name: "overlays",
        files: &[
            ("what-if.yaml", "worstday: 1
overlay: what-if
base: base.yaml
edit: {services.s.workers: 2}
remove: [events.push]
insert: [{above: s.e#one, steps: [{work: 1ms}]}, {below: s.e#two, steps: [{work: 2ms}]}, {at: end of s.e, steps: [{work: 3ms}]}]
variants:
  first: {edit: {services.s.queue: 9}}
  second: {edit: {services.s.queue: 3}}
  third: {like: [first], edit: {services.s.replicas: 3}, remove: [events.pull], insert: [{at: start of s.e, steps: [{work: 4ms}]}]}
"),
            ("base.yaml", BASE),
            ("other.yaml", OTHER),
        ],
        arguments: &["--for", "4m", "--day", "2026-11-23", "--variant", "third"],
        changes: &[
            ("worstday: 1\noverlay", "worstday: 2\noverlay"),
            ("overlay: what-if", "overlay: what-then"),
            ("base: base.yaml", "base: other.yaml"),
            ("workers: 2}\nremove", "workers: 3}\nremove"),
            ("[events.push]", "[events.shove]"),
            ("above: s.e#one", "above: s.e#two"),
            ("below: s.e#two", "below: s.e#one"),
            ("at: end of s.e", "at: start of s.e"),
            ("work: 2ms", "work: 5ms"),
            ("like: [first]", "like: [second]"),
            ("services.s.replicas: 3", "services.s.replicas: 1"),
            ("[events.pull]", "[events.shove]"),
            ("at: start of s.e, steps: [{work: 4ms}]", "at: start of s.e, steps: [{work: 9ms}]"),
        ],
    },
    Stage {
        name: "a scenario by itself",
        files: &[
            ("day.yaml", "worstday: 1\nscenario: WD-7f3b\nbase: base.yaml\nday: 2026-11-23\nuntil: 00:05\n"),
            ("base.yaml", BASE),
            ("other.yaml", OTHER),
        ],
        arguments: &[],
        changes: &[("base: base.yaml", "base: other.yaml")],
    },
    Stage {
        name: "scenarios",
        files: &[
            ("base.yaml", BASE),
            ("other.yaml", OTHER),
            ("day.yaml", "worstday: 1
scenario: WD-7f3a
base: base.yaml
model: sha256-0000
seed: 7f3a9c01
day: 2026-11-23
from: 10:00
until: 10:05
demand: {a: 1.3x}
happens:
  - {at: 10:01, fault: dies, target: s/0, lasts: 10s}
  - {at: 10:02, fault: slow, by: 2x, lasts: 10s}
  - {at: 10:03, event: push}
  - {at: 10:04, edit: {services.s.workers: 2}, lasts: 10s}
  - {at: 10:02:30, demand: {a: 2.5x}, lasts: 10s}
  - {at: 10:03:30, shed: a, by: 30%, lasts: 10s, because: it hurts}
breaks: [quick]
found: {runs: 41280, breaks-in: 187 of 200, returns: 3.1 years}
"),
        ],
        arguments: &["--scenario", "day.yaml"],
        changes: &[
            ("worstday: 1\nscenario", "worstday: 2\nscenario"),
            ("scenario: WD-7f3a", "scenario: WD-7f3b"),
            ("model: sha256-0000\n", ""),
            ("seed: 7f3a9c01", "seed: 7f3a9c02"),
            ("day: 2026-11-23", "day: 2026-11-24"),
            ("from: 10:00", "from: 09:59"),
            ("until: 10:05", "until: 10:06"),
            ("demand: {a: 1.3x}", "demand: {a: 1.4x}"),
            ("at: 10:01", "at: 10:01:05"),
            ("fault: dies", "fault: hides"),
            ("target: s/0", "target: s/1"),
            ("s/0, lasts: 10s", "s/0, lasts: 11s"),
            ("by: 2x", "by: 3x"),
            ("event: push", "event: pull"),
            ("edit: {services.s.workers: 2}", "edit: {services.s.workers: 3}"),
            ("demand: {a: 2.5x}", "demand: {a: 3.5x}"),
            ("because: it hurts", "because: it is slow"),
            ("breaks: [quick]", "breaks: [fast]"),
            ("runs: 41280", "runs: 41281"),
            ("breaks-in: 187 of 200", "breaks-in: 188 of 200"),
            ("returns: 3.1 years", "returns: 3.2 years"),
        ],
    },
    Stage {
        name: "topics",
        files: &[(
            "topics.yaml",
            "worstday: 1
system: topics
links: {within-zone: {delay: 1ms, capacity: 20Mb/s}}
keys: {sellers: 1 zipf 0, buyers: 1k zipf 0}
clients: {c: {arrive: 20/s, do: s.e, value: 5 USD}}
services:
  s:
    workers: 80
    endpoints:
      e:
        - {work: 5ms}
        - {send: updates, acks: all, timeout: 30ms, retry: 2 attempts, fallback: skip, size: 2kB}
        - {send: views, acks: all}
        - {send: notes}
        - {send: memos}
  t:
    replicas: 2
    workers: 2
    start: 1s
    consumes:
      updates: {do: [{work: 150ms}, {fail: error, chance: 20%}], batch: 2 within 50ms, rate: 30/s, retry: 3 attempts, then: dead, commit: after}
      views: {do: [{work: 12ms}]}
      notes: {do: [{work: 10ms}]}
  u: {workers: 1, consumes: {dead: {do: [{work: 7ms}]}}}
topics:
  updates: {partitions: 4, key: buyers, keep: 2s, bound: 60, ack-takes: 20ms cv 0.5, rebalance: 2s, owner: data}
  views: {keep: 1h}
  notes: {at: s, order: none}
  memos: {keep: 1h}
  dead: {bound: 900}
  other: {bound: 800}
faults: {dies: {crash: t/0, at: 2026-11-23 00:01, lasts: 50s}}
promises:
  late: {for: updates, must: [drains < 1m]}
",
        )],
        arguments: &["--for", "3m", "--day", "2026-11-23"],
        changes: &[
            ("{send: memos}", "{send: other}"),
            ("{send: views, acks: all}", "{send: views, acks: none}"),
            ("timeout: 30ms", "timeout: 25ms"),
            ("retry: 2 attempts,", "retry: 3 attempts,"),
            ("fallback: skip", "fallback: [{work: 9ms}]"),
            ("size: 2kB", "size: 4kB"),
            ("do: [{work: 12ms}]", "do: [{work: 13ms}]"),
            ("batch: 2 within 50ms", "batch: 3 within 50ms"),
            ("rate: 30/s", "rate: 25/s"),
            ("retry: 3 attempts, then", "retry: 2 attempts, then"),
            ("then: dead", "then: other"),
            ("commit: after", "commit: before"),
            ("partitions: 4", "partitions: 3"),
            ("key: buyers", "key: sellers"),
            ("keep: 2s", "keep: 1s"),
            ("bound: 60", "bound: 2"),
            ("ack-takes: 20ms cv 0.5", "ack-takes: 10ms cv 0.5"),
            ("rebalance: 2s", "rebalance: 9s"),
            ("owner: data", "owner: web"),
            ("{at: s, order: none}", "{at: t, order: none}"),
            ("order: none}", "order: partition}"),
            ("drains < 1m", "drains < 1ms"),
        ],
    },
];

const BASE: &str = "worstday: 1
system: base
clients: {a: {arrive: {base: 10/s, days: {tuesday: 2x}}, do: [{call: s.e, timeout: 1s}]}}
services: {s: {workers: 1, replicas: 2, queue: 20, start: 1s, endpoints: {e: [{work: 30ms, name: one}, {wait: 40ms, name: two}]}}}
faults: {dies: {crash: s, lasts: 5s}, hides: {vanish: s, lasts: 5s}, slow: {slow: s, by: 5x, lasts: 5s}}
events:
  push: {when: 2026-11-23 00:02 for 1m, demand: {a: 2x}}
  pull: {when: 2026-11-23 00:03 for 30s, demand: {a: 3x}}
  shove: {when: 2026-11-23 00:01 for 30s, demand: {a: 4x}}
promises: {quick: {for: a, must: [p95 < 2s]}, fast: {for: a, must: [p50 < 1s]}}
";

const OTHER: &str = "worstday: 1
system: base
clients: {a: {arrive: {base: 11/s, days: {tuesday: 2x}}, do: [{call: s.e, timeout: 1s}]}}
services: {s: {workers: 1, replicas: 2, queue: 20, start: 1s, endpoints: {e: [{work: 30ms, name: one}, {wait: 40ms, name: two}]}}}
faults: {dies: {crash: s, lasts: 5s}, hides: {vanish: s, lasts: 5s}, slow: {slow: s, by: 5x, lasts: 5s}}
events:
  push: {when: 2026-11-23 00:02 for 1m, demand: {a: 2x}}
  pull: {when: 2026-11-23 00:03 for 30s, demand: {a: 3x}}
  shove: {when: 2026-11-23 00:01 for 30s, demand: {a: 4x}}
promises: {quick: {for: a, must: [p95 < 2s]}, fast: {for: a, must: [p50 < 1s]}}
";
