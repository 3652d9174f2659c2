// The time line: what users felt so far, what happened and who did it, and the handle that goes back.

import { gutters } from "../chart.js";
import { clockOf } from "../clock.js";
import { choice, el, rich } from "../dom.js";
import { markStrip } from "../marks.js";
import { onLayout } from "../paper.js";
import { rateUnit, roundSeconds, seconds } from "../quantity.js";
import { style, words } from "../touch.js";
import { LETTERS } from "./letters.js";
import { curves } from "./curves.js";

/** Lengths of the axis, s: it grows in steps, so that it seldom moves. */
const SPANS = [
  1, 2, 5, 10, 15, 20, 30, 45, 60, 90, 120, 180, 240, 360, 480, 720, 1080, 1440,
  2880, 4320, 7200, 10080, 20160, 43200, 131040, 524160,
].map((minutes) => 60 * minutes);
/** Charts are drawn again at most so often, ms: they are read, not watched. */
const DRAWING = 250;
/** A window of the visits' chart holds so many of them, unless fewer windows than that would be left. */
const MANY = 10;
const FEWEST = 12;
/** Two snapshots closer than that are one mark on the rail, px. */
const APART = 5;

/** What stands above the charts, from what happened. */
const MARKS = {
  fault: "fault",
  load: "event",
  edit: "edit",
  alert: "alert",
  override: "override",
  left: "left",
};

/**
 * @param {ReturnType<import("./session.js").createSession>} session
 * @param {ReturnType<import("./pace.js").timeMachine>} machine
 * @param {object} context
 */
export function timeSection(session, machine, context) {
  const whose = el("div", {});
  const strip = el("div", { class: "strip" });
  const visits = curves({ title: "Who came and who was answered", height: 80 });
  const times = curves({
    title: "How long it took",
    height: 96,
    log: true,
    axis: true,
  });
  const snapshots = el("div", { class: "track", "aria-hidden": "true" });
  const slider = el("input", {
    type: "range",
    id: "back",
    min: "0",
    max: "1000",
    step: "any",
    "aria-label": "Moment: drag back to go back",
  });
  const flag = el("output", { class: "flag", for: "back", hidden: true });
  const rail = el("div", { class: "rail" }, snapshots, slider, flag);
  const node = el(
    "section",
    { id: "time", "aria-labelledby": "time-title" },
    el(
      "div",
      { class: "time-head" },
      el("h2", { id: "time-title" }, "The day so far"),
      whose,
    ),
    strip,
    visits.figure,
    times.figure,
    rail,
  );

  let client = 0;
  let span = SPANS[0];
  let axis = context.clock;
  let drawnAt = -Infinity;
  let drawn = "";
  let timer = 0;
  let isDragged = false;
  let clients = [];

  /** The axis holds what was and some of what comes. */
  function spanOf({ from, until, t }, bucket) {
    const whole = until === null ? Infinity : until - from;
    const wanted = (t - from) * 1.1 + 4 * bucket;
    const next = SPANS.find((one) => one >= wanted) ?? whole;
    return Math.max(Math.min(next, whole), 1e-3);
  }

  /** What a drawing depends on besides the moment. */
  function contents() {
    const { hello, frame, arms } = session;
    return [
      spanOf(frame, hello.bucket),
      ...arms.map(({ points, log, now }) => [
        points.length,
        log.length,
        now.done.map(({ id, until }) => `${id} ${until}`),
      ]),
    ].join();
  }

  /** Draws again if there is something new, now or a little later. */
  function drawSoon() {
    if (timer !== 0 || contents() === drawn) return;
    const rest = DRAWING - (performance.now() - drawnAt);
    if (rest <= 0) draw();
    else timer = setTimeout(draw, rest);
  }

  function draw() {
    const { hello, frame } = session;
    clearTimeout(timer);
    timer = 0;
    drawnAt = performance.now();
    drawn = contents();
    const next = spanOf(frame, hello.bucket);
    if (next !== span || axis === context.clock) {
      span = next;
      const { clock } = hello;
      axis = clockOf({
        ...clock,
        wall: clock.wall + frame.from,
        changes: clock.changes.map(([at, by]) => [at - frame.from, by]),
        length: span,
      });
    }
    const marks = marksOf(session, span);
    drawStrip(marks);
    const xs = [
      ...new Set(session.arms.flatMap((arm) => arm.points.map(({ t }) => t))),
    ].sort((a, b) => a - b);
    const rows = session.arms.map((arm) => {
      const at = new Map(
        arm.points.map((point) => [point.t, point.clients[client]]),
      );
      return xs.map((x) => at.get(x) ?? null);
    });
    const shared = { span, clock: axis, marks };
    drawVisits(shared, xs, rows);
    drawTimes(
      { ...shared, xs: xs.map((x) => x - frame.from) },
      rows.map((list) => percentiles(list, hello)),
      hello,
    );
    moveAll();
  }

  const isForked = () => session.arms.length > 1;
  /** The same line of each arm: the second is dashed, and its letter stands beside it. */
  const perArm = (label, tone, more = {}) =>
    session.arms.map((_, at) => ({
      label: isForked() ? `${label} ${LETTERS[at]}` : label,
      colour: tone,
      ...more,
      ...(at === 1 ? { dash: "dashed", filled: false } : {}),
    }));

  function drawVisits(shared, xs, rows) {
    const { hello, frame } = session;
    const together = togetherOf(rows[0]);
    const length = together * hello.bucket;
    // Only whole windows: the last one is drawn when it is over.
    const parts = Math.floor(xs.length / together);
    const sums = (list, at) =>
      Array.from({ length: parts }, (_, part) => {
        const own = list.slice(part * together, (part + 1) * together);
        return own.includes(null)
          ? null
          : own.reduce((sum, row) => sum + row[at], 0) / length;
      });
    const [came, answered, lost] = [0, 1, 2].map((at) =>
      rows.map((list) => sums(list, at)),
    );
    const unit = rateUnit(Math.max(0, ...[came, answered, lost].flat(2)));
    const rated = (list) =>
      list.map((rate) => (rate === null ? null : rate * unit.per));
    visits.draw({
      ...shared,
      xs: Array.from(
        { length: parts },
        (_, part) => xs[(part + 1) * together - 1] - length / 2 - frame.from,
      ),
      curves: [
        { label: "came", colour: "quiet", dash: "dotted" },
        ...perArm("answered", "series-1", { filled: true }),
        ...perArm("lost", "broken"),
      ],
      values: [came[0], ...answered, ...lost].map(rated),
      limits: [],
      format: unit.said,
      note: `visits ${unit.word}, in windows of ${roundSeconds(length)}`,
    });
  }

  function drawTimes(shared, arms, hello) {
    const name = clients[client];
    const limits = hello.promises
      .filter((row) => row.limit !== null && row.subject === name)
      .map((row) => ({
        value: row.limit,
        label: `p${row.percentile} promise`,
      }));
    times.draw({
      ...shared,
      curves: [...perArm("half", "series-1"), ...perArm("99 %", "series-3")],
      values: [...arms.map(([half]) => half), ...arms.map(([, most]) => most)],
      limits: limits.filter(
        ({ value }, at) =>
          limits.findIndex((one) => one.value === value) === at,
      ),
      format: seconds,
      note: `of the last ${roundSeconds(hello.window)}; who still waits counts for the wait so far, who got no answer as never`,
    });
  }

  let stripped = "";
  function drawStrip(marks) {
    const width = strip.parentElement.clientWidth;
    const { left, right } = gutters(width);
    const key = JSON.stringify([marks, span, width]);
    if (key === stripped || width === 0) return;
    stripped = key;
    const made = markStrip(marks, span);
    made.strip.style.marginLeft = `${left}px`;
    made.draw(width - left - right, right);
    strip.replaceChildren(made.strip);
    rail.style.marginLeft = `${left}px`;
    rail.style.marginRight = `${right}px`;
    drawSnapshots(width - left - right);
  }

  let marked = "";
  function drawSnapshots(width) {
    const { from } = session.frame;
    const key = JSON.stringify([session.snapshots, span, width]);
    if (key === marked) return;
    marked = key;
    let last = -Infinity;
    const ticks = [];
    for (const at of session.snapshots) {
      const x = ((at - from) / span) * width;
      if (x - last < APART) continue;
      last = x;
      ticks.push(el("i", { class: "snapshot", style: `left: ${x}px` }));
    }
    snapshots.replaceChildren(...ticks);
  }

  const placeFlag = style(flag, "left");
  const sayFlag = words(flag);
  let position = -1;
  function moveAll() {
    const { t, from } = session.frame;
    for (const one of [visits, times]) one.moveTo(t - from);
    if (isDragged) return;
    const to = Math.round(((t - from) / span) * 1000 * 4) / 4;
    if (to === position) return;
    position = to;
    slider.value = String(to);
  }
  const pointed = () =>
    Math.min(
      session.frame.t,
      session.frame.from + (Number(slider.value) / 1000) * span,
    );
  slider.addEventListener("input", () => {
    isDragged = true;
    const to = pointed();
    slider.value = String(((to - session.frame.from) / span) * 1000);
    flag.hidden = false;
    placeFlag(`${Number(slider.value) / 10}%`);
    sayFlag(`back to ${context.clock.exact(to)}`);
  });
  const letGo = () => {
    isDragged = false;
    flag.hidden = true;
    position = -1;
    if (session.frame) moveAll();
  };
  slider.addEventListener("change", async () => {
    const to = pointed();
    const before = session.frame.t;
    if (to < before - 1e-6) await machine.back(to);
    letGo();
  });
  slider.addEventListener("blur", letGo);
  slider.addEventListener("keydown", (event) => {
    if (event.key !== "Home") return;
    event.preventDefault();
    machine.back(session.frame.from);
  });

  onLayout(() => {
    if (session.frame) draw();
  });
  session.on("hello", () => {
    const { hello } = session;
    const names = hello.drawing.nodes
      .filter((one) => one.kind === "client")
      .map((one) => one.name);
    axis = context.clock;
    if (names.join() !== clients.join()) {
      clients = names;
      // Who comes most is shown first.
      const came = session.frame.arms[0].clients.map((row) => row.came);
      client = Math.max(0, came.indexOf(Math.max(...came)));
      whose.replaceChildren(
        names.length > 1
          ? choice(
              "Whose day",
              names.map((name) => ({ value: name, text: name })),
              names[client],
              (name) => {
                client = clients.indexOf(name);
                draw();
              },
            )
          : el(
              "p",
              { class: "quiet-text" },
              ...rich(`of \`${names[client]}\``),
            ),
      );
    }
    draw();
  });
  session.on("frame", (says) => {
    moveAll();
    drawSoon();
    if (says && document.activeElement === slider)
      slider.setAttribute(
        "aria-valuetext",
        context.clock.exact(session.frame.t),
      );
  });
  return node;
}

/**
 * So many buckets are drawn as one that it holds some visits, and the day keeps its shape: of three visits a minute one sees
 * how many come only when several minutes are one.
 */
function togetherOf(rows) {
  const known = rows.filter((row) => row !== null);
  const came = known.reduce((sum, [n]) => sum + n, 0) / (known.length || 1);
  return (
    [1, 2, 3, 5, 10].find(
      (n) => n * came >= MANY || known.length / (2 * n) < FEWEST,
    ) ?? 10
  );
}

/** Half and 99 of 100 of each point: without a number where nobody's visit ended, never where too many were lost. */
function percentiles(rows, { window, bucket }) {
  const reach = Math.max(1, Math.round(window / bucket));
  return [3, 4].map((column) =>
    rows.map((row, at) => {
      const value = row?.[column] ?? null;
      if (value === "never") return Infinity;
      if (row === null || value !== null) return value;
      const lost = rows
        .slice(Math.max(0, at + 1 - reach), at + 1)
        .reduce((sum, one) => sum + (one?.[2] ?? 0), 0);
      return lost > 0 ? Infinity : null;
    }),
  );
}

/** What happened in the first arm, with its end where it has one. */
function marksOf(session, span) {
  const { from } = session.frame;
  const { log, now } = session.arms[0];
  const ends = new Map();
  for (const entry of log)
    if (entry.ends !== undefined && entry.ends !== null)
      ends.set(entry.ends, entry.t);
  const open = new Map(now.done.map((row) => [row.id, row.until]));
  const fires = (entry) =>
    entry.kind === "alert" && now.alerts.some(({ name }) => name === entry.who);
  return log
    .filter((entry) => MARKS[entry.kind])
    .map((entry) => {
      const what = MARKS[entry.kind];
      // What neither ended nor is in force was over as it began: a train that leaves, a restart.
      const until =
        ends.get(entry.id) ??
        (open.has(entry.id)
          ? open.get(entry.id)
          : fires(entry)
            ? null
            : entry.t);
      return {
        what,
        ...wordsOf(entry),
        from: entry.t - from,
        until: until === null ? span : until - from,
      };
    })
    .filter((mark) => mark.from <= span);
}

/** The word that stands beside a mark: of an alert its name, of what somebody did who and what. */
function wordsOf({ who, kind, text }) {
  if (kind === "alert") return { name: who, detail: text };
  if (kind === "left") return { name: text, detail: "" };
  if (kind === "override") return { name: who, detail: text };
  return { name: who === "the file" ? text : `${who}: ${text}`, detail: "" };
}
