// The day: what users felt over time, on one axis for everything.

import { chart } from "./chart.js";
import {
  cell,
  clientValues,
  largest,
  lengthOf,
  parts,
  rates,
  soFar,
} from "./columns.js";
import { choice, el, folded, rich, section, table } from "./dom.js";
import { markStrip, markTable } from "./marks.js";
import { onLayout } from "./paper.js";
import { gutters } from "./chart.js";
import { count, plain, rateUnit, seconds, significant } from "./quantity.js";

/** Middle of each of a client's windows. */
export function middles(day, client, length) {
  const { together } = client;
  return Array.from(
    { length: parts(day, together) },
    (_, at) =>
      at * day.window * together + lengthOf(day, at, length, together) / 2,
  );
}

/** Counts as rates in a unit that suits the largest of them. */
export function perUnit(lists) {
  const unit = rateUnit(largest(lists.flat()));
  return { unit, lists: lists.map((list) => list.map((x) => x * unit.per)) };
}

/** Clients by how many they lost, then by how large a part of them; where nobody was lost by how many came. */
function worstFirst(run) {
  return [...run.day.clients]
    .map((client) => {
      const sum = (column) =>
        clientValues(run.day, client, column).reduce((a, b) => a + b, 0);
      return {
        client,
        lost: sum(client.failed) + sum(client.shed) + sum(client.abandoned),
        came: sum(client.arrived),
      };
    })
    .filter(({ came }) => came > 0)
    .sort(
      (a, b) =>
        b.lost - a.lost || (a.lost > 0 ? a.came - b.came : b.came - a.came),
    )
    .map(({ client }) => client);
}

/** The promises about the response time of a client, as lines. */
function limitsOf(run, name) {
  const seen = new Set();
  return run.promises
    .filter((row) => row.limit !== null && row.subject.endsWith(name))
    .filter((row) => !seen.has(row.limit) && seen.add(row.limit))
    .map((row) => ({
      value: row.limit,
      label: `p${row.percentile} promise`,
    }));
}

/** Of few one says how many, not how fast. */
function goneIn(day, client, lost, rated) {
  if (lost.length === 0 || rated.unit.per < 3600) return rated;
  const lists = lost.map(({ column }) => clientValues(day, client, column));
  const word = `in each window of ${seconds(day.window * client.together)}`;
  return { unit: { per: 1, word, said: plain, counted: true }, lists };
}

/** The charts of one client. */
export function clientCharts(run, client, context) {
  const { length, clock, now, currency } = context;
  const day = run.day;
  const xs = middles(day, client, length);
  const shared = {
    xs,
    length,
    marks: day.marks,
    clock,
    now,
    together: client.together,
  };
  const all = (column) => clientValues(day, client, column);
  const perSecond = (column) => rates(day, client, column, length);
  const came = perUnit([
    perSecond(client.arrived),
    perSecond(client.answered),
    perSecond(client.degraded),
  ]);
  const lost = [
    { label: "errors", column: client.failed, colour: "series-3" },
    { label: "turned away", column: client.shed, colour: "series-4" },
    { label: "left", column: client.abandoned, colour: "broken" },
  ].filter(({ column }) => largest(all(column)) > 0);
  const gone = goneIn(
    day,
    client,
    lost,
    perUnit(lost.map(({ column }) => perSecond(column))),
  );
  const charts = [
    chart({
      ...shared,
      title: "How long it took",
      note: "until half, 95 and 99 of 100 had their answer; who got none counts as never",
      height: 220,
      log: true,
      format: seconds,
      limits: limitsOf(run, client.name),
      lines: [
        { label: "half", values: all(client.p50), colour: "series-1" },
        {
          label: "95 %",
          values: all(client.p95),
          colour: "series-2",
          dash: "dashed",
        },
        { label: "99 %", values: all(client.p99), colour: "series-3" },
      ],
    }),
    chart({
      ...shared,
      title: "Who came and who was answered",
      note: `visits ${came.unit.word}`,
      height: 140,
      unit: came.unit,
      format: came.unit.said,
      lines: [
        {
          label: "came",
          values: came.lists[0],
          colour: "quiet",
          dash: "dotted",
        },
        {
          label: "answered",
          values: came.lists[1],
          colour: "series-1",
          filled: true,
        },
        ...(largest(all(client.degraded)) > 0
          ? [
              {
                label: "in part",
                values: came.lists[2],
                colour: "series-3",
                dash: "dashed",
              },
            ]
          : []),
      ],
    }),
    chart({
      ...shared,
      title: "Who got nothing",
      note: lost.length > 0 ? `visits lost ${gone.unit.word}` : "nobody",
      counted: gone.unit.counted,
      height: 110,
      unit: gone.unit,
      format: gone.unit.said,
      axis: client.moneyLost === null || largest(all(client.moneyLost)) === 0,
      lines:
        lost.length > 0
          ? lost.map(({ label, colour }, at) => ({
              label,
              values: gone.lists[at],
              colour,
              filled: at === 0,
              dash: at === 1 ? "dashed" : undefined,
            }))
          : [{ label: "lost", values: xs.map(() => 0), colour: "quiet" }],
    }),
  ];
  if (client.moneyLost !== null && largest(all(client.moneyLost)) > 0)
    charts.push(
      chart({
        ...shared,
        title: "Money lost so far",
        note: currency ?? "",
        height: 100,
        axis: true,
        format: significant,
        lines: [
          {
            label: "lost",
            values: soFar(all(client.moneyLost)),
            colour: "broken",
            filled: true,
          },
        ],
      }),
    );
  return charts;
}

/** The same numbers for who reads rather than looks. */
function clientTable(run, client, context) {
  const { length, clock } = context;
  const day = run.day;
  const said = (column, at, format) => {
    const value = cell(column, at);
    return value === null ? "–" : value === "never" ? "never" : format(value);
  };
  return folded(`The numbers behind the charts of ${client.name}`, () =>
    table(
      `The day of ${client.name}`,
      [
        "from",
        "came",
        "answered",
        "errors",
        "turned away",
        "left",
        "half within",
        "95 % within",
        "99 % within",
      ],
      Array.from({ length: parts(day, client.together) }, (_, at) => [
        clock.moment(at * day.window * client.together, true),
        ...[
          client.arrived,
          client.answered,
          client.failed,
          client.shed,
          client.abandoned,
        ].map((column) => said(column, at, count)),
        ...[client.p50, client.p95, client.p99].map((column) =>
          said(column, at, seconds),
        ),
      ]),
      "numbers",
    ),
  );
}

/**
 * @param {object} run
 * @param {object} context
 */
export function daySection(run, context) {
  const clients = worstFirst(run);
  const { strip, draw } = markStrip(run.day.marks, context.length);
  const holder = el("div", { class: "charts" });
  const behind = el("div", { class: "behind" });
  const windows = el("span", {});
  let built = [];
  const show = (name) => {
    const client = clients.find((one) => one.name === name);
    windows.textContent = `in windows of ${seconds(run.day.window * client.together)}`;
    built = clientCharts(run, client, context);
    holder.replaceChildren(...built.map((one) => one.figure));
    behind.replaceChildren(clientTable(run, client, context));
    if (holder.isConnected) for (const one of built) one.build();
  };
  if (clients.length > 0) show(clients[0].name);
  const place = () => {
    const width = holder.clientWidth;
    if (width === 0) return;
    const { left, right } = gutters(width);
    strip.style.marginLeft = `${left}px`;
    draw(width - left - right, right);
  };
  onLayout(place);
  const node = section(
    "day",
    "The day",
    clients.length === 0
      ? "Nobody came."
      : el(
          "span",
          {},
          "What ",
          clients.length === 1 ? el("code", {}, clients[0].name) : "users",
          " felt, ",
          windows,
          ". Point anywhere, or move the slider below.",
        ),
    clients.length > 1 &&
      choice(
        "Whose day",
        clients.map((client) => ({
          value: client.name,
          text: `\`${client.name}\``,
        })),
        clients[0].name,
        (name) => show(name),
      ),
    strip,
    holder,
    behind,
    markTable(run.day.marks, context.clock),
    run.bill.length > 0 &&
      folded("What the day cost and earned", () =>
        table(
          "The bill of the day",
          ["what", "amount"],
          run.bill.map(([what, amount]) => [
            el("span", {}, ...rich(what)),
            amount,
          ]),
          "versus",
        ),
      ),
  );
  return {
    node,
    build: () => {
      place();
      for (const one of built) one.build();
    },
  };
}
