// What a frame of the flight simulator costs the page: fifty services, twenty frames a second, traced in headless Chromium.
// Run by `cargo xtask bench page`: node bench.mjs PACKAGES CHROMIUM WORSTDAY [SECONDS].
//
// Three times: frames of the tool's own server, a fault among the services; made-up ones in which everything changes with every
// frame; and those of two arms. A frame's work is all that the page's main thread does from one picture to the next: reading the stream, parsing, the
// script, style, layout, and recording what is to be painted. Filling in the pixels is other threads' work.

import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { simulator } from "./tests/simulator.mjs";
import { standIn, TOKEN } from "./tests/stand-in.mjs";
import { tools } from "./tests/tools.mjs";

const [packages, chromium, worstday, seconds = "15"] = process.argv.slice(2);
/** The goal, ms in the median. */
const GOAL = 8;

const KINDS = {
  script: [
    "FunctionCall",
    "FireAnimationFrame",
    "RunMicrotasks",
    "EvaluateScript",
  ],
  style: ["UpdateLayoutTree", "RecalculateStyles"],
  layout: ["Layout"],
  paint: ["PrePaint", "Paint", "Layerize", "Commit", "UpdateLayer"],
};

/** Fifty services in five rows, each asking two of the next row. */
function fifty() {
  const lines = [
    "worstday: 1",
    "system: fifty",
    "clients:",
    "  users: {arrive: 100/s, do: [{choose: [" +
      Array.from({ length: 10 }, (_, at) => {
        const chance = at < 9 ? "10%" : "rest";
        return `{chance: ${chance}, do: [{call: s0-${at}.get, timeout: 1s}]}`;
      }).join(", ") +
      "]}]}",
    "services:",
  ];
  for (let row = 0; row < 5; row += 1)
    for (let at = 0; at < 10; at += 1) {
      lines.push(
        `  s${row}-${at}:`,
        "    {replicas: 2, workers: 4, queue: 40, endpoints: {get: [{work: 15ms cv 1}" +
          (row === 4
            ? ""
            : [at, (at + 3) % 10]
                .map(
                  (next) =>
                    `, {call: s${row + 1}-${next}.get, timeout: 300ms, retry: 2 attempts}`,
                )
                .join("")) +
          "]}}",
      );
    }
  return `${lines.join("\n")}\n`;
}

function quantile(list, q) {
  const sorted = [...list].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(q * sorted.length))];
}

/** Events that are not within another of the same list. */
function outermost(events) {
  let end = -Infinity;
  return [...events]
    .sort((a, b) => a.ts - b.ts || b.dur - a.dur)
    .filter((one) => {
      if (one.ts < end) return false;
      end = one.ts + one.dur;
      return true;
    });
}

/** What the trace says of each frame. */
function told(name, text) {
  const { traceEvents } = JSON.parse(text);
  const whole = traceEvents.filter((one) => one.ph === "X");
  const pictures = whole.filter((one) => one.name === "FireAnimationFrame");
  // The thread on which the page's animation frames run.
  const thread = `${pictures[0].pid} ${pictures[0].tid}`;
  const own = whole.filter((one) => `${one.pid} ${one.tid}` === thread);
  const starts = pictures.map((one) => one.ts).sort((a, b) => a - b);
  /** Sums between one picture and the next, ms: `dur` is what the clock on the wall says, `tdur` the thread's own time. */
  const perFrame = (events, measure) => {
    const sums = new Array(starts.length - 1).fill(0);
    for (const one of events) {
      // A task that shows a picture begins a moment before it.
      const at = starts.findLastIndex((start) => start <= one.ts + one.dur);
      if (at >= 0 && at < sums.length) sums[at] += (one[measure] ?? 0) / 1000;
    }
    return sums;
  };
  const shown = (list) =>
    [0.5, 0.95, 1]
      .map((q) => quantile(list, q).toFixed(2).padStart(7))
      .join(" ");
  const line = (what, events) =>
    console.log(
      `  ${what.padEnd(7)} ${shown(perFrame(events, "tdur"))}   ${shown(perFrame(events, "dur"))}`,
    );
  const tasks = outermost(
    own.filter((one) => one.name === "ThreadControllerImpl::RunTask"),
  );
  console.log(
    `${name}: ${starts.length - 1} frames, ms of the thread, then of the wall: median, 95 %, most`,
  );
  line("all", tasks);
  for (const [kind, names] of Object.entries(KINDS))
    line(kind, outermost(own.filter((one) => names.includes(one.name))));
  return quantile(perFrame(tasks, "tdur"), 0.5);
}

const tool = await tools(packages, chromium);
async function measured(name, address, prepare = async () => {}) {
  const page = await tool.open(address, {
    viewport: { width: 1440, height: 900 },
  });
  await prepare(page);
  await page.waitForTimeout(3_000);
  await tool.browser.startTracing(page, {
    categories: ["devtools.timeline", "toplevel"],
  });
  await page.waitForTimeout(1_000 * Number(seconds));
  const trace = await tool.browser.stopTracing();
  await page.close();
  return told(name, trace.toString());
}

const folder = await mkdtemp(join(tmpdir(), "worstday-bench-"));
await writeFile(join(folder, "fifty.yaml"), fifty());
const server = await simulator(worstday, folder, [
  "run",
  "fifty.yaml",
  "--live",
  "--port",
  "0",
]);
const real = await measured("simulated", server.address, async (page) => {
  await page.selectOption('[aria-label="Speed"]', "5");
  await page.click(".any >> text=Any fault on any part");
  await page.selectOption('[aria-label="Part"]', "s2-3");
  await page.selectOption('[aria-label="What happens to it"]', "slow");
  await page.fill("#any-size", "8");
  await page.selectOption("#any-lasts", "3600");
  await page.click("text=Break it");
});
await server.end();
await rm(folder, { recursive: true });

const made = await standIn({ large: true });
const worst = await measured("made up", `${made.address}#${TOKEN}`);
const forked = await measured(
  "made up, two arms",
  `${made.address}#${TOKEN}`,
  (page) => page.click(".tools >> text=Fork"),
);
made.close();
await tool.end();
const most = Math.max(real, worst, forked);
console.log(
  `goal: a median of at most ${GOAL} ms: ${most <= GOAL ? "met" : "not met"}`,
);
