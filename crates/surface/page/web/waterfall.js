// Single visits, step by step: where the time went.

import { ROUND } from "./chart.js";
import { choice, el, folded, rich, section, table } from "./dom.js";
import { seconds } from "./quantity.js";

const WHICH = {
  typical: "one in the middle",
  slow: "the slowest one in a hundred",
  slowest: "the slowest of all",
  lost: "one that was lost",
};

/** What a stretch is called; calls and branches are what the lanes below show. */
const SPENT = {
  line: "in line",
  work: "work",
  wait: "wait",
  permit: "for a permit",
  "back-off": "pause before asking again",
  travel: "on the way",
  held: "standing still",
  late: "for nobody",
};

const MOST = 60;

function lane(row, length) {
  const at = (x) => `${((100 * x) / length).toFixed(3)}%`;
  const left = row.spans.find(([what]) => what === "left")?.[1] ?? Infinity;
  const pieces = [];
  for (const [what, from, until] of row.spans) {
    if (what === "left" || from >= length) continue;
    const cut = Math.min(until, length);
    // What is done after the caller left is done for nobody.
    if (from < left) pieces.push([what, from, Math.min(cut, left)]);
    if (cut > left) pieces.push([`${what} late`, Math.max(from, left), cut]);
  }
  const track = el("div", { class: "lane-track" });
  for (const [what, from, until] of pieces) {
    if (until <= from) continue;
    const kind = what.split(" ")[0];
    track.append(
      el("i", {
        class: `span ${what}`,
        style: `left: ${at(from)}; width: max(1px, ${at(until - from)})`,
        title: `${SPENT[kind] ?? "waiting for the rows below"}${what.endsWith("late") ? ", for nobody" : ""}: ${seconds(until - from)}`,
      }),
    );
  }
  if (left < length)
    track.append(
      el("i", {
        class: "left-here",
        style: `left: ${at(left)}`,
        title: "its caller stops waiting",
      }),
    );
  const name = row.attempt > 1 ? `${row.label} (${row.attempt})` : row.label;
  return el(
    "li",
    { class: "lane" },
    el(
      "span",
      {
        class: "lane-name",
        style: `padding-left: ${Math.min(row.depth, 6) * 12}px`,
      },
      name,
    ),
    track,
    el(
      "span",
      {
        class: `lane-end ${row.result.startsWith("answered") && !row.late ? "" : "bad"}`,
      },
      row.late ? `${row.result}, late` : row.result,
    ),
  );
}

function axis(length) {
  const most = innerWidth < 560 ? 3 : 5;
  const step = ROUND.find((one) => length / one <= most) ?? length / most;
  const ticks = [];
  for (let at = 0; at <= length * 1.0001; at += step) ticks.push(at);
  return el(
    "div",
    { class: "lane axis", "aria-hidden": "true" },
    el("span", {}),
    el(
      "div",
      { class: "lane-track" },
      ...ticks.map((at) =>
        el(
          "span",
          { class: "tick", style: `left: ${(100 * at) / length}%` },
          seconds(at),
        ),
      ),
    ),
    el("span", {}),
  );
}

function account(visit) {
  const shown = visit.account.filter((part) => part.share >= 0.001).slice(0, 8);
  return el(
    "div",
    { class: "account" },
    el(
      "div",
      { class: "stack", "aria-hidden": "true" },
      ...shown.map((part) =>
        el("i", {
          class: `span ${part.what}`,
          style: `flex: ${part.share}`,
          title: part.took,
        }),
      ),
    ),
    el(
      "ul",
      {},
      ...shown.map((part) =>
        el(
          "li",
          {},
          el("i", { class: `swatch span ${part.what}`, "aria-hidden": "true" }),
          el("b", {}, part.took),
          " ",
          ...rich(part.text),
        ),
      ),
    ),
  );
}

/** The axis goes on a little behind the visit's end, to show who still works for it. */
function spanOf(visit) {
  const last = Math.max(...visit.lanes.map((row) => row.until));
  return Math.max(
    1e-6,
    Math.min(Math.max(visit.length, last), 1.5 * visit.length),
  );
}

function drawn(visit, context, other) {
  const length = spanOf(visit);
  const seen = visit.lanes.filter((row) => row.from < length);
  const rows = seen.slice(0, MOST);
  const hidden = visit.lanes.length - rows.length + visit.leftOut;
  const same =
    other &&
    other.visits.find(
      (one) => one.client === visit.client && one.from === visit.from,
    );
  return el(
    "div",
    { class: "visit" },
    el(
      "p",
      { class: "visit-head" },
      `Came at ${context.clock.moment(visit.from, true)}, `,
      el("b", {}, `${visit.ending} after ${visit.took}`),
      ".",
      same &&
        el(
          "span",
          {},
          " The same visit ",
          ...rich(other.title),
          ": ",
          el("b", {}, `${same.ending} after ${same.took}`),
          ".",
        ),
    ),
    account(visit),
    el(
      "ol",
      { class: "lanes", "aria-label": "Every attempt on one axis of time" },
      ...rows.map((row) => lane(row, length)),
    ),
    axis(length),
    hidden > 0 &&
      el(
        "p",
        { class: "quiet-text" },
        `and ${hidden} more ${hidden === 1 ? "attempt" : "attempts"}, further down or later on`,
      ),
    folded("This visit as a table", () =>
      table(
        `The visit of ${visit.client}`,
        ["what", "attempt", "from", "until", "ended"],
        visit.lanes.map((row) => [
          `${"· ".repeat(row.depth)}${row.label}`,
          row.attempt > 0 ? String(row.attempt) : "",
          seconds(row.from),
          seconds(row.until),
          row.late ? `${row.result}, late` : row.result,
        ]),
        "numbers",
      ),
    ),
  );
}

/** @param {object[]} runs @param {string | null} untraced @param {object} context */
export function waterfallSection(runs, untraced, context) {
  const [run, other] = runs;
  if (run.visits.length === 0)
    return untraced ? section("visits", "Where the time went", untraced) : null;
  const key = (visit) => `${visit.client} ${visit.which}`;
  const several = new Set(run.visits.map((visit) => visit.client)).size > 1;
  // Where many are lost, one of them tells most; else one of the slow ones.
  const first =
    run.visits.find(
      (visit) => visit.which === (run.lostShare >= 0.01 ? "lost" : "slow"),
    ) ??
    run.visits.find((visit) => visit.which === "slowest") ??
    run.visits[0];
  const holder = el("div", {});
  const show = (chosen) => {
    const visit = run.visits.find((one) => key(one) === chosen);
    holder.replaceChildren(drawn(visit, context, other));
  };
  show(key(first));
  return section(
    "visits",
    "Where the time went",
    "Single visits, followed step by step through the same day.",
    choice(
      "Which visit",
      run.visits.map((visit) => ({
        value: key(visit),
        text: several
          ? `\`${visit.client}\`: ${WHICH[visit.which]}`
          : WHICH[visit.which],
      })),
      key(first),
      show,
    ),
    el(
      "ul",
      { class: "key-line" },
      ...["line", "work", "wait", "back-off", "call"].map((kind) =>
        el(
          "li",
          {},
          el("i", { class: `swatch span ${kind}`, "aria-hidden": "true" }),
          SPENT[kind] ?? "waiting for the rows below",
        ),
      ),
      el(
        "li",
        {},
        el("i", { class: "swatch span work late", "aria-hidden": "true" }),
        "work for nobody: its caller had left",
      ),
    ),
    holder,
  );
}
