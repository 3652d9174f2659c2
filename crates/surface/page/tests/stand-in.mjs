// Stands in for the simulator where a test asks for what a real one seldom does: a refusal, a lost connection, fifty services
// that all change with every frame. It says what the simulator says, in the same words; what it says of the supermarket is
// made up, and no test reads it as if it were simulated.

import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import { join } from "node:path";

const dist = join(import.meta.dirname, "../dist");
export const TOKEN = "00112233445566778899aabbccddeeff";

/** The page as the crate puts it together. */
async function page() {
  const [style, script, hash] = await Promise.all(
    ["live.css", "live.js", "live.sha256"].map((name) =>
      readFile(join(dist, name), "utf8"),
    ),
  );
  return {
    html: `<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n<meta name="viewport" content="width=device-width, initial-scale=1">\n<meta name="color-scheme" content="light dark">\n<link rel="icon" href="data:,">\n<title>worstday live</title>\n<style>\n${style}</style>\n</head>\n<body>\n<main id="live"><h1>worstday</h1></main>\n<script>${script}</script>\n</body>\n</html>\n`,
    policy: `default-src 'none'; script-src 'sha256-${hash.trim()}'; style-src 'unsafe-inline'; img-src data:; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'`,
  };
}

const service = (name, replicas, room = null) => ({
  id: `service ${name}`,
  name,
  kind: "service",
  replicas,
  room,
});
const clientNode = (name) => ({
  id: `client ${name}`,
  name,
  kind: "client",
  replicas: 0,
  room: null,
});
const edge = (from, to) => ({ from, to, calls: [`${from} -> ${to}`] });

const SUPERMARKET = {
  nodes: [
    clientNode("shoppers"),
    clientNode("commuters"),
    service("till", 6),
    service("pos", 1),
    {
      id: "topic offline-sales",
      name: "offline-sales",
      kind: "topic",
      replicas: 0,
      room: 200,
    },
  ],
  edges: [
    edge("client commuters", "service till"),
    edge("client shoppers", "service till"),
    edge("service till", "service pos"),
    edge("service till", "topic offline-sales"),
    edge("topic offline-sales", "service pos"),
  ],
};

/** Ten rows of five, each asking two of the next. */
function fifty() {
  const nodes = [clientNode("users")];
  const edges = [];
  for (let row = 0; row < 5; row += 1)
    for (let at = 0; at < 10; at += 1) {
      nodes.push(service(`s${row}-${at}`, 2, 40));
      if (row === 0) edges.push(edge("client users", `service s0-${at}`));
      if (row < 4)
        for (const next of [at, (at + 3) % 10])
          edges.push(
            edge(`service s${row}-${at}`, `service s${row + 1}-${next}`),
          );
    }
  return { nodes, edges };
}

const LEVERS = [
  {
    id: "fault:pos-silent",
    group: "break",
    text: "POS server goes silent",
    does: "It takes requests and answers none: who asks waits until their own timeout.",
    lasts: 900,
    size: null,
  },
  {
    id: "fault:till-slow",
    group: "break",
    text: "tills take … as long",
    does: "Everything a till does takes three times as long.",
    lasts: 600,
    size: { unit: "x", is: 3, min: 1, max: 20, step: 0.5 },
  },
  {
    id: "demand:shoppers",
    group: "load",
    text: "… as many shoppers",
    does: "So many times as many come as the day has.",
    lasts: 1200,
    size: { unit: "x", is: 2, min: 0, max: 10, step: 0.5 },
  },
  {
    id: "set:offline",
    group: "save",
    text: "sell offline for 30 minutes",
    does: "Tills sell up to 50 USD a sale without the server; it is asked when it is back.",
    lasts: 1800,
    size: null,
  },
  {
    id: "edit:till",
    group: "save",
    text: "… of till",
    does: "Two cashiers come from the back; it takes a minute.",
    lasts: 1800,
    size: { unit: "more", is: 2, min: 1, max: 6, step: 1 },
  },
  {
    id: "restart:pos",
    group: "save",
    text: "restart the POS server",
    does: "It is gone for 20 s and comes back empty.",
    lasts: null,
    size: null,
  },
];

/**
 * @param {{ large?: boolean, paused?: boolean, speed?: number }} [options]
 */
export async function standIn({
  large = false,
  paused = false,
  speed = 60,
} = {}) {
  const { html, policy } = await page();
  const drawing = large ? fifty() : SUPERMARKET;
  const clients = drawing.nodes.filter((node) => node.kind === "client");
  const streams = new Set();
  const asked = [];
  let ids = 100;
  const state = { t: large ? 0 : 4200, paused, speed, snapshots: [0] };
  const BUCKET = 60;

  const newArm = (title) => ({
    title,
    points: [],
    log: [],
    done: [],
    alerts: [],
    queue: 2,
    topic: 0,
    left: false,
    sums: clients.map(() => [0, 0, 0]),
    requests: 0,
    fresh: { points: [], log: [] },
  });
  let arms = [newArm("as it is")];
  const tell = (arm, entry) => {
    const full = { id: (ids += 1), t: state.t, ...entry };
    arm.log.push(full);
    arm.fresh.log.push(full);
    return full;
  };
  const isOn = (arm, lever) => arm.done.some((row) => row.lever === lever);

  function advance(arm, dt) {
    const silent = arm.done.some((row) => row.group === "break");
    const offline = isOn(arm, "set:offline");
    for (const row of [...arm.done])
      if (row.until !== null && row.until <= state.t) end(arm, row);
    const come = 0.06 * (isOn(arm, "demand:shoppers") ? 2 : 1);
    const can =
      silent && !offline ? 0.012 : isOn(arm, "edit:till") ? 0.1 : 0.07;
    arm.queue = Math.max(
      1.5 + Math.sin(state.t / 200),
      arm.queue + (come - can) * dt,
    );
    arm.topic = Math.max(
      0,
      arm.topic + (silent && offline ? 0.04 : -0.05) * dt,
    );
    const leaves = arm.queue > 28 ? 0.02 * dt : 0;
    arm.queue -= leaves;
    arm.wait = 130 + (arm.queue * 110) / 6;
    arm.silent = silent;
    arm.offline = offline;
    arm.come = come;
    arm.answered = Math.min(can, come + 0.01);
    arm.sums.forEach((sum, at) => {
      const part = at === 0 ? 0.85 : 0.15;
      sum[0] += come * dt * part;
      sum[1] += arm.answered * dt * part;
      sum[2] += leaves * part;
    });
    const alarm = arm.alerts.length > 0;
    if (silent && !alarm && arm.queue > 8) {
      const entry = tell(arm, {
        who: "cards-fail",
        kind: "alert",
        text: "pos.authorise.errors > 20% over 5m",
      });
      arm.alerts.push({ name: "cards-fail", since: state.t, id: entry.id });
    } else if (alarm && arm.queue < 6) {
      tell(arm, {
        who: "cards-fail",
        kind: "cleared",
        text: "is over",
        ends: arm.alerts[0].id,
      });
      arm.alerts = [];
    }
    if (leaves > 0 && !arm.left) {
      arm.left = true;
      tell(arm, {
        who: "shoppers",
        kind: "left",
        text: "the first of shoppers is lost",
        warned: alarm ? state.t - arm.alerts[0].since : null,
      });
    }
    if (leaves === 0 && arm.queue < 5) arm.left = false;
    arm.requests += come * dt * 3;
  }

  function end(arm, row) {
    arm.done = arm.done.filter((one) => one !== row);
    tell(arm, {
      who: row.who,
      kind: "undone",
      text: `${row.text}: over`,
      ends: row.id,
    });
  }

  const wave = (at, slow) => 0.5 + 0.45 * Math.sin(state.t / slow + at);
  function nodeOf(arm, node, at) {
    if (large)
      return node.kind === "client"
        ? [20, 0.01 * wave(at, 30), 400]
        : [
            wave(at, 40),
            40 * wave(at, 70) ** 3,
            wave(at, 90) > 0.9 ? 1 : 2,
            4 + wave(at, 50),
            0,
            2,
          ];
    if (node.kind === "client")
      return [
        arm.come * (node.name === "shoppers" ? 0.85 : 0.15),
        arm.left ? 0.2 : 0,
        12,
      ];
    if (node.kind === "topic")
      return [arm.topic, arm.topic * 12, arm.offline ? 0.04 : 0, 0];
    const isTill = node.name === "till";
    return isTill
      ? [
          Math.min(1, 0.62 + arm.queue / 40),
          arm.queue,
          6,
          arm.come,
          0,
          isOn(arm, "edit:till") ? 8 : 6,
        ]
      : [arm.silent ? null : 0.06, 0, 1, arm.silent ? 0.4 : 0.05, 0, 1];
  }
  function edgeOf(arm, one, at) {
    if (large)
      return [
        4 * wave(at, 60),
        3 * Math.max(0, wave(at, 80) - 0.6),
        0.2,
        Math.max(0, wave(at, 80) - 0.8),
      ];
    if (one.to === "service pos" && one.from === "service till")
      return arm.silent
        ? [0.05, arm.offline ? 0.02 : 0.5, 0.5, 1]
        : [0.05, 0, 0, 0];
    if (one.to === "topic offline-sales")
      return [arm.offline && arm.silent ? 0.04 : 0, 0, 0, 0];
    if (one.from === "topic offline-sales")
      return [!arm.silent && arm.topic > 0 ? 0.05 : 0, 0, 0, 0];
    return [arm.come / 2, 0, 0, 0];
  }

  function armOf(arm) {
    const half = arm.wait ?? 180;
    const [points, log] = [arm.fresh.points, arm.fresh.log];
    return {
      nodes: drawing.nodes.map((node, at) => nodeOf(arm, node, at)),
      edges: drawing.edges.map((one, at) => edgeOf(arm, one, at)),
      hits: arm.silent && !large ? [["service pos", true]] : [],
      clients: clients.map((node) => ({
        name: node.name,
        came: 20,
        answered: 18,
        lost: 0,
        inside: 9,
        p50: half,
        p99: 3 * half,
      })),
      tiles: [
        {
          name: "answered",
          value: `${Math.round(3600 * (arm.answered ?? 0.06))}/h`,
          note: `${Math.round(3600 * (arm.come ?? 0.06))}/h come`,
          state: "plain",
        },
        {
          name: "half within",
          value: `${Math.floor(half / 60)}m${String(Math.round(half % 60)).padStart(2, "0")}s`,
          note: "promised: 10m",
          state: half < 600 ? "kept" : "broken",
        },
        {
          name: "lost",
          value: arm.left ? "12 %" : "0",
          note: "of those who were done",
          state: arm.left ? "broken" : "kept",
        },
        {
          name: "inside",
          value: String(Math.round(arm.queue + 6)),
          note: "waiting or served",
          state: "plain",
        },
        {
          name: "money lost",
          value: `${Math.round(31 * arm.sums[0][2])} USD`,
          note: "so far",
          state: "plain",
        },
      ],
      alerts: arm.alerts.map(({ name, since }) => ({ name, since })),
      done: arm.done,
      points,
      log,
      requests: Math.round(arm.requests),
      digest: "0123456789abcdef",
    };
  }

  const hello = () => ({
    tool: "worstday 0.1.0",
    system: large ? "fifty" : "supermarket",
    file: large ? "fifty.yaml" : "supermarket.yaml",
    hash: "ab12cd34",
    currency: "USD",
    seed: "7f3a",
    clock: { wall: 1796022000, changes: [], fromStart: false, length: 14400 },
    drawing,
    promises: [
      {
        name: "short-lines",
        subject: "shoppers",
        condition: "p50 < 10m over 15m",
        percentile: 50,
        limit: 600,
      },
    ],
    levers: LEVERS,
    kinds: [
      {
        kind: "vanish",
        words: "goes silent",
        size: null,
        on: ["service", "replica"],
      },
      {
        kind: "slow",
        words: "works slower",
        size: { unit: "x", is: 3, min: 1, max: 100, step: 0.5 },
        on: ["service", "replica"],
      },
      { kind: "cut", words: "is cut", size: null, on: ["link"] },
    ],
    parts: [
      ...drawing.nodes
        .filter((node) => node.kind === "service")
        .map((node) => ({ name: node.name, kind: "service", text: node.name })),
      { name: "till -> pos", kind: "link", text: "till to pos" },
    ],
    hint: {
      lever: "fault:pos-silent",
      text: "Try this first: the server goes silent. Then watch the line at the tills.",
    },
    window: 300,
    bucket: BUCKET,
    arms: arms.map(({ title, points, log }) => ({ title, points, log })),
    snapshots: state.snapshots,
    version: 1,
  });
  const frame = (snapshots) => ({
    t: state.t,
    from: 0,
    until: 14400,
    paused: state.paused,
    speed: state.speed,
    behind: false,
    over: state.t >= 14400,
    watchers: streams.size,
    ...(snapshots ? { snapshots } : {}),
    arms: arms.map(armOf),
  });
  const say = (stream, event, data) =>
    stream.write(`event: ${event}\ndata: ${JSON.stringify(data)}\n\n`);
  function sendFrame(snapshots) {
    const data = frame(snapshots);
    for (const stream of streams) say(stream, "frame", data);
    for (const arm of arms) arm.fresh = { points: [], log: [] };
  }
  function greet() {
    const data = hello();
    for (const arm of arms) arm.fresh = { points: [], log: [] };
    for (const stream of streams) say(stream, "hello", data);
    sendFrame();
  }

  function pass(seconds) {
    let snapshots = null;
    for (let rest = seconds; rest > 1e-9;) {
      const dt = Math.min(rest, 1, BUCKET - (state.t % BUCKET));
      for (const arm of arms) advance(arm, dt);
      state.t = Math.round((state.t + dt) * 1e6) / 1e6;
      rest -= dt;
      if (state.t % BUCKET === 0)
        for (const arm of arms) {
          const half = arm.wait;
          const point = {
            t: state.t,
            clients: arm.sums.map((sum) => [
              ...sum.map((n) => Math.round(10 * n) / 10),
              half,
              arm.left ? "never" : 3 * half,
            ]),
          };
          arm.points.push(point);
          arm.fresh.points.push(point);
          arm.sums = clients.map(() => [0, 0, 0]);
        }
      if (state.t % 300 === 0) {
        state.snapshots.push(state.t);
        snapshots = state.snapshots;
      }
    }
    return snapshots;
  }
  // What was before the page opened.
  state.t = 0;
  pass(large ? 1800 : 4200);

  let last = performance.now();
  const timer = setInterval(() => {
    const time = performance.now();
    const passed = (time - last) / 1000;
    last = time;
    if (state.paused || state.t >= 14400 || streams.size === 0) return;
    sendFrame(pass(Math.min(passed, 0.2) * state.speed));
  }, 50);
  const alive = setInterval(() => {
    for (const stream of streams) stream.write(": here\n\n");
  }, 10_000);

  const DO = {
    pace: ({ paused, speed: to }) => {
      if (paused !== undefined) state.paused = paused;
      if (to !== undefined) state.speed = to;
      sendFrame();
    },
    step: ({ seconds }) => sendFrame(pass(seconds)),
    back: ({ to }) => {
      state.t = to;
      state.snapshots = state.snapshots.filter((at) => at <= to);
      for (const arm of arms) {
        arm.points = arm.points.filter((point) => point.t <= to);
        arm.log = arm.log.filter((entry) => entry.t <= to);
        arm.done = arm.done.filter((row) => row.since <= to);
        arm.alerts = arm.alerts.filter((alert) => alert.since <= to);
        arm.queue = 3;
        arm.left = false;
      }
      greet();
    },
    pull: ({ lever, lasts, size, arm: at = 0 }) => {
      const one = LEVERS.find(({ id }) => id === lever);
      if (!one) return { refused: `there is no lever \`${lever}\`` };
      const arm = arms[at];
      const kind = { break: "fault", load: "load", save: "override" }[
        one.group
      ];
      const text = one.text.replace("…", `${size ?? ""}`);
      const entry = tell(arm, { who: "you", kind, text });
      const long = lasts === undefined ? one.lasts : lasts;
      arm.done.push({
        id: entry.id,
        lever,
        text,
        who: "you",
        group: one.group,
        since: state.t,
        until: long === null ? null : state.t + long,
      });
      sendFrame();
    },
    break: ({ kind, part, size, lasts, arm: at = 0 }) => {
      if (size !== null && size > 50)
        return {
          refused:
            "`slow` is at most 50x: what is slower than that is silent, and `vanish` says so",
        };
      const text = `${part}: ${kind}${size === null ? "" : ` ${size}x`}`;
      const entry = tell(arms[at], { who: "you", kind: "fault", text });
      arms[at].done.push({
        id: entry.id,
        lever: null,
        text,
        who: "you",
        group: "break",
        since: state.t,
        until: lasts === null ? null : state.t + lasts,
      });
      sendFrame();
    },
    release: ({ done, arm: at = 0 }) => {
      const row = arms[at].done.find((one) => one.id === done);
      if (!row) return { refused: "that has ended already" };
      end(arms[at], row);
      sendFrame();
    },
    fork: ({ without }) => {
      const copy = structuredClone(arms[0]);
      const row = copy.done.find((one) => one.id === without);
      copy.done = copy.done.filter((one) => one.id !== without);
      copy.log = copy.log.filter((entry) => entry.id !== without);
      if (row) copy.queue += 9;
      arms[0].title = row ? `with: ${row.text}` : "this one";
      copy.title = row ? `without: ${row.text}` : "its twin";
      arms = [arms[0], copy];
      greet();
    },
    keep: ({ arm: at }) => {
      arms = [arms[at]];
      greet();
    },
    save: () => ({
      data: {
        file: "supermarket.live-1.yaml",
        command:
          "worstday run systems/supermarket.yaml --scenario supermarket.live-1.yaml",
        digest: "7c1f09ab33d2e610",
        text: 'worstday: 1\nscenario: live-1\nbase: supermarket.yaml\nseed: 7f3a\nhappens:\n  - {at: "08:20:13.251", fault: pos-silent, lasts: 15m}\n',
      },
    }),
  };

  const server = createServer(async (request, response) => {
    const answer = (status, data) => {
      response.writeHead(status, { "Content-Type": "application/json" });
      response.end(JSON.stringify(data));
    };
    if (request.url === "/") {
      response.writeHead(200, {
        "Content-Type": "text/html; charset=utf-8",
        "Content-Security-Policy": policy,
        "Referrer-Policy": "no-referrer",
      });
      return response.end(html);
    }
    if (request.headers.authorization !== `Bearer ${TOKEN}`)
      return answer(401, {});
    if (simulator.isAway) return request.destroy();
    if (request.url === "/api/stream") {
      response.writeHead(200, { "Content-Type": "text/event-stream" });
      streams.add(response);
      request.on("close", () => {
        streams.delete(response);
        if (streams.size > 0) sendFrame();
      });
      say(response, "hello", hello());
      for (const arm of arms) arm.fresh = { points: [], log: [] };
      return sendFrame();
    }
    let body = "";
    for await (const piece of request) body += piece;
    const name = request.url.replace("/api/", "");
    asked.push({ name, body: JSON.parse(body) });
    const done = DO[name](JSON.parse(body)) ?? {};
    return done.refused
      ? answer(422, { error: done.refused })
      : answer(200, done.data ?? {});
  });
  await new Promise((done) => server.listen(0, "127.0.0.1", done));
  const simulator = {
    isAway: false,
    address: `http://127.0.0.1:${server.address().port}/`,
    asked,
    state,
    /** Cuts all streams, as a lost network does. */
    cut: () => {
      for (const stream of streams) stream.destroy();
    },
    close: () => {
      clearInterval(timer);
      clearInterval(alive);
      for (const stream of streams) stream.destroy();
      server.close();
      server.closeAllConnections();
    },
  };
  return simulator;
}
