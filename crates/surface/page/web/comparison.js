// Two runs of the same day, in the same frames: before and after a change.

import { chart } from "./chart.js";
import { clientValues, rates, soFar } from "./columns.js";
import { middles, perUnit } from "./day.js";
import { el, rich, section, table } from "./dom.js";
import { plain, seconds, significant } from "./quantity.js";
import { mark } from "./verdict.js";

/** @param {object[]} runs @param {object} context */
export function comparisonSection(runs, context) {
  if (runs.length < 2) return null;
  const [asked, other] = runs;
  const [before, after] =
    other.role === "before" ? [other, asked] : [asked, other];
  const { length, clock, now, currency } = context;
  const client = before.day.clients
    .map((one) => ({
      one,
      twin: after.day.clients.find((two) => two.name === one.name),
    }))
    .filter(({ twin }) => twin)
    .map((pair) => ({
      ...pair,
      lost: lostOf(pair.one, before.day) + lostOf(pair.twin, after.day),
    }))
    .sort((a, b) => b.lost - a.lost)[0];
  const charts = [];
  if (client) {
    const both = (of) => [
      of(client.one, before.day),
      of(client.twin, after.day),
    ];
    const pair = ([one, two]) => [
      { label: "before", values: one, colour: "series-3", dash: "dashed" },
      { label: "after", values: two, colour: "series-1" },
    ];
    const shared = {
      length,
      clock,
      now,
      marks: before.day.marks,
      xs: middles(before.day, client.one, length),
    };
    const fits =
      before.day.count === after.day.count &&
      before.day.window === after.day.window &&
      client.one.together === client.twin.together;
    const added = (one, of) => {
      const all = [one.failed, one.shed, one.abandoned].map(of);
      return all[0].map((_, at) =>
        all.reduce((total, list) => total + list[at], 0),
      );
    };
    const sums = (one, day) =>
      added(one, (column) => rates(day, one, column, length));
    const counts = (one, day) =>
      added(one, (column) => clientValues(day, one, column));
    if (fits) {
      const answered = perUnit(
        both((one, day) => rates(day, one, one.answered, length)),
      );
      const rated = perUnit(both(sums));
      // Of few one says how many, not how fast.
      const isFew = rated.unit.per === 3600;
      const lost = isFew ? both(counts) : rated.lists;
      charts.push(
        chart({
          ...shared,
          title: `99 of 100 of ${client.one.name} had their answer within`,
          note: "",
          height: 160,
          log: true,
          format: seconds,
          lines: pair(both((one, day) => clientValues(day, one, one.p99))),
        }),
        chart({
          ...shared,
          title: "Answered",
          note: `visits ${answered.unit.word}`,
          height: 110,
          format: answered.unit.said,
          lines: pair(answered.lists),
        }),
        chart({
          ...shared,
          title: "Lost",
          note: isFew
            ? `visits in each window of ${seconds(before.day.window * client.one.together)}`
            : `visits ${rated.unit.word}`,
          height: 100,
          axis: client.one.moneyLost === null,
          format: isFew ? plain : rated.unit.said,
          lines: pair(lost),
        }),
      );
      if (client.one.moneyLost !== null && client.twin.moneyLost !== null)
        charts.push(
          chart({
            ...shared,
            title: "Money lost so far",
            note: currency ?? "",
            height: 90,
            axis: true,
            format: significant,
            lines: pair(
              both((one, day) => soFar(clientValues(day, one, one.moneyLost))),
            ),
          }),
        );
    }
  }
  const rows = before.tiles.map((tile) => [
    tile.label,
    tile.value,
    after.tiles.find((twin) => twin.label === tile.label)?.value ?? "–",
  ]);
  for (const [what, amount] of before.bill) {
    const twin = after.bill.find(([same]) => same === what);
    rows.push([el("span", {}, ...rich(what)), amount, twin ? twin[1] : "–"]);
  }
  const promised = before.promises.map((row) => {
    const twin = after.promises.find(
      (two) =>
        two.name === row.name &&
        two.condition === row.condition &&
        two.subject === row.subject,
    );
    const cell = (one) =>
      one ? el("span", {}, mark(one.verdict), ` ${one.worst}`) : "–";
    return [
      el("span", {}, `${row.name} `, el("code", {}, row.condition)),
      cell(row),
      cell(twin),
    ];
  });
  return {
    node: section(
      "comparison",
      "Before and after",
      `The same people on the same day: before, ${before.title}; after, ${after.title}.`,
      table(
        "Before and after in numbers",
        ["what", "before", "after"],
        [...rows, ...promised],
        "versus",
      ),
      el("div", { class: "charts" }, ...charts.map((one) => one.figure)),
      el(
        "p",
        { class: "quiet-text" },
        ...rich(`Before: ${before.sentence} After: ${after.sentence}`),
      ),
    ),
    build: () => {
      for (const one of charts) one.build();
    },
  };
}

function lostOf(client, day) {
  return [client.failed, client.shed, client.abandoned]
    .flatMap((column) => clientValues(day, client, column))
    .reduce((a, b) => a + b, 0);
}
