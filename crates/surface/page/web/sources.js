// What stands behind the numbers: assumptions with their origin, seeds, and the command that makes this page again.

import { command } from "./advice.js";
import { el, folded, rich, section, table } from "./dom.js";
import { count, seconds } from "./quantity.js";

export function sourcesSection(island) {
  const run = island.runs[0];
  const guesses = island.assumed.filter(
    (row) => row.because.includes("guess") || row.range,
  ).length;
  const facts = [
    ["System", `${island.system}, from ${island.file}`],
    ["Day", island.label],
    [
      "Seed",
      `${run.seed}${run.seeds.length > 1 ? `, the first of ${run.seeds.length}` : ""}`,
    ],
    ["Events simulated", count(run.events)],
    ["Before counting began", `${seconds(run.warmUp)} of the same`],
    ["Fingerprint of the history", run.digest],
    ["Fingerprint of the description", island.hash],
    ["Written by", island.tool],
  ];
  return section(
    "sources",
    "What this rests on",
    `${island.assumed.length} values were assumed because nobody said them${guesses > 0 ? `, ${guesses} of them guesses or the best estimate of a range` : ""}. The same command gives the same page.`,
    command(island.command),
    el(
      "dl",
      { class: "facts" },
      ...facts.map(([name, value]) =>
        el("div", {}, el("dt", {}, name), el("dd", {}, value)),
      ),
    ),
    island.assumed.length > 0 && assumptions(island.assumed),
    island.findings.length > 0 &&
      folded(
        `What the description itself warns of: ${island.findings.length}`,
        () =>
          table(
            "Findings",
            ["finding", "what", "where"],
            island.findings.map((row) => [
              `${row.id} ${row.name}`,
              el("span", {}, ...rich(row.message)),
              el("code", {}, row.place ?? ""),
            ]),
          ),
      ),
    island.described.length > 0 &&
      folded(`What the file says beside: ${island.described.length}`, () =>
        table(
          "Descriptions",
          ["path", "value", "where"],
          island.described.map((row) => [
            el("code", {}, row.path),
            row.value,
            el("code", {}, row.place),
          ]),
        ),
      ),
  );
}

const SHOWN = 12;

function assumptions(rows) {
  const drawn = (some) =>
    table(
      "Assumptions with their origin",
      ["what", "value", "range", "because", "where"],
      some.map((row) => [
        el("code", {}, row.path),
        el("b", {}, row.value),
        row.range ? `${row.range[0]} to ${row.range[1]}` : "",
        row.because,
        el("code", {}, row.place ?? ""),
      ]),
    );
  return el(
    "div",
    {},
    el("h3", {}, "Assumptions"),
    drawn(rows.slice(0, SHOWN)),
    rows.length > SHOWN &&
      folded(`The other ${rows.length - SHOWN}`, () =>
        drawn(rows.slice(SHOWN)),
      ),
  );
}
