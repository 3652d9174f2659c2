// What a reader asks first: which promises hold, how often they break against how often they may.

import { el, folded, rich, section, svg } from "../dom.js";
import { onLayout } from "../paper.js";
import { themeButton } from "../theme.js";
import { mark, VERDICTS } from "../verdict.js";

export function header(island) {
  const { sign, tone } = VERDICTS[island.verdict];
  return el(
    "header",
    {},
    el(
      "div",
      { class: "masthead" },
      el(
        "p",
        { class: "eyebrow" },
        el("strong", {}, island.system),
        " · promises checked",
      ),
      el(
        "div",
        { class: "tools" },
        el(
          "button",
          { type: "button", class: "quiet", onclick: () => print() },
          "Print one page",
        ),
        themeButton(),
      ),
    ),
    el(
      "p",
      { class: `overall ${tone}` },
      el("span", { class: "sign", "aria-hidden": "true" }, sign),
      island.counts,
    ),
    el("h1", {}, ...rich(island.sentence)),
  );
}

/** Frequencies that stand on the axis, days a year. */
const ROUND = [
  [1e-4, "once in 10,000 years", "10,000 y"],
  [0.001, "once in 1,000 years", "1,000 y"],
  [0.01, "once in 100 years", "100 y"],
  [0.1, "once in 10 years", "10 y"],
  [1, "once a year", "year"],
  [12, "once a month", "month"],
  [365.25, "every day", "day"],
];

/** One scale for all rates of the page: what they say is there to be compared. */
function scaleOf(rates) {
  const ends = rates.flatMap((rate) => [
    rate.atMost,
    rate.estimate,
    ...rate.all,
    ...rate.disturbed,
  ]);
  const least = Math.min(1, ...ends.filter((end) => end > 0));
  const low = Math.max(1e-4, least / 4);
  const high = 365.25 * 1.3;
  const span = Math.log(high / low);
  return {
    low,
    high,
    /** From 0 to 1; what is rarer or more frequent than the axis lies at its end. */
    at: (rate) =>
      Math.min(1, Math.max(0, Math.log(Math.max(rate, low) / low) / span)),
  };
}

/** Room for what stands above and below the bars, px. */
const TOP = 22;
const BARS = 34;
const FOOT = 22;

function bar(rate, scale, tone) {
  const holder = el("div", { class: "rate" });
  const { words } = rate;
  const label = `Days that break it: ${words.all}; allowed: ${words.allowed}; days on which something strikes: ${words.disturbed}${words.estimate ? `; best estimate: ${words.estimate}` : ""}`;
  const build = () => {
    const width = holder.clientWidth;
    if (width === 0) return;
    const x = (value) => 1 + scale.at(value) * (width - 2);
    const limit = x(rate.atMost);
    const middle = TOP + BARS / 2;
    const narrow = width < 480;
    const ticks = ROUND.filter(
      ([value]) => value >= scale.low && value <= scale.high,
    );
    const shown = [];
    for (const tick of [...ticks].reverse())
      if (
        shown.length === 0 ||
        shown.at(-1).x - x(tick[0]) > (narrow ? 62 : 132)
      )
        shown.push({ x: x(tick[0]), text: tick[narrow ? 2 : 1] });
    const of = (ends, height, y, style) => {
      const from = x(ends[0]);
      const to = ends[1] === null ? width - 1 : x(ends[1]);
      const open = ends[0] <= 0;
      const wide = Math.max(3, to - from);
      return svg(
        "g",
        { class: style },
        svg("rect", { x: from, y, width: wide, height, rx: 1 }),
        // An interval that begins at never has no left end: an arrow says that it goes on.
        open &&
          wide > 16 &&
          svg("path", {
            class: "open",
            d: `M${from + 10} ${y + 1}L${from + 4} ${y + height / 2}L${from + 10} ${y + height - 1}`,
          }),
      );
    };
    const anchor = limit > width - 150 ? "end" : "start";
    const image = svg(
      "svg",
      {
        class: `rate-bar ${tone}`,
        width,
        height: TOP + BARS + FOOT,
        viewBox: `0 0 ${width} ${TOP + BARS + FOOT}`,
        role: "img",
        "aria-label": label,
      },
      svg("rect", {
        class: "beyond",
        x: limit,
        y: TOP,
        width: Math.max(0, width - limit),
        height: BARS,
      }),
      svg("line", {
        class: "ground",
        x1: 0,
        x2: width,
        y1: TOP + BARS,
        y2: TOP + BARS,
      }),
      ...shown.flatMap((tick) => [
        svg("line", {
          class: "ground",
          x1: tick.x,
          x2: tick.x,
          y1: TOP + BARS,
          y2: TOP + BARS + 4,
        }),
        svg(
          "text",
          {
            class: "quiet-word",
            x: tick.x,
            y: TOP + BARS + 17,
            "text-anchor":
              tick.x > width - 40 ? "end" : tick.x < 40 ? "start" : "middle",
          },
          tick.text,
        ),
      ]),
      of(rate.all, 14, middle - 10, "interval"),
      of(rate.disturbed, 5, middle + 7, "interval disturbed"),
      rate.estimate > 0 &&
        svg("path", {
          class: "estimate",
          d: `M${x(rate.estimate)} ${middle - 11}l6 8l-6 8l-6 -8Z`,
        }),
      svg("line", {
        class: "limit",
        x1: limit,
        x2: limit,
        y1: TOP - 4,
        y2: TOP + BARS,
      }),
      svg(
        "text",
        {
          class: "limit-word",
          x: limit + (anchor === "end" ? -5 : 5),
          y: 13,
          "text-anchor": anchor,
        },
        `allowed: ${words.allowed}`,
      ),
    );
    holder.replaceChildren(image);
  };
  onLayout(build);
  return { node: holder, build };
}

/** A share as a bar from 0 to 100 %, with the share that may be. */
export function shareBar({ low, high, broken, trials, share }, atRisk, label) {
  return el(
    "span",
    {
      class: "share",
      role: "img",
      "aria-label": `${label ?? "Share that breaks"}: ${share}`,
    },
    atRisk !== null &&
      el("i", { class: "share-limit", style: `left: ${100 * atRisk}%` }),
    el("i", {
      class: "share-range",
      style: `left: ${100 * low}%; width: max(2px, ${100 * (high - low)}%)`,
    }),
    trials > 0 &&
      el("i", {
        class: "share-dot",
        style: `left: ${(100 * broken) / trials}%`,
      }),
  );
}

/** Cases that are shown before the rest is folded. */
const CASES = 4;

function caseRow(row, atRisk) {
  return el(
    "li",
    { class: "case" },
    mark(row.verdict),
    el("span", { class: "case-name" }, el("b", {}, row.name), ` at ${row.at}`),
    shareBar(row, atRisk),
    el(
      "span",
      { class: "case-count" },
      `${row.broken} of ${row.trials} broke it (${row.share})`,
    ),
  );
}

function cases(claim) {
  if (claim.cases.length === 0) return null;
  // What breaks it first.
  const rank = ["broken", "cant-tell", "kept-on-disturbed-days", "kept"];
  const rows = [...claim.cases].sort(
    (a, b) => rank.indexOf(a.verdict) - rank.indexOf(b.verdict),
  );
  const list = (some) =>
    el(
      "ul",
      { class: "cases" },
      ...some.map((row) => caseRow(row, claim.atRisk)),
    );
  return el(
    "div",
    {},
    list(rows.slice(0, CASES)),
    rows.length > CASES &&
      folded(`${rows.length - CASES} more cases`, () =>
        list(rows.slice(CASES)),
      ),
    claim.casesLeftOut > 0 &&
      el(
        "p",
        { class: "quiet-text" },
        `${claim.casesLeftOut} cases were left out, because there are too many.`,
      ),
  );
}

/** The sentences that no bar of the claim says already. */
function because(claim) {
  const said =
    claim.cases.length > 0 ||
    claim.verdict === "kept" ||
    claim.verdict === "broken";
  return said ? claim.because.slice(1) : claim.because;
}

export function promisesSection(island) {
  const rank = ["broken", "cant-tell", "kept-on-disturbed-days", "kept"];
  const claims = [...island.claims].sort(
    (a, b) =>
      Number(a.known) - Number(b.known) ||
      rank.indexOf(a.verdict) - rank.indexOf(b.verdict),
  );
  const rates = claims.filter((claim) => claim.rate).map((one) => one.rate);
  const scale = scaleOf(rates);
  const built = [];
  const rows = claims.map((claim) => {
    const { tone } = VERDICTS[claim.verdict];
    const drawn = claim.rate ? bar(claim.rate, scale, tone) : null;
    if (drawn) built.push(drawn);
    return el(
      "li",
      { class: `claim ${tone}`, "data-verdict": claim.verdict },
      el(
        "p",
        { class: "claim-head" },
        mark(claim.verdict),
        claim.known &&
          el("span", { class: "quiet-text" }, " as in the baseline"),
        " ",
        el("b", {}, claim.promise),
        " survives ",
        el("b", {}, claim.day),
      ),
      el(
        "p",
        { class: "quiet-text" },
        ...rich(claim.says.join("; ")),
        claim.place && " · ",
        claim.place && el("code", {}, claim.place),
      ),
      drawn?.node,
      claim.rate &&
        el(
          "p",
          { class: "quiet-text" },
          `All days: ${claim.rate.words.all}. Days on which something strikes: ${claim.rate.words.disturbed}.`,
          claim.rate.words.estimate &&
            claim.rate.estimate > 0 &&
            ` Best estimate: ${claim.rate.words.estimate}.`,
        ),
      ...because(claim).map((text) => el("p", { class: "why" }, ...rich(text))),
      cases(claim),
    );
  });
  const lead =
    rates.length > 0
      ? "Bars are how often days come that break a promise, from rare on the left to every day on the right: the thick one all days, the thin one only those on which something strikes. To the right of the line is more often than promised."
      : null;
  const node = section(
    "promises",
    "The promises",
    lead,
    el("ul", { class: "claims" }, ...rows),
  );
  return {
    nodes: [node],
    build: () => {
      for (const one of built) one.build();
    },
  };
}
