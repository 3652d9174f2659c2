// What a manager reads: how it went, in a sentence, and the three to five numbers behind it.

import { el, rich, table } from "./dom.js";
import { themeButton } from "./theme.js";

/** A sign, a word and a tone for each verdict: never a colour alone. */
export const VERDICTS = {
  kept: { sign: "✓", word: "kept", tone: "good" },
  "kept-on-disturbed-days": {
    sign: "~",
    word: "kept on disturbed days",
    tone: "good",
  },
  broken: { sign: "✗", word: "broken", tone: "bad" },
  "cant-tell": { sign: "?", word: "can’t tell", tone: "unsure" },
  "no-promise": { sign: "·", word: "nothing promised", tone: "plain" },
};

export function mark(verdict) {
  const { sign, word, tone } = VERDICTS[verdict];
  return el(
    "span",
    { class: `verdict ${tone}` },
    el("span", { "aria-hidden": "true" }, sign),
    ` ${word}`,
  );
}

function together(all) {
  return all === 2 ? "Both" : `All ${all}`;
}

function overall(run) {
  const all = new Set(run.promises.map((row) => row.name)).size;
  const { sign, tone } = VERDICTS[run.verdict];
  const names = [
    ...new Set(
      run.promises
        .filter((row) => row.verdict === "broken")
        .map((row) => row.name),
    ),
  ];
  const which =
    names.length > 0 && names.length < all && names.length <= 3
      ? `: ${names.join(", ")}`
      : "";
  const broken = names.length;
  const words = {
    kept:
      all === 1 ? "The promise is kept" : `${together(all)} promises are kept`,
    broken:
      all === 1
        ? "The promise is broken"
        : broken === all
          ? `${together(all)} promises are broken`
          : `${broken} of ${all} promises ${broken === 1 ? "is" : "are"} broken${which}`,
    "cant-tell": "Whether the promises are kept, this day can’t tell",
    "no-promise": "Nothing was promised",
  };
  return el(
    "p",
    { class: `overall ${tone}` },
    el("span", { class: "sign", "aria-hidden": "true" }, sign),
    words[run.verdict],
  );
}

export function header(island) {
  const run = island.runs[0];
  const seeds =
    run.seeds.length === 1
      ? `seed ${run.seed}`
      : `${run.seeds.length} days, drawn: seed ${run.seed}`;
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
        ` · ${island.label} · `,
        ...rich(run.title),
        ` · ${seeds}`,
      ),
      themeButton(),
    ),
    overall(run),
    el("h1", {}, ...rich(run.sentence)),
    run.recovery && el("p", { class: "lead" }, ...rich(run.recovery)),
    tiles(run),
    promises(run),
    ...island.cautions.map((text) =>
      el("p", { class: "caution" }, el("strong", {}, "Mind: "), ...rich(text)),
    ),
  );
}

function tiles(run) {
  return el(
    "dl",
    { class: "tiles" },
    ...run.tiles.map((tile) =>
      el(
        "div",
        { class: `tile ${tile.tone}` },
        el("dt", {}, tile.label),
        el(
          "dd",
          { class: tile.value.length > 9 ? "value long" : "value" },
          tile.value,
        ),
        el("dd", { class: "note" }, ...rich(tile.note)),
      ),
    ),
  );
}

function promises(run) {
  if (run.promises.length === 0) return null;
  const rows = run.promises.map((row) => [
    el("span", {}, mark(row.verdict), " ", el("b", {}, row.name)),
    el("code", {}, row.condition),
    el("code", {}, row.subject),
    el("b", {}, row.worst === "nothing" ? "nothing measured" : row.worst),
    [row.window, row.broken].filter(Boolean).join(", "),
  ]);
  const judged = table(
    "Promises and what became of them",
    ["promise", "says", "for", "worst", "when"],
    rows,
    "promises",
  );
  if (run.notJudged.length === 0) return judged;
  return el(
    "div",
    {},
    judged,
    el(
      "p",
      { class: "quiet-text" },
      `One day cannot judge whether it survives ${run.notJudged.join(", ")}.`,
    ),
  );
}
