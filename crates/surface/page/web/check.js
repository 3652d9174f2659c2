// The page of verdicts: one island of JSON becomes sections, in the order in which a reader asks. Nothing is fetched.

import "./sharp.js";
import "uplot/dist/uPlot.min.css";
import "./page.css";
import "./check.css";
import { clockOf } from "./clock.js";
import { certificateSection } from "./check/certificate.js";
import { carriesSection } from "./check/carries.js";
import { livedSection } from "./check/lived.js";
import { mapSection } from "./check/map.js";
import { sheet } from "./check/sheet.js";
import { header, promisesSection } from "./check/verdicts.js";
import { el } from "./dom.js";
import { createNow } from "./now.js";

const island = JSON.parse(document.getElementById("island").textContent);
const main = document.getElementById("page");

/** The day opens at a moment that shows something: near the end of the first fault or event, else in the middle. */
function opening(run, length) {
  const first =
    run.day.marks.find((mark) => mark.what === "fault") ??
    run.day.marks.find((mark) => mark.what === "event");
  if (!first) return length / 2;
  const from = Math.max(0, first.from);
  const until = Math.min(first.until ?? length, length);
  return Math.min(length - 1e-6, from + 0.8 * (until - from));
}

function contextOf(lived) {
  const { length } = lived.clock;
  return {
    length,
    clock: clockOf(lived.clock),
    now: createNow(opening(lived.run, length)),
    currency: lived.currency,
  };
}

const lived = island.lived
  ? livedSection(island.lived, contextOf(island.lived))
  : null;
const parts = [
  promisesSection(island),
  lived,
  carriesSection(island),
  mapSection(island),
].filter(Boolean);

main.replaceChildren(
  header(island),
  ...parts.flatMap((part) => part.nodes),
  certificateSection(island),
  el(
    "footer",
    {},
    `${island.tool}. This page is complete in itself: it loads nothing and reports to nobody.`,
  ),
  sheet(island),
);
dispatchEvent(new Event("resize"));
for (const part of parts) part.build();
document.documentElement.dataset.ready = "";
