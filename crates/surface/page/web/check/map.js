// Load against the size of a fault, as a grid that can be walked with arrow keys.

import { el, rich, section } from "../dom.js";
import { rateUnit, significant } from "../quantity.js";

/** A sign for each region: never a colour alone. */
const SIGNS = {
  stable: "✓",
  vulnerable: "~",
  collapsed: "✗",
  unknown: "·",
};

function swatch(region) {
  return el(
    "span",
    { class: `cell ${region} sure sample`, "aria-hidden": "true" },
    SIGNS[region],
  );
}

function legend(map) {
  const used = new Set(
    map.rows.flatMap((row) => row.cells.map((c) => c.region)),
  );
  return el(
    "ul",
    { class: "regions" },
    ...map.legend
      .filter(([region]) => region !== "unknown" || used.has("unknown"))
      .map(([region, word, text]) =>
        el(
          "li",
          {},
          swatch(region),
          el("span", {}, el("b", {}, word), ": ", ...rich(text)),
        ),
      ),
  );
}

function grid(map) {
  const readout = el("p", { class: "cell-words", "aria-live": "polite" });
  const rows = [...map.rows].reverse();
  const cells = rows.map((row) =>
    row.cells.map((cell) =>
      el(
        "td",
        {
          class: `cell ${cell.region}${cell.sure ? " sure" : ""}`,
          tabindex: "-1",
          "data-days": cell.days,
          "data-broken": cell.broken,
          "data-down": cell.down,
          "aria-label": cell.words,
        },
        el(
          "span",
          { "aria-hidden": "true" },
          SIGNS[cell.region],
          !cell.sure && cell.region !== "unknown" && el("small", {}, "?"),
        ),
      ),
    ),
  );
  const say = (node) => {
    readout.textContent = node.getAttribute("aria-label");
  };
  const move = (row, column) => {
    const node = cells[row]?.[column];
    if (!node) return;
    for (const one of cells.flat()) one.tabIndex = -1;
    node.tabIndex = 0;
    node.focus();
  };
  cells.forEach((list, row) =>
    list.forEach((node, column) => {
      node.addEventListener("pointerenter", () => say(node));
      node.addEventListener("focus", () => say(node));
      node.addEventListener("keydown", (event) => {
        const by = {
          ArrowUp: [-1, 0],
          ArrowDown: [1, 0],
          ArrowLeft: [0, -1],
          ArrowRight: [0, 1],
        }[event.key];
        if (!by) return;
        event.preventDefault();
        move(row + by[0], column + by[1]);
      });
    }),
  );
  const now = Math.max(
    0,
    map.loads.findIndex((load) => load.factor === 1),
  );
  const first = cells[Math.max(0, Math.floor(rows.length / 2) - 1)][now];
  first.tabIndex = 0;
  say(first);
  const unit = rateUnit(
    map.loads.find((load) => load.factor >= 1)?.perSecond ?? 1,
  );
  const rate = (load) =>
    load.perSecond === null
      ? ""
      : significant(load.perSecond * unit.per).replace(/\.0+$/, "");
  const today = (load) => (load.factor === 1 ? "today" : null);
  const body = el(
    "table",
    { class: map.loads.length > 5 ? "map many" : "map" },
    el(
      "caption",
      { class: "unseen" },
      `What becomes of ${map.promise} at each load and size of ${map.fault}`,
    ),
    el(
      "tbody",
      {},
      ...rows.map((row, at) =>
        el(
          "tr",
          { class: row.without ? "without" : null },
          el("th", { scope: "row" }, row.words),
          ...cells[at],
        ),
      ),
    ),
    el(
      "tfoot",
      {},
      el(
        "tr",
        {},
        el("th", { scope: "row" }, "demand"),
        ...map.loads.map((load) =>
          el("th", { scope: "col", class: today(load) }, load.words),
        ),
      ),
      map.loads[0].perSecond !== null &&
        el(
          "tr",
          { class: "per-second" },
          el("th", { scope: "row" }, `per ${unit.word.replace(/^an? /, "")}`),
          ...map.loads.map((load) =>
            el("td", { class: today(load) }, rate(load)),
          ),
        ),
    ),
  );
  if (map.worst) {
    // The worst day itself, between the cells that it lies between: columns from the left, sizes from the row above
    // "none" upwards.
    const [load, size] = map.worst;
    const column = Math.round(load);
    const sized = rows.filter((one) => !one.without).length;
    const row = sized - 1 - Math.round(size);
    const node = cells[row]?.[column];
    node?.append(
      el("span", {
        class: "ring",
        style: `left: ${50 + 100 * (load - column)}%; top: ${50 - 100 * (size - Math.round(size))}%`,
        "aria-hidden": "true",
      }),
    );
  }
  return el(
    "div",
    { class: "map-of" },
    el("p", { class: "axis-word" }, `${map.fault}: ${map.axis}`),
    body,
    readout,
  );
}

export function mapSection(island) {
  const { map } = island;
  if (!map) return null;
  const node = section(
    "map",
    "Load against fault",
    `What becomes of \`${map.promise}\` if \`${map.fault}\` strikes at ${map.at}, at other loads and sizes: ${map.because}. The lowest row is without it: what the load does alone.`,
    legend(map),
    grid(map),
    map.worst &&
      el(
        "p",
        { class: "quiet-text" },
        el("span", { class: "ring sample", "aria-hidden": "true" }),
        ` the day above: ${map.worstWords}`,
      ),
    el("p", { class: "quiet-text" }, map.made),
  );
  return { nodes: [node], build: () => {} };
}
