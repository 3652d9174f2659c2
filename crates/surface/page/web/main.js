// The page: one island of JSON becomes sections, in the order in which a reader asks. Nothing is fetched.

import "./sharp.js";
import "uplot/dist/uPlot.min.css";
import "./page.css";
import { adviceSection } from "./advice.js";
import { clockOf } from "./clock.js";
import { comparisonSection } from "./comparison.js";
import { daySection } from "./day.js";
import { el } from "./dom.js";
import { drawingSection, teller } from "./drawing.js";
import { createNow } from "./now.js";
import { scrubber } from "./scrubber.js";
import { servicesSection } from "./services.js";
import { sourcesSection } from "./sources.js";
import { header } from "./verdict.js";
import { waterfallSection } from "./waterfall.js";

const island = JSON.parse(document.getElementById("island").textContent);
const main = document.getElementById("page");
const run = island.runs[0];
const { length } = island.clock;

/** The page opens at a moment that shows something: in the middle of the first fault or event, else in the middle. */
function opening() {
  const first =
    run.day.marks.find((mark) => mark.what === "fault") ??
    run.day.marks.find((mark) => mark.what === "event");
  if (!first) return length / 2;
  const until = Math.min(first.until ?? length, length);
  return Math.min(
    length - 1e-6,
    Math.max(0, first.from) + 0.8 * (until - Math.max(0, first.from)),
  );
}

const context = {
  length,
  clock: clockOf(island.clock),
  now: createNow(opening()),
  currency: island.currency,
};
const day = daySection(run, context);
const drawing = drawingSection(island.runs, context);
const comparison = comparisonSection(island.runs, context);

main.replaceChildren(
  header(island),
  el(
    "div",
    { class: "played" },
    day.node,
    drawing.node,
    servicesSection(run, context),
    scrubber(run, context, teller(run, length)),
  ),
  ...[
    waterfallSection(island.runs, island.untraced, context),
    comparison?.node,
    adviceSection(island),
    sourcesSection(island),
  ].filter(Boolean),
  el(
    "footer",
    {},
    `${island.tool}. This page is complete in itself: it loads nothing and reports to nobody.`,
  ),
);
dispatchEvent(new Event("resize"));
for (const part of [day, drawing, comparison]) part?.build();
document.documentElement.dataset.ready = "";
