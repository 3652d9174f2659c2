// Each service over the day: how busy, how many wait, how much work nobody takes.

import { largest, parts as partsOf, soFar, values } from "./columns.js";
import { el, folded, section, svg, table } from "./dom.js";
import { count, percent, plain } from "./quantity.js";

const SHOWN = 8;

/** A small curve on the day's axis, from zero to `top`. */
function curve(list, top, tone, context, name) {
  const [width, height] = [240, 40];
  const x = (at) => (list.length > 1 ? (at / list.length) * width : 0);
  const y = (value) =>
    height - (Math.min(value ?? 0, top) / (top || 1)) * (height - 2);
  let line = `M0 ${height}`;
  list.forEach((value, at) => {
    line += `L${x(at).toFixed(1)} ${y(value).toFixed(1)}L${x(at + 1).toFixed(1)} ${y(value).toFixed(1)}`;
  });
  line += `L${width} ${height}Z`;
  const now = svg("line", { class: "now-line", y1: 0, y2: height });
  context.now.follow((at) => {
    const to = String((at / context.length) * width);
    now.setAttribute("x1", to);
    now.setAttribute("x2", to);
  });
  const image = svg(
    "svg",
    {
      class: `curve ${tone}`,
      viewBox: `0 0 ${width} ${height}`,
      preserveAspectRatio: "none",
      role: "img",
      "aria-label": name,
    },
    svg("line", {
      class: "ground",
      x1: 0,
      x2: width,
      y1: height - 0.5,
      y2: height - 0.5,
    }),
    svg("path", { d: line }),
    now,
  );
  return image;
}

/** A curve with its title above it, and what to remember of it below. */
function measureOf(name, context) {
  return (title, list, top, most, rest, tone) =>
    el(
      "div",
      { class: "measure" },
      el("span", { class: "measure-title" }, title),
      list === null
        ? el("span", { class: "quiet-text" }, "no limit")
        : curve(
            list,
            top,
            tone,
            context,
            `${title} of ${name}: ${most} ${rest}`,
          ),
      list !== null &&
        el("span", { class: "measure-facts" }, el("b", {}, most), ` ${rest}`),
    );
}

function topicRow(topic, series, day, context) {
  const parts = partsOf(day, day.together);
  const all = (column) => values(column, parts);
  const measure = measureOf(topic.name, context);
  const [backlog, age, declined] = [
    all(series.backlog),
    all(series.age),
    soFar(all(series.declined)),
  ];
  const handled = `of ${count(topic.sent)} sent`;
  return el(
    "li",
    { class: "service topic" },
    el(
      "div",
      { class: "who" },
      el("h3", {}, topic.name),
      el("p", { class: "quiet-text" }, topic.size),
      topic.lost > 0 &&
        el("p", { class: "tag" }, `✗ ${count(topic.lost)} lost`),
    ),
    measure(
      "to do",
      backlog,
      Math.max(largest(backlog), 1),
      count(topic.backlogMax),
      `at most · ${topic.backlog} on average`,
      "waiting",
    ),
    measure(
      "the oldest",
      age,
      Math.max(largest(age), 1e-9),
      topic.ageMax,
      `at most · taken after ${topic.wait} on average`,
      "waiting",
    ),
    measure(
      "declined so far",
      declined,
      Math.max(largest(declined), 1),
      count(topic.declined),
      topic.declinedWorth
        ? `${handled} · worth ${topic.declinedWorth}`
        : handled,
      "wasted",
    ),
  );
}

function row(service, series, day, context) {
  const parts = partsOf(day, day.together);
  const all = (column) => (column === null ? null : values(column, parts));
  const [busy, queue, wasted] = [
    all(series.utilisation),
    all(series.queue),
    all(series.wasted),
  ];
  const measure = measureOf(service.name, context);
  const longest = queue ? largest(queue) : 0;
  return el(
    "li",
    { class: "service" },
    el(
      "div",
      { class: "who" },
      el("h3", {}, service.name),
      el("p", { class: "quiet-text" }, service.size),
      service.mark && el("p", { class: "tag" }, `← ${service.mark}`),
    ),
    measure(
      "busy",
      busy,
      1,
      busy ? percent(largest(busy)) : "",
      `at most · ${service.utilisation ?? ""} all day`,
      "busy",
    ),
    measure(
      "waiting",
      queue,
      Math.max(longest, 1),
      plain(service.queueMax),
      `at most · ${service.queue} on average`,
      "waiting",
    ),
    measure(
      "wasted work",
      wasted,
      1,
      percent(largest(wasted)),
      `at most · ${service.wasted} of all work`,
      "wasted",
    ),
  );
}

/** `The 2 services and the topic`. */
function title(services, topics) {
  const first = services === 1 ? "Its one service" : `The ${services} services`;
  if (topics === 0) return first;
  return `${first} and ${topics === 1 ? "the topic" : `${topics} topics`}`;
}

/** Topics in figures of the whole day. */
function topicTable(topics) {
  return folded(
    topics.length === 1 ? "The topic as a table" : "The topics as a table",
    () =>
      table(
        "Topics over the whole day",
        [
          "topic",
          "sent",
          "handled",
          "declined",
          "worth",
          "lost",
          "left over",
          "to do",
          "most to do",
          "oldest",
        ],
        topics.map((topic) => [
          topic.name,
          count(topic.sent),
          count(topic.handled),
          count(topic.declined),
          topic.declinedWorth ?? "–",
          count(topic.lost),
          count(topic.inside),
          topic.backlog,
          count(topic.backlogMax),
          topic.ageMax,
        ]),
        "numbers",
      ),
  );
}

/** `Nearly all`, `45.0 % of all`. */
function most(share) {
  if (share > 0.9995) return "All";
  return share > 0.98 ? "Nearly all" : `${percent(share)} of all`;
}

/**
 * @param {object} run
 * @param {object} context
 */
export function servicesSection(run, context) {
  const { day } = run;
  const parts = partsOf(day, day.together);
  const rows = run.services
    .map((service) => ({
      service,
      series: day.services.find((one) => one.name === service.name),
    }))
    .map((both) => ({
      ...both,
      weight:
        (both.service.mark ? 10 : 0) +
        (both.series.utilisation === null
          ? 0
          : largest(values(both.series.utilisation, parts))) +
        (both.service.queueMax > 0 ? 0.5 : 0) +
        both.service.wastedShare,
    }))
    .sort((a, b) => b.weight - a.weight);
  const list = (some) =>
    el(
      "ul",
      { class: "services" },
      ...some.map(({ service, series }) => row(service, series, day, context)),
    );
  const waits = run.waits.filter((wait) => wait.share > 0.001).slice(0, 6);
  return section(
    "services",
    title(rows.length, run.topics.length),
    waits.length > 0
      ? `${most(waits[0].share)} waiting happens at \`${waits[0].name}\`${waits[0].heldBy ? `, which ${waits[0].heldBy}` : ""}.`
      : "Nobody waits long anywhere.",
    list(rows.slice(0, SHOWN)),
    rows.length > SHOWN &&
      folded(`The other ${rows.length - SHOWN}`, () => list(rows.slice(SHOWN))),
    run.topics.length > 0 &&
      el(
        "ul",
        { class: "services topics" },
        ...run.topics.map((topic) =>
          topicRow(
            topic,
            day.topics.find((one) => one.name === topic.name),
            day,
            context,
          ),
        ),
      ),
    folded("The services as a table", () =>
      table(
        "Services over the whole day",
        [
          "service",
          "size",
          "busy",
          "waiting",
          "most waiting",
          "wasted work",
          "requests",
          "lost",
          "expired in line",
          "done twice",
        ],
        rows.map(({ service }) => [
          service.name,
          service.size,
          service.utilisation ?? "–",
          service.queue,
          count(service.queueMax),
          service.wasted,
          count(service.requests),
          count(service.lost),
          count(service.expired),
          count(service.duplicates),
        ]),
        "numbers",
      ),
    ),
    run.topics.length > 0 && topicTable(run.topics),
  );
}
