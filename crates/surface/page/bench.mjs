// What a frame of the flight simulator costs the page: fifty services, everything moving, twenty frames a second, traced in
// headless Chromium. Run by `cargo xtask bench page`: node bench.mjs PACKAGES CHROMIUM [SECONDS] [TRACE].
//
// A frame's work is all that the page's main thread does from one picture to the next: reading the stream, parsing, the
// script, style, layout, and recording what is to be painted. Filling in the pixels is other threads' work.

import { writeFile } from "node:fs/promises";
import { standIn, TOKEN } from "./tests/stand-in.mjs";
import { tools } from "./tests/tools.mjs";

const [packages, chromium, seconds = "15", trace] = process.argv.slice(2);
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

function quantile(list, q) {
  const sorted = [...list].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(q * sorted.length))];
}

const tool = await tools(packages, chromium);
const simulator = await standIn({ large: true });
const page = await tool.open(`${simulator.address}#${TOKEN}`, {
  viewport: { width: 1440, height: 900 },
});
await page.waitForTimeout(3_000);
await tool.browser.startTracing(page, {
  categories: ["devtools.timeline", "toplevel"],
});
await page.waitForTimeout(1_000 * Number(seconds));
const text = (await tool.browser.stopTracing()).toString();
if (trace) await writeFile(trace, text);
await tool.end();
simulator.close();

const { traceEvents } = JSON.parse(text);
// The thread on which the page's animation frames run.
const pictures = traceEvents.filter(
  (one) => one.name === "FireAnimationFrame" && one.ph === "X",
);
const thread = `${pictures[0].pid} ${pictures[0].tid}`;
const own = traceEvents.filter(
  (one) => one.ph === "X" && `${one.pid} ${one.tid}` === thread,
);
const tasks = own.filter((one) => one.name === "ThreadControllerImpl::RunTask");
const starts = pictures.map((one) => one.ts).sort((a, b) => a - b);
/** Sums up between one picture and the next, ms: `dur` is what the clock on the wall says, `tdur` the thread's own time. */
function perFrame(events, measure) {
  const sums = new Array(starts.length - 1).fill(0);
  for (const one of events) {
    // A task that shows a picture begins a moment before it.
    const at = starts.findLastIndex((start) => start <= one.ts + one.dur);
    if (at >= 0 && at < sums.length) sums[at] += (one[measure] ?? 0) / 1000;
  }
  return sums;
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
const shown = (list) =>
  [0.5, 0.95, 1].map((q) => quantile(list, q).toFixed(2).padStart(7)).join(" ");
const line = (name, events) =>
  console.log(
    `${name.padEnd(8)} ${shown(perFrame(events, "tdur"))}   ${shown(perFrame(events, "dur"))}`,
  );
console.log(
  `${starts.length - 1} frames of fifty services, ms of the thread, then of the wall: median, 95 %, most`,
);
line("all", outermost(tasks));
for (const [kind, names] of Object.entries(KINDS))
  line(kind, outermost(own.filter((one) => names.includes(one.name))));
const median = quantile(perFrame(outermost(tasks), "tdur"), 0.5);
console.log(
  `goal: a median of at most ${GOAL} ms: ${median <= GOAL ? "met" : "not met"}`,
);
