// The small print: what was searched, and what was not.

import { command } from "../advice.js";
import { el, rich, section, table } from "../dom.js";
import { count } from "../quantity.js";

export function certificateSection(island) {
  const { certificate } = island;
  return section(
    "certificate",
    "What was searched, and what was not",
    certificate.independence,
    el(
      "div",
      { class: "not-searched" },
      el("h3", {}, "Not searched"),
      el(
        "ul",
        {},
        ...certificate.notSearched.map((text) => el("li", {}, ...rich(text))),
      ),
    ),
    el("h3", {}, "Searched"),
    table(
      "Kinds of day, how often they come, and what was lived of them",
      [
        "kind of day",
        "a year",
        "hunted",
        "confirmed",
        ...certificate.promises.map((name) => `broke ${name}`),
      ],
      certificate.kinds.map((kind) => [
        kind.name,
        kind.perYear,
        count(kind.hunted),
        count(kind.confirmed),
        ...kind.broken.map(count),
      ]),
      "numbers kinds",
    ),
    el(
      "dl",
      { class: "facts" },
      ...certificate.facts.map(([name, value]) =>
        el("div", {}, el("dt", {}, name), el("dd", {}, value)),
      ),
    ),
    el("p", { class: "quiet-text" }, "The command that made this page"),
    command(island.command),
  );
}
